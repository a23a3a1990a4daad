/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators of highs and lows: ranges, directions, trends. */
#include "base/powers.h"
#include "ops/ta/ta_cols.h"

/* in whole batches: what is not finite among the inputs is not in y, or in test */
#define OF_ROW(fn, test, value)                                                                    \
    void HR_TA_FN(fn)(void *state, const hr_op_rows *r)                                            \
    {                                                                                              \
        const double *restrict p = r->in[0];                                                       \
        const double *restrict q = r->in[1];                                                       \
        const double *restrict u = r->in[2];                                                       \
        const double *restrict v = r->in[3];                                                       \
        double *restrict out = r->out[0];                                                          \
        (void)state;                                                                               \
        (void)u;                                                                                   \
        (void)v;                                                                                   \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double t = (test);                                                                     \
            double y = (value);                                                                    \
            out[i] = (y - y) + (t - t) == 0 ? y : (double)NAN;                                     \
        }                                                                                          \
    }                                                                                              \
    HR_TA_DEFINE_STATE(fn, hr_ta_no_setup)

/* clang-format off */
OF_ROW(avgprice, 0, (p[i] + q[i] + u[i] + v[i]) * 0.25)
OF_ROW(medprice, 0, (p[i] + q[i]) * 0.5)
OF_ROW(typprice, 0, (p[i] + q[i] + u[i]) * (1.0 / 3))
OF_ROW(wcprice, 0, (p[i] + q[i] + 2 * u[i]) * 0.25)
OF_ROW(marketfi, u[i], (p[i] - q[i]) / u[i])
/* clang-format on */

void HR_TA_FN(bop)(void *state, const hr_op_rows *r)
{
    const double *restrict open = r->in[0];
    const double *restrict high = r->in[1];
    const double *restrict low = r->in[2];
    const double *restrict close = r->in[3];
    double *restrict out = r->out[0];
    (void)state;
    for (uint32_t i = 0; i < r->n; i++) {
        double range = high[i] - low[i];
        double move = close[i] - open[i];
        double y = range <= 0 ? 0 : move / range;
        out[i] = (y - y) + (range - range) + (move - move) == 0 ? y : (double)NAN;
    }
}
HR_TA_DEFINE_STATE(bop, hr_ta_no_setup)

HR_INLINE void range_rows(uint32_t i, uint32_t n, const double *high, const double *low,
                          const double *last, double *y, hr_wide_bits *most)
{
    hr_wide top = hr_wide_take(high + i, n, most);
    hr_wide bottom = hr_wide_take(low + i, n, most);
    hr_wide before = hr_wide_take(last + i, n, most);
    hr_wide far = hr_wide_more(hr_wide_abs(top - before), hr_wide_abs(bottom - before));
    hr_wide_put(y + i, hr_wide_more(top - bottom, far), n);
}

/* True ranges, false where there is a null among the rows; v[0]: the close before. Of the closes
 * the last is in no row's range, the one before the first was told. */
static bool ranges(hr_ta *s, uint32_t m, const double *const *x, double *y)
{
    HR_TA_COLUMN(room);
    hr_wide_bits most = hr_wide_size((hr_wide_bits){0}, hr_wide_of(x[2][m - 1]));
    const double *last = hr_ta_last(s, 0, x[2], m, room);
    HR_WIDE_EACH(m, range_rows, x[0], x[1], last, y, &most);
    if (!hr_ta_is_taken(s, most)) return false;
    if (s->seen == 0) y[0] = x[0][0] - x[1][0];
    hr_ta_past(s, 0, x[2], m);
    return true;
}

static bool try_tr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    return ranges(s, m, x, y[0]);
}
HR_TA_TRY(tr, 3, 1, hr_ta_no_setup)

HR_INLINE void setup_atr(hr_ta *s)
{
    hr_ta_lin_wilder(&s->lin[0], s->n[0]);
    hr_ta_lin_from(&s->lin[0], s->n[1]);
}

/* TA-Lib leaves out the first row, which has no close before it */
static bool try_atr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    if (!ranges(s, m, x, y[0])) return false;
    uint32_t skip = hr_ta_skip(s, s->n[1], m);
    HR_TA_FN(lin)(&s->lin[0], y[0] + skip, y[0] + skip, m - skip);
    hr_ta_blank(s, s->n[1], y[0], m);
    return true;
}
HR_TA_TRY(atr, 3, 1, setup_atr)

static bool try_natr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    if (!try_atr(s, m, x, y)) return false;
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null(100 * y[0][i] / x[2][i]);
    return true;
}
HR_TA_TRY(natr, 3, 1, setup_atr)

/* Directional movement: sums of the first n - 1 rows that have a row before, later sums of Wilder.
 * lin: 0 up, 1 down, 2 range, or the average of dx. */
HR_INLINE void setup_move(hr_ta *s)
{
    double n = s->n[0];
    for (int j = 0; j < 3; j++)
        s->lin[j] = (hr_ta_lin){.a = (n - 1) / n, .k = 1, .div = 1, .lead = s->n[0], .taken = 1};
}

HR_INLINE void move_rows(uint32_t i, uint32_t n, const double *const *x, const double *const *last,
                         double *const *y, bool equal, hr_wide_bits *most)
{
    const hr_wide none = {0};
    hr_wide rise = hr_wide_take(x[0] + i, n, most) - hr_wide_get(last[0] + i, n);
    hr_wide fall = hr_wide_get(last[1] + i, n) - hr_wide_take(x[1] + i, n, most);
    rise = hr_wide_more(rise, none);
    fall = hr_wide_more(fall, none);
    hr_wide_put(y[0] + i, hr_wide_only(equal ? rise >= fall : rise > fall, rise), n);
    hr_wide_put(y[1] + i, hr_wide_only(equal ? fall >= rise : fall > rise, fall), n);
}

/* v: 1 high, 2 low before. False: a null among the rows */
static bool moves(hr_ta *s, uint32_t m, const double *const *x, double *up, double *down)
{
    HR_TA_COLUMN(high);
    HR_TA_COLUMN(low);
    const double *last[2];
    double *const y[] = {up, down};
    hr_wide_bits most = {0};
    last[0] = hr_ta_last(s, 1, x[0], m, high);
    last[1] = hr_ta_last(s, 2, x[1], m, low);
    if (s->n[1])
        HR_WIDE_EACH(m, move_rows, x, last, y, false, &most);
    else
        HR_WIDE_EACH(m, move_rows, x, last, y, true, &most); /* Tulip: of two equal moves each */
    if (!hr_ta_is_taken(s, most)) return false;
    hr_ta_past(s, 1, x[0], m);
    hr_ta_past(s, 2, x[1], m);
    return true;
}

static bool try_dm(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    if (!moves(s, m, x, y[0], y[1])) return false;
    uint32_t skip = hr_ta_skip(s, 1, m);
    for (int j = 0; j < 2; j++) {
        HR_TA_FN(lin)(&s->lin[j], y[j] + skip, y[j] + skip, m - skip);
        hr_ta_blank(s, s->n[0] - 1, y[j], m);
    }
    return true;
}
HR_TA_TRY(dm, 2, 2, setup_move)

static bool try_di(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(range);
    if (!ranges(s, m, x, range)) return false;
    (void)moves(s, m, x, y[0], y[1]);
    uint32_t skip = hr_ta_skip(s, 1, m);
    double *const of[] = {y[0] + skip, y[1] + skip, range + skip};
    HR_TA_FN(lins_by_third)(s->lin, of, of, m - skip);
    for (int j = 0; j < 2; j++)
        hr_ta_blank(s, s->n[0] - 1 + s->n[1], y[j], m);
    return true;
}
HR_TA_TRY(di, 3, 2, setup_move)

static bool try_dx(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(down);
    if (!moves(s, m, x, y[0], down)) return false;
    uint32_t skip = hr_ta_skip(s, 1, m);
    double *const of[] = {y[0] + skip, down + skip};
    HR_TA_FN(lins_apart)(s->lin, of, of, m - skip);
    hr_ta_blank(s, s->n[0] - 1 + s->n[1], y[0], m);
    return true;
}
HR_TA_TRY(dx, 2, 1, setup_move)

HR_INLINE void setup_adx(hr_ta *s)
{
    setup_move(s);
    hr_ta_lin_wilder(&s->lin[2], s->n[0]);
    hr_ta_lin_from(&s->lin[2], s->n[0] - 1 + s->n[1]);
}

/* where there is no movement to tell a direction by the average stays */
static HR_NOINLINE void average_told(hr_ta_lin *f, double *x, uint32_t m)
{
    for (uint32_t i = 0; i < m; i++) {
        if (!isfinite(x[i])) x[i] = f->taken < f->lead ? 0 : (double)NAN;
        if (isfinite(x[i]))
            HR_TA_FN(lin)(f, &x[i], &x[i], 1);
        else
            x[i] = f->last;
    }
}

static bool try_adx(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    if (!try_dx(s, m, x, y)) return false;
    uint32_t skip = hr_ta_skip(s, (uint64_t)s->n[0] - 1 + s->n[1], m);
    if (HR_TA_FN(is_whole)(y[0] + skip, m - skip))
        HR_TA_FN(lin)(&s->lin[2], y[0] + skip, y[0] + skip, m - skip);
    else
        average_told(&s->lin[2], y[0] + skip, m - skip);
    hr_ta_blank(s, 2 * ((uint64_t)s->n[0] - 1) + s->n[1], y[0], m);
    return true;
}
HR_TA_TRY(adx, 2, 1, setup_adx)

HR_INLINE void setup_adxr(hr_ta *s)
{
    setup_adx(s);
    hr_ta_room(s, 0, s->n[0] - 1, 1);
}

static bool try_adxr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(old);
    if (!try_adx(s, m, x, y)) return false;
    hr_ta_lag(s, 0, y[0], m, old);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = (y[0][i] + old[i]) * 0.5;
    hr_ta_blank(s, 3 * ((uint64_t)s->n[0] - 1) + s->n[1], y[0], m);
    return true;
}
HR_TA_TRY(adxr, 2, 1, setup_adxr)

HR_INLINE void setup_aroon(hr_ta *s)
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

/* rows since the lowest low and the highest high */
static void since_both(hr_ta *s, uint32_t m, const double *const *x, double *low, double *high)
{
    HR_TA_ROOM(room);
    uint32_t n = s->n[0] + 1;
    HR_TA_FN(since_top)(high, hr_ta_window(s, 0, x[0], m, room), n, m);
    HR_TA_FN(since_low)(low, hr_ta_window(s, 1, x[1], m, room), n, m);
}

static void cols_aroon(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double n = s->n[0];
    double by = 100 / n;
    since_both(s, m, x, y[0], y[1]);
    for (int j = 0; j < 2; j++) {
        for (uint32_t i = 0; i < m; i++)
            y[j][i] = (n - y[j][i]) * by;
        hr_ta_blank(s, s->n[0], y[j], m);
    }
}
HR_TA_BOTH_TAME(aroon, 2, 2, setup_aroon, step_aroon, cols_aroon)

static void step_aroonosc(hr_ta *s, const double *x, double *y)
{
    double top;
    uint64_t high = hr_ta_peak(s, 0, x[0], &top);
    uint64_t low = hr_ta_peak(s, 1, -x[1], &top);
    if (s->seen >= s->n[0]) y[0] = ((double)high - (double)low) * (100.0 / s->n[0]);
}

static void cols_aroonosc(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(low);
    double by = 100.0 / s->n[0];
    since_both(s, m, x, low, y[0]);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = (low[i] - y[0][i]) * by;
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH_TAME(aroonosc, 2, 1, setup_aroon, step_aroonosc, cols_aroonosc)

HR_INLINE void setup_peaks(hr_ta *s)
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

/* highest of a, lowest of b, of the last n[0] rows */
static void bounds(hr_ta *s, uint32_t m, const double *a, const double *b, double *high,
                   double *low)
{
    HR_TA_ROOM(room);
    const double *w = hr_ta_window(s, 0, a, m, room);
    HR_TA_FN(tops)(high, w, s->n[0], m);
    if (a != b) w = hr_ta_window(s, 1, b, m, room);
    HR_TA_FN(lows)(low, w, s->n[0], m);
}

/* where x is in the range from low to high, times by, from above or below; 0 where that is none */
HR_INLINE void place_rows(uint32_t i, uint32_t n, const double *high, const double *low,
                          const double *x, double by, double *y)
{
    hr_wide top = hr_wide_get(high + i, n);
    hr_wide bottom = hr_wide_get(low + i, n);
    hr_wide from = hr_wide_get(x + i, n) - (by < 0 ? top : bottom);
    hr_wide value = (by < 0 ? -by : by) * from / (top - bottom);
    hr_wide_put(y + i, hr_wide_or_null(hr_wide_only(top != bottom, value)), n);
}

static void cols_willr(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(high);
    HR_TA_COLUMN(low);
    bounds(s, m, x[0], x[1], high, low);
    HR_WIDE_EACH(m, place_rows, high, low, x[2], -100.0, y[0]);
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
}
HR_TA_BOTH_TAME(willr, 3, 1, setup_peaks, step_willr, cols_willr)

HR_INLINE void setup_fisher(hr_ta *s)
{
    setup_peaks(s);
    s->lin[0] = (hr_ta_lin){.a = 0.5, .k = 1, .div = 1};
}

/* v: 0 the scaled place in the range, 1 its transform (lin[0] has it where rows go by columns) */
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
    s->v[1] = 0.5 * hr_log((1 + s->v[0]) / (1 - s->v[0])) + 0.5 * s->v[1];
    y[0] = s->v[1];
}

/* v = x + 0.67 v, held within bounds that it seldom leaves: a branch, so that a row waits for the
 * product and the sum of the one before alone. v[0]: the value before */
static HR_NOINLINE void places_held(hr_ta *s, double *x, uint32_t m)
{
    double v = s->v[0];
    for (uint32_t i = 0; i < m; i++) {
        v = x[i] + 0.67 * v;
        if (HR_UNLIKELY(!(fabs(v) <= 0.99))) v = v > 0.99 ? 0.999 : v < -0.99 ? -0.999 : v;
        x[i] = v;
    }
    s->v[0] = v;
}

static void cols_fisher(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(low);
    HR_TA_ROOM(rows);
    double *middle = hr_ta_lead(s, 0, rows);
    for (uint32_t i = 0; i < m; i++)
        middle[i] = (x[0][i] + x[1][i]) / 2;
    const double *w = hr_ta_keep(s, 0, middle, m);
    HR_TA_FN(tops)(y[0], w, s->n[0], m);
    HR_TA_FN(lows)(low, w, s->n[0], m);
    for (uint32_t i = 0; i < m; i++) {
        double range = y[0][i] == low[i] ? 0.001 : y[0][i] - low[i];
        low[i] = 0.66 * ((middle[i] - low[i]) / range - 0.5);
    }
    uint32_t skip = hr_ta_skip(s, s->n[0] - 1, m);
    places_held(s, low + skip, m - skip);
    for (uint32_t i = skip; i < m; i++)
        low[i] = 0.5 * hr_log((1 + low[i]) / (1 - low[i]));
    const double before = s->lin[0].last;
    HR_TA_FN(lin)(&s->lin[0], low + skip, y[0] + skip, m - skip);
    if (skip < m) {
        y[1][skip] = before;
        memcpy(y[1] + skip + 1, y[0] + skip, (m - skip - 1) * sizeof *y[1]);
    }
    hr_ta_blank(s, s->n[0] - 1, y[0], m);
    hr_ta_blank(s, s->n[0] - 1, y[1], m);
}
HR_TA_BOTH(fisher, 2, 2, setup_fisher, step_fisher, cols_fisher)

HR_INLINE void setup_stoch(hr_ta *s)
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

static void cols_stoch(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(fast);
    HR_TA_COLUMN(low);
    bounds(s, m, x[0], x[1], fast, low);
    HR_WIDE_EACH(m, place_rows, fast, low, x[2], 100.0, fast);
    uint32_t skip = hr_ta_skip(s, s->n[0] - 1, m);
    if (skip < m) hr_ta_means(s, 2, fast + skip, m - skip, y[0] + skip);
    skip = hr_ta_skip(s, (uint64_t)s->n[0] + s->n[1] - 2, m);
    if (skip < m) hr_ta_means(s, 3, y[0] + skip, m - skip, y[1] + skip);
    for (int j = 0; j < 2; j++)
        hr_ta_blank(s, (uint64_t)s->n[0] + s->n[1] + s->n[2] - 3, y[j], m);
}
HR_TA_BOTH_TAME(stoch, 3, 2, setup_stoch, step_stoch, cols_stoch)

HR_INLINE void setup_vhf(hr_ta *s)
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

static void cols_vhf(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(low);
    HR_TA_COLUMN(way);
    HR_TA_FN(ways)(s, 2, x[0], m, way);
    bounds(s, m, x[0], x[0], y[0], low);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null((y[0][i] - low[i]) / way[i]);
    hr_ta_blank(s, s->n[0], y[0], m);
}
HR_TA_BOTH_TAME(vhf, 1, 1, setup_vhf, step_vhf, cols_vhf)

HR_INLINE void setup_ao(hr_ta *s)
{
    hr_ta_room(s, 0, 34, 1);
    hr_ta_room(s, 1, 5, 1);
}

static void cols_ao(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(slow);
    HR_TA_ROOM(rows);
    double *middle = hr_ta_lead(s, 0, rows);
    for (uint32_t i = 0; i < m; i++)
        middle[i] = (x[0][i] + x[1][i]) * 0.5;
    const double *w = hr_ta_keep(s, 0, middle, m);
    HR_TA_FN(sums)(slow, w, 1.0 / 34, 34, m);
    HR_TA_FN(sums)(y[0], w + 29, 1.0 / 5, 5, m);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] -= slow[i];
    hr_ta_blank(s, 33, y[0], m);
}
HR_TA_COLS_TAME(ao, 2, 1, setup_ao, cols_ao)

HR_INLINE void setup_n(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

HR_INLINE void setup_cvi(hr_ta *s)
{
    setup_n(s);
    hr_ta_lin_ema(&s->lin[0], s->n[0], false);
}

static void cols_cvi(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(v);
    for (uint32_t i = 0; i < m; i++)
        v[i] = x[0][i] - x[1][i];
    HR_TA_FN(lin)(&s->lin[0], v, v, m);
    hr_ta_lag(s, 0, v, m, y[0]);
    for (uint32_t i = 0; i < m; i++)
        y[0][i] = hr_ta_or_null(100 * (v[i] - y[0][i]) / y[0][i]);
    hr_ta_blank(s, 2 * (uint64_t)s->n[0] - 1, y[0], m);
}
HR_TA_COLS_TAME(cvi, 2, 1, setup_cvi, cols_cvi)

#define MASS_ROWS 9

HR_INLINE void setup_mass(hr_ta *s)
{
    setup_n(s);
    hr_ta_lin_ema(&s->lin[0], MASS_ROWS, false);
    hr_ta_lin_ema(&s->lin[1], MASS_ROWS, false);
    hr_ta_lin_from(&s->lin[1], MASS_ROWS - 1);
}

/* one / two, where both averages are; null where that cannot be told */
static void mass_ratios(hr_ta *s, uint32_t m, const double *const *x, double *y)
{
    HR_TA_COLUMN_0(one);
    for (uint32_t i = 0; i < m; i++)
        one[i] = x[0][i] - x[1][i];
    HR_TA_FN(lin)(&s->lin[0], one, one, m);
    uint32_t skip = hr_ta_skip(s, MASS_ROWS - 1, m);
    HR_TA_FN(lin)(&s->lin[1], one + skip, y + skip, m - skip);
    hr_ta_blank(s, MASS_ROWS - 1, y, m);
    for (uint32_t i = 0; i < m; i++)
        y[i] = hr_ta_or_null(one[i] / y[i]);
    hr_ta_blank(s, 2 * MASS_ROWS - 2, y, m);
}

static void step_mass(hr_ta *s, const double *x, double *y)
{
    const double *one[] = {&x[0], &x[1]};
    double ratio;
    mass_ratios(s, 1, one, &ratio);
    if (!isfinite(ratio)) return;
    double sum = hr_ta_roll(s, 0, ratio);
    if (hr_ta_is_full(s, 0)) y[0] = sum;
}

static void cols_mass(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    HR_TA_COLUMN(ratio);
    uint32_t row[HR_TA_CHUNK] HR_UNINIT;
    HR_TA_ROOM(w);
    mass_ratios(s, m, x, ratio);
    uint32_t n = hr_ta_told(ratio, m, row);
    hr_ta_span(s, 0, ratio, n, w);
    HR_TA_FN(sums)(ratio, w, 1, s->n[0], n);
    hr_ta_put_back(s, 0, s->n[0], (hr_ta_rest){ratio, row, n, m}, y[0]);
}
HR_TA_BOTH(mass, 2, 1, setup_mass, step_mass, cols_mass)

typedef struct sar {
    double stop, extreme, speed;
    double sign;    /* 1 long, -1 short: low and high are turned so that up is with the trend */
    double near[2]; /* the low sides of the two rows before, so turned: not to be crossed */
    double step, most;
} sar;

/* a row of the trend: low and high, turned; whether it goes on */
HR_INLINE bool sar_row(sar *t, double low, double high)
{
    t->stop += (t->extreme - t->stop) * t->speed;
    t->stop = hr_ta_less_of(t->stop, hr_ta_less_of(t->near[0], t->near[1]));
    if (high > t->extreme) {
        t->extreme = high;
        if (t->speed < t->most) t->speed = hr_ta_less_of(t->speed + t->step, t->most);
    }
    return low >= t->stop;
}

/* v: 0 stop, 1 extreme, 2 acceleration, 3 the trend's sign; 4, 5 high and low of the row before, 6,
 * 7 of the one before that. Stop and extreme are turned as the rows are. */
static void cols_psar(hr_ta *s, uint32_t m, const double *const *x, double *const *y)
{
    double *v = s->v;
    sar t = {v[0], v[1], v[2], v[3], {0, 0}, s->p[0], s->p[1]};
    double high[2] = {v[4], v[6]};
    double low[2] = {v[5], v[7]};
    for (uint32_t i = 0; i < m; i++) {
        double top = x[0][i];
        double bottom = x[1][i];
        if (s->seen + i == 1) {
            t.sign = high[0] + low[0] <= top + bottom ? 1 : -1;
            t.extreme = t.sign > 0 ? high[0] : -low[0];
            t.stop = t.sign > 0 ? low[0] : -high[0];
            t.speed = t.step;
            high[1] = high[0];
            low[1] = low[0];
        }
        if (s->seen + i > 0) {
            t.near[0] = t.sign > 0 ? low[0] : -high[0];
            t.near[1] = t.sign > 0 ? low[1] : -high[1];
            double with = t.sign > 0 ? top : -bottom;
            double against = t.sign > 0 ? bottom : -top;
            if (!sar_row(&t, against, with)) {
                t.sign = -t.sign;
                t.stop = -t.extreme;
                t.extreme = -against;
                t.speed = t.step;
            }
        }
        y[0][i] = t.sign * t.stop;
        high[1] = high[0];
        low[1] = low[0];
        high[0] = top;
        low[0] = bottom;
    }
    const double now[] = {t.stop, t.extreme, t.speed, t.sign, high[0], low[0], high[1], low[1]};
    memcpy(v, now, sizeof now);
    hr_ta_blank(s, 1, y[0], m);
}
HR_TA_COLS(psar, 2, 1, hr_ta_no_setup, cols_psar)
