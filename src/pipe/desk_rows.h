/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_DESK_ROWS_H
#define HR_PIPE_DESK_ROWS_H
/* Private to the desk: appending rows to its chains. */
#include "pipe/desk.h"

typedef struct hr_row_key {
    int64_t ts_event;
    int64_t ts_recv;
    int64_t clock_ns; /* what windows run on: the venue's time, else the capturer's */
    int64_t seq;
    uint32_t flags;
} hr_row_key;

/** Days since the epoch, rounded down. */
int32_t hr_day_of(int64_t ts_ns);
void hr_desk_cut(hr_desk *d, hr_desk_env *env, hr_kind kind);
void hr_desk_put_deltas(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        uint32_t flags);
void hr_desk_put_trade(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
void hr_desk_put_ticker(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
void hr_desk_put_gap(hr_desk *d, hr_desk_env *env, int64_t ts_event, int64_t ts_recv,
                     hr_gap_cause cause, int64_t seq_next);
/** One book row and its features from d->top_*. */
void hr_desk_put_book_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key);
/** The features of a book whose best levels are these. */
void hr_desk_put_touch_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key,
                           const hr_l2_front *front);

#endif
