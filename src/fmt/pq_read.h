/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_READ_H
#define HR_FMT_PQ_READ_H
/* Parquet reader for flat columns; a file of another format that offers the same calls
 * (ipc_read.h) is read by them too, its batches as row groups. Nothing in a file is trusted: every
 * length, count, level and offset is checked against what is there and against hr_pq_limits; a
 * failure names column, row group and offset. Memory: metadata from the file's own arena, page
 * buffers from the cursor's: they grow to the largest page met. A file and its cursors belong to
 * one thread at a time. See docs/modules/fmt-read.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/schema.h"
#include "fmt/pq_types.h"
#include "mem/mem.h"

/** Random access to the file's bytes; returns bytes read (short only at the end) or -errno. */
typedef int64_t (*hr_read_at_fn)(void *self, void *buf, size_t n_bytes, int64_t offset);

typedef struct hr_pq_limits {
    uint32_t footer_bytes; /* 16 MiB */
    uint32_t columns;      /* 4,096 */
    uint32_t row_groups;   /* 65,536 */
    uint32_t page_bytes;   /* decompressed size of a page, and of its unpacked texts: 64 MiB */
    uint32_t dict_bytes;   /* decoded dictionary: 64 MiB */
} hr_pq_limits;
#define HR_PQ_LIMITS_DEFAULT                                                                       \
    {                                                                                              \
        .footer_bytes = 16u << 20, .columns = 4096, .row_groups = 65536, .page_bytes = 64u << 20,  \
        .dict_bytes = 64u << 20                                                                    \
    }

/** What a leaf column holds, after logical types are understood. */
typedef enum hr_pq_logical {
    HR_PQ_L_NONE = 0,
    HR_PQ_L_STRING,
    HR_PQ_L_INT,
    HR_PQ_L_UINT,
    HR_PQ_L_DECIMAL,
    HR_PQ_L_DATE,
    HR_PQ_L_TIMESTAMP,
    HR_PQ_L_TIME,
    HR_PQ_L_UUID,
    HR_PQ_L_FLOAT16,
    HR_PQ_L_OTHER,
} hr_pq_logical;

typedef struct hr_pq_column {
    char name[128]; /* dotted path */
    hr_pq_phys phys;
    hr_pq_logical logical;
    uint32_t type_length;     /* FIXED */
    uint8_t precision, scale; /* DECIMAL */
    int32_t unit_ns;          /* TIMESTAMP, TIME: 1, 1000, 1000000 */
    bool is_utc;
    bool nullable; /* optional at the top level */
    bool is_flat;  /* not repeated, no optional group above: can be read */
} hr_pq_column;

typedef struct hr_pq_file hr_pq_file;
#define HR_PQ_SNIFF_BYTES 4
/** Does a Parquet file begin so? Encrypted ones do, too. */
bool hr_pq_sniff(const void *head, size_t n_bytes);
/** Reads and checks the footer. arena holds the metadata; it must outlive the file. */
HR_MUST_USE hr_status hr_pq_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self,
                                      int64_t size_bytes, const hr_pq_limits *limits,
                                      hr_arena *arena, hr_err *err);
/** A second handle on the same file, for another thread: cursors of both may be used at the same
 * time, those of one by one thread at a time, and all may grow in one arena. */
HR_MUST_USE hr_status hr_pq_file_twin(hr_pq_file **out, hr_pq_file *f, hr_arena *arena,
                                      hr_err *err);
uint32_t hr_pq_file_columns(const hr_pq_file *f);
const hr_pq_column *hr_pq_file_column(const hr_pq_file *f, uint32_t col);
int hr_pq_file_find(const hr_pq_file *f, const char *name);
uint32_t hr_pq_file_row_groups(const hr_pq_file *f);
int64_t hr_pq_file_rows(const hr_pq_file *f);
int64_t hr_pq_row_group_rows(const hr_pq_file *f, uint32_t rg);
const char *hr_pq_file_created_by(const hr_pq_file *f);
/** "Parquet", "Arrow file", "Arrow stream", "Arrow stream without its end mark". */
const char *hr_pq_file_kind(const hr_pq_file *f);
/** False: it has no statistics, indexes, created_by. */
bool hr_pq_file_is_parquet(const hr_pq_file *f);
/** Value of a key of the file's metadata, *n bytes, not terminated; NULL: it has none. */
const char *hr_pq_file_meta(const hr_pq_file *f, const char *key, uint32_t *n);
/** Statistics of an INT32/INT64 column chunk, false when absent. */
bool hr_pq_chunk_minmax_i64(const hr_pq_file *f, uint32_t rg, uint32_t col, int64_t *min,
                            int64_t *max);

/** Reads one column chunk from its first row to its last. */
typedef struct hr_pq_cursor hr_pq_cursor;
/** HR_EUNSUPPORTED for a nested column. The arena must have room, later on, for the column's
 * largest page (three times it, at worst, where pages grow along the file) and its dictionary. */
HR_MUST_USE hr_status hr_pq_cursor_create(hr_pq_cursor **out, hr_pq_file *f, uint32_t col,
                                          hr_arena *arena, hr_err *err);
/** Starts a row group. */
HR_MUST_USE hr_status hr_pq_cursor_seek(hr_pq_cursor *c, uint32_t rg, hr_err *err);

/** Starts a row group at its row `row` (at its end: HR_END). The page is found by the offset index,
 * else by the headers of those before it; nothing before it is read but the dictionary. */
HR_MUST_USE hr_status hr_pq_cursor_seek_row(hr_pq_cursor *c, uint32_t rg, int64_t row, hr_err *err);
/** Every read after this also writes, a byte a row from is_null[0] on, 1 where it gave a null: an
 * INT64 may hold the value HR_NULL_I64, and a NaN is no null. NULL: no longer. */
void hr_pq_cursor_mark_nulls(hr_pq_cursor *c, uint8_t *is_null);

/* Typed reads: up to cap values in row order; *n_out < cap only at the end of the row group (then
 * HR_END with *n_out == 0 on the next call). Nulls: HR_NULL_I64, NaN, NULL pointer. After an error
 * the cursor gives errors until the next seek. */
/** What 64 bits do not hold: values of a DECIMAL of more than 18 digits, a UINT64 over INT64_MAX,
 * an INT96 time past the years of int64 nanoseconds. */
#define HR_PQ_WIDE_I64 (INT64_MIN + 1)
/** BOOLEAN, INT32, INT64, INT96 (to ns), DECIMAL in any carrier, DATE, TIMESTAMP, as their integer
 * value. */
HR_MUST_USE hr_status hr_pq_read_i64(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out,
                                     hr_err *err);
/** The same, of each value its low width_bytes (1, 2, 4 or 8): for a caller that knows that they
 * fit. out is aligned to them. */
HR_MUST_USE hr_status hr_pq_read_ints(hr_pq_cursor *c, void *out, size_t width_bytes, uint32_t cap,
                                      uint32_t *n_out, hr_err *err);
/** FLOAT, DOUBLE, FLOAT16; BOOLEAN and integers that are no DECIMAL are widened. */
HR_MUST_USE hr_status hr_pq_read_f64(hr_pq_cursor *c, double *out, uint32_t cap, uint32_t *n_out,
                                     hr_err *err);
typedef struct hr_pq_bytes {
    const char *s;
    uint32_t n;
} hr_pq_bytes;
/** BYTE_ARRAY, FIXED, INT96 raw. Pointers are good until the next call on the cursor. Reads may
 * stop at a page boundary: loop until HR_END. */
HR_MUST_USE hr_status hr_pq_read_bytes(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t cap,
                                       uint32_t *n_out, hr_err *err);

#endif
