/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: gzip members by ISA-L, zstd frames, xz streams; any number of them back to back. */
#define ZSTD_STATIC_LINKING_ONLY
#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/assert.h"
#include "fmt/codec.h"
#include "fmt/unxz.h"
#include "fmt/unzip.h"
#include "kern/kern.h"

#define WINDOW_USUAL ((size_t)8 << 20)

struct hr_inflate {
    hr_container container;
    bool in_member; /* between a member's first byte and its end */
    bool any_member;
    bool in_padding; /* zeros after the last member */
    uint64_t n_padding;
    int64_t taken; /* compressed bytes */
    size_t window_bytes;
    struct inflate_state *gzip;
    ZSTD_DStream *zstd;
    hr_unzip zip;
    hr_unxz *xz;
};

hr_container hr_container_sniff(const void *head, size_t n_bytes)
{
    static const uint8_t zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    const uint8_t *p = head;
    if (n_bytes >= 2 && p[0] == 0x1f && p[1] == 0x8b) return HR_CONTAINER_GZIP;
    if (n_bytes >= 4 && memcmp(p, zstd_magic, 4) == 0) return HR_CONTAINER_ZSTD;
    if (n_bytes >= 4 && memcmp(p, "PK\3\4", 4) == 0) return HR_CONTAINER_ZIP;
    return hr_unxz_is(p, n_bytes) ? HR_CONTAINER_XZ : HR_CONTAINER_PLAIN;
}

const char *hr_container_name(hr_container c)
{
    return c == HR_CONTAINER_GZIP   ? "gzip"
           : c == HR_CONTAINER_ZSTD ? "zstd"
           : c == HR_CONTAINER_ZIP  ? "zip"
           : c == HR_CONTAINER_XZ   ? "xz"
                                    : "plain";
}

size_t hr_inflate_window(const void *head, size_t n_bytes, size_t room_bytes)
{
    ZSTD_frameHeader h;
    size_t n = HR_MAX(WINDOW_USUAL, HR_MIN(hr_unxz_window(head, n_bytes), HR_INFLATE_WINDOW_MAX));
    if (ZSTD_getFrameHeader(&h, head, n_bytes) == 0 && h.windowSize > n)
        n = h.windowSize < HR_INFLATE_WINDOW_MAX ? (size_t)h.windowSize : HR_INFLATE_WINDOW_MAX;
    return HR_MAX(n, HR_MIN(room_bytes, HR_INFLATE_WINDOW_MAX));
}

static bool uses_isal(hr_container c)
{
    return c == HR_CONTAINER_GZIP || c == HR_CONTAINER_ZIP;
}

size_t hr_inflate_bytes(hr_container c, size_t window_bytes)
{
    size_t n = sizeof(hr_inflate) + 512;
    if (uses_isal(c)) n += sizeof(struct inflate_state);
    if (c == HR_CONTAINER_ZSTD) n += ZSTD_estimateDStreamSize(window_bytes);
    if (c == HR_CONTAINER_XZ) n += hr_unxz_bytes(window_bytes);
    return n;
}

hr_status hr_inflate_create(hr_inflate **out, hr_arena *arena, hr_container c, size_t window_bytes,
                            hr_err *err)
{
    *out = NULL;
    hr_inflate *z = hr_arena_alloc(arena, sizeof *z, 64);
    if (z == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to decompress a stream");
    *z = (hr_inflate){.container = c, .window_bytes = window_bytes};
    if (uses_isal(c)) z->gzip = hr_arena_alloc(arena, sizeof *z->gzip, 64);
    if (c == HR_CONTAINER_ZSTD) {
        size_t n = ZSTD_estimateDStreamSize(window_bytes);
        void *mem = hr_arena_alloc(arena, n, 64);
        if (mem != NULL) z->zstd = ZSTD_initStaticDStream(mem, n);
        if (z->zstd != NULL) (void)ZSTD_DCtx_setMaxWindowSize(z->zstd, window_bytes);
    }
    if (c == HR_CONTAINER_XZ) z->xz = hr_unxz_create(arena, window_bytes);
    if ((uses_isal(c) && z->gzip == NULL) || (c == HR_CONTAINER_ZSTD && z->zstd == NULL) ||
        (c == HR_CONTAINER_XZ && z->xz == NULL))
        return HR_FAIL(err, HR_EBUDGET, "no memory to decompress a stream: raise engine.memory");
    hr_inflate_reset(z);
    *out = z;
    return HR_OK;
}

void hr_inflate_reset(hr_inflate *z)
{
    z->in_member = z->any_member = z->in_padding = false;
    z->n_padding = 0;
    z->taken = 0;
    if (z->gzip != NULL) {
        isal_inflate_init(z->gzip);
        z->gzip->crc_flag = z->container == HR_CONTAINER_GZIP ? ISAL_GZIP : ISAL_DEFLATE;
    }
    z->zip = (hr_unzip){0};
    if (z->xz != NULL) hr_unxz_reset(z->xz);
    if (z->zstd != NULL) (void)ZSTD_DCtx_reset(z->zstd, ZSTD_reset_session_only);
}

static hr_status bad(const hr_inflate *z, hr_err *err, const char *why)
{
    (void)HR_FAIL(err, HR_ECORRUPT, "%s stream is damaged: %s", hr_container_name(z->container),
                  why);
    return err != NULL ? hr_err_at(err, z->taken, -1, -1) : HR_ECORRUPT;
}

static hr_status wide(const hr_inflate *z, hr_err *err)
{
    const char *more = z->window_bytes < HR_INFLATE_WINDOW_MAX ? ": raise engine.memory" : "";
    (void)HR_FAIL(err, HR_ELIMIT, "%s is over %zu bytes, at offset %lld%s",
                  z->xz != NULL ? "xz: a block's dictionary" : "zstd: a frame's window",
                  z->window_bytes, (long long)z->taken, more);
    return err != NULL ? hr_err_at(err, z->taken, -1, -1) : HR_ELIMIT;
}

/* Zeros after the last member are what tape blocks leave; anything else is no member of ours. */
static hr_status pad(hr_inflate *z, const uint8_t **src, size_t *src_bytes, hr_err *err)
{
    z->in_padding = true;
    while (*src_bytes > 0) {
        if (**src != 0 && z->xz != NULL && z->n_padding % 4 == 0) {
            z->in_padding = false; /* of a stream, by its format: another may follow */
            z->n_padding = 0;
            return HR_OK;
        }
        if (**src != 0) return bad(z, err, "bytes after its end");
        z->n_padding++;
        ++*src;
        --*src_bytes;
        z->taken++;
    }
    return HR_AGAIN;
}

/* As much as there are bytes and room for; what isal_inflate says. */
static int inflate_some(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                        size_t *dst_bytes)
{
    struct inflate_state *s = z->gzip;
    s->next_in = (uint8_t *)(uintptr_t)*src;
    s->avail_in = *src_bytes < UINT32_MAX ? (uint32_t)*src_bytes : UINT32_MAX;
    s->next_out = *dst;
    s->avail_out = *dst_bytes < UINT32_MAX ? (uint32_t)*dst_bytes : UINT32_MAX;
    int rc = isal_inflate(s);
    size_t took = (size_t)(s->next_in - *src);
    z->taken += (int64_t)took;
    *src += took;
    *src_bytes -= took;
    *dst_bytes -= (size_t)(s->next_out - *dst);
    *dst = s->next_out;
    return rc;
}

static hr_status step_gzip(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                           size_t *dst_bytes, hr_err *err)
{
    struct inflate_state *s = z->gzip;
    z->in_member = true;
    int rc = inflate_some(z, src, src_bytes, dst, dst_bytes);
    if (rc == ISAL_INCORRECT_CHECKSUM) return bad(z, err, "wrong checksum");
    if (rc != ISAL_DECOMP_OK) return bad(z, err, "bad block");
    if (s->block_state == ISAL_BLOCK_FINISH) {
        z->in_member = false;
        z->any_member = true;
        isal_inflate_reset(s);
        s->crc_flag = ISAL_GZIP;
    }
    return HR_OK;
}

/* ---- zip ---- */

static hr_status walk_zip(hr_inflate *z, const uint8_t **p, size_t *n, hr_err *err)
{
    const char *why = "";
    size_t before = *n;
    hr_status st = hr_unzip_walk(&z->zip, p, n, &why);
    z->taken += (int64_t)(before - *n);
    if (st == HR_ECORRUPT) return bad(z, err, why);
    if (st == HR_EUNSUPPORTED) return HR_FAIL(err, st, "zip archive: %s", why);
    return st;
}

/* Whole bytes behind the deflated ones that the decoder holds already. */
static hr_status return_bits(hr_inflate *z, hr_err *err)
{
    uint8_t held[8];
    struct inflate_state *s = z->gzip;
    size_t n = s->read_in_length > 0 ? (size_t)s->read_in_length / 8 : 0;
    uint64_t bits = s->read_in >> (s->read_in_length > 0 ? s->read_in_length % 8 : 0);
    n = HR_MIN(n, sizeof held);
    for (size_t i = 0; i < n; i++)
        held[i] = (uint8_t)(bits >> (8 * i));
    const uint8_t *p = held;
    z->taken -= (int64_t)n;
    return walk_zip(z, &p, &n, err);
}

static hr_status step_deflated(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                               size_t *dst_bytes, hr_err *err)
{
    const uint8_t *made = *dst;
    int rc = inflate_some(z, src, src_bytes, dst, dst_bytes);
    z->zip.crc = hr_kern_get()->crc.crc32(z->zip.crc, made, (size_t)(*dst - made));
    if (rc != ISAL_DECOMP_OK) return bad(z, err, "bad block");
    if (z->gzip->block_state != ISAL_BLOCK_FINISH) return HR_OK;
    hr_unzip_data_ended(&z->zip);
    hr_status st = return_bits(z, err);
    return st == HR_AGAIN ? HR_OK : st;
}

static void step_stored(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                        size_t *dst_bytes)
{
    size_t n = HR_MIN(*src_bytes, *dst_bytes);
    if (n > z->zip.left) n = (size_t)z->zip.left;
    memcpy(*dst, *src, n);
    z->zip.crc = hr_kern_get()->crc.crc32(z->zip.crc, *dst, n);
    z->zip.left -= n;
    z->taken += (int64_t)n;
    *src += n;
    *src_bytes -= n;
    *dst += n;
    *dst_bytes -= n;
    if (z->zip.left == 0) hr_unzip_data_ended(&z->zip);
}

static hr_status step_zip(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                          size_t *dst_bytes, hr_err *err)
{
    z->in_member = true;
    hr_status st = walk_zip(z, src, src_bytes, err);
    if (st != HR_OK) return st == HR_AGAIN ? HR_OK : st;
    if (z->zip.state == HR_UNZIP_DATA) {
        if (z->zip.is_deflated) return step_deflated(z, src, src_bytes, dst, dst_bytes, err);
        step_stored(z, src, src_bytes, dst, dst_bytes);
        return HR_OK;
    }
    z->in_member = false; /* the directory says again what was read */
    z->any_member = z->in_padding = true;
    z->taken += (int64_t)*src_bytes;
    *src += *src_bytes;
    *src_bytes = 0;
    return HR_AGAIN;
}

static hr_status step_zstd(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                           size_t *dst_bytes, hr_err *err)
{
    ZSTD_inBuffer in = {.src = *src, .size = *src_bytes};
    ZSTD_outBuffer out = {.dst = *dst, .size = *dst_bytes};
    z->in_member = true;
    size_t rc = ZSTD_decompressStream(z->zstd, &out, &in);
    z->taken += (int64_t)in.pos;
    *src += in.pos;
    *src_bytes -= in.pos;
    *dst += out.pos;
    *dst_bytes -= out.pos;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge) return wide(z, err);
    if (ZSTD_isError(rc)) return bad(z, err, ZSTD_getErrorName(rc));
    if (rc == 0) {
        z->in_member = false;
        z->any_member = true;
    }
    return HR_OK;
}

static hr_status step_xz(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                         size_t *dst_bytes, hr_err *err)
{
    const char *why = "";
    const size_t before = *src_bytes;
    z->in_member = true;
    hr_status st = hr_unxz_step(z->xz, src, src_bytes, dst, dst_bytes, &why);
    z->taken += (int64_t)(before - *src_bytes);
    if (st == HR_ELIMIT) return wide(z, err);
    if (st == HR_EUNSUPPORTED) return HR_FAIL(err, st, "xz: %s", why);
    if (st < 0) return bad(z, err, why);
    if (st == HR_END) {
        z->in_member = false;
        z->any_member = true;
    }
    return HR_OK;
}

hr_status hr_inflate_step(hr_inflate *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                          size_t *dst_bytes, hr_err *err)
{
    if (*dst_bytes == 0) return HR_FULL;
    if (z->container == HR_CONTAINER_PLAIN) {
        size_t n = HR_MIN(*src_bytes, *dst_bytes);
        memcpy(*dst, *src, n);
        *src += n;
        *src_bytes -= n;
        *dst += n;
        *dst_bytes -= n;
        z->taken += (int64_t)n;
        return n > 0 ? HR_OK : HR_AGAIN;
    }
    /* A decoder may still hold output although its input is used up: only a member's end is sure.
     */
    if (*src_bytes == 0 && !z->in_member) return HR_AGAIN;
    if (z->container != HR_CONTAINER_ZIP && !z->in_member && z->any_member &&
        (z->in_padding || **src == 0))
        return pad(z, src, src_bytes, err);
    size_t before = *src_bytes + *dst_bytes;
    hr_status st =
        z->container == HR_CONTAINER_GZIP  ? step_gzip(z, src, src_bytes, dst, dst_bytes, err)
        : z->container == HR_CONTAINER_XZ  ? step_xz(z, src, src_bytes, dst, dst_bytes, err)
        : z->container == HR_CONTAINER_ZIP ? step_zip(z, src, src_bytes, dst, dst_bytes, err)
                                           : step_zstd(z, src, src_bytes, dst, dst_bytes, err);
    if (st != HR_OK) return st;
    if (*src_bytes + *dst_bytes < before || !z->in_member) return HR_OK;
    return *dst_bytes == 0 ? HR_FULL : HR_AGAIN;
}

hr_status hr_inflate_finish(const hr_inflate *z, hr_err *err)
{
    if (z->container == HR_CONTAINER_PLAIN) return HR_OK;
    if (z->in_member || !z->any_member) return bad(z, err, "cut short");
    return HR_OK;
}

void hr_inflate_destroy(hr_inflate **z)
{
    *z = NULL; /* all of it is arena memory */
}
