/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_DESK_CALC_H
#define HR_PIPE_DESK_CALC_H
/* A desk's expressions and signals: rows of its market are kept until there are some, worked out at
 * once, and become rows of the tables `calc` and `signals`. The bytes do not depend on when that
 * is. */
#include "calc/tradegate.h"
#include "eval/eval_others.h"
#include "eval/market_rows.h"
#include "eval/program.h"
#include "pipe/desk_state.h"
#include "prof/recorder.h"

/* Shared and constant, as hr_desk_config. */
typedef struct hr_calc_setup {
    hr_program program;
    hr_market_rows read;
    hr_calc_rows rows;
    uint32_t cap_rows; /* kept before they are worked out */
    uint32_t n_blocks; /* of rows, that working out may need */
    uint32_t n_cuts;
    size_t desk_bytes;                               /* of one instrument */
    size_t rows_at, state_at, signals_at, stages_at; /* from hr_desk_calc on */
} hr_calc_setup;

/** Is anything written that the plan's expressions and signals give? */
bool hr_calc_is_written(const hr_plan *plan);
/** Reads the plan's expressions and signals; close after success and failure. n_threads: that will
 * work with it. Where nothing of them is written they are looked at and no more. */
HR_MUST_USE hr_status hr_calc_setup_open(hr_calc_setup *s, const hr_plan *plan, uint32_t n_threads,
                                         hr_err *err);
void hr_calc_setup_close(hr_calc_setup *s);
/** Adds its columns to the tables, once they are made. */
HR_MUST_USE hr_status hr_calc_setup_tables(const hr_calc_setup *s, hr_tables *t, hr_err *err);
/** When the layouts of tables are known: what blocks and cuts it may need. */
void hr_calc_setup_size(hr_calc_setup *s, const hr_desk_config *cfg);

/* What a shard works with. */
typedef struct hr_calc_desk_work {
    hr_eval_others others;
    double *column; /* inputs, then outputs, cap_rows each */
    const double **in_at;
    double **out_at;
    double *part_row;
    double *wide; /* a row on its way through stages */
    void *eval;
    hr_signals_out *events; /* NULL: no signals */
    hr_rec_lane *rec;       /* of the thread that is at work; NULL: no signals */
    uint32_t span;          /* of rec: from a message to the row of a signal */
    uint64_t taken;         /* when the message at hand was taken up */
} hr_calc_desk_work;
HR_MUST_USE hr_status hr_calc_work_init(hr_calc_desk_work *w, const hr_calc_setup *s,
                                        hr_arena *arena, hr_err *err);

/** In mem of setup->desk_bytes, for a new desk d. */
struct hr_desk_calc *hr_desk_calc_init(void *mem, const hr_calc_setup *s, hr_desk_env *env,
                                       const hr_desk *d);
/** Before a message is applied. */
HR_INLINE void hr_desk_calc_take_up(hr_desk_env *env)
{
    if (env->calc->rec != NULL) env->calc->taken = hr_rec_begin(env->calc->rec);
}
/** After message msg was applied. The caller reserved blocks and cuts. */
void hr_desk_calc_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg);
/** Works out what is kept. */
void hr_desk_calc_flush(hr_desk *d, hr_desk_env *env);

/** What a checkpoint holds of it, nothing being kept back. */
void hr_desk_calc_pack(const hr_desk *d, const hr_desk_config *cfg, hr_pack *k);
bool hr_desk_calc_unpack(hr_desk *d, const hr_desk_config *cfg, hr_unpack *u);

#endif
