/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_DESK_H
#define HR_PIPE_DESK_H
/* The desk: everything one instrument needs to turn messages into rows: sequence state, book,
 * features, ticker check, buffer of messages kept for a snapshot, and the open row chains of its
 * tables. A desk belongs to one shard; only the thread that holds the shard touches it. Pure of
 * I/O: rows go to chains, full chains to the shard's outbox. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "book/l2.h"
#include "book/l3.h"
#include "calc/feat.h"
#include "calc/tradegate.h"
#include "col/evbatch.h"
#include "mem/mem.h"
#include "pipe/plan.h"
#include "pipe/rows.h"
#include "pipe/tables.h"
#include "venue/seq.h"

/** What every run counts; sums over shards, kept in checkpoints. */
typedef struct hr_counts {
    uint64_t lines, messages, levels, trades, tickers, snapshots, snapshot_levels;
    uint64_t other, gaps, duplicates, stale, resets, crossed, filtered_rows, buffer_drops;
    uint64_t set_aside_rows,
        no_symbol; /* rows of instruments not wanted or not named; such messages */
    uint64_t rejected[HR_REJECT_COUNT];
    uint64_t written[HR_KIND_COUNT];
    uint64_t ticker_checks, ticker_checks_equal, ticker_evicted;
    uint64_t checksums, checksums_equal;
    uint64_t orders, order_faults; /* messages about single orders; of them those that no live
                                      order fits */
    uint64_t synced, never_synced; /* instruments with depth, at the end */
} hr_counts;
void hr_counts_add(hr_counts *sum, const hr_counts *part);

/** A cut chain on its way to a part file. */
typedef struct hr_cut {
    struct hr_cut *next;
    struct hr_desk *desk;
    hr_row_chain chain;
    int spill_fd;
    int32_t date;  /* days since the epoch, by ts_recv */
    uint32_t part; /* number within (table, instrument, date) */
    uint32_t epoch;
    uint8_t kind; /* hr_kind */
} hr_cut;

#define HR_DESK_OPEN_MAX 64
#define HR_DESK_NO_PARTS UINT32_MAX /* no book is being given, or its first part was lost */
/** Shared, read-only settings of all desks. */
typedef struct hr_desk_config {
    const hr_plan *plan;
    const hr_tables *tables;
    hr_row_layout layout[HR_KIND_COUNT];
    uint32_t group_rows[HR_KIND_COUNT]; /* rows a part */
    hr_pool *far_pool;                  /* book levels, HR_L2_CHUNK_BYTES */
    hr_pool *wide_pool;                 /* wide book windows, hr_l2_wide_bytes(); NULL: none */
    hr_pool *buffer_pool;               /* message buffers of buffer_bytes */
    hr_pool *check_pool;                /* hr_tickcheck */
    uint32_t buffer_bytes;
    uint32_t max_levels; /* of one message */
    const struct hr_calc_setup *calc; /* pipe/desk_calc.h; NULL: no expressions */
    uint32_t calc_blocks, calc_cuts;  /* that they may need at a message */
    bool writes_none;    /* no row and no checkpoint: features are of no use */
} hr_desk_config;

/** One shard's moving parts that its desks share. */
typedef struct hr_desk_env {
    const hr_desk_config *cfg;
    hr_rows rows;
    hr_pool *cuts;
    hr_cut *outbox_first, *outbox_last; /* cut, not yet taken by an encoder */
    hr_l3 *orders; /* order by order books of its desks; NULL: no input has orders */
    struct hr_calc_desk_work *calc; /* NULL: no expressions */
    hr_cut *cut_stash;
    uint32_t n_cut_stash;
    uint32_t epoch;
    hr_counts counts;
} hr_desk_env;

/** What was traded with the last message about an order. */
typedef struct hr_desk_fill {
    int64_t px, qty, id; /* id: -1 none */
    uint8_t side;        /* hr_side of the taker */
    bool is_set;
} hr_desk_fill;

/* A table's open chain: one cache line. */
typedef struct hr_desk_open {
    hr_row_chain chain;
    int32_t date; /* of the rows in it */
    uint32_t next_part;
} hr_desk_open;

typedef struct hr_desk {
    char venue[HR_VENUE_MAX + 1];
    char symbol[HR_SYMBOL_MAX + 1];
    int32_t id;
    int32_t source_idx; /* source of its newest message */
    hr_seq seq;
    bool has_depth;
    bool is_watched_valid;
    uint32_t gap_flags; /* HR_FLAG_GAP / HR_FLAG_UNSYNCED as of now */
    uint32_t depth_cut; /* levels a side that the venue keeps, 0: all */
    int64_t seq_last_good;
    uint64_t n_checksums, n_checksums_equal; /* the venue's, of books */
    int64_t watch_px[2];
    hr_desk_fill fill;
    hr_l2 *book;
    hr_featset *features;
    struct hr_desk_calc *calc; /* NULL: no expressions */
    hr_tickcheck *check; /* NULL until the first ticker */
    char *buffer;        /* messages kept for a snapshot; NULL when none */
    uint32_t buffer_head, buffer_len, buffer_msgs;
    uint8_t order_rule; /* hr_seq_rule of numbered messages about orders; NONE: they are not */
    uint32_t n_parts;   /* orders of the book that is being given whole; or NO_PARTS */
    int64_t parts_ns;   /* when that arrived: its parts share it */
    int64_t grid_next_ns;
    int64_t last_recv_ns;                 /* running maximum: decides dates */
    int64_t top_px[2][HR_BOOK_DEPTH_MAX]; /* last book row, HR_NULL_I64 filled */
    int64_t top_qty[2][HR_BOOK_DEPTH_MAX];
    uint64_t top_changed[4]; /* since the last stored row: bid px, bid qty, ask px, ask qty */
    uint32_t n_open;         /* HR_KIND_PLAIN, or HR_KIND_COUNT with expressions */
    _Alignas(64) hr_desk_open open[]; /* by kind */
} hr_desk;

size_t hr_desk_bytes(const hr_plan *plan);
hr_desk *hr_desk_init(void *mem, const hr_desk_config *cfg, int32_t id, const char *venue,
                      const char *symbol, int format);
void hr_desk_fini(hr_desk *d, hr_desk_env *env);

/** Levels whose rows a message may become: its own, all of the book where it clears it, or those of
 * the messages that wait for the book that it ends. */
HR_INLINE uint32_t hr_desk_levels_needed(const hr_desk *d, const hr_evbatch *b, uint32_t msg)
{
    uint32_t n = (uint32_t)(b->level_begin[msg + 1] - b->level_begin[msg]);
    if (HR_LIKELY(b->kind[msg] != HR_MSG_ORDER)) return n;
    hr_order_action action = hr_order_action_of(b->flags[msg]);
    if (action == HR_ORDER_NOTE) return n + 2 * d->buffer_msgs;
    if (action != HR_ORDER_CLEAR) return n;
    return n + hr_l2_level_count(d->book, HR_SIDE_BID) + hr_l2_level_count(d->book, HR_SIDE_ASK);
}
/** Blocks and cuts a message of n_levels may need; the caller reserves before hr_desk_message. */
uint32_t hr_desk_blocks_needed(const hr_desk_config *cfg, uint32_t n_levels);
uint32_t hr_desk_cuts_needed(const hr_desk_config *cfg, uint32_t n_levels);
HR_MUST_USE hr_status hr_desk_env_reserve_cuts(hr_desk_env *env, uint32_t n);

/** One message of batch b. Rows go to chains; full chains to env's outbox. HR_EBUDGET: book memory
 * is used up. */
HR_MUST_USE hr_status hr_desk_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b,
                                      uint32_t msg, hr_err *err);
/** The trade that message msg is, or that it made with a resting order, after it was applied. */
bool hr_desk_trade(hr_trade *out, const hr_desk *d, const hr_evbatch *b, uint32_t msg);
/** Cuts every open chain (commit, end of run). Needs HR_KIND_COUNT + calc_cuts cuts
 * and calc_blocks blocks in stash. */
void hr_desk_cut_all(hr_desk *d, hr_desk_env *env);
/** Spills what can be spilled of this desk. */
HR_MUST_USE hr_status hr_desk_spill(hr_desk *d, hr_desk_env *env, bool whole, hr_err *err);

#endif
