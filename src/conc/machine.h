/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONC_MACHINE_H
#define HR_CONC_MACHINE_H
/* The processors this process may use, and pinning to them. */
#include <stdint.h>

#include "base/status.h"

#define HR_CPUS_MAX 256
typedef struct hr_machine {
    uint32_t n_cpus; /* usable: affinity mask, cut by the cgroup's quota, at least 1 */
    int32_t cpu[HR_CPUS_MAX];
} hr_machine;
void hr_machine_read(hr_machine *m);
/** Whole processors that a cpu.max line ("150000 100000", "max 100000") is worth, rounded up; 0: no
 *  limit, or not readable. */
uint32_t hr_machine_parse_quota(const char *text);
/** Pins the calling thread; HR_EUNSUPPORTED where the system refuses. */
HR_MUST_USE hr_status hr_thread_pin(int32_t cpu);
/** Tells the processor that we spin. */
static inline void hr_cpu_relax(void)
{
    __builtin_ia32_pause();
}

#endif
