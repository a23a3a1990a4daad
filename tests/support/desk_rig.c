/* SPDX-License-Identifier: Apache-2.0 */
#include "desk_rig.h"

#include "harness.h"

#define BLOCK_BYTES 16384u

void desk_rig_init(desk_rig *g)
{
    memset(g, 0, sizeof *g);
    hr_plan_init(&g->plan);
}

static void open_orders(desk_rig *g, uint32_t n)
{
    const hr_l3_options o = {.max_orders = n, .max_levels = n, .max_instruments = 4};
    if (n > 0) assert_int_equal(hr_l3_create(&g->env.orders, g->arena, &o, NULL), HR_OK);
}

void desk_rig_open(desk_rig *g, const desk_rig_options *o)
{
    hr_pool *blocks;
    hr_tables_init(&g->tables, g->plan.depth, g->plan.px_scale, g->plan.qty_scale);
    assert_int_equal(hr_arena_create(&g->arena, NULL, 32 << 20, "rig", NULL), HR_OK);
    g->cfg.plan = &g->plan;
    g->cfg.tables = &g->tables;
    g->cfg.buffer_bytes = o->buffer_bytes;
    g->cfg.max_levels = o->max_levels;
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        assert_int_equal(hr_row_layout_init(&g->cfg.layout[k], &g->tables.schema[k],
                                            hr_row_pack_of((hr_kind)k), BLOCK_BYTES, g->arena,
                                            NULL),
                         HR_OK);
        g->cfg.group_rows[k] = 1000000;
    }
#define POOL(out, bytes, n)                                                                        \
    assert_int_equal(hr_pool_create(&(out), g->arena, bytes, n, #out, NULL), HR_OK)
    POOL(g->cfg.far_pool, HR_L2_CHUNK_BYTES, o->far_chunks);
    POOL(g->cfg.buffer_pool, o->buffer_bytes, 1);
    POOL(g->cfg.check_pool, sizeof(hr_tickcheck), o->checks);
    POOL(g->env.cuts, sizeof(hr_cut), 64);
    POOL(blocks, BLOCK_BYTES, o->n_blocks);
#undef POOL
    g->env.cfg = &g->cfg;
    uint32_t io_blocks = hr_rows_io_blocks(BLOCK_BYTES);
    hr_rows_init(&g->env.rows, blocks, ".",
                 hr_arena_alloc(g->arena, (size_t)io_blocks * BLOCK_BYTES, 64), io_blocks);
    g->n_blocks = hr_pool_free_count(blocks);
    open_orders(g, o->orders);
    g->desk = hr_desk_init(hr_arena_alloc(g->arena, hr_desk_bytes(&g->plan), 64), &g->cfg, 0,
                           o->venue, o->symbol, o->format);
}

void desk_rig_close(desk_rig *g)
{
    hr_desk_fini(g->desk, &g->env);
    hr_rows_fini(&g->env.rows);
    hr_arena_destroy(&g->arena);
}

hr_status desk_rig_message(desk_rig *g, const hr_evbatch *b, uint32_t msg, hr_err *err)
{
    uint32_t n = (uint32_t)(b->level_begin[msg + 1] - b->level_begin[msg]);
    assert_int_equal(hr_rows_reserve(&g->env.rows, hr_desk_blocks_needed(&g->cfg, n)), HR_OK);
    assert_int_equal(hr_desk_env_reserve_cuts(&g->env, hr_desk_cuts_needed(&g->cfg, n)), HR_OK);
    return hr_desk_message(g->desk, &g->env, b, msg, err);
}
