/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of volume. Sums since the first row are pairs of doubles too: they do not drift. */
#include "calc/ta_parts.h"

static double pile(hr_ta *s, double x)
{
    s->sum[0].now = hr_ta_plus(s->sum[0].now, hr_ta_one(x));
    return s->sum[0].now.hi;
}

static void step_ad(hr_ta *s, const double *x, double *y)
{
    double range = x[0] - x[1];
    y[0] = pile(s, range != 0 ? (x[2] - x[1] - x[0] + x[2]) / range * x[3] : 0);
}
HR_TA_DEFINE(ad, 4, 1, hr_ta_no_setup, step_ad)

static void setup_two(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
}

static void step_adosc(hr_ta *s, const double *x, double *y)
{
    double ad;
    step_ad(s, x, &ad);
    double fast = hr_ta_ema(&s->v[0], s->seen, s->n[0], false, ad);
    double slow = hr_ta_ema(&s->v[1], s->seen, s->n[1], false, ad);
    if (s->seen + 1 >= s->n[1]) y[0] = fast - slow;
}
HR_TA_DEFINE(adosc, 4, 1, setup_two, step_adosc)

static void step_emv(hr_ta *s, const double *x, double *y)
{
    double middle = (x[0] + x[1]) / 2;
    if (s->seen) y[0] = (middle - s->v[0]) / (x[2] / 10000 / (x[0] - x[1]));
    s->v[0] = middle;
}
HR_TA_DEFINE(emv, 3, 1, hr_ta_no_setup, step_emv)

/* v: 0 high, low and close before, 1 the range before, 2 trend (0 none yet, 1 up, -1 down), 3 the
 * ranges since it turned, 4 and 5 averages, 6 how many are in them */
static void step_kvo(hr_ta *s, const double *x, double *y)
{
    double *v = s->v;
    double sum = x[0] + x[1] + x[2];
    double range = x[0] - x[1];
    double way = sum > v[0] ? 1 : sum < v[0] ? -1 : v[2];
    if (s->seen) {
        if (way != v[2]) v[3] = v[1];
        v[2] = way;
        v[3] += range;
        double force = x[3] * fabs(range / v[3] * 2 - 1) * 100 * (way < 0 ? -1 : 1);
        if (isfinite(force)) {
            double fast = hr_ta_ema(&v[4], (uint64_t)v[6], s->n[0], false, force);
            y[0] = fast - hr_ta_ema(&v[5], (uint64_t)v[6], s->n[1], false, force);
            v[6]++;
        }
    }
    v[0] = sum;
    v[1] = range;
}
HR_TA_DEFINE(kvo, 4, 1, setup_two, step_kvo)

static void step_marketfi(hr_ta *s, const double *x, double *y)
{
    (void)s;
    y[0] = (x[0] - x[1]) / x[2];
}
HR_TA_DEFINE(marketfi, 3, 1, hr_ta_no_setup, step_marketfi)

static void setup_mfi(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

static void step_mfi(hr_ta *s, const double *x, double *y)
{
    double price = (x[0] + x[1] + x[2]) / 3;
    double last = s->v[0];
    s->v[0] = price;
    if (s->seen == 0) return;
    double up = hr_ta_roll(s, 0, price > last ? price * x[3] : 0);
    double down = hr_ta_roll(s, 1, price < last ? price * x[3] : 0);
    if (s->seen >= s->n[0]) y[0] = up / (up + down) * 100;
}
HR_TA_DEFINE(mfi, 4, 1, setup_mfi, step_mfi)

/* v: 0 close, 1 volume before, 2 the index; no change can be told from a close of 0 */
static void follow(hr_ta *s, const double *x, bool is_told)
{
    double change = (x[0] - s->v[0]) / s->v[0] * s->v[2];
    if (s->seen == 0)
        s->v[2] = 1000;
    else if (is_told && isfinite(s->v[2] + change))
        s->v[2] += change;
    s->v[0] = x[0];
    s->v[1] = x[1];
}

static void step_nvi(hr_ta *s, const double *x, double *y)
{
    follow(s, x, x[1] < s->v[1]);
    y[0] = s->v[2];
}
HR_TA_DEFINE(nvi, 2, 1, hr_ta_no_setup, step_nvi)

static void step_pvi(hr_ta *s, const double *x, double *y)
{
    follow(s, x, x[1] > s->v[1]);
    y[0] = s->v[2];
}
HR_TA_DEFINE(pvi, 2, 1, hr_ta_no_setup, step_pvi)

static void step_obv(hr_ta *s, const double *x, double *y)
{
    double last = s->seen ? s->v[0] : x[0];
    y[0] = pile(s, x[0] > last ? x[1] : x[0] < last ? -x[1] : 0);
    s->v[0] = x[0];
}
HR_TA_DEFINE(obv, 2, 1, hr_ta_no_setup, step_obv)

static void step_wad(hr_ta *s, const double *x, double *y)
{
    double last = s->v[0];
    s->v[0] = x[2];
    if (s->seen == 0) return;
    double part = x[2] > last ? x[2] - fmin(last, x[1]) : x[2] - fmax(last, x[0]);
    y[0] = pile(s, x[2] == last ? 0 : part);
}
HR_TA_DEFINE(wad, 3, 1, hr_ta_no_setup, step_wad)

static void setup_vosc(hr_ta *s)
{
    setup_two(s);
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[1], 1);
}

static void step_vosc(hr_ta *s, const double *x, double *y)
{
    double fast = hr_ta_roll(s, 0, x[0]) / s->n[0];
    double slow = hr_ta_roll(s, 1, x[0]) / s->n[1];
    if (hr_ta_is_full(s, 1)) y[0] = 100 * (fast - slow) / slow;
}
HR_TA_DEFINE(vosc, 1, 1, setup_vosc, step_vosc)
