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

static hr_status change_orders(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                               hr_l3_change *ch)
{
    hr_l3 *l3 = env->orders;
    uint32_t at = (uint32_t)b->level_begin[msg];
    int64_t px = b->px[at];
    int64_t qty = b->qty[at];
    uint64_t key = hr_desk_order_key(d, b->seq_first[msg]);
    const hr_l3_order o = {
        .id = key, .px = px, .qty = qty, .instrument = (uint32_t)d->id, .side = b->side[at]};
    hr_status st = HR_OK;
    switch (hr_order_action_of(b->flags[msg])) {
    case HR_ORDER_ADD:
        return hr_l3_add(l3, ch, &o);
    case HR_ORDER_PUT:
        return put_order(l3, ch, &o);
    case HR_ORDER_EXECUTE: {
        hr_l3_order was;
        bool is_known = hr_l3_find(l3, &was, key);
        hr_l3_execute(l3, ch, key, qty);
        if (is_known && ch->taken > 0) put_fill(d, env, b, msg, &was, ch->taken);
        break;
    }
    case HR_ORDER_NOTE:
        ch->verdict = HR_L3_OK;
        break;
    case HR_ORDER_CANCEL:
        hr_l3_cancel(l3, ch, key, qty);
        break;
    case HR_ORDER_DELETE:
        hr_l3_delete(l3, ch, key);
        break;
    case HR_ORDER_REPLACE:
        return hr_l3_replace(l3, ch, key, hr_desk_order_key(d, b->seq_prev[msg]), px, qty);
    case HR_ORDER_MODIFY:
        modify(l3, ch, key, px, qty, &st);
        break;
    case HR_ORDER_CLEAR:
        hr_l3_clear(l3, ch, (uint32_t)d->id);
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

hr_status hr_desk_order(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                        hr_err *err)
{
    hr_l3_change ch = {.verdict = HR_L3_BAD}; /* an action that a file makes up */
    d->has_depth = true;
    d->fill.is_set = false;
    env->counts.messages++;
    env->counts.orders++;
    if (env->orders == NULL)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': a message about an order where none can be",
                       d->symbol);
    /* Books of orders are whole from their first message: no snapshot precedes a day's first. */
    if (!hr_seq_is_live(&d->seq)) (void)hr_seq_snapshot(&d->seq, -1);
    hr_status st = change_orders(d, env, b, msg, &ch);
    if (st != HR_OK)
        return HR_FAIL(err, st,
                       "more live orders or price levels than there is room for at '%s': raise "
                       "limits.orders",
                       d->symbol);
    if (ch.verdict != HR_L3_OK) env->counts.order_faults++;
    if (ch.is_clear) clear_book(d, env, b, msg);
    if (ch.n == 0) {
        hr_desk_end_event(d, env, b, msg);
        return HR_OK;
    }
    const hr_desk_levels v = {.side = ch.side, .px = ch.px, .qty = ch.qty, .n = ch.n};
    return hr_desk_take_levels(d, env, b, msg, &v, err);
}
