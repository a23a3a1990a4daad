/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_CONVERT_H
#define HR_CONVERT_CONVERT_H
/* One file to another format: streamed, in fixed memory, written beside its place and renamed.
 * A first pass finds what the target cannot hold; without leave to lose it nothing is written.
 * Messages read = written + rejected + filtered. See docs/RUNBOOK.md. */
#include <stdatomic.h>

#include "col/evbatch.h"
#include "fmt/codec.h"
#include "fmt/ipc_read.h"
#include "venue/adapter.h"

typedef enum hr_target_format {
    HR_TO_AUTO = 0, /* by the name of the output */
    HR_TO_EVENTS,   /* a table: every message, exact (fmt/pq_mixed.h) */
    HR_TO_DELTAS,   /* the tables of a dataset */
    HR_TO_TRADES,
    HR_TO_TICKERS,
    HR_TO_LAKE_DELTAS, /* Crypto Lake's book_delta_v2, of one instrument */
    HR_TO_LAKE_TRADES,
    HR_TO_LAKE_BOOK,
    HR_TO_TARDIS, /* CSV incremental_book_L2 */
    HR_TO_TARDIS_TRADES,
    HR_TO_TARDIS_QUOTES,
    HR_TO_TARDIS_SNAPSHOT_5, /* CSV book_snapshot_5 */
    HR_TO_TARDIS_SNAPSHOT_25,
    HR_TO_BINANCE_AGG_TRADES, /* CSV with a header, as of futures */
    HR_TO_BINANCE_TRADES,
    HR_TO_BINANCE_BOOK_TICKER,
    HR_TO_CAPTURE,      /* `<recv_ns> <json>` */
    HR_TO_CAPTURE_JSON, /* {"capture_ns":..,"stream":..,"data":..} */
    HR_TO_CRYPTOFEED,   /* the venue's messages as cryptofeed stores them */
    HR_TO_ITCH,         /* Nasdaq TotalView-ITCH 5.0 */
    HR_TO_LOBSTER,      /* its message file, of one instrument and day */
    HR_TO_RECORDS,      /* of DBN: Parquet, one type's records under their official names; of CSV
                           that is no events: its table */
    HR_TO_RECORDS_CSV,
    HR_TO_BITSTAMP_ORDERS, /* `<recv_ms> <event> <json>` */
    HR_TO_DBN,             /* Databento DBN: of a table of its records, or mbo of events */
    HR_TO_COUNT
} hr_target_format;
const char *hr_target_format_name(hr_target_format f);
/** HR_TO_AUTO: no such name. */
hr_target_format hr_target_format_from_name(const char *name);

/* What a target may be unable to hold. Those from HR_LOSS_WHOLE on lose the message. */
#define HR_LOSS_LIST(X)                                                                            \
    X(HR_LOSS_SEQ, "sequence numbers")                                                             \
    X(HR_LOSS_TIME, "digits of times")                                                             \
    X(HR_LOSS_NO_EVENT, "that there was no venue time (the receive time stands for it)")           \
    X(HR_LOSS_CHECKSUM, "the venue's checksums and depths of books")                               \
    X(HR_LOSS_DAY, "the day (put YYYY-MM-DD into the output's path)")                              \
    X(HR_LOSS_TAKER, "who took in trades that no order shows")                                     \
    X(HR_LOSS_VENUE_NAME, "the venue's name")                                                      \
    X(HR_LOSS_AGG, "that a trade is an aggregate")                                                 \
    X(HR_LOSS_BORDER, "where one message ends and the next begins")                                \
    X(HR_LOSS_NAME, "the instrument's name (put symbol=NAME/ into the output's path)")             \
    X(HR_LOSS_RECV, "times of receipt (the venue's stand for them)")                               \
    X(HR_LOSS_EMPTY_PX, "prices without a quantity")                                               \
    X(HR_LOSS_ORDER, "sides and prices of orders that nothing added (1 and 0 stand for them)")     \
    X(HR_LOSS_ORDER_PX, "sides, prices and amounts that removals say beside the order's id")       \
    X(HR_LOSS_REPLACE, "that one order replaced another (one goes, one comes)")                    \
    X(HR_LOSS_CHANGE, "that an order changed in place (less is a cancel, else it goes and comes)") \
    X(HR_LOSS_WIDE, "values that a column cannot hold (null stands for them)")                     \
    X(HR_LOSS_ROUNDED, "digits of numbers (the nearest that a column holds stands for them)")      \
    X(HR_LOSS_DEPTH, "levels behind the best ones")                                                \
    X(HR_LOSS_LEVEL_ORDER, "the order of levels in messages")                                      \
    X(HR_LOSS_WHICH, "which levels changed (the best ones after it stand for them)")               \
    X(HR_LOSS_SNAPSHOT_TIME, "venue times of snapshots")                                           \
    X(HR_LOSS_EVENT, "times of the venue (those of receipt stand alone)")                          \
    X(HR_LOSS_NO_SIDE,                                                                             \
      "that changes and removals of orders name no side (the buyers' stands there)")               \
    X(HR_LOSS_DBN_FORM,                                                                            \
      "whether an order shrank, went or was filled (DBN has cancels and trades)")                  \
    X(HR_LOSS_NULL, "nulls of columns that have none (0 or an empty text stands for them)")        \
    X(HR_LOSS_DBN_HEADER,                                                                          \
      "the metadata that the DBN file had (that of its records stands for it)")                    \
    X(HR_LOSS_DBN_SYMBOL, "symbols that the metadata does not give these instruments")             \
    X(HR_LOSS_DBN_REST,                                                                            \
      "bytes of records outside their fields (those of the first stand for them)")                 \
    X(HR_LOSS_DBN_LEFT_OUT, "records of the DBN file that are not in the table")                   \
    X(HR_LOSS_KIND, "messages of a kind it has no place for")                                      \
    X(HR_LOSS_EMPTY, "messages without levels")                                                    \
    X(HR_LOSS_NO_SEQ, "messages without update ids")                                               \
    X(HR_LOSS_NO_NAME, "messages that name no instrument")                                         \
    X(HR_LOSS_OTHER_NAME, "messages of other instruments than the first")                          \
    X(HR_LOSS_VENUE, "messages of other venues than Binance, or of several")                       \
    X(HR_LOSS_LONG_NAME, "instruments of more than 8 letters, or more than 65535 of them")         \
    X(HR_LOSS_DIGITS, "prices of more than 4 decimals, parts of a share, or too large ones")       \
    X(HR_LOSS_DBN_DIGITS, "prices of more than 9 decimals, parts of a unit, or too large ones")    \
    X(HR_LOSS_BEFORE_1970, "messages from before 1970")                                            \
    X(HR_LOSS_OTHER_DAY, "messages of another day than the output's path names")                   \
    X(HR_LOSS_NO_ORDER, "replacements and changes of orders that nothing added, or to nothing")    \
    X(HR_LOSS_SAME, "changes of orders that change nothing")                                       \
    X(HR_LOSS_PX, "prices below 0, of 0, or quantities below 0")                                   \
    X(HR_LOSS_SIDE, "trades without a side")                                                       \
    X(HR_LOSS_TRADE_ID, "trades whose id is missing or no number")                                 \
    X(HR_LOSS_SAME_TOP, "changes that the best levels do not show, or that came late")             \
    X(HR_LOSS_NO_BOOK, "changes of books that are not whole")                                      \
    X(HR_LOSS_WORDS, "messages of a venue whose words are not written, or of several")
typedef enum hr_loss {
#define HR_LOSS_ENUM(id, text) id,
    HR_LOSS_LIST(HR_LOSS_ENUM)
#undef HR_LOSS_ENUM
        HR_LOSS_COUNT
} hr_loss;
#define HR_LOSS_WHOLE HR_LOSS_KIND
const char *hr_loss_text(hr_loss l);

typedef struct hr_convert_options {
    const char *in, *out;
    hr_target_format to;
    hr_format format;           /* of the input; 0: sniff */
    const char *venue, *symbol; /* of the input, where it does not say; NULL: none */
    const char *records; /* DBN of several types: the one that is wanted; NULL: there is one */
    uint8_t px_scale, qty_scale;
    uint8_t share_decimals; /* of ITCH and LOBSTER, read or written */
    bool force, lossy;
    bool packs_arrow;             /* bodies of Arrow batches compressed with zstd */
    const _Atomic uint32_t *stop; /* != 0: give up; may be NULL */
    /* Called after each batch, may be NULL: of this pass (1 looks, the last writes), the share of
     * the input that is done. */
    void (*progress)(void *self, int pass, double share);
    void *self;
} hr_convert_options;
#define HR_CONVERT_OPTIONS_DEFAULT                                                                 \
    {                                                                                              \
        .px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE                                         \
    }

typedef struct hr_convert_report {
    hr_target_format to;
    hr_container container; /* of the output */
    hr_ipc_kind arrow;      /* of an output that is a table; HR_IPC_NOT: Parquet */
    hr_format format;       /* of the input */
    const char *from;       /* its name */
    char why[128];
    uint64_t lines;                             /* or rows of a table */
    uint64_t read, written, rejected, filtered; /* messages */
    uint64_t rows;                              /* levels, trades, tickers written */
    uint64_t kind[HR_MSG_KIND_COUNT];           /* messages read, by kind */
    uint64_t rejects[HR_REJECT_COUNT];
    uint64_t loss[HR_LOSS_COUNT]; /* messages concerned */
    int64_t bytes_in, bytes_out;
    double seconds;
} hr_convert_report;

/** HR_EUSAGE: the target cannot hold it all and o->lossy is false (report->loss says what), or the
 * output exists and o->force is false. On any failure nothing is left behind. */
HR_MUST_USE hr_status hr_convert(const hr_convert_options *o, hr_convert_report *report,
                                 hr_err *err);
/** read = written + rejected + filtered. */
bool hr_convert_adds_up(const hr_convert_report *r);

#endif
