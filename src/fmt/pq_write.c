/* SPDX-License-Identifier: Apache-2.0 */
/* A column chunk is read twice: once to choose its encoding and gather statistics, once to write
 * pages. Both walk pages of page_rows rows, whatever blocks the rows come in. */
#include "fmt/pq_write.h"

#include <string.h>

#include "base/assert.h"
#include "fmt/codec_block.h"
#include "fmt/pq_build.h"
#include "fmt/pq_encode.h"
#include "fmt/thrift_write.h"
#include "kern/kern.h"

/* ---- workspace ---- */

/* Texts are six times as wide as numbers: their pages hold fewer rows. */
static uint32_t rows_of_page(uint32_t page_rows, hr_col_type type)
{
    return hr_col_is_text(type) ? (page_rows + 5) / 6 : page_rows;
}

static size_t raw_cap(uint32_t page_rows)
{
    size_t text = rows_of_page(page_rows, HR_COL_TEXT) * sizeof(hr_text);
    return HR_MAX(text, page_rows * sizeof(int64_t));
}

/* Values, levels and what encodings add to them; or a dictionary. */
static size_t page_cap(uint32_t page_rows)
{
    size_t text = rows_of_page(page_rows, HR_COL_TEXT) * (sizeof(hr_text) + 8);
    size_t values = page_rows * (sizeof(int64_t) + 4);
    size_t dict = PQ_DICT_MAX * sizeof(int64_t);
    return HR_MAX(HR_MAX(text, values), dict) + 4096;
}

static hr_codec_options codec_options(const hr_pq_write_options *opt)
{
    return (hr_codec_options){.encode = HR_CODEC_BIT(opt->codec), .level = opt->level};
}

static uint32_t index_cap(const hr_pq_write_options *opt)
{
    return 16 * opt->page_rows;
}

size_t hr_pq_scratch_bytes(const hr_pq_write_options *opt)
{
    size_t rows = opt->page_rows;
    size_t page = page_cap(opt->page_rows);
    const hr_codec_options codec = codec_options(opt);
    return sizeof(hr_pq_scratch) + hr_codec_ctx_bytes(&codec) + raw_cap(opt->page_rows) +
           rows * (sizeof(int64_t) + 2 * sizeof(uint16_t)) + page + PQ_HEAD_BYTES +
           HR_MAX(hr_codec_bound(opt->codec, page), page) + PQ_DICT_MAX * sizeof(int64_t) +
           (sizeof(uint16_t) << PQ_SLOT_BITS_MAX) + index_cap(opt) * sizeof(uint16_t) +
           (PQ_PAGES_MAX + 1) * sizeof(pq_note) + 4096;
}

hr_status hr_pq_scratch_create(hr_pq_scratch **out, hr_arena *arena, const hr_pq_write_options *opt,
                               hr_err *err)
{
    *out = NULL;
    const size_t rows = opt->page_rows;
    const hr_codec_options codec = codec_options(opt);
    hr_pq_scratch *s = hr_arena_alloc(arena, sizeof *s, 64);
    if (s == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for Parquet encoding");
    memset(s, 0, sizeof *s);
    s->page_rows = opt->page_rows;
    s->codec_id = opt->codec;
    s->page_cap = page_cap(opt->page_rows);
    s->packed_cap = HR_MAX(hr_codec_bound(opt->codec, s->page_cap), s->page_cap);
    s->index_cap = index_cap(opt);
    s->raw = hr_arena_alloc(arena, raw_cap(opt->page_rows), 64);
    s->value = hr_arena_alloc(arena, rows * sizeof *s->value, 64);
    s->level = hr_arena_alloc(arena, rows * sizeof *s->level, 64);
    s->page_index = hr_arena_alloc(arena, rows * sizeof *s->page_index, 64);
    s->page = hr_arena_alloc(arena, s->page_cap, 64);
    s->packed = hr_arena_alloc(arena, PQ_HEAD_BYTES + s->packed_cap, 64);
    s->dict = hr_arena_alloc(arena, PQ_DICT_MAX * sizeof *s->dict, 64);
    s->slot = hr_arena_alloc(arena, sizeof *s->slot << PQ_SLOT_BITS_MAX, 64);
    s->index = hr_arena_alloc(arena, s->index_cap * sizeof *s->index, 64);
    s->note = hr_arena_alloc(arena, (PQ_PAGES_MAX + 1) * sizeof *s->note, 64);
    if (s->raw == NULL || s->value == NULL || s->level == NULL || s->page_index == NULL ||
        s->page == NULL || s->packed == NULL || s->dict == NULL || s->slot == NULL ||
        s->index == NULL || s->note == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for Parquet encoding");
    HR_TRY(hr_codec_ctx_create(&s->codec, arena, &codec, err));
    memset(s->slot, 0, sizeof *s->slot << PQ_SLOT_BITS_MAX); /* after a rewind it may not be zero */
    *out = s;
    return HR_OK;
}

/* ---- writer ---- */

size_t hr_pq_writer_bytes(const hr_schema *schema, uint32_t max_row_groups)
{
    return hr_round_up(sizeof(hr_pq_writer), 64) +
           hr_round_up(max_row_groups * sizeof(pq_group_meta), 64) +
           hr_round_up((size_t)max_row_groups * schema->n_fields * sizeof(pq_chunk_meta), 64) +
           PQ_OUT_BYTES + PQ_INDEX_BYTES;
}

hr_status hr_pq_flush(hr_pq_writer *w, hr_err *err)
{
    size_t n = w->out_bytes;
    w->out_bytes = 0;
    return n > 0 ? w->sink(w->sink_self, w->out, n, err) : HR_OK;
}

hr_status hr_pq_emit(hr_pq_writer *w, const void *p, size_t n, hr_err *err)
{
    if (n > PQ_OUT_BYTES - w->out_bytes) HR_TRY(hr_pq_flush(w, err));
    w->n_out += n;
    if (n >= PQ_OUT_BYTES / 2) {
        HR_TRY(hr_pq_flush(w, err));
        return w->sink(w->sink_self, p, n, err);
    }
    memcpy(w->out + w->out_bytes, p, n);
    w->out_bytes += n;
    return HR_OK;
}

hr_status hr_pq_writer_init(hr_pq_writer **out, void *mem, size_t mem_bytes,
                            const hr_schema *schema, uint32_t max_row_groups,
                            const hr_pq_write_options *opt, hr_sink_fn sink, void *sink_self,
                            hr_err *err)
{
    *out = NULL;
    if (mem_bytes < hr_pq_writer_bytes(schema, max_row_groups))
        return HR_FAIL(err, HR_EINTERNAL, "Parquet writer of '%s' needs more memory", schema->name);
    hr_pq_writer *w = mem;
    size_t n_chunks = (size_t)max_row_groups * schema->n_fields;
    memset(w, 0, sizeof *w);
    w->schema = schema;
    w->opt = *opt;
    w->sink = sink;
    w->sink_self = sink_self;
    w->cap_groups = max_row_groups;
    char *at = (char *)mem + hr_round_up(sizeof *w, 64);
    w->groups = (pq_group_meta *)(void *)at;
    at += hr_round_up(max_row_groups * sizeof(pq_group_meta), 64);
    w->chunks = (pq_chunk_meta *)(void *)at;
    at += hr_round_up(n_chunks * sizeof(pq_chunk_meta), 64);
    w->out = (uint8_t *)at;
    w->index = (uint8_t *)at + PQ_OUT_BYTES;
    HR_TRY(hr_pq_emit(w, "PAR1", 4, err));
    *out = w;
    return HR_OK;
}

/* ---- reading a column page by page ---- */

typedef struct column_walk {
    const hr_rows_source *rows;
    uint32_t col, block, at; /* at: rows of the block already taken */
    uint32_t page_rows;
    size_t width;
} column_walk;

static column_walk walk_begin(const hr_pq_scratch *s, const hr_rows_source *rows, uint32_t col,
                              const hr_field *f)
{
    return (column_walk){.rows = rows,
                         .col = col,
                         .page_rows = rows_of_page(s->page_rows, f->type),
                         .width = hr_col_width(f->type)};
}

/* Up to cap rows; *out points into the source when one block holds them all, else into scratch. */
static hr_status next_page(column_walk *c, hr_pq_scratch *s, const char **out, uint32_t *n_out,
                           hr_err *err)
{
    uint32_t n = 0;
    *out = s->raw;
    while (n < c->page_rows && c->block < c->rows->n_blocks) {
        uint32_t n_block = 0;
        const char *v = c->rows->get(c->rows->self, c->col, c->block, &n_block, err);
        if (v == NULL) return err != NULL && err->code != HR_OK ? err->code : HR_EINTERNAL;
        uint32_t take = HR_MIN(c->page_rows - n, n_block - c->at);
        bool is_last = c->block + 1 == c->rows->n_blocks;
        if (n == 0 && (take == c->page_rows || is_last)) {
            *out = v + c->at * c->width;
        } else {
            memcpy(s->raw + n * c->width, v + c->at * c->width, take * c->width);
        }
        n += take;
        c->at += take;
        if (c->at == n_block) {
            c->block++;
            c->at = 0;
        }
    }
    *n_out = n;
    return HR_OK;
}

/* ---- first pass ---- */

static pq_note *note_of(hr_pq_scratch *s, uint32_t page)
{
    return &s->note[HR_MIN(page, PQ_PAGES_MAX)];
}

static hr_status survey(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows, uint32_t col,
                        pq_chunk_meta *m, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    column_walk walk = walk_begin(s, rows, col, f);
    const char *raw;
    uint32_t n = 0;
    hr_pq_column_begin(s);
    for (;;) {
        HR_TRY(next_page(&walk, s, &raw, &n, err));
        if (n == 0) break;
        pq_note *note = note_of(s, m->n_pages++);
        note->n_rows = n;
        HR_TRY(hr_pq_page_survey(s, f, raw, note, rows->n_rows, err));
        m->n_values += n;
        m->n_nulls += note->n_nulls;
        hr_pq_stat_join(&m->stat, &note->stat, f);
    }
    hr_pq_choose(m, f, s);
    if (m->has_dict && hr_pq_is_integer(f)) hr_pq_sort_dict(s, m, f);
    return HR_OK;
}

/* ---- second pass: pages ---- */

#define PROBE_PAGES 8u

static size_t put_head(uint8_t *head, const pq_chunk_meta *m, size_t n_raw, size_t n_packed,
                       uint32_t crc, uint32_t n_values, bool is_dict)
{
    hr_thrift_out t;
    hr_tw_init(&t, head, PQ_HEAD_BYTES);
    hr_tw_i32(&t, 1, is_dict ? HR_PQ_DICTIONARY_PAGE : HR_PQ_DATA_PAGE);
    hr_tw_i32(&t, 2, (int32_t)n_raw);
    hr_tw_i32(&t, 3, (int32_t)n_packed);
    hr_tw_i32(&t, 4, (int32_t)crc);
    hr_tw_begin(&t, is_dict ? 7 : 5);
    hr_tw_i32(&t, 1, (int32_t)n_values);
    hr_tw_i32(&t, 2, is_dict ? HR_PQ_PLAIN : m->encoding);
    if (!is_dict) {
        hr_tw_i32(&t, 3, HR_PQ_RLE);
        hr_tw_i32(&t, 4, HR_PQ_RLE);
    }
    hr_tw_end(&t);
    hr_tw_byte(&t, 0);
    HR_ASSERT(!t.is_full);
    return t.n;
}

/* Bytes that a page must be packed into to stay packed. Packed integers come out of zstd byte by
 * byte: what it saves of them costs their readers the most. */
static size_t packed_most(const pq_chunk_meta *m, size_t n_raw)
{
    hr_pq_encoding e = (hr_pq_encoding)m->encoding;
    bool is_packed = e == HR_PQ_RLE_DICTIONARY || e == HR_PQ_DELTA_BINARY_PACKED;
    return n_raw - n_raw / (is_packed ? 4 : 32);
}

/* The page's body, packed or as it is. Where compression saves too little of a chunk's first page,
 * the chunk goes without; beside a dictionary its pages are stored in frames of the codec, and
 * every PROBE_PAGES one is tried again. Both writer and readers are faster for it. */
static hr_status pack_page(hr_pq_scratch *s, pq_chunk_meta *m, size_t n_raw, bool is_dict,
                           uint8_t **body, size_t *n_body, hr_err *err)
{
    uint8_t *packed = s->packed + PQ_HEAD_BYTES;
    const bool is_probe = !is_dict && m->n_put % PROBE_PAGES == 0;
    const bool is_lasting = is_dict || (!m->has_dict && m->n_put > 0); /* zstd it is */
    size_t n = s->packed_cap;
    *body = s->page;
    *n_body = n_raw;
    if (m->codec == HR_PQ_UNCOMPRESSED) return HR_OK;
    if (is_lasting || is_probe || !m->is_stored)
        HR_TRY(hr_codec_encode(s->codec, (hr_pq_codec)m->codec, packed, &n, s->page, n_raw, err));
    if (is_probe && !is_lasting) {
        bool is_long = n > packed_most(m, n_raw);
        m->is_stored = is_long && m->has_dict && m->codec == HR_PQ_ZSTD;
        if (is_long && !m->has_dict) m->codec = HR_PQ_UNCOMPRESSED;
    }
    if (m->codec == HR_PQ_UNCOMPRESSED) return HR_OK;
    if (m->is_stored && !is_dict) {
        HR_ASSERT(hr_zstd_stored_bytes(n_raw) <= s->packed_cap);
        n = hr_zstd_store(packed, s->page, n_raw);
    }
    *body = packed;
    *n_body = n;
    return HR_OK;
}

/* note: NULL for a dictionary page. */
static hr_status put_page(hr_pq_writer *w, hr_pq_scratch *s, pq_chunk_meta *m, size_t n_raw,
                          uint32_t n_values, pq_note *note, hr_err *err)
{
    uint8_t *body;
    size_t n_body;
    uint8_t head[PQ_HEAD_BYTES];
    HR_ASSERT(n_raw <= s->page_cap);
    HR_TRY(pack_page(s, m, n_raw, note == NULL, &body, &n_body, err));
    size_t n_head =
        put_head(head, m, n_raw, n_body, hr_pq_crc(0, body, n_body), n_values, note == NULL);
    int64_t offset = (int64_t)w->n_out;
    if (note == NULL)
        m->dict_offset = offset;
    else if (m->data_offset < 0)
        m->data_offset = offset;
    m->n_put += note != NULL;
    if (note != NULL) {
        note->offset = offset;
        note->packed_bytes = (uint32_t)(n_head + n_body);
    }
    m->raw_bytes += (int64_t)(n_head + n_raw);
    m->packed_bytes += (int64_t)(n_head + n_body);
    HR_TRY(hr_pq_emit(w, head, n_head, err));
    return hr_pq_emit(w, body, n_body, err);
}

size_t hr_pq_put_text(uint8_t *out, const char *text, size_t n)
{
    uint32_t len = (uint32_t)n;
    memcpy(out, &len, 4);
    memcpy(out + 4, text, n);
    return n + 4;
}

static hr_status put_dict(hr_pq_writer *w, hr_pq_scratch *s, const hr_field *f, pq_chunk_meta *m,
                          hr_err *err)
{
    size_t at = 0;
    uint32_t n = s->n_dict;
    if (f->type == HR_COL_ENUM) {
        n = HR_MIN(f->n_dict, 256u);
        for (uint32_t i = 0; i < n; i++) {
            size_t len = strlen(f->dict[i]);
            if (len + 4 > s->page_cap - at)
                return HR_FAIL(err, HR_ELIMIT, "the names of column '%s' are too long", f->name);
            at += hr_pq_put_text(s->page + at, f->dict[i], len);
        }
    } else if (hr_col_is_text(f->type)) {
        at = hr_pq_texts_put(s, s->page);
    } else {
        size_t width = f->type == HR_COL_U32 ? 4 : 8; /* little-endian: the low bytes come first */
        for (uint32_t i = 0; i < n; i++)
            memcpy(s->page + i * width, &s->dict[i], width);
        at = n * width;
    }
    return put_page(w, s, m, at, n, NULL, err);
}

/* n_nulls 0: every row has a value; else level tells. */
static size_t put_levels(hr_pq_scratch *s, const hr_field *f, uint32_t n, uint32_t n_nulls)
{
    if (!f->nullable) return 0;
    size_t k = n_nulls == 0 ? hr_pq_put_run(s->page + 4, 1, n, 1)
                            : hr_pq_put_hybrid(s->page + 4, s->level, n, 1);
    uint32_t len = (uint32_t)k;
    memcpy(s->page, &len, 4);
    return k + 4;
}

static size_t put_indexes(uint8_t *out, const uint16_t *index, uint32_t n, uint32_t n_dict)
{
    unsigned width = hr_bit_width(n_dict > 0 ? n_dict - 1 : 0);
    out[0] = (uint8_t)width;
    return 1 + hr_pq_put_hybrid(out + 1, index, n, width);
}

static size_t put_plain(uint8_t *out, const hr_field *f, const int64_t *v, uint32_t n)
{
    if (f->type != HR_COL_U32) {
        memcpy(out, v, n * sizeof *v);
        return n * sizeof *v;
    }
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + 4 * i, &v[i], 4);
    return 4 * (size_t)n;
}

static size_t put_integers(hr_pq_scratch *s, const hr_field *f, const pq_chunk_meta *m,
                           const char *raw, pq_note *note)
{
    hr_pq_page_dense(s, f, raw, note);
    size_t at = put_levels(s, f, note->n_rows, note->n_nulls);
    uint8_t *out = s->page + at;
    if (m->encoding == HR_PQ_RLE_DICTIONARY)
        return at + put_indexes(out, hr_pq_page_indexes(s, note), s->n_dense, s->n_dict);
    if (m->encoding == HR_PQ_DELTA_BINARY_PACKED)
        return at + hr_pq_put_delta(out, s->dense, s->n_dense);
    if (m->encoding == HR_PQ_BYTE_STREAM_SPLIT)
        return at + hr_pq_put_split(out, s->dense, s->n_dense);
    return at + put_plain(out, f, s->dense, s->n_dense);
}

static size_t put_enum(hr_pq_scratch *s, const hr_field *f, const uint8_t *v, const pq_note *note)
{
    uint32_t k = 0;
    uint32_t n_names = f->n_dict;
    if (note->n_nulls == 0) { /* the loop below, as the compiler likes it */
        for (; k < note->n_rows; k++)
            s->page_index[k] = v[k];
    } else {
        for (uint32_t i = 0; i < note->n_rows; i++) {
            s->page_index[k] = v[i];
            s->level[i] = v[i] < n_names;
            k += v[i] < n_names;
        }
    }
    size_t at = put_levels(s, f, note->n_rows, note->n_nulls);
    return at + put_indexes(s->page + at, s->page_index, k, HR_MIN(n_names, 256u));
}

static size_t put_text(hr_pq_scratch *s, const hr_field *f, const pq_chunk_meta *m, const void *raw,
                       const pq_note *note)
{
    for (uint32_t i = 0; i < note->n_rows; i++)
        s->level[i] = hr_col_text(f->type, raw, i)->len <= HR_TEXT_CAP;
    size_t at = put_levels(s, f, note->n_rows, note->n_nulls);
    if (m->encoding == HR_PQ_RLE_DICTIONARY) {
        uint32_t n;
        const uint16_t *index = hr_pq_texts_indexes(s, f, raw, note, &n);
        return at + put_indexes(s->page + at, index, n, s->n_dict);
    }
    for (uint32_t i = 0; i < note->n_rows; i++) {
        if (!s->level[i] && f->nullable) continue;
        const hr_text *t = hr_col_text(f->type, raw, i);
        const uint32_t len = s->level[i] ? t->len : 0;
        memcpy(s->page + at, &len, 4);
        memcpy(s->page + at + 4, t->byte, HR_TEXT_CAP); /* what is too much is written over */
        at += 4 + len;
    }
    return at;
}

/* PLAIN booleans: one bit a value, the lowest first. */
static size_t put_bits(hr_pq_scratch *s, const hr_field *f, const uint8_t *v, const pq_note *note)
{
    size_t at = put_levels(s, f, note->n_rows, 0);
    size_t n_bytes = (note->n_rows + 7u) / 8;
    uint8_t *out = s->page + at;
    memset(out, 0, n_bytes);
    for (uint32_t i = 0; i < note->n_rows; i++)
        out[i / 8] = (uint8_t)(out[i / 8] | (v[i] != 0) << (i % 8));
    return at + n_bytes;
}

static size_t put_values(hr_pq_scratch *s, const hr_field *f, const pq_chunk_meta *m,
                         const char *raw, pq_note *note)
{
    switch (f->type) {
    case HR_COL_ENUM:
        return put_enum(s, f, (const uint8_t *)raw, note);
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        return put_text(s, f, m, raw, note);
    case HR_COL_BOOL:
        return put_bits(s, f, (const uint8_t *)raw, note);
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
    case HR_COL_U32:
    case HR_COL_F64:
        break;
    }
    return put_integers(s, f, m, raw, note);
}

static hr_status put_chunk(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows,
                           uint32_t col, pq_chunk_meta *m, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    column_walk walk = walk_begin(s, rows, col, f);
    const char *raw;
    uint32_t n;
    *m = (pq_chunk_meta){.dict_offset = -1, .data_offset = -1, .codec = (uint8_t)w->opt.codec};
    HR_TRY(survey(w, s, rows, col, m, err));
    if (m->has_dict) HR_TRY(put_dict(w, s, f, m, err));
    for (uint32_t page = 0;; page++) {
        HR_TRY(next_page(&walk, s, &raw, &n, err));
        if (n == 0) break;
        pq_note *note = note_of(s, page);
        note->n_rows = n;
        if (page >= PQ_PAGES_MAX) { /* its note is another's by now */
            note->n_nulls = m->n_nulls > 0;
            note->index_at = PQ_NO_INDEX;
        }
        size_t n_raw = put_values(s, f, m, raw, note);
        HR_TRY(put_page(w, s, m, n_raw, n, note, err));
    }
    if (m->data_offset < 0) m->data_offset = (int64_t)w->n_out; /* no rows, no pages */
    return hr_pq_put_index(w, s, (uint32_t)(m - w->chunks), err);
}

static hr_status check_sorted(hr_pq_writer *w, const hr_rows_source *rows, pq_group_meta *g,
                              hr_err *err)
{
    g->is_sorted = false;
    if (w->opt.sort_col < 0) return HR_OK;
    int64_t last = INT64_MIN;
    for (uint32_t b = 0; b < rows->n_blocks; b++) {
        uint32_t n;
        hr_stat_gap steps;
        const int64_t *v = rows->get(rows->self, (uint32_t)w->opt.sort_col, b, &n, err);
        if (v == NULL) return err != NULL && err->code != HR_OK ? err->code : HR_EINTERNAL;
        if (n == 0) continue;
        hr_kern_get()->stat.gap(&steps, v, n);
        if (steps.n_back > 0 || v[0] < last) return HR_OK;
        last = v[n - 1];
    }
    g->is_sorted = true;
    return HR_OK;
}

hr_status hr_pq_writer_row_group(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows,
                                 hr_err *err)
{
    if (w->n_groups == w->cap_groups)
        return HR_FAIL(err, HR_ELIMIT, "too many row groups in one file");
    pq_group_meta *g = &w->groups[w->n_groups];
    *g = (pq_group_meta){.n_rows = (int64_t)rows->n_rows, .offset = (int64_t)w->n_out};
    HR_TRY(check_sorted(w, rows, g, err));
    for (uint32_t c = 0; c < w->schema->n_fields; c++) {
        pq_chunk_meta *m = &w->chunks[(size_t)w->n_groups * w->schema->n_fields + c];
        HR_TRY(put_chunk(w, s, rows, c, m, err));
        if (m->n_values != g->n_rows)
            return HR_FAIL(err, HR_EINTERNAL, "column '%s' has %lld values of %lld rows",
                           w->schema->fields[c].name, (long long)m->n_values, (long long)g->n_rows);
        g->raw_bytes += m->raw_bytes;
        g->packed_bytes += m->packed_bytes;
    }
    w->n_groups++;
    return HR_OK;
}

hr_status hr_pq_writer_finish(hr_pq_writer *w, hr_pq_scratch *s, hr_err *err)
{
    HR_TRY(hr_pq_put_footer(w, s, err));
    return hr_pq_flush(w, err);
}

uint64_t hr_pq_writer_bytes_out(const hr_pq_writer *w)
{
    return w->n_out;
}
