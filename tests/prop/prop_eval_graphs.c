/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs over random rows: the evaluator's batches give what each node alone, row by row,
 * gives, and leave the same state however the rows are cut. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"
#include "rng.h"

#define ROWS 700u
#define TEXT_MAX 60000
#define POOL 24
#define OUT_MAX 8u
#define LEVELS 4u

/* ---- an operator on the book, and one that has its columns by default ---- */

static uint32_t levels_of(const hr_op_args *a)
{
    return (uint32_t)a->v[0];
}

static size_t levels_bytes(const hr_op_args *a)
{
    (void)a;
    return 64;
}

static void levels_init(void *state, const hr_op_args *a)
{
    memset(state, 0, 64);
    memcpy(state, &a->v[0], sizeof a->v[0]);
}

static void levels_run(void *state, const hr_op_rows *r)
{
    double k;
    memcpy(&k, state, sizeof k);
    for (uint32_t i = 0; i < r->n; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < (uint32_t)k; j++)
            sum += r->book->bid_qty[j][i] - r->book->ask_qty[j][i];
        r->out[0][i] = isfinite(sum) ? sum : (double)NAN;
    }
}

static void gap_run(void *state, const hr_op_rows *r)
{
    (void)state;
    for (uint32_t i = 0; i < r->n; i++)
        r->out[0][i] = r->in[1][i] - r->in[0][i];
}

static const hr_op book_ops[] = {
    {.name = "lean",
     .n_arg = 1,
     .n_out = 1,
     .levels = levels_of,
     .arg = {{"levels", HR_OP_INT, 1, LEVELS, 2, false}},
     .out = {""},
     .unit = {HR_OP_ANY},
     .bytes = levels_bytes,
     .init = levels_init,
     .run = levels_run},
    {.name = "touch_gap",
     .n_in = 2,
     .n_out = 1,
     .in = {"bid", "ask"},
     .column = {"bid_px[0]", "ask_px[0]"},
     .out = {""},
     .unit = {HR_OP_SAME},
     .run = gap_run},
};

static const hr_expr_column columns[] = {
    {.name = "a", .unit = {.is_open = true}},
    {.name = "b", .unit = {.is_open = true}},
    {.name = "c", .unit = {.is_open = true}},
    {.name = "bid_px", .n_idx = LEVELS, .unit = {.is_open = true}},
    {.name = "bid_qty", .n_idx = LEVELS, .unit = {.is_open = true}},
    {.name = "ask_px", .n_idx = LEVELS, .unit = {.is_open = true}},
    {.name = "ask_qty", .n_idx = LEVELS, .unit = {.is_open = true}},
};

/* ---- texts ---- */

static char pool[POOL][TEXT_MAX];
static char fresh[TEXT_MAX];

static void join(test_rng *r, uint32_t to)
{
    static const char *const signs[] = {"+", "-", "*", "/", "%", "^", "-", "*"};
    static const char *const one[] = {"abs", "sqrt", "exp", "log", "raw", "-", "cumsum", "cummax"};
    static const char *const windows[] = {"mean", "std",   "min",  "max",  "first",
                                          "lag",  "count", "diff", "slope"};
    static const char *const late[] = {"mean", "std",   "min",   "max", "sum",
                                       "var",  "count", "first", "last"};
    static const char *const tests[] = {"<", "<=", ">", ">=", "==", "!="};
    const char *a = pool[test_rng_below(r, to)];
    const char *b = pool[test_rng_below(r, to)];
    const char *c = pool[test_rng_below(r, to)];
    unsigned n = 1 + (unsigned)test_rng_below(r, 40);
    switch (test_rng_below(r, 9)) {
    case 0:
    case 1:
        snprintf(fresh, TEXT_MAX, "(%.9000s %s %.9000s)", a, signs[test_rng_below(r, 8)], b);
        break;
    case 2:
        snprintf(fresh, TEXT_MAX, "%s(%.9000s)", one[test_rng_below(r, 8)], a);
        break;
    case 3:
        snprintf(fresh, TEXT_MAX, "raw(%s(%.9000s, %u))", windows[test_rng_below(r, 9)], a, n);
        break;
    case 4:
        if (test_rng_chance(r, 3))
            snprintf(fresh, TEXT_MAX, "raw(%s(%.9000s, %ums, late: %ums))",
                     late[test_rng_below(r, 9)], a, n, n / 3);
        else
            snprintf(fresh, TEXT_MAX, "raw(%s(%.9000s, %ums))", windows[test_rng_below(r, 9)], a,
                     n);
        break;
    case 5:
        snprintf(fresh, TEXT_MAX,
                 "where(not (%.9000s %s %.9000s) and is_null(%.9000s) or %.9000s "
                 "> 0.5, %.9000s, %u)",
                 a, tests[test_rng_below(r, 6)], b, c, c, b, n);
        break;
    case 6:
        snprintf(fresh, TEXT_MAX, "bbands(%.9000s, %u, 2).%s", a, 1 + n,
                 test_rng_chance(r, 2) ? "upper" : "lower");
        break;
    case 7:
        snprintf(fresh, TEXT_MAX, test_rng_chance(r, 2) ? "lean(%u)" : "touch_gap(ask: bid_px[%u])",
                 1 + (unsigned)test_rng_below(r, LEVELS - 1));
        break;
    default:
        snprintf(fresh, TEXT_MAX, "(%u %s %.9000s)", n, signs[test_rng_below(r, 8)], a);
        break;
    }
    if (strlen(fresh) < 9000)
        memcpy(pool[to], fresh, strlen(fresh) + 1);
    else
        snprintf(pool[to], TEXT_MAX, "a");
}

static uint32_t make_text(test_rng *r, char *out)
{
    static const char *const leaf[] = {"a", "b", "c", "bid_px[1]"};
    uint32_t n_out = 1 + (uint32_t)test_rng_below(r, OUT_MAX);
    size_t k = 0;
    for (uint32_t i = 0; i < POOL; i++) {
        if (i < HR_ARRAY_LEN(leaf))
            snprintf(pool[i], TEXT_MAX, "%s", leaf[i]);
        else
            join(r, i);
    }
    for (uint32_t i = 0; i < n_out; i++) {
        const char *s = pool[test_rng_below(r, POOL)];
        if (k + strlen(s) + 16 > TEXT_MAX) s = "b";
        k += (size_t)snprintf(out + k, TEXT_MAX - k, "o%u: %s\n", i, s);
    }
    return n_out;
}

/* ---- rows ---- */

static int64_t ts[ROWS];
static double data[HR_ARRAY_LEN(columns) * LEVELS][ROWS];

static void make_rows(test_rng *r)
{
    int64_t t = 1000000000;
    for (uint32_t i = 0; i < ROWS; i++) {
        t += (int64_t)test_rng_below(r, 3000000);
        ts[i] = test_rng_chance(r, 9) ? t - 2000000 : t;
        for (uint32_t c = 0; c < HR_ARRAY_LEN(data); c++) {
            double v = (double)(int64_t)test_rng_below(r, 2000) / 64 - 10;
            data[c][i] = test_rng_chance(r, 20) ? (double)NAN : v;
        }
    }
}

static const double *column_at(uint32_t which, uint32_t idx)
{
    return data[which * LEVELS + idx];
}

/* ---- each node alone, row by row ---- */

static double *value[HR_EXPR_NODE_MAX][HR_OP_OUT_MAX];

static void *block(size_t n)
{
    void *p = aligned_alloc(64, (n + 127) / 64 * 64);
    assert_non_null(p);
    return p;
}

static void naive_call(const hr_expr *x, uint32_t at)
{
    const hr_expr_node *n = &x->node[at];
    const hr_op *op = hr_expr_op(x->env, n->which);
    const hr_op_args *a = &x->args[n->args];
    void *state = block(op->bytes != NULL ? op->bytes(a) : 0);
    if (op->bytes != NULL) memset(state, 0x7f, op->bytes(a));
    if (op->init != NULL) op->init(state, a);
    for (uint32_t i = 0; i < ROWS; i++) {
        hr_op_book book;
        hr_op_rows r = {.n = 1, .ts = &ts[i], .book = op->levels != NULL ? &book : NULL};
        for (uint32_t k = 0; k < LEVELS; k++) {
            book.bid_px[k] = column_at(3, k) + i;
            book.bid_qty[k] = column_at(4, k) + i;
            book.ask_px[k] = column_at(5, k) + i;
            book.ask_qty[k] = column_at(6, k) + i;
        }
        for (uint32_t k = 0; k < n->n_in; k++)
            r.in[k] = value[n->in[k]][0] + i;
        for (uint32_t k = 0; k < op->n_out; k++)
            r.out[k] = value[at][k] + i;
        op->run(state, &r);
    }
    free(state);
}

static void naive_node(const hr_expr *x, uint32_t at)
{
    const hr_expr_node *n = &x->node[at];
    for (uint32_t k = 0; k < HR_OP_OUT_MAX; k++)
        value[at][k] = block(ROWS * sizeof(double));
    if (n->kind == HR_EXPR_CALL) {
        naive_call(x, at);
        return;
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        double in[HR_OP_IN_MAX];
        double v;
        for (uint32_t k = 0; k < n->n_in; k++)
            in[k] = value[n->in[k]][0][i];
        if (n->kind == HR_EXPR_CONST)
            v = n->type == HR_EXPR_DURATION ? n->value / 1e9 : n->value;
        else if (n->kind == HR_EXPR_COLUMN)
            v = column_at(n->which, n->args)[i];
        else if (n->kind == HR_EXPR_PICK)
            v = value[n->in[0]][n->pick][i];
        else
            v = hr_expr_apply((hr_expr_kind)n->kind, in);
        value[at][0][i] = v;
    }
}

static void free_values(const hr_expr *x)
{
    for (uint32_t i = 0; i < x->n_node; i++)
        for (uint32_t k = 0; k < HR_OP_OUT_MAX; k++)
            free(value[i][k]);
}

/* ---- the evaluator, in calls of any size ---- */

static double got[OUT_MAX][ROWS];

static void run_cut(test_rng *r, const hr_eval *e, char *state, uint32_t most)
{
    const hr_eval_part *p = &e->part[0];
    const double **in = block(p->n_in * sizeof *in + 64);
    double *out[OUT_MAX];
    char *work = block(e->work_bytes);
    for (uint32_t at = 0; at < ROWS;) {
        uint32_t n = 1 + (uint32_t)test_rng_below(r, most);
        n = HR_MIN(n, ROWS - at);
        for (uint32_t k = 0; k < p->n_in; k++)
            in[k] = column_at(p->in[k].which, p->in[k].idx) + at;
        for (uint32_t k = 0; k < p->n_out; k++)
            out[k] = got[k] + at;
        memset(work, 0xa5, e->work_bytes);
        hr_eval_rows rows = {.n = n, .ts = ts + at, .in = in, .out = out};
        hr_eval_run(e, p, state, work, &rows);
        at += n;
        if (test_rng_chance(r, 8)) { /* the state is all there is: another block does as well */
            char *copy = block(p->state_bytes);
            memcpy(copy, state, p->state_bytes);
            memset(state, 0x5a, p->state_bytes);
            memcpy(state, copy, p->state_bytes);
            free(copy);
        }
    }
    free(work);
    free(in);
}

static void check(const hr_expr *x, const char *text)
{
    for (uint32_t k = 0; k < x->n_out; k++) {
        const double *want = value[x->out[k].node][0];
        for (uint32_t i = 0; i < ROWS; i++) {
            bool is_equal = isnan(want[i]) ? isnan(got[k][i])
                                           : memcmp(&want[i], &got[k][i], sizeof want[i]) == 0;
            if (!is_equal)
                fail_msg("output %u, row %u: %.17g, not %.17g\n%.4000s", k, i, got[k][i], want[i],
                         text);
        }
    }
}

static void one(test_rng *r, const hr_expr_env *env, hr_arena *arena, hr_arena *scratch)
{
    static char text[TEXT_MAX];
    hr_err err = HR_ERR_INIT;
    hr_expr *x;
    hr_eval *e;
    size_t mark = hr_arena_mark(arena);
    make_text(r, text);
    make_rows(r);
    hr_status st = hr_expr_parse(&x, arena, scratch, env, text, strlen(text), &err);
    if (st == HR_ELIMIT || (st == HR_EUSAGE && strstr(err.message, "go together") != NULL)) return;
    if (st != HR_OK) fail_msg("%s\n%s", err.message, text);
    for (uint32_t i = 0; i < x->n_node; i++)
        naive_node(x, i);
    uint32_t most[] = {1, 7, ROWS};
    char *first = NULL;
    for (uint32_t i = 0; i < HR_ARRAY_LEN(most); i++) {
        assert_int_equal(hr_eval_create(&e, arena, scratch, x, ROWS, &err), HR_OK);
        char *state = block(e->part[0].state_bytes);
        memset(state, 0, e->part[0].state_bytes); /* to be compared, whatever operators leave */
        hr_eval_init(&e->part[0], state);
        run_cut(r, e, state, most[i]);
        check(x, text);
        if (first != NULL) assert_memory_equal(first, state, e->part[0].state_bytes);
        if (first == NULL)
            first = state;
        else
            free(state);
    }
    free(first);
    free_values(x);
    hr_arena_rewind(arena, mark);
}

static void test_graphs(void **state)
{
    const hr_op_list lists[] = {
        hr_ops_window, hr_ops_ta, {.op = book_ops, .n = HR_ARRAY_LEN(book_ops)}};
    const hr_expr_env env = {.column = columns,
                             .n_column = HR_ARRAY_LEN(columns),
                             .ops = lists,
                             .n_ops = HR_ARRAY_LEN(lists),
                             .max_rows = 64};
    hr_arena *arena;
    hr_arena *scratch;
    hr_err err = HR_ERR_INIT;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_arena_create(&arena, NULL, (size_t)256 << 20, "test", &err), HR_OK);
    assert_int_equal(hr_arena_create(&scratch, NULL, (size_t)64 << 20, "test", &err), HR_OK);
    for (uint64_t i = 0; i < test_iters(200); i++)
        one(&r, &env, arena, scratch);
    hr_arena_destroy(&arena);
    hr_arena_destroy(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
