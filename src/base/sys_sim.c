/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated back end: descriptors and a virtual clock over the disk of sys_sim_disk.c. Threads
 * and raw memory are the real ones. The clock moves only by sleeping and by hr_sys_sim_advance, so
 * a loop that waits for a time must sleep. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/sys.h"
#include "base/sys_inline.h"
#include "base/sys_sim_disk.h"

#define FDS_MAX 1024
#define FD_BASE 1000000 /* far from real descriptors: a mix-up fails at once */
#define START_WALL_NS INT64_C(1600000000000000000)

typedef struct sim_fd {
    bool is_open;
    uint32_t node;
    int flags;
    int64_t at;
} sim_fd;

struct hr_sys_sim {
    pthread_mutex_t lock; /* guards all below */
    hr_sim_disk disk;
    sim_fd fd[FDS_MAX];
    int64_t clock_ns;
    uint64_t rng;
    uint64_t n_syncs, lost_sync; /* the one of this number fails */
    hr_sys_sim_watch_fn watch;   /* not guarded: set while nothing runs */
    void *watch_arg;
    hr_sys table;
};

static hr_sys_sim *enter(void *self)
{
    hr_sys_sim *s = self;
    pthread_mutex_lock(&s->lock);
    return s;
}

/* The same for what changes the disk. */
static hr_sys_sim *enter_change(void *self, const char *call, int fd)
{
    hr_sys_sim *s = self;
    if (s->watch != NULL) s->watch(s->watch_arg, call, fd);
    return enter(s);
}

static int64_t leave(hr_sys_sim *s, int64_t rc)
{
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static sim_fd *fd_get(hr_sys_sim *s, int fd)
{
    int i = fd - FD_BASE;
    return i >= 0 && i < FDS_MAX && s->fd[i].is_open ? &s->fd[i] : NULL;
}

/* The directory a relative path starts from. */
static int start_dir(hr_sys_sim *s, int dir_fd, const char *path, uint32_t *node)
{
    *node = HR_SIM_ROOT;
    if (dir_fd == AT_FDCWD || path[0] == '/') return 0;
    const sim_fd *f = fd_get(s, dir_fd);
    if (f == NULL) return -EBADF;
    *node = f->node;
    return s->disk.node[f->node].is_dir ? 0 : -ENOTDIR;
}

static int place_of(hr_sys_sim *s, int dir_fd, const char *path, hr_sim_name *place)
{
    uint32_t from;
    int rc = start_dir(s, dir_fd, path, &from);
    return rc < 0 ? rc : hr_sim_disk_place(&s->disk, from, path, place);
}

static int node_of(hr_sys_sim *s, int dir_fd, const char *path, uint32_t *node)
{
    uint32_t from;
    int rc = start_dir(s, dir_fd, path, &from);
    return rc < 0 ? rc : hr_sim_disk_find(&s->disk, from, path, node);
}

static bool may_write(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

/* Finds or makes the node that open asks for. */
static int open_node(hr_sys_sim *s, int dir_fd, const char *path, int flags, uint32_t *node)
{
    hr_sim_name place;
    int rc = node_of(s, dir_fd, path, node);
    if (rc == -ENOENT && (flags & O_CREAT) != 0) {
        rc = place_of(s, dir_fd, path, &place);
        return rc < 0 ? rc : hr_sim_disk_make(&s->disk, &place, false, s->clock_ns, node);
    }
    if (rc < 0) return rc;
    bool is_dir = s->disk.node[*node].is_dir;
    if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
    if ((flags & O_DIRECTORY) != 0 && !is_dir) return -ENOTDIR;
    if (is_dir && (may_write(flags) || (flags & O_CREAT) != 0)) return -EISDIR;
    if ((flags & O_TRUNC) != 0 && may_write(flags)) return hr_sim_disk_truncate(&s->disk, *node, 0);
    return 0;
}

static int sim_open(void *self, int dir_fd, const char *path, int flags, unsigned mode)
{
    bool changes = (flags & (O_CREAT | O_TRUNC)) != 0;
    hr_sys_sim *s = changes ? enter_change(self, "open", -1) : enter(self);
    uint32_t node;
    int i = 0;
    (void)mode;
    while (i < FDS_MAX && s->fd[i].is_open)
        i++;
    int rc = i < FDS_MAX ? open_node(s, dir_fd, path, flags, &node) : -EMFILE;
    if (rc < 0) return (int)leave(s, rc);
    s->fd[i] = (sim_fd){.is_open = true, .node = node, .flags = flags};
    s->disk.node[node].n_open++;
    return (int)leave(s, FD_BASE + i);
}

static void close_fd(hr_sys_sim *s, int i)
{
    hr_sim_node *n = &s->disk.node[s->fd[i].node];
    if (n->lock_fd == i) n->lock_fd = -1;
    n->n_open--;
    s->fd[i] = (sim_fd){0};
}

static int sim_close(void *self, int fd)
{
    hr_sys_sim *s = enter(self);
    if (fd_get(s, fd) == NULL) return (int)leave(s, -EBADF);
    close_fd(s, fd - FD_BASE);
    return (int)leave(s, 0);
}

static int64_t do_read(hr_sys_sim *s, const sim_fd *f, void *buf, size_t n, int64_t offset)
{
    if (f == NULL || (f->flags & O_ACCMODE) == O_WRONLY) return -EBADF;
    return hr_sim_disk_read(&s->disk, f->node, buf, n, offset);
}

static int64_t do_write(hr_sys_sim *s, const sim_fd *f, const void *buf, size_t n, int64_t offset)
{
    if (f == NULL || !may_write(f->flags)) return -EBADF;
    int64_t rc = hr_sim_disk_write(&s->disk, f->node, buf, n, offset);
    if (rc > 0) s->disk.node[f->node].mtime_ns = s->clock_ns;
    return rc;
}

static int64_t sim_read(void *self, int fd, void *buf, size_t n)
{
    hr_sys_sim *s = enter(self);
    sim_fd *f = fd_get(s, fd);
    int64_t rc = do_read(s, f, buf, n, f != NULL ? f->at : 0);
    if (rc > 0) f->at += rc;
    return leave(s, rc);
}

static int64_t sim_write(void *self, int fd, const void *buf, size_t n)
{
    hr_sys_sim *s = enter_change(self, "write", fd);
    sim_fd *f = fd_get(s, fd);
    if (f != NULL && (f->flags & O_APPEND) != 0) f->at = (int64_t)s->disk.node[f->node].live.size;
    int64_t rc = do_write(s, f, buf, n, f != NULL ? f->at : 0);
    if (rc > 0) f->at += rc;
    return leave(s, rc);
}

static int64_t sim_pread(void *self, int fd, void *buf, size_t n, int64_t offset)
{
    hr_sys_sim *s = enter(self);
    return leave(s, do_read(s, fd_get(s, fd), buf, n, offset));
}

static int64_t sim_pwrite(void *self, int fd, const void *buf, size_t n, int64_t offset)
{
    hr_sys_sim *s = enter_change(self, "pwrite", fd);
    return leave(s, do_write(s, fd_get(s, fd), buf, n, offset));
}

static int sim_sync(void *self, int fd)
{
    hr_sys_sim *s = enter_change(self, "sync", fd);
    const sim_fd *f = fd_get(s, fd);
    if (f == NULL) return (int)leave(s, -EBADF);
    if (++s->n_syncs != s->lost_sync) return (int)leave(s, hr_sim_disk_sync(&s->disk, f->node));
    int rc = hr_sim_disk_lose_sync(&s->disk, f->node);
    return (int)leave(s, rc < 0 ? rc : -EIO);
}

static int sim_truncate(void *self, int fd, int64_t size_bytes)
{
    hr_sys_sim *s = enter_change(self, "truncate", fd);
    const sim_fd *f = fd_get(s, fd);
    if (f == NULL || !may_write(f->flags)) return (int)leave(s, f == NULL ? -EBADF : -EINVAL);
    return (int)leave(s, hr_sim_disk_truncate(&s->disk, f->node, size_bytes));
}

static int sim_reserve(void *self, int fd, int64_t offset, int64_t n_bytes)
{
    hr_sys_sim *s = enter(self);
    const sim_fd *f = fd_get(s, fd);
    if (f == NULL || !may_write(f->flags)) return (int)leave(s, -EBADF);
    return (int)leave(s, hr_sim_disk_reserve(&s->disk, f->node, offset, n_bytes));
}

static void stat_out(const hr_sim_node *n, hr_sys_stat *out)
{
    *out = (hr_sys_stat){.size_bytes = (int64_t)n->live.size,
                         .mtime_ns = START_WALL_NS + n->mtime_ns,
                         .dev = 1,
                         .ino = n->ino,
                         .is_dir = n->is_dir,
                         .is_file = !n->is_dir};
}

static int sim_stat(void *self, int dir_fd, const char *path, hr_sys_stat *out)
{
    hr_sys_sim *s = enter(self);
    uint32_t node;
    int rc = node_of(s, dir_fd, path, &node);
    if (rc == 0) stat_out(&s->disk.node[node], out);
    return (int)leave(s, rc);
}

static int sim_fstat(void *self, int fd, hr_sys_stat *out)
{
    hr_sys_sim *s = enter(self);
    const sim_fd *f = fd_get(s, fd);
    if (f != NULL) stat_out(&s->disk.node[f->node], out);
    return (int)leave(s, f != NULL ? 0 : -EBADF);
}

static int sim_rename(void *self, int from_dir, const char *from, int to_dir, const char *to)
{
    hr_sys_sim *s = enter_change(self, "rename", -1);
    hr_sim_name a;
    hr_sim_name b;
    int rc = place_of(s, from_dir, from, &a);
    if (rc == 0) rc = place_of(s, to_dir, to, &b);
    return (int)leave(s, rc < 0 ? rc : hr_sim_disk_rename(&s->disk, &a, &b));
}

static int sim_unlink(void *self, int dir_fd, const char *path, bool is_dir)
{
    hr_sys_sim *s = enter_change(self, "unlink", -1);
    hr_sim_name place;
    int rc = place_of(s, dir_fd, path, &place);
    return (int)leave(s, rc < 0 ? rc : hr_sim_disk_unlink(&s->disk, &place, is_dir));
}

static int sim_mkdir(void *self, int dir_fd, const char *path, unsigned mode)
{
    hr_sys_sim *s = enter_change(self, "mkdir", -1);
    hr_sim_name place;
    uint32_t node;
    (void)mode;
    int rc = place_of(s, dir_fd, path, &place);
    if (rc == -ENOENT && path[0] == '/' && path[strspn(path, "/")] == '\0') rc = -EEXIST;
    if (rc == 0) rc = hr_sim_disk_make(&s->disk, &place, true, s->clock_ns, &node);
    return (int)leave(s, rc);
}

typedef struct listed {
    char text[HR_SIM_NAME_BYTES];
    bool is_dir;
} listed;

/* A copy of the names, for the callback runs without the lock and may change the directory. */
static int copy_names(hr_sys_sim *s, int dir_fd, const char *path, listed **out, size_t *n_out)
{
    const hr_sys *real = hr_sys_real();
    uint32_t dir;
    size_t n = 0;
    int rc = node_of(s, dir_fd, path, &dir);
    if (rc < 0) return rc;
    if (!s->disk.node[dir].is_dir) return -ENOTDIR;
    const hr_sim_names *t = &s->disk.live;
    listed *l = real->map(real->self, (t->n + 1) * sizeof *l);
    if (l == NULL) return -ENOMEM;
    *n_out = t->n + 1;
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].dir == dir) {
            memcpy(l[n].text, t->at[i].text, sizeof l[n].text);
            l[n++].is_dir = s->disk.node[t->at[i].node].is_dir;
        }
    *out = l;
    return (int)n;
}

static int sim_list(void *self, int dir_fd, const char *path, hr_sys_list_fn fn, void *arg)
{
    const hr_sys *real = hr_sys_real();
    hr_sys_sim *s = enter(self);
    listed *l = NULL;
    size_t n_mapped = 0;
    int n = (int)leave(s, copy_names(s, dir_fd, path, &l, &n_mapped));
    if (n < 0) return n;
    for (int i = 0; i < n; i++)
        if (fn(arg, l[i].text, l[i].is_dir) != 0) break;
    real->unmap(real->self, l, n_mapped * sizeof *l);
    return 0;
}

static int sim_lock(void *self, int fd)
{
    hr_sys_sim *s = enter(self);
    const sim_fd *f = fd_get(s, fd);
    if (f == NULL) return (int)leave(s, -EBADF);
    hr_sim_node *n = &s->disk.node[f->node];
    if (n->lock_fd >= 0 && n->lock_fd != fd - FD_BASE) return (int)leave(s, -EWOULDBLOCK);
    n->lock_fd = fd - FD_BASE;
    return (int)leave(s, 0);
}

static int64_t sim_mono_ns(void *self)
{
    hr_sys_sim *s = enter(self);
    return leave(s, s->clock_ns);
}

static int64_t sim_wall_ns(void *self)
{
    return START_WALL_NS + sim_mono_ns(self);
}

static void sim_sleep_ns(void *self, int64_t ns)
{
    hr_sys_sim_advance(self, ns);
    sched_yield(); /* real threads: let the one that is waited for run */
}

static int sim_random(void *self, void *buf, size_t n_bytes)
{
    hr_sys_sim *s = enter(self);
    unsigned char *p = buf;
    for (size_t i = 0; i < n_bytes; i++)
        p[i] = (unsigned char)hr_sim_random(&s->rng);
    return (int)leave(s, 0);
}

static void *sim_map(void *self, size_t n_bytes)
{
    (void)self;
    return hr_sys_real()->map(NULL, n_bytes);
}

static void sim_unmap(void *self, void *p, size_t n_bytes)
{
    (void)self;
    hr_sys_real()->unmap(NULL, p, n_bytes);
}

static void sim_want_huge(void *self, void *p, size_t n_bytes)
{
    (void)self;
    hr_sys_real()->want_huge(NULL, p, n_bytes);
}

static int sim_thread_start(void *self, uintptr_t *out, hr_thread_fn fn, void *arg)
{
    (void)self;
    return hr_sys_real()->thread_start(NULL, out, fn, arg);
}

static int sim_thread_join(void *self, uintptr_t thread)
{
    (void)self;
    return hr_sys_real()->thread_join(NULL, thread);
}

static void sim_wait(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t timeout_ns)
{
    (void)self;
    hr_sys_real()->wait(NULL, word, expect, timeout_ns);
}

static void sim_wake(void *self, const _Atomic uint32_t *word)
{
    (void)self;
    hr_sys_real()->wake(NULL, word);
}

static int sim_aio_open(void *self, hr_sys_aio **out, unsigned depth)
{
    return hr_aio_inline_open(&((hr_sys_sim *)self)->table, out, depth);
}

static void fill_table(hr_sys_sim *s)
{
    s->table = (hr_sys){.self = s,
                        .name = "simulated",
                        .open = sim_open,
                        .close = sim_close,
                        .read = sim_read,
                        .write = sim_write,
                        .pread = sim_pread,
                        .pwrite = sim_pwrite,
                        .sync = sim_sync,
                        .truncate = sim_truncate,
                        .reserve = sim_reserve,
                        .stat = sim_stat,
                        .fstat = sim_fstat,
                        .rename = sim_rename,
                        .unlink = sim_unlink,
                        .mkdir = sim_mkdir,
                        .list = sim_list,
                        .lock = sim_lock,
                        .wall_ns = sim_wall_ns,
                        .mono_ns = sim_mono_ns,
                        .cpu_ns = sim_mono_ns,
                        .sleep_ns = sim_sleep_ns,
                        .random = sim_random,
                        .map = sim_map,
                        .unmap = sim_unmap,
                        .want_huge = sim_want_huge,
                        .thread_start = sim_thread_start,
                        .thread_join = sim_thread_join,
                        .wait = sim_wait,
                        .wake = sim_wake,
                        .aio_open = sim_aio_open,
                        .aio_submit = hr_aio_inline_submit,
                        .aio_reap = hr_aio_inline_reap,
                        .aio_name = hr_aio_inline_name,
                        .aio_close = hr_aio_inline_close};
}

hr_status hr_sys_sim_create(hr_sys_sim **out, uint64_t seed)
{
    const hr_sys *real = hr_sys_real();
    *out = NULL;
    hr_sys_sim *s = real->map(real->self, sizeof *s);
    if (s == NULL) return HR_ENOMEM;
    if (hr_sim_disk_init(&s->disk) < 0) {
        real->unmap(real->self, s, sizeof *s);
        return HR_ENOMEM;
    }
    pthread_mutex_init(&s->lock, NULL);
    s->rng = seed;
    fill_table(s);
    *out = s;
    return HR_OK;
}

const hr_sys *hr_sys_sim_table(hr_sys_sim *sim)
{
    return &sim->table;
}

void hr_sys_sim_destroy(hr_sys_sim **ps)
{
    const hr_sys *real = hr_sys_real();
    hr_sys_sim *s = *ps;
    *ps = NULL;
    if (s == NULL) return;
    hr_sim_disk_fini(&s->disk);
    pthread_mutex_destroy(&s->lock);
    real->unmap(real->self, s, sizeof *s);
}

static void close_all(hr_sys_sim *s)
{
    for (int i = 0; i < FDS_MAX; i++)
        if (s->fd[i].is_open) close_fd(s, i);
}

void hr_sys_sim_crash(hr_sys_sim *sim, uint64_t seed)
{
    hr_sys_sim *s = enter(sim);
    close_all(s);
    hr_sim_disk_crash(&s->disk, seed);
    (void)leave(s, 0);
}

uint32_t hr_sys_sim_crash_to(hr_sys_sim *sim, uint64_t mask)
{
    hr_sys_sim *s = enter(sim);
    close_all(s);
    uint32_t n = hr_sim_disk_crash_to(&s->disk, mask);
    return (uint32_t)leave(s, n);
}

hr_status hr_sys_sim_copy(hr_sys_sim *to, hr_sys_sim *from)
{
    hr_sys_sim *t = enter(to); /* nobody else uses it, so no order of the two locks matters */
    close_all(t);
    hr_sys_sim *f = enter(from);
    int rc = hr_sim_disk_copy(&t->disk, &f->disk);
    t->clock_ns = f->clock_ns;
    (void)leave(f, 0);
    (void)leave(t, 0);
    return rc < 0 ? HR_ENOMEM : HR_OK;
}

void hr_sys_sim_watch(hr_sys_sim *sim, hr_sys_sim_watch_fn fn, void *arg)
{
    sim->watch = fn;
    sim->watch_arg = arg;
}

void hr_sys_sim_lose_sync(hr_sys_sim *sim, uint64_t nth)
{
    hr_sys_sim *s = enter(sim);
    s->n_syncs = 0;
    s->lost_sync = nth;
    (void)leave(s, 0);
}

void hr_sys_sim_kill(hr_sys_sim *sim)
{
    hr_sys_sim *s = enter(sim);
    close_all(s);
    (void)leave(s, 0);
}

void hr_sys_sim_set_capacity(hr_sys_sim *sim, int64_t bytes)
{
    hr_sys_sim *s = enter(sim);
    s->disk.capacity_bytes = bytes;
    (void)leave(s, 0);
}

uint32_t hr_sys_sim_open_count(hr_sys_sim *sim)
{
    hr_sys_sim *s = enter(sim);
    uint32_t n = 0;
    for (int i = 0; i < FDS_MAX; i++)
        n += s->fd[i].is_open;
    return (uint32_t)leave(s, n);
}

void hr_sys_sim_advance(hr_sys_sim *sim, int64_t ns)
{
    hr_sys_sim *s = enter(sim);
    if (ns > 0) s->clock_ns += ns;
    (void)leave(s, 0);
}
