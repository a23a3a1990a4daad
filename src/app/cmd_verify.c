/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/app_check.h"
#include "app/app_plan.h"
#include "app/app_table.h"
#include "app/opts.h"
#include "app/report.h"
#include "base/sys.h"
#include "fmt/pq_events.h"
#include "store/verify.h"

#define SHOWN_MAX 100u

typedef unsigned long long ull;

static void say(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "%s\n", text);
}

/* ---- datasets ---- */

static void print_dataset(const hr_verify_result *r, bool json)
{
    ull commits = r->n_commits;
    if (json) {
        printf("{\"commits\":%llu,\"parts\":%llu,\"rows\":%llu,\"bytes\":%llu,", commits,
               (ull)r->n_parts, (ull)r->n_rows, (ull)r->n_bytes);
        printf("\"unsorted\":%llu,\"crossed\":%llu,\"gap_rows\":%llu,\"findings\":%llu,\"ended\":%"
               "s}\n",
               (ull)r->n_unsorted, (ull)r->n_crossed, (ull)r->n_gap_rows, (ull)r->n_findings,
               r->is_ended ? "true" : "false");
        return;
    }
    printf("%llu commits, %llu parts, %llu rows, %llu bytes\n", commits, (ull)r->n_parts,
           (ull)r->n_rows, (ull)r->n_bytes);
    printf("%llu rows out of order, %llu crossed books, %llu rows of books that were not whole\n",
           (ull)r->n_unsorted, (ull)r->n_crossed, (ull)r->n_gap_rows);
    printf("%llu findings%s\n", (ull)r->n_findings, r->is_ended ? "" : "; the run has not ended");
}

static hr_status verify_dataset(const char *root, bool json, bool *is_clean, hr_err *err)
{
    hr_verify_result result;
    HR_TRY(hr_dataset_verify(root, &result, say, NULL, err));
    print_dataset(&result, json);
    if (result.n_findings > 0 || result.n_unsorted > 0) *is_clean = false;
    return HR_OK;
}

/* ---- files ---- */

static void print_finding(const hr_finding *f, const hr_app_checked *x, bool json, const char *sep)
{
    char text[1600];
    (void)hr_finding_text(text, sizeof text, f, x->run);
    if (!json) {
        say(NULL, text);
        return;
    }
    hr_check_source source;
    hr_check_instrument in = {0};
    hr_check_source_get(x->run, (uint32_t)f->source_idx, &source);
    if (f->desk_id >= 0) hr_check_instrument_get(x->check, x->run, (uint32_t)f->desk_id, &in);
    printf("%s{\"kind\":\"%s\",\"file\":", sep, hr_finding_name((hr_finding_kind)f->kind));
    hr_app_json_text(source.path);
    printf(",\"line\":%lld,\"offset\":%lld,\"venue\":", (long long)f->line, (long long)f->offset);
    hr_app_json_text(in.venue);
    printf(",\"symbol\":");
    hr_app_json_text(in.symbol);
    if (f->id >= 0)
        printf(",\"id\":%lld,\"text\":", (long long)f->id);
    else
        printf(",\"id\":null,\"text\":");
    hr_app_json_text(text);
    putchar('}');
}

static uint64_t print_findings(const hr_app_checked *x, bool json)
{
    uint32_t kept;
    uint64_t all;
    const hr_finding *f = hr_check_findings(x->check, &kept, &all);
    uint32_t shown = HR_MIN(kept, SHOWN_MAX);
    for (uint32_t i = 0; i < shown; i++)
        print_finding(&f[i], x, json, i > 0 ? "," : "");
    if (x->end == HR_OK) return all;
    if (json) {
        printf("%s{\"kind\":\"damaged\",\"text\":", shown > 0 ? "," : "");
        hr_app_json_text(x->err.message);
        putchar('}');
    } else {
        say(NULL, x->err.message);
    }
    return all + 1;
}

static void print_json(const hr_app_checked *x, uint64_t *n_findings)
{
    const hr_counts *c = &x->report.counts;
    putchar('{');
    hr_app_check_json_sources(x);
    printf(",\"lines\":%llu,\"messages\":%llu,\"levels\":%llu,\"snapshots\":%llu,"
           "\"snapshot_levels\":%llu,\"trades\":%llu,\"tickers\":%llu,\"other\":%llu,",
           (ull)c->lines, (ull)c->messages, (ull)c->levels, (ull)c->snapshots,
           (ull)c->snapshot_levels, (ull)c->trades, (ull)c->tickers, (ull)c->other);
    printf("\"gaps\":%llu,\"duplicates\":%llu,\"stale\":%llu,\"resets\":%llu,\"crossed\":%llu,"
           "\"out_of_order\":%llu,\"rejected\":%llu,",
           (ull)c->gaps, (ull)c->duplicates, (ull)c->stale, (ull)c->resets, (ull)c->crossed,
           (ull)hr_check_count(x->check, HR_FINDING_TIME),
           (ull)hr_check_count(x->check, HR_FINDING_REJECT));
    printf("\"synced\":%llu,\"never_synced\":%llu,\"ticker_checks\":%llu,"
           "\"ticker_checks_equal\":%llu,\"checksums\":%llu,\"checksums_equal\":%llu,"
           "\"orders\":%llu,\"order_faults\":%llu,",
           (ull)c->synced, (ull)c->never_synced, (ull)c->ticker_checks, (ull)c->ticker_checks_equal,
           (ull)c->checksums, (ull)c->checksums_equal, (ull)c->orders, (ull)c->order_faults);
    const hr_check_books *k = hr_check_books_get(x->check);
    printf("\"book_rows\":%llu,\"book_levels_equal\":%llu,\"book_levels_different\":%llu,"
           "\"book_levels_unknown\":%llu,",
           (ull)k->rows, (ull)k->equal, (ull)k->different, (ull)k->unknown);
    hr_app_check_json_instruments(x);
    printf(",\"list\":[");
    *n_findings = print_findings(x, true);
    printf("],\"findings\":%llu,\"complete\":%s,\"seconds\":%.6f}\n", (ull)*n_findings,
           x->end == HR_OK && !x->report.stopped ? "true" : "false", x->report.seconds);
}

static void print_text(const hr_app_checked *x, uint64_t *n_findings)
{
    const hr_counts *c = &x->report.counts;
    for (uint32_t i = 0; i < hr_check_sources(x->run); i++) {
        hr_check_source s;
        hr_check_source_get(x->run, i, &s);
        printf("%s: %s, %s; %lld %s\n", s.path, s.is_table ? "parquet" : s.container, s.format,
               (long long)s.rows, s.is_table ? "rows" : "lines");
    }
    printf("%llu depth messages with %llu levels, %llu snapshots, %llu trades, %llu tickers, "
           "%llu others, %llu rejected\n",
           (ull)c->messages, (ull)c->levels, (ull)c->snapshots, (ull)c->trades, (ull)c->tickers,
           (ull)c->other, (ull)hr_check_count(x->check, HR_FINDING_REJECT));
    printf("sequence: %llu gaps, %llu resets, %llu duplicates, %llu stale; %llu instruments "
           "synced, %llu never synced\n",
           (ull)c->gaps, (ull)c->resets, (ull)c->duplicates, (ull)c->stale, (ull)c->synced,
           (ull)c->never_synced);
    printf("ticker checks: %llu of %llu equal; %llu crossed books; %llu messages out of order\n",
           (ull)c->ticker_checks_equal, (ull)c->ticker_checks, (ull)c->crossed,
           (ull)hr_check_count(x->check, HR_FINDING_TIME));
    if (c->checksums > 0)
        printf("checksums: %llu of %llu equal\n", (ull)c->checksums_equal, (ull)c->checksums);
    if (c->orders > 0)
        printf("orders: %llu messages, %llu of them fit no live order\n", (ull)c->orders,
               (ull)c->order_faults);
    const hr_check_books *k = hr_check_books_get(x->check);
    if (k->rows > 0)
        printf(
            "published books: %llu rows, %llu levels equal, %llu different, %llu deeper than the "
            "first row\n",
            (ull)k->rows, (ull)k->equal, (ull)k->different, (ull)k->unknown);
    if (k->end < 0) printf("published books: %s\n", k->err.message);
    fflush(stdout);
    *n_findings = print_findings(x, false);
    printf("%llu findings%s\n", (ull)*n_findings,
           x->end != HR_OK     ? "; the input is damaged and was not read to its end"
           : x->report.stopped ? "; stopped before the end"
                               : "");
}

/* report: NULL: none is asked for. It is written before anything is said, so that a report which
 * cannot be written is the error. */
static hr_status verify_files(const hr_plan *plan, hr_report *report, bool json, bool *is_clean,
                              hr_err *err)
{
    hr_app_checked x;
    uint64_t n_findings = 0;
    hr_status st = hr_app_check_measured(&x, plan, report != NULL ? report->quality : NULL, err);
    if (st == HR_OK && report != NULL && (st = hr_report_write(report, &x, err)) != HR_OK) {
        hr_app_check_close(&x);
        return st;
    }
    if (st == HR_OK && json) print_json(&x, &n_findings);
    if (st == HR_OK && !json) print_text(&x, &n_findings);
    if (st == HR_ECORRUPT) { /* damaged so that it could not even be begun */
        if (json) {
            printf("{\"list\":[{\"kind\":\"damaged\",\"text\":");
            hr_app_json_text(err->message);
            printf("}],\"findings\":1,\"complete\":false}\n");
        } else {
            say(NULL, err->message);
            printf("1 findings; the input is damaged and was not read\n");
        }
        n_findings = 1;
        st = HR_OK;
    }
    if (n_findings > 0) *is_clean = false;
    hr_app_check_close(&x);
    return st;
}

/* ---- the verb ---- */

typedef enum subject { SUBJECT_EVENTS, SUBJECT_DATASET, SUBJECT_TABLE } subject;

/* What to check it as. A Parquet file that holds no events, as books and features, is checked as a
 * table. A file that is not there or damaged goes the way of events, where it is reported. */
static hr_status subject_of(subject *out, const char *path, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat info;
    hr_app_table t;
    hr_source_info source = {0};
    char why[128];
    bool is_table;
    *out = SUBJECT_EVENTS;
    int rc = sys->stat(sys->self, AT_FDCWD, path, &info);
    if (rc == -ENOENT || rc == -ENOTDIR) return HR_OK;
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (info.is_dir) {
        *out = SUBJECT_DATASET;
        return HR_OK;
    }
    hr_status st = hr_app_table_open(&t, path, &is_table, err);
    if (st == HR_OK && is_table &&
        hr_pq_events_sniff(&source, why, sizeof why, path, t.file, NULL) == HR_EUNSUPPORTED)
        *out = SUBJECT_TABLE;
    hr_app_table_close(&t);
    return hr_status_exit(st) == HR_EXIT_INPUT ? HR_OK : st;
}

static hr_status verify_table(const char *path, bool json, bool *is_clean, hr_err *err)
{
    hr_verify_result r;
    HR_TRY(hr_table_verify(path, &r, say, NULL, err));
    if (json)
        printf("{\"parts\":%llu,\"rows\":%llu,\"bytes\":%llu,\"unsorted\":%llu,\"crossed\":%llu,"
               "\"gap_rows\":%llu,\"findings\":%llu}\n",
               (ull)r.n_parts, (ull)r.n_rows, (ull)r.n_bytes, (ull)r.n_unsorted, (ull)r.n_crossed,
               (ull)r.n_gap_rows, (ull)r.n_findings);
    else
        printf(
            "%s: a table of %llu rows: %llu out of order, %llu crossed books, %llu rows of books "
            "that were not whole\n%llu findings\n",
            path, (ull)r.n_rows, (ull)r.n_unsorted, (ull)r.n_crossed, (ull)r.n_gap_rows,
            (ull)r.n_findings);
    if (r.n_findings > 0) *is_clean = false;
    return HR_OK;
}

static hr_status report_files(const hr_plan *plan, const char *path, bool json, bool *is_clean,
                              hr_err *err)
{
    static hr_report report; /* too large for a frame */
    hr_status st = hr_report_open(&report, path, plan, err);
    if (st == HR_OK) st = verify_files(plan, &report, json, is_clean, err);
    hr_report_close(&report);
    return st;
}

/* What each input is; those that are events become the plan's inputs. report: path or NULL. */
static hr_status sort_out(const hr_plan *named, hr_plan *plan, subject *of, const char *report,
                          hr_err *err)
{
    for (uint32_t i = 0; i < named->n_inputs; i++) {
        const char *path = named->inputs[i];
        HR_TRY(subject_of(&of[i], path, err));
        if (report != NULL && of[i] != SUBJECT_EVENTS)
            return HR_FAIL(err, HR_EUSAGE,
                           "--report is about captures and tables of events, not '%s'", path);
        if (of[i] == SUBJECT_EVENTS) HR_TRY(hr_plan_add_input(plan, path, err));
    }
    return hr_plan_check(plan, err);
}

static hr_status verify_all(const hr_plan *named, hr_plan *plan, const char *report, bool json,
                            bool *is_clean, hr_err *err)
{
    static subject of[HR_PLAN_INPUTS_MAX];
    HR_TRY(sort_out(named, plan, of, report, err));
    for (uint32_t i = 0; i < named->n_inputs; i++)
        if (of[i] == SUBJECT_DATASET)
            HR_TRY(verify_dataset(named->inputs[i], json, is_clean, err));
        else if (of[i] == SUBJECT_TABLE)
            HR_TRY(verify_table(named->inputs[i], json, is_clean, err));
    if (plan->n_inputs == 0) return HR_OK;
    return report != NULL ? report_files(plan, report, json, is_clean, err)
                          : verify_files(plan, NULL, json, is_clean, err);
}

/* The files that the arguments stand for, as inputs of a plan. */
static hr_status name_all(hr_plan *named, const hr_plan *plan, int n_args, char **args, hr_err *err)
{
    named->format = plan->format;
    for (int i = 0; i < n_args; i++)
        HR_TRY(hr_plan_add_input(named, args[i], err));
    return hr_app_plan_expand(named, true, err);
}

int hr_cmd_verify(int argc, char **argv)
{
    static hr_plan plan, named;
    hr_opts_engine engine = HR_OPTS_ENGINE_DEFAULT;
    hr_err err = HR_ERR_INIT;
    bool is_clean = true;
    bool json = false;
    const char *report = NULL;
    hr_report_kind kind;
    int n_args;
    const hr_opt table[] = {
        HR_OPTS_ENGINE(engine),
        {"--skip-missing", NULL, "leave out days of {FIRST..LAST} that have no file", HR_OPT_ON,
         &named.skips_missing, 0, 0, NULL},
        {"--json", NULL, "the report as JSON", HR_OPT_ON, &json, 0, 0, NULL},
        {"--report", "OUT", "figures by instrument and hour: .json, .md or .html", HR_OPT_TEXT,
         &report, 0, 0, NULL},
    };
    const hr_opts opts = {
        .verb = "verify",
        .args = "FILE... | FOLDER... | DATASET...",
        .about =
            "Checks captures and tables: every message is decoded, sequences are followed, books\n"
            "rebuilt, the venue's own tickers compared with the book at equal update id, and the\n"
            "order of receive times. Several files are one stream, as `run` takes them.\n"
            "Checks datasets: every part that the manifest names: size, checksum, rows, order,\n"
            "crossed books.\n"
            "Exit 1 and a line for each finding, with its place, when something is wrong.",
        .example = "headrace verify capture.ndjson.gz",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
        .min_args = 1,
        .max_args = HR_PLAN_INPUTS_MAX,
    };
    hr_plan_init(&named);
    hr_status st = hr_opts_parse(&opts, argc, argv, &n_args, &err);
    if (st == HR_END) return HR_EXIT_OK;
    if (st == HR_OK && report != NULL) st = hr_report_kind_of(&kind, report, &err);
    if (st != HR_OK) return hr_app_fail(&err);
    hr_app_check_plan(&plan);
    hr_opts_engine_apply(&engine, &plan);
    st = name_all(&named, &plan, n_args, argv + 1, &err);
    if (st == HR_OK) st = verify_all(&named, &plan, report, json, &is_clean, &err);
    hr_plan_fini(&plan);
    hr_plan_fini(&named);
    if (st != HR_OK) return hr_app_fail(&err);
    return is_clean ? HR_EXIT_OK : HR_EXIT_CHECK;
}
