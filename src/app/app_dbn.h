/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_DBN_H
#define HR_APP_APP_DBN_H
/* A Databento DBN file as inspect shows it: metadata, records by type, span of time, first rows. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/** *is_dbn false: the file is none, and nothing was printed. head: the first
 * records only. */
HR_MUST_USE hr_status hr_app_dbn_inspect(bool *is_dbn, const char *path, int64_t n_rows, bool head,
                                         bool json, hr_err *err);

#endif
