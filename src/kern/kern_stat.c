/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_stat.h"

#include <math.h>
#include <stdbool.h>

#include "kern/cpu.h"

static bool is_valid(const uint8_t *valid, size_t i)
{
    return valid == NULL || (valid[i >> 3] >> (i & 7) & 1) != 0;
}

void hr_kern_minmax_i64_merge(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t i,
                              size_t n)
{
    for (; i < n; i++) {
        if (!is_valid(valid, i)) {
            out->n_null++;
            continue;
        }
        if (v[i] < out->min) out->min = v[i];
        if (v[i] > out->max) out->max = v[i];
    }
}

void hr_kern_minmax_f64_merge(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t i,
                              size_t n)
{
    for (; i < n; i++) {
        if (!is_valid(valid, i)) {
            out->n_null++;
            continue;
        }
        if (isnan(v[i])) out->n_nan++;
        if (v[i] < out->min) out->min = v[i];
        if (v[i] > out->max) out->max = v[i];
    }
}

void hr_kern_f64_zeros(hr_stat_f64 *s)
{
    if (s->min == 0) s->min = -0.0;
    if (s->max == 0) s->max = 0.0;
}

void hr_kern_gap_merge(hr_stat_gap *out, const int64_t *seq, size_t i, size_t n)
{
    for (; i < n; i++) {
        bool is_back = seq[i] < seq[i - 1];
        bool is_gap = seq[i] > seq[i - 1] && (uint64_t)seq[i] - (uint64_t)seq[i - 1] != 1;
        out->n_change += seq[i] != seq[i - 1];
        out->n_back += is_back;
        out->n_gap += is_gap;
        if ((is_back || is_gap) && i < out->first) out->first = i;
    }
}

void hr_kern_minmax_i64_c(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t n)
{
    *out = (hr_stat_i64){.min = INT64_MAX, .max = INT64_MIN};
    hr_kern_minmax_i64_merge(out, v, valid, 0, n);
}

void hr_kern_minmax_f64_c(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t n)
{
    *out = (hr_stat_f64){.min = (double)INFINITY, .max = -(double)INFINITY};
    hr_kern_minmax_f64_merge(out, v, valid, 0, n);
    hr_kern_f64_zeros(out);
}

void hr_kern_gap_c(hr_stat_gap *out, const int64_t *seq, size_t n)
{
    *out = (hr_stat_gap){.first = n};
    hr_kern_gap_merge(out, seq, 1, n);
}

void hr_kern_stat_init(hr_kern_stat *k, unsigned cpu_flags)
{
    *k = (hr_kern_stat)HR_KERN_STAT_SCALAR;
    (void)cpu_flags;
#ifdef HR_KERN_X86
    if (cpu_flags & HR_CPU_AVX2) hr_kern_stat_avx2(k);
    if (cpu_flags & HR_CPU_AVX512) hr_kern_stat_avx512(k);
#endif
}
