/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet that hr_convert_csv made, to CSV again: the header as it was, numbers shortest, times in
 * the form they had. What another program did to the file since is taken as far as it is a table of
 * these types. */
#include <stdio.h>
#include <string.h>

#include "convert/convert_csv.h"
#include "convert/table_in.h"
#include "text/csv.h"
#include "text/decimal.h"

#define BUDGET_BYTES ((size_t)1 << 30)
#define HEADER_MAX 2048u
#define CELL_MAX 400u /* HR_CSV_REAL_TEXT; a text's bytes, all doubled, and quotes */

typedef struct back_column {
    const hr_pq_column *meta;
    hr_pq_cursor *cursor;
    int form; /* hr_csv_time_form, of a time */
    int64_t *whole;
    double *real;
    hr_text *text; /* one of the three */
} back_column;

typedef struct back_job {
    const hr_convert_options *o;
    hr_convert_report *r;
    hr_budget budget;
    hr_arena *arena, *out_arena;
    hr_table_in in;
    back_column column[HR_CSV_COLUMNS_MAX];
    uint32_t n_columns;
    hr_out_file out;
} back_job;

/* ---- is it one ---- */

static bool is_made_of_csv(const hr_pq_file *file)
{
    uint32_t n;
    return hr_pq_file_meta(file, HR_CSV_META_FORMAT, &n) != NULL;
}

hr_status hr_convert_csv_probe(bool *is_ours, const char *path, hr_err *err)
{
    return hr_table_in_probe(is_ours, path, is_made_of_csv, err);
}

/* ---- columns ---- */

static bool is_whole(const hr_pq_column *m)
{
    return m->phys == HR_PQ_INT32 || m->phys == HR_PQ_INT64 || m->logical == HR_PQ_L_DECIMAL;
}

static bool is_real(const hr_pq_column *m)
{
    return m->phys == HR_PQ_FLOAT || m->phys == HR_PQ_DOUBLE;
}

static hr_status open_column(back_job *j, uint32_t c, hr_err *err)
{
    back_column *col = &j->column[c];
    const hr_pq_column *m = hr_pq_file_column(j->in.file, c);
    bool is_text = m->logical == HR_PQ_L_STRING;
    *col = (back_column){.meta = m, .form = HR_CSV_AS_CLOCK};
    if (!is_whole(m) && !is_real(m) && !is_text)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': column '%s' has no type that CSV tables have",
                       j->o->in, m->name);
    if (is_whole(m))
        col->whole = hr_arena_alloc(j->arena, HR_TABLE_IN_STEP * sizeof *col->whole, 64);
    else if (is_real(m))
        col->real = hr_arena_alloc(j->arena, HR_TABLE_IN_STEP * sizeof *col->real, 64);
    else
        col->text = hr_arena_alloc(j->arena, HR_TABLE_IN_STEP * sizeof *col->text, 64);
    if (col->whole == NULL && col->real == NULL && col->text == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", j->o->in);
    return hr_pq_cursor_create(&col->cursor, j->in.file, c, j->arena, err);
}

/* "us,clock": of the columns of times, in order. */
static void read_forms(back_job *j)
{
    uint32_t n;
    const char *p = hr_pq_file_meta(j->in.file, HR_CSV_META_TIMES, &n);
    const char *end = p != NULL ? p + n : p;
    for (uint32_t c = 0; c < j->n_columns && p < end; c++) {
        if (j->column[c].meta->logical != HR_PQ_L_TIMESTAMP) continue;
        const char *comma = memchr(p, ',', (size_t)(end - p));
        size_t k = (size_t)((comma != NULL ? comma : end) - p);
        for (int f = 0; f < HR_CSV_AS_COUNT; f++) {
            const char *name = hr_csv_time_form_name((hr_csv_time_form)f);
            if (k == strlen(name) && memcmp(p, name, k) == 0) j->column[c].form = f;
        }
        p += k + (comma != NULL);
    }
}

static hr_status open_columns(back_job *j, hr_err *err)
{
    uint32_t n = hr_pq_file_columns(j->in.file);
    if (n == 0 || n > HR_CSV_COLUMNS_MAX)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s' has %u columns: no table made of CSV", j->o->in,
                       n);
    j->n_columns = n;
    for (uint32_t c = 0; c < n; c++)
        HR_TRY(open_column(j, c, err));
    read_forms(j);
    return HR_OK;
}

/* ---- text ---- */

static size_t put_whole(char *out, const back_column *c, int64_t v)
{
    int64_t unit = c->meta->unit_ns > 0 ? c->meta->unit_ns : 1;
    if (c->meta->logical != HR_PQ_L_TIMESTAMP)
        return hr_decimal_format(out, v, c->meta->logical == HR_PQ_L_DECIMAL ? c->meta->scale : 0);
    if (__builtin_mul_overflow(v, unit, &v)) return 0;
    hr_csv_time_form form = (hr_csv_time_form)c->form;
    return hr_csv_time_text(out, v, hr_csv_time_holds(v, form) ? form : HR_CSV_AS_CLOCK);
}

/* Returns its bytes; 0 for null, too. */
static hr_status put_cell(back_job *j, const back_column *c, uint32_t row, char *out, size_t *n,
                          hr_err *err)
{
    *n = 0;
    if (c->whole != NULL) {
        if (c->whole[row] == HR_PQ_WIDE_I64 || c->meta->scale > 18)
            return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': column '%s' has values of over 18 digits",
                           j->o->in, c->meta->name);
        if (c->whole[row] != HR_NULL_I64) *n = put_whole(out, c, c->whole[row]);
    } else if (c->real != NULL) {
        double v = c->real[row];
        if (__builtin_isinf(v))
            return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': column '%s' holds infinity", j->o->in,
                           c->meta->name);
        if (!__builtin_isnan(v)) *n = hr_csv_real_text(out, v);
    } else if (c->text[row].len != HR_TEXT_NULL) {
        *n = hr_csv_put(out, c->text[row].byte, c->text[row].len);
    }
    return HR_OK;
}

static hr_status put_rows(back_job *j, uint32_t n_rows, hr_err *err)
{
    for (uint32_t i = 0; i < n_rows; i++) {
        size_t at = 0;
        char *to = hr_out_room(&j->out, j->n_columns * (CELL_MAX + 1), err);
        if (to == NULL) return err != NULL ? err->code : HR_EIO;
        for (uint32_t c = 0; c < j->n_columns; c++) {
            size_t n;
            HR_TRY(put_cell(j, &j->column[c], i, to + at, &n, err));
            at += n;
            to[at++] = c + 1 < j->n_columns ? ',' : '\n';
        }
        hr_out_took(&j->out, at);
        j->r->read++;
        j->r->written++;
        j->r->rows++;
    }
    return HR_OK;
}

static hr_status put_header(back_job *j, hr_err *err)
{
    uint32_t n;
    hr_csv_table t;
    char format[40] = {0};
    const char *s = hr_pq_file_meta(j->in.file, HR_CSV_META_FORMAT, &n);
    if (s != NULL && n < sizeof format) memcpy(format, s, n);
    const hr_csv_layout *layout = hr_csv_layout_of(hr_format_from_name(format));
    const char *header = hr_pq_file_meta(j->in.file, HR_CSV_META_HEADER, &n);
    if (header != NULL && n == 0) return HR_OK;
    bool is_it =
        header != NULL && n < HEADER_MAX && layout != NULL && memchr(header, '\n', n) == NULL &&
        hr_csv_table_open(&t, layout, header, n, NULL) == HR_OK && t.n_columns == j->n_columns;
    for (uint32_t c = 0; c < j->n_columns && is_it; c++)
        is_it = strcmp(hr_csv_table_column(&t, c)->name, j->column[c].meta->name) == 0;
    if (is_it) HR_TRY(hr_out_put(&j->out, header, n, err));
    for (uint32_t c = 0; c < j->n_columns && !is_it; c++) {
        const char *name = j->column[c].meta->name;
        if (c > 0) HR_TRY(hr_out_put(&j->out, ",", 1, err));
        HR_TRY(hr_out_put(&j->out, name, strlen(name), err));
    }
    return hr_out_put(&j->out, "\n", 1, err);
}

/* ---- reading ---- */

static hr_status read_texts(back_job *j, back_column *c, uint32_t cap, hr_err *err)
{
    hr_pq_bytes bytes[64];
    for (uint32_t at = 0; at < cap;) {
        uint32_t n = 0;
        HR_TRY(hr_pq_read_bytes(c->cursor, bytes, HR_MIN(cap - at, 64u), &n, err));
        for (uint32_t i = 0; i < n; i++, at++) {
            hr_text *t = &c->text[at];
            if (bytes[i].s != NULL && bytes[i].n > HR_TEXT_CAP)
                return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': column '%s' has texts of over %d bytes",
                               j->o->in, c->meta->name, HR_TEXT_CAP);
            t->len = bytes[i].s != NULL ? (uint8_t)bytes[i].n : HR_TEXT_NULL;
            if (bytes[i].s != NULL) memcpy(t->byte, bytes[i].s, bytes[i].n);
        }
    }
    return HR_OK;
}

/* Exactly n rows of every column: the row group has them. */
static hr_status read_step(back_job *j, uint32_t n, hr_err *err)
{
    for (uint32_t i = 0; i < j->n_columns; i++) {
        back_column *c = &j->column[i];
        uint32_t k;
        if (c->text != NULL) HR_TRY(read_texts(j, c, n, err));
        for (uint32_t at = 0; at < n && c->text == NULL; at += k) {
            HR_TRY(c->whole != NULL ? hr_pq_read_i64(c->cursor, c->whole + at, n - at, &k, err)
                                    : hr_pq_read_f64(c->cursor, c->real + at, n - at, &k, err));
        }
    }
    return HR_OK;
}

static hr_status take_step(void *self, uint32_t n, hr_err *err)
{
    back_job *j = self;
    hr_status st = read_step(j, n, err);
    if (st == HR_END) return st;
    if (st != HR_OK) {
        hr_err_prefix(err, "'%s'", j->o->in);
        return st;
    }
    return put_rows(j, n, err);
}

static hr_status read_group(back_job *j, uint32_t group, hr_err *err)
{
    for (uint32_t c = 0; c < j->n_columns; c++)
        HR_TRY(hr_pq_cursor_seek(j->column[c].cursor, group, err));
    return hr_table_in_group(&j->in, group, take_step, j, err);
}

/* ---- the whole ---- */

static hr_status set_target(back_job *j, hr_err *err)
{
    hr_out_records_target(j->r, j->o);
    if (j->r->to == HR_TO_RECORDS_CSV) return HR_OK;
    return HR_FAIL(err, HR_EUSAGE,
                   "'%s' is a table that was made of CSV: it becomes .csv (--to records-csv), "
                   "nothing else",
                   j->o->in);
}

static hr_status convert(back_job *j, hr_err *err)
{
    HR_TRY(set_target(j, err));
    HR_TRY(hr_arena_create(&j->arena, &j->budget, BUDGET_BYTES / 2, "table", err));
    HR_TRY(hr_table_in_open(&j->in, j->o, j->arena, err));
    j->r->bytes_in = j->in.size_bytes;
    HR_TRY(open_columns(j, err));
    HR_TRY(hr_arena_create(&j->out_arena, &j->budget, hr_out_bytes() + (64u << 10), "output", err));
    HR_TRY(hr_out_open(&j->out, j->o->out, j->r->container, j->o->force, j->out_arena, err));
    HR_TRY(put_header(j, err));
    for (uint32_t g = 0; g < hr_pq_file_row_groups(j->in.file); g++)
        HR_TRY(read_group(j, g, err));
    HR_TRY(hr_out_finish(&j->out, NULL, j->o->force, err));
    j->r->lines = j->r->rows;
    j->r->bytes_out = j->out.n_bytes;
    return HR_OK;
}

hr_status hr_convert_csv_back(const hr_convert_options *o, hr_convert_report *report, hr_err *err)
{
    back_job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to convert '%s'", o->in);
    j->o = o;
    j->r = report;
    j->in.fd = j->out.fd = -1;
    report->from = "records";
    hr_budget_init(&j->budget, BUDGET_BYTES);
    hr_status st = convert(j, err);
    hr_out_abandon(&j->out, false);
    hr_table_in_close(&j->in);
    hr_arena_destroy(&j->arena);
    hr_arena_destroy(&j->out_arena);
    hr_heap_free(j);
    return st;
}
