/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/sys.h"

/* Whole processors that the cgroup's quota is worth, 0 when there is none. Source: Linux,
 * cgroup-v2.rst, cpu.max. */
static uint32_t quota_cpus(void)
{
    char text[64] = {0};
    long long quota;
    long long period;
    int fd = hr_sys_open(AT_FDCWD, "/sys/fs/cgroup/cpu.max", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    int64_t n = hr_sys_read_full(fd, text, sizeof text - 1);
    (void)hr_sys_close(fd);
    if (n <= 0 || sscanf(text, "%lld %lld", &quota, &period) != 2 || period <= 0 || quota <= 0)
        return 0;
    return (uint32_t)((quota + period - 1) / period);
}

void hr_machine_read(hr_machine *m)
{
    cpu_set_t set;
    m->n_cpus = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (size_t i = 0; i < CPU_SETSIZE && m->n_cpus < HR_CPUS_MAX; i++)
            if (CPU_ISSET(i, &set)) m->cpu[m->n_cpus++] = (int32_t)i;
    if (m->n_cpus == 0) {
        m->n_cpus = 1;
        m->cpu[0] = 0;
    }
    uint32_t quota = quota_cpus();
    if (quota > 0 && quota < m->n_cpus) m->n_cpus = quota;
}

hr_status hr_thread_pin(int32_t cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? HR_OK : HR_EUNSUPPORTED;
}
