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

/* What each target is, in the order that the help lists them: its name, the kinds of messages that
 * it has a place for (HR_HOLDS_ALL: its own rules say), its form, and whether how it writes is up
 * to all of the messages, so that they are looked at first (a directory, a unit of time). */
#define HR_TARGET_LIST(X)                                                                          \
    X(HR_TO_EVENTS, "events", HR_HOLDS_ALL, HR_FORM_TABLE, false)   /* exact (fmt/pq_mixed.h) */   \
    X(HR_TO_DELTAS, "deltas", HR_HOLDS_BOOKS, HR_FORM_TABLE, false) /* tables of a dataset */      \
    X(HR_TO_TRADES, "trades", HR_HOLDS_TRADES, HR_FORM_TABLE, false)                               \
    X(HR_TO_TICKERS, "tickers", HR_HOLDS_TICKERS, HR_FORM_TABLE, false)                            \
    X(HR_TO_TARDIS, "tardis", HR_HOLDS_BOOKS, HR_FORM_CSV, false) /* incremental_book_L2 */        \
    /* Crypto Lake's book_delta_v2, trades and book, of one instrument */                          \
    X(HR_TO_LAKE_DELTAS, "lake-deltas", HR_HOLDS_ALL, HR_FORM_LAKE, false)                         \
    X(HR_TO_LAKE_TRADES, "lake-trades", HR_HOLDS_ALL, HR_FORM_LAKE, true)                          \
    X(HR_TO_LAKE_BOOK, "lake-book", HR_HOLDS_ALL, HR_FORM_LAKE, false)                             \
    X(HR_TO_TARDIS_TRADES, "tardis-trades", HR_HOLDS_TRADES, HR_FORM_CSV, false)                   \
    X(HR_TO_TARDIS_QUOTES, "tardis-quotes", HR_HOLDS_TICKERS, HR_FORM_CSV, false)                  \
    X(HR_TO_TARDIS_SNAPSHOT_5, "tardis-snapshot-5", HR_HOLDS_ALL, HR_FORM_OWN, false)              \
    X(HR_TO_TARDIS_SNAPSHOT_25, "tardis-snapshot-25", HR_HOLDS_ALL, HR_FORM_OWN, false)            \
    X(HR_TO_CAPTURE, "capture", HR_HOLDS_SAID, HR_FORM_JSON, false) /* `<recv_ns> <json>` */       \
    /* {"capture_ns":..,"stream":..,"data":..} */                                                  \
    X(HR_TO_CAPTURE_JSON, "capture-json", HR_HOLDS_SAID, HR_FORM_JSON, false)                      \
    /* the venue's messages as cryptofeed stores them */                                           \
    X(HR_TO_CRYPTOFEED, "cryptofeed", HR_HOLDS_ALL, HR_FORM_OWN, true)                             \
    /* CSV with a header, as of futures */                                                         \
    X(HR_TO_BINANCE_TRADES, "binance-trades", HR_HOLDS_TRADES, HR_FORM_BINANCE_CSV, true)          \
    X(HR_TO_BINANCE_AGG_TRADES, "binance-aggtrades", HR_HOLDS_TRADES, HR_FORM_BINANCE_CSV, true)   \
    X(HR_TO_BINANCE_BOOK_TICKER, "binance-bookticker", HR_HOLDS_TICKERS, HR_FORM_BINANCE_CSV,      \
      true)                                                                                        \
    X(HR_TO_BINANCE_DEPTH, "binance-depth-csv", HR_HOLDS_BOOKS, HR_FORM_BINANCE_DEPTH, true)       \
    X(HR_TO_ITCH, "itch", HR_HOLDS_ALL, HR_FORM_OWN, true)        /* Nasdaq TotalView-ITCH 5.0 */  \
    X(HR_TO_LOBSTER, "lobster", HR_HOLDS_ALL, HR_FORM_OWN, false) /* of one name and day */        \
    /* `<recv_ms> <event> <json>` */                                                               \
    X(HR_TO_BITSTAMP_ORDERS, "bitstamp-orders", HR_HOLDS_LOG, HR_FORM_OWN, false)                  \
    /* Of DBN: Parquet, one type's records under their official names; of CSV that is no events:   \
     * its table. */                                                                               \
    X(HR_TO_RECORDS, "records", HR_HOLDS_ALL, HR_FORM_RECORDS, false)                              \
    X(HR_TO_RECORDS_CSV, "records-csv", HR_HOLDS_ALL, HR_FORM_RECORDS, false)                      \
    X(HR_TO_DBN, "dbn", HR_HOLDS_ALL, HR_FORM_OWN, true) /* of records, or mbo of events */

typedef enum hr_target_format {
    HR_TO_AUTO = 0, /* by the name of the output */
#define HR_TARGET_ENUM(id, name, holds, form, is_up_to_all) id,
    HR_TARGET_LIST(HR_TARGET_ENUM)
#undef HR_TARGET_ENUM
        HR_TO_COUNT
} hr_target_format;

#define HR_HOLDS(kind) (1u << (kind))
#define HR_HOLDS_ALL (HR_HOLDS(HR_MSG_KIND_COUNT) - 1u)
#define HR_HOLDS_BOOKS (HR_HOLDS(HR_MSG_DELTA) | HR_HOLDS(HR_MSG_SNAPSHOT))
#define HR_HOLDS_TRADES HR_HOLDS(HR_MSG_TRADE)
#define HR_HOLDS_TICKERS HR_HOLDS(HR_MSG_TICKER)
#define HR_HOLDS_SAID (HR_HOLDS_ALL & ~(HR_HOLDS(HR_MSG_STATUS) | HR_HOLDS(HR_MSG_ORDER)))
#define HR_HOLDS_LOG (HR_HOLDS(HR_MSG_TRADE) | HR_HOLDS(HR_MSG_ORDER))

typedef enum hr_target_form {
    HR_FORM_OWN = 0, /* a writer with rules of its own */
    HR_FORM_TABLE,   /* Parquet or Arrow */
    HR_FORM_LAKE,    /* so are Crypto Lake's */
    HR_FORM_CSV,
    HR_FORM_BINANCE_CSV,
    HR_FORM_BINANCE_DEPTH,
    HR_FORM_JSON,
    HR_FORM_RECORDS, /* no events */
} hr_target_form;

typedef struct hr_target_facts {
    const char *name;
    uint16_t holds; /* HR_HOLDS bits */
    uint8_t form;   /* hr_target_form */
    bool is_up_to_all;
} hr_target_facts;
/** Of HR_TO_AUTO to HR_TO_COUNT - 1. */
const hr_target_facts *hr_target_facts_of(hr_target_format f);
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
