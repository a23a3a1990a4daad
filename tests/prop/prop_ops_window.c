/* SPDX-License-Identifier: Apache-2.0 */
/* Window operators against models that go over the rows of each window anew in long double; the
 * same bits for any cut of the rows into calls, in any tier of the kernels at each call, and from a
 * copy of the state at any row. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kern/kern.h"
#include "ops/window/op_window.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 500
#define TOLERANCE 1e-9L
#define LATE_NS 4000

typedef enum data_kind {
    DATA_PRICES,
    DATA_UNIT,
    DATA_TIES,
    DATA_HUGE, /* 1e300 and 1e-300 beside ones */
    DATA_NULLS,
    N_DATA,
} data_kind;

typedef struct rows {
    int64_t ts[ROWS];
    double x[ROWS], y[ROWS];
} rows;

/* The rows of one window, oldest first; `before` is the newest row in front of it. */
typedef struct window {
    uint32_t n;
    long double x[ROWS], y[ROWS], place[ROWS];
    long double size; /* sum of |x| */
    bool has_huge, has_before;
    long double before;
    long double arg;
    bool by_time;
} window;

static double as_null(void)
{
    return (double)NAN;
}

static double data_value(data_kind kind, test_rng *r, double before)
{
    static const double odd[] = {1e300, -1e300, 1e-300, 1e155, -4e307};
    static const double null[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    double unit = 2 * test_rng_unit(r) - 1;
    if (kind == DATA_PRICES) {
        return before == 0 ? 50000 : before + 0.01 * (double)test_rng_below(r, 100) - 0.495;
    }
    if (kind == DATA_TIES) return (double)test_rng_below(r, 7) - 3;
    if (kind == DATA_HUGE && test_rng_chance(r, 40)) return odd[test_rng_below(r, 5)];
    if (kind == DATA_NULLS && test_rng_chance(r, 5)) return null[test_rng_below(r, 3)];
    return unit;
}

static void rows_make(rows *d, data_kind kind, test_rng *r)
{
    int64_t ts = 1700000000000000000;
    double x = 0;
    double y = 0;
    for (int i = 0; i < ROWS; i++) {
        x = data_value(kind, r, x);
        y = data_value(kind == DATA_HUGE ? DATA_UNIT : kind, r, y);
        d->x[i] = x;
        d->y[i] = y;
        if (!test_rng_chance(r, 4)) ts += (int64_t)test_rng_below(r, 2000);
        if (test_rng_chance(r, 100)) ts += 1000000;
        d->ts[i] = test_rng_chance(r, 6) ? ts - (int64_t)test_rng_below(r, LATE_NS) : ts;
    }
}

static bool is_null(double v)
{
    return !isfinite(v);
}

/* ---- the models ---- */

static long double moment(const window *w, int k)
{
    long double mean = 0;
    for (uint32_t i = 0; i < w->n; i++)
        mean += w->x[i];
    mean /= w->n;
    if (k == 1) return mean;
    long double sum = 0;
    for (uint32_t i = 0; i < w->n; i++)
        sum += powl(w->x[i] - mean, k);
    return sum / w->n;
}

static long double product(const window *w, const long double *a, const long double *b)
{
    long double ma = 0;
    long double mb = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        ma += a[i];
        mb += b[i];
    }
    ma /= w->n;
    mb /= w->n;
    long double sum = 0;
    for (uint32_t i = 0; i < w->n; i++)
        sum += (a[i] - ma) * (b[i] - mb);
    return sum / w->n;
}

static long double extreme(const window *w, int sign)
{
    long double v = w->x[0];
    for (uint32_t i = 1; i < w->n; i++)
        v = (w->x[i] - v) * sign > 0 ? w->x[i] : v;
    return v;
}

static long double sampled(const window *w)
{
    return w->n < 2 ? (long double)as_null() : moment(w, 2) * w->n / (w->n - 1);
}

static int by_value(const void *a, const void *b)
{
    long double x = *(const long double *)a;
    long double y = *(const long double *)b;
    return (x > y) - (x < y);
}

static long double quantile(const window *w, long double *low)
{
    static long double v[ROWS];
    memcpy(v, w->x, w->n * sizeof *v);
    qsort(v, w->n, sizeof *v, by_value);
    long double at = w->arg * (w->n - 1);
    uint32_t k = (uint32_t)at;
    *low = v[k];
    return k + 1 < w->n ? v[k] + (v[k + 1] - v[k]) * (at - k) : v[k];
}

static long double rank(const window *w)
{
    uint32_t twice = 0;
    for (uint32_t i = 0; i + 1 < w->n; i++) {
        twice += w->x[i] < w->x[w->n - 1] ? 2 : 0;
        twice += w->x[i] == w->x[w->n - 1] ? 1 : 0;
    }
    return w->n == 1 ? 0.5L : (long double)twice / (2 * (w->n - 1));
}

static long double spread(const window *w)
{
    return extreme(w, 1) - extreme(w, -1);
}

static long double model_moments(const char *name, const window *w)
{
    long double null = (long double)as_null();
    long double m2 = spread(w) > 0 ? moment(w, 2) : 0;
    if (strcmp(name, "var") == 0) return m2;
    if (strcmp(name, "std") == 0) return sqrtl(m2);
    if (strcmp(name, "vars") == 0) return sampled(w);
    if (strcmp(name, "stds") == 0) return sqrtl(sampled(w));
    if (m2 == 0) return null;
    if (strcmp(name, "zscore") == 0) return (w->x[w->n - 1] - moment(w, 1)) / sqrtl(m2);
    if (strcmp(name, "skew") == 0) return moment(w, 3) / powl(m2, 1.5L);
    return moment(w, 4) / m2 / m2 - 3; /* kurt */
}

static long double model_pair(const char *name, const window *w)
{
    long double xy = product(w, w->x, w->y);
    long double xx = product(w, w->x, w->x);
    long double yy = product(w, w->y, w->y);
    if (strcmp(name, "cov") == 0) return xy;
    if (strcmp(name, "corr") == 0) return xy / sqrtl(xx * yy);
    if (strcmp(name, "beta") == 0) return xy / yy;
    long double unit = w->by_time ? 1e9L : 1; /* slope */
    return unit * product(w, w->x, w->place) / product(w, w->place, w->place);
}

static long double model(const char *name, const window *w)
{
    long double null = (long double)as_null();
    long double low;
    if (strcmp(name, "sum") == 0) return moment(w, 1) * w->n;
    if (strcmp(name, "mean") == 0) return moment(w, 1);
    if (strcmp(name, "min") == 0) return extreme(w, -1);
    if (strcmp(name, "max") == 0) return extreme(w, 1);
    if (strcmp(name, "first") == 0) return w->x[0];
    if (strcmp(name, "last") == 0) return w->x[w->n - 1];
    if (strcmp(name, "count") == 0) return w->n;
    if (strcmp(name, "rank") == 0) return rank(w);
    if (strcmp(name, "quantile") == 0) return quantile(w, &low);
    if (strcmp(name, "sketch") == 0) return (void)quantile(w, &low), low;
    if (strcmp(name, "lag") == 0) return w->has_before ? w->before : null;
    if (strcmp(name, "diff") == 0) return w->has_before ? w->x[w->n - 1] - w->before : null;
    if (strcmp(name, "pct") == 0) {
        return w->has_before ? (w->x[w->n - 1] - w->before) / w->before : null;
    }
    static const char *const pairs[] = {"cov", "corr", "beta", "slope"};
    for (size_t i = 0; i < HR_ARRAY_LEN(pairs); i++) {
        if (strcmp(name, pairs[i]) == 0) return model_pair(name, w);
    }
    return model_moments(name, w);
}

static bool looks_back(const char *name)
{
    return strcmp(name, "lag") == 0 || strcmp(name, "diff") == 0 || strcmp(name, "pct") == 0;
}

/* Rows that count of the first `n`, their indexes; times never fall. */
static uint32_t rows_used(const hr_op *op, const rows *d, int n, int *use, int64_t *ts)
{
    uint32_t m = 0;
    for (int i = 0; i < n; i++) {
        if (is_null(d->x[i]) || (op->n_in > 1 && is_null(d->y[i]))) continue;
        ts[m] = m > 0 && ts[m - 1] > d->ts[i] ? ts[m - 1] : d->ts[i];
        use[m++] = i;
    }
    return m;
}

/* The window after row `i`; false: it has no value. */
static bool window_at(window *w, const hr_op *op, const hr_op_args *a, const rows *d, int i)
{
    static int use[ROWS];
    static int64_t ts[ROWS];
    uint32_t m = rows_used(op, d, i + 1, use, ts);
    if (m == 0 || use[m - 1] != i) return false;
    uint32_t from = 0;
    if (a->is_time[0]) {
        while (ts[from] <= ts[m - 1] - (int64_t)a->v[0])
            from++;
        if (m - from > a->max_rows) return false;
    } else {
        uint32_t n = (uint32_t)a->v[0];
        from = m > n ? m - n : 0;
        if (m < n && strcmp(op->name, "count") != 0 && !looks_back(op->name)) return false;
    }
    w->n = m - from;
    w->by_time = a->is_time[0];
    w->arg = (long double)a->v[1];
    w->has_before = from > 0;
    w->size = 0;
    w->has_huge = false;
    if (from > 0) w->before = (long double)d->x[use[from - 1]];
    for (uint32_t k = from; k < m; k++) {
        double x = d->x[use[k]];
        w->x[k - from] = (long double)x;
        w->y[k - from] = (long double)d->y[use[k]];
        w->place[k - from] = (long double)(a->is_time[0] ? ts[k] - ts[from] : (int64_t)k);
        w->size += fabsl((long double)x);
        if (fabs(x) > 1e100) w->has_huge = true;
    }
    return true;
}

/* What a value may be away: relative to itself, and to the terms that made it. */
static long double slack(const char *name, const window *w)
{
    if (strcmp(name, "sketch") == 0) {
        long double low;
        (void)quantile(w, &low);
        return fabsl(low) / 128 + 1e-300L;
    }
    if (strcmp(name, "sum") == 0 || strcmp(name, "mean") == 0) return w->size * TOLERANCE;
    if (w->has_huge) return HUGE_VALL; /* squares overflow, or are of another order */
    if (strcmp(name, "beta") == 0 || strcmp(name, "slope") == 0 || strcmp(name, "cov") == 0) {
        long double yy = product(w, w->y, w->y);
        long double tt = product(w, w->place, w->place);
        long double xx = sqrtl(product(w, w->x, w->x));
        if (strcmp(name, "cov") == 0) return TOLERANCE * xx * sqrtl(yy);
        if (strcmp(name, "beta") == 0) return TOLERANCE * xx / sqrtl(yy);
        return TOLERANCE * xx / sqrtl(tt) * (w->by_time ? 1e9L : 1);
    }
    return TOLERANCE;
}

static void check_value(const hr_op *op, const hr_op_args *a, const rows *d, int i, double got)
{
    static window w;
    if (!window_at(&w, op, a, d, i)) {
        if (!is_null(got)) print_error("%s row %d: %g for a null\n", op->name, i, got);
        assert_true(is_null(got));
        return;
    }
    long double want = model(op->name, &w);
    assert_true(isnan(got) || isfinite(got));
    bool is_exact = w.has_huge && (looks_back(op->name) || op->name[0] == 'm');
    long double off = slack(op->name, &w) + TOLERANCE * fabsl(want);
    if (is_exact && strcmp(op->name, "mean") != 0) off = TOLERANCE * fabsl(want);
    if (is_null(got) || !isfinite((double)want)) {
        if (w.has_huge) return;
        if (is_null(got) && isfinite((double)want)) {
            print_error("%s row %d: null for %Lg\n", op->name, i, want);
        }
        assert_true(is_null(got) && !isfinite((double)want));
        return;
    }
    if (fabsl((long double)got - want) > off) {
        print_error("%s(%g, %g) by_time %d row %d of %u: %.17g for %.17Lg\n", op->name, a->v[0],
                    a->v[1], a->is_time[0], i, w.n, got, want);
    }
    assert_true(fabsl((long double)got - want) <= off);
}

/* ---- running an operator ---- */

static void run(const hr_op *op, void *state, const rows *d, int from, int n, double *out)
{
    static unsigned n_runs;
    hr_kern_init(n_runs++ % 3 == 0 ? 0 : hr_cpu_detect());
    hr_op_rows r = {.n = (uint32_t)n,
                    .ts = d->ts + from,
                    .in = {d->x + from, d->y + from},
                    .out = {out + from}};
    op->run(state, &r);
}

/* Random cuts; at some of them the state moves to another block and the old one is spoilt. */
static void run_cut(const hr_op *op, const hr_op_args *a, const rows *d, double *out, test_rng *r)
{
    size_t n_bytes;
    void *state = ops_rig_state(op, a, &n_bytes);
    int most = test_rng_chance(r, 2) ? 3 : 100;
    for (int at = 0; at < ROWS;) {
        int n = (int)test_rng_below(r, (uint64_t)most) + 1;
        n = n < ROWS - at ? n : ROWS - at;
        run(op, state, d, at, n, out);
        at += n;
        if (test_rng_chance(r, 8)) state = ops_rig_move(state, n_bytes);
    }
    free(state);
}

static bool is_over_all(const hr_op *op)
{
    return strncmp(op->name, "cum", 3) == 0 || strncmp(op->name, "ewma", 4) == 0;
}

/* Those of prop_ops_panes.c. */
static bool is_still(const hr_op *op)
{
    static const char *const names[] = {"tumble", "hop_",    "session",   "fill",
                                        "since",  "changed", "hysteresis"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++) {
        if (strncmp(op->name, names[i], strlen(names[i])) == 0) return true;
    }
    return false;
}

static bool has_part(const hr_op *op)
{
    return op->n_arg > 1 && op->arg[1].kind == HR_OP_REAL;
}

static hr_op_args args_make(const hr_op *op, test_rng *r)
{
    static const double n[] = {1, 2, 3, 4, 5, 8, 17, 64, 101, 499, 500, 501, 5000};
    static const double ns[] = {1000, 3000, 20000, 100000, 1000000, 1e15};
    hr_op_args a = {.max_rows = 1};
    if (op->n_arg > 0 && op->arg[0].kind == HR_OP_WINDOW) {
        a.is_time[0] = test_rng_chance(r, 2);
        a.v[0] = a.is_time[0] ? ns[test_rng_below(r, 6)] : n[test_rng_below(r, 13)];
        a.max_rows =
            a.is_time[0] && test_rng_chance(r, 3) ? 1 + (uint32_t)test_rng_below(r, 20) : 600;
    }
    if (has_part(op)) {
        a.v[1] = test_rng_chance(r, 4) ? (double)test_rng_below(r, 2) : test_rng_unit(r);
    }
    return a;
}

static void test_models(void **unused)
{
    (void)unused;
    static rows d;
    static double whole[ROWS];
    static double cut[ROWS];
    test_rng r;
    test_rng_init(&r, test_seed());
    uint64_t iters = test_iters(12);
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (is_over_all(op) || is_still(op)) continue;
        for (uint64_t it = 0; it < iters; it++) {
            rows_make(&d, (data_kind)(it % N_DATA), &r);
            hr_op_args a = args_make(op, &r);
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            run(op, state, &d, 0, ROWS, whole);
            free(state);
            run_cut(op, &a, &d, cut, &r);
            assert_memory_equal(whole, cut, sizeof cut);
            for (int i = 0; i < ROWS; i += 1 + (int)test_rng_below(&r, 3))
                check_value(op, &a, &d, i, whole[i]);
        }
    }
}

/* ---- over all rows ---- */

static long double model_over_all(const hr_op *op, const hr_op_args *a, const rows *d, int n)
{
    static int use[ROWS];
    static int64_t ts[ROWS];
    uint32_t m = rows_used(op, d, n, use, ts);
    long double sum = 0;
    long double weight = 0;
    long double least = HUGE_VALL;
    long double most = -HUGE_VALL;
    long double ewma = 0;
    long double alpha =
        strcmp(op->name, "ewma") == 0 ? 2 / ((long double)a->v[0] + 1) : (long double)a->v[0];
    if (m == 0 || use[m - 1] != n - 1) return (long double)as_null();
    bool fades = strcmp(op->name, "ewma_time") == 0;
    for (uint32_t i = 0; i < m; i++) {
        long double x = (long double)d->x[use[i]];
        long double w = fades ? exp2l(-(long double)(ts[m - 1] - ts[i]) / (long double)a->v[0]) : 1;
        sum += w * x;
        weight += w;
        least = x < least ? x : least;
        most = x > most ? x : most;
        ewma = i == 0 ? x : ewma + alpha * (x - ewma);
    }
    if (strcmp(op->name, "cumsum") == 0) return sum;
    if (strcmp(op->name, "cummin") == 0) return least;
    if (strcmp(op->name, "cummax") == 0) return most;
    if (strcmp(op->name, "cumcount") == 0) return m;
    if (strcmp(op->name, "cummean") == 0 || fades) return sum / weight;
    return ewma;
}

static void test_over_all(void **unused)
{
    (void)unused;
    static rows d;
    static double whole[ROWS];
    static double cut[ROWS];
    static const double arg[] = {1, 2, 9.5, 1000};
    test_rng r;
    test_rng_init(&r, test_seed() + 1);
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (!is_over_all(op)) continue;
        for (int kind = 0; kind < N_DATA; kind++) {
            if (kind == DATA_HUGE) continue;
            rows_make(&d, (data_kind)kind, &r);
            hr_op_args a = {.v = {arg[test_rng_below(&r, 4)]}};
            if (strcmp(op->name, "ewma_alpha") == 0) a.v[0] = 1 / a.v[0];
            if (strcmp(op->name, "ewma_time") == 0) a.v[0] *= 1000;
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            run(op, state, &d, 0, ROWS, whole);
            free(state);
            run_cut(op, &a, &d, cut, &r);
            assert_memory_equal(whole, cut, sizeof cut);
            for (int i = 0; i < ROWS; i++) {
                long double want = model_over_all(op, &a, &d, i + 1);
                assert_int_equal(is_null(whole[i]), !isfinite((double)want));
                if (is_null(whole[i])) continue;
                long double off = fabsl((long double)whole[i] - want);
                assert_true(off <= TOLERANCE * (1 + fabsl(want)));
            }
        }
    }
}

/* After something huge has left, the bits are those of rows that never saw it. */
static void test_huge_leaves(void **unused)
{
    (void)unused;
    static rows d;
    static rows clean;
    static double with[ROWS];
    static double without[ROWS];
    test_rng r;
    test_rng_init(&r, test_seed() + 2);
    rows_make(&d, DATA_UNIT, &r);
    clean = d;
    d.x[40] = 1e300;
    d.x[41] = -1.7e308;
    d.x[42] = -1.7e308;
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (is_over_all(op) || is_still(op)) continue;
        for (int by_time = 0; by_time < 2; by_time++) {
            hr_op_args a = {.v = {by_time ? 20000 : 30}, .max_rows = 600};
            if (has_part(op)) a.v[1] = 0.5;
            a.is_time[0] = by_time;
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            run(op, state, &d, 0, ROWS, with);
            op->init(state, &a);
            run(op, state, &clean, 0, ROWS, without);
            free(state);
            int from = 43 + 30;
            for (int64_t edge = d.ts[42] + 20000 + LATE_NS; by_time && d.ts[from] <= edge;)
                from++;
            assert_true(from < ROWS / 2);
            assert_memory_equal(with + from, without + from, (size_t)(ROWS - from) * sizeof *with);
        }
    }
}

/* A sum over all rows keeps what is below the last bit of it. */
static void test_cumsum_exact(void **unused)
{
    (void)unused;
    double x[4] = {1, 1e300, -1e300, 1};
    int64_t ts[4] = {INT64_MIN, INT64_MAX, INT64_MIN, 0};
    double out[4];
    hr_op_rows r = {.n = 4, .ts = ts, .in = {x}, .out = {out}};
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (strcmp(op->name, "cumsum") != 0) continue;
        size_t n_bytes;
        void *state = ops_rig_state(op, &(hr_op_args){.max_rows = 1}, &n_bytes);
        op->run(state, &r);
        free(state);
        assert_true(out[2] == 1 && out[3] == 2);
        return;
    }
    fail();
}

/* ---- windows of many rows ---- */

#define MANY 40000

static const hr_op *op_named(const char *name)
{
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        if (strcmp(hr_ops_window.op[k].name, name) == 0) return &hr_ops_window.op[k];
    }
    fail();
    return NULL;
}

static long double many_model(int what, const double *x, int n)
{
    long double sum = 0;
    long double most = (long double)x[0];
    for (int i = 0; i < n; i++) {
        sum += (long double)x[i];
        most = (long double)x[i] > most ? (long double)x[i] : most;
    }
    long double square = 0;
    int less = 0;
    for (int i = 0; i < n; i++) {
        square += ((long double)x[i] - sum / n) * ((long double)x[i] - sum / n);
        less += x[i] < x[n - 1] ? 2 : x[i] == x[n - 1] ? 1 : 0;
    }
    if (what == 0) return sum;
    if (what == 1) return most;
    return what == 2 ? sqrtl(square / n) : (long double)(less - 1) / (2 * (n - 1));
}

static void test_many(void **unused)
{
    (void)unused;
    static double x[MANY], out[MANY];
    static int64_t ts[MANY];
    static const char *const names[] = {"sum", "max", "std", "rank"};
    test_rng r;
    test_rng_init(&r, test_seed() + 3);
    for (int i = 0; i < MANY; i++) {
        x[i] = i == 0 ? 50000 : x[i - 1] + 0.01 * (double)test_rng_below(&r, 101) - 0.5;
        ts[i] = i == 0 ? 0 : ts[i - 1] + (int64_t)test_rng_below(&r, 2000);
    }
    for (int what = 0; what < 8; what++) {
        const hr_op *op = op_named(names[what / 2]);
        hr_op_args a = {.v = {10007}, .max_rows = MANY, .is_time = {what % 2 != 0}};
        if (a.is_time[0]) a.v[0] = 10e6;
        size_t n_bytes;
        void *state = ops_rig_state(op, &a, &n_bytes);
        hr_op_rows in = {.n = MANY, .ts = ts, .in = {x}, .out = {out}};
        op->run(state, &in);
        free(state);
        for (int i = 10100; i < MANY; i += 1 + (int)test_rng_below(&r, 1500)) {
            int from = a.is_time[0] ? i : i - 10006;
            while (a.is_time[0] && from > 0 && ts[from - 1] > ts[i] - 10000000)
                from--;
            long double want = many_model(what / 2, x + from, i + 1 - from);
            assert_true(fabsl((long double)out[i] - want) <= TOLERANCE * fabsl(want));
        }
    }
}

/* ---- spreads that are small beside the values, and values that jump ---- */

#define FAR 3000

static void far_make(double *x, int kind, test_rng *r)
{
    for (int i = 0; i < FAR; i++) {
        x[i] = 1e9 + 1e-3 * (2 * test_rng_unit(r) - 1);
        if (kind == 1 && test_rng_chance(r, 60)) x[i] = 1e9 + 1e6 * test_rng_unit(r);
        if (kind == 2 && i / 700 % 2 == 1) x[i] = -3e7 + x[i] / 7;
        if (kind == 3 && i / 100 % 2 == 1) x[i] = 1e9;
    }
}

static void far_check(const hr_op *op, const double *x, int n, const double *out, int i)
{
    long double sum = 0;
    long double square = 0;
    bool is_level = true;
    for (int k = i - n + 1; k <= i; k++) {
        sum += (long double)x[k] - (long double)x[i];
        is_level = is_level && x[k] == x[i];
    }
    for (int k = i - n + 1; k <= i; k++) {
        long double d = (long double)x[k] - (long double)x[i] - sum / n;
        square += d * d;
    }
    long double want = sqrtl(square / n);
    if (op->name[0] == 'z') want = -sum / n / want;
    if (is_level) {
        assert_true(op->name[0] == 'z' ? isnan(out[i]) : out[i] == 0);
    } else if (!(fabsl((long double)out[i] - want) <=
                 1e-11L * ((op->name[0] == 'z') + fabsl(want)))) {
        fail_msg("%s(%d) row %d: %.17g for %.17Lg", op->name, n, i, out[i], want);
    }
}

/* Cut anyhow and in any tier, values and state are what they are at once; what other rows were in
 * front of a window, by rows, is not felt. */
static void far_cut(const hr_op *op, const hr_op_args *a, const double *x, const double *want,
                    const void *whole, test_rng *r)
{
    static double other[FAR], out[FAR];
    static int64_t ts[FAR];
    size_t n_bytes;
    void *state = ops_rig_state(op, a, &n_bytes);
    int most = test_rng_chance(r, 2) ? 5 : 400;
    for (int at = 0; at < FAR;) {
        int n = (int)test_rng_below(r, (uint64_t)most) + 1;
        n = HR_MIN(n, FAR - at);
        hr_kern_init(test_rng_chance(r, 2) ? 0 : hr_cpu_detect());
        hr_op_rows in = {.n = (uint32_t)n, .ts = ts + at, .in = {x + at}, .out = {out + at}};
        op->run(state, &in);
        at += n;
    }
    assert_memory_equal(out, want, sizeof out);
    assert_memory_equal(state, whole, n_bytes);
    op->init(state, a);
    int from = (int)test_rng_below(r, FAR / 2);
    for (int i = 0; i < FAR; i++)
        other[i] = i < from ? test_rng_unit(r) : x[i];
    hr_op_rows in = {.n = FAR, .ts = ts, .in = {other}, .out = {out}};
    op->run(state, &in);
    free(state);
    from += (int)a->v[0] - 1;
    assert_memory_equal(out + from, want + from, (size_t)(FAR - from) * sizeof *out);
}

static void test_far(void **unused)
{
    (void)unused;
    static double x[FAR], out[FAR];
    static int64_t ts[FAR];
    static const int width[] = {3, 20, 21, 64, 257, 258, 514, 1001};
    test_rng r;
    test_rng_init(&r, test_seed() + 4);
    for (int i = 0; i < FAR; i++)
        ts[i] = i * INT64_C(1000);
    for (int kind = 0; kind < 4; kind++) {
        far_make(x, kind, &r);
        for (int k = 0; k < 32; k++) {
            const hr_op *op = op_named(k % 2 ? "std" : "zscore");
            int n = width[k / 4];
            bool by_time = k / 2 % 2;
            hr_op_args a = {.v = {n}, .is_time = {by_time}, .max_rows = (uint32_t)n};
            if (by_time) a.v[0] = n * 1000.0;
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            hr_op_rows in = {.n = FAR, .ts = ts, .in = {x}, .out = {out}};
            op->run(state, &in);
            if (!by_time) far_cut(op, &a, x, out, state, &r);
            free(state);
            for (int i = n; i < FAR; i += 1 + (int)test_rng_below(&r, 20))
                far_check(op, x, n, out, i);
        }
    }
}

/* ---- what is left of ten million rows ---- */

#define DRIFT_ROWS 10000000
#define DRIFT_BATCH 4096
#define DRIFT_WIDTH 1000

typedef struct stretch {
    double x[DRIFT_BATCH], y[DRIFT_BATCH], out[DRIFT_BATCH];
    int64_t ts[DRIFT_BATCH];
} stretch;

static void drift_run(const hr_op *op, void *state, stretch *s, int64_t first)
{
    for (int i = 0; i < DRIFT_BATCH; i++)
        s->ts[i] = (first + i) * 1000;
    hr_op_rows r = {.n = DRIFT_BATCH, .ts = s->ts, .in = {s->x, s->y}, .out = {s->out}};
    op->run(state, &r);
}

/* Rows of 1e15 and 1e-3 leave nothing: the values are those of a state that saw the last alone. */
static void test_drift(void **unused)
{
    (void)unused;
    static const char *const names[] = {"sum", "mean", "std",  "zscore", "min",
                                        "max", "kurt", "corr", "slope",  "beta"};
    static stretch wild, calm;
    static double alone[DRIFT_BATCH];
    test_rng r;
    test_rng_init(&r, test_seed() + 5);
    for (int i = 0; i < DRIFT_BATCH; i++) {
        wild.x[i] = test_rng_chance(&r, 9) ? 1e15 * test_rng_unit(&r) : 1e-3 * test_rng_unit(&r);
        wild.y[i] = -wild.x[i] * test_rng_unit(&r);
        calm.x[i] = 100 + test_rng_unit(&r);
        calm.y[i] = calm.x[i] + test_rng_unit(&r);
    }
    for (size_t k = 0; k < 2 * HR_ARRAY_LEN(names); k++) {
        const hr_op *op = op_named(names[k / 2]);
        hr_op_args a = {.v = {DRIFT_WIDTH}, .is_time = {k % 2}, .max_rows = DRIFT_WIDTH};
        if (a.is_time[0]) a.v[0] = DRIFT_WIDTH * 1000.0;
        size_t n_bytes;
        void *state = ops_rig_state(op, &a, &n_bytes);
        int64_t at = 0;
        for (; at < DRIFT_ROWS; at += DRIFT_BATCH)
            drift_run(op, state, &wild, at);
        drift_run(op, state, &calm, at);
        memcpy(alone, calm.out, sizeof alone);
        op->init(state, &a);
        drift_run(op, state, &calm, at);
        free(state);
        for (int i = DRIFT_WIDTH; i < DRIFT_BATCH; i++)
            if (!(fabs(alone[i] - calm.out[i]) <= 1e-11 * (1 + fabs(calm.out[i]))))
                fail_msg("%s row %d: %.17g, alone %.17g", op->name, i, alone[i], calm.out[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),      cmocka_unit_test(test_over_all),
        cmocka_unit_test(test_huge_leaves), cmocka_unit_test(test_cumsum_exact),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_far),
        cmocka_unit_test(test_drift),
    };
    hr_kern_init(hr_cpu_detect());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
