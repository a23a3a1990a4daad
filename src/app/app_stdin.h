/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_STDIN_H
#define HR_APP_APP_STDIN_H
/* Standard input as an input that can be opened more than once. */
#include "pipe/plan.h"

/** An input called "-" becomes /dev/stdin. What is no file, a pipe, is first copied to an unnamed
 * one in $TMPDIR (/tmp), and becomes /dev/fd/N, which stays open. Before signals are caught: it may
 * wait. HR_EUSAGE: it is named twice. */
HR_MUST_USE hr_status hr_app_stdin_take(hr_plan *p, hr_err *err);

#endif
