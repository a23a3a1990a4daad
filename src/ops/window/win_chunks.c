/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_chunks.h"

static void join(double *out, const double *a, const double *b, uint64_t na, uint64_t nb,
                 const hr_fold *k)
{
    hr_chunk_join(out, a, b, na * HR_WIN_CHUNK, nb * HR_WIN_CHUNK, k);
    if (k->settle != NULL) k->settle(out, (double)((na + nb) * HR_WIN_CHUNK));
}

/* Node `i` of a level; level 0 are the chunks. */
static double *node(const hr_chunk_place *at, unsigned level, uint64_t i, const hr_fold *k)
{
    uint64_t cap = at->w->cap / HR_WIN_CHUNK;
    uint64_t base = 2 * cap - (2 * cap >> level);
    return at->tree + (base + (i & ((cap >> level) - 1))) * k->width;
}

void HR_WIN_FN(chunk_put)(const hr_chunk_place *at, uint64_t chunk, const hr_fold *k)
{
    double *leaf = node(at, 0, chunk, k);
    hr_fold_copy(leaf, at->w->prefix, k);
    if (k->settle != NULL) k->settle(leaf, HR_WIN_CHUNK);
    uint64_t cap = at->w->cap / HR_WIN_CHUNK;
    for (unsigned l = 0; (cap >> l) > 1 && (chunk >> l & 1); l++) {
        uint64_t n = UINT64_C(1) << l;
        join(node(at, l + 1, chunk >> (l + 1), k), node(at, l, (chunk >> l) - 1, k),
             node(at, l, chunk >> l, k), n, n, k);
    }
}

/* The widest node that starts at `at` and ends at `to` or before it. */
static unsigned level_of(uint64_t at, uint64_t to)
{
    unsigned level = 63 - (unsigned)__builtin_clzll(to - at);
    unsigned even = at == 0 ? 63 : (unsigned)__builtin_ctzll(at);
    return HR_MIN(level, even);
}

/* The peak is the roundest place of (lo, hi]: nodes grow up to it and shrink behind it. */
static void climb(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunks *c = at->c;
    unsigned high = 63 - (unsigned)__builtin_clzll(lo ^ hi);
    c->peak = hi >> high << high;
    c->n_starts = 0;
    for (uint64_t i = c->peak; i < hi;) {
        unsigned level = level_of(i, hi);
        const double *next = node(at, level, i >> level, k);
        if (i == c->peak) {
            hr_fold_copy(c->back, next, k);
        } else {
            join(c->back, c->back, next, i - c->peak, UINT64_C(1) << level, k);
        }
        i += UINT64_C(1) << level;
    }
}

/* Aggregates from lo on: those whose start has left go, the nodes up to the next are put before
 * it. */
static void descend(const hr_chunk_place *at, uint64_t lo, const hr_fold *k)
{
    hr_chunks *c = at->c;
    uint64_t i = c->n_starts;
    while (i > 0 && c->start[i - 1] < lo)
        i--;
    uint64_t to = i > 0 ? c->start[i - 1] : c->peak;
    uint64_t node_at[HR_WIN_LEVELS];
    unsigned n = 0;
    for (uint64_t from = lo; from < to; from += UINT64_C(1) << level_of(from, to))
        node_at[n++] = from;
    while (n > 0) {
        uint64_t from = node_at[--n];
        unsigned level = level_of(from, to);
        const double *next = node(at, level, from >> level, k);
        if (i == 0) {
            hr_fold_copy(c->front[0], next, k);
        } else {
            join(c->front[i], next, c->front[i - 1], to - from, c->peak - to, k);
        }
        c->start[i++] = from;
        to = from;
    }
    c->n_starts = i;
}

void HR_WIN_FN(chunk_middle)(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunks *c = at->c;
    uint64_t before = c->hi;
    bool was_empty = c->lo >= c->hi;
    c->lo = lo;
    c->hi = hi;
    if (lo >= hi) return;
    if (was_empty || lo >= c->peak || (hi != before && hi != before + 1)) {
        climb(at, lo, hi, k);
    } else if (hi == before + 1) {
        const double *next = node(at, 0, before, k);
        if (before == c->peak) {
            hr_fold_copy(c->back, next, k);
        } else {
            join(c->back, c->back, next, before - c->peak, 1, k);
        }
    }
    if (c->n_starts == 0 || c->start[c->n_starts - 1] != lo) descend(at, lo, k);
    const double *front = c->front[c->n_starts - 1];
    if (c->peak == hi) {
        hr_fold_copy(c->middle, front, k);
    } else {
        join(c->middle, front, c->back, c->peak - lo, hi - c->peak, k);
    }
}
