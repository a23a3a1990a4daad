/* SPDX-License-Identifier: Apache-2.0 */
/* Features of every instrument on its own rows, from a table in which the rows of all come as they
 * happened, into columns in that order: what SQL writes as over (partition by ..).
 *
 *     bench_over FILE ROWS INSTRUMENTS TEXT [KEPT]
 *
 * FILE, as bench_over_peers.py makes it: ts int64[ROWS], x float64[ROWS], instrument
 * uint32[ROWS]. TEXT: expressions of x. Prints ns a row, the middle of some passes, and of each
 * output the number and sum of its values. An instrument's rows are kept until there are KEPT, then
 * worked out, as a desk does. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "eval/program.h"
#include "figure.h"
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
    const hr_eval_part *part;
    uint32_t kept;
    /* of each instrument `kept` */
    int64_t *ts;
    double *x;
    uint32_t *row;
    uint32_t *n_waiting; /* [n_instruments] */
    char **state;        /* [n_instruments] */
    double *value;       /* [n_out][kept] */
    double *out;         /* [n_out][n] */
    double *out_at[64];
    void *work;
} bench;

static void *must(size_t n)
{
    void *p = aligned_alloc(64, (n + 127) / 64 * 64);
    if (p == NULL) abort();
    return p;
}

static void flush(bench *b, uint32_t k)
{
    const size_t at = (size_t)k * b->kept;
    const uint32_t n = b->n_waiting[k];
    const double *in = b->x + at;
    hr_eval_rows r = {.n = n, .ts = b->ts + at, .in = &in, .out = b->out_at};
    hr_eval_run(b->program.e, b->part, b->state[k], b->work, &r);
    for (uint32_t o = 0; o < b->part->n_out; o++)
        for (uint32_t i = 0; i < n; i++)
            b->out[(size_t)o * b->t.n + b->row[at + i]] = b->out_at[o][i];
    b->n_waiting[k] = 0;
}

static int64_t pass(bench *b)
{
    int64_t before = figure_thread_ns();
    for (uint32_t k = 0; k < b->t.n_instruments; k++)
        hr_eval_init(b->part, b->state[k]);
    for (uint32_t i = 0; i < b->t.n; i++) {
        const uint32_t k = b->t.instrument[i];
        const size_t at = (size_t)k * b->kept + b->n_waiting[k];
        b->ts[at] = b->t.ts[i];
        b->x[at] = b->t.x[i];
        b->row[at] = i;
        if (++b->n_waiting[k] == b->kept) flush(b, k);
    }
    for (uint32_t k = 0; k < b->t.n_instruments; k++)
        flush(b, k);
    return figure_thread_ns() - before;
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

static void make_room(bench *b)
{
    const size_t rows = (size_t)b->t.n_instruments * b->kept;
    const uint32_t n_out = b->part->n_out;
    b->ts = must(rows * sizeof *b->ts);
    b->x = must(rows * sizeof *b->x);
    b->row = must(rows * sizeof *b->row);
    b->n_waiting = must(b->t.n_instruments * sizeof *b->n_waiting);
    memset(b->n_waiting, 0, b->t.n_instruments * sizeof *b->n_waiting);
    b->state = must(b->t.n_instruments * sizeof *b->state);
    for (uint32_t k = 0; k < b->t.n_instruments; k++)
        b->state[k] = must(b->part->state_bytes);
    b->value = must((size_t)n_out * b->kept * sizeof *b->value);
    b->out = must((size_t)n_out * b->t.n * sizeof *b->out);
    b->work = must(b->program.e->work_bytes);
    for (uint32_t o = 0; o < n_out; o++)
        b->out_at[o] = b->value + (size_t)o * b->kept;
}

static void print(const bench *b, int64_t ns)
{
    printf("ns %.2f\n", (double)ns / b->t.n);
    for (uint32_t o = 0; o < b->part->n_out; o++) {
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
    static bench b = {.kept = 256};
    static const hr_expr_column column[] = {{.name = "x"}};
    hr_err err = HR_ERR_INIT;
    if (argc < 5) {
        fprintf(stderr, "usage: bench_over FILE ROWS INSTRUMENTS TEXT [KEPT]\n");
        return 2;
    }
    b.t.n = (uint32_t)strtoul(argv[2], NULL, 10);
    b.t.n_instruments = (uint32_t)strtoul(argv[3], NULL, 10);
    if (argc > 5) b.kept = (uint32_t)strtoul(argv[5], NULL, 10);
    hr_kern_init(hr_cpu_detect());
    if (!table_open(&b.t, argv[1])) {
        fprintf(stderr, "%s is not such a table\n", argv[1]);
        return 1;
    }
    const hr_program_options o = {.text = argv[4],
                                  .n_text = strlen(argv[4]),
                                  .column = column,
                                  .n_column = 1,
                                  .max_rows = 4096,
                                  .batch_rows = b.kept};
    if (hr_program_open(&b.program, &o, &err) != HR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    b.part = &b.program.e->part[0];
    if (b.part->n_out > HR_ARRAY_LEN(b.out_at)) return 1;
    make_room(&b);
    int64_t ns[PASSES];
    (void)pass(&b);
    for (int i = 0; i < PASSES; i++)
        ns[i] = pass(&b);
    print(&b, figure_median(ns, PASSES));
    hr_program_close(&b.program);
    return 0;
}
