/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet tables to event batches: nanoseconds of processor time a row, one thread, the files in
 * memory. Without arguments two tables made here, of the layouts that are read most: headrace's own
 * deltas and Crypto Lake's book_delta_v2; with arguments those files, each for itself and all
 * together. HR_EVENTS_BATCH: rows a batch, 16,384 unless told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fmt/pq_events.h"
#include "fmt/pq_write.h"
#include "kern/kern.h"
#include "pipe/tables.h"

#define N_ROWS 262144u
#define N_GROUPS 4u
#define ROUNDS 9
#define FILE_BYTES ((size_t)32 << 20)

typedef struct memory_file {
    uint8_t *p;
    size_t n;
} memory_file;

static int64_t ts_event[N_ROWS], ts_recv[N_ROWS], seq[N_ROWS], first[N_ROWS], prev[N_ROWS];
static int64_t price[N_ROWS], qty[N_ROWS];
static double price_real[N_ROWS], qty_real[N_ROWS];
static uint32_t flags[N_ROWS];
static uint8_t side[N_ROWS], is_bid[N_ROWS];
static hr_arena *arena;
static hr_evbatch_caps caps = {.msgs = 65536, .levels = 65536, .rejects = 64, .raw = 4096};
static uint32_t target = 16384;
static void *batch_mem;
static uint64_t rng_state = 1;

/* splitmix64, Steele, Lea and Flood 2014. */
static uint64_t rng(void)
{
    uint64_t z = rng_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Messages of a dozen levels, bids before asks; prices in ticks around a walk, with a tail; a
 * quarter of the sizes are removals. */
static void make_row(uint32_t i, uint32_t of, uint32_t at)
{
    static int64_t now = INT64_C(1700000000000000000);
    static int64_t mid = 4200000;
    static int64_t id = 1000000;
    bool is_first = at == 0;
    if (is_first) {
        now += (int64_t)(rng() % 2000) * 100000;
        mid += (int64_t)(rng() % 3) - 1;
        id += of;
    }
    ts_event[i] = now;
    ts_recv[i] = is_first ? now + 1000000 + (int64_t)(rng() % 5000000) : ts_recv[i - 1];
    seq[i] = id;
    first[i] = id - of + 1;
    prev[i] = id - of;
    side[i] = at * 2 >= of;
    is_bid[i] = side[i] == 0;
    flags[i] = at + 1 == of ? HR_FLAG_LAST : 0;
    int64_t far = (int64_t)(rng() % 8 * (rng() % 8)) + 1;
    int64_t cents = mid + (side[i] ? far : -far);
    int64_t size = rng() % 4 == 0 ? 0 : (int64_t)(1000.0 / (0.001 + (double)(rng() % 1000) / 1000));
    price[i] = cents * 10000000;
    qty[i] = size * 100000;
    price_real[i] = (double)cents / 100;
    qty_real[i] = (double)size / 1000;
}

static void make_rows(void)
{
    for (uint32_t i = 0; i < N_ROWS;) {
        uint32_t of = HR_MIN(1 + (uint32_t)(rng() % 23), N_ROWS - i);
        for (uint32_t at = 0; at < of; at++, i++)
            make_row(i, of, at);
    }
}

static hr_status put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    memory_file *f = self;
    if (n_bytes > FILE_BYTES - f->n) return HR_FAIL(err, HR_ENOSPC, "too long");
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
    const void *const *column = self;
    (void)block;
    (void)err;
    *n_rows = N_ROWS;
    return column[col];
}

static hr_status write_table(memory_file *f, const hr_schema *schema, const void *const *column)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_pq_writer *w;
    hr_pq_scratch *s;
    size_t n_mem = hr_pq_writer_bytes(schema, N_GROUPS);
    hr_rows_source rows = {
        .self = (void *)(uintptr_t)column, .n_blocks = 1, .n_rows = N_ROWS, .get = get};
    HR_TRY(hr_pq_scratch_create(&s, arena, &opt, NULL));
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    HR_TRY(hr_pq_writer_init(&w, mem, n_mem, schema, N_GROUPS, &opt, put, f, NULL));
    for (uint32_t g = 0; g < N_GROUPS; g++)
        HR_TRY(hr_pq_writer_row_group(w, s, &rows, NULL));
    return hr_pq_writer_finish(w, s, NULL);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Rows and messages of the file, and a sum over what books would read. */
typedef struct tally {
    uint64_t rows, msgs, sum;
} tally;

static hr_status drain(memory_file *file, tally *t, hr_err *err)
{
    hr_pq_file *f;
    hr_pq_events *e;
    char why[128];
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_source_info info = {.px_scale = 9, .qty_scale = 8};
    hr_status st;
    HR_TRY(hr_pq_file_open(&f, read_at, file, (int64_t)file->n, &limits, arena, err));
    HR_TRY(hr_pq_events_sniff(&info, why, sizeof why, "x.parquet", f, err));
    HR_TRY(hr_pq_events_create(&e, f, &info, arena, err));
    do {
        hr_evbatch *b = hr_evbatch_init(batch_mem, &caps);
        st = hr_pq_events_next(e, b, target, err);
        t->rows += b->n_lines;
        t->msgs += b->n_msgs;
        if (b->n_levels > 0) t->sum += (uint64_t)(b->px[b->n_levels - 1] ^ b->qty[0]);
    } while (st == HR_OK);
    return st == HR_END ? HR_OK : st;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int run(const char *name, memory_file *file, uint32_t n)
{
    int64_t ns[ROUNDS];
    tally t = {0};
    for (int i = 0; i < ROUNDS; i++) {
        t = (tally){0};
        int64_t t0 = cpu_ns();
        for (uint32_t k = 0; k < n; k++) {
            hr_err err = HR_ERR_INIT;
            size_t mark = hr_arena_mark(arena);
            hr_status st = drain(&file[k], &t, &err);
            hr_arena_rewind(arena, mark);
            if (st == HR_OK) continue;
            printf("%s: %s\n", name, err.message);
            return 1;
        }
        ns[i] = cpu_ns() - t0;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_size);
    double rows = (double)t.rows;
    double mid = (double)ns[ROUNDS / 2] / rows;
    printf("%-8s %10.0f rows %5.1f a message   %6.2f ns a row, at best %6.2f   %7.2f M rows/s\n",
           name, rows, rows / (double)t.msgs, mid, (double)ns[0] / rows, 1e3 / mid);
    return 0;
}

static int run_made(void)
{
    static hr_tables tables;
    memory_file own = {.p = hr_arena_alloc(arena, FILE_BYTES, 64)};
    memory_file lake = {.p = hr_arena_alloc(arena, FILE_BYTES, 64)};
    const hr_field fields[] = {{.name = "origin_time", .type = HR_COL_TS, .nullable = true},
                               {.name = "received_time", .type = HR_COL_TS, .nullable = true},
                               {.name = "sequence_number", .type = HR_COL_I64, .nullable = true},
                               {.name = "side_is_bid", .type = HR_COL_BOOL, .nullable = true},
                               {.name = "price", .type = HR_COL_F64, .nullable = true},
                               {.name = "size", .type = HR_COL_F64, .nullable = true}};
    const hr_schema schema = {.name = "lake", .n_fields = HR_ARRAY_LEN(fields), .fields = fields};
    const void *const own_column[] = {ts_event, ts_recv, seq, first, prev, side, price, qty, flags};
    const void *const lake_column[] = {ts_event, ts_recv, seq, is_bid, price_real, qty_real};
    hr_tables_init(&tables, 10, 9, 8);
    make_rows();
    if (own.p == NULL || lake.p == NULL ||
        write_table(&own, &tables.schema[HR_KIND_DELTAS], own_column) != HR_OK ||
        write_table(&lake, &schema, lake_column) != HR_OK)
        return 1;
    return run("own", &own, 1) | run("lake", &lake, 1);
}

static int load(memory_file *f, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) return 1;
    bool ok = fseek(in, 0, SEEK_END) == 0;
    long n = ftell(in);
    f->n = n > 0 ? (size_t)n : 0;
    f->p = hr_arena_alloc(arena, f->n + 64, 64);
    ok = ok && f->p != NULL && fseek(in, 0, SEEK_SET) == 0 && fread(f->p, 1, f->n, in) == f->n;
    return (fclose(in) != 0) | !ok;
}

static int run_files(int n, char **path)
{
    memory_file *file = hr_arena_alloc(arena, (size_t)n * sizeof *file, 64);
    int rc = 0;
    for (int i = 0; i < n; i++) {
        if (file == NULL || load(&file[i], path[i]) != 0) {
            printf("cannot read %s\n", path[i]);
            return 1;
        }
    }
    for (int i = 0; i < n && n < 5; i++)
        rc |= run("file", &file[i], 1);
    return rc | run("all", file, (uint32_t)n);
}

int main(int argc, char **argv)
{
    unsigned mask = 0;
    const char *tier = getenv("HR_CPU_MASK");
    const char *rows = getenv("HR_EVENTS_BATCH");
    if (rows != NULL) target = (uint32_t)strtoul(rows, NULL, 10);
    if (hr_cpu_flags_parse(&mask, tier != NULL ? tier : "") != HR_OK) return 2;
    hr_kern_init(hr_cpu_detect() & mask);
    if (hr_arena_create(&arena, NULL, (size_t)1 << 30, "bench", NULL) != HR_OK) return 1;
    batch_mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    if (batch_mem == NULL) return 1;
    return argc > 1 ? run_files(argc - 1, argv + 1) : run_made();
}
