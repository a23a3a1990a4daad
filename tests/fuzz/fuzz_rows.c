/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: size of the pieces. The rest: a table with its header, the same in one go, in pieces
 * and with its columns in another order. */
#include <stdio.h>
#include <stdlib.h>

#include "venue_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1) return 0;
    const char *wrong = venue_check_rows((const char *)data + 1, n - 1, 1u + data[0] * 3u);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    return 0;
}
