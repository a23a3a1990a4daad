/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a batch size: finds the best of made-up rates, stays there though they shake,
 * follows when another becomes the best, and keeps to what the plan allows. */
#include "harness.h"
#include "job/run_tune.h"
#include "rng.h"

/* Rows a ns by size: best at `best`, a tenth less for each doubling away from it. */
static double rate_of(uint32_t size, uint32_t best)
{
    double rate = 0.03;
    for (; size < best; size *= 2)
        rate *= 0.9;
    for (; size > best; size /= 2)
        rate *= 0.9;
    return rate;
}

/* Goes through n intervals; how many of the last half were spent at `best`. noise: per cent. */
static uint32_t walk(run_tune *t, uint32_t n, uint32_t best, uint32_t noise, test_rng *r,
                     int64_t *now, double *rows)
{
    uint32_t n_best = 0;
    uint32_t size = t->size[t->at];
    for (uint32_t i = 0; i < n; i++) {
        double shake = noise == 0 ? 0 : (double)(test_rng_below(r, 2 * noise + 1)) - noise;
        *now += RUN_TUNE_NS;
        *rows += rate_of(size, best) * RUN_TUNE_NS * (1 + shake / 100);
        size = run_tune_next(t, *now, (uint64_t)*rows);
        assert_true(size > 0);
        n_best += i >= n / 2 && size == best;
    }
    return n_best;
}

static void test_finds(void **state)
{
    (void)state;
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint32_t noise = 0; noise <= 5; noise += 5)
        for (uint32_t best = 1024; best <= 32768; best *= 2) {
            run_tune t;
            int64_t now = 1000;
            double rows = 0;
            run_tune_init(&t, 1024, 32768, now);
            assert_int_equal(run_tune_first(&t), 8192);
            uint32_t n = walk(&t, 400, best, noise, &r, &now, &rows);
            assert_true(n >= (noise == 0 ? 140 : 100)); /* the rest are its neighbours' turns */
        }
}

static void test_follows(void **state)
{
    run_tune t;
    int64_t now = 0;
    double rows = 0;
    (void)state;
    run_tune_init(&t, 64, 65536, now);
    assert_true(walk(&t, 400, 1024, 0, NULL, &now, &rows) >= 140);
    assert_true(walk(&t, 400, 16384, 0, NULL, &now, &rows) >= 140);
}

static void test_keeps_to_the_plan(void **state)
{
    run_tune t;
    (void)state;
    run_tune_init(&t, 300, 300, 0);
    assert_int_equal(run_tune_first(&t), 300);
    assert_int_equal(run_tune_next(&t, RUN_TUNE_NS - 1, 10), 0); /* not yet */
    for (int64_t i = 1; i < 40; i++)
        assert_int_equal(run_tune_next(&t, i * RUN_TUNE_NS, (uint64_t)(i * i)), 300);
    run_tune_init(&t, 20000, 65536, 0);
    assert_int_equal(run_tune_first(&t), 20000);
    run_tune_init(&t, 100, 1000, 0);
    assert_int_equal(run_tune_first(&t), 1000);
    assert_int_equal(t.size[t.n - 1], 1000);
    run_tune_init(&t, 64, 65536, 0);
    assert_int_equal(t.n, RUN_TUNE_SIZES);
    /* a clock that stands still, jumps back or a run that makes no rows changes nothing for good */
    assert_int_equal(run_tune_next(&t, 0, 0), 0);
    assert_int_equal(run_tune_next(&t, -5, 0), 0);
    for (int64_t i = 1; i < 40; i++)
        assert_in_range(run_tune_next(&t, i * RUN_TUNE_NS, 0), 4096, 16384);
    assert_int_equal(run_tune_first(&t), 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_follows),
        cmocka_unit_test(test_keeps_to_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
