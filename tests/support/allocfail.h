/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_ALLOCFAIL_H
#define HR_TESTS_SUPPORT_ALLOCFAIL_H
/* Fails one request for memory by its number: of the heap (ours, and the JSON library's) or of an
 * arena. A test whose name contains "memory" is linked with allocfail.c, which stands before both
 * by the linker's --wrap, so that it works under AddressSanitizer too. */
#include <stdbool.h>
#include <stdint.h>

typedef enum test_alloc_kind { TEST_ALLOC_HEAP = 0, TEST_ALLOC_ARENA = 1 } test_alloc_kind;

/** The JSON library allocates through our heap from now on, so that its requests count. */
void test_alloc_start(void);
/** From now on the nth request of this kind is refused, by any thread; 0: counts only. */
void test_alloc_arm(test_alloc_kind kind, uint64_t nth);
/** Requests of the armed kind since then; nothing fails any more. */
uint64_t test_alloc_disarm(void);
/** Whether one was refused since the last arming. */
bool test_alloc_fired(void);
/** Heap blocks that are not given back. */
int64_t test_alloc_live(void);

#endif
