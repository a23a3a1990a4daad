/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_encode.h"

#include <string.h>
#include <zlib.h>

#include "base/attr.h"

#define MINI 32
#define BLOCK 128

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

/* n values of `width` bits, least significant first; n * width is a multiple of 8. */
static size_t pack(uint8_t *out, const uint64_t *v, size_t n, unsigned width)
{
    unsigned __int128 acc = 0;
    unsigned have = 0;
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++) {
        acc |= (unsigned __int128)v[i] << have;
        have += width;
        while (have >= 64) {
            uint64_t word = (uint64_t)acc;
            memcpy(p, &word, 8);
            p += 8;
            acc >>= 64;
            have -= 64;
        }
    }
    for (; have > 0; have -= 8, acc >>= 8)
        *p++ = (uint8_t)acc;
    return (size_t)(p - out);
}

static size_t run_length(const uint32_t *v, size_t n)
{
    size_t k = 1;
    while (k < n && v[k] == v[0])
        k++;
    return k;
}

static size_t put_run(uint8_t *out, uint32_t v, size_t n, unsigned width)
{
    size_t at = put_varint(out, (uint64_t)n << 1);
    for (unsigned w = 0; w < width; w += 8)
        out[at++] = (uint8_t)(v >> w);
    return at;
}

/* n_groups groups of 8; what lies past n is zero. */
static size_t put_packed(uint8_t *out, const uint32_t *v, size_t n, unsigned width)
{
    size_t n_groups = (n + 7) / 8;
    size_t at = put_varint(out, (uint64_t)n_groups << 1 | 1);
    for (size_t g = 0; g < n_groups; g++) {
        uint64_t eight[8] = {0};
        for (size_t i = 0; i < 8 && g * 8 + i < n; i++)
            eight[i] = v[g * 8 + i];
        at += pack(out + at, eight, 8, width);
    }
    return at;
}

size_t hr_pq_put_hybrid(uint8_t *out, const uint32_t *v, size_t n, unsigned width)
{
    size_t at = 0;
    size_t i = 0;
    while (i < n) {
        size_t run = run_length(v + i, n - i);
        if (run >= 16 || i + run == n) {
            at += put_run(out + at, v[i], run, width);
            i += run;
            continue;
        }
        /* Packed groups of 8 until a long run begins on a group's edge. */
        size_t end = i;
        while (end < n) {
            run = run_length(v + end, n - end);
            if (run >= 16 && (end - i) % 8 == 0) break;
            /* Stay on the edge of groups: take the rest of this group with it. */
            size_t step = run >= 16 ? 8 - (end - i) % 8 : run;
            end += HR_MIN(step, n - end);
        }
        at += put_packed(out + at, v + i, end - i, width);
        i = end;
    }
    return at;
}

typedef struct delta_block {
    uint64_t delta[BLOCK];
    int64_t min;
    size_t n;
} delta_block;

static void make_block(delta_block *b, const int64_t *v, size_t n)
{
    int64_t min = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        int64_t d = (int64_t)((uint64_t)v[i + 1] - (uint64_t)v[i]);
        b->delta[i] = (uint64_t)d;
        min = d < min ? d : min;
    }
    for (size_t i = 0; i < n; i++)
        b->delta[i] -= (uint64_t)min;
    memset(b->delta + n, 0, (BLOCK - n) * sizeof *b->delta);
    b->min = min;
    b->n = n;
}

static unsigned mini_width(const delta_block *b, size_t mini)
{
    uint64_t all = 0;
    for (size_t i = 0; i < MINI; i++)
        all |= b->delta[mini * MINI + i];
    return hr_bit_width(all);
}

static size_t put_block(uint8_t *out, const delta_block *b)
{
    uint8_t width[BLOCK / MINI];
    size_t at = put_zigzag(out, b->min);
    for (size_t m = 0; m < BLOCK / MINI; m++)
        width[m] = (uint8_t)mini_width(b, m);
    memcpy(out + at, width, sizeof width);
    at += sizeof width;
    for (size_t m = 0; m * MINI < b->n; m++)
        at += pack(out + at, b->delta + m * MINI, MINI, width[m]);
    return at;
}

size_t hr_pq_put_delta(uint8_t *out, const int64_t *v, size_t n)
{
    delta_block b;
    size_t at = put_varint(out, BLOCK);
    at += put_varint(out + at, BLOCK / MINI);
    at += put_varint(out + at, n);
    at += put_zigzag(out + at, n > 0 ? v[0] : 0);
    for (size_t i = 0; i + 1 < n; i += BLOCK) {
        make_block(&b, v + i, HR_MIN((size_t)BLOCK, n - 1 - i));
        at += put_block(out + at, &b);
    }
    return at;
}

uint64_t hr_pq_delta_bits(const int64_t *v, size_t n)
{
    delta_block b;
    uint64_t bits = 128;
    for (size_t i = 0; i + 1 < n; i += BLOCK) {
        make_block(&b, v + i, HR_MIN((size_t)BLOCK, n - 1 - i));
        bits += 8 * (BLOCK / MINI + 2);
        for (size_t m = 0; m * MINI < b.n; m++)
            bits += (uint64_t)MINI * mini_width(&b, m);
    }
    return bits;
}

size_t hr_pq_put_split(uint8_t *out, const void *v, size_t n)
{
    const uint8_t *p = v;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 8; k++)
            out[k * n + i] = p[i * 8 + k];
    return 8 * n;
}

uint32_t hr_pq_crc(uint32_t crc, const void *p, size_t n)
{
    return (uint32_t)crc32_z(crc, p, n);
}
