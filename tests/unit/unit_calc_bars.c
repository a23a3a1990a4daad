/* SPDX-License-Identifier: Apache-2.0 */
/* Bars: borders, one bar of each kind by hand, what a parted trade leaves, empty stretches, late
 * rows, absurd input, and the touch by count. */
#include "calc/bars.h"

#include "harness.h"

#define SEC INT64_C(1000000000)
#define DAY (86400 * SEC)

static void test_widths(void **state)
{
    (void)state;
    assert_true(hr_bar_width_is_even(1));
    assert_true(hr_bar_width_is_even(SEC));
    assert_true(hr_bar_width_is_even(90 * 60 * SEC));
    assert_true(hr_bar_width_is_even(DAY));
    assert_true(hr_bar_width_is_even(7 * DAY));
    assert_false(hr_bar_width_is_even(7 * SEC));
    assert_false(hr_bar_width_is_even(DAY + SEC));
    assert_false(hr_bar_width_is_even(0));
    assert_false(hr_bar_width_is_even(-SEC));
}

static void offer(hr_bars *b, int64_t ts, int64_t px, int64_t qty, bool is_buy)
{
    hr_bar_trade t = {.ts = ts, .px = px, .qty = qty, .is_buy = is_buy};
    assert_int_equal(hr_bars_trade(b, &t), HR_OK);
}

static void test_time(void **state)
{
    hr_bars b;
    hr_bar bar;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_TIME, .width_ns = SEC};
    hr_bars_init(&b, &rule);
    assert_false(hr_bars_last(&b, &bar));
    offer(&b, 10 * SEC, 100, 5, true); /* the left border is in */
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, 10 * SEC + 500, 103, 0, false);
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, 10 * SEC - 1, 1, 1, false); /* late */
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, 11 * SEC - 1, 99, 10, false);
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, 11 * SEC, 50, 1, true); /* the right border is out */
    assert_true(hr_bars_next(&b, &bar));
    assert_int_equal(bar.start_ns, 10 * SEC);
    assert_int_equal(bar.end_ns, 11 * SEC);
    assert_int_equal(bar.open, 100);
    assert_int_equal(bar.high, 103);
    assert_int_equal(bar.low, 99);
    assert_int_equal(bar.close, 99);
    assert_true(bar.volume == 15 && bar.buy_volume == 5 && bar.notional == 1490);
    assert_int_equal(bar.n_trades, 3);
    assert_int_equal(hr_bar_vwap(&bar), 99); /* 99.33 */
    assert_int_equal(bar.first_ns, 10 * SEC);
    assert_int_equal(bar.last_ns, 11 * SEC - 1);
    assert_int_equal(b.n_late, 1);
    assert_false(hr_bars_next(&b, &bar));
    assert_true(hr_bars_last(&b, &bar));
    assert_int_equal(bar.start_ns, 11 * SEC);
}

static void test_before_1970(void **state)
{
    hr_bars b;
    hr_bar bar;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_TIME, .width_ns = SEC};
    hr_bars_init(&b, &rule);
    offer(&b, -1, 7, 1, true);
    assert_false(hr_bars_next(&b, &bar));
    assert_true(hr_bars_last(&b, &bar));
    assert_int_equal(bar.start_ns, -SEC);
    assert_int_equal(bar.end_ns, 0);
    hr_bars_init(&b, &rule);
    offer(&b, INT64_MAX, 7, 1, true);
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, INT64_MIN + 1, 7, 1, true);
    assert_int_equal(b.n_late, 1);
}

static void test_fill(void **state)
{
    hr_bars b;
    hr_bar bar;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_TIME, .width_ns = SEC, .fill = true};
    hr_bars_init(&b, &rule);
    offer(&b, 0, 7, 1, true);
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, 3 * SEC, 9, 1, true);
    for (int64_t i = 0; i < 3; i++) {
        assert_true(hr_bars_next(&b, &bar));
        assert_int_equal(bar.start_ns, i * SEC);
        assert_int_equal(bar.close, 7);
        assert_int_equal(bar.n_trades, i == 0);
    }
    assert_true(bar.volume == 0 && bar.open == 7 && bar.first_ns == HR_NULL_I64);
    assert_int_equal(hr_bar_vwap(&bar), HR_NULL_I64);
    assert_false(hr_bars_next(&b, &bar));
    offer(&b, (HR_BARS_FILL_MAX + 10) * SEC, 9, 1, true); /* a bad time, not a quiet market */
    assert_true(hr_bars_next(&b, &bar));
    assert_false(hr_bars_next(&b, &bar));
    assert_int_equal(b.n_unfilled, 1);
}

static void test_split(void **state)
{
    hr_bars b;
    hr_bar bar;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_VOLUME, .threshold = 10, .split = true};
    hr_bars_init(&b, &rule);
    offer(&b, 1, 100, 25, true);
    for (int i = 0; i < 2; i++) {
        assert_true(hr_bars_next(&b, &bar));
        assert_true(bar.volume == 10 && bar.n_trades == 1 && bar.start_ns == 1);
    }
    assert_false(hr_bars_next(&b, &bar));
    assert_int_equal(b.n_parted, 2);
    assert_true(hr_bars_last(&b, &bar));
    assert_true(bar.volume == 5);
    hr_bar_trade huge = {.ts = 2, .px = 1, .qty = 11 * HR_BARS_SPLIT_MAX};
    assert_int_equal(hr_bars_trade(&b, &huge), HR_ELIMIT);
    rule.split = false; /* whole: as large as it likes */
    hr_bars_init(&b, &rule);
    assert_int_equal(hr_bars_trade(&b, &huge), HR_OK);
    assert_true(hr_bars_next(&b, &bar));
    assert_true(bar.volume == huge.qty);
    rule = (hr_bar_rule){.kind = HR_BAR_NOTIONAL, .threshold = 1000, .split = true};
    hr_bars_init(&b, &rule);
    offer(&b, 1, 300, 5, false); /* 4 x 300 is the least that reaches 1000 */
    assert_true(hr_bars_next(&b, &bar));
    assert_true(bar.volume == 4 && bar.notional == 1200 && bar.buy_volume == 0);
}

static void test_absurd(void **state)
{
    hr_bars b;
    hr_bar bar;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_TICK, .n_ticks = 400};
    hr_bars_init(&b, &rule);
    for (int i = 0; i < 400; i++) {
        offer(&b, i, INT64_MAX, INT64_MAX, true);
        (void)hr_bars_next(&b, &bar);
    }
    assert_int_equal(bar.n_trades, 400); /* the sum has gone round; nothing else has */
    assert_int_equal(bar.close, INT64_MAX);
}

static void touch(hr_quotes *q, int64_t ts, int64_t bid, int64_t ask)
{
    hr_bar_quote t = {
        .bid_px = bid, .bid_qty = 1, .ask_px = ask, .ask_qty = 1, .is_whole = bid > 0};
    hr_quotes_touch(q, ts, &t);
}

static void test_touch_by_count(void **state)
{
    hr_quotes q;
    hr_quote_bar bar;
    int64_t v;
    (void)state;
    hr_bar_rule rule = {.kind = HR_BAR_TICK, .n_ticks = 2};
    hr_quotes_init(&q, &rule, HR_BAR_MID);
    touch(&q, 10, 100, 104);
    assert_false(hr_quotes_next(&q, &bar));
    touch(&q, 15, 100, 104); /* no change */
    assert_false(hr_quotes_next(&q, &bar));
    touch(&q, 20, 102, 104);
    assert_true(hr_quotes_next(&q, &bar));
    assert_int_equal(bar.start_ns, 10);
    assert_int_equal(bar.end_ns, 20);
    assert_true(bar.open == 204 && bar.close == 206 && bar.spread_sum == 6);
    assert_true(hr_quote_bar_spread(&bar, &v));
    assert_int_equal(v, 3);
    assert_true(hr_quote_bar_mid(&bar, &v));
    assert_int_equal(v, 102);
    assert_int_equal(bar.quoted_ns, 10);
    touch(&q, 30, 101, 103); /* begins where the last ended */
    assert_false(hr_quotes_next(&q, &bar));
    touch(&q, 40, 0, 0); /* lost: nothing is weighed */
    assert_false(hr_quotes_next(&q, &bar));
    touch(&q, 90, 100, 102);
    assert_true(hr_quotes_next(&q, &bar));
    assert_int_equal(bar.start_ns, 20);
    assert_int_equal(bar.end_ns, 90);
    assert_int_equal(bar.quoted_ns, 20);
    assert_true(bar.weighted == 206 * 10 + 204 * 10);
    assert_int_equal(bar.last.bid_px, 100);
    touch(&q, 50, 1, 2); /* late: in no bar, but it stands */
    assert_false(hr_quotes_next(&q, &bar));
    assert_int_equal(q.n_late, 1);
    assert_false(hr_quotes_last(&q, &bar));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),         cmocka_unit_test(test_time),
        cmocka_unit_test(test_before_1970),    cmocka_unit_test(test_fill),
        cmocka_unit_test(test_split),          cmocka_unit_test(test_absurd),
        cmocka_unit_test(test_touch_by_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
