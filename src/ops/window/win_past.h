/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_PAST_H
#define HR_OPS_WINDOW_WIN_PAST_H
/* Single rows of a window or before it, row by row. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

typedef enum hr_past_what {
    HR_PAST_FIRST,
    HR_PAST_LAST,
    HR_PAST_COUNT,
    HR_PAST_LAG,
    HR_PAST_DIFF,
    HR_PAST_PCT,
} hr_past_what;

HR_INLINE double hr_past_value(hr_past_what what, double x, double old, uint64_t n)
{
    if (what == HR_PAST_LAST) return x;
    if (what == HR_PAST_COUNT) return (double)n;
    if (what == HR_PAST_DIFF) return hr_win_or_null(x - old);
    if (what == HR_PAST_PCT) return hr_win_or_null((x - old) / old);
    return old;
}

HR_INLINE double *hr_past_ring(hr_win *w)
{
    return (double *)(void *)((char *)w + HR_WIN_HEAD);
}

HR_INLINE void hr_past_rows(hr_win *w, const hr_op_rows *r, hr_past_what what)
{
    double *ring = hr_past_ring(w);
    const uint64_t mask = w->cap - 1;
    const uint64_t back = what == HR_PAST_COUNT ? 0 : what < HR_PAST_LAG ? w->n - 1 : w->n;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        double v = (double)NAN;
        if (!hr_win_is_null(x)) {
            uint64_t p = w->end++;
            ring[p & mask] = x;
            if (p >= back) v = hr_past_value(what, x, ring[(p - back) & mask], HR_MIN(p + 1, w->n));
        }
        r->out[0][i] = v;
    }
}

HR_INLINE void hr_past_time(hr_win *w, const hr_op_rows *r, hr_past_what what)
{
    int64_t *ts = (int64_t *)(void *)((char *)w + HR_WIN_HEAD);
    double *ring = (double *)(void *)(ts + w->cap);
    const uint64_t mask = w->cap - 1;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        double v = (double)NAN;
        if (!hr_win_is_null(x)) {
            ring[w->end & mask] = x;
            bool is_whole = hr_win_pass(w, ts, r->ts[i]);
            bool before = what >= HR_PAST_LAG;
            if (is_whole && (!before || w->from > 0)) {
                double old = ring[(before ? w->from - 1 : w->from) & mask];
                v = hr_past_value(what, x, old, w->end - w->from);
            }
        }
        r->out[0][i] = v;
    }
}

#endif
