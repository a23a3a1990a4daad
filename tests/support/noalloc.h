/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_NOALLOC_H
#define HR_TESTS_SUPPORT_NOALLOC_H
/* Counts heap calls of threads that must make none. A test whose name contains "noalloc" is linked
 * with noalloc.c, which stands before the C library's heap (under a sanitizer: hooks into its
 * heap), so calls from shared libraries are seen as well as our own. */
#include <stdbool.h>
#include <stdint.h>

#include "base/sys.h"

#define TEST_NOALLOC_FRAMES 24

typedef struct test_noalloc_calls {
    uint64_t n_malloc, n_calloc, n_realloc, n_free; /* by hot threads since the last reset */
    int n_frames;
    void *frame[TEST_NOALLOC_FRAMES]; /* where the first of them came from, innermost first */
} test_noalloc_calls;

/** Under a sanitizer calloc counts as malloc, and realloc as a malloc and a free. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_NOALLOC_HOOKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_NOALLOC_HOOKED 1
#endif
#endif

/** Once, before the first hot thread. */
void test_noalloc_start(void);
/** Marks the calling thread; others are left alone. */
void test_noalloc_hot(bool is_hot);
/** Any thread. Process wide. */
test_noalloc_calls test_noalloc_read(void);
uint64_t test_noalloc_total(void);
/** Prints what was counted and where the first call came from, as TAP comments. */
void test_noalloc_print(void);
/** No hot thread may run. */
void test_noalloc_reset(void);
/** A copy of a table whose threads are hot from their first instruction to their last. One at a
 * time; inner is borrowed. At most 64 threads in its life. */
const hr_sys *test_noalloc_table(const hr_sys *inner);

#endif
