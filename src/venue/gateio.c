/* SPDX-License-Identifier: Apache-2.0 */
/* Gate v4, spot and futures (www.gate.com/docs/developers/apiv4/ws, futures/ws):
 *   {"time":..,"time_ms":..,"channel":"spot.order_book_update","event":"update","result":{"t":ms,
 *    "s":"BTC_USDT","U":..,"u":..,"b":[["px","qty"],..],"a":[..]}}
 *   futures.order_book_update: the same, levels as {"p":"px","s":contracts}
 *   spot.trades: {"id":..,"create_time_ms":"ms.dddd","side":..,"currency_pair":..,"amount":..,
 *    "price":..}; futures.trades: a list of {"id":..,"create_time_ms":..,"contract":..,"size":..,
 *    "price":..}, the size below zero where the taker sold
 *   spot.book_ticker, futures.book_ticker: {"t":ms,"u":..,"s":..,"b":..,"B":..,"a":..,"A":..}
 *   spot.tickers: {"currency_pair":..,"highest_bid":..,"lowest_ask":..}, no sizes
 * and the answers to /order_book?currency_pair= and ?contract=: {"id":..,"update":..,"asks":[..],
 *    "bids":[..]}, update in ms (spot) or decimal seconds (futures).
 *
 * A book is an answer and the changes from there: the first holds id + 1, each begins where the one
 * before ended. *.order_book sends the top whole each time and is left out: it must not replace the
 * book. */
#include "venue/read.h"
#include "venue/venue.h"

enum { F_CHANNEL, F_EVENT, F_RESULT, F_TIME, F_TIME_MS, F_ID, F_UPDATE, F_ASKS, F_BIDS, N_FIELDS };
static const char *const names[N_FIELDS] = {"channel", "event",  "result", "time", "time_ms",
                                            "id",      "update", "asks",   "bids"};

static bool is_futures(const hr_line *l)
{
    return l->venue == &hr_venue_gateio_futures;
}

static int read_side(const hr_line *l, hr_json *j, hr_side side, uint32_t *n)
{
    hr_json probe = *j;
    if (hr_json_enter_array(&probe) && hr_json_next_item(&probe) &&
        hr_json_peek(&probe) == HR_JSON_OBJECT)
        return hr_read_level_objects(l, j, side, "p", "s", n);
    return hr_read_levels(l, j, side, n);
}

/* The answer to a request of the book. */
static int put_snapshot(const hr_line *l, hr_json *at, uint32_t seen)
{
    const uint32_t need = HR_READ_BIT(F_ID) | HR_READ_BIT(F_ASKS) | HR_READ_BIT(F_BIDS);
    int64_t ns = HR_NULL_I64;
    int64_t id;
    uint32_t msg;
    uint32_t n = 0;
    int rc = HR_LINE_DONE;
    if ((seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if ((seen & HR_READ_BIT(F_UPDATE)) != 0)
        rc = is_futures(l) ? hr_read_seconds(&at[F_UPDATE], &ns) : hr_read_ms(&at[F_UPDATE], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[F_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_SNAPSHOT, ns, (hr_json_str){0}, &msg);
    if (rc == HR_LINE_DONE) rc = read_side(l, &at[F_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = read_side(l, &at[F_ASKS], HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = id;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_update(const hr_line *l, hr_json *j)
{
    enum { U_TIME, U_SYMBOL, U_FIRST, U_LAST, U_BIDS, U_ASKS, N };
    static const char *const keys[N] = {"t", "s", "U", "u", "b", "a"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t ns, first, last;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[U_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[U_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[U_FIRST], &first);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[U_LAST], &last);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_DELTA, ns, symbol, &msg);
    if (rc == HR_LINE_DONE) rc = read_side(l, &at[U_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = read_side(l, &at[U_ASKS], HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = first;
    l->batch->seq_last[msg] = last;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    enum { T_ID, T_TIME, T_PRICE, T_PAIR, T_SIDE, T_AMOUNT, T_CONTRACT, T_SIZE, N };
    static const char *const keys[N] = {"id",   "create_time_ms", "price",    "currency_pair",
                                        "side", "amount",         "contract", "size"};
    const bool is_spot = !is_futures(l);
    const int symbol_at = is_spot ? T_PAIR : T_CONTRACT;
    const int qty_at = is_spot ? T_AMOUNT : T_SIZE;
    const uint32_t need = HR_READ_BIT(T_ID) | HR_READ_BIT(T_TIME) | HR_READ_BIT(T_PRICE) |
                          HR_READ_BIT(symbol_at) | HR_READ_BIT(qty_at) |
                          (is_spot ? HR_READ_BIT(T_SIDE) : 0);
    hr_json at[N];
    uint32_t seen;
    hr_json_str id, symbol;
    hr_side taker = HR_SIDE_BID;
    int64_t ns, px, qty;
    (void)self;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && (seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[T_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[T_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[symbol_at], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[T_PRICE], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_signed(&at[qty_at], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE && is_spot) rc = hr_read_side(&at[T_SIDE], &taker);
    if (rc != HR_LINE_DONE) return rc;
    if (!is_spot && qty < 0) {
        taker = HR_SIDE_ASK;
        qty = -qty;
    }
    return hr_read_put_trade(l, ns, symbol, taker, px, qty, id);
}

/* "" and 0 stand for an empty side. */
static int read_or_none(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json probe = *j;
    hr_json_str s;
    if (hr_json_peek(j) == HR_JSON_STRING && hr_json_string(&probe, &s) && s.n == 0) {
        *out = 0;
        *j = probe;
        return HR_LINE_DONE;
    }
    return hr_read_decimal(j, out, scale);
}

static int put_book_ticker(const hr_line *l, hr_json *j)
{
    enum { T_TIME, T_SYMBOL, T_ID, T_BID, T_BID_QTY, T_ASK, T_ASK_QTY, N };
    static const char *const keys[N] = {"t", "s", "u", "b", "B", "a", "A"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t ns, id;
    int64_t v[2][2];
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[T_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[T_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[T_ID], &id);
    for (int i = 0; i < 4 && rc == HR_LINE_DONE; i++)
        rc = read_or_none(&at[T_BID + i], &v[i / 2][i % 2],
                          i % 2 == 0 ? l->info->px_scale : l->info->qty_scale);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, symbol, v[0], v[1], id) : rc;
}

/* The day's figures, with the best prices of the moment. ns: of the envelope. */
static int put_ticker(const hr_line *l, hr_json *j, int64_t ns)
{
    enum { T_PAIR, T_BID, T_ASK, N };
    static const char *const keys[N] = {"currency_pair", "highest_bid", "lowest_ask"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t bid[2] = {0, HR_NULL_I64};
    int64_t ask[2] = {0, HR_NULL_I64};
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[T_PAIR], &symbol);
    if (rc == HR_LINE_DONE) rc = read_or_none(&at[T_BID], &bid[0], l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = read_or_none(&at[T_ASK], &ask[0], l->info->px_scale);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, ns, symbol, bid, ask, -1) : rc;
}

static int read_envelope_time(hr_json *at, uint32_t seen, int64_t *ns)
{
    *ns = HR_NULL_I64;
    int rc = (seen & HR_READ_BIT(F_TIME_MS)) != 0 ? hr_read_ms(&at[F_TIME_MS], ns) : HR_LINE_DONE;
    if (rc == HR_LINE_DONE && *ns <= 0 && (seen & HR_READ_BIT(F_TIME)) != 0)
        rc = hr_read_seconds(&at[F_TIME], ns);
    return rc;
}

static int decode(const hr_line *l, hr_json *j)
{
    hr_json at[N_FIELDS];
    uint32_t seen;
    hr_json_str channel, event;
    int64_t ns;
    int rc = hr_read_fields(j, names, N_FIELDS, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    if ((seen & HR_READ_BIT(F_CHANNEL)) == 0) {
        bool is_book = (seen & (HR_READ_BIT(F_ASKS) | HR_READ_BIT(F_BIDS))) != 0;
        return is_book ? put_snapshot(l, at, seen) : HR_LINE_DONE;
    }
    const uint32_t need = HR_READ_BIT(F_EVENT) | HR_READ_BIT(F_RESULT);
    if ((seen & need) != need) return HR_LINE_DONE;
    rc = hr_read_text(&at[F_CHANNEL], &channel);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[F_EVENT], &event);
    if (rc != HR_LINE_DONE || !HR_IS(event, "update")) return rc;
    const char *dot = memchr(channel.s, '.', channel.n);
    if (dot == NULL) return HR_LINE_DONE;
    hr_json_str what = {.s = dot + 1, .n = channel.n - (size_t)(dot + 1 - channel.s)};
    hr_json *result = &at[F_RESULT];
    if (HR_IS(what, "order_book_update")) return put_update(l, result);
    if (HR_IS(what, "book_ticker")) return put_book_ticker(l, result);
    if (HR_IS(what, "trades"))
        return hr_json_peek(result) == HR_JSON_ARRAY ? hr_read_list(l, result, on_trade, NULL)
                                                     : on_trade(NULL, l, result);
    if (!HR_IS(channel, "spot.tickers")) return HR_LINE_DONE;
    rc = read_envelope_time(at, seen, &ns);
    return rc == HR_LINE_DONE ? put_ticker(l, result, ns) : rc;
}

#define REQUEST(name, payload)                                                                     \
    "{\"channel\":\"" name "\",\"event\":\"subscribe\",\"payload\":[" payload "]}"

static const hr_request requests_spot[] = {
    {"book", REQUEST("spot.order_book_update", "\"$\",\"100ms\""), 0},
    {"trades", REQUEST("spot.trades", "<\"$\">"), 0},
    {"ticker", REQUEST("spot.book_ticker", "<\"$\">"), 0},
};

static const hr_request requests_futures[] = {
    {"book", REQUEST("futures.order_book_update", "\"$\",\"100ms\""), 0},
    {"trades", REQUEST("futures.trades", "<\"$\">"), 0},
    {"ticker", REQUEST("futures.book_ticker", "<\"$\">"), 0},
};

const hr_venue hr_venue_gateio = {
    .name = "gateio",
    .file = "GATEIO",
    .hosts = {"api.gateio.ws/ws/v4", "api.gateio.ws/api/v4/spot", "ws.gate.io/v4"},
    .marks = {"\"channel\":\"spot.&\"event\":"},
    .answers = {"/spot/order_book"},
    .answer_symbol = "currency_pair=",
    .rule = HR_SEQ_BINANCE_SPOT,
    .decode = decode,
    .requests = requests_spot,
    .n_requests = HR_ARRAY_LEN(requests_spot),
    .keep_alive = "{\"channel\":\"spot.ping\"}",
    .keep_alive_s = 15,
    .silent_s = 60,
};
const hr_venue hr_venue_gateio_futures = {
    .name = "gateio-futures",
    .file = "GATEIO_FUTURES",
    .hosts = {"fx-ws.gateio.ws", "api.gateio.ws/api/v4/futures", "api.gateio.ws/api/v4/delivery"},
    .marks = {"\"channel\":\"futures.&\"event\":"},
    .answers = {"/order_book"},
    .answer_symbol = "contract=",
    .rule = HR_SEQ_BINANCE_SPOT,
    .decode = decode,
    .requests = requests_futures,
    .n_requests = HR_ARRAY_LEN(requests_futures),
    .keep_alive = "{\"channel\":\"futures.ping\"}",
    .keep_alive_s = 15,
    .silent_s = 60,
};
