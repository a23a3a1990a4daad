/* SPDX-License-Identifier: Apache-2.0 */
/* What of the venue's events is sent, when, and with which faults; and what a reader must make of
 * it. The reader of an instrument is whole once a snapshot was sent after the events around its id;
 * a dropped or late message makes it lose its book until the next one. */
#include <string.h>

#include "base/assert.h"
#include "synth/synth_int.h"

#define RECV_LAG_NS INT64_C(1300000)
#define REPEAT_LAG_NS 1000 /* a repeated message comes this much later */
#define SETTLED_AFTER 8u   /* events of an instrument before it may meet a fault */

enum { F_GAP, F_DUPLICATE, F_DISORDER };

/* ---- sending ---- */

static void send(hr_synth *s, const hr_synth_event *ev)
{
    if (s->opt.format == HR_SYNTH_EVENTS) {
        if (s->status == HR_OK) s->status = s->opt.sink(s->opt.sink_self, ev);
        s->truth.lines++;
        return;
    }
    if (synth_is_csv(s))
        hr_synth_put_csv(s, ev);
    else
        hr_synth_put_json(s, ev);
}

static hr_synth_event event_of(const hr_synth *s, const synth_instrument *in, hr_synth_kind kind,
                               int64_t ts)
{
    return (hr_synth_event){.kind = kind,
                            .inst = (uint32_t)(in - s->inst),
                            .ts_event = ts,
                            .ts_recv = s->now_ns + RECV_LAG_NS,
                            .tick0 = in->tick0};
}

static void send_depth(hr_synth *s, synth_instrument *in, const synth_happening *h, int64_t lag)
{
    hr_synth_event ev = event_of(s, in, HR_SYNTH_DEPTH, h->ts);
    ev.ts_recv += lag;
    ev.first = h->first;
    ev.last = h->last;
    ev.prev = h->prev;
    ev.n_levels = h->n;
    ev.levels = h->change;
    if (s->opt.format != HR_SYNTH_TARDIS_TRADES) {
        send(s, &ev);
        s->truth.messages++;
        s->truth.levels += h->n;
        in->messages++;
        in->levels += h->n;
    }
    in->is_gap_open = false;
}

static void send_trades(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    if (!s->opt.has_trades || s->opt.format == HR_SYNTH_TARDIS) return;
    for (uint32_t i = 0; i < h->n_trades; i++) {
        hr_synth_level level = h->change[i];
        hr_synth_event ev = event_of(s, in, HR_SYNTH_TRADE, h->ts);
        level.qty = h->traded[i];
        ev.last = in->trade_id - (int64_t)h->n_trades + 1 + i;
        ev.n_levels = 1;
        ev.levels = &level;
        send(s, &ev);
        s->truth.trades++;
        in->trades++;
    }
}

static bool has_tickers(const hr_synth *s)
{
    return s->opt.has_tickers && !synth_is_csv(s);
}

static void send_ticker(hr_synth *s, synth_instrument *in, const synth_touch *t, int64_t ts)
{
    hr_synth_level level[2];
    hr_synth_event ev = event_of(s, in, HR_SYNTH_TICKER, ts);
    for (int k = 0; k < 2; k++)
        level[k] = (hr_synth_level){.qty = t->qty[k], .cell = t->cell[k], .side = (uint8_t)k};
    ev.last = t->id;
    ev.n_levels = 2;
    ev.levels = level;
    send(s, &ev);
    s->truth.tickers++;
    in->tickers++;
}

static void send_last_ticker(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    synth_touch t = {.id = h->last};
    for (int k = 0; k < 2; k++) {
        t.cell[k] = (uint16_t)in->best[k];
        t.qty[k] = in->qty[k][in->best[k]];
    }
    send_ticker(s, in, &t, h->ts);
}

static void send_snapshot(hr_synth *s, synth_instrument *in)
{
    hr_synth_event ev = event_of(s, in, HR_SYNTH_SNAPSHOT, s->now_ns);
    ev.last = in->snapshot_id;
    ev.n_levels = in->n_snapshot;
    ev.levels = in->snapshot;
    in->is_captured = false;
    in->sync_in = -1;
    if (s->opt.format != HR_SYNTH_TARDIS_TRADES) {
        send(s, &ev);
        s->truth.snapshots++;
        s->truth.snapshot_levels += in->n_snapshot;
        in->snapshots++;
    }
    in->is_whole = true;
    in->checks += in->n_pending;
    s->truth.ticker_checks += in->n_pending;
    in->n_pending = 0;
}

/* ---- faults ---- */

/* True when fault number `made` of n is due: they lie evenly in the middle three quarters. */
static bool is_due(const hr_synth *s, uint64_t made, uint32_t n)
{
    if (made >= n) return false;
    uint64_t all = s->opt.n_levels;
    return s->n_made >=
           all / 8 + (uint64_t)((unsigned __int128)(all / 4 * 3) * (made + 1) / (n + 1));
}

static void record(hr_synth *s, int kind, uint64_t *n, const synth_instrument *in, int64_t first,
                   int64_t last, uint64_t line)
{
    s->fault[kind][(*n)++] = (hr_synth_fault){
        .inst = (uint32_t)(in - s->inst), .first = first, .last = last, .line = line};
}

/* Only a reader that was whole can lose its book, and the loss must be seen. */
static bool may_fail(const hr_synth *s, const synth_instrument *in)
{
    return in->n_seen > SETTLED_AFTER && (in->is_whole || !s->opt.has_snapshots) &&
           !in->is_gap_open && s->held_by != (uint32_t)(in - s->inst) + 1;
}

static void lose(hr_synth *s, synth_instrument *in, int32_t sync_in)
{
    in->is_whole = false;
    in->n_pending = 0;
    if (s->opt.has_snapshots) in->sync_in = synth_is_inline(s) ? 0 : sync_in;
}

/* True when the event is dropped. A gap is one to three messages. */
static bool drop(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    if (in->drop_left == 0) {
        if (!may_fail(s, in) || !is_due(s, s->n_gaps, s->opt.n_gaps)) return false;
        s->n_gaps++;
        in->drop_left = 1 + synth_below(&s->feed, 3);
        in->drop_first = h->first;
        in->is_whole = false;
    }
    in->is_gap_open = true;
    if (--in->drop_left > 0) return true;
    record(s, F_GAP, &s->truth.gaps, in, in->drop_first, h->last, s->truth.lines);
    lose(s, in, 4 + (int32_t)synth_below(&s->feed, 16));
    return true;
}

/* True when the event waits for the next of its instrument. */
static bool hold(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    if (s->held_by != 0 || !may_fail(s, in) || !is_due(s, s->truth.disorder, s->opt.n_disorder))
        return false;
    s->held = *h;
    s->held_by = (uint32_t)(in - s->inst) + 1;
    in->is_whole = false;
    return true;
}

static void send_held(hr_synth *s, synth_instrument *in)
{
    uint64_t line = s->truth.lines + 1;
    send_depth(s, in, &s->held, REPEAT_LAG_NS);
    s->held_by = 0;
    record(s, F_DISORDER, &s->truth.disorder, in, s->held.first, s->held.last, line);
    lose(s, in, 4 + (int32_t)synth_below(&s->feed, 16));
}

static void repeat(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    if (!in->is_whole && s->opt.has_snapshots) return;
    if (!is_due(s, s->truth.duplicates, s->opt.n_duplicates)) return;
    uint64_t line = s->truth.lines + 1;
    send_depth(s, in, h, REPEAT_LAG_NS);
    record(s, F_DUPLICATE, &s->truth.duplicates, in, h->first, h->last, line);
}

/* ---- one event ---- */

/* Formats without ids show the book as it stands before the event. */
static void sync_inline(hr_synth *s, synth_instrument *in)
{
    bool begins = in->n_seen == 0;
    if (!s->opt.has_snapshots || in->drop_left > 0 || (!begins && in->sync_in != 0)) return;
    hr_synth_take_snapshot(in, in->id);
    send_snapshot(s, in);
}

static void after_snapshot_taken(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    bool is_inside = in->snapshot_id < h->last;
    s->truth.snapshots_inside += is_inside;
    /* The answer of a REST call overtakes the stream, or comes some messages late. */
    in->late_in = (int32_t)synth_below(&s->feed, 4);
    if (!is_inside && in->late_in == 0) in->late_in = 1;
}

static void count_check(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    /* Of an event that ends at the snapshot's id, spot's rule drops what futures' applies. */
    if (in->is_captured && (h->last > in->snapshot_id || s->opt.futures)) in->n_pending++;
    if (!in->is_whole) return;
    in->checks++;
    s->truth.ticker_checks++;
}

static void send_happening(hr_synth *s, synth_instrument *in, const synth_happening *h)
{
    uint32_t dice = synth_below(&s->feed, 18);
    bool early = has_tickers(s) && dice < 3;
    bool late = has_tickers(s) && dice >= 3 && dice < 8;
    bool was_held = s->held_by == (uint32_t)(in - s->inst) + 1;
    send_trades(s, in, h);
    for (uint32_t i = 0; i < h->n_mid && has_tickers(s); i++)
        send_ticker(s, in, &h->mid[i], h->ts);
    if (early) send_last_ticker(s, in, h);
    if (!drop(s, in, h) && !hold(s, in, h)) {
        send_depth(s, in, h, 0);
        if (was_held) send_held(s, in);
        if (early || late) count_check(s, in, h);
        repeat(s, in, h);
    }
    if (late) send_last_ticker(s, in, h);
}

void hr_synth_feed(hr_synth *s, synth_instrument *in)
{
    synth_happening h;
    if (synth_is_inline(s)) sync_inline(s, in);
    bool was_captured = in->is_captured;
    hr_synth_happen(s, in, &h);
    s->n_made += h.n;
    if (in->is_captured && !was_captured) after_snapshot_taken(s, in, &h);
    if (in->is_captured && in->late_in == 0) send_snapshot(s, in);
    send_happening(s, in, &h);
    if (in->is_captured && --in->late_in == 0) send_snapshot(s, in);
    if (in->sync_in > 0) in->sync_in--;
    in->n_seen++;
    if (is_due(s, s->truth.bad, s->opt.n_bad)) hr_synth_put_bad(s);
}

bool hr_synth_is_settled(const hr_synth *s, const synth_instrument *in)
{
    if (in->n_seen == 0) return true;
    if (in->is_gap_open || s->held_by == (uint32_t)(in - s->inst) + 1) return false;
    return in->is_whole || !s->opt.has_snapshots;
}
