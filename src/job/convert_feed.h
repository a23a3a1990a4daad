/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CONVERT_FEED_H
#define HR_JOB_CONVERT_FEED_H
/* A DBN file as event batches, for conversions to tables of events and to text. */
#include "job/convert.h"
#include "job/dbn_file.h"

typedef struct hr_dbn_feed {
    hr_dbn_file file; /* reader.fd -1: closed */
    hr_dbn_source source;
    int64_t row;
    int64_t time_max; /* latest ts_recv so far */
} hr_dbn_feed;

/** Close after any outcome. */
HR_MUST_USE hr_status hr_dbn_feed_open(hr_dbn_feed *d, const hr_convert_options *o,
                                       hr_budget *budget, hr_err *err);
void hr_dbn_feed_close(hr_dbn_feed *d);
/** The next messages; HR_END: no more. HR_EINPUT: damage behind which nothing is found; what the
 *  batch holds is not to be used. */
HR_MUST_USE hr_status hr_dbn_feed_next(hr_dbn_feed *d, hr_evbatch *b, uint32_t target_rows,
                                       hr_err *err);

#endif
