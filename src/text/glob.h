/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_GLOB_H
#define HR_TEXT_GLOB_H
/* Patterns of names, by bytes, the same in every locale: * any bytes, ? one, [a-z] [!a-z] one of a
 * set (a set that is not closed is itself). And ranges of days in texts. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Does the name match all of pattern[0..n_pattern)? A leading dot is matched by a dot alone. */
bool hr_glob_match(const char *pattern, size_t n_pattern, const char *name);
/** Is there a *, a ?, or a set in it? */
bool hr_glob_is_pattern(const char *text, size_t n);

/* Days are written 2024-01-31 or 20240131, both ends of a range the same way. */
typedef struct hr_glob_days {
    size_t at, n;        /* where "{first..last}" stands in the text, 0 bytes: there is none */
    int64_t first, last; /* days since 1970-01-01 */
    bool has_dashes;
} hr_glob_days;
#define HR_GLOB_DAY 11 /* a day's text, NUL included */

/** The first range of days in a text. False: a brace holds ".." but no range of days (at, n: it),
 * or a second range says something else than the first. */
bool hr_glob_days_find(hr_glob_days *out, const char *text);
void hr_glob_day_text(char out[HR_GLOB_DAY], const hr_glob_days *d, int64_t day);
/** The text with every range in it replaced by one day; false: it does not fit. */
bool hr_glob_day_put(char *out, size_t cap, const char *text, const hr_glob_days *d, int64_t day);

#endif
