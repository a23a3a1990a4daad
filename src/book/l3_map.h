/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_L3_MAP_H
#define HR_BOOK_L3_MAP_H
/* From a hash to an index: open addressing, linear probing, erasing by shifting back, so there are
 * no tombstones and a table never degrades. Private to l3.c and its tests.
 *
 * A slot of 8 bytes holds 32 bits of the hash (high half) and the index (low half, from 1; the slot
 * 0 is empty). The place at home is the top of those 32 bits, so a probe or a shift reads nothing
 * but slots, which lie eight to a cache line. At most 4/5 of the slots are ever taken.
 *
 * The hash is keyed: ids that follow each other fall apart, and who does not know the key cannot
 * choose ids that fall together. */
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

typedef struct hr_l3_map {
    uint64_t *slot;
    uint32_t mask;
    uint32_t shift; /* 32 - log2 of the slots */
} hr_l3_map;

#define HR_L3_MAP_BITS_MIN 3u

/** log2 of the slots for n entries, n up to 2^31. */
HR_INLINE uint32_t hr_l3_map_bits(uint32_t n)
{
    uint32_t bits = HR_L3_MAP_BITS_MIN;
    while ((uint64_t)n * 5 > (UINT64_C(4) << bits))
        bits++;
    return bits;
}

/** Draws the key of a table from a number (SplitMix64: Steele, Lea, Flood 2014). */
HR_INLINE void hr_l3_map_key(uint64_t key[2], uint64_t seed)
{
    for (int i = 0; i < 2; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        key[i] = z ^ (z >> 31);
    }
    key[1] |= 1;
}

/** One round of folded multiplication: both halves of the product of 128 bits are used, since a low
 * half alone does not see the high bits of x. */
HR_INLINE uint64_t hr_l3_fold(uint64_t x, uint64_t key)
{
    unsigned __int128 product = (unsigned __int128)x * key;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define HR_L3_MIX UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, odd */

/** 32 bits of a hash of x and y. */
HR_INLINE uint32_t hr_l3_hash(const uint64_t key[2], uint64_t x, uint64_t y, uint64_t mix)
{
    uint64_t h = hr_l3_fold(x ^ key[0], key[1]);
    h = hr_l3_fold(h ^ y, mix);
    return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

/** The 32 bits of an order's hash. key[1] is odd. Two rounds: after one, ids in equal steps fall
 * into runs for about one key in fifty. */
HR_INLINE uint32_t hr_l3_hash_id(const uint64_t key[2], uint64_t id)
{
    return hr_l3_hash(key, id, key[0], HR_L3_MIX);
}

/** The same of a level: book is instrument and side. */
HR_INLINE uint32_t hr_l3_hash_level(const uint64_t key[2], uint32_t book, int64_t px)
{
    return hr_l3_hash(key, (uint64_t)px, book, key[1]);
}

HR_INLINE uint32_t hr_l3_map_home(const hr_l3_map *m, uint32_t hash)
{
    return hash >> m->shift;
}

/** Index in the next slot from *at on that carries this hash, or 0 at an empty slot; *at is moved
 * there. Ends: a fifth of the slots is empty. */
HR_INLINE uint32_t hr_l3_map_seek(const hr_l3_map *m, uint32_t hash, uint32_t *at)
{
    uint32_t i = *at;
    uint64_t s = m->slot[i];
    while (s != 0 && (uint32_t)(s >> 32) != hash) {
        i = (i + 1) & m->mask;
        s = m->slot[i];
    }
    *at = i;
    return (uint32_t)s;
}

/** at: the empty slot that a seek from home ended at. */
HR_INLINE void hr_l3_map_put(hr_l3_map *m, uint32_t at, uint32_t hash, uint32_t idx)
{
    m->slot[at] = (uint64_t)hash << 32 | idx;
}

/** Empties the slot and moves back each follower that may lie nearer to its home. */
HR_INLINE void hr_l3_map_erase(hr_l3_map *m, uint32_t at)
{
    for (uint32_t i = (at + 1) & m->mask; m->slot[i] != 0; i = (i + 1) & m->mask) {
        uint32_t home = hr_l3_map_home(m, (uint32_t)(m->slot[i] >> 32));
        if (((i - home) & m->mask) < ((i - at) & m->mask)) continue;
        m->slot[at] = m->slot[i];
        at = i;
    }
    m->slot[at] = 0;
}

#endif
