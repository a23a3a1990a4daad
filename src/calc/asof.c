/* SPDX-License-Identifier: Apache-2.0 */
#include "calc/asof.h"

#include "base/attr.h"

#define MASK (HR_ASOF_BOOKS - 1)

void hr_asof_init(hr_asof *a)
{
    a->n = a->n_late = 0; /* books are written before they are read */
}

void hr_asof_put(hr_asof *a, const hr_asof_book *b)
{
    hr_asof_book *last = &a->book[(a->n - 1) & MASK];
    if (a->n == 0 || b->ts > last->ts) {
        a->book[a->n++ & MASK] = *b;
        return;
    }
    int64_t ts = last->ts;
    a->n_late += b->ts < ts;
    *last = *b;
    last->ts = ts;
}

void hr_asof_lose(hr_asof *a)
{
    if (a->n == 0) return;
    hr_asof_book *last = &a->book[(a->n - 1) & MASK];
    last->bid_px = last->bid_qty = last->ask_px = last->ask_qty = HR_NULL_I64;
}

int64_t hr_asof_now(const hr_asof *a)
{
    return a->n == 0 ? INT64_MIN : a->book[(a->n - 1) & MASK].ts;
}

hr_asof_answer hr_asof_before(const hr_asof *a, int64_t ts, hr_asof_book *out)
{
    if (a->n == 0) return HR_ASOF_NONE;
    const hr_asof_book *last = &a->book[(a->n - 1) & MASK];
    if (HR_LIKELY(last->ts < ts)) {
        *out = *last;
        return HR_ASOF_FOUND;
    }
    /* [low, high): books whose times may still be below ts */
    uint64_t first = a->n > HR_ASOF_BOOKS ? a->n - HR_ASOF_BOOKS : 0;
    uint64_t low = first;
    uint64_t high = a->n - 1;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (a->book[mid & MASK].ts < ts)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == first) return first > 0 ? HR_ASOF_FORGOTTEN : HR_ASOF_NONE;
    *out = a->book[(low - 1) & MASK];
    return HR_ASOF_FOUND;
}
