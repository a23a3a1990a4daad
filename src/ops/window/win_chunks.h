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
#include "ops/window/win_take.h"

#define HR_WIN_LEVELS 32u /* of the tree: 2^32 rows in chunks, and one */

typedef struct hr_chunks {
    uint64_t lo, hi; /* of the middle */
    uint64_t turned[2]; /* 1 + the chunk that suffixes are of; 0: none */
    uint64_t folded[2]; /* those of sums and extremes reach up to this chunk */
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
    double suffix[HR_WIN_CHUNK * HR_WIN_WIDTH_MAX]; /* each of all its doubles, or all of each */
    char pad[16];
} hr_chunks;
_Static_assert(sizeof(hr_chunks) % 64 == 0, "chunks: whole lines");

/** The parts of a state. */
typedef struct hr_chunk_place {
    hr_win *w;
    hr_chunks *c;
    hr_take_ring ring;
    double *tree;
} hr_chunk_place;

HR_INLINE hr_chunk_place hr_chunk_place_of(void *state, const hr_fold *k)
{
    hr_win *w = state;
    hr_chunk_place at = {.w = w};
    at.c = (hr_chunks *)(void *)((char *)state + HR_WIN_HEAD);
    at.ring.ts = (int64_t *)(void *)(at.c + 1);
    at.ring.rows = (double *)(void *)(at.ring.ts + w->cap);
    at.ring.n_columns = k->n_in > 1 || k->against_time ? 2 : 1;
    at.tree = at.ring.rows + w->cap * at.ring.n_columns;
    return at;
}

/** Of a window without a ring of its own, whose rows are those of the window ahead. */
HR_INLINE hr_chunk_place hr_chunk_place_behind(void *state, const void *ahead, const hr_fold *k)
{
    hr_chunk_place at =
        hr_chunk_place_of((void *)(uintptr_t)ahead, k); /* which is not written to */
    at.w = state;
    at.c = (hr_chunks *)(void *)((char *)state + HR_WIN_HEAD);
    at.tree = (double *)(void *)(at.c + 1);
    return at;
}

HR_INLINE void hr_chunk_join(double *out, const double *a, const double *b, uint64_t na,
                             uint64_t nb, const hr_fold *k)
{
    double per = 1 / (double)(na + nb);
    hr_fold_part p = hr_fold_parts_of((double)na, (double)nb, per);
    k->join(out, a, b, &p);
}

/* ---- whole chunks ---- */

HR_INLINE void hr_chunks_settle(double *a, uint64_t n, const hr_fold *k)
{
    const uint64_t rows = n * HR_WIN_CHUNK;
    const uint64_t bits = (uint64_t)(1023 - __builtin_ctzll(rows)) << 52; /* 1 / rows, exactly */
    double per;
    memcpy(&per, &bits, sizeof per);
    k->settle(a, (double)rows, per);
}

/** Runs of chunks, a no shorter than b. What they are told about is settled where they are a power
 * of two together; else half of them or more have settled on it. */
HR_INLINE void hr_chunks_join(double *out, const double *a, const double *b, uint64_t na,
                              uint64_t nb, const hr_fold *k)
{
    const uint64_t n = na + nb;
    hr_chunk_join(out, a, b, na * HR_WIN_CHUNK, nb * HR_WIN_CHUNK, k);
    if (k->settle != NULL && (n & (n - 1)) == 0) hr_chunks_settle(out, n, k);
}

/** Node `i` of a level; level 0 are the chunks. */
HR_INLINE double *hr_chunk_node(const hr_chunk_place *at, unsigned level, uint64_t i,
                                const hr_fold *k)
{
    uint64_t cap = at->w->cap / HR_WIN_CHUNK;
    uint64_t base = 2 * cap - (2 * cap >> level);
    return at->tree + (base + (i & ((cap >> level) - 1))) * k->width;
}

/** The newest chunk is whole: its aggregate goes into the tree. */
HR_INLINE void hr_chunk_put(const hr_chunk_place *at, uint64_t chunk, const double *whole,
                            const hr_fold *k)
{
    double *leaf = hr_chunk_node(at, 0, chunk, k);
    hr_fold_copy(leaf, whole, k);
    if (k->settle != NULL) hr_chunks_settle(leaf, 1, k);
    uint64_t cap = at->w->cap / HR_WIN_CHUNK;
    for (unsigned l = 0; (cap >> l) > 1 && (chunk >> l & 1); l++) {
        uint64_t n = UINT64_C(1) << l;
        hr_chunks_join(hr_chunk_node(at, l + 1, chunk >> (l + 1), k),
                       hr_chunk_node(at, l, (chunk >> l) - 1, k),
                       hr_chunk_node(at, l, chunk >> l, k), n, n, k);
    }
}

/** The widest node that starts at `at` and ends at `to` or before it. */
HR_INLINE unsigned hr_chunk_level(uint64_t at, uint64_t to)
{
    unsigned level = 63 - (unsigned)__builtin_clzll(to - at);
    unsigned even = at == 0 ? 63 : (unsigned)__builtin_ctzll(at);
    return HR_MIN(level, even);
}

/** The peak is the roundest place of (lo, hi]: nodes grow up to it and shrink behind it. */
HR_INLINE void hr_chunk_climb(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunks *c = at->c;
    unsigned high = 63 - (unsigned)__builtin_clzll(lo ^ hi);
    c->peak = hi >> high << high;
    c->n_starts = 0;
    for (uint64_t i = c->peak; i < hi;) {
        unsigned level = hr_chunk_level(i, hi);
        const double *next = hr_chunk_node(at, level, i >> level, k);
        if (i == c->peak) {
            hr_fold_copy(c->back, next, k);
        } else {
            hr_chunks_join(c->back, c->back, next, i - c->peak, UINT64_C(1) << level, k);
        }
        i += UINT64_C(1) << level;
    }
}

/** Aggregates from lo on: those whose start has left go, the nodes up to the next are put before
 * it. */
HR_INLINE void hr_chunk_descend(const hr_chunk_place *at, uint64_t lo, const hr_fold *k)
{
    hr_chunks *c = at->c;
    uint64_t i = c->n_starts;
    while (i > 0 && c->start[i - 1] < lo)
        i--;
    uint64_t to = i > 0 ? c->start[i - 1] : c->peak;
    uint64_t node_at[HR_WIN_LEVELS] HR_UNINIT;
    unsigned n = 0;
    for (uint64_t from = lo; from < to; from += UINT64_C(1) << hr_chunk_level(from, to))
        node_at[n++] = from;
    while (n > 0) {
        uint64_t from = node_at[--n];
        unsigned level = hr_chunk_level(from, to);
        const double *next = hr_chunk_node(at, level, from >> level, k);
        if (i == 0) {
            hr_fold_copy(c->front[0], next, k);
        } else {
            hr_chunks_join(c->front[i], c->front[i - 1], next, c->peak - to, to - from, k);
        }
        c->start[i++] = from;
        to = from;
    }
    c->n_starts = i;
}

/** The middle is chunks [lo, hi) now: the front on top, up to the peak, and the back from there, if
 * it is not at the end. False: there is none. */
HR_INLINE bool hr_chunk_move(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunks *c = at->c;
    uint64_t before = c->hi;
    bool was_empty = c->lo >= c->hi;
    c->lo = lo;
    c->hi = hi;
    if (lo >= hi) return false;
    if (was_empty || lo >= c->peak || (hi != before && hi != before + 1)) {
        hr_chunk_climb(at, lo, hi, k);
    } else if (hi == before + 1) {
        const double *next = hr_chunk_node(at, 0, before, k);
        if (before == c->peak) {
            hr_fold_copy(c->back, next, k);
        } else {
            hr_chunks_join(c->back, c->back, next, before - c->peak, 1, k);
        }
    }
    if (c->n_starts == 0 || c->start[c->n_starts - 1] != lo) hr_chunk_descend(at, lo, k);
    return true;
}

/** As hr_chunk_move, and the middle itself, as the longer of its parts is told. */
HR_INLINE void hr_chunk_middle(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunks *c = at->c;
    if (!hr_chunk_move(at, lo, hi, k)) return;
    const double *front = c->front[c->n_starts - 1];
    const uint64_t n = (c->peak - lo) * HR_WIN_CHUNK;
    const uint64_t n_back = (hi - c->peak) * HR_WIN_CHUNK;
    if (n_back == 0) {
        hr_fold_copy(c->middle, front, k);
    } else if (n < n_back) {
        hr_chunk_join(c->middle, c->back, front, n_back, n, k);
    } else {
        hr_chunk_join(c->middle, front, c->back, n, n_back, k);
    }
}

/* ---- any aggregate, row by row ---- */

void HR_WIN_FN(chunk_put)(const hr_chunk_place *at, uint64_t chunk, const hr_fold *k);
void HR_WIN_FN(chunk_middle)(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k);

/** Aggregates of rows that come together, by lane. */
typedef struct hr_chunk_rows {
    double now[HR_WIN_WIDTH_MAX][HR_WIN_TAKE]; /* from the chunk's first row to this one */
    double all[HR_WIN_WIDTH_MAX][HR_WIN_TAKE]; /* of the window; at first of what is old in it */
} hr_chunk_rows;

HR_INLINE void hr_chunk_lift(double *one, const hr_chunk_place *at, uint64_t p, const hr_fold *k)
{
    const double *row = at->ring.rows + (p & (at->w->cap - 1)) * at->ring.n_columns;
    k->lift(one, row[0], at->ring.n_columns > 1 ? row[1] : 0);
}

/** Suffixes of the chunk that the window starts in, as far as they can be asked for. */
HR_INLINE void hr_chunk_turn(const hr_chunk_place *at, uint64_t from, const hr_fold *k)
{
    const unsigned width = k->width;
    uint64_t first = from % HR_WIN_CHUNK;
    uint64_t base = from - first;
    uint32_t i = HR_WIN_CHUNK - 1;
    double *suffix = at->c->suffix + (size_t)i * width;
    hr_chunk_lift(suffix, at, base + i, k);
    while (i > first) {
        double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
        i--;
        hr_chunk_lift(one, at, base + i, k);
        hr_chunk_join(suffix - width, suffix, one, HR_WIN_CHUNK - 1 - i, 1, k);
        suffix -= width;
    }
    at->c->turned[0] = 1 + base / HR_WIN_CHUNK;
}

/** Aggregates of the newest chunk up to each row. */
HR_INLINE void hr_chunk_scan(hr_chunk_rows *c, const hr_chunk_place *at, const hr_take *t,
                             const hr_fold *k)
{
    double sum[HR_WIN_WIDTH_MAX] HR_UNINIT;
    hr_fold_copy(sum, at->w->prefix, k);
    for (uint32_t i = t->at; i < t->to; i++) {
        double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
        uint64_t n = (t->first + i) % HR_WIN_CHUNK;
        hr_chunk_lift(one, at, t->first + i, k);
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

/** Lane i: the window is a part of the newest chunk. */
HR_INLINE void hr_chunk_near(hr_chunk_rows *c, uint32_t i, const hr_chunk_place *at,
                             const hr_take *t, const hr_fold *k)
{
    double all[HR_WIN_WIDTH_MAX] HR_UNINIT;
    double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
    const uint64_t p = t->first + i;
    hr_chunk_lift(all, at, p, k);
    for (uint64_t q = p; q > t->from[i]; q--) {
        hr_chunk_lift(one, at, q - 1, k);
        hr_chunk_join(all, all, one, p + 1 - q, 1, k);
    }
    for (unsigned j = 0; j < k->width; j++)
        c->all[j][i] = t->from[i] % HR_WIN_CHUNK == 0 ? c->now[j][i] : all[j];
}

/** Lanes [i, to): windows that start in one chunk before the newest. */
HR_INLINE void hr_chunk_far(hr_chunk_rows *c, uint32_t i, uint32_t to, const hr_chunk_place *at,
                            const hr_take *t, const hr_fold *k)
{
    uint64_t lo = t->from[i] / HR_WIN_CHUNK + 1;
    uint64_t hi = t->first / HR_WIN_CHUNK;
    if (at->c->turned[0] != lo) hr_chunk_turn(at, t->from[i], k); /* the one before lo */
    if (at->c->lo != lo || at->c->hi != hi) HR_WIN_FN(chunk_middle)(at, lo, hi, k);
    double now = (double)(t->first % HR_WIN_CHUNK + 1);
    double n_middle = (double)((hi - lo) * HR_WIN_CHUNK);
    double middle[HR_WIN_WIDTH_MAX] HR_UNINIT;
    hr_fold_copy(middle, at->c->middle, k);
    for (uint32_t r = i; r < to; r++)
        for (unsigned j = 0; j < k->width; j++)
            c->all[j][r] = at->c->suffix[t->from[r] % HR_WIN_CHUNK * k->width + j];
    for (uint32_t r = i; r < to; r++) {
        double a[HR_WIN_WIDTH_MAX] HR_UNINIT;
        double b[HR_WIN_WIDTH_MAX] HR_UNINIT;
        double n_now = now + (double)(int32_t)r;
        double n_old = t->held[r] - n_middle - n_now;
        for (unsigned j = 0; j < k->width; j++) {
            a[j] = c->all[j][r];
            b[j] = c->now[j][r];
        }
        if (hi > lo) {
            hr_fold_part p = hr_fold_parts_of(n_middle, n_old, 1 / (n_middle + n_old));
            k->join(a, middle, a, &p);
        }
        hr_fold_part p = hr_fold_parts_of(n_middle + n_old, n_now, 1 / t->held[r]);
        k->join(a, a, b, &p);
        for (unsigned j = 0; j < k->width; j++)
            c->all[j][r] = a[j];
    }
}

HR_INLINE void hr_chunk_values(hr_chunk_rows *c, const hr_take *t, double *out, const hr_fold *k)
{
    for (uint32_t i = t->at; i < t->to; i++) {
        double a[HR_WIN_WIDTH_MAX] HR_UNINIT;
        for (unsigned j = 0; j < k->width; j++)
            a[j] = c->all[j][i];
        double n = t->held[i];
        double value = hr_win_or_null(k->value(a, n, 1 / n));
        c->now[0][i] = n > 0 ? value : (double)NAN;
    }
    for (uint32_t i = t->at; i < t->to; i++)
        out[t->row[i]] = c->now[0][i];
}

HR_INLINE void hr_fold_time(void *state, const hr_op_rows *r, const hr_fold *k)
{
    hr_take t HR_UNINIT;
    hr_chunk_rows c HR_UNINIT;
    hr_chunk_place at = hr_chunk_place_of(state, k);
    for (uint32_t next = 0; next < r->n;) {
        if (hr_take_plain(&t, at.w, &at.ring, r, next, k)) {
            hr_take_held(&t);
            for (uint32_t i = 0; i < HR_WIN_TAKE; i++)
                t.row[i] = next++;
        } else {
            next = hr_take_each(&t, at.w, &at.ring, r, next, k);
            if (t.to == t.at) return;
        }
        hr_chunk_scan(&c, &at, &t, k);
        uint64_t newest = t.first / HR_WIN_CHUNK;
        for (uint32_t i = t.at; i < t.to;) {
            if (t.from[i] / HR_WIN_CHUNK == newest) {
                hr_chunk_near(&c, i, &at, &t, k);
                i++;
                continue;
            }
            uint32_t to = hr_take_run(&t, i);
            hr_chunk_far(&c, i, to, &at, &t, k);
            i = to;
        }
        hr_chunk_values(&c, &t, r->out[0], k);
        if (at.w->end % HR_WIN_CHUNK == 0) HR_WIN_FN(chunk_put)(&at, newest, k);
    }
}

#endif
