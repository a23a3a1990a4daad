/* SPDX-License-Identifier: Apache-2.0 */
#include "store/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void release(hr_flush *f, uint32_t slot)
{
    (void)hr_sys_close(f->slot[slot].fd);
    f->slot[slot].is_open = false;
    f->n_open--;
}

static hr_status submit(hr_flush *f, uint32_t slot, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_aio_op op = {.kind = HR_AIO_SYNC, .fd = f->slot[slot].fd, .tag = slot};
    int rc = sys->aio_submit(sys->self, f->aio, &op);
    if (rc >= 0) return HR_OK;
    release(f, slot);
    return HR_FAIL_SYS(err, rc, "cannot sync '%s'", f->slot[slot].path);
}

static hr_status finish(hr_flush *f, const hr_sys_aio_done *done, hr_err *err)
{
    uint32_t slot = (uint32_t)done->tag;
    if (done->result == -EINTR && ++f->n_interrupted < HR_SYS_EINTR_MAX)
        return submit(f, slot, err);
    f->n_interrupted = 0;
    release(f, slot);
    if (done->result >= 0) return HR_OK;
    return HR_FAIL_SYS(err, (int)done->result, "cannot sync '%s'", f->slot[slot].path);
}

/* At least one completion, or when it does not wait what there is; the first error. */
static hr_status reap(hr_flush *f, bool waits, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_aio_done done[HR_FLUSH_DEPTH];
    hr_status result = HR_OK;
    int n = sys->aio_reap(sys->self, f->aio, done, HR_FLUSH_DEPTH, waits);
    if (n < 0 || (n == 0 && waits))
        return HR_FAIL_SYS(err, n < 0 ? n : -EIO, "cannot wait for the disk");
    for (int i = 0; i < n; i++) {
        hr_status st = finish(f, &done[i], result == HR_OK ? err : NULL);
        if (result == HR_OK) result = st;
    }
    return result;
}

hr_status hr_flush_open(hr_flush *f, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    int rc = sys->aio_open(sys->self, &f->aio, HR_FLUSH_DEPTH);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot open a queue to the disk") : HR_OK;
}

hr_status hr_flush_add(hr_flush *f, int dir_fd, const char *path, hr_err *err)
{
    while (f->n_open == HR_FLUSH_DEPTH)
        HR_TRY(reap(f, true, err));
    uint32_t slot = 0;
    while (f->slot[slot].is_open)
        slot++;
    int fd = hr_sys_open(dir_fd, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s' to sync it", path);
    f->slot[slot].fd = fd;
    f->slot[slot].is_open = true;
    f->n_open++;
    snprintf(f->slot[slot].path, sizeof f->slot[slot].path, "%s", path);
    return submit(f, slot, err);
}

hr_status hr_flush_poll(hr_flush *f, hr_err *err)
{
    if (f->n_open == 0) return HR_OK;
    HR_TRY(reap(f, false, err));
    return f->n_open == 0 ? HR_OK : HR_AGAIN;
}

hr_status hr_flush_wait(hr_flush *f, hr_err *err)
{
    hr_status result = HR_OK;
    while (f->n_open > 0) {
        uint32_t before = f->n_open;
        hr_status st = reap(f, true, result == HR_OK ? err : NULL);
        if (result == HR_OK) result = st;
        if (st != HR_OK && f->n_open == before) break; /* the queue itself is broken */
    }
    return result;
}

void hr_flush_fini(hr_flush *f)
{
    const hr_sys *sys = hr_sys_get();
    if (f->aio != NULL) sys->aio_close(sys->self, f->aio);
    f->aio = NULL;
    for (uint32_t i = 0; i < HR_FLUSH_DEPTH; i++)
        if (f->slot[i].is_open) release(f, i);
}
