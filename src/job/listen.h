/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_LISTEN_H
#define HR_JOB_LISTEN_H
/* What jobs on a tapped run share: the plan's memory in two, a state for each instrument, rows to
 * where they belong, and the course of the run with its ways to end. Private to job. */
#include <stdatomic.h>

#include "calc/tradegate.h"
#include "convert/row_out.h"
#include "job/tap.h"

/** Which clock times are read from. */
typedef enum hr_clock {
    HR_CLOCK_LOCAL = 0, /* the capturer's: ts_recv */
    HR_CLOCK_VENUE = 1, /* the venue's: ts_event */
} hr_clock;

/** What books are made of. */
typedef enum hr_book_of {
    HR_BOOK_OF_DEPTH = 0,  /* rebuilt from snapshots and updates */
    HR_BOOK_OF_TICKER = 1, /* the venue's own best bid and ask */
} hr_book_of;

typedef struct hr_listen_options {
    const hr_plan *plan; /* inputs, memory, lanes, times; what it writes is of no account */
    hr_row_target to;
    hr_clock clock;
    hr_trade_kinds trades;
    bool keep_repeated;
    const _Atomic uint32_t *stop; /* != 0: give up; may be NULL */
} hr_listen_options;

/** What every such job reports. */
typedef struct hr_listen_report {
    uint64_t trades;               /* of the input, received from plan.from on */
    uint64_t repeated, other_kind; /* of them not counted: tradegate.h */
    uint64_t no_time;              /* nor these: without the venue time that was asked for */
    uint64_t books;                /* books (tickers) of the input */
    uint64_t books_no_time;        /* of them without the venue time that was asked for */
    uint64_t rejected, gaps;
    uint64_t rows;
    uint32_t instruments; /* that had any of it */
    int64_t bytes_out;
    double seconds;
} hr_listen_report;

typedef struct hr_listener {
    const hr_listen_options *o;
    hr_listen_report *report;
    hr_row_target to;
    size_t n_bytes; /* of the plan's memory */
    hr_arena *arena;
    hr_pool *states;
    void **state; /* by desk */
    void **order; /* [n_states] in the order of their first messages */
    uint32_t n_states;
    hr_row_out rows;
    hr_run *run;
    hr_tap tap;
} hr_listener;

/** state_bytes: of one instrument; extra_bytes: what else the job takes of l->arena. */
typedef struct hr_listen_needs {
    const hr_row_field *field;
    uint32_t n_fields;
    size_t state_bytes, extra_bytes;
} hr_listen_needs;

/** Close after success and failure. o and report are borrowed until then. */
HR_MUST_USE hr_status hr_listener_open(hr_listener *l, const hr_listen_options *o,
                                       hr_listen_report *report, const hr_listen_needs *needs,
                                       hr_err *err);
typedef hr_status (*hr_listen_end_fn)(void *self, hr_err *err);
/** Runs with the tap; end writes what is left, while desks still are; then the rows are finished.
 *  HR_ESTOPPED when it was asked to stop. */
HR_MUST_USE hr_status hr_listener_run(hr_listener *l, const hr_tap *tap, hr_listen_end_fn end,
                                      hr_err *err);
void hr_listener_close(hr_listener *l);

/** The state of d; *is_new: its contents are not yet set. NULL with *err when memory is used up. */
void *hr_listener_state(hr_listener *l, const hr_desk *d, bool *is_new, hr_err *err);
/** The time of message m by the clock; HR_NULL_I64: it has none. */
HR_INLINE int64_t hr_listen_time(const hr_listen_options *o, const hr_evbatch *b, uint32_t m)
{
    return o->clock == HR_CLOCK_LOCAL ? b->ts_recv[m] : b->ts_event[m];
}
/** Is message m from before plan.from? */
HR_INLINE bool hr_listen_is_early(const hr_listen_options *o, const hr_evbatch *b, uint32_t m)
{
    return b->ts_recv[m] < o->plan->from_ns;
}
/** Does message m say what the book is, or that it is lost? In the middle of a venue's event none
 * does. */
HR_INLINE bool hr_listen_is_book(hr_book_of of, const hr_evbatch *b, uint32_t m)
{
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    if (of == HR_BOOK_OF_TICKER) return k == HR_MSG_TICKER;
    if ((b->flags[m] & HR_FLAG_MORE) != 0) return false;
    return k == HR_MSG_DELTA || k == HR_MSG_SNAPSHOT || k == HR_MSG_STATUS || k == HR_MSG_ORDER;
}
/** The best of each side after message m, by side; HR_NULL_I64: none. False: the book is not
 * certain, and nothing is told. */
bool hr_listen_touch(hr_book_of of, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                     int64_t px[2], int64_t qty[2]);

#endif
