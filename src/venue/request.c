/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/request.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "col/evbatch.h"

typedef struct pen {
    char *out;
    size_t n, cap;
    bool is_full;
} pen;

static void put(pen *k, const char *s, size_t n)
{
    if (n >= k->cap - k->n) { /* one byte is kept for the NUL */
        k->is_full = true;
        return;
    }
    memcpy(k->out + k->n, s, n);
    k->n += n;
}

static void put_small(pen *k, const char *symbol)
{
    for (; *symbol != '\0'; symbol++) {
        char c = *symbol >= 'A' && *symbol <= 'Z' ? (char)(*symbol | 0x20) : *symbol;
        put(k, &c, 1);
    }
}

/* [s, s + n) of a template, with the symbol for each `$` and `~`. */
static void put_part(pen *k, const char *s, size_t n, const char *symbol)
{
    const char *end = s + n;
    while (s < end) {
        const char *mark = s;
        while (mark < end && *mark != '$' && *mark != '~')
            mark++;
        put(k, s, (size_t)(mark - s));
        if (mark == end) return;
        if (*mark == '$')
            put(k, symbol, strlen(symbol));
        else
            put_small(k, symbol);
        s = mark + 1;
    }
}

static bool is_symbol(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:/");
    return n > 0 && n <= HR_SYMBOL_MAX && s[n] == '\0';
}

static void fill(pen *k, const hr_request *r, const char *const *symbols, uint32_t n)
{
    const char *open = strchr(r->text, '<');
    const char *close = open != NULL ? strchr(open, '>') : NULL;
    const uint32_t step = close == NULL ? 1 : r->per_line > 0 ? r->per_line : n;
    for (uint32_t at = 0; at < n; at += step) {
        if (close == NULL) {
            put_part(k, r->text, strlen(r->text), symbols[at]);
        } else {
            put(k, r->text, (size_t)(open - r->text));
            for (uint32_t i = at; i < n && i - at < step; i++) {
                if (i > at) put(k, ",", 1);
                put_part(k, open + 1, (size_t)(close - open - 1), symbols[i]);
            }
            put(k, close + 1, strlen(close + 1));
        }
        put(k, "\n", 1);
    }
}

size_t hr_request_fill(char *out, size_t cap, const hr_request *requests, size_t n_requests,
                       const char *channel, const char *const *symbols, uint32_t n)
{
    pen k = {.out = out, .cap = cap};
    if (cap == 0) return 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < n; i++)
        if (!is_symbol(symbols[i])) return 0;
    for (size_t i = 0; i < n_requests; i++)
        if (strcmp(requests[i].channel, channel) == 0) fill(&k, &requests[i], symbols, n);
    if (k.is_full) k.n = 0;
    out[k.n] = '\0';
    return k.n;
}
