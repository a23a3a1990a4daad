/* SPDX-License-Identifier: Apache-2.0 */
/* Bit packing. One body, inlined once for each width: with the width known, the 32 values of a
 * miniblock unroll to shifts by constants, which measured faster than vector code with variable
 * shifts (docs/modules/kern.md). */
#include <string.h>

#include "base/attr.h"
#include "kern/kern_enc.h"

#define GROUP 32 /* values; 32 * width bits are whole 4-byte words */

HR_INLINE void pack_group(uint8_t *restrict out, const uint64_t *restrict v, const unsigned width)
{
    uint64_t word = 0;
#pragma GCC unroll 32
    for (unsigned i = 0; i < GROUP; i++) {
        const unsigned shift = i * width & 63;
        word = shift == 0 ? v[i] : word | v[i] << shift;
        if (shift + width < 64) continue;
        memcpy(out + (i * width >> 6) * 8, &word, 8);
        word = shift == 0 ? 0 : v[i] >> (64 - shift);
    }
    const uint32_t half = (uint32_t)word;
    if (width & 1) memcpy(out + (GROUP * width >> 6) * 8, &half, 4);
}

HR_INLINE uint64_t word_at(const uint8_t *in, unsigned k, unsigned width)
{
    uint64_t word = 0;
    memcpy(&word, in + k * 8, k * 8 + 8 <= GROUP / 8 * width ? 8 : 4);
    return word;
}

HR_INLINE void unpack_group(uint64_t *restrict v, const uint8_t *restrict in, const unsigned width)
{
    const uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
#pragma GCC unroll 32
    for (unsigned i = 0; i < GROUP; i++) {
        const unsigned k = i * width >> 6;
        const unsigned shift = i * width & 63;
        uint64_t x = word_at(in, k, width) >> shift;
        if (shift + width > 64) x |= word_at(in, k + 1, width) << (64 - shift);
        v[i] = x & mask;
    }
}

HR_INLINE void unpack32_group(uint32_t *restrict v, const uint8_t *restrict in,
                              const unsigned width)
{
    const uint64_t mask = (UINT64_C(1) << width) - 1;
#pragma GCC unroll 32
    for (unsigned i = 0; i < GROUP; i++) {
        const unsigned k = i * width >> 6;
        const unsigned shift = i * width & 63;
        uint64_t x = word_at(in, k, width) >> shift;
        if (shift + width > 64) x |= word_at(in, k + 1, width) << (64 - shift);
        v[i] = (uint32_t)(x & mask);
    }
}

/* Eight values are width bytes. */
HR_INLINE void pack_eight(uint64_t word[2], const uint16_t *v, const unsigned width)
{
    word[0] = word[1] = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++) {
        const unsigned shift = i * width;
        const uint64_t x = v[i];
        if (shift < 64) word[0] |= x << shift;
        if (shift >= 64) word[1] |= x << (shift - 64);
        if (shift < 64 && shift + width > 64) word[1] |= x >> (64 - shift);
    }
}

HR_INLINE void pack16(uint8_t *restrict out, const uint16_t *restrict v, size_t n,
                      const unsigned width)
{
    uint64_t word[2];
    const size_t bytes = n / 8 * width;
    size_t at = 0;
    for (; bytes - at >= sizeof word; at += width, v += 8) { /* the next group covers the excess */
        pack_eight(word, v, width);
        memcpy(out + at, word, width <= 8 ? 8 : 16);
    }
    for (; at < bytes; at += width, v += 8) {
        pack_eight(word, v, width);
        memcpy(out + at, word, width);
    }
}

typedef void (*pack16_fn)(uint8_t *restrict, const uint16_t *restrict, size_t);
typedef void (*pack_fn)(uint8_t *restrict, const uint64_t *restrict, size_t);
typedef void (*unpack32_fn)(uint32_t *restrict, const uint8_t *restrict, size_t);
typedef void (*unpack_fn)(uint64_t *restrict, const uint8_t *restrict, size_t);

#define EIGHT(X, t) X(t##0) X(t##1) X(t##2) X(t##3) X(t##4) X(t##5) X(t##6) X(t##7)
/* Octal, so that the digits paste: 01 to 077, then 64. */
#define WIDTHS(X)                                                                                  \
    X(01)                                                                                          \
    X(02)                                                                                          \
    X(03)                                                                                          \
    X(04) X(05) X(06) X(07) EIGHT(X, 01) EIGHT(X, 02) EIGHT(X, 03) EIGHT(X, 04) EIGHT(X, 05)       \
        EIGHT(X, 06) EIGHT(X, 07) X(0100)

#define DEFINE(w)                                                                                  \
    static void pack_##w(uint8_t *restrict out, const uint64_t *restrict v, size_t n)              \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            pack_group(out + i / 8 * (w), v + i, (w));                                             \
    }                                                                                              \
    static void unpack_##w(uint64_t *restrict v, const uint8_t *restrict in, size_t n)             \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            unpack_group(v + i, in + i / 8 * (w), (w));                                            \
    }
WIDTHS(DEFINE)

#define PACK_ENTRY(w) [w] = pack_##w,
#define UNPACK_ENTRY(w) [w] = unpack_##w,

void hr_kern_pack_c(uint8_t *restrict out, const uint64_t *restrict v, size_t n, unsigned width)
{
    static const pack_fn by_width[65] = {WIDTHS(PACK_ENTRY)};
    if (width > 0) by_width[width](out, v, n);
}

#define DEFINE16(w)                                                                                \
    static void pack16_##w(uint8_t *restrict out, const uint16_t *restrict v, size_t n)            \
    {                                                                                              \
        pack16(out, v, n, (w));                                                                    \
    }
#define WIDTHS16(X) X(01) X(02) X(03) X(04) X(05) X(06) X(07) EIGHT(X, 01) X(020)
WIDTHS16(DEFINE16)

#define PACK16_ENTRY(w) [w] = pack16_##w,

void hr_kern_pack16_c(uint8_t *restrict out, const uint16_t *restrict v, size_t n, unsigned width)
{
    static const pack16_fn by_width[17] = {WIDTHS16(PACK16_ENTRY)};
    if (width > 0) by_width[width](out, v, n);
}

void hr_kern_unpack_c(uint64_t *restrict v, const uint8_t *restrict in, size_t n, unsigned width)
{
    static const unpack_fn by_width[65] = {WIDTHS(UNPACK_ENTRY)};
    if (width > 0)
        by_width[width](v, in, n);
    else
        memset(v, 0, n * sizeof *v);
}

#define DEFINE32(w)                                                                                \
    static void unpack32_##w(uint32_t *restrict v, const uint8_t *restrict in, size_t n)           \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            unpack32_group(v + i, in + i / 8 * (w), (w));                                          \
    }
#define WIDTHS32(X)                                                                                \
    X(01) X(02) X(03) X(04) X(05) X(06) X(07) EIGHT(X, 01) EIGHT(X, 02) EIGHT(X, 03) X(040)
WIDTHS32(DEFINE32)

#define UNPACK32_ENTRY(w) [w] = unpack32_##w,

void hr_kern_unpack32_c(uint32_t *restrict v, const uint8_t *restrict in, size_t n, unsigned width)
{
    static const unpack32_fn by_width[33] = {WIDTHS32(UNPACK32_ENTRY)};
    if (width > 0)
        by_width[width](v, in, n);
    else
        memset(v, 0, n * sizeof *v);
}
