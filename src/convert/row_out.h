/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_ROW_OUT_H
#define HR_CONVERT_ROW_OUT_H
/* Writes rows as CSV, lines of JSON, Parquet or Arrow, to standard output or to a file that appears
 * whole or not at all. Rows are put one at a time; Parquet and Arrow also take many at once, column
 * by column. Text shows numbers exactly and shortest; tables hold WIDE ones as the nearest double.
 * Fixed memory; bytes depend on the rows alone. */
#include "convert/row_group.h"
#include "text/wide.h"

typedef enum hr_cell_type {
    HR_CELL_TIME = 0, /* ns since 1970, UTC */
    HR_CELL_INT = 1,
    HR_CELL_DEC = 2,  /* 64 bits x 10^-scale; Parquet: DECIMAL(18, scale) */
    HR_CELL_WIDE = 3, /* 128 bits x 10^-scale; Parquet: DOUBLE */
    HR_CELL_TEXT = 4, /* at most HR_TEXT_CAP bytes */
    HR_CELL_REAL = 5, /* a double, shown shortest; Parquet: DOUBLE */
    HR_CELL_NAME = 6, /* as TEXT, for texts that many rows have: each stays as it is until finish
                         or abandon */
} hr_cell_type;

typedef struct hr_row_field {
    const char *name;
    hr_cell_type type;
    uint8_t scale;
} hr_row_field;

typedef struct hr_cell {
    hr_wide v;
    union {
        const hr_text *text; /* TEXT, NAME */
        double real;         /* REAL, finite */
    };
    bool is_null;
} hr_cell;
HR_INLINE hr_cell hr_cell_of(hr_wide v)
{
    return (hr_cell){.v = v};
}
/** Null for HR_NULL_I64. */
HR_INLINE hr_cell hr_cell_i64(int64_t v)
{
    return (hr_cell){.v = v, .is_null = v == HR_NULL_I64};
}
#define HR_CELL_NULL ((hr_cell){.is_null = true})
HR_INLINE hr_cell hr_cell_text(const hr_text *text)
{
    return (hr_cell){.text = text, .is_null = text->len == HR_TEXT_NULL};
}
/** s, cut to HR_TEXT_CAP bytes. */
hr_text hr_text_of(const char *s);

/** Null where it is not finite. In place: a cell that is copied waits for its parts. */
HR_INLINE void hr_cell_set_real(hr_cell *c, double v)
{
    c->real = v;
    c->is_null = !(v - v == 0);
}

#define HR_ROW_FIELDS_MAX 96
typedef enum hr_row_format {
    HR_ROWS_CSV = 0,
    HR_ROWS_NDJSON = 1,
    HR_ROWS_PARQUET = 2,
    HR_ROWS_ARROW = 3,
} hr_row_format;

typedef struct hr_row_out {
    const hr_row_field *field; /* borrowed */
    uint32_t n_fields;
    hr_row_format format;
    hr_out_file file;
    bool force;
    uint64_t n_rows;
    /* Parquet, Arrow */
    hr_schema schema;
    hr_field schema_field[HR_ROW_FIELDS_MAX];
    hr_row_groups group;
} hr_row_out;

/** Where rows go. path: NULL for standard output, as CSV or, json, as NDJSON; else its name tells:
 * .parquet; .arrow, .feather, .arrows; .csv, .ndjson or .jsonl, with .gz or .zst behind them. */
typedef struct hr_row_target {
    const char *path;
    bool json, force;
    size_t index_bytes; /* Parquet: for what the footer will say, a row group's about 200 bytes a
                           column; when it is used up there can be no more rows */
    uint32_t n_lane_groups; /* as of hr_row_groups_options; of no effect on text */
} hr_row_target;
/** HR_EUSAGE for a name that tells nothing. */
HR_MUST_USE hr_status hr_row_format_of(hr_row_format *out, hr_container *container,
                                       const hr_row_target *to, hr_err *err);
/** Bytes of arena that it takes. */
size_t hr_row_out_bytes(const hr_row_target *to, const hr_row_field *field, uint32_t n_fields);
/** Only what hr_row_out_abandon needs. */
void hr_row_out_init(hr_row_out *o);
HR_MUST_USE hr_status hr_row_out_open(hr_row_out *o, const hr_row_target *to,
                                      const hr_row_field *field, uint32_t n_fields, hr_arena *arena,
                                      hr_err *err);
/** n_fields cells, in order. */
HR_MUST_USE hr_status hr_row_out_put(hr_row_out *o, const hr_cell *cell, hr_err *err);

/** Parquet, Arrow: rows may be put by columns, too. */
bool hr_row_out_has_columns(const hr_row_out *o);
/** Rows that may be written to the columns before hr_row_out_took; never 0. */
HR_INLINE uint32_t hr_row_out_room(const hr_row_out *o)
{
    return o->group.cap_rows - o->group.n_rows;
}
/** Where the next rows' values of a field go, until hr_row_out_took: hr_text; const hr_text * of
 * NAME; double, NaN for null, of REAL and WIDE; int64_t, HR_NULL_I64 for null, of the others. */
void *hr_row_out_column(const hr_row_out *o, uint32_t field);
/** n rows are in all columns. */
HR_MUST_USE hr_status hr_row_out_took(hr_row_out *o, uint32_t n, hr_err *err);

/** The rest, durable and in its place. */
HR_MUST_USE hr_status hr_row_out_finish(hr_row_out *o, hr_err *err);
/** Gives what was not finished up. Rows on standard output stay there, whole ones. */
void hr_row_out_abandon(hr_row_out *o);

#endif
