/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_VENUE_CHECK_H
#define HR_TESTS_SUPPORT_VENUE_CHECK_H
/* The short ways of the decoders against the general ones, and pieces against the whole, for
 * property tests and fuzz targets alike. Each check returns NULL or what differs. */
#include "venue/adapter.h"

#define VENUE_CHECK_TEXT_MAX 32768u

/** Lines: a text in one go, with room behind it for the short way everywhere; each line alone,
 * where the short way has no room to look ahead; and in pieces of step bytes, what one leaves
 * before the next. */
const char *venue_check_lines(const char *s, size_t n, const hr_source_info *info, size_t step);
/** Rows under their header: in one go, with room behind, in pieces; and with prices and amounts in
 * each other's columns, where a table in Tardis' own order is not read the short way. */
const char *venue_check_rows(const char *s, size_t n, size_t step);
/** NULL, or the name of the first column that differs. */
const char *venue_check_same(const hr_evbatch *a, const hr_evbatch *b, bool with_reasons);

#endif
