/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files of venues and vendors. First byte: n for a number, t for a time, r for rows of events
 * (whole and in pieces of as many bytes as the second byte says), else a table of that layout. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv_check.h"
#include "venue_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data + 1;
    const char *wrong = NULL;
    if (n == 0) return 0;
    if (data[0] == 'n')
        wrong = csv_check_number(s, n - 1);
    else if (data[0] == 't')
        wrong = csv_check_time(s, n - 1);
    else if (data[0] == 'r' && n > 1)
        wrong = venue_check_rows(s + 1, n - 2, (size_t)data[1] + 1);
    else
        wrong = csv_check_table(data[0], s, n - 1);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    return 0;
}
