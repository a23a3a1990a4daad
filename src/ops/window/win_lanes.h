/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_LANES_H
#define HR_OPS_WINDOW_WIN_LANES_H
/* Windows of time of one column, four rows at a time: lanes of a take (win_take.h) in vectors.
 * Groups are told by the rows' places; one that a call ends in is gone over anew by the next. */
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

#define HR_LANES_GROUPS (HR_WIN_TAKE / HR_WIN_GROUP)

/** Rows that come together, as far as their windows are worked out: sums or extremes and, where
 * they are of two kinds, those of squares. */
typedef struct hr_lanes {
    hr_v4 now[HR_LANES_GROUPS], now_q[HR_LANES_GROUPS]; /* of the newest chunk up to each row */
    hr_v4 all[HR_LANES_GROUPS], q[HR_LANES_GROUPS];     /* of the window; then its value */
    hr_v4 lead[HR_LANES_GROUPS]; /* the newest row less what the window is told about */
} hr_lanes;

/** What rows of a call come from, and where they are told. */
typedef struct hr_lanes_rows_of {
    const hr_op_rows *r;
    const uint64_t *told; /* of one behind another, else NULL */
    uint64_t *tell;       /* NULL: nobody wants to know */
} hr_lanes_rows_of;

typedef struct hr_lanes_kind hr_lanes_kind;

/** What a family of windows does with rows that have come; leaves that are inlined. */
struct hr_lanes_kind {
    const hr_fold *fold;
    unsigned what; /* of the family */
    void (*scan)(hr_lanes *m, const hr_chunk_place *at, const hr_take *t, uint32_t n,
                 const hr_lanes_kind *k);
    /** Windows that start in one chunk or two; false: they do not, or it takes more than that. */
    bool (*together)(hr_lanes *m, const hr_chunk_place *at, const hr_take *t,
                     const hr_lanes_kind *k);
    /** Any windows, chunk by chunk. */
    void (*of_runs)(hr_lanes *m, const hr_chunk_place *at, const hr_take *t,
                    const hr_lanes_kind *k);
    void (*values)(hr_lanes *m, const hr_take *t, uint32_t n, const hr_lanes_kind *k);
    void (*put)(const hr_chunk_place *at, uint64_t chunk, const hr_lanes_kind *k);
    /** hr_lanes_each, out of line. */
    uint32_t (*each)(const hr_chunk_place *at, const hr_lanes_rows_of *of, uint32_t next);
};

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

/* Behind a window of the same rows, which has taken those of this call: its place before them. What
 * a state says that was forged is not gone by. */
HR_INLINE void hr_lanes_catch_up(const hr_chunk_place *at, const hr_win *ahead,
                                 const uint64_t *told, uint32_t n)
{
    uint64_t first = UINT64_MAX;
    uint64_t n_rows = 0;
    for (uint32_t i = 0; i < n; i++) {
        n_rows += told[i] != HR_TAKE_NULL;
        first = HR_MIN(first, told[i] & ~HR_TAKE_LOST);
    }
    const uint64_t end = ahead->end - n_rows;
    if (HR_LIKELY(at->w->end == end && at->w->from <= first)) return;
    at->w->end = end;
    at->w->from = HR_MIN(first, end);
    at->c->lo = at->c->hi = 0;
    at->c->turned[0] = at->c->turned[1] = 0;
}

/** Rows up to the end of a group, some of them null or late, or fewer than a group; the next row.
 */
HR_INLINE uint32_t hr_lanes_each(const hr_chunk_place *at, const hr_lanes_rows_of *of,
                                 uint32_t first, const hr_lanes_kind *k)
{
    const hr_op_rows *r = of->r;
    hr_take t HR_UNINIT;
    hr_lanes m HR_UNINIT;
    uint32_t next;
    if (of->told != NULL)
        next = hr_take_told_each(&t, at->w, of->told, r->out[0], first, r->n);
    else
        next = hr_take_each(&t, at->w, &at->ring, r, first, k->fold);
    if (of->tell != NULL) hr_take_tell(of->tell, &t, first, next);
    if (t.to == t.at) return next;
    k->scan(&m, at, &t, t.to, k);
    k->of_runs(&m, at, &t, k);
    k->values(&m, &t, t.to, k);
    hr_lanes_some(r->out[0], m.all, &t);
    if (at->w->end % HR_WIN_CHUNK == 0) k->put(at, t.first / HR_WIN_CHUNK, k);
    return next;
}

/** A window that takes rows itself, and tells them where somebody wants to know (r->out[1]); or one
 * that comes behind it, in whose ring they are. */
HR_INLINE void hr_lanes_run(const hr_chunk_place *at, const hr_op_rows *r, const hr_lanes_kind *k,
                            bool is_behind)
{
    hr_take t HR_UNINIT;
    hr_lanes m HR_UNINIT;
    hr_lanes_rows_of of = {.r = r};
    if (is_behind) {
        of.told = (const uint64_t *)(const void *)r->in[1];
        hr_lanes_catch_up(at, r->ahead, of.told, r->n);
    } else {
        of.tell = (uint64_t *)(void *)r->out[1];
        hr_take_prefetch(at->w, &at->ring, r->n);
    }
    for (uint32_t next = 0; next < r->n;) {
        const bool is_plain = is_behind ? hr_take_told_plain(&t, at->w, of.told, next, r->n)
                                        : hr_take_plain(&t, at->w, &at->ring, r, next, k->fold);
        if (HR_UNLIKELY(!is_plain)) {
            next = k->each(at, &of, next);
            continue;
        }
        if (of.tell != NULL) memcpy(of.tell + next, t.from, sizeof t.from);
        hr_take_held(&t);
        k->scan(&m, at, &t, HR_WIN_TAKE, k);
        if (HR_UNLIKELY(!k->together(&m, at, &t, k))) k->of_runs(&m, at, &t, k);
        k->values(&m, &t, HR_WIN_TAKE, k);
        hr_lanes_all(r->out[0] + next, m.all);
        next += HR_WIN_TAKE;
        if (at->w->end % HR_WIN_CHUNK == 0) k->put(at, t.first / HR_WIN_CHUNK, k);
    }
}

/** The operators name_time and name_behind, of the family whose leaves the file has. */
#define HR_LANES_OP(name, fold_, what_, of_runs_, put_)                                            \
    static HR_NOINLINE uint32_t name##_each(const hr_chunk_place *at, const hr_lanes_rows_of *of,  \
                                            uint32_t next);                                        \
    static const hr_lanes_kind name##_kind = {.fold = fold_,                                       \
                                              .what = what_,                                       \
                                              .scan = scan,                                        \
                                              .together = together,                                \
                                              .of_runs = of_runs_,                                 \
                                              .values = values,                                    \
                                              .put = put_,                                         \
                                              .each = name##_each};                                \
    static uint32_t name##_each(const hr_chunk_place *at, const hr_lanes_rows_of *of,              \
                                uint32_t next)                                                     \
    {                                                                                              \
        return hr_lanes_each(at, of, next, &name##_kind);                                          \
    }                                                                                              \
    void HR_WIN_FN(name##_time)(void *state, const hr_op_rows *r)                                  \
    {                                                                                              \
        const hr_chunk_place at = hr_chunk_place_of(state, fold_);                                 \
        hr_lanes_run(&at, r, &name##_kind, false);                                                 \
    }                                                                                              \
    void HR_WIN_FN(name##_behind)(void *state, const hr_op_rows *r)                                \
    {                                                                                              \
        const hr_chunk_place at = hr_chunk_place_behind(state, r->ahead, fold_);                   \
        hr_lanes_run(&at, r, &name##_kind, true);                                                  \
    }

#endif
