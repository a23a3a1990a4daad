/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_CSV_H
#define HR_APP_APP_CSV_H
/* A CSV table that is no events as inspect shows it: rows, rejects, span of time, and the columns
 * that convert would make. */
#include <stdbool.h>

#include "fmt/pq_read.h"
#include "venue/adapter.h"

/** json: members of an object, each with a comma in front. */
HR_MUST_USE hr_status hr_app_csv_print(const char *path, hr_format format, bool json, hr_err *err);
/** What CSV a Parquet table was made of, where it says so. json: a member, with a comma in front.
 */
void hr_app_csv_print_origin(const hr_pq_file *f, bool json);

#endif
