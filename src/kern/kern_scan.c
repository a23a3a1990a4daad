/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_scan.h"

#include "kern/cpu.h"

const char *hr_kern_find_c(const char *p, const char *end, char c)
{
    for (; p < end; p++)
        if (*p == c) return p;
    return NULL;
}

size_t hr_kern_find_all_c(uint32_t *restrict at, size_t cap, const char *restrict p, uint32_t n,
                          char c)
{
    size_t k = 0;
    for (uint32_t i = 0; i < n && k < cap; i++)
        if (p[i] == c) at[k++] = i;
    return k;
}

const char *hr_kern_csv_row_c(uint32_t *restrict comma, uint32_t cap, uint32_t *n_commas,
                              const char *restrict p, const char *end)
{
    const char *row = p;
    uint32_t n = 0;
    for (; p < end && *p != '\n' && *p != '"'; p++) {
        if (*p != ',') continue;
        if (n < cap) comma[n] = (uint32_t)(p - row);
        n++;
    }
    *n_commas = n;
    return p;
}

size_t hr_kern_ascii_c(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)p[i] < 0x80)
        i++;
    return i;
}

void hr_kern_scan_init(hr_kern_scan *k, unsigned cpu_flags)
{
    *k = (hr_kern_scan)HR_KERN_SCAN_SCALAR;
    (void)cpu_flags;
#ifdef HR_KERN_X86
    if (cpu_flags & HR_CPU_AVX2) hr_kern_scan_avx2(k);
    if (cpu_flags & HR_CPU_AVX512) hr_kern_scan_avx512(k);
#endif
}
