/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_run.h"

#include <string.h>

#include "job/calc_out.h"

typedef struct state {
    hr_tradegate gate;
    hr_calc_line line;
    hr_calc_label label;
    char *stages; /* their state, behind that of the expressions, which is behind this */
} state;

typedef struct job {
    const hr_calc_options *o;
    hr_calc_report *r;
    hr_listener l;
    hr_calc_batch batch;
    hr_market_rows read;
    double *part_row, *wide;
    hr_row_field field[HR_ROW_FIELDS_MAX];
    uint32_t n_fields;
} job;

static hr_status on_rows(void *self, hr_calc_batch *b, hr_err *err)
{
    job *j = self;
    return hr_calc_out_put(&j->l.rows, j->o->program, j->o->rows, b, err);
}

/* ---- messages ---- */

static state *state_of(job *j, const hr_desk *d, hr_err *err)
{
    bool is_new;
    state *s = hr_listener_state(&j->l, d, &is_new, err);
    if (s == NULL || !is_new) return s;
    s->label = (hr_calc_label){.venue = hr_text_of(d->venue), .symbol = hr_text_of(d->symbol)};
    hr_tradegate_init(&s->gate, j->o->listen.trades, j->o->listen.keep_repeated);
    char *at = (char *)s + hr_round_up(sizeof *s, 64);
    hr_calc_line_init(&j->batch, &s->line, at, &s->label);
    s->stages = at + hr_round_up(j->batch.e->part[0].state_bytes, 64);
    const hr_row_stages *g = j->o->program->stages;
    if (g != NULL) hr_row_stages_init(g, s->stages);
    return s;
}

static int64_t time_of(const job *j, const hr_evbatch *b, uint32_t m)
{
    int64_t ts = hr_listen_time(&j->o->listen, b, m);
    return ts != HR_NULL_I64 ? ts : b->ts_recv[m];
}

static hr_status put(job *j, state *s, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                     hr_market_event *e, hr_err *err)
{
    int64_t px[2];
    int64_t qty[2];
    int64_t ts = time_of(j, b, m);
    if (ts == HR_NULL_I64) {
        j->r->no_time++;
        return HR_OK;
    }
    e->ts_event = b->ts_event[m];
    e->ts_recv = b->ts_recv[m];
    if (j->o->book == HR_BOOK_OF_DEPTH) {
        if (hr_seq_is_live(&d->seq)) e->book = d->book;
    } else if (b->kind[m] == HR_MSG_TICKER &&
               hr_listen_touch(HR_BOOK_OF_TICKER, d, b, m, px, qty)) {
        e->touch_px = px;
        e->touch_qty = qty;
    }
    if (!hr_market_rows_pass(&j->read, s->stages, ts, e, j->wide)) {
        j->r->dropped++;
        return HR_OK;
    }
    if (s->line.part != 0) {
        hr_market_rows_read(&j->read, s->line.part, e, j->wide, j->part_row);
        hr_calc_batch_part(&j->batch, &s->line, ts, j->part_row);
    }
    hr_market_rows_read(&j->read, 0, e, j->wide, hr_calc_batch_row(&j->batch));
    bool is_quiet = hr_listen_is_early(&j->o->listen, b, m);
    return hr_calc_batch_took(&j->batch, &s->line, ts, is_quiet, err);
}

static hr_status on_trade(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_trade trade;
    if (!hr_desk_trade(&trade, d, b, m)) return HR_OK;
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    j->r->listen.trades++;
    if (!hr_tradegate_takes(&s->gate, &trade)) return HR_OK;
    hr_market_event e = {.px = trade.px, .qty = trade.qty, .side = trade.side, .is_trade = true};
    return put(j, s, d, b, m, &e, err);
}

static hr_status on_book(job *j, const hr_desk *d, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    bool is_live = j->o->book == HR_BOOK_OF_TICKER || hr_seq_is_live(&d->seq);
    if (b->kind[m] == HR_MSG_STATUS || !is_live) return HR_OK;
    state *s = state_of(j, d, err);
    if (s == NULL) return HR_EBUDGET;
    j->r->listen.books++;
    hr_market_event e = {.is_trade = false};
    return put(j, s, d, b, m, &e, err);
}

static hr_status on_message(void *self, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                            hr_err *err)
{
    job *j = self;
    HR_TRY(on_trade(j, d, b, m, err));
    return hr_listen_is_book(j->o->book, b, m) ? on_book(j, d, b, m, err) : HR_OK;
}

void hr_calc_report_batch(hr_calc_report *r, const hr_calc_batch *b)
{
    r->rows = b->n_rows;
    for (uint32_t i = 1; i < b->e->n_part; i++) {
        if (b->others.is_met[i]) continue;
        if (r->unmet++ == 0) r->unmet_1 = b->e->part[i].symbol;
    }
}

static hr_status on_end(void *self, hr_err *err)
{
    job *j = self;
    HR_TRY(hr_calc_batch_flush(&j->batch, err));
    HR_TRY(hr_program_check(j->o->program, err));
    for (uint32_t i = 0; i < j->l.n_states; i++) {
        const state *s = j->l.order[i];
        j->r->listen.repeated += s->gate.n_repeated;
        j->r->listen.other_kind += s->gate.n_other_kind;
    }
    hr_calc_report_batch(j->r, &j->batch);
    return HR_OK;
}

/* ---- the whole ---- */

static hr_status open_all(job *j, hr_err *err)
{
    const hr_eval *e = j->o->program->e;
    const hr_plan *plan = j->o->listen.plan;
    hr_market_rows_init(&j->read, j->o->program, plan->px_scale, plan->qty_scale);
    const size_t batch_bytes = hr_calc_batch_share((size_t)plan->memory_bytes);
    const size_t row_bytes = (j->read.most_in + (size_t)j->read.n_wide) * sizeof(double) + 128;
    HR_TRY(hr_calc_out_fields(j->field, &j->n_fields, j->o->program->x, err));
    hr_listen_needs needs = {
        .field = j->field,
        .n_fields = j->n_fields,
        .state_bytes = hr_round_up(sizeof(state), 64) + hr_round_up(e->part[0].state_bytes, 64) +
                       j->read.stage_bytes,
        .extra_bytes = hr_calc_batch_bytes(e, batch_bytes, j->o->measures) + row_bytes,
    };
    j->r->state_bytes = needs.state_bytes;
    if (needs.state_bytes > (size_t)plan->memory_bytes / 8)
        return HR_FAIL(err, HR_EBUDGET,
                       "the windows of one instrument take %zu bytes, more than an eighth of"
                       " --memory: it takes at least %zuMB",
                       needs.state_bytes, needs.state_bytes * 8 / 1000000 + 1);
    HR_TRY(hr_listener_open(&j->l, &j->o->listen, &j->r->listen, &needs, err));
    j->part_row = hr_arena_alloc(j->l.arena, j->read.most_in * sizeof *j->part_row, 8);
    j->wide = hr_arena_alloc(j->l.arena, j->read.n_wide * sizeof *j->wide, 8);
    if (j->part_row == NULL || j->wide == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for rows: raise --memory");
    HR_TRY(hr_calc_batch_init(&j->batch, e, batch_bytes, j->o->measures, j->l.arena, err));
    j->batch.emit = on_rows;
    j->batch.self = j;
    return HR_OK;
}

hr_status hr_calc_run(const hr_calc_options *o, hr_calc_report *report, uint64_t *step_ns,
                      hr_err *err)
{
    memset(report, 0, sizeof *report);
    job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for expressions");
    j->o = o;
    j->r = report;
    hr_tap tap = {.self = j, .message = on_message};
    hr_status st = open_all(j, err);
    if (st == HR_OK) st = hr_listener_run(&j->l, &tap, on_end, err);
    if (st == HR_OK && o->measures)
        memcpy(step_ns, j->batch.step_ns, o->program->e->n_step * sizeof *step_ns);
    hr_listener_close(&j->l);
    hr_heap_free(j);
    return st;
}
