/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_L3_STATE_H
#define HR_BOOK_L3_STATE_H
/* What the order books are in memory: one block, for the head, the ring and the orders that fell
 * out of it, the levels and their chains, the two hashes. Private to l3.c and l3_ask.c.
 *
 * An order's place is the low bits of its id: ids of one sequence, of which most die young, are
 * found without a search, in lines that lie beside each other. Who is there when another of the
 * same place comes, goes to the spare nodes and into a hash, where his place counts him.
 *
 * Indices of orders and levels count from 1; 0 is none. A spare node or level that is free is
 * linked through its `next` or `head`; those above `fresh` were never used, so that memory is
 * touched only as far as it is needed. What an instrument's levels are is kept apart (chain,
 * first): only the coming and going of levels reads it. */
#include "base/assert.h"
#include "book/l3.h"
#include "book/l3_map.h"

typedef struct node {
    uint64_t id;
    int64_t qty;
    uint32_t next; /* later at the same price; of a free spare node: the next free one */
    uint32_t prev;
    uint32_t level;   /* 0: free */
    uint32_t n_spare; /* of a place in the ring: how many spare orders have it */
} node;
_Static_assert(sizeof(node) == 32, "two a cache line, none in two");

typedef struct level {
    int64_t px;
    int64_t qty;   /* sum over the queue */
    uint32_t n;    /* orders in the queue; 0: free */
    uint32_t head; /* of a free level: the next free one */
    uint32_t tail;
    uint32_t book; /* instrument << 1 | side */
} level;
_Static_assert(sizeof(level) == 32, "two a cache line");

typedef struct chain {
    uint32_t next, prev; /* levels of one instrument, both sides, in no order */
} chain;

struct hr_l3 {
    node *node; /* [1, ring_mask + 1] the ring, behind it max_orders spare ones */
    uint64_t ring_mask;
    level *level;
    hr_l3_map levels, spare;
    uint64_t key[2];
    chain *chain;
    uint32_t *first; /* [max_instruments] head of the chain */
    uint32_t node_free, node_fresh;
    uint32_t level_free, level_fresh;
    hr_l3_options opt;
    hr_l3_stats stats;
};

HR_INLINE uint32_t place_of(const hr_l3 *b, uint64_t id)
{
    return (uint32_t)(id & b->ring_mask) + 1;
}

HR_INLINE bool is_spare(const hr_l3 *b, uint32_t i)
{
    return i > b->ring_mask + 1;
}

/* The index of a spare order, or 0; *at is then the slot where it belongs. */
HR_INLINE uint32_t spare_seek(const hr_l3 *b, uint64_t id, uint32_t hash, uint32_t *at)
{
    *at = hr_l3_map_home(&b->spare, hash);
    uint32_t i = hr_l3_map_seek(&b->spare, hash, at);
    while (i != 0 && b->node[i].id != id) { /* same 32 bits of the hash: one pair in 2^32 */
        *at = (*at + 1) & b->spare.mask;
        i = hr_l3_map_seek(&b->spare, hash, at);
    }
    return i;
}

/* The order's index, or 0. */
HR_INLINE uint32_t order_find(const hr_l3 *b, uint64_t id)
{
    uint32_t i = place_of(b, id);
    uint32_t at;
    const node *o = &b->node[i];
    if (HR_LIKELY(o->id == id && o->level != 0)) return i;
    return o->n_spare == 0 ? 0 : spare_seek(b, id, hr_l3_hash_id(b->key, id), &at);
}

HR_INLINE uint32_t level_seek(const hr_l3 *b, uint32_t book, int64_t px, uint32_t hash,
                              uint32_t *at)
{
    *at = hr_l3_map_home(&b->levels, hash);
    uint32_t i = hr_l3_map_seek(&b->levels, hash, at);
    while (i != 0 && (b->level[i].px != px || b->level[i].book != book)) {
        *at = (*at + 1) & b->levels.mask;
        i = hr_l3_map_seek(&b->levels, hash, at);
    }
    return i;
}

HR_INLINE uint32_t level_find(const hr_l3 *b, uint32_t book, int64_t px)
{
    uint32_t at;
    return level_seek(b, book, px, hr_l3_hash_level(b->key, book, px), &at);
}

#endif
