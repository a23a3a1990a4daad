/* SPDX-License-Identifier: Apache-2.0 */
/* Variances over windows of time, four rows at a time.
 *
 * Sums of x - ref and of its square, where ref is a row of the very rows that are summed, or their
 * mean; whole chunks are kept about their own means and joined as two samples (Chan, Golub and
 * LeVeque 1979). A window is
 *
 *     rest of a chunk, chunks up to the peak | chunks from the peak on, rows of the newest chunk
 *     (old: suffixes, about the mean of the     (new: about the mean of the better part
 *     node that ends at the peak)                of the chunks)
 *
 * and the shorter of the two, by chunks, is moved to the ref of the other. That one is the mean of
 * a quarter of the rows or more, so the square of the sum is at most a few times the variance, and
 * n q - s^2 loses nothing. See win_chunks.h and docs/modules/window.md. */
#include "ops/window/win_lanes.h"

enum { REF, S, Q, WIDTH };

static const hr_v4 none;

/* The first of two that are joined keeps its ref. */
HR_INLINE void two_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double d = b[REF] - a[REF];
    double by = p->nb * d;
    double s = b[S] + by;
    out[Q] = a[Q] + (b[Q] + d * (b[S] + s));
    out[S] = a[S] + s;
    out[REF] = a[REF];
}

/* About their mean, as near as a double comes to it. */
HR_INLINE void two_settle(double *a, double n, double per_n)
{
    double ref = a[REF] + a[S] * per_n;
    double d = a[REF] - ref;
    double s = a[S] + n * d;
    a[Q] += d * (a[S] + s);
    a[S] = s;
    a[REF] = ref;
}

static const hr_fold kind = {.width = WIDTH, .n_in = 1, .join = two_join, .settle = two_settle};

static HR_NOINLINE void put(const hr_chunk_place *at, uint64_t chunk, const hr_lanes_kind *k)
{
    (void)k;
    hr_chunk_put(at, chunk, at->w->prefix, &kind);
}

static HR_NOINLINE void move(const hr_chunk_place *at, uint64_t lo, uint64_t hi)
{
    (void)hr_chunk_move(at, lo, hi, &kind);
}

enum { SUFFIX_Q = 2 * HR_WIN_CHUNK, SUFFIX_REF = 4 * HR_WIN_CHUNK }; /* of suffixes: two chunks */

/* Suffixes of the chunk before lo, with the chunks up to the peak. Those of two chunks are kept. */
static HR_NOINLINE void turn(const hr_chunk_place *at, uint64_t lo, uint64_t peak)
{
    hr_chunks *c = at->c;
    const uint64_t half = (lo - 1) % 2;
    const double *rows = hr_lanes_rows(at, (lo - 1) * HR_WIN_CHUNK);
    const double last = rows[HR_WIN_CHUNK - 1];
    const double alone[WIDTH] = {last, 0, 0};
    const double *front = peak > lo ? c->front[c->n_starts - 1] : alone;
    double *suffix = c->suffix + half * HR_WIN_CHUNK;
    const hr_v4 ref = HR_V4(last);
    const hr_v4 way = HR_V4(last - front[REF]);
    const hr_v4 front_s = HR_V4(front[S]);
    const hr_v4 front_q = HR_V4(front[Q]);
    hr_v4 s = none;
    hr_v4 q = none;
    hr_v4 n = {4, 3, 2, 1};
    for (uint32_t g = HR_WIN_CHUNK; g > 0; g -= HR_WIN_GROUP) {
        hr_v4 d;
        hr_v4_load(&d, rows + g - HR_WIN_GROUP);
        d -= ref;
        hr_v4 dd = d * d;
        hr_v4_down_all(&d, &s, &none, HR_V4_SUM);
        hr_v4_down_all(&dd, &q, &none, HR_V4_SUM);
        const hr_v4 moved = d + n * way;
        const hr_v4 all_q = front_q + (dd + way * (d + moved));
        const hr_v4 all_s = front_s + moved;
        hr_v4_store(suffix + g - HR_WIN_GROUP, &all_s);
        hr_v4_store(suffix + SUFFIX_Q + g - HR_WIN_GROUP, &all_q);
        n += HR_V4((double)HR_WIN_GROUP);
    }
    c->suffix[SUFFIX_REF + half] = front[REF];
    c->turned[half] = lo;
    c->folded[half] = peak;
}

HR_INLINE void scan(hr_lanes *m, const hr_chunk_place *at, const hr_take *t, uint32_t n,
                    const hr_lanes_kind *k)
{
    (void)k;
    hr_win *w = at->w;
    if (t->first % HR_WIN_CHUNK == 0) {
        w->prefix[REF] = hr_lanes_rows(at, t->first)[0];
        w->prefix[S] = w->prefix[Q] = 0;
    }
    const hr_v4 ref = HR_V4(w->prefix[REF]);
    hr_v4 s = HR_V4(w->prefix[S]);
    hr_v4 q = HR_V4(w->prefix[Q]);
    hr_v4 before_s = s;
    hr_v4 before_q = q;
    const double *rows = hr_lanes_rows(at, t->first);
    HR_LANES_EACH(g, 0, n)
    {
        hr_v4 d;
        hr_v4_load(&d, rows + g);
        d -= ref;
        hr_v4 dd = d * d;
        before_s = s;
        before_q = q;
        hr_v4_up_all(&d, &s, &none, HR_V4_SUM);
        hr_v4_up_all(&dd, &q, &none, HR_V4_SUM);
        m->now[g / HR_WIN_GROUP] = d;
        m->now_q[g / HR_WIN_GROUP] = dd;
    }
    w->prefix[S] = n % HR_WIN_GROUP == 0 ? s[0] : before_s[0];
    w->prefix[Q] = n % HR_WIN_GROUP == 0 ? q[0] : before_q[0];
}

/* What windows that start in one chunk have in common. */
typedef struct joint {
    bool is_old; /* told about the ref of the old */
    double ref;
    double way;     /* from the ref of the old to that of the new */
    double now;     /* from the ref of the new to that of the newest chunk */
    double s, q, n; /* of the chunks from the peak on */
} joint;

/* Windows may start in the chunk before lo now. */
HR_INLINE joint enter(const hr_chunk_place *at, uint64_t lo, uint64_t hi)
{
    hr_chunks *c = at->c;
    const uint64_t half = (lo - 1) % 2;
    if (c->lo != lo || c->hi != hi) move(at, lo, hi);
    const uint64_t peak = lo < hi ? c->peak : lo;
    if (c->turned[half] != lo || c->folded[half] != peak) turn(at, lo, peak);
    const double old = c->suffix[SUFFIX_REF + half];
    const double now = at->w->prefix[REF];
    const bool some = peak < hi;
    const double ref = some ? c->back[REF] : now;
    const bool is_old = peak - lo >= hi - peak;
    return (joint){.is_old = is_old,
                   .ref = is_old ? old : ref,
                   .way = ref - old,
                   .now = now - ref,
                   .s = some ? c->back[S] : 0,
                   .q = some ? c->back[Q] : 0,
                   .n = some ? (double)((hi - peak) * HR_WIN_CHUNK) : 0};
}

/* As a rule windows that start in the next chunk differ in their suffixes alone. */
HR_INLINE bool is_same(const joint *a, const joint *b)
{
    bool ok = a->is_old == b->is_old && a->n >= b->n && a->n <= b->n;
    ok = ok && a->ref >= b->ref && a->ref <= b->ref;
    return ok && a->way >= b->way && a->way <= b->way;
}

typedef struct sums {
    hr_v4 s, q, lead;
} sums;

/* Of the lanes of group g. */
HR_INLINE void far(sums *o, uint32_t g, const hr_lanes *m, const joint *k, const hr_chunk_place *at,
                   const hr_take *t)
{
    const uint64_t places = 2 * HR_WIN_CHUNK;
    const double *suffix_s = at->c->suffix;
    const double *suffix_q = suffix_s + SUFFIX_Q;
    const uint64_t *from = t->from + g;
    const uint64_t p[] = {from[0] % places, from[1] % places, from[2] % places, from[3] % places};
    const hr_v4 old_s = {suffix_s[p[0]], suffix_s[p[1]], suffix_s[p[2]], suffix_s[p[3]]};
    const hr_v4 old_q = {suffix_q[p[0]], suffix_q[p[1]], suffix_q[p[2]], suffix_q[p[3]]};
    const double first = (double)(t->first % HR_WIN_CHUNK + g);
    const hr_v4 n_now = HR_V4(first) + (hr_v4){1, 2, 3, 4};
    const hr_v4 n_new = HR_V4(k->n) + n_now;
    const hr_v4 way = HR_V4(k->way);
    const hr_v4 now = HR_V4(k->now);
    const hr_v4 now_s = m->now[g / HR_WIN_GROUP];
    const hr_v4 moved = now_s + n_now * now;
    const hr_v4 new_s = HR_V4(k->s) + moved;
    const hr_v4 new_q = HR_V4(k->q) + (m->now_q[g / HR_WIN_GROUP] + now * (now_s + moved));
    if (k->is_old) {
        const hr_v4 s = new_s + n_new * way;
        o->s = old_s + s;
        o->q = old_q + (new_q + way * (new_s + s));
    } else {
        hr_v4 held;
        hr_v4_load(&held, t->held + g);
        const hr_v4 s = old_s - (held - n_new) * way;
        o->s = s + new_s;
        o->q = (old_q - way * (old_s + s)) + new_q;
    }
    hr_v4_load(&o->lead, hr_lanes_rows(at, t->first) + g);
    o->lead -= HR_V4(k->ref);
}

/* Lanes [i, to): windows that start in the chunk that was entered. */
HR_INLINE void far_run(hr_lanes *m, uint32_t i, uint32_t to, const joint *k,
                       const hr_chunk_place *at, const hr_take *t)
{
    HR_LANES_EACH(g, i - i % HR_WIN_GROUP, to)
    {
        sums o HR_UNINIT;
        far(&o, g, m, k, at, t);
        hr_lanes_set(m->all, g, i, &o.s);
        hr_lanes_set(m->q, g, i, &o.q);
        hr_lanes_set(m->lead, g, i, &o.lead);
    }
}

/* All lanes of which windows start at place p or later. */
static HR_NOINLINE void far_from(hr_lanes *m, uint64_t p, const joint *k, const hr_chunk_place *at,
                                 const hr_take *t)
{
    const hr_v4_bits last = {(int64_t)p - 1, (int64_t)p - 1, (int64_t)p - 1, (int64_t)p - 1};
    HR_LANES_EACH(g, 0, HR_WIN_TAKE)
    {
        sums o HR_UNINIT;
        hr_v4_bits from;
        far(&o, g, m, k, at, t);
        memcpy(&from, t->from + g, sizeof from);
        const hr_v4_bits is = from > last;
        hr_v4_pick(&m->all[g / HR_WIN_GROUP], &is, &o.s);
        hr_v4_pick(&m->q[g / HR_WIN_GROUP], &is, &o.q);
        hr_v4_pick(&m->lead[g / HR_WIN_GROUP], &is, &o.lead);
    }
}

/* Lanes [i, to): windows within the newest chunk, about their newest row. */
HR_INLINE void near(hr_lanes *m, uint32_t i, uint32_t to, const hr_chunk_place *at,
                    const hr_take *t)
{
    HR_LANES_EACH(g, i - i % HR_WIN_GROUP, to)
    {
        const double *row = hr_lanes_rows(at, t->first + g);
        const uint32_t most = hr_lanes_most(t, HR_MAX(g, i), HR_MIN(g + HR_WIN_GROUP, to));
        hr_v4 held;
        hr_v4 ref;
        hr_v4 s = none;
        hr_v4 q = none;
        hr_v4_load(&held, t->held + g);
        hr_v4_load(&ref, row);
        for (uint32_t back = 1; back < most; back++) {
            hr_v4 d;
            hr_v4_load(&d, row - back);
            d -= ref;
            hr_lanes_keep(&d, &held, back, &none);
            s += d;
            q += d * d;
        }
        hr_lanes_set(m->all, g, i, &s);
        hr_lanes_set(m->q, g, i, &q);
        hr_lanes_set(m->lead, g, i, &none);
    }
}

enum { VAR, VARS, STD, STDS, ZSCORE };

HR_INLINE void value(hr_v4 *v, const hr_lanes *m, uint32_t g, const hr_v4 *held, unsigned what)
{
    const hr_v4 n = *held;
    const hr_v4 s = m->all[g];
    *v = n * m->q[g] - s * s;
    hr_v4_both(v, &none, v, HR_V4_MOST);
    if (what == ZSCORE) {
        hr_v4_sqrt(v);
        *v = (n * m->lead[g] - s) / *v;
        return;
    }
    *v /= what == VARS || what == STDS ? n * (n - HR_V4(1)) : n * n;
    if (what == STD || what == STDS) hr_v4_sqrt(v);
}

static HR_NOINLINE void of_runs(hr_lanes *m, const hr_chunk_place *at, const hr_take *t,
                                const hr_lanes_kind *unused)
{
    (void)unused;
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    for (uint32_t i = t->at; i < t->to;) {
        const uint32_t to = hr_take_run(t, i);
        const uint64_t chunk = t->from[i] / HR_WIN_CHUNK;
        if (chunk == newest) {
            near(m, i, to, at, t);
        } else {
            const joint k = enter(at, chunk + 1, newest);
            far_run(m, i, to, &k, at, t);
        }
        i = to;
    }
}

/* Windows that start in two chunks, one behind the other and neither the newest. */
HR_INLINE bool together(hr_lanes *m, const hr_chunk_place *at, const hr_take *t,
                        const hr_lanes_kind *unused)
{
    (void)unused;
    const uint64_t newest = t->first / HR_WIN_CHUNK;
    const uint64_t a = t->from[0] / HR_WIN_CHUNK;
    const uint64_t b = t->from[HR_WIN_TAKE - 1] / HR_WIN_CHUNK;
    if (HR_UNLIKELY(b >= newest || b - a > 1)) return false;
    const joint k = enter(at, a + 1, newest);
    if (a != b) {
        const joint next = enter(at, b + 1, newest);
        if (HR_UNLIKELY(!is_same(&k, &next))) {
            far_run(m, 0, HR_WIN_TAKE, &k, at, t);
            far_from(m, b * HR_WIN_CHUNK, &next, at, t);
            return true;
        }
    }
    far_run(m, 0, HR_WIN_TAKE, &k, at, t);
    return true;
}

HR_INLINE void values(hr_lanes *m, const hr_take *t, uint32_t n, const hr_lanes_kind *k)
{
    HR_LANES_EACH(g, 0, n)
    {
        hr_v4 held;
        hr_v4 v;
        hr_v4_load(&held, t->held + g);
        value(&v, m, g / HR_WIN_GROUP, &held, k->what);
        m->all[g / HR_WIN_GROUP] = v;
    }
}

HR_LANES_OP(var, &kind, VAR, of_runs, put)
HR_LANES_OP(vars, &kind, VARS, of_runs, put)
HR_LANES_OP(std, &kind, STD, of_runs, put)
HR_LANES_OP(stds, &kind, STDS, of_runs, put)
HR_LANES_OP(zscore, &kind, ZSCORE, of_runs, put)
