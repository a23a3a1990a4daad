/* SPDX-License-Identifier: Apache-2.0 */
/* Window operators: ns a row, the middle of many batches, for windows of 10 to 10^6 rows; and of
 * time, where the rows are 1 us apart. `worst` is the dearest batch of all. */
#include <stdlib.h>
#include <string.h>

#include "calc/op_window.h"
#include "figure.h"

#define BATCH 2048
#define BATCHES 201
#define ROWS (1 << 18)

static double x[ROWS], y[ROWS], out[ROWS];
static int64_t ts[ROWS];

static void rows_make(void)
{
    uint64_t s = 88172645463325252u;
    double px[2] = {50000, 3000};
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < 2; k++) {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            px[k] += 0.01 * (double)((int64_t)(s % 201) - 100);
        }
        x[i] = px[0];
        y[i] = px[1];
    }
}

static uint64_t run(const hr_op *op, void *state, uint64_t at, uint32_t n)
{
    uint32_t i = (uint32_t)(at % ROWS);
    for (uint32_t k = 0; k < n; k++)
        ts[i + k] = (int64_t)(at + k) * 1000;
    hr_op_rows r = {.n = n, .ts = ts + i, .in = {x + i, y + i}, .out = {out + i}};
    int64_t before = figure_thread_ns();
    op->run(state, &r);
    return (uint64_t)(figure_thread_ns() - before);
}

static double one(const hr_op *op, uint32_t n, bool by_time)
{
    hr_op_args a = {.v = {n, 0.9}, .max_rows = n};
    if (by_time) {
        a.is_time[0] = true;
        a.v[0] = (double)n * 1000;
    }
    void *state = aligned_alloc(64, op->bytes(&a));
    if (!state) return 0;
    op->init(state, &a);
    uint64_t at = 0;
    for (; at < 2 * (uint64_t)n + BATCH; at += BATCH)
        run(op, state, at, BATCH);
    int64_t ns[BATCHES];
    for (int i = 0; i < BATCHES; i++, at += BATCH)
        ns[i] = (int64_t)run(op, state, at, BATCH);
    free(state);
    double middle = (double)figure_median(ns, BATCHES) / BATCH;
    char of[64];
    (void)snprintf(of, sizeof of, "%s%s/%u", op->name, by_time ? "_time" : "", n);
    figure(of, "row", middle, "ns");
    figure(of, "worst", (double)ns[BATCHES - 1] / BATCH, "ns");
    return middle;
}

int main(void)
{
    static const char *const names[] = {"sum",    "mean",     "std",  "min",   "max",
                                        "zscore", "kurt",     "corr", "slope", "lag",
                                        "sketch", "quantile", "rank"};
    rows_make();
    for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
        for (uint32_t i = 0; i < hr_ops_window.n; i++) {
            const hr_op *op = &hr_ops_window.op[i];
            if (strcmp(op->name, names[k]) != 0) continue;
            double least = one(op, 10, false);
            double most = least;
            for (uint32_t n = 100; n <= 1000000; n *= 10) {
                double ns = one(op, n, false);
                least = HR_MIN(least, ns);
                most = HR_MAX(most, ns);
            }
            figure(op->name, "most_by_least", most / least, "x");
            (void)one(op, 1000, true);
            (void)one(op, 100000, true);
        }
    }
    return 0;
}
