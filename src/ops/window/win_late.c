/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time in which a row that is late counts at its own time: the rows lie in the order of
 * their times (win_late_rows.h), and a value is made of whole numbers (win_late_sums.h), of the
 * order of the values (win_order.h) or of the two ends, so that it does not tell in which order
 * rows of different times came. */
#include "ops/window/win.h"
#include "ops/window/win_late_rows.h"
#include "ops/window/win_late_sums.h"
#include "ops/window/win_order.h"

typedef enum kind { SUM, MEAN, VAR, STD, MIN, MAX, COUNT, FIRST, LAST } kind;

/* What is kept beside the rows. */
typedef enum part { SUMS, SPREADS, ENDS, PLACES } part;

/* The parts of a state. */
typedef struct late {
    hr_win *w;
    hr_late rows;
    hr_late_squares *squares;
    hr_late_sum *sums;
    hr_order order;
} late;

HR_INLINE part part_of(kind k)
{
    if (k == SUM || k == MEAN) return SUMS;
    if (k == VAR || k == STD) return SPREADS;
    return k == MIN || k == MAX ? ENDS : PLACES;
}

static uint64_t part_bytes(part p, uint64_t n_rows)
{
    if (p == SUMS) return sizeof(hr_late_sum);
    if (p == SPREADS) return sizeof(hr_late_squares);
    return p == ENDS ? hr_order_bytes(n_rows) : 0;
}

static late late_of(void *state, part p)
{
    late o = {.w = state};
    char *at = (char *)state + HR_WIN_HEAD;
    uint64_t n = o.w->n;
    if (p == SUMS) o.sums = (hr_late_sum *)(void *)at;
    if (p == SPREADS) o.squares = (hr_late_squares *)(void *)at;
    if (p == ENDS) o.order = hr_order_of(at, n);
    o.rows = hr_late_of(at + part_bytes(p, n), n);
    return o;
}

static void late_clear(const late *o, part p)
{
    hr_late_clear(&o->rows);
    if (p == SUMS) memset(o->sums, 0, sizeof *o->sums);
    if (p == SPREADS) memset(o->squares, 0, sizeof *o->squares);
    if (p == ENDS) hr_order_clear(&o->order);
}

HR_INLINE void part_add(const late *o, part p, double x)
{
    if (p == SUMS) hr_late_sum_add(o->sums, x, 1);
    if (p == SPREADS) hr_late_squares_add(o->squares, x, 1);
    if (p == ENDS) {
        hr_order_path at HR_UNINIT;
        hr_order_find(&o->order, &at, x + 0.0); /* -0 is 0 */
        if (HR_UNLIKELY(hr_order_is_full(&o->order, &at))) {
            hr_order_part(&o->order, &at);
            hr_order_find(&o->order, &at, x + 0.0);
        }
        (void)hr_order_add(&o->order, &at, x + 0.0, false);
    }
}

/* The oldest row leaves. */
HR_INLINE void late_drop(const late *o, part p)
{
    double x = hr_late_pop(&o->rows);
    if (p == SUMS) hr_late_sum_add(o->sums, x, -1);
    if (p == SPREADS) hr_late_squares_add(o->squares, x, -1);
    if (p == ENDS) {
        hr_order_path at HR_UNINIT;
        hr_order_find(&o->order, &at, x + 0.0);
        hr_order_drop(&o->order, &at, x + 0.0, false);
    }
}

/* Time goes on: rows leave, all of them at once where they do. */
HR_INLINE void late_pass(const late *o, part p, int64_t t)
{
    o->w->newest = t;
    int64_t edge = hr_win_edge(o->w);
    if (o->rows.h->n_rows == 0) return;
    if (HR_UNLIKELY(hr_late_newest(&o->rows) <= edge)) {
        late_clear(o, p);
        return;
    }
    while (hr_late_oldest(&o->rows) <= edge)
        late_drop(o, p);
}

HR_INLINE void late_come(const late *o, part p, int64_t t, double x)
{
    hr_win *w = o->w;
    if (t > w->newest) {
        late_pass(o, p, t);
    } else {
        uint64_t age = (uint64_t)w->newest - (uint64_t)t;
        if (age > (uint64_t)w->arg || (age > 0 && t <= hr_win_edge(w))) return;
    }
    if (HR_UNLIKELY(o->rows.h->n_rows == w->n)) {
        int64_t oldest = hr_late_oldest(&o->rows);
        int64_t gone = HR_MIN(t, oldest);
        w->lost = HR_MAX(w->lost, gone);
        if (t < oldest) return;
        late_drop(o, p);
    }
    hr_late_put(&o->rows, t, x);
    part_add(o, p, x);
}

HR_INLINE double late_value(const late *o, kind k)
{
    uint32_t n = o->rows.h->n_rows;
    switch (k) {
    case SUM:
        return hr_late_sum_value(o->sums);
    case MEAN:
        return hr_late_sum_value(o->sums) / n;
    case VAR:
        return hr_late_squares_var(o->squares, n);
    case STD:
        return sqrt(hr_late_squares_var(o->squares, n));
    case MIN:
        hr_order_seek(&o->order, 0);
        return hr_order_at(&o->order, 0);
    case MAX:
        hr_order_seek(&o->order, n - 1);
        return hr_order_at(&o->order, n - 1);
    case COUNT:
        return n;
    case FIRST:
        return hr_late_first(&o->rows);
    case LAST:
        return hr_late_last(&o->rows);
    }
    return (double)NAN;
}

HR_INLINE void late_run(void *state, const hr_op_rows *r, kind k)
{
    late o = late_of(state, part_of(k));
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(x))) continue;
        late_come(&o, part_of(k), r->ts[i], x);
        if (o.w->lost <= hr_win_edge(o.w)) r->out[0][i] = hr_win_or_null(late_value(&o, k));
    }
}

/* The second argument of these operators is in w->arg, 0 where rows that are late count as of the
 * newest time. */
#define LATE(name, kind)                                                                           \
    void hr_win_late_##name(void *state, const hr_op_rows *r)                                      \
    {                                                                                              \
        const hr_win *w = state;                                                                   \
        if (w->arg > 0) {                                                                          \
            late_run(state, r, kind);                                                              \
        } else {                                                                                   \
            hr_win_##name(state, r);                                                               \
        }                                                                                          \
    }

LATE(sum, SUM)
LATE(mean, MEAN)
LATE(min, MIN)
LATE(max, MAX)
LATE(var, VAR)
LATE(std, STD)
LATE(first, FIRST)
LATE(last, LAST)
LATE(count, COUNT)

static size_t late_bytes(const hr_op_args *a, part p)
{
    if (!a->is_time[0] || a->max_rows > HR_LATE_SUM_ROWS) return SIZE_MAX;
    return HR_WIN_HEAD + part_bytes(p, a->max_rows) + hr_late_bytes(a->max_rows);
}

static void late_init(void *state, const hr_op_args *a, part p)
{
    (void)hr_win_begin(state, a);
    late o = late_of(state, p);
    late_clear(&o, p);
}

/* Sums are whole numbers: those of the rows, whatever came before. */
static bool sums_are_sound(const late *o, part p)
{
    const hr_late *rows = &o->rows;
    hr_late_squares all;
    memset(&all, 0, sizeof all);
    uint32_t i = rows->h->skip;
    for (uint32_t at = rows->h->first; at != HR_LATE_NONE; at = rows->link[at].next, i = 0)
        for (; i < rows->link[at].n; i++) {
            if (p == SUMS)
                hr_late_sum_add(&all.sum, rows->leaf[at].x[i], 1);
            else
                hr_late_squares_add(&all, rows->leaf[at].x[i], 1);
        }
    if (o->sums) return memcmp(o->sums, &all.sum, sizeof all.sum) == 0;
    return o->squares && memcmp(o->squares, &all, sizeof all) == 0;
}

static bool late_is_sound(const void *state, const hr_op_args *a, part p)
{
    const hr_win *w = state;
    if (!hr_win_is_sound(w, a, hr_win_ring(a))) return false;
    late o = late_of((void *)(uintptr_t)state, p); /* which is not written to */
    if (!hr_late_is_sound(&o.rows, w->n)) return false;
    if (p == ENDS) return hr_order_is_sound(&o.order, w->n, o.rows.h->n_rows);
    return p == PLACES || sums_are_sound(&o, p);
}

#define LATE_STATE(name, otherwise, part)                                                          \
    size_t hr_win_bytes_late_##name(const hr_op_args *a)                                           \
    {                                                                                              \
        return a->v[1] > 0 ? late_bytes(a, part) : hr_win_bytes_##otherwise(a);                    \
    }                                                                                              \
    void hr_win_init_late_##name(void *state, const hr_op_args *a)                                 \
    {                                                                                              \
        if (a->v[1] > 0) {                                                                         \
            late_init(state, a, part);                                                             \
        } else {                                                                                   \
            hr_win_init_##otherwise(state, a);                                                     \
        }                                                                                          \
    }                                                                                              \
    bool hr_win_is_sound_late_##name(const void *state, const hr_op_args *a)                       \
    {                                                                                              \
        return a->v[1] > 0 ? late_is_sound(state, a, part)                                         \
                           : hr_win_is_sound_##otherwise(state, a);                                \
    }

LATE_STATE(sums, one, SUMS)
LATE_STATE(spreads, moments, SPREADS)
LATE_STATE(ends, one, ENDS)
LATE_STATE(places, past, PLACES)
