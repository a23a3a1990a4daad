/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time with an allowed lateness, ns a row: rows 1 us apart, in order or one in eight of
 * them late by up to so many rows; and the same operators in order without a lateness. */
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "ops/window/op_window.h"

#define BATCH 2048
#define BATCHES 101

static double x[BATCH], out[BATCH];
static int64_t ts[BATCH];

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static void rows_make(int64_t at, uint64_t back, uint64_t *s)
{
    static double px = 50000;
    for (int i = 0; i < BATCH; i++) {
        px += 0.01 * (double)((int64_t)(next(s) % 201) - 100);
        x[i] = px;
        ts[i] = (at + i) * 1000;
        if (back > 0 && next(s) % 8 == 0) ts[i] -= (int64_t)(next(s) % (back * 1000));
    }
}

static void one(const hr_op *op, uint32_t n, uint64_t back, bool is_late)
{
    hr_op_args a = {.v = {n * 1000.0, is_late ? 1e7 : 0}, .is_time = {true, true}};
    a.max_rows = n + 10;
    void *state = aligned_alloc(64, op->bytes(&a));
    if (!state) exit(1);
    op->init(state, &a);
    int64_t ns[BATCHES];
    uint64_t s = 88172645463325252u;
    int64_t at = 0;
    for (int k = 0; k < BATCHES; at += BATCH) {
        rows_make(at, back, &s);
        hr_op_rows r = {.n = BATCH, .ts = ts, .in = {x}, .out = {out}};
        int64_t before = figure_thread_ns();
        op->run(state, &r);
        ns[k] = figure_thread_ns() - before;
        k += at > 2 * (int64_t)n;
    }
    free(state);
    char of[64];
    (void)snprintf(of, sizeof of, "%s%s/%u/%u", op->name, is_late ? "_late" : "", n,
                   (unsigned)back);
    figure(of, "row", (double)figure_median(ns, BATCHES) / BATCH, "ns");
}

int main(void)
{
    static const char *const names[] = {"sum", "std", "max", "first"};
    for (uint32_t k = 0; k < hr_ops_window.n * HR_ARRAY_LEN(names); k++) {
        const hr_op *op = &hr_ops_window.op[k % hr_ops_window.n];
        if (strcmp(op->name, names[k / hr_ops_window.n]) != 0) continue;
        for (uint32_t n = 1000; n <= 100000; n *= 100) {
            one(op, n, 0, false);
            one(op, n, 0, true);
            one(op, n, 100, true);
            one(op, n, 10000, true);
        }
    }
    return 0;
}
