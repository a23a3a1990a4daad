/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_POWER_WALK_H
#define HR_TESTS_SUPPORT_POWER_WALK_H
/* Many power losses out of one run: before every call that changes the simulated disk, what a loss
 * there could leave is made on a copy, again and again, while the run itself goes on. Of each such
 * state:
 *   - the manifest is a prefix of the undisturbed run's, no shorter than what was acknowledged, and
 *     every part that it names holds the undisturbed run's bytes
 *   - the dataset opens for a resume, with the checkpoint that its last line names
 *   - (of some) the resumed run ends with the undisturbed run's bytes */
#include "fault_case.h"

#define POWER_KEPT_MAX 64

typedef struct power_walk_options {
    uint64_t seed;
    uint32_t spelt_units;   /* at a point with at most so many unsynced units: all subsets */
    uint32_t n_random;      /* more states at each point, by dice, some with a torn sector */
    uint32_t resume_one_in; /* 0: none */
    uint32_t keep_one_in;   /* 0: none; else states that a second walk may start from */
} power_walk_options;

typedef struct power_walk_sums {
    uint64_t n_points, n_spelt_points; /* where a loss was tried; where all subsets were */
    uint64_t n_states, n_resumed;
} power_walk_sums;

typedef struct power_kept {
    hr_sys_sim *disk[POWER_KEPT_MAX];
    uint32_t n_acknowledged[POWER_KEPT_MAX];
    uint32_t n;
} power_kept;

/** Runs the engine on disk (NEW, or a RESUME after n_acknowledged commits) and loses power at every
 * change. Adds to sums. kept may be NULL. NULL, or what does not hold. */
const char *power_walk_run(const fault_world *w, hr_sys_sim *disk, hr_open_mode mode,
                           uint32_t n_acknowledged, const power_walk_options *opt,
                           power_walk_sums *sums, power_kept *kept);
void power_kept_free(power_kept *k);

#endif
