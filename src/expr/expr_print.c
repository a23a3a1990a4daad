/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Nodes of at most 20 levels are in one piece (hr_expr_graph_keep), a call within a pick once more
 * each. */
#define STACK_MAX 64u
#define PRIMARY 9u

typedef struct piece {
    uint32_t node;
    uint8_t next_in;
    bool is_bracketed;
} piece;

typedef struct printer {
    const hr_expr *x;
    char *out;
    size_t cap, n;
    piece stack[STACK_MAX];
    uint32_t n_stack;
} printer;

static void put(printer *p, const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++, p->n++)
        if (p->n + 1 < p->cap) p->out[p->n] = s[i];
}

static void put_number(printer *p, double v)
{
    char text[40] = "null";
    for (int digits = 15; digits <= 17 && !isnan(v); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    put(p, text);
}

static void put_duration(printer *p, double ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"d", 86400e9}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9},
                 {"ms", 1e6},    {"us", 1e3},   {"ns", 1}};
    char text[40];
    size_t i = 0;
    while (ns == 0 ? i < 3 : fmod(ns, units[i].ns) != 0)
        i++;
    snprintf(text, sizeof text, "%.0f%s", ns / units[i].ns, units[i].name);
    put(p, text);
}

static void put_index(printer *p, const char *before, uint32_t k, const char *after)
{
    char text[16];
    snprintf(text, sizeof text, "%u", k);
    put(p, before);
    put(p, text);
    put(p, after);
}

/* How strong what stands there binds, as in the grammar; PRIMARY: nothing parts it. */
static unsigned level_of(const hr_expr_node *n)
{
    static const uint8_t levels[] = {
        [HR_EXPR_OR] = 1,  [HR_EXPR_AND] = 2, [HR_EXPR_NOT] = 3, [HR_EXPR_LT] = 4,
        [HR_EXPR_LE] = 4,  [HR_EXPR_GT] = 4,  [HR_EXPR_GE] = 4,  [HR_EXPR_EQ] = 4,
        [HR_EXPR_NE] = 4,  [HR_EXPR_ADD] = 5, [HR_EXPR_SUB] = 5, [HR_EXPR_MUL] = 6,
        [HR_EXPR_DIV] = 6, [HR_EXPR_MOD] = 6, [HR_EXPR_NEG] = 7, [HR_EXPR_POW] = 8,
    };
    if (n->kind == HR_EXPR_CONST) {
        bool is_null_condition = isnan(n->value) && n->type == HR_EXPR_CONDITION;
        return is_null_condition ? 4 : signbit(n->value) ? 7 : PRIMARY;
    }
    return n->kind >= HR_EXPR_OR && n->kind <= HR_EXPR_POW ? levels[n->kind] : PRIMARY;
}

static const char *sign_of(unsigned kind)
{
    static const char *const signs[] = {
        [HR_EXPR_OR] = " or ", [HR_EXPR_AND] = " and ", [HR_EXPR_NOT] = "not ",
        [HR_EXPR_LT] = " < ",  [HR_EXPR_LE] = " <= ",   [HR_EXPR_GT] = " > ",
        [HR_EXPR_GE] = " >= ", [HR_EXPR_EQ] = " == ",   [HR_EXPR_NE] = " != ",
        [HR_EXPR_ADD] = " + ", [HR_EXPR_SUB] = " - ",   [HR_EXPR_MUL] = " * ",
        [HR_EXPR_DIV] = " / ", [HR_EXPR_MOD] = " % ",   [HR_EXPR_NEG] = "-",
        [HR_EXPR_POW] = " ^ ",
    };
    return signs[kind];
}

static bool is_sign(const hr_expr_node *n)
{
    return n->kind >= HR_EXPR_OR && n->kind <= HR_EXPR_POW;
}

/* How strong an input of n has to bind to stand without brackets. */
static unsigned level_wanted(const hr_expr_node *n, uint32_t k)
{
    if (!is_sign(n)) return 0;
    unsigned level = level_of(n);
    if (n->n_in == 1) return level;
    if (n->kind == HR_EXPR_POW) return k == 0 ? PRIMARY : level;
    return level + (k == 1 || level == 4);
}

static void put_leaf(printer *p, const hr_expr_node *n)
{
    if (n->kind == HR_EXPR_COLUMN) {
        const hr_expr_column *c = &p->x->env->column[n->which];
        put(p, c->name);
        if (c->n_idx > 0) put_index(p, "[", n->args, "]");
    } else if (n->type == HR_EXPR_DURATION) {
        put_duration(p, n->value);
    } else if (n->type == HR_EXPR_CONDITION) {
        put(p, isnan(n->value) ? "null == 0" : n->value != 0 ? "true" : "false");
    } else {
        put_number(p, n->value);
    }
}

static void put_label(printer *p, const char *name)
{
    put(p, name);
    put(p, ": ");
}

/* What stands before the first input. */
static void put_head(printer *p, const hr_expr_node *n)
{
    static const char *const names[] = {
        [HR_EXPR_ABS] = "abs(",     [HR_EXPR_EXP] = "exp(", [HR_EXPR_IS_NULL] = "is_null(",
        [HR_EXPR_LOG] = "log(",     [HR_EXPR_RAW] = "raw(", [HR_EXPR_SQRT] = "sqrt(",
        [HR_EXPR_WHERE] = "where(", [HR_EXPR_OF] = "of(\"",
    };
    if (n->kind == HR_EXPR_CALL) {
        put(p, hr_expr_op(p->x->env, n->which)->name);
        put(p, "(");
    } else if (n->kind >= HR_EXPR_ABS && n->kind <= HR_EXPR_OF) {
        put(p, names[n->kind]);
        if (n->kind != HR_EXPR_OF) return;
        put(p, p->x->symbol[p->x->node[n->in[0]].scope - 1]);
        put(p, "\", ");
    } else if (n->n_in == 1 && is_sign(n)) {
        put(p, sign_of(n->kind));
    }
}

static void put_tail(printer *p, const hr_expr_node *n)
{
    if (n->kind == HR_EXPR_CALL) {
        const hr_op *op = hr_expr_op(p->x->env, n->which);
        const hr_op_args *a = &p->x->args[n->args];
        for (uint32_t i = 0; i < op->n_arg; i++) {
            if (i + n->n_in > 0) put(p, ", ");
            if (hr_expr_names_inputs(op)) put_label(p, op->arg[i].name);
            if (a->is_time[i])
                put_duration(p, a->v[i]);
            else
                put_number(p, a->v[i]);
        }
        put(p, ")");
    } else if (n->kind == HR_EXPR_PICK) {
        put(p, ".");
        put(p, hr_expr_op(p->x->env, p->x->node[n->in[0]].which)->out[n->pick]);
    } else if (n->kind >= HR_EXPR_ABS) {
        put(p, ")");
    }
}

/* A node where at least `level` is wanted: written at once, or begun on the stack. */
static void begin(printer *p, uint32_t idx, unsigned level, bool is_named)
{
    const hr_expr_node *n = &p->x->node[idx];
    if (n->shown != 0 && !is_named) {
        put_index(p, "_", n->shown, "");
        return;
    }
    bool is_bracketed = level_of(n) < level;
    if (is_bracketed) put(p, "(");
    if (n->kind == HR_EXPR_CONST || n->kind == HR_EXPR_COLUMN) {
        put_leaf(p, n);
        if (is_bracketed) put(p, ")");
        return;
    }
    put_head(p, n);
    HR_ASSERT(p->n_stack < STACK_MAX);
    p->stack[p->n_stack++] = (piece){idx, 0, is_bracketed};
}

static void put_node(printer *p, uint32_t idx, bool is_named)
{
    begin(p, idx, 0, is_named);
    while (p->n_stack > 0) {
        piece *top = &p->stack[p->n_stack - 1];
        const hr_expr_node *n = &p->x->node[top->node];
        if (top->next_in == n->n_in) {
            put_tail(p, n);
            if (top->is_bracketed) put(p, ")");
            p->n_stack--;
            continue;
        }
        uint32_t k = top->next_in++;
        if (k > 0) put(p, is_sign(n) ? sign_of(n->kind) : ", ");
        if (n->kind == HR_EXPR_CALL) {
            const hr_op *op = hr_expr_op(p->x->env, n->which);
            if (hr_expr_names_inputs(op)) put_label(p, op->in[k]);
        }
        begin(p, n->in[k], level_wanted(n, k), false);
    }
}

size_t hr_expr_print(char *out, size_t cap, const hr_expr *x)
{
    printer p = {.x = x, .out = out, .cap = cap};
    for (uint32_t i = 0; i < x->n_node; i++) {
        if (x->node[i].shown == 0) continue;
        put_index(&p, "_", x->node[i].shown, ": ");
        put_node(&p, i, true);
        put(&p, "\n");
    }
    for (uint32_t i = 0; i < x->n_out; i++) {
        put(&p, x->out[i].name);
        if (x->out[i].name[0] != '\0') put(&p, ": ");
        put_node(&p, x->out[i].node, false);
        put(&p, "\n");
    }
    if (cap > 0) out[HR_MIN(p.n, cap - 1)] = '\0';
    return p.n;
}
