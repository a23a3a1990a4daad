/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_EVAL_OTHERS_H
#define HR_EVAL_EVAL_OTHERS_H
/* What of() takes: the parts of a program that are worked out on rows of one named instrument each,
 * and the values that they gave last. All rows have to pass here in their merged order. Owned by
 * one thread. */
#include "eval/eval.h"

typedef struct hr_eval_others {
    const hr_eval *e;
    char *block; /* all that is kept, without pointers: a checkpoint is a copy of it */
    size_t n_bytes;
    bool *is_met;     /* [n_part] in the block: the instrument has come */
    double *value;    /* in the block; null until there is one */
    uint32_t *first;  /* [n_part] where a part's values begin */
    size_t *state_at; /* [n_part] of the block */
    double *in;       /* a row */
    const double **in_at;
    double **out_at;
} hr_eval_others;

/** Bytes of arena that init takes. */
size_t hr_eval_others_bytes(const hr_eval *e);
HR_MUST_USE hr_status hr_eval_others_init(hr_eval_others *o, const hr_eval *e, hr_arena *arena);
/** Of a block that was read from a file: may it be run? */
bool hr_eval_others_is_sound(const hr_eval_others *o);
/** The part that a new instrument is named by, "BTCUSDT" or "binance:BTCUSDT", if no one was
 * before it; 0: none. */
uint32_t hr_eval_others_meet(hr_eval_others *o, const char *venue, const char *symbol);
/** Sets the inputs of a row of p that are values of other parts. */
HR_INLINE void hr_eval_others_take(const hr_eval_others *o, const hr_eval_part *p, double *row)
{
    for (uint32_t i = 0; i < p->n_in; i++)
        if (p->in[i].is_of) row[i] = o->value[o->first[p->in[i].which] + p->in[i].idx];
}
/** A row of the instrument of `part`: in[n_in], of which the values of other parts are taken from
 * here. work: as for hr_eval_run. */
void hr_eval_others_run(hr_eval_others *o, uint32_t part, int64_t ts, const double *in, void *work,
                        uint64_t *step_ns);

#endif
