/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_PLAN_H
#define HR_APP_APP_PLAN_H
/* Arguments of the verbs that read what a run reads. */
#include "pipe/plan.h"

/** Plans (.yaml, .yml) are parsed into *plan in their order; other arguments are its inputs. */
HR_MUST_USE hr_status hr_app_plan_add(hr_plan *plan, int n_args, char **args, hr_err *err);
/** Folders, patterns and ranges of days among the inputs become files (hr_inputs_expand); what is
 *  left out is named on standard error. */
HR_MUST_USE hr_status hr_app_plan_expand(hr_plan *plan, bool keeps_datasets, hr_err *err);
/** The same, with files that are no inputs of a run where a folder holds nothing else. */
HR_MUST_USE hr_status hr_app_plan_expand_too(hr_plan *plan, bool (*takes_too)(const char *path),
                                             hr_err *err);

#endif
