/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONC_PARK_H
#define HR_CONC_PARK_H
/* Waiting without burning a processor: an event count that any thread may wake, and the idle
 * strategy that leads to it.
 *
 *     waiter                                waker
 *     key = hr_park_arm(p)                  publish the work (release)
 *     look for work once more               hr_park_wake(p)
 *     found: hr_park_disarm(p)
 *     none:  hr_park_wait(p, key, ns)
 *
 * No wake-up is lost: one that comes after the arming changes the epoch, so the wait returns at
 * once. Waiting is real even under the simulated back end; there, agents run on one thread and
 * never wait. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

typedef struct hr_park {
    HR_ALIGNED(HR_CACHE_LINE) _Atomic uint32_t epoch; /* any thread */
    _Atomic uint32_t n_armed;
} hr_park;

void hr_park_init(hr_park *p);
/** Any thread. Every arming is followed by one disarm or one wait. */
uint32_t hr_park_arm(hr_park *p);
void hr_park_disarm(hr_park *p);
/** Sleeps until a wake-up since the arming, or for timeout_ns (> 0). May return early. Disarms. */
void hr_park_wait(hr_park *p, uint32_t key, int64_t timeout_ns);
/** Any thread: wakes all that are armed. Without a waiter: one atomic add, no system call. */
void hr_park_wake(hr_park *p);

/* ---- idle strategy: spin, then yield, then park ---- */
typedef struct hr_idle_options {
    uint32_t n_spins;  /* rounds of a pause instruction before the first yield */
    uint32_t n_yields; /* rounds of giving the processor away before parking */
    int64_t park_ns;   /* longest sleep; 0: never parks */
} hr_idle_options;
#define HR_IDLE_OPTIONS_DEFAULT                                                                    \
    {                                                                                              \
        .n_spins = 100, .n_yields = 10, .park_ns = 1000000                                         \
    }
/** For a lane that owns its processor and must answer within a microsecond. */
#define HR_IDLE_OPTIONS_SPIN                                                                       \
    {                                                                                              \
        .n_spins = UINT32_MAX                                                                      \
    }

typedef struct hr_idle { /* single owner */
    hr_idle_options opt;
    hr_park *park; /* what others wake; NULL: sleeps for park_ns */
    uint32_t round;
    uint32_t key;
    bool is_armed;
    uint64_t n_parks;
} hr_idle;

/** park: borrowed, may be NULL. */
void hr_idle_init(hr_idle *i, const hr_idle_options *opt, hr_park *park);
/** Call once after each round of work with the work it did; returns at once when that was not 0.
 *  The round before a park is armed, so work that arrives in it cuts the sleep short. */
void hr_idle_step(hr_idle *i, uint64_t work_done);

#endif
