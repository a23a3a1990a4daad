/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_TABLE_H
#define HR_JOB_CALC_TABLE_H
/* Expressions over plain CSV files with a header: a column of times, numbers under names of their
 * own, and perhaps a column that names the instrument. Bars (OHLCV) are the usual ones.
 *
 * The columns of the first file are what expressions see: in lower case, what is no letter, digit
 * or '_' as '_'. open, high, low, close and names with "price" or "px" in them are prices, volume
 * and names with "qty", "quantity" or "amount" quantities, the rest agrees with every unit. */
#include "job/calc_run.h"
#include "text/csv.h"
#include "venue/files/csv_table.h"

typedef struct hr_calc_table {
    hr_expr_column column[HR_CSV_FIELDS_MAX];
    char name[HR_CSV_FIELDS_MAX][HR_EXPR_NAME_MAX + 1];
    uint32_t n_column;     /* that expressions see */
    uint32_t time, symbol; /* fields of the file; symbol: HR_CALC_NO_FIELD where there is none */
} hr_calc_table;
#define HR_CALC_NO_FIELD UINT32_MAX

/** Is it a CSV file with a header that has a column of times and one of numbers, and no format that
 * a run reads? False, too, of what cannot be read. */
bool hr_calc_table_probe(const char *path);
/** Reads the header. HR_EINPUT: no column of times is in it. */
HR_MUST_USE hr_status hr_calc_table_open(hr_calc_table *t, const char *path, hr_err *err);

typedef struct hr_calc_table_options {
    const hr_calc_table *table; /* whose columns the program was read with */
    const hr_calc_options *o;   /* listen.plan: inputs, memory, symbol */
    hr_csv_order dates;         /* of 01/03/2017 */
} hr_calc_table_options;

/** As hr_calc_run. Files follow one another; a row that cannot be read is rejected and counted, and
 * written to OUT.rejects where there is a file to write to. */
HR_MUST_USE hr_status hr_calc_table_run(const hr_calc_table_options *o, hr_calc_report *report,
                                        uint64_t *step_ns, hr_err *err);

#endif
