/* SPDX-License-Identifier: Apache-2.0 */
/* Footers: types by their logical and their converted names, lists that do not fit, memory and
 * reads that fail at any point; compressed pages of both versions. */
#include <stdio.h>

#include "fmt/codec.h"
#include "fmt/pq_read.h"
#include "fmt/thrift_write.h"
#include "harness.h"
#include "pq_rig.h"

#define CAP (1u << 20)

static hr_thrift_out t; /* the footer, in file_buf */

static int set_up(void **state)
{
    (void)state;
    return pq_rig_open(CAP, 32u << 20) ? 0 : -1;
}

static hr_status open_bytes(hr_pq_file **f, size_t n, hr_arena *a)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    limits.row_groups = 100;
    limits.columns = 50;
    file = (pqb_bytes){.p = file_buf, .n = n};
    err = (hr_err)HR_ERR_INIT;
    hr_status st = hr_pq_file_open(f, pqb_read_at, &file, (int64_t)n, &limits, a, &err);
    assert_int_equal(file.n_outside, 0);
    return st;
}

/* ---- footers by hand ---- */

static void footer_begin(int32_t n_children)
{
    hr_arena_rewind(arena, mark);
    memcpy(file_buf, "PAR1", 4);
    hr_tw_init(&t, file_buf + 4, CAP - 16);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, 1);
    if (n_children < 0) return;
    hr_tw_list(&t, 2, 12, (uint32_t)n_children + 1);
    hr_tw_begin(&t, 0);
    hr_tw_text(&t, 4, "schema");
    hr_tw_i32(&t, 5, n_children);
    hr_tw_end(&t);
}

static hr_pq_file *footer_end(hr_status want, const char *word)
{
    hr_pq_file *f;
    hr_tw_end(&t);
    uint32_t n = (uint32_t)t.n;
    memcpy(file_buf + 4 + n, &n, 4);
    memcpy(file_buf + 8 + n, "PAR1", 4);
    hr_status st = open_bytes(&f, n + 12, arena);
    if (st != want || (word != NULL && strstr(err.message, word) == NULL))
        print_message("# %s\n", err.message);
    assert_int_equal(st, want);
    if (word != NULL) assert_non_null(strstr(err.message, word));
    return f;
}

static void leaf_begin(const char *name, hr_pq_phys phys)
{
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, (int32_t)phys);
    if (phys == HR_PQ_FIXED) hr_tw_i32(&t, 2, 16);
    hr_tw_text(&t, 4, name);
}

static void converted_leaf(hr_pq_phys phys, int32_t converted)
{
    leaf_begin("v", phys);
    hr_tw_i32(&t, 6, converted);
    hr_tw_end(&t);
}

static void test_converted_types(void **state)
{
    (void)state;
    static const struct {
        hr_pq_phys phys;
        int32_t converted, unit_ns;
        hr_pq_logical logical;
    } want[] = {{HR_PQ_BYTE_ARRAY, 0, 0, HR_PQ_L_STRING},
                {HR_PQ_BYTE_ARRAY, 4, 0, HR_PQ_L_STRING},
                {HR_PQ_INT32, 5, 0, HR_PQ_L_DECIMAL},
                {HR_PQ_INT32, 6, 0, HR_PQ_L_DATE},
                {HR_PQ_INT32, 7, 1000000, HR_PQ_L_TIME},
                {HR_PQ_INT64, 8, 1000, HR_PQ_L_TIME},
                {HR_PQ_INT64, 9, 1000000, HR_PQ_L_TIMESTAMP},
                {HR_PQ_INT64, 10, 1000, HR_PQ_L_TIMESTAMP},
                {HR_PQ_INT32, 11, 0, HR_PQ_L_UINT},
                {HR_PQ_INT64, 14, 0, HR_PQ_L_UINT},
                {HR_PQ_INT32, 15, 0, HR_PQ_L_INT},
                {HR_PQ_INT64, 18, 0, HR_PQ_L_INT},
                {HR_PQ_BYTE_ARRAY, 19, 0, HR_PQ_L_NONE},
                {HR_PQ_FIXED, 21, 0, HR_PQ_L_OTHER}};
    int32_t n = (int32_t)HR_ARRAY_LEN(want);
    footer_begin(n);
    for (int32_t i = 0; i < n; i++)
        converted_leaf(want[i].phys, want[i].converted);
    hr_tw_list(&t, 4, 12, 0);
    hr_pq_file *f = footer_end(HR_OK, NULL);
    assert_int_equal(hr_pq_file_columns(f), n);
    assert_int_equal(hr_pq_file_row_groups(f), 0);
    assert_int_equal(hr_pq_file_rows(f), 0);
    assert_string_equal(hr_pq_file_created_by(f), "");
    for (uint32_t i = 0; i < HR_ARRAY_LEN(want); i++) {
        const hr_pq_column *c = hr_pq_file_column(f, i);
        assert_int_equal(c->logical, want[i].logical);
        assert_int_equal(c->unit_ns, want[i].unit_ns);
    }
}

/* A pair without a value, one with an unknown field, the same key twice, a list of another type. */
static void test_pairs(void **state)
{
    uint32_t n;
    (void)state;
    footer_begin(1);
    converted_leaf(HR_PQ_INT32, 15);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_list(&t, 5, 12, 5);
    for (int i = 0; i < 5; i++) {
        static const char *const keys[] = {"none", "odd", "a", "a", "empty"};
        static const char *const values[] = {NULL, "x", "first", "second", ""};
        hr_tw_begin(&t, 0);
        hr_tw_text(&t, 1, keys[i]);
        if (values[i] != NULL) hr_tw_text(&t, 2, values[i]);
        if (i == 1) hr_tw_i32(&t, 7, 5);
        hr_tw_end(&t);
    }
    hr_pq_file *f = footer_end(HR_OK, NULL);
    assert_null(hr_pq_file_meta(f, "none", &n));
    assert_null(hr_pq_file_meta(f, "b", &n));
    assert_int_equal(n, 0);
    const char *v = hr_pq_file_meta(f, "a", &n);
    assert_true(n == 5 && memcmp(v, "first", 5) == 0);
    assert_non_null(hr_pq_file_meta(f, "odd", &n));
    assert_int_equal(n, 1);
    assert_non_null(hr_pq_file_meta(f, "empty", &n));
    assert_int_equal(n, 0);
    footer_begin(1);
    converted_leaf(HR_PQ_INT32, 15);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_list(&t, 5, 5, 1);
    hr_tw_zigzag(&t, 7);
    f = footer_end(HR_OK, NULL);
    assert_null(hr_pq_file_meta(f, "a", &n));
}

/* kind: field of LogicalType; unit: field of TimeUnit; bits: of an IntType. */
static void logical_leaf(hr_pq_phys phys, int16_t kind, int16_t unit, int bits, bool flag)
{
    leaf_begin("v", phys);
    hr_tw_begin(&t, 10);
    hr_tw_begin(&t, kind);
    if (kind == 5) {
        hr_tw_i32(&t, 1, 3);
        hr_tw_i32(&t, 2, 9);
    } else if (unit > 0) {
        hr_tw_bool(&t, 1, flag);
        hr_tw_begin(&t, 2);
        hr_tw_begin(&t, unit);
        hr_tw_end(&t);
        hr_tw_end(&t);
    } else if (bits > 0) {
        uint8_t width = (uint8_t)bits;
        hr_tw_field(&t, 1, 3);
        hr_tw_raw(&t, &width, 1);
        hr_tw_bool(&t, 2, flag);
    } else {
        hr_tw_text(&t, 1, "something new"); /* passed over */
    }
    hr_tw_end(&t);
    hr_tw_end(&t);
    hr_tw_end(&t);
}

static void test_logical_types(void **state)
{
    (void)state;
    footer_begin(10);
    logical_leaf(HR_PQ_INT64, 8, 1, 0, true);
    logical_leaf(HR_PQ_INT64, 8, 2, 0, false);
    logical_leaf(HR_PQ_INT64, 7, 3, 0, true);
    logical_leaf(HR_PQ_INT32, 5, 0, 0, true);
    logical_leaf(HR_PQ_INT32, 10, 0, 32, false);
    logical_leaf(HR_PQ_INT32, 10, 0, 8, true);
    logical_leaf(HR_PQ_BYTE_ARRAY, 12, 0, 0, true);
    logical_leaf(HR_PQ_BYTE_ARRAY, 31, 0, 0, true);
    logical_leaf(HR_PQ_FIXED, 15, 0, 0, true); /* sixteen bytes are no half */
    leaf_begin("v", HR_PQ_INT64);
    hr_tw_begin(&t, 10);
    hr_tw_i32(&t, 8, 1); /* no struct */
    hr_tw_end(&t);
    hr_tw_end(&t);
    hr_tw_list(&t, 4, 12, 0);
    hr_pq_file *f = footer_end(HR_OK, NULL);
    static const hr_pq_logical want[] = {
        HR_PQ_L_TIMESTAMP, HR_PQ_L_TIMESTAMP, HR_PQ_L_TIME,  HR_PQ_L_DECIMAL, HR_PQ_L_UINT,
        HR_PQ_L_INT,       HR_PQ_L_OTHER,     HR_PQ_L_OTHER, HR_PQ_L_OTHER,   HR_PQ_L_TIMESTAMP};
    for (uint32_t i = 0; i < HR_ARRAY_LEN(want); i++)
        assert_int_equal(hr_pq_file_column(f, i)->logical, want[i]);
    assert_int_equal(hr_pq_file_column(f, 0)->unit_ns, 1000000);
    assert_int_equal(hr_pq_file_column(f, 1)->unit_ns, 1000);
    assert_int_equal(hr_pq_file_column(f, 2)->unit_ns, 1);
    assert_true(hr_pq_file_column(f, 0)->is_utc && !hr_pq_file_column(f, 1)->is_utc);
    assert_int_equal(hr_pq_file_column(f, 3)->scale, 3);
    assert_int_equal(hr_pq_file_column(f, 3)->precision, 9);
}

/* What a later version of the format may add is passed over, of every type there is. */
static void test_unknown_fields(void **state)
{
    (void)state;
    static const uint8_t wide[16] = {0};
    footer_begin(1);
    converted_leaf(HR_PQ_INT64, -1);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_bool(&t, 10, true);
    hr_tw_field(&t, 11, 3);
    hr_tw_raw(&t, wide, 1);
    hr_tw_field(&t, 12, 7);
    hr_tw_raw(&t, wide, 8);
    hr_tw_field(&t, 13, 13);
    hr_tw_raw(&t, wide, 16);
    hr_tw_list(&t, 14, 1, 2); /* booleans in a list take a byte each */
    hr_tw_raw(&t, "\1\2", 2);
    hr_tw_field(&t, 15, 11); /* a map, and one without entries */
    hr_tw_raw(&t, "\2\x58\2\1x\4\1y", 8);
    hr_tw_field(&t, 16, 11);
    hr_tw_raw(&t, "\0", 1);
    hr_tw_field(&t, 17, 10);
    hr_tw_raw(&t, "\x25\2\4", 3);
    hr_tw_text(&t, 18, "text");
    assert_non_null(footer_end(HR_OK, NULL));
    static const struct {
        uint8_t type;
        const char *bytes;
        size_t n;
    } bad[] = {{11, "\x7f\x58", 2}, /* more entries than bytes */
               {14, "\0", 1},       /* a type that is none */
               {7, "", 0},
               {8, "\x7f", 1},
               {9, "\xf5\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12}};
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        footer_begin(1);
        converted_leaf(HR_PQ_INT64, -1);
        hr_tw_list(&t, 4, 12, 0);
        hr_tw_field(&t, 12, bad[i].type);
        hr_tw_raw(&t, bad[i].bytes, bad[i].n);
        (void)footer_end(HR_ECORRUPT, "damaged");
    }
    footer_begin(1);
    converted_leaf(HR_PQ_INT64, -1);
    hr_tw_field(&t, 12, 9);
    for (int i = 0; i < 100; i++) /* lists in lists */
        hr_tw_raw(&t, "\x19", 1);
    (void)footer_end(HR_ECORRUPT, "damaged");
}

static void test_schemas(void **state)
{
    (void)state;
    footer_begin(-1);
    (void)footer_end(HR_ECORRUPT, "damaged"); /* none */
    footer_begin(-1);
    hr_tw_list(&t, 2, 12, 0);
    (void)footer_end(HR_ECORRUPT, "schema is damaged");
    footer_begin(60);
    for (int i = 0; i < 60; i++)
        converted_leaf(HR_PQ_INT32, -1);
    (void)footer_end(HR_ELIMIT, "at most 50");
    footer_begin(0);
    hr_tw_list(&t, 4, 12, 0);
    assert_int_equal(hr_pq_file_columns(footer_end(HR_OK, NULL)), 0);
    footer_begin(1);
    leaf_begin("v", HR_PQ_INT64);
    hr_tw_end(&t);
    hr_tw_list(&t, 4, 12, 101);
    for (int i = 0; i < 101; i++)
        hr_tw_byte(&t, 0);
    (void)footer_end(HR_ELIMIT, "101 row groups");
    footer_begin(1);
    leaf_begin("v", HR_PQ_INT64);
    hr_tw_end(&t);
    hr_tw_list(&t, 4, 8, 1);
    hr_tw_bytes(&t, "", 0);
    (void)footer_end(HR_ECORRUPT, "list of row groups");
    footer_begin(1);
    hr_tw_begin(&t, 0);
    hr_tw_field(&t, 1, 5); /* a type of more than 32 bits */
    hr_tw_zigzag(&t, INT64_C(1) << 33);
    hr_tw_end(&t);
    (void)footer_end(HR_ECORRUPT, "schema element 1 is damaged");
    footer_begin(1);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, 9);
    hr_tw_end(&t);
    (void)footer_end(HR_ECORRUPT, "no valid type");
    footer_begin(1); /* a group that says it has children, and ends */
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 5, 3);
    hr_tw_end(&t);
    (void)footer_end(HR_ECORRUPT, "ends inside a group");
    footer_begin(1);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 5, -3);
    hr_tw_end(&t);
    (void)footer_end(HR_ECORRUPT, "nested too deeply");
    footer_begin(-1); /* a root without children, then an element that is nobody's */
    hr_tw_list(&t, 2, 12, 2);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 5, 0);
    hr_tw_end(&t);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, 1);
    hr_tw_end(&t);
    (void)footer_end(HR_ECORRUPT, "has no parent");
}

static void test_orders(void **state)
{
    (void)state;
    footer_begin(1);
    converted_leaf(HR_PQ_INT64, -1);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_list(&t, 7, 5, 3);
    hr_tw_raw(&t, "\1\2\3", 3);
    (void)footer_end(HR_ECORRUPT, "column orders");
    footer_begin(1);
    converted_leaf(HR_PQ_INT64, -1);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_list(&t, 7, 12, 51);
    for (int i = 0; i < 51; i++)
        hr_tw_byte(&t, 0);
    (void)footer_end(HR_ECORRUPT, "damaged");
    footer_begin(1);
    converted_leaf(HR_PQ_INT64, -1);
    hr_tw_list(&t, 4, 12, 0);
    hr_tw_list(&t, 7, 12, 0); /* for no column */
    assert_non_null(footer_end(HR_OK, NULL));
}

static void test_groups(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *word;
    } bad[] = {{"\x00", 1, "row group 0 is damaged"},
               {"\x19\x0c\x26\x00\x00", 5, "has 0 columns, the schema 1"},
               {"\x19\x18\x00\x26\x00\x00", 6, "row group 0 has 1 columns"},
               {"\x19\x1c\x0c\x0c\x0c", 5, "is damaged"},
               {"\x36\x02\x00", 3, "row group 0 is damaged"}};
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        footer_begin(1);
        converted_leaf(HR_PQ_INT64, -1);
        hr_tw_list(&t, 4, 12, 1);
        hr_tw_raw(&t, bad[i].bytes, bad[i].n);
        (void)footer_end(HR_ECORRUPT, bad[i].word);
    }
}

/* ---- what fails from outside ---- */

/* A file of three columns and two row groups, dictionary, nulls and compression in it. */
static size_t make_file(void)
{
    hr_codec_ctx *x;
    hr_codec_options opt = {.encode = HR_CODEC_BIT(HR_PQ_ZSTD), .level = 1};
    const uint8_t level[8] = {1, 0, 1, 1, 0, 1, 1, 1};
    hr_arena_rewind(arena, mark);
    assert_int_equal(hr_codec_ctx_create(&x, arena, &opt, NULL), HR_OK);
    pqb_init(&b, file_buf, CAP);
    b.order = 1;
    pqb_leaf(&b, &(pqb_leaf_info){.name = "a", .phys = HR_PQ_INT64, .converted = -1});
    pqb_leaf(&b, &(pqb_leaf_info){
                     .name = "b", .phys = HR_PQ_BYTE_ARRAY, .repetition = 1, .converted = 0});
    for (int g = 0; g < 2; g++) {
        size_t n_raw = 4000;
        size_t n = CAP / 2;
        memset(body, g, n_raw);
        assert_int_equal(hr_codec_encode(x, HR_PQ_ZSTD, body + CAP / 2, &n, body, n_raw, NULL),
                         HR_OK);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 500, .body = body + CAP / 2,
                              .n_body = n, .raw_bytes = (int64_t)n_raw, .has_crc = true));
        pqb_chunk(&b, 500, HR_PQ_ZSTD);
        size_t n_levels = 0;
        for (int i = 0; i < 63; i++)
            n_levels += pqb_levels(body + n_levels, level, 8 - (i == 62) * 4);
        memset(body + n_levels, 0, 4 * 500);
        memcpy(body + n_levels, "\3\0\0\0abc", 7);
        n = CAP / 2;
        memcpy(body + CAP / 2, body, n_levels); /* v2: levels are never compressed */
        assert_int_equal(hr_codec_encode(x, HR_PQ_ZSTD, body + CAP / 2 + n_levels, &n,
                                         body + n_levels, 1800, NULL),
                         HR_OK);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE_V2, .n_values = 500, .body = body + CAP / 2,
                              .n_body = n_levels + n, .def_bytes = (int)n_levels,
                              .raw_bytes = (int64_t)(n_levels + 1800), .is_compressed = true));
        pqb_chunk(&b, 500, HR_PQ_ZSTD);
        pqb_group(&b, 500);
    }
    return pqb_finish(&b);
}

static hr_status read_all(hr_pq_file *f, hr_arena *a, int64_t *n_rows)
{
    static int64_t v[512];
    static hr_pq_bytes s[512];
    *n_rows = 0;
    for (uint32_t col = 0; col < 2; col++) {
        hr_pq_cursor *c;
        HR_TRY(hr_pq_cursor_create(&c, f, col, a, &err));
        for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
            hr_status st = hr_pq_cursor_seek(c, g, &err);
            while (st == HR_OK) {
                uint32_t n;
                st = col == 0 ? hr_pq_read_i64(c, v, 512, &n, &err)
                              : hr_pq_read_bytes(c, s, 512, &n, &err);
                *n_rows += n;
            }
            if (st != HR_END) return st;
        }
    }
    return HR_OK;
}

static void test_small_memory(void **state)
{
    (void)state;
    size_t n = make_file();
    hr_pq_file *f;
    int64_t n_rows;
    hr_arena *small;
    unsigned n_refused = 0;
    assert_int_equal(hr_arena_create(&small, NULL, 512u << 10, "small", NULL), HR_OK);
    size_t empty = hr_arena_mark(small);
    size_t left = hr_arena_left(small);
    size_t need = 0;
    for (size_t keep = left; keep > 0; keep -= HR_MIN(keep, need == 0 ? 512 : (size_t)64)) {
        hr_arena_rewind(small, empty);
        (void)hr_arena_alloc(small, left - keep, 1);
        hr_status st = open_bytes(&f, n, small);
        if (st == HR_OK) st = read_all(f, small, &n_rows);
        if (st == HR_OK) assert_int_equal(n_rows, 2000);
        if (st != HR_OK) {
            assert_int_equal(st, HR_EBUDGET);
            n_refused++;
            need = keep;
            keep -= HR_MIN(keep / 64, keep - 1);
        }
    }
    assert_true(n_refused > 20);
    hr_arena_destroy(&small);
}

static void test_failing_reads(void **state)
{
    (void)state;
    size_t n = make_file();
    size_t at = hr_arena_mark(arena);
    for (uint64_t nth = 1;; nth++) {
        hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
        hr_pq_file *f;
        int64_t n_rows;
        hr_arena_rewind(arena, at);
        file = (pqb_bytes){.p = file_buf, .n = n, .fail_at = nth};
        hr_status st = hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)n, &limits, arena, &err);
        if (st == HR_OK) st = read_all(f, arena, &n_rows);
        if (st == HR_OK) {
            assert_true(nth == 3 + 4 + 1); /* tail, head, footer; four chunks of small pages */
            break;
        }
        assert_int_equal(st, HR_EIO);
    }
}

/* Bytes that end, as of a file that shrinks: the size is not believed. */
static void test_shrinking_file(void **state)
{
    (void)state;
    size_t n = make_file();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    int64_t n_rows;
    file = (pqb_bytes){.p = file_buf, .n = n};
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)n, &limits, arena, &err),
                     HR_OK);
    size_t at = hr_arena_mark(arena);
    for (size_t k = 0; k < n; k += 7) {
        file.n = k;
        hr_arena_rewind(arena, at);
        hr_status st = read_all(f, arena, &n_rows);
        assert_true(st == HR_OK || st == HR_ECORRUPT);
        if (k < 20) assert_int_equal(st, HR_ECORRUPT);
    }
}

static void test_damaged_compression(void **state)
{
    (void)state;
    size_t n = make_file();
    hr_pq_file *f;
    int64_t n_rows;
    file_buf[b.spot[0].offset + 40] ^= 1;
    assert_int_equal(open_bytes(&f, n, arena), HR_OK);
    assert_int_equal(read_all(f, arena, &n_rows), HR_ECORRUPT);
    assert_non_null(strstr(err.message, "checksum"));
    n = make_file(); /* the page of version 2 has none */
    memset(file_buf + b.spot[1].offset + b.spot[1].n_bytes - 20, 0x55, 20);
    assert_int_equal(open_bytes(&f, n, arena), HR_OK);
    assert_int_equal(read_all(f, arena, &n_rows), HR_ECORRUPT);
    assert_non_null(strstr(err.message, "zstd"));
    assert_non_null(strstr(err.message, "column 'b', row group 0, page at offset"));
}

/* ---- the LZ4 that Hadoop writes ---- */

static void test_hadoop_page(void **state)
{
    (void)state;
    hr_pq_file *f;
    hr_pq_cursor *c;
    int64_t v[4];
    uint32_t got;
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(&b, &(pqb_leaf_info){.name = "a", .phys = HR_PQ_INT64, .converted = -1});
    /* 16 bytes raw, 17 packed: a token of 15 literals and more, one more, the literals */
    memcpy(body, "\0\0\0\x10\0\0\0\x12\xf0\1\7\0\0\0\0\0\0\0\x9\0\0\0\0\0\0\0", 26);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 2, .body = body, .n_body = 26,
                          .raw_bytes = 16));
    pqb_chunk(&b, 2, HR_PQ_LZ4_HADOOP);
    pqb_group(&b, 2);
    assert_int_equal(open_bytes(&f, pqb_finish(&b), arena), HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    assert_int_equal(hr_pq_read_i64(c, v, 4, &got, &err), HR_OK);
    assert_true(got == 2 && v[0] == 7 && v[1] == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converted_types),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_logical_types),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_small_memory),
        cmocka_unit_test(test_failing_reads),
        cmocka_unit_test(test_shrinking_file),
        cmocka_unit_test(test_damaged_compression),
        cmocka_unit_test(test_hadoop_page),
    };
    return cmocka_run_group_tests(tests, set_up, pq_rig_close);
}
