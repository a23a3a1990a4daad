/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern and a name, each ended by NUL, against a plain matcher that tries every length of every
 * star; the pattern is also a text with a range of days, put back day by day. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "text/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 96u
#define DAYS_MAX 40

typedef struct token {
    bool is_star;
    bool takes[256];
} token;

static void need(bool ok)
{
    if (!ok) abort();
}

/* The set in s[0..n), which begins with '['; its length, 0: it is not closed. */
static size_t set_of(token *t, const char *s, size_t n)
{
    size_t i = 1;
    bool is_not = i < n && (s[i] == '!' || s[i] == '^');
    i += is_not;
    for (size_t first = i; i < n && (s[i] != ']' || i == first);) {
        unsigned low = (unsigned char)s[i];
        unsigned high = low;
        if (i + 2 < n && s[i + 1] == '-' && s[i + 2] != ']') {
            high = (unsigned char)s[i + 2];
            i += 2;
        }
        i++;
        for (unsigned c = low; c <= high; c++)
            t->takes[c] = true;
    }
    for (unsigned c = 0; c < 256 && is_not; c++)
        t->takes[c] = !t->takes[c];
    return i < n ? i + 1 : 0;
}

static size_t tokens_of(token *out, const char *s, size_t n)
{
    size_t n_out = 0;
    for (size_t i = 0; i < n; n_out++) {
        token *t = &out[n_out];
        *t = (token){.is_star = s[i] == '*'};
        size_t len = s[i] == '[' ? set_of(t, s + i, n - i) : 0;
        if (len == 0) {
            for (unsigned c = 0; c < 256; c++)
                t->takes[c] = s[i] == '?' || c == (unsigned char)s[i];
            len = 1;
        }
        i += len;
    }
    return n_out;
}

/* reach[k]: the tokens so far can have taken k bytes of the name. */
static bool matches(const char *pattern, size_t n, const char *name)
{
    static token tokens[TEXT_MAX];
    bool reach[TEXT_MAX + 1] = {true};
    size_t n_name = strlen(name);
    size_t n_tokens = tokens_of(tokens, pattern, n);
    if (name[0] == '.' && (n == 0 || pattern[0] != '.')) return false;
    for (size_t i = 0; i < n_tokens; i++) {
        const token *t = &tokens[i];
        if (t->is_star) {
            for (size_t k = 1; k <= n_name; k++)
                reach[k] = reach[k] || reach[k - 1];
            continue;
        }
        for (size_t k = n_name; k > 0; k--)
            reach[k] = reach[k - 1] && t->takes[(unsigned char)name[k - 1]];
        reach[0] = false;
    }
    return reach[n_name];
}

static void check_days(const char *text)
{
    hr_glob_days d;
    char day[HR_GLOB_DAY];
    char out[TEXT_MAX * 2];
    char small[TEXT_MAX * 2];
    bool ok = hr_glob_days_find(&d, text);
    need(d.at + d.n <= strlen(text));
    if (!ok || d.n == 0) return;
    need(d.first <= d.last && text[d.at] == '{' && text[d.at + d.n - 1] == '}');
    hr_glob_day_text(day, &d, d.first);
    need(strncmp(day, text + d.at + 1, strlen(day)) == 0);
    hr_glob_day_text(day, &d, d.last);
    need(strncmp(day, text + d.at + d.n - 1 - strlen(day), strlen(day)) == 0);
    for (int64_t k = d.first; k <= d.last && k < d.first + DAYS_MAX; k++) {
        hr_glob_days again;
        need(hr_glob_day_put(out, sizeof out, text, &d, k));
        hr_glob_day_text(day, &d, k);
        need(strncmp(out, text, d.at) == 0 && strncmp(out + d.at, day, strlen(day)) == 0);
        size_t n = strlen(out);
        need(!hr_glob_day_put(small, n, text, &d, k));
        need(hr_glob_day_put(small, n + 1, text, &d, k) && strcmp(small, out) == 0);
        need(!hr_glob_days_find(&again, out) || again.n == 0 || again.n == d.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char pattern[TEXT_MAX];
    char name[TEXT_MAX];
    const uint8_t *end = memchr(data, 0, size);
    size_t n = HR_MIN(end != NULL ? (size_t)(end - data) : size, sizeof pattern - 1);
    size_t n_name = end != NULL ? HR_MIN(size - (size_t)(end + 1 - data), sizeof name - 1) : 0;
    memcpy(pattern, data, n);
    pattern[n] = '\0';
    if (n_name > 0) memcpy(name, end + 1, n_name);
    name[n_name] = '\0';
    need(hr_glob_match(pattern, n, name) == matches(pattern, n, name));
    if (!hr_glob_is_pattern(pattern, n) && pattern[0] != '.')
        need(hr_glob_match(pattern, n, name) == (strcmp(pattern, name) == 0));
    check_days(pattern);
    return 0;
}
