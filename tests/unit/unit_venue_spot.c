/* SPDX-License-Identifier: Apache-2.0 */
/* Coinbase, Gate, KuCoin, Bitstamp: every message that is read, and every reason one is refused
 * for. */
#include "harness.h"
#include "venue_expect.h"

/* ---- Coinbase ---- */

#define NS_2021 INT64_C(1618677817075687000)
#define TIME_2021 "'time':'2021-04-17T16:43:37.075687Z'"

static void test_coinbase_book(void **state)
{
    static const char snapshot[] = "{'type':'snapshot','product_id':'A-B','asks':[['2.5','1'],"
                                   "['3','0.5']],'bids':[['2','4']]}\n";
    static const char update[] = "{'type':'l2update','product_id':'A-B','changes':[['sell','2.5',"
                                 "'0'],['buy','2.25','0.125']]," TIME_2021 "}\n";
    (void)state;
    venue_use("coinbase");
    venue_read(snapshot);
    venue_expect(0, HR_MSG_SNAPSHOT, "A-B", HR_NULL_I64);
    venue_expect_ids(0, -1, -1, -1);
    venue_expect_level(0, HR_SIDE_BID, 200, 4000);
    venue_expect_level(2, HR_SIDE_ASK, 300, 500);
    venue_read(update);
    venue_expect(0, HR_MSG_DELTA, "A-B", NS_2021);
    venue_expect_level(0, HR_SIDE_ASK, 250, 0);
    venue_expect_level(1, HR_SIDE_BID, 225, 125);
    venue_expect_sniffed(update, "coinbase");
    venue_expect_sniffed(snapshot, "coinbase");
    VENUE_EXPECT_SWAPS(snapshot, {"'bids'", "'bid'", HR_REJECT_FIELD_MISSING},
                       {"'product_id'", "'id'", HR_REJECT_FIELD_MISSING},
                       {"'A-B'", "7", HR_REJECT_FIELD_TYPE}, {"'A-B'", "''", HR_REJECT_SYMBOL},
                       {"'A-B'", "'A B'", HR_REJECT_SYMBOL},
                       {"[['2','4']]", "{}", HR_REJECT_FIELD_TYPE},
                       {"'4'", "'-4'", HR_REJECT_NEGATIVE}, {"'2.5'", "'x'", HR_REJECT_NUMBER});
    VENUE_EXPECT_SWAPS(
        update, {"'sell'", "'up'", HR_REJECT_SIDE},
        {"'sell','2.5','0'", "'sell','2.5'", HR_REJECT_FIELD_MISSING},
        {"'2.25'", "'2.255'", HR_REJECT_RANGE}, {"'2.25'", "null", HR_REJECT_NULL},
        {"['sell'", "7,['sell'", HR_REJECT_FIELD_TYPE}, {"37.0", "77.0", HR_REJECT_TIME},
        {"'changes'", "'x'", HR_REJECT_FIELD_MISSING}, {"}\n", "\n", HR_REJECT_JSON});
}

static void test_coinbase_trades(void **state)
{
    static const char match[] =
        "{'type':'match','trade_id':77,'maker_order_id':'m','taker_order_id':'t','side':'sell',"
        "'size':'985','price':'0.5','product_id':'A-B','sequence':9," TIME_2021 "}\n";
    static const char ticker[] = "{'type':'ticker','sequence':12,'product_id':'A-B','price':'5',"
                                 "'best_bid':'4','best_ask':'6','side':'buy'," TIME_2021 "}\n";
    (void)state;
    venue_use("coinbase");
    venue_read(match);
    venue_expect(0, HR_MSG_TRADE, "A-B", NS_2021);
    venue_expect_ids(0, 77, 77, -1);
    venue_expect_level(0, HR_SIDE_BID, 50, 985000); /* the maker sold */
    venue_read(ticker);
    venue_expect(0, HR_MSG_TICKER, "A-B", NS_2021);
    venue_expect_ids(0, 12, 12, -1);
    venue_expect_level(0, HR_SIDE_BID, 400, 0); /* sizes are unsaid */
    venue_expect_level(1, HR_SIDE_ASK, 600, 0);
    VENUE_EXPECT_SWAPS(
        ticker, {"'price':'5'", "'best_bid_size':'1','best_ask_size':'-2'", HR_REJECT_NEGATIVE},
        {"'best_bid':", "'x':", HR_REJECT_FIELD_MISSING},
        {"'sequence':12", "'sequence':'a'", HR_REJECT_NUMBER});
    VENUE_EXPECT_SWAPS(match, {"'side':'sell'", "'side':'none'", HR_REJECT_SIDE},
                       {"'size':'985'", "'size':'0'", HR_REJECT_NEGATIVE},
                       {"'trade_id'", "'id'", HR_REJECT_FIELD_MISSING},
                       {"'trade_id':77", "'trade_id':{}", HR_REJECT_FIELD_TYPE});
    venue_expect_other("{'type':'last_match','trade_id':7}\n");
    venue_expect_other("{'type':'heartbeat','sequence':90,'product_id':'A-B'}\n");
    venue_expect_other("{'type':'received','price':'not read','product_id':'A-B'}\n");
    venue_expect_other("{'no':'type'}\n");
}

#define ID_A "'60de12d8-f80b-4848-adbc-2b17375a9216'"
#define ID_B "'dde97b89-4982-45fe-ac8e-0c3c7b694fde'"
#define ORDER "'order_id':" ID_A ",'product_id':'A-B','sequence':7," TIME_2021

static void expect_order(hr_order_action action, int64_t seq, int64_t prev)
{
    venue_expect(0, HR_MSG_ORDER, "A-B", NS_2021);
    assert_int_equal(hr_order_action_of(venue_batch->flags[0]), action);
    assert_int_equal(venue_batch->seq_last[0], seq);
    assert_int_equal(venue_batch->seq_prev[0], prev);
}

static void test_coinbase_orders(void **state)
{
    static const char open[] =
        "{'type':'open','price':'2.5','remaining_size':'1.5','side':'sell'," ORDER "}\n";
    static const char match[] =
        "{'type':'match','trade_id':77,'maker_order_id':" ID_A ",'taker_order_id':" ID_B
        ",'side':'sell','size':'0.5','price':'2.5','product_id':'A-B','sequence':8," TIME_2021
        "}\n";
    static const char change[] =
        "{'type':'change','new_size':'1','new_price':'2.25','side':'sell'," ORDER "}\n";
    (void)state;
    venue_use("coinbase");
    venue_expect_sniffed(open, "coinbase");
    assert_false(venue_source.has_orders);
    venue_learn(match); /* a match alone is of either channel */
    assert_false(venue_source.has_orders);
    venue_learn(open);
    assert_true(venue_source.has_orders);
    venue_read(open);
    expect_order(HR_ORDER_ADD, 7, -1);
    venue_expect_level(0, HR_SIDE_ASK, 250, 1500);
    int64_t id = venue_batch->seq_first[0];
    assert_true(id > 0);
    venue_read(match);
    expect_order(HR_ORDER_EXECUTE, 8, 77);
    assert_int_equal(venue_batch->seq_first[0], id);
    venue_expect_level(0, HR_SIDE_ASK, 250, 500);
    venue_read(change);
    expect_order(HR_ORDER_MODIFY, 7, -1);
    assert_int_equal(venue_batch->px[0], 225);
    venue_read("{'type':'change','new_funds':'5','price':null," ORDER "}\n");
    expect_order(HR_ORDER_NOTE, 7, -1);
    venue_read("{'type':'done','reason':'filled'," ORDER "}\n");
    expect_order(HR_ORDER_DELETE, 7, -1);
    venue_read("{'type':'received','price':'not read'," ORDER "}\n");
    expect_order(HR_ORDER_NOTE, 7, -1);
    venue_expect_other("{'type':'l2update','product_id':'A-B','changes':[]}\n");
    VENUE_EXPECT_SWAPS(
        open, {"'order_id'", "'id'", HR_REJECT_FIELD_MISSING},
        {"60de12d8-", "60de12d8x", HR_REJECT_NUMBER}, {"60de12d8", "60de12dg", HR_REJECT_NUMBER},
        {"'sequence':7", "'sequence':-7", HR_REJECT_NEGATIVE},
        {"'product_id'", "'id'", HR_REJECT_FIELD_MISSING}, {"'1.5'", "'0'", HR_REJECT_NEGATIVE},
        {"'sell'", "'up'", HR_REJECT_SIDE}, {"37.0", "77.0", HR_REJECT_TIME});
    VENUE_EXPECT_SWAPS(match, {"'maker_order_id'", "'id'", HR_REJECT_FIELD_MISSING},
                       {"'size':'0.5'", "'size':'0'", HR_REJECT_NEGATIVE},
                       {"'trade_id':77", "'trade_id':{}", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(change, {"'new_size':'1'", "'new_size':'x'", HR_REJECT_NUMBER},
                       {"'order_id'", "'id'", HR_REJECT_FIELD_MISSING});
}

static void test_coinbase_order_books(void **state)
{
    static const char book[] = "{'product_id':'A-B','sequence':9,'bids':[['2','4'," ID_A
                               "]],'asks':[['2.5','1'," ID_B "]]," TIME_2021 "}\n";
    (void)state;
    venue_use("coinbase");
    venue_expect_sniffed(book, "coinbase");
    venue_learn(book);
    assert_true(venue_source.has_orders);
    venue_read(book);
    assert_int_equal(venue_batch->n_msgs, 4);
    assert_int_equal(venue_batch->kind[3], HR_MSG_ORDER);
    assert_int_equal(hr_order_action_of(venue_batch->flags[0]), HR_ORDER_CLEAR);
    assert_int_equal(hr_order_action_of(venue_batch->flags[3]), HR_ORDER_NOTE);
    assert_int_equal(venue_batch->seq_last[3], 9);
    assert_int_equal(venue_batch->seq_prev[3], 2);
    venue_expect_level(1, HR_SIDE_BID, 200, 4000);
    venue_expect_level(2, HR_SIDE_ASK, 250, 1000);
    assert_true((venue_batch->flags[1] & HR_FLAG_SNAPSHOT) != 0);
    /* parts of one */
    venue_read("{'product_id':'A-B','bids':[['2','4'," ID_A "],");
    assert_int_equal(venue_batch->n_msgs, 2);
    venue_read("{'product_id':'A-B','continues':1,'bids':[['1','4'," ID_B
               "]],'asks':[],'sequence':12}\n");
    assert_int_equal(venue_batch->n_msgs, 2);
    assert_int_equal(venue_batch->seq_prev[1], 2);
    assert_int_equal(venue_batch->seq_last[1], 12);
    VENUE_EXPECT_SWAPS(
        book, {"'sequence'", "'x'", HR_REJECT_FIELD_MISSING}, {"'4'", "'-4'", HR_REJECT_NEGATIVE},
        {"'4'", "'0'", HR_REJECT_NEGATIVE}, {"['2','4',", "['2',['4'],", HR_REJECT_FIELD_TYPE},
        {"'asks':[[", "'asks':[7,[", HR_REJECT_FIELD_TYPE}, {"}\n", "\n", HR_REJECT_JSON});
}

static void test_coinbase_advanced(void **state)
{
    static const char book[] =
        "{'channel':'l2_data','client_id':'','timestamp':'2023-02-09T20:32:50.714964855Z',"
        "'sequence_num':5,'events':[{'type':'snapshot','product_id':'A-B','updates':[{'side':'bid',"
        "'event_time':'1970-01-01T00:00:00Z','price_level':'2','new_quantity':'3'},{'side':'offer',"
        "'event_time':'1970-01-01T00:00:00Z','price_level':'4','new_quantity':'5'}]},"
        "{'type':'update','product_id':'C-D','updates':[{'side':'offer','event_time':"
        "'2021-04-17T16:43:37.075687Z','price_level':'4','new_quantity':'0'}]}]}\n";
    static const char ticker[] =
        "{'channel':'ticker','timestamp':'2021-04-17T16:43:37.075687Z','sequence_num':6,'events':"
        "[{'type':'update','tickers':[{'type':'ticker','product_id':'A-B','best_bid':'2',"
        "'best_bid_quantity':'3','best_ask':'4','best_ask_quantity':'5'},{'product_id':'E-F',"
        "'price':'1'}]}]}\n";
    (void)state;
    venue_use("coinbase");
    venue_read(book);
    venue_expect(0, HR_MSG_SNAPSHOT, "A-B", INT64_C(1675974770714964855));
    venue_expect_ids(0, 5, 5, -1);
    venue_expect_level(1, HR_SIDE_ASK, 400, 5000);
    venue_expect(1, HR_MSG_DELTA, "C-D", NS_2021);
    venue_expect_level(2, HR_SIDE_ASK, 400, 0);
    venue_read(ticker);
    assert_int_equal(venue_batch->n_msgs, 1);
    venue_expect(0, HR_MSG_TICKER, "A-B", NS_2021);
    venue_expect_level(1, HR_SIDE_ASK, 400, 5000);
    venue_expect_sniffed(book, "coinbase");
    VENUE_EXPECT_SWAPS(book, {"'side':'bid'", "'side':'buy'", HR_REJECT_SIDE},
                       {"'type':'update'", "'type':'later'", HR_REJECT_UNKNOWN},
                       {"'new_quantity'", "'quantity'", HR_REJECT_FIELD_MISSING},
                       {"'updates'", "'up'", HR_REJECT_FIELD_MISSING},
                       {"'sequence_num':5", "'sequence_num':-5", HR_REJECT_NEGATIVE},
                       {"'event_time':'1970", "'event_time':'70", HR_REJECT_TIME});
    VENUE_EXPECT_SWAPS(ticker, {"'best_bid_quantity'", "'x'", HR_REJECT_FIELD_MISSING},
                       {"'best_ask':'4'", "'best_ask':'4.001'", HR_REJECT_RANGE},
                       {"'tickers'", "'none'", -1});
    venue_expect_other("{'channel':'market_trades','sequence_num':1,'events':[{'trades':[]}]}\n");
}

/* ---- Gate ---- */

#define GATE(channel, result)                                                                      \
    "{'time':3,'channel':'" channel "','event':'update','result':" result "}\n"

static void test_coinbase_advanced_trades(void **state)
{
    static const char trades[] =
        "{'channel':'market_trades','timestamp':'2021-04-17T16:43:38Z','sequence_num':5,'events':["
        "{'type':'update','trades':[{'trade_id':'77','product_id':'A-B','price':'0.5','size':'2',"
        "'side':'SELL'," TIME_2021 "}]}]}\n";
    (void)state;
    venue_use("coinbase");
    venue_read(trades);
    venue_expect(0, HR_MSG_TRADE, "A-B", NS_2021);
    venue_expect_ids(0, 77, 77, -1);
    venue_expect_level(0, HR_SIDE_BID, 50, 2000); /* the maker sold */
    VENUE_EXPECT_SWAPS(trades, {"'SELL'", "'UP'", HR_REJECT_SIDE},
                       {"'price'", "'x'", HR_REJECT_FIELD_MISSING},
                       {"'size':'2'", "'size':'0'", HR_REJECT_NEGATIVE},
                       {"'trades'", "'x'", HR_REJECT_FIELD_MISSING}, {"'time'", "'x'", -1});
    venue_expect_other("{'channel':'market_trades','events':[{'type':'snapshot','trades':[7]}]}\n");
}

static void test_gateio_spot(void **state)
{
    static const char update[] =
        GATE("spot.order_book_update", "{'t':9,'e':'depthUpdate','E':9,'s':'A_B','U':7,'u':8,"
                                       "'b':[['1.5','0']],'a':[['2','3'],['0','0']]}");
    static const char trade[] = GATE("spot.trades", "{'id':81,'create_time':3,'create_time_ms':"
                                                    "'3708.2642','side':'sell','currency_pair':"
                                                    "'A_B','amount':'0.2010','price':'121.58'}");
    static const char best[] = GATE("spot.book_ticker", "{'t':9,'u':48,'s':'A_B','b':'4','B':'5',"
                                                        "'a':'','A':'0'}");
    (void)state;
    venue_use("gateio");
    venue_read(update);
    venue_expect(0, HR_MSG_DELTA, "A_B", 9 * MS);
    venue_expect_ids(0, 7, 8, -1);
    assert_int_equal(venue_batch->n_levels, 2); /* a price of 0 is none */
    venue_expect_level(0, HR_SIDE_BID, 150, 0);
    venue_expect_level(1, HR_SIDE_ASK, 200, 3000);
    venue_read(trade);
    venue_expect(0, HR_MSG_TRADE, "A_B", INT64_C(3708264200));
    venue_expect_ids(0, 81, 81, -1);
    venue_expect_level(0, HR_SIDE_ASK, 12158, 201);
    venue_read(best);
    venue_expect(0, HR_MSG_TICKER, "A_B", 9 * MS);
    venue_expect_ids(0, 48, 48, -1);
    venue_expect_level(0, HR_SIDE_BID, 400, 5000);
    venue_expect_level(1, HR_SIDE_ASK, 0, 0);
    venue_read(GATE("spot.tickers", "{'currency_pair':'A_B','highest_bid':'1','lowest_ask':'2'}"));
    venue_expect(0, HR_MSG_TICKER, "A_B", 3000 * MS);
    venue_expect_level(1, HR_SIDE_ASK, 200, 0);
    venue_expect_sniffed(update, "gateio");
    VENUE_EXPECT_SWAPS(
        update, {"'U':7", "'U':null", HR_REJECT_NULL}, {"'u':8", "'v':8", HR_REJECT_FIELD_MISSING},
        {"'b':[['1.5','0']]", "'b':[['1.5']]", HR_REJECT_FIELD_MISSING},
        {"'t':9", "'t':'1.2.3'", HR_REJECT_TIME}, {"['0','0']", "['0','1']", HR_REJECT_NEGATIVE},
        {"'event':'update'", "'event':'subscribe'", -1});
    VENUE_EXPECT_SWAPS(trade, {"'side':'sell'", "'side':''", HR_REJECT_SIDE},
                       {"'create_time_ms':'3708.2642'", "'create_time_ms':'-1'", HR_REJECT_TIME},
                       {"'amount':'0.2010'", "'amount':'-1'", HR_REJECT_NEGATIVE},
                       {"'price'", "'p'", HR_REJECT_FIELD_MISSING});
    venue_expect_other("{'time':1,'channel':'spot.order_book','event':'update','result':{'bids':"
                       "[['1','2']]}}\n");
    venue_expect_other("{'time':1,'channel':'spot.trades','event':'subscribe','result':{}}\n");
    venue_expect_other("{'channel':'pong','event':'update','result':1}\n");
}

static void test_gateio_futures(void **state)
{
    static const char update[] = "{'time':1,'time_ms':1000,'channel':'futures.order_book_update',"
                                 "'event':'update','result':{'U':3,'a':[{'p':'0.5','s':0}],"
                                 "'b':[{'p':'0.25','s':'12'}],'s':'A_B','t':17,'u':4}}\n";
    static const char trades[] =
        GATE("futures.trades", "[{'size':-108,'id':27,'create_time':1,'create_time_ms':1545,"
                               "'price':'96.4','contract':'A_B'},{'size':'3','id':28,"
                               "'create_time_ms':1546,'price':'97','contract':'A_B'}]");
    (void)state;
    venue_use("gateio-futures");
    venue_read(update);
    venue_expect(0, HR_MSG_DELTA, "A_B", 17 * MS);
    venue_expect_ids(0, 3, 4, -1);
    venue_expect_level(0, HR_SIDE_BID, 25, 12000);
    venue_expect_level(1, HR_SIDE_ASK, 50, 0);
    venue_read(trades);
    venue_expect(0, HR_MSG_TRADE, "A_B", 1545 * MS);
    venue_expect_level(0, HR_SIDE_ASK, 9640, 108000);
    venue_expect_level(1, HR_SIDE_BID, 9700, 3000);
    venue_expect_sniffed(update, "gateio-futures");
    VENUE_EXPECT_SWAPS(update, {"'s':'12'", "'q':'12'", HR_REJECT_FIELD_MISSING},
                       {"{'p':'0.5','s':0}", "{'p':'0.5','s':-1}", HR_REJECT_NEGATIVE},
                       {"{'p':'0.5','s':0}", "7", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(trades, {"'size':'3'", "'size':0", HR_REJECT_NEGATIVE},
                       {"'contract'", "'currency_pair'", HR_REJECT_FIELD_MISSING});
}

static void test_gateio_answers(void **state)
{
    static const char url[] = "https://api.gateio.ws/api/v4/futures/usdt/order_book?contract=A_B&"
                              "limit=100&with_id=true";
    (void)state;
    venue_use("gateio-futures");
    venue_read_answer(url, "{'current':1684930166.384,'update':1684930166.35,'asks':[{'s':803,"
                           "'p':'0.5'}],'bids':[],'id':99}");
    venue_expect(0, HR_MSG_SNAPSHOT, "A_B", INT64_C(1684930166350000000));
    venue_expect_ids(0, 99, 99, -1);
    venue_expect_level(0, HR_SIDE_ASK, 50, 803000);
    venue_read_answer(url, "{'asks':[],'bids':[]}"); /* asked without with_id */
    assert_int_equal(venue_batch->rejects[0].reason, HR_REJECT_FIELD_MISSING);
    venue_read_answer(url, "{'label':'CONTRACT_NOT_FOUND'}");
    assert_int_equal(venue_batch->kind[0], HR_MSG_OTHER);
    venue_use("gateio");
    venue_read_answer("https://api.gateio.ws/api/v4/spot/order_book?currency_pair=A_B&with_id=true",
                      "{'id':7,'update':123,'asks':[],'bids':[['2','3']]}");
    venue_expect(0, HR_MSG_SNAPSHOT, "A_B", 123 * MS);
    venue_expect_level(0, HR_SIDE_BID, 200, 3000);
}

/* ---- KuCoin ---- */

static void test_kucoin(void **state)
{
    static const char update[] = "{'data':{'sequenceStart':8,'symbol':'A-B','changes':{'asks':[["
                                 "'0','0','8']],'bids':[['1.5','2','9']]},'sequenceEnd':9},"
                                 "'subject':'trade.l2update','topic':'/market/level2:A-B',"
                                 "'type':'message'}\n";
    static const char match[] =
        "{'data':{'symbol':'A-B','sequence':'16','side':'buy','size':'1','price':'2',"
        "'takerOrderId':'x','time':'1619378327739050725','type':'match','makerOrderId':'y',"
        "'tradeId':'6085c09769bc506996295e36'},'subject':'trade.l3match',"
        "'topic':'/market/match:A-B','type':'message'}\n";
    static const char ticker[] =
        "{'data':{'sequence':'51','bestAsk':'3','size':'1','bestBidSize':'4','price':'2',"
        "'time':23,'bestAskSize':'5','bestBid':'2'},'subject':'trade.ticker',"
        "'topic':'/market/ticker:A-B','type':'message'}\n";
    (void)state;
    venue_use("kucoin");
    venue_read(update);
    venue_expect(0, HR_MSG_DELTA, "A-B", HR_NULL_I64);
    venue_expect_ids(0, 8, 9, -1);
    assert_int_equal(venue_batch->n_levels, 1);
    venue_expect_level(0, HR_SIDE_BID, 150, 2000);
    venue_read(match);
    venue_expect(0, HR_MSG_TRADE, "A-B", INT64_C(1619378327739050725));
    venue_expect_text(0, "6085c09769bc506996295e36");
    venue_expect_level(0, HR_SIDE_BID, 200, 1000);
    venue_read(ticker);
    venue_expect(0, HR_MSG_TICKER, "A-B", 23 * MS);
    venue_expect_ids(0, 51, 51, -1);
    venue_expect_level(0, HR_SIDE_BID, 200, 4000);
    venue_expect_level(1, HR_SIDE_ASK, 300, 5000);
    venue_expect_sniffed(update, "kucoin");
    VENUE_EXPECT_SWAPS(update, {"'sequenceEnd'", "'end'", HR_REJECT_FIELD_MISSING},
                       {"'asks'", "'ask'", HR_REJECT_FIELD_MISSING},
                       {"'sequenceStart':8", "'sequenceStart':8,'time':5", -1},
                       {"'sequenceStart':8", "'sequenceStart':8,'time':{}", HR_REJECT_FIELD_TYPE},
                       {"'changes':{", "'changes':7,'was':{", HR_REJECT_FIELD_TYPE});
    VENUE_EXPECT_SWAPS(match, {"'tradeId':'6085c09769bc506996295e36'", "'tradeId':17", -1},
                       {"'side':'buy'", "'side':7", HR_REJECT_FIELD_TYPE},
                       {"'price':'2'", "'price':'0'", HR_REJECT_NEGATIVE},
                       {"1619378327739050725", "x", HR_REJECT_NUMBER});
    VENUE_EXPECT_SWAPS(ticker, {"'bestAsk':'3'", "'bestAsk':null", -1},
                       {"'bestAsk':'3'", "'ask':'3'", HR_REJECT_FIELD_MISSING},
                       {"'sequence':'51'", "'sequence':''", HR_REJECT_NUMBER});
}

static void test_kucoin_more(void **state)
{
    static const char url[] = "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=A-B";
    (void)state;
    venue_use("kucoin");
    venue_read("{'data':{'sequence':'51','bestAsk':'3','bestBidSize':'4','time':23,'bestAskSize':"
               "'5','bestBid':'2'},'subject':'C-D','topic':'/market/ticker:all'}\n"
               "{'topic':'/spotMarket/level1:E-F','subject':'level1','data':{'asks':['3','4'],"
               "'bids':null,'timestamp':7}}\n");
    venue_expect(0, HR_MSG_TICKER, "C-D", 23 * MS);
    venue_expect(1, HR_MSG_TICKER, "E-F", 7 * MS);
    venue_expect_level(2, HR_SIDE_BID, 0, 0);
    venue_expect_level(3, HR_SIDE_ASK, 300, 4000);
    venue_read_answer(url, "{'code':'200000','data':{'time':5,'sequence':'77','bids':[['2','3']],"
                           "'asks':[['4','1']]}}");
    venue_expect(0, HR_MSG_SNAPSHOT, "A-B", 5 * MS);
    venue_expect_ids(0, 77, 77, -1);
    venue_read_answer(url, "{'code':'200000','data':{'time':5,'bids':[],'asks':[]}}");
    assert_int_equal(venue_batch->rejects[0].reason, HR_REJECT_FIELD_MISSING);
    venue_read_answer(url, "{'code':'429000','msg':'Too Many Requests'}");
    assert_int_equal(venue_batch->kind[0], HR_MSG_OTHER);
    venue_expect_other("{'id':'N','type':'welcome'}\n");
    venue_expect_other("{'topic':'/market/candles:A-B_1min','subject':'trade.candles.add','data':"
                       "{'candles':[]}}\n");
    venue_expect_other("{'topic':'/spotMarket/level2Depth5:A-B','subject':'level2','data':{}}\n");
}

/* ---- Bitstamp ---- */

static void test_bitstamp(void **state)
{
    static const char update[] = "{'data':{'timestamp':'1','microtimestamp':'1641343691244908',"
                                 "'bids':[['1.5','2']],'asks':[['2','0.00000000']]},"
                                 "'channel':'diff_order_book_abc','event':'data'}\n";
    static const char trade[] =
        "{'data':{'id':216,'timestamp':'1','amount':0.07920001,'amount_str':'0.079','price':5.44,"
        "'price_str':'5.44','type':1,'microtimestamp':'1641343699596000'},"
        "'channel':'live_trades_abc','event':'trade'}\n";
    (void)state;
    venue_use("bitstamp");
    venue_read(update);
    venue_expect(0, HR_MSG_DELTA, "abc", INT64_C(1641343691244908000));
    venue_expect_ids(0, INT64_C(1641343691244908), INT64_C(1641343691244908), -1);
    venue_expect_level(0, HR_SIDE_BID, 150, 2000);
    venue_expect_level(1, HR_SIDE_ASK, 200, 0);
    venue_read(trade);
    venue_expect(0, HR_MSG_TRADE, "abc", INT64_C(1641343699596000000));
    venue_expect_ids(0, 216, 216, -1);
    venue_expect_level(0, HR_SIDE_ASK, 544, 79);
    venue_read_answer("https://www.bitstamp.net/api/v2/order_book/abc",
                      "{'timestamp': '1', 'microtimestamp': '1641343695572693', 'bids': [['1', "
                      "'2']], 'asks': []}");
    venue_expect(0, HR_MSG_SNAPSHOT, "abc", INT64_C(1641343695572693000));
    venue_expect_level(0, HR_SIDE_BID, 100, 2000);
    venue_expect_sniffed(update, "bitstamp");
    venue_expect_sniffed(trade, "bitstamp");
    VENUE_EXPECT_SWAPS(update, {"'microtimestamp'", "'micros'", HR_REJECT_FIELD_MISSING},
                       {"'asks'", "'ask'", HR_REJECT_FIELD_MISSING},
                       {"'event':'data'", "'event':7", HR_REJECT_FIELD_TYPE},
                       {"diff_order_book_abc", "diff_order_book_", -1},
                       {"diff_order_book_abc", "order_book_abc", -1},
                       {"1641343691244908", "9223372036854775807", HR_REJECT_TIME});
    VENUE_EXPECT_SWAPS(trade, {"'type':1", "'type':2", HR_REJECT_SIDE},
                       {"'amount_str':'0.079'", "'x':1", HR_REJECT_RANGE},
                       {"'price_str'", "'x'", -1},
                       {"'type':1", "'kind':1", HR_REJECT_FIELD_MISSING});
    venue_expect_other("{'event':'bts:subscription_succeeded','channel':'live_trades_abc','data':{}"
                       "}\n");
    venue_expect_other("{'event':'order_created','channel':'live_orders_abc','data':{'id':1}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coinbase_book),     cmocka_unit_test(test_coinbase_trades),
        cmocka_unit_test(test_coinbase_orders),   cmocka_unit_test(test_coinbase_order_books),
        cmocka_unit_test(test_coinbase_advanced), cmocka_unit_test(test_coinbase_advanced_trades),
        cmocka_unit_test(test_gateio_spot),       cmocka_unit_test(test_gateio_futures),
        cmocka_unit_test(test_gateio_answers),    cmocka_unit_test(test_kucoin),
        cmocka_unit_test(test_kucoin_more),       cmocka_unit_test(test_bitstamp),
    };
    return cmocka_run_group_tests_name("venue spot", tests, NULL, NULL);
}
