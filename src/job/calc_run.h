/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_RUN_H
#define HR_JOB_CALC_RUN_H
/* Expressions over whatever a run reads, row by row: a row is a change of an instrument's book, or
 * a trade, in merged order. See docs/EXPRESSIONS.md. */
#include "eval/market_rows.h"
#include "eval/program.h"
#include "job/listen.h"

typedef struct hr_calc_options {
    hr_listen_options listen; /* clock: VENUE falls back on the capturer's where there is none */
    hr_book_of book;
    hr_calc_rows rows;
    const hr_program *program; /* read with hr_market_columns, HR_CALC_STEP_ROWS a call */
    bool measures;
} hr_calc_options;

typedef struct hr_calc_report {
    hr_listen_report listen;
    uint64_t rows; /* worked out */
    uint64_t dropped; /* by stages */
    uint64_t no_time;
    uint64_t older; /* rows of tables that are older than one before them of their instrument */
    uint32_t unmet;      /* instruments of of() that never came ... */
    const char *unmet_1; /* ... the first of them */
    size_t state_bytes;  /* of one instrument */
    char reject_1[352];  /* a table's first row that could not be read: file, place, what */
} hr_calc_report;

/** step_ns: [program->e->n_step], where o->measures. HR_ESTOPPED: it was asked to stop; on any
 * failure no file is left. */
HR_MUST_USE hr_status hr_calc_run(const hr_calc_options *o, hr_calc_report *report,
                                  uint64_t *step_ns, hr_err *err);

struct hr_calc_batch;
/** What a batch counted. */
void hr_calc_report_batch(hr_calc_report *r, const struct hr_calc_batch *b);

#endif
