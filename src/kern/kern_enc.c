/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_enc.h"

#include <string.h>

#include "kern/cpu.h"

void hr_kern_split8_tail(uint8_t *restrict out, const void *restrict v, size_t i, size_t n)
{
    const uint8_t *p = v;
    for (; i < n; i++)
        for (size_t k = 0; k < 8; k++)
            out[k * n + i] = p[i * 8 + k];
}

void hr_kern_join8_tail(void *restrict v, const uint8_t *restrict in, size_t i, size_t n)
{
    uint8_t *p = v;
    for (; i < n; i++)
        for (size_t k = 0; k < 8; k++)
            p[i * 8 + k] = in[k * n + i];
}

void hr_kern_split8_c(uint8_t *restrict out, const void *restrict v, size_t n)
{
    hr_kern_split8_tail(out, v, 0, n);
}

void hr_kern_join8_c(void *restrict v, const uint8_t *restrict in, size_t n)
{
    hr_kern_join8_tail(v, in, 0, n);
}

int64_t hr_kern_delta_c(uint64_t *restrict delta, const int64_t *restrict v, size_t n)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        delta[i] = (uint64_t)v[i + 1] - (uint64_t)v[i];
        if ((int64_t)delta[i] < least) least = (int64_t)delta[i];
    }
    return least;
}

uint64_t hr_kern_rebase_c(uint64_t *v, size_t n, uint64_t base)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] -= base;
        all |= v[i];
    }
    return all;
}

int64_t hr_kern_undelta_c(int64_t *restrict v, const uint64_t *restrict delta, size_t n,
                          uint64_t base, int64_t last)
{
    uint64_t sum = (uint64_t)last;
    for (size_t i = 0; i < n; i++) {
        sum += delta[i] + base;
        v[i] = (int64_t)sum;
    }
    return (int64_t)sum;
}

void hr_kern_enc_init(hr_kern_enc *k, unsigned cpu_flags)
{
    *k = (hr_kern_enc)HR_KERN_ENC_SCALAR;
    (void)cpu_flags;
#ifdef HR_KERN_X86
    if (cpu_flags & HR_CPU_AVX2) hr_kern_enc_avx2(k);
    if (cpu_flags & HR_CPU_AVX512) hr_kern_enc_avx512(k);
#endif
}
