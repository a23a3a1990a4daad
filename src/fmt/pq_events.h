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
/** Continues at this row (a resumed run), before the first is read. Pages before it are not read.
 */
void hr_pq_events_skip_to(hr_pq_events *e, int64_t row);
/** Does a piece of the reading ahead of hr_pq_events_next, while another thread is in it or before
 * it is called; HR_AGAIN: nothing to do now. Any thread. */
HR_MUST_USE hr_status hr_pq_events_help(hr_pq_events *e);
/** Fills b. HR_OK: more may follow; HR_END: the file is done (b may hold messages all the same). */
HR_MUST_USE hr_status hr_pq_events_next(hr_pq_events *e, hr_evbatch *b, uint32_t target_rows,
                                        hr_err *err);

#endif
