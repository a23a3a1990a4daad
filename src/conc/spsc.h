/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONC_SPSC_H
#define HR_CONC_SPSC_H
/* Bounded ring of pointers between one producer and one consumer thread.
 * Each side keeps the other's position in its own cache line and reads the shared one only when its
 * copy says full (or empty), so a hand-over costs one cache line transfer, not two.
 * Memory: from an arena, fixed. A full ring is back-pressure: the push says so and nothing grows.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"
#include "mem/mem.h"

/* Positions count items since the start and are never wrapped: at 1e9 items/s for 500 years. */
typedef struct hr_spsc {
    HR_ALIGNED(HR_CACHE_LINE) _Atomic uint64_t tail; /* producer writes */
    uint64_t head_seen;
    _Atomic uint64_t n_full;                         /* pushes refused; producer writes */
    HR_ALIGNED(HR_CACHE_LINE) _Atomic uint64_t head; /* consumer writes */
    uint64_t tail_seen;
    HR_ALIGNED(HR_CACHE_LINE) void **slot; /* fixed at init, as is mask */
    uint64_t mask;
} hr_spsc;

/** cap: at least 1, rounded up to a power of two. q lies where the caller likes, 64-byte aligned.
 *  HR_EBUDGET when the arena has no room. There is no fini: the memory goes with the arena. */
HR_MUST_USE hr_status hr_spsc_init(hr_spsc *q, hr_arena *arena, uint32_t cap, hr_err *err);
/** Producer only. False when full; the item stays the caller's. */
HR_MUST_USE bool hr_spsc_push(hr_spsc *q, void *item);
/** Consumer only. NULL when empty. */
void *hr_spsc_pop(hr_spsc *q);
/** Consumer only: up to cap items at once, for one shared read and one shared write. */
uint32_t hr_spsc_pop_many(hr_spsc *q, void **out, uint32_t cap);
/** Any thread: an estimate, exact when both sides rest. */
uint32_t hr_spsc_count(const hr_spsc *q);
uint32_t hr_spsc_cap(const hr_spsc *q);
/** Any thread: pushes refused so far. */
uint64_t hr_spsc_full_count(const hr_spsc *q);

#endif
