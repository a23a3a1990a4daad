/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table, grouped into messages. */
#include "fmt/pq_events.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "fmt/pq_mixed.h"
#include "fmt/pq_step.h"
#include "fmt/pq_table.h"

#define KEY_FLAGS (HR_FLAG_SNAPSHOT | HR_FLAG_AGG)
#define MESSAGE_LEVELS 12288u /* 5,000 levels a side, and some */
#define COPY_ROWS 256u        /* at least so many rows are copied at a time */

/* What the rows of one message share. */
typedef struct message_key {
    int64_t seq_last, seq_first, seq_prev, ts_event, ts_recv, flags;
    char venue[HR_VENUE_MAX + 1];
    char symbol[HR_SYMBOL_MAX + 1];
} message_key;

/* A message that is being put together. It outlives the batch it was begun in when that has no room
 * for it: its levels then wait in px, qty, side. */
typedef struct message {
    message_key key;
    int64_t row;     /* its first */
    uint64_t n_rows; /* rows taken for it, bad ones included */
    uint32_t n;      /* levels */
    bool is_open;
    bool is_head_good; /* of the row at the cursor: it need not be looked at again */
    bool is_complete;  /* all its rows are taken */
    bool is_too_large;
    uint32_t cap; /* of the arrays */
    int64_t *px, *qty;
    uint8_t *side;
} message;

struct hr_pq_events {
    hr_pq_mixed *mixed; /* an events table: all else but table.info is unused */
    pq_table table;
    hr_arena *arena;
    message msg;
    pq_step step;       /* deltas */
    int64_t n_left_out; /* rows before the table's cursor that no message stands for yet */
    bool has_names;     /* those of the open message's key are there */
    bool has_sym;
    int32_t sym;     /* of the key's names in the batch */
    uint32_t copied; /* rows of the step before it lie in the batch, by their distance to here: */
    int64_t to;      /* place in the batch less place in the step */
};

/* ---- opening ---- */

static uint32_t count_nested(const hr_pq_file *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++)
        if (!hr_pq_file_column(f, i)->is_flat) n++;
    return n;
}

hr_status hr_pq_events_sniff(hr_source_info *info, char *why, size_t why_cap, const char *path,
                             const hr_pq_file *f, hr_err *err)
{
    bool has_time = hr_pq_table_find(f, PQ_C_EVENT) >= 0;
    bool has_level =
        hr_pq_table_find(f, PQ_C_PX) >= 0 && hr_pq_table_find(f, PQ_C_QTY) >= 0 && has_time;
    bool is_trade = hr_pq_file_find(f, "side_is_bid") < 0 &&
                    (hr_pq_table_find(f, PQ_C_ID) >= 0 || hr_pq_file_find(f, "buyer_maker") >= 0 ||
                     hr_pq_file_find(f, "is_buyer_maker") >= 0);
    bool has_symbol = hr_pq_table_find(f, PQ_C_SYMBOL) >= 0;
    uint32_t n_nested = count_nested(f);
    uint32_t n_csv;
    hr_sniff_path(info, path);
    const char *csv = hr_pq_file_meta(f, HR_PQ_CSV_KEY, &n_csv);
    if (csv != NULL) /* liquidations look like trades */
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "a table that was made of CSV (%.*s): it holds no events",
                       (int)HR_MIN(n_csv, 40u), csv);
    if (hr_pq_is_mixed(f)) {
        info->format = HR_FORMAT_PARQUET_DELTAS; /* until its first row says what it came from */
        snprintf(why, why_cap, "columns of an events table%s%s",
                 hr_pq_file_is_parquet(f) ? "" : ", in an ",
                 hr_pq_file_is_parquet(f) ? "" : hr_pq_file_kind(f));
        return HR_OK;
    }
    if (hr_pq_file_find(f, "action") >= 0 && hr_pq_file_find(f, "order_id") >= 0)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "a table of single orders (action, order_id), not of price levels");
    if (hr_pq_file_find(f, "bid_0_price") >= 0 && has_time)
        info->format = HR_FORMAT_PARQUET_BOOK;
    else if (has_level && is_trade)
        info->format = HR_FORMAT_PARQUET_TRADES;
    else if (has_level && hr_pq_table_find(f, PQ_C_SIDE) >= 0)
        info->format = HR_FORMAT_PARQUET_DELTAS;
    else
        return HR_FAIL(
            err, HR_EUNSUPPORTED,
            "none of the known tables' columns are there (origin_time, side_is_bid, price, size; or"
            " bid_0_price, ...)");
    if (info->symbol[0] == '\0' && !has_symbol)
        snprintf(info->symbol, sizeof info->symbol, "UNKNOWN");
    int n = snprintf(why, why_cap, "columns of %s%s", hr_format_name(info->format),
                     has_symbol ? ", the instrument by row" : "");
    if (!hr_pq_file_is_parquet(f) && n > 0 && (size_t)n < why_cap)
        n += snprintf(why + n, why_cap - (size_t)n, ", in an %s", hr_pq_file_kind(f));
    if (n_nested > 0 && n > 0 && (size_t)n < why_cap)
        snprintf(why + n, why_cap - (size_t)n, "; %u nested columns are left out", n_nested);
    return HR_OK;
}

hr_status hr_pq_events_create(hr_pq_events **out, hr_pq_file *f, const hr_source_info *info,
                              hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_pq_events *e = hr_arena_alloc(arena, sizeof *e, 64);
    if (e == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read a table");
    memset(e, 0, sizeof *e);
    e->arena = arena;
    e->table.info = *info;
    HR_TRY(hr_pq_is_mixed(f) ? hr_pq_mixed_create(&e->mixed, f, info, &e->table.info, arena, err)
                             : hr_pq_table_open(&e->table, f, info, arena, err));
    *out = e;
    return HR_OK;
}

hr_format hr_pq_events_format(const hr_pq_events *e)
{
    return e->table.info.format;
}

bool hr_pq_events_has_orders(const hr_pq_events *e)
{
    return e->table.info.has_orders;
}

void hr_pq_events_skip_to(hr_pq_events *e, int64_t row)
{
    e->table.skip_to = e->table.row = row;
    if (e->mixed != NULL) hr_pq_mixed_skip_to(e->mixed, row);
}

hr_status hr_pq_events_want(hr_pq_events *e, const hr_pq_want *w, hr_err *err)
{
    return e->mixed != NULL ? HR_OK : hr_pq_table_want(&e->table, w, e->arena, err);
}

/* ---- rows ---- */

static bool has(const pq_table *t, int c)
{
    return t->col[c].cursor != NULL;
}

static int64_t get(const pq_table *t, int c, int64_t absent)
{
    const int64_t *v = t->col[c].value;
    return v == NULL || v[t->at] == HR_NULL_I64 ? absent : v[t->at];
}

static bool is_lake_snapshot(const pq_table *t)
{
    return hr_pq_has_lake_snapshots(t) && get(t, PQ_C_EVENT, HR_NULL_I64) == 0;
}

static int64_t event_time(const pq_table *t)
{
    return is_lake_snapshot(t) ? HR_NULL_I64 : get(t, PQ_C_EVENT, HR_NULL_I64);
}

static int64_t key_flags(const pq_table *t)
{
    return is_lake_snapshot(t) ? HR_FLAG_SNAPSHOT : get(t, PQ_C_FLAGS, 0) & KEY_FLAGS;
}

/* Why a row cannot be used, for what it says of its message, or -1. A row needs one clock at least:
 * without the capturer's, the venue's stands for it. */
static int bad_head(const pq_table *t)
{
    static const int ids[] = {PQ_C_SEQ, PQ_C_FIRST, PQ_C_PREV, PQ_C_FLAGS};
    int64_t event = event_time(t);
    int64_t recv = get(t, PQ_C_RECV, HR_NULL_I64);
    for (int c = PQ_C_SYMBOL; c <= PQ_C_VENUE; c++)
        if (has(t, c) && hr_pq_mark_reason(t->col[c].value[t->at]) >= 0) return HR_REJECT_SYMBOL;
    if (event == HR_NULL_I64 && recv == HR_NULL_I64) return HR_REJECT_NULL;
    if (event != HR_NULL_I64 && hr_pq_mark_reason(event) >= 0) return HR_REJECT_TIME;
    if (recv != HR_NULL_I64 && hr_pq_mark_reason(recv) >= 0) return HR_REJECT_TIME;
    for (size_t i = 0; i < HR_ARRAY_LEN(ids); i++)
        if (get(t, ids[i], 0) < -1) return HR_REJECT_RANGE;
    return -1;
}

static int bad_level(int64_t px, int64_t qty)
{
    int reason = hr_pq_mark_reason(px);
    if (reason < 0) reason = hr_pq_mark_reason(qty);
    if (reason < 0 && (px <= 0 || qty < 0)) reason = HR_REJECT_NEGATIVE;
    return reason;
}

/* The same for a row with one price. A book change needs a side; a trade may have none, if it says
 * so. */
static int bad_values(const pq_table *t)
{
    bool is_trade = t->info.format == HR_FORMAT_PARQUET_TRADES;
    int reason = bad_level(t->col[PQ_C_PX].value[t->at], t->col[PQ_C_QTY].value[t->at]);
    if (reason >= 0 || !has(t, PQ_C_SIDE)) return reason;
    int64_t side = t->col[PQ_C_SIDE].value[t->at];
    reason = hr_pq_mark_reason(side);
    return reason < 0 && side == HR_SIDE_NONE && !is_trade ? (int)HR_REJECT_SIDE : reason;
}

static int bad_row(const pq_table *t)
{
    int reason = bad_head(t);
    return reason >= 0 ? reason : bad_values(t);
}

static void read_numbers(message_key *k, const pq_table *t)
{
    k->ts_event = event_time(t);
    k->ts_recv = get(t, PQ_C_RECV, k->ts_event);
    k->seq_last = get(t, PQ_C_SEQ, -1);
    k->seq_first = get(t, PQ_C_FIRST, k->seq_last);
    k->seq_prev = get(t, PQ_C_PREV, -1);
    k->flags = key_flags(t);
}

static void read_names(message_key *k, const pq_table *t)
{
    const char *symbol = t->info.symbol;
    const char *venue = t->info.venue;
    int64_t i = get(t, PQ_C_SYMBOL, -1);
    if (i >= 0) symbol = t->names[0]->text[i];
    i = get(t, PQ_C_VENUE, -1);
    if (i >= 0) venue = t->names[1]->text[i];
    HR_ASSERT(symbol != NULL && venue != NULL);
    memset(k->symbol, 0, sizeof k->symbol);
    memset(k->venue, 0, sizeof k->venue);
    memcpy(k->symbol, symbol, strnlen(symbol, HR_SYMBOL_MAX));
    memcpy(k->venue, venue, strnlen(venue, HR_VENUE_MAX));
}

static void read_key(message_key *k, const pq_table *t)
{
    read_numbers(k, t);
    read_names(k, t);
}

/* True when the row at the cursor says of its message what the row before it said. Most rows do. */
static bool repeats_head(const pq_table *t)
{
    if (t->at == 0) return false;
    for (int c = 0; c < PQ_C_SIDE; c++)
        if (has(t, c) && t->col[c].value[t->at] != t->col[c].value[t->at - 1]) return false;
    return true;
}

/* True when the row at the cursor has this key. */
static bool row_has_key(const pq_table *t, const message_key *k)
{
    int64_t event = event_time(t);
    int64_t seq = get(t, PQ_C_SEQ, -1);
    if (event != k->ts_event || seq != k->seq_last || get(t, PQ_C_RECV, event) != k->ts_recv ||
        get(t, PQ_C_FIRST, seq) != k->seq_first || get(t, PQ_C_PREV, -1) != k->seq_prev ||
        key_flags(t) != k->flags)
        return false;
    int64_t i = get(t, PQ_C_SYMBOL, -1);
    if (i >= 0 && strcmp(t->names[0]->text[i], k->symbol) != 0) return false;
    i = get(t, PQ_C_VENUE, -1);
    return i < 0 || strcmp(t->names[1]->text[i], k->venue) == 0;
}

static void next_row(pq_table *t, hr_evbatch *b)
{
    t->at++;
    t->row++;
    b->n_lines++;
}

/* ---- messages ---- */

static hr_status reject(const pq_table *t, hr_evbatch *b, int reason)
{
    return hr_evbatch_reject(b, (hr_reject_reason)reason, t->row, t->row + 1, "", 0);
}

/* Index of the key's instrument, HR_FULL where the batch has no room for another; -1 in *sym: no
 * such symbol can be. */
static hr_status find_sym(int32_t *sym, hr_evbatch *b, const message_key *k)
{
    *sym = hr_evbatch_sym(b, k->venue, k->symbol, strlen(k->symbol));
    return *sym < 0 && b->n_syms == HR_EVB_SYMS_MAX && b->n_msgs > 0 ? HR_FULL : HR_OK;
}

/* Its n levels lie behind the batch's. */
static void commit(hr_evbatch *b, const message_key *k, hr_msg_kind kind, int32_t sym, int64_t row,
                   uint32_t n)
{
    uint32_t m = b->n_msgs++;
    b->kind[m] = (uint8_t)kind;
    b->flags[m] = (uint32_t)k->flags;
    b->ts_event[m] = k->ts_event;
    b->ts_recv[m] = k->ts_recv;
    b->seq_last[m] = k->seq_last;
    b->seq_first[m] = k->seq_first;
    b->seq_prev[m] = k->seq_prev;
    b->src_offset[m] = row;
    b->src_line[m] = row + 1;
    b->text[m] = -1;
    b->sym[m] = sym;
    b->n_levels += n;
    b->level_begin[m + 1] = (int32_t)b->n_levels;
}

/* ---- a message between batches ---- */

/* Keeps the open message for the next batch, which re-reads nothing. */
static hr_status stash(hr_pq_events *e, hr_evbatch *b, hr_err *err)
{
    message *m = &e->msg;
    if (m->cap < b->cap_levels) {
        size_t n = b->cap_levels;
        m->px = hr_arena_alloc(e->arena, n * sizeof *m->px, 64);
        m->qty = hr_arena_alloc(e->arena, n * sizeof *m->qty, 64);
        m->side = hr_arena_alloc(e->arena, n, 64);
        m->cap = m->px != NULL && m->qty != NULL && m->side != NULL ? b->cap_levels : 0;
    }
    if (m->n > m->cap)
        return HR_FAIL(err, HR_EBUDGET,
                       "no memory to keep a message of %u rows for the next batch: raise"
                       " engine.memory",
                       m->n);
    if (m->n > 0) {
        memcpy(m->px, b->px + b->n_levels, m->n * sizeof *m->px);
        memcpy(m->qty, b->qty + b->n_levels, m->n * sizeof *m->qty);
        memcpy(m->side, b->side + b->n_levels, m->n);
    }
    b->n_lines -= m->n_rows;
    b->src_end = m->row;
    return HR_FULL;
}

/* HR_FULL: the batch is no fresh one. */
static hr_status unstash(message *m, hr_evbatch *b)
{
    if (m->n > b->cap_levels - b->n_levels) {
        b->src_end = m->row;
        if (b->n_msgs > 0) return HR_FULL;
        m->is_too_large = true;
        m->n = 0;
    }
    if (m->n > 0) {
        memcpy(b->px + b->n_levels, m->px, m->n * sizeof *m->px);
        memcpy(b->qty + b->n_levels, m->qty, m->n * sizeof *m->qty);
        memcpy(b->side + b->n_levels, m->side, m->n);
    }
    b->n_lines += m->n_rows;
    return HR_OK;
}

/* ---- many rows at once ---- */

/* Rows of a step without a bad one go into the batch as they lie, some way past the message: what
 * comes after it there is not counted until it is taken. */
static void copy_ahead(hr_pq_events *e, hr_evbatch *b, uint32_t end)
{
    const pq_table *t = &e->table;
    int64_t to = (int64_t)(b->n_levels + e->msg.n) - (int64_t)t->at;
    if (e->to != to || e->copied < t->at) e->copied = t->at;
    e->to = to;
    if (end <= e->copied) return;
    uint32_t from = e->copied;
    uint32_t place = (uint32_t)(to + from);
    uint32_t n = HR_MAX(end - from, HR_MIN(COPY_ROWS, t->n - from));
    n = HR_MIN(n, b->cap_levels - place);
    memcpy(b->px + place, t->col[PQ_C_PX].value + from, n * sizeof *b->px);
    memcpy(b->qty + place, t->col[PQ_C_QTY].value + from, n * sizeof *b->qty);
    memcpy(b->side + place, e->step.side + from, n);
    e->copied = from + n;
}

/* The rows up to the next that says something else, into the message; false: none, they must be
 * looked at one by one. */
static bool take_run(hr_pq_events *e, hr_evbatch *b)
{
    message *m = &e->msg;
    pq_table *t = &e->table;
    if (!e->step.is_clean || m->is_too_large) return false;
    uint32_t end = hr_pq_step_next(&e->step, t->at);
    uint32_t n = end - t->at;
    if (n > b->cap_levels - b->n_levels || m->n > b->cap_levels - b->n_levels - n) return false;
    copy_ahead(e, b, end);
    m->n += n;
    m->n_rows += n;
    t->at = end;
    t->row += n;
    b->n_lines += n;
    return true;
}

/* ---- deltas ---- */

/* The row at the table's cursor, into the message. HR_FULL: not taken. */
static hr_status take_row(hr_pq_events *e, hr_evbatch *b)
{
    message *m = &e->msg;
    const pq_table *t = &e->table;
    int reason = m->is_head_good ? bad_values(t) : bad_row(t);
    if (reason >= 0) return reject(t, b, reason);
    if (b->n_levels + m->n >= b->cap_levels) {
        if (b->n_msgs > 0) return HR_FULL;
        m->is_too_large = true; /* for any batch */
    }
    if (m->is_too_large) return HR_OK;
    uint32_t at = b->n_levels + m->n++;
    b->px[at] = t->col[PQ_C_PX].value[t->at];
    b->qty[at] = t->col[PQ_C_QTY].value[t->at];
    b->side[at] = (uint8_t)t->col[PQ_C_SIDE].value[t->at];
    return HR_OK;
}

static hr_status next_step(hr_pq_events *e, hr_err *err)
{
    e->copied = 0;
    e->step.is_clean = false;
    int64_t row = e->table.row;
    hr_status st = hr_pq_table_fill(&e->table, err);
    if (st >= 0) e->n_left_out += e->table.row - row;
    if (st != HR_OK) return st;
    if (e->table.info.format == HR_FORMAT_PARQUET_DELTAS) hr_pq_step_survey(&e->step, &e->table);
    return HR_OK;
}

/* True when the row at the cursor goes on with the message; reads on where a step or a row group
 * ends. */
static hr_status goes_on(hr_pq_events *e, bool *yes, hr_err *err)
{
    *yes = false;
    if (e->table.at == e->table.n) {
        hr_status st = next_step(e, err);
        if (st == HR_END) return HR_OK;
        HR_TRY(st);
        if (e->n_left_out > 0) return HR_OK; /* rows that were left out end a message */
    }
    *yes = true;
    if (!e->step.is_clean && e->msg.is_head_good && repeats_head(&e->table)) return HR_OK;
    /* A row whose head is bad is rejected where it is met: it ends no message. */
    e->msg.is_head_good = e->step.is_clean || bad_head(&e->table) < 0;
    *yes = !e->msg.is_head_good || row_has_key(&e->table, &e->msg.key);
    return HR_OK;
}

static hr_status gather(hr_pq_events *e, hr_evbatch *b, hr_err *err)
{
    message *m = &e->msg;
    const pq_stored *flags = &e->table.col[PQ_C_FLAGS];
    while (!m->is_complete) {
        bool yes = false;
        if (!take_run(e, b)) {
            hr_status st = take_row(e, b);
            if (st == HR_FULL) return stash(e, b, err);
            HR_TRY(st);
            next_row(&e->table, b);
            m->n_rows++;
        }
        int64_t said = flags->cursor != NULL ? flags->value[e->table.at - 1] : 0;
        if ((said & HR_FLAG_LAST) == 0) HR_TRY(goes_on(e, &yes, err));
        m->is_complete = !yes;
    }
    return HR_OK;
}

/* As find_sym, for the open message: most have the instrument of the one before. */
static hr_status find_own_sym(hr_pq_events *e, hr_evbatch *b)
{
    if (e->has_sym) return HR_OK;
    hr_status st = find_sym(&e->sym, b, &e->msg.key);
    e->has_sym = st == HR_OK && e->sym >= 0;
    return st;
}

static hr_msg_kind kind_of(const message_key *k)
{
    return (k->flags & HR_FLAG_SNAPSHOT) != 0 ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
}

static hr_status finish(hr_pq_events *e, hr_evbatch *b, hr_err *err)
{
    message *m = &e->msg;
    hr_status st = find_own_sym(e, b);
    int reason = m->is_too_large ? (int)HR_REJECT_TOO_MANY_LEVELS : (int)HR_REJECT_SYMBOL;
    if (st == HR_OK && b->n_msgs == b->cap_msgs) st = HR_FULL;
    if (st == HR_OK && (m->is_too_large || e->sym < 0))
        st = hr_evbatch_reject(b, (hr_reject_reason)reason, m->row, m->row + 1, "", 0);
    else if (st == HR_OK)
        commit(b, &m->key, kind_of(&m->key), e->sym, m->row, m->n);
    if (st == HR_FULL) return stash(e, b, err);
    m->is_open = false;
    m->n = 0;
    return st;
}

static void open_message(hr_pq_events *e)
{
    message *m = &e->msg;
    const pq_table *t = &e->table;
    read_numbers(&m->key, t);
    if (!e->has_names || t->names[0] != NULL || t->names[1] != NULL) {
        message_key before = m->key;
        read_names(&m->key, t);
        e->has_names = true;
        if (strcmp(m->key.symbol, before.symbol) != 0 || strcmp(m->key.venue, before.venue) != 0)
            e->has_sym = false;
    }
    m->row = t->row;
    m->n_rows = 0;
    m->n = 0;
    m->is_open = m->is_head_good = true;
    m->is_complete = m->is_too_large = false;
}

/* True when the row surely opens another message than the one before it. */
static bool is_parted(const pq_table *t, uint32_t row)
{
    const int64_t *flags = t->col[PQ_C_FLAGS].value;
    const int64_t *event = t->col[PQ_C_EVENT].value;
    if (flags != NULL && (flags[row - 1] & HR_FLAG_LAST) != 0) return true;
    return event != NULL && event[row] != event[row - 1];
}

/* Messages that lie whole in a step without a bad row, one after the other, as long as nothing is
 * in question. */
static void take_messages(hr_pq_events *e, hr_evbatch *b, uint32_t target_rows, uint32_t wanted)
{
    message *m = &e->msg;
    pq_table *t = &e->table;
    if (!e->step.is_clean || m->is_open || t->names[0] != NULL || t->names[1] != NULL) return;
    while (e->has_sym && b->n_msgs + b->n_levels < target_rows &&
           hr_evbatch_has_room(b, 1, wanted)) {
        uint32_t end = hr_pq_step_next(&e->step, t->at);
        uint32_t n = end - t->at;
        if (end >= t->n || !is_parted(t, end) || n > b->cap_levels - b->n_levels) return;
        copy_ahead(e, b, end);
        read_numbers(&m->key, t);
        commit(b, &m->key, kind_of(&m->key), e->sym, t->row, n);
        t->at = end;
        t->row += n;
        b->n_lines += n;
    }
}

static hr_status take_delta(hr_pq_events *e, hr_evbatch *b, hr_err *err)
{
    if (e->msg.is_open) {
        HR_TRY(unstash(&e->msg, b));
    } else {
        int reason = e->step.is_clean ? -1 : bad_row(&e->table);
        if (reason >= 0) {
            hr_status st = reject(&e->table, b, reason);
            if (st == HR_OK) next_row(&e->table, b);
            return st;
        }
        open_message(e);
    }
    HR_TRY(gather(e, b, err));
    return finish(e, b, err);
}

/* ---- one row, one message ---- */

static hr_status take_bad(pq_table *t, hr_evbatch *b, int reason)
{
    HR_TRY(reject(t, b, reason));
    next_row(t, b);
    return HR_OK;
}

static hr_status take_trade(pq_table *t, hr_evbatch *b)
{
    message_key k;
    int32_t sym = -1;
    int reason = bad_row(t);
    int64_t id = get(t, PQ_C_ID, HR_NULL_I64);
    if (reason < 0 && id != HR_NULL_I64) reason = hr_pq_mark_reason(id);
    if (reason < 0) {
        read_key(&k, t);
        HR_TRY(find_sym(&sym, b, &k));
        if (sym < 0) reason = HR_REJECT_SYMBOL;
    }
    if (reason >= 0) return take_bad(t, b, reason);
    bool is_text = t->id != NULL && id == -1;
    if (is_text && b->n_texts == b->cap_texts) return HR_FULL;
    if (k.seq_last < 0 && id >= 0) k.seq_first = k.seq_last = id;
    b->px[b->n_levels] = t->col[PQ_C_PX].value[t->at];
    b->qty[b->n_levels] = t->col[PQ_C_QTY].value[t->at];
    b->side[b->n_levels] = (uint8_t)get(t, PQ_C_SIDE, HR_SIDE_NONE);
    k.flags &= HR_FLAG_AGG;
    commit(b, &k, HR_MSG_TRADE, sym, t->row, 1);
    if (is_text) {
        b->text[b->n_msgs - 1] = (int32_t)b->n_texts;
        b->texts[b->n_texts++] = t->id[t->at];
    }
    next_row(t, b);
    return HR_OK;
}

/* Levels that a book has not are null, price and size. */
static hr_status take_book(pq_table *t, hr_evbatch *b)
{
    message_key k;
    int32_t sym = -1;
    uint32_t n = 0;
    int reason = bad_head(t);
    for (uint32_t i = 0; i < t->n_level && reason < 0; i += 2) {
        int64_t px = t->level[i].value[t->at];
        int64_t qty = t->level[i + 1].value[t->at];
        if (px == HR_NULL_I64 && qty == HR_NULL_I64) continue;
        reason = bad_level(px, qty);
        if (b->n_levels + n == b->cap_levels) reason = HR_REJECT_TOO_MANY_LEVELS;
        if (reason >= 0) break;
        uint32_t at = b->n_levels + n++;
        b->px[at] = px;
        b->qty[at] = qty;
        b->side[at] = (uint8_t)(i / 2 % 2);
    }
    if (reason < 0) {
        read_key(&k, t);
        HR_TRY(find_sym(&sym, b, &k));
        if (sym < 0) reason = HR_REJECT_SYMBOL;
    }
    if (reason >= 0) return take_bad(t, b, reason);
    k.flags = HR_FLAG_SNAPSHOT;
    commit(b, &k, HR_MSG_SNAPSHOT, sym, t->row, n);
    next_row(t, b);
    return HR_OK;
}

/* Levels that must be free before a message is begun, or the batch empty. */
static uint32_t levels_wanted(const pq_table *t, const hr_evbatch *b)
{
    if (t->info.format == HR_FORMAT_PARQUET_TRADES) return 1;
    if (t->info.format == HR_FORMAT_PARQUET_BOOK) return t->n_level / 2;
    return HR_MIN(MESSAGE_LEVELS, b->cap_levels / 2); /* a whole venue snapshot */
}

/* The one message for rows that were not read. There is room for it. */
static void leave_out(hr_pq_events *e, hr_evbatch *b)
{
    const message_key k = {.flags = HR_FLAG_LEFT_OUT,
                           .ts_event = HR_NULL_I64,
                           .ts_recv = INT64_MIN,
                           .seq_last = INT64_MIN,
                           .seq_first = e->n_left_out,
                           .seq_prev = -1};
    commit(b, &k, HR_MSG_OTHER, HR_SYM_UNKNOWN, e->table.row - e->n_left_out, 0);
    b->n_lines += (uint64_t)e->n_left_out;
    e->n_left_out = 0;
}

hr_status hr_pq_events_next(hr_pq_events *e, hr_evbatch *b, uint32_t target_rows, hr_err *err)
{
    if (e->mixed != NULL) return hr_pq_mixed_next(e->mixed, b, target_rows, err);
    pq_table *t = &e->table;
    uint32_t wanted = levels_wanted(t, b);
    b->source_idx = t->info.source_idx;
    e->has_sym = false;
    e->copied = 0;
    while (b->n_msgs + b->n_levels < target_rows &&
           (b->n_msgs == 0 || hr_evbatch_has_room(b, 1, wanted))) {
        hr_status st = HR_OK;
        if (t->at == t->n && !e->msg.is_open) st = next_step(e, err);
        if (e->n_left_out > 0 && !e->msg.is_open) {
            leave_out(e, b);
            if (st == HR_OK) continue;
        }
        b->src_end = t->row;
        if (st != HR_OK) return st;
        st = t->info.format == HR_FORMAT_PARQUET_DELTAS   ? take_delta(e, b, err)
             : t->info.format == HR_FORMAT_PARQUET_TRADES ? take_trade(t, b)
                                                          : take_book(t, b);
        if (st == HR_FULL && e->msg.is_open) return HR_OK; /* src_end is before that message */
        if (st == HR_FULL) break;
        HR_TRY(st);
        if (t->info.format == HR_FORMAT_PARQUET_DELTAS) take_messages(e, b, target_rows, wanted);
    }
    b->src_end = t->row - e->n_left_out;
    return HR_OK;
}

hr_status hr_pq_events_help(hr_pq_events *e)
{
    return e->mixed != NULL ? HR_AGAIN : hr_pq_table_help(&e->table);
}
