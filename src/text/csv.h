/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_CSV_H
#define HR_TEXT_CSV_H
/* RFC 4180 rows, read in place. A row ends at LF or CR LF; quoted fields may hold commas, doubled
 * quotes and line ends. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_CSV_FIELDS_MAX 224

typedef struct hr_csv_field {
    const char *s; /* inside the quotes where quoted */
    uint32_t n;
    bool has_quote; /* holds doubled quotes */
} hr_csv_field;

/** Splits the row at [p, end): fields[0..*n_fields). *next: just past the row's line end.
 *  HR_END: p == end. HR_AGAIN: no line end before `end` (an unfinished row; the caller passes
 *  at_eof to take it as the last row). HR_EINPUT: text after a closing quote, open quote at eof,
 * too many fields; *next is then the next line. Fast path (no quote in the row) is one SIMD pass.
 */
HR_MUST_USE hr_status hr_csv_row(hr_csv_field *fields, uint32_t cap, uint32_t *n_fields,
                                 const char **next, const char *p, const char *end, bool at_eof);
/** A field as RFC 4180 has it, in quotes where it must be: at most 2 n + 2 bytes. */
size_t hr_csv_put(char *out, const char *s, size_t n);
/** First '\n' in [p, end), or NULL. SIMD. */
const char *hr_find_newline(const char *p, const char *end);
/** Last '\n' in [begin, end), or NULL. */
const char *hr_rfind_newline(const char *begin, const char *end);

#endif
