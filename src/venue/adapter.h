/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_ADAPTER_H
#define HR_VENUE_ADAPTER_H
/* Text in, event batches out: pure, no I/O, no clock. An adapter decodes whole lines from a chunk
 * of decompressed source text; what it knows of the source is the constant hr_source_info, so
 * chunks may be decoded in any order on any thread. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/evbatch.h"

#define HR_SNAPSHOT_LEVELS_MAX 50 /* levels a side in a row of book_snapshot_<n> */
#define HR_CHANNELS_MAX 32        /* channels that a head may bind to numbers */
#define HR_CHANNEL_SYMBOL_MAX 26

/** What a venue's number stands for in the messages that carry it. */
typedef struct hr_channel {
    uint32_t id;
    char kind; /* the venue's own letter */
    char symbol[HR_CHANNEL_SYMBOL_MAX + 1];
    int64_t step; /* BitMEX: a step of the price, fixed point; 0 none */
} hr_channel;

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
const char *hr_format_name(hr_format f); /* "capture-json", "capture-prefix", "cryptofeed", ... */
hr_format hr_format_from_name(const char *name);
/** CSV rows that are decoded one text after the other, for a message may go on in the next. */
HR_INLINE bool hr_format_is_sequential(hr_format f)
{
    return f >= HR_FORMAT_TARDIS_L2 && f <= HR_FORMAT_BINANCE_DEPTH_CSV;
}
/** CSV of a message a line. */
HR_INLINE bool hr_format_is_csv_lines(hr_format f)
{
    return f >= HR_FORMAT_BINANCE_AGG_TRADES && f <= HR_FORMAT_TARDIS_QUOTES;
}
HR_INLINE bool hr_format_is_csv(hr_format f)
{
    return hr_format_is_sequential(f) || hr_format_is_csv_lines(f);
}
/** A table that cannot be read as events: what `convert` makes Parquet of. */
HR_INLINE bool hr_format_is_records(hr_format f)
{
    return f >= HR_FORMAT_BINANCE_KLINES && f <= HR_FORMAT_OHLCV;
}
/** Do its messages tell of single orders, whatever the source? Of others hr_source_info says. */
HR_INLINE bool hr_format_has_orders(hr_format f)
{
    return f == HR_FORMAT_ITCH || f == HR_FORMAT_LOBSTER || f == HR_FORMAT_BITSTAMP_ORDERS ||
           f == HR_FORMAT_MOLD;
}

/** What is known of one source before decoding: from sniffing its first bytes, its path and the
 * plan. */
typedef struct hr_source_info {
    hr_format format;
    int32_t source_idx;
    uint8_t px_scale;
    uint8_t qty_scale;
    uint8_t share_decimals;       /* ITCH, LOBSTER: one of their shares is 10^-this of ours */
    char venue[HR_VENUE_MAX + 1]; /* "binance", "binance-futures", "binance-delivery", "deribit",
                                     ...; "" unknown */
    char symbol[HR_SYMBOL_MAX +
                1];     /* for messages that name none (REST snapshots); "" when ambiguous */
    int16_t column[16]; /* CSV: index of each known column, -1 absent */
    uint16_t n_columns;
    uint16_t n_depth; /* book_snapshot_<n>: levels a side, and the columns of each: ask price, ask
                         amount, bid price, bid amount */
    int16_t depth_column[HR_SNAPSHOT_LEVELS_MAX][4];
    int64_t day_ns; /* ITCH, LOBSTER: midnight in New York, from the path's date; 0: it has none */
    const struct hr_itch_dir *stocks; /* ITCH: by locate, from the head; may be NULL */
    const struct hr_mold_source *mold; /* MOLD: what its head says; NULL: packets behind lengths */
    const struct hr_dbn_source *dbn;  /* DBN: what its metadata says; NULL: instruments have no
                                         names */
    const struct hr_lobster_row *seed; /* LOBSTER: the book after the first message; NULL: none */
    bool wants_seed;                   /* such a book beside the source is read */
    bool has_orders;                  /* its messages tell of single orders */
    int64_t head_time_ns; /* first time in the head, 0 none: for messages that carry none and have
                             none before them */
    bool has_diff_depth;  /* the head shows a stream of changes: @depth<n> tops are left out */
    int32_t time_unit_ns; /* CSV/Parquet: ns a unit of the time columns (1000 for Tardis us) */
    bool has_header;
    bool takes_records; /* asked for: a table that is no events is no error */
    uint32_t n_channels;
    hr_channel channel[HR_CHANNELS_MAX];
    uint32_t n_sources; /* that share the memory; 0 is one */
    uint32_t n_lanes;   /* threads that decode them; 0 is one */
} hr_source_info;

/** Looks at the first bytes of the decompressed source (up to 1 MiB; whole lines are used) and its
 * path (hive keys venue=/exchange=/symbol=, file name) and fills info. why: a sentence for
 * `inspect`. HR_EUNSUPPORTED: not known, or of another venue; the message says what was seen and
 * which formats are known. */
HR_MUST_USE hr_status hr_sniff_text(hr_source_info *info, char *why, size_t why_cap,
                                    const char *path, const char *head, size_t head_len,
                                    hr_err *err);

/** Venue and symbol from hive keys in a path (venue= or exchange=, symbol=) where info has none
 * yet. */
void hr_sniff_path(hr_source_info *info, const char *path);

/** Decodes lines from text[*pos, len) into b until the text is used up or b is full or b->n_msgs +
 *  b->n_levels >= target_rows. Text holds whole lines (the last may lack its line end when at_eof).
 *  Without at_eof what follows the last line end stays, and so does a CSV message whose end is not
 *  there yet; *pos says from where to give it again.
 *  base_offset: source offset of text[0]; base_line: 1-based line number of text[0].
 *  *pos moves past the last consumed line, *line likewise counts. HR_OK: text used up; HR_FULL:
 * call again with a fresh batch. Never fails on data: bad lines become rejects. A single message
 * larger than an empty batch is rejected as too_many_levels. */
HR_MUST_USE hr_status hr_decode_text(const hr_source_info *info, hr_evbatch *b, const char *text,
                                     size_t len, size_t *pos, int64_t base_offset, int64_t *line,
                                     uint32_t target_rows, bool at_eof);

#endif
