/* SPDX-License-Identifier: Apache-2.0 */
#include "text/glob.h"

#include <string.h>

#include "text/date.h"

/* ---- patterns ---- */

/* The set that opens at p: *next behind it; false: it is not closed before end. */
static bool in_set(const char *p, const char *end, unsigned char c, const char **next, bool *is_in)
{
    bool is_not = p + 1 < end && (p[1] == '!' || p[1] == '^');
    const char *first = p + 1 + is_not;
    const char *q = first;
    *is_in = false;
    while (q < end && (*q != ']' || q == first)) {
        unsigned char low = (unsigned char)*q;
        bool is_range = end - q > 2 && q[1] == '-' && q[2] != ']';
        unsigned char high = is_range ? (unsigned char)q[2] : low;
        *is_in = *is_in || (c >= low && c <= high);
        q += is_range ? 3 : 1;
    }
    if (q >= end) return false;
    *is_in = *is_in != is_not;
    *next = q + 1;
    return true;
}

/* One byte of a name against what stands at p, which is no star. */
static bool takes(const char *p, const char *end, char c, const char **next)
{
    bool is_in;
    *next = p + 1;
    if (*p == '?') return true;
    if (*p == '[' && in_set(p, end, (unsigned char)c, next, &is_in)) return is_in;
    return *p == c;
}

/* Only the last star need ever be tried again: an earlier one that took less left no more. */
bool hr_glob_match(const char *pattern, size_t n_pattern, const char *name)
{
    const char *p = pattern;
    const char *end = pattern + n_pattern;
    const char *s = name;
    const char *star = NULL;
    const char *from = NULL;
    if (name[0] == '.' && (n_pattern == 0 || pattern[0] != '.')) return false;
    while (*s != '\0') {
        const char *next;
        if (p < end && *p == '*') {
            star = ++p;
            from = s;
        } else if (p < end && takes(p, end, *s, &next)) {
            p = next;
            s++;
        } else if (star != NULL) {
            p = star;
            s = ++from;
        } else {
            return false;
        }
    }
    while (p < end && *p == '*')
        p++;
    return p == end;
}

bool hr_glob_is_pattern(const char *text, size_t n)
{
    const char *open = memchr(text, '[', n);
    return memchr(text, '*', n) != NULL || memchr(text, '?', n) != NULL ||
           (open != NULL && memchr(open, ']', n - (size_t)(open - text)) != NULL);
}

/* ---- days ---- */

static bool number(const char *s, size_t n, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

/* 2024-01-31 or 20240131, a day that there is. */
static bool day_of(const char *s, size_t n, int64_t *day)
{
    int64_t y, m, d;
    int back[3];
    bool has_dashes = n == 10 && s[4] == '-' && s[7] == '-';
    if (!has_dashes && n != 8) return false;
    if (!number(s, 4, &y) || !number(s + (has_dashes ? 5 : 4), 2, &m) ||
        !number(s + (has_dashes ? 8 : 6), 2, &d))
        return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) return false;
    *day = hr_date_days(y, m, d);
    hr_date_of_days(*day, &back[0], &back[1], &back[2]);
    return back[1] == m && back[2] == d;
}

/* The range in s[0..n), braces included. */
static bool range_of(hr_glob_days *out, const char *s, size_t n)
{
    size_t n_day = n == 24 ? 10 : n == 20 ? 8 : 0;
    if (n_day == 0 || memcmp(s + 1 + n_day, "..", 2) != 0) return false;
    out->has_dashes = n_day == 10;
    return day_of(s + 1, n_day, &out->first) && day_of(s + 3 + n_day, n_day, &out->last) &&
           out->first <= out->last;
}

/* The next brace of s that holds "..": its place and length; false: none. */
static bool next_brace(const char *s, size_t *at, size_t *n)
{
    for (const char *p = strchr(s, '{'); p != NULL; p = strchr(p + 1, '{')) {
        size_t len = strcspn(p, "}/");
        if (p[len] != '}' || memmem(p, len, "..", 2) == NULL) continue;
        *at = (size_t)(p - s);
        *n = len + 1;
        return true;
    }
    return false;
}

bool hr_glob_days_find(hr_glob_days *out, const char *text)
{
    size_t at, n;
    *out = (hr_glob_days){0};
    for (const char *p = text; next_brace(p, &at, &n); p += at + n) {
        bool is_first = out->n == 0;
        bool is_same = !is_first && n == out->n && memcmp(p + at, text + out->at, n) == 0;
        if (is_same) continue;
        out->at = (size_t)(p - text) + at;
        out->n = n;
        if (!is_first || !range_of(out, p + at, n)) return false;
    }
    return true;
}

void hr_glob_day_text(char out[HR_GLOB_DAY], const hr_glob_days *d, int64_t day)
{
    int y, m, dd;
    char *p = out;
    hr_date_of_days(day, &y, &m, &dd);
    for (int k = 1000; k > 0; k /= 10)
        *p++ = (char)('0' + y / k % 10);
    if (d->has_dashes) *p++ = '-';
    *p++ = (char)('0' + m / 10);
    *p++ = (char)('0' + m % 10);
    if (d->has_dashes) *p++ = '-';
    *p++ = (char)('0' + dd / 10);
    *p++ = (char)('0' + dd % 10);
    *p = '\0';
}

bool hr_glob_day_put(char *out, size_t cap, const char *text, const hr_glob_days *d, int64_t day)
{
    char date[HR_GLOB_DAY];
    size_t n = 0;
    hr_glob_day_text(date, d, day);
    for (const char *p = text; *p != '\0';) {
        bool is_range = d->n > 0 && strncmp(p, text + d->at, d->n) == 0;
        size_t len = is_range ? strlen(date) : 1;
        if (n + len >= cap) return false;
        memcpy(out + n, is_range ? date : p, len);
        n += len;
        p += is_range ? d->n : 1;
    }
    out[n] = '\0';
    return true;
}
