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

/* Levels of one message. */
typedef struct hr_desk_levels {
    const uint8_t *side;
    const int64_t *px, *qty;
    uint32_t n;
} hr_desk_levels;

/** What an ORDER message says, see hr_order_action. */
typedef struct hr_desk_op {
    hr_order_action action;
    hr_side side;
    int64_t px, qty, id, prev;
} hr_desk_op;

/** Days since the epoch, rounded down. */
int32_t hr_day_of(int64_t ts_ns);
void hr_desk_cut(hr_desk *d, hr_desk_env *env, hr_kind kind);
void hr_desk_put_deltas(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        uint32_t flags);
/** The same of other levels than the message's own. */
void hr_desk_put_levels(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        const hr_desk_levels *v, uint32_t flags);
void hr_desk_put_trade(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
/** A trade that the message tells of, with its own values. id: -1 none. */
void hr_desk_put_fill(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                      hr_side taker, int64_t px, int64_t qty, int64_t id);
/** Brings levels to a book that is whole, with the rows that follow from it. */
HR_MUST_USE hr_status hr_desk_take_levels(hr_desk *d, hr_desk_env *env, const hr_evbatch *b,
                                          uint32_t msg, const hr_desk_levels *v, hr_err *err);
/** Behind a message that changed no level: where it ends an event, the row that is due. */
void hr_desk_end_event(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
/** The book is not whole any more: a gap row; what was kept is dropped. */
void hr_desk_gap(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                 hr_gap_cause cause);
hr_row_key hr_desk_key_of(const hr_evbatch *b, uint32_t msg, uint32_t flags);
/** Levels of a book that is given whole, piece by piece: rows, and no book row before it is. */
HR_MUST_USE hr_status hr_desk_take_part(hr_desk *d, hr_desk_env *env, const hr_evbatch *b,
                                        uint32_t msg, const hr_desk_levels *v, uint32_t flags,
                                        hr_err *err);
void hr_desk_book_is_whole(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
void hr_desk_lose_book(hr_desk *d);
/** Messages about orders that wait for the book which they follow: kept, and taken back, oldest
 * first. */
void hr_desk_keep_order(hr_desk *d, hr_desk_env *env, int64_t seq, const hr_desk_op *op);
bool hr_desk_take_order(hr_desk *d, int64_t *seq, hr_desk_op *op);
void hr_desk_drop_kept(hr_desk *d, const hr_desk_config *cfg);
/** The key of an order in the shard's book of orders, and back. */
uint64_t hr_desk_order_key(const hr_desk *d, int64_t id);
int64_t hr_desk_order_id(const hr_desk *d, uint64_t key);
/** An ORDER message. */
HR_MUST_USE hr_status hr_desk_order(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                                    hr_err *err);
void hr_desk_put_ticker(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
void hr_desk_put_gap(hr_desk *d, hr_desk_env *env, int64_t ts_event, int64_t ts_recv,
                     hr_gap_cause cause, int64_t seq_next);
/** Row i of the first n_out columns of what expressions gave. day: of its receive time. */
void hr_desk_put_calc(hr_desk *d, hr_desk_env *env, const hr_row_key *key, int32_t day,
                      const double *const *out, uint32_t n_out, uint32_t i);
struct hr_signal_event;
/** false: it is not to be written. */
bool hr_desk_put_signal(hr_desk *d, hr_desk_env *env, const hr_row_key *key, int32_t day,
                        const char *name, int32_t priority, const struct hr_signal_event *ev);
/** One book row and its features from d->top_*. */
void hr_desk_put_book_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key);
/** The features of a book whose best levels are these. */
void hr_desk_put_touch_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key,
                           const hr_l2_front *front);

#endif
