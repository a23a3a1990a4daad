/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files: Tardis (docs.tardis.dev, "Downloadable CSV files") and Binance depth tables. Columns
 * are found by name. Rows of one message (equal instrument, times, kind) stay together in a batch.
 */
#include <string.h>

#include "kern/kern.h"
#include "text/csv.h"
#include "text/decimal.h"
#include "text/digits_inl.h"
#include "venue/files/csv_events.h"
#include "venue/line.h"

enum {
    C_SYMBOL,
    C_EXCHANGE,
    C_TS,
    C_LOCAL,
    C_SNAPSHOT,
    C_SIDE,
    C_PX,
    C_QTY,
    C_ID,
    C_FIRST,
    C_LAST,
    C_PREV,
    C_TYPE,
    C_COUNT
};
_Static_assert(C_COUNT <= 16, "columns fit hr_source_info");

typedef struct column_name {
    const char *name;
    int column;
} column_name;

static const column_name column_names[] = {
    {"symbol", C_SYMBOL},
    {"exchange", C_EXCHANGE},
    {"timestamp", C_TS},
    {"local_timestamp", C_LOCAL},
    {"is_snapshot", C_SNAPSHOT},
    {"side", C_SIDE},
    {"price", C_PX},
    {"amount", C_QTY},
    {"qty", C_QTY},
    {"id", C_ID},
    {"first_update_id", C_FIRST},
    {"last_update_id", C_LAST},
    {"pu", C_PREV},
    {"update_type", C_TYPE},
};

/* Rows that cannot be read and stand inside a message: so many are looked past for its next row. */
#define UNREADABLE_MAX 16

typedef struct row {
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n; /* 0: not even fields can be told */
    bool is_utf8;
    hr_status st;
    const char *begin, *next;
} row;

static bool field_is(hr_csv_field f, const char *text)
{
    return f.n == strlen(text) && memcmp(f.s, text, f.n) == 0;
}

static bool has(const hr_source_info *info, int c)
{
    return info->column[c] >= 0;
}

/* "asks[12].price" -> level 12, slot 0; false: another name. */
static bool depth_name(hr_csv_field f, uint32_t *level, uint32_t *slot)
{
    static const char *const tail[] = {"price", "amount"};
    bool is_ask = f.n > 6 && memcmp(f.s, "asks[", 5) == 0;
    if (!is_ask && (f.n <= 6 || memcmp(f.s, "bids[", 5) != 0)) return false;
    uint32_t i = 5;
    *level = 0;
    while (i < f.n && f.s[i] >= '0' && f.s[i] <= '9' && *level < 1000)
        *level = *level * 10 + (uint32_t)(f.s[i++] - '0');
    if (i == 5 || f.n - i < 2 || memcmp(f.s + i, "].", 2) != 0) return false;
    for (uint32_t k = 0; k < 2; k++) {
        if (f.n - i - 2 != strlen(tail[k]) || memcmp(f.s + i + 2, tail[k], f.n - i - 2) != 0)
            continue;
        *slot = (is_ask ? 0 : 2) + k;
        return true;
    }
    return false;
}

/* Finds the columns of each level. Every level needs its four. */
static hr_status map_depth(hr_source_info *info, const hr_csv_field *f, uint32_t n, hr_err *err)
{
    uint32_t level;
    uint32_t slot;
    memset(info->depth_column, 0xff, sizeof info->depth_column);
    info->n_depth = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!depth_name(f[i], &level, &slot)) continue;
        if (level >= HR_SNAPSHOT_LEVELS_MAX)
            return HR_FAIL(err, HR_EUNSUPPORTED, "more than %d levels a side: column '%.*s'",
                           HR_SNAPSHOT_LEVELS_MAX, (int)f[i].n, f[i].s);
        if (info->depth_column[level][slot] >= 0)
            return HR_FAIL(err, HR_EUNSUPPORTED, "two columns '%.*s'", (int)f[i].n, f[i].s);
        info->depth_column[level][slot] = (int16_t)i;
        if (level >= info->n_depth) info->n_depth = (uint16_t)(level + 1);
    }
    for (level = 0; level < info->n_depth; level++)
        for (slot = 0; slot < 4; slot++)
            if (info->depth_column[level][slot] < 0)
                return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s[%u].%s' is missing",
                               slot < 2 ? "asks" : "bids", level, slot & 1 ? "amount" : "price");
    return HR_OK;
}

static hr_format format_of(const int16_t *column, uint16_t n_depth)
{
    bool has_times = column[C_TS] >= 0 && column[C_LOCAL] >= 0 && column[C_SYMBOL] >= 0;
    bool has_level = column[C_SIDE] >= 0 && column[C_PX] >= 0 && column[C_QTY] >= 0;
    if (has_times && has_level && column[C_SNAPSHOT] >= 0) return HR_FORMAT_TARDIS_L2;
    if (has_times && has_level && column[C_ID] >= 0) return HR_FORMAT_TARDIS_TRADES;
    if (has_times && n_depth > 0) return HR_FORMAT_TARDIS_SNAPSHOT;
    if (has_level && column[C_TS] >= 0 && column[C_SYMBOL] >= 0 && column[C_FIRST] >= 0 &&
        column[C_LAST] >= 0 && column[C_TYPE] >= 0)
        return HR_FORMAT_BINANCE_DEPTH_CSV;
    return HR_FORMAT_UNKNOWN;
}

hr_status hr_csv_sniff_header(hr_source_info *info, const char *s, size_t n, hr_err *err)
{
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n_fields;
    const char *next;
    uint32_t ignored;
    bool has_depth = false;
    bool has_two = false;
    if (hr_csv_row(f, HR_CSV_FIELDS_MAX, &n_fields, &next, s, s + n, true) != HR_OK) return HR_END;
    int16_t column[16];
    memset(column, 0xff, sizeof column);
    for (uint32_t i = 0; i < n_fields; i++) {
        has_depth = has_depth || depth_name(f[i], &ignored, &ignored);
        for (size_t k = 0; k < HR_ARRAY_LEN(column_names); k++) {
            if (!field_is(f[i], column_names[k].name)) continue;
            has_two = has_two || column[column_names[k].column] >= 0;
            column[column_names[k].column] = (int16_t)i;
        }
    }
    hr_format format = format_of(column, has_depth);
    if (format == HR_FORMAT_UNKNOWN) return HR_END;
    if (has_two)
        return HR_FAIL(err, HR_EUNSUPPORTED, "two columns of one meaning in the header '%.*s'",
                       (int)HR_MIN(n, 120), s);
    if (format == HR_FORMAT_TARDIS_SNAPSHOT) HR_TRY(map_depth(info, f, n_fields, err));
    info->format = format;
    memcpy(info->column, column, sizeof column);
    info->n_columns = (uint16_t)n_fields;
    info->has_header = true;
    if (format == HR_FORMAT_BINANCE_DEPTH_CSV && info->venue[0] == '\0')
        memcpy(info->venue, column[C_PREV] >= 0 ? "binance-futures" : "binance",
               column[C_PREV] >= 0 ? 16 : 8);
    return HR_OK;
}

static hr_csv_field get(const hr_source_info *info, const row *r, int c)
{
    if (info->column[c] < 0) return (hr_csv_field){.s = "", .n = 0};
    return r->f[info->column[c]];
}

/* Times are microseconds as Tardis writes them; nanoseconds and milliseconds are told by their
 * size. */
bool hr_csv_event_time(int64_t *out, hr_csv_field f)
{
    int64_t v;
    if (hr_int_parse(&v, f.s, f.n) != HR_OK || v < 0) return false;
    int64_t unit = v < INT64_C(100000000000000)      ? 1000000
                   : v < INT64_C(100000000000000000) ? 1000
                                                     : 1;
    return !__builtin_mul_overflow(v, unit, out);
}

int hr_csv_event_number(const hr_line *l, int64_t *out, hr_csv_field f, unsigned scale)
{
    if (HR_LIKELY(l->limit - f.s >= HR_DIGITS_SLACK && scale <= HR_DIGITS_SCALE_MAX)) {
        hr_digits_span s;
        const hr_digits_scale to = hr_digits_scale_init(scale);
        const __m128i t = hr_digits_load(f.s);
        if (hr_digits_find_one(&s, t, f.s, &to) && s.stop == f.n) {
            const __m128i digits = hr_digits_align(t, &s, &to);
            *out = _mm_cvtsi128_si64(hr_digits_sum(digits, digits));
            return HR_LINE_DONE;
        }
    }
    hr_status st = hr_decimal_parse(out, f.s, f.n, scale);
    if (st != HR_OK) return hr_line_reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

static int read_side(uint8_t *out, hr_csv_field f)
{
    if (field_is(f, "bid") || field_is(f, "b") || field_is(f, "buy"))
        *out = HR_SIDE_BID;
    else if (field_is(f, "ask") || field_is(f, "a") || field_is(f, "sell"))
        *out = HR_SIDE_ASK;
    else if (field_is(f, "unknown"))
        *out = HR_SIDE_NONE;
    else
        return HR_LINE_REJECT(HR_REJECT_SIDE);
    return HR_LINE_DONE;
}

static bool same(hr_csv_field a, hr_csv_field b)
{
    return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

/* Rows that belong to one message: equal in all that is the message's, not the level's. What a row
 * with too few fields does not have is no difference. */
static bool same_message(const hr_source_info *info, const row *a, const row *b)
{
    static const int keys[] = {C_SYMBOL,   C_EXCHANGE, C_TS,   C_LOCAL,
                               C_SNAPSHOT, C_FIRST,    C_LAST, C_TYPE};
    for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++) {
        int16_t c = info->column[keys[i]];
        if (c >= 0 && (uint32_t)c < a->n && (uint32_t)c < b->n && !same(a->f[c], b->f[c]))
            return false;
    }
    return true;
}

/* Most messages are of the instrument of the one before them. */
static bool is_instrument(const hr_evbatch *b, int32_t sym, hr_csv_field venue, hr_csv_field symbol)
{
    if (sym < 0 || venue.n == 0 || symbol.n == 0 || symbol.n > HR_SYMBOL_MAX) return false;
    const hr_evb_sym *s = &b->syms[sym];
    if (symbol.s[symbol.n - 1] == '\0') return false; /* as memcmp sees the name's own end */
    return memcmp(s->symbol, symbol.s, symbol.n) == 0 && s->symbol[symbol.n] == '\0' &&
           memcmp(s->venue, venue.s, venue.n) == 0 && s->venue[venue.n] == '\0';
}

int hr_csv_event_instrument(const hr_line *l, uint32_t msg, hr_csv_field v, hr_csv_field s)
{
    char venue[HR_VENUE_MAX + 1] = {0};
    if (v.n > HR_VENUE_MAX || memchr(v.s, '\0', v.n) != NULL)
        return HR_LINE_REJECT(HR_REJECT_SYMBOL);
    if (msg > 0 && is_instrument(l->batch, l->batch->sym[msg - 1], v, s)) {
        l->batch->sym[msg] = l->batch->sym[msg - 1];
        return HR_LINE_DONE;
    }
    if (v.n > 0)
        memcpy(venue, v.s, v.n);
    else
        memcpy(venue, l->info->venue, sizeof venue);
    int32_t sym = hr_evbatch_sym(l->batch, venue, s.s, s.n);
    if (sym < 0)
        return l->batch->n_syms == HR_EVB_SYMS_MAX ? HR_LINE_FULL
                                                   : HR_LINE_REJECT(HR_REJECT_SYMBOL);
    l->batch->sym[msg] = sym;
    return HR_LINE_DONE;
}

static int set_head(const hr_line *l, uint32_t msg, const row *r)
{
    hr_evbatch *b = l->batch;
    int rc =
        hr_csv_event_instrument(l, msg, get(l->info, r, C_EXCHANGE), get(l->info, r, C_SYMBOL));
    if (rc != HR_LINE_DONE) return rc;
    if (!hr_csv_event_time(&b->ts_event[msg], get(l->info, r, C_TS)))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = b->ts_event[msg];
    if (has(l->info, C_LOCAL) && !hr_csv_event_time(&b->ts_recv[msg], get(l->info, r, C_LOCAL)))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    return HR_LINE_DONE;
}

static int read_ids(const hr_line *l, uint32_t msg, const row *r)
{
    hr_evbatch *b = l->batch;
    hr_csv_field first = get(l->info, r, C_FIRST);
    hr_csv_field last = get(l->info, r, C_LAST);
    hr_csv_field prev = get(l->info, r, C_PREV);
    if (hr_int_parse(&b->seq_first[msg], first.s, first.n) != HR_OK ||
        hr_int_parse(&b->seq_last[msg], last.s, last.n) != HR_OK)
        return HR_LINE_REJECT(HR_REJECT_NUMBER);
    if (prev.n > 0 && hr_int_parse(&b->seq_prev[msg], prev.s, prev.n) != HR_OK)
        return HR_LINE_REJECT(HR_REJECT_NUMBER);
    return HR_LINE_DONE;
}

static int read_kind(bool *is_snapshot, const hr_source_info *info, const row *r)
{
    hr_csv_field f = get(info, r, has(info, C_SNAPSHOT) ? C_SNAPSHOT : C_TYPE);
    *is_snapshot = field_is(f, "true") || field_is(f, "True") || field_is(f, "snap");
    if (*is_snapshot || field_is(f, "false") || field_is(f, "False") || field_is(f, "set"))
        return HR_LINE_DONE;
    return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
}

/* As in JSON messages: the removal of a price 0 is nothing, a quantity there is an error. */
static int read_level(const hr_line *l, const row *r, uint32_t at)
{
    hr_evbatch *b = l->batch;
    int rc = read_side(&b->side[at], get(l->info, r, C_SIDE));
    if (rc == HR_LINE_DONE && b->side[at] == HR_SIDE_NONE &&
        l->info->format != HR_FORMAT_TARDIS_TRADES)
        rc = HR_LINE_REJECT(HR_REJECT_SIDE);
    if (rc == HR_LINE_DONE)
        rc = hr_csv_event_number(l, &b->px[at], get(l->info, r, C_PX), l->info->px_scale);
    if (rc == HR_LINE_DONE)
        rc = hr_csv_event_number(l, &b->qty[at], get(l->info, r, C_QTY), l->info->qty_scale);
    if (rc == HR_LINE_DONE && b->px[at] == 0 &&
        (b->qty[at] != 0 || l->info->format == HR_FORMAT_TARDIS_TRADES))
        rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    return rc;
}

static int put_trade(const hr_line *l, const row *r)
{
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    hr_csv_field id = get(l->info, r, C_ID);
    int rc = set_head(l, msg, r);
    if (rc == HR_LINE_DONE) rc = read_level(l, r, b->n_levels);
    if (rc != HR_LINE_DONE) return rc;
    int64_t seq;
    if (hr_int_parse(&seq, id.s, id.n) == HR_OK && seq >= 0) {
        b->seq_first[msg] = b->seq_last[msg] = seq;
    } else if (id.n > 0) {
        if (id.n > HR_TEXT_CAP) return HR_LINE_REJECT(HR_REJECT_RANGE);
        if (b->n_texts == b->cap_texts) return HR_LINE_FULL;
        hr_text *t = &b->texts[b->n_texts];
        memset(t, 0, sizeof *t);
        memcpy(t->byte, id.s, id.n);
        t->len = (uint8_t)id.n;
        b->text[msg] = (int32_t)b->n_texts++;
    }
    b->kind[msg] = HR_MSG_TRADE;
    hr_line_commit(l, 1);
    return HR_LINE_DONE;
}

/* One level of a book_snapshot row: empty fields where the side is not that deep. */
static int read_depth(const hr_line *l, const row *r, uint32_t level, hr_side side, uint32_t *n)
{
    hr_evbatch *b = l->batch;
    const int16_t *column = l->info->depth_column[level] + (side == HR_SIDE_BID ? 2 : 0);
    hr_csv_field px = r->f[column[0]];
    hr_csv_field qty = r->f[column[1]];
    uint32_t at = b->n_levels + *n;
    if (px.n == 0 && qty.n == 0) return HR_LINE_DONE;
    int rc = hr_csv_event_number(l, &b->px[at], px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_csv_event_number(l, &b->qty[at], qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE && b->px[at] == 0) rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    b->side[at] = (uint8_t)side;
    ++*n;
    return rc;
}

/* book_snapshot_<n>: the columns are where the header has them. */
static int put_snapshot_row(const hr_line *l, const row *r)
{
    hr_evbatch *b = l->batch;
    uint32_t depth = l->info->n_depth;
    uint32_t n = 0;
    if (!hr_evbatch_has_room(b, 1, 2 * depth)) return HR_LINE_FULL;
    uint32_t msg = hr_line_begin(l);
    int rc = set_head(l, msg, r);
    for (uint32_t i = 0; i < depth && rc == HR_LINE_DONE; i++)
        rc = read_depth(l, r, i, HR_SIDE_BID, &n);
    for (uint32_t i = 0; i < depth && rc == HR_LINE_DONE; i++)
        rc = read_depth(l, r, i, HR_SIDE_ASK, &n);
    if (rc != HR_LINE_DONE) return rc;
    b->kind[msg] = HR_MSG_SNAPSHOT;
    b->flags[msg] = HR_FLAG_SNAPSHOT;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

/* So much text is looked over at once: little, for rows read the short way need no look. */
#define ASCII_BLOCK 512

/* Two rows at a time: the one at hand and the one ahead, which often is the next one at hand. */
typedef struct reader {
    const char *end;
    const char *ascii_begin, *ascii_end; /* nothing but ASCII in between */
    row *now, *ahead;
    bool at_eof;
    bool by_line; /* a quote ends with its line */
} reader;

static bool is_utf8(reader *in, const char *p, const char *end)
{
    if (p < in->ascii_begin || p >= in->ascii_end) {
        const size_t n = HR_MIN((size_t)(in->end - p), (size_t)ASCII_BLOCK);
        in->ascii_begin = p;
        in->ascii_end = p + hr_kern_get()->scan.ascii(p, n);
    }
    return end <= in->ascii_end || hr_utf8_valid(p, (size_t)(end - p));
}

static void read_row(reader *in, row *r, const char *p)
{
    r->begin = p;
    const char *eol = in->by_line ? hr_find_newline(p, in->end) : NULL;
    const char *end = eol != NULL ? eol + 1 : in->end;
    r->st = hr_csv_row(r->f, HR_CSV_FIELDS_MAX, &r->n, &r->next, p, end, in->at_eof || eol != NULL);
    if (r->st < 0) r->n = 0;
    r->is_utf8 = r->st == HR_AGAIN || is_utf8(in, p, r->next);
}

/* The row at p into `now`. */
static void take_row(reader *in, const char *p)
{
    if (in->ahead->begin == p) {
        row *r = in->now;
        in->now = in->ahead;
        in->ahead = r;
        r->begin = NULL;
        return;
    }
    read_row(in, in->now, p);
}

static bool is_blank(const row *r)
{
    return r->n == 1 && r->f[0].n == 0;
}

/* A message of several rows on its way: as soon as one of them is bad, all are, for half of a
 * message is a wrong book. */
typedef struct group {
    const row *first;
    const char *next; /* first byte after the message */
    int64_t n_lines;  /* up to there */
    uint32_t n_levels;
    int rc; /* of the first bad row */
} group;

static void fail_group(group *g, int rc)
{
    if (g->rc == HR_LINE_DONE) g->rc = rc;
}

static int64_t count_lines(const char *p, const char *end)
{
    int64_t n = 0;
    while ((p = hr_find_newline(p, end)) != NULL) {
        n++;
        p++;
    }
    return n;
}

static int judge_row(const hr_line *l, const row *r)
{
    if (!r->is_utf8) return HR_LINE_REJECT(HR_REJECT_UTF8);
    return r->n != l->info->n_columns ? HR_LINE_REJECT(HR_REJECT_CSV) : HR_LINE_DONE;
}

static void add_row(group *g, const hr_line *l, const row *r)
{
    hr_evbatch *b = l->batch;
    uint32_t at = b->n_levels + g->n_levels;
    g->n_lines += count_lines(g->next, r->next);
    g->next = r->next;
    if (g->rc == HR_LINE_DONE) g->rc = judge_row(l, r);
    if (g->rc != HR_LINE_DONE) return;
    if (at == b->cap_levels) {
        g->rc = HR_LINE_FULL;
        return;
    }
    g->rc = read_level(l, r, at);
    if (g->rc == HR_LINE_DONE && b->px[at] != 0) g->n_levels++;
}

_Static_assert(HR_SIDE_BID == 0 && HR_SIDE_ASK == 1, "sides as the short way writes them");
#define SHORT_SLACK 160 /* bytes wanted behind the part that rows have in common */

/* What the rows of a message begin with where side, price and amount are their last columns, in
 * this order, and all before is the message's: Tardis' own order. 0: not of this shape. */
static size_t common_bytes(const hr_source_info *info, const row *r)
{
    if (info->format != HR_FORMAT_TARDIS_L2 || info->n_columns != 8 || info->column[C_SIDE] != 5 ||
        info->column[C_PX] != 6 || info->column[C_QTY] != 7 || r->n != 8 ||
        info->px_scale > HR_DIGITS_SCALE_MAX || info->qty_scale > HR_DIGITS_SCALE_MAX)
        return 0;
    size_t n = (size_t)(r->f[5].s - r->begin);
    return memchr(r->begin, '"', n) == NULL ? n : 0;
}

HR_INLINE uint32_t word(const char *text)
{
    uint32_t w;
    memcpy(&w, text, 4);
    return w;
}

/* The next row the short way: the message's bytes again, then `bid,1.5,2` or `ask,...` and the
 * line's end. What it takes, add_row takes with equal outcome. The place after it, or NULL. */
static const char *add_short(group *g, const hr_line *l, const char *p, size_t n_common)
{
    hr_evbatch *b = l->batch;
    const uint32_t at = b->n_levels + g->n_levels;
    const hr_digits_scale px_to = hr_digits_scale_init(l->info->px_scale);
    const hr_digits_scale qty_to = hr_digits_scale_init(l->info->qty_scale);
    hr_digits_span px;
    hr_digits_span qty;
    if (l->limit - p < (ptrdiff_t)n_common + SHORT_SLACK || at == b->cap_levels) return NULL;
    if (memcmp(p, g->first->begin, n_common) != 0) return NULL;
    p += n_common;
    const uint32_t side = word(p);
    const uint64_t not_ask = side ^ word("ask,");
    if (not_ask * (side ^ word("bid,")) != 0) return NULL; /* one branch: sides come as they like */
    p += 4;
    const __m128i t = hr_digits_load(p);
    if (!hr_digits_find_one(&px, t, p, &px_to) || p[px.stop] != ',') return NULL;
    const char *q = p + px.stop + 1;
    const __m128i u = hr_digits_load(q);
    if (!hr_digits_find_one(&qty, u, q, &qty_to)) return NULL;
    q += qty.stop;
    q += *q == '\r';
    if (*q != '\n') return NULL;
    const __m128i both =
        hr_digits_sum(hr_digits_align(t, &px, &px_to), hr_digits_align(u, &qty, &qty_to));
    b->px[at] = _mm_cvtsi128_si64(both);
    b->qty[at] = _mm_extract_epi64(both, 1);
    b->side[at] = not_ask == 0;
    if (b->px[at] == 0) return NULL;
    g->n_levels++;
    return q + 1;
}

/* Takes all rows of the message. A row that cannot be read belongs to it when what it has agrees,
 * or when more of the message follows. False: it may go on past the text. */
static bool take_rows(group *g, const hr_line *l, reader *in)
{
    row *other = in->ahead;
    uint32_t n_unreadable = 0;
    const char *p = g->next;
    const size_t n_common = common_bytes(l->info, g->first);
    while (n_unreadable <= UNREADABLE_MAX && g->rc != HR_LINE_FULL) {
        const char *after = NULL;
        while (n_common > 0 && g->rc == HR_LINE_DONE && n_unreadable == 0 &&
               (after = add_short(g, l, p, n_common)) != NULL) {
            g->n_lines += 1 + (p != g->next ? count_lines(g->next, p) : 0); /* blank lines */
            g->next = p = after;
        }
        read_row(in, other, p);
        if (other->st == HR_AGAIN || other->st == HR_END) return in->at_eof;
        p = other->next;
        if (is_blank(other)) continue;
        bool is_whole = other->n == l->info->n_columns;
        if (other->n > 0 && same_message(l->info, g->first, other)) {
            if (n_unreadable > 0) fail_group(g, HR_LINE_REJECT(HR_REJECT_CSV));
            add_row(g, l, other);
            n_unreadable = 0;
        } else if (is_whole) {
            break;
        } else {
            n_unreadable++;
        }
    }
    return true;
}

/* A message of one or more rows that starts with r. HR_LINE_FULL also when it may go on past the
 * text. */
static int put_group(const hr_line *l, reader *in, const row *r, group *g, bool *needs_more)
{
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    bool is_snapshot = false;
    g->first = r;
    g->rc = judge_row(l, r);
    if (g->rc == HR_LINE_DONE) g->rc = read_kind(&is_snapshot, l->info, r);
    if (g->rc == HR_LINE_DONE && has(l->info, C_FIRST)) g->rc = read_ids(l, msg, r);
    if (g->rc == HR_LINE_DONE) g->rc = set_head(l, msg, r);
    if (g->rc == HR_LINE_FULL) return HR_LINE_FULL;
    add_row(g, l, r);
    bool is_whole = take_rows(g, l, in);
    if (g->rc == HR_LINE_FULL && b->n_msgs == 0) {
        g->rc = HR_LINE_REJECT(HR_REJECT_TOO_MANY_LEVELS); /* all of it, not what fits */
        is_whole = take_rows(g, l, in);
    }
    if (g->rc == HR_LINE_FULL) return HR_LINE_FULL;
    *needs_more = !is_whole;
    if (!is_whole) return HR_LINE_FULL;
    if (g->rc != HR_LINE_DONE) return g->rc;
    b->kind[msg] = is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    b->flags[msg] = is_snapshot ? HR_FLAG_SNAPSHOT : 0;
    hr_line_commit(l, g->n_levels);
    return HR_LINE_DONE;
}

static int put_message(const hr_line *l, reader *in, const row *r, group *g, bool *needs_more)
{
    hr_format format = l->info->format;
    if (!hr_evbatch_has_room(l->batch, 1, 1)) return HR_LINE_FULL;
    if (r->n == 0) return HR_LINE_REJECT(r->is_utf8 ? HR_REJECT_CSV : HR_REJECT_UTF8);
    if (format == HR_FORMAT_TARDIS_L2 || format == HR_FORMAT_BINANCE_DEPTH_CSV)
        return put_group(l, in, r, g, needs_more);
    int rc = judge_row(l, r);
    if (rc != HR_LINE_DONE) return rc;
    if (in->by_line) return hr_csv_event_put(l, r->f);
    return format == HR_FORMAT_TARDIS_TRADES ? put_trade(l, r) : put_snapshot_row(l, r);
}

/* Past the mark and the header; false: they are not whole yet. */
static bool skip_header(const hr_source_info *info, hr_evbatch *b, const reader *in, const char **p,
                        int64_t *line)
{
    const char *s = *p;
    if (in->end - s >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) s += 3;
    const char *eol = info->has_header ? hr_find_newline(s, in->end) : s - 1;
    int64_t n = info->has_header;
    while (info->has_header && eol != NULL && eol - s <= 1 && (eol == s || *s == '\r')) {
        s = eol + 1; /* blank lines before it */
        eol = hr_find_newline(s, in->end);
        n++;
    }
    if (eol == NULL && !in->at_eof) return false;
    *line += n;
    b->n_lines += (uint64_t)n;
    *p = eol != NULL ? eol + 1 : in->end;
    return true;
}

/* Takes the row or message at p; what is left of it. HR_AGAIN: not whole yet. */
static hr_status take(const hr_line *l, reader *in, const row *r, group *g)
{
    hr_evbatch *b = l->batch;
    const uint32_t n_msgs = b->n_msgs;
    const uint32_t n_levels = b->n_levels;
    const uint32_t n_syms = b->n_syms;
    bool needs_more = false;
    *g = (group){.next = r->next, .n_lines = count_lines(l->s, r->next)};
    int rc = is_blank(r) ? HR_LINE_DONE : put_message(l, in, r, g, &needs_more);
    if (rc == HR_LINE_FULL && (needs_more || n_msgs > 0)) {
        hr_line_undo(l, n_msgs, n_levels, n_syms); /* the next batch may refuse it */
        return needs_more ? HR_AGAIN : HR_FULL;
    }
    if (rc == HR_LINE_FULL) {
        rc = HR_LINE_REJECT(HR_REJECT_TOO_MANY_LEVELS);
    }
    if (rc >= 0) return HR_OK;
    hr_line_undo(l, n_msgs, n_levels, n_syms);
    return hr_evbatch_reject(b, (hr_reject_reason)(-1 - rc), l->offset, l->number, l->s,
                             (size_t)(g->next - l->s));
}

hr_status hr_csv_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                        size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                        bool at_eof)
{
    static _Thread_local row rows[2];
    rows[0].begin = rows[1].begin = NULL; /* what an earlier text left there is void */
    reader in = {.end = text + len,
                 .now = &rows[0],
                 .ahead = &rows[1],
                 .at_eof = at_eof,
                 .by_line = hr_format_is_csv_lines(info->format)};
    const char *p = text + *pos;
    hr_status st = HR_OK;
    in.ascii_begin = in.ascii_end = text;
    if (base_offset == 0 && *pos == 0 && len > 0 && !skip_header(info, b, &in, &p, line)) {
        b->src_end = 0;
        return HR_OK;
    }
    *pos = (size_t)(p - text);
    while (p < in.end) {
        group g;
        take_row(&in, p);
        const row *r = in.now;
        if (r->st == HR_AGAIN) break;
        hr_line l = {.info = info,
                     .batch = b,
                     .limit = in.end,
                     .s = p,
                     .n = (size_t)(r->next - p),
                     .offset = base_offset + (p - text),
                     .number = *line,
                     .ts_recv = HR_NULL_I64};
        st = take(&l, &in, r, &g);
        if (st != HR_OK) break;
        p = g.next;
        g.n_lines += p == in.end && p[-1] != '\n' ? 1 : 0;
        *line += g.n_lines;
        b->n_lines += (uint64_t)g.n_lines;
        *pos = (size_t)(p - text);
        if (b->n_msgs + b->n_levels >= target_rows && p < in.end) {
            st = HR_FULL;
            break;
        }
    }
    b->src_end = base_offset + (int64_t)*pos;
    return st == HR_AGAIN ? HR_OK : st;
}
