/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: reading the texts of 4,000 (time, memory), ns per row and signal where none, some and
 * all of them have something to say, and how long after its row an event is there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"
#include "eval/signal.h"
#include "figure.h"
#include "ops/window/op_window.h"

#define RULES 4000u
#define BATCH 2048u
#define ROUNDS 21u
#define TEXT_BYTES 96

static char text[RULES][3][TEXT_BYTES];
static char name[RULES][16];
static hr_signal_spec spec[RULES];
static double *column[2 * RULES];
static const double *given[2 * RULES]; /* the first rows of each, side by side as n_rows asks */
static int64_t ts[BATCH];

static const hr_expr_column columns[] = {
    {.name = "mid", .unit = {.power = {1, 0, 0, 0}}},
    {.name = "bid_qty", .n_idx = 5, .unit = {.power = {0, 1}}},
    {.name = "ask_qty", .n_idx = 5, .unit = {.power = {0, 1}}}};

/* Each signal has a window, thresholds and a score of its own. */
static void specs_make(void)
{
    for (uint32_t i = 0; i < RULES; i++) {
        (void)snprintf(name[i], sizeof name[i], "signal%u", i);
        (void)snprintf(text[i][0], TEXT_BYTES, "zscore(mid, %us) > %u.5 and tilt > 0.%u",
                       i % 500 + 2, i / 500, i % 90 + 10);
        (void)snprintf(text[i][1], TEXT_BYTES, "zscore(mid, %us) < 0.%u", i % 500 + 2, i % 80 + 10);
        (void)snprintf(text[i][2], TEXT_BYTES, "zscore(mid, %us) * %u", i % 500 + 2, i % 1000 + 2);
        spec[i] = (hr_signal_spec){.name = name[i],
                                   .when = text[i][0],
                                   .until = text[i][1],
                                   .score = text[i][2],
                                   .value = {"mid", "tilt"},
                                   .n_value = 2,
                                   .confirm = 1 + i % 3};
    }
}

static void read_all(void)
{
    static const char own[] = "tilt: bid_qty[0] / (bid_qty[0] + ask_qty[0])";
    hr_arena *arena;
    hr_arena *scratch;
    const hr_signals *s = NULL;
    hr_err err = HR_ERR_INIT;
    hr_expr_env env = {.column = columns,
                       .n_column = HR_ARRAY_LEN(columns),
                       .ops = &hr_ops_window,
                       .n_ops = 1,
                       .max_rows = 1000};
    hr_signals_source src = {&env, own, sizeof own - 1, spec, RULES};
    int64_t ns[ROUNDS];
    size_t n_bytes = 0;
    for (uint32_t k = 0; k < ROUNDS; k++) {
        if (hr_arena_create(&arena, NULL, (size_t)256 << 20, "signals", NULL) != HR_OK ||
            hr_arena_create(&scratch, NULL, (size_t)256 << 20, "scratch", NULL) != HR_OK)
            exit(1);
        ns[k] = figure_thread_ns();
        if (hr_signals_read(&s, arena, scratch, &src, NULL, &err) != HR_OK) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        ns[k] = figure_thread_ns() - ns[k];
        n_bytes = hr_arena_used(arena);
        if (k == 0) {
            figure("read", "nodes", s->expr->n_node, "");
            figure("read", "outputs", s->expr->n_out, "");
            figure("state", "bytes", (double)hr_signals_state_bytes(s), "B");
        }
        hr_arena_destroy(&arena);
        hr_arena_destroy(&scratch);
    }
    size_t cap = (size_t)1 << 20;
    for (bool is_read = false; !is_read; cap += cap / 4) {
        if (hr_arena_create(&arena, NULL, (size_t)256 << 20, "signals", NULL) != HR_OK ||
            hr_arena_create(&scratch, NULL, cap, "scratch", NULL) != HR_OK)
            exit(1);
        is_read = hr_signals_read(&s, arena, scratch, &src, NULL, &err) == HR_OK;
        hr_arena_destroy(&arena);
        hr_arena_destroy(&scratch);
    }
    figure("read", "scratch", (double)cap / 1e6, "MB");
    figure("read", "kept", (double)n_bytes / 1e6, "MB");
    figure("read", "time", (double)figure_median(ns, ROUNDS) / 1e6, "ms");
}

/* when true for `run` rows of each `every`. */
static void columns_make(uint32_t every, uint32_t run, bool is_null)
{
    for (uint32_t i = 0; i < RULES; i++)
        for (uint32_t r = 0; r < BATCH; r++) {
            bool up = every > 0 && (r + i * 7) % every < run;
            bool down = every > 0 && (r + i * 7 + every / 2) % every < run;
            column[2 * i][r] = is_null ? (double)NAN : up;
            column[2 * i + 1][r] = is_null ? (double)NAN : down;
        }
}

/* Calls of n_rows; n_columns of each kind: few stay in the cache, as many as rules come from
 * memory. */
static void run_all(const char *of, uint32_t n_columns, uint32_t n_rows)
{
    static hr_signal_rule rule[RULES];
    hr_arena *arena;
    hr_signals s;
    hr_signals_out *out;
    for (uint32_t i = 0; i < RULES; i++)
        rule[i] = (hr_signal_rule){.name = "x",
                                   .when = 2 * (i % n_columns),
                                   .until = i % 2 == 0 ? 2 * (i % n_columns) + 1 : HR_SIGNAL_NONE,
                                   .score = HR_SIGNAL_NONE,
                                   .confirm = 1 + i % 3,
                                   .priority = (int32_t)(i % 5)};
    if (hr_arena_create(&arena, NULL, (size_t)64 << 20, "signals", NULL) != HR_OK ||
        hr_signals_make(&s, arena, NULL, rule, RULES, NULL) != HR_OK ||
        hr_signals_out_create(&out, arena, &s, 1 << 16, NULL) != HR_OK)
        exit(1);
    void *state = hr_arena_alloc(arena, hr_signals_state_bytes(&s), 64);
    hr_signals_init(state, &s);
    size_t stride = hr_round_up(n_rows, 8);
    double *side = aligned_alloc(64, 2 * RULES * stride * sizeof *side);
    if (side == NULL) exit(1);
    for (size_t i = 0; i < 2 * (size_t)RULES; i++) {
        memcpy(side + i * stride, column[i], n_rows * sizeof *side);
        given[i] = side + i * stride;
    }
    hr_signal_rows rows = {.n = n_rows, .ts = ts, .column = given};
    int64_t ns[ROUNDS];
    uint64_t n_events = 0;
    for (uint32_t k = 0; k < ROUNDS; k++) {
        ns[k] = figure_thread_ns();
        for (uint32_t at = 0; at < n_rows;) {
            uint32_t n;
            at = hr_signals_run(&s, state, &rows, at, out);
            (void)hr_signals_events(out, &n);
            n_events += n;
        }
        ns[k] = figure_thread_ns() - ns[k];
    }
    double rows_all = (double)n_rows * RULES;
    figure(of, "row-signal", (double)figure_median(ns, ROUNDS) / rows_all, "ns");
    figure(of, "events", (double)n_events / ROUNDS / rows_all, "");
    hr_arena_destroy(&arena);
    free(side);
}

/* ---- from a row to its events ---- */

#define LATENCY_ROWS 20000u
#define IN_MAX 8u

typedef struct latency_rig {
    const hr_signals *s;
    hr_eval *e;
    hr_signals_out *out;
    char *state, *signals, *work;
    double *column; /* outputs of a row */
    double **out_at;
} latency_rig;

static bool rig_make(latency_rig *g, hr_arena *arena, uint32_t n_rules, const hr_expr_env *env)
{
    static const char own[] = "tilt: bid_qty[0] / (bid_qty[0] + ask_qty[0])";
    hr_arena *scratch;
    hr_err err = HR_ERR_INIT;
    hr_signals_source src = {env, own, sizeof own - 1, spec, n_rules};
    if (hr_arena_create(&scratch, NULL, (size_t)256 << 20, "scratch", NULL) != HR_OK) return false;
    bool ok = hr_signals_read(&g->s, arena, scratch, &src, NULL, &err) == HR_OK &&
              hr_eval_create(&g->e, arena, scratch, g->s->expr, 1, &err) == HR_OK &&
              hr_signals_out_create(&g->out, arena, g->s, n_rules, &err) == HR_OK;
    hr_arena_destroy(&scratch);
    if (!ok) return false;
    uint32_t n_out = g->e->part[0].n_out;
    g->state = hr_arena_alloc(arena, g->e->part[0].state_bytes, 64);
    g->signals = hr_arena_alloc(arena, hr_signals_state_bytes(g->s), 64);
    g->work = hr_arena_alloc(arena, g->e->work_bytes, 64);
    g->column = hr_arena_alloc(arena, n_out * sizeof *g->column, 64);
    g->out_at = hr_arena_alloc(arena, n_out * sizeof *g->out_at, 64);
    if (g->state == NULL || g->signals == NULL || g->work == NULL || g->column == NULL ||
        g->out_at == NULL)
        return false;
    for (uint32_t i = 0; i < n_out; i++)
        g->out_at[i] = &g->column[i];
    hr_eval_init(&g->e->part[0], g->state);
    hr_signals_init(g->signals, g->s);
    return true;
}

/* Works out one row; returns how many events it gave. */
static uint32_t rig_row(latency_rig *g, int64_t at, const double *in)
{
    const double *in_at[IN_MAX];
    const hr_eval_part *p = &g->e->part[0];
    for (uint32_t i = 0; i < p->n_in; i++)
        in_at[i] = &in[p->in[i].which];
    hr_eval_rows r = {.n = 1, .ts = &at, .in = in_at, .out = g->out_at};
    hr_eval_run(g->e, p, g->state, g->work, &r);
    hr_signal_rows rows = {.n = 1, .ts = &at, .column = (const double *const *)g->out_at};
    uint32_t n = 0;
    for (uint32_t done = 0; done < 1;) {
        uint32_t n_now;
        done = hr_signals_run(g->s, g->signals, &rows, done, g->out);
        (void)hr_signals_events(g->out, &n_now);
        n += n_now;
    }
    return n;
}

/* A walk of mid, 100 ms a row; time of the rows that gave an event, windows included. The clock
 * itself takes some 0.3 us of it. */
static void latency_of(const char *of, uint32_t n_rules)
{
    static int64_t ns[LATENCY_ROWS];
    hr_arena *arena;
    latency_rig g = {0};
    hr_expr_env env = {.column = columns,
                       .n_column = HR_ARRAY_LEN(columns),
                       .ops = &hr_ops_window,
                       .n_ops = 1,
                       .max_rows = 1000};
    if (hr_arena_create(&arena, NULL, (size_t)512 << 20, "signals", NULL) != HR_OK ||
        !rig_make(&g, arena, n_rules, &env))
        exit(1);
    uint64_t seed = 1;
    uint32_t n = 0;
    double row[HR_ARRAY_LEN(columns)] = {100, 5, 5};
    for (uint32_t i = 0; i < LATENCY_ROWS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        row[0] += (double)(int)(seed >> 60) - 7.5;
        row[1] = 1 + (double)(seed >> 50 & 15);
        int64_t before = figure_thread_ns();
        uint32_t n_events = rig_row(&g, (int64_t)i * 100000000, row);
        ns[n] = figure_thread_ns() - before;
        n += n_events > 0;
    }
    qsort(ns, n, sizeof ns[0], figure_by_value);
    figure(of, "rows-with-events", n, "");
    if (n > 0) {
        figure(of, "p50", (double)ns[n / 2] / 1e3, "us");
        figure(of, "p99", (double)ns[(size_t)n * 99 / 100] / 1e3, "us");
    }
    hr_arena_destroy(&arena);
}

int main(void)
{
    specs_make();
    latency_of("latency-1", 1);
    latency_of("latency-20", 20);
    latency_of("latency-400", 400);
    latency_of("latency-4000", RULES);
    read_all();
    for (uint32_t i = 0; i < 2 * RULES; i++)
        if ((column[i] = aligned_alloc(64, BATCH * sizeof(double))) == NULL) return 1;
    for (uint32_t r = 0; r < BATCH; r++)
        ts[r] = r;
    columns_make(0, 0, false);
    run_all("quiet", RULES, BATCH);
    run_all("quiet-cached", 32, BATCH);
    run_all("quiet-one-row", RULES, 1);
    run_all("quiet-16-rows", RULES, 16);
    columns_make(0, 0, true);
    run_all("null", RULES, BATCH);
    run_all("null-cached", 32, BATCH);
    columns_make(1000, 20, false);
    run_all("seldom", RULES, BATCH);
    run_all("seldom-cached", 32, BATCH);
    columns_make(50, 10, false);
    run_all("often", RULES, BATCH);
    run_all("often-cached", 32, BATCH);
    columns_make(8, 4, false);
    run_all("always", RULES, BATCH);
    run_all("always-cached", 32, BATCH);
    for (uint32_t i = 0; i < 2 * RULES; i++)
        free(column[i]);
    return 0;
}
