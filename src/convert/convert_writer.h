/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_CONVERT_WRITER_H
#define HR_CONVERT_CONVERT_WRITER_H
/* What writes a target, seen the same way by the job: it asks of each message what would be lost,
 * and has it written where that is to be. */
#include "convert/convert_parts.h"

typedef struct hr_writer hr_writer;

/* A target's calls; NULL: there is nothing to do. */
typedef struct hr_writer_ops {
    size_t (*bytes)(hr_target_format to);           /* of the job's arena */
    hr_status (*create)(hr_writer *w, hr_err *err); /* before any message */
    hr_status (*losses)(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                        hr_err *err);              /* as hr_losses_of, in every pass */
    void (*lose)(hr_writer *w);                    /* a message that could not be read */
    hr_status (*begin)(hr_writer *w, hr_err *err); /* the pass that writes; out is open */
    hr_status (*message)(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                         hr_err *err);              /* the one that was asked about last */
    hr_status (*finish)(hr_writer *w, hr_err *err); /* the last bytes */
} hr_writer_ops;

struct hr_writer {
    const hr_writer_ops *ops;
    const hr_convert_options *o;
    hr_convert_report *r; /* target and format of the input stand in it */
    hr_budget *budget;
    hr_arena *arena, *own; /* the job's; of writers that keep orders, made by create */
    hr_out_file out;       /* the job opens and finishes it */
    hr_losses losses;      /* of those without rules of their own */
    hr_text_out text;
    hr_table_out *table;
    hr_lake_out *lake;
    hr_tops_out *tops;
    hr_feed_out *feed;
    hr_itch_out *itch;
    hr_lobster_out *lobster;
    hr_dbn_out *dbn;
};

/** Never NULL; of HR_TO_AUTO those of text. */
const hr_writer_ops *hr_writer_ops_of(hr_target_format to);

#endif
