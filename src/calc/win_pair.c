/* SPDX-License-Identifier: Apache-2.0 */
/* Two columns over a window: means and products about them, joined as in win_sums.c. */
#include "calc/win.h"
#include "calc/win_chunks.h"

/* mean of x, of y; sums of products xy, xx, yy about them */
HR_INLINE void pair_lift(double *a, double x, double y)
{
    a[0] = x;
    a[1] = y;
    a[2] = a[3] = a[4] = 0;
}

HR_INLINE void pair_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double by = p->na * p->pb;
    double dx = b[0] - a[0];
    double dy = b[1] - a[1];
    out[2] = a[2] + b[2] + dx * dy * by;
    out[3] = a[3] + b[3] + dx * dx * by;
    out[4] = a[4] + b[4] + dy * dy * by;
    out[0] = a[0] + dx * p->pb;
    out[1] = a[1] + dy * p->pb;
}

HR_INLINE double cov_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)newest;
    return a[2] * per_n;
}

HR_INLINE double corr_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)per_n;
    (void)newest;
    double v = a[2] / sqrt(a[3]) / sqrt(a[4]);
    return v > 1 ? 1 : v < -1 ? -1 : v;
}

/* of the first input on the second */
HR_INLINE double beta_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)per_n;
    (void)newest;
    return a[2] / a[4];
}

/* of the input on its place */
HR_INLINE double slope_value(const double *a, double n, double per_n, double newest)
{
    (void)n;
    (void)per_n;
    (void)newest;
    return a[2] / a[3];
}

HR_INLINE double slope_time_value(const double *a, double n, double per_n, double newest)
{
    (void)per_n;
    return slope_value(a, n, per_n, newest) * 1e9;
}

#define FOLD(name)                                                                                 \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        static const hr_fold kind = {                                                              \
            .width = 5, .n_in = 2, .lift = pair_lift, .join = pair_join, .value = name##_value};   \
        hr_fold_run(state, r, &kind);                                                              \
    }

FOLD(cov)
FOLD(corr)
FOLD(beta)

void hr_win_slope(void *state, const hr_op_rows *r)
{
    static const hr_fold rows = {.width = 5,
                                 .n_in = 1,
                                 .against_time = true,
                                 .lift = pair_lift,
                                 .join = pair_join,
                                 .value = slope_value};
    static const hr_fold seconds = {.width = 5,
                                    .n_in = 1,
                                    .against_time = true,
                                    .lift = pair_lift,
                                    .join = pair_join,
                                    .value = slope_time_value};
    hr_win *w = state;
    if (w->width_ns > 0) {
        hr_fold_time(w, r, &seconds);
    } else {
        hr_fold_rows(w, r, &rows);
    }
}
