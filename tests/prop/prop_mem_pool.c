/* SPDX-License-Identifier: Apache-2.0 */
/* The pool against a naive set on one thread, then exclusive ownership across four. */
#include "conc/thread.h"
#include "harness.h"
#include "mem/mem.h"
#include "rng.h"

#define N_BLOCKS_MAX 40

static void check_against_set(test_rng *r, uint32_t n_blocks, size_t block_bytes)
{
    hr_arena *a;
    hr_pool *p;
    unsigned char *held[N_BLOCKS_MAX];
    uint32_t n_held = 0;
    uint64_t n_empty = 0;
    assert_int_equal(hr_arena_create(&a, NULL, 1 << 18, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, block_bytes, n_blocks, "pool", NULL), HR_OK);
    for (int i = 0; i < 300; i++) {
        if (test_rng_chance(r, 2)) {
            unsigned char *b = hr_pool_get(p);
            assert_int_equal(b != NULL, n_held < n_blocks);
            n_empty += b == NULL;
            if (b == NULL) continue;
            assert_int_equal((uintptr_t)b % 64, 0);
            memset(b, (int)n_held, block_bytes); /* ours to the last byte */
            for (uint32_t k = 0; k < n_held; k++)
                assert_true(b + block_bytes <= held[k] || held[k] + block_bytes <= b);
            held[n_held++] = b;
        } else if (n_held > 0) {
            uint32_t k = (uint32_t)test_rng_below(r, n_held);
            hr_pool_put(p, held[k]);
            held[k] = held[--n_held];
        }
        assert_int_equal(hr_pool_free_count(p), n_blocks - n_held);
        assert_int_equal(hr_pool_empty_count(p), n_empty);
    }
    assert_int_equal(hr_pool_total(p), n_blocks);
    assert_int_equal(hr_pool_block_bytes(p), block_bytes);
    hr_arena_destroy(&a);
}

static void test_against_set(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(200); i++)
        check_against_set(&r, 1 + (uint32_t)test_rng_below(&r, N_BLOCKS_MAX),
                          1 + test_rng_below(&r, 300));
}

typedef struct block {
    uint64_t owner; /* plain on purpose: a race is for the thread sanitizer to see */
    uint64_t n_uses;
} block;

typedef struct user {
    hr_pool *p;
    uint64_t id, n_turns, n_gets;
    bool is_robbed;
} user;

static void *use(void *arg)
{
    user *u = arg;
    test_rng r;
    block *held[3];
    unsigned n_held = 0;
    test_rng_init(&r, u->id);
    for (uint64_t i = 0; i < u->n_turns; i++) {
        if (n_held < 3 && test_rng_chance(&r, 2)) {
            block *b = hr_pool_get(u->p);
            if (b == NULL) continue;
            b->owner = u->id;
            u->n_gets++;
            held[n_held++] = b;
        } else if (n_held > 0) {
            block *b = held[--n_held];
            u->is_robbed |= b->owner != u->id;
            b->owner = 0;
            hr_pool_put(u->p, b);
        }
    }
    while (n_held > 0)
        hr_pool_put(u->p, held[--n_held]);
    return NULL;
}

static void check_threads(uint32_t n_blocks)
{
    hr_arena *a;
    hr_pool *p;
    hr_thread t[4] = {0};
    user u[4];
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    assert_int_equal(hr_arena_create(&a, NULL, 1 << 16, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, sizeof(block), n_blocks, "pool", NULL), HR_OK);
    for (int i = 0; i < 4; i++) {
        u[i] = (user){.p = p, .id = (uint64_t)i + 1, .n_turns = test_iters(20000)};
        assert_int_equal(hr_thread_start(&t[i], &opt, use, &u[i], NULL), HR_OK);
    }
    uint64_t n_gets = 0;
    bool is_robbed = false;
    for (int i = 0; i < 4; i++) { /* all are joined before any check may leave */
        hr_status st = hr_thread_join(&t[i], NULL);
        is_robbed |= st != HR_OK || u[i].is_robbed;
        n_gets += u[i].n_gets;
    }
    assert_false(is_robbed);
    assert_true(n_gets > 0);
    assert_int_equal(hr_pool_free_count(p), n_blocks);
    for (uint32_t i = 0; i < n_blocks; i++)
        assert_non_null(hr_pool_get(p)); /* none was lost */
    assert_null(hr_pool_get(p));
    hr_arena_destroy(&a);
}

static void test_four_threads(void **state)
{
    (void)state;
    check_threads(5);
    check_threads(8);
    check_threads(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_set),
                                       cmocka_unit_test(test_four_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
