/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_INDEX_H
#define HR_FMT_PQ_INDEX_H
/* What a file says about its chunks and pages beside their values: statistics, page indexes, Bloom
 * filters. Private to the reader. Source: apache/parquet-format, parquet.thrift, PageIndex.md,
 * BloomFilter.md. */
#include "fmt/pq_file.h"

/** Where a part of the file lies; n_bytes 0: there is none (of a Bloom filter: it is not said). */
typedef struct hr_pq_place {
    int64_t at;
    int64_t n_bytes;
} hr_pq_place;

/** A bound as it is stored; p NULL: none. */
typedef struct hr_pq_bound {
    const uint8_t *p;
    uint32_t n;
} hr_pq_bound;

/** Of a column chunk, from its footer entry: the chunks in memory stay small. */
typedef struct hr_pq_detail {
    hr_pq_bound min, max;
    int64_t n_nulls; /* -1: not said */
    hr_pq_place column_index, offset_index, bloom;
} hr_pq_detail;
/** Bounds that the format declares meaningless (no order, a type without one) are left out. */
void hr_pq_chunk_detail(const hr_pq_file *f, uint32_t rg, uint32_t col, hr_pq_detail *out);
/** Whether the bounds of this column mean something. */
bool hr_pq_is_ordered(const hr_pq_file *f, uint32_t col);

/** Whether a page index can lie there, within the limits. */
HR_MUST_USE hr_status hr_pq_place_check(const hr_pq_file *f, const hr_pq_place *place, hr_err *err);
/** Its bytes; buf has room for them. */
HR_MUST_USE hr_status hr_pq_place_read(hr_pq_file *f, const hr_pq_place *place, uint8_t *buf,
                                       hr_err *err);

/** A data page. */
typedef struct hr_pq_spot {
    int64_t offset;
    int64_t row; /* its first, in the row group */
    int64_t n_bytes;
} hr_pq_spot;
/** Pages that the index at p names, 0 when it is damaged. */
uint32_t hr_pq_spots_count(const uint8_t *p, size_t n);
/** All of them, out having room, checked against the chunk and the rows of its group. */
HR_MUST_USE bool hr_pq_spots_read(const hr_pq_file *f, uint32_t rg, uint32_t col,
                                  const hr_pq_bound *index, hr_pq_spot *out);

/** Walks a column index page by page. */
typedef struct hr_pq_page_bounds {
    hr_thrift_in nulls, mins, maxs, counts;
    uint32_t n_pages;
    bool has_counts;
    int64_t order;      /* BoundaryOrder: 1 the bounds of pages ascend, 2 they descend */
    int64_t page_nulls; /* of the page that was given last; -1: not said */
} hr_pq_page_bounds;
/** False: damaged. */
HR_MUST_USE bool hr_pq_page_bounds_begin(hr_pq_page_bounds *w, const hr_pq_bound *index);
/** The next page's; *is_null: it has no values. False: damaged. */
HR_MUST_USE bool hr_pq_page_bounds_next(hr_pq_page_bounds *w, hr_pq_bound *min, hr_pq_bound *max,
                                        bool *is_null);

/** XXH64 with seed 0. Source: Cyan4973/xxHash, doc/xxhash_spec.md. */
uint64_t hr_pq_xxh64(const void *p, size_t n);
/** Whether the block filter at *place may hold a value of this hash. A filter of another kind may
 * hold anything. */
HR_MUST_USE hr_status hr_pq_bloom_probe(hr_pq_file *f, const hr_pq_place *place, uint64_t hash,
                                        bool *may_hold, hr_err *err);

#endif
