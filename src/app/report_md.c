/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

typedef unsigned long long ull;
typedef long long ll;

static const char *const columns =
    " levels | trades | gaps | resets | duplicates | stale | time falls | crossed | locked "
    "| checksums equal | tickers equal | skew p50 | skew p99 | longest silence | silences > 60 s "
    "| from mid | from last |\n";

static void rule(hr_report *r, int n)
{
    for (int i = 0; i < n; i++)
        hr_report_print(r, i < 2 ? "| --- " : "| ---: ");
    hr_report_print(r, "|\n");
}

static void cells(hr_report *r, const hr_quality_row *q)
{
    const uint64_t *c = q->count;
    char p50[32] = "-";
    char p99[32] = "-";
    char silence[32] = "-";
    ull n = 0;
    for (int k = 0; k < HR_MSG_KIND_COUNT; k++)
        n += q->n[k];
    if (q->skew.n > 0) {
        hr_report_ns(p50, (double)q->skew.p50);
        hr_report_ns(p99, (double)q->skew.p99);
    }
    if (q->silence_ns > 0) hr_report_ns(silence, (double)q->silence_ns);
    hr_report_print(r, " %llu | %llu | %llu | %llu | %llu | %llu | %llu | %llu | %llu | %llu |", n,
                    (ull)q->levels, (ull)q->trades, (ull)c[HR_QUALITY_GAPS],
                    (ull)c[HR_QUALITY_RESETS], (ull)c[HR_QUALITY_DUPLICATES],
                    (ull)c[HR_QUALITY_STALE], (ull)q->time_falls, (ull)q->crossed, (ull)q->locked);
    hr_report_print(r, " %llu of %llu | %llu of %llu | %s | %s | %s | %llu | %llu | %llu |\n",
                    (ull)c[HR_QUALITY_CHECKSUMS_EQUAL], (ull)c[HR_QUALITY_CHECKSUMS],
                    (ull)c[HR_QUALITY_CHECKS_EQUAL], (ull)c[HR_QUALITY_CHECKS], p50, p99, silence,
                    (ull)q->silences, (ull)q->from_mid, (ull)q->from_last);
}

static void name_cell(hr_report *r, uint32_t i)
{
    hr_check_instrument in;
    hr_check_instrument_get(r->x->check, r->x->run, r->order[i], &in);
    hr_report_print(r, "| ");
    hr_report_text(r, in.venue);
    hr_report_print(r, " ");
    hr_report_text(r, in.symbol);
    hr_report_print(r, " |");
}

static void instruments(hr_report *r)
{
    hr_report_print(r, "\n## Instruments\n\n| instrument | hours | messages |%s", columns);
    rule(r, 20);
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
    hr_report_print(r, "\n## Hours\n\n| instrument | hour | messages |%s", columns);
    rule(r, 20);
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
        const uint64_t *n = hr_quality_rejects(r->quality, i);
        const char *sep = "";
        hr_check_source_get(r->x->run, i, &s);
        hr_report_print(r, "| ");
        hr_report_text(r, s.path);
        hr_report_print(r, " | %s | %lld | ", s.format, (ll)s.rows);
        for (int k = 0; k < HR_REJECT_COUNT; k++) {
            if (n[k] == 0) continue;
            hr_report_print(r, "%s%s: %llu", sep, hr_reject_name((hr_reject_reason)k), (ull)n[k]);
            sep = ", ";
        }
        hr_report_print(r, "%s |\n", sep[0] == '\0' ? "none" : "");
    }
}

void hr_report_markdown(hr_report *r)
{
    hr_report_print(r, "# Data quality\n\n");
    if (r->n_sentences == 0) hr_report_print(r, "Nothing was found wrong.");
    for (uint32_t i = 0; i < r->n_sentences; i++)
        hr_report_print(r, "%s%s", i > 0 ? " " : "", r->sentence[i]);
    hr_report_print(r, "\n");
    if (r->x->end != HR_OK) {
        hr_report_print(r, "\nDamage: ");
        hr_report_text(r, r->x->err.message);
        hr_report_print(r, "\n");
    }
    sources(r);
    instruments(r);
    hours(r);
    holes(r);
    hr_report_print(r, "\n## Rules\n\n");
    for (uint32_t i = 0; hr_report_rules[i] != NULL; i += 2)
        hr_report_print(r, "- `%s`: %s.\n", hr_report_rules[i], hr_report_rules[i + 1]);
}
