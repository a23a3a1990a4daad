/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_OPS_WALK_H
#define HR_TESTS_SUPPORT_OPS_WALK_H
/* Rows and arguments for any operator of a list, whatever it takes. */
#include "expr/op.h"
#include "rng.h"

#define OPS_WALK_ROWS 6000u

/* Columns of rows and what was made of them. */
typedef struct ops_walk {
    int64_t ts[OPS_WALK_ROWS];
    double in[HR_OP_IN_MAX][OPS_WALK_ROWS];
    double out[HR_OP_OUT_MAX][OPS_WALK_ROWS];
} ops_walk;

/** Walks with nulls, equal values and values of both signs; times that stand, go back and jump. */
void ops_walk_rows(ops_walk *w, test_rng *g);

/* Windows of a few rows, of hundreds, or of thousands. */
typedef enum ops_walk_size { OPS_WALK_SMALL, OPS_WALK_SOME, OPS_WALK_MANY } ops_walk_size;

/** Arguments within their bounds; they may not go together. */
hr_op_args ops_walk_args(const hr_op *op, test_rng *g, ops_walk_size how);

/** Rows [from, from + n) through an operator. */
void ops_walk_run(ops_walk *w, const hr_op *op, const hr_op_args *a, void *state, uint32_t from,
                  uint32_t n);

#endif
