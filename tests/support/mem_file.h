/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_MEM_FILE_H
#define HR_TESTS_SUPPORT_MEM_FILE_H
/* A file that is memory, for readers of tables: what a fuzz target is given. */
#include <stddef.h>
#include <stdint.h>

typedef struct mem_file {
    const uint8_t *p;
    size_t n;
} mem_file;

/** An hr_read_at_fn. Ends the program where the reader, who knows the size, asks past it. */
int64_t mem_file_read(void *self, void *buf, size_t n, int64_t offset);

#endif
