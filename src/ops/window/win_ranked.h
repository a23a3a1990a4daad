/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_RANKED_H
#define HR_OPS_WINDOW_WIN_RANKED_H
/* Windows in calls of many rows: the rows of a window and those of the call are sorted once,
 * together, and the window is a bit for each place in that order. A row sets one bit and clears
 * those of the rows that leave; a quantile goes no more bits on or back than that. What is sorted
 * lies in room of the call (hr_op.room); a state keeps its ring of rows alone. See
 * docs/modules/window.md. */
#include "ops/window/win_few.h"
#include "ops/window/win_ring.h"

#define HR_RANKED_ROWS 6144u   /* sorted together */
#define HR_RANKED_WINDOW 4096u /* rows of a window at most */
#define HR_RANKED_DIGIT 11u    /* bits at most */
#define HR_RANKED_NEAR 32u     /* a row that is further from its place is not put there by steps */

/** Rows that are not in order and have one key: [from, to) of the places. */
typedef struct hr_ranked_part {
    uint16_t from, to;
} hr_ranked_part;

#define HR_RANKED_BLOCKS (HR_RANKED_ROWS / 256 + 8) /* of the bits; whole vectors */

/** The room of a call. */
typedef struct hr_ranked {
    double v[HR_RANKED_ROWS]; /* as they came */
    union {
        uint32_t key[HR_RANKED_ROWS];  /* of a row, while they are sorted */
        uint16_t rank[HR_RANKED_ROWS]; /* its place, once they are */
    };
    union {
        uint32_t half[HR_RANKED_ROWS];       /* by the lower digit: the other one, and the row */
        struct {                             /* once they are sorted */
            uint16_t first[HR_RANKED_ROWS];  /* of a row: place of the first that equals it */
            uint16_t behind[HR_RANKED_ROWS]; /* of such a place: the first that does not */
        };
    };
    uint16_t id[HR_RANKED_ROWS]; /* rows by their places */
    uint16_t count[2][1u << HR_RANKED_DIGIT] HR_ALIGNED(16);
    uint64_t bits[HR_RANKED_ROWS / 64 + 4]; /* the window, by places */
    uint16_t before[HR_RANKED_BLOCKS] HR_ALIGNED(16);
    hr_ranked_part run[HR_RANKED_ROWS / HR_RANKED_NEAR];
    uint32_t n;
} hr_ranked;
_Static_assert(HR_RANKED_ROWS <= INT16_MAX, "ranked: rows are 16 bits");
_Static_assert(HR_RANKED_ROWS % 2048 == 0, "ranked: whole vectors of blocks");

/** Rows of a call that pay for sorting a window's. */
HR_INLINE uint32_t hr_ranked_least(uint32_t n_window)
{
    return n_window > HR_FEW_MOST ? n_window / 2 : HR_FEW_MOST;
}

HR_INLINE bool hr_ranked_is_worth(uint32_t n_window, const hr_op_rows *r)
{
    return r->room != NULL && n_window <= HR_RANKED_WINDOW && r->n >= hr_ranked_least(n_window);
}

/** Quantiles or ranks as the rows of a call come to a window (by rows; ring: as w->end and w->at
 * say), and the ring behind them. False: too few of them have values, nothing was done. */
bool hr_ranked_run(hr_win *w, double *ring, const hr_op_rows *r, bool is_rank);

/** The same by time, of a window that has more than half of HR_FEW_MOST rows and may have more than
 * all of them; ts: of the ring. The first row that is not done, where the window has become short
 * or long. */
uint32_t hr_ranked_times(hr_win *w, double *ring, int64_t *ts, const hr_op_rows *r, bool is_rank);

/** After hr_ranked_run: of a window of few rows (win_few.h), the places of their slots. */
void hr_ranked_places(const hr_ranked *s, const hr_win *w, int8_t *place, uint32_t n_bytes);

#endif
