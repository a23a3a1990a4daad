/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_crc.h"

#include <string.h>

#include "base/attr.h"
#include "kern/cpu.h"
#include "kern/kern_crc_table.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "slicing reads words as they lie");

/* Slicing by eight: table[k][b] is byte b followed by k zero bytes. Method: M. Kounavis and F.
 * Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005.
 */
HR_INLINE uint32_t sliced(const uint32_t table[8][256], uint32_t crc, const void *data, size_t n)
{
    const uint8_t *p = data;
    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        w ^= crc;
        crc = 0;
#pragma GCC unroll 8
        for (unsigned k = 0; k < 8; k++)
            crc ^= table[7 - k][w >> 8 * k & 0xff];
    }
    for (; n > 0; p++, n--)
        crc = table[0][(crc ^ *p) & 0xff] ^ crc >> 8;
    return ~crc;
}

uint32_t hr_kern_crc32_c(uint32_t crc, const void *p, size_t n)
{
    return sliced(hr_kern_crc32_table, crc, p, n);
}

uint32_t hr_kern_crc32c_c(uint32_t crc, const void *p, size_t n)
{
    return sliced(hr_kern_crc32c_table, crc, p, n);
}

void hr_kern_crc_init(hr_kern_crc *k, unsigned cpu_flags)
{
    *k = (hr_kern_crc)HR_KERN_CRC_SCALAR;
    (void)cpu_flags;
#ifdef HR_KERN_X86
    if (!(cpu_flags & HR_CPU_PCLMUL)) return;
    if (cpu_flags & HR_CPU_SSE42) hr_kern_crc_pclmul(k);
    if (cpu_flags & HR_CPU_SSE42) hr_kern_crc_sse42(k);
#endif
}
