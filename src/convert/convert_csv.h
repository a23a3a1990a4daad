/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_CONVERT_CSV_H
#define HR_CONVERT_CONVERT_CSV_H
/* CSV files that are tables and no events (venue/files/csv_table.h) to typed Parquet and back. The
 * first of two passes finds what the columns must hold. See docs/modules/csv.md. */
#include "convert/convert_parts.h"
#include "venue/files/csv_table.h"

/* Keys of the Parquet metadata that lead back. */
#define HR_CSV_META_FORMAT HR_PQ_CSV_KEY
#define HR_CSV_META_HEADER "headrace.csv.header" /* as it was; empty: it had none */
#define HR_CSV_META_TIMES "headrace.csv.times"   /* hr_csv_time_form_name of each column of times */

/** hr_convert of a file that holds such a table. */
HR_MUST_USE hr_status hr_convert_csv(const hr_convert_options *o, hr_convert_report *report,
                                     hr_err *err);
/** Is it Parquet that hr_convert_csv made? */
HR_MUST_USE hr_status hr_convert_csv_probe(bool *is_ours, const char *path, hr_err *err);
/** ... and back to CSV. */
HR_MUST_USE hr_status hr_convert_csv_back(const hr_convert_options *o, hr_convert_report *report,
                                          hr_err *err);

/** What a look at all of such a file finds. */
typedef struct hr_csv_seen {
    uint64_t lines, rows, rejected;
    uint64_t rejects[HR_REJECT_COUNT];
    int64_t first_ns, last_ns; /* least and greatest of the first column of times; HR_NULL_I64 */
    hr_csv_table table;
    char type[HR_CSV_COLUMNS_MAX][24]; /* of the column that convert would make */
} hr_csv_seen;
HR_MUST_USE hr_status hr_csv_look(hr_csv_seen *out, const char *path, hr_format format,
                                  hr_err *err);

/* ---- private to job: convert_csv_cells.c ---- */

/* One value. */
typedef struct hr_csv_cell {
    bool is_null, is_wide; /* wide: no column can hold it */
    bool is_rounded;       /* fixed or real is next to it, not equal */
    hr_csv_number size;
    hr_csv_time time;
    int64_t fixed;
    double real;
    hr_text text;
} hr_csv_cell;

/* What a column must hold, and then how it does. */
typedef struct hr_csv_need {
    const hr_csv_column *column;
    uint8_t scale; /* PRICE, AMOUNT: the usual one, then the column's */
    bool is_set;   /* scale and order are final */
    int32_t n_int, n_dec;
    uint64_t n_wide, n_rounded;
    uint64_t n_of_dec[20]; /* values by their decimals; the last: that many and more */
    bool has_time, has_number, has_date, has_clock;
    int64_t unit_ns, min_ns, max_ns;
    uint8_t part[2];    /* greatest; 0: no such date */
    bool has_either[2]; /* such dates, month first and day first */
    int64_t either_min_ns[2], either_max_ns[2];
    uint8_t order; /* hr_csv_order */
    uint8_t form;  /* hr_csv_time_form */
} hr_csv_need;

/** A field as the column's value; HR_LINE_DONE or a reject as venue/line.h has them. */
int hr_csv_cell_read(hr_csv_cell *out, const hr_csv_need *need, const char *s, uint32_t n,
                     bool has_quote);
/** Notes a value of a row that is taken. */
void hr_csv_need_note(hr_csv_need *need, const hr_csv_cell *cell);
/** After the last: scale, order and form. HR_EINPUT: dates whose order cannot be told. */
HR_MUST_USE hr_status hr_csv_need_settle(hr_csv_need *need, hr_err *err);
/** The column it becomes. */
hr_field hr_csv_need_field(const hr_csv_need *need);
void hr_csv_need_type(char *out, size_t cap, const hr_csv_need *need);

#endif
