/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/dataset.h"

#define HANG_SECONDS 60 /* by the clock, far above the 2 s that are promised: it may be loaded */
#define CPU_NS_MAX 2000000000

uint32_t fault_kinds_made;
uint32_t fault_kinds_hit;
void (*fault_observe)(hr_sys_fail *f, hr_open_mode mode);
static char now_running[512];
static char wrong[2048];

static int says_fd = STDOUT_FILENO; /* what is said to stdout may be caught meanwhile */

static void on_alarm(int sig)
{
    (void)sig;
    (void)!write(says_fd, "# hangs: ", 9);
    (void)!write(says_fd, now_running, strlen(now_running));
    (void)!write(says_fd, "\n", 1);
    _exit(1);
}

void fault_now(const char *what)
{
    snprintf(now_running, sizeof now_running, "%s", what);
}

void fault_still_alive(void)
{
    alarm(HANG_SECONDS);
}

void fault_all_done(void)
{
    alarm(0);
}

/* ---- files of the simulated disk ---- */

char *fault_load(const hr_sys *sys, const char *path, size_t *n)
{
    hr_sys_stat st;
    *n = 0;
    int fd = sys->open(sys->self, AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0) return NULL;
    if (sys->fstat(sys->self, fd, &st) < 0) abort();
    char *text = malloc((size_t)st.size_bytes + 1);
    if (text == NULL) abort();
    *n = (size_t)sys->pread(sys->self, fd, text, (size_t)st.size_bytes, 0);
    text[*n] = '\0';
    (void)sys->close(sys->self, fd);
    return text;
}

void fault_store(const hr_sys *sys, const char *path, const char *text, size_t n)
{
    int fd = sys->open(sys->self, AT_FDCWD, path, O_WRONLY | O_CREAT, 0666);
    if (fd < 0 || sys->pwrite(sys->self, fd, text, n, 0) != (int64_t)n) abort();
    if (sys->sync(sys->self, fd) < 0) abort();
    (void)sys->close(sys->self, fd);
    fd = sys->open(sys->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || sys->sync(sys->self, fd) < 0) abort();
    (void)sys->close(sys->self, fd);
}

uint32_t fault_count_lines(const hr_sys *sys, const char *path)
{
    size_t n;
    uint32_t n_lines = 0;
    char *text = fault_load(sys, path, &n);
    for (size_t i = 0; text != NULL && i < n; i++)
        n_lines += text[i] == '\n';
    free(text);
    return n_lines;
}

static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* The next "path":"..." of a manifest; where to go on, or NULL. */
static const char *next_path(const char *at, char *out, size_t cap)
{
    static const char key[] = "\"path\":\"";
    const char *p = strstr(at, key);
    if (p == NULL) return NULL;
    p += sizeof key - 1;
    size_t n = strcspn(p, "\"");
    if (n >= cap) abort();
    memcpy(out, p, n);
    out[n] = '\0';
    return p + n;
}

static bool hash_part(const hr_sys *sys, const char *root, const char *path,
                      struct fault_part *part)
{
    char full[1024];
    size_t n;
    snprintf(full, sizeof full, "%s/%s", root, path);
    char *bytes = fault_load(sys, full, &n);
    if (bytes == NULL) return false;
    *part = (struct fault_part){.name = hash(path, strlen(path)), .bytes = hash(bytes, n)};
    free(bytes);
    return true;
}

/* ---- the undisturbed run ---- */

static void note_undisturbed(fault_world *w, const hr_sys *sys)
{
    char path[1024];
    const char *at;
    snprintf(path, sizeof path, "%s/manifest.jsonl", w->engine.out);
    w->manifest = fault_load(sys, path, &w->n_manifest);
    if (w->manifest == NULL) abort();
    for (at = w->manifest; (at = next_path(at, path, sizeof path)) != NULL;)
        w->n_parts++;
    w->part = calloc(w->n_parts + 1, sizeof *w->part);
    if (w->part == NULL) abort();
    size_t n = 0;
    for (at = w->manifest; (at = next_path(at, path, sizeof path)) != NULL;)
        if (!hash_part(sys, w->engine.out, path, &w->part[n++])) abort();
    w->want = test_engine_digest(sys, w->engine.out, false);
}

static void run_undisturbed(fault_world *w, hr_sys_sim *sim)
{
    hr_sys_fail *counter;
    hr_err err = HR_ERR_INIT;
    hr_sys_fault none = {0};
    const hr_sys *sys = hr_sys_sim_table(sim);
    signal(SIGALRM, on_alarm);
    if (says_fd == STDOUT_FILENO) says_fd = dup(STDOUT_FILENO);
    if (hr_sys_fail_create(&counter, sys, &none) != HR_OK) abort();
    hr_sys_install(hr_sys_fail_table(counter));
    if (test_engine_run(&w->engine, NULL, &err) != HR_OK) {
        printf("Bail out! undisturbed: %s\n", err.message);
        abort();
    }
    hr_sys_install(NULL);
    w->n_calls = hr_sys_fail_seen(counter);
    note_undisturbed(w, sys);
    hr_sys_fail_destroy(&counter);
}

void fault_world_init(fault_world *w, const test_engine *engine, const hr_synth_options *capture)
{
    hr_sys_sim *sim;
    *w = (fault_world){.engine = *engine};
    if (hr_sys_sim_create(&sim, 1) != HR_OK) abort();
    const hr_sys *sys = hr_sys_sim_table(sim);
    if (test_engine_capture(sys, engine->input, capture) <= 0) abort();
    w->capture = fault_load(sys, engine->input, &w->n_capture);
    run_undisturbed(w, sim);
    hr_sys_sim_destroy(&sim);
}

void fault_world_init_file(fault_world *w, const test_engine *engine, char *bytes, size_t n)
{
    hr_sys_sim *sim;
    *w = (fault_world){.engine = *engine, .capture = bytes, .n_capture = n};
    if (hr_sys_sim_create(&sim, 1) != HR_OK) abort();
    fault_store(hr_sys_sim_table(sim), engine->input, bytes, n);
    run_undisturbed(w, sim);
    hr_sys_sim_destroy(&sim);
}

void fault_world_fini(fault_world *w)
{
    free(w->capture);
    free(w->manifest);
    free(w->part);
    *w = (fault_world){0};
}

/* ---- what must hold ---- */

static const char *check_part(const fault_world *w, const hr_sys *sys, const char *path)
{
    struct fault_part is;
    if (!hash_part(sys, w->engine.out, path, &is)) return "a part that the manifest names is gone";
    for (size_t i = 0; i < w->n_parts; i++)
        if (w->part[i].name == is.name)
            return w->part[i].bytes == is.bytes ? NULL : "a committed part has other bytes";
    return "the manifest names a part that should not exist";
}

/* Whole lines must be the undisturbed run's; what follows them is torn. */
const char *fault_check_prefix(const fault_world *w, const hr_sys *sys, uint32_t n_acknowledged)
{
    char path[1024];
    size_t n;
    size_t n_lines = 0;
    const char *bad = NULL;
    snprintf(path, sizeof path, "%s/manifest.jsonl", w->engine.out);
    char *text = fault_load(sys, path, &n);
    const char *p = text;
    const char *end = text + n;
    for (const char *nl; p != NULL && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;
         p = nl + 1, n_lines++) {
        if (!hr_manifest_line_is_sound(p, (size_t)(nl - p))) break;
        size_t to = (size_t)(nl + 1 - text);
        if (to > w->n_manifest || memcmp(text, w->manifest, to) != 0)
            bad = "the manifest is no prefix of the undisturbed run's";
    }
    if (n_acknowledged > 0 && n_lines < n_acknowledged + 1u) bad = "an acknowledged commit is lost";
    if (p != NULL && bad == NULL) {
        text[p - text] = '\0';
        for (const char *at = text; bad == NULL && (at = next_path(at, path, sizeof path)) != NULL;)
            bad = check_part(w, sys, path);
    }
    free(text);
    return bad;
}

typedef struct attempt {
    const fault_world *w;
    const fault_case *c;
    hr_sys_sim *sim;
    hr_err err;
    hr_status resumed;
    fault_result result;
} attempt;

/* What a message may call the step in which a kind of call failed; the first is enough. */
static const struct {
    const char *kind;
    const char *words[4];
} call_words[] = {
    {"open", {"open", "create", "make '", "sync the folder"}},
    {"close", {"close"}},
    {"read", {"read"}},
    {"write", {"write"}},
    {"pread", {"read"}},
    {"pwrite", {"write"}},
    {"sync", {"sync", "empty", "make '"}},
    {"lock", {"lock", "another run"}},
    {"truncate", {"truncate", "empty"}},
    {"reserve", {"reserve"}},
    {"stat", {"stat"}},
    {"fstat", {"stat"}},
    {"rename", {"rename"}},
    {"unlink", {"remove"}},
    {"mkdir", {"make"}},
    {"list", {"list"}},
    {"map", {"the system refused"}},
    {"thread_start", {"start thread"}},
    {"aio_open", {"queue", "start reading"}},
};

const char *fault_check_words(const hr_sys_fail *f, int sys_errno, const char *message)
{
    uint32_t hit = hr_sys_fail_hit(f);
    if (hit == 0 || (hit & (hit - 1)) != 0) return NULL; /* several kinds: any of them */
    const char *kind = hr_sys_fail_kind((unsigned)__builtin_ctz(hit));
    bool is_map = strcmp(kind, "map") == 0; /* has no errno */
    if (!is_map && strstr(message, strerror(sys_errno)) == NULL) return "does not give the cause";
    for (size_t i = 0; i < HR_ARRAY_LEN(call_words); i++)
        for (size_t k = 0; strcmp(call_words[i].kind, kind) == 0 && k < 4; k++)
            if (call_words[i].words[k] != NULL && strstr(message, call_words[i].words[k]) != NULL)
                return NULL;
    return "does not name the call";
}

static const char *check_error(const attempt *a, const hr_sys_fault *fault, const hr_sys_fail *f)
{
    if (a->result.status == HR_OK || fault->freeze) return NULL;
    if (a->result.status == HR_EINTERNAL) return "blames itself";
    if (fault->sys_errno != 0) {
        const char *bad = fault_check_words(f, fault->sys_errno, a->err.message);
        if (bad != NULL) return bad;
    }
    if (a->err.code != a->result.status || strlen(a->err.message) < 10)
        return "no word on the error";
    if (!a->result.fired && fault->eintr_every == 0 && fault->short_max == 0 &&
        a->c->room_bytes == 0 && a->c->flip == NULL)
        return "fails without cause";
    return NULL;
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One run under one fault. What is wrong with it, or NULL. */
__attribute__((noinline)) static const char *run_once(attempt *a, const hr_sys_fault *fault,
                                                      hr_open_mode mode, const fault_hooks *hooks)
{
    const hr_sys *sys = hr_sys_sim_table(a->sim);
    hr_sys_fail *f;
    hr_run_report report = {0};
    test_engine e = a->w->engine;
    e.mode = mode;
    e.lanes = a->c->lanes > 0 ? a->c->lanes : e.lanes;
    a->err = (hr_err)HR_ERR_INIT;
    if (hr_sys_fail_create(&f, sys, fault) != HR_OK) abort();
    hr_sys_install(hr_sys_fail_table(f));
    int64_t began = hr_sys_real()->mono_ns(NULL);
    int64_t cpu_began = cpu_ns();
    fault_still_alive();
    if (hooks != NULL) hooks->begin(mode == HR_OPEN_RESUME);
    a->result.status = test_engine_run(&e, &report, &a->err);
    bool was_hit = hooks != NULL && hooks->end(mode == HR_OPEN_RESUME);
    fault_all_done();
    a->result.ns = hr_sys_real()->mono_ns(NULL) - began;
    a->result.cpu_ns = cpu_ns() - cpu_began;
    a->resumed = a->result.status;
    hr_sys_install(NULL);
    a->result.fired = hr_sys_fail_fired(f) || was_hit;
    a->result.seen = hr_sys_fail_seen(f);
    fault_kinds_made |= hr_sys_fail_made(f);
    if (!fault->freeze) fault_kinds_hit |= hr_sys_fail_hit(f);
    a->result.n_acknowledged = report.n_commits;
    a->result.blames_manifest =
        report.n_commits > 0 && strstr(a->err.message, "write the manifest") != NULL;
    int64_t n_maps = hr_sys_fail_maps(f);
    if (fault_observe != NULL) fault_observe(f, mode);
    const char *bad = check_error(a, fault, f);
    hr_sys_fail_destroy(&f);
    if (a->result.cpu_ns > CPU_NS_MAX) return "takes more than 2 s of the processor";
    if (hr_sys_sim_open_count(a->sim) != 0) return "leaves a descriptor open";
    return n_maps != 0 ? "leaves memory mapped" : bad;
}

static const char *die_and_check(attempt *a, uint64_t salt)
{
    if (a->c->cuts_power)
        hr_sys_sim_crash(a->sim, a->c->seed + salt);
    else
        hr_sys_sim_kill(a->sim);
    return fault_check_prefix(a->w, hr_sys_sim_table(a->sim), a->result.n_acknowledged);
}

/* What is damaged is found, or it did not matter. */
static const char *flip_and_resume(attempt *a)
{
    const hr_sys *sys = hr_sys_sim_table(a->sim);
    hr_sys_fault none = {0};
    char path[1024];
    char byte;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", a->w->engine.out, a->c->flip);
    char *text = fault_load(sys, path, &n);
    if (text == NULL || n == 0) return "there is no such file to damage";
    size_t at = a->c->flip_bit / 8 % n;
    byte = (char)(text[at] ^ (1 << a->c->flip_bit % 8));
    free(text);
    int fd = sys->open(sys->self, AT_FDCWD, path, O_WRONLY, 0);
    if (fd < 0 || sys->pwrite(sys->self, fd, &byte, 1, (int64_t)at) != 1) abort();
    (void)sys->close(sys->self, fd);
    const char *bad = run_once(a, &none, HR_OPEN_RESUME, NULL);
    if (bad != NULL || a->result.status == HR_ECORRUPT) return bad;
    if (a->result.status != HR_OK) return "cannot be resumed, and does not say that it is damaged";
    bool is_same = test_engine_digest(sys, a->w->engine.out, false) == a->w->want;
    return is_same ? NULL : "damaged and resumed, it ends with other bytes";
}

static const char *check_steps(attempt *a)
{
    const hr_sys *sys = hr_sys_sim_table(a->sim);
    if (a->c->room_bytes > 0)
        hr_sys_sim_set_capacity(a->sim, (int64_t)a->w->n_capture + 512 + a->c->room_bytes);
    const char *bad = run_once(a, &a->c->fault, HR_OPEN_NEW, a->c->hooks);
    hr_sys_sim_set_capacity(a->sim, INT64_MAX);
    fault_result first = a->result;
    if (bad == NULL && first.status == HR_OK &&
        test_engine_digest(sys, a->w->engine.out, true) != a->w->want)
        bad = "ends well with other bytes";
    if (bad == NULL) bad = die_and_check(a, 0);
    if (bad == NULL && a->c->flip != NULL) return flip_and_resume(a);
    if (bad == NULL && a->c->again.nth > 0) {
        bad = run_once(a, &a->c->again, a->c->again_forces ? HR_OPEN_FORCE : HR_OPEN_RESUME,
                       a->c->hooks);
        if (bad == NULL) bad = die_and_check(a, 1);
    }
    if (bad == NULL) {
        hr_sys_fault none = {0};
        bad = run_once(a, &none, HR_OPEN_RESUME, NULL);
        if (bad == NULL && a->result.status != HR_OK) bad = "cannot be resumed";
    }
    if (bad == NULL && test_engine_digest(sys, a->w->engine.out, false) != a->w->want)
        bad = "resumed, it ends with other bytes";
    a->result.status = first.status;
    a->result.fired = first.fired;
    a->result.seen = first.seen;
    a->result.ns = first.ns;
    a->result.cpu_ns = first.cpu_ns;
    a->result.blames_manifest = first.blames_manifest;
    return bad;
}

static size_t describe_fault(char *out, size_t cap, const hr_sys_fault *f)
{
    return (size_t)snprintf(out, cap, "%s:%llu:%d:%d:%d:%zu:%u:%llx",
                            f->call != NULL ? f->call : "any", (unsigned long long)f->nth,
                            f->sys_errno, f->forever, f->freeze, f->short_max, f->eintr_every,
                            (unsigned long long)f->place);
}

static void describe(char *out, size_t cap, const fault_case *c)
{
    size_t n = describe_fault(out, cap, &c->fault);
    n += (size_t)snprintf(out + n, cap - n, ",");
    n += describe_fault(out + n, cap - n, &c->again);
    snprintf(out + n, cap - n, ",%d:%llu:%u:%d", c->cuts_power, (unsigned long long)c->seed,
             c->lanes, c->again_forces);
}

const char *fault_case_check(const fault_world *w, const fault_case *c, fault_result *out)
{
    attempt a = {.w = w, .c = c};
    describe(now_running, sizeof now_running, c);
    if (hr_sys_sim_create(&a.sim, 1) != HR_OK) abort();
    fault_store(hr_sys_sim_table(a.sim), w->engine.input, w->capture, w->n_capture);
    const char *bad = check_steps(&a);
    a.result.resumed = a.resumed;
    if (bad != NULL)
        snprintf(wrong, sizeof wrong, "%s%s%sHR_TEST_CASE=%s: %s%s%s",
                 w->name != NULL ? "HR_TEST_WORLD=" : "", w->name != NULL ? w->name : "",
                 w->name != NULL ? " " : "", now_running, bad, a.err.message[0] != '\0' ? ": " : "",
                 a.err.message);
    if (bad != NULL && getenv("HR_TEST_CASE") != NULL)
        test_engine_list(hr_sys_sim_table(a.sim), w->engine.out);
    hr_sys_sim_destroy(&a.sim);
    if (out != NULL) *out = a.result;
    return bad != NULL ? wrong : NULL;
}

/* ---- replay ---- */

static const char *parse_fault(const char *p, hr_sys_fault *f, char call[16])
{
    unsigned long long nth;
    int sys_errno;
    int forever;
    int freeze;
    unsigned long long place;
    int used = 0;
    if (sscanf(p, "%15[a-z_]:%llu:%d:%d:%d:%zu:%u:%llx%n", call, &nth, &sys_errno, &forever,
               &freeze, &f->short_max, &f->eintr_every, &place, &used) != 8)
        return NULL;
    f->place = place;
    f->call = strcmp(call, "any") == 0 ? NULL : call;
    f->nth = nth;
    f->sys_errno = sys_errno;
    f->forever = forever != 0;
    f->freeze = freeze != 0;
    return p[used] == ',' ? p + used + 1 : NULL;
}

static const char *replay(const fault_world *w, const char *text)
{
    static char call[2][16];
    fault_case c = {0};
    fault_result r;
    unsigned long long seed;
    int cuts;
    int forces;
    const char *p = parse_fault(text, &c.fault, call[0]);
    if (p != NULL) p = parse_fault(p, &c.again, call[1]);
    if (p == NULL || sscanf(p, "%d:%llu:%u:%d", &cuts, &seed, &c.lanes, &forces) != 4)
        return "HR_TEST_CASE cannot be read";
    c.cuts_power = cuts != 0;
    c.seed = seed;
    c.again_forces = forces != 0;
    const char *bad = fault_case_check(w, &c, &r);
    printf("# %s: %s, fired %d, %llu calls, %u commits, %.3f s\n", text, hr_status_name(r.status),
           r.fired, (unsigned long long)r.seen, r.n_acknowledged, (double)r.ns * 1e-9);
    return bad;
}

/* ---- as cmocka tests ---- */

void fault_expect(const char *bad)
{
    if (bad != NULL) print_error("%s\n", bad);
    assert_null(bad);
}

void fault_check(const fault_world *w, const fault_case *c, fault_result *r)
{
    fault_expect(fault_case_check(w, c, r));
}

bool fault_is_full(void)
{
    const char *s = getenv("HR_TEST_FULL");
    return s != NULL && s[0] == '1';
}

int fault_tear_down(void **state)
{
    fault_world_fini(*state);
    return 0;
}

static void test_replay(void **state)
{
    fault_expect(replay(*state, getenv("HR_TEST_CASE")));
}

int fault_run_group(const struct CMUnitTest *tests, size_t n, CMFixtureFunction set_up,
                    CMFixtureFunction tear_down)
{
    const struct CMUnitTest one[] = {cmocka_unit_test(test_replay)};
    if (getenv("HR_TEST_CASE") != NULL) return cmocka_run_group_tests(one, set_up, tear_down);
    return _cmocka_run_group_tests("tests", tests, n, set_up, tear_down);
}
