/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/source_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "text/csv.h"

/* Entries of level 3 have an id of 36 bytes: such a part holds at most 2,500, and any batch 4,096
 * messages. */
#define PART_BYTES ((size_t)128 << 10)

static const char *const keys[] = {"\"bids\"", "\"asks\""};
#define KEY_BYTES 6u

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Behind the last comma between two lists in text[0..n); 0: there is none. */
static size_t last_border(const char *text, size_t n)
{
    while (n > 0) {
        const char *open = memrchr(text, '[', n);
        if (open == NULL) return 0;
        const char *p = open;
        while (p > text && is_blank(p[-1]))
            p--;
        size_t end = (size_t)(p - text);
        if (p > text && p[-1] == ',') {
            for (p--; p > text && is_blank(p[-1]); p--) {
            }
            if (p > text && p[-1] == ']') return end;
        }
        n = (size_t)(open - text);
    }
    return 0;
}

/* Lists that hold something else than lists. */
static int64_t count_entries(const char *text, size_t n)
{
    int64_t count = 0;
    const char *end = text + n;
    for (const char *p = text; (p = memchr(p, '[', (size_t)(end - p))) != NULL;) {
        for (p++; p < end && is_blank(*p); p++) {
        }
        if (p == end) break;
        count += *p != '[' && *p != ']';
    }
    return count;
}

/* The key that comes first, or last; NULL: none. */
static const char *find_key(const char *text, size_t n, bool last, const char **at)
{
    const char *found = NULL;
    for (size_t k = 0; k < HR_ARRAY_LEN(keys); k++) {
        const char *p = memmem(text, n, keys[k], KEY_BYTES);
        if (p == NULL || (found != NULL && (p < *at) == last)) continue;
        found = keys[k];
        *at = p;
    }
    return found;
}

static bool cut_line(hr_parts *p, const char *text, size_t *len)
{
    const char *at;
    size_t n = last_border(text, PART_BYTES);
    if (n == 0) return false;
    if (!p->is_in) {
        if (find_key(text, HR_MIN(n, (size_t)HR_PARTS_HEAD), false, &at) == NULL) return false;
        p->n_head = (uint32_t)(at - text);
        memcpy(p->head, text, p->n_head);
        p->n_entries = 0;
        p->key = NULL;
    }
    const char *key = find_key(text, n, true, &at);
    if (key != NULL) p->key = key;
    p->n_entries += count_entries(text, n);
    p->goes_on = true;
    *len = n;
    return true;
}

bool hr_parts_cut(hr_parts *p, const char *text, size_t n, size_t *len)
{
    size_t at = 0;
    p->goes_on = false;
    while (n - at >= PART_BYTES) {
        const char *nl = hr_find_newline(text + at, text + at + PART_BYTES);
        if (nl != NULL) {
            at = (size_t)(nl + 1 - text);
            continue;
        }
        *len = at;
        return at > 0 || cut_line(p, text, len);
    }
    return false;
}

void hr_parts_next(hr_parts *p)
{
    p->is_in = p->goes_on;
    p->n_prefix = 0;
    if (!p->is_in) return;
    memcpy(p->prefix, p->head, p->n_head);
    int n = snprintf(p->prefix + p->n_head, sizeof p->prefix - p->n_head, "\"continues\":%lld,%s:[",
                     (long long)p->n_entries, p->key);
    p->n_prefix = p->n_head + (uint32_t)n;
}
