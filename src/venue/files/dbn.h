/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_DBN_H
#define HR_VENUE_FILES_DBN_H
/* Databento Binary Encoding, versions 1 to 3: bytes to metadata, records, columns, events and order
 * books. No I/O: the bytes may end anywhere, the step says how much of them was taken. Everything
 * is little-endian and unaligned.
 *
 *   offset size  meaning
 *        0    3  "DBN"; a fragment (.dbn.frag) has no header and begins with its first record
 *        3    1  version, 1 to 3
 *        4    4  bytes of metadata behind these eight (dbn_meta.c has them)
 *
 * then records, one behind the other. Every record begins with
 *
 *   offset size  meaning
 *        0    1  length of the record in words of four bytes
 *        1    1  rtype: what it is
 *        2    2  publisher
 *        4    4  instrument
 *        8    8  ts_event, ns; UINT64_MAX: none
 *
 * What follows is data: the layouts of dbn_fields.c, one a record type and version, which columns,
 * inspect and docs/modules/dbn.md all come from. With ts_out in the metadata eight bytes more end
 * each record. Versions differ in the length of four types of records, so the length tells the
 * layout and fragments need no version.
 *
 * Source: Databento's DBN reference and databento/dbn. See docs/modules/dbn.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"
#include "book/l3.h"
#include "col/evbatch.h"
#include "col/schema.h"
#include "mem/mem.h"

/* ---- what the bytes are ---- */

typedef enum hr_dbn_kind {
    HR_DBN_NOT = 0,
    HR_DBN_FILE,     /* with metadata */
    HR_DBN_FRAGMENT, /* records alone: each one whole in the head has its type's very length */
    HR_DBN_OLD,      /* .dbz, the format before DBN: not read */
    HR_DBN_NEWER,    /* a version past 3: not read */
} hr_dbn_kind;
/** Of the first (decompressed, but for HR_DBN_OLD) bytes; some hundred are enough. */
hr_dbn_kind hr_dbn_is(const uint8_t *head, size_t n_bytes);

/* ---- layouts: data ---- */

typedef enum hr_dbn_type {
    HR_DBN_U8 = 0,
    HR_DBN_I8,
    HR_DBN_U16,
    HR_DBN_I16,
    HR_DBN_U32,
    HR_DBN_I32,
    HR_DBN_U64,
    HR_DBN_I64,
    HR_DBN_PRICE, /* int64 of 1e-9; INT64_MAX: none */
    HR_DBN_TIME,  /* uint64 ns since the epoch; UINT64_MAX: none */
    HR_DBN_QTY32, /* int32; INT32_MAX: none */
    HR_DBN_QTY64, /* int64; INT64_MAX: none */
    HR_DBN_CHAR,  /* one letter */
    HR_DBN_TEXT,  /* width bytes, the text up to the first NUL */
} hr_dbn_type;

typedef struct hr_dbn_field {
    const char *name; /* the official one */
    uint16_t at, width;
    uint8_t type; /* hr_dbn_type */
} hr_dbn_field;

#define HR_DBN_LAYOUT_LIST(X)                                                                      \
    X(HR_DBN_TRADES)                                                                               \
    X(HR_DBN_MBP_1) /* tbbo too */                                                                 \
    X(HR_DBN_MBP_10)                                                                               \
    X(HR_DBN_MBO)                                                                                  \
    X(HR_DBN_BBO)                                                                                  \
    X(HR_DBN_CMBP_1) /* tcbbo too */                                                               \
    X(HR_DBN_CBBO)                                                                                 \
    X(HR_DBN_OHLCV)                                                                                \
    X(HR_DBN_STATUS)                                                                               \
    X(HR_DBN_DEFINITION_1)                                                                         \
    X(HR_DBN_DEFINITION_2)                                                                         \
    X(HR_DBN_DEFINITION_3)                                                                         \
    X(HR_DBN_IMBALANCE)                                                                            \
    X(HR_DBN_STATISTICS_1) /* and version 2 */                                                     \
    X(HR_DBN_STATISTICS_3)                                                                         \
    X(HR_DBN_ERROR_1)                                                                              \
    X(HR_DBN_ERROR_2)                                                                              \
    X(HR_DBN_MAPPING_1)                                                                            \
    X(HR_DBN_MAPPING_2)                                                                            \
    X(HR_DBN_SYSTEM_1)                                                                             \
    X(HR_DBN_SYSTEM_2)
typedef enum hr_dbn_layout_id {
#define HR_DBN_LAYOUT_ENUM(name) name,
    HR_DBN_LAYOUT_LIST(HR_DBN_LAYOUT_ENUM)
#undef HR_DBN_LAYOUT_ENUM
        HR_DBN_LAYOUT_COUNT
} hr_dbn_layout_id;
#define HR_DBN_NO_LAYOUT 255

typedef struct hr_dbn_layout {
    const char *name; /* of the type, without its version: "mbo", "mbp-1", "definition" */
    const hr_dbn_field *fields;
    uint16_t bytes, n_fields;
    uint8_t time_at;     /* ts_recv, or ts_event where there is none */
    uint8_t versions[2]; /* first and last */
} hr_dbn_layout;
const hr_dbn_layout *hr_dbn_layout_get(hr_dbn_layout_id id);
/** Of the records of this type that are this long: the longest layout that fits, or
 * HR_DBN_NO_LAYOUT: no such type, or too short for it. */
uint8_t hr_dbn_layout_of(uint8_t rtype, size_t n_bytes);
/** "mbo", "ohlcv-1s", ...; NULL: no such type. */
const char *hr_dbn_rtype_name(uint8_t rtype);
/** Index of the field in the layout, or -1. */
int hr_dbn_field_find(const hr_dbn_layout *l, const char *name);

/* ---- metadata ---- */

#define HR_DBN_PRELUDE 8u
#define HR_DBN_META_MIN 100u
#define HR_DBN_DATASET_MAX 16
#define HR_DBN_SCHEMA_MBO 0
#define HR_DBN_SCHEMA_NONE 0xffff /* several types of records: a live stream */
#define HR_DBN_STYPE_NONE 0xff

/** A list of n symbols of width bytes each, NULs behind the text. */
typedef struct hr_dbn_names {
    const uint8_t *p;
    uint32_t n, width;
} hr_dbn_names;

/** Borrows from the bytes it was parsed from. */
typedef struct hr_dbn_meta {
    uint8_t version;
    uint8_t stype_in, stype_out;
    bool has_ts_out;
    uint16_t schema;
    char dataset[HR_DBN_DATASET_MAX + 1];
    uint64_t start_ns, end_ns; /* UINT64_MAX: open */
    uint64_t limit;            /* 0: none */
    hr_dbn_names symbols, partial, not_found;
    const uint8_t *mappings; /* n_mappings, checked; see hr_dbn_mapping_next */
    const uint8_t *end;
    uint32_t n_mappings;
    uint64_t n_intervals; /* in all mappings */
    uint32_t width;       /* of a symbol */
} hr_dbn_meta;

/** Bytes of prelude and metadata from the first eight bytes. HR_AGAIN: fewer are there.
 * HR_EUNSUPPORTED: a version past 3, or .dbz; HR_EINPUT: no DBN, or fewer bytes than metadata has.
 */
HR_MUST_USE hr_status hr_dbn_prelude(size_t *n_bytes, const uint8_t *p, size_t n, hr_err *err);
/** p: prelude and metadata, n bytes in all, as hr_dbn_prelude says. Every length and date in it is
 * checked here; err->offset is the place. */
HR_MUST_USE hr_status hr_dbn_meta_parse(hr_dbn_meta *out, const uint8_t *p, size_t n, hr_err *err);
/** Name i of the list; returns its length. */
size_t hr_dbn_name(const hr_dbn_names *names, uint32_t i, const char **out);
const char *hr_dbn_schema_name(uint16_t schema); /* "mbo", ...; "mixed" for none, "unknown" */
const char *hr_dbn_stype_name(uint8_t stype);

typedef struct hr_dbn_interval {
    uint32_t start, end; /* YYYYMMDD; the end is the first day that no longer counts */
    const char *raw, *symbol;
    size_t n_raw, n_symbol;
} hr_dbn_interval;
typedef struct hr_dbn_mapping_cursor {
    const uint8_t *p;
    const uint8_t *raw;
    uint32_t n_mappings, n_intervals; /* left */
} hr_dbn_mapping_cursor;
void hr_dbn_mapping_begin(hr_dbn_mapping_cursor *c, const hr_dbn_meta *m);
/** false: after the last. */
bool hr_dbn_mapping_next(hr_dbn_mapping_cursor *c, const hr_dbn_meta *m, hr_dbn_interval *out);

/* ---- which symbol an instrument has on a day ---- */

typedef struct hr_dbn_dir hr_dbn_dir;
/** Of a directory over this metadata (NULL: none) and n_live instruments that mapping records
 * name. */
size_t hr_dbn_dir_bytes(const hr_dbn_meta *m, uint32_t n_live);
/** Borrows the metadata's bytes. HR_EBUDGET: no room. */
HR_MUST_USE hr_status hr_dbn_dir_create(hr_dbn_dir **out, hr_arena *arena, const hr_dbn_meta *m,
                                        uint32_t n_live, hr_err *err);
/** Notes a symbol-mapping record (live streams), ignores all others. false: no room for one more.
 */
bool hr_dbn_dir_note(hr_dbn_dir *d, const uint8_t *rec);
/** The symbol of an instrument at a time (the record's ts_recv, where it has one, else ts_event);
 * returns its length, 0: none is known. Borrowed until the next note. Any thread, between notes. */
size_t hr_dbn_dir_find(const hr_dbn_dir *d, uint32_t instrument, uint64_t ts_ns, const char **out);

/* ---- records ---- */

#define HR_DBN_HEAD 16u
#define HR_DBN_RECORD_MAX 1020u

#define HR_DBN_REASON_LIST(X)                                                                      \
    X(HR_DBN_FINE, "fine")                                                                         \
    X(HR_DBN_LENGTH, "bad_length")    /* 0, or shorter than the head: nothing after it is found    \
                                       */                                                          \
    X(HR_DBN_SHORT, "short_for_type") /* skipped by its length */                                  \
    X(HR_DBN_AGAIN, "second_header")  /* another file's header: nothing after it is read */        \
    X(HR_DBN_TRUNCATED, "truncated")  /* the source ends inside it */
typedef enum hr_dbn_reason {
#define HR_DBN_REASON_ENUM(name, text) name,
    HR_DBN_REASON_LIST(HR_DBN_REASON_ENUM)
#undef HR_DBN_REASON_ENUM
        HR_DBN_REASON_COUNT
} hr_dbn_reason;
const char *hr_dbn_reason_name(hr_dbn_reason r);

/** Where a record lies in the bytes that were given. */
typedef struct hr_dbn_rec {
    uint32_t at;
    uint16_t bytes;
    uint8_t rtype;
    uint8_t layout; /* hr_dbn_layout_id, or HR_DBN_NO_LAYOUT: an unknown type */
} hr_dbn_rec;
_Static_assert(sizeof(hr_dbn_rec) == 8, "eight a cache line");

typedef struct hr_dbn_step {
    size_t n_taken;       /* bytes; a bad record is among them unless is_lost */
    uint32_t n_recs;      /* written */
    uint32_t n_unknown;   /* of those: types that are unknown, to be passed over */
    hr_dbn_reason reason; /* with HR_EINPUT */
    uint8_t rtype;        /* of the bad record */
    bool is_lost;         /* where the next record begins cannot be known */
    size_t offset;        /* where in p the bad record begins */
} hr_dbn_step;

/** Whole records at the front of [p, p + n_bytes), up to cap of them; n_bytes < 4 GiB. HR_OK: all
 * that are whole were taken, the rest is the beginning of one that must be shown again with more.
 * HR_FULL: out holds cap. HR_EINPUT: one is bad, those before it were written. at_eof: nothing
 * follows, so a rest is HR_EINPUT (truncated). Reads nothing past p + n_bytes. Some 2 ns a record.
 */
HR_MUST_USE hr_status hr_dbn_walk(hr_dbn_step *step, hr_dbn_rec *out, uint32_t cap,
                                  const uint8_t *p, size_t n_bytes, bool at_eof);

/* ---- records as columns ---- */

#define HR_DBN_FIELDS_MAX 80u /* official ones and ts_out, symbol */

/** A table of records of one layout: its fields under their official names, then ts_out where the
 * metadata has it, then symbol. */
typedef struct hr_dbn_table {
    const hr_dbn_layout *layout;
    hr_schema schema;
    uint16_t n_fields; /* of the record: those of the layout and ts_out */
    hr_dbn_field fields[HR_DBN_FIELDS_MAX];
    hr_field columns[HR_DBN_FIELDS_MAX]; /* those, then symbol */
} hr_dbn_table;
void hr_dbn_table_init(hr_dbn_table *t, hr_dbn_layout_id id, bool has_ts_out);

/** One column's values (hr_col_width of its type each) of n records of one layout. Returns how many
 * the column cannot hold and are null (hr_dbn_fits), *first the first of them. Prices are
 * DECIMAL(18, 9), times ns; letters and texts are UTF-8. */
uint32_t hr_dbn_column(void *out, uint32_t *first, const hr_dbn_field *f, const uint8_t *p,
                       const hr_dbn_rec *recs, uint32_t n);
/** What a column can hold: prices of 18 digits, times and unsigned numbers below 2^63, texts of up
 * to HR_TEXT_CAP bytes of UTF-8. */
bool hr_dbn_fits(const hr_dbn_field *f, const uint8_t *rec);

#define HR_DBN_TEXT_MAX 320u
/** A value as text: numbers and prices in decimal, times as ns since the epoch, texts as they are.
 * *n: bytes. false: null, or an empty text. */
bool hr_dbn_value_text(char out[HR_DBN_TEXT_MAX], size_t *n, const hr_dbn_field *f,
                       const uint8_t *rec);
/** Number of the field, null as HR_NULL_I64; for texts 0. Letters: their code. */
int64_t hr_dbn_value(const hr_dbn_field *f, const uint8_t *rec);
/** ts_recv where the record has one, else ts_event; UINT64_MAX none. */
uint64_t hr_dbn_time(const uint8_t *rec, uint8_t layout);

/* ---- market by order to order books ---- */

#define HR_DBN_FLAG_LAST 0x80u      /* of the event: the book may be read */
#define HR_DBN_FLAG_TOB 0x40u       /* a top of book, no order */
#define HR_DBN_FLAG_SNAPSHOT 0x20u  /* of a replay; opens with action R */
#define HR_DBN_FLAG_MBP 0x10u       /* a price level, no order */
#define HR_DBN_FLAG_BAD_RECV 0x08u  /* ts_recv is not to be used for latencies */
#define HR_DBN_FLAG_MAYBE_BAD 0x04u /* after an unrecoverable gap */

/** One mbo record, as it lies in the file: what is none is INT64_MAX (px) or UINT64_MAX (times). */
typedef struct hr_dbn_mbo {
    uint8_t n_words, rtype;
    uint16_t publisher;
    uint32_t instrument;
    uint64_t ts_event;
    uint64_t order_id;
    int64_t px; /* 1e-9 */
    uint32_t qty;
    uint8_t flags;
    uint8_t channel;
    char action; /* A C M R T F N */
    char side;   /* B A N */
    uint64_t ts_recv;
    int32_t ts_in_delta;
    uint32_t sequence;
} hr_dbn_mbo;
_Static_assert(sizeof(hr_dbn_mbo) == 56, "no padding");

/** The record at p, of layout HR_DBN_MBO. Inline: what is not used of it is not read. */
HR_INLINE hr_dbn_mbo hr_dbn_mbo_at(const uint8_t *p)
{
    hr_dbn_mbo m;
    memcpy(&m, p, sizeof m);
    return m;
}
/** Brings a record to the books as their instrument `book` (hr_l3 numbers them from 0, the venue
 * does not: the caller has the table). A adds, C takes, M changes price or quantity (an unknown
 * order is added, as the venue's own books do), R clears; T, F, N and levels (TOB, MBP) give an
 * empty change. Prices below 1 (spreads) are judged HR_L3_BAD, ids must be of one numbering over
 * all instruments. HR_EBUDGET as hr_l3_add. The books may be read after a record with
 * HR_DBN_FLAG_LAST. */
HR_MUST_USE hr_status hr_dbn_apply(hr_l3 *b, hr_l3_change *out, const hr_dbn_mbo *m, uint32_t book);
/** For looking ahead alone: what applying it will touch. */
void hr_dbn_op(hr_l3_op *op, const hr_dbn_mbo *m, uint32_t book);

/* ---- records as events ---- */

/** What is known of a source before decoding; constant, so chunks may be decoded on any thread. */
typedef struct hr_dbn_source {
    const hr_dbn_dir *dir; /* NULL: instruments are named by their number */
    int32_t source_idx;
    uint8_t px_scale, qty_scale;
    bool has_orders;    /* mbo is ORDER messages; else only its trades are messages */
    bool has_venues;    /* books of another publisher than this one are a venue's of their own */
    uint16_t publisher; /* 0: of any */
    char venue[HR_VENUE_MAX + 1]; /* hr_dbn_venue */
} hr_dbn_source;
/** Sets has_venues and publisher from records of the head: several publishers have each a book of
 *  their own, with order ids of their own. Notes symbol mappings in d, where there is one. */
void hr_dbn_learn(hr_dbn_source *s, hr_dbn_dir *d, const uint8_t *p, size_t n_bytes);
/** How many mappings such records hold. */
uint32_t hr_dbn_mapping_count(const uint8_t *p, size_t n_bytes);
/** The venue's name of a dataset: in small letters, bytes that names may not have as '-'. */
void hr_dbn_venue(char out[HR_VENUE_MAX + 1], const char *dataset);

/** Decodes records from p[*pos, n_bytes) into b until they are used up or b is full or b->n_msgs +
 *  b->n_levels >= target_rows; as hr_decode_text, but on bytes, so the rest that is not whole is to
 *  be given again. base_offset: source offset of p[0]; *row: 1-based number of the next record.
 *  HR_OK: used up; HR_FULL: call again with a fresh batch. What is bad becomes a reject; HR_END: no
 *  record can be found behind it, the source ends here.
 *
 *    trades; action T of mbo, mbp-1 (tbbo), mbp-10, cmbp-1 (tcbbo)   TRADE, the side is the taker's
 *    mbp-1, bbo, cmbp-1, cbbo                                        TICKER, behind the TRADE
 *    mbp-10                                                          SNAPSHOT of up to ten levels
 *    mbo with has_orders: A C M R                                    ORDER add, cancel, put, clear
 *    F, N and levels (TOB, MBP) of mbo                               ORDER note: changes nothing
 *    all else, unknown types too                                     OTHER
 *
 *  Symbols: bytes that ours may not have are '_'; an unknown or longer one is "id-<instrument>".
 *  seq is the venue's sequence number, of tickers and snapshots; trades have no number of their
 *  own. MAYBE_BAD is HR_FLAG_GAP; mbo without HR_DBN_FLAG_LAST is HR_FLAG_MORE. Books of other
 *  publishers (has_venues) are of the venue "<venue>-p<publisher>". */
HR_MUST_USE hr_status hr_dbn_decode(const hr_dbn_source *s, hr_evbatch *b, const uint8_t *p,
                                    size_t n_bytes, size_t *pos, int64_t base_offset, int64_t *row,
                                    uint32_t target_rows, bool at_eof);

#endif
