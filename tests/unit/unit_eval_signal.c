/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: what is wrong with a spec, word for word; what a right one becomes; each change of state
 * by hand. */
#include "harness.h"

#include <math.h>
#include <stdio.h>

#include "eval/eval.h"
#include "eval/signal.h"
#include "expr_rig.h"
#include "ops/window/op_window.h"

static expr_rig rig;

static int open_rig(void **unused)
{
    (void)unused;
    expr_rig_open(&rig);
    return 0;
}

static int close_rig(void **unused)
{
    (void)unused;
    expr_rig_close(&rig);
    return 0;
}

static hr_status read_specs(const hr_signals **out, const char *text, const hr_signal_spec *spec,
                            uint32_t n, hr_signal_fault *fault, hr_err *err)
{
    hr_signals_source src = {
        .env = expr_rig_env(), .text = text, .n_text = strlen(text), .spec = spec, .n_spec = n};
    hr_arena_rewind(rig.arena, 0);
    hr_err_reset(err);
    return hr_signals_read(out, rig.arena, rig.scratch, &src, fault, err);
}

/* ---- messages ---- */

static const struct wrong {
    const char *text;
    hr_signal_spec spec;
    const char *message; /* with the line and the caret where there is one */
} wrong[] = {
    {"",
     {.name = "x", .when = "mdi > 3"},
     "signal 'x', when: line 1, column 1: expected a column or a name, found 'mdi', did you mean "
     "'mid'?\n"
     "  mdi > 3\n"
     "  ^"},
    {"fast: ema(mid, 5s)",
     {.name = "x", .when = "fast > mid", .until = "fast < trade.qty"},
     "signal 'x', until: line 1, column 6: units differ: '<' of price and quantity\n"
     "  fast < trade.qty\n"
     "       ^"},
    {"",
     {.name = "x", .when = "mid >\n  "},
     "signal 'x', when: line 2, column 3: expected a value, found the end of the text\n"
     "    \n"
     "    ^"},
    {"", {.name = "x", .when = "mid > 3 # up"}, NULL},
    {"",
     {.name = "x", .when = "mid\n > trade.qty"},
     "signal 'x', when: line 2, column 2: units differ: '>' of price and quantity\n"
     "   > trade.qty\n"
     "   ^"},
    {"",
     {.name = "x", .when = "mid > 3; y: 5"},
     "signal 'x', when: line 1, column 8: expected one expression, found ';'\n"
     "  mid > 3; y: 5\n"
     "         ^"},
    {"",
     {.name = "x", .when = "mid > 3) or (mid < 2"},
     "signal 'x', when: line 1, column 8: ')' without its '('\n"
     "  mid > 3) or (mid < 2\n"
     "         ^"},
    {"",
     {.name = "x", .when = "(mid > (3"},
     "signal 'x', when: line 1, column 10: expected ')' for the '(' at line 1, column 8, found the "
     "end of the text\n"
     "  (mid > (3\n"
     "           ^"},
    {"",
     {.name = "x", .when = "y: mid > 3"},
     "signal 'x', when: line 1, column 2: expected an operator, found ':'\n"
     "  y: mid > 3\n"
     "   ^"},
    {"",
     {.name = "x", .when = "bid_px[0"},
     "signal 'x', when: line 1, column 9: expected ']', found the end of the text\n"
     "  bid_px[0\n"
     "          ^"},
    {"",
     {.name = "x", .when = "of(\"A, mid) > 3"},
     "signal 'x', when: line 1, column 4: expected '\"' before the end of the line\n"
     "  of(\"A, mid) > 3\n"
     "     ^"},
    {"", {.name = "x", .when = "of(\"A;B)#(\", mid) > 3 # ;)"}, NULL},
    {"",
     {.name = "x", .when = " mid"},
     "signal 'x', when: line 1, column 2: expected a condition, found a number (price): compare it "
     "with something\n"
     "   mid\n"
     "   ^"},
    {"",
     {.name = "x", .when = "mid > 3", .until = "5s"},
     "signal 'x', until: line 1, column 1: expected a condition, found a duration: compare it with "
     "something\n"
     "  5s\n"
     "  ^"},
    {"",
     {.name = "x", .when = "mid > 3", .score = "mid < 3"},
     "signal 'x', score: line 1, column 1: expected a number, found a condition: where(..., 1, 0) "
     "makes one of it\n"
     "  mid < 3\n"
     "  ^"},
    {"",
     {.name = "x", .when = "mid > 3", .score = "5s"},
     "signal 'x', score: line 1, column 1: expected a number, found a duration: raw(...) makes a "
     "number of it\n"
     "  5s\n"
     "  ^"},
    {"",
     {.name = "x", .when = "mid > 3", .value = {"mid", "mid < 3", "emaa(mid, 3)"}, .n_value = 3},
     "signal 'x', values[2]: line 1, column 1: expected a function, found 'emaa', did you mean "
     "'ema'?\n"
     "  emaa(mid, 3)\n"
     "  ^"},
    {"",
     {.name = "x", .when = "mid > 3", .value = {"mid", "5s"}, .n_value = 2},
     "signal 'x', values[1]: line 1, column 1: expected a number or a condition, found a duration: "
     "raw(...) makes a number of it\n"
     "  5s\n"
     "  ^"},
    {"",
     {.name = "x", .when = " \n"},
     "signal 'x', when: line 1, column 1: expected an expression, found nothing\n"
     "   \n"
     "  ^"},
    {"",
     {.name = "x", .when = "# mid"},
     "signal 'x', when: line 1, column 6: expected a value, found the end of the text\n"
     "  # mid\n"
     "       ^"},
    {"signal0__1: mid; x: signal0__1",
     {.name = "x", .when = "signal0__0 > 3", .until = "mid < 2"},
     "signal 'x', when: line 1, column 1: expected a column or a name, found 'signal0__0', did you "
     "mean 'signal0__1'?\n"
     "  signal0__0 > 3\n"
     "  ^"},
    {"signal0__1: mid", {.name = "x", .when = "signal0__1 > 3", .until = "mid < 2"}, NULL},
    /* the features' own */
    {"a: mid\nb: mdi",
     {.name = "x", .when = "a > 3"},
     "line 2, column 4: expected a column or a name, found 'mdi', did you mean 'mid'?\n"
     "  b: mdi\n"
     "     ^"},
    {"a: mid +",
     {.name = "x", .when = "a > 3"},
     "line 1, column 9: expected a value, found the end of the text\n"
     "  a: mid +\n"
     "          ^"},
    {"a: (mid\n",
     {.name = "x", .when = "a > 3"},
     "line 2, column 1: expected ')' for the '(' at line 1, column 4, found the end of the text\n"
     "  \n"
     "  ^"},
    {"a:",
     {.name = "x", .when = "mid > 3"},
     "line 1, column 3: expected a value, found the end of the text\n"
     "  a:\n"
     "    ^"},
    {"_a: mid # only to be used", {.name = "x", .when = "_a > 3"}, NULL},
    /* what is no expression */
    {"",
     {.when = "mid > 3"},
     "signal 0: a name has 1 to 63 letters, digits, '_', '-' and '.', found ''"},
    {"",
     {.name = "a b", .when = "mid > 3"},
     "signal 0: a name has 1 to 63 letters, digits, '_', '-' and '.', found 'a b'"},
    {"", {.name = "x"}, "signal 'x' has no 'when'"},
    {"",
     {.name = "x", .when = "mid > 3", .confirm = 1000001},
     "signal 'x', confirm: expected 1 to 1000000 rows, found 1000001"},
    {"", {.name = "x", .when = "mid > 3", .n_value = 9}, "signal 'x', values: at most 8, found 9"},
    {"",
     {.name = "x", .when = "mid > 3", .cooldown_ns = -1},
     "signal 'x', cooldown: expected 0 to 100d"},
    {"",
     {.name = "x", .when = "mid > 3", .hold_ns = HR_SIGNAL_DURATION_MAX_NS + 1},
     "signal 'x', hold: expected 0 to 100d"},
};

static void test_wrong(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++) {
        const struct wrong *w = &wrong[i];
        char line[HR_EXPR_CARET_BYTES];
        char found[HR_ERR_MSG_BYTES + HR_EXPR_CARET_BYTES];
        const hr_signals *s = NULL;
        hr_signal_fault fault;
        hr_err err = HR_ERR_INIT;
        size_t used = hr_arena_used(rig.scratch);
        hr_status st = read_specs(&s, w->text, &w->spec, 1, &fault, &err);
        assert_int_equal(hr_arena_used(rig.scratch), used);
        if (w->message == NULL) {
            assert_int_equal(st, HR_OK);
            continue;
        }
        assert_int_equal(st, HR_EUSAGE);
        assert_null(s);
        snprintf(found, sizeof found, "%s", err.message);
        if (fault.text != NULL) {
            assert_int_equal(err.offset, fault.at);
            hr_expr_caret(line, fault.text, fault.n, fault.at);
            snprintf(found, sizeof found, "%s\n%s", err.message, line);
        }
        assert_string_equal(found, w->message);
        assert_int_equal(read_specs(&s, w->text, &w->spec, 1, NULL, NULL), HR_EUSAGE);
    }
}

/* The names that we give are of none of the texts; there are only so many. */
static void test_taken(void **unused)
{
    (void)unused;
    static char text[64 * 32];
    hr_signal_spec spec = {.name = "x", .when = "mid > 3"};
    const hr_signals *s = NULL;
    hr_err err = HR_ERR_INIT;
    size_t n = 0;
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(read_specs(&s, text, &spec, i > 0, NULL, &err), i > 0 ? HR_OK : HR_EUSAGE);
        n += (size_t)snprintf(text + n, sizeof text - n, "signal%u__0: mid\n", i);
    }
    assert_int_equal(read_specs(&s, text, &spec, 1, NULL, &err), HR_ELIMIT);
    assert_string_equal(err.message, "names from 'signal0__' to 'signal63__' are all used");
}

static void test_names(void **unused)
{
    (void)unused;
    hr_signal_spec specs[] = {{.name = "a", .when = "mid > 3"},
                              {.name = "b", .when = "mid > 3"},
                              {.name = "a", .when = "mid > 3"}};
    const hr_signals *s = NULL;
    hr_err err = HR_ERR_INIT;
    assert_int_equal(read_specs(&s, "", specs, 3, NULL, &err), HR_EUSAGE);
    assert_string_equal(err.message, "two signals have the name 'a'");
    assert_int_equal(read_specs(&s, "", specs, HR_SIGNAL_MAX + 1, NULL, &err), HR_ELIMIT);
    assert_string_equal(err.message, "more than 4096 signals: 4097");
    /* the one that gave the text, not the one that shares it, is the first to be blamed */
    specs[1].when = specs[0].when = "mid > trade.qty";
    assert_int_equal(read_specs(&s, "", specs, 2, NULL, &err), HR_EUSAGE);
    assert_string_equal(err.message, "signal 'a', when: line 1, column 5: units differ: '>' of "
                                     "price and quantity");
    /* but each key wants its own type */
    specs[0].when = "mid > 3";
    specs[1].when = "mid > 4";
    specs[0].score = specs[1].until = "mid - 3";
    assert_int_equal(read_specs(&s, "", specs, 2, NULL, &err), HR_EUSAGE);
    assert_string_equal(err.message, "signal 'b', until: line 1, column 1: expected a condition, "
                                     "found a number (price): compare it with something");
}

/* ---- columns ---- */

static void test_shared(void **unused)
{
    (void)unused;
    static const hr_signal_spec specs[] = {
        {.name = "up",
         .when = "fast > slow",
         .until = "fast < slow",
         .score = "fast - slow",
         .value = {"mid", "fast", "fast > slow"},
         .n_value = 3,
         .confirm = 3,
         .priority = -1,
         .cooldown_ns = 5,
         .hold_ns = 7},
        {.name = "down", .when = "slow>fast", .score = "-(slow - fast)", .priority = 4},
    };
    const hr_signals *s = NULL;
    hr_err err = HR_ERR_INIT;
    static const char text[] = "fast: ema(mid, 5s); slow: ema(mid, 30s)\ncross: fast - slow # it";
    assert_int_equal(read_specs(&s, text, specs, 2, NULL, &err), HR_OK);
    assert_int_equal(s->n_own, 3);
    assert_string_equal(s->expr->out[2].name, "cross");
    const hr_signal_rule *up = &s->rule[0];
    const hr_signal_rule *down = &s->rule[1];
    assert_string_equal(up->name, "up");
    assert_int_equal(up->score, 2);
    assert_int_equal(up->value[1], 0);
    assert_int_equal(up->value[2], up->when);
    assert_int_equal(up->n_value, 3);
    assert_int_equal(up->confirm, 3);
    assert_true(up->cooldown_ns == 5 && up->hold_ns == 7 && up->priority == -1);
    assert_int_equal(down->until, HR_SIGNAL_NONE);
    assert_int_equal(down->confirm, 1);
    assert_int_equal(s->rank[0], 1);
    assert_int_equal(s->rank[1], 0);
    /* when, until, mid; down's when and score */
    assert_int_equal(s->expr->n_out, 3 + 5);
    for (uint32_t i = 3; i < s->expr->n_out; i++)
        for (uint32_t k = 0; k < i; k++)
            assert_int_not_equal(s->expr->out[i].node, s->expr->out[k].node);
    /* without signals it is the caller's text */
    assert_int_equal(read_specs(&s, text, specs, 0, NULL, &err), HR_OK);
    assert_int_equal(s->expr->n_out, 3);
    assert_int_equal(s->n_rule, 0);
    assert_int_equal(read_specs(&s, "", specs, 0, NULL, &err), HR_EUSAGE);
    assert_string_equal(err.message,
                        "line 1, column 1: expected an expression, found the end of the text");
}

/* ---- each change of state ---- */

/* when and until a row: 1, 0 and n for null; what comes out a row: + on, - off. */
static const struct story {
    const char *what, *when, *until, *expect;
    uint32_t confirm;
    int64_t cooldown_ns, hold_ns; /* a row is 10 ns */
} stories[] = {
    {"plain", "0110100", NULL, ".+.-+-.", 1, 0, 0},
    {"null turns nothing off", "1n1n0n1", NULL, "+...-.+", 1, 0, 0},
    {"thresholds", "0110010", "1000100", ".+..-+.", 1, 0, 0},
    {"until is not asked when it turns on", "1100", "1100", "+-..", 1, 0, 0},
    {"off while when is true: a new run", "1111", "0100", "+-+.", 1, 0, 0},
    {"null until", "1000", "nnn1", "+..-", 1, 0, 0},
    {"confirmed", "11011100", NULL, ".....+-.", 3, 0, 0},
    {"null breaks a run", "11n11100", NULL, ".....+-.", 3, 0, 0},
    {"a new run after off", "1110111", NULL, ".+.-.+.", 2, 0, 0},
    {"cooling", "1011101", NULL,
     "+-...."
     "+",
     1, 50, 0},
    {"on at the first row behind it", "1011111", NULL, "+-..+..", 1, 30, 0},
    {"a run goes on while it cools", "110111111", NULL, ".+-...+..", 2, 40, 0},
    {"held", "1000000", NULL, "+..-...", 1, 0, 30},
    {"held, and true again then", "1001100", NULL,
     "+...."
     "-.",
     1, 0, 30},
    {"held by until", "1000000", "0110010", "+....-.", 1, 0, 30},
    {"held and cooling", "1010101", NULL, "+..-..+", 1, 30, 20},
    {"for ever", "1010", NULL, "+...", 1, 0, INT64_MAX},
};

static void play(const struct story *t)
{
    double column[2][16];
    int64_t ts[16];
    hr_signals s;
    hr_signals_out *out;
    uint32_t n = (uint32_t)strlen(t->when);
    char found[17] = "................";
    for (uint32_t i = 0; i < n; i++) {
        const char *both[] = {t->when, t->until};
        for (int k = 0; k < 2; k++)
            column[k][i] = both[k] == NULL     ? 1
                           : both[k][i] == 'n' ? (double)NAN
                                               : (double)(both[k][i] - '0');
        ts[i] = 10 * (int64_t)i;
    }
    hr_signal_rule rule = {.name = "x",
                           .until = t->until == NULL ? HR_SIGNAL_NONE : 1,
                           .score = HR_SIGNAL_NONE,
                           .confirm = t->confirm,
                           .cooldown_ns = t->cooldown_ns,
                           .hold_ns = t->hold_ns};
    hr_arena_rewind(rig.arena, 0);
    assert_int_equal(hr_signals_make(&s, rig.arena, NULL, &rule, 1, NULL), HR_OK);
    assert_int_equal(hr_signals_out_create(&out, rig.arena, &s, 100, NULL), HR_OK);
    void *state = hr_arena_alloc(rig.arena, hr_signals_state_bytes(&s), 64);
    hr_signals_init(state, &s);
    const double *columns[] = {column[0], column[1]};
    hr_signal_rows rows = {.n = n, .ts = ts, .column = columns};
    assert_int_equal(hr_signals_run(&s, state, &rows, 0, out), n);
    uint32_t n_events;
    const hr_signal_event *e = hr_signals_events(out, &n_events);
    for (uint32_t i = 0; i < n_events; i++) {
        found[e[i].at] = e[i].is_on ? '+' : '-';
        assert_true(e[i].since <= e[i].row && t->when[e[i].since] == '1');
        assert_true(isnan(e[i].score));
    }
    found[n] = '\0';
    if (strcmp(found, t->expect) != 0) print_message("# %s\n", t->what);
    assert_string_equal(found, t->expect);
}

static void test_states(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < HR_ARRAY_LEN(stories); i++)
        play(&stories[i]);
}

/* From text over the evaluator's columns to events. */
static void test_evaluated(void **unused)
{
    (void)unused;
    enum { N = 600 };
    static const hr_expr_column columns[] = {{.name = "x"}, {.name = "y"}};
    static const hr_signal_spec specs[] = {
        {.name = "high", .when = "smooth > 6", .until = "smooth < 4", .score = "smooth - y"},
        {.name = "level", .when = "x > 8", .value = {"y", "smooth"}, .n_value = 2, .priority = 1},
    };
    static const char text[] = "smooth: mean(x, 3)";
    hr_expr_env env = {
        .column = columns, .n_column = 2, .ops = &hr_ops_window, .n_ops = 1, .max_rows = 10};
    hr_signals_source src = {&env, text, strlen(text), specs, 2};
    const hr_signals *s;
    hr_eval *e;
    hr_arena_rewind(rig.arena, 0);
    assert_int_equal(hr_signals_read(&s, rig.arena, rig.scratch, &src, NULL, NULL), HR_OK);
    assert_int_equal(hr_eval_create(&e, rig.arena, rig.scratch, s->expr, N, NULL), HR_OK);
    static double row[2][N], column[8][N];
    static int64_t ts[N];
    const double *in[2];
    double *out[8];
    for (uint32_t i = 0; i < N; i++) {
        row[0][i] = (double)(i * 7919 % 11);
        row[1][i] = i;
        ts[i] = i;
    }
    assert_true(e->part->n_in == 2 && e->part->n_out <= 8);
    for (uint32_t k = 0; k < e->part->n_in; k++)
        in[k] = row[e->part->in[k].which];
    for (uint32_t k = 0; k < e->part->n_out; k++)
        out[k] = column[k];
    void *own = hr_arena_alloc(rig.arena, e->part->state_bytes, 64);
    void *work = hr_arena_alloc(rig.arena, e->work_bytes, 64);
    hr_eval_init(e->part, own);
    hr_eval_rows rows = {.n = N, .ts = ts, .in = in, .out = out};
    hr_eval_run(e, e->part, own, work, &rows);
    hr_signals_out *events;
    void *state = hr_arena_alloc(rig.arena, hr_signals_state_bytes(s), 64);
    assert_int_equal(hr_signals_out_create(&events, rig.arena, s, 2 * N, NULL), HR_OK);
    hr_signals_init(state, s);
    hr_signal_rows given = {.n = N, .ts = ts, .column = (const double *const *)out};
    assert_int_equal(hr_signals_run(s, state, &given, 0, events), N);
    uint32_t n;
    const hr_signal_event *got = hr_signals_events(events, &n);
    uint32_t k = 0;
    bool is_high = false;
    bool is_level = false;
    for (uint32_t i = 0; i < N; i++) {
        double mean = i < 2 ? (double)NAN : (row[0][i] + row[0][i - 1] + row[0][i - 2]) / 3;
        if ((row[0][i] > 8) != is_level) {
            is_level = !is_level;
            assert_true(got[k].rule == 1 && got[k].is_on == is_level && got[k].row == i);
            assert_true(got[k].value[0] == row[1][i] && got[k].n_value == 2);
            k++;
        }
        if (is_high ? mean < 4 : mean > 6) {
            is_high = !is_high;
            assert_true(got[k].rule == 0 && got[k].is_on == is_high && got[k].row == i);
            assert_true(fabs(got[k].score - (mean - i)) < 1e-9);
            k++;
        }
    }
    assert_int_equal(k, n);
    assert_true(n > 100);
}

static void test_memory(void **unused)
{
    (void)unused;
    static const hr_signal_spec specs[] = {{.name = "up", .when = "mid > 3", .score = "mid - 3"},
                                           {.name = "down", .when = "mid < 3"}};
    hr_signals_source src = {.env = expr_rig_env(), .spec = specs, .n_spec = 2};
    const hr_signals *s = NULL;
    hr_err err = HR_ERR_INIT;
    for (int which = 0; which < 2; which++) {
        bool is_done = false;
        for (size_t room = 0; room < 64 << 10 && !is_done; room += 48) {
            hr_arena *arena = which == 0 ? rig.arena : rig.scratch;
            hr_arena_rewind(rig.arena, 0);
            size_t left = hr_arena_left(arena);
            assert_non_null(hr_arena_alloc(arena, left - room, 1));
            hr_err_reset(&err);
            hr_status st = hr_signals_read(&s, rig.arena, rig.scratch, &src, NULL, &err);
            hr_arena_rewind(arena, 0);
            is_done = st == HR_OK;
            if (is_done) break;
            assert_int_equal(st, HR_ENOMEM);
            assert_true(strncmp(err.message, "no memory", 9) == 0);
        }
    }
    hr_arena *small;
    assert_int_equal(hr_arena_create(&small, NULL, 64, "small", NULL), HR_OK);
    hr_signals_out *out;
    size_t left = hr_arena_left(small);
    assert_non_null(hr_arena_alloc(small, left, 1));
    assert_int_equal(hr_signals_out_create(&out, small, s, 5, &err), HR_ENOMEM);
    assert_string_equal(err.message, "no memory for 5 events of signals");
    hr_signals made;
    assert_int_equal(hr_signals_make(&made, small, NULL, s->rule, 2, &err), HR_ENOMEM);
    assert_string_equal(err.message, "no memory for 2 signals");
    assert_int_equal(hr_signals_make(&made, small, NULL, s->rule, 5000, &err), HR_ELIMIT);
    hr_arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_taken),  cmocka_unit_test(test_shared),
        cmocka_unit_test(test_states), cmocka_unit_test(test_evaluated),
        cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
