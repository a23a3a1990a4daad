/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_CPU_H
#define HR_KERN_CPU_H
/* What the processor and the system let us run, in the tiers that the kernels are written for. */
#include "base/status.h"

#define HR_CPU_SSE42 0x1u  /* SSE 4.2 and popcnt: the base the program is built for */
#define HR_CPU_PCLMUL 0x2u /* carry-less multiplication */
#define HR_CPU_AVX2 0x4u   /* AVX2, BMI 1 and 2, with the system saving the registers */
#define HR_CPU_AVX512 0x8u /* AVX-512 F, BW, DQ and VL, likewise */
#define HR_CPU_ALL (~0u)

/** Flags of this machine. Executes cpuid; call it once, at start. */
unsigned hr_cpu_detect(void);
/** A mask to be ANDed with hr_cpu_detect(): a tier, or nothing for all of them, then what to leave
 *  out. "avx2": AVX2 and the tiers below. "-avx512": all but AVX-512. "avx2,-pclmul": both.
 *  Tiers: scalar sse42 pclmul avx2 avx512 all. Leaving a tier out leaves out what builds on it;
 *  "" -> all. HR_EUSAGE: another word. */
HR_MUST_USE hr_status hr_cpu_flags_parse(unsigned *flags, const char *text);
/** Name of the highest tier in flags. */
const char *hr_cpu_tier_name(unsigned flags);

#endif
