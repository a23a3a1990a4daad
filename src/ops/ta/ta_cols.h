/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_TA_TA_COLS_H
#define HR_OPS_TA_TA_COLS_H
/* What indicators are made of by columns of at most HR_TA_CHUNK rows, once for each tier. A value
 * is told by the rows of its window alone, or by its place among all rows, in an order of
 * operations that no cut and no tier changes: vectors go over rows, never along a sum. */
#include <string.h>

#include "ops/ta/ta_parts.h"
#include "ops/ta/ta_wide.h"

/* Four rows; of any place. */
typedef double hr_ta_rows4 HR_VECTOR(32) HR_ALIGNED(8);
#define HR_TA_AT(p) (*(const hr_ta_rows4 *)(const void *)(p))
#define HR_TA_TO(p) (*(hr_ta_rows4 *)(void *)(p))

/* the part of four rows that begins at row h: a whole register of the tier */
#if HR_TA_WIDE == 4
#define HR_TA_PART(v, h) (v)
#else
#define HR_TA_PART(v, h)                                                                           \
    ((h) == 0 ? __builtin_shufflevector(v, v, 0, 1) : __builtin_shufflevector(v, v, 2, 3))
#endif

#define HR_TA_COLUMN(name) double name[HR_TA_CHUNK] HR_UNINIT HR_ALIGNED(32)
#define HR_TA_ROOM(name) double name[HR_TA_SPAN] HR_UNINIT HR_ALIGNED(32)
/* for a compiler that takes m for 0 */
#define HR_TA_COLUMN_0(name)                                                                       \
    HR_TA_COLUMN(name);                                                                            \
    name[0] = 0

/** All rows in chunks through cols; rows with a null are taken out before and put back behind. */
void HR_TA_FN(chunks)(hr_ta *s, const hr_op_rows *r, hr_ta_shape shape, hr_ta_cols_fn cols);

#define HR_TA_EXPONENT(e) ((int64_t)(1023 + (e)) << 52)

/** Whether values up to this size, as bits, are finite. Products of two and sums of any number of
 *  values below 2^300 are finite: until there was a larger one, and where nothing is divided,
 *  nothing has to be cleaned. */
HR_INLINE bool hr_ta_is_told(hr_ta *s, int64_t most)
{
    if (most < HR_TA_EXPONENT(300)) return true;
    s->is_wild = true;
    return most < HR_TA_EXPONENT(1024);
}

/** The same of what hr_wide_take went through. */
HR_INLINE bool hr_ta_is_taken(hr_ta *s, hr_wide_bits most)
{
    int64_t all = most[0];
    for (int k = 1; k < HR_TA_WIDE; k++)
        all = all > most[k] ? all : most[k];
    return hr_ta_is_told(s, all);
}

/** Whether no row has a null. */
bool HR_TA_FN(is_clean)(hr_ta *s, const double *const *x, int n_in, uint32_t m);

/** Whether no value is null. */
bool HR_TA_FN(is_whole)(const double *x, uint32_t m);

/** The next m values of f, NaN before the first; y may be x. */
void HR_TA_FN(lin)(hr_ta_lin *f, const double *x, double *y, uint32_t m);
/** v = v + c (x - v), c of each row; the first value of all is the first x. y may be x or c. */
void HR_TA_FN(lin_each)(hr_ta_lin *f, const double *c, const double *x, double *y, uint32_t m);

/** Averages v of one factor a and of as many rows so far, side by side, and what they make, null
 *  where that is not finite. x: the columns they are of, overwritten; y may be they, in order. */
/** 100 v0 / (v0 + v1) */
void HR_TA_FN(lins_share)(hr_ta_lin *f, double *const *x, double *const *y, uint32_t m);
/** 100 |v0 - v1| / (v0 + v1) */
void HR_TA_FN(lins_apart)(hr_ta_lin *f, double *const *x, double *const *y, uint32_t m);
/** 100 v0 / v2, 100 v1 / v2 */
void HR_TA_FN(lins_by_third)(hr_ta_lin *f, double *const *x, double *const *y, uint32_t m);

/** Sums since the first row; y may be x. Those of a chunk go into the pair sum[0] at its end; in
 *  lin[2] what its rows so far make. */
void HR_TA_FN(pile)(hr_ta *s, const double *x, double *y, uint32_t m);
/** Products since the first row, from base on, what cannot be told (NaN, or past the range) being
 *  no change. y is not times. */
void HR_TA_FN(follow)(hr_ta_lin *f, const double *times, double *y, uint32_t m);

/* w: n - 1 + m values, the window of row i at w[i]; n <= HR_TA_SMALL. */
/** Times by. */
void HR_TA_FN(sums)(double *y, const double *w, double by, uint32_t n, uint32_t m);
/** How far each of the last cap rows is from the one before it, added; v[0]: the row before, of the
 *  first row itself. */
void HR_TA_FN(ways)(hr_ta *s, int j, const double *x, uint32_t m, double *y);
/** What the sums a, b of two windows make, null where that is not finite: */
typedef enum hr_ta_ratio {
    HR_TA_RATIO,      /* a / b times */
    HR_TA_RATIO_MORE, /* the same, added to what y is */
    HR_TA_SHARE,      /* a / (a + b) times */
    HR_TA_BALANCE,    /* (a - b) / (a + b) times */
} hr_ta_ratio;
void HR_TA_FN(ratios)(double *y, const double *const *w, hr_ta_ratio how, double times, uint32_t n,
                      uint32_t m);
/** Each times its weight, the oldest first; added. */
void HR_TA_FN(weighed)(double *y, const double *w, const double *weight, uint32_t n, uint32_t m);
/** Slope of the least squares line. */
void HR_TA_FN(slopes)(double *y, const double *w, uint32_t n, uint32_t m);
/** Distances from mean[i], added. */
void HR_TA_FN(distances)(double *y, const double *w, const double *mean, uint32_t n, uint32_t m);
/** Variances (by n), or with a root above 0 the root times their roots, in y[0], means in y[1]; of
 *  the windows of ring j, and of an input. */
void HR_TA_FN(variances)(hr_ta *s, int j, const double *w, double *const *y, uint32_t m,
                         double root);
void HR_TA_FN(variances_in)(hr_ta *s, int j, const double *x, double *const *y, uint32_t m,
                            double root);
/** Largest and smallest. */
void HR_TA_FN(tops)(double *y, const double *w, uint32_t n, uint32_t m);
void HR_TA_FN(lows)(double *y, const double *w, uint32_t n, uint32_t m);
/** Rows since the largest, the smallest, of equal ones the newest. */
void HR_TA_FN(since_top)(double *y, const double *w, uint32_t n, uint32_t m);
void HR_TA_FN(since_low)(double *y, const double *w, uint32_t n, uint32_t m);

HR_INLINE double hr_ta_more(double a, double b)
{
    return a > b ? a : b;
}

HR_INLINE double hr_ta_less_of(double a, double b)
{
    return a < b ? a : b;
}

HR_INLINE double hr_ta_or_null(double x)
{
    return x - x == 0 ? x : (double)NAN;
}

/** Where rows before the first of all that counts end, among the m at hand. */
HR_INLINE uint32_t hr_ta_skip(const hr_ta *s, uint64_t first, uint32_t m)
{
    if (s->seen >= first) return 0;
    return first - s->seen < m ? (uint32_t)(first - s->seen) : m;
}

/** Nulls before the first row that has a value. */
HR_INLINE void hr_ta_blank(const hr_ta *s, uint64_t first, double *y, uint32_t m)
{
    uint32_t n = hr_ta_skip(s, first, m);
    for (uint32_t i = 0; i < n; i++)
        y[i] = (double)NAN;
}

/** The window's rows before these and these, in order: HR_TA_SPAN at most. Keeps the last ones. */
HR_INLINE void hr_ta_span(hr_ta *s, int j, const double *x, uint32_t m, double *w)
{
    double *kept = hr_ta_values(s, &s->ring[j]);
    size_t back = s->ring[j].cap - 1;
    memcpy(w, kept, back * sizeof *w);
    memcpy(w + back, x, m * sizeof *w);
    memcpy(kept, w + m, back * sizeof *w);
}

/** The row before each; of the first of all 0. v[k] keeps the last. */
HR_INLINE void hr_ta_before(hr_ta *s, int k, const double *x, uint32_t m, double *y)
{
    y[0] = s->v[k];
    memcpy(y + 1, x, (m - 1) * sizeof *y);
    s->v[k] = x[m - 1];
}

/** As hr_ta_before of an input: where they lie, else in room. v[k] stays, until hr_ta_past. */
HR_INLINE const double *hr_ta_last(const hr_ta *s, int k, const double *x, uint32_t m, double *room)
{
    if (s->behind > 0) return x - 1;
    room[0] = s->v[k];
    memcpy(room + 1, x, (m - 1) * sizeof *room);
    return room;
}

HR_INLINE void hr_ta_past(hr_ta *s, int k, const double *x, uint32_t m)
{
    s->v[k] = x[m - 1];
}

/** As hr_ta_span of an input: where they lie, else in room. */
HR_INLINE const double *hr_ta_window(hr_ta *s, int j, const double *x, uint32_t m, double *room)
{
    size_t back = s->ring[j].cap - 1;
    if (s->behind < back) {
        hr_ta_span(s, j, x, m, room);
        return room;
    }
    memcpy(hr_ta_values(s, &s->ring[j]), x + m - back, back * sizeof *x);
    return x - back;
}

/** Where a column that is made here goes: behind the window's rows before, in room. */
HR_INLINE double *hr_ta_lead(hr_ta *s, int j, double *room)
{
    size_t back = s->ring[j].cap - 1;
    memcpy(room + HR_TA_SMALL - back, hr_ta_values(s, &s->ring[j]), back * sizeof *room);
    return room + HR_TA_SMALL;
}

/** Its windows, when all of it is there. */
HR_INLINE const double *hr_ta_keep(hr_ta *s, int j, const double *x, uint32_t m)
{
    size_t back = s->ring[j].cap - 1;
    memcpy(hr_ta_values(s, &s->ring[j]), x + m - back, back * sizeof *x);
    return x - back;
}

/** Values of cap rows before these; 0 where there is none. y is not x. Any cap. */
HR_INLINE void hr_ta_lag(hr_ta *s, int j, const double *x, uint32_t m, double *y)
{
    hr_ta_ring *r = &s->ring[j];
    double *kept = hr_ta_values(s, r);
    size_t all = m < r->cap ? m : r->cap;
    size_t head = all < r->cap - r->at ? all : r->cap - r->at;
    memcpy(y, kept + r->at, head * sizeof *y);
    memcpy(y + head, kept, (all - head) * sizeof *y);
    memcpy(y + all, x, (m - all) * sizeof *y); /* a cap below m: what came in goes out again */
    x += m - all;
    memcpy(kept + r->at, x, head * sizeof *y);
    memcpy(kept, x + head, (all - head) * sizeof *y);
    r->at = (uint32_t)((r->at + all) % r->cap);
}

/** As hr_ta_lag of an input: where they lie, else in room. */
HR_INLINE const double *hr_ta_old(hr_ta *s, int j, const double *x, uint32_t m, double *room)
{
    hr_ta_ring *r = &s->ring[j];
    if (s->behind < r->cap || m < r->cap) {
        hr_ta_lag(s, j, x, m, room);
        return room;
    }
    memcpy(hr_ta_values(s, r), x + m - r->cap, r->cap * sizeof *x);
    r->at = 0;
    return x - r->cap;
}

/** Means of the last cap rows of an input. */
HR_INLINE void hr_ta_means_in(hr_ta *s, int j, const double *x, uint32_t m, double *y)
{
    HR_TA_ROOM(room);
    uint32_t n = s->ring[j].cap;
    const double *w = hr_ta_window(s, j, x, m, room);
    HR_TA_FN(sums)(y, w, 1.0 / n, n, m);
}

/** Means of the last cap rows; y may be x. */
HR_INLINE void hr_ta_means(hr_ta *s, int j, const double *x, uint32_t m, double *y)
{
    HR_TA_ROOM(w);
    uint32_t n = s->ring[j].cap;
    hr_ta_span(s, j, x, m, w);
    HR_TA_FN(sums)(y, w, 1.0 / n, n, m);
}

/** Values that are not null go to the front; how many. row: where each was, where not all are. */
HR_INLINE uint32_t hr_ta_told(double *x, uint32_t m, uint32_t *row)
{
    uint32_t n = 0;
    if (HR_TA_FN(is_whole)(x, m)) return m;
    for (uint32_t i = 0; i < m; i++) {
        row[n] = i;
        x[n] = x[i];
        n += isfinite(x[i]) ? 1u : 0u;
    }
    return n;
}

typedef struct hr_ta_rest {
    const double *x; /* values of those that were told */
    const uint32_t *row;
    uint32_t n, m; /* told, and all rows */
} hr_ta_rest;

/** The other way, from the one on that has rows rows of its own; null elsewhere. v[k] counts. */
HR_INLINE void hr_ta_put_back(hr_ta *s, int k, uint32_t rows, hr_ta_rest r, double *y)
{
    bool is_early = s->v[k] >= 0 && s->v[k] + 1 < rows;
    uint32_t skip = is_early ? rows - 1 - (uint32_t)s->v[k] : 0;
    if (skip > r.n) skip = r.n;
    uint32_t null = r.n == r.m ? skip : r.m;
    for (uint32_t i = 0; i < null; i++)
        y[i] = (double)NAN;
    if (r.n == r.m)
        memcpy(y + skip, r.x + skip, (r.n - skip) * sizeof *y);
    else
        for (uint32_t i = skip; i < r.n; i++)
            y[r.row[i]] = r.x[i];
    s->v[k] += r.n;
}

/** What was set so far takes its first value at row from, not the first of all. */
HR_INLINE void hr_ta_lin_from(hr_ta_lin *f, uint32_t from)
{
    f->taken = from;
    f->lead += from;
}

/** f starts with the first value (Tulip), or the mean of the first n (TA-Lib); k: of 2 / (n + 1).
 */
HR_INLINE void hr_ta_lin_ema(hr_ta_lin *f, uint32_t n, bool is_talib)
{
    uint32_t lead = is_talib ? n : 1;
    *f = (hr_ta_lin){.a = (n - 1.0) / (n + 1.0), .k = 2 / (n + 1.0), .div = lead, .lead = lead};
}

/** Wilder's average: of k = 1 / n, from the mean of the first n. */
HR_INLINE void hr_ta_lin_wilder(hr_ta_lin *f, uint32_t n)
{
    *f = (hr_ta_lin){.a = (n - 1.0) / n, .k = 1.0 / n, .div = n, .lead = n};
}

#endif
