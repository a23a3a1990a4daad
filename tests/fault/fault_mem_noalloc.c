/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper that catches heap calls of hot threads, and that what hot threads live on makes none.
 */
#include <stdlib.h>

#include "conc/park.h"
#include "conc/spsc.h"
#include "conc/thread.h"
#include "harness.h"
#include "noalloc.h"
#include "prof/recorder.h"

static int tear_down(void **state)
{
    (void)state;
    test_noalloc_hot(false);
    test_noalloc_reset();
    hr_sys_install(NULL);
    return 0;
}

/* Through pointers, lest the compiler drop a pair that it sees through. */
static void *(*volatile call_malloc)(size_t) = malloc;
static void (*volatile call_free)(void *) = free;

static void test_counts_hot_threads_only(void **state)
{
    (void)state;
    call_free(call_malloc(10));
    assert_int_equal(test_noalloc_total(), 0);
    test_noalloc_hot(true);
    void *p = call_malloc(10);
    void *q = hr_heap_zero(3, 4);
    q = hr_heap_grow(q, 100);
    call_free(p);
    hr_heap_free(q);
    hr_heap_free(NULL);
    test_noalloc_hot(false);
    hr_heap_free(hr_heap_alloc(1));
    test_noalloc_calls c = test_noalloc_read();
#ifdef TEST_NOALLOC_HOOKED
    assert_true(c.n_malloc >= 2);
    assert_true(c.n_free >= 2);
#else
    assert_int_equal(c.n_malloc, 1);
    assert_int_equal(c.n_calloc, 1);
    assert_int_equal(c.n_realloc, 1);
    assert_int_equal(c.n_free, 2);
    assert_int_equal(test_noalloc_total(), 5);
#endif
    assert_true(c.n_frames > 0);
    test_noalloc_reset();
    assert_int_equal(test_noalloc_total(), 0);
    assert_int_equal(test_noalloc_read().n_frames, 0);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* glibc's qsort takes memory for anything large: a call from within a shared library. */
static void test_sees_into_libraries(void **state)
{
    static unsigned char big[4096];
    (void)state;
    test_noalloc_hot(true);
    qsort(big, sizeof big, 1, compare_bytes);
    test_noalloc_hot(false);
    assert_true(test_noalloc_total() > 0);
}

static void *allocate_once(void *arg)
{
    (void)arg;
    hr_heap_free(hr_heap_alloc(10));
    return NULL;
}

static void test_table_makes_threads_hot(void **state)
{
    hr_thread t = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    (void)state;
    assert_int_equal(hr_thread_start(&t, &opt, allocate_once, NULL, NULL), HR_OK);
    assert_int_equal(hr_thread_join(&t, NULL), HR_OK);
    assert_int_equal(test_noalloc_total(), 0);
    hr_sys_install(test_noalloc_table(hr_sys_real()));
    assert_int_equal(hr_thread_start(&t, &opt, allocate_once, NULL, NULL), HR_OK);
    assert_int_equal(hr_thread_join(&t, NULL), HR_OK);
    assert_true(test_noalloc_total() >= 2);
}

typedef struct kit {
    hr_spsc ring;
    hr_park park;
    hr_pool *pool;
    hr_rec *rec;
    bool is_ok;
} kit;

static void *use_the_foundation(void *arg)
{
    kit *k = arg;
    hr_rec_lane *l = hr_rec_lane_at(k->rec, 0);
    hr_idle idle;
    hr_idle_options opt = {.n_spins = 1, .n_yields = 1, .park_ns = 1000};
    hr_idle_init(&idle, &opt, &k->park);
    k->is_ok = true;
    for (int i = 0; i < 1000; i++) {
        hr_rec_switch(l, 0);
        void *b = hr_pool_get(k->pool);
        k->is_ok &= b != NULL && hr_spsc_push(&k->ring, b) && hr_spsc_pop(&k->ring) == b;
        hr_pool_put(k->pool, b);
        hr_rec_switch(l, 1);
        hr_park_wake(&k->park);
        hr_idle_step(&idle, i % 10 == 0);
    }
    hr_idle_step(&idle, 1);
    return NULL;
}

static void test_the_foundation_makes_none(void **state)
{
    static kit k;
    static const char *const names[] = {"work", "idle"};
    hr_arena *arena;
    hr_thread t = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    hr_rec_options shape = HR_REC_OPTIONS_DEFAULT;
    (void)state;
    shape.n_stages = 2;
    shape.stage_name = names;
    shape.hist_mask = 1;
    assert_int_equal(hr_arena_create(&arena, NULL, 1 << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_rec_create(&k.rec, arena, &shape, NULL), HR_OK);
    assert_int_equal(hr_pool_create(&k.pool, arena, 128, 4, "pool", NULL), HR_OK);
    assert_int_equal(hr_spsc_init(&k.ring, arena, 4, NULL), HR_OK);
    hr_park_init(&k.park);
    hr_arena_seal(arena);
    hr_sys_install(test_noalloc_table(hr_sys_real()));
    assert_int_equal(hr_thread_start(&t, &opt, use_the_foundation, &k, NULL), HR_OK);
    assert_int_equal(hr_thread_join(&t, NULL), HR_OK);
    assert_true(k.is_ok);
    assert_int_equal(test_noalloc_total(), 0);
    hr_arena_destroy(&arena);
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_counts_hot_threads_only),
                                       CASE(test_sees_into_libraries),
                                       CASE(test_table_makes_threads_hot),
                                       CASE(test_the_foundation_makes_none)};
    test_noalloc_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
