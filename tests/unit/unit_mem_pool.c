/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem/mem.h"

static void test_budget(void **state)
{
    hr_budget b;
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_budget_init(&b, 1000);
    assert_int_equal(hr_budget_take(&b, 600, "a", &err), HR_OK);
    assert_int_equal(hr_budget_take(&b, 401, "b", &err), HR_EBUDGET);
    assert_non_null(strstr(err.message, "engine.memory"));
    assert_int_equal(hr_budget_take(&b, 400, "b", &err), HR_OK);
    hr_budget_give(&b, 600);
    assert_int_equal(b.used_bytes, 400);
    assert_int_equal(b.peak_bytes, 1000);
}

static void test_arena(void **state)
{
    hr_arena *a;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 10000, "test", &err), HR_OK);
    size_t mark = hr_arena_mark(a);
    char *p = hr_arena_alloc(a, 100, 64);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_null(hr_arena_alloc(a, 100000, 64));
    assert_null(hr_arena_alloc(a, SIZE_MAX, 64));
    hr_arena_rewind(a, mark);
    assert_int_equal(hr_arena_used(a), mark);
    hr_arena_seal(a);
    assert_null(hr_arena_alloc(a, 1, 1));
    hr_arena_destroy(&a);
    assert_null(a);
    hr_arena_destroy(&a);
}

static void test_pool_runs_dry(void **state)
{
    hr_arena *a;
    hr_pool *p;
    void *block[5];
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1 << 16, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, 100, 5, "five", NULL), HR_OK);
    for (int lap = 0; lap < 20; lap++) {
        for (int i = 0; i < 5; i++) {
            block[i] = hr_pool_get(p);
            assert_non_null(block[i]);
            memset(block[i], lap, 100);
            for (int k = 0; k < i; k++)
                assert_ptr_not_equal(block[i], block[k]);
        }
        assert_null(hr_pool_get(p));
        assert_int_equal(hr_pool_free_count(p), 0);
        for (int i = 0; i < 5; i++)
            hr_pool_put(p, block[(i * 2 + lap) % 5]);
    }
    assert_int_equal(hr_pool_empty_count(p), 20);
    hr_arena_destroy(&a);
}

#define SHARED_TURNS 20000
static void *churn(void *arg)
{
    hr_pool *p = arg;
    for (int i = 0; i < SHARED_TURNS; i++) {
        uint64_t *b = hr_pool_get(p);
        if (b == NULL) continue;
        uint64_t me = (uint64_t)(uintptr_t)&i;
        *b = me;
        if (*b != me) return (void *)1;
        hr_pool_put(p, b);
    }
    return NULL;
}

static void test_pool_is_shared(void **state)
{
    hr_arena *a;
    hr_pool *p;
    pthread_t t[4];
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1 << 16, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, 64, 3, "three", NULL), HR_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, churn, p), 0);
    for (int i = 0; i < 4; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        assert_null(bad);
    }
    assert_int_equal(hr_pool_free_count(p), 3);
    hr_arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_budget), cmocka_unit_test(test_arena),
                                       cmocka_unit_test(test_pool_runs_dry),
                                       cmocka_unit_test(test_pool_is_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
