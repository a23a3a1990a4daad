/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_CODEC_BLOCK_H
#define HR_FMT_CODEC_BLOCK_H
/* The codecs of whole blocks that need more than a call of their library. Private to fmt. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/mem.h"

/** What files hold under Parquet's LZ4: Hadoop's framing, LZ4 frames, or a bare block. */
bool hr_lz4_decode_any(void *dst, size_t dst_bytes, const void *src, size_t src_bytes);
/** LZ4 frames alone. */
bool hr_lz4_decode_frames(void *dst, size_t dst_bytes, const void *src, size_t src_bytes);

/** A zstd frame that holds n bytes (under 2 GiB) as they are; returns its length, which is
 * hr_zstd_stored_bytes(n). dst has room for it. */
size_t hr_zstd_stored_bytes(size_t n);
size_t hr_zstd_store(uint8_t *dst, const void *src, size_t n);
/** Where in such a frame of one block the n bytes begin; 0: it is another frame, or none. */
size_t hr_zstd_stored(const uint8_t *src, size_t src_bytes, size_t n);

/** Snappy's own encoder takes its table from the heap at each call; this one is given it.
 *  table: HR_SNAPPY_SLOTS entries. Returns the bytes written, 0 when cap is under the bound. */
#define HR_SNAPPY_SLOTS 8192u
size_t hr_snappy_bound(size_t src_bytes);
size_t hr_snappy_encode(uint8_t *dst, size_t cap, const uint8_t *src, size_t src_bytes,
                        uint16_t *table);

/* Brotli's decoder allocates as it goes: it gets a heap of its own, of fixed size. */
typedef struct hr_brotli hr_brotli;
size_t hr_brotli_bytes(size_t dst_bytes_max);
hr_brotli *hr_brotli_create(hr_arena *arena, size_t dst_bytes_max);
bool hr_brotli_decode(hr_brotli *b, void *dst, size_t dst_bytes, const void *src, size_t src_bytes);

#endif
