/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times of CSV tables: random ones against plain readings. */
#include <stdio.h>
#include <time.h>

#include "csv_check.h"
#include "harness.h"
#include "rng.h"
#include "venue/files/csv_table.h"

static size_t put_digits(test_rng *r, char *out, uint64_t most)
{
    size_t n = test_rng_below(r, most + 1);
    bool zeros = test_rng_chance(r, 3);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('0' + (zeros && !test_rng_chance(r, 6) ? 0 : test_rng_below(r, 10)));
    return n;
}

static size_t random_number(test_rng *r, char *out)
{
    static const char odd[] = "-+.eE5 ,x";
    size_t n = 0;
    if (test_rng_chance(r, 4)) out[n++] = '-';
    n += put_digits(r, out + n, 20);
    if (test_rng_chance(r, 3) == false) {
        out[n++] = '.';
        n += put_digits(r, out + n, 22);
        if (test_rng_chance(r, 4)) out[n++] = '5';
    }
    if (test_rng_chance(r, 6))
        n += (size_t)snprintf(out + n, 8, "%c%d", test_rng_chance(r, 2) ? 'e' : 'E',
                              (int)test_rng_below(r, 41) - 20);
    if (n > 0 && test_rng_chance(r, 20)) out[test_rng_below(r, n)] = odd[test_rng_below(r, 9)];
    return n;
}

static void test_numbers(void **state)
{
    test_rng r;
    char text[80];
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(200000); i++) {
        size_t n = random_number(&r, text);
        const char *wrong = csv_check_number(text, n);
        if (wrong != NULL) fail_msg("%s: '%.*s'", wrong, (int)n, text);
    }
}

/* The date by the C library's calendar, which is another one than ours. */
static int64_t plain_ns(int y, int m, int d, int of_day, int ns)
{
    struct tm t = {.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d, .tm_sec = of_day};
    return (int64_t)timegm(&t) * 1000000000 + ns;
}

static void test_dates(void **state)
{
    static const int64_t part[] = {1, 1000, 1000000, 1000000000};
    test_rng r;
    char text[80];
    hr_csv_time t;
    (void)state;
    test_rng_init(&r, test_seed() + 1);
    for (uint64_t i = 0; i < test_iters(100000); i++) {
        int y = 1678 + (int)test_rng_below(&r, 584);
        int m = 1 + (int)test_rng_below(&r, 12);
        int d = 1 + (int)test_rng_below(&r, 28);
        int s = (int)test_rng_below(&r, 86400);
        int ns = (int)((int64_t)test_rng_below(&r, 1000000000) / part[i % 4] * part[i % 4]);
        int64_t want = plain_ns(y, m, d, s, ns);
        int n = snprintf(text, sizeof text, "%04d-%02d-%02d%c%02d:%02d:%02d.%09d%s", y, m, d,
                         i % 2 ? 'T' : ' ', s / 3600, s / 60 % 60, s % 60, ns, i % 3 ? "Z" : "");
        assert_int_equal(hr_csv_time_parse(&t, text, (size_t)n, HR_CSV_ORDER_NONE), HR_OK);
        assert_true(t.ns == want && t.unit_ns == 0 && t.has_clock);
        assert_null(csv_check_time(text, (size_t)n));
        n = snprintf(text, sizeof text, "%d/%d/%04d %d:%02d", m, d, y, s / 3600, s / 60 % 60);
        assert_int_equal(hr_csv_time_parse(&t, text, (size_t)n, HR_CSV_MONTH_FIRST), HR_OK);
        assert_true(t.ns == plain_ns(y, m, d, s / 60 * 60, 0));
        assert_null(csv_check_time(text, (size_t)n));
        if (y < 1971) continue;
        n = snprintf(text, sizeof text, "%lld", (long long)(want / part[i % 4]));
        const char *wrong = csv_check_time(text, (size_t)n);
        if (wrong != NULL) fail_msg("%s: %s", wrong, text);
    }
}

static void test_odd_times(void **state)
{
    static const char alphabet[] = "0123456789//--::..T Z+UC";
    test_rng r;
    char text[40];
    (void)state;
    test_rng_init(&r, test_seed() + 2);
    for (uint64_t i = 0; i < test_iters(300000); i++) {
        size_t n = (size_t)snprintf(text, sizeof text, "%s",
                                    i % 3 == 0   ? "2024-02-29 23:59:59.999999999+05:30"
                                    : i % 3 == 1 ? "12/11/99 9:30"
                                                 : "1704153600000.123");
        for (uint64_t k = test_rng_below(&r, 4); k > 0; k--)
            text[test_rng_below(&r, n)] = alphabet[test_rng_below(&r, sizeof alphabet - 1)];
        n -= test_rng_below(&r, n);
        const char *wrong = csv_check_time(text, n);
        if (wrong != NULL) fail_msg("%s: '%.*s'", wrong, (int)n, text);
    }
}

/* Random tables: numbers of all sizes, odd fields, rows that are too short. */
static void test_tables(void **state)
{
    static char text[8192];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 3);
    for (uint64_t i = 0; i < test_iters(5000); i++) {
        uint32_t which = (uint32_t)test_rng_below(&r, HR_CSV_LAYOUTS);
        const hr_csv_layout *l = hr_csv_layout_at(which);
        size_t n = 0;
        for (uint32_t c = 0; c < l->n_columns; c++)
            n += (size_t)snprintf(text + n, 64, "%s%s", c > 0 ? "," : "", l->columns[c].name);
        for (uint64_t row = 1 + test_rng_below(&r, 4); row > 0; row--) {
            text[n++] = '\n';
            for (uint32_t c = 0; c < l->n_columns; c++) {
                if (c > 0) text[n++] = ',';
                if (l->columns[c].type == HR_CSV_TIME && !test_rng_chance(&r, 20))
                    n += (size_t)snprintf(text + n, 32, "%llu",
                                          1500000000000 +
                                              (unsigned long long)test_rng_below(&r, 1000000000));
                else if (!test_rng_chance(&r, 10))
                    n += random_number(&r, text + n);
            }
        }
        text[n++] = '\n';
        const char *wrong = csv_check_table(which, text, n);
        if (wrong != NULL) fail_msg("%s: %.*s", wrong, (int)n, text);
    }
}

/* Whole numbers many at once: as each by itself. */
static void test_whole_times(void **state)
{
    static const int64_t near[] = {0,
                                   19700101,
                                   99999999,
                                   INT64_C(100000000000),
                                   INT64_C(100000000000000),
                                   INT64_C(100000000000000000),
                                   INT64_C(1700000000000000000),
                                   INT64_MAX - 3};
    int64_t v[9];
    int64_t ns[9];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(100000); i++) {
        const uint32_t n = (uint32_t)test_rng_below(&r, 10);
        const uint64_t of = test_rng_below(&r, HR_ARRAY_LEN(near));
        bool are_all = true;
        for (uint32_t k = 0; k < n; k++) {
            const bool is_other = test_rng_chance(&r, 30);
            v[k] = near[is_other ? test_rng_below(&r, HR_ARRAY_LEN(near)) : of] - 3 +
                   (int64_t)test_rng_below(&r, 7);
            if (test_rng_chance(&r, 100)) v[k] = INT64_MIN; /* null */
        }
        for (uint32_t k = 0; k < n; k++) {
            int64_t one;
            are_all &= hr_csv_time_int(&one, v[k]) == HR_OK;
        }
        assert_int_equal(hr_csv_time_ints(ns, v, n), are_all);
        for (uint32_t k = 0; are_all && k < n; k++) {
            int64_t one = 0;
            assert_int_equal(hr_csv_time_int(&one, v[k]), HR_OK);
            assert_int_equal(ns[k], one);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_dates),
        cmocka_unit_test(test_odd_times), cmocka_unit_test(test_whole_times),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
