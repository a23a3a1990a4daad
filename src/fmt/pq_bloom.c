/* SPDX-License-Identifier: Apache-2.0 */
/* Split block Bloom filters. Source: apache/parquet-format, BloomFilter.md: a header, then blocks
 * of eight 32-bit words; a value sets a bit in each word of one block. */
#include <string.h>

#include "fmt/pq_index.h"

#define HEAD_BYTES 256u /* a header takes some 20 */
#define BLOCK_BYTES 32u

/* ---- xxh64 ---- */

#define P1 UINT64_C(0x9e3779b185ebca87)
#define P2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define P3 UINT64_C(0x165667b19e3779f9)
#define P4 UINT64_C(0x85ebca77c2b2ae63)
#define P5 UINT64_C(0x27d4eb2f165667c5)

HR_INLINE uint64_t rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

HR_INLINE uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

HR_INLINE uint64_t mix(uint64_t acc, uint64_t lane)
{
    return rotl(acc + lane * P2, 31) * P1;
}

/* Whole stripes of 32 bytes; moves *p behind them. */
static uint64_t stripes(const uint8_t **p, size_t n)
{
    uint64_t acc[4] = {P1 + P2, P2, 0, 0 - P1};
    uint64_t h;
    for (; n >= 32; n -= 32, *p += 32)
        for (unsigned i = 0; i < 4; i++)
            acc[i] = mix(acc[i], load64(*p + 8 * i));
    h = rotl(acc[0], 1) + rotl(acc[1], 7) + rotl(acc[2], 12) + rotl(acc[3], 18);
    for (unsigned i = 0; i < 4; i++)
        h = (h ^ mix(0, acc[i])) * P1 + P4;
    return h;
}

uint64_t hr_pq_xxh64(const void *p, size_t n)
{
    const uint8_t *at = p;
    const uint8_t *end = at + n;
    uint64_t h = (n >= 32 ? stripes(&at, n) : P5) + n;
    for (; end - at >= 8; at += 8)
        h = rotl(h ^ mix(0, load64(at)), 27) * P1 + P4;
    if (end - at >= 4) {
        uint32_t v;
        memcpy(&v, at, 4);
        h = rotl(h ^ v * P1, 23) * P2 + P3;
        at += 4;
    }
    for (; at < end; at++)
        h = rotl(h ^ *at * P5, 11) * P1;
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}

/* ---- filters ---- */

/* A union holds one field: which. */
static int16_t read_union(hr_thrift_in *t)
{
    hr_tr_field f = {0};
    int16_t id = 0;
    while (hr_tr_next(t, &f)) {
        id = f.id;
        hr_tr_skip(t, f.type);
    }
    return id;
}

/* Bytes of the header; 0: damaged. *is_known: blocks, xxHash, not compressed. */
static size_t read_head(const uint8_t *p, size_t n, int64_t *n_bytes, bool *is_known)
{
    hr_thrift_in t = {.p = p, .end = p + n};
    hr_tr_field f = {0};
    *n_bytes = 0;
    *is_known = true;
    while (hr_tr_next(&t, &f)) {
        if (f.id == 1)
            *n_bytes = hr_tr_int(&t, f.type);
        else if (f.id >= 2 && f.id <= 4 && f.type == HR_TR_STRUCT)
            *is_known = read_union(&t) == 1 && *is_known;
        else
            hr_tr_skip(&t, f.type);
    }
    return t.is_bad ? 0 : (size_t)(t.p - p);
}

static bool block_holds(const uint8_t *block, uint32_t key)
{
    static const uint32_t salt[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                     0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word;
        memcpy(&word, block + 4 * i, 4);
        if ((word >> (key * salt[i] >> 27) & 1) == 0) return false;
    }
    return true;
}

hr_status hr_pq_bloom_probe(hr_pq_file *f, const hr_pq_place *place, uint64_t hash, bool *may_hold,
                            hr_err *err)
{
    uint8_t buf[HEAD_BYTES];
    int64_t n_bytes;
    *may_hold = true;
    int64_t at = place->at;
    if (at < 4 || at >= f->size_bytes || place->n_bytes < 0 || place->n_bytes > f->size_bytes - at)
        return HR_FAIL(err, HR_ECORRUPT, "a Bloom filter lies outside the file");
    int64_t n = HR_MIN((int64_t)HEAD_BYTES, f->size_bytes - at);
    int64_t got = f->read_at(f->self, buf, (size_t)n, at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)at);
    bool is_known;
    size_t head = read_head(buf, (size_t)got, &n_bytes, &is_known);
    if (head > 0 && !is_known) return HR_OK;
    if (head == 0 || n_bytes <= 0 || n_bytes % BLOCK_BYTES != 0 ||
        n_bytes > f->size_bytes - at - (int64_t)head)
        return HR_FAIL(err, HR_ECORRUPT, "a damaged Bloom filter at offset %lld", (long long)at);
    uint64_t n_blocks = (uint64_t)n_bytes / BLOCK_BYTES;
    if (n_blocks > UINT32_MAX)
        return HR_FAIL(err, HR_ELIMIT, "a Bloom filter of %lld bytes", (long long)n_bytes);
    at += (int64_t)head + (int64_t)(((hash >> 32) * n_blocks >> 32) * BLOCK_BYTES);
    got = f->read_at(f->self, buf, BLOCK_BYTES, at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)at);
    if (got != BLOCK_BYTES) return HR_FAIL(err, HR_ECORRUPT, "a Bloom filter is cut short");
    *may_hold = block_holds(buf, (uint32_t)hash);
    return HR_OK;
}
