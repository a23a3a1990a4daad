/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_POWERS_H
#define HR_KERN_KERN_POWERS_H
/* base/powers.h over columns: out[i] of v[i], bit for bit. Contract of the family: n values at
 * their natural alignment, the output apart from the input. */
#include <stddef.h>

typedef void (*hr_kern_map_fn)(double *restrict out, const double *v, size_t n);

typedef struct hr_kern_powers {
    hr_kern_map_fn exp, log, sqrt;
} hr_kern_powers;

void hr_kern_exp_c(double *restrict out, const double *v, size_t n);
void hr_kern_log_c(double *restrict out, const double *v, size_t n);
void hr_kern_sqrt_c(double *restrict out, const double *v, size_t n);
#define HR_KERN_POWERS_SCALAR                                                                      \
    {                                                                                              \
        .exp = hr_kern_exp_c, .log = hr_kern_log_c, .sqrt = hr_kern_sqrt_c                         \
    }

void hr_kern_powers_init(hr_kern_powers *k, unsigned cpu_flags);
void hr_kern_powers_avx2(hr_kern_powers *k);

#endif
