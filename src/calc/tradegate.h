/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CALC_TRADEGATE_H
#define HR_CALC_TRADEGATE_H
/* Which trades of one instrument count: each once, and those of one kind.
 *
 * Repeated: the same id with the same time, price, quantity and side, as when two captures overlap
 * or a connection is made anew. The last HR_TRADEGATE_IDS ids are known (by id modulo that, so
 * ids that rise by one are found that far back); a trade is never taken for another. Trades without
 * an id are never repeated.
 * Kind: a stream of single trades and one of aggregates show the same volume twice: the kind that
 * came first counts. */
#include <stdbool.h>
#include <stdint.h>

#include "col/schema.h"

#define HR_TRADEGATE_IDS 1024u

typedef enum hr_trade_kinds {
    HR_TRADES_FIRST = 0, /* the kind that comes first */
    HR_TRADES_SINGLE = 1,
    HR_TRADES_AGG = 2,
    HR_TRADES_ALL = 3,
} hr_trade_kinds;

typedef struct hr_tradegate {
    uint8_t kinds; /* hr_trade_kinds; FIRST becomes what it turns out to be */
    bool keeps_repeated;
    uint64_t n_repeated, n_other_kind;
    uint64_t seen[HR_TRADEGATE_IDS]; /* 0: none */
} hr_tradegate;

/** A trade, wherever it stood. */
typedef struct hr_trade {
    int64_t ts_event, ts_recv; /* ts_event: HR_NULL_I64 none */
    int64_t px, qty;
    int64_t id;          /* -1: none, or text */
    const hr_text *text; /* of an id that is no number, or NULL */
    uint8_t side;        /* hr_side of the taker */
    bool is_agg;
} hr_trade;

void hr_tradegate_init(hr_tradegate *g, hr_trade_kinds kinds, bool keeps_repeated);
/** Does the trade count? Counts those that do not. */
bool hr_tradegate_takes(hr_tradegate *g, const hr_trade *t);

#endif
