/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as they are written, in the values of the column they are about. */
#include "app/where.h"

#include "harness.h"
#include "pq_handmade.h"

#define DAY_NS INT64_C(86400000000000)

static uint8_t file_buf[1 << 16];
static pqb b;
static pqb_bytes file;
static hr_arena *arena;
static hr_pq_file *f;

static int set_up(void **state)
{
    static const pqb_leaf_info leaves[] = {
        {.name = "n", .phys = HR_PQ_INT64, .converted = -1},
        {.name = "day", .phys = HR_PQ_INT32, .converted = 6},
        {.name = "ms", .phys = HR_PQ_INT64, .converted = 9},
        {.name = "ns", .phys = HR_PQ_INT64, .converted = -1, .logical = 8},
        {.name = "price", .phys = HR_PQ_INT64, .converted = 5, .scale = 2, .precision = 18},
        {.name = "is_bid", .phys = HR_PQ_BOOLEAN, .converted = -1},
        {.name = "x", .phys = HR_PQ_DOUBLE, .converted = -1},
        {.name = "single", .phys = HR_PQ_FLOAT, .converted = -1},
        {.name = "name", .phys = HR_PQ_BYTE_ARRAY, .converted = 0},
    };
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    (void)state;
    assert_int_equal(hr_arena_create(&arena, NULL, 4u << 20, "test", NULL), HR_OK);
    pqb_init(&b, file_buf, sizeof file_buf);
    for (size_t i = 0; i < HR_ARRAY_LEN(leaves); i++)
        pqb_leaf(&b, &leaves[i]);
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    return hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, NULL) != HR_OK;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
    } cases[] = {
        {"n=7", 7, 7},
        {"n=-7..9", -7, 9},
        {"n=..9", INT64_MIN, 9},
        {"n=9..", 9, INT64_MAX},
        {"n=..", INT64_MIN, INT64_MAX},
        {"n=9..8", 9, 8},
        {"day=1970-01-11", 10, 10},
        {"day=1970-01-11T12:00..1970-01-12T12:00", 11, 11}, /* days within */
        {"ms=1970-01-01T00:00:01.5Z", 1500, 1500},
        {"ms=1500000000", 1500, 1500},
        {"ms=1970-01-01T00:00:00.0005", 1, 0}, /* none is that */
        {"ns=1970-01-02..1970-01-02T00:00:00.000000001", DAY_NS, DAY_NS + 1},
        {"price=1.5", 150, 150},
        {"price=-1..0.01", -100, 1},
        {"is_bid=true", 1, 1},
        {"is_bid=0", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        static hr_where w;
        hr_err err = HR_ERR_INIT;
        hr_status st = hr_where_parse(&w, f, cases[i].text, &err);
        if (st != HR_OK || w.range.min != cases[i].min || w.range.max != cases[i].max)
            fail_msg("%s: %s %lld..%lld", cases[i].text, err.message, (long long)w.range.min,
                     (long long)w.range.max);
        assert_int_equal(w.range.by, HR_PQ_BY_I64);
    }
}

static void test_others(void **state)
{
    static hr_where w;
    (void)state;
    assert_int_equal(hr_where_parse(&w, f, "x=0.1..1e3", NULL), HR_OK);
    assert_true(w.range.by == HR_PQ_BY_F64 && w.range.min_f64 == 0.1 && w.range.max_f64 == 1000);
    assert_int_equal(hr_where_parse(&w, f, "x=..-2", NULL), HR_OK);
    assert_true(w.range.min_f64 < -1e308 && w.range.max_f64 == -2);
    assert_int_equal(hr_where_parse(&w, f, "single=0.1", NULL), HR_OK);
    assert_true(w.range.min_f64 == (double)0.1f && w.range.max_f64 == (double)0.1f);
    assert_int_equal(hr_where_parse(&w, f, "name=A=B", NULL), HR_OK);
    assert_int_equal(w.range.by, HR_PQ_BY_BYTES);
    assert_string_equal(w.range.min_bytes.s, "A=B");
    assert_string_equal(w.range.max_bytes.s, "A=B");
    assert_int_equal(hr_where_parse(&w, f, "name=A..", NULL), HR_OK);
    assert_true(w.range.min_bytes.n == 1 && w.range.max_bytes.s == NULL);
    assert_int_equal(hr_where_parse(&w, f, "name=", NULL), HR_OK);
    assert_true(w.range.min_bytes.s != NULL && w.range.min_bytes.n == 0);
    assert_true(w.range.max_bytes.s != NULL && w.range.max_bytes.n == 0);
}

static void test_refusals(void **state)
{
    static const char *const wrong[][2] = {
        {"", "is not COLUMN=VALUE"},
        {"n", "is not COLUMN=VALUE"},
        {"=7", "is not COLUMN=VALUE"},
        {"nn=7", "no column 'nn'"},
        {"pric=7", "did you mean 'price'?"},
        {"n=", "'' is not a value"},
        {"n=1.5", "a whole number"},
        {"n=1..x", "'x' is not a whole number"},
        {"n=9223372036854775808", "a whole number"},
        {"price=1.234", "a number of 2 decimals at most"},
        {"ms=noon", "a time such as"},
        {"day=1970-02-30", "a time such as"},
        {"is_bid=yes", "true or false"},
        {"x=nan", "is not a number"},
        {"x=1x", "is not a number"},
    };
    static char long_text[2 * HR_WHERE_TEXT];
    static hr_where w;
    (void)state;
    hr_err err = HR_ERR_INIT;
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++) {
        hr_err_reset(&err);
        assert_int_equal(hr_where_parse(&w, f, wrong[i][0], &err), HR_EUSAGE);
        if (strstr(err.message, wrong[i][1]) == NULL) fail_msg("%s", err.message);
    }
    memset(long_text, 'n', sizeof long_text - 1);
    assert_int_equal(hr_where_parse(&w, f, long_text, &err), HR_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
