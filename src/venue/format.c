/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/format.h"

#include <string.h>

#include "venue/files/mold.h"
#include "venue/line.h"
#include "venue/seq.h"

#define ROWS .kind = HR_FORMAT_IS_ROWS, .decode = hr_csv_decode
#define CSV_LINES .kind = HR_FORMAT_IS_CSV_LINES, .decode = hr_csv_decode
#define RECORDS .kind = HR_FORMAT_IS_RECORDS
/* Its rows, or what it tells of books, are whole or follow from what was before. */
#define NO_RULE .has_rule = true, .rule = HR_SEQ_NONE
#define MONOTONE .has_rule = true, .rule = HR_SEQ_MONOTONE
/* One rule for all tables: whichever comes first begins an instrument. */
#define TABLE .kind = HR_FORMAT_IS_TABLE, MONOTONE
#define ORDERS .has_orders = true, MONOTONE
static const hr_format_facts facts[HR_FORMAT_COUNT] = {
    [HR_FORMAT_UNKNOWN] = {.name = "unknown"},
    [HR_FORMAT_CAPTURE_JSON] = {.name = "capture-json", .envelope = HR_ENVELOPE_CAPTURE},
    [HR_FORMAT_CAPTURE_PREFIX] = {.name = "capture",
                                  .envelope = HR_ENVELOPE_PREFIX,
                                  .may_part = true},
    [HR_FORMAT_CRYPTOFEED] = {.name = "cryptofeed",
                              .envelope = HR_ENVELOPE_CRYPTOFEED,
                              .may_part = true},
    [HR_FORMAT_NDJSON] = {.name = "ndjson", .may_part = true},
    [HR_FORMAT_TARDIS_L2] = {.name = "tardis", ROWS, NO_RULE},
    [HR_FORMAT_TARDIS_TRADES] = {.name = "tardis-trades", ROWS, NO_RULE},
    [HR_FORMAT_TARDIS_SNAPSHOT] = {.name = "tardis-snapshot", ROWS, NO_RULE},
    [HR_FORMAT_BINANCE_DEPTH_CSV] = {.name = "binance-depth-csv", ROWS},
    [HR_FORMAT_ITCH] = {.name = "itch", ORDERS, .decode = hr_orders_decode},
    [HR_FORMAT_LOBSTER] = {.name = "lobster", ORDERS, .decode = hr_orders_decode},
    [HR_FORMAT_BITSTAMP_ORDERS] = {.name = "bitstamp-orders",
                                   ORDERS,
                                   .envelope = HR_ENVELOPE_ORDERS},
    [HR_FORMAT_DBN] = {.name = "dbn", .decode = hr_dbn_decode_text, NO_RULE},
    [HR_FORMAT_MOLD] = {.name = "moldudp64", ORDERS, .decode = hr_mold_decode},
    [HR_FORMAT_PARQUET_DELTAS] = {.name = "lake-deltas", TABLE},
    [HR_FORMAT_PARQUET_TRADES] = {.name = "lake-trades", TABLE},
    [HR_FORMAT_PARQUET_BOOK] = {.name = "lake-book", TABLE},
    [HR_FORMAT_BINANCE_AGG_TRADES] = {.name = "binance-aggtrades", CSV_LINES},
    [HR_FORMAT_BINANCE_TRADES] = {.name = "binance-trades", CSV_LINES},
    [HR_FORMAT_BINANCE_BOOK_TICKER] = {.name = "binance-bookticker", CSV_LINES},
    [HR_FORMAT_TARDIS_QUOTES] = {.name = "tardis-quotes", CSV_LINES, NO_RULE},
    [HR_FORMAT_BINANCE_KLINES] = {.name = "binance-klines", RECORDS},
    [HR_FORMAT_BINANCE_BOOK_DEPTH] = {.name = "binance-bookdepth", RECORDS},
    [HR_FORMAT_BINANCE_METRICS] = {.name = "binance-metrics", RECORDS},
    [HR_FORMAT_BINANCE_FUNDING] = {.name = "binance-funding", RECORDS},
    [HR_FORMAT_BINANCE_LIQUIDATIONS] = {.name = "binance-liquidations", RECORDS},
    [HR_FORMAT_TARDIS_DERIVATIVES] = {.name = "tardis-derivatives", RECORDS},
    [HR_FORMAT_TARDIS_OPTIONS] = {.name = "tardis-options", RECORDS},
    [HR_FORMAT_TARDIS_LIQUIDATIONS] = {.name = "tardis-liquidations", RECORDS},
    [HR_FORMAT_OHLCV] = {.name = "ohlcv", RECORDS},
};

const hr_format_facts *hr_format_facts_of(hr_format f)
{
    return &facts[(unsigned)f < HR_FORMAT_COUNT ? f : HR_FORMAT_UNKNOWN];
}

const char *hr_format_name(hr_format f)
{
    return hr_format_facts_of(f)->name;
}

hr_format hr_format_from_name(const char *name)
{
    for (int i = 1; i < HR_FORMAT_COUNT; i++)
        if (strcmp(facts[i].name, name) == 0) return (hr_format)i;
    return HR_FORMAT_UNKNOWN;
}

bool hr_format_is_sequential(hr_format f)
{
    return hr_format_facts_of(f)->kind == HR_FORMAT_IS_ROWS;
}

bool hr_format_is_csv_lines(hr_format f)
{
    return hr_format_facts_of(f)->kind == HR_FORMAT_IS_CSV_LINES;
}

bool hr_format_is_csv(hr_format f)
{
    return hr_format_is_sequential(f) || hr_format_is_csv_lines(f);
}

bool hr_format_is_records(hr_format f)
{
    return hr_format_facts_of(f)->kind == HR_FORMAT_IS_RECORDS;
}

bool hr_format_has_orders(hr_format f)
{
    return hr_format_facts_of(f)->has_orders;
}
