/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_BARS_RUN_H
#define HR_JOB_BARS_RUN_H
/* Bars of trades, books or tickers from whatever a run reads. Rows come in the order in which bars
 * are closed, by the messages in merged order; those still open at the end by instrument, in the
 * order of their first message. See docs/modules/bars.md. */
#include "calc/bars.h"
#include "job/listen.h"

typedef enum hr_bars_of {
    HR_BARS_OF_TRADES = 0,
    HR_BARS_OF_BOOK = 1,
    HR_BARS_OF_TICKER = 2,
} hr_bars_of;

typedef struct hr_bars_options {
    hr_listen_options listen;
    hr_bars_of of;
    hr_bar_rule rule;
    hr_bar_price price; /* of books and tickers: what open, high, low, close are of */
    bool partial;       /* write what is no whole bar at the end; TIME always does */
} hr_bars_options;

typedef struct hr_bars_report {
    hr_listen_report listen;
    uint64_t late;     /* trades or changes of the touch before the open bar's start: in no bar */
    uint64_t parted;   /* how often a trade was parted */
    uint64_t unfilled; /* rows of empty bars too long to be written */
    uint64_t partial;  /* bars that were open at the end and not written */
    uint64_t changes;  /* of the touch */
} hr_bars_report;

/** HR_ESTOPPED: it was asked to stop. On any failure no file is left; what went to standard output
 * stays. */
HR_MUST_USE hr_status hr_bars_run(const hr_bars_options *o, hr_bars_report *report, hr_err *err);

#endif
