/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest text of doubles against printf and strtod: as few digits, read as the same double,
 * and of those the nearest. */
#include "harness.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "text/decimal.h"
#include "text/shortest.h"
#include "venue/files/csv_table.h"

static double of_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Digits and exponent as printf has them, the fewest of 15 or more that are read as v. */
static hr_shortest expected(double v)
{
    char text[64];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (strtod(text, NULL) == v) break;
    }
    hr_shortest s = {0};
    const char *p = text;
    int after = 0;
    for (bool is_after = false; *p != 'e'; p++) {
        if (*p == '.') {
            is_after = true;
            continue;
        }
        s.digits = s.digits * 10 + (uint64_t)(*p - '0');
        after += is_after;
    }
    s.exponent = (int)strtol(p + 1, NULL, 10) - after;
    for (; s.digits % 10 == 0; s.digits /= 10)
        s.exponent++;
    return s;
}

static void check(double v)
{
    const hr_shortest want = expected(v);
    const hr_shortest got = hr_shortest_of(v);
    int unused;
    /* next to a power of two a shorter one may be read as it that is not the nearest so short */
    const bool is_power = frexp(v, &unused) <= 0.5 && got.exponent > want.exponent;
    if (!is_power && (got.digits != want.digits || got.exponent != want.exponent))
        fail_msg("%.17g: %llu e%d, not %llu e%d", v, (unsigned long long)got.digits, got.exponent,
                 (unsigned long long)want.digits, want.exponent);
    char text[HR_CSV_REAL_TEXT + 1] = {0};
    for (int sign = 1; sign >= -1; sign -= 2) {
        const size_t n = hr_csv_real_text(text, sign * v);
        text[n] = '\0';
        if (strtod(text, NULL) != sign * v) fail_msg("%.17g: text %s", sign * v, text);
    }
}

static void test_random(void **unused)
{
    (void)unused;
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(60000); i++) {
        const double v = fabs(of_bits(test_rng_u64(&r)));
        if (isnormal(v)) check(v);
        const double price = (double)test_rng_below(&r, 100000000000) / 1e6;
        if (price > 0) check(price);
        if (price > 0) check(price / 3);
        check(1 + (double)test_rng_below(&r, 1000000000000) * (double)test_rng_below(&r, 10000000));
    }
}

/* Powers of two and ten, their neighbours, and the ends. */
static void test_edges(void **unused)
{
    (void)unused;
    for (int e = -1021; e <= 1023; e++) {
        const double v = ldexp(1, e);
        check(v);
        check(nextafter(v, (double)INFINITY));
        if (e > -1021) check(nextafter(v, 0));
    }
    for (int e = -307; e <= 308; e++) {
        char text[16];
        (void)snprintf(text, sizeof text, "1e%d", e);
        const double v = strtod(text, NULL);
        check(v);
        check(nextafter(v, (double)INFINITY));
        check(nextafter(v, 0));
    }
    check(DBL_MIN);
    check(DBL_MAX);
    check(9007199254740993.0);
}

static void test_text(void **unused)
{
    (void)unused;
    static const struct {
        double v;
        const char *text;
    } all[] = {{0, "0"},
               {-0.0, "0"},
               {1, "1"},
               {-0.1, "-0.1"},
               {1.0 / 3, "0.3333333333333333"},
               {2.0 / 3e5, "6.666666666666667e-06"},
               {123456789012345680.0, "123456789012345680"},
               {1e17, "100000000000000000"},
               {1e18, "1e+18"},
               {-1.2345678901234567e-5, "-1.2345678901234568e-05"},
               {4.9406564584124654e-324, "4.94065645841247e-324"},
               {DBL_MAX, "1.7976931348623157e+308"}};
    for (size_t i = 0; i < HR_ARRAY_LEN(all); i++) {
        char text[HR_CSV_REAL_TEXT + 1] = {0};
        text[hr_csv_real_text(text, all[i].v)] = '\0';
        assert_string_equal(text, all[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
