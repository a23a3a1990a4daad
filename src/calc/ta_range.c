/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of highs and lows: ranges, directions, trends. */
#include "calc/ta_parts.h"

static void step_avgprice(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = (x[0] + x[1] + x[2] + x[3]) / 4;
}
HR_TA_DEFINE(avgprice, 4, 1, hr_ta_no_setup, step_avgprice)

static void step_medprice(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = (x[0] + x[1]) / 2;
}
HR_TA_DEFINE(medprice, 2, 1, hr_ta_no_setup, step_medprice)

static void step_typprice(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = (x[0] + x[1] + x[2]) / 3;
}
HR_TA_DEFINE(typprice, 3, 1, hr_ta_no_setup, step_typprice)

static void step_wcprice(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = (x[0] + x[1] + 2 * x[2]) / 4;
}
HR_TA_DEFINE(wcprice, 3, 1, hr_ta_no_setup, step_wcprice)

static void step_bop(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = x[1] - x[2] <= 0 ? 0 : (x[3] - x[0]) / (x[1] - x[2]);
}
HR_TA_DEFINE(bop, 4, 1, hr_ta_no_setup, step_bop)

/* v[0]: the close before */
static void step_tr(hr_ta *s, const double *x, double *y)
{
    y[0] = s->seen ? hr_ta_true_range(x[0], x[1], s->v[0]) : x[0] - x[1];
    s->v[0] = x[2];
}
HR_TA_DEFINE(tr, 3, 1, hr_ta_no_setup, step_tr)

/* v[1]: the average; TA-Lib leaves out the first row, which has no close before it */
static void step_atr(hr_ta *s, const double *x, double *y)
{
    double range;
    step_tr(s, x, &range);
    if (s->n[1] && s->seen == 0) return;
    uint64_t age = s->seen - s->n[1];
    if (age < s->n[0])
        s->v[1] += range;
    else
        s->v[1] += (range - s->v[1]) / s->n[0];
    if (age + 1 == s->n[0]) s->v[1] /= s->n[0];
    if (age + 1 >= s->n[0]) y[0] = s->v[1];
}
HR_TA_DEFINE(atr, 3, 1, hr_ta_no_setup, step_atr)

static void step_natr(hr_ta *s, const double *x, double *y)
{
    step_atr(s, x, y);
    y[0] = 100 * y[0] / x[2];
}
HR_TA_DEFINE(natr, 3, 1, hr_ta_no_setup, step_natr)

/* Directional movement. v: 0 high, 1 low, 2 close before; 3 up, 4 down, 5 range: sums of the first
 * n - 1 rows that have a row before, later sums of Wilder. Whether this row has them. */
static bool move(hr_ta *s, double high, double low, double close)
{
    double up = fmax(high - s->v[0], 0);
    double down = fmax(s->v[1] - low, 0);
    double range = hr_ta_true_range(high, low, s->v[2]);
    s->v[0] = high;
    s->v[1] = low;
    s->v[2] = close;
    if (s->seen == 0) return s->n[0] == 1;
    double rise = up > down || (up == down && !s->n[1]) ? up : 0;
    double fall = down > up || (up == down && !s->n[1]) ? down : 0;
    double keep = s->seen < s->n[0] ? 1 : (s->n[0] - 1.0) / s->n[0];
    s->v[3] = s->v[3] * keep + rise;
    s->v[4] = s->v[4] * keep + fall;
    s->v[5] = s->v[5] * keep + range;
    return s->seen + 1 >= s->n[0];
}

static void step_dm(hr_ta *s, const double *x, double *y)
{
    if (!move(s, x[0], x[1], x[0])) return;
    y[0] = s->v[3];
    y[1] = s->v[4];
}
HR_TA_DEFINE(dm, 2, 2, hr_ta_no_setup, step_dm)

static void step_di(hr_ta *s, const double *x, double *y)
{
    if (!move(s, x[0], x[1], x[2]) || s->seen + 1 < s->n[0] + s->n[1]) return;
    y[0] = 100 * s->v[3] / s->v[5];
    y[1] = 100 * s->v[4] / s->v[5];
}
HR_TA_DEFINE(di, 3, 2, hr_ta_no_setup, step_di)

static void step_dx(hr_ta *s, const double *x, double *y)
{
    if (!move(s, x[0], x[1], x[0]) || s->seen + 1 < s->n[0] + s->n[1]) return;
    y[0] = fabs(s->v[3] - s->v[4]) / (s->v[3] + s->v[4]) * 100;
}
HR_TA_DEFINE(dx, 2, 1, hr_ta_no_setup, step_dx)

/* v[6]: the average of dx; where there is no movement to tell a direction by it stays */
static void step_adx(hr_ta *s, const double *x, double *y)
{
    double dx = (double)NAN;
    step_dx(s, x, &dx);
    if (s->seen + 1 < s->n[0] + s->n[1]) return;
    uint64_t age = s->seen + 1 - s->n[0] - s->n[1];
    if (isfinite(dx)) s->v[6] += age < s->n[0] ? dx : (dx - s->v[6]) / s->n[0];
    if (age + 1 == s->n[0]) s->v[6] /= s->n[0];
    if (age + 1 >= s->n[0]) y[0] = s->v[6];
}
HR_TA_DEFINE(adx, 2, 1, hr_ta_no_setup, step_adx)

static void setup_adxr(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0] - 1, 1);
}

static void step_adxr(hr_ta *s, const double *x, double *y)
{
    double adx = (double)NAN;
    step_adx(s, x, &adx);
    if (!isfinite(adx)) return;
    bool is_old = hr_ta_is_full(s, 0);
    double old = hr_ta_push(s, 0, adx);
    if (is_old) y[0] = (adx + old) / 2;
}
HR_TA_DEFINE(adxr, 2, 1, setup_adxr, step_adxr)

static void setup_aroon(hr_ta *s)
{
    hr_ta_room_peak(s, 0, s->n[0] + 1);
    hr_ta_room_peak(s, 1, s->n[0] + 1);
}

static void step_aroon(hr_ta *s, const double *x, double *y)
{
    double top;
    uint64_t high = hr_ta_peak(s, 0, x[0], &top);
    uint64_t low = hr_ta_peak(s, 1, -x[1], &top);
    if (s->seen < s->n[0]) return;
    y[0] = (s->n[0] - (double)(s->seen - low)) * (100.0 / s->n[0]);
    y[1] = (s->n[0] - (double)(s->seen - high)) * (100.0 / s->n[0]);
}
HR_TA_DEFINE(aroon, 2, 2, setup_aroon, step_aroon)

static void step_aroonosc(hr_ta *s, const double *x, double *y)
{
    double top;
    uint64_t high = hr_ta_peak(s, 0, x[0], &top);
    uint64_t low = hr_ta_peak(s, 1, -x[1], &top);
    if (s->seen >= s->n[0]) y[0] = ((double)high - (double)low) * (100.0 / s->n[0]);
}
HR_TA_DEFINE(aroonosc, 2, 1, setup_aroon, step_aroonosc)

static void setup_peaks(hr_ta *s)
{
    hr_ta_room_peak(s, 0, s->n[0]);
    hr_ta_room_peak(s, 1, s->n[0]);
}

static void step_willr(hr_ta *s, const double *x, double *y)
{
    double high;
    double low;
    hr_ta_peak(s, 0, x[0], &high);
    hr_ta_peak(s, 1, -x[1], &low);
    if (s->seen + 1 < s->n[0]) return;
    y[0] = high + low == 0 ? 0 : -100 * (high - x[2]) / (high + low);
}
HR_TA_DEFINE(willr, 3, 1, setup_peaks, step_willr)

/* v: 0 the scaled place in the range, 1 its transform */
static void step_fisher(hr_ta *s, const double *x, double *y)
{
    double middle = (x[0] + x[1]) / 2;
    double high;
    double low;
    hr_ta_peak(s, 0, middle, &high);
    hr_ta_peak(s, 1, -middle, &low);
    if (s->seen + 1 < s->n[0]) return;
    double range = high + low == 0 ? 0.001 : high + low;
    double place = 0.66 * ((middle + low) / range - 0.5) + 0.67 * s->v[0];
    s->v[0] = place > 0.99 ? 0.999 : place < -0.99 ? -0.999 : place;
    y[1] = s->v[1];
    s->v[1] = 0.5 * log((1 + s->v[0]) / (1 - s->v[0])) + 0.5 * s->v[1];
    y[0] = s->v[1];
}
HR_TA_DEFINE(fisher, 2, 2, setup_peaks, step_fisher)

static void setup_stoch(hr_ta *s)
{
    setup_peaks(s);
    hr_ta_room(s, 2, s->n[1], 1);
    hr_ta_room(s, 3, s->n[2], 1);
}

static void step_stoch(hr_ta *s, const double *x, double *y)
{
    double high;
    double low;
    hr_ta_peak(s, 0, x[0], &high);
    hr_ta_peak(s, 1, -x[1], &low);
    if (s->seen + 1 < s->n[0]) return;
    double fast = high + low == 0 ? 0 : 100 * (x[2] + low) / (high + low);
    double slow = hr_ta_roll(s, 2, fast) / s->n[1];
    if (!hr_ta_is_full(s, 2)) return;
    double mean = hr_ta_roll(s, 3, slow) / s->n[2];
    if (!hr_ta_is_full(s, 3)) return;
    y[0] = slow;
    y[1] = mean;
}
HR_TA_DEFINE(stoch, 3, 2, setup_stoch, step_stoch)

static void setup_vhf(hr_ta *s)
{
    setup_peaks(s);
    hr_ta_room(s, 2, s->n[0], 1);
}

static void step_vhf(hr_ta *s, const double *x, double *y)
{
    double high;
    double low;
    hr_ta_peak(s, 0, x[0], &high);
    hr_ta_peak(s, 1, -x[0], &low);
    double way = s->seen ? hr_ta_roll(s, 2, fabs(x[0] - s->v[0])) : 0;
    s->v[0] = x[0];
    if (s->seen >= s->n[0]) y[0] = (high + low) / way;
}
HR_TA_DEFINE(vhf, 1, 1, setup_vhf, step_vhf)

static void setup_ao(hr_ta *s)
{
    hr_ta_room(s, 0, 34, 1);
    hr_ta_room(s, 1, 5, 1);
}

static void step_ao(hr_ta *s, const double *x, double *y)
{
    double slow = hr_ta_roll(s, 0, (x[0] + x[1]) / 2);
    double fast = hr_ta_roll(s, 1, (x[0] + x[1]) / 2);
    if (hr_ta_is_full(s, 0)) y[0] = fast / 5 - slow / 34;
}
HR_TA_DEFINE(ao, 2, 1, setup_ao, step_ao)

static void setup_n(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_cvi(hr_ta *s, const double *x, double *y)
{
    double v = hr_ta_ema(&s->v[0], s->seen, s->n[0], false, x[0] - x[1]);
    double old = hr_ta_push(s, 0, v);
    if (s->seen + 1 >= 2 * (uint64_t)s->n[0]) y[0] = 100 * (v - old) / old;
}
HR_TA_DEFINE(cvi, 2, 1, setup_n, step_cvi)

#define MASS_ROWS 9

static void step_mass(hr_ta *s, const double *x, double *y)
{
    double one = hr_ta_ema(&s->v[0], s->seen, MASS_ROWS, false, x[0] - x[1]);
    if (s->seen + 1 < MASS_ROWS) return;
    double two = hr_ta_ema(&s->v[1], s->seen + 1 - MASS_ROWS, MASS_ROWS, false, one);
    if (s->seen + 2 < 2 * MASS_ROWS || !isfinite(one / two)) return;
    double sum = hr_ta_roll(s, 0, one / two);
    if (hr_ta_is_full(s, 0)) y[0] = sum;
}
HR_TA_DEFINE(mass, 2, 1, setup_n, step_mass)

/* v: 0 stop, 1 extreme, 2 acceleration, 3 whether long; 4, 5 high and low of the row before, 6, 7
 * of the one before that */
static void psar_follow(hr_ta *s, double here, double sign)
{
    /* here, and what is compared to it, are turned so that up is with the trend */
    bool is_beyond = here * sign > s->v[1] * sign;
    if (s->v[2] < s->p[1] && is_beyond) s->v[2] = fmin(s->v[2] + s->p[0], s->p[1]);
    if (is_beyond) s->v[1] = here;
}

static void step_psar(hr_ta *s, const double *x, double *y)
{
    double *v = s->v;
    if (s->seen == 1) {
        v[3] = v[4] + v[5] <= x[0] + x[1];
        v[1] = v[3] != 0 ? v[4] : v[5];
        v[0] = v[3] != 0 ? v[5] : v[4];
        v[2] = s->p[0];
    }
    if (s->seen > 0) {
        bool is_long = v[3] != 0;
        v[0] += (v[1] - v[0]) * v[2];
        if (is_long) {
            v[0] = fmin(v[0], s->seen > 1 ? fmin(v[5], v[7]) : v[5]);
            psar_follow(s, x[0], 1);
        } else {
            v[0] = fmax(v[0], s->seen > 1 ? fmax(v[4], v[6]) : v[4]);
            psar_follow(s, x[1], -1);
        }
        if (is_long ? x[1] < v[0] : x[0] > v[0]) {
            v[2] = s->p[0];
            v[0] = v[1];
            v[3] = !is_long;
            v[1] = is_long ? x[1] : x[0];
        }
        y[0] = v[0];
    }
    v[6] = v[4];
    v[7] = v[5];
    v[4] = x[0];
    v[5] = x[1];
}
HR_TA_DEFINE(psar, 2, 1, hr_ta_no_setup, step_psar)
