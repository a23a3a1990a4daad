/* SPDX-License-Identifier: Apache-2.0 */
/* Every request for memory that a run makes, first or resumed, is refused in turn: of the heap, of
 * an arena, of the system. A clean error, nothing left behind, and the run can be made again. */
#include <stdio.h>
#include <stdlib.h>

#include "allocfail.h"
#include "fault_case.h"
#include "harness.h"
#include "rng.h"

static fault_world world;

static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    *state = &world;
    opt.n_instruments = 2;
    opt.n_levels = test_seed() == 1 ? 300 : 200 + test_seed() % 300; /* another seed, another run */
    opt.seed = test_seed();
    e.commit_rows = test_seed() == 1 ? 900 : 400 + (int64_t)(test_seed() % 700);
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    return 0;
}

static uint64_t n_requests;
static test_alloc_kind kind;
static uint64_t refused;
static bool in_again; /* the resumed run is the one that meets it */

static void begin(bool is_again)
{
    if (is_again == in_again) test_alloc_arm(kind, refused);
}

static bool end(bool is_again)
{
    if (is_again != in_again) return false;
    n_requests = test_alloc_disarm();
    return test_alloc_fired();
}

static void refuse_each(test_alloc_kind k, bool again)
{
    static const fault_hooks hooks = {.begin = begin, .end = end};
    /* killed in the middle: what is resumed has commits, a checkpoint and a torn part */
    fault_case c = {.hooks = &hooks};
    fault_result r;
    kind = k;
    in_again = again;
    if (again) c.fault = (hr_sys_fault){.nth = world.n_calls * 3 / 4, .freeze = true};
    if (again) c.again = (hr_sys_fault){.nth = UINT64_MAX};
    refused = 0;
    const char *bad = fault_case_check(&world, &c, &r);
    uint64_t n = n_requests;
    uint64_t n_refused = 0;
    for (refused = 1; bad == NULL && refused <= n; refused++) {
        int64_t live = test_alloc_live();
        bad = fault_case_check(&world, &c, &r);
        if (bad == NULL && test_alloc_live() != live) bad = "heap blocks are left behind";
        n_refused += bad == NULL;
    }
    if (bad != NULL)
        print_error("request %llu of kind %d, again %d: %s\n", (unsigned long long)refused - 1,
                    (int)k, again, bad);
    assert_null(bad);
    printf("# states %llu: requests refused in turn\n", (unsigned long long)n_refused);
    assert_true(n_refused > 0);
}

static void test_heap(void **state)
{
    (void)state;
    refuse_each(TEST_ALLOC_HEAP, false);
}

static void test_heap_resumed(void **state)
{
    (void)state;
    refuse_each(TEST_ALLOC_HEAP, true);
}

static void test_arena(void **state)
{
    (void)state;
    refuse_each(TEST_ALLOC_ARENA, false);
}

static void test_arena_resumed(void **state)
{
    (void)state;
    refuse_each(TEST_ALLOC_ARENA, true);
}

static void test_system(void **state)
{
    fault_case probe = {.fault = {.call = "map"}};
    fault_result r;
    const char *bad = fault_case_check(&world, &probe, &r);
    (void)state;
    for (uint64_t nth = 1, n = r.seen; bad == NULL && nth <= n; nth++) {
        fault_case c = {.fault = {.call = "map", .nth = nth, .sys_errno = 12}};
        bad = fault_case_check(&world, &c, &r);
        if (bad == NULL && r.status >= 0) bad = "a refused mapping is no error";
    }
    fault_expect(bad);
}

/* Each figure too small for the plan says so at start, with the key that would admit it. */
static void test_budget(void **state)
{
    hr_sys_sim *sim;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    opt.n_levels = 100;
    assert_true(test_engine_capture(hr_sys_sim_table(sim), "/capture", &opt) > 0);
    for (int64_t bytes = 1000000; bytes < 40000000; bytes += 3000000) {
        test_engine e = TEST_ENGINE_DEFAULT;
        hr_err err = HR_ERR_INIT;
        e.lanes = 64;
        e.instruments = 1000;
        e.memory_bytes = bytes;
        hr_status st = test_engine_run(&e, NULL, &err);
        if (st != HR_EBUDGET || strstr(err.message, "engine.memory") == NULL)
            print_error("%lld bytes: %s\n", (long long)bytes, err.message);
        assert_int_equal(st, HR_EBUDGET);
        assert_non_null(strstr(err.message, "engine.memory"));
        assert_int_equal(hr_sys_sim_open_count(sim), 0);
    }
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_heap),   cmocka_unit_test(test_heap_resumed),
        cmocka_unit_test(test_arena),  cmocka_unit_test(test_arena_resumed),
        cmocka_unit_test(test_system), cmocka_unit_test(test_budget),
    };
    test_alloc_start();
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, fault_tear_down);
}
