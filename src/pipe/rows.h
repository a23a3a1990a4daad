/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_ROWS_H
#define HR_PIPE_ROWS_H
/* The row store: output rows wait here, columnar, until a row group is cut.
 * A chain is the rows of one (instrument, table) since the last cut: a list of fixed blocks from
 * one pool. When the pool runs dry the owning shard's full blocks are written to a spill file and
 * the chain keeps their place; bytes of the output do not depend on what was spilled. Threads: a
 * shard's chains, stash and spill belong to the thread that holds the shard. A chain that was cut
 * is owned by its encode job. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/schema.h"
#include "mem/mem.h"

typedef struct hr_row_block {
    struct hr_row_block *next;
    uint32_t n_rows;
    uint32_t front;         /* packed blocks: where the records end ... */
    uint32_t back;          /* ... and the heads begin, bytes from the block's start */
    uint32_t before_blocks; /* spilled, first of its group: the group before it, 0 none ... */
    int64_t before_offset;  /* ... and where it lies */
    /* columns follow, each 64-byte aligned: hr_row_layout.offset; or records: rows_pack.h */
} hr_row_block;

typedef enum hr_row_pack {
    HR_PACK_COLUMNS = 0,
    HR_PACK_RUNS = 1,    /* level updates: runs of one message and side */
    HR_PACK_CHANGES = 2, /* book rows: what changed since the row before */
} hr_row_pack;
/** How the rows of a kind wait. */
hr_row_pack hr_row_pack_of(hr_kind kind);

/** Where each column starts in a block of one table. */
typedef struct hr_row_layout {
    const hr_schema *schema;
    hr_row_pack pack;
    uint32_t n_packed; /* HR_PACK_CHANGES: value columns, 4 a level */
    uint32_t block_bytes;
    uint32_t cap_rows;  /* rows that surely fit */
    uint32_t row_bytes; /* packed: a block with less room left is full */
    uint32_t *offset;   /* [n_fields] from the block's start; packed: [0] is the first record's */
    uint8_t *width;     /* [n_fields] */
} hr_row_layout;
HR_MUST_USE hr_status hr_row_layout_init(hr_row_layout *l, const hr_schema *schema,
                                         hr_row_pack pack, uint32_t block_bytes, hr_arena *arena,
                                         hr_err *err);

/** Rows since the last cut: spilled ones first, then the blocks in memory. In the spill file each
 * group of blocks names the group before it, so that no index grows with it. */
typedef struct hr_row_chain {
    int64_t spill_offset;  /* of the last spilled group */
    uint32_t spill_blocks; /* of that group; 0: nothing is spilled */
    uint32_t n_spilled;    /* rows, those before `first` */
    hr_row_block *first, *last;
    uint64_t n_rows;
} hr_row_chain;

typedef struct hr_row_spill {
    int fd; /* -1 until first needed */
    int64_t end;
} hr_row_spill;

/** One shard's side of the store. */
typedef struct hr_rows {
    hr_pool *blocks;
    hr_row_block *stash; /* blocks taken in advance so that a message never stops half way */
    uint32_t n_stash;
    hr_row_spill *spill;     /* of the epoch being filled */
    hr_row_spill spilled[2]; /* by epoch: while one is filled the other may still be read */
    uint64_t n_spilled_blocks;
    const char *spill_dir;
    char *io; /* io_blocks blocks: the spill file is written and read that many at a time */
    uint32_t io_blocks;
} hr_rows;
/** Blocks of block_bytes to move at a time, for io and for the scratch of hr_chain_gather. */
HR_INLINE uint32_t hr_rows_io_blocks(uint32_t block_bytes)
{
    return HR_MAX((128u << 10) / block_bytes, 1u);
}
/** io: hr_rows_io_blocks blocks, 64-byte aligned, lent until fini. */
void hr_rows_init(hr_rows *r, hr_pool *blocks, const char *spill_dir, char *io, uint32_t io_blocks);
void hr_rows_fini(hr_rows *r);
/** What is spilled from now on belongs to this epoch; its file has been reset, and no chain lives
 * through the turn. */
void hr_rows_turn(hr_rows *r, uint32_t epoch);
/** Empties the epoch's file. Not while its owner fills it. */
void hr_rows_reset_spill(hr_rows *r, uint32_t epoch);
/** Fills the stash to n blocks; HR_AGAIN when the pool is empty: spill, or wait for encoders. */
HR_MUST_USE hr_status hr_rows_reserve(hr_rows *r, uint32_t n);
/** Writes the chain's blocks (all but the one being filled, unless whole) to the spill file and
 * frees them. */
HR_MUST_USE hr_status hr_rows_spill(hr_rows *r, const hr_row_layout *l, hr_row_chain *c, bool whole,
                                    hr_err *err);

HR_INLINE bool hr_block_has_room(const hr_row_block *b, const hr_row_layout *l)
{
    return l->pack == HR_PACK_COLUMNS ? b->n_rows < l->cap_rows
                                      : b->back - b->front >= l->row_bytes;
}
/** The block to append to, with room for at least one row; takes from the stash, which must not be
 * empty. */
HR_INLINE hr_row_block *hr_chain_tail(hr_rows *r, hr_row_chain *c, const hr_row_layout *l)
{
    hr_row_block *b = c->last;
    if (HR_LIKELY(b != NULL && hr_block_has_room(b, l))) return b;
    b = r->stash;
    r->stash = b->next;
    r->n_stash--;
    b->next = NULL;
    b->n_rows = 0;
    b->front = l->offset[0];
    b->back = l->block_bytes;
    if (c->last != NULL)
        c->last->next = b;
    else
        c->first = b;
    c->last = b;
    return b;
}
HR_INLINE void *hr_block_col(hr_row_block *b, const hr_row_layout *l, uint32_t col)
{
    return (char *)b + l->offset[col];
}

/** Gathers a cut chain into contiguous columns: column c starts at out + col_offset[c], c->n_rows
 * values. Reads spilled blocks through `scratch` (n_scratch blocks). Does not free. */
HR_MUST_USE hr_status hr_chain_gather(const hr_row_chain *c, const hr_row_layout *l, int spill_fd,
                                      char *out, const size_t *col_offset, void *scratch,
                                      uint32_t n_scratch, hr_err *err);
/** Gives all blocks back. */
void hr_chain_free(hr_row_chain *c, hr_pool *blocks);

#endif
