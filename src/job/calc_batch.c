/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_batch.h"

#include <math.h>
#include <string.h>

#define ROWS_MAX 8192u
#define ROWS_MIN HR_CALC_STEP_ROWS
#define BATCH_BYTES ((size_t)4 << 20) /* of rows */
#define LINE_BYTES 64u

static uint32_t cap_rows(const hr_eval *e)
{
    size_t each = (e->part[0].n_in + (size_t)e->part[0].n_out + 3) * sizeof(double);
    return (uint32_t)HR_MIN(HR_MAX(BATCH_BYTES / each, (size_t)ROWS_MIN), (size_t)ROWS_MAX);
}

static size_t of_bytes(const hr_eval *e)
{
    size_t n = 0;
    for (uint32_t i = 1; i < e->n_part; i++)
        n += hr_round_up(e->part[i].state_bytes, 64) + 64 + 64 * (e->part[i].n_out + 1);
    return n;
}

static size_t most_inputs(const hr_eval *e)
{
    size_t n = 1;
    for (uint32_t i = 0; i < e->n_part; i++)
        n = HR_MAX(n, (size_t)HR_MAX(e->part[i].n_in, e->part[i].n_out));
    return n;
}

size_t hr_calc_batch_bytes(const hr_eval *e, bool measures)
{
    const hr_eval_part *p = &e->part[0];
    size_t rows = cap_rows(e) * ((p->n_in + (size_t)p->n_out + 3) * sizeof(double));
    size_t call = (p->n_in + (size_t)p->n_out + 1) * HR_CALC_STEP_ROWS * sizeof(double);
    size_t of = e->n_part * 64 + of_bytes(e);
    return rows + call + of + 4 * most_inputs(e) * sizeof(double) + e->work_bytes +
           (measures ? e->n_step * sizeof(uint64_t) : 0) + 4096;
}

static hr_status carve_of(hr_calc_batch *b, hr_arena *arena)
{
    const hr_eval *e = b->e;
    uint32_t n = 0;
    b->of_first = hr_arena_alloc(arena, e->n_part * sizeof *b->of_first, 8);
    b->of_state = hr_arena_alloc(arena, e->n_part * sizeof *b->of_state, 8);
    b->is_of_met = hr_arena_alloc(arena, e->n_part * sizeof *b->is_of_met, 8);
    if (b->of_first == NULL || b->of_state == NULL || b->is_of_met == NULL) return HR_ENOMEM;
    for (uint32_t i = 1; i < e->n_part; i++) {
        b->of_first[i] = n;
        b->is_of_met[i] = false;
        n += e->part[i].n_out;
        b->of_state[i] = hr_arena_alloc(arena, HR_MAX(e->part[i].state_bytes, (size_t)64), 64);
        if (b->of_state[i] == NULL) return HR_ENOMEM;
        hr_eval_init(&e->part[i], b->of_state[i]);
    }
    b->of_value = hr_arena_alloc(arena, (n + 1) * sizeof *b->of_value, 8);
    b->of_in = hr_arena_alloc(arena, most_inputs(e) * sizeof *b->of_in, 8);
    if (b->of_value == NULL || b->of_in == NULL) return HR_ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        b->of_value[i] = (double)NAN;
    return HR_OK;
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
    b->in_at = hr_arena_alloc(arena, most_inputs(e) * sizeof *b->in_at, 8);
    b->out_at = hr_arena_alloc(arena, most_inputs(e) * sizeof *b->out_at, 8);
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
    return carve_of(b, arena);
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

size_t hr_calc_line_bytes(const hr_eval *e)
{
    return hr_round_up(sizeof(hr_calc_line), 64) + e->part[0].state_bytes + LINE_BYTES;
}

/* "BTCUSDT", or with its venue "binance:BTCUSDT". */
static bool is_called(const hr_calc_line *l, const char *name)
{
    size_t n = strlen(name);
    size_t v = l->venue.len;
    size_t s = l->symbol.len;
    if (n == s && memcmp(name, l->symbol.byte, s) == 0) return true;
    return n == v + s + 1 && name[v] == ':' && memcmp(name, l->venue.byte, v) == 0 &&
           memcmp(name + v + 1, l->symbol.byte, s) == 0;
}

hr_calc_line *hr_calc_line_init(hr_calc_batch *b, void *mem, const hr_text *venue,
                                const hr_text *symbol)
{
    hr_calc_line *l = mem;
    *l = (hr_calc_line){.venue = *venue, .symbol = *symbol, .first = HR_CALC_NONE};
    l->last = HR_CALC_NONE;
    l->state = (char *)mem + hr_round_up(sizeof *l, 64);
    hr_eval_init(&b->e->part[0], l->state);
    for (uint32_t i = 1; i < b->e->n_part && l->part == 0; i++) {
        if (b->is_of_met[i] || !is_called(l, b->e->part[i].symbol)) continue;
        b->is_of_met[i] = true;
        l->part = i;
    }
    return l;
}

/* ---- rows ---- */

static void take_of(const hr_calc_batch *b, const hr_eval_part *p, double *row)
{
    for (uint32_t i = 0; i < p->n_in; i++)
        if (p->in[i].is_of) row[i] = b->of_value[b->of_first[p->in[i].which] + p->in[i].idx];
}

double *hr_calc_batch_row(hr_calc_batch *b)
{
    double *row = b->in + (size_t)b->n * b->e->part[0].n_in;
    if (b->e->n_part > 1) take_of(b, &b->e->part[0], row);
    return row;
}

void hr_calc_batch_retake(hr_calc_batch *b)
{
    (void)hr_calc_batch_row(b);
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
    const hr_eval_part *p = &b->e->part[line->part];
    memcpy(b->of_in, in, p->n_in * sizeof *in);
    take_of(b, p, b->of_in);
    for (uint32_t i = 0; i < p->n_in; i++)
        b->in_at[i] = &b->of_in[i];
    for (uint32_t i = 0; i < p->n_out; i++)
        b->out_at[i] = &b->of_value[b->of_first[line->part] + i];
    hr_eval_rows r = {.n = 1, .ts = &ts, .in = b->in_at, .out = b->out_at, .step_ns = b->step_ns};
    hr_eval_run(b->e, p, b->of_state[line->part], b->work, &r);
}

/* n rows of one instrument, from row `at` on. Returns the row behind them. */
static uint32_t work_out(hr_calc_batch *b, hr_calc_line *l, uint32_t at)
{
    const hr_eval_part *p = &b->e->part[0];
    uint32_t idx[HR_CALC_STEP_ROWS];
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
