/* SPDX-License-Identifier: Apache-2.0 */
#include "text/wide.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"

#define LIMBS 5 /* 128 bits of value before 192 bits of fraction */

static hr_uwide magnitude(hr_wide v)
{
    return v < 0 ? -(hr_uwide)v : (hr_uwide)v;
}

size_t hr_wide_format(char *out, hr_wide v, unsigned scale)
{
    char digits[HR_WIDE_TEXT_MAX];
    hr_uwide u = magnitude(v);
    size_t n = 0;
    size_t at = 0;
    HR_DASSERT(scale <= HR_WIDE_SCALE_MAX);
    for (; scale > 0 && u % 10 == 0; scale--)
        u /= 10;
    if (v == 0) scale = 0;
    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u != 0 || n <= scale);
    if (v < 0) out[at++] = '-';
    while (n > 0) {
        if (n == scale) out[at++] = '.';
        out[at++] = digits[--n];
    }
    out[at] = '\0';
    return at;
}

/* ---- to the nearest double ---- */

/* q, most significant limb first, becomes q / d; the remainder is returned. */
static uint64_t divide_limbs(uint64_t q[LIMBS], uint64_t d)
{
    uint64_t rest = 0;
    for (int i = 0; i < LIMBS; i++) {
        hr_uwide part = (hr_uwide)rest << 64 | q[i];
        q[i] = (uint64_t)(part / d);
        rest = (uint64_t)(part % d);
    }
    return rest;
}

static uint64_t pow5(unsigned n)
{
    uint64_t p = 1;
    while (n-- > 0)
        p *= 5;
    return p;
}

/* The top 64 bits of q with the highest one set; *shift: how many bits stood below them; the lowest
 * bit also says whether any of those was set. */
static uint64_t top_bits(const uint64_t q[LIMBS], int *shift)
{
    int i = 0;
    while (q[i] == 0)
        i++;
    int lead = __builtin_clzll(q[i]);
    uint64_t next = i + 1 < LIMBS ? q[i + 1] : 0;
    uint64_t top = lead > 0 ? q[i] << lead | next >> (64 - lead) : q[i];
    uint64_t below = lead > 0 ? next << lead : next;
    for (int k = i + 2; k < LIMBS; k++)
        below |= q[k];
    *shift = 64 * (LIMBS - 1 - i) - lead;
    return top | (below != 0);
}

static double round_limbs(const uint64_t q[LIMBS], bool has_rest, int exponent)
{
    int shift;
    uint64_t top = top_bits(q, &shift) | has_rest;
    uint64_t mantissa = top >> 11;
    uint64_t rest = top & 0x7ff;
    if (rest > 0x400 || (rest == 0x400 && (mantissa & 1) != 0)) mantissa++;
    return ldexp((double)mantissa, shift + 11 + exponent);
}

double hr_wide_double(hr_wide v, unsigned scale)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    hr_uwide u = magnitude(v);
    HR_DASSERT(scale <= HR_WIDE_SCALE_MAX);
    if (u <= (hr_uwide)1 << 53 && scale < HR_ARRAY_LEN(pow10)) /* both exact: one rounding */
        return (double)(int64_t)v / pow10[scale];
    if (u == 0) return 0;
    /* u * 2^192 / 5^scale keeps at least 105 bits; then powers of two. */
    uint64_t q[LIMBS] = {(uint64_t)(u >> 64), (uint64_t)u};
    unsigned first = HR_MIN(scale, 27u); /* 5^27 fits 63 bits */
    uint64_t rest = divide_limbs(q, pow5(first));
    rest |= divide_limbs(q, pow5(scale - first));
    double d = round_limbs(q, rest != 0, -192 - (int)scale);
    return v < 0 ? -d : d;
}

/* ---- arithmetic ---- */

hr_wide hr_wide_divide(hr_wide a, hr_wide b)
{
    HR_DASSERT(b > 0);
    hr_uwide u = magnitude(a);
    hr_uwide q = u / (hr_uwide)b;
    hr_uwide r = u % (hr_uwide)b;
    if (r >= (hr_uwide)b - r) q++;
    return a < 0 ? -(hr_wide)q : (hr_wide)q;
}

hr_status hr_wide_parse(hr_wide *out, const char *s, size_t n, unsigned scale)
{
    static const hr_wide limit =
        (hr_wide)INT64_C(1000000000000000000) * 10000000 * INT64_C(1000000000000); /* 10^37 */
    hr_wide v = 0;
    unsigned n_frac = 0;
    size_t n_digits = 0;
    bool has_point = false;
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && !has_point && n_digits > 0) {
            has_point = true;
            continue;
        }
        if (s[i] < '0' || s[i] > '9') return HR_EINPUT;
        n_digits++;
        if (has_point && n_frac == scale) {
            fits = fits && s[i] == '0';
            continue;
        }
        n_frac += has_point;
        if (v >= limit / 10)
            fits = false;
        else
            v = v * 10 + (s[i] - '0');
    }
    if (n_digits == 0 || s[n - 1] == '.') return HR_EINPUT;
    for (; n_frac < scale; n_frac++) {
        if (v >= limit / 10)
            fits = false;
        else
            v *= 10;
    }
    if (!fits) return HR_ERANGE;
    *out = v;
    return HR_OK;
}
