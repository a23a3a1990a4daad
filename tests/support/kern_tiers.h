/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_KERN_TIERS_H
#define HR_TESTS_SUPPORT_KERN_TIERS_H
/* The kernel tables a test compares, memory that ends where no byte may be read, and timing. */
#include <stddef.h>
#include <stdint.h>

#include "kern/kern.h"

typedef struct kern_tier {
    const char *name;
    hr_kern k;
} kern_tier;

#define KERN_TIERS_MAX 5
/** Scalar first, then each tier this machine has (HR_CPU_MASK: at most that one), then the emulated
 *  AVX-512 sources where SIMDe was found. Returns how many. */
size_t kern_tiers(kern_tier out[KERN_TIERS_MAX]);

#define KERN_EDGE_BYTES (1u << 21)
/** A region of KERN_EDGE_BYTES with an unreadable page right after it; which: 0 to 3. Its start may
 *  be written freely; a kernel given the last n bytes of it faults when it reads past them. */
uint8_t *kern_edge(unsigned which);
/** The last n bytes of region `which`, shift bytes before the edge. */
void *kern_edge_end(unsigned which, size_t n, size_t shift);

/** Median over 9 runs of the nanoseconds a call of fn(arg) takes; prints name, GB/s and ns a unit.
 */
void kern_bench(const char *tier, const char *name, void (*fn)(void *arg), void *arg,
                size_t n_bytes, size_t n_units);

#endif
