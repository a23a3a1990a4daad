/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_VEC_H
#define HR_OPS_WINDOW_WIN_VEC_H
/* Four rows side by side. What rows of such a group are up to each of them is a fixed tree, not a
 * chain, so a stretch of rows waits for one addition a group; which rows are of a group is told by
 * their place, so that no cut of the rows can be felt. */
#include <math.h>
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

/* By address: a vector wider than the processor's is no argument. */

HR_INLINE void hr_v4_load(hr_v4 *v, const double *p)
{
    memcpy(v, p, sizeof *v);
}

HR_INLINE void hr_v4_store(double *p, const hr_v4 *v)
{
    memcpy(p, v, sizeof *v);
}

/* As the processor's: the second where they do not compare. */
HR_INLINE void hr_v4_both(hr_v4 *out, const hr_v4 *a, const hr_v4 *b, hr_v4_what what)
{
    if (what == HR_V4_SUM) {
        *out = *a + *b;
        return;
    }
#if defined(__AVX2__)
    *out = what == HR_V4_LEAST ? _mm256_min_pd(*a, *b) : _mm256_max_pd(*a, *b);
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
    __m128d half[2];
    memcpy(half, v, sizeof half);
    half[0] = _mm_sqrt_pd(half[0]);
    half[1] = _mm_sqrt_pd(half[1]);
    memcpy(v, half, sizeof half);
#else
    for (int i = 0; i < 4; i++)
        (*v)[i] = sqrt((*v)[i]);
#endif
}

HR_INLINE void hr_v4_or_null(hr_v4 *v)
{
    hr_v4_bits is_finite = *v - *v == HR_V4(0);
    hr_v4 null = HR_V4((double)NAN);
    *v = (hr_v4)(((hr_v4_bits)*v & is_finite) | ((hr_v4_bits)null & ~is_finite));
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
    hr_v4 a = __builtin_shufflevector(*none, *v, 0, 4, 2, 6);
    hr_v4_both(&a, &a, v, what);
    hr_v4 b = __builtin_shufflevector(*none, a, 0, 1, 5, 5);
    hr_v4_both(v, &b, &a, what);
}

/** Each row with those behind it. */
HR_INLINE void hr_v4_down(hr_v4 *v, const hr_v4 *none, hr_v4_what what)
{
    hr_v4 a = __builtin_shufflevector(*v, *none, 1, 5, 3, 7);
    hr_v4_both(&a, v, &a, what);
    hr_v4 b = __builtin_shufflevector(a, *none, 2, 2, 4, 5);
    hr_v4_both(v, &a, &b, what);
}

/** All of the groups before in every place of *all: v is of them and of this group then. */
HR_INLINE void hr_v4_up_all(hr_v4 *v, hr_v4 *all, const hr_v4 *none, hr_v4_what what)
{
    hr_v4_up(v, none, what);
    hr_v4 own = __builtin_shufflevector(*v, *v, 3, 3, 3, 3);
    hr_v4_both(v, all, v, what);
    hr_v4_both(all, all, &own, what);
}

HR_INLINE void hr_v4_down_all(hr_v4 *v, hr_v4 *all, const hr_v4 *none, hr_v4_what what)
{
    hr_v4_down(v, none, what);
    hr_v4 own = __builtin_shufflevector(*v, *v, 0, 0, 0, 0);
    hr_v4_both(v, v, all, what);
    hr_v4_both(all, &own, all, what);
}

#endif
