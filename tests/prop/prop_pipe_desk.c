/* SPDX-License-Identifier: Apache-2.0 */
/* Features at each change of the touch: the same rows whether books are written beside them, and
 * then read whole, or not. */
#include "pipe/desk.h"

#include "harness.h"
#include "rng.h"
#include "venue/adapter.h"

#define BLOCK_BYTES 16384u
#define ROWS_MAX 4096u
#define LEVELS_MAX 24u

typedef struct rig {
    hr_plan plan;
    hr_tables tables;
    hr_desk_config cfg;
    hr_desk_env env;
    hr_arena *arena;
    hr_desk *desk;
} rig;

static void begin(rig *g, bool has_books, uint32_t window)
{
    hr_pool *blocks;
    memset(g, 0, sizeof *g);
    hr_plan_init(&g->plan);
    g->plan.window_ticks = window;
    g->plan.rows_on = HR_ROWS_ON_BBO;
    g->plan.write[HR_KIND_BOOKS] = has_books;
    hr_tables_init(&g->tables, g->plan.depth, 9, 8);
    assert_int_equal(hr_arena_create(&g->arena, NULL, 32 << 20, "rig", NULL), HR_OK);
    g->cfg.plan = &g->plan;
    g->cfg.tables = &g->tables;
    g->cfg.buffer_bytes = 4096;
    g->cfg.max_levels = LEVELS_MAX;
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        assert_int_equal(hr_row_layout_init(&g->cfg.layout[k], &g->tables.schema[k],
                                            hr_row_pack_of((hr_kind)k), BLOCK_BYTES, g->arena,
                                            NULL),
                         HR_OK);
        g->cfg.group_rows[k] = 1000000;
    }
#define POOL(out, bytes, n)                                                                        \
    assert_int_equal(hr_pool_create(&(out), g->arena, bytes, n, #out, NULL), HR_OK)
    POOL(g->cfg.far_pool, HR_L2_CHUNK_BYTES, 64);
    POOL(g->cfg.buffer_pool, 4096, 1);
    POOL(g->cfg.check_pool, sizeof(hr_tickcheck), 1);
    POOL(g->env.cuts, sizeof(hr_cut), 64);
    POOL(blocks, BLOCK_BYTES, 512);
    g->env.cfg = &g->cfg;
    uint32_t io_blocks = hr_rows_io_blocks(BLOCK_BYTES);
    hr_rows_init(&g->env.rows, blocks, ".",
                 hr_arena_alloc(g->arena, (size_t)io_blocks * BLOCK_BYTES, 64), io_blocks);
    g->desk = hr_desk_init(hr_arena_alloc(g->arena, hr_desk_bytes(&g->plan), 64), &g->cfg, 0,
                           "binance", "BTCUSDT", HR_FORMAT_NDJSON);
}

static void end(rig *g)
{
    hr_desk_fini(g->desk, &g->env);
    hr_rows_fini(&g->env.rows);
    hr_arena_destroy(&g->arena);
}

static void take(rig *g, const hr_evbatch *b)
{
    hr_err err = HR_ERR_INIT;
    uint32_t n = b->n_levels;
    assert_int_equal(hr_rows_reserve(&g->env.rows, hr_desk_blocks_needed(&g->cfg, n)), HR_OK);
    assert_int_equal(hr_desk_env_reserve_cuts(&g->env, hr_desk_cuts_needed(&g->cfg, n)), HR_OK);
    assert_int_equal(hr_desk_message(g->desk, &g->env, b, 0, &err), HR_OK);
}

/* The features so far as one piece of memory; returns its length. */
static size_t gather(rig *g, char *out)
{
    const hr_row_layout *l = &g->cfg.layout[HR_KIND_FEATURES];
    const hr_row_chain *c = &g->desk->chain[HR_KIND_FEATURES];
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
        assert_int_equal(with.desk->chain[HR_KIND_FEATURES].n_rows,
                         without.desk->chain[HR_KIND_FEATURES].n_rows);
    }
    assert_true(without.desk->chain[HR_KIND_FEATURES].n_rows > 100);
    size_t n = gather(&with, want);
    assert_int_equal(gather(&without, got), n);
    assert_memory_equal(got, want, n);
    end(&with);
    end(&without);
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
