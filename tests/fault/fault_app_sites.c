/* SPDX-License-Identifier: Apache-2.0 */
/* Every place from which the engine and the verbs call the system, found by undisturbed runs: new,
 * resumed, begun anew, over each kind of input, and verify, convert, inspect, run and gen in this
 * process. Each place fails at least once; HR_TEST_FULL=1: with each error, once and for ever, at
 * its first, its last and some other call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "harness.h"
#include "job/convert.h"
#include "places.h"
#include "rng.h"

static const int errnos[] = {EIO, ENOSPC, EINTR, EAGAIN, EMFILE, ENOMEM, EDQUOT, EROFS, ECONNRESET};

static test_places places;
static test_rng rng;
static uint64_t n_states;

/* ---- worlds ---- */

typedef struct world_spec {
    const char *name;
    const char *input;
    hr_synth_format format;
    uint32_t lanes;
} world_spec;

static const world_spec specs[] = {
    {"capture", "/capture.ndjson", HR_SYNTH_CAPTURE, 1},
    {"lanes", "/capture.ndjson", HR_SYNTH_CAPTURE, 2},
    {"gzip", "/capture.ndjson.gz", HR_SYNTH_CAPTURE, 1},
    {"zstd", "/capture.ndjson.zst", HR_SYNTH_CAPTURE, 1},
    {"csv", "/capture.csv", HR_SYNTH_TARDIS, 1},
    {"parquet", "/capture.parquet", HR_SYNTH_CAPTURE, 1},
};
#define N_WORLDS HR_ARRAY_LEN(specs)

static fault_world worlds[N_WORLDS];

/* What the synthetic venue says, in the container that the world's input has. */
static char *make_input(const world_spec *spec, size_t *n)
{
    hr_sys_sim *sim;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    hr_convert_options o = HR_CONVERT_OPTIONS_DEFAULT;
    hr_convert_report report;
    hr_err err = HR_ERR_INIT;
    opt.format = spec->format;
    opt.n_instruments = 1;
    opt.n_levels = test_seed() == 1 ? 700 : 300 + test_seed() % 500;
    opt.n_gaps = spec->format == HR_SYNTH_TARDIS ? 0 : 1;
    opt.n_bad = 3;
    opt.seed = test_seed();
    if (hr_sys_sim_create(&sim, 1) != HR_OK) abort();
    const hr_sys *sys = hr_sys_sim_table(sim);
    o.in = spec->format == HR_SYNTH_TARDIS ? "/made.csv" : "/made.ndjson";
    o.out = spec->input;
    o.to = strcmp(spec->name, "parquet") == 0 ? HR_TO_EVENTS : HR_TO_CAPTURE_JSON;
    if (test_engine_capture(sys, o.in, &opt) <= 0) abort();
    bool converts = strcmp(spec->name, "parquet") == 0 || strcmp(spec->name, "gzip") == 0 ||
                    strcmp(spec->name, "zstd") == 0;
    hr_sys_install(sys);
    if (converts && hr_convert(&o, &report, &err) != HR_OK) {
        printf("Bail out! %s: %s\n", spec->name, err.message);
        abort();
    }
    hr_sys_install(NULL);
    char *bytes = fault_load(sys, converts ? o.out : o.in, n);
    hr_sys_sim_destroy(&sim);
    return bytes;
}

static void make_world(size_t i)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    size_t n;
    char *bytes = make_input(&specs[i], &n);
    e.input = specs[i].input;
    e.lanes = specs[i].lanes;
    e.commit_rows = test_seed() == 1 ? 500 : 200 + (int64_t)(test_seed() % 400);
    e.instruments = 1;
    fault_world_init_file(&worlds[i], &e, bytes, n);
    worlds[i].name = specs[i].name;
}

static int set_up(void **state)
{
    const char *one = getenv("HR_TEST_WORLD");
    test_rng_init(&rng, test_seed());
    for (size_t i = 0; i < N_WORLDS; i++) {
        make_world(i);
        if (one != NULL && strcmp(specs[i].name, one) == 0) *state = &worlds[i];
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WORLDS; i++)
        fault_world_fini(&worlds[i]);
    printf("# states %llu\n", (unsigned long long)n_states);
    return 0;
}

/* ---- a fault at a place of a run ---- */

/* What comes before the run that is looked at, and how that begins. */
typedef struct role {
    const char *name;
    unsigned dies_at; /* a run before it is dead after this many of 8 parts; 9: it ended well */
    bool forces;
} role;

static const role roles[] = {{"new", 0, false},
                             {"resumed early", 1, false},
                             {"resumed", 4, false},
                             {"ended", 9, false},
                             {"forced", 9, true}};
#define N_ROLES HR_ARRAY_LEN(roles)

static uint64_t now_role;
static uint32_t now_run; /* of a case: the one that is looked at is the first or, after one, the
                            second */
static uint32_t now_hits;

static bool is_looked_at(void)
{
    return now_run++ == (roles[now_role].dies_at > 0);
}

static void discover(hr_sys_fail *f, hr_open_mode mode)
{
    (void)mode;
    if (is_looked_at()) (void)places_add(&places, f, now_role);
}

static void see_hit(hr_sys_fail *f, hr_open_mode mode)
{
    (void)mode;
    if (!is_looked_at() || hr_sys_fail_hit_place(f) == 0) return;
    places_hit(&places, hr_sys_fail_hit_place(f), now_role);
    now_hits++;
}

static void check(const fault_world *w, hr_sys_fault fault)
{
    const role *r = &roles[now_role];
    fault_case c = {.lanes = w->engine.lanes, .again_forces = r->forces};
    if (r->dies_at == 0) {
        c.fault = fault;
    } else {
        c.again = fault;
        if (r->dies_at <= 8)
            c.fault = (hr_sys_fault){.nth = 1 + w->n_calls * r->dies_at / 8, .freeze = true};
    }
    now_run = 0;
    n_states++;
    fault_check(w, &c, NULL);
}

static void fail_at(const fault_world *w, const test_place *p, uint64_t nth, int sys_errno,
                    bool forever)
{
    now_role = p->role;
    check(w, (hr_sys_fault){
                 .place = p->at.id, .nth = nth, .sys_errno = sys_errno, .forever = forever});
}

/* Sampled: one case, again with the first call where that was not reached this time. */
static void fail_place(const fault_world *w, const test_place *p)
{
    uint64_t n = p->at.n_calls;
    for (size_t e = 0; fault_is_full() && e < 2 * HR_ARRAY_LEN(errnos); e++) {
        uint64_t nth[] = {1, n, 1 + test_rng_below(&rng, n)};
        for (size_t i = 0; i < (n > 2 ? 3 : n); i++)
            fail_at(w, p, nth[i], errnos[e / 2], e % 2 != 0);
    }
    if (fault_is_full()) return;
    now_hits = 0;
    for (int tries = 0; tries < 4 && now_hits == 0; tries++)
        fail_at(w, p, tries == 0 ? 1 + test_rng_below(&rng, n) : 1,
                errnos[test_rng_below(&rng, HR_ARRAY_LEN(errnos))], test_rng_chance(&rng, 2));
}

static void test_world(const fault_world *w, bool is_first)
{
    for (now_role = 0; now_role < N_ROLES; now_role++) {
        const uint64_t r = now_role;
        uint32_t before = places.n;
        fault_observe = discover;
        check(w, (hr_sys_fault){.nth = r > 0 ? UINT64_MAX : 0}); /* nothing is disturbed */
        fault_observe = see_hit;
        printf("# %s, %s: %u new places\n", w->name, roles[r].name, places.n - before);
        /* of the places that an earlier world had too, some */
        for (uint32_t i = 0; i < places.n; i++)
            if (places.place[i].role == r &&
                (i >= before || fault_is_full() || (!is_first && test_rng_chance(&rng, 8))))
                fail_place(w, &places.place[i]);
        now_role = r;
    }
    fault_observe = NULL;
}

static void test_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WORLDS; i++)
        test_world(&worlds[i], i == 0);
}

static void test_no_place_was_left_out(void **state)
{
    (void)state;
    assert_int_equal(places_report(&places), 0);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_no_place_was_left_out),
    };
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, tear_down);
}
