/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_VEC_H
#define HR_OPS_WINDOW_WIN_VEC_H
/* Four rows side by side. What rows of such a group are up to each of them is a fixed tree, not a
 * chain, so a stretch of rows waits for one addition a group; which rows are of a group is told by
 * their place, so that no cut of the rows can be felt. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define HR_WIN_GROUP 4u

typedef double hr_v4 HR_VECTOR(32);
typedef int64_t hr_v4_bits HR_VECTOR(32);

typedef enum hr_v4_what { HR_V4_SUM, HR_V4_LEAST, HR_V4_MOST } hr_v4_what;

#define HR_V4(a)                                                                                   \
    (hr_v4)                                                                                        \
    {                                                                                              \
        a, a, a, a                                                                                 \
    }

/** What adds nothing. */
HR_INLINE double hr_v4_none(hr_v4_what what)
{
    return what == HR_V4_LEAST ? (double)INFINITY : what == HR_V4_MOST ? -(double)INFINITY : 0;
}

/* By address: a vector wider than the processor's is no argument. */

HR_INLINE void hr_v4_load(hr_v4 *v, const double *p)
{
    memcpy(v, p, sizeof *v);
}

HR_INLINE void hr_v4_store(double *p, const hr_v4 *v)
{
    memcpy(p, v, sizeof *v);
}

HR_INLINE void hr_v4_copy(double *to, const double *from)
{
#if defined(__AVX2__)
    hr_v4 v;
    hr_v4_load(&v, from);
    hr_v4_store(to, &v);
#else
    memcpy(to, from, sizeof(hr_v4)); /* a vector would go by way of the stack */
#endif
}

#if defined(__SSE2__) && !defined(__AVX2__)
/* Two vectors of two: what compilers make of wider ones by themselves goes value by value. */
typedef struct hr_v4_pair {
    __m128d low, high;
} hr_v4_pair;
_Static_assert(sizeof(hr_v4_pair) == sizeof(hr_v4), "two halves");

HR_INLINE hr_v4_pair hr_v4_split(const hr_v4 *v)
{
    hr_v4_pair p;
    memcpy(&p, v, sizeof p);
    return p;
}

HR_INLINE void hr_v4_merge(hr_v4 *v, __m128d low, __m128d high)
{
    hr_v4_pair p = {low, high};
    memcpy(v, &p, sizeof p);
}

HR_INLINE __m128d hr_v2_both(__m128d a, __m128d b, hr_v4_what what)
{
    if (what == HR_V4_SUM) return _mm_add_pd(a, b);
    return what == HR_V4_LEAST ? _mm_min_pd(a, b) : _mm_max_pd(a, b);
}

HR_INLINE __m128d hr_v2_or_null(__m128d v)
{
    __m128d is_finite = _mm_cmpeq_pd(_mm_sub_pd(v, v), _mm_setzero_pd());
    return _mm_blendv_pd(_mm_set1_pd((double)NAN), v, is_finite);
}
#endif

/* As the processor's: the second where they do not compare. */
HR_INLINE void hr_v4_both(hr_v4 *out, const hr_v4 *a, const hr_v4 *b, hr_v4_what what)
{
    if (what == HR_V4_SUM) {
        *out = *a + *b;
        return;
    }
#if defined(__AVX2__)
    *out = what == HR_V4_LEAST ? _mm256_min_pd(*a, *b) : _mm256_max_pd(*a, *b);
#elif defined(__SSE2__)
    hr_v4_pair x = hr_v4_split(a);
    hr_v4_pair y = hr_v4_split(b);
    hr_v4_merge(out, hr_v2_both(x.low, y.low, what), hr_v2_both(x.high, y.high, what));
#else
    hr_v4_bits is_first = what == HR_V4_LEAST ? *a < *b : *a > *b;
    *out = (hr_v4)(((hr_v4_bits)*a & is_first) | ((hr_v4_bits)*b & ~is_first));
#endif
}

HR_INLINE void hr_v4_sqrt(hr_v4 *v)
{
#if defined(__AVX2__)
    *v = _mm256_sqrt_pd(*v);
#elif defined(__SSE2__)
    hr_v4_pair p = hr_v4_split(v);
    hr_v4_merge(v, _mm_sqrt_pd(p.low), _mm_sqrt_pd(p.high));
#else
    for (int i = 0; i < 4; i++)
        (*v)[i] = sqrt((*v)[i]);
#endif
}

/** v := a / v */
HR_INLINE void hr_v4_under(hr_v4 *v, const hr_v4 *a)
{
#if defined(__SSE2__) && !defined(__AVX2__)
    hr_v4_pair x = hr_v4_split(a);
    hr_v4_pair y = hr_v4_split(v);
    hr_v4_merge(v, _mm_div_pd(x.low, y.low), _mm_div_pd(x.high, y.high));
#else
    *v = *a / *v;
#endif
}

HR_INLINE void hr_v4_or_null(hr_v4 *v)
{
#if defined(__SSE2__) && !defined(__AVX2__)
    hr_v4_pair p = hr_v4_split(v);
    hr_v4_merge(v, hr_v2_or_null(p.low), hr_v2_or_null(p.high));
#else
    hr_v4_bits is_finite = *v - *v == HR_V4(0);
    hr_v4 null = HR_V4((double)NAN);
    *v = (hr_v4)(((hr_v4_bits)*v & is_finite) | ((hr_v4_bits)null & ~is_finite));
#endif
}

HR_INLINE bool hr_v4_any(const hr_v4_bits *is)
{
#if defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)*is, (__m256i)*is);
#else
    return (((*is)[0] | (*is)[1]) | ((*is)[2] | (*is)[3])) != 0;
#endif
}

/** Of n values, whole groups, those that are null are added to the places: an exponent of ones is
 * one. */
HR_INLINE void hr_v4_nulls(hr_v4_bits *is_null, const double *x, uint32_t n)
{
    const hr_v4_bits one = {1, 1, 1, 1};
    const hr_v4_bits exponent = one * (INT64_C(0x7ff) << 52);
    for (uint32_t i = 0; i < n; i += HR_WIN_GROUP) {
        hr_v4_bits v;
        memcpy(&v, x + i, sizeof v);
        *is_null |= (v & exponent) == exponent;
    }
}

/** Where `is` is: b. */
HR_INLINE void hr_v4_pick(hr_v4 *v, const hr_v4_bits *is, const hr_v4 *b)
{
    *v = (hr_v4)(((hr_v4_bits)*b & *is) | ((hr_v4_bits)*v & ~*is));
}

/** Of the places from n on: b. */
HR_INLINE void hr_v4_first(hr_v4 *v, int64_t n, const hr_v4 *b)
{
    const hr_v4_bits place = {0, 1, 2, 3};
    const hr_v4_bits end = {n, n, n, n};
    hr_v4_bits is_first = place < end;
    *v = (hr_v4)(((hr_v4_bits)*v & is_first) | ((hr_v4_bits)*b & ~is_first));
}

/** Each row with those before it in the group; none: what adds nothing. */
HR_INLINE void hr_v4_up(hr_v4 *v, const hr_v4 *none, hr_v4_what what)
{
#if defined(__SSE2__) && !defined(__AVX2__)
    const __m128d no = hr_v4_split(none).low;
    hr_v4_pair p = hr_v4_split(v);
    p.low = hr_v2_both(_mm_unpacklo_pd(no, p.low), p.low, what);
    p.high = hr_v2_both(_mm_unpacklo_pd(no, p.high), p.high, what);
    p.high = hr_v2_both(_mm_unpackhi_pd(p.low, p.low), p.high, what);
    hr_v4_merge(v, hr_v2_both(no, p.low, what), p.high);
#else
    hr_v4 a = __builtin_shufflevector(*none, *v, 0, 4, 2, 6);
    hr_v4_both(&a, &a, v, what);
    hr_v4 b = __builtin_shufflevector(*none, a, 0, 1, 5, 5);
    hr_v4_both(v, &b, &a, what);
#endif
}

/** Each row with those behind it. */
HR_INLINE void hr_v4_down(hr_v4 *v, const hr_v4 *none, hr_v4_what what)
{
#if defined(__SSE2__) && !defined(__AVX2__)
    const __m128d no = hr_v4_split(none).low;
    hr_v4_pair p = hr_v4_split(v);
    p.low = hr_v2_both(p.low, _mm_unpackhi_pd(p.low, no), what);
    p.high = hr_v2_both(p.high, _mm_unpackhi_pd(p.high, no), what);
    p.low = hr_v2_both(p.low, _mm_unpacklo_pd(p.high, p.high), what);
    hr_v4_merge(v, p.low, hr_v2_both(p.high, no, what));
#else
    hr_v4 a = __builtin_shufflevector(*v, *none, 1, 5, 3, 7);
    hr_v4_both(&a, v, &a, what);
    hr_v4 b = __builtin_shufflevector(a, *none, 2, 2, 4, 5);
    hr_v4_both(v, &a, &b, what);
#endif
}

/** All of the groups before in every place of *all: v is of them and of this group then. */
HR_INLINE void hr_v4_up_all(hr_v4 *v, hr_v4 *all, const hr_v4 *none, hr_v4_what what)
{
    hr_v4_up(v, none, what);
    hr_v4_both(v, all, v, what);
    *all = HR_V4((*v)[3]);
}

HR_INLINE void hr_v4_down_all(hr_v4 *v, hr_v4 *all, const hr_v4 *none, hr_v4_what what)
{
    hr_v4_down(v, none, what);
    hr_v4_both(v, v, all, what);
    *all = HR_V4((*v)[0]);
}

#endif
