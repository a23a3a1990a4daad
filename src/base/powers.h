/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_POWERS_H
#define HR_BASE_POWERS_H
/* Exponentials, logarithms and powers with + - * / alone: every machine has the same bits, which
 * the C library, that chooses its functions by the processor, does not promise. Within a unit of
 * the last place of the true value, pow within 1.5. Null (NaN) in, null out. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#define HR_LN2 0.693147180559945309417232121458
#define HR_LN2_HIGH 0x1.62e42feep-1 /* 32 bits: times an exponent exact */
#define HR_LN2_LOW 0x1.a39ef35793c76p-33
#define HR_POWERS_SHIFT 0x1.8p52 /* added and taken off again: the nearest whole number */

/* x, or `to` where it is so: without a branch, for loops that become vectors */
HR_INLINE double hr_powers_hold(double x, bool is, double to)
{
    uint64_t a;
    uint64_t b;
    memcpy(&a, &x, sizeof a);
    memcpy(&b, &to, sizeof b);
    a ^= (a ^ b) & (UINT64_C(0) - is);
    memcpy(&x, &a, sizeof x);
    return x;
}

/** 2^n of a whole n from -1022 to 1023. */
HR_INLINE double hr_two_to(double n)
{
    double v = n + (HR_POWERS_SHIFT + 1023);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits <<= 52;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/** e^(n ln 2 + r + low) of a whole n and |r| up to half ln 2, low far smaller. */
HR_INLINE double hr_exp_parts(double n, double r, double low)
{
    double r2 = r * r;
    double r4 = r2 * r2;
    double a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
    double b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
    double c =
        (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
    double v = 1 + (r + (r2 * (a + r4 * (b + r4 * c)) + low));
    double half = floor(n * 0.5); /* in two steps: of the largest and the least, 2^n is no double */
    return v * hr_two_to(half) * hr_two_to(n - half);
}

/** e^x; infinite past the range, 0 below it. */
HR_INLINE double hr_exp(double x)
{
    double held = hr_powers_hold(x, x > 750, 750);
    held = hr_powers_hold(held, held < -750, -750);
    double n = held * 1.44269504088896340736 + HR_POWERS_SHIFT - HR_POWERS_SHIFT;
    double high = held - n * HR_LN2_HIGH;
    double low = n * HR_LN2_LOW;
    double r = high - low;
    return hr_exp_parts(n, r, (high - r) - low);
}

/** 2^x. */
HR_INLINE double hr_exp2(double x)
{
    double held = hr_powers_hold(x, x > 1100, 1100);
    held = hr_powers_hold(held, held < -1100, -1100);
    double n = held + HR_POWERS_SHIFT - HR_POWERS_SHIFT;
    double t = held - n; /* exact, and so is its product by the 32 bits if t has few */
    double r = t * HR_LN2;
    return hr_exp_parts(n, r, 0);
}

/** a = m 2^e with m in [1, 2), a above 0 and finite: gives m, adds e. */
HR_INLINE double hr_split_power(double a, double *e)
{
    uint64_t bits;
    if (HR_UNLIKELY(a < 0x1p-1022)) {
        a *= 0x1p54;
        *e -= 54;
    }
    memcpy(&bits, &a, sizeof bits);
    *e += (double)(int64_t)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* (atanh s - s) / s^3 of |s| up to 0.1716, z = s^2 */
HR_INLINE double hr_atanh_tail(double z)
{
    double z2 = z * z;
    double z4 = z2 * z2;
    double p = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
    double q = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
    double r = 1.0 / 19 + z * (1.0 / 21);
    return p + z4 * (q + z4 * r);
}

/** ln(x); null where x is not above 0 or not finite. */
HR_INLINE double hr_log(double x)
{
    bool is_tiny = x < 0x1p-1022;
    double up = hr_powers_hold(x, is_tiny, x * 0x1p54);
    uint64_t bits;
    memcpy(&bits, &up, sizeof bits);
    /* the exponent of x / sqrt(2), rounded up, as a double: without a conversion of 64 bits */
    uint64_t above = (bits >> 32) + (0x3ff00000 - 0x3fe6a09e);
    uint64_t place = (above >> 20) | UINT64_C(0x4330000000000000); /* 2^52 + */
    double n;
    memcpy(&n, &place, sizeof n);
    n -= 0x1p52 + 1023 + hr_powers_hold(0, is_tiny, 54);
    bits = (((above & 0xfffff) + 0x3fe6a09e) << 32) | (bits & 0xffffffff);
    double m;
    memcpy(&m, &bits, sizeof m);
    double f = m - 1; /* exact; log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + 2 s^2 tail) */
    double s = f / (2 + f);
    double z = s * s;
    double half = 0.5 * f * f;
    double rest = s * (half + 2 * z * hr_atanh_tail(z));
    double v = n * HR_LN2_HIGH - ((half - (rest + n * HR_LN2_LOW)) - f);
    return hr_powers_hold(v, !(x > 0 && x - x == 0), (double)NAN);
}

/** The root; null where x is below 0. */
HR_INLINE double hr_sqrt(double x)
{
    return hr_powers_hold(sqrt(x), !(x >= 0), (double)NAN);
}

/** ln(a / b) to a few units of the last place, null where one is not above 0: 2 atanh((a - b) /
 * (a + b)), in which a - b is exact of numbers that are near each other. */
HR_INLINE double hr_log_ratio(double a, double b)
{
    const double root2 = 1.41421356237309504880;
    double by = 0;
    if (!(a > 0 && b > 0 && a - a == 0 && b - b == 0)) return (double)NAN;
    if (a > root2 * b || b > root2 * a) {
        double down = 0;
        a = hr_split_power(a, &by);
        b = hr_split_power(b, &down);
        double half_a = a > root2 * b ? 0.5 : 1;
        double half_b = b > root2 * a ? 0.5 : 1;
        by += half_b * 2 - half_a * 2 - down; /* 1 more where a is halved, 1 less where b is */
        a *= half_a;
        b *= half_b;
    }
    if (HR_UNLIKELY(a > 0x1p1022)) { /* the sum is to stay in range */
        a *= 0.5;
        b *= 0.5;
    }
    double s = (a - b) / (a + b);
    double z = s * s;
    return by * HR_LN2 + 2 * (s + s * z * hr_atanh_tail(z));
}

/** x^y as C has it: of x below 0 null but for whole y; whole powers whose value is a double are it.
 */
double hr_pow(double x, double y);

#endif
