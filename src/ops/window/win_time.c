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
HR_INLINE void enter(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k,
                     hr_v4_what how)
{
    hr_chunks *c = at->c;
    if (c->lo != lo || c->hi != hi) hr_chunk_move(at, lo, hi, k);
    const uint64_t peak = lo < hi ? c->peak : lo;
    const uint64_t half = (lo - 1) % 2;
    if (c->turned[half] != lo || c->folded[half] != peak) turn(at, lo, peak, how);
}

typedef struct sums {
    hr_v4 now[HR_WIN_TAKE / HR_WIN_GROUP]; /* of the newest chunk up to each row */
    hr_v4 all[HR_WIN_TAKE / HR_WIN_GROUP];
} sums;

HR_INLINE void scan(sums *s, const hr_chunk_place *at, const hr_take *t, uint32_t n, hr_v4_what how)
{
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
HR_INLINE void far(sums *s, uint32_t i, uint32_t to, const hr_chunks *c, const hr_take *t,
                   hr_v4_what how)
{
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
HR_INLINE void near(sums *s, uint32_t i, uint32_t to, const hr_chunk_place *at, const hr_take *t,
                    hr_v4_what how)
{
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

HR_INLINE void means(sums *s, const hr_take *t, uint32_t n)
{
    HR_LANES_EACH(g, 0, n)
    {
        hr_v4 held;
        hr_v4_load(&held, t->held + g);
        s->all[g / HR_WIN_GROUP] /= held;
    }
}

static HR_NOINLINE void lanes_of_runs(sums *s, const hr_chunk_place *at, const hr_take *t,
                                      const hr_fold *k, hr_v4_what how)
{
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    for (uint32_t i = t->at; i < t->to;) {
        const uint32_t to = hr_take_run(t, i);
        const uint64_t chunk = t->from[i] / HR_WIN_CHUNK;
        if (chunk == newest) {
            near(s, i, to, at, t, how);
        } else {
            enter(at, chunk + 1, newest, k, how);
            far(s, i, to, at->c, t, how);
        }
        i = to;
    }
}

/* Windows that start in two chunks, one behind the other and neither the newest, with one peak:
 * as if in one. */
HR_INLINE bool lanes_together(sums *s, const hr_chunk_place *at, const hr_take *t, const hr_fold *k,
                              hr_v4_what how)
{
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    const uint64_t a = t->from[0] / HR_WIN_CHUNK;
    const uint64_t b = t->from[HR_WIN_TAKE - 1] / HR_WIN_CHUNK;
    if (HR_UNLIKELY(b >= newest || b - a > 1)) return false;
    enter(at, a + 1, newest, k, how);
    if (a != b) {
        if (HR_UNLIKELY(b + 1 >= at->c->peak)) return false;
        enter(at, b + 1, newest, k, how);
    }
    far(s, 0, HR_WIN_TAKE, at->c, t, how);
    return true;
}

HR_INLINE void run(void *state, const hr_op_rows *r, const hr_fold *k, hr_v4_what how, bool is_mean)
{
    hr_take t HR_UNINIT;
    sums s HR_UNINIT;
    hr_chunk_place at = hr_chunk_place_of(state, k);
    hr_take_ahead(at.w, &at.ring, r->n);
    for (uint32_t next = 0; next < r->n;) {
        if (HR_LIKELY(hr_take_plain(&t, at.w, &at.ring, r, next, k))) {
            scan(&s, &at, &t, HR_WIN_TAKE, how);
            if (is_mean) hr_take_held(&t);
            if (HR_UNLIKELY(!lanes_together(&s, &at, &t, k, how))) {
                hr_take_held(&t);
                lanes_of_runs(&s, &at, &t, k, how);
            }
            if (is_mean) means(&s, &t, HR_WIN_TAKE);
            hr_lanes_all(r->out[0] + next, s.all);
            next += HR_WIN_TAKE;
        } else {
            next = hr_take_each(&t, at.w, &at.ring, r, next, k);
            if (t.to == t.at) return;
            scan(&s, &at, &t, t.to, how);
            lanes_of_runs(&s, &at, &t, k, how);
            if (is_mean) means(&s, &t, t.to);
            hr_lanes_some(r->out[0], s.all, &t);
        }
        if (at.w->end % HR_WIN_CHUNK == 0)
            hr_chunk_put(&at, t.first / HR_WIN_CHUNK, at.w->prefix, k);
    }
}

#define TIME(name, join_, how, is_mean)                                                            \
    void HR_WIN_FN(name##_time)(void *state, const hr_op_rows *r)                                  \
    {                                                                                              \
        static const hr_fold kind = {.width = 1, .n_in = 1, .join = join_};                        \
        run(state, r, &kind, how, is_mean);                                                        \
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

TIME(sum, sum_join, HR_V4_SUM, false)
TIME(mean, sum_join, HR_V4_SUM, true)
TIME(min, min_join, HR_V4_LEAST, false)
TIME(max, max_join, HR_V4_MOST, false)
