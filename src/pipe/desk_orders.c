/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about single orders: the order by order book says which price levels changed, and from
 * there on all is as with any other message. */
#include <string.h>

#include "pipe/desk_rows.h"

/* Venues number orders by instrument or by day; all instruments of a shard share one book of
 * orders, whose keys are therefore an instrument's own. */
#define CLEAR_STEP 64u
#define KEY_STEP UINT64_C(0x9e3779b97f4a7c15)

uint64_t hr_desk_order_key(const hr_desk *d, int64_t id)
{
    return (uint64_t)id + (uint64_t)d->id * KEY_STEP;
}

int64_t hr_desk_order_id(const hr_desk *d, uint64_t key)
{
    return (int64_t)(key - (uint64_t)d->id * KEY_STEP);
}

/* A resting order was hit: the taker stood on the other side. */
static void put_fill(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                     const hr_l3_order *o, int64_t qty)
{
    int64_t px = b->px[b->level_begin[msg]];
    int64_t clock = hr_desk_key_of(b, msg, 0).clock_ns;
    if (px == 0) px = o->px;
    hr_side taker = o->side == HR_SIDE_BID ? HR_SIDE_ASK : HR_SIDE_BID;
    env->counts.trades++;
    d->fill = (hr_desk_fill){
        .px = px, .qty = qty, .id = b->seq_prev[msg], .side = (uint8_t)taker, .is_set = true};
    hr_desk_put_fill(d, env, b, msg, taker, px, qty, b->seq_prev[msg]);
    hr_featset_trade(d->features, clock, px, qty);
}

static void modify(hr_l3 *l3, hr_l3_change *ch, uint64_t key, int64_t px, int64_t qty,
                   hr_status *st)
{
    hr_l3_order o;
    if (px != 0 && hr_l3_find(l3, &o, key) && o.px != px)
        *st = hr_l3_replace(l3, ch, key, key, px, qty);
    else
        hr_l3_modify(l3, ch, key, qty);
}

/* As the venue's own books do: an order that nobody told of is taken as it is now. */
static hr_status put_order(hr_l3 *l3, hr_l3_change *ch, const hr_l3_order *o)
{
    hr_l3_order was;
    hr_status st = HR_OK;
    if (!hr_l3_find(l3, &was, o->id)) return hr_l3_add(l3, ch, o);
    modify(l3, ch, o->id, o->px, o->qty, &st);
    return st;
}

static hr_desk_op op_of(const hr_evbatch *b, uint32_t msg)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    return (hr_desk_op){.action = hr_order_action_of(b->flags[msg]),
                        .side = (hr_side)b->side[at],
                        .px = b->px[at],
                        .qty = b->qty[at],
                        .id = b->seq_first[msg],
                        .prev = b->seq_prev[msg]};
}

/* An id that is not live: the order that stands for all whose ids are not known at this price,
 * where there is one. */
static void find_rest(const hr_desk *d, const hr_l3 *l3, hr_desk_op *op)
{
    hr_l3_order o;
    bool takes = op->action == HR_ORDER_EXECUTE || op->action == HR_ORDER_CANCEL ||
                 op->action == HR_ORDER_DELETE;
    if (!takes || op->side > HR_SIDE_ASK || op->px <= 0 || op->px > INT64_MAX >> 2) return;
    if (hr_l3_find(l3, &o, hr_desk_order_key(d, op->id))) return;
    int64_t rest = hr_order_rest((uint8_t)op->side, op->px);
    if (!hr_l3_find(l3, &o, hr_desk_order_key(d, rest))) return;
    op->id = rest;
    if (op->action == HR_ORDER_DELETE) op->action = HR_ORDER_CANCEL;
}

static hr_status change_orders(hr_desk *d, hr_desk_env *env, const hr_desk_op *op, hr_l3_change *ch)
{
    hr_l3 *l3 = env->orders;
    uint64_t key = hr_desk_order_key(d, op->id);
    const hr_l3_order o = {.id = key,
                           .px = op->px,
                           .qty = op->qty,
                           .instrument = (uint32_t)d->id,
                           .side = (uint8_t)op->side};
    hr_status st = HR_OK;
    switch (op->action) {
    case HR_ORDER_ADD:
        return hr_l3_add(l3, ch, &o);
    case HR_ORDER_PUT:
        return put_order(l3, ch, &o);
    case HR_ORDER_EXECUTE:
        hr_l3_execute(l3, ch, key, op->qty);
        break;
    case HR_ORDER_CANCEL:
        hr_l3_cancel(l3, ch, key, op->qty);
        break;
    case HR_ORDER_DELETE:
        hr_l3_delete(l3, ch, key);
        break;
    case HR_ORDER_REPLACE:
        return hr_l3_replace(l3, ch, key, hr_desk_order_key(d, op->prev), op->px, op->qty);
    case HR_ORDER_MODIFY:
        modify(l3, ch, key, op->px, op->qty, &st);
        break;
    case HR_ORDER_CLEAR:
        hr_l3_clear(l3, ch, (uint32_t)d->id);
        break;
    case HR_ORDER_NOTE:
        ch->verdict = HR_L3_OK;
        break;
    }
    return st;
}

/* All levels go at once: a row for each, so that the rows alone tell the book. */
static void clear_book(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    int64_t px[CLEAR_STEP];
    int64_t qty[CLEAR_STEP];
    uint8_t side[CLEAR_STEP];
    const hr_desk_levels v = {.side = side, .px = px, .qty = qty};
    uint32_t flags = b->flags[msg] & ~HR_ORDER_MASK;
    for (int s = 0; s < 2; s++) {
        uint32_t n = hr_l2_level_count(d->book, (hr_side)s);
        memset(side, s, sizeof side);
        for (uint32_t at = 0; at < n; at += CLEAR_STEP) {
            hr_desk_levels step = v;
            step.n = hr_l2_export(d->book, (hr_side)s, at, HR_MIN(CLEAR_STEP, n - at), px, qty);
            memset(qty, 0, sizeof qty);
            env->counts.levels += step.n;
            hr_desk_put_levels(d, env, b, msg, &step, flags);
        }
    }
    hr_l2_reset(d->book);
    d->is_watched_valid = false;
}

/* The orders and what changed with them. */
static hr_status change(hr_desk *d, hr_desk_env *env, const hr_desk_op *op, hr_l3_change *ch,
                        hr_err *err)
{
    ch->verdict = HR_L3_BAD; /* an action that a file makes up */
    hr_status st = change_orders(d, env, op, ch);
    if (st != HR_OK)
        return HR_FAIL(err, st,
                       "more live orders or price levels than there is room for at '%s': raise "
                       "limits.orders",
                       d->symbol);
    return HR_OK;
}

/* ---- feeds that number their messages and give books on request ---- */

/* A match is a trade whether the order is known or not. Side: of the order that rested. */
static void put_match(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                      const hr_desk_op *op)
{
    hr_side taker = op->side == HR_SIDE_BID ? HR_SIDE_ASK : HR_SIDE_BID;
    env->counts.trades++;
    d->fill = (hr_desk_fill){
        .px = op->px, .qty = op->qty, .id = op->prev, .side = (uint8_t)taker, .is_set = true};
    hr_desk_put_fill(d, env, b, msg, taker, op->px, op->qty, op->prev);
    hr_featset_trade(d->features, hr_desk_key_of(b, msg, 0).clock_ns, op->px, op->qty);
}

/* Orders end and change that never came to rest: the venue says so of all. */
static bool is_fault(const hr_desk_op *op, const hr_l3_change *ch)
{
    bool is_usual = op->action == HR_ORDER_DELETE || op->action == HR_ORDER_MODIFY;
    return ch->verdict != HR_L3_OK && !(is_usual && ch->verdict == HR_L3_UNKNOWN);
}

static hr_status replay(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        hr_err *err)
{
    hr_desk_op op;
    hr_l3_change ch = {0};
    int64_t seq;
    while (hr_desk_take_order(d, &seq, &op)) {
        hr_seq_verdict v = hr_seq_replay(&d->seq, seq, seq, -1);
        if (v == HR_SEQ_HOLE) { /* it is too old for what was kept, of which this was the oldest */
            hr_l3_clear(env->orders, &ch, (uint32_t)d->id);
            hr_desk_gap(d, env, b, msg, HR_GAP_LOCAL_DROP);
            return HR_OK;
        }
        if (v != HR_SEQ_APPLY && v != HR_SEQ_APPLY_FIRST) continue;
        HR_TRY(change(d, env, &op, &ch, err));
        env->counts.order_faults += is_fault(&op, &ch);
        d->seq_last_good = seq;
        if (ch.n == 0) continue;
        const hr_desk_levels v2 = {.side = ch.side, .px = ch.px, .qty = ch.qty, .n = ch.n};
        HR_TRY(hr_desk_take_part(d, env, b, msg, &v2, 0, err));
    }
    hr_desk_drop_kept(d, env->cfg);
    return HR_OK;
}

/* All of the book was given: does it hold what it says, and what came since? */
static hr_status end_book(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                          int64_t n_orders, hr_err *err)
{
    hr_l3_change ignored;
    const bool is_whole = d->n_parts != HR_DESK_NO_PARTS && n_orders == (int64_t)d->n_parts;
    env->counts.snapshots++;
    d->n_parts = HR_DESK_NO_PARTS;
    if (!is_whole) { /* some of it could not be read */
        hr_l3_clear(env->orders, &ignored, (uint32_t)d->id);
        hr_desk_put_gap(d, env, b->ts_event[msg], b->ts_recv[msg], HR_GAP_PARSE_ERROR,
                        b->seq_last[msg]);
        hr_desk_lose_book(d);
        return HR_OK;
    }
    if (!hr_seq_snapshot(&d->seq, b->seq_last[msg])) return HR_OK;
    d->gap_flags = 0;
    d->seq_last_good = b->seq_last[msg];
    HR_TRY(replay(d, env, b, msg, err));
    if (hr_seq_is_live(&d->seq)) hr_desk_book_is_whole(d, env, b, msg);
    return HR_OK;
}

/* A book by request. While ours is whole it is no news: the stream says the same. */
static hr_status on_part(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                         const hr_desk_op *op, hr_err *err)
{
    hr_l3_change ch = {0};
    if (hr_seq_is_live(&d->seq)) {
        d->seq.n_stale += op->action == HR_ORDER_NOTE;
        return HR_OK;
    }
    /* Another line's, whose first part was lost? The venue's own time may stand behind the lists,
     * so that parts of one line differ. */
    const int64_t ns = b->ts_recv[msg];
    if (ns != d->parts_ns && ns != b->ts_event[msg]) d->n_parts = HR_DESK_NO_PARTS;
    if (op->action == HR_ORDER_NOTE) return end_book(d, env, b, msg, op->prev, err);
    const bool is_first = op->action == HR_ORDER_CLEAR;
    if (!is_first && d->n_parts == HR_DESK_NO_PARTS) return HR_OK;
    HR_TRY(change(d, env, op, &ch, err));
    if (is_first) { /* the first row of what follows says so */
        hr_l2_reset(d->book);
        d->is_watched_valid = false;
        d->n_parts = 0;
        d->parts_ns = ns;
        return HR_OK;
    }
    /* The rows tell the book to who reads them again: one level that replaces it, then changes. */
    uint32_t flags = d->n_parts++ == 0 ? HR_FLAG_SNAPSHOT | HR_FLAG_RESET : 0;
    if (ch.verdict != HR_L3_OK) env->counts.order_faults++;
    if (ch.n == 0) return HR_OK;
    const hr_desk_levels v = {.side = ch.side, .px = ch.px, .qty = ch.qty, .n = ch.n};
    return hr_desk_take_part(d, env, b, msg, &v, flags, err);
}

static hr_status on_numbered(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                             hr_err *err)
{
    const hr_desk_op op = op_of(b, msg);
    const int64_t seq = b->seq_last[msg];
    hr_l3_change ch = {0};
    if ((b->flags[msg] & HR_FLAG_SNAPSHOT) != 0) return on_part(d, env, b, msg, &op, err);
    bool is_repeated = d->seq.chain >= 0 && seq <= d->seq.chain;
    hr_seq_verdict v = hr_seq_delta(&d->seq, seq, seq, -1);
    /* One that a book overtook is in the book, but its trade is told by nobody else. */
    if (op.action == HR_ORDER_EXECUTE && (!is_repeated || v == HR_SEQ_RESET))
        put_match(d, env, b, msg, &op);
    if (v == HR_SEQ_DUPLICATE || v == HR_SEQ_STALE) return HR_OK;
    if (v == HR_SEQ_HOLE || v == HR_SEQ_RESET) {
        hr_desk_gap(d, env, b, msg, v == HR_SEQ_HOLE ? HR_GAP_SEQ_HOLE : HR_GAP_VENUE_RESET);
        if (v == HR_SEQ_RESET && d->check != NULL) hr_tickcheck_restart(d->check);
        hr_l3_clear(env->orders, &ch, (uint32_t)d->id);
    }
    if (v != HR_SEQ_APPLY && v != HR_SEQ_APPLY_FIRST) {
        if (hr_seq_keeps(&d->seq)) hr_desk_keep_order(d, env, seq, &op);
        return HR_OK;
    }
    d->seq_last_good = seq;
    HR_TRY(change(d, env, &op, &ch, err));
    env->counts.order_faults += is_fault(&op, &ch);
    if (ch.n == 0) return HR_OK;
    const hr_desk_levels lv = {.side = ch.side, .px = ch.px, .qty = ch.qty, .n = ch.n};
    return hr_desk_take_levels(d, env, b, msg, &lv, err);
}

hr_status hr_desk_order(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        hr_err *err)
{
    hr_l3_change ch = {0};
    hr_l3_order rested = {0};
    d->has_depth = true;
    d->fill.is_set = false;
    env->counts.messages++;
    env->counts.orders++;
    if (env->orders == NULL)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': a message about an order where none can be",
                       d->symbol);
    if (d->order_rule != HR_SEQ_NONE) {
        if (d->seq.rule == HR_SEQ_NONE) hr_seq_init(&d->seq, (hr_seq_rule)d->order_rule);
        if (d->seq.rule == d->order_rule) return on_numbered(d, env, b, msg, err);
    }
    /* Other books of orders are whole from their first message: no snapshot precedes a day's first.
     */
    if (!hr_seq_is_live(&d->seq)) (void)hr_seq_snapshot(&d->seq, -1);
    hr_desk_op op = op_of(b, msg);
    find_rest(d, env->orders, &op);
    bool is_known = op.action == HR_ORDER_EXECUTE &&
                    hr_l3_find(env->orders, &rested, hr_desk_order_key(d, op.id));
    HR_TRY(change(d, env, &op, &ch, err));
    if (is_known && ch.taken > 0) put_fill(d, env, b, msg, &rested, ch.taken);
    if (ch.verdict != HR_L3_OK) env->counts.order_faults++;
    if (ch.is_clear) clear_book(d, env, b, msg);
    if (ch.n == 0) {
        hr_desk_end_event(d, env, b, msg);
        return HR_OK;
    }
    const hr_desk_levels v = {.side = ch.side, .px = ch.px, .qty = ch.qty, .n = ch.n};
    return hr_desk_take_levels(d, env, b, msg, &v, err);
}
