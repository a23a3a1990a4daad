/* SPDX-License-Identifier: Apache-2.0 */
/* Random tables as Arrow: what is read back, from the first row and from any other, is what was
 * written; the bytes do not depend on how rows come in blocks. */
#include <math.h>
#include <stdio.h>

#include "fmt/pq_read.h"
#include "harness.h"
#include "ipc_made.h"
#include "rng.h"

#define ROWS_MAX 3000u
#define FIELDS_MAX 10u
#define STEP 700u
#define FILE_CAP ((size_t)8 << 20)

static const char *const names[] = {"buy", "sell", "", "unknown", "five"};

typedef struct table {
    hr_schema schema;
    hr_field field[FIELDS_MAX];
    char *column[FIELDS_MAX];
    uint32_t n_rows;
    uint32_t n_blocks, from; /* of the batch that is written */
    uint32_t batch_rows;
} table;

static table t;
static ipcm_bytes file[2];
static hr_arena *arena;

static void fill(test_rng *r, uint32_t c)
{
    const hr_field *f = &t.field[c];
    unsigned nulls = f->nullable ? (unsigned)test_rng_below(r, 4) : 0; /* none, few, many, all */
    for (uint32_t i = 0; i < t.n_rows; i++) {
        bool is_null = nulls == 3 || (nulls > 0 && test_rng_chance(r, nulls == 1 ? 20 : 2));
        int64_t v = (int64_t)(test_rng_u64(r) >> test_rng_below(r, 64));
        if (test_rng_chance(r, 2)) v = -v;
        if (is_null || v == HR_NULL_I64) v = f->nullable ? HR_NULL_I64 : 0;
        double d = is_null ? (double)NAN : (double)v / 7;
        hr_text s = {.len = HR_TEXT_NULL};
        uint8_t e = (uint8_t)(is_null ? 255 : test_rng_below(r, HR_ARRAY_LEN(names)));
        uint8_t b = (uint8_t)test_rng_below(r, 2);
        uint32_t u = (uint32_t)v;
        if (!is_null) s.len = (uint8_t)test_rng_below(r, HR_TEXT_CAP + 1);
        if (!is_null) test_rng_bytes(r, s.byte, s.len);
        const void *from[] = {
            [HR_COL_I64] = &v,  [HR_COL_TS] = &v,  [HR_COL_DEC] = &v,  [HR_COL_U32] = &u,
            [HR_COL_ENUM] = &e, [HR_COL_F64] = &d, [HR_COL_TEXT] = &s, [HR_COL_BOOL] = &b};
        size_t n = hr_col_width(f->type);
        memcpy(t.column[c] + i * n, from[f->type], n);
    }
}

static void make_table(test_rng *r)
{
    static char label[FIELDS_MAX][8];
    t.n_rows = (uint32_t)test_rng_below(r, test_rng_chance(r, 5) ? 4 : ROWS_MAX);
    t.schema = (hr_schema){.name = "t", .fields = t.field};
    t.schema.n_fields = (uint16_t)(1 + test_rng_below(r, FIELDS_MAX));
    for (uint32_t i = 0; i < t.schema.n_fields; i++) {
        hr_col_type type = (hr_col_type)test_rng_below(r, 8);
        bool may_be_null = type != HR_COL_U32 && type != HR_COL_BOOL;
        snprintf(label[i], sizeof label[i], "c%u", i % FIELDS_MAX);
        t.field[i] = (hr_field){.name = label[i],
                                .type = type,
                                .scale = (uint8_t)test_rng_below(r, 19),
                                .nullable = may_be_null && test_rng_chance(r, 2),
                                .dict = names,
                                .n_dict = HR_ARRAY_LEN(names)};
        fill(r, i);
    }
}

/* Rows of the batch in about equal blocks. */
static const void *get_rows(void *self, uint32_t col, uint32_t block, uint32_t *n, hr_err *err)
{
    uint32_t rows = HR_MIN(t.batch_rows, t.n_rows - t.from);
    uint32_t first = rows * block / t.n_blocks;
    (void)self;
    (void)err;
    *n = rows * (block + 1) / t.n_blocks - first;
    return t.column[col] + (t.from + first) * hr_col_width(t.field[col].type);
}

static void write_table(ipcm_bytes *to, hr_ipc_write_options o, uint32_t n_blocks)
{
    hr_err err = HR_ERR_INIT;
    hr_ipc_writer *w;
    hr_arena_rewind(arena, 0);
    to->n = 0;
    o.sink = ipcm_put;
    o.sink_self = to;
    t.batch_rows = o.batch_rows;
    t.n_blocks = n_blocks;
    assert_int_equal(hr_ipc_writer_create(&w, &t.schema, &o, arena, &err), HR_OK);
    for (t.from = 0; t.from < t.n_rows; t.from += o.batch_rows) {
        hr_rows_source rows = {.n_blocks = n_blocks,
                               .n_rows = HR_MIN(o.batch_rows, t.n_rows - t.from),
                               .get = get_rows};
        hr_status st = hr_ipc_writer_batch(w, &rows, &err);
        if (st != HR_OK) print_message("# %s\n", err.message);
        assert_int_equal(st, HR_OK);
    }
    assert_int_equal(hr_ipc_writer_finish(w, &err), HR_OK);
}

/* n values that were read are those of the rows from here on. */
static void check_rows(uint32_t c, uint32_t row, uint32_t n, const void *got)
{
    const hr_field *f = &t.field[c];
    size_t w = hr_col_width(f->type);
    for (uint32_t i = 0; i < n; i++) {
        const char *p = t.column[c] + (row + i) * w;
        const hr_text *text = (const hr_text *)(const void *)p;
        const hr_pq_bytes *bytes = (const hr_pq_bytes *)got + i;
        int64_t v = ((const int64_t *)got)[i];
        int64_t want = 0;
        if (f->type == HR_COL_TEXT) {
            bool is_null = text->len == HR_TEXT_NULL;
            assert_int_equal(bytes->s == NULL, is_null && f->nullable);
            assert_int_equal(bytes->n, is_null ? 0 : text->len);
            if (!is_null) assert_memory_equal(bytes->s, text->byte, text->len);
        } else if (f->type == HR_COL_ENUM) {
            const char *name = *(const uint8_t *)p == 255 ? NULL : names[*(const uint8_t *)p];
            assert_int_equal(bytes->s == NULL, name == NULL);
            assert_int_equal(bytes->n, name != NULL ? strlen(name) : 0);
            if (name != NULL) assert_memory_equal(bytes->s, name, bytes->n);
        } else if (f->type == HR_COL_F64) {
            double a;
            double b = ((const double *)got)[i];
            memcpy(&a, p, sizeof a);
            assert_true(isnan(a) ? isnan(b) : a == b);
        } else {
            memcpy(&want, p, w); /* little-endian */
            assert_int_equal(v, want);
        }
    }
}

static void read_from(hr_pq_cursor *c, uint32_t col, uint32_t group, uint32_t row, uint32_t step)
{
    static int64_t v[STEP];
    static double d[STEP];
    static hr_pq_bytes s[STEP];
    hr_err err = HR_ERR_INIT;
    hr_col_type type = t.field[col].type;
    bool is_text = type == HR_COL_TEXT || type == HR_COL_ENUM;
    uint32_t end = HR_MIN(t.batch_rows, t.n_rows - group * t.batch_rows);
    hr_status st = hr_pq_cursor_seek_row(c, group, row, &err);
    for (uint32_t n = 0; st == HR_OK; row += n) {
        st = is_text              ? hr_pq_read_bytes(c, s, step, &n, &err)
             : type == HR_COL_F64 ? hr_pq_read_f64(c, d, step, &n, &err)
                                  : hr_pq_read_i64(c, v, step, &n, &err);
        const void *got = is_text ? (const void *)s : type == HR_COL_F64 ? (const void *)d : v;
        check_rows(col, group * t.batch_rows + row, n, got);
    }
    if (st != HR_END) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_END);
    assert_int_equal(row, end);
}

static void read_table(test_rng *r, ipcm_bytes *from)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_err err = HR_ERR_INIT;
    hr_pq_file *f;
    hr_arena_rewind(arena, 0);
    hr_status st = hr_ipc_file_open(&f, ipcm_read_at, from, (int64_t)from->n, &limits, arena, &err);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    assert_int_equal(hr_pq_file_rows(f), t.n_rows);
    assert_int_equal(hr_pq_file_columns(f), t.schema.n_fields);
    for (uint32_t i = 0; i < t.schema.n_fields; i++) {
        hr_pq_cursor *c;
        assert_string_equal(hr_pq_file_column(f, i)->name, t.field[i].name);
        assert_int_equal(hr_pq_file_column(f, i)->nullable, t.field[i].nullable);
        assert_int_equal(hr_pq_cursor_create(&c, f, i, arena, &err), HR_OK);
        for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++)
            read_from(c, i, g, 0, STEP);
        for (uint32_t k = 0; k < 4 && t.n_rows > 0; k++) {
            uint32_t g = (uint32_t)test_rng_below(r, hr_pq_file_row_groups(f));
            uint32_t row = (uint32_t)test_rng_below(r, (uint64_t)hr_pq_row_group_rows(f, g) + 1);
            read_from(c, i, g, row, 1 + (uint32_t)test_rng_below(r, STEP));
        }
    }
    assert_int_equal(from->n_outside, 0);
}

static void test_round_trips(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(60); i++) {
        make_table(&r);
        hr_ipc_write_options o = {
            .kind = i % 2 == 0 ? HR_IPC_FILE : HR_IPC_STREAM,
            .is_packed = i % 3 == 0,
            .batch_rows = 1 + (uint32_t)test_rng_below(&r, 1500),
            .max_batches = ROWS_MAX,
        };
        write_table(&file[0], o, 1);
        write_table(&file[1], o, 1 + (uint32_t)test_rng_below(&r, 5));
        assert_int_equal(file[0].n, file[1].n);
        assert_memory_equal(file[0].p, file[1].p, file[0].n);
        read_table(&r, &file[0]);
    }
}

static int set_up(void **state)
{
    (void)state;
    hr_arena *own;
    if (hr_arena_create(&own, NULL, 2 * FILE_CAP + FIELDS_MAX * ROWS_MAX * 64 + (1u << 20), "own",
                        NULL) != HR_OK)
        return -1;
    for (int i = 0; i < 2; i++)
        file[i] = (ipcm_bytes){.p = hr_arena_alloc(own, FILE_CAP, 64), .cap = FILE_CAP};
    for (uint32_t i = 0; i < FIELDS_MAX; i++)
        t.column[i] = hr_arena_alloc(own, ROWS_MAX * sizeof(hr_text), 64);
    return hr_arena_create(&arena, NULL, 64u << 20, "test", NULL) == HR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trips)};
    return cmocka_run_group_tests_name("fmt-ipc", tests, set_up, NULL);
}
