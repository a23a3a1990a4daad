/* SPDX-License-Identifier: Apache-2.0 */
/* Text to events on one core: GB/s of decompressed text and ns a level, the median of several
 * rounds, from memory to memory. bench_decode [FILE...]: plain captures (64 MB of each at most);
 * without one, what the synthetic venue makes. Parts that are compared run in turns, and the
 * smallest time of each counts. Time is the processor's own, so that neighbours do not count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "figure.h"
#include "kern/kern.h"
#include "mem/mem.h"
#include "synth/synth.h"
#include "text/csv.h"
#include "text/json.h"
#include "venue/adapter.h"

#define TEXT_CAP (64u << 20)
#define TEXT_PAD 64
#define ROUNDS 9
#define TARGET_ROWS 65536

static char *text;
static hr_evbatch *batch;

typedef struct totals {
    uint64_t levels, msgs, rejects;
} totals;

static hr_status decode(totals *t, const hr_source_info *info, size_t n)
{
    size_t pos = 0;
    int64_t line = 1;
    hr_status st;
    *t = (totals){0};
    do {
        hr_evbatch_reset(batch);
        st = hr_decode_text(info, batch, text, n, &pos, 0, &line, TARGET_ROWS, true);
        t->levels += batch->n_levels;
        t->msgs += batch->n_msgs;
        t->rejects += batch->n_rejects;
    } while (st == HR_FULL);
    return st;
}

static void bench_decode(const char *name, const hr_source_info *info, size_t n)
{
    int64_t ns[ROUNDS];
    totals t;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = figure_cpu_ns();
        if (decode(&t, info, n) != HR_OK) printf("%s: stopped\n", name);
        ns[i] = figure_cpu_ns() - t0;
    }
    double mid = (double)figure_median(ns, ROUNDS);
    printf("%-40s %6.3f GB/s (best %6.3f) %7.2f ns a level %6.1f M levels/s, %.1f B and %.2f levels"
           " a message, %llu rejects\n",
           name, (double)n / mid, (double)n / (double)ns[0], mid / (double)HR_MAX(t.levels, 1),
           (double)t.levels * 1e3 / mid, (double)n / (double)t.msgs,
           (double)t.levels / (double)t.msgs, (unsigned long long)t.rejects);
    figure(name, "text", (double)n / mid, "GB/s");
    figure(name, "level", mid / (double)HR_MAX(t.levels, 1), "ns");
}

/* ---- the parts: each returns what it counted ---- */

static size_t count_newlines_libc(size_t n)
{
    size_t k = 0;
    const char *end = text + n;
    for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        k++;
    return k;
}

static size_t count_newlines_kern(size_t n)
{
    size_t k = 0;
    const char *end = text + n;
    for (const char *p = text; (p = hr_kern_get()->scan.find(p, end, '\n')) != NULL; p++)
        k++;
    return k;
}

static size_t check_utf8(size_t n)
{
    return hr_utf8_valid(text, n);
}

#define LISTS_MAX (1u << 18)
static uint32_t list_at[LISTS_MAX];
static size_t n_lists;

static void find_lists(size_t n)
{
    const char *end = text + n;
    n_lists = 0;
    for (const char *p = text; n_lists < LISTS_MAX; p++) {
        p = memmem(p, (size_t)(end - p), "\":[[", 4);
        if (p == NULL) break;
        p += 2;
        list_at[n_lists++] = (uint32_t)(p - text);
    }
}

static size_t read_lists_short(size_t n)
{
    const unsigned scale[2] = {HR_PX_SCALE, HR_QTY_SCALE};
    size_t sum = 0;
    for (size_t i = 0; i < n_lists; i++) {
        uint32_t k = 0;
        if (hr_json_levels_short(text + list_at[i], text + n, batch->px, batch->qty,
                                 batch->cap_levels, scale, &k) != NULL)
            sum += k;
    }
    return sum;
}

/* As if each list were a text of its own: without room to look ahead at its end. */
static size_t read_lists_alone(size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n_lists; i++) {
        const char *p = text + list_at[i];
        const char *end = memchr(p, '\n', (size_t)(text + n - p));
        hr_json j;
        uint32_t k;
        hr_json_init(&j, p, (size_t)((end != NULL ? end : text + n) - p));
        if (hr_json_levels(&j, batch->px, batch->qty, batch->cap_levels, HR_PX_SCALE, HR_QTY_SCALE,
                           &k) == HR_OK)
            sum += k;
    }
    return sum;
}

typedef struct part {
    const char *name;
    size_t (*run)(size_t n);
    bool is_of_levels;
} part;

static void bench_parts(size_t n)
{
    static const part parts[] = {{"  newlines by memchr", count_newlines_libc, false},
                                 {"  newlines by the kernel", count_newlines_kern, false},
                                 {"  UTF-8 check", check_utf8, false},
                                 {"  level lists, the short way", read_lists_short, true},
                                 {"  level lists, each a text alone", read_lists_alone, true}};
    int64_t best[HR_ARRAY_LEN(parts)];
    size_t count[HR_ARRAY_LEN(parts)];
    find_lists(n);
    for (size_t k = 0; k < HR_ARRAY_LEN(parts); k++)
        best[k] = INT64_MAX;
    for (int i = 0; i < 3 * ROUNDS; i++) {
        for (size_t k = 0; k < HR_ARRAY_LEN(parts); k++) {
            int64_t t0 = figure_cpu_ns();
            count[k] = parts[k].run(n);
            best[k] = HR_MIN(best[k], figure_cpu_ns() - t0);
        }
    }
    for (size_t k = 0; k < HR_ARRAY_LEN(parts); k++) {
        if (!parts[k].is_of_levels)
            figure(parts[k].name + 2, "text", (double)n / (double)best[k], "GB/s");
        else
            figure(parts[k].name + 2, "level", (double)best[k] / (double)HR_MAX(count[k], 1), "ns");
        if (parts[k].is_of_levels)
            printf("%-40s %6.2f ns a level, %zu levels\n", parts[k].name,
                   (double)best[k] / (double)HR_MAX(count[k], 1), count[k]);
        else
            printf("%-40s %6.3f GB/s\n", parts[k].name, (double)n / (double)best[k]);
    }
}

/* ---- inputs ---- */

static size_t load(const char *path)
{
    int fd = hr_sys_open(-100 /* AT_FDCWD */, path, 0 /* O_RDONLY */, 0);
    if (fd < 0) return 0;
    int64_t n = hr_sys_pread_full(fd, text, TEXT_CAP, 0);
    (void)hr_sys_close(fd);
    while (n > 0 && text[n - 1] != '\n')
        n--;
    memset(text + HR_MAX(n, 0), 0, TEXT_PAD);
    return n < 0 ? 0 : (size_t)n;
}

static size_t make(const hr_synth_options *opt)
{
    hr_synth *s;
    size_t n = 0;
    size_t got;
    if (hr_synth_create(&s, opt, NULL) != HR_OK) return 0;
    while (n + HR_SYNTH_LINE_MAX < TEXT_CAP && (got = hr_synth_next(s, text + n)) > 0)
        n += got;
    hr_synth_destroy(&s);
    memset(text + n, 0, TEXT_PAD);
    return n;
}

static void bench_text(const char *name, const char *path, size_t n)
{
    char why[128];
    hr_err err = HR_ERR_INIT;
    hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_status st = hr_sniff_text(&info, why, sizeof why, path, text, HR_MIN(n, 1u << 20), &err);
    if (st != HR_OK) {
        printf("%s: %s\n", name, err.message);
        return;
    }
    bench_decode(name, &info, n);
    if (info.format == HR_FORMAT_NDJSON) bench_parts(n);
}

static void bench_synth(void)
{
    static const char *const name[] = {"synthetic capture, futures", "synthetic NDJSON, spot",
                                       "synthetic NDJSON, all messages", "synthetic Tardis CSV"};
    for (int i = 0; i < 4; i++) {
        hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
        opt.format = i == 0 ? HR_SYNTH_CAPTURE : i == 3 ? HR_SYNTH_TARDIS : HR_SYNTH_NDJSON;
        opt.futures = i == 0;
        opt.has_tickers = opt.has_trades = i == 2;
        size_t n = make(&opt);
        bench_text(name[i], "", n);
    }
}

int main(int argc, char **argv)
{
    const hr_evbatch_caps caps = {.msgs = 2 * TARGET_ROWS,
                                  .levels = 4 * TARGET_ROWS,
                                  .rejects = 1024,
                                  .raw = 1 << 20,
                                  .texts = 2 * TARGET_ROWS};
    hr_arena *arena;
    hr_kern_init(hr_cpu_detect());
    if (hr_arena_create(&arena, NULL, TEXT_CAP + hr_evbatch_bytes(&caps) + (1u << 20), "bench",
                        NULL) != HR_OK)
        return 1;
    text = hr_arena_alloc(arena, TEXT_CAP + TEXT_PAD, 64);
    batch = hr_evbatch_init(hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64), &caps);
    for (int i = 1; i < argc; i++) {
        const char *slash = strrchr(argv[i], '/');
        size_t n = load(argv[i]);
        bench_text(slash != NULL ? slash + 1 : argv[i], argv[i], n);
    }
    if (argc == 1) bench_synth();
    hr_arena_destroy(&arena);
    return 0;
}
