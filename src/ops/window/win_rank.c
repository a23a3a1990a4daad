/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of a window, exact. Windows of few rows are one sorted run of values, of which
 * a row replaces one; rank needs not even that. All others are a tree (win_order.h). */
#include "ops/window/win.h"
#include "ops/window/win_order.h"

#define FEW 64u       /* rows of a sorted run */
#define FEW_RANK 200u /* rows that rank goes over anew */
#define ROWS_LIMIT 0x7ffffff0u

/* The parts of a state. */
typedef struct order {
    hr_win *w;
    double *ring; /* the rows as they came */
    double *run;  /* of few rows: sorted, +infinity behind them */
    int64_t *ts;  /* by time */
    hr_order tree;
} order;

static order order_of(void *state)
{
    order o = {.w = state};
    char *p = (char *)state + HR_WIN_HEAD;
    o.ring = (double *)(void *)p;
    p += o.w->cap * sizeof *o.ring;
    if (o.w->width_ns > 0) {
        o.ts = (int64_t *)(void *)p;
        p += o.w->cap * sizeof *o.ts;
    }
    o.run = (double *)(void *)p;
    if (o.w->width_ns > 0 || o.w->n > FEW) o.tree = hr_order_of(p, (uint64_t)o.w->n + 1);
    return o;
}

/* Between the two rows about a place. */
HR_INLINE double between(double low, double high, double part)
{
    if (part == 0) return low;
    double step = high - low;
    if (HR_UNLIKELY(hr_win_is_null(step))) return low * (1 - part) + high * part;
    return low + step * part;
}

/* twice: the other rows below it and those up to it, together. */
HR_INLINE double rank_of(uint64_t twice, uint64_t n_rows)
{
    return n_rows == 1 ? 0.5 : (double)twice / (double)(2 * (n_rows - 1));
}

/* ---- few rows ---- */

static void few_quantile(const order *o, const hr_op_rows *r)
{
    hr_win *w = o->w;
    const uint32_t n = w->n;
    const uint32_t slots = (n + 7) / 8 * 8;
    const double at = w->arg * (double)(n - 1);
    const uint32_t k = (uint32_t)at;
    const uint32_t next = HR_MIN(k + 1, n - 1);
    const double part = k + 1 < n ? at - (double)k : 0;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i] + 0.0; /* -0 is 0 */
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(x))) continue;
        hr_order_swap(o->run, slots, o->ring[w->at], x); /* +infinity leaves before it is full */
        o->ring[w->at] = x;
        w->at = w->at + 1 == n ? 0 : w->at + 1;
        if (HR_LIKELY(++w->end >= n))
            r->out[0][i] = hr_win_or_null(between(o->run[k], o->run[next], part));
    }
}

typedef double four HR_VECTOR(32);
typedef int64_t four_mask HR_VECTOR(32);

/* With the three beside it: rows are loaded as vectors, and a load waits for a store of a part of
 * what it wants. */
HR_INLINE void ring_put(double *ring, uint32_t at, double x)
{
    static const int64_t mark[7] = {0, 0, 0, -1, 0, 0, 0};
    four *slot = (four *)(void *)(ring + (at & ~3u));
    const four fresh = {x, x, x, x};
    four_mask mine HR_UNINIT;
    memcpy(&mine, mark + 3 - (at & 3), sizeof mine);
    *slot = (four)(((four_mask)fresh & mine) | ((four_mask)*slot & ~mine));
}

static void few_rank(const order *o, const hr_op_rows *r)
{
    hr_win *w = o->w;
    const uint32_t n = w->n;
    const uint32_t slots = (n + 7) / 8 * 8;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(x))) continue;
        ring_put(o->ring, w->at, x);
        w->at = w->at + 1 == n ? 0 : w->at + 1;
        int64_t twice = 0; /* below, and up to it */
        for (uint32_t k = 0; k < slots; k++)
            twice += (int64_t)(o->ring[k] < x) + (int64_t)(o->ring[k] <= x);
        if (HR_LIKELY(++w->end >= n)) r->out[0][i] = rank_of((uint64_t)twice - 1, n);
    }
}

/* ---- many ---- */

/* A row comes, another leaves; rows below x and up to it, together, with neither of them. They are
 * looked for together: what they wait for is not the same. */
HR_INLINE uint64_t tree_swap(const hr_order *t, double x, double gone, bool is_rank)
{
    hr_order_path to HR_UNINIT;
    hr_order_path from HR_UNINIT;
    hr_order_find(t, &to, x);
    hr_order_find(t, &from, gone);
    if (HR_UNLIKELY(hr_order_is_full(t, &to))) {
        hr_order_part(t, &to);
        hr_order_find(t, &to, x);
        hr_order_find(t, &from, gone);
    }
    uint64_t twice = hr_order_add(t, &to, x, is_rank);
    hr_order_drop(t, &from, gone, is_rank);
    return twice - (gone < x) - (gone <= x);
}

HR_INLINE uint64_t tree_add(const hr_order *t, double x, bool is_rank)
{
    hr_order_path to HR_UNINIT;
    hr_order_find(t, &to, x);
    if (HR_UNLIKELY(hr_order_is_full(t, &to))) {
        hr_order_part(t, &to);
        hr_order_find(t, &to, x);
    }
    return hr_order_add(t, &to, x, is_rank);
}

HR_INLINE uint64_t rows_pass(const order *o, double x, bool is_rank)
{
    hr_win *w = o->w;
    uint64_t twice;
    if (HR_LIKELY(w->end >= w->n)) {
        twice = tree_swap(&o->tree, x, o->ring[w->at], is_rank);
        w->from++;
    } else {
        twice = tree_add(&o->tree, x, is_rank);
    }
    o->ring[w->at] = x;
    w->at = w->at + 1 == w->n ? 0 : w->at + 1;
    w->end++;
    return twice;
}

/* Rows from `gone` to the first of the window leave. */
HR_INLINE uint64_t time_pass(const order *o, double x, uint64_t gone, bool is_rank)
{
    hr_win *w = o->w;
    const uint64_t mask = w->cap - 1;
    if (w->from + 1 == w->end) { /* alone */
        hr_order_clear(&o->tree);
        gone = w->from;
    }
    uint64_t twice;
    if (gone < w->from) {
        twice = tree_swap(&o->tree, x, o->ring[gone++ & mask], is_rank);
    } else {
        twice = tree_add(&o->tree, x, is_rank);
    }
    for (; gone < w->from; gone++) {
        double old = o->ring[gone & mask];
        hr_order_path at HR_UNINIT;
        hr_order_find(&o->tree, &at, old);
        hr_order_drop(&o->tree, &at, old, is_rank);
        twice -= (uint64_t)(old < x) + (uint64_t)(old <= x);
    }
    o->ring[(w->end - 1) & mask] = x;
    return twice;
}

HR_INLINE double tree_quantile(const order *o, uint64_t n)
{
    double at = o->w->arg * (double)(n - 1);
    uint32_t k = (uint32_t)at;
    double part = k + 1 < n ? at - (double)k : 0;
    hr_order_seek(&o->tree, k);
    double low = hr_order_at(&o->tree, k);
    double high = part > 0 ? hr_order_at(&o->tree, k + 1) : low;
    return between(low, high, part);
}

HR_INLINE void tree_run(const order *o, const hr_op_rows *r, bool by_time, bool is_rank)
{
    hr_win *w = o->w;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i] + 0.0;
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(x))) continue;
        uint64_t gone = w->from;
        bool has_value = by_time ? hr_win_pass(w, o->ts, r->ts[i]) : w->end + 1 >= w->n;
        uint64_t twice = by_time ? time_pass(o, x, gone, is_rank) : rows_pass(o, x, is_rank);
        uint64_t n = w->end - w->from;
        /* without a value too: the place that is followed is never far behind */
        double v = is_rank ? rank_of(twice, n) : tree_quantile(o, n);
        if (HR_LIKELY(has_value)) r->out[0][i] = hr_win_or_null(v);
    }
}

void HR_WIN_FN(rank)(void *state, const hr_op_rows *r)
{
    order o = order_of(state);
    if (o.w->width_ns > 0) {
        tree_run(&o, r, true, true);
    } else if (o.w->n > FEW_RANK) {
        tree_run(&o, r, false, true);
    } else {
        few_rank(&o, r);
    }
}

void HR_WIN_FN(quantile)(void *state, const hr_op_rows *r)
{
    order o = order_of(state);
    if (o.w->width_ns > 0) {
        tree_run(&o, r, true, false);
    } else if (o.w->n > FEW) {
        tree_run(&o, r, false, false);
    } else {
        few_quantile(&o, r);
    }
}

#ifndef HR_WIN_AVX2

/* Of a ring by rows: whole vectors. */
static uint64_t ring_slots(uint64_t n)
{
    return (n + 7) / 8 * 8;
}

size_t hr_win_bytes_order(const hr_op_args *a)
{
    uint64_t n = a->is_time[0] ? a->max_rows : (uint64_t)a->v[0];
    if (n > ROWS_LIMIT) return SIZE_MAX;
    uint64_t bytes = HR_WIN_HEAD;
    bytes += a->is_time[0] ? hr_win_ring(a) * 16 : ring_slots(n) * sizeof(double);
    if (!a->is_time[0] && n <= FEW) return bytes + FEW * sizeof(double);
    return bytes + hr_order_bytes(n + 1);
}

void hr_win_init_order(void *state, const hr_op_args *a)
{
    hr_win *w = state;
    memset(state, 0, hr_win_bytes_order(a));
    hr_win_init(w, a);
    if (!a->is_time[0]) w->cap = ring_slots(w->n);
    order o = order_of(state);
    if (a->is_time[0] || w->n > FEW) hr_order_clear(&o.tree);
    if (a->is_time[0]) return;
    for (uint64_t i = 0; i < ring_slots(w->n); i++)
        o.ring[i] = (double)INFINITY;
    for (uint32_t i = 0; w->n <= FEW && i < FEW; i++)
        o.run[i] = (double)INFINITY;
}

/* Rows of the ring that are to leave the tree are finite; n: how many are in it. */
static bool rows_are_sound(const order *o, uint64_t from, uint64_t n)
{
    const hr_win *w = o->w;
    for (uint64_t i = from; i < from + n; i++)
        if (hr_win_is_null(o->ring[w->width_ns > 0 ? i & (w->cap - 1) : i])) return false;
    return hr_order_is_sound(&o->tree, (uint64_t)w->n + 1, n);
}

static bool order_is_sound(const void *state, const hr_op_args *a, uint32_t few)
{
    const hr_win *w = state;
    bool by_time = a->is_time[0];
    if (!hr_win_is_sound(w, a, by_time ? hr_win_ring(a) : ring_slots((uint64_t)a->v[0])))
        return false;
    uint64_t held = HR_MIN(w->end, (uint64_t)w->n);
    if (!by_time && w->at != w->end % w->n) return false;
    if (!by_time && w->n <= few) return true;
    if (!by_time && w->end - w->from != held) return false;
    order o = order_of((void *)(uintptr_t)state); /* which is not written to */
    return by_time ? rows_are_sound(&o, w->from, w->end - w->from) : rows_are_sound(&o, 0, held);
}

bool hr_win_is_sound_rank(const void *state, const hr_op_args *a)
{
    return order_is_sound(state, a, FEW_RANK);
}

bool hr_win_is_sound_quantile(const void *state, const hr_op_args *a)
{
    return order_is_sound(state, a, FEW);
}

#endif
