/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "text/csv.h"
#include "text/json.h"

static bool accepts(const char *s, size_t n)
{
    hr_json j;
    hr_json_init(&j, s, n);
    return hr_utf8_valid(s, n) && hr_json_skip(&j) && hr_json_at_end(&j);
}

static void test_suite(void **state)
{
    static char path[4096];
    const char *dir = test_data_dir();
    (void)state;
    if (dir == NULL) {
        print_message("# skipped: the captures' folder is absent\n");
        return;
    }
    snprintf(path, sizeof path, "%s/JSONTestSuite", dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    int n_seen = 0;
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        static char text[1 << 20];
        if (e->d_name[0] != 'y' && e->d_name[0] != 'n') continue;
        snprintf(path, sizeof path, "%s/JSONTestSuite/%s", dir, e->d_name);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t n = fread(text, 1, sizeof text, f);
        fclose(f);
        bool ok = accepts(text, n);
        if (ok != (e->d_name[0] == 'y')) print_message("%s\n", e->d_name);
        assert_int_equal(ok, e->d_name[0] == 'y');
        n_seen++;
    }
    closedir(d);
    assert_true(n_seen > 100);
}

static void test_shapes(void **state)
{
    static const char *const good[] = {
        "{}",     "[]", " [ ] ", "{\"a\":[1,2,{\"b\":null}],\"c\":true}", "\"\\ud83d\\ude00\"",
        "-0.5e+3"};
    static const char *const bad[] = {"",    "{",      "[1,]",      "{\"a\":1,}", "{,}",
                                      "[,]", "[1 2]",  "{\"a\" 1}", "01",         "1.",
                                      "-",   "\"\t\"", "nul",       "{\"a\":}"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(accepts(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i], strlen(bad[i])));
    static char deep[1 << 20];
    memset(deep, '[', sizeof deep);
    assert_false(accepts(deep, sizeof deep));
}

static void test_csv(void **state)
{
    hr_csv_field f[4];
    uint32_t n;
    const char *next;
    const char *text = "a,\"b,\"\"c\",d\r\nx\n\"open";
    const char *end = text + strlen(text);
    (void)state;
    assert_int_equal(hr_csv_row(f, 4, &n, &next, text, end, true), HR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(f[1].n, 5);
    assert_memory_equal(f[1].s, "b,\"\"c", 5);
    assert_int_equal(hr_csv_row(f, 4, &n, &next, next, end, true), HR_OK);
    assert_int_equal(n, 1);
    const char *open = next;
    assert_int_equal(hr_csv_row(f, 4, &n, &next, open, end, false), HR_AGAIN);
    assert_int_equal(hr_csv_row(f, 4, &n, &next, open, end, true), HR_EINPUT);
    assert_ptr_equal(next, end);
    assert_int_equal(hr_csv_row(f, 4, &n, &next, end, end, true), HR_END);
    text = "1,2,3,4,5\n";
    assert_int_equal(hr_csv_row(f, 4, &n, &next, text, text + 10, true), HR_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite), cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_csv)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
