/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_batch.h"

#include <string.h>

#define ROWS_MAX 262144u
#define ROWS_MIN 256u /* of rows so wide that no more go into their share */
#define SHARE 32u /* of the memory */
#define SHARE_MAX ((size_t)16 << 20)
#define ROWS_A_LINE 8u /* numbers in a line of the cache */

static size_t row_bytes(const hr_eval_part *p)
{
    return (p->reads_times ? 2 : 1) * sizeof(int64_t) + 3 * sizeof(uint32_t) + sizeof(bool) +
           sizeof(hr_calc_line *) + (2 * (size_t)p->n_in + p->n_out) * sizeof(double);
}

/* An odd number of cache lines a column: of columns that lie a power of two apart, the same row
 * would always be in the same few places of the cache. */
static uint32_t cap_rows(const hr_eval *e, size_t rows_bytes)
{
    size_t n = HR_MAX(rows_bytes / row_bytes(&e->part[0]), (size_t)ROWS_MIN);
    return (uint32_t)HR_MIN(n, (size_t)ROWS_MAX) / (2 * ROWS_A_LINE) * (2 * ROWS_A_LINE) +
           ROWS_A_LINE;
}

size_t hr_calc_batch_share(size_t memory_bytes)
{
    return HR_MIN(HR_MAX(memory_bytes / SHARE, HR_CALC_BATCH_LEAST), SHARE_MAX);
}

size_t hr_calc_batch_bytes(const hr_eval *e, size_t rows_bytes, bool measures)
{
    const hr_eval_part *p = &e->part[0];
    return cap_rows(e, rows_bytes) * row_bytes(p) + hr_eval_others_bytes(e) + e->work_bytes +
           (2 * (size_t)p->n_in + p->n_out + 3) * sizeof(double *) +
           (measures ? (e->n_step + 1) * sizeof(uint64_t) : 0) + 4096;
}

static hr_status carve(hr_calc_batch *b, size_t rows_bytes, bool measures, hr_arena *arena)
{
    const hr_eval *e = b->e;
    const hr_eval_part *p = &e->part[0];
    const size_t cap = b->cap = cap_rows(e, rows_bytes);
    b->ts = hr_arena_alloc(arena, cap * sizeof *b->ts, 64);
    b->which = hr_arena_alloc(arena, cap * sizeof *b->which, 64);
    b->place = hr_arena_alloc(arena, cap * sizeof *b->place, 64);
    b->is_quiet = hr_arena_alloc(arena, cap * sizeof *b->is_quiet, 64);
    b->in = hr_arena_alloc(arena, cap * HR_MAX(p->n_in, 1u) * sizeof *b->in, 64);
    b->row = hr_arena_alloc(arena, (p->n_in + 1) * sizeof *b->row, 8);
    b->lines = hr_arena_alloc(arena, cap * sizeof(hr_calc_line *), 64);
    b->n_of = hr_arena_alloc(arena, cap * sizeof *b->n_of, 64);
    if (p->reads_times) b->line_ts = hr_arena_alloc(arena, cap * sizeof *b->line_ts, 64);
    b->line_in = hr_arena_alloc(arena, cap * HR_MAX(p->n_in, 1u) * sizeof *b->line_in, 64);
    b->out = hr_arena_alloc(arena, cap * p->n_out * sizeof *b->out, 64);
    b->in_at = hr_arena_alloc(arena, (p->n_in + 1) * sizeof *b->in_at, 8);
    b->out_at = hr_arena_alloc(arena, (p->n_out + 1) * sizeof *b->out_at, 8);
    b->work = hr_arena_alloc(arena, e->work_bytes, 64);
    if (b->ts == NULL || b->which == NULL || b->place == NULL || b->is_quiet == NULL ||
        b->in == NULL || b->row == NULL || b->lines == NULL || b->n_of == NULL ||
        (p->reads_times && b->line_ts == NULL) || b->line_in == NULL || b->out == NULL ||
        b->in_at == NULL || b->out_at == NULL || b->work == NULL)
        return HR_ENOMEM;
    if (measures) {
        b->step_ns = hr_arena_alloc(arena, (e->n_step + 1) * sizeof *b->step_ns, 8);
        if (b->step_ns == NULL) return HR_ENOMEM;
        memset(b->step_ns, 0, e->n_step * sizeof *b->step_ns);
    }
    return hr_eval_others_init(&b->others, e, arena);
}

hr_status hr_calc_batch_init(hr_calc_batch *b, const hr_eval *e, size_t rows_bytes, bool measures,
                             hr_arena *arena, hr_err *err)
{
    memset(b, 0, sizeof *b);
    b->e = e;
    if (carve(b, rows_bytes, measures, arena) == HR_OK) return HR_OK;
    return HR_FAIL(err, HR_EBUDGET, "no memory for a batch of rows: raise --memory");
}

/* ---- instruments ---- */

void hr_calc_line_init(hr_calc_batch *b, hr_calc_line *l, char *state, const hr_calc_label *label)
{
    char venue[HR_TEXT_CAP + 1] = "";
    char symbol[HR_TEXT_CAP + 1] = "";
    *l = (hr_calc_line){.newest = INT64_MIN, .which = HR_CALC_NONE, .state = state, .label = label};
    hr_eval_init(&b->e->part[0], l->state);
    memcpy(venue, label->venue.byte, label->venue.len);
    memcpy(symbol, label->symbol.byte, label->symbol.len);
    l->part = hr_eval_others_meet(&b->others, venue, symbol);
}

/* ---- rows ---- */

double *hr_calc_batch_row(hr_calc_batch *b)
{
    if (b->e->n_part > 1) hr_eval_others_take(&b->others, &b->e->part[0], b->row);
    return b->row;
}

void hr_calc_batch_quiet(hr_calc_batch *b, uint32_t n, int64_t from_ns)
{
    const int64_t *ts = b->ts + b->n;
    bool *is_quiet = b->is_quiet + b->n;
    memset(is_quiet, 0, n * sizeof *is_quiet);
    if (from_ns == INT64_MIN) return;
    for (uint32_t i = 0; i < n; i++) {
        is_quiet[i] = ts[i] < from_ns;
        b->n_quiet += is_quiet[i];
    }
}

void hr_calc_batch_add_same(hr_calc_batch *b, hr_calc_line *line, uint32_t n)
{
    uint32_t *which = b->which + b->n;
    hr_calc_batch_add(b, line);
    b->n_of[line->which] += n - 1;
    for (uint32_t i = 1; i < n; i++)
        which[i] = line->which;
    b->n += n - 1;
}

hr_status hr_calc_batch_took(hr_calc_batch *b, hr_calc_line *line, int64_t ts, bool is_quiet,
                             hr_err *err)
{
    for (uint32_t c = 0; c < b->e->part[0].n_in; c++)
        *hr_calc_batch_column(b, c) = b->row[c];
    b->ts[b->n] = ts;
    b->is_quiet[b->n] = is_quiet;
    b->n_quiet += is_quiet;
    hr_calc_batch_add(b, line);
    return hr_calc_batch_settle(b, err);
}

void hr_calc_batch_part(hr_calc_batch *b, const hr_calc_line *line, int64_t ts, const double *in)
{
    hr_eval_others_run(&b->others, line->part, ts, in, b->work, b->step_ns);
}

/* ---- by instrument ---- */

/* Of a line, where the next of its rows goes. */
static void begin_lines(hr_calc_batch *b)
{
    uint32_t at = 0;
    for (uint32_t l = 0; l < b->n_lines; l++) {
        uint32_t n = b->n_of[l];
        b->n_of[l] = at;
        at += n;
    }
}

/* Where each row goes, and the first of its columns with it; n_of of a line is then where its rows
 * end. */
static void place_rows(hr_calc_batch *b, const double *restrict from, double *restrict to)
{
    const uint32_t *which = b->which;
    uint32_t *restrict next = b->n_of;
    uint32_t *restrict place = b->place;
    const uint32_t n = b->n;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = next[which[i]]++;
        place[i] = at;
        to[at] = from[i];
    }
}

static void lay_out(double *restrict to, const double *from, const uint32_t *place, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[place[i]] = from[i];
}

static void lay_out_times(int64_t *restrict to, const int64_t *from, const uint32_t *place,
                          uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[place[i]] = from[i];
}

/* Rows of many instruments. */
static void by_instrument(hr_calc_batch *b)
{
    begin_lines(b);
    place_rows(b, b->in, b->line_in);
    for (uint32_t c = 1; c < b->e->part[0].n_in; c++)
        lay_out(b->line_in + (size_t)c * b->cap, b->in + (size_t)c * b->cap, b->place, b->n);
    if (b->line_ts != NULL) lay_out_times(b->line_ts, b->ts, b->place, b->n);
}

/* They lie as they are to. */
static void of_one(hr_calc_batch *b)
{
    b->n_of[0] = b->n;
    for (uint32_t i = 0; i < b->n; i++)
        b->place[i] = i;
}

/* Rows of one instrument, from place `at` on. */
static void work_out(hr_calc_batch *b, const hr_calc_line *l, const int64_t *ts, const double *in,
                     uint32_t at, uint32_t n)
{
    const hr_eval_part *p = &b->e->part[0];
    for (uint32_t c = 0; c < p->n_in; c++)
        b->in_at[c] = in + (size_t)c * b->cap + at;
    for (uint32_t c = 0; c < p->n_out; c++)
        b->out_at[c] = b->out + (size_t)c * b->cap + at;
    hr_eval_rows r = {
        .n = n, .ts = ts + at, .in = b->in_at, .out = b->out_at, .step_ns = b->step_ns};
    hr_eval_run(b->e, p, l->state, b->work, &r);
}

hr_status hr_calc_batch_settle(hr_calc_batch *b, hr_err *err)
{
    return b->n == b->cap ? hr_calc_batch_flush(b, err) : HR_OK;
}

hr_status hr_calc_batch_flush(hr_calc_batch *b, hr_err *err)
{
    const bool is_mixed = b->n_lines > 1;
    if (b->n == 0) return HR_OK;
    if (is_mixed) {
        by_instrument(b);
    } else {
        of_one(b);
    }
    const int64_t *ts = is_mixed && b->line_ts != NULL ? b->line_ts : b->ts;
    const double *in = is_mixed ? b->line_in : b->in;
    uint32_t at = 0;
    for (uint32_t l = 0; l < b->n_lines; l++) {
        /* in even calls: of windows in order one of few rows costs more than many of its rows */
        const uint32_t n_calls = (b->n_of[l] - at - 1) / HR_CALC_STEP_ROWS + 1;
        const uint32_t most = (b->n_of[l] - at - 1) / n_calls + 1;
        for (uint32_t n; at < b->n_of[l]; at += n) {
            n = HR_MIN(b->n_of[l] - at, most);
            work_out(b, b->lines[l], ts, in, at, n);
        }
        b->lines[l]->which = HR_CALC_NONE;
    }
    b->n_rows += b->n;
    HR_TRY(b->emit(b->self, b, err));
    b->n = b->n_lines = b->n_quiet = 0;
    return HR_OK;
}
