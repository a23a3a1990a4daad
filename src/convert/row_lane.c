/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/row_lane.h"

#include <string.h>

#include "base/assert.h"
#include "conc/park.h"
#include "conc/spsc.h"
#include "conc/thread.h"

/* A group takes milliseconds: who waits for one soon gives the processor away. */
#define IDLE                                                                                       \
    (&(hr_idle_options){.n_spins = 100, .n_yields = 2, .park_ns = INT64_C(100) * 1000 * 1000})

#define RING (HR_ROW_LANE_GROUPS_MAX + 1u) /* all groups, or all but one and the last */

/* Whose it is changes with each hand-over. */
typedef struct group {
    hr_row_set set;
    hr_status st; /* of the lane when it came back */
} group;

typedef struct side {
    hr_spsc ring; /* of group */
    hr_park park; /* of who takes from it */
} side;

struct hr_row_lane {
    side full;  /* from the owner to the lane: rows to write, `last` behind them */
    side empty; /* back */
    hr_row_write_fn write;
    void *self;
    group group[HR_ROW_LANE_GROUPS_MAX + 1];
    uint32_t n_groups;
    group last;   /* says that there is no more */
    group *spare; /* owner: in neither ring, takes what is handed over */
    hr_thread thread;
    /* The lane's; the owner looks at err when a group has come back with a failure, at both after
     * the join. */
    hr_status st;
    hr_err err;
};

size_t hr_row_lane_bytes(void)
{
    return sizeof(hr_row_lane) + 1024; /* and two rings */
}

static void put(side *s, group *g) /* producer only */
{
    bool is_put = hr_spsc_push(&s->ring, g); /* it has room for all there are */
    HR_ASSERT(is_put);
    hr_park_wake(&s->park);
}

static group *take(side *s) /* consumer only */
{
    hr_idle idle;
    group *g;
    hr_idle_init(&idle, IDLE, &s->park);
    while ((g = hr_spsc_pop(&s->ring)) == NULL)
        hr_idle_step(&idle, 0);
    hr_idle_step(&idle, 1);
    return g;
}

static void *lane_main(void *arg)
{
    hr_row_lane *l = arg;
    for (;;) {
        group *g = take(&l->full);
        if (g == &l->last) return NULL;
        if (l->st == HR_OK) l->st = l->write(l->self, &g->set, &l->err);
        g->st = l->st;
        put(&l->empty, g);
    }
}

hr_status hr_row_lane_create(hr_row_lane **out, hr_row_write_fn write, void *self, hr_arena *arena,
                             hr_err *err)
{
    *out = NULL;
    hr_row_lane *l = hr_arena_alloc(arena, sizeof *l, HR_CACHE_LINE);
    if (l == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a lane of rows");
    memset(l, 0, sizeof *l);
    hr_err_reset(&l->err);
    l->write = write;
    l->self = self;
    HR_TRY(hr_spsc_init(&l->full.ring, arena, RING, err));
    HR_TRY(hr_spsc_init(&l->empty.ring, arena, RING, err));
    hr_park_init(&l->full.park);
    hr_park_init(&l->empty.park);
    l->spare = &l->group[l->n_groups++];
    *out = l;
    return HR_OK;
}

void hr_row_lane_add(hr_row_lane *l, const hr_row_set *set)
{
    HR_ASSERT(l->n_groups < HR_ARRAY_LEN(l->group) && !l->thread.is_started);
    group *g = &l->group[l->n_groups++];
    g->set = *set;
    put(&l->empty, g);
}

hr_status hr_row_lane_start(hr_row_lane *l, hr_err *err)
{
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    opt.name = "rows";
    if (l->thread.is_started) return HR_OK;
    return hr_thread_start(&l->thread, &opt, lane_main, l, err);
}

static hr_status outcome(const hr_row_lane *l, hr_status st, hr_err *err)
{
    if (st != HR_OK && err != NULL) *err = l->err;
    return st;
}

hr_status hr_row_lane_swap(hr_row_lane *l, hr_row_set *set, hr_err *err)
{
    HR_ASSERT(l->thread.is_started && l->n_groups > 1);
    l->spare->set = *set;
    put(&l->full, l->spare);
    l->spare = take(&l->empty);
    *set = l->spare->set;
    set->n_rows = 0;
    return outcome(l, l->spare->st, err);
}

hr_status hr_row_lane_stop(hr_row_lane *l, hr_err *err)
{
    if (l == NULL || !l->thread.is_started) return HR_OK;
    put(&l->full, &l->last);
    HR_TRY(hr_thread_join(&l->thread, err));
    return outcome(l, l->st, err);
}
