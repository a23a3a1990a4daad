/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/ipc_meta.h"

#include <stdio.h>
#include <string.h>

#define FIXED_MAX (1 << 20) /* bytes of a fixed-size value */

/* Buffers of a type in a batch, before those of its children. A union has one of types, one of
 * offsets where it is dense, and before V5 one of nulls. */
static const struct {
    uint8_t n_buffers;
    bool is_nested, is_view;
} layout[IPC_T_COUNT] = {
    [IPC_T_NULL] = {0, false, false},         [IPC_T_INT] = {2, false, false},
    [IPC_T_FLOAT] = {2, false, false},        [IPC_T_BINARY] = {3, false, false},
    [IPC_T_UTF8] = {3, false, false},         [IPC_T_BOOL] = {2, false, false},
    [IPC_T_DECIMAL] = {2, false, false},      [IPC_T_DATE] = {2, false, false},
    [IPC_T_TIME] = {2, false, false},         [IPC_T_TIMESTAMP] = {2, false, false},
    [IPC_T_INTERVAL] = {2, false, false},     [IPC_T_LIST] = {2, true, false},
    [IPC_T_STRUCT] = {1, true, false},        [IPC_T_UNION] = {1, true, false},
    [IPC_T_FIXED] = {2, false, false},        [IPC_T_FIXED_LIST] = {1, true, false},
    [IPC_T_MAP] = {2, true, false},           [IPC_T_DURATION] = {2, false, false},
    [IPC_T_LARGE_BINARY] = {3, false, false}, [IPC_T_LARGE_UTF8] = {3, false, false},
    [IPC_T_LARGE_LIST] = {2, true, false},    [IPC_T_RUN_END] = {0, true, false},
    [IPC_T_BINARY_VIEW] = {2, false, true},   [IPC_T_UTF8_VIEW] = {2, false, true},
    [IPC_T_LIST_VIEW] = {3, true, false},     [IPC_T_LARGE_LIST_VIEW] = {3, true, false},
};

/* ---- messages ---- */

hr_status hr_ipc_message_read(ipc_message *out, hr_fb *b, hr_err *err)
{
    hr_fb_table t = hr_fb_root(b);
    out->version = (int)hr_fb_int(b, &t, IPC_MESSAGE_VERSION, 2, 0);
    out->type = (int)hr_fb_int(b, &t, IPC_MESSAGE_TYPE, 1, 0);
    out->body_bytes = hr_fb_int(b, &t, IPC_MESSAGE_BODY, 8, 0);
    out->header = hr_fb_child(b, &t, IPC_MESSAGE_HEADER);
    if (b->is_bad || out->header.at == 0 || out->body_bytes < 0)
        return HR_FAIL(err, HR_ECORRUPT, "a damaged message");
    if (out->version < HR_IPC_V4 || out->version > HR_IPC_V5)
        return HR_FAIL(err, HR_EUNSUPPORTED, "metadata version V%d: V4 and V5 are read",
                       out->version + 1);
    return HR_OK;
}

hr_status hr_ipc_batch_read(ipc_batch *out, hr_fb *b, const hr_fb_table *t, hr_err *err)
{
    out->n_rows = hr_fb_int(b, t, IPC_BATCH_ROWS, 8, 0);
    out->nodes = hr_fb_elements(b, t, IPC_BATCH_NODES, IPC_NODE_BYTES);
    out->buffers = hr_fb_elements(b, t, IPC_BATCH_BUFFERS, IPC_BUFFER_BYTES);
    out->variadic = hr_fb_elements(b, t, IPC_BATCH_VARIADIC, 8);
    hr_fb_table codec = hr_fb_child(b, t, IPC_BATCH_CODEC);
    out->codec = codec.at != 0 ? (int)hr_fb_int(b, &codec, 0, 1, IPC_LZ4_FRAME) : HR_IPC_PLAIN;
    int method = (int)hr_fb_int(b, &codec, 1, 1, 0);
    if (b->is_bad || out->n_rows < 0) return HR_FAIL(err, HR_ECORRUPT, "a damaged record batch");
    if (out->n_rows > INT32_MAX)
        return HR_FAIL(err, HR_ELIMIT, "a record batch of %lld rows: at most %d are read",
                       (long long)out->n_rows, INT32_MAX);
    if (codec.at != 0 && (method != 0 || out->codec < IPC_LZ4_FRAME || out->codec > IPC_ZSTD))
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "compression %d by method %d: LZ4_FRAME and ZSTD by buffer are read",
                       out->codec, method);
    return HR_OK;
}

/* ---- types ---- */

static int32_t time_unit(int64_t unit)
{
    static const int32_t ns[] = {1000000000, 1000000, 1000, 1};
    return unit >= 0 && unit < (int64_t)HR_ARRAY_LEN(ns) ? ns[unit] : 0;
}

static void set_int(hr_pq_column *c, ipc_type *type, int64_t bits, bool is_signed)
{
    *type = (ipc_type){IPC_INT, (uint32_t)bits / 8, is_signed};
    c->phys = bits == 64 ? HR_PQ_INT64 : HR_PQ_INT32;
}

static bool is_width(int64_t bits, int64_t least, int64_t most)
{
    return bits >= least && bits <= most && (bits & (bits - 1)) == 0;
}

static bool read_int(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t)
{
    int64_t bits = hr_fb_int(b, t, 0, 4, 0);
    bool is_signed = hr_fb_int(b, t, 1, 1, 0) != 0;
    if (!is_width(bits, 8, 64)) return false;
    set_int(c, type, bits, is_signed);
    c->logical = is_signed ? HR_PQ_L_INT : HR_PQ_L_UINT;
    return true;
}

static bool read_float(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t)
{
    static const hr_pq_phys phys[] = {HR_PQ_FIXED, HR_PQ_FLOAT, HR_PQ_DOUBLE};
    int64_t precision = hr_fb_int(b, t, 0, 2, 0);
    if (precision < 0 || precision > 2) return false;
    *type = (ipc_type){IPC_REAL, 2u << precision, true};
    c->phys = phys[precision];
    c->logical = precision == 0 ? HR_PQ_L_FLOAT16 : HR_PQ_L_NONE;
    c->type_length = type->width;
    return true;
}

/* A negative scale stands for no decimals that a table of ours could hold: bytes without a meaning.
 */
static bool read_decimal(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t)
{
    int64_t precision = hr_fb_int(b, t, 0, 4, 0);
    int64_t scale = hr_fb_int(b, t, 1, 4, 0);
    int64_t bits = hr_fb_int(b, t, 2, 4, 128);
    if (!is_width(bits, 32, 256) || precision < 1 || precision > 76) return false;
    bool is_plain = scale >= 0 && scale <= 76;
    *type = (ipc_type){is_plain ? IPC_DECIMAL : IPC_FIXED, (uint32_t)bits / 8, true};
    c->phys = HR_PQ_FIXED;
    c->type_length = type->width;
    c->logical = is_plain ? HR_PQ_L_DECIMAL : HR_PQ_L_OTHER;
    c->precision = (uint8_t)precision;
    c->scale = is_plain ? (uint8_t)scale : 0;
    return true;
}

static bool read_time(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t, int id)
{
    int64_t unit = hr_fb_int(b, t, 0, 2, id == IPC_T_TIMESTAMP ? 0 : 1);
    int64_t bits = id == IPC_T_TIME ? hr_fb_int(b, t, 1, 4, 32) : 64;
    if (id == IPC_T_DATE) {
        bits = unit == 0 ? 32 : 64;
        c->logical = unit == 0 ? HR_PQ_L_DATE : HR_PQ_L_TIMESTAMP; /* days; or ms of midnights */
        c->unit_ns = unit == 0 ? 0 : 1000000;
        if (unit < 0 || unit > 1) return false;
    } else {
        c->unit_ns = time_unit(unit);
        c->logical = id == IPC_T_TIMESTAMP ? HR_PQ_L_TIMESTAMP
                     : id == IPC_T_TIME    ? HR_PQ_L_TIME
                                           : HR_PQ_L_OTHER;
        if (c->unit_ns == 0 || !is_width(bits, 32, 64)) return false;
    }
    c->is_utc = id == IPC_T_TIMESTAMP && hr_fb_elements(b, t, 1, 1).n > 0;
    set_int(c, type, bits, true);
    return true;
}

static bool read_fixed(hr_pq_column *c, ipc_type *type, int64_t n_bytes)
{
    if (n_bytes < 0 || n_bytes > FIXED_MAX) return false;
    *type = (ipc_type){IPC_FIXED, (uint32_t)n_bytes, false};
    c->phys = HR_PQ_FIXED;
    c->type_length = type->width;
    return true;
}

static bool read_interval(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t)
{
    int64_t unit = hr_fb_int(b, t, 0, 2, 0);
    c->logical = HR_PQ_L_OTHER;
    if (unit == 0) set_int(c, type, 32, true);
    return unit == 0 || ((unit == 1 || unit == 2) && read_fixed(c, type, 8 * unit));
}

static void set_text(hr_pq_column *c, ipc_type *type, int id)
{
    bool is_large = id == IPC_T_LARGE_UTF8 || id == IPC_T_LARGE_BINARY;
    bool is_utf8 = id == IPC_T_UTF8 || id == IPC_T_LARGE_UTF8 || id == IPC_T_UTF8_VIEW;
    *type = layout[id].is_view ? (ipc_type){IPC_VIEW, 16, false}
                               : (ipc_type){IPC_TEXT, is_large ? 8 : 4, true};
    c->phys = HR_PQ_BYTE_ARRAY;
    c->logical = is_utf8 ? HR_PQ_L_STRING : HR_PQ_L_NONE;
}

/* False: no such type can be. */
static bool read_type(hr_pq_column *c, ipc_type *type, hr_fb *b, const hr_fb_table *t, int id)
{
    c->is_flat = !layout[id].is_nested;
    c->logical = c->is_flat ? HR_PQ_L_NONE : HR_PQ_L_OTHER;
    *type = (ipc_type){.kind = IPC_NESTED};
    if (!c->is_flat) return true;
    switch (id) {
    case IPC_T_NULL:
        *type = (ipc_type){.kind = IPC_NULLS};
        c->phys = HR_PQ_INT64;
        return true;
    case IPC_T_INT:
        return read_int(c, type, b, t);
    case IPC_T_FLOAT:
        return read_float(c, type, b, t);
    case IPC_T_BOOL:
        *type = (ipc_type){IPC_BITS, 1, false};
        c->phys = HR_PQ_BOOLEAN;
        return true;
    case IPC_T_DECIMAL:
        return read_decimal(c, type, b, t);
    case IPC_T_DATE:
    case IPC_T_TIME:
    case IPC_T_TIMESTAMP:
    case IPC_T_DURATION:
        return read_time(c, type, b, t, id);
    case IPC_T_INTERVAL:
        return read_interval(c, type, b, t);
    case IPC_T_FIXED:
        return read_fixed(c, type, hr_fb_int(b, t, 0, 4, 0));
    default:
        set_text(c, type, id);
        return true;
    }
}

/* ---- schemas ---- */

typedef struct walk {
    hr_fb *b;
    ipc_schema *out;
    int version;
    uint32_t n_fields, max_fields;
    hr_err *err;
} walk;

static int type_of(const walk *w, const hr_fb_table *field)
{
    return (int)hr_fb_int(w->b, field, IPC_FIELD_TYPE_TYPE, 1, 0);
}

/* What the field itself takes of a batch. A dictionary's values lie elsewhere: only its indexes
 * count. *descends: its children follow. */
static hr_status count_field(walk *w, const hr_fb_table *field, bool *descends)
{
    ipc_schema *s = w->out;
    int id = type_of(w, field);
    hr_fb_table type = hr_fb_child(w->b, field, IPC_FIELD_TYPE);
    *descends = false;
    if (w->b->is_bad || type.at == 0 || id <= 0)
        return HR_FAIL(w->err, HR_ECORRUPT, "the schema is damaged");
    if (id >= IPC_T_COUNT)
        return HR_FAIL(w->err, HR_EUNSUPPORTED, "a column of type %d, which is not known", id);
    if (++w->n_fields > w->max_fields)
        return HR_FAIL(w->err, HR_ELIMIT, "more than %u columns", w->max_fields);
    s->n_nodes++;
    if (hr_fb_has(w->b, field, IPC_FIELD_DICTIONARY)) {
        s->n_buffers += 2;
        return HR_OK;
    }
    s->n_buffers += layout[id].n_buffers;
    s->n_views += layout[id].is_view;
    if (id == IPC_T_UNION) {
        s->n_buffers += hr_fb_int(w->b, &type, 0, 2, 0) != 0;
        s->n_buffers += w->version < HR_IPC_V5;
    }
    *descends = layout[id].is_nested;
    return HR_OK;
}

/* The fields under a nested one, each before its own children, as batches have them. */
static hr_status count_children(walk *w, const hr_fb_table *top)
{
    struct {
        hr_fb_vector fields;
        uint32_t next;
    } stack[HR_IPC_DEPTH_MAX];
    uint32_t depth = 1;
    stack[0].fields = hr_fb_elements(w->b, top, IPC_FIELD_CHILDREN, 4);
    stack[0].next = 0;
    while (depth > 0) {
        bool descends;
        if (stack[depth - 1].next == stack[depth - 1].fields.n) {
            depth--;
            continue;
        }
        hr_fb_table field = hr_fb_nth(w->b, &stack[depth - 1].fields, stack[depth - 1].next++);
        HR_TRY(count_field(w, &field, &descends));
        if (!descends) continue;
        if (depth == HR_IPC_DEPTH_MAX)
            return HR_FAIL(w->err, HR_ELIMIT, "columns nested deeper than %d", HR_IPC_DEPTH_MAX);
        stack[depth].fields = hr_fb_elements(w->b, &field, IPC_FIELD_CHILDREN, 4);
        stack[depth++].next = 0;
    }
    return HR_OK;
}

static void read_name(hr_pq_column *c, hr_fb *b, const hr_fb_table *field)
{
    hr_fb_vector name = hr_fb_elements(b, field, IPC_FIELD_NAME, 1);
    size_t n = HR_MIN((size_t)name.n, sizeof c->name - 1);
    if (n > 0) memcpy(c->name, name.p, n);
    c->name[n] = '\0';
}

static bool read_dictionary(ipc_col *col, hr_fb *b, const hr_fb_table *field)
{
    hr_pq_column unused = {.name = ""};
    hr_fb_table d = hr_fb_child(b, field, IPC_FIELD_DICTIONARY);
    hr_fb_table index = hr_fb_child(b, &d, IPC_DICTIONARY_INDEX);
    col->has_dict = d.at != 0;
    col->dict_id = hr_fb_int(b, &d, IPC_DICTIONARY_ID, 8, 0);
    col->index = (ipc_type){IPC_INT, 4, true};
    return index.at == 0 || read_int(&unused, &col->index, b, &index);
}

static hr_status read_column(walk *w, const hr_fb_table *field, uint32_t i)
{
    ipc_schema *s = w->out;
    hr_pq_column *c = &s->columns[i];
    ipc_col *col = &s->cols[i];
    bool descends;
    memset(c, 0, sizeof *c);
    *col = (ipc_col){.node = s->n_nodes, .buffer = s->n_buffers, .variadic = s->n_views};
    read_name(c, w->b, field);
    c->nullable = hr_fb_int(w->b, field, IPC_FIELD_NULLABLE, 1, 0) != 0;
    HR_TRY(count_field(w, field, &descends));
    hr_fb_table type = hr_fb_child(w->b, field, IPC_FIELD_TYPE);
    if (!read_type(c, &col->type, w->b, &type, type_of(w, field)) ||
        !read_dictionary(col, w->b, field))
        return HR_FAIL(w->err, HR_ECORRUPT, "column '%s' is of a type that cannot be", c->name);
    return descends ? count_children(w, field) : HR_OK;
}

hr_status hr_ipc_schema_read(ipc_schema *out, hr_fb *b, const hr_fb_table *t, int version,
                             uint32_t max_fields, hr_arena *arena, hr_err *err)
{
    walk w = {.b = b, .out = out, .version = version, .max_fields = max_fields, .err = err};
    hr_fb_vector fields = hr_fb_elements(b, t, IPC_SCHEMA_FIELDS, 4);
    memset(out, 0, sizeof *out);
    if (b->is_bad || t->at == 0) return HR_FAIL(err, HR_ECORRUPT, "the schema is damaged");
    if (hr_fb_int(b, t, IPC_SCHEMA_ENDIAN, 2, 0) != 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "big-endian data, which are not read");
    if (fields.n > max_fields) return HR_FAIL(err, HR_ELIMIT, "more than %u columns", max_fields);
    out->n_columns = fields.n;
    out->columns = hr_arena_alloc(arena, (fields.n + 1u) * sizeof *out->columns, 64);
    out->cols = hr_arena_alloc(arena, (fields.n + 1u) * sizeof *out->cols, 64);
    if (out->columns == NULL || out->cols == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for %u columns", fields.n);
    for (uint32_t i = 0; i < fields.n; i++) {
        hr_fb_table field = hr_fb_nth(b, &fields, i);
        HR_TRY(read_column(&w, &field, i));
    }
    return b->is_bad ? HR_FAIL(err, HR_ECORRUPT, "the schema is damaged") : HR_OK;
}
