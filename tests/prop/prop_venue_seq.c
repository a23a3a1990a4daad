/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence rules: each documented transition, then random loss, repetition and disorder against a
 * plain reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_BUFFER);
    assert_true(hr_seq_snapshot(&s, -1));
    assert_int_equal(hr_seq_delta(&s, -1, -1, -1), HR_SEQ_APPLY);
    hr_seq_init(&s, HR_SEQ_MONOTONE);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY_FIRST);
    assert_int_equal(hr_seq_delta(&s, 5, 5, -1), HR_SEQ_APPLY);
    assert_int_equal(hr_seq_delta(&s, 4, 4, -1), HR_SEQ_STALE);
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
    assert_true(t.n_evicted >= HR_TICKCHECK_CAP);
    hr_tickcheck_book(&t, 99 + 2 * HR_TICKCHECK_CAP, &a);
    assert_int_equal(t.n_equal, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spot), cmocka_unit_test(test_futures),
                                       cmocka_unit_test(test_no_sequence),
                                       cmocka_unit_test(test_losses),
                                       cmocka_unit_test(test_ticker_check)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
