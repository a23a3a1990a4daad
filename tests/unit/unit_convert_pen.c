/* SPDX-License-Identifier: Apache-2.0 */
/* What the text targets of convert write with: numbers at the edges of what they hold, lines longer
 * than the buffer, and a disk that is full, after which nothing more is taken. */
#include "convert/pen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

static char folder[64], out[96];
static hr_arena *arena;
static hr_out_file file;
static hr_err err;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/pen-XXXXXX", P_tmpdir);
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(out, sizeof out, "%s/line.txt", folder);
    if (hr_arena_create(&arena, NULL, hr_out_bytes() + (64u << 10), "pen", NULL) != HR_OK)
        return -1;
    file = (hr_out_file){.fd = -1};
    err = (hr_err)HR_ERR_INIT;
    return hr_out_open(&file, out, HR_CONTAINER_PLAIN, false, arena, &err) == HR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_out_abandon(&file, true);
    hr_arena_destroy(&arena);
    (void)unlink(out);
    return rmdir(folder);
}

/* All that was written, published and read again. */
static size_t take(char *text, size_t cap)
{
    assert_int_equal(hr_out_finish(&file, NULL, false, &err), HR_OK);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    const size_t n = fread(text, 1, cap - 1, f);
    text[n] = '\0';
    assert_int_equal(fclose(f), 0);
    return n;
}

static void test_numbers(void **state)
{
    static const struct {
        int64_t v;
        unsigned scale;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 18, "0"},
        {1, 18, "0.000000000000000001"},
        {-1, 18, "-0.000000000000000001"},
        {10, 1, "1"},
        {-10, 1, "-1"},
        {100000000, 9, "0.1"},
        {1000000001, 9, "1.000000001"},
        {INT64_MAX, 0, "9223372036854775807"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {INT64_MAX, 18, "9.223372036854775807"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MIN + 8, 9, "-9223372036.8547758"},
        {INT64_C(1000000000000000000), 18, "1"},
    };
    char text[1024];
    char want[1024] = "";
    size_t at = 0;
    (void)state;
    hr_pen k = hr_pen_init(&file, &err);
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_pen_decimal(&k, cases[i].v, cases[i].scale);
        hr_pen_text(&k, "\n");
        at += (size_t)snprintf(want + at, sizeof want - at, "%s\n", cases[i].text);
        assert_in_range(strlen(cases[i].text), 1, HR_DECIMAL_TEXT_MAX - 1);
    }
    hr_pen_int(&k, "n=", INT64_MIN);
    hr_pen_int(&k, ",m=", -0);
    assert_int_equal(hr_pen_end(&k), HR_OK);
    snprintf(want + at, sizeof want - at, "n=-9223372036854775808,m=0");
    (void)take(text, sizeof text);
    assert_string_equal(text, want);
}

/* Numbers on both sides of every border of the buffer, and one text that is longer than it. */
static void test_long(void **state)
{
    enum { LONG = 200000, NUMBERS = 40000 };
    char *text = test_malloc(2u << 20);
    size_t at = LONG;
    (void)state;
    memset(text, 'x', LONG);
    hr_pen k = hr_pen_init(&file, &err);
    hr_pen_put(&k, text, LONG);
    hr_pen_put(&k, "", 0);
    for (int i = 0; i < NUMBERS; i++)
        hr_pen_decimal(&k, INT64_MIN + i, 18);
    assert_int_equal(hr_pen_end(&k), HR_OK);
    const size_t n = take(text, 2u << 20);
    for (size_t i = 0; i < LONG; i++)
        assert_int_equal(text[i], 'x');
    for (int i = 0; i < NUMBERS; i++) {
        char number[HR_DECIMAL_TEXT_MAX];
        const size_t len = hr_decimal_format(number, INT64_MIN + i, 18);
        assert_memory_equal(text + at, number, len);
        at += len;
    }
    assert_int_equal(n, at);
    test_free(text);
}

/* The first failure stays, whatever is put behind it. */
static void test_full(void **state)
{
    (void)state;
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0) skip();
    assert_int_equal(dup2(full, file.fd), file.fd);
    assert_int_equal(close(full), 0);
    hr_pen k = hr_pen_init(&file, &err);
    for (int i = 0; i < 1000000 && k.st == HR_OK; i++)
        hr_pen_int(&k, ",", INT64_MAX);
    assert_int_equal(k.st, HR_ENOSPC);
    assert_int_equal(err.code, HR_ENOSPC);
    hr_pen_text(&k, "more");
    hr_pen_decimal(&k, 1, 0);
    assert_int_equal(hr_pen_end(&k), HR_ENOSPC);
    assert_int_equal(access(out, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
