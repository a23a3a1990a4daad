/* SPDX-License-Identifier: Apache-2.0 */
/* Footer and page headers. Field numbers: parquet.thrift. */
#include <stdio.h>
#include <string.h>

#include "fmt/pq_file.h"

#define SCHEMA_DEPTH_MAX 32

typedef struct element {
    int32_t phys, type_length, repetition, n_children, converted, scale, precision, unit_ns;
    hr_pq_logical logical;
    bool is_utc, is_signed;
    const uint8_t *name;
    uint32_t name_len;
} element;

static int32_t read_unit(hr_thrift_in *t)
{
    hr_tr_field f = {0};
    int32_t unit = 0;
    while (hr_tr_next(t, &f)) {
        unit = f.id == 1 ? 1000000 : f.id == 2 ? 1000 : 1;
        hr_tr_skip(t, f.type);
    }
    return unit;
}

static void read_logical_body(hr_thrift_in *t, element *e, int16_t kind)
{
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        if (kind == 5 && f.id == 1)
            e->scale = (int32_t)hr_tr_int(t, f.type);
        else if (kind == 5 && f.id == 2)
            e->precision = (int32_t)hr_tr_int(t, f.type);
        else if ((kind == 7 || kind == 8) && f.id == 1)
            e->is_utc = hr_tr_int(t, f.type) != 0;
        else if ((kind == 7 || kind == 8) && f.id == 2 && f.type == HR_TR_STRUCT)
            e->unit_ns = read_unit(t);
        else if (kind == 10 && f.id == 2)
            e->is_signed = hr_tr_int(t, f.type) != 0;
        else
            hr_tr_skip(t, f.type);
    }
}

static void read_logical(hr_thrift_in *t, element *e)
{
    static const hr_pq_logical map[16] = {
        [1] = HR_PQ_L_STRING, [4] = HR_PQ_L_STRING, [5] = HR_PQ_L_DECIMAL,
        [6] = HR_PQ_L_DATE,   [7] = HR_PQ_L_TIME,   [8] = HR_PQ_L_TIMESTAMP,
        [10] = HR_PQ_L_INT,   [14] = HR_PQ_L_UUID,  [15] = HR_PQ_L_FLOAT16};
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        e->logical = f.id > 0 && f.id < 16 && map[f.id] != HR_PQ_L_NONE ? map[f.id] : HR_PQ_L_OTHER;
        if (f.type != HR_TR_STRUCT) {
            hr_tr_skip(t, f.type);
            continue;
        }
        read_logical_body(t, e, f.id);
        if (f.id == 10 && !e->is_signed) e->logical = HR_PQ_L_UINT;
    }
}

/* Older writers say it by the converted type alone. */
static void apply_converted(element *e)
{
    if (e->logical != HR_PQ_L_NONE) return;
    switch (e->converted) {
    case 0:
    case 4:
        e->logical = HR_PQ_L_STRING;
        break;
    case 5:
        e->logical = HR_PQ_L_DECIMAL;
        break;
    case 6:
        e->logical = HR_PQ_L_DATE;
        break;
    case 9:
    case 10:
        e->logical = HR_PQ_L_TIMESTAMP;
        e->unit_ns = e->converted == 9 ? 1000000 : 1000;
        e->is_utc = true;
        break;
    default:
        break;
    }
}

static void read_element(hr_thrift_in *t, element *e)
{
    hr_tr_field f = {0};
    *e = (element){.phys = -1, .converted = -1, .is_signed = true};
    while (hr_tr_next(t, &f)) {
        if (f.id == 1)
            e->phys = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 2)
            e->type_length = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 3)
            e->repetition = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 4 && f.type == HR_TR_BINARY)
            e->name = hr_tr_binary(t, &e->name_len);
        else if (f.id == 5)
            e->n_children = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 6)
            e->converted = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 7)
            e->scale = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 8)
            e->precision = (int32_t)hr_tr_int(t, f.type);
        else if (f.id == 10 && f.type == HR_TR_STRUCT)
            read_logical(t, e);
        else
            hr_tr_skip(t, f.type);
    }
    apply_converted(e);
}

static void set_column(hr_pq_column *c, const element *e, const char *prefix, bool is_flat)
{
    memset(c, 0, sizeof *c);
    snprintf(c->name, sizeof c->name, "%s%.*s", prefix, (int)HR_MIN(e->name_len, 100u),
             (const char *)e->name);
    c->phys = (hr_pq_phys)e->phys;
    c->logical = e->logical;
    c->type_length = (uint32_t)e->type_length;
    c->scale = (uint8_t)e->scale;
    c->precision = (uint8_t)e->precision;
    c->unit_ns = e->unit_ns;
    c->is_utc = e->is_utc;
    c->nullable = e->repetition == HR_PQ_OPTIONAL;
    c->is_flat = is_flat && e->repetition != HR_PQ_REPEATED;
}

static bool is_valid_leaf(const element *e)
{
    return e->phys >= 0 && e->phys <= 7 && e->scale >= 0 && e->scale <= 76 && e->precision >= 0 &&
           e->precision <= 76 &&
           (e->phys != HR_PQ_FIXED || (e->type_length > 0 && e->type_length <= 1 << 20));
}

/* The tree comes flattened, parents first; leaves below the root's children only are flat. */
static hr_status read_schema(hr_pq_file *f, hr_thrift_in *t, hr_arena *arena, hr_err *err)
{
    uint8_t type;
    uint32_t n = hr_tr_list(t, &type);
    int32_t left[SCHEMA_DEPTH_MAX];
    uint32_t depth = 0;
    if (n == 0 || n > f->limits.columns || type != HR_TR_STRUCT)
        return HR_FAIL(err, HR_ECORRUPT, "schema of %u elements", n);
    f->columns = hr_arena_alloc(arena, n * sizeof *f->columns, 64);
    if (f->columns == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for a schema of %u elements", n);
    for (uint32_t i = 0; i < n; i++) {
        element e;
        read_element(t, &e);
        if (t->is_bad) return HR_FAIL(err, HR_ECORRUPT, "schema element %u is damaged", i);
        if (i > 0) {
            while (depth > 0 && left[depth - 1] == 0)
                depth--;
            if (depth == 0) return HR_FAIL(err, HR_ECORRUPT, "schema element %u has no parent", i);
            left[depth - 1]--;
        }
        if (e.n_children > 0 || i == 0) {
            if (depth == SCHEMA_DEPTH_MAX || e.n_children < 0)
                return HR_FAIL(err, HR_ECORRUPT, "schema is nested too deeply");
            left[depth++] = e.n_children;
            continue;
        }
        if (!is_valid_leaf(&e))
            return HR_FAIL(err, HR_ECORRUPT, "schema element %u has no valid type", i);
        set_column(&f->columns[f->n_columns++], &e, depth > 1 ? "*." : "", depth == 1);
    }
    return HR_OK;
}

static void read_stats(hr_thrift_in *t, const hr_pq_column *col, pq_chunk *c)
{
    hr_tr_field f = {0};
    const uint8_t *v[2] = {NULL, NULL};
    uint32_t n[2] = {0, 0};
    size_t width = col->phys == HR_PQ_INT32 ? 4 : 8;
    while (hr_tr_next(t, &f)) {
        if ((f.id == 5 || f.id == 6) && f.type == HR_TR_BINARY)
            v[f.id == 6 ? 0 : 1] = hr_tr_binary(t, &n[f.id == 6 ? 0 : 1]);
        else
            hr_tr_skip(t, f.type);
    }
    if ((col->phys != HR_PQ_INT32 && col->phys != HR_PQ_INT64) || n[0] != width || n[1] != width)
        return;
    int64_t out[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        memcpy(&out[i], v[i], width);
        if (width == 4) out[i] = (int32_t)out[i];
    }
    c->has_minmax = true;
    c->min = out[0];
    c->max = out[1];
}

static void read_chunk_meta(hr_thrift_in *t, const hr_pq_column *col, pq_chunk *c)
{
    hr_tr_field f = {0};
    int64_t dict = 0;
    while (hr_tr_next(t, &f)) {
        if (f.id == 4)
            c->codec = (uint8_t)hr_tr_int(t, f.type);
        else if (f.id == 5)
            c->n_values = hr_tr_int(t, f.type);
        else if (f.id == 7)
            c->packed_bytes = hr_tr_int(t, f.type);
        else if (f.id == 9)
            c->first_offset = hr_tr_int(t, f.type);
        else if (f.id == 11)
            dict = hr_tr_int(t, f.type);
        else if (f.id == 12 && f.type == HR_TR_STRUCT)
            read_stats(t, col, c);
        else
            hr_tr_skip(t, f.type);
    }
    if (dict > 0 && dict < c->first_offset) c->first_offset = dict;
}

static hr_status read_group(hr_pq_file *f, hr_thrift_in *t, uint32_t g, hr_err *err)
{
    hr_tr_field gf = {0};
    uint32_t n_seen = 0;
    while (hr_tr_next(t, &gf)) {
        if (gf.id == 3) {
            f->group_rows[g] = hr_tr_int(t, gf.type);
            continue;
        }
        if (gf.id != 1 || gf.type != HR_TR_LIST) {
            hr_tr_skip(t, gf.type);
            continue;
        }
        uint8_t type;
        uint32_t n = hr_tr_list(t, &type);
        if (n != f->n_columns || type != HR_TR_STRUCT)
            return HR_FAIL(err, HR_ECORRUPT, "row group %u has %u columns, the schema %u", g, n,
                           f->n_columns);
        for (; n_seen < n; n_seen++) {
            pq_chunk *c = &f->chunks[(size_t)g * n + n_seen];
            hr_tr_field cf = {0};
            while (hr_tr_next(t, &cf)) {
                if (cf.id == 3 && cf.type == HR_TR_STRUCT)
                    read_chunk_meta(t, &f->columns[n_seen], c);
                else
                    hr_tr_skip(t, cf.type);
            }
            if (c->first_offset < 4 || c->packed_bytes < 0 ||
                c->first_offset > f->size_bytes - c->packed_bytes || c->n_values < 0)
                return HR_FAIL(err, HR_ECORRUPT,
                               "column '%s' of row group %u lies outside the file",
                               f->columns[n_seen].name, g);
        }
    }
    if (n_seen != f->n_columns || f->group_rows[g] < 0)
        return HR_FAIL(err, HR_ECORRUPT, "row group %u is damaged", g);
    return HR_OK;
}

static hr_status read_groups(hr_pq_file *f, hr_thrift_in *t, hr_arena *arena, hr_err *err)
{
    uint8_t type;
    uint32_t n = hr_tr_list(t, &type);
    if (n > f->limits.row_groups || f->columns == NULL)
        return HR_FAIL(err, HR_ECORRUPT, "%u row groups", n);
    f->n_groups = n;
    f->group_rows = hr_arena_alloc(arena, (n + 1u) * sizeof *f->group_rows, 64);
    f->chunks = hr_arena_alloc(arena, ((size_t)n * f->n_columns + 1) * sizeof *f->chunks, 64);
    if (f->group_rows == NULL || f->chunks == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for %u row groups", n);
    memset(f->group_rows, 0, (n + 1u) * sizeof *f->group_rows);
    memset(f->chunks, 0, ((size_t)n * f->n_columns + 1) * sizeof *f->chunks);
    for (uint32_t g = 0; g < n; g++)
        HR_TRY(read_group(f, t, g, err));
    return HR_OK;
}

static hr_status read_footer(hr_pq_file *f, const uint8_t *p, uint32_t n, hr_arena *arena,
                             hr_err *err)
{
    hr_thrift_in t = {.p = p, .end = p + n};
    hr_tr_field field = {0};
    while (hr_tr_next(&t, &field)) {
        uint32_t len;
        if ((field.id == 2 && f->columns != NULL) || (field.id == 4 && f->chunks != NULL))
            return HR_FAIL(err, HR_ECORRUPT, "the footer names its schema or row groups twice");
        if (field.id == 2 && field.type == HR_TR_LIST) {
            HR_TRY(read_schema(f, &t, arena, err));
        } else if (field.id == 3) {
            f->n_rows = hr_tr_int(&t, field.type);
        } else if (field.id == 4 && field.type == HR_TR_LIST) {
            HR_TRY(read_groups(f, &t, arena, err));
        } else if (field.id == 6 && field.type == HR_TR_BINARY) {
            const uint8_t *s = hr_tr_binary(&t, &len);
            char *copy = hr_arena_alloc(arena, len + 1u, 1);
            if (copy != NULL) memcpy(copy, s, len);
            f->created_by = copy;
        } else if (field.id == 8) {
            return HR_FAIL(err, HR_EUNSUPPORTED, "the file is encrypted");
        } else {
            hr_tr_skip(&t, field.type);
        }
    }
    if (t.is_bad || f->columns == NULL || f->n_rows < 0)
        return HR_FAIL(err, HR_ECORRUPT, "the footer is damaged");
    return HR_OK;
}

hr_status hr_pq_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self, int64_t size_bytes,
                          const hr_pq_limits *limits, hr_arena *arena, hr_err *err)
{
    uint8_t tail[8];
    uint32_t n;
    *out = NULL;
    if (size_bytes < 12 || read_at(self, tail, 8, size_bytes - 8) != 8)
        return HR_FAIL(err, HR_ECORRUPT, "too short for a Parquet file");
    if (memcmp(tail + 4, "PARE", 4) == 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "the file is encrypted");
    if (memcmp(tail + 4, "PAR1", 4) != 0)
        return HR_FAIL(err, HR_ECORRUPT,
                       "no Parquet magic at the end: the file is cut short or no Parquet");
    memcpy(&n, tail, 4);
    if (n > limits->footer_bytes || n > size_bytes - 12)
        return HR_FAIL(err, HR_ECORRUPT, "a footer of %u bytes does not fit", n);
    hr_pq_file *f = hr_arena_alloc(arena, sizeof *f, 64);
    uint8_t *footer = hr_arena_alloc(arena, n + 1u, 1);
    if (f == NULL || footer == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for a footer of %u bytes", n);
    memset(f, 0, sizeof *f);
    f->read_at = read_at;
    f->self = self;
    f->size_bytes = size_bytes;
    f->limits = *limits;
    int64_t got = read_at(self, footer, n, size_bytes - 8 - n);
    if (got != n)
        return got < 0 ? HR_FAIL_SYS(err, got, "cannot read the footer")
                       : HR_FAIL(err, HR_ECORRUPT, "cannot read the footer whole");
    HR_TRY(read_footer(f, footer, n, arena, err));
    *out = f;
    return HR_OK;
}

static void read_data_head(hr_thrift_in *t, pq_page *p)
{
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        int32_t v = f.type >= 3 && f.type <= 6 ? (int32_t)hr_tr_int(t, f.type) : 0;
        if (f.type == HR_TR_TRUE || f.type == HR_TR_FALSE)
            v = f.type == HR_TR_TRUE;
        else if (f.type > 6)
            hr_tr_skip(t, f.type);
        if (f.id == 1) p->n_values = v;
        if (!p->is_v2 && f.id == 2) p->encoding = v;
        if (!p->is_v2 && f.id == 3) p->def_encoding = v;
        if (p->is_v2 && f.id == 4) p->encoding = v;
        if (p->is_v2 && f.id == 5) p->def_bytes = v;
        if (p->is_v2 && f.id == 6) p->rep_bytes = v;
        if (p->is_v2 && f.id == 7) p->is_compressed = v != 0;
    }
}

static bool parse_head(const uint8_t *buf, size_t n, pq_page *p)
{
    hr_thrift_in t = {.p = buf, .end = buf + n};
    hr_tr_field f = {0};
    *p = (pq_page){.type = -1, .def_encoding = HR_PQ_RLE, .is_compressed = true};
    while (hr_tr_next(&t, &f)) {
        if (f.id == 1)
            p->type = (int32_t)hr_tr_int(&t, f.type);
        else if (f.id == 2)
            p->raw_bytes = (int32_t)hr_tr_int(&t, f.type);
        else if (f.id == 3)
            p->packed_bytes = (int32_t)hr_tr_int(&t, f.type);
        else if (f.id == 4) {
            p->crc = (int32_t)hr_tr_int(&t, f.type);
            p->has_crc = true;
        } else if ((f.id == 5 || f.id == 7 || f.id == 8) && f.type == HR_TR_STRUCT) {
            p->is_v2 = f.id == 8;
            read_data_head(&t, p);
        } else {
            hr_tr_skip(&t, f.type);
        }
    }
    p->head_bytes = (uint32_t)(t.p - buf);
    return !t.is_bad;
}

hr_status hr_pq_page_head(const hr_pq_file *f, int64_t offset, int64_t limit, pq_page *out,
                          hr_err *err)
{
    uint8_t buf[2048];
    int64_t want = HR_MIN((int64_t)sizeof buf, limit - offset);
    int64_t got = want > 0 ? f->read_at(f->self, buf, (size_t)want, offset) : 0;
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)offset);
    bool ok = parse_head(buf, (size_t)got, out) && out->raw_bytes >= 0 && out->packed_bytes >= 0 &&
              out->n_values >= 0 && out->def_bytes >= 0 && out->rep_bytes >= 0 &&
              out->packed_bytes <= limit - offset - (int64_t)out->head_bytes &&
              (uint32_t)out->raw_bytes <= f->limits.page_bytes &&
              (int64_t)out->def_bytes + out->rep_bytes <= out->packed_bytes &&
              (int64_t)out->def_bytes + out->rep_bytes <= out->raw_bytes;
    return ok ? HR_OK
              : HR_FAIL(err, HR_ECORRUPT, "page header at offset %lld is damaged",
                        (long long)offset);
}

uint32_t hr_pq_file_columns(const hr_pq_file *f)
{
    return f->n_columns;
}

const hr_pq_column *hr_pq_file_column(const hr_pq_file *f, uint32_t col)
{
    return &f->columns[col];
}

int hr_pq_file_find(const hr_pq_file *f, const char *name)
{
    for (uint32_t i = 0; i < f->n_columns; i++)
        if (strcmp(f->columns[i].name, name) == 0) return (int)i;
    return -1;
}

uint32_t hr_pq_file_row_groups(const hr_pq_file *f)
{
    return f->n_groups;
}

int64_t hr_pq_file_rows(const hr_pq_file *f)
{
    return f->n_rows;
}

int64_t hr_pq_row_group_rows(const hr_pq_file *f, uint32_t rg)
{
    return f->group_rows[rg];
}

const char *hr_pq_file_created_by(const hr_pq_file *f)
{
    return f->created_by != NULL ? f->created_by : "";
}

bool hr_pq_chunk_minmax_i64(const hr_pq_file *f, uint32_t rg, uint32_t col, int64_t *min,
                            int64_t *max)
{
    const pq_chunk *c = &f->chunks[(size_t)rg * f->n_columns + col];
    *min = c->min;
    *max = c->max;
    return c->has_minmax;
}
