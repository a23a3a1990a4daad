/* SPDX-License-Identifier: Apache-2.0 */
/* Rows out: how a message's levels, a trade, a ticker, the book and its features become table rows.
 */
#include "pipe/desk_rows.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "eval/signal.h"
#include "pipe/rows_pack.h"

#define NS_PER_DAY INT64_C(86400000000000)

int32_t hr_day_of(int64_t ts_ns)
{
    int64_t d = ts_ns / NS_PER_DAY;
    return (int32_t)(ts_ns % NS_PER_DAY < 0 ? d - 1 : d);
}

static void outbox_push(hr_desk_env *env, hr_cut *cut)
{
    cut->next = NULL;
    if (env->outbox_last != NULL)
        env->outbox_last->next = cut;
    else
        env->outbox_first = cut;
    env->outbox_last = cut;
}

void hr_desk_cut(hr_desk *d, hr_desk_env *env, hr_kind kind)
{
    hr_desk_open *o = &d->open[kind];
    if (o->chain.n_rows == 0) return;
    hr_cut *cut = env->cut_stash;
    HR_ASSERT(cut != NULL);
    env->cut_stash = cut->next;
    env->n_cut_stash--;
    *cut = (hr_cut){.desk = d,
                    .chain = o->chain,
                    .spill_fd = env->rows.spill->fd,
                    .date = o->date,
                    .part = o->next_part++,
                    .epoch = env->epoch,
                    .kind = (uint8_t)kind};
    o->chain = (hr_row_chain){0};
    outbox_push(env, cut);
}

/* Rows of one date share parts; numbering starts anew with each date. */
static void turn_to(hr_desk *d, hr_desk_env *env, hr_kind kind, int32_t day)
{
    hr_desk_open *o = &d->open[kind];
    if (HR_LIKELY(day == o->date)) return;
    hr_desk_cut(d, env, kind);
    o->date = day;
    o->next_part = 0;
}

static void turn_day(hr_desk *d, hr_desk_env *env, hr_kind kind)
{
    turn_to(d, env, kind, hr_day_of(d->last_recv_ns));
}

/* A block with room for a row; *n: how many are wanted, at most what the row group still takes.
 * Cuts when the row group is full. */
static hr_row_block *room(hr_desk *d, hr_desk_env *env, hr_kind kind, uint32_t *n)
{
    const hr_desk_config *cfg = env->cfg;
    hr_row_chain *c = &d->open[kind].chain;
    if (c->n_rows == cfg->group_rows[kind]) hr_desk_cut(d, env, kind);
    uint64_t left = cfg->group_rows[kind] - c->n_rows;
    if (*n > left) *n = (uint32_t)left;
    return hr_chain_tail(&env->rows, c, &cfg->layout[kind]);
}

static hr_row_block *room_for_one(hr_desk *d, hr_desk_env *env, hr_kind kind)
{
    uint32_t n = 1;
    return room(d, env, kind, &n);
}

static void took(hr_desk *d, hr_desk_env *env, hr_kind kind, hr_row_block *b, uint32_t n)
{
    b->n_rows += n;
    d->open[kind].chain.n_rows += n;
    env->counts.written[kind] += n;
}

/* Levels from `at` on that are of one side. */
static uint32_t side_run(const uint8_t *side, uint32_t at, uint32_t end)
{
    uint32_t i = at + 1;
    while (i < end && side[i] == side[at])
        i++;
    return i - at;
}

static int64_t null_if_none(int64_t id)
{
    return id < 0 ? HR_NULL_I64 : id;
}

#define COL(type, kind, col) ((type *)hr_block_col(rb, &env->cfg->layout[kind], (col)) + rb->n_rows)

static void put_head(hr_desk_env *env, hr_row_block *rb, hr_kind kind, const hr_evbatch *b,
                     uint32_t msg)
{
    *COL(int64_t, kind, HR_COLI_TS_EVENT) = b->ts_event[msg];
    *COL(int64_t, kind, HR_COLI_TS_RECV) = b->ts_recv[msg];
    *COL(int64_t, kind, HR_COLI_SEQ) = null_if_none(b->seq_last[msg]);
}

/* What came before the plan's first time is left out of the tables; books and windows know it. */
static bool is_written(const hr_desk_env *env, hr_kind kind, int64_t ts_recv)
{
    const hr_plan *p = env->cfg->plan;
    return p->write[kind] && ts_recv >= p->from_ns;
}

void hr_desk_put_levels(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        const hr_desk_levels *v, uint32_t flags)
{
    const hr_kind kind = HR_KIND_DELTAS;
    uint32_t at = 0;
    if (!is_written(env, kind, b->ts_recv[msg])) {
        env->counts.filtered_rows += v->n;
        return;
    }
    turn_day(d, env, kind);
    int64_t seq = b->seq_last[msg];
    bool is_order = b->kind[msg] == HR_MSG_ORDER && d->order_rule != HR_SEQ_NONE;
    /* A book that was asked for may be older than what waits for it: their rows rise all the same.
     */
    if (is_order && (b->flags[msg] & HR_FLAG_SNAPSHOT) != 0) seq = HR_MAX(seq, d->seq.chain);
    hr_delta_run run = {.ts_event = b->ts_event[msg],
                        .ts_recv = b->ts_recv[msg],
                        .seq = null_if_none(seq),
                        .seq_first = null_if_none(is_order ? seq : b->seq_first[msg]),
                        .seq_prev = null_if_none(is_order ? -1 : b->seq_prev[msg]),
                        .flags = flags};
    while (at < v->n) {
        uint32_t n = side_run(v->side, at, v->n);
        hr_row_block *rb = room(d, env, kind, &n);
        run.side = v->side[at];
        run.is_last = at + n == v->n;
        n = hr_pack_run(rb, &run, v->px + at, v->qty + at, n);
        at += n;
        took(d, env, kind, rb, n);
    }
}

void hr_desk_put_deltas(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        uint32_t flags)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    const hr_desk_levels v = {.side = b->side + at,
                              .px = b->px + at,
                              .qty = b->qty + at,
                              .n = (uint32_t)b->level_begin[msg + 1] - at};
    hr_desk_put_levels(d, env, b, msg, &v, flags);
}

static hr_row_block *put_trade(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                               uint8_t taker, int64_t px, int64_t qty)
{
    const hr_kind kind = HR_KIND_TRADES;
    turn_day(d, env, kind);
    hr_row_block *rb = room_for_one(d, env, kind);
    put_head(env, rb, kind, b, msg);
    *COL(uint8_t, kind, HR_TRADE_SIDE) = taker;
    *COL(int64_t, kind, HR_TRADE_PX) = px;
    *COL(int64_t, kind, HR_TRADE_QTY) = qty;
    hr_text *id = COL(hr_text, kind, HR_TRADE_ID);
    memset(id, 0, sizeof *id);
    id->len = HR_TEXT_NULL;
    return rb;
}

void hr_desk_put_trade(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    const hr_kind kind = HR_KIND_TRADES;
    uint32_t at = (uint32_t)b->level_begin[msg];
    if (!is_written(env, kind, b->ts_recv[msg])) {
        env->counts.filtered_rows++;
        return;
    }
    hr_row_block *rb = put_trade(d, env, b, msg, b->side[at], b->px[at], b->qty[at]);
    if (b->text[msg] >= 0) *COL(hr_text, kind, HR_TRADE_ID) = b->texts[b->text[msg]];
    *COL(uint32_t, kind, HR_TRADE_FLAGS) = b->flags[msg] | HR_FLAG_LAST;
    took(d, env, kind, rb, 1);
}

void hr_desk_put_fill(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                      hr_side taker, int64_t px, int64_t qty, int64_t id)
{
    const hr_kind kind = HR_KIND_TRADES;
    if (!is_written(env, kind, b->ts_recv[msg])) {
        env->counts.filtered_rows++;
        return;
    }
    hr_row_block *rb = put_trade(d, env, b, msg, (uint8_t)taker, px, qty);
    *COL(int64_t, kind, HR_COLI_SEQ) = null_if_none(id);
    *COL(uint32_t, kind, HR_TRADE_FLAGS) = HR_FLAG_LAST;
    took(d, env, kind, rb, 1);
}

void hr_desk_put_ticker(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    const hr_kind kind = HR_KIND_TICKERS;
    uint32_t at = (uint32_t)b->level_begin[msg];
    if (!is_written(env, kind, b->ts_recv[msg])) {
        env->counts.filtered_rows++;
        return;
    }
    turn_day(d, env, kind);
    hr_row_block *rb = room_for_one(d, env, kind);
    put_head(env, rb, kind, b, msg);
    *COL(int64_t, kind, HR_TICKER_BID_PX) = b->px[at];
    *COL(int64_t, kind, HR_TICKER_BID_QTY) = b->qty[at];
    *COL(int64_t, kind, HR_TICKER_ASK_PX) = b->px[at + 1];
    *COL(int64_t, kind, HR_TICKER_ASK_QTY) = b->qty[at + 1];
    *COL(uint32_t, kind, HR_TICKER_FLAGS) = b->flags[msg] | HR_FLAG_LAST;
    took(d, env, kind, rb, 1);
}

void hr_desk_put_gap(hr_desk *d, hr_desk_env *env, int64_t ts_event, int64_t ts_recv,
                     hr_gap_cause cause, int64_t seq_next)
{
    const hr_kind kind = HR_KIND_GAPS;
    if (!is_written(env, kind, ts_recv)) return;
    turn_day(d, env, kind);
    hr_row_block *rb = room_for_one(d, env, kind);
    *COL(int64_t, kind, HR_COLI_TS_EVENT) = ts_event;
    *COL(int64_t, kind, HR_COLI_TS_RECV) = ts_recv;
    *COL(int64_t, kind, HR_GAP_SEQ_LAST_GOOD) = null_if_none(d->seq_last_good);
    *COL(int64_t, kind, HR_GAP_SEQ_NEXT) = null_if_none(seq_next);
    *COL(uint8_t, kind, HR_GAP_CAUSE) = (uint8_t)cause;
    took(d, env, kind, rb, 1);
}

static void put_book(hr_desk *d, hr_desk_env *env, const hr_row_key *key)
{
    const hr_kind kind = HR_KIND_BOOKS;
    turn_day(d, env, kind);
    hr_row_block *rb = room_for_one(d, env, kind);
    hr_book_change row = {.ts_event = key->ts_event,
                          .ts_recv = key->ts_recv,
                          .seq = null_if_none(key->seq),
                          .flags = key->flags,
                          .mask = d->top_changed,
                          .column = {d->top_px[0], d->top_qty[0], d->top_px[1], d->top_qty[1]}};
    hr_pack_change(rb, &env->cfg->layout[kind], &row);
    memset(d->top_changed, 0, sizeof d->top_changed);
    took(d, env, kind, rb, 1);
}

static void put_features(hr_desk *d, hr_desk_env *env, const hr_row_key *key, const double *value)
{
    const hr_kind kind = HR_KIND_FEATURES;
    if (!is_written(env, kind, key->ts_recv)) return;
    turn_day(d, env, kind);
    hr_row_block *rb = room_for_one(d, env, kind);
    *COL(int64_t, kind, HR_COLI_TS_EVENT) = key->ts_event;
    *COL(int64_t, kind, HR_COLI_TS_RECV) = key->ts_recv;
    *COL(int64_t, kind, HR_COLI_SEQ) = null_if_none(key->seq);
    *COL(uint32_t, kind, HR_FEATURE_FLAGS) = key->flags;
    for (uint32_t i = 0; i < HR_FEAT_COUNT; i++)
        *COL(double, kind, HR_FEATURE_FIRST + i) = value[i];
    took(d, env, kind, rb, 1);
}

void hr_desk_put_book_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key)
{
    double value[HR_FEAT_COUNT];
    if (env->cfg->writes_none) return;
    if (is_written(env, HR_KIND_BOOKS, key->ts_recv)) put_book(d, env, key);
    hr_featset_row(d->features, value, key->clock_ns, d->top_px[0], d->top_qty[0], d->top_px[1],
                   d->top_qty[1], env->cfg->plan->depth);
    put_features(d, env, key, value);
}

/* Quantities so large that sums of ten may not fit. */
static HR_NOINLINE void features_of_all(hr_desk *d, double *value, int64_t clock_ns)
{
    int64_t px[2][HR_FEAT_DEPTH];
    int64_t qty[2][HR_FEAT_DEPTH];
    for (int s = 0; s < 2; s++)
        (void)hr_l2_top(d->book, (hr_side)s, HR_FEAT_DEPTH, px[s], qty[s]);
    hr_featset_row(d->features, value, clock_ns, px[0], qty[0], px[1], qty[1], HR_FEAT_DEPTH);
}

void hr_desk_put_touch_row(hr_desk *d, hr_desk_env *env, const hr_row_key *key,
                           const hr_l2_front *front)
{
    double value[HR_FEAT_COUNT] HR_UNINIT; /* all are set */
    hr_feat_top top HR_UNINIT;
    memcpy(top.px, front->px, sizeof top.px);
    memcpy(top.qty, front->qty, sizeof top.qty);
    if (HR_LIKELY(hr_l2_sums(d->book, front, top.best5, top.best10)))
        hr_featset_row_of(d->features, value, key->clock_ns, &top);
    else
        features_of_all(d, value, key->clock_ns);
    put_features(d, env, key, value);
}

static hr_row_block *put_key(hr_desk *d, hr_desk_env *env, hr_kind kind, const hr_row_key *key,
                             int32_t day)
{
    turn_to(d, env, kind, day);
    hr_row_block *rb = room_for_one(d, env, kind);
    *COL(int64_t, kind, HR_COLI_TS_EVENT) = key->ts_event;
    *COL(int64_t, kind, HR_COLI_TS_RECV) = key->ts_recv;
    *COL(int64_t, kind, HR_COLI_SEQ) = null_if_none(key->seq);
    return rb;
}

void hr_desk_put_calc(hr_desk *d, hr_desk_env *env, const hr_row_key *key, int32_t day,
                      const double *const *out, uint32_t n_out, uint32_t i)
{
    const hr_kind kind = HR_KIND_CALC;
    if (!is_written(env, kind, key->ts_recv)) return;
    hr_row_block *rb = put_key(d, env, kind, key, day);
    *COL(uint32_t, kind, HR_CALC_FLAGS) = key->flags;
    for (uint32_t c = 0; c < n_out; c++)
        *COL(double, kind, HR_CALC_FIRST + c) = out[c][i];
    took(d, env, kind, rb, 1);
}

bool hr_desk_put_signal(hr_desk *d, hr_desk_env *env, const hr_row_key *key, int32_t day,
                        const char *name, int32_t priority, const hr_signal_event *ev)
{
    const hr_kind kind = HR_KIND_SIGNALS;
    uint32_t n_value = env->cfg->tables->schema[kind].n_fields - HR_SIGNAL_FIRST;
    if (!is_written(env, kind, key->ts_recv)) return false;
    hr_row_block *rb = put_key(d, env, kind, key, day);
    hr_text *text = COL(hr_text, kind, HR_SIGNAL_NAME);
    memset(text, 0, sizeof *text);
    text->len = (uint8_t)strnlen(name, HR_TEXT_CAP);
    memcpy(text->byte, name, text->len);
    *COL(uint8_t, kind, HR_SIGNAL_IS_ON) = ev->is_on;
    *COL(int64_t, kind, HR_SIGNAL_PRIORITY) = priority;
    *COL(double, kind, HR_SIGNAL_SCORE) = ev->score;
    for (uint32_t c = 0; c < n_value; c++)
        *COL(double, kind, HR_SIGNAL_FIRST + c) = c < ev->n_value ? ev->value[c] : (double)NAN;
    took(d, env, kind, rb, 1);
    return true;
}
