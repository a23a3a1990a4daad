/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_COL_SCHEMA_H
#define HR_COL_SCHEMA_H
/* Column types and table schemas shared by the row store, the formats and the Arrow interface.
 * Nulls are in-band: HR_NULL_I64 for the integer types, any NaN for HR_COL_F64, length 0xff for
 * TEXT. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_NULL_I64 INT64_MIN
#define HR_PX_SCALE 9  /* decimals of a price, unless the plan says otherwise */
#define HR_QTY_SCALE 8 /* decimals of a quantity */
#define HR_TEXT_CAP 47
#define HR_TEXT_NULL 0xff

typedef enum hr_col_type {
    HR_COL_I64 = 0,     /* int64_t */
    HR_COL_TS = 1,      /* int64_t ns since the epoch, UTC */
    HR_COL_DEC = 2,     /* int64_t x 10^-scale, DECIMAL(18, scale) */
    HR_COL_U32 = 3,     /* uint32_t, never null */
    HR_COL_ENUM = 4,    /* uint8_t index into field.dict, never null */
    HR_COL_F64 = 5,     /* double */
    HR_COL_TEXT = 6,    /* hr_text */
    HR_COL_BOOL = 7,    /* uint8_t 0 or 1, never null */
    HR_COL_TEXT_AT = 8, /* const hr_text *, never NULL, for texts that many rows have: what it
                           points to stays as it is until the rows are written. In files TEXT */
} hr_col_type;

/** Short text in place (trade identifiers). len is HR_TEXT_NULL for null, else <= HR_TEXT_CAP. */
typedef struct hr_text {
    char byte[HR_TEXT_CAP];
    uint8_t len;
} hr_text;

typedef struct hr_field {
    const char *name;
    hr_col_type type;
    uint8_t scale; /* HR_COL_DEC */
    bool nullable;
    const char *const *dict; /* HR_COL_ENUM: n_dict names */
    uint16_t n_dict;
} hr_field;

typedef struct hr_schema {
    const char *name; /* "deltas", "trades", ... */
    uint16_t n_fields;
    const hr_field *fields;
} hr_schema;

/** Bytes of one value in memory: 8, 8, 8, 4, 1, 8, 48, 1, 8. */
size_t hr_col_width(hr_col_type type);
HR_INLINE bool hr_col_is_text(hr_col_type type)
{
    return type == HR_COL_TEXT || type == HR_COL_TEXT_AT;
}
/** Text i of a column of one of the two types. */
HR_INLINE const hr_text *hr_col_text(hr_col_type type, const void *values, uint32_t i)
{
    return type == HR_COL_TEXT_AT ? ((const hr_text *const *)values)[i]
                                  : (const hr_text *)values + i;
}
/** Sum of the widths. */
size_t hr_schema_row_bytes(const hr_schema *s);
/** Index of the field, or -1. */
int hr_schema_find(const hr_schema *s, const char *name);

/* The tables of a dataset. depth: levels a side in a book row, 1 to HR_BOOK_DEPTH_MAX. */
#define HR_BOOK_DEPTH_MAX 50
typedef enum hr_kind {
    HR_KIND_DELTAS = 0,
    HR_KIND_TRADES = 1,
    HR_KIND_TICKERS = 2,
    HR_KIND_BOOKS = 3,
    HR_KIND_FEATURES = 4,
    HR_KIND_GAPS = 5,
    HR_KIND_CALC = 6,    /* outputs of expressions */
    HR_KIND_SIGNALS = 7, /* turning on and off */
    HR_KIND_COUNT = 8,
    HR_KIND_PLAIN = 6, /* those that every run has; the others come with expressions */
} hr_kind;
const char *hr_kind_name(hr_kind kind);

/* Row flags, one meaning in every table. */
#define HR_FLAG_SNAPSHOT 0x01u  /* the row belongs to a snapshot */
#define HR_FLAG_LAST 0x02u      /* last row of its message */
#define HR_FLAG_GAP 0x04u       /* after a gap: the book is not whole */
#define HR_FLAG_UNSYNCED 0x08u  /* the book was never synced so far */
#define HR_FLAG_STALE 0x10u     /* older than the book: not applied */
#define HR_FLAG_DUPLICATE 0x20u /* seen already: not applied */
#define HR_FLAG_RESET 0x40u     /* first message after a reset or a new snapshot */
#define HR_FLAG_BUFFERED 0x80u  /* came before the snapshot it was applied to */
#define HR_FLAG_CROSSED 0x100u  /* best bid >= best ask after this message */
#define HR_FLAG_AGG 0x200u      /* an aggregate of several trades */
#define HR_FLAG_NO_TIME 0x400u  /* no time of its own: ts_recv is that of the message before it */
#define HR_FLAG_LEFT_OUT 0x800u /* of OTHER, never written: seq_first rows that are not wanted */
#define HR_FLAG_MORE                                                                               \
    0x10000u /* the venue's event goes on: the book is whole after the next row                    \
                without it */

#endif
