/* SPDX-License-Identifier: Apache-2.0 */
/* Whole blocks (Parquet pages). Every library works in memory of the context's arena. */
#define ZSTD_STATIC_LINKING_ONLY
#include "fmt/codec.h"

#include <brotli/decode.h>
#include <isa-l/igzip_lib.h>
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>
#include <zstd.h>

struct hr_codec_ctx {
    ZSTD_CCtx *zc;
    ZSTD_DCtx *zd;
    struct inflate_state *gzip;
    int level;
};

size_t hr_codec_ctx_bytes(int with_encode, int level)
{
    size_t n = sizeof(hr_codec_ctx) + ZSTD_estimateDCtxSize() + sizeof(struct inflate_state) + 1024;
    return with_encode ? n + ZSTD_estimateCCtxSize(level) : n;
}

hr_status hr_codec_ctx_create(hr_codec_ctx **out, hr_arena *arena, int with_encode, int level,
                              hr_err *err)
{
    *out = NULL;
    hr_codec_ctx *x = hr_arena_alloc(arena, sizeof *x, 64);
    void *d = hr_arena_alloc(arena, ZSTD_estimateDCtxSize(), 64);
    void *g = hr_arena_alloc(arena, sizeof(struct inflate_state), 64);
    size_t c_bytes = with_encode ? ZSTD_estimateCCtxSize(level) : 0;
    void *c = with_encode ? hr_arena_alloc(arena, c_bytes, 64) : NULL;
    if (x == NULL || d == NULL || g == NULL || (with_encode && c == NULL))
        return HR_FAIL(err, HR_EBUDGET, "no memory for a codec context");
    *x = (hr_codec_ctx){.gzip = g, .level = level};
    x->zd = ZSTD_initStaticDCtx(d, ZSTD_estimateDCtxSize());
    x->zc = with_encode ? ZSTD_initStaticCCtx(c, c_bytes) : NULL;
    if (x->zd == NULL || (with_encode && x->zc == NULL))
        return HR_FAIL(err, HR_EINTERNAL, "zstd refused its workspace");
    *out = x;
    return HR_OK;
}

static hr_status bad(hr_err *err, const char *codec)
{
    return HR_FAIL(err, HR_ECORRUPT, "%s block is damaged or of another size than announced",
                   codec);
}

static hr_status decode_gzip(hr_codec_ctx *x, void *dst, size_t dst_bytes, const void *src,
                             size_t src_bytes, hr_err *err)
{
    struct inflate_state *s = x->gzip;
    isal_inflate_init(s);
    s->crc_flag = ISAL_GZIP;
    s->next_in = (uint8_t *)(uintptr_t)src;
    s->avail_in = (uint32_t)src_bytes;
    s->next_out = dst;
    s->avail_out = (uint32_t)dst_bytes;
    while (s->avail_in > 0) {
        int rc = isal_inflate(s);
        if (rc != ISAL_DECOMP_OK) return bad(err, "gzip");
        if (s->block_state == ISAL_BLOCK_FINISH) {
            if (s->avail_in == 0) break;
            uint8_t *in = s->next_in;
            uint32_t n_in = s->avail_in;
            uint8_t *to = s->next_out;
            uint32_t n_to = s->avail_out;
            isal_inflate_reset(s);
            s->crc_flag = ISAL_GZIP;
            s->next_in = in;
            s->avail_in = n_in;
            s->next_out = to;
            s->avail_out = n_to;
        } else if (s->avail_out == 0) {
            break;
        }
    }
    return s->avail_out == 0 && s->block_state == ISAL_BLOCK_FINISH ? HR_OK : bad(err, "gzip");
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Hadoop framing: runs of (u32 raw size, u32 packed size, block). Source: Parquet's Compression.md,
 * LZ4. */
static bool decode_lz4_hadoop(char *dst, size_t dst_bytes, const uint8_t *src, size_t src_bytes)
{
    while (src_bytes >= 8) {
        uint32_t raw = be32(src);
        uint32_t packed = be32(src + 4);
        if (packed > src_bytes - 8 || raw > dst_bytes) return false;
        if (LZ4_decompress_safe((const char *)src + 8, dst, (int)packed, (int)raw) != (int)raw)
            return false;
        src += 8 + packed;
        src_bytes -= 8 + packed;
        dst += raw;
        dst_bytes -= raw;
    }
    return src_bytes == 0 && dst_bytes == 0;
}

static bool decode_lz4(hr_pq_codec codec, void *dst, size_t dst_bytes, const void *src,
                       size_t src_bytes)
{
    if (codec == HR_PQ_LZ4_HADOOP && decode_lz4_hadoop(dst, dst_bytes, src, src_bytes)) return true;
    return LZ4_decompress_safe(src, dst, (int)src_bytes, (int)dst_bytes) == (int)dst_bytes;
}

hr_status hr_codec_decode(hr_codec_ctx *x, hr_pq_codec codec, void *dst, size_t dst_bytes,
                          const void *src, size_t src_bytes, hr_err *err)
{
    size_t n = dst_bytes;
    if (dst_bytes > INT32_MAX || src_bytes > INT32_MAX)
        return HR_FAIL(err, HR_ELIMIT, "compressed block over 2 GiB");
    switch (codec) {
    case HR_PQ_UNCOMPRESSED:
        if (src_bytes != dst_bytes) return bad(err, "plain");
        memcpy(dst, src, dst_bytes);
        return HR_OK;
    case HR_PQ_ZSTD:
        n = ZSTD_decompressDCtx(x->zd, dst, dst_bytes, src, src_bytes);
        return !ZSTD_isError(n) && n == dst_bytes ? HR_OK : bad(err, "zstd");
    case HR_PQ_SNAPPY:
        if (src_bytes == 0 && dst_bytes == 0) return HR_OK;
        if (snappy_uncompressed_length(src, src_bytes, &n) != SNAPPY_OK || n != dst_bytes)
            return bad(err, "snappy");
        return snappy_uncompress(src, src_bytes, dst, &n) == SNAPPY_OK && n == dst_bytes
                   ? HR_OK
                   : bad(err, "snappy");
    case HR_PQ_GZIP:
        return decode_gzip(x, dst, dst_bytes, src, src_bytes, err);
    case HR_PQ_LZ4_RAW:
    case HR_PQ_LZ4_HADOOP:
        return decode_lz4(codec, dst, dst_bytes, src, src_bytes) ? HR_OK : bad(err, "lz4");
    case HR_PQ_BROTLI:
        return BrotliDecoderDecompress(src_bytes, src, &n, dst) == BROTLI_DECODER_RESULT_SUCCESS &&
                       n == dst_bytes
                   ? HR_OK
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
        return snappy_max_compressed_length(src_bytes);
    case HR_PQ_LZ4_RAW:
        return (size_t)LZ4_compressBound((int)src_bytes);
    case HR_PQ_UNCOMPRESSED:
    case HR_PQ_GZIP:
    case HR_PQ_LZO:
    case HR_PQ_BROTLI:
    case HR_PQ_LZ4_HADOOP:
        break;
    }
    return src_bytes;
}

hr_status hr_codec_encode(hr_codec_ctx *x, hr_pq_codec codec, void *dst, size_t *dst_bytes,
                          const void *src, size_t src_bytes, hr_err *err)
{
    size_t n = *dst_bytes;
    switch (codec) {
    case HR_PQ_UNCOMPRESSED:
        if (n < src_bytes) break;
        memcpy(dst, src, src_bytes);
        *dst_bytes = src_bytes;
        return HR_OK;
    case HR_PQ_ZSTD:
        n = ZSTD_compressCCtx(x->zc, dst, n, src, src_bytes, x->level);
        if (ZSTD_isError(n)) return HR_FAIL(err, HR_EINTERNAL, "zstd: %s", ZSTD_getErrorName(n));
        *dst_bytes = n;
        return HR_OK;
    case HR_PQ_SNAPPY:
        if (snappy_compress(src, src_bytes, dst, &n) != SNAPPY_OK) break;
        *dst_bytes = n;
        return HR_OK;
    case HR_PQ_LZ4_RAW: {
        int rc = LZ4_compress_default(src, dst, (int)src_bytes, (int)n);
        if (rc <= 0) break;
        *dst_bytes = (size_t)rc;
        return HR_OK;
    }
    case HR_PQ_GZIP:
    case HR_PQ_LZO:
    case HR_PQ_BROTLI:
    case HR_PQ_LZ4_HADOOP:
        return HR_FAIL(err, HR_EUNSUPPORTED, "codec %d is not written", (int)codec);
    }
    return HR_FAIL(err, HR_EINTERNAL, "no room for the compressed block");
}
