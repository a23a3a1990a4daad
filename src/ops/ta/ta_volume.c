/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of volume. Sums since the first row are pairs of doubles too: they do not drift. */
#include "ops/ta/ta_cols.h"

HR_INLINE void setup_pile(hr_ta *s)
{
    s->lin[2] = (hr_ta_lin){.a = 1, .k = 1, .div = 1};
}

/* Sums since the first row; y may be x. Those of a chunk go into the pair at its end. */
static void pile(hr_ta *s, const double *x, uint32_t m, double *y)
{
    hr_ta_lin *f = &s->lin[2];
    HR_TA_FN(lin)(f, x, y, m);
    const hr_ta_pair all = s->sum[0].now;
    double part = y[m - 1];
    for (uint32_t i = 0; i < m; i++)
        y[i] = all.hi + (all.lo + y[i]);
    if ((s->seen + m) % HR_TA_CHUNK != 0) return;
    s->sum[0].now = hr_ta_plus(all, hr_ta_one(part));
    f->base = 0;
    f->taken = 0;
}

static void cols_ad(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    for (uint32_t i = 0; i < m; i++) {
        double range = x[0][i] - x[1][i];
        double flow = (x[2][i] - x[1][i] - x[0][i] + x[2][i]) / range * x[3][i];
        y[0][i] = range != 0 ? flow : 0;
    }
    pile(s, y[0], m, y[0]);
}
HR_TA_COLS(ad, 4, 1, setup_pile, cols_ad)

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

static void cols_adosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    cols_ad(s, m, x, y);
    HR_TA_FN(lin)(&s->lin[1], y[0], slow, m);
    HR_TA_FN(lin)(&s->lin[0], y[0], y[0], m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] -= slow[i];
    hr_ta_blank(s, s->n[1] - 1, y[0], m);
}
HR_TA_COLS(adosc, 4, 1, setup_two, cols_adosc)

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
    double price = (x[0] + x[1] + x[2]) / 3;
    double last = s->v[0];
    s->v[0] = price;
    if (s->seen == 0) return;
    double up = hr_ta_roll(s, 0, price > last ? price * x[3] : 0);
    double down = hr_ta_roll(s, 1, price < last ? price * x[3] : 0);
    if (s->seen >= s->n[0]) y[0] = up / (up + down) * 100;
}

static void cols_mfi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN_0(price);
    HR_TA_COLUMN(down);
    for (uint32_t i = 0; i < m; i++)
        price[i] = (x[0][i] + x[1][i] + x[2][i]) / 3;
    hr_ta_before(s, 0, price, m, down);
    if (s->seen == 0) down[0] = price[0];
    for (uint32_t i = 0; i < m; i++) {
        double flow = price[i] * x[3][i];
        y[0][i] = price[i] > down[i] ? flow : 0;
        down[i] = price[i] < down[i] ? flow : 0;
    }
    hr_ta_means(s, 0, y[0], m, y[0]);
    hr_ta_means(s, 1, down, m, down);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 100 * y[0][i] / (y[0][i] + down[i]);
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH(mfi, 4, 1, setup_mfi, step_mfi, cols_mfi)

/* as hr_ta_lin, by fours of products: row by row, where a change past the range is none */
static uint32_t follow_rows(hr_ta_lin *f, const double *times, double *y, uint32_t i, uint32_t to)
{
    for (; i < to; i++) {
        uint32_t place = f->taken++ % 4;
        double before = place == 0 ? 1 : f->part;
        f->part = before * times[i];
        if (!isfinite(f->base * f->part)) f->part = before;
        y[i] = f->base * f->part;
        if (place == 3) f->base = y[i];
    }
    return i;
}

/* y[i] is the index after the change of row i times; what cannot be told (from a close of 0, or
 * past the range) is no change */
static void follow(hr_ta_lin *f, const double *times, uint32_t m, double *y)
{
    uint32_t i = follow_rows(f, times, y, 0, HR_MIN(m, (uint32_t)(-f->taken % 4)));
    while (m - i >= 4) {
        double base = f->base;
        double p1 = times[i] * times[i + 1];
        double p2 = p1 * times[i + 2];
        double p3 = p2 * times[i + 3];
        y[i] = base * times[i];
        y[i + 1] = base * p1;
        y[i + 2] = base * p2;
        y[i + 3] = base * p3;
        double all = (y[i] + y[i + 1]) + (y[i + 2] + y[i + 3]);
        if (HR_LIKELY(all - all == 0)) {
            f->base = y[i + 3];
            f->taken += 4;
            i += 4;
        } else {
            i = follow_rows(f, times, y, i, i + 4);
        }
    }
    (void)follow_rows(f, times, y, i, m);
}

HR_INLINE void setup_follow(hr_ta *s)
{
    s->lin[0].base = 1000;
}

/* v: 0 close, 1 volume before. sign: of the change of volume that counts */
HR_INLINE void volume_index(hr_ta *s, uint32_t m, const double *const *x, double *y, double sign)
{
    HR_TA_COLUMN(close);
    HR_TA_COLUMN(volume);
    hr_ta_before(s, 0, x[0], m, close);
    hr_ta_before(s, 1, x[1], m, volume);
    for (uint32_t i = 0; i < m; i++) {
        double times = x[0][i] / close[i];
        close[i] = (x[1][i] - volume[i]) * sign > 0 ? times : 1;
    }
    if (s->seen == 0) close[0] = 1;
    follow(&s->lin[0], close, m, y);
}

static void cols_nvi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    volume_index(s, m, x, y[0], -1);
}
HR_TA_COLS(nvi, 2, 1, setup_follow, cols_nvi)

static void cols_pvi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    volume_index(s, m, x, y[0], 1);
}
HR_TA_COLS(pvi, 2, 1, setup_follow, cols_pvi)

static void cols_obv(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(last);
    hr_ta_before(s, 0, x[0], m, last);
    if (s->seen == 0) last[0] = x[0][0];
    const double *close = x[0];
    const double *volume = x[1];
    for (uint32_t i = 0; i < m; i++) {
        double all = volume[i];
        double up = close[i] > last[i] ? all : 0;
        double down = close[i] < last[i] ? all : 0;
        last[i] = up - down;
    }
    pile(s, last, m, y[0]);
}
HR_TA_COLS_TAME(obv, 2, 1, setup_pile, cols_obv)

static void cols_wad(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(last);
    hr_ta_before(s, 0, x[2], m, last);
    if (s->seen == 0) last[0] = x[2][0];
    for (uint32_t i = 0; i < m; i++) {
        double up = x[2][i] - hr_ta_less_of(last[i], x[1][i]);
        double down = x[2][i] - hr_ta_more(last[i], x[0][i]);
        up = x[2][i] > last[i] ? up : 0;
        down = x[2][i] < last[i] ? down : 0;
        last[i] = up + down;
    }
    pile(s, last, m, y[0]);
    hr_ta_blank(s, 1, y[0], m);
}
HR_TA_COLS_TAME(wad, 3, 1, setup_pile, cols_wad)

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
    hr_ta_means(s, 0, x[0], m, y[0]);
    hr_ta_means(s, 1, x[0], m, slow);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 100 * (y[0][i] - slow[i]) / slow[i];
    hr_ta_blank(s, s->n[1] - 1, y[0], m);
}
HR_TA_BOTH(vosc, 1, 1, setup_vosc, step_vosc, cols_vosc)
