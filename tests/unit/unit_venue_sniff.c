/* SPDX-License-Identifier: Apache-2.0 */
/* What a source is taken for. */
#include <stdio.h>

#include "harness.h"
#include "venue_rig.h"

static hr_source_info info;
static char message[512];

static hr_status sniff(const char *path, const char *text)
{
    char why[128];
    hr_err err = HR_ERR_INIT;
    info = (hr_source_info){.px_scale = 2, .qty_scale = 3};
    hr_status st = hr_sniff_text(&info, why, sizeof why, path, text, strlen(text), &err);
    snprintf(message, sizeof message, "%s", err.message);
    return st;
}

static void expect(const char *path, const char *text, hr_format format, const char *venue,
                   const char *symbol)
{
    hr_status st = sniff(path, text);
    if (st != HR_OK) print_message("# %s: %s\n", text, message);
    assert_int_equal(st, HR_OK);
    assert_int_equal(info.format, format);
    assert_string_equal(info.venue, venue);
    assert_string_equal(info.symbol, symbol);
}

#define DEPTH(s, more)                                                                             \
    "{\"e\":\"depthUpdate\",\"E\":5,\"s\":\"" s "\",\"U\":1,\"u\":2," more "\"b\":[],\"a\":[]}"

static void test_framings(void **state)
{
    (void)state;
    expect("f", DEPTH("BTCUSDT", "") "\n", HR_FORMAT_NDJSON, "binance", "BTCUSDT");
    expect("f", "[" DEPTH("BTCUSDT", "") "]\n", HR_FORMAT_NDJSON, "binance", "BTCUSDT");
    expect("f", "123 " DEPTH("BTCUSDT", "") "\n", HR_FORMAT_CAPTURE_PREFIX, "binance", "BTCUSDT");
    expect("f", "{\"capture_ns\":9,\"stream\":\"ethusdt@depth\",\"data\":{}}\n",
           HR_FORMAT_CAPTURE_JSON, "binance", "ETHUSDT");
    assert_int_equal(info.head_time_ns, 9);
    expect("f", "1633998512.5: " DEPTH("BTCUSDT", "") "\n", HR_FORMAT_CRYPTOFEED, "binance",
           "BTCUSDT");
    expect("f", "\xef\xbb\xbf\r\n" DEPTH("BTCUSDT", ""), HR_FORMAT_NDJSON, "binance", "BTCUSDT");
    assert_int_equal(info.head_time_ns, 5000000);
    assert_true(info.has_diff_depth);
    expect("f", "{\"stream\":\"x@depth5@100ms\",\"data\":" DEPTH("X", "") "}\n", HR_FORMAT_NDJSON,
           "binance", "X");
    assert_false(info.has_diff_depth);
    assert_int_equal(sniff("f", ""), HR_EUNSUPPORTED);
    assert_int_equal(sniff("f", "\n\n"), HR_EUNSUPPORTED);
    assert_int_equal(sniff("f", "what is this\n"), HR_EUNSUPPORTED);
    assert_non_null(strstr(message, "capture-json"));
}

/* White space in JSON means nothing. */
static void test_spaces(void **state)
{
    (void)state;
    expect("f",
           "{ \"e\" : \"depthUpdate\" , \"E\" : 5, \"s\": \"BTCUSDT\", \"U\": 1, \"u\": 2, \"pu\": "
           "0, \"b\": [], \"a\": []}\n",
           HR_FORMAT_NDJSON, "binance-futures", "BTCUSDT");
    expect("f", "{ \"stream\": \"btcusdt@trade\", \"data\": {\"s\":\t\"BTCUSDT\"} }\n",
           HR_FORMAT_NDJSON, "binance", "BTCUSDT");
}

static void test_symbols(void **state)
{
    (void)state;
    expect("f", DEPTH("A", "") "\n" DEPTH("B", "") "\n" DEPTH("A", "") "\n", HR_FORMAT_NDJSON,
           "binance", "");
    expect("out/venue=binance/symbol=Q/f", DEPTH("A", "") "\n", HR_FORMAT_NDJSON, "binance", "Q");
    expect("out/exchange=BINANCE_FUTURES/f", DEPTH("A", "") "\n", HR_FORMAT_NDJSON,
           "binance-futures", "A");
}

#define INFO "{\"timezone\":\"UTC\",\"symbols\":[{\"symbol\":\"A\",\"pair\":\"A\"}]}"

static void test_venues(void **state)
{
    static const char usd_m[] =
        "https://fapi.binance.com/fapi/v1/exchangeInfo -> 1626992740.1: " INFO "\n";
    static const char coin_m[] = "wss://dstream.binance.com/stream <-> 1626992740.1\n";
    (void)state;
    expect("f", usd_m, HR_FORMAT_CRYPTOFEED, "binance-futures", "");
    expect("f", coin_m, HR_FORMAT_CRYPTOFEED, "binance-delivery", "");
    expect("f", "wss://stream.binance.com:9443/stream <-> 1626992740.1\n", HR_FORMAT_CRYPTOFEED,
           "binance", "");
    expect("f", DEPTH("BTCUSD_PERP", "\"pu\":1,") "\n", HR_FORMAT_NDJSON, "binance-delivery",
           "BTCUSD_PERP");
    expect("f", DEPTH("BTCUSD_240927", "\"pu\":1,\"ps\":\"BTCUSD\",") "\n", HR_FORMAT_NDJSON,
           "binance-delivery", "BTCUSD_240927");
    expect("f", DEPTH("BTCUSDT_240927", "\"pu\":1,\"ps\":\"BTCUSDT\",") "\n", HR_FORMAT_NDJSON,
           "binance-futures", "BTCUSDT_240927");
    expect("f", DEPTH("BTCUSDT", "\"pu\":1,") "\n", HR_FORMAT_NDJSON, "binance-futures", "BTCUSDT");
    expect("a/BINANCE_FUTURES.ws.1.0", "1626992740.1: {\"id\":1}\n", HR_FORMAT_CRYPTOFEED,
           "binance-futures", "");
    expect("f",
           "{\"e\":\"bookTicker\",\"E\":1,\"u\":1,\"s\":\"X\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\","
           "\"A\":\"1\"}",
           HR_FORMAT_NDJSON, "binance-futures", "X");
    /* The host of a capture outranks what single messages look like. */
    expect("f",
           "wss://fstream.binance.com/x <-> 1626992740.1\n1626992740.2: " DEPTH("A_PERP", "") "\n",
           HR_FORMAT_CRYPTOFEED, "binance-futures", "A_PERP");
}

/* Venues of the table: by the host, by the file's name, by what only their messages hold. */
static void test_table(void **state)
{
    (void)state;
    expect("f", "wss://ws.kraken.com <-> 1618678132.3\n1618678132.5: {}\n", HR_FORMAT_CRYPTOFEED,
           "kraken", "");
    expect("data/KRAKEN.ws.50.0.gz", "1618678132.5: {\"a\":1}\n", HR_FORMAT_CRYPTOFEED, "kraken",
           "");
    expect("f", "{\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USDT\"},\"data\":[]}\n",
           HR_FORMAT_NDJSON, "okx", "");
    expect("venue=okx/f", "{\"a\":1}\n", HR_FORMAT_NDJSON, "okx", "");
}

/* Other venues are refused: by the host, by the file's name, by their messages. */
static void test_foreign(void **state)
{
    static const char *const text[] = {
        "{\"topic\":\"book.50.BTCUSDT\",\"ts\":1,\"data\":{\"s\":\"BTCUSDT\",\"b\":[]}}\n",
        "{\"time\":1,\"event\":\"update\",\"result\":" DEPTH("A_B", "") "}\n",
        "{\"arg\":{\"channel\":\"books\"},\"data\":[{\"asks\":[],\"bids\":[],\"ts\":\"1\"}]}\n",
        "1618678132.5: [320,{\"as\":[],\"bs\":[]},\"book-1000\",\"XBT/EUR\"]\n",
        "1618678132.5: {\"jsonrpc\":\"2.0\",\"params\":{\"data\":{}}}\n",
        "wss://ws.example.com <-> 1618678132.3\n1618678132.5: {}\n",
        "{\"id\":1}\n",
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(text); i++) {
        if (sniff("f", text[i]) != HR_EUNSUPPORTED) print_message("# %s", text[i]);
        assert_int_equal(sniff("f", text[i]), HR_EUNSUPPORTED);
        assert_true(strstr(message, "venue") != NULL);
    }
    assert_int_equal(sniff("data/EXAMPLE.ws.50.0.gz", "1618678132.5: {\"a\":1}\n"),
                     HR_EUNSUPPORTED);
    assert_non_null(strstr(message, "EXAMPLE"));
    assert_int_equal(sniff("data/OTHER_ONE.0", "configuration: {\"e\":\"x\",\"E\":1}\n"),
                     HR_EUNSUPPORTED);
    assert_non_null(strstr(message, "OTHER_ONE"));
    /* A plan that names the format knows better. */
    char why[128];
    hr_source_info forced = {.format = HR_FORMAT_NDJSON};
    assert_int_equal(hr_sniff_text(&forced, why, sizeof why, "f", "{\"id\":1}\n", 9, NULL), HR_OK);
    forced = (hr_source_info){.format = HR_FORMAT_TARDIS_L2};
    assert_int_equal(hr_sniff_text(&forced, why, sizeof why, "f", "a,b\n", 4, NULL),
                     HR_EUNSUPPORTED);
}

/* A head may end anywhere. */
static void test_cut_head(void **state)
{
    static const char text[] = DEPTH("BTCUSDT", "\"pu\":1,") "\n" DEPTH("BTCUSDT", "\"pu\":1,");
    char why[128];
    (void)state;
    for (size_t n = sizeof text / 2 + 1; n < sizeof text; n++) {
        info = (hr_source_info){0};
        assert_int_equal(hr_sniff_text(&info, why, sizeof why, "f", text, n, NULL), HR_OK);
        assert_string_equal(info.venue, "binance-futures");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framings), cmocka_unit_test(test_spaces),
        cmocka_unit_test(test_symbols),  cmocka_unit_test(test_venues),
        cmocka_unit_test(test_table),    cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_cut_head),
    };
    return cmocka_run_group_tests_name("venue sniff", tests, NULL, NULL);
}
