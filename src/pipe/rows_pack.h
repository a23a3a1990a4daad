/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_ROWS_PACK_H
#define HR_PIPE_ROWS_PACK_H
/* How rows wait in a block. Level updates of one message share six of their nine columns, and a
 * book row differs from the one before it in a few of its forty: kept packed they take a third of
 * the memory, and of the cache misses, of plain columns. Encoders unpack them.
 *
 * Every block stands alone: its first book row is whole. Records grow from the front; the heads of
 * runs grow from the back. */
#include "pipe/rows.h"

/** What the level updates of one message and side share. 48 bytes. */
typedef struct hr_delta_run {
    int64_t ts_event, ts_recv, seq, seq_first, seq_prev; /* HR_NULL_I64: none */
    uint32_t flags;
    uint16_t n;
    uint8_t side;
    uint8_t is_last; /* its last level ends the message: HR_FLAG_LAST */
} hr_delta_run;

/** The most bytes that a row takes. n_packed: hr_row_layout. */
uint32_t hr_packed_row_bytes(hr_row_pack pack, uint32_t n_packed);

/** Appends up to n levels as one run, as many as the block has room for: returns how many. The
 * block has room for one (hr_chain_tail). run->n and is_last (of n) are set here. */
uint32_t hr_pack_run(hr_row_block *b, const hr_delta_run *run, const int64_t *px,
                     const int64_t *qty, uint32_t n);

/** The book's columns by kind: bid px, bid qty, ask px, ask qty. */
typedef struct hr_book_change {
    int64_t ts_event, ts_recv, seq;
    uint32_t flags;
    const uint64_t *mask;     /* [4]: bit i: level i changed since the row before */
    const int64_t *column[4]; /* [depth] each: the whole new row */
} hr_book_change;
/** Appends a book row; the block has room for a whole one (hr_chain_tail). */
void hr_pack_change(hr_row_block *b, const hr_row_layout *l, const hr_book_change *row);

/** Writes the block's rows to contiguous columns: column c from out + col_offset[c], row `at` on.
 * false: the block is not as it was written. */
bool hr_unpack(const hr_row_block *b, const hr_row_layout *l, char *out, const size_t *col_offset,
               uint64_t at);

#endif
