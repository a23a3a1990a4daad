/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's edges: nulls of every type, statistics, indexes, errors of its sink and its limits.
 * What random tables hold is prop_fmt_pq_write's. */
#include <math.h>
#include <stdio.h>

#include "fmt/pq_build.h"
#include "fmt/pq_read.h"
#include "harness.h"

#define FILE_BYTES ((size_t)8 << 20)

static const char *const names[] = {"low", "high", "a", "medium"};

typedef struct one_column {
    const void *v;
    uint32_t n;
} one_column;

static uint8_t file[FILE_BYTES];
static size_t n_file;
static int sink_fails_at; /* that call of the sink, counted from 1; 0 never */
static int sink_calls;
static hr_arena *arena;

static int set_up(void **state)
{
    (void)state;
    sink_fails_at = 0;
    return hr_arena_create(&arena, NULL, (size_t)24 << 20, "test", NULL) == HR_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static hr_status put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    (void)self;
    if (++sink_calls == sink_fails_at) return HR_FAIL(err, HR_ENOSPC, "sink is full");
    assert_true(n_bytes <= sizeof file - n_file);
    memcpy(file + n_file, bytes, n_bytes);
    n_file += n_bytes;
    return HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    (void)self;
    size_t n = HR_MIN(n_bytes, n_file - (size_t)offset);
    memcpy(buf, file + offset, n);
    return (int64_t)n;
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err)
{
    const one_column *c = self;
    (void)col;
    (void)err;
    (void)block;
    *n_rows = c->n;
    return c->v;
}

static hr_status write_groups(const hr_field *f, const void *v, uint32_t n, uint32_t n_groups,
                              const hr_pq_write_options *opt, hr_err *err)
{
    const hr_schema schema = {.name = "t", .n_fields = 1, .fields = f};
    one_column c = {.v = v, .n = n};
    const hr_rows_source rows = {.self = &c, .n_blocks = 1, .n_rows = n, .get = get};
    hr_pq_scratch *s;
    hr_pq_writer *w;
    n_file = 0;
    sink_calls = 0;
    HR_TRY(hr_pq_scratch_create(&s, arena, opt, err));
    size_t n_mem = hr_pq_writer_bytes(&schema, n_groups);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    HR_TRY(hr_pq_writer_init(&w, mem, n_mem, &schema, n_groups, opt, put, NULL, err));
    for (uint32_t g = 0; g < n_groups; g++)
        HR_TRY(hr_pq_writer_row_group(w, s, &rows, err));
    HR_TRY(hr_pq_writer_finish(w, s, err));
    assert_int_equal(hr_pq_writer_bytes_out(w), n_file);
    return HR_OK;
}

static hr_pq_cursor *written(const hr_field *f, const void *v, uint32_t n)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_err err = HR_ERR_INIT;
    hr_pq_file *pf;
    hr_pq_cursor *c;
    opt.page_rows = 4;
    assert_int_equal(write_groups(f, v, n, 1, &opt, &err), HR_OK);
    assert_int_equal(hr_pq_file_open(&pf, read_at, NULL, (int64_t)n_file, &limits, arena, &err),
                     HR_OK);
    assert_int_equal(hr_pq_file_rows(pf), n);
    assert_int_equal(hr_pq_file_column(pf, 0)->nullable, f->nullable);
    assert_int_equal(hr_pq_cursor_create(&c, pf, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    return c;
}

static void expect_texts(hr_pq_cursor *c, const char *const *want, uint32_t n)
{
    hr_pq_bytes b[16];
    uint32_t at = 0;
    uint32_t got;
    while (hr_pq_read_bytes(c, b, 16, &got, NULL) == HR_OK) {
        for (uint32_t i = 0; i < got; i++, at++) {
            assert_true(at < n);
            assert_true((b[i].s == NULL) == (want[at] == NULL));
            if (want[at] == NULL) continue;
            assert_int_equal(b[i].n, strlen(want[at]));
            assert_memory_equal(b[i].s, want[at], b[i].n);
        }
    }
    assert_int_equal(at, n);
}

static void test_enum(void **state)
{
    static const uint8_t v[] = {0, 1, 9, 3, 9, 9, 9, 9, 2, 9};
    static const char *const want[] = {"low", "high", NULL, "medium", NULL,
                                       NULL,  NULL,   NULL, "a",      NULL};
    hr_field f = {.name = "e", .type = HR_COL_ENUM, .nullable = true, .dict = names, .n_dict = 4};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_err err = HR_ERR_INIT;
    (void)state;
    expect_texts(written(&f, v, 10), want, 10);
    expect_texts(written(&f, v, 2), want, 2); /* nullable, and none null */
    f.nullable = false;
    expect_texts(written(&f, v, 2), want, 2);
    assert_int_equal(write_groups(&f, v, 10, 1, &opt, &err), HR_EINTERNAL);
    assert_non_null(strstr(err.message, "'e'"));
}

static void test_text(void **state)
{
    static hr_text v[9];
    const char *want[9] = {"b", NULL, "", "abc", NULL, "b", NULL, NULL, NULL};
    hr_field f = {.name = "t", .type = HR_COL_TEXT, .nullable = true};
    (void)state;
    for (int i = 0; i < 9; i++) {
        v[i].len = want[i] != NULL ? (uint8_t)strlen(want[i]) : HR_TEXT_NULL;
        if (want[i] != NULL) memcpy(v[i].byte, want[i], strlen(want[i]));
    }
    expect_texts(written(&f, v, 9), want, 9);
    f.nullable = false; /* what cannot be null is empty: no row is lost */
    for (int i = 0; i < 9; i++)
        want[i] = want[i] != NULL ? want[i] : "";
    expect_texts(written(&f, v, 9), want, 9);
}

#define TEXTS 9000u

/* Row i has name i % n_names, or one of its own from row `own` on. */
static void texts_make(hr_text *v, const char **want, uint32_t n_names, uint32_t own)
{
    static char name[TEXTS][HR_TEXT_CAP + 1];
    for (uint32_t i = 0; i < TEXTS; i++) {
        const uint32_t k = i >= own ? n_names + i : i % n_names;
        const int n = snprintf(name[i], sizeof name[i], "%.*s%u", (int)(k % 30),
                               "the same letters before all of them", k);
        memset(&v[i], (int)(i * 7 % 256), sizeof v[i]); /* what is behind a text is nothing */
        memcpy(v[i].byte, name[i], (size_t)n);
        v[i].len = (uint8_t)n;
        want[i] = name[i];
    }
}

/* Where each text lies: some where one of the rows just before has the same, some by themselves. */
static const hr_text *const *texts_at(const hr_text *v, const char *const *want, uint32_t n)
{
    static const hr_text *at[TEXTS];
    for (uint32_t i = 0; i < n; i++) {
        at[i] = &v[i];
        for (uint32_t back = 1; i % 11 != 0 && back <= HR_MIN(i, 50u); back++) {
            if (want[i] == NULL || want[i - back] == NULL || v[i - back].len == HR_TEXT_NULL ||
                v[i].len == HR_TEXT_NULL || strcmp(want[i], want[i - back]) != 0)
                continue;
            at[i] = at[i - back];
            break;
        }
    }
    return at;
}

/* A column that says where its texts lie makes the same file. */
static void expect_same_by_place(const hr_field *f, const hr_text *v, const char *const *want,
                                 uint32_t n, const hr_pq_write_options *opt)
{
    static uint8_t first[FILE_BYTES];
    const size_t n_first = n_file;
    hr_field by_place = *f;
    hr_err err = HR_ERR_INIT;
    by_place.type = HR_COL_TEXT_AT;
    memcpy(first, file, n_file);
    hr_arena_rewind(arena, 0);
    assert_int_equal(write_groups(&by_place, texts_at(v, want, n), n, 1, opt, &err), HR_OK);
    assert_int_equal(n_file, n_first);
    assert_memory_equal(file, first, n_file);
}

/* Written in pages of so many rows and read back. Is there a dictionary? */
static bool texts_have_dict(const hr_field *f, const hr_text *v, const char *const *want,
                            uint32_t n, uint32_t page_rows)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_err err = HR_ERR_INIT;
    hr_pq_file *pf;
    hr_pq_cursor *c;
    hr_arena_rewind(arena, 0);
    opt.page_rows = page_rows;
    assert_int_equal(write_groups(f, v, n, 1, &opt, &err), HR_OK);
    expect_same_by_place(f, v, want, n, &opt);
    hr_arena_rewind(arena, 0);
    assert_int_equal(hr_pq_file_open(&pf, read_at, NULL, (int64_t)n_file, &limits, arena, &err),
                     HR_OK);
    assert_int_equal(hr_pq_cursor_create(&c, pf, 0, arena, &err), HR_OK);
    assert_int_equal(hr_pq_cursor_seek(c, 0, &err), HR_OK);
    expect_texts(c, want, n);
    return file[4] == 0x15 && file[5] == 2 * HR_PQ_DICTIONARY_PAGE; /* the first page's type */
}

static void test_text_dictionary(void **state)
{
    static hr_text v[TEXTS];
    static const char *want[TEXTS];
    hr_field f = {.name = "t", .type = HR_COL_TEXT, .nullable = true};
    (void)state;
    texts_make(v, want, 40, TEXTS);
    assert_true(texts_have_dict(&f, v, want, TEXTS, 20480));
    assert_true(texts_have_dict(&f, v, want, TEXTS, 4)); /* more pages than have notes */
    assert_true(texts_have_dict(&f, v, want, 80, 20480));
    assert_false(texts_have_dict(&f, v, want, 79, 20480)); /* each should come twice */
    texts_make(v, want, 1, TEXTS);
    assert_true(texts_have_dict(&f, v, want, TEXTS, 20480));
    texts_make(v, want, PQ_TEXTS_MAX - 600, TEXTS - 600); /* at its most */
    assert_true(texts_have_dict(&f, v, want, TEXTS, 20480));
    texts_make(v, want, PQ_TEXTS_MAX - 600, TEXTS - 601);
    assert_false(texts_have_dict(&f, v, want, TEXTS, 20480));
    texts_make(v, want, TEXTS, TEXTS);
    assert_false(texts_have_dict(&f, v, want, TEXTS, 20480));
    texts_make(v, want, 7, TEXTS);
    for (uint32_t i = 0; i < TEXTS; i += i % 5 + 1) {
        v[i].len = HR_TEXT_NULL;
        want[i] = NULL;
    }
    assert_true(texts_have_dict(&f, v, want, TEXTS, 600));
    f.nullable = false;
    for (uint32_t i = 0; i < TEXTS; i++)
        want[i] = want[i] != NULL ? want[i] : "";
    assert_true(texts_have_dict(&f, v, want, TEXTS, 600));
}

static void test_no_rows(void **state)
{
    hr_field f = {.name = "x", .type = HR_COL_I64};
    int64_t out[8];
    uint32_t n;
    (void)state;
    for (int type = 0; type <= HR_COL_TEXT_AT; type++) {
        hr_arena_rewind(arena, 0);
        f = (hr_field){.name = "x", .type = (hr_col_type)type, .dict = names, .n_dict = 2};
        hr_pq_cursor *c = written(&f, "", 0);
        if (type == HR_COL_I64) assert_int_equal(hr_pq_read_i64(c, out, 8, &n, NULL), HR_END);
    }
}

static void test_bool(void **state)
{
    static const uint8_t v[] = {1, 0, 7, 1, 0, 0, 1};
    hr_field f = {.name = "b", .type = HR_COL_BOOL};
    int64_t out[8];
    uint32_t n;
    (void)state;
    for (int k = 0; k < 2; k++, f.nullable = true) {
        assert_int_equal(hr_pq_read_i64(written(&f, v, 7), out, 8, &n, NULL), HR_OK);
        assert_int_equal(n, 7);
        for (int i = 0; i < 7; i++)
            assert_int_equal(out[i], v[i] != 0);
    }
}

/* ---- statistics ---- */

static pq_note survey(hr_field *f, const void *v, uint32_t n)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_pq_scratch *s;
    pq_note note = {.n_rows = n};
    opt.page_rows = 64;
    size_t mark = hr_arena_mark(arena);
    assert_int_equal(hr_pq_scratch_create(&s, arena, &opt, NULL), HR_OK);
    hr_pq_column_begin(s);
    assert_int_equal(hr_pq_page_survey(s, f, v, &note, n, NULL), HR_OK);
    hr_arena_rewind(arena, mark);
    return note;
}

static void expect_f64(const pq_note *note, double min, double max)
{
    assert_true(note->stat.is_set);
    assert_memory_equal(&note->stat.min, &min, 8);
    assert_memory_equal(&note->stat.max, &max, 8);
}

static void test_double_statistics(void **state)
{
    const double nan_value = (double)NAN;
    const double inf = (double)INFINITY;
    const double first_nan[] = {nan_value, 2, -3, nan_value};
    const double nans[] = {nan_value, nan_value};
    const double plus[] = {0.0, 0.0};
    const double minus[] = {-0.0, -0.0};
    const double ends[] = {inf, -inf, nan_value};
    const double all_inf[] = {inf, inf};
    hr_field f = {.name = "d", .type = HR_COL_F64};
    (void)state;
    for (int k = 0; k < 2; k++, f.nullable = true) {
        pq_note note = survey(&f, first_nan, 4);
        expect_f64(&note, -3, 2);
        assert_int_equal(note.n_nulls, f.nullable ? 2 : 0);
        note = survey(&f, nans, 2);
        assert_false(note.stat.is_set);
        assert_int_equal(note.n_nulls, f.nullable ? 2 : 0);
        note = survey(&f, plus, 2); /* parquet.thrift: a zero min is -0, a zero max +0 */
        expect_f64(&note, -0.0, 0.0);
        note = survey(&f, minus, 2);
        expect_f64(&note, -0.0, 0.0);
        note = survey(&f, ends, 3);
        expect_f64(&note, -inf, inf);
        note = survey(&f, all_inf, 2);
        expect_f64(&note, inf, inf);
        pq_stat all = {.is_set = false};
        note = survey(&f, nans, 2);
        hr_pq_stat_join(&all, &note.stat, &f);
        note = survey(&f, first_nan, 4);
        hr_pq_stat_join(&all, &note.stat, &f);
        note = survey(&f, nans, 2);
        hr_pq_stat_join(&all, &note.stat, &f);
        note.stat = all;
        expect_f64(&note, -3, 2);
    }
}

/* Zeros of both signs are equal and are not the same: a dictionary of one would lose the sign. */
static void test_zeros_keep_their_sign(void **state)
{
    const double v[] = {0.0, -0.0, 0.0, -0.0, (double)NAN, 0.0};
    hr_field f = {.name = "d", .type = HR_COL_F64};
    double out[8];
    uint32_t n;
    (void)state;
    assert_int_equal(hr_pq_read_f64(written(&f, v, 6), out, 8, &n, NULL), HR_OK);
    assert_int_equal(n, 6);
    assert_memory_equal(out, v, 4 * sizeof *v);
    assert_true(isnan(out[4]) && !signbit(out[5]));
}

static void test_other_statistics(void **state)
{
    const uint32_t u[] = {5, UINT32_MAX, 7};
    const uint8_t e[] = {0, 1, 3, 9};
    const uint8_t none[] = {9, 9};
    const int64_t i[] = {HR_NULL_I64, 4, INT64_MAX, -9};
    hr_text t[3] = {{.len = HR_TEXT_NULL}, {.byte = "b", .len = 1}, {.byte = "ab", .len = 2}};
    (void)state;
    hr_field f = {.name = "u", .type = HR_COL_U32};
    pq_note note = survey(&f, u, 3);
    assert_true(note.stat.is_set && note.stat.min == 5 && note.stat.max == UINT32_MAX);
    f = (hr_field){.type = HR_COL_ENUM, .nullable = true, .dict = names, .n_dict = 4};
    note = survey(&f, e, 4); /* in the order of the names: high, low, medium */
    assert_true(note.stat.is_set && note.stat.min == 1 && note.stat.max == 3);
    assert_int_equal(note.n_nulls, 1);
    note = survey(&f, none, 2);
    assert_false(note.stat.is_set);
    f = (hr_field){.type = HR_COL_TEXT, .nullable = true};
    note = survey(&f, t, 3);
    assert_true(note.stat.is_set && note.stat.text_min.len == 2 && note.stat.text_max.len == 1);
    assert_int_equal(note.n_nulls, 1);
    note = survey(&f, t, 1);
    assert_false(note.stat.is_set);
    f = (hr_field){.type = HR_COL_I64, .nullable = true};
    note = survey(&f, i, 4);
    assert_true((int64_t)note.stat.min == -9 && (int64_t)note.stat.max == INT64_MAX);
    f.nullable = false;
    note = survey(&f, i, 4);
    assert_true((int64_t)note.stat.min == INT64_MIN && note.n_nulls == 0);
}

/* ---- limits and errors ---- */

static void test_many_row_groups(void **state)
{
    static const int64_t v[] = {1, 2, 3};
    const hr_field f = {.name = "a_column_with_quite_a_long_name", .type = HR_COL_TS};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *pf;
    (void)state;
    opt.page_rows = 4; /* a page buffer of 4 KiB: footer and indexes are hundreds */
    assert_int_equal(write_groups(&f, v, 3, 3000, &opt, NULL), HR_OK);
    assert_int_equal(hr_pq_file_open(&pf, read_at, NULL, (int64_t)n_file, &limits, arena, NULL),
                     HR_OK);
    assert_int_equal(hr_pq_file_row_groups(pf), 3000);
    assert_int_equal(hr_pq_file_rows(pf), 9000);
    int64_t min;
    int64_t max;
    assert_true(hr_pq_chunk_minmax_i64(pf, 2999, 0, &min, &max));
    assert_int_equal(min, 1);
    assert_int_equal(max, 3);
}

static void test_limits(void **state)
{
    static const int64_t v[] = {1, 2, 3};
    const hr_field f = {.name = "a", .type = HR_COL_I64};
    const hr_schema schema = {.name = "t", .n_fields = 1, .fields = &f};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_err err = HR_ERR_INIT;
    one_column c = {.v = v, .n = 3};
    hr_rows_source rows = {.self = &c, .n_blocks = 1, .n_rows = 3, .get = get};
    hr_pq_scratch *s;
    hr_pq_writer *w;
    (void)state;
    n_file = 0;
    size_t n_mem = hr_pq_writer_bytes(&schema, 1);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem - 1, &schema, 1, &opt, put, NULL, &err),
                     HR_EINTERNAL);
    assert_null(w);
    assert_int_equal(hr_pq_scratch_create(&s, arena, &opt, &err), HR_OK);
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem, &schema, 1, &opt, put, NULL, &err), HR_OK);
    assert_int_equal(hr_pq_writer_row_group(w, s, &rows, &err), HR_OK);
    assert_int_equal(hr_pq_writer_row_group(w, s, &rows, &err), HR_ELIMIT);
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem, &schema, 1, &opt, put, NULL, &err), HR_OK);
    rows.n_rows = 4; /* and the source has three */
    assert_int_equal(hr_pq_writer_row_group(w, s, &rows, &err), HR_EINTERNAL);
    hr_arena *small;
    assert_int_equal(hr_arena_create(&small, NULL, 65536, "small", NULL), HR_OK);
    assert_int_equal(hr_pq_scratch_create(&s, small, &opt, &err), HR_EBUDGET);
    hr_arena_destroy(&small);
    assert_int_equal(
        hr_arena_create(&small, NULL, hr_pq_scratch_bytes(&opt) + 16384, "small", NULL), HR_OK);
    assert_int_equal(hr_pq_scratch_create(&s, small, &opt, &err), HR_OK);
    hr_arena_destroy(&small);
}

static void test_sink_fails(void **state)
{
    static int64_t v[200000];
    const hr_field f = {.name = "a", .type = HR_COL_I64};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(v); i++)
        v[i] = (int64_t)(i * i * UINT64_C(0x9e3779b97f4a7c15));
    opt.codec = HR_PQ_UNCOMPRESSED;
    size_t mark = hr_arena_mark(arena);
    assert_int_equal(write_groups(&f, v, HR_ARRAY_LEN(v), 2, &opt, NULL), HR_OK);
    int n_calls = sink_calls;
    assert_true(n_calls > 10);
    for (sink_fails_at = 1; sink_fails_at <= n_calls; sink_fails_at++) {
        hr_err err = HR_ERR_INIT;
        hr_arena_rewind(arena, mark);
        assert_int_equal(write_groups(&f, v, HR_ARRAY_LEN(v), 2, &opt, &err), HR_ENOSPC);
        assert_int_equal(sink_calls, sink_fails_at); /* and it is not called again */
        assert_string_equal(err.message, "sink is full");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_enum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_dictionary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_double_statistics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zeros_keep_their_sign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_statistics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_row_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sink_fails, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
