/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of how a price moves: oscillators of averages and of gains and losses. */
#include "calc/ta_parts.h"

static void setup_two(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
}

/* v: the short and the long average; whether both have a value. TA-Lib: n[2] */
static bool two_averages(hr_ta *s, double x)
{
    hr_ta_ema(&s->v[0], s->seen, s->n[0], s->n[2], x);
    hr_ta_ema(&s->v[1], s->seen, s->n[1], s->n[2], x);
    return s->n[2] ? s->seen + 1 >= s->n[1] : s->seen >= 1;
}

static void step_apo(hr_ta *s, const double *x, double *y)
{
    if (two_averages(s, x[0])) y[0] = s->v[0] - s->v[1];
}
HR_TA_DEFINE(apo, 1, 1, setup_two, step_apo)

static void step_ppo(hr_ta *s, const double *x, double *y)
{
    if (two_averages(s, x[0])) y[0] = 100 * (s->v[0] - s->v[1]) / s->v[1];
}
HR_TA_DEFINE(ppo, 1, 1, setup_two, step_ppo)

/* v: short, long, signal */
static void macd_talib(hr_ta *s, double x, double *y)
{
    uint64_t late = s->n[1] - s->n[0];
    if (s->seen >= late) hr_ta_ema(&s->v[0], s->seen - late, s->n[0], true, x);
    hr_ta_ema(&s->v[1], s->seen, s->n[1], true, x);
    if (s->seen + 1 < s->n[1]) return;
    double out = s->v[0] - s->v[1];
    uint64_t age = s->seen + 1 - s->n[1];
    hr_ta_ema(&s->v[2], age, s->n[2], true, out);
    if (age + 1 < s->n[2]) return;
    y[0] = out;
    y[1] = s->v[2];
    y[2] = out - s->v[2];
}

static void step_macd(hr_ta *s, const double *x, double *y)
{
    if (s->n[3]) {
        macd_talib(s, x[0], y);
        return;
    }
    /* the factors it was published with */
    bool is_known = s->n[0] == 12 && s->n[1] == 26;
    double fast = is_known ? 0.15 : 2 / (s->n[0] + 1.0);
    double slow = is_known ? 0.075 : 2 / (s->n[1] + 1.0);
    s->v[0] = s->seen ? s->v[0] + (x[0] - s->v[0]) * fast : x[0];
    s->v[1] = s->seen ? s->v[1] + (x[0] - s->v[1]) * slow : x[0];
    if (s->seen == 0 || s->seen + 1 < s->n[1]) return;
    y[0] = s->v[0] - s->v[1];
    y[1] = hr_ta_ema(&s->v[2], s->seen + 1 - s->n[1], s->n[2], false, y[0]);
    y[2] = y[0] - y[1];
}
HR_TA_DEFINE(macd, 1, 3, setup_two, step_macd)

/* v: 0 the value before, 1 average gain, 2 average loss as Wilder has them; whether they are */
static bool gains(hr_ta *s, double x)
{
    double up = fmax(x - s->v[0], 0);
    double down = fmax(s->v[0] - x, 0);
    s->v[0] = x;
    if (s->seen == 0) return false;
    if (s->seen <= s->n[0]) {
        s->v[1] += up;
        s->v[2] += down;
    } else {
        s->v[1] += (up - s->v[1]) / s->n[0];
        s->v[2] += (down - s->v[2]) / s->n[0];
    }
    if (s->seen == s->n[0]) {
        s->v[1] /= s->n[0];
        s->v[2] /= s->n[0];
    }
    return s->seen >= s->n[0];
}

static void step_rsi(hr_ta *s, const double *x, double *y)
{
    if (gains(s, x[0])) y[0] = 100 * (s->v[1] / (s->v[1] + s->v[2]));
}
HR_TA_DEFINE(rsi, 1, 1, hr_ta_no_setup, step_rsi)

static void setup_stochrsi(hr_ta *s)
{
    hr_ta_room_peak(s, 0, s->n[0]);
    hr_ta_room_peak(s, 1, s->n[0]);
}

/* peaks count rows, of which one without gains and losses is none: v[3] counts those that are */
static void step_stochrsi(hr_ta *s, const double *x, double *y)
{
    double rsi = (double)NAN;
    step_rsi(s, x, &rsi);
    if (!isfinite(rsi)) return;
    uint64_t seen = s->seen;
    double high;
    double low;
    s->seen = (uint64_t)s->v[3];
    hr_ta_peak(s, 0, rsi, &high);
    hr_ta_peak(s, 1, -rsi, &low);
    s->seen = seen;
    s->v[3]++;
    if (s->v[3] >= s->n[0]) y[0] = high + low == 0 ? 0 : (rsi + low) / (high + low);
}
HR_TA_DEFINE(stochrsi, 1, 1, setup_stochrsi, step_stochrsi)

static void setup_cmo(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

static void step_cmo(hr_ta *s, const double *x, double *y)
{
    if (s->n[1]) {
        if (gains(s, x[0])) y[0] = 100 * (s->v[1] - s->v[2]) / (s->v[1] + s->v[2]);
        return;
    }
    double change = x[0] - s->v[0];
    s->v[0] = x[0];
    if (s->seen == 0) return;
    double up = hr_ta_roll(s, 0, fmax(change, 0));
    double down = hr_ta_roll(s, 1, fmax(-change, 0));
    if (hr_ta_is_full(s, 0)) y[0] = 100 * (up - down) / (up + down);
}
HR_TA_DEFINE(cmo, 1, 1, setup_cmo, step_cmo)

static void setup_ultosc(hr_ta *s)
{
    if (s->n[1] < s->n[0] || s->n[2] < s->n[1]) s->bytes = SIZE_MAX;
    for (int i = 0; i < 6; i++)
        hr_ta_room(s, i, s->n[i / 2], 1);
}

/* v[0]: the close before */
static void step_ultosc(hr_ta *s, const double *x, double *y)
{
    double low = fmin(x[1], s->v[0]);
    double range = fmax(x[0], s->v[0]) - low;
    s->v[0] = x[2];
    if (s->seen == 0) return;
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double press = hr_ta_roll(s, 2 * i, x[2] - low);
        sum += (double)(4 >> i) * (press / hr_ta_roll(s, 2 * i + 1, range));
    }
    if (s->seen >= s->n[2]) y[0] = sum * 100 / 7;
}
HR_TA_DEFINE(ultosc, 3, 1, setup_ultosc, step_ultosc)
