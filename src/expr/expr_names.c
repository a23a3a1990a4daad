/* SPDX-License-Identifier: Apache-2.0 */
/* What the names in an expression mean, and what an unknown one may have meant. */
#include "expr/expr_parts.h"

#include <stdio.h>
#include <string.h>

#include "text/nearest.h"

#define NEAR_BYTES 96

const expr_builtin hr_expr_builtins[EXPR_BUILTINS] = {
    {"abs", HR_EXPR_ABS, 1},     {"exp", HR_EXPR_EXP, 1}, {"is_null", HR_EXPR_IS_NULL, 1},
    {"log", HR_EXPR_LOG, 1},     {"raw", HR_EXPR_RAW, 1}, {"sqrt", HR_EXPR_SQRT, 1},
    {"where", HR_EXPR_WHERE, 3}, {"of", HR_EXPR_OF, 2},
};

const hr_op *hr_expr_op(const hr_expr_env *env, uint32_t which)
{
    for (uint32_t i = 0; i < env->n_ops; which -= env->ops[i++].n)
        if (which < env->ops[i].n) return &env->ops[i].op[which];
    return NULL;
}

static uint32_t hash_of(const expr_work *w, expr_span s)
{
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)w->text[s.at + i]) * 16777619u;
    return (h ^ h >> 15) & w->def_mask;
}

/* The slot of a definition's name, or the free one where it belongs. */
static uint32_t *slot_of(const expr_work *w, expr_span s)
{
    uint32_t at = hash_of(w, s);
    for (; w->def_slot[at] != 0; at = (at + 1) & w->def_mask) {
        expr_span d = w->def[w->def_slot[at] - 1].name;
        if (d.n == s.n && memcmp(w->text + d.at, w->text + s.at, s.n) == 0) break;
    }
    return &w->def_slot[at];
}

static bool find_column(const expr_work *w, expr_span s, uint32_t *which)
{
    for (uint32_t i = 0; i < w->env->n_column; i++) {
        *which = i;
        if (hr_expr_span_is(w, s, w->env->column[i].name)) return true;
    }
    return false;
}

static bool find_function(const expr_work *w, expr_span s, uint32_t *which, bool *is_own)
{
    *is_own = false;
    for (uint32_t i = 0; i < EXPR_BUILTINS; i++) {
        *which = i;
        if (hr_expr_span_is(w, s, hr_expr_builtins[i].name)) return true;
    }
    *is_own = true;
    const hr_op *op;
    for (uint32_t i = 0; (op = hr_expr_op(w->env, i)) != NULL; i++) {
        *which = i;
        if (hr_expr_span_is(w, s, op->name)) return true;
    }
    return false;
}

hr_status hr_expr_define(expr_work *w, const expr_tok *name)
{
    expr_def *d = &w->def[w->n_def];
    uint32_t which;
    *d = (expr_def){0};
    if (name == NULL) {
        w->n_def++;
        return HR_OK;
    }
    d->name = (expr_span){name->at, name->n};
    d->is_hidden = w->text[name->at] == '_';
    const char *s = w->text + name->at;
    if (memchr(s, '.', name->n) != NULL)
        return hr_expr_say(w, HR_EUSAGE, name->at, "'%.*s': a name defined here has no dots",
                           (int)name->n, s);
    if (find_column(w, d->name, &which))
        return hr_expr_say(w, HR_EUSAGE, name->at, "'%.*s' is a column already", (int)name->n, s);
    uint32_t *slot = slot_of(w, d->name);
    if (*slot != 0)
        return hr_expr_say(w, HR_EUSAGE, name->at, "'%.*s' is defined already", (int)name->n, s);
    *slot = ++w->n_def;
    return HR_OK;
}

/* ---- what may have been meant ---- */

static void offer_functions(hr_nearest *near, const hr_expr_env *env)
{
    const hr_op *op;
    for (uint32_t i = 0; i < EXPR_BUILTINS; i++)
        hr_nearest_offer(near, hr_expr_builtins[i].name);
    for (uint32_t i = 0; (op = hr_expr_op(env, i)) != NULL; i++)
        hr_nearest_offer(near, op->name);
}

static void offer_values(hr_nearest *near, const expr_work *w, char keep[HR_EXPR_NAME_MAX + 1])
{
    char own[HR_EXPR_NAME_MAX + 1];
    for (uint32_t i = 0; i < w->env->n_column; i++)
        hr_nearest_offer(near, w->env->column[i].name);
    for (uint32_t i = 0; i < w->n_def; i++) {
        snprintf(own, sizeof own, "%.*s", (int)w->def[i].name.n, w->text + w->def[i].name.at);
        hr_nearest_offer(near, own);
        if (near->best != own) continue;
        memcpy(keep, own, sizeof own);
        near->best = keep;
    }
}

static hr_status unknown(const expr_work *w, const expr_term *t)
{
    static const char *const wanted[] = {[TERM_NAME] = "a column or a name",
                                         [TERM_PARAM] = "a parameter",
                                         [TERM_CALL] = "a function"};
    char name[HR_EXPR_NAME_MAX + 2];
    char keep[HR_EXPR_NAME_MAX + 1];
    char text[NEAR_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)t->name.n, w->text + t->name.at);
    hr_nearest near = hr_nearest_start(name + (t->kind == TERM_PARAM));
    if (t->kind == TERM_PARAM) {
        for (uint32_t i = 0; i < w->env->n_param; i++)
            hr_nearest_offer(&near, w->env->param[i].name);
    } else if (t->kind == TERM_CALL) {
        offer_functions(&near, w->env);
        offer_values(&near, w, keep);
    } else {
        offer_values(&near, w, keep);
        offer_functions(&near, w->env);
    }
    if (near.best != NULL && t->kind == TERM_PARAM)
        snprintf(text, sizeof text, ", did you mean '$%s'?", near.best);
    else
        hr_nearest_text(&near, text, sizeof text);
    return hr_expr_say(w, HR_EUSAGE, t->name.at, "expected %s, found '%s'%s", wanted[t->kind], name,
                       text);
}

/* ---- the pass ---- */

static hr_status resolve_index(const expr_work *w, const expr_term *t)
{
    int n = (int)t->name.n;
    const char *name = w->text + t->name.at;
    uint32_t n_idx = t->is_column ? w->env->column[t->which].n_idx : 0;
    if (t->n == EXPR_NO_INDEX && n_idx > 0)
        return hr_expr_say(w, HR_EUSAGE, t->name.at + t->name.n,
                           "expected an index, '%.*s[0]' to '%.*s[%u]'", n, name, n, name,
                           n_idx - 1);
    if (t->n != EXPR_NO_INDEX && n_idx == 0)
        return hr_expr_say(w, HR_EUSAGE, t->name.at + t->name.n, "'%.*s' takes no index", n, name);
    if (t->n != EXPR_NO_INDEX && t->n >= n_idx)
        return hr_expr_say(w, HR_EUSAGE, t->name.at + t->name.n + 1,
                           "expected an index from 0 to %u, found %u", n_idx - 1, t->n);
    return HR_OK;
}

static hr_status resolve_name(const expr_work *w, expr_term *t)
{
    uint32_t ignored;
    bool is_own;
    t->is_column = find_column(w, t->name, &t->which);
    uint32_t def = t->is_column ? 0 : *slot_of(w, t->name);
    if (def != 0) t->which = def - 1;
    if (t->is_column || def != 0) return resolve_index(w, t);
    if (find_function(w, t->name, &ignored, &is_own))
        return hr_expr_say(w, HR_EUSAGE, t->name.at, "'%.*s' is a function: expected '(' behind it",
                           (int)t->name.n, w->text + t->name.at);
    return unknown(w, t);
}

static hr_status resolve_call(const expr_work *w, expr_term *t)
{
    uint32_t ignored;
    const char *what = NULL;
    if (find_function(w, t->name, &t->which, &t->is_own)) return HR_OK;
    if (find_column(w, t->name, &ignored))
        what = "a column";
    else if (*slot_of(w, t->name) != 0)
        what = "a name defined here";
    if (what == NULL) return unknown(w, t);
    return hr_expr_say(w, HR_EUSAGE, t->name.at, "expected a function, found '%.*s', which is %s",
                       (int)t->name.n, w->text + t->name.at, what);
}

static hr_status resolve_param(const expr_work *w, expr_term *t)
{
    expr_span name = {t->name.at + 1, t->name.n - 1};
    for (t->which = 0; t->which < w->env->n_param; t->which++)
        if (hr_expr_span_is(w, name, w->env->param[t->which].name)) return HR_OK;
    return unknown(w, t);
}

hr_status hr_expr_resolve(expr_work *w)
{
    for (uint32_t i = 0; i < w->n_term; i++) {
        expr_term *t = &w->term[i];
        if (t->kind == TERM_NAME) HR_TRY(resolve_name(w, t));
        if (t->kind == TERM_CALL) HR_TRY(resolve_call(w, t));
        if (t->kind == TERM_PARAM) HR_TRY(resolve_param(w, t));
    }
    return HR_OK;
}
