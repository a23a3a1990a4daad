/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_L2_H
#define HR_BOOK_L2_H
/* Price-level book of one instrument: a dense window of ticks around the touch with a bitmap for
 * best-price search, and a sorted store for far levels. O(1) near the touch.
 * The tick is learned as the greatest common divisor of the prices seen; a finer price rebuilds.
 * Threads: single owner. Memory: a fixed header and window given at init; far levels live in chunks
 * of one pool shared by many books (HR_EBUDGET when it is empty: the run stops with a limit error,
 * a book is never silently cut). Time: no call allocates from the system, divides, or looks at
 * more than one line a level while levels are inside the window. See docs/modules/book.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/evbatch.h"
#include "mem/mem.h"

typedef struct hr_l2 hr_l2;
#define HR_L2_CHUNK_BYTES 2048 /* block size of the far-level pool */
#define HR_L2_WIDE_TICKS 65536

/** Bytes of one book with a window of this many ticks a side (a power of two, 64 to 65536). */
size_t hr_l2_bytes(uint32_t window_ticks);
/** Lays a book out in mem (64-byte aligned). far: pool of HR_L2_CHUNK_BYTES blocks. wide: pool of
 * hr_l2_wide_bytes blocks or NULL; a book that has set some thousand levels outside its window
 * takes one and has a window of HR_L2_WIDE_TICKS from then on, until fini. Only speed depends on
 * whether one was left. */
hr_l2 *hr_l2_init(void *mem, uint32_t window_ticks, hr_pool *far, hr_pool *wide);
size_t hr_l2_wide_bytes(void);
/** Far levels a side for which the book itself always has room, whatever their order (the shared
 * pool must have it too). Levels that arrive in order fit nearly twice. */
uint32_t hr_l2_far_min(uint32_t window_ticks);
/** Empty; gives all chunks back; the tick is learned anew (a wrong price must not cost for ever).
 */
void hr_l2_reset(hr_l2 *b);
void hr_l2_fini(hr_l2 *b);

/** Sets n levels in order (qty 0 removes; removing an absent level is normal; the later of two
 * equal prices wins). px 1 to INT64_MAX, qty >= 0, side HR_SIDE_BID or HR_SIDE_ASK: the callers
 * checked. HR_EBUDGET when the far pool is empty or more than hr_l2_far_min far levels stand on one
 * side in a bad order: no level is lost silently, the book is unusable until it is reset. */
HR_MUST_USE hr_status hr_l2_apply(hr_l2 *b, const uint8_t *side, const int64_t *px,
                                  const int64_t *qty, uint32_t n);

/** The same, and says whether a level at or better than watch_px[side] was named (HR_NULL_I64: any
 * level counts): when not, a top of that depth has not changed. */
HR_MUST_USE hr_status hr_l2_apply_watch(hr_l2 *b, const uint8_t *side, const int64_t *px,
                                        const int64_t *qty, uint32_t n, const int64_t watch_px[2],
                                        bool *hit);

/** For loops over many books: asks for the book's head some messages before it is applied, and for
 * the lines of a message's levels when the head has come. Hints only. */
void hr_l2_prefetch(const hr_l2 *b);
void hr_l2_prefetch_levels(const hr_l2 *b, const uint8_t *side, const int64_t *px, uint32_t n);

/** Best price and quantity; false (and 0, 0) when the side is empty. */
bool hr_l2_best(const hr_l2 *b, hr_side side, int64_t *px, int64_t *qty);
/** The n best levels, best first; returns how many there are, the rest is filled with HR_NULL_I64.
 */
uint32_t hr_l2_top(const hr_l2 *b, hr_side side, uint32_t n, int64_t *px, int64_t *qty);
/** The best level of each side, HR_NULL_I64 where there is none, and where it stands. */
typedef struct hr_l2_front {
    int64_t px[2], qty[2]; /* by side */
    uint32_t at[2];        /* for hr_l2_sums */
} hr_l2_front;
void hr_l2_front_get(const hr_l2 *b, hr_l2_front *out);
/** Quantities of the best 5 and the best 10 levels, as many as there are, added up; front: as the
 * book is now. False when a quantity is 2^58 or more: the sums may not fit. */
bool hr_l2_sums(const hr_l2 *b, const hr_l2_front *front, int64_t best5[2], int64_t best10[2]);
uint32_t hr_l2_level_count(const hr_l2 *b, hr_side side);
/** All levels, best first, from the i-th on, up to cap; returns how many were written
 * (checkpoints). */
uint32_t hr_l2_export(const hr_l2 *b, hr_side side, uint32_t from, uint32_t cap, int64_t *px,
                      int64_t *qty);
bool hr_l2_is_crossed(const hr_l2 *b);
/** Full invariant check for tests: ordered, counted, bitmap equals quantities, no level in two
 * places. */
bool hr_l2_is_sound(const hr_l2 *b);

#endif
