/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_TABLES_H
#define HR_PIPE_TABLES_H
/* The schemas of a dataset's tables, one a kind. See docs/modules/pipe.md. */
#include "col/schema.h"
#include "pipe/plan.h"

typedef enum hr_gap_cause {
    HR_GAP_SEQ_HOLE = 0,
    HR_GAP_SEQ_BACK = 1,
    HR_GAP_RECONNECT = 2,
    HR_GAP_PARSE_ERROR = 3,
    HR_GAP_LOCAL_DROP = 4,
    HR_GAP_VENUE_RESET = 5,
    HR_GAP_NEVER_SYNCED = 6,
    HR_GAP_CHECKSUM = 7,
    HR_GAP_CAUSE_COUNT = 8,
} hr_gap_cause;

#define HR_TABLE_FIELDS_MAX (4 + 4 * HR_BOOK_DEPTH_MAX)
#define HR_TABLE_NAME_BYTES 16

/* Column indexes of the fixed tables, in schema order. */
enum { HR_COLI_TS_EVENT = 0, HR_COLI_TS_RECV = 1, HR_COLI_SEQ = 2 };
enum {
    HR_DELTA_SEQ_FIRST = 3,
    HR_DELTA_SEQ_PREV,
    HR_DELTA_SIDE,
    HR_DELTA_PX,
    HR_DELTA_QTY,
    HR_DELTA_FLAGS
};
enum { HR_TRADE_SIDE = 3, HR_TRADE_PX, HR_TRADE_QTY, HR_TRADE_ID, HR_TRADE_FLAGS };
enum {
    HR_TICKER_BID_PX = 3,
    HR_TICKER_BID_QTY,
    HR_TICKER_ASK_PX,
    HR_TICKER_ASK_QTY,
    HR_TICKER_FLAGS
};
enum { HR_BOOK_FLAGS = 3, HR_BOOK_LEVEL0 }; /* then bid_px, bid_qty, ask_px, ask_qty a level */
enum { HR_FEATURE_FLAGS = 3, HR_FEATURE_FIRST };
enum { HR_CALC_FLAGS = 3, HR_CALC_FIRST };
enum { HR_SIGNAL_NAME = 3, HR_SIGNAL_IS_ON, HR_SIGNAL_PRIORITY, HR_SIGNAL_SCORE, HR_SIGNAL_FIRST };
enum { HR_GAP_SEQ_LAST_GOOD = 2, HR_GAP_SEQ_NEXT, HR_GAP_CAUSE };

/** All schemas of one run; depth and scales come from the plan. In place, self-contained. */
typedef struct hr_tables {
    hr_schema schema[HR_KIND_COUNT];
    hr_field field[HR_KIND_COUNT][HR_TABLE_FIELDS_MAX];
    char book_name[4 * HR_BOOK_DEPTH_MAX][HR_TABLE_NAME_BYTES];
} hr_tables;
/** A column of the table of expressions; false: there are too many. */
bool hr_tables_add_output(hr_tables *t, const char *name);
/** The columns of values that signals carry, n of them. */
void hr_tables_add_values(hr_tables *t, uint32_t n);
void hr_tables_init(hr_tables *t, uint32_t depth, uint8_t px_scale, uint8_t qty_scale);

#endif
