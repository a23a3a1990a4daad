/* SPDX-License-Identifier: Apache-2.0 */
/* Kraken, WebSocket v2 and v1.
 *
 * v2 (docs.kraken.com, channels book and trade):
 *   {"channel":"book","type":"snapshot"|"update","data":[{"symbol":"BTC/USD","bids":[{"price":..,
 *    "qty":..},..],"asks":[..],"checksum":974942666,"timestamp":".."}]}
 *   {"channel":"trade","type":..,"data":[{"symbol":..,"side":"buy","price":..,"qty":..,
 *    "trade_id":..,"timestamp":".."},..]}
 *   {"channel":"ticker","data":[{"symbol":..,"bid":..,"bid_qty":..,"ask":..,"ask_qty":..,..}]}
 * v1:
 *   [id, {"as":[[px,qty,time],..],"bs":[..]}, "book-1000", "XBT/USD"]            snapshot
 *   [id, {"a":[[px,qty,time,"r"?],..]}, {"b":[..],"c":"974942666"}, "book-1000", "XBT/USD"]
 *   [id, [[px,qty,time,"b"|"s",..],..], "trade", "XBT/USD"]
 *   [id, [bid,ask,time,bid qty,ask qty], "spread", "XBT/USD"]
 *
 * There is no sequence: messages are taken in order of arrival and a checksum over the best ten
 * levels proves the book. Levels behind the subscribed depth are gone without a word. */
#include "text/decimal.h"
#include "venue/read.h"
#include "venue/venue.h"

#define HR_KRAKEN_DEPTHS 5
static const uint32_t depths[HR_KRAKEN_DEPTHS] = {10, 25, 100, 500, 1000};

/* A depth message on its way. */
typedef struct book {
    hr_json_str symbol;
    hr_json levels[2]; /* by hr_side, where the lists begin; p NULL: none */
    int64_t ts_event;
    int64_t crc; /* -1 none */
    hr_book_note note;
    bool is_snapshot;
} book;

static uint8_t decimals_of(hr_json_str text)
{
    const char *point = memchr(text.s, '.', text.n);
    return point == NULL ? 0 : (uint8_t)HR_MIN(text.n - (size_t)(point + 1 - text.s), 18);
}

/* A price or a quantity; the checksum reads its digits as they stand. */
static int read_digits(hr_json *j, int64_t *out, unsigned scale, uint8_t *decimals)
{
    hr_json_str s;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING && t != HR_JSON_NUMBER) return hr_read_wrong_type(t);
    if (!hr_json_decimal_text(j, &s)) return hr_read_broken(j);
    *decimals = HR_MAX(*decimals, decimals_of(s));
    int rc = hr_read_number_text(s, out, scale);
    return rc == HR_LINE_DONE && *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : rc;
}

/* v1: [px, qty, time, "r"?] */
static int read_row(const hr_line *l, hr_json *j, book *k, int64_t px_qty[2])
{
    for (int i = 0; i < 2; i++) {
        if (!hr_json_next_item(j)) return hr_read_broken(j);
        int rc = read_digits(j, &px_qty[i], i == 0 ? l->info->px_scale : l->info->qty_scale,
                             i == 0 ? &k->note.px_decimals : &k->note.qty_decimals);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    int64_t ns;
    int rc = hr_read_seconds(j, &ns);
    if (rc != HR_LINE_DONE) return rc;
    if (ns > k->ts_event) k->ts_event = ns;
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return hr_read_broken(j);
    return j->error != NULL ? hr_read_broken(j) : HR_LINE_DONE;
}

/* v2: {"price":..,"qty":..} */
static int read_pair(const hr_line *l, hr_json *j, book *k, int64_t px_qty[2])
{
    hr_json_str key;
    px_qty[0] = px_qty[1] = -1;
    while (hr_json_next_key(j, &key)) {
        int rc = HR_IS(key, "price")
                     ? read_digits(j, &px_qty[0], l->info->px_scale, &k->note.px_decimals)
                 : HR_IS(key, "qty")
                     ? read_digits(j, &px_qty[1], l->info->qty_scale, &k->note.qty_decimals)
                     : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL || px_qty[0] < 0 || px_qty[1] < 0 ? hr_read_broken(j) : HR_LINE_DONE;
}

static int put_side(const hr_line *l, book *k, hr_side side, uint32_t *n)
{
    hr_json *j = &k->levels[side];
    if (j->p == NULL) return HR_LINE_DONE;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        int64_t v[2];
        int rc;
        t = hr_json_peek(j);
        if (t == HR_JSON_ARRAY) {
            (void)hr_json_enter_array(j);
            rc = read_row(l, j, k, v);
        } else if (t == HR_JSON_OBJECT) {
            (void)hr_json_enter_object(j);
            rc = read_pair(l, j, k, v);
        } else {
            return hr_read_wrong_type(t);
        }
        if (rc == HR_LINE_DONE) rc = hr_read_put_level(l, side, v[0], v[1], n);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? hr_read_broken(j) : HR_LINE_DONE;
}

/* The depth that a snapshot of so many levels was asked for. */
static uint32_t depth_of(uint32_t n_levels)
{
    for (int i = 0; i < HR_KRAKEN_DEPTHS; i++)
        if (n_levels <= depths[i]) return depths[i];
    return 0;
}

static int put_book(const hr_line *l, book *k)
{
    hr_evbatch *b = l->batch;
    uint32_t m;
    uint32_t n = 0;
    int rc = hr_read_begin(l, k->is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA,
                           k->ts_event > 0 ? k->ts_event : HR_NULL_I64, k->symbol, &m);
    if (rc == HR_LINE_DONE) rc = put_side(l, k, HR_SIDE_BID, &n);
    const uint32_t n_bids = n;
    if (rc == HR_LINE_DONE) rc = put_side(l, k, HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    if (k->is_snapshot && k->note.depth == 0) k->note.depth = depth_of(HR_MAX(n_bids, n - n_bids));
    if (k->crc >= 0) {
        if (k->crc > UINT32_MAX) return HR_LINE_REJECT(HR_REJECT_RANGE);
        k->note.crc = (uint32_t)k->crc;
        k->note.checksum = HR_CHECKSUM_KRAKEN;
    }
    if (k->ts_event > 0) b->ts_event[m] = k->ts_event;
    rc = hr_read_put_note(l, m, &k->note);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

/* ---- v2 ---- */

typedef struct v2 {
    hr_json_str channel, type;
    hr_json data;
} v2;

static int on_envelope(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    v2 *v = self;
    (void)l;
    if (HR_IS(key, "channel")) return hr_read_text(j, &v->channel);
    if (HR_IS(key, "type")) return hr_read_text(j, &v->type);
    if (HR_IS(key, "data")) v->data = *j;
    return hr_read_skip(j);
}

static int on_book_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    book *k = self;
    (void)l;
    if (HR_IS(key, "symbol")) return hr_read_text(j, &k->symbol);
    if (HR_IS(key, "checksum")) return hr_read_int(j, &k->crc);
    if (HR_IS(key, "timestamp")) return hr_read_rfc3339(j, &k->ts_event);
    if (HR_IS(key, "bids")) k->levels[HR_SIDE_BID] = *j;
    if (HR_IS(key, "asks")) k->levels[HR_SIDE_ASK] = *j;
    return hr_read_skip(j);
}

static int on_book(void *self, const hr_line *l, hr_json *j)
{
    book k = {.crc = -1, .is_snapshot = *(const bool *)self};
    int rc = hr_read_object(l, j, on_book_key, &k);
    return rc == HR_LINE_DONE ? put_book(l, &k) : rc;
}

typedef struct trade {
    hr_json_str symbol, side, id;
    int64_t px, qty, ns;
} trade;

static int on_trade_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    trade *t = self;
    if (HR_IS(key, "symbol")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "side")) return hr_read_text(j, &t->side);
    if (HR_IS(key, "price")) return hr_read_decimal(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "qty")) return hr_read_decimal(j, &t->qty, l->info->qty_scale);
    if (HR_IS(key, "timestamp")) return hr_read_rfc3339(j, &t->ns);
    if (HR_IS(key, "trade_id")) return hr_json_number(j, &t->id) ? HR_LINE_DONE : hr_read_broken(j);
    return hr_read_skip(j);
}

static int side_of(hr_json_str s, hr_side *out)
{
    *out = HR_IS(s, "buy") || HR_IS(s, "b") ? HR_SIDE_BID : HR_SIDE_ASK;
    if (*out == HR_SIDE_BID || HR_IS(s, "sell") || HR_IS(s, "s")) return HR_LINE_DONE;
    return HR_LINE_REJECT(s.n == 0 ? HR_REJECT_FIELD_MISSING : HR_REJECT_SIDE);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    trade t = {.ns = HR_NULL_I64};
    hr_side side;
    (void)self;
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc == HR_LINE_DONE) rc = side_of(t.side, &side);
    return rc == HR_LINE_DONE ? hr_read_put_trade(l, t.ns, t.symbol, side, t.px, t.qty, t.id) : rc;
}

typedef struct ticker {
    hr_json_str symbol;
    int64_t bid[2], ask[2];
    int64_t ns;
} ticker;

static int on_ticker_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    ticker *t = self;
    if (HR_IS(key, "symbol")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "bid")) return hr_read_decimal(j, &t->bid[0], l->info->px_scale);
    if (HR_IS(key, "bid_qty")) return hr_read_decimal(j, &t->bid[1], l->info->qty_scale);
    if (HR_IS(key, "ask")) return hr_read_decimal(j, &t->ask[0], l->info->px_scale);
    if (HR_IS(key, "ask_qty")) return hr_read_decimal(j, &t->ask[1], l->info->qty_scale);
    if (HR_IS(key, "timestamp")) return hr_read_rfc3339(j, &t->ns);
    return hr_read_skip(j);
}

static int on_ticker(void *self, const hr_line *l, hr_json *j)
{
    ticker t = {.ns = HR_NULL_I64};
    (void)self;
    int rc = hr_read_object(l, j, on_ticker_key, &t);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, t.ns, t.symbol, t.bid, t.ask, -1) : rc;
}

static int decode_v2(const hr_line *l, hr_json *j)
{
    v2 v = {0};
    int rc = hr_read_object(l, j, on_envelope, &v);
    if (rc != HR_LINE_DONE || v.data.p == NULL) return rc;
    bool is_snapshot = HR_IS(v.type, "snapshot");
    if (HR_IS(v.channel, "book")) return hr_read_list(l, &v.data, on_book, &is_snapshot);
    if (HR_IS(v.channel, "trade")) /* a snapshot's are from before the subscription */
        return is_snapshot ? HR_LINE_DONE : hr_read_list(l, &v.data, on_trade, NULL);
    if (HR_IS(v.channel, "ticker")) return hr_read_list(l, &v.data, on_ticker, NULL);
    return HR_LINE_DONE;
}

/* ---- v1 ---- */

static int on_v1_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    book *k = self;
    (void)l;
    if (HR_IS(key, "c")) return hr_read_int(j, &k->crc);
    if (key.n == 2 && key.s[1] == 's') k->is_snapshot = true;
    if (HR_IS(key, "b") || HR_IS(key, "bs")) k->levels[HR_SIDE_BID] = *j;
    if (HR_IS(key, "a") || HR_IS(key, "as")) k->levels[HR_SIDE_ASK] = *j;
    return hr_read_skip(j);
}

/* [px, qty, time, "b"|"s", ..]: v1 gives trades no id. */
static int on_v1_trade(void *self, const hr_line *l, hr_json *j)
{
    const hr_json_str *symbol = self;
    hr_json_str side = {0};
    hr_side taker;
    int64_t px = 0, qty = 0, ns = 0;
    int rc = HR_LINE_DONE;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (int i = 0; hr_json_next_item(j); i++) {
        rc = i == 0   ? hr_read_decimal(j, &px, l->info->px_scale)
             : i == 1 ? hr_read_decimal(j, &qty, l->info->qty_scale)
             : i == 2 ? hr_read_seconds(j, &ns)
             : i == 3 ? hr_read_text(j, &side)
                      : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL) return hr_read_broken(j);
    rc = side_of(side, &taker);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_trade(l, ns, *symbol, taker, px, qty, (hr_json_str){0});
}

static int put_v1_spread(const hr_line *l, hr_json *j, hr_json_str symbol)
{
    int64_t v[5] = {0};
    (void)hr_json_enter_array(j);
    for (int i = 0; hr_json_next_item(j); i++) {
        int rc = i == 2  ? hr_read_seconds(j, &v[2])
                 : i < 2 ? hr_read_decimal(j, &v[i], l->info->px_scale)
                 : i < 5 ? hr_read_decimal(j, &v[i], l->info->qty_scale)
                         : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL) return hr_read_broken(j);
    const int64_t bid[2] = {v[0], v[3]};
    const int64_t ask[2] = {v[1], v[4]};
    return hr_read_put_ticker(l, v[2], symbol, bid, ask, -1);
}

/* What a v1 message is stands behind its payload: the list is walked once for the texts. */
static int decode_v1(const hr_line *l, hr_json *j)
{
    book k = {.crc = -1};
    hr_json list = {0};
    hr_json_str text[2] = {{0}};
    int n_texts = 0;
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        int rc = HR_LINE_DONE;
        hr_json_type t = hr_json_peek(j);
        if (t == HR_JSON_OBJECT) {
            rc = hr_read_object(l, j, on_v1_key, &k);
        } else if (t == HR_JSON_STRING && n_texts < 2) {
            rc = hr_read_text(j, &text[n_texts++]);
        } else {
            if (t == HR_JSON_ARRAY) list = *j;
            rc = hr_read_skip(j);
        }
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL || n_texts < 2) return hr_read_broken(j);
    k.symbol = text[1];
    if (text[0].n > 5 && memcmp(text[0].s, "book-", 5) == 0) {
        int64_t depth;
        if (hr_int_parse(&depth, text[0].s + 5, text[0].n - 5) != HR_OK || depth < 1 ||
            depth > 100000)
            return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
        k.note.depth = (uint32_t)depth;
        return put_book(l, &k);
    }
    if (list.p == NULL) return HR_LINE_DONE;
    if (HR_IS(text[0], "trade")) return hr_read_list(l, &list, on_v1_trade, &k.symbol);
    if (HR_IS(text[0], "spread")) return put_v1_spread(l, &list, k.symbol);
    return HR_LINE_DONE;
}

static int decode(const hr_line *l, hr_json *j)
{
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_ARRAY) return decode_v1(l, j);
    return t == HR_JSON_OBJECT ? decode_v2(l, j) : hr_read_wrong_type(t);
}

#define REQUEST(name, more)                                                                        \
    "{\"method\":\"subscribe\",\"params\":{\"channel\":\"" name "\",\"symbol\":[<\"$\">]" more "}" \
    "}"
static const hr_request requests[] = {
    {"book", REQUEST("book", ",\"depth\":1000"), 0},
    {"trades", REQUEST("trade", ",\"snapshot\":false"), 0},
    {"ticker", REQUEST("ticker", ",\"event_trigger\":\"bbo\""), 0},
};
#undef REQUEST

const hr_venue hr_venue_kraken = {
    .name = "kraken",
    .file = "KRAKEN",
    .hosts = {"ws.kraken.com", "ws-auth.kraken.com"},
    .marks = {"\"channelName\":", "\"channel\":\"book\"&\"checksum\":"},
    .rule = HR_SEQ_NONE,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"method\":\"ping\"}",
    .keep_alive_s = 30,
    .silent_s = 5,
};
