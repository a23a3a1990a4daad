/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_LINE_H
#define HR_VENUE_LINE_H
/* One line on its way into a batch. For venue, and for job where it writes such lines back. */
#include "text/json.h"
#include "venue/adapter.h"

/* Instruments of the batch by the first bytes of their names, so that most messages need no hash
 * over all of it. Entries are hints: indices into the batch's instruments, to be compared. */
#define HR_LINE_CACHE_SLOTS 128
typedef struct hr_line_cache {
    int16_t sym[HR_LINE_CACHE_SLOTS]; /* -1 none */
} hr_line_cache;

struct hr_venue;
typedef struct hr_line {
    const hr_source_info *info;
    const struct hr_venue *venue;
    hr_evbatch *batch;
    hr_line_cache *cache;
    const char *s; /* without its line end */
    size_t n;
    const char *limit; /* the text around it is readable up to here */
    int64_t offset;    /* of the line in the source */
    int64_t number;
    int64_t ts_recv;  /* from the framing, or HR_NULL_I64 */
    uint8_t envelope; /* hr_envelope */
    hr_json_str hint; /* symbol named by the framing (stream or query); n == 0: none */
} hr_line;

/* Outcome of decoding: >= 0 is done, else a reject reason as -1 - reason, or HR_LINE_FULL. */
#define HR_LINE_DONE 0
#define HR_LINE_FULL 1
#define HR_LINE_REJECT(reason) (-1 - (int)(reason))

/** The outcome of a number that hr_decimal_parse or hr_int_parse refused. */
HR_INLINE int hr_line_reject_number(hr_status st)
{
    return HR_LINE_REJECT(st == HR_ERANGE ? HR_REJECT_RANGE : HR_REJECT_NUMBER);
}

/** Starts message n_msgs of the batch with defaults; the caller fills kind and ids, then commits.
 */
HR_INLINE uint32_t hr_line_begin(const hr_line *l)
{
    hr_evbatch *b = l->batch;
    uint32_t i = b->n_msgs;
    b->ts_event[i] = b->ts_recv[i] = HR_NULL_I64;
    b->seq_first[i] = b->seq_last[i] = b->seq_prev[i] = -1;
    b->src_offset[i] = l->offset;
    b->src_line[i] = l->number;
    b->sym[i] = HR_SYM_UNKNOWN;
    b->text[i] = -1;
    b->flags[i] = 0;
    return i;
}

/** Closes the message over n_levels levels written after batch->n_levels. */
HR_INLINE void hr_line_commit(const hr_line *l, uint32_t n_levels)
{
    hr_evbatch *b = l->batch;
    b->n_levels += n_levels;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

/** Sets the message's instrument; false: bad symbol. HR_LINE_FULL is for a full dictionary. */
int hr_line_symbol(const hr_line *l, uint32_t msg, const char *symbol, size_t n);
/** A message that is understood and left out. */
int hr_line_other(const hr_line *l);

/** Undoes what a line put into the batch since these counts were taken. */
void hr_line_undo(const hr_line *l, uint32_t n_msgs, uint32_t n_levels, uint32_t n_syms);

/** The Binance messages of a line, at j: one, an envelope around one or a list, or several. All of
 * them or none. */
int hr_binance_decode(const hr_line *l, hr_json *j);
/** "btcusdt@depth20@100ms": the best 5, 10 or 20 levels, whole each time. */
bool hr_binance_stream_is_partial(hr_json_str stream);
/** `stream` name ("btcusdt@depth@100ms") -> upper-case symbol in out; length. */
size_t hr_binance_stream_symbol(char *out, size_t cap, hr_json_str stream);

/** Milliseconds to ns; false when out of range. */
bool hr_ms_to_ns(int64_t *out, int64_t ms);
/** "1633998512.0633569" (decimal seconds) to ns. */
bool hr_seconds_to_ns(int64_t *out, const char *s, size_t n);

/** CSV formats: decodes messages of several rows. Same contract as hr_decode_text. */
hr_status hr_csv_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                        size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                        bool at_eof);
/** DBN: the same. */
hr_status hr_dbn_decode_text(const hr_source_info *info, hr_evbatch *b, const char *text,
                             size_t len, size_t *pos, int64_t base_offset, int64_t *line,
                             uint32_t target_rows, bool at_eof);
/** A line of HR_FORMAT_BITSTAMP_ORDERS. */
int hr_bitstamp_order(hr_line *l);
/** Does a line, or the beginning of one, tell of single orders of Coinbase Exchange: a message of
 * the full channel, or a book of level 3? */
bool hr_coinbase_is_orders(const char *s, size_t n);
/** Takes such a message; *is_other: it is none, and nothing was taken. */
int hr_coinbase_orders(const hr_line *l, hr_json *j, bool *is_other);
/** ITCH and LOBSTER: the same; at_eof: what is left of a message at the end is a reject. */
hr_status hr_orders_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                           size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                           bool at_eof);
/** Is it one of them? Fills format, venue, symbol and day. */
bool hr_orders_sniff(hr_source_info *info, char *why, size_t why_cap, const char *path,
                     const char *head, size_t head_len);
/** Recognises a CSV header; fills format and columns. HR_END: not a known header; HR_EUNSUPPORTED:
 * a known one with columns that cannot be read. */
HR_MUST_USE hr_status hr_csv_sniff_header(hr_source_info *info, const char *s, size_t n,
                                          hr_err *err);

#endif
