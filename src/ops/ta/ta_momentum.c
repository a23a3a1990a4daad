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
        y[0][i] = hr_ta_or_null(100 * (y[0][i] - slow[i]) / slow[i]);
}
HR_TA_COLS_TAME(ppo, 1, 1, setup_two, cols_ppo)

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

HR_INLINE void gain_rows(uint32_t i, uint32_t n, const double *x, const double *last,
                         double *const *y, hr_wide_bits *most)
{
    const hr_wide none = {0};
    hr_wide change = hr_wide_take(x + i, n, most) - hr_wide_get(last + i, n);
    hr_wide_put(y[0] + i, hr_wide_more(change, none), n);
    hr_wide_put(y[1] + i, hr_wide_more(-change, none), n);
}

/* v[0]: the value before; 0 at the first row. False: a null among the rows */
static bool gains(hr_ta *s, uint32_t m, const double *x, double *up, double *down)
{
    const double *last = hr_ta_last(s, 0, x, m, down);
    double *const y[] = {up, down};
    hr_wide_bits most = {0};
    if (s->seen == 0) down[0] = x[0];
    HR_WIDE_EACH(m, gain_rows, x, last, y, &most);
    if (!hr_ta_is_taken(s, most)) return false;
    hr_ta_past(s, 0, x, m);
    return true;
}

static bool try_rsi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(down);
    if (!gains(s, m, x[0], y[0], down)) return false;
    uint32_t skip = hr_ta_skip(s, 1, m);
    double *const of[] = {y[0] + skip, down + skip};
    HR_TA_FN(lins_share)(s->lin, of, of, m - skip);
    hr_ta_blank(s, s->n[0], y[0], m);
    return true;
}
HR_TA_TRY(rsi, 1, 1, setup_rsi)

/* averages of gains and losses as Wilder has them, from row n on */
static bool average_gains(hr_ta *s, uint32_t m, const double *x, double *up, double *down)
{
    if (!gains(s, m, x, up, down)) return false;
    uint32_t skip = hr_ta_skip(s, 1, m);
    HR_TA_FN(lin)(&s->lin[0], up + skip, up + skip, m - skip);
    HR_TA_FN(lin)(&s->lin[1], down + skip, down + skip, m - skip);
    hr_ta_blank(s, s->n[0], up, m);
    return true;
}

HR_INLINE void setup_stochrsi(hr_ta *s)
{
    setup_rsi(s);
    hr_ta_room_peak(s, 0, s->n[0]);
    hr_ta_room_peak(s, 1, s->n[0]);
}

/* peaks count rows, of which one without gains and losses is none: v[3] counts those that are */
static void step_stochrsi(hr_ta *s, const double *x, double *y)
{
    double rsi = (double)NAN;
    double *out = &rsi;
    (void)try_rsi(s, 1, &x, &out);
    if (!isfinite(rsi)) return;
    uint64_t seen = s->seen;
    double high;
    double low;
    s->seen = hr_ta_whole(s->v[3]);
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
    HR_TA_ROOM(w);
    hr_ta_span(s, 0, x, m, w);
    HR_TA_FN(lows)(low, w, s->n[0], m);
    HR_TA_FN(tops)(high, w, s->n[0], m);
    for (uint32_t i = 0; i < m; i++) {
        double place = (x[i] - low[i]) / (high[i] - low[i]);
        x[i] = high[i] == low[i] ? 0 : place;
    }
}

static bool try_stochrsi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(rsi);
    uint32_t row[HR_TA_CHUNK] HR_UNINIT;
    double *out = rsi;
    if (!try_rsi(s, m, x, &out)) return false;
    uint32_t n = hr_ta_told(rsi, m, row);
    places(s, rsi, n);
    hr_ta_put_back(s, 3, s->n[0], (hr_ta_rest){rsi, row, n, m}, y[0]);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null(y[0][i]);
    return true;
}
HR_TA_BOTH_TRY(stochrsi, 1, 1, setup_stochrsi, step_stochrsi)

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
        y[i] = hr_ta_or_null(100 * (y[i] - down[i]) / (y[i] + down[i]));
}

static void step_cmo(hr_ta *s, const double *x, double *y)
{
    double up = 0;
    double down = 0;
    if (s->n[1]) {
        (void)average_gains(s, 1, x, &up, &down);
        cmo_of(1, &up, &down);
        y[0] = up;
        return;
    }
    (void)gains(s, 1, x, &up, &down);
    if (s->seen == 0) return;
    up = hr_ta_roll(s, 0, up);
    down = hr_ta_roll(s, 1, down);
    if (hr_ta_is_full(s, 0)) y[0] = 100 * (up - down) / (up + down);
}

/* gains and losses, which are 0 at the first row: it is in no value */
static HR_NOINLINE bool sum_gains(hr_ta *s, uint32_t m, const double *x, double *y)
{
    HR_TA_ROOM(room_0);
    HR_TA_ROOM(room_1);
    double *gain = hr_ta_lead(s, 0, room_0);
    double *loss = hr_ta_lead(s, 1, room_1);
    if (!gains(s, m, x, gain, loss)) return false;
    const double *const w[] = {hr_ta_keep(s, 0, gain, m), hr_ta_keep(s, 1, loss, m)};
    HR_TA_FN(ratios)(y, w, HR_TA_BALANCE, 100, s->n[0], m);
    return true;
}

static bool try_cmo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(down);
    if (!s->n[1]) {
        if (!sum_gains(s, m, x[0], y[0])) return false;
    } else {
        if (!average_gains(s, m, x[0], y[0], down)) return false;
        cmo_of(m, y[0], down);
    }
    hr_ta_blank(s, s->n[0], y[0], m);
    return true;
}
HR_TA_BOTH_TRY(cmo, 1, 1, setup_cmo, step_cmo)

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

HR_INLINE void press_rows(uint32_t i, uint32_t n, const double *const *x, const double *last,
                          double *const *y, hr_wide_bits *most)
{
    hr_wide before = hr_wide_get(last + i, n);
    hr_wide low = hr_wide_less_of(hr_wide_take(x[1] + i, n, most), before);
    hr_wide high = hr_wide_more(hr_wide_take(x[0] + i, n, most), before);
    hr_wide_put(y[0] + i, hr_wide_take(x[2] + i, n, most) - low, n);
    hr_wide_put(y[1] + i, high - low, n);
}

static bool try_ultosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(room_0);
    HR_TA_ROOM(room_1);
    double *press = hr_ta_lead(s, 4, room_0);
    double *range = hr_ta_lead(s, 5, room_1);
    const double *last = hr_ta_last(s, 0, x[2], m, y[0]);
    double *const to[] = {press, range};
    hr_wide_bits most = {0};
    HR_WIDE_EACH(m, press_rows, x, last, to, &most);
    if (!hr_ta_is_taken(s, most)) return false;
    hr_ta_past(s, 0, x[2], m);
    if (s->seen == 0) press[0] = range[0] = 0;
    const double *const w[] = {hr_ta_keep(s, 4, press, m), hr_ta_keep(s, 5, range, m)};
    for (uint32_t j = 0; j < 3; j++) { /* each as wide as the longest is, of which it is the end */
        const double *const part[] = {w[0] + s->n[2] - s->n[j], w[1] + s->n[2] - s->n[j]};
        HR_TA_FN(ratios)
        (y[0], part, j == 0 ? HR_TA_RATIO : HR_TA_RATIO_MORE, (4 >> j) * (100.0 / 7), s->n[j], m);
    }
    hr_ta_blank(s, s->n[2], y[0], m);
    return true;
}
HR_TA_BOTH_TRY(ultosc, 3, 1, setup_ultosc, step_ultosc)
