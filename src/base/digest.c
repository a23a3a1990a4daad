/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to 8 bytes, least significant first. */
static uint64_t load(const unsigned char *p, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

static void take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

hr_digest hr_siphash(hr_digest key, const void *p, size_t n_bytes)
{
    const unsigned char *in = p;
    hr_digest out;
    uint64_t v[4] = {UINT64_C(0x736f6d6570736575) ^ key.half[0],
                     UINT64_C(0x646f72616e646f6d) ^ key.half[1] ^ 0xee,
                     UINT64_C(0x6c7967656e657261) ^ key.half[0],
                     UINT64_C(0x7465646279746573) ^ key.half[1]};
    size_t whole = n_bytes & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        take(v, load(in + i, 8));
    take(v, (uint64_t)n_bytes << 56 | load(in + whole, n_bytes - whole));
    v[2] ^= 0xee;
    rounds(v, 4);
    out.half[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    out.half[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
    return out;
}

void hr_digest_add(hr_digest *d, const void *p, size_t n_bytes)
{
    *d = hr_siphash(*d, p, n_bytes);
}

void hr_digest_text(char out[HR_DIGEST_TEXT], const hr_digest *d)
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = 0; i < 32; i++) /* bytes in the order of the reference's output */
        out[i] = hex[d->half[i / 16] >> (8 * (i / 2 % 8) + (i % 2 == 0 ? 4 : 0)) & 15];
    out[32] = '\0';
}
