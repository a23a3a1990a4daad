/* SPDX-License-Identifier: Apache-2.0 */
/* States of signals and of whole programs that come from a file with a right checksum: those that
 * were saved are taken; of those that were changed, what is taken can be run without leaving its
 * memory. Operators: prop_ops_sound. */
#include "harness.h"

#include <stdio.h>
#include <unistd.h>

#include "eval/eval_others.h"
#include "eval/program.h"
#include "ops_rig.h"
#include "rng.h"

#define ROWS 610u
#define FORGERIES 120u

static double in[2][ROWS];
static int64_t ts[ROWS];

/* Some bytes of it become others: the first lines, where places are, more often. */
static void forge(unsigned char *state, size_t n_bytes, test_rng *g)
{
    for (uint64_t n = 1 + test_rng_below(g, 6); n > 0; n--) {
        size_t most = test_rng_below(g, 3) == 0 ? n_bytes : HR_MIN(n_bytes, (size_t)512);
        size_t at = (size_t)test_rng_below(g, most);
        state[at] = (unsigned char)(test_rng_below(g, 2) == 0 ? 0xff : test_rng_below(g, 256));
    }
}

/* ---- signals ---- */

static void test_signals(void **unused)
{
    (void)unused;
    test_rng g;
    test_rng_init(&g, test_seed());
    static const hr_signal_rule rule[] = {
        {.name = "a", .when = 0, .until = HR_SIGNAL_NONE, .score = HR_SIGNAL_NONE, .confirm = 5},
        {.name = "b", .when = 1, .until = 0, .score = 0, .confirm = 1, .cooldown_ns = 5000000},
        {.name = "c", .when = 1, .until = HR_SIGNAL_NONE, .score = 0, .confirm = 2, .hold_ns = 9},
    };
    hr_arena *arena;
    hr_signals s;
    hr_signals_out *to;
    assert_int_equal(hr_arena_create(&arena, NULL, (size_t)1 << 20, "signals", NULL), HR_OK);
    assert_int_equal(hr_signals_make(&s, arena, NULL, rule, HR_ARRAY_LEN(rule), NULL), HR_OK);
    assert_int_equal(hr_signals_out_create(&to, arena, &s, 100, NULL), HR_OK);
    size_t n_bytes = hr_signals_state_bytes(&s);
    void *state = ops_rig_block(n_bytes);
    void *forged = ops_rig_block(n_bytes);
    uint32_t n_taken = 0;
    hr_signals_init(state, &s);
    for (uint32_t i = 0; i < ROWS; i++) {
        in[0][i] = test_rng_below(&g, 5) > 0;
        in[1][i] = test_rng_below(&g, 2) > 0;
        ts[i] = i * INT64_C(1000000);
    }
    for (uint32_t at = 0; at < 600; at += 10) {
        hr_signal_rows r = {.n = 10, .ts = ts + at};
        r.column = (const double *const[]){in[0] + at, in[1] + at};
        for (uint32_t k = 0; k < 10;)
            k = hr_signals_run(&s, state, &r, k, to);
        assert_true(hr_signals_is_sound(state, &s));
        for (uint32_t i = 0; i < FORGERIES; i++) {
            memcpy(forged, state, n_bytes);
            forge(forged, n_bytes, &g);
            if (!hr_signals_is_sound(forged, &s)) continue;
            n_taken++;
            for (uint32_t k = 0; k < 10;)
                k = hr_signals_run(&s, forged, &r, k, to);
        }
    }
    assert_true(n_taken > 100);
    ops_rig_block_free(state, n_bytes);
    ops_rig_block_free(forged, n_bytes);
    hr_arena_destroy(&arena);
}

/* ---- what a program keeps ---- */

/* Parts of other instruments, and an operator of a plugin. */
static void test_program(void **unused)
{
    (void)unused;
    static char path[2048 + 64];
    static char folder[2048];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 64);
    assert_true(n > 0);
    folder[n] = '\0';
    for (int k = 0; k < 2; k++)
        *strrchr(folder, '/') = '\0';
    snprintf(path, sizeof path, "%s/support/plugin_example.so", folder);
    char *plugins[] = {path};
    static const hr_expr_column columns[] = {{.name = "mid"}};
    static const char text[] = "decayed_sum(mid, 1s) + of(\"X\", decayed_sum(rsi(mid, 5), 1s))";
    hr_program p;
    hr_program_options o = {.text = text,
                            .n_text = sizeof text - 1,
                            .column = columns,
                            .n_column = 1,
                            .plugin = plugins,
                            .n_plugins = 1,
                            .max_rows = 10,
                            .batch_rows = 1};
    hr_err err = HR_ERR_INIT;
    assert_int_equal(hr_program_open(&p, &o, &err), HR_OK);
    hr_eval_others others;
    assert_int_equal(hr_eval_others_init(&others, p.e, p.arena), HR_OK);
    assert_true(hr_eval_others_is_sound(&others));
    others.block[1] = 2; /* of is_met: no bool */
    assert_false(hr_eval_others_is_sound(&others));
    others.block[1] = 1;
    assert_true(hr_eval_others_is_sound(&others));
    uint32_t n_refused = 0;
    for (size_t i = others.state_at[1]; i < others.n_bytes; i++) {
        others.block[i] ^= 0x55;
        n_refused += !hr_eval_others_is_sound(&others);
        others.block[i] ^= 0x55;
    }
    assert_true(n_refused > 200); /* marks of the plugin, rings of rsi */
    HR_ALIGNED(64) static char state[1024];
    assert_true(p.e->part[0].state_bytes <= sizeof state);
    hr_eval_init(&p.e->part[0], state);
    assert_true(hr_eval_is_sound(&p.e->part[0], state));
    state[9] ^= 1;
    assert_false(hr_eval_is_sound(&p.e->part[0], state));
    hr_program_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
