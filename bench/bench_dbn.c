/* SPDX-License-Identifier: Apache-2.0 */
/* DBN records a second, processor time of this thread, the best of some rounds.
 *
 *   bench_dbn             made mbo records in memory: found; into structs; into columns; into
 * books; mbp-1 into events bench_dbn FILE        mbo records of a file, plain or zstd: read, found,
 * every field folded; beside bench/peers/peer_dbn, which does the same */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "mem/mem.h"
#include "pipe/dbn_file.h"
#include "venue/files/dbn.h"

#define N_RECORDS (1u << 20)
#define N_LIVE 100000u
#define BLOCK 4096u
#define AHEAD 24u
#define ROUNDS 5

static uint64_t seed = 88172645463325252u;

static uint64_t draw(void)
{
    seed ^= seed << 13; /* xorshift64, Marsaglia 2003 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

HR_INLINE uint64_t fold(uint64_t sum, const hr_dbn_mbo *m)
{
    uint64_t x = m->order_id ^ (uint64_t)m->px ^ m->ts_event ^ m->ts_recv;
    uint64_t y = m->qty ^ (uint64_t)m->sequence << 32 ^ m->instrument;
    uint64_t z = (uint32_t)m->ts_in_delta ^ (uint64_t)(uint8_t)m->action << 40 ^
                 (uint64_t)(uint8_t)m->side << 48 ^ (uint64_t)m->flags << 56;
    return (sum << 1 | sum >> 63) + (x ^ y ^ z);
}

/* ---- a file ---- */

static hr_status read_file(const char *path, uint64_t *sum, uint64_t *n, hr_err *err)
{
    static hr_dbn_file f;
    hr_status st = hr_dbn_file_open(&f, path, NULL, err);
    *sum = *n = 0;
    while (st == HR_OK && (st = hr_dbn_file_next(&f, err)) == HR_OK) {
        for (uint32_t i = 0; i < f.n_recs; i++) {
            hr_dbn_mbo m = hr_dbn_mbo_at(f.p + f.recs[i].at);
            *sum = fold(*sum, &m);
        }
        *n += f.n_recs;
    }
    hr_dbn_file_close(&f);
    return st == HR_END ? HR_OK : st;
}

static int bench_file(const char *path)
{
    hr_err err = HR_ERR_INIT;
    uint64_t sum = 0;
    uint64_t n = 0;
    int64_t best = INT64_MAX;
    for (int r = 0; r < ROUNDS; r++) {
        int64_t t0 = figure_cpu_ns();
        if (read_file(path, &sum, &n, &err) != HR_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        best = HR_MIN(best, figure_cpu_ns() - t0);
    }
    printf("%llu records; %.1f ns a record\n", (unsigned long long)n, (double)best / (double)n);
    figure("dbn", "mbo", (double)n * 1e3 / (double)best, "M/s");
    figure_check("mbo", sum);
    return 0;
}

/* ---- memory ---- */

typedef struct bench {
    hr_arena *arena;
    uint8_t *mbo, *mbp;
    size_t n_mbo, n_mbp;
    hr_l3 *books;
    hr_evbatch *batch;
    hr_dbn_table table;
    char *column[HR_DBN_FIELDS_MAX];
    uint64_t *live;
} bench;

static void make_mbo(bench *b)
{
    uint32_t n_live = 0;
    uint64_t id = 0;
    for (uint32_t i = 0; i < N_RECORDS; i++) {
        uint64_t dice = draw() % 100;
        bool adds = n_live == 0 || (n_live < N_LIVE && dice < 52);
        uint64_t k = adds ? 0 : draw() % n_live;
        bool cancels = !adds && dice % 3 != 0;
        hr_dbn_mbo m = {.n_words = 14,
                        .rtype = 0xa0,
                        .instrument = 5602,
                        .ts_event = UINT64_C(1715126400000000000) + i * 1000,
                        .order_id = adds ? ++id : b->live[k],
                        .px = INT64_C(250000000) * (int64_t)(20000 + draw() % 200),
                        .qty = 1 + (uint32_t)(draw() % 10),
                        .flags = HR_DBN_FLAG_LAST,
                        .action = adds      ? 'A'
                                  : cancels ? 'C'
                                            : 'M',
                        .ts_recv = UINT64_C(1715126400000010000) + i * 1000,
                        .sequence = i};
        m.side = m.order_id % 2 != 0 ? 'B' : 'A';
        if (cancels) m.qty = 1000;
        memcpy(b->mbo + (size_t)i * sizeof m, &m, sizeof m);
        if (adds) b->live[n_live++] = id;
        if (cancels) b->live[k] = b->live[--n_live];
    }
    b->n_mbo = (size_t)N_RECORDS * sizeof(hr_dbn_mbo);
}

static void make_mbp(bench *b)
{
    b->n_mbp = (size_t)N_RECORDS / 4 * 80;
    for (uint32_t i = 0; i < N_RECORDS / 4; i++) {
        uint8_t *p = b->mbp + (size_t)i * 80;
        memcpy(p, b->mbo + (size_t)i * 56, 16);
        p[0] = 20;
        p[1] = 1;
        p[28] = i % 16 == 0 ? 'T' : 'A';
        p[29] = 'B';
        int64_t px[3] = {5000000000000, 5000000000000, 5000250000000};
        memcpy(p + 16, px, 8);
        p[24] = 1;
        memcpy(p + 32, b->mbo + (size_t)i * 56 + 40, 8);
        memcpy(p + 48, px + 1, 16);
        p[64] = p[68] = 5;
    }
}

static bool setup(bench *b)
{
    static const hr_evbatch_caps caps = {
        .msgs = 65536, .levels = 131072, .rejects = 16, .raw = 4096};
    hr_l3_options o = {.max_orders = N_LIVE + 1, .max_levels = 4096, .max_instruments = 1};
    size_t n = (size_t)N_RECORDS * (56 + 20 + 8) + hr_l3_bytes(&o) + hr_evbatch_bytes(&caps) +
               BLOCK * 64 * sizeof(hr_text) + (1u << 20);
    if (hr_arena_create(&b->arena, NULL, n, "bench", NULL) != HR_OK) return false;
    b->mbo = hr_arena_alloc(b->arena, (size_t)N_RECORDS * 56, 64);
    b->mbp = hr_arena_alloc(b->arena, (size_t)N_RECORDS * 20, 64);
    b->live = hr_arena_alloc(b->arena, (size_t)N_RECORDS * 8, 64);
    void *batch = hr_arena_alloc(b->arena, hr_evbatch_bytes(&caps), 64);
    hr_dbn_table_init(&b->table, HR_DBN_MBO, false);
    for (uint32_t c = 0; c < b->table.n_fields; c++)
        b->column[c] = hr_arena_alloc(b->arena, BLOCK * 8, 64);
    if (batch == NULL || b->column[b->table.n_fields - 1] == NULL) return false;
    b->batch = hr_evbatch_init(batch, &caps);
    make_mbo(b);
    make_mbp(b);
    return hr_l3_create(&b->books, b->arena, &o, NULL) == HR_OK;
}

typedef uint64_t (*work_fn)(bench *b, const uint8_t *p, const hr_dbn_rec *recs, uint32_t n);

static uint64_t find_only(bench *b, const uint8_t *p, const hr_dbn_rec *recs, uint32_t n)
{
    (void)b;
    (void)p;
    return recs[n - 1].at;
}

static uint64_t to_structs(bench *b, const uint8_t *p, const hr_dbn_rec *recs, uint32_t n)
{
    uint64_t sum = 0;
    (void)b;
    for (uint32_t i = 0; i < n; i++) {
        hr_dbn_mbo m = hr_dbn_mbo_at(p + recs[i].at);
        sum = fold(sum, &m);
    }
    return sum;
}

static uint64_t to_columns(bench *b, const uint8_t *p, const hr_dbn_rec *recs, uint32_t n)
{
    uint32_t first;
    uint64_t sum = 0;
    for (uint32_t c = 0; c < b->table.n_fields; c++) {
        sum += hr_dbn_column(b->column[c], &first, &b->table.fields[c], p, recs, n);
        sum += (uint64_t)b->column[c][n - 1];
    }
    return sum;
}

static uint64_t to_books(bench *b, const uint8_t *p, const hr_dbn_rec *recs, uint32_t n)
{
    static hr_dbn_mbo m[BLOCK];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        m[i] = hr_dbn_mbo_at(p + recs[i].at);
    static hr_l3_op op[BLOCK + AHEAD]; /* those behind the last change nothing */
    memset(&op[n], 0, AHEAD * sizeof op[0]);
    for (uint32_t i = 0; i < n + AHEAD; i++) {
        hr_l3_change c;
        if (i < n) hr_dbn_op(&op[i], &m[i], 0);
        hr_l3_look(b->books, op, i, AHEAD);
        if (i < AHEAD) continue;
        if (hr_dbn_apply(b->books, &c, &m[i - AHEAD], 0) != HR_OK) abort();
        sum += c.n;
    }
    return sum;
}

static void bench_walk(bench *b, const char *name, work_fn work)
{
    static hr_dbn_rec recs[BLOCK];
    int64_t best = INT64_MAX;
    uint64_t sum = 0;
    for (int r = 0; r < ROUNDS; r++) {
        hr_l3_reset(b->books);
        int64_t t0 = figure_thread_ns();
        for (size_t at = 0; at < b->n_mbo;) {
            hr_dbn_step step;
            if (hr_dbn_walk(&step, recs, BLOCK, b->mbo + at, b->n_mbo - at, true) < 0) abort();
            sum += work(b, b->mbo + at, recs, step.n_recs);
            at += step.n_taken;
        }
        best = HR_MIN(best, figure_thread_ns() - t0);
    }
    printf("%-14s %6.2f ns a record, %6.1f M/s (%llx)\n", name, (double)best / N_RECORDS,
           N_RECORDS * 1e3 / (double)best, (unsigned long long)sum);
    figure(name, "rate", N_RECORDS * 1e3 / (double)best, "M/s");
}

static void bench_events(bench *b)
{
    hr_dbn_source s = {.px_scale = 9, .qty_scale = 8, .venue = "glbx"};
    int64_t best = INT64_MAX;
    uint64_t n_msgs = 0;
    for (int r = 0; r < ROUNDS; r++) {
        size_t pos = 0;
        int64_t row = 1;
        hr_status st;
        int64_t t0 = figure_thread_ns();
        do {
            hr_evbatch_reset(b->batch);
            st = hr_dbn_decode(&s, b->batch, b->mbp, b->n_mbp, &pos, 0, &row, 8192, true);
            n_msgs += b->batch->n_msgs;
        } while (st == HR_FULL);
        best = HR_MIN(best, figure_thread_ns() - t0);
    }
    double n = N_RECORDS / 4.0;
    printf("%-14s %6.2f ns a record, %6.1f M/s (%llu)\n", "mbp-1, events", (double)best / n,
           n * 1e3 / (double)best, (unsigned long long)n_msgs);
    figure("mbp-1 events", "rate", n * 1e3 / (double)best, "M/s");
}

int main(int argc, char **argv)
{
    static bench b;
    if (argc > 1) return bench_file(argv[1]);
    if (!setup(&b)) return 1;
    bench_walk(&b, "mbo, found", find_only);
    bench_walk(&b, "mbo, structs", to_structs);
    bench_walk(&b, "mbo, columns", to_columns);
    bench_walk(&b, "mbo, books", to_books);
    bench_events(&b);
    hr_arena_destroy(&b.arena);
    return 0;
}
