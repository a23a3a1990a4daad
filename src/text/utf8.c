/* SPDX-License-Identifier: Apache-2.0 */
#include <emmintrin.h>
#include <string.h>

#include "kern/kern.h"
#include "text/json.h"

#define ASCII_KERN_MIN 256 /* bytes from which the call through the table pays */

/* Length of the well-formed sequence at p (Unicode 15, table 3-7), 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char a = p[0];
    if (a < 0x80) return 1;
    size_t len = a >= 0xc2 && a <= 0xdf   ? 2
                 : (a & 0xf0) == 0xe0     ? 3
                 : a >= 0xf0 && a <= 0xf4 ? 4
                                          : 0;
    if (len == 0 || len > n) return 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (a == 0xe0) low = 0xa0;
    if (a == 0xed) high = 0x9f;
    if (a == 0xf0) low = 0x90;
    if (a == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return len;
}

bool hr_utf8_valid(const char *s, size_t n)
{
    size_t i = n >= ASCII_KERN_MIN ? hr_kern_get()->scan.ascii(s, n) : 0;
    while (i < n) {
        while (n - i >= 16 && _mm_movemask_epi8(_mm_loadu_si128((const void *)(s + i))) == 0)
            i += 16;
        if (i == n) break;
        size_t len = sequence((const unsigned char *)s + i, n - i);
        if (len == 0) return false;
        i += len;
    }
    return true;
}
