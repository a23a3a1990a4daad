/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin with one operator and two stages.
 *
 *   decayed_sum(x, half)   sum of all x so far, each weighing 2^(-age / half)
 *   despike                drops rows whose mid is far from the last one kept, and adds the column
 *                          mid_gap: how far it is
 *   on_move                keeps trades and rows in which mid moved, and adds the column mid_move:
 *                          how far it moved
 *
 * README.md says how it is built and used. */
#include <math.h>

#include "headrace/plugin.h"

/* ---- the operator ----
 * Its state is whatever struct it likes, without pointers: headrace copies it, saves it and gives
 * it back. It begins as zeros. */
typedef struct decayed {
    double sum;
    double half_ns;
    int64_t newest; /* of the rows so far */
    uint64_t n;
} decayed;

static uint64_t decayed_bytes(void *self, const headrace_args *a)
{
    (void)self;
    (void)a;
    return sizeof(decayed);
}

/* The arguments come here and nowhere else: what run needs of them goes into the state. */
static void decayed_init(void *self, void *state, const headrace_args *a)
{
    decayed *s = state;
    (void)self;
    s->half_ns = a->value[0];
}

/* Any number of rows, from 1 up: nothing here may depend on where a batch ends. */
static void decayed_run(void *self, void *state, const headrace_rows *r)
{
    decayed *s = state;
    (void)self;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        if (isnan(x)) continue; /* null in, null out: outputs are null until they are written */
        /* a row may be older than the one before it: time stands still then */
        int64_t age = s->n > 0 && r->ts[i] > s->newest ? r->ts[i] - s->newest : 0;
        s->newest = s->n > 0 && s->newest > r->ts[i] ? s->newest : r->ts[i];
        s->sum = s->sum * exp2(-(double)age / s->half_ns) + x;
        s->n++;
        r->out[0][i] = s->sum;
    }
}

static const char *const decayed_in[] = {"x"};
static const char *const decayed_out[] = {""};
static const uint32_t decayed_unit[] = {HEADRACE_UNIT_SAME};
static const headrace_arg decayed_arg[] = {
    {sizeof(headrace_arg), HEADRACE_TIME, "half", 0, 0, 10e9},
};

/* ---- the stage ---- */
typedef struct despike {
    double last; /* mid of the last row kept */
    uint32_t has_last;
    uint32_t n_dropped; /* in a row */
} despike;

#define FAR 0.05   /* of mid */
#define DROP_MAX 3 /* then it is no spike: the market is there now */

static void despike_run(void *self, void *state, const headrace_stage_rows *r)
{
    despike *s = state;
    (void)self;
    for (uint32_t i = 0; i < r->n; i++) {
        double mid = r->in[0][i];
        if (isnan(mid)) continue; /* kept, without a gap */
        double gap = s->has_last ? mid / s->last - 1 : 0;
        r->out[0][i] = gap;
        if (fabs(gap) > FAR && s->n_dropped < DROP_MAX) {
            r->keep[i] = 0;
            s->n_dropped++;
            continue;
        }
        s->last = mid;
        s->has_last = 1;
        s->n_dropped = 0;
    }
}

static const char *const despike_in[] = {"mid"};
static const char *const despike_out[] = {"mid_gap"};

/* ---- and another ---- */
typedef struct on_move {
    double last; /* mid of the last row that had one */
    uint64_t has_last;
} on_move;

static void on_move_run(void *self, void *state, const headrace_stage_rows *r)
{
    on_move *s = state;
    (void)self;
    for (uint32_t i = 0; i < r->n; i++) {
        double mid = r->in[0][i];
        int is_trade = !isnan(r->in[1][i]);
        double move = s->has_last ? mid - s->last : 0;
        if (isnan(mid)) continue; /* kept */
        if (s->has_last && move == 0 && !is_trade) r->keep[i] = 0;
        r->out[0][i] = move;
        s->last = mid;
        s->has_last = 1;
    }
}

static const char *const on_move_in[] = {"mid", "trade.px"};
static const char *const on_move_out[] = {"mid_move"};

/* ---- what headrace is told ----
 * C++ before C++20 has no designated initialisers: write the fields in their order there. */
static const headrace_op ops[] = {
    {
        .struct_size = sizeof(headrace_op),
        .name = "decayed_sum",
        .what = "sum of all x so far, each weighing 2^(-age / half)",
        .n_in = 1,
        .in = decayed_in,
        .n_arg = 1,
        .arg = decayed_arg,
        .n_out = 1,
        .out = decayed_out,
        .unit = decayed_unit,
        .bytes = decayed_bytes,
        .init = decayed_init,
        .run = decayed_run,
    },
};

static const headrace_stage stages[] = {
    {
        .struct_size = sizeof(headrace_stage),
        .name = "despike",
        .what = "drops rows whose mid is 5% from the last one kept, at most three in a row",
        .n_in = 1,
        .in = despike_in,
        .n_out = 1,
        .out = despike_out,
        .state_bytes = sizeof(despike),
        .run = despike_run,
    },
    {
        .struct_size = sizeof(headrace_stage),
        .name = "on_move",
        .what = "keeps trades and rows in which mid is not what it was",
        .n_in = 2,
        .in = on_move_in,
        .n_out = 1,
        .out = on_move_out,
        .state_bytes = sizeof(on_move),
        .run = on_move_run,
    },
};

static const headrace_plugin_info info = {
    .abi = HEADRACE_PLUGIN_ABI,
    .struct_size = sizeof(headrace_plugin_info),
    .name = "example",
    .version = "1.0",
    .n_op = 1,
    .op = ops,
    .n_stage = sizeof stages / sizeof stages[0],
    .stage = stages,
};

const headrace_plugin_info *headrace_plugin(uint32_t host_abi, const headrace_host *host)
{
    if (host_abi == HEADRACE_PLUGIN_ABI) return &info;
    host->refuse(host->self, "it was made for another version of headrace");
    return NULL;
}
