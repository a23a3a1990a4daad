/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_COLUMNS_H
#define HR_JOB_CALC_COLUMNS_H
/* What the columns of a plain table are: by their names which holds the times and which the
 * instrument, by name and type what the others are to expressions. One rule for CSV, Parquet and
 * Arrow. Pure. */
#include "col/schema.h"
#include "expr/expr.h"
#include "venue/files/csv_table.h"

#define HR_CALC_COLUMNS_MAX 4096u
#define HR_CALC_NO_FIELD UINT32_MAX

/* What a column's cells are. */
typedef enum hr_calc_cells {
    HR_CALC_NUMBERS,
    HR_CALC_TRUTHS, /* booleans */
    HR_CALC_TEXTS,  /* CSV: all of them; numbers or times where they can be read as such */
    HR_CALC_TIMES,
    HR_CALC_DATES,
    HR_CALC_CLOCKS, /* times of day */
    HR_CALC_OTHERS, /* nothing that is read here */
} hr_calc_cells;

typedef struct hr_calc_table {
    uint32_t n_column; /* of the file, all of which expressions see */
    /* fields of the file, HR_CALC_NO_FIELD where there is none */
    uint32_t time;   /* none: rows are numbered */
    uint32_t time_2; /* taken where the first has none */
    uint32_t clock;  /* time of day, where `time` holds dates */
    uint32_t symbol, venue;
    bool has_header;     /* CSV */
    bool is_first_empty; /* CSV: the first row begins with an empty name and a date */
    hr_expr_column column[HR_CALC_COLUMNS_MAX];
    char name[HR_CALC_COLUMNS_MAX][HR_EXPR_NAME_MAX + 1]; /* as expressions have it */
    uint8_t cells[HR_CALC_COLUMNS_MAX];                   /* hr_calc_cells */
    bool is_twice[HR_CALC_COLUMNS_MAX];                   /* another column has its name */
} hr_calc_table;

/** What the caller says of columns; a name as the file has it, or as expressions do. */
typedef struct hr_calc_words {
    const char *time; /* NULL: by the usual names; "none": rows are numbered */
    const char *by;   /* the instrument; NULL: by the usual names; "none": the file's name */
    hr_csv_order dates;
    bool is_local; /* ts_recv before ts_event */
} hr_calc_words;

/** Adds a column under its name: in lower case, what is no letter or digit as '_'. HR_ELIMIT. */
HR_MUST_USE hr_status hr_calc_columns_add(hr_calc_table *t, const char *name, size_t n,
                                          hr_calc_cells cells, hr_err *err);
/** Once all are there: finds times and instrument. HR_EINPUT names what is there and what would be
 * taken. */
HR_MUST_USE hr_status hr_calc_columns_find(hr_calc_table *t, const hr_calc_words *w, hr_err *err);
/** The column of that name, or HR_CALC_NO_FIELD. */
uint32_t hr_calc_columns_of(const hr_calc_table *t, const char *name);
/** Can an expression read it? HR_EINPUT says why not. */
HR_MUST_USE hr_status hr_calc_columns_check(const hr_calc_table *t, uint32_t column, hr_err *err);
/** Has it times by one of the names that are looked for? */
bool hr_calc_columns_has_time(const hr_calc_table *t);

/** Their names, "a, b, ..", as far as they go into cap > 8 bytes. Returns out. */
const char *hr_calc_columns_list(char *out, size_t cap, const hr_calc_table *t);

/** A cell as a number: NaN where it is empty, says that there is none, or is infinite. False: it is
 * no number. */
bool hr_calc_cell_number(double *out, const char *s, size_t n);
/** A cell, or a date and a time of day in two (clock NULL: one), as a time. HR_EINPUT: none;
 * HR_AGAIN: it hangs on which of day and month comes first. */
HR_MUST_USE hr_status hr_calc_cell_time(int64_t *ns, const hr_text *date, const hr_text *clock,
                                        hr_csv_order dates);
#endif
