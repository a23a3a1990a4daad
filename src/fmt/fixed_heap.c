/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/fixed_heap.h"

#include <string.h>

#include "mem/mem.h"

void *hr_fixed_heap_get(void *self, size_t n_bytes)
{
    hr_fixed_heap *h = self;
    size_t at = 0;
    uint32_t i = 0;
    if (h->n == HR_FIXED_HEAP_PIECES || n_bytes > h->mem_bytes) return NULL;
    n_bytes = hr_round_up(HR_MAX(n_bytes, (size_t)1), 64);
    for (; i < h->n && h->piece[i].at - at < n_bytes; i++)
        at = h->piece[i].at + h->piece[i].n_bytes;
    if (at > h->mem_bytes || h->mem_bytes - at < n_bytes) return NULL;
    memmove(&h->piece[i + 1], &h->piece[i], (h->n - i) * sizeof h->piece[0]);
    h->piece[i].at = at;
    h->piece[i].n_bytes = n_bytes;
    h->n++;
    return h->mem + at;
}

void hr_fixed_heap_put(void *self, void *p)
{
    hr_fixed_heap *h = self;
    if (p == NULL) return;
    size_t at = (size_t)((char *)p - h->mem);
    for (uint32_t i = 0; i < h->n; i++) {
        if (h->piece[i].at != at) continue;
        h->n--;
        memmove(&h->piece[i], &h->piece[i + 1], (h->n - i) * sizeof h->piece[0]);
        return;
    }
}
