/* SPDX-License-Identifier: Apache-2.0 */
#include "conc/thread.h"
#include "harness.h"
#include "prof/recorder.h"

enum { READ, APPLY, IDLE, N_STAGES };
enum { ROWS, BYTES, N_COUNTERS };
static const char *const stage_name[] = {"read", "apply", "idle"};
static const char *const counter_name[] = {"rows", "bytes"};

static hr_arena *arena;
static hr_sys_sim *sim;

static hr_rec_options shape(uint32_t n_lanes)
{
    hr_rec_options o = HR_REC_OPTIONS_DEFAULT;
    o.n_lanes = n_lanes;
    o.n_stages = N_STAGES;
    o.n_counters = N_COUNTERS;
    o.stage_name = stage_name;
    o.counter_name = counter_name;
    return o;
}

static int set_up(void **state)
{
    (void)state;
    return hr_arena_create(&arena, NULL, 4 << 20, "test", NULL) == HR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    hr_arena_destroy(&arena);
    return 0;
}

static void use_virtual_clock(void)
{
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
}

static void test_spans(void **state)
{
    hr_rec *r;
    hr_rec_totals t;
    hr_rec_options o = shape(2);
    (void)state;
    use_virtual_clock();
    o.hist_mask = 1u << APPLY;
    assert_int_equal(hr_rec_create(&r, arena, &o, NULL), HR_OK);
    assert_string_equal(hr_rec_clock(r),
                        "mono"); /* the virtual clock does not go with the counter */
    assert_string_equal(hr_rec_shape(r)->stage_name[APPLY], "apply");
    for (uint32_t i = 0; i < 100; i++) {
        hr_rec_lane *l = hr_rec_lane_at(r, i % 2);
        uint64_t at = hr_rec_begin(l);
        hr_sys_sim_advance(sim, 10);
        at = hr_rec_end(l, READ, at);
        hr_sys_sim_advance(sim, 1 + i);
        hr_rec_end(l, APPLY, at);
        hr_rec_add(l, ROWS, 3);
    }
    hr_rec_lane *l0 = hr_rec_lane_at(r, 0);
    hr_rec_charge(l0, READ, 10, 5); /* the clock stepped back: nothing is charged */
    hr_rec_read(r, &t);
    assert_int_equal(t.ns[READ], 1000);
    assert_int_equal(t.n_spans[READ], 101);
    assert_int_equal(t.max_ns[READ], 10);
    assert_int_equal(t.ns[APPLY], 5050);
    assert_int_equal(t.max_ns[APPLY], 100);
    assert_int_equal(t.counter[ROWS], 300);
    assert_int_equal(t.counter[BYTES], 0);
    assert_int_equal(t.elapsed_ns, 6050);
    hr_rec_read_lane(r, 1, &t);
    assert_int_equal(t.n_spans[APPLY], 50);
    assert_int_equal(t.ns[APPLY], 2550);
    assert_int_equal(hr_rec_percentile_ns(r, APPLY, 50), 50);
    assert_int_equal(hr_rec_percentile_ns(r, APPLY, 99), 99);
    assert_int_equal(hr_rec_percentile_ns(r, READ, 50), 0);
    assert_int_equal(hr_rec_percentile_ns(r, 99, 50), 0);
}

static void test_switch_shares_out_all_time(void **state)
{
    hr_rec *r;
    hr_rec_totals t;
    hr_rec_options o = shape(1);
    (void)state;
    use_virtual_clock();
    assert_int_equal(hr_rec_create(&r, arena, &o, NULL), HR_OK);
    hr_rec_lane *l = hr_rec_lane_at(r, 0);
    hr_sys_sim_advance(sim, 5); /* before the first switch: nobody's */
    for (int i = 0; i < 10; i++) {
        hr_rec_switch(l, READ);
        hr_sys_sim_advance(sim, 7);
        hr_rec_switch(l, IDLE);
        hr_sys_sim_advance(sim, 2);
    }
    hr_rec_switch(l, HR_REC_NO_STAGE);
    hr_sys_sim_advance(sim, 100);
    hr_rec_switch(l, READ);
    hr_rec_read(r, &t);
    assert_int_equal(t.ns[READ], 70);
    assert_int_equal(t.ns[IDLE], 20);
    assert_int_equal(t.n_spans[READ], 10);
}

static void test_real_clock(void **state)
{
    const hr_sys *sys = hr_sys_real();
    hr_rec *r;
    hr_rec_totals t;
    hr_rec_options o = shape(1);
    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        o.use_mono = pass == 1;
        assert_int_equal(hr_rec_create(&r, arena, &o, NULL), HR_OK);
        if (pass == 1) assert_string_equal(hr_rec_clock(r), "mono");
        hr_rec_lane *l = hr_rec_lane_at(r, 0);
        int64_t outer0 = hr_sys_mono_ns();
        uint64_t at = hr_rec_begin(l);
        int64_t inner0 = hr_sys_mono_ns();
        sys->sleep_ns(sys->self, 15000000);
        int64_t inner = hr_sys_mono_ns() - inner0;
        hr_rec_end(l, READ, at);
        int64_t outer = hr_sys_mono_ns() - outer0;
        hr_rec_read(r, &t);
        /* one per mille for what is not known of the counter's rate */
        assert_true((int64_t)t.ns[READ] >= inner - inner / 1000);
        assert_true((int64_t)t.ns[READ] <= outer + outer / 1000);
    }
}

static void test_limits(void **state)
{
    hr_rec *r;
    hr_err err = HR_ERR_INIT;
    hr_rec_options o = shape(0);
    (void)state;
    assert_int_equal(hr_rec_create(&r, arena, &o, &err), HR_EINTERNAL);
    o = shape(HR_REC_LANES_MAX + 1);
    assert_int_equal(hr_rec_create(&r, arena, &o, &err), HR_EINTERNAL);
    o = shape(1);
    o.hist_mask = 1u << N_STAGES;
    assert_int_equal(hr_rec_create(&r, arena, &o, &err), HR_EINTERNAL);
    o.hist_mask = 7;
    o.n_lanes = 100;
    assert_true(hr_rec_bytes(&o) > hr_arena_left(arena));
    assert_int_equal(hr_rec_create(&r, arena, &o, &err), HR_EBUDGET);
    assert_null(r);
    o.hist_mask = 0;
    o.n_lanes = HR_REC_LANES_MAX;
    hr_arena *a;
    assert_int_equal(hr_arena_create(&a, NULL, hr_rec_bytes(&o), "exact", NULL), HR_OK);
    assert_int_equal(hr_rec_create(&r, a, &o, &err), HR_OK);
    hr_arena_destroy(&a);
    o.n_lanes = 3;
    o.hist_mask = 5;
    assert_int_equal(hr_arena_create(&a, NULL, hr_rec_bytes(&o), "exact", NULL), HR_OK);
    assert_int_equal(hr_rec_create(&r, a, &o, &err), HR_OK);
    hr_arena_destroy(&a);
}

#define N_TURNS 20000

static void *work(void *arg)
{
    hr_rec_lane *l = arg;
    for (int i = 0; i < N_TURNS; i++) {
        hr_rec_switch(l, READ);
        hr_rec_add(l, ROWS, 2);
        hr_rec_switch(l, APPLY);
    }
    hr_rec_switch(l, HR_REC_NO_STAGE);
    return NULL;
}

static void test_read_while_written(void **state)
{
    hr_rec *r;
    hr_rec_totals t;
    hr_thread thread[2] = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    hr_rec_options o = shape(2);
    uint64_t rows = 0;
    (void)state;
    o.hist_mask = 1u << READ;
    assert_int_equal(hr_rec_create(&r, arena, &o, NULL), HR_OK);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(hr_thread_start(&thread[i], &opt, work, hr_rec_lane_at(r, i), NULL),
                         HR_OK);
    bool went_back = false;
    for (int i = 0; i < 100; i++) {
        hr_rec_read(r, &t);
        went_back |= t.counter[ROWS] < rows;
        rows = t.counter[ROWS];
        (void)hr_rec_percentile_ns(r, READ, 99);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(hr_thread_join(&thread[i], NULL), HR_OK);
    assert_false(went_back);
    hr_rec_read(r, &t);
    assert_int_equal(t.counter[ROWS], 4 * N_TURNS);
    assert_int_equal(t.n_spans[READ], 2 * N_TURNS);
    assert_int_equal(t.n_spans[APPLY], 2 * N_TURNS);
    assert_true(t.ns[READ] + t.ns[APPLY] <= 2 * (uint64_t)t.elapsed_ns * 1001 / 1000);
    /* the rate of the counter is known a little better at each reading */
    assert_true(hr_rec_percentile_ns(r, READ, 100) <= t.max_ns[READ] + t.max_ns[READ] / 100 + 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_spans), CASE(test_switch_shares_out_all_time),
                                       CASE(test_real_clock), CASE(test_limits),
                                       CASE(test_read_while_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
