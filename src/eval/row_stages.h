/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_ROW_STAGES_H
#define HR_EVAL_ROW_STAGES_H
/* Stages of plugins, one behind the other, between an instrument's rows and the expressions that
 * look at them. A row is made wide: what is read off its event, then what each stage gives. A
 * column that a stage gives takes the place of the one of that name for all behind it.
 *
 * Constant after bind, but for the caller's state: one block an instrument, without pointers. Rows
 * of an instrument come in their order, one a call. See docs/modules/plugins.md. */
#include "eval/eval.h"
#include "eval/plugins.h"

#define HR_ROW_STAGES_MAX 16u

/* Where a stage finds its columns in a wide row. */
typedef struct hr_row_stage_place {
    const hr_row_stage *stage;
    uint32_t in[HEADRACE_STAGE_IN_MAX];
    uint32_t first_out; /* its outputs lie together */
    size_t state_at;
} hr_row_stage_place;

/* A column that a stage gives. */
typedef struct hr_row_given {
    uint16_t which; /* of hr_row_stages.column */
    uint32_t idx;
} hr_row_given;

typedef struct hr_row_stages {
    hr_row_stage_place stage[HR_ROW_STAGES_MAX];
    uint32_t n_stage;
    const hr_expr_column *column; /* the input's, then those that are new */
    uint32_t n_column;
    hr_eval_in *in; /* [n_in] of the wide row: what is read off an event */
    uint32_t n_in;
    uint32_t n_out;  /* of all stages */
    uint32_t n_wide; /* n_in + n_out */
    uint32_t n_part;
    uint32_t **part_at; /* [n_part][n_in of the part]: places of the wide row, or NONE */
    const hr_eval_part *part;
    const hr_row_given *given; /* [n_out] what stages give, in their order */
    size_t state_bytes;        /* of one instrument, a multiple of 64 */
} hr_row_stages;
#define HR_ROW_STAGES_NONE UINT32_MAX /* a value of another part */

typedef struct hr_row_stages_source {
    hr_plugin *const *plugin;
    uint32_t n_plugins;
    const char *const *name; /* "despike", or "example.despike" where several plugins have one */
    uint32_t n_names;
    const hr_expr_column *column; /* of the input */
    uint32_t n_column;
} hr_row_stages_source;

/** Finds the stages and the columns that they read. HR_EUSAGE: no plugin has a stage of that name,
 * several have, or it reads or replaces a column that the input has not. HR_ELIMIT, HR_ENOMEM. */
HR_MUST_USE hr_status hr_row_stages_open(hr_row_stages **out, hr_arena *arena,
                                         const hr_row_stages_source *src, hr_err *err);
/** e: of an expression that was read with s->column. Before any of the calls below. */
HR_MUST_USE hr_status hr_row_stages_bind(hr_row_stages *s, hr_arena *arena, const hr_eval *e,
                                         hr_err *err);

/** state: state_bytes, 64-byte aligned. */
void hr_row_stages_init(const hr_row_stages *s, void *state);
/** Of a state that comes from a file: may it be run? */
bool hr_row_stages_is_sound(const hr_row_stages *s, const void *state);
/** wide[n_wide], of which the first n_in are set. false: a stage drops the row, and those behind it
 * have not seen it. */
bool hr_row_stages_run(const hr_row_stages *s, void *state, int64_t ts, double *wide);
/** The inputs of a part from a wide row; what is a value of another part is left as it is. */
HR_INLINE void hr_row_stages_take(const hr_row_stages *s, uint32_t part, const double *wide,
                                  double *row)
{
    const uint32_t *at = s->part_at[part];
    for (uint32_t i = 0; i < s->part[part].n_in; i++)
        if (at[i] != HR_ROW_STAGES_NONE) row[i] = wide[at[i]];
}

#endif
