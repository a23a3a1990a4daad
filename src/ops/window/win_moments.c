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

typedef struct halves {
    double *s, *q; /* b + 1 of each, the last 0; rows wait in s */
    part *parts;
} halves;

typedef struct place {
    hr_win *w;
    moments *m;
    halves mine, last;
    uint32_t odd; /* 1: suffixes one row longer */
} place;

#define PARTS(b) ((b) / HR_WIN_STRETCH + 1)

static size_t half_bytes(uint64_t b)
{
    return (size_t)(2 * (b + 1) * sizeof(double) + PARTS(b) * sizeof(part));
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
        h[i].s = (double *)(void *)p;
        h[i].q = h[i].s + w->block + 1;
        h[i].parts = (part *)(void *)(h[i].q + w->block + 1);
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

/* Parts of suffixes end where those that rows need do: row p of a block, from 1, needs the one from
 * p - odd on. */
HR_INLINE uint32_t part_of(const place *at, uint32_t idx)
{
    uint32_t even = 1 - at->odd;
    return idx < even ? 0 : (idx - even) / HR_WIN_STRETCH;
}

HR_INLINE uint32_t part_from(const place *at, uint32_t k)
{
    return k == 0 ? 0 : k * HR_WIN_STRETCH + 1 - at->odd;
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
 * part. */
static void turn_start(const place *at, uint32_t idx)
{
    moments *m = at->m;
    part *p = &at->last.parts[part_of(at, idx)];
    if (idx == at->w->block - 1) {
        m->behind = (sample){0};
        part *none = &at->last.parts[PARTS(at->w->block) - 1]; /* maybe a part of no rows */
        *none = (part){.ref = at->last.s[idx]};
    }
    *p = (part){.after = m->behind, .ref = at->last.s[idx]};
    m->turn = (sums){.ref = p->ref};
}

static void turn_end(const place *at, uint32_t k)
{
    moments *m = at->m;
    uint32_t from = part_from(at, k);
    uint32_t to = HR_MIN(part_from(at, k + 1), at->w->block);
    sample done = sample_of(to - from, &m->turn);
    m->behind = sample_join(&done, &m->behind);
}

typedef enum moment_what { VAR, VARS, STD, STDS, ZSCORE } moment_what;

/* m2: sum of squares about the mean; lead: the newest row less the mean. */
HR_INLINE double value(double m2, double lead, double n, double per_n, moment_what what)
{
    double v = 0 > m2 ? 0 : m2;
    v = what == VARS || what == STDS ? v / (n - 1) : v * per_n;
    if (what != VAR && what != VARS) v = sqrt(v);
    if (what == ZSCORE) v = lead / v;
    return hr_win_or_null(v);
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

/* What a stretch goes over. */
typedef struct columns {
    const double *x;
    double *out;
    double *s, *q;           /* sums of the new rows */
    double *last_s, *last_q; /* the suffixes that are turned next end before these */
    const double *old_s, *old_q;
} columns;

/* Sums of the new rows from `from` to `to`, and of suffixes from the end of the block before: two
 * chains each, which do not wait for one another. */
static void scan(moments *m, const columns *c, uint32_t from, uint32_t to)
{
    const double *restrict x = c->x;
    double *restrict s = c->s;
    double *restrict q = c->q;
    double *restrict last_s = c->last_s - to;
    double *restrict last_q = c->last_q - to;
    sums now = m->now;
    sums turn = m->turn;
    for (uint32_t i = from; i < to; i++) {
        double d = x[i] - now.ref;
        double e = last_s[to - 1 - i] - turn.ref;
        now.s += d;
        turn.s += e;
        now.q += d * d;
        turn.q += e * e;
        s[i] = now.s;
        q[i] = now.q;
        last_s[to - 1 - i] = turn.s;
        last_q[to - 1 - i] = turn.q;
    }
    m->now = now;
    m->turn = turn;
}

/* first: rows since the one that the joint is of */
HR_INLINE void join_all(const columns *c, const joint *j, uint32_t first, uint32_t n,
                        moment_what what)
{
    const double *restrict x = c->x;
    double *restrict out = c->out;
    const double *restrict s = c->s;
    const double *restrict q = c->q;
    const double *restrict old_s = c->old_s;
    const double *restrict old_q = c->old_q;
    const joint k = *j;
    const double per_n = 1 / k.n;
    for (uint32_t i = 0; i < n; i++) {
        double row = (double)(int32_t)(first + i);
        double all = (s[i] + old_s[i]) + (k.s + row * k.s_row);
        double all_q =
            ((q[i] + old_q[i]) + (k.q + row * k.q_row)) + (s[i] * k.now + old_s[i] * k.old);
        double lead = ((x[i] - k.middle.ref) - k.middle.off) - all * per_n;
        out[i] = value(all_q - all * all * per_n, lead, k.n, per_n, what);
    }
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
            if (m->n_same >= n_window) out[i] = value(0, 0, n_window, 0, what);
        }
    }
    m->newest = x[n - 1];
}

/* Rows of one part of a block; the rows that were done. */
HR_INLINE uint32_t stretch(place *at, const double *x, double *out, uint32_t n, moment_what what)
{
    double s[HR_WIN_STRETCH] HR_UNINIT;
    double q[HR_WIN_STRETCH] HR_UNINIT;
    hr_win *w = at->w;
    moments *m = at->m;
    const uint32_t b = w->block;
    uint32_t in_part = w->at % HR_WIN_STRETCH;
    uint32_t k = w->at / HR_WIN_STRETCH;
    uint32_t need = w->at + 1 - at->odd;
    uint32_t n_old = HR_MIN(part_from(at, k + 1), b) - need; /* with the first row */
    n = HR_MIN(n, HR_MIN(HR_WIN_STRETCH - in_part, b - w->at));
    if (n_old > 0) n = HR_MIN(n, n_old); /* no old rows is another case */
    if (in_part == 0) part_start(at, k, x[0]);
    /* of a part's first row, so that a row is the same however the stretch began */
    uint32_t first = n_old > 0 ? in_part : 0;
    joint j = joint_of(m, in_part + 1 - first, n_old + first, w->n);
    columns c = {.x = x,
                 .out = out,
                 .s = s,
                 .q = q,
                 .last_s = at->last.s + (b - w->at),
                 .last_q = at->last.q + (b - w->at),
                 .old_s = at->mine.s + need,
                 .old_q = at->mine.q + need};
    for (uint32_t done = 0; done < n;) {
        uint32_t idx = b - 1 - w->at - done;
        uint32_t turned = part_of(at, idx);
        uint32_t from = part_from(at, turned);
        if (idx == b - 1 || idx + 1 == part_from(at, turned + 1)) turn_start(at, idx);
        uint32_t some = HR_MIN(n - done, idx + 1 - from);
        scan(m, &c, done, done + some);
        if (idx + 1 - some == from) turn_end(at, turned);
        done += some;
    }
    join_all(&c, &j, first, n, what);
    level(m, x, out, n, w->n, what);
    memmove(at->mine.s + w->at, x, n * sizeof *x);
    w->at += n;
    if (w->at == b) {
        sample done = sample_of(b - k * HR_WIN_STRETCH, &m->now);
        m->full = sample_join(&m->before, &done);
        m->before = (sample){0};
        w->at = 0;
        w->odd_block ^= 1;
        *at = (place){.w = w, .m = m, .mine = at->last, .last = at->mine, .odd = at->odd};
    }
    return n;
}

/* Three rows more of each window are added to its sums about the oldest. */
static void few_add(double *restrict s, double *restrict q, const double *restrict oldest,
                    const double *restrict x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double a = x[i] - oldest[i];
        double b = (x + i)[1] - oldest[i];
        double c = (x + i)[2] - oldest[i];
        s[i] += a + b + c;
        q[i] += a * a + b * b + c * c;
    }
}

static void few_add_one(double *restrict s, double *restrict q, const double *restrict oldest,
                        const double *restrict x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double d = x[i] - oldest[i];
        s[i] += d;
        q[i] += d * d;
    }
}

HR_INLINE void few(hr_win *w, const double *x, double *out, uint32_t n, moment_what what)
{
    hr_win_near near HR_UNINIT;
    double s[HR_WIN_STRETCH] HR_UNINIT;
    double *q = out; /* until it is worked out */
    const uint32_t rows = w->n;
    const double per_n = 1.0 / rows;
    hr_win_gather(&near, (double *)(void *)((char *)w + HR_WIN_HEAD), rows - 1, x, n);
    memset(s, 0, n * sizeof *s);
    memset(q, 0, n * sizeof *q);
    uint32_t j = 1;
    for (; j + 3 <= rows; j += 3)
        few_add(s, q, near.x, near.x + j, n);
    for (; j < rows; j++)
        few_add_one(s, q, near.x, near.x + j, n);
    for (uint32_t i = 0; i < n; i++) {
        double lead = (x[i] - near.x[i]) - s[i] * per_n;
        out[i] = value(q[i] - s[i] * s[i] * per_n, lead, rows, per_n, what);
    }
}

HR_INLINE void step(void *state, const double *x, double *out, uint32_t n, moment_what what)
{
    hr_win *w = state;
    if (w->n <= HR_WIN_FEW) {
        few(w, x, out, n, what);
    } else {
        place at = place_of(state);
        for (uint32_t done = 0; done < n;)
            done += stretch(&at, x + done, out + done, n - done, what);
    }
    hr_win_hide(w, out, n);
}

#define MOMENT(name, what)                                                                         \
    static void step_##name(void *state, const double *x, double *out, uint32_t n)                 \
    {                                                                                              \
        step(state, x, out, n, what);                                                              \
    }                                                                                              \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        const hr_win *w = state;                                                                   \
        if (w->width_ns > 0) {                                                                     \
            HR_WIN_FN(name##_time)(state, r);                                                      \
        } else {                                                                                   \
            hr_win_stretches(state, r, step_##name);                                               \
        }                                                                                          \
    }

MOMENT(var, VAR)
MOMENT(vars, VARS)
MOMENT(std, STD)
MOMENT(stds, STDS)
MOMENT(zscore, ZSCORE)
