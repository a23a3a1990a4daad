/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_csv.h"

#include <stdio.h>
#include <string.h>

#include "app/app_check.h"
#include "convert/convert_csv.h"

typedef unsigned long long ull;

static void print_json(const hr_csv_seen *s)
{
    printf(",\"rows\":%llu,\"rejected\":%llu", (ull)s->rows, (ull)s->rejected);
    if (s->first_ns == HR_NULL_I64)
        printf(",\"first_ns\":null,\"last_ns\":null");
    else
        printf(",\"first_ns\":%lld,\"last_ns\":%lld", (long long)s->first_ns,
               (long long)s->last_ns);
    printf(",\"becomes\":[");
    for (uint32_t c = 0; c < s->table.n_columns; c++)
        printf("%s{\"name\":\"%s\",\"type\":\"%s\"}", c > 0 ? "," : "",
               hr_csv_table_column(&s->table, c)->name, s->type[c]);
    putchar(']');
}

static void print_text(const hr_csv_seen *s)
{
    char text[2][40];
    hr_app_time_text(text[0], s->first_ns);
    hr_app_time_text(text[1], s->last_ns);
    printf(
        "%llu lines: %llu rows, %llu rejected; a table, no events: convert makes Parquet of it\n",
        (ull)s->lines, (ull)s->rows, (ull)s->rejected);
    if (s->first_ns == HR_NULL_I64)
        printf("time: none\n");
    else
        printf("time: %s to %s (%.3f s)\n", text[0], text[1],
               (double)(s->last_ns - s->first_ns) * 1e-9);
    printf("becomes:");
    for (uint32_t c = 0; c < s->table.n_columns; c++)
        printf("%s %s %s", c > 0 ? "," : "", hr_csv_table_column(&s->table, c)->name, s->type[c]);
    putchar('\n');
}

hr_status hr_app_csv_print(const char *path, hr_format format, bool json, hr_err *err)
{
    static hr_csv_seen seen;
    HR_TRY(hr_csv_look(&seen, path, format, err));
    if (json)
        print_json(&seen);
    else
        print_text(&seen);
    return HR_OK;
}

void hr_app_csv_print_origin(const hr_pq_file *f, bool json)
{
    char text[64] = {0};
    uint32_t n;
    const char *s = hr_pq_file_meta(f, HR_CSV_META_FORMAT, &n);
    if (s == NULL) return;
    memcpy(text, s, HR_MIN(n, (uint32_t)sizeof text - 1));
    if (!json) {
        printf("made of CSV (%s): convert gives it back\n",
               hr_format_name(hr_format_from_name(text)));
        return;
    }
    printf(",\"made_of\":");
    hr_app_json_text(text);
}
