/* SPDX-License-Identifier: Apache-2.0 */
/* KuCoin spot (www.kucoin.com/docs-new, public WebSocket channels; order book guide):
 *   {"topic":"/market/level2:BTC-USDT","subject":"trade.l2update","data":{"sequenceStart":..,
 *    "sequenceEnd":..,"symbol":..,"time":ms,"changes":{"asks":[["px","qty","seq"],..],
 *    "bids":[..]}}}
 *   {"topic":"/market/match:..","subject":"trade.l3match","data":{"symbol":..,"side":..,"size":..,
 *    "price":..,"tradeId":..,"time":"ns",..}}
 *   {"topic":"/market/ticker:..","subject":"trade.ticker","data":{"sequence":"..","bestBid":..,
 *    "bestBidSize":..,"bestAsk":..,"bestAskSize":..,"time":ms}}; of "/market/ticker:all" the
 * subject is the symbol
 *   {"topic":"/spotMarket/level1:..","subject":"level1","data":{"bids":[px,qty],"asks":[px,qty],
 *    "timestamp":ms}}
 * and the answers to /market/orderbook/level2?symbol=: {"code":"200000","data":{"sequence":"..",
 *    "time":ms,"bids":[["px","qty"],..],"asks":[..]}}
 *
 * A book is an answer and the changes from there, each beginning where the one before ended;
 * changes hold what a level is, so those that the answer has already do no harm. A price of 0
 * changes no level but counts. Messages from before 2022 have no time. The tops of 5 and 50 levels
 * are left out. */
#include "venue/read.h"
#include "venue/venue.h"

static int read_sides(const hr_line *l, hr_json side[2], uint32_t *n)
{
    int rc = hr_read_levels(l, &side[HR_SIDE_BID], HR_SIDE_BID, n);
    return rc == HR_LINE_DONE ? hr_read_levels(l, &side[HR_SIDE_ASK], HR_SIDE_ASK, n) : rc;
}

static int put_snapshot(const hr_line *l, hr_json *data)
{
    enum { S_BIDS, S_ASKS, S_SEQUENCE, S_TIME, N };
    static const char *const keys[N] = {"bids", "asks", "sequence", "time"};
    hr_json at[N];
    uint32_t seen;
    int64_t ns, id;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(data, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[S_SEQUENCE], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[S_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_SNAPSHOT, ns, (hr_json_str){0}, &msg);
    if (rc == HR_LINE_DONE) rc = read_sides(l, at, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = id;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_update(const hr_line *l, hr_json *data)
{
    enum { U_FIRST, U_LAST, U_SYMBOL, U_CHANGES, U_TIME, N };
    static const char *const keys[N] = {"sequenceStart", "sequenceEnd", "symbol", "changes",
                                        "time"};
    static const char *const sides[2] = {"bids", "asks"};
    const uint32_t need = HR_READ_BIT(U_TIME) - 1;
    hr_json at[N];
    hr_json side[2];
    uint32_t seen, seen_sides;
    hr_json_str symbol;
    int64_t first, last;
    int64_t ns = HR_NULL_I64;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(data, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && (seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_fields(&at[U_CHANGES], sides, 2, side, &seen_sides);
    if (rc == HR_LINE_DONE && seen_sides != 3) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[U_FIRST], &first);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[U_LAST], &last);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[U_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE && seen != need) rc = hr_read_ms(&at[U_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_DELTA, ns, symbol, &msg);
    if (rc == HR_LINE_DONE) rc = read_sides(l, side, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = first;
    l->batch->seq_last[msg] = last;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_match(const hr_line *l, hr_json *data)
{
    enum { M_SYMBOL, M_SIDE, M_SIZE, M_PRICE, M_ID, M_TIME, N };
    static const char *const keys[N] = {"symbol", "side", "size", "price", "tradeId", "time"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol, id;
    hr_side taker;
    int64_t px, qty, ns;
    int rc = hr_read_fields(data, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[M_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&at[M_SIDE], &taker);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[M_SIZE], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[M_PRICE], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[M_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[M_TIME], &ns);
    return rc == HR_LINE_DONE ? hr_read_put_trade(l, ns, symbol, taker, px, qty, id) : rc;
}

/* A side without orders is null. */
static int read_or_none(hr_json *j, int64_t *out, unsigned scale)
{
    *out = 0;
    return hr_json_peek(j) == HR_JSON_NULL ? hr_read_skip(j) : hr_read_decimal(j, out, scale);
}

static int put_ticker(const hr_line *l, hr_json *data, hr_json_str symbol)
{
    enum { T_BID, T_BID_QTY, T_ASK, T_ASK_QTY, T_SEQUENCE, T_TIME, N };
    static const char *const keys[N] = {"bestBid",     "bestBidSize", "bestAsk",
                                        "bestAskSize", "sequence",    "time"};
    hr_json at[N];
    uint32_t seen;
    int64_t v[2][2];
    int64_t ns, id;
    int rc = hr_read_fields(data, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    for (int i = 0; i < 4 && rc == HR_LINE_DONE; i++)
        rc = read_or_none(&at[T_BID + i], &v[i / 2][i % 2],
                          i % 2 == 0 ? l->info->px_scale : l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[T_SEQUENCE], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[T_TIME], &ns);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, symbol, v[0], v[1], id) : rc;
}

/* [px, qty], or null. */
static int read_best(const hr_line *l, hr_json *j, int64_t best[2])
{
    int i = 0;
    hr_json_type t = hr_json_peek(j);
    best[0] = best[1] = 0;
    if (t == HR_JSON_NULL) return hr_read_skip(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (; hr_json_next_item(j); i++) {
        int rc = i == 0   ? hr_read_decimal(j, &best[0], l->info->px_scale)
                 : i == 1 ? hr_read_decimal(j, &best[1], l->info->qty_scale)
                          : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL || i == 1 ? hr_read_broken(j) : HR_LINE_DONE;
}

static int put_level1(const hr_line *l, hr_json *data, hr_json_str symbol)
{
    enum { L_BIDS, L_ASKS, L_TIME, N };
    static const char *const keys[N] = {"bids", "asks", "timestamp"};
    hr_json at[N];
    uint32_t seen;
    int64_t bid[2], ask[2];
    int64_t ns;
    int rc = hr_read_fields(data, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = read_best(l, &at[L_BIDS], bid);
    if (rc == HR_LINE_DONE) rc = read_best(l, &at[L_ASKS], ask);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[L_TIME], &ns);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, symbol, bid, ask, -1) : rc;
}

/* What stands behind the topic's colon. */
static hr_json_str symbol_of(hr_json_str topic)
{
    const char *colon = memchr(topic.s, ':', topic.n);
    if (colon == NULL) return (hr_json_str){0};
    return (hr_json_str){.s = colon + 1, .n = topic.n - (size_t)(colon + 1 - topic.s)};
}

static bool begins(hr_json_str s, const char *with)
{
    return s.n > strlen(with) && memcmp(s.s, with, strlen(with)) == 0;
}

static int decode(const hr_line *l, hr_json *j)
{
    enum { F_TOPIC, F_SUBJECT, F_DATA, N };
    static const char *const keys[N] = {"topic", "subject", "data"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str topic, subject;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc != HR_LINE_DONE || (seen & HR_READ_BIT(F_DATA)) == 0) return rc;
    hr_json *data = &at[F_DATA];
    if (l->hint.n > 0) return put_snapshot(l, data);
    if (seen != HR_READ_BIT(N) - 1) return HR_LINE_DONE;
    rc = hr_read_text(&at[F_TOPIC], &topic);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[F_SUBJECT], &subject);
    if (rc != HR_LINE_DONE) return rc;
    hr_json_str symbol = symbol_of(topic);
    if (HR_IS(subject, "trade.l2update")) return put_update(l, data);
    if (HR_IS(subject, "trade.l3match")) return put_match(l, data);
    if (begins(topic, "/market/ticker:"))
        return put_ticker(l, data, HR_IS(symbol, "all") ? subject : symbol);
    return begins(topic, "/spotMarket/level1:") ? put_level1(l, data, symbol) : HR_LINE_DONE;
}

#define REQUEST(topic)                                                                             \
    "{\"id\":1,\"type\":\"subscribe\",\"topic\":\"" topic                                          \
    ":<$>\",\"privateChannel\":false,\"response\":true}"
static const hr_request requests[] = {
    {"book", REQUEST("/market/level2"), 100},
    {"trades", REQUEST("/market/match"), 100},
    {"ticker", REQUEST("/market/ticker"), 100},
};
#undef REQUEST

const hr_venue hr_venue_kucoin = {
    .name = "kucoin",
    .file = "KUCOIN",
    .hosts = {"push-private.kucoin.com", "ws-api.kucoin.com", "ws-api-spot.kucoin.com",
              "api.kucoin.com"},
    .marks = {"\"subject\":\"trade.&\"topic\":\"/market/"},
    .answers = {"/market/orderbook/level2?"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_SPOT,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"id\":\"1\",\"type\":\"ping\"}",
    .keep_alive_s = 18,
    .silent_s = 60,
};
