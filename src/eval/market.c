/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/market.h"

#include <math.h>
#include <string.h>

#include "text/decimal.h"

enum {
    BID_PX,
    BID_QTY,
    ASK_PX,
    ASK_QTY,
    MID,
    SPREAD,
    TRADE_PX,
    TRADE_QTY,
    TRADE_SIDE,
    LATENCY,
    IS_TRADE,
};

#define PRICE                                                                                      \
    {                                                                                              \
        .power = { 1, 0, 0, 0 }                                                                    \
    }
#define QUANTITY                                                                                   \
    {                                                                                              \
        .power = { 0, 1, 0, 0 }                                                                    \
    }
#define SECONDS                                                                                    \
    {                                                                                              \
        .power = { 0, 0, 1, 0 }                                                                    \
    }

const hr_expr_column hr_market_columns[] = {
    [BID_PX] = {.name = "bid_px", .n_idx = HR_MARKET_LEVELS, .unit = PRICE},
    [BID_QTY] = {.name = "bid_qty", .n_idx = HR_MARKET_LEVELS, .unit = QUANTITY},
    [ASK_PX] = {.name = "ask_px", .n_idx = HR_MARKET_LEVELS, .unit = PRICE},
    [ASK_QTY] = {.name = "ask_qty", .n_idx = HR_MARKET_LEVELS, .unit = QUANTITY},
    [MID] = {.name = "mid", .unit = PRICE},
    [SPREAD] = {.name = "spread", .unit = PRICE},
    [TRADE_PX] = {.name = "trade.px", .unit = PRICE},
    [TRADE_QTY] = {.name = "trade.qty", .unit = QUANTITY},
    [TRADE_SIDE] = {.name = "trade.side"},
    [LATENCY] = {.name = "latency", .unit = SECONDS},
    [IS_TRADE] = {.name = "is_trade", .is_condition = true},
};
const uint32_t hr_market_n_columns = HR_ARRAY_LEN(hr_market_columns);

void hr_market_init(hr_market *m, const hr_eval_part *p, unsigned px_scale, unsigned qty_scale)
{
    *m = (hr_market){.in = p->in, .n_in = p->n_in};
    m->px_unit = (double)hr_pow10[px_scale];
    m->qty_unit = (double)hr_pow10[qty_scale];
    for (uint32_t i = 0; i < p->n_in; i++) {
        if (p->in[i].is_of) continue;
        if (p->in[i].which <= ASK_QTY) m->n_level = HR_MAX(m->n_level, p->in[i].idx + 1);
        if (p->in[i].which <= SPREAD) m->n_level = HR_MAX(m->n_level, 1u);
    }
}

typedef struct levels {
    int64_t px[2][HR_MARKET_LEVELS], qty[2][HR_MARKET_LEVELS];
} levels;

static void read_levels(const hr_market *m, levels *l, const hr_market_event *e)
{
    for (uint32_t s = 0; s < 2; s++) {
        if (e->book != NULL && m->n_level > 1) {
            (void)hr_l2_top(e->book, (hr_side)s, m->n_level, l->px[s], l->qty[s]);
            continue;
        }
        for (uint32_t i = 0; i < m->n_level; i++)
            l->px[s][i] = l->qty[s][i] = HR_NULL_I64;
        if (e->book != NULL || e->touch_px == NULL) continue;
        l->px[s][0] = e->touch_px[s];
        l->qty[s][0] = e->touch_qty[s];
    }
    if (e->book == NULL || m->n_level != 1) return;
    hr_l2_front front;
    hr_l2_front_get(e->book, &front);
    for (uint32_t s = 0; s < 2; s++) {
        l->px[s][0] = front.px[s];
        l->qty[s][0] = front.qty[s];
    }
}

static double real_of(int64_t v, double unit)
{
    return v == HR_NULL_I64 ? (double)NAN : (double)v / unit;
}

/* Both sides there: their sum halved and their difference, rounded once. */
static double touch_of(const hr_market *m, const levels *l, bool is_mid)
{
    int64_t bid = l->px[HR_SIDE_BID][0];
    int64_t ask = l->px[HR_SIDE_ASK][0];
    if (bid == HR_NULL_I64 || ask == HR_NULL_I64) return (double)NAN;
    if (is_mid) return ((double)bid + (double)ask) / (2 * m->px_unit);
    return (double)(ask - bid) / m->px_unit;
}

void hr_market_read(const hr_market *m, double *row, const hr_market_event *e)
{
    levels l;
    read_levels(m, &l, e);
    for (uint32_t i = 0; i < m->n_in; i++) {
        const hr_eval_in *in = &m->in[i];
        if (in->is_of) continue;
        double v = (double)NAN;
        switch (in->which) {
        case BID_PX:
        case ASK_PX:
            v = real_of(l.px[in->which == ASK_PX][in->idx], m->px_unit);
            break;
        case BID_QTY:
        case ASK_QTY:
            v = real_of(l.qty[in->which == ASK_QTY][in->idx], m->qty_unit);
            break;
        case MID:
        case SPREAD:
            v = touch_of(m, &l, in->which == MID);
            break;
        case TRADE_PX:
            if (e->is_trade) v = real_of(e->px, m->px_unit);
            break;
        case TRADE_QTY:
            if (e->is_trade) v = real_of(e->qty, m->qty_unit);
            break;
        case TRADE_SIDE:
            if (e->is_trade && e->side <= HR_SIDE_ASK) v = e->side == HR_SIDE_BID ? 1 : -1;
            break;
        case LATENCY:
            if (e->ts_event != HR_NULL_I64 && e->ts_recv != HR_NULL_I64)
                v = (double)(e->ts_recv - e->ts_event) / 1e9;
            break;
        default:
            v = e->is_trade;
            break;
        }
        row[i] = v;
    }
}
