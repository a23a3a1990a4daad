/* SPDX-License-Identifier: Apache-2.0 */
/* Variances over windows of n rows.
 *
 * Rows wait in blocks of b = n / 2, and a block is cut into parts of HR_WIN_STRETCH rows. A window
 * is
 *
 *     rest of a part | the parts behind it, the block before, the parts of this | rows of this part
 *     (old)            (the same for all rows of a part)                          (new)
 *
 * All is summed as x - mean and its square, where mean is that of the block before: a third of the
 * window's rows or more, so that the square of the sum is at most a few times the variance and
 * q - s^2 / n loses nothing. Of a part that is whole the mean and the squares about it are kept,
 * which are joined as samples (Chan, Golub and LeVeque 1979): neither the size of the values nor
 * rows that have left can be felt. When a part begins, the rows that leave with it are turned into
 * sums of each and all behind it. See docs/modules/window.md. */
#include "ops/window/win.h"
#include "ops/window/win_rows.h"

/* Rows about their own mean, ref + off. */
typedef struct sample {
    double n, ref, off, m2;
} sample;

/* Of x - mean: the sum, and that of the squares. */
typedef struct sums {
    double s, q;
} sums;

#define OLD_ROOM (HR_WIN_STRETCH + HR_WIN_GROUP)

typedef struct moments {
    sample full;   /* the block before */
    sample before; /* of this block, before this part */
    sample behind; /* of the block before, behind the part whose turn is next */
    double mean;   /* of full, as near as a double comes to it */
    sums done;     /* of this block, before this part */
    sums now;      /* of this part's groups that are whole */
    /* Of this part about its first row, of every fourth row each: what is kept of it must not tell
     * of a mean whose rows will leave before. */
    double first;
    double own_s[HR_WIN_GROUP], own_q[HR_WIN_GROUP];
    double newest;
    uint64_t n_same; /* rows that equal the newest, up to it */
    char pad[32];
    /* Of the window's rows up to this part, for each row of it. */
    double old_s[OLD_ROOM], old_q[OLD_ROOM];
} moments;
_Static_assert(sizeof(moments) % 64 == 0, "whole lines");

/* A block: its rows, of which the ones of this block take the place, and its parts; once the next
 * block is at hand, what is behind each of them. */
typedef struct half {
    double *row;
    sample *part;
} half;

typedef struct place {
    hr_win *w;
    moments *m;
    half mine, last; /* this block is written over the one before the last */
} place;

HR_INLINE uint32_t parts(uint64_t b)
{
    return (uint32_t)((b - 1) / HR_WIN_STRETCH + 1);
}

/* And a group that is read behind the last row. */
HR_INLINE size_t half_rows(uint64_t b)
{
    return (size_t)(b + 2 * HR_WIN_GROUP);
}

HR_INLINE size_t half_bytes(uint64_t b)
{
    return half_rows(b) * sizeof(double) + parts(b) * sizeof(sample);
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
    hr_fold_init(state, a);
    if (!a->is_time[0] && a->v[0] > HR_WIN_FEW)
        memset((char *)state + HR_WIN_HEAD, 0, sizeof(moments));
}

#endif

HR_INLINE half half_of(char *p, uint32_t b)
{
    double *row = (double *)(void *)p;
    return (half){.row = row, .part = (sample *)(void *)(row + half_rows(b))};
}

HR_INLINE place place_of(hr_win *w)
{
    char *p = (char *)w + HR_WIN_HEAD;
    char *mine = p + sizeof(moments) + (w->odd_block ? half_bytes(w->block) : 0);
    char *last = p + sizeof(moments) + (w->odd_block ? 0 : half_bytes(w->block));
    return (place){.w = w,
                   .m = (moments *)(void *)p,
                   .mine = half_of(mine, w->block),
                   .last = half_of(last, w->block)};
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

/* Adds the sums of x - mean. */
static void sums_add(sums *a, const sample *b, double mean)
{
    double d = (b->ref - mean) + b->off;
    double s = b->n * d;
    a->s += s;
    a->q += b->m2 + s * d;
}

static const hr_v4 none;

/* row: of a block, n of the window whose first rows of a part they are; behind: sums of all rows
 * that come after them. */
static void turn(moments *m, const double *row, uint32_t n, uint32_t n_groups, const sums *behind)
{
    const hr_v4 mean = HR_V4(m->mean);
    hr_v4 s = HR_V4(behind->s);
    hr_v4 q = HR_V4(behind->q);
    uint32_t g = (n_groups - 1) * HR_WIN_GROUP;
    hr_v4 d;
    hr_v4_load(&d, row + g);
    hr_v4_first(&d, (int64_t)n - g, &mean);
    for (;; g -= HR_WIN_GROUP) {
        d -= mean;
        hr_v4 dd = d * d;
        hr_v4_down_all(&d, &s, &none, HR_V4_SUM);
        hr_v4_down_all(&dd, &q, &none, HR_V4_SUM);
        hr_v4_store(m->old_s + g, &d);
        hr_v4_store(m->old_q + g, &dd);
        if (g == 0) break;
        hr_v4_load(&d, row + g - HR_WIN_GROUP);
    }
}

/* The first row of a part of this block has come. */
static HR_NOINLINE void part_start(const place *at, uint32_t k, double x)
{
    moments *m = at->m;
    const uint32_t b = at->w->block;
    const uint32_t odd = at->w->n & 1; /* 1: the first row of a block needs all of the old one */
    const uint32_t first = k * HR_WIN_STRETCH;
    const uint32_t len = HR_MIN(HR_WIN_STRETCH, b - first);
    if (k == 0) {
        m->behind = (sample){0};
        m->mean = m->full.ref + m->full.off;
        m->done = (sums){0};
    }
    sample *turned = &at->last.part[parts(b) - 1 - k];
    sample own = *turned;
    *turned = m->behind;
    m->behind = sample_join(&own, &m->behind);
    sums behind = m->done;
    sums_add(&behind, &m->full, m->mean);
    sums_add(&behind, &at->mine.part[k], m->mean);
    turn(m, at->mine.row + first + 1 - odd, len - 1 + odd, (len + HR_WIN_GROUP - 1) / HR_WIN_GROUP,
         &behind);
    m->now = (sums){0};
    m->first = x;
    for (uint32_t i = 0; i < HR_WIN_GROUP; i++)
        m->own_s[i] = m->own_q[i] = 0;
}

HR_INLINE double four_of(const double *a)
{
    return (a[0] + a[1]) + (a[2] + a[3]);
}

static HR_NOINLINE void part_end(place *at, uint32_t k, uint32_t n)
{
    moments *m = at->m;
    double s = four_of(m->own_s);
    double off = s * (n == HR_WIN_STRETCH ? 1.0 / HR_WIN_STRETCH : 1.0 / n);
    double m2 = four_of(m->own_q) - s * off;
    sample own = {.n = n, .ref = m->first, .off = off, .m2 = m2 < 0 ? 0 : m2};
    at->mine.part[k] = own;
    m->before = sample_join(&m->before, &own);
    m->done.s += m->now.s;
    m->done.q += m->now.q;
    if (at->w->at < at->w->block) return;
    m->full = m->before;
    m->before = (sample){0};
    at->w->at = 0;
    at->w->odd_block ^= 1;
    half mine = at->last;
    at->last = at->mine;
    at->mine = mine;
}

typedef enum moment_what { VAR, VARS, STD, STDS, ZSCORE } moment_what;

/* What squares about the mean are multiplied by. */
HR_INLINE double per_of(uint32_t n, moment_what what)
{
    return 1.0 / (what == VARS || what == STDS ? n - 1 : n);
}

/* v: sums of squares about the mean, then the values, maybe not finite; lead: the newest row less
 * the mean. */
HR_INLINE void values(hr_v4 *v, const hr_v4 *lead, const hr_v4 *per, moment_what what)
{
    hr_v4_both(v, &none, v, HR_V4_MOST);
    *v *= *per;
    if (what != VAR && what != VARS) hr_v4_sqrt(v);
    if (what == ZSCORE) hr_v4_under(v, lead);
}

/* What is in registers while rows of a part go by. */
typedef struct lanes {
    hr_v4 mean, s, q;
    hr_v4 first, own_s, own_q;
    hr_v4 per_n, per, all;
} lanes;

/* Of a group of windows, less the mean of the block before: sums, sums of squares, newest rows. */
typedef struct group_sums {
    hr_v4 s, q, newest;
} group_sums;

/* x: the rows of a group. */
HR_INLINE void group_add(group_sums *a, lanes *l, const hr_v4 *x, const double *old_s,
                         const double *old_q)
{
    hr_v4 old;
    a->newest = *x - l->mean;
    a->s = a->newest;
    a->q = a->newest * a->newest;
    hr_v4_up_all(&a->s, &l->s, &none, HR_V4_SUM);
    hr_v4_up_all(&a->q, &l->q, &none, HR_V4_SUM);
    hr_v4_load(&old, old_s);
    a->s += old;
    hr_v4_load(&old, old_q);
    a->q += old;
}

HR_INLINE void group_values(double *out, lanes *l, const group_sums *a, moment_what what)
{
    hr_v4 mean = a->s * l->per_n;
    hr_v4 lead = a->newest - mean;
    hr_v4 v = a->q - a->s * mean;
    values(&v, &lead, &l->per, what);
    l->all += v;
    hr_v4_store(out, &v);
}

HR_INLINE void own_add(lanes *l, const hr_v4 *x)
{
    hr_v4 d = *x - l->first;
    l->own_s += d;
    l->own_q += d * d;
}

/* What is the same for all rows of a call, but for `all`: of the values, to see one that is not
 * finite. */
typedef struct common {
    hr_v4 per_n, per, all;
} common;

HR_INLINE lanes lanes_in(const moments *m, const common *c)
{
    lanes l = {.mean = HR_V4(m->mean),
               .s = HR_V4(m->now.s),
               .q = HR_V4(m->now.q),
               .first = HR_V4(m->first),
               .per_n = c->per_n,
               .per = c->per,
               .all = c->all};
    hr_v4_load(&l.own_s, m->own_s);
    hr_v4_load(&l.own_q, m->own_q);
    return l;
}

HR_INLINE void lanes_out(moments *m, common *c, const lanes *l)
{
    m->now = (sums){.s = l->s[0], .q = l->q[0]};
    hr_v4_store(m->own_s, &l->own_s);
    hr_v4_store(m->own_q, &l->own_q);
    c->all = l->all;
}

/* Rows of one part of a block. */
typedef struct stretch {
    const double *x; /* from its first row on */
    double *out;
    double *row;         /* of the part */
    uint32_t first, end; /* rows of the part, and as many as are at hand: of the next block, too */
    uint32_t at_hand;
} stretch;

/* A group of which not all rows are at hand. Those that came before wait in the block, and it is
 * gone over anew. */
static HR_NOINLINE void some_rows(moments *m, common *c, const stretch *r, uint32_t g,
                                  moment_what what)
{
    const hr_win_group some = hr_win_group_of(g, r->first, r->end - r->first);
    lanes l = lanes_in(m, c);
    hr_v4 v;
    hr_v4 own = l.first;
    hr_win_group_rows(&v, &some, r->row + g, r->x, m->first);
    hr_v4_first(&own, some.from, &v);
    own_add(&l, &own);
    group_sums a HR_UNINIT;
    double value[HR_WIN_GROUP] HR_UNINIT;
    group_add(&a, &l, &v, m->old_s + g, m->old_q + g);
    group_values(value, &l, &a, what);
    l.all = c->all;
    for (uint32_t i = some.from; i < some.to; i++) {
        r->row[g + i] = r->x[some.first + (i - some.from)];
        r->out[some.first + (i - some.from)] = value[i];
        l.all[0] += value[i];
    }
    if (some.to < HR_WIN_GROUP) {
        l.s = HR_V4(m->now.s);
        l.q = HR_V4(m->now.q);
    }
    lanes_out(m, c, &l);
}

/* Groups from row i of the part on; the next row. Behind a block's last rows are those of the next,
 * if they are at hand: their values are written over. */
HR_INLINE uint32_t whole_groups(moments *m, common *in, const stretch *r, uint32_t i,
                                moment_what what)
{
    lanes l = lanes_in(m, in);
    const stretch c = *r;
    const uint32_t begun = i;
    group_sums a = {0};
    for (; i + HR_WIN_GROUP <= c.end; i += HR_WIN_GROUP) {
        group_sums next HR_UNINIT;
        hr_v4 v;
        hr_v4_load(&v, c.x + (i - c.first));
        hr_v4_copy(c.row + i, c.x + (i - c.first));
        hr_win_fetch(c.row + i, HR_WIN_STRETCH);
        own_add(&l, &v);
        group_add(&next, &l, &v, m->old_s + i, m->old_q + i);
        /* roots of the group before are waited for while this one is added up */
        if (HR_LIKELY(i > begun)) group_values(c.out + (i - HR_WIN_GROUP - c.first), &l, &a, what);
        a = next;
    }
    if (i > begun) group_values(c.out + (i - HR_WIN_GROUP - c.first), &l, &a, what);
    if (i < c.end && i + HR_WIN_GROUP <= c.at_hand) {
        hr_v4 v;
        hr_v4_load(&v, c.x + (i - c.first));
        hr_v4_first(&v, c.end - i, &l.first);
        own_add(&l, &v);
        group_add(&a, &l, &v, m->old_s + i, m->old_q + i);
        group_values(c.out + (i - c.first), &l, &a, what);
        for (; i < c.end; i++)
            c.row[i] = c.x[i - c.first];
    }
    lanes_out(m, in, &l);
    return i;
}

/* Rows of one part of a block; the rows that were done. */
HR_INLINE uint32_t part_rows(place *at, common *c, const double *x, double *out, uint32_t n,
                             moment_what what)
{
    hr_win *w = at->w;
    moments *m = at->m;
    const uint32_t k = w->at / HR_WIN_STRETCH;
    const uint32_t len = HR_MIN(HR_WIN_STRETCH, w->block - k * HR_WIN_STRETCH);
    const uint32_t first = w->at % HR_WIN_STRETCH;
    const stretch r = {.x = x,
                       .out = out,
                       .row = at->mine.row + k * HR_WIN_STRETCH,
                       .first = first,
                       .end = HR_MIN(first + n, len),
                       .at_hand = first + n};
    if (first == 0) part_start(at, k, x[0]);
    uint32_t i = first;
    if (i % HR_WIN_GROUP != 0) {
        i -= i % HR_WIN_GROUP;
        some_rows(m, c, &r, i, what);
        i += HR_WIN_GROUP;
    }
    i = whole_groups(m, c, &r, i, what);
    if (i < r.end) some_rows(m, c, &r, i, what);
    w->at += r.end - first;
    if (r.end == len) part_end(at, k, len);
    return r.end - first;
}

/* Whether so many rows are one, of which windows may be. A run of them has two rows in it that are
 * half as many apart, and all between. */
static bool has_run(const double *x, uint32_t n, uint32_t n_window)
{
    const uint32_t far = n_window / 2;
    for (uint32_t i = 0; i + far < n; i += far) {
        if (HR_LIKELY(x[i] != x[i + far])) continue;
        uint32_t k = 1;
        while (k < far && x[i] == x[i + k])
            k++;
        if (k == far) return true;
    }
    return false;
}

/* Windows of equal rows: what rounding left is taken away. */
static HR_NOINLINE void level(moments *m, const double *x, double *out, uint32_t n,
                              uint32_t n_window, double value)
{
    uint32_t front = 0; /* rows that equal the ones before these */
    while (front < n && x[front] == m->newest)
        front++;
    if (HR_UNLIKELY(m->n_same + front >= n_window)) {
        uint64_t before = HR_MIN(m->n_same, (uint64_t)n_window - 1);
        for (uint32_t i = n_window - 1 - (uint32_t)before; i < front; i++)
            out[i] = value;
    }
    if (HR_UNLIKELY(front == n)) {
        m->n_same += n;
        return;
    }
    if (HR_UNLIKELY(has_run(x + front, n - front, n_window))) {
        uint32_t n_same = 1;
        for (uint32_t i = front + 1; i < n; i++) {
            n_same = x[i] == x[i - 1] ? n_same + 1 : 1;
            if (n_same >= n_window) out[i] = value;
        }
    }
    uint32_t back = 1;
    while (back < n - front && x[n - 1 - back] == x[n - 1])
        back++;
    m->n_same = back;
    m->newest = x[n - 1];
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

HR_INLINE void few_end(double *out, const few_sums *a, const double *p, uint32_t n,
                       moment_what what)
{
    const double per_n = 1.0 / n;
    const hr_v4 per = HR_V4(per_of(n, what));
    hr_v4 newest;
    hr_v4_load(&newest, p);
    hr_v4 lead = (newest - a->oldest) - a->s * HR_V4(per_n);
    hr_v4 v = a->q - a->s * a->s * HR_V4(per_n);
    values(&v, &lead, &per, what);
    hr_v4_or_null(&v);
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
    const uint32_t n_window = w->n;
    common c = {.per_n = HR_V4(1.0 / n_window), .per = HR_V4(per_of(n_window, what)), .all = none};
    for (uint32_t done = 0; done < n;)
        done += part_rows(&at, &c, x + done, out + done, n - done, what);
    if (HR_UNLIKELY(hr_win_is_null((c.all[0] + c.all[1]) + (c.all[2] + c.all[3])))) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = hr_win_or_null(out[i]);
    }
    level(at.m, x, out, n, n_window, what == ZSCORE ? (double)NAN : 0);
}

HR_WIN_OP(var, VAR, few, step, HR_WIN_FN(var_time))
HR_WIN_OP(vars, VARS, few, step, HR_WIN_FN(vars_time))
HR_WIN_OP(std, STD, few, step, HR_WIN_FN(std_time))
HR_WIN_OP(stds, STDS, few, step, HR_WIN_FN(stds_time))
HR_WIN_OP(zscore, ZSCORE, few, step, HR_WIN_FN(zscore_time))
