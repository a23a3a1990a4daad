/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_FAULT_CASE_H
#define HR_TESTS_SUPPORT_FAULT_CASE_H
/* One disturbed run of the whole engine on the simulated disk, and all that must hold after it:
 *   - it ends by itself, with the right bytes or with an error that says what failed
 *   - it leaves no descriptor open and no memory mapped
 *   - the manifest is a prefix of the undisturbed run's, at least as long as what was acknowledged,
 *     and every part it names is there with the undisturbed run's bytes
 *   - resumed, it ends with the undisturbed run's bytes */
#include "engine.h"
#include "harness.h"

typedef struct fault_world {
    const char *name; /* of several worlds in one program, for HR_TEST_WORLD; else NULL */
    test_engine engine;
    char *capture;
    size_t n_capture;
    char *manifest; /* of the undisturbed run */
    size_t n_manifest;
    struct fault_part {
        uint64_t name, bytes; /* hashes */
    } * part;
    size_t n_parts;
    uint64_t want;    /* digest of all files */
    uint64_t n_calls; /* that the undisturbed run makes, on one lane */
} fault_world;

/** Runs it once undisturbed. One world at a time. */
void fault_world_init(fault_world *w, const test_engine *engine, const hr_synth_options *capture);
/** The same with an input that is there: bytes is taken over. */
void fault_world_init_file(fault_world *w, const test_engine *engine, char *bytes, size_t n);
void fault_world_fini(fault_world *w);

/** Called before and after the run, and again for the first attempt to resume; end says whether
 * something was made to fail. */
typedef struct fault_hooks {
    void (*begin)(bool is_again);
    bool (*end)(bool is_again);
} fault_hooks;

typedef struct fault_case {
    hr_sys_fault fault;
    hr_sys_fault again; /* of a first attempt to resume; nothing when nth is 0 */
    bool again_forces;  /* that attempt begins anew instead (--force) */
    bool cuts_power;    /* after the run (and the first attempt): else the process just dies */
    uint64_t seed;      /* of what the power cut takes */
    uint32_t lanes;
    int64_t room_bytes; /* > 0: what the disk has left for the run; space returns before a resume */
    const char *flip;  /* a file in the dataset, one bit of which turns before the resume: then that
                          may also say HR_ECORRUPT. NULL: none */
    uint64_t flip_bit; /* modulo the file's bits */
    const fault_hooks *hooks; /* may be NULL */
} fault_case;

typedef struct fault_result {
    hr_status status;
    hr_status resumed; /* of the last run */
    bool fired;
    uint64_t seen;
    uint32_t n_acknowledged;
    bool blames_manifest; /* a commit failed for its manifest line alone */
    int64_t ns;           /* of the disturbed run, by the clock */
    int64_t cpu_ns;       /* the same of the processor: what a bound may be on */
} fault_result;

/** Kinds of call (hr_sys_fail_kind) that all cases of this program made, and that failed in one. */
extern uint32_t fault_kinds_made, fault_kinds_hit;

/** NULL, or called after each run of a case, with the failing back end it went through. */
extern void (*fault_observe)(hr_sys_fail *f, hr_open_mode mode);

/** NULL, or what does not hold (with the case: enough to run it again). out may be NULL. */
const char *fault_case_check(const fault_world *w, const fault_case *c, fault_result *out);

/** The same of a cmocka test: prints what is wrong, and fails. r may be NULL. */
void fault_check(const fault_world *w, const fault_case *c, fault_result *r);
/** NULL, or why the message does not name the one kind of call that failed, and its cause. */
const char *fault_check_words(const hr_sys_fail *f, int sys_errno, const char *message);
/** Fails the running test when wrong is not NULL. */
void fault_expect(const char *wrong);
/** A file of the simulated disk, ended by a zero byte, for free(); NULL where it is not there. */
char *fault_load(const hr_sys *sys, const char *path, size_t *n);
/** Writes it, and makes it and its name in the root durable. */
void fault_store(const hr_sys *sys, const char *path, const char *text, size_t n);
uint32_t fault_count_lines(const hr_sys *sys, const char *path);
/** NULL, or why the dataset is no prefix of the undisturbed run's that holds what was acknowledged.
 */
const char *fault_check_prefix(const fault_world *w, const hr_sys *sys, uint32_t n_acknowledged);
/** What is under way, to be said of a program that hangs; cases of fault_check say it themselves.
 */
void fault_now(const char *what);
/** A minute from now the program ends as one that hangs, unless it is called again. */
void fault_still_alive(void);
void fault_all_done(void);
/** HR_TEST_FULL=1: nothing is left out. */
bool fault_is_full(void);
/** cmocka_run_group_tests with the world as *state; HR_TEST_CASE="call:nth:..", as a failure prints
 * it, takes over: that one case is run and printed. */
int fault_run_group(const struct CMUnitTest *tests, size_t n, CMFixtureFunction set_up,
                    CMFixtureFunction tear_down);
/** The tear-down of a group: *state is the world. */
int fault_tear_down(void **state);

#endif
