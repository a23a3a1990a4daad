/* SPDX-License-Identifier: Apache-2.0 */
/* The power goes at any system call of a run, or of the run that recovers from that, and takes what
 * was not synced: any of the written sectors, one of them torn, any of the new names. */
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "harness.h"
#include "power_walk.h"
#include "rng.h"

static fault_world world;

static uint64_t scale(uint64_t standard)
{
    return test_iters(fault_is_full() ? standard * 50 : standard);
}

/* Another world with another seed: what is unsynced together depends on how rows fall. */
static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    test_rng rng;
    *state = &world;
    test_rng_init(&rng, test_seed());
    opt.n_instruments = 2;
    opt.n_levels = test_seed() == 1 ? 500 : 200 + test_rng_below(&rng, 600);
    opt.n_gaps = 1;
    opt.n_bad = 5;
    opt.seed = test_seed();
    e.commit_rows = test_seed() == 1 ? 700 : 300 + (int64_t)test_rng_below(&rng, 700);
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    printf("# the run makes %llu calls\n", (unsigned long long)world.n_calls);
    return 0;
}

static power_kept kept;

static void print_sums(const power_walk_sums *sums)
{
    printf("# states %llu: %llu points, every subset at %llu of them, %llu resumed to the end\n",
           (unsigned long long)sums->n_states, (unsigned long long)sums->n_points,
           (unsigned long long)sums->n_spelt_points, (unsigned long long)sums->n_resumed);
}

static void walk_new(const power_walk_options *opt, power_walk_sums *sums)
{
    hr_sys_sim *disk;
    assert_int_equal(hr_sys_sim_create(&disk, 1), HR_OK);
    fault_store(hr_sys_sim_table(disk), world.engine.input, world.capture, world.n_capture);
    fault_expect(power_walk_run(&world, disk, HR_OPEN_NEW, 0, opt, sums, &kept));
    hr_sys_sim_destroy(&disk);
}

/* Before every change of the disk, all that a loss there can leave. */
static void test_every_change(void **state)
{
    power_walk_options opt = {.seed = test_seed(),
                              .spelt_units = 12,
                              .n_random = (uint32_t)scale(8),
                              .resume_one_in = 400,
                              .keep_one_in = 600};
    power_walk_sums sums = {0};
    (void)state;
    walk_new(&opt, &sums);
    print_sums(&sums);
    assert_true(sums.n_states > 5000 && sums.n_spelt_points > 10 && sums.n_resumed > 5);
}

/* The same of the run that recovers from one of those. */
static void test_every_change_of_recovery(void **state)
{
    power_walk_options opt = {.seed = test_seed() + 1,
                              .spelt_units = fault_is_full() ? 12 : 6,
                              .n_random = (uint32_t)scale(2),
                              .resume_one_in = 40};
    power_walk_sums sums = {0};
    (void)state;
    assert_true(kept.n > 4);
    for (uint32_t i = 0; i < (fault_is_full() ? kept.n : 4); i++)
        fault_expect(power_walk_run(&world, kept.disk[i], HR_OPEN_RESUME, kept.n_acknowledged[i],
                                    &opt, &sums, NULL));
    power_kept_free(&kept);
    print_sums(&sums);
    assert_true(sums.n_states > 500);
}

/* A run dies at its nth sync, the cache lives on. How many commits were acknowledged. */
static uint32_t die_at_sync(hr_sys_sim *disk, uint64_t nth, bool *died)
{
    hr_sys_fault fault = {.call = "sync", .nth = nth, .freeze = true};
    static hr_run_report report;
    hr_sys_fail *f;
    report.n_commits = 0;
    fault_store(hr_sys_sim_table(disk), world.engine.input, world.capture, world.n_capture);
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_sim_table(disk), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    hr_status st = test_engine_run(&world.engine, &report, NULL);
    hr_sys_install(NULL);
    assert_true(st == HR_OK || st == HR_EIO);
    *died = hr_sys_fail_fired(f);
    hr_sys_fail_destroy(&f);
    hr_sys_sim_kill(disk);
    return report.n_commits;
}

/* Killed between a manifest line and its sync, resumed in the same cache, and then the power goes:
 * what the resumed run reads may not be on the disk. */
static void test_every_change_after_a_kill(void **state)
{
    power_walk_options opt = {
        .seed = test_seed() + 4, .spelt_units = 5, .n_random = 1, .resume_one_in = 60};
    power_walk_sums sums = {0};
    uint32_t n_walks = 0;
    (void)state;
    bool died = true;
    for (uint64_t nth = 1; died; nth++) {
        hr_sys_sim *disk;
        assert_int_equal(hr_sys_sim_create(&disk, 1), HR_OK);
        uint32_t n = die_at_sync(disk, nth, &died);
        uint32_t n_lines = fault_count_lines(hr_sys_sim_table(disk), "/out/manifest.jsonl");
        if (n_lines > n + 1 && ++n_walks > 0)
            fault_expect(power_walk_run(&world, disk, HR_OPEN_RESUME, n, &opt, &sums, NULL));
        hr_sys_sim_destroy(&disk);
    }
    print_sums(&sums);
    assert_true(n_walks >= 3 && sums.n_states > 500);
}

/* Two lanes, whose calls mingle as they will. */
static void test_power_cut_at_any_call(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed());
    for (uint64_t i = 0; i < scale(60); i++) {
        fault_case c = {.fault = {.nth = 1 + test_rng_below(&rng, world.n_calls), .freeze = true},
                        .cuts_power = true,
                        .lanes = 2,
                        .seed = test_rng_u64(&rng)};
        fault_check(&world, &c, NULL);
    }
}

static void test_power_cut_again_in_recovery(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed() + 1);
    for (uint64_t i = 0; i < scale(40); i++) {
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

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_every_change),
        cmocka_unit_test(test_every_change_of_recovery),
        cmocka_unit_test(test_every_change_after_a_kill),
        cmocka_unit_test(test_power_cut_after_the_end),
        cmocka_unit_test(test_power_cut_at_any_call),
        cmocka_unit_test(test_power_cut_again_in_recovery),
    };
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, fault_tear_down);
}
