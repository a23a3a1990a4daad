/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "base/sys.h"
#include "mem/mem.h"
#include "mem/poison.h"

struct hr_arena {
    char *base;
    size_t cap;
    size_t used;
    size_t map_bytes;
    hr_budget *budget;
    const char *name;
    bool is_sealed;
};

#define HEADER_BYTES 128 /* the arena's own fields live at the front of its mapping */

hr_status hr_arena_create(hr_arena **out, hr_budget *budget, size_t cap_bytes, const char *name,
                          hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    _Static_assert(sizeof(hr_arena) <= HEADER_BYTES, "the header fits");
    *out = NULL;
    size_t map_bytes = hr_round_up(cap_bytes + HEADER_BYTES, 4096);
    if (map_bytes < cap_bytes) return HR_FAIL(err, HR_EBUDGET, "arena '%s' is too large", name);
    if (budget != NULL) HR_TRY(hr_budget_take(budget, map_bytes, name, err));
    char *p = sys->map(sys->self, map_bytes);
    if (p == NULL) {
        if (budget != NULL) hr_budget_give(budget, map_bytes);
        return HR_FAIL(err, HR_ENOMEM, "the system refused %zu bytes for '%s'", map_bytes, name);
    }
    hr_arena *a = (hr_arena *)p;
    *a = (hr_arena){.base = p + HEADER_BYTES,
                    .cap = map_bytes - HEADER_BYTES,
                    .map_bytes = map_bytes,
                    .budget = budget,
                    .name = name};
    HR_POISON(a->base, a->cap);
    *out = a;
    return HR_OK;
}

void hr_arena_destroy(hr_arena **pa)
{
    hr_arena *a = *pa;
    *pa = NULL;
    if (a == NULL) return;
    const hr_sys *sys = hr_sys_get();
    hr_budget *budget = a->budget;
    size_t map_bytes = a->map_bytes;
    HR_UNPOISON(a->base, a->cap);
    sys->unmap(sys->self, a, map_bytes);
    if (budget != NULL) hr_budget_give(budget, map_bytes);
}

void *hr_arena_alloc(hr_arena *a, size_t n_bytes, size_t align)
{
    HR_ASSERT(align != 0 && (align & (align - 1)) == 0);
    uintptr_t at = (uintptr_t)a->base + a->used;
    size_t pad = (size_t)(-at & (align - 1));
    if (a->is_sealed || pad > a->cap - a->used || n_bytes > a->cap - a->used - pad) return NULL;
    char *p = a->base + a->used + pad;
    a->used += pad + n_bytes;
    HR_UNPOISON(p, n_bytes);
    size_t redzone = HR_MIN((size_t)HR_REDZONE_BYTES, a->cap - a->used);
    a->used += redzone;
    return p;
}

void hr_arena_seal(hr_arena *a)
{
    a->is_sealed = true;
}

size_t hr_arena_used(const hr_arena *a)
{
    return a->used;
}

size_t hr_arena_left(const hr_arena *a)
{
    return a->cap - a->used;
}

void hr_arena_want_huge(void *p, size_t n_bytes)
{
    const hr_sys *sys = hr_sys_get();
    sys->want_huge(sys->self, p, n_bytes);
}

size_t hr_arena_mark(const hr_arena *a)
{
    return a->used;
}

void hr_arena_rewind(hr_arena *a, size_t mark)
{
    HR_ASSERT(mark <= a->used);
    HR_POISON(a->base + mark, a->used - mark);
    a->used = mark;
}
