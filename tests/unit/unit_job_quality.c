/* SPDX-License-Identifier: Apache-2.0 */
/* Figures by hour: which row a message counts in, folding when rows run out, silences, outliers,
 * percentiles of skew. */
#include "harness.h"
#include "job/quality.h"

#define H HR_QUALITY_HOUR_NS
#define S INT64_C(1000000000)

static hr_quality *make(uint32_t n_instruments, uint32_t n_rows)
{
    hr_quality *q;
    hr_err err = HR_ERR_INIT;
    assert_int_equal(hr_quality_create(&q, n_instruments, 2, n_rows, &err), HR_OK);
    return q;
}

static void take(hr_quality *q, uint32_t instrument, const hr_quality_event *e)
{
    if (e->kind != HR_MSG_STATUS) hr_quality_place(q, instrument, e->recv_ns);
    hr_quality_note(q, instrument, e);
}

static void take_at(hr_quality *q, uint32_t instrument, int64_t recv_ns)
{
    hr_quality_event e = {.recv_ns = recv_ns, .event_ns = HR_NULL_I64, .n_levels = 3};
    take(q, instrument, &e);
}

static void test_rows(void **state)
{
    (void)state;
    hr_quality *q = make(3, 64);
    uint32_t n;
    hr_quality_row sum;
    take_at(q, 1, 10 * H + 5);
    take_at(q, 1, 12 * H);
    take_at(q, 1, 12 * H - 1); /* a time that falls: the hour before */
    hr_quality_fall(q, 1);
    take_at(q, 1, 0); /* without a time: where the one before it was */
    take_at(q, 0, 11 * H);
    hr_quality_end(q);
    const hr_quality_row *const *row = hr_quality_rows(q, 1, &n);
    assert_int_equal(n, 3);
    assert_int_equal(row[0]->hour, 10);
    assert_int_equal(row[1]->hour, 11);
    assert_int_equal(row[2]->hour, 12);
    assert_int_equal(row[1]->n[HR_MSG_DELTA], 2);
    assert_int_equal(row[1]->time_falls, 1);
    (void)hr_quality_rows(q, 2, &n);
    assert_int_equal(n, 0);
    hr_quality_sum(q, 1, &sum);
    assert_int_equal(sum.n[HR_MSG_DELTA], 4);
    assert_int_equal(sum.levels, 12);
    assert_int_equal(sum.hour, 10);
    assert_int_equal(sum.first_ns, 10 * H + 5);
    assert_int_equal(sum.last_ns, 12 * H);
    assert_int_equal(sum.n_folded, 0);
    hr_quality_total(q, &sum);
    assert_int_equal(sum.n[HR_MSG_DELTA], 5);
    hr_quality_destroy(&q);
    assert_int_equal(hr_quality_hour(-1), -1);
    assert_int_equal(hr_quality_hour(H), 1);
}

/* Two instruments and five rows: the first of each, and three that go to who comes first. */
static void test_folding(void **state)
{
    (void)state;
    hr_quality *q = make(2, 5);
    uint32_t n;
    hr_quality_row sum;
    for (int k = 0; k < 6; k++)
        take_at(q, 0, (100 + k) * H);
    take_at(q, 0, 101 * H); /* has a row */
    take_at(q, 0, 109 * H); /* has none: stays there */
    take_at(q, 1, 100 * H);
    take_at(q, 1, 101 * H);
    hr_quality_end(q);
    const hr_quality_row *const *row = hr_quality_rows(q, 0, &n);
    assert_int_equal(n, 4);
    assert_int_equal(row[3]->n[HR_MSG_DELTA], 3);
    assert_int_equal(row[3]->n_folded, 2);
    assert_int_equal(row[1]->n[HR_MSG_DELTA], 3);
    assert_int_equal(row[1]->n_folded, 1);
    hr_quality_sum(q, 1, &sum);
    assert_int_equal(sum.n[HR_MSG_DELTA], 2);
    assert_int_equal(sum.n_folded, 1);
    hr_quality_destroy(&q);
}

static void test_silence(void **state)
{
    (void)state;
    hr_quality *q = make(1, 8);
    hr_quality_row sum;
    uint32_t n;
    take_at(q, 0, H + S);
    take_at(q, 0, H + 61 * S);  /* 60 s: not longer */
    take_at(q, 0, H + 122 * S); /* 61 s */
    take_at(q, 0, H + 30 * S);  /* a time that falls is no silence, nor is the way back */
    take_at(q, 0, H + 123 * S);
    take_at(q, 0, 3 * H);
    hr_quality_event lost = {.recv_ns = 9 * H, .event_ns = HR_NULL_I64, .kind = HR_MSG_STATUS};
    lost.count[HR_QUALITY_GAPS] = 1;
    take(q, 0, &lost);
    take(q, 0, &lost); /* told twice */
    hr_quality_end(q);
    const hr_quality_row *const *row = hr_quality_rows(q, 0, &n);
    assert_int_equal(n, 2);
    assert_int_equal(row[0]->silences, 2);
    assert_int_equal(row[0]->silence_ns, 2 * H - 123 * S);
    assert_int_equal(row[0]->silence_at_ns, H + 123 * S);
    assert_int_equal(row[1]->silences, 0);
    assert_int_equal(row[1]->count[HR_QUALITY_GAPS], 1);
    assert_int_equal(row[1]->n[HR_MSG_STATUS], 0);
    hr_quality_sum(q, 0, &sum);
    assert_int_equal(sum.silences, 2);
    hr_quality_destroy(&q);
}

static void trade(hr_quality *q, int64_t px, int64_t bid, int64_t ask, bool is_whole)
{
    hr_quality_event e = {.recv_ns = H,
                          .event_ns = HR_NULL_I64,
                          .kind = HR_MSG_TRADE,
                          .is_whole = is_whole,
                          .bid_px = bid,
                          .ask_px = ask,
                          .trade_px = px};
    take(q, 0, &e);
}

static void expect_outliers(hr_quality *q, uint64_t from_mid, uint64_t from_last)
{
    hr_quality_row sum;
    hr_quality_end(q);
    hr_quality_sum(q, 0, &sum);
    assert_int_equal(sum.from_mid, from_mid);
    assert_int_equal(sum.from_last, from_last);
    hr_quality_destroy(&q);
}

static void test_outliers(void **state)
{
    (void)state;
    hr_quality *q = make(1, 1);
    trade(q, 5000, 990, 1010, true); /* no book and no trade before it */
    trade(q, 1050, 990, 1010, true); /* 5 % from the mid: not more; far from the last */
    trade(q, 1051, 990, 1010, true); /* more */
    trade(q, 950, 990, 1010, true);
    trade(q, 949, 990, 1010, true); /* more */
    trade(q, 1000, 990, 1010, false);
    trade(q, 1100, 1010, 990, true); /* the book was not whole; 10 % from the last: not more */
    trade(q, 1211, 0, 990, true);    /* crossed before; more than 10 % */
    trade(q, 1211, 990, 1010, true); /* one side was empty */
    expect_outliers(q, 2, 2);
    q = make(1, 1);
    trade(q, INT64_MAX, INT64_MAX - 1, INT64_MAX, true);
    trade(q, INT64_MAX, INT64_MAX - 1, INT64_MAX, true);
    trade(q, 1, INT64_MAX - 1, INT64_MAX, true);
    expect_outliers(q, 1, 1);
}

static void test_slots(void **state)
{
    (void)state;
    int64_t v = 0;
    for (uint32_t k = 0; k < 256; k++)
        assert_int_equal(hr_quality_slot_top(hr_quality_slot(k)), k);
    for (int k = 0; k < 1000; k++, v = v + v / 37 + 1) {
        if (v >= INT64_C(1) << HR_QUALITY_BITS) break;
        int64_t top = hr_quality_slot_top(hr_quality_slot(v));
        int64_t below = hr_quality_slot_top(hr_quality_slot(-v));
        assert_true(top >= v && top - v <= v / 128);
        assert_true(below >= -v && below + v <= v / 128);
    }
    assert_true(hr_quality_slot(INT64_MIN) > 0);
    assert_true(hr_quality_slot(INT64_MAX) < HR_QUALITY_SLOTS);
}

static void test_skew(void **state)
{
    (void)state;
    hr_quality *q = make(1, 4);
    hr_quality_row sum;
    uint32_t n;
    for (int k = 1; k <= 100; k++) {
        hr_quality_event e = {.recv_ns = H + k, .event_ns = H + k - (k - 50) * 1000};
        take(q, 0, &e);
    }
    hr_quality_event e = {.recv_ns = 2 * H, .event_ns = 2 * H - 7};
    take(q, 0, &e);
    e.event_ns = HR_NULL_I64;
    take(q, 0, &e);
    hr_quality_end(q);
    const hr_quality_row *const *row = hr_quality_rows(q, 0, &n);
    assert_int_equal(row[0]->skew.n, 100);
    assert_int_equal(row[0]->skew.min, -49000);
    assert_int_equal(row[0]->skew.max, 50000);
    assert_int_equal(row[0]->skew.p50, 0);
    assert_in_range(row[0]->skew.p99, 49000, 50000);
    assert_true(hr_quality_mean(&row[0]->skew) > 499 && hr_quality_mean(&row[0]->skew) < 501);
    assert_int_equal(row[1]->skew.p50, 7);
    hr_quality_sum(q, 0, &sum);
    assert_int_equal(sum.skew.n, 101);
    assert_int_equal(sum.skew.p50, 7);
    hr_quality_destroy(&q);
}

static void test_rejects(void **state)
{
    (void)state;
    hr_quality *q = make(1, 1);
    hr_quality_reject(q, 1, HR_REJECT_TIME);
    hr_quality_reject(q, 1, HR_REJECT_TIME);
    hr_quality_reject(q, 9, HR_REJECT_TIME); /* no such source */
    assert_int_equal(hr_quality_rejects(q, 0)[HR_REJECT_TIME], 0);
    assert_int_equal(hr_quality_rejects(q, 1)[HR_REJECT_TIME], 2);
    hr_quality_destroy(&q);
    hr_quality_destroy(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_folding),
        cmocka_unit_test(test_silence), cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_slots),   cmocka_unit_test(test_skew),
        cmocka_unit_test(test_rejects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
