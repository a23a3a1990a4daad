/* SPDX-License-Identifier: Apache-2.0 */
#include "job/run_tune.h"

#include <string.h>

#include "base/attr.h"

#define MARGIN 1.03 /* by which a neighbour must be better: less is noise */

void run_tune_init(run_tune *t, uint32_t least, uint32_t most, int64_t now_ns)
{
    memset(t, 0, sizeof *t);
    t->since_ns = now_ns;
    for (uint32_t size = least; size < most && t->n < RUN_TUNE_SIZES - 1; size *= 2)
        t->size[t->n++] = size;
    t->size[t->n++] = most;
    while (t->home + 1 < t->n && t->size[t->home + 1] <= RUN_TUNE_FIRST_ROWS)
        t->home++;
    t->at = t->home;
}

uint32_t run_tune_first(const run_tune *t)
{
    return t->size[t->home];
}

/* The size of the next interval: home, but for its neighbours in turn. */
static uint32_t choose(const run_tune *t)
{
    uint32_t turn = t->n_intervals % 8;
    if (turn == 3 && t->home + 1 < t->n) return t->home + 1;
    if (turn == 7 && t->home > 0) return t->home - 1;
    return t->home;
}

uint32_t run_tune_next(run_tune *t, int64_t now_ns, uint64_t n_rows)
{
    int64_t took_ns = now_ns - t->since_ns;
    if (took_ns < RUN_TUNE_NS) return 0;
    double rate = (double)(n_rows - t->since_rows) / (double)took_ns;
    double *mean = &t->rate[t->at];
    *mean = *mean > 0 ? (*mean + rate) / 2 : rate;
    uint32_t before = t->home;
    if (t->at != t->home && *mean > MARGIN * t->rate[t->home]) t->home = t->at;
    t->n_intervals++;
    if (t->home > before && t->home + 1 < t->n)
        t->at = t->home + 1; /* it helped: farther the same way */
    else if (t->home < before && t->home > 0)
        t->at = t->home - 1;
    else
        t->at = choose(t);
    t->since_ns = now_ns;
    t->since_rows = n_rows;
    return t->size[t->at];
}
