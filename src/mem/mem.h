/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_MEM_MEM_H
#define HR_MEM_MEM_H
/* Memory under one cap. A budget is the process-wide figure of the plan; arenas are carved from it
 * at start through hr_sys.map; pools hand out fixed blocks of an arena. The heap is for cold set-up
 * only. Under AddressSanitizer freed arena and pool memory is poisoned and blocks carry redzones.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* ---- budget ---- */
typedef struct hr_budget {
    size_t cap_bytes;
    _Atomic size_t used_bytes;
    _Atomic size_t peak_bytes;
} hr_budget;
void hr_budget_init(hr_budget *b, size_t cap_bytes);
/** HR_EBUDGET names `what`, the bytes wanted, the bytes left and the plan key that would admit it.
 */
HR_MUST_USE hr_status hr_budget_take(hr_budget *b, size_t n_bytes, const char *what, hr_err *err);
void hr_budget_give(hr_budget *b, size_t n_bytes);

/* ---- arena: single owner while carving, read-only shape afterwards ---- */
typedef struct hr_arena hr_arena;
/** budget may be NULL (tests). name is borrowed for ever. */
HR_MUST_USE hr_status hr_arena_create(hr_arena **out, hr_budget *budget, size_t cap_bytes,
                                      const char *name, hr_err *err);
void hr_arena_destroy(hr_arena **a);
/** Zeroed; NULL when it does not fit or the arena is sealed. align: a power of two. */
void *hr_arena_alloc(hr_arena *a, size_t n_bytes, size_t align);
/** No further hr_arena_alloc. */
void hr_arena_seal(hr_arena *a);
size_t hr_arena_used(const hr_arena *a);
size_t hr_arena_left(const hr_arena *a);
/** Asks for large pages under memory of an arena that is read at random all over; a wish. Not for
 * what is touched in order or in part: such memory costs more with them. */
void hr_arena_want_huge(void *p, size_t n_bytes);
/** Scratch use: mark, allocate, rewind. Memory handed out after a rewind is not zeroed again. */
size_t hr_arena_mark(const hr_arena *a);
void hr_arena_rewind(hr_arena *a, size_t mark);

/* ---- pool: fixed blocks, any thread may get or put ---- */
typedef struct hr_pool hr_pool;
HR_MUST_USE hr_status hr_pool_create(hr_pool **out, hr_arena *arena, size_t block_bytes,
                                     uint32_t n_blocks, const char *name, hr_err *err);
/** NULL when empty (counted). 64-byte aligned, contents undefined. Any thread, lock-free. */
void *hr_pool_get(hr_pool *p);
void hr_pool_put(hr_pool *p, void *block);
size_t hr_pool_block_bytes(const hr_pool *p);
uint32_t hr_pool_total(const hr_pool *p);
uint32_t hr_pool_free_count(const hr_pool *p); /* racy estimate */
uint64_t hr_pool_empty_count(const hr_pool *p);

/* ---- heap: cold paths only; counted ---- */
void *hr_heap_alloc(size_t n_bytes);             /* NULL when out of memory */
void *hr_heap_zero(size_t n, size_t elem_bytes); /* overflow checked */
void *hr_heap_grow(void *p, size_t n_bytes);     /* realloc; p stays valid on NULL */
char *hr_heap_strdup(const char *s);
void hr_heap_free(void *p);
uint64_t hr_heap_calls(void); /* alloc + grow so far, process wide */

HR_MUST_USE bool hr_mul_size(size_t *out, size_t a, size_t b); /* false on overflow */
HR_INLINE size_t hr_round_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

#endif
