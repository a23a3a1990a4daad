/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/powers.h"
#include "kern_tiers.h"
#include "rng.h"

#define MOST 1003

static kern_tier tier[KERN_TIERS_MAX];
static size_t n_tiers;

static double value(test_rng *r, unsigned kind)
{
    uint64_t bits = test_rng_u64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    if (kind == 0) return v; /* anything at all */
    v = (double)(bits >> 11) * 0x1p-53;
    return kind == 1 ? 1500 * (v - 0.5) : v * 2;
}

static void check(double *v, size_t n)
{
    static double out[MOST + 2];
    for (size_t t = 0; t < n_tiers; t++) {
        const hr_kern_map_fn map[] = {tier[t].k.powers.exp, tier[t].k.powers.log,
                                      tier[t].k.powers.sqrt};
        for (int f = 0; f < 3; f++) {
            out[0] = out[n + 1] = 7;
            map[f](out + 1, v, n);
            assert_true(out[0] == 7 && out[n + 1] == 7);
            for (size_t i = 0; i < n; i++) {
                double one = f == 0 ? hr_exp(v[i]) : f == 1 ? hr_log(v[i]) : hr_sqrt(v[i]);
                if (!(isnan(one) && isnan(out[i + 1])))
                    assert_memory_equal(&one, &out[i + 1], sizeof one);
            }
        }
    }
}

static void test_powers(void **state)
{
    test_rng r;
    static double v[MOST];
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t turn = 0; turn < test_iters(60); turn++)
        for (unsigned kind = 0; kind < 3; kind++) {
            size_t n = turn < 40 ? (size_t)turn : MOST;
            for (size_t i = 0; i < n; i++)
                v[i] = value(&r, kind);
            check(v, n);
        }
}

/* ---- timing ---- */

typedef struct job {
    hr_kern_map_fn map;
    const double *v;
    double *out;
    size_t n;
} job;

static void run_map(void *arg)
{
    const job *j = arg;
    j->map(j->out, j->v, j->n);
}

static int bench(void)
{
    static double v[1024];
    static double out[1024];
    job j = {.v = v, .out = out, .n = 1024};
    for (size_t i = 0; i < j.n; i++)
        v[i] = (double)(i + 1) / 50;
    for (size_t t = 0; t < n_tiers; t++) {
        j.map = tier[t].k.powers.exp;
        kern_bench(tier[t].name, "exp", run_map, &j, j.n * 8, j.n);
        j.map = tier[t].k.powers.log;
        kern_bench(tier[t].name, "log", run_map, &j, j.n * 8, j.n);
        j.map = tier[t].k.powers.sqrt;
        kern_bench(tier[t].name, "sqrt", run_map, &j, j.n * 8, j.n);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_powers)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
