/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a Binance message to an event of the batch. */
#include <string.h>

#include "text/decimal.h"
#include "venue/binance_fields.h"

static void reverse(int64_t *v, uint32_t n)
{
    for (uint32_t i = 0, k = n; i + 1 < k; i++) {
        int64_t t = v[i];
        v[i] = v[--k];
        v[k] = t;
    }
}

/* The first n_head of n values go behind the rest. */
static void rotate(int64_t *v, uint32_t n_head, uint32_t n)
{
    reverse(v, n_head);
    reverse(v + n_head, n - n_head);
    reverse(v, n);
}

/* Puts the bids in front when the asks came first. */
static void order_sides(hr_evbatch *b, const hr_binance_fields *f)
{
    uint32_t at = b->n_levels;
    uint32_t n = f->n_asks + f->n_bids;
    if (f->n_asks == 0 || f->n_bids == 0 || b->side[at] == HR_SIDE_BID) return;
    rotate(b->px + at, f->n_asks, n);
    rotate(b->qty + at, f->n_asks, n);
    memset(b->side + at, HR_SIDE_BID, f->n_bids);
    memset(b->side + at + f->n_bids, HR_SIDE_ASK, f->n_asks);
}

static int set_instrument(const hr_line *l, uint32_t msg, const hr_binance_fields *f)
{
    char name[HR_SYMBOL_MAX + 1];
    if (hr_binance_has(f, HR_BIT(HR_BK_SYMBOL)))
        return hr_line_symbol(l, msg, f->symbol.s, f->symbol.n);
    if (l->hint.n > 0) return hr_line_symbol(l, msg, l->hint.s, l->hint.n);
    size_t n = hr_binance_stream_symbol(name, sizeof name, f->stream);
    if (n > 0) return hr_line_symbol(l, msg, name, n);
    if (l->info->symbol[0] != '\0')
        return hr_line_symbol(l, msg, l->info->symbol, strlen(l->info->symbol));
    l->batch->sym[msg] = HR_SYM_UNKNOWN;
    return HR_LINE_DONE;
}

/* Where the message has its times: the matching engine's (T) before the gateway's (E). A message
 * without any stands at the source's first known time, marked: the merge raises it to that of the
 * message before it. */
static int set_times(const hr_line *l, uint32_t msg, const hr_binance_fields *f)
{
    hr_evbatch *b = l->batch;
    int64_t ms = hr_binance_has(f, HR_BIT(HR_BK_T_TIME))   ? f->t_time
                 : hr_binance_has(f, HR_BIT(HR_BK_E_TIME)) ? f->e_time
                                                           : -1;
    b->ts_event[msg] = HR_NULL_I64;
    if (ms >= 0 && !hr_ms_to_ns(&b->ts_event[msg], ms)) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = l->ts_recv != HR_NULL_I64 ? l->ts_recv : b->ts_event[msg];
    if (b->ts_recv[msg] != HR_NULL_I64) return HR_LINE_DONE;
    if (l->info->head_time_ns <= 0) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = l->info->head_time_ns;
    b->flags[msg] |= HR_FLAG_NO_TIME;
    return HR_LINE_DONE;
}

static int finish(const hr_line *l, const hr_binance_fields *f, uint32_t msg, hr_msg_kind kind,
                  uint32_t n_levels)
{
    int rc = set_times(l, msg, f);
    if (rc == HR_LINE_DONE) rc = set_instrument(l, msg, f);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->kind[msg] = (uint8_t)kind;
    hr_line_commit(l, n_levels);
    return HR_LINE_DONE;
}

/* A key that is there with another type than this message has is not the same as none. */
static int reject_missing(const hr_binance_fields *f, uint32_t keys)
{
    return HR_LINE_REJECT(hr_binance_has(f, keys) ? HR_REJECT_FIELD_TYPE : HR_REJECT_FIELD_MISSING);
}

static int put_depth(const hr_line *l, const hr_binance_fields *f)
{
    hr_evbatch *b = l->batch;
    bool is_rest = f->event == HR_EVENT_NONE;
    uint32_t keys = HR_BIT(HR_BK_BIDS) | HR_BIT(HR_BK_ASKS) |
                    (is_rest ? 0 : HR_BIT(HR_BK_FIRST) | HR_BIT(HR_BK_LAST));
    if (!hr_binance_has(f, keys | HR_BIT(HR_BK_GOT_BID_LIST) | HR_BIT(HR_BK_GOT_ASK_LIST)))
        return reject_missing(f, keys);
    bool is_partial = hr_binance_stream_is_partial(f->stream);
    /* Beside a stream of changes the top of the same book adds nothing, and would cut the book. */
    if (is_partial && l->info->has_diff_depth) return hr_line_other(l);
    bool is_snapshot = is_rest || is_partial;
    if (!is_snapshot && f->first > f->last) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    uint32_t msg = hr_line_begin(l);
    int64_t id = is_rest ? f->snap_id : f->last;
    b->seq_first[msg] = is_snapshot ? id : f->first;
    b->seq_last[msg] = id;
    b->seq_prev[msg] = !is_snapshot && hr_binance_has(f, HR_BIT(HR_BK_PREV)) ? f->prev : -1;
    if (is_snapshot) b->flags[msg] = HR_FLAG_SNAPSHOT;
    order_sides(b, f);
    return finish(l, f, msg, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, f->n_bids + f->n_asks);
}

/* The id of a trade is `t`, that of an aggregate a numeric `a`; a single trade's `a` and `b`, where
 * the venue still sends them, are the ids of the two orders. */
static int put_trade(const hr_line *l, const hr_binance_fields *f)
{
    hr_evbatch *b = l->batch;
    bool is_aggregate = f->event == HR_EVENT_AGG_TRADE;
    uint32_t keys = HR_BIT(HR_BK_PRICE) | HR_BIT(HR_BK_QTY) | HR_BIT(HR_BK_MAKER) |
                    HR_BIT(is_aggregate ? HR_BK_ASKS : HR_BK_TRADE_ID);
    int64_t id = f->trade_id;
    if (!hr_binance_has(f, keys) ||
        (is_aggregate && !hr_binance_has(f, HR_BIT(HR_BK_GOT_A_NUMBER))))
        return reject_missing(f, keys);
    if (is_aggregate) {
        hr_status st = hr_int_parse(&id, f->a_number.s, f->a_number.n);
        if (st != HR_OK) return hr_line_reject_number(st);
        if (id < 0) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    }
    uint32_t msg = hr_line_begin(l);
    uint32_t at = b->n_levels;
    b->seq_first[msg] = b->seq_last[msg] = id;
    if (is_aggregate) b->flags[msg] = HR_FLAG_AGG;
    b->px[at] = f->price;
    b->qty[at] = f->qty;
    b->side[at] =
        f->is_maker ? HR_SIDE_ASK : HR_SIDE_BID; /* the buyer rested, so the seller took */
    return finish(l, f, msg, HR_MSG_TRADE, 1);
}

static int put_ticker(const hr_line *l, const hr_binance_fields *f)
{
    hr_evbatch *b = l->batch;
    uint32_t keys = HR_BIT(HR_BK_BIDS) | HR_BIT(HR_BK_BID_QTY) | HR_BIT(HR_BK_ASKS) |
                    HR_BIT(HR_BK_ASK_QTY) | HR_BIT(HR_BK_LAST);
    if (!hr_binance_has(f, keys | HR_BIT(HR_BK_GOT_BID_PX) | HR_BIT(HR_BK_GOT_ASK_PX)))
        return reject_missing(f, keys);
    uint32_t msg = hr_line_begin(l);
    uint32_t at = b->n_levels;
    b->seq_first[msg] = b->seq_last[msg] = f->last;
    b->px[at] = f->bid_qty == 0 ? 0 : f->bid_px;
    b->qty[at] = f->bid_qty;
    b->side[at] = HR_SIDE_BID;
    b->px[at + 1] = f->ask_qty == 0 ? 0 : f->ask_px;
    b->qty[at + 1] = f->ask_qty;
    b->side[at + 1] = HR_SIDE_ASK;
    return finish(l, f, msg, HR_MSG_TICKER, 2);
}

int hr_binance_put(const hr_line *l, const hr_binance_fields *f)
{
    if (!hr_evbatch_has_room(l->batch, 1, 4)) return HR_LINE_FULL;
    switch (f->event) {
    case HR_EVENT_DEPTH:
        return put_depth(l, f);
    case HR_EVENT_TRADE:
    case HR_EVENT_AGG_TRADE:
        return put_trade(l, f);
    case HR_EVENT_TICKER:
        return put_ticker(l, f);
    case HR_EVENT_FOREIGN:
        return hr_line_other(l);
    case HR_EVENT_NONE:
        break;
    }
    if (hr_binance_has(f, HR_BIT(HR_BK_SNAP_ID))) return put_depth(l, f);
    return hr_binance_has(f, HR_BINANCE_TICKER_KEYS) ? put_ticker(l, f) : hr_line_other(l);
}

bool hr_binance_stream_is_partial(hr_json_str stream)
{
    const char *at = stream.n == 0 ? NULL : memchr(stream.s, '@', stream.n);
    if (at == NULL) return false;
    size_t n = (size_t)(stream.s + stream.n - at);
    if (n < 7 || memcmp(at, "@depth", 6) != 0) return false;
    return at[6] >= '0' && at[6] <= '9';
}

size_t hr_binance_stream_symbol(char *out, size_t cap, hr_json_str stream)
{
    size_t n = 0;
    while (n < stream.n && n + 1 < cap && stream.s[n] != '@') {
        char c = stream.s[n];
        out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    out[n] = '\0';
    return n < stream.n && stream.s[n] == '@' ? n : 0;
}
