/* SPDX-License-Identifier: Apache-2.0 */
/* Whole blocks (Parquet pages). Every library works in memory of the context's arena. */
#define ZSTD_STATIC_LINKING_ONLY
#include "fmt/codec.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>
#include <zstd.h>

#include "fmt/codec_block.h"

struct hr_codec_ctx {
    ZSTD_CCtx *zstd_in;
    ZSTD_DCtx *zstd_out;
    struct libdeflate_compressor *gzip_in;
    struct inflate_state *gzip_out;
    void *lz4_in;
    uint16_t *snappy_in;
    hr_brotli *brotli_out;
    int level;
};

static bool wants(uint32_t set, hr_pq_codec codec)
{
    return (set & HR_CODEC_BIT(codec)) != 0;
}

static int gzip_level(int level)
{
    return level < 1 ? 1 : HR_MIN(level, 9);
}

/* libdeflate 1.14 takes 202,759 bytes at level 1 and 668,295 at 2 to 9. */
static size_t gzip_bytes(int level)
{
    return gzip_level(level) == 1 ? (size_t)256 << 10 : (size_t)768 << 10;
}

size_t hr_codec_ctx_bytes(const hr_codec_options *opt)
{
    size_t n = sizeof(hr_codec_ctx) + 1024;
    if (wants(opt->decode, HR_PQ_ZSTD)) n += ZSTD_estimateDCtxSize();
    if (wants(opt->decode, HR_PQ_GZIP)) n += sizeof(struct inflate_state);
    if (wants(opt->decode, HR_PQ_BROTLI)) n += hr_brotli_bytes(opt->decode_bytes);
    if (wants(opt->encode, HR_PQ_ZSTD)) n += ZSTD_estimateCCtxSize(opt->level);
    if (wants(opt->encode, HR_PQ_GZIP)) n += gzip_bytes(opt->level);
    if (wants(opt->encode, HR_PQ_LZ4_RAW)) n += (size_t)LZ4_sizeofState();
    if (wants(opt->encode, HR_PQ_SNAPPY)) n += HR_SNAPPY_SLOTS * sizeof(uint16_t);
    return n;
}

/* libdeflate's allocator is one for the process and takes no argument: the thread that creates a
 * context says where its compressor goes, every other caller gets the heap. */
static _Thread_local hr_arena *deflate_arena;

static void *deflate_alloc(size_t n_bytes)
{
    return deflate_arena != NULL ? hr_arena_alloc(deflate_arena, n_bytes, 64)
                                 : hr_heap_alloc(n_bytes);
}

static struct libdeflate_compressor *deflate_create(hr_arena *arena, int level)
{
    libdeflate_set_memory_allocator(deflate_alloc, hr_heap_free);
    deflate_arena = arena;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(gzip_level(level));
    deflate_arena = NULL;
    return c;
}

static bool create_decoders(hr_codec_ctx *x, hr_arena *arena, const hr_codec_options *opt)
{
    if (wants(opt->decode, HR_PQ_ZSTD)) {
        size_t n = ZSTD_estimateDCtxSize();
        void *mem = hr_arena_alloc(arena, n, 64);
        x->zstd_out = mem != NULL ? ZSTD_initStaticDCtx(mem, n) : NULL;
        if (x->zstd_out == NULL) return false;
    }
    if (wants(opt->decode, HR_PQ_GZIP)) {
        x->gzip_out = hr_arena_alloc(arena, sizeof *x->gzip_out, 64);
        if (x->gzip_out == NULL) return false;
    }
    if (wants(opt->decode, HR_PQ_BROTLI)) {
        x->brotli_out = hr_brotli_create(arena, opt->decode_bytes);
        if (x->brotli_out == NULL) return false;
    }
    return true;
}

static bool create_encoders(hr_codec_ctx *x, hr_arena *arena, const hr_codec_options *opt)
{
    if (wants(opt->encode, HR_PQ_ZSTD)) {
        size_t n = ZSTD_estimateCCtxSize(opt->level);
        void *mem = hr_arena_alloc(arena, n, 64);
        x->zstd_in = mem != NULL ? ZSTD_initStaticCCtx(mem, n) : NULL;
        if (x->zstd_in == NULL) return false;
    }
    if (wants(opt->encode, HR_PQ_GZIP)) {
        x->gzip_in = deflate_create(arena, opt->level);
        if (x->gzip_in == NULL) return false;
    }
    if (wants(opt->encode, HR_PQ_LZ4_RAW)) {
        x->lz4_in = hr_arena_alloc(arena, (size_t)LZ4_sizeofState(), 64);
        if (x->lz4_in == NULL) return false;
    }
    if (wants(opt->encode, HR_PQ_SNAPPY)) {
        x->snappy_in = hr_arena_alloc(arena, HR_SNAPPY_SLOTS * sizeof *x->snappy_in, 64);
        if (x->snappy_in == NULL) return false;
    }
    return true;
}

hr_status hr_codec_ctx_create(hr_codec_ctx **out, hr_arena *arena, const hr_codec_options *opt,
                              hr_err *err)
{
    *out = NULL;
    hr_codec_ctx *x = hr_arena_alloc(arena, sizeof *x, 64);
    if (x == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a codec context");
    *x = (hr_codec_ctx){.level = opt->level};
    if (!create_decoders(x, arena, opt) || !create_encoders(x, arena, opt))
        return HR_FAIL(err, HR_EBUDGET, "no memory for compression: raise engine.memory");
    *out = x;
    return HR_OK;
}

static hr_status bad(hr_err *err, const char *codec)
{
    return HR_FAIL(err, HR_ECORRUPT, "%s block is damaged or of another size than announced",
                   codec);
}

static hr_status unprepared(hr_err *err, hr_pq_codec codec)
{
    return HR_FAIL(err, HR_EUNSUPPORTED, "codec %d was not asked for when the context was made",
                   (int)codec);
}

/* One member after the other, straight into dst: an empty one may come when dst is full. */
static hr_status decode_gzip(struct inflate_state *s, void *dst, size_t dst_bytes, const void *src,
                             size_t src_bytes, hr_err *err)
{
    isal_inflate_init(s);
    s->next_in = (uint8_t *)(uintptr_t)src;
    s->avail_in = (uint32_t)src_bytes;
    s->next_out = dst;
    s->avail_out = (uint32_t)dst_bytes;
    do {
        isal_inflate_reset(s);
        s->crc_flag = ISAL_GZIP;
        if (isal_inflate_stateless(s) != ISAL_DECOMP_OK) return bad(err, "gzip");
    } while (s->avail_in > 0);
    return s->avail_out == 0 ? HR_OK : bad(err, "gzip");
}

static hr_status decode_snappy(void *dst, size_t dst_bytes, const void *src, size_t src_bytes,
                               hr_err *err)
{
    size_t n;
    if (src_bytes == 0 && dst_bytes == 0) return HR_OK;
    if (snappy_uncompressed_length(src, src_bytes, &n) != SNAPPY_OK || n != dst_bytes)
        return bad(err, "snappy");
    return snappy_uncompress(src, src_bytes, dst, &n) == SNAPPY_OK && n == dst_bytes
               ? HR_OK
               : bad(err, "snappy");
}

hr_status hr_codec_decode(hr_codec_ctx *x, hr_pq_codec codec, void *dst, size_t dst_bytes,
                          const void *src, size_t src_bytes, hr_err *err)
{
    size_t n;
    if (dst_bytes > INT32_MAX || src_bytes > INT32_MAX)
        return HR_FAIL(err, HR_ELIMIT, "compressed block over 2 GiB");
    switch (codec) {
    case HR_PQ_UNCOMPRESSED:
        if (src_bytes != dst_bytes) return bad(err, "plain");
        if (dst_bytes > 0) memcpy(dst, src, dst_bytes);
        return HR_OK;
    case HR_PQ_ZSTD:
        if (x->zstd_out == NULL) return unprepared(err, codec);
        n = ZSTD_decompressDCtx(x->zstd_out, dst, dst_bytes, src, src_bytes);
        return !ZSTD_isError(n) && n == dst_bytes ? HR_OK : bad(err, "zstd");
    case HR_PQ_SNAPPY:
        return decode_snappy(dst, dst_bytes, src, src_bytes, err);
    case HR_PQ_GZIP:
        if (x->gzip_out == NULL) return unprepared(err, codec);
        return decode_gzip(x->gzip_out, dst, dst_bytes, src, src_bytes, err);
    case HR_PQ_LZ4_RAW:
        return LZ4_decompress_safe(src, dst, (int)src_bytes, (int)dst_bytes) == (int)dst_bytes
                   ? HR_OK
                   : bad(err, "lz4");
    case HR_PQ_LZ4_HADOOP:
        return hr_lz4_decode_any(dst, dst_bytes, src, src_bytes) ? HR_OK : bad(err, "lz4");
    case HR_PQ_BROTLI:
        if (x->brotli_out == NULL) return unprepared(err, codec);
        return hr_brotli_decode(x->brotli_out, dst, dst_bytes, src, src_bytes) ? HR_OK
                                                                               : bad(err, "brotli");
    case HR_PQ_LZO:
        break;
    }
    return HR_FAIL(err, HR_EUNSUPPORTED, "codec %d is not supported", (int)codec);
}

size_t hr_codec_bound(hr_pq_codec codec, size_t src_bytes)
{
    switch (codec) {
    case HR_PQ_ZSTD:
        return ZSTD_compressBound(src_bytes);
    case HR_PQ_SNAPPY:
        return hr_snappy_bound(src_bytes);
    case HR_PQ_LZ4_RAW: /* LZ4_COMPRESSBOUND without its int */
        return src_bytes + src_bytes / 255 + 16;
    case HR_PQ_GZIP:
        return libdeflate_gzip_compress_bound(NULL, src_bytes);
    case HR_PQ_UNCOMPRESSED:
    case HR_PQ_LZO:
    case HR_PQ_BROTLI:
    case HR_PQ_LZ4_HADOOP:
        break;
    }
    return src_bytes;
}

static hr_status no_room(hr_err *err)
{
    return HR_FAIL(err, HR_EINTERNAL, "no room for the compressed block");
}

static hr_status encode_zstd(hr_codec_ctx *x, void *dst, size_t *dst_bytes, const void *src,
                             size_t src_bytes, hr_err *err)
{
    size_t n = ZSTD_compressCCtx(x->zstd_in, dst, *dst_bytes, src, src_bytes, x->level);
    if (ZSTD_isError(n)) return HR_FAIL(err, HR_EINTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    *dst_bytes = n;
    return HR_OK;
}

hr_status hr_codec_encode(hr_codec_ctx *x, hr_pq_codec codec, void *dst, size_t *dst_bytes,
                          const void *src, size_t src_bytes, hr_err *err)
{
    size_t n = *dst_bytes;
    if (src_bytes > LZ4_MAX_INPUT_SIZE) /* 2,113,929,216: under every codec's limit */
        return HR_FAIL(err, HR_ELIMIT, "a block of %zu bytes is too large to compress", src_bytes);
    switch (codec) {
    case HR_PQ_UNCOMPRESSED:
        if (n < src_bytes) return no_room(err);
        if (src_bytes > 0) memcpy(dst, src, src_bytes);
        n = src_bytes;
        break;
    case HR_PQ_ZSTD:
        if (x->zstd_in == NULL) return unprepared(err, codec);
        return encode_zstd(x, dst, dst_bytes, src, src_bytes, err);
    case HR_PQ_SNAPPY:
        if (x->snappy_in == NULL) return unprepared(err, codec);
        n = hr_snappy_encode(dst, n, src, src_bytes, x->snappy_in);
        break;
    case HR_PQ_LZ4_RAW:
        if (x->lz4_in == NULL) return unprepared(err, codec);
        n = (size_t)LZ4_compress_fast_extState(x->lz4_in, src, dst, (int)src_bytes,
                                               (int)HR_MIN(n, (size_t)INT32_MAX), 1);
        break;
    case HR_PQ_GZIP:
        if (x->gzip_in == NULL) return unprepared(err, codec);
        n = libdeflate_gzip_compress(x->gzip_in, src, src_bytes, dst, n);
        break;
    case HR_PQ_LZO:
    case HR_PQ_BROTLI:
    case HR_PQ_LZ4_HADOOP:
        return HR_FAIL(err, HR_EUNSUPPORTED, "codec %d is not written", (int)codec);
    }
    if (n == 0 && codec != HR_PQ_UNCOMPRESSED) return no_room(err);
    *dst_bytes = n;
    return HR_OK;
}
