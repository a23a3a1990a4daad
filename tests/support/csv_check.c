/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_check.h"

#include <stdlib.h>
#include <string.h>

#include "convert/convert_csv.h"
#include "text/csv.h"
#include "text/decimal.h"
#include "venue/line.h"

#define PLAIN_MAX 64u /* characters of a number that the plain reading takes */

/* ---- numbers ---- */

/* Digits of s, times ten to *exponent, as decimal characters without zeros in front. */
static size_t digits_of(char *out, int64_t *exponent, const char *s, size_t n)
{
    size_t k = 0;
    bool point = false;
    *exponent = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == 'e' || s[i] == 'E') {
            char text[PLAIN_MAX + 1] = {0};
            memcpy(text, s + i + 1, n - i - 1);
            *exponent += strtol(text, NULL, 10);
            break;
        }
        if (s[i] == '.') point = true;
        if (s[i] < '0' || s[i] > '9') continue;
        if (point) --*exponent;
        if (k > 0 || s[i] != '0') out[k++] = s[i];
    }
    return k;
}

/* The number times ten to scale, rounded: long hand. False: longer than 18 digits. */
static bool plain_round(int64_t *out, const char *s, size_t n, unsigned scale)
{
    char digit[PLAIN_MAX];
    int64_t exponent;
    size_t k = digits_of(digit, &exponent, s, n);
    exponent += scale;
    int64_t v = 0;
    int64_t n_whole = (int64_t)k + exponent; /* digits of the result */
    for (int64_t i = 0; i < n_whole && k > 0; i++) {
        if (v >= HR_DECIMAL_LIMIT / 10) return false;
        v = v * 10 + (i < (int64_t)k ? digit[i] - '0' : 0);
    }
    bool above = false;
    bool half = n_whole >= 0 && n_whole < (int64_t)k && digit[n_whole] == '5';
    bool more = n_whole >= 0 && n_whole < (int64_t)k && digit[n_whole] > '5';
    for (int64_t i = n_whole + 1; i < (int64_t)k; i++)
        above = above || (i >= 0 && digit[i] != '0');
    if (more || (half && (above || v % 2 != 0))) v++;
    if (v >= HR_DECIMAL_LIMIT) return false;
    *out = s[0] == '-' ? -v : v;
    return true;
}

static const char *check_scale(const hr_csv_number *m, const char *s, size_t n, unsigned scale)
{
    int64_t v = 0;
    int64_t rounded = 0;
    int64_t plain = 0;
    bool fits = m->n_dec <= (int32_t)scale && m->n_int + (int32_t)scale <= 18;
    hr_status st = hr_decimal_parse(&v, s, n, scale);
    if ((st == HR_OK) != fits) return "measure: fits, or does not";
    hr_status r = hr_csv_round(&rounded, s, n, scale);
    if (st == HR_OK && (r != HR_OK || rounded != v)) return "round: changes what fits";
    if (m->n_int + (int32_t)scale > 18) return r == HR_ERANGE ? NULL : "round: too long a number";
    if (n > PLAIN_MAX - 1 || memchr(s, 'e', n) != NULL || memchr(s, 'E', n) != NULL) return NULL;
    bool is_short = plain_round(&plain, s, n, scale);
    if (is_short != (r == HR_OK)) return "round: a digit more, or not";
    return is_short && plain != rounded ? "round: another number" : NULL;
}

static const char *check_real(const char *s, size_t n)
{
    char text[PLAIN_MAX + 1] = {0};
    char shortest[HR_CSV_REAL_TEXT];
    double v;
    double again;
    bool is_exact;
    bool ignored;
    if (n > PLAIN_MAX || hr_csv_real(&v, &is_exact, s, n) != HR_OK) return NULL;
    memcpy(text, s, n);
    if (v != strtod(text, NULL)) return "real: not the nearest";
    size_t k = hr_csv_real_text(shortest, v);
    if (strtod(shortest, NULL) != v) return "real: its text is another number";
    if (hr_csv_real(&again, &ignored, shortest, k) == HR_OK && again != v)
        return "real: its text is read otherwise";
    return NULL;
}

const char *csv_check_number(const char *s, size_t n)
{
    hr_csv_number m;
    int64_t v;
    const char *wrong = NULL;
    bool is_number = hr_csv_measure(&m, s, n) == HR_OK;
    if (is_number != (hr_decimal_parse(&v, s, n, 18) != HR_EINPUT)) return "measure: a number";
    if (!is_number) return NULL;
    for (unsigned scale = 0; scale <= 18 && wrong == NULL; scale++)
        wrong = check_scale(&m, s, n, scale);
    return wrong != NULL ? wrong : check_real(s, n);
}

/* ---- times ---- */

static const char *check_forms(int64_t ns)
{
    char text[HR_CSV_TIME_TEXT];
    hr_csv_time t;
    for (int f = 0; f < HR_CSV_AS_COUNT; f++) {
        if (!hr_csv_time_holds(ns, (hr_csv_time_form)f)) continue;
        size_t n = hr_csv_time_text(text, ns, (hr_csv_time_form)f);
        if (n >= sizeof text) return "time: text is too long";
        if (hr_csv_time_parse(&t, text, n, HR_CSV_ORDER_NONE) != HR_OK) return "time: not read";
        if (t.ns != ns) return "time: read as another";
    }
    return NULL;
}

const char *csv_check_time(const char *s, size_t n)
{
    hr_csv_time t[3];
    bool ok[3];
    const char *wrong = NULL;
    for (int o = 0; o < 3; o++)
        ok[o] = hr_csv_time_parse(&t[o], s, n, (hr_csv_order)o) == HR_OK;
    if (ok[0] != (ok[1] || ok[2])) return "time: an order makes or breaks it";
    if (!ok[0]) return NULL;
    if (t[0].unit_ns > 0 && t[0].ns % t[0].unit_ns != 0) return "time: its unit";
    if (t[0].part[0] == 0 && (t[0].ns != t[1].ns || t[0].ns != t[2].ns)) return "time: order";
    for (int o = 1; o < 3; o++)
        if (ok[o] && t[0].part[0] > 0 && t[o].ns != t[0].either_ns[o - 1]) return "time: either";
    for (int o = 0; o < 3 && wrong == NULL; o++)
        if (ok[o] && (o > 0 || t[0].part[0] == 0)) wrong = check_forms(t[o].ns);
    return wrong;
}

/* ---- tables ---- */

typedef struct look {
    hr_csv_table table;
    hr_csv_need need[HR_CSV_COLUMNS_MAX];
    hr_csv_cell cell[HR_CSV_COLUMNS_MAX];
    uint64_t n_wide, n_rounded, n_rows;
} look;

/* As convert does: the row's values, noted where all of them are some. */
static const char *take_row(look *l, const char *s, size_t n, bool is_second)
{
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n_fields;
    const char *next;
    if (hr_csv_row(f, HR_CSV_FIELDS_MAX, &n_fields, &next, s, s + n, true) != HR_OK) return NULL;
    if (n_fields != l->table.n_columns) return NULL;
    for (uint32_t c = 0; c < n_fields; c++)
        if (hr_csv_cell_read(&l->cell[c], &l->need[c], f[c].s, f[c].n, f[c].has_quote) !=
            HR_LINE_DONE)
            return NULL;
    l->n_rows++;
    for (uint32_t c = 0; c < n_fields; c++) {
        const hr_csv_cell *v = &l->cell[c];
        hr_csv_need_note(&l->need[c], v);
        if (!is_second || v->is_null) continue;
        l->n_wide += v->is_wide;
        l->n_rounded += v->is_rounded;
        if (l->need[c].column->type == HR_CSV_TEXT && !v->is_wide && v->text.len > HR_TEXT_CAP)
            return "a text is too long";
        if (l->need[c].column->type == HR_CSV_TIME && l->need[c].part[0] == 0 &&
            !hr_csv_time_holds(v->time.ns, (hr_csv_time_form)l->need[c].form) &&
            l->need[c].form != HR_CSV_AS_CLOCK && l->need[c].min_ns > INT64_C(86400000000000000))
            return "a time does not go back";
    }
    return NULL;
}

static const char *pass(look *l, const char *s, size_t n, bool is_second)
{
    const char *end = s + n;
    const char *wrong = NULL;
    bool is_first = l->table.has_header;
    for (const char *p = s; p < end && wrong == NULL;) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *stop = eol != NULL ? eol : end;
        if (!is_first && stop > p) wrong = take_row(l, p, (size_t)(stop - p), is_second);
        is_first = false;
        p = eol != NULL ? eol + 1 : end;
    }
    return wrong;
}

const char *csv_check_table(uint32_t layout, const char *s, size_t n)
{
    static look l;
    uint64_t n_wide = 0;
    uint64_t n_rounded = 0;
    const char *eol = n > 0 ? memchr(s, '\n', n) : NULL;
    if (eol == NULL) return NULL;
    memset(&l, 0, sizeof l);
    const hr_csv_layout *what = hr_csv_layout_at(layout % HR_CSV_LAYOUTS);
    if (hr_csv_table_open(&l.table, what, s, (size_t)(eol - s), NULL) != HR_OK) return NULL;
    for (uint32_t c = 0; c < l.table.n_columns; c++)
        l.need[c] = (hr_csv_need){.column = hr_csv_table_column(&l.table, c), .scale = 9};
    const char *wrong = pass(&l, s, n, false);
    uint64_t n_rows = l.n_rows;
    for (uint32_t c = 0; c < l.table.n_columns && wrong == NULL; c++) {
        if (hr_csv_need_settle(&l.need[c], NULL) != HR_OK) return NULL;
        n_wide += l.need[c].n_wide;
        n_rounded += l.need[c].n_rounded;
        if (l.need[c].scale > 18) return "a scale";
    }
    l.n_rows = 0;
    if (wrong == NULL) wrong = pass(&l, s, n, true);
    if (wrong != NULL) return wrong;
    if (l.n_rows > n_rows) return "rows that were none at first";
    if (l.n_rows < n_rows) return NULL; /* dates that the order broke */
    /* A carry may make a rounded number one digit too long. */
    if (l.n_wide + l.n_rounded != n_wide + n_rounded || l.n_wide < n_wide) return "what is lost";
    return NULL;
}
