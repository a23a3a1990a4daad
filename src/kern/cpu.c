/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/cpu.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Source: Intel SDM volume 2, CPUID and XGETBV. XCR0 bits: 1 SSE, 2 AVX, 5..7 AVX-512. */
#define XCR0_AVX 0x06u
#define XCR0_AVX512 0xe6u

static unsigned xcr0(void)
{
    unsigned low;
    unsigned high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has(unsigned reg, unsigned bits)
{
    return (reg & bits) == bits;
}

unsigned hr_cpu_detect(void)
{
    unsigned a, b, c, d;
    unsigned flags = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (has(c, bit_SSE4_2 | bit_POPCNT)) flags |= HR_CPU_SSE42;
    if (has(c, bit_PCLMUL)) flags |= HR_CPU_PCLMUL;
    if (!has(c, bit_OSXSAVE | bit_AVX)) return flags;
    unsigned saved = xcr0();
    if (!has(saved, XCR0_AVX) || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return flags;
    if (has(b, bit_AVX2 | bit_BMI | bit_BMI2)) flags |= HR_CPU_AVX2;
    if (has(saved, XCR0_AVX512) && (flags & HR_CPU_AVX2) != 0 &&
        has(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL))
        flags |= HR_CPU_AVX512;
    return flags;
}
#else
unsigned hr_cpu_detect(void)
{
    return 0;
}
#endif

/* below: what a kernel of this tier may use beside its own flag; above: what builds on it. */
static const struct {
    const char *name;
    unsigned flag, below, above;
} flag_names[] = {
    {"scalar", 0, 0, ~0u},
    {"sse42", HR_CPU_SSE42, 0, ~0u},
    {"pclmul", HR_CPU_PCLMUL, HR_CPU_SSE42, 0},
    {"avx2", HR_CPU_AVX2, HR_CPU_SSE42 | HR_CPU_PCLMUL, HR_CPU_AVX512},
    {"avx512", HR_CPU_AVX512, HR_CPU_SSE42 | HR_CPU_PCLMUL | HR_CPU_AVX2, 0},
    {"all", ~0u, 0, 0},
};

/* The entry that a word of n bytes names, or -1. */
static int flag_find(const char *word, size_t n)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(flag_names); i++)
        if (strlen(flag_names[i].name) == n && memcmp(flag_names[i].name, word, n) == 0)
            return (int)i;
    return -1;
}

hr_status hr_cpu_flags_parse(unsigned *flags, const char *text)
{
    unsigned mask = HR_CPU_ALL;
    const char *p = text;
    for (bool first = true; *text != '\0'; first = false) {
        size_t n = strcspn(p, ",");
        bool takes = *p == '-';
        int i = flag_find(p + takes, n - takes);
        if (i < 0 || (!takes && !first)) return HR_EUSAGE;
        if (takes && (flag_names[i].flag == 0 || flag_names[i].flag == HR_CPU_ALL))
            return HR_EUSAGE;
        mask = takes ? mask & ~(flag_names[i].flag | flag_names[i].above)
                     : flag_names[i].flag | flag_names[i].below;
        p += n;
        if (*p++ == '\0') break;
    }
    *flags = mask;
    return HR_OK;
}

const char *hr_cpu_tier_name(unsigned flags)
{
    if (flags & HR_CPU_AVX512) return "avx512";
    if (flags & HR_CPU_AVX2) return "avx2";
    return flags & HR_CPU_SSE42 ? "sse42" : "scalar";
}
