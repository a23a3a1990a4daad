/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstamp v2 (www.bitstamp.net/websocket/v2, www.bitstamp.net/api):
 *   {"event":"data","channel":"diff_order_book_btcusd","data":{"microtimestamp":"..",
 *    "bids":[["px","qty"],..],"asks":[..]}}
 *   {"event":"trade","channel":"live_trades_btcusd","data":{"id":..,"microtimestamp":"..",
 *    "amount":..,"amount_str":"..","price":..,"price_str":"..","type":0}}     type 1: the taker
 * sold and the answers to /api/v2/order_book/btcusd:
 * {"microtimestamp":"..","bids":[..],"asks":[..]}
 *
 * There is no sequence: times rise, a loss does not show. A book is an answer and the changes that
 * are newer. Whole tops (order_book) and single orders (live_orders) are left out. */
#include "venue/read.h"
#include "venue/venue.h"

/* A book or the changes of one; its time is its id. */
static int put_book(const hr_line *l, hr_json *j, hr_msg_kind kind, hr_json_str symbol)
{
    enum { B_TIME, B_BIDS, B_ASKS, N };
    static const char *const keys[N] = {"microtimestamp", "bids", "asks"};
    hr_json at[N];
    uint32_t seen;
    int64_t ns;
    uint32_t msg;
    uint32_t n = 0;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && seen != HR_READ_BIT(N) - 1)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (rc == HR_LINE_DONE) rc = hr_read_us(&at[B_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, kind, ns, symbol, &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_BIDS], HR_SIDE_BID, &n);
    if (rc == HR_LINE_DONE) rc = hr_read_levels(l, &at[B_ASKS], HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    l->batch->seq_first[msg] = l->batch->seq_last[msg] = ns / 1000;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_trade(const hr_line *l, hr_json *j, hr_json_str symbol)
{
    enum { T_ID, T_TIME, T_TYPE, T_QTY, T_PX, T_QTY_TEXT, T_PX_TEXT, N };
    static const char *const keys[N] = {"id",    "microtimestamp", "type",     "amount",
                                        "price", "amount_str",     "price_str"};
    const uint32_t need = HR_READ_BIT(T_QTY_TEXT) - 1;
    hr_json at[N];
    uint32_t seen;
    hr_json_str id;
    int64_t ns, type, px, qty;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc == HR_LINE_DONE && (seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    /* The texts are exact, the numbers went through floating point. */
    hr_json *px_at = (seen & HR_READ_BIT(T_PX_TEXT)) != 0 ? &at[T_PX_TEXT] : &at[T_PX];
    hr_json *qty_at = (seen & HR_READ_BIT(T_QTY_TEXT)) != 0 ? &at[T_QTY_TEXT] : &at[T_QTY];
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[T_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_us(&at[T_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&at[T_TYPE], &type);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(px_at, &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(qty_at, &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE && type > 1) rc = HR_LINE_REJECT(HR_REJECT_SIDE);
    if (rc != HR_LINE_DONE) return rc;
    return hr_read_put_trade(l, ns, symbol, type == 0 ? HR_SIDE_BID : HR_SIDE_ASK, px, qty, id);
}

/* "diff_order_book_btcusd": what stands behind the name of the channel; n == 0: of another. */
static hr_json_str behind(hr_json_str channel, const char *name)
{
    size_t n = strlen(name);
    if (channel.n <= n || memcmp(channel.s, name, n) != 0) return (hr_json_str){0};
    return (hr_json_str){.s = channel.s + n, .n = channel.n - n};
}

static int decode(const hr_line *l, hr_json *j)
{
    enum { F_EVENT, F_CHANNEL, F_DATA, F_BIDS, N };
    static const char *const keys[N] = {"event", "channel", "data", "bids"};
    const uint32_t need = HR_READ_BIT(F_BIDS) - 1;
    hr_json begin = *j;
    hr_json at[N];
    uint32_t seen;
    hr_json_str event, channel;
    int rc = hr_read_fields(j, keys, N, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    if ((seen & HR_READ_BIT(F_EVENT)) == 0) {
        if ((seen & HR_READ_BIT(F_BIDS)) == 0) return HR_LINE_DONE;
        return put_book(l, &begin, HR_MSG_SNAPSHOT, (hr_json_str){0});
    }
    if ((seen & need) != need) return HR_LINE_DONE;
    rc = hr_read_text(&at[F_EVENT], &event);
    if (rc == HR_LINE_DONE) rc = hr_read_text(&at[F_CHANNEL], &channel);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(event, "data")) {
        hr_json_str symbol = behind(channel, "diff_order_book_");
        return symbol.n > 0 ? put_book(l, &at[F_DATA], HR_MSG_DELTA, symbol) : HR_LINE_DONE;
    }
    hr_json_str symbol = behind(channel, "live_trades_");
    if (!HR_IS(event, "trade") || symbol.n == 0) return HR_LINE_DONE;
    return put_trade(l, &at[F_DATA], symbol);
}

#define REQUEST(name) "{\"event\":\"bts:subscribe\",\"data\":{\"channel\":\"" name "_$\"}}"
static const hr_request requests[] = {
    {"book", REQUEST("diff_order_book"), 0},
    {"trades", REQUEST("live_trades"), 0},
};
#undef REQUEST

const hr_venue hr_venue_bitstamp = {
    .name = "bitstamp",
    .file = "BITSTAMP",
    .hosts = {"ws.bitstamp.net", "www.bitstamp.net/api"},
    .marks = {"\"channel\":\"diff_order_book_", "\"channel\":\"live_trades_"},
    .answers = {"/api/v2/order_book/"},
    .rule = HR_SEQ_AFTER,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"event\":\"bts:heartbeat\"}",
    .keep_alive_s = 30,
    .silent_s = 60,
};
