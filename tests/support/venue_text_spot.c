/* SPDX-License-Identifier: Apache-2.0 */
/* Coinbase, Gate, KuCoin, Bitstamp, HitBTC, Gemini, Poloniex: lines as cryptofeed frames them. */
#include "venue_text.h"

static void begin(venue_text *t, const venue_event *e)
{
    venue_put_number(t, e->recv_ms, 3, false);
    venue_put(t, ": ");
}

static void begin_answer(venue_text *t, const venue_event *e, const char *url)
{
    venue_put(t, "%s -> ", url);
    begin(t, e);
}

/* "key":"12.5", */
static void put_text(venue_text *t, const char *key, int64_t v, unsigned decimals)
{
    venue_put(t, "\"%s\":\"", key);
    venue_put_number(t, v, decimals, true);
    venue_put(t, "\",");
}

/* The best of a side, or zeros. */
static void put_best(venue_text *t, const venue_event *e, int side, const char *px, const char *qty)
{
    put_text(t, px, e->n[side] > 0 ? e->level[side][0].px : 0, 2);
    put_text(t, qty, e->n[side] > 0 ? e->level[side][0].qty : 0, 3);
}

/* "bids":[["1","2"]],"asks":[..], */
static void put_sides(venue_text *t, const venue_event *e, const char *bids, const char *asks)
{
    venue_put(t, "\"%s\":[", asks);
    venue_put_pairs(t, e->level[1], e->n[1], "\"");
    venue_put(t, "],\"%s\":[", bids);
    venue_put_pairs(t, e->level[0], e->n[0], "\"");
    venue_put(t, "],");
}

/* {"price":"1","size":"2"}, whatever the keys. bare: the quantity is a number. */
static void put_objects(venue_text *t, const venue_event *e, int side, const char *px,
                        const char *qty, bool bare)
{
    for (uint32_t i = 0; i < e->n[side]; i++) {
        venue_put(t, "%s{\"%s\":%s", i > 0 ? "," : "", qty, bare ? "" : "\"");
        venue_put_number(t, e->level[side][i].qty, 3, true);
        venue_put(t, "%s,\"%s\":\"", bare ? "" : "\"", px);
        venue_put_number(t, e->level[side][i].px, 2, true);
        venue_put(t, "\"}");
    }
}

/* ["buy","1","2"] */
static void put_changes(venue_text *t, const venue_event *e)
{
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < e->n[s]; i++) {
            venue_put(t, "%s[\"%s\",\"",
                      s > 0 && e->n[0] + i > 0 ? ","
                      : i > 0                  ? ","
                                               : "",
                      s == HR_SIDE_BID ? "buy" : "sell");
            venue_put_number(t, e->level[s][i].px, 2, true);
            venue_put(t, "\",\"");
            venue_put_number(t, e->level[s][i].qty, 3, true);
            venue_put(t, "\"]");
        }
}

static const char *taker(const venue_event *e)
{
    return e->side == HR_SIDE_BID ? "buy" : "sell";
}

static void put_time(venue_text *t, const char *key, int64_t ms)
{
    venue_put(t, "\"%s\":\"", key);
    venue_put_rfc3339(t, ms);
    venue_put(t, "\"");
}

/* ---- Coinbase ---- */

static void coinbase(venue_text *t, const venue_event *e)
{
    static const char *const type[] = {"l2update", "snapshot", "match", "ticker"};
    begin(t, e);
    venue_put(t, "{\"type\":\"%s\",\"product_id\":\"ABC-USD\",", type[e->kind]);
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "\"trade_id\":%lld,\"side\":\"%s\",", (long long)e->last,
                  e->side == HR_SIDE_BID ? "sell" : "buy"); /* the maker's */
        put_text(t, "size", e->level[0][0].qty, 3);
        put_text(t, "price", e->level[0][0].px, 2);
    } else if (e->kind == HR_MSG_TICKER) {
        venue_put(t, "\"sequence\":%lld,", (long long)e->ms);
        put_best(t, e, 0, "best_bid", "best_bid_size");
        put_best(t, e, 1, "best_ask", "best_ask_size");
    } else if (e->kind == HR_MSG_SNAPSHOT) {
        put_sides(t, e, "bids", "asks");
    } else {
        venue_put(t, "\"changes\":[");
        put_changes(t, e);
        venue_put(t, "],");
    }
    put_time(t, "time", e->ms);
    venue_put(t, "}\n");
}

const venue_case venue_case_coinbase = {.label = "Coinbase",
                                        .venue = "coinbase",
                                        .symbol = "ABC-USD",
                                        .format = HR_FORMAT_CRYPTOFEED,
                                        .rule = HR_SEQ_NONE,
                                        .write = coinbase};

static void coinbase_advanced(venue_text *t, const venue_event *e)
{
    begin(t, e);
    venue_put(t, "{\"channel\":\"%s\",", e->kind == HR_MSG_TICKER ? "ticker" : "l2_data");
    put_time(t, "timestamp", e->ms);
    venue_put(t, ",\"sequence_num\":%lld,\"events\":[{\"type\":\"%s\",", (long long)e->ms,
              e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "update");
    if (e->kind == HR_MSG_TICKER) {
        venue_put(t, "\"tickers\":[{");
        put_best(t, e, 0, "best_bid", "best_bid_quantity");
        put_best(t, e, 1, "best_ask", "best_ask_quantity");
        venue_put(t, "\"product_id\":\"ABC-USD\"}]}]}\n");
        return;
    }
    venue_put(t, "\"product_id\":\"ABC-USD\",\"updates\":[");
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < e->n[s]; i++) {
            venue_put(t, "%s{\"side\":\"%s\",", e->n[0] * (uint32_t)s + i > 0 ? "," : "",
                      s == HR_SIDE_BID ? "bid" : "offer");
            put_text(t, "price_level", e->level[s][i].px, 2);
            put_text(t, "new_quantity", e->level[s][i].qty, 3);
            put_time(t, "event_time", e->kind == HR_MSG_SNAPSHOT ? 0 : e->ms);
            venue_put(t, "}");
        }
    venue_put(t, "]}]}\n");
}

/* Advanced Trade's trades are left out. */
static void coinbase_both(venue_text *t, const venue_event *e)
{
    if (e->kind == HR_MSG_TRADE)
        coinbase(t, e);
    else
        coinbase_advanced(t, e);
}

const venue_case venue_case_coinbase_advanced = {.label = "Coinbase Advanced Trade",
                                                 .venue = "coinbase",
                                                 .symbol = "ABC-USD",
                                                 .format = HR_FORMAT_CRYPTOFEED,
                                                 .rule = HR_SEQ_NONE,
                                                 .write = coinbase_both};

/* ---- Gate ---- */

static void gateio_begin(venue_text *t, const venue_event *e, const char *market)
{
    static const char *const channel[] = {"order_book_update", "", "trades", "book_ticker"};
    begin(t, e);
    venue_put(t, "{\"time\":%lld,\"channel\":\"%s.%s\",\"event\":\"update\",\"result\":",
              (long long)e->ms / 1000, market, channel[e->kind]);
}

static void gateio_ticker(venue_text *t, const venue_event *e)
{
    venue_put(t, "{\"u\":%lld,\"s\":\"ABC_USDT\",", (long long)e->ms);
    put_best(t, e, 0, "b", "B");
    put_best(t, e, 1, "a", "A");
    venue_put(t, "\"t\":%lld}}\n", (long long)e->ms);
}

static void gateio(venue_text *t, const venue_event *e)
{
    if (e->kind == HR_MSG_SNAPSHOT) {
        begin_answer(t, e,
                     "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=ABC_USDT&limit="
                     "100&with_id=true");
        venue_put(t, "{\"id\":%lld,\"update\":%lld,", (long long)e->last, (long long)e->ms);
        put_sides(t, e, "bids", "asks");
        venue_put(t, "\"x\":[]}\n");
        return;
    }
    gateio_begin(t, e, "spot");
    if (e->kind == HR_MSG_TICKER) {
        gateio_ticker(t, e);
    } else if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "{\"id\":%lld,\"create_time_ms\":\"%lld.0000\",", (long long)e->last,
                  (long long)e->ms);
        put_text(t, "amount", e->level[0][0].qty, 3);
        put_text(t, "price", e->level[0][0].px, 2);
        venue_put(t, "\"side\":\"%s\",\"currency_pair\":\"ABC_USDT\"}}\n", taker(e));
    } else {
        venue_put(t, "{\"t\":%lld,\"s\":\"ABC_USDT\",\"U\":%lld,", (long long)e->ms,
                  (long long)e->first);
        put_sides(t, e, "b", "a");
        venue_put(t, "\"u\":%lld}}\n", (long long)e->last);
    }
}

const venue_case venue_case_gateio = {.label = "Gate",
                                      .venue = "gateio",
                                      .symbol = "ABC_USDT",
                                      .format = HR_FORMAT_CRYPTOFEED,
                                      .rule = HR_SEQ_BINANCE_SPOT,
                                      .write = gateio};

static void gateio_futures(venue_text *t, const venue_event *e)
{
    bool is_snapshot = e->kind == HR_MSG_SNAPSHOT;
    if (is_snapshot) {
        begin_answer(t, e,
                     "https://api.gateio.ws/api/v4/futures/usdt/order_book?contract=ABC_USDT&"
                     "with_id=true");
        venue_put(t, "{\"update\":");
        venue_put_number(t, e->ms, 3, false);
        venue_put(t, ",\"id\":%lld,", (long long)e->last);
    } else {
        gateio_begin(t, e, "futures");
    }
    if (e->kind == HR_MSG_TICKER) {
        gateio_ticker(t, e);
    } else if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "[{\"size\":%s", e->side == HR_SIDE_BID ? "" : "-");
        venue_put_number(t, e->level[0][0].qty, 3, true);
        venue_put(t, ",\"id\":%lld,\"create_time_ms\":%lld,", (long long)e->last, (long long)e->ms);
        put_text(t, "price", e->level[0][0].px, 2);
        venue_put(t, "\"contract\":\"ABC_USDT\"}]}\n");
    } else {
        if (!is_snapshot)
            venue_put(t, "{\"t\":%lld,\"s\":\"ABC_USDT\",\"U\":%lld,\"u\":%lld,", (long long)e->ms,
                      (long long)e->first, (long long)e->last);
        venue_put(t, "\"%s\":[", is_snapshot ? "asks" : "a");
        put_objects(t, e, 1, "p", "s", true);
        venue_put(t, "],\"%s\":[", is_snapshot ? "bids" : "b");
        put_objects(t, e, 0, "p", "s", true);
        venue_put(t, is_snapshot ? "]}\n" : "]}}\n");
    }
}

const venue_case venue_case_gateio_futures = {.label = "Gate futures",
                                              .venue = "gateio-futures",
                                              .symbol = "ABC_USDT",
                                              .format = HR_FORMAT_CRYPTOFEED,
                                              .rule = HR_SEQ_BINANCE_SPOT,
                                              .write = gateio_futures};

/* ---- KuCoin ---- */

static void kucoin(venue_text *t, const venue_event *e)
{
    static const char *const head[] = {
        "\"subject\":\"trade.l2update\",\"topic\":\"/market/level2:ABC-USDT\"", "",
        "\"subject\":\"trade.l3match\",\"topic\":\"/market/match:ABC-USDT\"",
        "\"subject\":\"trade.ticker\",\"topic\":\"/market/ticker:ABC-USDT\""};
    if (e->kind == HR_MSG_SNAPSHOT) {
        begin_answer(t, e, "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=ABC-USDT");
        venue_put(t, "{\"code\":\"200000\",\"data\":{\"sequence\":\"%lld\",", (long long)e->last);
        put_sides(t, e, "bids", "asks");
        venue_put(t, "\"time\":%lld}}\n", (long long)e->ms);
        return;
    }
    begin(t, e);
    venue_put(t, "{\"data\":{\"symbol\":\"ABC-USDT\",");
    if (e->kind == HR_MSG_TRADE) {
        put_text(t, "size", e->level[0][0].qty, 3);
        put_text(t, "price", e->level[0][0].px, 2);
        venue_put(t, "\"side\":\"%s\",\"tradeId\":\"%lld\",\"time\":\"%lld000000\"", taker(e),
                  (long long)e->last, (long long)e->ms);
    } else if (e->kind == HR_MSG_TICKER) {
        put_best(t, e, 0, "bestBid", "bestBidSize");
        put_best(t, e, 1, "bestAsk", "bestAskSize");
        venue_put(t, "\"sequence\":\"%lld\",\"time\":%lld", (long long)e->ms, (long long)e->ms);
    } else {
        venue_put(t, "\"changes\":{");
        put_sides(t, e, "bids", "asks");
        venue_put(t, "\"x\":[]},\"sequenceStart\":%lld,\"sequenceEnd\":%lld,\"time\":%lld",
                  (long long)e->first, (long long)e->last, (long long)e->ms);
    }
    venue_put(t, "},%s,\"type\":\"message\"}\n", head[e->kind]);
}

const venue_case venue_case_kucoin = {.label = "KuCoin",
                                      .venue = "kucoin",
                                      .symbol = "ABC-USDT",
                                      .format = HR_FORMAT_CRYPTOFEED,
                                      .rule = HR_SEQ_BINANCE_SPOT,
                                      .write = kucoin};

/* ---- Bitstamp: the time is the id ---- */

static void bitstamp(venue_text *t, const venue_event *e)
{
    if (e->kind == HR_MSG_SNAPSHOT)
        begin_answer(t, e, "https://www.bitstamp.net/api/v2/order_book/abcusd");
    else
        begin(t, e);
    if (e->kind != HR_MSG_SNAPSHOT) venue_put(t, "{\"data\":");
    venue_put(t, "{\"microtimestamp\":\"%lld000\",", (long long)e->ms);
    if (e->kind == HR_MSG_TRADE) {
        put_text(t, "amount_str", e->level[0][0].qty, 3);
        put_text(t, "price_str", e->level[0][0].px, 2);
        venue_put(t, "\"id\":%lld,\"type\":%d,\"amount\":0.1,\"price\":0.1}", (long long)e->last,
                  e->side == HR_SIDE_ASK);
    } else {
        put_sides(t, e, "bids", "asks");
        venue_put(t, "\"x\":0}");
    }
    if (e->kind == HR_MSG_TRADE) venue_put(t, ",\"channel\":\"live_trades_abcusd\",");
    if (e->kind == HR_MSG_DELTA) venue_put(t, ",\"channel\":\"diff_order_book_abcusd\",");
    if (e->kind != HR_MSG_SNAPSHOT)
        venue_put(t, "\"event\":\"%s\"}", e->kind == HR_MSG_TRADE ? "trade" : "data");
    venue_put(t, "\n");
}

const venue_case venue_case_bitstamp = {.label = "Bitstamp",
                                        .venue = "bitstamp",
                                        .symbol = "abcusd",
                                        .format = HR_FORMAT_CRYPTOFEED,
                                        .rule = HR_SEQ_AFTER,
                                        .has_no_ticker = true,
                                        .write = bitstamp};

/* ---- HitBTC ---- */

static void hitbtc(venue_text *t, const venue_event *e)
{
    static const char *const head[] = {"orderbook/full\",\"update", "orderbook/full\",\"snapshot",
                                       "trades\",\"update", "orderbook/top/100ms\",\"data"};
    begin(t, e);
    venue_put(t, "{\"ch\":\"%s\":{\"ABCUSD\":", head[e->kind]);
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "[{");
        put_text(t, "p", e->level[0][0].px, 2);
        put_text(t, "q", e->level[0][0].qty, 3);
        venue_put(t, "\"i\":%lld,\"s\":\"%s\",\"t\":%lld}]", (long long)e->last, taker(e),
                  (long long)e->ms);
    } else if (e->kind == HR_MSG_TICKER) {
        venue_put(t, "{");
        put_best(t, e, 0, "b", "B");
        put_best(t, e, 1, "a", "A");
        venue_put(t, "\"t\":%lld}", (long long)e->ms);
    } else {
        venue_put(t, "{");
        put_sides(t, e, "b", "a");
        venue_put(t, "\"t\":%lld,\"s\":%lld}", (long long)e->ms, (long long)e->last);
    }
    venue_put(t, "}}\n");
}

const venue_case venue_case_hitbtc = {.label = "HitBTC 3",
                                      .venue = "hitbtc",
                                      .symbol = "ABCUSD",
                                      .format = HR_FORMAT_CRYPTOFEED,
                                      .rule = HR_SEQ_STEP,
                                      .write = hitbtc};

static void hitbtc_old(venue_text *t, const venue_event *e)
{
    static const char *const method[] = {"updateOrderbook", "snapshotOrderbook", "updateTrades"};
    begin(t, e);
    venue_put(t, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{\"symbol\":\"ABCUSD\",",
              method[e->kind]);
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "\"data\":[{");
        put_text(t, "price", e->level[0][0].px, 2);
        put_text(t, "quantity", e->level[0][0].qty, 3);
        venue_put(t, "\"id\":%lld,\"side\":\"%s\",", (long long)e->last, taker(e));
        put_time(t, "timestamp", e->ms);
        venue_put(t, "}]}}\n");
        return;
    }
    venue_put(t, "\"ask\":[");
    put_objects(t, e, 1, "price", "size", false);
    venue_put(t, "],\"bid\":[");
    put_objects(t, e, 0, "price", "size", false);
    venue_put(t, "],\"sequence\":%lld,", (long long)e->last);
    put_time(t, "timestamp", e->ms);
    venue_put(t, "}}\n");
}

const venue_case venue_case_hitbtc_old = {.label = "HitBTC 2",
                                          .venue = "hitbtc",
                                          .symbol = "ABCUSD",
                                          .format = HR_FORMAT_CRYPTOFEED,
                                          .rule = HR_SEQ_STEP,
                                          .has_no_ticker = true,
                                          .write = hitbtc_old};

/* ---- Gemini ---- */

static void gemini(venue_text *t, const venue_event *e)
{
    begin(t, e);
    venue_put(t, "{\"type\":\"%s\",\"symbol\":\"ABCUSD\",",
              e->kind == HR_MSG_TRADE ? "trade" : "l2_updates");
    if (e->kind == HR_MSG_TRADE) {
        put_text(t, "price", e->level[0][0].px, 2);
        put_text(t, "quantity", e->level[0][0].qty, 3);
        venue_put(t, "\"event_id\":%lld,\"timestamp\":%lld,\"side\":\"%s\"}\n", (long long)e->last,
                  (long long)e->ms, taker(e));
        return;
    }
    venue_put(t, "\"changes\":[");
    put_changes(t, e);
    venue_put(t, e->kind == HR_MSG_SNAPSHOT ? "],\"trades\":[]}\n" : "]}\n");
}

const venue_case venue_case_gemini = {.label = "Gemini",
                                      .venue = "gemini",
                                      .symbol = "ABCUSD",
                                      .format = HR_FORMAT_CRYPTOFEED,
                                      .rule = HR_SEQ_NONE,
                                      .has_no_ticker = true,
                                      .write = gemini};

/* ---- Poloniex ---- */

static void poloniex(venue_text *t, const venue_event *e)
{
    begin(t, e);
    venue_put(t, "{\"channel\":\"%s\",\"data\":[{\"symbol\":\"ABC_USDT\",\"createTime\":%lld,",
              e->kind == HR_MSG_TRADE ? "trades" : "book_lv2", (long long)e->ms);
    if (e->kind == HR_MSG_TRADE) {
        put_text(t, "price", e->level[0][0].px, 2);
        put_text(t, "quantity", e->level[0][0].qty, 3);
        venue_put(t, "\"takerSide\":\"%s\",\"id\":\"%lld\"}]}\n", taker(e), (long long)e->last);
        return;
    }
    put_sides(t, e, "bids", "asks");
    venue_put(t, "\"lastId\":%lld,\"id\":%lld}],\"action\":\"%s\"}\n", (long long)e->prev,
              (long long)e->last, e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "update");
}

const venue_case venue_case_poloniex = {.label = "Poloniex",
                                        .venue = "poloniex",
                                        .symbol = "ABC_USDT",
                                        .format = HR_FORMAT_CRYPTOFEED,
                                        .rule = HR_SEQ_CHAIN,
                                        .has_no_ticker = true,
                                        .write = poloniex};
