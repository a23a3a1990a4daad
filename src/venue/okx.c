/* SPDX-License-Identifier: Apache-2.0 */
/* OKX v5 public channels (www.okx.com/docs-v5, order book and trades channels):
 *   {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot"|"update","data":[{"asks":
 *    [["px","qty","0","orders"],..],"bids":[..],"ts":"ms","checksum":int32,"seqId":..,
 *    "prevSeqId":..}]}
 *   {"arg":{"channel":"trades",..},"data":[{"instId":..,"tradeId":..,"px":..,"sz":..,"side":..,
 *    "ts":..},..]}
 *   {"arg":{"channel":"bbo-tbt"|"books5",..},"data":[{"asks":..,"bids":..,"ts":..,"seqId":..}]}
 *   {"arg":{"channel":"tickers",..},"data":[{"instId":..,"askPx":..,"askSz":..,"bidPx":..,..}]}
 *
 * prevSeqId names the message before; ids may jump and, in maintenance, fall. Messages from before
 * 2022-09 carry none. A checksum of 0 is none: since June 2026 the venue sends no other. */
#include "venue/read.h"
#include "venue/venue.h"

typedef enum channel {
    CHANNEL_OTHER,
    CHANNEL_BOOKS,
    CHANNEL_WHOLE, /* each message is the whole top */
    CHANNEL_TRADES,
    CHANNEL_TICKERS,
} channel;

typedef struct envelope {
    hr_json_str name, symbol, action;
    hr_json data;
} envelope;

static int on_arg(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    envelope *e = self;
    (void)l;
    if (HR_IS(key, "channel")) return hr_read_text(j, &e->name);
    if (HR_IS(key, "instId")) return hr_read_text(j, &e->symbol);
    return hr_read_skip(j);
}

static int on_envelope(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    envelope *e = self;
    if (HR_IS(key, "arg")) return hr_read_object(l, j, on_arg, e);
    if (HR_IS(key, "action")) return hr_read_text(j, &e->action);
    if (HR_IS(key, "data")) e->data = *j;
    return hr_read_skip(j);
}

static channel channel_of(hr_json_str name)
{
    if (HR_IS(name, "books") || HR_IS(name, "books-l2-tbt") || HR_IS(name, "books50-l2-tbt"))
        return CHANNEL_BOOKS;
    if (HR_IS(name, "books5")) return CHANNEL_WHOLE;
    if (HR_IS(name, "trades") || HR_IS(name, "trades-all")) return CHANNEL_TRADES;
    return HR_IS(name, "tickers") || HR_IS(name, "bbo-tbt") ? CHANNEL_TICKERS : CHANNEL_OTHER;
}

/* ---- books ---- */

typedef struct book {
    hr_json levels[2]; /* by hr_side, where the lists begin */
    int64_t ns, seq, prev, crc;
} book;

static int on_book_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    book *k = self;
    (void)l;
    if (HR_IS(key, "ts")) return hr_read_ms(j, &k->ns);
    if (HR_IS(key, "seqId")) return hr_read_int(j, &k->seq);
    if (HR_IS(key, "checksum")) return hr_read_signed(j, &k->crc, 0);
    if (HR_IS(key, "prevSeqId")) return hr_read_signed(j, &k->prev, 0);
    if (HR_IS(key, "bids")) k->levels[HR_SIDE_BID] = *j;
    if (HR_IS(key, "asks")) k->levels[HR_SIDE_ASK] = *j;
    return hr_read_skip(j);
}

static int put_book(const hr_line *l, book *k, hr_json_str symbol, bool is_snapshot)
{
    hr_evbatch *b = l->batch;
    uint32_t m;
    uint32_t n = 0;
    int rc = hr_read_begin(l, is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, k->ns, symbol, &m);
    for (int s = 0; s < 2 && rc == HR_LINE_DONE; s++)
        if (k->levels[s].p != NULL) rc = hr_read_levels(l, &k->levels[s], (hr_side)s, &n);
    if (rc != HR_LINE_DONE) return rc;
    b->seq_first[m] = b->seq_last[m] = k->seq;
    b->seq_prev[m] = k->prev < 0 ? -1 : k->prev;
    if (k->crc != 0) {
        if (k->crc < INT32_MIN || k->crc > INT32_MAX) return HR_LINE_REJECT(HR_REJECT_RANGE);
        hr_book_note note = {.crc = (uint32_t)k->crc, .checksum = HR_CHECKSUM_OKX};
        rc = hr_read_put_note(l, m, &note);
    }
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int on_book(void *self, const hr_line *l, hr_json *j)
{
    const envelope *e = self;
    book k = {.ns = HR_NULL_I64, .seq = -1, .prev = -1};
    int rc = hr_read_object(l, j, on_book_key, &k);
    bool is_snapshot = HR_IS(e->action, "snapshot") || channel_of(e->name) == CHANNEL_WHOLE;
    return rc == HR_LINE_DONE ? put_book(l, &k, e->symbol, is_snapshot) : rc;
}

/* ---- trades and tickers ---- */

typedef struct trade {
    hr_json_str symbol, side, id;
    int64_t px, qty, ns;
} trade;

static int on_trade_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    trade *t = self;
    if (HR_IS(key, "instId")) return hr_read_text(j, &t->symbol);
    if (HR_IS(key, "tradeId")) return hr_read_text(j, &t->id);
    if (HR_IS(key, "side")) return hr_read_text(j, &t->side);
    if (HR_IS(key, "px")) return hr_read_decimal(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "sz")) return hr_read_decimal(j, &t->qty, l->info->qty_scale);
    if (HR_IS(key, "ts")) return hr_read_ms(j, &t->ns);
    return hr_read_skip(j);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    trade t = {.symbol = ((const envelope *)self)->symbol, .ns = HR_NULL_I64};
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    if (!HR_IS(t.side, "buy") && !HR_IS(t.side, "sell"))
        return HR_LINE_REJECT(t.side.n == 0 ? HR_REJECT_FIELD_MISSING : HR_REJECT_SIDE);
    return hr_read_put_trade(l, t.ns, t.symbol, HR_IS(t.side, "buy") ? HR_SIDE_BID : HR_SIDE_ASK,
                             t.px, t.qty, t.id);
}

typedef struct ticker {
    int64_t bid[2], ask[2];
    int64_t ns;
} ticker;

static int on_ticker_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    ticker *t = self;
    if (HR_IS(key, "bidPx")) return hr_read_decimal_or_none(j, &t->bid[0], l->info->px_scale);
    if (HR_IS(key, "bidSz")) return hr_read_decimal_or_none(j, &t->bid[1], l->info->qty_scale);
    if (HR_IS(key, "askPx")) return hr_read_decimal_or_none(j, &t->ask[0], l->info->px_scale);
    if (HR_IS(key, "askSz")) return hr_read_decimal_or_none(j, &t->ask[1], l->info->qty_scale);
    if (HR_IS(key, "bids")) return hr_read_best(l, j, t->bid);
    if (HR_IS(key, "asks")) return hr_read_best(l, j, t->ask);
    if (HR_IS(key, "ts")) return hr_read_ms(j, &t->ns);
    return hr_read_skip(j);
}

static int on_ticker(void *self, const hr_line *l, hr_json *j)
{
    const envelope *e = self;
    ticker t = {.ns = HR_NULL_I64};
    int rc = hr_read_object(l, j, on_ticker_key, &t);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, t.ns, e->symbol, t.bid, t.ask, -1) : rc;
}

static int decode(const hr_line *l, hr_json *j)
{
    envelope e = {0};
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_OBJECT) return hr_read_wrong_type(t);
    int rc = hr_read_object(l, j, on_envelope, &e);
    if (rc != HR_LINE_DONE || e.data.p == NULL) return rc;
    switch (channel_of(e.name)) {
    case CHANNEL_BOOKS:
    case CHANNEL_WHOLE:
        return hr_read_list(l, &e.data, on_book, &e);
    case CHANNEL_TRADES:
        return hr_read_list(l, &e.data, on_trade, &e);
    case CHANNEL_TICKERS:
        return hr_read_list(l, &e.data, on_ticker, &e);
    case CHANNEL_OTHER:
        break;
    }
    return HR_LINE_DONE;
}

#define REQUEST(name)                                                                              \
    "{\"op\":\"subscribe\",\"args\":[<{\"channel\":\"" name "\",\"instId\":\"$\"}>]}"
static const hr_request requests[] = {
    {"book", REQUEST("books"), 100},
    {"trades", REQUEST("trades"), 100},
    {"ticker", REQUEST("bbo-tbt"), 100},
};
#undef REQUEST

const hr_venue hr_venue_okx = {
    .name = "okx",
    .file = "OKX",
    .hosts = {"ws.okx.com", "wsaws.okx.com", "ws.okex.com"},
    .marks = {"\"arg\":{&\"instId\":"},
    .rule = HR_SEQ_CHAIN,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "ping",
    .keep_alive_s = 25,
    .silent_s = 75,
};
