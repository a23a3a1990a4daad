/* SPDX-License-Identifier: Apache-2.0 */
/* Bybit, Deribit, BitMEX, Hyperliquid. */
#include "venue_text.h"

/* ---- Bybit ---- */

static void bybit_text(venue_text *t, const char *key, int64_t v, unsigned decimals)
{
    venue_put(t, "\"%s\":\"", key);
    venue_put_number(t, v, decimals, true);
    venue_put(t, "\",");
}

static void bybit_best(venue_text *t, const venue_event *e, int side, const char *px,
                       const char *qty)
{
    const venue_level *best = &e->level[side][0];
    bybit_text(t, px, e->n[side] > 0 ? best->px : 0, 2);
    bybit_text(t, qty, e->n[side] > 0 ? best->qty : 0, 3);
}

static void bybit(venue_text *t, const venue_event *e)
{
    static const char *const topic[] = {"orderbook.200", "orderbook.200", "publicTrade", "tickers"};
    venue_put(t, "{\"topic\":\"%s.ABCUSDT\",\"type\":\"%s\",\"ts\":%lld,\"data\":", topic[e->kind],
              e->kind == HR_MSG_DELTA ? "delta" : "snapshot",
              (long long)e->ms + (e->kind <= HR_MSG_SNAPSHOT ? 3 : 0));
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "[{\"T\":%lld,\"s\":\"ABCUSDT\",\"S\":\"%s\",", (long long)e->ms,
                  e->side == HR_SIDE_BID ? "Buy" : "Sell");
        bybit_text(t, "v", e->level[0][0].qty, 3);
        bybit_text(t, "p", e->level[0][0].px, 2);
        venue_put(t, "\"L\":\"PlusTick\",\"i\":\"%lld\",\"BT\":false}]", (long long)e->last);
    } else if (e->kind == HR_MSG_TICKER) {
        venue_put(t, "{\"symbol\":\"ABCUSDT\",");
        bybit_best(t, e, 0, "bid1Price", "bid1Size");
        bybit_best(t, e, 1, "ask1Price", "ask1Size");
        venue_put(t, "\"fundingRate\":\"-0.0002\"},\"cs\":1");
    } else {
        venue_put(t, "{\"s\":\"ABCUSDT\",\"b\":[");
        venue_put_pairs(t, e->level[0], e->n[0], "\"");
        venue_put(t, "],\"a\":[");
        venue_put_pairs(t, e->level[1], e->n[1], "\"");
        venue_put(t, "],\"u\":%lld,\"seq\":%lld},\"cts\":%lld", (long long)e->last,
                  (long long)e->last * 3, (long long)e->ms);
    }
    venue_put(t, "}\n");
}

/* Rows of one kind: 0 what is gone, 1 what was there, 2 what is new, 3 all. */
static void bybit_rows(venue_text *t, const venue_event *e, const char *key, int what)
{
    uint32_t n = 0;
    venue_put(t, "\"%s\":[", key);
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < e->n[s]; i++) {
            const venue_level *v = &e->level[s][i];
            if (what < 3 && what != (v->qty == 0 ? 0 : v->is_new ? 2 : 1)) continue;
            venue_put(t, "%s{", n++ > 0 ? "," : "");
            bybit_text(t, "price", v->px, 2);
            venue_put(t, "\"symbol\":\"ABCUSDT\",\"id\":\"%lld\",\"side\":\"%s\"",
                      (long long)v->px * 100, s == HR_SIDE_BID ? "Buy" : "Sell");
            if (v->qty > 0) venue_put(t, ",\"size\":");
            if (v->qty > 0) venue_put_number(t, v->qty, 3, true);
            venue_put(t, "}");
        }
    venue_put(t, "]");
}

static void bybit_old(venue_text *t, const venue_event *e)
{
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "{\"topic\":\"trade.ABCUSDT\",\"data\":[{\"symbol\":\"ABCUSDT\",");
        bybit_text(t, "price", e->level[0][0].px, 2);
        venue_put(t, "\"size\":");
        venue_put_number(t, e->level[0][0].qty, 3, true);
        venue_put(t, ",\"trade_time_ms\":\"%lld\",\"side\":\"%s\",\"trade_id\":\"x-%lld\"}]}\n",
                  (long long)e->ms, e->side == HR_SIDE_BID ? "Buy" : "Sell", (long long)e->last);
        return;
    }
    venue_put(t, "{\"topic\":\"orderBookL2_25.ABCUSDT\",\"type\":\"%s\",\"data\":{",
              e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "delta");
    if (e->kind == HR_MSG_SNAPSHOT) {
        bybit_rows(t, e, "order_book", 3);
    } else {
        bybit_rows(t, e, "delete", 0);
        venue_put(t, ",");
        bybit_rows(t, e, "update", 1);
        venue_put(t, ",");
        bybit_rows(t, e, "insert", 2);
    }
    venue_put(t, "},\"cross_seq\":\"%lld\",\"timestamp_e6\":\"%lld\"}\n", (long long)e->last,
              (long long)e->ms * 1000);
}

const venue_case venue_case_bybit = {.label = "Bybit v5",
                                     .venue = "bybit",
                                     .symbol = "ABCUSDT",
                                     .format = HR_FORMAT_NDJSON,
                                     .rule = HR_SEQ_STEP,
                                     .write = bybit};
const venue_case venue_case_bybit_old = {.label = "Bybit before v5",
                                         .venue = "bybit",
                                         .symbol = "ABCUSDT",
                                         .format = HR_FORMAT_NDJSON,
                                         .rule = HR_SEQ_NONE,
                                         .has_no_ticker = true,
                                         .write = bybit_old};

/* ---- Deribit ---- */

static void deribit_levels(venue_text *t, const venue_event *e, int side)
{
    for (uint32_t i = 0; i < e->n[side]; i++) {
        const venue_level *v = &e->level[side][i];
        bool is_new = v->is_new || e->kind == HR_MSG_SNAPSHOT;
        venue_put(t, "%s[\"%s\",", i > 0 ? "," : "",
                  v->qty == 0 ? "delete"
                  : is_new    ? "new"
                              : "change");
        venue_put_number(t, v->px, 2, true);
        venue_put(t, ",");
        venue_put_number(t, v->qty, 3, true);
        venue_put(t, "]");
    }
}

static void deribit_best(venue_text *t, const venue_event *e, int side, const char *name)
{
    venue_put(t, ",\"best_%s_price\":", name);
    if (e->n[side] == 0) venue_put(t, "null,\"best_%s_amount\":0.0", name);
    if (e->n[side] == 0) return;
    venue_put_number(t, e->level[side][0].px, 2, true);
    venue_put(t, ",\"best_%s_amount\":", name);
    venue_put_number(t, e->level[side][0].qty, 3, true);
}

static void deribit(venue_text *t, const venue_event *e)
{
    static const char *const channel[] = {"book", "book", "trades", "ticker"};
    venue_put(t,
              "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
              "\"%s.ABC-PERPETUAL.raw\",\"data\":%s{\"timestamp\":%lld,\"instrument_name\":"
              "\"ABC-PERPETUAL\"",
              channel[e->kind], e->kind == HR_MSG_TRADE ? "[" : "", (long long)e->ms);
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, ",\"direction\":\"%s\",\"trade_id\":\"%lld\",\"price\":",
                  e->side == HR_SIDE_BID ? "buy" : "sell", (long long)e->last);
        venue_put_number(t, e->level[0][0].px, 2, true);
        venue_put(t, ",\"amount\":");
        venue_put_number(t, e->level[0][0].qty, 3, true);
        venue_put(t, "}]}}\n");
        return;
    }
    if (e->kind == HR_MSG_TICKER) {
        deribit_best(t, e, 0, "bid");
        deribit_best(t, e, 1, "ask");
    } else {
        venue_put(t, ",\"type\":\"%s\",\"change_id\":%lld",
                  e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "change", (long long)e->last);
        if (e->kind == HR_MSG_DELTA) venue_put(t, ",\"prev_change_id\":%lld", (long long)e->prev);
        venue_put(t, ",\"bids\":[");
        deribit_levels(t, e, 0);
        venue_put(t, "],\"asks\":[");
        deribit_levels(t, e, 1);
        venue_put(t, "]");
    }
    venue_put(t, "}}}\n");
}

const venue_case venue_case_deribit = {.label = "Deribit",
                                       .venue = "deribit",
                                       .symbol = "ABC-PERPETUAL",
                                       .format = HR_FORMAT_NDJSON,
                                       .rule = HR_SEQ_CHAIN,
                                       .write = deribit};

/* ---- BitMEX ---- */

/* Rows of one kind, as for Bybit; is_old: no time, a price only where a level is new. */
static uint32_t bitmex_rows(venue_text *t, const venue_event *e, int what, bool is_old)
{
    uint32_t n = 0;
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < e->n[s]; i++) {
            const venue_level *v = &e->level[s][i];
            if (what < 3 && what != (v->qty == 0 ? 0 : v->is_new ? 2 : 1)) continue;
            venue_put(t, "%s{\"symbol\":\"ABCUSD\",\"id\":%lld,\"side\":\"%s\"", n++ > 0 ? "," : "",
                      is_old ? 8800000000LL - (long long)v->px : 7LL + i,
                      s == HR_SIDE_BID ? "Buy" : "Sell");
            if (v->qty > 0) venue_put(t, ",\"size\":");
            if (v->qty > 0) venue_put_number(t, v->qty, 3, true);
            if (!is_old || what >= 2) venue_put(t, ",\"price\":");
            if (!is_old || what >= 2) venue_put_number(t, v->px, 2, true);
            if (!is_old) venue_put(t, ",\"timestamp\":\"");
            if (!is_old) venue_put_rfc3339(t, e->ms);
            venue_put(t, is_old ? "}" : "\"}");
        }
    return n;
}

static bool bitmex_has(const venue_event *e, int what)
{
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < e->n[s]; i++)
            if (what == (e->level[s][i].qty == 0 ? 0 : e->level[s][i].is_new ? 2 : 1)) return true;
    return false;
}

static void bitmex_best(venue_text *t, const venue_event *e, int side, const char *px,
                        const char *qty)
{
    if (e->n[side] == 0) return;
    venue_put(t, ",\"%s\":", px);
    venue_put_number(t, e->level[side][0].px, 2, true);
    venue_put(t, ",\"%s\":", qty);
    venue_put_number(t, e->level[side][0].qty, 3, true);
}

static void bitmex_other(venue_text *t, const venue_event *e)
{
    venue_put(t, "{\"table\":\"%s\",\"action\":\"insert\",\"data\":[{\"symbol\":\"ABCUSD\"",
              e->kind == HR_MSG_TRADE ? "trade" : "quote");
    if (e->kind == HR_MSG_TRADE) {
        bitmex_best(t, e, 0, "price", "size");
        venue_put(t, ",\"side\":\"%s\",\"trdMatchID\":\"0-%lld\"",
                  e->side == HR_SIDE_BID ? "Buy" : "Sell", (long long)e->last);
    } else {
        bitmex_best(t, e, 0, "bidPrice", "bidSize");
        bitmex_best(t, e, 1, "askPrice", "askSize");
    }
    venue_put(t, ",\"timestamp\":\"");
    venue_put_rfc3339(t, e->ms);
    venue_put(t, "\"}]}\n");
}

/* A message of the model is one line here: what changed is split by action where the venue does. */
static void bitmex_book(venue_text *t, const venue_event *e, bool is_old)
{
    static const char *const actions[] = {"delete", "update", "insert", "partial"};
    int what = e->kind == HR_MSG_SNAPSHOT ? 3 : 0;
    while (what < 3 && !bitmex_has(e, what))
        what++;
    venue_put(t, "{\"table\":\"orderBookL2\",\"action\":\"%s\",\"data\":[", actions[what]);
    (void)bitmex_rows(t, e, what, is_old);
    venue_put(t, "],\"filter\":{\"symbol\":\"ABCUSD\"}}\n");
}

static void bitmex(venue_text *t, const venue_event *e)
{
    if (e->kind > HR_MSG_SNAPSHOT)
        bitmex_other(t, e);
    else
        bitmex_book(t, e, false);
}

static void bitmex_old(venue_text *t, const venue_event *e)
{
    venue_put_number(t, e->recv_ms, 3, false);
    venue_put(t, ": ");
    if (e->kind > HR_MSG_SNAPSHOT)
        bitmex_other(t, e);
    else
        bitmex_book(t, e, true);
}

const venue_case venue_case_bitmex = {.label = "BitMEX",
                                      .venue = "bitmex",
                                      .symbol = "ABCUSD",
                                      .format = HR_FORMAT_NDJSON,
                                      .rule = HR_SEQ_NONE,
                                      .is_split = true,
                                      .write = bitmex};
/* Before 2022: levels by their ids. */
const venue_case venue_case_bitmex_old = {.label = "BitMEX by ids",
                                          .venue = "bitmex",
                                          .symbol = "ABCUSD",
                                          .format = HR_FORMAT_CRYPTOFEED,
                                          .rule = HR_SEQ_NONE,
                                          .is_split = true,
                                          .write = bitmex_old};

/* ---- Hyperliquid ---- */

static void hyperliquid_level(venue_text *t, const venue_level *v)
{
    venue_put(t, "{\"px\":\"");
    venue_put_number(t, v->px, 2, true);
    venue_put(t, "\",\"sz\":\"");
    venue_put_number(t, v->qty, 3, true);
    venue_put(t, "\",\"n\":2}");
}

static void hyperliquid(venue_text *t, const venue_event *e)
{
    static const char *const channel[] = {"l2Book", "l2Book", "trades", "bbo"};
    venue_put(t, "%lld {\"channel\":\"%s\",\"data\":%s{\"coin\":\"ABC\",\"time\":%lld",
              (long long)e->recv_ms * 1000000, channel[e->kind], e->kind == HR_MSG_TRADE ? "[" : "",
              (long long)e->ms);
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, ",\"side\":\"%s\",\"tid\":%lld,\"px\":\"", e->side == HR_SIDE_BID ? "B" : "A",
                  (long long)e->last);
        venue_put_number(t, e->level[0][0].px, 2, true);
        venue_put(t, "\",\"sz\":\"");
        venue_put_number(t, e->level[0][0].qty, 3, true);
        venue_put(t, "\",\"users\":[\"0x1\",\"0x2\"]}]");
    } else if (e->kind == HR_MSG_TICKER) {
        for (int s = 0; s < 2; s++) {
            venue_put(t, s == 0 ? ",\"bbo\":[" : ",");
            if (e->n[s] > 0)
                hyperliquid_level(t, &e->level[s][0]);
            else
                venue_put(t, "null");
        }
        venue_put(t, "]}");
    } else {
        for (int s = 0; s < 2; s++) {
            venue_put(t, s == 0 ? ",\"levels\":[[" : "],[");
            for (uint32_t i = 0; i < e->n[s]; i++) {
                if (i > 0) venue_put(t, ",");
                hyperliquid_level(t, &e->level[s][i]);
            }
        }
        venue_put(t, "]]}");
    }
    venue_put(t, "}\n");
}

const venue_case venue_case_hyperliquid = {.label = "Hyperliquid",
                                           .venue = "hyperliquid",
                                           .symbol = "ABC",
                                           .format = HR_FORMAT_CAPTURE_PREFIX,
                                           .rule = HR_SEQ_NONE,
                                           .is_whole_only = true,
                                           .write = hyperliquid};
