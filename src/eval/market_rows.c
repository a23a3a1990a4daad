/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/market_rows.h"

#include <string.h>

void hr_market_rows_init(hr_market_rows *m, const hr_program *p, unsigned px_scale,
                         unsigned qty_scale)
{
    const hr_eval *e = p->e;
    const hr_row_stages *g = p->stages;
    memset(m, 0, sizeof *m);
    m->stages = g;
    m->most_in = m->n_wide = 1;
    for (uint32_t i = 0; i < e->n_part; i++) {
        hr_market_init(&m->market[i], &e->part[i], px_scale, qty_scale);
        m->most_in = HR_MAX(m->most_in, e->part[i].n_in);
    }
    if (g == NULL) return;
    const hr_eval_part read = {.in = g->in, .n_in = g->n_in};
    hr_market_init(&m->wide, &read, px_scale, qty_scale);
    m->n_wide = HR_MAX(g->n_wide, 1u);
    m->stage_bytes = g->state_bytes;
}

bool hr_market_rows_pass(const hr_market_rows *m, void *state, int64_t ts, const hr_market_event *e,
                         double *wide)
{
    if (m->stages == NULL) return true;
    hr_market_read(&m->wide, wide, e);
    return hr_row_stages_run(m->stages, state, ts, wide);
}

void hr_market_rows_read(const hr_market_rows *m, uint32_t part, const hr_market_event *e,
                         const double *wide, double *row)
{
    if (m->stages != NULL)
        hr_row_stages_take(m->stages, part, wide, row);
    else
        hr_market_read(&m->market[part], row, e);
}
