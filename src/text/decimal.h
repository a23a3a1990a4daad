/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_DECIMAL_H
#define HR_TEXT_DECIMAL_H
/* Exact decimal text <-> scaled int64. Never rounds, never goes through a float. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_DECIMAL_TEXT_MAX 24 /* bytes hr_decimal_format may write, NUL included */

#define HR_DECIMAL_LIMIT INT64_C(1000000000000000000) /* values stay below: 18 digits */

extern const int64_t hr_pow10[19];

/** Parses a JSON-grammar number ("-"? int frac? exp?) that fills [s, s + n) exactly into
 *  value * 10^scale. Leading zeros are accepted ("00.5") because venues send them; "+", "", ".",
 * "1." are not. Exponents are applied exactly. HR_EINPUT: not a number; HR_ERANGE: needs more than
 * 18 significant digits or more decimals than scale holds (trailing zeros are free). scale: 0
 * to 18. Reads only [s, s + n). O(n), any thread. */
HR_MUST_USE hr_status hr_decimal_parse(int64_t *out, const char *s, size_t n, unsigned scale);

/** Shortest exact text ("0.35", "-12", "61773.6"); returns the length, NUL-terminated. */
size_t hr_decimal_format(char *out, int64_t value, unsigned scale);

/** Plain unsigned or signed integer that fills [s, s + n); HR_ERANGE past int64. */
HR_MUST_USE hr_status hr_int_parse(int64_t *out, const char *s, size_t n);

#endif
