/* SPDX-License-Identifier: Apache-2.0 */
/* Binance market data messages to event batches.
 * Source: Binance spot API "WebSocket Streams" and "Market Data endpoints"; derivatives "Diff. Book
 * Depth Streams", "Trade Streams", "Aggregate Trade Streams", "Individual Symbol Book Ticker
 * Streams". */
#include <string.h>

#include "text/decimal.h"
#include "venue/line.h"

/* Every key that any of the messages uses; a bit in `seen` each. The four behind them say what
 * `b` and `a` were: a level list in a depth update, a price in a book ticker, an id in a trade. */
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
    K_PRICE,
    K_QTY,
    K_MAKER,
    K_BID_QTY,
    K_ASK_QTY,
    K_STREAM,
    K_DATA,
    K_CAPTURE,
    K_OTHER,
    K_COUNT,
    GOT_BID_LIST = K_COUNT,
    GOT_ASK_LIST,
    GOT_BID_PX,
    GOT_ASK_PX,
    GOT_A_NUMBER,
} key_id;

#define BIT(k) (1u << (k))

typedef enum event_id {
    EVENT_NONE,
    EVENT_DEPTH,
    EVENT_TRADE,
    EVENT_AGG_TRADE,
    EVENT_TICKER,
    EVENT_FOREIGN,
} event_id;

typedef struct fields {
    uint32_t seen;
    uint32_t n_bids, n_asks;
    event_id event;
    bool is_maker;
    int64_t e_time, t_time, first, last, prev, snap_id, trade_id;
    int64_t price, qty, bid_px, bid_qty, ask_px, ask_qty;
    hr_json_str a_number, symbol, stream;
} fields;

/* Outcomes of reading an object, beside those of a line. */
#define OBJECT_IS_ENVELOPE 2 /* start again: the message is in "data" */
#define OBJECT_IS_FOREIGN 3  /* a type we leave out; read to its end */

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

/* A value of another type than its key asks for. */
static int reject_type(hr_json_type t)
{
    return HR_LINE_REJECT(t == HR_JSON_ERROR  ? HR_REJECT_JSON
                          : t == HR_JSON_NULL ? HR_REJECT_NULL
                                              : HR_REJECT_FIELD_TYPE);
}

static int read_int(hr_json *j, int64_t *out)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_NUMBER) return reject_type(t);
    if (!hr_json_number(j, &s)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    hr_status st = hr_int_parse(out, s.s, s.n);
    if (st != HR_OK) return reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

static int read_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING && t != HR_JSON_NUMBER) return reject_type(t);
    if (!hr_json_decimal_text(j, &s))
        return HR_LINE_REJECT(t == HR_JSON_STRING ? HR_REJECT_JSON : HR_REJECT_NUMBER);
    hr_status st = hr_decimal_parse(out, s.s, s.n, scale);
    if (st != HR_OK) return reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

static int read_string(hr_json *j, hr_json_str *out)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING) return reject_type(t);
    return hr_json_string(j, out) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_event(hr_json *j, fields *f)
{
    hr_json_str s;
    int rc = read_string(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    f->event = EVENT_FOREIGN;
    if (s.n == 11 && memcmp(s.s, "depthUpdate", 11) == 0) f->event = EVENT_DEPTH;
    if (s.n == 5 && memcmp(s.s, "trade", 5) == 0) f->event = EVENT_TRADE;
    if (s.n == 8 && memcmp(s.s, "aggTrade", 8) == 0) f->event = EVENT_AGG_TRADE;
    if (s.n == 10 && memcmp(s.s, "bookTicker", 10) == 0) f->event = EVENT_TICKER;
    return HR_LINE_DONE;
}

/* Why the list at j was not taken: bad text anywhere in it comes before what single values say. */
static HR_COLD int explain_levels(const hr_line *l, const hr_json *at)
{
    hr_json j = *at;
    int64_t ignored;
    if (!hr_json_skip(&j)) return HR_LINE_REJECT(HR_REJECT_JSON);
    j = *at;
    (void)hr_json_enter_array(&j);
    while (hr_json_next_item(&j)) {
        hr_json_type t = hr_json_peek(&j);
        if (t != HR_JSON_ARRAY) return reject_type(t);
        (void)hr_json_enter_array(&j);
        for (int k = 0; k < 2; k++) {
            if (!hr_json_next_item(&j)) return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
            int rc = read_decimal(&j, &ignored, k == 0 ? l->info->px_scale : l->info->qty_scale);
            if (rc != HR_LINE_DONE) return rc;
        }
        while (hr_json_next_item(&j))
            if (!hr_json_skip(&j)) return HR_LINE_REJECT(HR_REJECT_JSON);
    }
    return HR_LINE_REJECT(HR_REJECT_NUMBER);
}

/* Negative numbers are an error. So is a quantity at price 0; its removal changes no book, whose
 * prices are all above 0, and the row is left out. */
static HR_COLD int drop_zero_prices(hr_evbatch *b, uint32_t at, uint32_t *n)
{
    uint32_t kept = at;
    for (uint32_t i = at; i < at + *n; i++) {
        if (b->px[i] < 0 || b->qty[i] < 0 || (b->px[i] == 0 && b->qty[i] > 0))
            return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
        if (b->px[i] == 0) continue;
        b->px[kept] = b->px[i];
        b->qty[kept++] = b->qty[i];
    }
    *n = kept - at;
    return HR_LINE_DONE;
}

/* Level lists go straight into the batch behind the levels already there. They may come in either
 * order: asks that come first are turned behind the bids at the end. */
static int read_levels(const hr_line *l, hr_json *j, fields *f, hr_side side)
{
    hr_evbatch *b = l->batch;
    uint32_t at = b->n_levels + f->n_bids + f->n_asks;
    uint32_t n = 0;
    const hr_json begin = *j;
    hr_status st = hr_json_levels(j, b->px + at, b->qty + at, b->cap_levels - at, l->info->px_scale,
                                  l->info->qty_scale, &n);
    if (st == HR_FULL) return HR_LINE_FULL;
    if (HR_UNLIKELY(st != HR_OK)) return explain_levels(l, &begin);
    int64_t low = 0;
    for (uint32_t i = 0; i < n; i++) /* sign bit: price below 1 or quantity below 0 */
        low |= (b->px[at + i] - 1) | b->qty[at + i];
    if (HR_UNLIKELY(low < 0)) {
        int rc = drop_zero_prices(b, at, &n);
        if (rc != HR_LINE_DONE) return rc;
    }
    memset(b->side + at, (int)side, n);
    f->seen |= BIT(side == HR_SIDE_BID ? GOT_BID_LIST : GOT_ASK_LIST);
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
        f->seen |= BIT(is_bid ? GOT_BID_PX : GOT_ASK_PX);
        return read_decimal(j, is_bid ? &f->bid_px : &f->ask_px, l->info->px_scale);
    }
    if (t != HR_JSON_NUMBER) return reject_type(t);
    if (is_bid) return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
    f->seen |= BIT(GOT_A_NUMBER);
    return hr_json_number(j, &f->a_number) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
}

static int read_maker(hr_json *j, fields *f)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_TRUE && t != HR_JSON_FALSE) return reject_type(t);
    return hr_json_bool(j, &f->is_maker) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_field(const hr_line *l, hr_json *j, fields *f, key_id k)
{
    switch (k) {
    case K_EVENT:
        return read_event(j, f);
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
    case K_STREAM:
    case K_DATA:
    case K_CAPTURE:
    case K_OTHER:
    case GOT_BID_LIST:
    case GOT_ASK_LIST:
    case GOT_BID_PX:
    case GOT_ASK_PX:
    case GOT_A_NUMBER:
        break;
    }
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static bool has(const fields *f, uint32_t bits)
{
    return (f->seen & bits) == bits;
}

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
static void order_sides(hr_evbatch *b, const fields *f)
{
    uint32_t at = b->n_levels;
    uint32_t n = f->n_asks + f->n_bids;
    if (f->n_asks == 0 || f->n_bids == 0 || b->side[at] == HR_SIDE_BID) return;
    rotate(b->px + at, f->n_asks, n);
    rotate(b->qty + at, f->n_asks, n);
    memset(b->side + at, HR_SIDE_BID, f->n_bids);
    memset(b->side + at + f->n_bids, HR_SIDE_ASK, f->n_asks);
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

/* Where the message has its times: the matching engine's (T) before the gateway's (E). A message
 * without any stands at the source's first known time, marked: the merge raises it to that of the
 * message before it. */
static int set_times(const hr_line *l, uint32_t msg, const fields *f)
{
    hr_evbatch *b = l->batch;
    int64_t ms = has(f, BIT(K_T_TIME)) ? f->t_time : has(f, BIT(K_E_TIME)) ? f->e_time : -1;
    b->ts_event[msg] = HR_NULL_I64;
    if (ms >= 0 && !hr_ms_to_ns(&b->ts_event[msg], ms)) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = l->ts_recv != HR_NULL_I64 ? l->ts_recv : b->ts_event[msg];
    if (b->ts_recv[msg] != HR_NULL_I64) return HR_LINE_DONE;
    if (l->info->head_time_ns <= 0) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = l->info->head_time_ns;
    b->flags[msg] |= HR_FLAG_NO_TIME;
    return HR_LINE_DONE;
}

static int finish(const hr_line *l, const fields *f, uint32_t msg, hr_msg_kind kind,
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
static int reject_missing(const fields *f, uint32_t keys)
{
    return HR_LINE_REJECT(has(f, keys) ? HR_REJECT_FIELD_TYPE : HR_REJECT_FIELD_MISSING);
}

static int put_depth(const hr_line *l, const fields *f)
{
    hr_evbatch *b = l->batch;
    bool is_rest = f->event == EVENT_NONE;
    uint32_t keys = BIT(K_BIDS) | BIT(K_ASKS) | (is_rest ? 0 : BIT(K_FIRST) | BIT(K_LAST));
    if (!has(f, keys | BIT(GOT_BID_LIST) | BIT(GOT_ASK_LIST))) return reject_missing(f, keys);
    bool is_partial = hr_binance_stream_is_partial(f->stream);
    /* Beside a stream of changes the top of the same book adds nothing, and would cut the book. */
    if (is_partial && l->info->has_diff_depth) return hr_line_other(l);
    bool is_snapshot = is_rest || is_partial;
    if (!is_snapshot && f->first > f->last) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    uint32_t msg = hr_line_begin(l);
    int64_t id = is_rest ? f->snap_id : f->last;
    b->seq_first[msg] = is_snapshot ? id : f->first;
    b->seq_last[msg] = id;
    b->seq_prev[msg] = !is_snapshot && has(f, BIT(K_PREV)) ? f->prev : -1;
    if (is_snapshot) b->flags[msg] = HR_FLAG_SNAPSHOT;
    order_sides(b, f);
    return finish(l, f, msg, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, f->n_bids + f->n_asks);
}

/* The id of a trade is `t`, that of an aggregate a numeric `a`; a single trade's `a` and `b`, where
 * the venue still sends them, are the ids of the two orders. */
static int put_trade(const hr_line *l, const fields *f)
{
    hr_evbatch *b = l->batch;
    bool is_aggregate = f->event == EVENT_AGG_TRADE;
    uint32_t keys =
        BIT(K_PRICE) | BIT(K_QTY) | BIT(K_MAKER) | BIT(is_aggregate ? K_ASKS : K_TRADE_ID);
    int64_t id = f->trade_id;
    if (!has(f, keys) || (is_aggregate && !has(f, BIT(GOT_A_NUMBER))))
        return reject_missing(f, keys);
    if (is_aggregate) {
        hr_status st = hr_int_parse(&id, f->a_number.s, f->a_number.n);
        if (st != HR_OK) return reject_number(st);
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

static int put_ticker(const hr_line *l, const fields *f)
{
    hr_evbatch *b = l->batch;
    uint32_t keys = BIT(K_BIDS) | BIT(K_BID_QTY) | BIT(K_ASKS) | BIT(K_ASK_QTY) | BIT(K_LAST);
    if (!has(f, keys | BIT(GOT_BID_PX) | BIT(GOT_ASK_PX))) return reject_missing(f, keys);
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

/* Spot book tickers carry no event name. */
#define TICKER_KEYS (BIT(K_LAST) | BIT(K_BIDS) | BIT(K_ASKS) | BIT(K_BID_QTY) | BIT(K_ASK_QTY))

static int put_message(const hr_line *l, const fields *f)
{
    if (!hr_evbatch_has_room(l->batch, 1, 4)) return HR_LINE_FULL;
    switch (f->event) {
    case EVENT_DEPTH:
        return put_depth(l, f);
    case EVENT_TRADE:
    case EVENT_AGG_TRADE:
        return put_trade(l, f);
    case EVENT_TICKER:
        return put_ticker(l, f);
    case EVENT_FOREIGN:
        return hr_line_other(l);
    case EVENT_NONE:
        break;
    }
    if (has(f, BIT(K_SNAP_ID))) return put_depth(l, f);
    return has(f, TICKER_KEYS) ? put_ticker(l, f) : hr_line_other(l);
}

static bool key_is(hr_json_str k, const char *name)
{
    return k.n == strlen(name) && memcmp(k.s, name, k.n) == 0;
}

static key_id envelope_key_of(hr_json_str key)
{
    return key_is(key, "stream")       ? K_STREAM
           : key_is(key, "data")       ? K_DATA
           : key_is(key, "capture_ns") ? K_CAPTURE
                                       : K_OTHER;
}

/* A key that makes the object around it an envelope. */
static bool opens_envelope(hr_json *j, hr_json_str key)
{
    key_id k = envelope_key_of(key);
    hr_json_type t = hr_json_peek(j);
    return (k == K_STREAM && t == HR_JSON_STRING) ||
           (k == K_DATA && (t == HR_JSON_OBJECT || t == HR_JSON_ARRAY));
}

static int read_keys(const hr_line *l, hr_json *j, fields *f, bool is_top)
{
    hr_json_str key;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        key_id k = key_of(key);
        if (k == K_OTHER && is_top && opens_envelope(j, key)) return OBJECT_IS_ENVELOPE;
        if (f->event == EVENT_FOREIGN) k = K_OTHER; /* it may use our keys with other meanings */
        if (k != K_OTHER) {
            if (f->seen & BIT(k)) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
            f->seen |= BIT(k);
        }
        int rc = read_field(l, j, f, k);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

/* A field was bad before the message said what it is. Only a message of ours can be a bad one: what
 * turns out to be another venue message, or none, is left out as it would be with its name in
 * front. j: at the object. */
static HR_COLD int judge_unnamed(hr_json *j, int rc, bool is_top)
{
    fields f = {0};
    hr_json_str key;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        key_id k = key_of(key);
        if (k == K_OTHER && is_top && opens_envelope(j, key)) return OBJECT_IS_ENVELOPE;
        f.seen |= BIT(k);
        bool is_name = k == K_EVENT && hr_json_peek(j) == HR_JSON_STRING;
        if (is_name ? read_event(j, &f) != HR_LINE_DONE : !hr_json_skip(j)) break;
    }
    if (j->error != NULL) return rc;
    if (f.event == EVENT_FOREIGN) return OBJECT_IS_FOREIGN;
    if (f.event != EVENT_NONE || has(&f, BIT(K_SNAP_ID)) || has(&f, TICKER_KEYS)) return rc;
    return OBJECT_IS_FOREIGN;
}

static int read_object(const hr_line *l, hr_json *j, fields *f, bool is_top)
{
    const hr_json begin = *j;
    int rc = read_keys(l, j, f, is_top);
    if (HR_LIKELY(rc == HR_LINE_DONE) || rc == OBJECT_IS_ENVELOPE || has(f, BIT(K_EVENT)))
        return rc;
    *j = begin;
    rc = judge_unnamed(j, rc, is_top);
    if (rc != OBJECT_IS_FOREIGN) return rc;
    f->event = EVENT_FOREIGN;
    return HR_LINE_DONE;
}

/* True when the object's first key already says that it is an envelope. */
static bool is_envelope(const hr_json *j)
{
    hr_json probe = *j;
    hr_json_str key;
    if (!hr_json_enter_object(&probe) || !hr_json_next_key(&probe, &key)) return false;
    return envelope_key_of(key) != K_OTHER;
}

/* What stands in "data". A list of messages waits until the whole envelope was read: its name and
 * time may come behind it. */
static int read_data(const hr_line *l, hr_json *j, fields *f, hr_json *list)
{
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_OBJECT) return read_object(l, j, f, false);
    if (t == HR_JSON_ERROR) return HR_LINE_REJECT(HR_REJECT_JSON);
    if (t != HR_JSON_ARRAY) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    *list = *j;
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_envelope(hr_line *l, hr_json *j, fields *f, hr_json *list)
{
    hr_json_str key;
    uint32_t seen = 0;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        key_id k = envelope_key_of(key);
        if (k != K_OTHER && (seen & BIT(k))) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
        seen |= BIT(k);
        int rc = HR_LINE_DONE;
        if (k == K_STREAM)
            rc = read_string(j, &f->stream);
        else if (k == K_CAPTURE)
            rc = read_int(j, &l->ts_recv);
        else if (k == K_DATA)
            rc = read_data(l, j, f, list);
        else if (!hr_json_skip(j))
            rc = HR_LINE_REJECT(HR_REJECT_JSON);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_JSON);
    return seen & BIT(K_DATA) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
}

static int decode_list(const hr_line *l, hr_json *j, hr_json_str stream)
{
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        fields f = {.stream = stream};
        if (hr_json_peek(j) != HR_JSON_OBJECT) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
        int rc = read_object(l, j, &f, false);
        if (rc == HR_LINE_DONE) rc = put_message(l, &f);
        if (rc != HR_LINE_DONE) return rc;
    }
    return HR_LINE_DONE;
}

static int decode_object(const hr_line *line, hr_json *j)
{
    hr_line l = *line;
    fields f = {0};
    hr_json list = {0};
    const hr_json begin = *j;
    int rc = is_envelope(j) ? OBJECT_IS_ENVELOPE : read_object(&l, j, &f, true);
    if (rc == OBJECT_IS_ENVELOPE) {
        *j = begin;
        f = (fields){0};
        rc = read_envelope(&l, j, &f, &list);
    }
    if (rc != HR_LINE_DONE) return rc;
    return list.p != NULL ? decode_list(&l, &list, f.stream) : put_message(&l, &f);
}

static int decode_array(const hr_line *l, hr_json *j)
{
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        hr_json_type t = hr_json_peek(j);
        if (t == HR_JSON_ERROR) break;
        if (t != HR_JSON_OBJECT) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
        int rc = decode_object(l, j);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

static int decode_all(const hr_line *l, hr_json *j)
{
    int rc = HR_LINE_DONE;
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_ARRAY) {
        rc = decode_array(l, j);
    } else {
        if (t != HR_JSON_OBJECT)
            return HR_LINE_REJECT(t == HR_JSON_ERROR ? HR_REJECT_JSON : HR_REJECT_UNKNOWN);
        do {
            rc = decode_object(l, j);
        } while (rc == HR_LINE_DONE && !hr_json_at_end(j) && hr_json_peek(j) == HR_JSON_OBJECT);
    }
    if (rc == HR_LINE_DONE && !hr_json_at_end(j)) rc = HR_LINE_REJECT(HR_REJECT_JSON);
    return rc;
}

int hr_binance_decode(const hr_line *l, hr_json *j)
{
    hr_evbatch *b = l->batch;
    const uint32_t n_msgs = b->n_msgs;
    const uint32_t n_levels = b->n_levels;
    const uint32_t n_syms = b->n_syms;
    int rc = decode_all(l, j);
    if (HR_UNLIKELY(rc != HR_LINE_DONE)) {
        hr_line_undo(l, n_msgs, n_levels, n_syms);
        return rc;
    }
    return b->n_msgs > n_msgs ? HR_LINE_DONE : hr_line_other(l); /* an empty list */
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
