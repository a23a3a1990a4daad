/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_enc.h"
#include "kern/x86/tier.h"

#define ROWS 64 /* values a step of split and join: four parts of 16, one in each 128-bit lane */

HR_INLINE __m128i load16(const uint8_t *p)
{
    return _mm_loadu_si128((const void *)p);
}

HR_INLINE __m512i load_parts(const uint8_t *p)
{
    __m512i v = _mm512_inserti32x4(_mm512_setzero_si512(), load16(p), 0);
    v = _mm512_inserti32x4(v, load16(p + 128), 1);
    v = _mm512_inserti32x4(v, load16(p + 256), 2);
    return _mm512_inserti32x4(v, load16(p + 384), 3);
}

HR_INLINE void store_parts(uint8_t *p, __m512i v)
{
    _mm_storeu_si128((void *)p, _mm512_extracti32x4_epi32(v, 0));
    _mm_storeu_si128((void *)(p + 128), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128((void *)(p + 256), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128((void *)(p + 384), _mm512_extracti32x4_epi32(v, 3));
}

/* Per lane an 8 x 8 matrix of 16-bit pairs, one row a register, turned over; its own inverse. */
HR_INLINE void transpose16(__m512i r[8])
{
    __m512i a[8];
    __m512i b[8];
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        a[2 * k] = _mm512_unpacklo_epi16(r[k], r[k + 4]);
        a[2 * k + 1] = _mm512_unpackhi_epi16(r[k], r[k + 4]);
    }
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        b[2 * k] = _mm512_unpacklo_epi16(a[k], a[k + 4]);
        b[2 * k + 1] = _mm512_unpackhi_epi16(a[k], a[k + 4]);
    }
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        r[2 * k] = _mm512_unpacklo_epi16(b[k], b[k + 4]);
        r[2 * k + 1] = _mm512_unpackhi_epi16(b[k], b[k + 4]);
    }
}

HR_INLINE __m512i every_lane(__m128i v)
{
    __m512i x = _mm512_inserti32x4(_mm512_setzero_si512(), v, 0);
    return _mm512_shuffle_i32x4(x, x, 0);
}

static void split8(uint8_t *restrict out, const void *restrict v, size_t n)
{
    const uint8_t *p = v;
    const __m512i pairs =
        every_lane(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    size_t i = 0;
    for (; n - i >= ROWS; i += ROWS) {
        __m512i r[8];
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            r[k] = _mm512_shuffle_epi8(load_parts(p + (i + 2 * k) * 8), pairs);
        transpose16(r);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            _mm512_storeu_si512((void *)(out + k * n + i), r[k]);
    }
    hr_kern_split8_tail(out, v, i, n);
}

static void join8(void *restrict v, const uint8_t *restrict in, size_t n)
{
    uint8_t *p = v;
    const __m512i parts =
        every_lane(_mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
    size_t i = 0;
    for (; n - i >= ROWS; i += ROWS) {
        __m512i r[8];
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            r[k] = _mm512_loadu_si512((const void *)(in + k * n + i));
        transpose16(r);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            store_parts(p + (i + 2 * k) * 8, _mm512_shuffle_epi8(r[k], parts));
    }
    hr_kern_join8_tail(v, in, i, n);
}

static int64_t delta(uint64_t *restrict out, const int64_t *restrict v, size_t n)
{
    __m512i low = _mm512_set1_epi64(INT64_MAX);
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m512i d = _mm512_sub_epi64(_mm512_loadu_si512((const void *)(v + i + 1)),
                                     _mm512_loadu_si512((const void *)(v + i)));
        _mm512_storeu_si512((void *)(out + i), d);
        low = _mm512_min_epi64(low, d);
    }
    int64_t lane[8];
    _mm512_storeu_si512((void *)lane, low);
    int64_t least = hr_kern_delta_c(out + i, v + i, n - i);
    for (size_t k = 0; k < 8; k++)
        if (lane[k] < least) least = lane[k];
    return least;
}

static uint64_t rebase(uint64_t *v, size_t n, uint64_t base)
{
    const __m512i b = _mm512_set1_epi64((int64_t)base);
    __m512i all = _mm512_setzero_si512();
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m512i x = _mm512_sub_epi64(_mm512_loadu_si512((const void *)(v + i)), b);
        _mm512_storeu_si512((void *)(v + i), x);
        all = _mm512_or_si512(all, x);
    }
    uint64_t lane[8];
    _mm512_storeu_si512((void *)lane, all);
    uint64_t any = hr_kern_rebase_c(v + i, n - i, base);
    for (size_t k = 0; k < 8; k++)
        any |= lane[k];
    return any;
}

void hr_kern_enc_avx512(hr_kern_enc *k)
{
    k->split8 = split8;
    k->join8 = join8;
    k->delta = delta;
    k->rebase = rebase;
}
