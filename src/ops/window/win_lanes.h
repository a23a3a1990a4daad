/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_LANES_H
#define HR_OPS_WINDOW_WIN_LANES_H
/* Windows of time four rows at a time: lanes of a take (win_take.h) in vectors. Groups are told by
 * the rows' places; one that a call ends in is gone over anew by the next. */
#include "ops/window/win_chunks.h"

/** Groups of lanes of [from, to), by the first lane of each. */
#define HR_LANES_EACH(g, from, to)                                                                 \
    _Pragma("GCC unroll 4") for (uint32_t g = from; g < (to); g += HR_WIN_GROUP)

/** Rows of the ring from place p on, the first of a group. */
HR_INLINE double *hr_lanes_rows(const hr_chunk_place *at, uint64_t p)
{
    return at->ring.rows + (p & (at->w->cap - 1));
}

/** The lanes of v from `at` on are put into those of group g; those before it are as they were. */
HR_INLINE void hr_lanes_set(hr_v4 *lanes, uint32_t g, uint32_t at, const hr_v4 *v)
{
    hr_v4 one = *v;
    if (HR_UNLIKELY(at > g)) {
        one = lanes[g / HR_WIN_GROUP];
        hr_v4_first(&one, at - g, v);
    }
    lanes[g / HR_WIN_GROUP] = one;
}

/** The most rows of the windows of lanes [i, to). */
HR_INLINE uint32_t hr_lanes_most(const hr_take *t, uint32_t i, uint32_t to)
{
    uint32_t most = 1;
    for (; i < to; i++)
        most = HR_MAX(most, (uint32_t)t->held[i]);
    return most;
}

/** Rows that are `back` before the newest of their window, none where it holds fewer. */
HR_INLINE void hr_lanes_keep(hr_v4 *v, const hr_v4 *held, uint32_t back, const hr_v4 *none)
{
    const hr_v4_bits is_out = *held <= HR_V4((double)back);
    hr_v4_pick(v, &is_out, none);
}

/** Values of all lanes: null where they are not finite. */
HR_INLINE void hr_lanes_all(double *out, hr_v4 *v)
{
    HR_LANES_EACH(g, 0, HR_WIN_TAKE)
    {
        hr_v4_or_null(&v[g / HR_WIN_GROUP]);
        hr_v4_store(out + g, &v[g / HR_WIN_GROUP]);
    }
}

/** Values of the lanes of rows: null too where the window has lost rows. */
HR_INLINE void hr_lanes_some(double *out, hr_v4 *v, const hr_take *t)
{
    const hr_v4 null = HR_V4((double)NAN);
    HR_LANES_EACH(g, 0, t->to)
    {
        hr_v4 held;
        hr_v4_load(&held, t->held + g);
        hr_v4_or_null(&v[g / HR_WIN_GROUP]);
        hr_lanes_keep(&v[g / HR_WIN_GROUP], &held, 0, &null);
    }
    for (uint32_t i = t->at; i < t->to; i++)
        out[t->row[i]] = v[i / HR_WIN_GROUP][i % HR_WIN_GROUP];
}

#endif
