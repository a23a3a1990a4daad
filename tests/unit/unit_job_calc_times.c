/* SPDX-License-Identifier: Apache-2.0 */
/* Times of plain tables in Parquet, whatever the columns are that hold them: each case is a table,
 * and what its rows' times are. */
#include <stdlib.h>

#include "base/sys.h"
#include "harness.h"
#include "pack.h"
#include "pq_handmade.h"
#include "table_rig.h"

#define ROWS_MAX 8
#define CAP 65536u
#define S INT64_C(1000000000)
#define DAY (INT64_C(1704153600) * S) /* 2024-01-02 */
#define NONE HR_NULL_I64              /* the row is rejected */

/* ConvertedType */
enum { UTF8 = 0, DECIMAL = 5, DATE = 6, TIME_MS = 7, TIME_US = 8, STAMP_MS = 9, STAMP_US = 10 };

typedef struct cells {
    pqb_leaf_info leaf;
    const char *row[ROWS_MAX]; /* "": null */
} cells;
#define COLUMN(NAME, PHYS, CONVERTED, ...)                                                         \
    {                                                                                              \
        .leaf = {.name = NAME,                                                                     \
                 .phys = HR_PQ_##PHYS,                                                             \
                 .converted = CONVERTED,                                                           \
                 .repetition = HR_PQ_OPTIONAL,                                                     \
                 .scale = 3,                                                                       \
                 .precision = 18},                                                                 \
        .row = {                                                                                   \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

typedef struct kind {
    const char *name;
    hr_calc_words words;
    cells column[2];
    int64_t want[ROWS_MAX]; /* of as many as have cells */
} kind;

#define TOO_LONG "2024-01-02T00:00:00.00000000000000000000000000000Z"
static const kind kinds[] = {
    {"numbers, by their size",
     {0},
     {COLUMN("time", INT64, -1, "1704153600", "1704153600000", "20240102", "1704153600000000000",
             "", "-5")},
     {DAY, DAY, DAY, DAY, NONE, NONE}},
    {"milliseconds",
     {0},
     {COLUMN("t", INT64, STAMP_MS, "1704153600001", "9223372036855000", "-1", "")},
     {DAY + 1000000, NONE, -1000000, NONE}},
    {"microseconds, all of them good",
     {0},
     {COLUMN("t", INT64, STAMP_US, "1704153600000001", "0")},
     {DAY + 1000, 0}},
    {"days", {0}, {COLUMN("d", INT32, DATE, "19724", "0", "", "2000000")}, {DAY, 0, NONE, NONE}},
    {"seconds with decimals",
     {0},
     {COLUMN("ts", DOUBLE, -1, "1704153600.5", "nan", "", "-1")},
     {DAY + S / 2, NONE, NONE, NONE}},
    {"decimals",
     {0},
     {COLUMN("ts", INT64, DECIMAL, "1704153600250", "", "-1")},
     {DAY + S / 4, NONE, NONE}},
    {"texts",
     {0},
     {COLUMN("time", BYTE_ARRAY, UTF8, "2024-01-02", "2024-01-02T00:00:01Z", "", "soon", TOO_LONG,
             "01/02/2024")},
     {DAY, DAY + S, NONE, NONE, NONE, NONE}},
    {"texts whose order is said",
     {.dates = HR_CSV_MONTH_FIRST},
     {COLUMN("time", BYTE_ARRAY, UTF8, "01/02/2024", "2024-01-02 00:00")},
     {DAY, DAY}},
    {"a date and a time of day",
     {0},
     {COLUMN("date", INT32, DATE, "19724", "19724", "", "2000000"),
      COLUMN("time", INT64, TIME_US, "34200000001", "", "0", "0")},
     {DAY + 34200 * S + 1000, NONE, NONE, NONE}},
    {"a date and milliseconds of it",
     {0},
     {COLUMN("date", INT64, -1, "20240102", "1704153600"),
      COLUMN("time", INT32, TIME_MS, "1500", "86399999")},
     {DAY + S + S / 2, DAY + 86399999 * (S / 1000)}},
    {"a date and text",
     {0},
     {COLUMN("date", INT32, DATE, "19724", "19724", "19724", "19724", ""),
      COLUMN("time", BYTE_ARRAY, UTF8, "09:30", "1704153601", "", TOO_LONG, "09:30")},
     {DAY + 34200 * S, DAY + S, NONE, NONE, NONE}},
    {"two texts",
     {0},
     {COLUMN("date", BYTE_ARRAY, UTF8, "2024-01-02", "20240102", "", TOO_LONG, "2024-01-02"),
      COLUMN("time", BYTE_ARRAY, UTF8, "9:30", "9:30:01.5", "9:30", "9:30", TOO_LONG)},
     {DAY + 34200 * S, DAY + 34201 * S + S / 2, NONE, NONE, NONE}},
    {"the venue's time, else ours",
     {0},
     {COLUMN("ts_event", INT64, STAMP_US, "1704153600000000", "", ""),
      COLUMN("ts_recv", INT64, STAMP_MS, "7", "1704153600000", "")},
     {DAY, DAY, NONE}},
    {"ours, else the venue's, as text",
     {.is_local = true},
     {COLUMN("ts_event", INT64, -1, "7", "1704153600000", ""),
      COLUMN("ts_recv", BYTE_ARRAY, UTF8, "2024-01-02", "", "")},
     {DAY, DAY, NONE}},
    {"ours, else the venue's, in seconds",
     {.is_local = true},
     {COLUMN("ts_event", INT64, -1, "7", "1704153600", ""),
      COLUMN("ts_recv", DOUBLE, -1, "1704153600", "", "")},
     {DAY, DAY, NONE}},
};

static uint32_t rows_of(const kind *k)
{
    uint32_t n = 0;
    while (n < ROWS_MAX && k->column[0].row[n] != NULL)
        n++;
    return n;
}

static size_t put_cell(uint8_t *to, hr_pq_phys phys, const char *s)
{
    int64_t v = strtoll(s, NULL, 10); /* little-endian: INT32 is its lower half */
    double d = strtod(s, NULL);
    uint32_t n = (uint32_t)strlen(s);
    size_t width = phys == HR_PQ_INT32 ? 4 : 8;
    if (phys != HR_PQ_BYTE_ARRAY) {
        memcpy(to, phys == HR_PQ_DOUBLE ? (const void *)&d : &v, width);
        return width;
    }
    memcpy(to, &n, 4);
    memcpy(to + 4, s, n);
    return 4 + n;
}

static void put_chunk(pqb *b, const cells *c, uint32_t n)
{
    static uint8_t body[CAP];
    uint8_t level[ROWS_MAX];
    for (uint32_t i = 0; i < n; i++)
        level[i] = c->row[i][0] != '\0';
    size_t k = pqb_sized_levels(body, level, n);
    for (uint32_t i = 0; i < n; i++)
        if (level[i]) k += put_cell(body + k, c->leaf.phys, c->row[i]);
    pqb_page(b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = HR_PQ_PLAIN, .n_values = (int)n,
                         .body = body, .n_body = k));
    pqb_chunk(b, n, HR_PQ_UNCOMPRESSED);
}

/* The same rows in two row groups. */
static void put_table(const char *path, const kind *k)
{
    static uint8_t buf[CAP];
    static pqb b;
    uint32_t n_columns = k->column[1].leaf.name != NULL ? 2 : 1;
    pqb_init(&b, buf, CAP);
    for (uint32_t i = 0; i < n_columns; i++)
        pqb_leaf(&b, &k->column[i].leaf);
    for (uint32_t g = 0; g < 2; g++) {
        for (uint32_t i = 0; i < n_columns; i++)
            put_chunk(&b, &k->column[i], rows_of(k));
        pqb_group(&b, rows_of(k));
    }
    size_t n = pqb_finish(&b);
    test_put_file(path, buf, n);
}

static uint32_t good_from(const kind *k, uint32_t row)
{
    uint32_t n = rows_of(k);
    while (row < 2 * n && k->want[row % n] == NONE)
        row++;
    return row;
}

static void check_kind(const char *path, const kind *k)
{
    static table_rig t;
    hr_calc_span span;
    hr_status st;
    hr_err err = HR_ERR_INIT;
    uint32_t n_good = 0;
    uint32_t row = good_from(k, 0);
    print_message("# %s\n", k->name);
    put_table(path, k);
    table_rig_open(&t, path, &k->words, NULL, NULL);
    while ((st = hr_calc_input_next(t.in, &span, &err)) == HR_OK) {
        for (uint32_t i = 0; i < span.n; i++, row = good_from(k, row + 1), n_good++) {
            assert_true(row < 2 * rows_of(k));
            assert_int_equal(span.ts[i], k->want[row % rows_of(k)]);
        }
    }
    assert_int_equal(st, HR_END);
    assert_int_equal(row, 2 * rows_of(k));
    assert_int_equal(t.rejects.n, 2 * rows_of(k) - n_good);
    assert_int_equal(t.rejects.n > 0, strstr(t.rejects.first, "(row group 0): expected a") != NULL);
    hr_calc_input_close(&t.in);
}

static void test_times(void **state)
{
    hr_sys_sim *sim = NULL;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    for (uint32_t i = 0; i < HR_ARRAY_LEN(kinds); i++)
        check_kind("/t.parquet", &kinds[i]);
    assert_int_equal(hr_sys_sim_open_count(sim), 0);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

/* A stop is met at the next step. */
static void test_stop(void **state)
{
    static table_rig t;
    _Atomic uint32_t stop = 0;
    hr_sys_sim *sim = NULL;
    hr_calc_span span;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    put_table("/t.parquet", &kinds[2]);
    table_rig_open(&t, "/t.parquet", NULL, NULL, &stop);
    assert_int_equal(hr_calc_input_next(t.in, &span, &err), HR_OK);
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    assert_int_equal(hr_calc_input_next(t.in, &span, &err), HR_ESTOPPED);
    hr_calc_input_close(&t.in);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
