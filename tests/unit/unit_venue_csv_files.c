/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files that Binance and Tardis publish: what they are told by, their rows as events, and the
 * values of tables. */
#include <stdio.h>

#include "harness.h"
#include "text/decimal.h"
#include "venue/files/csv_table.h"
#include "venue_rig.h"

#define AGG_HEAD                                                                                   \
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
#define AGG_ROW "7,100.50000000,2.50000000,70,71,1704153600123,True,True\n"
#define TRADES_ROW "9,100.50000000,2.50000000,251.25,1735776000123456,False,True\n"
#define QUOTES                                                                                     \
    "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
#define SPOT "data/spot/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01-02.zip"
#define KLINE "1704153600000,1.1,1.2,1.0,1.15,10.5,1704153659999,11.5,7,5,5.5,0\n"
#define DERIVATIVES                                                                                \
    "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,"                    \
    "predicted_funding_rate,open_interest,last_price,index_price,mark_price\n"
#define TARDIS_TRADES "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"

static hr_status sniff(hr_source_info *info, char *why, const char *path, const char *text)
{
    hr_err err = HR_ERR_INIT;
    info->px_scale = 2;
    info->qty_scale = 3;
    hr_status st = hr_sniff_text(info, why, 128, path, text, strlen(text), &err);
    if (st != HR_OK) snprintf(why, HR_ERR_MSG_BYTES, "%s", err.message);
    return st;
}

typedef struct known {
    const char *path, *text;
    hr_format format;
    const char *venue, *symbol;
} known;

static void test_known(void **state)
{
    static const known files[] = {
        {SPOT, AGG_ROW, HR_FORMAT_BINANCE_AGG_TRADES, "binance", "BTCUSDT"},
        {"BTCUSDT-aggTrades-2024-01.csv", AGG_ROW, HR_FORMAT_BINANCE_AGG_TRADES, "binance",
         "BTCUSDT"},
        {"ETHBTC-trades-2025-01-02.csv.gz", TRADES_ROW, HR_FORMAT_BINANCE_TRADES, "binance",
         "ETHBTC"},
        {"data/futures/um/x/BTCUSDT-aggTrades-2024-01-02.csv", AGG_HEAD,
         HR_FORMAT_BINANCE_AGG_TRADES, "binance-futures", "BTCUSDT"},
        {"futures/cm/BTCUSD_PERP-aggTrades-2024-01-02.csv", AGG_HEAD, HR_FORMAT_BINANCE_AGG_TRADES,
         "binance-delivery", "BTCUSD_PERP"},
        {"symbol=A/any.csv", AGG_HEAD, HR_FORMAT_BINANCE_AGG_TRADES, "binance-futures", "A"},
        {"venue=okx/symbol=A/f.csv", AGG_HEAD, HR_FORMAT_BINANCE_AGG_TRADES, "okx", "A"},
        {"q.csv", "\xef\xbb\xbf" QUOTES, HR_FORMAT_TARDIS_QUOTES, "", ""},
        {"BTCUSDT-1h-2024-01-02.csv", KLINE, HR_FORMAT_BINANCE_KLINES, "binance", "BTCUSDT"},
        {"d.csv", DERIVATIVES, HR_FORMAT_TARDIS_DERIVATIVES, "", ""},
        {"deribit_liquidations_2024-01-02_OPTIONS.csv", TARDIS_TRADES,
         HR_FORMAT_TARDIS_LIQUIDATIONS, "", ""},
        {"deribit_trades_2024-01-02_OPTIONS.csv", TARDIS_TRADES, HR_FORMAT_TARDIS_TRADES, "", ""},
        {"o.csv", "Close, LOW,high,Open,Date\n", HR_FORMAT_OHLCV, "", ""},
    };
    char why[HR_ERR_MSG_BYTES];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(files); i++) {
        hr_source_info info = {.takes_records = true};
        assert_int_equal(sniff(&info, why, files[i].path, files[i].text), HR_OK);
        assert_int_equal(info.format, files[i].format);
        assert_string_equal(info.venue, files[i].venue);
        assert_string_equal(info.symbol, files[i].symbol);
        assert_non_null(strstr(why, info.has_header ? "CSV header of" : "no header"));
        info = (hr_source_info){0};
        hr_status st = sniff(&info, why, files[i].path, files[i].text);
        assert_int_equal(st, hr_format_is_records(files[i].format) ? HR_EUNSUPPORTED : HR_OK);
        if (st != HR_OK) assert_non_null(strstr(why, "headrace convert"));
    }
}

static void test_refused(void **state)
{
    static const char *const files[][3] = {
        {"any.csv", AGG_ROW, "--format binance-aggtrades"},
        {"BTCUSDT-trades-2024-01-02.csv", AGG_ROW, "--format binance-aggtrades"},
        {"BTCUSDT-aggTrades.csv", AGG_ROW, "--format binance-aggtrades"},
        {"btcusdt-aggTrades-2024-01-02.csv", AGG_ROW, "--format binance-aggtrades"},
        {"BTCUSDT-9h-2024-01-02.csv", KLINE, "--format binance-klines"},
        {"any.csv", AGG_HEAD, "does not say which"},
        {"o.csv", "date,open,high,low,close,rsi\n", "'rsi' is not known"},
        {"o.csv", "date,open,high,low,close,time\n", "'time' says what another does"},
        {"o.csv", "date,open,high,low\n", "is not known"},
        {"BTCUSDT-aggTrades-2024-01-02.csv", "7,100.5,2.5,70,71,1704153600123,yes\n", "not known"},
        {"BTCUSDT-aggTrades-2024-01-02.csv", "7,100.5,2.5,70,71,17041536,True\n", "not known"},
    };
    char why[HR_ERR_MSG_BYTES];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(files); i++) {
        hr_source_info info = {.takes_records = true};
        assert_int_equal(sniff(&info, why, files[i][0], files[i][1]), HR_EUNSUPPORTED);
        if (i < 8) assert_non_null(strstr(why, files[i][2]));
    }
    hr_source_info info = {.format = HR_FORMAT_TARDIS_QUOTES};
    assert_int_equal(sniff(&info, why, "q.csv", AGG_HEAD), HR_EUNSUPPORTED);
    assert_non_null(strstr(why, "none of Tardis quotes"));
    info = (hr_source_info){.format = HR_FORMAT_TARDIS_TRADES};
    assert_int_equal(sniff(&info, why, "x_liquidations_y.csv", TARDIS_TRADES), HR_OK);
    assert_int_equal(info.format, HR_FORMAT_TARDIS_TRADES);
}

static void test_trades(void **state)
{
    static const char text[] = AGG_ROW AGG_ROW "8,100.51,1,72,72,1735776000123456,False,True\r\n";
    hr_source_info info = {0};
    char why[HR_ERR_MSG_BYTES];
    (void)state;
    assert_int_equal(sniff(&info, why, SPOT, text), HR_OK);
    for (size_t step = 1; step <= sizeof text; step += 3) {
        const hr_evbatch *b = venue_decode_split(&info, text, step);
        assert_int_equal(b->n_msgs, 3);
        assert_int_equal(b->n_rejects, 0);
        assert_int_equal(b->kind[0], HR_MSG_TRADE);
        assert_int_equal(b->flags[0], HR_FLAG_AGG);
        assert_true(b->seq_first[0] == 7 && b->seq_last[0] == 7 && b->seq_prev[0] == -1);
        assert_true(b->ts_event[0] == INT64_C(1704153600123000000));
        assert_true(b->ts_recv[0] == b->ts_event[0]);
        assert_true(b->ts_event[2] == INT64_C(1735776000123456000));
        assert_true(b->px[0] == 10050 && b->qty[0] == 2500);
        assert_true(b->side[0] == HR_SIDE_ASK && b->side[2] == HR_SIDE_BID);
        assert_string_equal(b->syms[b->sym[2]].symbol, "BTCUSDT");
        assert_string_equal(b->syms[b->sym[2]].venue, "binance");
        assert_int_equal(b->n_syms, 1);
    }
    static const char late[] = "\xef\xbb\xbf\n\r\n" AGG_HEAD "7,1,1,1,1,1704153600123,true\n";
    info = (hr_source_info){0};
    assert_int_equal(sniff(&info, why, SPOT, late), HR_OK);
    for (size_t step = 1; step <= sizeof late; step++) {
        const hr_evbatch *b = venue_decode_split(&info, late, step);
        assert_true(b->n_msgs == 1 && b->n_rejects == 0 && b->n_lines == 4 && b->src_line[0] == 4);
    }
    info = (hr_source_info){.format = HR_FORMAT_BINANCE_TRADES};
    snprintf(info.symbol, sizeof info.symbol, "ETHBTC");
    assert_int_equal(sniff(&info, why, "x.csv", TRADES_ROW), HR_OK);
    const hr_evbatch *b = venue_decode(&info, TRADES_ROW);
    assert_int_equal(b->n_rejects, 0);
    assert_true(b->flags[0] == 0 && b->seq_last[0] == 9 && b->qty[0] == 2500);
}

static void test_tickers(void **state)
{
    static const char quotes[] = QUOTES "deribit,BTC,1704153600123000,1704153600123456,2,11,10,1\n"
                                        "deribit,BTC,1704153600123000,1704153600123456,,,10,1\n"
                                        "deribit,BTC,1704153600123000,1704153600123456,0,11,10,1\n"
                                        "deribit,BTC,1704153600123000,1704153600123456,2,,10,1\n"
                                        "deribit,BTC,1704153600123000,1704153600123456,2,0,10,1\n";
    static const char book[] = "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,"
                               "transaction_time,event_time\n7,10,1,11,2,1704153600123,1\n";
    hr_source_info info = {0};
    char why[HR_ERR_MSG_BYTES];
    (void)state;
    assert_int_equal(sniff(&info, why, "q.csv", quotes), HR_OK);
    const hr_evbatch *b = venue_decode_split(&info, quotes, 50);
    assert_int_equal(b->n_rejects, 2);
    assert_int_equal(b->rejects[0].reason, HR_REJECT_NUMBER);
    assert_int_equal(b->rejects[1].reason, HR_REJECT_NEGATIVE);
    assert_int_equal(b->kind[0], HR_MSG_TICKER);
    assert_true(b->ts_event[0] == INT64_C(1704153600123000000));
    assert_true(b->ts_recv[0] == INT64_C(1704153600123456000));
    assert_true(b->side[0] == HR_SIDE_BID && b->px[0] == 1000 && b->qty[0] == 1000);
    assert_true(b->side[1] == HR_SIDE_ASK && b->px[1] == 1100 && b->qty[1] == 2000);
    assert_true(b->px[3] == 0 && b->qty[3] == 0 && b->px[5] == 0 && b->qty[5] == 0);
    assert_int_equal(b->seq_last[0], -1);
    info = (hr_source_info){0};
    assert_int_equal(sniff(&info, why, "BTCUSDT-bookTicker-2024-01-02.csv", book), HR_OK);
    b = venue_decode(&info, book);
    assert_true(b->n_msgs == 1 && b->kind[0] == HR_MSG_TICKER && b->seq_last[0] == 7);
}

static void test_bad_rows(void **state)
{
    static const struct {
        const char *row;
        hr_reject_reason reason;
    } bad[] = {
        {"x,1,1,1,1,1704153600123,True,True\n", HR_REJECT_NUMBER},
        {"-1,1,1,1,1,1704153600123,True,True\n", HR_REJECT_NEGATIVE},
        {"99999999999999999999,1,1,1,1,1704153600123,True,True\n", HR_REJECT_RANGE},
        {"1,,1,1,1,1704153600123,True,True\n", HR_REJECT_NUMBER},
        {"1,1.005,1,1,1,1704153600123,True,True\n", HR_REJECT_RANGE},
        {"1,-1,1,1,1,1704153600123,True,True\n", HR_REJECT_NEGATIVE},
        {"1,0,1,1,1,1704153600123,True,True\n", HR_REJECT_NEGATIVE},
        {"1,1,NaN,1,1,1704153600123,True,True\n", HR_REJECT_NUMBER},
        {"1,1,1,1,1,2024-01-02,True,True\n", HR_REJECT_TIME},
        {"1,1,1,1,1,1704153600123,1,True\n", HR_REJECT_FIELD_TYPE},
        {"1,1,1,1,1,1704153600123,True\n", HR_REJECT_CSV},
        {"1,1,1,1,1,1704153600123,True,True,\n", HR_REJECT_CSV},
        {"\"1,1,1,1,1,1704153600123,True,True\n", HR_REJECT_CSV}, /* ends with its line */
        {"1,1,1,1,1,1704153600123,True,Tr\xff\n", HR_REJECT_UTF8},
    };
    hr_source_info info = {0};
    char why[HR_ERR_MSG_BYTES];
    char text[256];
    (void)state;
    assert_int_equal(sniff(&info, why, SPOT, AGG_ROW), HR_OK);
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        snprintf(text, sizeof text, AGG_ROW "%s" AGG_ROW, bad[i].row);
        const hr_evbatch *b = venue_decode(&info, text);
        assert_int_equal(b->n_msgs, 3);
        assert_int_equal(b->n_rejects, 1);
        assert_int_equal(b->rejects[0].reason, bad[i].reason);
        assert_int_equal(b->rejects[0].src_line, 2);
        assert_int_equal(b->rejects[0].full_len, strlen(bad[i].row));
    }
}

static hr_status time_of(int64_t *ns, const char *s, hr_csv_order order)
{
    hr_csv_time t;
    hr_status st = hr_csv_time_parse(&t, s, strlen(s), order);
    *ns = t.ns / 1000000;
    return st;
}

static void test_times(void **state)
{
    static const char *const same[] = {"1704153600",
                                       "1704153600000",
                                       "1704153600000000",
                                       "1704153600000000000",
                                       "1704153600.0",
                                       "20240102",
                                       "2024-01-02",
                                       "2024/01/02",
                                       "2024-01-02 00:00",
                                       "2024-01-02T00:00:00Z",
                                       "2024-01-02 00:00:00.000000 UTC",
                                       "2024-01-02T05:30:00+05:30",
                                       "2024-01-01T19:00:00.0-0500",
                                       "01/02/2024",
                                       "1/2/24 0:00"};
    static const char *const bad[] = {"",
                                      "x",
                                      "2024-13-01",
                                      "2023-02-29",
                                      "2024-01-0",
                                      "2024-1-02",
                                      "24-01-02",
                                      "2024-01-02 24:00",
                                      "2024-01-02 00:00:00.",
                                      "2024-01-02T",
                                      "-1704153600",
                                      "1e9",
                                      "2024-01-02 00:00 CET",
                                      "1.2.2024",
                                      "1/2/024",
                                      "0/2/2024",
                                      "99999999999999999999",
                                      "1704153600.0000000001",
                                      "1704153600000000000.5",
                                      "1500-01-01"};
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(same); i++) {
        assert_int_equal(time_of(&ms, same[i], HR_CSV_MONTH_FIRST), HR_OK);
        assert_true(ms == INT64_C(1704153600000));
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++)
        assert_int_equal(time_of(&ms, bad[i], HR_CSV_MONTH_FIRST), HR_EINPUT);
    assert_int_equal(time_of(&ms, "01/02/2024", HR_CSV_DAY_FIRST), HR_OK);
    assert_true(ms == INT64_C(1706745600000));
    assert_int_equal(time_of(&ms, "13/02/2024", HR_CSV_MONTH_FIRST), HR_EINPUT);
    assert_int_equal(time_of(&ms, "31/12/69", HR_CSV_DAY_FIRST), HR_OK);
    assert_true(ms == INT64_C(-86400000));
}

static void test_numbers(void **state)
{
    static const struct {
        const char *s;
        int n_int, n_dec, n_sig;
    } good[] = {
        {"0", 0, 0, 0},      {"-0.00", 0, 0, 0},    {"12", 2, 0, 2},     {"0012.3400", 2, 2, 4},
        {"1200", 4, 0, 2},   {"0.001", 0, 3, 1},    {"1e3", 4, 0, 1},    {"1.5E-7", 0, 8, 2},
        {"120e-1", 2, 0, 2}, {"1e-100", 0, 100, 1}, {"9.0e+2", 3, 0, 1},
    };
    static const char *const bad[] = {"",    "-",  "+1",  ".5",  "1.", "1e",
                                      "1e+", "1 ", "NaN", "inf", "1,5"};
    hr_csv_number m;
    int64_t v;
    double real;
    bool is_exact;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(good); i++) {
        assert_int_equal(hr_csv_measure(&m, good[i].s, strlen(good[i].s)), HR_OK);
        assert_int_equal(m.n_int, good[i].n_int);
        assert_int_equal(m.n_dec, good[i].n_dec);
        assert_int_equal(m.n_sig, good[i].n_sig);
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++)
        assert_int_equal(hr_csv_measure(&m, bad[i], strlen(bad[i])), HR_EINPUT);
    assert_int_equal(hr_csv_round(&v, "999999999999999999.5", 20, 0), HR_ERANGE);
    assert_int_equal(hr_csv_round(&v, "-0.0625", 7, 3), HR_OK);
    assert_int_equal(v, -62);
    assert_int_equal(hr_csv_real(&real, &is_exact, "0.12345678901234567", 19), HR_OK);
    assert_false(is_exact);
    assert_int_equal(hr_csv_real(&real, &is_exact, "1e-19", 5), HR_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_trades),   cmocka_unit_test(test_tickers),
        cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_times),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
