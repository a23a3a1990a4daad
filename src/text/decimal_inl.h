/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_DECIMAL_INL_H
#define HR_TEXT_DECIMAL_INL_H
/* The hot digit loop, shared by the decimal and the level scanners. Private to text. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/status.h"
#include "text/decimal.h"

#define HR_DECIMAL_SLACK 32 /* bytes that must be readable past the start of a number */

/* Value of the up to eight digits at p (eight bytes are read); *n says how many there are.
 * Method: D. Lemire, "Number parsing at a gigabyte per second" (2021), section 3. */
HR_INLINE uint64_t hr_digits8(const char *p, unsigned *n)
{
    uint64_t t;
    memcpy(&t, p, 8);
    t ^= UINT64_C(0x3030303030303030);
    uint64_t bad = ((t + UINT64_C(0x7676767676767676)) | t) & UINT64_C(0x8080808080808080);
    unsigned k = bad != 0 ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;
    *n = k;
    if (k == 0) return 0;
    t <<= 64 - 8 * k;
    t = ((t & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561) >> 8;
    t = ((t & UINT64_C(0x00ff00ff00ff00ff)) * 6553601) >> 16;
    return ((t & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001)) >> 32;
}

/* Digits with an optional point, HR_DECIMAL_SLACK readable bytes. True when the number is one of
 * the ordinary kind (at most 8 digits before and 16 after the point, fits): *out and *next are set.
 * False: take the slow way. */
HR_INLINE bool hr_decimal_fast(int64_t *out, const char **next, const char *p, unsigned scale)
{
    unsigned n_int;
    unsigned n_frac = 0;
    uint64_t whole = hr_digits8(p, &n_int);
    if (HR_UNLIKELY(n_int == 0)) return false;
    p += n_int;
    uint64_t frac = 0;
    if (*p == '.') {
        frac = hr_digits8(++p, &n_frac);
        p += n_frac;
        if (HR_UNLIKELY(n_frac == 0)) return false;
        if (HR_UNLIKELY(n_frac == 8)) {
            unsigned more;
            uint64_t low = hr_digits8(p, &more);
            if (more > 0) {
                if (more == 8) return false;
                frac = frac * (uint64_t)hr_pow10[more] + low;
                n_frac += more;
                p += more;
            }
        }
    } else if (n_int == 8) {
        return false;
    }
    if (HR_UNLIKELY((unsigned char)(*p - '0') < 10 || n_frac > scale || n_int + scale > 18))
        return false;
    *out = (int64_t)(whole * (uint64_t)hr_pow10[scale] + frac * (uint64_t)hr_pow10[scale - n_frac]);
    *next = p;
    return true;
}

#endif
