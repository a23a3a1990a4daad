/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit decimals: text, nearest doubles against the C library's own reading of the text, division
 * to the nearest, and every refusal of the parser. */
#include "text/wide.h"

#include <stdlib.h>

#include "harness.h"
#include "rng.h"

static hr_wide wide_of(uint64_t high, uint64_t low)
{
    return (hr_wide)((hr_uwide)high << 64 | low);
}

static void check_text(hr_wide v, unsigned scale, const char *want)
{
    char text[HR_WIDE_TEXT_MAX];
    assert_int_equal(hr_wide_format(text, v, scale), strlen(want));
    assert_string_equal(text, want);
}

static void test_format(void **state)
{
    (void)state;
    check_text(0, 0, "0");
    check_text(0, 37, "0");
    check_text(100, 2, "1");
    check_text(-105, 2, "-1.05");
    check_text(5, 3, "0.005");
    check_text(-5, 37, "-0.0000000000000000000000000000000000005");
    check_text(wide_of(INT64_MAX, UINT64_MAX), 0, "170141183460469231731687303715884105727");
    check_text(wide_of(UINT64_C(1) << 63, 0), 17, "-1701411834604692317316.87303715884105728");
}

static void test_double(void **state)
{
    test_rng r;
    char text[HR_WIDE_TEXT_MAX];
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(200000); i++) {
        unsigned bits = (unsigned)test_rng_below(&r, 127);
        unsigned scale = (unsigned)test_rng_below(&r, HR_WIDE_SCALE_MAX + 1);
        hr_wide v = wide_of(test_rng_u64(&r) >> 1, test_rng_u64(&r)) >> bits;
        if (test_rng_chance(&r, 3)) v = (hr_wide)1 << (126 - bits); /* ties and their neighbours */
        if (test_rng_chance(&r, 3)) v += (hr_wide)test_rng_below(&r, 3) - 1;
        if (test_rng_chance(&r, 2)) v = -v;
        (void)hr_wide_format(text, v, scale);
        double want = strtod(text, NULL); /* glibc rounds to the nearest, ties to even */
        double got = hr_wide_double(v, scale);
        if (memcmp(&want, &got, sizeof want) != 0 && (v != 0 || got != 0))
            fail_msg("%s of scale %u: %a, wanted %a", text, scale, got, want);
    }
}

static void test_divide(void **state)
{
    (void)state;
    assert_true(hr_wide_divide(7, 2) == 4);
    assert_true(hr_wide_divide(-7, 2) == -4);
    assert_true(hr_wide_divide(6, 4) == 2);
    assert_true(hr_wide_divide(5, 4) == 1);
    assert_true(hr_wide_divide(0, 9) == 0);
    hr_wide most = wide_of(INT64_MAX, UINT64_MAX);
    assert_true(hr_wide_divide(most, most) == 1);
    assert_true(hr_wide_divide(most - 1, most) == 1);
}

static hr_status parse(hr_wide *v, const char *s, unsigned scale)
{
    return hr_wide_parse(v, s, strlen(s), scale);
}

static void test_parse(void **state)
{
    hr_wide v;
    test_rng r;
    char text[HR_WIDE_TEXT_MAX];
    static const char *const bad[] = {"", ".", ".5", "5.", "-1", "+1", "1e3", "1.2.3", " 1", "x"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(&v, bad[i], 8), HR_EINPUT);
    assert_int_equal(parse(&v, "1.23", 1), HR_ERANGE);
    assert_int_equal(parse(&v, "1.2300", 2), HR_OK);
    assert_true(v == 123);
    assert_int_equal(parse(&v, "99999999999999999999999999999999999999", 0), HR_ERANGE);
    assert_int_equal(parse(&v, "1", 37), HR_ERANGE);
    assert_int_equal(parse(&v, "10000000000000000000000000000", 9), HR_ERANGE);
    assert_int_equal(parse(&v, "0007", 0), HR_OK);
    assert_true(v == 7);
    test_rng_init(&r, test_seed());
    for (int i = 0; i < 2000; i++) {
        unsigned scale = (unsigned)test_rng_below(&r, 18);
        hr_wide want = wide_of(test_rng_u64(&r) >> 8, test_rng_u64(&r)) >> test_rng_below(&r, 100);
        if (want / INT64_C(1000000000000000000) >= INT64_C(1000000000000000000)) continue;
        (void)hr_wide_format(text, want, scale);
        assert_int_equal(parse(&v, text, scale), HR_OK);
        assert_true(v == want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_divide),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
