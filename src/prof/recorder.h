/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PROF_RECORDER_H
#define HR_PROF_RECORDER_H
/* The one recorder that every shown number comes from: time by stage and counters, per lane.
 * Which stages and counters there are is the creator's: it gives their names and uses their
 * indices.
 *
 *     uint64_t t = hr_rec_begin(lane);           either spans around pieces of work ...
 *     decode(...);
 *     t = hr_rec_end(lane, STAGE_DECODE, t);     (the end of one is the begin of the next)
 *
 *     hr_rec_switch(lane, STAGE_DECODE);         ... or one running stage: a lane's time is then
 *     hr_rec_switch(lane, STAGE_IDLE);           wholly shared out, and a switch reads the clock
 * once
 *
 * Threads: a lane has one writer. Any thread may read at any time; every number is right by itself,
 * but two numbers read together may be some nanoseconds apart. No locks, no bus-locked adds.
 * Clock: the time stamp counter where the processor promises a constant rate, else the monotonic
 * one. Memory: fixed, from an arena; a histogram per lane only for the stages asked for. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"
#include "base/sys.h"
#include "mem/mem.h"
#include "prof/hist.h"

#define HR_REC_STAGES_MAX 16u
#define HR_REC_COUNTERS_MAX 32u
#define HR_REC_LANES_MAX 256u
#define HR_REC_NO_STAGE UINT32_MAX

typedef struct hr_rec hr_rec;

typedef struct hr_rec_options {
    uint32_t n_lanes;
    uint32_t n_stages;
    uint32_t n_counters;
    const char *const *stage_name; /* borrowed for ever, as are counter_name */
    const char *const *counter_name;
    uint32_t hist_mask; /* bit i: keep a histogram of stage i's spans */
    uint32_t hist_bits; /* its range in ticks of the clock, as for hr_hist_init */
    bool use_mono;      /* leave the time stamp counter alone (virtual clocks, tests) */
} hr_rec_options;
#define HR_REC_OPTIONS_DEFAULT                                                                     \
    {                                                                                              \
        .n_lanes = 1, .hist_bits = 38                                                              \
    } /* 38: 90 s at 3 GHz, 232 KiB each */

typedef struct hr_rec_stage {
    _Atomic uint64_t ticks, n_spans, max_ticks;
    hr_hist *hist; /* NULL: none */
} hr_rec_stage;

typedef struct hr_rec_lane {
    HR_ALIGNED(HR_CACHE_LINE) bool is_tsc;
    uint32_t running; /* hr_rec_switch: the stage under way, since when */
    uint64_t since;
    HR_ALIGNED(HR_CACHE_LINE) hr_rec_stage stage[HR_REC_STAGES_MAX];
    _Atomic uint64_t counter[HR_REC_COUNTERS_MAX];
} hr_rec_lane;

/** What one lane, or all together, did so far. Sums over lanes, but max_ns is the largest of all.
 */
typedef struct hr_rec_totals {
    int64_t elapsed_ns; /* since create */
    uint64_t ns[HR_REC_STAGES_MAX];
    uint64_t n_spans[HR_REC_STAGES_MAX];
    uint64_t max_ns[HR_REC_STAGES_MAX];
    uint64_t counter[HR_REC_COUNTERS_MAX];
} hr_rec_totals;

/** Bytes that create takes from its arena, at most. */
size_t hr_rec_bytes(const hr_rec_options *opt);
/** Measures the counter's rate for a fifth of a millisecond. HR_EBUDGET: the arena has no room;
 *  HR_EINTERNAL: more lanes, stages or counters than there may be. The memory goes with the arena.
 */
HR_MUST_USE hr_status hr_rec_create(hr_rec **out, hr_arena *arena, const hr_rec_options *opt,
                                    hr_err *err);
/** For its one writer. */
hr_rec_lane *hr_rec_lane_at(hr_rec *r, uint32_t lane);
const hr_rec_options *hr_rec_shape(const hr_rec *r);
const char *hr_rec_clock(const hr_rec *r); /* "tsc" or "mono" */

/* Any thread. A stage that hr_rec_switch has under way is counted up to its last switch. */
void hr_rec_read_lane(const hr_rec *r, uint32_t lane, hr_rec_totals *out);
void hr_rec_read(const hr_rec *r, hr_rec_totals *out);
/** Over the spans of all lanes, in ns; 0 when there are none or no histogram is kept. */
uint64_t hr_rec_percentile_ns(const hr_rec *r, uint32_t stage, double percent);
uint64_t hr_rec_ticks_to_ns(const hr_rec *r, uint64_t ticks);

/* ---- the lane's writer only ---- */
HR_INLINE uint64_t hr_rec_begin(const hr_rec_lane *l)
{
    return HR_LIKELY(l->is_tsc) ? __builtin_ia32_rdtsc() : (uint64_t)hr_sys_mono_ns();
}

HR_INLINE void hr_rec_charge(hr_rec_lane *l, uint32_t stage, uint64_t from, uint64_t to)
{
    hr_rec_stage *s = &l->stage[stage];
    uint64_t ticks =
        to > from ? to - from : 0; /* a thread that moved may see the clock step back */
    hr_hist_bump(&s->ticks, ticks);
    hr_hist_bump(&s->n_spans, 1);
    if (ticks > atomic_load_explicit(&s->max_ticks, memory_order_relaxed))
        atomic_store_explicit(&s->max_ticks, ticks, memory_order_relaxed);
    if (s->hist != NULL) hr_hist_record(s->hist, ticks);
}

/** Ends a span that began at `from`; returns the end, which may begin the next. */
HR_INLINE uint64_t hr_rec_end(hr_rec_lane *l, uint32_t stage, uint64_t from)
{
    uint64_t now = hr_rec_begin(l);
    hr_rec_charge(l, stage, from, now);
    return now;
}

/** Charges the running stage and starts this one; HR_REC_NO_STAGE stops the clock. */
HR_INLINE void hr_rec_switch(hr_rec_lane *l, uint32_t stage)
{
    uint64_t now = hr_rec_begin(l);
    if (l->running != HR_REC_NO_STAGE) hr_rec_charge(l, l->running, l->since, now);
    l->running = stage;
    l->since = now;
}

HR_INLINE void hr_rec_add(hr_rec_lane *l, uint32_t counter, uint64_t n)
{
    hr_hist_bump(&l->counter[counter], n);
}

#endif
