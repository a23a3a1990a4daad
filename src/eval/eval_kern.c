/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in operators over columns: hr_expr_apply for many rows. Inputs are finite or NaN, so
 * that x - x is 0 or null. */
#include <math.h>

#include "eval/eval_parts.h"
#include "expr/expr_parts.h"
#include "kern/kern.h"

static inline double or_null(double v)
{
    return v - v == 0 ? v : (double)NAN;
}

static inline double null_of(double a, double b)
{
    return (a - a) + (b - b);
}

#define F(name, value)                                                                             \
    static inline double name(double a, double b)                                                  \
    {                                                                                              \
        return value;                                                                              \
    }
F(f_or, a == 1 || b == 1 ? 1 : null_of(a, b))
F(f_and, a == 0 || b == 0 ? 0 : 1 + null_of(a, b))
F(f_lt, (a < b ? 1.0 : 0.0) + null_of(a, b))
F(f_le, (a <= b ? 1.0 : 0.0) + null_of(a, b))
F(f_gt, (a > b ? 1.0 : 0.0) + null_of(a, b))
F(f_ge, (a >= b ? 1.0 : 0.0) + null_of(a, b))
F(f_eq, (a == b ? 1.0 : 0.0) + null_of(a, b))
F(f_ne, (a != b ? 1.0 : 0.0) + null_of(a, b))
F(f_add, or_null(a + b))
F(f_sub, or_null(a - b))
F(f_mul, or_null(a *b))
F(f_div, or_null(a / b))
F(f_mod, hr_expr_mod(a, b))
F(f_pow, hr_expr_pow(a, b))
#undef F

#define OVER(f)                                                                                    \
    static void f##_vv(double *restrict out, const double *a, const double *b, double k,           \
                       uint32_t n)                                                                 \
    {                                                                                              \
        (void)k;                                                                                   \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = f(a[i], b[i]);                                                                \
    }                                                                                              \
    static void f##_vk(double *restrict out, const double *a, const double *b, double k,           \
                       uint32_t n)                                                                 \
    {                                                                                              \
        (void)b;                                                                                   \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = f(a[i], k);                                                                   \
    }                                                                                              \
    static void f##_kv(double *restrict out, const double *a, const double *b, double k,           \
                       uint32_t n)                                                                 \
    {                                                                                              \
        (void)a;                                                                                   \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = f(k, b[i]);                                                                   \
    }
OVER(f_or)
OVER(f_and)
OVER(f_lt)
OVER(f_le)
OVER(f_gt)
OVER(f_ge)
OVER(f_eq)
OVER(f_ne)
OVER(f_add)
OVER(f_sub)
OVER(f_mul)
OVER(f_div)
OVER(f_mod)
OVER(f_pow)
#undef OVER

#define ROW(kind, f) [kind] = {f##_vv, f##_vk, f##_kv}
static const eval_binary_fn binary[][3] = {
    ROW(HR_EXPR_OR, f_or),   ROW(HR_EXPR_AND, f_and), ROW(HR_EXPR_LT, f_lt),
    ROW(HR_EXPR_LE, f_le),   ROW(HR_EXPR_GT, f_gt),   ROW(HR_EXPR_GE, f_ge),
    ROW(HR_EXPR_EQ, f_eq),   ROW(HR_EXPR_NE, f_ne),   ROW(HR_EXPR_ADD, f_add),
    ROW(HR_EXPR_SUB, f_sub), ROW(HR_EXPR_MUL, f_mul), ROW(HR_EXPR_DIV, f_div),
    ROW(HR_EXPR_MOD, f_mod), ROW(HR_EXPR_POW, f_pow),
};
#undef ROW

eval_binary_fn hr_eval_binary(unsigned kind, eval_form form)
{
    return kind < HR_ARRAY_LEN(binary) ? binary[kind][form] : NULL;
}

#define UNARY(name, value)                                                                         \
    static void name(double *restrict out, const double *in, uint32_t n)                           \
    {                                                                                              \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            double a = in[i];                                                                      \
            out[i] = value;                                                                        \
        }                                                                                          \
    }
UNARY(f_not, (a == 0 ? 1.0 : 0.0) + (a - a))
UNARY(f_neg, -a)
UNARY(f_abs, fabs(a))
UNARY(f_is_null, a != a ? 1.0 : 0.0)
UNARY(f_raw, a)
#undef UNARY

#define EXP_ROWS 512u

static void f_log(double *restrict out, const double *in, uint32_t n)
{
    hr_kern_get()->powers.log(out, in, n);
}

/* by parts, that the second loop finds in the first cache */
static void f_exp(double *restrict out, const double *in, uint32_t n)
{
    for (uint32_t at = 0; at < n; at += EXP_ROWS) {
        uint32_t m = HR_MIN(EXP_ROWS, n - at);
        hr_kern_get()->powers.exp(out + at, in + at, m);
        for (uint32_t i = at; i < at + m; i++)
            out[i] = or_null(out[i]);
    }
}

static void f_sqrt(double *restrict out, const double *in, uint32_t n)
{
    hr_kern_get()->powers.sqrt(out, in, n);
}

eval_unary_fn hr_eval_unary(unsigned kind)
{
    static const eval_unary_fn unary[EVAL_COPY + 1] = {
        [HR_EXPR_NOT] = f_not, [HR_EXPR_NEG] = f_neg,         [HR_EXPR_ABS] = f_abs,
        [HR_EXPR_EXP] = f_exp, [HR_EXPR_IS_NULL] = f_is_null, [HR_EXPR_LOG] = f_log,
        [HR_EXPR_RAW] = f_raw, [HR_EXPR_SQRT] = f_sqrt,       [EVAL_COPY] = f_raw,
    };
    return kind <= EVAL_COPY ? unary[kind] : NULL;
}
