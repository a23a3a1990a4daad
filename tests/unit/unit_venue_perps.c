/* SPDX-License-Identifier: Apache-2.0 */
/* Bybit, Deribit, BitMEX, Hyperliquid: every message that is read, and every reason one is refused
 * for. */
#include <stdio.h>

#include "harness.h"
#include "venue/venue.h"
#include "venue_rig.h"

#define MS INT64_C(1000000)

static hr_source_info info;
static const hr_evbatch *b;

static void use(const char *venue)
{
    info = venue_info(HR_FORMAT_NDJSON);
    memset(info.venue, 0, sizeof info.venue);
    memcpy(info.venue, venue, strlen(venue));
    info.symbol[0] = '\0';
}

static void expect_level(uint32_t i, hr_side side, int64_t px, int64_t qty)
{
    assert_int_equal(b->side[i], side);
    assert_int_equal(b->px[i], px);
    assert_int_equal(b->qty[i], qty);
}

static void expect_message(uint32_t m, hr_msg_kind kind, const char *symbol, int64_t ns)
{
    assert_true(m < b->n_msgs);
    assert_int_equal(b->kind[m], kind);
    assert_string_equal(b->syms[b->sym[m]].symbol, symbol);
    assert_string_equal(b->syms[b->sym[m]].venue, info.venue);
    assert_true(b->ts_event[m] == ns);
}

static void expect_ids(uint32_t m, int64_t first, int64_t last, int64_t prev)
{
    assert_int_equal(b->seq_first[m], first);
    assert_int_equal(b->seq_last[m], last);
    assert_int_equal(b->seq_prev[m], prev);
}

static void expect_text(uint32_t m, const char *text)
{
    assert_true(b->text[m] >= 0);
    const hr_text *t = &b->texts[b->text[m]];
    assert_int_equal(t->len, strlen(text));
    assert_memory_equal(t->byte, text, t->len);
}

/* Understood and left out. */
static void expect_other(const char *line)
{
    b = venue_decode(&info, line);
    if (b->n_msgs != 1 || b->kind[0] != HR_MSG_OTHER) print_message("# %s\n", line);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], HR_MSG_OTHER);
}

typedef struct refusal {
    const char *line;
    hr_reject_reason reason;
} refusal;

static void expect_refused(const refusal *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int got = venue_reason(&info, r[i].line);
        if (got != (int)r[i].reason)
            print_message("# %s: %s\n", r[i].line,
                          got < 0 ? "taken" : hr_reject_name((hr_reject_reason)got));
        assert_int_equal(got, r[i].reason);
    }
}
#define EXPECT_REFUSED(table) expect_refused(table, sizeof table / sizeof *table)

static void expect_sniffed(const char *text, const char *venue)
{
    char why[128];
    static hr_source_info got;
    got = (hr_source_info){.px_scale = 2, .qty_scale = 3};
    assert_int_equal(hr_sniff_text(&got, why, sizeof why, "f", text, strlen(text), NULL), HR_OK);
    assert_string_equal(got.venue, venue);
}

static void expect_request(const char *venue, const char *channel, const char *want)
{
    static const char *const pair[] = {"AAA-B", "C-D"};
    char out[1024];
    const hr_venue *v = hr_venue_find(venue);
    assert_non_null(v);
    size_t n = hr_venue_subscribe(v, out, sizeof out, channel, pair, 2);
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
    assert_int_equal(hr_venue_subscribe(v, out, n, channel, pair, 2), 0);
}

/* ---- Bybit ---- */

#define BYBIT_BOOK(depth, type, more)                                                              \
    "{\"topic\":\"orderbook." depth ".ABC\",\"type\":\"" type "\",\"ts\":9,\"data\":{" more "}"

#define SNAPSHOT                                                                                   \
    "\"s\":\"ABC\",\"b\":[[\"1.5\",\"2\"]],\"a\":[[\"1.75\",\"0.5\"]],\"u\":7,\"seq\":70"
#define DELTA "\"a\":[[\"1.75\",\"0\"]],\"b\":[],\"u\":8"

static void test_bybit_book(void **state)
{
    (void)state;
    use("bybit");
    b = venue_decode(
        &info,
        BYBIT_BOOK("50", "snapshot", SNAPSHOT) ",\"cts\":8}\n" BYBIT_BOOK(
            "50", "delta", DELTA) "}\n" BYBIT_BOOK("50", "delta", "\"s\":\"ABC\",\"u\":1") "}\n");
    assert_int_equal(b->n_msgs, 3);
    expect_message(0, HR_MSG_SNAPSHOT, "ABC", 8 * MS);
    assert_int_equal(b->flags[0], HR_FLAG_SNAPSHOT);
    expect_ids(0, 7, 7, -1);
    expect_level(0, HR_SIDE_BID, 150, 2000);
    expect_level(1, HR_SIDE_ASK, 175, 500);
    expect_message(1, HR_MSG_DELTA, "ABC", 9 * MS);
    expect_ids(1, 8, 8, -1);
    expect_level(2, HR_SIDE_ASK, 175, 0);
    expect_message(2, HR_MSG_SNAPSHOT, "ABC", 9 * MS); /* u = 1: begun anew */
    expect_sniffed(BYBIT_BOOK("50", "delta", "") "}\n", "bybit");
}

static void test_bybit_best(void **state)
{
    (void)state;
    use("bybit");
    b = venue_decode(&info,
                     BYBIT_BOOK("1", "snapshot", "\"b\":[[\"1.5\",\"2\"]],\"a\":[],\"u\":7") "}\n");
    expect_message(0, HR_MSG_TICKER, "ABC", 9 * MS);
    expect_ids(0, -1, -1, -1);
    expect_level(0, HR_SIDE_BID, 150, 2000);
    expect_level(1, HR_SIDE_ASK, 0, 0);
    expect_other(BYBIT_BOOK("1", "delta", "\"b\":[[\"1.5\",\"2\"]],\"a\":[],\"u\":7") "}\n");
    b = venue_decode(
        &info, "{\"topic\":\"tickers.A\",\"ts\":3,\"data\":{\"symbol\":\"A\",\"bid1Price\":\"2\","
               "\"bid1Size\":\"3\",\"ask1Price\":\"\",\"ask1Size\":\"\"}}\n"
               "{\"data\":{\"bidPrice\":\"0\",\"bidSize\":\"0\",\"askPrice\":\"4\",\"askSize\":"
               "\"5\"},\"topic\":\"tickers.B-C\",\"ts\":4}\n");
    expect_message(0, HR_MSG_TICKER, "A", 3 * MS);
    expect_level(0, HR_SIDE_BID, 200, 3000);
    expect_level(1, HR_SIDE_ASK, 0, 0);
    expect_message(1, HR_MSG_TICKER, "B-C", 4 * MS);
    expect_level(3, HR_SIDE_ASK, 400, 5000);
    expect_other("{\"topic\":\"tickers.A\",\"type\":\"delta\",\"ts\":3,\"data\":{\"symbol\":\"A\","
                 "\"bid1Price\":\"2\",\"bid1Size\":\"3\"}}");
}

static void test_bybit_trades(void **state)
{
    (void)state;
    use("bybit");
    b = venue_decode(
        &info, "{\"topic\":\"publicTrade.A\",\"ts\":9,\"data\":[{\"T\":5,\"s\":\"A\",\"S\":"
               "\"Buy\",\"v\":\"2\",\"p\":\"1.5\",\"i\":\"2100000000007\",\"BT\":true},"
               "{\"s\":\"A\",\"S\":\"Sell\",\"v\":\"1\",\"p\":\"1.25\",\"i\":\"a-b\"}]}\n"
               "{\"topic\":\"trade.B\",\"data\":[{\"symbol\":\"B\",\"price\":\"3\",\"size\":4,"
               "\"timestamp\":\"2021-04-17T16:43:05.000Z\",\"trade_time_ms\":\"6\",\"side\":"
               "\"Sell\",\"trade_id\":\"u-1\"}]}\n");
    assert_int_equal(b->n_msgs, 3);
    expect_message(0, HR_MSG_TRADE, "A", 5 * MS);
    expect_level(0, HR_SIDE_BID, 150, 2000);
    expect_ids(0, 2100000000007, 2100000000007, -1);
    expect_message(1, HR_MSG_TRADE, "A", 9 * MS);
    expect_level(1, HR_SIDE_ASK, 125, 1000);
    expect_text(1, "a-b");
    expect_message(2, HR_MSG_TRADE, "B", 6 * MS);
    expect_level(2, HR_SIDE_ASK, 300, 4000);
    expect_text(2, "u-1");
}

#define BYBIT_OLD(type, data)                                                                      \
    "{\"topic\":\"orderBookL2_25.A\",\"type\":\"" type "\",\"data\":" data                         \
    ",\"cross_seq\":\"5\",\"timestamp_e6\":\"7000\"}"

static void test_bybit_old(void **state)
{
    (void)state;
    use("bybit");
    b = venue_decode(&info,
                     BYBIT_OLD("snapshot",
                               "{\"order_book\":[{\"price\":\"1\",\"side\":\"Buy\",\"size\":2}]"
                               "}") "\n" BYBIT_OLD("snapshot",
                                                   "[{\"price\":\"1\",\"side\":\"Sell\",\"size\":2}"
                                                   "]") "\n" BYBIT_OLD("delta", "{\"delete\":[{"
                                                                                "\"price\":"
                                                                                "\"1\",\"side\":"
                                                                                "\"Buy\","
                                                                                "\"size\":9}],"
                                                                                "\"update\":[{"
                                                                                "\"price\":"
                                                                                "\"2\",\"side\":"
                                                                                "\"Sell\","
                                                                                "\"size\":3}],"
                                                                                "\"insert\":[{"
                                                                                "\"price\":"
                                                                                "\"3\",\"side\":"
                                                                                "\"Buy\","
                                                                                "\"size\":0.5}],"
                                                                                "\"transactTimeE"
                                                                                "6\":0}") "\n");
    assert_int_equal(b->n_msgs, 3);
    expect_message(0, HR_MSG_SNAPSHOT, "A", 7 * MS);
    expect_level(0, HR_SIDE_BID, 100, 2000);
    expect_message(1, HR_MSG_SNAPSHOT, "A", 7 * MS);
    expect_level(1, HR_SIDE_ASK, 100, 2000);
    expect_message(2, HR_MSG_DELTA, "A", 7 * MS);
    expect_ids(2, -1, -1, -1);
    expect_level(2, HR_SIDE_BID, 100, 0);
    expect_level(3, HR_SIDE_ASK, 200, 3000);
    expect_level(4, HR_SIDE_BID, 300, 500);
}

static void test_bybit_others(void **state)
{
    (void)state;
    use("bybit");
    expect_other("{\"success\":true,\"op\":\"subscribe\"}");
    expect_other("{\"topic\":\"kline.5.A\",\"data\":[{}]}");
    expect_other("{\"topic\":\"orderbook.full.A\",\"type\":\"delta\",\"data\":{}}");
    expect_other("{\"topic\":\"orderbook.50\",\"type\":\"delta\",\"data\":{}}");
    expect_other("{\"topic\":\"x\",\"data\":{}}");
    expect_other("{\"topic\":\"tickers.A\"}");
}

static void test_bybit_refused(void **state)
{
    static const refusal refused[] = {
        {"[]", HR_REJECT_FIELD_TYPE},
        {"{\"topic\":5}", HR_REJECT_FIELD_TYPE},
        {"{\"topic\":\"orderbook.50.A\",\"data\":", HR_REJECT_JSON},
        {BYBIT_BOOK("50", "delta", "\"b\":[]") "}", HR_REJECT_FIELD_MISSING},
        {BYBIT_BOOK("50", "other", "\"u\":2") "}", HR_REJECT_UNKNOWN},
        {BYBIT_BOOK("50", "delta", "\"u\":null") "}", HR_REJECT_NULL},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"b\":{}") "}", HR_REJECT_FIELD_TYPE},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"b\":[[\"x\",\"1\"]]") "}", HR_REJECT_NUMBER},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"b\":[[\"1.555\",\"1\"]]") "}", HR_REJECT_RANGE},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"b\":[[\"1\",\"-1\"]]") "}", HR_REJECT_NEGATIVE},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"b\":[[\"1\"]]") "}", HR_REJECT_FIELD_MISSING},
        {BYBIT_BOOK("50", "delta", "\"u\":2,\"s\":\"A B\"") "}", HR_REJECT_SYMBOL},
        {"{\"topic\":\"orderbook.50.A\",\"ts\":-3}", HR_REJECT_TIME},
        {"{\"topic\":\"orderbook.50.A\",\"ts\":9223372036854775807}", HR_REJECT_TIME},
        {BYBIT_OLD("delta", "{\"update\":[{\"price\":\"1\",\"side\":\"Buy\"}]}"),
         HR_REJECT_FIELD_MISSING},
        {BYBIT_OLD("delta", "{\"update\":[{\"price\":\"1\",\"size\":1}]}"),
         HR_REJECT_FIELD_MISSING},
        {BYBIT_OLD("delta", "{\"delete\":[{\"side\":\"Buy\"}]}"), HR_REJECT_FIELD_MISSING},
        {BYBIT_OLD("delta", "{\"delete\":[{\"price\":\"1\",\"side\":\"Up\"}]}"), HR_REJECT_SIDE},
        {BYBIT_OLD("new", "{}"), HR_REJECT_UNKNOWN},
        {BYBIT_OLD("delta", "7"), HR_REJECT_FIELD_TYPE},
        {"{\"topic\":\"trade.A\",\"data\":[{\"price\":\"1\",\"size\":1,\"trade_time_ms\":1}]}",
         HR_REJECT_FIELD_MISSING},
        {"{\"topic\":\"trade.A\",\"data\":[{\"side\":\"Buy\",\"size\":1,\"trade_time_ms\":1}]}",
         HR_REJECT_NEGATIVE},
        {"{\"topic\":\"tickers.A\",\"data\":[]}", HR_REJECT_FIELD_TYPE},
    };
    (void)state;
    use("bybit");
    EXPECT_REFUSED(refused);
}

/* ---- Deribit ---- */

#define DERIBIT(channel, data)                                                                     \
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"" channel          \
    "\",\"data\":" data "}}\n"
#define DERIBIT_BOOK(more)                                                                         \
    DERIBIT("book.A-B.raw", "{\"timestamp\":5,\"instrument_name\":\"A-B\"," more "}")

static void test_deribit_book(void **state)
{
    static const char text[] =
        DERIBIT_BOOK("\"type\":\"snapshot\",\"change_id\":7,\"prev_change_id\":null,\"bids\":"
                     "[[\"new\",1.5,2.0]],\"asks\":[]");
    static const char more[] = DERIBIT_BOOK(
        "\"type\":\"change\",\"change_id\":9,\"prev_change_id\":7,\"bids\":[[\"delete\","
        "1.5,4],[\"change\",1.25,1]],\"asks\":[[\"new\",2,3]]");
    static const char whole[] =
        DERIBIT("book.A-B.none.10.100ms", "{\"timestamp\":6,\"instrument_name\":\"A-B\","
                                          "\"change_id\":11,\"bids\":[[1,2]],\"asks\":[[3,4]]}");
    static char all[1024];
    (void)state;
    use("deribit");
    snprintf(all, sizeof all, "%s%s%s%s", text, more, whole, DERIBIT_BOOK("\"change_id\":12"));
    b = venue_decode(&info, all);
    assert_int_equal(b->n_msgs, 4);
    expect_message(0, HR_MSG_SNAPSHOT, "A-B", 5 * MS);
    expect_ids(0, 7, 7, -1);
    expect_level(0, HR_SIDE_BID, 150, 2000);
    expect_message(1, HR_MSG_DELTA, "A-B", 5 * MS);
    expect_ids(1, 9, 9, 7);
    expect_level(1, HR_SIDE_BID, 150, 0);
    expect_level(2, HR_SIDE_BID, 125, 1000);
    expect_level(3, HR_SIDE_ASK, 200, 3000);
    expect_message(2, HR_MSG_SNAPSHOT, "A-B", 6 * MS);
    expect_ids(2, 11, 11, -1);
    expect_message(3, HR_MSG_SNAPSHOT, "A-B", 5 * MS); /* no type and none before it */
    /* A top does not replace the book where there is a whole one. */
    hr_venue_find("deribit")->learn(&info, whole, sizeof whole - 2);
    assert_false(info.has_diff_depth);
    hr_venue_find("deribit")->learn(&info, text, sizeof text - 2);
    assert_true(info.has_diff_depth);
    expect_other(whole);
    expect_sniffed(text, "deribit");
}

static void test_deribit_others(void **state)
{
    (void)state;
    use("deribit");
    b = venue_decode(
        &info, DERIBIT("trades.A-B.raw",
                       "[{\"timestamp\":4,\"instrument_name\":\"A-B\",\"price\":2,"
                       "\"amount\":3,\"direction\":\"sell\",\"trade_id\":\"E-7\",\"legs\":"
                       "[{\"price\":9}]},{\"timestamp\":5,\"instrument_name\":\"A-C\","
                       "\"price\":4,\"amount\":5,\"direction\":\"buy\",\"trade_id\":\"8\"}]"));
    expect_message(0, HR_MSG_TRADE, "A-B", 4 * MS);
    expect_level(0, HR_SIDE_ASK, 200, 3000);
    expect_text(0, "E-7");
    expect_message(1, HR_MSG_TRADE, "A-C", 5 * MS);
    expect_level(1, HR_SIDE_BID, 400, 5000);
    expect_ids(1, 8, 8, -1);
    b = venue_decode(&info, DERIBIT("quote.A-B", "{\"timestamp\":4,\"instrument_name\":\"A-B\","
                                                 "\"best_bid_price\":null,\"best_bid_amount\":0,"
                                                 "\"best_ask_price\":2,\"best_ask_amount\":3}"));
    expect_message(0, HR_MSG_TICKER, "A-B", 4 * MS);
    expect_level(0, HR_SIDE_BID, 0, 0);
    expect_level(1, HR_SIDE_ASK, 200, 3000);
    expect_other("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[\"x\"]}");
    expect_other("{\"method\":\"heartbeat\",\"params\":{\"type\":\"test_request\"}}");
    expect_other("{\"params\":[]}");
    expect_other(DERIBIT("incremental_ticker.A-B", "{}"));
}

static void test_deribit_refused(void **state)
{
    static const refusal refused[] = {
        {"7", HR_REJECT_FIELD_TYPE},
        {DERIBIT("book.A-B.raw", "[]"), HR_REJECT_FIELD_TYPE},
        {DERIBIT("trades.A-B.raw", "{}"), HR_REJECT_FIELD_TYPE},
        {DERIBIT("trades.A-B.raw", "[{\"timestamp\":1,\"instrument_name\":\"A\",\"price\":1}]"),
         HR_REJECT_FIELD_MISSING},
        {DERIBIT("trades.A-B.raw", "[{\"direction\":\"up\"}]"), HR_REJECT_SIDE},
        {DERIBIT("quote.A-B", "{\"timestamp\":1,\"best_bid_price\":1}"), HR_REJECT_FIELD_MISSING},
        {DERIBIT("quote.A-B", "{\"best_bid_price\":-1}"), HR_REJECT_NEGATIVE},
        {DERIBIT_BOOK("\"type\":\"change\",\"change_id\":3"), HR_REJECT_FIELD_MISSING},
        {DERIBIT_BOOK("\"prev_change_id\":3"), HR_REJECT_FIELD_MISSING},
        {DERIBIT_BOOK("\"change_id\":\"x\""), HR_REJECT_NUMBER},
        {DERIBIT_BOOK("\"change_id\":3,\"bids\":[[\"was\",1,2]]"), HR_REJECT_UNKNOWN},
        {DERIBIT_BOOK("\"change_id\":3,\"bids\":[[\"new\",1]]"), HR_REJECT_FIELD_MISSING},
        {DERIBIT_BOOK("\"change_id\":3,\"bids\":[[\"new\",-1,1]]"), HR_REJECT_NEGATIVE},
        {DERIBIT_BOOK("\"change_id\":3,\"bids\":[7]"), HR_REJECT_FIELD_TYPE},
    };
    (void)state;
    use("deribit");
    EXPECT_REFUSED(refused);
}

/* ---- BitMEX ---- */

#define BITMEX(table, action, data)                                                                \
    "{\"table\":\"" table "\",\"action\":\"" action "\",\"data\":[" data "]}\n"
#define AT "\"timestamp\":\"1970-01-01T00:00:00.005Z\""
#define LEVEL(symbol, id, side, more)                                                              \
    "{\"symbol\":\"" symbol "\",\"id\":" id ",\"side\":\"" side "\"" more "}"

static void test_bitmex_levels(void **state)
{
    static const char partial[] =
        BITMEX("orderBookL2", "partial",
               LEVEL("A", "8799990000", "Sell", ",\"size\":2,\"price\":100," AT) "," LEVEL(
                   "A", "8799990050", "Buy", ",\"size\":3,\"price\":99.5," AT));
    static const char update[] =
        BITMEX("orderBookL2", "update", LEVEL("A", "8799990075", "Buy", ",\"size\":4"));
    const hr_venue *v = hr_venue_find("bitmex");
    (void)state;
    use("bitmex");
    assert_int_equal(venue_reason(&info, update), HR_REJECT_FIELD_MISSING);
    v->learn(&info, partial, sizeof partial - 2);
    assert_int_equal(info.n_channels, 1);
    assert_int_equal(info.channel[0].id, 88);
    assert_int_equal(info.channel[0].step, 1);
    b = venue_decode(&info, partial);
    assert_int_equal(b->n_msgs, 1);
    expect_message(0, HR_MSG_SNAPSHOT, "A", 5 * MS);
    expect_level(0, HR_SIDE_ASK, 10000, 2000);
    expect_level(1, HR_SIDE_BID, 9950, 3000);
    b = venue_decode(&info, update);
    assert_int_equal(b->kind[0], HR_MSG_DELTA);
    assert_int_equal(b->ts_recv[0], 7); /* of the head: it has no time */
    assert_int_equal(b->flags[0], HR_FLAG_NO_TIME);
    expect_level(0, HR_SIDE_BID, 9925, 4000);
    b = venue_decode(&info, BITMEX("orderBookL2", "delete", LEVEL("A", "8799990050", "Buy", "")));
    expect_level(0, HR_SIDE_BID, 9950, 0);
    expect_sniffed(partial, "bitmex");
}

/* A number of instrument and a step are believed only while all rows lie on their line. */
static void test_bitmex_line(void **state)
{
    static const char far[] = BITMEX(
        "orderBookL2", "partial", LEVEL("A", "8700000000", "Sell", ",\"size\":2,\"price\":5000"));
    static const char off[] = BITMEX("orderBookL2", "insert",
                                     LEVEL("A", "8799990000", "Sell", ",\"size\":2,\"price\":100"));
    static const char odd[] =
        BITMEX("orderBookL2", "insert", LEVEL("B", "17", "Sell", ",\"size\":2,\"price\":100"));
    const hr_venue *v = hr_venue_find("bitmex");
    (void)state;
    use("bitmex");
    info.px_scale = 6;
    v->learn(&info, far, sizeof far - 2); /* the last of its hundred million ids */
    assert_int_equal(info.channel[0].id, 88);
    assert_int_equal(info.channel[0].step, 50);
    assert_int_equal(
        venue_reason(&info, BITMEX("orderBookL2", "delete", LEVEL("A", "8800000000", "Buy", ""))),
        HR_REJECT_RANGE);
    assert_int_equal(
        venue_reason(&info, BITMEX("orderBookL2", "delete", LEVEL("A", "8699999999", "Buy", ""))),
        HR_REJECT_RANGE);
    v->learn(&info, off, sizeof off - 2);
    assert_int_equal(info.n_channels, 1);
    assert_int_equal(info.channel[0].step, 0);
    v->learn(&info, odd, sizeof odd - 2);
    assert_int_equal(info.n_channels, 2);
    assert_int_equal(info.channel[1].step, 0);                   /* no whole step */
    v->learn(&info, "{\"table\":\"orderBookL2\",\"price\"", 30); /* cut */
    assert_int_equal(info.n_channels, 2);
    for (int i = 0; i < 2 * HR_CHANNELS_MAX; i++) {
        char line[256];
        int n = snprintf(line, sizeof line,
                         "{\"table\":\"orderBookL2\",\"data\":[{\"symbol\":"
                         "\"S%d\",\"id\":99,\"price\":1}]}",
                         i);
        v->learn(&info, line, (size_t)n);
    }
    assert_int_equal(info.n_channels, HR_CHANNELS_MAX);
}

static void test_bitmex_several(void **state)
{
    (void)state;
    use("bitmex");
    b = venue_decode(
        &info, BITMEX("orderBookL2", "insert",
                      LEVEL("A", "1", "Buy", ",\"size\":2,\"price\":1") "," LEVEL(
                          "A", "2", "Buy",
                          ",\"size\":3,\"price\":2," AT) "," LEVEL("B", "3", "Sell",
                                                                   ",\"size\":4,\"price\":3," AT)));
    assert_int_equal(b->n_msgs, 2);
    expect_message(0, HR_MSG_DELTA, "A", 5 * MS);
    assert_int_equal(b->level_begin[1], 2);
    expect_message(1, HR_MSG_DELTA, "B", 5 * MS);
    assert_int_equal(b->level_begin[2], 3);
    b = venue_decode(&info, "{\"table\":\"orderBookL2\",\"action\":\"partial\",\"data\":[],"
                            "\"filter\":{\"symbol\":\"C\"}}\n");
    assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
    assert_string_equal(b->syms[b->sym[0]].symbol, "C");
    assert_int_equal(b->n_levels, 0);
}

static void test_bitmex_others(void **state)
{
    static const char top[] = BITMEX("orderBook10", "update",
                                     "{\"symbol\":\"A\",\"bids\":[[1,2]],"
                                     "\"asks\":[[3,4]]," AT "}");
    (void)state;
    use("bitmex");
    b = venue_decode(&info, top);
    expect_message(0, HR_MSG_SNAPSHOT, "A", 5 * MS);
    expect_level(1, HR_SIDE_ASK, 300, 4000);
    info.has_diff_depth = true;
    expect_other(top);
    b = venue_decode(&info, BITMEX("trade", "insert",
                                   "{\"symbol\":\"A\",\"side\":\"Sell\",\"size\":2,\"price\":1,"
                                   "\"trdMatchID\":\"0-1\"," AT "}"));
    expect_message(0, HR_MSG_TRADE, "A", 5 * MS);
    expect_level(0, HR_SIDE_ASK, 100, 2000);
    expect_text(0, "0-1");
    b = venue_decode(&info, BITMEX("quote", "insert",
                                   "{\"symbol\":\"A\",\"bidSize\":null,"
                                   "\"askPrice\":1,\"askSize\":2," AT "}"));
    expect_message(0, HR_MSG_TICKER, "A", 5 * MS);
    expect_level(0, HR_SIDE_BID, 0, 0);
    expect_level(1, HR_SIDE_ASK, 100, 2000);
    expect_other("{\"success\":true,\"subscribe\":\"trade:A\"}");
    expect_other("[{\"symbol\":\"A\"}]");
    expect_other(BITMEX("trade", "partial", "{\"symbol\":\"A\",\"side\":\"Buy\",\"size\":2}"));
    expect_other(BITMEX("instrument", "update", "{\"symbol\":\"A\"}"));
    expect_other(BITMEX("trade", "insert", "{\"symbol\":\".BXBT\",\"price\":1}"));
}

static void test_bitmex_refused(void **state)
{
    static const refusal refused[] = {
        {"7", HR_REJECT_FIELD_TYPE},
        {BITMEX("orderBookL2", "move", ""), HR_REJECT_UNKNOWN},
        {"{\"table\":\"orderBookL2\",\"action\":7,\"data\":[]}", HR_REJECT_FIELD_TYPE},
        {"{\"table\":\"trade\",\"data\":{}}", HR_REJECT_FIELD_TYPE},
        {BITMEX("orderBookL2", "insert", LEVEL("A", "1", "Buy", "")), HR_REJECT_FIELD_MISSING},
        {BITMEX("orderBookL2", "insert", "{\"symbol\":\"A\",\"size\":1,\"price\":1}"),
         HR_REJECT_FIELD_MISSING},
        {BITMEX("orderBookL2", "insert", LEVEL("A", "-1", "Buy", "")), HR_REJECT_NEGATIVE},
        {BITMEX("orderBookL2", "insert", LEVEL("A", "1", "Up", "")), HR_REJECT_SIDE},
        {BITMEX("orderBookL2", "insert", LEVEL("A B", "1", "Buy", ",\"size\":1,\"price\":1")),
         HR_REJECT_SYMBOL},
        {BITMEX("orderBookL2", "insert",
                LEVEL("A", "1", "Buy", ",\"size\":1,\"price\":1") "," LEVEL("B", "1", "Buy", "")),
         HR_REJECT_FIELD_MISSING},
        {BITMEX("trade", "insert", "{\"symbol\":\"A\",\"price\":1}"), HR_REJECT_FIELD_MISSING},
        {BITMEX("quote", "insert", "{\"symbol\":\"A\",\"bidSize\":-1,\"bidPrice\":1}"),
         HR_REJECT_NEGATIVE},
        {BITMEX("quote", "insert", "{\"symbol\":\"A\",\"timestamp\":\"now\"}"), HR_REJECT_TIME},
    };
    (void)state;
    use("bitmex");
    EXPECT_REFUSED(refused);
}

/* ---- Hyperliquid ---- */

#define HYPER(channel, data) "{\"channel\":\"" channel "\",\"data\":" data "}\n"
#define HYPER_BOOK(levels) "{\"coin\":\"A\",\"time\":5,\"levels\":" levels "}"

static void test_hyperliquid(void **state)
{
    static const char book[] = HYPER(
        "l2Book",
        HYPER_BOOK("[[{\"px\":\"1.5\",\"sz\":\"2\",\"n\":1}],[{\"px\":\"2\",\"sz\":\"3\"}]]"));
    (void)state;
    use("hyperliquid");
    b = venue_decode(&info, book);
    expect_message(0, HR_MSG_SNAPSHOT, "A", 5 * MS);
    expect_ids(0, -1, -1, -1);
    expect_level(0, HR_SIDE_BID, 150, 2000);
    expect_level(1, HR_SIDE_ASK, 200, 3000);
    expect_sniffed(book, "hyperliquid");
    b = venue_decode(&info, HYPER_BOOK("[[],[]]"));
    expect_message(0, HR_MSG_SNAPSHOT, "A", 5 * MS);
    b = venue_decode(&info,
                     HYPER("trades", "[{\"coin\":\"@107\",\"side\":\"B\",\"px\":\"1\",\"sz\":"
                                     "\"2\",\"time\":6,\"tid\":77},{\"coin\":\"x:Y\",\"side\":"
                                     "\"A\",\"px\":\"1\",\"sz\":\"3\",\"time\":6,\"tid\":78}]"));
    expect_message(0, HR_MSG_TRADE, "spot:107", 6 * MS);
    expect_ids(0, 77, 77, -1);
    expect_level(0, HR_SIDE_BID, 100, 2000);
    expect_message(1, HR_MSG_TRADE, "x:Y", 6 * MS);
    expect_level(1, HR_SIDE_ASK, 100, 3000);
    b = venue_decode(&info, HYPER("bbo", "{\"coin\":\"A\",\"time\":7,\"bbo\":[null,{\"px\":\"2\","
                                         "\"sz\":\"3\",\"n\":1}]}"));
    expect_message(0, HR_MSG_TICKER, "A", 7 * MS);
    expect_level(0, HR_SIDE_BID, 0, 0);
    expect_level(1, HR_SIDE_ASK, 200, 3000);
    expect_other(HYPER("subscriptionResponse", "{}"));
    expect_other("{\"channel\":\"pong\"}");
    expect_other("{\"BTC\":\"1\"}");
}

static void test_hyperliquid_refused(void **state)
{
    static const refusal refused[] = {
        {"[]", HR_REJECT_FIELD_TYPE},
        {"{\"channel\":1}", HR_REJECT_FIELD_TYPE},
        {HYPER("l2Book", "[]"), HR_REJECT_FIELD_TYPE},
        {HYPER("l2Book", "{\"coin\":\"A\"}"), HR_REJECT_FIELD_MISSING},
        {HYPER("l2Book", HYPER_BOOK("{}")), HR_REJECT_FIELD_TYPE},
        {HYPER("l2Book", HYPER_BOOK("[[]]")), HR_REJECT_FIELD_MISSING},
        {HYPER("l2Book", HYPER_BOOK("[[{\"px\":\"1\"}],[]]")), HR_REJECT_FIELD_MISSING},
        {HYPER("l2Book", HYPER_BOOK("[[{\"px\":\"1\",\"sz\":\"-1\"}],[]]")), HR_REJECT_NEGATIVE},
        {HYPER("bbo", "{\"coin\":\"A\",\"bbo\":[null]}"), HR_REJECT_FIELD_MISSING},
        {HYPER("bbo", "{\"coin\":\"A\",\"bbo\":7}"), HR_REJECT_FIELD_TYPE},
        {HYPER("trades", "{}"), HR_REJECT_FIELD_TYPE},
        {HYPER("trades", "[{\"side\":\"A\"}]"), HR_REJECT_FIELD_MISSING},
        {HYPER("trades", "[{\"coin\":\"A\",\"side\":\"C\"}]"), HR_REJECT_SIDE},
        {HYPER("trades", "[{\"coin\":\"A\",\"side\":\"B\",\"time\":6}]"), HR_REJECT_NEGATIVE},
    };
    (void)state;
    use("hyperliquid");
    EXPECT_REFUSED(refused);
}

static void test_requests(void **state)
{
    (void)state;
    expect_request("bybit", "book",
                   "{\"op\":\"subscribe\",\"args\":[\"orderbook.200.AAA-B\","
                   "\"orderbook.200.C-D\"]}\n");
    expect_request("bybit", "trades",
                   "{\"op\":\"subscribe\",\"args\":[\"publicTrade.AAA-B\","
                   "\"publicTrade.C-D\"]}\n");
    expect_request("bitmex", "book",
                   "{\"op\":\"subscribe\",\"args\":[\"orderBookL2:AAA-B\",\"orderBookL2:C-D\"]}\n");
    expect_request(
        "hyperliquid", "ticker",
        "{\"method\":\"subscribe\",\"subscription\":{\"type\":\"bbo\",\"coin\":\"AAA-B\"}}\n"
        "{\"method\":\"subscribe\",\"subscription\":{\"type\":\"bbo\",\"coin\":\"C-D\"}}\n");
    expect_request("deribit", "book",
                   "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"public/subscribe\",\"params\":{"
                   "\"channels\":[\"book.AAA-B.100ms\",\"book.C-D.100ms\"]}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bybit_book),      cmocka_unit_test(test_bybit_best),
        cmocka_unit_test(test_bybit_trades),    cmocka_unit_test(test_bybit_old),
        cmocka_unit_test(test_bybit_others),    cmocka_unit_test(test_bybit_refused),
        cmocka_unit_test(test_deribit_book),    cmocka_unit_test(test_deribit_others),
        cmocka_unit_test(test_deribit_refused), cmocka_unit_test(test_bitmex_levels),
        cmocka_unit_test(test_bitmex_line),     cmocka_unit_test(test_bitmex_several),
        cmocka_unit_test(test_bitmex_others),   cmocka_unit_test(test_bitmex_refused),
        cmocka_unit_test(test_hyperliquid),     cmocka_unit_test(test_hyperliquid_refused),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests_name("venue perps", tests, NULL, NULL);
}
