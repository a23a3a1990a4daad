/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CHECK_BOOK_H
#define HR_JOB_CHECK_BOOK_H
/* Books published beside a source. Private to job; one thread, the shard's. */
#include "job/check.h"
#include "pipe/source.h"

typedef struct check_book {
    hr_lobster_book *book; /* the source's; NULL: none, or at its end */
    hr_lobster_row row;
    int64_t known[2]; /* the worst price of each side that is known */
    int64_t px[HR_LOBSTER_LEVELS_MAX], qty[HR_LOBSTER_LEVELS_MAX]; /* of the rebuilt one */
} check_book;

/** Before the run starts. */
void run_check_book_begin(check_book *k, const hr_source *s);
/** After a message whose line is f->line. True: a level differs; f says which. */
bool run_check_book_differs(check_book *k, hr_check_books *sum, const hr_desk *d, const hr_plan *p,
                            hr_finding *f);

#endif
