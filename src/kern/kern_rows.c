/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_rows.h"

#include "kern/cpu.h"

uint64_t hr_kern_any_c(const int64_t *v, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= (uint64_t)v[i];
    return any;
}

uint64_t hr_kern_changes_rest(uint64_t *bits, const int64_t *v, size_t i, size_t n)
{
    uint64_t any = 0;
    for (; i < n; i++) {
        if (i > 0) bits[i / 64] |= (uint64_t)(v[i] != v[i - 1]) << i % 64;
        any |= (uint64_t)v[i];
    }
    return any;
}

uint64_t hr_kern_changes_c(uint64_t *bits, const int64_t *v, size_t n)
{
    return hr_kern_changes_rest(bits, v, 0, n);
}

uint64_t hr_kern_breaks_rest(uint64_t *bits, const int64_t *v, size_t i, size_t n, uint64_t differ,
                             uint64_t ends)
{
    uint64_t any = 0;
    for (; i < n; i++) {
        uint64_t before = i > 0 ? (uint64_t)v[i - 1] : 0;
        uint64_t says = (((uint64_t)v[i] ^ before) & differ) | (before & ends);
        if (i > 0) bits[i / 64] |= (uint64_t)(says != 0) << i % 64;
        any |= (uint64_t)v[i];
    }
    return any;
}

uint64_t hr_kern_breaks_c(uint64_t *bits, const int64_t *v, size_t n, uint64_t differ,
                          uint64_t ends)
{
    return hr_kern_breaks_rest(bits, v, 0, n, differ, ends);
}

void hr_kern_rows_init(hr_kern_rows *k, unsigned cpu_flags)
{
    *k = (hr_kern_rows)HR_KERN_ROWS_SCALAR;
    (void)cpu_flags;
#ifdef HR_KERN_X86
    if (cpu_flags & HR_CPU_AVX2) hr_kern_rows_avx2(k);
#endif
}
