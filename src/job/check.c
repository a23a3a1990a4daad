/* SPDX-License-Identifier: Apache-2.0 */
#include "job/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "job/check_book.h"
#include "job/quality.h"
#include "job/run_check.h"
#include "text/decimal.h"

typedef struct instrument_note {
    uint64_t n[HR_MSG_KIND_COUNT];
    uint64_t levels, crossed;
    int64_t first_ns, last_ns;
    uint32_t kept[HR_FINDING_KIND_COUNT];
} instrument_note;

struct hr_check {
    instrument_note *note; /* [limit], by desk; each belongs to its desk's shard */
    uint32_t limit;
    uint32_t rejects_kept, times_kept;
    _Atomic uint32_t busy; /* guards found, n_found */
    hr_quality *quality;   /* NULL: not asked for */
    hr_finding *found;
    uint32_t n_found, cap_found;
    _Atomic uint64_t count[HR_FINDING_KIND_COUNT];
    check_book *book; /* by source, where one of them has a published book; else NULL */
    hr_check_books books;
};

static const char *const names[HR_FINDING_KIND_COUNT] = {
    "reject", "gap", "reset", "back", "ticker", "crossed", "time", "checksum", "book"};

const char *hr_finding_name(hr_finding_kind k)
{
    return (unsigned)k < HR_FINDING_KIND_COUNT ? names[k] : "unknown";
}

hr_status hr_check_create(hr_check **out, uint32_t limit, hr_err *err)
{
    hr_check *c = hr_heap_zero(1, sizeof *c);
    *out = NULL;
    if (c == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for a check");
    c->limit = limit;
    c->note = hr_heap_zero(limit, sizeof *c->note);
    /* 4 an instrument on average: more are counted and not kept. */
    c->cap_found = HR_MIN(1024 + 4 * limit, HR_CHECK_KEEP);
    c->found = hr_heap_zero(c->cap_found, sizeof *c->found);
    if (c->note == NULL || c->found == NULL) {
        hr_check_destroy(&c);
        return HR_FAIL(err, HR_ENOMEM, "no memory to check %u instruments", limit);
    }
    for (uint32_t i = 0; i < limit; i++)
        c->note[i].first_ns = c->note[i].last_ns = HR_NULL_I64;
    *out = c;
    return HR_OK;
}

void hr_check_destroy(hr_check **pc)
{
    hr_check *c = *pc;
    *pc = NULL;
    if (c == NULL) return;
    hr_heap_free(c->note);
    hr_heap_free(c->found);
    hr_heap_free(c->book);
    hr_heap_free(c);
}

void hr_check_measure(hr_check *c, struct hr_quality *q)
{
    c->quality = q;
}

void hr_run_watch(hr_run *r, hr_check *c)
{
    bool has_book = false;
    r->check = c;
    for (uint32_t i = 0; i < r->n_sources; i++)
        has_book = has_book || r->source[i].info.seed != NULL;
    c->book = has_book ? hr_heap_zero(r->n_sources, sizeof *c->book) : NULL;
    for (uint32_t i = 0; i < r->n_sources && c->book != NULL; i++)
        run_check_book_begin(&c->book[i], &r->source[i]);
}

const hr_check_books *hr_check_books_get(const hr_check *c)
{
    return &c->books;
}

/* ---- noting ---- */

static void keep(hr_check *c, const hr_finding *f)
{
    atomic_fetch_add_explicit(&c->count[f->kind], 1, memory_order_relaxed);
    while (!run_try_lock(&c->busy)) {
    }
    if (c->n_found < c->cap_found) c->found[c->n_found++] = *f;
    run_unlock(&c->busy);
}

static void note(hr_check *c, const hr_desk *d, const hr_finding *f)
{
    uint32_t *kept = &c->note[d->id].kept[f->kind];
    if (*kept < HR_CHECK_EACH) {
        (*kept)++;
        keep(c, f);
    } else {
        atomic_fetch_add_explicit(&c->count[f->kind], 1, memory_order_relaxed);
    }
}

void run_check_reject(hr_run *r, int32_t source_idx, const hr_reject *j)
{
    hr_check *c = r->check;
    hr_finding f = {.line = j->src_line,
                    .offset = j->src_offset,
                    .id = -1,
                    .expect = -1,
                    .source_idx = source_idx,
                    .desk_id = -1,
                    .kind = HR_FINDING_REJECT,
                    .reason = j->reason};
    if (c->quality != NULL)
        hr_quality_reject(c->quality, (uint32_t)source_idx, (hr_reject_reason)j->reason);
    if (c->rejects_kept < 128) { /* the merge alone comes here */
        c->rejects_kept++;
        keep(c, &f);
    } else {
        atomic_fetch_add_explicit(&c->count[HR_FINDING_REJECT], 1, memory_order_relaxed);
    }
}

/* As the merge will leave it. */
static void place(hr_quality *q, const hr_source *s, const hr_evbatch *b, uint32_t msg)
{
    int64_t recv = b->ts_recv[msg];
    uint8_t kind = b->kind[msg];
    int32_t id = b->sym[msg] >= 0 ? b->syms[b->sym[msg]].global_id : -1;
    if (id < 0 || kind == HR_MSG_BAD || kind == HR_MSG_OTHER || kind == HR_MSG_STATUS) return;
    if ((b->flags[msg] & HR_FLAG_NO_TIME) != 0) recv = HR_MAX(recv, s->time_max);
    hr_quality_place(q, (uint32_t)id, recv);
}

/* Where there is no receive clock its column repeats the venue's, which need not rise over several
 * streams. */
void run_check_time(hr_run *r, const hr_source *s, const hr_evbatch *b, uint32_t msg)
{
    hr_check *c = r->check;
    if (c->quality != NULL) place(c->quality, s, b, msg);
    bool has_clock = b->ts_recv[msg] > 0 && b->ts_recv[msg] != b->ts_event[msg] &&
                     (b->flags[msg] & HR_FLAG_NO_TIME) == 0;
    if (!has_clock || b->ts_recv[msg] >= s->time_max) return;
    hr_finding f = {.line = b->src_line[msg],
                    .offset = b->src_offset[msg],
                    .id = b->seq_last[msg],
                    .expect = s->time_max,
                    .source_idx = s->info.source_idx,
                    .desk_id = b->sym[msg] >= 0 ? b->syms[b->sym[msg]].global_id : -1,
                    .kind = HR_FINDING_TIME};
    if (f.desk_id < 0) f.desk_id = -1;
    if (c->quality != NULL && f.desk_id >= 0) hr_quality_fall(c->quality, (uint32_t)f.desk_id);
    if (c->times_kept < 128) { /* the merge alone comes here */
        c->times_kept++;
        keep(c, &f);
    } else {
        atomic_fetch_add_explicit(&c->count[HR_FINDING_TIME], 1, memory_order_relaxed);
    }
}

static uint64_t unequal(const hr_desk *d)
{
    return d->check != NULL ? d->check->n_checks - d->check->n_equal : 0;
}

void run_check_before(run_check_mark *m, const hr_desk *d, const hr_desk_env *env)
{
    *m = (run_check_mark){.gaps = d->seq.n_gaps,
                          .resets = d->seq.n_resets,
                          .stale = d->seq.n_stale,
                          .unequal = unequal(d),
                          .checksums = d->n_checksums - d->n_checksums_equal,
                          .crossed = env->counts.crossed,
                          .chain = d->seq.chain};
}

static void note_ticker(hr_check *c, const hr_desk *d, const hr_finding *at,
                        const run_check_mark *m)
{
    hr_finding f = *at;
    f.kind = HR_FINDING_TICKER;
    f.id = d->check->last_checked;
    if (m->unequal == 0) {
        f.id = d->check->first_diff_id;
        f.has_touch = true;
        f.book = d->check->first_diff_book;
        f.ticker = d->check->first_diff_ticker;
    }
    note(c, d, &f);
}

static void note_counts(instrument_note *n, const hr_evbatch *b, uint32_t msg)
{
    int64_t recv = b->ts_recv[msg];
    n->n[b->kind[msg]]++;
    n->levels += (uint64_t)(b->level_begin[msg + 1] - b->level_begin[msg]);
    if (recv == HR_NULL_I64 || recv <= 0) return;
    if (n->first_ns == HR_NULL_I64 || recv < n->first_ns) n->first_ns = recv;
    if (recv > n->last_ns) n->last_ns = recv;
}

static int64_t trade_price(const hr_desk *d, const hr_evbatch *b, uint32_t msg)
{
    uint8_t kind = b->kind[msg];
    if (kind == HR_MSG_ORDER) return d->fill.is_set ? d->fill.px : 0;
    bool is_trade = kind == HR_MSG_TRADE && b->level_begin[msg + 1] > b->level_begin[msg];
    return is_trade ? b->px[b->level_begin[msg]] : 0;
}

/* A column that repeats the venue's clock is no receive time. */
static void measure(hr_quality *q, const hr_desk *d, const hr_evbatch *b, uint32_t msg,
                    bool is_crossed)
{
    int64_t recv = b->ts_recv[msg];
    bool has_clock = recv != b->ts_event[msg] && (b->flags[msg] & HR_FLAG_NO_TIME) == 0;
    hr_quality_event e = {.recv_ns = recv,
                          .event_ns = has_clock ? b->ts_event[msg] : HR_NULL_I64,
                          .kind = b->kind[msg],
                          .is_whole = d->has_depth && hr_seq_is_live(&d->seq),
                          .is_crossed = is_crossed,
                          .n_levels = (uint32_t)(b->level_begin[msg + 1] - b->level_begin[msg]),
                          .trade_px = trade_price(d, b, msg),
                          .count = {[HR_QUALITY_GAPS] = d->seq.n_gaps,
                                    [HR_QUALITY_RESETS] = d->seq.n_resets,
                                    [HR_QUALITY_DUPLICATES] = d->seq.n_duplicates,
                                    [HR_QUALITY_STALE] = d->seq.n_stale,
                                    [HR_QUALITY_CHECKSUMS] = d->n_checksums,
                                    [HR_QUALITY_CHECKSUMS_EQUAL] = d->n_checksums_equal}};
    int64_t qty;
    if (d->check != NULL) {
        e.count[HR_QUALITY_CHECKS] = d->check->n_checks;
        e.count[HR_QUALITY_CHECKS_EQUAL] = d->check->n_equal;
    }
    (void)hr_l2_best(d->book, HR_SIDE_BID, &e.bid_px, &qty);
    (void)hr_l2_best(d->book, HR_SIDE_ASK, &e.ask_px, &qty);
    hr_quality_note(q, (uint32_t)d->id, &e);
}

void run_check_after(hr_run *r, const hr_desk *d, const hr_desk_env *env, const hr_evbatch *b,
                     uint32_t msg, const run_check_mark *m)
{
    hr_check *c = r->check;
    hr_finding f = {.line = b->src_line[msg],
                    .offset = b->src_offset[msg],
                    .id = b->seq_last[msg],
                    .expect = -1,
                    .source_idx = b->source_idx,
                    .desk_id = d->id};
    note_counts(&c->note[d->id], b, msg);
    if (c->quality != NULL) measure(c->quality, d, b, msg, env->counts.crossed > m->crossed);
    bool is_checksum = d->n_checksums - d->n_checksums_equal > m->checksums;
    if (is_checksum) {
        f.kind = HR_FINDING_CHECKSUM;
        note(c, d, &f);
    } else if (d->seq.n_gaps > m->gaps || d->seq.n_resets > m->resets) {
        hr_finding g = f;
        g.kind = d->seq.n_gaps > m->gaps ? HR_FINDING_GAP : HR_FINDING_RESET;
        g.id = d->order_rule != HR_SEQ_NONE && b->kind[msg] == HR_MSG_ORDER ? b->seq_last[msg]
                                                                            : b->seq_first[msg];
        g.expect = b->kind[msg] != HR_MSG_STATUS && m->chain >= 0 ? m->chain + 1 : -1;
        /* The source's numbers, where they tell it. */
        if (b->kind[msg] == HR_MSG_STATUS && b->seq_prev[msg] >= 0) g.expect = b->seq_prev[msg] + 1;
        note(c, d, &g);
    }
    /* A snapshot may be older than what came before it: that is how they are asked for. */
    if (d->seq.rule == HR_SEQ_MONOTONE && b->kind[msg] == HR_MSG_DELTA &&
        d->seq.n_stale > m->stale) {
        f.kind = HR_FINDING_BACK;
        f.expect = m->chain;
        note(c, d, &f);
    }
    if (unequal(d) > m->unequal) note_ticker(c, d, &f, m);
    if (env->counts.crossed > m->crossed) {
        c->note[d->id].crossed++;
        f.kind = HR_FINDING_CROSSED;
        f.expect = -1;
        note(c, d, &f);
    }
    if (HR_LIKELY(c->book == NULL) || b->kind[msg] == HR_MSG_STATUS) return;
    f.has_touch = false;
    if (run_check_book_differs(&c->book[b->source_idx], &c->books, d, r->plan, &f)) {
        f.kind = HR_FINDING_BOOK;
        note(c, d, &f);
    }
}

/* ---- reading ---- */

static int by_place(const void *pa, const void *pb)
{
    const hr_finding *a = pa;
    const hr_finding *b = pb;
    if (a->source_idx != b->source_idx) return a->source_idx < b->source_idx ? -1 : 1;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    if (a->desk_id != b->desk_id) return a->desk_id < b->desk_id ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

const hr_finding *hr_check_findings(hr_check *c, uint32_t *n_kept, uint64_t *n_all)
{
    qsort(c->found, c->n_found, sizeof *c->found, by_place);
    *n_kept = c->n_found;
    *n_all = 0;
    for (int k = 0; k < HR_FINDING_KIND_COUNT; k++)
        *n_all += hr_check_count(c, (hr_finding_kind)k);
    return c->found;
}

uint64_t hr_check_count(const hr_check *c, hr_finding_kind k)
{
    return atomic_load_explicit(&c->count[k], memory_order_relaxed);
}

static size_t touch_text(char *out, size_t cap, const hr_touch *t, const hr_plan *p)
{
    char text[4][HR_DECIMAL_TEXT_MAX];
    (void)hr_decimal_format(text[0], t->bid_qty, p->qty_scale);
    (void)hr_decimal_format(text[1], t->bid_px, p->px_scale);
    (void)hr_decimal_format(text[2], t->ask_px, p->px_scale);
    (void)hr_decimal_format(text[3], t->ask_qty, p->qty_scale);
    int n = snprintf(out, cap, "%s @ %s / %s @ %s", text[0], text[1], text[3], text[2]);
    return n > 0 ? (size_t)n : 0;
}

static size_t level_text(char *out, size_t cap, const hr_touch *t, const hr_plan *p)
{
    char text[2][HR_DECIMAL_TEXT_MAX];
    (void)hr_decimal_format(text[0], t->bid_qty, p->qty_scale);
    (void)hr_decimal_format(text[1], t->bid_px, p->px_scale);
    int n = snprintf(out, cap, "%s @ %s", text[0], text[1]);
    return n > 0 ? (size_t)n : 0;
}

static void what_text(char *out, size_t cap, const hr_finding *f, const hr_plan *p)
{
    char book[112];
    char ticker[112];
    long long id = f->id;
    switch ((hr_finding_kind)f->kind) {
    case HR_FINDING_REJECT:
        snprintf(out, cap, "cannot be decoded: %s", hr_reject_name((hr_reject_reason)f->reason));
        return;
    case HR_FINDING_GAP:
        if (f->expect >= 0)
            snprintf(out, cap, "gap: update %lld was expected, %lld came", (long long)f->expect,
                     id);
        else
            snprintf(out, cap, "gap: the connection was lost");
        return;
    case HR_FINDING_RESET:
        snprintf(out, cap, "the venue began its numbers anew with update %lld", id);
        return;
    case HR_FINDING_BACK:
        snprintf(out, cap, "sequence number %lld after %lld", id, (long long)f->expect);
        return;
    case HR_FINDING_TICKER:
        if (!f->has_touch) {
            snprintf(out, cap, "update %lld: the venue's ticker differs from the rebuilt book", id);
            return;
        }
        (void)touch_text(book, sizeof book, &f->book, p);
        (void)touch_text(ticker, sizeof ticker, &f->ticker, p);
        snprintf(out, cap, "update %lld: ticker %s, rebuilt book %s", id, ticker, book);
        return;
    case HR_FINDING_CROSSED:
        snprintf(out, cap, "update %lld: best bid is not below best ask", id);
        return;
    case HR_FINDING_TIME:
        snprintf(out, cap, "received before the message ahead of it (time %lld)",
                 (long long)f->expect);
        return;
    case HR_FINDING_CHECKSUM:
        snprintf(out, cap, "the venue's checksum is not that of the rebuilt book");
        return;
    case HR_FINDING_BOOK:
        (void)level_text(book, sizeof book, &f->book, p);
        (void)level_text(ticker, sizeof ticker, &f->ticker, p);
        snprintf(out, cap, "%s %lld of the published book: %s, rebuilt %s",
                 f->reason == HR_SIDE_BID ? "bid" : "ask", (long long)f->expect, ticker, book);
        return;
    case HR_FINDING_KIND_COUNT:
        break;
    }
    snprintf(out, cap, "unknown finding");
}

size_t hr_finding_text(char *out, size_t cap, const hr_finding *f, const hr_run *r)
{
    char what[400];
    const hr_source *s = &r->source[f->source_idx];
    bool is_named = f->desk_id >= 0;
    what_text(what, sizeof what, f, r->plan);
    int n = snprintf(out, cap, "%s:%lld: %s%s%s%s%s (%s %lld)", s->path, (long long)f->line,
                     is_named ? r->desk[f->desk_id]->venue : "", is_named ? " " : "",
                     is_named ? r->desk[f->desk_id]->symbol : "", is_named ? ": " : "", what,
                     s->events != NULL ? "row" : "byte", (long long)f->offset);
    return n > 0 ? (size_t)n : 0;
}

uint32_t hr_check_instruments(const hr_run *r)
{
    return atomic_load_explicit(&r->n_desks, memory_order_acquire); /* pairs: run_desk */
}

void hr_check_instrument_get(const hr_check *c, const hr_run *r, uint32_t i,
                             hr_check_instrument *out)
{
    const hr_desk *d = r->desk[i];
    const instrument_note *n = &c->note[i];
    HR_ASSERT(i < c->limit);
    *out = (hr_check_instrument){.venue = d->venue,
                                 .symbol = d->symbol,
                                 .messages = n->n[HR_MSG_DELTA],
                                 .levels = n->levels - n->n[HR_MSG_TRADE] - 2 * n->n[HR_MSG_TICKER],
                                 .snapshots = n->n[HR_MSG_SNAPSHOT],
                                 .trades = n->n[HR_MSG_TRADE],
                                 .tickers = n->n[HR_MSG_TICKER],
                                 .gaps = d->seq.n_gaps,
                                 .duplicates = d->seq.n_duplicates,
                                 .stale = d->seq.n_stale,
                                 .crossed = n->crossed,
                                 .checksums = d->n_checksums,
                                 .checksums_equal = d->n_checksums_equal,
                                 .first_ns = n->first_ns,
                                 .last_ns = n->last_ns,
                                 .has_depth = d->has_depth,
                                 .was_synced = d->seq.ever_synced};
    if (d->check == NULL) return;
    out->ticker_checks = d->check->n_checks;
    out->ticker_checks_equal = d->check->n_equal;
}

uint32_t hr_check_sources(const hr_run *r)
{
    return r->n_sources;
}

void hr_check_source_get(const hr_run *r, uint32_t i, hr_check_source *out)
{
    const hr_source *s = &r->source[i];
    *out =
        (hr_check_source){.path = s->path,
                          .format = hr_format_name(s->info.format),
                          .container = hr_container_name(s->container),
                          .why = s->why,
                          .venue = s->info.venue,
                          .symbol = s->info.symbol,
                          .size_bytes = s->reader.size_bytes,
                          .rows = s->events != NULL ? hr_pq_file_rows(s->table) : s->pos_line - 1,
                          .is_table = s->events != NULL};
}
