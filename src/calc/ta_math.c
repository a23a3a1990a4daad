/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one row: nothing is carried from row to row. */
#include "calc/ta_cols.h"

#define PI 3.14159265358979323846

/* What is not finite in, or not finite out, is null. (x - x) is 0 or NaN, and goes into what is not
 * finite then: two tests would be two branches. */
#define UNARY(fn, value)                                                                           \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const double *restrict in = r->in[0];                                                      \
        double *restrict out = r->out[0];                                                          \
        (void)state;                                                                               \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = in[i];                                                                      \
            double y = (value);                                                                    \
            out[i] = (y - y) + (x - x) == 0 ? y : (double)NAN;                                     \
        }                                                                                          \
    }

#define BINARY(fn, value)                                                                          \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const double *restrict in = r->in[0];                                                      \
        const double *restrict by = r->in[1];                                                      \
        double *restrict out = r->out[0];                                                          \
        (void)state;                                                                               \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = in[i];                                                                      \
            double z = by[i];                                                                      \
            double y = (value);                                                                    \
            out[i] = (y - y) + (z - z) == 0 ? y : (double)NAN;                                     \
        }                                                                                          \
    }

/* clang-format off */
UNARY(acos, acos(x))
UNARY(asin, asin(x))
UNARY(atan, atan(x))
UNARY(ceil, ceil(x))
UNARY(cos, cos(x))
UNARY(cosh, cosh(x))
UNARY(floor, floor(x))
UNARY(log10, log10(x))
UNARY(round, floor(x + 0.5))
UNARY(sin, sin(x))
UNARY(sinh, sinh(x))
UNARY(tan, tan(x))
UNARY(tanh, tanh(x))
UNARY(todeg, x * (180 / PI))
UNARY(torad, x * (PI / 180))
UNARY(trunc, trunc(x))
BINARY(add, x + z)
BINARY(div, x / z)
BINARY(mul, x * z)
BINARY(sub, x - z)
/* clang-format on */
