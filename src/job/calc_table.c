/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_table.h"

#include <string.h>

#include "base/sys.h"
#include "convert/convert_parts.h"
#include "job/calc_batch.h"
#include "job/calc_input.h"

#define FILE_BYTES ((size_t)4 << 20) /* of the memory, for a file: blocks of text, pages */
#define LINES_MAX 65536u             /* instruments */
#define MERGED_MAX 512u              /* files that are read side by side */

/* ---- what it is ---- */

bool hr_calc_table_is(const char *path, hr_err *err)
{
    size_t n;
    bool is_records;
    if (hr_calc_is_parquet(path)) return !hr_calc_parquet_is_events(path);
    if (hr_calc_csv_is_events(path, &is_records, err)) return false;
    (void)hr_out_container(path, &n);
    if (is_records || hr_out_ends_with(path, n, ".csv")) return true;
    hr_calc_table *t = hr_heap_zero(1, sizeof *t);
    bool is_table = t != NULL && hr_calc_csv_columns(t, path, NULL) == HR_OK && t->n_column > 1 &&
                    (hr_calc_columns_has_time(t) || t->is_first_empty);
    hr_heap_free(t);
    return is_table;
}

hr_status hr_calc_table_open(hr_calc_table *t, const char *path, const hr_calc_words *w,
                             hr_err *err)
{
    return hr_calc_input_columns(t, path, w, err);
}

/* ---- the job ---- */

/* A file that is read beside others, with its row at hand. */
typedef struct merged {
    hr_calc_input *in;
    hr_calc_row row;
    bool is_done;
} merged;

typedef struct job {
    const hr_calc_table_options *o;
    hr_calc_report *r;
    hr_arena *arena;
    hr_calc_batch batch;
    hr_row_out rows;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
    hr_calc_line *line;  /* [max_lines] */
    hr_calc_line **slot; /* by hash of the instrument */
    uint32_t mask, n_lines, max_lines;
    hr_calc_line *last; /* of the row before */
    uint32_t *used;     /* columns that some part reads */
    uint32_t *place;    /* [column] in used */
    double *part_row;
    hr_calc_input_options input;
    hr_calc_rejects rejects;
    int64_t number; /* of the row, from 1 on, where they are numbered */
    merged *files;
    uint32_t n_files; /* open */
} job;

static bool is_numbered(const job *j)
{
    return j->o->table->time == HR_CALC_NO_FIELD;
}

/* ---- instruments ---- */

static bool is_same(const hr_text *a, const hr_text *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->byte, b->byte, a->len) == 0);
}

static uint32_t hash_of(uint32_t h, const hr_text *t)
{
    for (uint32_t i = 0; i < t->len; i++)
        h = (h ^ (unsigned char)t->byte[i]) * 16777619u;
    return h ^ h >> 15;
}

static hr_calc_line *line_of(job *j, const hr_calc_row *row, hr_err *err)
{
    hr_calc_line *l = j->last;
    if (l != NULL && is_same(&l->symbol, &row->symbol) && is_same(&l->venue, &row->venue)) return l;
    uint32_t at = hash_of(hash_of(2166136261u, &row->venue), &row->symbol) & j->mask;
    for (; (l = j->slot[at]) != NULL; at = (at + 1) & j->mask)
        if (is_same(&l->symbol, &row->symbol) && is_same(&l->venue, &row->venue)) break;
    if (l == NULL) {
        size_t n = j->batch.e->part[0].state_bytes;
        char *state = j->n_lines < j->max_lines ? hr_arena_alloc(j->arena, n, 64) : NULL;
        if (state == NULL) {
            (void)HR_FAIL(err, HR_EBUDGET, "memory for %u instruments is used up: raise --memory",
                          j->n_lines);
            return NULL;
        }
        l = j->slot[at] = &j->line[j->n_lines++];
        hr_calc_line_init(&j->batch, l, state, &row->venue, &row->symbol);
    }
    j->last = l;
    return l;
}

/* ---- rows ---- */

static void read_inputs(const job *j, const hr_eval_part *p, const hr_calc_row *row, double *to)
{
    for (uint32_t i = 0; i < p->n_in; i++)
        if (!p->in[i].is_of) to[i] = row->value[j->place[p->in[i].which]];
}

static hr_status take_row(job *j, hr_calc_row *row, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    const hr_eval *e = j->batch.e;
    j->number++;
    bool is_quiet = false;
    if (is_numbered(j)) {
        row->ts = j->number;
    } else {
        if (row->ts >= plan->to_ns) return HR_OK;
        is_quiet = row->ts < plan->from_ns;
    }
    hr_calc_line *line = line_of(j, row, err);
    if (line == NULL) return HR_EBUDGET;
    j->r->older += row->ts < line->newest;
    line->newest = HR_MAX(line->newest, row->ts);
    if (line->part != 0) {
        read_inputs(j, &e->part[line->part], row, j->part_row);
        hr_calc_batch_part(&j->batch, line, row->ts, j->part_row);
    }
    read_inputs(j, &e->part[0], row, hr_calc_batch_row(&j->batch));
    return hr_calc_batch_took(&j->batch, line, row->ts, is_quiet, err);
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

static hr_status take_file(job *j, const char *path, hr_err *err)
{
    hr_calc_row row;
    hr_status st;
    HR_TRY(hr_calc_input_open(&j->files[0].in, &j->input, path, err));
    while ((st = hr_calc_input_next(j->files[0].in, &row, err)) == HR_OK)
        HR_TRY(take_row(j, &row, err));
    hr_calc_input_close(&j->files[0].in);
    return st == HR_END ? HR_OK : st;
}

static hr_status step_file(merged *m, hr_err *err)
{
    hr_status st = hr_calc_input_next(m->in, &m->row, err);
    m->is_done = st == HR_END;
    if (m->is_done) hr_calc_input_close(&m->in);
    return m->is_done ? HR_OK : st;
}

/* All of them at once, the oldest row first, of equal ones the first file's. */
static hr_status take_merged(job *j, hr_err *err)
{
    const hr_plan *plan = j->o->o->listen.plan;
    for (uint32_t i = 0; i < plan->n_inputs; i++) {
        merged *m = &j->files[i];
        HR_TRY(hr_calc_input_open(&m->in, &j->input, plan->inputs[i], err));
        HR_TRY(step_file(m, err));
    }
    for (;;) {
        merged *first = NULL;
        for (uint32_t i = 0; i < plan->n_inputs; i++) {
            merged *m = &j->files[i];
            if (!m->is_done && (first == NULL || m->row.ts < first->row.ts)) first = m;
        }
        if (first == NULL) return HR_OK;
        HR_TRY(take_row(j, &first->row, err));
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

/* Files side by side have half of the memory, one after the other a quarter. */
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
    j->files = hr_heap_zero(n, sizeof *j->files);
    if (j->files == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for files");
    j->n_files = n;
    return HR_OK;
}

static hr_status carve(job *j, size_t parts, hr_err *err)
{
    uint32_t n = j->o->table->n_column;
    j->mask = 2 * LINES_MAX - 1;
    j->slot = hr_arena_alloc(j->arena, (j->mask + 1) * sizeof(hr_calc_line *), 64);
    j->line = hr_arena_alloc(j->arena, j->max_lines * sizeof *j->line, 64);
    j->part_row = hr_arena_alloc(j->arena, parts * sizeof *j->part_row, 8);
    j->used = hr_arena_alloc(j->arena, (n + 1) * sizeof *j->used, 8);
    j->place = hr_arena_alloc(j->arena, (n + 1) * sizeof *j->place, 8);
    if (j->line == NULL || j->slot == NULL || j->part_row == NULL || j->used == NULL ||
        j->place == NULL)
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

static hr_status open_all(job *j, hr_err *err)
{
    const hr_calc_options *o = j->o->o;
    const hr_eval *e = o->program->e;
    hr_row_target to = o->listen.to;
    size_t memory = (size_t)o->listen.plan->memory_bytes;
    size_t each = e->part[0].state_bytes + sizeof(hr_calc_line) + 128; /* and their alignment */
    size_t reserved;
    size_t parts = 1;
    HR_TRY(open_files(j, &reserved, err));
    for (uint32_t i = 0; i < e->n_part; i++)
        parts = HR_MAX(parts, (size_t)e->part[i].n_in);
    to.index_bytes = memory / 16;
    HR_TRY(hr_calc_fields(j->field, &j->n_fields, o->program->x, err));
    if (is_numbered(j)) HR_TRY(number_field(j, err));
    size_t fixed = hr_row_out_bytes(&to, j->field, j->n_fields) +
                   hr_calc_batch_bytes(e, o->measures) + (parts + 8) * sizeof(double) +
                   2 * LINES_MAX * sizeof(hr_calc_line *) +
                   j->o->table->n_column * 2 * sizeof *j->used + (64u << 10);
    if (fixed + reserved + each > memory)
        return HR_FAIL(err, HR_EBUDGET,
                       "--memory: one instrument's windows take %zu bytes, rows %zu; that is more"
                       " than there is",
                       each, fixed);
    j->max_lines = (uint32_t)HR_MIN((memory - fixed - reserved) / each, (size_t)LINES_MAX);
    j->r->state_bytes = each;
    HR_TRY(hr_arena_create(&j->arena, NULL, fixed + j->max_lines * each, "rows", err));
    HR_TRY(carve(j, parts, err));
    HR_TRY(find_used(j, err));
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
