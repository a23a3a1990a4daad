/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "base/attr.h"
#include "kern/kern_enc.h"

#define ROWS 32 /* values a step of split and join: two halves of 16, one in each 128-bit lane */

HR_INLINE __m256i load_halves(const uint8_t *low, const uint8_t *high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)),
                                   _mm_loadu_si128((const void *)high), 1);
}

/* Per lane an 8 x 8 matrix of 16-bit pairs, one row a register, turned over; its own inverse. */
HR_INLINE void transpose16(__m256i r[8])
{
    __m256i a[8];
    __m256i b[8];
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        a[2 * k] = _mm256_unpacklo_epi16(r[k], r[k + 4]);
        a[2 * k + 1] = _mm256_unpackhi_epi16(r[k], r[k + 4]);
    }
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        b[2 * k] = _mm256_unpacklo_epi16(a[k], a[k + 4]);
        b[2 * k + 1] = _mm256_unpackhi_epi16(a[k], a[k + 4]);
    }
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) {
        r[2 * k] = _mm256_unpacklo_epi16(b[k], b[k + 4]);
        r[2 * k + 1] = _mm256_unpackhi_epi16(b[k], b[k + 4]);
    }
}

/* Two 8-byte values a0..a7 b0..b7 <-> eight pairs a0 b0, a1 b1, ... in each lane. */
HR_INLINE __m256i pair_bytes(void)
{
    return _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
}

HR_INLINE __m256i part_bytes(void)
{
    return _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
}

static void split8(uint8_t *restrict out, const void *restrict v, size_t n)
{
    const uint8_t *p = v;
    const __m256i pairs = pair_bytes();
    size_t i = 0;
    for (; n - i >= ROWS; i += ROWS) {
        __m256i r[8];
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            r[k] = _mm256_shuffle_epi8(load_halves(p + (i + 2 * k) * 8, p + (i + 16 + 2 * k) * 8),
                                       pairs);
        transpose16(r);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            _mm256_storeu_si256((void *)(out + k * n + i), r[k]);
    }
    hr_kern_split8_tail(out, v, i, n);
}

static void join8(void *restrict v, const uint8_t *restrict in, size_t n)
{
    uint8_t *p = v;
    const __m256i parts = part_bytes();
    size_t i = 0;
    for (; n - i >= ROWS; i += ROWS) {
        __m256i r[8];
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            r[k] = _mm256_loadu_si256((const void *)(in + k * n + i));
        transpose16(r);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++) {
            __m256i two = _mm256_shuffle_epi8(r[k], parts);
            _mm_storeu_si128((void *)(p + (i + 2 * k) * 8), _mm256_castsi256_si128(two));
            _mm_storeu_si128((void *)(p + (i + 16 + 2 * k) * 8), _mm256_extracti128_si256(two, 1));
        }
    }
    hr_kern_join8_tail(v, in, i, n);
}

static int64_t delta(uint64_t *restrict out, const int64_t *restrict v, size_t n)
{
    __m256i low = _mm256_set1_epi64x(INT64_MAX);
    size_t i = 0;
    for (; n - i >= 4; i += 4) {
        __m256i d = _mm256_sub_epi64(_mm256_loadu_si256((const void *)(v + i + 1)),
                                     _mm256_loadu_si256((const void *)(v + i)));
        _mm256_storeu_si256((void *)(out + i), d);
        low = _mm256_blendv_epi8(low, d, _mm256_cmpgt_epi64(low, d));
    }
    int64_t lane[4];
    _mm256_storeu_si256((void *)lane, low);
    int64_t least = hr_kern_delta_c(out + i, v + i, n - i);
    for (size_t k = 0; k < 4; k++)
        if (lane[k] < least) least = lane[k];
    return least;
}

static uint64_t rebase(uint64_t *v, size_t n, uint64_t base)
{
    const __m256i b = _mm256_set1_epi64x((int64_t)base);
    __m256i all = _mm256_setzero_si256();
    size_t i = 0;
    for (; n - i >= 4; i += 4) {
        __m256i x = _mm256_sub_epi64(_mm256_loadu_si256((const void *)(v + i)), b);
        _mm256_storeu_si256((void *)(v + i), x);
        all = _mm256_or_si256(all, x);
    }
    uint64_t lane[4];
    _mm256_storeu_si256((void *)lane, all);
    return lane[0] | lane[1] | lane[2] | lane[3] | hr_kern_rebase_c(v + i, n - i, base);
}

/* Eight values at a time, four of each half in a lane: the four bytes that a value of up to 25 bits
 * lies in are brought to its place, then shifted. Loads of 16 bytes: the end is left to scalar. */
static void unpack32(uint32_t *restrict v, const uint8_t *restrict in, size_t n, unsigned width)
{
    const size_t half = width / 2; /* bytes; what is odd of them is four bits */
    const size_t bytes = n / 8 * width;
    size_t i = 0;
    if (width > 0 && width <= 25 && bytes >= half + 16) {
        const size_t n_safe = ((bytes - half - 16) / width + 1) * 8 & ~(size_t)31;
        const __m256i rank = _mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3);
        const __m256i odd = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
        const __m256i bit =
            _mm256_add_epi32(_mm256_mullo_epi32(rank, _mm256_set1_epi32((int)width)),
                             _mm256_and_si256(odd, _mm256_set1_epi32(-(int)(width & 1))));
        const __m256i first = _mm256_srli_epi32(bit, 3);
        const __m256i place =
            _mm256_add_epi32(_mm256_mullo_epi32(first, _mm256_set1_epi32(0x01010101)),
                             _mm256_set1_epi32(0x03020100));
        const __m256i shift = _mm256_and_si256(bit, _mm256_set1_epi32(7));
        const __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1));
        for (const uint8_t *p = in; i < n_safe; i += 8, p += width) {
            __m256i x = _mm256_shuffle_epi8(load_halves(p, p + half), place);
            x = _mm256_and_si256(_mm256_srlv_epi32(x, shift), mask);
            _mm256_storeu_si256((void *)(v + i), x);
        }
    }
    if (i < n) hr_kern_unpack32_c(v + i, in + i / 8 * width, n - i, width);
}

/* undelta stays scalar: the sum across lanes is a longer chain than four additions (0.68 against
 * 0.47 ns a value on Zen 3). */
void hr_kern_enc_avx2(hr_kern_enc *k)
{
    k->split8 = split8;
    k->join8 = join8;
    k->delta = delta;
    k->rebase = rebase;
    k->unpack32 = unpack32;
}
