/* SPDX-License-Identifier: Apache-2.0 */
/* What a cursor may be asked beside values: which rows are null, and where to begin. */
#include <math.h>

#include "fmt/pq_read.h"
#include "harness.h"
#include "pq_rig.h"

#define CAP (1u << 20)

static int set_up(void **state)
{
    (void)state;
    return pq_rig_open(CAP, 32u << 20) ? 0 : -1;
}

static void begin(hr_pq_phys phys, int repetition)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(
        &b, &(pqb_leaf_info){.name = "v", .phys = phys, .repetition = repetition, .converted = -1});
}

static hr_pq_cursor *open_built(void)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_pq_cursor *c;
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    err = (hr_err)HR_ERR_INIT;
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err),
                     HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    return c;
}

static hr_pq_cursor *open_column(int64_t n_rows)
{
    pqb_chunk(&b, n_rows, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, n_rows);
    return open_built();
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

/* ---- rows ---- */

#define PAGES 5
#define PER_PAGE 200

typedef enum page_kind { PLAIN_INTS, DICT_TEXTS, SIZED_TEXTS, BOOLEANS, KINDS } page_kind;

static int64_t value_of(page_kind kind, int64_t row)
{
    return kind == BOOLEANS ? row / 3 % 2 : row * 7 % 10;
}

static void put_dictionary(void)
{
    size_t n = 0;
    for (int i = 0; i < 10; i++) {
        memcpy(body + n, "\1\0\0\0", 4);
        body[n + 4] = (uint8_t)('0' + i);
        n += 5;
    }
    pqb_page(&b,
             PQB_PAGE(.type = HR_PQ_DICTIONARY_PAGE, .n_values = 10, .body = body, .n_body = n));
}

static size_t put_values(page_kind kind, int64_t begin_row, hr_pq_encoding *e)
{
    int64_t length[PER_PAGE];
    uint8_t index[PER_PAGE];
    size_t n = 0;
    memset(body, 0, PER_PAGE);
    for (int64_t i = 0; i < PER_PAGE; i++) {
        int64_t v = value_of(kind, begin_row + i);
        length[i] = 1;
        index[i] = (uint8_t)v;
        if (kind == PLAIN_INTS) memcpy(body + 8 * i, &v, 8);
        if (kind == BOOLEANS && v != 0) body[i / 8] |= (uint8_t)(1 << i % 8);
    }
    *e = HR_PQ_PLAIN;
    if (kind == PLAIN_INTS) return PER_PAGE * 8;
    if (kind == BOOLEANS) return PER_PAGE / 8;
    if (kind == DICT_TEXTS) {
        *e = HR_PQ_RLE_DICTIONARY;
        body[0] = 4;
        return 1 + pqb_levels(body + 1, index, PER_PAGE);
    }
    *e = HR_PQ_DELTA_LENGTH_BYTE_ARRAY;
    n = pqb_delta(body, length, PER_PAGE);
    for (size_t i = 0; i < PER_PAGE; i++)
        body[n++] = (uint8_t)('0' + index[i]);
    return n;
}

static hr_pq_cursor *open_kind(page_kind kind, bool has_index)
{
    static const hr_pq_phys phys[KINDS] = {HR_PQ_INT64, HR_PQ_BYTE_ARRAY, HR_PQ_BYTE_ARRAY,
                                           HR_PQ_BOOLEAN};
    begin(phys[kind], HR_PQ_REQUIRED);
    if (kind == DICT_TEXTS) put_dictionary();
    for (int64_t page = 0; page < PAGES; page++) {
        hr_pq_encoding e;
        size_t n = put_values(kind, page * PER_PAGE, &e);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = e, .n_values = PER_PAGE,
                              .body = body, .n_body = n));
    }
    if (!has_index) return open_column(PAGES * PER_PAGE);
    pqb_chunk(&b, PAGES * PER_PAGE, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, PAGES * PER_PAGE);
    pqb_indexes(&b, 0);
    return open_built();
}

static void expect_from(hr_pq_cursor *c, page_kind kind, int64_t row)
{
    static int64_t v[PAGES * PER_PAGE];
    static hr_pq_bytes s[PAGES * PER_PAGE];
    bool is_text = kind == DICT_TEXTS || kind == SIZED_TEXTS;
    for (uint32_t got; row < PAGES * PER_PAGE; row += got) {
        hr_status st = is_text ? hr_pq_read_bytes(c, s, PAGES * PER_PAGE, &got, &err)
                               : hr_pq_read_i64(c, v, PAGES * PER_PAGE, &got, &err);
        assert_int_equal(st, HR_OK);
        for (uint32_t i = 0; i < got; i++) {
            int64_t want = value_of(kind, row + i);
            assert_int_equal(is_text ? s[i].s[0] - '0' : v[i], want);
        }
    }
    assert_int_equal(is_text ? hr_pq_read_bytes(c, s, 1, &(uint32_t){0}, &err)
                             : hr_pq_read_i64(c, v, 1, &(uint32_t){0}, &err),
                     HR_END);
    assert_int_equal(file.n_outside, 0);
}

static void test_seek_row(void **state)
{
    (void)state;
    static const int64_t rows[] = {0, 1, 199, 200, 201, 399, 650, 800, 999, 1000, 5, 400};
    for (int kind = 0; kind < KINDS; kind++)
        for (int has_index = 0; has_index < 2; has_index++) {
            hr_pq_cursor *c = open_kind((page_kind)kind, has_index);
            for (size_t i = 0; i < HR_ARRAY_LEN(rows); i++) {
                assert_int_equal(hr_pq_cursor_seek_row(c, 0, rows[i], &err), HR_OK);
                expect_from(c, (page_kind)kind, rows[i]);
            }
            assert_int_equal(hr_pq_cursor_seek_row(c, 0, 1001, &err), HR_EINTERNAL);
            assert_int_equal(hr_pq_cursor_seek_row(c, 0, -1, &err), HR_EINTERNAL);
            assert_int_equal(hr_pq_cursor_seek_row(c, 1, 0, &err), HR_EINTERNAL);
        }
}

/* With an index, no byte of the pages before; without, their headers alone. */
static void test_seek_reads(void **state)
{
    (void)state;
    for (int has_index = 0; has_index < 2; has_index++) {
        hr_pq_cursor *c = open_kind(PLAIN_INTS, has_index);
        file.watch_from = b.spot[1].offset + 100;
        file.watch_to = b.spot[1].offset + 200;
        file.n_reads = 0;
        assert_int_equal(hr_pq_cursor_seek_row(c, 0, 700, &err), HR_OK);
        expect_from(c, PLAIN_INTS, 700);
        if (has_index) assert_int_equal(file.n_watched, 0);
        assert_int_equal(file.n_reads, has_index ? 1 + 1 : 1); /* small pages come at once */
    }
}

static void test_seek_damage(void **state)
{
    (void)state;
    hr_pq_cursor *c;
    int64_t v[8];
    uint32_t got;
    for (int i = 0; i < 3; i++) {
        c = open_kind(PLAIN_INTS, true);
        uint8_t *index = b.p + b.chunk[0].offset_index_at;
        size_t n = (size_t)b.chunk[0].offset_index_bytes;
        if (i == 0) memset(index, 0xff, n);       /* no thrift */
        if (i == 1) index[n - 3] ^= 0x10;         /* the last page begins eight rows off */
        if (i == 2) b.p[b.spot[4].offset] = 0xff; /* no header there */
        assert_int_equal(hr_pq_cursor_seek_row(c, 0, 950, &err), HR_ECORRUPT);
        assert_true(hr_pq_read_i64(c, v, 8, &got, &err) < 0);
        assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
        assert_int_equal(hr_pq_read_i64(c, v, 8, &got, &err), HR_OK);
    }
    for (uint64_t nth = 1; nth <= 2; nth++) {
        c = open_kind(PLAIN_INTS, true);
        file.fail_at = nth;
        hr_status st = hr_pq_cursor_seek_row(c, 0, 950, &err);
        assert_int_equal(st, HR_EIO);
    }
    begin(HR_PQ_BOOLEAN, HR_PQ_REQUIRED); /* a chunk that ends before the row */
    memset(body, 0, 100);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 8, .body = body, .n_body = 1));
    c = open_column(20);
    assert_int_equal(hr_pq_cursor_seek_row(c, 0, 12, &err), HR_ECORRUPT);
    begin(HR_PQ_INT64, HR_PQ_REQUIRED); /* values that end before it */
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 20, .body = body, .n_body = 8));
    c = open_column(20);
    assert_int_equal(hr_pq_cursor_seek_row(c, 0, 12, &err), HR_ECORRUPT);
    assert_non_null(strstr(err.message, "cut or out of range"));
}

/* Marks of rows that are passed go nowhere. */
static void test_seek_marks(void **state)
{
    (void)state;
    uint8_t is_null[4] = {9, 9, 9, 9};
    int64_t v[2];
    uint32_t got;
    hr_pq_cursor *c = open_kind(PLAIN_INTS, false);
    hr_pq_cursor_mark_nulls(c, is_null);
    assert_int_equal(hr_pq_cursor_seek_row(c, 0, 555, &err), HR_OK);
    assert_int_equal(is_null[0], 9);
    assert_int_equal(hr_pq_read_i64(c, v, 2, &got, &err), HR_OK);
    assert_memory_equal(is_null, "\0\0\t\t", 4);
}

/* A column's bytes are read when it is wanted, and then alone. */
static void test_projection(void **state)
{
    (void)state;
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_pq_cursor *c;
    static int64_t v[2 * PER_PAGE];
    uint32_t got;
    begin(HR_PQ_INT64, HR_PQ_REQUIRED);
    pqb_leaf(&b, &(pqb_leaf_info){.name = "w", .phys = HR_PQ_INT64, .converted = -1});
    pqb_leaf(&b, &(pqb_leaf_info){.name = "x", .phys = HR_PQ_INT64, .converted = -1});
    for (int col = 0; col < 3; col++) {
        hr_pq_encoding e;
        size_t n = put_values(PLAIN_INTS, 0, &e);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = e, .n_values = PER_PAGE,
                              .body = body, .n_body = n));
        pqb_chunk(&b, PER_PAGE, HR_PQ_UNCOMPRESSED);
    }
    pqb_group(&b, PER_PAGE);
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b), .watch_from = 4};
    file.watch_to = b.chunk[0].offset + b.chunk[0].packed_bytes;
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err),
                     HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, f, 1, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_i64(c, v, 2 * PER_PAGE, &got, &err), HR_OK);
    assert_int_equal(got, PER_PAGE);
    assert_int_equal(file.n_watched, 0);
    file.watch_from = b.chunk[2].offset + 100; /* a header may be looked for this far */
    file.watch_to = b.chunk[2].offset + b.chunk[2].packed_bytes;
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_i64(c, v, 2 * PER_PAGE, &got, &err), HR_OK);
    assert_int_equal(file.n_watched, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_levels),       cmocka_unit_test(test_null_marks),
        cmocka_unit_test(test_null_marks_of_types), cmocka_unit_test(test_seek_row),
        cmocka_unit_test(test_seek_reads),          cmocka_unit_test(test_seek_damage),
        cmocka_unit_test(test_seek_marks),          cmocka_unit_test(test_projection),
    };
    return cmocka_run_group_tests(tests, set_up, pq_rig_close);
}
