/* SPDX-License-Identifier: Apache-2.0 */
/* A state that an operator makes in memory that held something else is as good as one in memory
 * that was zero: the same bits of the same rows, whatever was there. And before rows come a deep
 * window touches little but its head. */
#include "harness.h"

#include <stdlib.h>

#include "base/attr.h"
#include "kern/kern.h"
#include "ops/market/op_market.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"
#include "ops_rig.h"
#include "ops_walk.h"
#include "rng.h"

#define ROWS OPS_WALK_ROWS

static const hr_op_list *const lists[] = {&hr_ops_window, &hr_ops_ta, &hr_ops_market};

static ops_walk walk;
static double first[HR_OP_OUT_MAX][ROWS]; /* what came of memory that was zero */
static uint32_t features;                 /* of the processor */

/* What memory holds: nulls and -1; numbers and times that are large, that are like any, that are
 * each another. */
typedef enum filling { ZERO, ONES, LARGE, USUAL, MIXED, N_FILLINGS } filling;

static void fill(void *block, size_t n_bytes, filling with, test_rng *g)
{
    static const int byte[] = {0, 0xff, 0x7f, 0x41};
    unsigned char *p = block;
    if (with != MIXED) {
        memset(p, byte[with], n_bytes);
        return;
    }
    for (size_t i = 0; i < n_bytes; i += 8) {
        uint64_t word = test_rng_u64(g);
        memcpy(p + i, &word, 8);
    }
}

/* Stretches without nulls and in order: most of what comes in a feed. */
static void tidy(test_rng *g)
{
    for (uint32_t at = 1, n; at < ROWS; at += n) {
        n = 1 + (uint32_t)test_rng_below(g, 600);
        n = HR_MIN(n, ROWS - at);
        if (test_rng_chance(g, 3)) continue;
        for (uint32_t i = at; i < at + n; i++) {
            walk.ts[i] = HR_MAX(walk.ts[i], walk.ts[i - 1]);
            for (uint32_t k = 0; k < HR_OP_IN_MAX; k++)
                if (walk.in[k][i] != walk.in[k][i]) walk.in[k][i] = (double)i;
        }
    }
}

/* Calls of one row, of a few, of many, by any tier. */
static uint32_t call_of(test_rng *g, uint32_t most)
{
    static const uint32_t upto[] = {1, 20, 300, 3000};
    uint32_t n = 1 + (uint32_t)test_rng_below(g, upto[test_rng_below(g, HR_ARRAY_LEN(upto))]);
    hr_kern_init(test_rng_chance(g, 3) ? 0 : features);
    return HR_MIN(n, most);
}

static void check_same(const hr_op *op, const hr_op_args *a, filling with, uint32_t last)
{
    for (uint32_t k = 0; k < op->n_out; k++)
        for (uint32_t i = 0; i < last; i++)
            if (memcmp(&walk.out[k][i], &first[k][i], sizeof(double)) != 0)
                fail_msg("'%s'(%g%s, %g, %g), %u rows, output %u: row %u is %.17g, in memory of "
                         "kind %d %.17g",
                         op->name, a->v[0], a->is_time[0] ? " ns" : "", a->v[1], a->v[2],
                         a->max_rows, k, i, first[k][i], (int)with, walk.out[k][i]);
}

static void check_op(const hr_op *op, test_rng *g, ops_walk_size how)
{
    const hr_op_args a = ops_walk_args(op, g, how);
    const size_t n_bytes = op->bytes(&a);
    const uint32_t last = how == OPS_WALK_MANY ? ROWS : 1500;
    if (n_bytes == SIZE_MAX || n_bytes == 0) return;
    char *state = ops_rig_block(n_bytes);
    const test_rng cuts = *g;
    for (filling with = ZERO; with < N_FILLINGS; with++) {
        test_rng cut = cuts;
        fill(state, n_bytes, with, g);
        op->init(state, &a);
        for (uint32_t at = 0, n; at < last; at += n) {
            n = call_of(&cut, last - at);
            ops_walk_run(&walk, op, &a, state, at, n);
            if (op->is_sound != NULL && !op->is_sound(state, &a))
                fail_msg("'%s': its own state is refused after %u", op->name, at + n);
        }
        if (with == ZERO)
            memcpy(first, walk.out, sizeof first);
        else
            check_same(op, &a, with, last);
    }
    ops_rig_block_free(state, n_bytes);
}

static void test_fresh(void **unused)
{
    (void)unused;
    test_rng g;
    test_rng_init(&g, test_seed());
    for (uint64_t it = 0; it < test_iters(8); it++) {
        ops_walk_rows(&walk, &g);
        if (it % 2 == 0) tidy(&g);
        const ops_walk_size how = it % 4 == 3   ? OPS_WALK_MANY
                                  : it % 4 == 2 ? OPS_WALK_SOME
                                                : OPS_WALK_SMALL;
        for (size_t l = 0; l < HR_ARRAY_LEN(lists); l++)
            for (uint32_t i = 0; i < lists[l]->n; i++)
                check_op(&lists[l]->op[i], &g, how);
    }
}

/* ---- behind another ---- */

static void check_behind(const hr_op *op, test_rng *g, ops_walk_size how)
{
    static double told[ROWS];
    hr_op_args a = ops_walk_args(op, g, how);
    a.is_time[0] = true;
    a.v[0] = 1e6 * (1 + (double)test_rng_below(g, 2 * a.max_rows));
    a.v[1] = 0;
    const uint32_t most = op->rows_behind(&a);
    if (most == 0) return;
    const hr_op *behind = op->behind;
    const size_t bytes[] = {op->bytes(&a), behind->bytes(&a)};
    char *state[] = {ops_rig_block(bytes[0]), ops_rig_block(bytes[1])};
    const test_rng cuts = *g;
    for (filling with = ZERO; with < N_FILLINGS; with++) {
        test_rng cut = cuts;
        for (int k = 0; k < 2; k++)
            fill(state[k], bytes[k], with, g);
        op->init(state[0], &a);
        behind->init(state[1], &a);
        for (uint32_t at = 0, n; at < ROWS; at += n) {
            n = call_of(&cut, HR_MIN(ROWS - at, most));
            const int64_t *ts = walk.ts + at;
            hr_op_rows r = {.n = n, .ts = ts, .in = {walk.in[0] + at}};
            r.out[0] = walk.out[0] + at;
            r.out[1] = told + at;
            op->run(state[0], &r);
            r = (hr_op_rows){.n = n, .ts = ts, .in = {walk.in[0] + at, told + at}};
            r.out[0] = walk.out[1] + at;
            r.ahead = state[0];
            behind->run(state[1], &r);
        }
        for (uint32_t i = 0; i < ROWS; i++)
            if (memcmp(&walk.out[0][i], &walk.out[1][i], sizeof(double)) != 0)
                fail_msg("'%s'(%g ns), %u rows: row %u is %.17g, behind another %.17g", op->name,
                         a.v[0], a.max_rows, i, walk.out[0][i], walk.out[1][i]);
        if (with == ZERO)
            memcpy(first, walk.out, sizeof first);
        else
            check_same(op, &a, with, ROWS);
    }
    for (int k = 0; k < 2; k++)
        ops_rig_block_free(state[k], bytes[k]);
}

static void test_behind(void **unused)
{
    (void)unused;
    uint32_t n = 0;
    test_rng g;
    test_rng_init(&g, test_seed() + 1);
    for (uint64_t it = 0; it < test_iters(12); it++) {
        ops_walk_rows(&walk, &g);
        if (it % 2 == 0) tidy(&g);
        for (uint32_t i = 0; i < hr_ops_window.n; i++) {
            const hr_op *op = &hr_ops_window.op[i];
            if (op->behind == NULL) continue;
            n++;
            check_behind(op, &g, it % 3 == 2 ? OPS_WALK_MANY : OPS_WALK_SOME);
        }
    }
    assert_true(n > 0);
}

/* ---- what is touched ---- */

/* Lines of a state that are not as they were. */
static size_t lines_touched(const char *state, size_t n_bytes)
{
    size_t n = 0;
    for (size_t at = 0; at < n_bytes; at += 64) {
        bool is_same = true;
        for (size_t i = at; i < at + 64; i++)
            is_same = is_same && state[i] == 0x41;
        n += !is_same;
    }
    return n;
}

typedef enum window_kind { BY_ROWS, BY_TIME, BY_TIME_LATE } window_kind;

/* A window that could hold many rows, and none has come. */
static void test_head(void **unused)
{
    (void)unused;
    static const char *const names[] = {"sum",  "mean",   "min",   "max",   "var",     "vars",
                                        "std",  "stds",   "skew",  "kurt",  "cov",     "corr",
                                        "beta", "zscore", "slope", "rank",  "lag",     "diff",
                                        "pct",  "last",   "first", "count", "quantile"};
    test_rng g;
    test_rng_init(&g, test_seed());
    for (size_t k = 0; k < HR_ARRAY_LEN(names); k++)
        for (window_kind how = BY_ROWS; how <= BY_TIME_LATE; how++) {
            const hr_op *op = hr_ops_window.op;
            while (strcmp(op->name, names[k]) != 0)
                op++;
            const bool by_time = how != BY_ROWS;
            hr_op_args a = {.v = {by_time ? 1e10 : 300000, 0.5}, .is_time = {by_time, by_time}};
            a.max_rows = 100000;
            if (op->n_arg > 1 && op->arg[1].kind == HR_OP_TIME)
                a.v[1] = how == BY_TIME_LATE ? 1e9 : 0;
            const size_t n_bytes = op->bytes(&a);
            char *state = ops_rig_block(n_bytes);
            fill(state, n_bytes, USUAL, &g);
            op->init(state, &a);
            const size_t n = lines_touched(state, n_bytes);
            if (n_bytes < 1000000 || n > 100)
                fail_msg("'%s': %zu lines of %zu are touched", op->name, n, n_bytes / 64);
            ops_rig_block_free(state, n_bytes);
        }
}

int main(void)
{
    features = hr_cpu_detect();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
