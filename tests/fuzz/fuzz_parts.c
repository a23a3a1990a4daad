/* SPDX-License-Identifier: Apache-2.0 */
/* A long message made of the input (its first part once, the rest over and over, longer than any
 * part) is cut as a source cuts it: nothing is lost, each part ends between two entries, and the
 * prefix of the next says how many went before. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "pipe/source_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_BYTES ((size_t)400 << 10)
#define PARTS_MAX 4096

static void need(bool ok)
{
    if (!ok) abort();
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Entries, one byte after the other: a list whose first byte opens or ends none. */
static int64_t entries(const char *s, size_t n)
{
    int64_t count = 0;
    bool is_open = false;
    for (size_t i = 0; i < n; i++) {
        if (is_open && is_blank(s[i])) continue;
        count += is_open && s[i] != '[' && s[i] != ']';
        is_open = s[i] == '[';
    }
    return count;
}

/* "],", and blanks about the comma */
static bool is_border(const char *s, size_t n)
{
    while (n > 0 && is_blank(s[n - 1]))
        n--;
    if (n == 0 || s[--n] != ',') return false;
    while (n > 0 && is_blank(s[n - 1]))
        n--;
    return n > 0 && s[n - 1] == ']';
}

static void check_prefix(const hr_parts *p, int64_t n_entries)
{
    char text[HR_PARTS_PREFIX + 1];
    need(p->n_prefix > p->n_head && p->n_prefix < sizeof p->prefix);
    memcpy(text, p->prefix, p->n_prefix);
    text[p->n_prefix] = '\0';
    need(memcmp(text, p->head, p->n_head) == 0 && text[p->n_prefix - 1] == '[');
    const char *said = text + p->n_head;
    need(strncmp(said, "\"continues\":", 12) == 0);
    need(strtoll(said + 12, NULL, 10) == n_entries);
}

static void cut_all(const char *text, size_t n)
{
    static hr_parts p;
    size_t len;
    int64_t n_entries = 0;
    p = (hr_parts){.is_on = true};
    for (int i = 0; i < PARTS_MAX && hr_parts_cut(&p, text, n, &len); i++) {
        need(len > 0 && len <= n);
        if (!p.is_in) n_entries = 0;
        n_entries += entries(text, len);
        need(p.goes_on ? is_border(text, len) && memchr(text, '\n', len) == NULL
                       : text[len - 1] == '\n');
        bool goes_on = p.goes_on;
        hr_parts_next(&p);
        need(p.is_in == goes_on && (p.n_prefix > 0) == goes_on);
        if (goes_on) check_prefix(&p, n_entries);
        text += len;
        n -= len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_BYTES];
    if (size < 3) return 0;
    size_t n = HR_MIN((size_t)data[0] << 3 | (data[1] & 7), size - 2);
    size_t n_text = HR_MAX(n, (size_t)data[1] * TEXT_BYTES / 255);
    size_t n_rest = size - 2 - n;
    memcpy(text, data + 2, n);
    if (n_rest == 0) n_text = n;
    for (size_t at = n; at < n_text; at += n_rest)
        memcpy(text + at, data + 2 + n, HR_MIN(n_rest, n_text - at));
    cut_all(text, n_text);
    return 0;
}
