/* SPDX-License-Identifier: Apache-2.0 */
/* The host of plugins: the example that comes with the source, and plugins that are wrong in every
 * way that is looked for, word for word. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sys.h"
#include "eval/eval.h"
#include "eval/plugins.h"
#include "ops/ta/ta.h"

#define ROWS 700u
#define STATE_BYTES 4096u

static hr_arena *arena;
static char folder[2048]; /* where the build has put the plugins: beside this program's folder */

static int open_arena(void **unused)
{
    (void)unused;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 64);
    if (n <= 0) return 1;
    folder[n] = '\0';
    for (int k = 0; k < 2; k++)
        *strrchr(folder, '/') = '\0';
    memcpy(strrchr(folder, '\0'), "/support", sizeof "/support");
    return hr_arena_create(&arena, NULL, (size_t)32 << 20, "plugins", NULL);
}

static int close_arena(void **unused)
{
    (void)unused;
    hr_arena_destroy(&arena);
    return 0;
}

static const char *path_of(const char *name)
{
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A plugin that is wrong like that; NULL where it is refused. */
static hr_plugin *open_bad(const char *how, hr_err *err)
{
    hr_plugin *p = NULL;
    hr_arena_rewind(arena, 0);
    hr_err_reset(err);
    setenv("HR_TEST_PLUGIN", how, 1);
    hr_status st = hr_plugin_open(&p, arena, path_of("plugin_bad.so"), 2, err);
    assert_true((st == HR_OK) == (p != NULL));
    assert_true(st == HR_OK || st == HR_EINPUT);
    return p;
}

/* ---- what it says of itself ---- */

static const struct refused {
    const char *how, *message;
} refused[] = {
    {"abi", "abi: expected 1, found 2"},
    {"info size", "struct_size: expected 48, found 40"},
    {"info name", "name: expected a name of 1 to 63 letters, digits and '_', found 'no name'"},
    {"info no name", "name: expected a pointer, found NULL"},
    {"info version", "version: expected at most 63 bytes, found more"},
    {"info many", "n_op: expected 0 to 256, found 257"},
    {"info stages", "n_stage: expected 0 to 16, found 17"},
    {"info nothing", "n_op: expected an operator or a stage, found none"},
    {"info op", "op: expected a pointer, found NULL"},
    {"info stage", "stage: expected a pointer, found NULL"},
    {"info same ops", "operator 'one', name: expected a name of its own, found it twice"},
    {"info same stages", "stage 'first', name: expected a name of its own, found it twice"},
    {"op size", "operator 1, struct_size: expected 112, found 120"},
    {"op name", "operator 1, name: expected a name of 1 to 63 letters, digits and '_', found '2x'"},
    {"op long name", "operator 1, name: expected a name of 1 to 63 letters, digits and '_', found "
                     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"},
    {"op no name", "operator 1, name: expected a pointer, found NULL"},
    {"op odd name",
     "operator 1, name: expected a name of 1 to 63 letters, digits and '_', found 'a?'"},
    {"op word", "operator 'sqrt', name: 'sqrt' is a word of the language"},
    {"op what", "operator 'two', what: expected at most 400 bytes, found more"},
    {"op no what", "operator 'two', what: expected a pointer, found NULL"},
    {"op n_in", "operator 'two', n_in: expected 0 to 6, found 7"},
    {"op n_arg", "operator 'two', n_arg: expected 0 to 8, found 9"},
    {"op n_out", "operator 'two', n_out: expected 1 to 8, found 9"},
    {"op no out", "operator 'two', n_out: expected 1 to 8, found 0"},
    {"op in", "operator 'two', in: expected a pointer, found NULL"},
    {"op in name", "operator 'two', in[0]: expected a pointer, found NULL"},
    {"op arg", "operator 'two', arg: expected a pointer, found NULL"},
    {"op out", "operator 'two', out: expected a pointer, found NULL"},
    {"op unit", "operator 'two', unit: expected a pointer, found NULL"},
    {"op run", "operator 'two', run: expected a pointer, found NULL"},
    {"op units", "operator 'two', unit[1]: expected 0 to 10, found 11"},
    {"op outs", "operator 'two', out[1]: expected a name of its own, found 'x' again"},
    {"op nameless out", "operator 'two', out[0]: expected a name of 1 to 63 letters, digits and "
                        "'_', found ''"},
    {"op bytes", "operator 'two', bytes: expected at most 1073741824, found 1099511627776"},
    {"op column", "operator 'two', column[0]: expected a column, as 'mid' or 'bid_px[0]', found "
                  "'bid_px[a]'"},
    {"op ins", "operator 'two', in[1]: expected a name of its own, found 'x' again"},
    {"arg size", "operator 'one', arg[0]: expected 40, found 0"},
    {"arg name",
     "operator 'one', arg[0]: expected a name of 1 to 63 letters, digits and '_', found ''"},
    {"arg same", "operator 'one', arg[0]: expected a name of its own, found 'x' again"},
    {"arg kind", "operator 'one', arg[0]: expected kind 0 to 3, found 4"},
    {"arg least", "operator 'one', arg[0]: expected least <= most, found 101 and 100"},
    {"arg nan", "operator 'one', arg[0]: expected least <= most, found 1 and nan"},
    {"arg default",
     "operator 'one', arg[0]: expected by_default to be NaN or from 1 to 100, found 0"},
    {"arg time",
     "operator 'one', arg[0]: expected by_default to be NaN or from 1000 to 8.64e+15, found 5"},
    {"stage size", "stage 1, struct_size: expected 80, found 1"},
    {"stage name", "stage 1, name: expected a name of 1 to 63 letters, digits and '_', found ''"},
    {"stage what", "stage 'second', what: expected a pointer, found NULL"},
    {"stage n_in", "stage 'second', n_in: expected 0 to 16, found 17"},
    {"stage n_out", "stage 'second', n_out: expected 0 to 8, found 9"},
    {"stage in", "stage 'second', in: expected a pointer, found NULL"},
    {"stage outs", "stage 'second', out: expected a pointer, found NULL"},
    {"stage run", "stage 'second', run: expected a pointer, found NULL"},
    {"stage bytes",
     "stage 'second', state_bytes: expected 0 to 1073741824, found 18446744073709551615"},
    {"stage column",
     "stage 'second', in[0]: expected a column, as 'mid' or 'bid_px[0]', found 'bid_px[a]'"},
    {"stage same", "stage 'second', out[1]: expected a name of its own, found 'x' again"},
};

static void test_refused(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    char want[sizeof folder + HR_ERR_MSG_BYTES];
    for (size_t i = 0; i < HR_ARRAY_LEN(refused); i++) {
        assert_null(open_bad(refused[i].how, &err));
        snprintf(want, sizeof want, "plugin '%s': %s", path_of("plugin_bad.so"),
                 refused[i].message);
        assert_string_equal(err.message, want);
    }
    assert_null(open_bad("silent", &err));
    assert_non_null(strstr(err.message, "cannot run here: no reason given"));
    assert_null(open_bad("refuses", &err));
    assert_non_null(strstr(err.message, "cannot run here: no licence for it"));
}

static void test_files(void **unused)
{
    (void)unused;
    hr_plugin *p = NULL;
    hr_err err = HR_ERR_INIT;
    char want[sizeof folder + 128];
    assert_int_equal(hr_plugin_open(&p, arena, "no/such.so", 1, &err), HR_ENOENT);
    assert_non_null(strstr(err.message, "cannot open plugin 'no/such.so'"));
    assert_int_equal(hr_plugin_open(&p, arena, folder, 1, &err), HR_EINPUT);
    snprintf(want, sizeof want, "plugin '%s' is not a file", folder);
    assert_string_equal(err.message, want);
    assert_int_equal(hr_plugin_open(&p, arena, "/proc/self/exe", 1, &err), HR_EINPUT);
    assert_non_null(strstr(err.message, "cannot load plugin '/proc/self/exe': "));
    /* a name alone is a file here, not a library of the system */
    assert_int_equal(hr_plugin_open(&p, arena, "libc.so.6", 1, &err), HR_ENOENT);
    assert_null(p);
    /* no plugin at all */
    assert_int_equal(hr_plugin_open(&p, arena, path_of("plugin_empty.so"), 1, &err), HR_EINPUT);
    snprintf(want, sizeof want, "plugin '%s': expected a function 'headrace_plugin', found none",
             path_of("plugin_empty.so"));
    assert_string_equal(err.message, want);
    assert_int_equal(chdir(folder), 0);
    FILE *f = fopen("plugin_none.so", "w");
    assert_non_null(f);
    fputs("no library", f);
    fclose(f);
    assert_int_equal(hr_plugin_open(&p, arena, "plugin_none.so", 1, &err), HR_EINPUT);
    assert_non_null(strstr(err.message, "cannot load plugin 'plugin_none.so': "));
    unlink("plugin_none.so");
    hr_plugin_close(&p);
}

static void test_memory(void **unused)
{
    (void)unused;
    hr_plugin *p = NULL;
    hr_err err = HR_ERR_INIT;
    hr_status st = HR_ENOMEM;
    for (size_t room = 0; st != HR_OK; room += 128) {
        hr_arena_rewind(arena, 0);
        assert_non_null(hr_arena_alloc(arena, hr_arena_left(arena) - room, 1));
        st = hr_plugin_open(&p, arena, path_of("plugin_example.so"), 1, &err);
        assert_true(st == HR_OK || st == HR_ENOMEM);
        assert_true(room < 1 << 20);
    }
    hr_plugin_close(&p);
    assert_null(p);
}

/* ---- names ---- */

static void test_names(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    hr_plugin *p = open_bad("op clash", &err);
    hr_op_list all;
    const hr_op_list *lists[] = {&hr_ops_ta, hr_plugin_ops(p)};
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, &err), HR_EEXIST);
    assert_string_equal(err.message, "two operators have the name 'sma': of 'ta' and of 'bad'");
    hr_plugin_close(&p);
}

/* Slots are given back, and there are only so many. */
static void test_slots(void **unused)
{
    (void)unused;
    static hr_plugin *open[HR_PLUGIN_OPS_MAX / 2 + 1];
    hr_err err = HR_ERR_INIT;
    hr_plugin *p = open_bad("", &err);
    hr_plugin_close(&p);
    for (int round = 0; round < 2; round++) {
        uint32_t n = 0;
        hr_status st = HR_OK;
        hr_arena_rewind(arena, 0);
        while (st == HR_OK) {
            assert_true(n < HR_ARRAY_LEN(open));
            st = hr_plugin_open(&open[n], arena, path_of("plugin_bad.so"), 1, &err);
            n += st == HR_OK;
        }
        assert_int_equal(st, HR_ELIMIT);
        assert_non_null(strstr(err.message, "more than 256 operators of plugins"));
        assert_int_equal(n, HR_PLUGIN_OPS_MAX / 2);
        for (uint32_t i = 0; i < n; i++)
            hr_plugin_close(&open[i]);
    }
}

/* ---- the example ---- */

static hr_plugin *open_example(void)
{
    hr_plugin *p = NULL;
    hr_err err = HR_ERR_INIT;
    hr_arena_rewind(arena, 0);
    hr_status st = hr_plugin_open(&p, arena, path_of("plugin_example.so"), 1, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(st, HR_OK);
    return p;
}

static double mid[ROWS], out[2][ROWS];
static int64_t ts[ROWS];
HR_ALIGNED(64) static char state[STATE_BYTES];

static void make_rows(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        ts[i] = 1000000000 + 10000000 * (int64_t)i - (i % 7 == 0 ? 25000000 : 0);
        mid[i] = 100 + 0.01 * (double)(i * 37 % 91) + (i % 50 == 20 ? 30 : 0) + (i > 500 ? 20 : 0);
        if (i % 31 == 5) mid[i] = (double)NAN;
    }
}

static void test_operator(void **unused)
{
    (void)unused;
    hr_plugin *p = open_example();
    assert_string_equal(hr_plugin_name(p), "example");
    assert_string_equal(hr_plugin_version(p), "1.0");
    hr_op_list all;
    const hr_op_list *lists[] = {&hr_ops_ta, hr_plugin_ops(p)};
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, NULL), HR_OK);
    const hr_op *op = &all.op[all.n - 1];
    assert_string_equal(op->name, "decayed_sum");
    assert_string_equal(op->group, "example");
    hr_op_args a = {.v = {500e6}, .is_time = {true}, .max_rows = 1000};
    size_t n_bytes = op->bytes(&a);
    assert_int_equal(n_bytes % 64, 0);
    assert_int_equal(op->warm_up(&a), 0);
    void *states[2];
    for (int k = 0; k < 2; k++) {
        states[k] = hr_arena_alloc(arena, n_bytes, 64);
        memset(states[k], 0xa5 + k, n_bytes); /* a plugin's own is zeroed for it */
        op->init(states[k], &a);
    }
    make_rows();
    hr_op_rows rows = {.n = ROWS, .ts = ts, .in = {mid}, .out = {out[0]}};
    op->run(states[0], &rows);
    for (uint32_t at = 0, n = 1; at < ROWS; at += n, n = n * 5 % 301) {
        n = HR_MIN(n, ROWS - at);
        rows = (hr_op_rows){.n = n, .ts = ts + at, .in = {mid + at}, .out = {out[1] + at}};
        op->run(states[1], &rows);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    assert_memory_equal(states[0], states[1], n_bytes);
    double sum = 0;
    int64_t newest = INT64_MIN;
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_true(isnan(out[0][i]) == isnan(mid[i]));
        if (isnan(mid[i])) continue;
        if (newest != INT64_MIN && ts[i] > newest) sum *= exp2(-(double)(ts[i] - newest) / 500e6);
        newest = HR_MAX(newest, ts[i]);
        sum += mid[i];
        assert_true(fabs(out[0][i] - sum) < 1e-9 * sum);
    }
    assert_int_equal(hr_plugin_check(p, NULL), HR_OK);
    hr_plugin_close(&p);
}

/* The language sees it as one of its own. */
static void test_expression(void **unused)
{
    (void)unused;
    hr_plugin *p = open_example();
    static const hr_expr_column columns[] = {{.name = "mid", .unit = {.power = {1, 0, 0, 0}}}};
    hr_expr_env env = {
        .column = columns, .n_column = 1, .ops = hr_plugin_ops(p), .n_ops = 1, .max_rows = 10};
    hr_arena *scratch;
    assert_int_equal(hr_arena_create(&scratch, NULL, (size_t)4 << 20, "scratch", NULL), HR_OK);
    hr_expr *x;
    hr_err err = HR_ERR_INIT;
    static const char text[] = "decayed_sum(mid) / decayed_sum(mid, half: 1m) > 2";
    assert_int_equal(hr_expr_parse(&x, arena, scratch, &env, text, strlen(text), &err), HR_OK);
    static const char wrong[] = "decayed_sum(mid, 5)";
    assert_int_equal(hr_expr_parse(&x, arena, scratch, &env, wrong, strlen(wrong), &err),
                     HR_EUSAGE);
    assert_non_null(strstr(err.message, "'half' wants a duration, as 10s, found the number 5"));
    hr_arena_destroy(&scratch);
    hr_plugin_close(&p);
}

static void test_stage(void **unused)
{
    (void)unused;
    hr_plugin *p = open_example();
    uint32_t n_stage;
    const hr_row_stage *s = hr_plugin_stages(p, &n_stage);
    assert_int_equal(n_stage, 2);
    assert_string_equal(s->name, "despike");
    assert_string_equal(s->in[0], "mid");
    assert_string_equal(s->out[0], "mid_gap");
    make_rows();
    static uint8_t keep[2][ROWS];
    uint32_t n_kept[2] = {0};
    for (int k = 0; k < 2; k++) {
        hr_row_stage_init(s, state);
        for (uint32_t at = 0, n = k == 0 ? ROWS : 1; at < ROWS; at += n, n = n * 5 % 301) {
            n = HR_MIN(n, ROWS - at);
            hr_row_stage_rows rows = {.n = n,
                                      .ts = ts + at,
                                      .in = (const double *const[]){mid + at},
                                      .out = (double *const[]){out[k] + at},
                                      .keep = keep[k] + at};
            n_kept[k] += hr_row_stage_run(s, state, &rows);
        }
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    assert_memory_equal(keep[0], keep[1], sizeof keep[0]);
    assert_int_equal(n_kept[0], n_kept[1]);
    uint32_t n = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        bool is_spike = i % 50 == 20 && i % 31 != 5;
        bool is_new = i >= 502 && i <= 504; /* three rows, 501 is null; the market is there */
        assert_int_equal(keep[0][i], !is_spike && !is_new);
        assert_true(isnan(out[0][i]) == isnan(mid[i]));
        n += keep[0][i];
    }
    assert_int_equal(n, n_kept[0]);
    static int64_t times[ROWS];
    memcpy(times, ts, sizeof times);
    hr_row_stage_compact(times, keep[0], ROWS);
    hr_row_stage_compact(mid, keep[0], ROWS);
    n = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        if (keep[0][i]) assert_int_equal(times[n++], ts[i]);
    assert_int_equal(hr_plugin_check(p, NULL), HR_OK);
    hr_plugin_close(&p);
}

/* The evaluator runs it as one of the library's, and so do as many threads as like. */
#define THREADS 4
#define PASSES 40

typedef struct runner {
    const hr_eval *e;
    void *state, *work;
    double own[ROWS];
} runner;

static void *run_rows(void *arg)
{
    runner *r = arg;
    for (int k = 0; k < PASSES; k++) {
        hr_eval_init(r->e->part, r->state);
        for (uint32_t at = 0, n = 1; at < ROWS; at += n, n = n * 5 % 301) {
            n = HR_MIN(n, ROWS - at);
            hr_eval_rows rows = {.n = n,
                                 .ts = ts + at,
                                 .in = (const double *const[]){mid + at},
                                 .out = (double *const[]){r->own + at}};
            hr_eval_run(r->e, r->e->part, r->state, r->work, &rows);
        }
    }
    return NULL;
}

static void test_threads(void **unused)
{
    (void)unused;
    hr_plugin *p = open_example(); /* blocks for one thread: the others wait for it */
    static const hr_expr_column columns[] = {{.name = "mid"}};
    static runner runners[THREADS];
    static const char text[] = "decayed_sum(decayed_sum(mid, 1s) - mid, 300ms)";
    hr_expr_env env = {
        .column = columns, .n_column = 1, .ops = hr_plugin_ops(p), .n_ops = 1, .max_rows = 10};
    hr_arena *scratch;
    hr_expr *x;
    hr_eval *e;
    assert_int_equal(hr_arena_create(&scratch, NULL, (size_t)4 << 20, "scratch", NULL), HR_OK);
    assert_int_equal(hr_expr_parse(&x, arena, scratch, &env, text, strlen(text), NULL), HR_OK);
    assert_int_equal(hr_eval_create(&e, arena, scratch, x, ROWS, NULL), HR_OK);
    make_rows();
    uintptr_t thread[THREADS];
    const hr_sys *sys = hr_sys_get();
    for (int i = 0; i < THREADS; i++) {
        runners[i].e = e;
        runners[i].state = hr_arena_alloc(arena, e->part->state_bytes, 64);
        runners[i].work = hr_arena_alloc(arena, e->work_bytes, 64);
        if (i == 0) run_rows(&runners[0]);
        memset(runners[i].own, i > 0 ? 0xff : 0, i > 0 ? sizeof runners[i].own : 0);
    }
    for (int i = 1; i < THREADS; i++)
        assert_int_equal(sys->thread_start(sys->self, &thread[i], run_rows, &runners[i]), 0);
    for (int i = 1; i < THREADS; i++) {
        assert_int_equal(sys->thread_join(sys->self, thread[i]), 0);
        assert_memory_equal(runners[i].own, runners[0].own, sizeof runners[0].own);
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        n += isnan(runners[0].own[i]) ? 0 : 1;
    assert_true(n > ROWS / 2);
    assert_int_equal(hr_plugin_check(p, NULL), HR_OK);
    hr_arena_destroy(&scratch);
    hr_plugin_close(&p);
}

/* ---- what it does ---- */

static void run_bad(const hr_op *op, uint32_t n)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        mid[i] = 1 + (double)(i % 3);
        out[0][i] = out[1][i] = 7;
    }
    hr_op_rows rows = {.n = n, .ts = ts, .in = {mid}, .out = {out[0], out[1]}};
    op->run(state, &rows);
}

static void test_values(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    hr_plugin *p = open_bad("", &err);
    const hr_op *op = &hr_plugin_ops(p)->op[1];
    hr_op_args a = {.v = {99}, .max_rows = 1};
    assert_true(op->bytes(&a) == SIZE_MAX);
    a.v[0] = 5;
    assert_int_equal(op->bytes(&a), 64 + 64 + 64);
    assert_int_equal(op->warm_up(&a), 0);
    op->init(state, &a);
    run_bad(op, 600);
    assert_int_equal(hr_plugin_check(p, &err), HR_OK);
    for (uint32_t i = 0; i < 600; i++) {
        /* 1/0 is null, and so is what was not written */
        assert_true(i % 3 == 0 ? isnan(out[0][i]) : out[0][i] == 1.0 / (double)(i % 3));
        assert_true(isnan(out[1][i]));
    }
    assert_true(out[0][600] == 7 && out[1][600] == 7);
    run_bad(op, 0);
    assert_int_equal(hr_plugin_check(p, &err), HR_OK);
    hr_plugin_close(&p);
}

static const struct misdeed {
    const char *how, *message;
    uint32_t n;
} misdeeds[] = {
    {"write out", "operator 'two' has written behind the end of its output 'x'", 300},
    {"write out", "operator 'two' has written behind the end of its output 'x'", 256},
    {"write out far", "operator 'two' has written behind the end of its output 'y'", 3},
    {"write state", "operator 'two' has written behind the end of its state", 1},
    {"write state inside", "operator 'two' has written behind the end of its state", 1},
    {"write before", "operator 'two' has written before its state", 1},
    {"write size", "operator 'two' has written before its state", 300},
    {"write pointers", NULL, 300},
};

static void test_misdeeds(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    for (size_t i = 0; i < HR_ARRAY_LEN(misdeeds); i++) {
        const struct misdeed *m = &misdeeds[i];
        hr_plugin *p = open_bad(m->how, &err);
        const hr_op *op = &hr_plugin_ops(p)->op[1];
        hr_op_args a = {.v = {5}, .max_rows = 1};
        op->init(state, &a);
        run_bad(op, m->n);
        hr_status st = hr_plugin_check(p, &err);
        if (m->message == NULL) {
            assert_int_equal(st, HR_OK);
            hr_plugin_close(&p);
            continue;
        }
        assert_int_equal(st, HR_EINPUT);
        assert_non_null(strstr(err.message, path_of("plugin_bad.so")));
        assert_non_null(strstr(err.message, m->message));
        /* everything of it is null from there on, and nothing is called */
        const hr_op *other = &hr_plugin_ops(p)->op[0];
        for (int k = 0; k < 2; k++) {
            for (uint32_t r = 0; r < m->n; r++)
                assert_true(isnan(out[0][r]) && isnan(out[1][r]));
            assert_true(out[0][m->n] == 7 && out[1][m->n] == 7);
            other->init(state, &a);
            run_bad(other, m->n);
        }
        assert_int_equal(hr_plugin_check(p, NULL), HR_EINPUT);
        hr_plugin_close(&p);
    }
}

/* A state that comes from elsewhere, damaged. */
static void test_state(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    hr_plugin *p = open_bad("", &err);
    const hr_op *op = &hr_plugin_ops(p)->op[0];
    memset(state, 0x77, sizeof state);
    run_bad(op, 10);
    assert_int_equal(hr_plugin_check(p, &err), HR_EINPUT);
    assert_non_null(strstr(err.message, "operator 'one' has written before its state"));
    hr_plugin_close(&p);
}

static const struct misdeed stage_misdeeds[] = {
    {"", NULL, 300},
    {"stage keep", "stage 'second' has written behind the end of 'keep'", 300},
    {"stage out", "stage 'second' has written behind the end of its output 'trade.px'", 7},
    {"stage state", "stage 'second' has written behind the end of its state", 256},
};

static void test_stage_misdeeds(void **unused)
{
    (void)unused;
    hr_err err = HR_ERR_INIT;
    for (size_t i = 0; i < HR_ARRAY_LEN(stage_misdeeds); i++) {
        const struct misdeed *m = &stage_misdeeds[i];
        uint32_t n_stage;
        static uint8_t keep[ROWS];
        hr_plugin *p = open_bad(m->how, &err);
        const hr_row_stage *s = &hr_plugin_stages(p, &n_stage)[1];
        assert_int_equal(n_stage, 2);
        hr_row_stage_init(s, state);
        for (uint32_t r = 0; r < ROWS; r++)
            mid[r] = 1 + (double)(r % 3);
        hr_row_stage_rows rows = {.n = m->n,
                                  .ts = ts,
                                  .in = (const double *const[]){mid},
                                  .out = (double *const[]){out[0]},
                                  .keep = keep};
        uint32_t n = hr_row_stage_run(s, state, &rows);
        assert_int_equal(n, m->message == NULL ? 200 : m->n);
        for (uint32_t r = 0; r < m->n; r++) {
            assert_int_equal(keep[r], m->message == NULL ? r % 3 < 2 : 1);
            assert_true(m->message == NULL ? out[0][r] == 2 * mid[r] : isnan(out[0][r]));
        }
        hr_status st = hr_plugin_check(p, &err);
        assert_int_equal(st, m->message == NULL ? HR_OK : HR_EINPUT);
        if (m->message != NULL) assert_non_null(strstr(err.message, m->message));
        hr_plugin_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_slots),
        cmocka_unit_test(test_operator),       cmocka_unit_test(test_expression),
        cmocka_unit_test(test_stage),          cmocka_unit_test(test_threads),
        cmocka_unit_test(test_values),         cmocka_unit_test(test_misdeeds),
        cmocka_unit_test(test_state),          cmocka_unit_test(test_files),
        cmocka_unit_test(test_stage_misdeeds),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
