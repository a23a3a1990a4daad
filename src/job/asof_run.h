/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_ASOF_RUN_H
#define HR_JOB_ASOF_RUN_H
/* Each trade with the newest book before it, from whatever a run reads. Rows come in the merged
 * order of the trades. See docs/modules/bars.md.
 *
 * By the local clock a trade is answered when it comes. By the venue's it waits until a book of
 * its instrument comes that is not before it, for books and trades come on streams of their own;
 * at most HR_ASOF_WAITING rows wait, then the oldest is answered with what is known (`hurried`). */
#include "calc/asof.h"
#include "job/listen.h"

#define HR_ASOF_WAITING 32768u

typedef struct hr_asof_options {
    hr_listen_options listen;
    hr_book_of book;
    int64_t tolerance_ns; /* an older book is none; INT64_MAX: any age */
} hr_asof_options;

typedef struct hr_asof_report {
    hr_listen_report listen;
    uint64_t joined;     /* rows with a book */
    uint64_t none;       /* rows before any book, or while it was not certain */
    uint64_t too_old;    /* rows whose book is older than the tolerance */
    uint64_t forgotten;  /* rows whose book is no longer kept: written without */
    uint64_t hurried;    /* rows answered before a book not before them came */
    uint64_t late_books; /* books with times before that of one before them: they take that one's */
} hr_asof_report;

/** As hr_bars_run. */
HR_MUST_USE hr_status hr_asof_run(const hr_asof_options *o, hr_asof_report *report, hr_err *err);

#endif
