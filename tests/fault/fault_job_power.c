/* SPDX-License-Identifier: Apache-2.0 */
/* The power goes at any system call of a run, or of the run that recovers from that, and takes what
 * was not synced: any of the written sectors, one of them torn, any of the new names. */
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "harness.h"
#include "rng.h"

static fault_world world;

static uint64_t scale(uint64_t standard)
{
    return test_iters(fault_is_full() ? standard * 50 : standard);
}

static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    *state = &world;
    opt.n_instruments = 2;
    opt.n_levels = 500;
    opt.n_gaps = 1;
    opt.n_bad = 5;
    e.commit_rows = 700;
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    printf("# the run makes %llu calls\n", (unsigned long long)world.n_calls);
    return 0;
}

static void test_power_cut_at_any_call(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed());
    for (uint64_t i = 0; i < scale(1200); i++) {
        fault_case c = {.fault = {.nth = 1 + test_rng_below(&rng, world.n_calls), .freeze = true},
                        .cuts_power = true,
                        .seed = test_rng_u64(&rng)};
        fault_check(&world, &c, NULL);
    }
}

static void test_power_cut_again_in_recovery(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed() + 1);
    for (uint64_t i = 0; i < scale(200); i++) {
        fault_case c = {.fault = {.nth = 1 + test_rng_below(&rng, world.n_calls), .freeze = true},
                        .again = {.nth = 1 + test_rng_below(&rng, 200), .freeze = true},
                        .cuts_power = true,
                        .seed = test_rng_u64(&rng)};
        fault_check(&world, &c, NULL);
    }
}

/* What a run that ended well has said is done stays done. */
static void test_power_cut_after_the_end(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed() + 2);
    for (uint64_t i = 0; i < scale(30); i++) {
        fault_case c = {.cuts_power = true, .seed = test_rng_u64(&rng)};
        fault_result r;
        fault_check(&world, &c, &r);
        assert_int_equal(r.status, HR_OK);
        assert_true(r.n_acknowledged >= 3);
    }
}

/* The disk says no to one sync, and the power goes when the run has stopped. */
static void test_power_cut_after_failed_sync(void **state)
{
    test_rng rng;
    fault_case probe = {.fault = {.call = "sync"}};
    fault_result r;
    (void)state;
    test_rng_init(&rng, test_seed() + 3);
    fault_check(&world, &probe, &r);
    for (uint64_t nth = 1; nth <= r.seen; nth++) {
        fault_case c = {.fault = {.call = "sync", .nth = nth, .sys_errno = 5},
                        .cuts_power = true,
                        .seed = test_rng_u64(&rng)};
        fault_result one;
        fault_check(&world, &c, &one);
        assert_true(one.status < 0); /* a failed sync is never taken for done, nor tried again */
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_power_cut_after_the_end),
        cmocka_unit_test(test_power_cut_at_any_call),
        cmocka_unit_test(test_power_cut_again_in_recovery),
        cmocka_unit_test(test_power_cut_after_failed_sync),
    };
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, fault_tear_down);
}
