/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_TA_TA_H
#define HR_OPS_TA_TA_H
/* The technical analysis library: the 104 functions of Tulip Indicators and some beside as
 * operators, groups "ta" and "math". See docs/modules/ta.md. */
#include "expr/op.h"

extern const hr_op_list hr_ops_ta;

#endif
