/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of market features promises (names, bounds, sizes), its logarithms and powers, and
 * values that can be told without a computer. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "ops/market/mf_parts.h"
#include "ops/market/op_market.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"

#define ROWS 40

static const double none = (double)NAN;

static const hr_op *find(const char *name)
{
    for (uint32_t i = 0; i < hr_ops_market.n; i++)
        if (strcmp(hr_ops_market.op[i].name, name) == 0) return &hr_ops_market.op[i];
    fail_msg("no operator '%s'", name);
    return NULL;
}

static bool is_in(const hr_op_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (strcmp(list->op[i].name, name) == 0) return true;
    return false;
}

static bool is_column(const char *name)
{
    static const char *const names[] = {"mid",       "spread",     "trade.px",
                                        "trade.qty", "trade.side", "bid_px[0]",
                                        "ask_px[0]", "bid_qty[0]", "ask_qty[0]"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void check_arg(const hr_op *op, unsigned i)
{
    const hr_op_arg *arg = &op->arg[i];
    assert_true(arg->name && arg->least < arg->most);
    assert_true(isnan(arg->by_default) ||
                (arg->by_default >= arg->least && arg->by_default <= arg->most));
    if (arg->kind == HR_OP_WINDOW) assert_true(arg->least == 1 && arg->most == 16777216);
    for (unsigned j = 0; j < op->n_in; j++)
        assert_string_not_equal(arg->name, op->in[j]);
    for (unsigned j = 0; j < i; j++)
        assert_string_not_equal(arg->name, op->arg[j].name);
    /* what has to be given comes before what need not */
    if (i > 0 && isnan(arg->by_default))
        assert_true(isnan(op->arg[i - 1].by_default) || op->levels);
}

static void test_table(void **unused)
{
    (void)unused;
    assert_true(hr_ops_market.n >= 60);
    for (uint32_t k = 0; k < hr_ops_market.n; k++) {
        const hr_op *op = &hr_ops_market.op[k];
        assert_true(strcmp(op->group, "book") == 0 || strcmp(op->group, "trade") == 0);
        assert_true(op->what[0] != 0 && op->seed != NULL && op->source != NULL);
        assert_true(op->bytes && op->init && op->run && op->warm_up);
        assert_true(op->n_in <= HR_OP_IN_MAX && op->n_arg < HR_OP_ARG_MAX);
        assert_true(op->n_in > 0 || op->levels);
        assert_true(op->n_out > 0 && op->n_out <= HR_OP_OUT_MAX);
        for (unsigned i = 0; i < op->n_in; i++)
            assert_true(op->in[i] && op->column[i] && is_column(op->column[i]));
        for (unsigned i = 0; i < op->n_out; i++)
            assert_int_equal(op->out[i][0] == 0, op->n_out == 1);
        for (unsigned i = 0; i < op->n_arg; i++)
            check_arg(op, i);
    }
}

/* An expression finds a function by its name alone. */
static void test_names(void **unused)
{
    (void)unused;
    static const char *const built_in[] = {"abs", "exp", "is_null", "log",
                                           "of",  "raw", "sqrt",    "where"};
    for (uint32_t k = 0; k < hr_ops_market.n; k++) {
        const char *name = hr_ops_market.op[k].name;
        if (is_in(&hr_ops_ta, name) || is_in(&hr_ops_window, name) || is_column(name))
            fail_msg("'%s' is another function too", name);
        for (uint32_t other = 0; other < k; other++)
            assert_string_not_equal(name, hr_ops_market.op[other].name);
        for (size_t i = 0; i < HR_ARRAY_LEN(built_in); i++)
            assert_string_not_equal(name, built_in[i]);
    }
}

static void test_sizes(void **unused)
{
    (void)unused;
    for (uint32_t k = 0; k < hr_ops_market.n; k++) {
        const hr_op *op = &hr_ops_market.op[k];
        for (int most = 0; most < 2; most++) {
            hr_op_args a = {.max_rows = most ? 1000000 : 1};
            for (unsigned i = 0; i < op->n_arg; i++) {
                a.is_time[i] = op->arg[i].kind == HR_OP_TIME;
                a.v[i] = most ? op->arg[i].most : op->arg[i].least;
                if (i == 1 && strcmp(op->arg[i].name, "long") == 0) {
                    assert_true(op->bytes(&a) == SIZE_MAX || a.v[1] > a.v[0]);
                    a.v[0] = a.v[1] / 2;
                }
            }
            size_t bytes = op->bytes(&a);
            assert_true(bytes >= 64 && bytes % 64 == 0 && bytes < (size_t)1 << 34);
            assert_true(!op->levels || (op->levels(&a) >= 1 && op->levels(&a) <= HR_OP_LEVEL_MAX));
        }
    }
}

/* Within two units of the last place of libm's. */
static void test_logarithms(void **unused)
{
    (void)unused;
    double gone;
    for (double x = 1e-300; x < 1e300; x *= 1.37) {
        double is = hr_log_ratio(x, 1);
        assert_true(fabs(is - log(x)) <= 4.5e-16 * fabs(log(x)));
        assert_true(hr_log_ratio(1, x) == -is);
    }
    for (double d = 1e-12; d < 0.5; d *= 1.7) {
        double is = hr_log_ratio(1 + d, 1);
        assert_true(fabs(is - log1p((1 + d) - 1)) <= 4.5e-16 * is);
    }
    assert_true(hr_log_ratio(3, 3) == 0 && isnan(hr_log_ratio(0, 1)));
    assert_true(isnan(hr_log_ratio(1, -1)) && isnan(hr_log_ratio(none, 1)));
    for (double x = 1e-12; x < 1000; x *= 1.13) {
        double keep = hr_mf_fade(x, &gone);
        assert_true(fabs(keep - exp2(-x)) <= 4.5e-16 * keep);
        assert_true(fabs(gone + expm1(-x * HR_MF_LN2)) <= 9e-16 * gone);
    }
    assert_true(hr_mf_fade(0, &gone) == 1 && gone == 0);
    assert_true(hr_mf_fade(1, &gone) == 0.5 && gone == 0.5);
    assert_true(hr_mf_fade(1e9, &gone) == 0 && gone == 1);
}

/* ---- closed forms ---- */

static double col[6][ROWS], out[HR_OP_OUT_MAX][ROWS];
static int64_t ts[ROWS];
static hr_op_book book;

static void run(const char *name, uint32_t n, const hr_op_args *args)
{
    const hr_op *op = find(name);
    hr_op_args a = args ? *args : (hr_op_args){0};
    if (a.max_rows == 0) a.max_rows = ROWS;
    size_t bytes = op->bytes(&a);
    assert_true(bytes < SIZE_MAX);
    void *state = aligned_alloc(64, bytes);
    assert_non_null(state);
    op->init(state, &a);
    hr_op_rows r = {.n = n, .ts = ts, .book = &book};
    for (unsigned i = 0; i < op->n_in; i++)
        r.in[i] = col[i];
    for (unsigned i = 0; i < op->n_out; i++)
        r.out[i] = out[i];
    op->run(state, &r);
    free(state);
}

/* Bids 99, 98, 97 of 1, 2, 3; asks 101, 102, 103 of 3, 2, 1; further levels are not there. */
static void make_book(void)
{
    static double level[4][HR_OP_LEVEL_MAX];
    for (unsigned k = 0; k < HR_OP_LEVEL_MAX; k++) {
        bool is = k < 3;
        level[0][k] = is ? 99.0 - k : none;
        level[1][k] = is ? 1.0 + k : none;
        level[2][k] = is ? 101.0 + k : none;
        level[3][k] = is ? 3.0 - k : none;
        book.bid_px[k] = &level[0][k];
        book.bid_qty[k] = &level[1][k];
        book.ask_px[k] = &level[2][k];
        book.ask_qty[k] = &level[3][k];
    }
    for (unsigned j = 0; j < 4; j++)
        col[j][0] = level[j][0];
}

static void test_shape(void **unused)
{
    (void)unused;
    make_book();
    run("weighted_mid", 1, NULL);
    assert_true(out[0][0] == (99.0 * 3 + 101.0 * 1) / 4);
    run("depth", 1, &(hr_op_args){.v = {2}});
    assert_true(out[0][0] == 3 && out[1][0] == 5 && out[2][0] == 8);
    run("depth", 1, &(hr_op_args){.v = {50}});
    assert_true(out[0][0] == 6 && out[1][0] == 6 && out[2][0] == 12);
    run("imbalance", 1, &(hr_op_args){.v = {2}});
    assert_true(out[0][0] == -0.25);
    run("weighted_imbalance", 1, &(hr_op_args){.v = {3, 0.5}});
    assert_true(out[0][0] == (2.75 - 4.25) / 7);
    run("depth_within", 1, &(hr_op_args){.v = {200, 50}});
    assert_true(out[0][0] == 3 && out[1][0] == 5);
    run("levels_within", 1, &(hr_op_args){.v = {99, 50}});
    assert_true(out[0][0] == 0 && out[1][0] == 0);
    run("fill_price", 1, &(hr_op_args){.v = {4, 50}});
    assert_true(out[0][0] == (303.0 + 102) / 4 && out[1][0] == (99.0 + 196 + 97) / 4);
    run("fill_limit", 1, &(hr_op_args){.v = {4, 50}});
    assert_true(out[0][0] == 102 && out[1][0] == 97);
    run("fill_price", 1, &(hr_op_args){.v = {6.25, 50}});
    assert_true(isnan(out[0][0]) && isnan(out[1][0]));
    run("sweep_cost_bps", 1, &(hr_op_args){.v = {1, 50}});
    assert_true(out[0][0] == 100 && out[1][0] == 100);
    run("notional_fill_price", 1, &(hr_op_args){.v = {303, 50}});
    assert_true(out[0][0] == 101);
    run("depth_hhi", 1, &(hr_op_args){.v = {3}});
    assert_true(out[0][0] == 14.0 / 36 && out[1][0] == 14.0 / 36);
    run("mean_gap", 1, &(hr_op_args){.v = {50}});
    assert_true(out[0][0] == 1 && out[1][0] == 1);
    run("book_convexity", 1, &(hr_op_args){.v = {2}});
    assert_true(out[0][0] == 1 - 2 * (1 + 2.0 / 2) / 3);
}

/* The table of Cont, Kukanov and Stoikov: each event counts what it brings or takes. */
static void test_flow(void **unused)
{
    (void)unused;
    static const double rows[][5] = {
        {99, 5, 101, 7, 0},  {99, 8, 101, 7, 3},  {100, 2, 101, 7, 2}, {99, 8, 101, 7, -2},
        {99, 8, 101, 9, -2}, {99, 8, 100, 4, -4}, {99, 8, 102, 1, 4},  {98, 1, 103, 6, -8 + 1},
    };
    for (uint32_t i = 0; i < HR_ARRAY_LEN(rows); i++)
        for (unsigned j = 0; j < 4; j++)
            col[j][i] = rows[i][j];
    run("ofi", HR_ARRAY_LEN(rows), NULL);
    assert_true(isnan(out[0][0]));
    for (uint32_t i = 1; i < HR_ARRAY_LEN(rows); i++)
        assert_true(out[0][i] == rows[i][4]);
}

/* A trade at each ask and bid in turn, with a mid that stays; one a second. */
static void make_bounce(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        ts[i] = (int64_t)i * 1000000000;
        col[0][i] = i % 2 ? 99 : 101;
        col[1][i] = i % 2 ? -1 : 1;
        col[2][i] = 100;
    }
}

static void test_bounce(void **unused)
{
    (void)unused;
    make_bounce();
    run("effective_spread", ROWS, NULL);
    assert_true(out[0][0] == 2 && out[0][1] == 2);
    run("realised_spread", ROWS, &(hr_op_args){.v = {5e8}, .is_time = {true}});
    assert_true(isnan(out[0][0]) && out[0][1] == 2 && out[0][ROWS - 1] == 2);
    run("price_impact", ROWS, &(hr_op_args){.v = {5e8}, .is_time = {true}});
    assert_true(isnan(out[0][0]) && out[0][1] == 0);
    run("tick_sign", ROWS, NULL);
    assert_true(isnan(out[0][0]) && out[0][1] == -1 && out[0][2] == 1);
    run("roll_spread", ROWS, &(hr_op_args){.v = {10}}); /* changes of 2 and -2: cov is -4 */
    assert_true(isnan(out[0][10]) && fabs(out[0][11] - 4) < 1e-12);
    run("uptick_ratio", ROWS, &(hr_op_args){.v = {10}});
    assert_true(out[0][10] == 0.5);
    run("interarrival", ROWS, &(hr_op_args){.v = {10}});
    assert_true(isnan(out[0][9]) && out[0][10] == 1);
    run("burstiness", ROWS, &(hr_op_args){.v = {10}});
    assert_true(out[0][10] == -1);
    for (uint32_t i = 0; i < ROWS; i++) {
        col[1][i] = col[0][i] > 100 ? 1 : -1;
        col[0][i] = 2;
    }
    run("trade_imbalance", ROWS, &(hr_op_args){.v = {10}});
    assert_true(isnan(out[0][8]) && out[0][9] == 0 && out[0][10] == 0);
    run("vpin", ROWS, &(hr_op_args){.v = {4, 5}});
    assert_true(isnan(out[0][8]) && out[0][9] == 0);
    run("vpin", ROWS, &(hr_op_args){.v = {0.5, 5}}); /* a trade is four buckets */
    assert_true(isnan(out[0][0]) && out[0][1] == 1);
}

/* A price that doubles and comes back each row: every return is ln 2 in size. */
static void test_returns(void **unused)
{
    (void)unused;
    const double r2 = HR_MF_LN2 * HR_MF_LN2;
    for (uint32_t i = 0; i < ROWS; i++) {
        col[0][i] = i % 2 ? 200 : 100;
        ts[i] = (int64_t)i * 1000000000;
    }
    run("realised_variance", ROWS, &(hr_op_args){.v = {10}});
    assert_true(isnan(out[0][9]) && fabs(out[0][10] - 10 * r2) < 1e-14);
    run("bipower", ROWS, &(hr_op_args){.v = {10}});
    assert_true(isnan(out[0][10]) && fabs(out[0][11] - 5 * HR_MF_PI * r2) < 1e-13);
    run("jump_share", ROWS, &(hr_op_args){.v = {10}});
    assert_true(out[0][11] == 0);
    run("realised_kurt", ROWS, &(hr_op_args){.v = {10}});
    assert_true(fabs(out[0][10] - 1) < 1e-14);
    run("variance_ratio", ROWS, &(hr_op_args){.v = {2, 10}});
    assert_true(fabs(out[0][11]) < 1e-14);
    run("two_scale_variance", ROWS, &(hr_op_args){.v = {2, 10}});
    assert_true(fabs(out[0][11] + 5 * r2) < 1e-13);
    run("return_autocorr", ROWS, &(hr_op_args){.v = {1, 10}});
    assert_true(fabs(out[0][11] + 1) < 1e-14);
    run("efficiency", ROWS, &(hr_op_args){.v = {10}});
    assert_true(out[0][10] == 0);
    run("parkinson", ROWS, &(hr_op_args){.v = {2e9, 3}, .is_time = {true, false}});
    assert_true(isnan(out[0][5]) && fabs(out[0][6] - sqrt(HR_MF_LN2 / 4)) < 1e-15);
}

/* One event a second for long: a rate of one a second. */
static void test_rates(void **unused)
{
    (void)unused;
    make_bounce();
    run("arrival_intensity", ROWS, &(hr_op_args){.v = {1e12}, .is_time = {true}});
    assert_true(isnan(out[0][0]) && fabs(out[0][ROWS - 1] - 1) < 0.02 && out[3][ROWS - 1] == 0);
    assert_true(fabs(out[1][ROWS - 1] - 0.5) < 0.03 && fabs(out[2][ROWS - 1] - 0.5) < 0.03);
    hr_op_args wrong = {.v = {2e9, 1e9}, .is_time = {true, true}, .max_rows = 1};
    assert_true(find("excitation_ratio")->bytes(&wrong) == SIZE_MAX);
    assert_true(find("mid_momentum_bps")->bytes(&wrong) == SIZE_MAX);
}

/* More trades wait than there is room for: null where those that were lost would have come. */
static void test_no_room(void **unused)
{
    (void)unused;
    make_bounce();
    for (uint32_t i = 0; i < ROWS; i++)
        ts[i] = i < 10 ? (int64_t)i * 1000 : 1000000000 * (int64_t)i;
    run("realised_spread", ROWS, &(hr_op_args){.v = {1e8}, .is_time = {true}, .max_rows = 4});
    assert_true(isnan(out[0][10]) && out[0][11] == 2);
    run("realised_spread", ROWS, &(hr_op_args){.v = {1e8}, .is_time = {true}, .max_rows = 10});
    assert_true(out[0][10] == 2 && out[0][11] == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_sizes),  cmocka_unit_test(test_logarithms),
        cmocka_unit_test(test_shape),  cmocka_unit_test(test_flow),
        cmocka_unit_test(test_bounce), cmocka_unit_test(test_returns),
        cmocka_unit_test(test_rates),  cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
