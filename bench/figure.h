/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BENCH_FIGURE_H
#define HR_BENCH_FIGURE_H
/* What bench/compare.py reads of a program's output: `figure OF/WHAT VALUE UNIT`, and
 * `check NAME HEX` over all values that came out, equal where two programs did the same work. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"

/** `of` may hold blanks: they are written as '-'. */
HR_INLINE void figure(const char *of, const char *what, double value, const char *unit)
{
    printf("figure ");
    for (; *of != 0; of++)
        putchar(*of == ' ' ? '-' : *of);
    printf("/%s %.6g %s\n", what, value, unit);
}

HR_INLINE void figure_check(const char *name, uint64_t value)
{
    printf("check %s %016" PRIx64 "\n", name, value);
}

HR_INLINE int64_t figure_clock_ns(clockid_t clock)
{
    struct timespec t = {0};
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/** Processor time, so that neighbours on the machine do not count: of all threads, of this one. */
HR_INLINE int64_t figure_cpu_ns(void)
{
    return figure_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

HR_INLINE int64_t figure_thread_ns(void)
{
    return figure_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/** One step of a sum in which order counts. */
HR_INLINE uint64_t figure_mix(uint64_t sum, int64_t v)
{
    return (sum ^ (uint64_t)v) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
}

static inline int figure_by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/** The middle one; sorts them. */
HR_INLINE int64_t figure_median(int64_t *v, size_t n)
{
    qsort(v, n, sizeof *v, figure_by_value);
    return v[n / 2];
}

#endif
