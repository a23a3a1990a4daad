/* SPDX-License-Identifier: Apache-2.0 */
/* Records as columns and as text, by the layouts' fields. */
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"
#include "text/json.h"
#include "venue/files/dbn.h"

/* Every letter as UTF-8 (as if it were Latin-1), so that a column of letters holds any byte. */
#define C1(n)                                                                                      \
    {                                                                                              \
        (char)(n)                                                                                  \
    }
#define C2(n)                                                                                      \
    {                                                                                              \
        (char)(0xc0 | (n) >> 6), (char)(0x80 | ((n)&0x3f))                                         \
    }
#define ROW(C, n)                                                                                  \
    C(n), C(n + 1), C(n + 2), C(n + 3), C(n + 4), C(n + 5), C(n + 6), C(n + 7), C(n + 8),          \
        C(n + 9), C(n + 10), C(n + 11), C(n + 12), C(n + 13), C(n + 14), C(n + 15)
static const char letters[256][3] = {ROW(C1, 0x00), ROW(C1, 0x10), ROW(C1, 0x20), ROW(C1, 0x30),
                                     ROW(C1, 0x40), ROW(C1, 0x50), ROW(C1, 0x60), ROW(C1, 0x70),
                                     ROW(C2, 0x80), ROW(C2, 0x90), ROW(C2, 0xa0), ROW(C2, 0xb0),
                                     ROW(C2, 0xc0), ROW(C2, 0xd0), ROW(C2, 0xe0), ROW(C2, 0xf0)};
#define L1(n) letters[n]
static const char *const letter_names[256] = {
    ROW(L1, 0x00), ROW(L1, 0x10), ROW(L1, 0x20), ROW(L1, 0x30), ROW(L1, 0x40), ROW(L1, 0x50),
    ROW(L1, 0x60), ROW(L1, 0x70), ROW(L1, 0x80), ROW(L1, 0x90), ROW(L1, 0xa0), ROW(L1, 0xb0),
    ROW(L1, 0xc0), ROW(L1, 0xd0), ROW(L1, 0xe0), ROW(L1, 0xf0)};

static const hr_field column_of[] = {
    [HR_DBN_U8] = {.type = HR_COL_U32},
    [HR_DBN_I8] = {.type = HR_COL_I64},
    [HR_DBN_U16] = {.type = HR_COL_U32},
    [HR_DBN_I16] = {.type = HR_COL_I64},
    [HR_DBN_U32] = {.type = HR_COL_U32},
    [HR_DBN_I32] = {.type = HR_COL_I64},
    [HR_DBN_U64] = {.type = HR_COL_I64, .nullable = true},
    [HR_DBN_I64] = {.type = HR_COL_I64, .nullable = true},
    [HR_DBN_PRICE] = {.type = HR_COL_DEC, .scale = 9, .nullable = true},
    [HR_DBN_TIME] = {.type = HR_COL_TS, .nullable = true},
    [HR_DBN_QTY32] = {.type = HR_COL_I64, .nullable = true},
    [HR_DBN_QTY64] = {.type = HR_COL_I64, .nullable = true},
    [HR_DBN_CHAR] = {.type = HR_COL_ENUM, .dict = letter_names, .n_dict = 256},
    [HR_DBN_TEXT] = {.type = HR_COL_TEXT, .nullable = true},
};

void hr_dbn_table_init(hr_dbn_table *t, hr_dbn_layout_id id, bool has_ts_out)
{
    const hr_dbn_layout *l = hr_dbn_layout_get(id);
    *t = (hr_dbn_table){.layout = l, .n_fields = l->n_fields};
    memcpy(t->fields, l->fields, l->n_fields * sizeof *l->fields);
    if (has_ts_out) t->fields[t->n_fields++] = (hr_dbn_field){"ts_out", l->bytes, 8, HR_DBN_TIME};
    for (uint32_t i = 0; i < t->n_fields; i++) {
        t->columns[i] = column_of[t->fields[i].type];
        t->columns[i].name = t->fields[i].name;
    }
    t->columns[t->n_fields] = (hr_field){.name = "symbol", .type = HR_COL_TEXT, .nullable = true};
    t->schema =
        (hr_schema){.name = l->name, .n_fields = (uint16_t)(t->n_fields + 1), .fields = t->columns};
}

/* Up to the first NUL: what is behind it is nothing of the text. */
static size_t text_len(const uint8_t *p, size_t width)
{
    return strnlen((const char *)p, width);
}

/* ---- one value ---- */

static uint64_t load(const hr_dbn_field *f, const uint8_t *rec)
{
    uint64_t v = 0;
    memcpy(&v, rec + f->at, f->width);
    return v;
}

int64_t hr_dbn_value(const hr_dbn_field *f, const uint8_t *rec)
{
    if (f->type == HR_DBN_TEXT) return 0;
    uint64_t v = load(f, rec);
    switch ((hr_dbn_type)f->type) {
    case HR_DBN_I8:
        return (int8_t)v;
    case HR_DBN_I16:
        return (int16_t)v;
    case HR_DBN_I32:
        return (int32_t)v;
    case HR_DBN_QTY32:
        return (int32_t)v == INT32_MAX ? HR_NULL_I64 : (int32_t)v;
    case HR_DBN_QTY64:
    case HR_DBN_PRICE:
        return v == INT64_MAX ? HR_NULL_I64 : (int64_t)v;
    case HR_DBN_TIME:
        return v == UINT64_MAX ? HR_NULL_I64 : (int64_t)v;
    case HR_DBN_U8:
    case HR_DBN_U16:
    case HR_DBN_U32:
    case HR_DBN_U64:
    case HR_DBN_I64:
    case HR_DBN_CHAR:
    case HR_DBN_TEXT:
        break;
    }
    return (int64_t)v;
}

bool hr_dbn_fits(const hr_dbn_field *f, const uint8_t *rec)
{
    if (f->type == HR_DBN_TEXT) {
        size_t n = text_len(rec + f->at, f->width);
        return n <= HR_TEXT_CAP && hr_utf8_valid((const char *)rec + f->at, n);
    }
    if (f->width < 8) return true;
    uint64_t v = load(f, rec);
    int64_t i = (int64_t)v;
    if (f->type == HR_DBN_PRICE)
        return v == INT64_MAX || (i > -HR_DECIMAL_LIMIT && i < HR_DECIMAL_LIMIT);
    if (f->type == HR_DBN_TIME) return v == UINT64_MAX || i >= 0;
    if (f->type == HR_DBN_U64) return i >= 0;
    return i != INT64_MIN;
}

bool hr_dbn_value_text(char out[HR_DBN_TEXT_MAX], size_t *n, const hr_dbn_field *f,
                       const uint8_t *rec)
{
    *n = 0;
    if (f->type == HR_DBN_TEXT) {
        *n = text_len(rec + f->at, f->width);
        memcpy(out, rec + f->at, *n);
        return *n > 0;
    }
    uint64_t v = load(f, rec);
    if (f->type == HR_DBN_CHAR) {
        *n = strlen(letters[v]);
        memcpy(out, letters[v], *n);
        return *n > 0;
    }
    if ((f->type == HR_DBN_PRICE || f->type == HR_DBN_QTY64) && v == INT64_MAX) return false;
    if (f->type == HR_DBN_TIME && v == UINT64_MAX) return false;
    if (f->type == HR_DBN_QTY32 && v == INT32_MAX) return false;
    bool is_unsigned = f->type == HR_DBN_TIME || f->type == HR_DBN_U64;
    if (is_unsigned && v > INT64_MAX)
        *n = (size_t)snprintf(out, HR_DBN_TEXT_MAX, "%llu", (unsigned long long)v);
    else if (f->width == 8 && (int64_t)v == INT64_MIN)
        *n = (size_t)snprintf(out, HR_DBN_TEXT_MAX, "%s",
                              f->type == HR_DBN_PRICE ? "-9223372036.854775808"
                                                      : "-9223372036854775808");
    else
        *n = hr_decimal_format(out, hr_dbn_value(f, rec), f->type == HR_DBN_PRICE ? 9 : 0);
    return true;
}

/* ---- columns: a loop a type, so that none of them asks what the type is ---- */

typedef struct gather {
    const uint8_t *p; /* of the first record's field */
    const hr_dbn_rec *recs;
    uint32_t n;
    uint32_t first; /* that does not fit */
    uint32_t n_bad;
} gather;

#define GATHER(name, ctype, out_type, expr)                                                        \
    static void name(out_type *restrict out, const gather *g)                                      \
    {                                                                                              \
        for (uint32_t i = 0; i < g->n; i++) {                                                      \
            ctype v;                                                                               \
            memcpy(&v, g->p + g->recs[i].at, sizeof v);                                            \
            out[i] = expr;                                                                         \
        }                                                                                          \
    }
GATHER(gather_u8, uint8_t, uint32_t, v)
GATHER(gather_u16, uint16_t, uint32_t, v)
GATHER(gather_u32, uint32_t, uint32_t, v)
GATHER(gather_i8, int8_t, int64_t, v)
GATHER(gather_i16, int16_t, int64_t, v)
GATHER(gather_i32, int32_t, int64_t, v)
GATHER(gather_qty32, int32_t, int64_t, v == INT32_MAX ? HR_NULL_I64 : v)
GATHER(gather_char, uint8_t, uint8_t, v)

/* What does not fit is rare: counted without a branch, looked for only then. */
#define GATHER_WIDE(name, none, bad)                                                               \
    static void name(int64_t *restrict out, gather *g)                                             \
    {                                                                                              \
        uint32_t n_bad = 0;                                                                        \
        for (uint32_t i = 0; i < g->n; i++) {                                                      \
            int64_t v;                                                                             \
            memcpy(&v, g->p + g->recs[i].at, sizeof v);                                            \
            bool is_none = none;                                                                   \
            bool is_bad = (bad) && !is_none;                                                       \
            out[i] = is_none || is_bad ? HR_NULL_I64 : v;                                          \
            n_bad += is_bad;                                                                       \
        }                                                                                          \
        g->n_bad = n_bad;                                                                          \
    }
GATHER_WIDE(gather_u64, false, v < 0)
GATHER_WIDE(gather_i64, false, v == INT64_MIN)
GATHER_WIDE(gather_qty64, v == INT64_MAX, v == INT64_MIN)
GATHER_WIDE(gather_price, v == INT64_MAX, v <= -HR_DECIMAL_LIMIT || v >= HR_DECIMAL_LIMIT)
GATHER_WIDE(gather_time, v == -1, v < 0)

static void gather_text(hr_text *restrict out, gather *g, const hr_dbn_field *f)
{
    for (uint32_t i = 0; i < g->n; i++) {
        const uint8_t *s = g->p + g->recs[i].at;
        size_t n = text_len(s, f->width);
        memset(&out[i], 0, sizeof out[i]);
        bool fits = n <= HR_TEXT_CAP && hr_utf8_valid((const char *)s, n);
        out[i].len = fits ? (uint8_t)n : HR_TEXT_NULL;
        if (fits) memcpy(out[i].byte, s, n);
        g->n_bad += !fits;
    }
}

static void gather_any(void *out, gather *g, const hr_dbn_field *f)
{
    switch ((hr_dbn_type)f->type) {
    case HR_DBN_U8:
        gather_u8(out, g);
        return;
    case HR_DBN_I8:
        gather_i8(out, g);
        return;
    case HR_DBN_U16:
        gather_u16(out, g);
        return;
    case HR_DBN_I16:
        gather_i16(out, g);
        return;
    case HR_DBN_U32:
        gather_u32(out, g);
        return;
    case HR_DBN_I32:
        gather_i32(out, g);
        return;
    case HR_DBN_U64:
        gather_u64(out, g);
        return;
    case HR_DBN_I64:
        gather_i64(out, g);
        return;
    case HR_DBN_PRICE:
        gather_price(out, g);
        return;
    case HR_DBN_TIME:
        gather_time(out, g);
        return;
    case HR_DBN_QTY32:
        gather_qty32(out, g);
        return;
    case HR_DBN_QTY64:
        gather_qty64(out, g);
        return;
    case HR_DBN_CHAR:
        gather_char(out, g);
        return;
    case HR_DBN_TEXT:
        gather_text(out, g, f);
        return;
    }
}

uint32_t hr_dbn_column(void *out, uint32_t *first, const hr_dbn_field *f, const uint8_t *p,
                       const hr_dbn_rec *recs, uint32_t n)
{
    gather g = {.p = p + f->at, .recs = recs, .n = n};
    gather_any(out, &g, f);
    for (*first = 0; g.n_bad > 0 && hr_dbn_fits(f, p + recs[*first].at);)
        ++*first;
    return g.n_bad;
}
