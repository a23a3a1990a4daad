/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FORMAT_H
#define HR_VENUE_FORMAT_H
/* The formats of inputs and what is true of each: a row of the table in format.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/evbatch.h"

typedef enum hr_format {
    HR_FORMAT_UNKNOWN = 0,
    HR_FORMAT_CAPTURE_JSON,   /* {"capture_ns":..,"stream":..,"data":{..}} a line */
    HR_FORMAT_CAPTURE_PREFIX, /* `<recv_ns> <json>` a line, as hftbacktest's collector writes */
    HR_FORMAT_CRYPTOFEED,     /* `<seconds.frac>: <json>`, `url -> time: body`, `url <-> time`,
                                 `configuration: ` */
    HR_FORMAT_NDJSON,         /* bare venue messages, one a line, combined-stream envelope or not */
    HR_FORMAT_TARDIS_L2,      /* Tardis CSV incremental_book_L2 */
    HR_FORMAT_TARDIS_TRADES,  /* Tardis CSV trades */
    HR_FORMAT_TARDIS_SNAPSHOT, /* Tardis CSV book_snapshot_<n>: each row a whole top-n book */
    HR_FORMAT_BINANCE_DEPTH_CSV,
    HR_FORMAT_ITCH,            /* Nasdaq TotalView-ITCH 5.0, each message behind its length */
    HR_FORMAT_LOBSTER,         /* LOBSTER message files */
    HR_FORMAT_BITSTAMP_ORDERS, /* `<recv_ms> <event> <json>`, Bitstamp's orders */
    HR_FORMAT_DBN,             /* Databento DBN, see venue/files/dbn.h */
    HR_FORMAT_MOLD,            /* ITCH in packets of MoldUDP64, see venue/files/mold.h */
    HR_FORMAT_PARQUET_DELTAS,  /* Crypto Lake book_delta_v2 and our own deltas */
    HR_FORMAT_PARQUET_TRADES,  /* Crypto Lake trades and our own */
    HR_FORMAT_PARQUET_BOOK,    /* Crypto Lake book: top-n snapshots */
    /* CSV files of venues and vendors (venue/files/csv_table.h), a message a row */
    HR_FORMAT_BINANCE_AGG_TRADES,  /* data.binance.vision aggTrades */
    HR_FORMAT_BINANCE_TRADES,      /* ... trades */
    HR_FORMAT_BINANCE_BOOK_TICKER, /* ... bookTicker */
    HR_FORMAT_TARDIS_QUOTES,       /* Tardis CSV quotes and book_ticker */
    /* CSV files that are tables and no events: hr_format_is_records */
    HR_FORMAT_BINANCE_KLINES,
    HR_FORMAT_BINANCE_BOOK_DEPTH, /* depth by distance from the mid */
    HR_FORMAT_BINANCE_METRICS,    /* open interest and ratios */
    HR_FORMAT_BINANCE_FUNDING,
    HR_FORMAT_BINANCE_LIQUIDATIONS,
    HR_FORMAT_TARDIS_DERIVATIVES, /* Tardis CSV derivative_ticker */
    HR_FORMAT_TARDIS_OPTIONS,     /* ... options_chain */
    HR_FORMAT_TARDIS_LIQUIDATIONS,
    HR_FORMAT_OHLCV, /* anybody's bars */
    HR_FORMAT_COUNT
} hr_format;

/** What stands around a venue's message on its line. */
typedef enum hr_envelope {
    HR_ENVELOPE_NONE = 0,
    HR_ENVELOPE_CAPTURE,    /* {"capture_ns":..,"data":..} */
    HR_ENVELOPE_PREFIX,     /* `<recv_ns> ` */
    HR_ENVELOPE_CRYPTOFEED, /* times, urls, arrows */
    HR_ENVELOPE_ORDERS,     /* `<recv_ms> <event> `, of Bitstamp */
} hr_envelope;

typedef enum hr_format_kind {
    HR_FORMAT_IS_MESSAGES = 0, /* lines, or messages behind lengths */
    HR_FORMAT_IS_ROWS,         /* CSV: a message may go on in the next row */
    HR_FORMAT_IS_CSV_LINES,    /* CSV: a message a row */
    HR_FORMAT_IS_RECORDS,      /* CSV: no events */
    HR_FORMAT_IS_TABLE,        /* Parquet, Arrow: read by columns, never decoded from text */
} hr_format_kind;

struct hr_source_info;
/** As hr_decode_text. */
typedef hr_status (*hr_decode_fn)(const struct hr_source_info *info, hr_evbatch *b,
                                  const char *text, size_t len, size_t *pos, int64_t base_offset,
                                  int64_t *line, uint32_t target_rows, bool at_eof);

typedef struct hr_format_facts {
    const char *name;
    hr_decode_fn decode; /* NULL: as lines */
    uint8_t kind;        /* hr_format_kind */
    uint8_t envelope;    /* hr_envelope of its lines */
    bool has_orders;     /* its messages tell of single orders, whatever the source */
    bool may_part;       /* such messages of a venue may be long lists, read in parts */
    bool has_rule;       /* of sequences, whatever the venue */
    uint8_t rule;        /* hr_seq_rule */
} hr_format_facts;
/** Those of HR_FORMAT_UNKNOWN for what is no format. */
const hr_format_facts *hr_format_facts_of(hr_format f);

const char *hr_format_name(hr_format f); /* "capture-json", "capture", "cryptofeed", ... */
/** HR_FORMAT_UNKNOWN: no such name. */
hr_format hr_format_from_name(const char *name);
/** CSV rows that are decoded one text after the other, for a message may go on in the next. */
bool hr_format_is_sequential(hr_format f);
/** CSV of a message a line. */
bool hr_format_is_csv_lines(hr_format f);
/** CSV that is read as events: either of these. */
bool hr_format_is_csv(hr_format f);
/** A table that cannot be read as events: what `convert` makes Parquet of. */
bool hr_format_is_records(hr_format f);
/** Do its messages tell of single orders, whatever the source? Of others hr_source_info says. */
bool hr_format_has_orders(hr_format f);

#endif
