/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONC_THREAD_H
#define HR_CONC_THREAD_H
/* Named threads on hr_sys, pinned on wish. */
#include "base/status.h"
#include "base/sys.h"

#define HR_THREAD_NAME_BYTES 16 /* the kernel's limit, with the NUL */

typedef struct hr_thread_options {
    const char *name; /* shown by ps and the profiler; cut to 15 bytes; NULL: inherited */
    int32_t cpu;      /* processor to run on, -1: any */
} hr_thread_options;
#define HR_THREAD_OPTIONS_DEFAULT                                                                  \
    {                                                                                              \
        .name = NULL, .cpu = -1                                                                    \
    }

/* Stays where it is from start to join: the thread reads it. */
typedef struct hr_thread {
    uintptr_t handle;
    hr_thread_fn fn;
    void *arg;
    int32_t cpu;
    bool is_started;
    bool is_pinned; /* valid after join: false where the system refused, or nobody asked */
    char name[HR_THREAD_NAME_BYTES];
} hr_thread;

/** t: the caller's storage, zeroed or joined before. A processor that may not be had is no error:
 * the thread runs unpinned. On failure t is as after a join. */
HR_MUST_USE hr_status hr_thread_start(hr_thread *t, const hr_thread_options *opt, hr_thread_fn fn,
                                      void *arg, hr_err *err);
/** Waits for the end; nothing to do for one that was not started. */
HR_MUST_USE hr_status hr_thread_join(hr_thread *t, hr_err *err);

#endif
