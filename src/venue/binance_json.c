/* SPDX-License-Identifier: Apache-2.0 */
/* Binance market data messages to event batches.
 * Source: Binance spot API "WebSocket Streams" and "Market Data endpoints"; derivatives "Diff. Book
 * Depth Streams", "Trade Streams", "Aggregate Trade Streams", "Individual Symbol Book Ticker
 * Streams". */
#include <string.h>

#include "text/decimal.h"
#include "venue/line.h"

/* Every key that any of the messages uses; a bit in `seen` each. */
typedef enum key_id {
    K_EVENT,
    K_E_TIME,
    K_T_TIME,
    K_SYMBOL,
    K_FIRST,
    K_LAST,
    K_PREV,
    K_BIDS,
    K_ASKS,
    K_SNAP_ID,
    K_TRADE_ID,
    K_AGG_ID,
    K_PRICE,
    K_QTY,
    K_MAKER,
    K_BID_PX,
    K_BID_QTY,
    K_ASK_PX,
    K_ASK_QTY,
    K_STREAM,
    K_DATA,
    K_CAPTURE,
    K_OTHER,
    K_COUNT
} key_id;

#define BIT(k) (1u << (k))

/* `b` and `a` mean a level list in a depth update, a price in a book ticker and an id in an
 * aggregate trade: what they are follows from the value's type. */
typedef struct fields {
    uint32_t seen;
    int64_t e_time, t_time, first, last, prev, snap_id, trade_id;
    int64_t price, qty, bid_px, bid_qty, ask_px, ask_qty;
    uint32_t n_bids, n_asks;
    bool is_maker;
    hr_json_str event, symbol, stream;
} fields;

static key_id key_of(hr_json_str k)
{
    if (k.n == 1) {
        switch (k.s[0]) {
        case 'e':
            return K_EVENT;
        case 'E':
            return K_E_TIME;
        case 'T':
            return K_T_TIME;
        case 's':
            return K_SYMBOL;
        case 'U':
            return K_FIRST;
        case 'u':
            return K_LAST;
        case 'b':
            return K_BIDS;
        case 'a':
            return K_ASKS;
        case 't':
            return K_TRADE_ID;
        case 'p':
            return K_PRICE;
        case 'q':
            return K_QTY;
        case 'm':
            return K_MAKER;
        case 'B':
            return K_BID_QTY;
        case 'A':
            return K_ASK_QTY;
        default:
            return K_OTHER;
        }
    }
    if (k.n == 2 && memcmp(k.s, "pu", 2) == 0) return K_PREV;
    if (k.n == 4 && memcmp(k.s, "bids", 4) == 0) return K_BIDS;
    if (k.n == 4 && memcmp(k.s, "asks", 4) == 0) return K_ASKS;
    if (k.n == 6 && memcmp(k.s, "symbol", 6) == 0) return K_SYMBOL;
    if (k.n == 12 && memcmp(k.s, "lastUpdateId", 12) == 0) return K_SNAP_ID;
    return K_OTHER;
}

static int reject_number(hr_status st)
{
    return HR_LINE_REJECT(st == HR_ERANGE ? HR_REJECT_RANGE : HR_REJECT_NUMBER);
}

static int read_int(hr_json *j, int64_t *out)
{
    hr_json_str s;
    if (hr_json_peek(j) != HR_JSON_NUMBER) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
    if (!hr_json_number(j, &s)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    hr_status st = hr_int_parse(out, s.s, s.n);
    if (st != HR_OK) return reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

static int read_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_NULL) return HR_LINE_REJECT(HR_REJECT_NULL);
    if (t != HR_JSON_STRING && t != HR_JSON_NUMBER) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
    if (!hr_json_decimal_text(j, &s)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    hr_status st = hr_decimal_parse(out, s.s, s.n, scale);
    if (st != HR_OK) return reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

static int read_string(hr_json *j, hr_json_str *out)
{
    if (hr_json_peek(j) != HR_JSON_STRING) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
    return hr_json_string(j, out) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

/* Level lists go straight into the batch behind the levels already there. They may come in either
 * order: asks that come first are turned behind the bids at the end. */
static int read_levels(const hr_line *l, hr_json *j, fields *f, hr_side side)
{
    hr_evbatch *b = l->batch;
    uint32_t used = f->n_bids + f->n_asks;
    uint32_t at = b->n_levels + used;
    uint32_t n = 0;
    hr_status st = hr_json_levels(j, b->px + at, b->qty + at, b->cap_levels - at, l->info->px_scale,
                                  l->info->qty_scale, &n);
    if (st == HR_FULL) return HR_LINE_FULL;
    if (st == HR_ERANGE) return HR_LINE_REJECT(HR_REJECT_RANGE);
    if (st != HR_OK) {
        if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
        return HR_LINE_REJECT(HR_REJECT_NUMBER);
    }
    int64_t low = 0;
    for (uint32_t i = 0; i < n; i++)
        low |=
            (b->px[at + i] - 1) | b->qty[at + i]; /* sign bit: price below 1 or quantity below 0 */
    if (low < 0) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    memset(b->side + at, (int)side, n);
    if (side == HR_SIDE_BID)
        f->n_bids = n;
    else
        f->n_asks = n;
    return HR_LINE_DONE;
}

static int read_side(const hr_line *l, hr_json *j, fields *f, hr_side side)
{
    bool is_bid = side == HR_SIDE_BID;
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_ARRAY) return read_levels(l, j, f, side);
    if (t == HR_JSON_STRING) {
        f->seen |= BIT(is_bid ? K_BID_PX : K_ASK_PX);
        return read_decimal(j, is_bid ? &f->bid_px : &f->ask_px, l->info->px_scale);
    }
    if (t == HR_JSON_NUMBER && !is_bid) {
        f->seen |= BIT(K_AGG_ID);
        return read_int(j, &f->trade_id);
    }
    if (t == HR_JSON_NUMBER) return hr_json_skip(j) ? 0 : HR_LINE_REJECT(HR_REJECT_JSON);
    return HR_LINE_REJECT(t == HR_JSON_ERROR ? HR_REJECT_JSON : HR_REJECT_FIELD_TYPE);
}

static int read_maker(hr_json *j, fields *f)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_TRUE && t != HR_JSON_FALSE) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
    return hr_json_bool(j, &f->is_maker) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_field(const hr_line *l, hr_json *j, fields *f, key_id k)
{
    switch (k) {
    case K_EVENT:
        return read_string(j, &f->event);
    case K_SYMBOL:
        return read_string(j, &f->symbol);
    case K_E_TIME:
        return read_int(j, &f->e_time);
    case K_T_TIME:
        return read_int(j, &f->t_time);
    case K_FIRST:
        return read_int(j, &f->first);
    case K_LAST:
        return read_int(j, &f->last);
    case K_PREV:
        return read_int(j, &f->prev);
    case K_SNAP_ID:
        return read_int(j, &f->snap_id);
    case K_TRADE_ID:
        return read_int(j, &f->trade_id);
    case K_BIDS:
        return read_side(l, j, f, HR_SIDE_BID);
    case K_ASKS:
        return read_side(l, j, f, HR_SIDE_ASK);
    case K_PRICE:
        return read_decimal(j, &f->price, l->info->px_scale);
    case K_QTY:
        return read_decimal(j, &f->qty, l->info->qty_scale);
    case K_BID_QTY:
        return read_decimal(j, &f->bid_qty, l->info->qty_scale);
    case K_ASK_QTY:
        return read_decimal(j, &f->ask_qty, l->info->qty_scale);
    case K_MAKER:
        return read_maker(j, f);
    case K_BID_PX:
    case K_ASK_PX:
    case K_AGG_ID:
    case K_STREAM:
    case K_DATA:
    case K_CAPTURE:
    case K_OTHER:
    case K_COUNT:
        break;
    }
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static bool has(const fields *f, uint32_t bits)
{
    return (f->seen & bits) == bits;
}

static bool event_is(const fields *f, const char *name)
{
    return f->event.n == strlen(name) && memcmp(f->event.s, name, f->event.n) == 0;
}

/* Puts the bids in front when the asks came first. */
static void order_sides(hr_evbatch *b, const fields *f)
{
    uint32_t at = b->n_levels;
    uint32_t n_asks = f->n_asks;
    uint32_t n_bids = f->n_bids;
    if (n_asks == 0 || n_bids == 0 || b->side[at] == HR_SIDE_BID) return;
    for (uint32_t done = 0; done < n_bids; done++) { /* rotate by one, n_bids times; rare, small */
        uint32_t from = at + n_asks + done;
        int64_t px = b->px[from];
        int64_t qty = b->qty[from];
        memmove(b->px + at + done + 1, b->px + at + done, n_asks * sizeof *b->px);
        memmove(b->qty + at + done + 1, b->qty + at + done, n_asks * sizeof *b->qty);
        b->px[at + done] = px;
        b->qty[at + done] = qty;
    }
    memset(b->side + at, HR_SIDE_BID, n_bids);
    memset(b->side + at + n_bids, HR_SIDE_ASK, n_asks);
}

static int set_instrument(const hr_line *l, uint32_t msg, const fields *f)
{
    char name[HR_SYMBOL_MAX + 1];
    if (has(f, BIT(K_SYMBOL))) return hr_line_symbol(l, msg, f->symbol.s, f->symbol.n);
    if (l->hint.n > 0) return hr_line_symbol(l, msg, l->hint.s, l->hint.n);
    size_t n = hr_binance_stream_symbol(name, sizeof name, f->stream);
    if (n > 0) return hr_line_symbol(l, msg, name, n);
    if (l->info->symbol[0] != '\0')
        return hr_line_symbol(l, msg, l->info->symbol, strlen(l->info->symbol));
    l->batch->sym[msg] = HR_SYM_UNKNOWN;
    return HR_LINE_DONE;
}

/* Where the message has its times: the matching engine's (T) before the gateway's (E). */
static int set_times(const hr_line *l, uint32_t msg, const fields *f)
{
    hr_evbatch *b = l->batch;
    int64_t ms = has(f, BIT(K_T_TIME)) ? f->t_time : has(f, BIT(K_E_TIME)) ? f->e_time : -1;
    b->ts_event[msg] = HR_NULL_I64;
    if (ms >= 0 && !hr_ms_to_ns(&b->ts_event[msg], ms)) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = l->ts_recv != HR_NULL_I64 ? l->ts_recv : b->ts_event[msg];
    if (b->ts_recv[msg] == HR_NULL_I64) b->ts_recv[msg] = 0;
    return HR_LINE_DONE;
}

static int finish(const hr_line *l, const fields *f, uint32_t msg, hr_msg_kind kind,
                  uint32_t n_levels)
{
    int rc = set_instrument(l, msg, f);
    if (rc == HR_LINE_DONE) rc = set_times(l, msg, f);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->kind[msg] = (uint8_t)kind;
    hr_line_commit(l, n_levels);
    return HR_LINE_DONE;
}

static int put_depth(const hr_line *l, const fields *f)
{
    hr_evbatch *b = l->batch;
    bool is_snapshot = has(f, BIT(K_SNAP_ID));
    uint32_t need = is_snapshot ? BIT(K_BIDS) | BIT(K_ASKS)
                                : BIT(K_BIDS) | BIT(K_ASKS) | BIT(K_FIRST) | BIT(K_LAST);
    if (!has(f, need)) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (!is_snapshot && f->first > f->last) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    uint32_t msg = hr_line_begin(l);
    b->seq_first[msg] = is_snapshot ? f->snap_id : f->first;
    b->seq_last[msg] = is_snapshot ? f->snap_id : f->last;
    b->seq_prev[msg] = has(f, BIT(K_PREV)) ? f->prev : -1;
    if (is_snapshot) b->flags[msg] = HR_FLAG_SNAPSHOT;
    order_sides(b, f);
    return finish(l, f, msg, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, f->n_bids + f->n_asks);
}

static int put_trade(const hr_line *l, const fields *f, bool is_aggregate)
{
    hr_evbatch *b = l->batch;
    uint32_t need =
        BIT(K_PRICE) | BIT(K_QTY) | BIT(K_MAKER) | BIT(is_aggregate ? K_AGG_ID : K_TRADE_ID);
    if (!has(f, need)) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    uint32_t msg = hr_line_begin(l);
    uint32_t at = b->n_levels;
    b->seq_first[msg] = b->seq_last[msg] = f->trade_id;
    if (is_aggregate) b->flags[msg] = HR_FLAG_AGG;
    b->px[at] = f->price;
    b->qty[at] = f->qty;
    b->side[at] =
        f->is_maker ? HR_SIDE_ASK : HR_SIDE_BID; /* the buyer rested, so the seller took */
    return finish(l, f, msg, HR_MSG_TRADE, 1);
}

static int put_ticker(const hr_line *l, const fields *f)
{
    hr_evbatch *b = l->batch;
    uint32_t need = BIT(K_BID_PX) | BIT(K_BID_QTY) | BIT(K_ASK_PX) | BIT(K_ASK_QTY) | BIT(K_LAST);
    if (!has(f, need)) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
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

static int put_message(const hr_line *l, const fields *f)
{
    if (has(f, BIT(K_EVENT))) {
        if (event_is(f, "depthUpdate")) return put_depth(l, f);
        if (event_is(f, "trade")) return put_trade(l, f, false);
        if (event_is(f, "aggTrade")) return put_trade(l, f, true);
        if (event_is(f, "bookTicker")) return put_ticker(l, f);
        return hr_line_other(l);
    }
    if (has(f, BIT(K_SNAP_ID))) return put_depth(l, f);
    /* Spot book tickers carry no event name. */
    if (has(f, BIT(K_LAST) | BIT(K_BID_PX) | BIT(K_ASK_PX))) return put_ticker(l, f);
    return hr_line_other(l);
}

/* Types we leave out may use our keys with other meanings: their name decides before their fields
 * are read. */
static bool is_foreign_event(const fields *f)
{
    return !event_is(f, "depthUpdate") && !event_is(f, "trade") && !event_is(f, "aggTrade") &&
           !event_is(f, "bookTicker");
}

static int read_object(const hr_line *l, hr_json *j, fields *f)
{
    hr_json_str key;
    bool is_foreign = false;
    if (hr_json_peek(j) != HR_JSON_OBJECT)
        return HR_LINE_REJECT(j->error != NULL ? HR_REJECT_JSON : HR_REJECT_UNKNOWN);
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        key_id k = is_foreign ? K_OTHER : key_of(key);
        if (k != K_OTHER) {
            if (f->seen & BIT(k)) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
            f->seen |= BIT(k);
        }
        int rc = read_field(l, j, f, k);
        if (rc != HR_LINE_DONE) return rc;
        if (k == K_EVENT) is_foreign = is_foreign_event(f);
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

static bool key_is(hr_json_str k, const char *name)
{
    return k.n == strlen(name) && memcmp(k.s, name, k.n) == 0;
}

/* True when the object is an envelope: its first key is "stream", "data" or a capturer's. */
static bool is_envelope(const hr_json *j)
{
    hr_json probe = *j;
    hr_json_str key;
    if (hr_json_peek(&probe) != HR_JSON_OBJECT || !hr_json_enter_object(&probe)) return false;
    if (!hr_json_next_key(&probe, &key)) return false;
    return key_is(key, "stream") || key_is(key, "data") || key_is(key, "capture_ns");
}

static int read_envelope(hr_line *l, hr_json *j, fields *f)
{
    hr_json_str key;
    uint32_t seen = 0;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        key_id k = key_is(key, "stream")       ? K_STREAM
                   : key_is(key, "data")       ? K_DATA
                   : key_is(key, "capture_ns") ? K_CAPTURE
                                               : K_OTHER;
        if (k != K_OTHER && (seen & BIT(k))) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
        seen |= BIT(k);
        int rc = HR_LINE_DONE;
        if (k == K_STREAM)
            rc = read_string(j, &f->stream);
        else if (k == K_CAPTURE)
            rc = read_int(j, &l->ts_recv);
        else if (k == K_DATA)
            rc = read_object(l, j, f);
        else if (!hr_json_skip(j))
            rc = HR_LINE_REJECT(HR_REJECT_JSON);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_JSON);
    return seen & BIT(K_DATA) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
}

int hr_binance_decode(const hr_line *line, hr_json *j)
{
    hr_line l = *line;
    fields f = {0};
    int rc = is_envelope(j) ? read_envelope(&l, j, &f) : read_object(&l, j, &f);
    if (rc == HR_LINE_DONE && !hr_json_at_end(j)) rc = HR_LINE_REJECT(HR_REJECT_JSON);
    return rc != HR_LINE_DONE ? rc : put_message(&l, &f);
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
