/* SPDX-License-Identifier: Apache-2.0 */
#include "app/where.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/plan.h"
#include "text/decimal.h"
#include "text/nearest.h"

#define STEP 1024u
#define RUNS 128u
#define NS_PER_DAY INT64_C(86400000000000)

/* ---- conditions ---- */

static hr_status no_column(const hr_pq_file *f, const char *name, hr_err *err)
{
    char meant[96];
    hr_nearest near = hr_nearest_start(name);
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++)
        hr_nearest_offer(&near, hr_pq_file_column(f, i)->name);
    return HR_FAIL(err, HR_EUSAGE, "--where: no column '%.80s'%s", name,
                   hr_nearest_text(&near, meant, sizeof meant));
}

static hr_status bad_value(const hr_pq_column *c, const char *text, const char *expected,
                           hr_err *err)
{
    return HR_FAIL(err, HR_EUSAGE, "--where: '%.80s' is not %s, which column '%.80s' holds", text,
                   expected, c->name);
}

/* A time in the column's unit: what lies between two of its values becomes the one above, for a low
 * bound, or the one below. */
static int64_t in_unit(int64_t v, int64_t unit, bool is_low)
{
    return v / unit + (is_low && v % unit != 0);
}

static hr_status parse_i64(const hr_pq_column *c, const char *text, bool is_low, int64_t *out,
                           hr_err *err)
{
    if (c->phys == HR_PQ_BOOLEAN) {
        *out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        bool ok = *out != 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
        return ok ? HR_OK : bad_value(c, text, "true or false", err);
    }
    if (c->logical == HR_PQ_L_TIMESTAMP || c->phys == HR_PQ_INT96 || c->logical == HR_PQ_L_DATE) {
        int64_t unit = c->logical == HR_PQ_L_DATE ? NS_PER_DAY
                       : c->phys == HR_PQ_INT96   ? 1
                                                  : HR_MAX(c->unit_ns, 1);
        if (hr_time_parse(out, text) != HR_OK)
            return bad_value(c, text, "a time such as 2024-08-08T12:00:00Z, or ns since 1970", err);
        *out = in_unit(*out, unit, is_low);
        return HR_OK;
    }
    unsigned scale = c->logical == HR_PQ_L_DECIMAL ? c->scale : 0;
    char expected[64] = "a whole number";
    if (scale > 0) snprintf(expected, sizeof expected, "a number of %u decimals at most", scale);
    bool ok = scale <= 18 && hr_decimal_parse(out, text, strlen(text), scale) == HR_OK;
    return ok || (scale == 0 && hr_int_parse(out, text, strlen(text)) == HR_OK)
               ? HR_OK
               : bad_value(c, text, expected, err);
}

static hr_status parse_f64(const hr_pq_column *c, const char *text, double *out, hr_err *err)
{
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end != '\0' || isnan(*out)) return bad_value(c, text, "a number", err);
    if (c->phys == HR_PQ_FLOAT) *out = (double)(float)*out; /* the float that is shown so */
    return HR_OK;
}

/* One end of the range; an empty text: no bound. */
static hr_status parse_bound(hr_pq_range *r, const hr_pq_column *c, const char *text, bool is_low,
                             hr_err *err)
{
    hr_pq_bytes bytes = {.s = text, .n = (uint32_t)strlen(text)};
    if (*text == '\0') return HR_OK;
    switch (r->by) {
    case HR_PQ_BY_I64:
        return parse_i64(c, text, is_low, is_low ? &r->min : &r->max, err);
    case HR_PQ_BY_F64:
        return parse_f64(c, text, is_low ? &r->min_f64 : &r->max_f64, err);
    case HR_PQ_BY_BYTES:
        break;
    }
    *(is_low ? &r->min_bytes : &r->max_bytes) = bytes;
    return HR_OK;
}

hr_status hr_where_parse(hr_where *out, const hr_pq_file *f, const char *text, hr_err *err)
{
    *out = (hr_where){.range = {.min = INT64_MIN,
                                .max = INT64_MAX,
                                .min_f64 = -(double)INFINITY,
                                .max_f64 = (double)INFINITY}};
    size_t n = strlen(text);
    if (n >= sizeof out->text)
        return HR_FAIL(err, HR_EUSAGE, "--where: at most %zu bytes", sizeof out->text - 1);
    memcpy(out->text, text, n + 1);
    char *value = strchr(out->text, '=');
    if (value == NULL || value == out->text)
        return HR_FAIL(err, HR_EUSAGE, "--where: '%.80s' is not COLUMN=VALUE or COLUMN=LOW..HIGH",
                       text);
    *value++ = '\0';
    int col = hr_pq_file_find(f, out->text);
    if (col < 0) return no_column(f, out->text, err);
    const hr_pq_column *c = hr_pq_file_column(f, (uint32_t)col);
    if (!c->is_flat) return HR_FAIL(err, HR_EUSAGE, "--where: column '%.80s' is nested", c->name);
    out->range.col = (uint32_t)col;
    out->range.by = hr_pq_carrier_of(c);
    char *dots = strstr(value, "..");
    if (dots == NULL && *value == '\0' && out->range.by == HR_PQ_BY_BYTES) { /* the empty text */
        out->range.min_bytes = out->range.max_bytes = (hr_pq_bytes){.s = value, .n = 0};
        return HR_OK;
    }
    if (dots == NULL && *value == '\0') return bad_value(c, value, "a value", err);
    if (dots != NULL) *dots = '\0';
    HR_TRY(parse_bound(&out->range, c, value, true, err));
    return parse_bound(&out->range, c, dots != NULL ? dots + 2 : value, false, err);
}

/* ---- rows ---- */

typedef struct search {
    hr_app_table *t;
    const hr_pq_range *r;
    hr_pq_cursor *column;
    hr_pq_cursor **shown; /* a column each */
    uint32_t group;
    int64_t next_row; /* of the shown cursors in the group, -1: elsewhere */
    int64_t n_left;
    bool json;
    hr_where_report *out;
    hr_err *err;
} search;

static bool is_at_least(const hr_pq_bytes *v, const hr_pq_bytes *low)
{
    size_t n = HR_MIN(v->n, low->n);
    int order = n > 0 ? memcmp(v->s, low->s, n) : 0;
    return order > 0 || (order == 0 && v->n >= low->n);
}

static bool text_meets(const hr_pq_bytes *v, const hr_pq_range *r)
{
    return v->s != NULL && (r->min_bytes.s == NULL || is_at_least(v, &r->min_bytes)) &&
           (r->max_bytes.s == NULL || is_at_least(&r->max_bytes, v));
}

/* The column's next values, at most cap; meets[i]: this one is in the range. */
static hr_status read_step(search *s, bool *meets, uint32_t cap, uint32_t *n)
{
    static int64_t v[STEP];
    static double d[STEP];
    static hr_pq_bytes b[STEP];
    static uint8_t is_null[STEP];
    const hr_pq_range *r = s->r;
    if (r->by == HR_PQ_BY_F64) {
        HR_TRY(hr_pq_read_f64(s->column, d, cap, n, s->err));
        for (uint32_t i = 0; i < *n; i++)
            meets[i] = d[i] >= r->min_f64 && d[i] <= r->max_f64;
        return HR_OK;
    }
    if (r->by == HR_PQ_BY_BYTES) {
        HR_TRY(hr_pq_read_bytes(s->column, b, cap, n, s->err));
        for (uint32_t i = 0; i < *n; i++)
            meets[i] = text_meets(&b[i], r);
        return HR_OK;
    }
    hr_pq_cursor_mark_nulls(s->column, is_null);
    HR_TRY(hr_pq_read_i64(s->column, v, cap, n, s->err));
    for (uint32_t i = 0; i < *n; i++)
        meets[i] = is_null[i] == 0 && v[i] >= r->min && v[i] <= r->max && v[i] != HR_PQ_WIDE_I64;
    return HR_OK;
}

static hr_status show(search *s, int64_t row)
{
    if (row != s->next_row)
        for (uint32_t i = 0; i < hr_pq_file_columns(s->t->file); i++)
            if (s->shown[i] != NULL)
                HR_TRY(hr_pq_cursor_seek_row(s->shown[i], s->group, row, s->err));
    if (s->json)
        fputs(s->out->n_match > 0 ? ",[" : "[", stdout);
    else
        putchar('\n');
    hr_status st = hr_app_table_print_row(s->t, s->shown, s->json, s->err);
    if (s->json) putchar(']');
    s->next_row = row + 1;
    s->n_left--;
    return st;
}

static hr_status search_run(search *s, const hr_pq_rows *rows)
{
    bool meets[STEP];
    HR_TRY(hr_pq_cursor_seek_row(s->column, s->group, rows->begin, s->err));
    for (int64_t row = rows->begin; row < rows->end;) {
        uint32_t n = 0;
        HR_TRY(read_step(s, meets, (uint32_t)HR_MIN(rows->end - row, (int64_t)STEP), &n));
        s->out->n_rows_read += n;
        for (uint32_t i = 0; i < n; i++) {
            if (!meets[i]) continue;
            if (s->n_left > 0) HR_TRY(show(s, row + i));
            s->out->n_match++;
        }
        row += n;
    }
    return HR_OK;
}

static void note(hr_where_report *out, const hr_pq_selection *got)
{
    out->n_pages += got->n_pages;
    out->n_pages_out += got->n_pages_out;
    out->n_unused += got->is_doubtful;
    if (got->n > 0) return;
    out->n_out_bounds += got->by == HR_PQ_USE_STATISTICS;
    out->n_out_bloom += got->by == HR_PQ_USE_BLOOM;
    out->n_out_pages += got->by == HR_PQ_USE_PAGES;
}

/* An index that is damaged leaves nothing out. */
static hr_status search_group(search *s)
{
    hr_pq_rows rows[RUNS];
    hr_pq_selection got = {.rows = rows, .cap = RUNS};
    hr_pq_query q = {.range = s->r, .n_ranges = 1, .use = HR_PQ_USE_ALL, .scratch = s->t->arena};
    int64_t n_rows = hr_pq_row_group_rows(s->t->file, s->group);
    hr_err ignored = HR_ERR_INIT;
    if (n_rows == 0) return HR_OK;
    hr_status st = hr_pq_select(s->t->file, s->group, &q, &got, &ignored);
    if (st == HR_ECORRUPT || st == HR_ELIMIT || st == HR_EBUDGET) {
        s->out->n_unused++;
        rows[0] = (hr_pq_rows){0, n_rows};
        got = (hr_pq_selection){.rows = rows, .cap = RUNS, .n = 1};
    } else if (st != HR_OK) {
        if (s->err != NULL) *s->err = ignored;
        return st;
    }
    note(s->out, &got);
    s->next_row = -1;
    for (uint32_t i = 0; i < got.n; i++)
        HR_TRY(search_run(s, &rows[i]));
    return HR_OK;
}

static hr_status search_all(search *s)
{
    uint32_t n_cols = hr_pq_file_columns(s->t->file);
    s->shown = hr_arena_alloc(s->t->arena, n_cols * sizeof(hr_pq_cursor *), 64);
    if (s->shown == NULL) return HR_FAIL(s->err, HR_EBUDGET, "no memory for %u columns", n_cols);
    HR_TRY(hr_pq_cursor_create(&s->column, s->t->file, s->r->col, s->t->arena, s->err));
    for (uint32_t i = 0; i < n_cols; i++) {
        s->shown[i] = NULL;
        if (hr_pq_file_column(s->t->file, i)->is_flat)
            HR_TRY(hr_pq_cursor_create(&s->shown[i], s->t->file, i, s->t->arena, s->err));
    }
    s->out->n_groups = hr_pq_file_row_groups(s->t->file);
    for (; s->group < s->out->n_groups; s->group++)
        HR_TRY(search_group(s));
    return HR_OK;
}

hr_status hr_where_print(hr_app_table *t, const hr_where *w, int64_t n_rows, bool json,
                         hr_where_report *out, hr_err *err)
{
    *out = (hr_where_report){0};
    search s = {.t = t, .r = &w->range, .n_left = n_rows, .json = json, .out = out, .err = err};
    size_t mark = hr_arena_mark(t->arena);
    hr_status st = search_all(&s);
    hr_arena_rewind(t->arena, mark);
    out->bytes_read = t->n_read;
    return st;
}
