/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet that says it was made of CSV, and is not as convert makes it: other types, other columns,
 * metadata that is no such thing. What can be CSV becomes it, the rest is refused by name. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "convert/convert.h"
#include "convert/convert_csv.h"
#include "fmt/pq_write.h"
#include "harness.h"

#define N_ROWS 3u

static char folder[64];
static char in[64], out[64];
static hr_err err;

typedef struct table {
    hr_field field[HR_CSV_COLUMNS_MAX + 1];
    const void *v[HR_CSV_COLUMNS_MAX + 1];
    uint16_t n;
    const char *format, *header, *times; /* NULL: no such key */
} table;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/csv-back-XXXXXX", P_tmpdir);
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(in, sizeof in, "%.40s/t.parquet", folder);
    snprintf(out, sizeof out, "%.40s/t.csv", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(in);
    (void)unlink(out);
    return rmdir(folder);
}

static hr_status put(void *self, const void *bytes, size_t n_bytes, hr_err *e)
{
    (void)e;
    return fwrite(bytes, 1, n_bytes, self) == n_bytes ? HR_OK : HR_EIO;
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *e)
{
    const table *t = self;
    (void)block;
    (void)e;
    *n_rows = N_ROWS;
    return t->v[col];
}

static void write_table(const table *t)
{
    const char *keys[3];
    const char *values[3];
    const char *const all[][2] = {{HR_CSV_META_FORMAT, t->format},
                                  {HR_CSV_META_HEADER, t->header},
                                  {HR_CSV_META_TIMES, t->times}};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_schema schema = {.name = "t", .n_fields = t->n, .fields = t->field};
    hr_rows_source rows = {
        .self = (void *)(uintptr_t)t, .n_blocks = 1, .n_rows = N_ROWS, .get = get};
    hr_pq_writer *w;
    hr_pq_scratch *scratch;
    hr_arena *arena = NULL;
    for (int i = 0; i < 3; i++) {
        if (all[i][1] == NULL) continue;
        keys[opt.n_meta] = all[i][0];
        values[opt.n_meta++] = all[i][1];
    }
    opt.meta_keys = keys;
    opt.meta_values = values;
    FILE *f = fopen(in, "wb");
    assert_non_null(f);
    size_t n = hr_pq_writer_bytes(&schema, 1);
    assert_int_equal(
        hr_arena_create(&arena, NULL, n + hr_pq_scratch_bytes(&opt) + 65536, "t", NULL), HR_OK);
    assert_int_equal(hr_pq_scratch_create(&scratch, arena, &opt, NULL), HR_OK);
    assert_int_equal(
        hr_pq_writer_init(&w, hr_arena_alloc(arena, n, 64), n, &schema, 1, &opt, put, f, NULL),
        HR_OK);
    assert_int_equal(hr_pq_writer_row_group(w, scratch, &rows, NULL), HR_OK);
    assert_int_equal(hr_pq_writer_finish(w, scratch, NULL), HR_OK);
    assert_int_equal(fclose(f), 0);
    hr_arena_destroy(&arena);
}

static hr_status convert(void)
{
    hr_convert_options o = HR_CONVERT_OPTIONS_DEFAULT;
    hr_convert_report report;
    o.in = in;
    o.out = out;
    o.force = true;
    err = (hr_err)HR_ERR_INIT;
    return hr_convert(&o, &report, &err);
}

static void expect_text(const char *want)
{
    char got[2048] = {0};
    FILE *f = fopen(out, "rb");
    assert_non_null(f);
    (void)!fread(got, 1, sizeof got - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(got, want);
}

static const int64_t numbers[N_ROWS] = {150, HR_NULL_I64, -7};
static const int64_t times[N_ROWS] = {INT64_C(1704153600000000000), HR_NULL_I64,
                                      INT64_C(1704153600000000001)};
static const double reals[N_ROWS] = {0.1, (double)NAN, 1e300};
static const uint32_t u32s[N_ROWS] = {0, 7, UINT32_MAX};
static const uint8_t bytes[N_ROWS] = {0, 1, 1};
static const char *const words[] = {"a,b", "q\"q"};
static const hr_text texts[N_ROWS] = {
    {.byte = "x\ny", .len = 3}, {.len = HR_TEXT_NULL}, {.len = 0}};

static void set_usual(table *t)
{
    static const table is = {
        .field = {{.name = "time", .type = HR_COL_TS, .nullable = true},
                  {.name = "n", .type = HR_COL_I64, .nullable = true},
                  {.name = "d", .type = HR_COL_DEC, .scale = 2, .nullable = true},
                  {.name = "r", .type = HR_COL_F64, .nullable = true},
                  {.name = "u", .type = HR_COL_U32},
                  {.name = "w", .type = HR_COL_ENUM, .dict = words, .n_dict = 2},
                  {.name = "t", .type = HR_COL_TEXT, .nullable = true}},
        .v = {times, numbers, numbers, reals, u32s, bytes, texts},
        .n = 7,
        .format = "ohlcv"};
    *t = is;
}

static const char usual_rows[] = "2024-01-02 00:00:00,150,1.5,0.1,0,\"a,b\",\"x\ny\"\n"
                                 ",,,,7,\"q\"\"q\",\n"
                                 "2024-01-02 00:00:00.000000001,-7,-0.07,1e+300,4294967295,"
                                 "\"q\"\"q\",\n";

static void test_other_columns(void **state)
{
    static const char *const headers[] = {NULL, "x", "Date,Open,High,Low,Close,Volume,Symbol",
                                          "time\n1,2"};
    static const char *const forms[] = {NULL, "", "zz,,ms", "ms", "date", "us,us,us,us"};
    static table t;
    char want[512];
    (void)state;
    snprintf(want, sizeof want, "time,n,d,r,u,w,t\n%s", usual_rows);
    for (size_t i = 0; i < HR_ARRAY_LEN(headers) * HR_ARRAY_LEN(forms); i++) {
        set_usual(&t);
        t.header = headers[i % HR_ARRAY_LEN(headers)];
        t.times = forms[i / HR_ARRAY_LEN(headers)];
        if (i % 5 == 4) t.format = "no such format";
        write_table(&t);
        assert_int_equal(convert(), HR_OK);
        const char *form = t.times != NULL ? t.times : "";
        if (strncmp(form, "ms", 2) == 0 || strncmp(form, "us", 2) == 0) {
            char got[32] = {0}; /* the first time is a number, the last one is none of that unit */
            FILE *f = fopen(out, "rb");
            assert_non_null(f);
            (void)fseek(f, 17, SEEK_SET);
            assert_non_null(fgets(got, sizeof got, f));
            assert_int_equal(fclose(f), 0);
            assert_memory_equal(got, "1704153600000", 13);
            continue;
        }
        if (strcmp(form, "date") == 0) continue;
        expect_text(want);
    }
    set_usual(&t);
    t.header = "";
    write_table(&t);
    assert_int_equal(convert(), HR_OK);
    expect_text(usual_rows);
}

static void refuse(const table *t, hr_status want, const char *word)
{
    (void)unlink(out);
    write_table(t);
    assert_int_equal(convert(), want);
    if (strstr(err.message, word) == NULL) print_message("# %s\n", err.message);
    assert_non_null(strstr(err.message, word));
    assert_int_equal(access(out, F_OK), -1);
}

static void test_refused(void **state)
{
    static const double infinite[N_ROWS] = {0, -(double)INFINITY, 1};
    static char names[HR_CSV_COLUMNS_MAX + 1][8];
    static table t;
    (void)state;
    set_usual(&t);
    t.field[4] = (hr_field){.name = "b", .type = HR_COL_BOOL};
    t.v[4] = bytes;
    refuse(&t, HR_EUNSUPPORTED, "column 'b'");
    set_usual(&t);
    t.v[3] = infinite;
    refuse(&t, HR_EUNSUPPORTED, "infinity");
    set_usual(&t);
    t.n = HR_CSV_COLUMNS_MAX + 1;
    for (uint16_t i = 0; i < t.n; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        t.field[i] = (hr_field){.name = names[i], .type = HR_COL_U32};
        t.v[i] = u32s;
    }
    refuse(&t, HR_EUNSUPPORTED, "33 columns");
    set_usual(&t);
    t.format = NULL; /* nobody's */
    refuse(&t, HR_EUNSUPPORTED, "known tables");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_columns),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("job csv_back", tests, set_up, tear_down);
}
