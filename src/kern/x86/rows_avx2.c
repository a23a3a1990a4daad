/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "base/attr.h"
#include "kern/kern_rows.h"

HR_INLINE __m256i load(const int64_t *p)
{
    return _mm256_loadu_si256((const void *)p);
}

HR_INLINE uint64_t all_lanes(__m256i x)
{
    uint64_t lane[4];
    _mm256_storeu_si256((void *)lane, x);
    return lane[0] | lane[1] | lane[2] | lane[3];
}

static uint64_t any(const int64_t *v, size_t n)
{
    __m256i a = _mm256_setzero_si256();
    __m256i b = _mm256_setzero_si256();
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        a = _mm256_or_si256(a, _mm256_or_si256(load(v + i), load(v + i + 4)));
        b = _mm256_or_si256(b, _mm256_or_si256(load(v + i + 8), load(v + i + 12)));
    }
    return all_lanes(_mm256_or_si256(a, b)) | hr_kern_any_c(v + i, n - i);
}

/* A bit a row of the 8 from v on, each against the one before it. */
HR_INLINE uint64_t eight(const int64_t *v, __m256i *any)
{
    __m256i a = load(v);
    __m256i b = load(v + 4);
    __m256i a_same = _mm256_cmpeq_epi64(a, load(v - 1));
    __m256i b_same = _mm256_cmpeq_epi64(b, load(v + 3));
    *any = _mm256_or_si256(*any, _mm256_or_si256(a, b));
    unsigned low = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(a_same));
    unsigned high = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(b_same));
    return (low | high << 4) ^ 0xff;
}

static uint64_t changes(uint64_t *bits, const int64_t *v, size_t n)
{
    __m256i seen = _mm256_setzero_si256();
    size_t first = n < 8 ? n : 8; /* there is no row before the first */
    uint64_t rest = hr_kern_changes_rest(bits, v, 0, first);
    size_t i = first;
    for (; i % 64 != 0 && n - i >= 8; i += 8)
        bits[i / 64] |= eight(v + i, &seen) << i % 64;
    for (; n - i >= 64; i += 64) {
        uint64_t word = 0;
#pragma GCC unroll 8
        for (unsigned k = 0; k < 64; k += 8)
            word |= eight(v + i + k, &seen) << k;
        bits[i / 64] |= word;
    }
    for (; n - i >= 8; i += 8)
        bits[i / 64] |= eight(v + i, &seen) << i % 64;
    return all_lanes(seen) | rest | hr_kern_changes_rest(bits, v, i, n);
}

static uint64_t breaks(uint64_t *bits, const int64_t *v, size_t n, uint64_t differ, uint64_t ends)
{
    const __m256i some = _mm256_set1_epi64x((int64_t)differ);
    const __m256i last = _mm256_set1_epi64x((int64_t)ends);
    const __m256i zero = _mm256_setzero_si256();
    __m256i seen = zero;
    size_t i = n < 4 ? n : 4; /* there is no row before the first */
    uint64_t rest = hr_kern_breaks_rest(bits, v, 0, i, differ, ends);
    for (; n - i >= 4; i += 4) {
        __m256i x = load(v + i);
        __m256i before = load(v + i - 1);
        __m256i says = _mm256_or_si256(_mm256_and_si256(_mm256_xor_si256(x, before), some),
                                       _mm256_and_si256(before, last));
        __m256i none = _mm256_cmpeq_epi64(says, zero);
        uint64_t mask = (uint64_t)_mm256_movemask_pd(_mm256_castsi256_pd(none)) ^ 15;
        seen = _mm256_or_si256(seen, x);
        bits[i / 64] |= mask << i % 64;
    }
    return all_lanes(seen) | rest | hr_kern_breaks_rest(bits, v, i, n, differ, ends);
}

void hr_kern_rows_avx2(hr_kern_rows *k)
{
    k->any = any;
    k->changes = changes;
    k->breaks = breaks;
}
