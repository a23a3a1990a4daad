/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_RUN_PARTS_H
#define HR_JOB_RUN_PARTS_H
/* The run's inside, shared by its files. Private to job.
 *
 * Work is cut into tasks that any lane may take: encode a cut chain, apply the next unit to a
 * shard, merge, decode a slot, fill a source. Every task kind has one owner at a time by a try-lock
 * (shards, merge, fillers) or works on what it claimed (slots, cuts), and the order of results is
 * fixed by sequence, never by who was first. */
#include <stdatomic.h>

#include "conc/thread.h"
#include "fmt/pq_write.h"
#include "job/run.h"
#include "job/run_order.h"
#include "job/run_tune.h"
#include "pipe/desk_calc.h"
#include "pipe/source.h"
#include "prof/recorder.h"

#define RUN_LANES_MAX 64u
#define RUN_UNITS 8u
#define RUN_PIECES 2048u
#define RUN_ALL_SHARDS UINT32_MAX
#define RUN_PARTS_MAX 16384u
#define RUN_OUT_BYTES (256u << 10)

/* What is written between two marks. Two are alive at most: one is being filled while the other is
 * made durable; a cut's own epoch says which it belongs to. */
typedef struct run_epoch {
    hr_part *parts; /* [RUN_PARTS_MAX]: any lane appends */
    _Atomic uint32_t n_parts;
    _Atomic uint32_t n_cuts_open; /* handed out and not yet a part */
} run_epoch;

/* A commit between its mark and its line in the manifest. The merge's holder fills it while is_set
 * is 0; then it is the publisher's. */
typedef struct run_pending {
    _Atomic uint32_t is_set;
    uint32_t epoch;
    char state[64];
    hr_commit commit;
    hr_counts counts; /* all that it covers */
    char *extra;
    size_t extra_cap;
} run_pending;

/* A stretch of one batch. */
typedef struct run_piece {
    hr_evbatch *batch;
    uint32_t begin, end;
    uint32_t shard; /* whose messages these are; RUN_ALL_SHARDS: look at each */
    uint32_t level; /* its first level */
    int32_t desk;   /* of all its messages, which are then data; -1: look at each */
} run_piece;

/* Some stretches in merged order, or a mark: all shards see all units, in order. */
typedef struct run_unit {
    run_piece piece[RUN_PIECES];
    hr_evbatch *held[RUN_PIECES]; /* its batches, each once */
    uint32_t n_pieces, n_held;    /* no pieces: a mark */
    _Atomic uint32_t pending;     /* shards that have not finished it */
} run_unit;

typedef struct run_shard {
    _Atomic uint32_t busy;
    uint32_t idx;
    uint64_t next_unit;
    uint32_t piece, at; /* piece of the unit and its message: where to go on after back-pressure */
    bool in_unit;
    uint32_t mark_desk; /* mark: next desk to cut */
    uint32_t spill_desk;
    char *io; /* io_blocks row blocks on their way to the spill file */
    hr_desk_env env;
    hr_calc_desk_work calc;
} run_shard;

typedef struct run_lane {
    struct hr_run *run;
    uint32_t idx;
    hr_thread thread;
    hr_pq_scratch *scratch;
    char *gather; /* group_bytes: one row group, contiguous columns */
    char *block;  /* io_blocks row blocks */
    char *out;    /* RUN_OUT_BYTES of a part on their way to the disk */
    void *writer_mem;
    size_t writer_bytes;
    hr_rec_lane *rec;
} run_lane;

struct hr_run {
    const hr_plan *plan;
    hr_tables tables;
    hr_desk_config cfg;
    hr_calc_setup *calc; /* expressions and signals; NULL: none */
    size_t memory_bytes; /* the plan's, less what a tap holds */
    hr_budget budget;
    hr_arena *arena;
    hr_rec *rec; /* stages of hr_stage, counters of hr_run_counter */
    hr_dataset ds;
    struct hr_check *check;   /* a run that only checks: no dataset; else NULL */
    const struct hr_tap *tap; /* a run that is listened to: no dataset, one shard; else NULL */
    hr_manifest_tail tail;
    char identity[4096];
    uint32_t n_lanes;
    run_lane lane[RUN_LANES_MAX];
    /* sources */
    hr_source *source;
    uint32_t n_sources;
    int64_t all_bytes;
    hr_pool *batches;
    hr_evbatch_caps caps;
    _Atomic uint32_t target_rows;
    run_tune tune; /* the first lane's */
    /* merge: its fields belong to who holds merge_busy */
    _Atomic uint32_t merge_busy;
    run_order order;
    uint64_t next_unit;
    int64_t commit_rows, rows_since_commit;
    hr_counts merge_counts;
    bool mark_pending;
    bool is_final_mark;
    bool is_ended;    /* nothing more to merge */
    uint32_t n_marks; /* frozen ones */
    run_unit unit[RUN_UNITS];
    _Atomic uint64_t published; /* units; release: merge, acquire: shards */
    _Atomic uint64_t rows_seen;
    _Atomic int64_t bytes_seen;
    /* instruments */
    hr_pool *desk_pool;
    hr_desk **desk; /* by id */
    _Atomic uint32_t n_desks;
    int32_t *desk_hash; /* open addressing, -1 empty */
    uint32_t hash_mask;
    /* shards */
    run_shard shard[RUN_LANES_MAX];
    uint32_t n_shards;
    hr_pool *blocks, *cuts;
    hr_l3 *orders; /* the only shard's; NULL: no input tells of single orders */
    uint32_t block_bytes, io_blocks;
    /* cuts on their way to encoders: guarded by cutq_busy */
    _Atomic uint32_t cutq_busy;
    hr_cut *cutq_first, *cutq_last;
    /* commits */
    run_epoch epoch[2];
    run_pending pending;
    _Atomic uint32_t publish_busy;
    bool is_complete; /* the last commit is in the manifest: the publisher's */
    size_t group_bytes;
    /* ending */
    _Atomic uint32_t stop_wanted; /* how often it was asked for */
    _Atomic uint32_t is_over;
    _Atomic uint32_t failed;
    _Atomic uint32_t err_busy;
    hr_err err;
    hr_counts base;      /* counted before this process, by a run that was cut off */
    hr_counts committed; /* all that the last commit covers: the publisher's */
    int64_t started_ns, ended_ns;
    bool was_complete, resumed, stopped;
    char *state_buf;
    size_t state_cap;
};

HR_INLINE bool run_try_lock(_Atomic uint32_t *lock)
{
    uint32_t expect = 0;
    return atomic_load_explicit(lock, memory_order_relaxed) == 0 &&
           atomic_compare_exchange_strong_explicit(lock, &expect, 1, memory_order_acquire,
                                                   memory_order_relaxed); /* pairs: run_unlock */
}
HR_INLINE void run_unlock(_Atomic uint32_t *lock)
{
    atomic_store_explicit(lock, 0, memory_order_release); /* pairs: run_try_lock */
}
/** Keeps the first error and stops the lanes. */
void run_fail(hr_run *r, const hr_err *err);
/** Locks for a task. A task that failed is not tried again by another lane: what it left half done
 * would pass for whole, and be committed. So run_leave notes the failure before it unlocks, and
 * run_enter looks for one after it locked. */
HR_INLINE bool run_enter(hr_run *r, _Atomic uint32_t *lock)
{
    if (!run_try_lock(lock)) return false;
    if (HR_LIKELY(atomic_load_explicit(&r->failed, memory_order_relaxed) == 0)) return true;
    run_unlock(lock);
    return false;
}
HR_INLINE void run_leave(hr_run *r, _Atomic uint32_t *lock, hr_status st, const hr_err *err)
{
    if (HR_UNLIKELY(st < 0)) run_fail(r, err);
    run_unlock(lock);
}
/** One user less; the last gives the batch back. */
void run_batch_release(hr_run *r, hr_evbatch *b);

/** Tells the tables what is wanted. Before anything is read. */
HR_MUST_USE hr_status run_want(hr_run *r, hr_err *err);
#define RUN_SYM_LEFT_OUT (-2) /* global_id of an instrument that is not wanted */
bool run_is_wanted(const hr_plan *plan, const char *symbol);
/** Turns messages that are not wanted into OTHER with HR_FLAG_LEFT_OUT. The merge, once a batch,
 * before its first message takes its place in the order. */
void run_leave_out(const hr_plan *p, const hr_source *s, hr_evbatch *b);

/* Tasks: HR_OK did work, HR_AGAIN nothing to do, else an error. The caller holds the lock named in
 * the struct. */
HR_MUST_USE hr_status run_merge(hr_run *r, hr_err *err);
HR_MUST_USE hr_status run_apply(hr_run *r, run_shard *s, hr_err *err);
HR_MUST_USE hr_status run_encode(hr_run *r, run_lane *l, hr_err *err);
/** At a mark that all shards have reached: the state of the run becomes a pending commit, and the
 * merge goes on. Under the merge's lock. */
HR_MUST_USE hr_status run_freeze(hr_run *r, hr_err *err);
/** Makes the pending commit durable, step by step, once its last cut is a part. */
HR_MUST_USE hr_status run_publish(hr_run *r, hr_err *err);
/** After the lanes have ended before the run did: takes back what no commit names. */
void run_drop_unpublished(hr_run *r);
/** Carves the budget: pools, lanes, sources. */
HR_MUST_USE hr_status run_carve(hr_run *r, hr_err *err);
HR_MUST_USE hr_status run_carve_recorder(hr_run *r, hr_err *err);

/* Checkpoints. */
/** Written, not synced. */
HR_MUST_USE hr_status run_state_save(hr_run *r, const char *name, int64_t *n_bytes, uint32_t *crc,
                                     hr_err *err);
HR_MUST_USE hr_status run_state_load(hr_run *r, hr_err *err);
/** The desk of (venue, symbol), made when new; NULL with *err when limits.instruments is reached.
 */
hr_desk *run_desk(hr_run *r, const char *venue, const char *symbol, int format, hr_err *err);
/** Where a resumed run would go on with each source: at its next message. Under the merge's lock.
 */
void run_note_positions(hr_run *r);
void run_sum_counts(const hr_run *r, hr_counts *out);
/** With what desks and sources count themselves. Nobody else may touch them meanwhile. */
void run_all_counts(const hr_run *r, hr_counts *out);

#endif
