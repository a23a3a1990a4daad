/* SPDX-License-Identifier: Apache-2.0 */
/* States from a file: their heads, and those that are aggregates of blocks or chunks. The others
 * are looked at where their parts are known. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

/* Nobody counts so far, and nothing wraps around behind it. */
#define ROWS_EVER (UINT64_C(1) << 62)

bool hr_win_is_sound(const hr_win *w, const hr_op_args *a, uint64_t cap)
{
    hr_win fresh = {0};
    hr_win_init(&fresh, a);
    bool ok = w->width_ns == fresh.width_ns && w->n == fresh.n && w->block == fresh.block &&
              w->cap == cap && memcmp(&w->arg, &fresh.arg, sizeof w->arg) == 0;
    ok = ok && w->from <= w->end && w->end <= ROWS_EVER;
    return ok && (w->width_ns == 0 || w->end - w->from <= w->n);
}

/* Starts go up to the peak, a node from each to the next and each wider than the one before: never
 * more than the tree has levels, and what a chunk that leaves puts on is narrower. */
static bool starts_are_sound(const hr_chunks *c)
{
    uint64_t to = c->peak;
    unsigned before = 64;
    for (uint64_t i = 0; i < c->n_starts; i++) {
        if (c->start[i] >= to) return false;
        uint64_t wide = to - c->start[i];
        unsigned level = (unsigned)__builtin_ctzll(wide);
        if (wide >> level != 1 || c->start[i] % wide != 0 || level >= before) return false;
        before = level;
        to = c->start[i];
    }
    return to == c->lo;
}

/* Starts of windows never go back. */
static bool times_are_sound(const hr_win *w, const int64_t *ts)
{
    int64_t before = INT64_MIN;
    for (uint64_t p = w->from; p < w->end; p++) {
        int64_t t = ts[p & (w->cap - 1)];
        if (t < before) return false;
        before = t;
    }
    return before <= w->newest;
}

/* Their values may be any. A middle that is not as near the window as it was left is made anew or
 * goes on to where the window is now. */
static bool chunks_are_sound(const hr_win *w, const hr_chunks *c)
{
    if (c->lo >= c->hi) return true; /* made anew when it is asked for */
    bool ok = c->lo <= w->from / HR_WIN_CHUNK + 1 && c->hi <= w->end / HR_WIN_CHUNK &&
              c->hi - c->lo <= w->cap / HR_WIN_CHUNK;
    ok = ok && c->lo < c->peak && c->peak <= c->hi;
    return ok && c->n_starts >= 1 && c->n_starts <= HR_WIN_LEVELS && starts_are_sound(c);
}

bool hr_fold_is_sound(const void *state, const hr_op_args *a)
{
    const hr_win *w = state;
    if (!hr_win_is_sound(w, a, hr_win_ring(a))) return false;
    if (w->width_ns == 0) return w->at < w->block && w->odd_block <= 1;
    const hr_chunks *c = (const hr_chunks *)(const void *)((const char *)w + HR_WIN_HEAD);
    return times_are_sound(w, (const int64_t *)(const void *)(c + 1)) && chunks_are_sound(w, c);
}

/* Whether its rows are those of the window ahead is seen when it runs. */
bool hr_win_is_sound_behind(const void *state, const hr_op_args *a)
{
    const hr_win *w = state;
    return hr_win_is_sound(w, a, hr_win_ring(a)) &&
           chunks_are_sound(w, (const hr_chunks *)(const void *)((const char *)w + HR_WIN_HEAD));
}

#define FOLD(size)                                                                                 \
    bool hr_win_is_sound_##size(const void *state, const hr_op_args *a)                            \
    {                                                                                              \
        return hr_fold_is_sound(state, a);                                                         \
    }
FOLD(one)
FOLD(moments)
FOLD(four)
FOLD(five)
