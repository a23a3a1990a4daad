/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder against a plain array of levels. */
#include "harness.h"

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

/* The best of each side, and what the best 5 and 10 hold. */
static void compare_front(const hr_l2 *book, const naive *want)
{
    hr_l2_front front;
    int64_t sum[2][2];
    bool fits = true;
    hr_l2_front_get(book, &front);
    bool is_told = hr_l2_sums(book, &front, sum[0], sum[1]);
    for (int s = 0; s < 2; s++) {
        uint64_t all = 0;
        assert_true(front.px[s] == (want->n[s] > 0 ? want->px[s][0] : HR_NULL_I64));
        assert_true(front.qty[s] == (want->n[s] > 0 ? want->qty[s][0] : HR_NULL_I64));
        for (uint32_t i = 0; i < 10; i++) {
            if (i < want->n[s]) all += (uint64_t)want->qty[s][i];
            if (i < want->n[s]) fits &= want->qty[s][i] >> 58 == 0;
            if (i == 4) assert_true(!is_told || sum[0][s] == (int64_t)all);
        }
        assert_true(!is_told || sum[1][s] == (int64_t)all);
    }
    assert_int_equal(is_told, fits);
}

typedef struct rig {
    hr_arena *arena;
    hr_pool *pool, *wide;
    hr_l2 *book;
} rig;

static rig make_rig(uint32_t window, uint32_t n_chunks)
{
    rig g;
    assert_int_equal(hr_arena_create(&g.arena, NULL, 32u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&g.pool, g.arena, HR_L2_CHUNK_BYTES, n_chunks, "far", NULL),
                     HR_OK);
    assert_int_equal(hr_pool_create(&g.wide, g.arena, hr_l2_wide_bytes(), 1, "wide", NULL), HR_OK);
    g.book = hr_l2_init(hr_arena_alloc(g.arena, hr_l2_bytes(window), 64), window, g.pool, g.wide);
    return g;
}

static void drop_rig(rig *g)
{
    hr_l2_fini(g->book);
    assert_int_equal(hr_pool_free_count(g->pool), hr_pool_total(g->pool));
    assert_int_equal(hr_pool_free_count(g->wide), 1);
    assert_int_equal(hr_l2_level_count(g->book, HR_SIDE_BID), 0);
    hr_arena_destroy(&g->arena);
}

static hr_status set(hr_l2 *book, uint8_t side, int64_t px, int64_t qty)
{
    return hr_l2_apply(book, &side, &px, &qty, 1);
}

/* A checkpoint: what the book exports in pieces makes an equal book. */
static void compare_restored(const hr_l2 *book, const naive *want, uint32_t window)
{
    rig g = make_rig(window, 2000);
    int64_t px[100];
    int64_t qty[100];
    uint8_t side[100];
    for (int s = 0; s < 2; s++) {
        memset(side, s, sizeof side);
        for (uint32_t at = 0;;) {
            uint32_t n = hr_l2_export(book, (hr_side)s, at, 100, px, qty);
            if (n == 0) break;
            assert_int_equal(hr_l2_apply(g.book, side, px, qty, n), HR_OK);
            at += n;
        }
    }
    assert_true(hr_l2_is_sound(g.book));
    compare(g.book, want);
    drop_rig(&g);
}

typedef struct market {
    test_rng r;
    int64_t tick, mid; /* mid in ticks */
    unsigned far_one_in, finer_one_in, jump_one_in, clear_one_in;
} market;

static void next_level(market *m, const naive *want, uint8_t *side, int64_t *px, int64_t *qty)
{
    int64_t reach = test_rng_chance(&m->r, m->far_one_in) ? 5000 : 200;
    int64_t away = (int64_t)test_rng_below(&m->r, (uint64_t)reach);
    *side = (uint8_t)test_rng_below(&m->r, 2);
    *px = (*side == 0 ? m->mid - away : m->mid + 1 + away) * m->tick;
    if (test_rng_chance(&m->r, m->finer_one_in)) *px += m->tick / 4;
    *qty = test_rng_chance(&m->r, 2) ? 0 : 1 + (int64_t)test_rng_below(&m->r, 1000000);
    if (want->n[*side] > NAIVE_MAX - 50) *qty = 0;
    m->mid += (int64_t)test_rng_below(&m->r, 3) - 1;
    if (test_rng_chance(&m->r, m->jump_one_in))
        m->mid += (int64_t)test_rng_below(&m->r, 4000) - 2000;
    if (m->mid < 6000) m->mid = 6000;
}

/* A level at or better than the watched price was named? */
static bool is_named(const int64_t watch[2], uint8_t side, int64_t px)
{
    if (watch[side] == HR_NULL_I64) return true;
    return side == 0 ? px >= watch[0] : px <= watch[1];
}

/* A walk of messages with bursts of far prices, finer ticks, jumps and clears. */
static void walk(market *m, uint32_t window, uint64_t n_msgs)
{
    static naive want;
    rig g = make_rig(window, 2000);
    memset(&want, 0, sizeof want);
    for (uint64_t i = 0; i < n_msgs; i++) {
        uint8_t side[40];
        int64_t px[40];
        int64_t qty[40];
        uint32_t n = 1 + (uint32_t)test_rng_below(&m->r, 40);
        int64_t watch[2] = {(m->mid - (int64_t)test_rng_below(&m->r, 100)) * m->tick, HR_NULL_I64};
        bool hit;
        bool want_hit = false;
        if (test_rng_chance(&m->r, 2))
            watch[1] = (m->mid + (int64_t)test_rng_below(&m->r, 100)) * m->tick;
        for (uint32_t k = 0; k < n; k++) {
            next_level(m, &want, &side[k], &px[k], &qty[k]);
            naive_set(&want, side[k], px[k], qty[k]);
            want_hit |= is_named(watch, side[k], px[k]);
        }
        hr_l2_prefetch(g.book);
        hr_l2_prefetch_levels(g.book, side, px, n);
        assert_int_equal(hr_l2_apply_watch(g.book, side, px, qty, n, watch, &hit), HR_OK);
        assert_int_equal(hit, want_hit);
        int64_t best_px;
        int64_t best_qty;
        for (int s = 0; s < 2; s++) {
            bool is_there = hr_l2_best(g.book, (hr_side)s, &best_px, &best_qty);
            assert_int_equal(is_there, want.n[s] > 0);
            assert_true(best_px == (is_there ? want.px[s][0] : 0));
            assert_true(best_qty == (is_there ? want.qty[s][0] : 0));
        }
        compare_front(g.book, &want);
        if (test_rng_chance(&m->r, m->clear_one_in)) {
            hr_l2_reset(g.book);
            memset(&want, 0, sizeof want);
            assert_int_equal(hr_pool_free_count(g.pool), 2000);
        }
        if (i % 37 == 0) {
            assert_true(hr_l2_is_sound(g.book));
            compare(g.book, &want);
        }
        if (i % 997 == 0) compare_restored(g.book, &want, window);
    }
    drop_rig(&g);
}

static void test_walks(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (uint32_t window = 64; window <= 4096; window *= 4) {
        market m = {.tick = 1000000,
                    .mid = 50000,
                    .far_one_in = 20,
                    .finer_one_in = 5000,
                    .jump_one_in = 3000,
                    .clear_one_in = 1000};
        test_rng_init(&m.r, seed + window);
        walk(&m, window, test_iters(8000));
    }
}

/* A book whose levels are mostly outside takes the wide block, also when many were there before,
 * and says the same as ever; a second book goes on without one. */
static void test_wide_block(void **state)
{
    static naive want;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint32_t window = 64; window <= 32768; window *= 8) {
        rig g = make_rig(window, 800);
        hr_l2 *other = hr_l2_init(hr_arena_alloc(g.arena, hr_l2_bytes(64), 64), 64, g.pool, g.wide);
        memset(&want, 0, sizeof want);
        int64_t mid = 1000000;
        for (uint64_t i = 0; i < 20000; i++) {
            uint8_t side = (uint8_t)test_rng_below(&r, 2);
            int64_t away = (int64_t)test_rng_below(&r, 4 * (uint64_t)window + 60000);
            int64_t px = side == 0 ? mid - away : mid + 1 + away;
            int64_t qty = test_rng_chance(&r, 2) ? 0 : 1 + (int64_t)test_rng_below(&r, 99);
            if (qty == 0 && want.n[side] > 0) px = want.px[side][test_rng_below(&r, want.n[side])];
            if (test_rng_chance(&r, 3)) mid += (int64_t)test_rng_below(&r, 41) - 20;
            if (test_rng_chance(&r, 4000)) mid += (int64_t)test_rng_below(&r, 200000) - 100000;
            if (mid < 500000) mid = 500000;
            assert_int_equal(set(g.book, side, px, qty), HR_OK);
            assert_int_equal(set(other, side, px, qty), HR_OK);
            naive_set(&want, side, px, qty);
            if (i % 499 != 0) continue;
            assert_true(hr_l2_is_sound(g.book) && hr_l2_is_sound(other));
            compare(g.book, &want);
            compare(other, &want);
            compare_front(g.book, &want);
        }
        assert_int_equal(hr_pool_free_count(g.wide), 0);
        hr_l2_reset(g.book); /* keeps it */
        assert_int_equal(hr_pool_free_count(g.wide), 0);
        assert_int_equal(set(g.book, 0, 77, 5), HR_OK);
        assert_true(hr_l2_is_sound(g.book));
        hr_l2_fini(other);
        drop_rig(&g);
    }
}

/* Thin books, most levels far, ticks that become finer all the time. */
static void test_wild_walks(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (uint64_t k = 0; k < test_iters(300); k++) {
        market m = {.tick = INT64_C(1) << 30,
                    .mid = 50000,
                    .far_one_in = 1 + (unsigned)(k % 3),
                    .finer_one_in = 100,
                    .jump_one_in = 200,
                    .clear_one_in = 50};
        test_rng_init(&m.r, seed * 1000 + k);
        walk(&m, 64u << (k % 4), 60);
    }
}

/* The whole range of prices, with any divisors. */
static void test_extreme_prices(void **state)
{
    static naive want;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(300); k++) {
        rig g = make_rig(64, 100);
        memset(&want, 0, sizeof want);
        int64_t unit = test_rng_chance(&r, 2) ? 1 : 1 + (int64_t)(test_rng_u64(&r) >> 40);
        for (int i = 0; i < 60; i++) {
            uint8_t side = (uint8_t)test_rng_below(&r, 2);
            int64_t px = INT64_MAX - (int64_t)test_rng_below(&r, 200);
            if (test_rng_chance(&r, 3)) px = 1 + (int64_t)test_rng_below(&r, 100);
            if (test_rng_chance(&r, 3)) px = (int64_t)(test_rng_u64(&r) >> (1 + k % 60)) | 1;
            px = px / unit > 0 ? px / unit * unit : px;
            int64_t qty = test_rng_chance(&r, 3) ? 0 : INT64_MAX - (int64_t)test_rng_below(&r, 3);
            assert_int_equal(set(g.book, side, px, qty), HR_OK);
            naive_set(&want, side, px, qty);
            assert_true(hr_l2_is_sound(g.book));
            compare(g.book, &want);
            compare_front(g.book, &want);
        }
        drop_rig(&g);
    }
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
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(1024), 64), 1024, pool, NULL);
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
    hr_l2 *book = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(64), 64), 64, pool, NULL);
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
    (void)state;
    rig g = make_rig(64, 2);
    hr_status st = HR_OK;
    for (int64_t px = 1; px < 2000 && st == HR_OK; px++)
        st = set(g.book, 1, px, 1);
    assert_int_equal(st, HR_EBUDGET);
    hr_l2_reset(g.book);
    assert_int_equal(hr_pool_free_count(g.pool), 2);
    assert_int_equal(set(g.book, 1, 5, 1), HR_OK);
    drop_rig(&g);
}

/* As many levels as the book promises room for, in the orders that once broke it; each is there. */
static void test_many_far_levels(void **state)
{
    static int64_t px[24000];
    static int64_t got_px[24000];
    static int64_t got_qty[24000];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    const int64_t n = hr_l2_far_min(64);
    assert_in_range((uint64_t)n, 8192, HR_ARRAY_LEN(px) - 64);
    for (int order = 0; order < 3; order++) {
        rig g = make_rig(64, 600);
        for (int64_t i = 0; i < n; i++)
            px[i] = order == 1 ? 1000000 - i : 1000 + i;
        for (int64_t i = n - 1; order == 2 && i > 0; i--) {
            int64_t k = (int64_t)test_rng_below(&r, (uint64_t)i + 1);
            int64_t t = px[i];
            px[i] = px[k];
            px[k] = t;
        }
        assert_int_equal(set(g.book, 1, 500, 1), HR_OK); /* all the others are far */
        for (int64_t i = 0; i < n; i++)
            assert_int_equal(set(g.book, 1, px[i], px[i]), HR_OK);
        assert_true(hr_l2_is_sound(g.book));
        assert_int_equal(hr_l2_level_count(g.book, HR_SIDE_ASK), n + 1);
        assert_int_equal(hr_l2_export(g.book, HR_SIDE_ASK, 0, 24000, got_px, got_qty), n + 1);
        for (int64_t i = 1; i <= n; i++) {
            assert_true(got_px[i] == got_qty[i]);
            assert_true(i == 1 || got_px[i] == got_px[i - 1] + 1);
        }
        drop_rig(&g);
    }
}

/* More than the directory can hold: an error, never a lost level. */
static void test_directory_full(void **state)
{
    (void)state;
    rig g = make_rig(64, 2000);
    hr_status st = HR_OK;
    int64_t n = 0;
    assert_int_equal(set(g.book, 0, 1000000, 1), HR_OK);
    while (st == HR_OK) {
        st = set(g.book, 0, 900000 - n, 1);
        if (st == HR_OK) n++;
        assert_true(n < 100000);
    }
    assert_int_equal(st, HR_EBUDGET);
    assert_true(n >= 2 * (int64_t)hr_l2_far_min(64) * 9 / 10); /* in order: chunks are full */
    assert_int_equal(hr_l2_level_count(g.book, HR_SIDE_BID), n + 1);
    drop_rig(&g);
}

/* A wrong price makes the tick tiny; the next snapshot learns it anew. */
static void test_reset_forgets_tick(void **state)
{
    static naive want;
    (void)state;
    memset(&want, 0, sizeof want);
    rig g = make_rig(64, 4);
    assert_int_equal(set(g.book, 1, 1000000, 1), HR_OK);
    assert_int_equal(set(g.book, 1, 1, 1), HR_OK);
    hr_l2_reset(g.book);
    for (int64_t i = 0; i < 40; i++) { /* all in the window: two chunks would not do at tick 1 */
        assert_int_equal(set(g.book, 1, (1000 + i) * 1000, 1), HR_OK);
        naive_set(&want, 1, (1000 + i) * 1000, 1);
    }
    assert_int_equal(hr_pool_free_count(g.pool), 4);
    compare(g.book, &want);
    drop_rig(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_wild_walks),
        cmocka_unit_test(test_wide_block),
        cmocka_unit_test(test_extreme_prices),
        cmocka_unit_test(test_finer_tick_after_improvement),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_many_far_levels),
        cmocka_unit_test(test_directory_full),
        cmocka_unit_test(test_reset_forgets_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
