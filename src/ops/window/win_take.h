/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_TAKE_H
#define HR_OPS_WINDOW_WIN_TAKE_H
/* Rows come into a window of time, some of a group of sixteen at once: where the window of each
 * starts. Where a group is told by the rows' places in the ring, no cut of the rows can be felt. */
#include "ops/window/win_ring.h"
#include "ops/window/win_vec.h"

#define HR_WIN_TAKE 16u /* rows looked at together */
#define HR_WIN_LOOK 64u /* rows that may leave while these come, or each is looked for alone */

/** The ring of a window: times, and what is lifted, one or two of each row. */
typedef struct hr_take_ring {
    int64_t *ts;
    double *rows;
    unsigned n_columns;
} hr_take_ring;

/** Rows that come together; their lanes are their places in a group of HR_WIN_TAKE, less whole
 * groups of HR_WIN_GROUP before them. */
typedef struct hr_take {
    uint64_t first;             /* place of lane 0 */
    uint32_t at, to;            /* lanes of the rows: [at, to) */
    uint32_t row[HR_WIN_TAKE];  /* of the input */
    uint64_t from[HR_WIN_TAKE]; /* of its window */
    double held[HR_WIN_TAKE];   /* rows of its window; 0: it has no value */
} hr_take;

/** The start of the window that ends with row p: as a rule up to three rows leave, and how many
 * is nothing that a branch could guess. */
HR_INLINE uint64_t hr_take_leave(const int64_t *ts, uint64_t mask, uint64_t from, uint64_t p,
                                 int64_t edge)
{
    unsigned a = ts[from & mask] <= edge;
    unsigned b = a & (ts[(from + 1) & mask] <= edge);
    unsigned c = b & (ts[(from + 2) & mask] <= edge);
    from += a + b + c;
    if (HR_UNLIKELY(c)) from = from < p ? hr_win_oldest(ts, mask, from, p, edge) : p;
    return HR_MIN(from, p);
}

HR_INLINE hr_take hr_take_none(uint64_t p)
{
    hr_take c HR_UNINIT;
    c.at = c.to = (uint32_t)(p % HR_WIN_GROUP);
    c.first = p - c.at;
    for (uint32_t i = 0; i < HR_WIN_TAKE; i++) {
        c.from[i] = 0;
        c.held[i] = 0;
    }
    return c;
}

/** Rows come one after another, up to the end of the group; the next row of the input. */
HR_INLINE uint32_t hr_take_each(hr_take *c, hr_win *head, const hr_take_ring *ring,
                                const hr_op_rows *r, uint32_t i, const hr_fold *k)
{
    /* all that times, which are whole numbers as well, could be taken to change */
    hr_win w = {.newest = head->newest, .lost = head->lost, .width_ns = head->width_ns};
    const uint64_t most = head->n;
    const uint64_t mask = head->cap - 1;
    const uint32_t n_rows = r->n;
    const int64_t *in_ts = r->ts;
    int64_t *ts = ring->ts;
    uint64_t from = head->from;
    uint64_t p = head->end;
    const uint64_t stop = p - p % HR_WIN_TAKE + HR_WIN_TAKE;
    *c = hr_take_none(p);
    for (; i < n_rows && p < stop; i++) {
        double x = r->in[0][i];
        double y = k->n_in > 1 ? r->in[1][i] : 0;
        if (HR_UNLIKELY(hr_win_is_null(x) || hr_win_is_null(y))) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        if (HR_UNLIKELY(p == 0)) head->origin = in_ts[i];
        w.newest = HR_MAX(w.newest, in_ts[i]);
        int64_t edge = hr_win_edge(&w);
        from = hr_take_leave(ts, mask, from, p, edge);
        if (HR_UNLIKELY(p - from == most)) w.lost = ts[from++ & mask];
        double *row = ring->rows + (p & mask) * ring->n_columns;
        row[0] = x;
        if (k->n_in > 1) row[1] = y;
        if (k->against_time) {
            row[0] = (double)(int64_t)((uint64_t)w.newest - (uint64_t)head->origin);
            row[1] = x;
        }
        ts[p++ & mask] = w.newest;
        c->row[c->to] = i;
        c->from[c->to] = from;
        c->held[c->to++] = w.lost <= edge ? (double)(int64_t)(p - from) : 0;
    }
    head->newest = w.newest;
    head->lost = w.lost;
    head->from = from;
    head->end = p;
    return i;
}

/* Sixteen comparisons for each row pay where four are one operation. */
#if defined(__AVX2__)
#define HR_WIN_TOGETHER true
#else
#define HR_WIN_TOGETHER false
#endif

/** Whether a whole group of rows is at hand, none of them null or late, and their windows have lost
 * no row. */
HR_INLINE bool hr_take_is_plain(const hr_win *w, const hr_op_rows *r, uint32_t i, const hr_fold *k)
{
    if (!HR_WIN_TOGETHER) return false;
    if (w->end % HR_WIN_TAKE != 0 || w->end == 0 || r->n - i < HR_WIN_TAKE) return false;
    const int64_t *t = r->ts + i;
    hr_v4_bits is_odd = {0, 0, 0, 0};
    hr_v4_nulls(&is_odd, r->in[0] + i, HR_WIN_TAKE);
    if (k->n_in > 1) hr_v4_nulls(&is_odd, r->in[1] + i, HR_WIN_TAKE);
    for (uint32_t j = 0; j < HR_WIN_TAKE; j += HR_WIN_GROUP) {
        hr_v4_bits before;
        hr_v4_bits now;
        uint32_t at = HR_MIN(j, HR_WIN_TAKE - 1 - HR_WIN_GROUP); /* the last twice */
        memcpy(&before, t + at, sizeof before);
        memcpy(&now, t + at + 1, sizeof now);
        is_odd |= now < before;
    }
    return !hr_v4_any(&is_odd) && t[0] >= w->newest && t[0] >= INT64_MIN + w->width_ns &&
           w->lost <= t[0] - w->width_ns;
}

/** Edges of windows, and less how many of the rows looked at stay in each. */
typedef struct hr_take_edges {
    hr_v4_bits e[4], n[4];
} hr_take_edges;

enum { HR_TAKE_FIRST = 20, HR_TAKE_STEP = 8 }; /* rows looked at together */

HR_INLINE void hr_take_compare(hr_take_edges *w, int64_t t)
{
    const hr_v4_bits all = {t, t, t, t};
    for (uint32_t g = 0; g < 4; g++)
        w->n[g] += all > w->e[g];
}

/** Where the windows of rows with these edges start, `from` or later; `last` is the newest row.
 * Every row that may leave is compared with all edges, so that none waits for the one before.
 * False: more leave than are looked at. */
HR_INLINE bool hr_take_starts(hr_take_edges *w, const int64_t *ts, uint64_t cap, uint64_t from,
                              uint64_t last)
{
    const int64_t newest = w->e[3][3];
    const uint64_t first = from & (cap - 1);
    uint32_t n = 0;
    int64_t t = INT64_MIN;
    for (uint32_t g = 0; g < 4; g++)
        w->n[g] = (hr_v4_bits){0, 0, 0, 0};
    if (HR_LIKELY(first + HR_TAKE_FIRST <= cap && from + HR_TAKE_FIRST <= last + 1)) {
        for (uint32_t j = 0; j < HR_TAKE_FIRST; j++)
            hr_take_compare(w, ts[first + j]);
        n = HR_TAKE_FIRST;
        t = ts[first + HR_TAKE_FIRST - 1];
    }
    while (HR_UNLIKELY(t <= newest)) {
        if (n + HR_TAKE_STEP > HR_WIN_LOOK) return false;
        for (uint32_t j = 0; j < HR_TAKE_STEP; j++) {
            t = ts[HR_MIN(from + n + j, last) & (cap - 1)];
            hr_take_compare(w, t);
        }
        n += HR_TAKE_STEP;
    }
    const int64_t to = (int64_t)(from + n);
    for (uint32_t g = 0; g < 4; g++)
        w->n[g] += (hr_v4_bits){to, to, to, to};
    return true;
}

/** Rows of the windows of all lanes. */
HR_INLINE void hr_take_held(hr_take *c)
{
    const hr_v4_bits exponent = {INT64_C(0x433) << 52, INT64_C(0x433) << 52, INT64_C(0x433) << 52,
                                 INT64_C(0x433) << 52}; /* 2^52 and a whole number */
    for (uint32_t g = 0; g < HR_WIN_TAKE; g += HR_WIN_GROUP) {
        const int64_t end = (int64_t)(c->first + g);
        hr_v4_bits from;
        memcpy(&from, c->from + g, sizeof from);
        hr_v4 n = (hr_v4)(((hr_v4_bits){end + 1, end + 2, end + 3, end + 4} - from) | exponent);
        n -= HR_V4(0x1p52);
        hr_v4_store(c->held + g, &n);
    }
}

/** A whole group of plain rows; `held` is not told (hr_take_held). False: nothing was done, but for
 * places of the ring in which no row waits. */
HR_INLINE bool hr_take_plain(hr_take *c, hr_win *w, const hr_take_ring *ring, const hr_op_rows *r,
                             uint32_t i, const hr_fold *k)
{
    if (HR_UNLIKELY(!hr_take_is_plain(w, r, i, k))) return false;
    const uint64_t mask = w->cap - 1;
    const uint64_t p = w->end;
    const int64_t width = w->width_ns;
    const int64_t *t = r->ts + i;
    hr_take_edges edges HR_UNINIT;
    for (uint32_t g = 0; g < 4; g++) {
        hr_v4_bits v;
        memcpy(&v, t + (size_t)g * HR_WIN_GROUP, sizeof v);
        memcpy(ring->ts + (p & mask) + (size_t)g * HR_WIN_GROUP, &v, sizeof v);
        edges.e[g] = v - (hr_v4_bits){width, width, width, width};
    }
    uint64_t from = w->from;
    if (HR_UNLIKELY(ring->ts[HR_MIN(from + HR_WIN_TAKE, p) & mask] <= t[0] - width))
        from = hr_win_oldest(ring->ts, mask, from, p, t[0] - width);
    if (!hr_take_starts(&edges, ring->ts, w->cap, from, p + HR_WIN_TAKE - 1)) return false;
    memcpy(c->from, edges.n, sizeof edges.n);
    if (HR_UNLIKELY(p + HR_WIN_TAKE - from > w->n)) { /* maybe more than can be held */
        uint64_t most = 0;
        for (uint32_t j = 0; j < HR_WIN_TAKE; j++)
            most = HR_MAX(most, p + j + 1 - c->from[j]);
        if (most > w->n) return false;
    }
    const double *x = r->in[0] + i;
    double *row = ring->rows + (p & mask) * ring->n_columns;
    if (ring->n_columns == 1) memcpy(row, x, HR_WIN_TAKE * sizeof *x);
    for (uint32_t j = 0; ring->n_columns > 1 && j < HR_WIN_TAKE; j++) {
        double place = (double)(int64_t)((uint64_t)t[j] - (uint64_t)w->origin);
        row[2 * j] = k->against_time ? place : x[j];
        row[2 * j + 1] = k->against_time ? x[j] : r->in[1][i + j];
    }
    w->newest = t[HR_WIN_TAKE - 1];
    w->from = c->from[HR_WIN_TAKE - 1];
    w->end = p + HR_WIN_TAKE;
    c->first = p;
    c->at = 0;
    c->to = HR_WIN_TAKE;
    return true;
}

#define HR_TAKE_PREFETCH 128u /* rows */

/** Asks for the lines of the ring that n rows will come into, and of those that will leave: where
 * there are many instruments none of them is at hand. */
HR_INLINE void hr_take_prefetch(const hr_win *w, const hr_take_ring *ring, uint32_t n)
{
    const uint64_t mask = w->cap - 1;
    n = HR_MIN(n, HR_TAKE_PREFETCH);
    for (uint32_t i = 0; i < n; i += 64 / sizeof(double)) {
        const uint64_t in = (w->end + i) & mask;
        const uint64_t out = (w->from + i) & mask;
        __builtin_prefetch(ring->ts + out);
        __builtin_prefetch(ring->rows + out * ring->n_columns);
        __builtin_prefetch(ring->ts + in, 1);
        __builtin_prefetch(ring->rows + in * ring->n_columns, 1);
    }
}

/* ---- what windows over the same rows are told ---- */

/* Of each row the place where its window starts, with HR_TAKE_LOST where it has no value since rows
 * were lost; HR_TAKE_NULL: it is a row of no window. */
#define HR_TAKE_LOST (UINT64_C(1) << 63)
#define HR_TAKE_NULL UINT64_MAX

/** Rows [i, next) of the input are told, those of c and nulls. */
HR_INLINE void hr_take_tell(uint64_t *told, const hr_take *c, uint32_t i, uint32_t next)
{
    for (; i < next; i++)
        told[i] = HR_TAKE_NULL;
    for (uint32_t j = c->at; j < c->to; j++)
        told[c->row[j]] = c->from[j] | (c->held[j] > 0 ? 0 : HR_TAKE_LOST);
}

/** Where rows [i, n) of the input come behind the window that was told them: a whole group without
 * nulls or lost rows, `held` is not told; false: nothing was done. */
HR_INLINE bool hr_take_told_plain(hr_take *c, hr_win *w, const uint64_t *told, uint32_t i,
                                  uint32_t n)
{
    if (w->end % HR_WIN_TAKE != 0 || n - i < HR_WIN_TAKE) return false;
    hr_v4_bits any = {0, 0, 0, 0};
    for (uint32_t j = 0; j < HR_WIN_TAKE; j += HR_WIN_GROUP) {
        hr_v4_bits v;
        memcpy(&v, told + i + j, sizeof v);
        any |= v;
    }
    any = any < (hr_v4_bits){0, 0, 0, 0};
    if (HR_UNLIKELY(hr_v4_any(&any))) return false;
    memcpy(c->from, told + i, sizeof c->from);
    c->first = w->end;
    c->at = 0;
    c->to = HR_WIN_TAKE;
    w->from = c->from[HR_WIN_TAKE - 1];
    w->end += HR_WIN_TAKE;
    return true;
}

/** As hr_take_each, of rows that were told. */
HR_INLINE uint32_t hr_take_told_each(hr_take *c, hr_win *w, const uint64_t *told, double *out,
                                     uint32_t i, uint32_t n)
{
    uint64_t p = w->end;
    const uint64_t stop = p - p % HR_WIN_TAKE + HR_WIN_TAKE;
    *c = hr_take_none(p);
    for (; i < n && p < stop; i++) {
        if (HR_UNLIKELY(told[i] == HR_TAKE_NULL)) {
            out[i] = (double)NAN;
            continue;
        }
        w->from = told[i] & ~HR_TAKE_LOST;
        p++;
        c->row[c->to] = i;
        c->from[c->to] = w->from;
        c->held[c->to++] = told[i] & HR_TAKE_LOST ? 0 : (double)(int64_t)(p - w->from);
    }
    w->end = p;
    return i;
}

/** Lanes from i on whose windows start in the same chunk; the lane behind them. */
HR_INLINE uint32_t hr_take_run(const hr_take *c, uint32_t i)
{
    const uint64_t chunk = c->from[i] / HR_WIN_CHUNK;
    if (c->from[c->to - 1] / HR_WIN_CHUNK == chunk) return c->to; /* starts never go back */
    do
        i++;
    while (c->from[i] / HR_WIN_CHUNK == chunk);
    return i;
}

#endif
