/* SPDX-License-Identifier: Apache-2.0 */
/* Running a part of a program: its steps in order over a batch of rows. */
#include <math.h>

#include "base/assert.h"
#include "base/sys.h"
#include "eval/eval_parts.h"

void hr_eval_init(const hr_eval_part *p, void *state)
{
    for (uint32_t i = 0; i < p->n_step; i++) {
        const hr_eval_step *s = &p->step[i];
        if (s->kind != HR_EXPR_CALL || s->op->init == NULL) continue;
        s->op->init((char *)state + s->state_at, s->args);
    }
}

bool hr_eval_is_sound(const hr_eval_part *p, const void *state)
{
    for (uint32_t i = 0; i < p->n_step; i++) {
        const hr_eval_step *s = &p->step[i];
        if (s->kind != HR_EXPR_CALL || s->op->is_sound == NULL) continue;
        if (!s->op->is_sound((const char *)state + s->state_at, s->args)) return false;
    }
    return true;
}

static void where(double *restrict out, const double *c, const double *x, const double *y,
                  uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double v = c[i] != 0 ? x[i] : y[i];
        out[i] = c[i] == c[i] ? v : (double)NAN;
    }
}

static void fill(double *out, double k, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = k;
}

typedef struct frame {
    double **place;
    char *state;
    const hr_eval_rows *r;
    const hr_op_book *book;
    void *room;
} frame;

static void call(const frame *f, const hr_eval_step *s, const uint32_t *val)
{
    hr_op_rows rows;
    rows.n = f->r->n;
    rows.ts = f->r->ts;
    rows.book = s->op->levels != NULL ? f->book : NULL;
    for (uint32_t i = 0; i < s->n_in; i++)
        rows.in[i] = f->place[val[i]];
    for (uint32_t i = 0; i < s->n_out; i++)
        rows.out[i] = f->place[val[s->n_in + i]];
    if (s->op->behind != NULL && !s->leads) rows.out[s->n_out] = NULL;
    rows.ahead = s->ahead != EVAL_NONE ? f->state + s->ahead_at : NULL;
    rows.room = s->has_room ? f->room : NULL;
    s->op->run(f->state + s->state_at, &rows);
}

static void run_step(const frame *f, const hr_eval_step *s, const uint32_t *val)
{
    uint32_t n = f->r->n;
    double *out = f->place[val[s->n_in]];
    const double *a = f->place[val[0]];
    switch (s->kind) {
    case HR_EXPR_CALL:
        call(f, s, val);
        return;
    case HR_EXPR_WHERE:
        where(out, a, f->place[val[1]], f->place[val[2]], n);
        return;
    case EVAL_FILL:
        fill(out, s->k, n);
        return;
    default:
        break;
    }
    eval_unary_fn unary = hr_eval_unary(s->kind);
    if (unary != NULL)
        unary(out, a, n);
    else
        hr_eval_binary(s->kind, s->form)(out, a, f->place[val[s->n_in > 1]], s->k, n);
}

static void set_book(hr_op_book *book, const hr_eval_part *p, double *const *in)
{
    for (uint32_t i = 0; i < p->n_level; i++) {
        book->bid_px[i] = in[p->levels[4 * i]];
        book->bid_qty[i] = in[p->levels[4 * i + 1]];
        book->ask_px[i] = in[p->levels[4 * i + 2]];
        book->ask_qty[i] = in[p->levels[4 * i + 3]];
    }
}

/* The thread's own clock costs as much as a dozen steps, so it is read around all of them: what the
 * other clock has more was an interruption, and comes off the step that seems the longest. */
static void run_measured(const frame *f, const hr_eval_part *p)
{
    uint64_t *ns = f->r->step_ns + p->first_step;
    int64_t cpu = hr_sys_cpu_ns();
    int64_t start = hr_sys_mono_ns();
    int64_t before = start;
    int64_t longest = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < p->n_step; i++) {
        run_step(f, &p->step[i], p->val + p->step[i].at);
        int64_t now = hr_sys_mono_ns();
        int64_t took = HR_MAX(now - before, 0);
        ns[i] += (uint64_t)took;
        before = now;
        if (took <= longest) continue;
        longest = took;
        at = i;
    }
    int64_t lost = before - start - (hr_sys_cpu_ns() - cpu);
    if (lost > 0) ns[at] -= (uint64_t)HR_MIN(lost, longest);
}

/* Rows [at, at + n) of r, as steps see them. */
static void run_slice(const hr_eval *e, const hr_eval_part *p, void *state, void *work,
                      const hr_eval_rows *r, uint32_t at, uint32_t n)
{
    hr_op_book *book = work;
    double **place = (double **)(void *)(book + 1);
    for (uint32_t i = 0; i < p->n_in; i++)
        place[i] = (double *)(uintptr_t)(r->in[i] + at); /* which nobody writes to */
    for (uint32_t i = 0; i < p->n_out; i++)
        place[p->n_in + i] = r->out[i] + at;
    if (p->n_level > 0) set_book(book, p, place);
    uint32_t n_named = p->n_in + p->n_out;
    size_t head = hr_round_up(sizeof *book + (n_named + p->n_reg) * sizeof *place, 64);
    double *reg = (double *)(void *)((char *)work + head);
    for (uint32_t i = 0; i < p->n_reg; i++)
        place[n_named + i] = reg + (size_t)i * e->batch_rows;
    const hr_eval_rows slice = {.n = n, .ts = r->ts + at, .step_ns = r->step_ns};
    frame f = {.place = place, .state = state, .r = &slice, .book = book};
    f.room = (char *)reg + hr_round_up((size_t)p->n_reg * e->batch_rows * sizeof *reg, 64);
    if (r->step_ns != NULL) {
        run_measured(&f, p);
        return;
    }
    for (uint32_t i = 0; i < p->n_step; i++)
        run_step(&f, &p->step[i], p->val + p->step[i].at);
}

void hr_eval_run(const hr_eval *e, const hr_eval_part *p, void *state, void *work,
                 const hr_eval_rows *r)
{
    HR_ASSERT(r->n <= e->batch_rows);
    for (uint32_t at = 0; at < r->n; at += e->slice_rows)
        run_slice(e, p, state, work, r, at, HR_MIN(r->n - at, e->slice_rows));
}
