/* SPDX-License-Identifier: Apache-2.0 */
/* One bit of the manifest or of the checkpoint turns between a kill and the resume: it is found, or
 * the work is done again; never is it believed. */
#include <stdio.h>
#include <stdlib.h>

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
    opt.n_levels = 500;
    opt.n_gaps = 1;
    e.commit_rows = 700;
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    return 0;
}

static void flip(const char *file, uint64_t n_flips, uint64_t *n_found)
{
    test_rng rng;
    test_rng_init(&rng, test_seed());
    for (uint64_t i = 0; i < test_iters(n_flips); i++) {
        fault_case c = {.fault = {.call = "unlink", .nth = 2, .freeze = true},
                        .flip = file,
                        .flip_bit = test_rng_u64(&rng)};
        fault_result r;
        const char *bad = fault_case_check(&world, &c, &r);
        if (bad != NULL)
            print_error("%s, bit %llu: %s\n", file, (unsigned long long)c.flip_bit, bad);
        assert_null(bad);
        *n_found += r.resumed == HR_ECORRUPT;
    }
}

static void test_manifest(void **state)
{
    uint64_t n_found = 0;
    (void)state;
    flip("manifest.jsonl", 150, &n_found);
    assert_true(n_found > 0);
}

/* Killed when commit 2 was named and its forerunner's checkpoint about to go. */
static void test_checkpoint(void **state)
{
    uint64_t n_found = 0;
    (void)state;
    flip("state-2.bin", 250, &n_found);
    assert_int_equal(n_found, test_iters(250));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_manifest),
                                       cmocka_unit_test(test_checkpoint)};
    return cmocka_run_group_tests(tests, set_up, fault_tear_down);
}
