/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of hand-made files: every encoding and carrier, and what a damaged page may claim. */
#include <math.h>
#include <stdio.h>

#include "fmt/pq_read.h"
#include "harness.h"
#include "pq_rig.h"
#include "rng.h"

#define CAP (4u << 20)

static int set_up(void **state)
{
    (void)state;
    return pq_rig_open(CAP, 200u << 20) ? 0 : -1;
}

static void begin(const char *name, hr_pq_phys phys, int repetition, int type_length)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(&b, &(pqb_leaf_info){.name = name,
                                  .phys = phys,
                                  .repetition = repetition,
                                  .type_length = type_length,
                                  .converted = -1});
}

static void data(hr_pq_encoding e, int n_values, size_t n_body)
{
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = e, .n_values = n_values,
                          .body = body, .n_body = n_body));
}

static hr_pq_file *open_file(void)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f = NULL;
    err = (hr_err)HR_ERR_INIT;
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    hr_status st = hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err);
    assert_int_equal(file.n_outside, 0);
    if (st != HR_OK) assert_null(f);
    return f;
}

/* One group, one column: its chunk ends here. */
static hr_pq_cursor *open_column(int64_t n_rows)
{
    hr_pq_cursor *c;
    pqb_chunk(&b, n_rows, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, n_rows);
    hr_pq_file *f = open_file();
    if (f == NULL) print_message("# %s\n", err.message);
    assert_non_null(f);
    uint64_t n_reads = file.n_reads;
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(file.n_reads, n_reads); /* pages are looked at when they are needed */
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    return c;
}

static void expect_ints(hr_pq_cursor *c, const int64_t *want, uint32_t n)
{
    static int64_t v[4096];
    uint32_t got;
    err = (hr_err)HR_ERR_INIT;
    hr_status st = hr_pq_read_i64(c, v, 4096, &got, &err);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    assert_int_equal(got, n);
    assert_memory_equal(v, want, n * sizeof *v);
    assert_int_equal(hr_pq_read_i64(c, v, 4096, &got, &err), HR_END);
    assert_int_equal(file.n_outside, 0);
}

static void expect_texts(hr_pq_cursor *c, const char *const *want, uint32_t n)
{
    hr_pq_bytes v[64];
    uint32_t got;
    err = (hr_err)HR_ERR_INIT;
    hr_status st = hr_pq_read_bytes(c, v, 64, &got, &err);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    assert_int_equal(got, n);
    for (uint32_t i = 0; i < n; i++) {
        if (want[i] == NULL) {
            assert_null(v[i].s);
            continue;
        }
        assert_int_equal(v[i].n, strlen(want[i]));
        assert_memory_equal(v[i].s, want[i], v[i].n);
    }
    assert_int_equal(hr_pq_read_bytes(c, v, 64, &got, &err), HR_END);
    assert_int_equal(file.n_outside, 0);
}

/* The read fails so, says so, and goes on failing. */
static void expect_failure(hr_pq_cursor *c, hr_status status, const char *word)
{
    static int64_t v[4096];
    hr_pq_bytes s[64];
    uint32_t got;
    hr_pq_phys phys = b.leaf[0].phys;
    bool is_bytes = phys == HR_PQ_BYTE_ARRAY || (phys == HR_PQ_FIXED && b.leaf[0].converted != 5);
    for (int i = 0; i < 2; i++) {
        err = (hr_err)HR_ERR_INIT;
        hr_status st = is_bytes ? hr_pq_read_bytes(c, s, 64, &got, &err)
                                : hr_pq_read_i64(c, v, 4096, &got, &err);
        assert_true(st < 0);
        if (i > 0) break;
        if (st != status || strstr(err.message, word) == NULL) print_message("# %s\n", err.message);
        assert_int_equal(st, status);
        assert_non_null(strstr(err.message, word));
        assert_int_equal(got, 0);
    }
    assert_int_equal(file.n_outside, 0);
}

/* ---- headers ---- */

static void test_long_headers(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1900, 2040, 2100, 20000, 300000, 1000000};
    const int64_t want[2] = {7, -8};
    for (size_t i = 0; i < HR_ARRAY_LEN(sizes); i++) {
        begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
        for (int k = 0; k < 2; k++)
            pqb_page(&b,
                     PQB_PAGE(.type = k == 0 ? HR_PQ_DATA_PAGE : HR_PQ_DATA_PAGE_V2, .n_values = 1,
                              .body = &want[k], .n_body = 8, .n_stats = sizes[i]));
        expect_ints(open_column(2), want, 2);
    }
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 1, .body = want, .n_body = 8,
                          .n_stats = 2u << 20));
    expect_failure(open_column(1), HR_ECORRUPT, "page header");
}

static void test_claimed_sizes(void **state)
{
    (void)state;
    static const struct {
        int64_t raw, packed;
        hr_status status;
        const char *word;
    } cases[] = {
        {0, 1000000, HR_ECORRUPT, "page header"},     {0, INT64_C(1) << 33, HR_ECORRUPT, "header"},
        {INT32_MAX, 0, HR_ELIMIT, "at most"},         {(64 << 20) + 1, 0, HR_ELIMIT, "at most"},
        {INT64_C(1) << 32, 0, HR_ECORRUPT, "header"}, {16, 0, HR_ECORRUPT, "two sizes"},
    };
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        memset(body, 0, 8);
        begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 1, .body = body, .n_body = 8,
                              .raw_bytes = cases[i].raw, .packed_bytes = cases[i].packed));
        expect_failure(open_column(1), cases[i].status, cases[i].word);
    }
}

static void test_page_shapes(void **state)
{
    (void)state;
    const int64_t want[3] = {1, 2, 3};
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0); /* empty pages and index pages are passed over */
    data(HR_PQ_PLAIN, 0, 0);
    memcpy(body, want, sizeof want);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_INDEX_PAGE, .body = want, .n_body = 8));
    data(HR_PQ_PLAIN, 3, 24);
    data(HR_PQ_PLAIN, 0, 0);
    expect_ints(open_column(3), want, 3);
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    data(HR_PQ_PLAIN, 3, 24);
    expect_failure(open_column(4), HR_ECORRUPT, "too few values");
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    data(HR_PQ_PLAIN, 3, 24);
    expect_failure(open_column(2), HR_ECORRUPT, "more values than rows");
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    data(HR_PQ_PLAIN, 4, 24);
    expect_failure(open_column(4), HR_ECORRUPT, "cut");
}

static void test_checksum(void **state)
{
    (void)state;
    const int64_t want[1] = {5};
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 1, .body = want, .n_body = 8,
                          .has_crc = true));
    expect_ints(open_column(1), want, 1);
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE_V2, .n_values = 1, .body = want, .n_body = 8,
                          .has_bad_crc = true));
    expect_failure(open_column(1), HR_ECORRUPT, "checksum");
}

/* ---- the footer ---- */

static void expect_refusal(hr_status status, const char *word)
{
    assert_null(open_file());
    if (err.code != status || strstr(err.message, word) == NULL)
        print_message("# %s\n", err.message);
    assert_int_equal(err.code, status);
    assert_non_null(strstr(err.message, word));
}

static void one_column(int64_t n_values, int64_t n_rows)
{
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    memset(body, 0, 16);
    data(HR_PQ_PLAIN, 2, 16);
    pqb_chunk(&b, n_values, 0);
    pqb_group(&b, n_rows);
}

static void test_row_counts(void **state)
{
    (void)state;
    one_column(2, 2);
    b.n_rows = 3;
    expect_refusal(HR_ECORRUPT, "the footer says 3 rows, its row groups 2");
    one_column(3, 2);
    expect_refusal(HR_ECORRUPT, "column 'v' has 3 values in row group 0 of 2 rows");
    one_column(-1, -1);
    b.n_rows = 0;
    expect_refusal(HR_ECORRUPT, "damaged");
    one_column(INT64_MAX, INT64_MAX);
    data(HR_PQ_PLAIN, 2, 16);
    pqb_chunk(&b, 2, 0);
    pqb_group(&b, 2);
    b.n_rows = 0;
    expect_refusal(HR_ECORRUPT, "more rows than can be");
}

static void test_places(void **state)
{
    (void)state;
    static const int64_t bad[] = {-5, 0, 3, 1 << 20, INT64_MAX};
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        one_column(2, 2);
        b.chunk[0].offset = bad[i];
        expect_refusal(HR_ECORRUPT, "outside the file");
    }
    one_column(2, 2);
    b.chunk[0].packed_bytes = INT64_MAX;
    expect_refusal(HR_ECORRUPT, "outside the file");
    one_column(2, 2);
    b.chunk[0].phys = HR_PQ_INT32;
    expect_refusal(HR_ECORRUPT, "another type");
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0); /* nothing to read: nowhere to lie */
    pqb_chunk(&b, 0, 0);
    b.chunk[0].offset = INT64_MAX;
    pqb_group(&b, 0);
    hr_pq_file *f = open_file();
    hr_pq_cursor *c;
    int64_t v;
    uint32_t got;
    assert_non_null(f);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_i64(c, &v, 1, &got, &err), HR_END);
}

static hr_status seek_one(void)
{
    hr_pq_cursor *c;
    hr_pq_file *f = open_file();
    assert_non_null(f);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    return hr_pq_cursor_seek(c, 0, &err);
}

static void test_unreadable(void **state)
{
    (void)state;
    static const int64_t codecs[] = {8, 256, 258, -1, INT32_MAX};
    for (size_t i = 0; i < HR_ARRAY_LEN(codecs); i++) {
        one_column(2, 2);
        b.chunk[0].codec = codecs[i];
        assert_int_equal(seek_one(), HR_EUNSUPPORTED);
        assert_non_null(strstr(err.message, "codec"));
    }
    one_column(2, 2);
    b.chunk[0].codec = (INT64_C(1) << 32) + 1;
    expect_refusal(HR_ECORRUPT, "damaged");
    one_column(2, 2);
    b.chunk[0].codec = HR_PQ_LZO;
    assert_int_equal(seek_one(), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "LZO"));
    one_column(2, 2);
    b.chunk[0].has_path = true;
    assert_int_equal(seek_one(), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "another file"));
    one_column(2, 2);
    b.chunk[0].has_crypto = true;
    assert_int_equal(seek_one(), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "encrypted"));
    one_column(2, 2);
    b.has_encryption = true;
    expect_refusal(HR_EUNSUPPORTED, "encrypted");
}

static void test_magic(void **state)
{
    (void)state;
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    for (int i = 0; i < 2; i++) {
        one_column(2, 2);
        file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
        memcpy(i == 0 ? b.p : b.p + file.n - 4, "PARE", 4);
        assert_int_equal(
            hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err),
            HR_EUNSUPPORTED);
        assert_non_null(strstr(err.message, "encrypted"));
    }
    for (size_t n = 0; n < file.n; n++) { /* every cut is refused, none reads outside */
        one_column(2, 2);
        (void)pqb_finish(&b);
        file = (pqb_bytes){.p = b.p, .n = n};
        assert_true(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)n, &limits, arena, &err) < 0);
        assert_int_equal(file.n_outside, 0);
        assert_null(f);
    }
}

static void test_nested(void **state)
{
    (void)state;
    hr_pq_cursor *c;
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(&b, &(pqb_leaf_info){.name = "must", .converted = -1, .n_children = 1});
    pqb_leaf(&b, &(pqb_leaf_info){.name = "a", .phys = HR_PQ_INT64, .converted = -1});
    pqb_leaf(&b,
             &(pqb_leaf_info){
                 .name = "may", .repetition = HR_PQ_OPTIONAL, .converted = -1, .n_children = 1});
    pqb_leaf(&b, &(pqb_leaf_info){.name = "b", .phys = HR_PQ_INT64, .converted = -1});
    pqb_leaf(&b,
             &(pqb_leaf_info){
                 .name = "c", .phys = HR_PQ_INT64, .repetition = HR_PQ_REPEATED, .converted = -1});
    const int64_t want[2] = {3, 4};
    memcpy(body, want, sizeof want);
    data(HR_PQ_PLAIN, 2, 16);
    pqb_chunk(&b, 2, 0);
    pqb_chunk(&b, 5, 0); /* lists have as many values as they like */
    pqb_chunk(&b, 7, 0);
    b.chunk[1].offset = b.chunk[2].offset = 4;
    pqb_group(&b, 2);
    hr_pq_file *f = open_file();
    assert_non_null(f);
    assert_int_equal(hr_pq_file_columns(f), 3);
    assert_string_equal(hr_pq_file_column(f, 0)->name, "must.a");
    assert_string_equal(hr_pq_file_column(f, 1)->name, "may.b");
    assert_int_equal(hr_pq_file_find(f, "c"), 2);
    assert_int_equal(hr_pq_cursor_create(&c, f, 1, arena, &err), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "column 'may.b' is nested"));
    assert_int_equal(hr_pq_cursor_create(&c, f, 2, arena, &err), HR_EUNSUPPORTED);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    expect_ints(c, want, 2);
}

/* ---- encodings ---- */

static void test_booleans(void **state)
{
    (void)state;
    const int64_t want[9] = {1, 1, 1, 0, 0, 1, 0, 0, 1};
    const uint8_t bits[9] = {1, 1, 1, 0, 0, 1, 0, 0, 1};
    const uint8_t plain[2] = {0x27, 0x01};
    for (int v2 = 0; v2 < 2; v2++) {
        hr_pq_page_type type = v2 ? HR_PQ_DATA_PAGE_V2 : HR_PQ_DATA_PAGE;
        begin("v", HR_PQ_BOOLEAN, HR_PQ_REQUIRED, 0);
        size_t n = pqb_sized_levels(body, bits, 9);
        pqb_page(&b, PQB_PAGE(.type = type, .encoding = HR_PQ_RLE, .n_values = 9, .body = body,
                              .n_body = n));
        expect_ints(open_column(9), want, 9);
        begin("v", HR_PQ_BOOLEAN, HR_PQ_REQUIRED, 0);
        pqb_page(&b, PQB_PAGE(.type = type, .encoding = HR_PQ_PLAIN, .n_values = 9, .body = plain,
                              .n_body = 2));
        expect_ints(open_column(9), want, 9);
        begin("v", HR_PQ_BOOLEAN, HR_PQ_REQUIRED, 0);
        body[0] = 255; /* more than there is */
        pqb_page(&b, PQB_PAGE(.type = type, .encoding = HR_PQ_RLE, .n_values = 9, .body = body,
                              .n_body = n));
        expect_failure(open_column(9), HR_ECORRUPT, "cut booleans");
    }
    begin("v", HR_PQ_BOOLEAN, HR_PQ_REQUIRED, 0);
    data(HR_PQ_PLAIN, 17, 2);
    expect_failure(open_column(17), HR_ECORRUPT, "cut");
}

static void test_encoding_of_wrong_type(void **state)
{
    (void)state;
    static const struct {
        hr_pq_phys phys;
        hr_pq_encoding e;
    } bad[] = {
        {HR_PQ_BOOLEAN, HR_PQ_DELTA_BINARY_PACKED},
        {HR_PQ_BOOLEAN, HR_PQ_RLE_DICTIONARY},
        {HR_PQ_BOOLEAN, HR_PQ_BYTE_STREAM_SPLIT},
        {HR_PQ_BOOLEAN, HR_PQ_DELTA_BYTE_ARRAY},
        {HR_PQ_INT96, HR_PQ_DELTA_BINARY_PACKED},
        {HR_PQ_INT64, HR_PQ_RLE},
        {HR_PQ_INT64, HR_PQ_DELTA_BYTE_ARRAY},
        {HR_PQ_INT64, HR_PQ_DELTA_LENGTH_BYTE_ARRAY},
        {HR_PQ_INT32, HR_PQ_BIT_PACKED},
        {HR_PQ_INT32, (hr_pq_encoding)77},
        {HR_PQ_BYTE_ARRAY, HR_PQ_BYTE_STREAM_SPLIT},
        {HR_PQ_BYTE_ARRAY, HR_PQ_DELTA_BINARY_PACKED},
    };
    memset(body, 0, 64);
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        begin("v", bad[i].phys, HR_PQ_REQUIRED, 0);
        data(bad[i].e, 2, 64);
        expect_failure(open_column(2), HR_EUNSUPPORTED, "encoding");
    }
}

static void test_small_fixed_dictionaries(void **state)
{
    (void)state;
    static const char *const texts[3][3] = {
        {"x", "y", "z"}, {"ab", "cd", "ef"}, {"123", "456", "789"}};
    for (int width = 1; width <= 3; width++) {
        const char *const *t = texts[width - 1];
        const char *want[4] = {t[2], t[0], t[1], t[2]};
        const uint8_t index[6] = {2, 3, 0x92, 0x00}; /* width 2; one packed group: 2, 0, 1, 2 */
        begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, width);
        for (int i = 0; i < 3; i++)
            memcpy(body + i * width, t[i], (size_t)width);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DICTIONARY_PAGE, .n_values = 3, .body = body,
                              .n_body = (size_t)(3 * width)));
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = HR_PQ_RLE_DICTIONARY,
                              .n_values = 4, .body = index, .n_body = 4));
        expect_texts(open_column(4), want, 4);
    }
}

static void dictionary(const void *values, int n, size_t n_bytes)
{
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DICTIONARY_PAGE, .n_values = n, .body = values,
                          .n_body = n_bytes));
}

static void indexes(const void *p, size_t n, int n_values)
{
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .encoding = HR_PQ_RLE_DICTIONARY,
                          .n_values = n_values, .body = p, .n_body = n));
}

static void test_dictionaries(void **state)
{
    (void)state;
    const int64_t values[2] = {-5, INT64_MAX};
    const int64_t want[3] = {-5, -5, -5};
    dictionary(values, 2, 16);
    indexes("\x00\x06", 2, 3); /* width 0: every index is 0 */
    expect_ints(open_column(3), want, 3);
    dictionary(values, 2, 16);
    indexes("\x02\x06\x02", 3, 3);
    expect_failure(open_column(3), HR_ECORRUPT, "out of range");
    dictionary(values, 2, 16);
    indexes("\x01\x06\x02", 3, 3); /* 2 in a width of 1 */
    expect_failure(open_column(3), HR_ECORRUPT, "out of range");
    dictionary(values, 2, 16);
    indexes("\x21\x06\x00\x00\x00\x00\x00", 7, 3);
    expect_failure(open_column(3), HR_ECORRUPT, "index width");
    dictionary(values, 3, 16);
    indexes("\x00\x06", 2, 3);
    expect_failure(open_column(3), HR_ECORRUPT, "too many dictionary values");
    dictionary(values, 2, 16);
    pqb_page(&b,
             PQB_PAGE(.type = HR_PQ_DICTIONARY_PAGE, .n_values = 2, .body = values, .n_body = 16));
    indexes("\x00\x06", 2, 3);
    expect_failure(open_column(3), HR_ECORRUPT, "a second dictionary");
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    indexes("\x00\x06", 2, 3);
    expect_failure(open_column(3), HR_ECORRUPT, "without a dictionary");
    dictionary(values, 2, 16);
    indexes("\x00\x00", 2, 3); /* an endless supply of empty runs is no value */
    expect_failure(open_column(3), HR_ECORRUPT, "out of range");
}

static void test_split(void **state)
{
    (void)state;
    static const char *const want[3] = {"abc", "def", "ghi"};
    begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, 3);
    memcpy(body, "adgbehcfi", 9);
    data(HR_PQ_BYTE_STREAM_SPLIT, 3, 9);
    expect_texts(open_column(3), want, 3);
    begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, 3);
    data(HR_PQ_BYTE_STREAM_SPLIT, 3, 8);
    expect_failure(open_column(3), HR_ECORRUPT, "unequal");
    const int64_t ints[2] = {-2, 300};
    begin("v", HR_PQ_INT32, HR_PQ_REQUIRED, 0);
    memcpy(body, "\xfe\x2c\xff\x01\xff\x00\xff\x00", 8);
    data(HR_PQ_BYTE_STREAM_SPLIT, 2, 8);
    expect_ints(open_column(2), ints, 2);
}

static void test_deltas(void **state)
{
    (void)state;
    test_rng r;
    static int64_t want[300], wrapped[300];
    test_rng_init(&r, test_seed());
    for (int i = 0; i < 300; i++)
        want[i] = (int64_t)test_rng_u64(&r) >> test_rng_below(&r, 64);
    want[0] = INT64_MAX;
    for (uint32_t n = 1; n <= 300; n += 13) {
        begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
        data(HR_PQ_DELTA_BINARY_PACKED, (int)n, pqb_delta(body, want, n));
        expect_ints(open_column(n), want, n);
        for (uint32_t i = 0; i < n; i++) /* 32-bit columns keep the low bits */
            wrapped[i] = (int32_t)(uint32_t)(uint64_t)want[i];
        begin("v", HR_PQ_INT32, HR_PQ_REQUIRED, 0);
        data(HR_PQ_DELTA_BINARY_PACKED, (int)n, pqb_delta(body, want, n));
        expect_ints(open_column(n), wrapped, n);
    }
    size_t n = pqb_delta(body, want, 300);
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    data(HR_PQ_DELTA_BINARY_PACKED, 300, n / 2);
    expect_failure(open_column(300), HR_ECORRUPT, "cut");
    static const char *const heads[] = {"\x00\x01\x02\x02", "\x20\x00\x02\x02", "\x20\x03\x02\x02",
                                        "\x04\x01\x02\x02"};
    for (size_t i = 0; i < HR_ARRAY_LEN(heads); i++) {
        begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
        memcpy(body, heads[i], 4);
        data(HR_PQ_DELTA_BINARY_PACKED, 2, 4);
        expect_failure(open_column(2), HR_ECORRUPT, "delta header");
    }
    begin("v", HR_PQ_INT64, HR_PQ_REQUIRED, 0);
    memcpy(body, "\x20\x01\x02\x02\x00\x41", 6); /* 65 bits */
    data(HR_PQ_DELTA_BINARY_PACKED, 2, 6);
    expect_failure(open_column(2), HR_ECORRUPT, "cut");
}

static void test_lengths(void **state)
{
    (void)state;
    static const char *const want[4] = {"one", "", "three", "4"};
    const int64_t len[4] = {3, 0, 5, 1};
    begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0);
    size_t n = pqb_delta(body, len, 4);
    memcpy(body + n, "onethree4", 9);
    data(HR_PQ_DELTA_LENGTH_BYTE_ARRAY, 4, n + 9);
    expect_texts(open_column(4), want, 4);
    static const int64_t bad[][2] = {{-1, 0}, {0, 10}, {0, INT32_MAX}, {0, INT64_C(1) << 40}};
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0);
        n = pqb_delta(body, bad[i], 2);
        data(HR_PQ_DELTA_LENGTH_BYTE_ARRAY, 2, n + 9);
        expect_failure(open_column(2), HR_ECORRUPT, "text");
    }
    begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0); /* fewer texts than rows */
    data(HR_PQ_DELTA_LENGTH_BYTE_ARRAY, 5, pqb_delta(body, len, 1) + 3);
    expect_failure(open_column(5), HR_ECORRUPT, "cut");
    begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0); /* more */
    data(HR_PQ_DELTA_LENGTH_BYTE_ARRAY, 1, pqb_delta(body, len, 4) + 9);
    expect_failure(open_column(1), HR_ECORRUPT, "lengths");
}

static size_t put_prefixed(const int64_t *prefix, const int64_t *suffix, size_t n, const char *text)
{
    size_t k = pqb_delta(body, prefix, n);
    k += pqb_delta(body + k, suffix, n);
    memcpy(body + k, text, strlen(text));
    return k + strlen(text);
}

static void test_prefixes(void **state)
{
    (void)state;
    static const char *const want[5] = {"axis", "axle", "babble", "babyhood", ""};
    const int64_t prefix[5] = {0, 2, 0, 3, 0};
    const int64_t suffix[5] = {4, 2, 6, 5, 0};
    begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0);
    data(HR_PQ_DELTA_BYTE_ARRAY, 5, put_prefixed(prefix, suffix, 5, "axislebabbleyhood"));
    expect_texts(open_column(5), want, 5);
    static const char *const fixed[2] = {"axis", "axle"};
    begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, 4);
    data(HR_PQ_DELTA_BYTE_ARRAY, 2, put_prefixed(prefix, suffix, 2, "axisle"));
    expect_texts(open_column(2), fixed, 2);
    begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, 4);
    data(HR_PQ_DELTA_BYTE_ARRAY, 3, put_prefixed(prefix, suffix, 3, "axislebabble"));
    expect_failure(open_column(3), HR_ECORRUPT, "another length");
    static const struct {
        int64_t prefix[2], suffix[2];
    } bad[] = {{{1, 0}, {1, 1}},  {{0, 3}, {2, 1}}, {{0, -1}, {2, 1}},
               {{0, 0}, {2, -1}}, {{0, 0}, {2, 9}}, {{0, INT32_MAX}, {INT32_MAX, INT32_MAX}}};
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0);
        data(HR_PQ_DELTA_BYTE_ARRAY, 2, put_prefixed(bad[i].prefix, bad[i].suffix, 2, "abc"));
        hr_pq_cursor *c = open_column(2);
        hr_pq_bytes s[2];
        uint32_t got;
        hr_status st = hr_pq_read_bytes(c, s, 2, &got, &err);
        assert_true(st == HR_ECORRUPT || st == HR_ELIMIT);
    }
    static int64_t grow[2000]; /* each text as long as all before it, for next to no bytes */
    static int64_t zero[2000];
    grow[0] = 0;
    zero[0] = 1 << 16;
    for (int i = 1; i < 2000; i++)
        grow[i] = 1 << 16;
    begin("v", HR_PQ_BYTE_ARRAY, HR_PQ_REQUIRED, 0);
    size_t n = pqb_delta(body, grow, 2000);
    n += pqb_delta(body + n, zero, 2000);
    data(HR_PQ_DELTA_BYTE_ARRAY, 2000, n + (1 << 16));
    expect_failure(open_column(2000), HR_ELIMIT, "texts of a page");
}

static void test_null_levels(void **state)
{
    (void)state;
    const uint8_t level[5] = {0, 1, 1, 0, 1};
    const int64_t values[3] = {7, 8, 9};
    const int64_t want[5] = {HR_NULL_I64, 7, 8, HR_NULL_I64, 9};
    for (int v2 = 0; v2 < 2; v2++) {
        begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0);
        size_t n = v2 ? pqb_levels(body, level, 5) : pqb_sized_levels(body, level, 5);
        memcpy(body + n, values, 24);
        pqb_page(&b, PQB_PAGE(.type = v2 ? HR_PQ_DATA_PAGE_V2 : HR_PQ_DATA_PAGE, .n_values = 5,
                              .body = body, .n_body = n + 24, .def_bytes = v2 ? (int)n : 0));
        expect_ints(open_column(5), want, 5);
    }
    begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0); /* a level that is no level */
    const uint8_t two[1] = {2};
    data(HR_PQ_PLAIN, 1, pqb_sized_levels(body, two, 1) + 16);
    expect_failure(open_column(1), HR_ECORRUPT, "out of range");
    begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0); /* nulls alone take no values, in any encoding */
    const uint8_t zeros[3] = {0};
    const int64_t nulls[3] = {HR_NULL_I64, HR_NULL_I64, HR_NULL_I64};
    data(HR_PQ_DELTA_BINARY_PACKED, 3, pqb_sized_levels(body, zeros, 3));
    expect_ints(open_column(3), nulls, 3);
    begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0);
    memcpy(body, "\xff\xff\xff\x7f", 4);
    data(HR_PQ_PLAIN, 3, 40);
    expect_failure(open_column(3), HR_ECORRUPT, "cut levels");
    begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 3, .body = body, .n_body = 40,
                          .def_encoding = HR_PQ_DELTA_BYTE_ARRAY));
    expect_failure(open_column(3), HR_EUNSUPPORTED, "levels of encoding");
    begin("v", HR_PQ_INT64, HR_PQ_OPTIONAL, 0);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE_V2, .n_values = 3, .body = body, .n_body = 40,
                          .def_bytes = 41));
    expect_failure(open_column(3), HR_ECORRUPT, "page header");
}

/* ---- carriers ---- */

static void decimal_column(hr_pq_phys phys, int type_length)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(&b, &(pqb_leaf_info){.name = "v",
                                  .phys = phys,
                                  .type_length = type_length,
                                  .converted = 5,
                                  .scale = 2,
                                  .precision = 30});
}

static void test_decimals(void **state)
{
    (void)state;
    const int64_t want[3] = {12345, -1, HR_PQ_WIDE_I64};
    const int64_t small[2] = {12345, -1};
    decimal_column(HR_PQ_INT32, 0);
    memcpy(body, &(int32_t[2]){12345, -1}, 8);
    data(HR_PQ_PLAIN, 2, 8);
    expect_ints(open_column(2), small, 2);
    decimal_column(HR_PQ_INT64, 0);
    memcpy(body, small, 16);
    data(HR_PQ_PLAIN, 2, 16);
    expect_ints(open_column(2), small, 2);
    decimal_column(HR_PQ_FIXED, 3);
    memcpy(body, "\x00\x30\x39\xff\xff\xff", 6);
    data(HR_PQ_PLAIN, 2, 6);
    expect_ints(open_column(2), small, 2);
    decimal_column(HR_PQ_FIXED, 10);
    memcpy(body, "\0\0\0\0\0\0\0\0\x30\x39", 10);
    memset(body + 10, 0xff, 10);
    memcpy(body + 20, "\x00\x01\0\0\0\0\0\0\0\0", 10);
    data(HR_PQ_PLAIN, 3, 30);
    expect_ints(open_column(3), want, 3);
    decimal_column(HR_PQ_BYTE_ARRAY, 0);
    memcpy(body, "\x02\0\0\0\x30\x39\x01\0\0\0\xff\x09\0\0\0\x00\x80\0\0\0\0\0\0\0", 24);
    data(HR_PQ_PLAIN, 3, 24);
    expect_ints(open_column(3), want, 3);
}

static void test_wide_integers(void **state)
{
    (void)state;
    const uint32_t small[2] = {7, UINT32_MAX};
    const uint64_t large[2] = {7, UINT64_MAX};
    const int64_t want32[2] = {7, UINT32_MAX};
    const int64_t want64[2] = {7, HR_PQ_WIDE_I64};
    for (int i = 0; i < 2; i++) {
        begin("v", i == 0 ? HR_PQ_INT32 : HR_PQ_INT64, HR_PQ_REQUIRED, 0);
        b.leaf[0].converted = i == 0 ? 13 : 14;
        if (i == 0) memcpy(body, small, sizeof small);
        if (i == 1) memcpy(body, large, sizeof large);
        data(HR_PQ_PLAIN, 2, i == 0 ? 8 : 16);
        expect_ints(open_column(2), i == 0 ? want32 : want64, 2);
    }
    begin("v", HR_PQ_INT96, HR_PQ_REQUIRED, 0); /* 1970-01-02 plus 5 ns, and day 0 */
    memset(body, 0, 24);
    body[0] = 5;
    memcpy(body + 8, &(uint32_t){2440589}, 4);
    const int64_t want96[2] = {INT64_C(86400000000005), HR_PQ_WIDE_I64};
    data(HR_PQ_PLAIN, 2, 24);
    expect_ints(open_column(2), want96, 2);
}

static void test_floats(void **state)
{
    (void)state;
    double v[4];
    uint32_t got;
    begin("v", HR_PQ_FIXED, HR_PQ_REQUIRED, 2); /* 1.5, -2^-24, infinity, not a number */
    b.leaf[0].logical = 15;
    memcpy(body, "\x00\x3e\x01\x80\x00\x7c\x01\x7e", 8);
    data(HR_PQ_PLAIN, 4, 8);
    assert_int_equal(hr_pq_read_f64(open_column(4), v, 4, &got, &err), HR_OK);
    assert_true(v[0] == 1.5 && v[1] == -0x1p-24 && isinf(v[2]) && isnan(v[3]));
    begin("v", HR_PQ_FLOAT, HR_PQ_OPTIONAL, 0);
    const uint8_t level[2] = {1, 0};
    size_t n = pqb_sized_levels(body, level, 2);
    memcpy(body + n, &(float){0.25f}, 4);
    data(HR_PQ_PLAIN, 2, n + 4);
    assert_int_equal(hr_pq_read_f64(open_column(2), v, 4, &got, &err), HR_OK);
    assert_true(got == 2 && v[0] == 0.25 && isnan(v[1]));
    begin("v", HR_PQ_INT32, HR_PQ_REQUIRED, 0);
    memcpy(body, &(int32_t){-3}, 4);
    data(HR_PQ_PLAIN, 1, 4);
    assert_int_equal(hr_pq_read_f64(open_column(1), v, 4, &got, &err), HR_OK);
    assert_true(v[0] == -3);
    begin("v", HR_PQ_DOUBLE, HR_PQ_REQUIRED, 0);
    data(HR_PQ_PLAIN, 1, 8);
    int64_t i;
    assert_int_equal(hr_pq_read_i64(open_column(1), &i, 1, &got, &err), HR_EUNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_headers),
        cmocka_unit_test(test_claimed_sizes),
        cmocka_unit_test(test_page_shapes),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_row_counts),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_magic),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_encoding_of_wrong_type),
        cmocka_unit_test(test_small_fixed_dictionaries),
        cmocka_unit_test(test_dictionaries),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_null_levels),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_wide_integers),
        cmocka_unit_test(test_floats),

    };
    return cmocka_run_group_tests(tests, set_up, pq_rig_close);
}
