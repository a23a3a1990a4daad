/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/spsc.h"

#include "base/assert.h"

hr_status hr_spsc_init(hr_spsc *q, hr_arena *arena, uint32_t cap, hr_err *err)
{
    HR_ASSERT((uintptr_t)q % HR_CACHE_LINE == 0);
    uint64_t n = 1;
    if (cap == 0 || cap > 1u << 30) return HR_FAIL(err, HR_EINTERNAL, "a ring of %u items", cap);
    while (n < cap)
        n *= 2;
    void **slot = hr_arena_alloc(arena, n * sizeof *slot, HR_CACHE_LINE);
    if (slot == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a ring of %u items", cap);
    *q = (hr_spsc){.slot = slot, .mask = n - 1};
    return HR_OK;
}

bool hr_spsc_push(hr_spsc *q, void *item) /* producer only */
{
    HR_DASSERT(item != NULL);
    uint64_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    if (tail - q->head_seen > q->mask) { /* looks full: refresh our copy */
        q->head_seen = atomic_load_explicit(&q->head, memory_order_acquire); /* pairs: pop */
        if (tail - q->head_seen > q->mask) {
            uint64_t n = atomic_load_explicit(&q->n_full, memory_order_relaxed);
            atomic_store_explicit(&q->n_full, n + 1, memory_order_relaxed); /* one writer: us */
            return false;
        }
    }
    q->slot[tail & q->mask] = item;
    atomic_store_explicit(&q->tail, tail + 1, memory_order_release); /* pairs: pop */
    return true;
}

uint32_t hr_spsc_pop_many(hr_spsc *q, void **out, uint32_t cap) /* consumer only */
{
    uint64_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    if (head == q->tail_seen) { /* looks empty: refresh our copy */
        q->tail_seen = atomic_load_explicit(&q->tail, memory_order_acquire); /* pairs: push */
        if (head == q->tail_seen) return 0;
    }
    uint32_t n = (uint32_t)HR_MIN(q->tail_seen - head, (uint64_t)cap);
    for (uint32_t i = 0; i < n; i++)
        out[i] = q->slot[(head + i) & q->mask];
    atomic_store_explicit(&q->head, head + n, memory_order_release); /* pairs: push */
    return n;
}

void *hr_spsc_pop(hr_spsc *q) /* consumer only */
{
    void *item = NULL;
    (void)hr_spsc_pop_many(q, &item, 1);
    return item;
}

uint32_t hr_spsc_count(const hr_spsc *q)
{
    /* The head first: then the tail is not behind it, whatever happens between the two loads. */
    uint64_t head = atomic_load_explicit(&q->head, memory_order_acquire); /* pairs: pop */
    uint64_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    return (uint32_t)HR_MIN(tail - head, q->mask + 1);
}

uint32_t hr_spsc_cap(const hr_spsc *q)
{
    return (uint32_t)(q->mask + 1);
}

uint64_t hr_spsc_full_count(const hr_spsc *q)
{
    return atomic_load_explicit(&q->n_full, memory_order_relaxed);
}
