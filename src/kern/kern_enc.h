/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_ENC_H
#define HR_KERN_KERN_ENC_H
/* The inner loops of Parquet's encodings. Contract of the family: any alignment where the type is
 * void or uint8_t, natural alignment elsewhere; input and output do not overlap; exactly the bytes
 * named are read and written. Arithmetic on values wraps. */
#include <stddef.h>
#include <stdint.h>

/** BYTE_STREAM_SPLIT of n 8-byte values: byte k of value i goes to out[k * n + i]. */
typedef void (*hr_kern_split8_fn)(uint8_t *restrict out, const void *restrict v, size_t n);
/** Back again: n values from the 8 streams at in. */
typedef void (*hr_kern_join8_fn)(void *restrict v, const uint8_t *restrict in, size_t n);

/** delta[i] = v[i + 1] - v[i] for i < n (n + 1 values are read); returns the least, signed, of
 * them; INT64_MAX when n is 0. */
typedef int64_t (*hr_kern_delta_fn)(uint64_t *restrict delta, const int64_t *restrict v, size_t n);
/** v[i] -= base; returns the OR of the results (its highest bit gives the width to pack to). */
typedef uint64_t (*hr_kern_rebase_fn)(uint64_t *v, size_t n, uint64_t base);
/** Running sum: v[i] = last + (delta[0] + base) + ... + (delta[i] + base). Returns the last sum. */
typedef int64_t (*hr_kern_undelta_fn)(int64_t *restrict v, const uint64_t *restrict delta, size_t n,
                                      uint64_t base, int64_t last);

/** Packs n values to width bits each, lowest bits first; n: a multiple of 32; width: 0..64; higher
 *  bits of the values must be 0. Writes n / 8 * width bytes. */
typedef void (*hr_kern_pack_fn)(uint8_t *restrict out, const uint64_t *restrict v, size_t n,
                                unsigned width);
typedef void (*hr_kern_unpack_fn)(uint64_t *restrict v, const uint8_t *restrict in, size_t n,
                                  unsigned width);

/** Likewise into 32 bits a value; width: 0..32. */
typedef void (*hr_kern_unpack32_fn)(uint32_t *restrict v, const uint8_t *restrict in, size_t n,
                                    unsigned width);

/** Packs n values to width bits each, likewise; n: a multiple of 8; width: 0..16. Writes n / 8 *
 *  width bytes. */
typedef void (*hr_kern_pack16_fn)(uint8_t *restrict out, const uint16_t *restrict v, size_t n,
                                  unsigned width);

typedef struct hr_kern_enc {
    hr_kern_split8_fn split8;
    hr_kern_join8_fn join8;
    hr_kern_delta_fn delta;
    hr_kern_rebase_fn rebase;
    hr_kern_undelta_fn undelta;
    hr_kern_pack_fn pack;
    hr_kern_unpack_fn unpack;
    hr_kern_unpack32_fn unpack32;
    hr_kern_pack16_fn pack16;
} hr_kern_enc;

void hr_kern_split8_c(uint8_t *restrict out, const void *restrict v, size_t n);
void hr_kern_join8_c(void *restrict v, const uint8_t *restrict in, size_t n);
int64_t hr_kern_delta_c(uint64_t *restrict delta, const int64_t *restrict v, size_t n);
uint64_t hr_kern_rebase_c(uint64_t *v, size_t n, uint64_t base);
int64_t hr_kern_undelta_c(int64_t *restrict v, const uint64_t *restrict delta, size_t n,
                          uint64_t base, int64_t last);
void hr_kern_pack_c(uint8_t *restrict out, const uint64_t *restrict v, size_t n, unsigned width);
void hr_kern_unpack_c(uint64_t *restrict v, const uint8_t *restrict in, size_t n, unsigned width);
void hr_kern_unpack32_c(uint32_t *restrict v, const uint8_t *restrict in, size_t n, unsigned width);
void hr_kern_pack16_c(uint8_t *restrict out, const uint16_t *restrict v, size_t n, unsigned width);
#define HR_KERN_ENC_SCALAR                                                                         \
    {                                                                                              \
        .split8 = hr_kern_split8_c, .join8 = hr_kern_join8_c, .delta = hr_kern_delta_c,            \
        .rebase = hr_kern_rebase_c, .undelta = hr_kern_undelta_c, .pack = hr_kern_pack_c,          \
        .unpack = hr_kern_unpack_c, .unpack32 = hr_kern_unpack32_c, .pack16 = hr_kern_pack16_c     \
    }

void hr_kern_enc_init(hr_kern_enc *k, unsigned cpu_flags);
void hr_kern_enc_avx2(hr_kern_enc *k);
void hr_kern_enc_avx512(hr_kern_enc *k);
void hr_kern_enc_simde(hr_kern_enc *k); /* tests: the AVX-512 source, emulated */

/* For the tiers' tails: values i to n - 1 of n. */
void hr_kern_split8_tail(uint8_t *restrict out, const void *restrict v, size_t i, size_t n);
void hr_kern_join8_tail(void *restrict v, const uint8_t *restrict in, size_t i, size_t n);

#endif
