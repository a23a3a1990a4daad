/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of functions: which argument is which, and whether it is one that the function takes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expr/expr_type.h"
#include "text/nearest.h"

#define SLOTS_MAX (HR_OP_IN_MAX + HR_OP_ARG_MAX)
#define LIST_BYTES 160
#define NEAR_BYTES 96
#define DURATION_LEAST 1e3    /* 1 us */
#define DURATION_MOST 8.64e15 /* 100 days */

typedef struct call {
    const hr_op *op;
    const expr_term *e;
    const expr_val *val[SLOTS_MAX]; /* inputs, then arguments; NULL: not given */
} call;

static const char *slot_name(const hr_op *op, uint32_t k)
{
    return k < op->n_in ? op->in[k] : op->arg[k - op->n_in].name;
}

/* The slot of the first value by place: inputs that are columns by default come by name alone. */
static uint32_t first_slot(const hr_op *op)
{
    return hr_expr_names_inputs(op) ? op->n_in : 0;
}

/* "ema(x, span)", "ofi_ewm(span, bid: bid_px[0])", as far as it fits. */
static const char *signature(char out[LIST_BYTES], const hr_op *op)
{
    uint32_t n = (uint32_t)op->n_in + op->n_arg;
    uint32_t first = first_slot(op);
    size_t k = (size_t)snprintf(out, LIST_BYTES, "%s(", op->name);
    for (uint32_t i = 0; i < n && k < LIST_BYTES; i++) {
        uint32_t slot = first + i < n ? first + i : first + i - n;
        bool is_column = first > 0 && slot < first;
        k += (size_t)snprintf(out + k, LIST_BYTES - k, "%s%s%s%s", i > 0 ? ", " : "",
                              slot_name(op, slot), is_column ? ": " : "",
                              is_column ? op->column[slot] : "");
    }
    if (k < LIST_BYTES) snprintf(out + k, LIST_BYTES - k, ")");
    return out;
}

static hr_status label_slot(const expr_typer *t, const call *c, expr_span label, uint32_t *slot)
{
    char name[HR_EXPR_NAME_MAX + 1];
    char near_text[NEAR_BYTES];
    char list[LIST_BYTES];
    uint32_t n = (uint32_t)c->op->n_in + c->op->n_arg;
    for (*slot = 0; *slot < n; ++*slot)
        if (hr_expr_span_is(t->w, label, slot_name(c->op, *slot))) return HR_OK;
    snprintf(name, sizeof name, "%.*s", (int)label.n, t->w->text + label.at);
    hr_nearest near = hr_nearest_start(name);
    for (uint32_t i = 0; i < n; i++)
        hr_nearest_offer(&near, slot_name(c->op, i));
    return hr_expr_say(t->w, HR_EUSAGE, label.at, "expected an argument of %s, found '%s'%s",
                       signature(list, c->op), name,
                       hr_nearest_text(&near, near_text, sizeof near_text));
}

/* Values by place, then by name, into their slots. */
static hr_status bind(const expr_typer *t, call *c, const expr_val *val, uint32_t n)
{
    char list[LIST_BYTES];
    uint32_t n_slots = (uint32_t)c->op->n_in + c->op->n_arg;
    uint32_t first = first_slot(c->op);
    bool is_by_name = false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = first + i;
        is_by_name |= val[i].label.n > 0;
        if (is_by_name && val[i].label.n == 0)
            return hr_expr_say(t->w, HR_EUSAGE, val[i].start,
                               "expected an argument by name: one before it has its name");
        if (is_by_name) HR_TRY(label_slot(t, c, val[i].label, &slot));
        if (slot >= n_slots || (!is_by_name && slot < first))
            return hr_expr_say(t->w, HR_EUSAGE, val[i].start, "%s takes %u argument%s%s, found %u",
                               signature(list, c->op), n_slots - first,
                               n_slots - first == 1 ? "" : "s", first > 0 ? " by place" : "", n);
        if (c->val[slot] != NULL)
            return hr_expr_say(t->w, HR_EUSAGE, val[i].label.at, "'%s' is given twice",
                               slot_name(c->op, slot));
        c->val[slot] = &val[i];
    }
    for (uint32_t i = first; i < n_slots; i++) {
        bool is_needed = i < c->op->n_in || isnan(c->op->arg[i - c->op->n_in].by_default);
        if (is_needed && c->val[i] == NULL)
            return hr_expr_say(t->w, HR_EUSAGE, c->e->name.at, "%s: '%s' is missing",
                               signature(list, c->op), slot_name(c->op, i));
    }
    return HR_OK;
}

static hr_status check_number(const expr_typer *t, const hr_op_arg *a, double v, size_t at)
{
    const char *what = a->kind == HR_OP_REAL     ? "a number"
                       : a->kind == HR_OP_WINDOW ? "a whole number of rows"
                                                 : "a whole number";
    bool is_whole = a->kind == HR_OP_REAL || v == rint(v);
    if (is_whole && v >= a->least && v <= a->most) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, at, "'%s' is %s from %.15g to %.15g, found %.15g", a->name,
                       what, a->least, a->most, v);
}

/* One argument, a constant of its kind. */
static hr_status take(const expr_typer *t, const hr_op_arg *a, const expr_val *val, double *v,
                      bool *is_time)
{
    static const char *const wanted[] = {
        [HR_OP_INT] = "a constant whole number",
        [HR_OP_REAL] = "a constant number",
        [HR_OP_TIME] = "a duration, as 10s",
        [HR_OP_WINDOW] = "a number of rows or a duration, as 20 or 10s",
    };
    char found[EXPR_KIND_BYTES];
    const hr_expr_node *n = &t->g.node[val->node];
    *is_time = n->type == HR_EXPR_DURATION;
    *v = n->value;
    bool is_fit = n->kind == HR_EXPR_CONST && n->type != HR_EXPR_CONDITION && !isnan(n->value);
    is_fit = is_fit && (*is_time ? a->kind >= HR_OP_TIME : a->kind != HR_OP_TIME);
    if (!is_fit)
        return hr_expr_say(t->w, HR_EUSAGE, val->start, "'%s' wants %s, found %s", a->name,
                           wanted[a->kind], hr_expr_kind_text(found, n));
    if (!*is_time) return check_number(t, a, *v, val->start);
    bool is_from_0 = a->kind == HR_OP_TIME && a->least == 0;
    if (*v >= (is_from_0 ? 0 : DURATION_LEAST) && *v <= DURATION_MOST) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, val->start, "'%s' is a duration from %s to 100d", a->name,
                       is_from_0 ? "0s" : "1us");
}

/* The node of a column as an operator names it: "mid", "bid_px[0]". */
static hr_status put_column(expr_typer *t, const call *c, const char *name, uint32_t *node)
{
    size_t len = strcspn(name, "[");
    uint32_t idx = 0;
    for (const char *p = name + len; *p != '\0'; p++)
        if (*p >= '0' && *p <= '9') idx = idx * 10 + (uint32_t)(*p - '0');
    for (uint32_t i = 0; i < t->w->env->n_column; i++) {
        const hr_expr_column *col = &t->w->env->column[i];
        if (strlen(col->name) != len || memcmp(col->name, name, len) != 0) continue;
        if (idx >= HR_MAX(col->n_idx, 1u)) break;
        hr_expr_node n = {.kind = HR_EXPR_COLUMN, .scope = t->scope, .which = (uint16_t)i};
        n.args = idx;
        n.type = col->is_condition ? HR_EXPR_CONDITION : HR_EXPR_NUMBER;
        if (!col->is_condition) n.unit = col->unit;
        if (hr_expr_graph_put(&t->g, node, &n)) return HR_OK;
        return hr_expr_say(t->w, HR_ELIMIT, c->e->name.at, "more than %u different parts",
                           HR_EXPR_NODE_MAX);
    }
    return hr_expr_say(t->w, HR_EUSAGE, c->e->name.at,
                       "'%s' reads the column '%s', which is not in this input", c->op->name, name);
}

/* An operator on the book reads its levels beside its inputs: are there as many? */
static hr_status check_levels(expr_typer *t, const call *c, uint32_t args)
{
    static const char *const name[] = {"bid_px", "bid_qty", "ask_px", "ask_qty"};
    char text[HR_EXPR_NAME_MAX + 1];
    uint32_t node;
    if (c->op->levels == NULL) return HR_OK;
    uint32_t n = HR_MIN(c->op->levels(&t->g.args[args]), HR_OP_LEVEL_MAX);
    for (uint32_t i = 0; i < HR_ARRAY_LEN(name) && n > 0; i++) {
        snprintf(text, sizeof text, "%s[%u]", name[i], n - 1);
        HR_TRY(put_column(t, c, text, &node)); /* it stays no part of the graph */
    }
    return HR_OK;
}

static hr_status take_args(expr_typer *t, const call *c, uint32_t *idx)
{
    const hr_op *op = c->op;
    hr_op_args a;
    memset(&a, 0, sizeof a); /* compared as bytes */
    a.max_rows = HR_MAX(t->w->env->max_rows, 1u);
    for (uint32_t i = 0; i < op->n_arg; i++) {
        const expr_val *val = c->val[op->n_in + i];
        a.v[i] = op->arg[i].by_default;
        a.is_time[i] = op->arg[i].kind == HR_OP_TIME;
        if (val != NULL) HR_TRY(take(t, &op->arg[i], val, &a.v[i], &a.is_time[i]));
    }
    if (op->bytes != NULL && op->bytes(&a) == SIZE_MAX)
        return hr_expr_say(t->w, HR_EUSAGE, c->e->name.at,
                           "'%s': these arguments do not go together", op->name);
    if (!hr_expr_graph_args(&t->g, idx, &a))
        return hr_expr_say(t->w, HR_ELIMIT, c->e->name.at, "more than %u different parts",
                           HR_EXPR_NODE_MAX);
    return HR_OK;
}

/* What an input is counted in: its unit, or that of the seconds of a duration. */
static hr_status take_inputs(expr_typer *t, const call *c, hr_expr_node *n,
                             hr_expr_unit unit[HR_OP_IN_MAX])
{
    char found[EXPR_KIND_BYTES];
    for (uint32_t i = 0; i < c->op->n_in; i++) {
        if (c->val[i] == NULL) {
            HR_TRY(put_column(t, c, c->op->column[i], &n->in[i]));
            unit[i] = t->g.node[n->in[i]].unit;
            continue;
        }
        const hr_expr_node *in = &t->g.node[c->val[i]->node];
        n->in[i] = c->val[i]->node;
        unit[i] = in->unit;
        if (in->type == HR_EXPR_CONDITION)
            return hr_expr_say(t->w, HR_EUSAGE, c->val[i]->start,
                               "'%s' wants a number, found %s: where(..., 1, 0) makes one of it",
                               c->op->name, hr_expr_kind_text(found, in));
    }
    return HR_OK;
}

static hr_status unit_of(const expr_typer *t, const call *c, uint32_t pick,
                         const hr_expr_unit *unit, hr_expr_unit *out)
{
    char first[64];
    char other[64];
    if (hr_expr_unit_rule(out, c->op->unit[pick], unit, c->op->n_in)) return HR_OK;
    for (uint32_t i = 1; i < c->op->n_in; i++) {
        if (c->op->unit[pick] != HR_OP_SAME || hr_expr_unit_agree(out, unit[0], unit[i])) continue;
        return hr_expr_say(t->w, HR_EUSAGE, c->val[i] != NULL ? c->val[i]->start : c->e->name.at,
                           "units differ: '%s' of %s and %s", c->op->name,
                           hr_expr_unit_text(first, sizeof first, unit[0]),
                           hr_expr_unit_text(other, sizeof other, unit[i]));
    }
    return hr_expr_say(t->w, HR_EUSAGE, c->e->name.at, "a unit has powers up to %d",
                       HR_EXPR_POWER_MAX);
}

/* "upper, middle, lower" as far as it fits. */
static const char *outputs(char out[LIST_BYTES], const hr_op *op)
{
    size_t k = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < op->n_out && k < LIST_BYTES; i++)
        k += (size_t)snprintf(out + k, LIST_BYTES - k, "%s%s", i > 0 ? ", " : "", op->out[i]);
    return out;
}

static hr_status call_own(expr_typer *t, const expr_term *e, bool has_pick)
{
    char list[LIST_BYTES];
    hr_expr_unit unit[HR_OP_IN_MAX] = {0};
    call c = {.op = hr_expr_op(t->w->env, e->which), .e = e};
    HR_TRY(bind(t, &c, &t->val[t->n_val - e->n], e->n));
    hr_expr_node n = {.kind = HR_EXPR_CALL, .n_in = c.op->n_in, .scope = t->scope};
    n.which = (uint16_t)e->which;
    HR_TRY(take_args(t, &c, &n.args));
    HR_TRY(check_levels(t, &c, n.args));
    HR_TRY(take_inputs(t, &c, &n, unit));
    for (uint32_t i = c.op->n_out; i-- > 0;)
        HR_TRY(unit_of(t, &c, i, unit, &n.unit));
    if (c.op->n_out > 1 && !has_pick)
        return hr_expr_say(t->w, HR_EUSAGE, e->name.at, "'%s' gives %s: pick one, as %s(...).%s",
                           c.op->name, outputs(list, c.op), c.op->name, c.op->out[0]);
    if (c.op->n_out == 1 && has_pick)
        return hr_expr_say(t->w, HR_EUSAGE, e[1].name.at, "'%s' has one output: nothing to pick",
                           c.op->name);
    t->n_val -= e->n;
    return hr_expr_push(t, &n, e->name.at);
}

hr_status hr_expr_call(expr_typer *t, const expr_term *e, bool has_pick)
{
    if (e->is_own) return call_own(t, e, has_pick);
    const expr_builtin *b = &hr_expr_builtins[e->which];
    const expr_val *val = &t->val[t->n_val - e->n];
    for (uint32_t i = 0; i < e->n; i++)
        if (val[i].label.n > 0)
            return hr_expr_say(t->w, HR_EUSAGE, val[i].label.at,
                               "'%s' takes its arguments without names", b->name);
    if (e->n != b->n_in)
        return hr_expr_say(t->w, HR_EUSAGE, e->n > b->n_in ? val[b->n_in].start : e->name.at,
                           "'%s' takes %u argument%s, found %u", b->name, b->n_in,
                           b->n_in == 1 ? "" : "s", e->n);
    if (has_pick)
        return hr_expr_say(t->w, HR_EUSAGE, e[1].name.at, "'%s' has one output: nothing to pick",
                           b->name);
    return hr_expr_operate(t, b->kind, b->n_in, e->name);
}

hr_status hr_expr_pick(expr_typer *t, const expr_term *e)
{
    char name[HR_EXPR_NAME_MAX + 1];
    char near_text[NEAR_BYTES];
    char list[LIST_BYTES];
    hr_expr_unit unit[HR_OP_IN_MAX] = {0};
    const expr_val v = t->val[t->n_val - 1];
    const hr_expr_node *from = &t->g.node[v.node];
    const hr_op *op = hr_expr_op(t->w->env, from->which);
    snprintf(name, sizeof name, "%.*s", (int)e->name.n, t->w->text + e->name.at);
    hr_nearest near = hr_nearest_start(name);
    uint32_t pick = 0;
    for (; pick < op->n_out && strcmp(op->out[pick], name) != 0; pick++)
        hr_nearest_offer(&near, op->out[pick]);
    if (pick == op->n_out)
        return hr_expr_say(t->w, HR_EUSAGE, e->name.at, "expected one of %s, found '%s'%s",
                           outputs(list, op), name,
                           hr_nearest_text(&near, near_text, sizeof near_text));
    hr_expr_node n = {.kind = HR_EXPR_PICK, .n_in = 1, .pick = (uint8_t)pick, .scope = t->scope};
    n.in[0] = v.node;
    for (uint32_t i = 0; i < op->n_in; i++)
        unit[i] = t->g.node[from->in[i]].unit;
    if (!hr_expr_unit_rule(&n.unit, op->unit[pick], unit, op->n_in))
        return hr_expr_say(t->w, HR_EUSAGE, v.start, "the unit of '%s' is not known", name);
    t->n_val--;
    return hr_expr_push(t, &n, v.start);
}
