/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of how a price moves: oscillators of averages and of gains and losses. */
#include "ops/ta/ta_cols.h"

HR_INLINE void setup_two(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
    for (int j = 0; j < 2; j++)
        hr_ta_lin_ema(&s->lin[j], s->n[j], s->n[2]);
}

/* the short and the long average, null until both are. TA-Lib: n[2] */
static void two_averages(hr_ta *s, uint32_t m, const double *x, double *fast, double *slow)
{
    HR_TA_FN(lin)(&s->lin[0], x, fast, m);
    HR_TA_FN(lin)(&s->lin[1], x, slow, m);
    hr_ta_blank(s, 1, fast, m);
}

static void cols_apo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    two_averages(s, m, x[0], y[0], slow);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] -= slow[i];
}
HR_TA_COLS_TAME(apo, 1, 1, setup_two, cols_apo)

static void cols_ppo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    two_averages(s, m, x[0], y[0], slow);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 100 * (y[0][i] - slow[i]) / slow[i];
}
HR_TA_COLS(ppo, 1, 1, setup_two, cols_ppo)

/* lin: short, long, signal. TA-Lib: n[3], where the short one starts as the mean of the last rows
 * before the long one is */
HR_INLINE void setup_macd(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
    for (int j = 0; j < 3; j++)
        hr_ta_lin_ema(&s->lin[j], s->n[j], s->n[3]);
    if (s->n[3]) hr_ta_lin_from(&s->lin[0], s->n[1] - s->n[0]);
    hr_ta_lin_from(&s->lin[2], s->n[1] - 1);
    if (s->n[3] || s->n[0] != 12 || s->n[1] != 26) return;
    /* the factors it was published with */
    s->lin[0].k = 0.15;
    s->lin[1].k = 0.075;
    for (int j = 0; j < 2; j++)
        s->lin[j].a = 1 - s->lin[j].k;
}

static void cols_macd(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    uint32_t late = hr_ta_skip(s, s->n[3] ? s->n[1] - s->n[0] : 0, m);
    HR_TA_FN(lin)(&s->lin[0], x[0] + late, y[0] + late, m - late);
    HR_TA_FN(lin)(&s->lin[1], x[0], y[2], m);
    uint64_t first = s->n[1] - 1;
    uint32_t skip = hr_ta_skip(s, first, m);
    for (uint32_t i = skip; i < m; i++)
        y[0][i] -= y[2][i];
    HR_TA_FN(lin)(&s->lin[2], y[0] + skip, y[1] + skip, m - skip);
    for (uint32_t i = skip; i < m; i++)
        y[2][i] = y[0][i] - y[1][i];
    if (s->n[3]) first += s->n[2] - 1;
    if (first == 0) first = 1;
    for (int j = 0; j < 3; j++)
        hr_ta_blank(s, first, y[j], m);
}
HR_TA_COLS_TAME(macd, 1, 3, setup_macd, cols_macd)

HR_INLINE void setup_rsi(hr_ta *s)
{
    for (int j = 0; j < 2; j++) {
        hr_ta_lin_wilder(&s->lin[j], s->n[0]);
        hr_ta_lin_from(&s->lin[j], 1);
    }
}

/* v[0]: the value before; 0 at the first row */
static void gains(hr_ta *s, uint32_t m, const double *x, double *up, double *down)
{
    hr_ta_before(s, 0, x, m, down);
    if (s->seen == 0) down[0] = x[0];
    for (uint32_t i = 0; i < m; i++) {
        double change = x[i] - down[i];
        up[i] = hr_ta_more(change, 0);
        down[i] = hr_ta_more(-change, 0);
    }
}

/* averages of gains and losses as Wilder has them, from row n on */
static void average_gains(hr_ta *s, uint32_t m, const double *x, double *up, double *down)
{
    gains(s, m, x, up, down);
    uint32_t skip = hr_ta_skip(s, 1, m);
    HR_TA_FN(lin)(&s->lin[0], up + skip, up + skip, m - skip);
    HR_TA_FN(lin)(&s->lin[1], down + skip, down + skip, m - skip);
    hr_ta_blank(s, s->n[0], up, m);
}

static void cols_rsi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(down);
    average_gains(s, m, x[0], y[0], down);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 100 * y[0][i] / (y[0][i] + down[i]);
}
HR_TA_COLS(rsi, 1, 1, setup_rsi, cols_rsi)

HR_INLINE void setup_stochrsi(hr_ta *s)
{
    setup_rsi(s);
    hr_ta_room_peak(s, 0, s->n[0]);
    hr_ta_room_peak(s, 1, s->n[0]);
}

/* peaks count rows, of which one without gains and losses is none: v[3] counts those that are */
static void step_stochrsi(hr_ta *s, const double *x, double *y)
{
    double rsi;
    double *out = &rsi;
    cols_rsi(s, 1, &x, &out);
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

/* the place of each in the range of the last n[0] */
static HR_NOINLINE void places(hr_ta *s, double *x, uint32_t m)
{
    HR_TA_COLUMN(high);
    HR_TA_COLUMN(low);
    double w[HR_TA_SPAN] HR_UNINIT;
    hr_ta_span(s, 0, x, m, w);
    HR_TA_FN(lows)(low, w, s->n[0], m);
    HR_TA_FN(tops)(high, w, s->n[0], m);
    for (uint32_t i = 0; i < m; i++) {
        double place = (x[i] - low[i]) / (high[i] - low[i]);
        x[i] = high[i] == low[i] ? 0 : place;
    }
}

static void cols_stochrsi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(rsi);
    uint32_t row[HR_TA_CHUNK] HR_UNINIT;
    double *out = rsi;
    cols_rsi(s, m, x, &out);
    uint32_t n = hr_ta_told(rsi, m, row);
    places(s, rsi, n);
    hr_ta_put_back(s, 3, s->n[0], (hr_ta_rest){rsi, row, n, m}, y[0]);
}
HR_TA_BOTH(stochrsi, 1, 1, setup_stochrsi, step_stochrsi, cols_stochrsi)

HR_INLINE void setup_cmo(hr_ta *s)
{
    setup_rsi(s);
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

/* y: gains, then the value */
static void cmo_of(uint32_t m, double *restrict y, const double *restrict down)
{
    for (uint32_t i = 0; i < m; i++)
        y[i] = 100 * (y[i] - down[i]) / (y[i] + down[i]);
}

static void step_cmo(hr_ta *s, const double *x, double *y)
{
    double up;
    double down;
    if (s->n[1]) {
        average_gains(s, 1, x, &up, &down);
        cmo_of(1, &up, &down);
        y[0] = up;
        return;
    }
    gains(s, 1, x, &up, &down);
    if (s->seen == 0) return;
    up = hr_ta_roll(s, 0, up);
    down = hr_ta_roll(s, 1, down);
    if (hr_ta_is_full(s, 0)) y[0] = 100 * (up - down) / (up + down);
}

static void cols_cmo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(down);
    if (s->n[1]) {
        average_gains(s, m, x[0], y[0], down);
    } else {
        gains(s, m, x[0], y[0], down); /* 0 at the first row, which is in no value */
        hr_ta_means(s, 0, y[0], m, y[0]);
        hr_ta_means(s, 1, down, m, down);
    }
    cmo_of(m, y[0], down);
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH(cmo, 1, 1, setup_cmo, step_cmo, cols_cmo)

HR_INLINE void setup_ultosc(hr_ta *s)
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

static HR_NOINLINE void ultosc_part(hr_ta *s, int j, uint32_t m, const double *press,
                                    const double *range, double *y)
{
    HR_TA_COLUMN(a);
    HR_TA_COLUMN(b);
    double weight = (double)(4 >> j);
    hr_ta_means(s, 2 * j, press, m, a);
    hr_ta_means(s, 2 * j + 1, range, m, b);
    for (uint32_t i = 0; i < m; i++)
        y[i] += weight * (a[i] / b[i]);
}

static void cols_ultosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(press);
    HR_TA_COLUMN(range);
    hr_ta_before(s, 0, x[2], m, range);
    for (uint32_t i = 0; i < m; i++) {
        double low = hr_ta_less_of(x[1][i], range[i]);
        double high = hr_ta_more(x[0][i], range[i]);
        press[i] = x[2][i] - low;
        range[i] = high - low;
    }
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 0;
    if (s->seen == 0) press[0] = range[0] = 0;
    for (int j = 0; j < 3; j++)
        ultosc_part(s, j, m, press, range, y[0]);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] *= 100.0 / 7;
    hr_ta_blank(s, s->n[2], y[0], m);
}
HR_TA_BOTH(ultosc, 3, 1, setup_ultosc, step_ultosc, cols_ultosc)
