/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are read in steps of STEP rows into plain arrays, then grouped into messages. */
#include "fmt/pq_events.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fmt/pq_mixed.h"

#define STEP 4096u
#define BOOK_DEPTH 20
#define MESSAGE_LEVELS 12288u /* 5,000 levels a side, and some */

enum { C_EVENT, C_RECV, C_SEQ, C_SIDE, C_PX, C_QTY, C_FIRST, C_PREV, C_FLAGS, C_COUNT };

typedef struct name {
    const char *name;
    int column;
} name;

/* The first name that a file has wins its column. */
static const name names[] = {
    {"ts_event", C_EVENT},
    {"origin_time", C_EVENT},
    {"timestamp", C_EVENT},
    {"ts_recv", C_RECV},
    {"received_time", C_RECV},
    {"seq", C_SEQ},
    {"sequence_number", C_SEQ},
    {"trade_id", C_SEQ},
    {"side_is_bid", C_SIDE},
    {"side", C_SIDE},
    {"buyer_maker", C_SIDE},
    {"px", C_PX},
    {"price", C_PX},
    {"qty", C_QTY},
    {"size", C_QTY},
    {"quantity", C_QTY},
    {"amount", C_QTY},
    {"seq_first", C_FIRST},
    {"seq_prev", C_PREV},
    {"flags", C_FLAGS},
};

typedef struct stored {
    hr_pq_cursor *cursor; /* NULL: absent */
    const hr_pq_column *meta;
    int64_t value[STEP];
} stored;

struct hr_pq_events {
    hr_pq_file *file;
    hr_pq_mixed *mixed; /* an events table: all else is unused */
    hr_source_info info;
    stored col[C_COUNT];
    stored *level; /* book tables: 4 x depth columns */
    uint32_t n_level;
    bool side_is_maker; /* trade tables that say who rested */
    uint32_t group;
    bool has_group;
    int64_t row, skip_to; /* absolute row of value[at] */
    uint32_t at, n;
};

static int find_column(const hr_pq_file *f, int column)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (names[i].column == column && hr_pq_file_find(f, names[i].name) >= 0)
            return hr_pq_file_find(f, names[i].name);
    return -1;
}

hr_status hr_pq_events_sniff(hr_source_info *info, char *why, size_t why_cap, const char *path,
                             const hr_pq_file *f, hr_err *err)
{
    bool has_level =
        find_column(f, C_PX) >= 0 && find_column(f, C_QTY) >= 0 && find_column(f, C_EVENT) >= 0;
    bool is_trade = hr_pq_file_find(f, "trade_id") >= 0 || hr_pq_file_find(f, "buyer_maker") >= 0;
    hr_sniff_path(info, path);
    if (hr_pq_is_mixed(f)) {
        info->format = HR_FORMAT_PARQUET_DELTAS; /* until its first row says what it came from */
        snprintf(why, why_cap, "columns of an events table");
        return HR_OK;
    }
    if (hr_pq_file_find(f, "action") >= 0 && hr_pq_file_find(f, "order_id") >= 0)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' is a table of single orders (action, order_id), not of price levels",
                       path);
    if (hr_pq_file_find(f, "bid_0_price") >= 0 && find_column(f, C_EVENT) >= 0)
        info->format = HR_FORMAT_PARQUET_BOOK;
    else if (has_level && is_trade)
        info->format = HR_FORMAT_PARQUET_TRADES;
    else if (has_level && find_column(f, C_SIDE) >= 0)
        info->format = HR_FORMAT_PARQUET_DELTAS;
    else
        return HR_FAIL(
            err, HR_EUNSUPPORTED,
            "'%s' has none of the known tables' columns (origin_time, side_is_bid, price, size; or"
            " bid_0_price, ...)",
            path);
    if (info->symbol[0] == '\0') snprintf(info->symbol, sizeof info->symbol, "UNKNOWN");
    snprintf(why, why_cap, "columns of %s", hr_format_name(info->format));
    return HR_OK;
}

static hr_status open_column(hr_pq_events *e, stored *s, int col, hr_arena *arena, hr_err *err)
{
    s->meta = hr_pq_file_column(e->file, (uint32_t)col);
    return hr_pq_cursor_create(&s->cursor, e->file, (uint32_t)col, arena, err);
}

static hr_status open_book(hr_pq_events *e, hr_arena *arena, hr_err *err)
{
    static const char *const part[4] = {"bid_%u_price", "bid_%u_size", "ask_%u_price",
                                        "ask_%u_size"};
    e->level = hr_arena_alloc(arena, 4 * BOOK_DEPTH * sizeof *e->level, 64);
    if (e->level == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a book table");
    memset(e->level, 0, 4 * BOOK_DEPTH * sizeof *e->level);
    for (uint32_t i = 0; i < 4 * BOOK_DEPTH; i++) {
        static const char *const digits[] = {"0",  "1",  "2",  "3",  "4",  "5",  "6",
                                             "7",  "8",  "9",  "10", "11", "12", "13",
                                             "14", "15", "16", "17", "18", "19"};
        char text[32];
        const char *format = part[i % 4];
        const char *hole = strchr(format, '%');
        snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - format), format, digits[i / 4],
                 hole + 2);
        int col = hr_pq_file_find(e->file, text);
        if (col < 0) break;
        HR_TRY(open_column(e, &e->level[i], col, arena, err));
        e->n_level = i + 1;
    }
    e->n_level -= e->n_level % 4;
    return HR_OK;
}

hr_status hr_pq_events_create(hr_pq_events **out, hr_pq_file *f, const hr_source_info *info,
                              hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_pq_events *e = hr_arena_alloc(arena, sizeof *e, 64);
    if (e == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read a table");
    memset(e, 0, sizeof *e);
    e->file = f;
    e->info = *info;
    if (hr_pq_is_mixed(f)) {
        HR_TRY(hr_pq_mixed_create(&e->mixed, f, info, &e->info.format, arena, err));
        *out = e;
        return HR_OK;
    }
    for (int i = 0; i < C_COUNT; i++) {
        int col = find_column(f, i);
        if (col < 0 || (info->format == HR_FORMAT_PARQUET_BOOK && i >= C_SIDE)) continue;
        if (i == C_SEQ && hr_pq_file_column(f, (uint32_t)col)->logical == HR_PQ_L_STRING) continue;
        HR_TRY(open_column(e, &e->col[i], col, arena, err));
        e->side_is_maker =
            e->side_is_maker || (i == C_SIDE && strcmp(e->col[i].meta->name, "buyer_maker") == 0);
    }
    if (info->format == HR_FORMAT_PARQUET_BOOK) HR_TRY(open_book(e, arena, err));
    *out = e;
    return HR_OK;
}

hr_format hr_pq_events_format(const hr_pq_events *e)
{
    return e->info.format;
}

void hr_pq_events_skip_to(hr_pq_events *e, int64_t row)
{
    e->skip_to = row;
    if (e->mixed != NULL) hr_pq_mixed_skip_to(e->mixed, row);
}

/* ---- reading ---- */

/* Sides come as booleans, as texts, or as small numbers; each becomes an hr_side, or HR_NULL_I64.
 */
static int64_t side_of(const hr_pq_events *e, hr_pq_bytes s)
{
    if (s.s == NULL || s.n == 0) return HR_NULL_I64;
    char c = (char)(s.s[0] | 0x20);
    if (e->side_is_maker) return c == 't' ? HR_SIDE_ASK : c == 'f' ? HR_SIDE_BID : HR_NULL_I64;
    if (c == 'b') return HR_SIDE_BID; /* bid, buy */
    if (c == 'a' || c == 's') return HR_SIDE_ASK;
    return c == 'n' || c == 'u' ? HR_SIDE_NONE : HR_NULL_I64;
}

static hr_status read_side(hr_pq_events *e, stored *s, uint32_t n, hr_err *err)
{
    uint32_t at = 0;
    uint32_t got;
    if (s->meta->phys == HR_PQ_BOOLEAN) {
        HR_TRY(hr_pq_read_i64(s->cursor, s->value, n, &got, err));
        for (uint32_t i = 0; i < got; i++)
            if (s->value[i] != HR_NULL_I64)
                s->value[i] = (s->value[i] != 0) != e->side_is_maker ? HR_SIDE_BID : HR_SIDE_ASK;
        return got == n ? HR_OK : HR_FAIL(err, HR_ECORRUPT, "column '%s' is short", s->meta->name);
    }
    while (at < n) {
        hr_pq_bytes text[64];
        HR_TRY(hr_pq_read_bytes(s->cursor, text, HR_MIN(n - at, 64u), &got, err));
        for (uint32_t i = 0; i < got; i++)
            s->value[at + i] = side_of(e, text[i]);
        at += got;
    }
    return HR_OK;
}

/* A double to fixed point. A double is that decimal of the scale which lies within two units of its
 * last place (files often hold doubles that went through arithmetic: 0.00031099999999999997); one
 * that is farther from every decimal has more digits than the scale holds and is not taken.
 * HR_NULL_I64 + 1: it does not fit. */
static int64_t fixed_of(double v, double unit)
{
    double scaled = v * unit;
    if (isnan(v)) return HR_NULL_I64;
    if (!(scaled < 1e18 && scaled > -1e18)) return HR_NULL_I64 + 1;
    int64_t i = (int64_t)llrint(scaled);
    double back = (double)i / unit;
    return fabs(back - v) <= fabs(v) * 0x1p-51 ? i : HR_NULL_I64 + 1;
}

static hr_status read_number(stored *s, uint32_t n, unsigned scale, hr_err *err)
{
    uint32_t got;
    double unit = 1;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    if (s->meta->phys == HR_PQ_DOUBLE || s->meta->phys == HR_PQ_FLOAT) {
        double *v = (double *)(void *)s->value;
        HR_TRY(hr_pq_read_f64(s->cursor, v, n, &got, err));
        for (uint32_t i = 0; i < got; i++) {
            double x = v[i];
            s->value[i] = fixed_of(x, unit);
        }
    } else {
        HR_TRY(hr_pq_read_i64(s->cursor, s->value, n, &got, err));
        unsigned have = s->meta->logical == HR_PQ_L_DECIMAL ? s->meta->scale : 0;
        int64_t factor = 1;
        for (unsigned i = have; i < scale; i++)
            factor *= 10;
        for (uint32_t i = 0; i < got && have != scale; i++)
            if (s->value[i] != HR_NULL_I64 &&
                (have > scale || __builtin_mul_overflow(s->value[i], factor, &s->value[i])))
                s->value[i] = HR_NULL_I64 + 1;
    }
    return got == n ? HR_OK : HR_FAIL(err, HR_ECORRUPT, "column '%s' is short", s->meta->name);
}

/* Nanoseconds: by the logical type, or for plain integers by their size. */
static hr_status read_time(stored *s, uint32_t n, hr_err *err)
{
    uint32_t got;
    HR_TRY(hr_pq_read_i64(s->cursor, s->value, n, &got, err));
    if (got != n) return HR_FAIL(err, HR_ECORRUPT, "column '%s' is short", s->meta->name);
    int64_t unit = s->meta->phys == HR_PQ_INT96 ? 1 : s->meta->unit_ns;
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = s->value[i];
        if (v == HR_NULL_I64) continue;
        int64_t u = unit > 0                          ? unit
                    : v < INT64_C(100000000000000)    ? 1000000
                    : v < INT64_C(100000000000000000) ? 1000
                                                      : 1;
        if (__builtin_mul_overflow(v, u, &s->value[i])) s->value[i] = HR_NULL_I64;
    }
    return HR_OK;
}

static hr_status read_step(hr_pq_events *e, uint32_t n, hr_err *err)
{
    for (int i = 0; i < C_COUNT; i++) {
        stored *s = &e->col[i];
        uint32_t got = n;
        if (s->cursor == NULL) continue;
        if (i == C_EVENT || i == C_RECV)
            HR_TRY(read_time(s, n, err));
        else if (i == C_SIDE)
            HR_TRY(read_side(e, s, n, err));
        else if (i == C_PX || i == C_QTY)
            HR_TRY(read_number(s, n, i == C_PX ? e->info.px_scale : e->info.qty_scale, err));
        else
            HR_TRY(hr_pq_read_i64(s->cursor, s->value, n, &got, err));
    }
    for (uint32_t i = 0; i < e->n_level; i++)
        HR_TRY(
            read_number(&e->level[i], n, i % 2 == 0 ? e->info.px_scale : e->info.qty_scale, err));
    e->at = 0;
    e->n = n;
    return HR_OK;
}

static hr_status refill(hr_pq_events *e, hr_err *err)
{
    if (e->has_group && e->group >= hr_pq_file_row_groups(e->file)) return HR_END;
    for (;;) {
        int64_t left = 0;
        if (e->has_group) {
            int64_t before = 0;
            for (uint32_t g = 0; g < e->group; g++)
                before += hr_pq_row_group_rows(e->file, g);
            left = before + hr_pq_row_group_rows(e->file, e->group) - e->row;
        }
        if (left > 0) {
            HR_TRY(read_step(e, (uint32_t)HR_MIN(left, (int64_t)STEP), err));
            if (e->row + e->n > e->skip_to) {
                e->at = e->skip_to > e->row ? (uint32_t)(e->skip_to - e->row) : 0;
                e->row += e->at;
                return HR_OK;
            }
            e->row += e->n;
            continue;
        }
        if (e->has_group) e->group++;
        if (e->group >= hr_pq_file_row_groups(e->file)) return HR_END;
        e->has_group = true;
        for (int i = 0; i < C_COUNT; i++)
            if (e->col[i].cursor != NULL)
                HR_TRY(hr_pq_cursor_seek(e->col[i].cursor, e->group, err));
        for (uint32_t i = 0; i < e->n_level; i++)
            HR_TRY(hr_pq_cursor_seek(e->level[i].cursor, e->group, err));
    }
}

/* ---- messages ---- */

static int64_t get(const hr_pq_events *e, int c, uint32_t i, int64_t absent)
{
    if (e->col[c].cursor == NULL || e->col[c].value[i] == HR_NULL_I64) return absent;
    return e->col[c].value[i];
}

static int bad_level(int64_t px, int64_t qty, int64_t side)
{
    if (px == HR_NULL_I64 || qty == HR_NULL_I64) return HR_REJECT_NULL;
    if (px == HR_NULL_I64 + 1 || qty == HR_NULL_I64 + 1) return HR_REJECT_RANGE;
    if (px <= 0 || qty < 0) return HR_REJECT_NEGATIVE;
    return side == HR_NULL_I64 ? HR_REJECT_SIDE : -1;
}

static void begin(hr_pq_events *e, hr_evbatch *b, hr_msg_kind kind, uint32_t flags)
{
    uint32_t m = b->n_msgs;
    uint32_t i = e->at;
    b->kind[m] = (uint8_t)kind;
    b->flags[m] = flags;
    b->ts_event[m] = get(e, C_EVENT, i, HR_NULL_I64);
    b->ts_recv[m] = get(e, C_RECV, i, b->ts_event[m] != HR_NULL_I64 ? b->ts_event[m] : 0);
    b->seq_last[m] = get(e, C_SEQ, i, -1);
    b->seq_first[m] = get(e, C_FIRST, i, b->seq_last[m]);
    b->seq_prev[m] = get(e, C_PREV, i, -1);
    b->src_offset[m] = e->row;
    b->src_line[m] = e->row + 1;
    b->text[m] = -1;
    b->sym[m] = hr_evbatch_sym(b, e->info.venue, e->info.symbol, strlen(e->info.symbol));
}

static void commit(hr_evbatch *b, uint32_t n)
{
    b->n_levels += n;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

static void next_row(hr_pq_events *e, hr_evbatch *b)
{
    e->at++;
    e->row++;
    b->n_lines++;
}

/* What the rows of one message share. */
typedef struct message_key {
    int64_t seq, ts_event, snapshot;
} message_key;

static message_key key_at(const hr_pq_events *e, uint32_t i)
{
    return (message_key){.seq = get(e, C_SEQ, i, -1),
                         .ts_event = get(e, C_EVENT, i, 0),
                         .snapshot = get(e, C_FLAGS, i, 0) & HR_FLAG_SNAPSHOT};
}

/* True when the row at the cursor goes on with the message; reads on where a step or a row group
 * ends. */
static hr_status goes_on(hr_pq_events *e, const message_key *key, bool *yes, hr_err *err)
{
    *yes = false;
    if (e->at == e->n) {
        hr_status st = refill(e, err);
        if (st == HR_END) return HR_OK;
        HR_TRY(st);
    }
    message_key now = key_at(e, e->at);
    *yes = now.seq == key->seq && now.ts_event == key->ts_event && now.snapshot == key->snapshot;
    return HR_OK;
}

static hr_status take_delta(hr_pq_events *e, hr_evbatch *b, hr_err *err)
{
    message_key key = key_at(e, e->at);
    bool is_snapshot = key.snapshot != 0;
    bool yes = true;
    uint32_t n = 0;
    begin(e, b, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, is_snapshot ? HR_FLAG_SNAPSHOT : 0);
    while (yes) {
        int64_t px = e->col[C_PX].value[e->at];
        int64_t qty = e->col[C_QTY].value[e->at];
        int64_t side = e->col[C_SIDE].value[e->at];
        int reason = bad_level(px, qty, side);
        if (reason >= 0 || b->n_levels + n == b->cap_levels) {
            if (n > 0) break;
            hr_status st = hr_evbatch_reject(b, (hr_reject_reason)HR_MAX(reason, 0), e->row,
                                             e->row + 1, "", 0);
            if (st == HR_OK) next_row(e, b);
            return st;
        }
        uint32_t at = b->n_levels + n++;
        b->px[at] = px;
        b->qty[at] = qty;
        b->side[at] = (uint8_t)side;
        next_row(e, b);
        HR_TRY(goes_on(e, &key, &yes, err));
    }
    commit(b, n);
    return HR_OK;
}

static hr_status take_trade(hr_pq_events *e, hr_evbatch *b)
{
    int64_t px = e->col[C_PX].value[e->at];
    int64_t qty = e->col[C_QTY].value[e->at];
    int64_t side = get(e, C_SIDE, e->at, HR_SIDE_NONE);
    int reason = bad_level(px, qty, side);
    begin(e, b, HR_MSG_TRADE, 0);
    if (reason >= 0)
        HR_TRY(hr_evbatch_reject(b, (hr_reject_reason)reason, e->row, e->row + 1, "", 0));
    if (reason < 0) {
        b->px[b->n_levels] = px;
        b->qty[b->n_levels] = qty;
        b->side[b->n_levels] = (uint8_t)side;
        commit(b, 1);
    }
    next_row(e, b);
    return HR_OK;
}

static hr_status take_book(hr_pq_events *e, hr_evbatch *b)
{
    uint32_t n = 0;
    int reason = -1;
    begin(e, b, HR_MSG_SNAPSHOT, HR_FLAG_SNAPSHOT);
    for (uint32_t i = 0; i < e->n_level && reason < 0; i += 2) {
        int64_t px = e->level[i].value[e->at];
        int64_t qty = e->level[i + 1].value[e->at];
        if (px == HR_NULL_I64 && qty == HR_NULL_I64) continue;
        reason = bad_level(px, qty, 0);
        b->px[b->n_levels + n] = px;
        b->qty[b->n_levels + n] = qty;
        b->side[b->n_levels + n++] = (uint8_t)(i / 2 % 2);
    }
    if (reason >= 0)
        HR_TRY(hr_evbatch_reject(b, (hr_reject_reason)reason, e->row, e->row + 1, "", 0));
    else
        commit(b, n);
    next_row(e, b);
    return HR_OK;
}

hr_status hr_pq_events_next(hr_pq_events *e, hr_evbatch *b, uint32_t target_rows, hr_err *err)
{
    if (e->mixed != NULL) return hr_pq_mixed_next(e->mixed, b, target_rows, err);
    b->source_idx = e->info.source_idx;
    /* A message is begun only where a whole venue snapshot would fit, or in an empty batch. */
    while (b->n_msgs + b->n_levels < target_rows &&
           (b->n_msgs == 0 || hr_evbatch_has_room(b, 1, MESSAGE_LEVELS))) {
        if (e->at == e->n) {
            hr_status st = refill(e, err);
            b->src_end = e->row;
            if (st != HR_OK) return st;
        }
        hr_status st = e->info.format == HR_FORMAT_PARQUET_DELTAS   ? take_delta(e, b, err)
                       : e->info.format == HR_FORMAT_PARQUET_TRADES ? take_trade(e, b)
                                                                    : take_book(e, b);
        if (st == HR_FULL) break;
        HR_TRY(st);
    }
    b->src_end = e->row;
    return HR_OK;
}
