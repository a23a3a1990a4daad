/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys_inline.h"

#include <errno.h>

#define INLINE_DEPTH_MAX 64u

typedef struct inline_aio {
    const hr_sys *via;
    unsigned head, tail, depth; /* head, tail: never wrapped, so their difference is the fill */
    hr_sys_aio_done done[INLINE_DEPTH_MAX];
} inline_aio;

static inline_aio *cast(hr_sys_aio *q)
{
    return (inline_aio *)(void *)q;
}

int hr_aio_inline_open(const hr_sys *via, hr_sys_aio **out, unsigned depth)
{
    const hr_sys *real = hr_sys_real();
    *out = NULL;
    if (depth == 0 || depth > INLINE_DEPTH_MAX) return -EINVAL;
    inline_aio *q = real->map(real->self, sizeof *q);
    if (q == NULL) return -ENOMEM;
    q->via = via;
    q->depth = depth;
    *out = (hr_sys_aio *)(void *)q;
    return 0;
}

int hr_aio_inline_submit(void *self, hr_sys_aio *aq, const hr_sys_aio_op *op)
{
    inline_aio *q = cast(aq);
    const hr_sys *via = q->via;
    (void)self;
    if (q->tail - q->head == q->depth) return -EAGAIN;
    int64_t n = op->kind == HR_AIO_SYNC ? via->sync(via->self, op->fd)
                : op->kind == HR_AIO_WRITE
                    ? via->pwrite(via->self, op->fd, op->buf, op->n_bytes, op->offset)
                    : via->pread(via->self, op->fd, op->buf, op->n_bytes, op->offset);
    q->done[q->tail++ % INLINE_DEPTH_MAX] = (hr_sys_aio_done){.tag = op->tag, .result = n};
    return 0;
}

int hr_aio_inline_reap(void *self, hr_sys_aio *aq, hr_sys_aio_done *done, unsigned cap, bool wait)
{
    inline_aio *q = cast(aq);
    unsigned n = 0;
    (void)self;
    (void)wait; /* nothing is ever under way, so there is nothing to wait for */
    while (n < cap && q->head != q->tail)
        done[n++] = q->done[q->head++ % INLINE_DEPTH_MAX];
    return (int)n;
}

const char *hr_aio_inline_name(void *self, hr_sys_aio *q)
{
    (void)self;
    (void)q;
    return "inline";
}

void hr_aio_inline_close(void *self, hr_sys_aio *q)
{
    const hr_sys *real = hr_sys_real();
    (void)self;
    if (q != NULL) real->unmap(real->self, q, sizeof(inline_aio));
}
