/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sort.h"

static void swap(char *a, char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = a[i];
        a[i] = b[i];
        b[i] = c;
    }
}

/* Lets element i sink until no child of it is larger. */
static void sink(char *base, size_t i, size_t n, size_t elem_bytes, hr_compare_fn compare)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        char *c = base + child * elem_bytes;
        if (child + 1 < n && compare(c, c + elem_bytes) < 0) {
            child++;
            c += elem_bytes;
        }
        if (compare(base + i * elem_bytes, c) >= 0) return;
        swap(base + i * elem_bytes, c, elem_bytes);
    }
}

void hr_sort(void *base, size_t n, size_t elem_bytes, hr_compare_fn compare)
{
    char *p = base;
    for (size_t i = n / 2; i > 0; i--)
        sink(p, i - 1, n, elem_bytes, compare);
    for (size_t i = n; i > 1; i--) {
        swap(p, p + (i - 1) * elem_bytes, elem_bytes);
        sink(p, 0, i - 1, elem_bytes, compare);
    }
}
