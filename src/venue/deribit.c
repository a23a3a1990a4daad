/* SPDX-License-Identifier: Apache-2.0 */
/* Deribit, JSON-RPC notifications (docs.deribit.com: book, trades, ticker, quote):
 *   {"jsonrpc":"2.0","method":"subscription","params":{"channel":C,"data":D}} where
 *   C book.NAME.raw|100ms|agg2, D {"type":"snapshot"|"change","timestamp":ms,"instrument_name":..,
 *    "change_id":..,"prev_change_id":..,"bids":[["new"|"change"|"delete",px,qty],..],"asks":[..]}
 *   C book.NAME.GROUP.DEPTH.100ms, D the same without type, levels [px,qty]: whole each time
 *   C trades.NAME.raw|100ms, D [{"timestamp":ms,"instrument_name":..,"price":..,"amount":..,
 *    "direction":"buy","trade_id":"ETH-7","trade_seq":..,..},..]
 *   C ticker.NAME.raw|100ms or quote.NAME, D {"timestamp":ms,"instrument_name":..,
 *    "best_bid_price":..,"best_bid_amount":..,"best_ask_price":..,"best_ask_amount":..,..}
 *
 * prev_change_id names the message before; the whole book has none. Where the head shows a stream
 * of changes, grouped books are left out: a top must not replace a whole book. Combinations may
 * trade below zero, which books here cannot hold: such messages are refused. */
#include "venue/read.h"
#include "venue/venue.h"

typedef enum channel_kind {
    CHANNEL_OTHER,
    CHANNEL_BOOK,
    CHANNEL_GROUPED,
    CHANNEL_TRADES,
    CHANNEL_TICKER,
} channel_kind;

static bool begins(hr_json_str s, const char *what)
{
    size_t n = strlen(what);
    return s.n > n && memcmp(s.s, what, n) == 0;
}

static channel_kind channel_of(hr_json_str name)
{
    if (begins(name, "trades.")) return CHANNEL_TRADES;
    if (begins(name, "ticker.") || begins(name, "quote.")) return CHANNEL_TICKER;
    if (!begins(name, "book.")) return CHANNEL_OTHER;
    uint32_t points = 0;
    for (size_t i = 0; i < name.n; i++)
        points += name.s[i] == '.';
    return points == 2 ? CHANNEL_BOOK : CHANNEL_GROUPED;
}

/* ---- books ---- */

enum { BOOK_TYPE, BOOK_TIME, BOOK_NAME, BOOK_ID, BOOK_PREV, BOOK_BIDS, BOOK_ASKS, N_BOOK };
static const char *const book_keys[N_BOOK] = {
    "type", "timestamp", "instrument_name", "change_id", "prev_change_id", "bids", "asks"};

typedef struct side {
    hr_side side;
    uint32_t n;
} side;

/* ["new", px, qty] or [px, qty] */
static int on_level(void *self, const hr_line *l, hr_json *j)
{
    side *s = self;
    hr_json_str action = {0};
    int64_t v[2];
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (int i = 0; i < 2; i++) {
        if (!hr_json_next_item(j)) return hr_read_broken(j);
        if (i == 0 && hr_json_peek(j) == HR_JSON_STRING) {
            int rc = hr_read_text(j, &action);
            if (rc != HR_LINE_DONE) return rc;
            if (!hr_json_next_item(j)) return hr_read_broken(j);
        }
        int rc = hr_read_decimal(j, &v[i], i == 0 ? l->info->px_scale : l->info->qty_scale);
        if (rc != HR_LINE_DONE) return rc;
    }
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return hr_read_broken(j);
    if (j->error != NULL) return hr_read_broken(j);
    if (HR_IS(action, "delete"))
        v[1] = 0;
    else if (action.n > 0 && !HR_IS(action, "new") && !HR_IS(action, "change"))
        return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    return hr_read_put_level(l, s->side, v[0], v[1], &s->n);
}

static bool is_null(hr_json at)
{
    return at.p == NULL || hr_json_peek(&at) == HR_JSON_NULL;
}

static int put_book(const hr_line *l, hr_json *data, bool is_grouped)
{
    hr_json at[N_BOOK];
    hr_json_str name, type = {0};
    uint32_t seen;
    uint32_t m;
    int64_t ns, id;
    int64_t prev = -1;
    int rc = hr_read_fields(data, book_keys, N_BOOK, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    uint32_t needed = HR_READ_BIT(BOOK_TIME) | HR_READ_BIT(BOOK_NAME) | HR_READ_BIT(BOOK_ID);
    if ((seen & needed) != needed) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    rc = hr_read_ms(&at[BOOK_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[BOOK_NAME], &name);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[BOOK_ID], &id);
    if (rc == HR_LINE_DONE && at[BOOK_TYPE].p != NULL) rc = hr_read_text(&at[BOOK_TYPE], &type);
    if (rc == HR_LINE_DONE && !is_null(at[BOOK_PREV])) rc = hr_read_int(&at[BOOK_PREV], &prev);
    bool is_snapshot = is_grouped || HR_IS(type, "snapshot") || (type.n == 0 && prev < 0);
    if (rc == HR_LINE_DONE && !is_snapshot && prev < 0)
        rc = HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE)
        rc = hr_read_begin(l, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, ns, name, &m);
    side s = {.side = HR_SIDE_BID};
    if (rc == HR_LINE_DONE && at[BOOK_BIDS].p != NULL)
        rc = hr_read_list(l, &at[BOOK_BIDS], on_level, &s);
    s.side = HR_SIDE_ASK;
    if (rc == HR_LINE_DONE && at[BOOK_ASKS].p != NULL)
        rc = hr_read_list(l, &at[BOOK_ASKS], on_level, &s);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[m] = l->batch->seq_last[m] = id;
    l->batch->seq_prev[m] = is_snapshot ? -1 : prev;
    hr_line_commit(l, s.n);
    return HR_LINE_DONE;
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
    if (HR_IS(key, "instrument_name")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "direction")) return hr_read_side(j, &t->side);
    if (HR_IS(key, "price")) return hr_read_decimal(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "amount")) return hr_read_decimal(j, &t->qty, l->info->qty_scale);
    if (HR_IS(key, "timestamp")) return hr_read_ms(j, &t->ns);
    if (HR_IS(key, "trade_id")) return hr_read_id(j, &t->id);
    return hr_read_skip(j);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    trade t = {.side = HR_SIDE_NONE, .ns = HR_NULL_I64};
    (void)self;
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    if (t.side == HR_SIDE_NONE) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    return hr_read_put_trade(l, t.ns, t.symbol, t.side, t.px, t.qty, t.id);
}

typedef struct ticker {
    hr_json_str symbol;
    int64_t bid[2], ask[2];
    int64_t ns;
} ticker;

static int on_ticker_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    ticker *t = self;
    const unsigned px_scale = l->info->px_scale;
    const unsigned qty_scale = l->info->qty_scale;
    if (HR_IS(key, "instrument_name")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "timestamp")) return hr_read_ms(j, &t->ns);
    if (HR_IS(key, "best_bid_price")) return hr_read_decimal_or_none(j, &t->bid[0], px_scale);
    if (HR_IS(key, "best_bid_amount")) return hr_read_decimal_or_none(j, &t->bid[1], qty_scale);
    if (HR_IS(key, "best_ask_price")) return hr_read_decimal_or_none(j, &t->ask[0], px_scale);
    if (HR_IS(key, "best_ask_amount")) return hr_read_decimal_or_none(j, &t->ask[1], qty_scale);
    return hr_read_skip(j);
}

static int put_ticker(const hr_line *l, hr_json *data)
{
    ticker t = {.bid = {-1, -1}, .ask = {-1, -1}, .ns = HR_NULL_I64};
    int rc = hr_read_object(l, data, on_ticker_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    if (t.bid[0] < 0 || t.bid[1] < 0 || t.ask[0] < 0 || t.ask[1] < 0)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    return hr_read_put_ticker(l, t.ns, t.symbol, t.bid, t.ask, -1);
}

/* ---- the envelope ---- */

typedef struct envelope {
    hr_json_str name;
    hr_json data;
} envelope;

static int on_params(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    envelope *e = self;
    (void)l;
    if (HR_IS(key, "channel")) return hr_read_text(j, &e->name);
    if (HR_IS(key, "data")) e->data = *j;
    return hr_read_skip(j);
}

static int on_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    if (HR_IS(key, "params") && hr_json_peek(j) == HR_JSON_OBJECT)
        return hr_read_object(l, j, on_params, self);
    return hr_read_skip(j);
}

static int decode(const hr_line *l, hr_json *j)
{
    envelope e = {0};
    int rc = hr_read_object(l, j, on_key, &e);
    if (rc != HR_LINE_DONE || e.data.p == NULL) return rc;
    switch (channel_of(e.name)) {
    case CHANNEL_BOOK:
        return put_book(l, &e.data, false);
    case CHANNEL_GROUPED:
        return l->info->has_diff_depth ? HR_LINE_DONE : put_book(l, &e.data, true);
    case CHANNEL_TRADES:
        return hr_read_list(l, &e.data, on_trade, NULL);
    case CHANNEL_TICKER:
        return put_ticker(l, &e.data);
    case CHANNEL_OTHER:
        break;
    }
    return HR_LINE_DONE;
}

static void learn(hr_source_info *info, const char *line, size_t n)
{
    static const char mark[] = "\"book.";
    const char *at = memmem(line, n, mark, sizeof mark - 1);
    if (at == NULL) return;
    at++;
    const char *quote = memchr(at, '"', n - (size_t)(at - line));
    if (quote == NULL) return;
    if (channel_of((hr_json_str){.s = at, .n = (size_t)(quote - at)}) == CHANNEL_BOOK)
        info->has_diff_depth = true;
}

#define REQUEST(before, behind)                                                                    \
    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"public/"                                           \
    "subscribe\",\"params\":{\"channels\":[<\"" before ".$" behind "\">]}}"
static const hr_request requests[] = {
    {"book", REQUEST("book", ".100ms"), 100},
    {"trades", REQUEST("trades", ".100ms"), 100},
    {"ticker", REQUEST("quote", ""), 100},
};
#undef REQUEST

const hr_venue hr_venue_deribit = {
    .name = "deribit",
    .file = "DERIBIT",
    .hosts = {"deribit.com"},
    .marks = {"\"method\":\"subscription\"&\"channel\":\"book.",
              "\"method\":\"subscription\"&\"channel\":\"trades.",
              "\"method\":\"subscription\"&\"channel\":\"ticker.",
              "\"method\":\"subscription\"&\"channel\":\"quote."},
    .rule = HR_SEQ_CHAIN,
    .decode = decode,
    .learn = learn,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"public/test\",\"params\":{}}",
    .keep_alive_s = 30,
    .silent_s = 60,
};
