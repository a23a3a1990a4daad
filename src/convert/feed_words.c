/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the words of each venue. Sources: the venues' documents, as in src/venue. */
#include "convert/feed_words.h"

#include <string.h>

#include "base/attr.h"

#define PAIR "[\"", "\",\"", "\"]"
#define GATE(channel, result)                                                                      \
    "{\"time\":%z,\"channel\":\"" channel "\",\"event\":\"update\",\"result\":" result "}"
#define GATE_TICKER                                                                                \
    "{\"t\":%t,\"u\":%l,\"s\":\"%s\",\"b\":\"%b\",\"B\":\"%B\",\"a\":\"%a\",\"A\":\"%A\"}"
#define GATE_DELTA "{\"t\":%t,\"s\":\"%s\",\"U\":%f,\"u\":%l,%o}"
#define BINANCE(what) "{\"stream\":\"%S@" what "\",\"data\":{"
#define BINANCE_TOUCH                                                                              \
    "\"u\":%l,\"s\":\"%s\",\"b\":\"%b\",\"B\":\"%B\",\"a\":\"%a\",\"A\":\"%A\"<t,\"T\":%t>}}"
#define BINANCE_TRADE(name, id)                                                                    \
    BINANCE(name)                                                                                  \
    "\"e\":\"" name "\"<t,\"E\":%t>,\"s\":\"%s\",\"" id                                            \
    "\":%l,\"p\":\"%x\",\"q\":\"%q\"<t,\"T\":%t>,\"m\":%m}}"
#define BINANCE_BOOK                                                                               \
    .snapshot = "{\"lastUpdateId\":%l<t,\"E\":%t>,%O}",                                            \
    .delta = BINANCE("depth") "\"e\":\"depthUpdate\"<t,\"E\":%t>,\"s\":\"%s\",\"U\":%f,\"u\":%l"   \
                              "<p,\"pu\":%p>,%o}}",                                                \
    .trade = BINANCE_TRADE("trade", "t"), .aggregate = BINANCE_TRADE("aggTrade", "a")
#define KUCOIN(topic, subject, data)                                                               \
    "{\"type\":\"message\",\"topic\":\"/market/" topic ":%s\",\"subject\":\"" subject              \
    "\",\"data\":{" data "}}"
#define OKX(channel, action, data)                                                                 \
    "{\"arg\":{\"channel\":\"" channel "\",\"instId\":\"%s\"}," action "\"data\":[{" data "}]}"
#define OKX_BOOK "%O<t,\"ts\":\"%t\"><k,\"checksum\":%k><l,\"seqId\":%l><p,\"prevSeqId\":%p>"
#define POLONIEX_BOOK(action)                                                                      \
    "{\"channel\":\"book_lv2\",\"data\":[{\"symbol\":\"%s\",\"createTime\":%t,%O<p,\"lastId\":%p>" \
    "<l,\"id\":%l>}],\"action\":\"" action "\"}"
#define COINBASE(type) "{\"type\":\"" type "\",\"product_id\":\"%s\","
#define HITBTC_BOOK(what) "{\"ch\":\"orderbook/full\",\"" what "\":{\"%s\":{\"t\":%t,\"s\":%l,%o}}}"
#define BYBIT_BOOK(depth, type)                                                                    \
    "{\"topic\":\"orderbook." depth ".%s\",\"type\":\"" type "\",\"ts\":%t,\"data\":{\"s\":\"%s\"" \
    ",%o,\"u\":%l,\"seq\":%l},\"cts\":%t}"
#define DERIBIT(channel, data)                                                                     \
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"" channel          \
    "\",\"data\":" data "}}"
#define DERIBIT_BOOK(type)                                                                         \
    DERIBIT("book.%s.raw", "{\"timestamp\":%t,\"instrument_name\":\"%s\",\"type\":\"" type         \
                           "\",\"change_id\":%l<p,\"prev_change_id\":%p>,%O}")

/* Rows say their price, so no id is needed. */
#define BITMEX_BOOK(name, action)                                                                  \
    "{\"table\":\"orderBookL2" name "\",\"action\":\"" action                                      \
    "\",\"data\":[%r],\"filter\":{\"symbol\":\"%s\"}}"
#define BITMEX_ROW(table, row)                                                                     \
    "{\"table\":\"" table "\",\"action\":\"insert\",\"data\":[{<t\"timestamp\":\"%u\",>"           \
    "\"symbol\":\"%s\"," row "}]}"
#define BITMEX(name, end)                                                                          \
    {                                                                                              \
        .venue = "bitmex", .url = "wss://ws.bitmex.com/realtime",                                  \
        .level = {"{\"symbol\":\"%s\",\"side\":\"%C\",\"price\":", ",\"size\":", end},             \
        .snapshot = BITMEX_BOOK(name, "partial"), .delta = BITMEX_BOOK(name, "update"),            \
        .trade = BITMEX_ROW("trade", "\"side\":\"%C\",\"size\":%q,\"price\":%x,"                   \
                                     "\"trdMatchID\":\"%i\""),                                     \
        .ticker = BITMEX_ROW("quote", "\"bidSize\":%B,\"bidPrice\":%b,\"askPrice\":%a,"            \
                                      "\"askSize\":%A"),                                           \
    }

static const hr_feed_words words[] = {
    {.venue = "binance",
     .url = "wss://stream.binance.com:9443/stream",
     .answer = "https://api.binance.com/api/v3/depth?symbol=%s&limit=1000",
     .level = {PAIR},
     BINANCE_BOOK,
     .ticker = BINANCE("bookTicker") BINANCE_TOUCH},
    {.venue = "binance-delivery",
     .url = "wss://dstream.binance.com/stream",
     .answer = "https://dapi.binance.com/dapi/v1/depth?symbol=%s&limit=1000",
     .level = {PAIR},
     BINANCE_BOOK,
     .ticker = BINANCE("bookTicker") "\"e\":\"bookTicker\"," BINANCE_TOUCH},
    {.venue = "binance-futures",
     .url = "wss://fstream.binance.com/stream",
     .answer = "https://fapi.binance.com/fapi/v1/depth?symbol=%s&limit=1000",
     .level = {PAIR},
     BINANCE_BOOK,
     .ticker = BINANCE("bookTicker") "\"e\":\"bookTicker\"," BINANCE_TOUCH},
    BITMEX("", ",\"timestamp\":\"%u\"}"),
    {.venue = "bitfinex",
     .url = "wss://api-pub.bitfinex.com/ws/2",
     .binds = true,
     .level = {"[", ",1,%+", "]"},
     .gone = "[",
     .gone_tail = ",0,%+1]",
     .snapshot = "[%H,[%r]]",
     .delta = "[%H,%r]", /* a level is a message */
     .trade = "[%H,\"te\",[%i,%t,%g,%x]]",
     .ticker = "[%H,[%b,0,%a,0,0,0,0,0,0,0]]"},
    {.venue = "bitstamp",
     .url = "wss://ws.bitstamp.net/",
     .answer = "https://www.bitstamp.net/api/v2/order_book/%S",
     .level = {PAIR},
     .snapshot = "{\"microtimestamp\":\"%w\",%O}",
     .delta = "{\"data\":{\"microtimestamp\":\"%w\",%O},\"channel\":\"diff_order_book_%S\","
              "\"event\":\"data\"}",
     .trade = "{\"data\":{\"id\":%l,\"microtimestamp\":\"%w\",\"amount\":%q,\"amount_str\":\"%q\","
              "\"price\":%x,\"price_str\":\"%x\",\"type\":%y},\"channel\":\"live_trades_%S\","
              "\"event\":\"trade\"}"},
    {.venue = "bybit",
     .url = "wss://stream.bybit.com/v5/public/linear",
     .level = {PAIR},
     .snapshot = BYBIT_BOOK("200", "snapshot"),
     .delta = BYBIT_BOOK("200", "delta"),
     .trade = "{\"topic\":\"publicTrade.%s\",\"type\":\"snapshot\",\"ts\":%t,\"data\":[{\"T\":%t,"
              "\"s\":\"%s\",\"S\":\"%C\",\"v\":\"%q\",\"p\":\"%x\",\"i\":\"%i\"}]}",
     .ticker = "{\"topic\":\"orderbook.1.%s\",\"type\":\"snapshot\",\"ts\":%t,\"data\":{"
               "\"s\":\"%s\",%o,\"u\":1},\"cts\":%t}"},
    {.venue = "coinbase",
     .url = "wss://ws-feed.exchange.coinbase.com",
     .level = {PAIR},
     .snapshot = COINBASE("snapshot") "%O<t,\"time\":\"%u\">}",
     .delta = COINBASE("l2update") "\"changes\":[%c]<t,\"time\":\"%u\">}",
     .trade = COINBASE("match") "\"trade_id\":%l,\"side\":\"%D\",\"price\":\"%x\",\"size\":\"%q\""
                                "<t,\"time\":\"%u\">}",
     .ticker = COINBASE("ticker") "\"best_bid\":\"%b\",\"best_bid_size\":\"%B\",\"best_ask\":"
                                  "\"%a\",\"best_ask_size\":\"%A\"<l,\"sequence\":%l>"
                                  "<t,\"time\":\"%u\">}"},
    {.venue = "deribit",
     .url = "wss://www.deribit.com/ws/api/v2",
     .level = {"[\"change\",", ",", "]"},
     .gone = "[\"delete\",",
     .snapshot = DERIBIT_BOOK("snapshot"),
     .delta = DERIBIT_BOOK("change"),
     .trade = DERIBIT("trades.%s.raw",
                      "[{\"timestamp\":%t,\"instrument_name\":\"%s\"<l,\"trade_seq\":%l>,"
                      "\"trade_id\":\"%i\",\"price\":%x,\"amount\":%q,\"direction\":\"%d\"}]"),
     .ticker = DERIBIT("quote.%s", "{\"timestamp\":%t,\"instrument_name\":\"%s\","
                                   "\"best_bid_price\":%b,\"best_bid_amount\":%B,"
                                   "\"best_ask_price\":%a,\"best_ask_amount\":%A}")},
    {.venue = "gateio",
     .url = "wss://api.gateio.ws/ws/v4/",
     .answer = "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=%s&limit=100"
               "&with_id=true",
     .level = {PAIR},
     .snapshot = "{\"id\":%l<t,\"update\":%t>,%O}",
     .delta = GATE("spot.order_book_update", GATE_DELTA),
     .trade = GATE("spot.trades",
                   "{\"id\":%l,\"create_time_ms\":\"%h\",\"side\":\"%d\",\"currency_pair\":\"%s\","
                   "\"price\":\"%x\",\"amount\":\"%q\"}"),
     .ticker = GATE("spot.book_ticker", GATE_TICKER)},
    {.venue = "gateio-futures",
     .url = "wss://fx-ws.gateio.ws/v4/ws/usdt",
     .answer = "https://api.gateio.ws/api/v4/futures/usdt/order_book?contract=%s&limit=100"
               "&with_id=true",
     .level = {"{\"p\":\"", "\",\"s\":", "}"},
     .snapshot = "{\"id\":%l<t,\"update\":%e>,%O}",
     .delta = GATE("futures.order_book_update", GATE_DELTA),
     .trade = GATE("futures.trades", "[{\"id\":%l,\"create_time_ms\":%t,\"contract\":\"%s\","
                                     "\"price\":\"%x\",\"size\":%g}]"),
     .ticker = GATE("futures.book_ticker", GATE_TICKER)},
    {.venue = "gemini",
     .url = "wss://api.gemini.com/v2/marketdata/",
     .level = {PAIR},
     .snapshot = "{\"type\":\"l2_updates\",\"symbol\":\"%s\",\"changes\":[%c],\"trades\":[]}",
     .delta = "{\"type\":\"l2_updates\",\"symbol\":\"%s\",\"changes\":[%c]}",
     .trade = "{\"type\":\"trade\",\"symbol\":\"%s\",\"event_id\":%l,\"timestamp\":%t,\"price\":"
              "\"%x\",\"quantity\":\"%q\",\"side\":\"%d\"}"},
    {.venue = "hitbtc",
     .url = "wss://api.hitbtc.com/api/3/ws/public",
     .level = {PAIR},
     .snapshot = HITBTC_BOOK("snapshot"),
     .delta = HITBTC_BOOK("update"),
     .trade = "{\"ch\":\"trades\",\"update\":{\"%s\":[{\"t\":%t,\"i\":%l,\"p\":\"%x\",\"q\":\"%q\","
              "\"s\":\"%d\"}]}}",
     .ticker =
         "{\"ch\":\"orderbook/top/100ms\",\"data\":{\"%s\":{\"t\":%t,\"b\":\"%b\",\"B\":\"%B\","
         "\"a\":\"%a\",\"A\":\"%A\"}}}"},
    {.venue = "hyperliquid",
     .url = "wss://api.hyperliquid.xyz/ws",
     .level = {"{\"px\":\"", "\",\"sz\":\"", "\",\"n\":1}"},
     .snapshot = "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"%s\",\"time\":%t,\"levels\":[[%1],"
                 "[%2]]}}",
     .ticker = "{\"channel\":\"bbo\",\"data\":{\"coin\":\"%s\",\"time\":%t,\"bbo\":[%3,%4]}}",
     .trade = "{\"channel\":\"trades\",\"data\":[{\"coin\":\"%s\",\"side\":\"%T\",\"px\":\"%x\","
              "\"sz\":\"%q\",\"time\":%t,\"tid\":%l}]}"},
    {.venue = "kucoin",
     .url = "wss://ws-api.kucoin.com/endpoint",
     .answer = "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=%s",
     .level = {PAIR},
     .tail = "\",\"0\"]",
     .snapshot = "{\"code\":\"200000\",\"data\":{\"time\":%t,\"sequence\":\"%l\",%O}}",
     .delta = KUCOIN("level2", "trade.l2update",
                     "\"symbol\":\"%s\",\"sequenceStart\":%f,\"sequenceEnd\":%l<t,\"time\":%t>,"
                     "\"changes\":{%O}"),
     .trade = KUCOIN("match", "trade.l3match",
                     "\"symbol\":\"%s\",\"side\":\"%d\",\"price\":\"%x\",\"size\":\"%q\","
                     "<l\"sequence\":\"%l\",>\"tradeId\":\"%i\",\"time\":\"%n\""),
     .ticker = KUCOIN("ticker", "trade.ticker",
                      "\"bestBid\":\"%b\",\"bestBidSize\":\"%B\",\"bestAsk\":\"%a\","
                      "\"bestAskSize\":\"%A\",\"sequence\":\"%l\"<t,\"time\":%t>")},
    {.venue = "okx",
     .url = "wss://ws.okx.com:8443/ws/v5/public",
     .level = {"[\"", "\",\"", "\",\"0\",\"1\"]"},
     .snapshot = OKX("books", "\"action\":\"snapshot\",", OKX_BOOK),
     .delta = OKX("books", "\"action\":\"update\",", OKX_BOOK),
     .trade =
         OKX("trades", "",
             "\"instId\":\"%s\",\"tradeId\":\"%i\",\"px\":\"%x\",\"sz\":\"%q\",\"side\":\"%d\","
             "\"ts\":\"%t\""),
     .ticker = OKX("bbo-tbt", "", "%O<l,\"seqId\":%l>,\"ts\":\"%t\"")},
    {.venue = "poloniex",
     .url = "wss://ws.poloniex.com/ws/public",
     .level = {PAIR},
     .snapshot = POLONIEX_BOOK("snapshot"),
     .delta = POLONIEX_BOOK("update"),
     .trade =
         "{\"channel\":\"trades\",\"data\":[{\"symbol\":\"%s\",\"createTime\":%t,\"takerSide\":"
         "\"%d\",\"id\":\"%i\",\"price\":\"%x\",\"quantity\":\"%q\"}]}"},
    {.venue = "kraken", /* v1: its texts have the digits that the checksum reads */
     .url = "wss://ws.kraken.com",
     .level = {"[\"", "\",\"", "\",\"%e\"]"},
     .snapshot = "[0,{\"as\":[%2],\"bs\":[%1]},\"book-%N\",\"%s\"]",
     .delta = "[0,{\"a\":[%2],\"b\":[%1]<k,\"c\":\"%K\">},\"book-%N\",\"%s\"]",
     .trade = "[0,[[\"%x\",\"%q\",\"%e\",\"%j\"]],\"trade\",\"%s\"]",
     .ticker = "[0,[\"%b\",\"%a\",\"%e\",\"%B\",\"%A\"],\"spread\",\"%s\"]"},
    /* Older, or of less: where the first say too much. */
    BITMEX("_25", "}"),
    {.venue = "bitfinex",
     .url = "wss://api-pub.bitfinex.com/ws/2",
     .binds = true,
     .delta = "[%H,\"cs\",%k]"},
    {.venue = "bybit",
     .url = "wss://stream.bybit.com/realtime_public",
     .level = {"{\"price\":\"", "\",\"size\":", ",\"side\":\"%C\"}"},
     .snapshot = "{\"topic\":\"orderBookL2_25.%s\",\"type\":\"snapshot\",\"data\":{\"order_book\":"
                 "[%r]},\"timestamp_e6\":\"%w\"}",
     .delta = "{\"topic\":\"orderBookL2_25.%s\",\"type\":\"delta\",\"data\":{\"delete\":[],"
              "\"update\":[%r],\"insert\":[]},\"timestamp_e6\":\"%w\"}"},
    {.venue = "coinbase",
     .url = "wss://ws-feed.exchange.coinbase.com",
     .ticker = COINBASE("ticker") "\"best_bid\":\"%b\",\"best_ask\":\"%a\"<l,\"sequence\":%l>"
                                  "<t,\"time\":\"%u\">}"},
    {.venue = "gateio",
     .url = "wss://api.gateio.ws/ws/v4/",
     .ticker = "{<t\"time_ms\":%t,>\"channel\":\"spot.tickers\",\"event\":\"update\",\"result\":{"
               "\"currency_pair\":\"%s\",\"lowest_ask\":\"%a\",\"highest_bid\":\"%b\"}}"},
    {.venue = "hitbtc",
     .url = "wss://api.hitbtc.com/api/2/ws/public",
     .ticker =
         "{\"jsonrpc\":\"2.0\",\"method\":\"ticker\",\"params\":{\"ask\":\"%a\",\"bid\":\"%b\","
         "<t\"timestamp\":\"%u\",>\"symbol\":\"%s\"}}"},
};

const hr_feed_words *hr_feed_words_of(const char *venue, uint32_t nth)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(words); i++)
        if (strcmp(words[i].venue, venue) == 0 && nth-- == 0) return &words[i];
    return NULL;
}
