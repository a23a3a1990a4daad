/* SPDX-License-Identifier: Apache-2.0 */
/* Poloniex spot (api-docs.poloniex.com/spot/websocket/market-data):
 *   {"channel":"book_lv2","action":"snapshot"|"update","data":[{"symbol":"BTC_USDT",
 *    "createTime":ms,"asks":[["px","qty"],..],"bids":[..],"lastId":..,"id":..,"ts":ms}]}
 *   {"channel":"trades","data":[{"symbol":..,"id":"..","price":..,"quantity":..,"takerSide":..,
 *    "createTime":ms,..},..]}
 *
 * lastId names the message before. Books are of the best 20 levels: what leaves them is deleted.
 * The channel "book" sends its top whole each time and is left out. */
#include "venue/read.h"
#include "venue/venue.h"

static int on_book(void *self, const hr_line *l, hr_json *j)
{
    enum { B_SYMBOL, B_TIME, B_BIDS, B_ASKS, B_PREV, B_ID, N };
    static const char *const keys[N] = {"symbol", "createTime", "bids", "asks", "lastId", "id"};
    const hr_msg_kind kind = *(const bool *)self ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol;
    int64_t ns, prev, id;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[B_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[B_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[B_PREV], &prev);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[B_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, kind, ns, symbol, &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_ASKS], HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = id;
    l->batch->seq_prev[msg] = prev;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    enum { T_SYMBOL, T_TIME, T_ID, T_PRICE, T_QUANTITY, T_SIDE, N };
    static const char *const keys[N] = {"symbol", "createTime", "id",
                                        "price",  "quantity",   "takerSide"};
    hr_json at[N];
    uint32_t seen;
    hr_json_str symbol, id;
    hr_side taker;
    int64_t ns, px, qty;
    (void)self;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[T_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[T_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[T_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[T_PRICE], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[T_QUANTITY], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&at[T_SIDE], &taker);
    return rc == HR_LINE_DONE ? hr_read_put_trade(l, ns, symbol, taker, px, qty, id) : rc;
}

static int decode(const hr_line *l, hr_json *j)
{
    enum { F_CHANNEL, F_DATA, F_ACTION, N };
    static const char *const keys[N] = {"channel", "data", "action"};
    const uint32_t need = HR_READ_BIT(F_CHANNEL) | HR_READ_BIT(F_DATA);
    hr_json at[N];
    uint32_t seen;
    hr_json_str channel, action;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc != HR_LINE_DONE || (seen & need) != need) return rc;
    rc = hr_read_text(&at[F_CHANNEL], &channel);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(channel, "trades")) return hr_read_list(l, &at[F_DATA], on_trade, NULL);
    if (!HR_IS(channel, "book_lv2")) return HR_LINE_DONE;
    if ((seen & HR_READ_BIT(F_ACTION)) == 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    rc = hr_read_text(&at[F_ACTION], &action);
    if (rc != HR_LINE_DONE) return rc;
    bool is_snapshot = HR_IS(action, "snapshot");
    if (!is_snapshot && !HR_IS(action, "update")) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    return hr_read_list(l, &at[F_DATA], on_book, &is_snapshot);
}

#define REQUEST(name) "{\"event\":\"subscribe\",\"channel\":[\"" name "\"],\"symbols\":[<\"$\">]}"
static const hr_request requests[] = {
    {"book", REQUEST("book_lv2"), 0},
    {"trades", REQUEST("trades"), 0},
};
#undef REQUEST

const hr_venue hr_venue_poloniex = {
    .name = "poloniex",
    .file = "POLONIEX",
    .hosts = {"ws.poloniex.com", "api.poloniex.com"},
    .marks = {"\"channel\":\"book_lv2\"", "\"channel\":\"trades\"&\"takerSide\":"},
    .rule = HR_SEQ_CHAIN,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"event\":\"ping\"}",
    .keep_alive_s = 20,
    .silent_s = 60,
};
