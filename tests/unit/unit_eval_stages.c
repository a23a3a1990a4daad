/* SPDX-License-Identifier: Apache-2.0 */
/* Stages one behind the other: which column each reads, rows that are dropped, names that are
 * wrong, and states in a copy. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "eval/market.h"
#include "eval/program.h"

static char folder[2048]; /* where the build has put the plugins: beside this program's folder */

static int find_folder(void **unused)
{
    (void)unused;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 64);
    if (n <= 0) return 1;
    folder[n] = '\0';
    for (int k = 0; k < 2; k++)
        *strrchr(folder, '/') = '\0';
    memcpy(strrchr(folder, '\0'), "/support", sizeof "/support");
    return 0;
}

/* Two plugins, and stages of theirs by name, comma between. */
static hr_status open_program(hr_program *p, const char *how, const char *text,
                              const char *const *stage, uint32_t n_stages, hr_err *err)
{
    static char path[2][sizeof folder + 64];
    static char *plugins[2] = {path[0], path[1]};
    setenv("HR_TEST_PLUGIN", how, 1);
    snprintf(path[0], sizeof path[0], "%s/plugin_example.so", folder);
    snprintf(path[1], sizeof path[1], "%s/plugin_bad.so", folder);
    hr_err_reset(err);
    hr_program_options o = {.text = text,
                            .n_text = strlen(text),
                            .column = hr_market_columns,
                            .n_column = hr_market_n_columns,
                            .plugin = plugins,
                            .n_plugins = 2,
                            .stage = stage,
                            .n_stages = n_stages,
                            .max_rows = 100,
                            .batch_rows = 1};
    return hr_program_open(p, &o, err);
}

/* A row in which the column `which` is v and all else null. */
static void set_wide(const hr_row_stages *s, double *wide, const char *name, double v)
{
    for (uint32_t i = 0; i < s->n_in; i++)
        if (strcmp(s->column[s->in[i].which].name, name) == 0) wide[i] = v;
}

static void clear_wide(const hr_row_stages *s, double *wide)
{
    for (uint32_t i = 0; i < s->n_wide; i++)
        wide[i] = (double)NAN;
}

/* The second stage reads what the first gives in place of trade.px, and gives another mid: 2 * 2
 * times what was read. Expressions see that one, and as trade.px the first one's. */
static void test_chain(void **unused)
{
    (void)unused;
    hr_program p;
    hr_err err = HR_ERR_INIT;
    static const char *const names[] = {"first", "second"};
    HR_ALIGNED(64) static char state[1024];
    double wide[8];
    double row[8];
    assert_int_equal(
        open_program(&p, "stage chain", "a: mid; b: trade.px; c: spread", names, 2, &err), HR_OK);
    const hr_row_stages *s = p.stages;
    assert_int_equal(s->n_in, 2); /* mid, spread: trade.px is read by no one */
    assert_int_equal(s->n_wide, 4);
    assert_int_equal(s->state_bytes, 2 * 192);
    hr_row_stages_init(s, state);
    for (int i = 0; i < 3; i++) {
        clear_wide(s, wide);
        set_wide(s, wide, "mid", i == 1 ? 3 : 0.75);
        set_wide(s, wide, "spread", 0.5);
        bool is_kept = hr_row_stages_run(s, state, i, wide);
        assert_int_equal(is_kept, i != 1); /* 3 is above 2: dropped by the first */
        if (!is_kept) continue;
        hr_row_stages_take(s, 0, wide, row);
        for (uint32_t k = 0; k < s->part[0].n_in; k++) {
            const char *name = s->column[s->part[0].in[k].which].name;
            double want = strcmp(name, "mid") == 0 ? 3 : strcmp(name, "spread") == 0 ? 0.5 : 1.5;
            assert_true(row[k] == want);
        }
    }
    assert_int_equal(hr_program_check(&p, &err), HR_OK);
    hr_program_close(&p);
}

/* A level of the book in another's place, and none of the others. */
static void test_level(void **unused)
{
    (void)unused;
    hr_program p;
    hr_err err = HR_ERR_INIT;
    static const char *const names[] = {"bad.second"};
    HR_ALIGNED(64) static char state[1024];
    double wide[8];
    double row[8];
    assert_int_equal(open_program(&p, "stage level", "a: bid_px[0]; b: bid_px[1]", names, 1, &err),
                     HR_OK);
    const hr_row_stages *s = p.stages;
    hr_row_stages_init(s, state);
    clear_wide(s, wide);
    set_wide(s, wide, "mid", 0.25);
    set_wide(s, wide, "bid_px", 7);
    assert_true(hr_row_stages_run(s, state, 0, wide));
    hr_row_stages_take(s, 0, wide, row);
    for (uint32_t k = 0; k < 2; k++)
        assert_true(row[k] == (s->part[0].in[k].idx == 0 ? 0.5 : 7));
    hr_program_close(&p);
}

/* The same stages twice in a row keep states of their own, and a copy goes on as the first. */
static void test_state(void **unused)
{
    (void)unused;
    hr_program p;
    hr_err err = HR_ERR_INIT;
    static const char *const names[] = {"example.despike", "on_move", "despike", "on_move"};
    HR_ALIGNED(64) static char state[2][1024];
    double wide[2][16];
    assert_int_equal(open_program(&p, "", "mid_gap + raw(mid_move) + raw(mid)", names, 4, &err),
                     HR_OK);
    const hr_row_stages *s = p.stages;
    assert_int_equal(s->n_column, hr_market_n_columns + 2);
    hr_row_stages_init(s, state[0]);
    uint32_t n_kept = 0;
    for (int i = 0; i < 200; i++) {
        if (i == 77) memcpy(state[1], state[0], sizeof state[0]);
        for (int k = 0; k < (i < 77 ? 1 : 2); k++) {
            clear_wide(s, wide[k]);
            set_wide(s, wide[k], "mid", 100 + i / 7 + (i % 40 == 33 ? 50 : 0));
            bool is_kept = hr_row_stages_run(s, state[k], i, wide[k]);
            if (k == 0) n_kept += is_kept;
        }
        if (i >= 77) assert_memory_equal(wide[0], wide[1], s->n_wide * sizeof(double));
    }
    assert_int_equal(n_kept, 29); /* a move every seven rows */
    assert_memory_equal(state[0], state[1], s->state_bytes);
    hr_program_close(&p);
}

static const struct refusal {
    const char *how, *text;
    uint32_t n;
    const char *name[HR_ROW_STAGES_MAX + 1];
    const char *message;
} refusals[] = {
    {"", "mid", 1, {"despikes"}, "no plugin has a stage 'despikes', did you mean 'despike'?"},
    {"", "mid", 1, {"bad.despike"}, "no plugin has a stage 'bad.despike'"},
    {"", "mid", 1, {"decayed_sum"}, "no plugin has a stage 'decayed_sum'"},
    {"stage absent", "mid", 1, {"second"}, "the stage 'second' reads the column 'x', which is not"},
    {"stage no level", "mid", 1, {"second"}, "reads the column 'bid_px', which is not in this"},
    {"stage new level", "mid", 1, {"second"}, "gives the column 'fresh[0]', which is neither new"},
    {"stage twin",
     "mid",
     1,
     {"despike"},
     "two plugins have a stage 'despike': name it as 'example.despike' or 'bad.despike'"},
    {"", "mid_gap", 1, {"on_move"}, "expected a column or a name, found 'mid_gap'"},
    {"",
     "mid",
     17,
     {"first", "first", "first", "first", "first", "first", "first", "first", "first", "first",
      "first", "first", "first", "first", "first", "first", "first"},
     "at most 16 stages, found 17"},
};

static void test_refused(void **unused)
{
    (void)unused;
    hr_program p;
    hr_err err = HR_ERR_INIT;
    for (size_t i = 0; i < HR_ARRAY_LEN(refusals); i++) {
        const struct refusal *r = &refusals[i];
        hr_status st = open_program(&p, r->how, r->text, r->name, r->n, &err);
        assert_int_equal(st, r->n > HR_ROW_STAGES_MAX ? HR_ELIMIT : HR_EUSAGE);
        if (strstr(err.message, r->message) == NULL)
            fail_msg("'%s': expected '%s', found '%s'", r->how, r->message, err.message);
        hr_program_close(&p);
    }
    static const char *const both[] = {"bad.despike", "example.despike"};
    assert_int_equal(open_program(&p, "stage twin", "mid", both, 2, &err), HR_OK);
    hr_program_close(&p);
}

/* What it does wrong ends the run, and drops nothing. */
static void test_misdeeds(void **unused)
{
    (void)unused;
    static const char *const hows[] = {"stage keep", "stage out", "stage state"};
    static const char *const names[] = {"second"};
    HR_ALIGNED(64) static char state[1024];
    double wide[8];
    hr_program p;
    hr_err err = HR_ERR_INIT;
    for (size_t i = 0; i < HR_ARRAY_LEN(hows); i++) {
        assert_int_equal(open_program(&p, hows[i], "mid", names, 1, &err), HR_OK);
        hr_row_stages_init(p.stages, state);
        clear_wide(p.stages, wide);
        set_wide(p.stages, wide, "mid", 1);
        assert_true(hr_row_stages_run(p.stages, state, 1, wide));
        assert_int_equal(hr_program_check(&p, &err), HR_EINPUT);
        assert_non_null(strstr(err.message, "stage 'second' has written behind the end of"));
        hr_program_close(&p);
    }
    /* a state of another making */
    assert_int_equal(open_program(&p, "", "mid", names, 1, &err), HR_OK);
    memset(state, 0x5a, sizeof state);
    assert_true(hr_row_stages_run(p.stages, state, 1, wide));
    assert_int_equal(hr_program_check(&p, &err), HR_EINPUT);
    assert_non_null(strstr(err.message, "stage 'second' has written before its state"));
    hr_program_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),    cmocka_unit_test(test_level),
        cmocka_unit_test(test_state),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_misdeeds),
    };
    return cmocka_run_group_tests(tests, find_folder, NULL);
}
