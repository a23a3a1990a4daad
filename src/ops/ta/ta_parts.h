/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_TA_TA_PARTS_H
#define HR_OPS_TA_TA_PARTS_H
/* What the indicators of ta_*.c are put together from: one state for all of them, rings of values
 * behind it, sums of windows that do not drift, the newest largest value of a window.
 *
 * Sums are kept as pairs of doubles (106 bits), and every cap rows the sum is replaced by one that
 * was started from nothing cap rows ago: what left the window is out of it for good. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "expr/op.h"

#define HR_TA_ARGS 4
#define HR_TA_CARRIED 11
#define HR_TA_RINGS 6
#define HR_TA_LINS 3
#define HR_TA_CHUNK 256 /* rows at a time, at most; one begins where seen is a multiple */
#define HR_TA_SMALL 64
#define HR_TA_STRIPE 16
#define HR_TA_SPAN (HR_TA_CHUNK + HR_TA_SMALL)

typedef struct hr_ta_pair {
    double hi, lo;
} hr_ta_pair;

typedef struct hr_ta_ring {
    uint32_t off; /* of its values, from the state */
    uint32_t cap;
    uint32_t at; /* where the next value goes; of a peak, its oldest */
    uint32_t len;
} hr_ta_ring;

typedef struct hr_ta_sum {
    hr_ta_pair now, fresh;
} hr_ta_sum;

/* v = a v + k x, from a first value that is the mean (or what div makes of the sum) of the first
 * values, up to lead. Rows go by HR_TA_STRIPE: those of a stripe are powers of a times the value
 * before it and what its rows add, so that stripes go side by side. */
typedef struct hr_ta_lin {
    double a, k, div;
    double base; /* before this stripe; until lead the sum */
    double part; /* what its rows so far add */
    double last;
    uint32_t lead, spare;
    uint64_t
        taken; /* values, and the rows before the first of them: stripes are those of all rows */
} hr_ta_lin;

typedef struct hr_ta {
    size_t bytes;
    uint64_t seen;     /* rows before this one, or before those at hand */
    uint16_t is_small; /* no window is over HR_TA_SMALL rows: its last rows are kept in order */
    uint16_t is_wild;  /* there was a value of 2^300 or more */
    uint32_t behind;   /* rows right before those at hand in the inputs' columns; 0 between calls */
    uint32_t n[HR_TA_ARGS];
    double p[HR_TA_ARGS]; /* arguments as they are */
    double v[HR_TA_CARRIED];
    hr_ta_ring ring[HR_TA_RINGS];
    hr_ta_sum sum[HR_TA_RINGS];
    hr_ta_lin lin[HR_TA_LINS];
} hr_ta;

_Static_assert(sizeof(hr_ta) % 64 == 0, "rings behind a state start on a line");

typedef void (*hr_ta_setup_fn)(hr_ta *s);
typedef void (*hr_ta_step_fn)(hr_ta *s, const double *x, double *y);
/* m rows of columns without a null; what is not finite in y becomes null behind it */
typedef void (*hr_ta_cols_fn)(hr_ta *s, uint32_t m, const double *const *x, double *const *y);

HR_INLINE hr_ta_pair hr_ta_two(double a, double b)
{
    double s = a + b;
    double c = s - a;
    return (hr_ta_pair){s, (a - (s - c)) + (b - c)};
}

HR_INLINE hr_ta_pair hr_ta_plus(hr_ta_pair a, hr_ta_pair b)
{
    hr_ta_pair s = hr_ta_two(a.hi, b.hi);
    hr_ta_pair t = hr_ta_two(a.lo, b.lo);
    s = hr_ta_two(s.hi, s.lo + t.hi);
    return hr_ta_two(s.hi, s.lo + t.lo);
}

HR_INLINE hr_ta_pair hr_ta_less(hr_ta_pair a, hr_ta_pair b)
{
    return hr_ta_plus(a, (hr_ta_pair){-b.hi, -b.lo});
}

/** a * b, exactly. */
HR_INLINE hr_ta_pair hr_ta_product(double a, double b)
{
    double p = a * b;
    return (hr_ta_pair){p, fma(a, b, -p)};
}

HR_INLINE hr_ta_pair hr_ta_times(hr_ta_pair a, hr_ta_pair b)
{
    hr_ta_pair p = hr_ta_product(a.hi, b.hi);
    return hr_ta_two(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

HR_INLINE hr_ta_pair hr_ta_one(double x)
{
    return (hr_ta_pair){x, 0};
}

/** Room for a ring of cap values, for setup functions; doubled for a peak. */
HR_INLINE void hr_ta_room(hr_ta *s, int j, uint32_t cap, uint32_t each)
{
    if (s->bytes == SIZE_MAX) return;
    s->ring[j] = (hr_ta_ring){.off = (uint32_t)s->bytes, .cap = cap};
    s->bytes += (size_t)cap * each * sizeof(double);
}

HR_INLINE double *hr_ta_values(hr_ta *s, const hr_ta_ring *r)
{
    return (double *)(void *)((char *)s + r->off);
}

/** The value that goes out for it, of cap rows before; 0 while there is none. */
HR_INLINE double hr_ta_push(hr_ta *s, int j, double x)
{
    hr_ta_ring *r = &s->ring[j];
    double *slot = &hr_ta_values(s, r)[r->at];
    double old = *slot;
    *slot = x;
    r->at = r->at + 1 == r->cap ? 0 : r->at + 1;
    r->len += r->len < r->cap;
    return old;
}

HR_INLINE bool hr_ta_is_full(const hr_ta *s, int j)
{
    return s->ring[j].len == s->ring[j].cap;
}

/** The value of k rows before the newest, k < cap. */
HR_INLINE double hr_ta_ago(hr_ta *s, int j, uint32_t k)
{
    const hr_ta_ring *r = &s->ring[j];
    uint32_t i = r->at + r->cap - 1 - k;
    return hr_ta_values(s, r)[i >= r->cap ? i - r->cap : i];
}

HR_INLINE void hr_ta_slide(hr_ta_sum *m, hr_ta_pair in, hr_ta_pair gone, bool renew)
{
    m->now = hr_ta_plus(hr_ta_less(m->now, gone), in);
    m->fresh = hr_ta_plus(m->fresh, in);
    if (!renew) return;
    m->now = m->fresh;
    m->fresh = (hr_ta_pair){0, 0};
}

/** Takes x into ring j and its sum, and gives the sum. */
HR_INLINE double hr_ta_roll(hr_ta *s, int j, double x)
{
    double old = hr_ta_push(s, j, x);
    hr_ta_slide(&s->sum[j], hr_ta_one(x), hr_ta_one(old), s->ring[j].at == 0);
    return s->sum[j].now.hi;
}

/** As hr_ta_roll, and the sum of squares into sum j + 1. */
HR_INLINE double hr_ta_roll_squares(hr_ta *s, int j, double x)
{
    double old = hr_ta_push(s, j, x);
    bool renew = s->ring[j].at == 0;
    hr_ta_slide(&s->sum[j], hr_ta_one(x), hr_ta_one(old), renew);
    hr_ta_slide(&s->sum[j + 1], hr_ta_product(x, x), hr_ta_product(old, old), renew);
    return s->sum[j].now.hi;
}

/** As hr_ta_roll for sum k, and into sum k + 1 the values weighed by 1 (the oldest) to cap. */
HR_INLINE double hr_ta_roll_weighed(hr_ta *s, int j, int k, double x)
{
    hr_ta_sum *m = &s->sum[k + 1];
    double place = s->ring[j].at + 1.0;
    if (hr_ta_is_full(s, j)) m->now = hr_ta_less(m->now, s->sum[k].now);
    double weight = hr_ta_is_full(s, j) ? s->ring[j].cap : s->ring[j].len + 1.0;
    double old = hr_ta_push(s, j, x);
    bool renew = s->ring[j].at == 0;
    m->now = hr_ta_plus(m->now, hr_ta_product(weight, x));
    m->fresh = hr_ta_plus(m->fresh, hr_ta_product(place, x));
    if (renew) {
        m->now = m->fresh;
        m->fresh = (hr_ta_pair){0, 0};
    }
    hr_ta_slide(&s->sum[k], hr_ta_one(x), hr_ta_one(old), renew);
    return m->now.hi;
}

/** Variance (by n) of the full ring j, whose sums are j and j + 1. What is below 1e-28 of the mean
 *  squared cannot be told from 0 and is 0. */
HR_INLINE double hr_ta_variance(const hr_ta *s, int j)
{
    double n = s->ring[j].cap;
    hr_ta_pair all = s->sum[j].now;
    hr_ta_pair d = hr_ta_less(hr_ta_times(s->sum[j + 1].now, hr_ta_one(n)), hr_ta_times(all, all));
    return d.hi <= 1e-28 * all.hi * all.hi ? 0 : d.hi / (n * n);
}

HR_INLINE void hr_ta_room_peak(hr_ta *s, int j, uint32_t cap)
{
    hr_ta_room(s, j, cap, 2);
}

/** Of a number that rows are counted in; one of a file may be any. */
HR_INLINE uint64_t hr_ta_whole(double x)
{
    return x >= 0 && x < 9e18 ? (uint64_t)x : 0;
}

/** Takes x as row s->seen into the peak of ring j: its largest of the last cap rows. Gives its row,
 *  of equal ones the newest, and the value in *top. O(log cap): what the new one hides is found by
 *  halving, since those kept go down. Smallest: give -x. */
HR_INLINE uint64_t hr_ta_peak(hr_ta *s, int j, double x, double *top)
{
    hr_ta_ring *r = &s->ring[j];
    double *value = hr_ta_values(s, r);
    double *row = value + r->cap;
    double now = (double)s->seen;
    if (r->len > 0 && row[r->at] + r->cap <= now) {
        r->at = r->at + 1 == r->cap ? 0 : r->at + 1;
        r->len--;
    }
    uint32_t low = 0;
    uint32_t high = r->len;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        uint32_t i = r->at + mid;
        if (value[i >= r->cap ? i - r->cap : i] <= x)
            high = mid;
        else
            low = mid + 1;
    }
    uint32_t i = r->at + low;
    if (i >= r->cap) i -= r->cap;
    value[i] = x;
    row[i] = now;
    r->len = low < r->cap ? low + 1 : r->cap; /* rows of a file may not go up */
    *top = value[r->at];
    return hr_ta_whole(row[r->at]);
}

HR_INLINE void hr_ta_no_setup(hr_ta *s)
{
    (void)s;
}

HR_INLINE void hr_ta_begin(hr_ta *s, const hr_op_args *a, hr_ta_setup_fn setup)
{
    *s = (hr_ta){.bytes = sizeof *s};
    for (int i = 0; i < HR_TA_ARGS; i++) {
        s->p[i] = a->v[i];
        s->n[i] = a->v[i] >= 0 && a->v[i] < 4e9 ? (uint32_t)a->v[i] : 0;
    }
    setup(s);
    s->is_small = true;
    for (int j = 0; j < HR_TA_RINGS; j++)
        if (s->ring[j].cap > HR_TA_SMALL) s->is_small = false;
}

HR_INLINE size_t hr_ta_bytes(const hr_op_args *a, hr_ta_setup_fn setup)
{
    hr_ta s;
    hr_ta_begin(&s, a, setup);
    return s.bytes == SIZE_MAX ? SIZE_MAX : (s.bytes + 63) / 64 * 64;
}

HR_INLINE void hr_ta_init(void *state, const hr_op_args *a, hr_ta_setup_fn setup)
{
    hr_ta *s = state;
    hr_ta_begin(s, a, setup);
    if (s->bytes == SIZE_MAX) return;
    double *value = (double *)(void *)(s + 1);
    size_t n = ((s->bytes + 63) / 64 * 64 - sizeof *s) / sizeof(double);
    for (size_t i = 0; i < n; i++)
        value[i] = 0;
}

/** Whether a state from a file has the rings of a fresh one, and places within them. */
bool hr_ta_is_sound(const hr_ta *s, const hr_ta *fresh, const char *fn);

/** Rows one by one through step, which is a constant where this is called. */
HR_INLINE void hr_ta_rows(hr_ta *s, const hr_op_rows *r, int n_in, int n_out, hr_ta_step_fn step)
{
    for (uint32_t i = 0; i < r->n; i++) {
        double x[HR_OP_IN_MAX];
        double y[HR_OP_OUT_MAX];
        bool is_whole = true;
        for (int j = 0; j < n_in; j++) {
            x[j] = r->in[j][i];
            is_whole = is_whole && isfinite(x[j]);
        }
        for (int j = 0; j < n_out; j++)
            y[j] = (double)NAN;
        if (is_whole) {
            step(s, x, y);
            s->seen++;
        }
        for (int j = 0; j < n_out; j++)
            r->out[j][i] = isfinite(y[j]) ? y[j] : (double)NAN;
    }
}

/* The files of the library are compiled for each tier; what a state is made of, in one of them. */
#ifdef HR_TA_AVX2
#define HR_TA_FN(fn) hr_ta_##fn##_avx2
#define HR_TA_DEFINE_STATE(fn, setup)
#else
#define HR_TA_FN(fn) hr_ta_##fn##_base
#define HR_TA_DEFINE_STATE(fn, setup)                                                              \
    size_t hr_ta_##fn##_bytes(const hr_op_args *a)                                                 \
    {                                                                                              \
        return hr_ta_bytes(a, setup);                                                              \
    }                                                                                              \
    void hr_ta_##fn##_init(void *state, const hr_op_args *a)                                       \
    {                                                                                              \
        hr_ta_init(state, a, setup);                                                               \
    }                                                                                              \
    bool hr_ta_##fn##_is_sound(const void *state, const hr_op_args *a)                             \
    {                                                                                              \
        hr_ta fresh;                                                                               \
        hr_ta_begin(&fresh, a, setup);                                                             \
        return hr_ta_is_sound(state, &fresh, #fn);                                                 \
    }
#endif

#define HR_TA_DECLARE(fn)                                                                          \
    size_t hr_ta_##fn##_bytes(const hr_op_args *a);                                                \
    void hr_ta_##fn##_init(void *state, const hr_op_args *a);                                      \
    bool hr_ta_##fn##_is_sound(const void *state, const hr_op_args *a);                            \
    void hr_ta_##fn##_base(void *state, const hr_op_rows *r);                                      \
    void hr_ta_##fn##_avx2(void *state, const hr_op_rows *r);

/* row by row */
#define HR_TA_DEFINE(fn, n_in, n_out, setup, step)                                                 \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        hr_ta_rows(state, r, n_in, n_out, step);                                                   \
    }

/* as hr_ta_cols_fn of columns that may have nulls: false where they have one, and nothing has been
 * done but to y */
typedef bool (*hr_ta_try_fn)(hr_ta *s, uint32_t m, const double *const *x, double *const *y);

typedef struct hr_ta_shape {
    int n_in, n_out;
    bool divides; /* or has a value otherwise that is not finite, of values that are */
    hr_ta_try_fn try; /* looks for nulls itself, on the way; or NULL */
} hr_ta_shape;

/* by columns */
#define HR_TA_COLS(fn, n_in, n_out, setup, cols)                                                   \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        HR_TA_FN(chunks)(state, r, (hr_ta_shape){n_in, n_out, true, NULL}, cols);                  \
    }

/* where nothing is divided, or it cannot be by 0 */
#define HR_TA_COLS_TAME(fn, n_in, n_out, setup, cols)                                              \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        HR_TA_FN(chunks)(state, r, (hr_ta_shape){n_in, n_out, false, NULL}, cols);                 \
    }

/* by columns that look for nulls themselves, clean but for what is wild */
#define HR_TA_TRY_COLS(fn)                                                                         \
    static void whole_##fn(hr_ta *s, uint32_t m, const double *const *x, double *const *y)         \
    {                                                                                              \
        (void)try_##fn(s, m, x, y);                                                                \
    }
#define HR_TA_TRY(fn, n_in, n_out, setup)                                                          \
    HR_TA_TRY_COLS(fn)                                                                             \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        HR_TA_FN(chunks)(state, r, (hr_ta_shape){n_in, n_out, false, try_##fn}, whole_##fn);       \
    }

/* by columns where windows are small */
#define HR_TA_SPLIT(fn, n_in, n_out, divides, setup, step, cols)                                   \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const hr_ta *s = state;                                                                    \
        if (s->is_small)                                                                           \
            HR_TA_FN(chunks)(state, r, (hr_ta_shape){n_in, n_out, divides, NULL}, cols);           \
        else                                                                                       \
            hr_ta_rows(state, r, n_in, n_out, step);                                               \
    }
#define HR_TA_BOTH_TRY(fn, n_in, n_out, setup, step)                                               \
    HR_TA_TRY_COLS(fn)                                                                             \
    HR_TA_DEFINE_STATE(fn, setup)                                                                  \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const hr_ta *s = state;                                                                    \
        if (s->is_small)                                                                           \
            HR_TA_FN(chunks)(state, r, (hr_ta_shape){n_in, n_out, false, try_##fn}, whole_##fn);   \
        else                                                                                       \
            hr_ta_rows(state, r, n_in, n_out, step);                                               \
    }
#define HR_TA_BOTH(fn, n_in, n_out, setup, step, cols)                                             \
    HR_TA_SPLIT(fn, n_in, n_out, true, setup, step, cols)
#define HR_TA_BOTH_TAME(fn, n_in, n_out, setup, step, cols)                                        \
    HR_TA_SPLIT(fn, n_in, n_out, false, setup, step, cols)

/* one for each operator of the library: of windows and averages, of ranges, of volume; what others
 * have beside Tulip's */
#define HR_TA_BESIDE(X) X(atrstop) X(fcb) X(hurst) X(mama) X(mcginley) X(supertrend) X(volstop)
#define HR_TA_EACH(X)                                                                              \
    X(ad)                                                                                          \
    X(adosc)                                                                                       \
    X(adx)                                                                                         \
    X(adxr) X(ao) X(apo) X(aroon) X(aroonosc) X(atr) X(avgprice) X(bbands) X(bop) X(cci) X(cmo)    \
        X(crossany) X(crossover) X(cvi) X(decay) X(dema) X(di) X(dm) X(dpo) X(dx) X(edecay) X(ema) \
            X(emv) X(fisher) X(fosc) X(hma) X(kama) X(kvo) X(linreg) X(linregintercept)            \
                X(linregslope) X(macd) X(marketfi) X(mass) X(md) X(medprice) X(mfi) X(mom) X(msw)  \
                    X(natr) X(nvi) X(obv) X(ppo) X(psar) X(pvi) X(qstick) X(roc) X(rocr) X(rsi)    \
                        X(sma) X(stddev) X(stderr) X(stoch) X(stochrsi) X(tema) X(tr) X(trima)     \
                            X(trix) X(tsf) X(typprice) X(ultosc) X(vhf) X(vidya) X(volatility)     \
                                X(vosc) X(vwma) X(wad) X(wcprice) X(wilders) X(willr) X(wma)       \
                                    X(zlema)

#define HR_TA_MATH_EACH(X)                                                                         \
    X(acos)                                                                                        \
    X(add)                                                                                         \
    X(asin) X(atan) X(ceil) X(cos) X(cosh) X(div) X(floor) X(log10) X(mul) X(round) X(sin) X(sinh) \
        X(sub) X(tan) X(tanh) X(todeg) X(torad) X(trunc)

/* clang-format off */
HR_TA_EACH(HR_TA_DECLARE)
HR_TA_BESIDE(HR_TA_DECLARE)
#define HR_TA_DECLARE_MATH(fn)                                                                     \
    void hr_ta_##fn##_base(void *state, const hr_op_rows *r);                                      \
    void hr_ta_##fn##_avx2(void *state, const hr_op_rows *r);
HR_TA_MATH_EACH(HR_TA_DECLARE_MATH)
/* clang-format on */

#endif
