/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time over the same rows, which they keep together: each gives the bits that it gives
 * alone, in rows that are late, null, more than there is room for, cut anyhow, states moved, a tier
 * drawn for each call. And states that were forged are refused or run without harm. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "eval/program.h"
#include "kern/kern.h"
#include "ops/window/win_chunks.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 12000
#define BATCH 4096u
#define CALLS 9
static const char *const call[CALLS] = {"sum",  "mean", "min",  "max",   "var",
                                        "vars", "std",  "stds", "zscore"};

static int64_t ts[ROWS];
static double x[ROWS], y[ROWS];
static double alone[CALLS][ROWS], got[CALLS][ROWS];
static unsigned features; /* of this processor */

/* A program over x and y, its state and what it needs to run. */
typedef struct rig {
    hr_program program;
    const hr_eval_part *part;
    char *state;
    void *work;
} rig;

static void rig_open(rig *g, const char *text, uint32_t max_rows)
{
    static const hr_expr_column column[] = {{.name = "x"}, {.name = "y"}};
    hr_err err = HR_ERR_INIT;
    const hr_program_options o = {.text = text,
                                  .n_text = strlen(text),
                                  .column = column,
                                  .n_column = HR_ARRAY_LEN(column),
                                  .max_rows = max_rows,
                                  .batch_rows = BATCH};
    if (hr_program_open(&g->program, &o, &err) != HR_OK) fail_msg("%s: %s", text, err.message);
    g->part = &g->program.e->part[0];
    g->state = ops_rig_block(g->part->state_bytes);
    g->work = ops_rig_block(g->program.e->work_bytes);
    memset(g->state, 0x7f, g->part->state_bytes);
    hr_eval_init(g->part, g->state);
}

static void rig_close(rig *g)
{
    ops_rig_block_free(g->state, g->part->state_bytes);
    ops_rig_block_free(g->work, g->program.e->work_bytes);
    hr_program_close(&g->program);
}

static void rig_run(rig *g, int at, int n, double (*out)[ROWS])
{
    const double *in[2] = {NULL};
    double *to[CALLS];
    for (uint32_t i = 0; i < g->part->n_in; i++)
        in[i] = (g->part->in[i].which == 0 ? x : y) + at;
    for (uint32_t i = 0; i < g->part->n_out; i++)
        to[i] = out[i] + at;
    const hr_eval_rows r = {.n = (uint32_t)n, .ts = ts + at, .in = in, .out = to};
    hr_eval_run(g->program.e, g->part, g->state, g->work, &r);
}

static void rig_run_cut(rig *g, test_rng *r, double (*out)[ROWS])
{
    const uint64_t most = test_rng_chance(r, 3) ? 3 : test_rng_chance(r, 2) ? 100 : BATCH;
    for (int at = 0; at < ROWS;) {
        int n = 1 + (int)test_rng_below(r, most);
        n = HR_MIN(n, ROWS - at);
        if (test_rng_chance(r, 100)) {
            char *to = ops_rig_block(g->part->state_bytes);
            memcpy(to, g->state, g->part->state_bytes);
            ops_rig_block_free(g->state, g->part->state_bytes);
            g->state = to;
        }
        hr_kern_init(test_rng_chance(r, 2) ? 0 : features);
        rig_run(g, at, n, out);
        at += n;
    }
}

/* "v0: min(x, 5000ns); .." of some of the calls, in any order. */
static uint32_t text_make(char *text, size_t cap, uint32_t *which, test_rng *r, uint64_t width)
{
    uint32_t n = 0;
    uint32_t from = (uint32_t)test_rng_below(r, CALLS);
    size_t len = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        uint32_t k = (from + i * 2) % CALLS;
        if (i > 1 && test_rng_chance(r, 3)) continue;
        len += (size_t)snprintf(text + len, cap - len, "%sv%u: %s(x, %lluns)", n > 0 ? "; " : "", n,
                                call[k], (unsigned long long)width);
        which[n++] = k;
    }
    return n;
}

static uint32_t room_for(test_rng *r)
{
    static const uint32_t some[] = {20, 63, 100, 190, 400, 700, 900, 1000, 5000, ROWS};
    return some[test_rng_below(r, HR_ARRAY_LEN(some))];
}

static void check_same(const uint32_t *which, uint32_t n, const char *text, uint32_t max_rows)
{
    for (uint32_t k = 0; k < n; k++)
        for (int i = 0; i < ROWS; i++) {
            const double a = got[k][i];
            const double b = alone[which[k]][i];
            if (memcmp(&a, &b, sizeof a) != 0 && !(isnan(a) && isnan(b)))
                fail_msg("%s, at most %u rows: %s: row %d: %.17g for %.17g", text, max_rows,
                         call[which[k]], i, a, b);
        }
}

static void test_together(void **unused)
{
    (void)unused;
    static const uint64_t width[] = {3000, 20000, 64000, 300000, 1000000, 5000000};
    test_rng r;
    uint32_t n_shared = 0;
    features = hr_cpu_detect();
    test_rng_init(&r, test_seed());
    for (uint64_t it = 0; it < test_iters(40); it++) {
        char text[1000];
        uint32_t which[CALLS];
        rig g;
        ops_rig_rows(&r, ROWS, ts, x, y);
        const uint32_t max_rows = room_for(&r);
        const uint64_t w = width[test_rng_below(&r, HR_ARRAY_LEN(width))];
        const uint32_t n = text_make(text, sizeof text, which, &r, w);
        size_t bytes_alone = 0;
        for (uint32_t k = 0; k < n; k++) {
            char one[100];
            (void)snprintf(one, sizeof one, "%s(x, %lluns)", call[which[k]], (unsigned long long)w);
            rig_open(&g, one, max_rows);
            bytes_alone += g.part->state_bytes;
            rig_run_cut(&g, &r, &alone[which[k]]);
            rig_close(&g);
        }
        rig_open(&g, text, max_rows);
        n_shared += g.part->state_bytes < bytes_alone;
        rig_run_cut(&g, &r, got);
        check_same(which, n, text, max_rows);
        rig_close(&g);
    }
    assert_true(n_shared > 5);
}

/* Other columns, other widths, rows instead of times, an allowed lateness: none of them is kept
 * with another. What is kept once is told in the text of the steps. */
static void test_who_shares(void **unused)
{
    (void)unused;
    static const char text[] = "a: sum(x, 1s); b: sum(y, 1s); c: max(x, 2s); d: mean(x, 1s, 1s)\n"
                               "e: max(x, 100); f: min(x, 100); g: std(x, 1s); h: min(y, 1s)\n"
                               "i: zscore(x, 1s); j: stds(y, 1s); k: vars(x, 3s)";
    rig g;
    char line[200];
    char shared[400] = "";
    rig_open(&g, text, 1000);
    for (uint32_t i = 0; i < g.part->n_step; i++) {
        (void)hr_eval_step_text(line, sizeof line, g.program.e, g.part, i);
        if (strstr(line, "rows of") == NULL) continue;
        (void)snprintf(shared + strlen(shared), sizeof shared - strlen(shared), "%s\n", line);
    }
    assert_string_equal(shared, "std(x, 1s, 0s), rows of #1\nmin(y, 1s, 0s), rows of #2\n"
                                "zscore(x, 1s), rows of #1\nstds(y, 1s), rows of #2\n");
    rig_close(&g);
}

#define HEAD (HR_WIN_HEAD + offsetof(hr_chunks, middle))

/* Numbers of the heads and chunks of all windows are put down anew. */
static void forge(char *state, size_t n_bytes, test_rng *r)
{
    for (uint64_t n = 1 + test_rng_below(r, 4); n > 0; n--) {
        const size_t at = 8 * (size_t)test_rng_below(r, n_bytes / 8);
        uint64_t v = 0;
        memcpy(&v, state + at, sizeof v);
        v = test_rng_chance(r, 2)   ? v + test_rng_below(r, 200) - 100
            : test_rng_chance(r, 2) ? test_rng_below(r, 20000)
                                    : test_rng_u64(r);
        memcpy(state + at, &v, sizeof v);
    }
}

static void test_forged(void **unused)
{
    (void)unused;
    test_rng r;
    uint32_t n_sound = 0;
    features = hr_cpu_detect();
    test_rng_init(&r, test_seed());
    ops_rig_rows(&r, ROWS, ts, x, y);
    rig g;
    rig_open(&g, "a: sum(x, 300us); b: std(x, 300us); c: max(x, 300us)", 900);
    char *kept = malloc(g.part->state_bytes);
    assert_non_null(kept);
    hr_kern_init(features);
    rig_run(&g, 0, 4000, got);
    const hr_eval_step_facts first = hr_eval_step_get(g.program.e, g.part, 0);
    memcpy(kept, g.state, g.part->state_bytes);
    for (uint64_t it = 0; it < test_iters(2000); it++) {
        memcpy(g.state, kept, g.part->state_bytes);
        if (test_rng_chance(&r, 2)) forge(g.state, HEAD, &r);
        if (test_rng_chance(&r, 2)) forge(g.state + first.state_bytes, HEAD, &r);
        if (test_rng_chance(&r, 2)) forge(g.state, g.part->state_bytes, &r);
        if (!hr_eval_is_sound(g.part, g.state)) continue;
        n_sound++;
        hr_kern_init(test_rng_chance(&r, 2) ? 0 : features);
        rig_run(&g, 4000, 700, got);
    }
    assert_true(n_sound > 50);
    free(kept);
    rig_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_who_shares),
        cmocka_unit_test(test_forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
