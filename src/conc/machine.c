/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* A small text file as a string; false when it cannot be read. */
static bool read_text(const char *path, char *out, size_t cap)
{
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return false;
    int64_t n = hr_sys_read_full(fd, out, cap - 1);
    (void)hr_sys_close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

uint32_t hr_machine_parse_quota(const char *text)
{
    char *end;
    long long quota = strtoll(text, &end, 10); /* "max": no quota */
    const char *rest = end;
    long long period = strtoll(rest, &end, 10);
    if (rest == text || end == rest || period <= 0 || quota <= 0) return 0;
    long long n = quota / period + (quota % period != 0);
    return n > HR_CPUS_MAX ? 0 : (uint32_t)n;
}

/* Whole processors that the tightest quota of our cgroup and its parents is worth, 0 when there is
 * none. Source: Linux, cgroup-v2.rst, cpu.max and /proc/PID/cgroup. */
static uint32_t quota_cpus(void)
{
    char group[512] = "";
    char path[640];
    char text[64];
    uint32_t least = 0;
    if (read_text("/proc/self/cgroup", path, sizeof group)) {
        const char *line = strstr(path, "0::/");
        if (line != NULL)
            snprintf(group, sizeof group, "%.*s", (int)strcspn(line, "\n") - 3, line + 3);
    }
    for (;;) { /* one parent shorter each time */
        snprintf(path, sizeof path, CGROUP_ROOT "%s/cpu.max", group);
        uint32_t n = read_text(path, text, sizeof text) ? hr_machine_parse_quota(text) : 0;
        if (n > 0 && (least == 0 || n < least)) least = n;
        char *slash = strrchr(group, '/');
        if (slash == NULL) return least;
        *slash = '\0';
    }
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
