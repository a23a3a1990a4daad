/* SPDX-License-Identifier: Apache-2.0 */
/* Binance market data messages to event batches.
 * Source: Binance spot API "WebSocket Streams" and "Market Data endpoints"; derivatives "Diff. Book
 * Depth Streams", "Trade Streams", "Aggregate Trade Streams", "Individual Symbol Book Ticker
 * Streams". */
#include <string.h>

#include "text/decimal.h"
#include "text/json_inl.h"
#include "venue/binance_fields.h"

/* Outcomes of reading an object, beside those of a line. */
#define OBJECT_IS_ENVELOPE 2 /* start again: the message is in "data" */
#define OBJECT_IS_FOREIGN 3  /* a type we leave out; read to its end */

static hr_binance_key key_of(hr_json_str k)
{
    if (k.n == 1) {
        switch (k.s[0]) {
        case 'e':
            return HR_BK_EVENT;
        case 'E':
            return HR_BK_E_TIME;
        case 'T':
            return HR_BK_T_TIME;
        case 's':
            return HR_BK_SYMBOL;
        case 'U':
            return HR_BK_FIRST;
        case 'u':
            return HR_BK_LAST;
        case 'b':
            return HR_BK_BIDS;
        case 'a':
            return HR_BK_ASKS;
        case 't':
            return HR_BK_TRADE_ID;
        case 'p':
            return HR_BK_PRICE;
        case 'q':
            return HR_BK_QTY;
        case 'm':
            return HR_BK_MAKER;
        case 'B':
            return HR_BK_BID_QTY;
        case 'A':
            return HR_BK_ASK_QTY;
        default:
            return HR_BK_OTHER;
        }
    }
    if (k.n == 2 && memcmp(k.s, "pu", 2) == 0) return HR_BK_PREV;
    if (k.n == 4 && memcmp(k.s, "bids", 4) == 0) return HR_BK_BIDS;
    if (k.n == 4 && memcmp(k.s, "asks", 4) == 0) return HR_BK_ASKS;
    if (k.n == 6 && memcmp(k.s, "symbol", 6) == 0) return HR_BK_SYMBOL;
    if (k.n == 12 && memcmp(k.s, "lastUpdateId", 12) == 0) return HR_BK_SNAP_ID;
    return HR_BK_OTHER;
}

/* A value of another type than its key asks for. */
static int reject_type(hr_json_type t)
{
    return HR_LINE_REJECT(t == HR_JSON_ERROR  ? HR_REJECT_JSON
                          : t == HR_JSON_NULL ? HR_REJECT_NULL
                                              : HR_REJECT_FIELD_TYPE);
}

static HR_NOINLINE int read_any_int(hr_json *j, int64_t *out)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_NUMBER) return reject_type(t);
    if (!hr_json_number(j, &s)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    hr_status st = hr_int_parse(out, s.s, s.n);
    if (st != HR_OK) return hr_line_reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

HR_INLINE int read_int(hr_json *j, int64_t *out)
{
    return HR_LIKELY(hr_json_short_int(j, out)) ? HR_LINE_DONE : read_any_int(j, out);
}

static HR_NOINLINE int read_any_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING && t != HR_JSON_NUMBER) return reject_type(t);
    if (!hr_json_decimal_text(j, &s))
        return HR_LINE_REJECT(t == HR_JSON_STRING ? HR_REJECT_JSON : HR_REJECT_NUMBER);
    hr_status st = hr_decimal_parse(out, s.s, s.n, scale);
    if (st != HR_OK) return hr_line_reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

HR_INLINE int read_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    return HR_LIKELY(hr_json_short_decimal(j, out, scale)) ? HR_LINE_DONE
                                                           : read_any_decimal(j, out, scale);
}

static int read_string(hr_json *j, hr_json_str *out)
{
    if (HR_LIKELY(hr_json_short_string(j, out))) return HR_LINE_DONE;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING) return reject_type(t);
    return hr_json_string(j, out) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

hr_event_id hr_binance_event(hr_json_str name)
{
    if (name.n == 11 && memcmp(name.s, "depthUpdate", 11) == 0) return HR_EVENT_DEPTH;
    if (name.n == 5 && memcmp(name.s, "trade", 5) == 0) return HR_EVENT_TRADE;
    if (name.n == 8 && memcmp(name.s, "aggTrade", 8) == 0) return HR_EVENT_AGG_TRADE;
    if (name.n == 10 && memcmp(name.s, "bookTicker", 10) == 0) return HR_EVENT_TICKER;
    return HR_EVENT_FOREIGN;
}

static int read_event(hr_json *j, hr_binance_fields *f)
{
    hr_json_str name;
    int rc = read_string(j, &name);
    if (rc == HR_LINE_DONE) f->event = hr_binance_event(name);
    return rc;
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
static int read_levels(const hr_line *l, hr_json *j, hr_binance_fields *f, hr_side side)
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
    f->seen |= HR_BIT(side == HR_SIDE_BID ? HR_BK_GOT_BID_LIST : HR_BK_GOT_ASK_LIST);
    if (side == HR_SIDE_BID)
        f->n_bids = n;
    else
        f->n_asks = n;
    return HR_LINE_DONE;
}

static int read_side(const hr_line *l, hr_json *j, hr_binance_fields *f, hr_side side)
{
    bool is_bid = side == HR_SIDE_BID;
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_ARRAY) return read_levels(l, j, f, side);
    if (t == HR_JSON_STRING) {
        f->seen |= HR_BIT(is_bid ? HR_BK_GOT_BID_PX : HR_BK_GOT_ASK_PX);
        return read_decimal(j, is_bid ? &f->bid_px : &f->ask_px, l->info->px_scale);
    }
    if (t != HR_JSON_NUMBER) return reject_type(t);
    if (is_bid) return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
    f->seen |= HR_BIT(HR_BK_GOT_A_NUMBER);
    return hr_json_number(j, &f->a_number) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
}

static int read_maker(hr_json *j, hr_binance_fields *f)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_TRUE && t != HR_JSON_FALSE) return reject_type(t);
    return hr_json_bool(j, &f->is_maker) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_field(const hr_line *l, hr_json *j, hr_binance_fields *f, hr_binance_key k)
{
    switch (k) {
    case HR_BK_EVENT:
        return read_event(j, f);
    case HR_BK_SYMBOL:
        return read_string(j, &f->symbol);
    case HR_BK_E_TIME:
        return read_int(j, &f->e_time);
    case HR_BK_T_TIME:
        return read_int(j, &f->t_time);
    case HR_BK_FIRST:
        return read_int(j, &f->first);
    case HR_BK_LAST:
        return read_int(j, &f->last);
    case HR_BK_PREV:
        return read_int(j, &f->prev);
    case HR_BK_SNAP_ID:
        return read_int(j, &f->snap_id);
    case HR_BK_TRADE_ID:
        return read_int(j, &f->trade_id);
    case HR_BK_BIDS:
        return read_side(l, j, f, HR_SIDE_BID);
    case HR_BK_ASKS:
        return read_side(l, j, f, HR_SIDE_ASK);
    case HR_BK_PRICE:
        return read_decimal(j, &f->price, l->info->px_scale);
    case HR_BK_QTY:
        return read_decimal(j, &f->qty, l->info->qty_scale);
    case HR_BK_BID_QTY:
        return read_decimal(j, &f->bid_qty, l->info->qty_scale);
    case HR_BK_ASK_QTY:
        return read_decimal(j, &f->ask_qty, l->info->qty_scale);
    case HR_BK_MAKER:
        return read_maker(j, f);
    case HR_BK_STREAM:
    case HR_BK_DATA:
    case HR_BK_CAPTURE:
    case HR_BK_OTHER:
    case HR_BK_GOT_BID_LIST:
    case HR_BK_GOT_ASK_LIST:
    case HR_BK_GOT_BID_PX:
    case HR_BK_GOT_ASK_PX:
    case HR_BK_GOT_A_NUMBER:
        break;
    }
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static bool key_is(hr_json_str k, const char *name)
{
    return k.n == strlen(name) && memcmp(k.s, name, k.n) == 0;
}

static hr_binance_key envelope_key_of(hr_json_str key)
{
    return key_is(key, "stream")       ? HR_BK_STREAM
           : key_is(key, "data")       ? HR_BK_DATA
           : key_is(key, "capture_ns") ? HR_BK_CAPTURE
                                       : HR_BK_OTHER;
}

/* A key that makes the object around it an envelope. */
static bool opens_envelope(hr_json *j, hr_json_str key)
{
    hr_binance_key k = envelope_key_of(key);
    hr_json_type t = hr_json_peek(j);
    return (k == HR_BK_STREAM && t == HR_JSON_STRING) ||
           (k == HR_BK_DATA && (t == HR_JSON_OBJECT || t == HR_JSON_ARRAY));
}

/* The first key, or the next one behind a value; false: the end or an error. */
HR_INLINE bool next_key(hr_json *j, hr_json_str *key, bool *is_first)
{
    bool is_short = hr_json_short_key(j, key, *is_first);
    *is_first = false;
    return HR_LIKELY(is_short) || hr_json_next_key(j, key);
}

static int read_keys(const hr_line *l, hr_json *j, hr_binance_fields *f, bool is_top)
{
    hr_json_str key;
    bool is_first = true;
    (void)hr_json_enter_object(j);
    while (next_key(j, &key, &is_first)) {
        hr_binance_key k = key_of(key);
        if (k == HR_BK_OTHER && is_top && opens_envelope(j, key)) return OBJECT_IS_ENVELOPE;
        if (f->event == HR_EVENT_FOREIGN)
            k = HR_BK_OTHER; /* it may use our keys with other meanings */
        if (k != HR_BK_OTHER) {
            if (f->seen & HR_BIT(k)) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
            f->seen |= HR_BIT(k);
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
    hr_binance_fields f = {0};
    hr_json_str key;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        hr_binance_key k = key_of(key);
        if (k == HR_BK_OTHER && is_top && opens_envelope(j, key)) return OBJECT_IS_ENVELOPE;
        f.seen |= HR_BIT(k);
        bool is_name = k == HR_BK_EVENT && hr_json_peek(j) == HR_JSON_STRING;
        if (is_name ? read_event(j, &f) != HR_LINE_DONE : !hr_json_skip(j)) break;
    }
    if (j->error != NULL) return rc;
    if (f.event == HR_EVENT_FOREIGN) return OBJECT_IS_FOREIGN;
    if (f.event != HR_EVENT_NONE || hr_binance_has(&f, HR_BIT(HR_BK_SNAP_ID)) ||
        hr_binance_has(&f, HR_BINANCE_TICKER_KEYS))
        return rc;
    return OBJECT_IS_FOREIGN;
}

static int read_object(const hr_line *l, hr_json *j, hr_binance_fields *f, bool is_top)
{
    const hr_json begin = *j;
    int rc = read_keys(l, j, f, is_top);
    if (HR_LIKELY(rc == HR_LINE_DONE) || rc == OBJECT_IS_ENVELOPE ||
        hr_binance_has(f, HR_BIT(HR_BK_EVENT)))
        return rc;
    *j = begin;
    rc = judge_unnamed(j, rc, is_top);
    if (rc != OBJECT_IS_FOREIGN) return rc;
    f->event = HR_EVENT_FOREIGN;
    return HR_LINE_DONE;
}

/* True when the object's first key already says that it is an envelope. */
static bool is_envelope(const hr_json *j)
{
    hr_json probe = *j;
    hr_json_str key;
    bool is_first = true;
    if (!hr_json_enter_object(&probe) || !next_key(&probe, &key, &is_first)) return false;
    return envelope_key_of(key) != HR_BK_OTHER;
}

/* What stands in "data". A list of messages waits until the whole envelope was read: its name and
 * time may come behind it. */
static int read_data(const hr_line *l, hr_json *j, hr_binance_fields *f, hr_json *list)
{
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_OBJECT) return read_object(l, j, f, false);
    if (t == HR_JSON_ERROR) return HR_LINE_REJECT(HR_REJECT_JSON);
    if (t != HR_JSON_ARRAY) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    *list = *j;
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_envelope(hr_line *l, hr_json *j, hr_binance_fields *f, hr_json *list)
{
    hr_json_str key;
    uint32_t seen = 0;
    bool is_first = true;
    (void)hr_json_enter_object(j);
    while (next_key(j, &key, &is_first)) {
        hr_binance_key k = envelope_key_of(key);
        if (k != HR_BK_OTHER && (seen & HR_BIT(k))) return HR_LINE_REJECT(HR_REJECT_FIELD_REPEATED);
        seen |= HR_BIT(k);
        int rc = HR_LINE_DONE;
        if (k == HR_BK_STREAM)
            rc = read_string(j, &f->stream);
        else if (k == HR_BK_CAPTURE)
            rc = read_int(j, &l->ts_recv);
        else if (k == HR_BK_DATA)
            rc = read_data(l, j, f, list);
        else if (!hr_json_skip(j))
            rc = HR_LINE_REJECT(HR_REJECT_JSON);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_JSON);
    return seen & HR_BIT(HR_BK_DATA) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
}

static int decode_list(const hr_line *l, hr_json *j, hr_json_str stream)
{
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        hr_binance_fields f = {.stream = stream};
        if (hr_json_peek(j) != HR_JSON_OBJECT) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
        int rc = read_object(l, j, &f, false);
        if (rc == HR_LINE_DONE) rc = hr_binance_put(l, &f);
        if (rc != HR_LINE_DONE) return rc;
    }
    return HR_LINE_DONE;
}

static int decode_object(const hr_line *line, hr_json *j)
{
    hr_line l = *line;
    hr_binance_fields f = {0};
    hr_json list = {0};
    const hr_json begin = *j;
    int rc = is_envelope(j) ? OBJECT_IS_ENVELOPE : read_object(&l, j, &f, true);
    if (rc == OBJECT_IS_ENVELOPE) {
        *j = begin;
        f = (hr_binance_fields){0};
        rc = read_envelope(&l, j, &f, &list);
    }
    if (rc != HR_LINE_DONE) return rc;
    return list.p != NULL ? decode_list(&l, &list, f.stream) : hr_binance_put(&l, &f);
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

int hr_binance_decode(const hr_line *l, hr_json *j)
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
