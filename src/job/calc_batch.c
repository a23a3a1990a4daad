/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_batch.h"

#include <string.h>

#define ROWS_MAX 65536u
#define ROWS_MIN HR_CALC_STEP_ROWS
#define BATCH_BYTES ((size_t)4 << 20) /* of rows; an instrument of hundreds has some dozens */

static uint32_t cap_rows(const hr_eval *e)
{
    size_t each = (e->part[0].n_in + (size_t)e->part[0].n_out + 3) * sizeof(double);
    return (uint32_t)HR_MIN(HR_MAX(BATCH_BYTES / each, (size_t)ROWS_MIN), (size_t)ROWS_MAX);
}

size_t hr_calc_batch_bytes(const hr_eval *e, bool measures)
{
    const hr_eval_part *p = &e->part[0];
    size_t rows = cap_rows(e) * ((p->n_in + (size_t)p->n_out + 3) * sizeof(double));
    size_t call = (p->n_in + (size_t)p->n_out + 1) * HR_CALC_STEP_ROWS * sizeof(double);
    return rows + call + hr_eval_others_bytes(e) + e->work_bytes +
           (p->n_in + (size_t)p->n_out + 2) * sizeof(double *) +
           (measures ? (e->n_step + 1) * sizeof(uint64_t) : 0) + 4096;
}

static hr_status carve(hr_calc_batch *b, bool measures, hr_arena *arena)
{
    const hr_eval *e = b->e;
    const hr_eval_part *p = &e->part[0];
    size_t columns = p->n_in + (size_t)p->n_out;
    b->cap = cap_rows(e);
    b->ts = hr_arena_alloc(arena, b->cap * sizeof *b->ts, 64);
    b->next = hr_arena_alloc(arena, b->cap * sizeof *b->next, 64);
    b->is_quiet = hr_arena_alloc(arena, b->cap * sizeof *b->is_quiet, 64);
    b->line = hr_arena_alloc(arena, b->cap * sizeof(hr_calc_line *), 64);
    b->in = hr_arena_alloc(arena, (size_t)b->cap * HR_MAX(p->n_in, 1u) * sizeof *b->in, 64);
    b->out = hr_arena_alloc(arena, (size_t)b->cap * p->n_out * sizeof *b->out, 64);
    b->column = hr_arena_alloc(arena, columns * HR_CALC_STEP_ROWS * sizeof *b->column, 64);
    b->step_ts = hr_arena_alloc(arena, HR_CALC_STEP_ROWS * sizeof *b->step_ts, 64);
    b->in_at = hr_arena_alloc(arena, (p->n_in + 1) * sizeof *b->in_at, 8);
    b->out_at = hr_arena_alloc(arena, (p->n_out + 1) * sizeof *b->out_at, 8);
    b->work = hr_arena_alloc(arena, e->work_bytes, 64);
    if (b->ts == NULL || b->next == NULL || b->is_quiet == NULL || b->line == NULL ||
        b->in == NULL || b->out == NULL || b->column == NULL || b->step_ts == NULL ||
        b->in_at == NULL || b->out_at == NULL || b->work == NULL)
        return HR_ENOMEM;
    if (measures) {
        b->step_ns = hr_arena_alloc(arena, (e->n_step + 1) * sizeof *b->step_ns, 8);
        if (b->step_ns == NULL) return HR_ENOMEM;
        memset(b->step_ns, 0, e->n_step * sizeof *b->step_ns);
    }
    return hr_eval_others_init(&b->others, e, arena);
}

hr_status hr_calc_batch_init(hr_calc_batch *b, const hr_eval *e, bool measures, hr_arena *arena,
                             hr_err *err)
{
    memset(b, 0, sizeof *b);
    b->e = e;
    if (carve(b, measures, arena) == HR_OK) return HR_OK;
    return HR_FAIL(err, HR_EBUDGET, "no memory for a batch of rows: raise --memory");
}

/* ---- instruments ---- */

void hr_calc_line_init(hr_calc_batch *b, hr_calc_line *l, char *state, const hr_text *venue,
                       const hr_text *symbol)
{
    char venue_text[HR_TEXT_CAP + 1] = "";
    char symbol_text[HR_TEXT_CAP + 1] = "";
    *l = (hr_calc_line){.venue = *venue, .symbol = *symbol, .first = HR_CALC_NONE};
    l->last = HR_CALC_NONE;
    l->newest = INT64_MIN;
    l->state = state;
    hr_eval_init(&b->e->part[0], l->state);
    memcpy(venue_text, venue->byte, venue->len);
    memcpy(symbol_text, symbol->byte, symbol->len);
    l->part = hr_eval_others_meet(&b->others, venue_text, symbol_text);
}

/* ---- rows ---- */

double *hr_calc_batch_row(hr_calc_batch *b)
{
    double *row = b->in + (size_t)b->n * b->e->part[0].n_in;
    if (b->e->n_part > 1) hr_eval_others_take(&b->others, &b->e->part[0], row);
    return row;
}

hr_status hr_calc_batch_took(hr_calc_batch *b, hr_calc_line *line, int64_t ts, bool is_quiet,
                             hr_err *err)
{
    uint32_t at = b->n++;
    b->is_quiet[at] = is_quiet;
    b->ts[at] = ts;
    b->line[at] = line;
    b->next[at] = HR_CALC_NONE;
    if (line->first == HR_CALC_NONE) {
        line->first = at;
        line->next = NULL;
        if (b->active == NULL)
            b->active = line;
        else
            b->last_active->next = line;
        b->last_active = line;
    } else {
        b->next[line->last] = at;
    }
    line->last = at;
    return b->n == b->cap ? hr_calc_batch_flush(b, err) : HR_OK;
}

void hr_calc_batch_part(hr_calc_batch *b, const hr_calc_line *line, int64_t ts, const double *in)
{
    hr_eval_others_run(&b->others, line->part, ts, in, b->work, b->step_ns);
}

/* n rows of one instrument, from row `at` on. Returns the row behind them. */
static uint32_t work_out(hr_calc_batch *b, hr_calc_line *l, uint32_t at)
{
    const hr_eval_part *p = &b->e->part[0];
    uint32_t idx[HR_CALC_STEP_ROWS] = {0};
    uint32_t n = 0;
    for (; n < HR_CALC_STEP_ROWS && at != HR_CALC_NONE; at = b->next[at])
        idx[n++] = at;
    for (uint32_t c = 0; c < p->n_in; c++) {
        double *to = b->column + (size_t)c * HR_CALC_STEP_ROWS;
        for (uint32_t i = 0; i < n; i++)
            to[i] = b->in[(size_t)idx[i] * p->n_in + c];
        b->in_at[c] = to;
    }
    for (uint32_t i = 0; i < n; i++)
        b->step_ts[i] = b->ts[idx[i]];
    for (uint32_t c = 0; c < p->n_out; c++)
        b->out_at[c] = b->column + (size_t)(p->n_in + c) * HR_CALC_STEP_ROWS;
    hr_eval_rows r = {
        .n = n, .ts = b->step_ts, .in = b->in_at, .out = b->out_at, .step_ns = b->step_ns};
    hr_eval_run(b->e, p, l->state, b->work, &r);
    for (uint32_t c = 0; c < p->n_out; c++)
        for (uint32_t i = 0; i < n; i++)
            b->out[(size_t)idx[i] * p->n_out + c] = b->out_at[c][i];
    return at;
}

hr_status hr_calc_batch_flush(hr_calc_batch *b, hr_err *err)
{
    uint32_t n_out = b->e->part[0].n_out;
    for (hr_calc_line *l = b->active; l != NULL; l = l->next) {
        for (uint32_t at = l->first; at != HR_CALC_NONE;)
            at = work_out(b, l, at);
        l->first = l->last = HR_CALC_NONE;
    }
    uint32_t n = b->n;
    b->active = b->last_active = NULL;
    b->n = 0;
    b->n_rows += n;
    for (uint32_t i = 0; i < n; i++)
        if (!b->is_quiet[i])
            HR_TRY(b->emit(b->self, b->line[i], b->ts[i], b->out + (size_t)i * n_out, err));
    return HR_OK;
}
