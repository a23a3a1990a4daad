/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_encode.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "kern/kern.h"

#define MINI 32u
#define BLOCK 128u
#define N_MINIS (BLOCK / MINI)
#define GROUP 8u /* values of a bit-packed group */

static size_t put_varint(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

static size_t put_zigzag(uint8_t *out, int64_t v)
{
    return put_varint(out, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

/* ---- hybrid ---- */

size_t hr_pq_put_run(uint8_t *out, uint32_t v, size_t n, unsigned width)
{
    size_t at = put_varint(out, (uint64_t)n << 1);
    for (unsigned w = 0; w < width; w += 8)
        out[at++] = (uint8_t)(v >> w);
    return at;
}

/* n values in whole groups; what lies past n is zero. */
static size_t put_packed(uint8_t *out, const uint16_t *v, size_t n, unsigned width)
{
    const hr_kern_enc *k = &hr_kern_get()->enc;
    size_t n_whole = n & ~(size_t)(GROUP - 1);
    if (n == 0) return 0;
    size_t at = put_varint(out, (uint64_t)((n + GROUP - 1) / GROUP) << 1 | 1);
    k->pack16(out + at, v, n_whole, width);
    at += n_whole / GROUP * width;
    if (n_whole == n) return at;
    uint16_t last[GROUP] = {0};
    memcpy(last, v + n_whole, (n - n_whole) * sizeof *v);
    k->pack16(out + at, last, GROUP, width);
    return at + width;
}

/* Values from v[0] on that are equal, up to n. */
static size_t run_length(const uint16_t *v, size_t n)
{
    const uint64_t four = v[0] * UINT64_C(0x0001000100010001);
    size_t k = 0;
    for (; n - k >= 4; k += 4) {
        uint64_t x;
        memcpy(&x, v + k, 8);
        if (x != four) return k + ((size_t)__builtin_ctzll(x ^ four) >> 4);
    }
    while (k < n && v[k] == v[0])
        k++;
    return k;
}

/* Values of four, 16 bits each, that are not zero. */
static size_t count_set(uint64_t x)
{
    const uint64_t low = UINT64_C(0x7fff7fff7fff7fff);
    return (size_t)__builtin_popcountll((((x & low) + low) | x) & ~low);
}

static uint64_t four_at(const uint16_t *v)
{
    uint64_t x;
    memcpy(&x, v, sizeof x);
    return x;
}

/* Runs that the next GROUP values are of, n at most. */
static size_t runs_ahead(const uint16_t *v, size_t n)
{
    size_t runs = 1;
    if (n < GROUP) {
        for (size_t i = 1; i < n; i++)
            runs += v[i] != v[i - 1];
        return runs;
    }
    runs += count_set(four_at(v) ^ four_at(v + 1));
    /* 3 beside 4 was there before */
    return runs + count_set((four_at(v + 3) ^ four_at(v + 4)) & ~UINT64_C(0xffff));
}

/* Is a run of k values, the first of those ahead, better written as a run? It takes two or three
 * bytes where a packed group takes width; where packed groups are being written, one more for the
 * header of those after it, and the reader's time to change over. */
static bool is_run(const uint16_t *v, size_t k, size_t n, unsigned width, bool is_packing)
{
    const size_t run_bytes = 1 + (width + 7) / 8;
    const size_t min = width >= 6 ? 8 : width >= 3 ? 16 : 32;
    if (k >= min || k == n) return true;
    if (is_packing) return width >= 9 && runs_ahead(v, n) <= 2;
    return runs_ahead(v, n) * run_bytes <= width;
}

/* Packed groups until a run that pays begins on a group's edge. */
size_t hr_pq_put_hybrid(uint8_t *out, const uint16_t *v, size_t n, unsigned width)
{
    size_t at = 0;
    size_t done = 0;
    size_t i = 0;
    while (i < n) {
        size_t k = run_length(v + i, n - i);
        if (is_run(v + i, k, n - i, width, i > done)) {
            at += put_packed(out + at, v + done, i - done, width);
            at += hr_pq_put_run(out + at, v[i], k, width);
            done = i += k;
        } else {
            i += HR_MIN((size_t)GROUP, n - i);
        }
    }
    return at + put_packed(out + at, v + done, n - done, width);
}

/* ---- delta ---- */

typedef struct delta_block {
    uint64_t delta[BLOCK];
    int64_t min;
    uint8_t width[N_MINIS];
} delta_block;

/* n deltas, of n + 1 values; what lies past n is zero. */
HR_INLINE void make_block(const hr_kern_enc *k, delta_block *b, const int64_t *v, size_t n)
{
    b->min = k->delta(b->delta, v, n);
    for (size_t m = 0; m < N_MINIS; m++) {
        size_t at = m * MINI;
        size_t here = n <= at ? 0 : HR_MIN(n - at, (size_t)MINI);
        uint64_t all = here > 0 ? k->rebase(b->delta + at, here, (uint64_t)b->min) : 0;
        b->width[m] = (uint8_t)hr_bit_width(all);
    }
    if (n < BLOCK) memset(b->delta + n, 0, (BLOCK - n) * sizeof *b->delta);
}

static size_t put_block(const hr_kern_enc *k, uint8_t *out, const delta_block *b, size_t n)
{
    size_t at = put_zigzag(out, b->min);
    memcpy(out + at, b->width, sizeof b->width);
    at += sizeof b->width;
    for (size_t m = 0; m * MINI < n; m++) {
        k->pack(out + at, b->delta + m * MINI, MINI, b->width[m]);
        at += MINI / 8 * b->width[m];
    }
    return at;
}

size_t hr_pq_put_delta(uint8_t *out, const int64_t *v, size_t n)
{
    const hr_kern_enc *k = &hr_kern_get()->enc;
    delta_block b;
    size_t at = put_varint(out, BLOCK);
    at += put_varint(out + at, N_MINIS);
    at += put_varint(out + at, n);
    at += put_zigzag(out + at, n > 0 ? v[0] : 0);
    for (size_t i = 0; i + 1 < n; i += BLOCK) {
        size_t here = HR_MIN((size_t)BLOCK, n - 1 - i);
        make_block(k, &b, v + i, here);
        at += put_block(k, out + at, &b, here);
    }
    return at;
}

uint64_t hr_pq_delta_bits(const int64_t *v, size_t n)
{
    const hr_kern_enc *k = &hr_kern_get()->enc;
    delta_block b;
    uint64_t bits = 128;
    for (size_t i = 0; i + 1 < n; i += BLOCK) {
        size_t here = HR_MIN((size_t)BLOCK, n - 1 - i);
        make_block(k, &b, v + i, here);
        bits += 8 * (N_MINIS + 2);
        for (size_t m = 0; m * MINI < here; m++)
            bits += (uint64_t)MINI * b.width[m];
    }
    return bits;
}

size_t hr_pq_put_split(uint8_t *out, const void *v, size_t n)
{
    hr_kern_get()->enc.split8(out, v, n);
    return 8 * n;
}

uint32_t hr_pq_crc(uint32_t crc, const void *p, size_t n)
{
    return hr_kern_get()->crc.crc32(crc, p, n);
}
