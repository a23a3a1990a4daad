/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_FILE_H
#define HR_FMT_PQ_FILE_H
/* A Parquet file's metadata in memory, and the cursor. Private to the reader. */
#include <stdatomic.h>

#include "fmt/codec.h"
#include "fmt/pq_coded.h"
#include "fmt/pq_decode.h"
#include "fmt/pq_read.h"
#include "fmt/thrift_read.h"

#define HR_PQ_STEP 512u /* values decoded at a time */

typedef struct pq_chunk {
    int64_t first_offset; /* dictionary page if there is one, else the first data page */
    int64_t n_values;
    int64_t packed_bytes, raw_bytes; /* raw_bytes is a hint: nothing relies on it */
    int32_t codec, phys;
    bool is_elsewhere; /* in another file */
    bool is_encrypted;
    uint32_t footer_at; /* its entry: what is seldom wanted is read from there */
} pq_chunk;

/* Columns of another format than Parquet, behind the same calls: groups of rows, a cursor a column.
 * What a file says of itself (columns, rows a group) its opening has filled in. The callers have
 * checked column, group and that the column is flat. */
typedef struct hr_pq_ops {
    hr_status (*twin)(hr_pq_file **out, const hr_pq_file *f, hr_arena *arena, hr_err *err);
    hr_status (*create)(hr_pq_cursor **out, hr_pq_file *f, uint32_t col, hr_arena *arena,
                        hr_err *err);
    hr_status (*seek)(hr_pq_cursor *c, uint32_t rg, int64_t row, hr_err *err);
    hr_status (*read_ints)(hr_pq_cursor *c, void *out, size_t width_bytes, uint32_t cap,
                           uint32_t *n_out, hr_err *err);
    hr_status (*read_f64)(hr_pq_cursor *c, double *out, uint32_t cap, uint32_t *n_out, hr_err *err);
    hr_status (*read_bytes)(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t cap, uint32_t *n_out,
                            hr_err *err);
    hr_status (*read_coded)(hr_pq_cursor *c, hr_pq_dict *dict, uint32_t *index, uint32_t cap,
                            uint32_t *n_out, hr_err *err);
} hr_pq_ops;

struct hr_pq_file {
    const hr_pq_ops *ops; /* NULL: Parquet */
    const char *kind;     /* what `inspect` calls it */
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
    const uint8_t *footer;
    uint32_t footer_bytes;
    uint32_t n_orders;
    uint8_t *orders; /* of the columns' bounds: field of ColumnOrder, 0 unknown; NULL: not said */
    hr_codec_ctx *codec;         /* shared by the cursors */
    _Atomic uint32_t *grow_busy; /* guards the cursors' arena; NULL: there is no twin */
};

typedef struct pq_page {
    int32_t type, raw_bytes, packed_bytes, n_values, encoding, def_encoding;
    int32_t def_bytes, rep_bytes; /* v2 */
    uint32_t crc;
    bool has_crc, is_v2, is_compressed;
    uint32_t head_bytes;
} pq_page;

/* How the values of a page are got. */
typedef enum pq_mode {
    PQ_MODE_PLAIN,
    PQ_MODE_DICT,  /* indexes into the dictionary */
    PQ_MODE_BITS,  /* booleans */
    PQ_MODE_DELTA, /* integers */
    PQ_MODE_VIEWS, /* byte arrays that were unpacked when the page was begun */
} pq_mode;

/* Grows with what pages need, never past the limits; the arena keeps the smaller ones before it. */
typedef struct pq_buffer {
    uint8_t *p;
    size_t cap;
} pq_buffer;

struct hr_pq_cursor {
    hr_pq_file *file;
    const hr_pq_column *column;
    hr_arena *arena;
    uint32_t col, group;
    pq_buffer packed; /* bytes of the file, window_bytes of them from window_at on */
    int64_t window_at;
    size_t window_bytes;
    pq_buffer raw;       /* decompressed */
    uint8_t *body;       /* of the page: there, or in the window as the file has it */
    pq_buffer flat;      /* values put together: stream splits, byte arrays with prefixes */
    pq_buffer views;     /* hr_pq_bytes */
    pq_buffer dict_raw;  /* dictionary page */
    pq_buffer dict;      /* int64_t a value */
    pq_buffer dict_text; /* hr_pq_bytes a value of a BYTE_ARRAY */
    pq_buffer spots;     /* hr_pq_spot a page */
    uint32_t n_spots;    /* of row group spots_group */
    uint32_t spots_group;
    uint32_t n_dict;
    uint32_t
        n_kept; /* of the dictionary that was there before the last seek to a row; 0: it went */
    bool has_dict;
    /* the row group */
    const pq_chunk *chunk;
    int64_t at, end; /* file offsets */
    int64_t rows_left;
    /* the page */
    uint32_t page_left; /* rows */
    pq_mode mode;
    const uint8_t *p, *p_end;
    hr_pq_hybrid levels, indexes;
    hr_pq_delta ints;
    uint32_t n_views, view_at;
    bool has_levels;
    uint8_t *is_null;  /* the caller's marks, NULL: not wanted */
    uint32_t n_marked; /* of the call */
    /* a step */
    uint32_t level[HR_PQ_STEP], index[HR_PQ_STEP];
    int64_t wide[HR_PQ_STEP];
};

/** Reads the page header at the cursor. */
HR_MUST_USE hr_status hr_pq_page_head(hr_pq_cursor *c, pq_page *out, hr_err *err);
/** Goes to the next page that has rows, when the current one has none left. */
HR_MUST_USE hr_status hr_pq_next_page(hr_pq_cursor *c, hr_err *err);
/** Goes to the page of this row, of a row group that was just begun, and passes the rows before it
 * there. */
HR_MUST_USE hr_status hr_pq_find_row(hr_pq_cursor *c, int64_t row, hr_err *err);
/** Levels of the next n rows, at most HR_PQ_STEP, into level[]; *k of them have a value. Where all
 * have one, level[] may be left alone. False: damaged. */
bool hr_pq_levels_get(hr_pq_cursor *c, uint32_t n, uint32_t *k);
/** Passes n rows of the page, at most what it has left. */
HR_MUST_USE hr_status hr_pq_pass_rows(hr_pq_cursor *c, uint32_t n, hr_err *err);
/** At least need_bytes, and 64 more; what was in it is lost. */
HR_MUST_USE hr_status hr_pq_buffer_grow(hr_pq_cursor *c, pq_buffer *b, size_t need_bytes,
                                        hr_err *err);
/** HR_ECORRUPT that names the column, the row group and the offset. */
HR_MUST_USE hr_status hr_pq_damaged(hr_pq_cursor *c, hr_err *err, const char *why);

#endif
