/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_OPS_RIG_H
#define HR_TESTS_SUPPORT_OPS_RIG_H
/* States of operators in tests. */
#include "expr/op.h"
#include "rng.h"

/** A state as init leaves it in memory that held something else; free() it. */
void *ops_rig_state(const hr_op *op, const hr_op_args *a, size_t *n_bytes);

/** The state in another block; the one it was in is spoilt and freed. */
void *ops_rig_move(void *state, size_t n_bytes);

/** A block of a multiple of 64 bytes that ends where memory does, so that a byte too far is seen in
 * every build; with AddressSanitizer one of its own. */
void *ops_rig_block(size_t n_bytes);
void ops_rig_block_free(void *block, size_t n_bytes);

/** Rows for windows of time: a walk of prices some microseconds apart; maybe of even times, late,
 * null, behind pauses. */
void ops_rig_rows(test_rng *r, int n, int64_t *ts, double *x, double *y);

#endif
