/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, extremes and moments of a window. Moments are kept about their own mean and joined as of
 * two samples (Chan, Golub and LeVeque 1979; Pebay 2008), which does not cancel. */
#include "ops/window/win.h"
#include "ops/window/win_rows.h"

HR_INLINE void one_lift(double *a, double x, double y)
{
    (void)y;
    a[0] = x;
}

HR_INLINE void sum_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] + b[0];
}

HR_INLINE void min_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] < b[0] ? a[0] : b[0];
}

HR_INLINE void max_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] > b[0] ? a[0] : b[0];
}

HR_INLINE double one_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)per_n;
    (void)newest;
    return a[0];
}

HR_INLINE double mean_value(const double *a, double n, double per_n, double newest)
{
    (void)per_n;
    (void)newest;
    return a[0] / n;
}

/* ref, sum and sum of squares of x - ref; ref is a row of those summed, or their mean. The first of
 * two that are joined keeps its own. */
HR_INLINE void two_lift(double *a, double x, double y)
{
    (void)y;
    a[0] = x;
    a[1] = 0;
    a[2] = 0;
}

HR_INLINE void two_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double d = b[0] - a[0];
    double by = p->nb * d;
    double s = b[1] + by;
    out[2] = a[2] + (b[2] + d * (b[1] + s));
    out[1] = a[1] + s;
    out[0] = a[0];
}

/* About their mean, as near as a double comes to it. */
static void two_settle(double *a, double n)
{
    double ref = a[0] + a[1] / n;
    double d = a[0] - ref;
    double s = a[1] + n * d;
    a[2] += d * (a[1] + s);
    a[1] = s;
    a[0] = ref;
}

/* The sum of squares about the mean. */
HR_INLINE double two_squares(const double *a, double per_n)
{
    double m2 = a[2] - a[1] * a[1] * per_n;
    return 0 > m2 ? 0 : m2;
}

HR_INLINE double var_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    return two_squares(a, per_n) * per_n;
}

HR_INLINE double vars_value(const double *a, double n, double per_n, double newest)
{
    (void)newest;
    return two_squares(a, per_n) / (n - 1);
}

HR_INLINE double std_value(const double *a, double n, double per_n, double newest)
{
    return sqrt(var_value(a, n, per_n, newest));
}

HR_INLINE double stds_value(const double *a, double n, double per_n, double newest)
{
    return sqrt(vars_value(a, n, per_n, newest));
}

HR_INLINE double zscore_value(const double *a, double n, double per_n, double newest)
{
    return ((newest - a[0]) - a[1] * per_n) / std_value(a, n, per_n, newest);
}

/* mean, sums of second to fourth powers about it */
HR_INLINE void four_lift(double *a, double x, double y)
{
    (void)y;
    a[0] = x;
    a[1] = a[2] = a[3] = 0;
}

HR_INLINE void four_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double pa = p->pa;
    double pb = p->pb;
    double d = b[0] - a[0];
    double m2 = d * d * (p->na * pb);
    double m4 = a[3] + b[3] + d * d * m2 * (pa * pa - pa * pb + pb * pb) +
                6 * d * d * (pa * pa * b[1] + pb * pb * a[1]) + 4 * d * (pa * b[2] - pb * a[2]);
    double m3 = a[2] + b[2] + d * m2 * (pa - pb) + 3 * d * (pa * b[1] - pb * a[1]);
    out[3] = m4;
    out[2] = m3;
    out[1] = a[1] + b[1] + m2;
    out[0] = a[0] + d * pb;
}

HR_INLINE double skew_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    double var = a[1] * per_n;
    return a[2] * per_n / (var * sqrt(var));
}

HR_INLINE double kurt_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    double var = a[1] * per_n;
    return a[3] * per_n / (var * var) - 3;
}

/* ---- one value, by rows ---- */

typedef enum one_what { SUM, MEAN, LEAST, MOST } one_what;

/* a before b */
HR_INLINE double both(double a, double b, one_what what)
{
    if (what == LEAST) return a < b ? a : b;
    if (what == MOST) return a > b ? a : b;
    return a + b;
}

HR_INLINE double of_none(one_what what)
{
    return what == LEAST ? (double)INFINITY : what == MOST ? -(double)INFINITY : 0;
}

HR_INLINE double one_result(double v, double n, one_what what)
{
    return hr_win_or_null(what == MEAN ? v / n : v);
}

/* Three rows more of each window. */
HR_INLINE void one_few_add(double *restrict all, const double *restrict x, uint32_t n,
                           one_what what)
{
    for (uint32_t i = 0; i < n; i++) {
        const double *p = x + i;
        all[i] = both(both(both(all[i], p[0], what), p[1], what), p[2], what);
    }
}

static void one_few_add_one(double *restrict all, const double *restrict x, uint32_t n,
                            one_what what)
{
    for (uint32_t i = 0; i < n; i++)
        all[i] = both(all[i], x[i], what);
}

HR_INLINE void one_few(hr_win *w, const double *x, double *out, uint32_t n, one_what what)
{
    hr_win_near near HR_UNINIT;
    double all[HR_WIN_STRETCH] HR_UNINIT;
    const uint32_t rows = w->n;
    hr_win_gather(&near, (double *)(void *)((char *)w + HR_WIN_HEAD), rows - 1, x, n);
    memmove(all, near.x, n * sizeof *all);
    uint32_t j = 1;
    for (; j + 3 <= rows; j += 3)
        one_few_add(all, near.x + j, n, what);
    for (; j < rows; j++)
        one_few_add_one(all, near.x + j, n, what);
    for (uint32_t i = 0; i < n; i++)
        out[i] = one_result(all[i], rows, what);
}

/* Prefixes of these rows, and suffixes that end (in memory) with last[n - 1]. */
HR_INLINE void one_scan(double *now, double *turn, const double *restrict x,
                        double *restrict prefix, double *restrict last, uint32_t n, one_what what)
{
    double a = *now;
    double b = *turn;
    for (uint32_t i = 0; i < n; i++) {
        a = both(a, x[i], what);
        b = both(last[n - 1 - i], b, what);
        prefix[i] = a;
        last[n - 1 - i] = b;
    }
    *now = a;
    *turn = b;
}

/* Rows of one block; the rows that were done. */
HR_INLINE uint32_t one_stretch(hr_win *w, const double *x, double *out, uint32_t n, one_what what)
{
    double prefix[HR_WIN_STRETCH] HR_UNINIT;
    const uint32_t b = w->block;
    double *half = (double *)(void *)((char *)w + HR_WIN_HEAD);
    double *mine = half + (w->odd_block ? b + 1 : 0);
    double *last = half + (w->odd_block ? 0 : b + 1);
    n = HR_MIN(n, b - w->at);
    if (w->at == 0) {
        w->prefix[0] = of_none(what);
        w->suffix[0] = of_none(what);
        mine[b] = of_none(what);
    }
    one_scan(w->prefix, w->suffix, x, prefix, last + (b - w->at - n), n, what);
    const double full = w->full[0];
    const double *old = mine + w->at + 1 - (w->n & 1);
    const double rows = w->n;
    for (uint32_t i = 0; i < n; i++)
        out[i] = one_result(both(both(old[i], full, what), prefix[i], what), rows, what);
    memmove(mine + w->at, x, n * sizeof *x);
    w->at += n;
    if (w->at == b) {
        w->full[0] = w->prefix[0];
        w->at = 0;
        w->odd_block ^= 1;
    }
    return n;
}

HR_INLINE void one_step(void *state, const double *x, double *out, uint32_t n, one_what what)
{
    hr_win *w = state;
    if (w->n <= HR_WIN_FEW) {
        one_few(w, x, out, n, what);
    } else {
        for (uint32_t done = 0; done < n;)
            done += one_stretch(w, x + done, out + done, n - done, what);
    }
    hr_win_hide(w, out, n);
}

#define FOLD_AS(fn, name, width_, stem, join_, settle_, run_)                                      \
    void fn(void *state, const hr_op_rows *r)                                                      \
    {                                                                                              \
        static const hr_fold kind = {.width = width_,                                              \
                                     .n_in = 1,                                                    \
                                     .lift = stem##_lift,                                          \
                                     .join = join_##_join,                                         \
                                     .settle = settle_,                                            \
                                     .value = name##_value};                                       \
        run_(state, r, &kind);                                                                     \
    }

#define FOLD(name) FOLD_AS(HR_WIN_FN(name), name, 4, four, four, NULL, hr_fold_run)
#define MOMENT(name) FOLD_AS(HR_WIN_FN(name##_time), name, 3, two, two, two_settle, hr_fold_time)
#define ONE(name, what, join_)                                                                     \
    static FOLD_AS(name##_time, name, 1, one, join_, NULL, hr_fold_time) static void name##_step(  \
        void *state, const double *x, double *out, uint32_t n)                                     \
    {                                                                                              \
        one_step(state, x, out, n, what);                                                          \
    }                                                                                              \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        const hr_win *w = state;                                                                   \
        if (w->width_ns > 0) {                                                                     \
            name##_time(state, r);                                                                 \
        } else {                                                                                   \
            hr_win_stretches(state, r, name##_step);                                               \
        }                                                                                          \
    }

#define sum_value one_value
#define min_value one_value
#define max_value one_value
ONE(sum, SUM, sum)
ONE(mean, MEAN, sum)
ONE(min, LEAST, min)
ONE(max, MOST, max)
MOMENT(var)
MOMENT(vars)
MOMENT(std)
MOMENT(stds)
MOMENT(zscore)
FOLD(skew)
FOLD(kurt)

#ifndef HR_WIN_AVX2

size_t hr_win_bytes_one(const hr_op_args *a)
{
    if (a->is_time[0]) return hr_fold_bytes(a, 1);
    uint64_t n = (uint64_t)a->v[0];
    uint64_t rows = n <= HR_WIN_FEW ? HR_WIN_FEW : 2 * (n / 2 + 1);
    return hr_win_line(HR_WIN_HEAD + rows * sizeof(double));
}

size_t hr_win_bytes_three(const hr_op_args *a)
{
    return hr_fold_bytes(a, 3);
}

size_t hr_win_bytes_four(const hr_op_args *a)
{
    return hr_fold_bytes(a, 4);
}

size_t hr_win_bytes_five(const hr_op_args *a)
{
    return hr_fold_bytes(a, 7);
}

void hr_win_init_one(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_one(a));
}

void hr_win_init_four(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_four(a));
}

void hr_win_init_five(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_five(a));
}

uint32_t hr_win_warm_up(const hr_op_args *a)
{
    return a->is_time[0] ? 0 : (uint32_t)a->v[0] - 1;
}

#endif
