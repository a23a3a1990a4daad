/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_CSV_TABLE_H
#define HR_VENUE_FILES_CSV_TABLE_H
/* CSV files as venues and vendors publish them: their columns as data, and what stands in them.
 * Pure. See docs/modules/csv.md. */
#include "venue/adapter.h"

#define HR_CSV_COLUMNS_MAX 32
#define HR_CSV_ALIAS_MAX 5

typedef enum hr_csv_type {
    HR_CSV_TIME = 0,
    HR_CSV_PRICE = 1,  /* DECIMAL */
    HR_CSV_AMOUNT = 2, /* DECIMAL */
    HR_CSV_RATIO = 3,  /* DOUBLE: rates, volatilities, greeks */
    HR_CSV_COUNT = 4,  /* INT64 */
    HR_CSV_TEXT = 5,
    HR_CSV_FLAG = 6, /* true or false; in events only */
} hr_csv_type;

typedef struct hr_csv_column {
    const char *name; /* the official one, and the Parquet column's */
    uint8_t type;     /* hr_csv_type */
    bool is_optional;
    const char *alias[HR_CSV_ALIAS_MAX];
} hr_csv_column;

typedef struct hr_csv_layout {
    hr_format format;
    const char *what; /* "Binance klines": for messages */
    const hr_csv_column *columns;
    uint32_t n_columns;
    bool any_case;      /* of letters in the header */
    bool is_binance;    /* venue and symbol stand in the file's name and path */
    bool may_lack_head; /* older files have no header; their names say what they are: */
    const char *kind;   /* "aggTrades"; NULL: an interval */
} hr_csv_layout;
/** NULL: no such. Of events those that csv_table.c lists, of tables all. */
const hr_csv_layout *hr_csv_layout_of(hr_format f);
#define HR_CSV_LAYOUTS 13u
const hr_csv_layout *hr_csv_layout_at(uint32_t i);

/** The columns of one file, in its order. */
typedef struct hr_csv_table {
    const hr_csv_layout *layout;
    uint32_t n_columns;
    uint8_t column[HR_CSV_COLUMNS_MAX]; /* of the layout */
    bool has_header;
} hr_csv_table;
HR_INLINE const hr_csv_column *hr_csv_table_column(const hr_csv_table *t, uint32_t i)
{
    return &t->layout->columns[t->column[i]];
}
/** By its first line: the header, or a row of the layout's shape. HR_END: neither; HR_EUNSUPPORTED:
 * a header with a column that is not known, or twice there. */
HR_MUST_USE hr_status hr_csv_table_open(hr_csv_table *t, const hr_csv_layout *layout,
                                        const char *line, size_t n, hr_err *err);

/* ---- values ---- */

/** How many digits a number has without zeros that say nothing: before the point, behind it, and
 * from the first to the last; all 0 for zero. */
typedef struct hr_csv_number {
    int32_t n_int, n_dec, n_sig;
} hr_csv_number;
/** The numbers of hr_decimal_parse, of any size. HR_EINPUT: none. */
HR_MUST_USE hr_status hr_csv_measure(hr_csv_number *out, const char *s, size_t n);
/** A number that measures n_int + scale <= 18 digits, rounded to scale decimals, halves to even.
 * HR_ERANGE: that made it one digit longer. */
HR_MUST_USE hr_status hr_csv_round(int64_t *out, const char *s, size_t n, unsigned scale);
/** The double next to it; *is_exact: its shortest text is that number. HR_EINPUT: no number;
 * HR_ERANGE: more than 18 digits, decimals, or digits before the point. */
HR_MUST_USE hr_status hr_csv_real(double *out, bool *is_exact, const char *s, size_t n);
#define HR_CSV_REAL_TEXT 352
/** The shortest text that is read as v, without exponent where it is short enough; v is finite. */
size_t hr_csv_real_text(char out[HR_CSV_REAL_TEXT], double v);

/** Of dates like 01/03/2017. */
typedef enum hr_csv_order {
    HR_CSV_ORDER_NONE = 0, /* not known: such dates stand for no time yet */
    HR_CSV_MONTH_FIRST = 1,
    HR_CSV_DAY_FIRST = 2,
} hr_csv_order;
typedef struct hr_csv_time {
    int64_t ns;
    int64_t unit_ns;      /* of a number: 1, 1000, ... 10^9; 0: a date */
    bool has_clock;       /* a date with a time of day or a zone */
    uint8_t part[2];      /* 01/03/2017: 1 and 3; 0: another form */
    int64_t either_ns[2]; /* that, month first and day first; HR_NULL_I64: no date */
} hr_csv_time;
/** Unix time in s, ms, us or ns, told apart by the number's size; YYYYMMDD, YYYY-MM-DD, M/D/YYYY
 * or D/M/YYYY, with or without time of day and zone (none: UTC). HR_EINPUT. */
HR_MUST_USE hr_status hr_csv_time_parse(hr_csv_time *out, const char *s, size_t n,
                                        hr_csv_order order);
/** The same of a whole number. */
HR_MUST_USE hr_status hr_csv_time_int(int64_t *ns, int64_t v);
/** The same of n whole numbers, each by its own size. False: some are no times, and ns[n] may be
 * anything. */
bool hr_csv_time_ints(int64_t *ns, const int64_t *v, uint32_t n);
typedef enum hr_csv_time_form {
    HR_CSV_AS_CLOCK = 0, /* YYYY-MM-DD HH:MM:SS[.f] */
    HR_CSV_AS_DATE = 1,
    HR_CSV_AS_S = 2,
    HR_CSV_AS_MS = 3,
    HR_CSV_AS_US = 4,
    HR_CSV_AS_NS = 5,
    HR_CSV_AS_COUNT = 6,
} hr_csv_time_form;
const char *hr_csv_time_form_name(hr_csv_time_form f);
#define HR_CSV_TIME_TEXT 40
/** Numbers are cut to the form's unit. */
size_t hr_csv_time_text(char out[HR_CSV_TIME_TEXT], int64_t ns, hr_csv_time_form form);
/** Is it read again as what it is? */
bool hr_csv_time_holds(int64_t ns, hr_csv_time_form form);

#endif
