/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_PROGRAM_H
#define HR_EVAL_PROGRAM_H
/* An expression from text to what can be run, with everything that it was made of. */
#include "eval/eval.h"
#include "eval/row_stages.h"
#include "eval/signal.h"

/* Which rows of expressions are written. */
typedef enum hr_calc_rows {
    HR_CALC_ROWS_ALL = 0,
    HR_CALC_ROWS_VALUED = 1, /* those in which some output has a value */
    HR_CALC_ROWS_TRUE = 2,   /* those in which some condition is true; numbers do not count */
} hr_calc_rows;

#define HR_PROGRAM_PLUGINS_MAX 32u

typedef struct hr_program_options {
    const char *text; /* may be empty where there are signals */
    size_t n_text;
    const hr_signal_spec *signal;
    uint32_t n_signal;
    const hr_expr_column *column;
    uint32_t n_column;
    const hr_expr_param *param;
    uint32_t n_param;
    char *const *plugin; /* paths of plugins, whose operators are beside the library's own */
    uint32_t n_plugins, n_threads; /* that run them at the same time; 0 is one */
    const char *const *stage;      /* of these plugins, that rows go through, in their order */
    uint32_t n_stages;
    uint32_t max_rows;   /* that a window of time has to hold */
    uint32_t batch_rows; /* of a call of the evaluator */
} hr_program_options;

typedef struct hr_program {
    hr_arena *arena;
    hr_op_list ops;
    hr_expr_env env;
    const hr_expr *x;          /* of its outputs the first n_own are the text's */
    const hr_signals *signals; /* NULL: none */
    uint32_t n_own;
    hr_eval *e;
    hr_row_stages *stages; /* NULL: none */
    hr_plugin *plugin[HR_PROGRAM_PLUGINS_MAX];
    uint32_t n_plugins;
} hr_program;

/** Memory beside the plan's: what the text takes, freed by close. HR_EUSAGE: a text is wrong;
 * err's message has the line and a caret under it. o's text is not kept, what else it names is.
 * Close after success and failure. */
HR_MUST_USE hr_status hr_program_open(hr_program *p, const hr_program_options *o, hr_err *err);
void hr_program_close(hr_program *p);
/** The library's own operators and those of plugins, all lists as one, in p->arena. */
HR_MUST_USE hr_status hr_program_ops(hr_program *p, char *const *plugin, uint32_t n_plugins,
                                     uint32_t n_threads, hr_err *err);
/** Is a row to be written whose outputs are value[0], value[stride], ..? */
bool hr_program_wants(const hr_program *p, hr_calc_rows rows, const double *value, size_t stride);
/** HR_EINPUT once a plugin has done what it must not: its values are worth nothing. Any thread. */
HR_MUST_USE hr_status hr_program_check(const hr_program *p, hr_err *err);

#endif
