/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet's codec LZ4 was never defined: writers used three framings. Sources: Parquet's
 * Compression.md, LZ4; lz4's doc/lz4_Frame_format.md and doc/lz4_Block_format.md. */
#include <lz4.h>
#include <string.h>

#include "fmt/codec_block.h"

#define FRAME_MAGIC UINT32_C(0x184d2204)
#define FRAME_STORED UINT32_C(0x80000000) /* of a block's size: not compressed */

typedef struct lz4_io {
    const uint8_t *in, *in_end;
    char *out, *out_begin, *out_end;
} lz4_io;

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static size_t in_left(const lz4_io *z)
{
    return (size_t)(z->in_end - z->in);
}

/* Runs of (u32 raw size, then inner runs of u32 packed size and block until raw size is reached),
 * big-endian. */
static bool decode_hadoop(lz4_io z)
{
    while (in_left(&z) >= 8) {
        size_t raw = be32(z.in);
        z.in += 4;
        if (raw > (size_t)(z.out_end - z.out)) return false;
        char *run_end = z.out + raw;
        while (z.out < run_end) {
            if (in_left(&z) < 4) return false;
            size_t packed = be32(z.in);
            z.in += 4;
            if (packed > in_left(&z)) return false;
            int n =
                LZ4_decompress_safe((const char *)z.in, z.out, (int)packed, (int)(run_end - z.out));
            if (n <= 0) return false;
            z.in += packed;
            z.out += n;
        }
    }
    return in_left(&z) == 0 && z.out == z.out_end;
}

/* One block of a frame. A block may refer to 64 KiB of those before it. */
static bool frame_block(lz4_io *z, uint32_t head)
{
    size_t n = head & ~FRAME_STORED;
    size_t room = (size_t)(z->out_end - z->out);
    if (n > in_left(z)) return false;
    if (head & FRAME_STORED) {
        if (n > room) return false;
        memcpy(z->out, z->in, n);
        z->out += n;
    } else {
        size_t before = (size_t)(z->out - z->out_begin);
        int got = LZ4_decompress_safe_usingDict((const char *)z->in, z->out, (int)n, (int)room,
                                                z->out_begin, (int)before);
        if (got < 0) return false;
        z->out += got;
    }
    z->in += n;
    return true;
}

/* Magic, FLG (bits 7-6 version 01, 4 block checksums, 3 content size, 2 content checksum,
 * 0 dictionary id), BD, [content size 8], [dictionary id 4], header checksum; blocks of u32 size
 * and bytes [and checksum]; u32 0; [content checksum]. */
static bool decode_frame(lz4_io *z)
{
    if (in_left(z) < 7) return false;
    uint8_t flags = z->in[4];
    size_t head = 7 + (flags & 0x08 ? 8u : 0u) + (flags & 0x01 ? 4u : 0u);
    size_t after_block = flags & 0x10 ? 4 : 0;
    if (flags >> 6 != 1 || in_left(z) < head) return false;
    z->in += head;
    z->out_begin = z->out;
    for (;;) {
        if (in_left(z) < 4) return false;
        uint32_t block = le32(z->in);
        z->in += 4;
        if (block == 0) break;
        if (!frame_block(z, block) || in_left(z) < after_block) return false;
        z->in += after_block;
    }
    if (!(flags & 0x04)) return true;
    if (in_left(z) < 4) return false;
    z->in += 4;
    return true;
}

static bool frames(lz4_io z)
{
    while (in_left(&z) >= 4 && le32(z.in) == FRAME_MAGIC)
        if (!decode_frame(&z)) return false;
    return in_left(&z) == 0 && z.out == z.out_end;
}

static lz4_io io_of(void *dst, size_t dst_bytes, const void *src, size_t src_bytes)
{
    const uint8_t *in = src;
    char *out = dst;
    return (lz4_io){.in = in, .in_end = in + src_bytes, .out = out, .out_end = out + dst_bytes};
}

bool hr_lz4_decode_frames(void *dst, size_t dst_bytes, const void *src, size_t src_bytes)
{
    return frames(io_of(dst, dst_bytes, src, src_bytes));
}

bool hr_lz4_decode_any(void *dst, size_t dst_bytes, const void *src, size_t src_bytes)
{
    lz4_io z = io_of(dst, dst_bytes, src, src_bytes);
    if (decode_hadoop(z) || frames(z)) return true;
    return LZ4_decompress_safe(src, dst, (int)src_bytes, (int)dst_bytes) == (int)dst_bytes;
}
