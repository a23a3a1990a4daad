/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C by its instruction. It takes three cycles and starts each cycle, so three parts of a
 * block run side by side; carry-less products move the first two over what follows them. Method: V.
 * Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011.
 */
#include <immintrin.h>
#include <string.h>

#include "base/attr.h"
#include "kern/kern_crc.h"

/* A block is three parts and 8 bytes more, in which the parts are joined. The factors are x^(8 d -
 * 33) mod P, reflected, for the distance d of d1 = part + 8 and d2 = 2 * part + 8 bytes. */
#define LONG_PART 1360
#define LONG_D1 UINT32_C(0x79113270)
#define LONG_D2 UINT32_C(0x7b454cb3)
#define SHORT_PART 168
#define SHORT_D1 UINT32_C(0xdaece73e)
#define SHORT_D2 UINT32_C(0x8f158014)

HR_INLINE uint64_t word(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

HR_INLINE uint64_t times(uint64_t crc, uint32_t factor)
{
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc),
                                                            _mm_cvtsi32_si128((int)factor), 0x00));
}

HR_INLINE uint64_t block(uint64_t crc, const uint8_t *p, size_t part, uint32_t d1, uint32_t d2)
{
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < part; i += 8) {
        crc = _mm_crc32_u64(crc, word(p + i));
        b = _mm_crc32_u64(b, word(p + part + i));
        c = _mm_crc32_u64(c, word(p + 2 * part + i));
    }
    return _mm_crc32_u64(c, word(p + 3 * part) ^ times(crc, d2) ^ times(b, d1));
}

static uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
    const size_t long_bytes = 3 * LONG_PART + 8;
    const size_t short_bytes = 3 * SHORT_PART + 8;
    const uint8_t *p = data;
    uint64_t c = (uint32_t)~crc;
    for (; n >= long_bytes; p += long_bytes, n -= long_bytes)
        c = block(c, p, LONG_PART, LONG_D1, LONG_D2);
    for (; n >= short_bytes; p += short_bytes, n -= short_bytes)
        c = block(c, p, SHORT_PART, SHORT_D1, SHORT_D2);
    for (; n >= 8; p += 8, n -= 8)
        c = _mm_crc32_u64(c, word(p));
    uint32_t tail = (uint32_t)c;
    for (; n > 0; p++, n--)
        tail = _mm_crc32_u8(tail, *p);
    return ~tail;
}

void hr_kern_crc_sse42(hr_kern_crc *k)
{
    k->crc32c = crc32c;
}
