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

static int hex(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static uint32_t code_unit(const char *p)
{
    return (uint32_t)(hex(p[2]) << 12 | hex(p[3]) << 8 | hex(p[4]) << 4 | hex(p[5]));
}

static size_t encode(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> n & 0xf0u) | c);
    return n;
}

/* One escape at p; *used bytes of it. 0 when it is a lone surrogate. */
static size_t unescape_one(char *out, const char *p, const char *end, size_t *used)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    *used = 2;
    if (p[1] != 'u') {
        const char *at = strchr(from, p[1]);
        out[0] = at != NULL ? to[at - from] : p[1];
        return 1;
    }
    uint32_t c = code_unit(p);
    *used = 6;
    if (c >= 0xd800 && c <= 0xdbff) {
        if (end - p < 12 || p[6] != '\\' || p[7] != 'u') return 0;
        uint32_t low = code_unit(p + 6);
        if (low < 0xdc00 || low > 0xdfff) return 0;
        *used = 12;
        return encode(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
    }
    return c >= 0xdc00 && c <= 0xdfff ? 0 : encode(out, c);
}

int64_t hr_json_unescape(char *out, size_t cap, hr_json_str s)
{
    const char *end = s.s + s.n;
    size_t at = 0;
    if (!hr_utf8_valid(s.s, s.n)) return -1;
    for (const char *p = s.s; p < end;) {
        char bytes[4] = {*p};
        size_t used = 1;
        size_t n = *p == '\\' ? unescape_one(bytes, p, end, &used) : 1;
        if (n == 0 || at + n > cap) return -1;
        memcpy(out + at, bytes, n);
        at += n;
        p += used;
    }
    return (int64_t)at;
}
