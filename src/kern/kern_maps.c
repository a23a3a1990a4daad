/* SPDX-License-Identifier: Apache-2.0 */
/* One loop a function, compiled once for each tier: without branches, the compiler makes vectors of
 * them where it may do so as if nothing trapped. */
#include "base/powers.h"
#include "kern/kern_powers.h"

#ifdef HR_KERN_MAPS_AVX2
#define MAP(f)                                                                                     \
    static void f##_avx2(double *restrict out, const double *v, size_t n)                          \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = hr_##f(v[i]);                                                                 \
    }
MAP(exp)
MAP(log)
MAP(sqrt)

void hr_kern_powers_avx2(hr_kern_powers *k)
{
    k->exp = exp_avx2;
    k->log = log_avx2;
    k->sqrt = sqrt_avx2;
}
#else
#define MAP(f)                                                                                     \
    void hr_kern_##f##_c(double *restrict out, const double *v, size_t n)                          \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = hr_##f(v[i]);                                                                 \
    }
MAP(exp)
MAP(log)
MAP(sqrt)
#endif
