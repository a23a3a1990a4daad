/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, extremes and moments of a window. Moments are kept about their own mean and joined as of
 * two samples (Chan, Golub and LeVeque 1979; Pebay 2008), which does not cancel. */
#include "calc/win.h"
#include "calc/win_fold.h"

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

/* mean, sum of squares about it */
HR_INLINE void two_lift(double *a, double x, double y)
{
    (void)y;
    a[0] = x;
    a[1] = 0;
}

HR_INLINE void two_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double d = b[0] - a[0];
    double by = p->na * p->pb;
    out[1] = a[1] + b[1] + d * d * by;
    out[0] = a[0] + d * p->pb;
}

HR_INLINE double var_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    return a[1] * per_n;
}

HR_INLINE double vars_value(const double *a, double n, double per_n, double newest)
{
    (void)per_n;
    (void)newest;
    return a[1] / (n - 1);
}

HR_INLINE double std_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    return sqrt(a[1] * per_n);
}

HR_INLINE double stds_value(const double *a, double n, double per_n, double newest)
{
    (void)per_n;
    (void)newest;
    return sqrt(a[1] / (n - 1));
}

HR_INLINE double zscore_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    return (newest - a[0]) / sqrt(a[1] * per_n);
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

#define FOLD(name, width_, stem, join_)                                                            \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        static const hr_fold kind = {.width = width_,                                              \
                                     .n_in = 1,                                                    \
                                     .lift = stem##_lift,                                          \
                                     .join = join_##_join,                                         \
                                     .value = name##_value};                                       \
        hr_fold_run(state, r, &kind);                                                              \
    }

#define sum_value one_value
#define min_value one_value
#define max_value one_value
FOLD(sum, 1, one, sum)
FOLD(mean, 1, one, sum)
FOLD(min, 1, one, min)
FOLD(max, 1, one, max)
FOLD(var, 2, two, two)
FOLD(vars, 2, two, two)
FOLD(std, 2, two, two)
FOLD(stds, 2, two, two)
FOLD(zscore, 2, two, two)
FOLD(skew, 4, four, four)
FOLD(kurt, 4, four, four)

static void init(void *state, const hr_op_args *a, size_t n_bytes)
{
    memset(state, 0, n_bytes);
    hr_win_init(state, a);
}

size_t hr_win_bytes_one(const hr_op_args *a)
{
    return hr_fold_bytes(a, 1);
}

size_t hr_win_bytes_two(const hr_op_args *a)
{
    return hr_fold_bytes(a, 2);
}

size_t hr_win_bytes_four(const hr_op_args *a)
{
    return hr_fold_bytes(a, 4);
}

size_t hr_win_bytes_five(const hr_op_args *a)
{
    return hr_fold_bytes(a, 5);
}

void hr_win_init_one(void *state, const hr_op_args *a)
{
    init(state, a, hr_win_bytes_one(a));
}

void hr_win_init_two(void *state, const hr_op_args *a)
{
    init(state, a, hr_win_bytes_two(a));
}

void hr_win_init_four(void *state, const hr_op_args *a)
{
    init(state, a, hr_win_bytes_four(a));
}

void hr_win_init_five(void *state, const hr_op_args *a)
{
    init(state, a, hr_win_bytes_five(a));
}

uint32_t hr_win_warm_up(const hr_op_args *a)
{
    return a->is_time[0] ? 0 : (uint32_t)a->v[0] - 1;
}
