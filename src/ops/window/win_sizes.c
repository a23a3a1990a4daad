/* SPDX-License-Identifier: Apache-2.0 */
/* States of windows that several files of operators keep: how big they are, how they begin. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

size_t hr_win_bytes_three(const hr_op_args *a)
{
    return hr_fold_bytes(a, 3, 1);
}

size_t hr_win_bytes_four(const hr_op_args *a)
{
    return hr_fold_bytes(a, 4, 1);
}

size_t hr_win_bytes_five(const hr_op_args *a)
{
    return hr_fold_bytes(a, 7, 2);
}

size_t hr_win_bytes_behind_one(const hr_op_args *a)
{
    return hr_fold_bytes_behind(a, 1);
}

size_t hr_win_bytes_behind_three(const hr_op_args *a)
{
    return hr_fold_bytes_behind(a, 3);
}

void hr_win_init_behind_one(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a);
}

void hr_win_init_behind_three(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a);
}

/* The ring of the one ahead has to have the rows of a call beside those of the windows before it,
 * and the rest of the chunk that the oldest starts in. Its room is a power of two. */
uint32_t hr_win_rows_behind(const hr_op_args *a)
{
    if (!a->is_time[0] || a->v[1] > 0) return 0;
    const uint64_t room = hr_win_ring(a) - a->max_rows;
    const uint64_t rows = room > 2 * HR_WIN_CHUNK ? room - 2 * HR_WIN_CHUNK : 0;
    return rows >= 2 * HR_WIN_CHUNK ? (uint32_t)(rows - rows % HR_WIN_TAKE) : 0;
}

void hr_win_init_four(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a);
}

void hr_win_init_five(void *state, const hr_op_args *a)
{
    hr_fold_init(state, a);
}

uint32_t hr_win_warm_up(const hr_op_args *a)
{
    return a->is_time[0] ? 0 : (uint32_t)a->v[0] - 1;
}
