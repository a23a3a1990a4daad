/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "venue/adapter.h"

static const char *const names[HR_FORMAT_COUNT] = {
    [HR_FORMAT_UNKNOWN] = "unknown",
    [HR_FORMAT_CAPTURE_JSON] = "capture-json",
    [HR_FORMAT_CAPTURE_PREFIX] = "capture",
    [HR_FORMAT_CRYPTOFEED] = "cryptofeed",
    [HR_FORMAT_NDJSON] = "ndjson",
    [HR_FORMAT_TARDIS_L2] = "tardis",
    [HR_FORMAT_TARDIS_TRADES] = "tardis-trades",
    [HR_FORMAT_TARDIS_SNAPSHOT] = "tardis-snapshot",
    [HR_FORMAT_BINANCE_DEPTH_CSV] = "binance-depth-csv",
    [HR_FORMAT_ITCH] = "itch",
    [HR_FORMAT_LOBSTER] = "lobster",
    [HR_FORMAT_BITSTAMP_ORDERS] = "bitstamp-orders",
    [HR_FORMAT_DBN] = "dbn",
    [HR_FORMAT_MOLD] = "moldudp64",
    [HR_FORMAT_PARQUET_DELTAS] = "lake-deltas",
    [HR_FORMAT_PARQUET_TRADES] = "lake-trades",
    [HR_FORMAT_PARQUET_BOOK] = "lake-book",
    [HR_FORMAT_BINANCE_AGG_TRADES] = "binance-aggtrades",
    [HR_FORMAT_BINANCE_TRADES] = "binance-trades",
    [HR_FORMAT_BINANCE_BOOK_TICKER] = "binance-bookticker",
    [HR_FORMAT_TARDIS_QUOTES] = "tardis-quotes",
    [HR_FORMAT_BINANCE_KLINES] = "binance-klines",
    [HR_FORMAT_BINANCE_BOOK_DEPTH] = "binance-bookdepth",
    [HR_FORMAT_BINANCE_METRICS] = "binance-metrics",
    [HR_FORMAT_BINANCE_FUNDING] = "binance-funding",
    [HR_FORMAT_BINANCE_LIQUIDATIONS] = "binance-liquidations",
    [HR_FORMAT_TARDIS_DERIVATIVES] = "tardis-derivatives",
    [HR_FORMAT_TARDIS_OPTIONS] = "tardis-options",
    [HR_FORMAT_TARDIS_LIQUIDATIONS] = "tardis-liquidations",
    [HR_FORMAT_OHLCV] = "ohlcv",
};

const char *hr_format_name(hr_format f)
{
    return (unsigned)f < HR_FORMAT_COUNT ? names[f] : "unknown";
}

hr_format hr_format_from_name(const char *name)
{
    for (int i = 1; i < HR_FORMAT_COUNT; i++)
        if (strcmp(names[i], name) == 0) return (hr_format)i;
    return HR_FORMAT_UNKNOWN;
}
