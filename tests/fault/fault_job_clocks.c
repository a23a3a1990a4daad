/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that jump, stand still, tick coarsely or are wrong by decades: a run ends with the same
 * bytes, asks no more often what time it is, never sleeps for nothing, and stops when asked. */
#include <stdatomic.h>
#include <stdio.h>

#include "engine.h"
#include "harness.h"
#include "rng.h"

#define SEC INT64_C(1000000000)
#define HOUR (3600 * SEC)
#define DAY (24 * HOUR)
#define Y2038 (INT64_C(2147483647) * SEC)
#define MORE_READS 5000u    /* what finding the processor's counter may take */
#define SLOW_READS 1000000u /* the same where a clock crawls: then it is given up */

typedef struct bent_clock {
    const char *name;
    int64_t start_ns; /* the first answer */
    int64_t step_ns;  /* > 0: coarse; answers are multiples of it past start */
    int64_t jump_ns;  /* added once, at the 50th question, and again at each 500th */
    int64_t num, den; /* speed; 0 / 1 stands still */
} bent_clock;

static const bent_clock monos[] = {
    {"plain", 1000 * SEC, 0, 0, 1, 1},
    {"stands still", 5, 0, 0, 0, 1},
    {"stands still at 0", 0, 0, 0, 0, 1},
    {"ticks each 16 ms", DAY, 16 * SEC / 1000, 0, 1, 1},
    {"ticks each second", DAY, SEC, 0, 1, 1},
    {"jumps by an hour", DAY, 0, HOUR, 1, 1},
    {"jumps by a second", DAY, 0, SEC, 1, 1},
    {"runs 1,000 times as fast", DAY, 0, 0, 1000, 1},
    {"runs a 1,000th as fast", DAY, 0, 0, 1, 1000},
    {"has run for 200 years", 73000 * DAY, 0, 0, 1, 1},
};

static const bent_clock walls[] = {
    {"plain", 1723161600 * SEC, 0, 0, 1, 1},
    {"an hour on", 1723161600 * SEC, 0, HOUR, 1, 1},
    {"an hour back", 1723161600 * SEC, 0, -HOUR, 1, 1},
    {"a day on", 1723161600 * SEC, 0, DAY, 1, 1},
    {"a day back", 1723161600 * SEC, 0, -DAY, 1, 1},
    {"a leap second", 1483228799 * SEC, 0, -SEC, 1, 1},
    {"the hour of summer twice", 1729990800 * SEC, 0, -HOUR, 1, 1},
    {"into 2038", Y2038 - SEC / 1000, 0, SEC, 1, 1},
    {"before 1970", -DAY, 0, 0, 1, 1},
    {"in 2262", INT64_MAX - DAY, 0, 0, 0, 1},
};

static hr_sys_sim *sim;
static hr_sys table;
static const bent_clock *mono, *wall;
static int64_t began_ns;
static _Atomic uint64_t n_mono, n_wall, n_sleeps, n_void;

static int64_t answer(const bent_clock *c, _Atomic uint64_t *n)
{
    uint64_t k = atomic_fetch_add_explicit(n, 1, memory_order_relaxed) + 1;
    const hr_sys *real = hr_sys_real();
    int64_t past = (real->mono_ns(real->self) - began_ns) * c->num / c->den;
    if (k >= 50) past += c->jump_ns * (int64_t)(1 + k / 500);
    if (c->step_ns > 0) past = past / c->step_ns * c->step_ns;
    return c->start_ns + past;
}

static int64_t bent_mono(void *self)
{
    (void)self;
    return answer(mono, &n_mono);
}

static int64_t bent_wall(void *self)
{
    (void)self;
    return answer(wall, &n_wall);
}

static void count_sleep(void *self, int64_t ns)
{
    const hr_sys *real = hr_sys_real();
    (void)self;
    atomic_fetch_add_explicit(&n_sleeps, 1, memory_order_relaxed);
    if (ns <= 0) atomic_fetch_add_explicit(&n_void, 1, memory_order_relaxed);
    real->sleep_ns(real->self, ns);
}

static void count_wait(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t ns)
{
    const hr_sys *real = hr_sys_real();
    (void)self;
    atomic_fetch_add_explicit(&n_sleeps, 1, memory_order_relaxed);
    if (ns <= 0) atomic_fetch_add_explicit(&n_void, 1, memory_order_relaxed);
    real->wait(real->self, word, expect, ns);
}

static int set_up(void **state)
{
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    test_engine e = TEST_ENGINE_DEFAULT;
    (void)state;
    opt.n_instruments = 2;
    opt.n_levels = 12000;
    opt.n_gaps = 2;
    opt.n_bad = 3;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    table = *hr_sys_sim_table(sim);
    assert_true(test_engine_capture(&table, e.input, &opt) > 0);
    table.mono_ns = bent_mono;
    table.wall_ns = bent_wall;
    table.sleep_ns = count_sleep;
    table.wait = count_wait;
    mono = &monos[0];
    wall = &walls[0];
    began_ns = hr_sys_real()->mono_ns(hr_sys_real()->self);
    hr_sys_install(&table);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    return 0;
}

/* From the beginning, stopped once where stop_at > 0 and resumed; the dataset's digest. */
static uint64_t run(uint32_t lanes, int64_t stop_at)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_run_report report;
    hr_err err = HR_ERR_INIT;
    e.lanes = lanes;
    e.mode = HR_OPEN_FORCE;
    e.stop_at_rows = stop_at;
    n_mono = n_wall = n_sleeps = n_void = 0;
    hr_status st = test_engine_run(&e, &report, &err);
    if (st != HR_OK) print_error("%s\n", err.message);
    assert_int_equal(st, HR_OK);
    if (report.stopped) {
        e.mode = HR_OPEN_RESUME;
        e.stop_at_rows = 0;
        assert_int_equal(test_engine_run(&e, &report, &err), HR_OK);
    }
    assert_true(report.seconds >= 0);
    assert_int_equal(n_void, 0);
    return test_engine_digest(&table, e.out, false);
}

static void test_monotonic(void **state)
{
    (void)state;
    mono = &monos[0];
    const uint64_t want = run(1, 0);
    const uint64_t reads = n_mono;
    const uint64_t sleeps = n_sleeps;
    assert_true(want != 0);
    for (size_t i = 0; i < HR_ARRAY_LEN(monos); i++) {
        mono = &monos[i];
        print_message("# monotonic clock %s\n", mono->name);
        assert_int_equal(run(1, 0), want);
        /* One lane takes the same steps. */
        assert_true(n_mono <= reads + MORE_READS + (mono->den > 1 ? SLOW_READS : 0));
        assert_true(n_sleeps <= sleeps + 100);
        assert_int_equal(run(2, 0), want);
        assert_int_equal(run(2, 5000), want); /* a stop waits for a commit, not for the clock */
    }
    mono = &monos[0];
}

static void test_wall(void **state)
{
    (void)state;
    const uint64_t want = run(1, 0);
    for (size_t i = 0; i < HR_ARRAY_LEN(walls); i++) {
        wall = &walls[i];
        print_message("# wall clock: %s\n", wall->name);
        assert_int_equal(run(2, i % 2 == 0 ? 5000 : 0), want);
        assert_int_equal(n_wall, 0); /* nobody asks */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_monotonic),
                                       cmocka_unit_test(test_wall)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
