/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/rows_pack.h"

#include <string.h>

#include "base/assert.h"
#include "pipe/desk.h"

/* ---- runs of level updates ---- */

static void fill_i64(int64_t *p, int64_t v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        p[i] = v;
}

uint32_t hr_pack_run(hr_row_block *b, const hr_delta_run *run, const int64_t *px,
                     const int64_t *qty, uint32_t n)
{
    uint32_t room = (b->back - b->front - (uint32_t)sizeof *run) / 16;
    uint32_t take = HR_MIN(HR_MIN(n, room), (uint32_t)UINT16_MAX);
    hr_delta_run head = *run;
    int64_t *out = (int64_t *)(void *)((char *)b + b->front);
    head.n = (uint16_t)take;
    head.is_last = take == n && run->is_last;
    b->back -= (uint32_t)sizeof head;
    memcpy((char *)b + b->back, &head, sizeof head);
    for (uint32_t i = 0; i < take; i++) {
        out[2 * i] = px[i];
        out[2 * i + 1] = qty[i];
    }
    b->front += 16 * take;
    return take;
}

/* Where the columns of the level table stand. */
typedef struct delta_out {
    int64_t *ts_event, *ts_recv, *seq, *first, *prev, *px, *qty;
    uint8_t *side;
    uint32_t *flags;
} delta_out;

#define OUT_COL(type, col) (type *)(void *)(out + col_offset[col]) + at

static delta_out delta_columns(char *out, const size_t *col_offset, uint64_t at)
{
    return (delta_out){.ts_event = OUT_COL(int64_t, HR_COLI_TS_EVENT),
                       .ts_recv = OUT_COL(int64_t, HR_COLI_TS_RECV),
                       .seq = OUT_COL(int64_t, HR_COLI_SEQ),
                       .first = OUT_COL(int64_t, HR_DELTA_SEQ_FIRST),
                       .prev = OUT_COL(int64_t, HR_DELTA_SEQ_PREV),
                       .px = OUT_COL(int64_t, HR_DELTA_PX),
                       .qty = OUT_COL(int64_t, HR_DELTA_QTY),
                       .side = OUT_COL(uint8_t, HR_DELTA_SIDE),
                       .flags = OUT_COL(uint32_t, HR_DELTA_FLAGS)};
}

static void put_run(const delta_out *o, uint32_t row, const hr_delta_run *h, const char *levels)
{
    uint32_t n = h->n;
    fill_i64(o->ts_event + row, h->ts_event, n);
    fill_i64(o->ts_recv + row, h->ts_recv, n);
    fill_i64(o->seq + row, h->seq, n);
    fill_i64(o->first + row, h->seq_first, n);
    fill_i64(o->prev + row, h->seq_prev, n);
    memset(o->side + row, h->side, n);
    for (uint32_t i = 0; i < n; i++) {
        o->flags[row + i] = h->flags;
        memcpy(&o->px[row + i], levels + 16 * (size_t)i, 8);
        memcpy(&o->qty[row + i], levels + 16 * (size_t)i + 8, 8);
    }
    if (h->is_last) o->flags[row + n - 1] |= HR_FLAG_LAST;
}

static bool unpack_runs(const hr_row_block *b, const hr_row_layout *l, char *out,
                        const size_t *col_offset, uint64_t at)
{
    delta_out o = delta_columns(out, col_offset, at);
    const char *levels = (const char *)b + l->offset[0];
    uint32_t back = l->block_bytes;
    uint32_t row = 0;
    while (row < b->n_rows) {
        hr_delta_run h;
        if (back < b->back + sizeof h) return false;
        back -= (uint32_t)sizeof h;
        memcpy(&h, (const char *)b + back, sizeof h);
        if (h.n == 0 || h.n > b->n_rows - row) return false;
        put_run(&o, row, &h, levels);
        levels += 16 * (size_t)h.n;
        row += h.n;
    }
    return true;
}

/* ---- book rows as changes ---- */

typedef struct change_head {
    int64_t ts_event, ts_recv, seq;
    uint32_t flags;
    uint32_t n_values;
    uint64_t mask[4];
} change_head;

void hr_pack_change(hr_row_block *b, const hr_row_layout *l, const hr_book_change *row)
{
    change_head h = {
        .ts_event = row->ts_event, .ts_recv = row->ts_recv, .seq = row->seq, .flags = row->flags};
    uint32_t depth = l->n_packed / 4;
    int64_t *out = (int64_t *)(void *)((char *)b + b->front + sizeof h);
    uint32_t n = 0;
    for (int k = 0; k < 4; k++) {
        uint64_t m = (b->n_rows > 0 ? row->mask[k] : UINT64_MAX) & (UINT64_MAX >> (64 - depth));
        h.mask[k] = m;
        for (; m != 0; m &= m - 1)
            out[n++] = row->column[k][__builtin_ctzll(m)];
    }
    h.n_values = n;
    memcpy((char *)b + b->front, &h, sizeof h);
    b->front += (uint32_t)sizeof h + 8 * n;
    HR_ASSERT(b->front <= b->back);
}

uint32_t hr_packed_row_bytes(hr_row_pack pack, uint32_t n_packed)
{
    return pack == HR_PACK_RUNS ? (uint32_t)sizeof(hr_delta_run) + 16u
                                : (uint32_t)sizeof(change_head) + 8u * n_packed;
}

static void put_row(const change_head *h, const int64_t *cur, const hr_row_layout *l, char *out,
                    const size_t *col_offset, uint64_t at)
{
    uint32_t depth = l->n_packed / 4;
    *(OUT_COL(int64_t, HR_COLI_TS_EVENT)) = h->ts_event;
    *(OUT_COL(int64_t, HR_COLI_TS_RECV)) = h->ts_recv;
    *(OUT_COL(int64_t, HR_COLI_SEQ)) = h->seq;
    *(OUT_COL(uint32_t, HR_BOOK_FLAGS)) = h->flags;
    for (uint32_t i = 0; i < depth; i++)
        for (uint32_t k = 0; k < 4; k++)
            *(OUT_COL(int64_t, HR_BOOK_LEVEL0 + 4 * i + k)) = cur[k * depth + i];
}

/* The next record at p; cur is the row before and becomes this one. Bytes taken, 0: damaged. */
static size_t next_change(const char *p, size_t room, uint32_t depth, change_head *h, int64_t *cur)
{
    if (room < sizeof *h) return 0;
    memcpy(h, p, sizeof *h);
    size_t at = sizeof *h;
    for (uint32_t k = 0; k < 4; k++) {
        uint64_t m = h->mask[k];
        if (m >> (depth - 1) > 1 || room - at < 8u * (size_t)__builtin_popcountll(m)) return 0;
        for (; m != 0; m &= m - 1, at += 8)
            memcpy(&cur[k * depth + (uint32_t)__builtin_ctzll(m)], p + at, 8);
    }
    return at;
}

static bool unpack_changes(const hr_row_block *b, const hr_row_layout *l, char *out,
                           const size_t *col_offset, uint64_t at)
{
    int64_t cur[4 * HR_BOOK_DEPTH_MAX] = {0};
    const char *p = (const char *)b + l->offset[0];
    const char *end = (const char *)b + b->front;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        change_head h;
        size_t took = next_change(p, (size_t)(end - p), l->n_packed / 4, &h, cur);
        if (took == 0) return false;
        p += took;
        put_row(&h, cur, l, out, col_offset, at + row);
    }
    return true;
}

/* ---- any block ---- */

static void copy_columns(const hr_row_block *b, const hr_row_layout *l, char *out,
                         const size_t *col_offset, uint64_t at)
{
    for (uint32_t c = 0; c < l->schema->n_fields; c++) {
        size_t w = l->width[c];
        memcpy(out + col_offset[c] + at * w, (const char *)b + l->offset[c], b->n_rows * w);
    }
}

bool hr_unpack(const hr_row_block *b, const hr_row_layout *l, char *out, const size_t *col_offset,
               uint64_t at)
{
    if (l->pack == HR_PACK_COLUMNS) {
        if (b->n_rows > l->cap_rows) return false;
        copy_columns(b, l, out, col_offset, at);
        return true;
    }
    if (b->front > b->back || b->back > l->block_bytes || b->front < l->offset[0]) return false;
    return l->pack == HR_PACK_RUNS ? unpack_runs(b, l, out, col_offset, at)
                                   : unpack_changes(b, l, out, col_offset, at);
}
