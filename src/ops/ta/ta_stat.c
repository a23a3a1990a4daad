/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the last rows: sums, spreads, bounds, differences. */
#include "ops/ta/ta_cols.h"

HR_INLINE void setup_n(hr_ta *s)
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

static void cols_stddev(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    double *const to[] = {y[0], mean};
    HR_TA_FN(variances_in)(s, 0, x[0], to, m, 1);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(stddev, 1, 1, setup_n, step_stddev, cols_stddev)

static void step_stderr(hr_ta *s, const double *x, double *y)
{
    step_stddev(s, x, y);
    y[0] /= sqrt((double)s->n[0]);
}

static void cols_stderr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    double by = 1 / sqrt((double)s->n[0]);
    double *const to[] = {y[0], mean};
    HR_TA_FN(variances_in)(s, 0, x[0], to, m, by);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(stderr, 1, 1, setup_n, step_stderr, cols_stderr)

static void step_bbands(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll_squares(s, 0, x[0]);
    if (!hr_ta_is_full(s, 0)) return;
    double wide = s->p[1] * sqrt(hr_ta_variance(s, 0));
    y[1] = sum / s->n[0];
    y[0] = y[1] - wide;
    y[2] = y[1] + wide;
}

static void cols_bbands(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    bool is_wide = s->p[1] > 0;
    HR_TA_FN(variances_in)(s, 0, x[0], y, m, is_wide ? s->p[1] : 0);
    for (uint32_t i = 0; i < m; i++) {
        double wide = is_wide ? y[0][i] : 0;
        y[0][i] = y[1][i] - wide;
        y[2][i] = y[1][i] + wide;
    }
    for (int j = 0; j < 3; j++)
        hr_ta_blank(s, s->n[0] - 1, y[j], m);
}
HR_TA_BOTH_TAME(bbands, 1, 3, setup_n, step_bbands, cols_bbands)

static void step_volatility(hr_ta *s, const double *x, double *y)
{
    double change = x[0] / s->v[0] - 1;
    s->v[0] = x[0];
    if (s->seen == 0 || !isfinite(change)) return;
    hr_ta_roll_squares(s, 0, change);
    if (hr_ta_is_full(s, 0)) y[0] = sqrt(hr_ta_variance(s, 0)) * sqrt(252);
}

/* v: 0 the value before, 1 the changes taken */
static void cols_volatility(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    HR_TA_ROOM(rows);
    uint32_t row[HR_TA_CHUNK] HR_UNINIT;
    const double *last = hr_ta_last(s, 0, x[0], m, mean);
    double *change = hr_ta_lead(s, 0, rows);
    for (uint32_t i = 0; i < m; i++)
        change[i] = x[0][i] / last[i] - 1;
    hr_ta_past(s, 0, x[0], m);
    if (s->seen == 0) change[0] = (double)NAN;
    uint32_t n = hr_ta_told(change, m, row);
    const double *w = hr_ta_keep(s, 0, change, n);
    HR_TA_COLUMN(value);
    double *const to[] = {value, mean};
    HR_TA_FN(variances)(s, 0, w, to, n, sqrt(252));
    hr_ta_put_back(s, 1, s->n[0], (hr_ta_rest){value, row, n, m}, y[0]);
}
HR_TA_BOTH(volatility, 1, 1, setup_n, step_volatility, cols_volatility)

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

/* means of the windows w and mean distances from them, where they are */
static void distance_cols(hr_ta *s, const double *w, uint32_t m, double *mean, double *y)
{
    uint32_t n = s->n[0];
    double part = 1.0 / n;
    HR_TA_FN(sums)(mean, w, part, n, m);
    HR_TA_FN(distances)(y, w, mean, n, m);
    for (uint32_t i = 0; i < m; i++)
        y[i] *= part;
}

static void cols_md(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    HR_TA_ROOM(room);
    distance_cols(s, hr_ta_window(s, 0, x[0], m, room), m, mean, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(md, 1, 1, setup_n, step_md, cols_md)

static void step_cci(hr_ta *s, const double *x, double *y)
{
    double price = (x[0] + x[1] + x[2]) / 3;
    double mean = hr_ta_roll(s, 0, price) / s->n[0];
    if (s->seen + 2 < 2 * (uint64_t)s->n[0]) return;
    double far = distance(s, mean);
    if (far > 1e-14 * fabs(mean)) y[0] = (price - mean) / (0.015 * far);
}

static void cols_cci(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(mean);
    HR_TA_ROOM(rows);
    double *price = hr_ta_lead(s, 0, rows);
    for (uint32_t i = 0; i < m; i++)
        price[i] = (x[0][i] + x[1][i] + x[2][i]) / 3;
    const double *w = hr_ta_keep(s, 0, price, m);
    distance_cols(s, w, m, mean, y[0]);
    for (uint32_t i = 0; i < m; i++) {
        double far = y[0][i];
        double value = (price[i] - mean[i]) / (0.015 * far);
        y[0][i] = far > 1e-14 * fabs(mean[i]) ? value : (double)NAN;
    }
    hr_ta_blank(s, 2 * ((uint64_t)s->n[0] - 1), y[0], m);
}
HR_TA_BOTH(cci, 3, 1, setup_n, step_cci, cols_cci)

#define OF_OLD(fn, value)                                                                          \
    HR_INLINE void rows_##fn(uint32_t i, uint32_t n, const double *at, const double *before,       \
                             double *y, hr_wide_bits *most)                                        \
    {                                                                                              \
        hr_wide x = hr_wide_take(at + i, n, most);                                                 \
        hr_wide old = hr_wide_get(before + i, n);                                                  \
        hr_wide_put(y + i, (value), n);                                                            \
    }                                                                                              \
    static bool try_##fn(hr_ta *s, uint32_t m, const double *const *x, double *const *y)           \
    {                                                                                              \
        hr_wide_bits most = {0};                                                                   \
        uint32_t n = s->n[0];                                                                      \
        if (s->behind >= n && m >= n) {                                                            \
            HR_WIDE_EACH(m, rows_##fn, x[0], x[0] - n, y[0], &most);                               \
            if (!hr_ta_is_taken(s, most)) return false;                                            \
            (void)hr_ta_old(s, 0, x[0], m, y[0]);                                                  \
            return true;                                                                           \
        }                                                                                          \
        if (!HR_TA_FN(is_clean)(s, x, 1, m)) return false;                                         \
        hr_ta_lag(s, 0, x[0], m, y[0]);                                                            \
        HR_WIDE_EACH(m, rows_##fn, x[0], y[0], y[0], &most);                                       \
        hr_ta_blank(s, s->n[0], y[0], m);                                                          \
        return true;                                                                               \
    }                                                                                              \
    HR_TA_TRY(fn, 1, 1, setup_n)

/* clang-format off */
OF_OLD(mom, x - old)
OF_OLD(rocr, hr_wide_or_null(x / old))
OF_OLD(roc, hr_wide_or_null((x - old) / old))
/* clang-format on */

HR_INLINE void setup_dpo(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

static void step_dpo(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = hr_ta_ago(s, 0, s->n[0] / 2 + 1) - sum / s->n[0];
}

static void cols_dpo(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(room);
    uint32_t n = s->n[0];
    const double *w = hr_ta_window(s, 0, x[0], m, room);
    const double *old = w + n - 2 - n / 2;
    HR_TA_FN(sums)(y[0], w, 1.0 / n, n, m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = old[i] - y[0][i];
    hr_ta_blank(s, n - 1, y[0], m);
}
HR_TA_BOTH_TAME(dpo, 1, 1, setup_dpo, step_dpo, cols_dpo)

static void step_qstick(hr_ta *s, const double *x, double *y)
{
    double sum = hr_ta_roll(s, 0, x[1] - x[0]);
    if (hr_ta_is_full(s, 0)) y[0] = sum / s->n[0];
}

static void cols_qstick(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_ROOM(rows);
    double *body = hr_ta_lead(s, 0, rows);
    for (uint32_t i = 0; i < m; i++)
        body[i] = x[1][i] - x[0][i];
    const double *w = hr_ta_keep(s, 0, body, m);
    HR_TA_FN(sums)(y[0], w, 1.0 / s->n[0], s->n[0], m);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(qstick, 2, 1, setup_n, step_qstick, cols_qstick)

/* whether a now, c a row before, is above b, d and was not */
HR_INLINE double crossed(double a, double b, double c, double d)
{
    double is_up = a > b ? 1 : 0;
    return c <= d ? is_up : 0;
}

/* v: the values before. both: the other way too */
HR_INLINE void crosses(hr_ta *s, uint32_t m, const double *const *x, double *restrict y, bool both)
{
    const double *restrict a = x[0];
    const double *restrict b = x[1];
    y[0] = crossed(a[0], b[0], s->v[0], s->v[1]);
    if (both) y[0] += crossed(b[0], a[0], s->v[1], s->v[0]);
    for (uint32_t i = 1; i < m; i++) {
        double up = crossed(a[i], b[i], a[i - 1], b[i - 1]);
        y[i] = both ? up + crossed(b[i], a[i], b[i - 1], a[i - 1]) : up;
    }
    s->v[0] = a[m - 1];
    s->v[1] = b[m - 1];
    hr_ta_blank(s, 1, y, m);
}

static void cols_crossany(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    crosses(s, m, x, y[0], true);
}
HR_TA_COLS_TAME(crossany, 2, 1, hr_ta_no_setup, cols_crossany)

static void cols_crossover(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    crosses(s, m, x, y[0], false);
}
HR_TA_COLS_TAME(crossover, 2, 1, hr_ta_no_setup, cols_crossover)

/* Tulip's own pi, 3.1415926: its values are compared to 1e-9 */
#define MSW_PI 3.1415926

HR_INLINE void setup_msw(hr_ta *s)
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
