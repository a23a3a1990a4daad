/* SPDX-License-Identifier: Apache-2.0 */
#include "job/run_order.h"

#include "mem/mem.h"

hr_status run_order_create(run_order *o, uint32_t n, hr_err *err)
{
    *o = (run_order){.head = hr_heap_zero(n, sizeof *o->head),
                     .heap = hr_heap_zero(n, sizeof *o->heap),
                     .waiting = hr_heap_zero(n, sizeof *o->waiting)};
    if (o->head == NULL || o->heap == NULL || o->waiting == NULL)
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u inputs", n);
    while (o->n_waiting < n) {
        o->waiting[o->n_waiting] = o->n_waiting;
        o->n_waiting++;
    }
    return HR_OK;
}

void run_order_destroy(run_order *o)
{
    hr_heap_free(o->head);
    hr_heap_free(o->heap);
    hr_heap_free(o->waiting);
    *o = (run_order){0};
}

static bool is_before(const run_order *o, uint32_t a, uint32_t b)
{
    return run_order_before(o->head[a].time, o->head[a].seq, a, &o->head[b], b);
}

void run_order_push(run_order *o, uint32_t source)
{
    uint32_t at = o->n_heap++;
    for (; at > 0 && is_before(o, source, o->heap[(at - 1) / 2]); at = (at - 1) / 2)
        o->heap[at] = o->heap[(at - 1) / 2];
    o->heap[at] = source;
}

void run_order_sift(run_order *o)
{
    uint32_t source = o->heap[0];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= o->n_heap) break;
        if (child + 1 < o->n_heap && is_before(o, o->heap[child + 1], o->heap[child])) child++;
        if (!is_before(o, o->heap[child], source)) break;
        o->heap[at] = o->heap[child];
        at = child;
    }
    o->heap[at] = source;
}

void run_order_wait(run_order *o)
{
    o->waiting[o->n_waiting++] = o->heap[0];
    o->heap[0] = o->heap[--o->n_heap];
    if (o->n_heap > 0) run_order_sift(o);
}

uint32_t run_order_second(const run_order *o)
{
    if (o->n_heap < 2) return RUN_ORDER_NONE;
    if (o->n_heap == 2 || is_before(o, o->heap[1], o->heap[2])) return o->heap[1];
    return o->heap[2];
}
