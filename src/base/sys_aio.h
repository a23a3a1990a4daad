/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_SYS_AIO_H
#define HR_BASE_SYS_AIO_H
/* The real back end's asynchronous queue: io_uring, else two worker threads. Private to base. */
#include "base/sys.h"

int hr_aio_real_open(void *self, hr_sys_aio **out, unsigned depth);
int hr_aio_submit(void *self, hr_sys_aio *q, const hr_sys_aio_op *op);
int hr_aio_reap(void *self, hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait);
const char *hr_aio_name(void *self, hr_sys_aio *q);
void hr_aio_close(void *self, hr_sys_aio *q);

#endif
