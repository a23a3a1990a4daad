/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_SYS_INLINE_H
#define HR_BASE_SYS_INLINE_H
/* An asynchronous queue that is none: each operation is done on submit, through the pread and
 * pwrite of a given table, and only its completion waits. The failing and the simulated back end
 * use it, so that faults, splits and crashes reach this path too. Private to base. */
#include "base/sys.h"

/** via: the table whose pread and pwrite do the work; borrowed until close. depth: 1 to 64. */
int hr_aio_inline_open(const hr_sys *via, hr_sys_aio **out, unsigned depth);
int hr_aio_inline_submit(void *self, hr_sys_aio *q, const hr_sys_aio_op *op);
int hr_aio_inline_reap(void *self, hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait);
const char *hr_aio_inline_name(void *self, hr_sys_aio *q);
void hr_aio_inline_close(void *self, hr_sys_aio *q);

#endif
