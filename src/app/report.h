/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_REPORT_H
#define HR_APP_REPORT_H
/* The data quality report of `verify --report OUT`: JSON, Markdown or HTML by the end of its name.
 * The file appears whole or not at all. Its bytes follow from the inputs, their paths and the
 * options alone: no time of day, no host, no lanes. See docs/modules/report.md. */
#include "app/app_check.h"
#include "app/gen_out.h"
#include "job/quality.h"

typedef enum hr_report_kind {
    HR_REPORT_JSON = 0,
    HR_REPORT_MARKDOWN = 1,
    HR_REPORT_HTML = 2,
} hr_report_kind;

#define HR_REPORT_SENTENCE_MAX 256
#define HR_REPORT_SENTENCES 20u

/** What the writers read. Instruments are in order of venue and symbol. */
typedef struct hr_report {
    const hr_app_checked *x;
    hr_quality *quality;
    hr_report_kind kind;
    hr_gen_out *out;
    hr_status status; /* the first error of writing; what follows it is dropped */
    hr_err *err;
    uint32_t n;
    uint32_t *order;     /* [n]: instruments as the run numbers them */
    hr_quality_row *sum; /* [n]: by place in order */
    hr_quality_row total;
    uint64_t n_rejects;
    int64_t hour_first, hour_last; /* span of all; n_hours 0: none */
    int64_t n_hours;
    char sentence[HR_REPORT_SENTENCES][HR_REPORT_SENTENCE_MAX];
    uint32_t n_sentences; /* 0: nothing is wrong */
} hr_report;

/** HR_EUSAGE: the name ends in none of .json, .md, .html. */
HR_MUST_USE hr_status hr_report_kind_of(hr_report_kind *out, const char *path, hr_err *err);
/** Opens the output, hidden until hr_report_write, and the figures for hr_check_measure. */
HR_MUST_USE hr_status hr_report_open(hr_report *r, const char *path, const hr_plan *plan,
                                     hr_err *err);
/** After the run, before it is closed. */
HR_MUST_USE hr_status hr_report_write(hr_report *r, const hr_app_checked *x, hr_err *err);
void hr_report_close(hr_report *r);

/* ---- for the writers ---- */
void hr_report_json(hr_report *r);
void hr_report_markdown(hr_report *r);
void hr_report_html(hr_report *r);
/** HTML's pictures. */
void hr_report_pictures(hr_report *r);
/** At most 4 KiB at once. */
void hr_report_print(hr_report *r, const char *format, ...) HR_PRINTF(2, 3);
/** A name, escaped as the kind of report asks; in quotes in JSON. NULL: null or -. */
void hr_report_text(hr_report *r, const char *text);
/** YYYY-MM-DDTHHZ of an hour since 1970. */
void hr_report_hour(char out[40], int64_t hour);
/** "1.2 ms" and the like. */
void hr_report_ns(char out[32], double ns);
/* ---- what Markdown and HTML both show: report_columns.c ---- */
#define HR_REPORT_COLUMNS 18u /* of Markdown; HTML has pictures of two */
/** A row's figures, each between `before` and `after`; q NULL: their names. */
void hr_report_cells(hr_report *r, const hr_quality_row *q, const char *before, const char *after);
/** "utf8: 1, csv: 2", or "none". */
void hr_report_rejects(hr_report *r, uint32_t source);
/** Venue and symbol of the i-th in order. */
void hr_report_name(hr_report *r, uint32_t i);
/** The sentences, ended by `after`; damage in a paragraph of its own, from `before` on. */
void hr_report_lead(hr_report *r, const char *before, const char *after);

/** Hours of the report's span in which the instrument has no row: the k-th stretch of such, from
 *  *hour on; false: no more. *row: where the search goes on, 0 first. */
typedef struct hr_report_hole {
    int64_t from, to; /* hours, both in it */
} hr_report_hole;
bool hr_report_next_hole(const hr_report *r, uint32_t instrument, uint32_t *row,
                         hr_report_hole *out);
/** Rules of the figures, NULL-ended: name, text, name, text. */
extern const char *const hr_report_rules[];

#endif
