/* SPDX-License-Identifier: Apache-2.0 */
#include "mem/mem.h"

void hr_budget_init(hr_budget *b, size_t cap_bytes)
{
    b->cap_bytes = cap_bytes;
    atomic_init(&b->used_bytes, 0);
    atomic_init(&b->peak_bytes, 0);
}

hr_status hr_budget_take(hr_budget *b, size_t n_bytes, const char *what, hr_err *err)
{
    size_t used = atomic_load_explicit(&b->used_bytes, memory_order_relaxed);
    do {
        if (n_bytes > b->cap_bytes - used)
            return HR_FAIL(
                err, HR_EBUDGET,
                "no memory for %s: wants %zu bytes, %zu of %zu are left; raise engine.memory", what,
                n_bytes, b->cap_bytes - used, b->cap_bytes);
    } while (!atomic_compare_exchange_weak_explicit(&b->used_bytes, &used, used + n_bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    size_t peak = atomic_load_explicit(&b->peak_bytes, memory_order_relaxed);
    while (used + n_bytes > peak &&
           !atomic_compare_exchange_weak_explicit(&b->peak_bytes, &peak, used + n_bytes,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return HR_OK;
}

void hr_budget_give(hr_budget *b, size_t n_bytes)
{
    atomic_fetch_sub_explicit(&b->used_bytes, n_bytes, memory_order_relaxed);
}
