/* SPDX-License-Identifier: Apache-2.0 */
/* Signals against a model that goes row by row and rule by rule, as the words of the contract do:
 * the same events for any cut of the rows into calls, any room for events, and from a copy of the
 * state at any row. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "eval/signal.h"
#include "rng.h"

#define ROWS 700u
#define RULES 40u
#define COLUMNS 24u
#define EVENTS (ROWS * RULES)

typedef struct world {
    hr_arena *arena;
    hr_signal_rule rule[RULES];
    hr_signals signals;
    double column[COLUMNS][ROWS];
    int64_t ts[ROWS];
    hr_signal_event *want, *got;
    uint32_t n_want, n_got;
} world;

static double one_of(test_rng *r, unsigned changes, double before)
{
    if (!test_rng_chance(r, changes)) return before;
    unsigned which = (unsigned)test_rng_below(r, 8);
    return which == 0 ? (double)NAN : which < 4 ? 1 : 0;
}

static void make_rules(world *w, test_rng *r)
{
    for (uint32_t i = 0; i < RULES; i++) {
        hr_signal_rule *rule = &w->rule[i];
        *rule = (hr_signal_rule){.name = "a", .until = HR_SIGNAL_NONE, .score = HR_SIGNAL_NONE};
        rule->when = (uint32_t)test_rng_below(r, COLUMNS);
        if (test_rng_chance(r, 2)) rule->until = (uint32_t)test_rng_below(r, COLUMNS);
        if (test_rng_chance(r, 2)) rule->score = (uint32_t)test_rng_below(r, COLUMNS);
        rule->n_value = (uint32_t)test_rng_below(r, HR_SIGNAL_VALUE_MAX + 1);
        for (uint32_t k = 0; k < rule->n_value; k++)
            rule->value[k] = (uint32_t)test_rng_below(r, COLUMNS);
        rule->confirm = test_rng_chance(r, 2) ? 1 : 1 + (uint32_t)test_rng_below(r, 30);
        rule->priority = (int32_t)test_rng_below(r, 5) - 2;
        if (test_rng_chance(r, 20)) rule->priority = test_rng_chance(r, 2) ? INT32_MAX : INT32_MIN;
        if (test_rng_chance(r, 2)) rule->cooldown_ns = (int64_t)test_rng_below(r, 500);
        if (test_rng_chance(r, 3)) rule->hold_ns = (int64_t)test_rng_below(r, 500);
        if (test_rng_chance(r, 30)) rule->hold_ns = INT64_MAX;
    }
}

static void make_rows(world *w, test_rng *r)
{
    static const unsigned changes[] = {1, 3, 20, 300};
    int64_t t = (int64_t)test_rng_below(r, 1000);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        unsigned every = changes[test_rng_below(r, 4)];
        double v = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            w->column[c][i] = v = one_of(r, every, v);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        t += (int64_t)test_rng_below(r, 20);
        w->ts[i] = test_rng_chance(r, 10) ? t - (int64_t)test_rng_below(r, 100) : t;
    }
}

/* ---- the model ---- */

typedef struct model {
    bool is_on, has_run;
    uint32_t since, n_run; /* n_run: true rows in a row */
    bool has_changed;
    int64_t changed_ns; /* when it last turned on or off */
} model;

static bool is_true(double v)
{
    return !isnan(v) && v != 0;
}

static void say(world *w, const model *m, uint32_t rule, uint32_t row)
{
    const hr_signal_rule *r = &w->rule[rule];
    hr_signal_event *e = &w->want[w->n_want++];
    *e = (hr_signal_event){.row = row,
                           .since = m->since,
                           .ts = w->ts[row],
                           .rule = (uint16_t)rule,
                           .is_on = m->is_on,
                           .n_value = (uint8_t)r->n_value};
    e->score = r->score == HR_SIGNAL_NONE ? (double)NAN : w->column[r->score][row];
    for (uint32_t k = 0; k < r->n_value; k++)
        e->value[k] = w->column[r->value[k]][row];
}

static void step(world *w, model *m, uint32_t rule, uint32_t row, int64_t now)
{
    const hr_signal_rule *r = &w->rule[rule];
    double when = w->column[r->when][row];
    if (m->is_on) {
        bool ends = r->until == HR_SIGNAL_NONE ? when == 0 : is_true(w->column[r->until][row]);
        if (!ends || now - m->changed_ns < r->hold_ns) return;
        m->is_on = false;
        say(w, m, rule, row);
        *m = (model){.has_changed = true, .changed_ns = now};
        return;
    }
    if (!is_true(when)) {
        m->n_run = 0;
        return;
    }
    if (m->n_run++ == 0) m->since = row;
    if (m->n_run < r->confirm) return;
    if (m->has_changed && now - m->changed_ns < r->cooldown_ns) return;
    m->is_on = true;
    m->has_changed = true;
    m->changed_ns = now;
    say(w, m, rule, row);
}

static void run_model(world *w)
{
    model m[RULES] = {0};
    int64_t now = INT64_MIN;
    w->n_want = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        now = HR_MAX(now, w->ts[row]);
        /* by priority, then order: at most one event a rule and row */
        bool is_done[RULES] = {false};
        for (uint32_t k = 0; k < RULES; k++) {
            uint32_t best = RULES;
            for (uint32_t i = 0; i < RULES; i++)
                if (!is_done[i] && (best == RULES || w->rule[i].priority > w->rule[best].priority))
                    best = i;
            is_done[best] = true;
            step(w, &m[best], best, row, now);
        }
    }
}

/* ---- the same by calls ---- */

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static void take(world *w, const hr_signals_out *o, uint32_t row0)
{
    uint32_t n;
    const hr_signal_event *e = hr_signals_events(o, &n);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(w->n_got < EVENTS);
        assert_int_equal(e[i].row, row0 + e[i].at);
        w->got[w->n_got++] = e[i];
    }
}

static void run_rows(world *w, void *state, uint32_t from, uint32_t n, hr_signals_out *o)
{
    const double *column[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        column[c] = w->column[c] + from;
    hr_signal_rows rows = {.n = n, .ts = w->ts + from, .column = column};
    for (uint32_t at = 0; at < n;) {
        uint32_t to = hr_signals_run(&w->signals, state, &rows, at, o);
        assert_true(to > at && to <= n);
        at = to;
        take(w, o, from);
    }
}

static void compare(const world *w)
{
    assert_int_equal(w->n_got, w->n_want);
    for (uint32_t i = 0; i < w->n_got; i++) {
        const hr_signal_event *a = &w->got[i];
        const hr_signal_event *b = &w->want[i];
        bool ok = a->row == b->row && a->since == b->since && a->ts == b->ts &&
                  a->rule == b->rule && a->is_on == b->is_on && a->n_value == b->n_value &&
                  same(a->score, b->score);
        for (uint32_t k = 0; k < b->n_value; k++)
            ok = ok && same(a->value[k], b->value[k]);
        if (!ok) print_message("# event %u of %u, row %u\n", i, w->n_got, (unsigned)a->row);
        assert_true(ok);
    }
}

static void test_model(void **unused)
{
    (void)unused;
    test_rng r;
    static world w;
    test_rng_init(&r, test_seed());
    w.want = malloc(EVENTS * sizeof *w.want);
    w.got = malloc(EVENTS * sizeof *w.got);
    assert_int_equal(hr_arena_create(&w.arena, NULL, (size_t)8 << 20, "signals", NULL), HR_OK);
    uint64_t n_events = 0;
    for (uint64_t it = 0; it < test_iters(60); it++) {
        hr_arena_rewind(w.arena, 0);
        make_rules(&w, &r);
        make_rows(&w, &r);
        run_model(&w);
        assert_int_equal(hr_signals_make(&w.signals, w.arena, NULL, w.rule, RULES, NULL), HR_OK);
        size_t n_bytes = hr_signals_state_bytes(&w.signals);
        assert_int_equal(n_bytes % 64, 0);
        void *state[2];
        for (int k = 0; k < 2; k++)
            state[k] = hr_arena_alloc(w.arena, n_bytes, 64);
        for (int cut = 0; cut < 4; cut++) {
            hr_signals_out *o;
            uint32_t cap = cut == 1 ? 1 : (uint32_t)test_rng_below(&r, 3000);
            assert_int_equal(hr_signals_out_create(&o, w.arena, &w.signals, cap, NULL), HR_OK);
            hr_signals_init(state[0], &w.signals);
            w.n_got = 0;
            for (uint32_t at = 0; at < ROWS;) {
                uint32_t most = cut == 0 ? ROWS : cut == 1 ? 300 : 12;
                uint32_t n = cut == 0 ? ROWS : (uint32_t)test_rng_below(&r, most);
                n = HR_MIN(n, ROWS - at);
                if (cut > 1 && test_rng_chance(&r, 3)) { /* from a copy */
                    memcpy(state[1], state[0], n_bytes);
                    memset(state[0], 0x5a, n_bytes);
                    void *was = state[0];
                    state[0] = state[1];
                    state[1] = was;
                }
                run_rows(&w, state[0], at, n, o);
                at += n;
            }
            compare(&w);
        }
        n_events += w.n_want;
    }
    print_message("# %u events\n", (unsigned)n_events);
    assert_true(n_events > 10000);
    hr_arena_destroy(&w.arena);
    free(w.want);
    free(w.got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
