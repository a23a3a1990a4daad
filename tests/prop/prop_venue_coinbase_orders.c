/* SPDX-License-Identifier: Apache-2.0 */
/* Coinbase's full channel and its books of level 3: sessions of a model exchange, messages dropped,
 * repeated and swapped, books that come late, in parts and damaged. Each message is read as it was
 * written, and after each the desk's book, gaps and trades are those of a follower that knows the
 * venue's rule by heart: docs/modules/l3.md "Coinbase's full channel". */
#include "desk_rig.h"
#include "harness.h"
#include "pipe/desk.h"
#include "rng.h"
#include "venue_text.h"

#define PRICES 24        /* of each side of the model */
#define LIVE 40          /* orders that rest at most */
#define STREAM 240       /* messages and books */
#define MID 1000000      /* cents */
#define PX_UNIT 10000000 /* of the default scale, a cent */
#define QTY_UNIT 100000  /* a thousandth */
#define SYMBOL "BTC-USD"

/* ---- the exchange ---- */

typedef enum what { RECEIVED, ACTIVATE, OPEN, MATCH, CHANGE, DONE, BOOK } what;

typedef struct resting {
    uint32_t order; /* its number: uuid_of says its name */
    hr_side side;
    int64_t px, qty; /* cents, thousandths */
} resting;

typedef struct list {
    resting at[LIVE];
    int n;
} list;

typedef struct event {
    what what;
    resting o;       /* the order, as it is after it; MATCH: the maker, qty: what was taken */
    bool has_px;     /* CHANGE: the price is named; DONE: price and size are */
    bool is_funds;   /* CHANGE: of a market order's funds, no size in it */
    int64_t seq, ms; /* BOOK: messages up to seq are in it */
    int64_t trade_id;
    list book; /* what rests after it */
} event;

typedef struct exchange {
    test_rng r;
    list book;
    uint32_t n_orders;
    int64_t seq, trade_id, ms;
} exchange;

static int find(const list *l, uint32_t order)
{
    for (int i = 0; i < l->n; i++)
        if (l->at[i].order == order) return i;
    return -1;
}

static void drop(list *l, int i)
{
    memmove(&l->at[i], &l->at[i + 1], (size_t)(l->n - i - 1) * sizeof l->at[0]);
    l->n--;
}

static resting any_order(exchange *x)
{
    const int64_t away = (int64_t)test_rng_below(&x->r, PRICES);
    hr_side side = test_rng_chance(&x->r, 2) ? HR_SIDE_BID : HR_SIDE_ASK;
    return (resting){.order = ++x->n_orders,
                     .side = side,
                     .px = side == HR_SIDE_BID ? MID - away : MID + 1 + away,
                     .qty = 1 + (int64_t)test_rng_below(&x->r, 900000)};
}

/* One of those that rest grows less, and may move away; its name stays. */
static void change(exchange *x, event *e, int i)
{
    resting *o = &x->book.at[i];
    o->qty = 1 + (int64_t)test_rng_below(&x->r, (uint64_t)o->qty);
    e->has_px = test_rng_chance(&x->r, 2);
    if (e->has_px && test_rng_chance(&x->r, 2))
        o->px = o->side == HR_SIDE_BID ? MID - (int64_t)test_rng_below(&x->r, PRICES)
                                       : MID + 1 + (int64_t)test_rng_below(&x->r, PRICES);
    e->o = *o;
}

static void match(exchange *x, event *e, int i)
{
    resting *o = &x->book.at[i];
    e->o = *o;
    e->trade_id = ++x->trade_id;
    if (!test_rng_chance(&x->r, 2)) e->o.qty = 1 + (int64_t)test_rng_below(&x->r, (uint64_t)o->qty);
    o->qty -= e->o.qty;
    if (o->qty == 0)
        drop(&x->book, i); /* the venue says "done" of it too: of no order that rests */
}

/* Something happens to an order that rests, or to one that never did. */
static void happen(exchange *x, event *e)
{
    const bool is_resting = x->book.n > 0 && !test_rng_chance(&x->r, 6);
    const int i = is_resting ? (int)test_rng_below(&x->r, (uint64_t)x->book.n) : -1;
    e->what = (what)test_rng_below(&x->r, BOOK);
    if (e->what == OPEN && x->book.n == LIVE) e->what = RECEIVED;
    if (e->what == MATCH && !is_resting) e->what = DONE;
    e->o = is_resting ? x->book.at[i] : any_order(x);
    e->has_px = test_rng_chance(&x->r, 2);
    if (e->what == RECEIVED || e->what == ACTIVATE || e->what == OPEN) e->o = any_order(x);
    if (e->what == OPEN) x->book.at[x->book.n++] = e->o;
    if (e->what == MATCH) match(x, e, i);
    if (e->what == DONE && is_resting) drop(&x->book, i);
    if (e->what != CHANGE) return;
    if (is_resting)
        change(x, e, i);
    else
        e->is_funds = test_rng_chance(&x->r, 2);
}

static void make_event(exchange *x, event *e)
{
    memset(e, 0, sizeof *e);
    e->what = BOOK;
    x->ms += 1 + (int64_t)test_rng_below(&x->r, 400);
    if (!test_rng_chance(&x->r, 9)) {
        happen(x, e);
        x->seq++;
    }
    e->seq = x->seq;
    e->ms = x->ms;
    e->book = x->book;
}

/* ---- its words ---- */

static void put_px(venue_text *t, const char *key, int64_t px, bool trimmed)
{
    venue_put(t, "\"%s\":\"", key);
    venue_put_number(t, px, 2, trimmed);
    venue_put(t, "\",");
}

static void put_qty(venue_text *t, const char *key, int64_t qty, bool trimmed)
{
    venue_put(t, "\"%s\":\"", key);
    venue_put_number(t, qty, 3, trimmed);
    venue_put(t, "\",");
}

/* Digits of all its parts change with the number. */
static void put_uuid(venue_text *t, uint32_t order)
{
    uint64_t h = (order + 1) * UINT64_C(0x9e3779b97f4a7c15);
    venue_put(t, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(h >> 32), (unsigned)(h & 0xffff),
              (unsigned)(order & 0xffff), (unsigned)(h >> 16 & 0xffff),
              (unsigned long long)(h * 31 & 0xffffffffffff));
}

static void put_id(venue_text *t, const char *key, uint32_t order)
{
    venue_put(t, "\"%s\":\"", key);
    put_uuid(t, order);
    venue_put(t, "\",");
}

static void put_more(venue_text *t, const event *e)
{
    const bool trimmed = e->seq % 2 == 0;
    const bool is_match = e->what == MATCH;
    if (is_match) venue_put(t, "\"trade_id\":%lld,", (long long)e->trade_id);
    put_id(t, is_match ? "maker_order_id" : "order_id", e->o.order);
    if (is_match) put_id(t, "taker_order_id", 0);
    if (e->what == OPEN || is_match || e->has_px) {
        put_px(t, e->what == CHANGE ? "new_price" : "price", e->o.px, trimmed);
        if (e->what != CHANGE) put_qty(t, is_match ? "size" : "remaining_size", e->o.qty, trimmed);
    } else if (e->what == CHANGE) {
        venue_put(t, "\"new_price\":null,");
    }
    if (e->what == CHANGE && !e->is_funds) put_qty(t, "new_size", e->o.qty, trimmed);
}

static void write_message(venue_text *t, const event *e)
{
    static const char *const types[] = {"received", "activate", "open", "match", "change", "done"};
    t->n = 0;
    venue_put(t, "%lld {\"type\":\"%s\",", (long long)(e->ms + 20) * 1000000, types[e->what]);
    put_more(t, e);
    venue_put(t, "\"side\":\"%s\",\"time\":\"", e->o.side == HR_SIDE_BID ? "buy" : "sell");
    venue_put_rfc3339(t, e->ms);
    venue_put(t, "\",\"product_id\":\"" SYMBOL "\",\"sequence\":%lld}\n", (long long)e->seq);
}

/* Orders begin to end - 1 of the book, bids before asks, as whoever cuts a long line hands it on:
 * with the line's own head, and ending behind a comma. sorted: the book's orders in that order. */
static void write_part(venue_text *t, const event *e, const list *sorted, int begin, int end)
{
    bool is_last = end == sorted->n;
    int side = begin > 0 ? (int)sorted->at[begin].side : 0;
    t->n = 0;
    venue_put(t, "%lld {\"sequence\":%lld,\"product_id\":\"" SYMBOL "\",",
              (long long)(e->ms + 20) * 1000000, (long long)e->seq);
    if (begin > 0) venue_put(t, "\"continues\":%d,", begin);
    venue_put(t, side == 0 ? "\"bids\":[" : "\"asks\":[");
    for (int i = begin; i < end; i++) {
        const resting *o = &sorted->at[i];
        if (side == 0 && o->side == HR_SIDE_ASK) {
            if (t->s[t->n - 1] == ',') t->n--;
            venue_put(t, "],\"asks\":[");
            side = 1;
        }
        venue_put(t, "[\"");
        venue_put_number(t, o->px, 2, false);
        venue_put(t, "\",\"");
        venue_put_number(t, o->qty, 3, true);
        venue_put(t, "\",\"");
        put_uuid(t, o->order);
        venue_put(t, "\"],");
    }
    if (is_last && t->s[t->n - 1] == ',') t->n--;
    if (is_last) venue_put(t, side == 0 ? "],\"asks\":[]}" : "]}");
    venue_put(t, "\n");
}

/* ---- the follower ---- */

typedef struct follower {
    bool is_live, is_damaged;
    int64_t last, chain; /* the book's number, the newest that arrived; -1: none */
    list book;
    const event *kept[2 * STREAM];
    int n_kept;
    uint64_t n_gaps, n_again, n_trades;
} follower;

static void apply(list *l, const event *e)
{
    const int i = find(l, e->o.order);
    if (e->what == OPEN) {
        assert_true(i < 0 && l->n < LIVE);
        l->at[l->n++] = e->o;
    }
    if (i < 0) return; /* what never rested ends and changes too */
    if (e->what == DONE) drop(l, i);
    if (e->what == CHANGE) {
        l->at[i].qty = e->o.qty;
        if (e->has_px) l->at[i].px = e->o.px;
    }
    if (e->what != MATCH) return;
    l->at[i].qty -= e->o.qty;
    if (l->at[i].qty == 0) drop(l, i);
}

static void follow_message(follower *f, const event *e)
{
    if (f->chain >= 0 && e->seq <= f->chain) { /* late, or again */
        f->n_again++;
        return;
    }
    f->n_trades += e->what == MATCH;
    const int64_t have = f->is_live ? f->last : f->chain;
    f->chain = e->seq;
    if (f->is_live && e->seq <= f->last) { /* the book overtook it */
        f->n_again++;
        return;
    }
    if (have >= 0 && e->seq != have + 1) {
        f->n_gaps++;
        f->is_live = false;
        f->n_kept = 0;
    }
    if (!f->is_live) {
        f->kept[f->n_kept++] = e;
        return;
    }
    apply(&f->book, e);
    f->last = e->seq;
}

/* is_whole: each of its parts could be read. */
static void follow_book(follower *f, const event *e, bool is_whole, bool has_end)
{
    if (f->is_live) {
        f->n_again += has_end;
        return;
    }
    if (!is_whole) return;
    f->book = e->book;
    f->last = e->seq;
    f->is_live = true;
    for (int i = 0; i < f->n_kept && f->is_live; i++) {
        if (f->kept[i]->seq <= f->last) continue;
        f->is_live = f->kept[i]->seq == f->last + 1; /* else too old for what was kept */
        if (!f->is_live) break;
        apply(&f->book, f->kept[i]);
        f->last = f->kept[i]->seq;
    }
    f->n_kept = 0;
}

/* ---- the desk ---- */

typedef struct rig {
    desk_rig d;
    hr_evbatch *batch;
    hr_source_info info;
    venue_text text;
    int64_t line;
} rig;

static void begin(rig *g)
{
    static const hr_evbatch_caps caps = {
        .msgs = 64, .levels = 1024, .rejects = 4, .raw = 4096, .texts = 64};
    const desk_rig_options o = {.venue = "coinbase",
                                .symbol = SYMBOL,
                                .format = HR_FORMAT_CAPTURE_PREFIX,
                                .far_chunks = 64,
                                .checks = 1,
                                .n_blocks = 256,
                                .buffer_bytes = 262144,
                                .max_levels = 512,
                                .orders = 2 * LIVE};
    memset(g, 0, sizeof *g);
    desk_rig_init(&g->d);
    memset(g->d.plan.write, 0, sizeof g->d.plan.write);
    desk_rig_open(&g->d, &o);
    g->batch = hr_evbatch_init(hr_arena_alloc(g->d.arena, hr_evbatch_bytes(&caps), 64), &caps);
    g->info = (hr_source_info){.format = HR_FORMAT_CAPTURE_PREFIX,
                               .px_scale = g->d.plan.px_scale,
                               .qty_scale = g->d.plan.qty_scale,
                               .has_orders = true};
    memcpy(g->info.venue, "coinbase", 9);
    g->line = 1;
}

static void decode(rig *g)
{
    size_t pos = 0;
    hr_evbatch_reset(g->batch);
    assert_int_equal(hr_decode_text(&g->info, g->batch, g->text.s, g->text.n, &pos, 0, &g->line,
                                    UINT32_MAX, true),
                     HR_OK);
    assert_int_equal(pos, g->text.n);
}

static void take(rig *g)
{
    hr_err err = HR_ERR_INIT;
    for (uint32_t m = 0; m < g->batch->n_msgs; m++) {
        const uint32_t n = hr_desk_levels_needed(g->d.desk, g->batch, m);
        assert_int_equal(hr_rows_reserve(&g->d.env.rows, hr_desk_blocks_needed(&g->d.cfg, n)),
                         HR_OK);
        assert_int_equal(hr_desk_env_reserve_cuts(&g->d.env, hr_desk_cuts_needed(&g->d.cfg, n)),
                         HR_OK);
        assert_int_equal(hr_desk_message(g->d.desk, &g->d.env, g->batch, m, &err), HR_OK);
    }
}

/* ---- what was read is what was written ---- */

static void expect_message(const rig *g, const event *e)
{
    const hr_evbatch *b = g->batch;
    static const hr_order_action actions[] = {
        [RECEIVED] = HR_ORDER_NOTE, [ACTIVATE] = HR_ORDER_NOTE, [OPEN] = HR_ORDER_ADD,
        [MATCH] = HR_ORDER_EXECUTE, [CHANGE] = HR_ORDER_MODIFY, [DONE] = HR_ORDER_DELETE,
    };
    const bool has_px = e->what == OPEN || e->what == MATCH || (e->what == CHANGE && e->has_px);
    const bool has_qty = has_px || e->what == CHANGE;
    if (b->n_rejects > 0) print_message("# reject %d: %s", b->rejects[0].reason, g->text.s);
    assert_int_equal(b->n_rejects, 0);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], HR_MSG_ORDER);
    assert_int_equal(hr_order_action_of(b->flags[0]),
                     e->is_funds ? HR_ORDER_NOTE : actions[e->what]);
    assert_int_equal(b->seq_last[0], e->seq);
    assert_int_equal(b->ts_event[0], e->ms * 1000000);
    assert_int_equal(b->ts_recv[0], (e->ms + 20) * 1000000);
    assert_int_equal(b->seq_prev[0], e->what == MATCH ? e->trade_id : -1);
    assert_string_equal(b->syms[b->sym[0]].symbol, SYMBOL);
    if (e->is_funds) return;
    assert_int_equal(b->px[0], has_px ? e->o.px * PX_UNIT : 0);
    assert_int_equal(b->qty[0], has_qty ? e->o.qty * QTY_UNIT : 0);
    if (e->what == OPEN || e->what == MATCH) assert_int_equal(b->side[0], e->o.side);
}

/* A part of a book: what clears it, where it is the first; its orders; what ends it. */
static void expect_part(const hr_evbatch *b, const event *e, const list *sorted, int begin, int end)
{
    uint32_t m = 0;
    assert_int_equal(b->n_rejects, 0);
    if (begin == 0) assert_int_equal(hr_order_action_of(b->flags[m++]), HR_ORDER_CLEAR);
    for (int i = begin; i < end; i++, m++) {
        assert_int_equal(hr_order_action_of(b->flags[m]), HR_ORDER_ADD);
        assert_int_equal(b->side[m], sorted->at[i].side);
        assert_int_equal(b->px[m], sorted->at[i].px * PX_UNIT);
        assert_int_equal(b->qty[m], sorted->at[i].qty * QTY_UNIT);
    }
    if (end == sorted->n) {
        assert_int_equal(hr_order_action_of(b->flags[m]), HR_ORDER_NOTE);
        assert_int_equal(b->seq_last[m], e->seq);
        assert_int_equal(b->seq_prev[m++], sorted->n);
    }
    assert_int_equal(b->n_msgs, m);
}

static int64_t level_of(const list *l, hr_side side, int64_t px)
{
    int64_t sum = 0;
    for (int i = 0; i < l->n; i++)
        if (l->at[i].side == side && l->at[i].px == px) sum += l->at[i].qty;
    return sum;
}

static void expect_book(const rig *g, const list *l)
{
    for (int s = 0; s < 2; s++) {
        int64_t px[PRICES];
        int64_t qty[PRICES];
        uint32_t n = 0;
        const uint32_t got = hr_l2_top(g->d.desk->book, (hr_side)s, PRICES, px, qty);
        for (int i = 0; i < PRICES; i++) {
            const int64_t at = s == HR_SIDE_BID ? MID - i : MID + 1 + i;
            const int64_t sum = level_of(l, (hr_side)s, at);
            if (sum == 0) continue;
            assert_true(n < got);
            assert_int_equal(px[n], at * PX_UNIT);
            assert_int_equal(qty[n], sum * QTY_UNIT);
            n++;
        }
        assert_int_equal(n, got);
    }
}

/* truth: what rested after each of the venue's messages, from number first. */
static void expect(const rig *g, const follower *f, const event *const *truth, int64_t first)
{
    const hr_desk *d = g->d.desk;
    if (hr_seq_is_live(&d->seq) != f->is_live) print_message("# %s", g->text.s);
    assert_int_equal(hr_seq_is_live(&d->seq), f->is_live);
    assert_int_equal(d->seq.n_gaps, f->n_gaps);
    assert_int_equal(d->seq.n_duplicates + d->seq.n_stale, f->n_again);
    assert_int_equal(g->d.env.counts.trades, f->n_trades);
    /* Parts of two damaged books may name the same orders. */
    if (!f->is_damaged) assert_int_equal(g->d.env.counts.order_faults, 0);
    if (!f->is_live) return;
    expect_book(g, &f->book);
    if (f->last > first) expect_book(g, &truth[f->last - first]->book);
}

/* ---- sessions ---- */

typedef struct trouble {
    unsigned drop, again, swap, damage; /* one in so many; 0: never */
} trouble;

static bool happens(test_rng *r, unsigned one_in)
{
    return one_in > 0 && test_rng_chance(r, one_in);
}

static void sort_book(list *sorted, const list *book)
{
    sorted->n = 0;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < book->n; i++)
            if (book->at[i].side == (hr_side)s) sorted->at[sorted->n++] = book->at[i];
}

/* In parts of equal length, as whoever cuts by bytes makes them, some of them damaged. */
static void deliver_book(rig *g, follower *f, const event *e, test_rng *r, unsigned damage)
{
    list sorted;
    bool is_whole = true;
    bool has_end = false;
    sort_book(&sorted, &e->book);
    const int step = test_rng_chance(r, 2) ? LIVE : 8;
    for (int at = 0; at < HR_MAX(sorted.n, 1); at += step) {
        const int end = HR_MIN(sorted.n, at + step);
        write_part(&g->text, e, &sorted, at, end);
        const bool is_damaged = sorted.n > 0 && happens(r, damage);
        if (is_damaged) strstr(g->text.s, "[[\"")[3] = 'x'; /* of a price */
        decode(g);
        if (is_damaged) {
            assert_int_equal(g->batch->n_rejects, 1);
            assert_int_equal(g->batch->n_msgs, 1);
            assert_int_equal(g->batch->kind[0], HR_MSG_BAD);
        } else {
            expect_part(g->batch, e, &sorted, at, end);
        }
        if (!is_damaged) take(g);
        is_whole = is_whole && !is_damaged;
        has_end = has_end || (!is_damaged && end == sorted.n);
    }
    f->is_damaged = f->is_damaged || !is_whole;
    follow_book(f, e, is_whole, has_end);
}

static void deliver(rig *g, follower *f, const event *e, test_rng *r, unsigned damage)
{
    if (e->what == BOOK) {
        deliver_book(g, f, e, r, damage);
        return;
    }
    write_message(&g->text, e);
    decode(g);
    expect_message(g, e);
    take(g);
    follow_message(f, e);
}

/* Books arrive up to 20 places late; repeats up to 12; swapped messages are neighbours. */
static int arrange(const event **out, const event *e, test_rng *r, const trouble *t)
{
    static uint32_t place[2 * STREAM];
    int n = 0;
    for (uint32_t i = 0; i < STREAM; i++) {
        uint32_t at = 100 * i;
        if (e[i].what == BOOK) at += 100 * (uint32_t)test_rng_below(r, 20) + 1;
        if (e[i].what != BOOK && happens(r, t->drop)) continue;
        if (happens(r, t->swap)) at += 150;
        for (int k = happens(r, t->again) ? 2 : 1; k > 0; k--) {
            int j = n++;
            for (; j > 0 && place[j - 1] > at; j--) {
                place[j] = place[j - 1];
                out[j] = out[j - 1];
            }
            place[j] = at;
            out[j] = &e[i];
            at += 100 * (uint32_t)test_rng_below(r, 12);
        }
    }
    return n;
}

static void walk(uint64_t seed)
{
    static rig g;
    static event e[STREAM];
    static const event *order[2 * STREAM];
    static const event *truth[STREAM + 1];
    static follower f;
    static const trouble troubles[] = {{0}, {60, 60, 60, 0}, {15, 10, 15, 6}, {0, 0, 0, 3}};
    exchange x = {.trade_id = 7000, .ms = 1700000000000};
    memset(&f, 0, sizeof f);
    test_rng_init(&x.r, seed);
    x.seq = 1000000000 + (int64_t)test_rng_below(&x.r, 1000000000);
    f.last = f.chain = -1;
    while (x.book.n < LIVE / 2)
        x.book.at[x.book.n++] = any_order(&x);
    const int64_t first = x.seq;
    const trouble *t = &troubles[seed % HR_ARRAY_LEN(troubles)];
    begin(&g);
    for (int i = 0; i < STREAM; i++) {
        make_event(&x, &e[i]);
        truth[e[i].seq - first] = &e[i];
    }
    const int n = arrange(order, e, &x.r, t);
    for (int i = 0; i < n; i++) {
        deliver(&g, &f, order[i], &x.r, t->damage);
        expect(&g, &f, truth, first);
    }
    if (t == &troubles[0]) {
        assert_true(f.is_live);
        assert_int_equal(f.n_gaps, 0);
        assert_int_equal(f.n_trades, x.trade_id - 7000);
    }
    desk_rig_close(&g.d);
}

static void test_sessions(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < test_iters(400); k++)
        walk(test_seed() * 10000 + k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
