/* SPDX-License-Identifier: Apache-2.0 */
/* Free list as a bounded multi-producer multi-consumer ring of block indices (D. Vyukov, "Bounded
 * MPMC queue"): each cell carries the turn at which it may be written or read next. */
#include <string.h>

#include "base/assert.h"
#include "mem/mem.h"
#include "mem/poison.h"

typedef struct cell {
    _Atomic uint32_t turn;
    uint32_t block;
} cell;

struct hr_pool {
    char *base;
    size_t stride;
    size_t block_bytes;
    uint32_t n_blocks;
    uint32_t mask;
    cell *cells;
    const char *name;
    HR_ALIGNED(64) _Atomic uint32_t put_at; /* producers' side */
    HR_ALIGNED(64) _Atomic uint32_t get_at; /* consumers' side */
    HR_ALIGNED(64) _Atomic uint64_t n_empty;
};

hr_status hr_pool_create(hr_pool **out, hr_arena *arena, size_t block_bytes, uint32_t n_blocks,
                         const char *name, hr_err *err)
{
    *out = NULL;
    uint32_t slots = 1;
    while (slots < n_blocks)
        slots *= 2;
    size_t stride = hr_round_up(block_bytes + HR_REDZONE_BYTES, 64);
    size_t total;
    if (n_blocks == 0 || n_blocks > (1u << 30) || !hr_mul_size(&total, stride, n_blocks))
        return HR_FAIL(err, HR_EINTERNAL, "pool '%s' of %u blocks", name, n_blocks);
    hr_pool *p = hr_arena_alloc(arena, sizeof *p, 64);
    cell *cells = hr_arena_alloc(arena, slots * sizeof *cells, 64);
    char *base = hr_arena_alloc(arena, total, 64);
    if (p == NULL || cells == NULL || base == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for pool '%s': %u blocks of %zu bytes", name,
                       n_blocks, block_bytes);
    memset(p, 0, sizeof *p);
    p->base = base;
    p->stride = stride;
    p->block_bytes = block_bytes;
    p->n_blocks = n_blocks;
    p->mask = slots - 1;
    p->cells = cells;
    p->name = name;
    for (uint32_t i = 0; i < slots; i++) {
        atomic_init(&cells[i].turn, i < n_blocks ? i + 1 : i);
        cells[i].block = i;
    }
    atomic_init(&p->put_at, n_blocks);
    atomic_init(&p->get_at, 0);
    HR_POISON(base, total);
    *out = p;
    return HR_OK;
}

void *hr_pool_get(hr_pool *p)
{
    uint32_t at = atomic_load_explicit(&p->get_at, memory_order_relaxed);
    for (;;) {
        cell *c = &p->cells[at & p->mask];
        uint32_t turn = atomic_load_explicit(&c->turn, memory_order_acquire); /* pairs: put */
        int32_t ahead = (int32_t)(turn - (at + 1));
        if (ahead == 0) {
            if (atomic_compare_exchange_weak_explicit(&p->get_at, &at, at + 1, memory_order_relaxed,
                                                      memory_order_relaxed)) {
                char *block = p->base + (size_t)c->block * p->stride;
                /* pairs: the put that reuses this cell one lap later */
                atomic_store_explicit(&c->turn, at + p->mask + 1, memory_order_release);
                HR_UNPOISON(block, p->block_bytes);
                return block;
            }
        } else if (ahead < 0) {
            atomic_fetch_add_explicit(&p->n_empty, 1, memory_order_relaxed);
            return NULL;
        } else {
            at = atomic_load_explicit(&p->get_at, memory_order_relaxed);
        }
    }
}

void hr_pool_put(hr_pool *p, void *block)
{
    size_t offset = (size_t)((char *)block - p->base);
    HR_ASSERT(offset % p->stride == 0 && offset / p->stride < p->n_blocks);
    HR_POISON(block, p->block_bytes);
    uint32_t at = atomic_load_explicit(&p->put_at, memory_order_relaxed);
    for (;;) {
        cell *c = &p->cells[at & p->mask];
        uint32_t turn = atomic_load_explicit(&c->turn, memory_order_acquire); /* pairs: get */
        int32_t ahead = (int32_t)(turn - at);
        if (ahead == 0) {
            if (atomic_compare_exchange_weak_explicit(&p->put_at, &at, at + 1, memory_order_relaxed,
                                                      memory_order_relaxed)) {
                c->block = (uint32_t)(offset / p->stride);
                atomic_store_explicit(&c->turn, at + 1, memory_order_release); /* pairs: get */
                return;
            }
        } else {
            /* ahead < 0: a getter of the last lap has claimed the cell and not yet freed it; it
             * will. */
            at = atomic_load_explicit(&p->put_at, memory_order_relaxed);
        }
    }
}

size_t hr_pool_block_bytes(const hr_pool *p)
{
    return p->block_bytes;
}

uint32_t hr_pool_total(const hr_pool *p)
{
    return p->n_blocks;
}

uint32_t hr_pool_free_count(const hr_pool *p)
{
    uint32_t put = atomic_load_explicit(&p->put_at, memory_order_relaxed);
    uint32_t get = atomic_load_explicit(&p->get_at, memory_order_relaxed);
    int32_t n = (int32_t)(put - get);
    return n < 0 ? 0 : (uint32_t)n;
}

uint64_t hr_pool_empty_count(const hr_pool *p)
{
    return atomic_load_explicit(&p->n_empty, memory_order_relaxed);
}
