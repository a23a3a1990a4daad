/* SPDX-License-Identifier: Apache-2.0 */
/* Averages and lines through the last rows. */
#include "calc/ta_parts.h"

static void setup_n(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_sma(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / s->n[0];
}
HR_TA_DEFINE(sma, 1, 1, setup_n, step_sma)

static void step_ema(hr_ta *s, const double *x, double *y)
{
    double v = hr_ta_ema(&s->v[0], s->seen, s->n[0], s->n[1], x[0]);
    if (!s->n[1] || s->seen + 1 >= s->n[0]) y[0] = v;
}
HR_TA_DEFINE(ema, 1, 1, hr_ta_no_setup, step_ema)

/* Averages of averages, each starting at the row where the one before it has n rows; how many of
 * them have a value of their own at this row. */
static int chain(hr_ta *s, int levels, double x)
{
    uint64_t each = s->n[0] - 1;
    for (int i = 0; i < levels; i++) {
        if (s->seen < each * (uint64_t)i) return i - 1;
        x = hr_ta_ema(&s->v[i], s->seen - each * (uint64_t)i, s->n[0], s->n[1], x);
    }
    return s->seen < each * (uint64_t)levels ? levels - 1 : levels;
}

static void step_dema(hr_ta *s, const double *x, double *y)
{
    if (chain(s, 2, x[0]) == 2) y[0] = 2 * s->v[0] - s->v[1];
}
HR_TA_DEFINE(dema, 1, 1, hr_ta_no_setup, step_dema)

static void step_tema(hr_ta *s, const double *x, double *y)
{
    if (chain(s, 3, x[0]) == 3) y[0] = 3 * s->v[0] - 3 * s->v[1] + s->v[2];
}
HR_TA_DEFINE(tema, 1, 1, hr_ta_no_setup, step_tema)

static void step_trix(hr_ta *s, const double *x, double *y)
{
    double last = s->v[2];
    if (chain(s, 3, x[0]) == 3 && s->seen > 3 * ((uint64_t)s->n[0] - 1))
        y[0] = (s->v[2] - last) / (s->n[1] ? last : s->v[2]) * 100;
}
HR_TA_DEFINE(trix, 1, 1, hr_ta_no_setup, step_trix)

static double all_weights(double n)
{
    return n * (n + 1) / 2;
}

static void step_wma(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll_weighed(s, 0, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / all_weights(s->n[0]);
}
HR_TA_DEFINE(wma, 1, 1, setup_n, step_wma)

static void setup_hma(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0] / 2, 1);
    hr_ta_room(s, 2, (uint32_t)sqrt((double)s->n[0]), 1);
}

static void step_hma(hr_ta *s, const double *x, double *y)
{
    double whole = hr_ta_roll_weighed(s, 0, 0, x[0]) / all_weights(s->ring[0].cap);
    double half = hr_ta_roll_weighed(s, 1, 2, x[0]) / all_weights(s->ring[1].cap);
    if (!hr_ta_is_full(s, 0)) return;
    double root = hr_ta_roll_weighed(s, 2, 4, 2 * half - whole) / all_weights(s->ring[2].cap);
    if (hr_ta_is_full(s, 2)) y[0] = root;
}
HR_TA_DEFINE(hma, 1, 1, setup_hma, step_hma)

/* weights going up and down evenly are a sum of sums */
static void setup_trima(hr_ta *s)
{
    hr_ta_room(s, 0, (s->n[0] + 2) / 2, 1);
    hr_ta_room(s, 1, (s->n[0] + 1) / 2, 1);
}

static void step_trima(hr_ta *s, const double *x, double *y)
{
    double inner = hr_ta_roll(s, 0, x[0]);
    if (!hr_ta_is_full(s, 0)) return;
    double outer = hr_ta_roll(s, 1, inner);
    if (hr_ta_is_full(s, 1)) y[0] = outer / ((double)s->ring[0].cap * s->ring[1].cap);
}
HR_TA_DEFINE(trima, 1, 1, setup_trima, step_trima)

static void setup_kama(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

/* v: the value before, the average */
static void step_kama(hr_ta *s, const double *x, double *y)
{
    double way = s->seen ? hr_ta_roll(s, 0, fabs(x[0] - s->v[0])) : 0;
    double old = hr_ta_push(s, 1, x[0]);
    s->v[0] = x[0];
    if (s->seen + 1 < s->n[0]) return;
    if (s->seen + 1 == s->n[0]) {
        s->v[1] = x[0];
    } else {
        double ratio = way != 0 ? fabs(x[0] - old) / way : 1;
        double k = ratio * (2.0 / 3 - 2.0 / 31) + 2.0 / 31;
        s->v[1] += k * k * (x[0] - s->v[1]);
    }
    y[0] = s->v[1];
}
HR_TA_DEFINE(kama, 1, 1, setup_kama, step_kama)

static void step_wilders(hr_ta *s, const double *x, double *y)
{
    if (s->seen < s->n[0])
        s->v[0] += x[0];
    else
        s->v[0] += (x[0] - s->v[0]) / s->n[0];
    if (s->seen + 1 == s->n[0]) s->v[0] /= s->n[0];
    if (s->seen + 1 >= s->n[0]) y[0] = s->v[0];
}
HR_TA_DEFINE(wilders, 1, 1, hr_ta_no_setup, step_wilders)

static void setup_zlema(hr_ta *s)
{
    hr_ta_room(s, 0, (s->n[0] - 1) / 2, 1);
}

static void step_zlema(hr_ta *s, const double *x, double *y)
{
    bool is_old = hr_ta_is_full(s, 0);
    double old = hr_ta_push(s, 0, x[0]);
    if (!hr_ta_is_full(s, 0)) return;
    if (is_old)
        s->v[0] += (x[0] + (x[0] - old) - s->v[0]) * (2.0 / (s->n[0] + 1.0));
    else
        s->v[0] = x[0];
    y[0] = s->v[0];
}
HR_TA_DEFINE(zlema, 1, 1, setup_zlema, step_zlema)

static void setup_vidya(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 2, s->n[1], 1);
}

static void step_vidya(hr_ta *s, const double *x, double *y)
{
    hr_ta_roll_squares(s, 0, x[0]);
    hr_ta_roll_squares(s, 2, x[0]);
    if (s->seen + 2 < s->n[1]) return;
    if (s->seen + 2 == s->n[1]) {
        s->v[0] = x[0];
    } else {
        double whole = hr_ta_variance(s, 2);
        double k = whole > 0 ? sqrt(hr_ta_variance(s, 0) / whole) : 0;
        s->v[0] += (x[0] - s->v[0]) * (k * s->p[2]);
    }
    y[0] = s->v[0];
}
HR_TA_DEFINE(vidya, 1, 1, setup_vidya, step_vidya)

static void setup_vwma(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

static void step_vwma(hr_ta *s, const double *x, double *y)
{
    double price = hr_ta_push(s, 0, x[0]);
    double volume = hr_ta_push(s, 1, x[1]);
    bool renew = s->ring[0].at == 0;
    hr_ta_slide(&s->sum[0], hr_ta_product(x[0], x[1]), hr_ta_product(price, volume), renew);
    hr_ta_slide(&s->sum[1], hr_ta_one(x[1]), hr_ta_one(volume), renew);
    if (hr_ta_is_full(s, 0)) y[0] = s->sum[0].now.hi / s->sum[1].now.hi;
}
HR_TA_DEFINE(vwma, 2, 1, setup_vwma, step_vwma)

static void step_decay(hr_ta *s, const double *x, double *y)
{
    s->v[0] = s->seen ? fmax(x[0], s->v[0] - 1.0 / s->n[0]) : x[0];
    y[0] = s->v[0];
}
HR_TA_DEFINE(decay, 1, 1, hr_ta_no_setup, step_decay)

static void step_edecay(hr_ta *s, const double *x, double *y)
{
    s->v[0] = s->seen ? fmax(x[0], s->v[0] * (1 - 1.0 / s->n[0])) : x[0];
    y[0] = s->v[0];
}
HR_TA_DEFINE(edecay, 1, 1, hr_ta_no_setup, step_edecay)

/* The line a + b * i through the last n rows, i being 1 (the oldest) to n; false: too few rows. */
static bool line(hr_ta *s, double x, double *a, double *b)
{
    double n = s->n[0];
    hr_ta_roll_weighed(s, 0, 0, x);
    if (!hr_ta_is_full(s, 0)) return false;
    hr_ta_pair up = hr_ta_times(s->sum[1].now, hr_ta_one(n));
    hr_ta_pair level = hr_ta_times(s->sum[0].now, hr_ta_one(all_weights(n)));
    *b = hr_ta_less(up, level).hi / (n * n * (n * n - 1) / 12);
    *a = (s->sum[0].now.hi - *b * all_weights(n)) / n;
    return true;
}

static void step_linreg(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b * s->n[0];
}
HR_TA_DEFINE(linreg, 1, 1, setup_n, step_linreg)

static void step_linregintercept(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b;
}
HR_TA_DEFINE(linregintercept, 1, 1, setup_n, step_linregintercept)

static void step_linregslope(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = b;
}
HR_TA_DEFINE(linregslope, 1, 1, setup_n, step_linregslope)

static void step_tsf(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b * (s->n[0] + 1.0);
}
HR_TA_DEFINE(tsf, 1, 1, setup_n, step_tsf)

static void step_fosc(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (!line(s, x[0], &a, &b)) return;
    if (s->seen >= s->n[0]) y[0] = 100 * (x[0] - s->v[0]) / x[0];
    s->v[0] = a + b * (s->n[0] + 1.0);
}
HR_TA_DEFINE(fosc, 1, 1, setup_n, step_fosc)
