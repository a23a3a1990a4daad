/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <math.h>

#include "base/attr.h"
#include "kern/kern_stat.h"

HR_INLINE __m256i load(const int64_t *p)
{
    return _mm256_loadu_si256((const void *)p);
}

HR_INLINE __m256i least(__m256i a, __m256i b)
{
    return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(a, b));
}

HR_INLINE __m256i most(__m256i a, __m256i b)
{
    return _mm256_blendv_epi8(b, a, _mm256_cmpgt_epi64(a, b));
}

/* All ones in the lanes of rows i to i + 3 that have a value; i: a multiple of 4. */
HR_INLINE __m256i valid_lanes(const uint8_t *valid, size_t i)
{
    const __m256i bit = _mm256_setr_epi64x(1, 2, 4, 8);
    const __m256i nibble = _mm256_set1_epi64x(valid[i >> 3] >> (i & 4));
    return _mm256_cmpeq_epi64(_mm256_and_si256(nibble, bit), bit);
}

HR_INLINE size_t count_lanes(__m256i mask)
{
    return (size_t)__builtin_popcount((unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(mask)));
}

static void minmax_i64(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t n)
{
    const __m256i none_low = _mm256_set1_epi64x(INT64_MAX);
    const __m256i none_high = _mm256_set1_epi64x(INT64_MIN);
    __m256i low[2] = {none_low, none_low};
    __m256i high[2] = {none_high, none_high};
    size_t n_null = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
#pragma GCC unroll 2
        for (size_t k = 0; k < 2; k++) {
            __m256i x = load(v + i + 4 * k);
            if (valid == NULL) {
                low[k] = least(low[k], x);
                high[k] = most(high[k], x);
                continue;
            }
            __m256i ok = valid_lanes(valid, i + 4 * k);
            low[k] = least(low[k], _mm256_blendv_epi8(none_low, x, ok));
            high[k] = most(high[k], _mm256_blendv_epi8(none_high, x, ok));
            n_null += 4 - count_lanes(ok);
        }
    }
    int64_t all[8];
    _mm256_storeu_si256((void *)all, least(low[0], low[1]));
    _mm256_storeu_si256((void *)(all + 4), most(high[0], high[1]));
    *out = (hr_stat_i64){.min = INT64_MAX, .max = INT64_MIN, .n_null = n_null};
    for (size_t k = 0; k < 4; k++) {
        if (all[k] < out->min) out->min = all[k];
        if (all[k + 4] > out->max) out->max = all[k + 4];
    }
    hr_kern_minmax_i64_merge(out, v, valid, i, n);
}

static void minmax_f64(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t n)
{
    const __m256d plus = _mm256_set1_pd((double)INFINITY);
    const __m256d minus = _mm256_set1_pd(-(double)INFINITY);
    __m256d low[2] = {plus, plus};
    __m256d high[2] = {minus, minus};
    size_t n_null = 0;
    size_t n_nan = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
#pragma GCC unroll 2
        for (size_t k = 0; k < 2; k++) {
            __m256d x = _mm256_loadu_pd(v + i + 4 * k);
            __m256d nan = _mm256_cmp_pd(x, x, _CMP_UNORD_Q);
            __m256d skip = nan;
            if (valid != NULL) {
                __m256d ok = _mm256_castsi256_pd(valid_lanes(valid, i + 4 * k));
                n_null += 4 - count_lanes(_mm256_castpd_si256(ok));
                nan = _mm256_and_pd(nan, ok);
                skip = _mm256_or_pd(nan,
                                    _mm256_xor_pd(ok, _mm256_castsi256_pd(_mm256_set1_epi64x(-1))));
            }
            n_nan += count_lanes(_mm256_castpd_si256(nan));
            low[k] = _mm256_min_pd(low[k], _mm256_blendv_pd(x, plus, skip));
            high[k] = _mm256_max_pd(high[k], _mm256_blendv_pd(x, minus, skip));
        }
    }
    double all[8];
    _mm256_storeu_pd(all, _mm256_min_pd(low[0], low[1]));
    _mm256_storeu_pd(all + 4, _mm256_max_pd(high[0], high[1]));
    *out = (hr_stat_f64){
        .min = (double)INFINITY, .max = -(double)INFINITY, .n_null = n_null, .n_nan = n_nan};
    for (size_t k = 0; k < 4; k++) {
        if (all[k] < out->min) out->min = all[k];
        if (all[k + 4] > out->max) out->max = all[k + 4];
    }
    hr_kern_minmax_f64_merge(out, v, valid, i, n);
    hr_kern_f64_zeros(out);
}

HR_INLINE size_t sum_lanes(__m256i v)
{
    int64_t lane[4];
    _mm256_storeu_si256((void *)lane, v);
    return (size_t)(lane[0] + lane[1] + lane[2] + lane[3]);
}

#define AHEAD 256 /* values: two kilobytes, so that memory is asked early enough */

/* Counts, negative: masks are summed. */
typedef struct gap_sums {
    __m256i same, back, fine;
} gap_sums;

/* Four rows from seq[i] on; all ones where a row is no break. */
HR_INLINE __m256i gap_four(gap_sums *s, const int64_t *seq, size_t i)
{
    __m256i a = load(seq + i - 1);
    __m256i b = load(seq + i);
    __m256i is_same = _mm256_cmpeq_epi64(a, b);
    __m256i is_back = _mm256_cmpgt_epi64(a, b);
    __m256i is_next = _mm256_cmpeq_epi64(_mm256_sub_epi64(b, a), _mm256_set1_epi64x(1));
    __m256i is_fine = _mm256_or_si256(is_same, _mm256_andnot_si256(is_back, is_next));
    s->same = _mm256_add_epi64(s->same, is_same);
    s->back = _mm256_add_epi64(s->back, is_back);
    s->fine = _mm256_add_epi64(s->fine, is_fine);
    return is_fine;
}

static void gap(hr_stat_gap *out, const int64_t *seq, size_t n)
{
    gap_sums s = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    size_t i = 1;
    size_t first = n;
    for (; i + 16 <= n; i += 16) {
        _mm_prefetch((const char *)(seq + i + AHEAD), _MM_HINT_T0);
        _mm_prefetch((const char *)(seq + i + AHEAD + 8), _MM_HINT_T0);
        unsigned good = 0;
#pragma GCC unroll 4
        for (size_t k = 0; k < 4; k++) {
            __m256i is_fine = gap_four(&s, seq, i + 4 * k);
            good |= (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(is_fine)) << (4 * k);
        }
        if (HR_UNLIKELY(good != 0xffff) && first == n) first = i + (unsigned)__builtin_ctz(~good);
    }
    const size_t n_seen = i - 1;
    const size_t n_back = (size_t)0 - sum_lanes(s.back);
    *out = (hr_stat_gap){.n_change = n_seen + sum_lanes(s.same),
                         .n_back = n_back,
                         .n_gap = n_seen + sum_lanes(s.fine) - n_back,
                         .first = first};
    hr_kern_gap_merge(out, seq, i, n);
}

void hr_kern_stat_avx2(hr_kern_stat *k)
{
    *k = (hr_kern_stat){.minmax_i64 = minmax_i64, .minmax_f64 = minmax_f64, .gap = gap};
}
