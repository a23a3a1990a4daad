/* SPDX-License-Identifier: Apache-2.0 */
#include "ops_walk.h"

#include <math.h>

#include "base/attr.h"
#include "harness.h"

void ops_walk_rows(ops_walk *w, test_rng *g)
{
    double x = 100;
    int64_t now = 0;
    for (uint32_t i = 0; i < OPS_WALK_ROWS; i++) {
        x += (double)test_rng_below(g, 21) / 10 - 1;
        now += test_rng_chance(g, 600) ? 900000000 : (int64_t)test_rng_below(g, 3) * 1000000;
        w->ts[i] = now - (test_rng_chance(g, 6) ? (int64_t)test_rng_below(g, 40000000) : 0);
        for (uint32_t k = 0; k < HR_OP_IN_MAX; k++) {
            w->in[k][i] = x + k + (double)test_rng_below(g, 3);
            if (test_rng_chance(g, 12)) w->in[k][i] = -w->in[k][i] * (double)test_rng_below(g, 2);
            if (test_rng_chance(g, 40)) w->in[k][i] = (double)NAN;
        }
    }
}

hr_op_args ops_walk_args(const hr_op *op, test_rng *g, ops_walk_size how)
{
    static const uint32_t most[] = {24, 300, 5000};
    hr_op_args a = {.max_rows = 1 + (uint32_t)test_rng_below(g, most[how])};
    bool by_time = test_rng_chance(g, 2);
    for (uint32_t i = 0; i < op->n_arg; i++) {
        const hr_op_arg *p = &op->arg[i];
        a.is_time[i] = p->kind == HR_OP_TIME || (p->kind == HR_OP_WINDOW && by_time);
        if (p->kind == HR_OP_TIME && p->least == 0 && (!by_time || test_rng_chance(g, 2)))
            a.v[i] = 0; /* rows that are late count as of the newest time */
        else if (a.is_time[i])
            a.v[i] = 1e6 * (1 + (double)test_rng_below(g, most[how]));
        else if (!isnan(p->by_default) && test_rng_chance(g, 2))
            a.v[i] = p->by_default;
        else if (p->kind == HR_OP_REAL)
            a.v[i] = fmin(fmax(p->least, 0.5), p->most);
        else
            a.v[i] = fmin(p->most, p->least + (double)test_rng_below(g, most[how]));
    }
    return a;
}

void ops_walk_run(ops_walk *w, const hr_op *op, const hr_op_args *a, void *state, uint32_t from,
                  uint32_t n)
{
    hr_op_book book = {{0}, {0}, {0}, {0}};
    hr_op_rows r = {.n = n, .ts = w->ts + from};
    uint32_t levels = op->levels != NULL ? op->levels(a) : 0;
    assert_true(levels <= HR_OP_LEVEL_MAX);
    for (uint32_t k = 0; k < levels; k++) {
        book.bid_px[k] = w->in[k % 2] + from;
        book.bid_qty[k] = w->in[2] + from;
        book.ask_px[k] = w->in[3 + k % 2] + from;
        book.ask_qty[k] = w->in[5] + from;
    }
    if (levels > 0) r.book = &book;
    for (uint32_t k = 0; k < op->n_in; k++)
        r.in[k] = w->in[k] + from;
    for (uint32_t k = 0; k < op->n_out; k++)
        r.out[k] = w->out[k] + from;
    static char room[1 << 17] HR_ALIGNED(64);
    const size_t room_bytes = op->room != NULL ? op->room(a, n) : 0;
    assert_true(room_bytes <= sizeof room);
    r.room = room_bytes > 0 ? room : NULL;
    op->run(state, &r);
}
