/* SPDX-License-Identifier: Apache-2.0 */
/* What the returns of a price say of its variance. A return is ln(x / x before), of the rows that
 * have an x; windows count returns. */
#include "ops/market/mf_parts.h"

typedef struct returns {
    uint64_t n;          /* of x so far */
    double x, r, before; /* the newest x, return, and the return before it */
    double spare[4];
} returns;
_Static_assert(sizeof(returns) == 64, "one line");

static void returns_begin(hr_mf *s, const hr_op_args *a)
{
    returns *h = hr_mf_carried(s);
    (void)a;
    h->x = h->r = h->before = hr_mf_null();
}

/* The next return, null where there is none. The row has an x. */
HR_INLINE double next_return(returns *h, double x)
{
    h->before = h->r;
    h->r = hr_log_ratio(x, h->x);
    h->x = x;
    h->n++;
    return h->r;
}

/* columns: return, return before it, and the middle one in size of three, squared */
static void returns_step(hr_mf *s, hr_mf_chunk *c)
{
    returns h = *(returns *)hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        c->d[0][i] = c->d[1][i] = c->d[2][i] = hr_mf_null();
        if (!hr_mf_has(x[i])) continue;
        double r2 = fabs(h.before);
        c->d[0][i] = next_return(&h, x[i]);
        c->d[1][i] = h.before;
        double r0 = fabs(h.r);
        double r1 = fabs(h.before);
        double low = r0 < r1 ? r0 : r1;
        double high = r0 < r1 ? r1 : r0;
        double mid = r2 < low ? low : r2 > high ? high : r2;
        c->d[2][i] = r0 + r1 + r2 >= 0 ? mid * mid : hr_mf_null();
    }
    *(returns *)hr_mf_carried(s) = h;
}

/* ---- windows over returns ---- */

/* x: a return, y: the one before it */
#define LIFT(name, ...)                                                                            \
    HR_INLINE void name##_lift(double *a, double x, double y)                                      \
    {                                                                                              \
        (void)x;                                                                                   \
        (void)y;                                                                                   \
        const double v[] = {__VA_ARGS__};                                                          \
        for (unsigned i = 0; i < HR_ARRAY_LEN(v); i++)                                             \
            a[i] = v[i];                                                                           \
    }
#define VALUE(name, value_)                                                                        \
    HR_INLINE double name##_value(const double *a, double n, double per_n)                         \
    {                                                                                              \
        (void)n;                                                                                   \
        (void)per_n;                                                                               \
        return value_;                                                                             \
    }
#define FOLD(name, sums, columns, lift_)                                                           \
    static void name##_fold(void *state, const hr_op_rows *r)                                      \
    {                                                                                              \
        static const hr_fold kind = {.width = sums,                                                \
                                     .n_in = columns,                                              \
                                     .lift = lift_##_lift,                                         \
                                     .join = hr_mf_join##sums,                                     \
                                     .value = name##_value};                                       \
        hr_fold_run(state, r, &kind);                                                              \
    }
#define RETURNS(name, sums, columns, lift_, col_, value_)                                          \
    VALUE(name, value_)                                                                            \
    FOLD(name, sums, columns, lift_)                                                               \
    HR_MF_DEFINE(name, .carried = sizeof(returns), .begin = returns_begin, .step = returns_step,   \
                 .n_windows = 1, .window = {HR_MF_SUMS(name##_fold, sums, 0, col_)})

HR_INLINE double positive(double x)
{
    return x > 0 ? x : 0;
}

HR_INLINE double least(double x, double y)
{
    return x < y ? x : y;
}

/* clang-format off */
LIFT(as_is, x)
LIFT(square, x * x)
LIFT(powers, x * x, x * x * x, x * x * x * x)
LIFT(by_sign, x > 0 ? x * x : 0, x < 0 ? x * x : 0)
LIFT(fourth, x * x * x * x)
LIFT(product, fabs(x * y))
LIFT(square_product, x * x, fabs(x * y))
LIFT(square_least, least(x * x, y * y))
LIFT(autocov, x * x, x * y)

RETURNS(realised_variance, 1, 1, square, 0, a[0])
RETURNS(realised_vol, 1, 1, square, 0, sqrt(a[0]))
RETURNS(noise_variance, 1, 1, square, 0, a[0] / (2 * n))
RETURNS(realised_skew, 3, 1, powers, 0, sqrt(n) * a[1] / (a[0] * sqrt(a[0])))
RETURNS(realised_kurt, 3, 1, powers, 0, n * a[2] / (a[0] * a[0]))
RETURNS(quarticity, 1, 1, fourth, 0, n / 3 * a[0])
RETURNS(signed_jump, 2, 1, by_sign, 0, (a[0] - a[1]) / (a[0] + a[1]))
RETURNS(bipower, 1, 2, product, 0, HR_MF_PI / 2 * a[0])
RETURNS(jump_share, 2, 2, square_product, 0,
        a[0] > 0 ? positive(1 - HR_MF_PI / 2 * a[1] / a[0]) : hr_mf_null())
RETURNS(minrv, 1, 2, square_least, 0, HR_MF_PI / (HR_MF_PI - 2) * ((n + 1) / n) * a[0])
RETURNS(zhou_variance, 2, 2, autocov, 0, a[0] + 2 * a[1])
RETURNS(medrv, 1, 1, as_is, 2,
        HR_MF_PI / (6 - 4 * sqrt(3) + HR_MF_PI) * ((n + 2) / n) * a[0])

VALUE(down, a[1])
FOLD(down, 2, 1, by_sign)
VALUE(up, a[0])
FOLD(up, 2, 1, by_sign)
VALUE(squares, a[0])
FOLD(squares, 1, 1, square)
/* clang-format on */

HR_MF_DEFINE(semivariance, .carried = sizeof(returns), .begin = returns_begin, .step = returns_step,
             .n_windows = 2,
             .window = {HR_MF_SUMS(down_fold, 2, 0, 0), HR_MF_SUMS(up_fold, 2, 0, 0)})

/* ---- returns over k rows; k is argument 0, the window argument 1 ---- */

static size_t ring_bytes(const hr_op_args *a)
{
    return (size_t)hr_win_line((uint64_t)a->v[0] * sizeof(double));
}

/* Takes v into the ring of k, and gives what came k before it; null before there are k. */
HR_INLINE double ring_pass(returns *h, uint64_t k, uint64_t n, double v)
{
    double *slot = (double *)(void *)(h + 1) + n % k;
    double old = n < k ? hr_mf_null() : *slot;
    *slot = v;
    return old;
}

/* columns: return of one row, of k rows; both or none */
static void long_step(hr_mf *s, hr_mf_chunk *c)
{
    returns *h = hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        c->d[0][i] = c->d[1][i] = hr_mf_null();
        if (!hr_mf_has(x[i])) continue;
        double old = ring_pass(h, (uint64_t)s->p[0], h->n, x[i]);
        double r = next_return(h, x[i]);
        double all = hr_log_ratio(x[i], old);
        if (!hr_mf_has(r) || !hr_mf_has(all)) continue;
        c->d[0][i] = r;
        c->d[1][i] = all;
    }
}

/* columns: return, the return k before it */
static void lagged_step(hr_mf *s, hr_mf_chunk *c)
{
    returns *h = hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        c->d[0][i] = c->d[1][i] = hr_mf_null();
        if (!hr_mf_has(x[i])) continue;
        c->d[0][i] = next_return(h, x[i]);
        c->d[1][i] = ring_pass(h, (uint64_t)s->p[0], h->n - 1, h->r);
    }
}

#define LONG(name, value, ...)                                                                     \
    static void name##_finish(hr_mf *s, hr_mf_chunk *c)                                            \
    {                                                                                              \
        double k = s->p[0];                                                                        \
        double *out = hr_mf_out(c, 0);                                                             \
        for (uint32_t i = 0; i < c->n; i++) {                                                      \
            double one = c->w[0][i];                                                               \
            double all = c->w[1][i];                                                               \
            out[i] = hr_win_or_null(value);                                                        \
        }                                                                                          \
    }                                                                                              \
    HR_MF_DEFINE(name, .carried = sizeof(returns), .begin = returns_begin, .more = ring_bytes,     \
                 .step = long_step, .finish = name##_finish, .n_windows = 2,                       \
                 .window = {__VA_ARGS__})

/* clang-format off */
LONG(variance_ratio, all / (k * one),
     HR_MF_ON(hr_win_var, moments, 1, 0), HR_MF_ON(hr_win_var, moments, 1, 1))
LONG(signature_vol, one >= 0 ? sqrt(all / k) : hr_mf_null(),
     HR_MF_SUMS(squares_fold, 1, 1, 0), HR_MF_SUMS(squares_fold, 1, 1, 1))
LONG(two_scale_variance, (all - one) / k,
     HR_MF_SUMS(squares_fold, 1, 1, 0), HR_MF_SUMS(squares_fold, 1, 1, 1))
/* clang-format on */

HR_MF_DEFINE(return_autocorr, .carried = sizeof(returns), .begin = returns_begin,
             .more = ring_bytes, .step = lagged_step, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_corr, five, 1, 0)})

/* ---- over the window as a whole ---- */

/* columns: x, size of its change */
static void moves_step(hr_mf *s, hr_mf_chunk *c)
{
    returns *h = hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        bool has = hr_mf_has(x[i]);
        c->d[0][i] = has ? x[i] : hr_mf_null();
        c->d[1][i] = has ? fabs(x[i] - h->x) : hr_mf_null();
        if (has) h->x = x[i];
    }
}

static void log_return_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 0)[i] = hr_win_or_null(hr_log_ratio(c->d[0][i], c->w[0][i]));
}

static void efficiency_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 0)[i] = hr_win_or_null(fabs(c->d[0][i] - c->w[0][i]) / c->w[1][i]);
}

HR_MF_DEFINE(log_return, .carried = sizeof(returns), .begin = returns_begin, .step = moves_step,
             .finish = log_return_finish, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_lag, past, 0, 0)})
HR_MF_DEFINE(efficiency, .carried = sizeof(returns), .begin = returns_begin, .step = moves_step,
             .finish = efficiency_finish, .n_windows = 2,
             .window = {HR_MF_ON(hr_win_lag, past, 0, 0), HR_MF_ON(hr_win_sum, one, 0, 1)})
