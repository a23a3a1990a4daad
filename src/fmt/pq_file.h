/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_FILE_H
#define HR_FMT_PQ_FILE_H
/* A Parquet file's metadata in memory. Private to the reader. */
#include "fmt/pq_read.h"
#include "fmt/thrift_read.h"

typedef struct pq_chunk {
    int64_t first_offset; /* dictionary page if there is one, else the first data page */
    int64_t n_values;
    int64_t packed_bytes;
    uint8_t codec;
    bool has_minmax;
    int64_t min, max;
} pq_chunk;

struct hr_pq_file {
    hr_read_at_fn read_at;
    void *self;
    int64_t size_bytes;
    hr_pq_limits limits;
    uint32_t n_columns, n_groups;
    hr_pq_column *columns;
    int64_t *group_rows;
    pq_chunk *chunks; /* [n_groups][n_columns] */
    int64_t n_rows;
    const char *created_by;
};

typedef struct pq_page {
    int32_t type, raw_bytes, packed_bytes, n_values, encoding, def_encoding;
    int32_t def_bytes, rep_bytes; /* v2 */
    int32_t crc;
    bool has_crc, is_v2, is_compressed;
    uint32_t head_bytes;
} pq_page;

/** Reads the page header at offset (not past limit). */
HR_MUST_USE hr_status hr_pq_page_head(const hr_pq_file *f, int64_t offset, int64_t limit,
                                      pq_page *out, hr_err *err);

#endif
