/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles against a sorted array. */
#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "prof/hist.h"
#include "rng.h"

#define N_MAX 5000
static uint64_t value[N_MAX];
static hr_arena *arena;
static size_t arena_mark;

static int set_up(void **state)
{
    (void)state;
    if (hr_arena_create(&arena, NULL, 4 << 20, "test", NULL) != HR_OK) return -1;
    arena_mark = hr_arena_mark(arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Latencies of many shapes: exact small ones, log-uniform, clustered, equal. */
static uint64_t draw(test_rng *r, unsigned shape, uint32_t bits)
{
    switch (shape) {
    case 0:
        return test_rng_below(r, 2048);
    case 1:
        return test_rng_u64(r) >> (64 - 1 - test_rng_below(r, bits));
    case 2:
        return 1000000 + test_rng_below(r, 1000);
    default:
        return 77777;
    }
}

static uint64_t at_rank(uint64_t n, double percent)
{
    uint64_t rank = (uint64_t)ceil(percent / 100.0 * (double)n);
    return value[rank == 0 ? 0 : rank - 1];
}

static void check_percentiles(const hr_hist *h, uint64_t n, bool sum_fits)
{
    static const double percents[] = {0, 0.1, 1, 10, 25, 50, 75, 90, 99, 99.9, 99.99, 100};
    double sum = 0;
    qsort(value, n, sizeof value[0], by_value);
    for (size_t i = 0; i < HR_ARRAY_LEN(percents); i++) {
        uint64_t want = at_rank(n, percents[i]);
        uint64_t got = hr_hist_percentile(h, percents[i]);
        assert_true(got >= want && got - want <= want / 1024);
        if (want < 2048) assert_int_equal(got, want);
    }
    for (uint64_t i = 0; i < n; i++)
        sum += (double)value[i];
    if (sum_fits) assert_true(fabs(hr_hist_mean(h) - sum / (double)n) <= 1e-9 * sum);
    assert_int_equal(hr_hist_max(h), value[n - 1]);
    assert_int_equal(hr_hist_percentile(h, 100), value[n - 1]);
    assert_int_equal(hr_hist_percentile(h, 1e9), value[n - 1]);
    assert_int_equal(hr_hist_count(h), n);
}

static void test_against_sorted(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(100); i++) {
        hr_hist a;
        hr_hist b;
        uint32_t bits = 21 + (uint32_t)test_rng_below(&r, 42);
        uint64_t n = 1 + test_rng_below(&r, N_MAX);
        unsigned shape = (unsigned)test_rng_below(&r, 4);
        hr_arena_rewind(arena, arena_mark);
        assert_int_equal(hr_hist_init(&a, arena, bits, NULL), HR_OK);
        assert_int_equal(hr_hist_init(&b, arena, bits, NULL), HR_OK);
        for (uint64_t k = 0; k < n; k++) {
            value[k] = draw(&r, shape, bits);
            hr_hist_record(test_rng_chance(&r, 2) ? &a : &b, value[k]);
        }
        const hr_hist *both[] = {&a, &b};
        uint64_t median = hr_hist_percentile_of(both, 2, 50);
        hr_hist_merge(&a, &b);
        assert_int_equal(hr_hist_percentile(&a, 50), median);
        check_percentiles(&a, n, bits <= 50);
    }
}

/* Slots follow the order of values and none is wider than a thousandth. */
static void test_slots(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t v = 0; v < 100000; v++) {
        uint32_t step = hr_hist_slot(v + 1) - hr_hist_slot(v);
        assert_true(step <= 1 && (v >= 2048 || step == 1 || v == 2047));
    }
    for (uint64_t i = 0; i < test_iters(100000); i++) {
        uint64_t v = test_rng_u64(&r) >> (1 + test_rng_below(&r, 60));
        assert_true(hr_hist_slot(v) <= hr_hist_slot(v + 1));
        assert_true(hr_hist_slot(v + v / 1024 + 2) > hr_hist_slot(v));
    }
    assert_int_equal(hr_hist_slot(UINT64_MAX >> 1), 54 * 1024 - 1);
}

static void test_limits(void **state)
{
    hr_hist h;
    hr_hist none;
    hr_arena *small;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(hr_arena_create(&small, NULL, 16384 + 512, "small", NULL), HR_OK);
    assert_int_equal(hr_hist_init(&h, small, 11, &err), HR_OK);
    assert_int_equal(hr_hist_init(&none, small, 20, &err), HR_EBUDGET);
    assert_int_equal(hr_hist_percentile(&h, 50), 0);
    assert_int_equal(hr_hist_max(&h), 0);
    assert_true(hr_hist_mean(&h) == 0);
    hr_hist_record(&h, 5);
    hr_hist_record(&h, 2047);
    hr_hist_record(&h, 1000000); /* over the limit: counted there, and the largest is exact */
    assert_int_equal(h.n_over, 1);
    assert_int_equal(hr_hist_percentile(&h, 1), 5);
    assert_int_equal(hr_hist_percentile(&h, 100), 1000000);
    hr_hist_reset(&h);
    assert_int_equal(hr_hist_count(&h) + h.n_over + hr_hist_max(&h), 0);
    hr_arena_destroy(&small);
    hr_arena_rewind(arena, arena_mark);
    size_t left = hr_arena_left(arena);
    assert_int_equal(hr_hist_init(&h, arena, 38, NULL), HR_OK);
    assert_true(left - hr_arena_left(arena) <= hr_hist_bytes(38));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_sorted),
                                       cmocka_unit_test(test_slots), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
