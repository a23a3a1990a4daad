/* SPDX-License-Identifier: Apache-2.0 */
#include "text/csv.h"

#include <string.h>

#include "kern/kern.h"

const char *hr_find_newline(const char *p, const char *end)
{
    return hr_kern_get()->scan.find(p, end, '\n');
}

const char *hr_rfind_newline(const char *begin, const char *end)
{
    return begin == end ? NULL : memrchr(begin, '\n', (size_t)(end - begin));
}

/* Past the closing quote of the field whose text begins at p, or NULL when it stays open. */
static const char *close_quote(const char *p, const char *end, bool *has_quote)
{
    while (p < end) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        if (q == NULL) return NULL;
        if (q + 1 == end || q[1] != '"') return q + 1;
        *has_quote = true;
        p = q + 2;
    }
    return NULL;
}

/* Where the next line begins is known only once this one has ended: until then the row is
 * unfinished, so that a text cut anywhere gives the rows of the whole text. */
static hr_status bad_row(const char **next, const char *p, const char *end, bool at_eof)
{
    const char *eol = hr_find_newline(p, end);
    if (eol == NULL && !at_eof) return HR_AGAIN;
    *next = eol != NULL ? eol + 1 : end;
    return HR_EINPUT;
}

static hr_status split_quoted(hr_csv_field *fields, uint32_t cap, uint32_t *n_fields,
                              const char **next, const char *p, const char *end, bool at_eof)
{
    const char *row = p;
    uint32_t n = 0;
    for (;;) {
        hr_csv_field f = {.s = p};
        if (p < end && *p == '"') {
            f.s = p + 1;
            p = close_quote(p + 1, end, &f.has_quote);
            if (p == NULL) return at_eof ? bad_row(next, row, end, at_eof) : HR_AGAIN;
            f.n = (uint32_t)(p - 1 - f.s);
            if (p < end && *p == '\r' && (p + 1 == end || p[1] == '\n')) p++;
            if (p == end && !at_eof) return HR_AGAIN;
            if (p < end && *p != ',' && *p != '\n') return bad_row(next, row, end, at_eof);
        } else {
            while (p < end && *p != ',' && *p != '\n')
                p++;
            if (p == end && !at_eof) return HR_AGAIN;
            f.n = (uint32_t)(p - f.s);
            if (f.n > 0 && (p == end || *p == '\n') && f.s[f.n - 1] == '\r') f.n--;
        }
        if (n == cap) return bad_row(next, row, end, at_eof);
        fields[n++] = f;
        if (p == end || *p == '\n') break;
        p++;
    }
    *n_fields = n;
    *next = p == end ? end : p + 1;
    return HR_OK;
}

/* The fields of a row without quotes, [p, stop). */
static hr_status put_fields(hr_csv_field *fields, uint32_t cap, uint32_t *n_fields,
                            const uint32_t *comma, uint32_t n_commas, const char *p,
                            const char *stop)
{
    uint32_t begin = 0;
    if (n_commas >= cap || n_commas >= HR_CSV_FIELDS_MAX) return HR_EINPUT;
    for (uint32_t i = 0; i < n_commas; i++) {
        fields[i] = (hr_csv_field){.s = p + begin, .n = comma[i] - begin};
        begin = comma[i] + 1;
    }
    fields[n_commas] = (hr_csv_field){.s = p + begin, .n = (uint32_t)(stop - p) - begin};
    *n_fields = n_commas + 1;
    return HR_OK;
}

hr_status hr_csv_row(hr_csv_field *fields, uint32_t cap, uint32_t *n_fields, const char **next,
                     const char *p, const char *end, bool at_eof)
{
    uint32_t comma[HR_CSV_FIELDS_MAX] HR_UNINIT; /* the kernel says how many it wrote */
    uint32_t n_commas;
    *n_fields = 0;
    *next = p;
    if (p == end) return HR_END;
    const char *stop = hr_kern_get()->scan.csv_row(comma, HR_CSV_FIELDS_MAX, &n_commas, p, end);
    if (stop < end && *stop == '"')
        return split_quoted(fields, cap, n_fields, next, p, end, at_eof);
    if (stop == end && !at_eof) return HR_AGAIN;
    *next = stop < end ? stop + 1 : end;
    if (stop > p && stop[-1] == '\r') stop--;
    return put_fields(fields, cap, n_fields, comma, n_commas, p, stop);
}

size_t hr_csv_put(char *out, const char *s, size_t n)
{
    size_t k = 0;
    bool quotes = false;
    for (size_t i = 0; i < n; i++)
        quotes = quotes || s[i] == '"' || s[i] == ',' || s[i] == '\n' || s[i] == '\r';
    if (quotes) out[k++] = '"';
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"') out[k++] = '"';
        out[k++] = s[i];
    }
    if (quotes) out[k++] = '"';
    return k;
}
