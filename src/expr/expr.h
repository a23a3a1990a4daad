/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EXPR_EXPR_H
#define HR_EXPR_EXPR_H
/* Expressions: text to a checked graph of nodes, in which what is equal is one node and constants
 * are worked out. Nothing here reads rows.
 *
 * Memory: the result lies in an arena of the caller; nothing comes from the heap. Any thread.
 * Grammar, units and limits: docs/modules/expr.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "expr/op.h"
#include "mem/mem.h"

/* several thousand signals, each with texts of its own, are one text */
#define HR_EXPR_TEXT_MAX (1u << 20)
#define HR_EXPR_NODE_MAX (1u << 18)
#define HR_EXPR_DEF_MAX (1u << 16)
#define HR_EXPR_SYMBOL_MAX 64u
#define HR_EXPR_DEPTH_MAX 64u
#define HR_EXPR_NAME_MAX 63u /* bytes, of names of every kind and of instruments */
#define HR_EXPR_POWER_MAX 15 /* of a unit, up or down */

typedef enum hr_expr_base {
    HR_EXPR_PRICE,
    HR_EXPR_QUANTITY,
    HR_EXPR_TIME,
    HR_EXPR_COUNT
} hr_expr_base;
#define HR_EXPR_BASES 4u

/* price * quantity is {1, 1, 0, 0}, a ratio {0}. */
typedef struct hr_expr_unit {
    int8_t power[HR_EXPR_BASES];
    bool is_free; /* made of bare numbers: agrees with every unit and gives way to it */
    bool is_open; /* told by no rule: agrees with every unit, whatever is made of it is open too */
    uint8_t spare[2];
} hr_expr_unit;

typedef enum hr_expr_type {
    HR_EXPR_NUMBER,
    HR_EXPR_CONDITION, /* 1, 0 or null */
    HR_EXPR_DURATION,  /* a constant, whole ns; as an input of a node seconds, in units of time */
} hr_expr_type;

typedef enum hr_expr_kind {
    HR_EXPR_CONST,
    HR_EXPR_COLUMN,
    HR_EXPR_OR,
    HR_EXPR_AND,
    HR_EXPR_NOT,
    HR_EXPR_LT,
    HR_EXPR_LE,
    HR_EXPR_GT,
    HR_EXPR_GE,
    HR_EXPR_EQ,
    HR_EXPR_NE,
    HR_EXPR_ADD,
    HR_EXPR_SUB,
    HR_EXPR_MUL,
    HR_EXPR_DIV,
    HR_EXPR_MOD,
    HR_EXPR_NEG,
    HR_EXPR_POW,
    HR_EXPR_ABS,
    HR_EXPR_EXP,
    HR_EXPR_IS_NULL,
    HR_EXPR_LOG,
    HR_EXPR_RAW, /* its input, as a ratio */
    HR_EXPR_SQRT,
    HR_EXPR_WHERE,
    HR_EXPR_OF,   /* the input as of the row's time; the input is of another instrument */
    HR_EXPR_CALL, /* an operator; of several outputs: read through HR_EXPR_PICK alone */
    HR_EXPR_PICK, /* one output of the call before it */
} hr_expr_kind;

typedef struct hr_expr_node {
    uint8_t kind; /* hr_expr_kind */
    uint8_t type; /* hr_expr_type */
    uint8_t n_in;
    uint8_t pick;   /* HR_EXPR_PICK: the output */
    uint16_t which; /* HR_EXPR_COLUMN: of env->column; HR_EXPR_CALL: for hr_expr_op */
    uint16_t scope; /* 0: the rows' own instrument, or 1 + index in symbol */
    hr_expr_unit unit;
    uint32_t in[HR_OP_IN_MAX]; /* indices of nodes before this one */
    uint32_t args;             /* HR_EXPR_CALL: of args; HR_EXPR_COLUMN: the index in brackets */
    uint32_t shown;            /* prints as the name _N where it is not 0 */
    double value;              /* HR_EXPR_CONST; NaN: null */
} hr_expr_node;

typedef struct hr_expr_column {
    const char *name; /* letters, digits and _, parts divided by dots */
    uint32_t n_idx;   /* name[0] to name[n_idx - 1]; 0: it takes no index */
    hr_expr_unit unit;
    bool is_condition;
} hr_expr_column;

typedef struct hr_expr_param {
    const char *name; /* without the $ */
    double value;     /* duration: ns */
    bool is_time;
} hr_expr_param;

/* What names mean. Borrowed for as long as the expression is used. */
typedef struct hr_expr_env {
    const hr_expr_column *column;
    const hr_op_list *ops; /* an operator with the name of what is built in is not seen */
    const hr_expr_param *param;
    uint32_t n_column, n_ops, n_param;
    uint32_t max_rows; /* goes into hr_op_args */
} hr_expr_env;

typedef struct hr_expr_out {
    const char *name; /* "" for the one expression without a name */
    uint32_t node;
} hr_expr_out;

typedef struct hr_expr {
    const hr_expr_env *env;
    const hr_expr_node *node; /* every node behind its inputs, each used by some output */
    const hr_op_args *args;
    const hr_expr_out *out; /* in the order of the text */
    const char *const *symbol;
    uint32_t n_node, n_args, n_out, n_symbol;
} hr_expr;

/** Reads text[0..n). scratch is rewound before it returns: 1 MiB is enough for a few KiB of text
 * under one instrument, 80 times the text for long ones, 160 MiB always; *out and what it points to
 * lie in arena. Equal texts give equal graphs, bit for bit. HR_EUSAGE: the text is wrong;
 * HR_ELIMIT: too long, deep or large; err has the place and a message of three lines: what, the
 * line, a caret. HR_ENOMEM: an arena is too small. O(n), times the number of instruments where
 * names are used under several. */
HR_MUST_USE hr_status hr_expr_parse(hr_expr **out, hr_arena *arena, hr_arena *scratch,
                                    const hr_expr_env *env, const char *text, size_t n,
                                    hr_err *err);

#define HR_EXPR_CARET_BYTES 256
/** Two lines to show under the message: the line of text around text[at] (an hr_err's offset), cut
 * to 72 characters, and a caret under it. Characters that are not ASCII show as '?'. Returns out.
 */
char *hr_expr_caret(char out[HR_EXPR_CARET_BYTES], const char *text, size_t n, size_t at);

/** Text that hr_expr_parse makes the same graph of, a definition a line. Returns its length, as
 * snprintf; out ends with NUL where cap > 0. What is used twice becomes a name _N. */
size_t hr_expr_print(char *out, size_t cap, const hr_expr *x);

/** Names the unit: "price", "price*quantity", "ratio", "1/time". Returns out. */
const char *hr_expr_unit_text(char *out, size_t cap, hr_expr_unit u);

/** The operator of a HR_EXPR_CALL. */
const hr_op *hr_expr_op(const hr_expr_env *env, uint32_t which);

/** What the kinds from HR_EXPR_OR to HR_EXPR_WHERE (without HR_EXPR_RAW's unit) make of in[]:
 * the meaning that everything else has to agree with. Not finite is null (NaN); null in, null out,
 * but for or, and, where, is_null. */
double hr_expr_apply(hr_expr_kind kind, const double *in);

#endif
