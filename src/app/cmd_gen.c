/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/opts.h"
#include "base/sys.h"
#include "mem/mem.h"
#include "venue/synth.h"

#define COUNT_MAX 100000000
#define CHUNK_BYTES ((size_t)1 << 20)

typedef struct options {
    hr_synth_options synth;
    int64_t levels, instruments, rate, seed, gaps, duplicates, bad;
    int format;
    const char *out, *truth;
} options;

typedef struct output {
    int fd;
    struct libdeflate_compressor *gz;
    char *text, *packed;
    size_t n, packed_cap;
} output;

static hr_status flush(output *o, hr_err *err)
{
    const char *p = o->text;
    size_t n = o->n;
    if (n == 0) return HR_OK;
    if (o->gz != NULL) { /* each chunk is a gzip member of its own */
        n = libdeflate_gzip_compress(o->gz, o->text, n, o->packed, o->packed_cap);
        if (n == 0) return HR_FAIL(err, HR_EINTERNAL, "compression failed");
        p = o->packed;
    }
    int64_t w = hr_sys_write_full(o->fd, p, n);
    o->n = 0;
    return w < 0 ? HR_FAIL_SYS(err, w, "cannot write the capture") : HR_OK;
}

static hr_status open_output(output *o, const char *path, hr_err *err)
{
    size_t n = strlen(path);
    o->fd = strcmp(path, "-") == 0
                ? 1
                : hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->fd < 0) return HR_FAIL_SYS(err, o->fd, "cannot create '%s'", path);
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0) o->gz = libdeflate_alloc_compressor(1);
    o->packed_cap = libdeflate_gzip_compress_bound(o->gz, CHUNK_BYTES + HR_SYNTH_LINE_MAX);
    o->text = hr_heap_alloc(CHUNK_BYTES + HR_SYNTH_LINE_MAX);
    o->packed = hr_heap_alloc(o->packed_cap);
    return o->text == NULL || o->packed == NULL
               ? HR_FAIL(err, HR_ENOMEM, "no memory for the capture")
               : HR_OK;
}

static hr_status write_truth(const char *path, const hr_synth_truth *t, hr_err *err)
{
    char text[1024];
    typedef unsigned long long ull;
    int n = snprintf(text, sizeof text,
                     "{\"lines\":%llu,\"messages\":%llu,\"levels\":%llu,\"trades\":%llu,"
                     "\"tickers\":%llu,\"snapshots\":%llu,"
                     "\"snapshot_levels\":%llu,\"gaps\":%llu,\"duplicates\":%llu,\"bad\":%llu}\n",
                     (ull)t->lines, (ull)t->messages, (ull)t->levels, (ull)t->trades,
                     (ull)t->tickers, (ull)t->snapshots, (ull)t->snapshot_levels, (ull)t->gaps,
                     (ull)t->duplicates, (ull)t->bad);
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot create '%s'", path);
    int64_t w = hr_sys_write_full(fd, text, (size_t)n);
    (void)hr_sys_close(fd);
    return w < 0 ? HR_FAIL_SYS(err, w, "cannot write '%s'", path) : HR_OK;
}

static hr_status generate(const options *o, hr_err *err)
{
    hr_synth *s = NULL;
    hr_synth_truth truth;
    output out = {.fd = -1};
    hr_status st = hr_synth_create(&s, &o->synth, err);
    if (st == HR_OK) st = open_output(&out, o->out, err);
    while (st == HR_OK) {
        size_t n = hr_synth_next(s, out.text + out.n);
        out.n += n;
        if (n == 0) break;
        if (out.n >= CHUNK_BYTES) st = flush(&out, err);
    }
    if (st == HR_OK) st = flush(&out, err);
    if (st == HR_OK) {
        hr_synth_truth_get(s, &truth);
        if (o->truth != NULL) st = write_truth(o->truth, &truth, err);
        if (out.fd != 1)
            fprintf(stderr, "%llu lines, %llu level updates in %llu depth messages\n",
                    (unsigned long long)truth.lines, (unsigned long long)truth.levels,
                    (unsigned long long)truth.messages);
    }
    if (out.fd > 1) (void)hr_sys_close(out.fd);
    if (out.gz != NULL) libdeflate_free_compressor(out.gz);
    hr_heap_free(out.text);
    hr_heap_free(out.packed);
    hr_synth_destroy(&s);
    return st;
}

static hr_status parse_args(options *o, int argc, char **argv, hr_err *err)
{
    static const char *const formats[] = {"capture", "capture-json", "ndjson", "tardis", NULL};
    hr_synth_options *s = &o->synth;
    const hr_opt table[] = {
        {"--out", "FILE", "where to (.gz compresses); - is standard output", HR_OPT_TEXT, &o->out,
         0, 0, NULL},
        {"--format", "F", "capture (default), capture-json, ndjson, tardis", HR_OPT_CHOICE,
         &o->format, 0, 0, formats},
        {"--levels", "N", "level updates (default: 1000000)", HR_OPT_COUNT, &o->levels, 0,
         INT64_MAX, NULL},
        {"--instruments", "N", "instruments (default: 20)", HR_OPT_COUNT, &o->instruments, 1,
         HR_SYNTH_INSTRUMENTS_MAX, NULL},
        {"--rate", "N", "messages a second of simulated time (default: 20000)", HR_OPT_COUNT,
         &o->rate, 1, COUNT_MAX, NULL},
        {"--seed", "N", "same seed, same bytes (default: 1)", HR_OPT_COUNT, &o->seed, 0, INT64_MAX,
         NULL},
        {"--gaps", "N", "sequence gaps to put in", HR_OPT_COUNT, &o->gaps, 0, COUNT_MAX, NULL},
        {"--duplicates", "N", "messages to repeat", HR_OPT_COUNT, &o->duplicates, 0, COUNT_MAX,
         NULL},
        {"--bad", "N", "lines to damage", HR_OPT_COUNT, &o->bad, 0, COUNT_MAX, NULL},
        {"--futures", NULL, "USD-M numbering (pu) instead of spot", HR_OPT_ON, &s->futures, 0, 0,
         NULL},
        {"--no-snapshots", NULL, "leave snapshots out", HR_OPT_OFF, &s->has_snapshots, 0, 0, NULL},
        {"--no-tickers", NULL, "leave book tickers out", HR_OPT_OFF, &s->has_tickers, 0, 0, NULL},
        {"--no-trades", NULL, "leave trades out", HR_OPT_OFF, &s->has_trades, 0, 0, NULL},
        {"--truth", "FILE", "what was made, as JSON", HR_OPT_TEXT, &o->truth, 0, 0, NULL},
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
    s->format = (hr_synth_format)o->format;
    s->n_levels = (uint64_t)o->levels;
    s->n_instruments = (uint32_t)o->instruments;
    s->rate = (uint64_t)o->rate;
    s->seed = (uint64_t)o->seed;
    s->n_gaps = (uint32_t)o->gaps;
    s->n_duplicates = (uint32_t)o->duplicates;
    s->n_bad = (uint32_t)o->bad;
    return HR_OK;
}

int hr_cmd_gen(int argc, char **argv)
{
    options o = {.synth = HR_SYNTH_OPTIONS_DEFAULT};
    hr_err err = HR_ERR_INIT;
    o.levels = (int64_t)o.synth.n_levels;
    o.instruments = o.synth.n_instruments;
    o.rate = (int64_t)o.synth.rate;
    o.seed = (int64_t)o.synth.seed;
    hr_status st = parse_args(&o, argc, argv, &err);
    if (st == HR_OK) st = generate(&o, &err);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}
