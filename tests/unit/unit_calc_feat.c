/* SPDX-License-Identifier: Apache-2.0 */
/* Each feature against its closed form, nulls, the rules of the clock, and images from disk. */
#include "harness.h"

#include <math.h>

#include "calc/feat.h"
#include "col/schema.h"
#include "rng.h"

#define SEC INT64_C(1000000000)
#define T0 (INT64_C(1700000000) * SEC)
#define DEPTH 10

typedef struct book_row {
    int64_t bid_px[DEPTH], bid_qty[DEPTH], ask_px[DEPTH], ask_qty[DEPTH];
} book_row;

static char storage[2][8192] HR_ALIGNED(64);

static hr_featset *make(int which, int64_t window_ns, unsigned px_scale, unsigned qty_scale)
{
    assert_true(hr_featset_bytes() <= sizeof storage[which]);
    return hr_featset_init(storage[which], window_ns, px_scale, qty_scale);
}

/* n levels a side, one tick apart, quantities bid_qty, bid_qty + 1, ... */
static book_row row_of(int64_t bid, int64_t bid_qty, int64_t ask, int64_t ask_qty, int n)
{
    book_row r;
    for (int i = 0; i < DEPTH; i++) {
        r.bid_px[i] = i < n ? bid - i : HR_NULL_I64;
        r.bid_qty[i] = i < n ? bid_qty + i : HR_NULL_I64;
        r.ask_px[i] = i < n ? ask + i : HR_NULL_I64;
        r.ask_qty[i] = i < n ? ask_qty + i : HR_NULL_I64;
    }
    return r;
}

static void put(hr_featset *f, double *out, int64_t ts, const book_row *r)
{
    hr_featset_row(f, out, ts, r->bid_px, r->bid_qty, r->ask_px, r->ask_qty, DEPTH);
}

static void put_touch(hr_featset *f, double *out, int64_t ts, int64_t bid, int64_t bid_qty,
                      int64_t ask, int64_t ask_qty)
{
    book_row r = row_of(bid, bid_qty, ask, ask_qty, 1);
    put(f, out, ts, &r);
}

static void assert_same(double got, double want)
{
    if (isnan(want))
        assert_true(isnan(got));
    else
        assert_true(got == want);
}

static void assert_near(double got, double want, double relative)
{
    assert_true(fabs(got - want) <= relative * fabs(want));
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(hr_feat_names[HR_FEAT_MID], "mid");
    assert_string_equal(hr_feat_names[HR_FEAT_RVOL], "rvol");
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        assert_non_null(hr_feat_names[i]);
}

static void test_book_values(void **state)
{
    double v[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    book_row r = row_of(10000, 2000, 10003, 6000, DEPTH);
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_MID], 100.015);
    assert_same(v[HR_FEAT_SPREAD], 0.03);
    assert_near(v[HR_FEAT_WMID], (100.00 * 6 + 100.03 * 2) / 8, 1e-15);
    assert_same(v[HR_FEAT_IMB1], -4000.0 / 8000.0);
    assert_same(v[HR_FEAT_IMB5], -20000.0 / (10010 + 30010));
    assert_same(v[HR_FEAT_IMB10], -40000.0 / (20045 + 60045));
    assert_same(v[HR_FEAT_OFI], (double)NAN); /* no row before it */
    assert_same(v[HR_FEAT_RVOL], (double)NAN);
    assert_same(v[HR_FEAT_VOLUME], 0.0);
    assert_same(v[HR_FEAT_VWAP], (double)NAN);
}

static void test_thin_and_shallow(void **state)
{
    double v[HR_FEAT_COUNT];
    double w[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    book_row r = row_of(10000, 2000, 10003, 6000, 3); /* imbalance over what there is */
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_IMB5], -12000.0 / (6003 + 18003));
    assert_same(v[HR_FEAT_IMB10], v[HR_FEAT_IMB5]);
    r.bid_qty[1] = r.bid_px[1] = HR_NULL_I64; /* one side thinner than the other */
    r.bid_qty[2] = r.bid_px[2] = HR_NULL_I64;
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_IMB5], (2000.0 - 18003) / (2000 + 18003));
    r = row_of(10000, 2000, 10003, 6000, DEPTH);
    hr_featset_row(f, v, T0, r.bid_px, r.bid_qty, r.ask_px, r.ask_qty, 1);
    assert_same(v[HR_FEAT_IMB10], v[HR_FEAT_IMB1]);
    hr_featset_row(f, v, T0, r.bid_px, r.bid_qty, r.ask_px, r.ask_qty, 5);
    hr_featset_row(f, w, T0, r.bid_px, r.bid_qty, r.ask_px, r.ask_qty, 10);
    assert_same(v[HR_FEAT_IMB10], v[HR_FEAT_IMB5]);
    assert_same(v[HR_FEAT_IMB5], w[HR_FEAT_IMB5]);
    assert_true(v[HR_FEAT_IMB10] != w[HR_FEAT_IMB10]);
}

static void test_empty_side(void **state)
{
    double v[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    book_row r = row_of(10000, 2000, 10003, 6000, 2);
    put(f, v, T0, &r);
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_OFI], 0.0);
    hr_featset_trade(f, T0, 10003, 500);
    r.ask_px[0] = r.ask_qty[0] = HR_NULL_I64;
    put(f, v, T0, &r);
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        if (i != HR_FEAT_VOLUME && i != HR_FEAT_VWAP) assert_true(isnan(v[i]));
    assert_same(v[HR_FEAT_VOLUME], 0.5);
    assert_same(v[HR_FEAT_VWAP], 100.03);
    r = row_of(10000, 2000, 10003, 6000, 2); /* back: OFI and returns start anew */
    put(f, v, T0, &r);
    assert_true(isnan(v[HR_FEAT_OFI]) && isnan(v[HR_FEAT_RVOL]));
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_OFI], 0.0);
}

/* Sums of prices are made in integers: no half of a unit is lost above 2^53. */
static void test_exact_mid(void **state)
{
    double v[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    int64_t big = INT64_C(1) << 53; /* big + 1 is no double, big + 1 + big + 3 halved is */
    put_touch(f, v, T0, big + 1, 1, big + 3, 1);
    assert_same(v[HR_FEAT_MID], (double)(big + 2));
    put_touch(f, v, T0, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX);
    assert_same(v[HR_FEAT_MID], 0x1p63);
    assert_same(v[HR_FEAT_SPREAD], 0.0);
    assert_same(v[HR_FEAT_IMB1], 0.0);
}

/* Sums of quantities too: ten of the largest are no overflow. */
static void test_wide_quantities(void **state)
{
    double v[HR_FEAT_COUNT];
    book_row r;
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    for (int i = 0; i < DEPTH; i++) {
        r.bid_px[i] = 100 - i;
        r.ask_px[i] = 101 + i;
        r.bid_qty[i] = INT64_MAX;
        r.ask_qty[i] = INT64_MAX / 3;
    }
    put(f, v, T0, &r);
    assert_near(v[HR_FEAT_IMB1], 0.5, 1e-15);
    assert_near(v[HR_FEAT_IMB5], 0.5, 1e-15);
    assert_near(v[HR_FEAT_IMB10], 0.5, 1e-15);
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_OFI], 0.0);
    for (int i = 0; i < 3; i++)
        hr_featset_trade(f, T0, 7, INT64_MAX);
    put(f, v, T0, &r);
    assert_same(v[HR_FEAT_VOLUME], 3 * 0x1p63);
    assert_same(v[HR_FEAT_VWAP], 7.0);
}

/* Cont, Kukanov, Stoikov (2014), equation 2, case by case. */
static void test_ofi(void **state)
{
    static const int64_t cases[][5] = {
        /* bid, its quantity, ask, its quantity, what it adds after (100, 5, 102, 7) */
        {100, 9, 102, 7, 4},  /* more is bid */
        {100, 2, 102, 7, -3}, /* less is bid */
        {101, 3, 102, 7, 3},  /* a better bid */
        {99, 8, 102, 7, -5},  /* the bid went away */
        {100, 5, 102, 9, -2}, /* more is offered */
        {100, 5, 102, 1, 6},  /* less is offered */
        {100, 5, 101, 4, -4}, /* a better offer */
        {100, 5, 103, 9, 7},  /* the offer went away */
        {101, 3, 103, 9, 10}, /* both up */
        {100, 5, 102, 7, 0},
    };
    double v[HR_FEAT_COUNT];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_featset *f = make(0, 10 * SEC, 0, 0);
        put_touch(f, v, T0, 100, 5, 102, 7);
        put_touch(f, v, T0, cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
        assert_same(v[HR_FEAT_OFI], (double)cases[i][4]);
    }
}

static void test_trades(void **state)
{
    double v[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    hr_featset_trade(f, T0, 10000, 1000);
    hr_featset_trade(f, T0 + SEC, 10300, 2000);
    put_touch(f, v, T0 + SEC, 10000, 1, 10001, 1);
    assert_same(v[HR_FEAT_VOLUME], 3.0);
    assert_same(v[HR_FEAT_VWAP], 102.0);
    put_touch(f, v, T0 + 10 * SEC + SEC / 2, 10000, 1, 10001, 1);
    assert_same(v[HR_FEAT_VOLUME], 2.0); /* the first has left the window */
    assert_same(v[HR_FEAT_VWAP], 103.0);
}

static void test_rvol(void **state)
{
    double v[HR_FEAT_COUNT];
    double sum = 0;
    static const int64_t mid[] = {100000, 100010, 99000, 99001, 150000, 20000, 9000000, 9000000};
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    for (size_t i = 0; i < HR_ARRAY_LEN(mid); i++) {
        put_touch(f, v, T0, mid[i] - 1, 1, mid[i] + 1, 1);
        if (i == 0) continue;
        double r = (double)logl((long double)mid[i] / (long double)mid[i - 1]);
        sum += r * r;
        assert_near(v[HR_FEAT_RVOL], sqrt(sum), 1e-14);
    }
    f = make(0, 10 * SEC, 9, 3); /* one unit in 10^17 still counts */
    put_touch(f, v, T0, 50000000000000000, 1, 50000000000000000, 1);
    put_touch(f, v, T0, 50000000000000001, 1, 50000000000000001, 1);
    assert_true(v[HR_FEAT_RVOL] >= 0 && v[HR_FEAT_RVOL] < 1e-12);
    put_touch(f, v, T0, 1, 1, 1, 1); /* and the whole range does */
    assert_near(v[HR_FEAT_RVOL], log(5e16), 1e-12);
}

static void test_break(void **state)
{
    double v[HR_FEAT_COUNT];
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    put_touch(f, v, T0, 100, 5, 102, 7);
    put_touch(f, v, T0, 100, 9, 102, 7);
    hr_featset_break(f);
    put_touch(f, v, T0, 500, 1, 510, 1); /* no jump is seen over the break */
    assert_true(isnan(v[HR_FEAT_OFI]) && isnan(v[HR_FEAT_RVOL]));
    put_touch(f, v, T0, 500, 2, 510, 1);
    assert_same(v[HR_FEAT_OFI], 5.0); /* the window's sum stayed: 4 before, 1 after */
    assert_same(v[HR_FEAT_RVOL], 0.0);
}

/* ---- the clock ---- */

static hr_featset_clock clock_of(const hr_featset *f)
{
    hr_featset_clock c;
    hr_featset_clock_get(f, &c);
    return c;
}

static double volume_at(hr_featset *f, int64_t ts)
{
    double v[HR_FEAT_COUNT];
    put_touch(f, v, ts, 100, 1, 101, 1);
    return v[HR_FEAT_VOLUME];
}

static void test_late_event(void **state)
{
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    hr_featset_trade(f, T0, 100, 1);
    hr_featset_trade(f, T0 - 5 * SEC, 100, 2); /* counts in the newest slot */
    assert_same(volume_at(f, T0 + 9 * SEC), 3.0);
    assert_same(volume_at(f, T0 + 11 * SEC), 0.0);
    assert_int_equal(clock_of(f).n_late, 1);
}

/* One time far in the future: its own row is alone, then the window is as it was. */
static void test_one_bad_time(void **state)
{
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    hr_featset_trade(f, T0, 100, 5);
    hr_featset_trade(f, T0 + 1000 * 86400 * SEC, 100, 1);
    assert_same(volume_at(f, T0 + SEC), 6.0); /* it happened about then */
    assert_same(volume_at(f, T0 + 1000 * 86400 * SEC), 0.0);
    assert_same(volume_at(f, T0 + 2 * SEC), 6.0);
    assert_same(volume_at(f, T0 + 9 * SEC), 6.0);
    assert_same(volume_at(f, T0 + 12 * SEC), 0.0);
    hr_featset_clock c = clock_of(f);
    assert_int_equal(c.n_refuted, 2);
    assert_int_equal(c.n_turned_back, 0);
    (void)volume_at(f, INT64_MAX);
    (void)volume_at(f, INT64_MIN);
    assert_same(volume_at(f, T0 + 13 * SEC), 0.0);
}

/* A quiet market is no bad time: rows are right from the first on. */
static void test_quiet_market(void **state)
{
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    hr_featset_trade(f, T0, 100, 5);
    for (int i = 1; i < 6; i++) {
        hr_featset_trade(f, T0 + i * 3600 * SEC, 100, i);
        assert_same(volume_at(f, T0 + i * 3600 * SEC), (double)i);
        if (i % 2 == 0) continue;
        hr_featset_trade(f, T0 + i * 3600 * SEC - 2 * SEC, 100, 7); /* a little late */
        assert_same(volume_at(f, T0 + i * 3600 * SEC + 9 * SEC), i + 7.0);
    }
    assert_int_equal(clock_of(f).n_refuted, 0);
}

/* The first time of all is wrong: after a few events the clock turns back, counted. */
static void test_clock_turns_back(void **state)
{
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    hr_featset_trade(f, T0 + 86400 * SEC, 100, 5);
    for (int i = 0; i < HR_FEAT_BACK_RUN - 1; i++)
        assert_same(volume_at(f, T0 + i), 5.0);
    assert_int_equal(clock_of(f).n_turned_back, 0);
    assert_same(volume_at(f, T0 + 100), 0.0);
    assert_int_equal(clock_of(f).n_turned_back, 1);
    hr_featset_trade(f, T0 + SEC, 100, 3);
    assert_same(volume_at(f, T0 + 2 * SEC), 3.0);
    assert_same(volume_at(f, T0 + 12 * SEC), 0.0);
    f = make(0, 10 * SEC, 0, 0); /* late within the bound for ever: never */
    hr_featset_trade(f, T0, 100, 5);
    for (int i = 0; i < 100; i++)
        assert_same(volume_at(f, T0 - 59 * SEC), 5.0);
    assert_int_equal(clock_of(f).n_turned_back, 0);
}

static void test_times_before_1970(void **state)
{
    (void)state;
    hr_featset *f = make(0, 10 * SEC, 0, 0);
    hr_featset_trade(f, -12 * SEC, 100, 1);
    hr_featset_trade(f, -SEC, 100, 2);
    assert_same(volume_at(f, 5 * SEC), 2.0);
    assert_same(volume_at(f, 8 * SEC), 2.0);
    assert_same(volume_at(f, 10 * SEC), 0.0);
}

/* ---- images ---- */

static char image[8192];

static void fill(hr_featset *f, test_rng *r, int n)
{
    double v[HR_FEAT_COUNT];
    int64_t ts = T0;
    for (int i = 0; i < n; i++) {
        ts += (int64_t)test_rng_below(r, (uint64_t)SEC);
        int64_t bid = 1000 + (int64_t)test_rng_below(r, 10);
        if (test_rng_chance(r, 3)) hr_featset_trade(f, ts, bid, 1 + (int64_t)test_rng_below(r, 9));
        put_touch(f, v, ts, bid, 1 + (int64_t)test_rng_below(r, 9), bid + 1, 3);
    }
}

static void test_image_heads(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    hr_featset *f = make(0, 10 * SEC, 2, 3);
    size_t n = hr_featset_image_bytes();
    assert_true(n <= sizeof image);
    fill(f, &r, 100);
    hr_featset_save(f, image);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 3), image, n), HR_OK);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 3), image, n - 1), HR_ECORRUPT);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 3), image, n + 1), HR_ECORRUPT);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 3), image, 0), HR_ECORRUPT);
    assert_int_equal(hr_featset_load(make(1, 11 * SEC, 2, 3), image, n), HR_ECORRUPT);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 3, 3), image, n), HR_ECORRUPT);
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 4), image, n), HR_ECORRUPT);
    image[6]++; /* another version */
    assert_int_equal(hr_featset_load(make(1, 10 * SEC, 2, 3), image, n), HR_ECORRUPT);
}

/* Damaged images are refused, or are states that the calls can live with. */
static void test_damaged_images(void **state)
{
    test_rng r;
    uint64_t n_taken = 0;
    double v[HR_FEAT_COUNT];
    (void)state;
    test_rng_init(&r, test_seed());
    size_t n = hr_featset_image_bytes();
    const uint64_t iters = test_iters(20000);
    for (uint64_t k = 0; k < iters; k++) {
        if (k % 100 == 0) {
            hr_featset *f = make(0, 10 * SEC, 2, 3);
            fill(f, &r, (int)test_rng_below(&r, 60));
            hr_featset_save(f, image);
        }
        static char bad[8192];
        memcpy(bad, image, n);
        if (k % 3 == 0)
            bad[test_rng_below(&r, n)] ^= (char)(1u << test_rng_below(&r, 8));
        else if (k % 3 == 1)
            test_rng_bytes(&r, bad + 8 * test_rng_below(&r, n / 8), 8);
        else
            test_rng_bytes(&r, bad + 24, n - 24);
        hr_featset *g = make(1, 10 * SEC, 2, 3);
        if (hr_featset_load(g, bad, n) != HR_OK) {
            assert_same(volume_at(g, T0), 0.0); /* as new */
            continue;
        }
        n_taken++;
        hr_featset_trade(g, T0, 1000, 1);
        put_touch(g, v, T0 + SEC, 1000, 1, 1001, 1);
        hr_featset_save(g, bad);
        assert_int_equal(hr_featset_load(g, bad, n), HR_OK);
    }
    assert_true(n_taken < iters / 10); /* counters and touches may be anything in range */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_book_values),
        cmocka_unit_test(test_thin_and_shallow),
        cmocka_unit_test(test_empty_side),
        cmocka_unit_test(test_exact_mid),
        cmocka_unit_test(test_wide_quantities),
        cmocka_unit_test(test_ofi),
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_rvol),
        cmocka_unit_test(test_break),
        cmocka_unit_test(test_late_event),
        cmocka_unit_test(test_one_bad_time),
        cmocka_unit_test(test_quiet_market),
        cmocka_unit_test(test_clock_turns_back),
        cmocka_unit_test(test_times_before_1970),
        cmocka_unit_test(test_image_heads),
        cmocka_unit_test(test_damaged_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
