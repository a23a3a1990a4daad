/* SPDX-License-Identifier: Apache-2.0 */
/* A sync that fails, as it does on Linux: what could not be written stays readable and counts as
 * clean, so that trying again succeeds and has done nothing. The run must stop, must not sync the
 * same pages again, and must not have said that they are durable; what resumes it, in the same
 * cache or after a loss of power, must not build on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "harness.h"
#include "rng.h"

static fault_world world;

static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    *state = &world;
    opt.n_instruments = 2;
    opt.n_levels = 500;
    opt.n_gaps = 1;
    opt.n_bad = 5;
    opt.seed = test_seed();
    e.commit_rows = 700;
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    return 0;
}

typedef enum kind {
    KIND_MANIFEST,
    KIND_REJECTS,
    KIND_CHECKPOINT,
    KIND_PART,
    KIND_ROOT,
    KIND_FOLDER,
    N_KINDS,
} kind;

static const char *const kind_names[N_KINDS] = {"manifest", "rejects", "checkpoint",
                                                "part",     "root",    "folder"};

typedef struct watcher {
    const hr_sys *sys;
    uint64_t n, nth;
    uint64_t lost_ino; /* of the file whose sync failed */
    kind lost_kind;
    bool is_tried_again;
} watcher;

static bool is_file(const hr_sys *sys, uint64_t ino, const char *name)
{
    char path[512];
    hr_sys_stat st;
    snprintf(path, sizeof path, "%s/%s", world.engine.out, name);
    return sys->stat(sys->self, AT_FDCWD, path, &st) == 0 && st.ino == ino;
}

static kind kind_of(const hr_sys *sys, const hr_sys_stat *st)
{
    char name[64];
    if (st->is_dir) return is_file(sys, st->ino, ".") ? KIND_ROOT : KIND_FOLDER;
    if (is_file(sys, st->ino, "manifest.jsonl")) return KIND_MANIFEST;
    if (is_file(sys, st->ino, "rejects.ndjson")) return KIND_REJECTS;
    for (int i = 1; i < 100; i++) {
        snprintf(name, sizeof name, ".state-%d.bin.tmp", i);
        if (is_file(sys, st->ino, name)) return KIND_CHECKPOINT;
    }
    return KIND_PART;
}

static void watch(void *arg, const char *call, int fd)
{
    watcher *k = arg;
    hr_sys_stat st;
    if (strcmp(call, "sync") != 0 || k->sys->fstat(k->sys->self, fd, &st) < 0) return;
    if (k->lost_ino != 0 && !st.is_dir && st.ino == k->lost_ino) k->is_tried_again = true;
    if (++k->n != k->nth) return;
    k->lost_ino = st.ino;
    k->lost_kind = kind_of(k->sys, &st);
}

static hr_status run(hr_sys_sim *disk, hr_open_mode mode, uint32_t *n_commits, hr_err *err)
{
    test_engine e = world.engine;
    hr_run_report report = {0};
    e.mode = mode;
    *err = (hr_err)HR_ERR_INIT;
    fault_still_alive();
    hr_sys_install(hr_sys_sim_table(disk));
    hr_status st = test_engine_run(&e, &report, err);
    hr_sys_install(NULL);
    fault_all_done();
    *n_commits = report.n_commits;
    return st;
}

/* The run whose nth sync fails. */
static const char *lose(hr_sys_sim *disk, watcher *k, uint32_t *n_commits)
{
    hr_err err;
    hr_sys_sim_watch(disk, watch, k);
    hr_sys_sim_lose_sync(disk, k->nth);
    hr_status st = run(disk, HR_OPEN_NEW, n_commits, &err);
    hr_sys_sim_watch(disk, NULL, NULL);
    hr_sys_sim_lose_sync(disk, 0);
    if (k->n < k->nth) return st == HR_OK ? NULL : "fails without cause";
    bool is_named = strstr(err.message, "sync") != NULL || strstr(err.message, "/out") != NULL;
    if (st != HR_EIO || !is_named) return "does not say what failed";
    if (k->is_tried_again) return "syncs the same pages again";
    if (hr_sys_sim_open_count(disk) != 0) return "leaves a descriptor open";
    hr_sys_sim_kill(disk);
    return NULL;
}

/* What holds after a loss of power that takes all it can (or by dice), and at the end. */
static const char *cut_and_end(hr_sys_sim *disk, uint32_t n_commits, uint64_t seed)
{
    hr_err err;
    if (seed == 0)
        (void)hr_sys_sim_crash_to(disk, 0);
    else
        hr_sys_sim_crash(disk, seed);
    const char *bad = fault_check_prefix(&world, hr_sys_sim_table(disk), n_commits);
    if (bad != NULL) return bad;
    if (run(disk, HR_OPEN_RESUME, &n_commits, &err) != HR_OK) return "cannot be resumed";
    uint64_t digest = test_engine_digest(hr_sys_sim_table(disk), world.engine.out, false);
    return digest == world.want ? NULL : "resumed, it ends with other bytes";
}

/* The resumed run goes on in the same cache to its end or, by a fault, some way; then the power
 * goes. */
static const char *resume_then_cut(hr_sys_sim *disk, uint64_t freeze_nth)
{
    hr_sys_fault fault = {.nth = freeze_nth, .freeze = true};
    hr_sys_fail *f;
    static hr_run_report report;
    test_engine e = world.engine;
    report.n_commits = 0;
    e.mode = HR_OPEN_RESUME;
    if (hr_sys_fail_create(&f, hr_sys_sim_table(disk), &fault) != HR_OK) abort();
    hr_sys_install(hr_sys_fail_table(f));
    fault_still_alive();
    hr_status st = test_engine_run(&e, &report, NULL);
    fault_all_done();
    hr_sys_install(NULL);
    bool was_cut = hr_sys_fail_fired(f);
    hr_sys_fail_destroy(&f);
    if (st != HR_OK && !was_cut) return "cannot be resumed in the same cache";
    return cut_and_end(disk, report.n_commits, 0);
}

static const char *check_nth(uint64_t nth, hr_sys_sim *disk, hr_sys_sim *copy, watcher *k)
{
    uint32_t n_commits = 0;
    test_rng rng;
    test_rng_init(&rng, test_seed() + nth);
    *k = (watcher){.sys = hr_sys_sim_table(disk), .nth = nth};
    fault_store(hr_sys_sim_table(disk), world.engine.input, world.capture, world.n_capture);
    const char *bad = lose(disk, k, &n_commits);
    if (bad != NULL || k->n < nth) return bad;
    for (uint64_t seed = 0; seed < 3 && bad == NULL; seed++) {
        if (hr_sys_sim_copy(copy, disk) != HR_OK) abort();
        bad = cut_and_end(copy, n_commits, seed);
    }
    for (int i = 0; i < 4 && bad == NULL; i++) {
        if (hr_sys_sim_copy(copy, disk) != HR_OK) abort();
        bad = resume_then_cut(copy, i == 0 ? 0 : 1 + test_rng_below(&rng, world.n_calls));
    }
    return bad;
}

static void test_every_sync_fails(void **state)
{
    uint64_t n_of_kind[N_KINDS] = {0};
    watcher k = {0};
    uint64_t nth = 0;
    (void)state;
    do {
        hr_sys_sim *disk;
        hr_sys_sim *copy;
        nth++;
        if (hr_sys_sim_create(&disk, 1) != HR_OK || hr_sys_sim_create(&copy, 1) != HR_OK) abort();
        const char *bad = check_nth(nth, disk, copy, &k);
        hr_sys_sim_destroy(&disk);
        hr_sys_sim_destroy(&copy);
        if (bad != NULL)
            print_error("HR_TEST_SEED=%llu: sync %llu, of a %s: %s\n",
                        (unsigned long long)test_seed(), (unsigned long long)nth,
                        kind_names[k.lost_kind], bad);
        assert_null(bad);
        if (k.n >= nth) n_of_kind[k.lost_kind]++;
    } while (k.n >= nth);
    for (int i = 0; i < N_KINDS; i++) {
        printf("# %s: %llu syncs failed\n", kind_names[i], (unsigned long long)n_of_kind[i]);
        assert_true(n_of_kind[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_sync_fails)};
    return cmocka_run_group_tests(tests, set_up, fault_tear_down);
}
