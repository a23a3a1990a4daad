/* SPDX-License-Identifier: Apache-2.0 */
#include "job/bars_run.h"

#include <string.h>

typedef struct state {
    hr_text venue, symbol;
    hr_tradegate gate;
    hr_bars bars;     /* of trades */
    hr_quotes quotes; /* of the touch */
} state;

typedef struct job {
    const hr_bars_options *o;
    hr_bars_report *r;
    hr_listener l;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
} job;

/* ---- rows ---- */

static uint32_t trade_fields(hr_row_field *f, const hr_plan *p)
{
    const uint8_t px = p->px_scale;
    const uint8_t qty = p->qty_scale;
    const hr_row_field field[] = {
        {"start", HR_CELL_TIME, 0},     {"end", HR_CELL_TIME, 0},
        {"venue", HR_CELL_TEXT, 0},     {"symbol", HR_CELL_TEXT, 0},
        {"open", HR_CELL_DEC, px},      {"high", HR_CELL_DEC, px},
        {"low", HR_CELL_DEC, px},       {"close", HR_CELL_DEC, px},
        {"volume", HR_CELL_WIDE, qty},  {"notional", HR_CELL_WIDE, (uint8_t)(px + qty)},
        {"n_trades", HR_CELL_INT, 0},   {"buy_volume", HR_CELL_WIDE, qty},
        {"vwap", HR_CELL_DEC, px},      {"first_time", HR_CELL_TIME, 0},
        {"last_time", HR_CELL_TIME, 0},
    };
    memcpy(f, field, sizeof field);
    return HR_ARRAY_LEN(field);
}

static hr_status put_bar(job *j, const state *s, const hr_bar *b, hr_err *err)
{
    const hr_cell cell[] = {
        hr_cell_i64(b->start_ns),
        hr_cell_i64(b->end_ns),
        hr_cell_text(&s->venue),
        hr_cell_text(&s->symbol),
        hr_cell_of(b->open),
        hr_cell_of(b->high),
        hr_cell_of(b->low),
        hr_cell_of(b->close),
        hr_cell_of(b->volume),
        hr_cell_of(b->notional),
        hr_cell_of((hr_wide)b->n_trades),
        hr_cell_of(b->buy_volume),
        hr_cell_i64(hr_bar_vwap(b)),
        hr_cell_i64(b->first_ns),
        hr_cell_i64(b->last_ns),
    };
    return hr_row_out_put(&j->l.rows, cell, err);
}

static uint32_t quote_fields(hr_row_field *f, const hr_plan *p)
{
    const uint8_t px = p->px_scale;
    const uint8_t half = (uint8_t)(px + 1);
    const hr_row_field field[] = {
        {"start", HR_CELL_TIME, 0},      {"end", HR_CELL_TIME, 0},
        {"venue", HR_CELL_TEXT, 0},      {"symbol", HR_CELL_TEXT, 0},
        {"open", HR_CELL_WIDE, half},    {"high", HR_CELL_WIDE, half},
        {"low", HR_CELL_WIDE, half},     {"close", HR_CELL_WIDE, half},
        {"n_changes", HR_CELL_INT, 0},   {"spread_mean", HR_CELL_DEC, px},
        {"mid_tw", HR_CELL_DEC, px},     {"quoted_ns", HR_CELL_INT, 0},
        {"bid_px", HR_CELL_DEC, px},     {"bid_qty", HR_CELL_DEC, p->qty_scale},
        {"ask_px", HR_CELL_DEC, px},     {"ask_qty", HR_CELL_DEC, p->qty_scale},
        {"first_time", HR_CELL_TIME, 0}, {"last_time", HR_CELL_TIME, 0},
    };
    memcpy(f, field, sizeof field);
    return HR_ARRAY_LEN(field);
}

static hr_status put_quote_bar(job *j, const state *s, const hr_quote_bar *b, hr_err *err)
{
    int64_t spread = HR_NULL_I64;
    int64_t mid = HR_NULL_I64;
    (void)hr_quote_bar_spread(b, &spread);
    (void)hr_quote_bar_mid(b, &mid);
    /* half price units, x5: tenths */
    const hr_cell cell[] = {
        hr_cell_i64(b->start_ns),
        hr_cell_i64(b->end_ns),
        hr_cell_text(&s->venue),
        hr_cell_text(&s->symbol),
        hr_cell_of(b->open * 5),
        hr_cell_of(b->high * 5),
        hr_cell_of(b->low * 5),
        hr_cell_of(b->close * 5),
        hr_cell_of((hr_wide)b->n_changes),
        hr_cell_i64(spread),
        hr_cell_i64(mid),
        hr_cell_of(b->quoted_ns),
        hr_cell_i64(b->last.bid_px),
        hr_cell_i64(b->last.bid_qty),
        hr_cell_i64(b->last.ask_px),
        hr_cell_i64(b->last.ask_qty),
        hr_cell_i64(b->first_ns),
        hr_cell_i64(b->last_ns),
    };
    return hr_row_out_put(&j->l.rows, cell, err);
}

/* ---- messages ---- */

static state *state_of(job *j, const hr_desk *d, hr_err *err)
{
    bool is_new;
    state *s = hr_listener_state(&j->l, d, &is_new, err);
    if (s == NULL || !is_new) return s;
    s->venue = hr_text_of(d->venue);
    s->symbol = hr_text_of(d->symbol);
    hr_tradegate_init(&s->gate, j->o->listen.trades, j->o->listen.keep_repeated);
    if (j->o->of == HR_BARS_OF_TRADES)
        hr_bars_init(&s->bars, &j->o->rule);
    else
        hr_quotes_init(&s->quotes, &j->o->rule, j->o->price);
    return s;
}

static hr_status on_trade(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_bar bar;
    hr_trade trade;
    if (!hr_desk_trade(&trade, d, b, m) || hr_listen_is_early(&j->o->listen, b, m)) return HR_OK;
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    j->r->listen.trades++;
    if (!hr_tradegate_takes(&s->gate, &trade)) return HR_OK;
    hr_bar_trade t = {.ts = hr_listen_time(&j->o->listen, b, m),
                      .px = trade.px,
                      .qty = trade.qty,
                      .is_buy = trade.side == HR_SIDE_BID};
    if (t.ts == HR_NULL_I64) {
        j->r->listen.no_time++;
        return HR_OK;
    }
    hr_status st = hr_bars_trade(&s->bars, &t);
    if (st != HR_OK)
        return HR_FAIL(err, st, "a trade of '%s' makes more than %lld bars: raise their size",
                       d->symbol, (long long)HR_BARS_SPLIT_MAX);
    while (hr_bars_next(&s->bars, &bar))
        HR_TRY(put_bar(j, s, &bar, err));
    return HR_OK;
}

static hr_status on_book(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_book_of of = j->o->of == HR_BARS_OF_BOOK ? HR_BOOK_OF_DEPTH : HR_BOOK_OF_TICKER;
    int64_t px[2];
    int64_t qty[2];
    hr_quote_bar bar;
    if (hr_listen_is_early(&j->o->listen, b, m)) return HR_OK;
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    hr_bar_quote q = {.is_whole = false};
    j->r->listen.books += b->kind[m] != HR_MSG_STATUS;
    int64_t ts = hr_listen_time(&j->o->listen, b, m);
    if (hr_listen_touch(of, d, b, m, px, qty) && px[0] != HR_NULL_I64 && px[1] != HR_NULL_I64)
        q = (hr_bar_quote){.bid_px = px[0],
                           .bid_qty = qty[0],
                           .ask_px = px[1],
                           .ask_qty = qty[1],
                           .is_whole = true};
    if (ts == HR_NULL_I64) {
        j->r->listen.books_no_time += b->kind[m] != HR_MSG_STATUS;
        if (q.is_whole || !s->quotes.has_now) return HR_OK; /* with the next that has a time */
        ts = s->quotes.now_ns;
    }
    hr_quotes_touch(&s->quotes, ts, &q);
    while (hr_quotes_next(&s->quotes, &bar))
        HR_TRY(put_quote_bar(j, s, &bar, err));
    return HR_OK;
}

static hr_status on_message(void *self, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                            hr_err *err)
{
    job *j = self;
    if (j->o->of == HR_BARS_OF_TRADES) return on_trade(j, d, b, m, err);
    hr_book_of of = j->o->of == HR_BARS_OF_BOOK ? HR_BOOK_OF_DEPTH : HR_BOOK_OF_TICKER;
    return hr_listen_is_book(of, b, m) ? on_book(j, d, b, m, err) : HR_OK;
}

/* ---- the whole ---- */

static hr_status end_one(job *j, state *s, hr_err *err)
{
    hr_bars_report *r = j->r;
    bool writes = j->o->partial || j->o->rule.kind == HR_BAR_TIME;
    hr_bar bar;
    hr_quote_bar quote_bar;
    r->listen.repeated += s->gate.n_repeated;
    r->listen.other_kind += s->gate.n_other_kind;
    if (j->o->of == HR_BARS_OF_TRADES) {
        r->late += s->bars.n_late;
        r->parted += s->bars.n_parted;
        r->unfilled += s->bars.n_unfilled;
        if (!hr_bars_last(&s->bars, &bar)) return HR_OK;
        r->partial += !writes;
        return writes ? put_bar(j, s, &bar, err) : HR_OK;
    }
    r->late += s->quotes.n_late;
    r->unfilled += s->quotes.n_unfilled;
    r->changes += s->quotes.n_changes;
    if (!hr_quotes_last(&s->quotes, &quote_bar)) return HR_OK;
    r->partial += !writes;
    return writes ? put_quote_bar(j, s, &quote_bar, err) : HR_OK;
}

static hr_status on_end(void *self, hr_err *err)
{
    job *j = self;
    for (uint32_t i = 0; i < j->l.n_states; i++)
        HR_TRY(end_one(j, j->l.order[i], err));
    return HR_OK;
}

hr_status hr_bars_run(const hr_bars_options *o, hr_bars_report *report, hr_err *err)
{
    memset(report, 0, sizeof *report);
    job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for bars");
    j->o = o;
    j->r = report;
    j->n_fields = o->of == HR_BARS_OF_TRADES ? trade_fields(j->field, o->listen.plan)
                                             : quote_fields(j->field, o->listen.plan);
    hr_listen_needs needs = {
        .field = j->field, .n_fields = j->n_fields, .state_bytes = sizeof(state)};
    hr_tap tap = {.self = j, .message = on_message};
    hr_status st = hr_listener_open(&j->l, &o->listen, &report->listen, &needs, err);
    if (st == HR_OK) st = hr_listener_run(&j->l, &tap, on_end, err);
    hr_listener_close(&j->l);
    hr_heap_free(j);
    return st;
}
