/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet out to memory and in again, zstd level 1: a five-column table of deltas, each of its
 * columns alone, a book of 44 columns, noise as doubles. Medians over rounds of processor time, so
 * that waiting for neighbours does not count; one thread.
 * HR_CPU_MASK holds the kernels to a tier; an argument gives a zstd level. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deltas.h"
#include "figure.h"
#include "fmt/pq_read.h"
#include "fmt/pq_write.h"
#include "kern/kern.h"

#define N_ROWS 262144u /* a row group */
#define N_GROUPS 2u
#define N_MAX 44u
#define ROUNDS 9
#define OUT_BYTES ((size_t)160 << 20)

typedef struct table {
    hr_schema schema;
    const void *column[N_MAX];
} table;

typedef struct memory_file {
    uint8_t *p;
    size_t n;
} memory_file;

static const char *const sides[] = {"bid", "ask"};
static const hr_field field_ts = {.name = "ts", .type = HR_COL_TS};
static const hr_field field_id = {.name = "id", .type = HR_COL_U32};
static const hr_field field_side = {
    .name = "side", .type = HR_COL_ENUM, .dict = sides, .n_dict = 2};
static const hr_field field_price = {.name = "price", .type = HR_COL_DEC, .scale = 9};
static const hr_field field_qty = {.name = "qty", .type = HR_COL_DEC, .scale = 8, .nullable = true};
static const hr_field field_noise = {.name = "noise", .type = HR_COL_F64, .nullable = true};

static int64_t ts[N_ROWS], price[N_ROWS], qty[N_ROWS];
static int64_t book[N_MAX][N_ROWS];
static uint32_t id[N_ROWS];
static uint8_t side[N_ROWS];
static double noise[N_ROWS];
static memory_file file;
static hr_arena *arena;
static hr_pq_write_options options = HR_PQ_WRITE_OPTIONS_DEFAULT;

static uint64_t rng_state = 1;

static uint64_t rng(void)
{
    return deltas_random(&rng_state);
}

static void make_deltas(void)
{
    const deltas d = {.ts = ts, .price = price, .qty = qty, .id = id, .side = side};
    deltas_make(&d, N_ROWS, &rng_state);
    for (uint32_t i = 0; i < N_ROWS; i++)
        noise[i] = deltas_unit(&rng_state) - 0.5;
}

/* Ten levels a side, price and size; one row a change, which moves one level or the touch. */
static void make_book(void)
{
    int64_t level[N_MAX] = {0};
    int64_t touch = 4200000;
    for (uint32_t i = 0; i < N_ROWS; i++) {
        if (i == 0 || rng() % 8 == 0) {
            touch += (int64_t)(rng() % 3) - 1;
            for (uint32_t k = 0; k < 20; k++)
                level[4 + 2 * k] = (touch + (k < 10 ? -(int64_t)k : (int64_t)k - 9)) * 10000000;
        }
        uint32_t moved = (uint32_t)(rng() % 20);
        level[5 + 2 * moved] = (int64_t)(rng() % 3000 + 1) * 100000;
        level[0] = level[1] = ts[i];
        level[2] = (int64_t)i * 3;
        for (uint32_t k = 0; k < N_MAX; k++)
            book[k][i] = level[k];
    }
}

static hr_status put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    memory_file *f = self;
    if (n_bytes > OUT_BYTES - f->n) return HR_FAIL(err, HR_ENOSPC, "too long");
    memcpy(f->p + f->n, bytes, n_bytes);
    f->n += n_bytes;
    return HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    const memory_file *f = self;
    size_t n = HR_MIN(n_bytes, f->n - (size_t)offset);
    memcpy(buf, f->p + offset, n);
    return (int64_t)n;
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err)
{
    const table *t = self;
    (void)block;
    (void)err;
    *n_rows = N_ROWS;
    return t->column[col];
}

static hr_status encode(const table *t, hr_pq_scratch *s, void *mem, size_t mem_bytes)
{
    hr_pq_writer *w;
    hr_rows_source rows = {
        .self = (void *)(uintptr_t)t, .n_blocks = 1, .n_rows = N_ROWS, .get = get};
    file.n = 0;
    HR_TRY(hr_pq_writer_init(&w, mem, mem_bytes, &t->schema, N_GROUPS, &options, put, &file, NULL));
    for (uint32_t g = 0; g < N_GROUPS; g++)
        HR_TRY(hr_pq_writer_row_group(w, s, &rows, NULL));
    return hr_pq_writer_finish(w, s, NULL);
}

static hr_status decode_column(hr_pq_file *f, uint32_t col, int64_t *sum)
{
    static int64_t v[8192];
    static hr_pq_bytes text[8192];
    hr_pq_cursor *c;
    uint32_t n;
    const hr_pq_column *meta = hr_pq_file_column(f, col);
    HR_TRY(hr_pq_cursor_create(&c, f, col, arena, NULL));
    for (uint32_t g = 0; g < N_GROUPS; g++) {
        HR_TRY(hr_pq_cursor_seek(c, g, NULL));
        for (;;) {
            hr_status st = meta->phys == HR_PQ_BYTE_ARRAY
                               ? hr_pq_read_bytes(c, text, 8192, &n, NULL)
                           : meta->phys == HR_PQ_DOUBLE
                               ? hr_pq_read_f64(c, (double *)(void *)v, 8192, &n, NULL)
                               : hr_pq_read_i64(c, v, 8192, &n, NULL);
            if (st == HR_END) break;
            if (st != HR_OK) return st;
            *sum += meta->phys == HR_PQ_BYTE_ARRAY ? text[n - 1].n : v[n - 1];
        }
    }
    return HR_OK;
}

static hr_status decode(const table *t, int64_t *sum)
{
    hr_pq_file *f;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    size_t mark = hr_arena_mark(arena);
    HR_TRY(hr_pq_file_open(&f, read_at, &file, (int64_t)file.n, &limits, arena, NULL));
    for (uint32_t c = 0; c < t->schema.n_fields; c++) {
        size_t column = hr_arena_mark(arena);
        HR_TRY(decode_column(f, c, sum));
        hr_arena_rewind(arena, column);
    }
    hr_arena_rewind(arena, mark);
    return HR_OK;
}

static hr_status run(const char *name, const table *t, hr_pq_scratch *s)
{
    int64_t out_ns[ROUNDS];
    int64_t in_ns[ROUNDS];
    int64_t sum = 0;
    size_t mark = hr_arena_mark(arena);
    size_t n_mem = hr_pq_writer_bytes(&t->schema, N_GROUPS);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = figure_cpu_ns();
        HR_TRY(encode(t, s, mem, n_mem));
        int64_t t1 = figure_cpu_ns();
        HR_TRY(decode(t, &sum));
        out_ns[i] = t1 - t0;
        in_ns[i] = figure_cpu_ns() - t1;
    }
    hr_arena_rewind(arena, mark);
    double n = (double)N_ROWS * N_GROUPS;
    double w = (double)figure_median(out_ns, ROUNDS) / n;
    double r = (double)figure_median(in_ns, ROUNDS) / n;
    printf("%-8s %7.2f B/row   write %7.2f ns/row %7.2f M rows/s   read %7.2f ns/row %7.2f M "
           "rows/s\n",
           name, (double)file.n / n, w, 1e3 / w, r, 1e3 / r);
    figure(name, "bytes", (double)file.n / n, "B/row");
    figure(name, "write", w, "ns/row");
    figure(name, "read", r, "ns/row");
    return HR_OK;
}

static hr_status run_all(void)
{
    hr_pq_scratch *s;
    hr_field fields[N_MAX];
    char names[N_MAX][8];
    HR_TRY(hr_pq_scratch_create(&s, arena, &options, NULL));
    const hr_field five[] = {field_ts, field_id, field_side, field_price, field_qty, field_noise};
    table five_columns = {.schema = {.name = "deltas", .n_fields = 5, .fields = five},
                    .column = {ts, id, side, price, qty, noise}};
    HR_TRY(run("deltas", &five_columns, s));
    for (uint32_t c = 0; c < HR_ARRAY_LEN(five); c++) {
        table one = {.schema = {.name = "one", .n_fields = 1, .fields = five + c},
                     .column = {five_columns.column[c]}};
        HR_TRY(run(five[c].name, &one, s));
    }
    table wide = {.schema = {.name = "book", .n_fields = N_MAX, .fields = fields}};
    for (uint32_t c = 0; c < N_MAX; c++) {
        snprintf(names[c], sizeof names[c], "c%u", c);
        fields[c] = (hr_field){.name = names[c], .type = HR_COL_I64, .nullable = c >= 4};
        wide.column[c] = book[c];
    }
    return run("book", &wide, s);
}

int main(int argc, char **argv)
{
    unsigned mask = 0;
    const char *tier = getenv("HR_CPU_MASK");
    if (argc > 1) options.level = (int)strtol(argv[1], NULL, 10);
    if (hr_cpu_flags_parse(&mask, tier != NULL ? tier : "") != HR_OK) return 2;
    hr_kern_init(hr_cpu_detect() & mask);
    if (hr_arena_create(&arena, NULL, OUT_BYTES + ((size_t)64 << 20), "bench", NULL) != HR_OK)
        return 1;
    file.p = hr_arena_alloc(arena, OUT_BYTES, 64);
    make_deltas();
    make_book();
    printf("kernels: %s, zstd level %d, %u rows\n", hr_cpu_tier_name(hr_kern_get()->cpu_flags),
           options.level, N_ROWS * N_GROUPS);
    if (run_all() == HR_OK) return 0;
    printf("failed\n");
    return 1;
}
