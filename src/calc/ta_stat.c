/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the last rows: sums, spreads, bounds, differences. */
#include "calc/ta_parts.h"

static void setup_n(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_var(hr_ta *s, const double *x, double *y)
{
    hr_ta_roll_squares(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = hr_ta_variance(s, 0);
}

static void step_stddev(hr_ta *s, const double *x, double *y)
{
    step_var(s, x, y);
    y[0] = sqrt(y[0]);
}
HR_TA_DEFINE(stddev, 1, 1, setup_n, step_stddev)

static void step_stderr(hr_ta *s, const double *x, double *y)
{
    step_stddev(s, x, y);
    y[0] /= sqrt((double)s->n[0]);
}
HR_TA_DEFINE(stderr, 1, 1, setup_n, step_stderr)

static void step_bbands(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll_squares(s, 0, x[0]);
    if (!hr_ta_is_full(s, 0)) return;
    double wide = s->p[1] * sqrt(hr_ta_variance(s, 0));
    y[1] = sum / s->n[0];
    y[0] = y[1] - wide;
    y[2] = y[1] + wide;
}
HR_TA_DEFINE(bbands, 1, 3, setup_n, step_bbands)

static void step_volatility(hr_ta *s, const double *x, double *y)
{
    double change = x[0] / s->v[0] - 1;
    s->v[0] = x[0];
    if (s->seen == 0 || !isfinite(change)) return;
    hr_ta_roll_squares(s, 0, change);
    if (hr_ta_is_full(s, 0)) y[0] = sqrt(hr_ta_variance(s, 0)) * sqrt(252);
}
HR_TA_DEFINE(volatility, 1, 1, setup_n, step_volatility)

/* mean distance of ring 0 from mean; O(n), from the oldest on so that nothing hangs on the place */
static double distance(hr_ta *s, double mean)
{
    const double *value = hr_ta_values(s, &s->ring[0]);
    double far = 0;
    for (uint32_t i = s->ring[0].at; i < s->ring[0].cap; i++)
        far += fabs(mean - value[i]);
    for (uint32_t i = 0; i < s->ring[0].at; i++)
        far += fabs(mean - value[i]);
    return far / s->ring[0].cap;
}

static void step_md(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = distance(s, sum / s->n[0]);
}
HR_TA_DEFINE(md, 1, 1, setup_n, step_md)

static void step_cci(hr_ta *s, const double *x, double *y)
{
    double price = (x[0] + x[1] + x[2]) / 3;
    double mean = hr_ta_roll(s, 0, price) / s->n[0];
    if (s->seen + 2 < 2 * (uint64_t)s->n[0]) return;
    double far = distance(s, mean);
    if (far > 1e-14 * fabs(mean)) y[0] = (price - mean) / (0.015 * far);
}
HR_TA_DEFINE(cci, 3, 1, setup_n, step_cci)

static void step_lag(hr_ta *s, const double *x, double *y)
{
    bool is_old = hr_ta_is_full(s, 0);
    double old = hr_ta_push(s, 0, x[0]);
    if (is_old) y[0] = old;
}

static void step_mom(hr_ta *s, const double *x, double *y)
{
    step_lag(s, x, y);
    y[0] = x[0] - y[0];
}
HR_TA_DEFINE(mom, 1, 1, setup_n, step_mom)

static void step_rocr(hr_ta *s, const double *x, double *y)
{
    step_lag(s, x, y);
    y[0] = x[0] / y[0];
}
HR_TA_DEFINE(rocr, 1, 1, setup_n, step_rocr)

static void step_roc(hr_ta *s, const double *x, double *y)
{
    step_lag(s, x, y);
    y[0] = (x[0] - y[0]) / y[0];
}
HR_TA_DEFINE(roc, 1, 1, setup_n, step_roc)

static void setup_dpo(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_dpo(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = hr_ta_ago(s, 0, s->n[0] / 2 + 1) - sum / s->n[0];
}
HR_TA_DEFINE(dpo, 1, 1, setup_dpo, step_dpo)

static void step_qstick(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[1] - x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / s->n[0];
}
HR_TA_DEFINE(qstick, 2, 1, setup_n, step_qstick)

/* v: the values before */
static void step_crossany(hr_ta *s, const double *x, double *y)
{
    bool up = x[0] > x[1] && s->v[0] <= s->v[1];
    bool down = x[0] < x[1] && s->v[0] >= s->v[1];
    if (s->seen) y[0] = up || down;
    s->v[0] = x[0];
    s->v[1] = x[1];
}
HR_TA_DEFINE(crossany, 2, 1, hr_ta_no_setup, step_crossany)

static void step_crossover(hr_ta *s, const double *x, double *y)
{
    if (s->seen) y[0] = x[0] > x[1] && s->v[0] <= s->v[1];
    s->v[0] = x[0];
    s->v[1] = x[1];
}
HR_TA_DEFINE(crossover, 2, 1, hr_ta_no_setup, step_crossover)

/* Tulip's own pi, 3.1415926: its values are compared to 1e-9 */
#define MSW_PI 3.1415926

static void setup_msw(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 2);
}

/* the first row writes the table of cosines and sines behind the ring */
static void msw_table(hr_ta *s)
{
    double *table = hr_ta_values(s, &s->ring[1]);
    for (uint32_t j = 0; j < s->n[0]; j++) {
        table[2 * (size_t)j] = cos(2 * MSW_PI * j / s->n[0]);
        table[2 * (size_t)j + 1] = sin(2 * MSW_PI * j / s->n[0]);
    }
}

static void step_msw(hr_ta *s, const double *x, double *y)
{
    if (s->seen == 0) msw_table(s);
    hr_ta_push(s, 0, x[0]);
    if (s->seen < s->n[0]) return;
    const double *table = hr_ta_values(s, &s->ring[1]);
    double real = 0;
    double imaginary = 0;
    for (uint32_t j = 0; j < s->n[0]; j++) {
        double value = hr_ta_ago(s, 0, j);
        real += table[2 * (size_t)j] * value;
        imaginary += table[2 * (size_t)j + 1] * value;
    }
    double phase = fabs(real) > 0.001 ? atan(imaginary / real) : MSW_PI * (imaginary < 0 ? -1 : 1);
    if (real < 0) phase += MSW_PI;
    phase += MSW_PI / 2;
    if (phase < 0) phase += 2 * MSW_PI;
    if (phase > 2 * MSW_PI) phase -= 2 * MSW_PI;
    y[0] = sin(phase);
    y[1] = sin(phase + MSW_PI / 4);
}
HR_TA_DEFINE(msw, 1, 2, setup_msw, step_msw)
