/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "base/sys.h"
#include "job/run.h"
#include "mem/mem.h"
#include "venue/adapter.h"

static const char help_text[] =
    "headrace run INPUT... | PLAN.yaml\n\n"
    "Reads captures, checks their sequence, rebuilds the books and writes a Parquet dataset.\n\n"
    "  --out DIR          folder of the dataset (default: INPUT.headrace)\n"
    "  --lanes N          threads (default: one a usable processor)\n"
    "  --memory SIZE      all memory, e.g. 512MB\n"
    "  --format F         format of the inputs, when it cannot be told\n"
    "  --resume           go on after the last commit of an interrupted run\n"
    "  --force            replace an existing dataset\n"
    "  --json             the summary as JSON\n\n"
    "example: headrace run capture.ndjson.gz --out books --memory 512MB\n";

typedef struct options {
    hr_plan plan;
    hr_open_mode mode;
    bool json;
} options;

static hr_run *running; /* for the signal handler */
static volatile sig_atomic_t n_early; /* signals before there was a run */

static void on_signal(int sig)
{
    (void)sig;
    if (running != NULL)
        hr_run_request_stop(running);
    else
        n_early = 1;
}

static bool is_plan(const char *path)
{
    size_t n = strlen(path);
    return (n > 5 && strcmp(path + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(path + n - 4, ".yml") == 0);
}

static hr_status load_plan(hr_plan *p, const char *path, hr_err *err)
{
    static char text[1 << 20];
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open plan '%s'", path);
    int64_t n = hr_sys_read_full(fd, text, sizeof text);
    (void)hr_sys_close(fd);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read plan '%s'", path);
    return hr_plan_parse(p, path, text, (size_t)n, err);
}

static hr_status set_number(int64_t *out, const char *name, const char *text, hr_status st,
                            hr_err *err)
{
    (void)out;
    return st == HR_OK ? HR_OK
                       : HR_FAIL(err, HR_EUSAGE, "%s: '%s' is not what it takes", name, text);
}

static hr_status take_option(options *o, int argc, char **argv, int *i, hr_err *err)
{
    const char *v;
    int64_t n = 0;
    if (strcmp(argv[*i], "--resume") == 0) {
        o->mode = HR_OPEN_RESUME;
    } else if (strcmp(argv[*i], "--force") == 0) {
        o->mode = HR_OPEN_FORCE;
    } else if (strcmp(argv[*i], "--json") == 0) {
        o->json = true;
    } else if ((v = hr_app_option(argc, argv, i, "--out")) != NULL) {
        if (strlen(v) >= sizeof o->plan.out) return HR_FAIL(err, HR_EUSAGE, "--out is too long");
        memcpy(o->plan.out, v, strlen(v) + 1);
    } else if ((v = hr_app_option(argc, argv, i, "--lanes")) != NULL) {
        hr_status st = hr_size_parse(&n, v);
        HR_TRY(set_number(&n, "--lanes", v, st == HR_OK && n >= 1 && n <= 64 ? HR_OK : HR_EUSAGE,
                          err));
        o->plan.lanes = (uint32_t)n;
    } else if ((v = hr_app_option(argc, argv, i, "--memory")) != NULL) {
        hr_status st = hr_size_parse(&n, v);
        HR_TRY(
            set_number(&n, "--memory", v, st == HR_OK && n >= 64000000 ? HR_OK : HR_EUSAGE, err));
        o->plan.memory_bytes = n;
    } else if ((v = hr_app_option(argc, argv, i, "--format")) != NULL) {
        o->plan.format = (int)hr_format_from_name(v);
        if (o->plan.format == 0) return HR_FAIL(err, HR_EUSAGE, "--format: '%s' is no format", v);
    } else {
        return HR_FAIL(err, HR_EUSAGE,
                       "unknown option '%s', or its value is missing (headrace run -h)", argv[*i]);
    }
    return HR_OK;
}

static hr_status parse_args(options *o, int argc, char **argv, hr_err *err)
{
    for (int pass = 0; pass < 2; pass++) { /* the plan first: options win over it */
        for (int i = 1; i < argc; i++) {
            bool is_option = argv[i][0] == '-' && argv[i][1] != '\0';
            if (is_option && pass == 0) {
                options skip = *o;
                hr_err ignored;
                if (take_option(&skip, argc, argv, &i, &ignored) != HR_OK) continue;
            } else if (is_option) {
                HR_TRY(take_option(o, argc, argv, &i, err));
            } else if (pass == 0) {
                HR_TRY(is_plan(argv[i]) ? load_plan(&o->plan, argv[i], err)
                                        : hr_plan_add_input(&o->plan, argv[i], err));
            }
        }
    }
    if (o->plan.n_inputs == 0)
        return HR_FAIL(err, HR_EUSAGE, "no input: name a capture or a plan (headrace run -h)");
    return hr_plan_check(&o->plan, err);
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
        printf("%s\"%s\":%llu", k > 0 ? "," : "", hr_kind_name((hr_kind)k), (ull)c->written[k]);
    printf("},\"ticker_checks\":%llu,\"ticker_checks_equal\":%llu,\"instruments\":%u,\"commits\":%"
           "u,\"lanes\":%u,"
           "\"io\":\"%s\",\"cpu\":\"%s\",\"stages\":{",
           (ull)c->ticker_checks, (ull)c->ticker_checks_equal, r->n_instruments, r->n_commits,
           r->lanes, r->io, r->cpu);
    for (int s = 0; s < HR_STAGE_COUNT; s++)
        printf("%s\"%s\":%.6f", s > 0 ? "," : "", hr_stage_name((hr_stage)s),
               (double)r->stage_ns[s] * 1e-9);
    printf("},\"stopped\":%s,\"spilled_blocks\":%llu,\"seconds\":%.6f,\"peak_rss_bytes\":%lld,"
           "\"output\":\"%s\"}\n",
           r->stopped ? "true" : "false", (ull)r->spilled_blocks, r->seconds,
           (long long)peak_rss(), r->out);
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
    printf("written:");
    for (int k = 0; k < HR_KIND_COUNT; k++)
        printf(" %s %llu", hr_kind_name((hr_kind)k), (ull)c->written[k]);
    printf("; rejected %llu\n%s\n", (ull)rejected(c), balance);
    printf("%.3f s, %.2f M rows/s, %u lanes, %s, %s, peak %.1f MB\nwhere time went:", r->seconds,
           r->seconds > 0 ? rows / r->seconds * 1e-6 : 0, r->lanes, r->io, r->cpu,
           (double)peak_rss() * 1e-6);
    for (int s = 0; s < HR_STAGE_COUNT; s++)
        printf(" %s %.1f%%", hr_stage_name((hr_stage)s),
               (double)r->stage_ns[s] * 1e-7 / (r->seconds * r->lanes + 1e-9));
    printf("\ndataset: %s%s\n", r->out,
           r->was_complete ? " (was complete already)"
           : r->stopped    ? " (stopped at its last commit: --resume goes on)"
                           : "");
}

static void watch(const hr_run *r, bool shows)
{
    const hr_sys *sys = hr_sys_get();
    int64_t began = hr_sys_mono_ns();
    int64_t shown = began;
    while (hr_run_is_running(r)) {
        sys->sleep_ns(sys->self, 2000000);
        int64_t now = hr_sys_mono_ns();
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
}

static hr_status run(const options *o, hr_err *err)
{
    hr_run *r;
    hr_run_report report;
    char balance[160];
    HR_TRY(hr_run_create(&r, &o->plan, o->mode, err));
    running = r;
    if (n_early != 0) hr_run_request_stop(r);
    hr_status st = hr_run_start(r, err);
    if (st == HR_OK) watch(r, !o->json && isatty(2));
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
    return HR_OK;
}

int hr_cmd_run(int argc, char **argv)
{
    static options o;
    hr_err err = HR_ERR_INIT;
    if (argc < 2) return hr_app_usage("run", "no input");
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        fputs(help_text, stdout);
        return HR_EXIT_OK;
    }
    hr_plan_init(&o.plan);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    hr_status st = parse_args(&o, argc, argv, &err);
    if (st == HR_OK) st = run(&o, &err);
    hr_plan_fini(&o.plan);
    return st == HR_OK ? HR_EXIT_OK : hr_app_fail(&err);
}
