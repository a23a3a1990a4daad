/* SPDX-License-Identifier: Apache-2.0 */
/* The real back end: Linux system calls, errors as -errno. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/sys_aio.h"

#define THREAD_STACK_BYTES (512u << 10)

static int64_t result(int64_t rc)
{
    return rc < 0 ? -errno : rc;
}

static int real_open(void *self, int dir_fd, const char *path, int flags, unsigned mode)
{
    (void)self;
    return (int)result(openat(dir_fd, path, flags, (mode_t)mode));
}

static int real_close(void *self, int fd)
{
    (void)self;
    return (int)result(close(fd));
}

static int64_t real_read(void *self, int fd, void *buf, size_t n_bytes)
{
    (void)self;
    return result(read(fd, buf, n_bytes));
}

static int64_t real_write(void *self, int fd, const void *buf, size_t n_bytes)
{
    (void)self;
    return result(write(fd, buf, n_bytes));
}

static int64_t real_pread(void *self, int fd, void *buf, size_t n_bytes, int64_t offset)
{
    (void)self;
    return result(pread(fd, buf, n_bytes, offset));
}

static int64_t real_pwrite(void *self, int fd, const void *buf, size_t n_bytes, int64_t offset)
{
    (void)self;
    return result(pwrite(fd, buf, n_bytes, offset));
}

static int real_sync(void *self, int fd)
{
    (void)self;
    return (int)result(fsync(fd));
}

static int real_truncate(void *self, int fd, int64_t size_bytes)
{
    (void)self;
    return (int)result(ftruncate(fd, size_bytes));
}

static int real_reserve(void *self, int fd, int64_t offset, int64_t n_bytes)
{
    (void)self;
    return (int)result(fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, n_bytes));
}

static void stat_out(hr_sys_stat *out, const struct stat *st)
{
    *out = (hr_sys_stat){.size_bytes = st->st_size,
                         .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
                         .dev = st->st_dev,
                         .ino = st->st_ino,
                         .is_dir = S_ISDIR(st->st_mode),
                         .is_file = S_ISREG(st->st_mode)};
}

static int real_stat(void *self, int dir_fd, const char *path, hr_sys_stat *out)
{
    (void)self;
    struct stat st;
    if (fstatat(dir_fd, path, &st, 0) < 0) return -errno;
    stat_out(out, &st);
    return 0;
}

static int real_fstat(void *self, int fd, hr_sys_stat *out)
{
    (void)self;
    struct stat st;
    if (fstat(fd, &st) < 0) return -errno;
    stat_out(out, &st);
    return 0;
}

static int real_rename(void *self, int from_dir, const char *from, int to_dir, const char *to)
{
    (void)self;
    return (int)result(renameat(from_dir, from, to_dir, to));
}

static int real_unlink(void *self, int dir_fd, const char *path, bool is_dir)
{
    (void)self;
    return (int)result(unlinkat(dir_fd, path, is_dir ? AT_REMOVEDIR : 0));
}

static int real_mkdir(void *self, int dir_fd, const char *path, unsigned mode)
{
    (void)self;
    return (int)result(mkdirat(dir_fd, path, (mode_t)mode));
}

static int real_list(void *self, int dir_fd, const char *path, hr_sys_list_fn fn, void *arg)
{
    (void)self;
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    DIR *d = fdopendir(fd);
    if (d == NULL) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    int stop = 0;
    const struct dirent *e;
    errno = 0;
    while (stop == 0 && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        bool is_dir = e->d_type == DT_DIR;
        if (e->d_type == DT_UNKNOWN) {
            struct stat st;
            is_dir = fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
        }
        stop = fn(arg, e->d_name, is_dir);
        errno = 0;
    }
    int rc = stop != 0 ? 0 : -errno;
    closedir(d);
    return rc;
}

static int real_lock(void *self, int fd)
{
    (void)self;
    return (int)result(flock(fd, LOCK_EX | LOCK_NB));
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t real_wall_ns(void *self)
{
    (void)self;
    return clock_ns(CLOCK_REALTIME);
}

static int64_t real_mono_ns(void *self)
{
    (void)self;
    return clock_ns(CLOCK_MONOTONIC);
}

static int64_t real_cpu_ns(void *self)
{
    (void)self;
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void real_sleep_ns(void *self, int64_t ns)
{
    (void)self;
    struct timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    nanosleep(&ts, NULL);
}

static int real_random(void *self, void *buf, size_t n_bytes)
{
    (void)self;
    size_t done = 0;
    while (done < n_bytes) {
        ssize_t n = getrandom((char *)buf + done, n_bytes - done, 0);
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) done += (size_t)n;
    }
    return 0;
}

static void *real_map(void *self, size_t n_bytes)
{
    (void)self;
    void *p = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void real_want_huge(void *self, void *p, size_t n_bytes)
{
    const uintptr_t page = (uintptr_t)2 << 20;
    uintptr_t begin = ((uintptr_t)p + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)p + n_bytes) & ~(page - 1);
    (void)self;
    if (begin < end) (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static void real_unmap(void *self, void *p, size_t n_bytes)
{
    (void)self;
    munmap(p, n_bytes);
}

static int real_thread_start(void *self, uintptr_t *out, hr_thread_fn fn, void *arg)
{
    (void)self;
    pthread_attr_t attr;
    pthread_t t;
    int rc = pthread_attr_init(&attr);
    if (rc != 0) return -rc;
    rc = pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
    if (rc == 0) rc = pthread_create(&t, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    if (rc != 0) return -rc;
    *out = (uintptr_t)t;
    return 0;
}

static int real_thread_join(void *self, uintptr_t thread)
{
    (void)self;
    return -pthread_join((pthread_t)thread, NULL);
}

/* EAGAIN, EINTR and ETIMEDOUT all mean that the caller is to look again. */
static void real_wait(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t timeout_ns)
{
    (void)self;
    struct timespec ts = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expect, &ts, NULL, 0);
}

static void real_wake(void *self, const _Atomic uint32_t *word)
{
    (void)self;
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static const hr_sys real_table = {
    .name = "real",
    .open = real_open,
    .close = real_close,
    .read = real_read,
    .write = real_write,
    .pread = real_pread,
    .pwrite = real_pwrite,
    .sync = real_sync,
    .truncate = real_truncate,
    .reserve = real_reserve,
    .stat = real_stat,
    .fstat = real_fstat,
    .rename = real_rename,
    .unlink = real_unlink,
    .mkdir = real_mkdir,
    .list = real_list,
    .lock = real_lock,
    .wall_ns = real_wall_ns,
    .mono_ns = real_mono_ns,
    .cpu_ns = real_cpu_ns,
    .sleep_ns = real_sleep_ns,
    .random = real_random,
    .map = real_map,
    .unmap = real_unmap,
    .want_huge = real_want_huge,
    .thread_start = real_thread_start,
    .thread_join = real_thread_join,
    .wait = real_wait,
    .wake = real_wake,
    .aio_open = hr_aio_real_open,
    .aio_submit = hr_aio_submit,
    .aio_reap = hr_aio_reap,
    .aio_name = hr_aio_name,
    .aio_close = hr_aio_close,
};

const hr_sys *hr_sys_real(void)
{
    return &real_table;
}
