/* SPDX-License-Identifier: Apache-2.0 */
#include "store/part.h"

#include <stdio.h>
#include <string.h>

/* Civil date of a day number. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * civil_from_days. */
void hr_date_text(char out[11], int32_t days)
{
    int64_t z = (int64_t)days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)(year % 10000), (unsigned)(month % 100),
             (unsigned)(day % 100));
}

/* A symbol may hold '/' and ':', which a folder's name must not: they are written as in URLs. */
static void fold_symbol(char *out, size_t cap, const char *s)
{
    size_t n = 0;
    for (; *s != '\0' && n + 4 < cap; s++) {
        if (*s == '/' || *s == ':')
            n += (size_t)snprintf(out + n, cap - n, "%%%02X", (unsigned char)*s);
        else
            out[n++] = *s;
    }
    out[n] = '\0';
}

void hr_part_path(char *out, size_t cap, const hr_part *p, bool is_temp)
{
    char date[11];
    char symbol[128];
    hr_date_text(date, p->date);
    fold_symbol(symbol, sizeof symbol, p->symbol);
    snprintf(out, cap, "%s/venue=%s/symbol=%s/date=%s/%spart-%u.parquet%s",
             hr_kind_name((hr_kind)p->kind), p->venue[0] != '\0' ? p->venue : "unknown", symbol,
             date, is_temp ? "." : "", p->number, is_temp ? ".tmp" : "");
}

int hr_part_compare(const void *va, const void *vb)
{
    const hr_part *a = va;
    const hr_part *b = vb;
    int c = (int)a->kind - (int)b->kind;
    if (c == 0) c = strcmp(a->venue, b->venue);
    if (c == 0) c = strcmp(a->symbol, b->symbol);
    if (c == 0) c = (a->date > b->date) - (a->date < b->date);
    return c != 0 ? c : (a->number > b->number) - (a->number < b->number);
}
