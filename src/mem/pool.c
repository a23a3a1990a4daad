/* SPDX-License-Identifier: Apache-2.0 */
/* Free list as a stack of block numbers (R. K. Treiber, "Systems programming: coping with
 * parallelism", IBM RJ 5118, 1986): the block that came back last goes out first, warm in the
 * cache, and memory that was never needed is never touched. The head carries a turn count beside
 * the number, so that a head seen twice is the same head (the ABA problem). */
#include <string.h>

#include "base/assert.h"
#include "mem/mem.h"
#include "mem/poison.h"

#define NONE UINT32_MAX

struct hr_pool {
    char *base;
    size_t stride;
    size_t block_bytes;
    uint32_t n_blocks;
    _Atomic uint32_t *next; /* of each free block, the one below it */
    const char *name;
    HR_ALIGNED(64) _Atomic uint64_t head; /* turn << 32 | block */
    HR_ALIGNED(64) _Atomic uint32_t n_free;
    _Atomic uint64_t n_empty;
};

hr_status hr_pool_create(hr_pool **out, hr_arena *arena, size_t block_bytes, uint32_t n_blocks,
                         const char *name, hr_err *err)
{
    *out = NULL;
    size_t stride = hr_round_up(block_bytes + HR_REDZONE_BYTES, 64);
    size_t total;
    if (n_blocks == 0 || n_blocks > (1u << 30) || !hr_mul_size(&total, stride, n_blocks))
        return HR_FAIL(err, HR_EINTERNAL, "pool '%s' of %u blocks", name, n_blocks);
    hr_pool *p = hr_arena_alloc(arena, sizeof *p, 64);
    _Atomic uint32_t *next = hr_arena_alloc(arena, n_blocks * sizeof *next, 64);
    char *base = hr_arena_alloc(arena, total, 64);
    if (p == NULL || next == NULL || base == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for pool '%s': %u blocks of %zu bytes", name,
                       n_blocks, block_bytes);
    memset(p, 0, sizeof *p);
    p->base = base;
    p->stride = stride;
    p->block_bytes = block_bytes;
    p->n_blocks = n_blocks;
    p->next = next;
    p->name = name;
    for (uint32_t i = 0; i < n_blocks; i++)
        atomic_init(&next[i], i + 1 < n_blocks ? i + 1 : NONE);
    atomic_init(&p->head, 0);
    atomic_init(&p->n_free, n_blocks);
    atomic_init(&p->n_empty, 0);
    HR_POISON(base, total);
    *out = p;
    return HR_OK;
}

static uint64_t head_after(uint64_t head, uint32_t block)
{
    return ((head >> 32) + 1) << 32 | block;
}

void *hr_pool_get(hr_pool *p)
{
    uint64_t head = atomic_load_explicit(&p->head, memory_order_acquire); /* pairs: put */
    for (;;) {
        uint32_t block = (uint32_t)head;
        if (block == NONE) {
            atomic_fetch_add_explicit(&p->n_empty, 1, memory_order_relaxed);
            return NULL;
        }
        /* May be stale when another thread took the block first; then the turn differs. */
        uint32_t below = atomic_load_explicit(&p->next[block], memory_order_relaxed);
        if (!atomic_compare_exchange_weak_explicit(&p->head, &head, head_after(head, below),
                                                   memory_order_acquire, memory_order_acquire))
            continue;
        atomic_fetch_sub_explicit(&p->n_free, 1, memory_order_relaxed);
        char *at = p->base + (size_t)block * p->stride;
        HR_UNPOISON(at, p->block_bytes);
        return at;
    }
}

void hr_pool_put(hr_pool *p, void *block)
{
    size_t offset = (size_t)((char *)block - p->base);
    HR_ASSERT(offset % p->stride == 0 && offset / p->stride < p->n_blocks);
    HR_POISON(block, p->block_bytes);
    uint32_t idx = (uint32_t)(offset / p->stride);
    uint64_t head = atomic_load_explicit(&p->head, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->n_free, 1, memory_order_relaxed);
    do
        atomic_store_explicit(&p->next[idx], (uint32_t)head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&p->head, &head, head_after(head, idx),
                                                  memory_order_release, /* pairs: get */
                                                  memory_order_relaxed));
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
    return atomic_load_explicit(&p->n_free, memory_order_relaxed);
}

uint64_t hr_pool_empty_count(const hr_pool *p)
{
    return atomic_load_explicit(&p->n_empty, memory_order_relaxed);
}
