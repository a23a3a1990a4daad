/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_LINES_H
#define HR_JOB_CALC_LINES_H
/* The instruments of tables: by venue and symbol, made when their first row comes. A text that many
 * rows share is looked up once. Private to job. Memory: from the arena, an instrument after the
 * other, at most max_lines. */
#include <string.h>

#include "job/calc_batch.h"
#include "job/calc_input.h"

typedef struct hr_calc_lines {
    hr_calc_batch *batch;
    hr_arena *arena;
    hr_calc_line *line;  /* [max_lines] */
    hr_calc_label *label; /* [max_lines] */
    hr_calc_line **slot; /* by hash */
    hr_calc_line *last;  /* that was looked up */
    uint32_t mask, n_lines, max_lines;
} hr_calc_lines;

#define HR_CALC_LINES_MAX 65536u

/** Bytes of arena beside the lines, and of each line but for its state. */
#define HR_CALC_LINES_BYTES (2 * HR_CALC_LINES_MAX * sizeof(hr_calc_line *) + 128)
#define HR_CALC_LINE_BYTES (sizeof(hr_calc_line) + sizeof(hr_calc_label) + 128)
/** HR_ENOMEM: the arena is too small. batch and arena are borrowed. */
HR_MUST_USE hr_status hr_calc_lines_init(hr_calc_lines *s, hr_calc_batch *batch, uint32_t max_lines,
                                         hr_arena *arena);
/** That of row i, by its texts. NULL: there are too many; err says so. */
hr_calc_line *hr_calc_lines_find(hr_calc_lines *s, const hr_calc_span *span, uint32_t i,
                                 hr_err *err);

HR_INLINE bool hr_calc_text_is(const hr_text *a, hr_pq_bytes b)
{
    return a->len == b.n && (b.n == 0 || memcmp(a->byte, b.s, b.n) == 0);
}
/** The same, without a look at the text where it was seen before. */
HR_INLINE hr_calc_line *hr_calc_lines_of(hr_calc_lines *s, const hr_calc_span *span, uint32_t i,
                                         hr_err *err)
{
    hr_calc_line *l = span->symbol.known != NULL ? *hr_calc_name_known(&span->symbol, i) : NULL;
    bool is_it =
        l != NULL && (span->venue.code == NULL ||
                      hr_calc_text_is(&l->label->venue, hr_calc_name_text(&span->venue, i)));
    return HR_LIKELY(is_it) ? l : hr_calc_lines_find(s, span, i, err);
}

#endif
