/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are read in steps of STEP rows, then grouped into messages. Nothing in the file is
 * trusted: a row that no message can hold is rejected with its number. */
#include "fmt/pq_mixed.h"

#include <string.h>

#define STEP 2048u
#define MESSAGE_LEVELS 12288u /* 5,000 levels a side, and some */
#define BAD_VALUE (HR_NULL_I64 + 1)

static const char *const kind_names[] = {"delta", "snapshot", "trade", "ticker",
                                         "bad",   "status",   "other", "order"};
static const char *const side_names[] = {"bid", "ask", "none"};
_Static_assert(HR_ARRAY_LEN(kind_names) == HR_MSG_KIND_COUNT, "one name a kind");

static const struct {
    const char *name;
    hr_col_type type;
    bool nullable;
} columns[HR_MIXED_COLUMNS] = {
    [HR_MIXED_TS_EVENT] = {"ts_event", HR_COL_TS, true},
    [HR_MIXED_TS_RECV] = {"ts_recv", HR_COL_TS, true},
    [HR_MIXED_KIND] = {"kind", HR_COL_ENUM, false},
    [HR_MIXED_VENUE] = {"venue", HR_COL_TEXT, true},
    [HR_MIXED_SYMBOL] = {"symbol", HR_COL_TEXT, true},
    [HR_MIXED_SEQ] = {"seq", HR_COL_I64, true},
    [HR_MIXED_SEQ_FIRST] = {"seq_first", HR_COL_I64, true},
    [HR_MIXED_SEQ_PREV] = {"seq_prev", HR_COL_I64, true},
    [HR_MIXED_SIDE] = {"side", HR_COL_ENUM, false},
    [HR_MIXED_PX] = {"px", HR_COL_DEC, true},
    [HR_MIXED_QTY] = {"qty", HR_COL_DEC, true},
    [HR_MIXED_TRADE_ID] = {"trade_id", HR_COL_TEXT, true},
    [HR_MIXED_FLAGS] = {"flags", HR_COL_U32, false},
    [HR_MIXED_FORMAT] = {"format", HR_COL_ENUM, false},
};

void hr_mixed_schema_init(hr_mixed_schema *s, uint8_t px_scale, uint8_t qty_scale)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < HR_FORMAT_COUNT; i++)
        s->format_name[i] = hr_format_name((hr_format)i);
    for (int i = 0; i < HR_MIXED_COLUMNS; i++) {
        hr_field *f = &s->field[i];
        *f = (hr_field){
            .name = columns[i].name, .type = columns[i].type, .nullable = columns[i].nullable};
        if (i == HR_MIXED_PX) f->scale = px_scale;
        if (i == HR_MIXED_QTY) f->scale = qty_scale;
    }
    s->field[HR_MIXED_KIND].dict = kind_names;
    s->field[HR_MIXED_KIND].n_dict = HR_MSG_KIND_COUNT;
    s->field[HR_MIXED_SIDE].dict = side_names;
    s->field[HR_MIXED_SIDE].n_dict = HR_ARRAY_LEN(side_names);
    s->field[HR_MIXED_FORMAT].dict = s->format_name;
    s->field[HR_MIXED_FORMAT].n_dict = HR_FORMAT_COUNT;
    s->schema = (hr_schema){.name = "events", .n_fields = HR_MIXED_COLUMNS, .fields = s->field};
}

struct hr_pq_mixed {
    hr_pq_file *file;
    hr_source_info info;
    hr_pq_cursor *cursor[HR_MIXED_COLUMNS];
    int64_t factor[2];                /* px, qty: file's scale to ours; 0: the file's is finer */
    int64_t *value[HR_MIXED_COLUMNS]; /* [STEP]; NULL for text */
    hr_text *text[HR_MIXED_COLUMNS];  /* [STEP]; NULL for numbers */
    uint32_t group;
    bool has_group;
    int64_t row, group_end, skip_to; /* row: absolute, of value[at] */
    uint32_t at, n;
};

bool hr_pq_is_mixed(const hr_pq_file *f)
{
    for (int i = 0; i < HR_MIXED_COLUMNS; i++)
        if (hr_pq_file_find(f, columns[i].name) < 0) return false;
    return true;
}

static bool is_text(int c)
{
    return columns[c].type == HR_COL_TEXT;
}

/* Times must be timestamps, prices decimals: what is not was not written by us. */
static hr_status check_column(hr_pq_mixed *e, int c, const hr_pq_column *meta, hr_err *err)
{
    hr_col_type t = columns[c].type;
    bool is_bytes = meta->phys == HR_PQ_BYTE_ARRAY || meta->phys == HR_PQ_FIXED;
    bool ok = meta->is_flat && meta->phys != HR_PQ_FLOAT && meta->phys != HR_PQ_DOUBLE;
    if (t == HR_COL_TEXT || t == HR_COL_ENUM)
        ok = ok && is_bytes && meta->logical != HR_PQ_L_DECIMAL;
    else if (t == HR_COL_DEC)
        ok = ok && meta->logical == HR_PQ_L_DECIMAL;
    else
        ok = ok && !is_bytes && (t != HR_COL_TS || meta->logical == HR_PQ_L_TIMESTAMP);
    if (!ok)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' is not of the type an events table has",
                       meta->name);
    if (t != HR_COL_DEC) return HR_OK;
    unsigned want = c == HR_MIXED_PX ? e->info.px_scale : e->info.qty_scale;
    int64_t factor = meta->scale <= want ? 1 : 0;
    for (unsigned s = meta->scale; s < want; s++)
        factor *= 10;
    e->factor[c == HR_MIXED_QTY] = factor;
    return HR_OK;
}

static hr_status open_columns(hr_pq_mixed *e, hr_arena *arena, hr_err *err)
{
    for (int c = 0; c < HR_MIXED_COLUMNS; c++) {
        uint32_t col = (uint32_t)hr_pq_file_find(e->file, columns[c].name);
        HR_TRY(check_column(e, c, hr_pq_file_column(e->file, col), err));
        HR_TRY(hr_pq_cursor_create(&e->cursor[c], e->file, col, arena, err));
        if (is_text(c))
            e->text[c] = hr_arena_alloc(arena, STEP * sizeof(hr_text), 64);
        else
            e->value[c] = hr_arena_alloc(arena, STEP * sizeof(int64_t), 64);
        if (e->text[c] == NULL && e->value[c] == NULL)
            return HR_FAIL(err, HR_EBUDGET, "no memory to read an events table");
    }
    return HR_OK;
}

/* ---- reading ---- */

static int64_t name_of(hr_pq_bytes s, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (s.s != NULL && strlen(names[i]) == s.n && memcmp(names[i], s.s, s.n) == 0) return i;
    return HR_NULL_I64;
}

static int64_t enum_of(int c, hr_pq_bytes s)
{
    char text[32];
    if (c == HR_MIXED_KIND) return name_of(s, kind_names, HR_ARRAY_LEN(kind_names));
    if (c == HR_MIXED_SIDE) return name_of(s, side_names, HR_ARRAY_LEN(side_names));
    if (s.s == NULL || s.n >= sizeof text) return HR_FORMAT_UNKNOWN;
    memcpy(text, s.s, s.n);
    text[s.n] = '\0';
    return hr_format_from_name(text);
}

static void take_text(hr_text *out, hr_pq_bytes s)
{
    memset(out, 0, sizeof *out);
    out->len = HR_TEXT_NULL;
    if (s.s == NULL || s.n > HR_TEXT_CAP) return;
    memcpy(out->byte, s.s, s.n);
    out->len = (uint8_t)s.n;
}

static hr_status read_bytes(hr_pq_mixed *e, int c, uint32_t n, hr_err *err)
{
    for (uint32_t at = 0; at < n;) {
        hr_pq_bytes s[64];
        uint32_t got = 0;
        hr_status st = hr_pq_read_bytes(e->cursor[c], s, HR_MIN(n - at, 64u), &got, err);
        if (st < 0) return st;
        if (got == 0) return HR_FAIL(err, HR_ECORRUPT, "column '%s' is short", columns[c].name);
        for (uint32_t i = 0; i < got; i++, at++) {
            /* Values of a dictionary lie in one place each, and most rows repeat the one above. */
            bool is_same = i > 0 && s[i].s == s[i - 1].s && s[i].n == s[i - 1].n;
            if (is_text(c) && is_same)
                e->text[c][at] = e->text[c][at - 1];
            else if (is_text(c))
                take_text(&e->text[c][at], s[i]);
            else
                e->value[c][at] = is_same ? e->value[c][at - 1] : enum_of(c, s[i]);
        }
    }
    return HR_OK;
}

static void to_scale(int64_t *v, uint32_t n, int64_t factor)
{
    if (factor == 1) return;
    for (uint32_t i = 0; i < n; i++)
        if (v[i] != HR_NULL_I64 && (factor == 0 || __builtin_mul_overflow(v[i], factor, &v[i])))
            v[i] = BAD_VALUE;
}

static void to_ns(int64_t *v, uint32_t n, int64_t unit)
{
    if (unit == 1) return;
    for (uint32_t i = 0; i < n; i++)
        if (v[i] != HR_NULL_I64 && __builtin_mul_overflow(v[i], unit, &v[i])) v[i] = HR_NULL_I64;
}

static hr_status read_step(hr_pq_mixed *e, uint32_t n, hr_err *err)
{
    for (int c = 0; c < HR_MIXED_COLUMNS; c++) {
        uint32_t got = 0;
        if (is_text(c) || columns[c].type == HR_COL_ENUM) {
            HR_TRY(read_bytes(e, c, n, err));
            continue;
        }
        hr_status st = hr_pq_read_i64(e->cursor[c], e->value[c], n, &got, err);
        if (st < 0) return st;
        if (got != n) return HR_FAIL(err, HR_ECORRUPT, "column '%s' is short", columns[c].name);
        if (columns[c].type == HR_COL_DEC) to_scale(e->value[c], n, e->factor[c == HR_MIXED_QTY]);
        if (columns[c].type == HR_COL_TS) {
            int col = hr_pq_file_find(e->file, columns[c].name);
            to_ns(e->value[c], n, hr_pq_file_column(e->file, (uint32_t)col)->unit_ns);
        }
    }
    e->at = 0;
    e->n = n;
    return HR_OK;
}

static hr_status refill(hr_pq_mixed *e, hr_err *err)
{
    while (!e->has_group || e->row == e->group_end) {
        if (e->has_group) e->group++;
        if (e->group >= hr_pq_file_row_groups(e->file)) {
            e->at = e->n = 0;
            return HR_END;
        }
        int64_t rows = hr_pq_row_group_rows(e->file, e->group);
        int64_t pass = HR_MIN(HR_MAX(e->skip_to - e->row, (int64_t)0), rows); /* not wanted */
        e->has_group = true;
        e->group_end = e->row + rows;
        e->row += pass;
        for (int c = 0; c < HR_MIXED_COLUMNS && e->row < e->group_end; c++)
            HR_TRY(hr_pq_cursor_seek_row(e->cursor[c], e->group, pass, err));
    }
    return read_step(e, (uint32_t)HR_MIN(e->group_end - e->row, (int64_t)STEP), err);
}

hr_status hr_pq_mixed_create(hr_pq_mixed **out, hr_pq_file *f, const hr_source_info *info,
                             hr_source_info *told, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_pq_mixed *e = hr_arena_alloc(arena, sizeof *e, 64);
    if (e == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read an events table");
    memset(e, 0, sizeof *e);
    e->file = f;
    e->info = *info;
    HR_TRY(open_columns(e, arena, err));
    hr_status st = refill(e, err);
    if (st != HR_OK && st != HR_END) return st;
    told->format = e->n > 0 ? (hr_format)e->value[HR_MIXED_FORMAT][0] : HR_FORMAT_UNKNOWN;
    told->has_orders = hr_format_has_orders(told->format);
    for (uint32_t i = 0; i < e->n; i++)
        if (e->value[HR_MIXED_KIND][i] == HR_MSG_ORDER) told->has_orders = true;
    *out = e;
    return HR_OK;
}

void hr_pq_mixed_skip_to(hr_pq_mixed *e, int64_t row)
{
    e->skip_to = row;
    e->has_group = false; /* the first step was read at creation: start anew */
    e->group = 0;
    e->row = 0;
    e->at = e->n = 0;
}

/* ---- messages ---- */

static int64_t id_or_none(int64_t v)
{
    return v < 0 ? -1 : v;
}

static bool same_text(const hr_text *a, const hr_text *b)
{
    return a->len == b->len && memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

/* What all rows of a message share; a row that differs opens the next message. */
typedef struct message_head {
    int64_t kind, ts_event, ts_recv, seq, first, prev;
    hr_text venue, symbol;
} message_head;

static void head_at(const hr_pq_mixed *e, message_head *h)
{
    uint32_t i = e->at;
    h->kind = e->value[HR_MIXED_KIND][i];
    h->ts_event = e->value[HR_MIXED_TS_EVENT][i];
    h->ts_recv = e->value[HR_MIXED_TS_RECV][i];
    h->seq = id_or_none(e->value[HR_MIXED_SEQ][i]);
    h->first = id_or_none(e->value[HR_MIXED_SEQ_FIRST][i]);
    h->prev = id_or_none(e->value[HR_MIXED_SEQ_PREV][i]);
    h->venue = e->text[HR_MIXED_VENUE][i];
    h->symbol = e->text[HR_MIXED_SYMBOL][i];
}

static bool same_message(const hr_pq_mixed *e, const message_head *h)
{
    uint32_t i = e->at;
    return e->value[HR_MIXED_KIND][i] == h->kind &&
           id_or_none(e->value[HR_MIXED_SEQ][i]) == h->seq &&
           e->value[HR_MIXED_TS_RECV][i] == h->ts_recv &&
           e->value[HR_MIXED_TS_EVENT][i] == h->ts_event &&
           same_text(&e->text[HR_MIXED_SYMBOL][i], &h->symbol) &&
           same_text(&e->text[HR_MIXED_VENUE][i], &h->venue);
}

/* -1, or the reason why no message can have this head. */
static int check_head(const message_head *h)
{
    if (h->kind == HR_NULL_I64 || h->kind == HR_MSG_BAD || h->kind == HR_MSG_OTHER)
        return HR_REJECT_UNKNOWN;
    if (h->kind != HR_MSG_STATUS && h->ts_recv == HR_NULL_I64) return HR_REJECT_TIME;
    if (h->venue.len != HR_TEXT_NULL && h->venue.len > HR_VENUE_MAX) return HR_REJECT_SYMBOL;
    return -1;
}

/* HR_OK, HR_FULL: the dictionary has no room; else -1 - reason is put into *reason. */
static hr_status set_head(const hr_pq_mixed *e, hr_evbatch *b, const message_head *h, int *reason)
{
    uint32_t m = b->n_msgs;
    char venue[HR_VENUE_MAX + 1] = {0};
    *reason = check_head(h);
    if (*reason >= 0) return HR_OK;
    b->kind[m] = (uint8_t)h->kind;
    b->flags[m] = (uint32_t)e->value[HR_MIXED_FLAGS][e->at] &
                  (HR_FLAG_SNAPSHOT | HR_FLAG_GAP | HR_FLAG_RESET | HR_FLAG_AGG | HR_FLAG_MORE |
                   HR_ORDER_MASK);
    b->ts_event[m] = h->ts_event;
    b->ts_recv[m] = h->ts_recv;
    b->seq_last[m] = h->seq;
    b->seq_first[m] = h->first;
    b->seq_prev[m] = h->prev;
    b->src_offset[m] = e->row;
    b->src_line[m] = e->row + 1;
    b->text[m] = -1;
    b->sym[m] = HR_SYM_UNKNOWN;
    if (h->symbol.len == HR_TEXT_NULL) return HR_OK;
    if (h->venue.len != HR_TEXT_NULL) memcpy(venue, h->venue.byte, h->venue.len);
    b->sym[m] = hr_evbatch_sym(b, venue, h->symbol.byte, h->symbol.len);
    if (b->sym[m] >= 0) return HR_OK;
    if (b->n_syms == HR_EVB_SYMS_MAX) return HR_FULL;
    *reason = HR_REJECT_SYMBOL;
    return HR_OK;
}

static int check_level(int64_t kind, int64_t px, int64_t qty, int64_t side)
{
    if (px == HR_NULL_I64 || qty == HR_NULL_I64) return HR_REJECT_NULL;
    if (px == BAD_VALUE || qty == BAD_VALUE) return HR_REJECT_RANGE;
    if (px < 0 || qty < 0) return HR_REJECT_NEGATIVE;
    bool is_level = kind == HR_MSG_DELTA || kind == HR_MSG_SNAPSHOT;
    if (px == 0 && is_level) return HR_REJECT_NEGATIVE;
    if (side == HR_NULL_I64) return HR_REJECT_SIDE;
    return side == HR_SIDE_NONE && (is_level || kind == HR_MSG_TICKER) ? HR_REJECT_SIDE : -1;
}

static bool is_empty_row(const hr_pq_mixed *e)
{
    return e->value[HR_MIXED_SIDE][e->at] == HR_SIDE_NONE &&
           e->value[HR_MIXED_PX][e->at] == HR_NULL_I64 &&
           e->value[HR_MIXED_QTY][e->at] == HR_NULL_I64;
}

static void next_row(hr_pq_mixed *e, hr_evbatch *b)
{
    e->at++;
    e->row++;
    b->n_lines++;
}

/* The level of the row at the cursor; -1, or why it is none. */
static int take_level(hr_pq_mixed *e, hr_evbatch *b, int64_t kind, uint32_t to)
{
    uint32_t i = e->at;
    int64_t px = e->value[HR_MIXED_PX][i];
    int64_t qty = e->value[HR_MIXED_QTY][i];
    int64_t side = e->value[HR_MIXED_SIDE][i];
    int reason = check_level(kind, px, qty, side);
    if (reason >= 0) return reason;
    if (to == b->cap_levels) return HR_REJECT_TOO_MANY_LEVELS;
    b->px[to] = px;
    b->qty[to] = qty;
    b->side[to] = (uint8_t)side;
    return -1;
}

/* Levels of the message at the cursor behind those of the batch, and the cursor past it. *n: how
 * many; *reason, *bad_row: of the first row that is no level: no part of its message is taken. */
static hr_status take_levels(hr_pq_mixed *e, hr_evbatch *b, const message_head *h, uint32_t *n,
                             int *reason, int64_t *bad_row, hr_err *err)
{
    for (bool goes_on = true; goes_on;) {
        if (*reason < 0 && !is_empty_row(e)) {
            *reason = take_level(e, b, h->kind, b->n_levels + *n);
            *bad_row = e->row;
            ++*n;
        }
        bool is_last = (e->value[HR_MIXED_FLAGS][e->at] & HR_FLAG_LAST) != 0;
        next_row(e, b);
        if (is_last) break;
        if (e->at == e->n) {
            hr_status st = refill(e, err);
            if (st == HR_END) break;
            HR_TRY(st);
        }
        goes_on = same_message(e, h);
    }
    return HR_OK;
}

/* Trades have one level, tickers a bid and an ask: books and checks rely on it. */
static bool has_its_shape(const hr_evbatch *b, int64_t kind, uint32_t n)
{
    const uint8_t *side = b->side + b->n_levels;
    if (kind == HR_MSG_TRADE || kind == HR_MSG_ORDER) return n == 1;
    if (kind == HR_MSG_TICKER) return n == 2 && side[0] == HR_SIDE_BID && side[1] == HR_SIDE_ASK;
    return kind != HR_MSG_STATUS || n == 0;
}

static hr_status reject(hr_evbatch *b, int reason, int64_t row)
{
    return hr_evbatch_reject(b, (hr_reject_reason)reason, row, row + 1, "", 0);
}

static hr_status take_message(hr_pq_mixed *e, hr_evbatch *b, hr_err *err)
{
    message_head h;
    int reason;
    uint32_t n = 0;
    int64_t bad_row = e->row;
    hr_text id = e->text[HR_MIXED_TRADE_ID][e->at];
    if (b->n_rejects == b->cap_rejects || (id.len != HR_TEXT_NULL && b->n_texts == b->cap_texts))
        return HR_FULL;
    head_at(e, &h);
    HR_TRY(set_head(e, b, &h, &reason));
    if (reason >= 0) {
        HR_TRY(reject(b, reason, e->row));
        next_row(e, b);
        return HR_OK;
    }
    HR_TRY(take_levels(e, b, &h, &n, &reason, &bad_row, err));
    if (reason < 0 && !has_its_shape(b, h.kind, n)) reason = HR_REJECT_FIELD_MISSING;
    if (reason >= 0) return reject(b, reason, bad_row);
    bool may_have = h.kind == HR_MSG_TRADE || h.kind == HR_MSG_DELTA || h.kind == HR_MSG_SNAPSHOT;
    if (id.len != HR_TEXT_NULL && may_have) {
        b->texts[b->n_texts] = id;
        b->text[b->n_msgs] = (int32_t)b->n_texts++;
    }
    b->n_levels += n;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
    return HR_OK;
}

hr_status hr_pq_mixed_next(hr_pq_mixed *e, hr_evbatch *b, uint32_t target_rows, hr_err *err)
{
    b->source_idx = e->info.source_idx;
    while (b->n_msgs + b->n_levels < target_rows &&
           (b->n_msgs == 0 || hr_evbatch_has_room(b, 1, MESSAGE_LEVELS))) {
        if (e->at == e->n) {
            hr_status st = refill(e, err);
            b->src_end = e->row;
            if (st != HR_OK) return st;
        }
        hr_status st = take_message(e, b, err);
        if (st == HR_FULL) break;
        HR_TRY(st);
    }
    b->src_end = e->row;
    return HR_OK;
}
