/* SPDX-License-Identifier: Apache-2.0 */
/* Values of CSV tables, and what columns must hold for them. */
#include <stdio.h>
#include <string.h>

#include "convert/convert_csv.h"
#include "text/decimal.h"
#include "venue/line.h"

#define DIGITS_MAX 18

static int read_fixed(hr_csv_cell *out, const hr_csv_need *need, const char *s, uint32_t n)
{
    if (!need->is_set) {
        if (hr_csv_measure(&out->size, s, n) != HR_OK) return HR_LINE_REJECT(HR_REJECT_NUMBER);
        out->is_wide = out->size.n_int > DIGITS_MAX;
        return HR_LINE_DONE;
    }
    hr_status st = hr_decimal_parse(&out->fixed, s, n, need->scale);
    if (st == HR_ERANGE) {
        st = hr_csv_round(&out->fixed, s, n, need->scale);
        out->is_rounded = st == HR_OK;
        out->is_wide = st == HR_ERANGE;
    }
    return st == HR_OK || st == HR_ERANGE ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
}

static int read_real(hr_csv_cell *out, const char *s, uint32_t n)
{
    bool is_exact = true;
    hr_status st = hr_csv_real(&out->real, &is_exact, s, n);
    out->is_wide = st == HR_ERANGE;
    out->is_rounded = st == HR_OK && !is_exact;
    return st == HR_OK || st == HR_ERANGE ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
}

static int read_count(hr_csv_cell *out, const char *s, uint32_t n)
{
    hr_status st = hr_int_parse(&out->fixed, s, n);
    out->is_wide = st == HR_ERANGE || (st == HR_OK && out->fixed == HR_NULL_I64);
    return st == HR_OK || st == HR_ERANGE ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NUMBER);
}

static void read_text(hr_csv_cell *out, const char *s, uint32_t n, bool has_quote)
{
    uint32_t k = 0;
    memset(&out->text, 0, sizeof out->text);
    for (uint32_t i = 0; i < n && !out->is_wide; i++) {
        out->is_wide = k == HR_TEXT_CAP;
        if (!out->is_wide) out->text.byte[k++] = s[i];
        if (has_quote && s[i] == '"') i++; /* doubled */
    }
    out->text.len = out->is_wide ? HR_TEXT_NULL : (uint8_t)k;
}

int hr_csv_cell_read(hr_csv_cell *out, const hr_csv_need *need, const char *s, uint32_t n,
                     bool has_quote)
{
    hr_status st;
    out->is_wide = out->is_rounded = false;
    out->is_null = n == 0;
    if (out->is_null) return HR_LINE_DONE;
    switch ((hr_csv_type)need->column->type) {
    case HR_CSV_TIME:
        st = hr_csv_time_parse(&out->time, s, n, (hr_csv_order)need->order);
        return st == HR_OK ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_TIME);
    case HR_CSV_PRICE:
    case HR_CSV_AMOUNT:
        return read_fixed(out, need, s, n);
    case HR_CSV_RATIO:
        return read_real(out, s, n);
    case HR_CSV_COUNT:
        return read_count(out, s, n);
    case HR_CSV_TEXT:
    case HR_CSV_FLAG:
        break;
    }
    read_text(out, s, n, has_quote);
    return HR_LINE_DONE;
}

static void span(bool *has, int64_t *least, int64_t *most, int64_t ns)
{
    *least = *has ? HR_MIN(*least, ns) : ns;
    *most = *has ? HR_MAX(*most, ns) : ns;
    *has = true;
}

static void note_time(hr_csv_need *need, const hr_csv_time *t)
{
    need->has_number = need->has_number || t->unit_ns > 0;
    need->has_date = need->has_date || t->unit_ns == 0;
    need->has_clock = need->has_clock || t->has_clock;
    if (t->unit_ns > 0 && (need->unit_ns == 0 || t->unit_ns < need->unit_ns))
        need->unit_ns = t->unit_ns;
    for (int i = 0; i < 2; i++)
        if (t->part[i] > need->part[i]) need->part[i] = t->part[i];
    if (t->part[0] > 0) {
        for (int i = 0; i < 2; i++)
            if (t->either_ns[i] != HR_NULL_I64)
                span(&need->has_either[i], &need->either_min_ns[i], &need->either_max_ns[i],
                     t->either_ns[i]);
        return;
    }
    span(&need->has_time, &need->min_ns, &need->max_ns, t->ns);
}

void hr_csv_need_note(hr_csv_need *need, const hr_csv_cell *cell)
{
    if (cell->is_null) return;
    need->n_wide += cell->is_wide;
    need->n_rounded += cell->is_rounded;
    if (cell->is_wide || need->is_set) return;
    if (need->column->type == HR_CSV_TIME) note_time(need, &cell->time);
    if (need->column->type != HR_CSV_PRICE && need->column->type != HR_CSV_AMOUNT) return;
    need->n_int = HR_MAX(need->n_int, cell->size.n_int);
    need->n_dec = HR_MAX(need->n_dec, cell->size.n_dec);
    need->n_of_dec[HR_MIN(cell->size.n_dec, DIGITS_MAX + 1)]++;
}

/* The usual scale, or the one nearest to it that holds every value. Where none does, digits behind
 * the point give way. */
static void settle_scale(hr_csv_need *need)
{
    int32_t scale = HR_MIN(HR_MAX((int32_t)need->scale, need->n_dec), DIGITS_MAX - need->n_int);
    for (int32_t d = scale + 1; d < (int32_t)HR_ARRAY_LEN(need->n_of_dec); d++)
        need->n_rounded += need->n_of_dec[d];
    need->scale = (uint8_t)scale;
}

static hr_status settle_order(hr_csv_need *need, hr_err *err)
{
    const char *name = need->column->name;
    bool day_first = need->part[0] > 12;
    bool month_first = need->part[1] > 12;
    if (day_first && month_first)
        return HR_FAIL(err, HR_EINPUT, "dates of '%s' have the month first, and the day first",
                       name);
    if (!day_first && !month_first)
        return HR_FAIL(err, HR_EINPUT,
                       "dates of '%s': none tells whether the month or the day comes first (write "
                       "YYYY-MM-DD)",
                       name);
    need->order = (uint8_t)(day_first ? HR_CSV_DAY_FIRST : HR_CSV_MONTH_FIRST);
    if (need->has_either[day_first]) {
        span(&need->has_time, &need->min_ns, &need->max_ns, need->either_min_ns[day_first]);
        span(&need->has_time, &need->min_ns, &need->max_ns, need->either_max_ns[day_first]);
    }
    return HR_OK;
}

static void settle_form(hr_csv_need *need)
{
    hr_csv_time_form form = need->unit_ns == 1         ? HR_CSV_AS_NS
                            : need->unit_ns == 1000    ? HR_CSV_AS_US
                            : need->unit_ns == 1000000 ? HR_CSV_AS_MS
                                                       : HR_CSV_AS_S;
    if (need->has_date) form = need->has_clock ? HR_CSV_AS_CLOCK : HR_CSV_AS_DATE;
    bool is_mixed = need->has_date && need->has_number;
    bool holds = !need->has_time ||
                 (hr_csv_time_holds(need->min_ns, form) && hr_csv_time_holds(need->max_ns, form));
    need->form = (uint8_t)(is_mixed || !holds ? HR_CSV_AS_CLOCK : form);
}

hr_status hr_csv_need_settle(hr_csv_need *need, hr_err *err)
{
    if (need->column->type == HR_CSV_PRICE || need->column->type == HR_CSV_AMOUNT)
        settle_scale(need);
    if (need->column->type == HR_CSV_TIME) {
        if (need->part[0] > 0) HR_TRY(settle_order(need, err));
        settle_form(need);
    }
    need->is_set = true;
    return HR_OK;
}

static hr_col_type type_of(uint8_t type)
{
    switch ((hr_csv_type)type) {
    case HR_CSV_TIME:
        return HR_COL_TS;
    case HR_CSV_PRICE:
    case HR_CSV_AMOUNT:
        return HR_COL_DEC;
    case HR_CSV_RATIO:
        return HR_COL_F64;
    case HR_CSV_COUNT:
        return HR_COL_I64;
    case HR_CSV_TEXT:
    case HR_CSV_FLAG:
        break;
    }
    return HR_COL_TEXT;
}

hr_field hr_csv_need_field(const hr_csv_need *need)
{
    return (hr_field){.name = need->column->name,
                      .type = type_of(need->column->type),
                      .scale = type_of(need->column->type) == HR_COL_DEC ? need->scale : 0,
                      .nullable = true};
}

void hr_csv_need_type(char *out, size_t cap, const hr_csv_need *need)
{
    switch (type_of(need->column->type)) {
    case HR_COL_TS:
        snprintf(out, cap, "timestamp(ns, UTC)");
        return;
    case HR_COL_DEC:
        snprintf(out, cap, "decimal(18, %u)", need->scale);
        return;
    case HR_COL_F64:
        snprintf(out, cap, "double");
        return;
    case HR_COL_I64:
        snprintf(out, cap, "int64");
        return;
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
    case HR_COL_U32:
    case HR_COL_ENUM:
    case HR_COL_BOOL:
        break;
    }
    snprintf(out, cap, "string");
}
