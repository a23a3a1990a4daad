/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_file.h"

#include <stdlib.h>
#include <string.h>

int64_t mem_file_read(void *self, void *buf, size_t n, int64_t offset)
{
    const mem_file *f = self;
    if (offset < 0 || (uint64_t)offset > f->n || n > f->n - (size_t)offset) abort();
    if (n > 0) memcpy(buf, f->p + offset, n);
    return (int64_t)n;
}
