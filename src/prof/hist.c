/* SPDX-License-Identifier: Apache-2.0 */
#include "prof/hist.h"

#include <math.h>

#include "base/assert.h"

static uint64_t get(const _Atomic uint64_t *p)
{
    return atomic_load_explicit(p, memory_order_relaxed);
}

static uint32_t slots_of(uint32_t max_bits)
{
    return (max_bits - HR_HIST_BITS_MIN + 2) * HR_HIST_SLOTS_AN_OCTAVE;
}

/* The largest value of a slot. */
static uint64_t slot_top(uint32_t slot)
{
    if (slot < 2 * HR_HIST_SLOTS_AN_OCTAVE) return slot;
    uint32_t shift = slot / HR_HIST_SLOTS_AN_OCTAVE - 1;
    uint64_t head = slot - shift * HR_HIST_SLOTS_AN_OCTAVE;
    return ((head + 1) << shift) - 1;
}

size_t hr_hist_bytes(uint32_t max_bits)
{
    return slots_of(max_bits) * sizeof(uint64_t) + 2 * HR_CACHE_LINE; /* padding, redzone */
}

hr_status hr_hist_init(hr_hist *h, hr_arena *arena, uint32_t max_bits, hr_err *err)
{
    HR_ASSERT(max_bits >= HR_HIST_BITS_MIN && max_bits <= HR_HIST_BITS_MAX);
    uint32_t n = slots_of(max_bits);
    _Atomic uint64_t *count = hr_arena_alloc(arena, n * sizeof *count, HR_CACHE_LINE);
    if (count == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a histogram of %u slots", n);
    *h = (hr_hist){.count = count, .n_slots = n, .limit = (UINT64_C(1) << max_bits) - 1};
    hr_hist_reset(h);
    return HR_OK;
}

void hr_hist_reset(hr_hist *h)
{
    for (uint32_t i = 0; i < h->n_slots; i++)
        atomic_store_explicit(&h->count[i], 0, memory_order_relaxed);
    atomic_store_explicit(&h->n, 0, memory_order_relaxed);
    atomic_store_explicit(&h->n_over, 0, memory_order_relaxed);
    atomic_store_explicit(&h->sum, 0, memory_order_relaxed);
    atomic_store_explicit(&h->max, 0, memory_order_relaxed);
}

void hr_hist_merge(hr_hist *dst, const hr_hist *src)
{
    HR_ASSERT(dst->n_slots >= src->n_slots);
    for (uint32_t i = 0; i < src->n_slots; i++)
        hr_hist_bump(&dst->count[i], get(&src->count[i]));
    hr_hist_bump(&dst->n, get(&src->n));
    hr_hist_bump(&dst->n_over, get(&src->n_over));
    hr_hist_bump(&dst->sum, get(&src->sum));
    uint64_t max = get(&src->max);
    if (max > get(&dst->max)) atomic_store_explicit(&dst->max, max, memory_order_relaxed);
}

uint64_t hr_hist_count(const hr_hist *h)
{
    return get(&h->n);
}

uint64_t hr_hist_max(const hr_hist *h)
{
    return get(&h->max);
}

double hr_hist_mean(const hr_hist *h)
{
    uint64_t n = get(&h->n);
    return n == 0 ? 0 : (double)get(&h->sum) / (double)n;
}

static uint64_t count_at(const hr_hist *const *h, uint32_t n, uint32_t slot)
{
    uint64_t c = 0;
    for (uint32_t i = 0; i < n; i++)
        c += get(&h[i]->count[slot]);
    return c;
}

uint64_t hr_hist_percentile_of(const hr_hist *const *h, uint32_t n, double percent)
{
    uint64_t total = 0;
    uint64_t max = 0;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        HR_ASSERT(h[i]->n_slots == h[0]->n_slots);
        total += get(&h[i]->n);
        max = HR_MAX(max, get(&h[i]->max));
    }
    if (total == 0) return 0;
    double share = HR_MIN(HR_MAX(percent, 0.0), 100.0) / 100.0;
    uint64_t rank = (uint64_t)ceil(share * (double)total);
    rank = HR_MIN(HR_MAX(rank, UINT64_C(1)), total);
    for (uint32_t slot = 0; slot + 1 < h[0]->n_slots; slot++) {
        seen += count_at(h, n, slot);
        if (seen >= rank) return HR_MIN(slot_top(slot), max);
    }
    return max; /* the top slot also holds what is over the limit */
}

uint64_t hr_hist_percentile(const hr_hist *h, double percent)
{
    return hr_hist_percentile_of(&h, 1, percent);
}
