/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_ORDERS_H
#define HR_VENUE_FILES_ORDERS_H
/* Days of exchanges in New York, whose files count from midnight there. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/** Midnight in New York, as ns since the epoch, of the day that a path names: 2012-06-21 anywhere
 * in it, or MMDDYYYY before ".NASDAQ". False: it names none. */
bool hr_orders_path_day(int64_t *ns, const char *path);
/** The midnight in New York before a time: since 1987, by the rules of the United States. */
int64_t hr_orders_midnight(int64_t ts_ns);

#endif
