/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_GEN_H
#define HR_APP_GEN_H
/* What `headrace gen` is made of, beside its output files. */
#include "base/status.h"
#include "synth/synth.h"
#include "synth/synth_orders.h"

/** What was made, as JSON. */
HR_MUST_USE hr_status hr_gen_truth_write(const char *path, const hr_synth *s,
                                         const hr_synth_options *o, hr_err *err);

/** A day of ITCH 5.0 to path; truth: counts as JSON, NULL none. */
HR_MUST_USE hr_status hr_gen_orders(const char *path, const char *truth,
                                    const hr_synth_orders_options *o, hr_err *err);

#define HR_GEN_LAKE_INSTRUMENTS_MAX 128 /* each has three files open */
/** Crypto Lake's folders of Parquet tables: a sink for the events, the files it fills. */
typedef struct hr_gen_lake hr_gen_lake;
/** root must not exist, or be empty; o is borrowed until close. raw: the columns' names as the
 * files in the vendor's store have them, else as its Python package hands them out. */
HR_MUST_USE hr_status hr_gen_lake_open(hr_gen_lake **out, const char *root,
                                       const hr_synth_options *o, bool raw, hr_err *err);
/** The sink and its self; the synth must be given before the first event. */
hr_status hr_gen_lake_take(void *self, const hr_synth_event *ev);
void hr_gen_lake_bind(hr_gen_lake *l, const hr_synth *s);
/** The error behind a status that hr_gen_lake_take gave. */
void hr_gen_lake_error(const hr_gen_lake *l, hr_err *err);
/** All rows are in files; they get their names by publish. */
HR_MUST_USE hr_status hr_gen_lake_finish(hr_gen_lake *l, hr_err *err);
HR_MUST_USE hr_status hr_gen_lake_publish(hr_gen_lake *l, hr_err *err);
/** What was not published is removed, with the folders made for it. */
void hr_gen_lake_close(hr_gen_lake **l);

#endif
