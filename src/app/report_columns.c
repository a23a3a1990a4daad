/* SPDX-License-Identifier: Apache-2.0 */
/* What Markdown and HTML both show of the figures, as data. */
#include <stddef.h>
#include <stdio.h>

#include "app/report.h"

#define CELL_MAX 64

typedef unsigned long long ull;

typedef enum figure {
    FIGURE_COUNT = 0,
    FIGURE_MESSAGES = 1, /* of all kinds */
    FIGURE_SHARE = 2,    /* so many of so many */
    FIGURE_TIME = 3,     /* - where `of` is 0 */
} figure;
typedef struct column {
    const char *name;
    uint8_t figure;
    bool is_drawn; /* HTML has a picture of it */
    size_t at, of; /* in hr_quality_row, 8 bytes each */
} column;

/* at, of: of hr_quality_row. */
#define AT(field) offsetof(hr_quality_row, field)
#define COUNT_AT(id) offsetof(hr_quality_row, count[id])
static const column columns[HR_REPORT_COLUMNS] = {
    {"messages", FIGURE_MESSAGES, false, 0, 0},
    {"levels", FIGURE_COUNT, false, AT(levels), 0},
    {"trades", FIGURE_COUNT, false, AT(trades), 0},
    {"gaps", FIGURE_COUNT, false, COUNT_AT(HR_QUALITY_GAPS), 0},
    {"resets", FIGURE_COUNT, false, COUNT_AT(HR_QUALITY_RESETS), 0},
    {"duplicates", FIGURE_COUNT, false, COUNT_AT(HR_QUALITY_DUPLICATES), 0},
    {"stale", FIGURE_COUNT, false, COUNT_AT(HR_QUALITY_STALE), 0},
    {"time falls", FIGURE_COUNT, false, AT(time_falls), 0},
    {"crossed", FIGURE_COUNT, false, AT(crossed), 0},
    {"locked", FIGURE_COUNT, false, AT(locked), 0},
    {"checksums equal", FIGURE_SHARE, false, COUNT_AT(HR_QUALITY_CHECKSUMS_EQUAL),
     COUNT_AT(HR_QUALITY_CHECKSUMS)},
    {"tickers equal", FIGURE_SHARE, false, COUNT_AT(HR_QUALITY_CHECKS_EQUAL),
     COUNT_AT(HR_QUALITY_CHECKS)},
    {"skew p50", FIGURE_TIME, false, AT(skew.p50), AT(skew.n)},
    {"skew p99", FIGURE_TIME, false, AT(skew.p99), AT(skew.n)},
    {"longest silence", FIGURE_TIME, true, AT(silence_ns), AT(silence_ns)},
    {"silences > 60 s", FIGURE_COUNT, true, AT(silences), 0},
    {"from mid", FIGURE_COUNT, false, AT(from_mid), 0},
    {"from last", FIGURE_COUNT, false, AT(from_last), 0},
};

static int64_t field(const hr_quality_row *q, size_t at)
{
    return *(const int64_t *)(const void *)((const char *)q + at);
}

static void cell(char out[CELL_MAX], const column *c, const hr_quality_row *q)
{
    char ns[32] = "-";
    ull n = 0;
    switch ((figure)c->figure) {
    case FIGURE_MESSAGES:
        for (int k = 0; k < HR_MSG_KIND_COUNT; k++)
            n += q->n[k];
        snprintf(out, CELL_MAX, "%llu", n);
        return;
    case FIGURE_COUNT:
        snprintf(out, CELL_MAX, "%llu", (ull)field(q, c->at));
        return;
    case FIGURE_SHARE:
        snprintf(out, CELL_MAX, "%llu of %llu", (ull)field(q, c->at), (ull)field(q, c->of));
        return;
    case FIGURE_TIME:
        if (field(q, c->of) > 0) hr_report_ns(ns, (double)field(q, c->at));
        snprintf(out, CELL_MAX, "%s", ns);
        return;
    }
}

void hr_report_cells(hr_report *r, const hr_quality_row *q, const char *before, const char *after)
{
    for (uint32_t i = 0; i < HR_REPORT_COLUMNS; i++) {
        char text[CELL_MAX];
        const column *c = &columns[i];
        if (c->is_drawn && r->kind == HR_REPORT_HTML) continue;
        if (q != NULL) cell(text, c, q);
        hr_report_print(r, "%s%s%s", before, q != NULL ? text : c->name, after);
    }
}

void hr_report_rejects(hr_report *r, uint32_t source)
{
    const uint64_t *n = hr_quality_rejects(r->quality, source);
    const char *sep = "";
    for (int k = 0; k < HR_REJECT_COUNT; k++) {
        if (n[k] == 0) continue;
        hr_report_print(r, "%s%s: %llu", sep, hr_reject_name((hr_reject_reason)k), (ull)n[k]);
        sep = ", ";
    }
    if (sep[0] == '\0') hr_report_print(r, "none");
}

void hr_report_name(hr_report *r, uint32_t i)
{
    hr_check_instrument in;
    hr_check_instrument_get(r->x->check, r->x->run, r->order[i], &in);
    hr_report_text(r, in.venue);
    hr_report_print(r, " ");
    hr_report_text(r, in.symbol);
}

void hr_report_lead(hr_report *r, const char *before, const char *after)
{
    if (r->n_sentences == 0) hr_report_print(r, "Nothing was found wrong.");
    for (uint32_t i = 0; i < r->n_sentences; i++)
        hr_report_print(r, "%s%s", i > 0 ? " " : "", r->sentence[i]);
    hr_report_print(r, "%s", after);
    if (r->x->end == HR_OK) return;
    hr_report_print(r, "%sDamage: ", before);
    hr_report_text(r, r->x->err.message);
    hr_report_print(r, "%s", after);
}
