/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_FIXED_HEAP_H
#define HR_FMT_FIXED_HEAP_H
/* A heap of fixed size for decoders that want to allocate and free: a dozen pieces at most, so they
 * are a short list by place, and what is freed is used again. Private to fmt. */
#include <stddef.h>
#include <stdint.h>

#define HR_FIXED_HEAP_PIECES 32u

typedef struct hr_fixed_heap {
    char *mem; /* aligned to 64 */
    size_t mem_bytes;
    uint32_t n; /* pieces, by place */
    struct {
        size_t at, n_bytes;
    } piece[HR_FIXED_HEAP_PIECES];
} hr_fixed_heap;

/** The first gap that is wide enough, aligned to 64; NULL: none. self: an hr_fixed_heap. */
void *hr_fixed_heap_get(void *self, size_t n_bytes);
void hr_fixed_heap_put(void *self, void *p); /* NULL is fine */

#endif
