/* SPDX-License-Identifier: Apache-2.0 */
/* The graph: nodes by content, what the built-in operators mean, and what stays in the end. */
#include "expr/expr_parts.h"

#include <stdio.h>
#include <string.h>

#define HEIGHT_MAX 20u /* of what prints in one piece */

/* ---- meaning ---- */

static double or_null(double v)
{
    return isfinite(v) ? v : (double)NAN;
}

/* false and null is false, true or null is true: null is what is not known. */
static double logic(bool is_or, double a, double b)
{
    double strong = is_or ? 1 : 0;
    if (a == strong || b == strong) return strong;
    return isnan(a) || isnan(b) ? (double)NAN : 1 - strong;
}

static double apply_binary(hr_expr_kind kind, double a, double b)
{
    if (isnan(a) || isnan(b)) return (double)NAN;
    switch ((unsigned)kind) {
    case HR_EXPR_LT:
        return a < b;
    case HR_EXPR_LE:
        return a <= b;
    case HR_EXPR_GT:
        return a > b;
    case HR_EXPR_GE:
        return a >= b;
    case HR_EXPR_EQ:
        return a == b;
    case HR_EXPR_NE:
        return a != b;
    case HR_EXPR_ADD:
        return or_null(a + b);
    case HR_EXPR_SUB:
        return or_null(a - b);
    case HR_EXPR_MUL:
        return or_null(a * b);
    case HR_EXPR_DIV:
        return or_null(a / b);
    case HR_EXPR_MOD:
        return hr_expr_mod(a, b);
    default:
        return hr_expr_pow(a, b);
    }
}

double hr_expr_apply(hr_expr_kind kind, const double *in)
{
    double a = in[0];
    switch ((unsigned)kind) {
    case HR_EXPR_OR:
    case HR_EXPR_AND:
        return logic(kind == HR_EXPR_OR, a, in[1]);
    case HR_EXPR_IS_NULL:
        return isnan(a);
    case HR_EXPR_WHERE:
        return isnan(a) ? (double)NAN : or_null(a != 0 ? in[1] : in[2]);
    case HR_EXPR_NOT:
        return isnan(a) ? a : a == 0;
    case HR_EXPR_NEG:
        return or_null(-a);
    case HR_EXPR_ABS:
        return or_null(fabs(a));
    case HR_EXPR_EXP:
        return or_null(hr_exp(a));
    case HR_EXPR_LOG:
        return or_null(hr_log(a));
    case HR_EXPR_SQRT:
        return or_null(sqrt(a));
    case HR_EXPR_RAW:
        return or_null(a);
    default:
        return apply_binary(kind, a, in[1]);
    }
}

/* ---- nodes by content ---- */

static uint32_t hash_of(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ s[i]) * 1099511628211u;
    return (uint32_t)(h ^ h >> 29);
}

static uint32_t mask_for(uint32_t cap)
{
    uint32_t mask = 15;
    while (mask < 2 * cap)
        mask = mask * 2 + 1;
    return mask;
}

hr_status hr_expr_graph_init(expr_graph *g, const expr_work *w)
{
    uint64_t n_scopes = w->n_symbol + 1u;
    /* where() may make a null as well, a call the columns that it reads */
    uint64_t cap =
        (2 * (uint64_t)w->n_term + (HR_OP_IN_MAX + 4) * (uint64_t)w->n_call + 1) * n_scopes;
    g->cap_node = (uint32_t)HR_MIN(cap, (uint64_t)HR_EXPR_NODE_MAX);
    g->cap_args = (uint32_t)HR_MIN(w->n_call * n_scopes, (uint64_t)HR_EXPR_NODE_MAX);
    g->mask = mask_for(g->cap_node);
    g->args_mask = mask_for(g->cap_args);
    g->node = hr_expr_room(w, g->cap_node, sizeof *g->node);
    g->args = hr_expr_room(w, g->cap_args, sizeof *g->args);
    g->slot = hr_expr_room(w, (size_t)g->mask + 1, sizeof *g->slot);
    g->args_slot = hr_expr_room(w, (size_t)g->args_mask + 1, sizeof *g->args_slot);
    bool ok = g->node != NULL && g->args != NULL && g->slot != NULL && g->args_slot != NULL;
    return ok ? HR_OK : HR_ENOMEM;
}

bool hr_expr_graph_put(expr_graph *g, uint32_t *idx, const hr_expr_node *node)
{
    uint32_t at = hash_of(node, sizeof *node) & g->mask;
    for (; g->slot[at] != 0; at = (at + 1) & g->mask) {
        *idx = g->slot[at] - 1;
        if (memcmp(&g->node[*idx], node, sizeof *node) == 0) return true;
    }
    if (g->n_node == g->cap_node) return false;
    *idx = g->n_node;
    g->node[g->n_node++] = *node;
    g->slot[at] = g->n_node;
    return true;
}

bool hr_expr_graph_args(expr_graph *g, uint32_t *idx, const hr_op_args *a)
{
    uint32_t at = hash_of(a, sizeof *a) & g->args_mask;
    for (; g->args_slot[at] != 0; at = (at + 1) & g->args_mask) {
        *idx = g->args_slot[at] - 1;
        if (memcmp(&g->args[*idx], a, sizeof *a) == 0) return true;
    }
    if (g->n_args == g->cap_args) return false;
    *idx = g->n_args;
    g->args[g->n_args++] = *a;
    g->args_slot[at] = g->n_args;
    return true;
}

/* ---- what stays ---- */

typedef struct visit {
    uint32_t node, next_in;
} visit;

typedef struct keeper {
    const expr_work *w;
    const expr_graph *g;
    uint32_t *order; /* old indices, in their new order */
    uint32_t *place; /* 1 + new index; 0: not yet */
    visit *stack;
    uint32_t n;
} keeper;

/* Every node behind its inputs, in the order in which they are written. */
static void reach(keeper *k, uint32_t root)
{
    uint32_t n_stack = 0;
    if (k->place[root] != 0) return;
    k->stack[n_stack++] = (visit){root, 0};
    while (n_stack > 0) {
        visit *v = &k->stack[n_stack - 1];
        const hr_expr_node *node = &k->g->node[v->node];
        if (v->next_in < node->n_in) {
            uint32_t in = node->in[v->next_in++];
            if (k->place[in] == 0) k->stack[n_stack++] = (visit){in, 0};
            continue;
        }
        if (k->place[v->node] == 0) {
            k->order[k->n++] = v->node;
            k->place[v->node] = k->n;
        }
        n_stack--;
    }
}

static bool has_outputs(const hr_expr *x, const hr_expr_node *node)
{
    return node->kind == HR_EXPR_CALL && hr_expr_op(x->env, node->which)->n_out > 1;
}

static bool is_taken(const hr_expr_env *env, uint32_t number)
{
    char name[16];
    int n = snprintf(name, sizeof name, "_%u", number);
    for (uint32_t i = 0; i < env->n_column; i++)
        if (strlen(env->column[i].name) == (size_t)n && strcmp(env->column[i].name, name) == 0)
            return true;
    return false;
}

/* Which nodes print as a name of their own: what is used twice, and what is too high to stand in
 * one piece. A call of several outputs has no value to name: its inputs get the names. */
static void choose_shown(const hr_expr *x, hr_expr_node *node, uint32_t *uses, uint32_t *height)
{
    uint32_t n_shown = 0;
    memset(uses, 0, x->n_node * sizeof *uses);
    for (uint32_t i = 0; i < x->n_out; i++)
        uses[x->out[i].node]++;
    for (uint32_t i = x->n_node; i-- > 0;) {
        bool is_repeated = uses[i] > 1 && has_outputs(x, &node[i]);
        for (uint32_t k = 0; k < node[i].n_in; k++)
            uses[node[i].in[k]] += is_repeated ? 2 : 1;
    }
    for (uint32_t i = 0; i < x->n_node; i++) {
        height[i] = 0;
        if (node[i].n_in == 0 && node[i].kind != HR_EXPR_CALL) continue;
        for (uint32_t k = 0; k < node[i].n_in; k++)
            height[i] = HR_MAX(height[i], height[node[i].in[k]]);
        height[i]++;
        if (has_outputs(x, &node[i]) || (uses[i] < 2 && height[i] < HEIGHT_MAX)) continue;
        do
            n_shown++;
        while (is_taken(x->env, n_shown));
        node[i].shown = n_shown;
        height[i] = 0;
    }
}

static const char *copy_text(hr_arena *arena, const expr_work *w, expr_span s)
{
    char *p = hr_arena_alloc(arena, (size_t)s.n + 1, 1);
    if (p == NULL) return NULL;
    memcpy(p, w->text + s.at, s.n);
    p[s.n] = '\0';
    return p;
}

/* Nodes into their new places; instruments and arguments numbered as they come. */
static bool move_nodes(hr_expr *x, hr_arena *arena, const keeper *k, hr_expr_node *node,
                       hr_op_args *args)
{
    uint32_t scopes[HR_EXPR_SYMBOL_MAX + 1] = {0};
    uint32_t *args_place = hr_expr_room(k->w, k->g->n_args, sizeof *args_place);
    const char **symbol = hr_arena_alloc(arena, (k->w->n_symbol + 1u) * sizeof *symbol, 8);
    if (args_place == NULL || symbol == NULL) return false;
    for (uint32_t i = 0; i < k->n; i++) {
        hr_expr_node *to = &node[i];
        *to = k->g->node[k->order[i]];
        for (uint32_t j = 0; j < to->n_in; j++)
            to->in[j] = k->place[to->in[j]] - 1;
        if (to->scope != 0 && scopes[to->scope] == 0) {
            symbol[x->n_symbol] = copy_text(arena, k->w, k->w->symbol[to->scope - 1]);
            if (symbol[x->n_symbol] == NULL) return false;
            scopes[to->scope] = ++x->n_symbol;
        }
        to->scope = (uint16_t)scopes[to->scope];
        if (to->kind != HR_EXPR_CALL) continue;
        if (args_place[to->args] == 0) {
            args[x->n_args] = k->g->args[to->args];
            args_place[to->args] = ++x->n_args;
        }
        to->args = args_place[to->args] - 1;
    }
    x->symbol = symbol;
    return true;
}

hr_status hr_expr_graph_keep(hr_expr **out, hr_arena *arena, const expr_work *w,
                             const expr_graph *g, hr_expr_out *outs, uint32_t n_outs)
{
    keeper k = {.w = w, .g = g};
    k.order = hr_expr_room(w, g->n_node, sizeof *k.order);
    k.place = hr_expr_room(w, g->n_node, sizeof *k.place);
    k.stack = hr_expr_room(w, g->n_node, sizeof *k.stack);
    if (k.order == NULL || k.place == NULL || k.stack == NULL) return HR_ENOMEM;
    for (uint32_t i = 0; i < n_outs; i++)
        reach(&k, outs[i].node);
    hr_expr *x = hr_arena_alloc(arena, sizeof *x, 8);
    hr_expr_node *node = hr_arena_alloc(arena, HR_MAX(k.n, 1u) * sizeof *node, 8);
    hr_op_args *args = hr_arena_alloc(arena, HR_MAX(g->n_args, 1u) * sizeof *args, 8);
    hr_expr_out *kept = hr_arena_alloc(arena, HR_MAX(n_outs, 1u) * sizeof *kept, 8);
    if (x == NULL || node == NULL || args == NULL || kept == NULL) goto fail;
    *x = (hr_expr){.env = w->env, .node = node, .args = args, .out = kept};
    x->n_node = k.n;
    x->n_out = n_outs;
    if (!move_nodes(x, arena, &k, node, args)) goto fail;
    for (uint32_t i = 0, d = 0; i < n_outs; i++, d++) {
        while (w->def[d].is_hidden)
            d++;
        kept[i] = (hr_expr_out){copy_text(arena, w, w->def[d].name), k.place[outs[i].node] - 1};
        if (kept[i].name == NULL) goto fail;
    }
    choose_shown(x, node, k.order, k.place);
    *out = x;
    return HR_OK;
fail:
    return HR_FAIL(w->err, HR_ENOMEM, "no memory for an expression of %u nodes", k.n);
}
