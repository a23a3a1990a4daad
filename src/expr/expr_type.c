/* SPDX-License-Identifier: Apache-2.0 */
/* Terms to nodes: types, units, constants. Definitions are worked out where they are used first,
 * once for each instrument, on a stack of their own. */
#include "expr/expr_type.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DURATION_NS 8.64e15
#define CYCLE_BYTES 120

hr_status hr_expr_push(expr_typer *t, const hr_expr_node *node, size_t start)
{
    expr_val v = {.start = (uint32_t)start};
    if (!hr_expr_graph_put(&t->g, &v.node, node))
        return hr_expr_say(t->w, HR_ELIMIT, start, "more than %u different parts",
                           HR_EXPR_NODE_MAX);
    t->val[t->n_val++] = v;
    return HR_OK;
}

hr_status hr_expr_push_const(expr_typer *t, hr_expr_type type, double value, size_t start)
{
    hr_expr_node n = {.kind = HR_EXPR_CONST, .type = (uint8_t)type};
    n.unit.is_free = type == HR_EXPR_NUMBER;
    if (type == HR_EXPR_DURATION) {
        value = rint(value);
        if (isnan(value)) return hr_expr_say(t->w, HR_EUSAGE, start, "the duration has no value");
        if (!(fabs(value) <= MAX_DURATION_NS))
            return hr_expr_say(t->w, HR_EUSAGE, start, "a duration is at most 100d");
        n.unit.power[HR_EXPR_TIME] = 1;
    }
    n.value = isnan(value) ? (double)NAN : value;
    return hr_expr_push(t, &n, start);
}

const char *hr_expr_kind_text(char out[EXPR_KIND_BYTES], const hr_expr_node *n)
{
    char unit[64];
    if (n->type != HR_EXPR_NUMBER)
        snprintf(out, EXPR_KIND_BYTES, "%s",
                 n->type == HR_EXPR_CONDITION ? "a condition" : "a duration");
    else if (n->kind == HR_EXPR_CONST)
        snprintf(out, EXPR_KIND_BYTES, isnan(n->value) ? "null" : "the number %g", n->value);
    else
        snprintf(out, EXPR_KIND_BYTES, "a number (%s)",
                 hr_expr_unit_text(unit, sizeof unit, n->unit));
    return out;
}

/* ---- operators ---- */

/* What the inputs of a built-in operator are, and the node to be. */
typedef struct operation {
    hr_expr_node n;
    const hr_expr_node *in[3];
    uint32_t start[3];
    size_t at;        /* of the operator */
    const char *name; /* as it is written */
} operation;

static hr_status want_type(const expr_typer *t, const operation *o, uint32_t k, hr_expr_type type)
{
    char found[EXPR_KIND_BYTES];
    bool is_number = o->in[k]->type != HR_EXPR_CONDITION;
    if (is_number == (type == HR_EXPR_NUMBER)) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, o->start[k], "'%s' wants %s, found %s%s", o->name,
                       type == HR_EXPR_NUMBER ? "a number" : "a condition",
                       hr_expr_kind_text(found, o->in[k]),
                       type == HR_EXPR_NUMBER ? ": where(..., 1, 0) makes one of it"
                                              : ": compare it with something");
}

static hr_status agree(const expr_typer *t, const operation *o, uint32_t a, uint32_t b,
                       hr_expr_unit *unit)
{
    char left[64];
    char right[64];
    const hr_expr_node *x = o->in[a];
    const hr_expr_node *y = o->in[b];
    if (x->kind == HR_EXPR_CONST && y->kind == HR_EXPR_CONST && x->type != y->type &&
        !isnan(x->value) && !isnan(y->value) &&
        (x->type == HR_EXPR_DURATION || y->type == HR_EXPR_DURATION))
        return hr_expr_say(t->w, HR_EUSAGE, o->at,
                           "'%s' of a duration and a bare number: give the number a unit, as 5s",
                           o->name);
    if (hr_expr_unit_agree(unit, x->unit, y->unit)) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, o->at, "units differ: '%s' of %s and %s", o->name,
                       hr_expr_unit_text(left, sizeof left, x->unit),
                       hr_expr_unit_text(right, sizeof right, y->unit));
}

static hr_status want_ratio(const expr_typer *t, const operation *o, uint32_t k)
{
    char unit[64];
    if (hr_expr_unit_is_ratio(o->in[k]->unit)) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, o->start[k],
                       "'%s' wants a ratio, found %s: divide by something like it, or raw(...)",
                       o->name, hr_expr_unit_text(unit, sizeof unit, o->in[k]->unit));
}

static hr_status type_comparison(const expr_typer *t, operation *o)
{
    hr_expr_unit ignored;
    o->n.type = HR_EXPR_CONDITION;
    bool is_equality = o->n.kind == HR_EXPR_EQ || o->n.kind == HR_EXPR_NE;
    if (is_equality && o->in[0]->type == HR_EXPR_CONDITION)
        return want_type(t, o, 1, HR_EXPR_CONDITION);
    HR_TRY(want_type(t, o, 0, HR_EXPR_NUMBER));
    HR_TRY(want_type(t, o, 1, HR_EXPR_NUMBER));
    return agree(t, o, 0, 1, &ignored);
}

static hr_status type_power(const expr_typer *t, operation *o)
{
    char unit[64];
    const hr_expr_node *by = o->n.kind == HR_EXPR_SQRT ? NULL : o->in[1];
    double power = by == NULL ? 0.5 : by->value;
    if (by != NULL) HR_TRY(want_ratio(t, o, 1));
    if (by != NULL && (by->kind != HR_EXPR_CONST || isnan(power))) {
        o->n.unit = (hr_expr_unit){.is_open = o->in[0]->unit.is_open};
        return want_ratio(t, o, 0);
    }
    if (hr_expr_unit_power(&o->n.unit, o->in[0]->unit, power)) return HR_OK;
    return hr_expr_say(t->w, HR_EUSAGE, o->at,
                       "'%s' of %s gives no whole unit up to power %d: raw(...) drops it", o->name,
                       hr_expr_unit_text(unit, sizeof unit, o->in[0]->unit), HR_EXPR_POWER_MAX);
}

static hr_status type_number(const expr_typer *t, operation *o)
{
    for (uint32_t k = 0; k < o->n.n_in; k++)
        HR_TRY(want_type(t, o, k, HR_EXPR_NUMBER));
    o->n.unit = o->in[0]->unit;
    switch (o->n.kind) {
    case HR_EXPR_ADD:
    case HR_EXPR_SUB:
    case HR_EXPR_MOD:
        return agree(t, o, 0, 1, &o->n.unit);
    case HR_EXPR_MUL:
    case HR_EXPR_DIV:
        if (hr_expr_unit_times(&o->n.unit, o->in[0]->unit, o->in[1]->unit,
                               o->n.kind == HR_EXPR_MUL ? 1 : -1))
            return HR_OK;
        return hr_expr_say(t->w, HR_EUSAGE, o->at, "a unit has powers up to %d", HR_EXPR_POWER_MAX);
    case HR_EXPR_POW:
    case HR_EXPR_SQRT:
        return type_power(t, o);
    case HR_EXPR_EXP:
    case HR_EXPR_LOG:
        HR_TRY(want_ratio(t, o, 0));
        o->n.unit = (hr_expr_unit){.is_open = o->in[0]->unit.is_open};
        return HR_OK;
    case HR_EXPR_RAW:
        o->n.unit = (hr_expr_unit){0};
        return HR_OK;
    default:
        return HR_OK;
    }
}

static bool is_null_const(const hr_expr_node *n)
{
    return n->kind == HR_EXPR_CONST && n->type == HR_EXPR_NUMBER && isnan(n->value);
}

/* where(): the condition, and two values of one type. */
static hr_status type_where(expr_typer *t, operation *o)
{
    HR_TRY(want_type(t, o, 0, HR_EXPR_CONDITION));
    for (uint32_t k = 1; k < 3; k++) {
        if (o->in[3 - k]->type != HR_EXPR_CONDITION || !is_null_const(o->in[k])) continue;
        HR_TRY(hr_expr_push_const(t, HR_EXPR_CONDITION, (double)NAN, o->start[k]));
        o->n.in[k] = t->val[--t->n_val].node;
        o->in[k] = &t->g.node[o->n.in[k]];
    }
    o->n.type = o->in[1]->type == HR_EXPR_CONDITION ? HR_EXPR_CONDITION : HR_EXPR_NUMBER;
    HR_TRY(want_type(t, o, 2, (hr_expr_type)o->n.type));
    return agree(t, o, 1, 2, &o->n.unit);
}

static hr_status type_of(expr_typer *t, operation *o)
{
    hr_expr_kind kind = (hr_expr_kind)o->n.kind;
    if (kind >= HR_EXPR_LT && kind <= HR_EXPR_NE) return type_comparison(t, o);
    if (kind == HR_EXPR_WHERE) return type_where(t, o);
    o->n.type = HR_EXPR_CONDITION;
    if (kind == HR_EXPR_IS_NULL) return HR_OK;
    if (kind == HR_EXPR_OR || kind == HR_EXPR_AND || kind == HR_EXPR_NOT) {
        for (uint32_t k = 0; k < o->n.n_in; k++)
            HR_TRY(want_type(t, o, k, HR_EXPR_CONDITION));
        return HR_OK;
    }
    o->n.type = HR_EXPR_NUMBER;
    return type_number(t, o);
}

/* Durations stay durations where the result is one; what has another unit is left to be a node, as
 * a constant of its own has none. false: not a constant. */
static bool fold_durations(const operation *o, hr_expr_type *type, double v[3])
{
    hr_expr_kind kind = (hr_expr_kind)o->n.kind;
    bool is_time[3] = {false};
    for (uint32_t k = 0; k < o->n.n_in; k++)
        is_time[k] = o->in[k]->type == HR_EXPR_DURATION;
    *type = (hr_expr_type)o->n.type;
    if (kind == HR_EXPR_RAW) {
        v[0] /= is_time[0] ? 1e9 : 1;
        return true;
    }
    bool is_any = is_time[0] || is_time[1] || is_time[2];
    if (!is_any || *type == HR_EXPR_CONDITION) return true;
    bool is_alone = o->n.n_in == 1 && (kind == HR_EXPR_NEG || kind == HR_EXPR_ABS);
    bool is_sum = kind == HR_EXPR_ADD || kind == HR_EXPR_SUB || kind == HR_EXPR_MOD;
    bool is_pair = is_time[0] && is_time[1];
    if (kind == HR_EXPR_DIV && is_pair) return true;
    *type = HR_EXPR_DURATION;
    if (is_alone || (is_sum && is_pair)) return true;
    return (kind == HR_EXPR_MUL && !is_pair) || (kind == HR_EXPR_DIV && is_time[0]);
}

static hr_status finish(expr_typer *t, operation *o, bool *is_folded)
{
    double v[3] = {0};
    hr_expr_type type;
    bool is_const = true;
    for (uint32_t k = 0; k < o->n.n_in; k++) {
        is_const = is_const && o->in[k]->kind == HR_EXPR_CONST;
        v[k] = o->in[k]->value;
    }
    *is_folded = true;
    if (o->n.kind == HR_EXPR_WHERE && o->in[0]->kind == HR_EXPR_CONST) {
        if (isnan(v[0]))
            return hr_expr_push_const(t, (hr_expr_type)o->n.type, (double)NAN, o->start[0]);
        t->val[t->n_val++] = (expr_val){o->n.in[v[0] != 0 ? 1 : 2], o->start[0], {0, 0}};
        return HR_OK;
    }
    if (is_const && o->n.kind != HR_EXPR_WHERE && fold_durations(o, &type, v)) {
        double value = hr_expr_apply((hr_expr_kind)o->n.kind, v);
        return hr_expr_push_const(t, type, value, o->start[0]);
    }
    *is_folded = false;
    return hr_expr_push(t, &o->n, o->start[0]);
}

hr_status hr_expr_operate(expr_typer *t, hr_expr_kind kind, uint32_t n_in, expr_span name)
{
    char text[HR_EXPR_NAME_MAX + 1];
    bool is_folded;
    snprintf(text, sizeof text, "%.*s", (int)name.n, t->w->text + name.at);
    operation o = {.n = {.kind = (uint8_t)kind, .n_in = (uint8_t)n_in}, .at = name.at};
    o.name = text;
    o.n.scope = t->scope;
    t->n_val -= n_in;
    for (uint32_t k = 0; k < n_in; k++) {
        o.n.in[k] = t->val[t->n_val + k].node;
        o.in[k] = &t->g.node[o.n.in[k]];
        o.start[k] = t->val[t->n_val + k].start;
    }
    HR_TRY(type_of(t, &o));
    HR_TRY(finish(t, &o, &is_folded));
    bool is_written_first = name.at < o.start[0]; /* a sign or a function before its inputs */
    if (is_written_first) t->val[t->n_val - 1].start = name.at;
    return HR_OK;
}

/* ---- names ---- */

static hr_status column(expr_typer *t, const expr_term *e)
{
    const hr_expr_column *c = &t->w->env->column[e->which];
    hr_expr_node n = {.kind = HR_EXPR_COLUMN, .scope = t->scope, .which = (uint16_t)e->which};
    n.args = e->n == EXPR_NO_INDEX ? 0 : e->n;
    n.type = c->is_condition ? HR_EXPR_CONDITION : HR_EXPR_NUMBER;
    if (!c->is_condition) n.unit = c->unit;
    return hr_expr_push(t, &n, e->name.at);
}

static hr_status cycle(const expr_typer *t, const expr_term *e)
{
    char path[CYCLE_BYTES] = "";
    size_t k = 0;
    uint32_t i = 0;
    const expr_work *w = t->w;
    while (t->frame[i].def != e->which)
        i++;
    for (; i < t->n_frame && k < sizeof path; i++) {
        expr_span s = w->def[t->frame[i].def].name;
        k += (size_t)snprintf(path + k, sizeof path - k, "%.*s, ", (int)s.n, w->text + s.at);
    }
    const char *name = w->text + e->name.at;
    int n = (int)e->name.n;
    if (k >= sizeof path)
        return hr_expr_say(w, HR_EUSAGE, e->name.at, "'%.*s' is made of itself", n, name);
    return hr_expr_say(w, HR_EUSAGE, e->name.at, "'%.*s' is made of itself: %s%.*s", n, name, path,
                       n, name);
}

static uint32_t *memo_of(const expr_typer *t, uint32_t def, uint16_t scope)
{
    return &t->memo[(size_t)def * (t->w->n_symbol + 1) + scope];
}

static void enter(expr_typer *t, uint32_t def)
{
    expr_def *d = &t->w->def[def];
    d->is_open = true;
    d->is_touched = true;
    t->frame[t->n_frame++] = (expr_frame){def, d->first};
}

/* *is_known: the value is there; else its definition was entered. */
static hr_status own_name(expr_typer *t, const expr_term *e, bool *is_known)
{
    uint32_t node = *memo_of(t, e->which, t->scope);
    *is_known = node != 0;
    if (node != 0) {
        t->val[t->n_val++] = (expr_val){node - 1, e->name.at, {0, 0}};
        return HR_OK;
    }
    if (t->w->def[e->which].is_open) return cycle(t, e);
    enter(t, e->which);
    return HR_OK;
}

static hr_status end_of(expr_typer *t, const expr_term *e)
{
    uint16_t inner = t->scope;
    t->scope = t->outer[--t->n_outer];
    expr_val *v = &t->val[t->n_val - 1];
    const hr_expr_node *in = &t->g.node[v->node];
    v->start = e->name.at;
    if (in->kind == HR_EXPR_CONST || inner == t->scope) return HR_OK;
    hr_expr_node n = {.kind = HR_EXPR_OF, .type = in->type, .n_in = 1, .unit = in->unit};
    n.scope = t->scope;
    n.in[0] = v->node;
    t->n_val--;
    return hr_expr_push(t, &n, e->name.at);
}

static hr_status step(expr_typer *t, const expr_term *e, bool *is_done)
{
    const expr_work *w = t->w;
    *is_done = true;
    switch ((expr_term_kind)e->kind) {
    case TERM_NUMBER:
        return hr_expr_push_const(t, HR_EXPR_NUMBER, e->value, e->name.at);
    case TERM_DURATION:
        return hr_expr_push_const(t, HR_EXPR_DURATION, e->value, e->name.at);
    case TERM_CONDITION:
        return hr_expr_push_const(t, HR_EXPR_CONDITION, e->value, e->name.at);
    case TERM_NAME:
        return e->is_column ? column(t, e) : own_name(t, e, is_done);
    case TERM_PARAM: {
        const hr_expr_param *p = &w->env->param[e->which];
        double value = isfinite(p->value) ? p->value : (double)NAN;
        return hr_expr_push_const(t, p->is_time ? HR_EXPR_DURATION : HR_EXPR_NUMBER, value,
                                  e->name.at);
    }
    case TERM_OP:
        return hr_expr_operate(t, (hr_expr_kind)e->op,
                               e->op == HR_EXPR_NEG || e->op == HR_EXPR_NOT ? 1 : 2, e->name);
    case TERM_LABEL:
        t->val[t->n_val - 1].label = e->name;
        return HR_OK;
    case TERM_CALL:
        return hr_expr_call(t, e,
                            e + 1 < w->term + w->def[t->frame[t->n_frame - 1].def].end &&
                                e[1].kind == TERM_FIELD);
    case TERM_FIELD:
        return hr_expr_pick(t, e);
    case TERM_OF:
        t->outer[t->n_outer++] = t->scope;
        t->scope = (uint16_t)(e->n + 1);
        return HR_OK;
    case TERM_OF_END:
        return end_of(t, e);
    }
    return HR_OK;
}

/* The node of a definition under the rows' own instrument. */
static hr_status work_out(expr_typer *t, uint32_t def, uint32_t *node)
{
    if (*memo_of(t, def, 0) == 0) enter(t, def);
    while (t->n_frame > 0) {
        expr_frame *f = &t->frame[t->n_frame - 1];
        expr_def *d = &t->w->def[f->def];
        bool is_done;
        if (f->at == d->end) {
            *memo_of(t, f->def, t->scope) = t->val[--t->n_val].node + 1;
            d->is_open = false;
            t->n_frame--;
            continue;
        }
        HR_TRY(step(t, &t->w->term[f->at], &is_done));
        f->at += is_done;
    }
    *node = *memo_of(t, def, 0) - 1;
    return HR_OK;
}

static hr_status type_all(expr_typer *t, hr_expr_out *outs, uint32_t *n_outs)
{
    uint32_t ignored;
    for (uint32_t i = 0; i < t->w->n_def; i++)
        if (!t->w->def[i].is_hidden) HR_TRY(work_out(t, i, &outs[(*n_outs)++].node));
    for (uint32_t i = 0; i < t->w->n_def; i++)
        if (!t->w->def[i].is_touched) HR_TRY(work_out(t, i, &ignored));
    if (*n_outs == 0)
        return hr_expr_say(t->w, HR_EUSAGE, t->w->n,
                           "expected an output: every name here begins with '_'");
    return HR_OK;
}

static hr_status read_all(hr_expr **out, hr_arena *arena, expr_work *w)
{
    uint32_t n_outs = 0;
    expr_typer t = {.w = w};
    HR_TRY(hr_expr_lex(w));
    HR_TRY(hr_expr_terms(w));
    HR_TRY(hr_expr_resolve(w));
    HR_TRY(hr_expr_graph_init(&t.g, w));
    hr_expr_out *outs = hr_expr_room(w, w->n_def, sizeof *outs);
    t.val = hr_expr_room(w, (size_t)w->n_term + 2, sizeof *t.val);
    t.frame = hr_expr_room(w, w->n_def, sizeof *t.frame);
    t.outer = hr_expr_room(w, w->n_of, sizeof *t.outer);
    t.memo = hr_expr_room(w, (size_t)w->n_def * (w->n_symbol + 1), sizeof *t.memo);
    if (outs == NULL || t.val == NULL || t.frame == NULL || t.outer == NULL || t.memo == NULL)
        return HR_ENOMEM;
    HR_TRY(type_all(&t, outs, &n_outs));
    return hr_expr_graph_keep(out, arena, w, &t.g, outs, n_outs);
}

hr_status hr_expr_parse(hr_expr **out, hr_arena *arena, hr_arena *scratch, const hr_expr_env *env,
                        const char *text, size_t n, hr_err *err)
{
    hr_expr *x = NULL;
    if (n > HR_EXPR_TEXT_MAX)
        return HR_FAIL(err, HR_ELIMIT, "an expression has at most %u bytes, found %zu",
                       HR_EXPR_TEXT_MAX, n);
    expr_work w = {.text = text, .n = (uint32_t)n, .env = env, .scratch = scratch, .err = err};
    size_t mark = hr_arena_mark(scratch);
    hr_status st = read_all(&x, arena, &w);
    hr_arena_rewind(scratch, mark);
    if (st == HR_OK) *out = x;
    return st;
}
