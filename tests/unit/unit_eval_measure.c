/* SPDX-License-Identifier: Apache-2.0 */
/* What a step is said to take, on clocks that are made: an interruption is nobody's. */
#include "harness.h"

#include "base/sys.h"
#include "eval/program.h"

#define ROWS 64u
#define STEP_NS 10
#define AWAY_NS 4000000

static hr_sys table;
static int64_t mono_ns, cpu_ns;
static unsigned n_reads, away_at; /* reads of the clock; the one before which the thread was away */

static int64_t read_mono(void *self)
{
    (void)self;
    mono_ns += STEP_NS;
    cpu_ns += STEP_NS;
    if (++n_reads == away_at) mono_ns += AWAY_NS;
    return mono_ns;
}

static int64_t read_cpu(void *self)
{
    (void)self;
    return cpu_ns;
}

/* ns of each step, after one call of ROWS rows. */
static uint32_t measure(uint64_t ns[8])
{
    static const char text[] = "a: x * 2; b: a + 1; c: sqrt(b)";
    static const hr_expr_column column[] = {{.name = "x"}};
    static double in[ROWS];
    static double out[3][ROWS];
    static int64_t ts[ROWS];
    const double *in_at[1] = {in};
    double *out_at[3] = {out[0], out[1], out[2]};
    hr_program p;
    const hr_program_options o = {.text = text,
                                  .n_text = sizeof text - 1,
                                  .column = column,
                                  .n_column = 1,
                                  .max_rows = 16,
                                  .batch_rows = ROWS};
    assert_int_equal(hr_program_open(&p, &o, NULL), HR_OK);
    const uint32_t n = p.e->n_step;
    void *state = hr_arena_alloc(p.arena, p.e->part[0].state_bytes + 64, 64);
    void *work = hr_arena_alloc(p.arena, p.e->work_bytes, 64);
    assert_true(state != NULL && work != NULL && n <= 8);
    memset(ns, 0, 8 * sizeof *ns);
    hr_eval_rows r = {.n = ROWS, .ts = ts, .in = in_at, .out = out_at, .step_ns = ns};
    hr_eval_init(&p.e->part[0], state);
    n_reads = 0;
    hr_eval_run(p.e, &p.e->part[0], state, work, &r);
    hr_program_close(&p);
    return n;
}

static void test_interrupted(void **unused)
{
    (void)unused;
    uint64_t ns[8];
    table = *hr_sys_real();
    table.mono_ns = read_mono;
    table.cpu_ns = read_cpu;
    hr_sys_install(&table);
    away_at = 0;
    const uint32_t n = measure(ns);
    const unsigned reads = n_reads;
    assert_int_equal(reads, n + 1); /* a read before the first step, one behind each */
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(ns[i], STEP_NS);
    for (away_at = 1; away_at <= reads + 1; away_at++) {
        assert_int_equal(measure(ns), n);
        uint64_t all = 0;
        for (uint32_t i = 0; i < n; i++)
            all += ns[i];
        assert_in_range(all, (n - 1) * STEP_NS, (n + 1) * STEP_NS);
    }
    hr_sys_install(NULL);
}

static void test_clock_back(void **unused)
{
    (void)unused;
    uint64_t ns[8];
    table = *hr_sys_real();
    table.mono_ns = read_cpu; /* stands still */
    table.cpu_ns = read_mono;
    hr_sys_install(&table);
    const uint32_t n = measure(ns);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(ns[i], 0);
    hr_sys_install(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_interrupted),
                                       cmocka_unit_test(test_clock_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
