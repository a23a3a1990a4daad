/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_EXPR_RIG_H
#define HR_TESTS_SUPPORT_EXPR_RIG_H
/* What tests of expressions are read with: a few columns, operators that are only names and rules,
 * and parameters. */
#include "expr/expr.h"

const hr_expr_env *expr_rig_env(void);

typedef struct expr_rig {
    hr_arena *arena, *scratch;
} expr_rig;
void expr_rig_open(expr_rig *r);
void expr_rig_close(expr_rig *r);
/** Reads text into the arena, which is emptied before; NULL: *err says why. */
hr_expr *expr_rig_read(expr_rig *r, const char *text, size_t n, hr_err *err);

#endif
