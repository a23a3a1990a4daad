/* SPDX-License-Identifier: Apache-2.0 */
#include "kern_tiers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static unsigned machine_flags(void)
{
    const char *mask = getenv("HR_CPU_MASK");
    unsigned allowed;
    if (hr_cpu_flags_parse(&allowed, mask != NULL ? mask : "") != HR_OK) {
        fprintf(stderr, "HR_CPU_MASK '%s' is no tier\n", mask);
        exit(2);
    }
    return hr_cpu_detect() & allowed;
}

size_t kern_tiers(kern_tier out[KERN_TIERS_MAX])
{
    static const char *const names[] = {"scalar", "sse42", "avx2", "avx512"};
    const unsigned have = machine_flags();
    size_t n = 0;
    unsigned last = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsigned tier;
        if (hr_cpu_flags_parse(&tier, names[i]) != HR_OK) abort();
        tier &= have;
        if (i > 0 && tier == last) continue;
        last = tier;
        out[n].name = names[i];
        hr_kern_fill(&out[n++].k, tier);
    }
#ifdef HR_TEST_SIMDE
    out[n].name = "simde";
    hr_kern_fill(&out[n].k, 0);
    hr_kern_scan_simde(&out[n].k.scan);
    hr_kern_stat_simde(&out[n].k.stat);
    hr_kern_enc_simde(&out[n].k.enc);
    n++;
#endif
    return n;
}

uint8_t *kern_edge(unsigned which)
{
    static uint8_t *region[4];
    if (region[which] == NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *p = mmap(NULL, KERN_EDGE_BYTES + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect(p + KERN_EDGE_BYTES, page, PROT_NONE) != 0) {
            perror("mmap");
            exit(2);
        }
        region[which] = p;
    }
    return region[which];
}

void *kern_edge_end(unsigned which, size_t n, size_t shift)
{
    return kern_edge(which) + KERN_EDGE_BYTES - n - shift;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void kern_bench(const char *tier, const char *name, void (*fn)(void *arg), void *arg,
                size_t n_bytes, size_t n_units)
{
    double ns[9];
    uint64_t calls = 1;
    for (;; calls *= 2) { /* as many calls as take 5 ms */
        double begin = now_ns();
        for (uint64_t i = 0; i < calls; i++)
            fn(arg);
        if (now_ns() - begin > 5e6) break;
    }
    for (size_t r = 0; r < 9; r++) {
        double begin = now_ns();
        for (uint64_t i = 0; i < calls; i++)
            fn(arg);
        ns[r] = (now_ns() - begin) / (double)calls;
    }
    qsort(ns, 9, sizeof ns[0], ascending);
    printf("# %-8s %-22s %8.2f GB/s %9.4f ns/unit\n", tier, name, (double)n_bytes / ns[4],
           ns[4] / (double)n_units);
    fflush(stdout);
}
