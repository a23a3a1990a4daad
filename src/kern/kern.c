/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern.h"

#include "base/crc32c.h"

static hr_kern chosen = {.scan = HR_KERN_SCAN_SCALAR,
                         .stat = HR_KERN_STAT_SCALAR,
                         .enc = HR_KERN_ENC_SCALAR,
                         .crc = HR_KERN_CRC_SCALAR,
                         .rows = HR_KERN_ROWS_SCALAR,
                         .powers = HR_KERN_POWERS_SCALAR};

void hr_kern_fill(hr_kern *k, unsigned cpu_flags)
{
    k->cpu_flags = cpu_flags;
    hr_kern_scan_init(&k->scan, cpu_flags);
    hr_kern_stat_init(&k->stat, cpu_flags);
    hr_kern_enc_init(&k->enc, cpu_flags);
    hr_kern_crc_init(&k->crc, cpu_flags);
    hr_kern_rows_init(&k->rows, cpu_flags);
    hr_kern_powers_init(&k->powers, cpu_flags);
}

void hr_kern_init(unsigned cpu_flags)
{
    hr_kern_fill(&chosen, cpu_flags);
    hr_crc32c_install(chosen.crc.crc32c); /* base lies below and cannot ask us */
}

const hr_kern *hr_kern_get(void)
{
    return &chosen;
}
