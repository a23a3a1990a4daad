/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mem/mem.h"

static _Atomic uint64_t n_calls;

static void count(void)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
}

bool hr_mul_size(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

void *hr_heap_alloc(size_t n_bytes)
{
    count();
    return malloc(n_bytes == 0 ? 1 : n_bytes);
}

void *hr_heap_zero(size_t n, size_t elem_bytes)
{
    count();
    return calloc(n == 0 ? 1 : n, elem_bytes == 0 ? 1 : elem_bytes);
}

void *hr_heap_grow(void *p, size_t n_bytes)
{
    count();
    return realloc(p, n_bytes == 0 ? 1 : n_bytes);
}

char *hr_heap_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = hr_heap_alloc(n);
    if (p != NULL) memcpy(p, s, n);
    return p;
}

void hr_heap_free(void *p)
{
    free(p);
}

uint64_t hr_heap_calls(void)
{
    return atomic_load_explicit(&n_calls, memory_order_relaxed);
}
