/* SPDX-License-Identifier: Apache-2.0 */
/* Variances over windows of n rows.
 *
 * Sums of x - ref and of its square, where ref is a row of the very rows that are summed, so that
 * neither the size of the values nor rows that have left can be felt. A block of b = n / 2 rows is
 * cut into parts of HR_WIN_STRETCH rows with a ref each; whole parts are joined as samples about
 * their own means (Chan, Golub and LeVeque 1979). A window is
 *
 *     rest of a part | the parts behind it, the block before, the parts of this | rows of this part
 *     (old)            (middle: the same for all rows of a stretch)               (new)
 *
 * The sums of old and new are moved to the mean of the middle, which holds a third of the window's
 * rows or more: there the square of the sum is at most a few times the variance, and
 * q - s^2 / n loses nothing. See docs/modules/window.md. */
#include "ops/window/win.h"
#include "ops/window/win_rows.h"

/* Rows about their own mean, ref + off. */
typedef struct sample {
    double n, ref, off, m2;
} sample;

/* Sums about ref. */
typedef struct sums {
    double ref, s, q;
} sums;

/* A part of a block of which suffixes are at hand. */
typedef struct part {
    sample after; /* the rows of the block behind it */
    double ref;
} part;

typedef struct moments {
    sample full;   /* the block before */
    sample before; /* of this block, before the part of now */
    sample middle;
    sample behind; /* of the block that is turned, behind the part in turn */
    sums now, turn;
    double old_ref;
    double newest;
    uint64_t n_same; /* rows that equal the newest, up to it */
} moments;

/* Suffixes, the last of them of no rows, and room for a group behind them. Rows wait in the places
 * of sums that were used: where windows are of an even number, one before that of their own. */
typedef struct halves {
    double *s, *q;
    double *row;
    part *parts;
} halves;

typedef struct place {
    hr_win *w;
    moments *m;
    halves mine, last;
    uint32_t odd; /* 1: the first row of a block needs a suffix of all of the one before the last */
} place;

#define PARTS(b) ((b) / HR_WIN_STRETCH + 1)

HR_INLINE uint64_t half_rows(uint64_t b)
{
    return b + 2 * HR_WIN_GROUP;
}

HR_INLINE size_t half_bytes(uint64_t b)
{
    return (size_t)(2 * half_rows(b) * sizeof(double) + PARTS(b) * sizeof(part));
}

#ifndef HR_WIN_AVX2

size_t hr_win_bytes_moments(const hr_op_args *a)
{
    if (a->is_time[0]) return hr_win_bytes_three(a);
    uint64_t n = (uint64_t)a->v[0];
    uint64_t bytes =
        n <= HR_WIN_FEW ? HR_WIN_FEW * sizeof(double) : sizeof(moments) + 2 * half_bytes(n / 2);
    return hr_win_line(HR_WIN_HEAD + bytes);
}

void hr_win_init_moments(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_moments(a));
}

#endif

static place place_of(void *state)
{
    hr_win *w = state;
    char *p = (char *)state + HR_WIN_HEAD;
    place at = {.w = w, .m = (moments *)(void *)p, .odd = w->n & 1};
    p += sizeof(moments);
    halves h[2];
    for (int i = 0; i < 2; i++, p += half_bytes(w->block)) {
        h[i].row = (double *)(void *)p;
        h[i].s = h[i].row + (1 - at.odd);
        h[i].q = h[i].row + half_rows(w->block);
        h[i].parts = (part *)(void *)(h[i].q + half_rows(w->block));
    }
    at.mine = h[w->odd_block];
    at.last = h[1 - w->odd_block];
    return at;
}

static sample sample_of(double n, const sums *a)
{
    double off = a->s / n;
    double m2 = a->q - a->s * off;
    return (sample){.n = n, .ref = a->ref, .off = off, .m2 = m2 < 0 ? 0 : m2};
}

static sample sample_join(const sample *a, const sample *b)
{
    if (a->n == 0) return *b;
    if (b->n == 0) return *a;
    double n = a->n + b->n;
    double pb = b->n / n;
    double d = (b->ref - a->ref) + (b->off - a->off);
    return (sample){
        .n = n, .ref = a->ref, .off = a->off + d * pb, .m2 = a->m2 + b->m2 + d * d * (a->n * pb)};
}

/* Of the block before, as rows need them: row p of a block, from 0, suffix p. */
HR_INLINE uint32_t suffixes(const place *at)
{
    return at->w->block - 1 + at->odd;
}

static double way(const sample *middle, double ref)
{
    return (ref - middle->ref) - middle->off;
}

/* The first row of a part of this block has come. */
static void part_start(const place *at, uint32_t k, double x)
{
    moments *m = at->m;
    if (k > 0) {
        sample done = sample_of(HR_WIN_STRETCH, &m->now);
        m->before = sample_join(&m->before, &done);
    }
    const part *old = &at->mine.parts[k];
    sample middle = sample_join(&old->after, &m->full);
    m->middle = sample_join(&middle, &m->before);
    m->now = (sums){.ref = x};
    m->old_ref = old->ref;
}

/* The last row of a part of the block before is turned first: it is in all windows that need the
 * part. idx: of its group's first suffix. */
static void turn_start(const place *at, uint32_t idx, bool is_first)
{
    moments *m = at->m;
    const uint32_t n = suffixes(at);
    double *s = at->last.s;
    double ref = s[HR_MIN(idx + HR_WIN_GROUP, n) - 1];
    if (is_first) {
        m->behind = (sample){0};
        at->last.parts[PARTS(at->w->block) - 1] = (part){.ref = ref}; /* maybe of no rows */
        for (uint32_t i = n; i < idx + HR_WIN_GROUP; i++)
            s[i] = ref;
        for (uint32_t i = 0; i < HR_WIN_GROUP; i++)
            (s + idx + HR_WIN_GROUP)[i] = (at->last.q + idx + HR_WIN_GROUP)[i] = 0;
    }
    at->last.parts[idx / HR_WIN_STRETCH] = (part){.after = m->behind, .ref = ref};
    m->turn = (sums){.ref = ref};
}

static void turn_end(const place *at, uint32_t idx)
{
    moments *m = at->m;
    sample done = sample_of(HR_MIN(HR_WIN_STRETCH, suffixes(at) - idx), &m->turn);
    m->behind = sample_join(&done, &m->behind);
}

static const hr_v4 none;

typedef enum moment_what { VAR, VARS, STD, STDS, ZSCORE } moment_what;

/* v: sums of squares about the mean, then the values; lead: the newest row less the mean. */
HR_INLINE void values(hr_v4 *v, const hr_v4 *lead, double n, double per_n, moment_what what)
{
    hr_v4_both(v, &none, v, HR_V4_MOST);
    *v = what == VARS || what == STDS ? *v / HR_V4(n - 1) : *v * HR_V4(per_n);
    if (what != VAR && what != VARS) hr_v4_sqrt(v);
    if (what == ZSCORE) *v = *lead / *v;
    hr_v4_or_null(v);
}

/* Sums about the middle's mean of all rows, and of their squares, from those of the new and the old
 * about their refs: each row has one new row more and one old row less, so what depends on their
 * numbers is a line in i. */
typedef struct joint {
    double s, s_row, q, q_row;
    double now, old; /* twice the ways of the refs */
    double n;
    sample middle;
} joint;

static joint joint_of(const moments *m, uint32_t n_now, uint32_t n_old, uint32_t n)
{
    double now = way(&m->middle, m->now.ref);
    double old = n_old > 0 ? way(&m->middle, m->old_ref) : 0;
    return (joint){.s = n_now * now + n_old * old,
                   .s_row = now - old,
                   .q = m->middle.m2 + (n_now * (now * now) + n_old * (old * old)),
                   .q_row = now * now - old * old,
                   .now = 2 * now,
                   .old = 2 * old,
                   .n = n,
                   .middle = m->middle};
}

typedef struct columns {
    const double *x;
    double *out;
} columns;

/* While rows of one part go by: sums of the new rows and of the suffixes that are turned, up to a
 * group, and what all windows have in common. */
typedef struct lanes {
    hr_v4 ref, s, q;
    hr_v4 turn_ref, turn_s, turn_q;
    joint k;
    double per_n;
} lanes;

/* What depends on how many rows of a group's windows are new and old. */
typedef struct share {
    hr_v4 rows; /* of each since the one that the joint is of */
    hr_v4 s, q, old;
} share;

HR_INLINE void share_at(share *h, const joint *k)
{
    h->s = HR_V4(k->s) + h->rows * HR_V4(k->s_row);
    h->q = HR_V4(k->q) + h->rows * HR_V4(k->q_row);
}

/* row: of the group's first */
HR_INLINE void share_of(share *h, const joint *k, int32_t row)
{
    h->rows = HR_V4((double)row) + (hr_v4){0, 1, 2, 3};
    h->old = HR_V4(k->old);
    share_at(h, k);
}

/* The first n places are as they are, the others of windows without old rows. */
static void share_end(share *h, const moments *m, uint32_t n_now, uint32_t n_window, uint32_t n)
{
    joint k = joint_of(m, n_now, 0, n_window);
    hr_v4 s = HR_V4(k.s);
    hr_v4 q = HR_V4(k.q);
    hr_v4_first(&h->s, n, &s);
    hr_v4_first(&h->q, n, &q);
    hr_v4_first(&h->old, n, &none);
}

/* x: the rows of a group; then the values of their windows. */
HR_INLINE void group(hr_v4 *x, lanes *l, const share *h, const double *old_s, const double *old_q,
                     moment_what what)
{
    const joint *k = &l->k;
    const hr_v4 per_n = HR_V4(l->per_n);
    hr_v4 s = *x - l->ref;
    hr_v4 q = s * s;
    hr_v4_up_all(&s, &l->s, &none, HR_V4_SUM);
    hr_v4_up_all(&q, &l->q, &none, HR_V4_SUM);
    const hr_v4 now = HR_V4(k->now);
    hr_v4 os;
    hr_v4 oq;
    hr_v4_load(&os, old_s);
    hr_v4_load(&oq, old_q);
    hr_v4 all = s + os + h->s;
    hr_v4 all_q = q + oq + h->q + (s * now + os * h->old);
    hr_v4 lead = ((*x - HR_V4(k->middle.ref)) - HR_V4(k->middle.off)) - all * per_n;
    *x = all_q - all * all * per_n;
    values(x, &lead, k->n, l->per_n, what);
}

/* Suffixes of a group of rows. */
HR_INLINE void turn_rows(lanes *l, double *s, double *q)
{
    hr_v4 d;
    hr_v4_load(&d, s);
    d -= l->turn_ref;
    hr_v4 dd = d * d;
    hr_v4_down_all(&d, &l->turn_s, &none, HR_V4_SUM);
    hr_v4_down_all(&dd, &l->turn_q, &none, HR_V4_SUM);
    hr_v4_store(s, &d);
    hr_v4_store(q, &dd);
}

/* The suffixes that are turned with group g of a block: the newest of the block before come
 * first. */
HR_INLINE uint32_t turn_of(const place *at, uint32_t g)
{
    return (suffixes(at) - 1 - g) / HR_WIN_GROUP * HR_WIN_GROUP;
}

HR_INLINE void turn_before(const place *at, lanes *l, uint32_t g)
{
    uint32_t idx = turn_of(at, g);
    if (g >= HR_WIN_GROUP && (idx + HR_WIN_GROUP) % HR_WIN_STRETCH != 0) return;
    turn_start(at, idx, g < HR_WIN_GROUP);
    l->turn_ref = HR_V4(at->m->turn.ref);
    l->turn_s = l->turn_q = none;
}

HR_INLINE void turn_after(const place *at, const lanes *l, uint32_t g)
{
    uint32_t idx = turn_of(at, g);
    if (idx % HR_WIN_STRETCH != 0) return;
    at->m->turn.s = l->turn_s[0];
    at->m->turn.q = l->turn_q[0];
    turn_end(at, idx);
}

/* Groups from g on, at most n, all of whose rows are at hand and in the middle of a block, and
 * whose suffixes are of one part; those done. */
HR_INLINE uint32_t groups(const place *at, lanes *l, uint32_t g, uint32_t n, const columns *c,
                          share *h, moment_what what)
{
    uint32_t idx = turn_of(at, g);
    n = HR_MIN(n, (at->w->block - 1 - g) / HR_WIN_GROUP);
    n = HR_MIN(n, idx % HR_WIN_STRETCH / HR_WIN_GROUP + 1);
    if (n == 0) return 0;
    turn_before(at, l, g);
    const double *old_s = at->mine.s + g;
    const double *old_q = at->mine.q + g;
    double *s = at->last.s + idx;
    double *q = at->last.q + idx;
    lanes in = *l;
    share some = *h;
    for (uint32_t i = 0; i < n * HR_WIN_GROUP; i += HR_WIN_GROUP) {
        hr_v4 v;
        turn_rows(&in, s - i, q - i);
        hr_v4_load(&v, c->x + i);
        share_at(&some, &in.k);
        group(&v, &in, &some, old_s + i, old_q + i, what);
        hr_v4_store(c->out + i, &v);
        some.rows += HR_V4((double)HR_WIN_GROUP);
    }
    *l = in;
    turn_after(at, l, g + (n - 1) * HR_WIN_GROUP);
    return n;
}

/* Windows of equal rows: what rounding left is taken away. */
HR_INLINE void level(moments *m, const double *x, double *out, uint32_t n, uint32_t n_window,
                     moment_what what)
{
    uint64_t n_equal = x[0] == m->newest;
    for (uint32_t i = 1; i < n; i++)
        n_equal += x[i] == x[i - 1];
    if (HR_LIKELY(m->n_same + n_equal < n_window)) {
        uint32_t back = 1;
        while (back < n && x[n - 1 - back] == x[n - 1])
            back++;
        bool all = back == n && x[0] == m->newest;
        m->n_same = all ? m->n_same + n : back;
    } else {
        for (uint32_t i = 0; i < n; i++) {
            bool is_same = x[i] == (i == 0 ? m->newest : x[i - 1]);
            m->n_same = is_same ? m->n_same + 1 : 1;
            if (m->n_same >= n_window) out[i] = what == ZSCORE ? (double)NAN : 0;
        }
    }
    m->newest = x[n - 1];
}

static void block_end(place *at, uint32_t n_part)
{
    moments *m = at->m;
    sample done = sample_of(n_part, &m->now);
    m->full = sample_join(&m->before, &done);
    m->before = (sample){0};
    at->w->at = 0;
    at->w->odd_block ^= 1;
    halves mine = at->last;
    at->last = at->mine;
    at->mine = mine;
}

/* Rows of one part of a block; the rows that were done. A group of which rows came before is gone
 * over anew: they wait in the block. Behind a block's last rows are those of the next, if they are
 * at hand, and their values are written over. */
HR_INLINE uint32_t stretch(place *at, const double *x, double *out, uint32_t n, moment_what what)
{
    hr_win *w = at->w;
    moments *m = at->m;
    const uint32_t b = w->block;
    const uint32_t first = w->at;
    const uint32_t n_rows = n;
    uint32_t in_part = first % HR_WIN_STRETCH;
    uint32_t k = first / HR_WIN_STRETCH;
    n = HR_MIN(n, HR_MIN(HR_WIN_STRETCH - in_part, b - first));
    if (in_part == 0) part_start(at, k, x[0]);
    /* of a part's first row, so that a row is the same however the stretch began */
    const uint32_t base = k * HR_WIN_STRETCH;
    uint32_t n_old = HR_MIN(base + HR_WIN_STRETCH, suffixes(at)) - base;
    lanes l = {.ref = HR_V4(m->now.ref),
               .s = HR_V4(m->now.s),
               .q = HR_V4(m->now.q),
               .turn_ref = HR_V4(m->turn.ref),
               .turn_s = HR_V4(m->turn.s),
               .turn_q = HR_V4(m->turn.q),
               .k = joint_of(m, 1, n_old, w->n),
               .per_n = 1.0 / w->n};
    const double *old_s = at->mine.s;
    const double *old_q = at->mine.q;
    for (uint32_t g = first - in_part % HR_WIN_GROUP; g < first + n; g += HR_WIN_GROUP) {
        share h;
        hr_v4 v;
        share_of(&h, &l.k, (int32_t)(g - base));
        if (g >= first) {
            columns c = {.x = x + (g - first), .out = out + (g - first)};
            uint32_t n_whole = (first + n - g) / HR_WIN_GROUP;
            uint32_t done = groups(at, &l, g, n_whole, &c, &h, what);
            if (done > 0) {
                g += (done - 1) * HR_WIN_GROUP;
                continue;
            }
        }
        if (HR_UNLIKELY(g + HR_WIN_GROUP >= b && suffixes(at) < b))
            share_end(&h, m, b - base, w->n, b - 1 - g);
        if (g >= first && g < suffixes(at)) {
            turn_before(at, &l, g);
            turn_rows(&l, at->last.s + turn_of(at, g), at->last.q + turn_of(at, g));
            turn_after(at, &l, g);
        }
        if (HR_LIKELY(g >= first && g + HR_WIN_GROUP <= first + n_rows)) {
            hr_v4_load(&v, x + (g - first));
            if (g + HR_WIN_GROUP > b) hr_v4_first(&v, b - g, &l.ref);
            group(&v, &l, &h, old_s + g, old_q + g, what);
            hr_v4_store(out + (g - first), &v);
            continue;
        }
        hr_v4 before_s = l.s;
        hr_v4 before_q = l.q;
        hr_win_group some = hr_win_group_of(g, first, n);
        hr_win_group_rows(&v, &some, at->mine.row + g, x, m->now.ref);
        group(&v, &l, &h, old_s + g, old_q + g, what);
        hr_win_group_values(out, &some, &v);
        if (some.to < HR_WIN_GROUP && g + some.to < b) {
            l.s = before_s;
            l.q = before_q;
        }
    }
    m->now.s = l.s[0];
    m->now.q = l.q[0];
    m->turn.s = l.turn_s[0];
    m->turn.q = l.turn_q[0];
    level(m, x, out, n, w->n, what);
    memmove(at->mine.row + first, x, n * sizeof *x);
    w->at += n;
    if (w->at == b) block_end(at, b - base);
    return n;
}

/* Sums of a group of windows about their oldest rows. */
typedef struct few_sums {
    hr_v4 oldest, s, q;
} few_sums;

HR_INLINE void few_add(few_sums *a, const double *p)
{
    hr_v4 d;
    hr_v4_load(&d, p);
    d -= a->oldest;
    a->s += d;
    a->q += d * d;
}

HR_INLINE void few_end(double *out, const few_sums *a, const double *p, double n, moment_what what)
{
    const double per_n = 1 / n;
    hr_v4 newest;
    hr_v4_load(&newest, p);
    hr_v4 lead = (newest - a->oldest) - a->s * HR_V4(per_n);
    hr_v4 v = a->q - a->s * a->s * HR_V4(per_n);
    values(&v, &lead, n, per_n, what);
    hr_v4_store(out, &v);
}

/* HR_WIN_AT_ONCE windows side by side. */
HR_INLINE void few(double *out, const double *p, uint32_t rows, moment_what what)
{
    few_sums a = {.s = none};
    few_sums b = {.s = none};
    few_sums c = {.s = none};
    few_sums d = {.s = none};
    hr_v4_load(&a.oldest, p);
    hr_v4_load(&b.oldest, p + 4);
    hr_v4_load(&c.oldest, p + 8);
    hr_v4_load(&d.oldest, p + 12);
    const double *newest = p + rows - 1;
    while (p < newest) {
        p++;
        few_add(&a, p);
        few_add(&b, p + 4);
        few_add(&c, p + 8);
        few_add(&d, p + 12);
    }
    few_end(out, &a, p, rows, what);
    few_end(out + 4, &b, p + 4, rows, what);
    few_end(out + 8, &c, p + 8, rows, what);
    few_end(out + 12, &d, p + 12, rows, what);
}

HR_INLINE void step(hr_win *w, const double *x, double *out, uint32_t n, moment_what what)
{
    place at = place_of(w);
    for (uint32_t done = 0; done < n;)
        done += stretch(&at, x + done, out + done, n - done, what);
}

HR_WIN_OP(var, VAR, few, step, HR_WIN_FN(var_time))
HR_WIN_OP(vars, VARS, few, step, HR_WIN_FN(vars_time))
HR_WIN_OP(std, STD, few, step, HR_WIN_FN(std_time))
HR_WIN_OP(stds, STDS, few, step, HR_WIN_FN(stds_time))
HR_WIN_OP(zscore, ZSCORE, few, step, HR_WIN_FN(zscore_time))
