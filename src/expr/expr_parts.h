/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EXPR_EXPR_PARTS_H
#define HR_EXPR_EXPR_PARTS_H
/* What the parts of the expression reader share: text -> tokens -> terms in postfix order -> nodes.
 */
#include <math.h>

#include "base/powers.h"
#include "expr/expr.h"

typedef enum expr_tok_kind {
    TOK_END,
    TOK_NEXT, /* ; or a newline outside brackets */
    TOK_NUMBER,
    TOK_DURATION,
    TOK_NAME,
    TOK_FIELD,  /* .name behind a bracket */
    TOK_PARAM,  /* $name */
    TOK_STRING, /* at and n are of what is between the quotes */
    TOK_NULL,
    TOK_TRUE,
    TOK_FALSE,
    TOK_OPEN,
    TOK_CLOSE,
    TOK_INDEX,
    TOK_INDEX_END,
    TOK_COMMA,
    TOK_COLON,
    TOK_OP, /* op: hr_expr_kind; "-" is HR_EXPR_SUB */
} expr_tok_kind;

typedef struct expr_tok {
    uint8_t kind, op;
    uint16_t n;
    uint32_t at;
    double value;
} expr_tok;

/* A piece of the text. */
typedef struct expr_span {
    uint32_t at, n;
} expr_span;

typedef enum expr_term_kind {
    TERM_NUMBER,
    TERM_DURATION,
    TERM_CONDITION,
    TERM_NAME,
    TERM_PARAM,
    TERM_OP,    /* op, taking one or two values */
    TERM_LABEL, /* the value before it is the argument of that name */
    TERM_CALL,  /* n values */
    TERM_FIELD,
    TERM_OF, /* until TERM_OF_END: under instrument n */
    TERM_OF_END,
} expr_term_kind;

#define EXPR_NO_INDEX UINT32_MAX

typedef struct expr_term {
    uint8_t kind, op;
    bool is_column; /* TERM_NAME: of a column, not of a definition */
    bool is_own;    /* TERM_CALL: an operator of the caller, not built in */
    uint32_t n;     /* TERM_NAME: the index in brackets, or EXPR_NO_INDEX */
    uint32_t which; /* TERM_NAME, TERM_CALL, TERM_PARAM: which, once hr_expr_resolve knows it */
    expr_span name; /* and place */
    double value;
} expr_term;

typedef struct expr_def {
    expr_span name; /* n is 0: without a name */
    uint32_t first, end;
    bool is_hidden;  /* begins with _ */
    bool is_open;    /* being worked out */
    bool is_touched; /* worked out for some instrument */
} expr_def;

typedef struct expr_work {
    const char *text;
    uint32_t n;
    const hr_expr_env *env;
    hr_arena *scratch;
    hr_err *err;
    expr_tok *tok;
    expr_term *term;
    expr_def *def;
    uint32_t *def_slot; /* 1 + index by the hash of its name; 0: free */
    expr_span *symbol;
    uint32_t def_mask;
    uint32_t n_tok, n_term, n_def, n_symbol, n_call, n_of;
} expr_work;

/* ---- expr_lex.c ---- */
HR_MUST_USE hr_status hr_expr_lex(expr_work *w);
/** Line and column, both from 1, of text + at; columns are characters of UTF-8. */
void hr_expr_place(const expr_work *w, size_t at, int64_t *line, int64_t *column);
/** Message with the place text + at. Returns code. */
hr_status hr_expr_say(const expr_work *w, hr_status code, size_t at, const char *fmt, ...)
    HR_PRINTF(4, 5);
/** Array of n from scratch, zeroed; NULL with the message set when it does not fit. */
void *hr_expr_room(const expr_work *w, size_t n, size_t each_bytes);
bool hr_expr_span_is(const expr_work *w, expr_span s, const char *name);

#define EXPR_FOUND_BYTES 96
/** What stands there, for messages: "'mid'", "the end of the text". Returns out. */
const char *hr_expr_found(const expr_work *w, const expr_tok *t, char out[EXPR_FOUND_BYTES]);

/* ---- expr_parse.c ---- */
HR_MUST_USE hr_status hr_expr_terms(expr_work *w);

/* ---- expr_names.c: what names mean ---- */
HR_MUST_USE hr_status hr_expr_define(expr_work *w, const expr_tok *name);
HR_MUST_USE hr_status hr_expr_resolve(expr_work *w);
/** A function that is built in, of HR_EXPR_ABS to HR_EXPR_OF. */
typedef struct expr_builtin {
    const char *name;
    hr_expr_kind kind;
    uint8_t n_in;
} expr_builtin;
#define EXPR_BUILTINS 8u
extern const expr_builtin hr_expr_builtins[EXPR_BUILTINS];

/** Does it take its inputs by name alone? */
HR_INLINE bool hr_expr_names_inputs(const hr_op *op)
{
    return op->column[0] != NULL;
}

/* ---- what % and ^ mean ---- */
HR_INLINE double hr_expr_mod(double a, double b)
{
    double v = fmod(a, b);
    return isfinite(v) ? v : (double)NAN;
}
/** Null in, null out; ^2 is the product. */
HR_INLINE double hr_expr_pow(double a, double b)
{
    if (isnan(a) || isnan(b)) return (double)NAN;
    double v = b == 2 ? a * a : hr_pow(a, b);
    return isfinite(v) ? v : (double)NAN;
}

/* ---- expr_fold.c: nodes by content ---- */
typedef struct expr_graph {
    hr_expr_node *node;
    hr_op_args *args;
    uint32_t *slot, *args_slot; /* 1 + index by hash; 0: free */
    uint32_t n_node, cap_node, n_args, cap_args, mask, args_mask;
} expr_graph;

HR_MUST_USE hr_status hr_expr_graph_init(expr_graph *g, const expr_work *w);
/** Index of the node with that content; false: there are too many. */
bool hr_expr_graph_put(expr_graph *g, uint32_t *idx, const hr_expr_node *node);
bool hr_expr_graph_args(expr_graph *g, uint32_t *idx, const hr_op_args *a);
/** Copies what the outputs use into arena, in the order that they use it. node of out: in and out.
 */
HR_MUST_USE hr_status hr_expr_graph_keep(hr_expr **out, hr_arena *arena, const expr_work *w,
                                         const expr_graph *g, hr_expr_out *outs, uint32_t n_outs);

/* ---- expr_unit.c ---- */
bool hr_expr_unit_agree(hr_expr_unit *out, hr_expr_unit a, hr_expr_unit b);
/** a * b^sign; false: past HR_EXPR_POWER_MAX. */
bool hr_expr_unit_times(hr_expr_unit *out, hr_expr_unit a, hr_expr_unit b, int sign);
bool hr_expr_unit_is_ratio(hr_expr_unit u); /* or can be taken for one */
bool hr_expr_unit_power(hr_expr_unit *out, hr_expr_unit u, double power);
/** By the rule of an operator (hr_op_unit) from its inputs. */
bool hr_expr_unit_rule(hr_expr_unit *out, unsigned rule, const hr_expr_unit *in, uint32_t n_in);

#endif
