/* SPDX-License-Identifier: Apache-2.0 */
/* The market features against plain definitions (tools/market_cases.py) and themselves: any cut of
 * the rows, a state moved, rows that are null, the first row that has a value. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "ops/market/op_market.h"
#include "rng.h"

#define ROWS_MOST 512
#define LINE_MOST 65536
#define STATE_MOST (1 << 20)
#define LEVELS_MADE 6

/* Rows of one instrument, by the names of their columns. */
typedef struct market {
    uint32_t n;
    int64_t ts[ROWS_MOST];
    double px[ROWS_MOST], qty[ROWS_MOST], side[ROWS_MOST], mid[ROWS_MOST], spread[ROWS_MOST];
    double level[4][HR_OP_LEVEL_MAX][ROWS_MOST]; /* bid px, bid qty, ask px, ask qty */
} market;

static market made, dense;
static double got[HR_OP_OUT_MAX][ROWS_MOST], again[HR_OP_OUT_MAX][ROWS_MOST];
static double want[HR_OP_OUT_MAX][ROWS_MOST];
static _Alignas(64) unsigned char state[STATE_MOST], moved[STATE_MOST];
static char line[LINE_MOST];

static const hr_op *find(const char *name)
{
    for (uint32_t i = 0; i < hr_ops_market.n; i++)
        if (strcmp(hr_ops_market.op[i].name, name) == 0) return &hr_ops_market.op[i];
    fail_msg("no operator '%s'", name);
    return NULL;
}

static const double *column(const market *m, const char *name)
{
    static const char *const sides[] = {"bid_px[", "bid_qty[", "ask_px[", "ask_qty["};
    if (strcmp(name, "trade.px") == 0) return m->px;
    if (strcmp(name, "trade.qty") == 0) return m->qty;
    if (strcmp(name, "trade.side") == 0) return m->side;
    if (strcmp(name, "mid") == 0) return m->mid;
    if (strcmp(name, "spread") == 0) return m->spread;
    for (int j = 0; j < 4; j++)
        if (strncmp(name, sides[j], strlen(sides[j])) == 0)
            return m->level[j][strtol(name + strlen(sides[j]), NULL, 10)];
    fail_msg("no column '%s'", name);
    return NULL;
}

static void start(const hr_op *op, const hr_op_args *a)
{
    size_t bytes = op->bytes(a);
    assert_true(bytes <= STATE_MOST && bytes % 64 == 0);
    memset(state, 0xa5, bytes);
    op->init(state, a);
}

/* Rows [from, to); levels that the operator did not ask for are not there. */
static void run(const hr_op *op, const hr_op_args *a, const market *m, double (*out)[ROWS_MOST],
                uint32_t from, uint32_t to)
{
    hr_op_book book = {{0}, {0}, {0}, {0}};
    hr_op_rows r = {.n = to - from, .ts = m->ts + from};
    uint32_t levels = op->levels ? op->levels(a) : 0;
    assert_true(levels <= HR_OP_LEVEL_MAX);
    for (uint32_t k = 0; k < levels; k++) {
        book.bid_px[k] = m->level[0][k] + from;
        book.bid_qty[k] = m->level[1][k] + from;
        book.ask_px[k] = m->level[2][k] + from;
        book.ask_qty[k] = m->level[3][k] + from;
    }
    if (levels > 0) r.book = &book;
    for (unsigned i = 0; i < op->n_in; i++)
        r.in[i] = column(m, op->column[i]) + from;
    for (unsigned i = 0; i < op->n_out; i++)
        r.out[i] = out[i] + from;
    op->run(state, &r);
}

/* ---- plain definitions ---- */

static bool next_line(FILE *f)
{
    do {
        if (!fgets(line, LINE_MOST, f)) return false;
    } while (line[0] == '#');
    assert_true(strlen(line) + 1 < LINE_MOST);
    return true;
}

/* Values of a line, null where nothing is between commas. */
static uint32_t read_values(FILE *f, double *v)
{
    uint32_t n = 0;
    assert_true(next_line(f) && line[0] == '{');
    for (const char *s = line + 1;; s++) {
        char *end;
        assert_true(n < ROWS_MOST);
        v[n] = strtod(s, &end);
        if (end == s) v[n] = (double)NAN;
        n++;
        s = end;
        if (*s == '}') return n;
        assert_true(*s == ',');
    }
}

static void find_mids(market *m)
{
    for (uint32_t i = 0; i < m->n; i++) {
        m->mid[i] = (m->level[0][0][i] + m->level[2][0][i]) / 2;
        m->spread[i] = m->level[2][0][i] - m->level[0][0][i];
    }
}

static void no_levels(market *m)
{
    for (int j = 0; j < 4; j++)
        for (uint32_t k = 0; k < HR_OP_LEVEL_MAX; k++)
            for (uint32_t i = 0; i < ROWS_MOST; i++)
                m->level[j][k][i] = (double)NAN;
}

static uint32_t read_market(FILE *f)
{
    static double ts[ROWS_MOST];
    char *at;
    made.n = (uint32_t)strtol(line + strlen("market"), &at, 10);
    uint32_t levels = (uint32_t)strtol(at, &at, 10);
    uint32_t stride = (uint32_t)strtol(at, &at, 10);
    double *const columns[] = {ts, made.px, made.qty, made.side};
    no_levels(&made);
    for (size_t i = 0; i < HR_ARRAY_LEN(columns); i++)
        assert_int_equal(read_values(f, columns[i]), made.n);
    for (uint32_t k = 0; k < levels; k++)
        for (int j = 0; j < 4; j++)
            assert_int_equal(read_values(f, made.level[j][k]), made.n);
    for (uint32_t i = 0; i < made.n; i++)
        made.ts[i] = (int64_t)ts[i];
    find_mids(&made);
    return stride;
}

/* To 1e-9 of the value; of values near 0 beside the others, to 1e-12 of the largest. */
static void check_column(const hr_op *op, const char *call, unsigned j, uint32_t first,
                         uint32_t stride)
{
    double most = 0;
    uint32_t n = (made.n - first + stride - 1) / stride;
    for (uint32_t i = 0; i < n; i++)
        if (fabs(want[j][i]) > most) most = fabs(want[j][i]);
    for (uint32_t i = 0; i < n; i++) {
        double is = got[j][first + i * stride];
        double should = want[j][i];
        if (isnan(is) && isnan(should)) continue;
        if (fabs(is - should) <= 1e-9 * fmax(fabs(should), 1e-3 * most)) continue;
        fail_msg("%s output %u '%s' row %u: %.17g, not %.17g", call, j, op->out[j],
                 first + i * stride, is, should);
    }
}

static const hr_op *check_case(FILE *f, uint32_t stride)
{
    char call[256];
    char *place = NULL;
    line[strcspn(line, "\r\n")] = 0;
    assert_true(strlen(line) < sizeof call);
    snprintf(call, sizeof call, "%s", line);
    const char *name = strtok_r(line, "@", &place);
    assert_non_null(name);
    const hr_op *op = find(name);
    const char *t = strtok_r(NULL, " ", &place);
    assert_non_null(t);
    uint32_t first = (uint32_t)strtol(t, NULL, 10);
    hr_op_args a = {.max_rows = 400};
    unsigned n = 0;
    for (t = strtok_r(NULL, " ", &place); t; t = strtok_r(NULL, " ", &place)) {
        char *end;
        assert_true(n < op->n_arg);
        a.v[n] = strtod(t, &end);
        a.is_time[n] = *end == 't';
        assert_true(a.is_time[n] || (a.v[n] >= op->arg[n].least && a.v[n] <= op->arg[n].most));
        n++;
    }
    assert_int_equal(n, op->n_arg);
    for (unsigned j = 0; j < op->n_out; j++)
        assert_int_equal(read_values(f, want[j]), (made.n - first + stride - 1) / stride);
    start(op, &a);
    run(op, &a, &made, got, 0, made.n);
    for (unsigned j = 0; j < op->n_out; j++)
        check_column(op, call, j, first, stride);
    return op;
}

static void test_definitions(void **unused)
{
    (void)unused;
    bool seen[256] = {false};
    char path[1024];
    const char *root = getenv("HR_SOURCE_ROOT");
    int cases = 0;
    uint32_t stride = 1;
    snprintf(path, sizeof path, "%s/tests/prop/ops_market_cases.txt", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (next_line(f)) {
        if (strncmp(line, "market ", 7) == 0) {
            stride = read_market(f);
            continue;
        }
        seen[check_case(f, stride) - hr_ops_market.op] = true;
        cases++;
    }
    assert_int_equal(fclose(f), 0);
    for (uint32_t i = 0; i < hr_ops_market.n; i++)
        if (!seen[i]) fail_msg("no case of %s", hr_ops_market.op[i].name);
    print_message("# %d cases of %u operators\n", cases, hr_ops_market.n);
}

/* ---- themselves ---- */

static hr_op_args usual_args(const hr_op *op, bool by_time)
{
    hr_op_args a = {.max_rows = 20};
    for (unsigned i = 0; i < op->n_arg; i++) {
        const hr_op_arg *arg = &op->arg[i];
        a.is_time[i] = arg->kind == HR_OP_TIME || (arg->kind == HR_OP_WINDOW && by_time);
        a.v[i] = !isnan(arg->by_default)     ? arg->by_default
                 : a.is_time[i]              ? 3e8 * (i + 1)
                 : arg->kind == HR_OP_WINDOW ? 9
                 : arg->kind == HR_OP_INT    ? 5
                                             : 4;
        if (strcmp(arg->name, "tick") == 0) a.v[i] = 0.01;
    }
    return a;
}

/* A walk of the touch with levels behind it; at times none, or a value far off. */
static void make_rows(test_rng *rng, bool has_nulls)
{
    int64_t now = (int64_t)test_rng_below(rng, 1000) * 1000000;
    double bid = 99.98;
    made.n = ROWS_MOST;
    no_levels(&made);
    for (uint32_t i = 0; i < made.n; i++) {
        now += (int64_t)test_rng_below(rng, 40) * 1000000;
        made.ts[i] = now - (has_nulls && test_rng_chance(rng, 15) ? 50000000 : 0);
        bid += 0.01 * ((double)test_rng_below(rng, 3) - 1);
        double gap = 0.01 * (double)(1 + test_rng_below(rng, 3));
        for (uint32_t k = 0; k < LEVELS_MADE; k++)
            for (int j = 0; j < 4; j++) {
                double px = j < 2 ? bid - 0.01 * k : bid + gap + 0.01 * k;
                double qty = 0.25 * (double)(1 + test_rng_below(rng, 60));
                bool is_null = has_nulls && test_rng_chance(rng, 25);
                made.level[j][k][i] = is_null ? (double)NAN : j % 2 == 0 ? px : qty;
            }
        bool is_trade = !has_nulls || test_rng_chance(rng, 2);
        bool is_buy = test_rng_chance(rng, 2);
        made.side[i] = is_buy ? 1 : -1;
        made.px[i] = is_buy ? bid + gap : bid;
        made.qty[i] = 0.25 * (double)(1 + test_rng_below(rng, 60));
        if (has_nulls && test_rng_chance(rng, 60)) made.qty[i] *= 1e6;
        if (!is_trade) made.side[i] = made.px[i] = made.qty[i] = (double)NAN;
        if (has_nulls && test_rng_chance(rng, 9)) made.side[i] = (double)NAN;
    }
    find_mids(&made);
}

static void same_bits(const hr_op *op, const char *what, uint32_t n)
{
    for (unsigned j = 0; j < op->n_out; j++)
        for (uint32_t i = 0; i < n; i++) {
            assert_true(isnan(got[j][i]) || isfinite(got[j][i]));
            if (memcmp(&got[j][i], &again[j][i], sizeof(double)) != 0)
                fail_msg("%s: %s: output %u row %u: %.17g, not %.17g", op->name, what, j, i,
                         again[j][i], got[j][i]);
        }
}

/* the rows in calls of any size, the state moved to another place between them */
static void cut(test_rng *rng, const hr_op *op, const hr_op_args *a, uint32_t most)
{
    start(op, a);
    size_t bytes = op->bytes(a);
    for (uint32_t at = 0; at < made.n;) {
        uint32_t to = at + 1 + (uint32_t)test_rng_below(rng, most);
        if (to > made.n) to = made.n;
        run(op, a, &made, again, at, to);
        at = to;
        memcpy(moved, state, bytes);
        memset(state, 0x5a, bytes);
        memcpy(state, moved, bytes);
    }
}

static void test_cuts(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed());
    for (uint32_t o = 0; o < hr_ops_market.n; o++)
        for (int by_time = 0; by_time < 2; by_time++) {
            const hr_op *op = &hr_ops_market.op[o];
            hr_op_args a = usual_args(op, by_time);
            make_rows(&rng, true);
            start(op, &a);
            run(op, &a, &made, got, 0, made.n);
            cut(&rng, op, &a, 1);
            same_bits(op, "row by row", made.n);
            cut(&rng, op, &a, 90);
            same_bits(op, "cut", made.n);
        }
}

/* what says otherwise than that a row with a null is null and changes nothing */
static bool is_of_every_row(const hr_op *op)
{
    static const char *const names[] = {
        "twap",          "time_mean_spread_bps", "touch_age",        "touch_life",
        "cancel_rate",   "update_trade_ratio",   "lee_ready",        "emo_sign",
        "clnv_sign",     "arrival_intensity",    "excitation_ratio", "volume_rate",
        "notional_rate", "flow_decay",           "realised_spread",  "price_impact",
    };
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (strcmp(op->name, names[i]) == 0) return true;
    return op->n_in == 0;
}

static bool is_whole(const hr_op *op, const market *m, uint32_t i)
{
    for (unsigned j = 0; j < op->n_in; j++)
        if (isnan(column(m, op->column[j])[i])) return false;
    return true;
}

static void copy_row(market *to, uint32_t k, const market *from, uint32_t i)
{
    to->ts[k] = from->ts[i];
    to->px[k] = from->px[i];
    to->qty[k] = from->qty[i];
    to->side[k] = from->side[i];
    for (int j = 0; j < 4; j++)
        for (uint32_t l = 0; l < HR_OP_LEVEL_MAX; l++)
            to->level[j][l][k] = from->level[j][l][i];
}

/* a row with a null is null, and the others are as if it had not been */
static void test_nulls(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed() + 1);
    for (uint32_t o = 0; o < hr_ops_market.n; o++) {
        const hr_op *op = &hr_ops_market.op[o];
        if (is_of_every_row(op)) continue;
        hr_op_args a = usual_args(op, o % 2);
        make_rows(&rng, true);
        start(op, &a);
        run(op, &a, &made, got, 0, made.n);
        dense.n = 0;
        for (uint32_t i = 0; i < made.n; i++) {
            bool has = is_whole(op, &made, i);
            for (unsigned j = 0; j < op->n_out; j++) {
                if (!has && !isnan(got[j][i])) fail_msg("%s: a value at row %u", op->name, i);
                got[j][dense.n] = got[j][i];
            }
            if (has) copy_row(&dense, dense.n++, &made, i);
        }
        find_mids(&dense);
        start(op, &a);
        run(op, &a, &dense, again, 0, dense.n);
        same_bits(op, "nulls", dense.n);
    }
}

/* no value before the row that is told; where all rows are whole, one there, or soon */
static void test_warm_up(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed() + 2);
    for (uint32_t o = 0; o < hr_ops_market.n; o++)
        for (int by_time = 0; by_time < 2; by_time++) {
            const hr_op *op = &hr_ops_market.op[o];
            hr_op_args a = usual_args(op, by_time);
            make_rows(&rng, false);
            start(op, &a);
            run(op, &a, &made, got, 0, made.n);
            for (unsigned j = 0; j < op->n_out; j++) {
                uint32_t first = 0;
                while (first < made.n && isnan(got[j][first]))
                    first++;
                if (first < op->warm_up(&a) || first > op->warm_up(&a) + 100)
                    fail_msg("%s: output %u has its first value at row %u, not %u", op->name, j,
                             first, op->warm_up(&a));
            }
        }
}

/* Arguments from all over their bounds, windows small enough to fill. */
static hr_op_args any_args(test_rng *rng, const hr_op *op)
{
    hr_op_args a = {.max_rows = 1 + (uint32_t)test_rng_below(rng, 40)};
    for (unsigned i = 0; i < op->n_arg; i++) {
        const hr_op_arg *arg = &op->arg[i];
        a.is_time[i] =
            arg->kind == HR_OP_TIME || (arg->kind == HR_OP_WINDOW && test_rng_chance(rng, 2));
        double most = HR_MIN(arg->most, arg->kind == HR_OP_WINDOW ? 70 : 200);
        if (a.is_time[i]) {
            a.v[i] = floor(1e3 * pow(10, 8 * test_rng_unit(rng)));
        } else if (arg->kind == HR_OP_REAL) {
            a.v[i] = arg->least * pow(arg->most / arg->least, test_rng_unit(rng));
        } else {
            a.v[i] = arg->least + (double)test_rng_below(rng, (uint64_t)(most - arg->least) + 1);
        }
    }
    return a;
}

/* Columns and times of anything at all: a value is finite or null, and cuts are the same. */
static void test_extremes(void **unused)
{
    (void)unused;
    static const double odd[] = {0,      -1,   1e308, -1e308,           1e-308,
                                 5e-324, 1e16, 0.5,   (double)INFINITY, -(double)INFINITY};
    static const int64_t times[] = {INT64_MIN, INT64_MAX, -1, 0, INT64_MIN + 1, INT64_MAX - 1};
    test_rng rng;
    test_rng_init(&rng, test_seed() + 3);
    for (uint32_t o = 0; o < hr_ops_market.n; o++)
        for (int pass = 0; pass < 12; pass++) {
            const hr_op *op = &hr_ops_market.op[o];
            hr_op_args a = pass < 4 ? usual_args(op, pass % 2) : any_args(&rng, op);
            if (op->bytes(&a) == SIZE_MAX) continue;
            make_rows(&rng, pass % 4 > 1);
            double *const columns[] = {made.px,          made.qty,         made.side,
                                       made.mid,         made.spread,      made.level[0][0],
                                       made.level[1][0], made.level[2][0], made.level[3][0],
                                       made.level[1][1], made.level[2][2]};
            for (uint32_t i = 0; i < made.n; i++) {
                for (size_t j = 0; j < HR_ARRAY_LEN(columns); j++)
                    if (test_rng_chance(&rng, 12))
                        columns[j][i] = odd[test_rng_below(&rng, HR_ARRAY_LEN(odd))];
                if (pass % 3 > 0 && test_rng_chance(&rng, 40))
                    made.ts[i] = times[test_rng_below(&rng, HR_ARRAY_LEN(times))];
            }
            start(op, &a);
            run(op, &a, &made, got, 0, made.n);
            cut(&rng, op, &a, 50);
            same_bits(op, "extremes", made.n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_nulls),       cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
