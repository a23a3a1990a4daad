/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/thread.h"

#include <stdio.h>
#include <sys/prctl.h>

#include "base/assert.h"
#include "conc/machine.h"

static void *enter(void *arg)
{
    hr_thread *t = arg;
    if (t->name[0] != '\0') (void)prctl(PR_SET_NAME, t->name, 0, 0, 0);
    if (t->cpu >= 0) t->is_pinned = hr_thread_pin(t->cpu) == HR_OK;
    return t->fn(t->arg);
}

hr_status hr_thread_start(hr_thread *t, const hr_thread_options *opt, hr_thread_fn fn, void *arg,
                          hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    HR_ASSERT(!t->is_started);
    *t = (hr_thread){.fn = fn, .arg = arg, .cpu = opt->cpu};
    if (opt->name != NULL) snprintf(t->name, sizeof t->name, "%.15s", opt->name);
    int rc = sys->thread_start(sys->self, &t->handle, enter, t);
    if (rc < 0)
        return HR_FAIL_SYS(err, rc, "cannot start thread '%s'",
                           opt->name != NULL ? opt->name : "unnamed");
    t->is_started = true;
    return HR_OK;
}

hr_status hr_thread_join(hr_thread *t, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    if (!t->is_started) return HR_OK;
    int rc = sys->thread_join(sys->self, t->handle);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot join thread '%s'", t->name);
    t->is_started = false;
    return HR_OK;
}
