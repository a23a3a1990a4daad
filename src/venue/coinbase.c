/* SPDX-License-Identifier: Apache-2.0 */
/* Coinbase Exchange (docs.cdp.coinbase.com, Exchange WebSocket channels):
 *   {"type":"snapshot","product_id":"BTC-USD","bids":[["px","qty"],..],"asks":[..]}
 *   {"type":"l2update","product_id":..,"changes":[["buy"|"sell","px","qty"],..],"time":".."}
 *   {"type":"match","trade_id":..,"side":..,"size":..,"price":..,"product_id":..,"sequence":..,
 *    "time":..}
 *   {"type":"ticker","sequence":..,"product_id":..,"best_bid":..,"best_bid_size":..,"best_ask":..,
 *    "best_ask_size":..,"time":..}
 * and Advanced Trade:
 *   {"channel":"l2_data","sequence_num":..,"events":[{"type":"snapshot"|"update","product_id":..,
 *    "updates":[{"side":"bid"|"offer","event_time":..,"price_level":..,"new_quantity":..},..]}]}
 *   {"channel":"ticker","timestamp":..,"events":[{"tickers":[{"product_id":..,"best_bid":..,
 *    "best_bid_quantity":..,"best_ask":..,"best_ask_quantity":..},..]}]}
 *   {"channel":"market_trades","timestamp":..,"events":[{"type":"snapshot"|"update","trades":[
 *    {"product_id":..,"trade_id":..,"price":..,"size":..,"side":"BUY"|"SELL","time":..},..]}]}
 *
 * Books of the Exchange have no sequence: the venue promises delivery, messages are taken in order
 * of arrival. sequence_num counts a whole connection, all instruments together, so it cannot tell
 * what one of them lost; it is kept as the id of the rows. `side` of a trade is the maker's.
 * last_match repeats a trade from before the subscription and is left out. Tickers from before 2023
 * have no sizes. The times of Advanced Trade's levels are each level's own; the latest counts. */
#include "venue/read.h"
#include "venue/venue.h"

/* ---- Exchange ---- */

enum {
    F_TYPE,
    F_PRODUCT,
    F_TIME,
    F_BIDS,
    F_ASKS,
    F_CHANGES,
    F_TRADE_ID,
    F_SIDE,
    F_SIZE,
    F_PRICE,
    F_SEQUENCE,
    F_BID,
    F_BID_SIZE,
    F_ASK,
    F_ASK_SIZE,
    F_CHANNEL,
    F_EVENTS,
    F_SEQUENCE_NUM,
    F_TIMESTAMP,
    N_FIELDS
};
static const char *const names[N_FIELDS] = {
    "type",     "product_id", "time",          "bids",      "asks",
    "changes",  "trade_id",   "side",          "size",      "price",
    "sequence", "best_bid",   "best_bid_size", "best_ask",  "best_ask_size",
    "channel",  "events",     "sequence_num",  "timestamp",
};

typedef struct message {
    hr_json at[N_FIELDS];
    uint32_t seen;
    hr_json_str symbol;
    int64_t ns;
} message;

static bool has(const message *m, int field)
{
    return (m->seen & HR_READ_BIT(field)) != 0;
}

/* Symbol and time, which all have; the fields in need must be there. */
static int read_head(message *m, uint32_t need)
{
    need |= HR_READ_BIT(F_PRODUCT);
    if ((m->seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    m->ns = HR_NULL_I64;
    int rc = hr_read_text(&m->at[F_PRODUCT], &m->symbol);
    if (rc == HR_LINE_DONE && has(m, F_TIME)) rc = hr_read_rfc3339(&m->at[F_TIME], &m->ns);
    return rc;
}

static int put_snapshot(const hr_line *l, message *m)
{
    uint32_t msg;
    uint32_t n = 0;
    int rc = read_head(m, HR_READ_BIT(F_BIDS) | HR_READ_BIT(F_ASKS));
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_SNAPSHOT, m->ns, m->symbol, &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &m->at[F_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &m->at[F_ASKS], HR_SIDE_ASK, &n);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int put_update(const hr_line *l, message *m)
{
    uint32_t msg;
    uint32_t n = 0;
    int rc = read_head(m, HR_READ_BIT(F_CHANGES));
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_DELTA, m->ns, m->symbol, &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_changes(l, &m->at[F_CHANGES], &n);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int put_match(const hr_line *l, message *m)
{
    hr_side maker;
    int64_t px, qty;
    hr_json_str id;
    int rc = read_head(m, HR_READ_BIT(F_TRADE_ID) | HR_READ_BIT(F_SIDE) | HR_READ_BIT(F_SIZE) |
                              HR_READ_BIT(F_PRICE));
    if (rc == HR_LINE_DONE) rc = hr_read_side(&m->at[F_SIDE], &maker);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&m->at[F_PRICE], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&m->at[F_SIZE], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&m->at[F_TRADE_ID], &id);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_trade(l, m->ns, m->symbol, maker == HR_SIDE_BID ? HR_SIDE_ASK : HR_SIDE_BID,
                             px, qty, id);
}

static int read_size(const hr_line *l, message *m, int field, int64_t *out)
{
    *out = HR_NULL_I64;
    return has(m, field) ? hr_read_decimal(&m->at[field], out, l->info->qty_scale) : HR_LINE_DONE;
}

static int put_ticker(const hr_line *l, message *m)
{
    int64_t bid[2], ask[2];
    int64_t id = -1;
    int rc = read_head(m, HR_READ_BIT(F_BID) | HR_READ_BIT(F_ASK));
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&m->at[F_BID], &bid[0], l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&m->at[F_ASK], &ask[0], l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = read_size(l, m, F_BID_SIZE, &bid[1]);
    if (rc == HR_LINE_DONE) rc = read_size(l, m, F_ASK_SIZE, &ask[1]);
    if (rc == HR_LINE_DONE && has(m, F_SEQUENCE)) rc = hr_read_int(&m->at[F_SEQUENCE], &id);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, m->ns, m->symbol, bid, ask, id) : rc;
}

/* ---- Advanced Trade ---- */

typedef struct advanced {
    int64_t seq, ns;
    uint32_t msg, n;
} advanced;

static int on_level(void *self, const hr_line *l, hr_json *j)
{
    enum { L_SIDE, L_TIME, L_PX, L_QTY, N_LEVEL };
    static const char *const keys[N_LEVEL] = {"side", "event_time", "price_level", "new_quantity"};
    const uint32_t need = HR_READ_BIT(L_SIDE) | HR_READ_BIT(L_PX) | HR_READ_BIT(L_QTY);
    advanced *a = self;
    hr_json at[N_LEVEL];
    uint32_t seen;
    hr_json_str side;
    int64_t px, qty, ns;
    int rc = hr_read_fields(j, keys, N_LEVEL, at, &seen);
    if (rc == HR_LINE_DONE && (seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE && (seen & HR_READ_BIT(L_TIME)) != 0) {
        rc = hr_read_rfc3339(&at[L_TIME], &ns);
        if (rc == HR_LINE_DONE && ns > a->ns) a->ns = ns;
    }
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[L_SIDE], &side);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[L_PX], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[L_QTY], &qty, l->info->qty_scale);
    if (rc != HR_LINE_DONE) return rc;
    if (!HR_IS(side, "bid") && !HR_IS(side, "offer")) return HR_LINE_REJECT(HR_REJECT_SIDE);
    return hr_read_put_level(l, HR_IS(side, "bid") ? HR_SIDE_BID : HR_SIDE_ASK, px, qty, &a->n);
}

static int on_book_event(void *self, const hr_line *l, hr_json *j)
{
    enum { E_TYPE, E_PRODUCT, E_UPDATES, N_EVENT };
    static const char *const keys[N_EVENT] = {"type", "product_id", "updates"};
    const uint32_t need = HR_READ_BIT(E_TYPE) | HR_READ_BIT(E_PRODUCT) | HR_READ_BIT(E_UPDATES);
    advanced *a = self;
    hr_json at[N_EVENT];
    uint32_t seen;
    hr_json_str type, symbol;
    int rc = hr_read_fields(j, keys, N_EVENT, at, &seen);
    if (rc == HR_LINE_DONE && (seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[E_TYPE], &type);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[E_PRODUCT], &symbol);
    if (rc != HR_LINE_DONE) return rc;
    bool is_snapshot = HR_IS(type, "snapshot");
    if (!is_snapshot && !HR_IS(type, "update")) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    const int64_t ns = a->ns;
    a->n = 0;
    a->ns = 0; /* in a snapshot levels have none: 1970 */
    rc = hr_read_begin(l, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, ns, symbol, &a->msg);
    if (rc == HR_LINE_DONE) rc = hr_read_list(l, &at[E_UPDATES], on_level, a);
    if (rc != HR_LINE_DONE) return rc;
    if (a->ns > 0) l->batch->ts_event[a->msg] = a->ns;
    a->ns = ns;
    l->batch->seq_first[a->msg] = l->batch->seq_last[a->msg] = a->seq;
    hr_line_commit(l, a->n);
    return HR_LINE_DONE;
}

static int on_ticker(void *self, const hr_line *l, hr_json *j)
{
    enum { T_PRODUCT, T_BID, T_BID_QTY, T_ASK, T_ASK_QTY, N_TICKER };
    static const char *const keys[N_TICKER] = {"product_id", "best_bid", "best_bid_quantity",
                                               "best_ask", "best_ask_quantity"};
    const advanced *a = self;
    hr_json at[N_TICKER];
    uint32_t seen;
    hr_json_str symbol;
    int64_t v[2][2];
    int rc = hr_read_fields(j, keys, N_TICKER, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    /* Only newer ones name the best prices. */
    if ((seen & HR_READ_BIT(T_BID)) == 0) return HR_LINE_DONE;
    if (seen != HR_READ_BIT(N_TICKER) - 1) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    rc = hr_read_text(&at[T_PRODUCT], &symbol);
    for (int i = 0; i < 4 && rc == HR_LINE_DONE; i++)
        rc = hr_read_decimal(&at[T_BID + i], &v[i / 2][i % 2],
                             i % 2 == 0 ? l->info->px_scale : l->info->qty_scale);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, a->ns, symbol, v[0], v[1], a->seq) : rc;
}

static int on_ticker_event(void *self, const hr_line *l, hr_json *j)
{
    static const char *const key[] = {"tickers"};
    hr_json at;
    uint32_t seen;
    int rc = hr_read_fields(j, key, 1, &at, &seen);
    if (rc != HR_LINE_DONE || seen == 0) return rc;
    return hr_read_list(l, &at, on_ticker, self);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    enum { T_PRODUCT, T_ID, T_PX, T_QTY, T_SIDE, T_TIME, N_TRADE };
    static const char *const keys[N_TRADE] = {"product_id", "trade_id", "price",
                                              "size",       "side",     "time"};
    const advanced *a = self;
    hr_json at[N_TRADE];
    uint32_t seen;
    hr_json_str symbol, id;
    hr_side maker;
    int64_t px, qty;
    int64_t ns = a->ns;
    int rc = hr_read_fields(j, keys, N_TRADE, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    if ((seen | HR_READ_BIT(T_TIME)) != HR_READ_BIT(N_TRADE) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    rc = hr_read_text(&at[T_PRODUCT], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&at[T_SIDE], &maker);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[T_PX], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[T_QTY], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[T_ID], &id);
    if (rc == HR_LINE_DONE && (seen & HR_READ_BIT(T_TIME)) != 0)
        rc = hr_read_rfc3339(&at[T_TIME], &ns);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_trade(l, ns, symbol, maker == HR_SIDE_BID ? HR_SIDE_ASK : HR_SIDE_BID, px,
                             qty, id);
}

/* The snapshot repeats trades from before the subscription. */
static int on_trade_event(void *self, const hr_line *l, hr_json *j)
{
    static const char *const keys[] = {"type", "trades"};
    hr_json at[2];
    uint32_t seen;
    hr_json_str type = {0};
    int rc = hr_read_fields(j, keys, 2, at, &seen);
    if (rc == HR_LINE_DONE && (seen & 2) == 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE && (seen & 1) != 0) rc = hr_read_text(&at[0], &type);
    if (rc != HR_LINE_DONE || HR_IS(type, "snapshot")) return rc;
    return hr_read_list(l, &at[1], on_trade, self);
}

static int decode_advanced(const hr_line *l, message *m)
{
    hr_json_str channel;
    advanced a = {.seq = -1, .ns = HR_NULL_I64};
    int rc = hr_read_text(&m->at[F_CHANNEL], &channel);
    if (rc != HR_LINE_DONE) return rc;
    bool is_book = HR_IS(channel, "l2_data") || HR_IS(channel, "level2");
    bool is_trades = HR_IS(channel, "market_trades");
    if (!is_book && !is_trades && !HR_IS(channel, "ticker") && !HR_IS(channel, "ticker_batch"))
        return HR_LINE_DONE;
    if (has(m, F_SEQUENCE_NUM)) rc = hr_read_int(&m->at[F_SEQUENCE_NUM], &a.seq);
    if (rc == HR_LINE_DONE && has(m, F_TIMESTAMP)) rc = hr_read_rfc3339(&m->at[F_TIMESTAMP], &a.ns);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_list(l, &m->at[F_EVENTS],
                        is_book     ? on_book_event
                        : is_trades ? on_trade_event
                                    : on_ticker_event,
                        &a);
}

static int decode(const hr_line *l, hr_json *j)
{
    message m;
    hr_json_str type;
    if (l->info->has_orders) {
        bool is_other;
        int taken = hr_coinbase_orders(l, j, &is_other);
        if (!is_other) return taken;
    }
    int rc = hr_read_fields(j, names, N_FIELDS, m.at, &m.seen);
    if (rc != HR_LINE_DONE) return rc;
    if (has(&m, F_CHANNEL) && has(&m, F_EVENTS)) return decode_advanced(l, &m);
    if (!has(&m, F_TYPE)) return HR_LINE_DONE;
    rc = hr_read_text(&m.at[F_TYPE], &type);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(type, "l2update")) return put_update(l, &m);
    if (HR_IS(type, "snapshot")) return put_snapshot(l, &m);
    if (HR_IS(type, "match")) return put_match(l, &m);
    return HR_IS(type, "ticker") ? put_ticker(l, &m) : HR_LINE_DONE;
}

#define REQUEST(list) "{\"type\":\"subscribe\",\"product_ids\":[<\"$\">],\"channels\":[" list "]}"
static const hr_request requests[] = {
    {"book", REQUEST("\"level2_batch\",\"heartbeat\""), 0},
    {"trades", REQUEST("\"matches\""), 0},
    {"ticker", REQUEST("\"ticker\""), 0},
};
#undef REQUEST

static void learn(hr_source_info *info, const char *line, size_t n)
{
    static const char key[] = "\"time\":";
    const char *time = memmem(line, n, key, sizeof key - 1);
    hr_json j;
    int64_t ns;
    if (hr_coinbase_is_orders(line, n)) info->has_orders = true;
    if (time == NULL || info->head_time_ns != 0) return; /* for books, which may have none */
    hr_json_init(&j, time + sizeof key - 1, (size_t)(line + n - time) - (sizeof key - 1));
    if (hr_json_peek(&j) == HR_JSON_STRING && hr_read_rfc3339(&j, &ns) == HR_LINE_DONE)
        info->head_time_ns = ns;
}

const hr_venue hr_venue_coinbase = {
    .name = "coinbase",
    .file = "COINBASE",
    .hosts = {"ws-feed.pro.coinbase.com", "ws-feed.exchange.coinbase.com",
              "ws-direct.exchange.coinbase.com", "advanced-trade-ws.coinbase.com",
              "api.pro.coinbase.com", "api.exchange.coinbase.com"},
    .marks = {"\"product_id\":&\"type\":\"l2update\"", "\"product_id\":&\"type\":\"snapshot\"",
              "\"product_id\":&\"type\":\"match\"", "\"channel\":\"l2_data\"&\"events\":"},
    .answers = {"level=3"},
    .answer_symbol = "/products/",
    .rule = HR_SEQ_NONE,
    .order_rule = HR_SEQ_OF_ORDERS,
    .decode = decode,
    .learn = learn,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .silent_s = 5,
};
