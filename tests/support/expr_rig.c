/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_rig.h"

#include <math.h>
#include <stdlib.h>

static size_t bytes_any(const hr_op_args *a)
{
    (void)a;
    return 64;
}

/* macd: the fast one has to be the shorter. */
static size_t bytes_ordered(const hr_op_args *a)
{
    return a->v[0] < a->v[1] ? 64 : SIZE_MAX;
}

#define MUST ((double)NAN)
#define WINDOW(name, default)                                                                      \
    {                                                                                              \
        name, HR_OP_WINDOW, 1, 1e6, default, false                                                 \
    }
#define WHOLE(name, default)                                                                       \
    {                                                                                              \
        name, HR_OP_INT, 1, 1000, default, false                                                   \
    }

static const hr_op window_ops[] = {
    {.name = "ema",
     .n_in = 1,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x"},
     .arg = {WINDOW("span", MUST)},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "sum",
     .n_in = 1,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x"},
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "zscore",
     .n_in = 1,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x"},
     .arg = {WINDOW("window", 20)},
     .out = {""},
     .unit = {HR_OP_RATIO},
     .bytes = bytes_any},
    {.name = "var",
     .n_in = 1,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x"},
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_SQUARE},
     .bytes = bytes_any},
    {.name = "cov",
     .n_in = 2,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x", "y"},
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_PRODUCT},
     .bytes = bytes_any},
    {.name = "slope",
     .n_in = 2,
     .n_arg = 1,
     .n_out = 1,
     .in = {"y", "x"},
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_PER},
     .bytes = bytes_any},
    {.name = "lag",
     .n_in = 1,
     .n_arg = 1,
     .n_out = 1,
     .in = {"x"},
     .arg = {{"by", HR_OP_TIME, 0, 0, 1e9, false}},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "quantile",
     .n_in = 1,
     .n_arg = 2,
     .n_out = 1,
     .in = {"x"},
     .arg = {{"q", HR_OP_REAL, 0, 1, MUST, false}, WINDOW("window", 100)},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
};

static const hr_op other_ops[] = {
    {.name = "bbands",
     .n_in = 1,
     .n_arg = 2,
     .n_out = 3,
     .in = {"x"},
     .arg = {WINDOW("window", 20), {"width", HR_OP_REAL, 0, 100, 2, false}},
     .out = {"upper", "middle", "lower"},
     .unit = {HR_OP_SAME, HR_OP_SAME, HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "macd",
     .n_in = 1,
     .n_arg = 2,
     .n_out = 2,
     .in = {"x"},
     .arg = {WHOLE("fast", 12), WHOLE("slow", 26)},
     .out = {"line", "signal"},
     .unit = {HR_OP_SAME, HR_OP_SAME},
     .bytes = bytes_ordered},
    {.name = "typical",
     .n_in = 3,
     .n_out = 1,
     .in = {"high", "low", "close"},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "ofi", .n_out = 1, .out = {""}, .unit = {HR_OP_QUANTITY}, .bytes = bytes_any},
    {.name = "trades",
     .n_arg = 1,
     .n_out = 1,
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_COUNT},
     .bytes = bytes_any},
    {.name = "rate",
     .n_arg = 1,
     .n_out = 1,
     .arg = {WINDOW("window", MUST)},
     .out = {""},
     .unit = {HR_OP_RATE},
     .bytes = bytes_any},
    {.name = "age",
     .n_in = 1,
     .n_out = 1,
     .in = {"x"},
     .out = {""},
     .unit = {HR_OP_SPAN},
     .bytes = bytes_any},
    {.name = "custom",
     .n_in = 1,
     .n_out = 1,
     .in = {"x"},
     .out = {""},
     .unit = {HR_OP_ANY},
     .bytes = bytes_any},
    {.name = "vwap",
     .n_in = 2,
     .n_out = 1,
     .in = {"px", "qty"},
     .out = {""},
     .unit = {HR_OP_PRICE},
     .bytes = bytes_any},
};

static uint32_t levels_of(const hr_op_args *a)
{
    return (uint32_t)a->v[0];
}

static const hr_op market_ops[] = {
    {.name = "impact", /* reads columns that are named only where they are others */
     .n_in = 2,
     .n_arg = 2,
     .n_out = 1,
     .in = {"px", "mid"},
     .column = {"trade.px", "mid"},
     .arg = {WINDOW("window", MUST), {"decay", HR_OP_REAL, 0, 1, 0.5, false}},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "top",
     .n_in = 1,
     .n_out = 2,
     .in = {"px"},
     .column = {"bid_px[3]"},
     .out = {"a", "b"},
     .unit = {HR_OP_SAME, HR_OP_RATIO},
     .bytes = bytes_any},
    {.name = "absent",
     .n_in = 1,
     .n_out = 1,
     .in = {"x"},
     .column = {"volume"},
     .out = {""},
     .unit = {HR_OP_SAME},
     .bytes = bytes_any},
    {.name = "depth",
     .n_arg = 1,
     .n_out = 1,
     .levels = levels_of,
     .arg = {{"levels", HR_OP_INT, 1, 50, 5, false}},
     .out = {""},
     .unit = {HR_OP_QUANTITY},
     .bytes = bytes_any},
};

static const hr_op_list lists[] = {{.op = window_ops, .n = HR_ARRAY_LEN(window_ops)},
                                   {.op = other_ops, .n = HR_ARRAY_LEN(other_ops)},
                                   {.op = market_ops, .n = HR_ARRAY_LEN(market_ops)}};

static const hr_expr_column columns[] = {
    {.name = "bid_px", .n_idx = 10, .unit = {.power = {1, 0, 0, 0}}},
    {.name = "ask_px", .n_idx = 10, .unit = {.power = {1, 0, 0, 0}}},
    {.name = "bid_qty", .n_idx = 10, .unit = {.power = {0, 1, 0, 0}}},
    {.name = "ask_qty", .n_idx = 10, .unit = {.power = {0, 1, 0, 0}}},
    {.name = "mid", .unit = {.power = {1, 0, 0, 0}}},
    {.name = "close", .unit = {.power = {1, 0, 0, 0}}},
    {.name = "trade.px", .unit = {.power = {1, 0, 0, 0}}},
    {.name = "trade.qty", .unit = {.power = {0, 1, 0, 0}}},
    {.name = "trade.is_buy", .is_condition = true},
    {.name = "latency", .unit = {.power = {0, 0, 1, 0}}},
    {.name = "n_trades", .unit = {.power = {0, 0, 0, 1}}},
    {.name = "imbalance"},
    {.name = "extra", .unit = {.is_open = true}},
    {.name = "_2"},
};

static const hr_expr_param params[] = {{"1", 20, false}, {"span", 5e9, true}, {"k", 2.5, false}};

const hr_expr_env *expr_rig_env(void)
{
    static const hr_expr_env env = {.column = columns,
                                    .ops = lists,
                                    .param = params,
                                    .n_column = HR_ARRAY_LEN(columns),
                                    .n_ops = HR_ARRAY_LEN(lists),
                                    .n_param = HR_ARRAY_LEN(params),
                                    .max_rows = 1000};
    return &env;
}

void expr_rig_open(expr_rig *r)
{
    if (hr_arena_create(&r->arena, NULL, (size_t)64 << 20, "expressions", NULL) != HR_OK ||
        hr_arena_create(&r->scratch, NULL, (size_t)192 << 20, "scratch", NULL) != HR_OK)
        abort();
}

void expr_rig_close(expr_rig *r)
{
    hr_arena_destroy(&r->arena);
    hr_arena_destroy(&r->scratch);
}

hr_expr *expr_rig_read(expr_rig *r, const char *text, size_t n, hr_err *err)
{
    hr_expr *x = NULL;
    hr_arena_rewind(r->arena, 0);
    hr_err_reset(err);
    if (hr_expr_parse(&x, r->arena, r->scratch, expr_rig_env(), text, n, err) != HR_OK) return NULL;
    return x;
}
