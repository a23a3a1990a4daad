/* SPDX-License-Identifier: Apache-2.0 */
/* Exponentials, logarithms and powers against the C library's in 64 bits of mantissa, and what is
 * exact. */
#include "base/powers.h"
#include "harness.h"

#include "rng.h"

static double unit(test_rng *r)
{
    return (double)(test_rng_u64(r) >> 11) * 0x1p-53;
}

/* |a - t| in units of the last place of t */
static double far(double a, long double t)
{
    int e;
    double near = (double)t;
    if (isinf(near) || near == 0) return a == near ? 0 : 1e9;
    (void)frexp(near, &e);
    double place = e < -1021 ? 0x1p-1074 : ldexp(1, e - 53);
    return (double)(fabsl((long double)a - t) / (long double)place);
}

static void near(const char *what, double x, double y, double a, long double t, double most)
{
    if (far(a, t) <= most) return;
    fail_msg("%s of %.17g, %.17g: %.17g is %g units off", what, x, y, a, far(a, t));
}

static void test_near(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(200000); i++) {
        double x = (unit(&r) - 0.5) * (i % 2 ? 2 : 1490);
        near("exp", x, 0, hr_exp(x), expl((long double)x), 1.1);
        near("exp2", x, 0, hr_exp2(x), exp2l((long double)x), 1.1);
        double of = i % 3 == 0 ? hr_exp(x) : i % 3 == 1 ? 0.5 + unit(&r) : unit(&r) * 1e6;
        if (of == 0 || isinf(of)) continue;
        near("log", of, 0, hr_log(of), logl((long double)of), 1);
        double by = 1 + (unit(&r) - 0.5) * 1e-3;
        near("log_ratio", of * by, of, hr_log_ratio(of * by, of),
             log1pl(((long double)(of * by) - (long double)of) / (long double)of),
             of > 1e-300 ? 3 : 1e9);
        double y = i % 4 == 0 ? (double)test_rng_below(&r, 90) - 20 : (unit(&r) - 0.5) * 60;
        near("pow", of, y, hr_pow(of, y), powl((long double)of, (long double)y), 1.5);
    }
}

static void test_exact(void **state)
{
    (void)state;
    for (int a = 1; a < 1000; a++) {
        double v = 1;
        for (int n = 0; n < 6 && v < 0x1p53; n++, v *= a) {
            assert_true(hr_pow(a, n) == v);
            assert_true(hr_pow(-a, n) == (n % 2 ? -v : v));
        }
    }
    for (int n = -1074; n < 1024; n++) {
        assert_true(hr_exp2(n) == ldexp(1, n));
        assert_true(hr_pow(2, n) == ldexp(1, n));
    }
    assert_true(hr_exp(0) == 1 && hr_log(1) == 0 && hr_pow(9, 0.5) == 3 && hr_pow(8, -1) == 0.125);
}

/* as C has it */
static void test_ends(void **state)
{
    static const double v[] = {0,      -0.0,     1,         -1,          2,          -2,
                               0.5,    -0.5,     3,         1e3,         1e300,      -1e300,
                               5e-324, 0x1p64,   -0x1p70,   1e18,        -1e9,       1e9,
                               2.5,    HUGE_VAL, -HUGE_VAL, (double)NAN, 1 + 0x1p-52};
    (void)state;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        assert_true(isnan(hr_log(v[i])) == !(v[i] > 0 && isfinite(v[i])));
        near("exp", v[i], 0, isnan(v[i]) ? 0 : hr_exp(v[i]),
             isnan(v[i]) ? 0 : expl((long double)v[i]), 1.1);
        for (size_t k = 0; k < sizeof v / sizeof *v; k++) {
            double want = pow(v[i], v[k]);
            double got = hr_pow(v[i], v[k]);
            if (isnan(want) != isnan(got)) fail_msg("%g^%g: %g, not %g", v[i], v[k], got, want);
            if (isnan(want)) continue;
            if (want == 0 || isinf(want)) /* the sign of nothing is let go */
                assert_true(got == want);
            else
                near("pow", v[i], v[k], got, powl((long double)v[i], (long double)v[k]), 1.5);
        }
    }
    assert_true(isnan(hr_exp((double)NAN)) && isnan(hr_exp2((double)NAN)));
    assert_true(hr_exp(709.9) == HUGE_VAL && hr_exp(-746) == 0 && hr_exp2(1024) == HUGE_VAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_near), cmocka_unit_test(test_exact),
                                       cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
