/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence rules: each documented transition, then random loss, repetition and disorder against a
 * plain reference. */
#include "harness.h"

#include "rng.h"
#include "venue/seq.h"

static void test_spot(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_BINANCE_SPOT);
    assert_int_equal(hr_seq_delta(&s, 90, 95, -1), HR_SEQ_BUFFER);
    assert_int_equal(hr_seq_delta(&s, 96, 105, -1), HR_SEQ_BUFFER);
    assert_true(hr_seq_snapshot(&s, 100));
    assert_int_equal(hr_seq_replay(&s, 90, 95, -1), HR_SEQ_STALE);
    assert_int_equal(hr_seq_replay(&s, 96, 105, -1), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 106, 110, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 106, 110, -1), HR_SEQ_DUPLICATE);
    assert_int_equal(hr_seq_delta(&s, 96, 105, -1), HR_SEQ_STALE);
    assert_false(hr_seq_snapshot(&s, 100));
    assert_int_equal(hr_seq_delta(&s, 112, 113, -1), HR_SEQ_HOLE);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(hr_seq_delta(&s, 114, 115, -1), HR_SEQ_BUFFER);
    assert_true(hr_seq_snapshot(&s, 111));
    assert_int_equal(hr_seq_replay(&s, 114, 115, -1), HR_SEQ_HOLE);
    assert_int_equal(s.n_gaps, 1); /* an old snapshot is no gap of the stream */
    assert_false(hr_seq_is_live(&s));
}

static void test_futures(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_BINANCE_FUTURES);
    assert_int_equal(hr_seq_delta(&s, 50, 60, 49), HR_SEQ_BUFFER);
    assert_int_equal(hr_seq_delta(&s, 65, 70, 61), HR_SEQ_HOLE); /* seen without a book too */
    assert_true(hr_seq_snapshot(&s, 68));
    assert_int_equal(hr_seq_replay(&s, 65, 70, 61), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 75, 80, 70), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 85, 90, 81), HR_SEQ_HOLE);
    assert_true(hr_seq_snapshot(&s, 95));
    /* It names the snapshot as its predecessor: the book is whole, whatever was lost before. */
    assert_int_equal(hr_seq_delta(&s, 99, 99, 95), HR_SEQ_APPLY_FIRST);
    assert_int_equal(s.n_gaps, 2);
}

static void test_no_sequence(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_NONE);
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_WAIT);
    assert_true(hr_seq_snapshot(&s, -1));
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_APPLY);
    hr_seq_init(&s, HR_SEQ_MONOTONE);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 4, 4, -1), HR_SEQ_STALE);
}

/* Snapshots in the stream: each replaces, nothing before it is needed. */
static void test_step(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_STEP);
    assert_int_equal(hr_seq_delta(&s, 7, 7, -1), HR_SEQ_WAIT);
    assert_true(hr_seq_snapshot(&s, 8));
    assert_int_equal(s.state, HR_SEQ_LIVE);
    assert_int_equal(hr_seq_delta(&s, 9, 9, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 9, 9, -1), HR_SEQ_DUPLICATE);
    assert_int_equal(hr_seq_delta(&s, 8, 8, -1), HR_SEQ_STALE);
    assert_int_equal(hr_seq_delta(&s, 11, 11, -1), HR_SEQ_HOLE);
    assert_int_equal(hr_seq_delta(&s, 12, 12, -1), HR_SEQ_WAIT);
    assert_int_equal(hr_seq_delta(&s, 14, 14, -1), HR_SEQ_HOLE); /* seen without a book too */
    assert_true(hr_seq_snapshot(&s, 2)); /* the venue began anew, and says so */
    assert_int_equal(hr_seq_delta(&s, 3, 3, -1), HR_SEQ_APPLY);
    assert_int_equal(s.n_gaps, 2);
    assert_int_equal(s.n_syncs, 2);
}

static void test_chain(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_CHAIN);
    assert_int_equal(hr_seq_delta(&s, 7, 7, 5), HR_SEQ_WAIT);
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_WAIT);
    assert_true(hr_seq_snapshot(&s, 100));
    assert_int_equal(hr_seq_delta(&s, 140, 140, 100), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 140, 140, 140), HR_SEQ_APPLY); /* keep-alive */
    assert_int_equal(hr_seq_delta(&s, 3, 3, 140), HR_SEQ_APPLY);     /* maintenance */
    assert_int_equal(hr_seq_delta(&s, 8, 8, 3), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 8, 8, 3), HR_SEQ_DUPLICATE);
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 20, 20, 15), HR_SEQ_HOLE);
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_WAIT);
    assert_int_equal(hr_seq_delta(&s, 21, 21, 20), HR_SEQ_WAIT);
    assert_true(hr_seq_snapshot(&s, 21));
    assert_int_equal(hr_seq_delta(&s, 22, 22, 21), HR_SEQ_APPLY);
    assert_int_equal(s.n_gaps, 1);
}

static void test_after(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_AFTER);
    assert_int_equal(hr_seq_delta(&s, 90, 90, -1), HR_SEQ_BUFFER);
    assert_int_equal(hr_seq_delta(&s, 101, 101, -1), HR_SEQ_BUFFER);
    assert_true(hr_seq_snapshot(&s, 95));
    assert_int_equal(hr_seq_replay(&s, 90, 90, -1), HR_SEQ_STALE);
    assert_int_equal(hr_seq_replay(&s, 101, 101, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 400, 400, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 399, 399, -1), HR_SEQ_STALE);
    assert_false(hr_seq_snapshot(&s, 300));
    assert_int_equal(s.n_gaps, 0);
}

/* An older snapshot never replaces a newer one, also before the first delta after it. */
static void test_older_snapshot(void **state)
{
    hr_seq s;
    (void)state;
    for (int rule = HR_SEQ_BINANCE_SPOT; rule <= HR_SEQ_BINANCE_FUTURES; rule++) {
        hr_seq_init(&s, (hr_seq_rule)rule);
        assert_true(hr_seq_snapshot(&s, 100));
        assert_int_equal(s.state, HR_SEQ_SYNCING);
        assert_false(hr_seq_snapshot(&s, 99));
        assert_int_equal(s.n_stale, 1);
        assert_int_equal(s.last, 100);
        assert_int_equal(hr_seq_delta(&s, 100, 101, 100), HR_SEQ_APPLY_FIRST);
        assert_true(hr_seq_snapshot(&s, 101)); /* the same age: it may be more whole */
        hr_seq_lose(&s);
        assert_true(hr_seq_snapshot(&s, 50)); /* nothing whole is known any more */
    }
    hr_seq_init(&s, HR_SEQ_MONOTONE);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY_FIRST);
    assert_false(hr_seq_snapshot(&s, 4));
}

/* Delta tables have no snapshots: after a loss the next row starts the book. */
static void test_monotone_after_loss(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_MONOTONE);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY_FIRST);
    hr_seq_lose(&s);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.state, HR_SEQ_LOST);
    assert_int_equal(hr_seq_delta(&s, 9, 9, -1), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 9, 9, -1), HR_SEQ_APPLY);
    assert_int_equal(s.n_syncs, 2);
}

static void test_restart(void **state)
{
    hr_seq s;
    (void)state;
    hr_seq_init(&s, HR_SEQ_BINANCE_FUTURES);
    assert_true(hr_seq_snapshot(&s, 1000));
    assert_int_equal(hr_seq_delta(&s, 999, 1010, 998), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 1, 4, 0), HR_SEQ_STALE); /* one alone is damage */
    assert_int_equal(hr_seq_delta(&s, 1012, 1015, 1010), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 1, 4, 0), HR_SEQ_STALE);
    assert_int_equal(hr_seq_delta(&s, 6, 8, 5), HR_SEQ_STALE); /* does not follow it */
    assert_int_equal(hr_seq_delta(&s, 9, 12, 8), HR_SEQ_RESET);
    assert_int_equal(s.n_resets, 1);
    assert_int_equal(s.n_gaps, 0);
    assert_false(hr_seq_is_live(&s));
    assert_int_equal(hr_seq_delta(&s, 13, 14, 12), HR_SEQ_BUFFER);
    assert_true(hr_seq_snapshot(&s, 10));
    assert_int_equal(hr_seq_replay(&s, 9, 12, 8), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_replay(&s, 13, 14, 12), HR_SEQ_APPLY);
    /* What a reconnect repeats is near: never a restart. */
    for (int64_t u = 8; u < 12; u++)
        assert_int_equal(hr_seq_delta(&s, u, u, u - 1), HR_SEQ_STALE);
    assert_int_equal(s.n_resets, 1);
}

/* Every small case of the accept column of each rule, written as the rules state it. */
static void test_every_case(void **state)
{
    (void)state;
    for (int64_t id = 0; id <= 6; id++)
        for (int64_t first = 0; first <= 8; first++)
            for (int64_t last = first; last <= 8; last++)
                for (int64_t prev = -1; prev <= 8; prev++) {
                    hr_seq live = {.rule = HR_SEQ_BINANCE_SPOT,
                                   .state = HR_SEQ_LIVE,
                                   .ever_synced = 1,
                                   .last = id,
                                   .chain = id,
                                   .back = -1};
                    hr_seq synced = live;
                    synced.state = HR_SEQ_SYNCING;
                    synced.chain = -1;
                    hr_seq_verdict old = last == id ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
                    hr_seq s = live;
                    assert_int_equal(hr_seq_delta(&s, first, last, prev), last <= id ? old
                                                                          : first <= id + 1
                                                                              ? HR_SEQ_APPLY
                                                                              : HR_SEQ_HOLE);
                    s = synced;
                    assert_int_equal(hr_seq_delta(&s, first, last, prev), last <= id ? HR_SEQ_STALE
                                                                          : first <= id + 1
                                                                              ? HR_SEQ_APPLY_FIRST
                                                                              : HR_SEQ_HOLE);
                    live.rule = synced.rule = HR_SEQ_BINANCE_FUTURES;
                    s = live;
                    assert_int_equal(hr_seq_delta(&s, first, last, prev), last <= id ? old
                                                                          : prev == id
                                                                              ? HR_SEQ_APPLY
                                                                              : HR_SEQ_HOLE);
                    s = synced;
                    assert_int_equal(hr_seq_delta(&s, first, last, prev),
                                     last < id                   ? HR_SEQ_STALE
                                     : first <= id || prev == id ? HR_SEQ_APPLY_FIRST
                                                                 : HR_SEQ_HOLE);
                    assert_true(hr_seq_is_sound(&s));
                    live.rule = HR_SEQ_MONOTONE;
                    assert_int_equal(hr_seq_delta(&live, first, last, prev),
                                     last < id ? HR_SEQ_STALE : HR_SEQ_APPLY);
                }
}

/* ---- a whole stream, damaged, against a venue whose every state is known ---- */

#define KEYS 8
#define STREAM 120
typedef struct message {
    int64_t first, last, prev;
} message;

typedef struct consumer {
    hr_seq s;
    message kept[STREAM * 4];
    int n_kept;
    int64_t book[KEYS]; /* what each level was last set to; a level of truth at id is the newest
                           update of its key up to id */
    uint64_t holes, losses, resets;
} consumer;

/* Update n sets key n % KEYS to n; a message carries its range's last value of each key. */
static void set_keys(int64_t *book, int64_t first, int64_t last)
{
    for (int64_t n = HR_MAX(first, last - KEYS + 1); n <= last; n++)
        if (n > 0) book[n % KEYS] = n;
}

static void check_truth(const consumer *c)
{
    int64_t truth[KEYS] = {0};
    if (!hr_seq_is_live(&c->s)) return;
    set_keys(truth, 1, c->s.last);
    assert_memory_equal(c->book, truth, sizeof truth);
}

static void deliver(consumer *c, const message *m)
{
    hr_seq_verdict v = hr_seq_delta(&c->s, m->first, m->last, m->prev);
    if (v == HR_SEQ_APPLY || v == HR_SEQ_APPLY_FIRST) set_keys(c->book, m->first, m->last);
    if (v == HR_SEQ_HOLE || v == HR_SEQ_RESET) {
        c->n_kept = 0;
        c->holes += v == HR_SEQ_HOLE;
        c->resets += v == HR_SEQ_RESET;
    }
    if (v == HR_SEQ_HOLE || v == HR_SEQ_RESET || v == HR_SEQ_BUFFER) c->kept[c->n_kept++] = *m;
    check_truth(c);
    assert_true(hr_seq_is_sound(&c->s));
}

static void deliver_snapshot(consumer *c, int64_t id)
{
    bool was_live = hr_seq_is_live(&c->s);
    int64_t last = c->s.last;
    bool is_taken = hr_seq_snapshot(&c->s, id);
    assert_int_equal(is_taken, !was_live || id >= last);
    if (!is_taken) return;
    memset(c->book, 0, sizeof c->book);
    set_keys(c->book, 1, id);
    int n = c->n_kept;
    for (int i = 0; i < n; i++) {
        const message *m = &c->kept[i];
        hr_seq_verdict v = hr_seq_replay(&c->s, m->first, m->last, m->prev);
        if (v == HR_SEQ_HOLE) return; /* the kept ones wait for the next snapshot */
        if (v == HR_SEQ_APPLY || v == HR_SEQ_APPLY_FIRST) set_keys(c->book, m->first, m->last);
    }
    c->n_kept = 0;
    check_truth(c);
}

static int make_messages(test_rng *r, message *m, int n, int64_t id)
{
    for (int i = 0; i < n; i++) {
        m[i].prev = id;
        m[i].first = id + 1;
        id += 1 + (int64_t)test_rng_below(r, 5);
        m[i].last = id;
    }
    return n;
}

/* Dropped, repeated, swapped and late messages, snapshots of any age, lost connections, numbers
 * that start anew: while the machine says live the book is the venue's at that id, and every loss
 * shows as a verdict. */
static void test_damaged_streams(void **state)
{
    static consumer c;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(3000); k++) {
        static message m[2 * STREAM];
        memset(&c, 0, sizeof c);
        hr_seq_init(&c.s, k % 2 ? HR_SEQ_BINANCE_FUTURES : HR_SEQ_BINANCE_SPOT);
        int64_t start = 10000 + (int64_t)test_rng_below(&r, 1000);
        int n = make_messages(&r, m, STREAM, start);
        if (test_rng_chance(&r, 3)) n += make_messages(&r, m + n, STREAM, 0);
        bool is_clean = test_rng_chance(&r, 4); /* only repeats: then nothing may be called a gap */
        deliver_snapshot(&c, start);
        for (int i = 0; i < n; i++) {
            if (!is_clean && test_rng_chance(&r, 15)) continue;
            if (!is_clean && i + 1 < n && test_rng_chance(&r, 15)) {
                message t = m[i];
                m[i] = m[i + 1];
                m[i + 1] = t;
            }
            deliver(&c, &m[i]);
            if (test_rng_chance(&r, 10)) deliver(&c, &m[i]);
            if (i >= 20 && i % STREAM >= 20 && test_rng_chance(&r, 10))
                deliver(&c, &m[i - (int)test_rng_below(&r, 20)]);
            if (!is_clean && test_rng_chance(&r, 40)) {
                c.losses += hr_seq_is_live(&c.s);
                hr_seq_lose(&c.s);
                c.n_kept = 0;
            }
            if (test_rng_chance(&r, hr_seq_is_live(&c.s) ? 40 : 4)) {
                int64_t age = (int64_t)test_rng_below(&r, 12) - 4;
                deliver_snapshot(&c, HR_MAX(1, m[i].last - age));
            }
        }
        assert_int_equal(c.s.n_gaps, c.holes + c.losses);
        assert_int_equal(c.s.n_resets, c.resets);
        if (is_clean) assert_int_equal(c.holes, 0);
        if (is_clean) assert_int_equal(c.resets, n > STREAM);
    }
}

static void test_monotone_stream(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(2000); k++) {
        hr_seq s;
        hr_seq_init(&s, HR_SEQ_MONOTONE);
        int64_t newest = -1;
        bool is_live = false;
        for (int i = 0; i < 100; i++) {
            if (test_rng_chance(&r, 30)) {
                hr_seq_lose(&s);
                is_live = false;
                newest = -1;
            }
            int64_t id = 1000 + i + (int64_t)test_rng_below(&r, 10) - 5;
            hr_seq_verdict want = id < newest ? HR_SEQ_STALE
                                  : is_live   ? HR_SEQ_APPLY
                                              : HR_SEQ_APPLY_FIRST;
            assert_int_equal(hr_seq_delta(&s, id, id, -1), want);
            if (want == HR_SEQ_STALE) continue;
            newest = id;
            is_live = true;
        }
    }
}

/* States read from disk: what cannot have come from a stream is refused, and what is accepted can
 * be used without harm. */
static void test_garbage_states(void **state)
{
    hr_seq s;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    hr_seq_init(&s, HR_SEQ_BINANCE_SPOT);
    assert_true(hr_seq_is_sound(&s));
    s.rule = HR_SEQ_RULE_COUNT;
    assert_false(hr_seq_is_sound(&s));
    for (uint64_t k = 0; k < test_iters(20000); k++) {
        test_rng_bytes(&r, &s, sizeof s);
        s.rule %= HR_SEQ_RULE_COUNT + 1;
        s.state %= 5;
        s.ever_synced %= 3;
        if (!hr_seq_is_sound(&s)) continue;
        assert_true(s.last >= -1 && s.chain >= -1 && s.state <= HR_SEQ_LOST);
        (void)hr_seq_delta(&s, INT64_MAX, INT64_MAX, INT64_MAX);
        (void)hr_seq_delta(&s, -1, -1, -1);
        (void)hr_seq_snapshot(&s, (int64_t)(test_rng_u64(&r) >> 1));
        (void)hr_seq_replay(&s, INT64_MAX, INT64_MAX, -1);
        assert_true(hr_seq_is_sound(&s));
    }
}

/* A stream of consecutive ranges, some dropped, some repeated: every loss is seen, and nothing else
 * is called one. */
static void test_losses(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(2000); k++) {
        hr_seq s;
        bool is_futures = test_rng_chance(&r, 2);
        hr_seq_init(&s, is_futures ? HR_SEQ_BINANCE_FUTURES : HR_SEQ_BINANCE_SPOT);
        int64_t sent = 100;
        int64_t arrived = 100;
        uint64_t losses = 0;
        uint64_t repeats = 0;
        assert_true(hr_seq_snapshot(&s, 100));
        for (int i = 0; i < 60; i++) {
            int64_t prev = sent;
            int64_t first = sent + 1;
            sent += 1 + (int64_t)test_rng_below(&r, 5);
            if (test_rng_chance(&r, 12)) continue; /* lost on the way */
            hr_seq_verdict v = hr_seq_delta(&s, first, sent, prev);
            bool is_loss = prev != arrived;
            losses += is_loss;
            assert_int_equal(v == HR_SEQ_HOLE, is_loss);
            arrived = sent;
            if (test_rng_chance(&r, 8)) {
                assert_int_equal(hr_seq_delta(&s, first, sent, prev), HR_SEQ_DUPLICATE);
                repeats++;
            }
            if (!hr_seq_is_live(&s) && test_rng_chance(&r, 3)) {
                assert_true(hr_seq_snapshot(&s, sent));
                hr_seq_verdict again = hr_seq_replay(&s, first, sent, prev);
                assert_true(again == HR_SEQ_STALE || again == HR_SEQ_APPLY_FIRST);
            }
        }
        assert_int_equal(s.n_gaps, losses);
        assert_int_equal(s.n_duplicates, repeats);
    }
}

static void test_ticker_check(void **state)
{
    static hr_tickcheck t;
    hr_touch a = {.bid_px = 1, .bid_qty = 2, .ask_px = 3, .ask_qty = 4};
    hr_touch b = {.bid_px = 1, .bid_qty = 2, .ask_px = 3, .ask_qty = 5};
    (void)state;
    hr_tickcheck_init(&t);
    hr_tickcheck_ticker(&t, 5, &a);
    hr_tickcheck_book(&t, 5, &a);
    hr_tickcheck_book(&t, 7, &a);
    hr_tickcheck_ticker(&t, 6, &a);
    hr_tickcheck_ticker(&t, 7, &b);
    hr_tickcheck_ticker(&t, 7, &a); /* once an id */
    assert_int_equal(t.n_checks, 2);
    assert_int_equal(t.n_equal, 1);
    assert_int_equal(t.first_diff_id, 7);
    for (int64_t id = 100; id < 100 + 2 * HR_TICKCHECK_CAP; id++)
        hr_tickcheck_ticker(&t, id, &a);
    assert_int_equal(t.n_evicted, HR_TICKCHECK_CAP);
    hr_tickcheck_book(&t, 99 + 2 * HR_TICKCHECK_CAP, &a);
    assert_int_equal(t.n_equal, 2);
    hr_tickcheck_restart(&t);
    hr_tickcheck_book(&t, 1, &a);
    hr_tickcheck_ticker(&t, 1, &a);
    assert_int_equal(t.n_equal, 3);
}

/* Only what could still be compared counts as evicted. */
static void test_evictions(void **state)
{
    static hr_tickcheck t;
    hr_touch a = {.bid_px = 1};
    (void)state;
    hr_tickcheck_init(&t);
    for (int64_t id = 0; id < 3 * HR_TICKCHECK_CAP; id++)
        hr_tickcheck_ticker(&t, id, &a); /* there is no book yet */
    assert_int_equal(t.n_evicted, 0);
    for (int64_t id = 1000; id < 1000 + 3 * HR_TICKCHECK_CAP; id++) {
        hr_tickcheck_ticker(&t, id, &a);
        hr_tickcheck_book(&t, id, &a); /* met at once: neither is kept */
    }
    assert_int_equal(t.n_evicted, 0);
    assert_int_equal(t.n_checks, 3 * HR_TICKCHECK_CAP);
    for (int64_t id = 2000; id < 2000 + 3 * HR_TICKCHECK_CAP; id++)
        hr_tickcheck_book(&t, id, &a);
    assert_int_equal(t.n_evicted, 2 * HR_TICKCHECK_CAP);
    for (int64_t id = 1500; id < 1500 + 3 * HR_TICKCHECK_CAP; id++)
        hr_tickcheck_ticker(&t, id, &a); /* the book is past them */
    assert_int_equal(t.n_evicted, 2 * HR_TICKCHECK_CAP);
}

/* Two rising streams with a bounded skew: every id that both have is compared once, truthfully. */
static void test_two_streams(void **state)
{
    static hr_tickcheck t;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(1000); k++) {
        uint64_t both = 0;
        uint64_t same = 0;
        int64_t at[2] = {0, 0};
        hr_tickcheck_init(&t);
        while (at[0] < 300 || at[1] < 300) {
            int w = at[0] < 300 && (at[1] >= 300 || test_rng_chance(&r, 2)) ? 0 : 1;
            if (at[w] > at[1 - w] + HR_TICKCHECK_CAP - 2 && at[1 - w] < 300) w = 1 - w;
            int64_t id = at[w]++;
            bool has[2] = {(uint64_t)id * 2654435761u % 3 != 0, (uint64_t)id * 40503u % 4 != 0};
            hr_touch touch = {.bid_px = id, .bid_qty = w == 0 && id % 7 == 0};
            if (has[w] && w == 0) hr_tickcheck_ticker(&t, id, &touch);
            if (has[w] && w == 1) hr_tickcheck_book(&t, id, &touch);
            both += w == 0 && has[0] && has[1];
            same += w == 0 && has[0] && has[1] && id % 7 != 0;
            if (test_rng_chance(&r, 50)) assert_true(hr_tickcheck_is_sound(&t));
        }
        assert_int_equal(t.n_checks, both);
        assert_int_equal(t.n_equal, same);
        assert_int_equal(t.n_evicted, 0);
    }
}

static void test_garbage_tickcheck(void **state)
{
    static hr_tickcheck t;
    hr_touch a = {.bid_px = 1};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(5000); k++) {
        hr_tickcheck_init(&t);
        for (int64_t id = 0; id < 80; id++) {
            hr_tickcheck_ticker(&t, 2 * id, &a);
            if (id % 3 == 0 && id < 20) hr_tickcheck_book(&t, 2 * id, &a);
        }
        assert_true(hr_tickcheck_is_sound(&t));
        ((uint8_t *)&t)[test_rng_below(&r, sizeof t)] ^= (uint8_t)(1 + test_rng_below(&r, 255));
        if (!hr_tickcheck_is_sound(&t)) continue;
        hr_tickcheck_book(&t, 150, &a); /* accepted: using it stays in bounds */
        hr_tickcheck_ticker(&t, 1000, &a);
    }
    t.book_head = HR_TICKCHECK_CAP;
    assert_false(hr_tickcheck_is_sound(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spot),
        cmocka_unit_test(test_futures),
        cmocka_unit_test(test_no_sequence),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_older_snapshot),
        cmocka_unit_test(test_monotone_after_loss),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_damaged_streams),
        cmocka_unit_test(test_monotone_stream),
        cmocka_unit_test(test_garbage_states),
        cmocka_unit_test(test_ticker_check),
        cmocka_unit_test(test_evictions),
        cmocka_unit_test(test_two_streams),
        cmocka_unit_test(test_garbage_tickcheck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
