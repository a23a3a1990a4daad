/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EXPR_EXPR_TYPE_H
#define HR_EXPR_EXPR_TYPE_H
/* The stacks on which terms become nodes. */
#include "expr/expr_parts.h"

typedef struct expr_val {
    uint32_t node;
    uint32_t start;  /* where it begins in the text */
    expr_span label; /* of an argument; n is 0: none */
} expr_val;

typedef struct expr_frame {
    uint32_t def, at; /* at: the next term */
} expr_frame;

/* Bounds: a definition is entered once on the way to any other, so there are never more frames than
 * definitions nor more values than terms. */
typedef struct expr_typer {
    expr_work *w;
    expr_graph g;
    expr_val *val;
    expr_frame *frame;
    uint16_t *outer; /* the instruments around the present one */
    uint32_t *memo;  /* [definition][instrument]: 1 + node; 0: not yet */
    uint32_t n_val, n_frame, n_outer;
    uint16_t scope;
} expr_typer;

#define EXPR_KIND_BYTES 96

/* ---- expr_type.c ---- */
HR_MUST_USE hr_status hr_expr_push(expr_typer *t, const hr_expr_node *node, size_t start);
HR_MUST_USE hr_status hr_expr_push_const(expr_typer *t, hr_expr_type type, double value,
                                         size_t start);
/** "a condition", "a number (price)". Returns out. */
const char *hr_expr_kind_text(char out[EXPR_KIND_BYTES], const hr_expr_node *n);
/** The last n_in values through a built-in operator, written as name. */
HR_MUST_USE hr_status hr_expr_operate(expr_typer *t, hr_expr_kind kind, uint32_t n_in,
                                      expr_span name);

/* ---- expr_call.c ---- */
/** has_pick: the next term picks an output. */
HR_MUST_USE hr_status hr_expr_call(expr_typer *t, const expr_term *e, bool has_pick);
HR_MUST_USE hr_status hr_expr_pick(expr_typer *t, const expr_term *e);

#endif
