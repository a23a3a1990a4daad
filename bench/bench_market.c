/* SPDX-License-Identifier: Apache-2.0 */
/* Market features: ns a row, the middle of many batches, over a made market in which two rows of
 * five are trades; windows of 1,000 rows, and of time where rows are 1 us apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "ops/market/op_market.h"

#define BATCH 2048
#define BATCHES 101
#define LEVELS 50

typedef struct market {
    int64_t ts[BATCH];
    double px[BATCH], qty[BATCH], side[BATCH], mid[BATCH], spread[BATCH];
    double level[4][LEVELS][BATCH];
} market;

static market m;
static double out[HR_OP_OUT_MAX][BATCH];
static uint64_t seed = 88172645463325252u;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void rows_make(void)
{
    double bid = 50000;
    for (int i = 0; i < BATCH; i++) {
        bid += 0.01 * ((double)below(3) - 1);
        double ask = bid + 0.01 * (double)(1 + below(3));
        for (int k = 0; k < LEVELS; k++) {
            m.level[0][k][i] = bid - 0.01 * k;
            m.level[2][k][i] = ask + 0.01 * k;
            m.level[1][k][i] = 0.25 * (double)(1 + below(40));
            m.level[3][k][i] = 0.25 * (double)(1 + below(40));
        }
        bool is_trade = below(5) < 2;
        m.mid[i] = (bid + ask) / 2;
        m.spread[i] = ask - bid;
        m.side[i] = !is_trade ? (double)NAN : below(2) ? 1 : -1;
        m.px[i] = !is_trade ? (double)NAN : m.side[i] > 0 ? ask : bid;
        m.qty[i] = !is_trade ? (double)NAN : 0.25 * (double)(1 + below(40));
    }
}

static const double *column(const char *name)
{
    static const char *const sides[] = {"bid_px[0]", "bid_qty[0]", "ask_px[0]", "ask_qty[0]"};
    for (int j = 0; j < 4; j++)
        if (strcmp(name, sides[j]) == 0) return m.level[j][0];
    if (strcmp(name, "trade.px") == 0) return m.px;
    if (strcmp(name, "trade.qty") == 0) return m.qty;
    if (strcmp(name, "trade.side") == 0) return m.side;
    return strcmp(name, "mid") == 0 ? m.mid : m.spread;
}

static uint64_t run(const hr_op *op, void *state, uint64_t at)
{
    static hr_op_book book;
    hr_op_rows r = {.n = BATCH, .ts = m.ts, .book = &book};
    for (uint32_t i = 0; i < BATCH; i++)
        m.ts[i] = (int64_t)(at + i) * 1000;
    for (int k = 0; k < LEVELS; k++) {
        book.bid_px[k] = m.level[0][k];
        book.bid_qty[k] = m.level[1][k];
        book.ask_px[k] = m.level[2][k];
        book.ask_qty[k] = m.level[3][k];
    }
    for (unsigned i = 0; i < op->n_in; i++)
        r.in[i] = column(op->column[i]);
    for (unsigned i = 0; i < op->n_out; i++)
        r.out[i] = out[i];
    int64_t before = figure_thread_ns();
    op->run(state, &r);
    return (uint64_t)(figure_thread_ns() - before);
}

static bool has_window(const hr_op *op)
{
    for (unsigned i = 0; i < op->n_arg; i++)
        if (op->arg[i].kind == HR_OP_WINDOW) return true;
    return false;
}

static void one(const hr_op *op, bool by_time)
{
    hr_op_args a = {.max_rows = 4096};
    for (unsigned i = 0; i < op->n_arg; i++) {
        const hr_op_arg *arg = &op->arg[i];
        a.is_time[i] = arg->kind == HR_OP_TIME || (arg->kind == HR_OP_WINDOW && by_time);
        a.v[i] = !isnan(arg->by_default)     ? arg->by_default
                 : a.is_time[i]              ? 1e6 * (i + 1)
                 : arg->kind == HR_OP_WINDOW ? 1000
                 : arg->kind == HR_OP_INT    ? HR_MIN(20, arg->most)
                                             : 20;
        if (strcmp(arg->name, "tick") == 0) a.v[i] = 0.01;
    }
    void *state = aligned_alloc(64, op->bytes(&a));
    if (!state) return;
    op->init(state, &a);
    int64_t ns[BATCHES];
    for (int i = 0; i < BATCHES; i++)
        ns[i] = (int64_t)run(op, state, (uint64_t)i * BATCH);
    free(state);
    char of[64];
    (void)snprintf(of, sizeof of, "%s%s", op->name, by_time ? "_time" : "");
    figure(of, "row", (double)figure_median(ns, BATCHES) / BATCH, "ns");
}

int main(void)
{
    rows_make();
    for (uint32_t i = 0; i < hr_ops_market.n; i++) {
        one(&hr_ops_market.op[i], false);
        if (has_window(&hr_ops_market.op[i])) one(&hr_ops_market.op[i], true);
    }
    return 0;
}
