/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_PQ_HANDMADE_H
#define HR_TESTS_SUPPORT_PQ_HANDMADE_H
/* Parquet files byte by byte, as no writer would make them: tests put what they like into page
 * headers, bodies and the footer. Columns in order, then row group after row group, then the end:
 *     pqb_leaf... ( ( pqb_page... pqb_chunk )... pqb_group )... pqb_finish */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pq_types.h"

#define PQB_LEAVES_MAX 96
#define PQB_CHUNKS_MAX 1024
#define PQB_GROUPS_MAX 64
#define PQB_SPOTS_MAX 256

typedef struct pqb_leaf_info {
    const char *name;
    hr_pq_phys phys;
    int repetition;  /* hr_pq_repetition */
    int type_length; /* FIXED */
    int converted;   /* ConvertedType, -1 none */
    int scale, precision;
    int logical;    /* field of LogicalType: 8 (timestamp in ns), 15 (float16); 0 none */
    int n_children; /* > 0: a group around the next n elements */
} pqb_leaf_info;

typedef struct pqb_page_info {
    hr_pq_page_type type;
    hr_pq_encoding encoding;
    int n_values;
    const void *body;
    size_t n_body;
    int def_bytes, rep_bytes; /* v2: at the front of body */
    bool is_compressed;       /* v2; body is what the file has */
    int64_t raw_bytes;        /* claimed; 0: n_body */
    int64_t packed_bytes;     /* claimed; 0: n_body */
    size_t n_stats;           /* bytes of min and max in the header */
    bool has_crc, has_bad_crc;
    int def_encoding;      /* v1; 0: HR_PQ_RLE */
    const void *min, *max; /* for pqb_indexes: n_bound bytes each; NULL: nulls alone */
    size_t n_bound;
} pqb_page_info;
#define PQB_PAGE(...) (&(pqb_page_info){__VA_ARGS__})

typedef struct pqb_chunk_info {
    int64_t offset, n_values, packed_bytes, raw_bytes;
    int phys;
    int64_t codec;
    bool has_path, has_crypto;
    const void *min, *max; /* statistics: n_min and n_max bytes; NULL: none */
    size_t n_min, n_max;
    bool is_old_stats; /* in the deprecated fields */
    bool has_nulls;    /* says n_nulls */
    int64_t n_nulls;
    int64_t bloom_at, bloom_bytes, column_index_at, column_index_bytes, offset_index_at,
        offset_index_bytes; /* 0: not said */
} pqb_chunk_info;

/** A data page that was put. */
typedef struct pqb_spot {
    uint32_t chunk;
    int64_t offset, n_bytes, n_rows;
    uint8_t min[40], max[40];
    uint32_t n_bound;
} pqb_spot;

typedef struct pqb {
    uint8_t *p;
    size_t n, cap;
    pqb_leaf_info leaf[PQB_LEAVES_MAX];
    uint32_t n_leaves;
    pqb_chunk_info chunk[PQB_CHUNKS_MAX]; /* may be changed before pqb_finish */
    uint32_t n_chunks;
    int64_t rows[PQB_GROUPS_MAX];
    uint32_t first_chunk[PQB_GROUPS_MAX + 1];
    uint32_t n_groups;
    int64_t n_rows; /* the footer's; -1: the sum */
    bool has_encryption;
    int order; /* field of ColumnOrder for all; 0: the footer does not say */
    size_t chunk_at;
    pqb_spot spot[PQB_SPOTS_MAX]; /* those after are not noted */
    uint32_t n_spots;
} pqb;

/** Everything lands in buf, which must be large enough. */
void pqb_init(pqb *b, void *buf, size_t cap);
void pqb_leaf(pqb *b, const pqb_leaf_info *leaf);
void pqb_page(pqb *b, const pqb_page_info *page);
/** The pages since the last call are the chunk of the next column. */
void pqb_chunk(pqb *b, int64_t n_values, int64_t codec);
void pqb_group(pqb *b, int64_t n_rows);
/** Column and offset index of a chunk from what its pages say. Like the next two: after the pages,
 * before pqb_finish. */
void pqb_indexes(pqb *b, uint32_t chunk);
/** A split block filter of n_blocks with these hashes in it. */
void pqb_bloom(pqb *b, uint32_t chunk, const uint64_t *hash, size_t n, uint32_t n_blocks);
/** Bytes between pages and footer; their offset. */
int64_t pqb_extra(pqb *b, const void *bytes, size_t n);
/** Returns the file's bytes. */
size_t pqb_finish(pqb *b);

/* Pieces of bodies: append at out, return the bytes. */
size_t pqb_varint(uint8_t *out, uint64_t v);
size_t pqb_zigzag(uint8_t *out, int64_t v);
/** Runs of one value each, width up to 8. */
size_t pqb_levels(uint8_t *out, const uint8_t *v, size_t n);
/** The same behind its length in 4 bytes. */
size_t pqb_sized_levels(uint8_t *out, const uint8_t *v, size_t n);
/** DELTA_BINARY_PACKED with 64 bits a delta, blocks of 32 in one miniblock. */
size_t pqb_delta(uint8_t *out, const int64_t *v, size_t n);

/** hr_read_at_fn over bytes; counts calls, reads that reach outside, and those that touch what the
 * caller named. */
typedef struct pqb_bytes {
    const uint8_t *p;
    size_t n;
    uint64_t n_reads, n_outside;
    int64_t watch_from, watch_to; /* offsets */
    uint64_t n_watched;
    uint64_t fail_at; /* the n-th read from now fails; 0: none does */
} pqb_bytes;
int64_t pqb_read_at(void *self, void *buf, size_t n, int64_t offset);

#endif
