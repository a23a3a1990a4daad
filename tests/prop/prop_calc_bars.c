/* SPDX-License-Identifier: Apache-2.0 */
/* Bars against models that keep every event: all kinds of bars, parted trades, empty bars, late
 * rows, times that fall; and the touch with losses. */
#include "calc/bars.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "rng.h"

#define EVENTS 400
#define BARS 4000

/* ---- trades ---- */

typedef struct model {
    hr_bar_rule rule;
    hr_bar bar[BARS];
    size_t n;
    bool is_open; /* the last of bar[] */
    uint64_t n_late;
    /* of the open bar: what is in it */
    hr_bar_trade part[EVENTS];
    size_t n_parts;
    int64_t bound; /* events before it are late */
} model;

static hr_wide reached(const model *m)
{
    hr_wide sum = 0;
    for (size_t i = 0; i < m->n_parts; i++)
        sum += m->rule.kind == HR_BAR_TICK     ? 1
               : m->rule.kind == HR_BAR_VOLUME ? m->part[i].qty
                                               : (hr_wide)m->part[i].px * m->part[i].qty;
    return sum;
}

static hr_wide goal(const model *m)
{
    return m->rule.kind == HR_BAR_TICK ? (hr_wide)m->rule.n_ticks : m->rule.threshold;
}

/* The bar from its parts, looked at anew. */
static void make_bar(model *m, hr_bar *b)
{
    const hr_bar_trade *first = &m->part[0];
    const hr_bar_trade *last = &m->part[0];
    b->high = b->low = first->px;
    b->volume = b->notional = b->buy_volume = 0;
    b->n_trades = m->n_parts;
    for (size_t i = 0; i < m->n_parts; i++) {
        const hr_bar_trade *t = &m->part[i];
        if (t->ts < first->ts) first = t;
        if (t->ts >= last->ts) last = t;
        b->high = HR_MAX(b->high, t->px);
        b->low = HR_MIN(b->low, t->px);
        b->volume += t->qty;
        b->buy_volume += t->is_buy ? t->qty : 0;
        b->notional += (hr_wide)t->px * t->qty;
    }
    b->open = first->px;
    b->close = last->px;
    b->first_ns = first->ts;
    b->last_ns = last->ts;
    if (m->rule.kind != HR_BAR_TIME) {
        b->start_ns = m->part[0].ts;
        b->end_ns = last->ts;
    }
}

static void model_close(model *m)
{
    make_bar(m, &m->bar[m->n]);
    m->bound = m->bar[m->n].end_ns;
    m->n++;
    m->n_parts = 0;
}

static void model_flat(model *m, int64_t start)
{
    int64_t px = m->bar[m->n - 1].close;
    m->bar[m->n++] = (hr_bar){.start_ns = start,
                              .end_ns = start + m->rule.width_ns,
                              .open = px,
                              .high = px,
                              .low = px,
                              .close = px,
                              .first_ns = HR_NULL_I64,
                              .last_ns = HR_NULL_I64};
}

static void model_time(model *m, const hr_bar_trade *t)
{
    int64_t w = m->rule.width_ns;
    int64_t start = (t->ts >= 0 ? t->ts / w : -((-t->ts + w - 1) / w)) * w;
    if (m->n_parts > 0 && start > m->bar[m->n].start_ns) {
        model_close(m);
        for (int64_t at = m->bound; m->rule.fill && at < start; at += w)
            model_flat(m, at);
    }
    if (m->n_parts == 0) m->bar[m->n] = (hr_bar){.start_ns = start, .end_ns = start + w};
    m->part[m->n_parts++] = *t;
}

static void model_amount(model *m, hr_bar_trade t)
{
    bool is_split = m->rule.split && m->rule.kind >= HR_BAR_VOLUME;
    do {
        hr_bar_trade part = t;
        hr_wide left = goal(m) - reached(m);
        if (is_split) { /* the smallest quantity that is enough, found by trying */
            part.qty = 0;
            while (part.qty < t.qty &&
                   (m->rule.kind == HR_BAR_VOLUME ? part.qty : (hr_wide)t.px * part.qty) < left)
                part.qty++;
        }
        t.qty -= part.qty;
        m->part[m->n_parts++] = part;
        if (reached(m) >= goal(m)) model_close(m);
    } while (is_split && t.qty > 0);
}

static void model_trade(model *m, const hr_bar_trade *t)
{
    int64_t bound = m->n_parts == 0               ? m->n == 0 ? INT64_MIN : m->bound
                    : m->rule.kind == HR_BAR_TIME ? m->bar[m->n].start_ns
                                                  : m->part[0].ts;
    if (t->ts < bound) {
        m->n_late++;
        return;
    }
    if (m->rule.kind == HR_BAR_TIME)
        model_time(m, t);
    else
        model_amount(m, *t);
}

static void check_bar(const hr_bar *got, const hr_bar *want, size_t i)
{
    if (memcmp(&got->start_ns, &want->start_ns, 6 * sizeof(int64_t)) == 0 &&
        got->volume == want->volume && got->buy_volume == want->buy_volume &&
        got->notional == want->notional && got->n_trades == want->n_trades &&
        got->first_ns == want->first_ns && got->last_ns == want->last_ns)
        return;
    fail_msg("bar %zu: %lld..%lld %lld %lld %lld %lld n %llu, wanted %lld..%lld %lld %lld %lld %lld"
             " n %llu",
             i, (long long)got->start_ns, (long long)got->end_ns, (long long)got->open,
             (long long)got->high, (long long)got->low, (long long)got->close,
             (unsigned long long)got->n_trades, (long long)want->start_ns, (long long)want->end_ns,
             (long long)want->open, (long long)want->high, (long long)want->low,
             (long long)want->close, (unsigned long long)want->n_trades);
}

static hr_bar_rule random_rule(test_rng *r)
{
    static const int64_t widths[] = {1, 1000, 5000, 1000000000, 86400000000000};
    hr_bar_rule rule = {.kind = (hr_bar_kind)test_rng_below(r, 4),
                        .width_ns = widths[test_rng_below(r, 3)],
                        .n_ticks = 1 + test_rng_below(r, 9),
                        .split = test_rng_chance(r, 2),
                        .fill = test_rng_chance(r, 2)};
    rule.threshold = 1 + (hr_wide)test_rng_below(r, rule.kind == HR_BAR_VOLUME ? 60 : 4000);
    return rule;
}

static void one_series(test_rng *r)
{
    static model m;
    hr_bars b;
    hr_bar got;
    size_t n = 0;
    memset(&m, 0, sizeof m);
    m.rule = random_rule(r);
    hr_bars_init(&b, &m.rule);
    int64_t ts = (int64_t)test_rng_below(r, 20000) - 10000;
    int64_t step = 1 + (int64_t)test_rng_below(r, m.rule.width_ns == 1 ? 3 : 2000);
    for (int i = 0; i < EVENTS && m.n + 200 < BARS; i++) {
        ts += (int64_t)test_rng_below(r, (uint64_t)step);
        if (test_rng_chance(r, 8)) ts -= (int64_t)test_rng_below(r, 3 * (uint64_t)step);
        hr_bar_trade t = {.ts = ts,
                          .px = 90 + (int64_t)test_rng_below(r, 20),
                          .qty = (int64_t)test_rng_below(r, 30),
                          .is_buy = test_rng_chance(r, 2)};
        model_trade(&m, &t);
        assert_int_equal(hr_bars_trade(&b, &t), HR_OK);
        for (; hr_bars_next(&b, &got); n++) {
            assert_true(n < m.n);
            check_bar(&got, &m.bar[n], n);
        }
        assert_int_equal(n, m.n);
        assert_int_equal(b.n_late, m.n_late);
    }
    bool has_last = m.n_parts > 0;
    if (has_last) make_bar(&m, &m.bar[m.n]);
    assert_int_equal(hr_bars_last(&b, &got), has_last);
    if (has_last) check_bar(&got, &m.bar[m.n], m.n);
    assert_false(hr_bars_last(&b, &got));
}

static void test_trades(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(400); i++)
        one_series(&r);
}

/* ---- the touch ---- */

typedef struct change {
    int64_t from; /* when on it stands */
    hr_bar_quote q;
    bool is_late;
} change;

static hr_wide value_of(const hr_bar_quote *q, hr_bar_price price)
{
    return price == HR_BAR_MID ? (hr_wide)q->bid_px + q->ask_px
                               : 2 * (hr_wide)(price == HR_BAR_BID ? q->bid_px : q->ask_px);
}

static int64_t slot_of(int64_t ts, int64_t w)
{
    return (ts >= 0 ? ts / w : -((-ts + w - 1) / w)) * w;
}

/* Bars of time from all changes: every nanosecond-wide question asked of the whole list. */
static void check_quote_bar(const hr_quote_bar *got, const change *c, size_t n, int64_t until,
                            hr_bar_price price)
{
    hr_quote_bar want = {.first_ns = HR_NULL_I64, .last_ns = HR_NULL_I64};
    int64_t end = HR_MIN(got->end_ns, until);
    for (size_t i = 0; i < n; i++) {
        int64_t from = HR_MAX(c[i].from, got->start_ns);
        int64_t to = HR_MIN(i + 1 < n ? c[i + 1].from : end, end);
        if (c[i].q.is_whole && to > from) {
            want.quoted_ns += to - from;
            want.weighted += value_of(&c[i].q, HR_BAR_MID) * (to - from);
        }
        if (!c[i].q.is_whole || c[i].is_late || c[i].from < got->start_ns ||
            c[i].from >= got->end_ns)
            continue;
        hr_wide v = value_of(&c[i].q, price);
        if (want.n_changes++ == 0) want.open = want.high = want.low = v;
        want.high = HR_MAX(want.high, v);
        want.low = HR_MIN(want.low, v);
        want.spread_sum += c[i].q.ask_px - c[i].q.bid_px;
        if (want.n_changes == 1) want.first_ns = c[i].from;
        want.last_ns = c[i].from;
        want.close = v;
    }
    assert_int_equal(got->n_changes, want.n_changes);
    assert_true(got->weighted == want.weighted);
    assert_int_equal(got->quoted_ns, want.quoted_ns);
    assert_true(got->spread_sum == want.spread_sum);
    assert_int_equal(got->first_ns, want.first_ns);
    assert_int_equal(got->last_ns, want.last_ns);
    if (want.n_changes == 0) {
        assert_true(got->open == got->close && got->high == got->close && got->low == got->close);
        return;
    }
    assert_true(got->open == want.open && got->high == want.high && got->low == want.low &&
                got->close == want.close);
}

static hr_bar_quote random_quote(test_rng *r)
{
    hr_bar_quote q = {.is_whole = !test_rng_chance(r, 10)};
    if (!q.is_whole) return q;
    q.bid_px = 90 + (int64_t)test_rng_below(r, 5);
    q.ask_px = q.bid_px + (int64_t)test_rng_below(r, 4);
    q.bid_qty = 1 + (int64_t)test_rng_below(r, 2);
    q.ask_qty = 1 + (int64_t)test_rng_below(r, 2);
    return q;
}

static bool is_same(const hr_bar_quote *a, const hr_bar_quote *b)
{
    return a->is_whole == b->is_whole &&
           (!a->is_whole || (a->bid_px == b->bid_px && a->ask_px == b->ask_px &&
                             a->bid_qty == b->bid_qty && a->ask_qty == b->ask_qty));
}

static void one_touch(test_rng *r)
{
    static change c[EVENTS];
    static hr_quote_bar bar[BARS];
    hr_bar_rule rule = {.kind = HR_BAR_TIME, .width_ns = 1000, .fill = test_rng_chance(r, 2)};
    hr_bar_price price = (hr_bar_price)test_rng_below(r, 3);
    hr_quotes q;
    size_t n = 0;
    size_t n_bars = 0;
    int64_t now = INT64_MIN;
    int64_t bound = INT64_MIN; /* earlier is late: the open bar's start, or the last one's end */
    bool is_open = false;
    int64_t ts = (int64_t)test_rng_below(r, 20000) - 10000;
    hr_quotes_init(&q, &rule, price);
    for (int i = 0; i < EVENTS && n_bars + 100 < BARS; i++) {
        ts += (int64_t)test_rng_below(r, test_rng_chance(r, 9) ? 6000 : 400);
        if (test_rng_chance(r, 8)) ts -= (int64_t)test_rng_below(r, 900);
        change k = {.q = random_quote(r)};
        now = HR_MAX(now, ts);
        k.from = now;
        static const hr_bar_quote none = {0};
        bool is_change = !is_same(n > 0 ? &c[n - 1].q : &none, &k.q);
        k.is_late = ts < bound;
        bool counts = is_change && k.q.is_whole && !k.is_late;
        if (is_open && now >= bound + 1000) {
            is_open = false;
            bound += 1000;
        }
        if (!is_open && (counts || bound != INT64_MIN)) {
            is_open = true;
            bound = slot_of(now, 1000);
        }
        if (is_change) c[n++] = k;
        hr_quotes_touch(&q, ts, &k.q);
        while (hr_quotes_next(&q, &bar[n_bars]))
            n_bars++;
    }
    if (hr_quotes_last(&q, &bar[n_bars])) n_bars++;
    for (size_t i = 0; i < n_bars; i++) {
        assert_int_equal(bar[i].start_ns, slot_of(bar[i].start_ns, 1000));
        assert_int_equal(bar[i].end_ns, bar[i].start_ns + 1000);
        assert_true(i == 0 || (rule.fill ? bar[i].start_ns == bar[i - 1].end_ns
                                         : bar[i].start_ns >= bar[i - 1].end_ns));
        check_quote_bar(&bar[i], c, n, now, price);
        if (!rule.fill) assert_true(bar[i].n_changes > 0);
    }
    uint64_t n_counted = 0;
    for (size_t i = 0; i < n_bars; i++)
        n_counted += bar[i].n_changes;
    uint64_t n_whole = 0;
    for (size_t i = 0; i < n; i++)
        n_whole += c[i].q.is_whole;
    assert_int_equal(n_counted + q.n_late, n_whole); /* each change is in one bar, or late */
}

static void test_touch(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(400); i++)
        one_touch(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
