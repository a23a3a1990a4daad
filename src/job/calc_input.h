/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_INPUT_H
#define HR_JOB_CALC_INPUT_H
/* The rows of one table, CSV or Parquet or Arrow, in the order of the file, some at a time in
 * columns: times, instruments and the numbers that are wanted. Private to job.
 * Memory: of CSV a few blocks of text, of the others a step of rows and the largest page of each
 * column that is read, in an arena of memory_bytes at most. Threads: single owner. */
#include <stdatomic.h>

#include "fmt/pq_read.h"
#include "job/calc_columns.h"
#include "mem/mem.h"

/* Rows that cannot be read are passed over and counted. */
typedef struct hr_calc_rejects {
    uint64_t n;
    char first[352]; /* file, place, what */
} hr_calc_rejects;

typedef struct hr_calc_input_options {
    const hr_calc_words *words;
    const hr_calc_table *first; /* whose columns the program was read with */
    const uint32_t *used;       /* [n_used] columns of it that are wanted */
    uint32_t n_used;
    const char *symbol, *venue; /* of a file without; "": by its path */
    hr_calc_rejects *rejects;
    size_t memory_bytes;
    const _Atomic uint32_t *stop; /* != 0: give up; may be NULL */
} hr_calc_input_options;

struct hr_calc_line;
/* Texts that rows name their instrument by, 1 to HR_TEXT_CAP bytes each; of a file without such a
 * column it may be none. */
typedef struct hr_calc_names {
    const uint32_t *code; /* [n] a row's text; NULL: all rows have text[0] */
    const hr_pq_bytes *text;
    struct hr_calc_line **known; /* beside text: the caller's, NULL when a text is new. NULL: no
                                    text is of more than this span */
} hr_calc_names;

/* Rows that follow one another. */
typedef struct hr_calc_span {
    uint32_t n;        /* 1 or more */
    const int64_t *ts; /* [n] ns since 1970; NULL: rows are numbered */
    hr_calc_names venue, symbol;
    double *const *value; /* [n_used][n] in the order of used; NaN is null */
} hr_calc_span;

HR_INLINE hr_pq_bytes hr_calc_name_text(const hr_calc_names *s, uint32_t row)
{
    return s->text[s->code != NULL ? s->code[row] : 0];
}
HR_INLINE struct hr_calc_line **hr_calc_name_known(const hr_calc_names *s, uint32_t row)
{
    return &s->known[s->code != NULL ? s->code[row] : 0];
}

struct hr_calc_input;
typedef struct hr_calc_input_ops {
    hr_status (*next)(struct hr_calc_input *in, hr_calc_span *out, hr_err *err);
    void (*close)(struct hr_calc_input *in);
} hr_calc_input_ops;

/* A name of all rows. */
typedef struct hr_calc_one_name {
    hr_text text;
    hr_pq_bytes bytes; /* of text */
    struct hr_calc_line *known;
} hr_calc_one_name;

/* What readers of both kinds begin with. */
typedef struct hr_calc_input {
    const hr_calc_input_options *o;
    const hr_calc_input_ops *ops;
    const char *path;
    hr_calc_table *table;           /* of this file */
    uint32_t *field;                /* [n_used] in this file */
    hr_calc_one_name venue, symbol; /* where no column says them */
} hr_calc_input;

/** Fills t with the columns of a file, and what they are for. HR_EINPUT, HR_EUNSUPPORTED. */
HR_MUST_USE hr_status hr_calc_input_columns(hr_calc_table *t, const char *path,
                                            const hr_calc_words *w, hr_err *err);
/** HR_EINPUT: it lacks a column that is wanted. o and path are borrowed until close. */
HR_MUST_USE hr_status hr_calc_input_open(hr_calc_input **out, const hr_calc_input_options *o,
                                         const char *path, hr_err *err);
/** What is in *out is good until the next call. HR_END after the last row; HR_ESTOPPED. */
HR_MUST_USE hr_status hr_calc_input_next(hr_calc_input *in, hr_calc_span *out, hr_err *err);
void hr_calc_input_close(hr_calc_input **in);

/* ---- between the two kinds and what they share ---- */

/** How a look at a file ended that did not find what was looked for, and why: what the machine
 * refused is told, what is in the file is another kind of it. */
HR_INLINE hr_status hr_calc_looked(hr_status st, const hr_err *why, hr_err *err)
{
    if (hr_status_exit(st) != HR_EXIT_ENV) return HR_OK;
    if (err != NULL) *err = *why;
    return st;
}
/** Of Parquet and Arrow; HR_AGAIN: by its first bytes the file is neither, take it as CSV. */
HR_MUST_USE hr_status hr_calc_parquet_columns(hr_calc_table *t, const char *path, hr_err *err);
HR_MUST_USE hr_status hr_calc_parquet_open(hr_calc_input **out, const char *path,
                                           const hr_calc_input_options *o, hr_err *err);
/** Would a run read no events from it? HR_AGAIN as above. */
HR_MUST_USE hr_status hr_calc_parquet_is_table(bool *is, const char *path, hr_err *err);
HR_MUST_USE hr_status hr_calc_csv_columns(hr_calc_table *t, const char *path, hr_err *err);
HR_MUST_USE hr_status hr_calc_csv_open(hr_calc_input **out, const char *path,
                                       const hr_calc_input_options *o, hr_err *err);
/** Would a run read events from it? Else *is_records: it is a kind of table with a name, or why
 * says why not. */
HR_MUST_USE hr_status hr_calc_csv_is_events(bool *is, bool *is_records, hr_err *why,
                                            const char *path, hr_err *err);

/** Once in->table holds the columns: where the wanted ones are. */
HR_MUST_USE hr_status hr_calc_input_map(hr_calc_input *in, hr_err *err);
/** Counts a row that cannot be read, and keeps the first's story: "PATH:PLACE: what". */
void hr_calc_reject(hr_calc_rejects *r, const char *path, const char *place, const char *fmt, ...)
    HR_PRINTF(4, 5);
HR_INLINE hr_calc_names hr_calc_one(hr_calc_one_name *one)
{
    return (hr_calc_names){.text = &one->bytes, .known = &one->known};
}
/** A cell as an instrument's name; false: none, or longer than HR_TEXT_CAP. */
bool hr_calc_cell_text(hr_text *out, const char *s, size_t n);

#endif
