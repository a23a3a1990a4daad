/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "job/calc_batch.h"
#include "pipe/lines.h"

#define LINE_BYTES ((size_t)1 << 20)
#define SOURCE_BYTES ((size_t)64 << 20)
#define LINES_MAX 65536u /* instruments */

/* ---- the header ---- */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(name, *list) == 0) return true;
    return false;
}

static hr_expr_unit unit_of(const char *name)
{
    static const char *const prices[] = {"open", "high",      "low", "close", "price",
                                         "mid",  "vwap",      "bid", "ask",   "last",
                                         "px",   "adj_close", NULL};
    static const char *const quantities[] = {"volume", "quantity",   "qty", "amount",
                                             "size",   "buy_volume", NULL};
    bool has_px = strstr(name, "price") != NULL || strstr(name, "_px") != NULL;
    bool has_qty = strstr(name, "qty") != NULL || strstr(name, "volume") != NULL;
    if (is_one_of(name, prices) || has_px) return (hr_expr_unit){.power = {[HR_EXPR_PRICE] = 1}};
    if (is_one_of(name, quantities) || has_qty)
        return (hr_expr_unit){.power = {[HR_EXPR_QUANTITY] = 1}};
    return (hr_expr_unit){.is_open = true};
}

/* In lower case, what a name cannot have as '_'; "" where there is nothing left. */
static void take_name(char out[HR_EXPR_NAME_MAX + 1], const hr_csv_field *f)
{
    size_t n = 0;
    for (uint32_t i = 0; i < f->n && n < HR_EXPR_NAME_MAX; i++) {
        char c = f->s[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && n > 0);
        if (is_upper)
            out[n++] = (char)(c - 'A' + 'a');
        else if (is_kept)
            out[n++] = c;
        else if (n > 0)
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
}

static hr_status read_header(hr_calc_table *t, const hr_text_line *l, const char *path, hr_err *err)
{
    static const char *const times[] = {"ts_event", "ts",       "time",      "timestamp",
                                        "date",     "datetime", "open_time", "start",
                                        "end",      "ts_recv",  NULL};
    static const char *const symbols[] = {"instrument", "symbol", "ticker", NULL};
    hr_csv_field field[HR_CSV_FIELDS_MAX];
    uint32_t n;
    const char *next;
    *t = (hr_calc_table){.time = HR_CALC_NO_FIELD, .symbol = HR_CALC_NO_FIELD};
    if (hr_csv_row(field, HR_CSV_FIELDS_MAX, &n, &next, l->s, l->s + l->n, true) != HR_OK)
        return HR_FAIL(err, HR_EINPUT, "'%s': its first line is no header of a CSV table", path);
    for (uint32_t i = 0; i < n; i++) {
        take_name(t->name[i], &field[i]);
        bool is_twice = false;
        for (uint32_t k = 0; k < i; k++)
            is_twice |= strcmp(t->name[k], t->name[i]) == 0;
        if (is_twice && t->name[i][0] != '\0')
            return HR_FAIL(err, HR_EINPUT, "'%s': two columns are called '%s'", path, t->name[i]);
        if (t->time == HR_CALC_NO_FIELD && is_one_of(t->name[i], times)) t->time = i;
        if (t->symbol == HR_CALC_NO_FIELD && is_one_of(t->name[i], symbols)) t->symbol = i;
        t->column[i] = (hr_expr_column){.name = t->name[i], .unit = unit_of(t->name[i])};
    }
    t->n_column = n;
    if (t->time != HR_CALC_NO_FIELD) return HR_OK;
    return HR_FAIL(err, HR_EINPUT,
                   "'%s': expected a column of times (time, timestamp, date, ts), "
                   "found none",
                   path);
}

/* ---- the job ---- */

typedef struct job {
    const hr_calc_table_options *o;
    hr_calc_report *r;
    hr_budget budget;
    hr_lines lines;
    hr_arena *arena;
    hr_calc_batch batch;
    hr_row_out rows;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
    hr_calc_line **slot; /* by hash of the symbol */
    uint32_t mask, n_lines, max_lines;
    double *part_row;
    char stem[HR_TEXT_CAP + 1];           /* of the file: an instrument without a name */
    uint32_t field_of[HR_CSV_FIELDS_MAX]; /* [column of the first file] in this one */
    uint32_t time, symbol;
    const char *path;
} job;

static hr_status open_lines(hr_lines *l, const char *path, hr_budget *budget,
                            const _Atomic uint32_t *stop, hr_err *err)
{
    const hr_source_info info = {.format = HR_FORMAT_OHLCV, .takes_records = true, .is_text = true};
    return hr_lines_open(l, path, &info, budget, LINE_BYTES, stop, err);
}

/* A look at a file; too large for a frame. */
typedef struct glance {
    hr_budget budget;
    hr_lines lines;
} glance;

static glance *glance_new(hr_err *err)
{
    glance *g = hr_heap_zero(1, sizeof *g);
    if (g == NULL) {
        (void)HR_FAIL(err, HR_ENOMEM, "no memory to read a header");
        return NULL;
    }
    hr_budget_init(&g->budget, SOURCE_BYTES);
    hr_lines_init(&g->lines);
    return g;
}

static void glance_end(glance *g)
{
    hr_lines_close(&g->lines);
    hr_heap_free(g);
}

hr_status hr_calc_table_open(hr_calc_table *t, const char *path, hr_err *err)
{
    hr_text_line line;
    glance *g = glance_new(err);
    if (g == NULL) return HR_ENOMEM;
    hr_status st = open_lines(&g->lines, path, &g->budget, NULL, err);
    if (st == HR_OK) st = hr_lines_next(&g->lines, &line, err);
    if (st == HR_END) st = HR_FAIL(err, HR_EINPUT, "'%s' is empty", path);
    if (st == HR_OK) st = read_header(t, &line, path, err);
    glance_end(g);
    return st;
}

/* What a run would read, by the file's own look. */
static bool is_event_format(const char *path)
{
    const hr_source_info info = {.takes_records = true};
    glance *g = glance_new(NULL);
    if (g == NULL) return false;
    hr_status st = hr_lines_open(&g->lines, path, &info, &g->budget, LINE_BYTES, NULL, NULL);
    bool is_events = st == HR_OK && !hr_format_is_records(g->lines.source.info.format);
    glance_end(g);
    return is_events;
}

bool hr_calc_table_probe(const char *path)
{
    static hr_calc_table t;
    size_t n;
    (void)hr_out_container(path, &n);
    if (!hr_out_ends_with(path, n, ".csv") || is_event_format(path)) return false;
    return hr_calc_table_open(&t, path, NULL) == HR_OK && t.n_column > 1;
}

/* ---- instruments ---- */

static uint32_t hash_of(const hr_text *t)
{
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < t->len; i++)
        h = (h ^ (unsigned char)t->byte[i]) * 16777619u;
    return h ^ h >> 15;
}

static hr_calc_line *line_of(job *j, const hr_text *symbol, hr_err *err)
{
    static const hr_text no_venue = {.len = 0};
    uint32_t at = hash_of(symbol) & j->mask;
    for (; j->slot[at] != NULL; at = (at + 1) & j->mask)
        if (j->slot[at]->symbol.len == symbol->len &&
            memcmp(j->slot[at]->symbol.byte, symbol->byte, symbol->len) == 0)
            return j->slot[at];
    void *mem = j->n_lines < j->max_lines
                    ? hr_arena_alloc(j->arena, hr_calc_line_bytes(j->batch.e), 64)
                    : NULL;
    if (mem == NULL) {
        (void)HR_FAIL(err, HR_EBUDGET, "memory for %u instruments is used up: raise --memory",
                      j->n_lines);
        return NULL;
    }
    j->n_lines++;
    j->slot[at] = hr_calc_line_init(&j->batch, mem, &no_venue, symbol);
    return j->slot[at];
}

/* ---- rows ---- */

static void reject(job *j, const hr_text_line *l, const char *what)
{
    if (j->r->listen.rejected++ > 0) return;
    snprintf(j->r->reject_1, sizeof j->r->reject_1, "%.160s:%lld: %.160s", j->path,
             (long long)l->number, what);
}

/* NaN where it is empty or says that there is none. false: it is no number. */
static bool read_number(double *out, const hr_csv_field *f)
{
    char text[64];
    bool is_exact;
    *out = (double)NAN;
    if (f->n == 0 || f->n >= sizeof text) return f->n == 0;
    if (hr_csv_real(out, &is_exact, f->s, f->n) == HR_OK) return true;
    memcpy(text, f->s, f->n);
    text[f->n] = '\0';
    if (strcasecmp(text, "nan") == 0 || strcasecmp(text, "null") == 0 ||
        strcasecmp(text, "na") == 0)
        return true;
    hr_csv_number size;
    char *end;
    bool is_number = hr_csv_measure(&size, f->s, f->n) == HR_OK;
    *out = is_number ? strtod(text, &end) : (double)NAN;
    return is_number && isfinite(*out);
}

static bool read_inputs(const job *j, const hr_eval_part *p, const hr_csv_field *field, uint32_t n,
                        double *row)
{
    for (uint32_t i = 0; i < p->n_in; i++) {
        if (p->in[i].is_of) continue;
        uint32_t at = j->field_of[p->in[i].which];
        if (at >= n || !read_number(&row[i], &field[at])) return false;
    }
    return true;
}

static hr_text symbol_of(const job *j, const hr_csv_field *field)
{
    hr_text t = {0};
    if (j->symbol == HR_CALC_NO_FIELD) return hr_text_of(j->stem);
    t.len = (uint8_t)HR_MIN(field[j->symbol].n, (uint32_t)HR_TEXT_CAP);
    memcpy(t.byte, field[j->symbol].s, t.len);
    return t;
}

static hr_status take_row(job *j, const hr_text_line *l, hr_err *err)
{
    hr_csv_field field[HR_CSV_FIELDS_MAX];
    const hr_calc_options *o = j->o->o;
    uint32_t n;
    const char *next;
    hr_csv_time time;
    if (l->n == 0) return HR_OK;
    if (l->is_cut) {
        reject(j, l, "the line is longer than 1 MiB");
        return HR_OK;
    }
    hr_status st = hr_csv_row(field, HR_CSV_FIELDS_MAX, &n, &next, l->s, l->s + l->n, true);
    if (st != HR_OK || n <= j->time || (j->symbol != HR_CALC_NO_FIELD && n <= j->symbol)) {
        reject(j, l, "expected as many fields as the header has");
        return HR_OK;
    }
    st = hr_csv_time_parse(&time, field[j->time].s, field[j->time].n, j->o->dates);
    bool is_open = time.part[0] != 0 && j->o->dates == HR_CSV_ORDER_NONE;
    if (st != HR_OK || is_open || time.ns == HR_NULL_I64) {
        reject(j, l, st == HR_OK ? "month or day first? --dates says" : "expected a time");
        return HR_OK;
    }
    if (time.ns >= o->listen.plan->to_ns) return HR_OK;
    hr_text symbol = symbol_of(j, field);
    hr_calc_line *line = line_of(j, &symbol, err);
    if (line == NULL) return HR_EBUDGET;
    double *row = hr_calc_batch_row(&j->batch);
    bool is_good = read_inputs(j, &j->batch.e->part[0], field, n, row);
    if (is_good && line->part != 0)
        is_good = read_inputs(j, &j->batch.e->part[line->part], field, n, j->part_row);
    if (!is_good) {
        reject(j, l, "expected a number in each column that the expression reads");
        return HR_OK;
    }
    if (line->part != 0) {
        hr_calc_batch_part(&j->batch, line, time.ns, j->part_row);
        hr_calc_batch_retake(&j->batch);
    }
    return hr_calc_batch_took(&j->batch, line, time.ns, time.ns < o->listen.plan->from_ns, err);
}

static hr_status on_row(void *self, const hr_calc_line *line, int64_t ts, const double *value,
                        hr_err *err)
{
    job *j = self;
    const hr_expr *x = j->o->o->program->x;
    if (!hr_program_wants(j->o->o->program, j->o->o->rows, value, 1)) return HR_OK;
    return hr_calc_put(&j->rows, x, ts, &line->symbol, value, err);
}

/* ---- files ---- */

static void take_stem(job *j, const char *path)
{
    const char *plan_symbol = j->o->o->listen.plan->symbol;
    const char *base = strrchr(path, '/');
    base = base != NULL ? base + 1 : path;
    size_t n = strcspn(base, ".");
    if (plan_symbol[0] != '\0')
        snprintf(j->stem, sizeof j->stem, "%s", plan_symbol);
    else
        snprintf(j->stem, sizeof j->stem, "%.*s", (int)HR_MIN(n, (size_t)HR_TEXT_CAP), base);
}

/* Where this file has the columns of the first. */
static hr_status map_columns(job *j, const hr_text_line *l, hr_err *err)
{
    static hr_calc_table now;
    const hr_calc_table *first = j->o->table;
    HR_TRY(read_header(&now, l, j->path, err));
    j->time = now.time;
    j->symbol = now.symbol;
    for (uint32_t i = 0; i < first->n_column; i++) {
        uint32_t k = 0;
        while (k < now.n_column && strcmp(now.name[k], first->name[i]) != 0)
            k++;
        if (k == now.n_column)
            return HR_FAIL(err, HR_EINPUT, "'%s': expected a column '%s' as in the first file",
                           j->path, first->name[i]);
        j->field_of[i] = k;
    }
    return HR_OK;
}

static hr_status take_file(job *j, const char *path, hr_err *err)
{
    hr_text_line line;
    bool has_header = false;
    hr_status st;
    j->path = path;
    take_stem(j, path);
    HR_TRY(open_lines(&j->lines, path, &j->budget, j->o->o->listen.stop, err));
    while ((st = hr_lines_next(&j->lines, &line, err)) == HR_OK) {
        if (has_header)
            st = take_row(j, &line, err);
        else
            st = map_columns(j, &line, err);
        has_header = true;
        HR_TRY(st);
    }
    hr_lines_close(&j->lines);
    hr_lines_init(&j->lines);
    return st == HR_END ? HR_OK : st;
}

static hr_status open_all(job *j, hr_err *err)
{
    const hr_calc_options *o = j->o->o;
    const hr_eval *e = o->program->e;
    hr_row_target to = o->listen.to;
    size_t memory = (size_t)o->listen.plan->memory_bytes;
    size_t each = hr_calc_line_bytes(e) + 64;
    size_t parts = 1;
    for (uint32_t i = 0; i < e->n_part; i++)
        parts = HR_MAX(parts, (size_t)e->part[i].n_in);
    to.index_bytes = memory / 16;
    HR_TRY(hr_calc_fields(j->field, &j->n_fields, o->program->x, err));
    size_t fixed = hr_row_out_bytes(&to, j->field, j->n_fields) +
                   hr_calc_batch_bytes(e, o->measures) + (parts + 8) * sizeof(double) +
                   2 * LINES_MAX * sizeof(hr_calc_line *) + (64u << 10);
    if (fixed + SOURCE_BYTES / 4 + each > memory)
        return HR_FAIL(err, HR_EBUDGET,
                       "--memory: one instrument's windows take %zu bytes, rows %zu; that is more"
                       " than there is",
                       each, fixed);
    j->max_lines = (uint32_t)HR_MIN((memory - fixed - SOURCE_BYTES / 4) / each, (size_t)LINES_MAX);
    j->r->state_bytes = each;
    HR_TRY(hr_arena_create(&j->arena, NULL, fixed + j->max_lines * each, "rows", err));
    j->mask = 2 * LINES_MAX - 1;
    j->slot = hr_arena_alloc(j->arena, (j->mask + 1) * sizeof(hr_calc_line *), 64);
    j->part_row = hr_arena_alloc(j->arena, parts * sizeof *j->part_row, 8);
    if (j->slot == NULL || j->part_row == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for rows: raise --memory");
    memset(j->slot, 0, (j->mask + 1) * sizeof(hr_calc_line *));
    HR_TRY(hr_calc_batch_init(&j->batch, e, o->measures, j->arena, err));
    j->batch.emit = on_row;
    j->batch.self = j;
    return hr_row_out_open(&j->rows, &to, j->field, j->n_fields, j->arena, err);
}

static hr_status run(job *j, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    int64_t start = hr_sys_mono_ns();
    HR_TRY(open_all(j, err));
    for (uint32_t i = 0; i < plan->n_inputs; i++)
        HR_TRY(take_file(j, plan->inputs[i], err));
    HR_TRY(hr_calc_batch_flush(&j->batch, err));
    HR_TRY(hr_program_check(j->o->o->program, err));
    HR_TRY(hr_row_out_finish(&j->rows, err));
    hr_calc_report_batch(j->r, &j->batch);
    j->r->listen.instruments = j->n_lines;
    j->r->listen.rows = j->rows.n_rows;
    j->r->listen.bytes_out = j->rows.file.n_bytes;
    j->r->listen.seconds = (double)(hr_sys_mono_ns() - start) / 1e9;
    return HR_OK;
}

hr_status hr_calc_table_run(const hr_calc_table_options *o, hr_calc_report *report,
                            uint64_t *step_ns, hr_err *err)
{
    memset(report, 0, sizeof *report);
    job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for expressions");
    j->o = o;
    j->r = report;
    hr_budget_init(&j->budget, SOURCE_BYTES);
    hr_lines_init(&j->lines);
    hr_row_out_init(&j->rows);
    hr_status st = run(j, err);
    if (st == HR_OK && o->o->measures)
        memcpy(step_ns, j->batch.step_ns, o->o->program->e->n_step * sizeof *step_ns);
    hr_row_out_abandon(&j->rows);
    hr_lines_close(&j->lines);
    hr_arena_destroy(&j->arena);
    hr_heap_free(j);
    return st;
}
