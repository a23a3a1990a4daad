/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_ROW_LANE_H
#define HR_CONVERT_ROW_LANE_H
/* A thread that writes groups of rows while its owner fills the next one. There is a set of columns
 * more for each group that may be under way: one that is written, others that wait for it.
 * Threads: one owner calls everything here; `write` runs on the lane, one call at a time, in order.
 * Memory: from an arena, fixed; the lane allocates nothing. */
#include <stdbool.h>

#include "base/status.h"
#include "mem/mem.h"

#define HR_ROW_COLUMNS_MAX 96
#define HR_ROW_LANE_GROUPS_MAX 8u /* under way */

typedef struct hr_row_set {
    char *column[HR_ROW_COLUMNS_MAX]; /* by field of the schema */
    uint32_t n_rows;                  /* that are in them */
} hr_row_set;

typedef hr_status (*hr_row_write_fn)(void *self, const hr_row_set *set, hr_err *err);

typedef struct hr_row_lane hr_row_lane;

/** Bytes of arena that it takes, columns apart. */
size_t hr_row_lane_bytes(void);
/** No thread runs yet. self: borrowed until stop. */
HR_MUST_USE hr_status hr_row_lane_create(hr_row_lane **out, hr_row_write_fn write, void *self,
                                         hr_arena *arena, hr_err *err);
/** Before the start, 1 to HR_ROW_LANE_GROUPS_MAX times: one more set of columns. */
void hr_row_lane_add(hr_row_lane *l, const hr_row_set *set);
/** HR_OK as well when it runs already. */
HR_MUST_USE hr_status hr_row_lane_start(hr_row_lane *l, hr_err *err);
/** The rows of `set` go to be written and it becomes the set that has been free for longest, as
 * soon as one is. Gives what `write` gave for the group that was in it, or one before that, when it
 * failed; nothing is written after a failure. */
HR_MUST_USE hr_status hr_row_lane_swap(hr_row_lane *l, hr_row_set *set, hr_err *err);
/** Until all that was handed over is written, and the thread is gone: joined, whatever came of the
 * groups. As swap for one of them that failed. NULL, or not started: HR_OK. */
HR_MUST_USE hr_status hr_row_lane_stop(hr_row_lane *l, hr_err *err);

#endif
