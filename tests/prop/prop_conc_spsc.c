/* SPDX-License-Identifier: Apache-2.0 */
/* The ring against a naive list on one thread, then order and completeness across two. */
#include <sched.h>

#include "conc/spsc.h"
#include "conc/thread.h"
#include "harness.h"
#include "rng.h"

static hr_arena *arena;

static int set_up(void **state)
{
    (void)state;
    return hr_arena_create(&arena, NULL, 1 << 16, "test", NULL) == HR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static void test_limits(void **state)
{
    static hr_spsc q;
    hr_err err = HR_ERR_INIT;
    void *one;
    (void)state;
    assert_int_equal(hr_spsc_init(&q, arena, 0, &err), HR_EINTERNAL);
    assert_int_equal(hr_spsc_init(&q, arena, 1u << 31, &err), HR_EINTERNAL);
    assert_int_equal(hr_spsc_init(&q, arena, 1u << 20, &err), HR_EBUDGET);
    assert_int_equal(hr_spsc_init(&q, arena, 1, &err), HR_OK);
    assert_int_equal(hr_spsc_cap(&q), 1);
    assert_null(hr_spsc_pop(&q));
    assert_true(hr_spsc_push(&q, &q));
    assert_false(hr_spsc_push(&q, &q));
    assert_int_equal(hr_spsc_full_count(&q), 1);
    assert_int_equal(hr_spsc_pop_many(&q, &one, 1), 1);
    assert_ptr_equal(one, &q);
    assert_int_equal(hr_spsc_init(&q, arena, 5, &err), HR_OK);
    assert_int_equal(hr_spsc_cap(&q), 8);
}

static void test_against_list(void **state)
{
    test_rng r;
    static hr_spsc q;
    uintptr_t next_in = 1;
    uintptr_t next_out = 1;
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_spsc_init(&q, arena, 16, NULL), HR_OK);
    for (uint64_t i = 0; i < test_iters(200000); i++) {
        uint64_t held = next_in - next_out;
        if (test_rng_chance(&r, 2)) {
            bool ok = hr_spsc_push(&q, (void *)next_in);
            assert_int_equal(ok, held < 16);
            next_in += ok;
        } else {
            void *got[24];
            uint32_t cap = 1 + (uint32_t)test_rng_below(&r, 24);
            uint32_t n = hr_spsc_pop_many(&q, got, cap);
            assert_true(n <= cap && n <= held && (n > 0) == (held > 0));
            for (uint32_t k = 0; k < n; k++)
                assert_ptr_equal(got[k], (void *)next_out++);
        }
        assert_int_equal(hr_spsc_count(&q), next_in - next_out);
    }
}

typedef struct feed {
    hr_spsc *q;
    uint64_t n;
} feed;

static void *produce(void *arg)
{
    const feed *f = arg;
    for (uint64_t i = 1; i <= f->n;) {
        if (hr_spsc_push(f->q, (void *)(uintptr_t)i))
            i++;
        else
            sched_yield();
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    static hr_spsc q;
    test_rng r;
    hr_thread t = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    feed f = {&q, test_iters(300000)};
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_spsc_init(&q, arena, 64, NULL), HR_OK);
    assert_int_equal(hr_thread_start(&t, &opt, produce, &f, NULL), HR_OK);
    for (uint64_t expect = 1; expect <= f.n;) {
        void *got[16];
        uint32_t n = hr_spsc_pop_many(&q, got, 1 + (uint32_t)test_rng_below(&r, 16));
        assert_true(hr_spsc_count(&q) <= 64);
        for (uint32_t k = 0; k < n; k++)
            assert_int_equal((uintptr_t)got[k], expect++);
        if (n == 0) sched_yield();
    }
    assert_int_equal(hr_thread_join(&t, NULL), HR_OK);
    assert_null(hr_spsc_pop(&q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_against_list),
                                       cmocka_unit_test(test_two_threads)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
