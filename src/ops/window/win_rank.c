/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of a window, exact. Windows of few rows keep each row's place in the order
 * (win_few.h), all others a tree (win_order.h). By time one becomes the other as rows come and go;
 * what that takes is bounded by what few rows are. */
#include <float.h>

#include "ops/window/win.h"
#include "ops/window/win_few.h"
#include "ops/window/win_order.h"
#include "ops/window/win_ranked.h"

#define ROWS_LIMIT 0x7ffffff0u

/* A state is a head, the rows as they came (by time with their times), and few rows or a tree; of
 * few rows by rows the values are those rows. Of the head, `at` is by rows where the next row
 * goes; by time how many slots there are for few rows, 0: they are in the tree. Where calls
 * of many rows did without the tree (win_ranked.h), it is made anew when one of few comes. */
HR_INLINE double *ring_of(hr_win *w)
{
    return (double *)(void *)((char *)w + HR_WIN_HEAD);
}

HR_INLINE hr_few few_by_rows(hr_win *w, uint32_t n_bytes)
{
    double *v = ring_of(w);
    return (hr_few){.v = v,
                    .place = (int8_t *)(void *)(v + w->cap),
                    .n_slots = (uint32_t)w->cap,
                    .n_bytes = n_bytes};
}

/* slot: of a row by its place in a ring of as many; those that are free are at the other places. */
typedef struct few_of_time {
    double *ring;
    int64_t *ts;
    hr_few few;
    uint8_t *slot;
} few_of_time;

HR_INLINE few_of_time few_by_time(hr_win *w, uint32_t n_slots)
{
    few_of_time o = {.ring = ring_of(w)};
    o.ts = (int64_t *)(void *)(o.ring + w->cap);
    o.few.v = (double *)(void *)(o.ts + w->cap);
    o.few.place = (int8_t *)(void *)(o.few.v + n_slots);
    o.few.n_slots = o.few.n_bytes = n_slots;
    o.slot = (uint8_t *)(void *)(o.few.place + n_slots);
    return o;
}

static void few_clear(const few_of_time *o)
{
    hr_few_clear(&o->few, o->few.n_slots);
    for (uint32_t i = 0; i < o->few.n_slots; i++)
        o->slot[i] = (uint8_t)i;
}

/* The parts of a state with a tree. */
typedef struct order {
    hr_win *w;
    double *ring;
    int64_t *ts; /* by time */
    hr_order tree;
} order;

HR_INLINE order order_of(hr_win *w)
{
    double *ring = ring_of(w);
    int64_t *ts = (int64_t *)(void *)(ring + w->cap); /* by time */
    void *tree = w->width_ns > 0 ? (void *)(ts + w->cap) : (void *)ts;
    return (order){.w = w, .ring = ring, .ts = ts, .tree = hr_order_of(tree, (uint64_t)w->n + 1)};
}

/* twice: the other rows below it and those up to it, together. */
HR_INLINE double rank_of(uint64_t twice, uint64_t n_rows)
{
    return n_rows == 1 ? 0.5 : (double)twice / (double)(2 * (n_rows - 1));
}

/* ---- few rows ---- */

/* Where it is not full there is infinity among its values. */
HR_INLINE double few_value(const hr_few *f, uint32_t slot, double x, double place, uint32_t n)
{
    const uint32_t k = (uint32_t)place;
    const uint32_t want[2] = {k, HR_MIN(k + 1, n - 1)};
    uint32_t at[2];
    hr_few_add_and_find(f, slot, x, want, at);
    const double low = f->v[at[0]];
    const double high = f->v[at[1]];
    const double part = k + 1 < n ? place - (double)k : 0;
    const double v = low + (high - low) * part;
    if (HR_LIKELY(!hr_win_is_null(v))) return v;
    return hr_win_or_null(hr_order_between(low, high, part));
}

HR_INLINE void few_rows(hr_win *w, const hr_op_rows *r, uint32_t n_bytes, bool is_rank)
{
    const hr_few f = few_by_rows(w, n_bytes);
    const uint32_t n = w->n;
    const double place = w->arg * (double)(n - 1);
    uint32_t at = w->at;
    uint64_t end = w->end;
    const double *in = r->in[0];
    double *out = r->out[0];
    const uint32_t n_rows = r->n;
    for (uint32_t i = 0; i < n_rows; i++) {
        double x = in[i] + 0.0; /* -0 is 0 */
        if (HR_UNLIKELY(hr_win_is_null(x))) {
            out[i] = (double)NAN;
            continue;
        }
        double v = is_rank ? rank_of(hr_few_twice(&f, at, x), n) : few_value(&f, at, x, place, n);
        at = at + 1 == n ? 0 : at + 1;
        out[i] = HR_LIKELY(++end >= n) ? v : (double)NAN;
    }
    w->at = at;
    w->end = end;
}

/* By time, a row that has come: rows from `gone` to the first of the window leave. The last of them
 * leaves its slot to the new one, which costs no more than by rows. */
HR_INLINE double few_pass(const hr_win *w, const few_of_time *o, double x, uint64_t gone,
                          bool is_rank)
{
    const hr_few *f = &o->few;
    const uint64_t mask = f->n_slots - 1;
    const uint32_t n = (uint32_t)(w->end - w->from);
    uint32_t slot = o->slot[(w->end - 1) & mask];
    if (HR_UNLIKELY(n == 1)) { /* alone */
        hr_few_clear(f, f->n_slots);
    } else if (gone < w->from) {
        for (; gone + 1 < w->from; gone++) {
            uint32_t left = o->slot[gone & mask];
            if (is_rank) {
                hr_few_put(f->v, left, (double)INFINITY);
            } else {
                hr_few_drop(f, left, (uint32_t)(w->end - gone) - 2);
            }
        }
        uint32_t left = o->slot[gone & mask];
        o->slot[gone & mask] = (uint8_t)slot;
        o->slot[(w->end - 1) & mask] = (uint8_t)left;
        slot = left;
    }
    o->ring[(w->end - 1) & (w->cap - 1)] = x;
    if (is_rank) return rank_of(hr_few_twice(f, slot, x), n);
    return few_value(f, slot, x, w->arg * (double)(n - 1), n);
}

/* Up to a row for which there have to be more slots or fewer: which is the next. */
HR_INLINE uint32_t few_times(hr_win *head, const hr_op_rows *r, uint32_t i, uint32_t n_slots,
                             bool is_rank)
{
    const few_of_time o = few_by_time(head, n_slots);
    /* all that bytes that are stored could be taken to change */
    hr_win w = {.width_ns = head->width_ns, .newest = head->newest, .lost = head->lost};
    w.origin = head->origin;
    w.from = head->from;
    w.end = head->end;
    w.cap = head->cap;
    w.n = head->n;
    w.arg = head->arg;
    const uint64_t most = n_slots >= w.n ? UINT64_MAX : n_slots;
    const uint64_t least = n_slots > HR_FEW_LEAST ? n_slots / 4 : 0;
    const double *in = r->in[0];
    const int64_t *ts = r->ts;
    double *out = r->out[0];
    const uint32_t n_rows = r->n;
    for (; i < n_rows; i++) {
        double x = in[i] + 0.0;
        if (HR_UNLIKELY(hr_win_is_null(x))) {
            out[i] = (double)NAN;
            continue;
        }
        uint64_t gone = w.from;
        if (HR_UNLIKELY(w.end - gone >= most || w.end - gone < least)) break;
        bool has_value = hr_win_pass(&w, o.ts, ts[i]);
        double v = few_pass(&w, &o, x, gone, is_rank);
        out[i] = HR_LIKELY(has_value) ? v : (double)NAN;
    }
    head->newest = w.newest;
    head->lost = w.lost;
    head->origin = w.origin;
    head->from = w.from;
    head->end = w.end;
    return i;
}

/* Apart, so that a call of one row costs little more than the row. */
#define FEW(n)                                                                                     \
    static HR_NOINLINE void quantile_rows_##n(hr_win *w, const hr_op_rows *r)                      \
    {                                                                                              \
        few_rows(w, r, n, false);                                                                  \
    }                                                                                              \
    static HR_NOINLINE uint32_t quantile_times_##n(hr_win *w, const hr_op_rows *r, uint32_t i)     \
    {                                                                                              \
        return few_times(w, r, i, n, false);                                                       \
    }                                                                                              \
    static HR_NOINLINE uint32_t rank_times_##n(hr_win *w, const hr_op_rows *r, uint32_t i)         \
    {                                                                                              \
        return few_times(w, r, i, n, true);                                                        \
    }
FEW(32)
FEW(64)
FEW(128)
FEW(256)

/* Of more than half the slots, a call of many rows costs less sorted (win_ranked.h). */
static bool few_ranked(hr_win *w, const hr_op_rows *r, bool is_rank)
{
    if (w->n <= HR_FEW_MOST / 2 || !hr_ranked_is_worth(w->n, r)) return false;
    if (is_rank && r->n < 2 * HR_FEW_MOST) return false;
    const uint32_t n_bytes = hr_few_bytes_of(w->n);
    const hr_few f = few_by_rows(w, n_bytes);
    if (!hr_ranked_run(w, f.v, r, is_rank)) return false;
    if (!is_rank) hr_ranked_places(r->room, w, f.place, n_bytes);
    return true;
}

static HR_NOINLINE void rank_rows(hr_win *w, const hr_op_rows *r)
{
    if (few_ranked(w, r, true)) return;
    few_rows(w, r, HR_FEW_MOST, true); /* it has no places */
}

static void quantile_rows(hr_win *w, const hr_op_rows *r)
{
    if (few_ranked(w, r, false)) return;
    if (w->n <= 32) {
        quantile_rows_32(w, r);
    } else if (w->n <= 64) {
        quantile_rows_64(w, r);
    } else if (w->n <= 128) {
        quantile_rows_128(w, r);
    } else {
        quantile_rows_256(w, r);
    }
}

static uint32_t quantile_times(hr_win *w, const hr_op_rows *r, uint32_t i)
{
    if (w->at == 32) return quantile_times_32(w, r, i);
    if (w->at == 64) return quantile_times_64(w, r, i);
    return w->at == 128 ? quantile_times_128(w, r, i) : quantile_times_256(w, r, i);
}

static uint32_t rank_times(hr_win *w, const hr_op_rows *r, uint32_t i)
{
    if (w->at == 32) return rank_times_32(w, r, i);
    if (w->at == 64) return rank_times_64(w, r, i);
    return w->at == 128 ? rank_times_128(w, r, i) : rank_times_256(w, r, i);
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
    return hr_order_between(low, high, part);
}

/* Up to a row at which the window has but few: which is the next. */
HR_INLINE uint32_t tree_run(const order *o, const hr_op_rows *r, uint32_t i, bool by_time,
                            bool is_rank)
{
    hr_win *w = o->w;
    for (; i < r->n; i++) {
        double x = r->in[0][i] + 0.0;
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(x))) continue;
        uint64_t gone = w->from;
        if (by_time && HR_UNLIKELY(w->end - gone < HR_FEW_MOST / 4)) break;
        bool has_value = by_time ? hr_win_pass(w, o->ts, r->ts[i]) : w->end + 1 >= w->n;
        uint64_t twice = by_time ? time_pass(o, x, gone, is_rank) : rows_pass(o, x, is_rank);
        uint64_t n = w->end - w->from;
        /* without a value too: the place that is followed is never far behind */
        double v = is_rank ? rank_of(twice, n) : tree_quantile(o, n);
        if (HR_LIKELY(has_value)) r->out[0][i] = hr_win_or_null(v);
    }
    return i;
}

/* Few rows are many now, or the other way round, or there are more slots or fewer: all are put in
 * anew, HR_FEW_MOST at most; behind calls that did without, HR_RANKED_ROWS. */
static HR_NOINLINE void form_change(hr_win *w, bool is_rank)
{
    const uint64_t n = w->end - w->from;
    const double *ring = ring_of(w);
    w->has_no_tree = 0;
    if (n >= HR_FEW_MOST) {
        w->at = 0;
        order o = order_of(w);
        hr_order_clear(&o.tree);
        for (uint64_t i = w->from; i < w->end; i++)
            (void)tree_add(&o.tree, ring[i & (w->cap - 1)] + 0.0, is_rank);
        return;
    }
    w->at = hr_few_bytes_of(HR_MIN(2 * (uint32_t)n, HR_FEW_MOST));
    few_of_time o = few_by_time(w, w->at);
    few_clear(&o);
    for (uint64_t i = w->from; i < w->end; i++)
        hr_few_add(&o.few, o.slot[i & (w->at - 1)], ring[i & (w->cap - 1)] + 0.0);
}

/* The first rows, where there are many: up to which. */
static HR_NOINLINE uint32_t times_ranked(hr_win *w, const hr_op_rows *r, bool is_rank)
{
    double *ring = ring_of(w);
    int64_t *ts = (int64_t *)(void *)(ring + w->cap);
    const uint32_t i = hr_ranked_times(w, ring, ts, r, is_rank);
    if (i == 0) return 0;
    w->at = 0;
    w->has_no_tree = 1;
    return i;
}

HR_INLINE void times_run(hr_win *w, const hr_op_rows *r, bool is_rank)
{
    uint32_t i = 0;
    if (r->room != NULL && r->n >= HR_FEW_MOST && w->n > HR_FEW_MOST)
        i = times_ranked(w, r, is_rank);
    if (i == r->n) return;
    if (HR_UNLIKELY(w->has_no_tree)) form_change(w, is_rank);
    for (;;) {
        if (w->at == 0) {
            order o = order_of(w);
            i = tree_run(&o, r, i, true, is_rank);
        } else {
            i = is_rank ? rank_times(w, r, i) : quantile_times(w, r, i);
        }
        if (HR_LIKELY(i == r->n)) return;
        form_change(w, is_rank);
    }
}

/* Of the rows of the ring, HR_RANKED_WINDOW at most. */
static HR_NOINLINE void tree_renew(hr_win *w, bool is_rank)
{
    order o = order_of(w);
    const uint32_t n = (uint32_t)(w->end - w->from);
    hr_order_clear(&o.tree);
    for (uint32_t i = 0; i < n; i++)
        (void)tree_add(&o.tree, o.ring[i] + 0.0, is_rank);
    w->has_no_tree = 0;
}

static HR_NOINLINE void quantile_many(hr_win *w, const hr_op_rows *r)
{
    if (hr_ranked_is_worth(w->n, r) && hr_ranked_run(w, ring_of(w), r, false)) {
        w->has_no_tree = 1;
        return;
    }
    if (HR_UNLIKELY(w->has_no_tree)) tree_renew(w, false);
    order o = order_of(w);
    (void)tree_run(&o, r, 0, false, false);
}

static HR_NOINLINE void rank_many(hr_win *w, const hr_op_rows *r)
{
    if (hr_ranked_is_worth(w->n, r) && hr_ranked_run(w, ring_of(w), r, true)) {
        w->has_no_tree = 1;
        return;
    }
    if (HR_UNLIKELY(w->has_no_tree)) tree_renew(w, true);
    order o = order_of(w);
    (void)tree_run(&o, r, 0, false, true);
}

void HR_WIN_FN(rank)(void *state, const hr_op_rows *r)
{
    hr_win *w = state;
    if (w->width_ns > 0) {
        times_run(w, r, true);
    } else if (w->n > HR_FEW_MOST) {
        rank_many(w, r);
    } else {
        rank_rows(w, r);
    }
}

void HR_WIN_FN(quantile)(void *state, const hr_op_rows *r)
{
    hr_win *w = state;
    if (w->width_ns > 0) {
        times_run(w, r, false);
    } else if (w->n > HR_FEW_MOST) {
        quantile_many(w, r);
    } else {
        quantile_rows(w, r);
    }
}

#ifndef HR_WIN_AVX2

/* Of a ring by rows: whole vectors. */
static uint64_t ring_slots(uint64_t n)
{
    return (n + 7) / 8 * 8;
}

static uint64_t few_bytes(const hr_op_args *a, uint64_t n)
{
    if (!a->is_time[0]) return n > HR_FEW_MOST ? 0 : hr_win_line(hr_few_bytes_of((uint32_t)n));
    uint64_t slots = hr_few_bytes_of((uint32_t)HR_MIN(n, (uint64_t)HR_FEW_MOST));
    return hr_win_line(slots * (sizeof(double) + 2));
}

size_t hr_win_bytes_order(const hr_op_args *a)
{
    uint64_t n = a->is_time[0] ? a->max_rows : (uint64_t)a->v[0];
    if (n > ROWS_LIMIT) return SIZE_MAX;
    uint64_t few = few_bytes(a, n);
    uint64_t tree = n > HR_FEW_MOST ? hr_order_bytes(n + 1) : 0;
    uint64_t ring = a->is_time[0] ? hr_win_ring(a) * 16 : ring_slots(n) * sizeof(double);
    return HR_WIN_HEAD + ring + HR_MAX(few, tree);
}

void hr_win_init_order(void *state, const hr_op_args *a)
{
    hr_win *w = hr_win_begin(state, a);
    if (a->is_time[0]) {
        w->at = HR_FEW_LEAST;
        few_of_time o = few_by_time(w, w->at);
        few_clear(&o);
        return;
    }
    w->cap = ring_slots(w->n);
    if (w->n > HR_FEW_MOST) {
        order o = order_of(w);
        hr_order_clear(&o.tree);
    } else {
        hr_few f = few_by_rows(w, hr_few_bytes_of(w->n));
        hr_few_clear(&f, w->n);
    }
}

/* Slots have places from 0 on, one each, in the order of their values. */
static bool places_are_sound(const hr_few *f, uint32_t n_used)
{
    uint16_t slot[HR_FEW_MOST];
    for (uint32_t i = 0; i < n_used; i++)
        slot[i] = HR_FEW_MOST;
    for (uint32_t i = 0; i < n_used; i++) {
        uint32_t at = (uint32_t)((int32_t)f->place[i] + (int32_t)f->n_bytes / 2);
        if (at >= n_used || slot[at] != HR_FEW_MOST) return false;
        slot[at] = (uint16_t)i;
    }
    for (uint32_t i = n_used; i < f->n_bytes; i++)
        if (f->place[i] != INT8_MAX) return false;
    double last = -DBL_MAX;
    for (uint32_t i = 0; i < n_used; i++) {
        if (!(f->v[slot[i]] >= last)) return false;
        last = f->v[slot[i]];
    }
    return true;
}

/* Its values are the rows of the window, n of them, and none beside. */
static bool values_are_sound(const hr_few *f, uint64_t n)
{
    uint64_t n_values = 0;
    for (uint32_t i = 0; i < f->n_slots; i++) {
        bool is_value = !hr_win_is_null(f->v[i]);
        if (!is_value && !(f->v[i] >= (double)INFINITY)) return false;
        n_values += is_value;
    }
    return n_values == n;
}

static bool few_rows_are_sound(hr_win *w, bool is_rank)
{
    const hr_few f = few_by_rows(w, hr_few_bytes_of(w->n));
    const uint64_t n = HR_MIN(w->end, (uint64_t)w->n);
    for (uint64_t i = 0; i < n; i++)
        if (hr_win_is_null(f.v[i])) return false;
    return values_are_sound(&f, n) && (is_rank || places_are_sound(&f, w->n));
}

static bool few_times_are_sound(hr_win *w, bool is_rank)
{
    if (w->at > hr_few_bytes_of(HR_MIN(w->n, HR_FEW_MOST)) || w->at != hr_few_bytes_of(w->at))
        return false;
    const few_of_time o = few_by_time(w, w->at);
    bool is_met[HR_FEW_MOST] = {0};
    if (w->end - w->from > w->at) return false;
    for (uint32_t i = 0; i < w->at; i++) {
        uint32_t slot = o.slot[i];
        if (slot >= w->at || is_met[slot]) return false;
        is_met[slot] = true;
    }
    for (uint64_t i = w->from; i < w->end; i++) {
        double x = o.ring[i & (w->cap - 1)];
        if (hr_win_is_null(x) || !(o.few.v[o.slot[i & (w->at - 1)]] == x)) return false;
    }
    return values_are_sound(&o.few, w->end - w->from) &&
           (is_rank || places_are_sound(&o.few, w->at));
}

/* Rows of the ring that are to leave the tree are finite. */
static bool tree_is_sound(hr_win *w)
{
    const order o = order_of(w);
    const bool by_time = w->width_ns > 0;
    const uint64_t n = by_time ? w->end - w->from : HR_MIN(w->end, (uint64_t)w->n);
    for (uint64_t i = 0; i < n; i++)
        if (hr_win_is_null(o.ring[by_time ? (w->from + i) & (w->cap - 1) : i])) return false;
    if (w->end - w->from != n) return false;
    return w->has_no_tree == 1 || hr_order_is_sound(&o.tree, (uint64_t)w->n + 1, n);
}

static bool order_is_sound(const void *state, const hr_op_args *a, bool is_rank)
{
    hr_win *w = (hr_win *)(uintptr_t)state; /* which is not written to */
    const bool by_time = a->is_time[0];
    if (!hr_win_is_sound(w, a, by_time ? hr_win_ring(a) : ring_slots((uint64_t)a->v[0])))
        return false;
    if (!by_time && w->at != w->end % w->n) return false;
    const bool can_do_without = w->n > HR_FEW_MOST && (by_time ? w->end - w->from <= HR_RANKED_ROWS
                                                               : w->n <= HR_RANKED_WINDOW);
    if (w->has_no_tree > can_do_without) return false;
    if (w->n > HR_FEW_MOST && (!by_time || w->at == 0)) return tree_is_sound(w);
    return by_time ? few_times_are_sound(w, is_rank) : few_rows_are_sound(w, is_rank);
}

size_t hr_win_room_order(const hr_op_args *a, uint32_t n_rows)
{
    const bool by_time = a->is_time[0];
    const uint32_t n = by_time ? a->max_rows : (uint32_t)HR_MIN(a->v[0], UINT32_MAX);
    if (n <= (by_time ? HR_FEW_MOST : HR_FEW_MOST / 2)) return 0;
    if (!by_time && n > HR_RANKED_WINDOW) return 0;
    return n_rows >= (by_time ? HR_FEW_MOST : hr_ranked_least(n)) ? hr_win_line(sizeof(hr_ranked))
                                                                  : 0;
}

bool hr_win_is_sound_rank(const void *state, const hr_op_args *a)
{
    return order_is_sound(state, a, true);
}

bool hr_win_is_sound_quantile(const void *state, const hr_op_args *a)
{
    return order_is_sound(state, a, false);
}

#endif
