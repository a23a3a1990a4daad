/* SPDX-License-Identifier: Apache-2.0 */
/* What a cursor may be asked beside values: which rows are null, and where to begin. */
#include <math.h>

#include "fmt/pq_read.h"
#include "harness.h"
#include "pq_handmade.h"

#define CAP (1u << 20)

static uint8_t *file_buf, *body;
static pqb b;
static pqb_bytes file;
static hr_arena *arena;
static hr_err err;
static size_t mark;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(hr_arena_create(&arena, NULL, 32u << 20, "test", NULL), HR_OK);
    file_buf = hr_arena_alloc(arena, CAP, 64);
    body = hr_arena_alloc(arena, CAP, 64);
    mark = hr_arena_mark(arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static void begin(hr_pq_phys phys, int repetition)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(
        &b, &(pqb_leaf_info){.name = "v", .phys = phys, .repetition = repetition, .converted = -1});
}

static hr_pq_cursor *open_column(int64_t n_rows)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_pq_cursor *c;
    pqb_chunk(&b, n_rows, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, n_rows);
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    err = (hr_err)HR_ERR_INIT;
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err),
                     HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    return c;
}

/* ---- nulls ---- */

/* The deprecated encoding of levels: highest bit first, and no length. */
static void test_packed_levels(void **state)
{
    (void)state;
    static const char level[11] = "01101001011";
    int64_t v[16];
    uint32_t got;
    begin(HR_PQ_INT64, HR_PQ_OPTIONAL);
    memset(body, 0, 2);
    for (unsigned i = 0, k = 0; i < 11; i++) {
        int64_t value = 100 + i;
        if (level[i] == '0') continue;
        body[i / 8] |= (uint8_t)(0x80 >> i % 8);
        memcpy(body + 2 + 8 * k++, &value, 8);
    }
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 11, .body = body, .n_body = 2 + 48,
                          .def_encoding = HR_PQ_BIT_PACKED));
    assert_int_equal(hr_pq_read_i64(open_column(11), v, 16, &got, &err), HR_OK);
    assert_int_equal(got, 11);
    for (int64_t i = 0; i < 11; i++)
        assert_int_equal(v[i], level[i] == '0' ? HR_NULL_I64 : 100 + i);
    begin(HR_PQ_INT64, HR_PQ_OPTIONAL);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 17, .body = body, .n_body = 2,
                          .def_encoding = HR_PQ_BIT_PACKED));
    assert_int_equal(hr_pq_read_i64(open_column(17), v, 16, &got, &err), HR_ECORRUPT);
    assert_non_null(strstr(err.message, "cut levels"));
}

static void test_null_marks(void **state)
{
    (void)state;
    const uint8_t level[6] = {0, 1, 1, 0, 1, 0};
    const int64_t values[3] = {HR_NULL_I64, 8, 9};
    uint8_t is_null[16];
    int64_t v[16];
    uint32_t got;
    begin(HR_PQ_INT64, HR_PQ_OPTIONAL);
    for (int page = 0; page < 2; page++) {
        size_t n = pqb_sized_levels(body, level, 6);
        memcpy(body + n, values, 24);
        pqb_page(&b,
                 PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 6, .body = body, .n_body = n + 24));
    }
    hr_pq_cursor *c = open_column(12);
    hr_pq_cursor_mark_nulls(c, is_null);
    for (uint32_t at = 0; at < 12; at += got) { /* a read begins at the first mark */
        assert_int_equal(hr_pq_read_i64(c, v, 7, &got, &err), HR_OK);
        for (uint32_t i = 0; i < got; i++)
            assert_int_equal(is_null[i], level[(at + i) % 6] == 0);
    }
    hr_pq_cursor_mark_nulls(c, NULL);
    memset(is_null, 7, sizeof is_null);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_i64(c, v, 16, &got, &err), HR_OK);
    assert_int_equal(is_null[0], 7);
}

/* A NaN is a value; texts and decimals of variable length have marks too. */
static void test_null_marks_of_types(void **state)
{
    (void)state;
    const uint8_t level[3] = {1, 0, 1};
    const double real[2] = {(double)NAN, 1};
    uint8_t is_null[4];
    double d[4];
    hr_pq_bytes s[4];
    int64_t v[4];
    uint32_t got;
    begin(HR_PQ_DOUBLE, HR_PQ_OPTIONAL);
    size_t n = pqb_sized_levels(body, level, 3);
    memcpy(body + n, real, 16);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 3, .body = body, .n_body = n + 16));
    hr_pq_cursor *c = open_column(3);
    hr_pq_cursor_mark_nulls(c, is_null);
    assert_int_equal(hr_pq_read_f64(c, d, 4, &got, &err), HR_OK);
    assert_true(isnan(d[0]) && isnan(d[1]) && d[2] == 1);
    assert_memory_equal(is_null, "\0\1\0", 3);
    begin(HR_PQ_BYTE_ARRAY, HR_PQ_OPTIONAL);
    b.leaf[0].converted = 5;
    b.leaf[0].precision = 9;
    memcpy(body + n, "\1\0\0\0\7\2\0\0\0\1\0", 11);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 3, .body = body, .n_body = n + 11));
    c = open_column(3);
    hr_pq_cursor_mark_nulls(c, is_null);
    memset(is_null, 7, sizeof is_null);
    assert_int_equal(hr_pq_read_i64(c, v, 4, &got, &err), HR_OK);
    assert_true(v[0] == 7 && v[2] == 256);
    assert_memory_equal(is_null, "\0\1\0", 3);
    memset(is_null, 7, sizeof is_null);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_bytes(c, s, 4, &got, &err), HR_OK);
    assert_memory_equal(is_null, "\0\1\0", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_levels),
        cmocka_unit_test(test_null_marks),
        cmocka_unit_test(test_null_marks_of_types),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
