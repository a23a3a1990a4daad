/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes over windows of n rows, and third and fourth moments: these are kept about
 * their own mean and joined as of two samples (Pebay 2008), which does not cancel. */
#include "ops/window/win.h"
#include "ops/window/win_rows.h"

/* mean, sums of second to fourth powers about it */
HR_INLINE void four_lift(double *a, double x, double y)
{
    (void)y;
    a[0] = x;
    a[1] = a[2] = a[3] = 0;
}

HR_INLINE void four_join(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    double pa = p->pa;
    double pb = p->pb;
    double d = b[0] - a[0];
    double m2 = d * d * (p->na * pb);
    double m4 = a[3] + b[3] + d * d * m2 * (pa * pa - pa * pb + pb * pb) +
                6 * d * d * (pa * pa * b[1] + pb * pb * a[1]) + 4 * d * (pa * b[2] - pb * a[2]);
    double m3 = a[2] + b[2] + d * m2 * (pa - pb) + 3 * d * (pa * b[1] - pb * a[1]);
    out[3] = m4;
    out[2] = m3;
    out[1] = a[1] + b[1] + m2;
    out[0] = a[0] + d * pb;
}

HR_INLINE double skew_value(const double *a, double n, double per_n)
{
    (void)n;
    double var = a[1] * per_n;
    return a[2] * per_n / (var * sqrt(var));
}

HR_INLINE double kurt_value(const double *a, double n, double per_n)
{
    (void)n;
    double var = a[1] * per_n;
    return a[3] * per_n / (var * var) - 3;
}

/* ---- one value, by rows ---- */

typedef enum one_what { SUM, MEAN, LEAST, MOST } one_what;

HR_INLINE hr_v4_what how_of(one_what what)
{
    return what == LEAST ? HR_V4_LEAST : what == MOST ? HR_V4_MOST : HR_V4_SUM;
}

HR_INLINE void one_few_add(hr_v4 *all, const double *p, one_what what)
{
    hr_v4 v;
    hr_v4_load(&v, p);
    hr_v4_both(all, all, &v, how_of(what));
}

HR_INLINE void one_few_end(double *out, hr_v4 *all, uint32_t rows, one_what what)
{
    if (what == MEAN) *all /= HR_V4((double)rows);
    hr_v4_or_null(all);
    hr_v4_store(out, all);
}

/* HR_WIN_AT_ONCE windows side by side. */
HR_INLINE void one_few(double *out, const double *p, uint32_t rows, one_what what)
{
    hr_v4 a;
    hr_v4 b;
    hr_v4 c;
    hr_v4 d;
    hr_v4_load(&a, p);
    hr_v4_load(&b, p + 4);
    hr_v4_load(&c, p + 8);
    hr_v4_load(&d, p + 12);
    for (const double *end = p++ + rows; p < end; p++) {
        one_few_add(&a, p, what);
        one_few_add(&b, p + 4, what);
        one_few_add(&c, p + 8, what);
        one_few_add(&d, p + 12, what);
    }
    one_few_end(out, &a, rows, what);
    one_few_end(out + 4, &b, rows, what);
    one_few_end(out + 8, &c, rows, what);
    one_few_end(out + 12, &d, rows, what);
}

/* Rows of a block, and behind them a group that adds nothing. */
HR_INLINE uint64_t one_half(uint64_t b)
{
    return b + HR_WIN_GROUP;
}

/* Rows of one block that are at hand, and how they are gone over. */
typedef struct one_run {
    hr_v4 now, turn; /* of the rows up to a group, and of those that were turned before it */
    hr_v4 none, full, rows;
    hr_v4 all;           /* of the values, to see one that is not finite */
    double *mine, *last; /* of group 0; of the block before, the groups go back */
    const double *old;
    const double *x; /* from row `at` of the block on */
    double *out;
    uint32_t b;       /* rows of a block */
    uint32_t at, end; /* rows of the block: [at, end) */
    uint32_t at_hand; /* as far as rows are at hand: of the next block, too */
} one_run;

/* The group of the block before whose turn is with this one: each row with those behind it. */
HR_INLINE void one_turn(one_run *k, double *last, hr_v4_what how)
{
    hr_v4 v;
    hr_win_fetch(last, -(int64_t)HR_WIN_STRETCH);
    hr_v4_load(&v, last);
    hr_v4_down_all(&v, &k->turn, &k->none, how);
    hr_v4_store(last, &v);
}

/* v: the rows of a group; then the values of their windows. */
HR_INLINE void one_group(hr_v4 *v, one_run *k, const double *at_old, hr_v4_what how, bool is_mean)
{
    hr_v4 old;
    hr_v4_load(&old, at_old);
    hr_v4_up_all(v, &k->now, &k->none, how);
    hr_v4_both(&old, &old, &k->full, how);
    hr_v4_both(v, &old, v, how);
    if (is_mean) *v /= k->rows;
    if (how == HR_V4_SUM) k->all += *v; /* extremes are rows */
}

/* Groups from g on of which all rows are in the block and at hand; the next. */
HR_INLINE uint32_t one_whole(one_run *k, uint32_t g, one_what what)
{
    const hr_v4_what how = how_of(what);
    double *mine = k->mine + g;
    double *last = k->last - g;
    const double *old = k->old + g;
    const double *x = k->x + (g - k->at);
    double *out = k->out + (g - k->at);
    for (; g + HR_WIN_GROUP <= k->end; g += HR_WIN_GROUP) {
        hr_v4 v;
        one_turn(k, last, how);
        hr_win_fetch(mine, HR_WIN_STRETCH);
        hr_v4_load(&v, x);
        one_group(&v, k, old, how, what == MEAN);
        hr_v4_copy(mine, x);
        hr_v4_store(out, &v);
        mine += HR_WIN_GROUP;
        last -= HR_WIN_GROUP;
        old += HR_WIN_GROUP;
        x += HR_WIN_GROUP;
        out += HR_WIN_GROUP;
    }
    return g;
}

/* The last group of a block, which is not whole, in front of rows of the next: their values are
 * written over. */
HR_INLINE void one_last(one_run *k, uint32_t g, one_what what)
{
    const hr_v4_what how = how_of(what);
    const hr_win_group group = {.to = k->end - g, .first = g - k->at};
    hr_v4 v;
    hr_v4_load(&v, k->x + group.first);
    hr_v4_first(&v, group.to, &k->none);
    one_group(&v, k, k->old + g, how, what == MEAN);
    hr_v4_store(k->out + group.first, &v);
    hr_win_group_keep(k->mine + g, &group, k->x);
}

/* A group of which rows came before or are to come: they wait in the block, and it is gone over
 * anew. */
HR_INLINE void one_some(one_run *k, uint32_t g, one_what what)
{
    const hr_v4 before = k->now;
    const hr_win_group group = hr_win_group_of(g, k->at, k->end - k->at);
    hr_v4 v;
    hr_win_group_rows(&v, &group, k->mine + g, k->x, k->none[0]);
    one_group(&v, k, k->old + g, how_of(what), what == MEAN);
    hr_win_group_values(k->out, &group, &v);
    hr_win_group_keep(k->mine + g, &group, k->x);
    if (group.to < HR_WIN_GROUP && g + group.to < k->b) k->now = before;
}

/* Into which blocks rows come now. */
HR_INLINE void one_blocks(one_run *k, hr_win *w)
{
    const uint32_t b = k->b;
    double *half = (double *)(void *)((char *)w + HR_WIN_HEAD);
    k->mine = half + (w->odd_block ? one_half(b) : 0);
    k->last = half + (w->odd_block ? 0 : one_half(b)) + (b - 1) / HR_WIN_GROUP * HR_WIN_GROUP;
    k->old = k->mine + 1 - (w->n & 1);
}

/* The first row of a block comes. */
HR_INLINE void one_begin(one_run *k)
{
    k->now = k->turn = k->none;
    hr_v4_store(k->mine + k->b, &k->none);
}

/* Rows of one block. */
HR_INLINE void one_stretch(one_run *k, one_what what)
{
    uint32_t g = k->at - k->at % HR_WIN_GROUP;
    if (HR_UNLIKELY(g < k->at)) {
        one_some(k, g, what);
        g += HR_WIN_GROUP;
    }
    g = one_whole(k, g, what);
    if (g < k->end) {
        one_turn(k, k->last - g, how_of(what));
        if (HR_LIKELY(g + HR_WIN_GROUP <= k->at_hand))
            one_last(k, g, what);
        else
            one_some(k, g, what);
    }
}

HR_INLINE void one_step(hr_win *w, const double *x, double *out, uint32_t n, one_what what)
{
    one_run k = {.now = HR_V4(w->prefix[0]),
                 .turn = HR_V4(w->suffix[0]),
                 .none = HR_V4(hr_v4_none(how_of(what))),
                 .full = HR_V4(w->full[0]),
                 .rows = HR_V4(w->n),
                 .all = HR_V4(0),
                 .b = w->block,
                 .at = w->at};
    one_blocks(&k, w);
    for (uint32_t done = 0; done < n; done += k.end - k.at) {
        if (w->at == 0) one_begin(&k);
        k.x = x + done;
        k.out = out + done;
        k.at = w->at;
        k.end = k.at + HR_MIN(n - done, k.b - k.at);
        k.at_hand = k.at + (n - done);
        one_stretch(&k, what);
        w->at = k.end;
        if (HR_UNLIKELY(k.end < k.b)) continue;
        k.full = k.now;
        w->at = 0;
        w->odd_block ^= 1;
        one_blocks(&k, w);
    }
    w->prefix[0] = k.now[0];
    w->suffix[0] = k.turn[0];
    w->full[0] = k.full[0];
    if (HR_UNLIKELY(hr_win_is_null((k.all[0] + k.all[1]) + (k.all[2] + k.all[3])))) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = hr_win_or_null(out[i]);
    }
}

#define FOLD(name)                                                                                 \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        static const hr_fold kind = {                                                              \
            .width = 4, .n_in = 1, .lift = four_lift, .join = four_join, .value = name##_value};   \
        hr_fold_run(state, r, &kind);                                                              \
    }
/* clang-format off */
#define ONE(name, what) HR_WIN_OP(name, what, one_few, one_step, HR_WIN_FN(name##_time))
/* clang-format on */

ONE(sum, SUM)
ONE(mean, MEAN)
ONE(min, LEAST)
ONE(max, MOST)
FOLD(skew)
FOLD(kurt)

#ifndef HR_WIN_AVX2

size_t hr_win_bytes_one(const hr_op_args *a)
{
    if (a->is_time[0]) return hr_fold_bytes(a, 1, 1);
    uint64_t n = (uint64_t)a->v[0];
    uint64_t rows = n <= HR_WIN_FEW ? HR_WIN_FEW : 2 * one_half(n / 2);
    return hr_win_line(HR_WIN_HEAD + rows * sizeof(double));
}

void hr_win_init_one(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a);
}

#endif
