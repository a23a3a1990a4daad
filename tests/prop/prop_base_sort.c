/* SPDX-License-Identifier: Apache-2.0 */
/* The sort without memory against the C library's, over many lengths and kinds of disorder. */
#include <stdlib.h>

#include "base/sort.h"
#include "harness.h"
#include "rng.h"

typedef struct item {
    uint32_t key;
    char rest[11]; /* an odd size: elements are moved whole */
} item;

static int compare(const void *va, const void *vb)
{
    const item *a = va;
    const item *b = vb;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return memcmp(a->rest, b->rest, sizeof a->rest);
}

static void check(test_rng *r, size_t n, uint64_t keys)
{
    static item mine[600];
    static item theirs[600];
    memset(mine, 0, sizeof mine);
    for (size_t i = 0; i < n; i++) {
        mine[i].key = (uint32_t)test_rng_below(r, keys);
        test_rng_bytes(r, mine[i].rest, sizeof mine[i].rest);
        mine[i].rest[0] &= 3;
    }
    memcpy(theirs, mine, sizeof mine);
    qsort(theirs, n, sizeof *theirs, compare);
    hr_sort(mine, n, sizeof *mine, compare);
    assert_memory_equal(mine, theirs, sizeof mine);
    hr_sort(mine, n, sizeof *mine, compare); /* what is sorted stays */
    assert_memory_equal(mine, theirs, sizeof mine);
}

static void test_random(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n < 40; n++)
        check(&r, n, 10);
    for (uint64_t i = 0; i < test_iters(200); i++)
        check(&r, (size_t)test_rng_below(&r, 600), 1 + test_rng_below(&r, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
