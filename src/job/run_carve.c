/* SPDX-License-Identifier: Apache-2.0 */
/* How engine.memory is cut up. Sizes that shape output (rows a part) follow from the plan alone;
 * the others from the plan and the machine. What does not fit is an error at start, never growth
 * later. */
#include <string.h>

#include "base/assert.h"
#include "job/run_parts.h"

#define MiB ((size_t)1 << 20)
#define ORDER_BUFFERS 16u /* instruments of an order by order run that may wait for a snapshot */

static size_t clamp(size_t v, size_t low, size_t high)
{
    return v < low ? low : v > high ? high : v;
}

static size_t pow2_floor(size_t v)
{
    return (size_t)1 << (63 - __builtin_clzll(v));
}

/* A block must hold a few rows of the widest table. */
static uint32_t pick_block_bytes(const hr_run *r)
{
    size_t n = clamp(pow2_floor(r->memory_bytes / 16384), 8u << 10, 64u << 10);
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        const hr_schema *s = &r->tables.schema[k];
        while (n < 64 * (s->n_fields + 2u) + 8 * hr_schema_row_bytes(s))
            n *= 2;
    }
    return (uint32_t)n;
}

static hr_status carve_tables(hr_run *r, hr_err *err)
{
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        const hr_schema *s = &r->tables.schema[k];
        HR_TRY(hr_row_layout_init(&r->cfg.layout[k], s, hr_row_pack_of((hr_kind)k), r->block_bytes,
                                  r->arena, err));
        size_t pad = 64u * s->n_fields;
        size_t rows = (r->group_bytes - pad) / hr_schema_row_bytes(s);
        rows = clamp(rows, 1, r->plan->row_group_rows);
        r->cfg.group_rows[k] = (uint32_t)(rows >= 1024 ? rows / 1024 * 1024 : rows);
    }
    return HR_OK;
}

static hr_status carve_lane(hr_run *r, run_lane *l, hr_err *err)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    opt.level = r->plan->zstd_level;
    HR_TRY(hr_pq_scratch_create(&l->scratch, r->arena, &opt, err));
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        size_t n = hr_pq_writer_bytes(&r->tables.schema[k], 1);
        l->writer_bytes = HR_MAX(l->writer_bytes, n);
    }
    l->writer_mem = hr_arena_alloc(r->arena, l->writer_bytes, 64);
    l->gather = hr_arena_alloc(r->arena, r->group_bytes, 64);
    size_t io_bytes = (size_t)r->io_blocks * r->block_bytes;
    l->block = hr_arena_alloc(r->arena, io_bytes, 64);
    l->out = hr_arena_alloc(r->arena, RUN_OUT_BYTES, 64);
    r->shard[l->idx].io = hr_arena_alloc(r->arena, io_bytes, 64); /* as many shards as lanes */
    if (l->writer_mem == NULL || l->gather == NULL || l->block == NULL || l->out == NULL ||
        r->shard[l->idx].io == NULL)
        return HR_FAIL(err, HR_EBUDGET,
                       "no memory for %u lanes: raise engine.memory or lower engine.lanes",
                       r->n_lanes);
    return HR_OK;
}

static uint32_t sources_of_orders(const hr_run *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_sources; i++)
        n += r->source[i].info.has_orders;
    return n;
}

static hr_status carve_instruments(hr_run *r, hr_err *err)
{
    const hr_plan *plan = r->plan;
    uint32_t n = plan->instruments;
    size_t memory = r->memory_bytes;
    uint32_t slots = 4;
    while (slots < 2 * n)
        slots *= 2;
    r->desk = hr_arena_alloc(r->arena, n * sizeof *r->desk, 64);
    r->desk_hash = hr_arena_alloc(r->arena, slots * sizeof *r->desk_hash, 64);
    if (r->desk == NULL || r->desk_hash == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for %u instruments", n);
    memset(r->desk_hash, 0xff, slots * sizeof *r->desk_hash);
    r->hash_mask = slots - 1;
    /* Every message of a book of orders waits for its snapshot: few have one, and of those all. */
    uint32_t n_buffers = sources_of_orders(r) == r->n_sources ? HR_MIN(n, ORDER_BUFFERS) : n;
    r->cfg.buffer_bytes = (uint32_t)(clamp(memory / 16 / n_buffers, 4096, 8 * MiB) & ~(size_t)63);
    size_t desk_bytes = hr_desk_bytes(plan) + (r->calc != NULL ? r->calc->desk_bytes : 0);
    size_t each = desk_bytes + sizeof(hr_tickcheck) + 256;
    if (each * n + (size_t)n_buffers * r->cfg.buffer_bytes > memory / 2)
        return HR_FAIL(err, HR_EBUDGET,
                       "%u instruments take %zu bytes, more than half of engine.memory: lower"
                       " limits.instruments or raise engine.memory",
                       n, each * n + (size_t)n_buffers * r->cfg.buffer_bytes);
    HR_TRY(hr_pool_create(&r->desk_pool, r->arena, desk_bytes, n, "instruments", err));
    HR_TRY(hr_pool_create(&r->cfg.check_pool, r->arena, sizeof(hr_tickcheck), n, "ticker checks",
                          err));
    HR_TRY(hr_pool_create(&r->cfg.buffer_pool, r->arena, r->cfg.buffer_bytes, n_buffers,
                          "sync buffers", err));
    HR_TRY(hr_pool_create(&r->cfg.far_pool, r->arena, HR_L2_CHUNK_BYTES,
                          (uint32_t)clamp(memory / 8 / HR_L2_CHUNK_BYTES, 64, 1u << 20),
                          "far levels", err));
    /* For pairs with a tiny tick; a book without one is only slower. */
    uint32_t n_wide = (uint32_t)HR_MIN(memory / 32 / hr_l2_wide_bytes(), n);
    if (n_wide == 0) return HR_OK;
    return hr_pool_create(&r->cfg.wide_pool, r->arena, hr_l2_wide_bytes(), n_wide, "wide windows",
                          err);
}

/* Where an input tells of single orders: as many as the plan says, or as a tenth of the memory
 * holds. */
static hr_status carve_orders(hr_run *r, hr_err *err)
{
    hr_l3_options o = {.max_instruments = r->plan->instruments};
    if (sources_of_orders(r) == 0) return HR_OK;
    o.max_orders = r->plan->orders > 0 ? r->plan->orders : UINT32_C(1) << 30;
    do {
        o.max_levels = HR_MAX(o.max_orders / 2, 1024u);
        if (r->plan->orders > 0 || hr_l3_bytes(&o) <= (size_t)r->plan->memory_bytes / 10) break;
        o.max_orders -= o.max_orders / 4;
    } while (o.max_orders > 1024);
    if (hr_l3_create(&r->orders, r->arena, &o, err) == HR_OK) return HR_OK;
    return HR_FAIL(err, HR_EBUDGET,
                   "%u live orders take %zu bytes: lower limits.orders or raise engine.memory",
                   o.max_orders, hr_l3_bytes(&o));
}

static hr_status carve_calc(hr_run *r, hr_err *err)
{
    if (r->calc == NULL) return HR_OK;
    hr_calc_setup_size(r->calc, &r->cfg);
    r->cfg.calc_blocks = r->calc->n_blocks;
    r->cfg.calc_cuts = r->calc->n_cuts;
    for (uint32_t i = 0; i < r->n_shards; i++)
        HR_TRY(hr_calc_work_init(&r->shard[i].calc, r->calc, r->arena, err));
    return HR_OK;
}

static hr_status carve_batches(hr_run *r, hr_err *err)
{
    bool is_small = r->memory_bytes < 256 * MiB || r->n_sources > 4;
    r->caps = (hr_evbatch_caps){.msgs = is_small ? 4096 : 16384,
                                .levels = is_small ? 24576 : 65536,
                                .rejects = 1024,
                                .raw = 80u << 10,
                                .texts = is_small ? 1024 : 4096};
    r->cfg.max_levels = r->caps.levels;
    /* Every source can fill its slots, so that none waits for a batch that another holds. */
    uint32_t n = 3;
    for (uint32_t i = 0; i < r->n_sources; i++)
        n += r->source[i].n_slots;
    return hr_pool_create(&r->batches, r->arena, hr_evbatch_bytes(&r->caps), n, "batches", err);
}

hr_status run_carve(hr_run *r, hr_err *err)
{
    size_t memory = r->memory_bytes;
    size_t overhead = 6 * MiB; /* code, libraries, stacks, the heap of cold paths */
    size_t taken = atomic_load_explicit(&r->budget.used_bytes, memory_order_relaxed);
    r->group_bytes = clamp(memory / 32, 2 * MiB, 64 * MiB);
    r->block_bytes = pick_block_bytes(r);
    r->io_blocks = hr_rows_io_blocks(r->block_bytes);
    if (taken + overhead >= memory)
        return HR_FAIL(err, HR_EBUDGET, "inputs alone need %zu bytes: raise engine.memory", taken);
    HR_TRY(hr_arena_create(&r->arena, &r->budget, memory - overhead - taken - 4096, "engine", err));
    HR_TRY(carve_tables(r, err));
    HR_TRY(run_carve_recorder(r, err));
    for (uint32_t i = 0; i < r->n_lanes; i++) {
        r->lane[i].idx = i;
        HR_TRY(carve_lane(r, &r->lane[i], err));
    }
    HR_TRY(carve_batches(r, err));
    HR_TRY(carve_instruments(r, err));
    HR_TRY(carve_orders(r, err));
    HR_TRY(carve_calc(r, err));
    for (int i = 0; i < 2; i++)
        r->epoch[i].parts = hr_arena_alloc(r->arena, RUN_PARTS_MAX * sizeof(hr_part), 64);
    r->state_cap = 1 * MiB;
    r->state_buf = hr_arena_alloc(r->arena, r->state_cap, 64);
    r->pending.extra_cap = 128u * r->n_sources + 64u * HR_KIND_COUNT + 64u;
    r->pending.extra = hr_arena_alloc(r->arena, r->pending.extra_cap, 64);
    if (r->epoch[0].parts == NULL || r->epoch[1].parts == NULL || r->state_buf == NULL ||
        r->pending.extra == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for commits: raise engine.memory");
    HR_TRY(
        hr_pool_create(&r->cuts, r->arena, sizeof(hr_cut), 4096 + 128 * r->n_lanes, "cuts", err));
    /* What is left is for rows. */
    size_t left = hr_arena_left(r->arena);
    size_t each = r->block_bytes + 64 + sizeof(uint32_t); /* with what a pool keeps beside it */
    uint32_t n_blocks = left / each > 64 ? (uint32_t)(left / each - 32) : 0;
    uint32_t floor_blocks = 2 * hr_desk_blocks_needed(&r->cfg, r->cfg.max_levels) +
                            r->n_shards * r->cfg.calc_blocks + 64;
    if (n_blocks < floor_blocks)
        return HR_FAIL(err, HR_EBUDGET,
                       "engine.memory of %zu bytes leaves no room for rows: it takes about %zu",
                       memory, memory + (floor_blocks - n_blocks) * each);
    n_blocks = HR_MIN(n_blocks, 1u << 20);
    HR_TRY(hr_pool_create(&r->blocks, r->arena, r->block_bytes, n_blocks, "row blocks", err));
    hr_arena_seal(r->arena);
    return HR_OK;
}
