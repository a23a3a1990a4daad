/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_ROWS_H
#define HR_OPS_WINDOW_WIN_ROWS_H
/* Windows of n rows, a stretch of rows at a time: what rows take from one another is a chain of
 * additions, and all the rest is done for many rows at once, in loops that the compiler turns into
 * vectors. What a row gives is one fixed expression of the rows in its window, so stretches may be
 * cut anywhere. See docs/modules/window.md. */
#include <string.h>

#include "ops/window/win_fold.h"
#include "ops/window/win_vec.h"

#define HR_WIN_STRETCH 128u /* rows at once, and of a part of a block */
#define HR_WIN_RUN 1024u    /* rows that go by together where none is null */
#define HR_WIN_FEW 20u      /* windows of so many rows are gone over anew for each row */

/** Of a group of rows, which are in a stretch: [from, to). */
typedef struct hr_win_group {
    uint32_t from, to;
    uint32_t first; /* row of the stretch that `from` is */
} hr_win_group;

/** The group at `g`, of a stretch of n rows from `at` on. */
HR_INLINE hr_win_group hr_win_group_of(uint32_t g, uint32_t at, uint32_t n)
{
    uint32_t from = g < at ? at - g : 0;
    uint32_t to = HR_MIN(HR_WIN_GROUP, at + n - g);
    return (hr_win_group){.from = from, .to = to, .first = g + from - at};
}

/** Those before the stretch are kept; those behind it count as `rest`. */
HR_INLINE void hr_win_group_rows(hr_v4 *v, const hr_win_group *g, const double *kept,
                                 const double *x, double rest)
{
    hr_v4_load(v, kept); /* not put together in memory, which would wait for it */
    for (uint32_t i = g->from; i < g->to; i++) {
        hr_v4 from = HR_V4(x[g->first + (i - g->from)]);
        hr_v4_first(v, i, &from);
    }
    const hr_v4 others = HR_V4(rest);
    hr_v4_first(v, g->to, &others);
}

HR_INLINE void hr_win_group_values(double *out, const hr_win_group *g, const hr_v4 *v)
{
    double row[HR_WIN_GROUP];
    hr_v4_store(row, v);
    for (uint32_t i = g->from; i < g->to; i++)
        out[g->first + (i - g->from)] = row[i];
}

/** The rows of the stretch that are in the group, kept. */
HR_INLINE void hr_win_group_keep(double *kept, const hr_win_group *g, const double *x)
{
    for (uint32_t i = g->from; i < g->to; i++)
        kept[i] = x[g->first + (i - g->from)];
}

/** Rows that will be read and written: of a window of many they are not in the cache. */
HR_INLINE void hr_win_fetch(const double *p, int64_t rows)
{
    __builtin_prefetch((const void *)((uintptr_t)p + (uintptr_t)(rows * 8)), 1);
}

#define HR_WIN_AT_ONCE 16u
#define HR_WIN_NEAR 48u /* rows whose windows are gathered first */

/** Values of HR_WIN_AT_ONCE windows of few rows, side by side; p: the oldest row of the first. */
typedef void (*hr_win_few_fn)(double *out, const double *p, uint32_t rows);

HR_INLINE double *hr_win_past(hr_win *w)
{
    return (double *)(void *)((char *)w + HR_WIN_HEAD);
}

/** past: the rows - 1 rows before, oldest first; the newest are left there. */
HR_INLINE void hr_win_few(double *past, uint32_t rows, const double *x, double *out, uint32_t n,
                          hr_win_few_fn some)
{
    double near[HR_WIN_FEW + HR_WIN_NEAR];
    double value[HR_WIN_NEAR] HR_UNINIT;
    const uint32_t n_past = rows - 1;
    const uint32_t n_near = HR_MIN(n, HR_WIN_NEAR);
    for (uint32_t i = 0; i < HR_WIN_FEW + HR_WIN_NEAR; i++)
        near[i] = i < n_past ? past[i] : i - n_past < n_near ? x[i - n_past] : 0;
    for (uint32_t i = 0; i < n_near; i += HR_WIN_AT_ONCE)
        some(value + i, near + i, rows);
    memcpy(out, value, n_near * sizeof *out);
    uint32_t i = n_near;
    for (; i + HR_WIN_AT_ONCE <= n; i += HR_WIN_AT_ONCE)
        some(out + i, x + i - n_past, rows);
    if (i < n) {
        i = n - HR_WIN_AT_ONCE;
        some(out + i, x + i - n_past, rows);
    }
    memcpy(past, n < n_past ? near + n : x + n - n_past, n_past * sizeof *past);
}

/** Rows without a null, at most HR_WIN_RUN of them. */
typedef void (*hr_win_rows_fn)(hr_win *w, const double *x, double *out, uint32_t n);

/** How the windows of an operator are gone over. */
typedef struct hr_win_ways {
    hr_win_rows_fn few, rows; /* windows of HR_WIN_FEW rows or less, and of more */
    void (*time)(void *state, const hr_op_rows *r);
} hr_win_ways;

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

HR_INLINE void hr_win_dense(hr_win *w, const double *x, double *out, uint32_t n,
                            const hr_win_ways *k)
{
    if (w->n <= HR_WIN_FEW) {
        k->few(w, x, out, n);
    } else {
        k->rows(w, x, out, n);
    }
    hr_win_hide(w, out, n);
}

HR_INLINE void hr_win_around_nulls(hr_win *w, const double *x, double *out, uint32_t n,
                                   const hr_win_ways *k)
{
    double dense[HR_WIN_STRETCH] HR_UNINIT;
    double value[HR_WIN_STRETCH] = {0};
    uint32_t m = 0;
    for (uint32_t i = 0; i < n; i++) {
        dense[m] = x[i];
        m += !hr_win_is_null(x[i]);
        if (m == HR_WIN_STRETCH) break; /* i is the last */
    }
    if (m > 0) hr_win_dense(w, dense, value, m, k);
    m = 0;
    for (uint32_t i = 0; i < n; i++)
        out[i] = hr_win_is_null(x[i]) ? (double)NAN : value[m++];
}

HR_INLINE bool hr_win_has_null(const double *x, uint32_t n)
{
    const uint32_t side_by_side = 4 * HR_WIN_GROUP;
    hr_v4_bits is_null = {0, 0, 0, 0};
    bool any = false;
    uint32_t i = 0;
    for (; i + side_by_side <= n; i += side_by_side)
        hr_v4_nulls(&is_null, x + i, side_by_side);
    for (; i < n; i++)
        any |= hr_win_is_null(x[i]);
    return any || hr_v4_any(&is_null);
}

HR_INLINE void hr_win_run(void *state, const hr_op_rows *r, const hr_win_ways *k)
{
    hr_win *w = state;
    if (w->width_ns > 0) {
        k->time(state, r);
        return;
    }
    for (uint32_t i = 0; i < r->n;) {
        const double *x = r->in[0] + i;
        double *out = r->out[0] + i;
        uint32_t n = HR_MIN(r->n - i, HR_WIN_RUN);
        if (HR_LIKELY(!hr_win_has_null(x, n))) {
            hr_win_dense(w, x, out, n, k);
        } else {
            n = HR_MIN(n, HR_WIN_STRETCH);
            hr_win_around_nulls(w, x, out, n, k);
        }
        i += n;
    }
}

/** An operator; `few_of` and `rows_of` are leaves that are inlined, which take `what` last. */
#define HR_WIN_OP(name, what, few_of, rows_of, time_of)                                            \
    static HR_NOINLINE void few_##name(double *out, const double *p, uint32_t n)                   \
    {                                                                                              \
        few_of(out, p, n, what);                                                                   \
    }                                                                                              \
    static HR_NOINLINE void few_rows_##name(hr_win *w, const double *x, double *out, uint32_t n)   \
    {                                                                                              \
        hr_win_few(hr_win_past(w), w->n, x, out, n, few_##name);                                   \
    }                                                                                              \
    static HR_NOINLINE void rows_##name(hr_win *w, const double *x, double *out, uint32_t n)       \
    {                                                                                              \
        rows_of(w, x, out, n, what);                                                               \
    }                                                                                              \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        static const hr_win_ways ways = {                                                          \
            .few = few_rows_##name, .rows = rows_##name, .time = time_of};                         \
        hr_win_run(state, r, &ways);                                                               \
    }

#endif
