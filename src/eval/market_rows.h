/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_MARKET_ROWS_H
#define HR_EVAL_MARKET_ROWS_H
/* What the parts of a program read of an event of a market, through its stages where it has some.
 * Constant after init; any thread, each with a wide row of its own. */
#include "eval/market.h"
#include "eval/program.h"

typedef struct hr_market_rows {
    const hr_row_stages *stages;              /* NULL: none */
    hr_market market[HR_EXPR_SYMBOL_MAX + 1]; /* by part */
    hr_market wide;                           /* what stages and what is behind them read */
    uint32_t most_in;                         /* inputs of any part, at least 1 */
    uint32_t n_wide;                          /* doubles of a wide row, at least 1 */
    size_t stage_bytes;                       /* of an instrument's state of stages, or 0 */
} hr_market_rows;

/** p is borrowed; its expression was read with hr_market_columns. */
void hr_market_rows_init(hr_market_rows *m, const hr_program *p, unsigned px_scale,
                         unsigned qty_scale);
/** A row on its way: state of the instrument's stages, stage_bytes; wide[n_wide] is what read takes
 * it from. false: a stage drops it. */
bool hr_market_rows_pass(const hr_market_rows *m, void *state, int64_t ts, const hr_market_event *e,
                         double *wide);
/** The inputs of a part. What is a value of another part is left as it is. */
void hr_market_rows_read(const hr_market_rows *m, uint32_t part, const hr_market_event *e,
                         const double *wide, double *row);

#endif
