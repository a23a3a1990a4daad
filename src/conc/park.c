/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/park.h"

#include <sched.h>

#include "base/assert.h"
#include "base/sys.h"
#include "conc/machine.h"

void hr_park_init(hr_park *p)
{
    atomic_init(&p->epoch, 0);
    atomic_init(&p->n_armed, 0);
}

/* Why no wake-up is lost, in the one order of all sequentially consistent operations: the waiter
 * adds to n_armed and then reads the epoch; the waker adds to the epoch and then reads n_armed.
 * Either the waker sees the waiter and makes the system call, or the waiter reads the new epoch and
 * with it, by its acquire part, what the waker published before. */
uint32_t hr_park_arm(hr_park *p)
{
    atomic_fetch_add_explicit(&p->n_armed, 1, memory_order_seq_cst); /* pairs: wake */
    return atomic_load_explicit(&p->epoch, memory_order_seq_cst);
}

void hr_park_disarm(hr_park *p)
{
    uint32_t before = atomic_fetch_sub_explicit(&p->n_armed, 1, memory_order_relaxed);
    HR_ASSERT(before > 0);
}

void hr_park_wait(hr_park *p, uint32_t key, int64_t timeout_ns)
{
    const hr_sys *sys = hr_sys_get();
    /* The system compares epoch with key and sleeps in one step. */
    if (timeout_ns > 0 && atomic_load_explicit(&p->epoch, memory_order_acquire) == key)
        sys->wait(sys->self, &p->epoch, key, timeout_ns);
    hr_park_disarm(p);
}

void hr_park_wake(hr_park *p)
{
    atomic_fetch_add_explicit(&p->epoch, 1, memory_order_seq_cst); /* pairs: arm */
    if (atomic_load_explicit(&p->n_armed, memory_order_seq_cst) == 0) return;
    const hr_sys *sys = hr_sys_get();
    sys->wake(sys->self, &p->epoch);
}

void hr_idle_init(hr_idle *i, const hr_idle_options *opt, hr_park *park)
{
    *i = (hr_idle){.opt = *opt, .park = park};
}

static void rest(hr_idle *i)
{
    i->n_parks++;
    if (i->park != NULL) {
        i->is_armed = false;
        hr_park_wait(i->park, i->key, i->opt.park_ns);
    } else {
        const hr_sys *sys = hr_sys_get();
        sys->sleep_ns(sys->self, i->opt.park_ns);
    }
}

void hr_idle_step(hr_idle *i, uint64_t work_done)
{
    if (work_done > 0) {
        i->round = 0;
        if (i->is_armed) hr_park_disarm(i->park);
        i->is_armed = false;
        return;
    }
    if (i->round < i->opt.n_spins) {
        i->round += i->opt.n_spins != UINT32_MAX;
        hr_cpu_relax();
    } else if (i->opt.park_ns == 0 || i->round - i->opt.n_spins < i->opt.n_yields) {
        i->round += i->opt.park_ns != 0;
        sched_yield();
    } else if (i->park != NULL && !i->is_armed) {
        i->key = hr_park_arm(i->park);
        i->is_armed = true; /* one more look for work, then rest */
    } else {
        rest(i);
    }
}
