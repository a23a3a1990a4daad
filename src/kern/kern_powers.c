/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the tier; the loops are in kern_maps.c, which has flags of its own. */
#include "kern/kern_powers.h"

#include "kern/cpu.h"

void hr_kern_powers_init(hr_kern_powers *k, unsigned cpu_flags)
{
    *k = (hr_kern_powers)HR_KERN_POWERS_SCALAR;
#ifdef HR_KERN_X86
    if (cpu_flags & HR_CPU_AVX2) hr_kern_powers_avx2(k);
#else
    (void)cpu_flags;
#endif
}
