/* SPDX-License-Identifier: Apache-2.0 */
/* Variance and spread from the open, high, low and close of bars of time, which are made here: a
 * bar holds the rows of [i bar, (i + 1) bar) of the event clock and counts once a row after it has
 * come; times without rows make no bar. Each row with an x shows what the bars before it say. */
#include "ops/market/mf_parts.h"

typedef struct bar {
    double open, high, low, close;
} bar;

typedef struct bars {
    bar now, last; /* last: open is null where there is none */
    double held;
    int64_t newest, index;
    uint64_t n; /* bars opened */
    double spare[4];
} bars;
_Static_assert(sizeof(bars) == 128, "two lines");

static void bars_begin(hr_mf *s, const hr_op_args *a)
{
    bars *h = hr_mf_carried(s);
    (void)a;
    h->newest = INT64_MIN;
    h->held = h->last.open = h->last.high = h->last.low = h->last.close = hr_mf_null();
}

/* True: *done is a bar that ended before this row. */
static bool bars_take(bars *h, bar *done, int64_t bar_ns, int64_t ts, double x)
{
    if (ts > h->newest) h->newest = ts;
    int64_t index = h->newest / bar_ns - (h->newest % bar_ns < 0);
    bool is_done = h->n > 0 && index != h->index;
    *done = h->now;
    if (h->n == 0 || is_done) {
        h->now = (bar){x, x, x, x};
        h->index = index;
        h->n++;
        return is_done;
    }
    h->now.high = x > h->now.high ? x : h->now.high;
    h->now.low = x < h->now.low ? x : h->now.low;
    h->now.close = x;
    return false;
}

typedef void (*measure_fn)(double *v, const bar *b, const bar *last);

/* columns: what the measure makes of a bar that ended, null of the other rows */
HR_INLINE void bars_step(hr_mf *s, hr_mf_chunk *c, measure_fn f)
{
    bars *h = hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        double v[3] = {hr_mf_null(), hr_mf_null(), hr_mf_null()};
        bar done;
        if (hr_mf_has(x[i]) && bars_take(h, &done, (int64_t)s->p[0], hr_mf_ts(c)[i], x[i])) {
            f(v, &done, &h->last);
            h->last = done;
        }
        for (unsigned j = 0; j < 3; j++)
            c->d[j][i] = v[j];
    }
}

HR_INLINE double square(double x)
{
    return x * x;
}

HR_INLINE double rogers(const bar *b)
{
    double up = hr_log_ratio(b->high, b->close) * hr_log_ratio(b->high, b->open);
    return up + hr_log_ratio(b->low, b->close) * hr_log_ratio(b->low, b->open);
}

HR_INLINE void measure_range(double *v, const bar *b, const bar *last)
{
    (void)last;
    v[0] = square(hr_log_ratio(b->high, b->low)) / (4 * HR_MF_LN2);
}

HR_INLINE void measure_close(double *v, const bar *b, const bar *last)
{
    (void)last;
    v[0] = square(hr_log_ratio(b->high, b->low)) / 2 -
           (2 * HR_MF_LN2 - 1) * square(hr_log_ratio(b->close, b->open));
}

HR_INLINE void measure_drift(double *v, const bar *b, const bar *last)
{
    (void)last;
    v[0] = rogers(b);
}

HR_INLINE void measure_jumps(double *v, const bar *b, const bar *last)
{
    v[0] = hr_log_ratio(b->open, last->close);
    if (!hr_mf_has(v[0])) return;
    v[1] = hr_log_ratio(b->close, b->open);
    v[2] = rogers(b);
    if (!hr_mf_has(v[2])) v[0] = v[1] = hr_mf_null();
}

/* Of two bars: S = 2 (e^a - 1) / (1 + e^a), 0 where a is below it. */
HR_INLINE void measure_pair(double *v, const bar *b, const bar *last)
{
    double k = 3 - 2 * sqrt(2);
    double high = b->high > last->high ? b->high : last->high;
    double low = b->low < last->low ? b->low : last->low;
    double beta =
        square(hr_log_ratio(b->high, b->low)) + square(hr_log_ratio(last->high, last->low));
    double gamma = square(hr_log_ratio(high, low));
    double alpha = (sqrt(2 * beta) - sqrt(beta)) / k - sqrt(gamma / k);
    if (!hr_mf_has(alpha)) return;
    double gone;
    double keep = hr_mf_fade(alpha > 0 ? alpha / HR_MF_LN2 : 0, &gone);
    v[0] = 2 * gone / (1 + keep);
}

/* 4 (c - m)(c - m of the bar behind), c the logarithm of the close, m the mean of those of high and
 * low. */
HR_INLINE void measure_middle(double *v, const bar *b, const bar *last)
{
    double c = last->close;
    double own = hr_log_ratio(c, last->high) + hr_log_ratio(c, last->low);
    double next = hr_log_ratio(c, b->high) + hr_log_ratio(c, b->low);
    v[0] = own * next;
}

/* The value of a row: as of the last bar that ended. */
static void bars_show(hr_mf *s, const hr_mf_chunk *c, uint32_t i, double v)
{
    bars *h = hr_mf_carried(s);
    if (hr_mf_has(c->d[0][i])) h->held = hr_win_or_null(v);
    hr_mf_out(c, 0)[i] = hr_mf_has(hr_mf_in(c, 0)[i]) ? h->held : hr_mf_null();
}

#define BARS(name, measure, value, ...)                                                            \
    static void name##_step(hr_mf *s, hr_mf_chunk *c)                                              \
    {                                                                                              \
        bars_step(s, c, measure);                                                                  \
    }                                                                                              \
    static void name##_finish(hr_mf *s, hr_mf_chunk *c)                                            \
    {                                                                                              \
        for (uint32_t i = 0; i < c->n; i++) {                                                      \
            double mean = c->w[0][i];                                                              \
            bars_show(s, c, i, value);                                                             \
        }                                                                                          \
    }                                                                                              \
    HR_MF_DEFINE(name, .carried = sizeof(bars), .begin = bars_begin, .step = name##_step,          \
                 .finish = name##_finish, .n_windows = HR_MF_N(__VA_ARGS__),                       \
                 .window = {__VA_ARGS__})
#define HR_MF_N(...) sizeof((hr_mf_window[]){__VA_ARGS__}) / sizeof(hr_mf_window)
#define MEAN HR_MF_ON(hr_win_mean, one, 1, 0)

/* of n bars, from the sample variances of the jumps between them and of the changes in them */
static double yang_zhang_of(const hr_mf *s, const hr_mf_chunk *c, uint32_t i)
{
    double n = s->p[1];
    double k = 0.34 / (1.34 + (n + 1) / (n - 1));
    return sqrt(c->w[0][i] + k * c->w[1][i] + (1 - k) * c->w[2][i]);
}

/* clang-format off */
BARS(parkinson, measure_range, sqrt(mean), MEAN)
BARS(garman_klass, measure_close, sqrt(mean), MEAN)
BARS(rogers_satchell, measure_drift, sqrt(mean), MEAN)
BARS(corwin_schultz, measure_pair, mean, MEAN)
BARS(abdi_ranaldo, measure_middle, sqrt(mean < 0 ? 0 : mean), MEAN)
BARS(yang_zhang, measure_jumps, mean >= 0 ? yang_zhang_of(s, c, i) : hr_mf_null(),
     HR_MF_ON(hr_win_vars, moments, 1, 0), HR_MF_ON(hr_win_vars, moments, 1, 1),
     HR_MF_ON(hr_win_mean, one, 1, 2))
/* clang-format on */
