/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_WHERE_H
#define HR_APP_WHERE_H
/* Rows of a table by a condition on one column: COLUMN=VALUE, or COLUMN=LOW..HIGH with both in it
 * and either left out. */
#include "app/app_table.h"
#include "fmt/pq_select.h"

#define HR_WHERE_TEXT 512

typedef struct hr_where {
    hr_pq_range range;
    char text[HR_WHERE_TEXT]; /* what range points into */
} hr_where;

/** The condition in the column's values: integers, decimals, times (as in plans), dates, booleans,
 * floating-point numbers, texts. HR_EUSAGE: no such column, or what its values look like. */
HR_MUST_USE hr_status hr_where_parse(hr_where *out, const hr_pq_file *f, const char *text,
                                     hr_err *err);

/** What was found, and what need not be read for it. */
typedef struct hr_where_report {
    int64_t n_match, n_rows_read;                              /* rows of the column */
    uint32_t n_groups, n_out_bounds, n_out_bloom, n_out_pages; /* row groups, and those left out */
    uint32_t n_pages, n_pages_out; /* of the column, where its page index was asked */
    uint32_t n_unused; /* row groups whose index is damaged or contradicts the statistics */
    int64_t bytes_read;
} hr_where_report;
/** Prints the first n_rows that match, a line each, or as elements of a JSON list. */
HR_MUST_USE hr_status hr_where_print(hr_app_table *t, const hr_where *w, int64_t n_rows, bool json,
                                     hr_where_report *out, hr_err *err);

#endif
