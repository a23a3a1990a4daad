/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_LISTEN_H
#define HR_APP_APP_LISTEN_H
/* What `bars` and `asof` share: options, inputs, signals, and what both say at the end. */
#include "app/opts.h"
#include "job/listen.h"

typedef struct hr_app_listen {
    hr_plan plan;
    hr_opts_engine engine;
    int64_t from_ns, to_ns; /* -1: not given */
    int clock;              /* hr_clock */
    int trades;             /* hr_trade_kinds */
    bool keep_repeated, json, force, skip_missing;
    const char *out;
    bool (*takes_too)(const char *path); /* as hr_inputs_options */
} hr_app_listen;
#define HR_APP_LISTEN_DEFAULT                                                                      \
    {                                                                                              \
        .engine = HR_OPTS_ENGINE_DEFAULT, .from_ns = -1, .to_ns = -1                               \
    }
extern const char *const hr_app_clocks[], *const hr_app_trades[];

/** Table entries for them; x: the hr_app_listen; says: what --clock says of itself. */
#define HR_OPTS_LISTEN(x, says)                                                                    \
    {"--clock", "C", says, HR_OPT_CHOICE, &(x).clock, 0, 0, hr_app_clocks},                        \
        {"--trades",                                                                               \
         "K",                                                                                      \
         "first (the kind met first, default), single, agg or all",                                \
         HR_OPT_CHOICE,                                                                            \
         &(x).trades,                                                                              \
         0,                                                                                        \
         0,                                                                                        \
         hr_app_trades},                                                                           \
        {"--keep-repeated",                                                                        \
         NULL,                                                                                     \
         "count trades that came before again",                                                    \
         HR_OPT_ON,                                                                                \
         &(x).keep_repeated,                                                                       \
         0,                                                                                        \
         0,                                                                                        \
         NULL},                                                                                    \
        {"--from",    "TIME",       "nothing received before, e.g. 2024-08-08T12:00:00Z or ns",    \
         HR_OPT_TIME, &(x).from_ns, 0,                                                             \
         0,           NULL},                                                                       \
        {"--to", "TIME", "nothing received from then on", HR_OPT_TIME, &(x).to_ns, 0, 0, NULL},    \
        {"--skip-missing",                                                                         \
         NULL,                                                                                     \
         "leave out days of {FIRST..LAST} that have no file",                                      \
         HR_OPT_ON,                                                                                \
         &(x).skip_missing,                                                                        \
         0,                                                                                        \
         0,                                                                                        \
         NULL},                                                                                    \
        {"--out", "FILE", "write .parquet, .arrow, .csv(.gz), .ndjson", HR_OPT_TEXT, &(x).out, 0,  \
         0,       NULL},                                                                           \
        {"--force", NULL, "replace an existing FILE", HR_OPT_ON, &(x).force, 0, 0, NULL},          \
        {"--json", NULL, "rows as lines of JSON; with --out the summary", HR_OPT_ON, &(x).json, 0, \
         0,        NULL},                                                                          \
        HR_OPTS_ENGINE((x).engine)

/** The command line of such a verb, whose arguments are inputs or a plan; opts: the rest of it,
 * with HR_OPTS_LISTEN among its options. Makes the plan; hr_plan_fini undoes it. Signals stop what
 * comes. */
HR_MUST_USE hr_status hr_app_listen_parse(hr_app_listen *x, hr_opts *opts, int argc, char **argv,
                                          hr_err *err);
/** The same of a verb with an argument before the inputs, *first; *is_alone: an option that asks
 * for no inputs, with which *first may be NULL. */
HR_MUST_USE hr_status hr_app_listen_parse_behind(hr_app_listen *x, hr_opts *opts,
                                                 const char **first, const bool *is_alone, int argc,
                                                 char **argv, hr_err *err);
/** Borrows x. */
hr_listen_options hr_app_listen_options(const hr_app_listen *x);

/** One figure of a summary; `name` is its key, `what` its words. */
typedef struct hr_app_figure {
    const char *name, *what;
    uint64_t n;
} hr_app_figure;
/** The summary, to standard error where rows went to standard output: `head`, then the figures of
 * both verbs and `figure` that are not 0; as JSON all of them. */
void hr_app_listen_print(const hr_app_listen *x, const hr_listen_report *r, const char *rows,
                         const hr_app_figure *figure, size_t n_figures);

#endif
