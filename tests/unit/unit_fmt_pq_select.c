/* SPDX-License-Identifier: Apache-2.0 */
/* What need not be read: statistics of every type, Bloom filters, page indexes, and what damaged
 * ones may claim. */
#include <math.h>
#include <stdio.h>

#include "fmt/pq_index.h"
#include "fmt/pq_select.h"
#include "harness.h"
#include "pq_rig.h"

#define CAP (1u << 20)

#define I64(n) (&(int64_t){n})

static int set_up(void **state)
{
    (void)state;
    return pq_rig_open(CAP, 32u << 20) ? 0 : -1;
}

static void begin(const pqb_leaf_info *leaf)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    b.order = 1;
    pqb_leaf(&b, leaf);
    memset(body, 0, 512);
    pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 8, .body = body, .n_body = 256));
    pqb_chunk(&b, 8, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, 8);
}

static void begin_i64(void)
{
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT64, .converted = -1});
}

static hr_pq_file *open_file(void)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    err = (hr_err)HR_ERR_INIT;
    hr_status st = hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    return f;
}

static hr_status ask(const hr_pq_range *r, unsigned use, uint32_t *n)
{
    hr_pq_rows rows[4];
    hr_pq_query q = {.range = r, .n_ranges = 1, .use = use, .scratch = arena};
    hr_pq_selection got = {.rows = rows, .cap = 4};
    hr_pq_file *f = open_file();
    size_t used = hr_arena_used(arena);
    hr_status st = hr_pq_select(f, 0, &q, &got, &err);
    assert_int_equal(hr_arena_used(arena), used);
    assert_int_equal(file.n_outside, 0);
    *n = got.n;
    if (st == HR_OK && got.n > 0) assert_true(rows[0].begin == 0 && rows[got.n - 1].end == 8);
    return st;
}

static bool holds(const hr_pq_range *r)
{
    uint32_t n;
    hr_status st = ask(r, HR_PQ_USE_ALL, &n);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    return n > 0;
}

static bool holds_i64(int64_t min, int64_t max)
{
    return holds(&(hr_pq_range){.by = HR_PQ_BY_I64, .min = min, .max = max});
}

static bool holds_f64(double min, double max)
{
    return holds(&(hr_pq_range){.by = HR_PQ_BY_F64, .min_f64 = min, .max_f64 = max});
}

static bool holds_text(const char *min, const char *max)
{
    return holds(
        &(hr_pq_range){.by = HR_PQ_BY_BYTES,
                       .min_bytes = {.s = min, .n = min != NULL ? (uint32_t)strlen(min) : 0},
                       .max_bytes = {.s = max, .n = max != NULL ? (uint32_t)strlen(max) : 0}});
}

static void bounds(const void *min, const void *max, size_t n)
{
    b.chunk[0].min = min;
    b.chunk[0].max = max;
    b.chunk[0].n_min = b.chunk[0].n_max = n;
}

static void expect_damage(hr_status status, const char *word)
{
    uint32_t n;
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = 5, .max = 5};
    assert_int_equal(ask(&r, HR_PQ_USE_ALL, &n), status);
    if (strstr(err.message, word) == NULL) print_message("# %s\n", err.message);
    assert_non_null(strstr(err.message, word));
    assert_int_equal(n, 0);
}

/* ---- statistics ---- */

static void test_integers(void **state)
{
    (void)state;
    for (int how = 0; how < 5; how++) {
        begin_i64();
        bounds(I64(-10), I64(20), 8);
        if (how == 1) b.order = 0; /* then bounds mean nothing */
        if (how == 2) b.order = 3; /* nor by an order that is not known */
        if (how == 3) bounds(I64(-10), I64(20), 7);
        if (how == 4) b.chunk[0].is_old_stats = true; /* good for signed numbers */
        bool is_used = how == 0 || how == 4;
        assert_int_equal(holds_i64(21, 30), !is_used);
        assert_int_equal(holds_i64(INT64_MIN, -11), !is_used);
        assert_true(holds_i64(20, 30));
        assert_true(holds_i64(INT64_MIN, -10));
        assert_true(holds_i64(0, 0));
        assert_false(holds_i64(1, 0));
    }
    begin_i64();
    bounds(I64(-10), NULL, 8); /* one bound is a bound */
    assert_false(holds_i64(-20, -11));
    assert_true(holds_i64(INT64_MAX, INT64_MAX));
    uint32_t n;
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = -20, .max = -11};
    begin_i64();
    bounds(I64(-10), I64(20), 8);
    assert_int_equal(ask(&r, HR_PQ_USE_BLOOM | HR_PQ_USE_PAGES, &n), HR_OK);
    assert_int_equal(n, 1);
}

static void test_chunk_bounds(void **state)
{
    (void)state;
    int64_t min;
    int64_t max;
    begin_i64();
    bounds(I64(-10), I64(20), 8);
    assert_true(hr_pq_chunk_minmax_i64(open_file(), 0, 0, &min, &max));
    assert_true(min == -10 && max == 20);
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = -1});
    bounds(&(int32_t){-5}, &(int32_t){6}, 4);
    assert_true(hr_pq_chunk_minmax_i64(open_file(), 0, 0, &min, &max));
    assert_true(min == -5 && max == 6);
    for (size_t n = 3; n < 8; n += 4) { /* of another width */
        begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = -1});
        bounds(I64(1), I64(2), n);
        assert_false(hr_pq_chunk_minmax_i64(open_file(), 0, 0, &min, &max));
    }
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = 13});
    bounds(&(int32_t){-5}, &(int32_t){6}, 4);
    assert_false(hr_pq_chunk_minmax_i64(open_file(), 0, 0, &min, &max));
    begin_i64();
    assert_false(hr_pq_chunk_minmax_i64(open_file(), 0, 0, &min, &max));
}

static void test_nulls_alone(void **state)
{
    (void)state;
    begin_i64();
    b.chunk[0].has_nulls = true;
    b.chunk[0].n_nulls = 7;
    assert_true(holds_i64(INT64_MIN, INT64_MAX));
    begin_i64();
    b.chunk[0].has_nulls = true;
    b.chunk[0].n_nulls = 8;
    assert_false(holds_i64(INT64_MIN, INT64_MAX));
}

static void test_unsigned(void **state)
{
    (void)state;
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT64, .converted = 14});
    bounds(I64(5), I64(-1), 8); /* to 2^64 - 1 */
    assert_false(holds_i64(-3, 4));
    assert_true(holds_i64(INT64_MAX, INT64_MAX));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = 13});
    bounds(&(uint32_t){5}, &(uint32_t){UINT32_MAX}, 4);
    assert_true(holds_i64(UINT32_MAX, INT64_MAX));
    assert_false(holds_i64(UINT32_MAX + INT64_C(1), INT64_MAX));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = 13});
    bounds(&(uint32_t){5}, &(uint32_t){7}, 4);
    b.chunk[0].is_old_stats = true; /* of signed order: no good */
    assert_true(holds_i64(100, 100));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_BOOLEAN, .converted = -1});
    bounds("\0", "\0", 1);
    assert_false(holds_i64(1, 1));
    assert_true(holds_i64(0, 1));
}

static void test_decimals(void **state)
{
    (void)state;
    static const uint8_t low[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xf0}; /* -16 */
    static const uint8_t high[12] = {1};                                 /* 2^88 */
    pqb_leaf_info fixed = {.name = "v",
                           .phys = HR_PQ_FIXED,
                           .type_length = 12,
                           .converted = 5,
                           .precision = 28,
                           .scale = 2};
    begin(&fixed);
    bounds(low, high, 12);
    assert_false(holds_i64(-100, -17));
    assert_true(holds_i64(-16, -16));
    assert_true(holds_i64(INT64_MAX, INT64_MAX));
    begin(&fixed);
    bounds("\x80\0\0\0\0\0\0\0\0\0\0\0", low, 12); /* from far below */
    assert_true(holds_i64(INT64_MIN + 2, INT64_MIN + 2));
    assert_false(holds_i64(-15, 0));
    begin(&(pqb_leaf_info){
        .name = "v", .phys = HR_PQ_BYTE_ARRAY, .converted = 5, .precision = 28, .scale = 2});
    bounds("\1", "\2", 1); /* may be cut, and then are no bounds */
    assert_true(holds_i64(100, 100));
}

static void test_reals(void **state)
{
    (void)state;
    const double nan_value = (double)NAN;
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_DOUBLE, .converted = -1});
    bounds(&(double){-0.0}, &(double){2.5}, 8);
    assert_true(holds_f64(0.0, 0.0));
    assert_false(holds_f64(2.6, (double)INFINITY));
    assert_false(holds_f64(-3, -1e-300));
    assert_false(holds_f64(nan_value, nan_value));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_DOUBLE, .converted = -1});
    bounds(&(double){1}, &nan_value, 8);
    b.order = 2;
    assert_false(holds_f64(0, 0.5));
    assert_true(holds_f64(1e300, 1e300));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_FLOAT, .converted = -1});
    bounds(&(float){1.5f}, &(float){2.5f}, 4);
    assert_false(holds_f64(0, 1.4));
    assert_true(holds_f64(0, 1.5));
    begin(&(pqb_leaf_info){
        .name = "v", .phys = HR_PQ_FIXED, .type_length = 2, .converted = -1, .logical = 15});
    bounds("\x00\x3c", "\x00\x40", 2); /* 1 to 2 */
    assert_false(holds_f64(2.1, 9));
    assert_true(holds_f64(1.9, 9));
}

static void test_texts(void **state)
{
    (void)state;
    pqb_leaf_info text = {.name = "v", .phys = HR_PQ_BYTE_ARRAY, .converted = 0};
    begin(&text);
    bounds("BTC", "ETI", 3);
    assert_false(holds_text("A", "BT"));
    assert_true(holds_text("A", "BTC"));
    assert_true(holds_text("ETHUSDT", "ETHUSDT"));
    assert_false(holds_text("ETJ", NULL));
    assert_true(holds_text(NULL, NULL));
    assert_true(holds_text(NULL, "BTC"));
    assert_false(holds_text(NULL, "BTBZ"));
    assert_false(holds_text("Z", "A"));
    assert_false(holds_text("Z", ""));
    text.converted = 21; /* an interval has no order */
    text.phys = HR_PQ_FIXED;
    text.type_length = 12;
    begin(&text);
    bounds("aaaaaaaaaaaa", "bbbbbbbbbbbb", 12);
    assert_true(holds_text("c", "d"));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT96, .converted = -1});
    bounds("aaaaaaaaaaaa", "aaaaaaaaaaaa", 12);
    assert_true(holds_i64(0, 0));
}

static void test_questions(void **state)
{
    (void)state;
    uint32_t n;
    hr_pq_range r = {.by = HR_PQ_BY_F64};
    begin_i64();
    assert_int_equal(ask(&r, HR_PQ_USE_ALL, &n), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "another kind"));
    r.by = HR_PQ_BY_I64;
    r.col = 1;
    begin_i64();
    assert_int_equal(ask(&r, HR_PQ_USE_ALL, &n), HR_EINTERNAL);
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT64, .repetition = 2, .converted = -1});
    r.col = 0;
    assert_int_equal(ask(&r, HR_PQ_USE_ALL, &n), HR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "nested"));
    begin_i64();
    hr_pq_file *f = open_file();
    hr_pq_query q = {.range = &r, .scratch = arena}; /* no condition: all rows */
    hr_pq_rows rows[1];
    hr_pq_selection got = {.rows = rows, .cap = 1};
    assert_int_equal(hr_pq_select(f, 0, &q, &got, &err), HR_OK);
    assert_true(got.n == 1 && rows[0].begin == 0 && rows[0].end == 8);
    assert_int_equal(hr_pq_select(f, 1, &q, &got, &err), HR_EINTERNAL);
    got.cap = 0;
    assert_int_equal(hr_pq_select(f, 0, &q, &got, &err), HR_EINTERNAL);
}

/* ---- Bloom filters ---- */

static void test_hash(void **state)
{
    (void)state;
    uint8_t bytes[77];
    for (uint8_t i = 0; i < 77; i++)
        bytes[i] = i;
    assert_true(hr_pq_xxh64("", 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(hr_pq_xxh64("a", 1) == UINT64_C(0xd24ec4f1a98c6e5b));
    assert_true(hr_pq_xxh64("abc", 3) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(hr_pq_xxh64("abcd", 4) == UINT64_C(0xde0327b0d25d92cc));
    assert_true(hr_pq_xxh64("Nobody inspects the spammish repetition", 39) ==
                UINT64_C(0xfbcea83c8a378bf1));
    assert_true(hr_pq_xxh64(bytes, 77) == UINT64_C(0x93f85c1b6280ead3));
}

static void filter_of(const void *value, size_t n)
{
    uint64_t hash = hr_pq_xxh64(value, n);
    pqb_bloom(&b, 0, &hash, 1, 7);
}

static void test_filters(void **state)
{
    (void)state;
    unsigned n_held = 0;
    begin_i64();
    filter_of(I64(42), 8);
    assert_true(holds_i64(42, 42));
    begin_i64();
    filter_of(I64(42), 8);
    for (int64_t i = 0; i < 42; i++)
        n_held += holds_i64(i, i);
    assert_int_equal(n_held, 0);  /* eight bits of one value in 1,792 */
    assert_true(holds_i64(1, 2)); /* a filter knows single values */
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT32, .converted = -1});
    filter_of(&(int32_t){-7}, 4);
    assert_true(holds_i64(-7, -7));
    assert_false(holds_i64(7, 7));
    assert_true(holds_i64(INT64_C(1) << 40, INT64_C(1) << 40)); /* is no such value: not asked */
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_FLOAT, .converted = -1});
    filter_of(&(float){0.5f}, 4);
    assert_true(holds_f64(0.5, 0.5));
    assert_false(holds_f64(0.25, 0.25));
    assert_true(holds_f64(0.1, 0.1));
    assert_true(holds_f64(0, 0)); /* of two signs */
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_DOUBLE, .converted = -1});
    filter_of(&(double){0.1}, 8);
    assert_true(holds_f64(0.1, 0.1));
    assert_false(holds_f64(0.2, 0.2));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_BYTE_ARRAY, .converted = 0});
    filter_of("BTC", 3);
    assert_true(holds_text("BTC", "BTC"));
    assert_false(holds_text("ETH", "ETH"));
    assert_true(holds_text("ETH", "ETI"));
    pqb_leaf_info fixed = {
        .name = "v", .phys = HR_PQ_FIXED, .type_length = 10, .converted = 5, .precision = 20};
    begin(&fixed);
    filter_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 10);
    assert_true(holds_i64(-2, -2));
    assert_false(holds_i64(2, 2));
    fixed.type_length = 20; /* wider than what is built here */
    begin(&fixed);
    filter_of("x", 1);
    assert_true(holds_i64(2, 2));
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_BOOLEAN, .converted = -1});
    filter_of("x", 1);
    assert_true(holds_i64(1, 1));
}

static void test_damaged_filters(void **state)
{
    (void)state;
    static const int64_t outside[] = {1, -1, CAP, INT64_MAX};
    for (size_t i = 0; i < HR_ARRAY_LEN(outside); i++) {
        begin_i64();
        b.chunk[0].bloom_at = outside[i];
        expect_damage(HR_ECORRUPT, "Bloom filter lies outside");
    }
    begin_i64();
    filter_of(I64(42), 8);
    b.chunk[0].bloom_bytes = INT32_MAX;
    expect_damage(HR_ECORRUPT, "Bloom filter lies outside");
    static const char *const heads[] = {
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", /* no thrift */
        "\x15\x00\x00\x00\x00\x00\x00\x00\x00",             /* no bytes */
        "\x15\x42\x00\x00\x00\x00\x00\x00\x00",             /* 33 of them */
        "\x15\x80\x80\x80\x80\x04\x00\x00\x00",             /* more than the file has */
    };
    for (size_t i = 0; i < HR_ARRAY_LEN(heads); i++) {
        begin_i64();
        b.chunk[0].bloom_at = pqb_extra(&b, heads[i], 9);
        expect_damage(HR_ECORRUPT, "damaged Bloom filter");
    }
    begin_i64(); /* blocks of another kind say nothing */
    b.chunk[0].bloom_at = pqb_extra(&b, "\x15\x40\x1c\x2c\x00\x00\x00\x00", 8);
    (void)pqb_extra(&b, body, 64);
    assert_true(holds_i64(5, 5));
}

/* ---- page indexes ---- */

static void begin_pages(void)
{
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    b.order = 1;
    pqb_leaf(&b, &(pqb_leaf_info){.name = "v", .phys = HR_PQ_INT64, .converted = -1});
    for (int64_t page = 0; page < 4; page++) {
        for (int64_t i = 0; i < 2; i++)
            memcpy(body + 8 * i, I64(page * 10 + i), 8);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DATA_PAGE, .n_values = 2, .body = body, .n_body = 16,
                              .min = page == 2 ? NULL : I64(page * 10), .max = I64(page * 10 + 1),
                              .n_bound = 8));
    }
    pqb_chunk(&b, 8, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, 8);
    pqb_indexes(&b, 0);
}

static void expect_rows(int64_t min, int64_t max, int64_t from, int64_t to)
{
    hr_pq_rows rows[4];
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = min, .max = max};
    hr_pq_query q = {.range = &r, .n_ranges = 1, .use = HR_PQ_USE_ALL, .scratch = arena};
    hr_pq_selection got = {.rows = rows, .cap = 4};
    hr_pq_file *f = open_file();
    assert_int_equal(hr_pq_select(f, 0, &q, &got, &err), HR_OK);
    assert_int_equal(got.n, from < to);
    if (from < to) assert_true(rows[0].begin == from && rows[0].end == to);
}

static void test_pages(void **state)
{
    (void)state;
    begin_pages();
    expect_rows(5, 10, 2, 4);
    begin_pages();
    expect_rows(0, 11, 0, 4);
    begin_pages();
    expect_rows(20, 21, 0, 0); /* its page is said to hold nulls alone */
    begin_pages();
    expect_rows(31, 99, 6, 8);
    begin_pages();
    b.order = 0; /* bounds without an order leave out nulls alone */
    hr_pq_rows rows[4];
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = 5, .max = 5};
    hr_pq_query q = {.range = &r, .n_ranges = 1, .use = HR_PQ_USE_ALL, .scratch = arena};
    hr_pq_selection got = {.rows = rows, .cap = 4};
    assert_int_equal(hr_pq_select(open_file(), 0, &q, &got, &err), HR_OK);
    assert_int_equal(got.n, 2);
    assert_true(rows[0].begin == 0 && rows[0].end == 4 && rows[1].begin == 6 && rows[1].end == 8);
    begin_pages();
    b.chunk[0].column_index_bytes = 0; /* half of it is none */
    expect_rows(5, 5, 0, 8);
}

/* An index that the statistics contradict leaves nothing out. */
static void test_contradictions(void **state)
{
    (void)state;
    begin_pages();
    bounds(I64(0), I64(31), 8);
    expect_rows(5, 10, 2, 4);
    begin_pages();
    bounds(I64(0), I64(99), 8);
    expect_rows(5, 10, 0, 8);
    begin_pages();
    bounds(I64(-1), I64(31), 8);
    expect_rows(5, 10, 0, 8);
    expect_rows(50, 60, 0, 0); /* the statistics stand */
}

static bool holds_one_of(const char *a, const char *c)
{
    const hr_pq_bytes one_of[] = {{.s = a, .n = (uint32_t)strlen(a)},
                                  {.s = c, .n = (uint32_t)strlen(c)}};
    return holds(&(hr_pq_range){.by = HR_PQ_BY_BYTES, .one_of = one_of, .n_one_of = 2});
}

static void test_one_of(void **state)
{
    (void)state;
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_BYTE_ARRAY, .converted = 0});
    bounds("BTC", "ETI", 3);
    assert_false(holds_one_of("A", "BT"));
    assert_false(holds_one_of("ADA", "XRP"));
    assert_false(holds_one_of("ETJ", "XRP"));
    assert_true(holds_one_of("A", "BTC"));
    assert_true(holds_one_of("ETI", "XRP"));
    assert_true(holds_one_of("BTD", "BTE"));
    hr_pq_bytes none = {.s = "BTC", .n = 3};
    assert_false(holds(&(hr_pq_range){.by = HR_PQ_BY_BYTES, .one_of = &none}));
    uint64_t hash[2] = {hr_pq_xxh64("BTC", 3), hr_pq_xxh64("ETH", 3)};
    begin(&(pqb_leaf_info){.name = "v", .phys = HR_PQ_BYTE_ARRAY, .converted = 0});
    pqb_bloom(&b, 0, hash, 2, 4);
    assert_true(holds_one_of("ADA", "ETH"));
    assert_false(holds_one_of("ADA", "XRP"));
}

static void test_or_null(void **state)
{
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = 21, .max = 30, .or_null = true};
    (void)state;
    for (int how = 0; how < 3; how++) {
        begin_i64();
        bounds(I64(-10), I64(20), 8);
        b.chunk[0].has_nulls = how > 0;
        b.chunk[0].n_nulls = how - 1;
        assert_int_equal(holds(&r), how != 1); /* without a count there may be one */
    }
}

/* Indexes by hand, thrift and all. */
static void own_indexes(const char *columns, size_t n_columns, const char *offsets,
                        size_t n_offsets)
{
    begin_pages();
    pqb_chunk_info *c = &b.chunk[0];
    if (columns != NULL) c->column_index_at = pqb_extra(&b, columns, n_columns);
    if (columns != NULL) c->column_index_bytes = (int64_t)n_columns;
    if (offsets != NULL) c->offset_index_at = pqb_extra(&b, offsets, n_offsets);
    if (offsets != NULL) c->offset_index_bytes = (int64_t)n_offsets;
}

static void test_damaged_indexes(void **state)
{
    (void)state;
    static const int64_t outside[] = {1, -1, CAP, INT64_MAX};
    for (size_t i = 0; i < HR_ARRAY_LEN(outside); i++) {
        begin_pages();
        b.chunk[0].column_index_at = outside[i];
        expect_damage(HR_ECORRUPT, "page index lies outside");
        begin_pages();
        b.chunk[0].offset_index_at = outside[i];
        expect_damage(HR_ECORRUPT, "page index lies outside");
    }
    begin_pages();
    b.chunk[0].offset_index_bytes = -4;
    expect_damage(HR_ECORRUPT, "page index lies outside");
    static const struct {
        const char *columns;
        size_t n_columns;
        const char *offsets;
        size_t n_offsets;
    } bad[] = {
        {"\x00", 1, NULL, 0},                                        /* no lists */
        {"\xff\xff\xff", 3, NULL, 0},                                /* no thrift */
        {"\x19\x11\x02\x19\x15\x02\x00", 7, NULL, 0},                /* bounds that are numbers */
        {"\x19\x11\x02\x19\x18\x01x\x19\x18\x01y\x00", 12, NULL, 0}, /* of one page, not four */
        {"\x19\x41\2\2\2\2\x19\x48\0\0\0\0\x19\x38\0\0\0\x00", 18, NULL, 0}, /* three greatest */
        {NULL, 0, "\x00", 1},
        {NULL, 0, "\x19\xfc\xff\xff\x03\x00\x00\x00\x00", 9},      /* more pages than bytes */
        {NULL, 0, "\x19\x1c\x16\x00\x15\x00\x16\x00\x00\x00", 10}, /* at offset 0 */
    };
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        own_indexes(bad[i].columns, bad[i].n_columns, bad[i].offsets, bad[i].n_offsets);
        expect_damage(HR_ECORRUPT, "damaged page index");
    }
}

/* A wide index, a small arena: refused, and the arena as before. */
static void test_index_memory(void **state)
{
    (void)state;
    hr_arena *small;
    hr_pq_rows rows[1];
    hr_pq_range r = {.by = HR_PQ_BY_I64, .min = 5, .max = 5};
    begin_pages();
    hr_pq_file *f = open_file();
    assert_int_equal(hr_arena_create(&small, NULL, 4096, "small", NULL), HR_OK);
    hr_pq_query q = {.range = &r, .n_ranges = 1, .use = HR_PQ_USE_ALL, .scratch = small};
    hr_pq_selection got = {.rows = rows, .cap = 1};
    size_t left = hr_arena_left(small);
    unsigned n_refused = 0;
    for (size_t keep = left; keep > 0; keep -= HR_MIN(keep, (size_t)16)) {
        size_t begin_at = hr_arena_mark(small);
        (void)hr_arena_alloc(small, left - keep, 1);
        hr_status st = hr_pq_select(f, 0, &q, &got, &err);
        assert_true(st == HR_OK || st == HR_EBUDGET);
        n_refused += st != HR_OK;
        hr_arena_rewind(small, begin_at);
    }
    assert_true(n_refused > 3);
    hr_arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_chunk_bounds),
        cmocka_unit_test(test_nulls_alone),
        cmocka_unit_test(test_unsigned),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_damaged_filters),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_one_of),
        cmocka_unit_test(test_or_null),
        cmocka_unit_test(test_damaged_indexes),
        cmocka_unit_test(test_index_memory),
    };
    return cmocka_run_group_tests(tests, set_up, pq_rig_close);
}
