/* SPDX-License-Identifier: Apache-2.0 */
#include "text/decimal.h"

#include <stdbool.h>

#include "base/assert.h"
#include "text/decimal_inl.h"
#include "text/digits_inl.h"

const int64_t hr_pow10[19] = {1,
                              10,
                              100,
                              1000,
                              10000,
                              100000,
                              1000000,
                              10000000,
                              100000000,
                              1000000000,
                              10000000000,
                              100000000000,
                              1000000000000,
                              10000000000000,
                              100000000000000,
                              1000000000000000,
                              10000000000000000,
                              100000000000000000,
                              1000000000000000000};

#define EXPONENT_MAX INT64_C(1000000000000000) /* more than any text has digits to make up for */

/* Digits gathered so far; zeros wait in `n` until a later digit needs them. */
typedef struct mantissa {
    uint64_t value; /* all digits up to the last one that is not zero */
    int64_t n;      /* digits seen */
    int64_t n_int;  /* of them before the point */
    int64_t last;   /* index of the last digit that is not zero */
    int64_t n_sig;  /* digits in value without leading zeros */
} mantissa;

static bool take_digit(mantissa *m, unsigned digit)
{
    const int64_t at = m->n++;
    if (digit == 0) return true;
    int64_t gap = m->n_sig == 0 ? 1 : at - m->last;
    if (m->n_sig + gap > 18) return false;
    m->value = m->value * (uint64_t)hr_pow10[gap] + digit;
    m->n_sig += gap;
    m->last = at;
    return true;
}

static hr_status scale_mantissa(int64_t *out, const mantissa *m, int64_t exponent, unsigned scale,
                                bool is_negative)
{
    if (m->value == 0) {
        *out = 0;
        return HR_OK;
    }
    int64_t shift = m->n_int - 1 - m->last + exponent + (int64_t)scale;
    if (shift < 0 || shift > 18) return HR_ERANGE;
    uint64_t v;
    if (__builtin_mul_overflow(m->value, (uint64_t)hr_pow10[shift], &v) || v >= HR_DECIMAL_LIMIT)
        return HR_ERANGE;
    *out = is_negative ? -(int64_t)v : (int64_t)v;
    return HR_OK;
}

static hr_status parse_exponent(int64_t *out, const char *p, const char *end)
{
    bool is_negative = false;
    if (p < end && (*p == '+' || *p == '-')) is_negative = *p++ == '-';
    if (p == end) return HR_EINPUT;
    int64_t e = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') return HR_EINPUT;
        if (e < EXPONENT_MAX) e = e * 10 + (*p - '0');
    }
    *out = is_negative ? -e : e;
    return HR_OK;
}

hr_status hr_decimal_parse(int64_t *out, const char *s, size_t n, unsigned scale)
{
    const char *p = s;
    const char *end = s + n;
    mantissa m = {0};
    bool is_negative = false;
    bool fits = true;
    int64_t exponent = 0;
    HR_DASSERT(scale <= 18);
    if (p < end && *p == '-') {
        is_negative = true;
        p++;
    }
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        fits = take_digit(&m, (unsigned)(*p - '0')) && fits;
    if (m.n == 0) return HR_EINPUT;
    m.n_int = m.n;
    if (p < end && *p == '.') {
        p++;
        for (; p < end && *p >= '0' && *p <= '9'; p++)
            fits = take_digit(&m, (unsigned)(*p - '0')) && fits;
        if (m.n == m.n_int) return HR_EINPUT;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        HR_TRY(parse_exponent(&exponent, p + 1, end));
        p = end;
    }
    if (p != end) return HR_EINPUT;
    if (!fits) return HR_ERANGE;
    return scale_mantissa(out, &m, exponent, scale, is_negative);
}

/* The digits of v in front of end, so many of them at least; the first. */
static char *put_digits(char *end, uint64_t v, size_t least)
{
    static const char pair[] = "00010203040506070809101112131415161718192021222324"
                               "25262728293031323334353637383940414243444546474849"
                               "50515253545556575859606162636465666768697071727374"
                               "75767778798081828384858687888990919293949596979899";
    char *p = end;
    for (; v >= 100; v /= 100)
        memcpy(p -= 2, pair + 2 * (v % 100), 2);
    if (v >= 10)
        memcpy(p -= 2, pair + 2 * v, 2);
    else
        *--p = (char)('0' + v);
    while (end - p < (ptrdiff_t)least)
        *--p = '0';
    return p;
}

size_t hr_decimal_format(char *out, int64_t value, unsigned scale)
{
    char digits[24] HR_UNINIT;
    char *const end = digits + sizeof digits;
    char *to = out;
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (; scale > 0 && v % 10 == 0; scale--)
        v /= 10;
    const char *p = put_digits(end, v, scale + 1);
    const size_t n_int = (size_t)(end - p) - scale;
    if (value < 0) *to++ = '-';
    memcpy(to, p, n_int);
    to += n_int;
    if (scale > 0) {
        *to++ = '.';
        memcpy(to, p + n_int, scale);
        to += scale;
    }
    *to = '\0';
    return (size_t)(to - out);
}

/* 16 to 18 digits, as times in microseconds and nanoseconds have; reads no byte more. */
static bool parse_long(int64_t *out, const char *s, size_t n)
{
    const __m128i low = hr_digits_load(s + n - 16);
    int64_t high = 0;
    if (hr_digits_end(low) != 0) return false;
    for (size_t i = 0; i < n - 16; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        high = high * 10 + (s[i] - '0');
    }
    *out = high * INT64_C(10000000000000000) + _mm_cvtsi128_si64(hr_digits_sum(low, low));
    return true;
}

hr_status hr_int_parse(int64_t *out, const char *s, size_t n)
{
    const char *p = s;
    const char *end = s + n;
    if (n >= 16 && n <= 18 && parse_long(out, s, n)) return HR_OK;
    bool is_negative = p < end && *p == '-';
    uint64_t v = 0;
    if (is_negative) p++;
    if (p == end) return HR_EINPUT;
    bool fits = true;
    for (; p < end; p++) {
        unsigned d = (unsigned)(unsigned char)*p - '0';
        if (d > 9) return HR_EINPUT;
        fits = fits && !__builtin_mul_overflow(v, (uint64_t)10, &v) &&
               !__builtin_add_overflow(v, (uint64_t)d, &v);
    }
    if (!fits || v > (uint64_t)INT64_MAX + is_negative) return HR_ERANGE;
    *out = is_negative ? (int64_t)(0 - v) : (int64_t)v;
    return HR_OK;
}
