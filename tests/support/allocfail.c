/* SPDX-License-Identifier: Apache-2.0 */
#include "allocfail.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stddef.h>

#include "mem/mem.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t elem_bytes);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__real_hr_arena_alloc(hr_arena *a, size_t n_bytes, size_t align);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t elem_bytes);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
void *__wrap_hr_arena_alloc(hr_arena *a, size_t n_bytes, size_t align);

static _Atomic bool is_armed;
static _Atomic bool has_fired;
static test_alloc_kind armed_kind;
static uint64_t armed_nth;
static _Atomic uint64_t n_seen;
static _Atomic int64_t n_live;

static bool refuses(test_alloc_kind kind)
{
    if (!atomic_load_explicit(&is_armed, memory_order_acquire) || kind != armed_kind) return false;
    if (atomic_fetch_add_explicit(&n_seen, 1, memory_order_relaxed) + 1 != armed_nth) return false;
    atomic_store_explicit(&has_fired, true, memory_order_relaxed);
    return true;
}

static void *counted(void *p)
{
    if (p != NULL) atomic_fetch_add_explicit(&n_live, 1, memory_order_relaxed);
    return p;
}

void *__wrap_malloc(size_t n)
{
    return refuses(TEST_ALLOC_HEAP) ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t elem_bytes)
{
    return refuses(TEST_ALLOC_HEAP) ? NULL : counted(__real_calloc(n, elem_bytes));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (refuses(TEST_ALLOC_HEAP)) return NULL;
    return p == NULL ? counted(__real_realloc(p, n)) : __real_realloc(p, n);
}

void __wrap_free(void *p)
{
    if (p != NULL) atomic_fetch_sub_explicit(&n_live, 1, memory_order_relaxed);
    __real_free(p);
}

void *__wrap_hr_arena_alloc(hr_arena *a, size_t n_bytes, size_t align)
{
    return refuses(TEST_ALLOC_ARENA) ? NULL : __real_hr_arena_alloc(a, n_bytes, align);
}

void test_alloc_start(void)
{
    json_set_alloc_funcs(hr_heap_alloc, hr_heap_free);
}

void test_alloc_arm(test_alloc_kind kind, uint64_t nth)
{
    armed_kind = kind;
    armed_nth = nth;
    atomic_store_explicit(&n_seen, 0, memory_order_relaxed);
    atomic_store_explicit(&has_fired, false, memory_order_relaxed);
    atomic_store_explicit(&is_armed, true, memory_order_release); /* pairs: refuses */
}

uint64_t test_alloc_disarm(void)
{
    atomic_store_explicit(&is_armed, false, memory_order_release);
    return atomic_load_explicit(&n_seen, memory_order_relaxed);
}

bool test_alloc_fired(void)
{
    return atomic_load_explicit(&has_fired, memory_order_relaxed);
}

int64_t test_alloc_live(void)
{
    return atomic_load_explicit(&n_live, memory_order_relaxed);
}
