/* SPDX-License-Identifier: Apache-2.0 */
/* Gemini market data, version 2 (docs.gemini.com/websocket-api):
 *   {"type":"l2_updates","symbol":"BTCUSD","changes":[["buy"|"sell","px","qty"],..],"trades":[..],
 *    "auction_events":[..]}
 *   {"type":"trade","symbol":..,"event_id":..,"timestamp":ms,"price":..,"quantity":..,"side":..}
 *
 * The first l2_updates of a symbol holds the whole book, and it alone has trades; those are from
 * before the subscription and left out. There is neither a sequence nor a time: books are taken in
 * order of arrival. `side` is the taker's: in a real session all 16 trades of buyers were at the
 * best ask or above. */
#include "venue/read.h"
#include "venue/venue.h"

enum { F_TYPE, F_SYMBOL, F_CHANGES, F_TRADES, F_ID, F_TIME, F_PRICE, F_QUANTITY, F_SIDE, N_FIELDS };
static const char *const names[N_FIELDS] = {"type",      "symbol", "changes",  "trades", "event_id",
                                            "timestamp", "price",  "quantity", "side"};

static int put_book(const hr_line *l, hr_json *at, uint32_t seen)
{
    const uint32_t need = HR_READ_BIT(F_SYMBOL) | HR_READ_BIT(F_CHANGES);
    hr_json_str symbol;
    uint32_t msg;
    uint32_t n = 0;
    if ((seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    const hr_msg_kind kind = (seen & HR_READ_BIT(F_TRADES)) != 0 ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    int rc = hr_read_text(&at[F_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, kind, HR_NULL_I64, symbol, &msg);
    if (rc == HR_LINE_DONE) rc = hr_read_changes(l, &at[F_CHANGES], &n);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int put_trade(const hr_line *l, hr_json *at, uint32_t seen)
{
    const uint32_t need = HR_READ_BIT(F_SYMBOL) | HR_READ_BIT(F_ID) | HR_READ_BIT(F_TIME) |
                          HR_READ_BIT(F_PRICE) | HR_READ_BIT(F_QUANTITY) | HR_READ_BIT(F_SIDE);
    hr_json_str symbol, id;
    hr_side taker;
    int64_t ns, px, qty;
    if ((seen & need) != need) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    int rc = hr_read_text(&at[F_SYMBOL], &symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_id(&at[F_ID], &id);
    if (rc == HR_LINE_DONE) rc = hr_read_ms(&at[F_TIME], &ns);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[F_PRICE], &px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_decimal(&at[F_QUANTITY], &qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&at[F_SIDE], &taker);
    return rc == HR_LINE_DONE ? hr_read_put_trade(l, ns, symbol, taker, px, qty, id) : rc;
}

static int decode(const hr_line *l, hr_json *j)
{
    hr_json at[N_FIELDS];
    uint32_t seen;
    hr_json_str type;
    int rc = hr_read_fields(j, names, N_FIELDS, at, &seen);
    if (rc != HR_LINE_DONE || (seen & HR_READ_BIT(F_TYPE)) == 0) return rc;
    rc = hr_read_text(&at[F_TYPE], &type);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(type, "l2_updates")) return put_book(l, at, seen);
    return HR_IS(type, "trade") ? put_trade(l, at, seen) : HR_LINE_DONE;
}

/* One channel has books and trades. */
#define REQUEST                                                                                    \
    "{\"type\":\"subscribe\",\"subscriptions\":[{\"name\":\"l2\",\"symbols\":[<\"$\">]}]}"
static const hr_request requests[] = {{"book", REQUEST, 0}, {"trades", REQUEST, 0}};
#undef REQUEST

const hr_venue hr_venue_gemini = {
    .name = "gemini",
    .file = "GEMINI",
    .hosts = {"api.gemini.com"},
    .marks = {"\"type\":\"l2_updates\""},
    .rule = HR_SEQ_NONE,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .silent_s = 15,
};
