/* SPDX-License-Identifier: Apache-2.0 */
/* Every venue's messages, written by us from a model book and read back: each message is what was
 * written, and streams with dropped, repeated and swapped messages leave a desk in the state that
 * the venue's rule states, held against a plain reading of that rule. */
#include "desk_rig.h"
#include "harness.h"
#include "pipe/desk.h"
#include "rng.h"
#include "venue_text.h"

#define BLOCK_BYTES 16384u
#define PRICES 30        /* of each side of the model */
#define STREAM 150       /* messages */
#define MID 1000000      /* cents */
#define PX_UNIT 10000000 /* of the default scale, a cent */
#define QTY_UNIT 100000  /* a thousandth */

/* ---- the venue ---- */

typedef struct market {
    const venue_case *c;
    test_rng r;
    int64_t qty[2][PRICES]; /* by distance from the middle */
    int64_t shown[2][PRICES];
    int64_t id, trade_id, ms;
} market;

static int64_t px_of(int side, int i)
{
    return side == HR_SIDE_BID ? MID - 5 * i : MID + 5 + 5 * i;
}

/* What the venue keeps of the book: all, or so many levels a side. */
static void keep(const market *m, int64_t out[2][PRICES])
{
    for (int s = 0; s < 2; s++) {
        uint32_t n = 0;
        for (int i = 0; i < PRICES; i++) {
            bool is_kept = m->qty[s][i] > 0 && (m->c->depth == 0 || n < m->c->depth);
            out[s][i] = is_kept ? m->qty[s][i] : 0;
            n += is_kept;
        }
    }
}

static void change(market *m)
{
    for (uint64_t k = 1 + test_rng_below(&m->r, 6); k > 0; k--) {
        uint64_t s = test_rng_below(&m->r, 2);
        uint64_t i = test_rng_below(&m->r, PRICES);
        m->qty[s][i] = test_rng_chance(&m->r, 3) ? 0 : 1 + (int64_t)test_rng_below(&m->r, 5000000);
    }
}

static void add(venue_event *e, int side, int64_t px, int64_t qty, bool is_new)
{
    e->level[side][e->n[side]++] = (venue_level){.px = px, .qty = qty, .is_new = is_new};
}

static void fill_top(venue_event *e, int64_t book[2][PRICES])
{
    e->n_top[0] = e->n_top[1] = 0;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < PRICES; i++)
            if (book[s][i] > 0)
                e->top[s][e->n_top[s]++] = (venue_level){.px = px_of(s, i), .qty = book[s][i]};
}

/* Where a message tells of one kind of change, the others of this moment did not happen. */
static bool is_told(market *m, const venue_event *e, int side, int i)
{
    const int first = e->n[0] > 0 ? 0 : 1;
    if (!m->c->is_split || e->n[0] + e->n[1] == 0) return true;
    const venue_level *v = &e->level[first][0];
    bool is_told = (v->qty == 0) == (m->qty[side][i] == 0) && v->is_new == (m->shown[side][i] == 0);
    if (!is_told) m->qty[side][i] = m->shown[side][i];
    return is_told;
}

/* The difference between what was shown and what is kept now. A level that fell behind the depth
 * goes without a word. */
static void make_book(market *m, venue_event *e, bool is_snapshot)
{
    int64_t now[2][PRICES];
    keep(m, now);
    e->kind = is_snapshot ? HR_MSG_SNAPSHOT : HR_MSG_DELTA;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < PRICES; i++) {
            bool is_gone = now[s][i] == 0 && m->shown[s][i] > 0 && m->qty[s][i] == 0;
            bool is_changed = now[s][i] > 0 && now[s][i] != m->shown[s][i];
            if (is_snapshot ? now[s][i] > 0 : (is_changed || is_gone) && is_told(m, e, s, i))
                add(e, s, px_of(s, i), now[s][i], m->shown[s][i] == 0);
        }
    keep(m, now);
    memcpy(m->shown, now, sizeof now);
    fill_top(e, now);
}

static void number(market *m, venue_event *e)
{
    e->prev = m->id;
    e->first = m->id + 1;
    if (m->c->rule == HR_SEQ_CHAIN)
        m->id += 1 + (int64_t)test_rng_below(&m->r, 50);
    else if (m->c->rule == HR_SEQ_AFTER)
        m->id = e->ms * 1000; /* its time, in us */
    else if (m->c->rule == HR_SEQ_BINANCE_SPOT)
        m->id += 1 + (int64_t)test_rng_below(&m->r, 5);
    else
        m->id++;
    if (m->c->rule == HR_SEQ_CHAIN || m->c->rule == HR_SEQ_AFTER) e->first = m->id;
    e->last = m->id;
}

static void make_trade(market *m, venue_event *e)
{
    e->kind = HR_MSG_TRADE;
    e->side = (hr_side)test_rng_below(&m->r, 2);
    e->last = ++m->trade_id;
    add(e, 0, MID + (int64_t)test_rng_below(&m->r, 50), 1 + (int64_t)test_rng_below(&m->r, 9999),
        0);
}

static void make_ticker(market *m, venue_event *e)
{
    int64_t now[2][PRICES];
    keep(m, now);
    e->kind = HR_MSG_TICKER;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < PRICES && e->n[s] == 0; i++)
            if (now[s][i] > 0) add(e, s, px_of(s, i), now[s][i], false);
}

static void make_event(market *m, venue_event *e, bool is_snapshot)
{
    memset(e, 0, sizeof *e);
    m->ms += 1 + (int64_t)test_rng_below(&m->r, 400);
    e->ms = m->ms;
    e->recv_ms = m->ms + 20;
    if (!is_snapshot && test_rng_chance(&m->r, 5)) {
        make_trade(m, e);
    } else if (!is_snapshot && !m->c->has_no_ticker && test_rng_chance(&m->r, 5)) {
        make_ticker(m, e);
    } else {
        /* At least one level: an empty message is not of every venue. */
        do
            change(m);
        while (make_book(m, e, is_snapshot || m->c->is_whole_only), e->n[0] + e->n[1] == 0);
        number(m, e);
    }
}

/* ---- a plain reading of the rules ---- */

typedef struct reader {
    const venue_case *c;
    bool is_live;
    int64_t last;
    int64_t qty[2][PRICES];
    const venue_event *kept[4 * STREAM]; /* for a snapshot by request */
    int n_kept;
    int64_t newest; /* of the stream */
    bool has_joined;
} reader;

static int index_of(int side, int64_t px)
{
    return (int)(side == HR_SIDE_BID ? MID - px : px - MID - 5) / 5;
}

static void put_levels(reader *r, const venue_event *e)
{
    for (int s = 0; s < 2; s++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < e->n[s]; i++)
            r->qty[s][index_of(s, e->level[s][i].px)] = e->level[s][i].qty;
        for (int i = 0; i < PRICES && r->c->depth > 0; i++) {
            n += r->qty[s][i] > 0;
            if (n > r->c->depth) r->qty[s][i] = 0;
        }
    }
}

/* Do the levels that a checksum sums up stand as the venue has them? */
static bool is_top_equal(const reader *r, const venue_event *e)
{
    for (int s = 0; s < 2; s++) {
        uint32_t n = 0;
        for (int i = 0; i < PRICES && n < r->c->n_checked; i++) {
            if (r->qty[s][i] == 0) continue;
            if (n >= e->n_top[s] || e->top[s][n].px != px_of(s, i) ||
                e->top[s][n].qty != r->qty[s][i])
                return false;
            n++;
        }
        if (n < HR_MIN(r->c->n_checked, e->n_top[s])) return false;
    }
    return true;
}

typedef enum answer { IGNORE, TAKE, LOSE } answer;

static answer judge(const reader *r, const venue_event *e, int64_t have)
{
    switch (r->c->rule) {
    case HR_SEQ_NONE:
        return TAKE;
    case HR_SEQ_CHAIN:
        return e->prev == have ? TAKE : e->last <= have ? IGNORE : LOSE;
    case HR_SEQ_STEP:
    case HR_SEQ_BINANCE_SPOT:
        return e->last <= have ? IGNORE : e->first <= have + 1 ? TAKE : LOSE;
    case HR_SEQ_AFTER:
        return e->last <= have ? IGNORE : TAKE;
    case HR_SEQ_BINANCE_FUTURES:
    case HR_SEQ_MONOTONE:
    case HR_SEQ_RULE_COUNT:
        break;
    }
    fail_msg("a rule that no venue here has");
    return LOSE;
}

static bool has_requests(const reader *r)
{
    return r->c->rule == HR_SEQ_BINANCE_SPOT || r->c->rule == HR_SEQ_AFTER;
}

static void read_snapshot(reader *r, const venue_event *e)
{
    int n = r->n_kept;
    if (has_requests(r) && r->is_live && e->last < r->last) return; /* older than the book */
    memset(r->qty, 0, sizeof r->qty);
    put_levels(r, e);
    r->is_live = true;
    r->last = e->last;
    if (!has_requests(r)) r->newest = e->last;
    r->n_kept = 0;
    for (int i = 0; i < n; i++) {
        answer a = judge(r, r->kept[i], r->last);
        if (a == LOSE) { /* too old a snapshot: those kept wait for the next */
            r->is_live = false;
            r->n_kept = n;
            return;
        }
        if (a != TAKE) continue;
        put_levels(r, r->kept[i]);
        r->last = r->kept[i]->last;
    }
}

/* What comes without a book is kept only where the snapshot to come may be older. */
static void read_delta(reader *r, const venue_event *e)
{
    answer a = r->newest < 0 && !r->is_live ? TAKE : judge(r, e, r->is_live ? r->last : r->newest);
    if (a == IGNORE) return;
    if (a == LOSE) {
        r->is_live = false;
        r->n_kept = 0;
    }
    r->newest = e->last;
    if (!r->is_live) {
        if (has_requests(r)) r->kept[r->n_kept++] = e;
        return;
    }
    put_levels(r, e);
    r->last = e->last;
    if (r->c->n_checked > 0 && !is_top_equal(r, e)) r->is_live = false;
}

static void read_event(reader *r, const venue_event *e)
{
    if (e->kind == HR_MSG_SNAPSHOT) read_snapshot(r, e);
    if (e->kind == HR_MSG_DELTA) read_delta(r, e);
}

/* ---- the desk ---- */

typedef struct rig {
    desk_rig d;
    hr_evbatch *batch;
    hr_source_info info;
    venue_text text;
    int64_t line;
} rig;

static void begin(rig *g, const venue_case *c)
{
    static const hr_evbatch_caps caps = {
        .msgs = 64, .levels = 1024, .rejects = 4, .raw = 4096, .texts = 64};
    const desk_rig_options o = {.venue = c->venue,
                                .symbol = c->symbol,
                                .format = (int)c->format,
                                .far_chunks = 64,
                                .checks = 1,
                                .n_blocks = 128,
                                .buffer_bytes = 262144,
                                .max_levels = 512};
    memset(g, 0, sizeof *g);
    desk_rig_init(&g->d);
    memset(g->d.plan.write, 0, sizeof g->d.plan.write);
    desk_rig_open(&g->d, &o);
    g->batch = hr_evbatch_init(hr_arena_alloc(g->d.arena, hr_evbatch_bytes(&caps), 64), &caps);
    g->info = (hr_source_info){
        .format = c->format, .px_scale = g->d.plan.px_scale, .qty_scale = g->d.plan.qty_scale};
    memcpy(g->info.venue, c->venue, strlen(c->venue));
    g->line = 1;
}

/* The head shows the first message, whether it arrives or not. */
static void show_head(rig *g, const venue_case *c, const venue_event *e)
{
    const hr_venue *v = hr_venue_find(c->venue);
    g->text.n = 0;
    c->write(&g->text, e);
    if (v->learn != NULL) v->learn(&g->info, g->text.s, g->text.n - 1);
}

static void decode(rig *g, const venue_case *c, const venue_event *e)
{
    size_t pos = 0;
    g->text.n = 0;
    c->write(&g->text, e);
    hr_evbatch_reset(g->batch);
    assert_int_equal(hr_decode_text(&g->info, g->batch, g->text.s, g->text.n, &pos, 0, &g->line,
                                    UINT32_MAX, true),
                     HR_OK);
}

/* ---- what was read is what was written ---- */

static void expect_levels(const hr_evbatch *b, const venue_event *e, int side)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n_levels; i++) {
        if (b->side[i] != side) continue;
        bool is_there = false;
        for (uint32_t k = 0; k < e->n[side]; k++)
            is_there = is_there || (b->px[i] == e->level[side][k].px * PX_UNIT &&
                                    b->qty[i] == e->level[side][k].qty * QTY_UNIT);
        assert_true(is_there);
        n++;
    }
    assert_int_equal(n, e->n[side]);
}

static void expect_ids(const hr_evbatch *b, const venue_case *c, const venue_event *e)
{
    if (c->rule == HR_SEQ_NONE) return;
    assert_int_equal(b->seq_last[0], e->last);
    if (e->kind == HR_MSG_SNAPSHOT) return;
    if (c->rule == HR_SEQ_CHAIN)
        assert_int_equal(b->seq_prev[0], e->prev);
    else
        assert_int_equal(b->seq_first[0], e->first);
}

static void expect_event(const rig *g, const venue_case *c, const venue_event *e)
{
    const hr_evbatch *b = g->batch;
    if (b->n_msgs != 1 || b->kind[0] != e->kind) print_message("# %s: %s", c->label, g->text.s);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], e->kind);
    assert_string_equal(b->syms[b->sym[0]].symbol, c->symbol);
    assert_string_equal(b->syms[b->sym[0]].venue, c->venue);
    if (b->ts_event[0] != HR_NULL_I64) assert_int_equal(b->ts_event[0], e->ms * 1000000);
    if (e->kind == HR_MSG_TRADE) {
        assert_int_equal(b->side[0], e->side);
        assert_int_equal(b->px[0], e->level[0][0].px * PX_UNIT);
        assert_int_equal(b->qty[0], e->level[0][0].qty * QTY_UNIT);
        if (!c->has_no_trade_id && b->text[0] < 0) assert_int_equal(b->seq_last[0], e->last);
        if (c->has_no_trade_id) assert_int_equal(b->seq_last[0], -1);
    } else if (e->kind == HR_MSG_TICKER) {
        for (int s = 0; s < 2; s++) {
            assert_int_equal(b->px[s], e->n[s] > 0 ? e->level[s][0].px * PX_UNIT : 0);
            assert_int_equal(b->qty[s], e->n[s] > 0 ? e->level[s][0].qty * QTY_UNIT : 0);
        }
    } else {
        expect_levels(b, e, HR_SIDE_BID);
        expect_levels(b, e, HR_SIDE_ASK);
        expect_ids(b, c, e);
    }
}

static void expect_book(const rig *g, const reader *r, const venue_case *c)
{
    if (hr_seq_is_live(&g->d.desk->seq) != r->is_live)
        print_message("# %s: %s", c->label, g->text.s);
    assert_int_equal(hr_seq_is_live(&g->d.desk->seq), r->is_live);
    if (!r->is_live) return;
    for (int s = 0; s < 2; s++) {
        int64_t px[PRICES];
        int64_t qty[PRICES];
        uint32_t n = 0;
        uint32_t got = hr_l2_top(g->d.desk->book, (hr_side)s, PRICES, px, qty);
        for (int i = 0; i < PRICES; i++) {
            if (r->qty[s][i] == 0) continue;
            assert_true(n < got);
            assert_int_equal(px[n], px_of(s, i) * PX_UNIT);
            assert_int_equal(qty[n], r->qty[s][i] * QTY_UNIT);
            n++;
        }
        assert_int_equal(n, got);
    }
}

/* A rule that sees every loss has the venue's own book while it is live. */
static void expect_truth(const reader *r, const venue_event *e)
{
    if (!r->is_live || e->kind > HR_MSG_SNAPSHOT || e->last != r->last) return;
    for (int s = 0; s < 2; s++) {
        uint32_t n = 0;
        for (int i = 0; i < PRICES; i++) {
            if (r->qty[s][i] == 0) continue;
            assert_true(n < e->n_top[s]);
            assert_int_equal(e->top[s][n].px, px_of(s, i));
            assert_int_equal(e->top[s][n].qty, r->qty[s][i]);
            n++;
        }
        assert_int_equal(n, e->n_top[s]);
    }
}

static void deliver(rig *g, reader *r, const venue_event *e, bool is_clean)
{
    const venue_case *c = r->c;
    hr_err err = HR_ERR_INIT;
    bool sees_all = c->rule != HR_SEQ_NONE && c->rule != HR_SEQ_AFTER;
    decode(g, c, e);
    expect_event(g, c, e);
    assert_int_equal(desk_rig_message(&g->d, g->batch, 0, &err), HR_OK);
    read_event(r, e);
    expect_book(g, r, c);
    if (is_clean || sees_all) expect_truth(r, e);
}

static void walk(const venue_case *c, uint64_t seed)
{
    static rig g;
    static venue_event e[STREAM];
    static int order[STREAM];
    static market m;
    static reader r;
    m = (market){.c = c, .id = 100000, .trade_id = 7000, .ms = 1700000000000};
    test_rng_init(&m.r, seed);
    r = (reader){.c = c, .last = -1, .newest = -1};
    begin(&g, c);
    const bool is_clean = test_rng_chance(&m.r, 4);
    for (int i = 0; i < STREAM; i++) {
        make_event(&m, &e[i], i == 0 || test_rng_chance(&m.r, 12));
        order[i] = i;
    }
    show_head(&g, c, &e[0]);
    for (int i = 1; !is_clean && i + 1 < STREAM; i++) {
        if (!test_rng_chance(&m.r, 15)) continue;
        order[i]++;
        order[++i]--;
    }
    for (int i = 0; i < STREAM; i++) {
        if (!is_clean && test_rng_chance(&m.r, 15)) continue;
        deliver(&g, &r, &e[order[i]], is_clean);
        if (!is_clean && test_rng_chance(&m.r, 10)) deliver(&g, &r, &e[order[i]], false);
    }
    if (is_clean) {
        assert_true(r.is_live);
        assert_int_equal(g.d.desk->seq.n_gaps, 0);
        assert_int_equal(g.d.desk->n_checksums, g.d.desk->n_checksums_equal);
    }
    desk_rig_close(&g.d);
}

static void test_streams(void **state)
{
    static const venue_case *const cases[] = {
#define VENUE_CASE_POINTER(id) &venue_case_##id,
        VENUE_CASES(VENUE_CASE_POINTER)
#undef VENUE_CASE_POINTER
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i]->label);
        for (uint64_t k = 0; k < test_iters(40); k++)
            walk(cases[i], test_seed() * 1000 + k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
