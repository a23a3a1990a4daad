/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PROF_HIST_H
#define HR_PROF_HIST_H
/* Histogram of fixed size and three significant digits, after HdrHistogram (G. Tene): every power
 * of two is cut into 1024 slots, so a slot is never wider than 1/1024 of its values; values below
 * 2048 are exact. Threads: one writer records; any thread may read meanwhile and sees each count a
 * little late or early, which a live display can bear. Memory: (max_bits - 9) x 8 KiB from an
 * arena. */
#include <stdatomic.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"
#include "mem/mem.h"

#define HR_HIST_BITS_MIN 11u
#define HR_HIST_BITS_MAX 63u
#define HR_HIST_SLOTS_AN_OCTAVE 1024u

typedef struct hr_hist {
    _Atomic uint64_t *count; /* by slot */
    uint32_t n_slots;
    uint64_t limit; /* larger values are counted as this one, and in n_over */
    _Atomic uint64_t n, n_over, sum, max;
} hr_hist;

/** Bytes that hr_hist_init takes from its arena, alignment included. */
size_t hr_hist_bytes(uint32_t max_bits);
/** Values up to 2^max_bits - 1 are kept apart; max_bits is 11 to 63. HR_EBUDGET: no room. */
HR_MUST_USE hr_status hr_hist_init(hr_hist *h, hr_arena *arena, uint32_t max_bits, hr_err *err);
/** No writer may be at work. */
void hr_hist_reset(hr_hist *h);
/** Adds src's counts. dst: the caller is its writer; it has at least src's range. */
void hr_hist_merge(hr_hist *dst, const hr_hist *src);
uint64_t hr_hist_count(const hr_hist *h);
/** The largest value recorded, exact; 0 when there is none. */
uint64_t hr_hist_max(const hr_hist *h);
/** 0 when there is none; right as long as all values add up to less than 2^64. */
double hr_hist_mean(const hr_hist *h);
/** The value that percent of all recorded ones do not exceed, at most 1/1024 too high and never
 * above the largest; 0 when there is none. percent is cut to 0 to 100. O(slots). */
uint64_t hr_hist_percentile(const hr_hist *h, double percent);
/** The same over n histograms of equal range taken together. */
uint64_t hr_hist_percentile_of(const hr_hist *const *h, uint32_t n, double percent);

/** Slot of a value; slots follow the order of values. */
HR_INLINE uint32_t hr_hist_slot(uint64_t v)
{
    /* shift: how far v is above the exact range; or-ing 1024 keeps the small ones at 0 */
    uint32_t shift = 53u - (uint32_t)__builtin_clzll(v | HR_HIST_SLOTS_AN_OCTAVE);
    return shift * HR_HIST_SLOTS_AN_OCTAVE + (uint32_t)(v >> shift);
}

/** Plain add on a counter that only the caller writes: no bus lock. */
HR_INLINE void hr_hist_bump(_Atomic uint64_t *p, uint64_t by)
{
    uint64_t v = atomic_load_explicit(p, memory_order_relaxed);
    atomic_store_explicit(p, v + by, memory_order_relaxed);
}

/** Writer only. About 3 ns when its slot is in cache. */
HR_INLINE void hr_hist_record(hr_hist *h, uint64_t v)
{
    if (v > atomic_load_explicit(&h->max, memory_order_relaxed))
        atomic_store_explicit(&h->max, v, memory_order_relaxed);
    hr_hist_bump(&h->n_over, v > h->limit);
    hr_hist_bump(&h->count[hr_hist_slot(HR_MIN(v, h->limit))], 1);
    hr_hist_bump(&h->sum, v);
    hr_hist_bump(&h->n, 1);
}

#endif
