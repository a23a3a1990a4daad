/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_TA_TA_WIDE_H
#define HR_OPS_TA_TA_WIDE_H
/* Rows side by side, as many as a register of the tier holds. What is done to a row does not hang
 * on how many there are, so the tiers agree. Compilers make four instructions of the larger of two
 * in a loop over rows (for the sake of nulls, of which there are none here); these are one.
 *
 * A loop is a body for n rows from row i on, inlined for HR_TA_WIDE rows and for those left. */
#include <math.h>
#include <stdint.h>

#include "base/attr.h"

#ifdef HR_KERN_X86
#include <immintrin.h>
#endif

#ifdef HR_TA_AVX2
#define HR_TA_WIDE 4
#else
#define HR_TA_WIDE 2
#endif

typedef double hr_wide HR_VECTOR(8 * HR_TA_WIDE);
typedef double hr_wide_place HR_VECTOR(8 * HR_TA_WIDE) HR_ALIGNED(8);
typedef int64_t hr_wide_bits HR_VECTOR(8 * HR_TA_WIDE);

HR_INLINE hr_wide hr_wide_of(double x)
{
    hr_wide v = {0};
    return v + x;
}

#ifdef HR_TA_AVX2
/* set for the first n rows */
HR_INLINE __m256i hr_wide_first(uint32_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#endif

/** Rows of any place; n, at most HR_TA_WIDE, are there, the others are 0. */
HR_INLINE hr_wide hr_wide_get(const double *x, uint32_t n)
{
    if (n == HR_TA_WIDE) return *(const hr_wide_place *)(const void *)x;
#ifdef HR_TA_AVX2
    return _mm256_maskload_pd(x, hr_wide_first(n));
#else
    return (hr_wide){x[0]};
#endif
}

HR_INLINE void hr_wide_put(double *y, hr_wide v, uint32_t n)
{
    if (n == HR_TA_WIDE)
        *(hr_wide_place *)(void *)y = v;
    else
#ifdef HR_TA_AVX2
        _mm256_maskstore_pd(y, hr_wide_first(n), v);
#else
        y[0] = v[0];
#endif
}

/** a where the mask is set, else b. */
HR_INLINE hr_wide hr_wide_pick(hr_wide_bits mask, hr_wide a, hr_wide b)
{
#ifdef HR_TA_AVX2
    return _mm256_blendv_pd(b, a, (hr_wide)mask);
#elif defined HR_KERN_X86
    return _mm_blendv_pd(b, a, (hr_wide)mask);
#else
    return (hr_wide)(((hr_wide_bits)a & mask) | ((hr_wide_bits)b & ~mask));
#endif
}

/** a where the mask is set, else 0. */
HR_INLINE hr_wide hr_wide_only(hr_wide_bits mask, hr_wide a)
{
    return (hr_wide)((hr_wide_bits)a & mask);
}

/** a > b ? a : b */
HR_INLINE hr_wide hr_wide_more(hr_wide a, hr_wide b)
{
#ifdef HR_TA_AVX2
    return _mm256_max_pd(a, b);
#elif defined HR_KERN_X86
    return _mm_max_pd(a, b);
#else
    return hr_wide_pick(a > b, a, b);
#endif
}

/** a < b ? a : b */
HR_INLINE hr_wide hr_wide_less_of(hr_wide a, hr_wide b)
{
#ifdef HR_TA_AVX2
    return _mm256_min_pd(a, b);
#elif defined HR_KERN_X86
    return _mm_min_pd(a, b);
#else
    return hr_wide_pick(a < b, a, b);
#endif
}

HR_INLINE hr_wide hr_wide_sqrt(hr_wide a)
{
#ifdef HR_TA_AVX2
    return _mm256_sqrt_pd(a);
#elif defined HR_KERN_X86
    return _mm_sqrt_pd(a);
#else
    for (int k = 0; k < HR_TA_WIDE; k++)
        a[k] = sqrt(a[k]);
    return a;
#endif
}

HR_INLINE hr_wide hr_wide_abs(hr_wide a)
{
    hr_wide_bits size = {0};
    size += INT64_MAX;
    return hr_wide_only(size, a);
}

/** The larger of most and the size of v, as bits: their upper halves are. */
HR_INLINE hr_wide_bits hr_wide_size(hr_wide_bits most, hr_wide v)
{
    hr_wide_bits bits = (hr_wide_bits)hr_wide_abs(v);
#ifdef HR_TA_AVX2
    return (hr_wide_bits)_mm256_max_epu32((__m256i)most, (__m256i)bits);
#elif defined HR_KERN_X86
    return (hr_wide_bits)_mm_max_epu32((__m128i)most, (__m128i)bits);
#else
    hr_wide_bits is_more = bits > most;
    return (bits & is_more) | (most & ~is_more);
#endif
}

/** hr_wide_get, and its size. */
HR_INLINE hr_wide hr_wide_take(const double *x, uint32_t n, hr_wide_bits *most)
{
    hr_wide v = hr_wide_get(x, n);
    *most = hr_wide_size(*most, v);
    return v;
}

HR_INLINE hr_wide hr_wide_or_null(hr_wide y)
{
    return hr_wide_pick(y - y == 0, y, hr_wide_of((double)NAN));
}

/** body(i, n, ...) for m rows from row 0 on. */
#define HR_WIDE_EACH(m, body, ...)                                                                 \
    do {                                                                                           \
        uint32_t row_ = 0;                                                                         \
        for (; (m)-row_ >= HR_TA_WIDE; row_ += HR_TA_WIDE)                                         \
            body(row_, HR_TA_WIDE, __VA_ARGS__);                                                   \
        if (row_ < (m)) body(row_, (m)-row_, __VA_ARGS__);                                         \
    } while (0)

#endif
