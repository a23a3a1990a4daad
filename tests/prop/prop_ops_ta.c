/* SPDX-License-Identifier: Apache-2.0 */
/* The technical analysis library against plain definitions (tools/ta_cases.py), Tulip's own vectors
 * where they are, and itself: any cut of the rows, a state moved, rows with nulls, long ago rows.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "expr/expr.h"
#include "kern/kern.h"
#include "ops/ta/ta.h"
#include "ops/ta/ta_parts.h"
#include "ops/window/op_window.h"
#include "rng.h"

#define ROWS_MOST 1024
#define LINE_MOST 65536
#define SERIES_MOST 8
#define STATE_MOST 65536
#define RUN_ROWS 700
#define BESIDE 7 /* functions beside Tulip's 104 */

typedef struct column {
    uint32_t n;
    double v[ROWS_MOST];
} column;

typedef struct series {
    char name[32];
    column c;
} series;

typedef struct reader {
    FILE *f;
    char line[LINE_MOST];
    series known[SERIES_MOST];
    int n_known;
} reader;

static reader file;
static column in[HR_OP_IN_MAX], want[HR_OP_OUT_MAX];
static double got[HR_OP_OUT_MAX][RUN_ROWS], again[HR_OP_OUT_MAX][RUN_ROWS];
static int64_t times[ROWS_MOST];
static _Alignas(64) unsigned char state[STATE_MOST], moved[STATE_MOST];

/* What Tulip has and expressions have in themselves, by the name that Tulip has for it: run by what
 * says what these mean. */
static void run_built_in(hr_expr_kind kind, const hr_op_rows *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        r->out[0][i] = hr_expr_apply(kind, &r->in[0][i]);
}

#define BUILT_IN(fn, kind)                                                                         \
    static void run_##fn(void *unused, const hr_op_rows *r)                                        \
    {                                                                                              \
        (void)unused;                                                                              \
        run_built_in(kind, r);                                                                     \
    }
BUILT_IN(abs, HR_EXPR_ABS)
BUILT_IN(exp, HR_EXPR_EXP)
BUILT_IN(ln, HR_EXPR_LOG)
BUILT_IN(sqrt, HR_EXPR_SQRT)

static uint32_t no_warm_up(const hr_op_args *a)
{
    (void)a;
    return 0;
}

#define ENTRY(fn)                                                                                  \
    {                                                                                              \
        .name = #fn, .n_in = 1, .n_out = 1, .bytes = hr_op_no_bytes, .init = hr_op_no_init,        \
        .run = run_##fn, .warm_up = no_warm_up                                                     \
    }
static const hr_op built_in[] = {ENTRY(abs), ENTRY(exp), ENTRY(ln), ENTRY(sqrt)};
/* and what the windows of rows have */
static const char *const of_windows[] = {"lag", "max", "min", "sum", "var"};

static const hr_op *find_in(const hr_op *op, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(op[i].name, name) == 0) return &op[i];
    return NULL;
}

static const hr_op *find(const char *name)
{
    const hr_op *op = find_in(hr_ops_ta.op, hr_ops_ta.n, name);
    if (!op) op = find_in(built_in, HR_ARRAY_LEN(built_in), name);
    for (size_t i = 0; i < HR_ARRAY_LEN(of_windows) && !op; i++)
        if (strcmp(of_windows[i], name) == 0) op = find_in(hr_ops_window.op, hr_ops_window.n, name);
    return op;
}

/* windows of 5, 7, 9 rows and so on where one has to be told */
static hr_op_args usual_args(const hr_op *op)
{
    hr_op_args a = {.max_rows = 1};
    for (int i = 0; i < op->n_arg; i++)
        a.v[i] = isnan(op->arg[i].by_default) ? 5 + 2 * i : op->arg[i].by_default;
    return a;
}

static void start(const hr_op *op, const hr_op_args *a)
{
    size_t bytes = op->bytes(a);
    assert_true(bytes <= STATE_MOST && bytes % 64 == 0);
    memset(state, 0xa5, sizeof state);
    op->init(state, a);
}

static void run(const hr_op *op, const column *x, double (*out)[RUN_ROWS], uint32_t from,
                uint32_t to)
{
    hr_op_rows r = {.n = to - from, .ts = times};
    for (int i = 0; i < op->n_in; i++)
        r.in[i] = x[i].v + from;
    for (int i = 0; i < op->n_out; i++)
        r.out[i] = out[i] + from;
    op->run(state, &r);
}

static bool next_line(reader *r)
{
    do {
        if (!fgets(r->line, LINE_MOST, r->f)) return false;
    } while (r->line[0] == '#' || r->line[0] == '\n' || r->line[0] == '\r');
    return true;
}

static void read_values(column *c, const char *s)
{
    c->n = 0;
    while (*s && *s != '}') {
        char *end;
        double v = strtod(s, &end);
        assert_true(end != s && c->n < ROWS_MOST);
        c->v[c->n++] = v;
        s = *end == ',' ? end + 1 : end;
    }
}

static void read_column(reader *r, column *c)
{
    assert_true(next_line(r));
    if (r->line[0] == '{') {
        read_values(c, r->line + 1);
        return;
    }
    r->line[strcspn(r->line, "\r\n")] = 0;
    for (int i = 0; i < r->n_known; i++)
        if (strcmp(r->known[i].name, r->line + 1) == 0) {
            *c = r->known[i].c;
            return;
        }
    fail_msg("no series '%s'", r->line);
}

static void read_series(reader *r)
{
    assert_true(r->n_known < SERIES_MOST);
    series *s = &r->known[r->n_known++];
    size_t n = strcspn(r->line + 1, "=");
    assert_true(n < sizeof s->name && r->line[n + 1] == '=');
    memcpy(s->name, r->line + 1, n);
    s->name[n] = 0;
    read_values(&s->c, r->line + n + 3);
}

/* precision: 0 the library's own cases, to 1e-9 of the value; else so much */
static bool is_near(double a, double b, double precision)
{
    if (isnan(a) && isnan(b)) return true;
    if (precision > 0) return fabs(a - b) <= precision * fmax(fabs(b), 1);
    return fabs(a - b) <= 1e-9 * fmax(fabs(b), 1e-3);
}

/* Its first value is not at a certain row: a trend has to turn, a peak to come. */
static bool waits(const hr_op *op)
{
    static const char *const names[] = {"atrstop", "fcb", "supertrend", "volstop"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (strcmp(op->name, names[i]) == 0) return true;
    return false;
}

static void check_case(const hr_op *op, const hr_op_args *a, double precision)
{
    uint32_t n = in[0].n;
    start(op, a);
    run(op, in, got, 0, n);
    uint32_t first = op->warm_up(a);
    for (int j = 0; j < op->n_out; j++) {
        uint32_t from = n - want[j].n;
        if (precision == 0 && !waits(op)) assert_int_equal(from, first);
        for (uint32_t i = 0; i < n; i++) {
            if (i < first && !isnan(got[j][i])) fail_msg("%s: a value at row %u", op->name, i);
            if (i < from || is_near(got[j][i], want[j].v[i - from], precision)) continue;
            fail_msg("%s(%g, %g, %g, %g) output %d row %u: %.17g, not %.17g", op->name, a->v[0],
                     a->v[1], a->v[2], a->v[3], j, i, got[j][i], want[j].v[i - from]);
        }
    }
}

/* Every case of a file; how many, and of how many functions: a file has all cases of one together.
 */
static int check_file(const char *path, double precision, uint32_t *functions)
{
    int cases = 0;
    const hr_op *last = NULL;
    file.n_known = 0;
    file.f = fopen(path, "r");
    assert_non_null(file.f);
    while (next_line(&file)) {
        if (file.line[0] == '$') {
            read_series(&file);
            continue;
        }
        char *place = NULL;
        char *name = strtok_r(file.line, " \r\n", &place);
        assert_non_null(name);
        const hr_op *op = find(name);
        if (!op) fail_msg("no operator '%s'", name);
        hr_op_args a = usual_args(op);
        int n = 0;
        for (char *t = strtok_r(NULL, " \r\n", &place); t && n < (int)HR_OP_ARG_MAX;
             t = strtok_r(NULL, " \r\n", &place))
            a.v[n++] = strtod(t, NULL);
        for (int i = 0; i < op->n_in; i++)
            read_column(&file, &in[i]);
        for (int i = 0; i < op->n_out; i++)
            read_column(&file, &want[i]);
        check_case(op, &a, precision);
        *functions += op != last;
        last = op;
        cases++;
    }
    assert_int_equal(fclose(file.f), 0);
    return cases;
}

static void test_definitions(void **unused)
{
    (void)unused;
    uint32_t functions = 0;
    char path[1024];
    const char *root = getenv("HR_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/prop/ops_ta_cases.txt", root ? root : ".");
    int cases = check_file(path, 0, &functions);
    assert_int_equal(functions, hr_ops_ta.n + HR_ARRAY_LEN(built_in) + HR_ARRAY_LEN(of_windows));
    assert_int_equal(functions, 104 + BESIDE);
    print_message("# %d cases of %u functions\n", cases, functions);
}

static void test_tulip_vectors(void **unused)
{
    (void)unused;
    static const char *const name[] = {"untest", "atoz"};
    const char *data = test_data_dir();
    for (size_t i = 0; data && i < HR_ARRAY_LEN(name); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/indicators/tulip/%s.txt", data, name[i]);
        FILE *f = fopen(path, "r");
        if (!f) {
            data = NULL;
            break;
        }
        assert_int_equal(fclose(f), 0);
        uint32_t functions = 0;
        int cases = check_file(path, 0.0011, &functions);
        print_message("# %s: %d vectors of %u functions\n", name[i], cases, functions);
        if (i == 0) assert_int_equal(functions, 104);
    }
    if (!data) print_message("# skipped: no vectors of Tulip (HR_DATA_DIR)\n");
}

/* prices of a walk with rows that stay, volume with zeros now and then; at times a null */
static void make_rows(test_rng *rng, const hr_op *op, bool has_nulls)
{
    double last = 100;
    for (uint32_t i = 0; i < RUN_ROWS; i++) {
        double row[5];
        row[0] = last;
        if (!test_rng_chance(rng, 8)) last *= 0.99 + 0.02 * test_rng_unit(rng);
        row[3] = last;
        row[1] = fmax(row[0], last) + (test_rng_chance(rng, 8) ? 0 : test_rng_unit(rng));
        row[2] = fmin(row[0], last) - (test_rng_chance(rng, 8) ? 0 : test_rng_unit(rng));
        row[4] = test_rng_chance(rng, 8) ? 0 : 1000 * test_rng_unit(rng);
        for (int j = 0; j < op->n_in; j++) {
            const char *of = op->in[j];
            int k = strcmp(of, "high") == 0     ? 1
                    : strcmp(of, "low") == 0    ? 2
                    : strcmp(of, "close") == 0  ? 3
                    : strcmp(of, "volume") == 0 ? 4
                                                : 0;
            in[j].v[i] = op->group[0] == 'm' ? row[k] / 200 : k == 0 && j == 1 ? row[3] : row[k];
            if (has_nulls && test_rng_chance(rng, 9)) in[j].v[i] = (double)NAN;
        }
    }
}

static void same_bits(const hr_op *op, const char *what)
{
    for (int j = 0; j < op->n_out; j++)
        for (uint32_t i = 0; i < RUN_ROWS; i++)
            if (memcmp(&got[j][i], &again[j][i], sizeof(double)) != 0)
                fail_msg("%s: %s: output %d row %u: %.17g, not %.17g", op->name, what, j, i,
                         again[j][i], got[j][i]);
}

/* the rows in calls of any size, the state moved to another place between them */
static void test_cuts(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed());
    for (uint32_t o = 0; o < hr_ops_ta.n; o++) {
        const hr_op *op = &hr_ops_ta.op[o];
        hr_op_args a = usual_args(op);
        for (int way = 0; way < 4; way++) {
            if (op->n_arg > 0 && strcmp(op->arg[op->n_arg - 1].name, "seed") == 0)
                a.v[op->n_arg - 1] = way % 2;
            make_rows(&rng, op, way / 2);
            hr_kern_init(hr_cpu_detect());
            start(op, &a);
            run(op, in, got, 0, RUN_ROWS);
            hr_kern_init(0);
            start(op, &a);
            run(op, in, again, 0, RUN_ROWS);
            same_bits(op, "tier");
            start(op, &a);
            for (uint32_t at = 0; at < RUN_ROWS;) {
                uint32_t to = at + (uint32_t)test_rng_below(&rng, 40);
                if (to > RUN_ROWS) to = RUN_ROWS;
                run(op, in, again, at, to);
                at = to;
                size_t bytes = op->bytes(&a);
                memcpy(moved, state, bytes);
                memset(state, 0x5a, sizeof state);
                memcpy(state, moved, bytes);
            }
            same_bits(op, "cut");
        }
    }
}

typedef struct curve {
    const char *name;
    long double (*of)(long double);
    double within; /* below 0: that much above 0 */
} curve;

/* the functions that are not the C library's, of all sizes of x, near where they bend and beyond
 * what their series are for: within 4 units in the last place */
static void test_math(void **unused)
{
    (void)unused;
    static const curve curves[] = {
        {"acos", acosl, 1},   {"asin", asinl, 1},   {"atan", atanl, 1e300},
        {"cos", cosl, 2e6},   {"cosh", coshl, 720}, {"log10", log10l, -1e300},
        {"sin", sinl, 2e6},   {"sinh", sinhl, 720}, {"tan", tanl, 2e6},
        {"tanh", tanhl, 720},
    };
    test_rng rng;
    test_rng_init(&rng, test_seed() + 5);
    for (size_t c = 0; c < HR_ARRAY_LEN(curves); c++) {
        const hr_op *op = find(curves[c].name);
        for (int pass = 0; pass < 60; pass++) {
            double size = fabs(curves[c].within);
            for (uint32_t i = 0; i < RUN_ROWS; i++) {
                double x = size * (2 * test_rng_unit(&rng) - 1);
                if (pass % 3 == 1) x = fmin(size, 2) * (2 * test_rng_unit(&rng) - 1);
                if (pass % 3 == 2) x *= exp(-700 * test_rng_unit(&rng));
                in[0].v[i] = curves[c].within < 0 ? fabs(x) : x;
            }
            run(op, in, got, 0, RUN_ROWS);
            for (uint32_t i = 0; i < RUN_ROWS; i++) {
                long double want_l = curves[c].of((long double)in[0].v[i]);
                double true_value = (double)want_l;
                if (!isfinite(true_value)) {
                    assert_true(isnan(got[0][i]));
                    continue;
                }
                double last = nextafter(fabs(true_value), (double)INFINITY) - fabs(true_value);
                if (!(fabsl((long double)got[0][i] - want_l) <= 4 * (long double)last))
                    fail_msg("%s(%.17g): %.17g, not %.17g", op->name, in[0].v[i], got[0][i],
                             true_value);
            }
        }
    }
}

/* what windows over HR_TA_SMALL rows go by gives the same where they are smaller */
static void test_large_windows(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed() + 4);
    for (uint32_t o = 0; o < hr_ops_ta.n; o++) {
        const hr_op *op = &hr_ops_ta.op[o];
        if (op->group[0] != 't' || op->bytes(&(hr_op_args){.v = {5, 7, 9}}) < sizeof(hr_ta))
            continue;
        for (double n = 2; n < 70; n += 9) {
            hr_op_args a = usual_args(op);
            for (int i = 0; i < op->n_arg; i++)
                if (op->arg[i].kind == HR_OP_INT && op->arg[i].most > 1)
                    a.v[i] = fmax(op->arg[i].least, n + i);
            make_rows(&rng, op, true);
            start(op, &a);
            run(op, in, got, 0, RUN_ROWS);
            start(op, &a);
            ((hr_ta *)(void *)state)->is_small = 0;
            run(op, in, again, 0, RUN_ROWS);
            for (int j = 0; j < op->n_out; j++)
                for (uint32_t i = 0; i < RUN_ROWS; i++)
                    if (isnan(got[j][i]) != isnan(again[j][i]) ||
                        (!isnan(got[j][i]) && !is_near(got[j][i], again[j][i], 0)))
                        fail_msg("%s(%g) row %u: %.17g, not %.17g", op->name, n, i, got[j][i],
                                 again[j][i]);
        }
    }
}

/* a row with a null is null, and the others are as if it had not been */
static void test_nulls(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed() + 1);
    static column dense[HR_OP_IN_MAX];
    for (uint32_t o = 0; o < hr_ops_ta.n; o++) {
        const hr_op *op = &hr_ops_ta.op[o];
        hr_op_args a = usual_args(op);
        make_rows(&rng, op, true);
        start(op, &a);
        run(op, in, got, 0, RUN_ROWS);
        uint32_t n = 0;
        for (uint32_t i = 0; i < RUN_ROWS; i++) {
            bool is_whole = true;
            for (int j = 0; j < op->n_in; j++) {
                dense[j].v[n] = in[j].v[i];
                is_whole = is_whole && !isnan(in[j].v[i]);
            }
            for (int j = 0; j < op->n_out; j++) {
                if (!is_whole) assert_true(isnan(got[j][i]));
                if (is_whole) got[j][n] = got[j][i];
            }
            n += is_whole;
        }
        start(op, &a);
        run(op, dense, again, 0, n);
        for (int j = 0; j < op->n_out; j++)
            for (uint32_t i = n; i < RUN_ROWS; i++)
                again[j][i] = got[j][i];
        same_bits(op, "nulls");
    }
}

/* Operators of a window give the same after a million rows of 1e8 and more as where only the last
 * rows ever were. */
static void test_drift(void **unused)
{
    (void)unused;
    static const char *const windows[] = {
        "sma",        "wma",    "hma",    "trima",           "linreg", "linregslope",
        "tsf",        "stddev", "stderr", "linregintercept", "md",     "dpo",
        "volatility", "vosc",   "vwma",   "qstick",          "cci",    "mfi",
        "ultosc",     "vhf",    "stoch",  "willr",           "bbands", "cmo",
    };
    static column big[HR_OP_IN_MAX];
    test_rng rng;
    test_rng_init(&rng, test_seed() + 2);
    for (size_t w = 0; w < HR_ARRAY_LEN(windows); w++) {
        const hr_op *op = find(windows[w]);
        assert_non_null(op);
        hr_op_args a = usual_args(op);
        make_rows(&rng, op, false);
        for (int j = 0; j < op->n_in; j++)
            for (uint32_t i = 0; i < ROWS_MOST; i++)
                big[j].v[i] = 1e8 * (1 + 9 * test_rng_unit(&rng));
        start(op, &a);
        run(op, in, again, 0, RUN_ROWS);
        start(op, &a);
        for (int pass = 0; pass < 1500; pass++)
            run(op, big, got, 0, RUN_ROWS);
        run(op, in, got, 0, RUN_ROWS);
        for (int j = 0; j < op->n_out; j++)
            for (uint32_t i = 100; i < RUN_ROWS; i++)
                if (!(isnan(again[j][i]) && isnan(got[j][i])) &&
                    !(fabs(got[j][i] - again[j][i]) <= 1e-9 * fmax(fabs(again[j][i]), 1e-3)))
                    fail_msg("%s row %u: %.17g, not %.17g", op->name, i, got[j][i], again[j][i]);
    }
}

/* the first row with a value is the one that is told, and the table holds together */
static void test_table(void **unused)
{
    (void)unused;
    test_rng rng;
    test_rng_init(&rng, test_seed() + 3);
    for (uint32_t o = 0; o < hr_ops_ta.n; o++) {
        const hr_op *op = &hr_ops_ta.op[o];
        assert_ptr_equal(find(op->name), op);
        assert_true(op->n_in > 0 && op->n_in <= HR_OP_IN_MAX && op->n_out > 0);
        for (int i = 0; i < op->n_in; i++)
            assert_non_null(op->in[i]);
        for (int i = 0; i < op->n_arg; i++)
            assert_true(op->arg[i].name && op->arg[i].least <= op->arg[i].most);
        assert_true(op->n_arg == HR_OP_ARG_MAX || !op->arg[op->n_arg].name);
        for (int k = 0; k < 12; k++) {
            hr_op_args a = usual_args(op);
            for (int i = 0; i < op->n_arg && k > 0; i++)
                if (op->arg[i].kind == HR_OP_INT)
                    a.v[i] = fmin(op->arg[i].least + k - 1, op->arg[i].most);
            if (op->bytes(&a) == SIZE_MAX) continue;
            make_rows(&rng, op, false);
            for (uint32_t i = 0; i < RUN_ROWS && strcmp(op->name, "acos") != 0; i++)
                for (int j = 0; j < op->n_in; j++)
                    if (in[j].v[i] == 0) in[j].v[i] = 1;
            start(op, &a);
            run(op, in, got, 0, RUN_ROWS);
            uint32_t first = 0;
            while (first < RUN_ROWS && isnan(got[0][first]))
                first++;
            if (first < op->warm_up(&a) ||
                (op->group[0] == 't' && !waits(op) && first > op->warm_up(&a) + 24))
                fail_msg("%s: first value at row %u, not %u (%d)", op->name, first, op->warm_up(&a),
                         k);
        }
    }
}

static void test_bounds(void **unused)
{
    (void)unused;
    static const char *const ordered[] = {"adosc", "apo", "kvo", "macd", "ppo", "vosc", "vidya"};
    for (size_t i = 0; i < HR_ARRAY_LEN(ordered); i++) {
        const hr_op *op = find(ordered[i]);
        hr_op_args a = usual_args(op);
        a.v[0] = 9;
        a.v[1] = 8;
        assert_true(op->bytes(&a) == SIZE_MAX);
        a.v[1] = 9;
        assert_true(op->bytes(&a) < SIZE_MAX);
    }
    hr_op_args a = {.v = {7, 14, 13}, .max_rows = 1};
    assert_true(find("ultosc")->bytes(&a) == SIZE_MAX);
    a.v[2] = 14;
    assert_true(find("ultosc")->bytes(&a) < SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_tulip_vectors),
        cmocka_unit_test(test_cuts),        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_drift),       cmocka_unit_test(test_table),
        cmocka_unit_test(test_bounds),      cmocka_unit_test(test_large_windows),
        cmocka_unit_test(test_math),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
