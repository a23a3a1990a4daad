/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/nearest.h"

#define LIST_BYTES 200u /* of names in a message */

/* The first of these that a file has. */
static const char *const times[] = {"ts_event", "timestamp", "datetime",     "time", "ts",
                                    "date",     "open_time", "start",        "end",  "ts_recv",
                                    "dt",       "t",         "timestamp_ns", NULL};
static const char *const symbols[] = {"instrument", "symbol", "ticker", "sym", "pair", NULL};
static const char *const venues[] = {"venue", "exchange", NULL};
/* What a name may end in that only says what a number is of. */
static const char *const shares[] = {"pct",    "percent", "ratio", "rate",
                                     "return", "ret",     "count", NULL};

/* ---- names ---- */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(name, *list) == 0) return true;
    return false;
}

static bool has_any_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strstr(name, *list) != NULL) return true;
    return false;
}

static hr_expr_unit unit_of(const char *name)
{
    static const char *const prices[] = {"open", "high",      "low", "close", "price",
                                         "mid",  "vwap",      "bid", "ask",   "last",
                                         "px",   "adj_close", NULL};
    static const char *const in_price[] = {"price", "_px", NULL};
    static const char *const quantities[] = {"quantity", "amount", "size", NULL};
    static const char *const in_quantity[] = {"qty", "volume", NULL};
    static const char *const money[] = {"quote_volume", "quote_qty", "notional", "turnover", NULL};
    hr_expr_unit open = {.is_open = true};
    if (has_any_of(name, shares)) return open;
    if (has_any_of(name, money))
        return (hr_expr_unit){.power = {[HR_EXPR_PRICE] = 1, [HR_EXPR_QUANTITY] = 1}};
    if (is_one_of(name, prices) || has_any_of(name, in_price))
        return (hr_expr_unit){.power = {[HR_EXPR_PRICE] = 1}};
    if (is_one_of(name, quantities) || has_any_of(name, in_quantity))
        return (hr_expr_unit){.power = {[HR_EXPR_QUANTITY] = 1}};
    return open;
}

/* In lower case, what a name cannot have as '_'; "" where there is nothing left. */
static void take_name(char out[HR_EXPR_NAME_MAX + 1], const char *s, size_t n_s)
{
    size_t n = 0;
    for (size_t i = 0; i < n_s && n < HR_EXPR_NAME_MAX; i++) {
        char c = s[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && n > 0);
        if (is_upper)
            out[n++] = (char)(c - 'A' + 'a');
        else if (is_kept)
            out[n++] = c;
        else if (n > 0)
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
}

hr_status hr_calc_columns_add(hr_calc_table *t, const char *name, size_t n, hr_calc_cells cells,
                              hr_err *err)
{
    uint32_t at = t->n_column;
    if (at == HR_CALC_COLUMNS_MAX)
        return HR_FAIL(err, HR_ELIMIT, "more than %u columns", HR_CALC_COLUMNS_MAX);
    take_name(t->name[at], name, n);
    t->cells[at] = (uint8_t)cells;
    t->is_twice[at] = false;
    for (uint32_t i = 0; i < at && t->name[at][0] != '\0'; i++)
        if (strcmp(t->name[i], t->name[at]) == 0) t->is_twice[i] = t->is_twice[at] = true;
    t->column[at] = (hr_expr_column){
        .name = t->name[at], .unit = unit_of(t->name[at]), .is_condition = cells == HR_CALC_TRUTHS};
    t->n_column++;
    return HR_OK;
}

uint32_t hr_calc_columns_of(const hr_calc_table *t, const char *name)
{
    for (uint32_t i = 0; i < t->n_column; i++)
        if (strcmp(t->name[i], name) == 0) return i;
    return HR_CALC_NO_FIELD;
}

static uint32_t first_of(const hr_calc_table *t, const char *const *list)
{
    uint32_t at = HR_CALC_NO_FIELD;
    for (; *list != NULL && at == HR_CALC_NO_FIELD; list++)
        at = hr_calc_columns_of(t, *list);
    return at;
}

bool hr_calc_columns_has_time(const hr_calc_table *t)
{
    return first_of(t, times) != HR_CALC_NO_FIELD;
}

/* ---- what they are for ---- */

static const char *cells_name(hr_calc_cells c)
{
    static const char *const name[] = {"numbers",
                                       "conditions",
                                       "texts",
                                       "times",
                                       "dates",
                                       "times of day",
                                       "values of another kind"};
    return name[c];
}

const char *hr_calc_columns_list(char *out, size_t cap, const hr_calc_table *t)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < t->n_column; i++) {
        const char *name = t->name[i][0] != '\0' ? t->name[i] : "''";
        const char *sep = n > 0 ? ", " : "";
        bool fits = n + strlen(name) + 8 <= cap;
        if (n + 5 <= cap) n += (size_t)snprintf(out + n, cap - n, "%s%s", sep, fits ? name : "..");
        if (!fits) break;
    }
    return out;
}

/* The column that an option names. */
static hr_status named(uint32_t *out, const hr_calc_table *t, const char *option, const char *asked,
                       hr_err *err)
{
    char name[HR_EXPR_NAME_MAX + 1];
    char text[96];
    char list[LIST_BYTES];
    take_name(name, asked, strlen(asked));
    *out = name[0] != '\0' ? hr_calc_columns_of(t, name) : HR_CALC_NO_FIELD;
    if (*out != HR_CALC_NO_FIELD) return HR_OK;
    hr_nearest near = hr_nearest_start(name);
    for (uint32_t i = 0; i < t->n_column; i++)
        hr_nearest_offer(&near, t->name[i]);
    return HR_FAIL(err, HR_EINPUT, "%s: there is no column '%.60s'%s (columns: %s)", option, asked,
                   hr_nearest_text(&near, text, sizeof text),
                   hr_calc_columns_list(list, sizeof list, t));
}

/* Without a name that says it: the only column of times, or, in text, a first one without a name,
 * which is how indexes of data frames are written. */
static uint32_t time_by_type(const hr_calc_table *t)
{
    uint32_t at = HR_CALC_NO_FIELD;
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->n_column; i++) {
        if (t->cells[i] != HR_CALC_TIMES && t->cells[i] != HR_CALC_DATES) continue;
        at = i;
        n++;
    }
    if (t->is_first_empty) return 0;
    return n == 1 ? at : HR_CALC_NO_FIELD;
}

static bool may_be_clock(const hr_calc_table *t, uint32_t at)
{
    return at != HR_CALC_NO_FIELD &&
           (t->cells[at] == HR_CALC_CLOCKS || t->cells[at] == HR_CALC_TEXTS);
}

static bool may_be_date(const hr_calc_table *t, uint32_t at)
{
    return at != HR_CALC_NO_FIELD &&
           (t->cells[at] == HR_CALC_DATES || t->cells[at] == HR_CALC_TEXTS ||
            t->cells[at] == HR_CALC_NUMBERS);
}

static void usual_time(hr_calc_table *t, bool is_local)
{
    uint32_t date = hr_calc_columns_of(t, "date");
    uint32_t recv = hr_calc_columns_of(t, "ts_recv");
    t->time = first_of(t, times);
    bool is_clock = t->time != HR_CALC_NO_FIELD && strcmp(t->name[t->time], "time") == 0;
    if (is_clock && may_be_clock(t, t->time) && may_be_date(t, date)) {
        t->clock = t->time;
        t->time = date;
    } else if (recv != HR_CALC_NO_FIELD && t->time == hr_calc_columns_of(t, "ts_event")) {
        t->time_2 = is_local ? t->time : recv;
        if (is_local) t->time = recv;
    } else if (t->time == HR_CALC_NO_FIELD) {
        t->time = time_by_type(t);
    }
}

static hr_status check_role(const hr_calc_table *t, uint32_t at, const char *what, hr_err *err)
{
    if (at == HR_CALC_NO_FIELD) return HR_OK;
    hr_calc_cells c = (hr_calc_cells)t->cells[at];
    bool is_name = strcmp(what, "an instrument") == 0;
    bool fits = is_name ? c == HR_CALC_TEXTS || c == HR_CALC_NUMBERS
                        : c != HR_CALC_TRUTHS && c != HR_CALC_OTHERS;
    if (c == HR_CALC_CLOCKS && at != t->clock) fits = false;
    if (t->is_twice[at]) return HR_FAIL(err, HR_EINPUT, "two columns are called '%s'", t->name[at]);
    if (fits) return HR_OK;
    return HR_FAIL(err, HR_EINPUT, "column '%s' was to name %s, but holds %s", t->name[at], what,
                   cells_name(c));
}

static hr_status no_time(const hr_calc_table *t, hr_err *err)
{
    char list[LIST_BYTES];
    return HR_FAIL(err, HR_EINPUT,
                   "expected a column of times (ts_event, timestamp, datetime, time, ts, date,"
                   " open_time, start, ..; --time COLUMN names it, --time none numbers the rows),"
                   " found only: %s",
                   hr_calc_columns_list(list, sizeof list, t));
}

hr_status hr_calc_columns_find(hr_calc_table *t, const hr_calc_words *w, hr_err *err)
{
    bool is_none = w->time != NULL && strcmp(w->time, "none") == 0;
    t->time = t->time_2 = t->clock = t->symbol = t->venue = HR_CALC_NO_FIELD;
    if (w->time != NULL && !is_none)
        HR_TRY(named(&t->time, t, "--time", w->time, err));
    else if (!is_none)
        usual_time(t, w->is_local);
    if (t->time == HR_CALC_NO_FIELD && !is_none) return no_time(t, err);
    if (w->by == NULL) {
        t->symbol = first_of(t, symbols);
        t->venue = first_of(t, venues);
        if (t->venue != HR_CALC_NO_FIELD && t->cells[t->venue] != HR_CALC_TEXTS)
            t->venue = HR_CALC_NO_FIELD; /* a number of an exchange is no name */
    } else if (strcmp(w->by, "none") != 0) {
        HR_TRY(named(&t->symbol, t, "--by", w->by, err));
    }
    HR_TRY(check_role(t, t->time, "times", err));
    HR_TRY(check_role(t, t->time_2, "times", err));
    HR_TRY(check_role(t, t->clock, "times", err));
    HR_TRY(check_role(t, t->venue, "an instrument", err));
    return check_role(t, t->symbol, "an instrument", err);
}

hr_status hr_calc_columns_check(const hr_calc_table *t, uint32_t column, hr_err *err)
{
    hr_calc_cells c = (hr_calc_cells)t->cells[column];
    if (t->is_twice[column])
        return HR_FAIL(err, HR_EINPUT, "two columns are called '%s'", t->name[column]);
    if (c == HR_CALC_NUMBERS || c == HR_CALC_TRUTHS || c == HR_CALC_TEXTS) return HR_OK;
    return HR_FAIL(err, HR_EINPUT,
                   "column '%s' holds %s: an expression takes numbers and conditions",
                   t->name[column], cells_name(c));
}

/* ---- cells ---- */

/* Numbers as others write them: +1, .5, 5., more digits than a decimal has here. */
static bool read_loosely(double *out, char *text, size_t n)
{
    char *end;
    if (strspn(text, "0123456789+-.eE") != n || strpbrk(text, "0123456789") == NULL) return false;
    *out = strtod(text, &end);
    if (*end == '\0' && !isfinite(*out)) *out = (double)NAN;
    return *end == '\0';
}

bool hr_calc_cell_number(double *out, const char *s, size_t n)
{
    static const char *const nulls[] = {"nan", "null", "na",   "n/a",  "#n/a", "none",
                                        "-",   "inf",  "-inf", "+inf", NULL};
    char text[64];
    bool is_exact;
    *out = (double)NAN;
    if (n == 0 || n >= sizeof text) return n == 0;
    if (hr_csv_real(out, &is_exact, s, n) == HR_OK) return true;
    memcpy(text, s, n);
    text[n] = '\0';
    *out = (double)NAN;
    for (const char *const *null = nulls; *null != NULL; null++)
        if (strcasecmp(text, *null) == 0) return true;
    return read_loosely(out, text, n);
}

static bool is_clock_text(const hr_text *t)
{
    const char *colon = memchr(t->byte, ':', t->len);
    return colon != NULL && colon - t->byte <= 2 && memchr(t->byte, '-', t->len) == NULL;
}

/* 9:30 behind a date: what is no time of day alone is a time as a whole. 20240102 is written as a
 * date, for a number has no time of day behind it. */
static size_t join_cells(char out[2 * HR_TEXT_CAP + 4], const hr_text *date, const hr_text *clock)
{
    const char *d = date->byte;
    if (!is_clock_text(clock)) {
        memcpy(out, clock->byte, clock->len);
        return clock->len;
    }
    bool is_plain = date->len == 8 && memchr(d, '-', 8) == NULL && memchr(d, '/', 8) == NULL;
    int n = is_plain ? snprintf(out, 2 * HR_TEXT_CAP + 4, "%.4s-%.2s-%.2s %.*s", d, d + 4, d + 6,
                                (int)clock->len, clock->byte)
                     : snprintf(out, 2 * HR_TEXT_CAP + 4, "%.*s %.*s", (int)date->len, d,
                                (int)clock->len, clock->byte);
    return (size_t)n;
}

hr_status hr_calc_cell_time(int64_t *ns, const hr_text *date, const hr_text *clock,
                            hr_csv_order dates)
{
    char both[2 * HR_TEXT_CAP + 4];
    hr_csv_time time;
    const char *s = date->byte;
    size_t n = date->len;
    if (n == HR_TEXT_NULL || (clock != NULL && clock->len == HR_TEXT_NULL)) return HR_EINPUT;
    if (clock != NULL) {
        n = join_cells(both, date, clock);
        s = both;
    }
    HR_TRY(hr_csv_time_parse(&time, s, n, dates));
    if (time.part[0] != 0 && dates == HR_CSV_ORDER_NONE) return HR_AGAIN;
    *ns = time.ns;
    return time.ns != HR_NULL_I64 ? HR_OK : HR_EINPUT;
}
