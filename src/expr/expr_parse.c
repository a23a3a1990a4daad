/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens to terms in postfix order, by operator precedence with a stack of its own. */
#include "expr/expr_parts.h"

#include <string.h>

typedef enum entry_kind {
    IN_PAREN,
    IN_CALL,
    IN_OF,
    IN_PREFIX,
    IN_BINARY,
} entry_kind;

typedef struct entry {
    uint8_t kind, op;
    bool has_label;
    uint32_t n_arg;
    uint32_t tok;    /* that opened it */
    expr_span label; /* of the argument being read */
} entry;

/* Between two entries that count as depth there is at most one left-associative operator of each
 * level: or, and, comparison, sum, product. */
#define STACK_MAX (HR_EXPR_DEPTH_MAX * 6u + 8u)

typedef struct parser {
    expr_work *w;
    entry *stack;
    uint32_t n_stack, n_deep;
    uint32_t at;  /* of the next token */
    bool is_call; /* the value before it is what a function gives */
    bool has_nameless;
} parser;

static unsigned level_of(unsigned op)
{
    switch (op) {
    case HR_EXPR_OR:
        return 1;
    case HR_EXPR_AND:
        return 2;
    case HR_EXPR_NOT:
        return 3;
    case HR_EXPR_LT:
    case HR_EXPR_LE:
    case HR_EXPR_GT:
    case HR_EXPR_GE:
    case HR_EXPR_EQ:
    case HR_EXPR_NE:
        return 4;
    case HR_EXPR_ADD:
    case HR_EXPR_SUB:
        return 5;
    case HR_EXPR_MUL:
    case HR_EXPR_DIV:
    case HR_EXPR_MOD:
        return 6;
    case HR_EXPR_NEG:
        return 7;
    default:
        return 8;
    }
}

static const expr_tok *next(const parser *p)
{
    return &p->w->tok[p->at];
}

static expr_term *emit(parser *p, expr_term_kind kind, const expr_tok *t)
{
    expr_term *e = &p->w->term[p->w->n_term++];
    *e = (expr_term){.kind = (uint8_t)kind, .op = t->op, .name = {t->at, t->n}, .value = t->value};
    e->n = EXPR_NO_INDEX;
    p->is_call = kind == TERM_CALL;
    return e;
}

static hr_status expected(const parser *p, const char *what)
{
    char found[EXPR_FOUND_BYTES];
    return hr_expr_say(p->w, HR_EUSAGE, next(p)->at, "expected %s, found %s", what,
                       hr_expr_found(p->w, next(p), found));
}

static bool is_deep(const entry *e)
{
    return e->kind != IN_BINARY || e->op == HR_EXPR_POW;
}

static hr_status push(parser *p, entry_kind kind, uint32_t tok, unsigned op)
{
    entry e = {.kind = (uint8_t)kind, .op = (uint8_t)op, .tok = tok};
    p->n_deep += is_deep(&e);
    if (p->n_deep > HR_EXPR_DEPTH_MAX)
        return hr_expr_say(p->w, HR_ELIMIT, p->w->tok[tok].at,
                           "brackets and signs are nested deeper than %u", HR_EXPR_DEPTH_MAX);
    p->stack[p->n_stack++] = e;
    return HR_OK;
}

static entry pop(parser *p)
{
    entry e = p->stack[--p->n_stack];
    p->n_deep -= is_deep(&e);
    return e;
}

static entry *top(const parser *p)
{
    return p->n_stack > 0 ? &p->stack[p->n_stack - 1] : NULL;
}

/* Ends the operators on the stack that bind as strong as level. */
static void reduce(parser *p, unsigned level)
{
    while (p->n_stack > 0 && top(p)->kind >= IN_PREFIX && level_of(top(p)->op) >= level) {
        entry e = pop(p);
        emit(p, TERM_OP, &p->w->tok[e.tok])->op = e.op;
    }
}

static hr_status binary(parser *p)
{
    const expr_tok *t = next(p);
    unsigned level = level_of(t->op);
    /* what binds to the right leaves its equals on the stack */
    reduce(p, t->op == HR_EXPR_POW ? level + 1 : level + (level == 4));
    if (level == 4 && top(p) != NULL && top(p)->kind == IN_BINARY && level_of(top(p)->op) == 4)
        return hr_expr_say(p->w, HR_EUSAGE, t->at,
                           "comparisons do not chain: write a < b and b < c");
    HR_TRY(push(p, IN_BINARY, p->at, t->op));
    p->at++;
    return HR_OK;
}

/* ---- values ---- */

/* The label of the argument that begins here. */
static void label(parser *p)
{
    entry *e = top(p);
    bool is_label = next(p)->kind == TOK_NAME && next(p)[1].kind == TOK_COLON;
    if (e == NULL || e->kind != IN_CALL || !is_label) return;
    e->has_label = true;
    e->label = (expr_span){next(p)->at, next(p)->n};
    p->at += 2;
}

static hr_status symbol(parser *p, uint32_t *idx)
{
    expr_work *w = p->w;
    expr_span s = {next(p)->at, next(p)->n};
    for (*idx = 0; *idx < w->n_symbol; ++*idx)
        if (w->symbol[*idx].n == s.n &&
            memcmp(w->text + w->symbol[*idx].at, w->text + s.at, s.n) == 0)
            return HR_OK;
    if (w->n_symbol == HR_EXPR_SYMBOL_MAX)
        return hr_expr_say(w, HR_ELIMIT, s.at, "more than %u other instruments",
                           HR_EXPR_SYMBOL_MAX);
    w->symbol[w->n_symbol++] = s;
    return HR_OK;
}

static hr_status open_of(parser *p)
{
    uint32_t idx;
    const expr_tok *name = next(p);
    HR_TRY(push(p, IN_OF, p->at, 0));
    p->at += 2;
    if (next(p)->kind != TOK_STRING) return expected(p, "an instrument, as of(\"BTCUSDT\", mid)");
    HR_TRY(symbol(p, &idx));
    p->at++;
    if (next(p)->kind != TOK_COMMA) return expected(p, "',' and what to take of the instrument");
    p->at++;
    emit(p, TERM_OF, name)->n = idx;
    p->w->n_of++;
    return HR_OK;
}

static hr_status close_call(parser *p)
{
    entry e = pop(p);
    const expr_tok *t = &p->w->tok[e.tok];
    if (e.kind == IN_OF) {
        emit(p, TERM_OF_END, t);
    } else {
        emit(p, TERM_CALL, t)->n = e.n_arg;
        p->w->n_call++;
    }
    return HR_OK;
}

static bool is_of(const parser *p)
{
    return hr_expr_span_is(p->w, (expr_span){next(p)->at, next(p)->n}, "of");
}

/* An open bracket behind a name. *is_value: it was closed at once. */
static hr_status open_call(parser *p, bool *is_value)
{
    if (is_of(p)) return open_of(p);
    HR_TRY(push(p, IN_CALL, p->at, 0));
    p->at += 2;
    *is_value = next(p)->kind == TOK_CLOSE;
    if (!*is_value) {
        label(p);
        return HR_OK;
    }
    p->at++;
    return close_call(p);
}

static hr_status index_of(parser *p, expr_term *e)
{
    if (next(p)->kind != TOK_INDEX) return HR_OK;
    p->at++;
    double v = next(p)->value;
    if (next(p)->kind != TOK_NUMBER || !(v < 65536) || v != (double)(uint32_t)v)
        return expected(p, "an index, a whole number from 0 on");
    e->n = (uint32_t)v;
    p->at++;
    if (next(p)->kind != TOK_INDEX_END) return expected(p, "']'");
    p->at++;
    return HR_OK;
}

static hr_status name(parser *p, bool *is_value)
{
    if (next(p)[1].kind == TOK_OPEN) return open_call(p, is_value);
    expr_term *e = emit(p, TERM_NAME, next(p));
    p->at++;
    *is_value = true;
    return index_of(p, e);
}

/* A value, or what may stand before one. */
static hr_status operand(parser *p, bool *is_value)
{
    const expr_tok *t = next(p);
    expr_term_kind kind = TERM_NUMBER;
    *is_value = false;
    if (t->kind == TOK_NAME) return name(p, is_value);
    if (t->kind == TOK_OPEN || (t->kind == TOK_OP && t->op == HR_EXPR_NOT) ||
        (t->kind == TOK_OP && t->op == HR_EXPR_SUB)) {
        unsigned op = t->op == HR_EXPR_SUB ? HR_EXPR_NEG : t->op;
        HR_TRY(push(p, t->kind == TOK_OPEN ? IN_PAREN : IN_PREFIX, p->at, op));
        p->at++;
        return HR_OK;
    }
    bool is_newline = t->kind == TOK_NEXT && p->w->text[t->at] == '\n';
    if (is_newline && p->n_stack > 0) {
        p->at++;
        return HR_OK;
    }
    if (t->kind == TOK_DURATION)
        kind = TERM_DURATION;
    else if (t->kind == TOK_TRUE || t->kind == TOK_FALSE)
        kind = TERM_CONDITION;
    else if (t->kind == TOK_PARAM)
        kind = TERM_PARAM;
    else if (t->kind != TOK_NUMBER && t->kind != TOK_NULL)
        return expected(p, "a value");
    expr_term *e = emit(p, kind, t);
    if (t->kind == TOK_NULL) e->value = (double)__builtin_nanf("");
    if (t->kind == TOK_TRUE) e->value = 1;
    p->at++;
    *is_value = true;
    return HR_OK;
}

/* ---- what follows a value ---- */

static void end_argument(parser *p)
{
    entry *e = top(p);
    if (e->has_label) {
        expr_tok t = {.at = e->label.at, .n = (uint16_t)e->label.n};
        emit(p, TERM_LABEL, &t);
    }
    e->has_label = false;
    e->n_arg++;
}

static hr_status comma(parser *p)
{
    reduce(p, 0);
    if (top(p) != NULL && top(p)->kind == IN_OF) return expected(p, "')'");
    if (top(p) == NULL || top(p)->kind != IN_CALL)
        return hr_expr_say(p->w, HR_EUSAGE, next(p)->at,
                           "',' stands between the arguments of a function");
    end_argument(p);
    p->at++;
    label(p);
    return HR_OK;
}

static hr_status close_bracket(parser *p)
{
    reduce(p, 0);
    if (top(p) == NULL) return hr_expr_say(p->w, HR_EUSAGE, next(p)->at, "')' without its '('");
    p->at++;
    if (top(p)->kind == IN_PAREN) {
        (void)pop(p);
        p->is_call = false;
        return HR_OK;
    }
    if (top(p)->kind == IN_CALL) end_argument(p);
    return close_call(p);
}

/* The line and column of a bracket that is still open, for the message at its missing end. */
static hr_status unclosed(const parser *p)
{
    char found[EXPR_FOUND_BYTES];
    const expr_tok *open = &p->w->tok[top(p)->tok];
    int64_t line;
    int64_t column;
    hr_expr_place(p->w, open->kind == TOK_NAME ? open[1].at : open->at, &line, &column);
    return hr_expr_say(p->w, HR_EUSAGE, next(p)->at,
                       "expected ')' for the '(' at line %d, column %d, found %s", (int)line,
                       (int)column, hr_expr_found(p->w, next(p), found));
}

static hr_status after_value(parser *p, bool *is_value, bool *is_done)
{
    const expr_tok *t = next(p);
    *is_value = true;
    if (t->kind == TOK_OP && t->op != HR_EXPR_NOT) {
        *is_value = false;
        return binary(p);
    }
    if (t->kind == TOK_CLOSE) return close_bracket(p);
    if (t->kind == TOK_COMMA) {
        *is_value = false;
        return comma(p);
    }
    if (t->kind == TOK_FIELD && p->is_call) {
        expr_tok field = {.at = t->at + 1, .n = (uint16_t)(t->n - 1)};
        emit(p, TERM_FIELD, &field);
        p->at++;
        return HR_OK;
    }
    if (t->kind == TOK_FIELD)
        return hr_expr_say(p->w, HR_EUSAGE, t->at,
                           "only what a function gives has outputs to pick");
    if (t->kind == TOK_COLON && p->n_stack == 0)
        return hr_expr_say(p->w, HR_EUSAGE, t->at,
                           "expected an operator, found ':': one name stands before it, at the "
                           "beginning of a line or behind ';'");
    if (t->kind != TOK_NEXT && t->kind != TOK_END) return expected(p, "an operator");
    reduce(p, 0);
    if (p->n_stack > 0) return unclosed(p);
    *is_done = true;
    return HR_OK;
}

static hr_status definition(parser *p)
{
    expr_work *w = p->w;
    const expr_tok *t = next(p);
    bool is_named = t->kind == TOK_NAME && t[1].kind == TOK_COLON;
    if (w->n_def == HR_EXPR_DEF_MAX)
        return hr_expr_say(w, HR_ELIMIT, t->at, "more than %u definitions", HR_EXPR_DEF_MAX);
    if (!is_named && p->has_nameless)
        return hr_expr_say(w, HR_EUSAGE, t->at,
                           "expected a name and ':', only one expression may go without");
    p->has_nameless |= !is_named;
    HR_TRY(hr_expr_define(w, is_named ? t : NULL));
    expr_def *d = &w->def[w->n_def - 1];
    d->first = w->n_term;
    p->at += is_named ? 2 : 0;
    while (is_named && next(p)->kind == TOK_NEXT && w->text[next(p)->at] == '\n')
        p->at++;
    bool is_value = false;
    bool is_done = false;
    while (!is_done)
        HR_TRY(is_value ? after_value(p, &is_value, &is_done) : operand(p, &is_value));
    d->end = w->n_term;
    return HR_OK;
}

hr_status hr_expr_terms(expr_work *w)
{
    /* Every term has a token of its own, but for the ends of of(), which have their brackets. */
    w->term = hr_expr_room(w, w->n_tok, sizeof *w->term);
    uint32_t cap_def = HR_MIN(w->n_tok, HR_EXPR_DEF_MAX);
    for (w->def_mask = 15; w->def_mask < 2 * cap_def;)
        w->def_mask = 2 * w->def_mask + 1;
    w->def = hr_expr_room(w, cap_def, sizeof *w->def);
    w->def_slot = hr_expr_room(w, (size_t)w->def_mask + 1, sizeof *w->def_slot);
    w->symbol = hr_expr_room(w, HR_EXPR_SYMBOL_MAX, sizeof *w->symbol);
    parser p = {.w = w, .stack = hr_expr_room(w, STACK_MAX, sizeof(entry))};
    if (w->term == NULL || w->def == NULL || w->def_slot == NULL || w->symbol == NULL ||
        p.stack == NULL)
        return HR_ENOMEM;
    while (next(&p)->kind != TOK_END) {
        if (next(&p)->kind == TOK_NEXT)
            p.at++;
        else
            HR_TRY(definition(&p));
    }
    if (w->n_def == 0) return expected(&p, "an expression");
    return HR_OK;
}
