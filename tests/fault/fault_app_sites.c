/* SPDX-License-Identifier: Apache-2.0 */
/* Every place from which the engine and the verbs call the system, found by undisturbed runs: new,
 * resumed, begun anew, over each kind of input, and the verbs (verify, convert, inspect, bars,
 * asof, calc, run, gen) in this process. Each place fails at least once; HR_TEST_FULL=1: with each
 * error, once and for ever, at its first, its last and some other call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "convert/convert.h"
#include "dbn_made.h"
#include "fault_case.h"
#include "harness.h"
#include "places.h"
#include "rng.h"
#include "verb_run.h"

static const int errnos[] = {EIO, ENOSPC, EINTR, EAGAIN, EMFILE, ENOMEM, EDQUOT, EROFS, ECONNRESET};

static test_places places;
static test_rng rng;
static uint64_t n_states;

/* ---- worlds ---- */

typedef struct world_spec {
    const char *name;
    const char *input;
    hr_synth_format format;
    hr_target_format to; /* what it is converted to; HR_TO_AUTO: nothing */
    uint32_t lanes;
} world_spec;

static const world_spec specs[] = {
    {"capture", "/capture.ndjson", HR_SYNTH_CAPTURE, HR_TO_AUTO, 1},
    {"lanes", "/capture.ndjson", HR_SYNTH_CAPTURE, HR_TO_AUTO, 2},
    {"gzip", "/capture.ndjson.gz", HR_SYNTH_CAPTURE, HR_TO_CAPTURE_JSON, 1},
    {"zstd", "/capture.ndjson.zst", HR_SYNTH_CAPTURE, HR_TO_CAPTURE_JSON, 1},
    {"csv", "/capture.csv", HR_SYNTH_TARDIS, HR_TO_AUTO, 1},
    {"parquet", "/capture.parquet", HR_SYNTH_CAPTURE, HR_TO_EVENTS, 1},
    {"deltas", "/deltas.parquet", HR_SYNTH_CAPTURE, HR_TO_DELTAS, 1},
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
    o.to = spec->to;
    o.lossy = true;
    if (test_engine_capture(sys, o.in, &opt) <= 0) abort();
    const bool converts = spec->to != HR_TO_AUTO;
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

/* Other containers and formats than job-syscalls has: transfers cut short, signals between. */
static void test_short_transfers(const fault_world *w)
{
    static const size_t sizes[] = {1, 61, 513};
    for (size_t i = 0; i < HR_ARRAY_LEN(sizes); i++) {
        fault_result r;
        fault_case c = {
            .fault = {.short_max = sizes[i], .eintr_every = i == 0 ? 0 : 2 + (unsigned)i},
            .lanes = w->engine.lanes};
        n_states++;
        fault_check(w, &c, &r);
        assert_int_equal(r.status, HR_OK);
    }
}

/* Every call of a run, or one in eight, is the last. */
static void test_killed(const fault_world *w)
{
    uint64_t step = fault_is_full() ? 1 : 8;
    for (uint64_t nth = 1 + test_rng_below(&rng, step); nth <= w->n_calls; nth += step) {
        fault_case c = {.fault = {.nth = nth, .freeze = true}, .lanes = w->engine.lanes};
        n_states++;
        fault_check(w, &c, NULL);
    }
}

static void test_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WORLDS; i++)
        test_world(&worlds[i], i == 0);
    for (size_t i = 0; i < N_WORLDS; i++)
        test_short_transfers(&worlds[i]);
    for (size_t i = 1; i < N_WORLDS; i++)
        test_killed(&worlds[i]);
}

/* ---- verbs ---- */

/* What a verb does undisturbed, and may leave when it fails: nothing new, or anything (a dataset,
 * which a resume mends). */
typedef struct verb_case {
    const char *line;
    hr_exit exit;       /* undisturbed */
    bool has_times;     /* prints how long it took */
    bool leaves_a_part; /* when it fails */
    bool finds;         /* prints findings, and goes on */
} verb_case;

#define BOOKS "/out/books/venue=binance/symbol=BTCUSDT/date=2024-08-09/part-0.parquet"

/* Captures have a gap, which verify finds. */
static const verb_case verb_cases[] = {
    {.line = "verify /out", .finds = true},
    {.line = "verify /capture.ndjson", .exit = HR_EXIT_CHECK},
    {.line = "verify /capture.ndjson.gz", .exit = HR_EXIT_CHECK},
    {.line = "verify /capture.parquet", .exit = HR_EXIT_CHECK},
    {.line = "verify " BOOKS, .finds = true},
    {.line = "inspect /capture.ndjson --json"},
    {.line = "inspect /capture.ndjson.zst"},
    {.line = "inspect /capture.parquet"},
    {.line = "inspect " BOOKS " --json"},
    {.line = "convert /capture.ndjson /new.parquet", .has_times = true},
    {.line = "convert /capture.ndjson /new.csv.gz --lossy", .has_times = true},
    {.line = "convert /capture.parquet /new.ndjson.zst", .has_times = true},
    {.line = "convert /capture.csv /capture.parquet --force", .has_times = true},
    {.line = "inspect /mbo.dbn --json"},
    {.line = "convert /mbo.dbn /new.parquet", .has_times = true},
    {.line = "convert /mbo.dbn /new.csv.zst", .has_times = true},
    {.line = "convert /mbo.dbn /new.parquet --to events", .has_times = true},
    {.line = "verify /mbo.dbn"},
    {.line = "run /mbo.dbn --out /new --lanes 1", .has_times = true, .leaves_a_part = true},
    {.line = "verify /capture.ndjson --report /report.json", .exit = HR_EXIT_CHECK},
    {.line = "verify /capture.ndjson.gz --report /report.md", .exit = HR_EXIT_CHECK},
    {.line = "verify /capture.ndjson --report /report.html", .exit = HR_EXIT_CHECK},
    {.line = "bars /capture.ndjson --every 1s --out /bars.parquet", .has_times = true},
    {.line = "bars /capture.ndjson.gz --ticks 3 --of book --out /bars.csv.gz", .has_times = true},
    {.line = "bars /capture.parquet --volume 2 --split --json", .has_times = true},
    {.line = "asof /capture.ndjson --out /joined.parquet", .has_times = true},
    {.line = "asof /capture.ndjson.zst --clock venue --out /joined.ndjson", .has_times = true},
    {.line = "calc mean(mid,10) /capture.ndjson --out /values.parquet", .has_times = true},
    {.line = "calc sum(trade.px,5s) /capture.parquet --out /values.csv.gz", .has_times = true},
    {.line = "calc mid>ewma_time(mid,1s) /capture.ndjson.zst --rows true --out /values.ndjson",
     .has_times = true},
    {.line = "calc sma(close,5) /klines.parquet --out /values.arrow", .has_times = true},
    {.line = "calc max(close,72h) /bars.csv --out /values.csv --json", .has_times = true},
    {.line = "inspect /klines.csv --format binance-klines --json"},
    {.line = "convert /klines.csv /new.parquet --format binance-klines", .has_times = true},
    {.line = "convert /klines.parquet /new.csv.gz", .has_times = true},
    {.line = "run /plan.yaml /capture.ndjson --out /new --lanes 1",
     .has_times = true,
     .leaves_a_part = true},
    {.line = "run /capture.ndjson --out /out", .exit = HR_EXIT_USAGE}, /* holds a dataset already */
    {.line = "gen --levels 300 --instruments 1 --out /new.ndjson.gz --truth /truth.json",
     .has_times = true,
     .leaves_a_part = true},
    {.line = "gen --format lake --levels 300 --instruments 1 --out /lake",
     .has_times = true,
     .leaves_a_part = true},
};

static hr_sys_sim *verbs_disk; /* as each verb finds it */

static void store_dbn(const hr_sys *sys)
{
    static const dbn_made_mapping mapping = {"ESM4", "5602", 20240508, 20240509};
    static uint8_t p[DBN_MADE_HEADER_MAX + 64 * 56];
    dbn_made_header h = {
        .version = 3, .stype_in = 1, .dataset = "GLBX.MDP3", .mappings = &mapping, .n_mappings = 1};
    size_t n = dbn_made_header_put(p, &h);
    for (uint32_t i = 1; i < 64; i++) {
        hr_dbn_mbo m = {.instrument = 5602,
                        .ts_recv = UINT64_C(1715126400000000000) + i,
                        .order_id = i,
                        .px = i,
                        .qty = i,
                        .action = 'A',
                        .side = 'B'};
        n += dbn_made_mbo(p + n, &m);
    }
    fault_store(sys, "/mbo.dbn", (const char *)p, n);
}

/* A table that is no events, with a row that is none, and what convert makes of it. */
static void store_klines(const hr_sys *sys)
{
    static char text[20000];
    size_t n = 0;
    hr_convert_options o = HR_CONVERT_OPTIONS_DEFAULT;
    hr_convert_report report;
    hr_err err = HR_ERR_INIT;
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(
            text + n, sizeof text - n, "%lld,1.5,2,1,1.%d,10,%lld,15,%d,5,7.5,%s\n",
            1704153600000 + 60000LL * i, i, 1704153659999 + 60000LL * i, i, i == 50 ? "x" : "0");
    fault_store(sys, "/klines.csv", text, n);
    o.in = "/klines.csv";
    o.out = "/klines.parquet";
    o.format = HR_FORMAT_BINANCE_KLINES;
    hr_sys_install(sys);
    if (hr_convert(&o, &report, &err) != HR_OK) {
        printf("Bail out! klines: %s\n", err.message);
        abort();
    }
    hr_sys_install(NULL);
}

static void store_bars(const hr_sys *sys)
{
    static char text[4000];
    size_t n = (size_t)snprintf(text, sizeof text, "date,open,high,low,close,volume\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "2024-0%d-%02d,1.5,2,1,1.%d,10\n",
                              1 + i / 28, 1 + i % 28, i);
    fault_store(sys, "/bars.csv", text, n);
}

static void make_verbs_disk(void)
{
    static const char plan[] = "limits: {instruments: 2}\n";
    hr_err err = HR_ERR_INIT;
    if (hr_sys_sim_create(&verbs_disk, 1) != HR_OK) abort();
    const hr_sys *sys = hr_sys_sim_table(verbs_disk);
    for (size_t i = 0; i < N_WORLDS; i++)
        if (strcmp(specs[i].name, "lanes") != 0)
            fault_store(sys, specs[i].input, worlds[i].capture, worlds[i].n_capture);
    fault_store(sys, "/plan.yaml", plan, sizeof plan - 1);
    store_dbn(sys);
    store_klines(sys);
    store_bars(sys);
    hr_sys_install(sys);
    if (test_engine_run(&worlds[0].engine, NULL, &err) != HR_OK) abort();
    hr_sys_install(NULL);
}

typedef struct verb_state {
    uint64_t digest; /* of all files */
    verb_result said;
} verb_state;

static uint64_t digest_before;
static verb_state want;
static verb_state is;

static const char *judge(const verb_case *v, const hr_sys_fail *f, int sys_errno)
{
    bool is_same = is.digest == want.digest;
    if (sys_errno == 0 && is.said.code != want.said.code) return "fails for short transfers";
    if (is.said.code == want.said.code) {
        if (!is_same) return "ends well, with other files";
        bool says_same = v->has_times || strcmp(is.said.out, want.said.out) == 0;
        return says_same ? NULL : "ends well, and says something else";
    }
    const char *words = fault_check_words(f, sys_errno, is.said.err);
    /* what could not be read is a finding: the rest is checked all the same */
    if (is.said.code == HR_EXIT_CHECK && v->finds) return words;
    if (is.said.code != HR_EXIT_ENV && is.said.code != HR_EXIT_LIMIT) return "blames another";
    if (!v->leaves_a_part && !is_same && is.digest != digest_before) return "leaves something";
    if (strstr(is.said.err, "headrace: ") == NULL) return "no word on the error";
    return words;
}

/* One verb, one fault. of: the role of its places. */
static void verb_once(const verb_case *v, uint64_t of, const hr_sys_fault *fault)
{
    hr_sys_sim *disk;
    hr_sys_fail *f;
    if (hr_sys_sim_create(&disk, 1) != HR_OK || hr_sys_sim_copy(disk, verbs_disk) != HR_OK) abort();
    if (hr_sys_fail_create(&f, hr_sys_sim_table(disk), fault) != HR_OK) abort();
    char now[256];
    snprintf(now, sizeof now, "%s, place %llx, call %llu, errno %d%s", v->line,
             (unsigned long long)fault->place, (unsigned long long)fault->nth, fault->sys_errno,
             fault->forever ? ", and all after it" : "");
    fault_now(now);
    hr_sys_install(hr_sys_fail_table(f));
    fault_still_alive();
    verb_run(v->line, &is.said);
    fault_all_done();
    hr_sys_install(NULL);
    is.digest = test_engine_digest(hr_sys_sim_table(disk), "/", false);
    n_states++;
    const char *bad = NULL;
    if (hr_sys_sim_open_count(disk) != 0) bad = "leaves a descriptor open";
    if (hr_sys_fail_maps(f) != 0) bad = "leaves memory mapped";
    bool is_disturbed = fault->nth > 0 || fault->short_max > 0;
    if (bad == NULL && is_disturbed) bad = judge(v, f, fault->sys_errno);
    if (!is_disturbed) (void)places_add(&places, f, of);
    places_hit(&places, hr_sys_fail_hit_place(f), of);
    if (bad != NULL) {
        char name[512];
        for (uint32_t i = 0; i < places.n; i++)
            if (places.place[i].at.id == fault->place && places.place[i].role == of)
                print_error("%s\n", places_name(&places.place[i].at, name, sizeof name));
        print_error("%s, %zu bytes, call %llu%s, %s: exit %d, %s: %s%s\n", v->line,
                    fault->short_max, (unsigned long long)fault->nth,
                    fault->forever ? " and all after it" : "", strerror(fault->sys_errno),
                    is.said.code, bad, is.said.err, is.said.out);
        fail();
    }
    hr_sys_fail_destroy(&f);
    hr_sys_sim_destroy(&disk);
}

static uint32_t faults_a_place(void)
{
    return fault_is_full() ? 2u * (uint32_t)HR_ARRAY_LEN(errnos) : 2;
}

/* The k-th fault of the places from `first` on. */
static hr_sys_fault fault_of(uint32_t first, uint32_t k)
{
    const uint32_t each = faults_a_place();
    const test_place *p = &places.place[first + k / each];
    uint32_t e = k % each;
    hr_sys_fault w = {.place = p->at.id, .nth = 1, .forever = e % 2 != 0};
    w.sys_errno = errnos[each > 2 ? e / 2 : test_rng_below(&rng, HR_ARRAY_LEN(errnos))];
    if (e > 1) w.nth += test_rng_below(&rng, p->at.n_calls);
    return w;
}

static void test_verb(const verb_case *v, uint64_t of)
{
    const uint32_t first = places.n;
    uint32_t n_faults = 0;
    /* volatile: one call, so that the way to a place is the same with and without a fault */
    for (volatile uint32_t k = 0; k <= n_faults; k++) {
        hr_sys_fault fault = k > 0 ? fault_of(first, k - 1) : (hr_sys_fault){0};
        verb_once(v, of, &fault);
        if (k > 0) continue;
        if (is.said.code != (int)v->exit)
            fail_msg("%s: undisturbed exit %d, expected %d: %.400s%.400s", v->line, is.said.code,
                     (int)v->exit, is.said.err, is.said.out);
        want = is;
        n_faults = (places.n - first) * faults_a_place();
        printf("# %s: exit %d, %u places\n", v->line, is.said.code, places.n - first);
    }
    verb_once(v, of, &(hr_sys_fault){.short_max = 1});
    verb_once(v, of, &(hr_sys_fault){.short_max = 61, .eintr_every = 3});
}

static void test_verbs(void **state)
{
    (void)state;
    make_verbs_disk();
    digest_before = test_engine_digest(hr_sys_sim_table(verbs_disk), "/", false);
    for (uint64_t i = 0; i < HR_ARRAY_LEN(verb_cases); i++)
        test_verb(&verb_cases[i], N_ROLES + i);
    hr_sys_sim_destroy(&verbs_disk);
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
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_no_place_was_left_out),
    };
    return fault_run_group(all, HR_ARRAY_LEN(all), set_up, tear_down);
}
