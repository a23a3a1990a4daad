/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: options. The rest: the text, which the decimal reader and a plain second one must
 * agree on. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "text_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) return 0;
    const char *wrong = text_check_decimal((const char *)data + 1, n - 1, data[0] % 19);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    return 0;
}
