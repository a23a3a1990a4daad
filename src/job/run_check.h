/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_RUN_CHECK_H
#define HR_JOB_RUN_CHECK_H
/* How a run tells its check what its desks did. Private to job. */
#include "job/check.h"
#include "job/run_parts.h"

/** What a desk's counters were before a message. */
typedef struct run_check_mark {
    uint64_t gaps, resets, stale, unequal, checksums, crossed;
    int64_t chain;
} run_check_mark;
void run_check_before(run_check_mark *m, const hr_desk *d, const hr_desk_env *env);
/** The desk's shard only. */
void run_check_after(hr_run *r, const hr_desk *d, const hr_desk_env *env, const hr_evbatch *b,
                     uint32_t msg, const run_check_mark *m);
/** The merge only, before it takes the message's time. */
void run_check_time(hr_run *r, const hr_source *s, const hr_evbatch *b, uint32_t msg);
/** The merge only. */
void run_check_reject(hr_run *r, int32_t source_idx, const hr_reject *j);

#endif
