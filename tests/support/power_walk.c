/* SPDX-License-Identifier: Apache-2.0 */
#include "power_walk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "rng.h"
#include "store/dataset.h"

typedef struct walk {
    const fault_world *w;
    const power_walk_options *opt;
    power_walk_sums *sums;
    power_kept *kept;
    hr_sys_sim *disk;  /* the run's */
    hr_sys_sim *state; /* what a loss left of it */
    char identity[sizeof((hr_manifest_tail *)0)->identity];
    char manifest[1024];
    test_rng rng;
    uint32_t n_acknowledged;
    bool manifest_syncs; /* the call before this one was a sync of it */
    hr_dataset opened;
    hr_manifest_tail tail;
    char wrong[1024];
} walk;

static void find_identity(walk *k)
{
    json_error_t je;
    json_t *j = json_loadb(k->w->manifest, k->w->n_manifest, JSON_DISABLE_EOF_CHECK, &je);
    const char *text = json_string_value(json_object_get(j, "identity"));
    if (text == NULL) abort();
    snprintf(k->identity, sizeof k->identity, "%s", text);
    json_decref(j);
}

/* ---- one state ---- */

/* The checkpoint that the last line names is there, whole. */
static const char *check_checkpoint(const walk *k, const hr_sys *sys, const hr_manifest_tail *t)
{
    char path[1024];
    size_t n;
    if (!t->has_commit || t->is_ended) return NULL;
    snprintf(path, sizeof path, "%s/%s", k->w->engine.out, t->state_file);
    char *bytes = fault_load(sys, path, &n);
    if (bytes == NULL) return "the checkpoint is gone";
    bool is_whole = (int64_t)n == t->state_bytes && hr_crc32c(0, bytes, n) == t->state_crc;
    free(bytes);
    return is_whole ? NULL : "the checkpoint is not whole";
}

static const char *check_open(walk *k, hr_err *err)
{
    const char *bad = NULL;
    const char *root = k->w->engine.out;
    if (hr_dataset_open(&k->opened, root, HR_OPEN_RESUME, k->identity, &k->tail, err) != HR_OK)
        bad = "does not open";
    else if (k->tail.n_commits < k->n_acknowledged)
        bad = "opens without an acknowledged commit";
    else
        bad = check_checkpoint(k, hr_sys_sim_table(k->state), &k->tail);
    hr_dataset_close(&k->opened);
    if (bad == NULL && hr_sys_sim_open_count(k->state) != 0) bad = "leaves a descriptor open";
    return bad;
}

static const char *check_resume(walk *k, hr_err *err)
{
    test_engine e = k->w->engine;
    e.mode = HR_OPEN_RESUME;
    k->sums->n_resumed++;
    if (test_engine_run(&e, NULL, err) != HR_OK) return "cannot be resumed";
    uint64_t digest = test_engine_digest(hr_sys_sim_table(k->state), e.out, false);
    return digest == k->w->want ? NULL : "resumed, it ends with other bytes";
}

static bool one_in(walk *k, uint32_t n)
{
    return n > 0 && test_rng_below(&k->rng, n) == 0;
}

static void keep(walk *k)
{
    power_kept *p = k->kept;
    if (p == NULL || p->n == POWER_KEPT_MAX || !one_in(k, k->opt->keep_one_in)) return;
    if (hr_sys_sim_create(&p->disk[p->n], k->opt->seed) != HR_OK) abort();
    if (hr_sys_sim_copy(p->disk[p->n], k->state) != HR_OK) abort();
    p->n_acknowledged[p->n++] = k->n_acknowledged;
}

/* how: the mask of what was kept, or the dice's seed. */
static void check_state(walk *k, const char *call, const char *how, uint64_t value)
{
    const hr_sys *outer = hr_sys_get();
    hr_err err = HR_ERR_INIT;
    const hr_sys *sys = hr_sys_sim_table(k->state);
    k->sums->n_states++;
    fault_still_alive();
    keep(k);
    hr_sys_install(sys);
    const char *bad = fault_check_prefix(k->w, sys, k->n_acknowledged);
    if (bad == NULL) bad = check_open(k, &err);
    if (bad == NULL && one_in(k, k->opt->resume_one_in)) bad = check_resume(k, &err);
    hr_sys_install(outer);
    if (bad == NULL) return;
    snprintf(k->wrong, sizeof k->wrong,
             "HR_TEST_SEED=%" PRIu64 ", power lost before change %" PRIu64 " (%s), %s %" PRIx64
             ": %s%s%s",
             test_seed(), k->sums->n_points, call, how, value, bad,
             err.message[0] != '\0' ? ": " : "", err.message);
}

/* ---- one point ---- */

static void copy_disk(walk *k)
{
    if (hr_sys_sim_copy(k->state, k->disk) != HR_OK) abort();
}

/* A sync of the manifest that came back is the acknowledgement of all that it holds. */
static void note_acknowledged(walk *k, const char *call, int fd)
{
    const hr_sys *sys = hr_sys_sim_table(k->disk);
    hr_sys_stat a;
    hr_sys_stat b;
    if (k->manifest_syncs) {
        uint32_t n_lines = fault_count_lines(sys, k->manifest);
        if (n_lines > 0) k->n_acknowledged = n_lines - 1;
    }
    k->manifest_syncs = strcmp(call, "sync") == 0 && sys->fstat(sys->self, fd, &a) == 0 &&
                        sys->stat(sys->self, AT_FDCWD, k->manifest, &b) == 0 && a.ino == b.ino;
}

static void lose_power(void *arg, const char *call, int fd)
{
    walk *k = arg;
    if (k->wrong[0] != '\0') return;
    note_acknowledged(k, call, fd);
    k->sums->n_points++;
    copy_disk(k);
    uint32_t n_units = hr_sys_sim_crash_to(k->state, 0);
    check_state(k, call, "kept", 0);
    if (n_units > 0 && n_units <= k->opt->spelt_units) {
        k->sums->n_spelt_points++;
        for (uint64_t mask = 1; mask < UINT64_C(1) << n_units && k->wrong[0] == '\0'; mask++) {
            copy_disk(k);
            (void)hr_sys_sim_crash_to(k->state, mask);
            check_state(k, call, "kept", mask);
        }
    }
    for (uint32_t i = 0; i < k->opt->n_random && n_units > 0 && k->wrong[0] == '\0'; i++) {
        uint64_t seed = test_rng_u64(&k->rng);
        copy_disk(k);
        hr_sys_sim_crash(k->state, seed);
        check_state(k, call, "dice", seed);
    }
}

const char *power_walk_run(const fault_world *w, hr_sys_sim *disk, hr_open_mode mode,
                           uint32_t n_acknowledged, const power_walk_options *opt,
                           power_walk_sums *sums, power_kept *kept)
{
    static walk k;
    hr_err err = HR_ERR_INIT;
    test_engine e = w->engine;
    k = (walk){.w = w,
               .opt = opt,
               .sums = sums,
               .kept = kept,
               .disk = disk,
               .n_acknowledged = n_acknowledged};
    find_identity(&k);
    test_rng_init(&k.rng, opt->seed);
    snprintf(k.manifest, sizeof k.manifest, "%s/manifest.jsonl", e.out);
    if (hr_sys_sim_create(&k.state, 1) != HR_OK) abort();
    hr_sys_sim_watch(disk, lose_power, &k);
    hr_sys_install(hr_sys_sim_table(disk));
    e.mode = mode;
    hr_status st = test_engine_run(&e, NULL, &err);
    hr_sys_install(NULL);
    hr_sys_sim_watch(disk, NULL, NULL);
    hr_sys_sim_destroy(&k.state);
    fault_all_done();
    if (k.wrong[0] == '\0' && st != HR_OK)
        snprintf(k.wrong, sizeof k.wrong, "the run itself: %s", err.message);
    if (k.wrong[0] == '\0' &&
        test_engine_digest(hr_sys_sim_table(disk), e.out, false) != w->want)
        snprintf(k.wrong, sizeof k.wrong, "the run itself ends with other bytes");
    return k.wrong[0] != '\0' ? k.wrong : NULL;
}

void power_kept_free(power_kept *k)
{
    for (uint32_t i = 0; i < k->n; i++)
        hr_sys_sim_destroy(&k->disk[i]);
    k->n = 0;
}
