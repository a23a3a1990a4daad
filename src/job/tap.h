/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_TAP_H
#define HR_JOB_TAP_H
/* A run that writes no dataset and is listened to: the same sources, merge and desks as any run;
 * after each message was applied the tap sees it with the desk it was applied to: its book, its
 * sequence state, its features.
 *
 * Order: inputs are decoded on all lanes, but one shard applies every message, so the tap is called
 * once a message in merged order (receive time, sequence number, input), whatever the lanes and
 * the size of batches. A lost connection (HR_MSG_STATUS) is told once for each desk that it
 * concerns, and may be told to some of them twice.
 * Threads: one call at a time, each sees what the one before did; not always the same thread. */
#include "job/run.h"

typedef struct hr_tap {
    void *self;
    size_t held_bytes; /* of the plan's memory: the listener's own, taken before the run's */
    /** Desk, batch and message are borrowed for the call. Anything but HR_OK ends the run with it.
     */
    hr_status (*message)(void *self, const hr_desk *d, const hr_evbatch *b, uint32_t msg,
                         hr_err *err);
} hr_tap;

/** As hr_run_create with HR_OPEN_NONE; tap is borrowed until destroy. */
HR_MUST_USE hr_status hr_run_create_tapped(hr_run **out, const hr_plan *plan, const hr_tap *tap,
                                           hr_err *err);

#endif
