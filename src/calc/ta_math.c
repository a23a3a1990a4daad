/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one row: nothing is carried from row to row. */
#include "calc/ta_parts.h"

#define PI 3.14159265358979323846

/* what is not finite in, or not finite out, is null */
#define UNARY(fn, value)                                                                           \
    void hr_ta_##fn##_run(void *state, const hr_op_rows *r)                                        \
    {                                                                                              \
        (void)state;                                                                               \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = r->in[0][i];                                                                \
            double y = (value);                                                                    \
            r->out[0][i] = isfinite(x) && isfinite(y) ? y : (double)NAN;                           \
        }                                                                                          \
    }

#define BINARY(fn, value)                                                                          \
    void hr_ta_##fn##_run(void *state, const hr_op_rows *r)                                        \
    {                                                                                              \
        (void)state;                                                                               \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = r->in[0][i];                                                                \
            double z = r->in[1][i];                                                                \
            double y = (value);                                                                    \
            r->out[0][i] = isfinite(x) && isfinite(z) && isfinite(y) ? y : (double)NAN;            \
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
