/* SPDX-License-Identifier: Apache-2.0 */
/* Records as messages of an event batch. */
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"
#include "venue/files/dbn.h"

#define STEP 128u
#define SEEN 64u
#define NS_PER_DAY UINT64_C(86400000000000)
#define LEVELS_AT 48u
#define LEVEL_BYTES 32u
#define MSGS_MAX 2u /* of a record */
#define ROWS_MAX 21u

/* Instruments named in this call: by number, day and whose they are. */
typedef struct seen {
    uint32_t instrument;
    uint32_t day;
    uint32_t publisher; /* whose books, 0: the venue's */
    int32_t sym;        /* -1: free */
} seen;

typedef struct work {
    const hr_dbn_source *s;
    hr_evbatch *b;
    const uint8_t *rec;
    uint8_t layout;
    int64_t offset, row;
    int64_t px_mul, px_div, qty_mul;
    seen seen[SEEN];
} work;

/* What a record of prices says besides them; of those that lack a field it is none. */
typedef struct head {
    uint64_t ts_event, ts_recv;
    uint32_t size, sequence;
    int64_t px;
    char action, side;
    uint8_t flags;
} head;

void hr_dbn_venue(char out[HR_VENUE_MAX + 1], const char *dataset)
{
    size_t n = strnlen(dataset, HR_VENUE_MAX);
    for (size_t i = 0; i < n; i++) {
        char c = dataset[i];
        bool is_big = c >= 'A' && c <= 'Z';
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '.' && i > 0) ||
                       c == '-' || c == '_';
        out[i] = is_big ? (char)(c + ('a' - 'A')) : is_fine ? c : '-';
    }
    if (n == 0) n = (size_t)snprintf(out, HR_VENUE_MAX + 1, "databento");
    out[n] = '\0';
}

/* ---- names ---- */

static size_t clean(char out[HR_SYMBOL_MAX + 1], const char *s, size_t n, uint32_t instrument)
{
    if (n == 0 || n > HR_SYMBOL_MAX)
        return (size_t)snprintf(out, HR_SYMBOL_MAX + 1, "id-%u", instrument);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool is_fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       (c == '.' && i > 0) || c == '_' || c == '-' || c == ':' || c == '/';
        out[i] = is_fine ? (char)c : '_';
    }
    return n;
}

/* Records of one publisher's book, which others have too. Trades are the instrument's. */
static bool is_of_book(uint8_t layout)
{
    return layout == HR_DBN_MBO || layout == HR_DBN_MBP_1 || layout == HR_DBN_MBP_10 ||
           layout == HR_DBN_BBO;
}

/* 0: the venue's own name stands for it. */
static uint32_t publisher_of(const hr_dbn_source *s, const uint8_t *rec, uint8_t layout)
{
    uint16_t publisher;
    if (!s->has_venues || !is_of_book(layout)) return 0;
    memcpy(&publisher, rec + 2, sizeof publisher);
    return publisher != s->publisher ? publisher : 0;
}

/* -1: the batch's dictionary is full. */
static int32_t sym_of(work *w)
{
    char name[HR_SYMBOL_MAX + 1];
    char venue[HR_VENUE_MAX + 1];
    uint32_t instrument;
    uint32_t publisher = publisher_of(w->s, w->rec, w->layout);
    memcpy(&instrument, w->rec + 4, sizeof instrument);
    uint64_t ts = hr_dbn_time(w->rec, w->layout);
    uint32_t day = (uint32_t)(ts / NS_PER_DAY);
    seen *k = &w->seen[(instrument ^ day ^ publisher << 3) % SEEN];
    if (k->sym >= 0 && k->instrument == instrument && k->day == day && k->publisher == publisher)
        return k->sym;
    const char *s = "";
    size_t n = w->s->dir != NULL ? hr_dbn_dir_find(w->s->dir, instrument, ts, &s) : 0;
    n = clean(name, s, n, instrument);
    if (publisher != 0)
        snprintf(venue, sizeof venue, "%.16s-p%u", w->s->venue, publisher & 0xffffu);
    int32_t sym = hr_evbatch_sym(w->b, publisher != 0 ? venue : w->s->venue, name, n);
    if (sym >= 0)
        *k = (seen){.instrument = instrument, .day = day, .publisher = publisher, .sym = sym};
    return sym;
}

/* ---- messages ---- */

static int64_t time_of(uint64_t ns)
{
    return ns <= INT64_MAX ? (int64_t)ns : HR_NULL_I64;
}

static uint32_t begin(work *w, hr_msg_kind kind, const head *h, int32_t sym)
{
    hr_evbatch *b = w->b;
    uint32_t i = b->n_msgs;
    b->kind[i] = (uint8_t)kind;
    b->ts_event[i] = time_of(h->ts_event);
    b->ts_recv[i] = time_of(h->ts_recv);
    b->seq_first[i] = b->seq_last[i] = b->seq_prev[i] = -1;
    b->src_offset[i] = w->offset;
    b->src_line[i] = w->row;
    b->sym[i] = sym;
    b->text[i] = -1;
    b->flags[i] = h->flags & HR_DBN_FLAG_MAYBE_BAD ? HR_FLAG_GAP : 0;
    if (w->s->has_orders && w->layout == HR_DBN_MBO && (h->flags & HR_DBN_FLAG_LAST) == 0)
        b->flags[i] |= HR_FLAG_MORE;
    if (b->ts_recv[i] == HR_NULL_I64) b->ts_recv[i] = b->ts_event[i];
    if (b->ts_recv[i] == HR_NULL_I64) b->flags[i] |= HR_FLAG_NO_TIME;
    return i;
}

static void commit(work *w, uint32_t n_levels)
{
    hr_evbatch *b = w->b;
    b->n_levels += n_levels;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

static bool scale_px(const work *w, int64_t *out, int64_t px)
{
    if (px < 0 || px % w->px_div != 0 || __builtin_mul_overflow(px / w->px_div, w->px_mul, out))
        return false;
    return *out < HR_DECIMAL_LIMIT;
}

static bool put_level(work *w, uint32_t k, uint8_t side, int64_t px, uint32_t size)
{
    hr_evbatch *b = w->b;
    uint32_t at = b->n_levels + k;
    b->side[at] = side;
    return scale_px(w, &b->px[at], px) &&
           !__builtin_mul_overflow((int64_t)size, w->qty_mul, &b->qty[at]) &&
           b->qty[at] < HR_DECIMAL_LIMIT;
}

static uint8_t side_of(char letter)
{
    return letter == 'B' ? HR_SIDE_BID : letter == 'A' ? HR_SIDE_ASK : HR_SIDE_NONE;
}

static bool put_trade(work *w, const head *h, int32_t sym)
{
    if (h->px == INT64_MAX || !put_level(w, 0, side_of(h->side), h->px, h->size)) return false;
    (void)begin(w, HR_MSG_TRADE, h, sym);
    commit(w, 1);
    return true;
}

typedef struct pair {
    int64_t px[2];
    uint32_t size[2];
} pair;

static bool put_ticker(work *w, const head *h, int32_t sym)
{
    pair k;
    memcpy(&k, w->rec + LEVELS_AT, sizeof k);
    for (uint32_t side = 0; side < 2; side++) {
        bool is_empty = k.px[side] == INT64_MAX;
        if (!put_level(w, side, (uint8_t)side, is_empty ? 0 : k.px[side],
                       is_empty ? 0 : k.size[side]))
            return false;
    }
    uint32_t i = begin(w, HR_MSG_TICKER, h, sym);
    w->b->seq_first[i] = w->b->seq_last[i] = h->sequence;
    commit(w, 2);
    return true;
}

static bool put_snapshot(work *w, const head *h, int32_t sym)
{
    uint32_t n = 0;
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t l = 0; l < 10; l++) {
            pair k;
            memcpy(&k, w->rec + LEVELS_AT + l * LEVEL_BYTES, sizeof k);
            if (k.px[side] == INT64_MAX || k.size[side] == 0) continue;
            if (!put_level(w, n, (uint8_t)side, k.px[side], k.size[side])) return false;
            n++;
        }
    }
    uint32_t i = begin(w, HR_MSG_SNAPSHOT, h, sym);
    w->b->seq_first[i] = w->b->seq_last[i] = h->sequence;
    w->b->flags[i] |= HR_FLAG_SNAPSHOT;
    commit(w, n);
    return true;
}

/* An order's side and price are known from its add, so taking away names its quantity alone. F and
 * N change nothing, and neither do levels that are no orders. */
static bool put_order(work *w, const head *h, int32_t sym)
{
    hr_evbatch *b = w->b;
    const hr_dbn_mbo m = hr_dbn_mbo_at(w->rec);
    bool is_level = (m.flags & (HR_DBN_FLAG_TOB | HR_DBN_FLAG_MBP)) != 0;
    hr_order_action action = HR_ORDER_NOTE;
    if (m.action == 'R')
        action = HR_ORDER_CLEAR;
    else if (!is_level && (m.action == 'A' || m.action == 'M'))
        action = m.action == 'A' ? HR_ORDER_ADD : HR_ORDER_PUT;
    else if (!is_level && m.action == 'C')
        action = HR_ORDER_CANCEL;
    bool has_px = action == HR_ORDER_ADD || action == HR_ORDER_PUT;
    bool is_null = !has_px && (m.px == INT64_MAX || m.px < 0);
    bool is_clear = action == HR_ORDER_CLEAR;
    if (m.order_id > INT64_MAX && !is_clear) return false;
    if (!put_level(w, 0, side_of(m.side), action == HR_ORDER_CANCEL || is_null ? 0 : m.px,
                   is_clear ? 0 : m.qty))
        return false;
    if (!has_px && action != HR_ORDER_NOTE) b->side[b->n_levels] = HR_SIDE_NONE;
    uint32_t i = begin(w, HR_MSG_ORDER, h, sym);
    b->seq_first[i] = is_clear ? 0 : (int64_t)m.order_id;
    b->flags[i] |= (uint32_t)action << HR_ORDER_SHIFT;
    commit(w, 1);
    return true;
}

static void put_other(work *w)
{
    head h = {.ts_event = UINT64_MAX, .ts_recv = UINT64_MAX};
    memcpy(&h.ts_event, w->rec + 8, sizeof h.ts_event);
    (void)begin(w, HR_MSG_OTHER, &h, HR_SYM_UNKNOWN);
    commit(w, 0);
}

/* ---- records ---- */

static void read_head(head *h, const work *w)
{
    const uint8_t *p = w->rec;
    if (w->layout == HR_DBN_MBO) {
        hr_dbn_mbo m;
        memcpy(&m, p, sizeof m);
        *h = (head){.ts_event = m.ts_event,
                    .ts_recv = m.ts_recv,
                    .size = m.qty,
                    .px = m.px,
                    .action = m.action,
                    .side = m.side,
                    .flags = m.flags};
        return;
    }
    memcpy(&h->ts_event, p + 8, 8);
    memcpy(&h->px, p + 16, 8);
    memcpy(&h->size, p + 24, 4);
    memcpy(&h->ts_recv, p + 32, 8);
    memcpy(&h->sequence, p + 44, 4);
    h->action = (char)p[28];
    h->side = (char)p[29];
    h->flags = p[30];
    if (w->layout == HR_DBN_CMBP_1 || w->layout == HR_DBN_CBBO) h->sequence = 0;
    if (w->layout == HR_DBN_BBO || w->layout == HR_DBN_CBBO) h->action = 'N';
}

static bool has_events(uint8_t layout)
{
    return layout <= HR_DBN_CBBO; /* trades, mbp, mbo, bbo, cmbp, cbbo */
}
_Static_assert(HR_DBN_CBBO == 6 && HR_DBN_TRADES == 0, "they come first");

static hr_status reject(work *w, hr_reject_reason why, size_t n)
{
    return hr_evbatch_reject(w->b, why, w->offset, w->row, (const char *)w->rec, n);
}

/* One record's messages, or a reject; HR_FULL: no room, nothing was put. */
static hr_status put_record(work *w, size_t n_bytes)
{
    hr_evbatch *b = w->b;
    if (!hr_evbatch_has_room(b, MSGS_MAX, ROWS_MAX)) return HR_FULL;
    head h = {0};
    bool has = has_events(w->layout);
    if (has) read_head(&h, w);
    bool is_trade = w->layout == HR_DBN_TRADES || h.action == 'T';
    bool is_order = w->layout == HR_DBN_MBO && !is_trade;
    if (!has || (is_order && !w->s->has_orders)) {
        put_other(w);
        return HR_OK;
    }
    int32_t sym = sym_of(w);
    if (sym < 0) return HR_FULL;
    uint32_t n_msgs = b->n_msgs;
    uint32_t n_levels = b->n_levels;
    bool ok = !is_trade || put_trade(w, &h, sym);
    if (is_order)
        ok = put_order(w, &h, sym);
    else if (w->layout == HR_DBN_MBP_10)
        ok = ok && put_snapshot(w, &h, sym);
    else if (w->layout != HR_DBN_TRADES && w->layout != HR_DBN_MBO)
        ok = ok && put_ticker(w, &h, sym);
    if (ok) return HR_OK;
    b->n_msgs = n_msgs;
    b->n_levels = n_levels;
    return reject(w, HR_REJECT_RANGE, n_bytes);
}

static hr_reject_reason reject_of(hr_dbn_reason r)
{
    return r == HR_DBN_TRUNCATED ? HR_REJECT_TRUNCATED : HR_REJECT_UNKNOWN;
}

/* What the walk called bad: one reject; where it is lost all that follows is part of it. */
static hr_status put_bad(work *w, const hr_dbn_step *step, const uint8_t *p, size_t n_bytes,
                         int64_t base, size_t *pos)
{
    size_t end = step->is_lost ? n_bytes : *pos + step->n_taken;
    *pos += step->offset;
    w->rec = p + *pos;
    w->offset = base + (int64_t)*pos;
    HR_TRY(reject(w, reject_of(step->reason), end - *pos));
    w->row++;
    w->b->n_lines++;
    *pos = end;
    return step->is_lost ? HR_END : HR_OK;
}

uint32_t hr_dbn_mapping_count(const uint8_t *p, size_t n_bytes)
{
    uint32_t n = 0;
    for (size_t len; n_bytes >= HR_DBN_HEAD && (len = p[0] * 4u) >= HR_DBN_HEAD && len <= n_bytes;
         p += len, n_bytes -= len) {
        uint8_t layout = hr_dbn_layout_of(p[1], len);
        n += layout == HR_DBN_MAPPING_1 || layout == HR_DBN_MAPPING_2;
    }
    return n;
}

void hr_dbn_learn(hr_dbn_source *s, hr_dbn_dir *d, const uint8_t *p, size_t n_bytes)
{
    uint16_t first = 0;
    bool has_several = false;
    for (size_t len; n_bytes >= HR_DBN_HEAD && (len = p[0] * 4u) >= HR_DBN_HEAD && len <= n_bytes;
         p += len, n_bytes -= len) {
        uint16_t publisher;
        memcpy(&publisher, p + 2, sizeof publisher);
        if (d != NULL) (void)hr_dbn_dir_note(d, p);
        if (!is_of_book(hr_dbn_layout_of(p[1], len))) continue;
        if (first == 0) first = publisher;
        has_several = has_several || publisher != first;
    }
    s->has_venues = first != 0;
    s->publisher = has_several ? 0 : first;
}

static void work_init(work *w, const hr_dbn_source *s, hr_evbatch *b)
{
    *w = (work){.s = s, .b = b, .px_mul = 1, .px_div = 1, .qty_mul = hr_pow10[s->qty_scale]};
    if (s->px_scale >= 9)
        w->px_mul = hr_pow10[s->px_scale - 9];
    else
        w->px_div = hr_pow10[9 - s->px_scale];
    for (uint32_t i = 0; i < SEEN; i++)
        w->seen[i].sym = -1;
}

/* The records that one step of the walk found; *n_done of them are in the batch. */
static hr_status put_records(work *w, const hr_dbn_rec *recs, uint32_t n, const uint8_t *p,
                             int64_t base, uint32_t target_rows, uint32_t *n_done)
{
    for (*n_done = 0; *n_done < n; ++*n_done) {
        const hr_dbn_rec *r = &recs[*n_done];
        if (*n_done > 0 && w->b->n_msgs + w->b->n_levels >= target_rows) return HR_FULL;
        w->rec = p + r->at;
        w->layout = r->layout;
        w->offset = base + r->at;
        HR_TRY(put_record(w, r->bytes));
        w->row++;
        w->b->n_lines++;
    }
    return HR_OK;
}

hr_status hr_dbn_decode(const hr_dbn_source *s, hr_evbatch *b, const uint8_t *p, size_t n_bytes,
                        size_t *pos, int64_t base_offset, int64_t *row, uint32_t target_rows,
                        bool at_eof)
{
    hr_dbn_rec recs[STEP];
    work w;
    work_init(&w, s, b);
    w.row = *row;
    b->source_idx = s->source_idx;
    hr_status st = HR_OK;
    while (st == HR_OK && *pos < n_bytes) {
        hr_dbn_step step;
        uint32_t n_done;
        const uint8_t *from = p + *pos;
        if (b->n_msgs > 0 && b->n_msgs + b->n_levels >= target_rows) {
            st = HR_FULL;
            break;
        }
        hr_status walked =
            hr_dbn_walk(&step, recs, HR_ARRAY_LEN(recs), from, n_bytes - *pos, at_eof);
        st = put_records(&w, recs, step.n_recs, from, base_offset + (int64_t)*pos, target_rows,
                         &n_done);
        if (st != HR_OK)
            *pos += recs[n_done].at;
        else if (walked == HR_EINPUT)
            st = put_bad(&w, &step, p, n_bytes, base_offset, pos);
        else
            *pos += step.n_taken;
        if (walked == HR_OK) break;
    }
    *row = w.row;
    b->src_end = base_offset + (int64_t)*pos;
    return st;
}
