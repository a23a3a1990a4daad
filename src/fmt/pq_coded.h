/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_CODED_H
#define HR_FMT_PQ_CODED_H
/* Dictionary-coded columns as indexes, for a caller that gives the values of the dictionary a
 * meaning of its own, once each. */
#include "fmt/pq_read.h"

/** The dictionary of a column chunk: n values of either kind, the other NULL; both for booleans,
 * which are their own indexes. value[n] may be written too, for the nulls. */
typedef struct hr_pq_dict {
    int64_t *value; /* floating-point numbers as the bits of a double; may be replaced in place */
    const hr_pq_bytes *text;
    uint32_t n;
} hr_pq_dict;

/** The next rows of one page, at most cap, as indexes into *dict; a null is dict->n. HR_AGAIN: this
 * page does not hold indexes, and its next *n_out rows must be read by values. HR_END: the row
 * group has no more rows. */
HR_MUST_USE hr_status hr_pq_read_coded(hr_pq_cursor *c, hr_pq_dict *dict, uint32_t *index,
                                       uint32_t cap, uint32_t *n_out, hr_err *err);
/** True when the last hr_pq_cursor_seek_row left the dictionary as it was, with what was put in
 * place of its values. */
bool hr_pq_cursor_kept_dict(const hr_pq_cursor *c);
/** After it, cap 0 will do, gave HR_OK and values that are no text: the next rows of the page, at
 * most cap, as the dictionary's values stand now; a null is HR_NULL_I64. */
HR_MUST_USE hr_status hr_pq_read_entries(hr_pq_cursor *c, int64_t *out, uint32_t cap,
                                         uint32_t *n_out, hr_err *err);

#endif
