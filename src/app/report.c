/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/mem.h"
#include "text/json.h"

#define PIECE_BYTES 4096

typedef unsigned long long ull;

const char *const hr_report_rules[] = {
    "hour",
    "UTC, by receive time",
    "skew",
    "receive time less the venue's time, of messages that have both; where the two are equal the "
    "format has no receive clock. p50 and p99 are at most 1/128 off; of an hour they are of its "
    "longest stretch without other hours between",
    "time_falls",
    "messages received, as they say, before the one ahead of them in their source",
    "crossed",
    "changes of the best bid and ask after which the bid is above the ask",
    "locked",
    "the same, the bid equal to the ask",
    "silence",
    "time between two messages of the instrument; counted in the hour it begins in "
    "when longer than 60 s",
    "from_mid",
    "trades whose price is more than 5 % from the mid of the best bid and ask of a "
    "whole book that is not crossed, as it was before the trade",
    "from_last",
    "trades whose price differs from that of the instrument's trade before by more "
    "than 10 % of it",
    "gaps",
    "holes in the venue's numbers, and lost connections while the book was whole",
    "stale",
    "messages whose number is behind the stream's",
    NULL,
};

hr_status hr_report_kind_of(hr_report_kind *out, const char *path, hr_err *err)
{
    static const char *const ends[] = {".json", ".md", ".html"};
    size_t n = strlen(path);
    for (int k = 0; k < 3; k++) {
        size_t m = strlen(ends[k]);
        if (n <= m || strcmp(path + n - m, ends[k]) != 0 || path[n - m - 1] == '/') continue;
        *out = (hr_report_kind)k;
        return HR_OK;
    }
    return HR_FAIL(err, HR_EUSAGE, "--report takes a name that ends in .json, .md or .html: '%s'",
                   path);
}

hr_status hr_report_open(hr_report *r, const char *path, const hr_plan *plan, hr_err *err)
{
    memset(r, 0, sizeof *r);
    HR_TRY(hr_report_kind_of(&r->kind, path, err));
    for (uint32_t i = 0; i < plan->n_inputs; i++)
        if (strcmp(plan->inputs[i], path) == 0)
            return HR_FAIL(err, HR_EUSAGE, "'%s' is an input: name another report", path);
    HR_TRY(hr_quality_create(&r->quality, plan->instruments, plan->n_inputs, HR_QUALITY_ROWS, err));
    return hr_gen_out_open(&r->out, path, HR_GEN_CHUNK_BYTES, PIECE_BYTES, err);
}

void hr_report_close(hr_report *r)
{
    hr_gen_out_close(&r->out);
    hr_quality_destroy(&r->quality);
    hr_heap_free(r->order);
    hr_heap_free(r->sum);
    r->order = NULL;
    r->sum = NULL;
}

/* ---- printing ---- */

void hr_report_print(hr_report *r, const char *format, ...)
{
    va_list args;
    if (r->status != HR_OK) return;
    va_start(args, format);
    int n = vsnprintf(hr_gen_out_room(r->out), PIECE_BYTES, format, args);
    va_end(args);
    r->status = n < 0 || n >= PIECE_BYTES
                    ? HR_FAIL(r->err, HR_EINTERNAL, "a piece of the report is too long")
                    : hr_gen_out_took(r->out, (size_t)n, r->err);
}

static void text_byte(hr_report *r, unsigned char c, bool is_utf8)
{
    bool is_odd = c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8);
    if (r->kind == HR_REPORT_JSON) {
        if (is_odd)
            hr_report_print(r, "\\u%04x", c);
        else
            hr_report_print(r, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    } else if (is_odd) {
        hr_report_print(r, "?");
    } else if (strchr("<>&\"'", c) != NULL ||
               (r->kind == HR_REPORT_MARKDOWN && c < 0x80 && strchr("|\\`*_[]#~!", c) != NULL)) {
        hr_report_print(r, "&#%d;", c);
    } else {
        hr_report_print(r, "%c", c);
    }
}

void hr_report_text(hr_report *r, const char *text)
{
    const char *quote = r->kind == HR_REPORT_JSON ? "\"" : "";
    if (text == NULL) {
        hr_report_print(r, r->kind == HR_REPORT_JSON ? "null" : "-");
        return;
    }
    bool is_utf8 = hr_utf8_valid(text, strlen(text));
    hr_report_print(r, "%s", quote);
    for (; *text != '\0'; text++)
        text_byte(r, (unsigned char)*text, is_utf8);
    hr_report_print(r, "%s", quote);
}

void hr_report_hour(char out[40], int64_t hour)
{
    char text[40];
    hr_app_time_text(text, hour * HR_QUALITY_HOUR_NS);
    memcpy(out, text, 13);
    memcpy(out + 13, "Z", 2);
}

void hr_report_ns(char out[32], double ns)
{
    static const struct {
        double ns;
        const char *name;
    } unit[] = {{3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
    size_t i = 0;
    while (i < 5 && fabs(ns) < unit[i].ns)
        i++;
    double v = ns / unit[i].ns;
    snprintf(out, 32, fabs(v) < 100 && i < 5 ? "%.1f %s" : "%.0f %s", v, unit[i].name);
}

/* ---- what it holds ---- */

static const hr_report *sorting; /* of the one thread that writes reports */

static int by_name(const void *pa, const void *pb)
{
    hr_check_instrument a;
    hr_check_instrument b;
    hr_check_instrument_get(sorting->x->check, sorting->x->run, *(const uint32_t *)pa, &a);
    hr_check_instrument_get(sorting->x->check, sorting->x->run, *(const uint32_t *)pb, &b);
    int c = strcmp(a.venue, b.venue);
    return c != 0 ? c : strcmp(a.symbol, b.symbol);
}

static void say(hr_report *r, uint64_t n, const char *one, const char *many)
{
    if (n == 0 || r->n_sentences == HR_REPORT_SENTENCES) return;
    snprintf(r->sentence[r->n_sentences++], HR_REPORT_SENTENCE_MAX, "%llu %s.", (ull)n,
             n == 1 ? one : many);
}

static uint64_t empty_hours(const hr_report *r)
{
    uint64_t n_hours = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t row = 0;
        hr_report_hole h;
        while (hr_report_next_hole(r, r->order[i], &row, &h))
            n_hours += (uint64_t)(h.to - h.from + 1);
    }
    return n_hours;
}

static void say_all(hr_report *r)
{
    const hr_quality_row *t = &r->total;
    const uint64_t *c = t->count;
    if (r->x->end != HR_OK)
        snprintf(r->sentence[r->n_sentences++], HR_REPORT_SENTENCE_MAX,
                 "The input is damaged and was not read to its end.");
    say(r, c[HR_QUALITY_GAPS], "gap: messages are missing there", "gaps: messages are missing");
    say(r, c[HR_QUALITY_RESETS], "time the venue began its numbers anew",
        "times the venue began its numbers anew");
    say(r, c[HR_QUALITY_DUPLICATES], "message came twice", "messages came twice");
    say(r, c[HR_QUALITY_STALE], "message came late, out of order by its number",
        "messages came late, out of order by their numbers");
    say(r, hr_check_count(r->x->check, HR_FINDING_TIME),
        "message has a receive time before the one ahead of it",
        "messages have a receive time before the one ahead of them");
    say(r, t->crossed, "time the best bid was above the best ask",
        "times the best bid was above the best ask");
    say(r, t->locked, "time the best bid was equal to the best ask",
        "times the best bid was equal to the best ask");
    say(r, c[HR_QUALITY_CHECKSUMS] - c[HR_QUALITY_CHECKSUMS_EQUAL],
        "checksum of the venue is not that of the book",
        "checksums of the venue are not those of the book");
    say(r, c[HR_QUALITY_CHECKS] - c[HR_QUALITY_CHECKS_EQUAL],
        "ticker of the venue differs from the book", "tickers of the venue differ from the book");
    say(r, r->n_rejects, "message or line could not be decoded",
        "messages or lines could not be decoded");
    say(r, t->silences, "silence is longer than 60 s", "silences are longer than 60 s");
    say(r, empty_hours(r), "hour of an instrument is without any message",
        "hours of instruments are without any message");
    say(r, t->from_mid, "trade is more than 5 % from the mid of the book",
        "trades are more than 5 % from the mid of the book");
    say(r, t->from_last, "trade differs from the one before it by more than 10 %",
        "trades differ from the one before them by more than 10 %");
    say(r, t->n_folded,
        "message is counted in another hour than its own: there are more hours than rows",
        "messages are counted in other hours than their own: there are more hours than rows");
}

static hr_status collect(hr_report *r, const hr_app_checked *x, hr_err *err)
{
    r->x = x;
    r->err = err;
    r->n = hr_check_instruments(x->run);
    r->order = hr_heap_zero(r->n + 1, sizeof *r->order);
    r->sum = hr_heap_zero(r->n + 1, sizeof *r->sum);
    if (r->order == NULL || r->sum == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to report");
    hr_quality_end(r->quality);
    for (uint32_t i = 0; i < r->n; i++)
        r->order[i] = i;
    sorting = r;
    qsort(r->order, r->n, sizeof *r->order, by_name);
    sorting = NULL;
    hr_quality_total(r->quality, &r->total);
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
        hr_quality_sum(r->quality, r->order[i], &r->sum[i]);
        if (n == 0) continue;
        if (r->n_hours == 0 || row[0]->hour < r->hour_first) r->hour_first = row[0]->hour;
        if (r->n_hours == 0 || row[n - 1]->hour > r->hour_last) r->hour_last = row[n - 1]->hour;
        r->n_hours = r->hour_last - r->hour_first + 1;
    }
    for (uint32_t i = 0; i < hr_check_sources(x->run); i++)
        for (uint32_t k = 0; k < HR_REJECT_COUNT; k++)
            r->n_rejects += hr_quality_rejects(r->quality, i)[k];
    say_all(r);
    return HR_OK;
}

bool hr_report_next_hole(const hr_report *r, uint32_t instrument, uint32_t *row,
                         hr_report_hole *out)
{
    uint32_t n;
    const hr_quality_row *const *rows = hr_quality_rows(r->quality, instrument, &n);
    while (n > 0 && *row <= n) {
        uint32_t k = (*row)++;
        out->from = k == 0 ? r->hour_first : rows[k - 1]->hour + 1;
        out->to = k == n ? r->hour_last : rows[k]->hour - 1;
        if (out->from <= out->to) return true;
    }
    return false;
}

hr_status hr_report_write(hr_report *r, const hr_app_checked *x, hr_err *err)
{
    HR_TRY(collect(r, x, err));
    if (r->kind == HR_REPORT_JSON)
        hr_report_json(r);
    else if (r->kind == HR_REPORT_MARKDOWN)
        hr_report_markdown(r);
    else
        hr_report_html(r);
    HR_TRY(r->status);
    HR_TRY(hr_gen_out_finish(r->out, err));
    return hr_gen_out_publish(r->out, err);
}
