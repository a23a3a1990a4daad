/* SPDX-License-Identifier: Apache-2.0 */
/* After start no lane asks the heap for anything: reading, decoding, books, features, encoding,
 * spilling, commits and the end, for each kind of text. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "harness.h"
#include "noalloc.h"

static hr_sys_sim *sim;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(test_noalloc_table(hr_sys_sim_table(sim)));
    test_noalloc_reset();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    return 0;
}

static void check_run(const test_engine *e)
{
    hr_run_report report;
    hr_err err = HR_ERR_INIT;
    hr_status st = test_engine_run(e, &report, &err);
    if (st != HR_OK) print_error("%s\n", err.message);
    assert_int_equal(st, HR_OK);
    assert_true(report.counts.written[HR_KIND_DELTAS] > 0);
    if (test_noalloc_total() > 0) test_noalloc_print();
    assert_int_equal(test_noalloc_total(), 0);
}

static void run_format(hr_synth_format format, uint32_t n_instruments)
{
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    test_engine e = TEST_ENGINE_DEFAULT;
    opt.format = format;
    opt.n_instruments = n_instruments;
    opt.n_levels = 40000;
    opt.n_gaps = 3;
    opt.n_bad = format == HR_SYNTH_TARDIS ? 0 : 20;
    e.lanes = 2;
    e.commit_rows = 10000;
    e.instruments = n_instruments;
    assert_true(test_engine_capture(hr_sys_sim_table(sim), e.input, &opt) > 0);
    check_run(&e);
    e.mode = HR_OPEN_FORCE; /* and over an existing dataset */
    check_run(&e);
}

static void test_capture(void **state)
{
    (void)state;
    run_format(HR_SYNTH_CAPTURE, 4);
}

/* More parts a commit than any buffer on the stack sorts. */
static void test_many_instruments(void **state)
{
    (void)state;
    run_format(HR_SYNTH_CAPTURE, 40);
}

static void test_ndjson(void **state)
{
    (void)state;
    run_format(HR_SYNTH_NDJSON, 4);
}

static void test_csv(void **state)
{
    (void)state;
    run_format(HR_SYNTH_TARDIS, 4);
}

/* Windows of rows and of time, the book, another instrument, a signal. */
static void test_expressions(void **state)
{
    hr_run_report report;
    hr_err err = HR_ERR_INIT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    test_engine e = TEST_ENGINE_DEFAULT;
    (void)state;
    opt.n_instruments = 3;
    opt.n_levels = 40000;
    e.lanes = 2;
    e.commit_rows = 10000;
    e.memory_bytes = 160000000;
    e.expressions = "up: mid > mean(mid, 20)\nv: std(mid, 5ms); q: quantile(spread, 50, 0.5)\n"
                    "d: depth(5).bid; k: sum(ofi(), 10ms); l: of(\"BTCUSDT\", mid) - mid";
    assert_true(test_engine_capture(hr_sys_sim_table(sim), e.input, &opt) > 0);
    hr_status st = test_engine_run(&e, &report, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(st, HR_OK);
    assert_true(report.counts.written[HR_KIND_CALC] > 0);
    assert_true(report.counts.written[HR_KIND_SIGNALS] > 0);
    if (test_noalloc_total() > 0) test_noalloc_print();
    assert_int_equal(test_noalloc_total(), 0);
}

/* ---- the real system ---- */

static int forget(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void run_really(const char *io)
{
    char dir[] = P_tmpdir "/headrace-XXXXXX";
    char input[64];
    char out[64];
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    assert_non_null(mkdtemp(dir));
    snprintf(input, sizeof input, "%s/capture", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    opt.n_instruments = 8;
    opt.n_levels = 60000;
    opt.n_bad = 10;
    e.input = input;
    e.out = out;
    e.lanes = 2;
    e.commit_rows = 20000;
    e.instruments = 8;
    e.io = io;
    hr_sys_install(test_noalloc_table(hr_sys_real()));
    assert_true(test_engine_capture(hr_sys_real(), e.input, &opt) > 0);
    check_run(&e);
    assert_int_equal(nftw(dir, forget, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_real_uring(void **state)
{
    (void)state;
    run_really("auto");
}

static void test_real_threads(void **state)
{
    (void)state;
    run_really("threads");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_capture),    CASE(test_many_instruments), CASE(test_ndjson),     CASE(test_csv),
        CASE(test_real_uring), CASE(test_real_threads),     CASE(test_expressions)};
    test_noalloc_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
