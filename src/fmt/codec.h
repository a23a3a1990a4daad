/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_CODEC_H
#define HR_FMT_CODEC_H
/* Compression behind two shapes: whole blocks (Parquet pages) and streams (input files).
 * Working memory comes from an arena given at creation; nothing allocates afterwards. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "fmt/pq_types.h"
#include "mem/mem.h"

/* ---- blocks ---- */
#define HR_CODEC_BIT(codec) (UINT32_C(1) << (codec))
typedef struct hr_codec_options {
    uint32_t decode;     /* HR_CODEC_BIT of each codec that will be decoded */
    size_t decode_bytes; /* largest block, decompressed, that will be decoded: BROTLI's window */
    uint32_t encode;     /* HR_CODEC_BIT of each codec that will be encoded */
    int level;           /* zstd: 1 to 19; gzip: the same, at most 9 */
} hr_codec_options;
/* Everything but BROTLI. */
#define HR_CODEC_DECODE_COMMON                                                                     \
    (HR_CODEC_BIT(HR_PQ_SNAPPY) | HR_CODEC_BIT(HR_PQ_GZIP) | HR_CODEC_BIT(HR_PQ_LZ4_HADOOP) |      \
     HR_CODEC_BIT(HR_PQ_ZSTD) | HR_CODEC_BIT(HR_PQ_LZ4_RAW))

typedef struct hr_codec_ctx hr_codec_ctx; /* one a thread */
size_t hr_codec_ctx_bytes(const hr_codec_options *opt);
HR_MUST_USE hr_status hr_codec_ctx_create(hr_codec_ctx **out, hr_arena *arena,
                                          const hr_codec_options *opt, hr_err *err);
/** Decompresses exactly dst_bytes; less or more is HR_ECORRUPT. HR_EUNSUPPORTED for LZO and for a
 *  codec the context was not made for. LZ4_HADOOP takes what is found under that name: Hadoop's
 *  framing, LZ4 frames (their checksums are not looked at) and bare blocks. */
HR_MUST_USE hr_status hr_codec_decode(hr_codec_ctx *x, hr_pq_codec codec, void *dst,
                                      size_t dst_bytes, const void *src, size_t src_bytes,
                                      hr_err *err);
size_t hr_codec_bound(hr_pq_codec codec, size_t src_bytes);
/** *dst_bytes: room on entry, size on return. Deterministic, on every processor. SNAPPY, GZIP,
 *  ZSTD, LZ4_RAW and UNCOMPRESSED; the others are HR_EUNSUPPORTED. */
HR_MUST_USE hr_status hr_codec_encode(hr_codec_ctx *x, hr_pq_codec codec, void *dst,
                                      size_t *dst_bytes, const void *src, size_t src_bytes,
                                      hr_err *err);

/* ---- streams ---- */
typedef enum hr_container {
    HR_CONTAINER_PLAIN = 0,
    HR_CONTAINER_GZIP = 1,
    HR_CONTAINER_ZSTD = 2,
    HR_CONTAINER_ZIP = 3, /* of one file; decoding only */
    HR_CONTAINER_XZ = 4,  /* decoding only */
} hr_container;
/** From the first bytes. */
hr_container hr_container_sniff(const void *head, size_t n_bytes);
const char *hr_container_name(hr_container c);

/** Streaming decoder: several gzip members or zstd frames make one stream; zero padding after the
 * last member is accepted, other trailing bytes are HR_ECORRUPT. A zstd frame or an xz block with a
 * window larger than the decoder was made for is HR_ELIMIT. */
typedef struct hr_inflate hr_inflate;
#define HR_INFLATE_HEAD 64u
#define HR_INFLATE_WINDOW_MAX ((size_t)128 << 20)
/** The window to make a decoder of zstd or xz for: what the first frame or block asks for (the
 * first HR_INFLATE_HEAD bytes say), at least 8 MiB, most compressors' largest, and room_bytes where
 * there is room for frames that ask for more; at most HR_INFLATE_WINDOW_MAX. */
size_t hr_inflate_window(const void *head, size_t n_bytes, size_t room_bytes);
/** window_bytes: the largest window of zstd or xz. */
size_t hr_inflate_bytes(hr_container c, size_t window_bytes);
HR_MUST_USE hr_status hr_inflate_create(hr_inflate **out, hr_arena *arena, hr_container c,
                                        size_t window_bytes, hr_err *err);
void hr_inflate_reset(hr_inflate *z);
/** Moves bytes from [*src, *src + *src_bytes) to [*dst, ...), advancing both. HR_OK: made progress;
 * HR_AGAIN: wants more input; HR_FULL: dst is full. HR_ECORRUPT: err->offset is the compressed
 * offset. */
HR_MUST_USE hr_status hr_inflate_step(hr_inflate *z, const uint8_t **src, size_t *src_bytes,
                                      uint8_t **dst, size_t *dst_bytes, hr_err *err);
/** At the end of the compressed bytes: HR_OK if a member ended exactly here, else HR_ECORRUPT "cut
 * short". */
HR_MUST_USE hr_status hr_inflate_finish(const hr_inflate *z, hr_err *err);
void hr_inflate_destroy(hr_inflate **z);

#endif
