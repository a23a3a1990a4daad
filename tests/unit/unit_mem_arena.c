/* SPDX-License-Identifier: Apache-2.0 */
/* Error paths of arenas and pools, the heap's counter, and the marks for AddressSanitizer. */
#include <errno.h>

#include "base/sys.h"
#include "harness.h"
#include "mem/mem.h"
#include "mem/poison.h"

#ifdef HR_HAS_ASAN
#define ASSERT_POISONED(p) assert_true(__asan_address_is_poisoned(p))
#define ASSERT_OPEN(p) assert_false(__asan_address_is_poisoned(p))
#else
#define ASSERT_POISONED(p) assert_non_null(p)
#define ASSERT_OPEN(p) assert_non_null(p)
#endif

static void test_budget_refuses(void **state)
{
    hr_budget b;
    hr_arena *a = (hr_arena *)(uintptr_t)&b;
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_budget_init(&b, 100000);
    assert_int_equal(hr_arena_create(&a, &b, 100001, "books", &err), HR_EBUDGET);
    assert_null(a);
    assert_non_null(strstr(err.message, "books"));
    assert_int_equal(hr_arena_create(&a, &b, SIZE_MAX, "books", &err), HR_EBUDGET);
    assert_int_equal(hr_arena_create(&a, &b, SIZE_MAX - 5000, "books", &err), HR_EBUDGET);
    assert_int_equal(hr_arena_create(&a, &b, 50000, "books", &err), HR_OK);
    assert_true(b.used_bytes >= 50000);
    hr_arena_destroy(&a);
    assert_int_equal(b.used_bytes, 0);
    assert_true(b.peak_bytes >= 50000);
}

static void test_system_refuses(void **state)
{
    hr_budget b;
    hr_arena *a;
    hr_sys_fail *f;
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_budget_init(&b, 100000);
    hr_sys_fault fault = {.call = "map", .nth = 1, .sys_errno = ENOMEM};
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_real(), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    assert_int_equal(hr_arena_create(&a, &b, 1000, "books", &err), HR_ENOMEM);
    assert_null(a);
    assert_int_equal(b.used_bytes, 0);
    hr_sys_install(NULL);
    hr_sys_fail_destroy(&f);
}

static void test_pool_does_not_fit(void **state)
{
    hr_arena *a;
    hr_pool *p;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 10000, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, 1000, 100, "big", &err), HR_EBUDGET);
    assert_null(p);
    assert_non_null(strstr(err.message, "'big'"));
    assert_int_equal(hr_pool_create(&p, a, 64, 0, "none", &err), HR_EINTERNAL);
    assert_int_equal(hr_pool_create(&p, a, SIZE_MAX / 4, 16, "huge", &err), HR_EINTERNAL);
    hr_arena_destroy(&a);
}

static void test_arena_marks(void **state)
{
    hr_arena *a;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 10000, "test", NULL), HR_OK);
    size_t left = hr_arena_left(a);
    char *p = hr_arena_alloc(a, 64, 64);
    ASSERT_OPEN(p);
    ASSERT_OPEN(p + 63);
    ASSERT_POISONED(p + 64);
    assert_true(hr_arena_left(a) <= left - 64);
    assert_int_equal(hr_arena_left(a) + hr_arena_used(a), left);
    size_t mark = hr_arena_mark(a);
    char *q = hr_arena_alloc(a, 64, 1);
    ASSERT_OPEN(q);
    hr_arena_rewind(a, mark);
    ASSERT_POISONED(q);
    ASSERT_OPEN(p);
    assert_ptr_equal(hr_arena_alloc(a, 64, 1), q);
    hr_arena_destroy(&a);
}

static void test_pool_marks(void **state)
{
    hr_arena *a;
    hr_pool *p;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 10000, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&p, a, 128, 4, "pool", NULL), HR_OK);
    char *b = hr_pool_get(p);
    ASSERT_OPEN(b + 127);
    ASSERT_POISONED(b + 128);
    hr_pool_put(p, b);
    ASSERT_POISONED(b);
    hr_arena_destroy(&a);
}

static void test_heap(void **state)
{
    size_t n;
    (void)state;
    uint64_t before = hr_heap_calls();
    char *p = hr_heap_alloc(0);
    assert_non_null(p);
    p = hr_heap_grow(p, 100);
    assert_non_null(p);
    hr_heap_free(p);
    p = hr_heap_zero(10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    hr_heap_free(p);
    hr_heap_free(NULL);
    p = hr_heap_strdup("text");
    assert_string_equal(p, "text");
    hr_heap_free(p);
    assert_int_equal(hr_heap_calls() - before, 4);
    assert_false(hr_mul_size(&n, SIZE_MAX, 2));
    assert_true(hr_mul_size(&n, 6, 7));
    assert_int_equal(n, 42);
    assert_int_equal(hr_round_up(65, 64), 128);
    assert_int_equal(hr_round_up(64, 64), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_refuses),    cmocka_unit_test(test_system_refuses),
        cmocka_unit_test(test_pool_does_not_fit), cmocka_unit_test(test_arena_marks),
        cmocka_unit_test(test_pool_marks),        cmocka_unit_test(test_heap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
