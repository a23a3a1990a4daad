/* SPDX-License-Identifier: Apache-2.0 */
/* A nullable column in any mix of pages and encodings, read by steps of any size, against the rows
 * that were put in. */
#include "fmt/pq_read.h"
#include "harness.h"
#include "pq_handmade.h"
#include "rng.h"

#define N 3000
#define CAP (1u << 20)

static uint8_t file_buf[CAP], body[CAP];
static pqb b;

static uint32_t step(test_rng *r, uint32_t left, uint32_t most)
{
    uint32_t n = 1 + (uint32_t)test_rng_below(r, most);
    return n < left ? n : left;
}

static hr_pq_cursor *open_column(pqb_bytes *file, hr_arena *arena)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_pq_cursor *c;
    pqb_chunk(&b, N, HR_PQ_UNCOMPRESSED);
    pqb_group(&b, N);
    *file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    assert_int_equal(hr_pq_file_open(&f, pqb_read_at, file, (int64_t)file->n, &limits, arena, NULL),
                     HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, NULL), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, NULL), HR_OK);
    return c;
}

/* n rows as one page. */
static void put_page(test_rng *r, int64_t *rows, uint32_t n)
{
    static uint8_t level[N];
    static int64_t dense[N];
    bool v2 = test_rng_chance(r, 2);
    bool is_delta = test_rng_chance(r, 2);
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        level[i] = test_rng_below(r, 10) < 8;
        rows[i] = level[i] ? (int64_t)test_rng_below(r, 1000) - 500 : HR_NULL_I64;
        if (level[i]) dense[k++] = rows[i];
    }
    size_t n_levels = v2 ? pqb_levels(body, level, n) : pqb_sized_levels(body, level, n);
    size_t n_body = n_levels + k * 8;
    if (is_delta)
        n_body = n_levels + pqb_delta(body + n_levels, dense, k);
    else
        memcpy(body + n_levels, dense, k * 8);
    pqb_page(&b, PQB_PAGE(.type = v2 ? HR_PQ_DATA_PAGE_V2 : HR_PQ_DATA_PAGE,
                          .encoding = is_delta ? HR_PQ_DELTA_BINARY_PACKED : HR_PQ_PLAIN,
                          .n_values = (int)n, .body = body, .n_body = n_body,
                          .def_bytes = v2 ? (int)n_levels : 0, .has_crc = true));
}

static void test_any_step(void **state)
{
    static int64_t rows[N], got[N];
    hr_arena *arena;
    pqb_bytes file;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_arena_create(&arena, NULL, 8u << 20, "test", NULL), HR_OK);
    for (uint64_t round = 0; round < test_iters(60); round++) {
        hr_arena_rewind(arena, 0);
        pqb_init(&b, file_buf, CAP);
        pqb_leaf(&b, &(pqb_leaf_info){.name = "v",
                                      .phys = HR_PQ_INT64,
                                      .repetition = HR_PQ_OPTIONAL,
                                      .converted = -1});
        for (uint32_t at = 0, n; at < N; at += n) {
            n = step(&r, N - at, 900);
            put_page(&r, rows + at, n);
        }
        hr_pq_cursor *c = open_column(&file, arena);
        for (uint32_t at = 0, n; at < N; at += n) {
            uint32_t cap = step(&r, N - at, 1500);
            assert_int_equal(hr_pq_read_i64(c, got + at, cap, &n, NULL), HR_OK);
            assert_int_equal(n, cap);
        }
        assert_memory_equal(got, rows, sizeof rows);
        assert_int_equal(file.n_outside, 0);
    }
    hr_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
