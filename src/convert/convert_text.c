/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as text: captures in Binance's own words, and Tardis CSV. Numbers are written in their
 * shortest exact form. */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "convert/pen.h"

#define LINE_HEAD_MAX 512u
#define LEVEL_MAX (2 * HR_DECIMAL_TEXT_MAX + 8u)
#define ROW_MAX 512u
#define NS_PER_US 1000
#define NS_PER_MS 1000000

static const char l2_header[] =
    "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n";
static const char trades_header[] =
    "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
static const char quotes_header[] =
    "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n";
/* In its archives the USD-M futures have these. */
static const char agg_trades_header[] =
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n";
static const char binance_trades_header[] = "id,price,qty,quote_qty,time,is_buyer_maker\n";
static const char book_ticker_header[] =
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time"
    "\n";
static const char depth_header[] =
    "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n";

/* ---- CSV ---- */

const char *hr_text_out_header(hr_target_format to)
{
    static const char *const header[HR_TO_COUNT] = {[HR_TO_TARDIS] = l2_header,
                                                    [HR_TO_TARDIS_TRADES] = trades_header,
                                                    [HR_TO_TARDIS_QUOTES] = quotes_header,
                                                    [HR_TO_BINANCE_AGG_TRADES] = agg_trades_header,
                                                    [HR_TO_BINANCE_TRADES] = binance_trades_header,
                                                    [HR_TO_BINANCE_BOOK_TICKER] =
                                                        book_ticker_header,
                                                    [HR_TO_BINANCE_DEPTH] = depth_header};
    return header[to];
}

hr_status hr_text_out_begin(hr_text_out *t, hr_err *err)
{
    const char *header = hr_text_out_header(t->to);
    return header != NULL ? hr_out_put(t->file, header, strlen(header), err) : HR_OK;
}

static int64_t floor_us(int64_t ns)
{
    return ns / NS_PER_US - (ns % NS_PER_US < 0);
}

void hr_text_out_head(hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    int64_t event = b->ts_event[m] != HR_NULL_I64 ? b->ts_event[m] : b->ts_recv[m];
    hr_pen_text(k, s->venue);
    hr_pen_put(k, ",", 1);
    hr_pen_text(k, s->symbol);
    hr_pen_int(k, ",", floor_us(event));
    hr_pen_int(k, ",", floor_us(b->ts_recv[m]));
    hr_pen_put(k, ",", 1);
}

static void put_csv_trade(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    static const char *const side[] = {",buy,", ",sell,", ",unknown,"};
    uint32_t at = (uint32_t)b->level_begin[m];
    hr_text_out_head(k, b, m);
    if (b->text[m] >= 0) {
        const hr_text *id = &b->texts[b->text[m]];
        bool quotes = memchr(id->byte, ',', id->len) != NULL;
        hr_pen_put(k, "\"", quotes);
        hr_pen_put(k, id->byte, id->len);
        hr_pen_put(k, "\"", quotes);
    } else if (b->seq_last[m] >= 0) {
        hr_pen_decimal(k, b->seq_last[m], 0);
    }
    hr_pen_text(k, side[b->side[at]]);
    hr_pen_decimal(k, b->px[at], t->px_scale);
    hr_pen_put(k, ",", 1);
    hr_pen_decimal(k, b->qty[at], t->qty_scale);
    hr_pen_put(k, "\n", 1);
}

static void put_csv_levels(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    bool is_snapshot = b->kind[m] == HR_MSG_SNAPSHOT;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        hr_text_out_head(k, b, m);
        hr_pen_text(k, is_snapshot ? "true" : "false");
        hr_pen_text(k, b->side[i] == HR_SIDE_BID ? ",bid," : ",ask,");
        hr_pen_decimal(k, b->px[i], t->px_scale);
        hr_pen_put(k, ",", 1);
        hr_pen_decimal(k, b->qty[i], t->qty_scale);
        hr_pen_put(k, "\n", 1);
    }
}

/* Amount and price in either order; a side that is empty has neither. */
static void put_csv_side(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t at,
                         bool is_bid)
{
    if (b->qty[at] == 0) {
        hr_pen_put(k, ",", 1);
        return;
    }
    hr_pen_decimal(k, is_bid ? b->px[at] : b->qty[at], is_bid ? t->px_scale : t->qty_scale);
    hr_pen_put(k, ",", 1);
    hr_pen_decimal(k, is_bid ? b->qty[at] : b->px[at], is_bid ? t->qty_scale : t->px_scale);
}

static void put_csv_quote(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    hr_text_out_head(k, b, m);
    put_csv_side(t, k, b, at + 1, false);
    hr_pen_put(k, ",", 1);
    put_csv_side(t, k, b, at, true);
    hr_pen_put(k, "\n", 1);
}

/* A file has one unit of time; only what is too early for it is in the other. */
static void put_binance_time(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    int64_t event = b->ts_event[m] != HR_NULL_I64 ? b->ts_event[m] : b->ts_recv[m];
    bool is_in_us = t->is_in_us && event / NS_PER_US >= HR_CSV_US_LEAST;
    hr_pen_decimal(k, is_in_us ? event / NS_PER_US : event / NS_PER_MS, 0);
}

/* What events do not hold stays empty: the ids of the single trades, the amount in the other
 * currency. */
static void put_binance_trade(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    hr_pen_decimal(k, b->seq_last[m], 0);
    hr_pen_put(k, ",", 1);
    hr_pen_decimal(k, b->px[at], t->px_scale);
    hr_pen_put(k, ",", 1);
    hr_pen_decimal(k, b->qty[at], t->qty_scale);
    hr_pen_text(k, t->to == HR_TO_BINANCE_AGG_TRADES ? ",,," : ",,");
    put_binance_time(t, k, b, m);
    hr_pen_text(k, b->side[at] == HR_SIDE_BID ? ",false\n" : ",true\n");
}

/* A side that is empty is two zeros, as in the venue's messages. Events have one of the two times:
 * event_time stays empty. */
static void put_book_ticker(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    hr_pen_decimal(k, b->seq_last[m], 0);
    for (uint32_t i = at; i < at + 2; i++) {
        hr_pen_put(k, ",", 1);
        hr_pen_decimal(k, b->qty[i] != 0 ? b->px[i] : 0, t->px_scale);
        hr_pen_put(k, ",", 1);
        hr_pen_decimal(k, b->qty[i], t->qty_scale);
    }
    hr_pen_put(k, ",", 1);
    put_binance_time(t, k, b, m);
    hr_pen_put(k, ",\n", 2);
}

static void put_depth_rows(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    const char *type = b->kind[m] == HR_MSG_SNAPSHOT ? ",snap," : ",set,";
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        hr_pen_room(k, ROW_MAX);
        hr_pen_text(k, b->syms[b->sym[m]].symbol);
        hr_pen_put(k, ",", 1);
        put_binance_time(t, k, b, m);
        hr_pen_int(k, ",", b->seq_first[m]);
        hr_pen_int(k, ",", b->seq_last[m]);
        hr_pen_text(k, b->side[i] == HR_SIDE_BID ? ",b" : ",a");
        hr_pen_text(k, type);
        hr_pen_decimal(k, b->px[i], t->px_scale);
        hr_pen_put(k, ",", 1);
        hr_pen_decimal(k, b->qty[i], t->qty_scale);
        hr_pen_int(k, ",", b->seq_prev[m]);
        hr_pen_put(k, "\n", 1);
    }
}

/* ---- captures ---- */

static void put_levels(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m,
                       hr_side side)
{
    bool is_first = true;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        if (b->side[i] != side) continue;
        hr_pen_room(k, LEVEL_MAX);
        hr_pen_text(k, is_first ? "[\"" : ",[\"");
        hr_pen_decimal(k, b->px[i], t->px_scale);
        hr_pen_put(k, "\",\"", 3);
        hr_pen_decimal(k, b->qty[i], t->qty_scale);
        hr_pen_put(k, "\"]", 2);
        is_first = false;
    }
}

static void put_symbol(hr_pen *k, const char *key, const hr_evbatch *b, uint32_t m)
{
    if (b->sym[m] < 0) return;
    hr_pen_text(k, key);
    hr_pen_text(k, b->syms[b->sym[m]].symbol);
    hr_pen_put(k, "\"", 1);
}

static void put_quoted(hr_pen *k, const char *key, int64_t v, unsigned scale)
{
    hr_pen_text(k, key);
    hr_pen_decimal(k, v, scale);
    hr_pen_put(k, "\"", 1);
}

static void put_event_time(hr_pen *k, const char *key, const hr_evbatch *b, uint32_t m)
{
    if (b->ts_event[m] != HR_NULL_I64) hr_pen_int(k, key, b->ts_event[m] / NS_PER_MS);
}

static void put_depth(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    hr_pen_text(k, "{\"e\":\"depthUpdate\"");
    put_event_time(k, ",\"E\":", b, m);
    put_symbol(k, ",\"s\":\"", b, m);
    hr_pen_int(k, ",\"U\":", b->seq_first[m]);
    hr_pen_int(k, ",\"u\":", b->seq_last[m]);
    if (b->seq_prev[m] >= 0) hr_pen_int(k, ",\"pu\":", b->seq_prev[m]);
    hr_pen_text(k, ",\"b\":[");
    put_levels(t, k, b, m, HR_SIDE_BID);
    hr_pen_text(k, "],\"a\":[");
    put_levels(t, k, b, m, HR_SIDE_ASK);
    hr_pen_text(k, "]}");
}

static void put_snapshot(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    hr_pen_int(k, "{\"lastUpdateId\":", b->seq_last[m]);
    put_event_time(k, ",\"E\":", b, m);
    put_symbol(k, ",\"symbol\":\"", b, m);
    hr_pen_text(k, ",\"bids\":[");
    put_levels(t, k, b, m, HR_SIDE_BID);
    hr_pen_text(k, "],\"asks\":[");
    put_levels(t, k, b, m, HR_SIDE_ASK);
    hr_pen_text(k, "]}");
}

static void put_trade(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    bool is_agg = (b->flags[m] & HR_FLAG_AGG) != 0;
    hr_pen_text(k, is_agg ? "{\"e\":\"aggTrade\"" : "{\"e\":\"trade\"");
    put_event_time(k, ",\"E\":", b, m);
    put_symbol(k, ",\"s\":\"", b, m);
    hr_pen_int(k, is_agg ? ",\"a\":" : ",\"t\":", b->seq_last[m]);
    put_quoted(k, ",\"p\":\"", b->px[at], t->px_scale);
    put_quoted(k, ",\"q\":\"", b->qty[at], t->qty_scale);
    put_event_time(k, ",\"T\":", b, m);
    hr_pen_text(k, b->side[at] == HR_SIDE_BID ? ",\"m\":false}" : ",\"m\":true}");
}

static void put_ticker(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    bool is_spot = b->sym[m] >= 0 && strcmp(b->syms[b->sym[m]].venue, "binance") == 0;
    hr_pen_text(k, is_spot ? "{" : "{\"e\":\"bookTicker\","); /* spot gives it no name */
    hr_pen_int(k, "\"u\":", b->seq_last[m]);
    put_event_time(k, ",\"E\":", b, m);
    put_symbol(k, ",\"s\":\"", b, m);
    put_quoted(k, ",\"b\":\"", b->px[at], t->px_scale);
    put_quoted(k, ",\"B\":\"", b->qty[at], t->qty_scale);
    put_quoted(k, ",\"a\":\"", b->px[at + 1], t->px_scale);
    put_quoted(k, ",\"A\":\"", b->qty[at + 1], t->qty_scale);
    hr_pen_put(k, "}", 1);
}

/* The stream's name as the venue would give it. */
static void put_stream(hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    static const char *const channel[HR_MSG_KIND_COUNT] = {
        [HR_MSG_DELTA] = "@depth", [HR_MSG_TRADE] = "@trade", [HR_MSG_TICKER] = "@bookTicker"};
    char name[HR_SYMBOL_MAX + 1];
    hr_msg_kind kind = (hr_msg_kind)b->kind[m];
    if (b->sym[m] < 0 || channel[kind] == NULL) return;
    const char *s = b->syms[b->sym[m]].symbol;
    size_t n = 0;
    for (; s[n] != '\0'; n++)
        name[n] = s[n] >= 'A' && s[n] <= 'Z' ? (char)(s[n] + 32) : s[n];
    hr_pen_text(k, "\"stream\":\"");
    hr_pen_put(k, name, n);
    hr_pen_text(k, (b->flags[m] & HR_FLAG_AGG) ? "@aggTrade" : channel[kind]);
    hr_pen_text(k, "\",");
}

/* Which of Binance's markets it is: the first line says so for the file, since a head without a
 * depth update would not. */
static void put_venue(hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    if (t->has_venue || b->sym[m] < 0) return;
    hr_pen_text(k, "\"venue\":\"");
    hr_pen_text(k, b->syms[b->sym[m]].venue);
    hr_pen_text(k, "\",");
    t->has_venue = true;
}

static void put_capture(hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    if (t->to == HR_TO_CAPTURE) {
        hr_pen_decimal(k, b->ts_recv[m], 0);
        hr_pen_put(k, " {", 2);
    } else {
        hr_pen_int(k, "{\"capture_ns\":", b->ts_recv[m]);
        hr_pen_put(k, ",", 1);
    }
    put_stream(k, b, m);
    put_venue(t, k, b, m);
    hr_pen_text(k, "\"data\":");
    switch ((hr_msg_kind)b->kind[m]) {
    case HR_MSG_DELTA:
        put_depth(t, k, b, m);
        break;
    case HR_MSG_SNAPSHOT:
        put_snapshot(t, k, b, m);
        break;
    case HR_MSG_TRADE:
        put_trade(t, k, b, m);
        break;
    case HR_MSG_TICKER:
        put_ticker(t, k, b, m);
        break;
    case HR_MSG_BAD:
    case HR_MSG_STATUS:
    case HR_MSG_OTHER:
    case HR_MSG_ORDER:
    case HR_MSG_KIND_COUNT:
        HR_ASSERT(false);
        break;
    }
    hr_pen_put(k, "}\n", 2);
}

hr_status hr_text_out_message(hr_text_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    hr_pen k = hr_pen_init(t->file, err);
    hr_msg_kind kind = (hr_msg_kind)b->kind[m];
    hr_pen_room(&k, LINE_HEAD_MAX);
    if (t->to == HR_TO_TARDIS_TRADES)
        put_csv_trade(t, &k, b, m);
    else if (t->to == HR_TO_TARDIS_QUOTES)
        put_csv_quote(t, &k, b, m);
    else if (t->to == HR_TO_BINANCE_AGG_TRADES || t->to == HR_TO_BINANCE_TRADES)
        put_binance_trade(t, &k, b, m);
    else if (t->to == HR_TO_BINANCE_BOOK_TICKER)
        put_book_ticker(t, &k, b, m);
    else if (t->to == HR_TO_BINANCE_DEPTH)
        put_depth_rows(t, &k, b, m);
    else if (t->to == HR_TO_BITSTAMP_ORDERS)
        hr_bitstamp_put(t, &k, b, m);
    else if (t->to == HR_TO_TARDIS)
        put_csv_levels(t, &k, b, m);
    else
        put_capture(t, &k, b, m);
    *n_rows += kind == HR_MSG_TICKER ? 1 : (uint64_t)(b->level_begin[m + 1] - b->level_begin[m]);
    return hr_pen_end(&k);
}
