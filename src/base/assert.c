/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void hr_assert_fail(const char *expr, const char *file, int line)
{
    fprintf(stderr, "headrace: internal error: %s:%d: assertion failed: %s\n", file, line, expr);
    abort();
}
