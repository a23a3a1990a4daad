/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files: columns by name, whole messages, and every reason a row is refused for. */
#include <stdio.h>

#include "harness.h"
#include "venue_rig.h"

#define L2 "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
#define S(side, px, qty)                                                                           \
    "deribit,BTC,1585699200245000,1585699200355684,true," side "," px "," qty "\n"
#define D(ts, side, px, qty) "deribit,BTC," ts ",1585699200400000,false," side "," px "," qty "\n"
#define T0 "1585699200300000"
#define T1 "1585699200310000"
#define NS_PER_US 1000

static void expect_level(const hr_evbatch *b, uint32_t i, hr_side side, int64_t px, int64_t qty)
{
    assert_int_equal(b->side[i], side);
    assert_int_equal(b->px[i], px);
    assert_int_equal(b->qty[i], qty);
}

static uint32_t n_levels(const hr_evbatch *b, uint32_t m)
{
    return (uint32_t)(b->level_begin[m + 1] - b->level_begin[m]);
}

static void test_l2(void **state)
{
    static const char text[] = L2 S("ask", "3", "1") S("bid", "2.5", "4") D(T0, "bid", "2.5", "0")
        D(T0, "ask", "0", "0") D(T1, "bid", "1", "2");
    const hr_source_info info = venue_csv_info(text);
    (void)state;
    assert_int_equal(info.format, HR_FORMAT_TARDIS_L2);
    for (size_t step = 1; step <= sizeof text; step++) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 3);
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->n_lines, 6);
        assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
        assert_int_equal(b->flags[0], HR_FLAG_SNAPSHOT);
        assert_int_equal(n_levels(b, 0), 2);
        assert_int_equal(b->ts_event[0], INT64_C(1585699200245000) * NS_PER_US);
        assert_int_equal(b->ts_recv[0], INT64_C(1585699200355684) * NS_PER_US);
        assert_int_equal(b->seq_last[0], -1);
        assert_int_equal(b->kind[1], HR_MSG_DELTA);
        assert_int_equal(n_levels(b, 1), 1); /* the removal at price 0 is nothing */
        expect_level(b, 0, HR_SIDE_ASK, 300, 1000);
        expect_level(b, 1, HR_SIDE_BID, 250, 4000);
        expect_level(b, 2, HR_SIDE_BID, 250, 0);
        expect_level(b, 3, HR_SIDE_BID, 100, 2000);
        assert_string_equal(b->syms[b->sym[2]].venue, "deribit");
        assert_int_equal(b->src_line[2], 6);
    }
}

typedef struct bad_row {
    const char *text;
    hr_reject_reason reason;
} bad_row;

/* A bad row anywhere in a message takes all of it along: half a snapshot is a wrong book. */
static void test_bad_rows(void **state)
{
    static const bad_row rows[] = {
        {S("ask", "x", "1"), HR_REJECT_NUMBER},
        {S("ask", "1.005", "1"), HR_REJECT_RANGE},
        {S("ask", "1", "-1"), HR_REJECT_NEGATIVE},
        {S("ask", "0", "1"), HR_REJECT_NEGATIVE},
        {S("ask", "", "1"), HR_REJECT_NUMBER},
        {S("buyer", "1", "1"), HR_REJECT_SIDE},
        {S("unknown", "1", "1"), HR_REJECT_SIDE},
        {"deribit,BTC,1585699200245000,1585699200355684,true,ask,1\n", HR_REJECT_CSV},
        {"deribit,BTC,1585699200245000,1585699200355684,true,ask,1,2,3\n", HR_REJECT_CSV},
        {S("ask", "1\xff", "1"), HR_REJECT_UTF8},
    };
    static const char *const shape[] = {"bgg", "gbg", "ggb", "bbb", "gbbg"};
    char text[1024];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(rows) * HR_ARRAY_LEN(shape); i++) {
        const bad_row *bad = &rows[i % HR_ARRAY_LEN(rows)];
        size_t n = (size_t)snprintf(text, sizeof text, "%s", L2);
        for (const char *c = shape[i / HR_ARRAY_LEN(rows)]; *c != '\0'; c++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s",
                                  *c == 'b' ? bad->text : S("bid", "1", "2"));
        const size_t group = n - strlen(L2);
        snprintf(text + n, sizeof text - n, "%s", D(T0, "bid", "7", "8"));
        const hr_source_info info = venue_csv_info(text);
        const hr_evbatch *b = venue_decode(&info, text);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->n_rejects, 1);
        assert_int_equal(b->rejects[0].reason, bad->reason);
        assert_int_equal(b->rejects[0].full_len, group);
        assert_int_equal(b->rejects[0].src_line, 2);
        assert_int_equal(b->kind[1], HR_MSG_DELTA);
        assert_int_equal(b->n_levels, 1);
        expect_level(b, 0, HR_SIDE_BID, 700, 8000);
    }
}

/* Rows that cannot be read at all belong to a message when more of it follows, and only then. */
static void test_noise_between(void **state)
{
    static const char inside[] =
        L2 S("bid", "1", "2") "noise\n\"a\"b,c\n" S("bid", "2", "2") D(T0, "bid", "7", "8");
    static const char after[] = L2 S("bid", "1", "2") "noise\n" D(T0, "bid", "7", "8") "noise\n";
    static const char blank[] = L2 S("bid", "1", "2") "\n\r\n" S("bid", "2", "2") "\n";
    hr_source_info info = venue_csv_info(inside);
    (void)state;
    for (size_t step = 1; step <= sizeof inside; step++) {
        const hr_evbatch *b = venue_decode_split(&info, inside, step);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->n_rejects, 1);
        assert_int_equal(b->rejects[0].reason, HR_REJECT_CSV);
        assert_int_equal(b->n_levels, 1);
        b = venue_decode_split(&info, after, step);
        assert_int_equal(b->n_msgs, 4);
        assert_int_equal(b->n_rejects, 2);
        assert_int_equal(b->n_levels, 2);
        b = venue_decode_split(&info, blank, step);
        assert_int_equal(b->n_msgs, 1); /* blank lines part nothing */
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->n_levels, 2);
        assert_int_equal(b->n_lines, 6);
    }
}

static void test_heads(void **state)
{
    static const bad_row rows[] = {
        {"deribit,BTC,xx,1585699200355684,true,bid,1,2\n", HR_REJECT_TIME},
        {"deribit,BTC,1585699200355684,-1,true,bid,1,2\n", HR_REJECT_TIME},
        {"deribit,B C,1585699200355684,1,true,bid,1,2\n", HR_REJECT_SYMBOL},
        {"a_very_long_name_of_an_exchange,BTC,1,1,true,bid,1,2\n", HR_REJECT_SYMBOL},
        {"deribit,BTC,1585699200355684,1,maybe,bid,1,2\n", HR_REJECT_FIELD_TYPE},
        {"\"deribit\"x,BTC,1,1,true,bid,1,2\n", HR_REJECT_CSV},
        {"\xff\n", HR_REJECT_UTF8},
        {"noise\n", HR_REJECT_CSV},
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(rows); i++) {
        snprintf(text, sizeof text, "%s%s%s", L2, rows[i].text, D(T0, "bid", "7", "8"));
        const hr_source_info info = venue_csv_info(text);
        const hr_evbatch *b = venue_decode(&info, text);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->rejects[0].reason, rows[i].reason);
        assert_int_equal(b->n_syms, 1);
        assert_int_equal(b->n_levels, 1);
    }
}

/* A message larger than a batch is refused whole. */
static void test_too_many(void **state)
{
    static const char text[] =
        L2 S("bid", "1", "2") S("bid", "2", "2") S("bid", "3", "2") D(T0, "bid", "1", "2");
    static const char second[] = L2 D(T0, "bid", "1", "2") S("bid", "1", "2") S("bid", "2", "2");
    const hr_source_info info = venue_csv_info(text);
    const hr_evbatch *b;
    (void)state;
    assert_int_equal(venue_decode_small(&b, &info, text, 2), HR_OK);
    assert_int_equal(b->n_msgs, 2);
    assert_int_equal(b->rejects[0].reason, HR_REJECT_TOO_MANY_LEVELS);
    assert_int_equal(b->kind[1], HR_MSG_DELTA);
    assert_int_equal(b->n_levels, 1);
    assert_int_equal(venue_decode_small(&b, &info, second, 2), HR_FULL);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->src_end, strlen(L2) + strlen(D(T0, "bid", "1", "2")));
}

#define TRADES "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
#define TRADE(id, side, px)                                                                        \
    "bitmex,XBTUSD,1583020803145000,1583020803307160," id "," side "," px ",3\n"

static void test_trades(void **state)
{
    static const char text[] =
        TRADES TRADE("77", "buy", "1.5") TRADE("ab-cd", "sell", "2") TRADE("", "unknown", "3");
    const hr_source_info info = venue_csv_info(text);
    const hr_evbatch *b = venue_decode(&info, text);
    (void)state;
    assert_int_equal(info.format, HR_FORMAT_TARDIS_TRADES);
    assert_int_equal(b->n_msgs, 3);
    assert_int_equal(b->kind[0], HR_MSG_TRADE);
    assert_int_equal(b->seq_last[0], 77);
    assert_int_equal(b->text[0], -1);
    assert_int_equal(b->seq_last[1], -1);
    assert_int_equal(b->texts[b->text[1]].len, 5);
    expect_level(b, 0, HR_SIDE_BID, 150, 3000);
    expect_level(b, 1, HR_SIDE_ASK, 200, 3000);
    expect_level(b, 2, HR_SIDE_NONE, 300, 3000);
    b = venue_decode(&info, TRADES TRADE("1", "x", "1") TRADE("1", "buy", "0")
                                TRADE("a-name-that-has-more-than-the-forty-seven-bytes-kept", "buy",
                                      "1") "bitmex,XBTUSD,1,1\n" TRADE("1", "buy", "\xc0"));
    assert_int_equal(b->n_rejects, 5);
    assert_int_equal(b->rejects[0].reason, HR_REJECT_SIDE);
    assert_int_equal(b->rejects[1].reason, HR_REJECT_NEGATIVE);
    assert_int_equal(b->rejects[2].reason, HR_REJECT_RANGE);
    assert_int_equal(b->rejects[3].reason, HR_REJECT_CSV);
    assert_int_equal(b->rejects[4].reason, HR_REJECT_UTF8);
    assert_int_equal(b->n_syms, 0);
}

/* The columns are where the header says, in any order. */
static void test_snapshot_columns(void **state)
{
    static const char text[] =
        "bids[1].amount,asks[0].amount,exchange,asks[1].price,symbol,timestamp,bids[0].price,"
        "local_timestamp,asks[0].price,bids[0].amount,bids[1].price,asks[1].amount\n"
        "4,5,okex,30,BTC,1583020803145000,20,1583020803145000,25,6,19,7\n"
        ",5,okex,,BTC,1583020803145000,20,1583020803145000,25,6,,\n"
        ",5,okex,,BTC,1583020803145000,20,1583020803145000,25,,,\n";
    const hr_source_info info = venue_csv_info(text);
    (void)state;
    assert_int_equal(info.format, HR_FORMAT_TARDIS_SNAPSHOT);
    assert_int_equal(info.n_depth, 2);
    for (size_t step = 1; step <= sizeof text; step++) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 3);
        assert_int_equal(b->kind[0], HR_MSG_SNAPSHOT);
        assert_int_equal(n_levels(b, 0), 4);
        expect_level(b, 0, HR_SIDE_BID, 2000, 6000);
        expect_level(b, 1, HR_SIDE_BID, 1900, 4000);
        expect_level(b, 2, HR_SIDE_ASK, 2500, 5000);
        expect_level(b, 3, HR_SIDE_ASK, 3000, 7000);
        assert_int_equal(n_levels(b, 1), 2);
        assert_int_equal(b->rejects[0].reason, HR_REJECT_NUMBER); /* a price without its amount */
    }
}

static hr_status sniff(char *message, size_t cap, const char *text)
{
    char why[128];
    hr_err err = HR_ERR_INIT;
    hr_source_info info = {.px_scale = 2, .qty_scale = 3};
    hr_status st = hr_sniff_text(&info, why, sizeof why, "f.csv", text, strlen(text), &err);
    snprintf(message, cap, "%s", err.message);
    return st;
}

/* A depth that cannot be held is refused by name, never cut. */
static void test_snapshot_depth(void **state)
{
    static char text[8192];
    char message[512];
    (void)state;
    for (int depth = 49; depth <= 52; depth++) {
        size_t n = (size_t)snprintf(text, sizeof text, "exchange,symbol,timestamp,local_timestamp");
        for (int i = 0; i < depth; i++)
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  ",asks[%d].price,asks[%d].amount,bids[%d].price,bids[%d].amount",
                                  i, i, i, i);
        hr_status st = sniff(message, sizeof message, text);
        assert_int_equal(st, depth <= HR_SNAPSHOT_LEVELS_MAX ? HR_OK : HR_EUNSUPPORTED);
        if (st != HR_OK) assert_non_null(strstr(message, "asks[50].price"));
    }
    assert_int_equal(sniff(message, sizeof message,
                           "exchange,symbol,timestamp,local_timestamp,asks[0].price,"
                           "asks[0].amount,bids[0].price\n"),
                     HR_EUNSUPPORTED);
    assert_non_null(strstr(message, "bids[0].amount"));
    assert_int_equal(sniff(message, sizeof message,
                           "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,"
                           "amount,price\n"),
                     HR_EUNSUPPORTED);
    assert_int_equal(sniff(message, sizeof message, "time,price\n1,2\n"), HR_EUNSUPPORTED);
    assert_non_null(strstr(message, "tardis"));
}

#define DEPTH "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n"
#define ROW(first, last, side, kind, px, pu)                                                       \
    "BTCUSDT,1667347199939," first "," last "," side "," kind "," px ",2," pu "\n"

static void test_binance_depth(void **state)
{
    static const char text[] = DEPTH ROW("1", "5", "a", "set", "20", "0")
        ROW("1", "5", "b", "set", "19", "0") ROW("9", "9", "b", "snap", "19", "-1");
    const hr_source_info info = venue_csv_info(text);
    (void)state;
    assert_int_equal(info.format, HR_FORMAT_BINANCE_DEPTH_CSV);
    assert_string_equal(info.venue, "binance-futures");
    for (size_t step = 1; step <= sizeof text; step += 3) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 2);
        assert_int_equal(b->kind[0], HR_MSG_DELTA);
        assert_int_equal(b->seq_first[0], 1);
        assert_int_equal(b->seq_last[0], 5);
        assert_int_equal(b->seq_prev[0], 0);
        assert_int_equal(b->ts_event[0], INT64_C(1667347199939) * 1000000);
        assert_int_equal(b->kind[1], HR_MSG_SNAPSHOT);
        assert_int_equal(b->n_levels, 3);
    }
    const hr_evbatch *b = venue_decode(&info, DEPTH ROW("x", "5", "a", "set", "20", "0")
                                                  ROW("1", "5", "a", "what", "20", "0")
                                                      ROW("1", "6", "a", "set", "20", "x"));
    assert_int_equal(b->n_rejects, 3);
    assert_int_equal(b->rejects[0].reason, HR_REJECT_NUMBER);
    assert_int_equal(b->rejects[1].reason, HR_REJECT_FIELD_TYPE);
    assert_int_equal(b->rejects[2].reason, HR_REJECT_NUMBER);
}

/* The mark and the header are skipped once, however they come. */
static void test_mark(void **state)
{
    static const char text[] = "\xef\xbb\xbf" L2 D(T0, "bid", "1", "2");
    const hr_source_info info = venue_csv_info(text);
    (void)state;
    for (size_t step = 1; step <= sizeof text; step++) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 1);
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->src_line[0], 2);
        assert_int_equal(b->src_offset[0], 3 + strlen(L2));
    }
    assert_int_equal(venue_decode(&info, L2)->n_msgs, 0);
    assert_int_equal(venue_decode(&info, "exchange")->n_msgs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_l2),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_noise_between),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_snapshot_columns),
        cmocka_unit_test(test_snapshot_depth),
        cmocka_unit_test(test_binance_depth),
        cmocka_unit_test(test_mark),
    };
    return cmocka_run_group_tests_name("venue csv", tests, NULL, NULL);
}
