/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around a message: receive times, requests and their answers, connections. */
#include "harness.h"
#include "venue_rig.h"

#define TRADE "{\"e\":\"trade\",\"E\":1,\"s\":\"X\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}"

static void test_prefix(void **state)
{
    const hr_source_info info = venue_info(HR_FORMAT_CAPTURE_PREFIX);
    const hr_evbatch *b = venue_decode(&info, "123 " TRADE "\r\n");
    (void)state;
    assert_int_equal(b->ts_recv[0], 123);
    assert_int_equal(b->ts_event[0], 1000000);
    assert_int_equal(venue_reason(&info, "-5 " TRADE), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "x " TRADE), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "123"), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "99999999999999999999 " TRADE), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "5 "), HR_REJECT_JSON);
    assert_int_equal(venue_decode(&info, " \t\n\n")->n_msgs, 0);
}

static void test_cryptofeed(void **state)
{
    static const char text[] = "wss://stream.binance.com/x <-> 1633998512.25\n"
                               "wss://stream.binance.com/x <- 1633998512.3: {\"id\":1}\n"
                               "configuration: {}\n"
                               "1633998513.5: " TRADE "\n"
                               "https://api.binance.com/api/v3/depth?symbol=ABC&limit=5 -> "
                               "1633998514.0: {\"lastUpdateId\":3,\"bids\":[],\"asks\":[]}\n"
                               "https://api.binance.com/api/v3/time -> 1633998514.0: {\"t\":[]}\n";
    const hr_source_info info = venue_info(HR_FORMAT_CRYPTOFEED);
    (void)state;
    for (size_t step = 1; step <= sizeof text; step += 7) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 6);
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->kind[0], HR_MSG_STATUS);
        assert_int_equal(b->flags[0], HR_FLAG_RESET);
        assert_int_equal(b->ts_recv[0], INT64_C(1633998512250000000)); /* when it was lost */
        assert_int_equal(b->ts_event[0], HR_NULL_I64);
        assert_int_equal(b->kind[1], HR_MSG_OTHER);
        assert_int_equal(b->kind[2], HR_MSG_OTHER);
        assert_int_equal(b->kind[3], HR_MSG_TRADE);
        assert_int_equal(b->ts_recv[3], INT64_C(1633998513500000000));
        assert_int_equal(b->kind[4], HR_MSG_SNAPSHOT);
        assert_string_equal(b->syms[b->sym[4]].symbol, "ABC");
        assert_int_equal(b->ts_recv[4], INT64_C(1633998514000000000));
        assert_int_equal(b->kind[5], HR_MSG_OTHER);
    }
}

static void test_cryptofeed_rejects(void **state)
{
    const hr_source_info info = venue_info(HR_FORMAT_CRYPTOFEED);
    (void)state;
    assert_int_equal(venue_reason(&info, "wss://x <-> soon"), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "wss://x <-> "), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "1633998513.5 " TRADE), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "1.2.3: " TRADE), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "https://x/depth -> later: {}"), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "https://x/depth -> 5"), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "https://x/depth -> 5: [[1]]"), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "hello"), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "hello world"), HR_REJECT_UNKNOWN);
}

static void test_mark(void **state)
{
    static const char text[] = "\xef\xbb\xbf" TRADE "\n" TRADE "\n";
    const hr_source_info info = venue_info(HR_FORMAT_NDJSON);
    (void)state;
    for (size_t step = 1; step <= sizeof text; step++) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->n_rejects, 0);
    }
}

/* A batch ends at its target, and the next goes on behind it. */
static void test_target(void **state)
{
    static const char text[] = TRADE "\n" TRADE "\n" TRADE "\n";
    const hr_source_info info = venue_info(HR_FORMAT_NDJSON);
    static char mem[1 << 20] HR_ALIGNED(64);
    const hr_evbatch_caps caps = {.msgs = 16, .levels = 64, .rejects = 4, .raw = 256, .texts = 4};
    size_t pos = 0;
    int64_t line = 1;
    (void)state;
    assert_true(hr_evbatch_bytes(&caps) <= sizeof mem);
    for (int i = 0; i < 3; i++) {
        hr_evbatch *b = hr_evbatch_init(mem, &caps);
        hr_status st = hr_decode_text(&info, b, text, sizeof text - 1, &pos, 0, &line, 2, true);
        assert_int_equal(st, i < 2 ? HR_FULL : HR_OK);
        assert_int_equal(b->n_msgs, 1);
        assert_int_equal(b->src_line[0], i + 1);
        assert_int_equal(line, i + 2);
        assert_int_equal(b->src_end, (int64_t)pos);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 1; i < HR_FORMAT_COUNT; i++)
        assert_int_equal(hr_format_from_name(hr_format_name((hr_format)i)), i);
    assert_int_equal(hr_format_from_name("what"), HR_FORMAT_UNKNOWN);
    assert_string_equal(hr_format_name((hr_format)99), "unknown");
}

#define ORDER(id, rest) "{\"id\":" id ",\"price\":\"2.5\",\"amount\":\"3\",\"order_type\":" rest "}"

static void test_orders(void **state)
{
    static const char text[] = "5 order_created " ORDER(
        "7", "0") "\n"
                  "6 order_changed " ORDER(
                      "7",
                      "0") "\n"
                           "7 trade {\"id\":4,\"price\":2.5,\"amount\":1.7885566900000001}\n"
                           "8 trade {\"id\":5,\"price\":25e-1,\"amount\":9.9999999999999995e-07}\n"
                           "9 order_book {\"bids\":[],\"asks\":[]}\n"
                           "10 order_deleted " ORDER("7", "1") "\n";
    hr_source_info info = venue_info(HR_FORMAT_BITSTAMP_ORDERS);
    (void)state;
    info.qty_scale = 8;
    memcpy(info.symbol, "BTCUSD", 7);
    for (size_t step = 1; step <= sizeof text; step += 7) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 6);
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->kind[0], HR_MSG_ORDER);
        assert_int_equal(b->seq_first[0], 7);
        assert_int_equal(b->ts_recv[0], 5000000);
        assert_int_equal(hr_order_action_of(b->flags[0]), HR_ORDER_ADD);
        assert_int_equal(hr_order_action_of(b->flags[1]), HR_ORDER_MODIFY);
        assert_int_equal(b->kind[2], HR_MSG_TRADE);
        assert_int_equal(b->qty[2], 178855669);
        assert_int_equal(b->qty[3], 100);
        assert_int_equal(b->px[3], b->px[2]);
        assert_int_equal(b->kind[4], HR_MSG_OTHER);
        assert_int_equal(hr_order_action_of(b->flags[5]), HR_ORDER_DELETE);
        assert_int_equal(b->side[4], HR_SIDE_ASK);
    }
}

static void test_orders_rejects(void **state)
{
    hr_source_info info = venue_info(HR_FORMAT_BITSTAMP_ORDERS);
    (void)state;
    memcpy(info.symbol, "BTCUSD", 7);
    assert_int_equal(venue_reason(&info, "5 order_created"), HR_REJECT_UNKNOWN);
    assert_int_equal(venue_reason(&info, "x order_created {}"), HR_REJECT_TIME);
    assert_int_equal(venue_reason(&info, "5 order_created {}"), HR_REJECT_FIELD_MISSING);
    assert_int_equal(venue_reason(&info, "5 order_created " ORDER("7", "2")), HR_REJECT_SIDE);
    assert_int_equal(venue_reason(&info, "5 order_created " ORDER("-7", "1")), HR_REJECT_NEGATIVE);
    assert_int_equal(venue_reason(&info, "5 order_created " ORDER("7", "1") "x"), HR_REJECT_JSON);
    assert_int_equal(venue_reason(&info, "5 trade {\"id\":1,\"price\":-1,\"amount\":1}"),
                     HR_REJECT_NEGATIVE);
    assert_int_equal(venue_reason(&info, "5 trade {\"id\":1,\"price\":1e19,\"amount\":1}"),
                     HR_REJECT_RANGE);
    assert_int_equal(
        venue_reason(&info, "5 trade {\"id\":1,\"price\":9999999999999999999,\"amount\":1}"),
        HR_REJECT_RANGE);
    assert_int_equal(venue_reason(&info, "5 order_book {"), HR_REJECT_JSON);
    info.symbol[0] = '\0';
    assert_int_equal(venue_reason(&info, "5 order_created " ORDER("7", "1")), HR_REJECT_SYMBOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_cryptofeed),
        cmocka_unit_test(test_cryptofeed_rejects),
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_orders_rejects),
    };
    return cmocka_run_group_tests_name("venue framing", tests, NULL, NULL);
}
