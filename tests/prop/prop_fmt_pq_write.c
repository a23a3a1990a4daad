/* SPDX-License-Identifier: Apache-2.0 */
/* Random tables: what is read back is what was written; the bytes depend neither on how the rows
 * come in blocks nor on the kernels' tier nor on what the workspace did before. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fmt/pq_read.h"
#include "fmt/pq_write.h"
#include "harness.h"
#include "kern/kern.h"
#include "rng.h"

#define ROWS_MAX 30000u
#define FIELDS_MAX 12u
#define FILE_BYTES ((size_t)24 << 20)
#define N_SHAPES 11u

static const char *const names[] = {"buy", "sell", "unknown", "a", "b", "c", "d", "e", "f"};

typedef struct table {
    hr_schema schema;
    hr_field field[FIELDS_MAX];
    char name[FIELDS_MAX][8];
    char *column[FIELDS_MAX];
    uint32_t n_rows;
    uint32_t cut[8]; /* where blocks end */
    uint32_t n_blocks;
} table;

typedef struct bytes {
    uint8_t *p;
    size_t n;
} bytes;

static bytes file[2];
static hr_arena *arena;
static table t;

static int64_t integer(test_rng *r, unsigned shape, uint32_t i, int64_t last)
{
    static const int64_t base = INT64_C(1700000000000000000);
    switch (shape) {
    case 0:
        return (int64_t)test_rng_u64(r);
    case 1:
        return 42;
    case 2: /* time */
        return base + (int64_t)i * 1000 + (int64_t)test_rng_below(r, 900);
    case 3: /* few values */
        return (int64_t)test_rng_below(r, 300) * 1000000 - 77;
    case 4: /* more of them than a dictionary takes, most of them late */
        return (int64_t)test_rng_below(r, 1 + i);
    case 5: /* steps */
        return test_rng_chance(r, 40) ? (int64_t)test_rng_below(r, 50) : last;
    case 6:
        return test_rng_chance(r, 2) ? INT64_MAX : INT64_MIN + 1;
    case 7: /* runs, then noise, then runs */
        return i / 4096 % 2 ? (int64_t)test_rng_u64(r) : (int64_t)(i / 100);
    case 8: /* times of messages */
        return base + (int64_t)(i / 11) * 777000;
    case 9: /* sizes: values enough for a dictionary that is sorted */
        return (int64_t)(test_rng_below(r, 70) * test_rng_below(r, 70)) * 1000;
    default: /* constant for long, then not */
        return i < 9000 ? 7 : (int64_t)test_rng_below(r, 10);
    }
}

static void fill(test_rng *r, uint32_t c)
{
    const hr_field *f = &t.field[c];
    unsigned shape = (unsigned)test_rng_below(r, N_SHAPES);
    unsigned nulls = (unsigned)test_rng_below(r, 4); /* 0 none, 1 few, 2 long stretches, 3 all */
    if (nulls == 3 && !test_rng_chance(r, 4)) nulls = 1;
    unsigned prefix = (unsigned)test_rng_below(r, 27);
    bool in_nulls = false;
    int64_t last = 0;
    for (uint32_t i = 0; i < t.n_rows; i++) {
        if (test_rng_chance(r, 3000)) in_nulls = !in_nulls;
        bool is_null = f->nullable && ((nulls == 1 && test_rng_chance(r, 10)) ||
                                       (nulls == 2 && in_nulls) || nulls == 3);
        int64_t v = last = integer(r, shape, i, last);
        char *p = t.column[c] + i * hr_col_width(f->type);
        if (f->type == HR_COL_U32) {
            uint32_t u = (uint32_t)v;
            memcpy(p, &u, 4);
        } else if (f->type == HR_COL_ENUM) {
            *p = (char)(is_null ? 200 : (uint64_t)v % f->n_dict);
        } else if (f->type == HR_COL_BOOL) {
            *p = (char)(v & 1);
        } else if (f->type == HR_COL_F64) {
            double d = is_null ? (double)NAN : (double)v * 0.25;
            memcpy(p, &d, 8);
        } else if (f->type == HR_COL_TEXT) {
            hr_text *x = (hr_text *)(void *)p;
            memset(x, (int)test_rng_below(r, 256),
                   sizeof *x); /* what is behind a text is nothing */
            x->len = (uint8_t)snprintf(x->byte, sizeof x->byte, "%.*s%lld", (int)prefix,
                                       "BINANCE:FUTURES:PERP:USDT-M", (long long)v);
            if (is_null) x->len = HR_TEXT_NULL;
        } else {
            if (is_null || (f->nullable && v == HR_NULL_I64)) v = HR_NULL_I64;
            memcpy(p, &v, 8);
        }
    }
}

static void make_table(test_rng *r)
{
    t.n_rows = (uint32_t)test_rng_below(r, test_rng_chance(r, 3) ? ROWS_MAX : 200);
    t.schema = (hr_schema){.name = "t", .fields = t.field};
    t.schema.n_fields = (uint16_t)(1 + test_rng_below(r, FIELDS_MAX));
    for (uint32_t c = 0; c < t.schema.n_fields; c++) {
        snprintf(t.name[c], sizeof t.name[c], "c%u", c);
        t.field[c] = (hr_field){.name = t.name[c],
                                .type = (hr_col_type)test_rng_below(r, 8),
                                .scale = (uint8_t)test_rng_below(r, 19),
                                .nullable = test_rng_chance(r, 2),
                                .dict = names,
                                .n_dict = (uint16_t)(1 + test_rng_below(r, 9))};
        fill(r, c);
    }
}

static void cut_blocks(test_rng *r)
{
    t.n_blocks = 1 + (uint32_t)test_rng_below(r, HR_ARRAY_LEN(t.cut));
    uint32_t at = 0;
    for (uint32_t b = 0; b < t.n_blocks; b++) {
        at += (uint32_t)test_rng_below(r, t.n_rows - at + 1);
        t.cut[b] = b + 1 < t.n_blocks ? at : t.n_rows;
    }
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err)
{
    (void)self;
    (void)err;
    uint32_t from = block > 0 ? t.cut[block - 1] : 0;
    *n_rows = t.cut[block] - from;
    return t.column[col] + from * hr_col_width(t.field[col].type);
}

static hr_status put(void *self, const void *p, size_t n, hr_err *err)
{
    bytes *b = self;
    (void)err;
    assert_true(n <= FILE_BYTES - b->n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    const bytes *b = self;
    size_t n = HR_MIN(n_bytes, b->n - (size_t)offset);
    memcpy(buf, b->p + offset, n);
    return (int64_t)n;
}

static void write_table(bytes *to, hr_pq_scratch *s, const hr_pq_write_options *opt)
{
    hr_pq_writer *w;
    hr_err err = HR_ERR_INIT;
    const hr_rows_source rows = {.n_blocks = t.n_blocks, .n_rows = t.n_rows, .get = get};
    size_t n_mem = hr_pq_writer_bytes(&t.schema, 2);
    size_t mark = hr_arena_mark(arena);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    to->n = 0;
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem, &t.schema, 2, opt, put, to, &err), HR_OK);
    for (int g = 0; g < 2; g++)
        assert_int_equal(hr_pq_writer_row_group(w, s, &rows, &err), HR_OK);
    assert_int_equal(hr_pq_writer_finish(w, s, &err), HR_OK);
    hr_arena_rewind(arena, mark);
}

static void check_bytes(const hr_pq_bytes *got, const hr_field *f, const char *p)
{
    const char *want = NULL;
    size_t n = 0;
    if (f->type == HR_COL_ENUM) {
        if ((uint8_t)*p < f->n_dict) want = f->dict[(uint8_t)*p];
        if (want != NULL) n = strlen(want);
    } else {
        const hr_text *x = (const hr_text *)(const void *)p;
        if (x->len != HR_TEXT_NULL) want = x->byte;
        n = x->len;
    }
    assert_true((got->s == NULL) == (want == NULL));
    if (want == NULL) return;
    assert_int_equal(got->n, n);
    assert_memory_equal(got->s, want, n);
}

static void check_value(int64_t got, const hr_field *f, const char *p)
{
    int64_t want = 0;
    memcpy(&want, p, hr_col_width(f->type));
    double a;
    double b;
    memcpy(&a, &got, 8);
    memcpy(&b, &want, 8);
    if (f->type == HR_COL_F64 && isnan(a) && isnan(b)) return;
    assert_true(got == want);
}

/* As narrow integers: the low bytes of what they are. */
static void read_narrow(hr_pq_cursor *c, uint32_t col, size_t width)
{
    static uint64_t v[1000];
    const hr_field *f = &t.field[col];
    size_t width_in = hr_col_width(f->type);
    uint32_t n;
    for (uint32_t at = 0; at < t.n_rows; at += n) {
        assert_int_equal(hr_pq_read_ints(c, v, width, 1000, &n, NULL), HR_OK);
        for (uint32_t i = 0; i < n; i++) {
            int64_t want = 0;
            memcpy(&want, t.column[col] + (at + i) * width_in, width_in);
            assert_memory_equal((char *)v + i * width, &want, width);
        }
    }
    assert_int_equal(hr_pq_read_ints(c, v, width, 1, &n, NULL), HR_END);
}

static void read_column(hr_pq_cursor *c, uint32_t col)
{
    static int64_t v[1000];
    static hr_pq_bytes b[1000];
    const hr_field *f = &t.field[col];
    uint32_t at = 0;
    for (;;) {
        uint32_t n;
        bool is_bytes = f->type == HR_COL_ENUM || f->type == HR_COL_TEXT;
        hr_status st = is_bytes ? hr_pq_read_bytes(c, b, 1000, &n, NULL)
                       : f->type == HR_COL_F64
                           ? hr_pq_read_f64(c, (double *)(void *)v, 1000, &n, NULL)
                           : hr_pq_read_i64(c, v, 1000, &n, NULL);
        if (st == HR_END) break;
        assert_int_equal(st, HR_OK);
        for (uint32_t i = 0; i < n; i++, at++) {
            const char *p = t.column[col] + at * hr_col_width(f->type);
            if (is_bytes)
                check_bytes(&b[i], f, p);
            else
                check_value(v[i], f, p);
        }
    }
    assert_int_equal(at, t.n_rows);
}

/* The statistics of an integer column are its extremes. */
static void expect_statistics(const hr_pq_file *f, uint32_t col)
{
    int64_t want[2] = {INT64_MAX, INT64_MIN};
    int64_t got[2];
    const hr_field *field = &t.field[col];
    if (field->type > HR_COL_DEC) return;
    for (uint32_t i = 0; i < t.n_rows; i++) {
        int64_t v;
        memcpy(&v, t.column[col] + i * 8, 8);
        if (field->nullable && v == HR_NULL_I64) continue;
        want[0] = HR_MIN(want[0], v);
        want[1] = HR_MAX(want[1], v);
    }
    bool is_set = hr_pq_chunk_minmax_i64(f, 1, col, &got[0], &got[1]);
    assert_int_equal(is_set, want[0] <= want[1]);
    if (is_set) assert_memory_equal(got, want, sizeof want);
}

static void read_table(void)
{
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_err err = HR_ERR_INIT;
    size_t mark = hr_arena_mark(arena);
    assert_int_equal(
        hr_pq_file_open(&f, read_at, &file[0], (int64_t)file[0].n, &limits, arena, &err), HR_OK);
    assert_int_equal(hr_pq_file_rows(f), 2 * t.n_rows);
    for (uint32_t c = 0; c < t.schema.n_fields; c++) {
        hr_pq_cursor *cursor;
        size_t column = hr_arena_mark(arena);
        assert_int_equal(hr_pq_cursor_create(&cursor, f, c, arena, &err), HR_OK);
        for (uint32_t g = 0; g < 2; g++) {
            assert_int_equal(hr_pq_cursor_seek(cursor, g, &err), HR_OK);
            read_column(cursor, c);
            if (t.field[c].type > HR_COL_DEC && t.field[c].type != HR_COL_U32) continue;
            assert_int_equal(hr_pq_cursor_seek(cursor, g, &err), HR_OK);
            read_narrow(cursor, c, (size_t)1 << (c + g) % 4);
        }
        expect_statistics(f, c);
        hr_arena_rewind(arena, column);
    }
    hr_arena_rewind(arena, mark);
}

static void expect_same_bytes(void)
{
    assert_int_equal(file[0].n, file[1].n);
    assert_memory_equal(file[0].p, file[1].p, file[0].n);
}

static void test_tables(void **state)
{
    static const hr_pq_codec codecs[] = {HR_PQ_ZSTD, HR_PQ_UNCOMPRESSED, HR_PQ_SNAPPY,
                                         HR_PQ_LZ4_RAW, HR_PQ_GZIP};
    static const char *const tiers[] = {"sse42", "avx2", "avx512"};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(120); i++) {
        hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
        hr_pq_scratch *s;
        size_t mark = hr_arena_mark(arena);
        opt.codec = codecs[test_rng_below(&r, HR_ARRAY_LEN(codecs))];
        opt.page_rows = 1 + (uint32_t)test_rng_below(&r, test_rng_chance(&r, 2) ? 7000 : 60);
        opt.sort_col = -1;
        assert_int_equal(hr_pq_scratch_create(&s, arena, &opt, NULL), HR_OK);
        make_table(&r);
        cut_blocks(&r);
        hr_kern_init(0);
        write_table(&file[0], s, &opt);
        read_table();
        for (size_t k = 0; k < HR_ARRAY_LEN(tiers); k++) {
            unsigned flags;
            assert_int_equal(hr_cpu_flags_parse(&flags, tiers[k]), HR_OK);
            hr_kern_init(flags & hr_cpu_detect());
            cut_blocks(&r);
            write_table(&file[1], s, &opt);
            expect_same_bytes();
        }
        hr_arena_rewind(arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};
    if (hr_arena_create(&arena, NULL, (size_t)128 << 20, "test", NULL) != HR_OK) return 1;
    for (int i = 0; i < 2; i++)
        file[i].p = hr_arena_alloc(arena, FILE_BYTES, 64);
    for (uint32_t c = 0; c < FIELDS_MAX; c++)
        t.column[c] = hr_arena_alloc(arena, ROWS_MAX * sizeof(hr_text), 64);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hr_arena_destroy(&arena);
    return failed;
}
