/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstamp's live orders as collectors of its first feed (2013 to 2018) wrote them, one a line:
 *
 *   1430438404518 order_created {"price":"236.47","amount":"2.00000000","datetime":"1430438404",
 *                                "id":65595247,"order_type":0}
 *   .. order_changed {.. "amount" is what is left ..}
 *   .. order_deleted {.. also when nothing is left ..}
 *   .. trade {"price":236.47,"amount":0.21144331,"id":8111041}
 *   .. order_book {"bids":[["px","qty"],..],"asks":[..]}      the venue's own best levels
 *
 * order_type 0 buys. The feed had one instrument, BTCUSD, and names none. Events carry the order's
 * time in seconds, which is no time of the event: the receive time stands alone. Trades came as
 * binary floats: their quantity is rounded to our decimals. Books are left out: the orders make
 * ours, and the venue's is there to compare with. */
#include "text/decimal.h"
#include "venue/read.h"

typedef struct order {
    int64_t id, px, qty, type;
} order;

static int on_order_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    order *o = self;
    if (HR_IS(key, "id")) return hr_read_int(j, &o->id);
    if (HR_IS(key, "price")) return hr_read_decimal(j, &o->px, l->info->px_scale);
    if (HR_IS(key, "amount")) return hr_read_decimal(j, &o->qty, l->info->qty_scale);
    if (HR_IS(key, "order_type")) return hr_read_int(j, &o->type);
    return hr_read_skip(j);
}

static int put_order(const hr_line *l, hr_json *j, hr_order_action action)
{
    order o = {.id = -1, .px = -1, .qty = -1, .type = -1};
    uint32_t m;
    hr_evbatch *b = l->batch;
    int rc = hr_read_object(l, j, on_order_key, &o);
    if (rc != HR_LINE_DONE) return rc;
    if (o.id < 0 || o.px < 0 || o.qty < 0 || o.type < 0)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (o.type > 1) return HR_LINE_REJECT(HR_REJECT_SIDE);
    rc = hr_read_begin(l, HR_MSG_ORDER, HR_NULL_I64, (hr_json_str){0}, &m);
    if (rc != HR_LINE_DONE) return rc;
    b->flags[m] |= (uint32_t)action << HR_ORDER_SHIFT;
    b->seq_first[m] = o.id;
    b->px[b->n_levels] = o.px;
    b->qty[b->n_levels] = o.qty;
    b->side[b->n_levels] = o.type == 0 ? HR_SIDE_BID : HR_SIDE_ASK;
    hr_line_commit(l, 1);
    return HR_LINE_DONE;
}

typedef struct trade {
    hr_json_str id;
    int64_t px, qty;
} trade;

/* 1.7885566900000001, 9.99e-06: what a binary float made of eight decimals. */
static int read_float(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    int64_t v = 0;
    int shift = (int)scale;
    int64_t exponent = 0;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_NUMBER) return hr_read_wrong_type(t);
    if (!hr_json_number(j, &s)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    bool is_behind = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (c == '-') return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
        if (c == 'e' || c == 'E') {
            size_t at = i + 1 + (s.s[i + 1] == '+');
            if (hr_int_parse(&exponent, s.s + at, s.n - at) != HR_OK || exponent < -30 ||
                exponent > 18)
                return HR_LINE_REJECT(HR_REJECT_RANGE);
            break;
        }
        if (c == '.') {
            is_behind = true;
            continue;
        }
        if (v >= HR_DECIMAL_LIMIT / 10) { /* more digits than a double has */
            if (!is_behind) return HR_LINE_REJECT(HR_REJECT_RANGE);
            continue;
        }
        v = v * 10 + (c - '0');
        shift -= is_behind;
    }
    for (shift += (int)exponent; shift > 0 && v < HR_DECIMAL_LIMIT / 10; shift--)
        v *= 10;
    if (shift > 0 && v > 0) return HR_LINE_REJECT(HR_REJECT_RANGE);
    for (; shift < -1; shift++)
        v /= 10;
    *out = shift == -1 ? (v + 5) / 10 : v;
    return HR_LINE_DONE;
}

static int on_trade_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    trade *t = self;
    if (HR_IS(key, "id")) return hr_json_number(j, &t->id) ? HR_LINE_DONE : hr_read_broken(j);
    if (HR_IS(key, "price")) return read_float(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "amount")) return read_float(j, &t->qty, l->info->qty_scale);
    return hr_read_skip(j);
}

static int put_trade(const hr_line *l, hr_json *j)
{
    trade t = {0};
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_trade(l, HR_NULL_I64, (hr_json_str){0}, HR_SIDE_NONE, t.px, t.qty, t.id);
}

int hr_bitstamp_order(hr_line *l)
{
    hr_json j;
    int64_t ms;
    const char *end = l->s + l->n;
    const char *space = memchr(l->s, ' ', l->n);
    const char *second = space != NULL ? memchr(space + 1, ' ', (size_t)(end - space - 1)) : NULL;
    if (second == NULL) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    if (hr_int_parse(&ms, l->s, (size_t)(space - l->s)) != HR_OK || ms < 0 ||
        !hr_ms_to_ns(&l->ts_recv, ms))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    hr_json_str event = {.s = space + 1, .n = (size_t)(second - space - 1)};
    hr_json_init_within(&j, second + 1, (size_t)(end - second - 1), l->limit);
    const uint32_t n_msgs = l->batch->n_msgs;
    const uint32_t n_levels = l->batch->n_levels;
    const uint32_t n_syms = l->batch->n_syms;
    int rc = HR_IS(event, "order_created")   ? put_order(l, &j, HR_ORDER_ADD)
             : HR_IS(event, "order_changed") ? put_order(l, &j, HR_ORDER_MODIFY)
             : HR_IS(event, "order_deleted") ? put_order(l, &j, HR_ORDER_DELETE)
             : HR_IS(event, "trade")         ? put_trade(l, &j)
             : hr_json_skip(&j)              ? hr_line_other(l)
                                             : HR_LINE_REJECT(HR_REJECT_JSON);
    if (rc == HR_LINE_DONE && !hr_json_at_end(&j)) rc = HR_LINE_REJECT(HR_REJECT_JSON);
    if (rc != HR_LINE_DONE) hr_line_undo(l, n_msgs, n_levels, n_syms);
    return rc;
}
