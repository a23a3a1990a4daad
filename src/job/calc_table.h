/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_TABLE_H
#define HR_JOB_CALC_TABLE_H
/* Expressions over plain tables, in CSV, Parquet or Arrow: a column of times, numbers under names
 * of their own, and perhaps a column that names the instrument. Bars (OHLCV) are the usual ones.
 * The columns of the first file are what expressions see. See docs/EXPRESSIONS.md, "Tables". */
#include "job/calc_columns.h"
#include "job/calc_run.h"

/** Is it a table, and not events? Parquet and Arrow are events where a run knows their columns,
 * text where a run knows its format; other text is a table where it is called .csv, or its first
 * line names a column of times and another. False, too, of what is neither; why then says why it is
 * no input of a run. Fails where the file cannot be read. */
HR_MUST_USE hr_status hr_calc_table_is(bool *is, hr_err *why, const char *path, hr_err *err);
/** Reads the columns of a file. HR_EINPUT: no column of times is among them. */
HR_MUST_USE hr_status hr_calc_table_open(hr_calc_table *t, const char *path, const hr_calc_words *w,
                                         hr_err *err);

typedef struct hr_calc_table_options {
    const hr_calc_table *table; /* whose columns the program was read with */
    const hr_calc_options *o;   /* listen.plan: inputs, memory, symbol */
    const hr_calc_words *words;
} hr_calc_table_options;

/** As hr_calc_run. Files follow one another; where the program takes values of other instruments,
 * their rows are merged by time, equal times in the order of the files. A row that cannot be read
 * is rejected and counted. HR_EUSAGE: rows are numbered, but a window goes by time. */
HR_MUST_USE hr_status hr_calc_table_run(const hr_calc_table_options *o, hr_calc_report *report,
                                        uint64_t *step_ns, hr_err *err);

#endif
