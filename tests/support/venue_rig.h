/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_VENUE_RIG_H
#define HR_TESTS_SUPPORT_VENUE_RIG_H
/* Text through a decoder into one batch, for the tests of the venue adapters. */
#include "venue/adapter.h"

/** Binance JSON lines: price scale 2, quantity scale 3, venue "binance". */
hr_source_info venue_info(hr_format format);
/** Columns and format of a CSV text from its header; asserts that it is known. */
hr_source_info venue_csv_info(const char *text);
/** Decodes all of it into a batch of its own, valid until the next call. Does so twice, once with
 *  room for the short ways, and asserts that both are equal. */
const hr_evbatch *venue_decode(const hr_source_info *info, const char *text);
/** The same, given in pieces of `step` bytes without at_eof, and the last with it: what a piece
 *  leaves opens the next one. */
const hr_evbatch *venue_decode_split(const hr_source_info *info, const char *text, size_t step);
/** One line: the reason of its one reject, or -1 when it was taken. */
int venue_reason(const hr_source_info *info, const char *line);
/** Decodes as venue_decode with a batch of this many levels; HR_FULL ends it. */
hr_status venue_decode_small(const hr_evbatch **out, const hr_source_info *info, const char *text,
                             uint32_t cap_levels);

#endif
