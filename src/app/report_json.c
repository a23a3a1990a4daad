/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

typedef unsigned long long ull;
typedef long long ll;

static void put_skew(hr_report *r, const hr_quality_skew *s)
{
    if (s->n == 0)
        hr_report_print(r, "\"skew_ns\":null,");
    else
        hr_report_print(r,
                        "\"skew_ns\":{\"count\":%llu,\"min\":%lld,\"max\":%lld,\"mean\":%.0f,"
                        "\"p50\":%lld,\"p99\":%lld},",
                        (ull)s->n, (ll)s->min, (ll)s->max, hr_quality_mean(s), (ll)s->p50,
                        (ll)s->p99);
}

/* Members of an hour or a sum, the last without a comma. */
static void put_row(hr_report *r, const hr_quality_row *q)
{
    const uint64_t *c = q->count;
    hr_report_print(r,
                    "\"messages\":{\"delta\":%llu,\"snapshot\":%llu,\"trade\":%llu,"
                    "\"ticker\":%llu,\"order\":%llu},\"levels\":%llu,\"trades\":%llu,",
                    (ull)q->n[HR_MSG_DELTA], (ull)q->n[HR_MSG_SNAPSHOT], (ull)q->n[HR_MSG_TRADE],
                    (ull)q->n[HR_MSG_TICKER], (ull)q->n[HR_MSG_ORDER], (ull)q->levels,
                    (ull)q->trades);
    hr_report_print(r,
                    "\"gaps\":%llu,\"resets\":%llu,\"duplicates\":%llu,\"stale\":%llu,"
                    "\"time_falls\":%llu,\"crossed\":%llu,\"locked\":%llu,",
                    (ull)c[HR_QUALITY_GAPS], (ull)c[HR_QUALITY_RESETS],
                    (ull)c[HR_QUALITY_DUPLICATES], (ull)c[HR_QUALITY_STALE], (ull)q->time_falls,
                    (ull)q->crossed, (ull)q->locked);
    hr_report_print(r,
                    "\"checksums\":%llu,\"checksums_equal\":%llu,\"ticker_checks\":%llu,"
                    "\"ticker_checks_equal\":%llu,",
                    (ull)c[HR_QUALITY_CHECKSUMS], (ull)c[HR_QUALITY_CHECKSUMS_EQUAL],
                    (ull)c[HR_QUALITY_CHECKS], (ull)c[HR_QUALITY_CHECKS_EQUAL]);
    put_skew(r, &q->skew);
    hr_report_print(r,
                    "\"silence\":{\"longest_ns\":%lld,\"from_ns\":%lld,\"over_60s\":%llu},"
                    "\"outliers\":{\"from_mid\":%llu,\"from_last\":%llu},\"folded\":%llu",
                    (ll)q->silence_ns, (ll)q->silence_at_ns, (ull)q->silences, (ull)q->from_mid,
                    (ull)q->from_last, (ull)q->n_folded);
    if (q->first_ns != HR_NULL_I64)
        hr_report_print(r, ",\"first_ns\":%lld,\"last_ns\":%lld", (ll)q->first_ns, (ll)q->last_ns);
    else
        hr_report_print(r, ",\"first_ns\":null,\"last_ns\":null");
}

static void put_sources(hr_report *r)
{
    hr_report_print(r, "\"sources\":[");
    for (uint32_t i = 0; i < hr_check_sources(r->x->run); i++) {
        hr_check_source s;
        const uint64_t *n = hr_quality_rejects(r->quality, i);
        const char *sep = "";
        hr_check_source_get(r->x->run, i, &s);
        hr_report_print(r, "%s\n{\"path\":", i > 0 ? "," : "");
        hr_report_text(r, s.path);
        hr_report_print(r, ",\"format\":\"%s\",\"rows\":%lld,\"rejects\":{", s.format, (ll)s.rows);
        for (int k = 0; k < HR_REJECT_COUNT; k++) {
            if (n[k] == 0) continue;
            hr_report_print(r, "%s\"%s\":%llu", sep, hr_reject_name((hr_reject_reason)k),
                            (ull)n[k]);
            sep = ",";
        }
        hr_report_print(r, "}}");
    }
    hr_report_print(r, "],\n");
}

static void put_holes(hr_report *r, uint32_t instrument)
{
    uint32_t row = 0;
    const char *sep = "";
    hr_report_hole h;
    hr_report_print(r, "\"empty_hours\":[");
    while (hr_report_next_hole(r, instrument, &row, &h)) {
        char from[40];
        char to[40];
        hr_report_hour(from, h.from);
        hr_report_hour(to, h.to);
        hr_report_print(r, "%s{\"from\":\"%s\",\"to\":\"%s\",\"hours\":%lld}", sep, from, to,
                        (ll)(h.to - h.from + 1));
        sep = ",";
    }
    hr_report_print(r, "],");
}

static void put_instrument(hr_report *r, uint32_t i)
{
    hr_check_instrument in;
    uint32_t n;
    const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
    hr_check_instrument_get(r->x->check, r->x->run, r->order[i], &in);
    hr_report_print(r, "%s\n{\"venue\":", i > 0 ? "," : "");
    hr_report_text(r, in.venue);
    hr_report_print(r, ",\"symbol\":");
    hr_report_text(r, in.symbol);
    hr_report_print(r, ",\"synced\":%s,\"total\":{",
                    !in.has_depth   ? "null"
                    : in.was_synced ? "true"
                                    : "false");
    put_row(r, &r->sum[i]);
    hr_report_print(r, "},");
    put_holes(r, r->order[i]);
    hr_report_print(r, "\"hours\":[");
    for (uint32_t k = 0; k < n; k++) {
        char hour[40];
        hr_report_hour(hour, row[k]->hour);
        hr_report_print(r, "%s\n {\"hour\":\"%s\",", k > 0 ? "," : "", hour);
        put_row(r, row[k]);
        hr_report_print(r, "}");
    }
    hr_report_print(r, "]}");
}

void hr_report_json(hr_report *r)
{
    bool is_whole = r->x->end == HR_OK && !r->x->report.stopped;
    hr_report_print(r, "{\"report\":1,\"complete\":%s,\"damage\":", is_whole ? "true" : "false");
    hr_report_text(r, r->x->end == HR_OK ? NULL : r->x->err.message);
    hr_report_print(r, ",\n\"summary\":[");
    for (uint32_t i = 0; i < r->n_sentences; i++) {
        hr_report_print(r, i > 0 ? "," : "");
        hr_report_text(r, r->sentence[i]);
    }
    hr_report_print(r, "],\n\"rules\":{");
    for (uint32_t i = 0; hr_report_rules[i] != NULL; i += 2)
        hr_report_print(r, "%s\"%s\":\"%s\"", i > 0 ? "," : "", hr_report_rules[i],
                        hr_report_rules[i + 1]);
    hr_report_print(r, "},\n\"hours\":%lld,\"rejected\":%llu,\"time_falls\":%llu,\"other\":%llu,\n",
                    (ll)r->n_hours, (ull)r->n_rejects,
                    (ull)hr_check_count(r->x->check, HR_FINDING_TIME),
                    (ull)r->x->report.counts.other);
    put_sources(r);
    hr_report_print(r, "\"total\":{");
    put_row(r, &r->total);
    hr_report_print(r, "},\n\"instruments\":[");
    for (uint32_t i = 0; i < r->n; i++)
        put_instrument(r, i);
    hr_report_print(r, "]}\n");
}
