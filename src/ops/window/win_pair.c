/* SPDX-License-Identifier: Apache-2.0 */
/* Two columns over a window: sums about a row of those summed, or about their means, which neither
 * large values nor many rows before can be felt in; the first of two that are joined keeps its
 * own. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

enum { REF_X, REF_Y, X, Y, XY, XX, YY, WIDTH };

HR_INLINE void pair_lift(double *a, double x, double y)
{
    a[REF_X] = x;
    a[REF_Y] = y;
    a[X] = a[Y] = a[XY] = a[XX] = a[YY] = 0;
}

/* Sums of n rows about refs that are dx and dy less. */
HR_INLINE void pair_move(double *out, const double *a, double dx, double dy, double n)
{
    double x = a[X] + n * dx;
    double y = a[Y] + n * dy;
    out[XY] = a[XY] + (dx * y + dy * a[X]);
    out[XX] = a[XX] + dx * (a[X] + x);
    out[YY] = a[YY] + dy * (a[Y] + y);
    out[X] = x;
    out[Y] = y;
}

HR_INLINE void pair_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double moved[WIDTH] HR_UNINIT;
    pair_move(moved, b, b[REF_X] - a[REF_X], b[REF_Y] - a[REF_Y], p->nb);
    out[REF_X] = a[REF_X];
    out[REF_Y] = a[REF_Y];
    for (int i = X; i < WIDTH; i++)
        out[i] = a[i] + moved[i];
}

static void pair_settle(double *a, double n, double per_n)
{
    double ref_x = a[REF_X] + a[X] * per_n;
    double ref_y = a[REF_Y] + a[Y] * per_n;
    pair_move(a, a, a[REF_X] - ref_x, a[REF_Y] - ref_y, n);
    a[REF_X] = ref_x;
    a[REF_Y] = ref_y;
}

HR_INLINE double pair_squares(const double *a, int sum, int square, double per_n)
{
    double m2 = a[square] - a[sum] * a[sum] * per_n;
    return 0 > m2 ? 0 : m2;
}

HR_INLINE double pair_products(const double *a, double per_n)
{
    return a[XY] - a[X] * a[Y] * per_n;
}

HR_INLINE double cov_value(const double *a, double n, double per_n)
{
    (void)n;
    return pair_products(a, per_n) * per_n;
}

HR_INLINE double corr_value(const double *a, double n, double per_n)
{
    (void)n;
    double xx = sqrt(pair_squares(a, X, XX, per_n));
    double yy = sqrt(pair_squares(a, Y, YY, per_n));
    double v = pair_products(a, per_n) / xx / yy;
    return v > 1 ? 1 : v < -1 ? -1 : v;
}

/* of the first input on the second */
HR_INLINE double beta_value(const double *a, double n, double per_n)
{
    (void)n;
    return pair_products(a, per_n) / pair_squares(a, Y, YY, per_n);
}

/* of the input on its place */
HR_INLINE double slope_value(const double *a, double n, double per_n)
{
    (void)n;
    return pair_products(a, per_n) / pair_squares(a, X, XX, per_n);
}

HR_INLINE double slope_time_value(const double *a, double n, double per_n)
{
    return slope_value(a, n, per_n) * 1e9;
}

#define FOLD(name)                                                                                 \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        static const hr_fold kind = {.width = WIDTH,                                               \
                                     .n_in = 2,                                                    \
                                     .lift = pair_lift,                                            \
                                     .join = pair_join,                                            \
                                     .settle = pair_settle,                                        \
                                     .value = name##_value};                                       \
        hr_fold_run(state, r, &kind);                                                              \
    }

FOLD(cov)
FOLD(corr)
FOLD(beta)

void HR_WIN_FN(slope)(void *state, const hr_op_rows *r)
{
    static const hr_fold rows = {.width = WIDTH,
                                 .n_in = 1,
                                 .against_time = true,
                                 .lift = pair_lift,
                                 .join = pair_join,
                                 .settle = pair_settle,
                                 .value = slope_value};
    static const hr_fold seconds = {.width = WIDTH,
                                    .n_in = 1,
                                    .against_time = true,
                                    .lift = pair_lift,
                                    .join = pair_join,
                                    .settle = pair_settle,
                                    .value = slope_time_value};
    hr_win *w = state;
    if (w->width_ns > 0) {
        hr_fold_time(w, r, &seconds);
    } else {
        hr_fold_rows(w, r, &rows);
    }
}
