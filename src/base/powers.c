/* SPDX-License-Identifier: Apache-2.0 */
#include "base/powers.h"

#include <stdbool.h>

/* A number as the sum of two doubles, some 105 bits. */
typedef struct two {
    double hi, lo;
} two;

static two two_sum(double a, double b)
{
    double s = a + b;
    double c = s - a;
    return (two){s, (a - (s - c)) + (b - c)};
}

/* a in halves of 26 bits; below 2^996 */
static two halves(double a)
{
    double c = a * 0x1.0000002p27;
    double high = c - (c - a);
    return (two){high, a - high};
}

/* a b exactly, where nothing leaves the range */
static two two_product(double a, double b)
{
    double p = a * b;
    two x = halves(a);
    two y = halves(b);
    return (two){p, ((x.hi * y.hi - p) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}

static two times(two a, two b)
{
    two p = two_product(a.hi, b.hi);
    return two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static two plus(two a, two b)
{
    two s = two_sum(a.hi, b.hi);
    return two_sum(s.hi, s.lo + (a.lo + b.lo));
}

/* ln of x above 0, to 2^-66 */
static two log_of(double x)
{
    double n = 0;
    double m = hr_split_power(x, &n);
    if (m > 1.41421356237309504880) {
        m *= 0.5;
        n += 1;
    }
    double f = m - 1; /* exact */
    two d = two_sum(m, 1);
    double s = f / d.hi;
    two p = two_product(s, d.hi);
    two q = {s, (((f - p.hi) - p.lo) - s * d.lo) / d.hi}; /* f / (m + 1) */
    two z = times(q, q);
    /* atanh q = q + q z (1 / 3 + z (1 / 5 + ..)): the third in two doubles, what is behind it in
     * one */
    const two third = {1.0 / 3, 0x1.5555555555555p-56};
    double z1 = z.hi;
    double behind = (hr_atanh_tail(z1) - 1.0 / 3);
    two tail = plus(third, (two){behind, 0});
    two v = plus(q, times(times(q, z), tail));
    const two ln2 = {HR_LN2_HIGH, HR_LN2_LOW};
    two by = two_product(n, ln2.lo);
    two sum = two_sum(n * ln2.hi, 2 * v.hi);
    return two_sum(sum.hi, sum.lo + (by.hi + (2 * v.lo + by.lo)));
}

/* x^n by squares, in two doubles: a value that is a double comes out as it is */
static double whole_power(double x, uint32_t n)
{
    two v = {1, 0};
    two square = {x, 0};
    for (; n > 0; n >>= 1) {
        if (n & 1) v = times(v, square);
        if (n > 1) square = times(square, square);
    }
    return v.hi + v.lo;
}

/* e^(y ln x) of x above 0 */
static double real_power(double x, double y)
{
    two l = log_of(x);
    double rough = y * l.hi;
    if (!(fabs(rough) < 800)) return rough > 0 ? HUGE_VAL : 0;
    two e = times((two){y, 0}, l);
    double n = e.hi * 1.44269504088896340736 + HR_POWERS_SHIFT - HR_POWERS_SHIFT;
    double high = e.hi - n * HR_LN2_HIGH;
    double low = n * HR_LN2_LOW - e.lo;
    double r = high - low;
    return hr_exp_parts(n, r, (high - r) - low);
}

#define WHOLE_MOST 64u /* powers by squares */
#define SMALL 0x1p-14  /* and of what: so that no square of two doubles leaves the range */
#define LARGE 0x1p14

double hr_pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (isnan(x) || isnan(y)) return (double)NAN;
    double a = fabs(x);
    bool is_whole = floor(y) == y;
    bool is_odd = is_whole && fabs(y) < 0x1p53 && fmod(y, 2) != 0;
    double sign = x < 0 && is_odd ? -1 : 1;
    if (x < 0 && !is_whole && !isinf(x)) return (double)NAN;
    if (a == 0) return y > 0 ? (is_odd ? x : 0) : is_odd ? copysign(HUGE_VAL, x) : HUGE_VAL;
    if (isinf(a)) return y > 0 ? sign * HUGE_VAL : 0 * sign;
    if (isinf(y)) return a == 1 ? 1 : (a > 1) == (y > 0) ? HUGE_VAL : 0;
    if (fabs(y) > 0x1p64) return a == 1 ? 1 : (a > 1) == (y > 0) ? HUGE_VAL : 0;
    if (is_whole && y > 0 && y <= WHOLE_MOST && a >= SMALL && a <= LARGE)
        return sign * whole_power(a, (uint32_t)y);
    if (y == -1) return 1 / x;
    if (y == 0.5) return sqrt(a);
    return sign * real_power(a, y);
}
