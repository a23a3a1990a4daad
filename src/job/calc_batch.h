/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_BATCH_H
#define HR_JOB_CALC_BATCH_H
/* Rows of many instruments, gathered in columns in the order in which they come, worked out an
 * instrument at a time, and given back in that order. Private to job.
 *
 * A row is hr_calc_batch_add, its time and its inputs in the columns; who has many rows copies them
 * there at once. When the batch is full its rows are laid side by side by instrument, an
 * instrument's in its order (`place` says where each row went), the evaluator runs over each
 * stretch, and `emit` finds the outputs of row i at place[i]. */
#include "col/schema.h"
#include "eval/eval_others.h"

/* Of a call of the evaluator: windows in order cost half in calls that are about as long as they.
 */
#define HR_CALC_STEP_ROWS 1024u

/* What an instrument is called. */
typedef struct hr_calc_label {
    hr_text venue, symbol;
} hr_calc_label;

/* An instrument: what each of its rows looks at. */
typedef struct hr_calc_line {
    int64_t newest; /* the caller's: time of its rows so far; INT64_MIN: none */
    char *state;    /* of part 0 */
    const hr_calc_label *label;
    uint32_t which; /* of those that have rows in the batch; HR_CALC_NONE: it has none */
    uint32_t part;  /* the part that is worked out on its rows beside part 0; 0: none */
} hr_calc_line;
#define HR_CALC_NONE UINT32_MAX

typedef struct hr_calc_batch hr_calc_batch;
/** The batch's rows were worked out. Its row i of n: ts[i], lines[which[i]], is_quiet[i], and
 * output c at out[c * cap + place[i]]; all of it may be written over. */
typedef hr_status (*hr_calc_emit)(void *self, hr_calc_batch *b, hr_err *err);

struct hr_calc_batch {
    const hr_eval *e;
    hr_calc_emit emit;
    void *self;
    uint32_t cap, n, n_lines, n_quiet;
    /* rows */
    int64_t *ts;
    uint32_t *which; /* of lines */
    uint32_t *place; /* beside others of its line */
    bool *is_quiet;  /* known to windows, not given back */
    double *in;      /* [n_in][cap] */
    double *row;     /* [n_in] of one that is put by itself */
    /* lines that have some, [cap] */
    hr_calc_line **lines;
    uint32_t *n_of; /* rows; while they are placed, where the next one goes */
    /* rows by place */
    int64_t *line_ts;     /* NULL: part 0 reads no times */
    double *line_in;      /* [n_in][cap] */
    double *out;          /* [n_out][cap] */
    const double **in_at; /* of a call */
    double **out_at;
    char *work;
    hr_eval_others others;
    uint64_t *step_ns; /* NULL: not measured */
    uint64_t n_rows;
};

#define HR_CALC_BATCH_LEAST ((size_t)2 << 20)
/** What a job of so much memory may give to the rows of a batch, HR_CALC_BATCH_LEAST to 16 MiB: an
 * instrument's windows come into the cache once a batch, so more rows at a time are faster. */
size_t hr_calc_batch_share(size_t memory_bytes);
/** Bytes of arena that init takes. */
size_t hr_calc_batch_bytes(const hr_eval *e, size_t rows_bytes, bool measures);
HR_MUST_USE hr_status hr_calc_batch_init(hr_calc_batch *b, const hr_eval *e, size_t rows_bytes,
                                         bool measures, hr_arena *arena, hr_err *err);
/** state: of part 0, 64-byte aligned; label is borrowed. Finds the part that is worked out on its
 * rows. Lines that lie side by side are at hand for each row; those each in front of their state
 * are not. */
void hr_calc_line_init(hr_calc_batch *b, hr_calc_line *l, char *state, const hr_calc_label *label);

/* ---- many rows ---- */

/** How many rows may be added before hr_calc_batch_settle. Never 0 after it. */
HR_INLINE uint32_t hr_calc_batch_room(const hr_calc_batch *b)
{
    return b->cap - b->n;
}
/** Input c of row b->n and of those after it. */
HR_INLINE double *hr_calc_batch_column(const hr_calc_batch *b, uint32_t c)
{
    return b->in + (size_t)c * b->cap + b->n;
}
/** Its time, and that of those after it. */
HR_INLINE int64_t *hr_calc_batch_times(const hr_calc_batch *b)
{
    return b->ts + b->n;
}
/** Of the next n rows, their times in place, those before from_ns are quiet. */
void hr_calc_batch_quiet(hr_calc_batch *b, uint32_t n, int64_t from_ns);
/** A row, but for its inputs, its time and whether it is quiet. */
HR_INLINE void hr_calc_batch_add(hr_calc_batch *b, hr_calc_line *line)
{
    if (HR_UNLIKELY(line->which == HR_CALC_NONE)) {
        line->which = b->n_lines++;
        b->lines[line->which] = line;
        b->n_of[line->which] = 0;
    }
    b->n_of[line->which]++;
    b->which[b->n++] = line->which;
}
/** n rows of one line, 1 or more, for which there is room: as hr_calc_batch_add. */
void hr_calc_batch_add_same(hr_calc_batch *b, hr_calc_line *line, uint32_t n);
/** After rows, their times and inputs: works them out where there is no room for another. */
HR_MUST_USE hr_status hr_calc_batch_settle(hr_calc_batch *b, hr_err *err);

/* ---- one row ---- */

/** Where its inputs go; those that are values of other parts are set. The row counts when
 * hr_calc_batch_took is called. */
double *hr_calc_batch_row(hr_calc_batch *b);
HR_MUST_USE hr_status hr_calc_batch_took(hr_calc_batch *b, hr_calc_line *line, int64_t ts,
                                         bool is_quiet, hr_err *err);
/** Before a row of a line with a part: works the part out on in[n_in of the part]. */
void hr_calc_batch_part(hr_calc_batch *b, const hr_calc_line *line, int64_t ts, const double *in);

/** Works out and gives back what there is. */
HR_MUST_USE hr_status hr_calc_batch_flush(hr_calc_batch *b, hr_err *err);

#endif
