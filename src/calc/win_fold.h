/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_WIN_FOLD_H
#define HR_CALC_WIN_FOLD_H
/* Sliding aggregates without an inverse: nothing is ever subtracted, so a value is made of the rows
 * in the window alone and rows that have left cannot be felt in it.
 *
 * By rows: blocks of b = n / 2 rows. The window is a suffix of the block before the last, the last
 * block, and a prefix of this one. While this block fills, the last one is turned into its suffix
 * aggregates, from its end, one a row, in place; a new row takes the slot of the oldest suffix,
 * which nobody asks for again. Four joins a row, always: no row is dearer than another.
 *
 * By time: a ring of 2^k rows under a binary tree of aggregates; a row finishes those nodes that
 * end with it, and the window is put together from at most 2 k nodes, most of which are kept from
 * the row before. Any number of rows may leave at once: O(log max_rows). See
 * docs/modules/window.md. */
#include <math.h>
#include <string.h>

#include "calc/op.h"

#define HR_WIN_WIDTH_MAX 5u

/** In front of every state of this group. Rows are counted from 0 over all that came. */
typedef struct hr_win {
    int64_t width_ns; /* 0: by rows */
    int64_t newest;
    int64_t lost; /* newest time of the rows that there was no room for */
    int64_t origin;
    uint64_t from, end; /* rows of the window: [from, end) */
    uint64_t cap;       /* of the ring, a power of two */
    uint32_t n;         /* rows: of the window, or what it holds at most */
    uint32_t block, at; /* rows: of a block, and rows in this one */
    uint32_t odd_block;
    double arg;
    double prefix[HR_WIN_WIDTH_MAX], suffix[HR_WIN_WIDTH_MAX], full[HR_WIN_WIDTH_MAX];
} hr_win;

#define HR_WIN_HEAD 256u
_Static_assert(sizeof(hr_win) <= HR_WIN_HEAD && HR_WIN_HEAD % 64 == 0, "head of a window");

/** Of two runs of rows that are joined: rows of the first, and the part that each is of both. */
typedef struct hr_fold_part {
    double na, pa, pb;
} hr_fold_part;

/** What is aggregated. The functions are leaves that are inlined. */
typedef struct hr_fold {
    unsigned width;    /* doubles of an aggregate */
    unsigned n_in;     /* columns */
    bool against_time; /* the place (row number, or ns) is the first of the pair, x the second */
    void (*lift)(double *a, double x, double y);
    /** out := a and then b; out may be a or b. */
    void (*join)(double *out, const double *a, const double *b, const hr_fold_part *p);
    double (*value)(const double *a, double n, double per_n, double newest);
} hr_fold;

HR_INLINE double hr_win_or_null(double v)
{
    return v - v == 0 ? v : (double)NAN;
}

HR_INLINE bool hr_win_is_null(double v)
{
    return !(v - v == 0);
}

HR_INLINE uint64_t hr_win_cap(uint64_t rows)
{
    uint64_t cap = 2;
    while (cap < rows)
        cap *= 2;
    return cap;
}

HR_INLINE uint64_t hr_win_line(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

HR_INLINE void hr_win_init(hr_win *w, const hr_op_args *a)
{
    bool by_time = a->is_time[0];
    w->width_ns = by_time ? (int64_t)a->v[0] : 0;
    w->newest = INT64_MIN;
    w->lost = INT64_MIN;
    w->n = by_time ? a->max_rows : (uint32_t)a->v[0];
    w->block = w->n / 2 > 0 ? w->n / 2 : 1;
    w->cap = hr_win_cap((uint64_t)w->n + 1);
    w->arg = a->v[1];
}

/** The oldest time that is not in the window any more. */
HR_INLINE int64_t hr_win_edge(const hr_win *w)
{
    return w->newest < INT64_MIN + w->width_ns ? INT64_MIN : w->newest - w->width_ns;
}

/** First row of [from, end) that is newer than the edge: O(log) of how many are not. */
HR_INLINE uint64_t hr_win_oldest(const int64_t *ts, uint64_t mask, uint64_t from, uint64_t end,
                                 int64_t edge)
{
    if (from == end || ts[from & mask] > edge) return from;
    uint64_t step = 1; /* ts[from] has left */
    while (end - from > step && ts[(from + step) & mask] <= edge) {
        from += step;
        step *= 2;
    }
    uint64_t to = end - from > step ? from + step : end;
    while (to - from > 1) {
        uint64_t mid = from + (to - from) / 2;
        if (ts[mid & mask] <= edge) {
            from = mid;
        } else {
            to = mid;
        }
    }
    return to;
}

/** A row comes, rows leave. False: rows of this window were lost, it has no value. */
HR_INLINE bool hr_win_pass(hr_win *w, int64_t *ts, int64_t t)
{
    uint64_t mask = w->cap - 1;
    if (w->end == 0) w->origin = t;
    if (t > w->newest) w->newest = t;
    int64_t edge = hr_win_edge(w);
    w->from = hr_win_oldest(ts, mask, w->from, w->end, edge);
    if (w->end - w->from == w->n) w->lost = ts[w->from++ & mask];
    ts[w->end++ & mask] = w->newest;
    return w->lost <= edge;
}

HR_INLINE void hr_fold_copy(double *to, const double *from, const hr_fold *k)
{
    for (unsigned i = 0; i < k->width; i++)
        to[i] = from[i];
}

/** The slots of a row: its value, or null where it has none. False: null. */
HR_INLINE bool hr_fold_lift(double *a, const hr_fold *k, const hr_op_rows *r, uint32_t i,
                            double place)
{
    double x = r->in[0][i];
    double y = k->n_in > 1 ? r->in[1][i] : 0;
    if (HR_UNLIKELY(hr_win_is_null(x) || hr_win_is_null(y))) return false;
    if (k->against_time) {
        k->lift(a, place, x);
    } else {
        k->lift(a, x, y);
    }
    return true;
}

/** What is in registers while rows of one block go by. */
typedef struct hr_fold_block {
    double prefix[HR_WIN_WIDTH_MAX], suffix[HR_WIN_WIDTH_MAX], full[HR_WIN_WIDTH_MAX];
} hr_fold_block;

/** The window that ends with row `at` of a block, counted from 1. */
HR_INLINE void hr_fold_whole(double *all, const hr_win *w, const hr_fold_block *f,
                             const double *mine, uint32_t at, double per_n, const hr_fold *k)
{
    uint32_t rest = w->n - at;
    uint32_t n_old = rest - w->block; /* the suffix of the block before the last */
    if (n_old > 0) {
        double per = 1.0 / rest;
        const double *old = mine + (size_t)(at - (w->n & 1)) * k->width;
        k->join(all, old, f->full, &(hr_fold_part){n_old, n_old * per, w->block * per});
    } else {
        hr_fold_copy(all, f->full, k);
    }
    k->join(all, all, f->prefix, &(hr_fold_part){rest, rest * per_n, at * per_n});
}

/** Rows from `i` on, to the end of the block or of the rows; the next row. */
HR_INLINE uint32_t hr_fold_in_block(hr_win *w, const hr_op_rows *r, uint32_t i, double *mine,
                                    double *last, hr_fold_block *f, const hr_fold *k)
{
    const unsigned width = k->width;
    const uint32_t b = w->block;
    const uint32_t n = w->n;
    const double per_n = 1.0 / n;
    uint32_t at = w->at;
    uint64_t end = w->end;
    for (; i < r->n && at < b; i++) {
        double one[HR_WIN_WIDTH_MAX];
        double all[HR_WIN_WIDTH_MAX];
        if (HR_UNLIKELY(!hr_fold_lift(one, k, r, i, (double)end))) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        at++;
        end++;
        double *turned = last + (size_t)(b - at) * width;
        if (HR_UNLIKELY(at == 1)) {
            hr_fold_copy(f->prefix, one, k);
            hr_fold_copy(f->suffix, turned, k);
        } else {
            double before = at - 1;
            double per = 1.0 / at;
            k->join(f->suffix, turned, f->suffix, &(hr_fold_part){1, per, before * per});
            k->join(f->prefix, f->prefix, one, &(hr_fold_part){before, before * per, per});
            hr_fold_copy(turned, f->suffix, k);
        }
        if (HR_LIKELY(n > 1)) {
            hr_fold_whole(all, w, f, mine, at, per_n, k);
        } else {
            hr_fold_copy(all, one, k);
        }
        hr_fold_copy(mine + (size_t)(at - 1) * width, one, k);
        r->out[0][i] =
            end >= n ? hr_win_or_null(k->value(all, n, per_n, r->in[0][i])) : (double)NAN;
    }
    w->at = at;
    w->end = end;
    return i;
}

HR_INLINE void hr_fold_rows(hr_win *w, const hr_op_rows *r, const hr_fold *k)
{
    const size_t half = (size_t)w->block * k->width;
    double *slots = (double *)(void *)((char *)w + HR_WIN_HEAD);
    hr_fold_block f = {0};
    hr_fold_copy(f.prefix, w->prefix, k);
    hr_fold_copy(f.suffix, w->suffix, k);
    hr_fold_copy(f.full, w->full, k);
    for (uint32_t i = 0; i < r->n;) {
        double *mine = slots + (w->odd_block ? half : 0);
        double *last = slots + (w->odd_block ? 0 : half);
        i = hr_fold_in_block(w, r, i, mine, last, &f, k);
        if (w->at == w->block) {
            hr_fold_copy(f.full, f.prefix, k);
            w->odd_block ^= 1;
            w->at = 0;
        }
    }
    hr_fold_copy(w->prefix, f.prefix, k);
    hr_fold_copy(w->suffix, f.suffix, k);
    hr_fold_copy(w->full, f.full, k);
}

/** Node `i` of a level; level 0 are the rows. */
HR_INLINE double *hr_fold_node(double *tree, uint64_t cap, unsigned level, uint64_t i,
                               unsigned width)
{
    uint64_t base = 2 * cap - (2 * cap >> level);
    return tree + (base + (i & ((cap >> level) - 1))) * width;
}

/** A window of time is parted at `peak`: behind it one aggregate grows with the rows, before it
 * stand aggregates of [start, peak) for the starts at which nodes of the tree end, oldest on top. A
 * row that leaves takes some off the top and puts the nodes below them on: one on average, and
 * never more than the tree has levels. */
typedef struct hr_fold_parted {
    uint64_t peak;
    uint64_t n_starts;
    uint64_t start[40];
    double back[HR_WIN_WIDTH_MAX];
    double front[40][HR_WIN_WIDTH_MAX];
    char pad[8];
} hr_fold_parted;
_Static_assert(sizeof(hr_fold_parted) % 64 == 0, "parted: whole lines");

HR_INLINE void hr_fold_join(double *out, const double *a, const double *b, uint64_t na, uint64_t nb,
                            const hr_fold *k)
{
    double per = 1 / (double)(na + nb);
    k->join(out, a, b, &(hr_fold_part){(double)na, (double)na * per, (double)nb * per});
}

/** Nodes of [at, to) from the left; to is the end of the last of them. */
HR_INLINE unsigned hr_fold_level(uint64_t at, uint64_t to)
{
    unsigned level = 63 - (unsigned)__builtin_clzll(to - at);
    unsigned even = at == 0 ? 63 : (unsigned)__builtin_ctzll(at);
    return HR_MIN(level, even);
}

/** The peak is the roundest place of (from, end]: nodes grow up to it and shrink behind it. */
HR_INLINE void hr_fold_climb(const hr_win *w, double *tree, hr_fold_parted *f, const hr_fold *k)
{
    unsigned high = 63 - (unsigned)__builtin_clzll(w->from ^ w->end);
    f->peak = w->end >> high << high;
    f->n_starts = 0;
    for (uint64_t at = f->peak; at < w->end;) {
        unsigned level = hr_fold_level(at, w->end);
        const double *node = hr_fold_node(tree, w->cap, level, at >> level, k->width);
        if (at == f->peak) {
            hr_fold_copy(f->back, node, k);
        } else {
            hr_fold_join(f->back, f->back, node, at - f->peak, UINT64_C(1) << level, k);
        }
        at += UINT64_C(1) << level;
    }
}

/** Aggregates from the oldest row on: those whose start has left go, the nodes up to the next are
 * put before it. */
HR_INLINE void hr_fold_descend(const hr_win *w, double *tree, hr_fold_parted *f, const hr_fold *k)
{
    uint64_t i = f->n_starts;
    while (i > 0 && f->start[i - 1] < w->from)
        i--;
    uint64_t to = i > 0 ? f->start[i - 1] : f->peak;
    uint64_t node_at[40];
    unsigned n = 0;
    for (uint64_t at = w->from; at < to; at += UINT64_C(1) << hr_fold_level(at, to))
        node_at[n++] = at;
    while (n > 0) {
        uint64_t at = node_at[--n];
        unsigned level = hr_fold_level(at, to);
        const double *node = hr_fold_node(tree, w->cap, level, at >> level, k->width);
        if (i == 0) {
            hr_fold_copy(f->front[0], node, k);
        } else {
            hr_fold_join(f->front[i], node, f->front[i - 1], to - at, f->peak - to, k);
        }
        f->start[i++] = at;
        to = at;
    }
    f->n_starts = i;
}

/** The row goes into the tree, with the nodes that end with it. */
HR_INLINE void hr_fold_grow(const hr_win *w, double *tree, uint64_t p, const double *one,
                            const hr_fold *k)
{
    hr_fold_copy(hr_fold_node(tree, w->cap, 0, p, k->width), one, k);
    for (unsigned l = 0; (w->cap >> l) > 1 && (p >> l & 1); l++) {
        const double *right = hr_fold_node(tree, w->cap, l, p >> l, k->width);
        const double *left = hr_fold_node(tree, w->cap, l, (p >> l) - 1, k->width);
        double half = (double)(UINT64_C(1) << l);
        k->join(hr_fold_node(tree, w->cap, l + 1, p >> (l + 1), k->width), left, right,
                &(hr_fold_part){half, 0.5, 0.5});
    }
}

/** All of [from, end) once row `one` has come. */
HR_INLINE void hr_fold_parts(double *all, const hr_win *w, double *tree, hr_fold_parted *f,
                             const double *one, const hr_fold *k)
{
    if (w->from >= f->peak) {
        hr_fold_climb(w, tree, f, k);
    } else if (w->end - f->peak == 1) {
        hr_fold_copy(f->back, one, k);
    } else {
        hr_fold_join(f->back, f->back, one, w->end - 1 - f->peak, 1, k);
    }
    if (f->n_starts == 0 || f->start[f->n_starts - 1] != w->from) hr_fold_descend(w, tree, f, k);
    const double *front = f->front[f->n_starts - 1];
    if (f->peak == w->end) {
        hr_fold_copy(all, front, k);
    } else {
        hr_fold_join(all, front, f->back, f->peak - w->from, w->end - f->peak, k);
    }
}

HR_INLINE void hr_fold_time(hr_win *w, const hr_op_rows *r, const hr_fold *k)
{
    hr_fold_parted *f = (hr_fold_parted *)(void *)((char *)w + HR_WIN_HEAD);
    int64_t *ts = (int64_t *)(void *)(f + 1);
    double *tree = (double *)(void *)(ts + w->cap);
    for (uint32_t i = 0; i < r->n; i++) {
        double one[HR_WIN_WIDTH_MAX];
        double all[HR_WIN_WIDTH_MAX];
        int64_t now = HR_MAX(w->newest, r->ts[i]);
        int64_t first = w->end == 0 ? r->ts[i] : w->origin;
        double place = (double)(int64_t)((uint64_t)now - (uint64_t)first);
        if (!hr_fold_lift(one, k, r, i, place)) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        uint64_t p = w->end;
        bool is_whole = hr_win_pass(w, ts, r->ts[i]);
        hr_fold_grow(w, tree, p, one, k);
        hr_fold_parts(all, w, tree, f, one, k);
        double n = (double)(w->end - w->from);
        r->out[0][i] =
            is_whole ? hr_win_or_null(k->value(all, n, 1 / n, r->in[0][i])) : (double)NAN;
    }
}

HR_INLINE void hr_fold_run(void *state, const hr_op_rows *r, const hr_fold *k)
{
    hr_win *w = state;
    if (w->width_ns > 0) {
        hr_fold_time(w, r, k);
    } else {
        hr_fold_rows(w, r, k);
    }
}

HR_INLINE size_t hr_fold_bytes(const hr_op_args *a, unsigned width)
{
    uint64_t bytes = HR_WIN_HEAD;
    if (a->is_time[0]) {
        bytes += sizeof(hr_fold_parted) +
                 hr_win_cap((uint64_t)a->max_rows + 1) * 8 * (1 + 2 * (uint64_t)width);
    } else {
        uint64_t n = (uint64_t)a->v[0];
        bytes += 2 * (n / 2 > 0 ? n / 2 : 1) * width * 8;
    }
    return hr_win_line(bytes);
}

#endif
