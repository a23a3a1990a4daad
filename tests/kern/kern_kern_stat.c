/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kern_tiers.h"
#include "rng.h"

static kern_tier tier[KERN_TIERS_MAX];
static size_t n_tiers;

#define KINDS 6

static int64_t integer(test_rng *r, unsigned kind, size_t i)
{
    switch (kind) {
    case 0:
        return (int64_t)test_rng_u64(r);
    case 1:
        return test_rng_chance(r, 2) ? INT64_MAX : INT64_MIN;
    case 2:
        return (int64_t)i;
    case 3:
        return -(int64_t)(i / 3);
    case 4:
        return (int64_t)(i + i / 17 * test_rng_below(r, 2));
    default:
        return 7;
    }
}

static double real(test_rng *r, unsigned kind)
{
    static const double odd[] = {0.0, -0.0, (double)INFINITY, -(double)INFINITY, 5e-324, -5e-324,
                                 1.0, -1.0, 1.7e308};
    switch (kind) {
    case 0:
        return test_rng_unit(r) - 0.5;
    case 1:
        return odd[test_rng_below(r, 9)];
    case 2:
        return test_rng_chance(r, 2) ? 0.0 : -0.0;
    case 3:
        return (double)NAN;
    case 4:
        return test_rng_chance(r, 3) ? -(double)NAN : odd[test_rng_below(r, 9)];
    default:
        return 7;
    }
}

static void check(const int64_t *v, const double *f, const uint8_t *valid, size_t n)
{
    for (size_t t = 1; t < n_tiers; t++) {
        const hr_kern_stat *k = &tier[t].k.stat;
        hr_stat_i64 i0, i1;
        hr_stat_f64 f0, f1;
        hr_stat_gap g0, g1;
        memset(&i0, 0, sizeof i0);
        tier[0].k.stat.minmax_i64(&i0, v, valid, n);
        k->minmax_i64(&i1, v, valid, n);
        assert_memory_equal(&i0, &i1, sizeof i0);
        tier[0].k.stat.minmax_f64(&f0, f, valid, n);
        k->minmax_f64(&f1, f, valid, n);
        assert_memory_equal(&f0, &f1, sizeof f0);
        tier[0].k.stat.gap(&g0, v, n);
        k->gap(&g1, v, n);
        assert_memory_equal(&g0, &g1, sizeof g0);
    }
}

static void check_length(test_rng *r, size_t n)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        size_t shift = 8 * test_rng_below(r, 9);
        int64_t *v = kern_edge_end(0, n * 8, shift);
        double *f = kern_edge_end(1, n * 8, shift);
        uint8_t *valid = kern_edge_end(2, (n + 7) / 8, test_rng_below(r, 5));
        for (size_t i = 0; i < n; i++) {
            v[i] = integer(r, kind, i);
            f[i] = real(r, kind);
        }
        check(v, f, NULL, n);
        test_rng_bytes(r, valid, (n + 7) / 8);
        check(v, f, valid, n);
        memset(valid, test_rng_chance(r, 2) ? 0 : 0xff, (n + 7) / 8);
        check(v, f, valid, n);
    }
}

static void test_stat(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n <= 4 * 16 + 3; n++)
        for (uint64_t k = test_iters(4); k > 0; k--)
            check_length(&r, n);
    check_length(&r, 100003);
}

static void test_table(void **state)
{
    static const int64_t seq[] = {5, 5, 6, 8, 7, 7, INT64_MAX, INT64_MIN};
    static const double zero[] = {0.0, (double)NAN, -0.0};
    static const uint8_t second_null[] = {0xfd};
    hr_stat_gap g;
    hr_stat_f64 f;
    hr_stat_i64 s;
    (void)state;
    for (size_t t = 0; t < n_tiers; t++) {
        const hr_kern_stat *k = &tier[t].k.stat;
        k->gap(&g, seq, 8);
        assert_int_equal(g.n_change, 5);
        assert_int_equal(g.n_gap, 2);
        assert_int_equal(g.n_back, 2);
        assert_int_equal(g.first, 3);
        k->minmax_f64(&f, zero, NULL, 3);
        assert_true(signbit(f.min) && !signbit(f.max));
        assert_int_equal(f.n_nan, 1);
        k->minmax_f64(&f, zero, second_null, 3);
        assert_int_equal(f.n_nan, 0);
        assert_int_equal(f.n_null, 1);
        k->minmax_i64(&s, seq, second_null, 8);
        assert_true(s.min == INT64_MIN && s.max == INT64_MAX && s.n_null == 1);
    }
}

/* ---- timing ---- */

typedef struct job {
    const hr_kern_stat *k;
    const int64_t *v;
    const double *f;
    const uint8_t *valid;
    size_t n;
} job;

static volatile int64_t sink;

static void run_i64(void *arg)
{
    const job *j = arg;
    hr_stat_i64 s;
    j->k->minmax_i64(&s, j->v, j->valid, j->n);
    sink += s.min;
}

static void run_f64(void *arg)
{
    const job *j = arg;
    hr_stat_f64 s;
    j->k->minmax_f64(&s, j->f, j->valid, j->n);
    sink += s.min < 0;
}

static void run_gap(void *arg)
{
    const job *j = arg;
    hr_stat_gap s;
    j->k->gap(&s, j->v, j->n);
    sink += (int64_t)s.first;
}

static int bench(void)
{
    static uint8_t valid[1 << 14];
    job j = {.v = (const void *)kern_edge(0), .f = (const void *)kern_edge(1), .n = 1 << 16};
    int64_t *v = (void *)kern_edge(0);
    double *f = (void *)kern_edge(1);
    for (size_t i = 0; i < 1 << 18; i++) {
        v[i] = (int64_t)i;
        f[i] = (double)i;
    }
    memset(valid, 0xf7, sizeof valid);
    for (size_t t = 0; t < n_tiers; t++) {
        j.k = &tier[t].k.stat;
        j.valid = NULL;
        kern_bench(tier[t].name, "minmax_i64", run_i64, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "minmax_f64", run_f64, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "gap", run_gap, &j, j.n * 8, j.n);
        j.valid = valid;
        kern_bench(tier[t].name, "minmax_i64 nulls", run_i64, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "minmax_f64 nulls", run_f64, &j, j.n * 8, j.n);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stat), cmocka_unit_test(test_table)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
