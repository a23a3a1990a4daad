/* SPDX-License-Identifier: Apache-2.0 */
/* Venues whose books come in the stream alone: Bitfinex, HitBTC, Gemini, Poloniex; and the checksum
 * of Bitfinex. */
#include <stdio.h>

#include "book/l2.h"
#include "harness.h"
#include "venue/checksum.h"
#include "venue_expect.h"

/* ---- Bitfinex ---- */

static void learn_bitfinex(void)
{
    venue_use("bitfinex");
    venue_learn("161.5: {'event':'subscribed','channel':'book','chanId':5,'symbol':'tABC','prec':"
                "'P0','freq':'F0','len':'25','pair':'ABC'}");
    venue_learn("{'capture_ns':5,'data':{'chanId':6,'event':'subscribed','channel':'trades',"
                "'symbol':'tABC'}}");
    venue_learn("{'event':'subscribed','channel':'ticker','chanId':7,'symbol':'tABC'}");
    venue_learn("{'event':'subscribed','channel':'book','chanId':8,'symbol':'tABC','prec':'R0'}");
    venue_learn("{'event':'subscribed','channel':'trades','chanId':9,'symbol':'fUSD'}");
    venue_learn("{'event':'subscribed','channel':'candles','chanId':10,'key':'trade:1m:tABC'}");
    assert_int_equal(venue_source.n_channels, 6);
}

static void test_bitfinex(void **state)
{
    (void)state;
    learn_bitfinex();
    venue_read("[5,[[2,3,1.5],[1.5,1,0.5],[3,2,-4]],12]\n[5,[3,0,-1],13]\n[5,[1.5,0,1]]\n"
               "[5,[3e0,1,-0.125],15,1700000000000]\n[5,[]]\n[5,'cs',-7,17]\n");
    assert_int_equal(venue_batch->n_msgs, 6);
    venue_expect(0, HR_MSG_SNAPSHOT, "tABC", HR_NULL_I64);
    venue_expect_ids(0, -1, -1, -1);
    venue_expect_level(0, HR_SIDE_BID, 200, 1500);
    venue_expect_level(2, HR_SIDE_ASK, 300, 4000);
    venue_expect(1, HR_MSG_DELTA, "tABC", HR_NULL_I64);
    venue_expect_level(3, HR_SIDE_ASK, 300, 0);
    venue_expect_level(4, HR_SIDE_BID, 150, 0);
    venue_expect_level(5, HR_SIDE_ASK, 300, 125);
    venue_expect(4, HR_MSG_SNAPSHOT, "tABC", HR_NULL_I64);
    venue_expect(5, HR_MSG_DELTA, "tABC", HR_NULL_I64);
    assert_int_equal(venue_batch->level_begin[6], 6);
    hr_book_note note;
    assert_true(hr_evbatch_note_of(&note, venue_batch, 5));
    assert_int_equal(note.checksum, HR_CHECKSUM_BITFINEX);
    assert_int_equal(note.crc, (uint32_t)-7);
    venue_read("[6,'te',[669,1618665870435,-166.5,0.25],9]\n[7,[4,1.7023900800000002,5,2.2626931299"
               "999997,1,1],3]\n[7,[null,null,5,1,1],3]\n");
    venue_expect(0, HR_MSG_TRADE, "tABC", 1618665870435 * MS);
    venue_expect_ids(0, 669, 669, -1);
    venue_expect_level(0, HR_SIDE_ASK, 25, 166500);
    venue_expect(1, HR_MSG_TICKER, "tABC", HR_NULL_I64);
    venue_expect_level(1, HR_SIDE_BID, 400, 0); /* sums of 25 levels: unsaid */
    venue_expect_level(2, HR_SIDE_ASK, 500, 0);
    venue_expect_level(3, HR_SIDE_BID, 0, 0);
    venue_expect_sniffed("{'event':'subscribed','channel':'book','chanId':5}\n", "bitfinex");
}

static void test_bitfinex_refused(void **state)
{
    static const char level[] = "[5,[2,1,3],4]\n";
    static const char trade[] = "[6,'te',[669,1618665870435,-166.5,0.25],9]\n";
    (void)state;
    learn_bitfinex();
    VENUE_EXPECT_SWAPS(
        level, {"[5,", "[4,", HR_REJECT_SYMBOL}, {"[5,", "['5',", -1},
        {"[5,", "[-5,", HR_REJECT_NEGATIVE}, {"3]", "0]", HR_REJECT_SIDE},
        {"[2,1,3]", "[2,1]", HR_REJECT_FIELD_MISSING}, {"[2,1,3]", "{}", HR_REJECT_FIELD_TYPE},
        {"[2,1,3]", "[[2,1,3],4]", HR_REJECT_FIELD_TYPE}, {"[2,", "[2.001,", HR_REJECT_RANGE},
        {"[2,", "[-2,", HR_REJECT_NEGATIVE}, {"[2,1,3],4]", "]", HR_REJECT_JSON},
        {"[2,1,3],4]", "'cs']", HR_REJECT_FIELD_MISSING},
        {"[2,1,3]", "'cs',4294967296", HR_REJECT_RANGE},
        {"[5,[2,1,3],4]", "[5]", HR_REJECT_FIELD_MISSING},
        {"[5,[2,1,3],4]", "7", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(trade, {"[6,", "[4,", HR_REJECT_SYMBOL}, {"-166.5", "0", HR_REJECT_NEGATIVE},
                       {",0.25]", "]", HR_REJECT_FIELD_MISSING},
                       {"[669", "['x'", -1}, /* an id may be a text */
                       {"669,1618665870435", "669,null", HR_REJECT_NULL},
                       {"'te'", "'te',7", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS("[7,[4,1,5,1],3]\n", {"5,1]", "5]", HR_REJECT_FIELD_MISSING},
                       {"[4,", "['a',", HR_REJECT_NUMBER});
    venue_expect_other("[4,'hb',7]\n");
    venue_expect_other("[6,'tu',[669,1618665870435,-166.5,0.25],9]\n");
    venue_expect_other("[6,[[1,2,3,4],[1,2,3,4]],9]\n");
    venue_expect_other("[8,[34753002978,7294.7,1.54340371]]\n");
    venue_expect_other("[9,'te',[1,2,3,4,5]]\n");
    venue_expect_other("[10,[[1,2,3,4,5,6]],7]\n");
    venue_expect_other("{'event':'info','version':2}\n");
}

/* A number that comes to stand for another instrument is not to be trusted, nor one too many. */
static void test_bitfinex_numbers(void **state)
{
    char line[128];
    (void)state;
    learn_bitfinex();
    venue_learn("{'event':'subscribed','channel':'book','chanId':5,'symbol':'tABC','prec':'P0'}");
    assert_int_equal(venue_source.n_channels, 6);
    assert_int_equal(venue_source.channel[0].kind, 'b');
    venue_learn("{'event':'subscribed','channel':'book','chanId':5,'symbol':'tDEF','prec':'P0'}");
    VENUE_EXPECT_SWAPS("[5,'hb']\n", {"'hb'", "[2,1,3]", HR_REJECT_SYMBOL},
                       {"'hb'", "'cs',1", HR_REJECT_SYMBOL});
    venue_learn("{'event':'subscribed','channel':'book','chanId':-5,'symbol':'tABC'}");
    venue_learn("{'event':'subscribed','channel':'book','chanId':4294967296,'symbol':'tABC'}");
    venue_learn("{'event':'subscribed','channel':'book','symbol':'tABC'}");
    venue_learn("{'event':'subscribed','channel':'book','chanId':77,'symbol':'t-27-bytes-are-too-"
                "long-12345'}");
    venue_learn("{'event':'subscribed','chanId':");
    venue_learn("'subscribed'");
    venue_learn("");
    assert_int_equal(venue_source.n_channels, 6);
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line,
                 "{'event':'subscribed','channel':'trades','chanId':%d,'symbol':'tABC'}", 100 + i);
        venue_learn(line);
    }
    assert_int_equal(venue_source.n_channels, HR_CHANNELS_MAX);
}

typedef struct summed {
    int64_t px[4], qty[4]; /* two bids, then two asks; px 0: none */
    unsigned px_scale, qty_scale;
    uint32_t crc; /* of the text, by zlib */
} summed;

/* Numbers below 1e-6 are summed up as JavaScript prints them. */
static void test_bitfinex_checksum(void **state)
{
    static const uint8_t side[] = {0, 0, 1, 1};
    static const summed cases[] = {
        /* 2:3:2.5:-1:1.5:0.5:3:-0.125 */
        {{200, 150, 250, 300}, {3000, 500, 1000, 125}, 2, 3, (uint32_t)-556260552},
        /* 2e-8:100.5:3.1e-7:-2e-8 */
        {{2, 0, 31, 0}, {10050000000, 0, 2, 0}, 8, 8, 266552619},
        /* 9.9e-7:0.000001:0.000001:-1e-7 */
        {{99, 0, 100, 0}, {100, 0, 10, 0}, 8, 8, 193915100u},
        {{0}, {0}, 8, 8, 0},
    };
    const hr_book_note note = {.checksum = HR_CHECKSUM_BITFINEX};
    hr_arena *arena;
    hr_pool *far;
    (void)state;
    assert_int_equal(hr_arena_create(&arena, NULL, 1 << 20, "book", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&far, arena, HR_L2_CHUNK_BYTES, 16, "far", NULL), HR_OK);
    hr_l2 *book = hr_l2_init(hr_arena_alloc(arena, hr_l2_bytes(64), 64), 64, far, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const summed *c = &cases[i];
        hr_l2_reset(book);
        for (uint32_t k = 0; k < 4; k++)
            if (c->px[k] > 0)
                assert_int_equal(hr_l2_apply(book, &side[k], &c->px[k], &c->qty[k], 1), HR_OK);
        assert_int_equal(hr_book_crc(book, &note, c->px_scale, c->qty_scale), c->crc);
    }
    hr_l2_fini(book);
    hr_arena_destroy(&arena);
}

/* ---- HitBTC ---- */

static void test_hitbtc3(void **state)
{
    static const char book[] = "{'ch':'orderbook/full','snapshot':{'ABC':{'t':9,'s':27,'a':[['2',"
                               "'1']],'b':[['1.5','0.5']]}}}\n";
    static const char trades[] = "{'ch':'trades','update':{'ABC':[{'t':9,'i':159,'p':'3','q':'4',"
                                 "'s':'sell'}],'DEF':[{'t':10,'i':160,'p':'5','q':'6','s':'buy'}]}"
                                 "}\n";
    static const char top[] = "{'ch':'orderbook/top/100ms','data':{'ABC':{'t':9,'a':'4','A':'1',"
                              "'b':null,'B':null}}}\n";
    (void)state;
    venue_use("hitbtc");
    venue_read(book);
    venue_expect(0, HR_MSG_SNAPSHOT, "ABC", 9 * MS);
    venue_expect_ids(0, 27, 27, -1);
    venue_expect_level(0, HR_SIDE_BID, 150, 500);
    venue_expect_level(1, HR_SIDE_ASK, 200, 1000);
    venue_read(
        "{'ch':'orderbook/full','update':{'ABC':{'t':9,'s':28,'a':[],'b':[['1.5','0']]}}}\n");
    venue_expect(0, HR_MSG_DELTA, "ABC", 9 * MS);
    venue_read(trades);
    venue_expect(0, HR_MSG_TRADE, "ABC", 9 * MS);
    venue_expect_ids(0, 159, 159, -1);
    venue_expect_level(0, HR_SIDE_ASK, 300, 4000);
    venue_expect(1, HR_MSG_TRADE, "DEF", 10 * MS);
    venue_read(top);
    venue_expect(0, HR_MSG_TICKER, "ABC", 9 * MS);
    venue_expect_level(0, HR_SIDE_BID, 0, 0);
    venue_expect_level(1, HR_SIDE_ASK, 400, 1000);
    venue_expect_sniffed(book, "hitbtc");
    VENUE_EXPECT_SWAPS(
        book, {"'s':27", "'s':-1", HR_REJECT_NEGATIVE}, {"'t':9", "'t':'soon'", HR_REJECT_TIME},
        {"'a':", "'c':", HR_REJECT_FIELD_MISSING}, {"{'ABC':", "[{'ABC':", HR_REJECT_JSON},
        {"'ABC'", "'A B'", HR_REJECT_SYMBOL});
    VENUE_EXPECT_SWAPS(trades, {"'s':'buy'", "'s':'b'", HR_REJECT_SIDE},
                       {"'i':160", "'i':true", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(top, {"'B':null", "'C':1", HR_REJECT_FIELD_MISSING},
                       {"top/100ms", "top/price/100ms", -1});
    venue_expect_other("{'ch':'trades','snapshot':{'ABC':[{'t':9,'i':1}]}}\n");
    venue_expect_other("{'ch':'candles/M1','update':{'ABC':[]}}\n");
    venue_expect_other("{'result':{'ch':'trades','subscriptions':['ABC']},'id':123}\n");
}

static void test_hitbtc2(void **state)
{
    static const char book[] =
        "{'jsonrpc':'2.0','method':'snapshotOrderbook','params':{'ask':[{'price':'2','size':'1'}],"
        "'bid':[{'price':'1','size':'3'}],'symbol':'ABC','sequence':5,'timestamp':"
        "'2021-04-17T16:43:37.075687Z'}}\n";
    static const char trades[] =
        "{'jsonrpc':'2.0','method':'updateTrades','params':{'data':[{'id':13,'price':'2','quantity'"
        ":'3','side':'buy','timestamp':'2021-04-17T16:43:37.075687Z'}],'symbol':'ABC'}}\n";
    static const char ticker[] =
        "{'jsonrpc':'2.0','method':'ticker','params':{'ask':null,'bid':'4','last':'1','timestamp':"
        "'2021-04-17T16:43:37.075687Z','symbol':'ABC'}}\n";
    const int64_t ns = INT64_C(1618677817075687000);
    (void)state;
    venue_use("hitbtc");
    venue_read(book);
    venue_expect(0, HR_MSG_SNAPSHOT, "ABC", ns);
    venue_expect_ids(0, 5, 5, -1);
    venue_expect_level(0, HR_SIDE_BID, 100, 3000);
    venue_read(trades);
    venue_expect(0, HR_MSG_TRADE, "ABC", ns);
    venue_expect_level(0, HR_SIDE_BID, 200, 3000);
    venue_read(ticker);
    venue_expect(0, HR_MSG_TICKER, "ABC", ns);
    venue_expect_level(0, HR_SIDE_BID, 400, 0);
    venue_expect_level(1, HR_SIDE_ASK, 0, 0);
    venue_expect_sniffed(book, "hitbtc");
    VENUE_EXPECT_SWAPS(book, {"snapshotOrderbook", "updateOrderbook", -1},
                       {"'sequence'", "'seq'", HR_REJECT_FIELD_MISSING},
                       {"'size':'3'", "'size':'3.0001'", HR_REJECT_RANGE},
                       {"17T16", "17 T16", HR_REJECT_TIME});
    VENUE_EXPECT_SWAPS(trades, {"'data'", "'date'", HR_REJECT_FIELD_MISSING},
                       {"[{'id'", "{'id'", HR_REJECT_JSON});
    VENUE_EXPECT_SWAPS(ticker, {"'bid':'4'", "'bid':'-4'", HR_REJECT_NEGATIVE},
                       {"'symbol'", "'s'", HR_REJECT_FIELD_MISSING});
    venue_expect_other("{'jsonrpc':'2.0','method':'snapshotTrades','params':{'data':[],'symbol':"
                       "'ABC'}}\n");
    venue_expect_other("{'jsonrpc':'2.0','result':true,'id':'x'}\n");
}

/* ---- Gemini ---- */

static void test_gemini(void **state)
{
    static const char book[] = "{'type':'l2_updates','symbol':'ABC','changes':[['buy','2','3'],"
                               "['sell','2.5','1']],'trades':[],'auction_events':[]}\n";
    static const char trade[] = "{'type':'trade','symbol':'ABC','event_id':454,'timestamp':"
                                "1624493670759,'price':'2','quantity':'0.5','side':'buy'}\n";
    (void)state;
    venue_use("gemini");
    venue_read(book);
    venue_expect(0, HR_MSG_SNAPSHOT, "ABC", HR_NULL_I64);
    venue_expect_level(0, HR_SIDE_BID, 200, 3000);
    venue_expect_level(1, HR_SIDE_ASK, 250, 1000);
    venue_read("{'type':'l2_updates','symbol':'ABC','changes':[['buy','2','0']]}\n");
    venue_expect(0, HR_MSG_DELTA, "ABC", HR_NULL_I64);
    venue_expect_level(0, HR_SIDE_BID, 200, 0);
    venue_read(trade);
    venue_expect(0, HR_MSG_TRADE, "ABC", 1624493670759 * MS);
    venue_expect_ids(0, 454, 454, -1);
    venue_expect_level(0, HR_SIDE_BID, 200, 500);
    venue_expect_sniffed(book, "gemini");
    VENUE_EXPECT_SWAPS(book, {"'symbol'", "'s'", HR_REJECT_FIELD_MISSING},
                       {"'changes':[[", "'changes':{},'x':[[", HR_REJECT_FIELD_TYPE},
                       {"'sell'", "'ask'", HR_REJECT_SIDE});
    VENUE_EXPECT_SWAPS(trade, {"'side':'buy'", "'side':null", HR_REJECT_NULL},
                       {"'event_id'", "'id'", HR_REJECT_FIELD_MISSING},
                       {"'price':'2'", "'price':'2..'", HR_REJECT_NUMBER});
    venue_expect_other("{'type':'heartbeat','timestamp':1624493666869}\n");
    venue_expect_other("{'result':'ok'}\n");
}

/* ---- Poloniex ---- */

static void test_poloniex(void **state)
{
    static const char book[] = "{'channel':'book_lv2','data':[{'symbol':'A_B','createTime':7,"
                               "'asks':[['3','6.2']],'bids':[['2','0']],'lastId':41,'id':44,"
                               "'ts':8}],'action':'update'}\n";
    static const char trades[] = "{'channel':'trades','data':[{'symbol':'A_B','amount':'248',"
                                 "'quantity':'0.25','takerSide':'sell','createTime':9,'price':"
                                 "'21614.59','id':'60184114','ts':10}]}\n";
    (void)state;
    venue_use("poloniex");
    venue_read(book);
    venue_expect(0, HR_MSG_DELTA, "A_B", 7 * MS);
    venue_expect_ids(0, 44, 44, 41);
    venue_expect_level(0, HR_SIDE_BID, 200, 0);
    venue_expect_level(1, HR_SIDE_ASK, 300, 6200);
    venue_read(trades);
    venue_expect(0, HR_MSG_TRADE, "A_B", 9 * MS);
    venue_expect_ids(0, 60184114, 60184114, -1);
    venue_expect_level(0, HR_SIDE_ASK, 2161459, 250);
    venue_expect_sniffed(book, "poloniex");
    venue_expect_sniffed(trades, "poloniex");
    VENUE_EXPECT_SWAPS(
        book, {"'update'", "'snapshot'", -1}, {"'update'", "'erase'", HR_REJECT_UNKNOWN},
        {"'action'", "'a'", HR_REJECT_FIELD_MISSING},
        {"'lastId'", "'last'", HR_REJECT_FIELD_MISSING}, {"'id':44", "'id':4.5", HR_REJECT_NUMBER},
        {"[{'symbol'", "[7,{'symbol'", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(trades, {"'takerSide':'sell'", "'takerSide':'s'", HR_REJECT_SIDE},
                       {"'quantity'", "'q'", HR_REJECT_FIELD_MISSING},
                       {"'createTime':9", "'createTime':''", HR_REJECT_TIME});
    venue_expect_other("{'channel':'book','data':[{'bids':[]}]}\n");
    venue_expect_other("{'event':'subscribe','channel':'trades','symbols':['A_B']}\n");
    venue_expect_other("{'event':'pong'}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitfinex),         cmocka_unit_test(test_bitfinex_refused),
        cmocka_unit_test(test_bitfinex_numbers), cmocka_unit_test(test_bitfinex_checksum),
        cmocka_unit_test(test_hitbtc3),          cmocka_unit_test(test_hitbtc2),
        cmocka_unit_test(test_gemini),           cmocka_unit_test(test_poloniex),
    };
    return cmocka_run_group_tests_name("venue streams", tests, NULL, NULL);
}
