/* SPDX-License-Identifier: Apache-2.0 */
/* The order books against a plain list of orders in order of arrival. */
#include <stdlib.h>

#include "harness.h"

#include "book/l3.h"
#include "book/l3_map.h"
#include "rng.h"

#define NAIVE_MAX 4096

/* Live orders; a queue is what of one price stands in this order. */
typedef struct naive {
    hr_l3_order o[NAIVE_MAX];
    uint32_t n;
    hr_l3_options opt;
} naive;

static uint32_t naive_find(const naive *m, uint64_t id)
{
    uint32_t i = 0;
    while (i < m->n && m->o[i].id != id)
        i++;
    return i;
}

static bool is_same_level(const hr_l3_order *a, const hr_l3_order *b)
{
    return a->instrument == b->instrument && a->side == b->side && a->px == b->px;
}

static int64_t naive_total(const naive *m, const hr_l3_order *at, uint32_t *n)
{
    int64_t qty = 0;
    *n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        if (!is_same_level(&m->o[i], at)) continue;
        qty += m->o[i].qty;
        ++*n;
    }
    return qty;
}

static uint32_t naive_levels(const naive *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        uint32_t k = 0;
        while (!is_same_level(&m->o[k], &m->o[i]))
            k++;
        n += k == i;
    }
    return n;
}

static void naive_remove(naive *m, uint32_t i)
{
    m->n--;
    memmove(&m->o[i], &m->o[i + 1], (m->n - i) * sizeof *m->o);
}

static bool is_good(const naive *m, const hr_l3_order *o)
{
    return o->px >= 1 && o->qty >= 1 && o->side <= 1 && o->instrument < m->opt.max_instruments;
}

/* `without`: an order that leaves before this one comes, or NAIVE_MAX. */
static hr_l3_verdict naive_room(const naive *m, const hr_l3_order *o, uint32_t without)
{
    uint32_t n;
    int64_t qty = naive_total(m, o, &n);
    uint32_t n_levels = n == 0 ? naive_levels(m) : 0;
    if (without < m->n) {
        uint32_t n_old;
        (void)naive_total(m, &m->o[without], &n_old);
        if (is_same_level(&m->o[without], o))
            qty -= m->o[without].qty;
        else
            n_levels -= n_old == 1;
    }
    if (without >= m->n && m->n == m->opt.max_orders) return HR_L3_FULL;
    if (n == 0 && n_levels == m->opt.max_levels) return HR_L3_FULL;
    return qty > INT64_MAX - o->qty ? HR_L3_BAD : HR_L3_OK;
}

typedef enum op { ADD, EXECUTE, CANCEL, DELETE, REPLACE, MODIFY, CLEAR, OP_COUNT } op;

typedef struct request {
    op op;
    hr_l3_order o; /* add: all; else id, qty, px; clear: instrument */
    uint64_t new_id;
} request;

static hr_l3_verdict naive_change(naive *m, const request *q, uint32_t i)
{
    hr_l3_order *o = &m->o[i];
    hr_l3_order next = *o;
    next.qty = q->o.qty;
    if (q->o.qty < 1 || (q->op == REPLACE && q->o.px < 1)) return HR_L3_BAD;
    if (q->op == REPLACE) {
        next.px = q->o.px;
        next.id = q->new_id;
        if (q->new_id != q->o.id && naive_find(m, q->new_id) < m->n) return HR_L3_DUPLICATE;
    }
    hr_l3_verdict v = naive_room(m, &next, i);
    if (v != HR_L3_OK) return v;
    if (q->op == MODIFY && next.qty <= o->qty) {
        *o = next;
        return HR_L3_OK;
    }
    naive_remove(m, i);
    m->o[m->n++] = next;
    return HR_L3_OK;
}

static hr_l3_verdict naive_do(naive *m, const request *q)
{
    uint32_t i = naive_find(m, q->o.id);
    if (q->op == CLEAR) {
        if (q->o.instrument >= m->opt.max_instruments) return HR_L3_BAD;
        for (i = m->n; i > 0; i--)
            if (m->o[i - 1].instrument == q->o.instrument) naive_remove(m, i - 1);
        return HR_L3_OK;
    }
    if (q->op == ADD) {
        if (!is_good(m, &q->o)) return HR_L3_BAD;
        if (i < m->n) return HR_L3_DUPLICATE;
        hr_l3_verdict v = naive_room(m, &q->o, NAIVE_MAX);
        if (v == HR_L3_OK) m->o[m->n++] = q->o;
        return v;
    }
    if (i == m->n) return HR_L3_UNKNOWN;
    if (q->op == REPLACE || q->op == MODIFY) return naive_change(m, q, i);
    int64_t qty = q->op == DELETE ? m->o[i].qty : q->o.qty;
    if (qty < 1) return HR_L3_BAD;
    hr_l3_verdict v = qty > m->o[i].qty ? HR_L3_OVER : HR_L3_OK;
    m->o[i].qty -= qty < m->o[i].qty ? qty : m->o[i].qty;
    if (m->o[i].qty == 0) naive_remove(m, i);
    return v;
}

static void book_do(hr_l3 *b, hr_l3_change *out, const request *q)
{
    hr_status st = HR_OK;
    memset(out, 0x5a, sizeof *out);
    switch (q->op) {
    case ADD:
        st = hr_l3_add(b, out, &q->o);
        break;
    case EXECUTE:
        hr_l3_execute(b, out, q->o.id, q->o.qty);
        break;
    case CANCEL:
        hr_l3_cancel(b, out, q->o.id, q->o.qty);
        break;
    case DELETE:
        hr_l3_delete(b, out, q->o.id);
        break;
    case REPLACE:
        st = hr_l3_replace(b, out, q->o.id, q->new_id, q->o.px, q->o.qty);
        break;
    case MODIFY:
        hr_l3_modify(b, out, q->o.id, q->o.qty);
        break;
    case CLEAR:
    case OP_COUNT:
        hr_l3_clear(b, out, q->o.instrument);
        break;
    }
    assert_int_equal(st, out->verdict == HR_L3_FULL ? HR_EBUDGET : HR_OK);
}

/* The same as an operation, after any of the looks ahead, also in an order that finds nothing. */
static void book_apply(hr_l3 *b, hr_l3_change *out, const request *q, uint32_t looks)
{
    static const hr_l3_what what[] = {HR_L3_ADD, HR_L3_EXECUTE, HR_L3_CANCEL, HR_L3_DELETE,
                                      HR_L3_REPLACE};
    hr_l3_op it = {.id = q->o.id,
                   .new_id = q->new_id,
                   .px = q->o.px,
                   .qty = q->o.qty,
                   .instrument = q->o.instrument,
                   .side = q->o.side,
                   .what = (uint8_t)what[q->op]};
    memset(out, 0x5a, sizeof *out);
    if (looks & 1) hr_l3_look_home(b, &it);
    if (looks & 2) hr_l3_look_up(b, &it);
    if (looks & 4) hr_l3_look_around(b, &it);
    if (looks & 8) hr_l3_look_last(b, &it);
    hr_status st = hr_l3_apply(b, out, &it);
    assert_int_equal(st, out->verdict == HR_L3_FULL ? HR_EBUDGET : HR_OK);
}

/* One level's queue, and the places in it. */
static void compare_queue(const hr_l3 *b, const naive *m, const hr_l3_order *at)
{
    static hr_l3_order got[NAIVE_MAX];
    uint32_t n = 0;
    uint32_t n_want;
    uint32_t n_ahead;
    int64_t ahead;
    int64_t sum = 0;
    int64_t qty;
    uint32_t n_got = hr_l3_queue(b, at->instrument, (hr_side)at->side, at->px, NAIVE_MAX, got);
    for (uint32_t i = 0; i < m->n; i++) {
        if (!is_same_level(&m->o[i], at)) continue;
        assert_true(n < n_got && got[n].id == m->o[i].id && got[n].qty == m->o[i].qty);
        assert_true(hr_l3_ahead(b, got[n].id, &n_ahead, &ahead));
        assert_true(n_ahead == n && ahead == sum);
        sum += got[n++].qty;
    }
    assert_int_equal(n, n_got);
    assert_int_equal(hr_l3_level(b, at->instrument, (hr_side)at->side, at->px, &qty, &n_want),
                     n > 0);
    assert_true(qty == sum && n_want == n);
    uint32_t cap = n / 2;
    assert_int_equal(hr_l3_queue(b, at->instrument, (hr_side)at->side, at->px, cap, got), cap);
}

static void compare(const hr_l3 *b, const naive *m)
{
    hr_l3_stats stats;
    hr_l3_order o;
    assert_true(hr_l3_is_sound(b));
    hr_l3_stats_get(b, &stats);
    assert_int_equal(stats.n_orders, m->n);
    assert_int_equal(stats.n_levels, naive_levels(m));
    for (uint32_t i = 0; i < m->n; i++) {
        assert_true(hr_l3_find(b, &o, m->o[i].id));
        assert_true(is_same_level(&o, &m->o[i]) && o.qty == m->o[i].qty && o.id == m->o[i].id);
    }
    for (uint32_t i = 0; i < m->n; i += 7)
        compare_queue(b, m, &m->o[i]);
}

/* What the change says is what is there. */
static void check_change(const hr_l3_change *c, const naive *m, const request *q, int64_t had)
{
    bool is_wrong = c->verdict != HR_L3_OK && c->verdict != HR_L3_OVER;
    bool takes = q->op == EXECUTE || q->op == CANCEL || q->op == DELETE;
    assert_int_equal(c->is_clear, q->op == CLEAR && !is_wrong);
    if (is_wrong || q->op == CLEAR) {
        assert_int_equal(c->n, 0);
        return;
    }
    bool is_edge = false;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t n;
        hr_l3_order at = {.px = c->px[i], .instrument = c->instrument, .side = c->side[i]};
        assert_true(c->qty[i] == naive_total(m, &at, &n));
        is_edge |= n == 0 || (n == 1 && (q->op == ADD || (q->op == REPLACE && i == 1)));
    }
    assert_int_equal(c->is_edge, is_edge);
    if (takes) assert_true(c->taken == (q->op == DELETE || q->o.qty > had ? had : q->o.qty));
    if (q->op == ADD || takes) assert_int_equal(c->n, 1);
    if (q->op == MODIFY) assert_int_equal(c->n, q->o.qty != had);
    if (q->op != REPLACE) return;
    assert_in_range(c->n, 1, 2);
    assert_true(c->px[c->n - 1] == q->o.px && (c->n == 1 || c->px[0] != c->px[1]));
}

typedef struct market {
    test_rng r;
    uint64_t id_step, next_id;
    uint32_t n_px;
    bool is_huge; /* quantities whose sums do not fit */
} market;

static uint64_t pick_id(market *k, const naive *m)
{
    if (m->n == 0 || test_rng_chance(&k->r, 12))
        return k->id_step * (1 + test_rng_below(&k->r, k->next_id + 4));
    return m->o[test_rng_below(&k->r, m->n)].id;
}

static request next_request(market *k, const naive *m)
{
    static const op often[] = {ADD,    ADD,    ADD,    ADD,     ADD,     EXECUTE, EXECUTE, CANCEL,
                               CANCEL, DELETE, DELETE, REPLACE, REPLACE, MODIFY,  MODIFY,  DELETE};
    request q = {.op = often[test_rng_below(&k->r, HR_ARRAY_LEN(often))]};
    if (test_rng_chance(&k->r, 500)) q.op = CLEAR;
    uint64_t fresh = k->id_step * ++k->next_id;
    q.new_id = test_rng_chance(&k->r, 8) ? pick_id(k, m) : fresh;
    q.o.id = q.op == ADD && !test_rng_chance(&k->r, 12) ? fresh : pick_id(k, m);
    q.o.px = 1 + (int64_t)test_rng_below(&k->r, k->n_px);
    q.o.qty = 1 + (int64_t)test_rng_below(&k->r, 20);
    q.o.instrument = (uint32_t)test_rng_below(&k->r, m->opt.max_instruments);
    q.o.side = (uint8_t)test_rng_below(&k->r, 2);
    if (k->is_huge && test_rng_chance(&k->r, 3)) q.o.qty = INT64_MAX - q.o.qty;
    if (test_rng_chance(&k->r, 40)) q.o.qty = -(int64_t)test_rng_below(&k->r, 3);
    if (test_rng_chance(&k->r, 60)) q.o.px = -(int64_t)test_rng_below(&k->r, 3);
    if (test_rng_chance(&k->r, 90)) q.o.side = 2;
    if (test_rng_chance(&k->r, 90)) q.o.instrument = m->opt.max_instruments;
    return q;
}

static void walk(market *k, const hr_l3_options *opt, uint64_t n_ops)
{
    static naive m;
    uint64_t n_verdicts[HR_L3_VERDICT_COUNT] = {0};
    hr_arena *a;
    hr_l3 *b;
    hr_l3_change c;
    hr_l3_stats stats;
    m.n = 0;
    m.opt = *opt;
    assert_int_equal(hr_arena_create(&a, NULL, hr_l3_bytes(opt) + 64, "test", NULL), HR_OK);
    assert_int_equal(hr_l3_create(&b, a, opt, NULL), HR_OK);
    for (uint64_t i = 0; i < n_ops; i++) {
        request q = next_request(k, &m);
        hr_l3_order had = {0};
        (void)hr_l3_find(b, &had, q.o.id);
        hr_l3_verdict want = naive_do(&m, &q);
        if (q.op <= REPLACE && test_rng_chance(&k->r, 2))
            book_apply(b, &c, &q, (uint32_t)test_rng_below(&k->r, 16));
        else
            book_do(b, &c, &q);
        if (c.verdict != want) print_message("op %d, number %d\n", (int)q.op, (int)i);
        assert_int_equal(c.verdict, want);
        n_verdicts[want]++;
        check_change(&c, &m, &q, had.qty);
        if (i % 61 == 0 || opt->max_orders < 8) compare(b, &m);
        if (!test_rng_chance(&k->r, 3000)) continue;
        hr_l3_reset(b);
        m.n = 0;
    }
    compare(b, &m);
    hr_l3_stats_get(b, &stats);
    assert_memory_equal(stats.n_verdicts, n_verdicts, sizeof n_verdicts);
    hr_arena_destroy(&a);
}

/* From tables that are always full to roomy ones; ids in a row and far apart. */
static void test_walks(void **state)
{
    static const hr_l3_options opts[] = {
        {.max_orders = 1, .max_levels = 1, .max_instruments = 1},
        {.max_orders = 3, .max_levels = 2, .max_instruments = 2},
        {.max_orders = 6, .max_levels = 6, .max_instruments = 1},
        {.max_orders = 12, .max_levels = 4, .max_instruments = 3},
        {.max_orders = 200, .max_levels = 25, .max_instruments = 2},
        {.max_orders = 800, .max_levels = 300, .max_instruments = 5},
    };
    (void)state;
    uint64_t seed = test_seed();
    for (uint32_t k = 0; k < HR_ARRAY_LEN(opts) * 4; k++) {
        hr_l3_options opt = opts[k / 4];
        market m = {.id_step = k % 2 == 0 ? 1 : UINT64_C(1) << (7 * (k / 4)),
                    .n_px = 2 + opt.max_levels / opt.max_instruments / 2,
                    .is_huge = k % 4 == 3};
        test_rng_init(&m.r, seed * 100 + k);
        opt.key = test_rng_u64(&m.r);
        walk(&m, &opt, test_iters(6000));
    }
}

/* ---- the hash ---- */

#define MAP_N 96
#define MAP_SLOTS 128

/* Hashes that all want the same few places, so that runs are long and wrap around the end. */
static void test_map_collisions(void **state)
{
    static uint64_t slots[MAP_SLOTS];
    uint32_t hash_of[MAP_N + 1] = {0};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    hr_l3_map m = {.slot = slots, .mask = MAP_SLOTS - 1, .shift = 25};
    memset(slots, 0, sizeof slots);
    for (uint64_t k = 0; k < test_iters(60000); k++) {
        uint32_t i = 1 + (uint32_t)test_rng_below(&r, MAP_N);
        uint32_t at;
        if (hash_of[i] != 0) {
            at = hr_l3_map_home(&m, hash_of[i]);
            while (hr_l3_map_seek(&m, hash_of[i], &at) != i)
                at = (at + 1) & m.mask;
            hr_l3_map_erase(&m, at);
            hash_of[i] = 0;
        } else {
            uint32_t place = (uint32_t)test_rng_below(&r, 3) * 63; /* 0, 63, 126 */
            hash_of[i] = place << 25 | (1 + (uint32_t)test_rng_below(&r, 40));
            at = hr_l3_map_home(&m, hash_of[i]);
            while (hr_l3_map_seek(&m, hash_of[i], &at) != 0)
                at = (at + 1) & m.mask;
            hr_l3_map_put(&m, at, hash_of[i], i);
        }
        for (i = 1; k % 16 == 0 && i <= MAP_N; i++) {
            if (hash_of[i] == 0) continue;
            at = hr_l3_map_home(&m, hash_of[i]);
            uint32_t got = hr_l3_map_seek(&m, hash_of[i], &at);
            for (int tries = 0; got != i && got != 0 && tries < MAP_SLOTS; tries++) {
                at = (at + 1) & m.mask;
                got = hr_l3_map_seek(&m, hash_of[i], &at);
            }
            assert_int_equal(got, i);
        }
    }
}

/* Steps from home, on average, at a load of 0.61. */
static double mean_steps(const uint64_t key[2], uint64_t first, uint64_t step)
{
    static uint64_t slots[1 << 16];
    uint64_t n_steps = 0;
    hr_l3_map m = {.slot = slots, .mask = (1 << 16) - 1, .shift = 16};
    memset(slots, 0, sizeof slots);
    for (uint32_t i = 1; i <= 40000; i++) {
        uint32_t hash = hr_l3_hash_id(key, first + i * step);
        uint32_t home = hr_l3_map_home(&m, hash);
        uint32_t at = home;
        while (hr_l3_map_seek(&m, hash, &at) != 0)
            at = (at + 1) & m.mask;
        hr_l3_map_put(&m, at, hash, i);
        n_steps += (at - home) & m.mask;
    }
    return (double)n_steps / 40000;
}

/* Ids in a row, in steps of any power of two, of a hash constant: no worse than chance (0.78 steps
 * by Knuth's formula for linear probing), whatever the key. */
static void test_hash_patterns(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (int k = 0; k < 4; k++) {
        uint64_t key[2] = {test_rng_u64(&r), test_rng_u64(&r) | 1};
        for (unsigned bit = 0; bit < 64; bit += 3) {
            uint64_t first = test_rng_u64(&r);
            if (bit > 48) continue; /* 40,000 ids would not be distinct */
            double mean = mean_steps(key, first, UINT64_C(1) << bit);
            if (mean > 1) print_message("# bit %u: %.2f steps\n", bit, mean);
            assert_true(mean < 1.1);
        }
        assert_true(mean_steps(key, 0, HR_L3_MIX) < 1.1);
    }
}

#define N_DRAWN (1u << 18)

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Ids with one hash (all 32 bits of it) are told apart, whichever goes first. */
static void test_equal_hashes(void **state)
{
    static uint64_t drawn[N_DRAWN]; /* hash << 32 | id, ids below 2^32 */
    hr_l3_options opt = {.max_orders = 100, .max_levels = 4, .max_instruments = 1, .key = 7};
    uint64_t key[2];
    hr_arena *a;
    hr_l3 *b;
    hr_l3_change c;
    hr_l3_order o;
    test_rng r;
    int n_pairs = 0;
    (void)state;
    test_rng_init(&r, test_seed());
    hr_l3_map_key(key, opt.key);
    for (uint32_t i = 0; i < N_DRAWN; i++) {
        uint64_t id = test_rng_u64(&r) >> 32;
        drawn[i] = (uint64_t)hr_l3_hash_id(key, id) << 32 | id;
    }
    qsort(drawn, N_DRAWN, sizeof *drawn, by_hash);
    assert_int_equal(hr_arena_create(&a, NULL, hr_l3_bytes(&opt) + 64, "test", NULL), HR_OK);
    assert_int_equal(hr_l3_create(&b, a, &opt, NULL), HR_OK);
    for (uint32_t i = 1; i < N_DRAWN; i++) {
        uint64_t id[2] = {(uint32_t)drawn[i - 1], (uint32_t)drawn[i]};
        int first = n_pairs % 2;
        if (drawn[i] >> 32 != drawn[i - 1] >> 32 || id[0] == id[1]) continue;
        for (int k = 0; k < 4; k++) { /* each second one drives the first out of its place */
            o = (hr_l3_order){.id = id[k / 2] | (uint64_t)(k % 2) << 40, .px = 5, .qty = 1 + k / 2};
            assert_int_equal(hr_l3_add(b, &c, &o), HR_OK);
            assert_int_equal(c.verdict, HR_L3_OK);
        }
        assert_true(hr_l3_find(b, &o, id[1]) && o.qty == 2);
        hr_l3_delete(b, &c, id[first]);
        assert_true(c.taken == 1 + first && hr_l3_is_sound(b));
        assert_false(hr_l3_find(b, &o, id[first]));
        assert_true(hr_l3_find(b, &o, id[1 - first]) && o.qty == 2 - first);
        hr_l3_delete(b, &c, id[1 - first]);
        assert_int_equal(c.verdict, HR_L3_OK);
        hr_l3_clear(b, &c, 0);
        n_pairs++;
    }
    assert_true(n_pairs > 0);
    hr_arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_map_collisions),
        cmocka_unit_test(test_hash_patterns),
        cmocka_unit_test(test_equal_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
