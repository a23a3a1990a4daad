/* SPDX-License-Identifier: Apache-2.0 */
/* Tumbling and hopping windows, sessions and what is held from row to row, against models that look
 * at all rows so far for each row; the same bits for any cut and from a copy of the state. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "ops/window/op_window.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 400

typedef struct table {
    int64_t ts[ROWS];
    double x[ROWS];
} table;

/* Rows with a value up to one of them; times never fall. */
typedef struct seen {
    int n;
    int64_t ts[ROWS];
    double x[ROWS];
} seen;

static void table_make(table *d, test_rng *r, int kind)
{
    static const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    int64_t ts = kind % 2 ? -300000 : 1700000000000000000;
    for (int i = 0; i < ROWS; i++) {
        if (!test_rng_chance(r, 3)) ts += (int64_t)test_rng_below(r, 3000);
        if (test_rng_chance(r, 50)) ts += (int64_t)test_rng_below(r, 200000);
        d->ts[i] = test_rng_chance(r, 6) ? ts - (int64_t)test_rng_below(r, 5000) : ts;
        d->x[i] = kind == 2 ? (double)test_rng_below(r, 5) : 1e6 + test_rng_unit(r);
        if (kind == 3 && test_rng_chance(r, 30)) d->x[i] = 1e300;
        if (kind > 0 && test_rng_chance(r, 6)) d->x[i] = odd[test_rng_below(r, 3)];
    }
}

/* False: row i has no value. */
static bool seen_make(seen *s, const table *d, int i)
{
    s->n = 0;
    for (int k = 0; k <= i; k++) {
        if (!isfinite(d->x[k])) continue;
        int64_t before = s->n > 0 ? s->ts[s->n - 1] : INT64_MIN;
        s->ts[s->n] = HR_MAX(d->ts[k], before);
        s->x[s->n++] = d->x[k];
    }
    return isfinite(d->x[i]);
}

static int64_t down(int64_t t, int64_t step)
{
    int64_t rest = t % step;
    return t - rest - (rest < 0 ? step : 0);
}

/* Of rows [from, to), at least one. */
static long double whole(const char *what, const seen *s, int from, int to)
{
    int n = to - from;
    long double sum = 0;
    long double square = 0;
    double least = s->x[from];
    double most = s->x[from];
    for (int i = from; i < to; i++) {
        sum += (long double)s->x[i];
        least = fmin(least, s->x[i]);
        most = fmax(most, s->x[i]);
    }
    for (int i = from; i < to; i++)
        square += ((long double)s->x[i] - sum / n) * ((long double)s->x[i] - sum / n);
    if (strcmp(what, "sum") == 0) return sum;
    if (strcmp(what, "mean") == 0) return sum / n;
    if (strcmp(what, "min") == 0) return (long double)least;
    if (strcmp(what, "max") == 0) return (long double)most;
    if (strcmp(what, "first") == 0) return (long double)s->x[from];
    if (strcmp(what, "last") == 0) return (long double)s->x[to - 1];
    if (strcmp(what, "count") == 0) return n;
    return strcmp(what, "var") == 0 ? square / n : sqrtl(square / n);
}

static long double none(void)
{
    return (long double)NAN;
}

static long double hop_time(const char *what, const seen *s, int64_t width, int64_t every)
{
    int64_t now = s->ts[s->n - 1];
    for (int64_t end = down(now, every); end > down(s->ts[0], every); end -= every) {
        int from = 0;
        while (from < s->n && s->ts[from] < end - width)
            from++;
        int to = from;
        while (to < s->n && s->ts[to] < end)
            to++;
        if (to > from) return whole(what, s, from, to);
    }
    return none();
}

static long double hop_rows(const char *what, const seen *s, int width, int every)
{
    int end = s->n / every * every;
    return end >= width ? whole(what, s, end - width, end) : none();
}

static long double session(const char *what, const seen *s, int64_t gap)
{
    int from = s->n - 1;
    while (from > 0 && s->ts[from] - s->ts[from - 1] <= gap)
        from--;
    return whole(what, s, from, s->n);
}

static long double model(const hr_op *op, const hr_op_args *a, const seen *s)
{
    const char *what = strchr(op->name, '_') + 1;
    if (op->name[0] == 's') return session(what, s, (int64_t)a->v[0]);
    double step = op->name[0] == 'h' ? a->v[1] : a->v[0];
    if (a->is_time[0]) return hop_time(what, s, (int64_t)a->v[0], (int64_t)step);
    return hop_rows(what, s, (int)a->v[0], (int)step);
}

static void run(const hr_op *op, void *state, const table *d, int from, int n, double *out)
{
    hr_op_rows r = {.n = (uint32_t)n, .ts = d->ts + from, .in = {d->x + from}, .out = {out + from}};
    op->run(state, &r);
}

static void run_cut(const hr_op *op, const hr_op_args *a, const table *d, double *out, test_rng *r)
{
    size_t n_bytes;
    void *state = ops_rig_state(op, a, &n_bytes);
    for (int at = 0; at < ROWS;) {
        int n = (int)test_rng_below(r, 20) + 1;
        n = HR_MIN(n, ROWS - at);
        run(op, state, d, at, n, out);
        at += n;
        state = ops_rig_move(state, n_bytes);
    }
    free(state);
}

static void check(const hr_op *op, const hr_op_args *a, const table *d, const double *out, int kind)
{
    static seen s;
    for (int i = 0; i < ROWS; i++) {
        long double want = seen_make(&s, d, i) ? model(op, a, &s) : none();
        if (kind == 3 && isfinite(out[i]) && fabsl(want) > 1e290L) continue; /* of 1e300 and ones */
        if (kind == 3 && !isfinite((double)want * (double)want)) continue;
        if (!isfinite((double)want)) {
            if (!isnan(out[i])) fail_msg("%s row %d: %g for a null", op->name, i, out[i]);
        } else if (!(fabsl((long double)out[i] - want) <= 1e-9L * (1e-3L + fabsl(want)))) {
            fail_msg("%s(%g, %g) row %d: %.17g for %.17Lg", op->name, a->v[0], a->v[1], i, out[i],
                     want);
        }
    }
}

static hr_op_args args_make(const hr_op *op, test_rng *r)
{
    static const double rows[] = {1, 2, 3, 5, 8, 21, 64, 399};
    static const double ns[] = {1000, 3000, 4000, 10000, 64000, 1000000};
    hr_op_args a = {.max_rows = 1};
    bool by_time = op->name[0] == 's' || test_rng_chance(r, 2);
    for (int i = 0; i < 2; i++) {
        a.is_time[i] = by_time;
        a.v[i] = by_time ? ns[test_rng_below(r, 6)] : rows[test_rng_below(r, 8)];
    }
    return a;
}

static void test_still(void **unused)
{
    (void)unused;
    static table d;
    static double all[ROWS], cut[ROWS];
    test_rng r;
    test_rng_init(&r, test_seed());
    int n_ops = 0;
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (strchr(op->name, '_') == NULL || strncmp(op->name, "ewma", 4) == 0) continue;
        n_ops++;
        for (uint64_t it = 0; it < test_iters(16); it++) {
            table_make(&d, &r, (int)(it % 4));
            hr_op_args a = args_make(op, &r);
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            run(op, state, &d, 0, ROWS, all);
            free(state);
            run_cut(op, &a, &d, cut, &r);
            assert_memory_equal(all, cut, sizeof cut);
            check(op, &a, &d, all, (int)(it % 4));
        }
    }
    assert_int_equal(n_ops, 27);
}

/* ---- held from row to row ---- */

static double held(const hr_op *op, const hr_op_args *a, const table *d, int i)
{
    int64_t now = INT64_MIN;
    int64_t at = 0;
    int last = -1;
    double level = 0;
    double changed = (double)NAN;
    for (int k = 0; k <= i; k++) {
        now = HR_MAX(now, d->ts[k]);
        if (!isfinite(d->x[k])) continue;
        level = d->x[k] >= a->v[0] ? 1 : d->x[k] <= a->v[1] ? 0 : level;
        if (last >= 0) changed = d->x[k] != d->x[last];
        last = k;
        at = now;
    }
    if (last < 0) return (double)NAN;
    if (strcmp(op->name, "fill") == 0) {
        return (double)(now - at) <= a->v[0] ? d->x[last] : (double)NAN;
    }
    if (strcmp(op->name, "since") == 0) return (double)(now - at) / 1e9;
    if (last != i) return (double)NAN;
    return strcmp(op->name, "changed") == 0 ? changed : level;
}

static void test_held(void **unused)
{
    (void)unused;
    static table d;
    static double all[ROWS], cut[ROWS];
    static const char *const names[] = {"fill", "since", "changed", "hysteresis"};
    test_rng r;
    test_rng_init(&r, test_seed() + 1);
    for (uint32_t k = 0; k < hr_ops_window.n * 20; k++) {
        const hr_op *op = &hr_ops_window.op[k % hr_ops_window.n];
        bool is_one = false;
        for (int i = 0; i < 4; i++)
            is_one = is_one || strcmp(op->name, names[i]) == 0;
        if (!is_one) continue;
        table_make(&d, &r, (int)test_rng_below(&r, 4));
        hr_op_args a = {.v = {3000}, .is_time = {true}};
        if (op->n_arg == 2) a = (hr_op_args){.v = {3, 1 + (double)test_rng_below(&r, 2)}};
        size_t n_bytes;
        void *state = ops_rig_state(op, &a, &n_bytes);
        run(op, state, &d, 0, ROWS, all);
        free(state);
        run_cut(op, &a, &d, cut, &r);
        assert_memory_equal(all, cut, sizeof cut);
        for (int i = 0; i < ROWS; i++) {
            double want = held(op, &a, &d, i);
            if (isnan(want) ? !isnan(all[i]) : all[i] != want)
                fail_msg("%s row %d: %g, not %g", op->name, i, all[i], want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_still),
        cmocka_unit_test(test_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
