/* SPDX-License-Identifier: Apache-2.0 */
/* A desk of an instrument whose orders are told: what each action does to the levels, and that no
 * best row is written in the middle of a venue's event. */
#include "base/sys.h"
#include "harness.h"
#include "pipe/desk.h"
#include "venue/adapter.h"

#define BLOCK_BYTES 16384u
#define BUFFER_BYTES 4096u

static struct {
    hr_plan plan;
    hr_tables tables;
    hr_desk_config cfg;
    hr_desk_env env;
    hr_arena *arena;
    hr_desk *desk;
    hr_evbatch *batch;
    int64_t now_ns;
} rig;

static void begin(hr_rows_on rows_on)
{
    const hr_evbatch_caps caps = {.msgs = 8, .levels = 64, .rejects = 1, .raw = 1024, .texts = 8};
    const hr_l3_options o = {.max_orders = 600, .max_levels = 300, .max_instruments = 1};
    hr_pool *blocks;
    memset(&rig, 0, sizeof rig);
    hr_plan_init(&rig.plan);
    rig.plan.depth = 2;
    rig.plan.window_ticks = 64;
    rig.plan.rows_on = rows_on;
    rig.plan.grid_ns = 1000000000;
    hr_tables_init(&rig.tables, 2, 9, 8);
    assert_int_equal(hr_arena_create(&rig.arena, NULL, 16 << 20, "rig", NULL), HR_OK);
    rig.cfg.plan = &rig.plan;
    rig.cfg.tables = &rig.tables;
    rig.cfg.buffer_bytes = BUFFER_BYTES;
    rig.cfg.max_levels = caps.levels;
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        assert_int_equal(hr_row_layout_init(&rig.cfg.layout[k], &rig.tables.schema[k],
                                            hr_row_pack_of((hr_kind)k), BLOCK_BYTES, rig.arena,
                                            NULL),
                         HR_OK);
        rig.cfg.group_rows[k] = 1000000;
    }
#define POOL(out, bytes, n)                                                                        \
    assert_int_equal(hr_pool_create(&(out), rig.arena, bytes, n, #out, NULL), HR_OK)
    POOL(rig.cfg.far_pool, HR_L2_CHUNK_BYTES, 8);
    POOL(rig.cfg.buffer_pool, BUFFER_BYTES, 1);
    POOL(rig.cfg.check_pool, sizeof(hr_tickcheck), 1);
    POOL(rig.env.cuts, sizeof(hr_cut), 64);
    POOL(blocks, BLOCK_BYTES, 128);
    rig.env.cfg = &rig.cfg;
    assert_int_equal(hr_l3_create(&rig.env.orders, rig.arena, &o, NULL), HR_OK);
    uint32_t io_blocks = hr_rows_io_blocks(BLOCK_BYTES);
    hr_rows_init(&rig.env.rows, blocks, ".",
                 hr_arena_alloc(rig.arena, (size_t)io_blocks * BLOCK_BYTES, 64), io_blocks);
    rig.desk = hr_desk_init(hr_arena_alloc(rig.arena, hr_desk_bytes(&rig.plan), 64), &rig.cfg, 0,
                            "glbx.mdp3", "ESM4", HR_FORMAT_DBN);
    rig.batch = hr_evbatch_init(hr_arena_alloc(rig.arena, hr_evbatch_bytes(&caps), 64), &caps);
    rig.now_ns = INT64_C(1715126400000000000);
}

static void end(void)
{
    hr_desk_fini(rig.desk, &rig.env);
    hr_rows_fini(&rig.env.rows);
    hr_arena_destroy(&rig.arena);
}

static hr_status send(hr_msg_kind kind, uint32_t flags, int64_t id, hr_side side, int64_t px,
                      int64_t qty)
{
    hr_evbatch *b = rig.batch;
    hr_evbatch_reset(b);
    b->kind[0] = (uint8_t)kind;
    b->ts_event[0] = b->ts_recv[0] = rig.now_ns++;
    b->seq_first[0] = id;
    b->seq_last[0] = b->seq_prev[0] = -1;
    b->flags[0] = flags;
    b->text[0] = -1;
    b->level_begin[0] = 0;
    b->level_begin[1] = 1;
    b->side[0] = (uint8_t)side;
    b->px[0] = px;
    b->qty[0] = qty;
    b->n_msgs = b->n_levels = 1;
    uint32_t n = hr_desk_levels_needed(rig.desk, b, 0);
    assert_int_equal(hr_desk_env_reserve_cuts(&rig.env, hr_desk_cuts_needed(&rig.cfg, n)), HR_OK);
    assert_int_equal(hr_rows_reserve(&rig.env.rows, hr_desk_blocks_needed(&rig.cfg, n)), HR_OK);
    return hr_desk_message(rig.desk, &rig.env, b, 0, NULL);
}

static void order(hr_order_action a, uint32_t flags, int64_t id, hr_side side, int64_t px,
                  int64_t qty)
{
    uint32_t f = flags | (uint32_t)a << HR_ORDER_SHIFT;
    assert_int_equal(send(HR_MSG_ORDER, f, id, side, px, qty), HR_OK);
    assert_true(hr_l3_is_sound(rig.env.orders) && hr_l2_is_sound(rig.desk->book));
}

static uint64_t rows(hr_kind k)
{
    return rig.env.counts.written[k];
}

static int64_t level(hr_side side, int64_t px)
{
    int64_t qty;
    uint32_t n;
    (void)hr_l3_level(rig.env.orders, 0, side, px, &qty, &n);
    return qty;
}

static void test_put(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_TOP);
    order(HR_ORDER_PUT, 0, 7, HR_SIDE_BID, 100, 5); /* nobody told of it: it is added */
    assert_int_equal(level(HR_SIDE_BID, 100), 5);
    order(HR_ORDER_PUT, 0, 7, HR_SIDE_BID, 100, 3);
    assert_int_equal(level(HR_SIDE_BID, 100), 3);
    order(HR_ORDER_PUT, 0, 7, HR_SIDE_BID, 101, 4);
    assert_true(level(HR_SIDE_BID, 100) == 0 && level(HR_SIDE_BID, 101) == 4);
    assert_int_equal(rows(HR_KIND_DELTAS), 4); /* both levels of the last */
    assert_int_equal(rows(HR_KIND_BOOKS), 3);
    order(HR_ORDER_PUT, 0, 7, HR_SIDE_BID, 101, 4); /* says what is */
    assert_true(rows(HR_KIND_DELTAS) == 4 && rows(HR_KIND_BOOKS) == 3);
    assert_int_equal(rig.env.counts.order_faults, 0);
    order(HR_ORDER_PUT, 0, 9, HR_SIDE_NONE, 100, 5);
    assert_int_equal(rig.env.counts.order_faults, 1);
    order(HR_ORDER_NOTE, 0, 7, HR_SIDE_BID, 101, 4);
    assert_true(rig.env.counts.order_faults == 1 && rows(HR_KIND_DELTAS) == 4);
    end();
}

/* No best row before the event ends, whatever ends it. */
static void test_events(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        begin(how < 2 ? HR_ROWS_ON_TOP : HR_ROWS_ON_BBO);
        order(HR_ORDER_ADD, HR_FLAG_MORE, 1, HR_SIDE_BID, 100, 5);
        order(HR_ORDER_ADD, HR_FLAG_MORE, 2, HR_SIDE_ASK, 99, 5); /* crossed, for now */
        order(HR_ORDER_CANCEL, HR_FLAG_MORE, 1, HR_SIDE_NONE, 0, 5);
        assert_true(rows(HR_KIND_DELTAS) == 3 && rows(HR_KIND_BOOKS) == 0);
        if (how % 2 == 0)
            order(HR_ORDER_NOTE, 0, 1, HR_SIDE_BID, 100, 5);
        else
            assert_int_equal(send(HR_MSG_TRADE, 0, -1, HR_SIDE_BID, 100, 5), HR_OK);
        assert_true(rows(HR_KIND_BOOKS) == 1 && rig.env.counts.crossed == 0);
        order(HR_ORDER_NOTE, 0, 1, HR_SIDE_BID, 100, 5);
        order(HR_ORDER_CANCEL, 0, 8, HR_SIDE_NONE, 0, 5); /* unknown */
        assert_int_equal(rows(HR_KIND_BOOKS), 1);
        order(HR_ORDER_ADD, HR_FLAG_MORE, 3, HR_SIDE_BID, 90, 5);
        order(HR_ORDER_CANCEL, HR_FLAG_MORE, 3, HR_SIDE_NONE, 0, 5);
        order(HR_ORDER_NOTE, 0, 3, HR_SIDE_BID, 90, 5); /* the event changed nothing */
        assert_int_equal(rows(HR_KIND_BOOKS), 1);
        end();
    }
}

/* A cleared book is told level by level. */
static void test_clear(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_TOP);
    for (int64_t i = 0; i < 200; i++)
        order(HR_ORDER_ADD, 0, i, i % 2 == 0 ? HR_SIDE_BID : HR_SIDE_ASK,
              1000 + (i % 2 == 0 ? -i : i), 5);
    uint64_t n_deltas = rows(HR_KIND_DELTAS);
    uint64_t n_books = rows(HR_KIND_BOOKS);
    order(HR_ORDER_CLEAR, HR_FLAG_MORE, 0, HR_SIDE_NONE, 0, 0);
    assert_true(rows(HR_KIND_DELTAS) == n_deltas + 200 && rows(HR_KIND_BOOKS) == n_books);
    assert_int_equal(hr_l2_level_count(rig.desk->book, HR_SIDE_BID), 0);
    order(HR_ORDER_ADD, HR_FLAG_SNAPSHOT | HR_FLAG_MORE, 1, HR_SIDE_BID, 990, 5);
    order(HR_ORDER_ADD, HR_FLAG_SNAPSHOT, 2, HR_SIDE_ASK, 1010, 5);
    assert_int_equal(rows(HR_KIND_BOOKS), n_books + 1);
    order(HR_ORDER_CLEAR, 0, 0, HR_SIDE_NONE, 0, 0);
    assert_true(rows(HR_KIND_BOOKS) == n_books + 2 && rows(HR_KIND_GAPS) == 0);
    order(HR_ORDER_CLEAR, 0, 0, HR_SIDE_NONE, 0, 0); /* of an empty book: no row */
    assert_true(rows(HR_KIND_DELTAS) == n_deltas + 204 && rows(HR_KIND_BOOKS) == n_books + 2);
    end();
}

static void test_grid(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_GRID);
    order(HR_ORDER_ADD, HR_FLAG_MORE, 1, HR_SIDE_BID, 100, 5);
    rig.now_ns += 3000000000;
    order(HR_ORDER_ADD, 0, 2, HR_SIDE_BID, 101, 5);
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_grid),
    };
    return cmocka_run_group_tests_name("pipe orders", tests, NULL, NULL);
}
