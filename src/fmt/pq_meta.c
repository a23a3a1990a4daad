/* SPDX-License-Identifier: Apache-2.0 */
/* Footer. Field numbers: parquet.thrift. */
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
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
            e->scale = hr_tr_int32(t, f.type);
        else if (kind == 5 && f.id == 2)
            e->precision = hr_tr_int32(t, f.type);
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
    case 7:
    case 8:
        e->logical = HR_PQ_L_TIME;
        e->unit_ns = e->converted == 7 ? 1000000 : 1000;
        break;
    case 11:
    case 12:
    case 13:
    case 14:
        e->logical = HR_PQ_L_UINT;
        break;
    case 15:
    case 16:
    case 17:
    case 18:
        e->logical = HR_PQ_L_INT;
        break;
    case 9:
    case 10:
        e->logical = HR_PQ_L_TIMESTAMP;
        e->unit_ns = e->converted == 9 ? 1000000 : 1000;
        e->is_utc = true;
        break;
    case 21: /* INTERVAL: has no order */
        e->logical = HR_PQ_L_OTHER;
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
            e->phys = hr_tr_int32(t, f.type);
        else if (f.id == 2)
            e->type_length = hr_tr_int32(t, f.type);
        else if (f.id == 3)
            e->repetition = hr_tr_int32(t, f.type);
        else if (f.id == 4 && f.type == HR_TR_BINARY)
            e->name = hr_tr_binary(t, &e->name_len);
        else if (f.id == 5)
            e->n_children = hr_tr_int32(t, f.type);
        else if (f.id == 6)
            e->converted = hr_tr_int32(t, f.type);
        else if (f.id == 7)
            e->scale = hr_tr_int32(t, f.type);
        else if (f.id == 8)
            e->precision = hr_tr_int32(t, f.type);
        else if (f.id == 10 && f.type == HR_TR_STRUCT)
            read_logical(t, e);
        else
            hr_tr_skip(t, f.type);
    }
    apply_converted(e);
}

/* The groups that are open around an element. */
typedef struct branch {
    char path[128]; /* of the innermost, with a dot behind it; cut where it does not fit */
    size_t path_len[SCHEMA_DEPTH_MAX];
    int32_t left[SCHEMA_DEPTH_MAX];  /* children that are still to come */
    bool is_plain[SCHEMA_DEPTH_MAX]; /* required, as all around it: adds no levels */
    uint32_t depth;
} branch;

static size_t add_name(char *path, size_t cap, size_t at, const element *e, const char *end)
{
    int n = snprintf(path + at, cap - at, "%.*s%s", (int)HR_MIN(e->name_len, 127u),
                     e->name != NULL ? (const char *)e->name : "", end);
    return HR_MIN(at + (size_t)HR_MAX(n, 0), cap - 1);
}

static void open_group(branch *b, const element *e)
{
    bool is_root = b->depth == 0;
    size_t at = is_root ? 0 : b->path_len[b->depth - 1];
    b->path_len[b->depth] = is_root ? 0 : add_name(b->path, sizeof b->path, at, e, ".");
    b->is_plain[b->depth] =
        is_root || (b->is_plain[b->depth - 1] && e->repetition == HR_PQ_REQUIRED);
    b->left[b->depth++] = e->n_children;
}

static void set_column(hr_pq_column *c, const element *e, branch *b)
{
    memset(c, 0, sizeof *c);
    size_t at = b->path_len[b->depth - 1];
    memcpy(c->name, b->path, at);
    (void)add_name(c->name, sizeof c->name, at, e, "");
    c->phys = (hr_pq_phys)e->phys;
    c->logical = e->logical;
    c->type_length = (uint32_t)e->type_length;
    c->scale = (uint8_t)e->scale;
    c->precision = (uint8_t)e->precision;
    c->unit_ns = e->unit_ns;
    c->is_utc = e->is_utc;
    c->nullable = e->repetition == HR_PQ_OPTIONAL;
    c->is_flat = b->is_plain[b->depth - 1] && e->repetition != HR_PQ_REPEATED;
    if (c->logical == HR_PQ_L_FLOAT16 && (c->phys != HR_PQ_FIXED || c->type_length != 2))
        c->logical = HR_PQ_L_OTHER;
}

static bool is_valid_leaf(const element *e)
{
    return e->phys >= 0 && e->phys <= 7 && e->scale >= 0 && e->scale <= 76 && e->precision >= 0 &&
           e->precision <= 76 && e->repetition >= HR_PQ_REQUIRED &&
           e->repetition <= HR_PQ_REPEATED &&
           (e->phys != HR_PQ_FIXED || (e->type_length > 0 && e->type_length <= 1 << 20));
}

/* The tree comes flattened, parents first. A leaf is flat when it has at most one level: its own
 * null. */
static hr_status read_schema(hr_pq_file *f, hr_thrift_in *t, hr_arena *arena, hr_err *err)
{
    uint8_t type;
    uint32_t n = hr_tr_list(t, &type);
    branch b = {.depth = 0};
    if (n > f->limits.columns)
        return HR_FAIL(err, HR_ELIMIT, "schema of %u elements, at most %u", n, f->limits.columns);
    if (n == 0 || type != HR_TR_STRUCT) return HR_FAIL(err, HR_ECORRUPT, "the schema is damaged");
    f->columns = hr_arena_alloc(arena, n * sizeof *f->columns, 64);
    if (f->columns == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for a schema of %u elements", n);
    for (uint32_t i = 0; i < n; i++) {
        element e;
        read_element(t, &e);
        if (t->is_bad) return HR_FAIL(err, HR_ECORRUPT, "schema element %u is damaged", i);
        while (b.depth > 0 && b.left[b.depth - 1] == 0)
            b.depth--;
        if (i > 0 && b.depth == 0)
            return HR_FAIL(err, HR_ECORRUPT, "schema element %u has no parent", i);
        if (i > 0) b.left[b.depth - 1]--;
        if (e.n_children > 0 || i == 0 || e.phys < 0) { /* a group may be empty */
            if (b.depth == SCHEMA_DEPTH_MAX || e.n_children < 0)
                return HR_FAIL(err, HR_ECORRUPT, "schema is nested too deeply");
            open_group(&b, &e);
            continue;
        }
        if (!is_valid_leaf(&e))
            return HR_FAIL(err, HR_ECORRUPT, "schema element %u has no valid type", i);
        set_column(&f->columns[f->n_columns++], &e, &b);
    }
    while (b.depth > 0 && b.left[b.depth - 1] == 0)
        b.depth--;
    return b.depth == 0 ? HR_OK : HR_FAIL(err, HR_ECORRUPT, "the schema ends inside a group");
}

static void read_chunk_meta(hr_thrift_in *t, pq_chunk *c)
{
    hr_tr_field f = {0};
    int64_t dict = 0;
    while (hr_tr_next(t, &f)) {
        if (f.id == 1)
            c->phys = hr_tr_int32(t, f.type);
        else if (f.id == 4)
            c->codec = hr_tr_int32(t, f.type);
        else if (f.id == 5)
            c->n_values = hr_tr_int(t, f.type);
        else if (f.id == 6)
            c->raw_bytes = hr_tr_int(t, f.type);
        else if (f.id == 7)
            c->packed_bytes = hr_tr_int(t, f.type);
        else if (f.id == 9)
            c->first_offset = hr_tr_int(t, f.type);
        else if (f.id == 11)
            dict = hr_tr_int(t, f.type);
        else
            hr_tr_skip(t, f.type);
    }
    if (dict > 0 && dict < c->first_offset) c->first_offset = dict;
}

static hr_status read_chunk(hr_pq_file *f, hr_thrift_in *t, uint32_t g, uint32_t col, hr_err *err)
{
    pq_chunk *c = &f->chunks[(size_t)g * f->n_columns + col];
    const hr_pq_column *column = &f->columns[col];
    hr_tr_field cf = {0};
    bool has_meta = false;
    c->footer_at = (uint32_t)(t->p - f->footer);
    while (hr_tr_next(t, &cf)) {
        c->is_elsewhere = c->is_elsewhere || cf.id == 1;
        c->is_encrypted = c->is_encrypted || cf.id == 8;
        if (cf.id == 3 && cf.type == HR_TR_STRUCT && !has_meta) {
            has_meta = true;
            read_chunk_meta(t, c);
        } else {
            hr_tr_skip(t, cf.type);
        }
    }
    if (t->is_bad || c->n_values < 0 || c->packed_bytes < 0)
        return HR_FAIL(err, HR_ECORRUPT, "column '%s' of row group %u is damaged", column->name, g);
    if (!has_meta && c->is_encrypted) return HR_OK;
    if (c->phys != (int32_t)column->phys)
        return HR_FAIL(err, HR_ECORRUPT, "column '%s' of row group %u has another type",
                       column->name, g);
    if (!c->is_elsewhere && c->n_values > 0 &&
        (c->first_offset < 4 || c->first_offset > f->size_bytes - c->packed_bytes))
        return HR_FAIL(err, HR_ECORRUPT, "column '%s' of row group %u lies outside the file",
                       column->name, g);
    return HR_OK;
}

/* A flat column has as many values, nulls included, as its row group has rows. */
static hr_status check_group(const hr_pq_file *f, uint32_t g, hr_err *err)
{
    for (uint32_t i = 0; i < f->n_columns; i++) {
        const pq_chunk *c = &f->chunks[(size_t)g * f->n_columns + i];
        if (f->columns[i].is_flat && !c->is_encrypted && c->n_values != f->group_rows[g])
            return HR_FAIL(
                err, HR_ECORRUPT, "column '%s' has %lld values in row group %u of %lld rows",
                f->columns[i].name, (long long)c->n_values, g, (long long)f->group_rows[g]);
    }
    return HR_OK;
}

static hr_status read_group(hr_pq_file *f, hr_thrift_in *t, uint32_t g, hr_err *err)
{
    hr_tr_field gf = {0};
    bool has_columns = false;
    f->group_rows[g] = -1;
    while (hr_tr_next(t, &gf)) {
        if (gf.id == 3) {
            f->group_rows[g] = hr_tr_int(t, gf.type);
            continue;
        }
        if (gf.id != 1 || gf.type != HR_TR_LIST || has_columns) {
            hr_tr_skip(t, gf.type);
            continue;
        }
        uint8_t type;
        uint32_t n = hr_tr_list(t, &type);
        if (n != f->n_columns || (n > 0 && type != HR_TR_STRUCT))
            return HR_FAIL(err, HR_ECORRUPT, "row group %u has %u columns, the schema %u", g, n,
                           f->n_columns);
        for (uint32_t i = 0; i < n; i++)
            HR_TRY(read_chunk(f, t, g, i, err));
        has_columns = true;
    }
    if (t->is_bad || !has_columns || f->group_rows[g] < 0)
        return HR_FAIL(err, HR_ECORRUPT, "row group %u is damaged", g);
    return check_group(f, g, err);
}

static hr_status read_groups(hr_pq_file *f, hr_thrift_in *t, hr_arena *arena, hr_err *err)
{
    uint8_t type;
    uint32_t n = hr_tr_list(t, &type);
    if (n > f->limits.row_groups)
        return HR_FAIL(err, HR_ELIMIT, "%u row groups, at most %u", n, f->limits.row_groups);
    if (f->columns == NULL || t->is_bad || (n > 0 && type != HR_TR_STRUCT))
        return HR_FAIL(err, HR_ECORRUPT, "the list of row groups is damaged");
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

static hr_status read_orders(hr_pq_file *f, hr_thrift_in *t, hr_arena *arena, hr_err *err)
{
    uint8_t type;
    uint32_t n = hr_tr_list(t, &type);
    if (n > f->limits.columns || (n > 0 && type != HR_TR_STRUCT))
        return HR_FAIL(err, HR_ECORRUPT, "the list of column orders is damaged");
    f->orders = hr_arena_alloc(arena, n + 1u, 1);
    if (f->orders == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for %u columns", n);
    for (uint32_t i = 0; i < n; i++) {
        hr_tr_field field = {0};
        f->orders[i] = 0;
        while (hr_tr_next(t, &field)) {
            f->orders[i] = field.id == 1 || field.id == 2 ? (uint8_t)field.id : 0;
            hr_tr_skip(t, field.type);
        }
    }
    f->n_orders = n;
    return HR_OK;
}

/* A field's value. */
static hr_status read_footer_field(hr_pq_file *f, hr_thrift_in *t, const hr_tr_field *field,
                                   hr_arena *arena, hr_err *err)
{
    uint32_t len;
    bool is_list = field->type == HR_TR_LIST;
    if (field->id == 2 && is_list) return read_schema(f, t, arena, err);
    if (field->id == 4 && is_list) return read_groups(f, t, arena, err);
    if (field->id == 7 && is_list && f->orders == NULL) return read_orders(f, t, arena, err);
    if (field->id == 8)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "the file is encrypted (Parquet modular encryption), which is not read");
    if (field->id == 3) {
        f->n_rows = hr_tr_int(t, field->type);
    } else if (field->id == 6 && field->type == HR_TR_BINARY) {
        const uint8_t *s = hr_tr_binary(t, &len);
        char *copy = hr_arena_alloc(arena, len + 1u, 1);
        if (copy != NULL) memcpy(copy, s, len);
        if (copy != NULL) copy[len] = '\0'; /* an arena that was rewound is not zeroed */
        f->created_by = copy;
    } else {
        hr_tr_skip(t, field->type);
    }
    return HR_OK;
}

static hr_status read_footer(hr_pq_file *f, hr_arena *arena, hr_err *err)
{
    hr_thrift_in t = {.p = f->footer, .end = f->footer + f->footer_bytes};
    hr_tr_field field = {0};
    while (hr_tr_next(&t, &field)) {
        if ((field.id == 2 && f->columns != NULL) || (field.id == 4 && f->chunks != NULL))
            return HR_FAIL(err, HR_ECORRUPT, "the footer names its schema or row groups twice");
        HR_TRY(read_footer_field(f, &t, &field, arena, err));
    }
    if (t.is_bad || f->columns == NULL || f->n_rows < 0)
        return HR_FAIL(err, HR_ECORRUPT, "the footer is damaged");
    int64_t sum = 0;
    for (uint32_t g = 0; g < f->n_groups; g++)
        if (__builtin_add_overflow(sum, f->group_rows[g], &sum))
            return HR_FAIL(err, HR_ECORRUPT, "the row groups have more rows than can be");
    if (f->n_rows == 0) f->n_rows = sum; /* some writers leave it so; the chunks are checked */
    if (sum != f->n_rows)
        return HR_FAIL(err, HR_ECORRUPT, "the footer says %lld rows, its row groups %lld",
                       (long long)f->n_rows, (long long)sum);
    return HR_OK;
}

/* For the codecs that its columns have. */
static hr_status open_codec(hr_pq_file *f, hr_arena *arena, hr_err *err)
{
    hr_codec_options opt = {.decode = 0};
    for (size_t i = 0; i < (size_t)f->n_groups * f->n_columns; i++) {
        const pq_chunk *c = &f->chunks[i];
        if (c->codec <= HR_PQ_UNCOMPRESSED || c->codec > HR_PQ_LZ4_RAW || c->codec == HR_PQ_LZO)
            continue;
        opt.decode |= HR_CODEC_BIT(c->codec);
        if (c->codec == HR_PQ_BROTLI && c->raw_bytes > (int64_t)opt.decode_bytes)
            opt.decode_bytes = (size_t)HR_MIN(c->raw_bytes, (int64_t)f->limits.page_bytes);
    }
    return hr_codec_ctx_create(&f->codec, arena, &opt, err);
}

hr_status hr_pq_file_twin(hr_pq_file **out, hr_pq_file *f, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_pq_file *twin = hr_arena_alloc(arena, sizeof *twin, 64);
    if (twin != NULL && f->grow_busy == NULL) {
        f->grow_busy = hr_arena_alloc(arena, sizeof *f->grow_busy, 64);
        if (f->grow_busy != NULL) atomic_init(f->grow_busy, 0);
    }
    if (twin == NULL || f->grow_busy == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for another thread's reading");
    if (f->ops != NULL) return f->ops->twin(out, f, arena, err);
    *twin = *f;
    HR_TRY(open_codec(twin, arena, err));
    *out = twin;
    return HR_OK;
}

/* Our own footers end in their checksum, where it always stands at the same place: key, a header
 * and a length of one byte each, 8 digits, two ends of structs. Others have none. */
static bool is_footer_sound(const uint8_t *p, uint32_t n)
{
    static const char key[] = HR_PQ_FOOTER_CRC_KEY;
    char want[9];
    const size_t n_key = sizeof key - 1;
    const size_t tail = n_key + 2 + 8 + 2;
    if (n < tail || memcmp(p + n - tail, key, n_key) != 0) return true;
    snprintf(want, sizeof want, "%08x", hr_crc32c(0, p, n - 10));
    return memcmp(p + n - 10, want, 8) == 0;
}

bool hr_pq_sniff(const void *head, size_t n_bytes)
{
    return n_bytes >= HR_PQ_SNIFF_BYTES &&
           (memcmp(head, "PAR1", 4) == 0 || memcmp(head, "PARE", 4) == 0);
}

hr_status hr_pq_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self, int64_t size_bytes,
                          const hr_pq_limits *limits, hr_arena *arena, hr_err *err)
{
    uint8_t tail[8];
    uint8_t head[4];
    uint32_t n;
    *out = NULL;
    if (size_bytes < 12) return HR_FAIL(err, HR_ECORRUPT, "too short for a Parquet file");
    int64_t got = read_at(self, tail, 8, size_bytes - 8);
    int64_t got_head = read_at(self, head, 4, 0);
    if (got < 0 || got_head < 0)
        return HR_FAIL_SYS(err, got < 0 ? got : got_head, "cannot read the ends of the file");
    if (got != 8 || got_head != 4) return HR_FAIL(err, HR_ECORRUPT, "too short for a Parquet file");
    if (memcmp(tail + 4, "PARE", 4) == 0 || memcmp(head, "PARE", 4) == 0)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "the file is encrypted (Parquet modular encryption), which is not read");
    if (memcmp(tail + 4, "PAR1", 4) != 0 || memcmp(head, "PAR1", 4) != 0)
        return HR_FAIL(err, HR_ECORRUPT,
                       "no Parquet magic at both ends: the file is cut short or no Parquet");
    memcpy(&n, tail, 4);
    if (n > limits->footer_bytes || n > size_bytes - 12)
        return HR_FAIL(err, HR_ECORRUPT, "a footer of %u bytes does not fit", n);
    hr_pq_file *f = hr_arena_alloc(arena, sizeof *f, 64);
    uint8_t *footer = hr_arena_alloc(arena, n + 1u, 1);
    if (f == NULL || footer == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for a footer of %u bytes", n);
    memset(f, 0, sizeof *f);
    f->kind = "Parquet";
    f->read_at = read_at;
    f->self = self;
    f->size_bytes = size_bytes;
    f->limits = *limits;
    f->footer = footer;
    f->footer_bytes = n;
    got = read_at(self, footer, n, size_bytes - 8 - n);
    if (got != n)
        return got < 0 ? HR_FAIL_SYS(err, got, "cannot read the footer")
                       : HR_FAIL(err, HR_ECORRUPT, "cannot read the footer whole");
    if (!is_footer_sound(footer, n))
        return HR_FAIL(err, HR_ECORRUPT, "the footer fails its checksum");
    HR_TRY(read_footer(f, arena, err));
    HR_TRY(open_codec(f, arena, err));
    *out = f;
    return HR_OK;
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

const char *hr_pq_file_kind(const hr_pq_file *f)
{
    return f->kind;
}

bool hr_pq_file_is_parquet(const hr_pq_file *f)
{
    return f->ops == NULL;
}

const char *hr_pq_file_created_by(const hr_pq_file *f)
{
    return f->created_by != NULL ? f->created_by : "";
}
