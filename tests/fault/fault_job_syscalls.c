/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call of a small run, by its number: killed before it, failing with each error once
 * and for ever, cut short, interrupted. Sampled by seed; HR_TEST_FULL=1 leaves nothing out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "harness.h"
#include "rng.h"

static fault_world world;

static uint64_t n_states;

static void check(const fault_case *c, fault_result *r)
{
    fault_check(&world, c, r);
    n_states++;
}

static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    *state = &world;
    opt.n_instruments = 1;
    opt.n_levels = test_seed() == 1 ? 700 : 300 + test_seed() % 500; /* another seed, another run */
    opt.n_gaps = 1;
    opt.n_bad = 3;
    opt.seed = test_seed();
    e.commit_rows = test_seed() == 1 ? 500 : 200 + (int64_t)(test_seed() % 400);
    e.instruments = 1;
    fault_world_init(&world, &e, &opt);
    printf("# the run makes %llu calls\n", (unsigned long long)world.n_calls);
    return 0;
}

/* Every point of the run, and for one in four a point of the recovery from it. */
static void test_killed_at_every_call(void **state)
{
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed());
    for (uint64_t nth = 1; nth <= world.n_calls; nth++) {
        fault_case c = {.fault = {.nth = nth, .freeze = true}};
        fault_result r;
        if (fault_is_full() || nth % 4 == 0)
            c.again =
                (hr_sys_fault){.nth = 1 + test_rng_below(&rng, world.n_calls), .freeze = true};
        check(&c, &r);
        assert_true(r.fired);
    }
}

static const int errnos[] = {EIO, ENOSPC, EINTR, EAGAIN, EMFILE, ENOMEM, EDQUOT, EROFS, ECONNRESET};

static void test_every_call_fails(void **state)
{
    uint64_t n_cases = 0;
    uint64_t n_fatal = 0;
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed());
    for (uint64_t nth = 1; nth <= world.n_calls; nth++)
        for (uint32_t k = 0; k < 2 * HR_ARRAY_LEN(errnos); k++) {
            fault_case c = {
                .fault = {.nth = nth, .sys_errno = errnos[k / 2], .forever = k % 2 != 0}};
            fault_result r;
            if (!fault_is_full() && test_rng_below(&rng, 20) != 0) continue;
            check(&c, &r);
            assert_true(r.fired);
            n_cases++;
            n_fatal += r.status != HR_OK;
        }
    printf("# %llu faults, %llu of them fatal\n", (unsigned long long)n_cases,
           (unsigned long long)n_fatal);
    assert_true(n_fatal > n_cases / 2);
}

/* Each kind of call on its own, so that rare ones are met whatever the sample: first, last, a few
 * between, by two lanes. */
static void test_every_kind_of_call(void **state)
{
    /* list, read and write come only where a dataset is resumed, or from a stream */
    static const char *const calls[] = {
        "open",  "close",  "pread",  "pwrite", "sync", "lock",         "truncate", "stat",
        "fstat", "rename", "unlink", "mkdir",  "map",  "thread_start", "aio_open", "reserve"};
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed());
    for (size_t i = 0; i < HR_ARRAY_LEN(calls); i++) {
        fault_case probe = {.fault = {.call = calls[i]}, .lanes = 2};
        fault_result r;
        check(&probe, &r);
        assert_true(r.seen > 0); /* else the run no longer makes it: take it out of the list */
        for (uint32_t k = 0; k < 8; k++) {
            uint64_t nth = k == 0 ? 1 : k == 1 ? r.seen : 1 + test_rng_below(&rng, r.seen);
            fault_case c = {.fault = {.call = calls[i], .nth = nth, .forever = k % 2 != 0},
                            .lanes = 2};
            c.fault.sys_errno = errnos[test_rng_below(&rng, HR_ARRAY_LEN(errnos))];
            check(&c, NULL);
        }
    }
}

/* The calls that only a resume makes, or makes otherwise, of a run that was killed on its way. */
static void test_every_kind_of_call_resumed(void **state)
{
    static const char *const calls[] = {"list", "truncate", "lock", "sync",
                                        "stat", "pwrite",   "open"};
    test_rng rng;
    (void)state;
    test_rng_init(&rng, test_seed() + 1);
    for (size_t i = 0; i < HR_ARRAY_LEN(calls); i++)
        for (uint32_t k = 0; k < 4; k++) {
            fault_case c = {.fault = {.nth = world.n_calls / 2, .freeze = true},
                            .again = {.call = calls[i], .nth = k + 1, .forever = k % 2 != 0}};
            c.again.sys_errno = errnos[test_rng_below(&rng, HR_ARRAY_LEN(errnos))];
            check(&c, NULL);
        }
}

/* No kind of call is left that was made and never failed. */
static void test_no_kind_was_left_out(void **state)
{
    uint32_t left = fault_kinds_made & ~fault_kinds_hit;
    const char *name;
    (void)state;
    printf("# kinds of call that failed:");
    for (unsigned i = 0; (name = hr_sys_fail_kind(i)) != NULL; i++)
        if ((fault_kinds_hit >> i & 1) != 0) printf(" %s", name);
    printf("\n");
    for (unsigned i = 0; (name = hr_sys_fail_kind(i)) != NULL; i++)
        if ((left >> i & 1) != 0) print_error("%s is called and never fails here\n", name);
    assert_int_equal(left, 0);
}

/* Transfers of odd sizes and storms of signals change nothing at all. */
static void test_short_and_interrupted(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 61, 511, 512, 513, 4095};
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(sizes); i++)
        for (unsigned eintr = 0; eintr < 5; eintr++) {
            fault_case c = {
                .fault = {.short_max = sizes[i], .eintr_every = eintr == 1 ? 0 : eintr}};
            fault_result r;
            if (!fault_is_full() && sizes[i] < 3 && eintr > 0) continue;
            check(&c, &r);
            assert_int_equal(r.status, HR_OK);
        }
}

/* A signal before each call, without end: an error, no hang. */
static void test_interrupted_for_ever(void **state)
{
    fault_case c = {.fault = {.eintr_every = 1}};
    fault_result r;
    (void)state;
    check(&c, &r);
    assert_int_equal(r.status, HR_EIO);
}

/* The disk fills up at any point; when there is room again the run goes on. */
static void test_full_disk(void **state)
{
    fault_result r = {.status = HR_ENOSPC};
    int n = 0;
    (void)state;
    for (int64_t room = 512; r.status != HR_OK; room += fault_is_full() ? 512 : 1536, n++) {
        fault_case c = {.room_bytes = room};
        check(&c, &r);
        assert_true(r.status == HR_OK || r.status == HR_ENOSPC);
        /* its line has room of its own: what does not fit is always something else */
        assert_false(r.blames_manifest);
    }
    printf("# %d full disks\n", n);
    assert_true(n > 5);
}

static int tear_down(void **state)
{
    printf("# states %llu\n", (unsigned long long)n_states);
    return fault_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_every_kind_of_call),
        cmocka_unit_test(test_killed_at_every_call),
        cmocka_unit_test(test_every_call_fails),
        cmocka_unit_test(test_short_and_interrupted),
        cmocka_unit_test(test_interrupted_for_ever),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_every_kind_of_call_resumed),
        cmocka_unit_test(test_no_kind_was_left_out),
    };
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, tear_down);
}
