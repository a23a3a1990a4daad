/* SPDX-License-Identifier: Apache-2.0 */
/* A column chunk is read twice: once to choose its encoding and gather statistics, once to write
 * pages. Both walk pages of page_rows rows, whatever blocks the rows come in. */
#include "fmt/pq_write.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "fmt/codec.h"
#include "fmt/pq_encode.h"
#include "fmt/thrift_write.h"

#define DICT_MAX 4096u
#define DICT_SLOTS (4 * DICT_MAX)

typedef struct chunk_meta {
    int64_t dict_offset; /* -1 none */
    int64_t data_offset;
    int64_t raw_bytes, packed_bytes; /* page headers included */
    int64_t n_values, n_nulls;
    bool has_minmax;
    bool is_plain; /* PLAIN pages */
    bool has_dict;
    uint8_t encoding; /* hr_pq_encoding of the data pages */
    uint64_t min_bits, max_bits;
} chunk_meta;

typedef struct group_meta {
    int64_t n_rows, raw_bytes, packed_bytes, offset;
    bool is_sorted;
} group_meta;

struct hr_pq_writer {
    const hr_schema *schema;
    hr_pq_write_options opt;
    hr_sink_fn sink;
    void *sink_self;
    uint64_t n_out;
    uint32_t n_groups, cap_groups;
    group_meta *groups;
    chunk_meta *chunks; /* [cap_groups][n_fields] */
};

struct hr_pq_scratch {
    uint32_t page_rows;
    hr_codec_ctx *codec;
    char *raw;      /* page_rows values as the caller has them */
    int64_t *value; /* page_rows values without nulls */
    uint32_t *index;
    uint32_t *level;
    uint8_t *page; /* encoded */
    size_t page_cap;
    uint8_t *packed;
    size_t packed_cap;
    int64_t *dict;  /* [DICT_MAX] */
    uint16_t *slot; /* [DICT_SLOTS] index + 1, 0 empty */
    uint32_t n_dict;
    bool dict_overflow;
};

static size_t page_cap(uint32_t page_rows)
{
    return (size_t)page_rows * (sizeof(hr_text) + 8) + 4096;
}

static hr_codec_options codec_options(const hr_pq_write_options *opt)
{
    return (hr_codec_options){.encode = HR_CODEC_BIT(opt->codec), .level = opt->level};
}

size_t hr_pq_scratch_bytes(const hr_pq_write_options *opt)
{
    size_t rows = opt->page_rows;
    size_t page = page_cap(opt->page_rows);
    const hr_codec_options codec = codec_options(opt);
    return sizeof(hr_pq_scratch) + hr_codec_ctx_bytes(&codec) +
           rows * (sizeof(hr_text) + 16) + page + hr_codec_bound(opt->codec, page) + DICT_MAX * 8 +
           DICT_SLOTS * 2 + 4096;
}

hr_status hr_pq_scratch_create(hr_pq_scratch **out, hr_arena *arena, const hr_pq_write_options *opt,
                               hr_err *err)
{
    *out = NULL;
    hr_pq_scratch *s = hr_arena_alloc(arena, sizeof *s, 64);
    if (s == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for Parquet encoding");
    memset(s, 0, sizeof *s);
    s->page_rows = opt->page_rows;
    s->page_cap = page_cap(opt->page_rows);
    s->packed_cap = hr_codec_bound(opt->codec, s->page_cap);
    s->raw = hr_arena_alloc(arena, opt->page_rows * sizeof(hr_text), 64);
    s->value = hr_arena_alloc(arena, opt->page_rows * sizeof *s->value, 64);
    s->index = hr_arena_alloc(arena, opt->page_rows * sizeof *s->index, 64);
    s->level = hr_arena_alloc(arena, opt->page_rows * sizeof *s->level, 64);
    s->page = hr_arena_alloc(arena, s->page_cap, 64);
    s->packed = hr_arena_alloc(arena, s->packed_cap, 64);
    s->dict = hr_arena_alloc(arena, DICT_MAX * sizeof *s->dict, 64);
    s->slot = hr_arena_alloc(arena, DICT_SLOTS * sizeof *s->slot, 64);
    if (s->raw == NULL || s->value == NULL || s->index == NULL || s->level == NULL ||
        s->page == NULL || s->packed == NULL || s->dict == NULL || s->slot == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for Parquet encoding");
    const hr_codec_options codec = codec_options(opt);
    HR_TRY(hr_codec_ctx_create(&s->codec, arena, &codec, err));
    *out = s;
    return HR_OK;
}

size_t hr_pq_writer_bytes(const hr_schema *schema, uint32_t max_row_groups)
{
    return hr_round_up(sizeof(hr_pq_writer), 64) +
           hr_round_up(max_row_groups * sizeof(group_meta), 64) +
           (size_t)max_row_groups * schema->n_fields * sizeof(chunk_meta);
}

static hr_status emit(hr_pq_writer *w, const void *p, size_t n, hr_err *err)
{
    HR_TRY(w->sink(w->sink_self, p, n, err));
    w->n_out += n;
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
    memset(w, 0, sizeof *w);
    w->schema = schema;
    w->opt = *opt;
    w->sink = sink;
    w->sink_self = sink_self;
    w->cap_groups = max_row_groups;
    w->groups = (group_meta *)(void *)((char *)mem + hr_round_up(sizeof *w, 64));
    w->chunks = (chunk_meta *)(void *)((char *)w->groups +
                                       hr_round_up(max_row_groups * sizeof(group_meta), 64));
    HR_TRY(emit(w, "PAR1", 4, err));
    *out = w;
    return HR_OK;
}

/* ---- reading a column page by page ---- */

typedef struct column_walk {
    const hr_rows_source *rows;
    uint32_t col, block, at; /* at: rows of the block already taken */
    size_t width;
} column_walk;

/* Up to cap rows; *out points into the source when one block holds them all, else into scratch. */
static hr_status next_page(column_walk *c, hr_pq_scratch *s, const char **out, uint32_t *n_out,
                           hr_err *err)
{
    uint32_t n = 0;
    *out = s->raw;
    while (n < s->page_rows && c->block < c->rows->n_blocks) {
        uint32_t n_block = 0;
        const char *v = c->rows->get(c->rows->self, c->col, c->block, &n_block, err);
        if (v == NULL) return err != NULL && err->code != HR_OK ? err->code : HR_EINTERNAL;
        uint32_t take = HR_MIN(s->page_rows - n, n_block - c->at);
        if (n == 0 && take == s->page_rows) {
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

static bool is_null_f64(double v)
{
    return isnan(v);
}

/* Values without nulls as int64 (doubles by their bits); levels[i] = 1 where row i has a value. */
static uint32_t compact(hr_pq_scratch *s, const hr_field *f, const char *raw, uint32_t n)
{
    uint32_t k = 0;
    if (f->type == HR_COL_U32) {
        for (uint32_t i = 0; i < n; i++)
            s->value[i] = ((const uint32_t *)(const void *)raw)[i];
        return n;
    }
    if (f->type == HR_COL_F64) {
        const double *v = (const double *)(const void *)raw;
        for (uint32_t i = 0; i < n; i++) {
            bool is_set = !is_null_f64(v[i]) || !f->nullable;
            memcpy(&s->value[k], &v[i], 8);
            s->level[i] = is_set;
            k += is_set;
        }
        return k;
    }
    const int64_t *v = (const int64_t *)(const void *)raw;
    if (!f->nullable) {
        memcpy(s->value, v, n * sizeof *v);
        return n;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool is_set = v[i] != HR_NULL_I64;
        s->value[k] = v[i];
        s->level[i] = is_set;
        k += is_set;
    }
    return k;
}

/* ---- dictionary of integers ---- */

static uint32_t dict_slot(int64_t v)
{
    return (uint32_t)(((uint64_t)v * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (DICT_SLOTS - 1);
}

static uint32_t dict_find(const hr_pq_scratch *s, int64_t v)
{
    uint32_t at = dict_slot(v);
    while (s->slot[at] != 0 && s->dict[s->slot[at] - 1] != v)
        at = (at + 1) & (DICT_SLOTS - 1);
    return at;
}

static void dict_add(hr_pq_scratch *s, const int64_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && v[i] == v[i - 1]) continue;
        uint32_t at = dict_find(s, v[i]);
        if (s->slot[at] != 0) continue;
        if (s->n_dict == DICT_MAX) {
            s->dict_overflow = true;
            return;
        }
        s->dict[s->n_dict++] = v[i];
        s->slot[at] = (uint16_t)s->n_dict;
    }
}

/* ---- first pass ---- */

static void note_minmax(chunk_meta *m, const hr_field *f, const int64_t *v, uint32_t n)
{
    if (n == 0) return;
    if (f->type == HR_COL_F64) {
        double lo;
        double hi;
        memcpy(&lo, m->has_minmax ? (const void *)&m->min_bits : (const void *)v, 8);
        memcpy(&hi, m->has_minmax ? (const void *)&m->max_bits : (const void *)v, 8);
        for (uint32_t i = 0; i < n; i++) {
            double x;
            memcpy(&x, &v[i], 8);
            lo = x < lo ? x : lo;
            hi = x > hi ? x : hi;
        }
        if (lo == 0) lo = -0.0; /* parquet.thrift, Statistics: both zeros must lie within */
        if (hi == 0) hi = 0.0;
        memcpy(&m->min_bits, &lo, 8);
        memcpy(&m->max_bits, &hi, 8);
    } else {
        int64_t lo = m->has_minmax ? (int64_t)m->min_bits : v[0];
        int64_t hi = m->has_minmax ? (int64_t)m->max_bits : v[0];
        for (uint32_t i = 0; i < n; i++) {
            lo = v[i] < lo ? v[i] : lo;
            hi = v[i] > hi ? v[i] : hi;
        }
        m->min_bits = (uint64_t)lo;
        m->max_bits = (uint64_t)hi;
    }
    m->has_minmax = true;
}

static bool has_integers(const hr_field *f)
{
    return f->type != HR_COL_ENUM && f->type != HR_COL_TEXT && f->type != HR_COL_BOOL;
}

static void choose(chunk_meta *m, const hr_field *f, const hr_pq_scratch *s, uint64_t delta_bits)
{
    uint64_t n = (uint64_t)(m->n_values - m->n_nulls);
    uint64_t index_bits =
        n * hr_bit_width(s->n_dict > 0 ? s->n_dict - 1 : 0) + (uint64_t)s->n_dict * 64;
    m->encoding = HR_PQ_PLAIN;
    if (f->type == HR_COL_ENUM) {
        m->encoding = HR_PQ_RLE_DICTIONARY;
    } else if (f->type == HR_COL_TEXT || f->type == HR_COL_BOOL || n == 0) {
        m->encoding = HR_PQ_PLAIN;
    } else if (!s->dict_overflow && (f->type == HR_COL_U32 || index_bits < delta_bits)) {
        m->encoding = HR_PQ_RLE_DICTIONARY;
    } else if (f->type == HR_COL_F64) {
        m->encoding = HR_PQ_BYTE_STREAM_SPLIT;
    } else if (f->type != HR_COL_U32) {
        m->encoding = HR_PQ_DELTA_BINARY_PACKED;
    }
    m->has_dict = m->encoding == HR_PQ_RLE_DICTIONARY;
    m->is_plain = m->encoding == HR_PQ_PLAIN;
}

static hr_status survey(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows, uint32_t col,
                        chunk_meta *m, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    column_walk walk = {.rows = rows, .col = col, .width = hr_col_width(f->type)};
    uint64_t delta_bits = 0;
    const char *raw;
    uint32_t n;
    s->n_dict = 0;
    s->dict_overflow = false;
    memset(s->slot, 0, DICT_SLOTS * sizeof *s->slot);
    for (;;) {
        HR_TRY(next_page(&walk, s, &raw, &n, err));
        if (n == 0) break;
        m->n_values += n;
        if (has_integers(f)) {
            uint32_t k = compact(s, f, raw, n);
            m->n_nulls += n - k;
            note_minmax(m, f, s->value, k);
            if (!s->dict_overflow) dict_add(s, s->value, k);
            delta_bits += f->type == HR_COL_F64 ? (uint64_t)k * 48 : hr_pq_delta_bits(s->value, k);
        } else if (f->type == HR_COL_TEXT) {
            const hr_text *t = (const hr_text *)(const void *)raw;
            for (uint32_t i = 0; i < n; i++)
                m->n_nulls += t[i].len == HR_TEXT_NULL;
        }
    }
    choose(m, f, s, delta_bits);
    return HR_OK;
}

/* ---- second pass: pages ---- */

static hr_status put_page(hr_pq_writer *w, hr_pq_scratch *s, chunk_meta *m, size_t n_raw,
                          uint32_t n_values, bool is_dict, hr_err *err)
{
    uint8_t head[128];
    size_t n_packed = s->packed_cap;
    HR_ASSERT(n_raw <= s->page_cap);
    HR_TRY(hr_codec_encode(s->codec, w->opt.codec, s->packed, &n_packed, s->page, n_raw, err));
    hr_thrift_out t;
    hr_tw_init(&t, head, sizeof head);
    hr_tw_i32(&t, 1, is_dict ? HR_PQ_DICTIONARY_PAGE : HR_PQ_DATA_PAGE);
    hr_tw_i32(&t, 2, (int32_t)n_raw);
    hr_tw_i32(&t, 3, (int32_t)n_packed);
    hr_tw_i32(&t, 4, (int32_t)hr_pq_crc(0, s->packed, n_packed));
    hr_tw_begin(&t, is_dict ? 7 : 5);
    hr_tw_i32(&t, 1, (int32_t)n_values);
    hr_tw_i32(&t, 2, is_dict ? HR_PQ_PLAIN : m->encoding);
    if (!is_dict) {
        hr_tw_i32(&t, 3, HR_PQ_RLE);
        hr_tw_i32(&t, 4, HR_PQ_RLE);
    }
    hr_tw_end(&t);
    uint8_t stop = 0;
    hr_tw_raw(&t, &stop, 1);
    HR_ASSERT(!t.is_full);
    if (is_dict)
        m->dict_offset = (int64_t)w->n_out;
    else if (m->data_offset < 0)
        m->data_offset = (int64_t)w->n_out;
    m->raw_bytes += (int64_t)(t.n + n_raw);
    m->packed_bytes += (int64_t)(t.n + n_packed);
    HR_TRY(emit(w, head, t.n, err));
    return emit(w, s->packed, n_packed, err);
}

static size_t put_plain_text(uint8_t *out, const char *text, size_t n)
{
    uint32_t len = (uint32_t)n;
    memcpy(out, &len, 4);
    memcpy(out + 4, text, n);
    return n + 4;
}

static hr_status put_dict(hr_pq_writer *w, hr_pq_scratch *s, const hr_field *f, chunk_meta *m,
                          hr_err *err)
{
    size_t at = 0;
    uint32_t n = s->n_dict;
    if (f->type == HR_COL_ENUM) {
        n = f->n_dict;
        for (uint32_t i = 0; i < n; i++)
            at += put_plain_text(s->page + at, f->dict[i], strlen(f->dict[i]));
    } else {
        size_t width = f->type == HR_COL_U32 ? 4 : 8; /* little-endian: the low bytes come first */
        for (uint32_t i = 0; i < n; i++)
            memcpy(s->page + i * width, &s->dict[i], width);
        at = n * width;
    }
    return put_page(w, s, m, at, n, true, err);
}

static size_t put_levels(hr_pq_scratch *s, const hr_field *f, uint32_t n)
{
    if (!f->nullable) return 0;
    size_t k = hr_pq_put_hybrid(s->page + 4, s->level, n, 1);
    uint32_t len = (uint32_t)k;
    memcpy(s->page, &len, 4);
    return k + 4;
}

static size_t put_indexes(uint8_t *out, const uint32_t *index, uint32_t n, uint32_t n_dict)
{
    unsigned width = hr_bit_width(n_dict > 0 ? n_dict - 1 : 0);
    out[0] = (uint8_t)width;
    return 1 + hr_pq_put_hybrid(out + 1, index, n, width);
}

static size_t put_integers(hr_pq_scratch *s, const hr_field *f, const chunk_meta *m, size_t at,
                           uint32_t k)
{
    uint8_t *out = s->page + at;
    switch ((hr_pq_encoding)m->encoding) {
    case HR_PQ_RLE_DICTIONARY:
        for (uint32_t i = 0; i < k; i++)
            s->index[i] = i > 0 && s->value[i] == s->value[i - 1]
                              ? s->index[i - 1]
                              : s->slot[dict_find(s, s->value[i])] - 1u;
        return put_indexes(out, s->index, k, s->n_dict);
    case HR_PQ_DELTA_BINARY_PACKED:
        return hr_pq_put_delta(out, s->value, k);
    case HR_PQ_BYTE_STREAM_SPLIT:
        return hr_pq_put_split(out, s->value, k);
    case HR_PQ_PLAIN:
    case HR_PQ_PLAIN_DICTIONARY:
    case HR_PQ_RLE:
    case HR_PQ_BIT_PACKED:
    case HR_PQ_DELTA_LENGTH_BYTE_ARRAY:
    case HR_PQ_DELTA_BYTE_ARRAY:
        break;
    }
    size_t width = f->type == HR_COL_U32 ? 4 : 8;
    for (uint32_t i = 0; i < k; i++)
        memcpy(out + i * width, &s->value[i], width);
    return k * width;
}

/* PLAIN booleans: one bit a value, the lowest first. */
static size_t put_bits(uint8_t *out, const char *v, uint32_t n)
{
    memset(out, 0, (n + 7) / 8);
    for (uint32_t i = 0; i < n; i++)
        out[i / 8] = (uint8_t)(out[i / 8] | (v[i] != 0) << (i % 8));
    return (n + 7) / 8;
}

static size_t put_values(hr_pq_scratch *s, const hr_field *f, const chunk_meta *m, const char *raw,
                         uint32_t n)
{
    if (f->type == HR_COL_ENUM) {
        for (uint32_t i = 0; i < n; i++)
            s->index[i] = (uint8_t)raw[i];
        return put_indexes(s->page, s->index, n, f->n_dict);
    }
    if (f->type == HR_COL_BOOL) return put_bits(s->page, raw, n);
    if (f->type == HR_COL_TEXT) {
        const hr_text *t = (const hr_text *)(const void *)raw;
        for (uint32_t i = 0; i < n; i++)
            s->level[i] = t[i].len != HR_TEXT_NULL;
        size_t at = put_levels(s, f, n);
        for (uint32_t i = 0; i < n; i++)
            if (t[i].len != HR_TEXT_NULL) at += put_plain_text(s->page + at, t[i].byte, t[i].len);
        return at;
    }
    uint32_t k = compact(s, f, raw, n);
    size_t at = put_levels(s, f, n);
    return at + put_integers(s, f, m, at, k);
}

static hr_status put_chunk(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows,
                           uint32_t col, chunk_meta *m, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    column_walk walk = {.rows = rows, .col = col, .width = hr_col_width(f->type)};
    const char *raw;
    uint32_t n;
    *m = (chunk_meta){.dict_offset = -1, .data_offset = -1};
    HR_TRY(survey(w, s, rows, col, m, err));
    if (m->has_dict) HR_TRY(put_dict(w, s, f, m, err));
    for (;;) {
        HR_TRY(next_page(&walk, s, &raw, &n, err));
        if (n == 0) break;
        size_t n_raw = put_values(s, f, m, raw, n);
        HR_TRY(put_page(w, s, m, n_raw, n, false, err));
    }
    return HR_OK;
}

static hr_status check_sorted(hr_pq_writer *w, const hr_rows_source *rows, group_meta *g,
                              hr_err *err)
{
    g->is_sorted = false;
    if (w->opt.sort_col < 0) return HR_OK;
    int64_t last = INT64_MIN;
    for (uint32_t b = 0; b < rows->n_blocks; b++) {
        uint32_t n;
        const int64_t *v = rows->get(rows->self, (uint32_t)w->opt.sort_col, b, &n, err);
        if (v == NULL) return HR_EINTERNAL;
        for (uint32_t i = 0; i < n; i++) {
            if (v[i] < last) return HR_OK;
            last = v[i];
        }
    }
    g->is_sorted = true;
    return HR_OK;
}

hr_status hr_pq_writer_row_group(hr_pq_writer *w, hr_pq_scratch *s, const hr_rows_source *rows,
                                 hr_err *err)
{
    if (w->n_groups == w->cap_groups)
        return HR_FAIL(err, HR_ELIMIT, "too many row groups in one file");
    group_meta *g = &w->groups[w->n_groups];
    *g = (group_meta){.n_rows = (int64_t)rows->n_rows, .offset = (int64_t)w->n_out};
    HR_TRY(check_sorted(w, rows, g, err));
    for (uint32_t c = 0; c < w->schema->n_fields; c++) {
        chunk_meta *m = &w->chunks[(size_t)w->n_groups * w->schema->n_fields + c];
        HR_TRY(put_chunk(w, s, rows, c, m, err));
        g->raw_bytes += m->raw_bytes;
        g->packed_bytes += m->packed_bytes;
    }
    w->n_groups++;
    return HR_OK;
}

/* ---- footer. Field numbers: parquet.thrift ---- */

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

static void put_stats(hr_thrift_out *t, const hr_field *f, const chunk_meta *m)
{
    size_t width = f->type == HR_COL_U32 ? 4 : 8;
    hr_tw_begin(t, 12);
    hr_tw_i64(t, 3, m->n_nulls);
    if (m->has_minmax) {
        hr_tw_field(t, 5, 8);
        hr_tw_bytes(t, &m->max_bits, width);
        hr_tw_field(t, 6, 8);
        hr_tw_bytes(t, &m->min_bits, width);
    }
    hr_tw_end(t);
}

static void put_chunk_meta(hr_thrift_out *t, const hr_pq_writer *w, const hr_field *f,
                           const chunk_meta *m)
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
    hr_tw_i32(t, 4, (int32_t)w->opt.codec);
    hr_tw_i64(t, 5, m->n_values);
    hr_tw_i64(t, 6, m->raw_bytes);
    hr_tw_i64(t, 7, m->packed_bytes);
    hr_tw_i64(t, 9, m->data_offset);
    if (m->has_dict) hr_tw_i64(t, 11, m->dict_offset);
    put_stats(t, f, m);
    hr_tw_end(t);
    hr_tw_end(t);
}

static void put_group(hr_thrift_out *t, const hr_pq_writer *w, uint32_t g)
{
    const group_meta *m = &w->groups[g];
    hr_tw_begin(t, 0);
    hr_tw_list(t, 1, 12, w->schema->n_fields);
    for (uint32_t c = 0; c < w->schema->n_fields; c++)
        put_chunk_meta(t, w, &w->schema->fields[c],
                       &w->chunks[(size_t)g * w->schema->n_fields + c]);
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

hr_status hr_pq_writer_finish(hr_pq_writer *w, hr_pq_scratch *s, hr_err *err)
{
    hr_thrift_out t;
    int64_t n_rows = 0;
    hr_tw_init(&t, s->page, s->page_cap);
    for (uint32_t g = 0; g < w->n_groups; g++)
        n_rows += w->groups[g].n_rows;
    hr_tw_i32(&t, 1, 2);
    put_schema(&t, w->schema);
    hr_tw_i64(&t, 3, n_rows);
    hr_tw_list(&t, 4, 12, w->n_groups);
    for (uint32_t g = 0; g < w->n_groups; g++)
        put_group(&t, w, g);
    if (w->opt.n_meta > 0) hr_tw_list(&t, 5, 12, w->opt.n_meta);
    for (uint32_t i = 0; i < w->opt.n_meta; i++) {
        hr_tw_begin(&t, 0);
        hr_tw_text(&t, 1, w->opt.meta_keys[i]);
        hr_tw_text(&t, 2, w->opt.meta_values[i]);
        hr_tw_end(&t);
    }
    hr_tw_text(&t, 6, w->opt.created_by);
    hr_tw_list(&t, 7, 12, w->schema->n_fields);
    for (uint32_t c = 0; c < w->schema->n_fields; c++) {
        hr_tw_begin(&t, 0);
        hr_tw_begin(&t, 1); /* order defined by the type */
        hr_tw_end(&t);
        hr_tw_end(&t);
    }
    uint8_t stop = 0;
    hr_tw_raw(&t, &stop, 1);
    if (t.is_full) return HR_FAIL(err, HR_ELIMIT, "footer of '%s' is too large", w->schema->name);
    uint32_t n = (uint32_t)t.n;
    HR_TRY(emit(w, s->page, t.n, err));
    HR_TRY(emit(w, &n, 4, err));
    return emit(w, "PAR1", 4, err);
}

uint64_t hr_pq_writer_bytes_out(const hr_pq_writer *w)
{
    return w->n_out;
}
