/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_BATCH_H
#define HR_JOB_CALC_BATCH_H
/* Rows of many instruments, gathered in the order in which they come, worked out an instrument at a
 * time, and given back in that order. Private to job. */
#include "col/schema.h"
#include "eval/eval_others.h"

#define HR_CALC_STEP_ROWS 256u /* of a call of the evaluator */

/* An instrument. */
typedef struct hr_calc_line {
    hr_text venue, symbol;
    uint32_t first, last; /* its rows in the batch; HR_CALC_NONE: it has none */
    struct hr_calc_line *next;
    char *state;   /* of part 0 */
    uint32_t part; /* the part that is worked out on its rows beside part 0; 0: none */
    int64_t newest; /* the caller's: time of its rows so far; INT64_MIN: none */
} hr_calc_line;
#define HR_CALC_NONE UINT32_MAX

/** One row that was worked out: value[n_out] of part 0. */
typedef hr_status (*hr_calc_emit)(void *self, const hr_calc_line *line, int64_t ts,
                                  const double *value, hr_err *err);

typedef struct hr_calc_batch {
    const hr_eval *e;
    hr_calc_emit emit;
    void *self;
    uint32_t cap, n;
    int64_t *ts;
    uint32_t *next;
    hr_calc_line **line;
    bool *is_quiet;   /* known to windows, not given back */
    double *in, *out; /* rows, one behind the other */
    double *column;   /* of a call: inputs, then outputs, HR_CALC_STEP_ROWS each */
    const double **in_at;
    double **out_at;
    int64_t *step_ts;
    char *work;
    hr_calc_line *active, *last_active;
    hr_eval_others others;
    uint64_t *step_ns;  /* NULL: not measured */
    uint64_t n_rows;
} hr_calc_batch;

/** Bytes of arena that create takes. */
size_t hr_calc_batch_bytes(const hr_eval *e, bool measures);
HR_MUST_USE hr_status hr_calc_batch_init(hr_calc_batch *b, const hr_eval *e, bool measures,
                                         hr_arena *arena, hr_err *err);
/** state: of part 0, 64-byte aligned. Finds the part that is worked out on its rows. Lines that lie
 * side by side are at hand for each row; those each in front of their state are not. */
void hr_calc_line_init(hr_calc_batch *b, hr_calc_line *l, char *state, const hr_text *venue,
                       const hr_text *symbol);

/** A row: where its inputs go; those that are values of other parts are set. The row counts when
 * hr_calc_batch_took is called. */
double *hr_calc_batch_row(hr_calc_batch *b);
HR_MUST_USE hr_status hr_calc_batch_took(hr_calc_batch *b, hr_calc_line *line, int64_t ts,
                                         bool is_quiet, hr_err *err);
/** Before a row of a line with a part: works the part out on in[n_in of the part]. */
void hr_calc_batch_part(hr_calc_batch *b, const hr_calc_line *line, int64_t ts, const double *in);
/** Works out and gives back what there is. */
HR_MUST_USE hr_status hr_calc_batch_flush(hr_calc_batch *b, hr_err *err);

#endif
