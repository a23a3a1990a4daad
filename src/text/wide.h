/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_WIDE_H
#define HR_TEXT_WIDE_H
/* Decimals too wide for 64 bits: sums of quantities and of price times quantity. A value stands for
 * v * 10^-scale, exactly; scale 0 to HR_WIDE_SCALE_MAX. */
#include <stddef.h>

#include "base/status.h"

typedef __int128 hr_wide;
typedef unsigned __int128 hr_uwide;

#define HR_WIDE_TEXT_MAX 48 /* bytes hr_wide_format may write, NUL included */
#define HR_WIDE_SCALE_MAX 37

/** a + b modulo 2^128: absurd amounts give absurd sums, never undefined ones. */
HR_INLINE hr_wide hr_wide_add(hr_wide a, hr_wide b)
{
    return (hr_wide)((hr_uwide)a + (hr_uwide)b);
}
/** Shortest exact text ("0.35", "-12"); returns the length, NUL-terminated. */
size_t hr_wide_format(char *out, hr_wide v, unsigned scale);
/** The double nearest to v * 10^-scale, ties to even. */
double hr_wide_double(hr_wide v, unsigned scale);
/** a / b to the nearest integer, halves away from zero; b > 0. */
hr_wide hr_wide_divide(hr_wide a, hr_wide b);
/** Digits with at most one point, no sign, no exponent. HR_EINPUT: no such number; HR_ERANGE: more
 * decimals than scale, or 10^37 and more. */
HR_MUST_USE hr_status hr_wide_parse(hr_wide *out, const char *s, size_t n, unsigned scale);

#endif
