/* SPDX-License-Identifier: Apache-2.0 */
/* The synthetic venue: what it refuses, what it promises of its bytes, books, events and truth.
 * What it writes is read by tests/e2e/test_gen.py. */
#include "synth/synth.h"

#include "base/crc32c.h"
#include "harness.h"

static char text[HR_SYNTH_LINE_MAX];

static hr_synth *make(const hr_synth_options *o)
{
    hr_synth *s;
    assert_int_equal(hr_synth_create(&s, o, NULL), HR_OK);
    return s;
}

/* Checksum and length of everything, with the promises of each piece. */
static uint32_t drain(hr_synth *s, uint64_t *n_bytes)
{
    uint32_t crc = 0;
    size_t n;
    *n_bytes = 0;
    while ((n = hr_synth_next(s, text)) > 0) {
        assert_true(n <= sizeof text);
        assert_int_equal(text[n - 1], '\n');
        crc = hr_crc32c(crc, text, n);
        *n_bytes += n;
    }
    assert_int_equal(hr_synth_next(s, text), 0); /* the end stays the end */
    assert_int_equal(hr_synth_status(s), HR_OK);
    return crc;
}

static void refuse(const hr_synth_options *o, const char *says)
{
    hr_err err = HR_ERR_INIT;
    hr_synth *s = (hr_synth *)(void *)text;
    assert_int_equal(hr_synth_create(&s, o, &err), HR_EUSAGE);
    assert_null(s);
    assert_non_null(strstr(err.message, says));
}

static void test_refused(void **state)
{
    const hr_synth_options good = HR_SYNTH_OPTIONS_DEFAULT;
    hr_synth_options o = good;
    (void)state;
    o.n_instruments = 0;
    refuse(&o, "instruments");
    o.n_instruments = HR_SYNTH_INSTRUMENTS_MAX + 1;
    refuse(&o, "instruments");
    o = good;
    o.rate = 0;
    refuse(&o, "rate");
    o.rate = HR_SYNTH_RATE_MAX + 1;
    refuse(&o, "rate");
    o = good;
    o.n_disorder = HR_SYNTH_FAULTS_MAX + 1;
    refuse(&o, "faults");
    o = good;
    o.format = HR_SYNTH_TARDIS_TRADES;
    o.n_gaps = 1;
    refuse(&o, "trades");
    o = good;
    o.format = HR_SYNTH_EVENTS;
    o.n_bad = 1;
    refuse(&o, "bad");
    hr_synth *none = NULL;
    hr_synth_destroy(&none);
}

static void test_same_seed(void **state)
{
    (void)state;
    for (int f = HR_SYNTH_CAPTURE; f <= HR_SYNTH_TARDIS_TRADES; f++) {
        hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
        o.format = (hr_synth_format)f;
        o.n_levels = 20000;
        uint32_t crc[3];
        uint64_t n[3];
        for (int k = 0; k < 3; k++) {
            o.seed = k < 2 ? 7 : 8;
            hr_synth *s = make(&o);
            crc[k] = drain(s, &n[k]);
            hr_synth_destroy(&s);
        }
        assert_int_equal(crc[0], crc[1]);
        assert_int_equal(n[0], n[1]);
        assert_int_not_equal(crc[0], crc[2]);
    }
}

/* Extremes: one instrument and many, fast and slow, no levels at all. */
static void test_extremes(void **state)
{
    static const uint32_t instruments[] = {1, HR_SYNTH_INSTRUMENTS_MAX};
    static const uint64_t rates[] = {1, HR_SYNTH_RATE_MAX};
    (void)state;
    for (int k = 0; k < 16; k++) {
        hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
        o.format = k % 2 == 0 ? HR_SYNTH_CAPTURE_JSON : HR_SYNTH_TARDIS;
        o.n_instruments = instruments[k / 2 % 2];
        o.rate = rates[k / 4 % 2];
        o.has_snapshots = k / 8 % 2 == 0;
        o.n_levels = 5000;
        o.futures = k % 3 == 0;
        hr_synth *s = make(&o);
        hr_synth_truth t;
        uint64_t n;
        (void)drain(s, &n);
        hr_synth_truth_get(s, &t);
        assert_true(t.levels >= o.n_levels);
        assert_true(o.has_snapshots == (t.snapshots > 0));
        hr_synth_destroy(&s);
    }
    hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
    o.n_levels = 0;
    hr_synth *s = make(&o);
    assert_int_equal(hr_synth_next(s, text), 0);
    hr_synth_destroy(&s);
}

typedef struct watcher {
    const hr_synth *s;
    uint64_t n_events, n_fail_at;
    int64_t last_ts, last_id, spread_max;
} watcher;

/* After every event: the sides do not cross, none is empty, clocks and ids rise. */
static hr_status watch(void *self, const hr_synth_event *ev)
{
    watcher *w = self;
    hr_synth_level best[2];
    assert_true(ev->ts_recv >= w->last_ts && ev->ts_recv > ev->ts_event);
    assert_true(ev->n_levels > 0 && ev->inst == 0);
    w->last_ts = ev->ts_recv;
    if (ev->kind == HR_SYNTH_DEPTH) {
        assert_true(ev->first > w->last_id && ev->last >= ev->first && ev->prev == w->last_id);
        w->last_id = ev->last;
    } else if (ev->kind == HR_SYNTH_SNAPSHOT) {
        w->last_id = ev->last;
    }
    for (uint8_t side = 0; side < 2; side++)
        assert_int_equal(hr_synth_top(w->s, 0, side, 1, &best[side]), 1);
    assert_true(best[0].cell < best[1].cell);
    if (best[1].cell - best[0].cell > w->spread_max) w->spread_max = best[1].cell - best[0].cell;
    return ++w->n_events == w->n_fail_at ? HR_EIO : HR_OK;
}

static void test_book_stays_sound(void **state)
{
    watcher w = {.last_ts = 0};
    hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
    (void)state;
    o.format = HR_SYNTH_EVENTS;
    o.n_instruments = 1;
    o.n_levels = 1500000; /* the walk meets its walls */
    o.sink = watch;
    o.sink_self = &w;
    hr_synth *s = make(&o);
    uint64_t n = 0;
    w.s = s;
    for (size_t k; (k = hr_synth_next(s, NULL)) > 0;)
        n += k;
    assert_int_equal(hr_synth_status(s), HR_OK);
    assert_int_equal(n, w.n_events);
    assert_true(w.spread_max < 1000);
    hr_synth_destroy(&s);
}

static void test_sink_fails(void **state)
{
    watcher w = {.n_fail_at = 100};
    hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
    (void)state;
    o.format = HR_SYNTH_EVENTS;
    o.n_instruments = 1;
    o.sink = watch;
    o.sink_self = &w;
    hr_synth *s = make(&o);
    w.s = s;
    while (hr_synth_next(s, NULL) > 0) {
    }
    assert_int_equal(hr_synth_status(s), HR_EIO);
    assert_int_equal(w.n_events, 100); /* none after the one that failed */
    assert_int_equal(hr_synth_next(s, NULL), 0);
    hr_synth_destroy(&s);
}

static void test_truth(void **state)
{
    hr_synth_options o = HR_SYNTH_OPTIONS_DEFAULT;
    (void)state;
    o.n_levels = 100000;
    o.n_gaps = 7;
    o.n_duplicates = 8;
    o.n_disorder = 9;
    o.n_bad = 10;
    hr_synth *s = make(&o);
    hr_synth_truth t;
    uint64_t n;
    uint64_t sum = 0;
    (void)drain(s, &n);
    hr_synth_truth_get(s, &t);
    assert_int_equal(t.gaps, 7);
    assert_int_equal(t.duplicates, 8);
    assert_int_equal(t.disorder, 9);
    assert_int_equal(t.bad, 10);
    for (uint64_t i = 0; i < t.gaps; i++)
        assert_true(t.gap[i].first <= t.gap[i].last && t.gap[i].inst < o.n_instruments &&
                    t.gap[i].line <= t.lines);
    assert_true(t.ticker_checks > 1000 && t.ticker_checks <= t.tickers);
    assert_true(t.snapshots >= t.gaps + t.disorder && t.snapshots_inside > 0);
    for (uint32_t i = 0; i < o.n_instruments; i++) {
        hr_synth_instrument in;
        hr_synth_instrument_get(s, i, &in);
        assert_true(in.is_whole || in.messages == 0);
        sum += in.levels;
    }
    assert_int_equal(sum, t.levels);
    hr_synth_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_same_seed),
        cmocka_unit_test(test_extremes),   cmocka_unit_test(test_book_stays_sound),
        cmocka_unit_test(test_sink_fails), cmocka_unit_test(test_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
