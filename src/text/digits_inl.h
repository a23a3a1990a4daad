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

/* -16 to 16: loaded from place k on, the lanes hold k - 16, k - 15, ... A shuffle by them moves a
 * vector k lanes short of its end; negative places become zero. */
static const int8_t hr_digit_place[33] = {-16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6,
                                          -5,  -4,  -3,  -2,  -1,  0,   1,   2,  3,  4,  5,
                                          6,   7,   8,   9,   10,  11,  12,  13, 14, 15, 16};
/* Loaded from place k on, the first 16 - k lanes are all ones. */
static const uint8_t hr_digit_keep[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

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
    return _mm_loadu_si128((const void *)(hr_digit_place + k));
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
    unsigned scale;     /* at most 16 */
} hr_digits_scale;

HR_INLINE hr_digits_scale hr_digits_scale_init(unsigned scale)
{
    const __m128i lane = hr_digits_place(16);
    const __m128i last = _mm_set1_epi8((char)(15 - (int)scale));
    return (hr_digits_scale){
        .skip_point = _mm_and_si128(_mm_cmpgt_epi8(lane, last), _mm_set1_epi8(1)), .scale = scale};
}

/** Where a number stands in its text: n_int digits, and n_frac behind a point unless 0. */
typedef struct hr_digits_span {
    unsigned n_int, n_frac;
    unsigned n; /* all bytes */
} hr_digits_span;

/** The number at bit 0 of end (hr_digits_end, of at least n + 1 bytes), with its text at p. False:
 * not of the ordinary kind. */
HR_INLINE bool hr_digits_find(hr_digits_span *s, uint32_t end, const char *p,
                              const hr_digits_scale *to)
{
    s->n_int = s->n = (unsigned)__builtin_ctz(end | UINT32_C(0x80000000));
    s->n_frac = 0;
    if (p[s->n_int] == '.') {
        end &= end - 1;
        s->n = (unsigned)__builtin_ctz(end | UINT32_C(0x80000000));
        s->n_frac = s->n - s->n_int - 1;
        if (HR_UNLIKELY((int)s->n_frac < 1)) return false;
    }
    /* One test of the sign: 1 to 16 - scale whole digits, at most scale behind the point, all
     * within one vector. */
    int sign = ((int)s->n_int - 1) | (16 - (int)to->scale - (int)s->n_int) |
               ((int)to->scale - (int)s->n_frac) | (16 - (int)s->n);
    return HR_LIKELY(sign >= 0);
}

/** The digits of a number, t being hr_digits_load of its text, in the lanes of their weights. */
HR_INLINE __m128i hr_digits_align(__m128i t, const hr_digits_span *s, const hr_digits_scale *to)
{
    const __m128i from = _mm_add_epi8(hr_digits_place(s->n_int + to->scale), to->skip_point);
    const __m128i keep = _mm_loadu_si128((const void *)(hr_digit_keep + to->scale - s->n_frac));
    return _mm_and_si128(_mm_shuffle_epi8(t, from), keep);
}

#endif
