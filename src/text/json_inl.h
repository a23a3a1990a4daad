/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_JSON_INL_H
#define HR_TEXT_JSON_INL_H
/* Short ways through JSON as machines write it: no white space, short keys, plain numbers. Each
 * takes what has that shape and is certain to be right, or nothing (false, the cursor stays): then
 * the reader in json.h is asked, which knows all shapes and all errors. */
#include <string.h>

#include "text/digits_inl.h"
#include "text/json.h"

/** A string of at most 15 bytes without escapes, at p: its length, or -1. 17 bytes are read. */
HR_INLINE int hr_json_short_text(const char *p)
{
    const __m128i t = _mm_loadu_si128((const void *)p);
    const __m128i quote = _mm_cmpeq_epi8(t, _mm_set1_epi8('"'));
    const __m128i escape = _mm_cmpeq_epi8(t, _mm_set1_epi8('\\'));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(t, _mm_set1_epi8(0x1f)), t);
    unsigned close = (unsigned)_mm_movemask_epi8(quote);
    unsigned bad = (unsigned)_mm_movemask_epi8(_mm_or_si128(escape, control));
    if (close == 0 || (bad & (close ^ (close - 1))) != 0) return -1;
    return __builtin_ctz(close);
}

HR_INLINE bool hr_json_has_slack(const hr_json *j)
{
    return j->limit - j->p >= HR_DIGITS_SLACK;
}

/** "key": after the object's first bracket (is_first) or a comma. No error was met before. */
HR_INLINE bool hr_json_short_key(hr_json *j, hr_json_str *key, bool is_first)
{
    const char *p = j->p + !is_first;
    if (!hr_json_has_slack(j) || p[0] != '"' || (!is_first && j->p[0] != ',')) return false;
    int n = hr_json_short_text(p + 1);
    if (n < 0 || p[n + 2] != ':') return false;
    *key = (hr_json_str){.s = p + 1, .n = (size_t)n};
    j->p = p + n + 3;
    return true;
}

HR_INLINE bool hr_json_short_string(hr_json *j, hr_json_str *out)
{
    const char *p = j->p;
    if (!hr_json_has_slack(j) || p[0] != '"') return false;
    int n = hr_json_short_text(p + 1);
    if (n < 0) return false;
    *out = (hr_json_str){.s = p + 1, .n = (size_t)n};
    j->p = p + n + 2;
    return true;
}

/* What may stand behind a plain number that is a member of an object or a list. */
HR_INLINE bool hr_json_ends_value(char c)
{
    return c == ',' || c == '}' || c == ']';
}

/** An integer of at most 16 digits, not negative. */
HR_INLINE bool hr_json_short_int(hr_json *j, int64_t *out)
{
    const char *p = j->p;
    if (!hr_json_has_slack(j)) return false;
    const __m128i t = hr_digits_load(p);
    unsigned n = (unsigned)__builtin_ctz(hr_digits_end(t) | 0x10000);
    if (n == 0 || (n > 1 && p[0] == '0') || !hr_json_ends_value(p[n])) return false;
    const __m128i digits = _mm_shuffle_epi8(t, hr_digits_place(n));
    *out = _mm_cvtsi128_si64(hr_digits_sum(digits, digits));
    j->p = p + n;
    return true;
}

/** "12.50": a number in quotes. */
HR_INLINE bool hr_json_short_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    const char *p = j->p;
    hr_digits_span s;
    if (!hr_json_has_slack(j) || p[0] != '"' || scale > HR_DIGITS_SCALE_MAX) return false;
    const hr_digits_scale to = hr_digits_scale_init(scale);
    const __m128i t = hr_digits_load(p + 1);
    if (!hr_digits_find_one(&s, t, p + 1, &to) || p[s.stop + 1] != '"') return false;
    const __m128i digits = hr_digits_align(t, &s, &to);
    *out = _mm_cvtsi128_si64(hr_digits_sum(digits, digits));
    j->p = p + s.stop + 2;
    return true;
}

#endif
