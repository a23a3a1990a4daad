/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of names and ranges of days. */
#include "text/glob.h"

#include <string.h>

#include "base/attr.h"
#include "harness.h"

static bool matches(const char *pattern, const char *name)
{
    return hr_glob_match(pattern, strlen(pattern), name);
}

static void test_match(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool is_match;
    } cases[] = {
        {"", "", true},
        {"a", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", ".abc", false},
        {".*", ".abc", true},
        {"?abc", ".abc", false},
        {"[.]abc", ".abc", false},
        {"*.gz", "a.gz", true},
        {"*.gz", "a.gz.gz", true},
        {"*.gz", "a.gzz", false},
        {"a*b*c", "axxbyybzzc", true},
        {"a*b*c", "axxbyybzz", false},
        {"**", "x", true},
        {"?", "x", true},
        {"?", "", false},
        {"?\?", "x", false},
        {"[abc]x", "bx", true},
        {"[abc]x", "dx", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},
        {"[^a-c]x", "dx", true},
        {"[]a]", "]", true},
        {"[]a]", "a", true},
        {"[a-]", "-", true},
        {"[z-a]", "m", false},
        {"[a", "[a", true},
        {"[a", "a", false},
        {"x[a-", "x[a-", true},
        {"date=*", "date=2024-01-01", true},
        {"*[0-9]*", "abc7def", true},
        {"*[0-9]*", "abcdef", false},
        {"\xff?", "\xff\xfe", true},
        {"[\x80-\xff]", "\x90", true},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++)
        if (matches(cases[i].pattern, cases[i].name) != cases[i].is_match)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].name);
}

/* Stars that could be tried again without end are not. */
static void test_many_stars(void **state)
{
    char pattern[201];
    static char name[4001];
    (void)state;
    for (int i = 0; i < 200; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[198] = '*';
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(name, 'a', 4000);
    name[4000] = '\0';
    assert_false(matches(pattern, name));
    name[3999] = 'b';
    assert_true(matches(pattern, name));
}

static void test_is_pattern(void **state)
{
    (void)state;
    assert_true(hr_glob_is_pattern("a*b", 3));
    assert_true(hr_glob_is_pattern("a?b", 3));
    assert_true(hr_glob_is_pattern("a[b]", 4));
    assert_false(hr_glob_is_pattern("a]b[", 4));
    assert_false(hr_glob_is_pattern("abc*", 3));
}

static void test_days(void **state)
{
    hr_glob_days d;
    char out[64];
    (void)state;
    assert_true(hr_glob_days_find(&d, "a/{2024-02-27..2024-03-01}.gz"));
    assert_int_equal(d.at, 2);
    assert_int_equal(d.n, 24);
    assert_int_equal(d.last - d.first, 3);
    hr_glob_day_text(out, &d, d.first + 2);
    assert_string_equal(out, "2024-02-29");
    assert_true(hr_glob_day_put(out, sizeof out, "a/{2024-02-27..2024-03-01}.gz", &d, d.last));
    assert_string_equal(out, "a/2024-03-01.gz");
    assert_true(hr_glob_days_find(&d, "{20231231..20240101}/x-{20231231..20240101}"));
    assert_true(hr_glob_day_put(out, sizeof out, "{20231231..20240101}/x-{20231231..20240101}", &d,
                                d.last));
    assert_string_equal(out, "20240101/x-20240101");
    assert_false(
        hr_glob_day_put(out, 19, "{20231231..20240101}/x-{20231231..20240101}", &d, d.last));
    assert_true(hr_glob_days_find(&d, "{a,b}/{}..{/..}"));
    assert_int_equal(d.n, 0);
}

static void test_bad_days(void **state)
{
    static const char *const bad[] = {
        "{2024-01-02..2024-01-01}",
        "{2024-01-01..2024-13-01}",
        "{2024-02-30..2024-03-01}",
        "{2024-01-01..20240105}",
        "{2024-01-01...2024-01-05}",
        "{1..5}",
        "{..}",
        "{2024-01-0a..2024-01-05}",
        "{1969-12-31..1970-01-01}",
        "{2024-01-01..2024-01-02}{2024-01-01..2024-01-03}",
    };
    hr_glob_days d;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++)
        if (hr_glob_days_find(&d, bad[i])) fail_msg("'%s'", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),      cmocka_unit_test(test_many_stars),
        cmocka_unit_test(test_is_pattern), cmocka_unit_test(test_days),
        cmocka_unit_test(test_bad_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
