/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes over windows of time, four rows at a time.
 *
 *     rest of a chunk, chunks up to the peak | chunks from the peak on | rows of the newest chunk
 *     (suffixes, made when the start          (back: the same for
 *     comes into the chunk)                    32 rows)
 *
 * so that a value is one suffix, looked up, and one prefix. Groups of four are told by the rows'
 * places; one that a call ends in is gone over anew by the next. See win_chunks.h. */
#include "ops/window/win_lanes.h"

enum { SUM, MEAN, LEAST, MOST };

HR_INLINE hr_v4_what how_of(const hr_lanes_kind *k)
{
    return k->what == LEAST ? HR_V4_LEAST : k->what == MOST ? HR_V4_MOST : HR_V4_SUM;
}

/* Suffixes of the chunk before lo, with the chunks up to the peak. Those of two chunks are kept. */
static HR_NOINLINE void turn(const hr_chunk_place *at, uint64_t lo, uint64_t peak, hr_v4_what how)
{
    hr_chunks *c = at->c;
    const uint64_t half = (lo - 1) % 2;
    const hr_v4 none = HR_V4(hr_v4_none(how));
    const hr_v4 front = peak > lo ? HR_V4(c->front[c->n_starts - 1][0]) : none;
    const double *rows = hr_lanes_rows(at, (lo - 1) * HR_WIN_CHUNK);
    double *suffix = c->suffix + half * HR_WIN_CHUNK;
    hr_v4 all = none;
    for (uint32_t g = HR_WIN_CHUNK; g > 0; g -= HR_WIN_GROUP) {
        hr_v4 v;
        hr_v4_load(&v, rows + g - HR_WIN_GROUP);
        hr_v4_down_all(&v, &all, &none, how);
        hr_v4_both(&v, &v, &front, how);
        hr_v4_store(suffix + g - HR_WIN_GROUP, &v);
    }
    c->turned[half] = lo;
    c->folded[half] = peak;
}

/* Windows may start in the chunk before lo now. */
HR_INLINE void enter(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_lanes_kind *k)
{
    hr_chunks *c = at->c;
    if (c->lo != lo || c->hi != hi) hr_chunk_move(at, lo, hi, k->fold);
    const uint64_t peak = lo < hi ? c->peak : lo;
    const uint64_t half = (lo - 1) % 2;
    if (c->turned[half] != lo || c->folded[half] != peak) turn(at, lo, peak, how_of(k));
}

HR_INLINE void scan(hr_lanes *s, const hr_chunk_place *at, const hr_take *t, uint32_t n,
                    const hr_lanes_kind *k)
{
    const hr_v4_what how = how_of(k);
    const hr_v4 none = HR_V4(hr_v4_none(how));
    hr_win *w = at->w;
    hr_v4 all = t->first % HR_WIN_CHUNK == 0 ? none : HR_V4(w->prefix[0]);
    hr_v4 before = all;
    const double *rows = hr_lanes_rows(at, t->first);
    HR_LANES_EACH(g, 0, n)
    {
        hr_v4 v;
        hr_v4_load(&v, rows + g);
        before = all;
        hr_v4_up_all(&v, &all, &none, how);
        s->now[g / HR_WIN_GROUP] = v;
    }
    w->prefix[0] = n % HR_WIN_GROUP == 0 ? all[0] : before[0];
}

/* Lanes [i, to): windows that start in chunks that were entered. */
HR_INLINE void far(hr_lanes *s, uint32_t i, uint32_t to, const hr_chunks *c, const hr_take *t,
                   const hr_lanes_kind *k)
{
    const hr_v4_what how = how_of(k);
    const bool some = c->lo < c->hi && c->peak < c->hi;
    const hr_v4 back = HR_V4(some ? c->back[0] : hr_v4_none(how));
    const uint64_t places = 2 * HR_WIN_CHUNK;
    HR_LANES_EACH(g, i - i % HR_WIN_GROUP, to)
    {
        const uint64_t *from = t->from + g;
        hr_v4 v;
        hr_v4_both(&v, &back, &s->now[g / HR_WIN_GROUP], how);
        const hr_v4 old = {c->suffix[from[0] % places], c->suffix[from[1] % places],
                           c->suffix[from[2] % places], c->suffix[from[3] % places]};
        hr_v4_both(&v, &old, &v, how);
        hr_lanes_set(s->all, g, i, &v);
    }
}

/* Lanes [i, to): windows within the newest chunk, from their newest row back. */
HR_INLINE void near(hr_lanes *s, uint32_t i, uint32_t to, const hr_chunk_place *at,
                    const hr_take *t, const hr_lanes_kind *k)
{
    const hr_v4_what how = how_of(k);
    const hr_v4 none = HR_V4(hr_v4_none(how));
    HR_LANES_EACH(g, i - i % HR_WIN_GROUP, to)
    {
        const double *row = hr_lanes_rows(at, t->first + g);
        const uint32_t most = hr_lanes_most(t, HR_MAX(g, i), HR_MIN(g + HR_WIN_GROUP, to));
        hr_v4 held;
        hr_v4 v;
        hr_v4_load(&held, t->held + g);
        hr_v4_load(&v, row);
        for (uint32_t back = 1; back < most; back++) {
            hr_v4 one;
            hr_v4_load(&one, row - back);
            hr_lanes_keep(&one, &held, back, &none);
            hr_v4_both(&v, &v, &one, how);
        }
        hr_lanes_set(s->all, g, i, &v);
    }
}

HR_INLINE void values(hr_lanes *s, const hr_take *t, uint32_t n, const hr_lanes_kind *k)
{
    if (k->what != MEAN) return;
    HR_LANES_EACH(g, 0, n)
    {
        hr_v4 held;
        hr_v4_load(&held, t->held + g);
        s->all[g / HR_WIN_GROUP] /= held;
    }
}

HR_INLINE void of_runs(hr_lanes *s, const hr_chunk_place *at, const hr_take *t,
                       const hr_lanes_kind *k)
{
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    for (uint32_t i = t->at; i < t->to;) {
        const uint32_t to = hr_take_run(t, i);
        const uint64_t chunk = t->from[i] / HR_WIN_CHUNK;
        if (chunk == newest) {
            near(s, i, to, at, t, k);
        } else {
            enter(at, chunk + 1, newest, k);
            far(s, i, to, at->c, t, k);
        }
        i = to;
    }
}

/* Windows that start in two chunks, one behind the other and neither the newest, with one peak:
 * as if in one. */
HR_INLINE bool together(hr_lanes *s, const hr_chunk_place *at, const hr_take *t,
                        const hr_lanes_kind *k)
{
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    const uint64_t a = t->from[0] / HR_WIN_CHUNK;
    const uint64_t b = t->from[HR_WIN_TAKE - 1] / HR_WIN_CHUNK;
    if (HR_UNLIKELY(b >= newest || b - a > 1)) return false;
    enter(at, a + 1, newest, k);
    if (a != b) {
        if (HR_UNLIKELY(b + 1 >= at->c->peak)) return false;
        enter(at, b + 1, newest, k);
    }
    far(s, 0, HR_WIN_TAKE, at->c, t, k);
    return true;
}

HR_INLINE void sum_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] + b[0];
}

HR_INLINE void min_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] < b[0] ? a[0] : b[0];
}

HR_INLINE void max_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] > b[0] ? a[0] : b[0];
}

/* What is seldom, of each kind for itself. */
#define OP(name, join_, what_)                                                                     \
    static const hr_fold name##_fold = {.width = 1, .n_in = 1, .join = join_};                     \
    static HR_NOINLINE void of_runs_##name(hr_lanes *s, const hr_chunk_place *at,                  \
                                           const hr_take *t, const hr_lanes_kind *unused)          \
    {                                                                                              \
        static const hr_lanes_kind k = {.fold = &name##_fold, .what = what_};                      \
        (void)unused;                                                                              \
        of_runs(s, at, t, &k);                                                                     \
    }                                                                                              \
    static HR_NOINLINE void put_##name(const hr_chunk_place *at, uint64_t chunk,                   \
                                       const hr_lanes_kind *unused)                                \
    {                                                                                              \
        (void)unused;                                                                              \
        hr_chunk_put(at, chunk, at->w->prefix, &name##_fold);                                      \
    }                                                                                              \
    HR_LANES_OP(name, &name##_fold, what_, of_runs_##name, put_##name)

OP(sum, sum_join, SUM)
OP(mean, sum_join, MEAN)
OP(min, min_join, LEAST)
OP(max, max_join, MOST)
