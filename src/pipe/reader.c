/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define IN_FLIGHT INT64_MIN

size_t hr_reader_bytes(void)
{
    return HR_READER_BLOCKS * (HR_READER_BLOCK_BYTES + 4096);
}

hr_status hr_reader_open(hr_reader *r, const char *path, hr_arena *arena, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    *r = (hr_reader){.fd = -1};
    int fd = strcmp(path, "-") == 0 ? 0 : hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    r->fd = fd;
    int rc = sys->fstat(sys->self, fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (st.is_dir) return HR_FAIL(err, HR_EINPUT, "'%s' is a directory, a file was expected", path);
    r->is_stream = !st.is_file;
    r->size_bytes = st.size_bytes;
    for (uint32_t i = 0; i < HR_READER_BLOCKS; i++) {
        r->block[i] = hr_arena_alloc(arena, HR_READER_BLOCK_BYTES, 4096);
        if (r->block[i] == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", path);
    }
    if (!r->is_stream && (rc = sys->aio_open(sys->self, &r->aio, HR_READER_BLOCKS)) < 0)
        return HR_FAIL_SYS(err, rc, "cannot start reading '%s'", path);
    return HR_OK;
}

void hr_reader_close(hr_reader *r)
{
    const hr_sys *sys = hr_sys_get();
    if (r->aio != NULL) sys->aio_close(sys->self, r->aio);
    r->aio = NULL;
    if (r->fd > 0) (void)hr_sys_close(r->fd);
    r->fd = -1;
}

const char *hr_reader_backend(const hr_reader *r)
{
    const hr_sys *sys = hr_sys_get();
    return r->aio != NULL ? sys->aio_name(sys->self, r->aio) : "stream";
}

void hr_reader_seek(hr_reader *r, int64_t offset)
{
    r->next_submit = r->next_take = offset / HR_READER_BLOCK_BYTES;
}

static hr_status submit(hr_reader *r, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    while (r->next_submit < r->next_take + (int64_t)HR_READER_BLOCKS &&
           r->next_submit * (int64_t)HR_READER_BLOCK_BYTES < r->size_bytes) {
        uint32_t i = (uint32_t)(r->next_submit % HR_READER_BLOCKS);
        hr_sys_aio_op op = {.fd = r->fd,
                            .buf = r->block[i],
                            .n_bytes = HR_READER_BLOCK_BYTES,
                            .offset = r->next_submit * (int64_t)HR_READER_BLOCK_BYTES,
                            .tag = i};
        r->got[i] = IN_FLIGHT;
        int rc = sys->aio_submit(sys->self, r->aio, &op);
        if (rc == -EAGAIN || rc == -EINTR) return HR_OK;
        if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot read at offset %lld", (long long)op.offset);
        r->next_submit++;
    }
    return HR_OK;
}

/* A short or interrupted transfer is finished here, by plain reads. */
static hr_status settle(hr_reader *r, uint32_t i, int64_t got, hr_err *err)
{
    int64_t offset = r->next_take * (int64_t)HR_READER_BLOCK_BYTES;
    int64_t want = HR_MIN((int64_t)HR_READER_BLOCK_BYTES, r->size_bytes - offset);
    if (got == -EINTR || got == -EAGAIN) got = 0;
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)offset);
    if (got < want) {
        int64_t n = hr_sys_pread_full(r->fd, r->block[i] + got, (size_t)(want - got), offset + got);
        if (n < 0)
            return HR_FAIL_SYS(err, n, "cannot read at offset %lld", (long long)(offset + got));
        got += n;
    }
    if (got < want)
        return HR_FAIL(err, HR_EIO, "file became shorter while it was read: %lld of %lld bytes",
                       (long long)(offset + got), (long long)r->size_bytes);
    r->got[i] = got;
    return HR_OK;
}

static hr_status take_stream(hr_reader *r, const char **block, size_t *n_bytes, hr_err *err)
{
    int64_t n = hr_sys_read_full(r->fd, r->block[0], HR_READER_BLOCK_BYTES);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read the input");
    *block = r->block[0];
    *n_bytes = (size_t)n;
    return n == 0 ? HR_END : HR_OK;
}

hr_status hr_reader_take(hr_reader *r, const char **block, size_t *n_bytes, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_aio_done done[HR_READER_BLOCKS];
    if (r->is_stream) return take_stream(r, block, n_bytes, err);
    if (r->next_take * (int64_t)HR_READER_BLOCK_BYTES >= r->size_bytes) return HR_END;
    HR_TRY(submit(r, err));
    int n = sys->aio_reap(sys->self, r->aio, done, HR_READER_BLOCKS, false);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read");
    for (int k = 0; k < n; k++)
        r->got[done[k].tag] = done[k].result;
    uint32_t i = (uint32_t)(r->next_take % HR_READER_BLOCKS);
    if (r->next_submit <= r->next_take || r->got[i] == IN_FLIGHT) return HR_AGAIN;
    HR_TRY(settle(r, i, r->got[i], err));
    *block = r->block[i];
    *n_bytes = (size_t)r->got[i];
    return HR_OK;
}

void hr_reader_give(hr_reader *r)
{
    r->next_take++;
}
