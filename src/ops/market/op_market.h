/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_MARKET_OP_MARKET_H
#define HR_OPS_MARKET_OP_MARKET_H
/* Features of the order book and of trades, groups "book" and "trade". See docs/modules/market.md.
 */
#include "expr/op.h"

extern const hr_op_list hr_ops_market;

#endif
