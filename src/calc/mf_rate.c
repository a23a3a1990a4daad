/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that fade with age: what came t ago weighs 2^(-t / half). A rate is such a sum by the
 * integral of its weights since the first row, so that it is not low while there is little to go
 * by; the first row opens the clock and is not counted. Sums change where something comes, other
 * rows only read them. */
#include "calc/mf_parts.h"

typedef struct fading {
    double sum;
    double at; /* of the clock, when it was changed */
} fading;

typedef struct rates {
    hr_mf_clock clock;
    double side[2], pending[2];
    double px[2], qty[2]; /* bid, ask of the row before */
    uint64_t has;
    fading f[8];
    double spare[4];
} rates;
_Static_assert(sizeof(rates) % 64 == 0, "whole lines");

HR_INLINE double fading_now(const fading *f, double now, double half_ns)
{
    double gone;
    return now > f->at ? f->sum * hr_mf_fade((now - f->at) / half_ns, &gone) : f->sum;
}

HR_INLINE void fading_add(fading *f, double now, double half_ns, double x)
{
    f->sum = fading_now(f, now, half_ns) + x;
    f->at = now;
}

/* a second; null at the first time */
HR_INLINE double rate_now(const fading *f, double now, double half_ns)
{
    double gone;
    (void)hr_mf_fade(now / half_ns, &gone);
    if (!(gone > 0)) return hr_mf_null();
    return hr_win_or_null(fading_now(f, now, half_ns) * (HR_MF_LN2 * 1e9) / (half_ns * gone));
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
        queue_change(v, h, c->r->in, row);
        touch_keep(h, c->r->in, row);
        for (unsigned j = 0; j < 2; j++) {
            if (sign * v[j] > 0) fading_add(&h->f[j], now, half, sign * v[j]);
            hr_mf_out(c, j)[i] = rate_now(&h->f[j], now, half);
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
        if (h->has && is_other) fading_add(&h->f[0], now, s->p[0], 1);
        touch_keep(h, in, row);
        hr_mf_out(c, 0)[i] = rate_now(&h->f[0], now, s->p[0]);
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
        if (h->has && hr_mf_has(qty) && hr_mf_has(side)) {
            h->pending[side > 0] += qty;
            fading_add(&h->f[1], now, half, qty);
        }
        for (unsigned j = 0; j < 2 && h->has; j++) {
            double rest = cancelled(h, j, in[2 * j][row], in[2 * j + 1][row]);
            if (rest > 0) fading_add(&h->f[0], now, half, rest);
        }
        touch_keep(h, in, row);
        double gone = rate_now(&h->f[0], now, half);
        double traded = rate_now(&h->f[1], now, half);
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
        bool is[4] = {is_trade, is_trade && side[i] > 0, is_trade && side[i] < 0, !is_trade};
        for (unsigned j = 0; j < 4; j++) {
            if (is[j] && !is_first) fading_add(&h->f[j], now, s->p[0], 1);
            hr_mf_out(c, j)[i] = rate_now(&h->f[j], now, s->p[0]);
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
        for (unsigned j = 0; j < 2; j++)
            if (is_trade && !is_first) fading_add(&h->f[j], now, s->p[j], 1);
        double fast = rate_now(&h->f[0], now, s->p[0]);
        hr_mf_out(c, 0)[i] = hr_win_or_null(fast / rate_now(&h->f[1], now, s->p[1]));
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
        if (hr_mf_has(qty[i]) && !is_first) fading_add(&h->f[0], now, s->p[0], qty[i]);
        hr_mf_out(c, 0)[i] = rate_now(&h->f[0], now, s->p[0]);
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
        if (hr_mf_has(x) && !is_first) fading_add(&h->f[0], now, s->p[0], x);
        hr_mf_out(c, 0)[i] = rate_now(&h->f[0], now, s->p[0]);
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
        fading_add(&h->f[0], now, s->p[0], side[i] > 0 ? 1 : -1);
        fading_add(&h->f[1], now, s->p[0], 1);
        hr_mf_out(c, 0)[i] = hr_win_or_null(h->f[0].sum / h->f[1].sum);
    }
}

static void flow_decay_step(hr_mf *s, hr_mf_chunk *c)
{
    rates *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double x = hr_mf_in(c, 0)[i] * hr_mf_in(c, 1)[i];
        double now = 0;
        if (h->clock.has || hr_mf_has(x)) now = hr_mf_now(&h->clock, hr_mf_ts(c)[i]);
        if (hr_mf_has(x)) fading_add(&h->f[0], now, s->p[0], x);
        hr_mf_out(c, 0)[i] =
            h->clock.has ? hr_win_or_null(fading_now(&h->f[0], now, s->p[0])) : hr_mf_null();
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
            fading_add(&h->f[2 * j], now, s->p[j], x[i] - h->px[0]);
            fading_add(&h->f[2 * j + 1], now, s->p[j], 1);
        }
        double gap = h->f[0].sum / h->f[1].sum - h->f[2].sum / h->f[3].sum;
        if (!is_first) hr_mf_out(c, 0)[i] = hr_win_or_null(10000 * gap / x[i]);
    }
}

HR_MF_DEFINE(mid_momentum_bps, .carried = sizeof(rates), .more = in_order,
             .step = mid_momentum_bps_step)
RATES(arrival_imbalance)
RATES(flow_decay)
