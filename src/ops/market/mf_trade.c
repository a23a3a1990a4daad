/* SPDX-License-Identifier: Apache-2.0 */
/* Trades: who was the taker, what they cost, what they move. Rows that are no trade have null
 * inputs, give null and change nothing. */
#include "ops/market/mf_parts.h"

/* ---- signs ---- */

typedef struct ticks {
    double px, sign; /* of the trade before; 0: not known yet */
    double spare[6];
} ticks;

static void ticks_begin(hr_mf *s, const hr_op_args *a)
{
    (void)a;
    ((ticks *)hr_mf_carried(s))->px = hr_mf_null();
}

/* The rule of ticks: the sign of the last change of the price. */
static double tick_of(ticks *h, double px)
{
    h->sign = px > h->px ? 1 : px < h->px ? -1 : h->sign;
    h->px = px;
    return h->sign != 0 ? h->sign : hr_mf_null();
}

typedef double (*quote_fn)(double px, double a, double b);

/* A quote rule first (0: it does not tell), then that of ticks. Inputs behind the price may be
 * null. */
HR_INLINE void sign_step(hr_mf *s, hr_mf_chunk *c, unsigned n_in, quote_fn f)
{
    ticks *h = hr_mf_carried(s);
    double *out = hr_mf_out(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        double px = hr_mf_in(c, 0)[i];
        out[i] = hr_mf_null();
        if (!hr_mf_has(px)) continue;
        double tick = tick_of(h, px);
        double a = n_in > 1 ? hr_mf_in(c, 1)[i] : hr_mf_null();
        double told = f(px, a, n_in > 2 ? hr_mf_in(c, 2)[i] : hr_mf_null());
        out[i] = told != 0 ? told : tick;
    }
}

HR_INLINE double by_tick(double px, double a, double b)
{
    (void)px;
    (void)a;
    (void)b;
    return 0;
}

HR_INLINE double by_mid(double px, double mid, double b)
{
    (void)b;
    return px > mid ? 1 : px < mid ? -1 : 0;
}

HR_INLINE double by_touch(double px, double bid, double ask)
{
    return px == ask ? 1 : px == bid ? -1 : 0;
}

HR_INLINE double by_near(double px, double bid, double ask)
{
    double near = 0.3 * (ask - bid);
    return px <= ask && px >= ask - near ? 1 : px >= bid && px <= bid + near ? -1 : 0;
}

#define SIGN(name, n_in, f)                                                                        \
    static void name##_step(hr_mf *s, hr_mf_chunk *c)                                              \
    {                                                                                              \
        sign_step(s, c, n_in, f);                                                                  \
    }                                                                                              \
    HR_MF_DEFINE(name, .carried = sizeof(ticks), .begin = ticks_begin, .step = name##_step)

/* clang-format off */
SIGN(tick_sign, 1, by_tick)
SIGN(lee_ready, 2, by_mid)
SIGN(emo_sign, 3, by_touch)
SIGN(clnv_sign, 3, by_near)
/* clang-format on */

/* ---- values of one trade ---- */

/* x, y, z: inputs; v: what is made of them goes to d[0], d[1] */
#define ROWS(name, n_in, ...)                                                                      \
    static void name##_step(hr_mf *s, hr_mf_chunk *c)                                              \
    {                                                                                              \
        (void)s;                                                                                   \
        for (uint32_t i = 0; i < c->n; i++) {                                                      \
            double x = hr_mf_in(c, 0)[i];                                                          \
            double y = n_in > 1 ? hr_mf_in(c, n_in > 1 ? 1 : 0)[i] : 0;                            \
            double z = n_in > 2 ? hr_mf_in(c, n_in > 2 ? 2 : 0)[i] : 0;                            \
            bool has = hr_mf_has(x) && hr_mf_has(y) && hr_mf_has(z);                               \
            const double v[] = {__VA_ARGS__};                                                      \
            for (unsigned j = 0; j < HR_ARRAY_LEN(v); j++)                                         \
                c->d[j][i] = has ? hr_win_or_null(v[j]) : hr_mf_null();                            \
        }                                                                                          \
    }

HR_INLINE void show_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    memcpy(hr_mf_out(c, 0), c->d[0], c->n * sizeof(double));
}

HR_INLINE double sign_of(double side)
{
    return side > 0 ? 1 : side < 0 ? -1 : 0;
}

/* clang-format off */
ROWS(signed_volume, 2, sign_of(y) * x)
ROWS(effective_spread, 3, 2 * sign_of(y) * (x - z))
ROWS(effective_spread_bps, 3, 20000 * sign_of(y) * (x - z) / z)
ROWS(trade_imbalance, 2, sign_of(y) * x, x)
ROWS(buy_share, 1, x > 0 ? 1 : 0)
ROWS(vwap, 2, x * y, y, x)
ROWS(mean_trade_size, 1, x)
ROWS(large_trade_share, 1, x, x, x)
ROWS(touch_trade_share, 3, x <= y || x >= z ? 1 : 0)
/* clang-format on */

HR_MF_DEFINE(signed_volume, .step = signed_volume_step, .finish = show_finish)
HR_MF_DEFINE(effective_spread, .step = effective_spread_step, .finish = show_finish)
HR_MF_DEFINE(effective_spread_bps, .step = effective_spread_bps_step, .finish = show_finish)

#define RATIO_OF_0 HR_MF_SUMS(hr_mf_window_ratio, 2, 0, 0)
#define MEAN_OF_0 HR_MF_ON(hr_win_mean, one, 0, 0)

HR_MF_DEFINE(trade_imbalance, .step = trade_imbalance_step, .n_windows = 1, .window = {RATIO_OF_0})
HR_MF_DEFINE(buy_share, .step = buy_share_step, .n_windows = 1, .window = {MEAN_OF_0})
HR_MF_DEFINE(vwap, .step = vwap_step, .n_windows = 1, .window = {RATIO_OF_0})
HR_MF_DEFINE(mean_trade_size, .step = mean_trade_size_step, .n_windows = 1, .window = {MEAN_OF_0})
HR_MF_DEFINE(touch_trade_share, .step = touch_trade_share_step, .n_windows = 1,
             .window = {MEAN_OF_0})

static void vwap_deviation_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 0)[i] = hr_win_or_null(10000 * (c->d[2][i] - c->w[0][i]) / c->w[0][i]);
}

static void relative_size_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 0)[i] = hr_win_or_null(c->d[0][i] / c->w[0][i]);
}

HR_MF_DEFINE(vwap_deviation_bps, .step = vwap_step, .finish = vwap_deviation_finish, .n_windows = 1,
             .window = {RATIO_OF_0})
HR_MF_DEFINE(relative_trade_size, .step = mean_trade_size_step, .finish = relative_size_finish,
             .n_windows = 1, .window = {MEAN_OF_0})

/* What is large is told by the mean of the first window, what enters the second by that. */
static void large_trade_link(hr_mf *s, hr_mf_chunk *c, unsigned window)
{
    if (window == 0) return;
    for (uint32_t i = 0; i < c->n; i++) {
        double qty = c->d[0][i];
        double mean = c->w[0][i];
        c->d[1][i] = !hr_mf_has(mean) ? hr_mf_null() : qty > s->p[1] * mean ? qty : 0;
    }
}

static void second_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    memcpy(hr_mf_out(c, 0), c->w[1], c->n * sizeof(double));
}

HR_MF_DEFINE(large_trade_share, .step = large_trade_share_step, .link = large_trade_link,
             .finish = second_finish, .n_windows = 2,
             .window = {MEAN_OF_0, HR_MF_SUMS(hr_mf_window_ratio, 2, 0, 1)})

/* ---- what came before ---- */

typedef struct past {
    double x, y; /* null: none */
    double held;
    uint64_t n;
    int64_t newest;
    double spare[3];
} past;
_Static_assert(sizeof(past) == 64, "one line");

static void past_begin(hr_mf *s, const hr_op_args *a)
{
    (void)a;
    *(past *)hr_mf_carried(s) =
        (past){.x = hr_mf_null(), .y = hr_mf_null(), .held = hr_mf_null(), .newest = INT64_MIN};
}

#define PAST .carried = sizeof(past), .begin = past_begin

static void sign_run_step(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double side = hr_mf_in(c, 0)[i];
        hr_mf_out(c, 0)[i] = c->d[0][i] = hr_mf_null();
        if (!hr_mf_has(side)) continue;
        double sign = sign_of(side);
        if (sign != h->x && h->n > 0) {
            c->d[0][i] = (double)h->n;
            h->n = 0;
        }
        h->x = sign;
        h->n++;
        hr_mf_out(c, 0)[i] = sign * (double)h->n;
    }
}

static void mean_run_finish(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        if (hr_mf_has(c->d[0][i])) h->held = c->w[0][i];
        hr_mf_out(c, 0)[i] = hr_mf_has(hr_mf_in(c, 0)[i]) ? h->held : hr_mf_null();
    }
}

HR_MF_DEFINE(sign_run, PAST, .step = sign_run_step)
HR_MF_DEFINE(mean_run, PAST, .step = sign_run_step, .finish = mean_run_finish, .n_windows = 1,
             .window = {MEAN_OF_0})

static size_t lags_bytes(const hr_op_args *a)
{
    return (size_t)hr_win_line((uint64_t)a->v[0] * sizeof(double));
}

static void sign_autocorr_step(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    double *ring = (double *)(void *)(h + 1);
    uint64_t lag = (uint64_t)s->p[0];
    for (uint32_t i = 0; i < c->n; i++) {
        double side = hr_mf_in(c, 0)[i];
        c->d[0][i] = c->d[1][i] = hr_mf_null();
        if (!hr_mf_has(side)) continue;
        c->d[0][i] = sign_of(side);
        double *slot = &ring[h->n % lag];
        if (h->n >= lag) c->d[1][i] = *slot;
        *slot = sign_of(side);
        h->n++;
    }
}

HR_MF_DEFINE(sign_autocorr, PAST, .more = lags_bytes, .step = sign_autocorr_step, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_corr, five, 1, 0)})

/* columns: change, change before it */
static void changes_step(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double px = hr_mf_in(c, 0)[i];
        c->d[0][i] = c->d[1][i] = hr_mf_null();
        if (!hr_mf_has(px)) continue;
        c->d[0][i] = px - h->x;
        c->d[1][i] = h->y;
        h->y = c->d[0][i];
        h->x = px;
    }
}

static void roll_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++) {
        double cov = fabs(c->w[1][i]) < 1e-12 ? 0 : c->w[0][i]; /* a root of what rounding left */
        hr_mf_out(c, 0)[i] = cov <= 0 ? 2 * sqrt(-cov) : hr_mf_null();
    }
}

/* columns: it rose, it moved */
static void rises_step(hr_mf *s, hr_mf_chunk *c)
{
    changes_step(s, c);
    for (uint32_t i = 0; i < c->n; i++) {
        double change = c->d[0][i];
        c->d[0][i] = hr_mf_has(change) ? change > 0 : hr_mf_null();
        c->d[1][i] = hr_mf_has(change) ? change != 0 : hr_mf_null();
    }
}

HR_MF_DEFINE(roll_spread, PAST, .step = changes_step, .finish = roll_finish, .n_windows = 2,
             .window = {HR_MF_ON(hr_win_cov, five, 0, 0), HR_MF_ON(hr_win_corr, five, 0, 0)})
HR_MF_DEFINE(uptick_ratio, PAST, .step = rises_step, .n_windows = 1, .window = {RATIO_OF_0})

/* column: seconds since the trade before */
static void gaps_step(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        c->d[0][i] = hr_mf_null();
        if (!hr_mf_has(hr_mf_in(c, 0)[i])) continue;
        int64_t now = HR_MAX(h->newest, hr_mf_ts(c)[i]);
        if (h->n > 0) c->d[0][i] = (double)((uint64_t)now - (uint64_t)h->newest) / 1e9;
        h->newest = now;
        h->n++;
    }
}

static void burstiness_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++) {
        double mean = c->w[0][i];
        double std = c->w[1][i];
        hr_mf_out(c, 0)[i] = hr_win_or_null((std - mean) / (std + mean));
    }
}

HR_MF_DEFINE(interarrival, PAST, .step = gaps_step, .n_windows = 1, .window = {MEAN_OF_0})
HR_MF_DEFINE(burstiness, PAST, .step = gaps_step, .finish = burstiness_finish, .n_windows = 2,
             .window = {MEAN_OF_0, HR_MF_ON(hr_win_std, moments, 0, 0)})

/* column: 1 where the side of the price is another than that of the last that had one */
HR_INLINE void crossings(past *h, hr_mf_chunk *c, bool is_spread)
{
    for (uint32_t i = 0; i < c->n; i++) {
        double px = hr_mf_in(c, 0)[i];
        double low = hr_mf_in(c, 1)[i];
        double high = is_spread ? hr_mf_in(c, is_spread ? 2 : 1)[i] : low;
        c->d[0][i] = hr_mf_null();
        if (!(hr_mf_has(px) && hr_mf_has(low) && hr_mf_has(high))) continue;
        double sign = is_spread ? px >= high ? 1 : px <= low ? -1 : 0 : sign_of(px - low);
        if (hr_mf_has(h->x)) c->d[0][i] = sign != 0 && sign != h->x;
        if (sign != 0) h->x = sign;
    }
}

static void midpoint_crossings_step(hr_mf *s, hr_mf_chunk *c)
{
    crossings(hr_mf_carried(s), c, false);
}

static void spread_crossings_step(hr_mf *s, hr_mf_chunk *c)
{
    crossings(hr_mf_carried(s), c, true);
}

HR_MF_DEFINE(midpoint_crossings, PAST, .step = midpoint_crossings_step, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_sum, one, 0, 0)})
HR_MF_DEFINE(spread_crossings, PAST, .step = spread_crossings_step, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_sum, one, 0, 0)})

/* every row counts, of a trade or of the book */
static void update_trade_ratio_step(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++) {
        bool is_trade = hr_mf_has(hr_mf_in(c, 0)[i]);
        c->d[0][i] = !is_trade;
        c->d[1][i] = is_trade;
    }
}

HR_MF_DEFINE(update_trade_ratio, .step = update_trade_ratio_step, .n_windows = 1,
             .window = {RATIO_OF_0})

/* ---- what trades move ---- */

/* columns: change of the mid since the trade before, what that trade was */
HR_INLINE void impact_step(hr_mf *s, hr_mf_chunk *c, bool is_root)
{
    past *h = hr_mf_carried(s);
    const unsigned at = is_root ? 2 : 1;
    for (uint32_t i = 0; i < c->n; i++) {
        double mid = hr_mf_in(c, 0)[i];
        double qty = hr_mf_in(c, at)[i];
        double side = hr_mf_in(c, at + 1)[i];
        double size = is_root ? sqrt(hr_mf_in(c, 1)[i] * qty) : qty;
        c->d[0][i] = c->d[1][i] = hr_mf_null();
        if (!(hr_mf_has(mid) && hr_mf_has(size) && hr_mf_has(side))) continue;
        c->d[0][i] = is_root ? hr_log_ratio(mid, h->x) : mid - h->x;
        c->d[1][i] = h->y;
        h->x = mid;
        h->y = sign_of(side) * size;
    }
}

static void kyle_lambda_step(hr_mf *s, hr_mf_chunk *c)
{
    impact_step(s, c, false);
}

static void hasbrouck_lambda_step(hr_mf *s, hr_mf_chunk *c)
{
    impact_step(s, c, true);
}

static void amihud_step(hr_mf *s, hr_mf_chunk *c)
{
    past *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double px = hr_mf_in(c, 0)[i];
        double qty = hr_mf_in(c, 1)[i];
        c->d[0][i] = hr_mf_null();
        if (!(hr_mf_has(px) && hr_mf_has(qty))) continue;
        c->d[0][i] = fabs(hr_log_ratio(px, h->x)) / (px * qty);
        h->x = px;
    }
}

#define BETA HR_MF_ON(hr_win_beta, five, 0, 0)
HR_MF_DEFINE(kyle_lambda, PAST, .step = kyle_lambda_step, .n_windows = 1, .window = {BETA})
HR_MF_DEFINE(hasbrouck_lambda, PAST, .step = hasbrouck_lambda_step, .n_windows = 1,
             .window = {BETA})
HR_MF_DEFINE(amihud, PAST, .step = amihud_step, .n_windows = 1, .window = {MEAN_OF_0})
