/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "kern/kern_stat.h"
#include "kern/x86/tier.h"

HR_INLINE size_t bits(unsigned mask)
{
    return (size_t)__builtin_popcount(mask);
}

static void minmax_i64(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t n)
{
    const __m512i none_low = _mm512_set1_epi64(INT64_MAX);
    const __m512i none_high = _mm512_set1_epi64(INT64_MIN);
    __m512i low = none_low;
    __m512i high = none_high;
    size_t n_null = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m512i x = _mm512_loadu_si512((const void *)(v + i));
        uint8_t ok = valid == NULL ? 0xff : valid[i >> 3];
        low = _mm512_min_epi64(low, _mm512_mask_mov_epi64(none_low, ok, x));
        high = _mm512_max_epi64(high, _mm512_mask_mov_epi64(none_high, ok, x));
        n_null += 8 - bits(ok);
    }
    int64_t all[16];
    _mm512_storeu_si512((void *)all, low);
    _mm512_storeu_si512((void *)(all + 8), high);
    *out = (hr_stat_i64){.min = INT64_MAX, .max = INT64_MIN, .n_null = n_null};
    for (size_t k = 0; k < 8; k++) {
        if (all[k] < out->min) out->min = all[k];
        if (all[k + 8] > out->max) out->max = all[k + 8];
    }
    hr_kern_minmax_i64_merge(out, v, valid, i, n);
}

static void minmax_f64(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t n)
{
    const __m512d plus = _mm512_set1_pd((double)INFINITY);
    const __m512d minus = _mm512_set1_pd(-(double)INFINITY);
    __m512d low = plus;
    __m512d high = minus;
    size_t n_null = 0;
    size_t n_nan = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m512d x = _mm512_loadu_pd(v + i);
        uint8_t ok = valid == NULL ? 0xff : valid[i >> 3];
        uint8_t number = _mm512_cmp_pd_mask(x, x, _CMP_ORD_Q);
        uint8_t take = (uint8_t)(ok & number);
        low = _mm512_min_pd(low, _mm512_mask_mov_pd(plus, take, x));
        high = _mm512_max_pd(high, _mm512_mask_mov_pd(minus, take, x));
        n_null += 8 - bits(ok);
        n_nan += bits(ok) - bits(take);
    }
    double all[16];
    memcpy(all, &low, sizeof low);
    memcpy(all + 8, &high, sizeof high);
    *out = (hr_stat_f64){
        .min = (double)INFINITY, .max = -(double)INFINITY, .n_null = n_null, .n_nan = n_nan};
    for (size_t k = 0; k < 8; k++) {
        if (all[k] < out->min) out->min = all[k];
        if (all[k + 8] > out->max) out->max = all[k + 8];
    }
    hr_kern_minmax_f64_merge(out, v, valid, i, n);
    hr_kern_f64_zeros(out);
}

#define AHEAD 256 /* values: two kilobytes, so that memory is asked early enough */

static void gap(hr_stat_gap *out, const int64_t *seq, size_t n)
{
    const __m512i one = _mm512_set1_epi64(1);
    size_t n_same = 0;
    size_t n_back = 0;
    size_t n_fine = 0;
    size_t i = 1;
    size_t first = n;
    for (; i + 8 <= n; i += 8) {
        _mm_prefetch((const char *)(seq + i + AHEAD), _MM_HINT_T0);
        __m512i a = _mm512_loadu_si512((const void *)(seq + i - 1));
        __m512i b = _mm512_loadu_si512((const void *)(seq + i));
        unsigned same = _mm512_cmpeq_epi64_mask(a, b);
        unsigned back = _mm512_cmpgt_epi64_mask(a, b);
        unsigned next = _mm512_cmpeq_epi64_mask(_mm512_sub_epi64(b, a), one);
        unsigned fine = same | (next & ~back);
        n_same += bits(same);
        n_back += bits(back);
        n_fine += bits(fine);
        if (HR_UNLIKELY(fine != 0xff) && first == n) first = i + (unsigned)__builtin_ctz(~fine);
    }
    const size_t n_seen = i - 1;
    *out = (hr_stat_gap){.n_change = n_seen - n_same,
                         .n_back = n_back,
                         .n_gap = n_seen - n_fine - n_back,
                         .first = first};
    hr_kern_gap_merge(out, seq, i, n);
}

void hr_kern_stat_avx512(hr_kern_stat *k)
{
    *k = (hr_kern_stat){.minmax_i64 = minmax_i64, .minmax_f64 = minmax_f64, .gap = gap};
}
