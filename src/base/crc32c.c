/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

#include <nmmintrin.h>
#include <string.h>

uint32_t hr_crc32c(uint32_t crc, const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t c = ~crc;
    for (; n >= 8; n -= 8, s += 8) {
        uint64_t v;
        memcpy(&v, s, 8);
        c = _mm_crc32_u64(c, v);
    }
    for (; n > 0; n--)
        c = _mm_crc32_u8((uint32_t)c, *s++);
    return ~(uint32_t)c;
}
