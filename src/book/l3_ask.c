/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of the order books, and whether they are sound. */
#include "book/l3_state.h"

static void describe(const hr_l3 *b, hr_l3_order *out, uint32_t i)
{
    const node *o = &b->node[i];
    const level *l = &b->level[o->level];
    *out = (hr_l3_order){
        .id = o->id, .px = l->px, .qty = o->qty, .instrument = l->book >> 1, .side = l->book & 1};
}

bool hr_l3_find(const hr_l3 *b, hr_l3_order *out, uint64_t id)
{
    uint32_t i = order_find(b, id);
    if (i == 0) return false;
    describe(b, out, i);
    return true;
}

bool hr_l3_ahead(const hr_l3 *b, uint64_t id, uint32_t *n_orders, int64_t *qty)
{
    uint32_t i = order_find(b, id);
    *n_orders = 0;
    *qty = 0;
    if (i == 0) return false;
    for (i = b->node[i].prev; i != 0; i = b->node[i].prev) {
        ++*n_orders;
        *qty += b->node[i].qty;
    }
    return true;
}

/* The level, or 0 for none, also where nothing can stand there. */
static uint32_t level_of(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px)
{
    if (instrument >= b->opt.max_instruments || (unsigned)side > HR_SIDE_ASK) return 0;
    return level_find(b, instrument << 1 | (uint32_t)side, px);
}

bool hr_l3_level(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, int64_t *qty,
                 uint32_t *n_orders)
{
    uint32_t i = level_of(b, instrument, side, px);
    *qty = i != 0 ? b->level[i].qty : 0;
    *n_orders = i != 0 ? b->level[i].n : 0;
    return i != 0;
}

uint32_t hr_l3_queue(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, uint32_t cap,
                     hr_l3_order *out)
{
    uint32_t n = 0;
    uint32_t l = level_of(b, instrument, side, px);
    for (uint32_t i = l != 0 ? b->level[l].head : 0; i != 0 && n < cap; i = b->node[i].next)
        describe(b, &out[n++], i);
    return n;
}

uint32_t hr_l3_queue_behind(const hr_l3 *b, uint64_t id, uint32_t cap, hr_l3_order *out)
{
    uint32_t n = 0;
    uint32_t i = order_find(b, id);
    if (i == 0) return 0;
    for (i = b->node[i].next; i != 0 && n < cap; i = b->node[i].next)
        describe(b, &out[n++], i);
    return n;
}

void hr_l3_stats_get(const hr_l3 *b, hr_l3_stats *out)
{
    *out = b->stats;
}

/* ---- soundness ---- */

static bool is_queue_sound(const hr_l3 *b, uint32_t level_idx)
{
    const level *l = &b->level[level_idx];
    uint32_t n = 0;
    uint32_t prev = 0;
    int64_t qty = 0;
    for (uint32_t i = l->head; i != 0; i = b->node[i].next) {
        const node *o = &b->node[i];
        if (n++ == l->n || o->prev != prev || o->level != level_idx || o->qty < 1) return false;
        if (order_find(b, o->id) != i) return false;
        qty += o->qty;
        prev = i;
    }
    return n > 0 && n == l->n && qty == l->qty && l->tail == prev;
}

static uint32_t count_slots(const hr_l3_map *m)
{
    uint32_t n = 0;
    for (size_t i = 0; i <= m->mask; i++)
        n += m->slot[i] != 0;
    return n;
}

/* Each place knows how many of its orders are spare. */
static bool is_ring_sound(const hr_l3 *b)
{
    uint64_t n_there = 0;
    uint64_t n_spare = 0;
    for (uint64_t i = 1; i <= b->ring_mask + 1; i++) {
        n_there += b->node[i].level != 0;
        n_spare += b->node[i].n_spare;
    }
    return n_there + n_spare == b->stats.n_orders && n_spare == count_slots(&b->spare);
}

bool hr_l3_is_sound(const hr_l3 *b)
{
    uint32_t n_levels = 0;
    uint32_t n_orders = 0;
    for (uint32_t k = 0; k < b->opt.max_instruments; k++) {
        uint32_t prev = 0;
        for (uint32_t i = b->first[k]; i != 0; i = b->chain[i].next) {
            const level *l = &b->level[i];
            if (n_levels++ == b->stats.n_levels || l->book >> 1 != k) return false;
            if (b->chain[i].prev != prev || level_find(b, l->book, l->px) != i) return false;
            if (!is_queue_sound(b, i)) return false;
            n_orders += l->n;
            prev = i;
        }
    }
    return n_levels == b->stats.n_levels && n_orders == b->stats.n_orders &&
           count_slots(&b->levels) == n_levels && is_ring_sound(b);
}
