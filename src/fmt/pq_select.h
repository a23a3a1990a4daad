/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_SELECT_H
#define HR_FMT_PQ_SELECT_H
/* Which rows of a row group need not be read, from statistics, Bloom filters and page indexes. What
 * is selected may satisfy the conditions; what is left out does not. Then, for each run of rows,
 * hr_pq_cursor_seek_row and reads of that many rows from each column that is wanted: only their
 * pages are read. Bounds that no data stand behind are believed where nothing in the file
 * contradicts them. See docs/modules/fmt-read.md. */
#include "fmt/pq_read.h"

typedef enum hr_pq_carrier { HR_PQ_BY_I64, HR_PQ_BY_F64, HR_PQ_BY_BYTES } hr_pq_carrier;

/** The read that gives the column's values. */
hr_pq_carrier hr_pq_carrier_of(const hr_pq_column *c);

/** min <= value <= max. A null, a NaN and a number that 64 bits do not hold never are. */
typedef struct hr_pq_range {
    uint32_t col;
    hr_pq_carrier by; /* the read that gives its values */
    bool or_null;     /* a null satisfies it too */
    int64_t min, max; /* BY_I64: in the column's unit, decimals without their point */
    double min_f64, max_f64;
    hr_pq_bytes min_bytes, max_bytes; /* by unsigned bytes; s NULL: no bound */
    const hr_pq_bytes *one_of; /* BY_BYTES, in place of bounds where not NULL: n_one_of values, */
    uint32_t n_one_of;         /* ascending; `one_of` of them is met */
} hr_pq_range;

enum { HR_PQ_USE_STATISTICS = 1, HR_PQ_USE_BLOOM = 2, HR_PQ_USE_PAGES = 4, HR_PQ_USE_ALL = 7 };

typedef struct hr_pq_query {
    const hr_pq_range *range; /* all of them hold */
    uint32_t n_ranges;
    unsigned use;      /* HR_PQ_USE_* */
    hr_arena *scratch; /* for page indexes; rewound */
} hr_pq_query;

typedef struct hr_pq_rows {
    int64_t begin, end;
} hr_pq_rows;

typedef struct hr_pq_selection {
    hr_pq_rows *rows;              /* cap of them, the caller's; ascending, apart, not empty */
    uint32_t cap, n;               /* what does not fit becomes part of the last */
    unsigned by;                   /* HR_PQ_USE_*: what left rows out */
    uint32_t n_pages, n_pages_out; /* of the columns whose page index was asked */
    bool is_doubtful; /* a page index contradicts the chunk's statistics: it was not used */
} hr_pq_selection;
/** HR_EUNSUPPORTED: a nested column, or one whose values another read gives. HR_ECORRUPT: an index
 * that is damaged. A Bloom filter is asked where min equals max and for each `one_of`: one block of
 * it is read. */
HR_MUST_USE hr_status hr_pq_select(hr_pq_file *f, uint32_t rg, const hr_pq_query *q,
                                   hr_pq_selection *out, hr_err *err);

#endif
