/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_RING_H
#define HR_OPS_WINDOW_WIN_RING_H
/* What all windows share: the head of a state, the rows that it holds, what is aggregated. */
#include <math.h>
#include <string.h>

#include "expr/op.h"

#define HR_WIN_WIDTH_MAX 7u

/** In front of every state of this group. Rows are counted from 0 over all that came. */
typedef struct hr_win {
    int64_t width_ns; /* 0: by rows */
    int64_t newest;
    int64_t lost; /* newest time of the rows that there was no room for */
    int64_t origin;
    uint64_t from, end; /* rows of the window: [from, end) */
    uint64_t cap;       /* of the ring, a power of two */
    uint32_t n;         /* rows: of the window, or what it holds at most */
    uint32_t block, at; /* rows: of a block, and rows in this one */
    union {
        uint32_t odd_block;   /* of aggregates: which half of the slots this block has */
        uint32_t has_no_tree; /* of rows in order: 1 where calls of many rows did without */
    };
    double arg;
    double prefix[HR_WIN_WIDTH_MAX], suffix[HR_WIN_WIDTH_MAX], full[HR_WIN_WIDTH_MAX];
} hr_win;

#define HR_WIN_HEAD 256u
_Static_assert(sizeof(hr_win) <= HR_WIN_HEAD && HR_WIN_HEAD % 64 == 0, "head of a window");

/** Of two runs of rows that are joined: the rows of each, and the part that they are of both. */
typedef struct hr_fold_part {
    double na, nb, pa, pb;
} hr_fold_part;

/** per: one by the rows of both. */
HR_INLINE hr_fold_part hr_fold_parts_of(double na, double nb, double per)
{
    return (hr_fold_part){.na = na, .nb = nb, .pa = na * per, .pb = nb * per};
}

/** What is aggregated. The functions are leaves that are inlined. */
typedef struct hr_fold {
    unsigned width;    /* doubles of an aggregate */
    unsigned n_in;     /* columns */
    bool against_time; /* the place (row number, or ns) is the first of the pair, x the second */
    void (*lift)(double *a, double x, double y);
    /** out := a and b; out may be a or b. Of rows far more than others, they are a. */
    void (*join)(double *out, const double *a, const double *b, const hr_fold_part *p);
    /** By time: a run of n rows, a power of two, is made ready to be joined with others; NULL: it
     * is. */
    void (*settle)(double *a, double n, double per_n);
    double (*value)(const double *a, double n, double per_n);
} hr_fold;

HR_INLINE double hr_win_or_null(double v)
{
    return v - v == 0 ? v : (double)NAN;
}

HR_INLINE bool hr_win_is_null(double v)
{
    return !(v - v == 0);
}

HR_INLINE uint64_t hr_win_cap(uint64_t rows)
{
    uint64_t cap = 2;
    while (cap < rows)
        cap *= 2;
    return cap;
}

HR_INLINE uint64_t hr_win_line(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

#define HR_WIN_CHUNK 32u /* rows of time that are one where they are whole */

/** Rows of the ring of a window: those that it holds, and of time those that come together before
 * it is looked at. */
HR_INLINE uint64_t hr_win_ring(const hr_op_args *a)
{
    uint64_t n = a->is_time[0] ? (uint64_t)a->max_rows + HR_WIN_CHUNK : (uint64_t)a->v[0];
    return hr_win_cap(n + 1);
}

HR_INLINE void hr_win_init(hr_win *w, const hr_op_args *a)
{
    bool by_time = a->is_time[0];
    w->width_ns = by_time ? (int64_t)a->v[0] : 0;
    w->newest = INT64_MIN;
    w->lost = INT64_MIN;
    w->n = by_time ? a->max_rows : (uint32_t)a->v[0];
    w->block = w->n / 2 > 0 ? w->n / 2 : 1;
    w->cap = hr_win_ring(a);
    w->arg = a->v[1];
}

/** A state that begins: what is behind the head is as it was. */
HR_INLINE hr_win *hr_win_begin(void *state, const hr_op_args *a)
{
    memset(state, 0, HR_WIN_HEAD);
    hr_win_init(state, a);
    return state;
}

/** Of a state from a file: arguments and room are those of a fresh one, and the rows of the window
 * no more than it holds. */
bool hr_win_is_sound(const hr_win *w, const hr_op_args *a, uint64_t cap);

/** The oldest time that is not in the window any more. */
HR_INLINE int64_t hr_win_edge(const hr_win *w)
{
    return w->newest < INT64_MIN + w->width_ns ? INT64_MIN : w->newest - w->width_ns;
}

/** First row of [from, end) that is newer than the edge: O(log) of how many are not. */
HR_INLINE uint64_t hr_win_oldest(const int64_t *ts, uint64_t mask, uint64_t from, uint64_t end,
                                 int64_t edge)
{
    if (from == end || ts[from & mask] > edge) return from;
    uint64_t step = 1; /* ts[from] has left */
    while (end - from > step && ts[(from + step) & mask] <= edge) {
        from += step;
        step *= 2;
    }
    uint64_t to = end - from > step ? from + step : end;
    while (to - from > 1) {
        uint64_t mid = from + (to - from) / 2;
        if (ts[mid & mask] <= edge) {
            from = mid;
        } else {
            to = mid;
        }
    }
    return to;
}

/** A row comes, rows leave. False: rows of this window were lost, it has no value. */
HR_INLINE bool hr_win_pass(hr_win *w, int64_t *ts, int64_t t)
{
    uint64_t mask = w->cap - 1;
    if (w->end == 0) w->origin = t;
    if (t > w->newest) w->newest = t;
    int64_t edge = hr_win_edge(w);
    w->from = hr_win_oldest(ts, mask, w->from, w->end, edge);
    if (w->end - w->from == w->n) w->lost = ts[w->from++ & mask];
    ts[w->end++ & mask] = w->newest;
    return w->lost <= edge;
}

HR_INLINE void hr_fold_copy(double *to, const double *from, const hr_fold *k)
{
    for (unsigned i = 0; i < k->width; i++)
        to[i] = from[i];
}

/** The slots of a row: its value, or null where it has none. False: null. */
HR_INLINE bool hr_fold_lift(double *a, const hr_fold *k, const hr_op_rows *r, uint32_t i,
                            double place)
{
    double x = r->in[0][i];
    double y = k->n_in > 1 ? r->in[1][i] : 0;
    if (HR_UNLIKELY(hr_win_is_null(x) || hr_win_is_null(y))) return false;
    if (k->against_time) {
        k->lift(a, place, x);
    } else {
        k->lift(a, x, y);
    }
    return true;
}

#endif
