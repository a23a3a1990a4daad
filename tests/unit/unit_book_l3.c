/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the order books: what each operation says, bad options, no room. */
#include "harness.h"

#include "book/l3.h"

typedef struct rig {
    hr_arena *arena;
    hr_l3 *book;
} rig;

static rig make_rig(uint32_t max_orders, uint32_t max_levels, uint32_t max_instruments)
{
    rig g;
    hr_l3_options o = {
        .max_orders = max_orders, .max_levels = max_levels, .max_instruments = max_instruments};
    assert_int_equal(hr_arena_create(&g.arena, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_l3_create(&g.book, g.arena, &o, NULL), HR_OK);
    return g;
}

static void add(hr_l3 *b, hr_l3_change *c, uint64_t id, uint8_t side, int64_t px, int64_t qty)
{
    hr_l3_order o = {.id = id, .px = px, .qty = qty, .instrument = 1, .side = side};
    assert_int_equal(hr_l3_add(b, c, &o), HR_OK);
}

static void assert_level(const hr_l3_change *c, uint32_t i, uint8_t side, int64_t px, int64_t qty)
{
    assert_true(i < c->n && c->instrument == 1);
    assert_int_equal(c->side[i], side);
    assert_int_equal(c->px[i], px);
    assert_int_equal(c->qty[i], qty);
}

static void test_each_operation(void **state)
{
    rig g = make_rig(10, 10, 2);
    hr_l3_change c;
    uint32_t n;
    int64_t qty;
    (void)state;
    add(g.book, &c, 1, HR_SIDE_BID, 100, 5);
    assert_level(&c, 0, 0, 100, 5);
    add(g.book, &c, 2, HR_SIDE_BID, 100, 7);
    assert_level(&c, 0, 0, 100, 12);
    add(g.book, &c, 3, HR_SIDE_BID, 100, 9);
    hr_l3_execute(g.book, &c, 1, 2);
    assert_level(&c, 0, 0, 100, 19);
    assert_int_equal(c.taken, 2);
    assert_true(hr_l3_ahead(g.book, 3, &n, &qty) && n == 2 && qty == 10);
    hr_l3_modify(g.book, &c, 1, 1); /* less: the place is kept */
    assert_level(&c, 0, 0, 100, 17);
    assert_true(hr_l3_ahead(g.book, 1, &n, &qty) && n == 0);
    hr_l3_modify(g.book, &c, 1, 1); /* nothing */
    assert_int_equal(c.n, 0);
    assert_int_equal(c.verdict, HR_L3_OK);
    hr_l3_modify(g.book, &c, 1, 4); /* more: the place is lost */
    assert_level(&c, 0, 0, 100, 20);
    assert_true(hr_l3_ahead(g.book, 1, &n, &qty) && n == 2 && qty == 16);
    assert_int_equal(hr_l3_replace(g.book, &c, 2, 4, 100, 7), HR_OK); /* same price: one level */
    assert_int_equal(c.n, 1);
    assert_true(hr_l3_ahead(g.book, 4, &n, &qty) && n == 2 && qty == 13);
    assert_int_equal(hr_l3_replace(g.book, &c, 3, 5, 101, 1), HR_OK);
    assert_int_equal(c.n, 2);
    assert_level(&c, 0, 0, 100, 11);
    assert_level(&c, 1, 0, 101, 1);
    assert_int_equal(hr_l3_replace(g.book, &c, 5, 5, 102, 2), HR_OK); /* keeps its id */
    assert_level(&c, 0, 0, 101, 0);
    assert_level(&c, 1, 0, 102, 2);
    hr_l3_cancel(g.book, &c, 5, 2);
    assert_level(&c, 0, 0, 102, 0);
    hr_l3_delete(g.book, &c, 4);
    assert_level(&c, 0, 0, 100, 4);
    assert_int_equal(c.taken, 7);
    hr_l3_clear(g.book, &c, 1);
    assert_true(c.is_clear && c.n == 0 && c.instrument == 1);
    assert_true(hr_l3_is_sound(g.book));
    assert_false(hr_l3_ahead(g.book, 1, &n, &qty));
    hr_arena_destroy(&g.arena);
}

static void test_verdicts(void **state)
{
    rig g = make_rig(10, 10, 2);
    hr_l3_change c;
    hr_l3_stats stats;
    hr_l3_order o;
    (void)state;
    add(g.book, &c, 1, HR_SIDE_ASK, 100, 5);
    add(g.book, &c, 1, HR_SIDE_BID, 90, 5);
    assert_int_equal(c.verdict, HR_L3_DUPLICATE);
    add(g.book, &c, 2, HR_SIDE_NONE, 90, 5);
    assert_int_equal(c.verdict, HR_L3_BAD);
    hr_l3_execute(g.book, &c, 9, 1);
    assert_int_equal(c.verdict, HR_L3_UNKNOWN);
    hr_l3_execute(g.book, &c, 1, 6);
    assert_int_equal(c.verdict, HR_L3_OVER);
    assert_int_equal(c.taken, 5);
    assert_level(&c, 0, 1, 100, 0);
    assert_false(hr_l3_find(g.book, &o, 1));
    hr_l3_clear(g.book, &c, 2);
    assert_int_equal(c.verdict, HR_L3_BAD);
    hr_l3_stats_get(g.book, &stats);
    for (int v = HR_L3_UNKNOWN; v <= HR_L3_OVER; v++)
        assert_int_equal(stats.n_verdicts[v], 1);
    assert_int_equal(stats.n_verdicts[HR_L3_BAD], 2);
    assert_string_equal(hr_l3_verdict_name(HR_L3_OVER), "more_than_there");
    assert_string_equal(hr_l3_verdict_name(HR_L3_VERDICT_COUNT), "?");
    assert_int_equal(hr_l3_level(g.book, 7, HR_SIDE_BID, 1, &o.px, &o.instrument), 0);
    assert_int_equal(hr_l3_level(g.book, 1, HR_SIDE_NONE, 1, &o.px, &o.instrument), 0);
    hr_arena_destroy(&g.arena);
}

static void test_no_room(void **state)
{
    rig g = make_rig(3, 2, 2);
    hr_l3_change c;
    (void)state;
    hr_l3_order o = {.id = 4, .px = 102, .qty = 1};
    add(g.book, &c, 1, HR_SIDE_BID, 100, 1);
    add(g.book, &c, 2, HR_SIDE_BID, 101, 1);
    assert_int_equal(hr_l3_add(g.book, &c, &o), HR_EBUDGET); /* no level */
    assert_int_equal(c.verdict, HR_L3_FULL);
    add(g.book, &c, 3, HR_SIDE_BID, 101, 1);
    o.px = 101;
    assert_int_equal(hr_l3_add(g.book, &c, &o), HR_EBUDGET); /* no order */
    assert_int_equal(hr_l3_replace(g.book, &c, 3, 4, 102, 1), HR_EBUDGET);
    assert_int_equal(c.n, 0);
    assert_int_equal(hr_l3_replace(g.book, &c, 1, 4, 102, 1), HR_OK); /* its level goes first */
    assert_int_equal(c.n, 2);
    assert_true(hr_l3_is_sound(g.book));
    hr_l3_reset(g.book);
    add(g.book, &c, 1, HR_SIDE_BID, 100, 1);
    assert_true(hr_l3_is_sound(g.book));
    hr_arena_destroy(&g.arena);
}

static void test_bad_options(void **state)
{
    static const hr_l3_options bad[] = {
        {.max_orders = 0, .max_levels = 1, .max_instruments = 1},
        {.max_orders = 1, .max_levels = 0, .max_instruments = 1},
        {.max_orders = 1, .max_levels = 1, .max_instruments = 0},
        {.max_orders = HR_L3_ORDERS_MAX + 1, .max_levels = 1, .max_instruments = 1},
        {.max_orders = 1, .max_levels = HR_L3_LEVELS_MAX + 1, .max_instruments = 1},
        {.max_orders = 1, .max_levels = 1, .max_instruments = HR_L3_INSTRUMENTS_MAX + 1}};
    const hr_l3_options large = {.max_orders = HR_L3_ORDERS_MAX,
                                 .max_levels = HR_L3_LEVELS_MAX,
                                 .max_instruments = HR_L3_INSTRUMENTS_MAX};
    hr_arena *a;
    hr_l3 *b;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 16, "test", NULL), HR_OK);
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        assert_int_equal(hr_l3_bytes(&bad[i]), 0);
        assert_int_equal(hr_l3_create(&b, a, &bad[i], &err), HR_EUSAGE);
        assert_null(b);
    }
    assert_true(hr_l3_bytes(&large) > (UINT64_C(1) << 36));
    assert_int_equal(hr_l3_create(&b, a, &large, &err), HR_EBUDGET);
    assert_non_null(strstr(err.message, "2147483648 orders"));
    hr_arena_destroy(&a);
}

/* A book by price follows. */
static void test_follow(void **state)
{
    rig g = make_rig(10, 10, 2);
    hr_pool *far;
    hr_l3_change c;
    int64_t px;
    int64_t qty;
    (void)state;
    assert_int_equal(hr_pool_create(&far, g.arena, HR_L2_CHUNK_BYTES, 4, "far", NULL), HR_OK);
    hr_l2 *l2 = hr_l2_init(hr_arena_alloc(g.arena, hr_l2_bytes(64), 64), 64, far, NULL);
    add(g.book, &c, 1, HR_SIDE_BID, 100, 5);
    assert_int_equal(hr_l3_follow(l2, &c), HR_OK);
    add(g.book, &c, 2, HR_SIDE_BID, 101, 6);
    assert_int_equal(hr_l3_follow(l2, &c), HR_OK);
    assert_true(hr_l2_best(l2, HR_SIDE_BID, &px, &qty) && px == 101 && qty == 6);
    assert_int_equal(hr_l3_replace(g.book, &c, 2, 3, 99, 6), HR_OK);
    assert_int_equal(hr_l3_follow(l2, &c), HR_OK);
    assert_true(hr_l2_best(l2, HR_SIDE_BID, &px, &qty) && px == 100 && qty == 5);
    assert_int_equal(hr_l2_level_count(l2, HR_SIDE_BID), 2);
    hr_l3_delete(g.book, &c, 77);
    assert_int_equal(hr_l3_follow(l2, &c), HR_OK);
    hr_l3_clear(g.book, &c, 1);
    assert_int_equal(hr_l3_follow(l2, &c), HR_OK);
    assert_int_equal(hr_l2_level_count(l2, HR_SIDE_BID), 0);
    hr_arena_destroy(&g.arena);
}

/* A book of prices follows where levels come and go. */
static void test_follow_prices(void **state)
{
    rig g = make_rig(10, 10, 2);
    hr_pool *far;
    hr_l3_change c;
    int64_t px;
    int64_t one;
    (void)state;
    assert_int_equal(hr_pool_create(&far, g.arena, HR_L2_CHUNK_BYTES, 4, "far", NULL), HR_OK);
    hr_l2 *l2 = hr_l2_init(hr_arena_alloc(g.arena, hr_l2_bytes(64), 64), 64, far, NULL);
    add(g.book, &c, 1, HR_SIDE_ASK, 100, 5);
    assert_true(c.is_edge && hr_l3_follow_prices(l2, &c) == HR_OK);
    add(g.book, &c, 2, HR_SIDE_ASK, 100, 6);
    assert_true(!c.is_edge && hr_l3_follow_prices(l2, &c) == HR_OK);
    assert_true(hr_l2_best(l2, HR_SIDE_ASK, &px, &one) && px == 100 && one == 1);
    assert_int_equal(hr_l3_replace(g.book, &c, 2, 3, 99, 6), HR_OK);
    assert_true(c.is_edge && hr_l3_follow_prices(l2, &c) == HR_OK);
    assert_true(hr_l2_best(l2, HR_SIDE_ASK, &px, &one) && px == 99);
    hr_l3_delete(g.book, &c, 3);
    assert_true(c.is_edge && hr_l3_follow_prices(l2, &c) == HR_OK);
    assert_true(hr_l2_best(l2, HR_SIDE_ASK, &px, &one) && px == 100);
    hr_l3_clear(g.book, &c, 1);
    assert_true(hr_l3_follow_prices(l2, &c) == HR_OK);
    assert_int_equal(hr_l2_level_count(l2, HR_SIDE_ASK), 0);
    hr_arena_destroy(&g.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_operation), cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_no_room),        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_follow),         cmocka_unit_test(test_follow_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
