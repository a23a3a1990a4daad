/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files: Tardis (docs.tardis.dev, "Downloadable CSV files") and Binance depth tables. Columns
 * are found by name. Rows of one message (equal instrument, times, kind) stay together in a batch.
 */
#include <string.h>

#include "text/csv.h"
#include "text/decimal.h"
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

#define SNAPSHOT_DEPTH_MAX 25

typedef struct row {
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n;
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

bool hr_csv_sniff_header(hr_source_info *info, const char *s, size_t n)
{
    hr_csv_field f[HR_CSV_FIELDS_MAX];
    uint32_t n_fields;
    const char *next;
    if (hr_csv_row(f, HR_CSV_FIELDS_MAX, &n_fields, &next, s, s + n, true) != HR_OK) return false;
    int16_t column[16];
    memset(column, 0xff, sizeof column);
    int16_t depth_at = -1;
    for (uint32_t i = 0; i < n_fields; i++) {
        for (size_t k = 0; k < HR_ARRAY_LEN(column_names); k++)
            if (field_is(f[i], column_names[k].name)) column[column_names[k].column] = (int16_t)i;
        if (field_is(f[i], "asks[0].price")) depth_at = (int16_t)i;
    }
    hr_format format = HR_FORMAT_UNKNOWN;
    bool has_times = column[C_TS] >= 0 && column[C_LOCAL] >= 0 && column[C_SYMBOL] >= 0;
    bool has_level = column[C_SIDE] >= 0 && column[C_PX] >= 0 && column[C_QTY] >= 0;
    if (has_times && has_level && column[C_SNAPSHOT] >= 0)
        format = HR_FORMAT_TARDIS_L2;
    else if (has_times && has_level && column[C_ID] >= 0)
        format = HR_FORMAT_TARDIS_TRADES;
    else if (has_times && depth_at >= 0)
        format = HR_FORMAT_TARDIS_SNAPSHOT;
    else if (has_level && column[C_FIRST] >= 0 && column[C_LAST] >= 0 && column[C_TYPE] >= 0)
        format = HR_FORMAT_BINANCE_DEPTH_CSV;
    if (format == HR_FORMAT_UNKNOWN) return false;
    if (depth_at >= 0) column[C_PX] = depth_at;
    info->format = format;
    memcpy(info->column, column, sizeof column);
    info->n_columns = (uint16_t)n_fields;
    info->has_header = true;
    if (format == HR_FORMAT_BINANCE_DEPTH_CSV && info->venue[0] == '\0')
        memcpy(info->venue, column[C_PREV] >= 0 ? "binance-futures" : "binance",
               column[C_PREV] >= 0 ? 16 : 8);
    return true;
}

static hr_csv_field get(const hr_source_info *info, const row *r, int c)
{
    if (info->column[c] < 0) return (hr_csv_field){.s = "", .n = 0};
    return r->f[info->column[c]];
}

/* Times are microseconds as Tardis writes them; nanoseconds and milliseconds are told by their
 * size. */
static bool read_time(int64_t *out, hr_csv_field f)
{
    int64_t v;
    if (hr_int_parse(&v, f.s, f.n) != HR_OK || v < 0) return false;
    int64_t unit = v < INT64_C(100000000000000)      ? 1000000
                   : v < INT64_C(100000000000000000) ? 1000
                                                     : 1;
    return !__builtin_mul_overflow(v, unit, out);
}

static int read_number(int64_t *out, hr_csv_field f, unsigned scale)
{
    hr_status st = hr_decimal_parse(out, f.s, f.n, scale);
    if (st == HR_ERANGE) return HR_LINE_REJECT(HR_REJECT_RANGE);
    if (st != HR_OK) return HR_LINE_REJECT(HR_REJECT_NUMBER);
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

/* Rows that belong to one message: equal in all that is the message's, not the level's. */
static bool same_message(const hr_source_info *info, const row *a, const row *b)
{
    static const int keys[] = {C_SYMBOL,   C_EXCHANGE, C_TS,   C_LOCAL,
                               C_SNAPSHOT, C_FIRST,    C_LAST, C_TYPE};
    for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++)
        if (has(info, keys[i]) && !same(get(info, a, keys[i]), get(info, b, keys[i]))) return false;
    return true;
}

static int set_instrument(const hr_line *l, uint32_t msg, const row *r)
{
    char venue[HR_VENUE_MAX + 1] = {0};
    hr_csv_field v = get(l->info, r, C_EXCHANGE);
    hr_csv_field s = get(l->info, r, C_SYMBOL);
    if (v.n > HR_VENUE_MAX) return HR_LINE_REJECT(HR_REJECT_SYMBOL);
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
    int rc = set_instrument(l, msg, r);
    if (rc != HR_LINE_DONE) return rc;
    if (!read_time(&b->ts_event[msg], get(l->info, r, C_TS))) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = b->ts_event[msg];
    if (has(l->info, C_LOCAL) && !read_time(&b->ts_recv[msg], get(l->info, r, C_LOCAL)))
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

static bool is_snapshot_row(const hr_source_info *info, const row *r)
{
    if (has(info, C_SNAPSHOT)) return field_is(get(info, r, C_SNAPSHOT), "true");
    return has(info, C_TYPE) && field_is(get(info, r, C_TYPE), "snap");
}

static int read_level(const hr_line *l, const row *r, uint32_t at)
{
    hr_evbatch *b = l->batch;
    int rc = read_side(&b->side[at], get(l->info, r, C_SIDE));
    if (rc == HR_LINE_DONE && b->side[at] == HR_SIDE_NONE &&
        l->info->format != HR_FORMAT_TARDIS_TRADES)
        rc = HR_LINE_REJECT(HR_REJECT_SIDE);
    if (rc == HR_LINE_DONE) rc = read_number(&b->px[at], get(l->info, r, C_PX), l->info->px_scale);
    if (rc == HR_LINE_DONE)
        rc = read_number(&b->qty[at], get(l->info, r, C_QTY), l->info->qty_scale);
    if (rc == HR_LINE_DONE && b->px[at] == 0) rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
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

/* book_snapshot_n: asks[i].price, asks[i].amount, bids[i].price, bids[i].amount for i = 0.. */
static int put_snapshot_row(const hr_line *l, const row *r)
{
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    uint32_t first = (uint32_t)l->info->column[C_PX];
    uint32_t depth = (r->n - first) / 4;
    uint32_t n = 0;
    if (depth > SNAPSHOT_DEPTH_MAX) depth = SNAPSHOT_DEPTH_MAX;
    if (!hr_evbatch_has_room(b, 1, 2 * depth)) return HR_LINE_FULL;
    int rc = set_head(l, msg, r);
    for (uint32_t side = 0; side < 2 && rc == HR_LINE_DONE; side++) {
        for (uint32_t i = 0; i < depth && rc == HR_LINE_DONE; i++) {
            hr_csv_field px = r->f[first + 4 * i + (side == HR_SIDE_BID ? 2 : 0)];
            hr_csv_field qty = r->f[first + 4 * i + (side == HR_SIDE_BID ? 3 : 1)];
            if (px.n == 0 && qty.n == 0) continue;
            uint32_t at = b->n_levels + n;
            rc = read_number(&b->px[at], px, l->info->px_scale);
            if (rc == HR_LINE_DONE) rc = read_number(&b->qty[at], qty, l->info->qty_scale);
            if (rc == HR_LINE_DONE && b->px[at] == 0) rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
            b->side[at] = (uint8_t)side;
            n++;
        }
    }
    if (rc != HR_LINE_DONE) return rc;
    b->kind[msg] = HR_MSG_SNAPSHOT;
    b->flags[msg] = HR_FLAG_SNAPSHOT;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

typedef struct reader {
    const char *end;
    bool at_eof;
} reader;

static hr_status next_row(const reader *in, row *r, const char *p)
{
    r->begin = p;
    return hr_csv_row(r->f, HR_CSV_FIELDS_MAX, &r->n, &r->next, p, in->end, in->at_eof);
}

typedef struct group {
    const char *next; /* first byte after the message */
    uint32_t n_rows;
} group;

/* A message of one or more rows that starts with r. HR_LINE_FULL also when it may go on past the
 * text. */
static int put_group(const hr_line *l, const reader *in, row *r, group *g, bool *needs_more)
{
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    int rc = set_head(l, msg, r);
    if (rc == HR_LINE_DONE && has(l->info, C_FIRST)) rc = read_ids(l, msg, r);
    bool is_snapshot = is_snapshot_row(l->info, r);
    static _Thread_local row other;
    row *now = r;
    uint32_t n = 0;
    while (rc == HR_LINE_DONE) {
        if (b->n_levels + n == b->cap_levels) return HR_LINE_FULL;
        rc = read_level(l, now, b->n_levels + n);
        if (rc != HR_LINE_DONE) break;
        n++;
        g->next = now->next;
        g->n_rows++;
        hr_status st = next_row(in, &other, g->next);
        if (st == HR_AGAIN || (st == HR_END && !in->at_eof)) {
            *needs_more = true;
            return HR_LINE_FULL;
        }
        if (st != HR_OK || other.n != l->info->n_columns || !same_message(l->info, r, &other))
            break;
        now = &other;
    }
    if (rc != HR_LINE_DONE &&
        n > 0) { /* the rows before the bad one stand; it is met again on its own */
        rc = HR_LINE_DONE;
    }
    if (rc != HR_LINE_DONE) return rc;
    b->kind[msg] = is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    b->flags[msg] = is_snapshot ? HR_FLAG_SNAPSHOT : 0;
    hr_line_commit(l, n);
    return HR_LINE_DONE;
}

static int put_message(const hr_line *l, const reader *in, row *r, group *g, bool *needs_more)
{
    g->next = r->next;
    g->n_rows = 1;
    if (r->n != l->info->n_columns) return HR_LINE_REJECT(HR_REJECT_CSV);
    if (l->info->format == HR_FORMAT_TARDIS_TRADES) return put_trade(l, r);
    if (l->info->format == HR_FORMAT_TARDIS_SNAPSHOT) return put_snapshot_row(l, r);
    g->n_rows = 0;
    int rc = put_group(l, in, r, g, needs_more);
    if (rc < 0) {
        g->next = r->next;
        g->n_rows = 1;
    }
    return rc;
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

static const char *skip_header(const hr_source_info *info, hr_evbatch *b, const char *p,
                               const char *end, int64_t *line)
{
    if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    const char *eol = info->has_header ? hr_find_newline(p, end) : NULL;
    if (eol == NULL) return p;
    ++*line;
    b->n_lines++;
    return eol + 1;
}

hr_status hr_csv_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                        size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                        bool at_eof)
{
    reader in = {.end = text + len, .at_eof = at_eof};
    const char *p = text + *pos;
    static _Thread_local row r;
    hr_status result = HR_OK;
    if (base_offset == 0 && *pos == 0) p = skip_header(info, b, p, in.end, line);
    while (p < in.end) {
        hr_status st = next_row(&in, &r, p);
        if (st == HR_AGAIN) break;
        hr_line l = {.info = info,
                     .batch = b,
                     .s = p,
                     .n = (size_t)(r.next - p),
                     .offset = base_offset + (p - text),
                     .number = *line,
                     .ts_recv = HR_NULL_I64};
        group g = {.next = r.next, .n_rows = 1};
        bool needs_more = false;
        int rc;
        if (!hr_evbatch_has_room(b, 1, 2 * SNAPSHOT_DEPTH_MAX))
            rc = HR_LINE_FULL;
        else if (st == HR_OK && r.n == 1 && r.f[0].n == 0)
            rc = HR_LINE_DONE; /* an empty line */
        else
            rc = st == HR_OK ? put_message(&l, &in, &r, &g, &needs_more)
                             : HR_LINE_REJECT(HR_REJECT_CSV);
        if (rc == HR_LINE_FULL && needs_more && b->n_levels < b->cap_levels) break;
        if (rc == HR_LINE_FULL) {
            result = HR_FULL;
            if (b->n_msgs > 0) break;
            rc = HR_LINE_REJECT(HR_REJECT_TOO_MANY_LEVELS);
            result = HR_OK;
        }
        if (rc < 0 && hr_evbatch_reject(b, (hr_reject_reason)(-1 - rc), l.offset, l.number, p,
                                        (size_t)(g.next - p)) != HR_OK) {
            result = HR_FULL;
            break;
        }
        int64_t n_lines = g.next == in.end && g.next[-1] != '\n' ? 1 : 0;
        n_lines += count_lines(p, g.next);
        *line += n_lines;
        b->n_lines += (uint64_t)n_lines;
        p = g.next;
        *pos = (size_t)(p - text);
        if (b->n_msgs + b->n_levels >= target_rows && p < in.end) {
            result = HR_FULL;
            break;
        }
    }
    if (p > text + *pos && *pos == 0) *pos = (size_t)(p - text);
    b->src_end = base_offset + (int64_t)*pos;
    return result;
}
