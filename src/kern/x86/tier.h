/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_X86_TIER_H
#define HR_KERN_X86_TIER_H
/* What the AVX-512 files need. With HR_SIMDE they compile for any machine, through SIMDe's
 * emulation and under other names, so that their logic is tested where no such processor is at
 * hand. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#ifdef HR_SIMDE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#define hr_kern_scan_avx512 hr_kern_scan_simde
#define hr_kern_stat_avx512 hr_kern_stat_simde
#define hr_kern_enc_avx512 hr_kern_enc_simde
#else
#include <immintrin.h>
#endif

HR_INLINE uint64_t low_bits(size_t n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* The n <= 64 bytes at p, zeros above; no byte past them is touched. */
HR_INLINE __m512i load_part(const void *p, size_t n)
{
#ifdef HR_SIMDE
    __m512i v = _mm512_setzero_si512();
    memcpy(&v, p, n);
    return v;
#else
    return _mm512_maskz_loadu_epi8(low_bits(n), p);
#endif
}

#endif
