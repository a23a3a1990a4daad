/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_ROWS_H
#define HR_OPS_WINDOW_WIN_ROWS_H
/* Windows of n rows, a stretch of rows at a time: what rows take from one another is a chain of
 * additions, and all the rest is done for many rows at once, in loops that the compiler turns into
 * vectors. What a row gives is one fixed expression of the rows in its window, so stretches may be
 * cut anywhere. See docs/modules/window.md. */
#include <string.h>

#include "ops/window/win_fold.h"

#define HR_WIN_STRETCH 128u /* rows at once, and of a part of a block */
#define HR_WIN_FEW 20u      /* windows of so many rows are gone over anew for each row */

/** Rows without a null, at most HR_WIN_STRETCH of them. */
typedef void (*hr_win_step_fn)(void *state, const double *x, double *out, uint32_t n);

/* An exponent of ones is a null: one more carries into the sign. */
HR_INLINE bool hr_win_has_null(const double *x, uint32_t n)
{
    const uint64_t exponent = UINT64_C(0x7ff) << 52;
    uint64_t any = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, x + i, sizeof bits);
        any |= (bits & exponent) + (UINT64_C(1) << 52);
    }
    return any >> 63;
}

HR_INLINE void hr_win_around_nulls(void *state, const double *x, double *out, uint32_t n,
                                   hr_win_step_fn step)
{
    double dense[HR_WIN_STRETCH] HR_UNINIT;
    double value[HR_WIN_STRETCH] HR_UNINIT;
    uint32_t m = 0;
    for (uint32_t i = 0; i < n; i++) {
        dense[m] = x[i];
        m += !hr_win_is_null(x[i]);
        if (m == HR_WIN_STRETCH) break; /* i is the last */
    }
    if (m > 0) step(state, dense, value, m);
    m = 0;
    for (uint32_t i = 0; i < n; i++)
        out[i] = hr_win_is_null(x[i]) ? (double)NAN : value[m++];
}

HR_INLINE void hr_win_stretches(void *state, const hr_op_rows *r, hr_win_step_fn step)
{
    for (uint32_t i = 0; i < r->n;) {
        uint32_t n = HR_MIN(r->n - i, HR_WIN_STRETCH);
        const double *x = r->in[0] + i;
        double *out = r->out[0] + i;
        if (HR_LIKELY(!hr_win_has_null(x, n))) {
            step(state, x, out, n);
        } else {
            hr_win_around_nulls(state, x, out, n, step);
        }
        i += n;
    }
}

/** Rows that windows end with before they are whole have no value; all is counted in w->end. */
HR_INLINE void hr_win_hide(hr_win *w, double *out, uint32_t n)
{
    if (HR_UNLIKELY(w->end + 1 < w->n)) {
        uint64_t none = HR_MIN(w->n - 1 - w->end, (uint64_t)n);
        for (uint32_t i = 0; i < none; i++)
            out[i] = (double)NAN;
    }
    w->end += n;
}

/** Few rows: those before the stretch and its own in one place. */
typedef struct hr_win_near {
    double x[HR_WIN_FEW + HR_WIN_STRETCH];
} hr_win_near;

/** past: the n - 1 rows before, oldest first; the newest are left there. */
HR_INLINE void hr_win_gather(hr_win_near *near, double *past, uint32_t n_past, const double *x,
                             uint32_t n)
{
    for (uint32_t i = 0; i < n_past; i++)
        near->x[i] = past[i];
    memmove(near->x + n_past, x, n * sizeof *x);
    for (uint32_t i = 0; i < n_past; i++)
        past[i] = near->x[n + i];
}

#endif
