/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_table.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fmt/pq_coded.h"
#include "kern/kern.h"
#include "text/decimal.h"

#define PARTS_BYTES ((size_t)24 << 20) /* three times the working memory, and room for pages */
#define OUT_OF_RANGE HR_PQ_MARK(HR_REJECT_RANGE)

typedef struct name {
    const char *name;
    int column;
} name;

/* The first name that a file has wins its column. */
static const name names[] = {
    {"ts_event", PQ_C_EVENT},
    {"origin_time", PQ_C_EVENT},
    {"timestamp", PQ_C_EVENT},
    {"ts_recv", PQ_C_RECV},
    {"received_time", PQ_C_RECV},
    {"receipt_timestamp", PQ_C_RECV},
    {"seq", PQ_C_SEQ},
    {"sequence_number", PQ_C_SEQ},
    {"trade_id", PQ_C_ID},
    {"id", PQ_C_ID},
    {"side_is_bid", PQ_C_SIDE},
    {"side", PQ_C_SIDE},
    {"buyer_maker", PQ_C_SIDE},
    {"is_buyer_maker", PQ_C_SIDE},
    {"px", PQ_C_PX},
    {"price", PQ_C_PX},
    {"qty", PQ_C_QTY},
    {"size", PQ_C_QTY},
    {"quantity", PQ_C_QTY},
    {"amount", PQ_C_QTY},
    {"seq_first", PQ_C_FIRST},
    {"seq_prev", PQ_C_PREV},
    {"flags", PQ_C_FLAGS},
    {"symbol", PQ_C_SYMBOL},
    {"venue", PQ_C_VENUE},
    {"exchange", PQ_C_VENUE},
};

int hr_pq_table_find(const hr_pq_file *f, int column)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (names[i].column == column && hr_pq_file_find(f, names[i].name) >= 0)
            return hr_pq_file_find(f, names[i].name);
    return -1;
}

/* ---- opening ---- */

static bool is_text(const hr_pq_column *c)
{
    return (c->phys == HR_PQ_BYTE_ARRAY || c->phys == HR_PQ_FIXED) &&
           (c->logical == HR_PQ_L_STRING || c->logical == HR_PQ_L_NONE);
}

static bool is_integer(const hr_pq_column *c)
{
    return (c->phys == HR_PQ_INT32 || c->phys == HR_PQ_INT64) &&
           (c->logical == HR_PQ_L_NONE || c->logical == HR_PQ_L_INT || c->logical == HR_PQ_L_UINT);
}

static bool is_real(const hr_pq_column *c)
{
    return c->phys == HR_PQ_FLOAT || c->phys == HR_PQ_DOUBLE || c->logical == HR_PQ_L_FLOAT16;
}

/* Which types a column of ours may have in the file. */
static bool type_fits(int column, const hr_pq_column *c)
{
    switch (column) {
    case PQ_C_EVENT:
    case PQ_C_RECV:
        return c->logical == HR_PQ_L_TIMESTAMP || c->phys == HR_PQ_INT96 || is_integer(c);
    case PQ_C_SYMBOL:
    case PQ_C_VENUE:
        return is_text(c);
    case PQ_C_SIDE:
        return is_text(c) || is_integer(c) || c->phys == HR_PQ_BOOLEAN;
    case PQ_C_ID:
        return is_text(c) || is_integer(c);
    case PQ_C_PX:
    case PQ_C_QTY:
        return is_real(c) || is_text(c) || is_integer(c) || c->logical == HR_PQ_L_DECIMAL;
    default:
        return is_integer(c);
    }
}

static hr_status open_column(pq_table *t, pq_stored *s, pq_part *part, int column, int at,
                             hr_arena *arena, hr_err *err)
{
    size_t n = t->n_windows * HR_PQ_ROWS;
    s->part = part;
    s->meta = hr_pq_file_column(t->file, (uint32_t)at);
    HR_TRY(hr_pq_cursor_create(&s->cursor, part->file, (uint32_t)at, arena, err));
    if (!type_fits(column, s->meta))
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "column '%s' has a type that is not read there (physical %d, logical %d)",
                       s->meta->name, (int)s->meta->phys, (int)s->meta->logical);
    s->value = s->window = hr_arena_alloc(arena, n * sizeof *s->window, 64);
    return s->window != NULL
               ? HR_OK
               : HR_FAIL(err, HR_EBUDGET, "no memory for rows of '%s'", s->meta->name);
}

static hr_status open_book(pq_table *t, hr_arena *arena, hr_err *err)
{
    static const char *const part[4] = {"bid_%u_price", "bid_%u_size", "ask_%u_price",
                                        "ask_%u_size"};
    size_t n = 4 * HR_PQ_BOOK_DEPTH;
    t->level = hr_arena_alloc(arena, n * sizeof *t->level, 64);
    if (t->level == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a book table");
    memset(t->level, 0, n * sizeof *t->level);
    for (uint32_t i = 0; i < n; i++) {
        char text[32];
        const char *hole = strchr(part[i % 4], '%');
        snprintf(text, sizeof text, "%.*s%u%s", (int)(hole - part[i % 4]), part[i % 4], i / 4,
                 hole + 2);
        int at = hr_pq_file_find(t->file, text);
        if (at < 0) break;
        HR_TRY(open_column(t, &t->level[i], t->part[0], PQ_C_PX, at, arena, err));
        t->n_level = i + 1;
    }
    t->n_level -= t->n_level % 4;
    if (t->n_level == 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "a book table without the columns of its first level");
    return HR_OK;
}

/* Room for texts, where a column has them. */
static hr_status open_texts(pq_table *t, hr_arena *arena, hr_err *err)
{
    for (int i = 0; i < 2; i++) {
        if (t->col[PQ_C_SYMBOL + i].cursor == NULL) continue;
        t->names[i] = hr_arena_alloc(arena, sizeof *t->names[i], 64);
        if (t->names[i] == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for symbols");
        memset(t->names[i], 0, sizeof *t->names[i]);
    }
    if (t->col[PQ_C_ID].cursor == NULL || !is_text(t->col[PQ_C_ID].meta)) return HR_OK;
    t->id = hr_arena_alloc(arena, HR_PQ_ROWS * sizeof *t->id, 64);
    return t->id != NULL ? HR_OK : HR_FAIL(err, HR_EBUDGET, "no memory for trade ids");
}

/* Parts pay where threads are left over. What a step keeps beside its values is the owner's: names,
 * trade ids that are texts, and the many columns of a book are read in one part. */
static bool is_divisible(const pq_table *t, const hr_arena *arena)
{
    int id = hr_pq_table_find(t->file, PQ_C_ID);
    return t->info.n_lanes > HR_MAX(t->info.n_sources, 1u) &&
           t->info.format != HR_FORMAT_PARQUET_BOOK && hr_arena_left(arena) >= PARTS_BYTES &&
           hr_pq_table_find(t->file, PQ_C_SYMBOL) < 0 &&
           hr_pq_table_find(t->file, PQ_C_VENUE) < 0 &&
           (id < 0 || !is_text(hr_pq_file_column(t->file, (uint32_t)id)));
}

static hr_status open_parts(pq_table *t, hr_arena *arena, hr_err *err)
{
    bool is_divided = is_divisible(t, arena);
    t->n_parts = is_divided ? HR_PQ_PARTS : 1;
    t->n_windows = is_divided ? HR_PQ_WINDOWS : 1;
    for (uint32_t i = 0; i < t->n_parts; i++) {
        pq_part *p = hr_arena_alloc(arena, sizeof *p, 64);
        if (p == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for the columns of a table");
        memset(p, 0, sizeof *p);
        p->err = (hr_err)HR_ERR_INIT;
        p->file = t->file;
        if (i > 0) HR_TRY(hr_pq_file_twin(&p->file, t->file, arena, err));
        t->part[i] = p;
    }
    return HR_OK;
}

/* In the order of the columns, so that the first error is the same for any number of parts. */
static pq_part *part_of(const pq_table *t, int column)
{
    if (t->n_parts == 1 || column < PQ_C_SIDE) return t->part[0];
    return t->part[column < PQ_C_QTY ? 1 : 2];
}

hr_status hr_pq_table_open(pq_table *t, hr_pq_file *f, const hr_source_info *info, hr_arena *arena,
                           hr_err *err)
{
    bool is_book = info->format == HR_FORMAT_PARQUET_BOOK;
    bool is_ours = hr_pq_file_find(f, "px") >= 0; /* others' flags mean other things */
    memset(t, 0, sizeof *t);
    t->file = f;
    t->info = *info;
    HR_TRY(open_parts(t, arena, err));
    for (int i = 0; i < PQ_C_COUNT; i++) {
        int at = hr_pq_table_find(f, i);
        if (at < 0 || (is_book && i >= PQ_C_SIDE) || (i == PQ_C_FLAGS && !is_ours)) continue;
        HR_TRY(open_column(t, &t->col[i], part_of(t, i), i, at, arena, err));
    }
    if (t->col[PQ_C_SIDE].meta != NULL) {
        const char *side = t->col[PQ_C_SIDE].meta->name;
        t->side_kind = strcmp(side, "side_is_bid") == 0 ? PQ_SIDE_IS_BID
                       : strstr(side, "maker") != NULL  ? PQ_SIDE_MAKER
                                                        : PQ_SIDE_NAMED;
    }
    HR_TRY(open_texts(t, arena, err));
    return is_book ? open_book(t, arena, err) : HR_OK;
}

/* ---- values ---- */

static hr_status is_short(const pq_stored *s, hr_err *err)
{
    return HR_FAIL(err, HR_ECORRUPT, "column '%s' has fewer rows than the others", s->meta->name);
}

static hr_status read_ints(pq_stored *s, uint32_t at, uint32_t n, hr_err *err)
{
    uint32_t got;
    hr_status st = hr_pq_read_i64(s->cursor, s->into + at, n, &got, err);
    if (st < 0) return st;
    return got == n ? HR_OK : is_short(s, err);
}

/* What a text means, by the table's kind of column. */
typedef int64_t (*text_fn)(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text);
static int64_t id_of(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text);

/* Texts of a dictionary come again and again. */
static void map_texts(pq_table *t, pq_stored *s, const hr_pq_dict *dict, uint32_t at, uint32_t n,
                      text_fn fn)
{
    int64_t map[HR_PQ_TEXTS + 1] HR_UNINIT;
    const uint32_t *index = s->part->index;
    int64_t *out = s->into + at;
    if (dict->n > HR_PQ_TEXTS) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = index[i] == dict->n                 ? HR_NULL_I64
                     : i > 0 && index[i] == index[i - 1] ? out[i - 1]
                                                         : fn(t, s, at + i, dict->text[index[i]]);
        return;
    }
    for (uint32_t i = 0; i < dict->n; i++)
        map[i] = fn(t, s, at, dict->text[i]);
    map[dict->n] = HR_NULL_I64;
    for (uint32_t i = 0; i < n; i++)
        out[i] = map[index[i]];
}

static hr_status read_plain_texts(pq_table *t, pq_stored *s, uint32_t at, uint32_t n, text_fn fn,
                                  hr_err *err)
{
    uint32_t got;
    for (uint32_t end = at + n; at < end; at += got) {
        hr_pq_bytes text[HR_PQ_TEXTS] HR_UNINIT;
        hr_status st = hr_pq_read_bytes(s->cursor, text, HR_MIN(end - at, HR_PQ_TEXTS), &got, err);
        if (st == HR_END || (st == HR_OK && got == 0)) return is_short(s, err);
        HR_TRY(st);
        for (uint32_t i = 0; i < got; i++)
            s->into[at + i] = text[i].s == NULL ? HR_NULL_I64 : fn(t, s, at + i, text[i]);
    }
    return HR_OK;
}

static hr_status read_texts(pq_table *t, pq_stored *s, uint32_t n, text_fn fn, hr_err *err)
{
    uint32_t got;
    if (s->meta->phys != HR_PQ_BYTE_ARRAY || fn == id_of)
        return read_plain_texts(t, s, 0, n, fn, err);
    for (uint32_t at = 0; at < n; at += got) {
        hr_pq_dict dict;
        hr_status st = hr_pq_read_coded(s->cursor, &dict, s->part->index, n - at, &got, err);
        if (st < 0) return st;
        if (st == HR_END) return is_short(s, err);
        if (st == HR_AGAIN)
            HR_TRY(read_plain_texts(t, s, at, got, fn, err));
        else
            map_texts(t, s, &dict, at, got, fn);
    }
    return HR_OK;
}

/* ---- times ---- */

/* Nanoseconds: by the logical type, or for plain integers by their size. */
static int64_t time_of(int64_t v, int64_t unit)
{
    int64_t out;
    int64_t u = unit > 0                          ? unit
                : v < INT64_C(100000000000)       ? 1000000000
                : v < INT64_C(100000000000000)    ? 1000000
                : v < INT64_C(100000000000000000) ? 1000
                                                  : 1;
    if (v == HR_NULL_I64) return v;
    return v < 0 || __builtin_mul_overflow(v, u, &out) ? HR_PQ_MARK(HR_REJECT_TIME) : out;
}

static hr_status read_time(pq_stored *s, uint32_t n, hr_err *err)
{
    int64_t *v = s->into;
    int64_t unit = s->meta->phys == HR_PQ_INT96 ? 1 : s->meta->unit_ns;
    HR_TRY(read_ints(s, 0, n, err));
    const uint64_t any = hr_kern_get()->rows.any(v, n); /* no value is over it */
    if (unit == 1 && any <= INT64_MAX) return HR_OK;
    bool is_plain = unit > 0 && any <= (uint64_t)(INT64_MAX / unit);
    for (uint32_t i = 0; i < n && is_plain; i++)
        v[i] *= unit;
    for (uint32_t i = 0; i < n && !is_plain; i++)
        v[i] = time_of(v[i], unit);
    return HR_OK;
}

/* ---- sides ---- */

static bool text_is(hr_pq_bytes s, const char *const *list)
{
    for (; *list != NULL; list++)
        if (s.n == strlen(*list) && strncasecmp(s.s, *list, s.n) == 0) return true;
    return false;
}

static int64_t side_of_flag(pq_side_kind kind, bool is_set)
{
    return is_set == (kind != PQ_SIDE_MAKER) ? HR_SIDE_BID : HR_SIDE_ASK;
}

/* A maker who buys means a taker who sells. */
static int64_t side_of_text(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text)
{
    static const char *const yes[] = {"true", "t", "1", NULL};
    static const char *const no[] = {"false", "f", "0", NULL};
    static const char *const bid[] = {"bid", "buy", "b", NULL};
    static const char *const ask[] = {"ask", "sell", "a", "s", NULL};
    static const char *const none[] = {"none", "unknown", "n", "u", NULL};
    (void)s;
    (void)row;
    if (t->side_kind != PQ_SIDE_NAMED && text_is(text, yes)) return side_of_flag(t->side_kind, 1);
    if (t->side_kind != PQ_SIDE_NAMED && text_is(text, no)) return side_of_flag(t->side_kind, 0);
    if (t->side_kind != PQ_SIDE_NAMED) return HR_PQ_MARK(HR_REJECT_SIDE);
    if (text_is(text, bid)) return HR_SIDE_BID;
    if (text_is(text, ask)) return HR_SIDE_ASK;
    return text_is(text, none) ? HR_SIDE_NONE : HR_PQ_MARK(HR_REJECT_SIDE);
}

/* Numbers for named sides: 1 buys; 2 (FIX) and -1 sell. 0 means bid to some and nothing to others,
 * so it is refused. */
static int64_t side_of_int(pq_side_kind kind, bool is_bool, int64_t v)
{
    if (v == HR_NULL_I64) return v;
    if (is_bool || kind != PQ_SIDE_NAMED)
        return v == 0 || v == 1 ? side_of_flag(kind, v == 1) : HR_PQ_MARK(HR_REJECT_SIDE);
    if (v == 1) return HR_SIDE_BID;
    return v == 2 || v == -1 ? (int64_t)HR_SIDE_ASK : HR_PQ_MARK(HR_REJECT_SIDE);
}

static hr_status read_side(pq_table *t, pq_stored *s, uint32_t n, hr_err *err)
{
    bool is_bool = s->meta->phys == HR_PQ_BOOLEAN;
    uint32_t got;
    if (is_text(s->meta)) return read_texts(t, s, n, side_of_text, err);
    if (!is_bool) {
        HR_TRY(read_ints(s, 0, n, err));
        for (uint32_t i = 0; i < n; i++)
            s->into[i] = side_of_int(t->side_kind, false, s->into[i]);
        return HR_OK;
    }
    const int64_t map[3] = {side_of_flag(t->side_kind, false), side_of_flag(t->side_kind, true),
                            HR_NULL_I64};
    for (uint32_t at = 0; at < n; at += got) {
        hr_pq_dict dict;
        hr_status st = hr_pq_read_coded(s->cursor, &dict, s->part->index, n - at, &got, err);
        if (st < 0) return st;
        if (st != HR_OK) return is_short(s, err);
        for (uint32_t i = 0; i < got; i++)
            s->into[at + i] = map[s->part->index[i]];
    }
    return HR_OK;
}

/* ---- numbers ---- */

static const double powers[19] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/* v as i * 10^-d, if it is that. */
static bool fixed_at(int64_t *out, double v, unsigned d, bool single)
{
    double scaled = v * powers[d];
    if (!(fabs(scaled) < 1e18)) return false;
    /* Half away from zero or half to even: the check below refuses both or takes either. */
    int64_t i =
        fabs(scaled) < 0x1p51 ? (int64_t)(scaled + copysign(0.5, scaled)) : (int64_t)llrint(scaled);
    double back = (double)i / powers[d];
    *out = i;
    return single ? (double)(float)back == v : fabs(back - v) <= fabs(v) * 0x1p-51;
}

int64_t hr_pq_fixed_of(double v, unsigned scale, bool single, unsigned *digits)
{
    int64_t i = 0;
    int64_t out;
    unsigned d = *digits;
    if (isnan(v)) return HR_NULL_I64;
    /* Decimals of 15 digits are farther apart than two units, so a hit is the only one. */
    if (single || d > scale || fabs(v) * powers[d] >= 1e15 || !fixed_at(&i, v, d, false)) {
        for (d = 0; d <= scale && !fixed_at(&i, v, d, single); d++) {
        }
        if (d > scale) return OUT_OF_RANGE;
        *digits = d;
    }
    if (__builtin_mul_overflow(i, hr_pow10[scale - d], &out) || out >= HR_DECIMAL_LIMIT ||
        out <= -HR_DECIMAL_LIMIT)
        return OUT_OF_RANGE;
    return out;
}

/* A block at the decimals of the number before: false when a value is not of so many, out is then
 * unspecified. Plain loops without branches, for the compiler to make vectors of. */
#define BLOCK 64u
static bool fixed_block(int64_t *out, const double *v, uint32_t n, unsigned d, unsigned scale)
{
    const double magic = 0x1.8p52; /* adding it rounds to an integer, in the low bits */
    const double p = powers[d];
    const int64_t up = hr_pow10[scale - d];
    const double most = fmin(1e15, 0.9e18 / (double)up);
    double shifted[BLOCK] HR_UNINIT;
    unsigned bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        double scaled = v[i] * p;
        shifted[i] = scaled + magic;
        double back = (shifted[i] - magic) / p;
        bad |= (unsigned)!(fabs(scaled) < most) |
               (unsigned)!(fabs(back - v[i]) <= fabs(v[i]) * 0x1p-51);
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t bits;
        memcpy(&bits, &shifted[i], sizeof bits);
        out[i] = (bits - INT64_C(0x4338000000000000)) * up;
    }
    return bad == 0;
}

/* out may be v: a double and its fixed-point number are of one size. */
static void fixed_all(pq_stored *s, int64_t *out, const int64_t *v, uint32_t n, unsigned scale)
{
    bool single = s->meta->phys != HR_PQ_DOUBLE;
    for (uint32_t at = 0; at < n; at += BLOCK) {
        uint32_t k = HR_MIN(n - at, BLOCK);
        double real[BLOCK] HR_UNINIT;
        memcpy(real, v + at, k * sizeof *real);
        if (!single && s->digits <= scale && fixed_block(out + at, real, k, s->digits, scale))
            continue;
        for (uint32_t i = 0; i < k; i++)
            out[at + i] = hr_pq_fixed_of(real[i], scale, single, &s->digits);
    }
}

static int64_t rescaled(int64_t v, unsigned have, unsigned scale)
{
    int64_t out;
    if (v == HR_NULL_I64) return v;
    if (have > scale) {
        unsigned drop = have - scale; /* digits that must be zeros */
        if (drop > 18) return v == 0 ? 0 : OUT_OF_RANGE;
        return v % hr_pow10[drop] == 0 ? v / hr_pow10[drop] : OUT_OF_RANGE;
    }
    if (v == HR_PQ_WIDE_I64 || __builtin_mul_overflow(v, hr_pow10[scale - have], &out) ||
        out >= HR_DECIMAL_LIMIT || out <= -HR_DECIMAL_LIMIT)
        return OUT_OF_RANGE;
    return out;
}

/* All of n, in place. */
static void rescale(int64_t *v, uint32_t n, unsigned have, unsigned scale)
{
    bool is_finer = have <= scale && scale - have <= 18;
    const int64_t up = is_finer ? hr_pow10[scale - have] : 1;
    const int64_t most = (HR_DECIMAL_LIMIT - 1) / up;
    const uint64_t any = hr_kern_get()->rows.any(v, n); /* no value is over it */
    if (is_finer && any <= (uint64_t)most) {
        for (uint32_t i = 0; i < n && up != 1; i++)
            v[i] *= up;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        v[i] = rescaled(v[i], have, scale);
}

/* Numbers as they were read, into fixed point. */
static void convert(pq_stored *s, int64_t *v, uint32_t n, unsigned scale)
{
    if (is_real(s->meta))
        fixed_all(s, v, v, n, scale);
    else
        rescale(v, n, s->meta->logical == HR_PQ_L_DECIMAL ? s->meta->scale : 0, scale);
}

static int64_t px_of_text(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text)
{
    int64_t v;
    (void)row;
    unsigned scale = s == &t->col[PQ_C_QTY] ? t->info.qty_scale : t->info.px_scale;
    if (t->level != NULL && s >= t->level)
        scale = (s - t->level) % 2 == 0 ? t->info.px_scale : t->info.qty_scale;
    hr_status st = hr_decimal_parse(&v, text.s, text.n, scale);
    return st == HR_OK ? v : st == HR_ERANGE ? OUT_OF_RANGE : HR_PQ_MARK(HR_REJECT_NUMBER);
}

static hr_status read_plain_numbers(pq_stored *s, uint32_t at, uint32_t n, unsigned scale,
                                    hr_err *err)
{
    uint32_t got;
    if (is_real(s->meta)) {
        HR_TRY(hr_pq_read_f64(s->cursor, s->part->real, n, &got, err));
        if (got != n) return is_short(s, err);
        memcpy(s->into + at, s->part->real, n * sizeof *s->into);
    } else {
        HR_TRY(read_ints(s, at, n, err));
    }
    convert(s, s->into + at, n, scale);
    return HR_OK;
}

/* A dictionary of more values than there are rows: the rows are converted. */
static hr_status read_large_dict(pq_stored *s, uint32_t at, uint32_t n, unsigned scale,
                                 uint32_t *got, hr_err *err)
{
    hr_pq_dict dict;
    int64_t *out = s->into + at;
    HR_TRY(hr_pq_read_coded(s->cursor, &dict, s->part->index, n, got, err));
    dict.value[dict.n] = 0; /* a number of any kind */
    for (uint32_t i = 0; i < *got; i++)
        out[i] = dict.value[s->part->index[i]];
    convert(s, out, *got, scale);
    for (uint32_t i = 0; i < *got; i++)
        if (s->part->index[i] == dict.n) out[i] = HR_NULL_I64;
    return HR_OK;
}

/* Each value of a dictionary is converted once. HR_AGAIN: the page has none; *got rows of it. */
static hr_status read_coded_numbers(pq_stored *s, uint32_t at, uint32_t n, unsigned scale,
                                    uint32_t *got, hr_err *err)
{
    hr_pq_dict dict;
    hr_status st = hr_pq_read_coded(s->cursor, &dict, s->part->index, 0, got, err);
    if (st == HR_AGAIN) return hr_pq_read_coded(s->cursor, &dict, s->part->index, n, got, err);
    if (st != HR_OK) return st;
    if (!s->is_converted && dict.n > s->part->place.rows)
        return read_large_dict(s, at, n, scale, got, err);
    if (!s->is_converted) convert(s, dict.value, dict.n, scale);
    s->is_converted = true;
    return hr_pq_read_entries(s->cursor, s->into + at, n, got, err);
}

static hr_status read_number(pq_table *t, pq_stored *s, uint32_t n, unsigned scale, hr_err *err)
{
    uint32_t got;
    if (is_text(s->meta)) return read_texts(t, s, n, px_of_text, err);
    if (s->meta->phys == HR_PQ_BYTE_ARRAY) return read_plain_numbers(s, 0, n, scale, err);
    for (uint32_t at = 0; at < n; at += got) {
        hr_status st = read_coded_numbers(s, at, n - at, scale, &got, err);
        if (st < 0) return st;
        if (st == HR_END) return is_short(s, err);
        if (st == HR_AGAIN) HR_TRY(read_plain_numbers(s, at, got, scale, err));
    }
    return HR_OK;
}

/* ---- names and ids ---- */

static uint32_t hash_of(const char *s, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * 16777619u;
    return h;
}

static int64_t name_index(pq_names *o, const char *text, size_t n)
{
    uint32_t slot = hash_of(text, n) % HR_ARRAY_LEN(o->slot);
    for (; o->slot[slot] != 0; slot = (slot + 1) % HR_ARRAY_LEN(o->slot)) {
        const char *have = o->text[o->slot[slot] - 1];
        if (memcmp(have, text, n) == 0 && have[n] == '\0') return o->slot[slot] - 1;
    }
    memcpy(o->text[o->n], text, n); /* a step has no more rows than there is room */
    o->text[o->n][n] = '\0';
    o->slot[slot] = (uint16_t)(o->n + 1);
    return o->n++;
}

static int64_t symbol_of(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text)
{
    (void)s;
    (void)row;
    if (text.n == 0 || text.n > HR_SYMBOL_MAX || memchr(text.s, '\0', text.n) != NULL)
        return HR_PQ_MARK(HR_REJECT_SYMBOL);
    return name_index(t->names[0], text.s, text.n);
}

/* Written as in paths: BINANCE_FUTURES is binance-futures. */
static int64_t venue_of(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text)
{
    char folded[HR_VENUE_MAX + 1];
    (void)s;
    (void)row;
    if (text.n == 0 || text.n > HR_VENUE_MAX) return HR_PQ_MARK(HR_REJECT_SYMBOL);
    for (uint32_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.s[i];
        if (!isalnum(c) && c != '_' && c != '-' && !(c == '.' && i > 0))
            return HR_PQ_MARK(HR_REJECT_SYMBOL);
        folded[i] = c == '_' ? '-' : (char)tolower(c);
    }
    return name_index(t->names[1], folded, text.n);
}

static hr_status read_names(pq_table *t, int which, uint32_t n, hr_err *err)
{
    pq_names *o = t->names[which];
    o->n = 0;
    memset(o->slot, 0, sizeof o->slot);
    return read_texts(t, &t->col[PQ_C_SYMBOL + which], n, which == 0 ? symbol_of : venue_of, err);
}

/* -1: the text is in t->id. */
static int64_t id_of(pq_table *t, const pq_stored *s, uint32_t row, hr_pq_bytes text)
{
    int64_t v;
    (void)s;
    if (text.n == 0) return HR_NULL_I64;
    if (hr_int_parse(&v, text.s, text.n) == HR_OK && v >= 0) return v;
    if (text.n > HR_TEXT_CAP) return OUT_OF_RANGE;
    hr_text *id = &t->id[row];
    memset(id, 0, sizeof *id);
    memcpy(id->byte, text.s, text.n);
    id->len = (uint8_t)text.n;
    return -1;
}

/* ---- columns ---- */

hr_status hr_pq_table_read(pq_table *t, pq_stored *s, int column, uint32_t n, hr_err *err)
{
    switch (column) {
    case PQ_C_EVENT:
    case PQ_C_RECV:
        return read_time(s, n, err);
    case PQ_C_SIDE:
        return read_side(t, s, n, err);
    case PQ_C_PX:
        return read_number(t, s, n, t->info.px_scale, err);
    case PQ_C_QTY:
        return read_number(t, s, n, t->info.qty_scale, err);
    case PQ_C_SYMBOL:
    case PQ_C_VENUE:
        return read_names(t, column - PQ_C_SYMBOL, n, err);
    case PQ_C_ID:
        return t->id != NULL ? read_texts(t, s, n, id_of, err) : read_ints(s, 0, n, err);
    default:
        return read_ints(s, 0, n, err);
    }
}
