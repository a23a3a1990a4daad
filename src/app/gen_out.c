/* SPDX-License-Identifier: Apache-2.0 */
#include "app/gen_out.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/sys.h"
#include "mem/mem.h"

#define LEVEL 1

typedef enum packing { PACK_NONE, PACK_GZIP, PACK_ZSTD } packing;

struct hr_gen_out {
    char path[HR_GEN_PATH_MAX];
    char temp[HR_GEN_PATH_MAX + 8]; /* "": in place */
    int fd;
    packing pack;
    struct libdeflate_compressor *gzip;
    ZSTD_CCtx *zstd;
    char *text, *packed;
    size_t n, chunk, cap, packed_cap;
};

static packing packing_of(const char *path)
{
    size_t n = strlen(path);
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0) return PACK_GZIP;
    return n > 4 && strcmp(path + n - 4, ".zst") == 0 ? PACK_ZSTD : PACK_NONE;
}

static hr_status open_packing(hr_gen_out *o, hr_err *err)
{
    o->pack = packing_of(o->path);
    if (o->pack == PACK_GZIP) {
        o->gzip = libdeflate_alloc_compressor(LEVEL);
        if (o->gzip != NULL) o->packed_cap = libdeflate_gzip_compress_bound(o->gzip, o->cap);
    } else if (o->pack == PACK_ZSTD) {
        o->zstd = ZSTD_createCCtx();
        o->packed_cap = ZSTD_compressBound(o->cap);
        if (o->zstd != NULL &&
            (ZSTD_isError(ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
             ZSTD_isError(ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_checksumFlag, 1))))
            return HR_FAIL(err, HR_EINTERNAL, "zstd takes no level %d with a checksum", LEVEL);
    }
    o->text = hr_heap_alloc(o->cap);
    if (o->pack != PACK_NONE) o->packed = hr_heap_alloc(o->packed_cap);
    bool ok = o->text != NULL && (o->pack != PACK_GZIP || o->gzip != NULL) &&
              (o->pack != PACK_ZSTD || o->zstd != NULL) &&
              (o->pack == PACK_NONE || o->packed != NULL);
    return ok ? HR_OK : HR_FAIL(err, HR_ENOMEM, "no memory to write '%s'", o->path);
}

/* A name beside the final one, hidden, in the same folder. */
static void name_temp(hr_gen_out *o)
{
    const char *slash = strrchr(o->path, '/');
    size_t n = slash != NULL ? (size_t)(slash + 1 - o->path) : 0;
    snprintf(o->temp, sizeof o->temp, "%.*s.%s.tmp", (int)n, o->path, o->path + n);
}

static hr_status open_file(hr_gen_out *o, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    if (strcmp(o->path, "-") == 0) {
        o->fd = 1;
        return HR_OK;
    }
    bool exists = sys->stat(sys->self, AT_FDCWD, o->path, &st) == 0;
    if (exists && st.is_dir) return HR_FAIL(err, HR_EUSAGE, "'%s' is a folder", o->path);
    bool in_place = exists && !st.is_file; /* a device or a pipe must not be replaced */
    if (!in_place) name_temp(o);
    o->fd = hr_sys_open(AT_FDCWD, in_place ? o->path : o->temp,
                        in_place ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                        0666);
    if (o->fd >= 0) return HR_OK;
    int rc = o->fd;
    o->temp[0] = '\0';
    return HR_FAIL_SYS(err, rc, "cannot create '%s'", o->path);
}

hr_status hr_gen_out_open(hr_gen_out **out, const char *path, size_t chunk_bytes, size_t room_bytes,
                          hr_err *err)
{
    *out = NULL;
    if (path[0] == '\0' || strlen(path) >= HR_GEN_PATH_MAX)
        return HR_FAIL(err, HR_EUSAGE, "the path of an output has 1 to %d bytes",
                       HR_GEN_PATH_MAX - 1);
    hr_gen_out *o = hr_heap_zero(1, sizeof *o);
    if (o == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to write '%s'", path);
    memcpy(o->path, path, strlen(path) + 1);
    o->fd = -1;
    o->chunk = chunk_bytes;
    o->cap = chunk_bytes + room_bytes;
    hr_status st = open_packing(o, err);
    if (st == HR_OK) st = open_file(o, err);
    if (st != HR_OK) {
        hr_gen_out_close(&o);
        return st;
    }
    *out = o;
    return HR_OK;
}

/* Each chunk is a gzip member or zstd frame of its own: together they are one stream. */
static hr_status flush(hr_gen_out *o, hr_err *err)
{
    const char *p = o->text;
    size_t n = o->n;
    if (n == 0) return HR_OK;
    if (o->pack == PACK_GZIP) {
        n = libdeflate_gzip_compress(o->gzip, o->text, n, o->packed, o->packed_cap);
        p = o->packed;
    } else if (o->pack == PACK_ZSTD) {
        n = ZSTD_compress2(o->zstd, o->packed, o->packed_cap, o->text, n);
        p = o->packed;
    }
    if (n == 0 || (o->pack == PACK_ZSTD && ZSTD_isError(n)))
        return HR_FAIL(err, HR_EINTERNAL, "cannot compress '%s'", o->path);
    int64_t w = hr_sys_write_full(o->fd, p, n);
    o->n = 0;
    return w < 0 ? HR_FAIL_SYS(err, w, "cannot write '%s'", o->path) : HR_OK;
}

char *hr_gen_out_room(hr_gen_out *o)
{
    return o->text + o->n;
}

hr_status hr_gen_out_took(hr_gen_out *o, size_t n, hr_err *err)
{
    o->n += n;
    return o->n >= o->chunk ? flush(o, err) : HR_OK;
}

hr_status hr_gen_out_write(void *self, const void *bytes, size_t n, hr_err *err)
{
    hr_gen_out *o = self;
    const char *p = bytes;
    while (n > 0) {
        size_t step = HR_MIN(n, o->chunk - o->n);
        memcpy(o->text + o->n, p, step);
        HR_TRY(hr_gen_out_took(o, step, err));
        p += step;
        n -= step;
    }
    return HR_OK;
}

hr_status hr_gen_out_finish(hr_gen_out *o, hr_err *err)
{
    HR_TRY(flush(o, err));
    int rc = o->temp[0] != '\0' ? hr_sys_sync(o->fd) : 0;
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot sync '%s'", o->path);
    if (o->fd > 1) rc = hr_sys_close(o->fd);
    o->fd = -1;
    hr_heap_free(o->text);
    o->text = NULL;
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot close '%s'", o->path) : HR_OK;
}

hr_status hr_gen_out_publish(hr_gen_out *o, hr_err *err)
{
    if (o->temp[0] == '\0') return HR_OK;
    int rc = hr_sys_rename(AT_FDCWD, o->temp, AT_FDCWD, o->path);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot rename to '%s'", o->path);
    o->temp[0] = '\0';
    return HR_OK;
}

const char *hr_gen_out_path(const hr_gen_out *o)
{
    return o->path;
}

void hr_gen_out_close(hr_gen_out **po)
{
    const hr_sys *sys = hr_sys_get();
    hr_gen_out *o = *po;
    *po = NULL;
    if (o == NULL) return;
    if (o->fd > 1) (void)hr_sys_close(o->fd);
    if (o->temp[0] != '\0') (void)sys->unlink(sys->self, AT_FDCWD, o->temp, false);
    if (o->gzip != NULL) libdeflate_free_compressor(o->gzip);
    if (o->zstd != NULL) (void)ZSTD_freeCCtx(o->zstd);
    hr_heap_free(o->text);
    hr_heap_free(o->packed);
    hr_heap_free(o);
}
