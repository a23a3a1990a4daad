/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_H
#define HR_OPS_WINDOW_WIN_H
/* What win_ops.c lists of the files win_*.c; the contract of each is hr_op's in expr/op.h. */
#include "expr/op.h"

/* The files of these are compiled for each tier; what a state is made of, in one of them. */
#ifdef HR_WIN_AVX2
#define HR_WIN_FN(name) hr_win_##name##_avx2
#else
#define HR_WIN_FN(name) hr_win_##name##_base
#endif
#define HR_WIN_TIER_EACH(X)                                                                        \
    X(sum)                                                                                         \
    X(mean)                                                                                        \
    X(min)                                                                                         \
    X(max)                                                                                         \
    X(var)                                                                                         \
    X(vars)                                                                                        \
    X(std)                                                                                         \
    X(stds) X(zscore) X(skew) X(kurt) X(cov) X(corr) X(beta) X(slope) X(lag) X(diff) X(pct)        \
        X(rank) X(quantile)
#define HR_WIN_DECLARE(name)                                                                       \
    void hr_win_##name(void *state, const hr_op_rows *r);                                          \
    void hr_win_##name##_base(void *state, const hr_op_rows *r);                                   \
    void hr_win_##name##_avx2(void *state, const hr_op_rows *r);
/* clang-format off */
HR_WIN_TIER_EACH(HR_WIN_DECLARE)
/* clang-format on */

/* Of those that keep the rows of one column by time: by time, and behind another of them. */
#define HR_WIN_SHARED_EACH(X) X(sum) X(mean) X(min) X(max) X(var) X(vars) X(std) X(stds) X(zscore)
#define HR_WIN_SHARED_DECLARE(name)                                                                \
    void HR_WIN_FN(name##_time)(void *state, const hr_op_rows *r);                                 \
    void hr_win_##name##_behind(void *state, const hr_op_rows *r);                                 \
    void hr_win_##name##_behind_base(void *state, const hr_op_rows *r);                            \
    void hr_win_##name##_behind_avx2(void *state, const hr_op_rows *r);
/* clang-format off */
HR_WIN_SHARED_EACH(HR_WIN_SHARED_DECLARE)
/* clang-format on */

void hr_win_first(void *state, const hr_op_rows *r);
void hr_win_last(void *state, const hr_op_rows *r);
void hr_win_count(void *state, const hr_op_rows *r);
void hr_win_cumsum(void *state, const hr_op_rows *r);
void hr_win_cummean(void *state, const hr_op_rows *r);
void hr_win_cummin(void *state, const hr_op_rows *r);
void hr_win_cummax(void *state, const hr_op_rows *r);
void hr_win_cumcount(void *state, const hr_op_rows *r);
void hr_win_ewma(void *state, const hr_op_rows *r);
void hr_win_ewma_alpha(void *state, const hr_op_rows *r);
void hr_win_ewma_time(void *state, const hr_op_rows *r);
void hr_win_sketch(void *state, const hr_op_rows *r);
void hr_win_fill(void *state, const hr_op_rows *r);
void hr_win_since(void *state, const hr_op_rows *r);
void hr_win_changed(void *state, const hr_op_rows *r);
void hr_win_hysteresis(void *state, const hr_op_rows *r);

/* With an allowed lateness in the second argument; without one the operator itself. */
void hr_win_late_sum(void *state, const hr_op_rows *r);
void hr_win_late_mean(void *state, const hr_op_rows *r);
void hr_win_late_min(void *state, const hr_op_rows *r);
void hr_win_late_max(void *state, const hr_op_rows *r);
void hr_win_late_var(void *state, const hr_op_rows *r);
void hr_win_late_std(void *state, const hr_op_rows *r);
void hr_win_late_first(void *state, const hr_op_rows *r);
void hr_win_late_last(void *state, const hr_op_rows *r);
void hr_win_late_count(void *state, const hr_op_rows *r);

/* What a window that stands still can give: name, words, unit. */
#define HR_WIN_PANE_EACH(X, form)                                                                  \
    X(form, sum, "sum of x", HR_OP_SAME)                                                           \
    X(form, mean, "mean of x", HR_OP_SAME)                                                         \
    X(form, min, "least x", HR_OP_SAME)                                                            \
    X(form, max, "greatest x", HR_OP_SAME)                                                         \
    X(form, first, "oldest x", HR_OP_SAME)                                                         \
    X(form, last, "newest x", HR_OP_SAME)                                                          \
    X(form, count, "rows", HR_OP_COUNT)                                                            \
    X(form, var, "population variance of x", HR_OP_SQUARE)                                         \
    X(form, std, "root of the population variance of x", HR_OP_SAME)
#define HR_WIN_PANE_DECLARE(form, name, what, unit)                                                \
    void hr_win_##form##_##name(void *state, const hr_op_rows *r);
/* clang-format off */
HR_WIN_PANE_EACH(HR_WIN_PANE_DECLARE, tumble)
HR_WIN_PANE_EACH(HR_WIN_PANE_DECLARE, hop)
HR_WIN_PANE_EACH(HR_WIN_PANE_DECLARE, session)
/* clang-format on */

size_t hr_win_bytes_one(const hr_op_args *a);
size_t hr_win_bytes_three(const hr_op_args *a);
size_t hr_win_bytes_moments(const hr_op_args *a);
size_t hr_win_bytes_four(const hr_op_args *a);
size_t hr_win_bytes_five(const hr_op_args *a);
size_t hr_win_bytes_past(const hr_op_args *a);
size_t hr_win_bytes_carried(const hr_op_args *a);
size_t hr_win_bytes_order(const hr_op_args *a);
size_t hr_win_bytes_sketch(const hr_op_args *a);
size_t hr_win_bytes_tumble(const hr_op_args *a);
size_t hr_win_bytes_hop(const hr_op_args *a);
size_t hr_win_bytes_session(const hr_op_args *a);
size_t hr_win_bytes_latch(const hr_op_args *a);
size_t hr_win_bytes_switch(const hr_op_args *a);
size_t hr_win_bytes_late_sums(const hr_op_args *a);
size_t hr_win_bytes_late_spreads(const hr_op_args *a);
size_t hr_win_bytes_late_ends(const hr_op_args *a);
size_t hr_win_bytes_late_places(const hr_op_args *a);

void hr_win_init_one(void *state, const hr_op_args *a);
void hr_win_init_moments(void *state, const hr_op_args *a);
void hr_win_init_four(void *state, const hr_op_args *a);
void hr_win_init_five(void *state, const hr_op_args *a);
void hr_win_init_past(void *state, const hr_op_args *a);
void hr_win_init_carried(void *state, const hr_op_args *a);
void hr_win_init_span(void *state, const hr_op_args *a);
void hr_win_init_alpha(void *state, const hr_op_args *a);
void hr_win_init_half(void *state, const hr_op_args *a);
void hr_win_init_order(void *state, const hr_op_args *a);
void hr_win_init_sketch(void *state, const hr_op_args *a);
void hr_win_init_tumble(void *state, const hr_op_args *a);
void hr_win_init_hop(void *state, const hr_op_args *a);
void hr_win_init_session(void *state, const hr_op_args *a);
void hr_win_init_latch(void *state, const hr_op_args *a);
void hr_win_init_switch(void *state, const hr_op_args *a);
void hr_win_init_late_sums(void *state, const hr_op_args *a);
void hr_win_init_late_spreads(void *state, const hr_op_args *a);
void hr_win_init_late_ends(void *state, const hr_op_args *a);
void hr_win_init_late_places(void *state, const hr_op_args *a);

/* Behind another window: without a ring. */
size_t hr_win_bytes_behind_one(const hr_op_args *a);
size_t hr_win_bytes_behind_three(const hr_op_args *a);
void hr_win_init_behind_one(void *state, const hr_op_args *a);
void hr_win_init_behind_three(void *state, const hr_op_args *a);
bool hr_win_is_sound_behind(const void *state, const hr_op_args *a);
uint32_t hr_win_rows_behind(const hr_op_args *a);

/* Of a state from a file (hr_op.is_sound). */
bool hr_win_is_sound_one(const void *state, const hr_op_args *a);
bool hr_win_is_sound_moments(const void *state, const hr_op_args *a);
bool hr_win_is_sound_four(const void *state, const hr_op_args *a);
bool hr_win_is_sound_five(const void *state, const hr_op_args *a);
bool hr_win_is_sound_past(const void *state, const hr_op_args *a);
bool hr_win_is_sound_carried(const void *state, const hr_op_args *a);
bool hr_win_is_sound_span(const void *state, const hr_op_args *a);
bool hr_win_is_sound_alpha(const void *state, const hr_op_args *a);
bool hr_win_is_sound_half(const void *state, const hr_op_args *a);
size_t hr_win_room_order(const hr_op_args *a, uint32_t n_rows); /* hr_op.room */
bool hr_win_is_sound_rank(const void *state, const hr_op_args *a);
bool hr_win_is_sound_quantile(const void *state, const hr_op_args *a);
bool hr_win_is_sound_sketch(const void *state, const hr_op_args *a);
bool hr_win_is_sound_tumble(const void *state, const hr_op_args *a);
bool hr_win_is_sound_hop(const void *state, const hr_op_args *a);
bool hr_win_is_sound_session(const void *state, const hr_op_args *a);
bool hr_win_is_sound_latch(const void *state, const hr_op_args *a);
bool hr_win_is_sound_switch(const void *state, const hr_op_args *a);
bool hr_win_is_sound_late_sums(const void *state, const hr_op_args *a);
bool hr_win_is_sound_late_spreads(const void *state, const hr_op_args *a);
bool hr_win_is_sound_late_ends(const void *state, const hr_op_args *a);
bool hr_win_is_sound_late_places(const void *state, const hr_op_args *a);

uint32_t hr_win_warm_up(const hr_op_args *a);
uint32_t hr_win_warm_up_lag(const hr_op_args *a);
uint32_t hr_win_warm_up_none(const hr_op_args *a);
uint32_t hr_win_warm_up_hop(const hr_op_args *a);
uint32_t hr_win_warm_up_one(const hr_op_args *a);

#endif
