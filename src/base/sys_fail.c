/* SPDX-License-Identifier: Apache-2.0 */
/* The failing back end: wraps another table and spoils chosen calls. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/sys_inline.h"

struct hr_sys_fail {
    const hr_sys *inner;
    hr_sys_fault fault;
    char call[16];
    _Atomic uint64_t seen;
    _Atomic uint64_t eintr_turn;
    _Atomic uint32_t fired;
    hr_sys table;
};

/* The calls that can be spoiled; first those that POSIX lets a signal interrupt. */
static const char *const call_names[] = {"open",   "close",  "read",         "write",    "pread",
                                         "pwrite", "sync",   "lock",         "truncate", "stat",
                                         "fstat",  "rename", "unlink",       "mkdir",    "list",
                                         "random", "map",    "thread_start", "aio_open"};
#define N_INTERRUPTIBLE 9u

static bool is_among(const char *call, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(call_names[i], call) == 0) return true;
    return false;
}

/* 0: go on; else the -errno to give. */
static int spoil(hr_sys_fail *f, const char *call)
{
    const hr_sys_fault *w = &f->fault;
    if (f->call[0] != '\0' && strcmp(f->call, call) != 0) return 0;
    uint64_t n = atomic_fetch_add_explicit(&f->seen, 1, memory_order_relaxed) + 1;
    bool can_be_interrupted = is_among(call, N_INTERRUPTIBLE);
    if (w->eintr_every > 0 && can_be_interrupted &&
        atomic_fetch_add_explicit(&f->eintr_turn, 1, memory_order_relaxed) % w->eintr_every == 0)
        return -EINTR;
    bool hits = w->nth != 0 && (n == w->nth || (w->forever && n > w->nth));
    if (!hits) return 0;
    atomic_store_explicit(&f->fired, 1, memory_order_relaxed);
    if (w->kill_before) (void)kill(getpid(), SIGKILL);
    return -w->sys_errno;
}

static size_t shorten(const hr_sys_fail *f, const char *call, size_t n)
{
    if (f->fault.short_max == 0 || (f->call[0] != '\0' && strcmp(f->call, call) != 0)) return n;
    return HR_MIN(n, f->fault.short_max);
}

#define SPOIL(name)                                                                                \
    hr_sys_fail *f = self;                                                                         \
    int bad = spoil(f, name);                                                                      \
    if (bad != 0) return bad;                                                                      \
    const hr_sys *in = f->inner

static int fail_open(void *self, int dir_fd, const char *path, int flags, unsigned mode)
{
    SPOIL("open");
    return in->open(in->self, dir_fd, path, flags, mode);
}

static int fail_close(void *self, int fd)
{
    hr_sys_fail *f = self;
    int bad = spoil(f, "close");
    int rc = f->inner->close(f->inner->self, fd); /* the descriptor goes in any case */
    return bad != 0 ? bad : rc;
}

static int64_t fail_read(void *self, int fd, void *buf, size_t n)
{
    SPOIL("read");
    return in->read(in->self, fd, buf, shorten(f, "read", n));
}

static int64_t fail_write(void *self, int fd, const void *buf, size_t n)
{
    SPOIL("write");
    return in->write(in->self, fd, buf, shorten(f, "write", n));
}

static int64_t fail_pread(void *self, int fd, void *buf, size_t n, int64_t offset)
{
    SPOIL("pread");
    return in->pread(in->self, fd, buf, shorten(f, "pread", n), offset);
}

static int64_t fail_pwrite(void *self, int fd, const void *buf, size_t n, int64_t offset)
{
    SPOIL("pwrite");
    return in->pwrite(in->self, fd, buf, shorten(f, "pwrite", n), offset);
}

static int fail_sync(void *self, int fd)
{
    SPOIL("sync");
    return in->sync(in->self, fd);
}

static int fail_truncate(void *self, int fd, int64_t size)
{
    SPOIL("truncate");
    return in->truncate(in->self, fd, size);
}

static int fail_stat(void *self, int dir_fd, const char *path, hr_sys_stat *out)
{
    SPOIL("stat");
    return in->stat(in->self, dir_fd, path, out);
}

static int fail_fstat(void *self, int fd, hr_sys_stat *out)
{
    SPOIL("fstat");
    return in->fstat(in->self, fd, out);
}

static int fail_rename(void *self, int from_dir, const char *from, int to_dir, const char *to)
{
    SPOIL("rename");
    return in->rename(in->self, from_dir, from, to_dir, to);
}

static int fail_unlink(void *self, int dir_fd, const char *path, bool is_dir)
{
    SPOIL("unlink");
    return in->unlink(in->self, dir_fd, path, is_dir);
}

static int fail_mkdir(void *self, int dir_fd, const char *path, unsigned mode)
{
    SPOIL("mkdir");
    return in->mkdir(in->self, dir_fd, path, mode);
}

static int fail_list(void *self, int dir_fd, const char *path, hr_sys_list_fn fn, void *arg)
{
    SPOIL("list");
    return in->list(in->self, dir_fd, path, fn, arg);
}

static int fail_lock(void *self, int fd)
{
    SPOIL("lock");
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

static void fail_sleep_ns(void *self, int64_t ns)
{
    const hr_sys_fail *f = self;
    f->inner->sleep_ns(f->inner->self, ns);
}

static int fail_random(void *self, void *buf, size_t n)
{
    SPOIL("random");
    return in->random(in->self, buf, n);
}

static void *fail_map(void *self, size_t n)
{
    hr_sys_fail *f = self;
    return spoil(f, "map") != 0 ? NULL : f->inner->map(f->inner->self, n);
}

static void fail_unmap(void *self, void *p, size_t n)
{
    const hr_sys_fail *f = self;
    f->inner->unmap(f->inner->self, p, n);
}

static int fail_thread_start(void *self, uintptr_t *out, hr_thread_fn fn, void *arg)
{
    SPOIL("thread_start");
    return in->thread_start(in->self, out, fn, arg);
}

static int fail_thread_join(void *self, uintptr_t thread)
{
    const hr_sys_fail *f = self;
    return f->inner->thread_join(f->inner->self, thread);
}

/* Asynchronous I/O is done inline, through the spoiled calls, so that faults and splits reach it.
 */
static int fail_aio_open(void *self, hr_sys_aio **out, unsigned depth)
{
    hr_sys_fail *f = self;
    int bad = spoil(f, "aio_open");
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
                        .stat = fail_stat,
                        .fstat = fail_fstat,
                        .rename = fail_rename,
                        .unlink = fail_unlink,
                        .mkdir = fail_mkdir,
                        .list = fail_list,
                        .lock = fail_lock,
                        .wall_ns = fail_wall_ns,
                        .mono_ns = fail_mono_ns,
                        .sleep_ns = fail_sleep_ns,
                        .random = fail_random,
                        .map = fail_map,
                        .unmap = fail_unmap,
                        .thread_start = fail_thread_start,
                        .thread_join = fail_thread_join,
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
    if (fault->call != NULL) strncpy(f->call, fault->call, sizeof f->call - 1);
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

/* One "key=value"; false when it is not known. */
static bool read_item(hr_sys_fault *w, char *call, size_t cap, const char *key, const char *value)
{
    if (strcmp(key, "call") == 0) {
        if (!is_among(value, HR_ARRAY_LEN(call_names)) || strlen(value) >= cap) return false;
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
    else if (strcmp(key, "kill") == 0)
        w->kill_before = n != 0;
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
    return HR_OK;
}
