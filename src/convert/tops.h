/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_TOPS_H
#define HR_CONVERT_TOPS_H
/* The best levels of every instrument's book, message by message: what a file of tops is made of.
 * Books are kept as a run keeps them: by the venue's sequence rule, with changes put by until
 * the snapshot that they follow. Private to convert.
 * Threads: single owner. Memory: fixed at create; pages that no book needs are not touched. */
#include "col/evbatch.h"
#include "mem/mem.h"

#define HR_TOPS_DEPTH_MAX 25
#define HR_TOPS_BOOKS_MAX 1024

/** What a message did to the best levels of its book. */
typedef enum hr_top_news {
    HR_TOP_SAME = 0,    /* nothing, or it came late */
    HR_TOP_NO_BOOK = 1, /* there is no whole book yet, or none any more */
    HR_TOP_CHANGED = 2, /* they are others now */
    HR_TOP_GIVEN = 3,   /* a snapshot gave them: they may be the same */
} hr_top_news;

typedef struct hr_top {
    hr_top_news news;
    bool is_late;  /* SAME: for the book is newer than the message */
    bool has_more; /* GIVEN: levels are behind the best */
    bool has_kept; /* GIVEN: changes that were put by are in them */
    uint32_t n[2]; /* levels by side, best first; CHANGED and GIVEN */
    const int64_t *px[2], *qty[2];
} hr_top;

typedef struct hr_tops hr_tops;
size_t hr_tops_bytes(void);
/** depth: levels a side, 1 to HR_TOPS_DEPTH_MAX. format: hr_format of the source. */
HR_MUST_USE hr_status hr_tops_create(hr_tops **out, uint32_t depth, int format, hr_arena *arena,
                                     hr_err *err);
/** Forgets all books. */
void hr_tops_restart(hr_tops *t);
/** Message m, a DELTA or SNAPSHOT that names an instrument, of prices over 0 and quantities from
 * 0 on. HR_ELIMIT: more instruments than are kept; HR_EBUDGET: deeper books. */
HR_MUST_USE hr_status hr_tops_take(hr_tops *t, hr_top *out, const hr_evbatch *b, uint32_t m,
                                   hr_err *err);
/** A connection began anew, or a message was not readable: no book is certain. */
void hr_tops_lose(hr_tops *t);

#endif
