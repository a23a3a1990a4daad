/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_ENGINE_H
#define HR_TESTS_SUPPORT_ENGINE_H
/* The whole engine inside a test program, over whatever hr_sys table is installed: a small
 * synthetic capture, a run of it, and one number for all that a dataset holds. */
#include <stdint.h>

#include "base/sys.h"
#include "job/run.h"
#include "synth/synth.h"

typedef struct test_engine {
    const char *input;
    const char *out;
    uint32_t lanes;
    int64_t commit_rows;
    int64_t memory_bytes;
    uint32_t instruments; /* of the plan: the limit */
    hr_open_mode mode;
    const char *expressions; /* of the plan, with a signal of "up"; NULL: none */
    const char *io; /* NULL: what the machine has */
    int64_t stop_at_rows; /* > 0: ask it to stop once so many rows were seen */
} test_engine;
#define TEST_ENGINE_DEFAULT                                                                        \
    {                                                                                              \
        .input = "/capture", .out = "/out", .lanes = 1, .commit_rows = 4000,                       \
        .memory_bytes = 64000000, .instruments = 4                                                 \
    }

/** Writes what the synthetic venue says to path; its size, or -errno. */
int64_t test_engine_capture(const hr_sys *sys, const char *path, const hr_synth_options *opt);
/** Creates, starts, waits, destroys. report and err may be NULL. */
HR_MUST_USE hr_status test_engine_run(const test_engine *e, hr_run_report *report, hr_err *err);
/** A hash over names and bytes of all files below root, in no order; 0 when it cannot be read.
 *  ignores_state: but for checkpoints, which a failed unlink may leave behind. */
uint64_t test_engine_digest(const hr_sys *sys, const char *root, bool ignores_state);
/** Prints the files below root with their sizes and hashes, as TAP comments. */
void test_engine_list(const hr_sys *sys, const char *root);

#endif
