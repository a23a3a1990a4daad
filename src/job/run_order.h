/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_RUN_ORDER_H
#define HR_JOB_RUN_ORDER_H
/* Sources by their next messages: a binary heap over (time, sequence, source). The order does not
 * depend on when a source became ready. Private to the merge. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"

#define RUN_ORDER_NONE UINT32_MAX

/** A source's next message. */
typedef struct run_head {
    int64_t time; /* running maximum of the source's receive times */
    int64_t seq;
    uint64_t held; /* unit that holds its batch, plus one; 0: none */
    /* Of its batch, all messages: of one instrument, with times that never fall, each on a line of
     * its own, none rejected. Most batches are, and take no second look at each message. */
    bool is_plain;
    uint32_t shard; /* whose, when it is plain */
    int32_t desk;   /* and of which instrument; else -1 */
} run_head;

typedef struct run_order {
    run_head *head; /* by source */
    uint32_t *heap;
    uint32_t n_heap;
    uint32_t *waiting; /* sources whose next message is not known yet */
    uint32_t n_waiting;
} run_order;

/** All n sources wait. */
HR_MUST_USE hr_status run_order_create(run_order *o, uint32_t n, hr_err *err);
void run_order_destroy(run_order *o);
/** Adds a source whose head is set. */
void run_order_push(run_order *o, uint32_t source);
/** The first one's head has changed: puts it in its place. */
void run_order_sift(run_order *o);
/** Takes the first one away; it waits. */
void run_order_wait(run_order *o);
/** The source that comes second, or RUN_ORDER_NONE. */
uint32_t run_order_second(const run_order *o);

HR_INLINE bool run_order_before(int64_t time, int64_t seq, uint32_t source, const run_head *h,
                                uint32_t other)
{
    if (time != h->time) return time < h->time;
    return seq != h->seq ? seq < h->seq : source < other;
}

#endif
