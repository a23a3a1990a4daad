/* SPDX-License-Identifier: Apache-2.0 */
/* Bybit, v5 and the shape before it (bybit-exchange.github.io/docs/v5: orderbook, public trade,
 * ticker).
 *
 * v5:
 *   {"topic":"orderbook.200.BTCUSDT","type":"snapshot"|"delta","ts":ms,"cts":ms,"data":{"s":..,
 *    "b":[["px","qty"],..],"a":[..],"u":..,"seq":..}}
 *   {"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":ms,"data":[{"T":ms,"s":..,"S":"Buy",
 *    "v":"qty","p":"px","i":"id","BT":false},..]}
 *   {"topic":"tickers.BTCUSDT","type":..,"ts":ms,"data":{"symbol":..,"bid1Price":..,"bid1Size":..,
 *    "ask1Price":..,"ask1Size":..}}; options: bidPrice, bidSize, askPrice, askSize
 * Before v5:
 *   {"topic":"orderBookL2_25.BTCUSDT","type":"snapshot","data":{"order_book":[{"price":..,
 *    "symbol":..,"id":..,"side":"Buy","size":..},..]},"cross_seq":..,"timestamp_e6":..}, inverse
 *    contracts without "order_book"; "type":"delta","data":{"delete":[..],"update":[..],
 *    "insert":[..]}
 *   {"topic":"trade.BTCUSDT","data":[{"symbol":..,"price":..,"size":..,"side":..,
 *    "trade_time_ms":..,"trade_id":..},..]}
 *
 * u counts a topic's messages; u = 1 is a book begun anew. cross_seq and seq only tell which book
 * is newer, so messages from before v5 are taken in order of arrival. Depth 1 is the best bid and
 * ask each time: a ticker. A ticker that leaves one of the four values unsaid (they are sent when
 * they change) is left out, and so is the full book, which begins with a request. */
#include "text/decimal.h"
#include "venue/read.h"
#include "venue/venue.h"

typedef enum topic_kind {
    TOPIC_OTHER,
    TOPIC_BOOK,
    TOPIC_BEST, /* depth 1 */
    TOPIC_OLD_BOOK,
    TOPIC_TRADES,
    TOPIC_TICKER,
} topic_kind;

typedef struct envelope {
    hr_json_str topic, type, symbol; /* symbol: the topic's last part */
    hr_json data;
    int64_t ns, engine_ns;
} envelope;

static int on_envelope(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    envelope *e = self;
    (void)l;
    if (HR_IS(key, "topic")) return hr_read_text(j, &e->topic);
    if (HR_IS(key, "type")) return hr_read_text(j, &e->type);
    if (HR_IS(key, "ts")) return hr_read_ms(j, &e->ns);
    if (HR_IS(key, "cts")) return hr_read_ms(j, &e->engine_ns);
    if (HR_IS(key, "timestamp_e6")) return hr_read_us(j, &e->ns);
    if (HR_IS(key, "data")) e->data = *j;
    return hr_read_skip(j);
}

/* The topic's first word; *rest: what follows its point. */
static hr_json_str first_word(hr_json_str topic, hr_json_str *rest)
{
    const char *point = memchr(topic.s, '.', topic.n);
    if (point == NULL) return (hr_json_str){0};
    hr_json_str word = {.s = topic.s, .n = (size_t)(point - topic.s)};
    *rest = (hr_json_str){.s = point + 1, .n = topic.n - word.n - 1};
    return word;
}

static topic_kind topic_of(envelope *e)
{
    hr_json_str rest = {0};
    hr_json_str word = first_word(e->topic, &rest);
    e->symbol = rest;
    if (HR_IS(word, "orderbook")) {
        int64_t depth;
        hr_json_str text = first_word(rest, &e->symbol);
        if (text.n == 0 || hr_int_parse(&depth, text.s, text.n) != HR_OK) return TOPIC_OTHER;
        return depth == 1 ? TOPIC_BEST : TOPIC_BOOK;
    }
    if (HR_IS(word, "publicTrade") || HR_IS(word, "trade")) return TOPIC_TRADES;
    if (HR_IS(word, "tickers")) return TOPIC_TICKER;
    return HR_IS(word, "orderBookL2_25") || HR_IS(word, "orderBook_200") ? TOPIC_OLD_BOOK
                                                                         : TOPIC_OTHER;
}

/* ---- books ---- */

typedef struct book {
    hr_json_str symbol;
    hr_json levels[2]; /* by hr_side, where the lists begin */
    int64_t u;
} book;

static int on_book_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    book *k = self;
    (void)l;
    if (HR_IS(key, "s")) return hr_read_text(j, &k->symbol);
    if (HR_IS(key, "u")) return hr_read_int(j, &k->u);
    if (HR_IS(key, "b")) k->levels[HR_SIDE_BID] = *j;
    if (HR_IS(key, "a")) k->levels[HR_SIDE_ASK] = *j;
    return hr_read_skip(j);
}

static int read_book(const hr_line *l, envelope *e, book *k)
{
    *k = (book){.symbol = e->symbol, .u = -1};
    int rc = hr_read_object(l, &e->data, on_book_key, k);
    if (rc != HR_LINE_DONE) return rc;
    return k->u < 0 ? HR_LINE_REJECT(HR_REJECT_FIELD_MISSING) : HR_LINE_DONE;
}

static int put_book(const hr_line *l, envelope *e)
{
    hr_evbatch *b = l->batch;
    book k;
    uint32_t m;
    uint32_t n = 0;
    int rc = read_book(l, e, &k);
    if (rc != HR_LINE_DONE) return rc;
    bool is_snapshot = HR_IS(e->type, "snapshot") || k.u == 1;
    if (!is_snapshot && !HR_IS(e->type, "delta")) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    rc = hr_read_begin(l, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA,
                       e->engine_ns != HR_NULL_I64 ? e->engine_ns : e->ns, k.symbol, &m);
    for (int s = 0; s < 2 && rc == HR_LINE_DONE; s++)
        if (k.levels[s].p != NULL) rc = hr_read_levels(l, &k.levels[s], (hr_side)s, &n);
    if (rc != HR_LINE_DONE) return rc;
    b->seq_first[m] = b->seq_last[m] = k.u;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_best(const hr_line *l, envelope *e)
{
    book k;
    int64_t best[2][2] = {{0}};
    int rc = read_book(l, e, &k);
    if (rc != HR_LINE_DONE || !HR_IS(e->type, "snapshot")) return rc;
    for (int s = 0; s < 2 && rc == HR_LINE_DONE; s++)
        if (k.levels[s].p != NULL) rc = hr_read_best(l, &k.levels[s], best[s]);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_ticker(l, e->engine_ns != HR_NULL_I64 ? e->engine_ns : e->ns, k.symbol,
                              best[HR_SIDE_BID], best[HR_SIDE_ASK], -1);
}

/* ---- books before v5 ---- */

typedef struct old_row {
    hr_side side;
    int64_t px, qty;
} old_row;

typedef struct old_book {
    uint32_t n;
    bool is_delete; /* rows name what is gone */
} old_book;

static int on_old_row_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    old_row *r = self;
    if (HR_IS(key, "price")) return hr_read_decimal(j, &r->px, l->info->px_scale);
    if (HR_IS(key, "size")) return hr_read_decimal(j, &r->qty, l->info->qty_scale);
    if (HR_IS(key, "side")) return hr_read_side(j, &r->side);
    return hr_read_skip(j);
}

static int on_old_row(void *self, const hr_line *l, hr_json *j)
{
    old_book *k = self;
    old_row r = {.side = HR_SIDE_NONE, .px = -1, .qty = -1};
    int rc = hr_read_object(l, j, on_old_row_key, &r);
    if (rc != HR_LINE_DONE) return rc;
    if (k->is_delete) r.qty = 0;
    if (r.side == HR_SIDE_NONE || r.px < 0 || r.qty < 0)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    return hr_read_put_level(l, r.side, r.px, r.qty, &k->n);
}

static int on_old_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    old_book *k = self;
    k->is_delete = HR_IS(key, "delete");
    if (k->is_delete || HR_IS(key, "update") || HR_IS(key, "insert") || HR_IS(key, "order_book"))
        return hr_read_list(l, j, on_old_row, k);
    return hr_read_skip(j);
}

static int put_old_book(const hr_line *l, envelope *e)
{
    bool is_snapshot = HR_IS(e->type, "snapshot");
    uint32_t m;
    old_book k = {0};
    if (!is_snapshot && !HR_IS(e->type, "delta")) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    int rc = hr_read_begin(l, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, e->ns, e->symbol, &m);
    if (rc != HR_LINE_DONE) return rc;
    rc = hr_json_peek(&e->data) == HR_JSON_ARRAY ? hr_read_list(l, &e->data, on_old_row, &k)
                                                 : hr_read_object(l, &e->data, on_old_key, &k);
    if (rc == HR_LINE_DONE) hr_line_commit(l, k.n);
    return rc;
}

/* ---- trades and tickers ---- */

typedef struct trade {
    hr_json_str symbol, id;
    hr_side side;
    int64_t px, qty, ns;
} trade;

static int on_trade_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    trade *t = self;
    if (HR_IS(key, "s") || HR_IS(key, "symbol")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "S") || HR_IS(key, "side")) return hr_read_side(j, &t->side);
    if (HR_IS(key, "i") || HR_IS(key, "trade_id")) return hr_read_text(j, &t->id);
    if (HR_IS(key, "T") || HR_IS(key, "trade_time_ms")) return hr_read_ms(j, &t->ns);
    if (HR_IS(key, "p") || HR_IS(key, "price"))
        return hr_read_decimal(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "v") || HR_IS(key, "size"))
        return hr_read_decimal(j, &t->qty, l->info->qty_scale);
    return hr_read_skip(j);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    const envelope *e = self;
    trade t = {.symbol = e->symbol, .side = HR_SIDE_NONE, .ns = e->ns};
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    if (t.side == HR_SIDE_NONE) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    return hr_read_put_trade(l, t.ns, t.symbol, t.side, t.px, t.qty, t.id);
}

typedef struct ticker {
    hr_json_str symbol;
    int64_t value[4]; /* bid, its quantity, ask, its quantity; -1 unsaid */
} ticker;

static int on_ticker_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    static const char *const keys[2][4] = {{"bid1Price", "bid1Size", "ask1Price", "ask1Size"},
                                           {"bidPrice", "bidSize", "askPrice", "askSize"}};
    ticker *t = self;
    if (HR_IS(key, "symbol")) return hr_read_text(j, &t->symbol);
    for (int i = 0; i < 8; i++) {
        const char *name = keys[i / 4][i % 4];
        if (key.n == strlen(name) && memcmp(key.s, name, key.n) == 0)
            return hr_read_decimal_or_none(j, &t->value[i % 4],
                                           i % 2 ? l->info->qty_scale : l->info->px_scale);
    }
    return hr_read_skip(j);
}

static int put_ticker(const hr_line *l, envelope *e)
{
    ticker t = {.symbol = e->symbol, .value = {-1, -1, -1, -1}};
    int rc = hr_read_object(l, &e->data, on_ticker_key, &t);
    for (int i = 0; i < 4; i++)
        if (rc != HR_LINE_DONE || t.value[i] < 0) return rc;
    return hr_read_put_ticker(l, e->ns, t.symbol, t.value, t.value + 2, -1);
}

static int decode(const hr_line *l, hr_json *j)
{
    envelope e = {.ns = HR_NULL_I64, .engine_ns = HR_NULL_I64};
    int rc = hr_read_object(l, j, on_envelope, &e);
    if (rc != HR_LINE_DONE || e.data.p == NULL || e.topic.n == 0) return rc;
    switch (topic_of(&e)) {
    case TOPIC_BOOK:
        return put_book(l, &e);
    case TOPIC_BEST:
        return put_best(l, &e);
    case TOPIC_OLD_BOOK:
        return put_old_book(l, &e);
    case TOPIC_TRADES:
        return hr_read_list(l, &e.data, on_trade, &e);
    case TOPIC_TICKER:
        return put_ticker(l, &e);
    case TOPIC_OTHER:
        break;
    }
    return HR_LINE_DONE;
}

#define REQUEST(name) "{\"op\":\"subscribe\",\"args\":[<\"" name ".$\">]}"
static const hr_request requests[] = {
    {"book", REQUEST("orderbook.200"), 10},
    {"trades", REQUEST("publicTrade"), 10},
    {"ticker", REQUEST("orderbook.1"), 10},
};
#undef REQUEST

const hr_venue hr_venue_bybit = {
    .name = "bybit",
    .file = "BYBIT",
    .hosts = {".bybit.", ".bytick."},
    .marks = {"\"topic\":\"orderbook.", "\"topic\":\"publicTrade.", "\"topic\":\"orderBookL2_25."},
    .rule = HR_SEQ_STEP,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"op\":\"ping\"}",
    .keep_alive_s = 20,
    .silent_s = 60,
};
