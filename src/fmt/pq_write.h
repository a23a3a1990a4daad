/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_WRITE_H
#define HR_FMT_PQ_WRITE_H
/* Parquet writer for flat tables of hr_schema. Bytes are a pure function of (schema, options,
 * values): no clock, no addresses, no thread count. Data pages v1 with CRC, statistics, column and
 * offset index, sorting columns, zstd. Encoding a column is chosen from the values alone. Memory:
 * everything comes from the scratch arena and the writer's own block, both sized at start. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/schema.h"
#include "fmt/pq_types.h"
#include "mem/mem.h"

/** Where bytes go, in order. */
typedef hr_status (*hr_sink_fn)(void *self, const void *bytes, size_t n_bytes, hr_err *err);

/** Where a row group's values come from: rows in n_blocks pieces, each piece columnar.
 *  get returns the values of column `col` in block `block` (natural width, see hr_col_width) and
 * its rows; the pointer is good until the next get on the same source. NULL with *err set on
 * failure. */
typedef struct hr_rows_source {
    void *self;
    uint32_t n_blocks;
    uint64_t n_rows;
    const void *(*get)(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err);
} hr_rows_source;

typedef struct hr_pq_write_options {
    hr_pq_codec codec;            /* ZSTD default; UNCOMPRESSED, SNAPPY, LZ4_RAW too */
    int level;                    /* zstd level, 1 default */
    uint32_t page_rows;           /* rows a page, 20,480 default */
    const char *created_by;       /* "headrace 0.1.0" */
    const char *const *meta_keys; /* key-value metadata, n_meta pairs, borrowed until finish */
    const char *const *meta_values;
    uint32_t n_meta;
    int sort_col; /* declared sorting column, or -1 */
} hr_pq_write_options;
#define HR_PQ_WRITE_OPTIONS_DEFAULT                                                                \
    {                                                                                              \
        .codec = HR_PQ_ZSTD, .level = 1, .page_rows = 20480, .created_by = "headrace",             \
        .sort_col = -1                                                                             \
    }

/** One lane's encode workspace, reused for every row group of every file. */
typedef struct hr_pq_scratch hr_pq_scratch;
size_t hr_pq_scratch_bytes(const hr_pq_write_options *opt);
HR_MUST_USE hr_status hr_pq_scratch_create(hr_pq_scratch **out, hr_arena *arena,
                                           const hr_pq_write_options *opt, hr_err *err);

typedef struct hr_pq_writer hr_pq_writer;
/** Bytes of one writer for this schema and at most max_row_groups. */
size_t hr_pq_writer_bytes(const hr_schema *schema, uint32_t max_row_groups);
/** In place in mem. Writes the magic at once. */
HR_MUST_USE hr_status hr_pq_writer_init(hr_pq_writer **out, void *mem, size_t mem_bytes,
                                        const hr_schema *schema, uint32_t max_row_groups,
                                        const hr_pq_write_options *opt, hr_sink_fn sink,
                                        void *sink_self, hr_err *err);
/** Encodes and writes one row group. Any thread, one at a time a writer. */
HR_MUST_USE hr_status hr_pq_writer_row_group(hr_pq_writer *w, hr_pq_scratch *scratch,
                                             const hr_rows_source *rows, hr_err *err);
/** Indexes, footer, magic. The writer is done after it. */
HR_MUST_USE hr_status hr_pq_writer_finish(hr_pq_writer *w, hr_pq_scratch *scratch, hr_err *err);
uint64_t hr_pq_writer_bytes_out(const hr_pq_writer *w);

#endif
