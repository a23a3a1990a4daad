/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

typedef long long ll;

/* The heads of a table of figures: its name, what a row is of, the figures. */
static void heads(hr_report *r, const char *name, const char *of)
{
    hr_report_print(r, "\n## %s\n\n| instrument | %s |", name, of);
    hr_report_cells(r, NULL, " ", " |");
    hr_report_print(r, "\n");
    for (uint32_t i = 0; i < HR_REPORT_COLUMNS + 2; i++)
        hr_report_print(r, i < 2 ? "| --- " : "| ---: ");
    hr_report_print(r, "|\n");
}

static void cells(hr_report *r, const hr_quality_row *q)
{
    hr_report_cells(r, q, " ", " |");
    hr_report_print(r, "\n");
}

static void name_cell(hr_report *r, uint32_t i)
{
    hr_report_print(r, "| ");
    hr_report_name(r, i);
    hr_report_print(r, " |");
}

static void instruments(hr_report *r)
{
    heads(r, "Instruments", "hours");
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        (void)hr_quality_rows(r->quality, r->order[i], &n);
        name_cell(r, i);
        hr_report_print(r, " %u |", n);
        cells(r, &r->sum[i]);
    }
    hr_report_print(r, "| all | %lld |", (ll)r->n_hours);
    cells(r, &r->total);
}

static void hours(hr_report *r)
{
    heads(r, "Hours", "hour");
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
        for (uint32_t k = 0; k < n; k++) {
            char hour[40];
            hr_report_hour(hour, row[k]->hour);
            name_cell(r, i);
            hr_report_print(r, " %s |", hour);
            cells(r, row[k]);
        }
    }
}

static void holes(hr_report *r)
{
    hr_report_print(r, "\n## Hours without any message\n\n| instrument | from | to | hours |\n"
                       "| --- | --- | --- | ---: |\n");
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t row = 0;
        hr_report_hole h;
        while (hr_report_next_hole(r, r->order[i], &row, &h)) {
            char from[40];
            char to[40];
            hr_report_hour(from, h.from);
            hr_report_hour(to, h.to);
            name_cell(r, i);
            hr_report_print(r, " %s | %s | %lld |\n", from, to, (ll)(h.to - h.from + 1));
        }
    }
}

static void sources(hr_report *r)
{
    hr_report_print(r, "\n## Sources\n\n| path | format | rows | rejects |\n"
                       "| --- | --- | ---: | --- |\n");
    for (uint32_t i = 0; i < hr_check_sources(r->x->run); i++) {
        hr_check_source s;
        hr_check_source_get(r->x->run, i, &s);
        hr_report_print(r, "| ");
        hr_report_text(r, s.path);
        hr_report_print(r, " | %s | %lld | ", s.format, (ll)s.rows);
        hr_report_rejects(r, i);
        hr_report_print(r, " |\n");
    }
}

void hr_report_markdown(hr_report *r)
{
    hr_report_print(r, "# Data quality\n\n");
    hr_report_lead(r, "\n", "\n");
    sources(r);
    instruments(r);
    hours(r);
    holes(r);
    hr_report_print(r, "\n## Rules\n\n");
    for (uint32_t i = 0; hr_report_rules[i] != NULL; i += 2)
        hr_report_print(r, "- `%s`: %s.\n", hr_report_rules[i], hr_report_rules[i + 1]);
}
