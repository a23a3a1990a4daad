/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_FEAT_H
#define HR_CALC_FEAT_H
/* The fixed feature set of a book row: ten values, O(1) an event, fixed memory, no drift.
 * Window sums are 128-bit integers over a ring of HR_FEAT_SLOTS time slots by the event clock
 * handed in, so batch and live give the same bits, and only IEEE additions, products, divisions and
 * square roots make the values, so machines do too. Values not yet valid are NaN (null), never 0.
 *
 * The clock. The newest time seen rules; a late event counts in the newest slot. Two cases are not
 * taken at one event's word:
 * - ahead: an event more than a window after all before it (a quiet market, or one bad time) shows
 *   a window of its own; the old window is kept. If the next event is at most a window older than
 *   it or newer, its time was true; else it is refuted and counts in the old window.
 * - back: HR_FEAT_BACK_RUN events in a row that are late by more than HR_FEAT_BACK_NS and a window
 *   mean that the newest time was wrong or the clock was set back: the window starts anew at the
 *   last of them, as after a break.
 * Both are counted (hr_featset_clock_get), so no bad time flushes a window unseen. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_FEAT_COUNT 10
#define HR_FEAT_SLOTS 64
#define HR_FEAT_DEPTH 10 /* levels a side that count */
#define HR_FEAT_BACK_NS INT64_C(60000000000)
#define HR_FEAT_BACK_RUN 8
typedef enum hr_feat {
    HR_FEAT_MID = 0,    /* (bid + ask) / 2, quote units */
    HR_FEAT_SPREAD = 1, /* ask - bid */
    HR_FEAT_WMID = 2,   /* (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty) */
    HR_FEAT_IMB1 = 3,   /* (B - A) / (B + A) over the best level */
    HR_FEAT_IMB5 = 4,
    HR_FEAT_IMB10 = 5,
    HR_FEAT_OFI = 6,    /* order-flow imbalance of the best level over the window, Cont, Kukanov,
                           Stoikov 2014 */
    HR_FEAT_VOLUME = 7, /* traded base quantity over the window */
    HR_FEAT_VWAP = 8,   /* traded notional / volume over the window; null without trades */
    HR_FEAT_RVOL = 9,   /* square root of the sum of squared log mid returns over the window */
} hr_feat;
extern const char *const hr_feat_names[HR_FEAT_COUNT]; /* "mid", "spread", "wmid", "imb1", ... */

typedef struct hr_featset hr_featset;
/** Bytes of one instrument's state. */
size_t hr_featset_bytes(void);
/** window_ns: 1 ms to 1 h; the window is window_ns wide with a resolution of window_ns /
 * (HR_FEAT_SLOTS - 1): the slot of the newest event and the HR_FEAT_SLOTS - 1 before it. */
hr_featset *hr_featset_init(void *mem, int64_t window_ns, unsigned px_scale, unsigned qty_scale);
void hr_featset_trade(hr_featset *f, int64_t ts_ns, int64_t px, int64_t qty);
/** The book lost certainty: the next row starts OFI and returns anew (their window sums stay). */
void hr_featset_break(hr_featset *f);
/** One book row. bid/ask arrays: depth entries best first, HR_NULL_I64 where there is no level
 * (depth >= 1; imbalance over k uses min(k, depth) levels). out: HR_FEAT_COUNT doubles. */
void hr_featset_row(hr_featset *f, double *out, int64_t ts_ns, const int64_t *bid_px,
                    const int64_t *bid_qty, const int64_t *ask_px, const int64_t *ask_qty,
                    uint32_t depth);
/** The same from what the values need of the book: the best levels (HR_NULL_I64: none) and the
 * quantities of the best 5 and 10, each side below 2^62; by side, bids first. */
typedef struct hr_feat_top {
    int64_t px[2], qty[2], best5[2], best10[2];
} hr_feat_top;
void hr_featset_row_of(hr_featset *f, double *out, int64_t ts_ns, const hr_feat_top *top);
/** What was odd about event times so far. */
typedef struct hr_featset_clock {
    uint64_t n_late;        /* events older than the newest slot */
    uint64_t n_refuted;     /* events far ahead whose time the next one refuted */
    uint64_t n_turned_back; /* windows begun anew because the clock had gone back */
} hr_featset_clock;
void hr_featset_clock_get(const hr_featset *f, hr_featset_clock *out);

/** Checkpoint: flat little-endian image, hr_featset_image_bytes() long. Load takes only an image
 * of the same version, window and scales whose every field can be and whose sums agree; else
 * HR_ECORRUPT, and the set is as new. */
size_t hr_featset_image_bytes(void);
void hr_featset_save(const hr_featset *f, void *out);
HR_MUST_USE hr_status hr_featset_load(hr_featset *f, const void *image, size_t n_bytes);

#endif
