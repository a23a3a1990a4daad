/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_table.h"

#include <string.h>

#include "base/sys.h"
#include "conc/machine.h"
#include "convert/convert_parts.h"
#include "job/calc_input.h"
#include "job/calc_lines.h"
#include "job/calc_out.h"

#define FILE_BYTES ((size_t)4 << 20) /* of the memory, for a file: blocks of text, pages */
#define MERGED_MAX 512u              /* files that are read side by side */
#define LANE_SHARE 16u               /* of the memory, at most, for a lane that writes the output */

/* ---- what it is ---- */

/* By its first line. */
static hr_status is_named(bool *is, const char *path, hr_err *err)
{
    hr_err why = HR_ERR_INIT;
    hr_calc_table *t = hr_heap_zero(1, sizeof *t);
    if (t == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", path);
    const hr_status st = hr_calc_csv_columns(t, path, &why);
    *is = st == HR_OK && t->n_column > 1 && (hr_calc_columns_has_time(t) || t->is_first_empty);
    hr_heap_free(t);
    return hr_calc_looked(st, &why, err);
}

hr_status hr_calc_table_is(bool *is, hr_err *why, const char *path, hr_err *err)
{
    size_t n;
    bool is_events;
    bool is_records;
    hr_status st = hr_calc_parquet_is_table(is, path, err);
    if (st != HR_AGAIN) return st;
    HR_TRY(hr_calc_csv_is_events(&is_events, &is_records, why, path, err));
    (void)hr_out_container(path, &n);
    *is = !is_events;
    if (is_events || is_records || hr_out_ends_with(path, n, ".csv")) return HR_OK;
    return is_named(is, path, err);
}

hr_status hr_calc_table_open(hr_calc_table *t, const char *path, const hr_calc_words *w,
                             hr_err *err)
{
    return hr_calc_input_columns(t, path, w, err);
}

/* ---- the job ---- */

/* A file that is read, beside others its rows one by one. */
typedef struct file {
    hr_calc_input *in;
    hr_calc_span span;
    uint32_t at; /* its next row */
    bool is_done;
} file;

typedef struct job {
    const hr_calc_table_options *o;
    hr_calc_report *r;
    hr_arena *arena;
    hr_calc_batch batch;
    size_t batch_bytes; /* of its rows */
    hr_row_out rows;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
    hr_calc_lines lines;
    uint32_t *used;  /* columns that some part reads */
    uint32_t *place; /* [column] in used */
    double *part_row;
    hr_calc_input_options input;
    hr_calc_rejects rejects;
    int64_t number; /* of the row, from 1 on, where they are numbered */
    file *files;
    uint32_t n_files; /* open */
} job;

static bool is_numbered(const job *j)
{
    return j->o->table->time == HR_CALC_NO_FIELD;
}

/* ---- rows ---- */

/* Wanted are rows before --to, all of them without one; those before --from are quiet. */
static bool wants_all(const job *j)
{
    return j->o->o->listen.plan->to_ns == INT64_MAX;
}

static bool is_wanted(const job *j, const hr_calc_span *s, uint32_t i)
{
    return wants_all(j) || s->ts == NULL || s->ts[i] < j->o->o->listen.plan->to_ns;
}

/* The instrument of a row of this time. NULL: there is no memory for it. */
static hr_calc_line *line_of(job *j, const hr_calc_span *s, uint32_t i, int64_t ts, hr_err *err)
{
    hr_calc_line *line = hr_calc_lines_of(&j->lines, s, i, err);
    if (line == NULL) return NULL;
    j->r->older += ts < line->newest;
    line->newest = HR_MAX(line->newest, ts);
    return line;
}

/* n rows of one instrument, which is looked up once. */
static hr_status add_same(job *j, const hr_calc_span *s, uint32_t at, const int64_t *ts, uint32_t n,
                          hr_err *err)
{
    hr_calc_line *line = hr_calc_lines_of(&j->lines, s, at, err);
    if (line == NULL) return HR_EBUDGET;
    int64_t newest = line->newest;
    uint64_t n_older = 0;
    for (uint32_t i = 0; i < n; i++) {
        n_older += ts[i] < newest;
        newest = HR_MAX(newest, ts[i]);
    }
    line->newest = newest;
    j->r->older += n_older;
    hr_calc_batch_add_same(&j->batch, line, n);
    return HR_OK;
}

static hr_status add_each(job *j, const hr_calc_span *s, uint32_t at, const int64_t *ts, uint32_t n,
                          hr_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        hr_calc_line *line = line_of(j, s, at + i, ts[i], err);
        if (line == NULL) return HR_EBUDGET;
        hr_calc_batch_add(&j->batch, line);
    }
    return HR_OK;
}

/* n wanted rows, for which the batch has room. */
static hr_status take_stretch(job *j, const hr_calc_span *s, uint32_t at, uint32_t n, hr_err *err)
{
    const hr_eval_part *p = &j->batch.e->part[0];
    const int64_t from_ns = j->o->o->listen.plan->from_ns;
    for (uint32_t c = 0; c < p->n_in; c++)
        memcpy(hr_calc_batch_column(&j->batch, c), s->value[j->place[p->in[c].which]] + at,
               n * sizeof(double));
    int64_t *ts = hr_calc_batch_times(&j->batch);
    for (uint32_t i = 0; i < n; i++)
        ts[i] = s->ts != NULL ? s->ts[at + i] : j->number + 1 + i;
    j->number += n;
    hr_calc_batch_quiet(&j->batch, n, s->ts != NULL ? from_ns : INT64_MIN);
    const bool is_same = s->symbol.code == NULL && s->venue.code == NULL;
    HR_TRY(is_same ? add_same(j, s, at, ts, n, err) : add_each(j, s, at, ts, n, err));
    return hr_calc_batch_settle(&j->batch, err);
}

static hr_status take_span(job *j, const hr_calc_span *s, hr_err *err)
{
    const bool all = wants_all(j);
    for (uint32_t n, at = 0; at < s->n; at += n) {
        uint32_t room = HR_MIN(s->n - at, hr_calc_batch_room(&j->batch));
        for (n = all ? room : 0; n < room && is_wanted(j, s, at + n); n++) {
        }
        if (n > 0) HR_TRY(take_stretch(j, s, at, n, err));
        for (; at + n < s->n && !is_wanted(j, s, at + n); n++)
            j->number++;
    }
    return HR_OK;
}

static void read_inputs(const job *j, const hr_eval_part *p, const hr_calc_span *s, uint32_t row,
                        double *to)
{
    for (uint32_t i = 0; i < p->n_in; i++)
        if (!p->in[i].is_of) to[i] = s->value[j->place[p->in[i].which]][row];
}

/* Where some rows are other rows' inputs. */
static hr_status take_row(job *j, const hr_calc_span *s, uint32_t row, hr_err *err)
{
    const hr_eval *e = j->batch.e;
    j->number++;
    if (!is_wanted(j, s, row)) return HR_OK;
    int64_t ts = s->ts != NULL ? s->ts[row] : j->number;
    bool is_quiet = s->ts != NULL && ts < j->o->o->listen.plan->from_ns;
    hr_calc_line *line = line_of(j, s, row, ts, err);
    if (line == NULL) return HR_EBUDGET;
    if (line->part != 0) {
        read_inputs(j, &e->part[line->part], s, row, j->part_row);
        hr_calc_batch_part(&j->batch, line, ts, j->part_row);
    }
    read_inputs(j, &e->part[0], s, row, hr_calc_batch_row(&j->batch));
    return hr_calc_batch_took(&j->batch, line, ts, is_quiet, err);
}

static hr_status on_rows(void *self, hr_calc_batch *b, hr_err *err)
{
    job *j = self;
    return hr_calc_out_put(&j->rows, j->o->o->program, j->o->o->rows, b, err);
}

/* ---- files ---- */

static hr_status take_file(job *j, const char *path, hr_err *err)
{
    hr_status st;
    file *f = &j->files[0];
    const bool by_row = j->batch.e->n_part > 1;
    HR_TRY(hr_calc_input_open(&f->in, &j->input, path, err));
    while ((st = hr_calc_input_next(f->in, &f->span, err)) == HR_OK) {
        if (!by_row) HR_TRY(take_span(j, &f->span, err));
        for (uint32_t i = 0; by_row && i < f->span.n; i++)
            HR_TRY(take_row(j, &f->span, i, err));
    }
    hr_calc_input_close(&f->in);
    return st == HR_END ? HR_OK : st;
}

static hr_status step_file(file *f, hr_err *err)
{
    if (++f->at < f->span.n) return HR_OK;
    hr_status st = hr_calc_input_next(f->in, &f->span, err);
    f->at = 0;
    f->is_done = st == HR_END;
    if (f->is_done) hr_calc_input_close(&f->in);
    return f->is_done ? HR_OK : st;
}

/* All of them at once, the oldest row first, of equal ones the first file's. */
static hr_status take_merged(job *j, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    for (uint32_t i = 0; i < plan->n_inputs; i++) {
        file *f = &j->files[i];
        HR_TRY(hr_calc_input_open(&f->in, &j->input, plan->inputs[i], err));
        HR_TRY(step_file(f, err));
    }
    for (;;) {
        file *first = NULL;
        for (uint32_t i = 0; i < plan->n_inputs; i++) {
            file *f = &j->files[i];
            if (f->is_done) continue;
            if (first == NULL || f->span.ts[f->at] < first->span.ts[first->at]) first = f;
        }
        if (first == NULL) return HR_OK;
        HR_TRY(take_row(j, &first->span, first->at, err));
        HR_TRY(step_file(first, err));
    }
}

/* ---- opening ---- */

/* Columns that the program reads, each once. */
static hr_status find_used(job *j, hr_err *err)
{
    const hr_eval *e = j->o->o->program->e;
    const hr_calc_table *t = j->o->table;
    uint32_t n = 0;
    for (uint32_t c = 0; c < t->n_column; c++)
        j->place[c] = HR_CALC_NO_FIELD;
    for (uint32_t k = 0; k < e->n_part; k++) {
        for (uint32_t i = 0; i < e->part[k].n_in; i++) {
            const hr_eval_in *in = &e->part[k].in[i];
            if (in->is_of || j->place[in->which] != HR_CALC_NO_FIELD) continue;
            HR_TRY(hr_calc_columns_check(t, in->which, err));
            j->place[in->which] = n;
            j->used[n++] = in->which;
        }
    }
    j->input.used = j->used;
    j->input.n_used = n;
    if (!is_numbered(j)) return HR_OK;
    const hr_expr *x = j->o->o->program->x;
    for (uint32_t i = 0; i < x->n_node; i++) {
        const hr_expr_node *node = &x->node[i];
        if (node->kind != HR_EXPR_CALL) continue;
        const hr_op *op = hr_expr_op(x->env, node->which);
        if (!hr_op_needs_times(op, &x->args[node->args])) continue;
        return HR_FAIL(
            err, HR_EUSAGE, "--time none: rows have numbers and no times, so '%s' %s", op->name,
            op->by_times ? "has nothing to go by" : "can go by rows alone, not by a duration");
    }
    return HR_OK;
}

/* Files side by side have half of the memory, one after the other a quarter; what rows of a batch
 * have beyond the least comes off that. */
static hr_status open_files(job *j, size_t *reserved, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    bool is_merged = j->o->o->program->e->n_part > 1 && plan->n_inputs > 1 && !is_numbered(j);
    size_t memory = (size_t)plan->memory_bytes;
    uint32_t n = is_merged ? plan->n_inputs : 1;
    *reserved = memory / (is_merged ? 2 : 4);
    j->input.memory_bytes = *reserved / n;
    if (n > MERGED_MAX)
        return HR_FAIL(err, HR_ELIMIT, "of() reads all files side by side: at most %u, not %u",
                       MERGED_MAX, n);
    if (is_merged && j->input.memory_bytes < FILE_BYTES)
        return HR_FAIL(err, HR_EBUDGET,
                       "of() reads all files side by side: %u of them take --memory %zuMB", n,
                       2 * n * FILE_BYTES / 1000000 + 1);
    j->batch_bytes = hr_calc_batch_share(memory);
    *reserved -= j->batch_bytes - HR_CALC_BATCH_LEAST;
    j->input.memory_bytes = *reserved / n;
    j->files = hr_heap_zero(n, sizeof *j->files);
    if (j->files == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for files");
    j->n_files = n;
    return HR_OK;
}

static hr_status carve(job *j, uint32_t max_lines, size_t parts, hr_err *err)
{
    uint32_t n = j->o->table->n_column;
    hr_status st = hr_calc_lines_init(&j->lines, &j->batch, max_lines, j->arena);
    j->part_row = hr_arena_alloc(j->arena, parts * sizeof *j->part_row, 8);
    j->used = hr_arena_alloc(j->arena, (n + 1) * sizeof *j->used, 8);
    j->place = hr_arena_alloc(j->arena, (n + 1) * sizeof *j->place, 8);
    if (st != HR_OK || j->part_row == NULL || j->used == NULL || j->place == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for rows: raise --memory");
    return HR_OK;
}

/* The first field of rows that have a number for a time. */
static hr_status number_field(job *j, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    if (plan->from_ns != INT64_MIN || plan->to_ns != INT64_MAX)
        return HR_FAIL(err, HR_EUSAGE, "--time none: rows have no times for --from and --to");
    j->field[0] = (hr_row_field){"row", HR_CELL_INT, 0};
    for (uint32_t i = 1; i < j->n_fields; i++)
        if (strcmp(j->field[i].name, "row") == 0)
            return HR_FAIL(err, HR_EUSAGE, "'row' is a column of the output already: another name");
    return HR_OK;
}

/* Memory of the output, beside what others take at least. With lanes to spare a table is written by
 * one of its own: a batch's rows come all at once, so that it has work for as long as the next
 * batch takes, if it takes so many groups. Not where that were much of what instruments have. */
static size_t make_target(const job *j, hr_row_target *to, size_t others)
{
    hr_machine m;
    const hr_plan *plan = j->o->o->listen.plan;
    const size_t memory = (size_t)plan->memory_bytes;
    *to = j->o->o->listen.to;
    to->index_bytes = memory / 16;
    const size_t n_bytes = hr_row_out_bytes(to, j->field, j->n_fields);
    m.n_cpus = plan->lanes;
    if (plan->lanes == 0) hr_machine_read(&m);
    if (m.n_cpus < 2) return n_bytes;
    to->n_lane_groups = 1;
    const size_t one = hr_row_out_bytes(to, j->field, j->n_fields) - n_bytes;
    const size_t n = HR_MIN(j->batch_bytes / (one + 1) + 1, (size_t)HR_ROW_LANE_GROUPS_MAX);
    for (to->n_lane_groups = (uint32_t)n; to->n_lane_groups > 0; to->n_lane_groups--) {
        const size_t more = hr_row_out_bytes(to, j->field, j->n_fields);
        if (more - n_bytes <= memory / LANE_SHARE && more + others <= memory) return more;
    }
    return n_bytes;
}

static hr_status open_all(job *j, hr_err *err)
{
    const hr_calc_options *o = j->o->o;
    const hr_eval *e = o->program->e;
    hr_row_target to;
    size_t memory = (size_t)o->listen.plan->memory_bytes;
    size_t each = e->part[0].state_bytes + HR_CALC_LINE_BYTES;
    size_t reserved;
    size_t parts = 1;
    HR_TRY(open_files(j, &reserved, err));
    for (uint32_t i = 0; i < e->n_part; i++)
        parts = HR_MAX(parts, (size_t)e->part[i].n_in);
    HR_TRY(hr_calc_out_fields(j->field, &j->n_fields, o->program->x, err));
    if (is_numbered(j)) HR_TRY(number_field(j, err));
    size_t fixed = hr_calc_batch_bytes(e, j->batch_bytes, o->measures) +
                   (parts + 8) * sizeof(double) + HR_CALC_LINES_BYTES +
                   j->o->table->n_column * 2 * sizeof *j->used + (64u << 10);
    fixed += make_target(j, &to, fixed + reserved + each);
    if (fixed + reserved + each > memory)
        return HR_FAIL(err, HR_EBUDGET,
                       "--memory: one instrument's windows take %zu bytes, rows %zu; that is more"
                       " than there is",
                       each, fixed);
    size_t max_lines = HR_MIN((memory - fixed - reserved) / each, (size_t)HR_CALC_LINES_MAX);
    j->r->state_bytes = each;
    HR_TRY(hr_arena_create(&j->arena, NULL, fixed + max_lines * each, "rows", err));
    HR_TRY(carve(j, (uint32_t)max_lines, parts, err));
    HR_TRY(find_used(j, err));
    HR_TRY(hr_calc_batch_init(&j->batch, e, j->batch_bytes, o->measures, j->arena, err));
    j->batch.emit = on_rows;
    j->batch.self = j;
    return hr_row_out_open(&j->rows, &to, j->field, j->n_fields, j->arena, err);
}

static hr_status run(job *j, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    int64_t start = hr_sys_mono_ns();
    HR_TRY(open_all(j, err));
    if (j->n_files > 1) HR_TRY(take_merged(j, err));
    for (uint32_t i = 0; j->n_files == 1 && i < plan->n_inputs; i++)
        HR_TRY(take_file(j, plan->inputs[i], err));
    if (j->number == 0 && j->rejects.n > 0)
        return HR_FAIL(err, HR_EINPUT, "none of %llu rows can be read, for the first is: %s",
                       (unsigned long long)j->rejects.n, j->rejects.first);
    HR_TRY(hr_calc_batch_flush(&j->batch, err));
    HR_TRY(hr_program_check(j->o->o->program, err));
    HR_TRY(hr_row_out_finish(&j->rows, err));
    hr_calc_report_batch(j->r, &j->batch);
    memcpy(j->r->reject_1, j->rejects.first, sizeof j->r->reject_1);
    j->r->listen.rejected = j->rejects.n;
    j->r->listen.instruments = j->lines.n_lines;
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
    const hr_plan *plan = o->o->listen.plan;
    hr_row_out_init(&j->rows);
    j->input = (hr_calc_input_options){.words = o->words,
                                       .first = o->table,
                                       .symbol = plan->symbol,
                                       .venue = plan->venue,
                                       .rejects = &j->rejects,
                                       .stop = o->o->listen.stop};
    hr_status st = run(j, err);
    if (st == HR_OK && o->o->measures)
        memcpy(step_ns, j->batch.step_ns, o->o->program->e->n_step * sizeof *step_ns);
    for (uint32_t i = 0; i < j->n_files; i++)
        hr_calc_input_close(&j->files[i].in);
    hr_heap_free(j->files);
    hr_row_out_abandon(&j->rows);
    hr_arena_destroy(&j->arena);
    hr_heap_free(j);
    return st;
}
