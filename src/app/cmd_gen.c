/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/gen.h"
#include "app/gen_out.h"
#include "app/opts.h"

typedef struct options {
    hr_synth_options synth;
    int64_t levels, instruments, rate, seed, gaps, duplicates, disorder, bad;
    int format;
    const char *out, *truth;
    int64_t orders;
    bool is_lake, is_raw, is_itch;
} options;

static const char *const format_names[] = {"capture",  "capture-json", "ndjson",
                                           "tardis",   "lake",         "tardis-trades",
                                           "lake-raw", "itch",         NULL};
static const hr_synth_format formats[] = {
    HR_SYNTH_CAPTURE, HR_SYNTH_CAPTURE_JSON,  HR_SYNTH_NDJSON, HR_SYNTH_TARDIS,
    HR_SYNTH_EVENTS,  HR_SYNTH_TARDIS_TRADES, HR_SYNTH_EVENTS, HR_SYNTH_CAPTURE,
};

static void report(const hr_synth *s, const options *o)
{
    hr_synth_truth t;
    hr_synth_truth_get(s, &t);
    if (strcmp(o->out, "-") != 0)
        fprintf(stderr, "%llu %s, %llu level updates in %llu depth messages\n",
                (unsigned long long)t.lines, o->is_lake ? "events" : "lines",
                (unsigned long long)t.levels, (unsigned long long)t.messages);
    if (t.gaps < o->synth.n_gaps || t.duplicates < o->synth.n_duplicates ||
        t.disorder < o->synth.n_disorder || t.bad < o->synth.n_bad)
        fprintf(stderr,
                "not all faults found a place: %llu gaps, %llu duplicates, %llu out of"
                " order, %llu bad lines (more --levels have room for more)\n",
                (unsigned long long)t.gaps, (unsigned long long)t.duplicates,
                (unsigned long long)t.disorder, (unsigned long long)t.bad);
}

static hr_status write_text(const options *o, hr_synth *s, hr_gen_out *out, hr_err *err)
{
    size_t n;
    do {
        n = hr_synth_next(s, hr_gen_out_room(out));
        HR_TRY(hr_gen_out_took(out, n, err));
    } while (n > 0);
    HR_TRY(hr_gen_out_finish(out, err));
    if (o->truth != NULL) HR_TRY(hr_gen_truth_write(o->truth, s, &o->synth, err));
    return hr_gen_out_publish(out, err);
}

static hr_status generate_text(const options *o, hr_err *err)
{
    hr_synth *s = NULL;
    hr_gen_out *out = NULL;
    hr_status st = hr_synth_create(&s, &o->synth, err);
    if (st == HR_OK) st = hr_gen_out_open(&out, o->out, HR_GEN_CHUNK_BYTES, HR_SYNTH_LINE_MAX, err);
    if (st == HR_OK) st = write_text(o, s, out, err);
    if (st == HR_OK) report(s, o);
    hr_gen_out_close(&out);
    hr_synth_destroy(&s);
    return st;
}

static hr_status write_lake(const options *o, hr_synth *s, hr_gen_lake *lake, hr_err *err)
{
    hr_gen_lake_bind(lake, s);
    while (hr_synth_next(s, NULL) > 0) {
    }
    hr_status st = hr_synth_status(s);
    if (st != HR_OK) {
        hr_gen_lake_error(lake, err);
        return st;
    }
    HR_TRY(hr_gen_lake_finish(lake, err));
    if (o->truth != NULL) HR_TRY(hr_gen_truth_write(o->truth, s, &o->synth, err));
    return hr_gen_lake_publish(lake, err);
}

static hr_status generate_lake(const options *o, hr_err *err)
{
    hr_synth *s = NULL;
    hr_gen_lake *lake = NULL;
    hr_synth_options synth = o->synth;
    hr_status st = hr_gen_lake_open(&lake, o->out, &synth, o->is_raw, err);
    synth.sink = hr_gen_lake_take;
    synth.sink_self = lake;
    synth.has_tickers = false; /* the tables have no place for them */
    if (st == HR_OK) st = hr_synth_create(&s, &synth, err);
    if (st == HR_OK) st = write_lake(o, s, lake, err);
    if (st == HR_OK) report(s, o);
    hr_gen_lake_close(&lake);
    hr_synth_destroy(&s);
    return st;
}

static void settle(options *o)
{
    hr_synth_options *s = &o->synth;
    s->format = formats[o->format];
    o->is_lake = s->format == HR_SYNTH_EVENTS;
    o->is_raw = strcmp(format_names[o->format], "lake-raw") == 0;
    o->is_itch = strcmp(format_names[o->format], "itch") == 0;
    s->n_levels = (uint64_t)o->levels;
    s->n_instruments = (uint32_t)o->instruments;
    s->rate = (uint64_t)o->rate;
    s->seed = (uint64_t)o->seed;
    s->n_gaps = (uint32_t)o->gaps;
    s->n_duplicates = (uint32_t)o->duplicates;
    s->n_disorder = (uint32_t)o->disorder;
    s->n_bad = (uint32_t)o->bad;
}

static hr_status parse_args(options *o, int argc, char **argv, hr_err *err)
{
    hr_synth_options *s = &o->synth;
    const hr_opt table[] = {
        {"--out", "FILE", "where to (.gz and .zst compress); - is standard output; lake: a folder",
         HR_OPT_TEXT, &o->out, 0, 0, NULL},
        {"--format", "F",
         "capture (default), capture-json, ndjson (Binance), tardis, tardis-trades, lake, "
         "lake-raw, "
         "itch",
         HR_OPT_CHOICE, &o->format, 0, 0, format_names},
        {"--levels", "N", "level updates (default: 1000000)", HR_OPT_COUNT, &o->levels, 0,
         INT64_MAX, NULL},
        {"--orders", "N", "itch: messages about orders (default: 1000000)", HR_OPT_COUNT,
         &o->orders, 0, INT64_MAX, NULL},
        {"--instruments", "N", "instruments (default: 20)", HR_OPT_COUNT, &o->instruments, 1,
         HR_SYNTH_INSTRUMENTS_MAX, NULL},
        {"--rate", "N", "mean messages a second of simulated time (default: 20000)", HR_OPT_COUNT,
         &o->rate, 1, HR_SYNTH_RATE_MAX, NULL},
        {"--seed", "N", "same seed, same bytes (default: 1)", HR_OPT_COUNT, &o->seed, 0, INT64_MAX,
         NULL},
        {"--gaps", "N", "times that one to three messages are lost", HR_OPT_COUNT, &o->gaps, 0,
         HR_SYNTH_FAULTS_MAX, NULL},
        {"--duplicates", "N", "messages that come twice", HR_OPT_COUNT, &o->duplicates, 0,
         HR_SYNTH_FAULTS_MAX, NULL},
        {"--disorder", "N", "messages that come after their successor", HR_OPT_COUNT, &o->disorder,
         0, HR_SYNTH_FAULTS_MAX, NULL},
        {"--bad", "N", "lines that no reader can use", HR_OPT_COUNT, &o->bad, 0,
         HR_SYNTH_FAULTS_MAX, NULL},
        {"--futures", NULL, "USD-M numbering (pu) instead of spot", HR_OPT_ON, &s->futures, 0, 0,
         NULL},
        {"--no-snapshots", NULL, "leave snapshots out", HR_OPT_OFF, &s->has_snapshots, 0, 0, NULL},
        {"--no-tickers", NULL, "leave book tickers out", HR_OPT_OFF, &s->has_tickers, 0, 0, NULL},
        {"--no-trades", NULL, "leave trades out", HR_OPT_OFF, &s->has_trades, 0, 0, NULL},
        {"--truth", "FILE", "what was made and what a reader must find, as JSON", HR_OPT_TEXT,
         &o->truth, 0, 0, NULL},
    };
    const hr_opts opts = {
        .verb = "gen",
        .args = "",
        .about = "Makes a capture of a synthetic venue: the same seed gives the same bytes.",
        .example = "headrace gen --levels 5000000 --gaps 3 --out capture.ndjson.gz",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
    };
    int n_args;
    HR_TRY(hr_opts_parse(&opts, argc, argv, &n_args, err));
    if (o->out == NULL) return HR_FAIL(err, HR_EUSAGE, "--out is missing (headrace gen -h)");
    settle(o);
    return HR_OK;
}

int hr_cmd_gen(int argc, char **argv)
{
    options o = {.synth = HR_SYNTH_OPTIONS_DEFAULT, .orders = 1000000};
    hr_err err = HR_ERR_INIT;
    o.levels = (int64_t)o.synth.n_levels;
    o.instruments = o.synth.n_instruments;
    o.rate = (int64_t)o.synth.rate;
    o.seed = (int64_t)o.synth.seed;
    hr_status st = parse_args(&o, argc, argv, &err);
    if (st == HR_OK && o.is_itch) {
        const hr_synth_orders_options orders = {.n_stocks = (uint32_t)o.instruments,
                                                .n_orders = (uint64_t)o.orders,
                                                .seed = (uint64_t)o.seed,
                                                .rate = (uint64_t)o.rate};
        st = hr_gen_orders(o.out, o.truth, &orders, &err);
    } else if (st == HR_OK)
        st = o.is_lake ? generate_lake(&o, &err) : generate_text(&o, &err);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}
