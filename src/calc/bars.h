/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_BARS_H
#define HR_CALC_BARS_H
/* Bars: two state machines, one over trades and one over the best bid and ask. O(1) an event, fixed
 * memory, no clock of their own: times are the caller's. See docs/modules/bars.md.
 *
 * Offer an event, then take bars until there is none:
 *     hr_bars_trade(b, &trade);
 *     while (hr_bars_next(b, &bar)) ...
 *
 * Late. An event whose time is before the start of the open bar (none open: before the end of the
 * last one) is late: it is counted and takes no part in any bar. Within a bar the first and the
 * last are so by time, and among equal times by arrival. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "col/schema.h"
#include "text/wide.h"

typedef enum hr_bar_kind {
    HR_BAR_TIME = 0,     /* [start, start + width), aligned to UTC midnight */
    HR_BAR_TICK = 1,     /* n trades, or n changes of the touch */
    HR_BAR_VOLUME = 2,   /* quantity */
    HR_BAR_NOTIONAL = 3, /* price times quantity */
} hr_bar_kind;

#define HR_BARS_FILL_MAX INT64_C(1000000)  /* a longer row of empty bars is left out and counted */
#define HR_BARS_SPLIT_MAX INT64_C(1000000) /* bars of one trade */

typedef struct hr_bar_rule {
    hr_bar_kind kind;
    int64_t width_ns;  /* TIME: a part of a day that divides it, or days */
    uint64_t n_ticks;  /* TICK: > 0 */
    hr_wide threshold; /* VOLUME: quantity units; NOTIONAL: price units x quantity units; > 0 */
    bool split; /* VOLUME, NOTIONAL: a trade that passes the threshold is parted between bars */
    bool fill;  /* TIME: empty bars too, from the first to the last that is not */
} hr_bar_rule;
/** Does the width divide a day, or is it whole days? */
bool hr_bar_width_is_even(int64_t width_ns);

/* ---- trades ---- */

typedef struct hr_bar_trade {
    int64_t ts, px, qty;
    bool is_buy; /* the buyer was the taker */
} hr_bar_trade;

typedef struct hr_bar {
    int64_t start_ns, end_ns; /* TIME: left-closed, right-open; else times of the first and the last
                                 trade */
    int64_t open, high, low, close;
    hr_wide volume, buy_volume, notional;
    uint64_t n_trades;         /* a parted trade counts in each bar that has a part of it */
    int64_t first_ns, last_ns; /* HR_NULL_I64: none */
} hr_bar;
/** notional / volume to the nearest price unit, halves up; HR_NULL_I64 when volume is 0. */
int64_t hr_bar_vwap(const hr_bar *b);

typedef struct hr_bars {
    hr_bar_rule rule;
    hr_bar bar;
    hr_bar_trade trade; /* what of it is not yet in a bar */
    bool is_open, is_filling, has_trade, has_last;
    int64_t last_end, last_close;
    uint64_t n_late, n_taken, n_parted, n_unfilled;
} hr_bars;

void hr_bars_init(hr_bars *b, const hr_bar_rule *rule);
/** px > 0, qty >= 0. HR_ELIMIT: this trade alone would be more than HR_BARS_SPLIT_MAX bars. */
HR_MUST_USE hr_status hr_bars_trade(hr_bars *b, const hr_bar_trade *t);
bool hr_bars_next(hr_bars *b, hr_bar *out);
/** The open bar, as far as it goes; after the last trade. */
bool hr_bars_last(hr_bars *b, hr_bar *out);

/* ---- the touch ---- */

typedef struct hr_bar_quote {
    int64_t bid_px, bid_qty, ask_px, ask_qty;
    bool is_whole; /* the book is certain and has both sides; else the prices say nothing */
} hr_bar_quote;
typedef enum hr_bar_price { HR_BAR_MID = 0, HR_BAR_BID = 1, HR_BAR_ASK = 2 } hr_bar_price;

typedef struct hr_quote_bar {
    int64_t start_ns, end_ns;
    hr_wide open, high, low, close; /* half price units: bid + ask, or twice the bid or ask */
    hr_wide spread_sum;             /* price units, over the changes */
    hr_wide weighted;               /* half price units x ns */
    int64_t quoted_ns;              /* how long there was a mid */
    uint64_t n_changes;
    int64_t first_ns, last_ns; /* of the changes; HR_NULL_I64: none */
    hr_bar_quote last;         /* as of the last change */
} hr_quote_bar;
/** Mean spread over the changes and mid weighted by time, to the nearest price unit; false: none.
 */
bool hr_quote_bar_spread(const hr_quote_bar *b, int64_t *out);
bool hr_quote_bar_mid(const hr_quote_bar *b, int64_t *out);

typedef struct hr_quotes {
    hr_bar_rule rule; /* TIME or TICK */
    hr_bar_price price;
    hr_quote_bar bar;
    hr_bar_quote now, next;
    int64_t now_ns;   /* newest time seen */
    int64_t since_ns; /* up to where `now` is weighed */
    bool is_open, is_filling, has_next, has_now, has_last;
    bool counts; /* `next` is a change and not late */
    int64_t last_end;
    hr_wide last_close;
    hr_bar_quote last_quote;
    uint64_t n_late, n_changes, n_unfilled;
} hr_quotes;

void hr_quotes_init(hr_quotes *q, const hr_bar_rule *rule, hr_bar_price price);
/** The touch as it stands from ts on; equal to the one before it is no change, but time passes. A
 * touch that is not whole ends what is weighed and opens no bar. Times never fall: one with an
 * earlier time stands from the newest on. A late one counts in no bar, but it stands. */
void hr_quotes_touch(hr_quotes *q, int64_t ts, const hr_bar_quote *t);
bool hr_quotes_next(hr_quotes *q, hr_quote_bar *out);
/** The open bar, weighed up to the newest time (end_ns at most). */
bool hr_quotes_last(hr_quotes *q, hr_quote_bar *out);

#endif
