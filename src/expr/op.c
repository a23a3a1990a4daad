/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/op.h"

#include <string.h>

typedef struct merge {
    hr_op *op;
    uint32_t *slot; /* 1 + index by the hash of its name; 0: free */
    uint32_t n, mask;
} merge;

/* The slot of an operator with that name, or the free one where it belongs. */
static uint32_t *slot_of(const merge *m, const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *c = name; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    uint32_t at = (h ^ h >> 15) & m->mask;
    while (m->slot[at] != 0 && strcmp(m->op[m->slot[at] - 1].name, name) != 0)
        at = (at + 1) & m->mask;
    return &m->slot[at];
}

static hr_status add(merge *m, const hr_op_list *list, hr_err *err)
{
    for (uint32_t i = 0; i < list->n; i++) {
        const hr_op *op = &list->op[i];
        uint32_t *slot = slot_of(m, op->name);
        if (*slot != 0)
            return HR_FAIL(err, HR_EEXIST, "two operators have the name '%s': of '%s' and of '%s'",
                           op->name, m->op[*slot - 1].group, op->group);
        m->op[m->n] = *op;
        *slot = ++m->n;
    }
    return HR_OK;
}

static hr_status merge_into(merge *m, hr_arena *arena, const hr_op_list *const *list, uint32_t n,
                            hr_err *err)
{
    size_t n_slots = (size_t)m->mask + 1;
    m->slot = hr_arena_alloc(arena, n_slots * sizeof *m->slot, _Alignof(uint32_t));
    if (m->slot == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to merge operators");
    memset(m->slot, 0, n_slots * sizeof *m->slot);
    hr_status st = HR_OK;
    for (uint32_t i = 0; i < n && st == HR_OK; i++)
        st = add(m, list[i], err);
    memset(m->slot, 0, n_slots * sizeof *m->slot); /* an arena's fresh memory is zero */
    return st;
}

hr_status hr_ops_merge(hr_op_list *out, hr_arena *arena, const hr_op_list *const *list, uint32_t n,
                       hr_err *err)
{
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += list[i]->n;
    if (total > HR_OPS_MAX)
        return HR_FAIL(err, HR_ELIMIT, "more than %u operators: %zu", HR_OPS_MAX, total);
    merge m = {.mask = 15};
    while (m.mask < 2 * total)
        m.mask = 2 * m.mask + 1;
    m.op = hr_arena_alloc(arena, total * sizeof *m.op, _Alignof(hr_op));
    if (m.op == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for %zu operators", total);
    size_t mark = hr_arena_mark(arena);
    hr_status st = merge_into(&m, arena, list, n, err);
    hr_arena_rewind(arena, mark);
    if (st == HR_OK) *out = (hr_op_list){.op = m.op, .n = m.n};
    return st;
}

bool hr_op_needs_times(const hr_op *op, const hr_op_args *a)
{
    for (uint32_t i = 0; i < op->n_arg; i++) {
        bool is_off = op->arg[i].is_off && a->v[i] == op->arg[i].by_default;
        if (a->is_time[i] && a->v[i] > 0 && !is_off) return true;
    }
    return op->by_times;
}

size_t hr_op_no_bytes(const hr_op_args *a)
{
    (void)a;
    return 0;
}

void hr_op_no_init(void *state, const hr_op_args *a)
{
    (void)state;
    (void)a;
}
