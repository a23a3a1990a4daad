/* SPDX-License-Identifier: Apache-2.0 */
#include "job/asof_run.h"

#include <string.h>

#include "base/assert.h"
#include "text/decimal.h"

#define NO_ROW UINT32_MAX
#define RING_MASK (HR_ASOF_WAITING - 1)
_Static_assert((HR_ASOF_WAITING & RING_MASK) == 0, "rows wait in a ring");

typedef struct state {
    hr_text venue, symbol;
    uint32_t first, last; /* its rows that wait for a book, by time; NO_ROW: none */
    hr_tradegate gate;
    hr_asof books;
} state;

/* A trade on its way out. */
typedef struct row {
    state *s;
    int64_t ts, ts_event, ts_recv, px, qty;
    uint32_t next, prev; /* of its instrument's waiting rows */
    uint8_t side;
    bool is_waiting;
    uint8_t answer; /* hr_asof_answer */
    hr_asof_book book;
    int64_t id; /* -1: none, or text */
    hr_text text;
} row;

typedef struct job {
    const hr_asof_options *o;
    hr_asof_report *r;
    hr_listener l;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
    row *ring;           /* rows [head, tail) in the order of their trades */
    uint64_t head, tail; /* slot: modulo HR_ASOF_WAITING */
} job;

/* ---- rows ---- */

static uint32_t make_fields(hr_row_field *f, const hr_plan *p)
{
    const uint8_t px = p->px_scale;
    const uint8_t qty = p->qty_scale;
    const hr_row_field field[] = {
        {"trade_ts_event", HR_CELL_TIME, 0},
        {"trade_ts_recv", HR_CELL_TIME, 0},
        {"venue", HR_CELL_TEXT, 0},
        {"symbol", HR_CELL_TEXT, 0},
        {"trade_id", HR_CELL_TEXT, 0},
        {"trade_side", HR_CELL_TEXT, 0},
        {"trade_px", HR_CELL_DEC, px},
        {"trade_qty", HR_CELL_DEC, qty},
        {"book_time", HR_CELL_TIME, 0},
        {"book_age_ns", HR_CELL_INT, 0},
        {"bid_px", HR_CELL_DEC, px},
        {"bid_qty", HR_CELL_DEC, qty},
        {"ask_px", HR_CELL_DEC, px},
        {"ask_qty", HR_CELL_DEC, qty},
        {"mid", HR_CELL_WIDE, (uint8_t)(px + 1)},
        {"sign", HR_CELL_INT, 0},
        {"effective_spread", HR_CELL_DEC, px},
    };
    memcpy(f, field, sizeof field);
    return HR_ARRAY_LEN(field);
}

/* The id's text, in `text` where it is a number. */
static hr_cell id_cell(const row *w, hr_text *text)
{
    if (w->text.len != HR_TEXT_NULL) return hr_cell_text(&w->text);
    if (w->id < 0) return HR_CELL_NULL;
    memset(text, 0, sizeof *text);
    text->len = (uint8_t)hr_decimal_format(text->byte, w->id, 0);
    return hr_cell_text(text);
}

static hr_cell side_cell(uint8_t side)
{
    static const hr_text name[] = {{"buy", 3}, {"sell", 4}, {"", HR_TEXT_NULL}};
    return hr_cell_text(&name[HR_MIN(side, (uint8_t)HR_SIDE_NONE)]);
}

/* Counts what became of the row; the book, or NULL. */
static const hr_asof_book *book_of(job *j, const row *w)
{
    hr_asof_report *r = j->r;
    const hr_asof_book *k = &w->book;
    bool is_empty = k->bid_px == HR_NULL_I64 && k->ask_px == HR_NULL_I64;
    if (w->answer == HR_ASOF_FORGOTTEN) return r->forgotten++, NULL;
    if (w->answer == HR_ASOF_NONE || is_empty) return r->none++, NULL;
    if ((hr_wide)w->ts - k->ts > j->o->tolerance_ns) return r->too_old++, NULL;
    r->joined++;
    return k;
}

static hr_status put_row(job *j, const row *w, hr_err *err)
{
    hr_text id;
    static const hr_asof_book nothing = {HR_NULL_I64, HR_NULL_I64, HR_NULL_I64, HR_NULL_I64,
                                         HR_NULL_I64};
    const hr_asof_book *k = book_of(j, w);
    hr_cell age = k != NULL ? hr_cell_of((hr_wide)w->ts - k->ts) : HR_CELL_NULL;
    hr_cell mid = HR_CELL_NULL;
    hr_cell sign = HR_CELL_NULL;
    hr_cell effective = HR_CELL_NULL;
    if (k == NULL) k = &nothing;
    if (k->bid_px != HR_NULL_I64 && k->ask_px != HR_NULL_I64) {
        hr_wide mid2 = (hr_wide)k->bid_px + k->ask_px;
        hr_wide off = (hr_wide)w->px * 2 - mid2;
        mid = hr_cell_of(mid2 * 5); /* half price units to tenths */
        sign = hr_cell_of(off > 0 ? 1 : off < 0 ? -1 : 0);
        if (w->side != HR_SIDE_NONE) effective = hr_cell_of(w->side == HR_SIDE_BID ? off : -off);
    }
    const hr_cell cell[] = {
        hr_cell_i64(w->ts_event),
        hr_cell_i64(w->ts_recv),
        hr_cell_text(&w->s->venue),
        hr_cell_text(&w->s->symbol),
        id_cell(w, &id),
        side_cell(w->side),
        hr_cell_of(w->px),
        hr_cell_of(w->qty),
        hr_cell_i64(k->ts),
        age,
        hr_cell_i64(k->bid_px),
        hr_cell_i64(k->bid_qty),
        hr_cell_i64(k->ask_px),
        hr_cell_i64(k->ask_qty),
        mid,
        sign,
        effective,
    };
    return hr_row_out_put(&j->l.rows, cell, err);
}

/* ---- waiting ---- */

static row *row_at(job *j, uint32_t slot)
{
    return &j->ring[slot];
}

/* Behind those of its instrument with the same time or an earlier one. */
static void wait_for_book(job *j, uint32_t slot)
{
    row *w = row_at(j, slot);
    state *s = w->s;
    uint32_t after = s->last;
    while (after != NO_ROW && row_at(j, after)->ts > w->ts)
        after = row_at(j, after)->prev;
    w->prev = after;
    w->next = after != NO_ROW ? row_at(j, after)->next : s->first;
    *(w->next != NO_ROW ? &row_at(j, w->next)->prev : &s->last) = slot;
    *(after != NO_ROW ? &row_at(j, after)->next : &s->first) = slot;
    w->is_waiting = true;
}

static void answer(job *j, uint32_t slot)
{
    row *w = row_at(j, slot);
    state *s = w->s;
    HR_DASSERT(w->is_waiting);
    *(w->prev != NO_ROW ? &row_at(j, w->prev)->next : &s->first) = w->next;
    *(w->next != NO_ROW ? &row_at(j, w->next)->prev : &s->last) = w->prev;
    w->is_waiting = false;
    w->answer = (uint8_t)hr_asof_before(&s->books, w->ts, &w->book);
}

/* Rows that are answered, up to the first that is not. */
static hr_status put_answered(job *j, hr_err *err)
{
    for (; j->head < j->tail; j->head++) {
        const row *w = &j->ring[j->head & RING_MASK];
        if (w->is_waiting) return HR_OK;
        HR_TRY(put_row(j, w, err));
    }
    return HR_OK;
}

static hr_status make_room(job *j, hr_err *err)
{
    if (j->tail - j->head < HR_ASOF_WAITING) return HR_OK;
    j->r->hurried++;
    answer(j, (uint32_t)(j->head & RING_MASK));
    return put_answered(j, err);
}

/* ---- messages ---- */

static state *state_of(job *j, const hr_desk *d, hr_err *err)
{
    bool is_new;
    state *s = hr_listener_state(&j->l, d, &is_new, err);
    if (s == NULL || !is_new) return s;
    s->venue = hr_text_of(d->venue);
    s->symbol = hr_text_of(d->symbol);
    s->first = s->last = NO_ROW;
    hr_tradegate_init(&s->gate, j->o->listen.trades, j->o->listen.keep_repeated);
    hr_asof_init(&s->books);
    return s;
}

static void fill_row(row *w, state *s, int64_t ts, const hr_trade *t)
{
    w->s = s;
    w->ts = ts;
    w->ts_event = t->ts_event;
    w->ts_recv = t->ts_recv;
    w->px = t->px;
    w->qty = t->qty;
    w->side = t->side;
    w->id = t->id;
    w->is_waiting = false;
    w->text.len = HR_TEXT_NULL;
    if (t->text != NULL) w->text = *t->text;
}

static hr_status on_trade(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    const hr_listen_options *o = &j->o->listen;
    hr_trade trade;
    if (!hr_desk_trade(&trade, d, b, m) || hr_listen_is_early(o, b, m)) return HR_OK;
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    j->r->listen.trades++;
    if (!hr_tradegate_takes(&s->gate, &trade)) return HR_OK;
    int64_t ts = hr_listen_time(o, b, m);
    if (ts == HR_NULL_I64) {
        j->r->listen.no_time++;
        return HR_OK;
    }
    HR_TRY(make_room(j, err));
    uint32_t slot = (uint32_t)(j->tail++ & RING_MASK);
    row *w = row_at(j, slot);
    fill_row(w, s, ts, &trade);
    if (o->clock == HR_CLOCK_VENUE && ts > hr_asof_now(&s->books))
        wait_for_book(j, slot);
    else
        w->answer = (uint8_t)hr_asof_before(&s->books, ts, &w->book);
    return put_answered(j, err);
}

static hr_status on_book(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    int64_t px[2] = {HR_NULL_I64, HR_NULL_I64};
    int64_t qty[2] = {HR_NULL_I64, HR_NULL_I64};
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    int64_t ts = hr_listen_time(&j->o->listen, b, m);
    bool is_certain = hr_listen_touch(j->o->book, d, b, m, px, qty);
    j->r->listen.books += b->kind[m] != HR_MSG_STATUS;
    if (ts == HR_NULL_I64) {
        /* A book whose time nobody knows is seen with the next that has one; a loss at once. */
        j->r->listen.books_no_time += b->kind[m] != HR_MSG_STATUS;
        if (!is_certain) hr_asof_lose(&s->books);
        return HR_OK;
    }
    while (s->first != NO_ROW && row_at(j, s->first)->ts <= ts)
        answer(j, s->first);
    hr_asof_book k = {
        .ts = ts, .bid_px = px[0], .bid_qty = qty[0], .ask_px = px[1], .ask_qty = qty[1]};
    hr_asof_put(&s->books, &k);
    return put_answered(j, err);
}

static hr_status on_message(void *self, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                            hr_err *err)
{
    job *j = self;
    HR_TRY(on_trade(j, d, b, m, err)); /* an order that is hit is both, and the trade comes first */
    return hr_listen_is_book(j->o->book, b, m) ? on_book(j, d, b, m, err) : HR_OK;
}

/* ---- the whole ---- */

static hr_status on_end(void *self, hr_err *err)
{
    job *j = self;
    for (uint64_t i = j->head; i < j->tail; i++)
        if (j->ring[i & RING_MASK].is_waiting) answer(j, (uint32_t)(i & RING_MASK));
    HR_TRY(put_answered(j, err));
    for (uint32_t i = 0; i < j->l.n_states; i++) {
        const state *s = j->l.order[i];
        j->r->listen.repeated += s->gate.n_repeated;
        j->r->listen.other_kind += s->gate.n_other_kind;
        j->r->late_books += s->books.n_late;
    }
    return HR_OK;
}

static hr_status run(job *j, hr_err *err)
{
    const hr_tap tap = {.self = j, .message = on_message};
    hr_listen_needs needs = {.field = j->field,
                             .n_fields = j->n_fields,
                             .state_bytes = sizeof(state),
                             .extra_bytes = HR_ASOF_WAITING * sizeof(row) + 64};
    HR_TRY(hr_listener_open(&j->l, &j->o->listen, &j->r->listen, &needs, err));
    j->ring = hr_arena_alloc(j->l.arena, HR_ASOF_WAITING * sizeof(row), 64);
    if (j->ring == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for rows that wait");
    return hr_listener_run(&j->l, &tap, on_end, err);
}

hr_status hr_asof_run(const hr_asof_options *o, hr_asof_report *report, hr_err *err)
{
    memset(report, 0, sizeof *report);
    job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for a join");
    j->o = o;
    j->r = report;
    j->n_fields = make_fields(j->field, o->listen.plan);
    hr_status st = run(j, err);
    hr_listener_close(&j->l);
    hr_heap_free(j);
    return st;
}
