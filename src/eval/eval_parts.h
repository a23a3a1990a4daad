/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_EVAL_PARTS_H
#define HR_EVAL_EVAL_PARTS_H
/* What a program of an evaluator is: steps that take columns from places and put columns there. A
 * part's places are its inputs, then its outputs, then registers. */
#include "eval/eval.h"

/* Beside hr_expr_kind. */
enum { EVAL_COPY = 64, EVAL_FILL };
#define EVAL_NONE UINT32_MAX

/** What a step of the graph calls, whoever it is behind. */
HR_INLINE const hr_op *hr_eval_op(const hr_expr *x, uint32_t node)
{
    return hr_expr_op(x->env, x->node[node].which);
}

typedef enum eval_form {
    EVAL_VV, /* both inputs are columns */
    EVAL_VK, /* the second is k */
    EVAL_KV,
} eval_form;

struct hr_eval_step {
    uint8_t kind;
    uint8_t n_in, n_out; /* columns */
    uint8_t form;        /* eval_form, of two inputs */
    uint32_t node;       /* of the graph */
    uint32_t at;         /* of part->val: n_in places, then n_out */
    const hr_op *op;     /* HR_EXPR_CALL */
    const hr_op_args *args;
    size_t state_at;
    /* behind another step's operator (hr_op.behind): that step, and where its state is */
    uint32_t ahead; /* EVAL_NONE: none */
    bool leads;     /* others are behind it: it gives one output more */
    bool has_room;  /* of the call's */
    size_t ahead_at;
    double k;
};

/** What a built-in kind of two inputs does, from HR_EXPR_OR to HR_EXPR_POW; NULL: it is none. */
typedef void (*eval_binary_fn)(double *restrict out, const double *a, const double *b, double k,
                               uint32_t n);
eval_binary_fn hr_eval_binary(unsigned kind, eval_form form);
typedef void (*eval_unary_fn)(double *restrict out, const double *a, uint32_t n);
eval_unary_fn hr_eval_unary(unsigned kind);

/** The value of a constant as an input: durations in seconds. */
HR_INLINE double hr_eval_const(const hr_expr_node *n)
{
    return n->type == HR_EXPR_DURATION ? n->value / 1e9 : n->value;
}

#endif
