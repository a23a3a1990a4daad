/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kern_tiers.h"
#include "rng.h"

#define KINDS 5

static kern_tier tier[KERN_TIERS_MAX];
static size_t n_tiers;

static int64_t value(test_rng *r, unsigned kind, size_t i)
{
    switch (kind) {
    case 0:
        return (int64_t)test_rng_u64(r);
    case 1:
        return test_rng_chance(r, 2) ? INT64_MAX : INT64_MIN;
    case 2:
        return (int64_t)(i / 7) << 32;
    case 3:
        return (int64_t)test_rng_below(r, 2);
    default:
        return -7;
    }
}

/* With canaries on both sides of what is written. */
static void check(const int64_t *v, size_t n)
{
    size_t words = (n + 63) / 64;
    static uint64_t bits[2][2048];
    for (size_t t = 1; t < n_tiers; t++) {
        const hr_kern_rows *a = &tier[0].k.rows;
        const hr_kern_rows *b = &tier[t].k.rows;
        memset(bits, 0x11, sizeof bits);
        assert_true(a->any(v, n) == b->any(v, n));
        assert_true(a->changes(bits[0] + 1, v, n) == b->changes(bits[1] + 1, v, n));
        assert_memory_equal(bits[0], bits[1], (words + 2) * sizeof bits[0][0]);
        memset(bits[0] + 1, 0, words * 8);
        memset(bits[1] + 1, 0, words * 8);
        assert_true(a->breaks(bits[0] + 1, v, n, 5, 2) == b->breaks(bits[1] + 1, v, n, 5, 2));
        assert_memory_equal(bits[0], bits[1], (words + 2) * sizeof bits[0][0]);
        assert_true(bits[1][0] == UINT64_C(0x1111111111111111) && bits[1][words + 1] == bits[1][0]);
    }
}

static void check_length(test_rng *r, size_t n)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        int64_t *v = kern_edge_end(0, n * 8, 8 * test_rng_below(r, 9));
        for (size_t i = 0; i < n; i++)
            v[i] = value(r, kind, i);
        check(v, n);
    }
}

static void test_rows(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n <= 4 * 64 + 3; n++)
        for (uint64_t k = test_iters(2); k > 0; k--)
            check_length(&r, n);
    check_length(&r, 100003);
}

static void test_table(void **state)
{
    static const int64_t v[] = {3, 3, 4, 4, 4, -1, -1, 256, 256, 256, 0};
    (void)state;
    for (size_t t = 0; t < n_tiers; t++) {
        const hr_kern_rows *k = &tier[t].k.rows;
        uint64_t bits = 1;
        assert_true(k->changes(&bits, v, 11) == UINT64_MAX);
        assert_int_equal(bits, 1 | 1 << 2 | 1 << 5 | 1 << 7 | 1 << 10);
        assert_int_equal(k->any(v, 5), 7);
        bits = 0; /* bit 8 differs, or 2 was there */
        assert_true(k->breaks(&bits, v, 11, 256, 4) == UINT64_MAX);
        assert_int_equal(bits, 7 << 3 | 3 << 6 | 1 << 10);
    }
}

/* ---- timing ---- */

typedef struct job {
    const hr_kern_rows *k;
    const int64_t *v;
    size_t n;
} job;

static volatile uint64_t sink;
static uint64_t bits_out[64];

static void run_any(void *arg)
{
    const job *j = arg;
    sink += j->k->any(j->v, j->n);
}

static void run_changes(void *arg)
{
    const job *j = arg;
    sink += j->k->changes(bits_out, j->v, j->n);
}

static void run_breaks(void *arg)
{
    const job *j = arg;
    sink += j->k->breaks(bits_out, j->v, j->n, 1, 2);
}

static int bench(void)
{
    int64_t *v = (void *)kern_edge(0);
    job j = {.v = v, .n = 4096};
    for (size_t i = 0; i < j.n; i++)
        v[i] = (int64_t)i / 12;
    for (size_t t = 0; t < n_tiers; t++) {
        j.k = &tier[t].k.rows;
        kern_bench(tier[t].name, "any", run_any, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "changes", run_changes, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "breaks", run_breaks, &j, j.n * 8, j.n);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_table)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
