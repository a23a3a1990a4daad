/* SPDX-License-Identifier: Apache-2.0 */
/* DBN records as order books and as events: each action and each type by hand, and the venue's own
 * files beside a naive book. */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#include "dbn_made.h"
#include "pipe/dbn_file.h"
#include "rng.h"
#include "venue/files/dbn.h"

#define TS UINT64_C(1715126400000000001)
#define PX INT64_C(5155500000000)
#define ORDERS_MAX 20000u

static hr_arena *arena;

static int set_up(void **state)
{
    (void)state;
    return hr_arena_create(&arena, NULL, 64u << 20, "test", NULL) == HR_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

/* ---- books ---- */

static hr_l3 *make_books(uint32_t orders)
{
    hr_l3 *b;
    hr_l3_options o = {.max_orders = orders, .max_levels = orders, .max_instruments = 4};
    assert_int_equal(hr_l3_create(&b, arena, &o, NULL), HR_OK);
    return b;
}

static hr_l3_change apply(hr_l3 *b, hr_dbn_mbo m, hr_status want)
{
    hr_l3_change c;
    hr_l3_op op;
    hr_dbn_op(&op, &m, 1);
    hr_l3_look(b, &op, 0, 0);
    assert_int_equal(hr_dbn_apply(b, &c, &m, 1), want);
    assert_true(hr_l3_is_sound(b));
    return c;
}

static hr_dbn_mbo order(char action, uint64_t id, char side, int64_t px, uint32_t qty)
{
    return (hr_dbn_mbo){.action = action, .order_id = id, .side = side, .px = px, .qty = qty};
}

static void test_actions(void **state)
{
    (void)state;
    hr_l3 *b = make_books(3);
    hr_l3_order o;
    hr_l3_change c = apply(b, order('A', 1, 'B', PX, 10), HR_OK);
    assert_true(c.n == 1 && c.px[0] == PX && c.qty[0] == 10 && c.side[0] == HR_SIDE_BID);
    (void)apply(b, order('A', 2, 'B', PX, 5), HR_OK);
    c = apply(b, order('C', 1, 'B', PX, 4), HR_OK);
    assert_true(c.taken == 4 && c.qty[0] == 11);
    c = apply(b, order('M', 1, 'B', PX, 8), HR_OK); /* more: behind the other */
    assert_true(c.qty[0] == 13);
    uint32_t n;
    int64_t ahead;
    assert_true(hr_l3_ahead(b, 1, &n, &ahead) && n == 1 && ahead == 5);
    c = apply(b, order('M', 2, 'B', PX, 2), HR_OK); /* less: keeps its place */
    assert_true(hr_l3_ahead(b, 2, &n, &ahead) && n == 0);
    c = apply(b, order('M', 2, 'B', PX + 1, 2), HR_OK); /* another price */
    assert_true(c.n == 2 && c.qty[0] == 8 && c.px[1] == PX + 1 && c.qty[1] == 2);
    c = apply(b, order('M', 3, 'A', PX + 9, 7), HR_OK); /* not known: added */
    assert_true(c.n == 1 && hr_l3_find(b, &o, 3) && o.side == HR_SIDE_ASK && o.qty == 7);
    for (const char *s = "TFN"; *s != '\0'; s++)
        assert_int_equal(apply(b, order(*s, 1, 'B', PX, 8), HR_OK).n, 0);
    c = apply(b, order('A', 4, 'A', PX + 9, 7), HR_EBUDGET);
    assert_int_equal(c.verdict, HR_L3_FULL);
    c = apply(b, order('C', 2, 'B', PX + 1, 2), HR_OK);
    assert_true(c.qty[0] == 0 && !hr_l3_find(b, &o, 2));
    c = apply(b, order('R', 0, 'N', INT64_MAX, 0), HR_OK);
    assert_true(c.is_clear && c.instrument == 1 && !hr_l3_find(b, &o, 1));
}

static void test_wrong_records(void **state)
{
    (void)state;
    hr_l3 *b = make_books(8);
    assert_int_equal(apply(b, order('A', 1, 'B', INT64_MAX, 1), HR_OK).verdict, HR_L3_BAD);
    assert_int_equal(apply(b, order('A', 1, 'B', -PX, 1), HR_OK).verdict, HR_L3_BAD);
    assert_int_equal(apply(b, order('A', 1, 'N', PX, 1), HR_OK).verdict, HR_L3_BAD);
    assert_int_equal(apply(b, order('C', 1, 'B', PX, 1), HR_OK).verdict, HR_L3_UNKNOWN);
    (void)apply(b, order('A', 1, 'B', PX, 1), HR_OK);
    assert_int_equal(apply(b, order('A', 1, 'B', PX, 1), HR_OK).verdict, HR_L3_DUPLICATE);
    assert_int_equal(apply(b, order('C', 1, 'B', PX, 2), HR_OK).verdict, HR_L3_OVER);
    hr_dbn_mbo m = order('A', 5, 'B', PX, 2);
    m.flags = HR_DBN_FLAG_TOB;
    assert_int_equal(apply(b, m, HR_OK).n, 0);
    m.flags = HR_DBN_FLAG_MBP;
    assert_int_equal(apply(b, m, HR_OK).n, 0);
}

/* ---- the venue's files ---- */

typedef struct naive {
    hr_dbn_mbo live[ORDERS_MAX];
    uint32_t n;
    uint64_t n_of[256];
    uint64_t n_last;
} naive;

static hr_dbn_mbo *find(naive *w, uint64_t id)
{
    for (uint32_t i = w->n; i > 0; i--)
        if (w->live[i - 1].order_id == id) return &w->live[i - 1];
    return NULL;
}

static void naive_apply(naive *w, const hr_dbn_mbo *m)
{
    hr_dbn_mbo *o = m->action == 'R' ? NULL : find(w, m->order_id);
    w->n_of[(uint8_t)m->action]++;
    if (m->action == 'R') w->n = 0;
    if (m->action == 'M' && o != NULL) *o = *m;
    if (m->action == 'C' && o != NULL) {
        o->qty -= HR_MIN(m->qty, o->qty);
        if (o->qty == 0) *o = w->live[--w->n];
    }
    if (o == NULL && (m->action == 'A' || m->action == 'M')) {
        assert_true(w->n < ORDERS_MAX);
        w->live[w->n++] = *m;
    }
}

static void check_level(const hr_l3 *b, const naive *w, const hr_dbn_mbo *m)
{
    int64_t qty;
    int64_t want = 0;
    uint32_t n;
    uint32_t n_want = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->live[i].px != m->px || w->live[i].side != m->side) continue;
        want += w->live[i].qty;
        n_want++;
    }
    (void)hr_l3_level(b, 0, m->side == 'B' ? HR_SIDE_BID : HR_SIDE_ASK, m->px, &qty, &n);
    assert_true(qty == want && n == n_want);
}

static void check_touch(const naive *w)
{
    int64_t bid = INT64_MIN;
    int64_t ask = INT64_MAX;
    for (uint32_t i = 0; i < w->n; i++) {
        const hr_dbn_mbo *o = &w->live[i];
        if (o->side == 'B') bid = HR_MAX(bid, o->px);
        if (o->side == 'A') ask = HR_MIN(ask, o->px);
    }
    assert_true(bid < ask);
}

static bool walk_file(naive *w, hr_l3 *b, const char *name)
{
    static hr_dbn_file f;
    char path[512];
    hr_status st;
    if (test_data_dir() == NULL) return false;
    snprintf(path, sizeof path, "%s/dbn/%s", test_data_dir(), name);
    memset(w, 0, sizeof *w);
    assert_int_equal(hr_dbn_file_open(&f, path, NULL, NULL), HR_OK);
    while ((st = hr_dbn_file_next(&f, NULL)) == HR_OK) {
        for (uint32_t i = 0; i < f.n_recs; i++) {
            hr_l3_change c;
            assert_int_equal(f.recs[i].layout, HR_DBN_MBO);
            hr_dbn_mbo m = hr_dbn_mbo_at(f.p + f.recs[i].at);
            naive_apply(w, &m);
            assert_int_equal(hr_dbn_apply(b, &c, &m, 0), HR_OK);
            assert_int_equal(c.verdict, HR_L3_OK);
            if ((m.flags & HR_DBN_FLAG_SNAPSHOT) == 0) check_level(b, w, &m);
            if ((m.flags & HR_DBN_FLAG_LAST) == 0) continue;
            w->n_last++;
            assert_true(hr_l3_is_sound(b));
            check_touch(w);
        }
    }
    assert_int_equal(st, HR_END);
    hr_dbn_file_close(&f);
    hr_l3_stats s;
    hr_l3_stats_get(b, &s);
    assert_int_equal(s.n_orders, w->n);
    for (uint32_t i = 0; i < w->n; i++)
        check_level(b, w, &w->live[i]);
    return true;
}

static void test_real_books(void **state)
{
    (void)state;
    static naive w;
    hr_l3 *b = make_books(ORDERS_MAX);
    if (!walk_file(&w, b, "orderbooks_mbo_20240508.dbn.zst")) {
        print_message("# the real files are absent: not checked\n");
        return;
    }
    assert_true(w.n_of['R'] == 1 && w.n_of['A'] == 13678 && w.n_of['C'] == 80);
    assert_true(w.n_of['M'] == 27 && w.n_of['T'] == 5 && w.n_of['F'] == 5);
    assert_true(w.n_last > 50);
    print_message("# %llu ends of events, %u orders left\n", (unsigned long long)w.n_last, w.n);
}

static void test_real_snapshot(void **state)
{
    (void)state;
    static naive w;
    hr_l3 *b = make_books(ORDERS_MAX);
    if (!walk_file(&w, b, "esh4-glbx-mdp3-20231224.mbo.dbn.zst")) {
        print_message("# the real files are absent: not checked\n");
        return;
    }
    assert_true(w.n_of['A'] > 8000 && w.n == w.n_of['A']);
    check_touch(&w);
}

/* ---- events ---- */

static const hr_evbatch_caps caps = {.msgs = 64, .levels = 128, .rejects = 16, .raw = 4096};

static hr_evbatch *make_batch(const hr_evbatch_caps *c)
{
    hr_evbatch *b = hr_evbatch_init(hr_arena_alloc(arena, hr_evbatch_bytes(c), 64), c);
    assert_non_null(b);
    return b;
}

static hr_dbn_source source(void)
{
    hr_dbn_source s = {.px_scale = 9, .qty_scale = 8};
    hr_dbn_venue(s.venue, "GLBX.MDP3");
    return s;
}

/* price, size, action, side, flags, ts_recv, sequence and one pair of levels */
static size_t book_record(uint8_t *p, uint8_t rtype, size_t n_bytes, char action)
{
    (void)dbn_made_head(p, rtype, n_bytes, 7, TS);
    dbn_made_put(p + 16, (uint64_t)PX, 8);
    dbn_made_put(p + 24, 3, 4);
    p[28] = (uint8_t)action;
    p[29] = 'A';
    dbn_made_put(p + 32, TS + 5, 8);
    dbn_made_put(p + 44, 99, 4);
    for (size_t at = 48; at + 32 <= n_bytes; at += 32) {
        dbn_made_put(p + at, (uint64_t)PX - at, 8);
        dbn_made_put(p + at + 8, (uint64_t)PX + at, 8);
        dbn_made_put(p + at + 16, 11, 4);
        dbn_made_put(p + at + 20, 12, 4);
    }
    return n_bytes;
}

static hr_status decode(hr_evbatch *b, const uint8_t *p, size_t n, size_t *pos, uint32_t target)
{
    hr_dbn_source s = source();
    int64_t row = 1;
    return hr_dbn_decode(&s, b, p, n, pos, 1000, &row, target, true);
}

static void test_messages(void **state)
{
    (void)state;
    uint8_t p[2048];
    size_t n = book_record(p, 0x00, 48, 'T');
    n += book_record(p + n, 0x01, 80, 'A');
    n += book_record(p + n, 0x01, 80, 'T');
    n += book_record(p + n, 0xc3, 80, 'T'); /* no action in a bbo */
    n += book_record(p + n, 0x0a, 368, 'A');
    n += book_record(p + n, 0xc2, 80, 'T');
    n += dbn_made_head(p + n, 0x77, 20, 1, TS);
    n += dbn_made_head(p + n, 0x17, 320, 1, TS);
    hr_dbn_mbo m = {.instrument = 8, .ts_event = TS, .ts_recv = UINT64_MAX, .px = 5, .qty = 1};
    m.action = 'A';
    n += dbn_made_mbo(p + n, &m);
    m.action = 'T';
    m.side = 'N';
    m.flags = HR_DBN_FLAG_MAYBE_BAD;
    n += dbn_made_mbo(p + n, &m);
    hr_evbatch *b = make_batch(&caps);
    size_t pos = 0;
    assert_int_equal(decode(b, p, n, &pos, UINT32_MAX), HR_OK);
    assert_int_equal(pos, n);
    static const uint8_t want[] = {HR_MSG_TRADE,  HR_MSG_TICKER,   HR_MSG_TRADE, HR_MSG_TICKER,
                                   HR_MSG_TICKER, HR_MSG_SNAPSHOT, HR_MSG_TRADE, HR_MSG_TICKER,
                                   HR_MSG_OTHER,  HR_MSG_OTHER,    HR_MSG_OTHER, HR_MSG_TRADE};
    assert_int_equal(b->n_msgs, sizeof want);
    assert_memory_equal(b->kind, want, sizeof want);
    assert_true(b->n_lines == 10 && b->src_end == 1000 + (int64_t)n);
    assert_true(b->ts_event[0] == (int64_t)TS && b->ts_recv[0] == (int64_t)TS + 5);
    assert_true(b->px[0] == PX && b->qty[0] == 300000000 && b->side[0] == HR_SIDE_ASK);
    assert_true(b->seq_last[0] == -1 && b->seq_last[1] == 99 && b->seq_first[1] == 99);
    assert_true(b->px[1] == PX - 48 && b->px[2] == PX + 48 && b->qty[2] == 1200000000);
    assert_true(b->level_begin[5] + 20 == b->level_begin[6]);
    assert_true((b->flags[5] & HR_FLAG_SNAPSHOT) != 0 && (b->flags[11] & HR_FLAG_GAP) != 0);
    assert_int_equal(b->ts_recv[11], (int64_t)TS);
    assert_true(b->src_offset[1] == 1048 && b->src_line[1] == 2 && b->src_line[11] == 10);
    assert_string_equal(b->syms[b->sym[0]].symbol, "id-7");
    assert_string_equal(b->syms[b->sym[0]].venue, "glbx.mdp3");
    assert_string_equal(b->syms[b->sym[11]].symbol, "id-8");
}

/* What a source of orders makes of each action. */
static void test_orders(void **state)
{
    (void)state;
    static const struct {
        char action, side;
        uint8_t flags;
        hr_order_action want;
        hr_side has_side;
        bool has_px;
    } cases[] = {
        {'A', 'B', HR_DBN_FLAG_LAST, HR_ORDER_ADD, HR_SIDE_BID, true},
        {'M', 'A', 0, HR_ORDER_PUT, HR_SIDE_ASK, true},
        {'C', 'B', HR_DBN_FLAG_LAST, HR_ORDER_CANCEL, HR_SIDE_NONE, false},
        {'R', 'N', 0, HR_ORDER_CLEAR, HR_SIDE_NONE, false},
        {'F', 'A', 0, HR_ORDER_NOTE, HR_SIDE_ASK, true},
        {'N', 'N', HR_DBN_FLAG_LAST, HR_ORDER_NOTE, HR_SIDE_NONE, true},
        {'A', 'B', HR_DBN_FLAG_TOB, HR_ORDER_NOTE, HR_SIDE_BID, true},
        {'A', 'B', HR_DBN_FLAG_MAYBE_BAD, HR_ORDER_ADD, HR_SIDE_BID, true},
    };
    uint8_t p[16 * 56];
    size_t n = 0;
    size_t pos = 0;
    int64_t row = 1;
    hr_dbn_source s = source();
    s.has_orders = true;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_dbn_mbo m = order(cases[i].action, 7 + i, cases[i].side, PX, 3);
        m.flags = cases[i].flags;
        if (cases[i].action == 'R') m.px = INT64_MAX;
        n += dbn_made_mbo(p + n, &m);
    }
    hr_dbn_mbo wide = order('C', UINT64_MAX, 'B', PX, 3); /* an id that no column holds */
    n += dbn_made_mbo(p + n, &wide);
    hr_evbatch *b = make_batch(&caps);
    assert_int_equal(hr_dbn_decode(&s, b, p, n, &pos, 0, &row, UINT32_MAX, true), HR_OK);
    assert_int_equal(b->n_msgs, HR_ARRAY_LEN(cases) + 1);
    assert_true(b->n_rejects == 1 && b->rejects[0].reason == HR_REJECT_RANGE);
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        bool is_clear = cases[i].action == 'R';
        bool is_last = (cases[i].flags & HR_DBN_FLAG_LAST) != 0;
        assert_int_equal(b->kind[i], HR_MSG_ORDER);
        assert_int_equal(hr_order_action_of(b->flags[i]), cases[i].want);
        assert_int_equal(b->side[i], cases[i].has_side);
        assert_int_equal(b->px[i], cases[i].has_px ? PX : 0);
        assert_int_equal(b->qty[i], is_clear ? 0 : 300000000);
        assert_int_equal(b->seq_first[i], is_clear ? 0 : 7 + i);
        assert_true(((b->flags[i] & HR_FLAG_MORE) == 0) == is_last);
    }
    assert_true((b->flags[7] & HR_FLAG_GAP) != 0 && b->seq_last[0] == -1);
}

/* Books of several publishers are venues of their own; trades are the instrument's. */
static void test_publishers(void **state)
{
    (void)state;
    uint8_t p[1024];
    size_t n = 0;
    hr_dbn_source s = source();
    s.has_orders = true;
    for (uint16_t publisher = 39; publisher < 41; publisher++) {
        hr_dbn_mbo m = order('A', 1, 'B', PX, 3);
        m.publisher = publisher;
        n += dbn_made_mbo(p + n, &m);
    }
    n += book_record(p + n, 0x00, 48, 'T');
    hr_dbn_learn(&s, NULL, p, n);
    assert_true(s.has_venues && s.publisher == 0);
    size_t pos = 0;
    int64_t row = 1;
    hr_evbatch *b = make_batch(&caps);
    assert_int_equal(hr_dbn_decode(&s, b, p, n, &pos, 0, &row, UINT32_MAX, true), HR_OK);
    assert_string_equal(b->syms[b->sym[0]].venue, "glbx.mdp3-p39");
    assert_string_equal(b->syms[b->sym[1]].venue, "glbx.mdp3-p40");
    assert_string_equal(b->syms[b->sym[2]].venue, "glbx.mdp3");
    hr_dbn_learn(&s, NULL, p, 56); /* one alone: the dataset's name */
    assert_true(s.has_venues && s.publisher == 39);
    pos = 0;
    hr_evbatch_reset(b);
    assert_int_equal(hr_dbn_decode(&s, b, p, n, &pos, 0, &row, UINT32_MAX, true), HR_OK);
    assert_string_equal(b->syms[b->sym[0]].venue, "glbx.mdp3");
    assert_string_equal(b->syms[b->sym[1]].venue, "glbx.mdp3-p40");
    assert_int_equal(hr_dbn_mapping_count(p, n), 0);
}

static void test_empty_sides(void **state)
{
    (void)state;
    uint8_t p[512];
    size_t n = book_record(p, 0x0a, 368, 'A');
    for (size_t l = 3; l < 10; l++)
        dbn_made_put(p + 48 + l * 32, INT64_MAX, 8);
    for (size_t l = 0; l < 10; l++)
        dbn_made_put(p + 56 + l * 32, INT64_MAX, 8);
    n += book_record(p + n, 0xc3, 80, 'N');
    dbn_made_put(p + 368 + 56, INT64_MAX, 8);
    hr_evbatch *b = make_batch(&caps);
    size_t pos = 0;
    assert_int_equal(decode(b, p, n, &pos, UINT32_MAX), HR_OK);
    assert_true(b->n_msgs == 2 && b->level_begin[1] == 3 && b->level_begin[2] == 5);
    assert_true(b->px[4] == 0 && b->qty[4] == 0 && b->side[4] == HR_SIDE_ASK);
}

static void test_names(void **state)
{
    (void)state;
    static const dbn_made_mapping mapping[] = {
        {"SPY   240119C00470000", "7", 20240508, 20240509},
        {"A symbol of more than 31 bytes is here", "9", 20240508, 20240509}};
    static uint8_t p[DBN_MADE_HEADER_MAX];
    uint8_t rec[96];
    dbn_made_header h = {.version = 3,
                         .stype_in = 1,
                         .dataset = "OPRA.PILLAR",
                         .mappings = mapping,
                         .n_mappings = 2};
    hr_dbn_meta m;
    hr_dbn_dir *d;
    assert_int_equal(hr_dbn_meta_parse(&m, p, dbn_made_header_put(p, &h), NULL), HR_OK);
    assert_int_equal(hr_dbn_dir_create(&d, arena, &m, 0, NULL), HR_OK);
    hr_dbn_source s = source();
    s.dir = d;
    hr_dbn_venue(s.venue, "XNAS ITCH");
    assert_string_equal(s.venue, "xnas-itch");
    hr_dbn_venue(s.venue, "");
    assert_string_equal(s.venue, "databento");
    size_t pos = 0;
    int64_t row = 1;
    hr_evbatch *b = make_batch(&caps);
    (void)book_record(rec, 0x00, 48, 'T');
    (void)book_record(rec + 48, 0x00, 48, 'T');
    dbn_made_put(rec + 48 + 4, 9, 4);
    assert_int_equal(hr_dbn_decode(&s, b, rec, 96, &pos, 0, &row, UINT32_MAX, true), HR_OK);
    assert_string_equal(b->syms[b->sym[0]].symbol, "SPY___240119C00470000");
    assert_string_equal(b->syms[b->sym[1]].symbol, "id-9");
    assert_int_equal(row, 3);
}

static void test_rejects(void **state)
{
    (void)state;
    uint8_t p[512];
    size_t pos = 0;
    size_t n = book_record(p, 0x00, 48, 'T');
    n += book_record(p + n, 0x00, 48, 'T');
    dbn_made_put(p + 48 + 16, (uint64_t)-1, 8); /* a price below zero */
    n += book_record(p + n, 0x00, 48, 'T');
    p[96] = 8; /* too short for its type */
    memset(p + 96 + 32, 0, 16);
    n = 96 + 32;
    n += book_record(p + n, 0x00, 48, 'T');
    hr_evbatch *b = make_batch(&caps);
    assert_int_equal(decode(b, p, n, &pos, UINT32_MAX), HR_OK);
    assert_true(b->n_msgs == 4 && b->n_rejects == 2 && pos == n && b->n_lines == 4);
    assert_true(b->rejects[0].reason == HR_REJECT_RANGE && b->rejects[0].src_offset == 1048);
    assert_true(b->rejects[1].reason == HR_REJECT_UNKNOWN && b->rejects[1].raw_len == 32);
    p[128] = 0; /* nothing behind it can be found */
    pos = 0;
    hr_evbatch_reset(b);
    assert_int_equal(decode(b, p, n, &pos, UINT32_MAX), HR_END);
    assert_true(pos == n && b->n_rejects == 3 && b->rejects[2].raw_len == 48);
    pos = 0;
    hr_evbatch_reset(b);
    assert_int_equal(decode(b, p, 40, &pos, UINT32_MAX), HR_OK);
    assert_true(b->n_rejects == 1 && b->rejects[0].reason == HR_REJECT_TRUNCATED && pos == 40);
}

static void test_batches_end(void **state)
{
    (void)state;
    static uint8_t p[300 * 80];
    static const hr_evbatch_caps small = {.msgs = 8, .levels = 64, .rejects = 4, .raw = 1024};
    size_t n = 0;
    for (size_t i = 0; i < 300; i++)
        n += book_record(p + n, 0x01, 80, 'A');
    for (uint32_t target = 1; target < 40; target += 6) {
        hr_evbatch *b = make_batch(&small);
        size_t pos = 0;
        uint64_t n_msgs = 0;
        hr_status st;
        do {
            hr_evbatch_reset(b);
            st = decode(b, p, n, &pos, target);
            assert_true(b->n_msgs > 0);
            n_msgs += b->n_msgs;
        } while (st == HR_FULL);
        assert_int_equal(st, HR_OK);
        assert_int_equal(n_msgs, 300);
    }
}

static void test_scales(void **state)
{
    (void)state;
    uint8_t p[48];
    hr_dbn_source s = source();
    for (uint8_t scale = 0; scale <= 18; scale++) {
        hr_evbatch *b = make_batch(&caps);
        size_t pos = 0;
        int64_t row = 1;
        (void)book_record(p, 0x00, 48, 'T');
        s.px_scale = scale;
        s.qty_scale = 0;
        assert_int_equal(hr_dbn_decode(&s, b, p, 48, &pos, 0, &row, UINT32_MAX, true), HR_OK);
        bool fits = scale > 0 && scale <= 14; /* 5155.5: a digit, and eighteen in all */
        assert_int_equal(b->n_rejects, !fits);
        if (scale == 1) assert_true(b->px[0] == 51555 && b->qty[0] == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),     cmocka_unit_test(test_wrong_records),
        cmocka_unit_test(test_real_books),  cmocka_unit_test(test_real_snapshot),
        cmocka_unit_test(test_messages),    cmocka_unit_test(test_empty_sides),
        cmocka_unit_test(test_orders),      cmocka_unit_test(test_publishers),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_batches_end), cmocka_unit_test(test_scales),
    };
    return cmocka_run_group_tests_name("venue dbn use", tests, set_up, tear_down);
}
