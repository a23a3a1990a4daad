/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_MARKET_H
#define HR_EVAL_MARKET_H
/* The columns of an instrument's market, as expressions name them, and how a row of them comes
 * about. A row is one event: a change of the book, or a trade. Prices and quantities are the
 * nearest doubles of the exact values. See docs/modules/market.md. */
#include "book/l2.h"
#include "eval/eval.h"

/*  bid_px[i] bid_qty[i] ask_px[i] ask_qty[i]   the book's levels, i from 0 (best) to 49
 *  mid spread                                   (bid + ask) / 2, ask - bid; null without both
 *  trade.px trade.qty                           of a row that is a trade
 *  trade.side                                   1: the buyer was the taker, -1: the seller
 *  latency                                      receive time less event time, seconds
 *  is_trade                                     condition */
extern const hr_expr_column hr_market_columns[];
extern const uint32_t hr_market_n_columns;

#define HR_MARKET_LEVELS 50u

typedef struct hr_market_event {
    const hr_l2 *book;       /* NULL: not certain, or told by `touch` */
    const int64_t *touch_px; /* [2], [2] by side where book is NULL; NULL: no book */
    const int64_t *touch_qty;
    int64_t ts_event, ts_recv; /* HR_NULL_I64: none */
    int64_t px, qty;           /* of a trade */
    uint8_t side;              /* hr_side of the taker */
    bool is_trade;
} hr_market_event;

/* How a part's inputs are read off an event. */
typedef struct hr_market {
    const hr_eval_in *in;
    uint32_t n_in;
    uint32_t n_level; /* of the book that any input reads */
    double px_unit, qty_unit;
} hr_market;

/** p is borrowed; its expression was read with hr_market_columns. */
void hr_market_init(hr_market *m, const hr_eval_part *p, unsigned px_scale, unsigned qty_scale);
/** The row of an event: row[n_in]. What is a value of another part is left as it is. */
void hr_market_read(const hr_market *m, double *row, const hr_market_event *e);

#endif
