/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time over many chunks of rows: rows cut anyhow, states moved, a tier drawn for each
 * call, rows that are late, null, of one time or behind a pause, windows that are as full as they
 * may be or have lost rows. All at once they have the same bits, and rows seen now and then the
 * values of a plain loop. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "kern/kern.h"
#include "ops/window/op_window.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 30000

static int64_t ts[ROWS];
static double x[ROWS], y[ROWS], whole[ROWS], cut[ROWS];
static unsigned features; /* of this processor */

static const hr_op *op_named(const char *name)
{
    const hr_op *op = hr_ops_window.op;
    while (strcmp(op->name, name) != 0)
        op++;
    return op;
}

static void run(const hr_op *op, void *state, int at, int n, double *out)
{
    hr_op_rows rows = {.n = (uint32_t)n, .ts = ts + at, .in = {x + at, y + at}, .out = {out + at}};
    op->run(state, &rows);
}

/* The value of row i, whose rows are all there and have no later ones before them. */
static long double model(char what, int i, int64_t width)
{
    int from = i;
    while (from > 0 && ts[from - 1] > ts[i] - width)
        from--;
    long double n = 0;
    long double sum = 0;
    long double least = (long double)INFINITY;
    long double most = -(long double)INFINITY;
    for (int k = from; k <= i; k++) {
        if (isnan(x[k])) continue;
        n++;
        sum += (long double)x[k] - (long double)x[i];
        least = fminl(least, (long double)x[k]);
        most = fmaxl(most, (long double)x[k]);
    }
    long double square = 0;
    for (int k = from; k <= i; k++) {
        long double d = (long double)x[k] - (long double)x[i] - sum / n;
        if (!isnan(x[k])) square += d * d;
    }
    if (what == 's') return sum + n * (long double)x[i];
    if (what == 'm') return sum / n + (long double)x[i];
    if (what == 'l') return least;
    if (what == 'h') return most;
    if (what == 'd') return sqrtl(square / n);
    if (what == 'v') return square / (n - 1);
    return -sum / n / sqrtl(square / n);
}

typedef struct of {
    const char *name;
    char what; /* of the model; 0: it has none */
} of;

static const of all[] = {{"sum", 's'},  {"mean", 'm'},   {"min", 'l'}, {"max", 'h'}, {"std", 'd'},
                         {"vars", 'v'}, {"zscore", 'z'}, {"corr", 0},  {"slope", 0}, {"kurt", 0}};

static bool has_late_rows(void)
{
    for (int i = 1; i < ROWS; i++)
        if (ts[i] < ts[i - 1]) return true;
    return false;
}

static void check_model(const of *k, const hr_op_args *a, test_rng *r, uint64_t *n_seen)
{
    if (k->what == 0 || has_late_rows()) return;
    for (int n = 0; n < 40; n++) {
        int i = (int)test_rng_below(r, ROWS);
        if (isnan(whole[i])) continue;
        long double want = model(k->what, i, (int64_t)a->v[0]);
        if (!(fabsl((long double)whole[i] - want) <= 1e-9L * (1 + fabsl(want))))
            fail_msg("%s(%g ns), at most %u rows: row %d: %.17g for %.17Lg", k->name, a->v[0],
                     a->max_rows, i, whole[i], want);
        ++*n_seen;
    }
}

static void check_cut(const of *k, const hr_op *op, const hr_op_args *a, test_rng *r)
{
    size_t n_bytes;
    void *state = ops_rig_state(op, a, &n_bytes);
    uint64_t most = test_rng_chance(r, 3) ? 3 : test_rng_chance(r, 2) ? 40 : 3000;
    for (int at = 0; at < ROWS;) {
        int n = 1 + (int)test_rng_below(r, most);
        n = HR_MIN(n, ROWS - at);
        if (test_rng_chance(r, 200)) state = ops_rig_move(state, n_bytes);
        hr_kern_init(test_rng_chance(r, 2) ? 0 : features);
        run(op, state, at, n, cut);
        at += n;
    }
    free(state);
    for (int i = 0; i < ROWS; i++)
        if (memcmp(&cut[i], &whole[i], sizeof *cut) != 0 && !(isnan(cut[i]) && isnan(whole[i])))
            fail_msg("%s(%g ns), at most %u rows, in calls of up to %u: row %d: %.17g for %.17g",
                     k->name, a->v[0], a->max_rows, (unsigned)most, i, cut[i], whole[i]);
}

static void test_cuts(void **unused)
{
    (void)unused;
    static const double width[] = {3000, 20000, 64000, 1e6, 1e7};
    static const uint32_t full[] = {20, 64, 1000, 10000}; /* rows 1 us apart fill 20 us to 10 ms */
    uint64_t n_seen = 0;
    features = hr_cpu_detect();
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t it = 0; it < test_iters(20); it++) {
        ops_rig_rows(&r, ROWS, ts, x, y);
        for (size_t k = 0; k < HR_ARRAY_LEN(all); k++) {
            const hr_op *op = op_named(all[k].name);
            hr_op_args a = {.v = {width[test_rng_below(&r, HR_ARRAY_LEN(width))]},
                            .is_time = {true},
                            .max_rows = ROWS};
            if (test_rng_chance(&r, 3)) {
                a.max_rows = full[test_rng_below(&r, HR_ARRAY_LEN(full))];
                a.v[0] = a.max_rows * 1000.0;
            }
            size_t n_bytes;
            void *state = ops_rig_state(op, &a, &n_bytes);
            hr_kern_init(features);
            run(op, state, 0, ROWS, whole);
            free(state);
            check_model(&all[k], &a, &r, &n_seen);
            check_cut(&all[k], op, &a, &r);
        }
    }
    assert_true(n_seen > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
