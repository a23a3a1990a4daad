/* SPDX-License-Identifier: Apache-2.0 */
/* Packed rows against plain arrays: whatever is put in comes out, over block sizes, depths, spills
 * and runs cut by a block's end. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "pipe/rows_pack.h"
#include "pipe/tables.h"
#include "rng.h"

#define ROWS_MAX 3000u

typedef struct bench {
    hr_arena *arena;
    hr_pool *blocks;
    hr_rows rows;
    hr_tables tables;
    hr_row_layout layout;
    hr_row_chain chain;
    char *out;
    char *scratch;
    uint32_t n_io;
    size_t col_offset[HR_TABLE_FIELDS_MAX];
} bench;

static void bench_open(bench *b, hr_kind kind, uint32_t depth, uint32_t block_bytes)
{
    memset(b, 0, sizeof *b);
    hr_tables_init(&b->tables, depth, 2, 8);
    assert_int_equal(hr_arena_create(&b->arena, NULL, 48u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_row_layout_init(&b->layout, &b->tables.schema[kind], hr_row_pack_of(kind),
                                        block_bytes, b->arena, NULL),
                     HR_OK);
    assert_int_equal(hr_pool_create(&b->blocks, b->arena, block_bytes,
                                    (uint32_t)((24u << 20) / block_bytes), "blocks", NULL),
                     HR_OK);
    uint32_t n_io = hr_rows_io_blocks(block_bytes);
    b->n_io = n_io;
    hr_rows_init(&b->rows, b->blocks, "/tmp",
                 hr_arena_alloc(b->arena, (size_t)n_io * block_bytes, 64), n_io);
    size_t at = 0;
    for (uint32_t c = 0; c < b->layout.schema->n_fields; c++) {
        b->col_offset[c] = at;
        at += hr_round_up((size_t)b->layout.width[c] * ROWS_MAX, 64);
    }
    b->out = malloc(at);
    b->scratch = aligned_alloc(64, (size_t)n_io * block_bytes);
    assert_non_null(b->out);
    assert_non_null(b->scratch);
    memset(b->out, 0xa5, at);
}

static void bench_close(bench *b)
{
    hr_chain_free(&b->chain, b->blocks);
    hr_rows_fini(&b->rows);
    assert_int_equal(hr_pool_free_count(b->blocks), hr_pool_total(b->blocks));
    hr_arena_destroy(&b->arena);
    free(b->out);
    free(b->scratch);
}

static void maybe_spill(bench *b, test_rng *r)
{
    if (test_rng_chance(r, 20))
        assert_int_equal(
            hr_rows_spill(&b->rows, &b->layout, &b->chain, test_rng_chance(r, 2), NULL), HR_OK);
}

static int64_t i64_at(const bench *b, int col, uint32_t row)
{
    int64_t v;
    memcpy(&v, b->out + b->col_offset[col] + 8u * (size_t)row, 8);
    return v;
}

static uint32_t u32_at(const bench *b, int col, uint32_t row)
{
    uint32_t v;
    memcpy(&v, b->out + b->col_offset[col] + 4u * (size_t)row, 4);
    return v;
}

static int64_t any_i64(test_rng *r)
{
    return test_rng_chance(r, 8) ? HR_NULL_I64 : (int64_t)test_rng_u64(r);
}

static void gather(bench *b)
{
    assert_int_equal(hr_chain_gather(&b->chain, &b->layout, b->rows.spill->fd, b->out,
                                     b->col_offset, b->scratch, b->n_io, NULL),
                     HR_OK);
}

typedef struct level_row {
    hr_delta_run run;
    int64_t px, qty;
} level_row;

static void check_runs(test_rng *r)
{
    static level_row want[ROWS_MAX];
    static int64_t px[600];
    static int64_t qty[600];
    static bench b;
    uint32_t n = 0;
    uint32_t total = 1 + (uint32_t)test_rng_below(r, ROWS_MAX - 600);
    bench_open(&b, HR_KIND_DELTAS, 10, 1024u << test_rng_below(r, 6));
    while (n < total) {
        uint32_t left = 1 + (uint32_t)test_rng_below(r, test_rng_chance(r, 10) ? 600 : 12);
        uint32_t at = 0;
        hr_delta_run run = {.ts_event = any_i64(r),
                            .ts_recv = (int64_t)test_rng_u64(r),
                            .seq = any_i64(r),
                            .seq_first = any_i64(r),
                            .seq_prev = any_i64(r),
                            .flags = (uint32_t)test_rng_below(r, 4096) & ~HR_FLAG_LAST,
                            .side = (uint8_t)test_rng_below(r, 2),
                            .is_last = test_rng_chance(r, 2)};
        for (uint32_t i = 0; i < left; i++) {
            px[i] = (int64_t)test_rng_u64(r);
            qty[i] = (int64_t)test_rng_u64(r);
            want[n + i] = (level_row){.run = run, .px = px[i], .qty = qty[i]};
            want[n + i].run.flags |= i + 1 == left && run.is_last ? HR_FLAG_LAST : 0;
        }
        n += left;
        while (at < left) {
            maybe_spill(&b, r);
            assert_int_equal(hr_rows_reserve(&b.rows, 1), HR_OK);
            hr_row_block *rb = hr_chain_tail(&b.rows, &b.chain, &b.layout);
            uint32_t took = hr_pack_run(rb, &run, px + at, qty + at, left - at);
            assert_true(took > 0);
            rb->n_rows += took;
            b.chain.n_rows += took;
            at += took;
        }
    }
    gather(&b);
    for (uint32_t i = 0; i < n; i++) {
        const level_row *w = &want[i];
        assert_int_equal(i64_at(&b, HR_COLI_TS_EVENT, i), w->run.ts_event);
        assert_int_equal(i64_at(&b, HR_COLI_TS_RECV, i), w->run.ts_recv);
        assert_int_equal(i64_at(&b, HR_COLI_SEQ, i), w->run.seq);
        assert_int_equal(i64_at(&b, HR_DELTA_SEQ_FIRST, i), w->run.seq_first);
        assert_int_equal(i64_at(&b, HR_DELTA_SEQ_PREV, i), w->run.seq_prev);
        assert_int_equal(i64_at(&b, HR_DELTA_PX, i), w->px);
        assert_int_equal(i64_at(&b, HR_DELTA_QTY, i), w->qty);
        assert_int_equal((uint8_t)b.out[b.col_offset[HR_DELTA_SIDE] + i], w->run.side);
        assert_int_equal(u32_at(&b, HR_DELTA_FLAGS, i), w->run.flags);
    }
    bench_close(&b);
}

static void test_runs(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(60); i++)
        check_runs(&r);
}

typedef struct book_row {
    int64_t ts_event, ts_recv, seq;
    uint32_t flags;
    int64_t value[4][HR_BOOK_DEPTH_MAX];
} book_row;

/* Some values of the row before change; the mask may name more than did. */
static void next_row(test_rng *r, book_row *row, const book_row *before, uint32_t depth,
                     uint64_t mask[4])
{
    if (before != NULL) *row = *before;
    row->ts_event = any_i64(r);
    row->ts_recv = (int64_t)test_rng_u64(r);
    row->seq = any_i64(r);
    row->flags = (uint32_t)test_rng_below(r, 4096);
    for (int k = 0; k < 4; k++) {
        mask[k] = test_rng_chance(r, 10) ? UINT64_MAX : test_rng_u64(r) & test_rng_u64(r);
        for (uint32_t i = 0; i < depth; i++)
            if (before == NULL || mask[k] >> i & 1) row->value[k][i] = any_i64(r);
    }
}

static void check_changes(test_rng *r)
{
    static book_row want[ROWS_MAX];
    uint32_t depth = 1 + (uint32_t)test_rng_below(r, HR_BOOK_DEPTH_MAX);
    uint32_t n = 1 + (uint32_t)test_rng_below(r, 600);
    uint64_t mask[4];
    static bench b;
    bench_open(&b, HR_KIND_BOOKS, depth, 32768u << test_rng_below(r, 2));
    for (uint32_t i = 0; i < n; i++) {
        book_row *w = &want[i];
        next_row(r, w, i > 0 ? w - 1 : NULL, depth, mask);
        maybe_spill(&b, r);
        assert_int_equal(hr_rows_reserve(&b.rows, 1), HR_OK);
        hr_row_block *rb = hr_chain_tail(&b.rows, &b.chain, &b.layout);
        hr_book_change row = {.ts_event = w->ts_event,
                              .ts_recv = w->ts_recv,
                              .seq = w->seq,
                              .flags = w->flags,
                              .mask = mask,
                              .column = {w->value[0], w->value[1], w->value[2], w->value[3]}};
        hr_pack_change(rb, &b.layout, &row);
        rb->n_rows++;
        b.chain.n_rows++;
    }
    gather(&b);
    for (uint32_t i = 0; i < n; i++) {
        const book_row *w = &want[i];
        assert_int_equal(i64_at(&b, HR_COLI_TS_EVENT, i), w->ts_event);
        assert_int_equal(i64_at(&b, HR_COLI_TS_RECV, i), w->ts_recv);
        assert_int_equal(i64_at(&b, HR_COLI_SEQ, i), w->seq);
        assert_int_equal(u32_at(&b, HR_BOOK_FLAGS, i), w->flags);
        for (uint32_t k = 0; k < 4 * depth; k++)
            assert_int_equal(i64_at(&b, (int)(HR_BOOK_LEVEL0 + k), i), w->value[k % 4][k / 4]);
    }
    bench_close(&b);
}

static void test_changes(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(60); i++)
        check_changes(&r);
}

/* A damaged spill file is named, never followed. */
static void test_damage(void **state)
{
    test_rng r;
    static bench b;
    int64_t px[4] = {1, 2, 3, 4};
    hr_delta_run run = {.ts_recv = 1, .is_last = 1};
    (void)state;
    test_rng_init(&r, test_seed());
    bench_open(&b, HR_KIND_DELTAS, 10, 4096);
    assert_int_equal(hr_rows_reserve(&b.rows, 1), HR_OK);
    hr_row_block *rb = hr_chain_tail(&b.rows, &b.chain, &b.layout);
    rb->n_rows = hr_pack_run(rb, &run, px, px, 4);
    hr_row_block whole = *rb;
    assert_true(hr_unpack(rb, &b.layout, b.out, b.col_offset, 0));
    rb->n_rows = 5;
    assert_false(hr_unpack(rb, &b.layout, b.out, b.col_offset, 0));
    *rb = whole;
    rb->back = b.layout.block_bytes + 64;
    assert_false(hr_unpack(rb, &b.layout, b.out, b.col_offset, 0));
    *rb = whole;
    rb->n_rows = 3;
    assert_false(hr_unpack(rb, &b.layout, b.out, b.col_offset, 0));
    *rb = whole;
    b.chain.n_rows = 4;
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
