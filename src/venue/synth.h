/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_SYNTH_H
#define HR_VENUE_SYNTH_H
/* A synthetic venue: deterministic, realistic enough to exercise every stage, and its own ground
 * truth. Each instrument has a book of its own (independent of src/book), clustered arrivals,
 * heavy-tailed sizes, updates near the touch, trades that consume it, tickers that carry the update
 * id and the exact touch, and REST snapshots as the real venue sends them. Integers only: the same
 * seed gives the same bytes on every machine and compiler. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_SYNTH_INSTRUMENTS_MAX 2000
#define HR_SYNTH_LINE_MAX (256u << 10) /* longest text one step makes */

typedef enum hr_synth_format {
    HR_SYNTH_CAPTURE = 0,      /* `<recv_ns> <json>` */
    HR_SYNTH_CAPTURE_JSON = 1, /* {"capture_ns":..,"stream":..,"data":..} */
    HR_SYNTH_NDJSON = 2,       /* bare messages */
    HR_SYNTH_TARDIS = 3,       /* incremental_book_L2 CSV */
} hr_synth_format;

typedef struct hr_synth_options {
    hr_synth_format format;
    uint32_t n_instruments;
    uint64_t n_levels; /* level updates in depth messages; steps end past it */
    uint64_t seed;
    uint64_t rate; /* messages a second of simulated time */
    uint32_t n_gaps, n_duplicates, n_bad;
    bool futures; /* pu and USD-M numbering, else spot */
    bool has_snapshots, has_tickers, has_trades;
} hr_synth_options;
#define HR_SYNTH_OPTIONS_DEFAULT                                                                   \
    {                                                                                              \
        .n_instruments = 20, .n_levels = 1000000, .seed = 1, .rate = 20000, .has_snapshots = true, \
        .has_tickers = true, .has_trades = true                                                    \
    }

/** What was made: what a correct reader must find. */
typedef struct hr_synth_truth {
    uint64_t lines, messages, levels, trades, tickers, snapshots, snapshot_levels;
    uint64_t gaps, duplicates, bad;
} hr_synth_truth;

typedef struct hr_synth hr_synth;
HR_MUST_USE hr_status hr_synth_create(hr_synth **out, const hr_synth_options *opt, hr_err *err);
void hr_synth_destroy(hr_synth **s);
/** Next piece of text (whole lines), at most HR_SYNTH_LINE_MAX bytes; 0 at the end. */
size_t hr_synth_next(hr_synth *s, char *out);
void hr_synth_truth_get(const hr_synth *s, hr_synth_truth *out);

#endif
