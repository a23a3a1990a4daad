/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

#include <nmmintrin.h>
#include <string.h>

static uint32_t one_stream(uint32_t crc, const void *p, size_t n)
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

static hr_crc32c_fn chosen = one_stream; /* constant once other threads run */

void hr_crc32c_install(hr_crc32c_fn fn)
{
    chosen = fn != NULL ? fn : one_stream;
}

uint32_t hr_crc32c(uint32_t crc, const void *p, size_t n)
{
    return chosen(crc, p, n);
}
