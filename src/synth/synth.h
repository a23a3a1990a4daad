/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_SYNTH_SYNTH_H
#define HR_SYNTH_SYNTH_H
/* A synthetic venue: deterministic, realistic enough to exercise every stage, and its own ground
 * truth. Each instrument has a book of its own (independent of src/book), clustered arrivals,
 * heavy-tailed sizes, updates near the touch, trades that consume it, tickers that carry the update
 * id and the exact touch, and snapshots whose id lies inside an event as the real venue's do.
 * Integers only: the same seed gives the same bytes on every machine and compiler. What the venue
 * does depends on the seed alone; format and faults change only what of it is written.
 * See docs/modules/synth.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_SYNTH_INSTRUMENTS_MAX 2000
#define HR_SYNTH_FAULTS_MAX 100000     /* of each kind */
#define HR_SYNTH_RATE_MAX 1000000      /* a message has a microsecond of its own */
#define HR_SYNTH_LINE_MAX (512u << 10) /* longest text one step makes */
#define HR_SYNTH_PX_SCALE 2            /* decimals of prices and quantities as written */
#define HR_SYNTH_QTY_SCALE 3
#define HR_SYNTH_SNAPSHOT_DEPTH 1000u

typedef enum hr_synth_format {
    HR_SYNTH_CAPTURE = 0,       /* `<recv_ns> <json>` */
    HR_SYNTH_CAPTURE_JSON = 1,  /* {"capture_ns":..,"stream":..,"data":..} */
    HR_SYNTH_NDJSON = 2,        /* bare messages */
    HR_SYNTH_TARDIS = 3,        /* incremental_book_L2 CSV */
    HR_SYNTH_TARDIS_TRADES = 4, /* trades CSV */
    HR_SYNTH_EVENTS = 5,        /* no text: events go to the sink */
} hr_synth_format;

/** One level of an event: price tick0 + cell, both in 10^-HR_SYNTH_PX_SCALE. */
typedef struct hr_synth_level {
    uint32_t qty;
    uint16_t cell;
    uint8_t side; /* hr_side */
    uint8_t pad;
} hr_synth_level;

typedef enum hr_synth_kind {
    HR_SYNTH_DEPTH = 0,
    HR_SYNTH_SNAPSHOT = 1,
    HR_SYNTH_TRADE = 2,  /* levels[0]: price and quantity; side: the side that was resting */
    HR_SYNTH_TICKER = 3, /* levels[0], [1]: best bid and ask */
} hr_synth_kind;

typedef struct hr_synth_event {
    hr_synth_kind kind;
    uint32_t inst;
    int64_t ts_event, ts_recv; /* ns */
    int64_t first, last, prev; /* update ids; a trade: its id in last */
    int64_t tick0;
    uint32_t n_levels;
    const hr_synth_level *levels; /* good during the call */
} hr_synth_event;

/** Takes one event (HR_SYNTH_EVENTS); an error ends the generation. */
typedef hr_status (*hr_synth_sink_fn)(void *self, const hr_synth_event *ev);

typedef struct hr_synth_options {
    hr_synth_format format;
    uint32_t n_instruments;
    uint64_t n_levels; /* level updates to write (to make, where none are written) */
    uint64_t seed;
    uint64_t rate; /* mean messages a second of simulated time */
    uint32_t n_gaps, n_duplicates, n_disorder, n_bad;
    bool futures; /* pu and USD-M numbering, else spot */
    bool has_snapshots, has_tickers, has_trades;
    hr_synth_sink_fn sink;
    void *sink_self;
} hr_synth_options;
#define HR_SYNTH_OPTIONS_DEFAULT                                                                   \
    {                                                                                              \
        .n_instruments = 20, .n_levels = 1000000, .seed = 1, .rate = 20000, .has_snapshots = true, \
        .has_tickers = true, .has_trades = true                                                    \
    }

/** A fault that was put in. first, last: the update ids it concerns; line: 1-based line of the
 * repeated or late message (Binance formats), of the last line before the gap. */
typedef struct hr_synth_fault {
    uint32_t inst;
    int64_t first, last;
    uint64_t line;
} hr_synth_fault;

/** What was made. */
typedef struct hr_synth_truth {
    uint64_t lines, messages, levels, trades, tickers, snapshots, snapshot_levels;
    uint64_t gaps, duplicates, disorder, bad;
    uint64_t snapshots_inside; /* whose id lies strictly inside an event */
    uint64_t ticker_checks;    /* tickers whose id is that of a depth message applied to a book */
    uint64_t drain_lines;      /* lines written after n_levels, to end every gap and sync */
    const hr_synth_fault *gap, *duplicate, *late; /* gaps, duplicates, disorder of them */
    int64_t ts_first, ts_last;                    /* ns */
} hr_synth_truth;

/** One instrument as it stands. */
typedef struct hr_synth_instrument {
    const char *name;
    int64_t last_id, last_trade_id, tick0;
    uint64_t messages, levels, trades, tickers, snapshots, ticker_checks; /* written */
    bool is_whole; /* a reader's book is equal to the venue's */
} hr_synth_instrument;

typedef struct hr_synth hr_synth;
HR_MUST_USE hr_status hr_synth_create(hr_synth **out, const hr_synth_options *opt, hr_err *err);
void hr_synth_destroy(hr_synth **s);
/** Next piece of text (whole lines), at most HR_SYNTH_LINE_MAX bytes; 0 at the end. With
 * HR_SYNTH_EVENTS out is not touched and the result counts events; 0 when the sink failed too. */
size_t hr_synth_next(hr_synth *s, char *out);
/** The sink's first error. */
HR_MUST_USE hr_status hr_synth_status(const hr_synth *s);
/** Arrays are good until destroy. */
void hr_synth_truth_get(const hr_synth *s, hr_synth_truth *out);
void hr_synth_instrument_get(const hr_synth *s, uint32_t i, hr_synth_instrument *out);
/** Best n levels of one side, best first; returns how many there are. */
uint32_t hr_synth_top(const hr_synth *s, uint32_t i, uint8_t side, uint32_t n, hr_synth_level *out);

#endif
