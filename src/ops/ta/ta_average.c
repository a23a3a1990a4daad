/* SPDX-License-Identifier: Apache-2.0 */
/* Averages and lines through the last rows. */
#include "ops/ta/ta_cols.h"

HR_INLINE void setup_n(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_sma(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / s->n[0];
}

static void cols_sma(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    hr_ta_means_in(s, 0, x[0], m, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(sma, 1, 1, setup_n, step_sma, cols_sma)

HR_INLINE void setup_ema(hr_ta *s)
{
    for (uint32_t i = 0; i < 3; i++) {
        hr_ta_lin_ema(&s->lin[i], s->n[0], s->n[1]);
        hr_ta_lin_from(&s->lin[i], i * (s->n[0] - 1));
    }
}

static void cols_ema(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_FN(lin)(&s->lin[0], x[0], y[0], m);
}
HR_TA_COLS_TAME(ema, 1, 1, setup_ema, cols_ema)

/* the i-th average of averages, each starting at the row where the one before it has n rows */
static void next_average(hr_ta *s, int i, const double *x, double *y, uint32_t m)
{
    uint32_t skip = hr_ta_skip(s, (uint64_t)i * (s->n[0] - 1), m);
    HR_TA_FN(lin)(&s->lin[i], x + skip, y + skip, m - skip);
    for (uint32_t k = 0; k < skip; k++)
        y[k] = (double)NAN;
}

static void cols_dema(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(one);
    HR_TA_FN(lin)(&s->lin[0], x[0], one, m);
    next_average(s, 1, one, y[0], m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 2 * one[i] - y[0][i];
    hr_ta_blank(s, 2 * ((uint64_t)s->n[0] - 1), y[0], m);
}
HR_TA_COLS_TAME(dema, 1, 1, setup_ema, cols_dema)

static void cols_tema(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(one);
    HR_TA_COLUMN(two);
    HR_TA_FN(lin)(&s->lin[0], x[0], one, m);
    next_average(s, 1, one, two, m);
    next_average(s, 2, two, y[0], m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = 3 * one[i] - 3 * two[i] + y[0][i];
    hr_ta_blank(s, 3 * ((uint64_t)s->n[0] - 1), y[0], m);
}
HR_TA_COLS_TAME(tema, 1, 1, setup_ema, cols_tema)

static void cols_trix(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(now);
    HR_TA_COLUMN(last);
    HR_TA_FN(lin)(&s->lin[0], x[0], now, m);
    next_average(s, 1, now, now, m);
    next_average(s, 2, now, now, m);
    hr_ta_before(s, 0, now, m, last);
    const double *by = s->n[1] ? last : now;
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null((now[i] - last[i]) / by[i] * 100);
    hr_ta_blank(s, 3 * ((uint64_t)s->n[0] - 1) + 1, y[0], m);
}
HR_TA_COLS_TAME(trix, 1, 1, setup_ema, cols_trix)

static double all_weights(double n)
{
    return n * (n + 1) / 2;
}

static void step_wma(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll_weighed(s, 0, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / all_weights(s->n[0]);
}

/* of windows of n rows: weights from 1 (the oldest) to n */
static void weighed_rows(const double *w, uint32_t n, uint32_t m, double *y)
{
    double weight[HR_TA_SMALL] HR_UNINIT;
    double by = 1 / all_weights(n);
    for (uint32_t k = 0; k < n; k++)
        weight[k] = (k + 1.0) * by;
    HR_TA_FN(weighed)(y, w, weight, n, m);
}

/* of an input */
static void weighed_means(hr_ta *s, int j, const double *x, uint32_t m, double *y)
{
    HR_TA_ROOM(room);
    weighed_rows(hr_ta_window(s, j, x, m, room), s->ring[j].cap, m, y);
}

static void cols_wma(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    weighed_means(s, 0, x[0], m, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(wma, 1, 1, setup_n, step_wma, cols_wma)

HR_INLINE void setup_hma(hr_ta *s)
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

static void cols_hma(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(rows);
    uint32_t root = s->ring[2].cap;
    double *half = hr_ta_lead(s, 2, rows);
    weighed_means(s, 0, x[0], m, y[0]);
    weighed_means(s, 1, x[0], m, half);
    uint32_t skip = hr_ta_skip(s, s->n[0] - 1, m);
    for (uint32_t i = 0; i < m; i++)
        half[i] = i < skip ? 0 : 2 * half[i] - y[0][i];
    const double *w = hr_ta_keep(s, 2, half, m);
    weighed_rows(w, root, m, y[0]);
    hr_ta_blank(s, (uint64_t)s->n[0] + s->ring[2].cap - 2, y[0], m);
}
HR_TA_BOTH_TAME(hma, 1, 1, setup_hma, step_hma, cols_hma)

/* weights going up and down evenly are a sum of sums */
HR_INLINE void setup_trima(hr_ta *s)
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

static void cols_trima(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(inner);
    hr_ta_means_in(s, 0, x[0], m, inner);
    uint32_t skip = hr_ta_skip(s, s->ring[0].cap - 1, m);
    if (skip < m) hr_ta_means(s, 1, inner + skip, m - skip, y[0] + skip);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(trima, 1, 1, setup_trima, step_trima, cols_trima)

HR_INLINE void setup_kama(hr_ta *s)
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

static void cols_kama(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(way);
    HR_TA_COLUMN(room);
    HR_TA_FN(ways)(s, 0, x[0], m, way);
    const double *old = hr_ta_old(s, 1, x[0], m, room);
    for (uint32_t i = 0; i < m; i++) {
        double ratio = way[i] != 0 ? fabs(x[0][i] - old[i]) / way[i] : 1;
        double k = ratio * (2.0 / 3 - 2.0 / 31) + 2.0 / 31;
        way[i] = k * k;
    }
    uint32_t skip = hr_ta_skip(s, s->n[0] - 1, m);
    HR_TA_FN(lin_each)(&s->lin[0], way + skip, x[0] + skip, y[0] + skip, m - skip);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(kama, 1, 1, setup_kama, step_kama, cols_kama)

HR_INLINE void setup_wilders(hr_ta *s)
{
    hr_ta_lin_wilder(&s->lin[0], s->n[0]);
}
HR_TA_COLS_TAME(wilders, 1, 1, setup_wilders, cols_ema)

HR_INLINE void setup_zlema(hr_ta *s)
{
    hr_ta_room(s, 0, (s->n[0] - 1) / 2, 1);
    hr_ta_lin_ema(&s->lin[0], s->n[0], false);
    hr_ta_lin_from(&s->lin[0], s->ring[0].cap - 1);
}

static void cols_zlema(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(ahead);
    const double *old = hr_ta_old(s, 0, x[0], m, ahead);
    for (uint32_t i = 0; i < m; i++)
        ahead[i] = x[0][i] + (x[0][i] - old[i]);
    uint64_t first = s->ring[0].cap - 1;
    uint32_t skip = hr_ta_skip(s, first, m);
    if (s->seen <= first && first < s->seen + m) ahead[skip] = x[0][skip];
    HR_TA_FN(lin)(&s->lin[0], ahead + skip, y[0] + skip, m - skip);
    hr_ta_blank(s, first, y[0], m);
}
HR_TA_COLS_TAME(zlema, 1, 1, setup_zlema, cols_zlema)

HR_INLINE void setup_vidya(hr_ta *s)
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

static void cols_vidya(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    HR_TA_COLUMN(k);
    double *const short_to[] = {k, mean};
    double *const long_to[] = {y[0], mean};
    HR_TA_FN(variances_in)(s, 0, x[0], short_to, m, 0);
    HR_TA_FN(variances_in)(s, 2, x[0], long_to, m, 0);
    for (uint32_t i = 0; i < m; i++)
        k[i] = s->p[2] * sqrt(y[0][i] > 0 ? k[i] / y[0][i] : 0);
    uint64_t first = s->n[1] - 2;
    uint32_t skip = hr_ta_skip(s, first, m);
    HR_TA_FN(lin_each)(&s->lin[0], k + skip, x[0] + skip, y[0] + skip, m - skip);
    hr_ta_blank(s, first, y[0], m);
}
HR_TA_BOTH_TAME(vidya, 1, 1, setup_vidya, step_vidya, cols_vidya)

HR_INLINE void setup_vwma(hr_ta *s)
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

HR_INLINE void product_rows(uint32_t i, uint32_t n, const double *const *x, double *y,
                            hr_wide_bits *most)
{
    hr_wide_put(y + i, hr_wide_take(x[0] + i, n, most) * hr_wide_take(x[1] + i, n, most), n);
}

static bool try_vwma(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(room);
    HR_TA_ROOM(rows);
    double *flow = hr_ta_lead(s, 0, rows);
    hr_wide_bits most = {0};
    HR_WIDE_EACH(m, product_rows, x, flow, &most);
    if (!hr_ta_is_taken(s, most)) return false;
    const double *const w[] = {hr_ta_keep(s, 0, flow, m), hr_ta_window(s, 1, x[1], m, room)};
    HR_TA_FN(ratios)(y[0], w, HR_TA_RATIO, 1, s->n[0], m);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
    return true;
}
HR_TA_BOTH_TRY(vwma, 2, 1, setup_vwma, step_vwma)

/* what is left of v after so many rows as d is for */
HR_INLINE double decayed(double v, double d, bool is_linear)
{
    return is_linear ? v - d : v * d;
}

/* The larger of x and of what the value before has become, by fours as hr_ta_lin: in lin[0] the
 * value before the four, and what its rows alone make. d: of 1 to 4 rows. */
HR_INLINE void decay(hr_ta *s, uint32_t m, const double *x, double *y, const double *d,
                     bool is_linear)
{
    double base = s->seen ? s->lin[0].base : -(double)INFINITY;
    double part = s->lin[0].part;
    uint32_t place = s->seen % 4;
    uint32_t i = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (; i < m && (place != 0 || pass == 1); i++) {
            part = place == 0 ? x[i] : hr_ta_more(x[i], decayed(part, d[0], is_linear));
            y[i] = hr_ta_more(decayed(base, d[place], is_linear), part);
            if (place == 3) base = y[i];
            place = (place + 1) % 4;
        }
        for (; m - i >= 4; i += 4) {
            double p1 = hr_ta_more(x[i + 1], decayed(x[i], d[0], is_linear));
            double p2 = hr_ta_more(x[i + 2], decayed(p1, d[0], is_linear));
            part = hr_ta_more(x[i + 3], decayed(p2, d[0], is_linear));
            y[i] = hr_ta_more(decayed(base, d[0], is_linear), x[i]);
            y[i + 1] = hr_ta_more(decayed(base, d[1], is_linear), p1);
            y[i + 2] = hr_ta_more(decayed(base, d[2], is_linear), p2);
            base = hr_ta_more(decayed(base, d[3], is_linear), part);
            y[i + 3] = base;
        }
    }
    s->lin[0].base = base;
    s->lin[0].part = part;
}

static void cols_decay(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double by = 1.0 / s->n[0];
    const double d[4] = {by, 2 * by, 3 * by, 4 * by};
    decay(s, m, x[0], y[0], d, true);
}
HR_TA_COLS_TAME(decay, 1, 1, hr_ta_no_setup, cols_decay)

static void cols_edecay(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double by = 1 - 1.0 / s->n[0];
    const double d[4] = {by, by * by, by * by * by, by * by * by * by};
    decay(s, m, x[0], y[0], d, false);
}
HR_TA_COLS_TAME(edecay, 1, 1, hr_ta_no_setup, cols_edecay)

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

/* the same's value so many rows from the middle */
static void line_cols(hr_ta *s, const double *x, uint32_t m, double far_by, double *y)
{
    HR_TA_ROOM(room);
    double weight[HR_TA_SMALL] HR_UNINIT;
    uint32_t n = s->n[0];
    double level = 1.0 / n;
    double by = far_by * 12 / ((double)n * ((double)n * n - 1));
    for (uint32_t k = 0; k < n; k++)
        weight[k] = level + (k - (n - 1) / 2.0) * by;
    HR_TA_FN(weighed)(y, hr_ta_window(s, 0, x, m, room), weight, n, m);
}

static void step_linreg(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b * s->n[0];
}

static void cols_linreg(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    line_cols(s, x[0], m, (s->n[0] - 1.0) / 2, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(linreg, 1, 1, setup_n, step_linreg, cols_linreg)

static void step_linregintercept(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b;
}

static void cols_linregintercept(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    line_cols(s, x[0], m, -(s->n[0] - 1.0) / 2, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(linregintercept, 1, 1, setup_n, step_linregintercept, cols_linregintercept)

static void step_linregslope(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = b;
}

static void cols_linregslope(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(room);
    const double *w = hr_ta_window(s, 0, x[0], m, room);
    HR_TA_FN(slopes)(y[0], w, s->n[0], m);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(linregslope, 1, 1, setup_n, step_linregslope, cols_linregslope)

static void step_tsf(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (line(s, x[0], &a, &b)) y[0] = a + b * (s->n[0] + 1.0);
}

static void cols_tsf(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    line_cols(s, x[0], m, (s->n[0] + 1.0) / 2, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(tsf, 1, 1, setup_n, step_tsf, cols_tsf)

static void step_fosc(hr_ta *s, const double *x, double *y)
{
    double a;
    double b;
    if (!line(s, x[0], &a, &b)) return;
    if (s->seen >= s->n[0]) y[0] = 100 * (x[0] - s->v[0]) / x[0];
    s->v[0] = a + b * (s->n[0] + 1.0);
}

/* v[0]: what the row before tells of this one */
static void cols_fosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double told[HR_TA_CHUNK + 1] HR_UNINIT;
    told[0] = s->v[0];
    line_cols(s, x[0], m, (s->n[0] + 1.0) / 2, told + 1);
    s->v[0] = told[m];
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null(100 * (x[0][i] - told[i]) / x[0][i]);
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH_TAME(fosc, 1, 1, setup_n, step_fosc, cols_fosc)
