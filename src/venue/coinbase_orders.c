/* SPDX-License-Identifier: Apache-2.0 */
/* Coinbase Exchange order by order (docs.cdp.coinbase.com: Exchange WebSocket channels, Full;
 * REST, Get product book, level 3):
 *   {"type":"received"|"activate",..}                       nothing of the book
 *   {"type":"open","order_id":..,"price":..,"remaining_size":..,"side":..}      it rests now
 *   {"type":"match","trade_id":..,"maker_order_id":..,"size":..,"price":..,"side": the maker's}
 *   {"type":"change","order_id":..,"new_size":..,"new_price":..}  also of orders that do not rest
 *   {"type":"done","order_id":..,"reason":..}                     the same
 * all with product_id, sequence (a product's own, each one more than the one before) and time; and
 *   {"bids":[["price","size","order_id"],..],"asks":[..],"sequence":..}
 * the book to begin with: messages up to its sequence are in it.
 *
 * Order ids are UUIDs; a book of orders knows numbers. Of the 128 bits 63 are kept, by a mixing
 * that is the same always: among N live orders two have one number with a chance of N * N / 2^64,
 * one in 1.5 billion for 110,000. The later is then a fault (duplicate_order) and not in the book.
 *
 * A book may be longer than any batch: whoever cuts the text does so between two orders, and gives
 * what follows behind the line's own head, with "continues":N in it, the orders before it
 * (pipe/source_parts.h). So a list may end behind a comma. The last message says how many orders
 * there were in all: where a part was refused, the desk has fewer, and no book. */
#include <string.h>

#include "venue/read.h"

#define UUID_CHARS 36u

/* ---- ids ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_uuid(const char *s, size_t n)
{
    if (n != UUID_CHARS) return false;
    for (size_t i = 0; i < n; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? s[i] != '-' : hex_of(s[i]) < 0) return false;
    }
    return true;
}

/* 63 bits of a UUID. */
static int read_uuid(hr_json *j, int64_t *out)
{
    hr_json_str s;
    uint64_t v[2] = {0, 0};
    int rc = hr_read_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    if (!is_uuid(s.s, s.n)) return HR_LINE_REJECT(HR_REJECT_NUMBER);
    for (size_t i = 0, k = 0; i < s.n; i++)
        if (s.s[i] != '-') {
            v[k / 16] = v[k / 16] << 4 | (uint64_t)hex_of(s.s[i]);
            k++;
        }
    /* The finalizer of SplitMix64 over both halves: a bijection of each. */
    uint64_t h = v[0] * UINT64_C(0x9e3779b97f4a7c15) ^ v[1];
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    *out = (int64_t)((h ^ h >> 31) >> 1);
    return HR_LINE_DONE;
}

/* ---- what is one ---- */

static const char *find(const char *s, size_t n, const char *what)
{
    return memmem(s, n, what, strlen(what));
}

/* Three texts in a list in a list behind "bids" or "asks", the last a UUID. */
static bool is_book(const char *s, size_t n)
{
    for (int side = 0; side < 2; side++) {
        const char *at = find(s, n, side == 0 ? "\"bids\"" : "\"asks\"");
        hr_json j;
        hr_json_str id;
        if (at == NULL) continue;
        hr_json_init(&j, at + 6, (size_t)(s + n - at - 6));
        if (j.p < j.end && *j.p == ':') j.p++;
        if (!hr_json_enter_array(&j) || !hr_json_next_item(&j) || !hr_json_enter_array(&j))
            continue;
        int k = 0;
        while (k < 2 && hr_json_next_item(&j) && hr_json_skip(&j))
            k++;
        if (k == 2 && hr_json_next_item(&j) && hr_json_peek(&j) == HR_JSON_STRING &&
            hr_json_string(&j, &id) && is_uuid(id.s, id.n))
            return true;
    }
    return false;
}

/* Nobody wants to buy and nobody to sell: in a feed of orders that is a book too. */
static bool is_empty_book(const char *s, size_t n)
{
    static const char *const keys[] = {"\"bids\"", "\"asks\""};
    for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++) {
        const char *at = find(s, n, keys[i]);
        hr_json j;
        if (at == NULL) return false;
        hr_json_init(&j, at + 6, (size_t)(s + n - at - 6));
        if (j.p < j.end && *j.p == ':') j.p++;
        if (!hr_json_enter_array(&j) || hr_json_next_item(&j) || j.error != NULL) return false;
    }
    return find(s, n, "\"sequence\"") != NULL;
}

bool hr_coinbase_is_orders(const char *s, size_t n)
{
    static const char *const types[] = {"\"received\"", "\"open\"", "\"done\"", "\"change\""};
    if (find(s, n, "\"order_id\"") == NULL || find(s, n, "\"product_id\"") == NULL)
        return is_book(s, n);
    for (size_t i = 0; i < HR_ARRAY_LEN(types); i++)
        if (find(s, n, types[i]) != NULL) return true;
    return false;
}

/* ---- messages ---- */

enum {
    F_TYPE,
    F_PRODUCT,
    F_TIME,
    F_SEQUENCE,
    F_ORDER,
    F_MAKER,
    F_TRADE_ID,
    F_SIDE,
    F_PRICE,
    F_SIZE,
    F_REMAINING,
    F_NEW_SIZE,
    F_NEW_PRICE,
    N_FIELDS
};
static const char *const names[N_FIELDS] = {
    "type", "product_id", "time", "sequence",       "order_id", "maker_order_id", "trade_id",
    "side", "price",      "size", "remaining_size", "new_size", "new_price",
};

typedef struct message {
    hr_json at[N_FIELDS];
    uint32_t seen;
} message;

typedef struct order {
    hr_order_action action;
    hr_side side;
    int64_t id, px, qty, seq, prev, ns;
    hr_json_str symbol;
    uint32_t flags;
} order;

static bool has(const message *m, int field)
{
    return (m->seen & HR_READ_BIT(field)) != 0;
}

static int put(const hr_line *l, const order *o)
{
    uint32_t m;
    hr_evbatch *b = l->batch;
    int rc = hr_read_begin(l, HR_MSG_ORDER, o->ns, o->symbol, &m);
    /* A book that names no product is its source's only one's: the merge knows. */
    bool is_nameless = o->symbol.n + l->hint.n == 0 && l->info->symbol[0] == '\0';
    if (rc != HR_LINE_DONE && (rc != HR_LINE_REJECT(HR_REJECT_SYMBOL) || !is_nameless)) return rc;
    b->flags[m] |= (uint32_t)o->action << HR_ORDER_SHIFT | o->flags;
    b->seq_first[m] = o->id;
    b->seq_last[m] = o->seq;
    b->seq_prev[m] = o->prev;
    b->px[b->n_levels] = o->px;
    b->qty[b->n_levels] = o->qty;
    b->side[b->n_levels] = (uint8_t)o->side;
    hr_line_commit(l, 1);
    return HR_LINE_DONE;
}

static int need(const message *m, uint32_t fields)
{
    return (m->seen & fields) == fields ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
}

static int read_px(const hr_line *l, message *m, int field, int64_t *out)
{
    return hr_read_decimal(&m->at[field], out, l->info->px_scale);
}

static int read_qty(const hr_line *l, message *m, int field, int64_t *out)
{
    return hr_read_decimal(&m->at[field], out, l->info->qty_scale);
}

/* Nothing at a price, or something for nothing, is no order. */
static int check_size(const order *o)
{
    return o->px > 0 && o->qty > 0 ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_NEGATIVE);
}

static int read_open(const hr_line *l, message *m, order *o)
{
    o->action = HR_ORDER_ADD;
    int rc = need(m, HR_READ_BIT(F_ORDER) | HR_READ_BIT(F_SIDE) | HR_READ_BIT(F_PRICE) |
                         HR_READ_BIT(F_REMAINING));
    if (rc == HR_LINE_DONE) rc = read_uuid(&m->at[F_ORDER], &o->id);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&m->at[F_SIDE], &o->side);
    if (rc == HR_LINE_DONE) rc = read_px(l, m, F_PRICE, &o->px);
    if (rc == HR_LINE_DONE) rc = read_qty(l, m, F_REMAINING, &o->qty);
    return rc == HR_LINE_DONE ? check_size(o) : rc;
}

static int read_match(const hr_line *l, message *m, order *o)
{
    o->action = HR_ORDER_EXECUTE;
    int rc = need(m, HR_READ_BIT(F_MAKER) | HR_READ_BIT(F_SIDE) | HR_READ_BIT(F_PRICE) |
                         HR_READ_BIT(F_SIZE) | HR_READ_BIT(F_TRADE_ID));
    if (rc == HR_LINE_DONE) rc = read_uuid(&m->at[F_MAKER], &o->id);
    if (rc == HR_LINE_DONE) rc = hr_read_side(&m->at[F_SIDE], &o->side);
    if (rc == HR_LINE_DONE) rc = read_px(l, m, F_PRICE, &o->px);
    if (rc == HR_LINE_DONE) rc = read_qty(l, m, F_SIZE, &o->qty);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&m->at[F_TRADE_ID], &o->prev);
    return rc == HR_LINE_DONE ? check_size(o) : rc;
}

/* Of a market order there is no price; a change of the funds of one says nothing of sizes. */
static int read_change(const hr_line *l, message *m, order *o)
{
    hr_json probe = m->at[F_NEW_PRICE];
    if (!has(m, F_NEW_SIZE)) return HR_LINE_DONE;
    int rc = need(m, HR_READ_BIT(F_ORDER));
    if (rc == HR_LINE_DONE) rc = read_uuid(&m->at[F_ORDER], &o->id);
    if (rc == HR_LINE_DONE) rc = read_qty(l, m, F_NEW_SIZE, &o->qty);
    if (rc == HR_LINE_DONE && has(m, F_NEW_PRICE) && hr_json_peek(&probe) != HR_JSON_NULL)
        rc = read_px(l, m, F_NEW_PRICE, &o->px);
    o->action = o->qty > 0 ? HR_ORDER_MODIFY : HR_ORDER_DELETE;
    return rc;
}

static int read_done(message *m, order *o)
{
    o->action = HR_ORDER_DELETE;
    int rc = need(m, HR_READ_BIT(F_ORDER));
    return rc == HR_LINE_DONE ? read_uuid(&m->at[F_ORDER], &o->id) : rc;
}

static int put_order(const hr_line *l, message *m, hr_json_str type)
{
    order o = {.action = HR_ORDER_NOTE, .side = HR_SIDE_NONE, .prev = -1, .ns = HR_NULL_I64};
    int rc = need(m, HR_READ_BIT(F_PRODUCT) | HR_READ_BIT(F_SEQUENCE));
    if (rc == HR_LINE_DONE) rc = hr_read_text(&m->at[F_PRODUCT], &o.symbol);
    if (rc == HR_LINE_DONE) rc = hr_read_int(&m->at[F_SEQUENCE], &o.seq);
    if (rc == HR_LINE_DONE && has(m, F_TIME)) rc = hr_read_rfc3339(&m->at[F_TIME], &o.ns);
    if (rc != HR_LINE_DONE) return rc;
    if (HR_IS(type, "open")) rc = read_open(l, m, &o);
    if (HR_IS(type, "match")) rc = read_match(l, m, &o);
    if (HR_IS(type, "change")) rc = read_change(l, m, &o);
    if (HR_IS(type, "done")) rc = read_done(m, &o);
    return rc == HR_LINE_DONE ? put(l, &o) : rc;
}

/* ---- books ---- */

typedef struct book {
    order o;       /* what all of its messages share */
    int64_t seq;   /* -1: not said yet */
    int64_t n;     /* orders of it so far, of pieces before this one too */
    bool is_first; /* no order of this line was met */
    bool goes_on;  /* the text ends between two orders */
} book;

/* Does the text end behind a comma? */
static bool ends_here(hr_json *j)
{
    const char *p = j->p;
    while (p < j->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == j->end || *p != ',') return false;
    for (p++; p < j->end && (*p == ' ' || *p == '\t'); p++) {
    }
    if (p < j->end) return false;
    j->p = j->end;
    return true;
}

static int enter(hr_json *j)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    return hr_json_enter_array(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

static int read_entry(const hr_line *l, hr_json *j, order *o)
{
    int rc = HR_LINE_DONE;
    int not_list = enter(j);
    if (not_list != HR_LINE_DONE) return not_list;
    for (int k = 0; rc == HR_LINE_DONE && hr_json_next_item(j); k++) {
        rc = k == 0   ? hr_read_decimal(j, &o->px, l->info->px_scale)
             : k == 1 ? hr_read_decimal(j, &o->qty, l->info->qty_scale)
             : k == 2 ? read_uuid(j, &o->id)
                      : hr_read_skip(j);
    }
    if (rc == HR_LINE_DONE && j->error != NULL) rc = HR_LINE_REJECT(HR_REJECT_JSON);
    if (rc != HR_LINE_DONE) return rc;
    return o->id < 0 ? HR_LINE_REJECT(HR_REJECT_FIELD_MISSING) : check_size(o);
}

static int begin_book(const hr_line *l, book *k)
{
    order o = k->o;
    if (!k->is_first) return HR_LINE_DONE;
    k->is_first = false;
    o.action = HR_ORDER_CLEAR;
    o.id = 0;
    o.seq = k->seq;
    return put(l, &o);
}

static int read_side(const hr_line *l, hr_json *j, hr_side side, book *k)
{
    int rc = begin_book(l, k);
    if (rc != HR_LINE_DONE) return rc;
    rc = enter(j);
    if (rc != HR_LINE_DONE) return rc;
    while (!k->goes_on && hr_json_next_item(j)) {
        order o = k->o;
        o.action = HR_ORDER_ADD;
        o.side = side;
        o.id = -1;
        o.seq = k->seq;
        rc = read_entry(l, j, &o);
        if (rc == HR_LINE_DONE) rc = put(l, &o);
        if (rc != HR_LINE_DONE) return rc;
        k->n++;
        k->goes_on = ends_here(j);
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

static int on_book_key(const hr_line *l, hr_json *j, hr_json_str key, book *k)
{
    if (HR_IS(key, "bids")) return read_side(l, j, HR_SIDE_BID, k);
    if (HR_IS(key, "asks")) return read_side(l, j, HR_SIDE_ASK, k);
    if (HR_IS(key, "sequence")) return hr_read_int(j, &k->seq);
    if (HR_IS(key, "time") || HR_IS(key, "captured_at")) return hr_read_rfc3339(j, &k->o.ns);
    if (HR_IS(key, "product_id") || HR_IS(key, "product")) return hr_read_text(j, &k->o.symbol);
    if (!HR_IS(key, "continues")) return hr_read_skip(j);
    k->is_first = false;
    return hr_read_int(j, &k->n);
}

/* A request's path: products/BTC-USD/book. */
static hr_json_str symbol_of(hr_json_str hint)
{
    const char *slash = hint.n > 0 ? memchr(hint.s, '/', hint.n) : NULL;
    if (slash != NULL) hint.n = (size_t)(slash - hint.s);
    return hint;
}

/* The name may stand behind the lists. */
static hr_json_str name_in(const hr_json *j)
{
    static const char key_text[] = "\"product_id\"";
    hr_json_str name = {0};
    const char *at = find(j->p, (size_t)(j->end - j->p), key_text);
    if (at == NULL) return name;
    at += sizeof key_text - 1;
    while (at < j->end && (*at == ':' || *at == ' '))
        at++;
    hr_json probe;
    hr_json_init(&probe, at, (size_t)(j->end - at));
    if (hr_json_peek(&probe) != HR_JSON_STRING || !hr_json_string(&probe, &name)) name.n = 0;
    return name;
}

static int put_book(const hr_line *l, hr_json *j)
{
    hr_json_str key;
    book k = {.seq = -1, .is_first = true};
    k.o = (order){.side = HR_SIDE_NONE,
                  .prev = -1,
                  .ns = HR_NULL_I64,
                  .symbol = symbol_of(l->hint),
                  .flags = HR_FLAG_SNAPSHOT};
    if (k.o.symbol.n == 0) k.o.symbol = name_in(j);
    if (!hr_json_enter_object(j)) return hr_read_wrong_type(hr_json_peek(j));
    while (!k.goes_on && hr_json_next_key(j, &key)) {
        int rc = on_book_key(l, j, key, &k);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (k.goes_on) return HR_LINE_DONE;
    if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_JSON);
    if (k.seq < 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    order o = k.o;
    o.action = HR_ORDER_NOTE;
    o.id = 0;
    o.seq = k.seq;
    o.prev = k.n;
    return put(l, &o);
}

int hr_coinbase_orders(const hr_line *l, hr_json *j, bool *is_other)
{
    static const char *const types[] = {"received", "open", "match", "change", "done", "activate"};
    message m;
    hr_json_str type;
    hr_json at = *j;
    *is_other = false;
    /* A book begins so within its first bytes, and may end anywhere. */
    if (is_book(j->p, HR_MIN((size_t)(j->end - j->p), (size_t)4096))) return put_book(l, j);
    int rc = hr_read_fields(&at, names, N_FIELDS, m.at, &m.seen);
    if (rc == HR_LINE_DONE && !has(&m, F_TYPE) && is_empty_book(j->p, (size_t)(at.p - j->p)))
        return put_book(l, j);
    if (rc != HR_LINE_DONE || !has(&m, F_TYPE) ||
        hr_read_text(&m.at[F_TYPE], &type) != HR_LINE_DONE) {
        *is_other = true; /* whatever is wrong with it is said there */
        return HR_LINE_DONE;
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(types); i++)
        if (type.n == strlen(types[i]) && memcmp(type.s, types[i], type.n) == 0) {
            *j = at;
            return put_order(l, &m, type);
        }
    /* Levels of another channel would change the same book: the orders say it all. */
    if (HR_IS(type, "l2update") || HR_IS(type, "snapshot")) {
        *j = at;
        return HR_LINE_DONE;
    }
    *is_other = true;
    return HR_LINE_DONE;
}
