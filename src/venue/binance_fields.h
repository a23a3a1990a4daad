/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_BINANCE_FIELDS_H
#define HR_VENUE_BINANCE_FIELDS_H
/* A Binance message between its text and its event: two readers fill it, one writer empties it.
 * Private to venue. */
#include "venue/line.h"

/* Every key that any of the messages uses; a bit in `seen` each. The four behind them say what
 * `b` and `a` were: a level list in a depth update, a price in a book ticker, an id in a trade. */
typedef enum hr_binance_key {
    HR_BK_EVENT,
    HR_BK_E_TIME,
    HR_BK_T_TIME,
    HR_BK_SYMBOL,
    HR_BK_FIRST,
    HR_BK_LAST,
    HR_BK_PREV,
    HR_BK_BIDS,
    HR_BK_ASKS,
    HR_BK_SNAP_ID,
    HR_BK_TRADE_ID,
    HR_BK_PRICE,
    HR_BK_QTY,
    HR_BK_MAKER,
    HR_BK_BID_QTY,
    HR_BK_ASK_QTY,
    HR_BK_STREAM,
    HR_BK_DATA,
    HR_BK_CAPTURE,
    HR_BK_OTHER,
    HR_BK_COUNT,
    HR_BK_GOT_BID_LIST = HR_BK_COUNT,
    HR_BK_GOT_ASK_LIST,
    HR_BK_GOT_BID_PX,
    HR_BK_GOT_ASK_PX,
    HR_BK_GOT_A_NUMBER,
} hr_binance_key;

#define HR_BIT(k) (1u << (k))

typedef enum hr_event_id {
    HR_EVENT_NONE,
    HR_EVENT_DEPTH,
    HR_EVENT_TRADE,
    HR_EVENT_AGG_TRADE,
    HR_EVENT_TICKER,
    HR_EVENT_FOREIGN,
} hr_event_id;

typedef struct hr_binance_fields {
    uint32_t seen;
    uint32_t n_bids, n_asks;
    hr_event_id event;
    bool is_maker;
    int64_t e_time, t_time, first, last, prev, snap_id, trade_id;
    int64_t price, qty, bid_px, bid_qty, ask_px, ask_qty;
    hr_json_str a_number, symbol, stream;
} hr_binance_fields;

/** Spot book tickers carry no event name: these keys make one. */
#define HR_BINANCE_TICKER_KEYS                                                                     \
    (HR_BIT(HR_BK_LAST) | HR_BIT(HR_BK_BIDS) | HR_BIT(HR_BK_ASKS) | HR_BIT(HR_BK_BID_QTY) |        \
     HR_BIT(HR_BK_ASK_QTY))

HR_INLINE bool hr_binance_has(const hr_binance_fields *f, uint32_t bits)
{
    return (f->seen & bits) == bits;
}

/** Which of the events that are read, or HR_EVENT_FOREIGN. */
hr_event_id hr_binance_event(hr_json_str name);

/** Completes the message: its levels stand behind those of the batch already. An outcome of a line;
 * nothing is kept unless HR_LINE_DONE. */
int hr_binance_put(const hr_line *l, const hr_binance_fields *f);

/** The short way: a whole line at p of the shape Binance sends and captures keep, ASCII, without
 *  white space, to l->limit at most. Its framing (receive time, envelope) is read here too. Returns
 *  the line's end (its '\n'), with the message in the batch, or NULL: nothing was taken, and the
 *  general reader decides. What it takes, the general reader takes with equal outcome. */
const char *hr_binance_fast(hr_line *l, const char *p);

#endif
