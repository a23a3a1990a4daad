/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_ASOF_H
#define HR_CALC_ASOF_H
/* The newest books of one instrument by their times, and the question which one stood before a
 * moment: strictly before, so that an event at the same time is never seen. O(1) a book, O(log
 * HR_ASOF_BOOKS) a question about the past, fixed memory. See docs/modules/bars.md.
 *
 * Times of books never fall: one that comes with an earlier time than the one before takes that
 * one's (n_late). Of several books with one time the last stands. */
#include <stdbool.h>
#include <stdint.h>

#include "col/schema.h"

#define HR_ASOF_BOOKS 2048u /* times kept: a power of two */

typedef struct hr_asof_book {
    int64_t ts;
    int64_t bid_px, bid_qty, ask_px, ask_qty; /* HR_NULL_I64: no such side, or no certain book */
} hr_asof_book;

typedef struct hr_asof {
    uint64_t n; /* times so far; the last HR_ASOF_BOOKS are kept */
    uint64_t n_late;
    hr_asof_book book[HR_ASOF_BOOKS];
} hr_asof;

void hr_asof_init(hr_asof *a);
/** b as of b->ts. */
void hr_asof_put(hr_asof *a, const hr_asof_book *b);
/** The book is lost from the newest time on, which the loss did not name. */
void hr_asof_lose(hr_asof *a);
/** The newest time; INT64_MIN: none yet. */
int64_t hr_asof_now(const hr_asof *a);

typedef enum hr_asof_answer {
    HR_ASOF_FOUND = 0,
    HR_ASOF_NONE = 1,      /* no book so early */
    HR_ASOF_FORGOTTEN = 2, /* it is no longer kept */
} hr_asof_answer;
/** The newest book with a time below ts. */
hr_asof_answer hr_asof_before(const hr_asof *a, int64_t ts, hr_asof_book *out);

#endif
