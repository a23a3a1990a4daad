/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_CHUNKS_H
#define HR_OPS_WINDOW_WIN_CHUNKS_H
/* Sliding aggregates by time, without an inverse. Rows wait in a ring of chunks of 32. The window
 * is a rest of the oldest chunk, whole chunks (the middle), and the first rows of the newest:
 *
 *     suffixes of the oldest chunk, made when the window's start comes into it;
 *     the middle, which is the same until the start or the end leaves a chunk;
 *     one aggregate of the newest chunk that grows with the rows.
 *
 * The middle comes from a binary tree over whole chunks. Any number of rows may leave at once:
 * O(log max_rows), and 32 joins where a chunk is entered. See docs/modules/window.md. */
#include "ops/window/win.h"
#include "ops/window/win_ring.h"
#include "ops/window/win_vec.h"

#define HR_WIN_TAKE 16u   /* rows looked at together */
#define HR_WIN_LOOK 64u   /* rows that may leave while these come, or each is looked for alone */
#define HR_WIN_LEVELS 32u /* of the tree: 2^32 rows in chunks, and one */

typedef struct hr_chunks {
    uint64_t lo, hi; /* of the middle */
    uint64_t turned; /* 1 + the chunk that suffixes are of; 0: none */
    /* The middle is parted at `peak`: behind it one aggregate grows with the chunks, before it
     * stand aggregates of [start, peak) for the starts at which nodes of the tree end, oldest on
     * top. A chunk that leaves takes some off the top and puts the nodes below them on: one on
     * average, and never more than the tree has levels. */
    uint64_t peak;
    uint64_t n_starts;
    uint64_t start[HR_WIN_LEVELS];
    double middle[HR_WIN_WIDTH_MAX];
    double back[HR_WIN_WIDTH_MAX];
    double front[HR_WIN_LEVELS][HR_WIN_WIDTH_MAX];
    double suffix[HR_WIN_CHUNK][HR_WIN_WIDTH_MAX];
    char pad[40];
} hr_chunks;
_Static_assert(sizeof(hr_chunks) % 64 == 0, "chunks: whole lines");

/** The parts of a state. */
typedef struct hr_chunk_place {
    hr_win *w;
    hr_chunks *c;
    int64_t *ts;
    double *rows; /* what is lifted: one or two of each row */
    double *tree;
    unsigned n_columns;
} hr_chunk_place;

HR_INLINE unsigned hr_chunk_columns(const hr_fold *k)
{
    return k->n_in > 1 || k->against_time ? 2 : 1;
}

HR_INLINE hr_chunk_place hr_chunk_place_of(void *state, const hr_fold *k)
{
    hr_win *w = state;
    hr_chunk_place at = {.w = w, .n_columns = hr_chunk_columns(k)};
    at.c = (hr_chunks *)(void *)((char *)state + HR_WIN_HEAD);
    at.ts = (int64_t *)(void *)(at.c + 1);
    at.rows = (double *)(void *)(at.ts + w->cap);
    at.tree = at.rows + w->cap * at.n_columns;
    return at;
}

/** The newest chunk is whole: its aggregate goes into the tree. */
void HR_WIN_FN(chunk_put)(const hr_chunk_place *at, uint64_t chunk, const hr_fold *k);
/** The middle is chunks [lo, hi) now. */
void HR_WIN_FN(chunk_middle)(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k);

HR_INLINE void hr_chunk_lift(double *one, const hr_chunk_place *at, uint64_t p, const hr_fold *k)
{
    const double *row = at->rows + (p & (at->w->cap - 1)) * at->n_columns;
    k->lift(one, row[0], at->n_columns > 1 ? row[1] : 0);
}

HR_INLINE void hr_chunk_join(double *out, const double *a, const double *b, uint64_t na,
                             uint64_t nb, const hr_fold *k)
{
    double per = 1 / (double)(na + nb);
    hr_fold_part p = hr_fold_parts_of((double)na, (double)nb, per);
    k->join(out, a, b, &p);
}

/** Suffixes of the chunk that the window starts in, as far as they can be asked for. */
HR_INLINE void hr_chunk_turn(const hr_chunk_place *at, uint64_t from, const hr_fold *k)
{
    double(*suffix)[HR_WIN_WIDTH_MAX] = at->c->suffix;
    uint64_t first = from % HR_WIN_CHUNK;
    uint64_t base = from - first;
    uint32_t i = HR_WIN_CHUNK - 1;
    hr_chunk_lift(suffix[i], at, base + i, k);
    while (i > first) {
        double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
        i--;
        hr_chunk_lift(one, at, base + i, k);
        hr_chunk_join(suffix[i], suffix[i + 1], one, HR_WIN_CHUNK - 1 - i, 1, k);
    }
    at->c->turned = 1 + base / HR_WIN_CHUNK;
}

/** Rows that come together, all in the newest chunk. */
typedef struct hr_chunk_rows {
    uint32_t n;
    uint32_t row[HR_WIN_TAKE];      /* of the input */
    uint64_t from[HR_WIN_TAKE + 1]; /* of its window */
    double held[HR_WIN_TAKE];       /* rows of its window; 0: it has no value */
    double newest[HR_WIN_TAKE];
    double now[HR_WIN_WIDTH_MAX][HR_WIN_TAKE]; /* from the chunk's first row to this one */
    double all[HR_WIN_WIDTH_MAX][HR_WIN_TAKE]; /* of the window; at first of what is old in it */
} hr_chunk_rows;

/** The start of the window that ends with row p: as a rule up to three rows leave, and how many
 * is nothing that a branch could guess. */
HR_INLINE uint64_t hr_chunk_leave(const int64_t *ts, uint64_t mask, uint64_t from, uint64_t p,
                                  int64_t edge)
{
    unsigned a = ts[from & mask] <= edge;
    unsigned b = a & (ts[(from + 1) & mask] <= edge);
    unsigned c = b & (ts[(from + 2) & mask] <= edge);
    from += a + b + c;
    if (HR_UNLIKELY(c)) from = from < p ? hr_win_oldest(ts, mask, from, p, edge) : p;
    return HR_MIN(from, p);
}

/** Rows come, up to the end of the newest chunk; the next row of the input. */
HR_INLINE uint32_t hr_chunk_take(hr_chunk_rows *c, const hr_chunk_place *at, const hr_op_rows *r,
                                 uint32_t i, const hr_fold *k)
{
    /* all that times, which are whole numbers as well, could be taken to change */
    hr_win w = {.newest = at->w->newest, .lost = at->w->lost, .width_ns = at->w->width_ns};
    const uint64_t most = at->w->n;
    const uint64_t mask = at->w->cap - 1;
    const uint32_t n_rows = r->n;
    const int64_t *in_ts = r->ts;
    int64_t *ts = at->ts;
    uint64_t from = at->w->from;
    uint64_t p = at->w->end;
    const uint64_t stop = p - p % HR_WIN_TAKE + HR_WIN_TAKE;
    uint32_t n = 0;
    for (; i < n_rows && p < stop; i++) {
        double x = r->in[0][i];
        double y = k->n_in > 1 ? r->in[1][i] : 0;
        if (HR_UNLIKELY(hr_win_is_null(x) || hr_win_is_null(y))) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        if (HR_UNLIKELY(p == 0)) at->w->origin = in_ts[i];
        w.newest = HR_MAX(w.newest, in_ts[i]);
        int64_t edge = hr_win_edge(&w);
        from = hr_chunk_leave(ts, mask, from, p, edge);
        if (HR_UNLIKELY(p - from == most)) w.lost = ts[from++ & mask];
        double *row = at->rows + (p & mask) * at->n_columns;
        row[0] = x;
        if (k->n_in > 1) row[1] = y;
        if (k->against_time) {
            row[0] = (double)(int64_t)((uint64_t)w.newest - (uint64_t)at->w->origin);
            row[1] = x;
        }
        ts[p++ & mask] = w.newest;
        c->row[n] = i;
        c->from[n] = from;
        c->newest[n] = x;
        c->held[n++] = w.lost <= edge ? (double)(int64_t)(p - from) : 0;
    }
    at->w->newest = w.newest;
    at->w->lost = w.lost;
    at->w->from = from;
    at->w->end = p;
    c->n = n;
    c->from[n] = UINT64_MAX; /* of no chunk */
    return i;
}

/* Sixteen comparisons for each row pay where four are one operation. */
#if defined(__AVX2__)
#define HR_WIN_TOGETHER true
#else
#define HR_WIN_TOGETHER false
#endif

/** Whether a whole take of rows is at hand, none of them null or late, and their windows have lost
 * no row. */
HR_INLINE bool hr_chunk_is_plain(const hr_win *w, const hr_op_rows *r, uint32_t i, const hr_fold *k)
{
    if (!HR_WIN_TOGETHER) return false;
    if (w->end % HR_WIN_TAKE != 0 || w->end == 0 || r->n - i < HR_WIN_TAKE) return false;
    const int64_t *t = r->ts + i;
    if (hr_win_has_null(r->in[0] + i, HR_WIN_TAKE)) return false;
    if (k->n_in > 1 && hr_win_has_null(r->in[1] + i, HR_WIN_TAKE)) return false;
    int64_t n_late = t[0] < w->newest;
    for (uint32_t j = 1; j < HR_WIN_TAKE; j++)
        n_late += t[j] < t[j - 1];
    return n_late == 0 && t[0] >= INT64_MIN + w->width_ns && w->lost <= t[0] - w->width_ns;
}

/** Where the windows of rows with these edges start, `from` or later; `last` is the newest row.
 * Every row that may leave is compared with all edges, so that none waits for the one before.
 * False: more leave than are looked at. */
HR_INLINE bool hr_chunk_starts(uint64_t *start, const int64_t *ts, uint64_t mask, uint64_t from,
                               uint64_t last, const int64_t *edge)
{
    hr_v4_bits e0;
    hr_v4_bits e1;
    hr_v4_bits e2;
    hr_v4_bits e3;
    memcpy(&e0, edge, sizeof e0);
    memcpy(&e1, edge + 4, sizeof e1);
    memcpy(&e2, edge + 8, sizeof e2);
    memcpy(&e3, edge + 12, sizeof e3);
    hr_v4_bits n0 = {0}; /* less one for each that stays */
    hr_v4_bits n1 = {0};
    hr_v4_bits n2 = {0};
    hr_v4_bits n3 = {0};
    uint32_t n = 0;
    for (int64_t t = INT64_MIN; t <= edge[HR_WIN_TAKE - 1];) {
        if (n == HR_WIN_LOOK) return false;
        for (uint32_t j = 0; j < 8; j++) {
            t = ts[HR_MIN(from + n + j, last) & mask];
            const hr_v4_bits all = {t, t, t, t};
            n0 += all > e0;
            n1 += all > e1;
            n2 += all > e2;
            n3 += all > e3;
        }
        n += 8;
    }
    const int64_t first = (int64_t)(from + n);
    const hr_v4_bits to = {first, first, first, first};
    n0 += to;
    n1 += to;
    n2 += to;
    n3 += to;
    memcpy(start, &n0, sizeof n0);
    memcpy(start + 4, &n1, sizeof n1);
    memcpy(start + 8, &n2, sizeof n2);
    memcpy(start + 12, &n3, sizeof n3);
    return true;
}

/** A whole take of plain rows; false: nothing was done, but for places of the ring in which no row
 * waits. */
HR_INLINE bool hr_chunk_take_plain(hr_chunk_rows *c, const hr_chunk_place *at, const hr_op_rows *r,
                                   uint32_t i, const hr_fold *k)
{
    hr_win *w = at->w;
    const uint64_t mask = w->cap - 1;
    const uint64_t p = w->end;
    const int64_t *t = r->ts + i;
    int64_t edge[HR_WIN_TAKE];
    for (uint32_t j = 0; j < HR_WIN_TAKE; j++)
        edge[j] = t[j] - w->width_ns;
    memcpy(at->ts + (p & mask), t, sizeof edge);
    uint64_t from = w->from;
    if (at->ts[HR_MIN(from + HR_WIN_TAKE, p) & mask] <= edge[0])
        from = hr_win_oldest(at->ts, mask, from, p, edge[0]);
    if (!hr_chunk_starts(c->from, at->ts, mask, from, p + HR_WIN_TAKE - 1, edge)) return false;
    uint64_t most = 0;
    for (uint32_t j = 0; j < HR_WIN_TAKE; j++) {
        uint64_t held = p + j + 1 - c->from[j];
        most = HR_MAX(most, held);
        c->held[j] = (double)(int64_t)held;
        c->row[j] = i + j;
    }
    if (most > w->n) return false;
    const double *x = r->in[0] + i;
    double *row = at->rows + (p & mask) * at->n_columns;
    for (uint32_t j = 0; j < HR_WIN_TAKE; j++) {
        double place = (double)(int64_t)((uint64_t)t[j] - (uint64_t)w->origin);
        row[j * at->n_columns] = k->against_time ? place : x[j];
        if (k->n_in > 1) row[2 * j + 1] = r->in[1][i + j];
        if (k->against_time) row[2 * j + 1] = x[j];
        c->newest[j] = x[j];
    }
    w->newest = t[HR_WIN_TAKE - 1];
    w->from = c->from[HR_WIN_TAKE - 1];
    w->end = p + HR_WIN_TAKE;
    c->n = HR_WIN_TAKE;
    c->from[HR_WIN_TAKE] = UINT64_MAX; /* of no chunk */
    return true;
}

/** Aggregates of the newest chunk up to each row; p: place of the first. */
HR_INLINE void hr_chunk_scan(hr_chunk_rows *c, const hr_chunk_place *at, uint64_t p,
                             const hr_fold *k)
{
    double sum[HR_WIN_WIDTH_MAX] HR_UNINIT;
    hr_fold_copy(sum, at->w->prefix, k);
    for (uint32_t i = 0; i < c->n; i++) {
        double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
        uint64_t n = (p + i) % HR_WIN_CHUNK;
        hr_chunk_lift(one, at, p + i, k);
        if (n == 0) {
            hr_fold_copy(sum, one, k);
        } else {
            hr_chunk_join(sum, sum, one, n, 1, k);
        }
        for (unsigned j = 0; j < k->width; j++)
            c->now[j][i] = sum[j];
    }
    hr_fold_copy(at->w->prefix, sum, k);
}

/** Row i: the window is a part of the newest chunk. */
HR_INLINE void hr_chunk_near(hr_chunk_rows *c, uint32_t i, const hr_chunk_place *at, uint64_t p,
                             const hr_fold *k)
{
    double all[HR_WIN_WIDTH_MAX] HR_UNINIT;
    double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
    hr_chunk_lift(all, at, p, k);
    for (uint64_t q = p; q > c->from[i]; q--) {
        hr_chunk_lift(one, at, q - 1, k);
        hr_chunk_join(all, all, one, p + 1 - q, 1, k);
    }
    for (unsigned j = 0; j < k->width; j++)
        c->all[j][i] = c->from[i] % HR_WIN_CHUNK == 0 ? c->now[j][i] : all[j];
}

/** Rows [i, to): windows that start in one chunk before the newest. first: place of row 0. */
HR_INLINE void hr_chunk_far(hr_chunk_rows *c, uint32_t i, uint32_t to, const hr_chunk_place *at,
                            uint64_t first, const hr_fold *k)
{
    uint64_t lo = c->from[i] / HR_WIN_CHUNK + 1;
    uint64_t hi = first / HR_WIN_CHUNK;
    if (at->c->turned != lo) hr_chunk_turn(at, c->from[i], k); /* the one before lo */
    if (at->c->lo != lo || at->c->hi != hi) HR_WIN_FN(chunk_middle)(at, lo, hi, k);
    double now = (double)(first % HR_WIN_CHUNK + 1);
    double n_middle = (double)((hi - lo) * HR_WIN_CHUNK);
    double middle[HR_WIN_WIDTH_MAX] HR_UNINIT;
    hr_fold_copy(middle, at->c->middle, k);
    for (uint32_t r = i; r < to; r++)
        for (unsigned j = 0; j < k->width; j++)
            c->all[j][r] = at->c->suffix[c->from[r] % HR_WIN_CHUNK][j];
    for (uint32_t r = i; r < to; r++) {
        double a[HR_WIN_WIDTH_MAX] HR_UNINIT;
        double b[HR_WIN_WIDTH_MAX] HR_UNINIT;
        double n_now = now + (double)(int32_t)r;
        double n_old = c->held[r] - n_middle - n_now;
        for (unsigned j = 0; j < k->width; j++) {
            a[j] = c->all[j][r];
            b[j] = c->now[j][r];
        }
        if (hi > lo) {
            hr_fold_part p = hr_fold_parts_of(n_middle, n_old, 1 / (n_middle + n_old));
            k->join(a, middle, a, &p);
        }
        hr_fold_part p = hr_fold_parts_of(n_middle + n_old, n_now, 1 / c->held[r]);
        k->join(a, a, b, &p);
        for (unsigned j = 0; j < k->width; j++)
            c->all[j][r] = a[j];
    }
}

HR_INLINE void hr_chunk_values(hr_chunk_rows *c, double *out, const hr_fold *k)
{
    for (uint32_t i = 0; i < c->n; i++) {
        double a[HR_WIN_WIDTH_MAX] HR_UNINIT;
        for (unsigned j = 0; j < k->width; j++)
            a[j] = c->all[j][i];
        double n = c->held[i];
        double value = hr_win_or_null(k->value(a, n, 1 / n, c->newest[i]));
        c->newest[i] = n > 0 ? value : (double)NAN;
    }
    for (uint32_t i = 0; i < c->n; i++)
        out[c->row[i]] = c->newest[i];
}

HR_INLINE void hr_fold_time(void *state, const hr_op_rows *r, const hr_fold *k)
{
    hr_chunk_rows c HR_UNINIT;
    hr_chunk_place at = hr_chunk_place_of(state, k);
    for (uint32_t next = 0; next < r->n;) {
        uint64_t first = at.w->end;
        if (hr_chunk_is_plain(at.w, r, next, k) && hr_chunk_take_plain(&c, &at, r, next, k)) {
            next += HR_WIN_TAKE;
        } else {
            next = hr_chunk_take(&c, &at, r, next, k);
        }
        if (c.n == 0) return;
        hr_chunk_scan(&c, &at, first, k);
        uint64_t newest = first / HR_WIN_CHUNK;
        for (uint32_t i = 0; i < c.n;) {
            uint64_t chunk = c.from[i] / HR_WIN_CHUNK;
            if (chunk == newest) {
                hr_chunk_near(&c, i, &at, first + i, k);
                i++;
                continue;
            }
            uint32_t to = i + 1;
            while (c.from[to] / HR_WIN_CHUNK == chunk)
                to++;
            hr_chunk_far(&c, i, to, &at, first, k);
            i = to;
        }
        hr_chunk_values(&c, r->out[0], k);
        if (at.w->end % HR_WIN_CHUNK == 0) HR_WIN_FN(chunk_put)(&at, newest, k);
    }
}

#endif
