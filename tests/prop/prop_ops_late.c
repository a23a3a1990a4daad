/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time in which late rows count at their own time: against a model that sorts the rows
 * of each window, the same bits for any cut and any order of arrival that gives the same window,
 * and exact sums. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "ops/window/op_window.h"
#include "ops/window/win_late_rows.h"
#include "ops/window/win_late_sums.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 6000

static int64_t ts[ROWS];
static double x[ROWS], got[ROWS], cut[ROWS];

static const char *const names[] = {"sum", "mean",  "min",   "max", "var",
                                    "std", "count", "first", "last"};

static const hr_op *op_named(const char *name)
{
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        if (strcmp(hr_ops_window.op[k].name, name) == 0) return &hr_ops_window.op[k];
    }
    fail_msg("no operator '%s'", name);
    return NULL;
}

/* ---- operators ---- */

static double value_make(unsigned kind, test_rng *r)
{
    static const double odd[] = {1e300, -1e300, 5e-324, -1e-310, 1e155, 0, -0.0};
    static const double null[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    if (kind == 0) return (double)test_rng_below(r, 2000) / 64 - 10;
    if (kind == 1) return 1e9 + 1e-3 * test_rng_unit(r);
    if (kind == 2 && test_rng_chance(r, 10)) return null[test_rng_below(r, 3)];
    if (kind == 3 && test_rng_chance(r, 20)) return odd[test_rng_below(r, 7)];
    return 2 * test_rng_unit(r) - 1;
}

static void rows_make(unsigned kind, int64_t late, test_rng *r)
{
    int64_t t = 1700000000000000000;
    for (int i = 0; i < ROWS; i++) {
        if (!test_rng_chance(r, 4)) t += (int64_t)test_rng_below(r, 2000);
        if (test_rng_chance(r, 1000)) t += 300000;
        int64_t back = (int64_t)test_rng_below(r, (uint64_t)late * 9 / 8 + 1);
        ts[i] = test_rng_chance(r, 2) ? t : t - back;
        if (test_rng_chance(r, 5) && i > 0) ts[i] = ts[i - 1]; /* equal times, late too */
        x[i] = value_make(kind, r);
    }
}

typedef struct row {
    int64_t t;
    int at;
} row;

static int by_time(const void *a, const void *b)
{
    const row *p = a;
    const row *q = b;
    return p->t != q->t ? (p->t > q->t) - (p->t < q->t) : p->at - q->at;
}

/* Rows of the window after row `i`, in order. */
static int window_of(const hr_op_args *a, int i, row *w)
{
    int64_t newest = INT64_MIN;
    int n = 0;
    for (int k = 0; k <= i; k++) {
        if (!isfinite(x[k])) continue;
        newest = HR_MAX(newest, ts[k]);
        if (ts[k] >= newest - (int64_t)a->v[1]) w[n++] = (row){ts[k], k};
    }
    int m = 0;
    for (int k = 0; k < n; k++) {
        if (w[k].t > newest - (int64_t)a->v[0]) w[m++] = w[k];
    }
    qsort(w, (size_t)m, sizeof *w, by_time);
    return m;
}

static long double model(const char *name, const row *w, int n)
{
    long double sum = 0;
    long double least = HUGE_VALL;
    long double most = -HUGE_VALL;
    for (int k = 0; k < n; k++) {
        long double v = (long double)x[w[k].at];
        sum += v;
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    long double square = 0;
    for (int k = 0; k < n; k++) {
        long double d = (long double)x[w[k].at] - sum / n;
        square += d * d;
    }
    if (strcmp(name, "sum") == 0) return sum;
    if (strcmp(name, "mean") == 0) return sum / n;
    if (strcmp(name, "min") == 0) return least;
    if (strcmp(name, "max") == 0) return most;
    if (strcmp(name, "var") == 0) return square / n;
    if (strcmp(name, "std") == 0) return sqrtl(square / n);
    if (strcmp(name, "count") == 0) return n;
    return (long double)x[w[name[0] == 'f' ? 0 : n - 1].at];
}

static void check_row(const char *name, const hr_op_args *a, int i)
{
    static row w[ROWS];
    int n = isfinite(x[i]) ? window_of(a, i, w) : 0;
    if (n == 0 || (uint32_t)n > a->max_rows) {
        assert_true(isnan(got[i]));
        return;
    }
    long double want = model(name, w, n);
    long double size = 0;
    for (int k = 0; k < n; k++)
        size += fabsl((long double)x[w[k].at]);
    bool is_spread = name[0] == 'v' || strcmp(name, "std") == 0;
    if (is_spread && size > 1e100L) return; /* squares overflow, or the model's are nothing */
    long double off = 1e-15L * fabsl(want) + (is_spread ? 0 : 1e-18L * size);
    if (is_spread) off += 1e-9L * fabsl(want);
    if (!(fabsl((long double)got[i] - want) <= off))
        fail_msg("%s(%g, %g) of %u row %d, %d rows: %.17g for %.17Lg", name, a->v[0], a->v[1],
                 a->max_rows, i, n, got[i], want);
}

/* At some of the cuts the state moves to another block and the old one is spoilt. */
static void run(const hr_op *op, const hr_op_args *a, double *out, uint32_t most, test_rng *r)
{
    size_t n_bytes;
    void *state = ops_rig_state(op, a, &n_bytes);
    for (uint32_t i = 0; i < ROWS;) {
        uint32_t n = (uint32_t)test_rng_below(r, most) + 1;
        n = HR_MIN(n, ROWS - i);
        hr_op_rows rows = {.n = n, .ts = ts + i, .in = {x + i}, .out = {out + i}};
        op->run(state, &rows);
        i += n;
        if (test_rng_chance(r, 50)) state = ops_rig_move(state, n_bytes);
    }
    free(state);
}

static void test_models(void **unused)
{
    (void)unused;
    static const double width[] = {1000, 30000, 400000, 3000000, 1e15};
    static const double late[] = {1000, 20000, 300000, 3000000, 1e15};
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t it = 0; it < test_iters(12); it++) {
        hr_op_args a = {.v = {width[test_rng_below(&r, 5)], late[test_rng_below(&r, 5)]},
                        .is_time = {true, true},
                        .max_rows = ROWS};
        if (test_rng_chance(&r, 3)) a.max_rows = 1 + (uint32_t)test_rng_below(&r, 300);
        rows_make((unsigned)(it % 4), (int64_t)HR_MIN(a.v[1], 4e6), &r);
        for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
            const hr_op *op = op_named(names[k]);
            run(op, &a, got, ROWS, &r);
            run(op, &a, cut, 9, &r);
            assert_memory_equal(got, cut, sizeof got);
            for (int i = 0; i < ROWS; i += 1 + (int)test_rng_below(&r, 200))
                check_row(names[k], &a, i);
        }
    }
}

/* The same rows shuffled, no two of one time, then one that is newer: the same bits. */
static void test_arrival(void **unused)
{
    (void)unused;
    static double want[HR_ARRAY_LEN(names)];
    test_rng r;
    test_rng_init(&r, test_seed() + 1);
    hr_op_args a = {.v = {1e9, 1e9}, .is_time = {true, true}, .max_rows = ROWS};
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < ROWS && round == 0; i++) {
            ts[i] = i * INT64_C(1000);
            x[i] = value_make(i % 5 == 0 ? 3 : 4, &r) * (i % 7 == 0 ? 1e6 : 1);
            if (fabs(x[i]) > 1e100) x[i] = 1 / 3.0;
        }
        for (int i = ROWS - 2; i > 0 && round > 0; i--) {
            int k = (int)test_rng_below(&r, (uint64_t)i + 1);
            int64_t t = ts[i];
            double v = x[i];
            ts[i] = ts[k];
            x[i] = x[k];
            ts[k] = t;
            x[k] = v;
        }
        for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
            run(op_named(names[k]), &a, got, 100, &r);
            if (round == 0) want[k] = got[ROWS - 1];
            assert_memory_equal(&want[k], &got[ROWS - 1], sizeof want[k]);
        }
    }
}

/* In order, the values are those without an allowed lateness. */
static void test_in_order(void **unused)
{
    (void)unused;
    test_rng r;
    test_rng_init(&r, test_seed() + 2);
    rows_make(0, 1, &r);
    for (int i = 1; i < ROWS; i++)
        ts[i] = HR_MAX(ts[i], ts[i - 1]);
    for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
        hr_op_args a = {.v = {200000, 1000}, .is_time = {true, true}, .max_rows = ROWS};
        run(op_named(names[k]), &a, got, 100, &r);
        a.v[1] = 0;
        run(op_named(names[k]), &a, cut, 100, &r);
        for (int i = 0; i < ROWS; i++)
            assert_true(fabs(got[i] - cut[i]) <= 1e-13 * (1 + fabs(cut[i])));
        a.v[1] = 1000;
        a.is_time[0] = false;
        assert_true(op_named(names[k])->bytes(&a) == SIZE_MAX);
    }
}

/* ---- the rows ---- */

#define MANY 30000

static row list[MANY + 1];

/* In order, half full, and found where they are; the block is of MANY rows exactly. */
static void check_rows(const hr_late *o, int from, int n)
{
    uint32_t at = o->h->first;
    uint32_t i = o->h->skip;
    for (int k = from; k < from + n; k++, i++) {
        if (i == o->link[at].n) {
            at = o->link[at].next;
            i = 0;
            assert_true(at == o->h->last || o->link[at].n >= HR_LATE_LEAF / 2);
        }
        assert_true(o->leaf[at].ts[i] == list[k].t && o->leaf[at].x[i] == list[k].at);
    }
    assert_int_equal(at, o->h->last);
    assert_int_equal(o->h->n_rows, n);
}

static void test_rows(void **unused)
{
    (void)unused;
    test_rng r;
    test_rng_init(&r, test_seed() + 3);
    size_t n_bytes = hr_late_bytes(MANY);
    void *block = aligned_alloc(64, n_bytes);
    assert_non_null(block);
    hr_late o = hr_late_of(block, MANY);
    for (int way = 0; way < 6; way++) {
        memset(block, 0xa5, n_bytes);
        hr_late_clear(&o);
        int from = 0;
        int n = 0;
        for (int i = 0; i < 3 * MANY; i++) {
            int room = MANY - from - n;
            if (n > 0 && (room == 0 || test_rng_chance(&r, way % 2 == 0 ? 3 : 20))) {
                int some = way < 3 ? 1 : 1 + (int)test_rng_below(&r, 100);
                for (; some > 0 && n > 0; some--, from++, n--)
                    assert_true(hr_late_pop(&o) == list[from].at);
                if (room > 0) continue;
                memmove(list, list + from, (size_t)n * sizeof *list);
                from = 0;
            }
            static const uint64_t back[] = {1, 40, 400, 4000, MANY * 10, 20};
            int64_t t = i * INT64_C(10) - (int64_t)test_rng_below(&r, back[way]);
            int at = from + n++;
            while (at > from && list[at - 1].t > t)
                at--;
            memmove(list + at + 1, list + at, (size_t)(from + n - 1 - at) * sizeof *list);
            list[at] = (row){t, i};
            hr_late_put(&o, t, i);
            if (test_rng_chance(&r, 3000)) check_rows(&o, from, n);
        }
        check_rows(&o, from, n);
    }
    free(block);
}

/* ---- exact sums ---- */

static void test_sums(void **unused)
{
    (void)unused;
    static hr_late_squares s;
    static double v[300];
    test_rng r;
    test_rng_init(&r, test_seed() + 4);
    static const double exact[] = {1e300, 1, 5e-324, -1e300, 1.5, -1, 0};
    for (size_t i = 0; i < HR_ARRAY_LEN(exact); i++)
        hr_late_sum_add(&s.sum, exact[i], 1);
    assert_true(hr_late_sum_value(&s.sum) == 1.5);
    for (size_t i = 0; i < HR_ARRAY_LEN(exact); i++)
        hr_late_sum_add(&s.sum, exact[i], -1);
    hr_late_squares none;
    memset(&none, 0, sizeof none);
    assert_memory_equal(&s, &none, sizeof none);
    for (int round = 0; round < 200; round++) {
        uint32_t n = 1 + (uint32_t)test_rng_below(&r, 300);
        long double sum = 0;
        for (uint32_t i = 0; i < n; i++) { /* whole numbers of 2^-8: sums and squares are exact */
            v[i] = (double)((int64_t)test_rng_below(&r, 1 << 25) - (1 << 24)) / 256;
            sum += (long double)v[i];
            hr_late_squares_add(&s, v[i], 1);
        }
        assert_true(hr_late_sum_value(&s.sum) == (double)sum);
        long double square = 0;
        for (uint32_t i = 0; i < n; i++)
            square += ((long double)v[i] * n - sum) * ((long double)v[i] * n - sum);
        double want = (double)(square / n / n / n);
        assert_true(fabs(hr_late_squares_var(&s, n) - want) <= 4e-16 * want);
        for (uint32_t i = 0; i < n; i++)
            hr_late_squares_add(&s, v[i], -1);
        assert_memory_equal(&s, &none, sizeof none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),   cmocka_unit_test(test_arrival),
        cmocka_unit_test(test_in_order), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
