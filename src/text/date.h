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

/** The date of a day; days >= 0. */
HR_INLINE void hr_date_of_days(int64_t days, int *y, int *m, int *d)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    *d = (int)(of_year - (153 * month + 2) / 5 + 1);
    *m = (int)(month < 10 ? month + 3 : month - 9);
    *y = (int)(year + era * 400 + (*m <= 2));
}

#endif
