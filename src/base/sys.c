/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"

#include <errno.h>

static const hr_sys *current;

const hr_sys *hr_sys_get(void)
{
    return current != NULL ? current : hr_sys_real();
}

void hr_sys_install(const hr_sys *sys)
{
    current = sys;
}

int hr_sys_open(int dir_fd, const char *path, int flags, unsigned mode)
{
    const hr_sys *s = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = s->open(s->self, dir_fd, path, flags, mode);
    return rc;
}

int hr_sys_close(int fd)
{
    const hr_sys *s = hr_sys_get();
    int rc = s->close(s->self, fd);
    return rc == -EINTR ? 0 : rc; /* Linux frees the descriptor all the same */
}

int hr_sys_sync(int fd)
{
    const hr_sys *s = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = s->sync(s->self, fd);
    return rc;
}

int hr_sys_truncate(int fd, int64_t size_bytes)
{
    const hr_sys *s = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = s->truncate(s->self, fd, size_bytes);
    return rc;
}

int hr_sys_lock(int fd)
{
    const hr_sys *s = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = s->lock(s->self, fd);
    return rc;
}

int hr_sys_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    const hr_sys *s = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = s->rename(s->self, from_dir, from, to_dir, to);
    return rc;
}

int64_t hr_sys_wall_ns(void)
{
    const hr_sys *s = hr_sys_get();
    return s->wall_ns(s->self);
}

int64_t hr_sys_mono_ns(void)
{
    const hr_sys *s = hr_sys_get();
    return s->mono_ns(s->self);
}

int64_t hr_sys_cpu_ns(void)
{
    const hr_sys *s = hr_sys_get();
    return s->cpu_ns(s->self);
}

int64_t hr_sys_pread_full(int fd, void *buf, size_t n_bytes, int64_t offset)
{
    const hr_sys *s = hr_sys_get();
    size_t done = 0;
    int n_eintr = 0;
    while (done < n_bytes) {
        int64_t n =
            s->pread(s->self, fd, (char *)buf + done, n_bytes - done, offset + (int64_t)done);
        if (n == -EINTR && ++n_eintr < HR_SYS_EINTR_MAX) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += (size_t)n;
        n_eintr = 0;
    }
    return (int64_t)done;
}

int64_t hr_sys_read_full(int fd, void *buf, size_t n_bytes)
{
    const hr_sys *s = hr_sys_get();
    size_t done = 0;
    int n_eintr = 0;
    while (done < n_bytes) {
        int64_t n = s->read(s->self, fd, (char *)buf + done, n_bytes - done);
        if (n == -EINTR && ++n_eintr < HR_SYS_EINTR_MAX) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += (size_t)n;
        n_eintr = 0;
    }
    return (int64_t)done;
}

int64_t hr_sys_pwrite_full(int fd, const void *buf, size_t n_bytes, int64_t offset)
{
    const hr_sys *s = hr_sys_get();
    size_t done = 0;
    int n_eintr = 0;
    while (done < n_bytes) {
        int64_t n = s->pwrite(s->self, fd, (const char *)buf + done, n_bytes - done,
                              offset + (int64_t)done);
        if (n == -EINTR && ++n_eintr < HR_SYS_EINTR_MAX) continue;
        if (n < 0) return n;
        if (n == 0) return -ENOSPC;
        done += (size_t)n;
        n_eintr = 0;
    }
    return (int64_t)done;
}

int64_t hr_sys_write_full(int fd, const void *buf, size_t n_bytes)
{
    const hr_sys *s = hr_sys_get();
    size_t done = 0;
    int n_eintr = 0;
    while (done < n_bytes) {
        int64_t n = s->write(s->self, fd, (const char *)buf + done, n_bytes - done);
        if (n == -EINTR && ++n_eintr < HR_SYS_EINTR_MAX) continue;
        if (n < 0) return n;
        if (n == 0) return -ENOSPC;
        done += (size_t)n;
        n_eintr = 0;
    }
    return (int64_t)done;
}
