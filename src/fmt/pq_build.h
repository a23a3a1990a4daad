/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_BUILD_H
#define HR_FMT_PQ_BUILD_H
/* What the writer's three parts share: columns (values, statistics, dictionary), chunks (pages),
 * footer (metadata and indexes). Private to the writer. */
#include <stdbool.h>

#include "fmt/codec.h"
#include "fmt/pq_write.h"

#define PQ_PAGES_MAX 512u /* pages of a chunk that an index can describe */
#define PQ_DICT_MAX 65535u
#define PQ_TEXTS_MAX 2048u /* of a dictionary of texts */
#define PQ_SLOT_BITS_MIN                                                                           \
    12u /* slots: 2^bits, at first in the L1 cache, at last twice the values                       \
         */
#define PQ_SLOT_BITS_MAX 17u
#define PQ_NO_INDEX UINT32_MAX
#define PQ_HEAD_BYTES 128u   /* room before a packed page for its header */
#define PQ_OUT_BYTES 131072u /* small writes are gathered */
#define PQ_INDEX_BYTES 65536u

/* Least and greatest value, in the order that the column's type has in Parquet. */
typedef struct pq_stat {
    bool is_set;
    uint64_t min, max; /* bits of the value; ENUM: index of the name */
    hr_text text_min, text_max;
} pq_stat;

/* What the first pass over a page leaves for the second and for the indexes. */
typedef struct pq_note {
    uint32_t n_rows, n_nulls;
    uint32_t index_at; /* where its dictionary indexes lie, or PQ_NO_INDEX */
    uint32_t packed_bytes;
    int64_t offset;
    pq_stat stat;
} pq_note;

typedef struct pq_chunk_meta {
    int64_t dict_offset; /* -1 none */
    int64_t data_offset;
    int64_t raw_bytes, packed_bytes; /* page headers included */
    int64_t n_values, n_nulls;
    int64_t column_index_offset, offset_index_offset;
    int32_t column_index_bytes, offset_index_bytes; /* 0: none */
    uint32_t n_pages;
    uint32_t n_put; /* data pages written */
    bool has_dict;
    uint8_t encoding; /* hr_pq_encoding of the data pages */
    uint8_t codec;
    bool is_stored; /* its data pages, in the codec's own frames */
    pq_stat stat;
} pq_chunk_meta;

typedef struct pq_group_meta {
    int64_t n_rows, raw_bytes, packed_bytes, offset;
    bool is_sorted;
} pq_group_meta;

struct hr_pq_writer {
    const hr_schema *schema;
    hr_pq_write_options opt;
    hr_sink_fn sink;
    void *sink_self;
    uint64_t n_out; /* bytes of the file so far, those in out included */
    uint32_t n_groups, cap_groups;
    pq_group_meta *groups;
    pq_chunk_meta *chunks; /* [cap_groups][n_fields] */
    uint8_t *out;          /* PQ_OUT_BYTES */
    size_t out_bytes;
    uint8_t *index; /* PQ_INDEX_BYTES: page indexes that wait for the end of the file */
    size_t index_bytes;
    uint32_t index_from; /* first chunk whose indexes lie there */
};

struct hr_pq_scratch {
    uint32_t page_rows;
    hr_pq_codec codec_id;
    hr_codec_ctx *codec;
    char *raw;            /* page_rows values as the caller has them */
    int64_t *value;       /* page_rows values without nulls */
    const int64_t *dense; /* the page's values without nulls: value, or the caller's own */
    uint32_t n_dense;
    uint16_t *level;      /* page_rows */
    uint16_t *page_index; /* page_rows */
    uint8_t *page;        /* encoded */
    size_t page_cap;
    uint8_t *packed; /* PQ_HEAD_BYTES and a packed page */
    size_t packed_cap;
    int64_t *dict;  /* [PQ_DICT_MAX] */
    uint16_t *slot; /* index + 1, 0 empty */
    unsigned slot_bits;
    uint32_t n_dict;
    bool dict_refused;
    bool plain_wins;      /* over the encoding that the type has beside the dictionary */
    bool is_sorted;       /* the dictionary; slot[index of a value] is then its place */
    uint64_t sample_cost; /* bits that sample_n values take without a dictionary, about */
    uint64_t index_bits, index_cost; /* its indexes, as estimated and as tried */
    uint64_t entry_cost;             /* bits a value of the dictionary */
    uint32_t sample_n, sample_changes;
    uint16_t *index; /* of the chunk's values, as far as they fit */
    uint32_t n_index, index_cap;
    pq_note *note; /* [PQ_PAGES_MAX + 1], the last one for pages past them */
};

/* ---- pq_column.c ---- */
bool hr_pq_is_integer(const hr_field *f); /* values go through dense as 64 bits */
void hr_pq_column_begin(hr_pq_scratch *s);
/** Fills *note from one page of rows and gives its values to the dictionary. n_rows: of the whole
 *  chunk. HR_EINTERNAL: an enum index without a name. */
HR_MUST_USE hr_status hr_pq_page_survey(hr_pq_scratch *s, const hr_field *f, const void *raw,
                                        pq_note *note, uint64_t n_rows, hr_err *err);
/** dense and level again, in the second pass. note->n_nulls may be too great; it is corrected. */
void hr_pq_page_dense(hr_pq_scratch *s, const hr_field *f, const void *raw, pq_note *note);
/** Sorts the dictionary where it is the shorter for it; no value is looked up after that. */
void hr_pq_sort_dict(hr_pq_scratch *s, const pq_chunk_meta *m, const hr_field *f);
/** The page's values as dictionary indexes. */
const uint16_t *hr_pq_page_indexes(hr_pq_scratch *s, const pq_note *note);
/** Joins b to a. */
void hr_pq_stat_join(pq_stat *a, const pq_stat *b, const hr_field *f);
/** < 0, 0, > 0 as the value with bits (or text) a comes before, with or after b. */
int hr_pq_stat_order(const hr_field *f, uint64_t a, const hr_text *a_text, uint64_t b,
                     const hr_text *b_text);
/** Sets the encoding of a chunk after its survey. */
void hr_pq_choose(pq_chunk_meta *m, const hr_field *f, const hr_pq_scratch *s);

/* ---- pq_texts.c ---- */
/** Gives a page's texts to the dictionary; note->n_nulls is right. raw: as the field's type has
 * them. */
void hr_pq_texts_survey(hr_pq_scratch *s, const hr_field *f, const void *raw, pq_note *note);
/** Are texts of so many rows shorter by the dictionary? */
bool hr_pq_texts_pay(const hr_pq_scratch *s, uint64_t n_values);
/** The page's values, *n of them, as dictionary indexes. */
const uint16_t *hr_pq_texts_indexes(hr_pq_scratch *s, const hr_field *f, const void *raw,
                                    const pq_note *note, uint32_t *n);
/** The dictionary, PLAIN; the page has room for it. Returns its bytes. */
size_t hr_pq_texts_put(const hr_pq_scratch *s, uint8_t *out);

/* ---- pq_write.c ---- */
/** A text, PLAIN: four bytes of length before it. Returns its bytes. */
size_t hr_pq_put_text(uint8_t *out, const char *text, size_t n);
HR_MUST_USE hr_status hr_pq_emit(hr_pq_writer *w, const void *p, size_t n, hr_err *err);
HR_MUST_USE hr_status hr_pq_flush(hr_pq_writer *w, hr_err *err);

/* ---- pq_footer.c ---- */
/** The column and offset index of a chunk whose pages s->note describes. */
HR_MUST_USE hr_status hr_pq_put_index(hr_pq_writer *w, hr_pq_scratch *s, uint32_t chunk,
                                      hr_err *err);
HR_MUST_USE hr_status hr_pq_put_footer(hr_pq_writer *w, hr_pq_scratch *s, hr_err *err);

#endif
