/* SPDX-License-Identifier: Apache-2.0 */
/* HitBTC (api.hitbtc.com, WebSocket API 2 and 3).
 * 3:
 *   {"ch":"orderbook/full","snapshot"|"update":{"BTCUSDT":{"t":ms,"s":sequence,"a":[["px","qty"],
 *    ..],"b":[..]}}}
 *   {"ch":"trades","update":{"BTCUSDT":[{"t":ms,"i":id,"p":"px","q":"qty","s":"buy"},..]}}
 *   {"ch":"orderbook/top/100ms","data":{"BTCUSDT":{"t":ms,"a":..,"A":..,"b":..,"B":..}}}
 * 2:
 *   {"method":"snapshotOrderbook"|"updateOrderbook","params":{"symbol":..,"sequence":..,
 *    "timestamp":"..","ask":[{"price":..,"size":..},..],"bid":[..]}}
 *   {"method":"updateTrades","params":{"symbol":..,"data":[{"id":..,"price":..,"quantity":..,
 *    "side":..,"timestamp":".."},..]}}
 *   {"method":"ticker","params":{"symbol":..,"bid":..,"ask":..,"timestamp":".."}}     no sizes
 *
 * The sequence rises by one a message and instrument; snapshots stand in the stream. Trades from
 * before the subscription (snapshot, snapshotTrades) are left out. */
#include "venue/read.h"
#include "venue/venue.h"

typedef enum what { WHAT_BOOK, WHAT_CHANGES, WHAT_TRADES, WHAT_TICKER } what;

/* A message of one instrument; where version 3 has it as a key, n > 0. */
typedef struct part {
    hr_json_str symbol;
    what what;
} part;

static int missing(void)
{
    return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
}

/* ---- version 3 ---- */

static int put_book3(const hr_line *l, hr_json *j, const part *p)
{
    enum { B_TIME, B_SEQUENCE, B_BIDS, B_ASKS, N };
    static const char *const keys[N] = {"t", "s", "b", "a"};
    hr_json at[N];
    uint32_t seen;
    int64_t ns, seq;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[B_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[B_SEQUENCE], &seq);
    if (rc == HR_LINE_DONE)
        rc = hr_read_begin(l, p->what == WHAT_BOOK ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, ns, p->symbol,
                           &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_ASKS], HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = seq;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int read_price(hr_json *j, int64_t *out, unsigned scale)
{
    *out = 0;
    return hr_json_peek(j) == HR_JSON_NULL ? hr_read_skip(j) : hr_read_decimal(j, out, scale);
}

static int put_ticker3(const hr_line *l, hr_json *j, const part *p)
{
    enum { T_TIME, T_BID, T_BID_QTY, T_ASK, T_ASK_QTY, N };
    static const char *const keys[N] = {"t", "b", "B", "a", "A"};
    hr_json at[N];
    uint32_t seen;
    int64_t v[2][2];
    int64_t ns;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[T_TIME], &ns);
    for (int i = 0; i < 4 && rc == HR_LINE_DONE; i++)
        rc = read_price(&at[T_BID + i], &v[i / 2][i % 2],
                        i % 2 == 0 ? l->info->px_scale : l->info->qty_scale);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, p->symbol, v[0], v[1], -1) : rc;
}

/* Of either version: a trade's keys and the form of its time. */
typedef struct trade_form {
    const char *keys[5]; /* id, price, quantity, side, time */
    int (*read_time)(hr_json *j, int64_t *ns);
    hr_json_str symbol;
} trade_form;

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    const trade_form *f = self;
    hr_json at[5];
    uint32_t seen;
    hr_json_str id;
    hr_side taker;
    int64_t px, qty, ns;
    int rc = hr_read_fields(j, f->keys, 5, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(5) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[0], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[1], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[2], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&at[3], &taker);
    if (rc == HR_LINE_DONE) rc = f->read_time(&at[4], &ns);
    return rc == HR_LINE_DONE ? hr_read_put_trade(l, ns, f->symbol, taker, px, qty, id) : rc;
}

static int on_instrument(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    part *p = self;
    p->symbol = key;
    if (p->what == WHAT_TICKER) return put_ticker3(l, j, p);
    if (p->what != WHAT_TRADES) return put_book3(l, j, p);
    trade_form f = {{"i", "p", "q", "s", "t"}, hr_read_ms, key};
    return hr_read_list(l, j, on_trade, &f);
}

static bool begins(hr_json_str s, const char *with)
{
    return s.n >= strlen(with) && memcmp(s.s, with, strlen(with)) == 0;
}

/* ---- version 2 ---- */

static int put_book2(const hr_line *l, hr_json *j, hr_msg_kind kind)
{
    enum { B_SYMBOL, B_SEQUENCE, B_TIME, B_BIDS, B_ASKS, N };
    static const char *const keys[N] = {"symbol", "sequence", "timestamp", "bid", "ask"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t ns, seq;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[B_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[B_SEQUENCE], &seq);
    if (rc == HR_LINE_DONE) rc = hr_read_rfc3339(&at[B_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, kind, ns, symbol, &msg);
    if (rc == HR_LINE_DONE)
        rc = hr_read_level_objects(l, &at[B_BIDS], HR_SIDE_BID, "price", "size", &n);
    if (rc == HR_LINE_DONE)
        rc = hr_read_level_objects(l, &at[B_ASKS], HR_SIDE_ASK, "price", "size", &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = seq;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_trades2(const hr_line *l, hr_json *j)
{
    enum { T_SYMBOL, T_DATA, N };
    static const char *const keys[N] = {"symbol", "data"};
    trade_form f = {{"id", "price", "quantity", "side", "timestamp"}, hr_read_rfc3339, {0}};
    hr_json at[N];
    uint32_t seen;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[T_SYMBOL], &f.symbol);
    return rc == HR_LINE_DONE ? hr_read_list(l, &at[T_DATA], on_trade, &f) : rc;
}

static int put_ticker2(const hr_line *l, hr_json *j)
{
    enum { T_SYMBOL, T_TIME, T_BID, T_ASK, N };
    static const char *const keys[N] = {"symbol", "timestamp", "bid", "ask"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t bid[2] = {0, HR_NULL_I64};
    int64_t ask[2] = {0, HR_NULL_I64};
    int64_t ns;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1) return missing();
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[T_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_rfc3339(&at[T_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = read_price(&at[T_BID], &bid[0], l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = read_price(&at[T_ASK], &ask[0], l->info->px_scale);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, symbol, bid, ask, -1) : rc;
}

static int decode2(const hr_line *l, hr_json *method, hr_json *params)
{
    hr_json_str name;
    int rc = hr_read_text(method, &name);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(name, "snapshotOrderbook")) return put_book2(l, params, HR_MSG_SNAPSHOT);
    if (HR_IS(name, "updateOrderbook")) return put_book2(l, params, HR_MSG_DELTA);
    if (HR_IS(name, "updateTrades")) return put_trades2(l, params);
    return HR_IS(name, "ticker") ? put_ticker2(l, params) : HR_LINE_DONE;
}

static int decode(const hr_line *l, hr_json *j)
{
    enum { F_CHANNEL, F_SNAPSHOT, F_UPDATE, F_DATA, F_METHOD, F_PARAMS, N };
    static const char *const keys[N] = {"ch", "snapshot", "update", "data", "method", "params"};
    const uint32_t old = HR_READ_BIT(F_METHOD) | HR_READ_BIT(F_PARAMS);
    hr_json at[N];
    uint32_t seen;
    hr_json_str ch;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    if ((seen & old) == old) return decode2(l, &at[F_METHOD], &at[F_PARAMS]);
    if ((seen & HR_READ_BIT(F_CHANNEL)) == 0) return HR_LINE_DONE;
    rc = hr_read_text(&at[F_CHANNEL], &ch);
    if (rc != HR_LINE_DONE) return rc;
    const bool has_snapshot = (seen & HR_READ_BIT(F_SNAPSHOT)) != 0;
    const bool has_update = (seen & HR_READ_BIT(F_UPDATE)) != 0;
    part p = {.what = HR_IS(ch, "trades") ? WHAT_TRADES : has_snapshot ? WHAT_BOOK : WHAT_CHANGES};
    if (HR_IS(ch, "orderbook/full") && (has_snapshot || has_update))
        return hr_read_object(l, &at[has_snapshot ? F_SNAPSHOT : F_UPDATE], on_instrument, &p);
    if (HR_IS(ch, "trades") && has_update)
        return hr_read_object(l, &at[F_UPDATE], on_instrument, &p);
    if (!begins(ch, "orderbook/top/") || begins(ch, "orderbook/top/price") ||
        (seen & HR_READ_BIT(F_DATA)) == 0)
        return HR_LINE_DONE;
    p.what = WHAT_TICKER;
    return hr_read_object(l, &at[F_DATA], on_instrument, &p);
}

#define REQUEST(ch, more)                                                                          \
    "{\"method\":\"subscribe\",\"ch\":\"" ch "\",\"params\":{\"symbols\":[<\"$\">]" more           \
    "},\"id\":1}"
static const hr_request requests[] = {
    {"book", REQUEST("orderbook/full", ""), 0},
    {"trades", REQUEST("trades", ",\"limit\":0"), 0},
    {"ticker", REQUEST("orderbook/top/100ms", ""), 0},
};
#undef REQUEST

const hr_venue hr_venue_hitbtc = {
    .name = "hitbtc",
    .file = "HITBTC",
    .hosts = {"api.hitbtc.com"},
    .marks = {"\"ch\":\"orderbook/full\"", "\"method\":\"snapshotOrderbook\"",
              "\"method\":\"updateOrderbook\""},
    .rule = HR_SEQ_STEP,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .silent_s = 60,
};
