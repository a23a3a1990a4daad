/* SPDX-License-Identifier: Apache-2.0 */
/* Page indexes and footer. Field numbers: apache/parquet-format, parquet.thrift. The footer leaves
 * in pieces, so no number of row groups is too many for its buffer. */
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "fmt/pq_build.h"
#include "fmt/thrift_write.h"

/* ---- page indexes ---- */

static size_t stat_bytes(const hr_field *f, const void **out, const uint64_t *bits,
                         const hr_text *text)
{
    switch (f->type) {
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        *out = text->byte;
        return text->len;
    case HR_COL_ENUM:
        *out = f->dict[*bits];
        return strlen(f->dict[*bits]);
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
    case HR_COL_U32:
    case HR_COL_F64:
    case HR_COL_BOOL:
        break;
    }
    *out = bits; /* little-endian: the low bytes come first */
    return f->type == HR_COL_BOOL ? 1 : f->type == HR_COL_U32 ? 4 : 8;
}

static void put_min(hr_thrift_out *t, const hr_field *f, const pq_stat *s)
{
    const void *p = "";
    size_t n = s->is_set ? stat_bytes(f, &p, &s->min, &s->text_min) : 0;
    hr_tw_bytes(t, p, n);
}

static void put_max(hr_thrift_out *t, const hr_field *f, const pq_stat *s)
{
    const void *p = "";
    size_t n = s->is_set ? stat_bytes(f, &p, &s->max, &s->text_max) : 0;
    hr_tw_bytes(t, p, n);
}

/* 1: least and greatest values never fall from page to page, 2: they never rise, 0: neither. */
static int32_t boundary_order(const hr_pq_scratch *s, const hr_field *f, uint32_t n_pages)
{
    bool rises = true;
    bool falls = true;
    const pq_stat *last = NULL;
    for (uint32_t i = 0; i < n_pages; i++) {
        const pq_stat *b = &s->note[i].stat;
        if (!b->is_set) continue;
        if (last != NULL) {
            int min = hr_pq_stat_order(f, last->min, &last->text_min, b->min, &b->text_min);
            int max = hr_pq_stat_order(f, last->max, &last->text_max, b->max, &b->text_max);
            rises = rises && min <= 0 && max <= 0;
            falls = falls && min >= 0 && max >= 0;
        }
        last = b;
    }
    return rises ? 1 : falls ? 2 : 0;
}

/* A page of NaNs alone has values and no bounds: such a column cannot have an index. */
static bool has_column_index(const hr_pq_scratch *s, uint32_t n_pages)
{
    for (uint32_t i = 0; i < n_pages; i++)
        if (!s->note[i].stat.is_set && s->note[i].n_nulls < s->note[i].n_rows) return false;
    return true;
}

static void put_column_index(hr_thrift_out *t, const hr_pq_scratch *s, const hr_field *f,
                             uint32_t n_pages)
{
    hr_tw_begin(t, 0);
    hr_tw_list(t, 1, 1, n_pages);
    for (uint32_t i = 0; i < n_pages; i++)
        hr_tw_byte(t, s->note[i].stat.is_set ? 2 : 1); /* "only nulls": 1 true, 2 false */
    hr_tw_list(t, 2, 8, n_pages);
    for (uint32_t i = 0; i < n_pages; i++)
        put_min(t, f, &s->note[i].stat);
    hr_tw_list(t, 3, 8, n_pages);
    for (uint32_t i = 0; i < n_pages; i++)
        put_max(t, f, &s->note[i].stat);
    hr_tw_i32(t, 4, boundary_order(s, f, n_pages));
    hr_tw_list(t, 5, 6, n_pages);
    for (uint32_t i = 0; i < n_pages; i++)
        hr_tw_zigzag(t, s->note[i].n_nulls);
    hr_tw_end(t);
}

static void put_offset_index(hr_thrift_out *t, const hr_pq_scratch *s, uint32_t n_pages)
{
    int64_t row = 0;
    hr_tw_begin(t, 0);
    hr_tw_list(t, 1, 12, n_pages);
    for (uint32_t i = 0; i < n_pages; i++) {
        hr_tw_begin(t, 0);
        hr_tw_i64(t, 1, s->note[i].offset);
        hr_tw_i32(t, 2, (int32_t)s->note[i].packed_bytes);
        hr_tw_i64(t, 3, row);
        hr_tw_end(t);
        row += s->note[i].n_rows;
    }
    hr_tw_end(t);
}

/* Indexes wait in memory for the end of the file, where readers look for them in one stretch; when
 * there are too many they go out between chunks, which the format allows. */
static hr_status flush_indexes(hr_pq_writer *w, uint32_t end, hr_err *err)
{
    for (uint32_t c = w->index_from; c < end; c++) {
        w->chunks[c].column_index_offset += (int64_t)w->n_out;
        w->chunks[c].offset_index_offset += (int64_t)w->n_out;
    }
    size_t n = w->index_bytes;
    w->index_from = end;
    w->index_bytes = 0;
    return n > 0 ? hr_pq_emit(w, w->index, n, err) : HR_OK;
}

hr_status hr_pq_put_index(hr_pq_writer *w, hr_pq_scratch *s, uint32_t chunk, hr_err *err)
{
    pq_chunk_meta *m = &w->chunks[chunk];
    const hr_field *f = &w->schema->fields[chunk % w->schema->n_fields];
    if (m->n_pages == 0 || m->n_pages > PQ_PAGES_MAX) return HR_OK;
    for (int attempt = 0; attempt < 2; attempt++) {
        hr_thrift_out t;
        hr_tw_init(&t, w->index + w->index_bytes, PQ_INDEX_BYTES - w->index_bytes);
        if (has_column_index(s, m->n_pages)) put_column_index(&t, s, f, m->n_pages);
        size_t n_column = t.n;
        put_offset_index(&t, s, m->n_pages);
        if (t.is_full) {
            HR_TRY(flush_indexes(w, chunk, err));
            continue;
        }
        m->column_index_offset = (int64_t)w->index_bytes;
        m->column_index_bytes = (int32_t)n_column;
        m->offset_index_offset = (int64_t)(w->index_bytes + n_column);
        m->offset_index_bytes = (int32_t)(t.n - n_column);
        w->index_bytes += t.n;
        break;
    }
    return HR_OK; /* one that is too long even for an empty buffer is left out */
}

/* ---- schema ---- */

static hr_pq_phys phys_of(hr_col_type t)
{
    switch (t) {
    case HR_COL_BOOL:
        return HR_PQ_BOOLEAN;
    case HR_COL_U32:
        return HR_PQ_INT32;
    case HR_COL_F64:
        return HR_PQ_DOUBLE;
    case HR_COL_ENUM:
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        return HR_PQ_BYTE_ARRAY;
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
        break;
    }
    return HR_PQ_INT64;
}

static void put_logical(hr_thrift_out *t, const hr_field *f)
{
    switch (f->type) {
    case HR_COL_ENUM:
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        hr_tw_i32(t, 6, 0); /* UTF8 */
        hr_tw_begin(t, 10);
        hr_tw_begin(t, 1);
        hr_tw_end(t);
        hr_tw_end(t);
        break;
    case HR_COL_DEC:
        hr_tw_i32(t, 6, 5); /* DECIMAL */
        hr_tw_i32(t, 7, f->scale);
        hr_tw_i32(t, 8, 18);
        hr_tw_begin(t, 10);
        hr_tw_begin(t, 5);
        hr_tw_i32(t, 1, f->scale);
        hr_tw_i32(t, 2, 18);
        hr_tw_end(t);
        hr_tw_end(t);
        break;
    case HR_COL_TS:
        hr_tw_begin(t, 10);
        hr_tw_begin(t, 8);
        hr_tw_bool(t, 1, true); /* adjusted to UTC */
        hr_tw_begin(t, 2);
        hr_tw_begin(t, 3); /* NANOS */
        hr_tw_end(t);
        hr_tw_end(t);
        hr_tw_end(t);
        hr_tw_end(t);
        break;
    case HR_COL_U32: {
        uint8_t bits = 32;
        hr_tw_i32(t, 6, 13); /* UINT_32 */
        hr_tw_begin(t, 10);
        hr_tw_begin(t, 10);
        hr_tw_field(t, 1, 3);
        hr_tw_raw(t, &bits, 1);
        hr_tw_bool(t, 2, false);
        hr_tw_end(t);
        hr_tw_end(t);
        break;
    }
    case HR_COL_I64:
    case HR_COL_F64:
    case HR_COL_BOOL:
        break;
    }
}

static void put_schema(hr_thrift_out *t, const hr_schema *s)
{
    hr_tw_list(t, 2, 12, s->n_fields + 1u);
    hr_tw_begin(t, 0);
    hr_tw_text(t, 4, "schema");
    hr_tw_i32(t, 5, s->n_fields);
    hr_tw_end(t);
    for (uint32_t i = 0; i < s->n_fields; i++) {
        const hr_field *f = &s->fields[i];
        hr_tw_begin(t, 0);
        hr_tw_i32(t, 1, (int32_t)phys_of(f->type));
        hr_tw_i32(t, 3, f->nullable ? HR_PQ_OPTIONAL : HR_PQ_REQUIRED);
        hr_tw_text(t, 4, f->name);
        put_logical(t, f);
        hr_tw_end(t);
    }
}
/* ---- row groups ---- */

static void put_stats(hr_thrift_out *t, const hr_field *f, const pq_chunk_meta *m)
{
    hr_tw_begin(t, 12);
    hr_tw_i64(t, 3, m->n_nulls);
    if (m->stat.is_set) {
        hr_tw_field(t, 5, 8);
        put_max(t, f, &m->stat);
        hr_tw_field(t, 6, 8);
        put_min(t, f, &m->stat);
        hr_tw_bool(t, 7, true); /* the greatest and the least are values of the column */
        hr_tw_bool(t, 8, true);
    }
    hr_tw_end(t);
}

static void put_encoding_stats(hr_thrift_out *t, const pq_chunk_meta *m)
{
    hr_tw_list(t, 13, 12, m->has_dict ? 2 : 1);
    if (m->has_dict) {
        hr_tw_begin(t, 0);
        hr_tw_i32(t, 1, HR_PQ_DICTIONARY_PAGE);
        hr_tw_i32(t, 2, HR_PQ_PLAIN);
        hr_tw_i32(t, 3, 1);
        hr_tw_end(t);
    }
    hr_tw_begin(t, 0);
    hr_tw_i32(t, 1, HR_PQ_DATA_PAGE);
    hr_tw_i32(t, 2, m->encoding);
    hr_tw_i32(t, 3, (int32_t)m->n_pages);
    hr_tw_end(t);
}

static void put_chunk_meta(hr_thrift_out *t, const hr_field *f, const pq_chunk_meta *m)
{
    hr_tw_begin(t, 0);
    hr_tw_i64(t, 2, 0);
    hr_tw_begin(t, 3);
    hr_tw_i32(t, 1, (int32_t)phys_of(f->type));
    hr_tw_list(t, 2, 5, m->has_dict ? 3 : 2);
    hr_tw_zigzag(t, m->encoding);
    hr_tw_zigzag(t, HR_PQ_RLE);
    if (m->has_dict) hr_tw_zigzag(t, HR_PQ_PLAIN);
    hr_tw_list(t, 3, 8, 1);
    hr_tw_bytes(t, f->name, strlen(f->name));
    hr_tw_i32(t, 4, m->codec);
    hr_tw_i64(t, 5, m->n_values);
    hr_tw_i64(t, 6, m->raw_bytes);
    hr_tw_i64(t, 7, m->packed_bytes);
    hr_tw_i64(t, 9, m->data_offset);
    if (m->has_dict) hr_tw_i64(t, 11, m->dict_offset);
    put_stats(t, f, m);
    put_encoding_stats(t, m);
    hr_tw_end(t);
    if (m->offset_index_bytes > 0) {
        hr_tw_i64(t, 4, m->offset_index_offset);
        hr_tw_i32(t, 5, m->offset_index_bytes);
    }
    if (m->column_index_bytes > 0) {
        hr_tw_i64(t, 6, m->column_index_offset);
        hr_tw_i32(t, 7, m->column_index_bytes);
    }
    hr_tw_end(t);
}

static void put_group(hr_thrift_out *t, const hr_pq_writer *w, uint32_t g)
{
    const pq_group_meta *m = &w->groups[g];
    hr_tw_begin(t, 0);
    hr_tw_list(t, 1, 12, w->schema->n_fields);
    for (uint32_t c = 0; c < w->schema->n_fields; c++)
        put_chunk_meta(t, &w->schema->fields[c], &w->chunks[(size_t)g * w->schema->n_fields + c]);
    hr_tw_i64(t, 2, m->raw_bytes);
    hr_tw_i64(t, 3, m->n_rows);
    if (m->is_sorted) {
        hr_tw_list(t, 4, 12, 1);
        hr_tw_begin(t, 0);
        hr_tw_i32(t, 1, w->opt.sort_col);
        hr_tw_bool(t, 2, false);
        hr_tw_bool(t, 3, false);
        hr_tw_end(t);
    }
    hr_tw_i64(t, 5, m->offset);
    hr_tw_i64(t, 6, m->packed_bytes);
    hr_tw_end(t);
}

/* ---- footer ---- */

typedef struct piece_sink {
    hr_pq_writer *w;
    hr_err *err;
    hr_status status;
    uint32_t crc; /* of the footer so far */
} piece_sink;

static bool spill(void *self, const uint8_t *p, size_t n)
{
    piece_sink *s = self;
    s->crc = hr_crc32c(s->crc, p, n);
    if (s->status == HR_OK) s->status = hr_pq_emit(s->w, p, n, s->err);
    return s->status == HR_OK;
}

/* Key-value pairs come last, out of the order of field ids, and among them last of all the checksum
 * of every byte of the footer before its digits: the format itself checks pages, but no footer. */
static void put_pairs(hr_thrift_out *t, const hr_pq_writer *w, const piece_sink *sink)
{
    char digits[9];
    hr_tw_list(t, 5, 12, w->opt.n_meta + 1);
    for (uint32_t i = 0; i < w->opt.n_meta; i++) {
        hr_tw_begin(t, 0);
        hr_tw_text(t, 1, w->opt.meta_keys[i]);
        hr_tw_text(t, 2, w->opt.meta_values[i]);
        hr_tw_end(t);
    }
    hr_tw_begin(t, 0);
    hr_tw_text(t, 1, HR_PQ_FOOTER_CRC_KEY);
    hr_tw_field(t, 2, 8);
    hr_tw_varint(t, 8);
    hr_tw_flush(t); /* all of it has passed the sink */
    snprintf(digits, sizeof digits, "%08x", sink->crc);
    hr_tw_raw(t, digits, 8);
    hr_tw_end(t);
}

static void put_trailer(hr_thrift_out *t, const hr_pq_writer *w, const piece_sink *sink)
{
    hr_tw_text(t, 6, w->opt.created_by);
    hr_tw_list(t, 7, 12, w->schema->n_fields);
    for (uint32_t c = 0; c < w->schema->n_fields; c++) {
        hr_tw_begin(t, 0);
        hr_tw_begin(t, 1); /* order defined by the type */
        hr_tw_end(t);
        hr_tw_end(t);
    }
    put_pairs(t, w, sink);
    hr_tw_byte(t, 0);
}

hr_status hr_pq_put_footer(hr_pq_writer *w, hr_pq_scratch *s, hr_err *err)
{
    HR_TRY(flush_indexes(w, w->n_groups * w->schema->n_fields, err));
    piece_sink pieces = {.w = w, .err = err, .status = HR_OK};
    uint64_t begin = w->n_out;
    int64_t n_rows = 0;
    hr_thrift_out t;
    hr_tw_init(&t, s->page, s->page_cap);
    t.spill = spill;
    t.spill_self = &pieces;
    for (uint32_t g = 0; g < w->n_groups; g++)
        n_rows += w->groups[g].n_rows;
    hr_tw_i32(&t, 1, 2);
    put_schema(&t, w->schema);
    hr_tw_i64(&t, 3, n_rows);
    hr_tw_list(&t, 4, 12, w->n_groups);
    for (uint32_t g = 0; g < w->n_groups; g++)
        put_group(&t, w, g);
    put_trailer(&t, w, &pieces);
    hr_tw_flush(&t);
    HR_TRY(pieces.status);
    uint64_t n = w->n_out - begin;
    if (t.is_full || n > INT32_MAX)
        return HR_FAIL(err, HR_ELIMIT, "the footer of '%s' would be %llu bytes long",
                       w->schema->name, (unsigned long long)n);
    uint32_t n_footer = (uint32_t)n;
    HR_TRY(hr_pq_emit(w, &n_footer, 4, err));
    return hr_pq_emit(w, "PAR1", 4, err);
}
