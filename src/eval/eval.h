/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_EVAL_H
#define HR_EVAL_EVAL_H
/* Runs a checked graph of expressions over batches of rows, an operator at a time.
 *
 * A graph falls into parts: part 0 is what is worked out for every instrument on its own rows, part
 * k what an of("X") takes of the k-th instrument named, worked out on that one's rows alone. A part
 * reads columns and, where there is an of(), values of other parts as of its row; it gives values.
 * Part 0 gives the expression's outputs.
 *
 * The program is constant after create: any number of threads may run it, each with work memory of
 * its own. An instrument's state is one block without pointers; the same rows give the same bits
 * and the same state however they are cut into calls. Nothing here allocates but create.
 * See docs/modules/eval.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "expr/expr.h"
#include "mem/mem.h"

#define HR_EVAL_ROWS_MAX 4096u

/* What a part reads. */
typedef struct hr_eval_in {
    bool is_of;     /* a value of another part, as of the row */
    uint16_t which; /* of env->column; is_of: the part */
    uint32_t idx;   /* in brackets, 0 where it takes none; is_of: the part's output */
} hr_eval_in;

typedef struct hr_eval_step hr_eval_step;

typedef struct hr_eval_part {
    const char *symbol; /* NULL: part 0 */
    const hr_eval_in *in;
    uint32_t n_in, n_out;
    size_t state_bytes; /* of one instrument, a multiple of 64 */
    bool reads_times;   /* else rows may have any, the same values come out */
    /* private to eval.c */
    const hr_eval_step *step;
    const uint32_t *val; /* of steps: places of their inputs and outputs */
    uint32_t n_step, n_reg;
    uint32_t first_step;    /* of step_ns */
    uint32_t n_level;       /* of the book, that operators read */
    const uint32_t *levels; /* [n_level * 4] inputs: bid px, bid qty, ask px, ask qty */
} hr_eval_part;

typedef struct hr_eval {
    const hr_expr *x;
    const hr_eval_part *part;
    uint32_t n_part; /* 1 + the instruments named */
    uint32_t batch_rows;
    uint32_t slice_rows; /* private: that steps take at once */
    uint32_t n_step; /* of all parts */
    size_t work_bytes;
} hr_eval;

/* n rows of one instrument in the order of their events. */
typedef struct hr_eval_rows {
    uint32_t n;              /* at most batch_rows */
    const int64_t *ts;       /* [n]; any where the part reads no times */
    const double *const *in; /* [n_in][n]; null is NaN */
    double *const *out;      /* [n_out][n]; overlaps nothing */
    uint64_t *step_ns;       /* [eval->n_step] time is added to; NULL: not measured */
} hr_eval_rows;

/** x is borrowed; batch_rows: 1 to HR_EVAL_ROWS_MAX. scratch is rewound before it returns.
 * HR_ENOMEM: an arena is too small. */
HR_MUST_USE hr_status hr_eval_create(hr_eval **out, hr_arena *arena, hr_arena *scratch,
                                     const hr_expr *x, uint32_t batch_rows, hr_err *err);
/** state: part->state_bytes, 64-byte aligned; it may hold anything. Only what operators begin with
 * is written (hr_op.init): of deep windows next to nothing, so that memory is taken up as rows
 * come. Who wants the same bytes of the same rows, or no page for the first time in a hot loop,
 * clears it before. */
void hr_eval_init(const hr_eval_part *p, void *state);
/** Of a state that comes from a file, its checksum right: may it be run? What no operator looks at
 * is taken as it is (hr_op.is_sound). */
bool hr_eval_is_sound(const hr_eval_part *p, const void *state);
/** work: eval->work_bytes, 64-byte aligned, of this thread; nothing is kept in it. */
void hr_eval_run(const hr_eval *e, const hr_eval_part *p, void *state, void *work,
                 const hr_eval_rows *r);

/** A step as text: "ema(mid, 20)", "#3 / 2", where #3 is what step 3 of its part (from 1) gives.
 * Returns its length, as snprintf. */
size_t hr_eval_step_text(char *out, size_t cap, const hr_eval *e, const hr_eval_part *p,
                         uint32_t step);
/** What a step keeps, and how many rows without nulls it takes until it has a value. */
typedef struct hr_eval_step_facts {
    size_t state_bytes;
    uint32_t warm_up;
    uint32_t out; /* the part's output that it gives, or UINT32_MAX */
} hr_eval_step_facts;
hr_eval_step_facts hr_eval_step_get(const hr_eval *e, const hr_eval_part *p, uint32_t step);

#endif
