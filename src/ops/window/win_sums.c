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

/* What is the same while rows of one block go by, but for what is up to a group. */
typedef struct one_run {
    hr_v4 none, now, turn, full, rows;
    const double *old;
} one_run;

/* v: the rows of a group, from `at` of the block; then the values of their windows. */
HR_INLINE void one_group(hr_v4 *v, one_run *k, uint32_t at, hr_v4_what how, bool is_mean)
{
    hr_v4 old;
    hr_v4_load(&old, k->old + at);
    hr_v4_up_all(v, &k->now, &k->none, how);
    hr_v4_both(&old, &old, &k->full, how);
    hr_v4_both(v, &old, v, how);
    if (is_mean) *v /= k->rows;
    hr_v4_or_null(v);
}

HR_INLINE void one_turn(double *last, one_run *k, hr_v4_what how)
{
    hr_v4 v;
    hr_v4_load(&v, last);
    hr_v4_down_all(&v, &k->turn, &k->none, how);
    hr_v4_store(last, &v);
}

/* Rows of one block; the rows that were done. A group of which rows came before is gone over anew:
 * they wait in the block. Behind a block's last rows are those of the next, if they are at hand,
 * and their values are written over. */
HR_INLINE uint32_t one_stretch(hr_win *w, const double *x, double *out, uint32_t n, one_what what)
{
    const hr_v4_what how = how_of(what);
    const uint32_t b = w->block;
    const uint32_t at = w->at;
    const double none = hr_v4_none(how);
    double *half = (double *)(void *)((char *)w + HR_WIN_HEAD);
    double *mine = half + (w->odd_block ? one_half(b) : 0);
    double *last = half + (w->odd_block ? 0 : one_half(b)) + (b - 1) / HR_WIN_GROUP * HR_WIN_GROUP;
    const uint32_t n_rows = n;
    n = HR_MIN(n, b - at);
    if (at == 0) {
        w->prefix[0] = none;
        w->suffix[0] = none;
        for (uint32_t i = 0; i < HR_WIN_GROUP; i++)
            mine[b + i] = none;
    }
    one_run k = {.none = HR_V4(none),
                 .now = HR_V4(w->prefix[0]),
                 .turn = HR_V4(w->suffix[0]),
                 .full = HR_V4(w->full[0]),
                 .rows = HR_V4(w->n),
                 .old = mine + 1 - (w->n & 1)};
    for (uint32_t g = at - at % HR_WIN_GROUP; g < at + n; g += HR_WIN_GROUP) {
        hr_v4 v;
        if (g >= at) {
            hr_win_fetch(last - g, -(int64_t)HR_WIN_STRETCH);
            hr_win_fetch(mine + g, HR_WIN_STRETCH);
            one_turn(last - g, &k, how);
        }
        if (HR_LIKELY(g >= at && g + HR_WIN_GROUP <= at + n_rows)) {
            hr_v4_load(&v, x + (g - at));
            if (g + HR_WIN_GROUP > b) hr_v4_first(&v, b - g, &k.none);
            one_group(&v, &k, g, how, what == MEAN);
            hr_v4_store(out + (g - at), &v);
            if (HR_LIKELY(g + HR_WIN_GROUP <= b)) {
                hr_v4_copy(mine + g, x + (g - at));
            } else {
                hr_win_group_keep(mine + g, &(hr_win_group){.to = b - g, .first = g - at}, x);
            }
            continue;
        }
        hr_v4 before = k.now;
        hr_win_group group = hr_win_group_of(g, at, n);
        hr_win_group_rows(&v, &group, mine + g, x, none);
        one_group(&v, &k, g, how, what == MEAN);
        hr_win_group_values(out, &group, &v);
        hr_win_group_keep(mine + g, &group, x);
        if (group.to < HR_WIN_GROUP && g + group.to < b) k.now = before;
    }
    w->prefix[0] = k.now[0];
    w->suffix[0] = k.turn[0];
    w->at += n;
    if (w->at == b) {
        w->full[0] = w->prefix[0];
        w->at = 0;
        w->odd_block ^= 1;
    }
    return n;
}

HR_INLINE void one_step(hr_win *w, const double *x, double *out, uint32_t n, one_what what)
{
    for (uint32_t done = 0; done < n;)
        done += one_stretch(w, x + done, out + done, n - done, what);
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

size_t hr_win_bytes_three(const hr_op_args *a)
{
    return hr_fold_bytes(a, 3, 1);
}

size_t hr_win_bytes_four(const hr_op_args *a)
{
    return hr_fold_bytes(a, 4, 1);
}

size_t hr_win_bytes_five(const hr_op_args *a)
{
    return hr_fold_bytes(a, 7, 2);
}

size_t hr_win_bytes_behind_one(const hr_op_args *a)
{
    return hr_fold_bytes_behind(a, 1);
}

size_t hr_win_bytes_behind_three(const hr_op_args *a)
{
    return hr_fold_bytes_behind(a, 3);
}

void hr_win_init_behind_one(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_behind_one(a));
}

void hr_win_init_behind_three(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_behind_three(a));
}

/* The ring of the one ahead has to have the rows of a call beside those of the windows before it,
 * and the rest of the chunk that the oldest starts in. Its room is a power of two. */
uint32_t hr_win_rows_behind(const hr_op_args *a)
{
    if (!a->is_time[0] || a->v[1] > 0) return 0;
    const uint64_t room = hr_win_ring(a) - a->max_rows;
    const uint64_t rows = room > 2 * HR_WIN_CHUNK ? room - 2 * HR_WIN_CHUNK : 0;
    return rows >= 2 * HR_WIN_CHUNK ? (uint32_t)(rows - rows % HR_WIN_TAKE) : 0;
}

void hr_win_init_one(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_one(a));
}

void hr_win_init_four(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_four(a));
}

void hr_win_init_five(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a, hr_win_bytes_five(a));
}

uint32_t hr_win_warm_up(const hr_op_args *a)
{
    return a->is_time[0] ? 0 : (uint32_t)a->v[0] - 1;
}

#endif
