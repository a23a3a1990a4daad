/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of the files that data.binance.vision and Tardis ("Downloadable CSV files") publish, and
 * of bars as anybody writes them. */
#include "venue/files/csv_table.h"

#include <string.h>

#include "text/csv.h"

/* The enumerations of csv_events.c name these columns by place. */
static const hr_csv_column agg_trades[] = {
    {"agg_trade_id", HR_CSV_COUNT, false, {"a"}},
    {"price", HR_CSV_PRICE, false, {"p"}},
    {"quantity", HR_CSV_AMOUNT, false, {"q"}},
    {"first_trade_id", HR_CSV_COUNT, false, {"f"}},
    {"last_trade_id", HR_CSV_COUNT, false, {"l"}},
    {"transact_time", HR_CSV_TIME, false, {"timestamp", "T"}},
    {"is_buyer_maker", HR_CSV_FLAG, false, {"m"}},
    {"is_best_match", HR_CSV_FLAG, true, {"M", "was_best_price"}},
};

static const hr_csv_column trades[] = {
    {"id", HR_CSV_COUNT, false, {"trade_id"}},
    {"price", HR_CSV_PRICE, false, {NULL}},
    {"qty", HR_CSV_AMOUNT, false, {"quantity"}},
    {"quote_qty", HR_CSV_AMOUNT, false, {"base_qty", "quoteQty"}},
    {"time", HR_CSV_TIME, false, {NULL}},
    {"is_buyer_maker", HR_CSV_FLAG, false, {"isBuyerMaker"}},
    {"is_best_match", HR_CSV_FLAG, true, {"isBestMatch"}},
};

static const hr_csv_column book_ticker[] = {
    {"update_id", HR_CSV_COUNT, false, {NULL}},
    {"best_bid_price", HR_CSV_PRICE, false, {NULL}},
    {"best_bid_qty", HR_CSV_AMOUNT, false, {NULL}},
    {"best_ask_price", HR_CSV_PRICE, false, {NULL}},
    {"best_ask_qty", HR_CSV_AMOUNT, false, {NULL}},
    {"transaction_time", HR_CSV_TIME, false, {NULL}},
    {"event_time", HR_CSV_TIME, false, {NULL}},
};

#define TARDIS_HEAD                                                                                \
    {"exchange", HR_CSV_TEXT, false, {NULL}}, {"symbol", HR_CSV_TEXT, false, {NULL}},              \
        {"timestamp", HR_CSV_TIME, false, {NULL}},                                                 \
    {                                                                                              \
        "local_timestamp", HR_CSV_TIME, false,                                                     \
        {                                                                                          \
            NULL                                                                                   \
        }                                                                                          \
    }

static const hr_csv_column quotes[] = {
    TARDIS_HEAD,
    {"ask_amount", HR_CSV_AMOUNT, false, {NULL}},
    {"ask_price", HR_CSV_PRICE, false, {NULL}},
    {"bid_price", HR_CSV_PRICE, false, {NULL}},
    {"bid_amount", HR_CSV_AMOUNT, false, {NULL}},
};

static const hr_csv_column klines[] = {
    {"open_time", HR_CSV_TIME, false, {NULL}},
    {"open", HR_CSV_PRICE, false, {NULL}},
    {"high", HR_CSV_PRICE, false, {NULL}},
    {"low", HR_CSV_PRICE, false, {NULL}},
    {"close", HR_CSV_PRICE, false, {NULL}},
    {"volume", HR_CSV_AMOUNT, false, {NULL}},
    {"close_time", HR_CSV_TIME, false, {NULL}},
    {"quote_volume", HR_CSV_AMOUNT, false, {"quote_asset_volume", "base_asset_volume"}},
    {"count", HR_CSV_COUNT, false, {"number_of_trades"}},
    {"taker_buy_volume", HR_CSV_AMOUNT, false, {"taker_buy_base_asset_volume"}},
    {"taker_buy_quote_volume", HR_CSV_AMOUNT, false, {"taker_buy_quote_asset_volume"}},
    {"ignore", HR_CSV_AMOUNT, false, {NULL}},
};

static const hr_csv_column book_depth[] = {
    {"timestamp", HR_CSV_TIME, false, {NULL}},
    {"percentage", HR_CSV_AMOUNT, false, {NULL}},
    {"depth", HR_CSV_AMOUNT, false, {NULL}},
    {"notional", HR_CSV_AMOUNT, false, {NULL}},
};

static const hr_csv_column metrics[] = {
    {"create_time", HR_CSV_TIME, false, {NULL}},
    {"symbol", HR_CSV_TEXT, false, {NULL}},
    {"sum_open_interest", HR_CSV_AMOUNT, false, {NULL}},
    {"sum_open_interest_value", HR_CSV_AMOUNT, false, {NULL}},
    {"count_toptrader_long_short_ratio", HR_CSV_RATIO, false, {NULL}},
    {"sum_toptrader_long_short_ratio", HR_CSV_RATIO, false, {NULL}},
    {"count_long_short_ratio", HR_CSV_RATIO, false, {NULL}},
    {"sum_taker_long_short_vol_ratio", HR_CSV_RATIO, false, {NULL}},
};

static const hr_csv_column funding[] = {
    {"calc_time", HR_CSV_TIME, false, {NULL}},
    {"funding_interval_hours", HR_CSV_COUNT, false, {NULL}},
    {"last_funding_rate", HR_CSV_RATIO, false, {NULL}},
};

static const hr_csv_column liquidation_snapshot[] = {
    {"time", HR_CSV_TIME, false, {NULL}},
    {"symbol", HR_CSV_TEXT, true, {NULL}},
    {"side", HR_CSV_TEXT, false, {NULL}},
    {"order_type", HR_CSV_TEXT, false, {NULL}},
    {"time_in_force", HR_CSV_TEXT, false, {NULL}},
    {"original_quantity", HR_CSV_AMOUNT, false, {NULL}},
    {"price", HR_CSV_PRICE, false, {NULL}},
    {"average_price", HR_CSV_PRICE, false, {NULL}},
    {"order_status", HR_CSV_TEXT, false, {NULL}},
    {"last_fill_quantity", HR_CSV_AMOUNT, false, {NULL}},
    {"accumulated_fill_quantity", HR_CSV_AMOUNT, false, {NULL}},
};

static const hr_csv_column derivatives[] = {
    TARDIS_HEAD,
    {"funding_timestamp", HR_CSV_TIME, false, {NULL}},
    {"funding_rate", HR_CSV_RATIO, false, {NULL}},
    {"predicted_funding_rate", HR_CSV_RATIO, false, {NULL}},
    {"open_interest", HR_CSV_AMOUNT, false, {NULL}},
    {"last_price", HR_CSV_PRICE, false, {NULL}},
    {"index_price", HR_CSV_PRICE, false, {NULL}},
    {"mark_price", HR_CSV_PRICE, false, {NULL}},
};

static const hr_csv_column options[] = {
    TARDIS_HEAD,
    {"type", HR_CSV_TEXT, false, {NULL}},
    {"strike_price", HR_CSV_PRICE, false, {NULL}},
    {"expiration", HR_CSV_TIME, false, {NULL}},
    {"open_interest", HR_CSV_AMOUNT, false, {NULL}},
    {"last_price", HR_CSV_PRICE, false, {NULL}},
    {"bid_price", HR_CSV_PRICE, false, {NULL}},
    {"bid_amount", HR_CSV_AMOUNT, false, {NULL}},
    {"bid_iv", HR_CSV_RATIO, false, {NULL}},
    {"ask_price", HR_CSV_PRICE, false, {NULL}},
    {"ask_amount", HR_CSV_AMOUNT, false, {NULL}},
    {"ask_iv", HR_CSV_RATIO, false, {NULL}},
    {"mark_price", HR_CSV_PRICE, false, {NULL}},
    {"mark_iv", HR_CSV_RATIO, false, {NULL}},
    {"underlying_index", HR_CSV_TEXT, false, {NULL}},
    {"underlying_price", HR_CSV_PRICE, false, {NULL}},
    {"delta", HR_CSV_RATIO, false, {NULL}},
    {"gamma", HR_CSV_RATIO, false, {NULL}},
    {"vega", HR_CSV_RATIO, false, {NULL}},
    {"theta", HR_CSV_RATIO, false, {NULL}},
    {"rho", HR_CSV_RATIO, false, {NULL}},
};

/* To the letter those of Tardis' trades: only a file's name tells them apart. */
static const hr_csv_column liquidations[] = {
    TARDIS_HEAD,
    {"id", HR_CSV_TEXT, false, {NULL}},
    {"side", HR_CSV_TEXT, false, {NULL}},
    {"price", HR_CSV_PRICE, false, {NULL}},
    {"amount", HR_CSV_AMOUNT, false, {NULL}},
};

static const hr_csv_column ohlcv[] = {
    {"time", HR_CSV_TIME, false, {"date", "timestamp", "datetime", "open_time", "open time"}},
    {"open", HR_CSV_PRICE, false, {NULL}},
    {"high", HR_CSV_PRICE, false, {NULL}},
    {"low", HR_CSV_PRICE, false, {NULL}},
    {"close", HR_CSV_PRICE, false, {NULL}},
    {"volume", HR_CSV_AMOUNT, true, {"vol"}},
    {"adj_close", HR_CSV_PRICE, true, {"adj close", "adjusted_close", "adjusted close"}},
    {"venue", HR_CSV_TEXT, true, {"exchange"}},
    {"symbol", HR_CSV_TEXT, true, {"ticker"}},
    {"notional", HR_CSV_AMOUNT, true, {"quote_volume", "turnover"}},
    {"n_trades", HR_CSV_COUNT, true, {"trades", "tradecount", "trade_count"}},
    {"vwap", HR_CSV_PRICE, true, {NULL}},
};

#define COLUMNS(a) .columns = a, .n_columns = HR_ARRAY_LEN(a)
static const hr_csv_layout layouts[HR_CSV_LAYOUTS] = {
    {.format = HR_FORMAT_BINANCE_AGG_TRADES,
     .what = "Binance aggTrades",
     COLUMNS(agg_trades),
     .is_binance = true,
     .may_lack_head = true,
     .kind = "aggTrades"},
    {.format = HR_FORMAT_BINANCE_TRADES,
     .what = "Binance trades",
     COLUMNS(trades),
     .is_binance = true,
     .may_lack_head = true,
     .kind = "trades"},
    {.format = HR_FORMAT_BINANCE_BOOK_TICKER,
     .what = "Binance bookTicker",
     COLUMNS(book_ticker),
     .is_binance = true},
    {.format = HR_FORMAT_TARDIS_QUOTES, .what = "Tardis quotes", COLUMNS(quotes)},
    {.format = HR_FORMAT_BINANCE_KLINES,
     .what = "Binance klines",
     COLUMNS(klines),
     .is_binance = true,
     .may_lack_head = true},
    {.format = HR_FORMAT_BINANCE_BOOK_DEPTH,
     .what = "Binance bookDepth",
     COLUMNS(book_depth),
     .is_binance = true},
    {.format = HR_FORMAT_BINANCE_METRICS,
     .what = "Binance metrics",
     COLUMNS(metrics),
     .is_binance = true},
    {.format = HR_FORMAT_BINANCE_FUNDING,
     .what = "Binance fundingRate",
     COLUMNS(funding),
     .is_binance = true},
    {.format = HR_FORMAT_BINANCE_LIQUIDATIONS,
     .what = "Binance liquidationSnapshot",
     COLUMNS(liquidation_snapshot),
     .is_binance = true},
    {.format = HR_FORMAT_TARDIS_DERIVATIVES,
     .what = "Tardis derivative_ticker",
     COLUMNS(derivatives)},
    {.format = HR_FORMAT_TARDIS_OPTIONS, .what = "Tardis options_chain", COLUMNS(options)},
    {.format = HR_FORMAT_TARDIS_LIQUIDATIONS, .what = "Tardis liquidations", COLUMNS(liquidations)},
    {.format = HR_FORMAT_OHLCV, .what = "bars (OHLCV)", COLUMNS(ohlcv), .any_case = true},
};
#undef COLUMNS
_Static_assert(HR_ARRAY_LEN(options) <= HR_CSV_COLUMNS_MAX, "a table's columns");
_Static_assert(HR_ARRAY_LEN(agg_trades) <= 16, "columns fit hr_source_info");

const hr_csv_layout *hr_csv_layout_at(uint32_t i)
{
    return i < HR_CSV_LAYOUTS ? &layouts[i] : NULL;
}

const hr_csv_layout *hr_csv_layout_of(hr_format f)
{
    for (uint32_t i = 0; i < HR_CSV_LAYOUTS; i++)
        if (layouts[i].format == f) return &layouts[i];
    return NULL;
}

/* ---- the first line ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_name(const hr_csv_layout *l, hr_csv_field f, const char *name)
{
    if (f.n != strlen(name)) return false;
    if (!l->any_case) return memcmp(f.s, name, f.n) == 0;
    for (uint32_t i = 0; i < f.n; i++)
        if (lower(f.s[i]) != lower(name[i])) return false;
    return true;
}

/* Place in the layout, or -1. */
static int find_column(const hr_csv_layout *l, hr_csv_field f)
{
    while (f.n > 0 && *f.s == ' ') {
        f.s++;
        f.n--;
    }
    while (f.n > 0 && f.s[f.n - 1] == ' ')
        f.n--;
    for (uint32_t c = 0; c < l->n_columns; c++) {
        if (is_name(l, f, l->columns[c].name)) return (int)c;
        for (int k = 0; k < HR_CSV_ALIAS_MAX && l->columns[c].alias[k] != NULL; k++)
            if (is_name(l, f, l->columns[c].alias[k])) return (int)c;
    }
    return -1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A value as the venue's own files have it, in files that have no header. */
static bool is_value(uint8_t type, hr_csv_field f)
{
    hr_csv_number number;
    hr_csv_time time;
    switch ((hr_csv_type)type) {
    case HR_CSV_TIME:
        return f.n >= 13 && is_digit(f.s[0]) &&
               hr_csv_time_parse(&time, f.s, f.n, HR_CSV_ORDER_NONE) == HR_OK && time.unit_ns > 0 &&
               time.unit_ns < 1000000000;
    case HR_CSV_FLAG:
        return (f.n == 4 && (memcmp(f.s, "true", 4) == 0 || memcmp(f.s, "True", 4) == 0)) ||
               (f.n == 5 && (memcmp(f.s, "false", 5) == 0 || memcmp(f.s, "False", 5) == 0));
    case HR_CSV_COUNT:
        for (uint32_t i = 0; i < f.n; i++)
            if (!is_digit(f.s[i])) return false;
        return f.n > 0 && f.n < 19;
    case HR_CSV_PRICE:
    case HR_CSV_AMOUNT:
        return hr_csv_measure(&number, f.s, f.n) == HR_OK;
    case HR_CSV_RATIO:
    case HR_CSV_TEXT:
        break;
    }
    return false;
}

static hr_status open_plain(hr_csv_table *t, const hr_csv_layout *l, const hr_csv_field *f,
                            uint32_t n)
{
    if (!l->may_lack_head || n > l->n_columns) return HR_END;
    for (uint32_t i = 0; i < l->n_columns; i++) {
        if (i >= n && !l->columns[i].is_optional) return HR_END;
        if (i < n && !is_value(l->columns[i].type, f[i])) return HR_END;
        t->column[i] = (uint8_t)i;
    }
    t->n_columns = n;
    t->has_header = false;
    return HR_OK;
}

/* HR_EUNSUPPORTED only where all that the layout needs is there. */
static hr_status open_header(hr_csv_table *t, const hr_csv_layout *l, const hr_csv_field *f,
                             uint32_t n, hr_err *err)
{
    uint32_t seen[HR_CSV_COLUMNS_MAX] = {0};
    uint32_t unknown = n;
    int twice = -1;
    for (uint32_t i = 0; i < n; i++) {
        int c = find_column(l, f[i]);
        if (c < 0)
            unknown = HR_MIN(unknown, i);
        else if (seen[c]++ > 0)
            twice = (int)i;
        if (i < HR_CSV_COLUMNS_MAX) t->column[i] = (uint8_t)HR_MAX(c, 0);
    }
    for (uint32_t c = 0; c < l->n_columns; c++)
        if (!l->columns[c].is_optional && seen[c] == 0) return HR_END;
    if (unknown < n && l->any_case)
        return HR_FAIL(err, HR_EUNSUPPORTED, "header of %s, but column '%.*s' is not known",
                       l->what, (int)HR_MIN(f[unknown].n, 60u), f[unknown].s);
    if (unknown < n) return HR_END;
    if (twice >= 0)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "header of %s, but column '%.*s' says what another does", l->what,
                       (int)HR_MIN(f[twice].n, 60u), f[twice].s);
    t->n_columns = n;
    t->has_header = true;
    return HR_OK;
}

hr_status hr_csv_table_open(hr_csv_table *t, const hr_csv_layout *layout, const char *line,
                            size_t n, hr_err *err)
{
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n_fields;
    const char *next;
    *t = (hr_csv_table){.layout = layout};
    if (n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        n -= 3;
    }
    if (hr_csv_row(f, HR_CSV_FIELDS_MAX, &n_fields, &next, line, line + n, true) != HR_OK)
        return HR_END;
    hr_status st = open_header(t, layout, f, n_fields, err);
    return st == HR_END ? open_plain(t, layout, f, n_fields) : st;
}
