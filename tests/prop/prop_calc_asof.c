/* SPDX-License-Identifier: Apache-2.0 */
/* Books by time against a list of all of them; and which trades count against a list of all. */
#include "calc/asof.h"

#include "base/attr.h"
#include "calc/tradegate.h"
#include "harness.h"
#include "rng.h"

#define BOOKS 6000

static void test_before(void **state)
{
    static hr_asof a;
    static hr_asof_book all[BOOKS]; /* by time, the last of each */
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t round = 0; round < test_iters(8); round++) {
        size_t n = 0;
        uint64_t n_late = 0;
        int64_t ts = 1000;
        hr_asof_init(&a);
        assert_int_equal(hr_asof_now(&a), INT64_MIN);
        for (int64_t i = 0; i < BOOKS; i++) {
            ts += (int64_t)test_rng_below(&r, 3);
            hr_asof_book b = {.ts = ts, .bid_px = i, .bid_qty = 1, .ask_px = i + 1, .ask_qty = 2};
            if (test_rng_chance(&r, 6)) b.ts -= (int64_t)test_rng_below(&r, 5);
            hr_asof_put(&a, &b);
            if (n > 0 && b.ts <= all[n - 1].ts) {
                n_late += b.ts < all[n - 1].ts;
                b.ts = all[--n].ts;
            }
            all[n++] = b;
            if (test_rng_chance(&r, 50)) {
                hr_asof_lose(&a);
                all[n - 1].bid_px = all[n - 1].ask_px = HR_NULL_I64;
                all[n - 1].bid_qty = all[n - 1].ask_qty = HR_NULL_I64;
            }
            assert_int_equal(hr_asof_now(&a), all[n - 1].ts);
            for (int k = 0; k < 4; k++) {
                int64_t at = ts + 3 - (int64_t)test_rng_below(&r, k == 0 ? 8000 : 40);
                hr_asof_book got;
                size_t want = n;
                while (want > 0 && all[want - 1].ts >= at)
                    want--;
                hr_asof_answer answer = hr_asof_before(&a, at, &got);
                size_t kept = HR_MIN(n, (size_t)HR_ASOF_BOOKS);
                if (want == 0 || want - 1 < n - kept) {
                    assert_int_equal(answer, n > kept ? HR_ASOF_FORGOTTEN : HR_ASOF_NONE);
                    continue;
                }
                assert_int_equal(answer, HR_ASOF_FOUND);
                assert_memory_equal(&got, &all[want - 1], sizeof got);
            }
        }
        assert_int_equal(a.n_late, n_late);
    }
}

/* ---- which trades count ---- */

#define TRADES 3000

static void test_repeated(void **state)
{
    static int64_t seen[TRADES][3];
    test_rng r;
    hr_trade t = {.qty = 1};
    static hr_tradegate g;
    size_t n = 0;
    (void)state;
    test_rng_init(&r, test_seed());
    hr_tradegate_init(&g, HR_TRADES_FIRST, false);
    int64_t id = 5;
    for (int i = 0; i < TRADES; i++) {
        if (n > 0 && test_rng_chance(&r, 4)) { /* an old one, perhaps changed */
            size_t back = 1 + test_rng_below(&r, HR_MIN(n, (size_t)900));
            while (seen[n - back][0] < id - 900)
                back--;
            t.id = seen[n - back][0];
            t.ts_event = seen[n - back][1];
            t.px = seen[n - back][2] + (test_rng_chance(&r, 3) ? 1 : 0);
        } else {
            t.id = id++;
            t.ts_event = (int64_t)test_rng_below(&r, 1000);
            t.px = 100;
        }
        bool is_seen = false;
        for (size_t k = n; k > 0 && !is_seen; k--) /* the newest of its id */
            if (seen[k - 1][0] == t.id) {
                is_seen = seen[k - 1][1] == t.ts_event && seen[k - 1][2] == t.px;
                break;
            }
        assert_int_equal(hr_tradegate_takes(&g, &t), !is_seen);
        if (is_seen) continue;
        seen[n][0] = t.id;
        seen[n][1] = t.ts_event;
        seen[n++][2] = t.px;
    }
    assert_int_equal(g.n_repeated + n, TRADES);
    t.id = -1; /* without an id nothing is a repetition */
    assert_true(hr_tradegate_takes(&g, &t));
    assert_true(hr_tradegate_takes(&g, &t));
    hr_text text = {.byte = "8fc81a3e", .len = 8};
    t.text = &text;
    assert_true(hr_tradegate_takes(&g, &t));
    assert_false(hr_tradegate_takes(&g, &t));
    text.byte[7] = 'f';
    assert_true(hr_tradegate_takes(&g, &t));
}

static void test_kinds(void **state)
{
    hr_trade t = {.qty = 1};
    static hr_tradegate g;
    (void)state;
    for (int kinds = 0; kinds < 4; kinds++)
        for (uint32_t first = 0; first < 2; first++) {
            hr_tradegate_init(&g, (hr_trade_kinds)kinds, true);
            for (int64_t i = 0; i < 10; i++) {
                bool is_agg = (uint32_t)(i & 1) != first;
                t.id = i / 4; /* some again */
                t.is_agg = is_agg;
                bool want =
                    kinds == HR_TRADES_ALL ||
                    (kinds == HR_TRADES_FIRST ? (i & 1) == 0 : is_agg == (kinds == HR_TRADES_AGG));
                assert_int_equal(hr_tradegate_takes(&g, &t), want);
            }
            assert_int_equal(g.n_other_kind, kinds == HR_TRADES_ALL ? 0 : 5);
            assert_true(g.n_repeated > 0); /* counted though kept */
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
