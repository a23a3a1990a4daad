/* SPDX-License-Identifier: Apache-2.0 */
/* Snappy, encoding. The library's encoder allocates its table at each call, and this stays in the
 * memory it is given. Format: google/snappy, format_description.txt: varint of the raw size, then
 * elements: low two bits of a tag 00 literal, 01 copy of 4 to 11 bytes from up to 2,047 back, 10
 * copy of 1 to 64 bytes from up to 65,535 back. Blocks of 64 KiB, as the library cuts them. */
#include <string.h>

#include "base/attr.h"
#include "fmt/codec_block.h"

#define BLOCK_BYTES 65536u
#define MARGIN 15u /* no match begins this near to a block's end: loads stay within it */

HR_INLINE uint32_t load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

HR_INLINE uint32_t slot_of(uint32_t v)
{
    return v * UINT32_C(0x1e35a7bd) >> 19; /* HR_SNAPPY_SLOTS is 2^13 */
}

static uint8_t *put_literal(uint8_t *out, const uint8_t *p, size_t n)
{
    size_t k = n - 1;
    if (n == 0) return out;
    if (k < 60) {
        *out++ = (uint8_t)(k << 2);
    } else if (k < 256) {
        *out++ = 60 << 2;
        *out++ = (uint8_t)k;
    } else {
        *out++ = 61 << 2;
        *out++ = (uint8_t)k;
        *out++ = (uint8_t)(k >> 8);
    }
    memcpy(out, p, n);
    return out + n;
}

static uint8_t *put_copy(uint8_t *out, size_t back, size_t n)
{
    for (; n > 0;) {
        size_t k = n <= 64 ? n : n < 68 ? 60 : 64; /* what is left makes a copy of 4 at least */
        if (k >= 4 && k < 12 && back < 2048) {
            *out++ = (uint8_t)(back >> 8 << 5 | (k - 4) << 2 | 1);
            *out++ = (uint8_t)back;
        } else {
            *out++ = (uint8_t)((k - 1) << 2 | 2);
            *out++ = (uint8_t)back;
            *out++ = (uint8_t)(back >> 8);
        }
        n -= k;
    }
    return out;
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *start = b;
    while (end - b >= 8) {
        uint64_t x;
        uint64_t y;
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        if (x != y) return (size_t)(b - start) + ((size_t)__builtin_ctzll(x ^ y) >> 3);
        a += 8;
        b += 8;
    }
    while (b < end && *a == *b) {
        a++;
        b++;
    }
    return (size_t)(b - start);
}

static uint8_t *put_block(uint8_t *out, const uint8_t *base, size_t n, uint16_t *table)
{
    const uint8_t *end = base + n;
    const uint8_t *done = base;
    const uint8_t *p = base + 1;
    uint32_t misses = 32;
    memset(table, 0, HR_SNAPPY_SLOTS * sizeof *table);
    while (n > MARGIN && p < end - MARGIN) {
        uint32_t v = load32(p);
        uint16_t *slot = &table[slot_of(v)];
        const uint8_t *was = base + *slot;
        *slot = (uint16_t)(p - base);
        if (load32(was) != v) {
            p += misses++ >> 5; /* text without matches is passed faster and faster */
            continue;
        }
        size_t k = 4 + match_length(was + 4, p + 4, end);
        out = put_literal(out, done, (size_t)(p - done));
        out = put_copy(out, (size_t)(p - was), k);
        p += k;
        done = p;
        misses = 32;
    }
    return put_literal(out, done, (size_t)(end - done));
}

size_t hr_snappy_bound(size_t src_bytes)
{
    return 32 + src_bytes + src_bytes / 6;
}

size_t hr_snappy_encode(uint8_t *dst, size_t cap, const uint8_t *src, size_t src_bytes,
                        uint16_t *table)
{
    uint8_t *out = dst;
    if (cap < hr_snappy_bound(src_bytes)) return 0;
    size_t v = src_bytes;
    for (; v >= 0x80; v >>= 7)
        *out++ = (uint8_t)(v | 0x80);
    *out++ = (uint8_t)v;
    for (size_t at = 0; at < src_bytes; at += BLOCK_BYTES)
        out = put_block(out, src + at, HR_MIN(src_bytes - at, (size_t)BLOCK_BYTES), table);
    return (size_t)(out - dst);
}
