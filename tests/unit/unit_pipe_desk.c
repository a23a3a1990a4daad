/* SPDX-License-Identifier: Apache-2.0 */
/* A desk by hand: messages in, rows and counters out; kept messages, the grid, losses, limits. */
#include "pipe/desk.h"

#include <fcntl.h>

#include "base/sys.h"
#include "desk_rig.h"
#include "harness.h"
#include "pipe/desk_state.h"
#include "venue/adapter.h"

#define SEC INT64_C(1000000000)
#define BUFFER_BYTES 4096u

typedef struct level {
    hr_side side;
    int64_t px, qty;
} level;

static desk_rig rig;
static hr_evbatch *batch;
static hr_err rig_err;
static int64_t now_ns;
static uint32_t order_flags; /* of the next message */

static void begin_as(hr_rows_on rows_on, const desk_rig_options *o)
{
    const hr_evbatch_caps caps = {.msgs = 8, .levels = 512, .rejects = 1, .raw = 1024, .texts = 8};
    hr_err_reset(&rig_err);
    desk_rig_init(&rig);
    rig.plan.depth = 2;
    rig.plan.window_ticks = 64;
    rig.plan.rows_on = rows_on;
    desk_rig_open(&rig, o);
    batch = hr_evbatch_init(hr_arena_alloc(rig.arena, hr_evbatch_bytes(&caps), 64), &caps);
    now_ns = 1000 * SEC;
}

/* far_chunks, checks: how much the pools hold. */
static void begin(hr_rows_on rows_on, uint32_t far_chunks, uint32_t checks)
{
    const desk_rig_options o = {.venue = "binance",
                                .symbol = "BTCUSDT",
                                .format = HR_FORMAT_NDJSON,
                                .far_chunks = far_chunks,
                                .checks = checks,
                                .n_blocks = 128,
                                .buffer_bytes = BUFFER_BYTES,
                                .max_levels = 512};
    begin_as(rows_on, &o);
}

/* Gives the desk back and looks whether all it had came back with it. */
static void end(void)
{
    hr_desk_fini(rig.desk, &rig.env);
    while (rig.env.rows.stash != NULL) {
        hr_row_block *b = rig.env.rows.stash;
        rig.env.rows.stash = b->next;
        hr_pool_put(rig.env.rows.blocks, b);
    }
    assert_int_equal(hr_pool_free_count(rig.env.rows.blocks), rig.n_blocks);
    assert_int_equal(hr_pool_free_count(rig.cfg.far_pool), hr_pool_total(rig.cfg.far_pool));
    assert_int_equal(hr_pool_free_count(rig.cfg.buffer_pool), 1);
    assert_int_equal(hr_pool_free_count(rig.cfg.check_pool), hr_pool_total(rig.cfg.check_pool));
    hr_rows_fini(&rig.env.rows);
    hr_arena_destroy(&rig.arena);
}

static hr_status send(hr_msg_kind kind, int64_t first, int64_t last, const level *l, uint32_t n)
{
    hr_evbatch *b = batch;
    hr_evbatch_reset(b);
    b->kind[0] = (uint8_t)kind;
    b->ts_event[0] = b->ts_recv[0] = now_ns;
    b->seq_first[0] = first;
    b->seq_last[0] = last;
    b->seq_prev[0] = -1;
    b->flags[0] = order_flags;
    b->text[0] = -1;
    b->level_begin[0] = 0;
    b->level_begin[1] = (int32_t)n;
    for (uint32_t i = 0; i < n; i++) {
        b->side[i] = (uint8_t)l[i].side;
        b->px[i] = l[i].px;
        b->qty[i] = l[i].qty;
    }
    b->n_msgs = 1;
    b->n_levels = n;
    return desk_rig_message(&rig, b, 0, &rig_err);
}

static hr_status delta(int64_t first, int64_t last, hr_side side, int64_t px, int64_t qty)
{
    level l = {side, px, qty};
    return send(HR_MSG_DELTA, first, last, &l, 1);
}

static hr_status snapshot(int64_t id)
{
    const level l[] = {{HR_SIDE_BID, 100, 5}, {HR_SIDE_BID, 99, 6}, {HR_SIDE_ASK, 101, 7}};
    return send(HR_MSG_SNAPSHOT, id, id, l, 3);
}

static uint64_t rows(hr_kind kind)
{
    return rig.desk->open[kind].chain.n_rows;
}

static int64_t best(hr_side side)
{
    int64_t px = 0;
    int64_t qty;
    (void)hr_l2_best(rig.desk->book, side, &px, &qty);
    return px;
}

static void test_rows_at_changes(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_BBO, 8, 1);
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    assert_int_equal(delta(11, 11, HR_SIDE_BID, 99, 1), HR_OK); /* below the best: no row */
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    assert_int_equal(delta(12, 12, HR_SIDE_BID, 100, 1), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 2);
    assert_int_equal(rows(HR_KIND_DELTAS), 5);
    assert_int_equal(rig.env.counts.crossed, 0);
    assert_int_equal(delta(13, 13, HR_SIDE_BID, 101, 1), HR_OK); /* meets the best ask */
    assert_int_equal(rig.env.counts.crossed, 1);
    assert_int_equal(delta(13, 13, HR_SIDE_BID, 98, 1), HR_OK);
    assert_int_equal(delta(12, 12, HR_SIDE_BID, 98, 1), HR_OK);
    assert_int_equal(rig.desk->seq.n_duplicates, 1);
    assert_int_equal(rig.desk->seq.n_stale, 1);
    assert_int_equal(snapshot(11), HR_OK); /* older than the book: told, not taken */
    assert_int_equal(best(HR_SIDE_BID), 101);
    assert_int_equal(send(HR_MSG_BAD, -1, -1, NULL, 0), HR_OK);
    assert_int_equal(send(HR_MSG_OTHER, -1, -1, NULL, 0), HR_OK);
    assert_int_equal(rig.env.counts.messages, 5);
    assert_int_equal(rig.env.counts.snapshots, 2);
    end();
}

/* Rows stand at the newest whole second passed, whatever the silence before it. */
static void test_grid(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_GRID, 8, 1);
    now_ns = 1000 * SEC + 1;
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(delta(11, 11, HR_SIDE_BID, 100, 1), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 0);
    now_ns = 1001 * SEC;
    assert_int_equal(delta(12, 12, HR_SIDE_BID, 100, 2), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    now_ns = 1001 * SEC + SEC / 2;
    assert_int_equal(delta(13, 13, HR_SIDE_BID, 100, 3), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    now_ns = 5000 * SEC + 7;
    assert_int_equal(delta(14, 14, HR_SIDE_BID, 100, 4), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 2); /* an hour of silence is one row */
    end();
}

static void test_no_grid_before_a_book(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_GRID, 8, 1);
    assert_int_equal(delta(1, 1, HR_SIDE_BID, 100, 1), HR_OK);
    now_ns += 10 * SEC;
    assert_int_equal(delta(2, 2, HR_SIDE_BID, 100, 1), HR_OK);
    assert_int_equal(rows(HR_KIND_BOOKS), 0);
    end();
}

static void test_kept_for_a_snapshot(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(delta(5, 8, HR_SIDE_ASK, 102, 1), HR_OK);
    assert_int_equal(delta(9, 12, HR_SIDE_BID, 100, 9), HR_OK);
    assert_int_equal(delta(13, 14, HR_SIDE_ASK, 101, 0), HR_OK);
    assert_int_equal(rig.desk->buffer_msgs, 3);
    assert_int_equal(snapshot(10), HR_OK); /* falls into the second */
    assert_int_equal(rig.desk->buffer_msgs, 0);
    assert_null(rig.desk->buffer);
    assert_true(hr_seq_is_live(&rig.desk->seq));
    assert_int_equal(rig.desk->seq_last_good, 14);
    assert_int_equal(best(HR_SIDE_BID), 100);
    assert_int_equal(rows(HR_KIND_GAPS), 0);
    assert_int_equal(rows(HR_KIND_BOOKS), 1);
    end();
}

static void test_snapshot_too_old(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(delta(20, 22, HR_SIDE_BID, 100, 9), HR_OK);
    assert_int_equal(snapshot(10), HR_OK);
    assert_false(hr_seq_is_live(&rig.desk->seq));
    assert_int_equal(rig.desk->buffer_msgs, 1); /* it waits for the next */
    assert_int_equal(rows(HR_KIND_BOOKS), 0);
    assert_int_equal(snapshot(21), HR_OK);
    assert_true(hr_seq_is_live(&rig.desk->seq));
    end();
}

/* The newest stay, the oldest go, and each that goes is counted. */
static void test_buffer_overflows(void **state)
{
    static level many[300];
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    for (int64_t i = 0; i < 200; i++)
        assert_int_equal(delta(i + 1, i + 1, HR_SIDE_BID, 100, i), HR_OK);
    assert_true(rig.env.counts.buffer_drops > 0);
    assert_int_equal(rig.desk->buffer_msgs + rig.env.counts.buffer_drops, 200);
    assert_true(rig.desk->buffer_len <= BUFFER_BYTES);
    assert_int_equal(snapshot(195), HR_OK);
    assert_int_equal(rig.desk->seq_last_good, 200);
    assert_int_equal(send(HR_MSG_STATUS, -1, -1, NULL, 0), HR_OK);
    for (uint32_t i = 0; i < HR_ARRAY_LEN(many); i++)
        many[i] = (level){HR_SIDE_BID, 100 - (int64_t)i % 50, 1};
    uint64_t drops = rig.env.counts.buffer_drops;
    assert_int_equal(delta(201, 201, HR_SIDE_BID, 100, 1), HR_OK);
    assert_int_equal(send(HR_MSG_DELTA, 202, 202, many, HR_ARRAY_LEN(many)), HR_OK);
    assert_int_equal(rig.env.counts.buffer_drops, drops + 1); /* too long to be kept */
    assert_null(rig.desk->buffer);
    end();
}

static void test_gaps(void **state)
{
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(send(HR_MSG_STATUS, -1, -1, NULL, 0), HR_OK); /* nothing to lose yet */
    assert_int_equal(rows(HR_KIND_GAPS), 0);
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(delta(11, 11, HR_SIDE_BID, 100, 1), HR_OK);
    assert_int_equal(delta(14, 14, HR_SIDE_BID, 100, 2), HR_OK); /* 12 and 13 are missing */
    assert_int_equal(rows(HR_KIND_GAPS), 1);
    assert_int_equal(rig.desk->gap_flags, HR_FLAG_GAP);
    assert_int_equal(rig.desk->buffer_msgs, 1);
    assert_int_equal(best(HR_SIDE_BID), 0); /* the book is empty */
    assert_int_equal(snapshot(14), HR_OK);
    assert_int_equal(rig.desk->gap_flags, 0);
    assert_int_equal(send(HR_MSG_STATUS, -1, -1, NULL, 0), HR_OK); /* a live book is lost */
    assert_int_equal(rows(HR_KIND_GAPS), 2);
    end();
}

static void test_tickers(void **state)
{
    const level touch[] = {{HR_SIDE_BID, 100, 5}, {HR_SIDE_ASK, 101, 7}};
    const level trade = {HR_SIDE_BID, 100, 1};
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(send(HR_MSG_TICKER, 11, 11, touch, 2), HR_OK);
    assert_int_equal(delta(11, 11, HR_SIDE_BID, 99, 1), HR_OK);
    assert_int_equal(rig.desk->check->n_checks, 1);
    assert_int_equal(rig.desk->check->n_equal, 1);
    assert_int_equal(send(HR_MSG_TRADE, 5, 5, &trade, 1), HR_OK);
    assert_int_equal(rows(HR_KIND_TRADES), 1);
    assert_int_equal(rows(HR_KIND_TICKERS), 1);
    end();
}

static void test_limits(void **state)
{
    const level touch[] = {{HR_SIDE_BID, 100, 5}, {HR_SIDE_ASK, 101, 7}};
    hr_status st = HR_OK;
    (void)state;
    begin(HR_ROWS_ON_TOP, 1, 1);
    void *taken = hr_pool_get(rig.cfg.check_pool);
    assert_int_equal(send(HR_MSG_TICKER, 11, 11, touch, 2), HR_ELIMIT);
    assert_string_equal(rig_err.message, "more than limits.instruments carry tickers");
    hr_pool_put(rig.cfg.check_pool, taken);
    assert_int_equal(snapshot(10), HR_OK);
    for (int64_t i = 0; i < 4000 && st == HR_OK; i++) /* far below the window: one chunk for all */
        st = delta(11 + i, 11 + i, i % 2 == 0 ? HR_SIDE_ASK : HR_SIDE_BID,
                   i % 2 == 0 ? 1000 + i * 1000 : 1 + i % 90, 1);
    assert_int_equal(st, HR_EBUDGET);
    assert_string_equal(rig_err.message, "book of 'BTCUSDT' does not fit its memory: raise "
                                         "engine.memory or book.window_ticks");
    end();
}

/* Rows that are cut leave in order, one cut a table, numbered from 0. */
static void test_cuts(void **state)
{
    uint32_t n = 0;
    (void)state;
    begin(HR_ROWS_ON_TOP, 8, 1);
    rig.cfg.group_rows[HR_KIND_DELTAS] = 4;
    assert_int_equal(snapshot(10), HR_OK);
    for (int64_t i = 0; i < 9; i++)
        assert_int_equal(delta(11 + i, 11 + i, HR_SIDE_BID, 100, i + 1), HR_OK);
    hr_desk_cut_all(rig.desk, &rig.env);
    for (hr_cut *c = rig.env.outbox_first; c != NULL; c = c->next) {
        if (c->kind != HR_KIND_DELTAS) continue;
        assert_int_equal(c->chain.n_rows, 4);
        assert_int_equal(c->part, n++);
    }
    assert_int_equal(n, 3);
    for (uint32_t k = 0; k < rig.desk->n_open; k++)
        assert_int_equal(rows((hr_kind)k), 0);
    for (hr_cut *c = rig.env.outbox_first; c != NULL; c = c->next)
        hr_chain_free(&c->chain, rig.env.rows.blocks);
    end();
}

/* ---- images for checkpoints ---- */

static int64_t save(const char *path)
{
    static char buffer[16384]; /* the features are packed in one piece */
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    hr_pack k = {.p = buffer, .cap = sizeof buffer, .fd = fd};
    hr_desk_pack(rig.desk, &rig.cfg, &k);
    hr_pack_flush(&k);
    assert_int_equal(k.failed, 0);
    (void)hr_sys_close(fd);
    return k.at;
}

static void drop_rows(void)
{
    for (uint32_t k = 0; k < rig.desk->n_open; k++)
        hr_chain_free(&rig.desk->open[k].chain, rig.env.rows.blocks);
}

/* A fresh desk from the first n bytes of the image. */
static bool load(const char *path, int64_t n)
{
    char small[40]; /* smaller than most fields: every seam is met */
    int fd = hr_sys_open(AT_FDCWD, path, O_RDWR, 0);
    assert_int_equal(hr_sys_truncate(fd, n), 0);
    hr_unpack u = {.p = small, .cap = sizeof small, .fd = fd};
    void *mem = (char *)rig.desk;
    hr_desk_fini(rig.desk, &rig.env);
    rig.desk = hr_desk_init(mem, &rig.cfg, 0, "binance", "BTCUSDT", HR_FORMAT_NDJSON);
    bool ok = hr_desk_unpack(rig.desk, &rig.env, &u) && hr_unpack_at_end(&u);
    (void)hr_sys_close(fd);
    return ok;
}

/* What an image holds is all that a desk knows: it goes on as the one that was saved. */
static void test_image(void **state)
{
    const level touch[] = {{HR_SIDE_BID, 100, 5}, {HR_SIDE_ASK, 101, 7}};
    hr_sys_sim *sim;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(delta(11, 11, HR_SIDE_ASK, 5000, 3), HR_OK); /* far away */
    assert_int_equal(send(HR_MSG_TICKER, 12, 12, touch, 2), HR_OK);
    hr_desk_cut_all(rig.desk, &rig.env);
    for (hr_cut *c = rig.env.outbox_first; c != NULL; c = c->next)
        hr_chain_free(&c->chain, rig.env.rows.blocks);
    int64_t n = save("live");
    assert_true(load("live", n));
    assert_int_equal(best(HR_SIDE_BID), 100);
    assert_int_equal(rig.desk->seq_last_good, 11);
    assert_int_equal(delta(12, 12, HR_SIDE_BID, 99, 1), HR_OK);
    assert_int_equal(rig.desk->check->n_equal, 1); /* the ticker was kept too */
    assert_int_equal(delta(14, 14, HR_SIDE_BID, 99, 1), HR_OK);
    assert_int_equal(rig.desk->buffer_msgs, 1);
    drop_rows();
    n = save("lost");
    assert_true(load("lost", n));
    assert_int_equal(rig.desk->buffer_msgs, 1); /* and so was the message for a snapshot */
    assert_int_equal(snapshot(13), HR_OK);
    assert_int_equal(rig.desk->seq_last_good, 14);
    end();
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

/* Whoever loads an image does not know the format that its rule came from. */
static void test_image_rules(void **state)
{
    static const int formats[] = {HR_FORMAT_PARQUET_DELTAS, HR_FORMAT_TARDIS_L2, HR_FORMAT_NDJSON};
    hr_sys_sim *sim;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    for (size_t i = 0; i < HR_ARRAY_LEN(formats); i++) {
        begin(HR_ROWS_ON_TOP, 8, 1);
        hr_desk_fini(rig.desk, &rig.env);
        rig.desk = hr_desk_init(rig.desk, &rig.cfg, 0, "binance", "BTCUSDT", formats[i]);
        uint8_t rule = rig.desk->seq.rule;
        assert_int_equal(snapshot(10), HR_OK);
        assert_int_equal(delta(11, 11, HR_SIDE_BID, 99, 1), HR_OK);
        drop_rows();
        int64_t n = save("rules");
        assert_true(load("rules", n));
        assert_int_equal(rig.desk->seq.rule, rule);
        rig.desk->seq.rule = 200;
        n = save("rules");
        assert_false(load("rules", n));
        end();
    }
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

/* Cut anywhere, an image is none; what was taken for it goes back. */
static void test_image_cut(void **state)
{
    const level touch[] = {{HR_SIDE_BID, 100, 5}, {HR_SIDE_ASK, 101, 7}};
    hr_sys_sim *sim;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    begin(HR_ROWS_ON_TOP, 8, 1);
    assert_int_equal(send(HR_MSG_TICKER, 12, 12, touch, 2), HR_OK);
    assert_int_equal(delta(14, 14, HR_SIDE_BID, 99, 1), HR_OK);
    drop_rows();
    int64_t n = save("kept");
    assert_true(load("kept", n));
    for (int64_t cut = n - 1; cut > 0; cut -= 1 + cut / 64)
        assert_false(load("kept", cut));
    end();
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

static void test_tables(void **state)
{
    static hr_tables t;
    (void)state;
    hr_tables_init(&t, HR_BOOK_DEPTH_MAX, 4, 3);
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        assert_string_equal(t.schema[k].name, hr_kind_name((hr_kind)k));
        for (uint32_t i = 0; i < t.schema[k].n_fields; i++)
            for (uint32_t j = 0; j < i; j++)
                assert_string_not_equal(t.schema[k].fields[i].name, t.schema[k].fields[j].name);
    }
    const hr_schema *books = &t.schema[HR_KIND_BOOKS];
    assert_int_equal(books->n_fields, HR_BOOK_LEVEL0 + 4 * HR_BOOK_DEPTH_MAX);
    assert_string_equal(books->fields[HR_BOOK_LEVEL0].name, "bid_px_0");
    assert_string_equal(books->fields[books->n_fields - 1].name, "ask_qty_49");
    assert_int_equal(books->fields[HR_BOOK_LEVEL0].scale, 4);
    assert_int_equal(books->fields[HR_BOOK_LEVEL0 + 1].scale, 3);
    assert_string_equal(t.schema[HR_KIND_DELTAS].fields[HR_DELTA_FLAGS].name, "flags");
    assert_string_equal(t.schema[HR_KIND_TRADES].fields[HR_TRADE_ID].name, "trade_id");
    assert_string_equal(t.schema[HR_KIND_TICKERS].fields[HR_TICKER_ASK_QTY].name, "ask_qty");
    assert_string_equal(t.schema[HR_KIND_GAPS].fields[HR_GAP_CAUSE].name, "cause");
}

/* The venue begins its numbers anew with a snapshot in the stream: what came behind the hole is of
 * the old ones, and not offered to the new book. */
static void test_snapshot_in_the_stream(void **state)
{
    const desk_rig_options o = {.venue = "bybit",
                                .symbol = "BTCUSDT",
                                .format = HR_FORMAT_NDJSON,
                                .far_chunks = 8,
                                .checks = 1,
                                .n_blocks = 128,
                                .buffer_bytes = BUFFER_BYTES,
                                .max_levels = 512};
    (void)state;
    begin_as(HR_ROWS_ON_TOP, &o);
    assert_int_equal(snapshot(10), HR_OK);
    assert_int_equal(delta(12, 12, HR_SIDE_BID, 98, 1), HR_OK);
    assert_false(hr_seq_is_live(&rig.desk->seq));
    assert_null(rig.desk->buffer);
    assert_int_equal(snapshot(1), HR_OK);
    assert_true(hr_seq_is_live(&rig.desk->seq));
    assert_int_equal(delta(2, 2, HR_SIDE_ASK, 101, 0), HR_OK);
    assert_int_equal(best(HR_SIDE_BID), 100);
    assert_int_equal(best(HR_SIDE_ASK), 0);
    assert_int_equal(rig.desk->seq.n_gaps, 1);
    end();
}

static hr_status order(uint32_t action, int64_t id, hr_side side, int64_t px, int64_t qty)
{
    const level l = {side, px, qty};
    order_flags = action << HR_ORDER_SHIFT;
    hr_status st = send(HR_MSG_ORDER, id, -1, &l, 1);
    order_flags = 0;
    return st;
}

static void test_orders(void **state)
{
    desk_rig_options o = {.venue = "nasdaq",
                          .symbol = "A",
                          .format = HR_FORMAT_ITCH,
                          .far_chunks = 8,
                          .checks = 1,
                          .n_blocks = 128,
                          .buffer_bytes = BUFFER_BYTES,
                          .max_levels = 512,
                          .orders = 2};
    (void)state;
    begin_as(HR_ROWS_ON_TOP, &o);
    assert_int_equal(order(HR_ORDER_ADD, 1, HR_SIDE_BID, 100, 5), HR_OK);
    assert_int_equal(order(HR_ORDER_ADD, 2, HR_SIDE_ASK, 102, 5), HR_OK);
    assert_int_equal(best(HR_SIDE_ASK), 102);
    assert_int_equal(order(HR_ORDER_ADD, 3, HR_SIDE_ASK, 103, 5), HR_EBUDGET);
    assert_non_null(strstr(rig_err.message, "limits.orders"));
    assert_int_equal(order(HR_ORDER_EXECUTE, 1, HR_SIDE_NONE, 0, 2), HR_OK);
    assert_int_equal(rows(HR_KIND_TRADES), 1);
    assert_int_equal(rig.env.counts.order_faults, 0);
    assert_int_equal(order(HR_ORDER_DELETE, 9, HR_SIDE_NONE, 0, 0), HR_OK);
    assert_int_equal(order(7, 1, HR_SIDE_NONE, 0, 0), HR_OK); /* no action has this number */
    assert_int_equal(rig.env.counts.order_faults, 2);
    assert_int_equal(order(HR_ORDER_CLEAR, 0, HR_SIDE_NONE, 0, 0), HR_OK);
    assert_int_equal(best(HR_SIDE_BID), 0);
    end();
    o.orders = 0; /* an input that should have none */
    begin_as(HR_ROWS_ON_TOP, &o);
    assert_int_equal(order(HR_ORDER_ADD, 1, HR_SIDE_BID, 100, 5), HR_EUNSUPPORTED);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_at_changes),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_no_grid_before_a_book),
        cmocka_unit_test(test_kept_for_a_snapshot),
        cmocka_unit_test(test_snapshot_too_old),
        cmocka_unit_test(test_buffer_overflows),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_tickers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_image),
        cmocka_unit_test(test_image_rules),
        cmocka_unit_test(test_image_cut),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_snapshot_in_the_stream),
        cmocka_unit_test(test_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
