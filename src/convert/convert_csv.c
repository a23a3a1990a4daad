/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/convert_csv.h"

#include <stdio.h>
#include <string.h>

#include "convert/row_group.h"
#include "pipe/lines.h"
#include "text/csv.h"
#include "text/json.h"
#include "venue/line.h"

#define BUDGET_BYTES ((size_t)512 << 20) /* a bound; some 60 MB of it are reserved */
#define LINE_BYTES ((size_t)4 << 20)
#define RAW_MAX 65536u
#define GROUP_ROWS 65536u
#define GROUPS_MAX 8192u
#define INDEX_BYTES ((size_t)48 << 20) /* what is noted of row groups until the end */
#define HEADER_MAX 2048u
#define TELL_LINES 4096u

typedef struct csv_job {
    const hr_convert_options *o;
    hr_convert_report *r;
    hr_budget budget;
    hr_lines lines;
    uint64_t n_seen;  /* rows of the first pass */
    bool has_begun;   /* its first line was seen */
    bool is_dry;      /* first pass: only what columns must hold */
    hr_csv_table table;
    hr_csv_need need[HR_CSV_COLUMNS_MAX];
    hr_csv_cell cell[HR_CSV_COLUMNS_MAX];
    hr_csv_field field[HR_CSV_FIELDS_MAX];
    char header[HEADER_MAX];
    char times[HR_CSV_COLUMNS_MAX * 8];
    const char *meta[3]; /* values, which the writer borrows */
    /* output */
    hr_arena *arena, *out_arena;
    hr_out_file out, rejects;
    hr_schema schema;
    hr_field schema_field[HR_CSV_COLUMNS_MAX];
    hr_row_groups group;
} csv_job;

/* ---- reading ---- */

static hr_status open_source(csv_job *j, const char *path, hr_format format, hr_err *err)
{
    hr_source_info info = {.format = format, .takes_records = true};
    j->has_begun = false;
    HR_TRY(hr_lines_open(&j->lines, path, &info, &j->budget, LINE_BYTES, j->o->stop, err));
    const hr_source *source = &j->lines.source;
    const hr_csv_layout *layout = hr_csv_layout_of(source->info.format);
    if (!hr_format_is_records(source->info.format) ||
        (j->table.layout != NULL && layout != j->table.layout)) /* it was one of these */
        return HR_FAIL(err, HR_EINPUT, "'%s' changed while it was read", path);
    j->r->bytes_in = source->reader.size_bytes;
    j->r->format = source->info.format;
    j->r->from = hr_format_name(j->r->format);
    memcpy(j->r->why, source->why, sizeof j->r->why);
    return HR_OK;
}

/* ---- rows ---- */

static hr_status put_reject(csv_job *j, const hr_text_line *l, hr_reject_reason reason, hr_err *err)
{
    hr_evbatch b = {.raw = (char *)(uintptr_t)l->s};
    hr_reject reject = {.src_offset = l->offset,
                        .src_line = l->number,
                        .raw_len = (uint32_t)HR_MIN(l->n, (size_t)RAW_MAX),
                        .full_len = (uint32_t)HR_MIN(l->n, (size_t)UINT32_MAX),
                        .reason = (uint8_t)reason};
    j->r->rejected++;
    j->r->rejects[reason]++;
    if (j->is_dry) return HR_OK;
    return hr_out_reject(&j->rejects, j->o, j->out_arena, &b, &reject, err);
}

/* Into cell[]; HR_LINE_DONE or a reject. A row ends with its line: no column has line ends in it.
 */
static int read_row(csv_job *j, const hr_text_line *l)
{
    uint32_t n;
    const char *next;
    if (!hr_utf8_valid(l->s, l->n)) return HR_LINE_REJECT(HR_REJECT_UTF8);
    if (hr_csv_row(j->field, HR_CSV_FIELDS_MAX, &n, &next, l->s, l->s + l->n, true) != HR_OK ||
        n != j->table.n_columns)
        return HR_LINE_REJECT(HR_REJECT_CSV);
    for (uint32_t c = 0; c < n; c++) {
        const hr_csv_field *f = &j->field[c];
        int rc = hr_csv_cell_read(&j->cell[c], &j->need[c], f->s, f->n, f->has_quote);
        if (rc != HR_LINE_DONE) return rc;
    }
    return HR_LINE_DONE;
}

static void put_cell(csv_job *j, uint32_t c)
{
    const hr_csv_cell *v = &j->cell[c];
    bool is_null = v->is_null || v->is_wide;
    char *to = j->group.column[c] + j->group.n_rows * hr_col_width(j->schema_field[c].type);
    int64_t whole = is_null ? HR_NULL_I64 : v->fixed;
    hr_text text = {.len = HR_TEXT_NULL};
    if (j->schema_field[c].type == HR_COL_TS) whole = is_null ? HR_NULL_I64 : v->time.ns;
    if (j->schema_field[c].type == HR_COL_TEXT) {
        if (!is_null) text = v->text;
        memcpy(to, &text, sizeof text);
    } else if (j->schema_field[c].type == HR_COL_F64) {
        double real = is_null ? __builtin_nan("") : v->real;
        memcpy(to, &real, sizeof real);
    } else {
        memcpy(to, &whole, sizeof whole);
    }
}

static hr_status take_row(csv_job *j, const hr_text_line *l, hr_err *err)
{
    j->r->read++;
    int rc = read_row(j, l);
    if (rc < 0) return put_reject(j, l, (hr_reject_reason)(-1 - rc), err);
    for (uint32_t c = 0; c < j->table.n_columns; c++) {
        hr_csv_need_note(&j->need[c], &j->cell[c]);
        if (!j->is_dry) put_cell(j, c);
    }
    j->r->written++;
    j->r->rows++;
    if (j->is_dry || ++j->group.n_rows < GROUP_ROWS) return HR_OK;
    return hr_row_groups_write(&j->group, err);
}

/* Empty: there is none. One that is too long is given as names of columns. */
static void keep_header(csv_job *j, const hr_text_line *l)
{
    bool fits = l->n < HEADER_MAX;
    memcpy(j->header, fits ? l->s : "-", fits ? l->n : 1);
    j->header[fits ? l->n : 1] = '\0';
}

/* What the first line says of the rest; the header goes into the metadata, so that the way back
 * gives it again. */
static hr_status begin(csv_job *j, const hr_text_line *l, hr_err *err)
{
    size_t n = l->n;
    const hr_csv_layout *layout = hr_csv_layout_of(j->r->format);
    if (j->is_dry) {
        hr_status st = hr_csv_table_open(&j->table, layout, l->s, n, err);
        if (st == HR_END)
            st = HR_FAIL(err, HR_EINPUT, "'%s' changed while it was read", j->lines.source.path);
        HR_TRY(st);
        for (uint32_t c = 0; c < j->table.n_columns; c++) {
            const hr_csv_column *column = hr_csv_table_column(&j->table, c);
            j->need[c] = (hr_csv_need){.column = column,
                                       .scale = column->type == HR_CSV_PRICE ? j->o->px_scale
                                                                             : j->o->qty_scale};
        }
        if (j->table.has_header) keep_header(j, l);
    }
    j->has_begun = true;
    return j->table.has_header ? HR_OK : take_row(j, l, err);
}

static hr_status take_line(csv_job *j, const hr_text_line *l, hr_err *err)
{
    j->r->lines++;
    if (l->is_cut) {
        j->r->read++;
        return put_reject(j, l, HR_REJECT_LINE_TOO_LONG, err);
    }
    if (l->n == 0) return HR_OK;
    return j->has_begun ? take_row(j, l, err) : begin(j, l, err);
}

static void tell(const csv_job *j)
{
    double all = (double)j->r->bytes_in;
    double done = (double)j->lines.source.reader.next_take * (double)HR_READER_BLOCK_BYTES;
    if (j->o->progress != NULL)
        j->o->progress(j->o->self, j->is_dry ? 1 : 2, all > done && all > 0 ? done / all : 1);
}

static hr_status pass(csv_job *j, hr_err *err)
{
    hr_text_line line;
    hr_status st;
    while ((st = hr_lines_next(&j->lines, &line, err)) == HR_OK) {
        HR_TRY(take_line(j, &line, err));
        if (j->r->lines % TELL_LINES == 0) tell(j);
    }
    tell(j);
    return st == HR_END ? HR_OK : st;
}

/* First pass, and what follows from it. */
static hr_status look(csv_job *j, hr_err *err)
{
    j->is_dry = true;
    HR_TRY(pass(j, err));
    j->is_dry = false;
    for (uint32_t c = 0; c < j->table.n_columns; c++) {
        hr_status st = hr_csv_need_settle(&j->need[c], err);
        if (st != HR_OK) {
            hr_err_prefix(err, "'%s'", j->lines.source.path);
            return st;
        }
    }
    return HR_OK;
}

/* ---- output ---- */

static void name_forms(csv_job *j)
{
    size_t n = 0;
    for (uint32_t c = 0; c < j->table.n_columns; c++) {
        if (j->need[c].column->type != HR_CSV_TIME) continue;
        n += (size_t)snprintf(j->times + n, sizeof j->times - n, "%s%s", n > 0 ? "," : "",
                              hr_csv_time_form_name((hr_csv_time_form)j->need[c].form));
    }
}

static hr_status open_table(csv_job *j, hr_err *err)
{
    static const char *const keys[] = {HR_CSV_META_FORMAT, HR_CSV_META_HEADER, HR_CSV_META_TIMES};
    const char *const values[] = {j->r->from, j->header, j->times};
    name_forms(j);
    for (uint32_t c = 0; c < j->table.n_columns; c++)
        j->schema_field[c] = hr_csv_need_field(&j->need[c]);
    j->schema = (hr_schema){
        .name = j->r->from, .n_fields = (uint16_t)j->table.n_columns, .fields = j->schema_field};
    memcpy(j->meta, values, sizeof j->meta);
    hr_row_groups_options opt = {.schema = &j->schema,
                                 .cap_rows = GROUP_ROWS,
                                 .max_groups = GROUPS_MAX,
                                 .index_bytes = INDEX_BYTES,
                                 .meta_keys = keys,
                                 .meta_values = j->meta,
                                 .n_meta = HR_ARRAY_LEN(keys)};
    HR_TRY(hr_arena_create(&j->arena, &j->budget, hr_row_groups_bytes(&opt), "records", err));
    return hr_row_groups_create(&j->group, &opt, &j->out, j->arena, err);
}

static hr_status set_target(csv_job *j, hr_err *err)
{
    hr_out_records_target(j->r, j->o);
    if (j->r->to != HR_TO_RECORDS)
        return HR_FAIL(err, HR_EUSAGE,
                       "'%s' is a table (%s): it becomes .parquet (--to records), nothing else",
                       j->o->in, j->r->why);
    if (j->o->records != NULL)
        return HR_FAIL(err, HR_EUSAGE, "--records is for tables of DBN records");
    return hr_out_check_parquet(j->r, j->o->out, err);
}

/* ---- the whole ---- */

static void count_losses(csv_job *j)
{
    for (uint32_t c = 0; c < j->table.n_columns; c++) {
        j->r->loss[HR_LOSS_WIDE] += j->need[c].n_wide;
        j->r->loss[HR_LOSS_ROUNDED] += j->need[c].n_rounded;
        j->need[c].n_wide = j->need[c].n_rounded = 0;
    }
}

static hr_status look_first(csv_job *j, hr_err *err)
{
    hr_convert_report *r = j->r;
    HR_TRY(look(j, err));
    count_losses(j);
    if ((r->loss[HR_LOSS_WIDE] > 0 || r->loss[HR_LOSS_ROUNDED] > 0) && !j->o->lossy)
        return HR_FAIL(err, HR_EUSAGE,
                       "records cannot hold all of '%s': --lossy converts what it can", j->o->in);
    j->n_seen = r->read;
    r->lines = r->read = r->written = r->rejected = r->rows = 0;
    memset(r->rejects, 0, sizeof r->rejects);
    memset(r->loss, 0, sizeof r->loss);
    hr_lines_close(&j->lines);
    return open_source(j, j->o->in, j->o->format, err);
}

static hr_status finish(csv_job *j, hr_err *err)
{
    HR_TRY(hr_row_groups_finish(&j->group, err));
    HR_TRY(hr_out_finish(&j->out, &j->rejects, j->o->force, err));
    j->r->bytes_out = j->out.n_bytes;
    count_losses(j);
    return HR_OK;
}

static hr_status convert(csv_job *j, hr_err *err)
{
    HR_TRY(open_source(j, j->o->in, j->o->format, err));
    HR_TRY(set_target(j, err));
    HR_TRY(hr_arena_create(&j->out_arena, &j->budget, 2 * hr_out_bytes() + (64u << 10), "output",
                           err));
    HR_TRY(look_first(j, err));
    HR_TRY(hr_out_open(&j->out, j->o->out, j->r->container, j->o->force, j->out_arena, err));
    HR_TRY(open_table(j, err));
    HR_TRY(pass(j, err));
    if (j->r->read != j->n_seen) /* or a pipe, which gives its bytes once */
        return HR_FAIL(err, HR_EINPUT, "'%s' changed while it was read", j->o->in);
    return finish(j, err);
}

static void close_job(csv_job *j)
{
    hr_out_abandon(&j->rejects, !j->out.is_published);
    hr_out_abandon(&j->out, false);
    hr_lines_close(&j->lines);
    hr_arena_destroy(&j->arena);
    hr_arena_destroy(&j->out_arena);
    hr_heap_free(j);
}

static csv_job *open_job(const hr_convert_options *o, hr_convert_report *r, hr_err *err)
{
    csv_job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) {
        (void)HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", o->in);
        return NULL;
    }
    j->o = o;
    j->r = r;
    j->out.fd = j->rejects.fd = -1;
    hr_lines_init(&j->lines);
    hr_budget_init(&j->budget, BUDGET_BYTES);
    return j;
}

hr_status hr_convert_csv(const hr_convert_options *o, hr_convert_report *report, hr_err *err)
{
    csv_job *j = open_job(o, report, err);
    if (j == NULL) return HR_ENOMEM;
    hr_status st = convert(j, err);
    close_job(j);
    return st;
}

static void tell_seen(hr_csv_seen *out, const csv_job *j)
{
    const hr_convert_report *r = j->r;
    bool has_span = false;
    *out = (hr_csv_seen){.lines = r->lines,
                         .rows = r->rows,
                         .rejected = r->rejected,
                         .first_ns = HR_NULL_I64,
                         .last_ns = HR_NULL_I64,
                         .table = j->table};
    memcpy(out->rejects, r->rejects, sizeof out->rejects);
    for (uint32_t c = 0; c < j->table.n_columns; c++) {
        const hr_csv_need *need = &j->need[c];
        hr_csv_need_type(out->type[c], sizeof out->type[c], need);
        if (has_span || need->column->type != HR_CSV_TIME) continue;
        has_span = true;
        if (!need->has_time) continue;
        out->first_ns = need->min_ns;
        out->last_ns = need->max_ns;
    }
}

hr_status hr_csv_look(hr_csv_seen *out, const char *path, hr_format format, hr_err *err)
{
    hr_convert_options o = HR_CONVERT_OPTIONS_DEFAULT;
    hr_convert_report report = {0};
    o.in = o.out = path;
    csv_job *j = open_job(&o, &report, err);
    if (j == NULL) return HR_ENOMEM;
    hr_status st = open_source(j, path, format, err);
    if (st == HR_OK) st = look(j, err);
    if (st == HR_OK) tell_seen(out, j);
    close_job(j);
    return st;
}
