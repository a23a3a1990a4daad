/* SPDX-License-Identifier: Apache-2.0 */
/* Features at each change of the touch: the same rows whether books are written beside them, and
 * then read whole, or not. */
#include "pipe/desk.h"

#include "desk_rig.h"
#include "harness.h"
#include "rng.h"
#include "venue/adapter.h"

#define ROWS_MAX 4096u
#define LEVELS_MAX 24u

typedef desk_rig rig;

static void begin(rig *g, bool has_books, uint32_t window)
{
    static const desk_rig_options o = {.venue = "binance",
                                       .symbol = "BTCUSDT",
                                       .format = HR_FORMAT_NDJSON,
                                       .far_chunks = 64,
                                       .checks = 1,
                                       .n_blocks = 512,
                                       .buffer_bytes = 4096,
                                       .max_levels = LEVELS_MAX};
    desk_rig_init(g);
    g->plan.window_ticks = window;
    g->plan.rows_on = HR_ROWS_ON_BBO;
    g->plan.write[HR_KIND_BOOKS] = has_books;
    desk_rig_open(g, &o);
}

static void take(rig *g, const hr_evbatch *b)
{
    hr_err err = HR_ERR_INIT;
    assert_int_equal(desk_rig_message(g, b, 0, &err), HR_OK);
}

/* The features so far as one piece of memory; returns its length. */
static size_t gather(rig *g, char *out)
{
    const hr_row_layout *l = &g->cfg.layout[HR_KIND_FEATURES];
    const hr_row_chain *c = &g->desk->open[HR_KIND_FEATURES].chain;
    size_t offset[HR_TABLE_FIELDS_MAX];
    size_t at = 0;
    assert_true(c->n_rows <= ROWS_MAX);
    for (uint32_t i = 0; i < l->schema->n_fields; i++) {
        offset[i] = at;
        at += l->width[i] * c->n_rows;
    }
    assert_int_equal(hr_chain_gather(c, l, -1, out, offset, NULL, 0, NULL), HR_OK);
    return at;
}

typedef struct market {
    test_rng r;
    int64_t mid, id, now_ns;
    bool is_thin, is_huge;
} market;

static void make_level(market *m, hr_evbatch *b, uint32_t i)
{
    uint64_t reach = m->is_thin ? 3000 : 14;
    int64_t away = (int64_t)test_rng_below(&m->r, reach);
    b->side[i] = (uint8_t)test_rng_below(&m->r, 2);
    if (test_rng_chance(&m->r, 200)) away = -5; /* now and then the sides cross */
    b->px[i] = (b->side[i] == 0 ? m->mid - away : m->mid + 1 + away) * 1000;
    b->qty[i] = test_rng_chance(&m->r, 3) ? 0 : 1 + (int64_t)test_rng_below(&m->r, 1u << 30);
    if (m->is_huge && test_rng_chance(&m->r, 30) && b->qty[i] != 0)
        b->qty[i] = INT64_MAX - (int64_t)test_rng_below(&m->r, 5);
}

/* Mostly deltas that follow; some lost, some late, some snapshots, some of them empty. */
static void make_message(market *m, hr_evbatch *b)
{
    bool is_snapshot = test_rng_chance(&m->r, 60) || m->id == 0;
    uint32_t n = is_snapshot ? (uint32_t)test_rng_below(&m->r, LEVELS_MAX + 1)
                             : 1 + (uint32_t)test_rng_below(&m->r, LEVELS_MAX);
    hr_evbatch_reset(b);
    m->now_ns += 1 + (int64_t)test_rng_below(&m->r, 50000000);
    m->mid += (int64_t)test_rng_below(&m->r, 3) - 1;
    if (test_rng_chance(&m->r, 80)) m->id += 3;
    if (!is_snapshot && !test_rng_chance(&m->r, 30)) m->id++;
    m->id += m->id == 0;
    b->kind[0] = is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    b->ts_recv[0] = m->now_ns;
    b->ts_event[0] = test_rng_chance(&m->r, 4) ? HR_NULL_I64 : m->now_ns - 1000;
    b->seq_first[0] = b->seq_last[0] = m->id;
    b->seq_prev[0] = -1;
    b->flags[0] = 0;
    b->text[0] = -1;
    b->level_begin[0] = 0;
    b->level_begin[1] = (int32_t)n;
    for (uint32_t i = 0; i < n; i++)
        make_level(m, b, i);
    b->n_msgs = 1;
    b->n_levels = n;
}

static void walk(uint64_t seed, uint32_t window, bool is_thin, bool is_huge)
{
    static rig with;
    static rig without;
    static char want[ROWS_MAX * 128];
    static char got[ROWS_MAX * 128];
    const hr_evbatch_caps caps = {.msgs = 8, .levels = 64, .rejects = 1, .raw = 1024, .texts = 8};
    market m = {.mid = 100000, .now_ns = 1000, .is_thin = is_thin, .is_huge = is_huge};
    test_rng_init(&m.r, seed);
    begin(&with, true, window);
    begin(&without, false, window);
    hr_evbatch *b =
        hr_evbatch_init(hr_arena_alloc(with.arena, hr_evbatch_bytes(&caps), 64), &caps);
    for (int i = 0; i < 2000; i++) {
        make_message(&m, b);
        take(&with, b);
        take(&without, b);
        assert_int_equal(with.env.counts.crossed, without.env.counts.crossed);
        assert_int_equal(with.desk->open[HR_KIND_FEATURES].chain.n_rows,
                         without.desk->open[HR_KIND_FEATURES].chain.n_rows);
    }
    assert_true(without.desk->open[HR_KIND_FEATURES].chain.n_rows > 100);
    size_t n = gather(&with, want);
    assert_int_equal(gather(&without, got), n);
    assert_memory_equal(got, want, n);
    desk_rig_close(&with);
    desk_rig_close(&without);
}

static void test_rows_alike(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < test_iters(24); k++)
        walk(test_seed() * 1000 + k, 64u << (k % 5), k % 3 == 1, k % 4 == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
