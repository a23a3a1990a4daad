/* SPDX-License-Identifier: Apache-2.0 */
/* Random expressions: their print reads as the same graph, and constants come out as a plain
 * evaluation of the tree says. */
#include "base/powers.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>

#include "expr_rig.h"
#include "rng.h"

#define TEXT_MAX 4096
#define TREE_MAX 128

/* A tree in an array, children before parents, with the text and the value of each. */
typedef struct tree {
    char text[TREE_MAX][TEXT_MAX];
    double value[TREE_MAX];
    uint32_t n;
} tree;

static tree made;
static char fresh[TEXT_MAX]; /* a text being made of those of others */
static expr_rig first;
static expr_rig second;

static double or_null(double v)
{
    return isfinite(v) ? v : (double)NAN;
}

static double direct(char op, double a, double b)
{
    switch (op) {
    case '+':
        return or_null(a + b);
    case '-':
        return or_null(a - b);
    case '*':
        return or_null(a * b);
    case '/':
        return or_null(a / b);
    case '%':
        return or_null(fmod(a, b));
    default:
        return isnan(a) || isnan(b) ? (double)NAN : or_null(b == 2 ? a * a : hr_pow(a, b));
    }
}

static void join(test_rng *r, uint32_t to)
{
    static const char ops[] = "+-*/%^";
    static const char *const functions[] = {"abs", "sqrt", "exp", "log", "raw"};
    uint32_t a = (uint32_t)test_rng_below(r, to);
    uint32_t b = (uint32_t)test_rng_below(r, to);
    double x = made.value[a];
    char *out = fresh;
    unsigned which = (unsigned)test_rng_below(r, 12);
    if (which < 6) {
        snprintf(out, TEXT_MAX, "(%.1900s)%c(%.1900s)", made.text[a], ops[which], made.text[b]);
        made.value[to] = direct(ops[which], x, made.value[b]);
    } else if (which < 11) {
        const double values[] = {fabs(x), sqrt(x), hr_exp(x), hr_log(x), x};
        snprintf(out, TEXT_MAX, "%s( %.1900s )", functions[which - 6], made.text[a]);
        made.value[to] = or_null(values[which - 6]);
    } else {
        double y = made.value[b];
        snprintf(out, TEXT_MAX, "where((%.900s) < (%.900s), %.900s, %.900s)", made.text[a],
                 made.text[b], made.text[b], made.text[a]);
        made.value[to] = isnan(x) || isnan(y) ? (double)NAN : x < y ? y : x;
    }
    memcpy(made.text[to], fresh, sizeof fresh);
}

static void test_constants(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t iter = test_iters(2000); iter > 0; iter--) {
        made.n = (uint32_t)(4 + test_rng_below(&r, 8));
        for (uint32_t i = 0; i < made.n; i++) {
            if (i >= 3) {
                join(&r, i);
                if (strlen(made.text[i]) > 800) made.n = i + 1;
                continue;
            }
            made.value[i] = (double)test_rng_below(&r, 2000) / 16;
            snprintf(made.text[i], TEXT_MAX, "%.17g", made.value[i]);
            if (!test_rng_chance(&r, 8)) continue;
            made.value[i] = (double)NAN;
            snprintf(made.text[i], TEXT_MAX, "null");
        }
        hr_err err = HR_ERR_INIT;
        const char *text = made.text[made.n - 1];
        double wanted = made.value[made.n - 1];
        hr_expr *x = expr_rig_read(&first, text, strlen(text), &err);
        if (x == NULL) fail_msg("'%s': %s", text, err.message);
        double found = x->node[x->out[0].node].value;
        assert_int_equal(x->n_node, 1);
        if (!(found == wanted || (isnan(found) && isnan(wanted))))
            fail_msg("'%s' is %.17g, not %.17g", text, found, wanted);
    }
}

/* ---- graphs ---- */

static const char *any_of(test_rng *r, const char *const *words, size_t n)
{
    return words[test_rng_below(r, n)];
}

/* One of the pieces before it, in text; units are open so that everything goes with everything. */
static const char *piece(test_rng *r, uint32_t n)
{
    return made.text[test_rng_below(r, n)];
}

static void number_piece(test_rng *r, uint32_t to)
{
    static const char *const leaves[] = {"extra", "1.5",         "-2",
                                         "null",  "custom(mid)", "10s",
                                         "$k",    "extra * mid", "custom(bid_px[3])",
                                         "0.1",   "-extra ^ 2"};
    static const char *const ops[] = {"+", "-", "*", "/", "%", "^"};
    char *out = fresh;
    unsigned which = to < 3 ? 0 : (unsigned)test_rng_below(r, 12);
    if (which == 0)
        snprintf(out, TEXT_MAX, "extra - %s", any_of(r, leaves, HR_ARRAY_LEN(leaves)));
    else if (which < 5)
        snprintf(out, TEXT_MAX, "(%.1900s) %s custom(%.1900s)", piece(r, to),
                 any_of(r, ops, HR_ARRAY_LEN(ops)), piece(r, to));
    else if (which == 5)
        snprintf(out, TEXT_MAX, "-(%.1900s)", piece(r, to));
    else if (which == 6)
        snprintf(out, TEXT_MAX, "bbands(%.1900s).%s + bbands(%.1900s, 7).lower", piece(r, to),
                 test_rng_chance(r, 2) ? "upper" : "middle", piece(r, to));
    else if (which == 7)
        snprintf(out, TEXT_MAX, "of(\"%c\", %.1900s) - (%.1900s)",
                 (char)('A' + test_rng_below(r, 3)), piece(r, to), piece(r, to));
    else if (which == 8)
        snprintf(out, TEXT_MAX, "where(not (%.900s) < (%.900s) or %s, %.900s, extra)", piece(r, to),
                 piece(r, to), test_rng_chance(r, 2) ? "trade.is_buy" : "null > 1", piece(r, to));
    else if (which == 9)
        snprintf(out, TEXT_MAX, "where(is_null(%.1900s) and true != trade.is_buy, 1, 0)",
                 piece(r, to));
    else if (which == 10)
        snprintf(out, TEXT_MAX, "ema(%.1900s, %us)", piece(r, to),
                 (unsigned)test_rng_below(r, 100) + 1);
    else
        snprintf(out, TEXT_MAX, "sqrt(raw(%.1900s)) + log(custom(%.1900s))", piece(r, to),
                 piece(r, to));
    memcpy(made.text[to], fresh, sizeof fresh);
}

static void assert_same(const hr_expr *a, const hr_expr *b, const char *printed)
{
    bool ok = a->n_node == b->n_node && a->n_args == b->n_args && a->n_out == b->n_out &&
              a->n_symbol == b->n_symbol;
    ok = ok && memcmp(a->node, b->node, a->n_node * sizeof *a->node) == 0;
    ok = ok && memcmp(a->args, b->args, a->n_args * sizeof *a->args) == 0;
    for (uint32_t i = 0; ok && i < a->n_out; i++)
        ok = a->out[i].node == b->out[i].node && strcmp(a->out[i].name, b->out[i].name) == 0;
    for (uint32_t i = 0; ok && i < a->n_symbol; i++)
        ok = strcmp(a->symbol[i], b->symbol[i]) == 0;
    if (!ok) fail_msg("reads as another graph:\n%s", printed);
}

/* Equal parts are one node. */
static void assert_shared(const hr_expr *x)
{
    for (uint32_t i = 0; i < x->n_node; i++)
        for (uint32_t k = 0; k < i; k++) {
            hr_expr_node a = x->node[i];
            hr_expr_node b = x->node[k];
            a.shown = b.shown = 0;
            assert_memory_not_equal(&a, &b, sizeof a);
        }
}

static void test_graphs(void **state)
{
    static char text[HR_EXPR_TEXT_MAX];
    static char printed[HR_EXPR_TEXT_MAX + 1];
    test_rng r;
    uint64_t n_read = 0;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t iter = test_iters(1000); iter > 0; iter--) {
        size_t n = 0;
        made.n = (uint32_t)(3 + test_rng_below(&r, 8));
        for (uint32_t i = 0; i < made.n; i++) {
            number_piece(&r, i);
            /* later pieces use the name or the text */
            const char *hidden = test_rng_chance(&r, 3) ? "" : "_";
            n +=
                (size_t)snprintf(text + n, sizeof text - n, "%sv%u: %s\n", hidden, i, made.text[i]);
            if (strlen(made.text[i]) > 200 || test_rng_chance(&r, 2))
                snprintf(made.text[i], TEXT_MAX, "%sv%u", hidden, i);
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", made.text[made.n - 1]);
        hr_err err = HR_ERR_INIT;
        hr_expr *x = expr_rig_read(&first, text, n, &err);
        if (x == NULL) fail_msg("%s\n%s", err.message, text);
        size_t k = hr_expr_print(printed, sizeof printed, x);
        assert_shared(x);
        if (k > HR_EXPR_TEXT_MAX) continue;
        hr_expr *again = expr_rig_read(&second, printed, k, &err);
        if (again == NULL) fail_msg("%s\n%s", err.message, printed);
        assert_same(x, again, printed);
        n_read++;
    }
    assert_true(n_read > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_graphs),
    };
    expr_rig_open(&first);
    expr_rig_open(&second);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    expr_rig_close(&first);
    expr_rig_close(&second);
    return rc;
}
