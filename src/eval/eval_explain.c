/* SPDX-License-Identifier: Apache-2.0 */
/* A program as somebody reads it. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eval/eval_parts.h"

typedef struct text {
    char *out;
    size_t cap, n;
} text;

static void put(text *t, const char *fmt, ...) HR_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    size_t at = HR_MIN(t->n, t->cap);
    int k = vsnprintf(t->cap > at ? t->out + at : NULL, t->cap - at, fmt, ap);
    va_end(ap);
    t->n += k > 0 ? (size_t)k : 0;
}

/* What stands in a place when a step reads it: an input, or what the newest step before gave. */
static void put_place(text *t, const hr_eval *e, const hr_eval_part *p, uint32_t place,
                      uint32_t before)
{
    for (uint32_t i = before; i-- > 0;) {
        const hr_eval_step *s = &p->step[i];
        for (uint32_t k = 0; k < s->n_out; k++) {
            if (p->val[s->at + s->n_in + k] != place) continue;
            if (s->kind == EVAL_FILL)
                put(t, "%.15g", s->k);
            else
                put(t, "#%u%s%s", i + 1, s->n_out - s->leads > 1 ? "." : "",
                    s->n_out - s->leads > 1 ? s->op->out[k] : "");
            return;
        }
    }
    if (place >= p->n_in) return;
    const hr_eval_in *in = &p->in[place];
    if (in->is_of) {
        put(t, "of(\"%s\", %u)", e->part[in->which].symbol, in->idx + 1);
        return;
    }
    const hr_expr_column *c = &e->x->env->column[in->which];
    put(t, "%s", c->name);
    if (c->n_idx > 0) put(t, "[%u]", in->idx);
}

static void put_call(text *t, const hr_eval *e, const hr_eval_part *p, uint32_t step)
{
    const hr_eval_step *s = &p->step[step];
    const hr_op *op = hr_eval_op(e->x, s->node);
    const uint32_t n_in =
        s->n_in - (s->ahead != EVAL_NONE ? 1u : 0u); /* less what the one ahead says */
    put(t, "%s(", op->name);
    for (uint32_t k = 0; k < n_in; k++) {
        if (k > 0) put(t, ", ");
        put_place(t, e, p, p->val[s->at + k], step);
    }
    for (uint32_t k = 0; k < op->n_arg; k++) {
        if (k + n_in > 0) put(t, ", ");
        if (s->args->is_time[k])
            put(t, "%gs", s->args->v[k] / 1e9);
        else
            put(t, "%g", s->args->v[k]);
    }
    put(t, ")");
    if (s->ahead != EVAL_NONE) put(t, ", rows of #%u", s->ahead + 1);
}

static const char *sign_of(unsigned kind)
{
    static const char *const sign[] = {
        [HR_EXPR_OR] = "or", [HR_EXPR_AND] = "and", [HR_EXPR_LT] = "<",  [HR_EXPR_LE] = "<=",
        [HR_EXPR_GT] = ">",  [HR_EXPR_GE] = ">=",   [HR_EXPR_EQ] = "==", [HR_EXPR_NE] = "!=",
        [HR_EXPR_ADD] = "+", [HR_EXPR_SUB] = "-",   [HR_EXPR_MUL] = "*", [HR_EXPR_DIV] = "/",
        [HR_EXPR_MOD] = "%", [HR_EXPR_POW] = "^",
    };
    return kind < HR_ARRAY_LEN(sign) && sign[kind] != NULL ? sign[kind] : "";
}

static const char *name_of(unsigned kind)
{
    static const char *const name[] = {
        [HR_EXPR_NOT] = "not",   [HR_EXPR_NEG] = "-",           [HR_EXPR_ABS] = "abs",
        [HR_EXPR_EXP] = "exp",   [HR_EXPR_IS_NULL] = "is_null", [HR_EXPR_LOG] = "log",
        [HR_EXPR_SQRT] = "sqrt", [HR_EXPR_WHERE] = "where",     [EVAL_COPY] = "",
    };
    return kind < HR_ARRAY_LEN(name) && name[kind] != NULL ? name[kind] : "";
}

static void put_pair(text *t, const hr_eval *e, const hr_eval_part *p, uint32_t step)
{
    const hr_eval_step *s = &p->step[step];
    for (uint32_t k = 0; k < 2; k++) {
        bool is_const = (k == 0 && s->form == EVAL_KV) || (k == 1 && s->form == EVAL_VK);
        if (k == 1) put(t, " %s ", sign_of(s->kind));
        if (is_const)
            put(t, "%.15g", s->k);
        else
            put_place(t, e, p, p->val[s->at + k], step);
    }
}

size_t hr_eval_step_text(char *out, size_t cap, const hr_eval *e, const hr_eval_part *p,
                         uint32_t step)
{
    text t = {.out = out, .cap = cap};
    const hr_eval_step *s = &p->step[step];
    if (cap > 0) out[0] = '\0';
    if (s->kind == HR_EXPR_CALL) {
        put_call(&t, e, p, step);
    } else if (s->kind == EVAL_FILL) {
        put(&t, "%.15g", s->k);
    } else if (s->n_in == 2) {
        put_pair(&t, e, p, step);
    } else {
        put(&t, s->kind == EVAL_COPY ? "%s" : "%s(", name_of(s->kind));
        for (uint32_t k = 0; k < s->n_in; k++) {
            if (k > 0) put(&t, ", ");
            put_place(&t, e, p, p->val[s->at + k], step);
        }
        if (s->kind != EVAL_COPY) put(&t, ")");
    }
    return t.n;
}

hr_eval_step_facts hr_eval_step_get(const hr_eval *e, const hr_eval_part *p, uint32_t step)
{
    const hr_eval_step *s = &p->step[step];
    hr_eval_step_facts f = {.out = UINT32_MAX};
    (void)e;
    if (s->op != NULL && s->op->bytes != NULL) f.state_bytes = s->op->bytes(s->args);
    if (s->op != NULL && s->op->warm_up != NULL) f.warm_up = s->op->warm_up(s->args);
    for (uint32_t k = 0; k < s->n_out; k++) {
        uint32_t place = p->val[s->at + s->n_in + k];
        if (place >= p->n_in && place < p->n_in + p->n_out) f.out = place - p->n_in;
    }
    return f;
}
