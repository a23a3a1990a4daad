/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to a venue: requests that subscribe, of the shape that the venues' documents and
 * real sessions show. */
#include "harness.h"

#include "venue/request.h"
#include "venue/venue.h"

static const char *const pair[] = {"AAA-B", "C-D"};

static void expect(const char *venue, const char *channel, const char *want)
{
    char out[1024];
    const hr_venue *v = hr_venue_find(venue);
    assert_non_null(v);
    size_t n = hr_venue_subscribe(v, out, sizeof out, channel, pair, 2);
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
    assert_int_equal(hr_venue_subscribe(v, out, n + 1, channel, pair, 2), n); /* just so */
    assert_int_equal(hr_venue_subscribe(v, out, n, channel, pair, 2), 0);
    assert_string_equal(out, "");
    assert_int_equal(hr_venue_subscribe(v, out, sizeof out, "weather", pair, 2), 0);
}

static void test_kraken(void **state)
{
    (void)state;
    expect("kraken", "book",
           "{\"method\":\"subscribe\",\"params\":{\"channel\":\"book\",\"symbol\":[\"AAA-B\","
           "\"C-D\"],\"depth\":1000}}\n");
    expect("kraken", "trades",
           "{\"method\":\"subscribe\",\"params\":{\"channel\":\"trade\",\"symbol\":[\"AAA-B\","
           "\"C-D\"],\"snapshot\":false}}\n");
}

static void test_binance(void **state)
{
    (void)state;
    expect("binance", "book",
           "{\"method\":\"SUBSCRIBE\",\"params\":[\"aaa-b@depth@100ms\",\"c-d@depth@100ms\"],"
           "\"id\":1}\n");
    expect("binance", "trades",
           "{\"method\":\"SUBSCRIBE\",\"params\":[\"aaa-b@trade\",\"c-d@trade\"],\"id\":1}\n");
    expect(
        "binance-futures", "trades",
        "{\"method\":\"SUBSCRIBE\",\"params\":[\"aaa-b@aggTrade\",\"c-d@aggTrade\"],\"id\":1}\n");
    expect("binance-delivery", "ticker",
           "{\"method\":\"SUBSCRIBE\",\"params\":[\"aaa-b@bookTicker\",\"c-d@bookTicker\"],"
           "\"id\":1}\n");
}

static void test_okx(void **state)
{
    (void)state;
    expect("okx", "book",
           "{\"op\":\"subscribe\",\"args\":[{\"channel\":\"books\",\"instId\":\"AAA-B\"},"
           "{\"channel\":\"books\",\"instId\":\"C-D\"}]}\n");
    expect("okx", "ticker",
           "{\"op\":\"subscribe\",\"args\":[{\"channel\":\"bbo-tbt\",\"instId\":\"AAA-B\"},"
           "{\"channel\":\"bbo-tbt\",\"instId\":\"C-D\"}]}\n");
}

static void test_coinbase(void **state)
{
    (void)state;
    expect("coinbase", "book",
           "{\"type\":\"subscribe\",\"product_ids\":[\"AAA-B\",\"C-D\"],"
           "\"channels\":[\"level2_batch\",\"heartbeat\"]}\n");
}

static void test_gateio(void **state)
{
    (void)state;
    expect("gateio", "book",
           "{\"channel\":\"spot.order_book_update\",\"event\":\"subscribe\","
           "\"payload\":[\"AAA-B\",\"100ms\"]}\n"
           "{\"channel\":\"spot.order_book_update\",\"event\":\"subscribe\","
           "\"payload\":[\"C-D\",\"100ms\"]}\n");
    expect("gateio-futures", "trades",
           "{\"channel\":\"futures.trades\",\"event\":\"subscribe\","
           "\"payload\":[\"AAA-B\",\"C-D\"]}\n");
}

static void test_kucoin(void **state)
{
    (void)state;
    expect("kucoin", "trades",
           "{\"id\":1,\"type\":\"subscribe\",\"topic\":\"/market/match:AAA-B,C-D\","
           "\"privateChannel\":false,\"response\":true}\n");
}

/* Checksums are switched on before any request. */
static void test_bitfinex(void **state)
{
    (void)state;
    assert_string_equal(hr_venue_find("bitfinex")->opening,
                        "{\"event\":\"conf\",\"flags\":131072}");
    assert_null(hr_venue_find("kraken")->opening);
    expect("bitfinex", "book",
           "{\"event\":\"subscribe\",\"channel\":\"book\",\"symbol\":\"AAA-B\","
           "\"prec\":\"P0\",\"freq\":\"F0\",\"len\":\"250\"}\n"
           "{\"event\":\"subscribe\",\"channel\":\"book\",\"symbol\":\"C-D\","
           "\"prec\":\"P0\",\"freq\":\"F0\",\"len\":\"250\"}\n");
    expect("bitfinex", "ticker",
           "{\"event\":\"subscribe\",\"channel\":\"ticker\",\"symbol\":\"AAA-B\"}\n"
           "{\"event\":\"subscribe\",\"channel\":\"ticker\",\"symbol\":\"C-D\"}\n");
}

static void test_bitstamp(void **state)
{
    (void)state;
    expect("bitstamp", "book",
           "{\"event\":\"bts:subscribe\",\"data\":{\"channel\":\"diff_order_book_AAA-B\"}}\n"
           "{\"event\":\"bts:subscribe\",\"data\":{\"channel\":\"diff_order_book_C-D\"}}\n");
}

static void test_small_venues(void **state)
{
    (void)state;
    expect("gemini", "book",
           "{\"type\":\"subscribe\",\"subscriptions\":[{\"name\":\"l2\","
           "\"symbols\":[\"AAA-B\",\"C-D\"]}]}\n");
    expect("hitbtc", "book",
           "{\"method\":\"subscribe\",\"ch\":\"orderbook/full\","
           "\"params\":{\"symbols\":[\"AAA-B\",\"C-D\"]},\"id\":1}\n");
    expect("poloniex", "book",
           "{\"event\":\"subscribe\",\"channel\":[\"book_lv2\"],"
           "\"symbols\":[\"AAA-B\",\"C-D\"]}\n");
}

/* What a venue says to keep a connection, and when a silent one is suspect, is said of each. */
static void test_all(void **state)
{
    char out[1024];
    uint32_t n;
    (void)state;
    const hr_venue *const *all = hr_venue_all(&n);
    for (uint32_t i = 0; i < n; i++) {
        const hr_venue *v = all[i];
        if (i > 0) assert_true(strcmp(all[i - 1]->name, v->name) < 0);
        if (v->n_requests == 0) continue;
        assert_true(hr_venue_subscribe(v, out, sizeof out, "book", pair, 2) > 0);
        assert_true(hr_venue_subscribe(v, out, sizeof out, "trades", pair, 2) > 0);
        assert_true(v->silent_s > 0);
        assert_true((v->keep_alive == NULL) == (v->keep_alive_s == 0));
    }
}

static void test_templates(void **state)
{
    static const hr_request requests[] = {
        {"book", "[<$@$>]", 2},
        {"trades", "one $", 2},
        {"ticker", "none", 0},
    };
    const char *symbol[] = {"a", "b", "c"};
    char out[40];
    (void)state;
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "book", symbol, 3), 16);
    assert_string_equal(out, "[a@a,b@b]\n[c@c]\n");
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "trades", symbol, 2), 12);
    assert_string_equal(out, "one a\none b\n");
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "ticker", symbol, 1), 5);
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "book", symbol, 0), 0);
    assert_int_equal(hr_request_fill(out, 0, requests, 3, "book", symbol, 3), 0);
    symbol[1] = "b\"";
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "book", symbol, 3), 0);
    symbol[1] = "";
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "book", symbol, 3), 0);
    symbol[1] = "a-name-of-thirty-two-bytes-is-one";
    assert_int_equal(hr_request_fill(out, sizeof out, requests, 3, "book", symbol, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coinbase),     cmocka_unit_test(test_bitfinex),
        cmocka_unit_test(test_small_venues), cmocka_unit_test(test_bitstamp),
        cmocka_unit_test(test_gateio),       cmocka_unit_test(test_kucoin),
        cmocka_unit_test(test_kraken),       cmocka_unit_test(test_binance),
        cmocka_unit_test(test_okx),          cmocka_unit_test(test_all),
        cmocka_unit_test(test_templates),
    };
    return cmocka_run_group_tests_name("venue request", tests, NULL, NULL);
}
