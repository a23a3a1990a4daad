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
#include "venue/format.h"

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
    bool is_text;       /* its lines are wanted as they are: nothing is told of them */
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
