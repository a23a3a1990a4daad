/* SPDX-License-Identifier: Apache-2.0 */
/* What one operation of the foundation costs, in a loop with all in cache: the smallest of several
 * rounds, so that a neighbour on the machine does not count. */
#include <stdio.h>

#include "base/sys.h"
#include "conc/park.h"
#include "conc/spsc.h"
#include "figure.h"
#include "prof/recorder.h"

#define N 100000
#define ROUNDS 20

static hr_spsc ring;
static hr_park park;
static hr_pool *pool;
static hr_rec *rec;

static void spans(void)
{
    hr_rec_lane *l = hr_rec_lane_at(rec, 0);
    for (int i = 0; i < N; i++)
        (void)hr_rec_end(l, 0, hr_rec_begin(l));
}

static void spans_with_histogram(void)
{
    hr_rec_lane *l = hr_rec_lane_at(rec, 0);
    for (int i = 0; i < N; i++)
        (void)hr_rec_end(l, 1, hr_rec_begin(l));
}

static void switches(void)
{
    hr_rec_lane *l = hr_rec_lane_at(rec, 0);
    for (int i = 0; i < N; i++)
        hr_rec_switch(l, (uint32_t)i & 1);
}

static void counters(void)
{
    hr_rec_lane *l = hr_rec_lane_at(rec, 0);
    for (int i = 0; i < N; i++)
        hr_rec_add(l, 0, 1);
}

static void clock_reads(void)
{
    for (int i = 0; i < N; i++)
        (void)hr_sys_mono_ns();
}

static void ring_passes(void)
{
    for (int i = 0; i < N; i++)
        if (!hr_spsc_push(&ring, &ring) || hr_spsc_pop(&ring) == NULL) return;
}

static void pool_turns(void)
{
    for (int i = 0; i < N; i++)
        hr_pool_put(pool, hr_pool_get(pool));
}

static void wakes_of_nobody(void)
{
    for (int i = 0; i < N; i++)
        hr_park_wake(&park);
}

static void run(const char *name, void (*fn)(void))
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = hr_sys_mono_ns();
        fn();
        int64_t t = hr_sys_mono_ns() - t0;
        best = HR_MIN(best, t);
    }
    printf("%-34s %7.2f ns\n", name, (double)best / N);
    figure(name, "cost", (double)best / N, "ns");
}

int main(void)
{
    static const char *const names[] = {"a", "b"};
    hr_arena *arena;
    hr_rec_options opt = HR_REC_OPTIONS_DEFAULT;
    opt.n_stages = opt.n_counters = 2;
    opt.stage_name = opt.counter_name = names;
    opt.hist_mask = 2;
    hr_park_init(&park);
    if (hr_arena_create(&arena, NULL, 4 << 20, "bench", NULL) != HR_OK ||
        hr_rec_create(&rec, arena, &opt, NULL) != HR_OK ||
        hr_spsc_init(&ring, arena, 64, NULL) != HR_OK ||
        hr_pool_create(&pool, arena, 4096, 64, "pool", NULL) != HR_OK)
        return 1;
    printf("clock: %s\n", hr_rec_clock(rec));
    run("hr_rec_begin + end", spans);
    run("hr_rec_begin + end, histogram", spans_with_histogram);
    run("hr_rec_switch (half with histogram)", switches);
    run("hr_rec_add", counters);
    run("hr_sys_mono_ns", clock_reads);
    run("hr_spsc_push + pop", ring_passes);
    run("hr_pool_get + put", pool_turns);
    run("hr_park_wake, nobody waits", wakes_of_nobody);
    hr_arena_destroy(&arena);
    return 0;
}
