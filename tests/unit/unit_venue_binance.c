/* SPDX-License-Identifier: Apache-2.0 */
/* Every message of Binance that is read, and every reason one is refused for. */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "venue_rig.h"

#define HEAD "{\"e\":\"depthUpdate\",\"E\":5,\"s\":\"BTCUSDT\","
#define NS_PER_MS 1000000

static hr_source_info info;

static int setup(void **state)
{
    (void)state;
    info = venue_info(HR_FORMAT_NDJSON);
    return 0;
}

static void expect_level(const hr_evbatch *b, uint32_t i, hr_side side, int64_t px, int64_t qty)
{
    assert_int_equal(b->side[i], side);
    assert_int_equal(b->px[i], px);
    assert_int_equal(b->qty[i], qty);
}

static void expect_symbol(const hr_evbatch *b, uint32_t m, const char *symbol)
{
    assert_true(b->sym[m] >= 0);
    assert_string_equal(b->syms[b->sym[m]].symbol, symbol);
    assert_string_equal(b->syms[b->sym[m]].venue, "binance");
}

static void test_delta(void **state)
{
    (void)state;
    const hr_evbatch *b =
        venue_decode(&info, "{\"stream\":\"btcusdt@depth@100ms\",\"data\":" HEAD
                            "\"T\":4,\"U\":10,\"u\":12,\"pu\":9,\"b\":[[\"1.5\",\"2\"],"
                            "[\"1.25\",\"0\"]],\"a\":[[\"3\",\"0.001\",\"x\"]]}}\n");
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], HR_MSG_DELTA);
    assert_int_equal(b->ts_event[0], 4 * NS_PER_MS); /* T before E */
    assert_int_equal(b->ts_recv[0], 4 * NS_PER_MS);
    assert_int_equal(b->seq_first[0], 10);
    assert_int_equal(b->seq_last[0], 12);
    assert_int_equal(b->seq_prev[0], 9);
    assert_int_equal(b->flags[0], 0);
    assert_int_equal(b->n_levels, 3);
    expect_level(b, 0, HR_SIDE_BID, 150, 2000);
    expect_level(b, 1, HR_SIDE_BID, 125, 0);
    expect_level(b, 2, HR_SIDE_ASK, 300, 1);
    expect_symbol(b, 0, "BTCUSDT");
}

static void test_sides(void **state)
{
    (void)state;
    const hr_evbatch *b = venue_decode(
        &info, HEAD "\"U\":1,\"u\":2,\"a\":[[\"5\",\"1\"],[\"6\",\"2\"],[\"7\",\"3\"]],"
                    "\"b\":[[\"4\",\"4\"],[\"3\",\"5\"]]}\n" HEAD
                    "\"U\":1,\"u\":2,\"a\":[],\"b\":[[\"4\",\"4\"]]}\n" HEAD
                    "\"U\":1,\"u\":2,\"a\":[[\"4\",\"4\"]],\"b\":[]}\n");
    assert_int_equal(b->n_msgs, 3);
    assert_int_equal(b->n_levels, 7);
    expect_level(b, 0, HR_SIDE_BID, 400, 4000);
    expect_level(b, 1, HR_SIDE_BID, 300, 5000);
    expect_level(b, 2, HR_SIDE_ASK, 500, 1000);
    expect_level(b, 3, HR_SIDE_ASK, 600, 2000);
    expect_level(b, 4, HR_SIDE_ASK, 700, 3000);
    expect_level(b, 5, HR_SIDE_BID, 400, 4000);
    expect_level(b, 6, HR_SIDE_ASK, 400, 4000);
}

/* 20,000 asks before 20,000 bids: a quadratic turn would take minutes. */
static void test_many_asks_first(void **state)
{
    enum { N = 20000 };
    enum { CAP = 40 * N };
    char *text = malloc(CAP);
    size_t n = (size_t)snprintf(text, CAP, HEAD "\"U\":1,\"u\":2,\"a\":[");
    (void)state;
    for (int i = 0; i < 2 * N; i++)
        n += (size_t)snprintf(text + n, CAP - n, "%s[\"%d\",\"1\"]",
                              i == 0   ? ""
                              : i == N ? "],\"b\":["
                                       : ",",
                              i + 1);
    memcpy(text + n, "]}\n", 4);
    const hr_evbatch *b = venue_decode(&info, text);
    free(text);
    assert_int_equal(b->n_levels, 2 * N);
    for (uint32_t i = 0; i < 2 * N; i++)
        expect_level(b, i, i < N ? HR_SIDE_BID : HR_SIDE_ASK, (i < N ? N + i + 1 : i - N + 1) * 100,
                     1000);
}

static void test_snapshot(void **state)
{
    (void)state;
    const hr_evbatch *b = venue_decode(
        &info, "{\"lastUpdateId\":77,\"E\":9,\"T\":8,\"bids\":[[\"1\",\"2\"]],\"asks\":[]}\n");
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
    assert_int_equal(b->flags[0], HR_FLAG_SNAPSHOT);
    assert_int_equal(b->seq_first[0], 77);
    assert_int_equal(b->seq_last[0], 77);
    assert_int_equal(b->seq_prev[0], -1);
    assert_int_equal(b->sym[0], HR_SYM_UNKNOWN);
    assert_int_equal(b->ts_event[0], 8 * NS_PER_MS);
    memcpy(info.symbol, "ETHUSDT", 8);
    expect_symbol(venue_decode(&info, "{\"lastUpdateId\":7,\"bids\":[],\"asks\":[]}"), 0,
                  "ETHUSDT");
}

/* The best 5, 10 or 20 levels come whole each time: a snapshot, on both kinds of market. */
static void test_partial_depth(void **state)
{
    static const char futures[] = "{\"stream\":\"btcusdt@depth5@100ms\",\"data\":" HEAD
                                  "\"U\":1,\"u\":20,\"pu\":0,\"b\":[[\"1\",\"2\"]],\"a\":[]}}\n";
    static const char spot[] = "{\"stream\":\"bnbbtc@depth20\",\"data\":{\"lastUpdateId\":6,"
                               "\"bids\":[[\"1\",\"2\"]],\"asks\":[]}}\n";
    (void)state;
    const hr_evbatch *b = venue_decode(&info, futures);
    assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
    assert_int_equal(b->flags[0], HR_FLAG_SNAPSHOT);
    assert_int_equal(b->seq_first[0], 20);
    assert_int_equal(b->seq_last[0], 20);
    assert_int_equal(b->seq_prev[0], -1);
    b = venue_decode(&info, spot);
    assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
    assert_int_equal(b->flags[0], HR_FLAG_SNAPSHOT | HR_FLAG_NO_TIME);
    expect_symbol(b, 0, "BNBBTC");
    info.has_diff_depth = true; /* the changes of the whole book are there too */
    assert_int_equal(venue_decode(&info, futures)->kind[0], HR_MSG_OTHER);
    b = venue_decode(&info, spot);
    assert_int_equal(b->kind[0], HR_MSG_OTHER);
    assert_int_equal(b->n_levels, 0);
    b = venue_decode(&info, "{\"stream\":\"btcusdt@depth@100ms\",\"data\":" HEAD
                            "\"U\":1,\"u\":20,\"b\":[],\"a\":[]}}\n");
    assert_int_equal(b->kind[0], HR_MSG_DELTA);
}

static void test_trade(void **state)
{
    (void)state;
    const hr_evbatch *b = venue_decode(
        &info, "{\"e\":\"trade\",\"E\":6,\"s\":\"BTCUSDT\",\"t\":12345,\"p\":\"0.10\",\"q\":\"2\","
               "\"b\":88,\"a\":50,\"T\":5,\"m\":true,\"M\":true}\n"
               "{\"e\":\"aggTrade\",\"E\":6,\"s\":\"BTCUSDT\",\"a\":51,\"p\":\"1\",\"q\":\"2\","
               "\"f\":1,\"l\":2,\"T\":5,\"m\":false}\n");
    assert_int_equal(b->n_msgs, 2);
    assert_int_equal(b->n_rejects, 0);
    assert_int_equal(b->kind[0], HR_MSG_TRADE);
    assert_int_equal(b->seq_first[0], 12345); /* not the order ids in a and b */
    assert_int_equal(b->seq_last[0], 12345);
    expect_level(b, 0, HR_SIDE_ASK, 10, 2000);
    assert_int_equal(b->flags[0], 0);
    assert_int_equal(b->seq_last[1], 51);
    assert_int_equal(b->flags[1], HR_FLAG_AGG);
    expect_level(b, 1, HR_SIDE_BID, 100, 2000);
}

static void test_ticker(void **state)
{
    (void)state;
    const hr_evbatch *b = venue_decode(
        &info, "{\"u\":4,\"s\":\"BTCUSDT\",\"b\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}\n"
               "{\"e\":\"bookTicker\",\"u\":5,\"s\":\"BTCUSDT\",\"b\":\"0.00\",\"B\":\"0.000\","
               "\"a\":\"3\",\"A\":\"4\",\"T\":8,\"E\":9}\n");
    assert_int_equal(b->n_msgs, 2);
    assert_int_equal(b->kind[0], HR_MSG_TICKER);
    assert_int_equal(b->seq_last[0], 4);
    expect_level(b, 0, HR_SIDE_BID, 100, 2000);
    expect_level(b, 1, HR_SIDE_ASK, 300, 4000);
    expect_level(b, 2, HR_SIDE_BID, 0, 0);
    assert_int_equal(b->ts_event[1], 8 * NS_PER_MS);
}

/* Without any time of its own a message has the source's first, and says so. */
static void test_times(void **state)
{
    static const char bare[] =
        "{\"u\":4,\"s\":\"X\",\"b\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}\n";
    (void)state;
    const hr_evbatch *b = venue_decode(&info, bare);
    assert_int_equal(b->ts_event[0], HR_NULL_I64);
    assert_int_equal(b->ts_recv[0], 7);
    assert_int_equal(b->flags[0], HR_FLAG_NO_TIME);
    info.head_time_ns = 0;
    assert_int_equal(venue_reason(&info, bare), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "{\"e\":\"trade\",\"E\":1,\"T\":9223372036854775807,"
                                         "\"s\":\"X\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}"),
                     HR_REJECT_TIME);
    info = venue_info(HR_FORMAT_CAPTURE_JSON);
    b = venue_decode(&info, "{\"capture_ns\":55,\"stream\":\"x@bookTicker\",\"data\":{\"u\":4,"
                            "\"b\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}}");
    assert_int_equal(b->ts_recv[0], 55);
    assert_int_equal(b->flags[0], 0);
    expect_symbol(b, 0, "X"); /* from the stream's name */
}

/* An envelope is known by any of its keys, wherever they stand. */
static void test_envelopes(void **state)
{
    static const char *const around[][2] = {
        {"{\"conn\":1,\"stream\":\"btcusdt@depth\",\"data\":", "}"},
        {"{\"data\":", ",\"stream\":\"btcusdt@depth\"}"},
        {"{\"ts\":{\"a\":1},\"data\":", "}"},
        {"{\"E\":1,\"data\":", ",\"capture_ns\":9}"},
        {"{\"e\":\"recv\",\"data\":", "}"},
        {"{\"s\":5,\"u\":\"x\",\"data\":", "}"},
        {"{\"capture_ns\":9,\"data\":[", "]}"},
    };
    char line[512];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(around); i++) {
        snprintf(line, sizeof line, "%s" HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"2\"]],\"a\":[]}%s",
                 around[i][0], around[i][1]);
        const hr_evbatch *b = venue_decode(&info, line);
        assert_int_equal(b->n_msgs, 1);
        assert_int_equal(b->kind[0], HR_MSG_DELTA);
        assert_int_equal(b->n_levels, 1);
        expect_symbol(b, 0, "BTCUSDT");
    }
    assert_int_equal(venue_reason(&info, "{\"stream\":\"x@depth\"}"), HR_REJECT_FIELD_MISSING);
    assert_int_equal(venue_reason(&info, "{\"stream\":\"x\",\"stream\":\"y\",\"data\":{}}"),
                     HR_REJECT_FIELD_REPEATED);
    assert_int_equal(venue_reason(&info, "{\"stream\":5,\"data\":{}}"), HR_REJECT_FIELD_TYPE);
    assert_int_equal(venue_reason(&info, "{\"stream\":\"x\",\"data\":5}"), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "{\"stream\":\"x\",\"data\":"), HR_REJECT_JSON);
    assert_int_equal(venue_reason(&info, "{\"stream\":\"x\",\"data\":[1]}"), HR_REJECT_UNKNOWN);
}

#define TICKER(u) "{\"u\":" u ",\"s\":\"A" u "\",\"b\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}"

/* Several messages on a line are all taken or none is. */
static void test_lists(void **state)
{
    static const char *const good[] = {
        "[" TICKER("1") "," TICKER("2") "]",
        "{\"stream\":\"!bookTicker@arr\",\"data\":[" TICKER("1") "," TICKER("2") "]}",
        "{\"data\":[" TICKER("1") "," TICKER("2") "],\"stream\":\"!bookTicker@arr\"}",
        TICKER("1") TICKER("2"),
        TICKER("1") " " TICKER("2") " ",
        "[{\"stream\":\"x\",\"data\":" TICKER("1") "}," TICKER("2") "]",
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(good); i++) {
        const hr_evbatch *b = venue_decode(&info, good[i]);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->n_lines, 1);
        for (uint32_t m = 0; m < 2; m++) {
            assert_int_equal(b->kind[m], HR_MSG_TICKER);
            assert_int_equal(b->seq_last[m], m + 1);
            assert_int_equal(b->src_offset[m], 0);
        }
        expect_symbol(b, 1, "A2");
    }
    assert_int_equal(venue_decode(&info, "[]\n")->kind[0], HR_MSG_OTHER);
    assert_int_equal(venue_decode(&info, "{\"data\":[]}")->kind[0], HR_MSG_OTHER);
    assert_int_equal(venue_reason(&info, "[" TICKER("1") ",5]"), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "[" TICKER("1") "," TICKER("-2") "]"), HR_REJECT_NEGATIVE);
    assert_int_equal(venue_reason(&info, "[" TICKER("1") "," TICKER("2")), HR_REJECT_JSON);
    assert_int_equal(venue_reason(&info, TICKER("1") TICKER("2") "x"), HR_REJECT_JSON);
    assert_int_equal(venue_reason(&info, TICKER("1") "5"), HR_REJECT_JSON);
    assert_int_equal(venue_reason(&info, "[" TICKER("1") ",]"), HR_REJECT_JSON);
}

/* What was added by a line that is refused is gone, its instruments too; what was there stays. */
static void test_undo(void **state)
{
    (void)state;
    const hr_evbatch *b = venue_decode(&info, TICKER("1") "\n[" TICKER("2") "," TICKER(
                                                  "3") ",1]\n" TICKER("4") "\n" TICKER("1") "\n");
    assert_int_equal(b->n_msgs, 4);
    assert_int_equal(b->n_rejects, 1);
    assert_int_equal(b->kind[1], HR_MSG_BAD);
    assert_int_equal(b->n_syms, 2);
    assert_int_equal(b->n_levels, 6);
    expect_symbol(b, 2, "A4");
    expect_symbol(b, 3, "A1");
    assert_int_equal(b->sym[0], b->sym[3]);
}

/* Other types may use our keys with other meanings, before their name or after it. */
static void test_foreign(void **state)
{
    static const char *const text[] = {
        "{\"e\":\"kline\",\"E\":1,\"s\":\"X\",\"k\":{\"t\":1},\"b\":{}}",
        "{\"E\":1,\"s\":\"X\",\"p\":\"-0.5\",\"b\":{},\"U\":\"x\",\"e\":\"24hrTicker\"}",
        "{\"E\":1,\"E\":2,\"e\":\"other\"}",
        "{\"e\":\"x\",\"E\":1,\"E\":2}",
        "{\"result\":null,\"id\":1}",
        "{\"s\":null,\"b\":5,\"a\":[1]}",
        "{}",
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(text); i++) {
        const hr_evbatch *b = venue_decode(&info, text[i]);
        assert_int_equal(b->n_msgs, 1);
        assert_int_equal(b->kind[0], HR_MSG_OTHER);
        assert_int_equal(b->n_levels, 0);
    }
    /* A name of ours behind bad fields makes it a bad message of ours. */
    assert_int_equal(venue_reason(&info, "{\"p\":\"-1\",\"e\":\"trade\"}"), HR_REJECT_NEGATIVE);
    assert_int_equal(venue_reason(&info, "{\"lastUpdateId\":\"x\",\"bids\":[],\"asks\":[]}"),
                     HR_REJECT_FIELD_TYPE);
    assert_int_equal(venue_reason(&info, "{\"p\":\"-1\",\"e\":\"kline\""), HR_REJECT_NEGATIVE);
}

typedef struct bad_line {
    const char *text;
    hr_reject_reason reason;
} bad_line;

static const bad_line bad_lines[] = {
    {HEAD "\"U\":1,\"u\":2,\"b\":\"1.5\",\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[],\"a\":7}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":7,\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":{},\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":null,\"a\":[]}", HR_REJECT_NULL},
    {HEAD "\"U\":1,\"u\":2,\"b\":[]}", HR_REJECT_FIELD_MISSING},
    {HEAD "\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_FIELD_MISSING},
    {HEAD "\"U\":1,\"b\":[],\"a\":[]}", HR_REJECT_FIELD_MISSING},
    {HEAD "\"U\":1,\"U\":1,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_FIELD_REPEATED},
    {HEAD "\"U\":3,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_NUMBER},
    {HEAD "\"U\":1.5,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_NUMBER},
    {HEAD "\"U\":-1,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_NEGATIVE},
    {HEAD "\"U\":99999999999999999999,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_RANGE},
    {HEAD "\"U\":\"1\",\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":null,\"u\":2,\"b\":[],\"a\":[]}", HR_REJECT_NULL},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"2\"]", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"2", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\" \"2\"]],\"a\":[]}", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[null,\"2\"]],\"a\":[]}", HR_REJECT_NULL},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",null]],\"a\":[]}", HR_REJECT_NULL},
    {HEAD "\"U\":1,\"u\":2,\"b\":[null],\"a\":[]}", HR_REJECT_NULL},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\"]],\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[\"1\",\"2\"],\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[[\"1\",\"2\"]]],\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",true]],\"a\":[]}", HR_REJECT_FIELD_TYPE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1x\",\"2\"]],\"a\":[]}", HR_REJECT_NUMBER},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"\",\"2\"]],\"a\":[]}", HR_REJECT_NUMBER},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1.005\",\"2\"]],\"a\":[]}", HR_REJECT_RANGE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"-2\"]],\"a\":[]}", HR_REJECT_NEGATIVE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"-1\",\"2\"]],\"a\":[]}", HR_REJECT_NEGATIVE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[[\"0\",\"2\"]],\"a\":[]}", HR_REJECT_NEGATIVE},
    {HEAD "\"U\":1,\"u\":2,\"b\":[],\"a\":[]", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[],\"a\":[]}}", HR_REJECT_JSON},
    {HEAD "\"U\":", HR_REJECT_JSON},
    {HEAD "\"U\":1,\"u\":2,\"b\":[],\"a\":[],}", HR_REJECT_JSON},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"../x\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}",
     HR_REJECT_SYMBOL},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}",
     HR_REJECT_SYMBOL},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"X\",\"t\":1,\"p\":null,\"q\":\"1\",\"m\":true}",
     HR_REJECT_NULL},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"X\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":1}",
     HR_REJECT_FIELD_TYPE},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"X\",\"t\":1,\"p\":\"1\",\"m\":true}",
     HR_REJECT_FIELD_MISSING},
    {"{\"e\":\"trade\",\"E\":1,\"s\":\"X\",\"t\":1,\"p\":\"1", HR_REJECT_JSON},
    {"{\"e\":\"aggTrade\",\"E\":1,\"s\":\"X\",\"p\":\"1\",\"q\":\"1\",\"m\":true}",
     HR_REJECT_FIELD_MISSING},
    {"{\"e\":\"aggTrade\",\"E\":1,\"s\":\"X\",\"a\":[],\"p\":\"1\",\"q\":\"1\",\"m\":true}",
     HR_REJECT_FIELD_TYPE},
    {"{\"e\":\"aggTrade\",\"E\":1,\"s\":\"X\",\"a\":1.5,\"p\":\"1\",\"q\":\"1\",\"m\":true}",
     HR_REJECT_NUMBER},
    {"{\"e\":\"bookTicker\",\"u\":1,\"s\":\"X\",\"b\":1,\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
     HR_REJECT_FIELD_TYPE},
    {"{\"e\":\"bookTicker\",\"u\":1,\"s\":\"X\",\"b\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
     HR_REJECT_FIELD_MISSING},
    {"{\"lastUpdateId\":1,\"bids\":[]}", HR_REJECT_FIELD_MISSING},
    {"{\"e\":5}", HR_REJECT_FIELD_TYPE},
    {"{\"s\":\"\xff\"}", HR_REJECT_UTF8},
    {"5", HR_REJECT_UNKNOWN},
    {"\"x\"", HR_REJECT_UNKNOWN},
    {"[[]]", HR_REJECT_UNKNOWN},
    {"x", HR_REJECT_JSON},
};

static void test_rejects(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(bad_lines); i++) {
        int reason = venue_reason(&info, bad_lines[i].text);
        if (reason != (int)bad_lines[i].reason) print_message("# %s\n", bad_lines[i].text);
        assert_int_equal(reason, bad_lines[i].reason);
    }
}

/* A price of 0 can only be removed, which changes nothing: the message stands without that row. */
static void test_zero_price(void **state)
{
    (void)state;
    const hr_evbatch *b =
        venue_decode(&info, HEAD "\"U\":1,\"u\":2,\"b\":[[\"0.00\",\"0.000\"],[\"1\",\"2\"],"
                                 "[\"0\",\"0\"],[\"3\",\"4\"]],\"a\":[[\"0\",\"0\"]]}");
    assert_int_equal(b->n_rejects, 0);
    assert_int_equal(b->n_levels, 2);
    expect_level(b, 0, HR_SIDE_BID, 100, 2000);
    expect_level(b, 1, HR_SIDE_BID, 300, 4000);
}

static void test_full(void **state)
{
    static const char text[] =
        TICKER("1") "\n" HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"1\"],[\"2\",\"1\"],"
                    "[\"3\",\"1\"]],\"a\":[[\"4\",\"1\"]]}\n";
    const hr_evbatch *b;
    (void)state;
    assert_int_equal(venue_decode_small(&b, &info, text, 4), HR_FULL); /* whole or not at all */
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->n_levels, 2);
    assert_int_equal(b->n_syms, 1);
    assert_int_equal(b->src_end, sizeof(TICKER("1")));
    assert_int_equal(venue_decode_small(&b, &info, text + sizeof(TICKER("1")), 4), HR_OK);
    assert_int_equal(b->n_levels, 4);
    info.px_scale = 0;
    static const char five[] = HEAD "\"U\":1,\"u\":2,\"b\":[[\"1\",\"1\"],[\"2\",\"1\"],[\"3\","
                                    "\"1\"],[\"4\",\"1\"],[\"5\",\"1\"]],\"a\":[]}\n";
    assert_int_equal(venue_decode_small(&b, &info, five, 4), HR_OK); /* larger than any batch */
    assert_int_equal(b->n_rejects, 1);
    assert_int_equal(b->rejects[0].reason, HR_REJECT_TOO_MANY_LEVELS);
}

/* Whatever the pieces, the same messages with the same places. */
static void test_split(void **state)
{
    static const char text[] =
        TICKER("1") "\r\n\n" TICKER("2") "\nbad\n  \n" HEAD
                                         "\"U\":1,\"u\":2,\"b\":[[\"1\",\"2\"]],\"a\":[]}";
    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 4);
        assert_int_equal(b->n_lines, 6);
        assert_int_equal(b->n_rejects, 1);
        assert_int_equal(b->rejects[0].src_line, 4);
        assert_int_equal(b->rejects[0].full_len, 3);
        assert_int_equal(b->src_line[3], 6);
        assert_int_equal(b->src_offset[1], sizeof(TICKER("1")) + 2);
        assert_int_equal(b->n_levels, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_delta, setup),
        cmocka_unit_test_setup(test_sides, setup),
        cmocka_unit_test_setup(test_many_asks_first, setup),
        cmocka_unit_test_setup(test_snapshot, setup),
        cmocka_unit_test_setup(test_partial_depth, setup),
        cmocka_unit_test_setup(test_trade, setup),
        cmocka_unit_test_setup(test_ticker, setup),
        cmocka_unit_test_setup(test_times, setup),
        cmocka_unit_test_setup(test_envelopes, setup),
        cmocka_unit_test_setup(test_lists, setup),
        cmocka_unit_test_setup(test_undo, setup),
        cmocka_unit_test_setup(test_foreign, setup),
        cmocka_unit_test_setup(test_rejects, setup),
        cmocka_unit_test_setup(test_zero_price, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_split, setup),
    };
    return cmocka_run_group_tests_name("venue binance", tests, NULL, NULL);
}
