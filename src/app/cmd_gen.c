/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/sys.h"
#include "mem/mem.h"
#include "text/decimal.h"
#include "venue/synth.h"

#define CHUNK_BYTES ((size_t)1 << 20)

static const char help_text[] =
    "headrace gen --out FILE\n\n"
    "Makes a capture of a synthetic venue: the same seed gives the same bytes.\n\n"
    "  --out FILE         where to (.gz compresses); - is standard output\n"
    "  --format F         capture (default), capture-json, ndjson, tardis\n"
    "  --levels N         level updates (default 1000000)\n"
    "  --instruments N    (default 20)\n"
    "  --rate N           messages a second of simulated time (default 20000)\n"
    "  --seed N           (default 1)\n"
    "  --gaps N --duplicates N --bad N   faults to put in\n"
    "  --futures          USD-M numbering (pu) instead of spot\n"
    "  --no-snapshots --no-tickers --no-trades\n"
    "  --truth FILE       what was made, as JSON\n\n"
    "example: headrace gen --levels 5000000 --gaps 3 --out capture.ndjson.gz\n";

typedef struct options {
    hr_synth_options synth;
    const char *out, *truth;
} options;

typedef struct output {
    int fd;
    struct libdeflate_compressor *gz;
    char *text, *packed;
    size_t n, packed_cap;
} output;

static hr_status set_count(uint64_t *out, uint64_t max, const char *name, const char *text,
                           hr_err *err)
{
    int64_t v;
    if (hr_int_parse(&v, text, strlen(text)) != HR_OK || v < 0 || (uint64_t)v > max)
        return HR_FAIL(err, HR_EUSAGE, "%s: '%s' is no number it takes", name, text);
    *out = (uint64_t)v;
    return HR_OK;
}

static hr_status set_format(hr_synth_options *o, const char *text, hr_err *err)
{
    static const char *const names[] = {"capture", "capture-json", "ndjson", "tardis"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++) {
        if (strcmp(names[i], text) != 0) continue;
        o->format = (hr_synth_format)i;
        return HR_OK;
    }
    return HR_FAIL(err, HR_EUSAGE,
                   "--format: '%s' is not one of capture, capture-json, ndjson, tardis", text);
}

static hr_status take_option(options *o, int argc, char **argv, int *i, hr_err *err)
{
    static const char *const counts[] = {"--levels", "--instruments", "--rate", "--seed",
                                         "--gaps",   "--duplicates",  "--bad"};
    const char *v;
    hr_synth_options *s = &o->synth;
    if (strcmp(argv[*i], "--futures") == 0) return s->futures = true, HR_OK;
    if (strcmp(argv[*i], "--no-snapshots") == 0) return s->has_snapshots = false, HR_OK;
    if (strcmp(argv[*i], "--no-tickers") == 0) return s->has_tickers = false, HR_OK;
    if (strcmp(argv[*i], "--no-trades") == 0) return s->has_trades = false, HR_OK;
    if ((v = hr_app_option(argc, argv, i, "--out")) != NULL) return o->out = v, HR_OK;
    if ((v = hr_app_option(argc, argv, i, "--truth")) != NULL) return o->truth = v, HR_OK;
    if ((v = hr_app_option(argc, argv, i, "--format")) != NULL) return set_format(s, v, err);
    for (size_t k = 0; k < HR_ARRAY_LEN(counts); k++) {
        uint64_t n = 0;
        if ((v = hr_app_option(argc, argv, i, counts[k])) == NULL) continue;
        HR_TRY(set_count(&n, k == 0 || k == 3 ? INT64_MAX : 100000000, counts[k], v, err));
        uint32_t small = (uint32_t)n;
        if (k == 0) s->n_levels = n;
        if (k == 1) s->n_instruments = small;
        if (k == 2) s->rate = n;
        if (k == 3) s->seed = n;
        if (k == 4) s->n_gaps = small;
        if (k == 5) s->n_duplicates = small;
        if (k == 6) s->n_bad = small;
        return HR_OK;
    }
    return HR_FAIL(err, HR_EUSAGE, "unknown option '%s', or its value is missing (headrace gen -h)",
                   argv[*i]);
}

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

int hr_cmd_gen(int argc, char **argv)
{
    options o = {.synth = HR_SYNTH_OPTIONS_DEFAULT};
    hr_err err = HR_ERR_INIT;
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(help_text, stdout);
        return HR_EXIT_OK;
    }
    for (int i = 1; i < argc; i++)
        if (take_option(&o, argc, argv, &i, &err) != HR_OK) return hr_app_fail(&err);
    if (o.out == NULL) return hr_app_usage("gen", "--out is missing");
    return generate(&o, &err) == HR_OK ? HR_EXIT_OK : hr_app_fail(&err);
}
