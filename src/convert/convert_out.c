/* SPDX-License-Identifier: Apache-2.0 */
/* The output file: text is packed a chunk at a time, each chunk a gzip member or a zstd frame of
 * its own, so memory stays fixed and the bytes depend on the text alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/sys.h"
#include "convert/convert_parts.h"
#include "pipe/reject_text.h"

#define CHUNK_BYTES ((size_t)1 << 20)

static hr_pq_codec codec_of(hr_container c)
{
    return c == HR_CONTAINER_GZIP ? HR_PQ_GZIP : HR_PQ_ZSTD;
}

static hr_codec_options codec_options(hr_container c)
{
    return (hr_codec_options){.encode = HR_CODEC_BIT(codec_of(c)),
                              .level = c == HR_CONTAINER_GZIP ? 6 : 3};
}

bool hr_out_ends_with(const char *path, size_t n, const char *what)
{
    size_t k = strlen(what);
    return n > k && memcmp(path + n - k, what, k) == 0;
}

hr_container hr_out_container(const char *path, size_t *n)
{
    *n = strlen(path);
    hr_container c = hr_out_ends_with(path, *n, ".gz")    ? HR_CONTAINER_GZIP
                     : hr_out_ends_with(path, *n, ".zst") ? HR_CONTAINER_ZSTD
                                                          : HR_CONTAINER_PLAIN;
    if (c != HR_CONTAINER_PLAIN) *n -= c == HR_CONTAINER_GZIP ? 3 : 4;
    return c;
}

void hr_out_records_target(hr_convert_report *r, const hr_convert_options *o)
{
    size_t n;
    r->container = hr_out_container(o->out, &n);
    r->to = o->to;
    if (r->to == HR_TO_AUTO && hr_out_ends_with(o->out, n, ".parquet")) r->to = HR_TO_RECORDS;
    if (r->to == HR_TO_AUTO && hr_out_ends_with(o->out, n, ".csv")) r->to = HR_TO_RECORDS_CSV;
}

hr_status hr_out_check_parquet(const hr_convert_report *r, const char *path, hr_err *err)
{
    if (r->container == HR_CONTAINER_PLAIN) return HR_OK;
    return HR_FAIL(err, HR_EUSAGE,
                   "'%s': Parquet compresses its pages itself, name it without .gz or .zst", path);
}

size_t hr_out_bytes(void)
{
    size_t most = 0;
    for (int c = HR_CONTAINER_GZIP; c <= HR_CONTAINER_ZSTD; c++) {
        hr_codec_options opt = codec_options((hr_container)c);
        size_t n =
            hr_codec_ctx_bytes(&opt) + hr_codec_bound(codec_of((hr_container)c), 2 * CHUNK_BYTES);
        most = HR_MAX(most, n);
    }
    return 2 * CHUNK_BYTES + most + (64u << 10);
}

static bool is_there(const char *path)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    return sys->stat(sys->self, AT_FDCWD, path, &st) == 0;
}

static hr_status refuse_existing(const char *path, bool force, hr_err *err)
{
    if (force || !is_there(path)) return HR_OK;
    return HR_FAIL(err, HR_EUSAGE, "'%s' exists: --force replaces it", path);
}

/* Beside its place, so that the rename stays in one file system. */
static hr_status set_paths(hr_out_file *o, const char *path, hr_err *err)
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash + 1 - path) : 0;
    int n = snprintf(o->path, sizeof o->path, "%s", path);
    int k = snprintf(o->temp, sizeof o->temp, "%.*s.%s.part", folder, path, path + folder);
    if (n <= folder || (size_t)n >= sizeof o->path || (size_t)k >= sizeof o->temp)
        return HR_FAIL(err, HR_EUSAGE, "'%s' is no name for a file", path);
    return HR_OK;
}

hr_status hr_out_open(hr_out_file *o, const char *path, hr_container container, bool force,
                      hr_arena *arena, hr_err *err)
{
    memset(o, 0, sizeof *o);
    o->fd = -1;
    o->container = container;
    HR_TRY(set_paths(o, path, err));
    HR_TRY(refuse_existing(path, force, err));
    hr_codec_options opt = codec_options(container);
    bool packs = container != HR_CONTAINER_PLAIN;
    o->packed_cap = hr_codec_bound(codec_of(container), 2 * CHUNK_BYTES);
    o->text = hr_arena_alloc(arena, 2 * CHUNK_BYTES, 64);
    if (packs) o->packed = hr_arena_alloc(arena, o->packed_cap, 64);
    if (o->text == NULL || (packs && o->packed == NULL))
        return HR_FAIL(err, HR_EBUDGET, "no memory to write '%s'", path);
    if (packs) HR_TRY(hr_codec_ctx_create(&o->codec, arena, &opt, err));
    o->fd = hr_sys_open(AT_FDCWD, o->temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->fd < 0) return HR_FAIL_SYS(err, o->fd, "cannot create '%s'", o->temp);
    o->has_temp = true;
    return HR_OK;
}

hr_status hr_out_open_stdout(hr_out_file *o, hr_arena *arena, hr_err *err)
{
    memset(o, 0, sizeof *o);
    o->fd = -1;
    o->container = HR_CONTAINER_PLAIN;
    snprintf(o->path, sizeof o->path, "standard output");
    snprintf(o->temp, sizeof o->temp, "standard output");
    o->text = hr_arena_alloc(arena, 2 * CHUNK_BYTES, 64);
    if (o->text == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write to standard output");
    o->is_stdout = true;
    o->fd = STDOUT_FILENO;
    return HR_OK;
}

static hr_status flush(hr_out_file *o, hr_err *err)
{
    const char *p = o->text;
    size_t n = o->n;
    if (n == 0) return HR_OK;
    if (o->container != HR_CONTAINER_PLAIN) {
        n = o->packed_cap;
        HR_TRY(
            hr_codec_encode(o->codec, codec_of(o->container), o->packed, &n, o->text, o->n, err));
        p = o->packed;
    }
    int64_t w = hr_sys_write_full(o->fd, p, n);
    if (w < 0) return HR_FAIL_SYS(err, w, "cannot write '%s'", o->temp);
    o->n_bytes += w;
    o->n = 0;
    return HR_OK;
}

char *hr_out_room(hr_out_file *o, size_t n, hr_err *err)
{
    HR_ASSERT(n <= CHUNK_BYTES);
    if (o->n + n > CHUNK_BYTES && flush(o, err) != HR_OK) return NULL;
    return o->text + o->n;
}

void hr_out_took(hr_out_file *o, size_t n)
{
    o->n += n;
    HR_ASSERT(o->n <= 2 * CHUNK_BYTES);
}

hr_status hr_out_put(hr_out_file *o, const void *bytes, size_t n, hr_err *err)
{
    const char *p = bytes;
    while (n > 0) {
        size_t k = HR_MIN(n, CHUNK_BYTES / 4);
        char *to = hr_out_room(o, k, err);
        if (to == NULL) return err != NULL ? err->code : HR_EIO;
        memcpy(to, p, k);
        hr_out_took(o, k);
        p += k;
        n -= k;
    }
    return HR_OK;
}

static int sync_folder(const char *path)
{
    char folder[HR_OUT_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash != NULL ? (int)(slash + 1 - path) : 0;
    snprintf(folder, sizeof folder, "%.*s", n > 0 ? n : 1, n > 0 ? path : ".");
    int fd = hr_sys_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    int rc = hr_sys_sync(fd);
    (void)hr_sys_close(fd);
    return rc;
}

hr_status hr_out_seal(hr_out_file *o, bool force, hr_err *err)
{
    HR_TRY(flush(o, err));
    if (o->is_stdout) {
        o->fd = -1; /* not ours to close */
        return HR_OK;
    }
    int rc = hr_sys_sync(o->fd);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot sync '%s'", o->temp);
    rc = hr_sys_close(o->fd);
    o->fd = -1;
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot close '%s'", o->temp);
    return refuse_existing(o->path, force, err);
}

hr_status hr_out_publish(hr_out_file *o, hr_err *err)
{
    if (o->is_stdout) return HR_OK;
    int rc = hr_sys_rename(AT_FDCWD, o->temp, AT_FDCWD, o->path);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot rename '%s'", o->temp);
    o->has_temp = false;
    o->is_published = true;
    rc = sync_folder(o->path);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot sync the folder of '%s'", o->path) : HR_OK;
}

void hr_out_abandon(hr_out_file *o, bool take_back)
{
    const hr_sys *sys = hr_sys_get();
    if (o->is_stdout) {
        if (o->fd >= 0) (void)flush(o, NULL);
        o->fd = -1;
        return;
    }
    if (o->fd >= 0) (void)hr_sys_close(o->fd);
    o->fd = -1;
    if (o->has_temp) (void)sys->unlink(sys->self, AT_FDCWD, o->temp, false);
    if (take_back && o->is_published) (void)sys->unlink(sys->self, AT_FDCWD, o->path, false);
    o->has_temp = o->is_published = false;
}

/* Does it fit? */
static bool rejects_path(char path[HR_OUT_PATH_MAX], const char *out)
{
    return (size_t)snprintf(path, HR_OUT_PATH_MAX, "%s.rejects.ndjson", out) < HR_OUT_PATH_MAX;
}

hr_status hr_out_reject(hr_out_file *rejects, const hr_convert_options *o, hr_arena *arena,
                        const hr_evbatch *b, const hr_reject *reject, hr_err *err)
{
    char path[HR_OUT_PATH_MAX];
    if (!rejects->has_temp) {
        if (!rejects_path(path, o->out)) return HR_FAIL(err, HR_EUSAGE, "'%s' is too long", o->out);
        HR_TRY(hr_out_open(rejects, path, HR_CONTAINER_PLAIN, o->force, arena, err));
    }
    char *to = hr_out_room(rejects, HR_REJECT_TEXT_MAX, err);
    if (to == NULL) return err != NULL ? err->code : HR_EIO;
    hr_out_took(rejects, hr_reject_text(to, b, reject, 0));
    return HR_OK;
}

static void forget_rejects(const char *out)
{
    char path[HR_OUT_PATH_MAX];
    const hr_sys *sys = hr_sys_get();
    if (rejects_path(path, out)) (void)sys->unlink(sys->self, AT_FDCWD, path, false);
}

hr_status hr_out_finish(hr_out_file *out, hr_out_file *rejects, bool force, hr_err *err)
{
    HR_TRY(hr_out_seal(out, force, err));
    bool has_rejects = rejects != NULL && rejects->has_temp;
    if (has_rejects) {
        HR_TRY(hr_out_seal(rejects, force, err));
        HR_TRY(hr_out_publish(rejects, err));
    }
    HR_TRY(hr_out_publish(out, err));
    if (!has_rejects && force) forget_rejects(out->path);
    return HR_OK;
}
