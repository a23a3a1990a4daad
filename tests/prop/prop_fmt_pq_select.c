/* SPDX-License-Identifier: Apache-2.0 */
/* Columns in random pages: a selection is the pages whose bounds meet the range, no more and no
 * less, and a read from any row on gives the same as one from the first. */
#include <stdio.h>

#include "fmt/pq_select.h"
#include "harness.h"
#include "pq_handmade.h"
#include "rng.h"

#define ROWS_MAX 2000u
#define PAGES_MAX 60u
#define CAP (1u << 20)

static uint8_t file_buf[CAP];
static pqb b;
static pqb_bytes file;
static hr_arena *arena;
static int64_t value[2][ROWS_MAX];
static uint32_t n_rows, n_pages[2], page_at[2][PAGES_MAX + 1];

static void put_page(test_rng *r, uint32_t col, uint32_t begin, uint32_t n)
{
    static uint8_t body[2 * ROWS_MAX + 8 * ROWS_MAX + 64];
    static uint8_t level[ROWS_MAX];
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    bool is_v2 = test_rng_chance(r, 2);
    for (uint32_t i = 0; i < n; i++)
        level[i] = value[col][begin + i] != HR_NULL_I64;
    size_t k = is_v2 ? pqb_levels(body, level, n) : pqb_sized_levels(body, level, n);
    size_t n_levels = k;
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = value[col][begin + i];
        if (level[i] == 0) continue;
        min = HR_MIN(min, v);
        max = HR_MAX(max, v);
        memcpy(body + k, &v, 8);
        k += 8;
    }
    pqb_page(&b, PQB_PAGE(.type = is_v2 ? HR_PQ_DATA_PAGE_V2 : HR_PQ_DATA_PAGE, .n_values = (int)n,
                          .body = body, .n_body = k, .def_bytes = is_v2 ? (int)n_levels : 0,
                          .min = min <= max ? &min : NULL, .max = &max, .n_bound = 8));
}

static void put_column(test_rng *r, uint32_t col)
{
    uint32_t at = 0;
    n_pages[col] = 0;
    for (uint32_t i = 0; i < n_rows; i++) {
        int64_t v = col == 0 ? (int64_t)(i / 3) : (int64_t)test_rng_below(r, 1 + n_rows);
        bool is_null = i / 64 % 5 == 4 || test_rng_chance(r, 9);
        value[col][i] = is_null ? HR_NULL_I64 : v - 50;
    }
    while (at < n_rows) {
        uint32_t n = 1 + (uint32_t)test_rng_below(r, 90);
        if (n > n_rows - at || n_pages[col] + 1 == PAGES_MAX) n = n_rows - at;
        page_at[col][n_pages[col]++] = at;
        put_page(r, col, at, n);
        at += n;
    }
    page_at[col][n_pages[col]] = n_rows;
    pqb_chunk(&b, n_rows, HR_PQ_UNCOMPRESSED);
}

static hr_pq_file *make_file(test_rng *r, bool has_indexes)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    n_rows = 1 + (uint32_t)test_rng_below(r, ROWS_MAX);
    pqb_init(&b, file_buf, CAP);
    b.order = 1;
    for (uint32_t c = 0; c < 2; c++)
        pqb_leaf(&b, &(pqb_leaf_info){.name = c ? "y" : "x",
                                      .phys = HR_PQ_INT64,
                                      .repetition = HR_PQ_OPTIONAL,
                                      .converted = -1});
    for (uint32_t c = 0; c < 2; c++)
        put_column(r, c);
    pqb_group(&b, n_rows);
    for (uint32_t c = 0; c < 2 && has_indexes; c++)
        pqb_indexes(&b, c);
    file = (pqb_bytes){.p = file_buf, .n = pqb_finish(&b)};
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, NULL),
                     HR_OK);
    return f;
}

/* Whether a page of the column that covers the row has values within the range's reach. */
static bool page_meets(uint32_t col, uint32_t row, int64_t min, int64_t max)
{
    uint32_t p = 0;
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
    while (page_at[col][p + 1] <= row)
        p++;
    for (uint32_t i = page_at[col][p]; i < page_at[col][p + 1]; i++) {
        if (value[col][i] == HR_NULL_I64) continue;
        low = HR_MIN(low, value[col][i]);
        high = HR_MAX(high, value[col][i]);
    }
    return low <= high && max >= low && min <= high;
}

static void check_selection(test_rng *r, hr_pq_file *f)
{
    hr_pq_rows rows[2 * PAGES_MAX];
    hr_pq_range range[2];
    hr_err err = HR_ERR_INIT;
    for (uint32_t c = 0; c < 2; c++) {
        int64_t min = (int64_t)test_rng_below(r, 1 + n_rows) - 60;
        range[c] = (hr_pq_range){.col = c, .min = min, .max = min + (int64_t)test_rng_below(r, 80)};
    }
    hr_pq_query q = {.range = range,
                     .n_ranges = 1 + (uint32_t)test_rng_below(r, 2),
                     .use = HR_PQ_USE_ALL,
                     .scratch = arena};
    hr_pq_selection got = {.rows = rows, .cap = 2 * PAGES_MAX};
    assert_int_equal(hr_pq_select(f, 0, &q, &got, &err), HR_OK);
    uint32_t k = 0;
    for (uint32_t i = 0; i < n_rows; i++) {
        bool want = page_meets(0, i, range[0].min, range[0].max) &&
                    (q.n_ranges == 1 || page_meets(1, i, range[1].min, range[1].max));
        while (k < got.n && rows[k].end <= i)
            k++;
        assert_int_equal(k < got.n && rows[k].begin <= i, want);
    }
    for (uint32_t i = 1; i < got.n; i++)
        assert_true(rows[i - 1].end < rows[i].begin);
    hr_pq_selection few = {.rows = rows, .cap = 1};
    uint32_t n = got.n;
    int64_t end = n > 0 ? rows[n - 1].end : 0;
    assert_int_equal(hr_pq_select(f, 0, &q, &few, &err), HR_OK);
    assert_int_equal(few.n, n > 0);
    if (n > 0) assert_int_equal(rows[0].end, end);
}

static void check_seek(test_rng *r, hr_pq_file *f)
{
    static int64_t v[ROWS_MAX];
    hr_pq_cursor *c;
    hr_err err = HR_ERR_INIT;
    uint32_t got;
    uint32_t col = (uint32_t)test_rng_below(r, 2);
    assert_int_equal(hr_pq_cursor_create(&c, f, col, arena, &err), HR_OK);
    for (int i = 0; i < 20; i++) {
        uint32_t at = (uint32_t)test_rng_below(r, n_rows + 1);
        hr_status st = hr_pq_cursor_seek_row(c, 0, at, &err);
        if (st != HR_OK) print_message("# %s\n", err.message);
        assert_int_equal(st, HR_OK);
        st = hr_pq_read_i64(c, v, ROWS_MAX, &got, &err);
        assert_int_equal(st, at == n_rows ? HR_END : HR_OK);
        assert_int_equal(got, n_rows - at);
        assert_memory_equal(v, value[col] + at, got * sizeof *v);
    }
    assert_int_equal(file.n_outside, 0);
}

static void test_selection(void **state)
{
    (void)state;
    test_rng r;
    uint64_t n = test_iters(300);
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_arena_create(&arena, NULL, 8u << 20, "test", NULL), HR_OK);
    for (uint64_t i = 0; i < n; i++) {
        size_t mark = hr_arena_mark(arena);
        bool has_indexes = i % 4 != 3;
        hr_pq_file *f = make_file(&r, has_indexes);
        for (int k = 0; k < 10 && has_indexes; k++)
            check_selection(&r, f);
        check_seek(&r, f);
        hr_arena_rewind(arena, mark);
    }
    hr_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_selection)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
