/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of window operators promises: names, bounds of arguments, sizes of states, and the
 * first row that has a value. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "ops/window/op_window.h"

#define ROWS 64

static hr_op_args args_of(const hr_op *op, bool by_time, bool most)
{
    hr_op_args a = {.max_rows = most ? UINT32_MAX : 1};
    for (unsigned i = 0; i < op->n_arg; i++) {
        const hr_op_arg *arg = &op->arg[i];
        a.v[i] = most ? arg->most : arg->least;
        if (arg->kind == HR_OP_WINDOW && by_time) {
            a.is_time[i] = true;
            a.v[i] = most ? 8.64e15 : 1e3;
        }
        if (strcmp(arg->name, "late") == 0 && !by_time) a.v[i] = 0;
    }
    return a;
}

static void test_table(void **unused)
{
    (void)unused;
    assert_true(hr_ops_window.n > 60);
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        assert_string_equal(op->group, "window");
        assert_true(op->what[0] != 0 && op->seed != NULL && op->source != NULL);
        assert_int_equal(op->n_out, 1);
        assert_true(op->n_in == 1 || op->n_in == 2);
        assert_true(op->bytes && op->init && op->run && op->warm_up);
        for (unsigned i = 0; i < op->n_in; i++)
            assert_non_null(op->in[i]);
        for (uint32_t other = 0; other < k; other++)
            assert_string_not_equal(op->name, hr_ops_window.op[other].name);
        for (unsigned i = 0; i < op->n_arg; i++) {
            assert_non_null(op->arg[i].name);
            assert_true(op->arg[i].least < op->arg[i].most);
            double usual = op->arg[i].by_default;
            assert_true(isnan(usual) || (usual >= op->arg[i].least && usual <= op->arg[i].most));
            if (op->arg[i].kind != HR_OP_WINDOW) continue;
            assert_true(i == 0 || strncmp(op->name, "hop_", 4) == 0);
            assert_true(op->arg[i].least == 1 && op->arg[i].most == 16777216);
        }
    }
}

static void test_sizes(void **unused)
{
    (void)unused;
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        for (int by_time = 0; by_time < 2; by_time++) {
            hr_op_args least = args_of(op, by_time, false);
            hr_op_args most = args_of(op, by_time, true);
            size_t low = op->bytes(&least);
            size_t high = op->bytes(&most);
            assert_true(low >= 64 && low % 64 == 0);
            if (high == SIZE_MAX) continue; /* of rows by time there is a most */
            assert_true(low <= high && high % 64 == 0 && high < (size_t)1 << 40);
        }
    }
}

/* Rows before the first value, of windows of rows and of time. */
static void test_warm_up(void **unused)
{
    (void)unused;
    static double x[ROWS], y[ROWS], out[ROWS];
    static int64_t ts[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i] = i * i % 17 + 1;
        y[i] = i * i % 13 + 1;
        ts[i] = i * INT64_C(1000);
    }
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        for (int n = 3; n < 20; n += 4) {
            hr_op_args a = args_of(op, false, false);
            if (op->n_arg > 0 && op->arg[0].kind == HR_OP_WINDOW) a.v[0] = n;
            void *state = aligned_alloc(64, op->bytes(&a));
            assert_non_null(state);
            op->init(state, &a);
            hr_op_rows r = {.n = ROWS, .ts = ts, .in = {x, y}, .out = {out}};
            op->run(state, &r);
            uint32_t first = op->warm_up(&a);
            assert_true(first < ROWS);
            for (uint32_t i = 0; i < ROWS; i++) {
                if ((i >= first) == isnan(out[i])) fail_msg("%s(%d) row %u", op->name, n, i);
            }
            free(state);
        }
        hr_op_args a = args_of(op, true, false);
        if (a.is_time[0]) assert_int_equal(op->warm_up(&a), 0);
    }
}

/* Rows that a window of time has no room for: null until they would have gone. */
static void test_no_room(void **unused)
{
    (void)unused;
    double x[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    int64_t ts[8] = {0, 1, 2, 3, 1001, 1002, 1003, 5000};
    bool has_value[8] = {true, true, true, false, true, true, true, true};
    double out[8];
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        if (strcmp(op->name, "sum") != 0 && strcmp(op->name, "count") != 0) continue;
        hr_op_args a = {.v = {1000}, .is_time = {true}, .max_rows = 3};
        void *state = aligned_alloc(64, op->bytes(&a));
        assert_non_null(state);
        op->init(state, &a);
        hr_op_rows r = {.n = 8, .ts = ts, .in = {x}, .out = {out}};
        op->run(state, &r);
        for (int i = 0; i < 8; i++)
            assert_int_equal(has_value[i], !isnan(out[i]));
        assert_true(out[4] == 3 && out[7] == 1);
        free(state);
    }
}

/* Times at the ends of what there is, and back again. */
static void test_far_times(void **unused)
{
    (void)unused;
    static const int64_t ts[8] = {INT64_MIN, INT64_MIN + 1, -1,        INT64_MIN,
                                  0,         INT64_MAX - 1, INT64_MAX, INT64_MIN};
    static const double x[8] = {3, 1, 4, 1, 5, 9, 2, 6};
    double out[8];
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        const hr_op *op = &hr_ops_window.op[k];
        for (int most = 0; most < 2; most++) {
            hr_op_args a = args_of(op, true, most);
            a.max_rows = 4;
            void *state = aligned_alloc(64, op->bytes(&a));
            assert_non_null(state);
            op->init(state, &a);
            hr_op_rows r = {.n = 8, .ts = ts, .in = {x, x}, .out = {out}};
            op->run(state, &r);
            for (int i = 0; i < 8; i++)
                assert_true(isnan(out[i]) || isfinite(out[i]));
            if (strcmp(op->name, "sum") == 0) { /* with `most` nothing counts that is so late */
                assert_true(out[4] == (most ? 9 : 10) && out[7] == (most ? 11 : 17));
            }
            free(state);
        }
    }
}

static const hr_op *op_named(const char *name)
{
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        if (strcmp(hr_ops_window.op[k].name, name) == 0) return &hr_ops_window.op[k];
    }
    fail_msg("no operator '%s'", name);
    return NULL;
}

#define FEW 8

static void check(const char *name, const hr_op_args *a, const int64_t *ts, const double *x,
                  const double *want)
{
    double out[FEW];
    const hr_op *op = op_named(name);
    hr_op_args all = *a;
    all.max_rows = FEW;
    void *state = aligned_alloc(64, op->bytes(&all));
    assert_non_null(state);
    op->init(state, &all);
    hr_op_rows r = {.n = FEW, .ts = ts, .in = {x}, .out = {out}};
    op->run(state, &r);
    for (int i = 0; i < FEW; i++) {
        if (isnan(want[i]) ? !isnan(out[i]) : out[i] != want[i])
            fail_msg("%s row %d: %g, not %g", name, i, out[i], want[i]);
    }
    free(state);
}

#define NONE ((double)NAN)

/* A row that is late counts as of the newest time; what is null is not there but for `fill` and
 * `since`. */
static void test_held(void **unused)
{
    (void)unused;
    static const int64_t ts[FEW] = {0, 1000000, 2000000, 1500000, 9000000, 9000000, 9500000, 1};
    static const double x[FEW] = {NONE, 2, NONE, 4, NONE, 5, 5, 1};
    hr_op_args a = {.v = {8.64e15}, .is_time = {true}};
    check("fill", &a, ts, x, (double[FEW]){NONE, 2, 2, 4, 4, 5, 5, 1});
    a.v[0] = 7e6 - 1;
    check("fill", &a, ts, x, (double[FEW]){NONE, 2, 2, 4, NONE, 5, 5, 1});
    a.v[0] = 7e6;
    check("fill", &a, ts, x, (double[FEW]){NONE, 2, 2, 4, 4, 5, 5, 1});
    check("since", &a, ts, x, (double[FEW]){NONE, 0, 0.001, 0, 0.007, 0, 0, 0});
    check("changed", &a, ts, x, (double[FEW]){NONE, NONE, NONE, 1, NONE, 1, 0, 1});
    hr_op_args h = {.v = {4, 2}};
    check("hysteresis", &h, ts, x, (double[FEW]){NONE, 0, NONE, 1, NONE, 1, 1, 0});
    static const double wave[FEW] = {3, 4, 3, 2.5, 2, 3, 4, 1};
    check("hysteresis", &h, ts, wave, (double[FEW]){0, 1, 1, 1, 0, 0, 1, 0});
    h.v[1] = 4.5;
    assert_true(op_named("hysteresis")->bytes(&h) == SIZE_MAX);
}

/* Windows that stand still; the row at -1 ns is of the one before 0. */
static void test_panes(void **unused)
{
    (void)unused;
    static const int64_t ts[FEW] = {-1, 0, 999, 1000, 500, 5000, 5999, 9000};
    static const double x[FEW] = {1, 2, 3, 4, 5, 6, 7, 8};
    hr_op_args a = {.v = {1000, 1000}, .is_time = {true, true}};
    check("tumble_sum", &a, ts, x, (double[FEW]){NONE, 1, 1, 5, 5, 9, 9, 13});
    check("tumble_last", &a, ts, x, (double[FEW]){NONE, 1, 1, 3, 3, 5, 5, 7});
    check("hop_count", &a, ts, x, (double[FEW]){NONE, 1, 1, 2, 2, 2, 2, 2});
    a.v[0] = 2000;
    check("hop_sum", &a, ts, x, (double[FEW]){NONE, 1, 1, 6, 6, 9, 9, 13});
    check("hop_first", &a, ts, x, (double[FEW]){NONE, 1, 1, 1, 1, 4, 4, 6});
    a.v[0] = 1000;
    a.v[1] = 3000; /* of each 3 us the last one */
    check("hop_sum", &a, ts, x, (double[FEW]){NONE, 1, 1, 1, 1, 1, 1, 13});
    hr_op_args rows = {.v = {3, 2}};
    check("tumble_sum", &rows, ts, x, (double[FEW]){NONE, NONE, 6, 6, 6, 15, 15, 15});
    check("hop_sum", &rows, ts, x, (double[FEW]){NONE, NONE, NONE, 9, 9, 15, 15, 21});
    hr_op_args gap = {.v = {1000}, .is_time = {true}};
    check("session_sum", &gap, ts, x, (double[FEW]){1, 3, 6, 10, 15, 6, 13, 8});
    check("session_count", &gap, ts, x, (double[FEW]){1, 2, 3, 4, 5, 1, 2, 1});
    rows.is_time[1] = true;
    assert_true(op_named("hop_sum")->bytes(&rows) == SIZE_MAX);
    a.v[0] = 1e9 + 1; /* too many panes */
    assert_true(op_named("hop_sum")->bytes(&a) == SIZE_MAX);
}

#define MANY 2000

/* Two rows whose sum is no double's: windows of both have no sum, and the others never hear of it,
 * however the rows come. */
static void test_overflow(void **unused)
{
    (void)unused;
    static double x[MANY], out[MANY];
    static int64_t ts[MANY];
    static const char *const names[] = {"sum", "mean", "min", "max", "std", "zscore"};
    static const uint32_t widths[] = {3, 20, 21, 50, 301};
    const uint32_t first = 900;
    const uint32_t second = 902;
    for (uint32_t i = 0; i < MANY; i++) {
        ts[i] = i;
        x[i] = i % 7;
    }
    x[first] = x[second] = 1.7e308;
    for (uint32_t k = 0; k < HR_ARRAY_LEN(names) * HR_ARRAY_LEN(widths); k++) {
        const hr_op *op = op_named(names[k % HR_ARRAY_LEN(names)]);
        const uint32_t n = widths[k / HR_ARRAY_LEN(names)];
        const bool is_extreme = op->name[0] == 'm' && op->name[1] != 'e';
        hr_op_args a = {.v = {n}, .max_rows = n};
        void *state = aligned_alloc(64, op->bytes(&a));
        assert_non_null(state);
        for (uint32_t at_once = 1; at_once <= MANY; at_once *= MANY) {
            op->init(state, &a);
            for (uint32_t i = 0; i < MANY; i += at_once) {
                hr_op_rows r = {.n = at_once, .ts = ts + i, .in = {x + i}, .out = {out + i}};
                op->run(state, &r);
            }
            for (uint32_t i = n - 1; i < MANY; i++) {
                bool is_out = i < first || i >= second + n;
                if (is_out || is_extreme) assert_true(isfinite(out[i]));
                if (!is_extreme && i >= second && i < first + n) assert_true(isnan(out[i]));
            }
        }
        free(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_warm_up),   cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_far_times), cmocka_unit_test(test_held),
        cmocka_unit_test(test_panes),     cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
