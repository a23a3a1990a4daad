/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_DATE_H
#define HR_TEXT_DATE_H
/* Days of the Gregorian calendar. Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", days_from_civil. */
#include <stdint.h>

#include "base/attr.h"

/** Days since 1970-01-01 of a date from the year 0 on; month 1 to 12, day 1 to 31. */
HR_INLINE int64_t hr_date_days(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

#endif
