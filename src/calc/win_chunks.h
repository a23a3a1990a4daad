/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_WIN_CHUNKS_H
#define HR_CALC_WIN_CHUNKS_H
/* Sliding aggregates by time, without an inverse. Rows wait in a ring of chunks of 32. The window
 * is a rest of the oldest chunk, whole chunks (the middle), and the first rows of the newest:
 *
 *     suffixes of the oldest chunk, made when the window's start comes into it;
 *     the middle, which is the same until the start or the end leaves a chunk;
 *     one aggregate of the newest chunk that grows with the rows.
 *
 * The middle comes from a binary tree over whole chunks. Any number of rows may leave at once:
 * O(log max_rows), and 32 joins where a chunk is entered. See docs/modules/window.md. */
#include "calc/win_fold.h"

#define HR_WIN_CHUNK 32u
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
    char pad[8];
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

HR_INLINE uint64_t hr_chunk_cap(const hr_op_args *a)
{
    uint64_t cap = hr_win_cap((uint64_t)a->max_rows + 1);
    return HR_MAX(cap, 2 * HR_WIN_CHUNK);
}

/** The newest chunk is whole: its aggregate goes into the tree. */
void hr_chunk_put(const hr_chunk_place *at, uint64_t chunk, const hr_fold *k);
/** The middle is chunks [lo, hi) now. */
void hr_chunk_middle(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k);

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
HR_INLINE void hr_chunk_turn(const hr_chunk_place *at, const hr_fold *k)
{
    double(*suffix)[HR_WIN_WIDTH_MAX] = at->c->suffix;
    uint64_t first = at->w->from % HR_WIN_CHUNK;
    uint64_t base = at->w->from - first;
    uint32_t i = HR_WIN_CHUNK - 1;
    hr_chunk_lift(suffix[i], at, base + i, k);
    while (i > first) {
        double one[HR_WIN_WIDTH_MAX];
        i--;
        hr_chunk_lift(one, at, base + i, k);
        hr_chunk_join(suffix[i], suffix[i + 1], one, HR_WIN_CHUNK - 1 - i, 1, k);
    }
    at->c->turned = 1 + base / HR_WIN_CHUNK;
}

/** All of [from, end), in more than one chunk. */
HR_INLINE void hr_chunk_parts(double *all, const hr_chunk_place *at, uint64_t lo, uint64_t hi,
                              const hr_fold *k)
{
    const hr_win *w = at->w;
    hr_chunks *c = at->c;
    if (HR_UNLIKELY(c->turned != lo)) hr_chunk_turn(at, k); /* the chunk before lo is turned */
    if (HR_UNLIKELY(c->lo != lo || c->hi != hi)) hr_chunk_middle(at, lo, hi, k);
    const double *old = c->suffix[w->from % HR_WIN_CHUNK];
    uint64_t n_old = HR_WIN_CHUNK - w->from % HR_WIN_CHUNK;
    uint64_t n_now = (w->end - 1) % HR_WIN_CHUNK + 1;
    uint64_t n_middle = (hi - lo) * HR_WIN_CHUNK;
    if (n_middle > 0) {
        hr_chunk_join(all, c->middle, old, n_middle, n_old, k);
        hr_chunk_join(all, all, w->prefix, n_middle + n_old, n_now, k);
    } else {
        hr_chunk_join(all, old, w->prefix, n_old, n_now, k);
    }
}

/** All of [from, end), of which `one` is the last. */
HR_INLINE void hr_chunk_window(double *all, const hr_chunk_place *at, const double *one,
                               const hr_fold *k)
{
    hr_win *w = at->w;
    uint64_t p = w->end - 1;
    uint64_t n_now = p % HR_WIN_CHUNK;
    if (n_now == 0) {
        hr_fold_copy(w->prefix, one, k);
    } else {
        hr_chunk_join(w->prefix, w->prefix, one, n_now, 1, k);
    }
    if (w->from / HR_WIN_CHUNK != p / HR_WIN_CHUNK) {
        hr_chunk_parts(all, at, w->from / HR_WIN_CHUNK + 1, p / HR_WIN_CHUNK, k);
    } else if (w->from % HR_WIN_CHUNK == 0) {
        hr_fold_copy(all, w->prefix, k);
    } else {
        hr_fold_copy(all, one, k);
        for (uint64_t i = p; i > w->from; i--) {
            double before[HR_WIN_WIDTH_MAX];
            hr_chunk_lift(before, at, i - 1, k);
            hr_chunk_join(all, all, before, p + 1 - i, 1, k);
        }
    }
    if (n_now == HR_WIN_CHUNK - 1) hr_chunk_put(at, p / HR_WIN_CHUNK, k);
}

HR_INLINE void hr_fold_time(void *state, const hr_op_rows *r, const hr_fold *k)
{
    hr_chunk_place at = hr_chunk_place_of(state, k);
    hr_win *w = at.w;
    const uint64_t mask = w->cap - 1;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        double y = k->n_in > 1 ? r->in[1][i] : 0;
        if (HR_UNLIKELY(hr_win_is_null(x) || hr_win_is_null(y))) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        double one[HR_WIN_WIDTH_MAX];
        double all[HR_WIN_WIDTH_MAX];
        double *row = at.rows + (w->end & mask) * at.n_columns;
        bool is_whole = hr_win_pass(w, at.ts, r->ts[i]);
        double place = (double)(int64_t)((uint64_t)w->newest - (uint64_t)w->origin);
        row[0] = k->against_time ? place : x;
        if (at.n_columns > 1) row[1] = k->against_time ? x : y;
        k->lift(one, row[0], at.n_columns > 1 ? row[1] : 0);
        hr_chunk_window(all, &at, one, k);
        double n = (double)(w->end - w->from);
        r->out[0][i] = is_whole ? hr_win_or_null(k->value(all, n, 1 / n, x)) : (double)NAN;
    }
}

HR_INLINE size_t hr_fold_bytes(const hr_op_args *a, unsigned width, unsigned n_columns)
{
    uint64_t bytes = HR_WIN_HEAD;
    if (a->is_time[0]) {
        uint64_t cap = hr_chunk_cap(a);
        bytes += sizeof(hr_chunks) + cap * 8 * (1 + (uint64_t)n_columns) +
                 2 * (cap / HR_WIN_CHUNK) * width * 8;
    } else {
        uint64_t n = (uint64_t)a->v[0];
        bytes += 2 * (n / 2 > 0 ? n / 2 : 1) * width * 8;
    }
    return hr_win_line(bytes);
}

/** After hr_win_init, of what hr_fold_bytes has room for. */
HR_INLINE void hr_fold_init(void *state, const hr_op_args *a, size_t n_bytes)
{
    memset(state, 0, n_bytes);
    hr_win *w = state;
    hr_win_init(w, a);
    if (a->is_time[0]) w->cap = hr_chunk_cap(a);
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

#endif
