/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of volume. Sums since the first row are pairs of doubles too: they do not drift. */
#include "ops/ta/ta_cols.h"

HR_INLINE void setup_pile(hr_ta *s)
{
    s->lin[2] = (hr_ta_lin){.a = 1, .k = 1, .div = 1};
}

HR_INLINE void ad_rows(uint32_t i, uint32_t n, const double *const *x, double *y,
                       hr_wide_bits *most)
{
    hr_wide high = hr_wide_take(x[0] + i, n, most);
    hr_wide low = hr_wide_take(x[1] + i, n, most);
    hr_wide close = hr_wide_take(x[2] + i, n, most);
    hr_wide range = high - low;
    hr_wide flow = (close - low - high + close) / range * hr_wide_take(x[3] + i, n, most);
    hr_wide_put(y + i, hr_wide_only(range != 0, flow), n);
}

/* a sum past the range stays there */
static bool try_ad(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    hr_wide_bits most = {0};
    HR_WIDE_EACH(m, ad_rows, x, y[0], &most);
    if (!hr_ta_is_taken(s, most)) return false;
    HR_TA_FN(pile)(s, y[0], y[0], m);
    if (!isfinite(y[0][m - 1])) s->is_wild = true;
    return true;
}
HR_TA_TRY(ad, 4, 1, setup_pile)

HR_INLINE void setup_two(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
    setup_pile(s);
    for (int j = 0; j < 2; j++)
        hr_ta_lin_ema(&s->lin[j], s->n[j], false);
}

/* kvo: the first force is of the second row */
HR_INLINE void setup_kvo(hr_ta *s)
{
    setup_two(s);
    for (int j = 0; j < 2; j++)
        hr_ta_lin_from(&s->lin[j], 1);
}

static bool try_adosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    if (!try_ad(s, m, x, y)) return false;
    HR_TA_FN(lin)(&s->lin[1], y[0], slow, m);
    HR_TA_FN(lin)(&s->lin[0], y[0], y[0], m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] -= slow[i];
    hr_ta_blank(s, s->n[1] - 1, y[0], m);
    return true;
}
HR_TA_TRY(adosc, 4, 1, setup_two)

static void cols_emv(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN_0(middle);
    HR_TA_COLUMN(last);
    for (uint32_t i = 0; i < m; i++)
        middle[i] = (x[0][i] + x[1][i]) * 0.5;
    hr_ta_before(s, 0, middle, m, last);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = (middle[i] - last[i]) / (x[2][i] / 10000 / (x[0][i] - x[1][i]));
    hr_ta_blank(s, 1, y[0], m);
}
HR_TA_COLS(emv, 3, 1, hr_ta_no_setup, cols_emv)

/* What the ranges since the trend turned are, of the rows at hand, signed as the trend. v: 0 high,
 * low and close before, 1 the range before, 2 trend (0 none yet, 1 up, -1 down), 3 the ranges. */
static void kvo_trend(hr_ta *s, uint32_t m, const double *const *x, double *y)
{
    double sum = s->v[0];
    double range = s->v[1];
    double trend = s->v[2];
    double all = s->v[3];
    for (uint32_t i = 0; i < m; i++) {
        double now = x[0][i] + x[1][i] + x[2][i];
        double way = now > sum ? 1 : now < sum ? -1 : trend;
        double from = way != trend ? range : all;
        range = x[0][i] - x[1][i];
        trend = way;
        sum = now;
        all = from + range;
        y[i] = way < 0 ? -all : all;
    }
    s->v[0] = sum;
    s->v[1] = range;
    s->v[2] = trend;
    s->v[3] = all;
}

static void cols_kvo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN_0(force);
    uint32_t row[HR_TA_CHUNK] HR_UNINIT;
    uint32_t skip = hr_ta_skip(s, 1, m);
    if (skip) {
        s->v[0] = x[0][0] + x[1][0] + x[2][0];
        s->v[1] = x[0][0] - x[1][0];
    }
    const double *rest[] = {x[0] + skip, x[1] + skip, x[2] + skip};
    kvo_trend(s, m - skip, rest, force + skip);
    force[0] = skip ? (double)NAN : force[0];
    for (uint32_t i = skip; i < m; i++) {
        double part = (x[0][i] - x[1][i]) / fabs(force[i]);
        force[i] = x[3][i] * fabs(part * 2 - 1) * copysign(100, force[i]);
    }
    uint32_t n = hr_ta_told(force, m, row);
    HR_TA_COLUMN(slow);
    HR_TA_FN(lin)(&s->lin[1], force, slow, n);
    HR_TA_FN(lin)(&s->lin[0], force, force, n);
    for (uint32_t i = 0; i < n; i++)
        force[i] -= slow[i];
    hr_ta_put_back(s, 4, 0, (hr_ta_rest){force, row, n, m}, y[0]);
}
HR_TA_COLS(kvo, 4, 1, setup_kvo, cols_kvo)

HR_INLINE void setup_mfi(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[0], 1);
}

static void step_mfi(hr_ta *s, const double *x, double *y)
{
    double price = (x[0] + x[1] + x[2]) * (1.0 / 3);
    double last = s->v[0];
    s->v[0] = price;
    if (s->seen == 0) return;
    double up = hr_ta_roll(s, 0, price > last ? price * x[3] : 0);
    double down = hr_ta_roll(s, 1, price < last ? price * x[3] : 0);
    if (s->seen >= s->n[0]) y[0] = up / (up + down) * 100;
}

HR_INLINE void flow_rows(uint32_t i, uint32_t n, const double *price, const double *volume,
                         double *up, double *down)
{
    hr_wide now = hr_wide_get(price + 1 + i, n);
    hr_wide last = hr_wide_get(price + i, n);
    hr_wide flow = now * hr_wide_get(volume + i, n);
    hr_wide_put(up + i, hr_wide_only(now > last, flow), n);
    hr_wide_put(down + i, hr_wide_only(now < last, flow), n);
}

/* v[0]: the price before */
static void cols_mfi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double price[HR_TA_CHUNK + 1] HR_UNINIT;
    HR_TA_ROOM(room_0);
    HR_TA_ROOM(room_1);
    for (uint32_t i = 0; i < m; i++)
        price[i + 1] = (x[0][i] + x[1][i] + x[2][i]) * (1.0 / 3);
    price[0] = s->seen == 0 ? price[1] : s->v[0];
    s->v[0] = price[m];
    double *rise = hr_ta_lead(s, 0, room_0);
    double *fall = hr_ta_lead(s, 1, room_1);
    HR_WIDE_EACH(m, flow_rows, price, x[3], rise, fall);
    const double *const w[] = {hr_ta_keep(s, 0, rise, m), hr_ta_keep(s, 1, fall, m)};
    HR_TA_FN(ratios)(y[0], w, HR_TA_SHARE, 100, s->n[0], m);
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH_TAME(mfi, 4, 1, setup_mfi, step_mfi, cols_mfi)

HR_INLINE void setup_follow(hr_ta *s)
{
    s->lin[0].base = 1000;
}

HR_INLINE void change_rows(uint32_t i, uint32_t n, const double *const *x,
                           const double *const *last, bool is_more, double *y, hr_wide_bits *most)
{
    hr_wide now = hr_wide_take(x[1] + i, n, most);
    hr_wide before = hr_wide_get(last[1] + i, n);
    hr_wide times = hr_wide_take(x[0] + i, n, most) / hr_wide_get(last[0] + i, n);
    hr_wide_bits counts = is_more ? now > before : now < before;
    hr_wide_put(y + i, hr_wide_pick(counts, times, hr_wide_of(1)), n);
}

/* v: 0 close, 1 volume before. sign: of the change of volume that counts */
HR_INLINE bool volume_index(hr_ta *s, uint32_t m, const double *const *x, double *y, double sign)
{
    HR_TA_COLUMN(times);
    HR_TA_COLUMN(volume);
    const double *last[2];
    hr_wide_bits most = {0};
    last[0] = hr_ta_last(s, 0, x[0], m, times);
    last[1] = hr_ta_last(s, 1, x[1], m, volume);
    HR_WIDE_EACH(m, change_rows, x, last, sign > 0, times, &most);
    if (!hr_ta_is_taken(s, most)) return false;
    for (int k = 0; k < 2; k++)
        hr_ta_past(s, k, x[k], m);
    if (s->seen == 0) times[0] = 1;
    HR_TA_FN(follow)(&s->lin[0], times, y, m);
    return true;
}

static bool try_nvi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    return volume_index(s, m, x, y[0], -1);
}
HR_TA_TRY(nvi, 2, 1, setup_follow)

static bool try_pvi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    return volume_index(s, m, x, y[0], 1);
}
HR_TA_TRY(pvi, 2, 1, setup_follow)

HR_INLINE void obv_rows(uint32_t i, uint32_t n, const double *const *x, const double *last,
                        double *y, hr_wide_bits *most)
{
    hr_wide now = hr_wide_take(x[0] + i, n, most);
    hr_wide before = hr_wide_get(last + i, n);
    hr_wide volume = hr_wide_take(x[1] + i, n, most);
    hr_wide up = hr_wide_only(now > before, volume);
    hr_wide_put(y + i, up - hr_wide_only(now < before, volume), n);
}

static bool try_obv(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    const double *last = hr_ta_last(s, 0, x[0], m, y[0]);
    if (s->seen == 0) y[0][0] = x[0][0];
    hr_wide_bits most = {0};
    HR_WIDE_EACH(m, obv_rows, x, last, y[0], &most);
    if (!hr_ta_is_taken(s, most)) return false;
    hr_ta_past(s, 0, x[0], m);
    HR_TA_FN(pile)(s, y[0], y[0], m);
    return true;
}
HR_TA_TRY(obv, 2, 1, setup_pile)

HR_INLINE void wad_rows(uint32_t i, uint32_t n, const double *const *x, const double *last,
                        double *y, hr_wide_bits *most)
{
    hr_wide now = hr_wide_take(x[2] + i, n, most);
    hr_wide before = hr_wide_get(last + i, n);
    hr_wide up = now - hr_wide_less_of(before, hr_wide_take(x[1] + i, n, most));
    hr_wide down = now - hr_wide_more(before, hr_wide_take(x[0] + i, n, most));
    hr_wide_put(y + i, hr_wide_only(now > before, up) + hr_wide_only(now < before, down), n);
}

static bool try_wad(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    const double *last = hr_ta_last(s, 0, x[2], m, y[0]);
    if (s->seen == 0) y[0][0] = x[2][0];
    hr_wide_bits most = {0};
    HR_WIDE_EACH(m, wad_rows, x, last, y[0], &most);
    if (!hr_ta_is_taken(s, most)) return false;
    hr_ta_past(s, 0, x[2], m);
    HR_TA_FN(pile)(s, y[0], y[0], m);
    hr_ta_blank(s, 1, y[0], m);
    return true;
}
HR_TA_TRY(wad, 3, 1, setup_pile)

HR_INLINE void setup_vosc(hr_ta *s)
{
    if (s->n[1] < s->n[0]) s->bytes = SIZE_MAX;
    hr_ta_room(s, 0, s->n[0], 1);
    hr_ta_room(s, 1, s->n[1], 1);
}

static void step_vosc(hr_ta *s, const double *x, double *y)
{
    double fast = hr_ta_roll(s, 0, x[0]) / s->n[0];
    double slow = hr_ta_roll(s, 1, x[0]) / s->n[1];
    if (hr_ta_is_full(s, 1)) y[0] = 100 * (fast - slow) / slow;
}

static void cols_vosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    HR_TA_ROOM(room);
    uint32_t n = s->n[1];
    const double *w = hr_ta_window(s, 1, x[0], m, room);
    HR_TA_FN(sums)(slow, w, 1.0 / n, n, m);
    HR_TA_FN(sums)(y[0], w + n - s->n[0], 1.0 / s->n[0], s->n[0], m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null(100 * (y[0][i] - slow[i]) / slow[i]);
    hr_ta_blank(s, n - 1, y[0], m);
}
HR_TA_BOTH_TAME(vosc, 1, 1, setup_vosc, step_vosc, cols_vosc)
