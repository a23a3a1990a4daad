/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of window operators promises: names, bounds of arguments, sizes of states, and the
 * first row that has a value. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "calc/op_window.h"

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
    }
    return a;
}

static void test_table(void **unused)
{
    (void)unused;
    assert_true(hr_ops_window.n > 25);
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
            assert_true(isnan(op->arg[i].by_default));
            if (op->arg[i].kind != HR_OP_WINDOW) continue;
            assert_int_equal(i, 0);
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
            for (uint32_t i = 0; i < ROWS; i++)
                assert_int_equal(i >= first, !isnan(out[i]));
            free(state);
        }
        hr_op_args a = args_of(op, true, false);
        assert_int_equal(op->warm_up(&a), 0);
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
            if (strcmp(op->name, "sum") == 0) assert_true(out[4] == 10 && out[7] == 17);
            free(state);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_warm_up),   cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_far_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
