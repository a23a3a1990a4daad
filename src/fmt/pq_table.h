/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_TABLE_H
#define HR_FMT_PQ_TABLE_H
/* A table's columns, found by name and read in steps of HR_PQ_ROWS rows into plain arrays, each
 * value as the engine wants it: times in ns, sides as hr_side, numbers in fixed point, instruments
 * by index. What is null or no such value stays in its place as one of the marks below. Where there
 * are more threads than inputs the columns are in parts, which several threads read at once and
 * ahead; what the owner gets is the same. Private to fmt.
 */
#include <stdatomic.h>

#include "fmt/pq_events.h"

#define HR_PQ_ROWS 4096u
#define HR_PQ_BOOK_DEPTH 20
#define HR_PQ_PARTS 3u
#define HR_PQ_WINDOWS 4u /* steps that a part may have read, the owner's among them */
#define HR_PQ_TEXTS 64u  /* a dictionary of so many texts is looked up as a whole */

/* Marks: HR_NULL_I64, and for each reject reason a value just above it (and above HR_PQ_WIDE_I64).
 */
#define HR_PQ_MARK(reason) (INT64_MIN + 2 + (int64_t)(reason))
#define HR_PQ_MARK_END HR_PQ_MARK(HR_REJECT_COUNT)

enum {
    PQ_C_EVENT,
    PQ_C_RECV,
    PQ_C_SEQ,
    PQ_C_FIRST,
    PQ_C_PREV,
    PQ_C_FLAGS,
    PQ_C_SYMBOL,
    PQ_C_VENUE,
    PQ_C_SIDE, /* book tables have those before it */
    PQ_C_PX,
    PQ_C_QTY,
    PQ_C_ID,
    PQ_C_COUNT
};

/* Rows that are read, of one row group. */
typedef struct pq_run {
    int64_t begin, end, group_row; /* absolute; the group's first */
    uint32_t group;
} pq_run;

/* Where in the file. */
typedef struct pq_place {
    uint32_t next_group, next_run;
    int64_t rows; /* of the open group */
    int64_t left; /* of them, not read yet */
    int64_t pass; /* of them, not read at all */
    int64_t row;  /* absolute, the next */
} pq_place;

/* Columns that one thread reads at a time, whoever set busy; n_read says what others may look at.
 */
typedef struct pq_part {
    hr_pq_file *file;
    pq_place place;
    _Atomic uint32_t busy;
    _Atomic uint64_t n_read; /* steps */
    hr_status failed;        /* for good */
    hr_err err;
    double real[HR_PQ_ROWS];
    uint32_t index[HR_PQ_ROWS];
} pq_part;

typedef struct pq_stored {
    pq_part *part;
    hr_pq_cursor *cursor; /* NULL: absent */
    const hr_pq_column *meta;
    unsigned digits;   /* decimals of the floating-point number before: a guess at the next */
    bool is_converted; /* the row group's dictionary holds fixed-point numbers already */
    int64_t *window;   /* [n_windows][HR_PQ_ROWS], of steps in turn */
    int64_t *into;     /* the part's, while it reads: the window of that step */
    int64_t *value;    /* the owner's: the window of the step at hand */
} pq_stored;

/* Short texts of a step, each once; value[] of the column holds indexes. */
typedef struct pq_names {
    uint32_t n;
    char text[HR_PQ_ROWS + HR_PQ_TEXTS][HR_SYMBOL_MAX + 1];
    uint16_t slot[2 * HR_PQ_ROWS]; /* index + 1 */
} pq_names;

/* Where the side comes from. */
typedef enum pq_side_kind { PQ_SIDE_NAMED, PQ_SIDE_IS_BID, PQ_SIDE_MAKER } pq_side_kind;

typedef struct pq_table {
    hr_pq_file *file;
    hr_source_info info;
    pq_stored col[PQ_C_COUNT];
    pq_stored *level; /* book tables: price and size of bid and ask, 4 x depth columns */
    uint32_t n_level;
    pq_names *names[2]; /* symbols, venues; NULL without such a column */
    hr_text *id;        /* [HR_PQ_ROWS] trade ids that are no numbers; NULL without */
    pq_side_kind side_kind;
    pq_run *run; /* rows that are read; NULL: all */
    uint32_t n_runs;
    int64_t n_rows; /* of the table, with runs */
    pq_part *part[HR_PQ_PARTS];
    uint32_t n_parts, n_windows;
    _Atomic uint64_t at_step; /* the owner's: windows of those before it are free */
    uint64_t n_steps;         /* taken */
    pq_place place;           /* behind the step at hand */
    int64_t row, skip_to;     /* absolute row of value[at] */
    uint32_t at, n;
} pq_table;

/** Index of the file's column for this one of ours, or -1. */
int hr_pq_table_find(const hr_pq_file *f, int column);
HR_MUST_USE hr_status hr_pq_table_open(pq_table *t, hr_pq_file *f, const hr_source_info *info,
                                       hr_arena *arena, hr_err *err);
/** Sets the runs. Before anything is read. */
HR_MUST_USE hr_status hr_pq_table_want(pq_table *t, const hr_pq_want *w, hr_arena *arena,
                                       hr_err *err);
/** The next rows, from skip_to on, which is set before anything is read. HR_END after the last row
 * group. The owner. */
HR_MUST_USE hr_status hr_pq_table_fill(pq_table *t, hr_err *err);
/** Reads a part's next step ahead of the owner; HR_AGAIN: nothing to do now. Any thread. */
HR_MUST_USE hr_status hr_pq_table_help(pq_table *t);
/** A column's next n rows into s->into; column: what its values are. Its part's thread. */
HR_MUST_USE hr_status hr_pq_table_read(pq_table *t, pq_stored *s, int column, uint32_t n,
                                       hr_err *err);
/** Mark of the value as a reason, or -1. */
HR_INLINE int hr_pq_mark_reason(int64_t v)
{
    if (v >= HR_PQ_MARK_END) return -1;
    return v == HR_NULL_I64      ? (int)HR_REJECT_NULL
           : v == HR_PQ_WIDE_I64 ? (int)HR_REJECT_RANGE
                                 : (int)(v - HR_PQ_MARK(0));
}
/** A double as that decimal of at most `scale` digits behind the point which lies within two units
 * of its last place, the one of fewest digits first (files often hold doubles that went through
 * arithmetic: 0.00031099999999999997). single: the value was a float, which is nearer to its
 * decimal than to any other float. *digits: a guess, updated. The mark of HR_REJECT_RANGE where
 * there is none. */
int64_t hr_pq_fixed_of(double v, unsigned scale, bool single, unsigned *digits);

#endif
