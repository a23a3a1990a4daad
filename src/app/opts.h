/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_OPTS_H
#define HR_APP_OPTS_H
/* The command line of a verb as a table: parsing, messages and help come from it, so that no option
 * is taken without being shown, nor shown without being taken.
 *
 * `--name VALUE` and `--name=VALUE`; `--` ends the options; `-` alone is an argument; the last of
 * equal options wins; `-h` and `--help` show the help wherever they stand before `--`. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "pipe/plan.h"

typedef enum hr_opt_type {
    HR_OPT_ON,       /* out: bool, set to true */
    HR_OPT_OFF,      /* out: bool, set to false */
    HR_OPT_TEXT,     /* out: const char *, the text as given; not empty */
    HR_OPT_COUNT,    /* out: int64_t, low to high */
    HR_OPT_SIZE,     /* out: int64_t, bytes, low to high */
    HR_OPT_DURATION, /* out: int64_t, ns, low to high */
    HR_OPT_TIME,     /* out: int64_t, ns since 1970 */
    HR_OPT_CHOICE,   /* out: int, index of the word in choice */
    HR_OPT_FORMAT,   /* out: int, an hr_format */
    HR_OPT_CPU,      /* out: int64_t, HR_CPU_* flags */
} hr_opt_type;

typedef struct hr_opt {
    const char *name;  /* "--memory" */
    const char *value; /* "SIZE", as the help shows it; NULL: takes none */
    const char *what;  /* one line for the help */
    hr_opt_type type;
    void *out;
    int64_t low, high;
    const char *const *choice; /* HR_OPT_CHOICE: NULL-ended */
} hr_opt;

typedef struct hr_opts {
    const char *verb;
    const char *args;    /* "FILE...", as the help shows it */
    const char *about;   /* lines */
    const char *example; /* one line */
    const hr_opt *opt;
    size_t n_opt;
    int min_args, max_args;
} hr_opts;

/** Takes argv (argv[0] is the verb): values go to where the table says, arguments are moved to
 *  argv[1 .. *n_args]. HR_END: the help was asked for and is printed. HR_EUSAGE: what is wrong,
 *  with the nearest name. */
HR_MUST_USE hr_status hr_opts_parse(const hr_opts *o, int argc, char **argv, int *n_args,
                                    hr_err *err);

/** What several verbs take and a plan holds too. Unset: 0 for the format, -1 for the rest. */
typedef struct hr_opts_engine {
    int format;
    int64_t lanes, memory_bytes, cpu_mask;
    int64_t px_decimals, qty_decimals, share_decimals;
} hr_opts_engine;
#define HR_OPTS_ENGINE_DEFAULT                                                                     \
    {                                                                                              \
        .lanes = -1, .memory_bytes = -1, .cpu_mask = -1, .px_decimals = -1, .qty_decimals = -1,    \
        .share_decimals = -1                                                                       \
    }
/** Table entries for them; e: the hr_opts_engine. */
#define HR_OPTS_ENGINE(e)                                                                          \
    {                                                                                              \
        "--format",                                                                                \
        "F",                                                                                       \
        "format of the inputs, when it cannot be told",                                            \
        HR_OPT_FORMAT,                                                                             \
        &(e).format,                                                                               \
        0,                                                                                         \
        0,                                                                                         \
        NULL},                                                                                     \
        {"--lanes", "N", "threads (default: one a usable processor)", HR_OPT_COUNT, &(e).lanes, 1, \
         64,        NULL},                                                                         \
        {"--memory",                                                                               \
         "SIZE",                                                                                   \
         "all memory (default: 512MB)",                                                            \
         HR_OPT_SIZE,                                                                              \
         &(e).memory_bytes,                                                                        \
         64000000,                                                                                 \
         INT64_C(1) << 44,                                                                         \
         NULL},                                                                                    \
        {"--price-decimals",                                                                       \
         "N",                                                                                      \
         "decimals of prices (default: 9; 18 digits in all)",                                      \
         HR_OPT_COUNT,                                                                             \
         &(e).px_decimals,                                                                         \
         0,                                                                                        \
         18,                                                                                       \
         NULL},                                                                                    \
        {"--quantity-decimals",                                                                    \
         "N",                                                                                      \
         "decimals of quantities (default: 8)",                                                    \
         HR_OPT_COUNT,                                                                             \
         &(e).qty_decimals,                                                                        \
         0,                                                                                        \
         18,                                                                                       \
         NULL},                                                                                    \
        {"--share-decimals",                                                                       \
         "N",                                                                                      \
         "ITCH, LOBSTER: decimals of a quantity that one share stands for",                        \
         HR_OPT_COUNT,                                                                             \
         &(e).share_decimals,                                                                      \
         0,                                                                                        \
         18,                                                                                       \
         NULL},                                                                                    \
    {                                                                                              \
        "--cpu-mask", "MASK", "instructions to use, e.g. avx2 or -avx512", HR_OPT_CPU,             \
            &(e).cpu_mask, 0, 0, NULL                                                              \
    }
/** Puts what was given over what the plan says. */
void hr_opts_engine_apply(const hr_opts_engine *e, hr_plan *plan);

#endif
