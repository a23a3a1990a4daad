/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 1024
#define ENTRIES_MAX 256

/* ---- capture ---- */

int64_t test_engine_capture(const hr_sys *sys, const char *path, const hr_synth_options *opt)
{
    hr_synth *s;
    int64_t at = 0;
    size_t n;
    int fd = sys->open(sys->self, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) return fd;
    char *text = malloc(HR_SYNTH_LINE_MAX);
    if (text == NULL || hr_synth_create(&s, opt, NULL) != HR_OK) abort();
    while ((n = hr_synth_next(s, text)) > 0) {
        int64_t w = sys->pwrite(sys->self, fd, text, n, at);
        if (w != (int64_t)n) abort();
        at += w;
    }
    hr_synth_destroy(&s);
    free(text);
    if (sys->sync(sys->self, fd) < 0) abort(); /* a crash must not take the input */
    (void)sys->close(sys->self, fd);
    fd = sys->open(sys->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0) (void)sys->sync(sys->self, fd);
    if (fd >= 0) (void)sys->close(sys->self, fd);
    return at;
}

/* ---- run ---- */

static hr_status fill_plan(hr_plan *p, const test_engine *e, hr_err *err)
{
    hr_plan_init(p);
    HR_TRY(hr_plan_add_input(p, e->input, err));
    snprintf(p->out, sizeof p->out, "%s", e->out);
    p->lanes = e->lanes;
    p->commit_rows = e->commit_rows;
    p->memory_bytes = e->memory_bytes;
    p->instruments = e->instruments;
    p->pin = HR_PIN_OFF;
    if (e->io != NULL) snprintf(p->io, sizeof p->io, "%s", e->io);
    p->batch_min = p->batch_max = 256;
    if (e->expressions == NULL) return HR_OK;
    p->calc_max_rows = 256;
    p->expressions = hr_heap_strdup(e->expressions);
    p->signal = hr_heap_zero(1, sizeof *p->signal);
    if (p->expressions == NULL || p->signal == NULL) return HR_ENOMEM;
    p->n_signals = 1;
    p->signal->name = hr_heap_strdup("up");
    p->signal->when = hr_heap_strdup("up");
    return HR_OK;
}

static void stop_when_asked(const test_engine *e, hr_run *r)
{
    const hr_sys *sys = hr_sys_get();
    int64_t done;
    int64_t all;
    uint64_t rows = 0;
    while (e->stop_at_rows > 0 && hr_run_is_running(r) && rows < (uint64_t)e->stop_at_rows) {
        sys->sleep_ns(sys->self, 1000);
        hr_run_progress(r, &done, &all, &rows);
    }
    if (e->stop_at_rows > 0) hr_run_request_stop(r);
}

hr_status test_engine_run(const test_engine *e, hr_run_report *report, hr_err *err)
{
    hr_plan plan;
    hr_run *r;
    hr_err own = HR_ERR_INIT;
    if (err == NULL) err = &own;
    hr_status st = fill_plan(&plan, e, err);
    if (st == HR_OK) st = hr_run_create(&r, &plan, e->mode, err);
    if (st == HR_OK) {
        st = hr_run_start(r, err);
        if (st == HR_OK) stop_when_asked(e, r);
        hr_status waited = hr_run_wait(r, err);
        if (st == HR_OK) st = waited;
        if (report != NULL) hr_run_report_get(r, report);
        hr_run_destroy(&r);
    }
    hr_plan_fini(&plan);
    return st;
}

/* ---- digest: a walk without recursion ---- */

typedef struct entries {
    const char *dir;
    size_t n;
    struct {
        char path[PATH_BYTES];
        bool is_dir;
    } at[ENTRIES_MAX];
} entries;

static int add_entry(void *arg, const char *name, bool is_dir)
{
    entries *t = arg;
    if (t->n == ENTRIES_MAX) abort();
    snprintf(t->at[t->n].path, PATH_BYTES, "%s/%s", t->dir, name);
    t->at[t->n++].is_dir = is_dir;
    return 0;
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const unsigned char *c = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ c[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return h;
}

static uint64_t hash_file(const hr_sys *sys, const char *path, const char *name, int64_t *size)
{
    static char buf[1 << 16];
    uint64_t h = mix(UINT64_C(0xcbf29ce484222325), name, strlen(name));
    int fd = sys->open(sys->self, AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0) return 0;
    *size = 0;
    for (;;) {
        int64_t n = sys->pread(sys->self, fd, buf, sizeof buf, *size);
        if (n <= 0) break;
        h = mix(h, buf, (size_t)n);
        *size += n;
    }
    (void)sys->close(sys->self, fd);
    return h;
}

static uint64_t walk(const hr_sys *sys, const char *root, bool ignores_state, bool prints)
{
    entries *t = calloc(1, sizeof *t);
    uint64_t sum = 0;
    if (t == NULL) abort();
    t->dir = root;
    if (sys->list(sys->self, AT_FDCWD, root, add_entry, t) < 0) t->n = 0;
    for (size_t i = 0; i < t->n; i++) {
        char dir[PATH_BYTES];
        int64_t size = 0;
        memcpy(dir, t->at[i].path, sizeof dir);
        t->dir = dir;
        if (t->at[i].is_dir) {
            if (sys->list(sys->self, AT_FDCWD, dir, add_entry, t) < 0) abort();
            continue;
        }
        if (ignores_state && strncmp(dir + strlen(root), "/state-", 7) == 0) continue;
        uint64_t h = hash_file(sys, dir, dir + strlen(root), &size);
        if (prints) printf("# %s: %" PRId64 " bytes, %016" PRIx64 "\n", dir, size, h);
        sum += h * UINT64_C(0x9e3779b97f4a7c15) | 1;
    }
    free(t);
    return sum;
}

uint64_t test_engine_digest(const hr_sys *sys, const char *root, bool ignores_state)
{
    return walk(sys, root, ignores_state, false);
}

void test_engine_list(const hr_sys *sys, const char *root)
{
    (void)walk(sys, root, false, true);
}
