/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_STAT_H
#define HR_KERN_KERN_STAT_H
/* Column statistics and the sequence-gap scan. Contract of the family: values at their natural
 * alignment; valid is a bitmap, bit i % 8 of byte i / 8 set where row i has a value, NULL where all
 * have; its last byte may hold anything past n. */
#include <stddef.h>
#include <stdint.h>

/* No value: min is the type's greatest, max its least (infinities for double). */
typedef struct hr_stat_i64 {
    int64_t min;
    int64_t max;
    size_t n_null;
} hr_stat_i64;

typedef struct hr_stat_f64 {
    double min; /* a zero is -0.0 and a zero max is +0.0. Source: parquet.thrift, ColumnOrder */
    double max;
    size_t n_null;
    size_t n_nan; /* among the values; they count for neither min nor max */
} hr_stat_f64;

typedef struct hr_stat_gap {
    size_t n_change; /* rows i >= 1 with seq[i] != seq[i - 1] */
    size_t n_gap;    /* rows that step up by more than 1 */
    size_t n_back;   /* rows that step down */
    size_t first;    /* first row that is a gap or a step down; n when there is none */
} hr_stat_gap;

typedef void (*hr_kern_minmax_i64_fn)(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid,
                                      size_t n);
typedef void (*hr_kern_minmax_f64_fn)(hr_stat_f64 *out, const double *v, const uint8_t *valid,
                                      size_t n);
/** One pass, bound by memory bandwidth. */
typedef void (*hr_kern_gap_fn)(hr_stat_gap *out, const int64_t *seq, size_t n);

typedef struct hr_kern_stat {
    hr_kern_minmax_i64_fn minmax_i64;
    hr_kern_minmax_f64_fn minmax_f64;
    hr_kern_gap_fn gap;
} hr_kern_stat;

void hr_kern_minmax_i64_c(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t n);
void hr_kern_minmax_f64_c(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t n);
void hr_kern_gap_c(hr_stat_gap *out, const int64_t *seq, size_t n);
#define HR_KERN_STAT_SCALAR                                                                        \
    {                                                                                              \
        .minmax_i64 = hr_kern_minmax_i64_c, .minmax_f64 = hr_kern_minmax_f64_c,                    \
        .gap = hr_kern_gap_c                                                                       \
    }

void hr_kern_stat_init(hr_kern_stat *k, unsigned cpu_flags);
void hr_kern_stat_avx2(hr_kern_stat *k);
void hr_kern_stat_avx512(hr_kern_stat *k);
void hr_kern_stat_simde(hr_kern_stat *k); /* tests: the AVX-512 source, emulated */

/* For the tiers' tails: row i's values merged into what the lanes have found. */
void hr_kern_minmax_i64_merge(hr_stat_i64 *out, const int64_t *v, const uint8_t *valid, size_t i,
                              size_t n);
void hr_kern_minmax_f64_merge(hr_stat_f64 *out, const double *v, const uint8_t *valid, size_t i,
                              size_t n);
void hr_kern_gap_merge(hr_stat_gap *out, const int64_t *seq, size_t i, size_t n);
/** Parquet's rule for zeros. */
void hr_kern_f64_zeros(hr_stat_f64 *s);

#endif
