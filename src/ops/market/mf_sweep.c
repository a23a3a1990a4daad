/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that take what stands in the book: what they would pay. Output 0 is of a buyer, who takes
 * the asks, 1 of a seller. Nothing is carried from row to row. */
#include "ops/market/mf_parts.h"

typedef struct sweep {
    double paid, taken;
    double limit; /* the price of the last level that was needed */
} sweep;

/* Takes levels until there is `want` of quantity, or of price times quantity; less where the book
 * ends before. Null prices: a level that is not there is passed over. */
static sweep take(const hr_mf_chunk *c, uint32_t row, bool is_buy, double want, uint32_t levels,
                  bool is_notional)
{
    const hr_op_book *b = c->r->book;
    const double *const *px = is_buy ? b->ask_px : b->bid_px;
    const double *const *qty = is_buy ? b->ask_qty : b->bid_qty;
    sweep s = {.limit = hr_mf_null()};
    for (uint32_t k = 0; k < levels; k++) {
        double p = px[k][row];
        double q = qty[k][row];
        if (!(hr_mf_has(p) && hr_mf_has(q) && q > 0)) continue;
        double rest = is_notional ? (want - s.paid) / p : want - s.taken;
        bool is_last = q >= rest;
        double part = is_last ? rest : q;
        s.paid += p * part;
        s.taken += part;
        s.limit = p;
        if (is_last) return s;
    }
    return (sweep){.paid = hr_mf_null(), .taken = 1, .limit = hr_mf_null()};
}

static double mid_of(const hr_mf_chunk *c, uint32_t row)
{
    const hr_op_book *b = c->r->book;
    return (b->bid_px[0][row] + b->ask_px[0][row]) / 2;
}

#define SWEEP(fn, is_notional, value)                                                              \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        for (unsigned j = 0; j < 2; j++)                                                           \
            for (uint32_t i = 0; i < c->n; i++) {                                                  \
                uint32_t row = c->from + i;                                                        \
                sweep t = take(c, row, j == 0, s->p[0], (uint32_t)s->p[1], is_notional);           \
                hr_mf_out(c, j)[i] = hr_win_or_null(value);                                        \
            }                                                                                      \
    }                                                                                              \
    HR_MF_DEFINE(fn, .step = fn##_step)

static double cost_bps(const sweep *t, double mid, bool is_buy)
{
    double away = t->paid / t->taken - mid;
    return 10000 * (is_buy ? away : -away) / mid;
}

/* clang-format off */
SWEEP(fill_price, false, t.paid / t.taken)
SWEEP(fill_limit, false, t.limit)
SWEEP(notional_fill_price, true, t.paid / t.taken)
SWEEP(sweep_cost_bps, false, cost_bps(&t, mid_of(c, row), j == 0))
/* clang-format on */

static void round_trip_cost_bps_step(hr_mf *s, hr_mf_chunk *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t row = c->from + i;
        sweep buy = take(c, row, true, s->p[0], (uint32_t)s->p[1], false);
        sweep sell = take(c, row, false, s->p[0], (uint32_t)s->p[1], false);
        double wide = buy.paid / buy.taken - sell.paid / sell.taken;
        hr_mf_out(c, 0)[i] = hr_win_or_null(10000 * wide / mid_of(c, row));
    }
}

HR_MF_DEFINE(round_trip_cost_bps, .step = round_trip_cost_bps_step)
