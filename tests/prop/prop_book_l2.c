/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder against a plain array of levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book/l2.h"
#include "rng.h"

#define NAIVE_MAX 8192

typedef struct naive {
    int64_t px[2][NAIVE_MAX], qty[2][NAIVE_MAX];
    uint32_t n[2];
} naive;

static void naive_set(naive *b, uint8_t side, int64_t px, int64_t qty)
{
    uint32_t i = 0;
    while (i < b->n[side] && (side == 0 ? b->px[side][i] > px : b->px[side][i] < px))
        i++;
    bool is_there = i < b->n[side] && b->px[side][i] == px;
    if (is_there && qty != 0) {
        b->qty[side][i] = qty;
        return;
    }
    if (is_there == (qty != 0)) return;
    uint32_t tail = b->n[side] - i - (is_there ? 1 : 0);
    int64_t *p = b->px[side] + i;
    int64_t *q = b->qty[side] + i;
    if (is_there) {
        memmove(p, p + 1, tail * sizeof *p);
        memmove(q, q + 1, tail * sizeof *q);
        b->n[side]--;
    } else if (qty != 0) {
        memmove(p + 1, p, tail * sizeof *p);
        memmove(q + 1, q, tail * sizeof *q);
        *p = px;
        *q = qty;
        b->n[side]++;
    }
}

static void compare(const hr_l2 *book, const naive *want)
{
    static int64_t px[NAIVE_MAX], qty[NAIVE_MAX];
    for (int s = 0; s < 2; s++) {
        uint32_t n = hr_l2_level_count(book, (hr_side)s);
        assert_int_equal(n, want->n[s]);
        assert_int_equal(hr_l2_export(book, (hr_side)s, 0, NAIVE_MAX, px, qty), n);
        assert_memory_equal(px, want->px[s], n * sizeof *px);
        assert_memory_equal(qty, want->qty[s], n * sizeof *qty);
        uint32_t top = hr_l2_top(book, (hr_side)s, 20, px, qty);
        assert_int_equal(top, n < 20 ? n : 20);
        assert_memory_equal(px, want->px[s], top * sizeof *px);
        for (uint32_t i = top; i < 20; i++)
            assert_true(px[i] == HR_NULL_I64 && qty[i] == HR_NULL_I64);
        uint32_t half = n / 2;
        assert_int_equal(hr_l2_export(book, (hr_side)s, half, NAIVE_MAX, px, qty), n - half);
        assert_memory_equal(px, want->px[s] + half, (n - half) * sizeof *px);
    }
}

/* A walk with bursts of far prices, finer ticks and clears. */
static void walk(uint64_t seed, uint32_t window, uint64_t n_ops)
{
    static naive want;
    hr_arena *a;
    hr_pool *pool;
    test_rng r;
    test_rng_init(&r, seed);
    memset(&want, 0, sizeof want);
    assert_int_equal(hr_arena_create(&a, NULL, 16u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&pool, a, HR_L2_CHUNK_BYTES, 2000, "far", NULL), HR_OK);
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(window), 64), window, pool);
    int64_t tick = 1000000;
    int64_t mid = 50000;
    for (uint64_t i = 0; i < n_ops; i++) {
        uint8_t side = (uint8_t)test_rng_below(&r, 2);
        int64_t reach = test_rng_chance(&r, 20) ? 5000 : 200;
        int64_t away = (int64_t)test_rng_below(&r, (uint64_t)reach);
        int64_t px = (side == 0 ? mid - away : mid + 1 + away) * tick;
        if (test_rng_chance(&r, 5000)) px += tick / 4;
        if (px <= 0) px = tick;
        int64_t qty = test_rng_chance(&r, 2) ? 0 : 1 + (int64_t)test_rng_below(&r, 1000000);
        if (want.n[side] > NAIVE_MAX - 8) qty = 0;
        assert_int_equal(hr_l2_apply(book, &side, &px, &qty, 1), HR_OK);
        naive_set(&want, side, px, qty);
        mid += (int64_t)test_rng_below(&r, 3) - 1;
        if (test_rng_chance(&r, 3000)) mid += (int64_t)test_rng_below(&r, 4000) - 2000;
        if (mid < 6000) mid = 6000;
        if (test_rng_chance(&r, 20000)) {
            hr_l2_reset(book);
            memset(&want, 0, sizeof want);
            assert_int_equal(hr_pool_free_count(pool), 2000);
        }
        if (i % 257 == 0) {
            assert_true(hr_l2_is_sound(book));
            compare(book, &want);
        }
    }
    hr_l2_fini(book);
    assert_int_equal(hr_pool_free_count(pool), 2000);
    hr_arena_destroy(&a);
}

static void test_walks(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (uint32_t window = 64; window <= 4096; window *= 4)
        walk(seed + window, window, test_iters(60000));
}

/* The touch improves one way, then the tick becomes finer: the window must fill again. */
static void test_finer_tick_after_improvement(void **state)
{
    static naive want;
    hr_arena *a;
    hr_pool *pool;
    (void)state;
    memset(&want, 0, sizeof want);
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&pool, a, HR_L2_CHUNK_BYTES, 100, "far", NULL), HR_OK);
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(1024), 64), 1024, pool);
    const int64_t one = 1;
    for (int64_t ticks = 1000; ticks >= 750; ticks--) {
        const uint8_t ask = 1;
        int64_t px = ticks * 100;
        assert_int_equal(hr_l2_apply(book, &ask, &px, &one, 1), HR_OK);
        naive_set(&want, ask, px, one);
    }
    for (int64_t px = 70050; px < 70060; px += 3) {
        const uint8_t bid = 0;
        assert_int_equal(hr_l2_apply(book, &bid, &px, &one, 1), HR_OK);
        naive_set(&want, bid, px, one);
        assert_true(hr_l2_is_sound(book));
        compare(book, &want);
    }
    hr_arena_destroy(&a);
}

static void test_watch(void **state)
{
    hr_arena *a;
    hr_pool *pool;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&pool, a, HR_L2_CHUNK_BYTES, 8, "far", NULL), HR_OK);
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(64), 64), 64, pool);
    const uint8_t side[2] = {0, 1};
    const int64_t px[2] = {100, 110};
    const int64_t qty[2] = {5, 6};
    int64_t watch[2] = {HR_NULL_I64, HR_NULL_I64};
    bool hit;
    assert_int_equal(hr_l2_apply_watch(book, side, px, qty, 2, watch, &hit), HR_OK);
    assert_true(hit);
    watch[0] = 101;
    watch[1] = 109;
    assert_int_equal(hr_l2_apply_watch(book, side, px, qty, 2, watch, &hit), HR_OK);
    assert_false(hit);
    watch[1] = 110;
    assert_int_equal(hr_l2_apply_watch(book, side, px, qty, 2, watch, &hit), HR_OK);
    assert_true(hit);
    assert_false(hr_l2_is_crossed(book));
    hr_arena_destroy(&a);
}

static void test_out_of_memory(void **state)
{
    hr_arena *a;
    hr_pool *pool;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&pool, a, HR_L2_CHUNK_BYTES, 2, "far", NULL), HR_OK);
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(64), 64), 64, pool);
    hr_status st = HR_OK;
    uint8_t side = 1;
    int64_t qty = 1;
    for (int64_t px = 1; px < 2000 && st == HR_OK; px++)
        st = hr_l2_apply(book, &side, &px, &qty, 1);
    assert_int_equal(st, HR_EBUDGET);
    hr_l2_reset(book);
    assert_int_equal(hr_pool_free_count(pool), 2);
    hr_arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks), cmocka_unit_test(test_finer_tick_after_improvement),
        cmocka_unit_test(test_watch), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
