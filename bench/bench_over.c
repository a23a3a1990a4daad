/* SPDX-License-Identifier: Apache-2.0 */
/* Features of every instrument on its own rows, from a table in which the rows of all come as they
 * happened, into columns in that order: what SQL writes as over (partition by ..).
 *
 *     bench_over FILE ROWS INSTRUMENTS TEXT [MIB]
 *
 * FILE, as bench_over_peers.py makes it: ts int64[ROWS], x float64[ROWS], instrument
 * uint32[ROWS]. TEXT: expressions of x. Prints ns a row, the middle of some passes, and of each
 * output the number and sum of its values. Rows are gathered by instrument in batches of so much
 * memory, as `calc` does. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "eval/program.h"
#include "figure.h"
#include "job/calc_batch.h"
#include "kern/cpu.h"
#include "kern/kern.h"

#define PASSES 7

typedef struct table {
    const int64_t *ts;
    const double *x;
    const uint32_t *instrument;
    uint32_t n, n_instruments;
} table;

typedef struct bench {
    table t;
    hr_program program;
    hr_calc_batch batch;
    hr_calc_line *line; /* [n_instruments] */
    uint32_t n_done;    /* rows given back */
    double *out;        /* [n_out][n] */
} bench;

static void *must(size_t n)
{
    void *p = aligned_alloc(64, (n + 127) / 64 * 64);
    if (p == NULL) abort();
    return p;
}

static hr_status emit(void *self, hr_calc_batch *k, hr_err *err)
{
    bench *b = self;
    (void)err;
    for (uint32_t o = 0; o < k->e->part[0].n_out; o++) {
        double *to = b->out + (size_t)o * b->t.n + b->n_done;
        const double *from = k->out + (size_t)o * k->cap;
        for (uint32_t i = 0; i < k->n; i++)
            to[i] = from[k->place[i]];
    }
    b->n_done += k->n;
    return HR_OK;
}

static hr_status pass(bench *b, int64_t *ns, hr_err *err)
{
    hr_calc_batch *k = &b->batch;
    int64_t before = figure_thread_ns();
    for (uint32_t i = 0; i < b->t.n_instruments; i++)
        hr_eval_init(&k->e->part[0], b->line[i].state);
    b->n_done = 0;
    for (uint32_t at = 0; at < b->t.n;) {
        const uint32_t n = HR_MIN(b->t.n - at, hr_calc_batch_room(k));
        memcpy(hr_calc_batch_column(k, 0), b->t.x + at, n * sizeof *b->t.x);
        memcpy(hr_calc_batch_times(k), b->t.ts + at, n * sizeof *b->t.ts);
        hr_calc_batch_quiet(k, n, INT64_MIN);
        for (const uint32_t end = at + n; at < end; at++)
            hr_calc_batch_add(k, &b->line[b->t.instrument[at]]);
        HR_TRY(hr_calc_batch_settle(k, err));
    }
    HR_TRY(hr_calc_batch_flush(k, err));
    *ns = figure_thread_ns() - before;
    return HR_OK;
}

static bool table_open(table *t, const char *path)
{
    const size_t n_bytes = (size_t)t->n * (sizeof *t->ts + sizeof *t->x + sizeof *t->instrument);
    char *all = must(n_bytes);
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0 || hr_sys_pread_full(fd, all, n_bytes, 0) != (int64_t)n_bytes) return false;
    (void)hr_sys_close(fd);
    t->ts = (const int64_t *)(void *)all;
    t->x = (const double *)(void *)(all + t->n * sizeof *t->ts);
    t->instrument = (const uint32_t *)(void *)(all + t->n * (sizeof *t->ts + sizeof *t->x));
    for (uint32_t i = 0; i < t->n; i++)
        if (t->instrument[i] >= t->n_instruments) return false;
    return true;
}

static hr_status open_all(bench *b, hr_arena **arena, const char *text, size_t rows_bytes,
                          hr_err *err)
{
    static const hr_expr_column column[] = {{.name = "x"}};
    static const hr_calc_label none;
    const hr_program_options o = {.text = text,
                                  .n_text = strlen(text),
                                  .column = column,
                                  .n_column = 1,
                                  .max_rows = 4096,
                                  .batch_rows = HR_CALC_STEP_ROWS};
    HR_TRY(hr_program_open(&b->program, &o, err));
    const hr_eval *e = b->program.e;
    const size_t state_bytes = e->part[0].state_bytes;
    HR_TRY(hr_arena_create(arena, NULL,
                           hr_calc_batch_bytes(e, rows_bytes, false) +
                               b->t.n_instruments * (state_bytes + 64),
                           "rows", err));
    HR_TRY(hr_calc_batch_init(&b->batch, e, rows_bytes, false, *arena, err));
    b->batch.emit = emit;
    b->batch.self = b;
    b->line = must(b->t.n_instruments * sizeof *b->line);
    for (uint32_t i = 0; i < b->t.n_instruments; i++)
        hr_calc_line_init(&b->batch, &b->line[i], hr_arena_alloc(*arena, state_bytes, 64), &none);
    b->out = must((size_t)e->part[0].n_out * b->t.n * sizeof *b->out);
    return HR_OK;
}

static void print(const bench *b, int64_t ns)
{
    printf("ns %.2f\n", (double)ns / b->t.n);
    for (uint32_t o = 0; o < b->batch.e->part[0].n_out; o++) {
        const double *v = b->out + (size_t)o * b->t.n;
        uint64_t n = 0;
        double sum = 0;
        for (uint32_t i = 0; i < b->t.n; i++) {
            if (isnan(v[i])) continue;
            n++;
            sum += v[i];
        }
        printf("values %llu %.17g\n", (unsigned long long)n, sum);
    }
}

int main(int argc, char **argv)
{
    static bench b;
    hr_arena *arena = NULL;
    hr_err err = HR_ERR_INIT;
    if (argc < 5) {
        fprintf(stderr, "usage: bench_over FILE ROWS INSTRUMENTS TEXT [MIB]\n");
        return 2;
    }
    b.t.n = (uint32_t)strtoul(argv[2], NULL, 10);
    b.t.n_instruments = (uint32_t)strtoul(argv[3], NULL, 10);
    const size_t mib = argc > 5 ? strtoul(argv[5], NULL, 10) : 16;
    hr_kern_init(hr_cpu_detect());
    if (!table_open(&b.t, argv[1])) {
        fprintf(stderr, "%s is not such a table\n", argv[1]);
        return 1;
    }
    int64_t ns[PASSES + 1];
    hr_status st = open_all(&b, &arena, argv[4], mib << 20, &err);
    for (int i = 0; st == HR_OK && i <= PASSES; i++)
        st = pass(&b, &ns[i], &err);
    if (st != HR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    print(&b, figure_median(ns + 1, PASSES)); /* the first touches the memory */
    hr_program_close(&b.program);
    hr_arena_destroy(&arena);
    return 0;
}
