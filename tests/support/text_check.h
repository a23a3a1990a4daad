/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_TEXT_CHECK_H
#define HR_TESTS_SUPPORT_TEXT_CHECK_H
/* The text module against slow and plain second readings of the same contracts, for property tests
 * and fuzz targets alike. Each check returns NULL or what differs. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** A plain number at s, at most to end: the hot digit loop where it can, hr_decimal_parse where
 * not; *next is the first byte that is neither digit nor point. */
hr_status text_check_scan(int64_t *out, const char **next, const char *s, const char *end,
                          unsigned scale);
const char *text_check_decimal(const char *s, size_t n, unsigned scale);
/** A whole text: the reader's verdict and the plain grammar's. */
const char *text_check_json(const char *s, size_t n);
/** hr_json_levels and the same list read through the general reader. */
const char *text_check_levels(const char *s, size_t n, unsigned px_scale, unsigned qty_scale);
/** Rows of the whole text, row by row against the plain splitter, and from every shorter prefix. */
const char *text_check_csv(const char *s, size_t n, unsigned cap);

#endif
