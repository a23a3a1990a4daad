/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BENCH_MEMORY_READ_H
#define HR_BENCH_MEMORY_READ_H
/* How fast one core can read memory: all words summed by the widest loads at hand. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static inline uint64_t memory_read_avx2(const void *p, size_t n)
{
    __m256i s[8];
    uint64_t lane[4] = {0};
    for (int k = 0; k < 8; k++)
        s[k] = _mm256_setzero_si256();
    for (size_t i = 0; i + 256 <= n; i += 256) {
        const __m256i *v = (const void *)((const char *)p + i);
#pragma GCC unroll 8
        for (int k = 0; k < 8; k++)
            s[k] = _mm256_add_epi64(s[k], _mm256_loadu_si256(v + k));
    }
    for (int k = 1; k < 8; k++)
        s[0] = _mm256_add_epi64(s[0], s[k]);
    _mm256_storeu_si256((void *)lane, s[0]);
    return lane[0] + lane[1] + lane[2] + lane[3];
}
#endif

/** n: a multiple of 256. */
static inline uint64_t memory_read(const void *p, size_t n)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return memory_read_avx2(p, n);
#endif
    uint64_t s[8] = {0};
    const uint64_t *v = p;
    for (size_t i = 0; i < n / 8; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += v[i + k];
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

#endif
