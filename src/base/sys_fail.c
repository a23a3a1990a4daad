/* SPDX-License-Identifier: Apache-2.0 */
/* The failing back end: wraps another table and spoils chosen calls. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/sys_inline.h"

/* The calls that can be spoiled; first those that POSIX lets a signal interrupt. */
typedef enum call_id {
    CALL_OPEN,
    CALL_CLOSE,
    CALL_READ,
    CALL_WRITE,
    CALL_PREAD,
    CALL_PWRITE,
    CALL_SYNC,
    CALL_LOCK,
    CALL_TRUNCATE,
    CALL_RESERVE,
    N_INTERRUPTIBLE,
    CALL_STAT = N_INTERRUPTIBLE,
    CALL_FSTAT,
    CALL_RENAME,
    CALL_UNLINK,
    CALL_MKDIR,
    CALL_LIST,
    CALL_RANDOM,
    CALL_MAP,
    CALL_THREAD_START,
    CALL_AIO_OPEN,
    N_CALLS,
} call_id;

static const char *const call_names[N_CALLS] = {
    "open",  "close",    "read",    "write", "pread",        "pwrite",  "sync",
    "lock",  "truncate", "reserve", "stat",  "fstat",        "rename",  "unlink",
    "mkdir", "list",     "random",  "map",   "thread_start", "aio_open"};

struct hr_sys_fail {
    hr_sys_place place[HR_SYS_PLACES_MAX]; /* open addressing by id; id 0: free */
    atomic_flag place_lock;
    _Atomic uint64_t hit_place;
    const hr_sys *inner;
    hr_sys_fault fault;
    call_id call; /* N_CALLS: any */
    _Atomic uint64_t seen;
    _Atomic uint64_t eintr_turn;
    _Atomic uint32_t fired;
    _Atomic uint32_t hit;   /* kinds of call that met the fault */
    _Atomic int64_t n_maps; /* regions not given back */
    _Atomic uint64_t seen_by_call[N_CALLS];
    hr_sys table;
};

static call_id call_of(const char *name)
{
    size_t i = 0;
    while (i < N_CALLS && strcmp(call_names[i], name) != 0)
        i++;
    return (call_id)i;
}

static bool is_frozen(const hr_sys_fail *f)
{
    return f->fault.freeze && atomic_load_explicit(&f->fired, memory_order_relaxed) != 0;
}

/* ---- where a call comes from ---- */

/* Bounds of the program's own code, from the linker. */
extern const char __executable_start[];
extern const char etext[];

/* Return addresses up the frame pointers (the build keeps them), from the frame of a function of
 * the table on. Beyond the first that is not ours there may be no frame pointer to follow. */
static unsigned walk_up(const void *frame, uintptr_t out[HR_SYS_PLACE_DEPTH])
{
    const uintptr_t base = (uintptr_t)__executable_start;
    const uintptr_t size = (uintptr_t)etext - base;
    unsigned n = 0;
    for (const uintptr_t *fp = frame; n < HR_SYS_PLACE_DEPTH;) {
        uintptr_t at = fp[1] - base;
        if (at >= size) break;
        out[n++] = at;
        if (fp[0] <= (uintptr_t)fp) break; /* stacks grow down */
        fp = (const uintptr_t *)fp[0];
    }
    return n;
}

static uint64_t place_id(call_id call, const uintptr_t *frame, unsigned n)
{
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * (call + 1u);
    for (unsigned i = 0; i < n; i++) {
        h = (h ^ frame[i]) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    return h | 1;
}

static uint64_t note_place(hr_sys_fail *f, call_id call, const void *fp)
{
    hr_sys_place here = {.kind = call, .n_calls = 1};
    here.n_frames = walk_up(fp, here.frame);
    here.id = place_id(call, here.frame, here.n_frames);
    while (atomic_flag_test_and_set_explicit(&f->place_lock, memory_order_acquire))
        ;
    uint32_t i = (uint32_t)(here.id >> 32) % HR_SYS_PLACES_MAX;
    uint32_t tries = 0;
    for (; tries < HR_SYS_PLACES_MAX; tries++, i = (i + 1) % HR_SYS_PLACES_MAX)
        if (f->place[i].id == here.id || f->place[i].id == 0) break;
    if (tries < HR_SYS_PLACES_MAX && f->place[i].id == here.id) {
        f->place[i].n_calls++;
    } else if (tries < HR_SYS_PLACES_MAX) {
        f->place[i] = here;
    }
    atomic_flag_clear_explicit(&f->place_lock, memory_order_release);
    return here.id;
}

/* ---- what is spoiled ---- */

static void note_hit(hr_sys_fail *f, call_id call, uint64_t place)
{
    uint64_t none = 0;
    atomic_store_explicit(&f->fired, 1, memory_order_relaxed);
    atomic_fetch_or_explicit(&f->hit, 1u << call, memory_order_relaxed);
    (void)atomic_compare_exchange_strong_explicit(&f->hit_place, &none, place, memory_order_relaxed,
                                                  memory_order_relaxed);
}

/* fp: the frame of the table's function. 0: go on; else the -errno to give. */
static int spoil(hr_sys_fail *f, call_id call, const void *fp)
{
    const hr_sys_fault *w = &f->fault;
    if (is_frozen(f)) return -EIO;
    atomic_fetch_add_explicit(&f->seen_by_call[call], 1, memory_order_relaxed);
    uint64_t place = note_place(f, call, fp);
    if (f->call != N_CALLS && f->call != call) return 0;
    if (w->place != 0 && w->place != place) return 0;
    uint64_t n = atomic_fetch_add_explicit(&f->seen, 1, memory_order_relaxed) + 1;
    if (w->slow_us > 0) f->inner->sleep_ns(f->inner->self, (int64_t)w->slow_us * 1000);
    if (w->eintr_every > 0 && call < N_INTERRUPTIBLE &&
        atomic_fetch_add_explicit(&f->eintr_turn, 1, memory_order_relaxed) % w->eintr_every == 0)
        return -EINTR;
    bool hits = w->nth != 0 && (n == w->nth || (w->forever && n > w->nth));
    if (!hits) return 0;
    note_hit(f, call, place);
    if (w->kill_before) (void)kill(getpid(), SIGKILL);
    return w->freeze ? -EIO : -w->sys_errno;
}

static size_t shorten(const hr_sys_fail *f, call_id call, size_t n)
{
    if (f->fault.short_max == 0 || (f->call != N_CALLS && f->call != call)) return n;
    return HR_MIN(n, f->fault.short_max);
}

#define SPOIL(call)                                                                                \
    hr_sys_fail *f = self;                                                                         \
    int bad = spoil(f, call, __builtin_frame_address(0));                                          \
    if (bad != 0) return bad;                                                                      \
    const hr_sys *in = f->inner

static int fail_open(void *self, int dir_fd, const char *path, int flags, unsigned mode)
{
    SPOIL(CALL_OPEN);
    return in->open(in->self, dir_fd, path, flags, mode);
}

static int fail_close(void *self, int fd)
{
    hr_sys_fail *f = self;
    int bad = spoil(f, CALL_CLOSE, __builtin_frame_address(0));
    int rc = f->inner->close(f->inner->self, fd); /* the descriptor goes in any case */
    return bad != 0 ? bad : rc;
}

static int64_t fail_read(void *self, int fd, void *buf, size_t n)
{
    SPOIL(CALL_READ);
    return in->read(in->self, fd, buf, shorten(f, CALL_READ, n));
}

static int64_t fail_write(void *self, int fd, const void *buf, size_t n)
{
    SPOIL(CALL_WRITE);
    return in->write(in->self, fd, buf, shorten(f, CALL_WRITE, n));
}

static int64_t fail_pread(void *self, int fd, void *buf, size_t n, int64_t offset)
{
    SPOIL(CALL_PREAD);
    return in->pread(in->self, fd, buf, shorten(f, CALL_PREAD, n), offset);
}

static int64_t fail_pwrite(void *self, int fd, const void *buf, size_t n, int64_t offset)
{
    SPOIL(CALL_PWRITE);
    return in->pwrite(in->self, fd, buf, shorten(f, CALL_PWRITE, n), offset);
}

static int fail_sync(void *self, int fd)
{
    SPOIL(CALL_SYNC);
    return in->sync(in->self, fd);
}

static int fail_truncate(void *self, int fd, int64_t size)
{
    SPOIL(CALL_TRUNCATE);
    return in->truncate(in->self, fd, size);
}

static int fail_reserve(void *self, int fd, int64_t offset, int64_t n)
{
    SPOIL(CALL_RESERVE);
    return in->reserve(in->self, fd, offset, n);
}

static int fail_stat(void *self, int dir_fd, const char *path, hr_sys_stat *out)
{
    SPOIL(CALL_STAT);
    return in->stat(in->self, dir_fd, path, out);
}

static int fail_fstat(void *self, int fd, hr_sys_stat *out)
{
    SPOIL(CALL_FSTAT);
    return in->fstat(in->self, fd, out);
}

static int fail_rename(void *self, int from_dir, const char *from, int to_dir, const char *to)
{
    SPOIL(CALL_RENAME);
    return in->rename(in->self, from_dir, from, to_dir, to);
}

static int fail_unlink(void *self, int dir_fd, const char *path, bool is_dir)
{
    SPOIL(CALL_UNLINK);
    return in->unlink(in->self, dir_fd, path, is_dir);
}

static int fail_mkdir(void *self, int dir_fd, const char *path, unsigned mode)
{
    SPOIL(CALL_MKDIR);
    return in->mkdir(in->self, dir_fd, path, mode);
}

static int fail_list(void *self, int dir_fd, const char *path, hr_sys_list_fn fn, void *arg)
{
    SPOIL(CALL_LIST);
    return in->list(in->self, dir_fd, path, fn, arg);
}

static int fail_lock(void *self, int fd)
{
    SPOIL(CALL_LOCK);
    return in->lock(in->self, fd);
}

static int64_t fail_wall_ns(void *self)
{
    const hr_sys_fail *f = self;
    return f->inner->wall_ns(f->inner->self);
}

static int64_t fail_mono_ns(void *self)
{
    const hr_sys_fail *f = self;
    return f->inner->mono_ns(f->inner->self);
}

static int64_t fail_cpu_ns(void *self)
{
    const hr_sys_fail *f = self;
    return f->inner->cpu_ns(f->inner->self);
}

static void fail_sleep_ns(void *self, int64_t ns)
{
    const hr_sys_fail *f = self;
    f->inner->sleep_ns(f->inner->self, ns);
}

static int fail_random(void *self, void *buf, size_t n)
{
    SPOIL(CALL_RANDOM);
    return in->random(in->self, buf, n);
}

static void *fail_map(void *self, size_t n)
{
    hr_sys_fail *f = self;
    if (spoil(f, CALL_MAP, __builtin_frame_address(0)) != 0) return NULL;
    void *p = f->inner->map(f->inner->self, n);
    if (p != NULL) atomic_fetch_add_explicit(&f->n_maps, 1, memory_order_relaxed);
    return p;
}

static void fail_unmap(void *self, void *p, size_t n)
{
    hr_sys_fail *f = self;
    atomic_fetch_sub_explicit(&f->n_maps, 1, memory_order_relaxed);
    f->inner->unmap(f->inner->self, p, n);
}

static void fail_want_huge(void *self, void *p, size_t n)
{
    hr_sys_fail *f = self;
    f->inner->want_huge(f->inner->self, p, n);
}

static int fail_thread_start(void *self, uintptr_t *out, hr_thread_fn fn, void *arg)
{
    SPOIL(CALL_THREAD_START);
    return in->thread_start(in->self, out, fn, arg);
}

static int fail_thread_join(void *self, uintptr_t thread)
{
    const hr_sys_fail *f = self;
    return f->inner->thread_join(f->inner->self, thread);
}

static void fail_wait(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t timeout_ns)
{
    const hr_sys_fail *f = self;
    f->inner->wait(f->inner->self, word, expect, timeout_ns);
}

static void fail_wake(void *self, const _Atomic uint32_t *word)
{
    const hr_sys_fail *f = self;
    f->inner->wake(f->inner->self, word);
}

/* Asynchronous I/O is done inline, through the spoiled calls, so that faults and splits reach it.
 */
static int fail_aio_open(void *self, hr_sys_aio **out, unsigned depth)
{
    hr_sys_fail *f = self;
    int bad = spoil(f, CALL_AIO_OPEN, __builtin_frame_address(0));
    return bad != 0 ? bad : hr_aio_inline_open(&f->table, out, depth);
}

static void fill_table(hr_sys_fail *f)
{
    f->table = (hr_sys){.self = f,
                        .name = "failing",
                        .open = fail_open,
                        .close = fail_close,
                        .read = fail_read,
                        .write = fail_write,
                        .pread = fail_pread,
                        .pwrite = fail_pwrite,
                        .sync = fail_sync,
                        .truncate = fail_truncate,
                        .reserve = fail_reserve,
                        .stat = fail_stat,
                        .fstat = fail_fstat,
                        .rename = fail_rename,
                        .unlink = fail_unlink,
                        .mkdir = fail_mkdir,
                        .list = fail_list,
                        .lock = fail_lock,
                        .wall_ns = fail_wall_ns,
                        .mono_ns = fail_mono_ns,
                        .cpu_ns = fail_cpu_ns,
                        .sleep_ns = fail_sleep_ns,
                        .random = fail_random,
                        .map = fail_map,
                        .unmap = fail_unmap,
                        .want_huge = fail_want_huge,
                        .thread_start = fail_thread_start,
                        .thread_join = fail_thread_join,
                        .wait = fail_wait,
                        .wake = fail_wake,
                        .aio_open = fail_aio_open,
                        .aio_submit = hr_aio_inline_submit,
                        .aio_reap = hr_aio_inline_reap,
                        .aio_name = hr_aio_inline_name,
                        .aio_close = hr_aio_inline_close};
}

hr_status hr_sys_fail_create(hr_sys_fail **out, const hr_sys *inner, const hr_sys_fault *fault)
{
    *out = NULL;
    hr_sys_fail *f = inner->map(inner->self, sizeof *f);
    if (f == NULL) return HR_ENOMEM;
    f->inner = inner;
    f->fault = *fault;
    f->call = fault->call != NULL ? call_of(fault->call) : N_CALLS;
    f->fault.call = NULL;
    fill_table(f);
    *out = f;
    return HR_OK;
}

const hr_sys *hr_sys_fail_table(hr_sys_fail *f)
{
    return &f->table;
}

uint64_t hr_sys_fail_seen(const hr_sys_fail *f)
{
    return atomic_load_explicit(&f->seen, memory_order_relaxed);
}

uint32_t hr_sys_fail_made(const hr_sys_fail *f)
{
    uint32_t made = 0;
    for (unsigned i = 0; i < N_CALLS; i++)
        made |= (uint32_t)(atomic_load_explicit(&f->seen_by_call[i], memory_order_relaxed) > 0)
                << i;
    return made;
}

uint32_t hr_sys_fail_hit(const hr_sys_fail *f)
{
    return atomic_load_explicit(&f->hit, memory_order_relaxed);
}

const char *hr_sys_fail_kind(unsigned i)
{
    return i < N_CALLS ? call_names[i] : NULL;
}

uint32_t hr_sys_fail_places(hr_sys_fail *f, hr_sys_place out[HR_SYS_PLACES_MAX])
{
    uint32_t n = 0;
    while (atomic_flag_test_and_set_explicit(&f->place_lock, memory_order_acquire))
        ;
    for (uint32_t i = 0; i < HR_SYS_PLACES_MAX; i++)
        if (f->place[i].id != 0) out[n++] = f->place[i];
    atomic_flag_clear_explicit(&f->place_lock, memory_order_release);
    return n;
}

uint64_t hr_sys_fail_hit_place(const hr_sys_fail *f)
{
    return atomic_load_explicit(&f->hit_place, memory_order_relaxed);
}

int64_t hr_sys_fail_maps(const hr_sys_fail *f)
{
    return atomic_load_explicit(&f->n_maps, memory_order_relaxed);
}

bool hr_sys_fail_fired(const hr_sys_fail *f)
{
    return atomic_load_explicit(&f->fired, memory_order_relaxed) != 0;
}

void hr_sys_fail_destroy(hr_sys_fail **pf)
{
    hr_sys_fail *f = *pf;
    *pf = NULL;
    if (f != NULL) f->inner->unmap(f->inner->self, f, sizeof *f);
}

static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int value;
    } table[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},
                 {"EAGAIN", EAGAIN}, {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM},
                 {"EDQUOT", EDQUOT}, {"EROFS", EROFS},   {"ECONNRESET", ECONNRESET}};
    for (size_t i = 0; i < HR_ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0) return table[i].value;
    return 0;
}

static bool counts_at_exit;
static hr_sys_fail *installed;

/* How many calls of each kind were made: what nth can be. */
static void print_counts(void)
{
    fprintf(stderr, "calls: %llu", (unsigned long long)hr_sys_fail_seen(installed));
    for (size_t i = 0; i < N_CALLS; i++) {
        uint64_t n = atomic_load_explicit(&installed->seen_by_call[i], memory_order_relaxed);
        if (n > 0) fprintf(stderr, ", %s %llu", call_names[i], (unsigned long long)n);
    }
    fprintf(stderr, "\n");
}

/* One "key=value"; false when it is not known. */
static bool read_item(hr_sys_fault *w, char *call, size_t cap, const char *key, const char *value)
{
    if (strcmp(key, "call") == 0) {
        if (call_of(value) == N_CALLS || strlen(value) >= cap) return false;
        memcpy(call, value, strlen(value) + 1);
        w->call = call;
        return true;
    }
    if (strcmp(key, "errno") == 0) return (w->sys_errno = errno_of(value)) != 0;
    char *end;
    unsigned long long n = strtoull(value, &end, 10);
    if (*value == '\0' || *end != '\0') return false;
    if (strcmp(key, "nth") == 0)
        w->nth = n;
    else if (strcmp(key, "forever") == 0)
        w->forever = n != 0;
    else if (strcmp(key, "short") == 0)
        w->short_max = (size_t)n;
    else if (strcmp(key, "eintr") == 0)
        w->eintr_every = (unsigned)n;
    else if (strcmp(key, "slow_us") == 0)
        w->slow_us = (unsigned)HR_MIN(n, 1000000ull);
    else if (strcmp(key, "kill") == 0)
        w->kill_before = n != 0;
    else if (strcmp(key, "count") == 0)
        counts_at_exit = n != 0;
    else
        return false;
    return true;
}

hr_status hr_sys_fail_install_text(const char *text, hr_err *err)
{
    char item[64];
    static char call[16];
    hr_sys_fault w = {0};
    hr_sys_fail *f;
    if (text == NULL || *text == '\0') return HR_OK;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        const char *eq = memchr(p, '=', n);
        if (n >= sizeof item || eq == NULL)
            return HR_FAIL(err, HR_EUSAGE, "HEADRACE_FAULT: cannot read '%.40s'", p);
        memcpy(item, p, n);
        item[n] = '\0';
        item[eq - p] = '\0';
        if (!read_item(&w, call, sizeof call, item, item + (eq - p) + 1))
            return HR_FAIL(err, HR_EUSAGE, "HEADRACE_FAULT: '%s' is not known or has a bad value",
                           item);
        p += n + (p[n] == ',');
    }
    HR_TRY(hr_sys_fail_create(&f, hr_sys_real(), &w));
    hr_sys_install(hr_sys_fail_table(f));
    installed = f;
    if (counts_at_exit) (void)atexit(print_counts);
    return HR_OK;
}
