/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_SORT_H
#define HR_BASE_SORT_H
#include <stddef.h>

/** Below 0: a comes before b. */
typedef int (*hr_compare_fn)(const void *a, const void *b);
/** Sorts in place. Unlike the C library's it never asks for memory, so hot threads may use it:
 *  heapsort, O(n log n) in the worst case, not stable. */
void hr_sort(void *base, size_t n, size_t elem_bytes, hr_compare_fn compare);

#endif
