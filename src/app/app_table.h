/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_TABLE_H
#define HR_APP_APP_TABLE_H
/* A Parquet or Arrow file as inspect shows it: schema, span of time, first rows. */
#include "fmt/pq_read.h"

typedef struct hr_app_table {
    int fd; /* -1: closed */
    int64_t size_bytes;
    int64_t n_read; /* bytes */
    hr_arena *arena;
    hr_pq_file *file;
} hr_app_table;

typedef struct hr_app_span {
    char column[64];           /* the time it was told by; "" none */
    int64_t first_ns, last_ns; /* HR_NULL_I64: no row has one */
    uint64_t gap_rows;         /* rows flagged as after a gap or never synced */
    bool has_flags;
} hr_app_span;

/** *is_table false: the file is neither Parquet nor Arrow (and nothing is open). Close after any
 * outcome. */
HR_MUST_USE hr_status hr_app_table_open(hr_app_table *t, const char *path, bool *is_table,
                                        hr_err *err);
void hr_app_table_close(hr_app_table *t);
/** Columns with their types: a line each, or as the JSON member "columns". */
void hr_app_table_print_schema(const hr_app_table *t, bool json);
/** The first rows: a header and comma-separated values, or as the JSON member "head". */
HR_MUST_USE hr_status hr_app_table_print_rows(hr_app_table *t, int64_t n_rows, bool json,
                                              hr_err *err);
/** Names of the columns that are shown, as the first line of the rows. */
void hr_app_table_print_names(const hr_app_table *t);
/** The cursors' next row: comma-separated values, or those of a JSON list. NULL: not shown. */
HR_MUST_USE hr_status hr_app_table_print_row(hr_app_table *t, hr_pq_cursor **cur, bool json,
                                             hr_err *err);
/** Reads the time column and the flags to their ends. */
HR_MUST_USE hr_status hr_app_table_span(hr_app_table *t, hr_app_span *out, hr_err *err);

#endif
