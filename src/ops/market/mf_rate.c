/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that fade with age: what came t ago weighs 2^(-t / half). A rate is such a sum by the
 * integral of its weights since the first row, so that it is not low while there is little to go
 * by; the first row opens the clock and is not counted. */
#include "ops/market/mf_parts.h"

#define SUMS 4u

/* Sums of one half-life, as of one time. */
typedef struct fading {
    double at; /* of the clock */
    double sum[SUMS];
} fading;

typedef struct rates {
    hr_mf_clock clock;
    double pending[2];
    double px[2], qty[2]; /* bid, ask of the row before */
    uint64_t has;
    fading f[2];
    double spare[4];
} rates;
_Static_assert(sizeof(rates) % 64 == 0, "whole lines");

HR_INLINE void fading_to(fading *f, double now, double half_ns)
{
    double gone;
    if (!(now > f->at)) return;
    double keep = hr_mf_fade((now - f->at) / half_ns, &gone);
    for (unsigned j = 0; j < SUMS; j++)
        f->sum[j] *= keep;
    f->at = now;
}

/* What would make the sum overflow is left out: it would not come back from there. */
HR_INLINE void fading_add(fading *f, unsigned j, double x)
{
    double sum = f->sum[j] + x;
    if (hr_mf_has(sum)) f->sum[j] = sum;
}

/* What makes a rate a second of a sum; null at the first time. */
HR_INLINE double rate_scale(double now, double half_ns)
{
    double gone = 1;
    double x = now / half_ns;
    if (x < 64) (void)hr_mf_fade(x, &gone); /* 1 - 2^-64 is 1 */
    return gone > 0 ? HR_MF_LN2 * 1e9 / (half_ns * gone) : hr_mf_null();
}

/* ---- the queues at the touch ---- */

/* What each side of the touch lost (v < 0) or won at the price it had. Another price: 0. */
static void queue_change(double v[2], const rates *h, const double *const in[], uint32_t row)
{
    for (unsigned j = 0; j < 2; j++) {
        bool is_same = h->has && in[2 * j][row] == h->px[j];
        v[j] = is_same ? in[2 * j + 1][row] - h->qty[j] : 0;
    }
}

static bool touch_is_whole(const double *const in[], uint32_t row)
{
    return hr_mf_has(in[0][row]) && hr_mf_has(in[1][row]) && hr_mf_has(in[2][row]) &&
           hr_mf_has(in[3][row]);
}

static void touch_keep(rates *h, const double *const in[], uint32_t row)
{
    for (unsigned j = 0; j < 2; j++) {
        h->px[j] = in[2 * j][row];
        h->qty[j] = in[2 * j + 1][row];
    }
    h->has = 1;
}

HR_INLINE void queue_step(hr_mf *s, hr_mf_chunk *c, double sign)
{
    rates *h = hr_mf_carried(s);
    const double half = s->p[0];
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t row = c->from + i;
        double v[2];
        hr_mf_out(c, 0)[i] = hr_mf_out(c, 1)[i] = hr_mf_null();
        if (!touch_is_whole(c->r->in, row)) continue;
        double now = hr_mf_now(&h->clock, c->r->ts[row]);
        double scale = rate_scale(now, half);
        fading_to(h->f, now, half);
        queue_change(v, h, c->r->in, row);
        touch_keep(h, c->r->in, row);
        for (unsigned j = 0; j < 2; j++) {
            if (sign * v[j] > 0) fading_add(h->f, j, sign * v[j]);
            hr_mf_out(c, j)[i] = hr_win_or_null(h->f->sum[j] * scale);
        }
    }
}

static void queue_depletion_step(hr_mf *s, hr_mf_chunk *c)
{
    queue_step(s, c, -1);
}

static void queue_growth_step(hr_mf *s, hr_mf_chunk *c)
{
    queue_step(s, c, 1);
}

static void quote_rate_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *const *in = c->r->in;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t row = c->from + i;
        hr_mf_out(c, 0)[i] = hr_mf_null();
        if (!touch_is_whole(in, row)) continue;
        double now = hr_mf_now(&h->clock, c->r->ts[row]);
        bool is_other = in[0][row] != h->px[0] || in[1][row] != h->qty[0] ||
                        in[2][row] != h->px[1] || in[3][row] != h->qty[1];
        fading_to(h->f, now, s->p[0]);
        if (h->has && is_other) fading_add(h->f, 0, 1);
        touch_keep(h, in, row);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f->sum[0] * rate_scale(now, s->p[0]));
    }
}

/* What a side lost is cancelled as far as trades do not explain it. */
static double cancelled(rates *h, unsigned j, double px, double qty)
{
    double worse = j == 0 ? h->px[0] - px : px - h->px[1];
    double lost = worse > 0 ? h->qty[j] : worse < 0 ? 0 : fmax(h->qty[j] - qty, 0);
    double rest = fmax(lost - h->pending[j], 0);
    h->pending[j] = worse == 0 ? fmax(h->pending[j] - lost, 0) : 0;
    return rest;
}

static void cancel_rate_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *const *in = c->r->in;
    const double half = s->p[0];
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t row = c->from + i;
        for (unsigned j = 0; j < 3; j++)
            hr_mf_out(c, j)[i] = hr_mf_null();
        if (!touch_is_whole(in, row)) continue;
        double now = hr_mf_now(&h->clock, c->r->ts[row]);
        double qty = in[4][row];
        double side = in[5][row];
        double scale = rate_scale(now, half);
        fading_to(h->f, now, half);
        if (h->has && hr_mf_has(qty) && hr_mf_has(side)) {
            h->pending[side > 0] += qty;
            fading_add(h->f, 1, qty);
        }
        for (unsigned j = 0; j < 2 && h->has; j++) {
            double rest = cancelled(h, j, in[2 * j][row], in[2 * j + 1][row]);
            if (rest > 0) fading_add(h->f, 0, rest);
        }
        touch_keep(h, in, row);
        double gone = hr_win_or_null(h->f->sum[0] * scale);
        double traded = hr_win_or_null(h->f->sum[1] * scale);
        hr_mf_out(c, 0)[i] = gone;
        hr_mf_out(c, 1)[i] = traded;
        hr_mf_out(c, 2)[i] = hr_win_or_null(gone / (gone + traded));
    }
}

#define RATES(name) HR_MF_DEFINE(name, .carried = sizeof(rates), .step = name##_step)
RATES(queue_depletion)
RATES(queue_growth)
RATES(quote_rate)
RATES(cancel_rate)

/* ---- arrivals: every row is one, of a trade where it has a price ---- */

static void arrival_intensity_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *px = hr_mf_in(c, 0);
    const double *side = hr_mf_in(c, 1);
    for (uint32_t i = 0; i < c->n; i++) {
        bool is_first = !h->clock.has;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        bool is_trade = hr_mf_has(px[i]);
        double scale = rate_scale(now, s->p[0]);
        bool is[SUMS] = {is_trade, is_trade && side[i] > 0, is_trade && side[i] < 0, !is_trade};
        fading_to(h->f, now, s->p[0]);
        for (unsigned j = 0; j < SUMS; j++) {
            h->f->sum[j] += is[j] && !is_first ? 1 : 0;
            hr_mf_out(c, j)[i] = hr_win_or_null(h->f->sum[j] * scale);
        }
    }
}

static void excitation_ratio_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        bool is_first = !h->clock.has;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        bool is_trade = hr_mf_has(hr_mf_in(c, 0)[i]);
        double rate[2];
        for (unsigned j = 0; j < 2; j++) {
            fading_to(&h->f[j], now, s->p[j]);
            h->f[j].sum[0] += is_trade && !is_first ? 1 : 0;
            rate[j] = h->f[j].sum[0] * rate_scale(now, s->p[j]);
        }
        hr_mf_out(c, 0)[i] = hr_win_or_null(rate[0] / rate[1]);
    }
}

static size_t in_order(const hr_op_args *a)
{
    return a->v[0] < a->v[1] ? 0 : SIZE_MAX;
}

static void volume_rate_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *qty = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        bool is_first = !h->clock.has;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        fading_to(h->f, now, s->p[0]);
        if (hr_mf_has(qty[i]) && !is_first) fading_add(h->f, 0, qty[i]);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f->sum[0] * rate_scale(now, s->p[0]));
    }
}

static void notional_rate_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *px = hr_mf_in(c, 0);
    const double *qty = hr_mf_in(c, 1);
    for (uint32_t i = 0; i < c->n; i++) {
        bool is_first = !h->clock.has;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        double x = px[i] * qty[i];
        fading_to(h->f, now, s->p[0]);
        if (hr_mf_has(x) && !is_first) fading_add(h->f, 0, x);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f->sum[0] * rate_scale(now, s->p[0]));
    }
}

HR_MF_DEFINE(excitation_ratio, .carried = sizeof(rates), .more = in_order,
             .step = excitation_ratio_step)
RATES(arrival_intensity)
RATES(volume_rate)
RATES(notional_rate)

/* ---- signed sums ---- */

static void arrival_imbalance_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *side = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        hr_mf_out(c, 0)[i] = hr_mf_null();
        if (!hr_mf_has(side[i])) continue;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        fading_to(h->f, now, s->p[0]);
        fading_add(h->f, 0, side[i] > 0 ? 1 : -1);
        fading_add(h->f, 1, 1);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f->sum[0] / h->f->sum[1]);
    }
}

static void flow_decay_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double x = hr_mf_in(c, 0)[i] * hr_mf_in(c, 1)[i];
        hr_mf_out(c, 0)[i] = hr_mf_null();
        if (!h->clock.has && !hr_mf_has(x)) continue;
        fading_to(h->f, hr_mf_now(&h->clock, hr_mf_ts(c)[i]), s->p[0]);
        if (hr_mf_has(x)) fading_add(h->f, 0, x);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f->sum[0]);
    }
}

/* Means whose rows fade, a fast and a slow one. */
static void mid_momentum_bps_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    const double *x = hr_mf_in(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        hr_mf_out(c, 0)[i] = hr_mf_null();
        if (!hr_mf_has(x[i])) continue;
        bool is_first = !h->clock.has;
        double now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        if (is_first) h->px[0] = x[i]; /* means are of what is above it: nothing cancels */
        for (unsigned j = 0; j < 2; j++) {
            fading_to(&h->f[j], now, s->p[j]);
            fading_add(&h->f[j], 0, x[i] - h->px[0]);
            fading_add(&h->f[j], 1, 1);
        }
        double gap = h->f[0].sum[0] / h->f[0].sum[1] - h->f[1].sum[0] / h->f[1].sum[1];
        if (!is_first) hr_mf_out(c, 0)[i] = hr_win_or_null(10000 * gap / x[i]);
    }
}

HR_MF_DEFINE(mid_momentum_bps, .carried = sizeof(rates), .more = in_order,
             .step = mid_momentum_bps_step)
RATES(arrival_imbalance)
RATES(flow_decay)
