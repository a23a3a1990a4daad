/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EXPR_OP_H
#define HR_EXPR_OP_H
/* Operators: the functions that expressions are made of. An operator takes columns of rows of one
 * instrument in the order of their events and gives columns of as many rows; what it has to know of
 * the rows before is its state.
 *
 * Values are doubles; null is NaN, on the way in and out. A row with a null among its inputs gives
 * null and does not touch the state, unless the operator says otherwise. What is not a finite
 * number is null, and so is what is not valid yet: never 0.
 *
 * State: one block of a size known from the arguments alone, without pointers, so that it can be
 * copied, saved and restored; nothing else is kept. run gives the same bits however the rows are
 * cut into calls. It never fails and takes O(1) a row in the worst case, or O(log) where it says
 * so.
 *
 * Times: ns, event clock. Within an instrument a row may be older than the one before it; an
 * operator over time takes the newest time so far for it. See docs/modules/expr.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mem/mem.h"

#define HR_OP_IN_MAX 6u
#define HR_OP_OUT_MAX 8u
#define HR_OP_ARG_MAX 8u
#define HR_OP_LEVEL_MAX 50u

/* The best levels of the book as each row left it; null where there is none. */
typedef struct hr_op_book {
    const double *bid_px[HR_OP_LEVEL_MAX]; /* [n] each, best first */
    const double *bid_qty[HR_OP_LEVEL_MAX];
    const double *ask_px[HR_OP_LEVEL_MAX];
    const double *ask_qty[HR_OP_LEVEL_MAX];
} hr_op_book;

typedef struct hr_op_rows {
    uint32_t n;
    const int64_t *ts;              /* [n] */
    const double *in[HR_OP_IN_MAX]; /* [n] each */
    double *out[HR_OP_OUT_MAX];     /* [n] each; no two of them, nor an input, overlap */
    const hr_op_book *book;         /* as many levels as the operator said it reads; else NULL */
    const void *ahead;              /* of an operator behind another: the state of that one */
    void *room;                     /* of the call, as op->room says; NULL: it does without */
} hr_op_rows;

typedef enum hr_op_arg_kind {
    HR_OP_INT,    /* a whole number */
    HR_OP_REAL,   /* any finite number */
    HR_OP_TIME,   /* a duration, ns */
    HR_OP_WINDOW, /* a number of rows, or a duration */
} hr_op_arg_kind;

typedef struct hr_op_arg {
    const char *name;
    hr_op_arg_kind kind;
    double least, most; /* of rows where it is a window; durations are 1 us to 100 days, or from 0
                           where that is the least */
    double by_default;  /* NaN: must be given */
    bool is_off;        /* a duration: the one by default asks for no time */
} hr_op_arg;

/* Arguments as an expression gives them, defaults filled in, each within its bounds. */
typedef struct hr_op_args {
    double v[HR_OP_ARG_MAX]; /* durations in ns */
    bool is_time[HR_OP_ARG_MAX];
    uint32_t max_rows; /* that a window of time has to hold, at least 1; more rows than these make
                          its values null until they have gone */
} hr_op_args;

/* What a value is counted in, from its inputs. */
typedef enum hr_op_unit {
    HR_OP_SAME,    /* as the first input (all inputs agree) */
    HR_OP_RATIO,   /* a pure number */
    HR_OP_SQUARE,  /* the first input's, squared */
    HR_OP_PRODUCT, /* of the first two inputs' */
    HR_OP_PER,     /* the first input's by the second's */
    HR_OP_COUNT,   /* rows, orders, trades */
    HR_OP_SPAN,    /* time, seconds */
    HR_OP_RATE,    /* per second */
    HR_OP_PRICE,
    HR_OP_QUANTITY,
    HR_OP_ANY, /* told by no rule */
} hr_op_unit;

typedef struct hr_op {
    const char *name;  /* as expressions call it */
    const char *group; /* "window", "ta", "book", "trade", "math" */
    const char *what;  /* one sentence, with the formula */
    const char *seed;  /* how the first values come about; "" where nothing is carried on */
    const char *source;
    bool by_times; /* values are made of rows' times, whatever the arguments are */
    bool is_foreign; /* a plugin's: what it looks at is not known here */
    uint8_t n_in, n_arg, n_out;
    const char *in[HR_OP_IN_MAX];
    /* The columns that the inputs are where none is given, all or none of them ("trade.px",
     * "bid_px[0]"). Such an operator takes its arguments by place and its inputs by name. */
    const char *column[HR_OP_IN_MAX];
    /** Levels of the book that it reads beside its inputs, at most HR_OP_LEVEL_MAX; NULL: none. */
    uint32_t (*levels)(const hr_op_args *a);
    hr_op_arg arg[HR_OP_ARG_MAX];
    const char *out[HR_OP_OUT_MAX]; /* names; "" for a single one */
    uint8_t unit[HR_OP_OUT_MAX];    /* hr_op_unit */
    /** Bytes of the state, a multiple of 64; 0: none is needed. SIZE_MAX: these arguments do not go
     * together. */
    size_t (*bytes)(const hr_op_args *a);
    /** Makes a state of memory that may hold anything, 64-byte aligned; nobody clears it before.
     * What init leaves as it is (places of a ring, slots, nodes that are not handed out) is felt in
     * no value, place or time before a row has been written there, so of a deep window it touches
     * little but the head. */
    void (*init)(void *state, const hr_op_args *a);
    void (*run)(void *state, const hr_op_rows *r);
    /** Rows (without nulls) before the first that has a value; of windows of time 0. */
    uint32_t (*warm_up)(const hr_op_args *a);
    /** Of a state that comes from a file: no run of any rows leaves its memory because of what is
     * in it. Values may be any. NULL: it is taken as it is. */
    bool (*is_sound)(const void *state, const hr_op_args *a);
    /** Bytes of room with which calls of up to n_rows rows are faster, a multiple of 64; what is in
     * it before and after a call is nothing. NULL, or 0: none would be used. */
    size_t (*room)(const hr_op_args *a, uint32_t n_rows);
    /** Operators that keep the same rows of one input: of those with an equal window, their first
     * argument, over equal inputs the first is run as it is and is given one output more,
     * out[n_out], in which it says of each row what the others want to know; NULL: nobody does. In
     * place of each other one its `behind` is run, after it and over the same rows, with that as
     * the second input and the first one's state in `ahead`: the same bits from a smaller state.
     * NULL: there is none. */
    const struct hr_op *behind;
    /** The most rows of a call where others are behind; 0: with these arguments none can be. */
    uint32_t (*rows_behind)(const hr_op_args *a);
} hr_op;

/** Of an operator that keeps nothing from row to row. */
size_t hr_op_no_bytes(const hr_op_args *a);
void hr_op_no_init(void *state, const hr_op_args *a);

/** Whether rows that have numbers and no times will not do: one of the arguments is a duration, or
 * values are made of times. */
bool hr_op_needs_times(const hr_op *op, const hr_op_args *a);

typedef struct hr_op_list {
    const hr_op *op;
    uint32_t n;
} hr_op_list;

#define HR_OPS_MAX 65535u /* of one list that is merged */

/** One list of them all, in their order; copies lie in arena, strings stay where they are.
 * HR_EEXIST: two have one name. HR_ELIMIT: more than HR_OPS_MAX. */
HR_MUST_USE hr_status hr_ops_merge(hr_op_list *out, hr_arena *arena, const hr_op_list *const *list,
                                   uint32_t n, hr_err *err);

#endif
