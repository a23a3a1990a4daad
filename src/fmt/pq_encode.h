/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_ENCODE_H
#define HR_FMT_PQ_ENCODE_H
/* Value encodings of Parquet pages. Source: apache/parquet-format, Encodings.md. Private to fmt.
 * Every function appends to out and returns the bytes written; out must have the stated room. The
 * inner loops are kernels of hr_kern_get(); all tiers give the same bytes. */
#include <stddef.h>
#include <stdint.h>

/** RLE / bit-packed hybrid of n values below 2^width, width 0 to 16. Room: 64 + n * 3. */
size_t hr_pq_put_hybrid(uint8_t *out, const uint16_t *v, size_t n, unsigned width);
/** The same for n times v. Room: 16. */
size_t hr_pq_put_run(uint8_t *out, uint32_t v, size_t n, unsigned width);
/** DELTA_BINARY_PACKED, blocks of 128 in 4 miniblocks. Room: 64 + n * 8 + (n / 128 + 1) * 16 +
 * 1,024. */
size_t hr_pq_put_delta(uint8_t *out, const int64_t *v, size_t n);
/** BYTE_STREAM_SPLIT of 8-byte values. Room: 8 n. */
size_t hr_pq_put_split(uint8_t *out, const void *v, size_t n);
/** Bits DELTA_BINARY_PACKED would take, headers included, without writing. */
uint64_t hr_pq_delta_bits(const int64_t *v, size_t n);
/** CRC-32 (IEEE) as page headers carry it. */
uint32_t hr_pq_crc(uint32_t crc, const void *p, size_t n);

static inline unsigned hr_bit_width(uint64_t v)
{
    return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

#endif
