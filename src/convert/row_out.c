/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/row_out.h"

#include <string.h>

#include "base/assert.h"
#include "text/csv.h"
#include "text/decimal.h"
#include "text/json.h"
#include "venue/files/csv_table.h"

#define GROUP_ROWS 32768u
#define GROUPS_MIN 64u
#define GROUPS_MAX 16384u
/* A cell's text: a number, or TEXT with every byte escaped; its name, quotes, comma. */
#define CELL_MAX (6u * HR_TEXT_CAP + 160u)

hr_text hr_text_of(const char *s)
{
    hr_text t = {.len = (uint8_t)strnlen(s, HR_TEXT_CAP)};
    memcpy(t.byte, s, t.len);
    return t;
}

/* ---- names ---- */

hr_status hr_row_format_of(hr_row_format *out, hr_container *container, const hr_row_target *to,
                           hr_err *err)
{
    const char *s = to->path;
    *container = HR_CONTAINER_PLAIN;
    *out = to->json ? HR_ROWS_NDJSON : HR_ROWS_CSV;
    if (s == NULL) return HR_OK;
    size_t n;
    *container = hr_out_container(s, &n);
    if (hr_out_ends_with(s, n, ".csv"))
        *out = HR_ROWS_CSV;
    else if (hr_out_ends_with(s, n, ".ndjson") || hr_out_ends_with(s, n, ".jsonl"))
        *out = HR_ROWS_NDJSON;
    else if (hr_out_ends_with(s, n, ".parquet") && *container == HR_CONTAINER_PLAIN)
        *out = HR_ROWS_PARQUET;
    else if (hr_out_arrow(s) != HR_IPC_NOT)
        *out = HR_ROWS_ARROW;
    else
        return HR_FAIL(
            err, HR_EUSAGE,
            "--out: '%s' does not end in .parquet, .arrow, .csv, .csv.gz, .csv.zst or .ndjson", s);
    return HR_OK;
}

/* ---- Parquet, Arrow ---- */

static hr_col_type column_type(hr_cell_type t)
{
    static const hr_col_type type[] = {HR_COL_TS,   HR_COL_I64, HR_COL_DEC,    HR_COL_F64,
                                       HR_COL_TEXT, HR_COL_F64, HR_COL_TEXT_AT};
    return type[t];
}

static void make_schema(hr_schema *schema, hr_field *to, const hr_row_field *field,
                        uint32_t n_fields)
{
    HR_ASSERT(n_fields <= HR_ROW_FIELDS_MAX);
    for (uint32_t i = 0; i < n_fields; i++)
        to[i] = (hr_field){.name = field[i].name,
                           .type = column_type(field[i].type),
                           .scale = field[i].scale,
                           .nullable = true};
    *schema = (hr_schema){.name = "rows", .n_fields = (uint16_t)n_fields, .fields = to};
}

static uint32_t groups_for(const hr_row_target *to, const hr_schema *schema)
{
    uint32_t n = GROUPS_MAX;
    while (n > GROUPS_MIN && hr_pq_writer_bytes(schema, n) > to->index_bytes)
        n /= 2;
    return n;
}

static hr_row_groups_options group_options(const hr_row_target *to, const hr_schema *schema,
                                           hr_row_format format)
{
    hr_row_groups_options o = {.schema = schema,
                               .cap_rows = GROUP_ROWS,
                               .max_groups = GROUPS_MAX,
                               .hint = "raise --memory or write CSV",
                               .n_lane_groups = to->n_lane_groups};
    if (format == HR_ROWS_ARROW)
        o.arrow = hr_out_arrow(to->path);
    else
        o.max_groups = groups_for(to, schema);
    return o;
}

size_t hr_row_out_bytes(const hr_row_target *to, const hr_row_field *field, uint32_t n_fields)
{
    hr_schema schema;
    hr_field schema_field[HR_ROW_FIELDS_MAX];
    hr_row_format format;
    hr_container container;
    hr_status st = hr_row_format_of(&format, &container, to, NULL);
    if (st != HR_OK || (format != HR_ROWS_PARQUET && format != HR_ROWS_ARROW))
        return hr_out_bytes();
    make_schema(&schema, schema_field, field, n_fields);
    hr_row_groups_options opt = group_options(to, &schema, format);
    return hr_out_bytes() + hr_row_groups_bytes(&opt);
}

static hr_status open_table(hr_row_out *o, const hr_row_target *to, hr_arena *arena, hr_err *err)
{
    make_schema(&o->schema, o->schema_field, o->field, o->n_fields);
    hr_row_groups_options opt = group_options(to, &o->schema, o->format);
    return hr_row_groups_create(&o->group, &opt, &o->file, arena, err);
}

static bool is_table(const hr_row_out *o)
{
    return o->format == HR_ROWS_PARQUET || o->format == HR_ROWS_ARROW;
}

static hr_status put_table(hr_row_out *o, const hr_cell *cell, hr_err *err)
{
    static const hr_text none = {.len = HR_TEXT_NULL};
    uint32_t at = o->group.n_rows;
    for (uint32_t i = 0; i < o->n_fields; i++) {
        const hr_cell *c = &cell[i];
        void *column = o->group.column[i];
        if (o->field[i].type == HR_CELL_TEXT) {
            ((hr_text *)column)[at] = c->is_null ? none : *c->text;
        } else if (o->field[i].type == HR_CELL_NAME) {
            ((const hr_text **)column)[at] = c->is_null ? &none : c->text;
        } else if (o->field[i].type == HR_CELL_REAL) {
            ((double *)column)[at] = c->is_null ? __builtin_nan("") : c->real;
        } else if (o->field[i].type == HR_CELL_WIDE) {
            ((double *)column)[at] =
                c->is_null ? __builtin_nan("") : hr_wide_double(c->v, o->field[i].scale);
        } else {
            ((int64_t *)column)[at] = c->is_null ? HR_NULL_I64 : (int64_t)c->v;
        }
    }
    return hr_row_out_took(o, 1, err);
}

bool hr_row_out_has_columns(const hr_row_out *o)
{
    return is_table(o);
}

void *hr_row_out_column(const hr_row_out *o, uint32_t field)
{
    return o->group.column[field] + o->group.n_rows * hr_col_width(o->schema_field[field].type);
}

hr_status hr_row_out_took(hr_row_out *o, uint32_t n, hr_err *err)
{
    o->n_rows += n;
    o->group.n_rows += n;
    return o->group.n_rows == o->group.cap_rows ? hr_row_groups_write(&o->group, err) : HR_OK;
}

/* ---- text ---- */

static bool is_text(const hr_row_field *f)
{
    return f->type == HR_CELL_TEXT || f->type == HR_CELL_NAME;
}

static size_t number_text(char *to, const hr_cell *c, const hr_row_field *f)
{
    if (f->type == HR_CELL_REAL) return hr_csv_real_text(to, c->real);
    unsigned scale = f->type == HR_CELL_DEC || f->type == HR_CELL_WIDE ? f->scale : 0;
    if ((hr_wide)(int64_t)c->v == c->v && scale <= 18)
        return hr_decimal_format(to, (int64_t)c->v, scale);
    return hr_wide_format(to, c->v, scale);
}

/* Bytes that are no UTF-8 as if they were Latin-1. */
static size_t json_text(char *to, const char *s, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    bool is_text = hr_utf8_valid(s, n);
    size_t at = 0;
    to[at++] = '"';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\') {
            to[at++] = '\\';
            to[at++] = (char)c;
        } else if (c < 0x20 || (c >= 0x80 && !is_text)) {
            memcpy(to + at, "\\u00", 4);
            to[at + 4] = hex[c >> 4];
            to[at + 5] = hex[c & 15];
            at += 6;
        } else {
            to[at++] = (char)c;
        }
    }
    to[at++] = '"';
    return at;
}

static size_t csv_row(const hr_row_out *o, char *to, const hr_cell *cell)
{
    size_t n = 0;
    for (uint32_t i = 0; i < o->n_fields; i++) {
        if (i > 0) to[n++] = ',';
        if (cell[i].is_null) continue;
        n += is_text(&o->field[i]) ? hr_csv_put(to + n, cell[i].text->byte, cell[i].text->len)
                                   : number_text(to + n, &cell[i], &o->field[i]);
    }
    to[n++] = '\n';
    return n;
}

static size_t json_row(const hr_row_out *o, char *to, const hr_cell *cell)
{
    size_t n = 0;
    for (uint32_t i = 0; i < o->n_fields; i++) {
        size_t k = strlen(o->field[i].name);
        to[n++] = i > 0 ? ',' : '{';
        to[n++] = '"';
        memcpy(to + n, o->field[i].name, k);
        n += k;
        to[n++] = '"';
        to[n++] = ':';
        if (cell[i].is_null) {
            memcpy(to + n, "null", 4);
            n += 4;
        } else if (is_text(&o->field[i])) {
            n += json_text(to + n, cell[i].text->byte, cell[i].text->len);
        } else {
            n += number_text(to + n, &cell[i], &o->field[i]);
        }
    }
    to[n++] = '}';
    to[n++] = '\n';
    return n;
}

static hr_status put_header(hr_row_out *o, hr_err *err)
{
    for (uint32_t i = 0; i < o->n_fields; i++) {
        if (i > 0) HR_TRY(hr_out_put(&o->file, ",", 1, err));
        HR_TRY(hr_out_put(&o->file, o->field[i].name, strlen(o->field[i].name), err));
    }
    return hr_out_put(&o->file, "\n", 1, err);
}

/* ---- the whole ---- */

void hr_row_out_init(hr_row_out *o)
{
    memset(o, 0, sizeof *o);
    o->file.fd = -1;
}

hr_status hr_row_out_open(hr_row_out *o, const hr_row_target *to, const hr_row_field *field,
                          uint32_t n_fields, hr_arena *arena, hr_err *err)
{
    hr_container container;
    hr_row_out_init(o);
    o->field = field;
    o->n_fields = n_fields;
    o->force = to->force;
    HR_TRY(hr_row_format_of(&o->format, &container, to, err));
    if (to->path == NULL)
        HR_TRY(hr_out_open_stdout(&o->file, arena, err));
    else
        HR_TRY(hr_out_open(&o->file, to->path, container, to->force, arena, err));
    if (is_table(o)) return open_table(o, to, arena, err);
    return o->format == HR_ROWS_CSV ? put_header(o, err) : HR_OK;
}

hr_status hr_row_out_put(hr_row_out *o, const hr_cell *cell, hr_err *err)
{
    if (is_table(o)) return put_table(o, cell, err);
    o->n_rows++;
    char *to = hr_out_room(&o->file, o->n_fields * CELL_MAX, err);
    if (to == NULL) return err != NULL ? err->code : HR_EIO;
    hr_out_took(&o->file, o->format == HR_ROWS_CSV ? csv_row(o, to, cell) : json_row(o, to, cell));
    return HR_OK;
}

hr_status hr_row_out_finish(hr_row_out *o, hr_err *err)
{
    if (is_table(o)) HR_TRY(hr_row_groups_finish(&o->group, err));
    HR_TRY(hr_out_seal(&o->file, o->force, err));
    return hr_out_publish(&o->file, err);
}

void hr_row_out_abandon(hr_row_out *o)
{
    (void)hr_row_groups_stop(&o->group, NULL);
    hr_out_abandon(&o->file, false);
}
