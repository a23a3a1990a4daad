/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_EVENTS_H
#define HR_FMT_PQ_EVENTS_H
/* Parquet tables as event batches: Crypto Lake's book_delta_v2, trades and book (found by their
 * column names), plain trade tables, and headrace's own deltas and trades. Rows of one sequence
 * number and time form one message. */
#include "col/evbatch.h"
#include "fmt/pq_read.h"
#include "venue/adapter.h"

typedef struct hr_pq_events hr_pq_events;

/** Fills format, venue and symbol (from hive keys in the path). HR_EUNSUPPORTED says what was
 * looked for. */
HR_MUST_USE hr_status hr_pq_events_sniff(hr_source_info *info, char *why, size_t why_cap,
                                         const char *path, const hr_pq_file *f, hr_err *err);
HR_MUST_USE hr_status hr_pq_events_create(hr_pq_events **out, hr_pq_file *f,
                                          const hr_source_info *info, hr_arena *arena, hr_err *err);
/** What the rows came from: an events table names it, else what the sniffing found. */
hr_format hr_pq_events_format(const hr_pq_events *e);
/** Do messages about single orders stand among its first? */
bool hr_pq_events_has_orders(const hr_pq_events *e);
/** Continues at this row (a resumed run), before the first is read. Pages before it are not read.
 */
void hr_pq_events_skip_to(hr_pq_events *e, int64_t row);
/** Which rows are wanted: others need not be read. */
typedef struct hr_pq_want {
    const hr_pq_bytes *symbol; /* n_symbols of them, ascending; none: any */
    uint32_t n_symbols;
    int64_t from_ns, to_ns; /* receive time, [from, to); INT64_MIN, INT64_MAX: no bound */
} hr_pq_want;
/** Leaves out, from now on, row groups and pages that by the file's path, statistics, page indexes
 * and Bloom filters hold no wanted row. In their place stands one message of kind OTHER with
 * HR_FLAG_LEFT_OUT a stretch; seq_first is its rows. What is not wanted may come all the same; rows
 * of an events table always do. A damaged index leaves nothing out. Before the first row is read.
 */
HR_MUST_USE hr_status hr_pq_events_want(hr_pq_events *e, const hr_pq_want *w, hr_err *err);
/** Does a piece of the reading ahead of hr_pq_events_next, while another thread is in it or before
 * it is called; HR_AGAIN: nothing to do now. Any thread. */
HR_MUST_USE hr_status hr_pq_events_help(hr_pq_events *e);
/** Fills b. HR_OK: more may follow; HR_END: the file is done (b may hold messages all the same). */
HR_MUST_USE hr_status hr_pq_events_next(hr_pq_events *e, hr_evbatch *b, uint32_t target_rows,
                                        hr_err *err);

#endif
