/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_CSV_CHECK_H
#define HR_TESTS_SUPPORT_CSV_CHECK_H
/* Values of CSV tables against slow and plain readings of the same contracts, for property tests
 * and fuzz targets alike. Each check returns NULL or what differs. */
#include <stddef.h>
#include <stdint.h>

/** What a number measures, what it is at each scale, rounded, and as a double. */
const char *csv_check_number(const char *s, size_t n);
/** A time, in each order of day and month, written in each form that holds it, and read again. */
const char *csv_check_time(const char *s, size_t n);
/** A whole table of this layout: what the first look says of the columns holds in the second. */
const char *csv_check_table(uint32_t layout, const char *s, size_t n);

#endif
