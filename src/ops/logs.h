/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_LOGS_H
#define HR_OPS_LOGS_H
/* Logarithms with + - * / alone, so that every machine has the same bits. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#define HR_OP_LN2 0.693147180559945309417232121458

/** a = m 2^e with m in [1, 2), a above 0 and finite: gives m, adds e. */
HR_INLINE double hr_op_split(double a, double *e)
{
    uint64_t bits;
    if (HR_UNLIKELY(a < 0x1p-1022)) {
        a *= 0x1p54;
        *e -= 54;
    }
    memcpy(&bits, &a, sizeof bits);
    *e += (double)(int64_t)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    memcpy(&a, &bits, sizeof bits);
    return a;
}

/** ln(a / b) to a few units of the last place, null where one is not above 0: 2 atanh((a - b) /
 * (a + b)), in which a - b is exact of numbers that are near each other. */
HR_INLINE double hr_op_log_ratio(double a, double b)
{
    const double root2 = 1.41421356237309504880;
    double by = 0;
    if (!(a > 0 && b > 0 && a - a == 0 && b - b == 0)) return (double)NAN;
    if (a > root2 * b || b > root2 * a) {
        double down = 0;
        a = hr_op_split(a, &by);
        b = hr_op_split(b, &down);
        double half_a = a > root2 * b ? 0.5 : 1;
        double half_b = b > root2 * a ? 0.5 : 1;
        by += half_b * 2 - half_a * 2 - down; /* 1 more where a is halved, 1 less where b is */
        a *= half_a;
        b *= half_b;
    }
    double s = (a - b) / (a + b);
    double z = s * s;
    double z2 = z * z;
    double z4 = z2 * z2;
    double p = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
    double q = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
    double r = 1.0 / 19 + z * (1.0 / 21);
    p += z4 * (q + z4 * r);
    return by * HR_OP_LN2 + 2 * (s + s * z * p);
}

#endif
