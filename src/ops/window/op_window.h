/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_OP_WINDOW_H
#define HR_OPS_WINDOW_OP_WINDOW_H
/* Operators over windows of rows or of time, group "window". See docs/modules/window.md. */
#include "expr/op.h"

extern const hr_op_list hr_ops_window;

#endif
