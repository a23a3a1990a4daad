/* SPDX-License-Identifier: Apache-2.0 */
/* Which tier of an operator runs: every one gives the same bits. */
#include "kern/kern.h"
#include "ops/window/win.h"

#ifdef HR_KERN_X86
#define RUN(name)                                                                                  \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        if (hr_kern_get()->cpu_flags & HR_CPU_AVX2)                                                \
            hr_win_##name##_avx2(state, r);                                                        \
        else                                                                                       \
            hr_win_##name##_base(state, r);                                                        \
    }
#else
#define RUN(name)                                                                                  \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        hr_win_##name##_base(state, r);                                                            \
    }
#endif
HR_WIN_TIER_EACH(RUN)
#define RUN_BEHIND(name) RUN(name##_behind)
HR_WIN_SHARED_EACH(RUN_BEHIND)
