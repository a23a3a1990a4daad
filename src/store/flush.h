/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_STORE_FLUSH_H
#define HR_STORE_FLUSH_H
/* Makes many files durable at once: a commit of a thousand parts waits for the disk's queue, not
 * for a thousand journal commits one after the other. One thread at a time. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/sys.h"

#define HR_FLUSH_DEPTH 32u
#define HR_FLUSH_PATH_MAX 320u

/** All zero is one that is not open. */
typedef struct hr_flush {
    hr_sys_aio *aio;
    uint32_t n_open;
    uint32_t n_interrupted; /* in a row */
    struct {
        bool is_open;
        int fd;
        char path[HR_FLUSH_PATH_MAX];
    } slot[HR_FLUSH_DEPTH];
} hr_flush;

/** Before the first file; threads that must not ask for memory may add from then on. */
HR_MUST_USE hr_status hr_flush_open(hr_flush *f, hr_err *err);
/** Begins to make a file or a folder durable; waits for an older one when the queue is full. */
HR_MUST_USE hr_status hr_flush_add(hr_flush *f, int dir_fd, const char *path, hr_err *err);
/** True when the next hr_flush_add would not wait. */
HR_INLINE bool hr_flush_has_room(const hr_flush *f)
{
    return f->n_open < HR_FLUSH_DEPTH;
}
/** Takes what is durable by now: HR_AGAIN while something is under way. */
HR_MUST_USE hr_status hr_flush_poll(hr_flush *f, hr_err *err);
/** Until all are durable. After an error the rest is waited for and forgotten. */
HR_MUST_USE hr_status hr_flush_wait(hr_flush *f, hr_err *err);
void hr_flush_fini(hr_flush *f);

#endif
