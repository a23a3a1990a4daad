/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times as text files have them. Exact or refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/date.h"
#include "text/decimal.h"
#include "text/shortest.h"
#include "text/wide.h"
#include "venue/files/csv_table.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_DAY (86400 * NS_PER_S)
#define EXPONENT_MAX 100000

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* ---- numbers ---- */

/* Digits at p: which of them are not zero, counted on. Returns the place behind them. */
static const char *count_digits(const char *p, const char *end, int64_t *n, int64_t *first,
                                int64_t *last)
{
    for (; is_digit(p, end); p++, ++*n) {
        if (*p == '0') continue;
        if (*first < 0) *first = *n;
        *last = *n;
    }
    return p;
}

static const char *take_exponent(const char *p, const char *end, int64_t *out)
{
    bool is_negative = false;
    if (p < end && (*p == '+' || *p == '-')) is_negative = *p++ == '-';
    if (!is_digit(p, end)) return NULL;
    for (*out = 0; is_digit(p, end); p++)
        *out = HR_MIN(*out * 10 + (*p - '0'), (int64_t)EXPONENT_MAX);
    if (is_negative) *out = -*out;
    return p;
}

hr_status hr_csv_measure(hr_csv_number *out, const char *s, size_t n)
{
    const char *p = s;
    const char *end = s + n;
    int64_t n_digits = 0;
    int64_t first = -1;
    int64_t last = -1;
    int64_t exponent = 0;
    *out = (hr_csv_number){0};
    if (n > EXPONENT_MAX) return HR_EINPUT;
    if (p < end && *p == '-') p++;
    p = count_digits(p, end, &n_digits, &first, &last);
    int64_t n_int = n_digits;
    if (n_int == 0) return HR_EINPUT;
    if (p < end && *p == '.') {
        p = count_digits(p + 1, end, &n_digits, &first, &last);
        if (n_digits == n_int) return HR_EINPUT;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = take_exponent(p + 1, end, &exponent);
        if (p == NULL) return HR_EINPUT;
    }
    if (p != end) return HR_EINPUT;
    if (first < 0) return HR_OK;
    out->n_int = (int32_t)HR_MAX(n_int - first + exponent, INT64_C(0));
    out->n_dec = (int32_t)HR_MAX(last + 1 - n_int - exponent, INT64_C(0));
    out->n_sig = (int32_t)(last + 1 - first);
    return HR_OK;
}

/* Digits in front, which are zeros or at most 18; how the rest stands to a half of the last. */
typedef struct kept {
    int64_t value, n; /* n: digits still to keep */
    int rest;         /* 0 nothing, 1 below a half, 2 a half, 3 above */
} kept;

static void keep_digit(kept *k, int digit)
{
    if (k->n > 0) {
        k->value = k->value * 10 + digit;
    } else if (k->n == 0) {
        k->rest = digit == 0 ? 0 : digit < 5 ? 1 : digit == 5 ? 2 : 3;
    } else if (digit != 0 && (k->rest & 1) == 0) {
        k->rest++;
    }
    k->n--;
}

hr_status hr_csv_round(int64_t *out, const char *s, size_t n, unsigned scale)
{
    hr_csv_number m;
    int64_t exponent = 0;
    HR_TRY(hr_csv_measure(&m, s, n));
    if (m.n_int + (int)scale > 18) return HR_ERANGE;
    const char *end = s + n;
    const char *p = s + (*s == '-');
    const char *stop = p;
    while (stop < end && (is_digit(stop, end) || *stop == '.'))
        stop++;
    if (stop < end) (void)take_exponent(stop + 1, end, &exponent);
    const char *point = memchr(p, '.', (size_t)(stop - p));
    kept k = {.n = (point != NULL ? point : stop) - p + exponent + (int64_t)scale};
    for (; p < stop; p++)
        if (*p != '.') keep_digit(&k, *p - '0');
    for (; k.n > 0 && k.value != 0; k.n--)
        k.value *= 10;
    if (k.rest == 3 || (k.rest == 2 && k.value % 2 != 0)) k.value++;
    if (k.value >= HR_DECIMAL_LIMIT) return HR_ERANGE;
    *out = *s == '-' ? -k.value : k.value;
    return HR_OK;
}

/* As printf's %g of 15 to 17 digits, the fewest that are read as v. */
static size_t with_exponent(char *out, double v)
{
    for (int digits = 15;; digits++) {
        const int n = snprintf(out, HR_CSV_REAL_TEXT, "%.*g", digits, v);
        if (digits == 17 || strtod(out, NULL) == v) return (size_t)n;
    }
}

size_t hr_csv_real_text(char out[HR_CSV_REAL_TEXT], double v)
{
    if (v == 0) return hr_decimal_format(out, 0, 0);
    if (!isnormal(v)) return with_exponent(out, v);
    hr_shortest s = hr_shortest_of(fabs(v));
    for (; s.exponent > 0 && s.digits < HR_DECIMAL_LIMIT / 10; s.exponent--)
        s.digits *= 10;
    if (s.exponent > 0 || s.exponent < -18) return with_exponent(out, v);
    const int64_t fixed = (int64_t)s.digits;
    return hr_decimal_format(out, v < 0 ? -fixed : fixed, (unsigned)-s.exponent);
}

hr_status hr_csv_real(double *out, bool *is_exact, const char *s, size_t n)
{
    char text[HR_CSV_REAL_TEXT];
    hr_csv_number m;
    int64_t fixed;
    int64_t again;
    HR_TRY(hr_csv_measure(&m, s, n));
    if (m.n_dec > 18) return HR_ERANGE;
    HR_TRY(hr_decimal_parse(&fixed, s, n, (unsigned)m.n_dec));
    *out = hr_wide_double(fixed, (unsigned)m.n_dec);
    *is_exact = m.n_sig <= 15; /* a double holds any fifteen digits */
    if (*is_exact) return HR_OK;
    size_t k = hr_csv_real_text(text, *out);
    *is_exact = hr_decimal_parse(&again, text, k, (unsigned)m.n_dec) == HR_OK && again == fixed;
    return HR_OK;
}

/* ---- times ---- */

/* So large a number is of the next finer unit: 10^11 s are the year 5138, 10^11 ms 1973. */
#define S_END INT64_C(100000000000)
#define MS_END INT64_C(100000000000000)
#define US_END INT64_C(100000000000000000)

#define DATE_MOST INT64_C(99999999) /* as YYYYMMDD */

static int64_t unit_of(int64_t v)
{
    return v < S_END ? NS_PER_S : v < MS_END ? 1000000 : v < US_END ? 1000 : 1;
}

/* Between lo and hi digits at *p; how many, 0: not so many. */
static int take_digits(const char **p, const char *end, int lo, int hi, int64_t *out)
{
    int n = 0;
    for (*out = 0; n < hi && is_digit(*p, end); n++, ++*p)
        *out = *out * 10 + (**p - '0');
    return n >= lo ? n : 0;
}

static bool take_char(const char **p, const char *end, char c)
{
    if (*p == end || **p != c) return false;
    ++*p;
    return true;
}

static bool days_of(int64_t *out, int64_t y, int64_t m, int64_t d)
{
    static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (y < 1678 || y > 2261 || m < 1 || m > 12 || d < 1) return false;
    if (d > lengths[m - 1] + (is_leap && m == 2)) return false;
    *out = hr_date_days(y, m, d);
    return true;
}

/* Nine digits behind the point, zeros after them. */
static bool take_fraction(const char **p, const char *end, int64_t *ns)
{
    int64_t v;
    int n = take_digits(p, end, 1, 9, &v);
    if (n == 0) return false;
    while (take_char(p, end, '0')) {
    }
    *ns = v * hr_pow10[9 - n];
    return true;
}

static bool take_clock(const char **p, const char *end, int64_t *ns)
{
    int64_t h;
    int64_t m;
    int64_t s = 0;
    int64_t rest = 0;
    if (take_digits(p, end, 1, 2, &h) == 0 || !take_char(p, end, ':') ||
        take_digits(p, end, 2, 2, &m) == 0)
        return false;
    if (take_char(p, end, ':')) {
        if (take_digits(p, end, 2, 2, &s) == 0) return false;
        if (take_char(p, end, '.') && !take_fraction(p, end, &rest)) return false;
    }
    *ns = ((h * 60 + m) * 60 + s) * NS_PER_S + rest;
    return h < 24 && m < 60 && s < 60;
}

static bool take_zone(const char **p, const char *end, int64_t *ns)
{
    int64_t h;
    int64_t m = 0;
    *ns = 0;
    if (take_char(p, end, 'Z')) return true;
    if (end - *p == 4 && memcmp(*p, " UTC", 4) == 0) {
        *p = end;
        return true;
    }
    bool is_east = *p < end && **p == '+';
    if (!take_char(p, end, '+') && !take_char(p, end, '-')) return true;
    if (take_digits(p, end, 2, 2, &h) == 0) return false;
    bool has_colon = take_char(p, end, ':');
    if ((has_colon || *p < end) && take_digits(p, end, 2, 2, &m) == 0) return false;
    *ns = (h * 60 + m) * 60 * (is_east ? NS_PER_S : -NS_PER_S);
    return h < 24 && m < 60;
}

/* The date at *p; *ends: it may be the day of a time. */
static bool take_date(const char **p, const char *end, hr_csv_order order, hr_csv_time *t,
                      int64_t *days)
{
    int64_t a;
    int64_t b;
    int64_t c;
    *days = 0;
    int n = take_digits(p, end, 1, 4, &a);
    char mark = *p < end ? **p : '\0';
    if (n == 0 || (mark != '-' && mark != '/')) return false;
    ++*p;
    if (take_digits(p, end, n == 4 ? 2 : 1, 2, &b) == 0 || !take_char(p, end, mark)) return false;
    if (n == 4) return take_digits(p, end, 2, 2, &c) == 2 && days_of(days, a, b, c);
    int n_year = take_digits(p, end, 2, 4, &c);
    if (n > 2 || mark != '/' || n_year == 0 || n_year == 3) return false;
    if (n_year == 2) c += c < 69 ? 2000 : 1900; /* as POSIX has it */
    t->part[0] = (uint8_t)a;
    t->part[1] = (uint8_t)b;
    int64_t either[2] = {0};
    bool is_month_first = days_of(&either[0], c, a, b);
    bool is_day_first = days_of(&either[1], c, b, a);
    t->either_ns[0] = is_month_first ? either[0] * NS_PER_DAY : HR_NULL_I64;
    t->either_ns[1] = is_day_first ? either[1] * NS_PER_DAY : HR_NULL_I64;
    if (order == HR_CSV_ORDER_NONE) return is_month_first || is_day_first;
    *days = either[order == HR_CSV_DAY_FIRST];
    return order == HR_CSV_DAY_FIRST ? is_day_first : is_month_first;
}

static hr_status parse_date(hr_csv_time *out, const char *p, const char *end, hr_csv_order order)
{
    int64_t days;
    int64_t clock = 0;
    int64_t zone = 0;
    if (!take_date(&p, end, order, out, &days)) return HR_EINPUT;
    if (p < end) {
        if (*p != 'T' && *p != ' ') return HR_EINPUT;
        p++;
        if (!take_clock(&p, end, &clock) || !take_zone(&p, end, &zone) || p != end)
            return HR_EINPUT;
        out->has_clock = true;
    }
    out->ns = days * NS_PER_DAY + clock - zone; /* years are bounded: it fits */
    for (int i = 0; i < 2; i++)
        if (out->part[0] > 0 && out->either_ns[i] != HR_NULL_I64) out->either_ns[i] += clock - zone;
    return HR_OK;
}

/* 20170103: as seconds they would all lie in 1970. */
static bool parse_plain_date(hr_csv_time *out, int64_t v)
{
    int64_t days;
    if (v < 19000101 || !days_of(&days, v / 10000, v / 100 % 100, v % 100)) return false;
    *out = (hr_csv_time){.ns = days * NS_PER_DAY};
    return true;
}

hr_status hr_csv_time_int(int64_t *ns, int64_t v)
{
    hr_csv_time date;
    if (v < 0) return HR_EINPUT;
    bool is_date = v <= DATE_MOST && parse_plain_date(&date, v);
    if (is_date) *ns = date.ns;
    return is_date || !__builtin_mul_overflow(v, unit_of(v), ns) ? HR_OK : HR_EINPUT;
}

bool hr_csv_time_ints(int64_t *ns, const int64_t *v, uint32_t n)
{
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    for (uint32_t i = 0; i < n; i++) {
        least = HR_MIN(least, v[i]);
        most = HR_MAX(most, v[i]);
    }
    const int64_t unit = unit_of(most);
    if (least > DATE_MOST && unit_of(least) == unit && most <= INT64_MAX / unit) {
        for (uint32_t i = 0; i < n; i++)
            ns[i] = v[i] * unit;
        return true;
    }
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++)
        ok = hr_csv_time_int(&ns[i], v[i]) == HR_OK;
    return ok;
}

static hr_status parse_number(hr_csv_time *out, const char *p, const char *end)
{
    int64_t v;
    int64_t rest = 0;
    const char *begin = p;
    while (is_digit(p, end))
        p++;
    if (hr_int_parse(&v, begin, (size_t)(p - begin)) != HR_OK) return HR_EINPUT;
    if (p - begin == 8 && p == end && parse_plain_date(out, v)) return HR_OK;
    int64_t unit = unit_of(v);
    if (p < end && (*p++ != '.' || !take_fraction(&p, end, &rest) || p != end)) return HR_EINPUT;
    if (rest % (NS_PER_S / unit) != 0) return HR_EINPUT; /* finer than nanoseconds */
    if (__builtin_mul_overflow(v, unit, &out->ns) ||
        __builtin_add_overflow(out->ns, rest / (NS_PER_S / unit), &out->ns))
        return HR_EINPUT;
    while (out->ns % unit != 0)
        unit /= 1000;
    out->unit_ns = unit;
    return HR_OK;
}

hr_status hr_csv_time_parse(hr_csv_time *out, const char *s, size_t n, hr_csv_order order)
{
    const char *end = s + n;
    const char *p = s;
    *out = (hr_csv_time){0};
    while (is_digit(p, end))
        p++;
    bool is_number = p > s && (p == end || *p == '.');
    return is_number ? parse_number(out, s, end) : parse_date(out, s, end, order);
}

static const int64_t form_units[HR_CSV_AS_COUNT] = {1, NS_PER_DAY, NS_PER_S, 1000000, 1000, 1};

const char *hr_csv_time_form_name(hr_csv_time_form f)
{
    static const char *const names[HR_CSV_AS_COUNT] = {"clock", "date", "s", "ms", "us", "ns"};
    return (unsigned)f < HR_CSV_AS_COUNT ? names[f] : "clock";
}

bool hr_csv_time_holds(int64_t ns, hr_csv_time_form form)
{
    int64_t unit = form_units[form];
    if (ns % unit != 0) return false;
    if (form == HR_CSV_AS_CLOCK || form == HR_CSV_AS_DATE) return true;
    if (ns < 0 || unit_of(ns / unit) != unit) return false;
    int64_t v = ns / unit;
    hr_csv_time ignored;
    return v < 10000000 || v > 99999999 || !parse_plain_date(&ignored, v);
}

size_t hr_csv_time_text(char out[HR_CSV_TIME_TEXT], int64_t ns, hr_csv_time_form form)
{
    int y;
    int m;
    int d;
    if (form >= HR_CSV_AS_S && form < HR_CSV_AS_COUNT)
        return (size_t)snprintf(out, HR_CSV_TIME_TEXT, "%lld", (long long)(ns / form_units[form]));
    int64_t days = ns / NS_PER_DAY - (ns % NS_PER_DAY < 0);
    int64_t of_day = ns - days * NS_PER_DAY;
    hr_date_of_days(days, &y, &m, &d);
    size_t n = (size_t)snprintf(out, HR_CSV_TIME_TEXT, "%04d-%02d-%02d", y, m, d);
    if (form == HR_CSV_AS_DATE) return n;
    int s = (int)(of_day / NS_PER_S);
    n += (size_t)snprintf(out + n, HR_CSV_TIME_TEXT - n, " %02d:%02d:%02d", s / 3600, s / 60 % 60,
                          s % 60);
    int rest = (int)(of_day % NS_PER_S);
    if (rest == 0) return n;
    n += (size_t)snprintf(out + n, HR_CSV_TIME_TEXT - n, ".%09d", rest);
    while (out[n - 1] == '0')
        out[--n] = '\0';
    return n;
}
