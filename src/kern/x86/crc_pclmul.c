/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 by folding with carry-less products. Method and constants: V. Gopal et al., "Fast CRC
 * Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009, for the reflected
 * polynomial 0xedb88320. */
#include <immintrin.h>

#include "base/attr.h"
#include "kern/kern_crc.h"

HR_INLINE __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const void *)p);
}

/* x moved on by the distance of k, the next 16 bytes added. */
HR_INLINE __m128i fold(__m128i x, __m128i k, __m128i next)
{
    return _mm_xor_si128(
        _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)), next);
}

/* 128 bits to the remainder of 32. */
HR_INLINE uint32_t reduce(__m128i x, __m128i k34)
{
    const __m128i low = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i k5 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i poly = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, k34, 0x10));
    x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, low), k5, 0x00));
    __m128i t = _mm_clmulepi64_si128(_mm_and_si128(x, low), poly, 0x10);
    t = _mm_clmulepi64_si128(_mm_and_si128(t, low), poly, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

static uint32_t crc32(uint32_t crc, const void *data, size_t n)
{
    const __m128i k12 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* four registers on */
    const __m128i k34 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0); /* one register on */
    const uint8_t *p = data;
    if (n < 64) return hr_kern_crc32_c(crc, data, n);
    __m128i a = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)~crc));
    __m128i b = load(p + 16);
    __m128i c = load(p + 32);
    __m128i d = load(p + 48);
    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
        a = fold(a, k12, load(p));
        b = fold(b, k12, load(p + 16));
        c = fold(c, k12, load(p + 32));
        d = fold(d, k12, load(p + 48));
    }
    a = fold(a, k34, b);
    a = fold(a, k34, c);
    a = fold(a, k34, d);
    for (; n >= 16; p += 16, n -= 16)
        a = fold(a, k34, load(p));
    return hr_kern_crc32_c(~reduce(a, k34), p, n);
}

void hr_kern_crc_pclmul(hr_kern_crc *k)
{
    k->crc32 = crc32;
}
