/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/app_check.h"
#include "app/opts.h"
#include "base/sys.h"
#include "convert/convert.h"

typedef unsigned long long ull;

static _Atomic uint32_t stop_wanted;

static void on_signal(int sig)
{
    (void)sig;
    atomic_store_explicit(&stop_wanted, 1, memory_order_relaxed);
}

static const char *const targets[] = {
#define TARGET_NAME(id, name, holds, form, is_up_to_all) name,
    HR_TARGET_LIST(TARGET_NAME)
#undef TARGET_NAME
        NULL};

static hr_status parse_args(hr_convert_options *o, bool *json, int argc, char **argv, hr_err *err)
{
    int to = -1;
    int from = 0;
    int64_t decimals[3] = {o->px_scale, o->qty_scale, 0};
    const hr_opt table[] = {
        {"--to", "F", "what to write, when OUT's name does not say", HR_OPT_CHOICE, &to, 0, 0,
         targets},
        {"--lossy", NULL, "convert what can be held, and say what is lost", HR_OPT_ON, &o->lossy, 0,
         0, NULL},
        {"--force", NULL, "replace an existing OUT", HR_OPT_ON, &o->force, 0, 0, NULL},
        {"--zstd", NULL, "compress the bodies of an Arrow OUT (default: as they lie)", HR_OPT_ON,
         &o->packs_arrow, 0, 0, NULL},
        {"--format", "F", "format of IN, when it cannot be told", HR_OPT_FORMAT, &from, 0, 0, NULL},
        {"--venue", "V", "venue of IN, where it does not say", HR_OPT_TEXT, &o->venue, 0, 0, NULL},
        {"--symbol", "S", "symbol of IN, where it does not say", HR_OPT_TEXT, &o->symbol, 0, 0,
         NULL},
        {"--records", "TYPE", "DBN of several types of records: mbo, trades, ...", HR_OPT_TEXT,
         &o->records, 0, 0, NULL},
        {"--price-decimals", "N", "decimals of prices (default: 9)", HR_OPT_COUNT, &decimals[0], 0,
         18, NULL},
        {"--quantity-decimals", "N", "decimals of quantities (default: 8)", HR_OPT_COUNT,
         &decimals[1], 0, 18, NULL},
        {"--share-decimals", "N", "ITCH, LOBSTER: decimals of a quantity that one share stands for",
         HR_OPT_COUNT, &decimals[2], 0, 18, NULL},
        {"--json", NULL, "the summary as JSON", HR_OPT_ON, json, 0, 0, NULL},
    };
    const hr_opts opts = {
        .verb = "convert",
        .args = "IN OUT",
        .about =
            "Writes a capture, CSV, Parquet or Arrow file in another format, streamed, in fixed\n"
            "memory. What OUT becomes follows from its name: .parquet, .arrow or .feather (an "
            "Arrow\n"
            "file), .arrows (an Arrow stream): events, every message, exact; .csv (tardis, or\n"
            "tardis-trades when IN holds trades), .ndjson (capture-json); .gz or .zst behind .csv\n"
            "and .ndjson compresses. With --to, deltas, trades and tickers are tables by the same\n"
            "names, and Parquet by any other; tardis-quotes, binance-aggtrades, binance-trades,\n"
            "binance-bookticker, binance-depth-csv and lobster are the CSV that --format reads by\n"
            "these names;\n"
            "tardis-snapshot-5 and -25 are the best levels, a row a snapshot and each change;\n"
            "cryptofeed is a capture in the words of the messages' venue;\n"
            "lake-deltas, lake-trades and lake-book are Crypto Lake's tables of one instrument.\n"
            "Databento DBN becomes its records, under their official names: .parquet or .csv; and\n"
            ".parquet of records .dbn again, byte for byte (.zst compresses; --to dbn).\n"
            "CSV that is a table (klines, bars, options, ...) becomes .parquet, and that .csv.\n"
            "A first pass finds what the target cannot hold; then nothing is written without\n"
            "--lossy. Lines that cannot be used go to OUT.rejects.ndjson.",
        .example = "headrace convert capture.ndjson.gz events.parquet",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
        .min_args = 2,
        .max_args = 2,
    };
    int n_args;
    HR_TRY(hr_opts_parse(&opts, argc, argv, &n_args, err));
    o->in = argv[1];
    o->out = argv[2];
    o->format = (hr_format)from;
    if (to >= 0) o->to = hr_target_format_from_name(targets[to]);
    o->px_scale = (uint8_t)decimals[0];
    o->qty_scale = (uint8_t)decimals[1];
    o->share_decimals = (uint8_t)decimals[2];
    return HR_OK;
}

/* One line on a terminal, five times a second. */
static void show_progress(void *self, int pass, double share)
{
    int64_t *shown_ns = self;
    int64_t now = hr_sys_mono_ns();
    if (now - *shown_ns < 200000000) return;
    *shown_ns = now;
    fprintf(stderr, "\r%s %5.1f%% ", pass == 1 ? "looking" : "writing", share * 100);
}

static void print_losses(const hr_convert_report *r)
{
    for (int l = 0; l < HR_LOSS_COUNT; l++)
        if (r->loss[l] > 0)
            fprintf(stderr, "lost in %s: %s (%llu messages)\n", hr_target_format_name(r->to),
                    hr_loss_text((hr_loss)l), (ull)r->loss[l]);
}

static const char *compression(const hr_convert_options *o, const hr_convert_report *r)
{
    return o->packs_arrow ? "zstd" : hr_container_name(r->container);
}

static void print_json(const hr_convert_options *o, const hr_convert_report *r)
{
    static const char *const arrow[] = {"null", "\"file\"", "\"stream\""};
    const char *sep = "";
    printf("{\"in\":");
    hr_app_json_text(o->in);
    printf(",\"out\":");
    hr_app_json_text(o->out);
    printf(",\"from\":\"%s\",\"to\":\"%s\",\"compression\":\"%s\",", r->from,
           hr_target_format_name(r->to), compression(o, r));
    printf("\"arrow\":%s,\"lines\":%llu,\"read\":%llu,"
           "\"written\":%llu,\"rejected\":%llu,\"filtered\":%llu,\"rows\":%llu,",
           arrow[r->arrow], (ull)r->lines, (ull)r->read, (ull)r->written, (ull)r->rejected,
           (ull)r->filtered, (ull)r->rows);
    printf("\"rejects\":{");
    for (int i = 0; i < HR_REJECT_COUNT; i++) {
        if (r->rejects[i] == 0) continue;
        printf("%s\"%s\":%llu", sep, hr_reject_name((hr_reject_reason)i), (ull)r->rejects[i]);
        sep = ",";
    }
    printf("},\"lost\":[");
    sep = "";
    for (int l = 0; l < HR_LOSS_COUNT; l++) {
        if (r->loss[l] == 0) continue;
        printf("%s{\"what\":", sep);
        hr_app_json_text(hr_loss_text((hr_loss)l));
        printf(",\"messages\":%llu}", (ull)r->loss[l]);
        sep = ",";
    }
    printf("],\"bytes_in\":%lld,\"bytes_out\":%lld,\"seconds\":%.6f}\n", (long long)r->bytes_in,
           (long long)r->bytes_out, r->seconds);
}

static void print_text(const hr_convert_options *o, const hr_convert_report *r)
{
    static const char *const arrow[] = {"", ", Arrow file", ", Arrow stream"};
    printf("%s (%s) -> %s (%s%s, %s)\n", o->in, r->from, o->out, hr_target_format_name(r->to),
           arrow[r->arrow], compression(o, r));
    printf("%llu lines: %llu messages read = %llu written + %llu rejected + %llu filtered%s\n",
           (ull)r->lines, (ull)r->read, (ull)r->written, (ull)r->rejected, (ull)r->filtered,
           hr_convert_adds_up(r) ? "" : ": DOES NOT ADD UP");
    printf("%llu rows, %lld -> %lld bytes, %.3f s, %.2f M rows/s\n", (ull)r->rows,
           (long long)r->bytes_in, (long long)r->bytes_out, r->seconds,
           r->seconds > 0 ? (double)r->rows / r->seconds * 1e-6 : 0);
    if (r->rejected > 0) printf("rejects: %s.rejects.ndjson\n", o->out);
}

int hr_cmd_convert(int argc, char **argv)
{
    hr_convert_options o = HR_CONVERT_OPTIONS_DEFAULT;
    hr_convert_report report = {0};
    hr_err err = HR_ERR_INIT;
    bool json = false;
    hr_status st = parse_args(&o, &json, argc, argv, &err);
    if (st != HR_OK) return st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
    bool shows = !json && isatty(2);
    int64_t shown_ns = hr_sys_mono_ns();
    o.stop = &stop_wanted;
    o.progress = shows ? show_progress : NULL;
    o.self = &shown_ns;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    st = hr_convert(&o, &report, &err);
    if (shows) fprintf(stderr, "\r%20s\r", "");
    print_losses(&report);
    if (st != HR_OK) return hr_app_fail(&err);
    if (json)
        print_json(&o, &report);
    else
        print_text(&o, &report);
    return hr_convert_adds_up(&report) ? HR_EXIT_OK : HR_EXIT_INTERNAL;
}
