/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/table_in.h"

#include <fcntl.h>
#include <string.h>

#include "base/sys.h"

#define PROBE_BYTES ((size_t)64 << 20)

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    return hr_sys_pread_full(*(const int *)self, buf, n_bytes, offset);
}

static hr_status open_path(hr_table_in *t, const char *path, hr_arena *arena, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat st;
    t->fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (t->fd < 0) return HR_FAIL_SYS(err, t->fd, "cannot open '%s'", path);
    int rc = sys->fstat(sys->self, t->fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    t->size_bytes = st.size_bytes;
    hr_status result =
        hr_pq_file_open(&t->file, read_at, &t->fd, st.size_bytes, &limits, arena, err);
    if (result != HR_OK) hr_err_prefix(err, "'%s'", path);
    return result;
}

hr_status hr_table_in_open(hr_table_in *t, const hr_convert_options *o, hr_arena *arena,
                           hr_err *err)
{
    t->o = o;
    return open_path(t, o->in, arena, err);
}

void hr_table_in_close(hr_table_in *t)
{
    if (t->fd >= 0) (void)hr_sys_close(t->fd);
    t->fd = -1;
}

hr_status hr_table_in_group(const hr_table_in *t, uint32_t group, hr_table_in_take step, void *self,
                            hr_err *err)
{
    int64_t left = hr_pq_row_group_rows(t->file, group);
    while (left > 0) {
        const uint32_t n = (uint32_t)HR_MIN(left, (int64_t)HR_TABLE_IN_STEP);
        if (t->o->stop != NULL && atomic_load_explicit(t->o->stop, memory_order_relaxed) != 0)
            return HR_FAIL(err, HR_ESTOPPED, "stopped: '%s' was not written", t->o->out);
        hr_status st = step(self, n, err);
        if (st == HR_END)
            st = HR_FAIL(err, HR_ECORRUPT, "'%s': a column of row group %u ends early", t->o->in,
                         group);
        HR_TRY(st);
        left -= n;
    }
    return HR_OK;
}

/* ---- is it one ---- */

static bool is_of_the_file(hr_status st)
{
    return st == HR_ECORRUPT || st == HR_EINPUT || st == HR_EUNSUPPORTED || st == HR_ELIMIT ||
           st == HR_EBUDGET;
}

static hr_status look_inside(bool *is_known, const char *path,
                             bool (*knows)(const hr_pq_file *file), hr_err *err)
{
    hr_table_in t = {.fd = -1};
    hr_arena *arena = NULL;
    hr_status st = hr_arena_create(&arena, NULL, PROBE_BYTES, "footer", err);
    if (st == HR_OK) {
        st = open_path(&t, path, arena, err);
        if (st == HR_OK)
            *is_known = knows(t.file);
        else if (is_of_the_file(st))
            st = HR_OK;
    }
    hr_table_in_close(&t);
    hr_arena_destroy(&arena);
    return st;
}

hr_status hr_table_in_probe(bool *is_known, const char *path, bool (*knows)(const hr_pq_file *file),
                            hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    char magic[HR_PQ_SNIFF_BYTES] = {0};
    hr_sys_stat info;
    *is_known = false;
    if (strcmp(path, "-") == 0) return HR_OK;
    int rc = sys->stat(sys->self, AT_FDCWD, path, &info);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (!info.is_file) return HR_OK;
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    int64_t n = hr_sys_pread_full(fd, magic, sizeof magic, 0);
    (void)hr_sys_close(fd);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read '%s'", path);
    return hr_pq_sniff(magic, (size_t)n) ? look_inside(is_known, path, knows, err) : HR_OK;
}
