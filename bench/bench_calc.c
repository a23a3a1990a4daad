/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: events a second for 50 features of 500 instruments, whose events come in any order.
 * Each instrument's rows are kept until there are 64, as a desk does, and then worked out; `step`
 * is what one of the program's steps takes. And the same with one instrument, and row by row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/market.h"
#include "eval/program.h"
#include "figure.h"
#include "kern/cpu.h"
#include "kern/kern.h"

#define INSTRUMENTS 500u
#define KEPT 64u
#define EVENTS (1u << 20)
#define TURNS 7

static const char text[] =
    "m: mid; s: spread; rel: spread / mid; wm: weighted_mid(); tilt: wm - m\n"
    "imb1: queue_imbalance(); imb5: imbalance(5); d5: depth(5).bid; d5a: depth(5).ask; dr: d5 / "
    "d5a\n"
    "of1: ofi(); ofs: sum(of1, 50); ofe: ewma(of1, 20); ofz: zscore(of1, 100); oft: sum(of1, 1s)\n"
    "e10: ema(mid, 10); e50: ema(mid, 50); e200: ema(mid, 200); x1: e10 - e50; x2: e50 - e200\n"
    "sd20: std(mid, 20); sd100: std(mid, 100); zz: (mid - mean(mid, 100)) / sd100; mx: max(mid, "
    "100)\n"
    "mn: min(mid, 100); rg: mx - mn; pos: (mid - mn) / rg; up: mid > e50; dn: mid < e50\n"
    "ret: mid / lag(mid, 1) - 1; r5: mid / lag(mid, 5) - 1; rv: sum(ret * ret, 100); vol: "
    "sqrt(rv)\n"
    "rsi14: rsi(mid, 14); sl: slope(mid, 50); kur: kurt(ret, 50); skw: skew(ret, 50); co: "
    "corr(ret, of1, 50)\n"
    "sma: mean(spread, 100); smx: max(spread, 100); sq: spread > 2 * sma; bq: mean(bid_qty[0], "
    "20)\n"
    "aq: mean(ask_qty[0], 20); qi: (bq - aq) / (bq + aq); lat: ewma(latency, 100); tv: "
    "cumsum(trade.qty)\n"
    "tp: ewma(trade.px, 20); sg: ewma(trade.side, 50); big: trade.qty > 1; gap: bid_px[0] - "
    "bid_px[1]\n";

typedef struct bench {
    hr_program program;
    const hr_eval_part *part;
    double *row; /* [INSTRUMENTS][KEPT][n_in] */
    int64_t *ts; /* [INSTRUMENTS][KEPT] */
    uint32_t n[INSTRUMENTS];
    char *state[INSTRUMENTS];
    double *column;
    const double *in_at[512];
    double *out_at[512];
    int64_t step_ts[KEPT];
    void *work;
    double px[INSTRUMENTS];
    uint64_t seed, sum;
} bench;

static uint64_t next(bench *b)
{
    b->seed ^= b->seed << 13;
    b->seed ^= b->seed >> 7;
    b->seed ^= b->seed << 17;
    return b->seed;
}

static void *must(size_t n)
{
    void *p = aligned_alloc(64, (n + 127) / 64 * 64);
    if (p == NULL) abort();
    return p;
}

static void flush(bench *b, uint32_t i)
{
    uint32_t n_in = b->part->n_in;
    uint32_t n = b->n[i];
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t c = 0; c < n_in; c++)
            b->column[c * KEPT + k] = b->row[((size_t)i * KEPT + k) * n_in + c];
    hr_eval_rows r = {.n = n, .ts = b->ts + (size_t)i * KEPT, .in = b->in_at, .out = b->out_at};
    hr_eval_run(b->program.e, b->part, b->state[i], b->work, &r);
    uint64_t bits;
    memcpy(&bits, &b->out_at[b->part->n_out / 2][n - 1], sizeof bits);
    b->sum = figure_mix(b->sum, (int64_t)bits);
    b->n[i] = 0;
}

/* One event: every column of the row, from a walk of the price. */
static void event(bench *b, uint32_t i, int64_t now, uint32_t kept)
{
    uint64_t v = next(b);
    uint32_t n_in = b->part->n_in;
    double *row = b->row + ((size_t)i * KEPT + b->n[i]) * n_in;
    bool is_trade = v % 8 == 0;
    b->px[i] += 0.01 * (double)((int64_t)(v >> 8 & 3) - 1);
    for (uint32_t c = 0; c < n_in; c++) {
        const char *name = hr_market_columns[b->part->in[c].which].name;
        double noise = (double)(v >> (c % 40) & 255);
        double value = 1 + noise;
        if (name[0] == 'b' && name[4] == 'p') value = b->px[i] - 0.01 * (1 + b->part->in[c].idx);
        if (name[0] == 'a' && name[4] == 'p') value = b->px[i] + 0.01 * (1 + b->part->in[c].idx);
        if (name[0] == 'm') value = b->px[i];
        if (name[0] == 's') value = 0.01 * (double)(1 + (v >> 20 & 3));
        if (name[0] == 't') value = is_trade ? (name[6] == 's' ? 1 : value) : (double)NAN;
        row[c] = value;
    }
    b->ts[(size_t)i * KEPT + b->n[i]] = now;
    if (++b->n[i] == kept) flush(b, i);
}

static int64_t turn(bench *b, uint32_t instruments, uint32_t kept, bool works)
{
    int64_t before = figure_thread_ns();
    int64_t now = 1700000000000000000;
    for (uint32_t e = 0; e < EVENTS; e++) {
        uint32_t i = (uint32_t)(next(b) % instruments);
        now += 2000000 / (int64_t)instruments + 1000;
        event(b, i, now, works ? kept : KEPT + 1);
        if (!works && b->n[i] == KEPT) b->n[i] = 0;
    }
    return figure_thread_ns() - before;
}

/* What making up the events takes is taken off, measured in the same turn. */
static void one(bench *b, const char *name, uint32_t instruments, uint32_t kept)
{
    int64_t ns[TURNS];
    for (uint32_t i = 0; i < INSTRUMENTS; i++) {
        hr_eval_init(b->part, b->state[i]);
        b->n[i] = 0;
        b->px[i] = 100 + i;
    }
    (void)turn(b, instruments, kept, true);
    for (int t = 0; t < TURNS; t++) {
        for (uint32_t i = 0; i < INSTRUMENTS; i++)
            b->n[i] = 0;
        int64_t made = turn(b, instruments, kept, false);
        for (uint32_t i = 0; i < INSTRUMENTS; i++)
            b->n[i] = 0;
        ns[t] = turn(b, instruments, kept, true) - made;
    }
    double each = (double)figure_median(ns, TURNS) / EVENTS;
    figure(name, "event", each, "ns");
    figure(name, "events", 1e3 / each, "M/s");
    figure(name, "feature", each / b->part->n_out, "ns");
}

int main(void)
{
    static bench b = {.seed = 88172645463325252u};
    hr_kern_init(hr_cpu_detect());
    hr_err err = HR_ERR_INIT;
    const hr_program_options o = {.text = text,
                                  .n_text = sizeof text - 1,
                                  .column = hr_market_columns,
                                  .n_column = hr_market_n_columns,
                                  .max_rows = 4096,
                                  .batch_rows = KEPT};
    if (hr_program_open(&b.program, &o, &err) != HR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    b.part = &b.program.e->part[0];
    uint32_t n_in = b.part->n_in;
    b.row = must((size_t)INSTRUMENTS * KEPT * n_in * sizeof *b.row);
    b.ts = must((size_t)INSTRUMENTS * KEPT * sizeof *b.ts);
    b.column = must((size_t)(n_in + b.part->n_out) * KEPT * sizeof *b.column);
    b.work = must(b.program.e->work_bytes);
    for (uint32_t c = 0; c < n_in; c++)
        b.in_at[c] = b.column + (size_t)c * KEPT;
    for (uint32_t c = 0; c < b.part->n_out; c++)
        b.out_at[c] = b.column + (size_t)(n_in + c) * KEPT;
    for (uint32_t i = 0; i < INSTRUMENTS; i++)
        b.state[i] = must(b.part->state_bytes);
    figure("calc", "features", b.part->n_out, "n");
    figure("calc", "steps", b.part->n_step, "n");
    figure("calc", "state", (double)b.part->state_bytes, "bytes");
    one(&b, "instruments/500", INSTRUMENTS, KEPT);
    one(&b, "instruments/1", 1, KEPT);
    one(&b, "row_by_row/1", 1, 1);
    figure_check("calc", b.sum);
    return 0;
}
