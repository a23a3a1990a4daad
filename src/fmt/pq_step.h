/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_STEP_H
#define HR_FMT_PQ_STEP_H
/* What a step of delta rows is like as a whole, found column by column: whether any row must be
 * looked at alone, and where what rows say of their message changes. Private to fmt. */
#include "fmt/pq_table.h"

typedef struct pq_step {
    bool is_clean; /* every row is good; the rest holds only then */
    uint32_t n;
    uint64_t begins[HR_PQ_ROWS / 64]; /* a bit a row: it differs from the row before it */
    uint8_t side[HR_PQ_ROWS];
} pq_step;

/** Crypto Lake marks the rows of a snapshot by an origin time of 0, which is no time. Source: the
 * vendor's analysis-sharing, lake_to_hftbacktest.py, convert_book_diffs. */
HR_INLINE bool hr_pq_has_lake_snapshots(const pq_table *t)
{
    return t->info.format == HR_FORMAT_PARQUET_DELTAS && t->col[PQ_C_FLAGS].cursor == NULL;
}
void hr_pq_step_survey(pq_step *s, const pq_table *t);
/** The first row after this one that begins a message, or looks so; n where there is none. */
HR_INLINE uint32_t hr_pq_step_next(const pq_step *s, uint32_t row)
{
    uint32_t word = (row + 1) / 64;
    if (row + 1 >= s->n) return s->n;
    uint64_t bits = s->begins[word] & ~UINT64_C(0) << (row + 1) % 64;
    while (bits == 0) {
        if (++word * 64 >= s->n) return s->n;
        bits = s->begins[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

#endif
