/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/market/mf_parts.h"

static size_t behind(const hr_mf_plan *plan, const hr_op_args *a)
{
    return (size_t)hr_win_line(plan->carried) + (plan->more ? plan->more(a) : 0);
}

static hr_op_args args_of(const hr_mf_window *w, const hr_op_args *a)
{
    return (hr_op_args){
        .v = {a->v[w->arg]}, .is_time = {a->is_time[w->arg]}, .max_rows = a->max_rows};
}

size_t hr_mf_bytes(const hr_mf_plan *plan, const hr_op_args *a)
{
    if (plan->more && plan->more(a) == SIZE_MAX) return SIZE_MAX;
    size_t bytes = sizeof(hr_mf) + behind(plan, a);
    for (unsigned i = 0; i < plan->n_windows; i++) {
        hr_op_args of = args_of(&plan->window[i], a);
        bytes += plan->window[i].bytes(&of);
    }
    return bytes;
}

void hr_mf_init(const hr_mf_plan *plan, void *state, const hr_op_args *a)
{
    hr_mf *s = state;
    size_t off = sizeof *s + behind(plan, a);
    memset(state, 0, off);
    memcpy(s->p, a->v, sizeof s->p);
    s->max_rows = a->max_rows;
    for (unsigned i = 0; i < plan->n_windows; i++) {
        hr_op_args of = args_of(&plan->window[i], a);
        s->off[i] = off;
        plan->window[i].init((char *)state + off, &of);
        off += plan->window[i].bytes(&of);
    }
    if (plan->begin) plan->begin(s, a);
}

void hr_mf_run(const hr_mf_plan *plan, void *state, const hr_op_rows *r)
{
    hr_mf *s = state;
    hr_mf_chunk c HR_UNINIT;
    c.r = r;
    for (c.from = 0; c.from < r->n; c.from += c.n) {
        c.n = HR_MIN(r->n - c.from, HR_MF_CHUNK);
        plan->step(s, &c);
        for (unsigned i = 0; i < plan->n_windows; i++) {
            const hr_mf_window *w = &plan->window[i];
            if (plan->link) plan->link(s, &c, i);
            hr_op_rows rows = {.n = c.n, .ts = r->ts + c.from, .in = {c.d[w->col]}};
            if (w->col + 1u < HR_MF_COLUMNS) rows.in[1] = c.d[w->col + 1];
            rows.out[0] = plan->finish ? c.w[i] : r->out[i] + c.from;
            w->run((char *)state + s->off[i], &rows);
        }
        if (plan->finish) plan->finish(s, &c);
    }
}

/* Arguments and windows lie where they do in a fresh one. */
bool hr_mf_is_sound(const hr_mf_plan *plan, const void *state, const hr_op_args *a)
{
    const hr_mf *s = state;
    size_t off = sizeof *s + behind(plan, a);
    if (memcmp(s->p, a->v, sizeof s->p) != 0 || s->max_rows != a->max_rows) return false;
    if (plan->is_sound && !plan->is_sound(s)) return false;
    for (unsigned i = 0; i < plan->n_windows; i++) {
        const hr_mf_window *w = &plan->window[i];
        hr_op_args of = args_of(w, a);
        if (s->off[i] != off || !w->is_sound((const char *)state + off, &of)) return false;
        off += w->bytes(&of);
    }
    return true;
}

/* ---- windows ---- */

#define SUMS(n)                                                                                    \
    size_t hr_mf_sums##n##_bytes(const hr_op_args *a)                                              \
    {                                                                                              \
        return hr_fold_bytes(a, n, 2);                                                             \
    }                                                                                              \
    void hr_mf_sums##n##_init(void *state, const hr_op_args *a)                                    \
    {                                                                                              \
        hr_fold_init(state, a);                                                                    \
    }

SUMS(1)
SUMS(2)
SUMS(3)

HR_INLINE void ratio_lift(double *a, double x, double y)
{
    a[0] = x;
    a[1] = y;
}

HR_INLINE double ratio_value(const double *a, double n, double per_n)
{
    (void)n;
    (void)per_n;
    return a[0] / a[1];
}

void hr_mf_window_ratio(void *state, const hr_op_rows *r)
{
    static const hr_fold kind = {
        .width = 2, .n_in = 2, .lift = ratio_lift, .join = hr_mf_join2, .value = ratio_value};
    hr_fold_run(state, r, &kind);
}
