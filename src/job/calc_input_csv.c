/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a CSV file, a line at a time. */
#include <stdio.h>
#include <string.h>

#include "job/calc_input.h"
#include "pipe/lines.h"
#include "text/csv.h"

#define LINE_BYTES ((size_t)1 << 20)
#define SOURCE_BYTES ((size_t)64 << 20)
#define SPAN_ROWS 64u

/* Names of a span, each row's own. */
typedef struct names {
    hr_text text[SPAN_ROWS];
    hr_pq_bytes bytes[SPAN_ROWS];
} names;

typedef struct reader {
    hr_calc_input in;
    hr_budget budget;
    hr_lines lines;
    hr_csv_field *cell; /* [HR_CALC_COLUMNS_MAX] of the row at hand */
    uint32_t n_cells;
    hr_text_line line; /* at hand */
    bool is_at_row;    /* it is one, that was not taken yet */
    bool is_at_end;
    hr_format known;   /* a table with a name, or HR_FORMAT_UNKNOWN */
    /* the span */
    uint32_t at; /* the row that is read */
    int64_t ts[SPAN_ROWS];
    uint32_t row[SPAN_ROWS]; /* 0, 1, .. */
    names venue, symbol;
    double **value; /* [n_used][SPAN_ROWS] */
} reader;

/* ---- opening ---- */

static void close_reader(hr_calc_input *in)
{
    reader *r = (reader *)(void *)in;
    hr_lines_close(&r->lines);
    hr_heap_free(r->cell);
    hr_heap_free(in->table);
    hr_heap_free(in->field);
    if (r->value != NULL) hr_heap_free(r->value[0]);
    hr_heap_free(r->value);
    hr_heap_free(r);
}

static hr_status open_lines(reader *r, const char *path, const hr_source_info *info, hr_err *err)
{
    const _Atomic uint32_t *stop = r->in.o != NULL ? r->in.o->stop : NULL;
    hr_lines_close(&r->lines);
    hr_budget_init(&r->budget, SOURCE_BYTES);
    return hr_lines_open(&r->lines, path, info, &r->budget, LINE_BYTES, stop, err);
}

/* As what it looks like, where that is a table with a name; else as bars, whatever it holds. */
static hr_status open_as_table(reader *r, const char *path, hr_err *err)
{
    hr_err why = HR_ERR_INIT;
    hr_source_info info = {.takes_records = true};
    hr_status st = open_lines(r, path, &info, &why);
    HR_TRY(hr_calc_looked(st, &why, err));
    if (st == HR_OK) info = r->lines.source.info;
    bool is_known = hr_format_is_records(info.format);
    r->known = is_known ? info.format : HR_FORMAT_UNKNOWN;
    if (is_known) (void)hr_calc_cell_text(&r->in.symbol.text, info.symbol, strlen(info.symbol));
    info = (hr_source_info){.format = HR_FORMAT_OHLCV, .takes_records = true, .is_text = true};
    return open_lines(r, path, &info, err);
}

static reader *reader_new(const char *path, hr_err *err)
{
    reader *r = hr_heap_zero(1, sizeof *r);
    hr_csv_field *cell = hr_heap_zero(HR_CALC_COLUMNS_MAX, sizeof *cell);
    if (r == NULL || cell == NULL) {
        hr_heap_free(r);
        hr_heap_free(cell);
        (void)HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", path);
        return NULL;
    }
    r->in.path = path;
    r->cell = cell;
    hr_lines_init(&r->lines);
    return r;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits the line at hand; spaces around cells are none of theirs. */
static hr_status split(reader *r)
{
    const char *next;
    const hr_text_line *l = &r->line;
    HR_TRY(hr_csv_row(r->cell, HR_CALC_COLUMNS_MAX, &r->n_cells, &next, l->s, l->s + l->n, true));
    for (uint32_t i = 0; i < r->n_cells; i++) {
        hr_csv_field *c = &r->cell[i];
        for (; c->n > 0 && is_space(c->s[0]); c->n--)
            c->s++;
        while (c->n > 0 && is_space(c->s[c->n - 1]))
            c->n--;
    }
    return HR_OK;
}

/* ---- the header ---- */

/* Rows of a venue's format that come without header: the names of its columns. */
static hr_status take_layout(const reader *r, hr_calc_table *t, hr_err *err)
{
    hr_csv_table known;
    const hr_csv_layout *layout = hr_csv_layout_of(r->known);
    if (r->known == HR_FORMAT_UNKNOWN || layout == NULL || !layout->may_lack_head) return HR_OK;
    hr_status st = hr_csv_table_open(&known, layout, r->line.s, r->line.n, NULL);
    if (st != HR_OK || known.has_header) return HR_OK;
    t->has_header = false;
    for (uint32_t i = 0; i < known.n_columns; i++) {
        const char *name = hr_csv_table_column(&known, i)->name;
        HR_TRY(hr_calc_columns_add(t, name, strlen(name), HR_CALC_TEXTS, err));
    }
    return HR_OK;
}

static hr_status other_comma(const reader *r, const char *path, hr_err *err)
{
    static const char marks[] = ";\t|";
    for (const char *mark = marks; *mark != '\0'; mark++)
        if (memchr(r->line.s, *mark, r->line.n) != NULL)
            return HR_FAIL(err, HR_EINPUT, "'%s': its header is divided by '%s', not by commas",
                           path,
                           *mark == '\t'  ? "tab"
                           : *mark == ';' ? ";"
                                          : "|");
    return HR_OK;
}

static hr_status read_header(reader *r, hr_calc_table *t, const char *path, hr_err *err)
{
    hr_status st = hr_lines_next(&r->lines, &r->line, err);
    while (st == HR_OK && r->line.n == 0)
        st = hr_lines_next(&r->lines, &r->line, err);
    if (st == HR_END) return HR_FAIL(err, HR_EINPUT, "'%s' is empty", path);
    HR_TRY(st);
    t->n_column = 0;
    t->has_header = true;
    HR_TRY(take_layout(r, t, err));
    r->is_at_row = !t->has_header;
    if (!t->has_header) return HR_OK;
    st = r->line.is_cut ? HR_EINPUT : split(r);
    if (st != HR_OK)
        return HR_FAIL(err, HR_EINPUT, "'%s': its first line is no header of a CSV table", path);
    if (r->n_cells == 1) HR_TRY(other_comma(r, path, err));
    for (uint32_t i = 0; i < r->n_cells; i++) {
        st = hr_calc_columns_add(t, r->cell[i].s, r->cell[i].n, HR_CALC_TEXTS, err);
        if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
        HR_TRY(st);
    }
    return HR_OK;
}

/* A data frame's index has no name: is what stands below it a date? Takes the row. */
static hr_status look_below(reader *r, hr_calc_table *t, hr_err *err)
{
    int64_t ns;
    hr_text cell;
    t->is_first_empty = false;
    if (!t->has_header || t->n_column == 0 || t->name[0][0] != '\0') return HR_OK;
    hr_status st = hr_lines_next(&r->lines, &r->line, err);
    if (st != HR_OK) return st == HR_END ? HR_OK : st;
    r->is_at_row = true;
    if (r->line.is_cut || split(r) != HR_OK || r->n_cells == 0) return HR_OK;
    if (!hr_calc_cell_text(&cell, r->cell[0].s, r->cell[0].n)) return HR_OK;
    bool is_date =
        memchr(cell.byte, '-', cell.len) != NULL || memchr(cell.byte, '/', cell.len) != NULL;
    t->is_first_empty = is_date && hr_calc_cell_time(&ns, &cell, NULL, HR_CSV_MONTH_FIRST) == HR_OK;
    return HR_OK;
}

static hr_status read_columns(reader *r, hr_calc_table *t, const char *path, hr_err *err)
{
    HR_TRY(open_as_table(r, path, err));
    HR_TRY(read_header(r, t, path, err));
    return look_below(r, t, err);
}

hr_status hr_calc_csv_columns(hr_calc_table *t, const char *path, hr_err *err)
{
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    hr_status st = read_columns(r, t, path, err);
    close_reader(&r->in);
    return st;
}

hr_status hr_calc_csv_is_events(bool *is, bool *is_records, hr_err *why, const char *path,
                                hr_err *err)
{
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    const hr_source_info info = {.takes_records = true};
    hr_budget_init(&r->budget, SOURCE_BYTES);
    hr_status st = hr_lines_open(&r->lines, path, &info, &r->budget, LINE_BYTES, NULL, why);
    *is_records = st == HR_OK && hr_format_is_records(r->lines.source.info.format);
    close_reader(&r->in);
    *is = st == HR_OK && !*is_records;
    return hr_calc_looked(st, why, err);
}

/* ---- rows ---- */

/* A span ends before a row that is rejected: that is when its turn comes. */
static void reject(reader *r, const char *what, const hr_csv_field *c, const char *column)
{
    char place[24];
    r->is_at_row = r->at > 0;
    if (r->is_at_row) return;
    snprintf(place, sizeof place, "%lld", (long long)r->line.number);
    if (c == NULL)
        hr_calc_reject(r->in.o->rejects, r->in.path, place, "%s", what);
    else
        hr_calc_reject(r->in.o->rejects, r->in.path, place, "%s in column '%s', found '%.*s'", what,
                       column, (int)HR_MIN(c->n, 40u), c->s);
}

static hr_status read_time(const reader *r, int64_t *ns, uint32_t at)
{
    const hr_csv_field *c = &r->cell[at];
    const uint32_t clock_at = r->in.table->clock;
    hr_text date;
    hr_text clock;
    const bool has_clock = clock_at != HR_CALC_NO_FIELD;
    if (!hr_calc_cell_text(&date, c->s, c->n)) return HR_EINPUT;
    if (has_clock && !hr_calc_cell_text(&clock, r->cell[clock_at].s, r->cell[clock_at].n))
        return HR_EINPUT;
    return hr_calc_cell_time(ns, &date, has_clock ? &clock : NULL, r->in.o->words->dates);
}

static bool take_time(reader *r)
{
    const hr_calc_table *t = r->in.table;
    bool is_other = r->cell[t->time].n == 0 && t->time_2 != HR_CALC_NO_FIELD;
    uint32_t at = is_other ? t->time_2 : t->time;
    hr_status st = read_time(r, &r->ts[r->at], at);
    if (st == HR_OK) return true;
    reject(r, st == HR_AGAIN ? "month or day first? (--dates says)" : "expected a time",
           &r->cell[at], t->name[at]);
    return false;
}

static bool take_name(reader *r, names *out, uint32_t field)
{
    const hr_csv_field *c = field != HR_CALC_NO_FIELD ? &r->cell[field] : NULL;
    if (c == NULL) return true;
    if (hr_calc_cell_text(&out->text[r->at], c->s, c->n)) {
        out->bytes[r->at] = (hr_pq_bytes){.s = out->text[r->at].byte, .n = (uint32_t)c->n};
        return true;
    }
    reject(r, "expected an instrument of 1 to 47 bytes", c, r->in.table->name[field]);
    return false;
}

/* The row at hand. False: it was rejected. */
static bool take_row(reader *r)
{
    const hr_calc_input *in = &r->in;
    const hr_calc_table *t = in->table;
    if (t->time != HR_CALC_NO_FIELD && !take_time(r)) return false;
    if (!take_name(r, &r->symbol, t->symbol) || !take_name(r, &r->venue, t->venue)) return false;
    for (uint32_t i = 0; i < in->o->n_used; i++) {
        const hr_csv_field *c = &r->cell[in->field[i]];
        if (hr_calc_cell_number(&r->value[i][r->at], c->s, c->n)) continue;
        reject(r, "expected a number", c, t->name[in->field[i]]);
        return false;
    }
    return true;
}

/* A comma behind the last cell makes no cell. */
static bool is_as_long(const reader *r)
{
    uint32_t n = r->in.table->n_column;
    return r->n_cells == n || (r->n_cells == n + 1 && r->cell[n].n == 0);
}

/* HR_AGAIN: the span ends here. */
static hr_status next_row(reader *r, hr_err *err)
{
    for (;;) {
        hr_status st = r->is_at_row ? HR_OK : hr_lines_next(&r->lines, &r->line, err);
        r->is_at_row = false;
        if (st != HR_OK) return st;
        if (r->line.n == 0) continue;
        if (r->line.is_cut)
            reject(r, "the line is longer than 1 MiB", NULL, NULL);
        else if (split(r) != HR_OK || !is_as_long(r))
            reject(r, "expected as many fields as the header has", NULL, NULL);
        else if (take_row(r))
            return HR_OK;
        if (r->is_at_row) return HR_AGAIN;
    }
}

static hr_calc_names names_of(const reader *r, const names *s, uint32_t field,
                              hr_calc_one_name *of_all)
{
    if (field == HR_CALC_NO_FIELD) return hr_calc_one(of_all);
    return (hr_calc_names){.code = r->row, .text = s->bytes};
}

static hr_status next_span(hr_calc_input *in, hr_calc_span *out, hr_err *err)
{
    reader *r = (reader *)(void *)in;
    const hr_calc_table *t = in->table;
    for (r->at = 0; r->at < SPAN_ROWS; r->at++) {
        hr_status st = r->is_at_end ? HR_END : next_row(r, err);
        r->is_at_end = st == HR_END;
        if (st == HR_AGAIN || (st == HR_END && r->at > 0)) break;
        if (st != HR_OK) return st;
    }
    *out = (hr_calc_span){.n = r->at,
                          .ts = t->time != HR_CALC_NO_FIELD ? r->ts : NULL,
                          .venue = names_of(r, &r->venue, t->venue, &in->venue),
                          .symbol = names_of(r, &r->symbol, t->symbol, &in->symbol),
                          .value = r->value};
    return HR_OK;
}

static const hr_calc_input_ops ops = {.next = next_span, .close = close_reader};

static hr_status open_span(reader *r)
{
    const uint32_t n = r->in.o->n_used;
    r->value = hr_heap_zero(n + 1, sizeof *r->value);
    double *value = hr_heap_zero((size_t)n * SPAN_ROWS + 1, sizeof *value);
    if (r->value != NULL) r->value[0] = value;
    if (r->value == NULL) hr_heap_free(value);
    if (r->value == NULL || value == NULL) return HR_ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        r->value[i] = value + (size_t)i * SPAN_ROWS;
    for (uint32_t i = 0; i < SPAN_ROWS; i++)
        r->row[i] = i;
    return HR_OK;
}

hr_status hr_calc_csv_open(hr_calc_input **out, const char *path, const hr_calc_input_options *o,
                           hr_err *err)
{
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    hr_calc_input *in = &r->in;
    in->ops = &ops;
    *out = in;
    in->o = o;
    in->table = hr_heap_zero(1, sizeof *in->table);
    in->field = hr_heap_zero(o->n_used + 1, sizeof *in->field);
    if (in->table == NULL || in->field == NULL || open_span(r) != HR_OK)
        return HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", path);
    HR_TRY(read_columns(r, in->table, path, err));
    return hr_calc_input_map(in, err);
}
