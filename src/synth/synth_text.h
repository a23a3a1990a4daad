/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_SYNTH_SYNTH_TEXT_H
#define HR_SYNTH_SYNTH_TEXT_H
/* Digits for the synthetic venue's writers. Every function writes at p and returns the end. */
#include <stdint.h>
#include <string.h>

#define SYNTH_PUT(p, literal)                                                                      \
    (memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)

static inline char *synth_put_text(char *p, const char *s)
{
    size_t n = strlen(s);
    memcpy(p, s, n);
    return p + n;
}

static inline char *synth_put_uint(char *p, uint64_t v)
{
    char digits[20];
    unsigned n = sizeof digits;
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(p, digits + n, sizeof digits - n);
    return p + (sizeof digits - n);
}

/* Hundredths, both decimals written, as the venue does. */
static inline char *synth_put_px(char *p, uint32_t v)
{
    p = synth_put_uint(p, v / 100);
    v %= 100;
    p[0] = '.';
    p[1] = (char)('0' + v / 10);
    p[2] = (char)('0' + v % 10);
    return p + 3;
}

/* Thousandths. */
static inline char *synth_put_qty(char *p, uint32_t v)
{
    p = synth_put_uint(p, v / 1000);
    v %= 1000;
    p[0] = '.';
    p[1] = (char)('0' + v / 100);
    p[2] = (char)('0' + v / 10 % 10);
    p[3] = (char)('0' + v % 10);
    return p + 4;
}

#endif
