/* SPDX-License-Identifier: Apache-2.0 */
/* Times in plans and on the command line. */
#include <string.h>

#include "pipe/plan.h"
#include "text/date.h"
#include "text/decimal.h"

#define NS_PER_S INT64_C(1000000000)

/* n digits at *p as a number, behind them *p. */
static bool take_digits(const char **p, int n, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, ++*p) {
        if (**p < '0' || **p > '9') return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool take_date(const char **p, int64_t *days)
{
    static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y;
    int64_t m;
    int64_t d;
    if (!take_digits(p, 4, &y) || *(*p)++ != '-' || !take_digits(p, 2, &m) || *(*p)++ != '-' ||
        !take_digits(p, 2, &d))
        return false;
    bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > lengths[m - 1] + (is_leap && m == 2))
        return false;
    *days = hr_date_days(y, m, d);
    return true;
}

/* HH:MM, HH:MM:SS, with up to nine decimals. */
static bool take_clock(const char **p, int64_t *ns)
{
    int64_t h;
    int64_t m;
    int64_t s = 0;
    int64_t rest = 0;
    if (!take_digits(p, 2, &h) || *(*p)++ != ':' || !take_digits(p, 2, &m)) return false;
    if (**p == ':') {
        ++*p;
        if (!take_digits(p, 2, &s)) return false;
        if (**p == '.') {
            size_t n = strspn(++*p, "0123456789");
            if (n == 0 || n > 9 || !take_digits(p, (int)n, &rest)) return false;
            rest *= hr_pow10[9 - n];
        }
    }
    *ns = ((h * 60 + m) * 60 + s) * NS_PER_S + rest;
    return h < 24 && m < 60 && s < 60;
}

hr_status hr_time_parse(int64_t *out, const char *text)
{
    const char *p = text;
    int64_t days;
    int64_t ns = 0;
    size_t n = strspn(text, "0123456789");
    if (n > 0 && text[n] == '\0') {
        hr_status st = hr_int_parse(out, text, n);
        return st == HR_OK ? HR_OK : HR_ERANGE;
    }
    if (!take_date(&p, &days)) return HR_EINPUT;
    if (*p == 'T' || *p == ' ') {
        p++;
        if (!take_clock(&p, &ns)) return HR_EINPUT;
        if (strcmp(p, "Z") == 0 || strcmp(p, "+00:00") == 0) p = "";
    }
    if (*p != '\0') return HR_EINPUT;
    if (__builtin_mul_overflow(days, 86400 * NS_PER_S, &days) ||
        __builtin_add_overflow(days, ns, out))
        return HR_ERANGE;
    return HR_OK;
}
