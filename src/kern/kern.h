/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_H
#define HR_KERN_KERN_H
/* One table of kernels, filled once for the processor at hand. Every tier gives the same bits; the
 * scalar file of a family is its specification. See docs/modules/kern.md. */
#include "kern/cpu.h"
#include "kern/kern_crc.h"
#include "kern/kern_enc.h"
#include "kern/kern_powers.h"
#include "kern/kern_rows.h"
#include "kern/kern_scan.h"
#include "kern/kern_stat.h"

typedef struct hr_kern {
    unsigned cpu_flags;
    hr_kern_scan scan;
    hr_kern_stat stat;
    hr_kern_enc enc;
    hr_kern_crc crc;
    hr_kern_rows rows;
    hr_kern_powers powers;
} hr_kern;

/** A table of one's own, for tests and comparisons: the best tier within cpu_flags. */
void hr_kern_fill(hr_kern *k, unsigned cpu_flags);
/** Chooses the process-wide table. Once, at engine start, before other threads run.
 *  cpu_flags: hr_cpu_detect() & the mask of the plan. */
void hr_kern_init(unsigned cpu_flags);
/** The process-wide table: constant after hr_kern_init, scalar before it. Any thread. */
const hr_kern *hr_kern_get(void);

#endif
