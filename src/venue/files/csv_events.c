/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a message a row: what data.binance.vision and Tardis publish beside books. */
#include "venue/files/csv_events.h"

#include <string.h>

#include "text/decimal.h"

/* Places in the layouts of csv_table.c. */
enum { AGG_ID, AGG_PX, AGG_QTY, AGG_FIRST, AGG_LAST, AGG_TIME, AGG_MAKER };
enum { TRADE_ID, TRADE_PX, TRADE_QTY, TRADE_QUOTE_QTY, TRADE_TIME, TRADE_MAKER };
enum { BOOK_ID, BOOK_BID_PX, BOOK_BID_QTY, BOOK_ASK_PX, BOOK_ASK_QTY, BOOK_TIME };
enum {
    QUOTE_VENUE,
    QUOTE_SYMBOL,
    QUOTE_TIME,
    QUOTE_LOCAL,
    QUOTE_ASK_QTY,
    QUOTE_ASK_PX,
    QUOTE_BID_PX,
    QUOTE_BID_QTY
};

static hr_csv_field get(const hr_line *l, const hr_csv_field *f, int c)
{
    return f[l->info->column[c]]; /* all that are asked for are there */
}

static bool is(hr_csv_field f, const char *text)
{
    return f.n == strlen(text) && memcmp(f.s, text, f.n) == 0;
}

/* All rows are of the file's one instrument: that of the message before. */
static int set_instrument(const hr_line *l, uint32_t msg)
{
    hr_evbatch *b = l->batch;
    const char *symbol = l->info->symbol;
    if (symbol[0] == '\0') return HR_LINE_REJECT(HR_REJECT_SYMBOL); /* no row can say it */
    if (msg > 0 && b->sym[msg - 1] >= 0) {
        b->sym[msg] = b->sym[msg - 1];
        return HR_LINE_DONE;
    }
    const hr_csv_field none = {.s = ""};
    const hr_csv_field name = {.s = symbol, .n = (uint32_t)strlen(symbol)};
    return hr_csv_event_instrument(l, msg, none, name);
}

/* Files have the venue's time only. */
static int set_head(const hr_line *l, uint32_t msg, hr_csv_field id, hr_csv_field time)
{
    hr_evbatch *b = l->batch;
    int64_t v;
    hr_status st = hr_int_parse(&v, id.s, id.n);
    if (st != HR_OK) return hr_line_reject_number(st);
    if (v < 0) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    b->seq_first[msg] = b->seq_last[msg] = v;
    if (!hr_csv_event_time(&b->ts_event[msg], time)) return HR_LINE_REJECT(HR_REJECT_TIME);
    b->ts_recv[msg] = b->ts_event[msg];
    return set_instrument(l, msg);
}

/* The buyer rested, so the seller took. */
static int read_maker(uint8_t *side, hr_csv_field f)
{
    bool is_maker = is(f, "true") || is(f, "True");
    *side = is_maker ? HR_SIDE_ASK : HR_SIDE_BID;
    if (is_maker || is(f, "false") || is(f, "False")) return HR_LINE_DONE;
    return HR_LINE_REJECT(HR_REJECT_FIELD_TYPE);
}

static int put_trade(const hr_line *l, const hr_csv_field *f, bool is_aggregate)
{
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    uint32_t at = b->n_levels;
    int rc = set_head(l, msg, get(l, f, is_aggregate ? AGG_ID : TRADE_ID),
                      get(l, f, is_aggregate ? AGG_TIME : TRADE_TIME));
    if (rc == HR_LINE_DONE)
        rc = hr_csv_event_number(l, &b->px[at], get(l, f, is_aggregate ? AGG_PX : TRADE_PX),
                                 l->info->px_scale);
    if (rc == HR_LINE_DONE)
        rc = hr_csv_event_number(l, &b->qty[at], get(l, f, is_aggregate ? AGG_QTY : TRADE_QTY),
                                 l->info->qty_scale);
    if (rc == HR_LINE_DONE)
        rc = read_maker(&b->side[at], get(l, f, is_aggregate ? AGG_MAKER : TRADE_MAKER));
    if (rc == HR_LINE_DONE && b->px[at] == 0) rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    if (rc != HR_LINE_DONE) return rc;
    b->kind[msg] = HR_MSG_TRADE;
    if (is_aggregate) b->flags[msg] = HR_FLAG_AGG;
    hr_line_commit(l, 1);
    return HR_LINE_DONE;
}

/* A side without quantity is empty, whatever its price; nothing at all (Tardis) is the same. */
static int read_side(const hr_line *l, uint32_t at, hr_side side, hr_csv_field px, hr_csv_field qty)
{
    hr_evbatch *b = l->batch;
    int rc = HR_LINE_DONE;
    b->side[at] = (uint8_t)side;
    b->px[at] = b->qty[at] = 0;
    if (px.n == 0 && qty.n == 0) return HR_LINE_DONE;
    rc = hr_csv_event_number(l, &b->px[at], px, l->info->px_scale);
    if (rc == HR_LINE_DONE) rc = hr_csv_event_number(l, &b->qty[at], qty, l->info->qty_scale);
    if (rc == HR_LINE_DONE && b->px[at] == 0 && b->qty[at] != 0)
        rc = HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    if (b->qty[at] == 0) b->px[at] = 0;
    return rc;
}

static int put_ticker(const hr_line *l, const hr_csv_field *f, const int *bid, const int *ask,
                      uint32_t msg)
{
    hr_evbatch *b = l->batch;
    uint32_t at = b->n_levels;
    int rc = read_side(l, at, HR_SIDE_BID, get(l, f, bid[0]), get(l, f, bid[1]));
    if (rc == HR_LINE_DONE)
        rc = read_side(l, at + 1, HR_SIDE_ASK, get(l, f, ask[0]), get(l, f, ask[1]));
    if (rc != HR_LINE_DONE) return rc;
    b->kind[msg] = HR_MSG_TICKER;
    hr_line_commit(l, 2);
    return HR_LINE_DONE;
}

static int put_book_ticker(const hr_line *l, const hr_csv_field *f)
{
    static const int bid[] = {BOOK_BID_PX, BOOK_BID_QTY};
    static const int ask[] = {BOOK_ASK_PX, BOOK_ASK_QTY};
    uint32_t msg = hr_line_begin(l);
    int rc = set_head(l, msg, get(l, f, BOOK_ID), get(l, f, BOOK_TIME));
    return rc == HR_LINE_DONE ? put_ticker(l, f, bid, ask, msg) : rc;
}

static int put_quote(const hr_line *l, const hr_csv_field *f)
{
    static const int bid[] = {QUOTE_BID_PX, QUOTE_BID_QTY};
    static const int ask[] = {QUOTE_ASK_PX, QUOTE_ASK_QTY};
    hr_evbatch *b = l->batch;
    uint32_t msg = hr_line_begin(l);
    if (!hr_csv_event_time(&b->ts_event[msg], get(l, f, QUOTE_TIME)) ||
        !hr_csv_event_time(&b->ts_recv[msg], get(l, f, QUOTE_LOCAL)))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    int rc = hr_csv_event_instrument(l, msg, get(l, f, QUOTE_VENUE), get(l, f, QUOTE_SYMBOL));
    return rc == HR_LINE_DONE ? put_ticker(l, f, bid, ask, msg) : rc;
}

int hr_csv_event_put(const hr_line *l, const hr_csv_field *f)
{
    if (!hr_evbatch_has_room(l->batch, 1, 2)) return HR_LINE_FULL;
    if (l->info->format == HR_FORMAT_BINANCE_BOOK_TICKER) return put_book_ticker(l, f);
    if (l->info->format == HR_FORMAT_TARDIS_QUOTES) return put_quote(l, f);
    return put_trade(l, f, l->info->format == HR_FORMAT_BINANCE_AGG_TRADES);
}
