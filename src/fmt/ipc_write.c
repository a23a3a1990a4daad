/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/ipc_write.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "fmt/codec.h"
#include "fmt/ipc_build.h"
#include "fmt/ipc_meta.h"

#define ALIGN 64u
#define BUFFERS_MAX 3u    /* of a column */
#define PACKED_HEAD 8u    /* i64 of the bytes that were packed, -1: they were not */
#define FIELD_BYTES 512u  /* of a field in a schema, and of its node and buffers in a batch */
#define NARROW_NAMES 128u /* indexes from 0 on that an int8 holds */

typedef struct block {
    int64_t at;
    int32_t meta_bytes, pad;
    int64_t body_bytes;
} block;
_Static_assert(sizeof(block) == IPC_BLOCK_BYTES, "as the footer has it");

typedef struct extent {
    int64_t at, n_bytes;
} extent;
_Static_assert(sizeof(extent) == IPC_BUFFER_BYTES, "as a batch has it");

typedef struct node {
    int64_t n_rows, n_nulls;
} node;
_Static_assert(sizeof(node) == IPC_NODE_BYTES, "as a batch has it");

struct hr_ipc_writer {
    const hr_schema *schema;
    hr_ipc_write_options opt;
    int64_t at; /* bytes written */
    hr_codec_ctx *codec;
    uint8_t *packed;
    size_t packed_cap;
    uint8_t *body;
    size_t n_body, body_cap;
    node *nodes;
    extent *buffers;
    uint32_t n_buffers;
    uint8_t *meta;
    uint32_t meta_cap;
    uint32_t *fields; /* places, while a schema is built */
    block *batches, *dicts;
    uint32_t n_batches, n_dicts;
};

/* ---- sizes ---- */

/* Of one value in a batch, offsets included. */
static size_t value_bytes(hr_col_type type)
{
    switch (type) {
    case HR_COL_DEC:
        return 16;
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        return 4 + HR_TEXT_CAP;
    case HR_COL_ENUM:
        return 2;
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_U32:
    case HR_COL_F64:
    case HR_COL_BOOL:
        break;
    }
    return hr_col_width(type);
}

static size_t buffer_max(const hr_ipc_write_options *o)
{
    return hr_round_up((size_t)o->batch_rows * HR_TEXT_CAP, ALIGN) + ALIGN;
}

static size_t body_max(const hr_schema *s, const hr_ipc_write_options *o)
{
    size_t row = 0;
    size_t names = 0; /* of the largest dictionary */
    for (uint32_t i = 0; i < s->n_fields; i++) {
        const hr_field *f = &s->fields[i];
        size_t n = 4;
        row += value_bytes(f->type) + 1;
        for (uint32_t k = 0; f->type == HR_COL_ENUM && k < f->n_dict; k++)
            n += 4 + strlen(f->dict[k]);
        names = HR_MAX(names, n + BUFFERS_MAX * ALIGN);
    }
    size_t n = row * o->batch_rows + (size_t)s->n_fields * BUFFERS_MAX * (2 * ALIGN + PACKED_HEAD);
    return HR_MAX(n, names);
}

static uint32_t meta_max(const hr_schema *s, const hr_ipc_write_options *o)
{
    size_t n = 4096 + (size_t)(s->n_fields + 1u) * FIELD_BYTES;
    for (uint32_t i = 0; i < s->n_fields; i++)
        n += strlen(s->fields[i].name);
    if (o->kind == HR_IPC_FILE) n += sizeof(block) * ((size_t)o->max_batches + s->n_fields);
    return (uint32_t)n;
}

static hr_codec_options codec_options(const hr_ipc_write_options *o)
{
    return (hr_codec_options){.encode = o->is_packed ? HR_CODEC_BIT(HR_PQ_ZSTD) : 0, .level = 1};
}

size_t hr_ipc_writer_bytes(const hr_schema *schema, const hr_ipc_write_options *opt)
{
    hr_codec_options codec = codec_options(opt);
    size_t n =
        sizeof(hr_ipc_writer) + body_max(schema, opt) + meta_max(schema, opt) +
        schema->n_fields * (sizeof(node) + BUFFERS_MAX * sizeof(extent) + sizeof(block) + 4) +
        (size_t)opt->max_batches * sizeof(block) + hr_codec_ctx_bytes(&codec);
    if (opt->is_packed) n += hr_codec_bound(HR_PQ_ZSTD, buffer_max(opt));
    return n + 16 * 128; /* of alignment */
}

/* ---- messages ---- */

static hr_status put(hr_ipc_writer *w, const void *bytes, size_t n, hr_err *err)
{
    w->at += (int64_t)n;
    return n > 0 ? w->opt.sink(w->opt.sink_self, bytes, n, err) : HR_OK;
}

/* Metadata and, if there is one, the body behind them, which begins on a multiple of 64 bytes. */
static hr_status put_message(hr_ipc_writer *w, hr_fbb *b, uint32_t root, block *out, hr_err *err)
{
    static const uint8_t zeros[ALIGN];
    uint32_t n;
    const uint8_t *meta = hr_fbb_finish(b, root, &n);
    if (meta == NULL) return HR_FAIL(err, HR_EINTERNAL, "no room for metadata");
    int64_t begin = w->at;
    size_t end = hr_round_up((size_t)begin + 8 + n, ALIGN);
    const uint32_t head[2] = {HR_IPC_CONTINUES, (uint32_t)(end - (size_t)begin - 8)};
    HR_TRY(put(w, head, sizeof head, err));
    HR_TRY(put(w, meta, n, err));
    HR_TRY(put(w, zeros, end - (size_t)w->at, err));
    HR_TRY(put(w, w->body, w->n_body, err));
    if (out != NULL)
        *out = (block){.at = begin,
                       .meta_bytes = (int32_t)(end - (size_t)begin),
                       .body_bytes = (int64_t)w->n_body};
    return HR_OK;
}

static uint32_t end_message(hr_fbb *b, int type, uint32_t header, size_t body_bytes)
{
    hr_fbb_begin(b);
    hr_fbb_int(b, IPC_MESSAGE_BODY, 8, (int64_t)body_bytes);
    hr_fbb_place(b, IPC_MESSAGE_HEADER, header);
    hr_fbb_int(b, IPC_MESSAGE_VERSION, 2, HR_IPC_V5);
    hr_fbb_int(b, IPC_MESSAGE_TYPE, 1, type);
    return hr_fbb_end(b);
}

/* ---- the schema ---- */

static uint32_t index_bytes(const hr_field *f)
{
    return f->n_dict < NARROW_NAMES ? 1 : f->n_dict < NARROW_NAMES << 8 ? 2 : 4;
}

static uint32_t build_int(hr_fbb *b, uint32_t bits, bool is_signed)
{
    hr_fbb_begin(b);
    hr_fbb_int(b, 0, 4, bits);
    hr_fbb_int(b, 1, 1, is_signed);
    return hr_fbb_end(b);
}

static uint32_t build_decimal(hr_fbb *b, uint8_t scale)
{
    hr_fbb_begin(b);
    hr_fbb_int(b, 0, 4, 18);
    hr_fbb_int(b, 1, 4, scale);
    hr_fbb_int(b, 2, 4, 128);
    return hr_fbb_end(b);
}

static uint32_t build_timestamp(hr_fbb *b)
{
    uint32_t zone = hr_fbb_text(b, "UTC");
    hr_fbb_begin(b);
    hr_fbb_place(b, 1, zone);
    hr_fbb_int(b, 0, 2, 3); /* ns */
    return hr_fbb_end(b);
}

static uint32_t build_type(hr_fbb *b, const hr_field *f, int *id)
{
    *id = IPC_T_UTF8;
    switch (f->type) {
    case HR_COL_I64:
    case HR_COL_U32:
        *id = IPC_T_INT;
        return build_int(b, f->type == HR_COL_I64 ? 64 : 32, f->type == HR_COL_I64);
    case HR_COL_TS:
        *id = IPC_T_TIMESTAMP;
        return build_timestamp(b);
    case HR_COL_DEC:
        *id = IPC_T_DECIMAL;
        return build_decimal(b, f->scale);
    case HR_COL_F64:
        *id = IPC_T_FLOAT;
        hr_fbb_begin(b);
        hr_fbb_int(b, 0, 2, 2); /* double */
        return hr_fbb_end(b);
    case HR_COL_BOOL:
        *id = IPC_T_BOOL;
        break;
    case HR_COL_ENUM:
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        break;
    }
    hr_fbb_begin(b);
    return hr_fbb_end(b);
}

static uint32_t build_field(hr_fbb *b, const hr_field *f, uint32_t id)
{
    int type_id;
    uint32_t dict = 0;
    uint32_t name = hr_fbb_text(b, f->name);
    uint32_t type = build_type(b, f, &type_id);
    uint32_t children = hr_fbb_places(b, NULL, 0);
    if (f->type == HR_COL_ENUM) {
        uint32_t index = build_int(b, 8 * index_bytes(f), true);
        hr_fbb_begin(b);
        hr_fbb_int(b, IPC_DICTIONARY_ID, 8, id);
        hr_fbb_place(b, IPC_DICTIONARY_INDEX, index);
        dict = hr_fbb_end(b);
    }
    hr_fbb_begin(b);
    hr_fbb_place(b, IPC_FIELD_NAME, name);
    hr_fbb_place(b, IPC_FIELD_TYPE, type);
    hr_fbb_place(b, IPC_FIELD_CHILDREN, children);
    if (dict != 0) hr_fbb_place(b, IPC_FIELD_DICTIONARY, dict);
    hr_fbb_int(b, IPC_FIELD_NULLABLE, 1, f->nullable);
    hr_fbb_int(b, IPC_FIELD_TYPE_TYPE, 1, type_id);
    return hr_fbb_end(b);
}

static uint32_t build_schema(hr_ipc_writer *w, hr_fbb *b)
{
    for (uint32_t i = 0; i < w->schema->n_fields; i++)
        w->fields[i] = build_field(b, &w->schema->fields[i], i);
    uint32_t fields = hr_fbb_places(b, w->fields, w->schema->n_fields);
    hr_fbb_begin(b);
    hr_fbb_place(b, IPC_SCHEMA_FIELDS, fields);
    hr_fbb_int(b, IPC_SCHEMA_ENDIAN, 2, 0);
    return hr_fbb_end(b);
}

static hr_status put_schema(hr_ipc_writer *w, hr_err *err)
{
    hr_fbb b;
    hr_fbb_init(&b, w->meta, w->meta_cap);
    w->n_body = 0;
    uint32_t schema = build_schema(w, &b);
    return put_message(w, &b, end_message(&b, IPC_MSG_SCHEMA, schema, 0), NULL, err);
}

/* ---- buffers ---- */

/* Where the next buffer is made. */
static uint8_t *buffer_begin(hr_ipc_writer *w)
{
    return w->body + w->n_body + (w->opt.is_packed ? PACKED_HEAD : 0);
}

/* The n bytes there are it. Packed where that makes it shorter. */
static hr_status buffer_end(hr_ipc_writer *w, size_t n, hr_err *err)
{
    extent *e = &w->buffers[w->n_buffers++];
    uint8_t *p = w->body + w->n_body;
    *e = (extent){.at = (int64_t)w->n_body, .n_bytes = (int64_t)n};
    if (w->opt.is_packed && n > 0) {
        size_t n_packed = w->packed_cap;
        int64_t raw = (int64_t)n;
        HR_TRY(
            hr_codec_encode(w->codec, HR_PQ_ZSTD, w->packed, &n_packed, p + PACKED_HEAD, n, err));
        if (n_packed < n) {
            memcpy(p + PACKED_HEAD, w->packed, n_packed);
            n = n_packed;
        } else {
            raw = -1;
        }
        memcpy(p, &raw, sizeof raw);
        n += PACKED_HEAD;
        e->n_bytes = (int64_t)n;
    }
    size_t end = hr_round_up(n, ALIGN);
    HR_ASSERT(end <= w->body_cap - w->n_body);
    memset(p + n, 0, end - n);
    w->n_body += end;
    return HR_OK;
}

/* ---- columns ---- */

typedef struct piece {
    const void *p;
    uint32_t n;
} piece;

static hr_status get_piece(const hr_rows_source *rows, uint32_t col, uint32_t i, piece *out,
                           hr_err *err)
{
    out->p = rows->get(rows->self, col, i, &out->n, err);
    if (out->p == NULL) return err != NULL && err->code < 0 ? err->code : HR_EINTERNAL;
    return HR_OK;
}

static bool is_null(const hr_field *f, const piece *s, uint32_t i)
{
    switch (f->type) {
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
        return ((const int64_t *)s->p)[i] == HR_NULL_I64;
    case HR_COL_F64:
        return f->nullable && isnan(((const double *)s->p)[i]);
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        return f->nullable && hr_col_text(f->type, s->p, i)->len == HR_TEXT_NULL;
    case HR_COL_ENUM:
        return ((const uint8_t *)s->p)[i] >= f->n_dict;
    case HR_COL_U32:
    case HR_COL_BOOL:
        break;
    }
    return false;
}

static hr_status put_valid(hr_ipc_writer *w, const hr_rows_source *rows, uint32_t col, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    uint8_t *bits = buffer_begin(w);
    uint64_t row = 0;
    node *out = &w->nodes[col];
    *out = (node){.n_rows = (int64_t)rows->n_rows};
    memset(bits, 0, (rows->n_rows + 7) / 8);
    for (uint32_t i = 0; i < rows->n_blocks; i++) {
        piece s;
        HR_TRY(get_piece(rows, col, i, &s, err));
        for (uint32_t k = 0; k < s.n; k++, row++) {
            bool null = is_null(f, &s, k);
            out->n_nulls += null;
            bits[row / 8] = (uint8_t)(bits[row / 8] | (!null << row % 8));
        }
    }
    if (row != rows->n_rows)
        return HR_FAIL(err, HR_EINTERNAL, "column '%s' has %llu rows of %llu", f->name,
                       (unsigned long long)row, (unsigned long long)rows->n_rows);
    if (out->n_nulls > 0 && !f->nullable)
        return HR_FAIL(err, HR_EINTERNAL, "column '%s' has a null or a value without a name",
                       f->name);
    return buffer_end(w, out->n_nulls > 0 ? (rows->n_rows + 7) / 8 : 0, err);
}

static void put_i64(uint8_t *to, const int64_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int64_t x = v[i] == HR_NULL_I64 ? 0 : v[i];
        memcpy(to + 8 * (size_t)i, &x, sizeof x);
    }
}

static void put_decimals(uint8_t *to, const int64_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int64_t wide[2] = {v[i] == HR_NULL_I64 ? 0 : v[i], 0};
        wide[1] = wide[0] < 0 ? -1 : 0;
        memcpy(to + 16 * (size_t)i, wide, sizeof wide);
    }
}

static void put_names(uint8_t *to, const uint8_t *v, uint32_t n, const hr_field *f)
{
    uint32_t width = index_bytes(f);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = v[i] < f->n_dict ? v[i] : 0;
        memcpy(to + (size_t)i * width, &index, width);
    }
}

/* Values of one width; returns the bytes of each. */
static size_t put_values(uint8_t *to, const hr_field *f, const piece *s)
{
    switch (f->type) {
    case HR_COL_I64:
    case HR_COL_TS:
        put_i64(to, s->p, s->n);
        return 8;
    case HR_COL_DEC:
        put_decimals(to, s->p, s->n);
        return 16;
    case HR_COL_ENUM:
        put_names(to, s->p, s->n, f);
        return index_bytes(f);
    case HR_COL_F64:
    case HR_COL_U32:
    case HR_COL_BOOL:
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        break;
    }
    memcpy(to, s->p, s->n * hr_col_width(f->type));
    return hr_col_width(f->type);
}

static hr_status put_plain(hr_ipc_writer *w, const hr_rows_source *rows, uint32_t col, hr_err *err)
{
    uint8_t *to = buffer_begin(w);
    size_t at = 0;
    for (uint32_t i = 0; i < rows->n_blocks; i++) {
        piece s;
        HR_TRY(get_piece(rows, col, i, &s, err));
        at += s.n * put_values(to + at, &w->schema->fields[col], &s);
    }
    return buffer_end(w, at, err);
}

static hr_status put_bits(hr_ipc_writer *w, const hr_rows_source *rows, uint32_t col, hr_err *err)
{
    uint8_t *bits = buffer_begin(w);
    uint64_t row = 0;
    memset(bits, 0, (rows->n_rows + 7) / 8);
    for (uint32_t i = 0; i < rows->n_blocks; i++) {
        piece s;
        HR_TRY(get_piece(rows, col, i, &s, err));
        for (uint32_t k = 0; k < s.n; k++, row++)
            if (((const uint8_t *)s.p)[k] != 0)
                bits[row / 8] = (uint8_t)(bits[row / 8] | 1u << row % 8);
    }
    return buffer_end(w, (rows->n_rows + 7) / 8, err);
}

static hr_status put_texts(hr_ipc_writer *w, const hr_rows_source *rows, uint32_t col, hr_err *err)
{
    const hr_col_type type = w->schema->fields[col].type;
    uint8_t *to = buffer_begin(w);
    uint32_t at = 0;
    size_t n = 4;
    memset(to, 0, 4);
    for (uint32_t i = 0; i < rows->n_blocks; i++) {
        piece s;
        HR_TRY(get_piece(rows, col, i, &s, err));
        for (uint32_t k = 0; k < s.n; k++, n += 4) {
            const hr_text *t = hr_col_text(type, s.p, k);
            at += t->len != HR_TEXT_NULL ? t->len : 0;
            memcpy(to + n, &at, 4);
        }
    }
    HR_TRY(buffer_end(w, n, err));
    to = buffer_begin(w);
    for (uint32_t i = 0; i < rows->n_blocks; i++) {
        piece s;
        HR_TRY(get_piece(rows, col, i, &s, err));
        for (uint32_t k = 0; k < s.n; k++) {
            const hr_text *t = hr_col_text(type, s.p, k);
            if (t->len == HR_TEXT_NULL) continue;
            memcpy(to, t->byte, t->len);
            to += t->len;
        }
    }
    return buffer_end(w, at, err);
}

/* ---- batches ---- */

static uint32_t build_batch(hr_ipc_writer *w, hr_fbb *b, uint32_t n_nodes, uint64_t n_rows,
                            bool is_packed)
{
    uint32_t codec = 0;
    if (is_packed) {
        hr_fbb_begin(b);
        hr_fbb_int(b, 0, 1, IPC_ZSTD);
        hr_fbb_int(b, 1, 1, 0);
        codec = hr_fbb_end(b);
    }
    uint32_t buffers = hr_fbb_structs(b, w->buffers, w->n_buffers, sizeof *w->buffers);
    uint32_t nodes = hr_fbb_structs(b, w->nodes, n_nodes, sizeof *w->nodes);
    hr_fbb_begin(b);
    hr_fbb_int(b, IPC_BATCH_ROWS, 8, (int64_t)n_rows);
    hr_fbb_place(b, IPC_BATCH_NODES, nodes);
    hr_fbb_place(b, IPC_BATCH_BUFFERS, buffers);
    if (codec != 0) hr_fbb_place(b, IPC_BATCH_CODEC, codec);
    return hr_fbb_end(b);
}

hr_status hr_ipc_writer_batch(hr_ipc_writer *w, const hr_rows_source *rows, hr_err *err)
{
    hr_fbb b;
    block at;
    if (rows->n_rows > w->opt.batch_rows)
        return HR_FAIL(err, HR_EINTERNAL, "a batch of %llu rows, at most %u",
                       (unsigned long long)rows->n_rows, w->opt.batch_rows);
    if (w->opt.kind == HR_IPC_FILE && w->n_batches == w->opt.max_batches)
        return HR_FAIL(err, HR_ELIMIT, "more than %u batches in one file", w->opt.max_batches);
    w->n_body = 0;
    w->n_buffers = 0;
    for (uint32_t i = 0; i < w->schema->n_fields; i++) {
        hr_col_type type = w->schema->fields[i].type;
        HR_TRY(put_valid(w, rows, i, err));
        HR_TRY(hr_col_is_text(type)  ? put_texts(w, rows, i, err)
               : type == HR_COL_BOOL ? put_bits(w, rows, i, err)
                                     : put_plain(w, rows, i, err));
    }
    hr_fbb_init(&b, w->meta, w->meta_cap);
    uint32_t batch = build_batch(w, &b, w->schema->n_fields, rows->n_rows, w->opt.is_packed);
    HR_TRY(put_message(w, &b, end_message(&b, IPC_MSG_BATCH, batch, w->n_body), &at, err));
    if (w->opt.kind == HR_IPC_FILE) w->batches[w->n_batches++] = at;
    return HR_OK;
}

/* ---- dictionaries ---- */

/* As it lies, whatever the batches do: it is short. */
static hr_status put_dictionary(hr_ipc_writer *w, uint32_t col, hr_err *err)
{
    const hr_field *f = &w->schema->fields[col];
    bool is_packed = w->opt.is_packed;
    uint32_t at = 0;
    hr_fbb b;
    w->opt.is_packed = false;
    w->n_body = 0;
    w->n_buffers = 0;
    w->nodes[0] = (node){.n_rows = f->n_dict};
    hr_status st = buffer_end(w, 0, err);
    uint8_t *to = buffer_begin(w);
    memset(to, 0, 4);
    for (uint32_t i = 0; i < f->n_dict; i++) {
        at += (uint32_t)strlen(f->dict[i]);
        memcpy(to + 4 * (size_t)(i + 1), &at, 4);
    }
    if (st == HR_OK) st = buffer_end(w, 4 * ((size_t)f->n_dict + 1), err);
    to = buffer_begin(w);
    for (uint32_t i = 0; i < f->n_dict; i++) {
        memcpy(to, f->dict[i], strlen(f->dict[i]));
        to += strlen(f->dict[i]);
    }
    if (st == HR_OK) st = buffer_end(w, at, err);
    w->opt.is_packed = is_packed;
    HR_TRY(st);
    hr_fbb_init(&b, w->meta, w->meta_cap);
    uint32_t data = build_batch(w, &b, 1, f->n_dict, false);
    hr_fbb_begin(&b);
    hr_fbb_int(&b, IPC_DICT_ID, 8, col);
    hr_fbb_place(&b, IPC_DICT_DATA, data);
    hr_fbb_int(&b, IPC_DICT_IS_DELTA, 1, 0);
    uint32_t dict = hr_fbb_end(&b);
    return put_message(w, &b, end_message(&b, IPC_MSG_DICTIONARY, dict, w->n_body),
                       &w->dicts[w->n_dicts++], err);
}

/* ---- the whole ---- */

static hr_status carve(hr_ipc_writer *w, hr_arena *arena, hr_err *err)
{
    const uint32_t n = w->schema->n_fields;
    hr_codec_options codec = codec_options(&w->opt);
    w->body_cap = body_max(w->schema, &w->opt);
    w->meta_cap = meta_max(w->schema, &w->opt);
    w->packed_cap = w->opt.is_packed ? hr_codec_bound(HR_PQ_ZSTD, buffer_max(&w->opt)) : 1;
    w->body = hr_arena_alloc(arena, w->body_cap, ALIGN);
    w->meta = hr_arena_alloc(arena, w->meta_cap, ALIGN);
    w->packed = hr_arena_alloc(arena, w->packed_cap, ALIGN);
    w->nodes = hr_arena_alloc(arena, (n + 1u) * sizeof *w->nodes, ALIGN);
    w->buffers = hr_arena_alloc(arena, (n + 1u) * BUFFERS_MAX * sizeof *w->buffers, ALIGN);
    w->fields = hr_arena_alloc(arena, (n + 1u) * sizeof *w->fields, ALIGN);
    w->dicts = hr_arena_alloc(arena, (n + 1u) * sizeof *w->dicts, ALIGN);
    w->batches = hr_arena_alloc(arena, (w->opt.max_batches + 1u) * sizeof *w->batches, ALIGN);
    if (w->body == NULL || w->meta == NULL || w->packed == NULL || w->nodes == NULL ||
        w->buffers == NULL || w->fields == NULL || w->dicts == NULL || w->batches == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to write Arrow");
    return w->opt.is_packed ? hr_codec_ctx_create(&w->codec, arena, &codec, err) : HR_OK;
}

hr_status hr_ipc_writer_create(hr_ipc_writer **out, const hr_schema *schema,
                               const hr_ipc_write_options *opt, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_ipc_writer *w = hr_arena_alloc(arena, sizeof *w, ALIGN);
    if (w == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write Arrow");
    *w = (hr_ipc_writer){.schema = schema, .opt = *opt};
    HR_TRY(carve(w, arena, err));
    if (opt->kind == HR_IPC_FILE) HR_TRY(put(w, HR_IPC_MAGIC "\0\0", 8, err));
    HR_TRY(put_schema(w, err));
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (schema->fields[i].type == HR_COL_ENUM) HR_TRY(put_dictionary(w, i, err));
    *out = w;
    return HR_OK;
}

hr_status hr_ipc_writer_finish(hr_ipc_writer *w, hr_err *err)
{
    static const uint32_t end[2] = {HR_IPC_CONTINUES, 0};
    hr_fbb b;
    uint32_t n;
    HR_TRY(put(w, end, sizeof end, err));
    if (w->opt.kind != HR_IPC_FILE) return HR_OK;
    hr_fbb_init(&b, w->meta, w->meta_cap);
    uint32_t schema = build_schema(w, &b);
    uint32_t batches = hr_fbb_structs(&b, w->batches, w->n_batches, sizeof *w->batches);
    uint32_t dicts = hr_fbb_structs(&b, w->dicts, w->n_dicts, sizeof *w->dicts);
    hr_fbb_begin(&b);
    hr_fbb_place(&b, IPC_FOOTER_SCHEMA, schema);
    hr_fbb_place(&b, IPC_FOOTER_DICTS, dicts);
    hr_fbb_place(&b, IPC_FOOTER_BATCHES, batches);
    hr_fbb_int(&b, IPC_FOOTER_VERSION, 2, HR_IPC_V5);
    const uint8_t *footer = hr_fbb_finish(&b, hr_fbb_end(&b), &n);
    if (footer == NULL) return HR_FAIL(err, HR_EINTERNAL, "no room for the footer");
    HR_TRY(put(w, footer, n, err));
    HR_TRY(put(w, &n, sizeof n, err));
    return put(w, HR_IPC_MAGIC, 6, err);
}
