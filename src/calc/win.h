/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_WIN_H
#define HR_CALC_WIN_H
/* What win_ops.c lists of the files win_*.c; the contract of each is hr_op's in calc/op.h. */
#include "calc/op.h"

void hr_win_sum(void *state, const hr_op_rows *r);
void hr_win_mean(void *state, const hr_op_rows *r);
void hr_win_min(void *state, const hr_op_rows *r);
void hr_win_max(void *state, const hr_op_rows *r);
void hr_win_var(void *state, const hr_op_rows *r);
void hr_win_vars(void *state, const hr_op_rows *r);
void hr_win_std(void *state, const hr_op_rows *r);
void hr_win_stds(void *state, const hr_op_rows *r);
void hr_win_zscore(void *state, const hr_op_rows *r);
void hr_win_var_time(void *state, const hr_op_rows *r);
void hr_win_vars_time(void *state, const hr_op_rows *r);
void hr_win_std_time(void *state, const hr_op_rows *r);
void hr_win_stds_time(void *state, const hr_op_rows *r);
void hr_win_zscore_time(void *state, const hr_op_rows *r);
void hr_win_skew(void *state, const hr_op_rows *r);
void hr_win_kurt(void *state, const hr_op_rows *r);
void hr_win_cov(void *state, const hr_op_rows *r);
void hr_win_corr(void *state, const hr_op_rows *r);
void hr_win_beta(void *state, const hr_op_rows *r);
void hr_win_slope(void *state, const hr_op_rows *r);
void hr_win_first(void *state, const hr_op_rows *r);
void hr_win_last(void *state, const hr_op_rows *r);
void hr_win_count(void *state, const hr_op_rows *r);
void hr_win_lag(void *state, const hr_op_rows *r);
void hr_win_diff(void *state, const hr_op_rows *r);
void hr_win_pct(void *state, const hr_op_rows *r);
void hr_win_cumsum(void *state, const hr_op_rows *r);
void hr_win_cummean(void *state, const hr_op_rows *r);
void hr_win_cummin(void *state, const hr_op_rows *r);
void hr_win_cummax(void *state, const hr_op_rows *r);
void hr_win_cumcount(void *state, const hr_op_rows *r);
void hr_win_ewma(void *state, const hr_op_rows *r);
void hr_win_ewma_alpha(void *state, const hr_op_rows *r);
void hr_win_ewma_time(void *state, const hr_op_rows *r);
void hr_win_rank(void *state, const hr_op_rows *r);
void hr_win_quantile(void *state, const hr_op_rows *r);
void hr_win_sketch(void *state, const hr_op_rows *r);

size_t hr_win_bytes_one(const hr_op_args *a);
size_t hr_win_bytes_two(const hr_op_args *a);
size_t hr_win_bytes_moments(const hr_op_args *a);
size_t hr_win_bytes_four(const hr_op_args *a);
size_t hr_win_bytes_five(const hr_op_args *a);
size_t hr_win_bytes_past(const hr_op_args *a);
size_t hr_win_bytes_carried(const hr_op_args *a);
size_t hr_win_bytes_order(const hr_op_args *a);
size_t hr_win_bytes_sketch(const hr_op_args *a);

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

uint32_t hr_win_warm_up(const hr_op_args *a);
uint32_t hr_win_warm_up_lag(const hr_op_args *a);
uint32_t hr_win_warm_up_none(const hr_op_args *a);

#endif
