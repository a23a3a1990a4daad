/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one row: nothing is carried from row to row. */
#include "ops/ta/ta_cols.h"

#include <float.h>

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

/* Below: the functions of angles and powers by their series, in operations that go over rows as
 * vectors. Within so many units in the last place of the true value: test_math. Rows out of the
 * range of the reduction go to the C library, one by one. */
static const double ln2_high = 0x1.62e42feep-1; /* 32 bits: times an exponent exact */
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double half_pi_high = 0x1.921fb544p+0; /* 33 bits, times 2^20 exact */
static const double half_pi_next = 0x1.0b4611a6p-34;
static const double half_pi_last = 0x1.3198a2e037073p-69;
#define TO_WHOLE 0x1.8p52 /* added and taken away again: the nearest whole number */
#define ANGLE_MOST 1e6
#define POWER_MOST 700

HR_INLINE uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

HR_INLINE double of_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* 1 - z / 3 + z^2 / 5 - ..., z up to 0.172: every fourth power by itself, so that four go side by
 * side */
HR_INLINE double atan_series(double z)
{
    double two = z * z;
    double four = two * two;
    double s0 = 1.0 / 33;
    double s1 = -1.0 / 35;
    double s2 = 1.0 / 37;
    double s3 = -1.0 / 39;
    for (int k = 3; k >= 0; k--) {
        s0 = s0 * four + 1.0 / (8 * k + 1);
        s1 = s1 * four - 1.0 / (8 * k + 3);
        s2 = s2 * four + 1.0 / (8 * k + 5);
        s3 = s3 * four - 1.0 / (8 * k + 7);
    }
    return (s0 + z * s1) + two * (s2 + z * s3);
}

/* the angle whose tangent is a */
HR_INLINE double angle(double a)
{
    const double eighth = 0.41421356237309503; /* the tangent of an eighth of pi */
    bool low = a <= eighth;
    bool high = 1 <= eighth * a;
    double up = low ? a : high ? -1.0 : a - 1;
    double by = low ? 1.0 : high ? a : a + 1;
    double u = up / by;
    double z = u * u;
    double base = low ? 0 : high ? 0x1.921fb54442d18p+0 : 0x1.921fb54442d18p-1;
    double rest = low ? 0 : high ? 0x1.1a62633145c07p-54 : 0x1.1a62633145c07p-55;
    double w = atan_series(z) - 1;
    return base + (u + (rest + u * w));
}

HR_INLINE double signed_as(double size, double x)
{
    return of_bits(bits_of(size) | (bits_of(x) & (UINT64_C(1) << 63)));
}

HR_INLINE double fast_atan(double x)
{
    return signed_as(angle(fabs(x)), x);
}

/* (asin(x) / x - 1) / x^2 of z = x^2 up to 1/4: interpolated at Chebyshev's points, within 6e-17 of
 * asin(x) / x */
HR_INLINE double asin_series(double z)
{
    double w = z * z;
    double even = -0x1.6039c5a845dd8p-7;
    double odd = 0x1.cd8657622d02cp-6;
    even = even * w + 0x1.ff5fb244a4e10p-8;
    odd = odd * w + 0x1.06b9e1075510bp-6;
    even = even * w + 0x1.c8726599c7673p-7;
    odd = odd * w + 0x1.8522dfd25909fp-7;
    even = even * w + 0x1.6e8b2b3af28aep-6;
    odd = odd * w + 0x1.1c593c7d7a61ap-6;
    even = even * w + 0x1.6db6db684b686p-5;
    odd = odd * w + 0x1.f1c71f95277b0p-6;
    even = even * w + 0x1.555555555554fp-3;
    odd = odd * w + 0x1.3333333336da6p-4;
    return even + z * odd;
}

typedef struct arc {
    double angle;
    bool is_steep; /* it is the half of what is left to a quarter turn */
} arc;

/* of the sine a from 0 to 1: above 1/2 by the root of (1 - a) / 2, the sine of half the rest */
HR_INLINE arc arc_of(double a)
{
    bool is_steep = a > 0.5;
    double z = is_steep ? (1 - a) * 0.5 : a * a;
    double s = is_steep ? sqrt(z) : a;
    return (arc){s + s * (z * asin_series(z)), is_steep};
}

HR_INLINE double fast_asin(double x)
{
    arc a = arc_of(fabs(x));
    double steep = 0x1.921fb54442d18p+0 - (2 * a.angle - 0x1.1a62633145c07p-54);
    return signed_as(a.is_steep ? steep : a.angle, x);
}

HR_INLINE double fast_acos(double x)
{
    arc a = arc_of(fabs(x));
    double flat = 0x1.921fb54442d18p+0 - (signed_as(a.angle, x) - 0x1.1a62633145c07p-54);
    double steep = 2 * a.angle;
    double back = 0x1.921fb54442d18p+1 - (steep - 0x1.1a62633145c07p-53);
    return a.is_steep ? (x < 0 ? back : steep) : flat;
}

typedef struct turn {
    double sine, cosine;
    uint64_t quarter; /* of a turn that x is beyond them, of which 2 bits count */
} turn;

/* by x less quarters of a turn, in three parts of pi / 2, and what that rounded away */
HR_INLINE turn turn_of(double x)
{
    double whole = x * 0x1.45f306dc9c883p-1 + TO_WHOLE;
    double n = whole - TO_WHOLE;
    double first = x - n * half_pi_high;
    double part = n * half_pi_next;
    double second = first - part;
    double lost = (first - second) - part;
    double last = n * half_pi_last - lost;
    double r = second - last;
    double low = (second - r) - last;
    double z = r * r;
    double s = -1.0 / 121645100408832000;
    double c = 1.0 / 2432902008176640000;
    s = s * z + 1.0 / 355687428096000;
    c = c * z - 1.0 / 6402373705728000;
    s = s * z - 1.0 / 1307674368000;
    c = c * z + 1.0 / 20922789888000;
    s = s * z + 1.0 / 6227020800;
    c = c * z - 1.0 / 87178291200;
    s = s * z - 1.0 / 39916800;
    c = c * z + 1.0 / 479001600;
    s = s * z + 1.0 / 362880;
    c = c * z - 1.0 / 3628800;
    s = s * z - 1.0 / 5040;
    c = c * z + 1.0 / 40320;
    s = s * z + 1.0 / 120;
    c = c * z - 1.0 / 720;
    s = s * z - 1.0 / 6;
    c = c * z + 1.0 / 24;
    double half = 0.5 * z;
    double near = 1 - half;
    double cosine = near + (((1 - near) - half) + (z * z * c - r * low));
    return (turn){r + (r * z * s + low), cosine, bits_of(whole)};
}

HR_INLINE double fast_sin(double x)
{
    turn t = turn_of(x);
    double y = (t.quarter & 1) != 0 ? t.cosine : t.sine;
    return of_bits(bits_of(y) ^ (t.quarter & 2) << 62);
}

HR_INLINE double fast_cos(double x)
{
    turn t = turn_of(x);
    double y = (t.quarter & 1) != 0 ? t.sine : t.cosine;
    return of_bits(bits_of(y) ^ ((t.quarter + 1) & 2) << 62);
}

HR_INLINE double fast_tan(double x)
{
    turn t = turn_of(x);
    bool odd = (t.quarter & 1) != 0;
    double up = odd ? -t.cosine : t.sine;
    return up / (odd ? t.sine : t.cosine);
}

/* e^x by 2^n e^r */
HR_INLINE double power(double x)
{
    double whole = x * 0x1.71547652b82fep+0 + TO_WHOLE;
    double n = whole - TO_WHOLE;
    double r = (x - n * ln2_high) - n * ln2_low;
    double z = r * r;
    double even = 1.0 / 87178291200;
    double odd = 1.0 / 6227020800;
    even = even * z + 1.0 / 479001600;
    odd = odd * z + 1.0 / 39916800;
    even = even * z + 1.0 / 3628800;
    odd = odd * z + 1.0 / 362880;
    even = even * z + 1.0 / 40320;
    odd = odd * z + 1.0 / 5040;
    even = even * z + 1.0 / 720;
    odd = odd * z + 1.0 / 120;
    even = even * z + 1.0 / 24;
    odd = odd * z + 1.0 / 6;
    double y = 1 + (r + z * (0.5 + (r * odd + z * even)));
    return y * of_bits((bits_of(whole) + 1023) << 52);
}

/* of |x| < 1, where the difference of two powers loses what it is about */
HR_INLINE double sinh_series(double x)
{
    double z = x * x;
    double s = 1.0 / 121645100408832000;
    s = s * z + 1.0 / 355687428096000;
    s = s * z + 1.0 / 1307674368000;
    s = s * z + 1.0 / 6227020800;
    s = s * z + 1.0 / 39916800;
    s = s * z + 1.0 / 362880;
    s = s * z + 1.0 / 5040;
    s = s * z + 1.0 / 120;
    s = s * z + 1.0 / 6;
    return x + x * z * s;
}

HR_INLINE double fast_sinh(double x)
{
    double e = power(fabs(x));
    double large = signed_as(0.5 * e - 0.5 / e, x);
    return fabs(x) < 1 ? sinh_series(x) : large;
}

HR_INLINE double fast_cosh(double x)
{
    double e = power(fabs(x));
    return 0.5 * e + 0.5 / e;
}

HR_INLINE double fast_tanh(double x)
{
    double e = power(fabs(x));
    double up = fabs(x) < 1 ? 2 * sinh_series(x) : signed_as(e - 1 / e, x);
    return up / (e + 1 / e);
}

/* log m + n log 2, of 2^n m, by the series of (m - 1) / (m + 1) */
HR_INLINE double fast_log10(double x)
{
    uint64_t u = bits_of(x) - UINT64_C(0x3fe6a09e667f3bcd); /* the root of 1/2 */
    uint64_t up = (u + (UINT64_C(1023) << 52)) >> 52;
    double n = of_bits(up | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023);
    double f = of_bits((u & ((UINT64_C(1) << 52) - 1)) + UINT64_C(0x3fe6a09e667f3bcd)) - 1;
    double s = f / (2 + f);
    double z = s * s;
    double w = z * z;
    double even = 2.0 / 23;
    double odd = 2.0 / 25;
    for (int k = 4; k >= 0; k--) {
        even = even * w + 2.0 / (4 * k + 3);
        odd = odd * w + 2.0 / (4 * k + 5);
    }
    double half = 0.5 * f * f;
    double rest = s * (half + z * (even + z * odd)); /* log m = f - half + rest */
    double log = f - (half - rest);
    double lost = ((f - log) - half) + rest;
    const double log10_e = 0x1.bcb7b1526e50ep-2;
    const double log10_e_low = 0x1.95355baaafad3p-57;
    const double log10_2 = 0x1.34413509f8p-2;
    const double log10_2_low = -0x1.80433b83b532ap-44;
    return n * log10_2 + (log * log10_e + (n * log10_2_low + (log * log10_e_low + lost * log10_e)));
}

/* fast where it is within range, else the library's */
#define SERIES(fn, within)                                                                         \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const double *restrict in = r->in[0];                                                      \
        double *restrict out = r->out[0];                                                          \
        uint64_t beyond = 0;                                                                       \
        (void)state;                                                                               \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = in[i];                                                                      \
            out[i] = fast_##fn(x);                                                                 \
            beyond |= (within) ? UINT64_C(0) : UINT64_C(1);                                        \
        }                                                                                          \
        for (uint32_t i = 0; i < r->n && beyond; i++) {                                            \
            double x = in[i];                                                                      \
            if (!(within)) out[i] = x - x == 0 ? hr_ta_or_null(fn(x)) : (double)NAN;               \
        }                                                                                          \
    }

/* clang-format off */
SERIES(acos, fabs(x) <= 1)
SERIES(asin, fabs(x) <= 1)
SERIES(atan, fabs(x) <= DBL_MAX)
UNARY(ceil, ceil(x))
SERIES(cos, fabs(x) <= ANGLE_MOST)
SERIES(cosh, fabs(x) <= POWER_MOST)
UNARY(floor, floor(x))
SERIES(log10, x >= DBL_MIN && x <= DBL_MAX)
UNARY(round, floor(x + 0.5))
SERIES(sin, fabs(x) <= ANGLE_MOST)
SERIES(sinh, fabs(x) <= POWER_MOST)
SERIES(tan, fabs(x) <= ANGLE_MOST)
SERIES(tanh, fabs(x) <= POWER_MOST)
UNARY(todeg, x * (180 / PI))
UNARY(torad, x * (PI / 180))
UNARY(trunc, trunc(x))
BINARY(add, x + z)
BINARY(div, x / z)
BINARY(mul, x * z)
BINARY(sub, x - z)
/* clang-format on */
