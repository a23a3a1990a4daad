/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_DIGITS_INL_H
#define HR_TEXT_DIGITS_INL_H
/* Up to 16 digits at once: a vector holds the decimal digits of a fixed-point value, each in the
 * lane of its weight, and four multiply-adds make the number. Only what the base tier (SSE 4.1)
 * has. Callers keep HR_DIGITS_SLACK bytes readable from the first one on. Method of the sum: W.
 * Mula, "SIMD-ized conversion of decimal digits" (2014). */
#include <smmintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_DIGITS_SLACK 64
#define HR_DIGITS_SCALE_MAX 15

/* Two tables of lanes. From place k on, the first hold k - 16, k - 15, ...: a shuffle by them moves
 * a vector k lanes short of its end, and negative places become zero. From HR_DIGITS_KEEP + k on,
 * the first 16 - k lanes are all ones. */
#define HR_DIGITS_KEEP 33
static const int8_t hr_digit_lanes[HR_DIGITS_KEEP + 32] = {
    -16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0,
    1,   2,   3,   4,   5,   6,   7,   8,  9,  10, 11, 12, 13, 14, 15, 16, -1,
    -1,  -1,  -1,  -1,  -1,  -1,  -1,  -1, -1, -1, -1, -1, -1, -1, -1};

HR_INLINE __m128i hr_digits_load(const char *p)
{
    return _mm_sub_epi8(_mm_loadu_si128((const void *)p), _mm_set1_epi8('0'));
}

/** A bit for each byte, of those hr_digits_load gave, that was no digit. */
HR_INLINE uint32_t hr_digits_end(__m128i t)
{
    return (uint32_t)_mm_movemask_epi8(_mm_adds_epu8(t, _mm_set1_epi8(118)));
}

HR_INLINE __m128i hr_digits_place(unsigned k)
{
    return _mm_loadu_si128((const void *)(hr_digit_lanes + k));
}

/** Two vectors of 16 digits -> two numbers. */
HR_INLINE __m128i hr_digits_sum(__m128i a, __m128i b)
{
    const __m128i tens = _mm_set1_epi16(0x010a);
    const __m128i hundreds = _mm_set1_epi32(0x00010064);
    const __m128i myriads = _mm_set1_epi32(0x00012710);
    a = _mm_madd_epi16(_mm_maddubs_epi16(a, tens), hundreds);
    b = _mm_madd_epi16(_mm_maddubs_epi16(b, tens), hundreds);
    __m128i halves = _mm_madd_epi16(_mm_packus_epi32(a, b), myriads);
    return _mm_add_epi64(_mm_mul_epu32(halves, _mm_set1_epi32(100000000)),
                         _mm_srli_epi64(halves, 32));
}

/** How the digits of one scale are laid out: whole ones end at lane 16 - scale. */
typedef struct hr_digits_scale {
    __m128i skip_point; /* one in each lane behind the point */
    const int8_t *lanes;
    uint64_t max_int, max_frac; /* together a number and its point fit one vector */
} hr_digits_scale;

/** scale: at most HR_DIGITS_SCALE_MAX. */
HR_INLINE hr_digits_scale hr_digits_scale_init(unsigned scale)
{
    const __m128i last = _mm_set1_epi8((char)(15 - (int)scale));
    const __m128i is_behind = _mm_cmpgt_epi8(hr_digits_place(16), last);
    return (hr_digits_scale){.skip_point = _mm_and_si128(is_behind, _mm_set1_epi8(1)),
                             .lanes = hr_digit_lanes + scale,
                             .max_int = 15 - scale,
                             .max_frac = scale};
}

/** Where a number stands in its text: n_int digits, and n_frac behind a point unless 0. */
typedef struct hr_digits_span {
    uint64_t n_int, n_frac;
    uint64_t stop; /* the byte behind it, from p */
} hr_digits_span;

/** The number at p[at]. *end is not 0: a bit for each byte behind it that is no digit, the highest
 * of which may be missing, so that the caller checks what stands at p[stop]. Those from stop on are
 *  left. False: not of the ordinary kind; *end is anything. */
HR_INLINE bool hr_digits_find(hr_digits_span *s, uint64_t *end, const char *p, uint64_t at,
                              const hr_digits_scale *to)
{
    s->stop = (uint64_t)__builtin_ctzll(*end);
    s->n_int = s->stop - at;
    s->n_frac = 0;
    if (p[s->stop] == '.') {
        const uint64_t point = s->stop;
        *end &= *end - 1;
        if (HR_UNLIKELY(*end == 0)) return false;
        s->stop = (uint64_t)__builtin_ctzll(*end);
        s->n_frac = s->stop - point - 1;
        if (HR_UNLIKELY(s->n_frac - 1 >= to->max_frac)) return false;
    }
    return HR_LIKELY(s->n_int - 1 < to->max_int);
}

/** The number at p, t being hr_digits_load of it. */
HR_INLINE bool hr_digits_find_one(hr_digits_span *s, __m128i t, const char *p,
                                  const hr_digits_scale *to)
{
    uint64_t end = hr_digits_end(t) | UINT64_C(0x10000);
    return hr_digits_find(s, &end, p, 0, to);
}

/** The digits of a number, t being hr_digits_load of its text, in the lanes of their weights. */
HR_INLINE __m128i hr_digits_align(__m128i t, const hr_digits_span *s, const hr_digits_scale *to)
{
    const __m128i from =
        _mm_add_epi8(_mm_loadu_si128((const void *)(to->lanes + s->n_int)), to->skip_point);
    const __m128i keep = _mm_loadu_si128((const void *)(to->lanes + HR_DIGITS_KEEP - s->n_frac));
    return _mm_and_si128(_mm_shuffle_epi8(t, from), keep);
}

#endif
