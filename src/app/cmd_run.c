/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "app/app_plan.h"
#include "app/opts.h"
#include "base/sys.h"
#include "job/run.h"
#include "mem/mem.h"
#include "venue/adapter.h"

typedef struct options {
    hr_plan plan;
    hr_opts_engine engine;
    int64_t deadline_ns, from_ns, to_ns; /* -1: not given */
    const char *out;
    bool resume, force, json, skip_missing;
} options;

static hr_run *running;               /* for the signal handler */
static volatile sig_atomic_t n_early; /* signals before there was a run */

/* hr_run_request_stop is one addition to an atomic */
static void on_signal(int sig)
{
    (void)sig;
    if (running != NULL)
        hr_run_request_stop(running); /* NOLINT(bugprone-signal-handler,cert-sig30-c) */
    else
        n_early++;
}

/* Plans and captures among the arguments, then the options, which win over plans. */
static hr_status take_args(options *o, int n_args, char **args, hr_err *err)
{
    HR_TRY(hr_app_plan_add(&o->plan, n_args, args, err));
    hr_opts_engine_apply(&o->engine, &o->plan);
    if (o->from_ns >= 0) o->plan.from_ns = o->from_ns;
    if (o->to_ns >= 0) o->plan.to_ns = o->to_ns;
    if (o->deadline_ns >= 0) o->plan.deadline_ns = o->deadline_ns;
    if (o->resume && o->force)
        return HR_FAIL(err, HR_EUSAGE, "--resume goes on and --force starts anew: take one");
    if (o->out != NULL) {
        if (strlen(o->out) >= sizeof o->plan.out)
            return HR_FAIL(err, HR_EUSAGE, "--out: a path of at most %zu bytes",
                           sizeof o->plan.out - 1);
        memcpy(o->plan.out, o->out, strlen(o->out) + 1);
    }
    if (o->plan.n_inputs == 0)
        return HR_FAIL(err, HR_EUSAGE, "no input: name a capture or a plan (headrace run -h)");
    if (o->skip_missing) o->plan.skips_missing = true;
    HR_TRY(hr_plan_check(&o->plan, err));
    return hr_app_plan_expand(&o->plan, false, err);
}

static hr_status parse_args(options *o, int argc, char **argv, hr_err *err)
{
    const hr_opt table[] = {
        {"--out", "DIR", "folder of the dataset (default: INPUT.headrace)", HR_OPT_TEXT, &o->out, 0,
         0, NULL},
        HR_OPTS_ENGINE(o->engine),
        {"--from", "TIME", "write nothing received before, e.g. 2024-08-08T12:00:00Z or ns",
         HR_OPT_TIME, &o->from_ns, 0, 0, NULL},
        {"--to", "TIME", "take nothing received from then on", HR_OPT_TIME, &o->to_ns, 0, 0, NULL},
        {"--skip-missing", NULL, "leave out days of {FIRST..LAST} that have no file", HR_OPT_ON,
         &o->skip_missing, 0, 0, NULL},
        {"--deadline", "TIME", "commit and stop with exit 5 after this long, e.g. 10m",
         HR_OPT_DURATION, &o->deadline_ns, 0, INT64_C(366) * 86400 * 1000000000, NULL},
        {"--resume", NULL, "go on after the last commit of an interrupted run", HR_OPT_ON,
         &o->resume, 0, 0, NULL},
        {"--force", NULL, "replace an existing dataset", HR_OPT_ON, &o->force, 0, 0, NULL},
        {"--json", NULL, "the summary as JSON", HR_OPT_ON, &o->json, 0, 0, NULL},
    };
    const hr_opts opts = {
        .verb = "run",
        .args = "INPUT... | PLAN.yaml",
        .about =
            "Reads captures, checks their sequence, rebuilds the books and writes a Parquet "
            "dataset.\nOptions win over the plan. INPUT is a file, a folder (all below it that can "
            "be\nread), a pattern ('data/*.gz', 'data/**/*.gz') or a range of days\n"
            "('data/{2024-01-01..2024-01-05}.gz').",
        .example = "headrace run capture.ndjson.gz --out books --memory 512MB",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
        .min_args = 1,
        .max_args = HR_PLAN_INPUTS_MAX,
    };
    int n_args;
    HR_TRY(hr_opts_parse(&opts, argc, argv, &n_args, err));
    return take_args(o, n_args, argv + 1, err);
}

/* ---- output ---- */

static uint64_t rejected(const hr_counts *c)
{
    uint64_t n = 0;
    for (int i = 0; i < HR_REJECT_COUNT; i++)
        n += c->rejected[i];
    return n;
}

static int64_t peak_rss(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : 0;
}

typedef unsigned long long ull;

static void print_spans(const char *sep, const char *name, const hr_stage_time *t)
{
    printf("%s\"%s\":{\"n\":%llu", sep, name, (ull)t->n_spans);
    if (t->p50_ns > 0)
        printf(",\"p50\":%.1f,\"p99\":%.1f", (double)t->p50_ns * 1e-3, (double)t->p99_ns * 1e-3);
    printf(",\"max\":%.1f}", (double)t->max_ns * 1e-3);
}

/* Closes "stages"; adds the spans' spread and the counters. */
static void print_recorder(const hr_run_report *r)
{
    printf("},\"spans_us\":{");
    for (int s = 0; s < HR_STAGE_COUNT; s++)
        print_spans(s > 0 ? "," : "", hr_stage_name((hr_stage)s), &r->stage[s]);
    if (r->signal.n_spans > 0) print_spans(",", "signal", &r->signal);
    printf("},\"counters\":{");
    for (int i = 0; i < HR_RUN_COUNTER_COUNT; i++)
        printf("\"%s\":%llu,", hr_run_counter_name((hr_run_counter)i), (ull)r->counter[i]);
    printf("\"bytes_read\":%lld,\"bytes_text\":%lld}", (long long)r->bytes_read,
           (long long)r->bytes_text);
}

static void print_json(const hr_run_report *r)
{
    const hr_counts *c = &r->counts;
    const char *sep = "";
    printf("{\"lines\":%llu,\"messages\":%llu,\"levels\":%llu,\"trades\":%llu,\"tickers\":%llu,"
           "\"snapshots\":%llu,"
           "\"snapshot_levels\":%llu,\"gaps\":%llu,\"duplicates\":%llu,\"stale\":%llu,\"crossed\":%"
           "llu,",
           (ull)c->lines, (ull)c->messages, (ull)c->levels, (ull)c->trades, (ull)c->tickers,
           (ull)c->snapshots, (ull)c->snapshot_levels, (ull)c->gaps, (ull)c->duplicates,
           (ull)c->stale, (ull)c->crossed);
    printf("\"synced\":%llu,\"never_synced\":%llu,\"rejected\":{", (ull)c->synced,
           (ull)c->never_synced);
    for (int i = 0; i < HR_REJECT_COUNT; i++) {
        if (c->rejected[i] == 0) continue;
        printf("%s\"%s\":%llu", sep, hr_reject_name((hr_reject_reason)i), (ull)c->rejected[i]);
        sep = ",";
    }
    printf("},\"filtered\":%llu,\"other\":%llu,\"written\":{", (ull)c->filtered_rows,
           (ull)c->other);
    for (int k = 0; k < HR_KIND_COUNT; k++)
        if (k < HR_KIND_PLAIN || c->written[k] > 0)
            printf("%s\"%s\":%llu", k > 0 ? "," : "", hr_kind_name((hr_kind)k), (ull)c->written[k]);
    printf("},\"ticker_checks\":%llu,\"ticker_checks_equal\":%llu,\"checksums\":%llu,"
           "\"checksums_equal\":%llu,\"orders\":%llu,\"order_faults\":%llu,\"instruments\":%u,"
           "\"commits\":%"
           "u,\"lanes\":%u,"
           "\"io\":\"%s\",\"cpu\":\"%s\",\"stages\":{",
           (ull)c->ticker_checks, (ull)c->ticker_checks_equal, (ull)c->checksums,
           (ull)c->checksums_equal, (ull)c->orders, (ull)c->order_faults, r->n_instruments,
           r->n_commits, r->lanes, r->io, r->cpu);
    for (int s = 0; s < HR_STAGE_COUNT; s++)
        printf("%s\"%s\":%.6f", s > 0 ? "," : "", hr_stage_name((hr_stage)s),
               (double)r->stage[s].ns * 1e-9);
    print_recorder(r);
    printf(",\"stopped\":%s,\"spilled_blocks\":%llu,\"seconds\":%.6f,\"peak_rss_bytes\":%lld,"
           "\"output\":\"%s\"}\n",
           r->stopped ? "true" : "false", (ull)r->spilled_blocks, r->seconds, (long long)peak_rss(),
           r->out);
}

static void print_text(const hr_run_report *r)
{
    const hr_counts *c = &r->counts;
    char balance[160];
    double rows = (double)(c->levels + c->snapshot_levels + c->trades + c->tickers);
    (void)hr_counts_balance(c, balance, sizeof balance);
    printf("%llu lines: %llu depth messages with %llu levels, %llu trades, %llu tickers, %llu "
           "snapshots, %llu others\n",
           (ull)c->lines, (ull)c->messages, (ull)c->levels, (ull)c->trades, (ull)c->tickers,
           (ull)c->snapshots, (ull)c->other);
    printf("sequence: %llu gaps, %llu duplicates, %llu stale; %llu instruments synced, %llu never "
           "synced; %llu crossed\n",
           (ull)c->gaps, (ull)c->duplicates, (ull)c->stale, (ull)c->synced, (ull)c->never_synced,
           (ull)c->crossed);
    if (c->ticker_checks > 0)
        printf("ticker checks: %llu of %llu equal\n", (ull)c->ticker_checks_equal,
               (ull)c->ticker_checks);
    if (c->checksums > 0)
        printf("checksums: %llu of %llu equal\n", (ull)c->checksums_equal, (ull)c->checksums);
    if (c->orders > 0)
        printf("orders: %llu messages, %llu of them fit no live order\n", (ull)c->orders,
               (ull)c->order_faults);
    printf("written:");
    for (int k = 0; k < HR_KIND_COUNT; k++)
        if (k < HR_KIND_PLAIN || c->written[k] > 0)
            printf(" %s %llu", hr_kind_name((hr_kind)k), (ull)c->written[k]);
    printf("; rejected %llu\n%s\n", (ull)rejected(c), balance);
    printf("%.3f s, %.2f M rows/s, %u lanes, %s, %s, peak %.1f MB\nwhere time went:", r->seconds,
           r->seconds > 0 ? rows / r->seconds * 1e-6 : 0, r->lanes, r->io, r->cpu,
           (double)peak_rss() * 1e-6);
    for (int s = 0; s < HR_STAGE_COUNT; s++)
        printf(" %s %.1f%%", hr_stage_name((hr_stage)s),
               (double)r->stage[s].ns * 1e-7 / (r->seconds * r->lanes + 1e-9));
    if (r->signal.n_spans > 0)
        printf("\nsignals: %llu rows, from the message to the row %.1f us (p50), %.1f us (p99), "
               "%.1f us at most",
               (ull)r->signal.n_spans, (double)r->signal.p50_ns * 1e-3,
               (double)r->signal.p99_ns * 1e-3, (double)r->signal.max_ns * 1e-3);
    printf("\nbytes: %.1f MB read, %.1f MB of text, %.1f MB of rows, %.1f MB written in %llu parts",
           (double)r->bytes_read * 1e-6, (double)r->bytes_text * 1e-6,
           (double)r->counter[HR_RUN_ROW_BYTES] * 1e-6,
           (double)r->counter[HR_RUN_BYTES_WRITTEN] * 1e-6, (ull)r->counter[HR_RUN_PARTS]);
    printf("\ndataset: %s%s\n", r->out,
           r->was_complete ? " (was complete already)"
           : r->stopped    ? " (stopped at its last commit: --resume goes on)"
                           : "");
}

/* Until the lanes are done; asks them to stop at the deadline. True: it came. */
static bool watch(hr_run *r, int64_t deadline_ns, bool shows)
{
    const hr_sys *sys = hr_sys_get();
    int64_t began = hr_sys_mono_ns();
    int64_t shown = began;
    bool is_late = false;
    while (hr_run_is_running(r)) {
        sys->sleep_ns(sys->self, 2000000);
        int64_t now = hr_sys_mono_ns();
        if (!is_late && deadline_ns > 0 && now - began >= deadline_ns) {
            is_late = true;
            hr_run_request_stop(r);
        }
        if (!shows || now - shown < 200000000) continue;
        shown = now;
        int64_t done;
        int64_t all;
        uint64_t rows;
        hr_run_progress(r, &done, &all, &rows);
        double s = (double)(now - began) * 1e-9;
        double share = all > 0 ? (double)done / (double)all : 0;
        fprintf(stderr, "\r%5.1f%%  %.2f M rows/s  %.0f MB  ETA %.0f s   ", share * 100,
                (double)rows / s * 1e-6, (double)peak_rss() * 1e-6,
                share > 0.001 ? s / share - s : 0);
    }
    if (shows) fprintf(stderr, "\r%60s\r", "");
    return is_late;
}

static hr_status run(const options *o, hr_err *err)
{
    hr_run *r;
    hr_run_report report;
    char balance[160];
    char limit[HR_UNIT_TEXT];
    bool is_late = false;
    hr_open_mode mode = o->resume ? HR_OPEN_RESUME : o->force ? HR_OPEN_FORCE : HR_OPEN_NEW;
    HR_TRY(hr_run_create(&r, &o->plan, mode, err));
    running = r;
    for (int i = 0; i < n_early; i++)
        hr_run_request_stop(r);
    hr_status st = hr_run_start(r, err);
    if (st == HR_OK) is_late = watch(r, o->plan.deadline_ns, !o->json && isatty(2));
    hr_status waited = hr_run_wait(r, err);
    if (st == HR_OK) st = waited;
    running = NULL;
    hr_run_report_get(r, &report);
    hr_run_destroy(&r);
    if (st != HR_OK) return st;
    if (o->json)
        print_json(&report);
    else
        print_text(&report);
    if (!report.was_complete && !hr_counts_balance(&report.counts, balance, sizeof balance))
        return HR_FAIL(err, HR_EINTERNAL, "%s", balance);
    if (is_late && report.stopped)
        return HR_FAIL(err, HR_ELIMIT, "stopped at the deadline of %s; --resume goes on",
                       hr_duration_text(limit, o->plan.deadline_ns));
    return HR_OK;
}

int hr_cmd_run(int argc, char **argv)
{
    static options o = {
        .engine = HR_OPTS_ENGINE_DEFAULT, .deadline_ns = -1, .from_ns = -1, .to_ns = -1};
    hr_err err = HR_ERR_INIT;
    hr_plan_init(&o.plan);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    hr_status st = parse_args(&o, argc, argv, &err);
    if (st == HR_OK) st = run(&o, &err);
    hr_plan_fini(&o.plan);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}
