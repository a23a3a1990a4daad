/* SPDX-License-Identifier: Apache-2.0 */
/* The feature set against a model that keeps every event and adds up the window anew for each row,
 * and a checkpoint at any row against the run that had none. */
#include "harness.h"

#include <math.h>

#include "calc/feat.h"
#include "col/schema.h"
#include "rng.h"

#define EVENTS 1200
#define DEPTH 10

typedef struct event {
    int64_t slot; /* the newest slot when it came: late events count there */
    __int128 ofi, volume, notional;
    long double ret2;
} event;

typedef struct model {
    int64_t slot_ns, newest;
    double px_unit, qty_unit;
    event e[2 * EVENTS];
    int n;
    bool has_touch;
    int n_rows;
    int64_t touch[4];
} model;

typedef struct row {
    int64_t px[2][DEPTH], qty[2][DEPTH];
} row;

static event *model_event(model *m, int64_t ts)
{
    int64_t slot = (int64_t)floorl((long double)ts / (long double)m->slot_ns);
    if (m->n == 0 || slot > m->newest) m->newest = slot;
    event *e = &m->e[m->n++];
    *e = (event){.slot = m->newest};
    return e;
}

static double model_imbalance(const row *r, int n)
{
    int64_t sum[2] = {0, 0};
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < n; i++)
            sum[s] += r->qty[s][i] == HR_NULL_I64 ? 0 : r->qty[s][i];
    return (double)(sum[0] - sum[1]) / (double)(sum[0] + sum[1]);
}

static __int128 model_ofi(const int64_t *was, const int64_t *is)
{
    __int128 bid = is[0] > was[0] ? is[1] : is[0] < was[0] ? -was[1] : is[1] - was[1];
    __int128 ask = is[2] < was[2] ? is[3] : is[2] > was[2] ? -was[3] : is[3] - was[3];
    return bid - ask;
}

static void model_row(model *m, double *out, int64_t ts, const row *r)
{
    event *e = model_event(m, ts);
    const int64_t touch[4] = {r->px[0][0], r->qty[0][0], r->px[1][0], r->qty[1][0]};
    bool is_whole = touch[0] != HR_NULL_I64 && touch[2] != HR_NULL_I64;
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        out[i] = (double)NAN;
    if (is_whole && m->has_touch) {
        long double r1 =
            logl((long double)(touch[0] + touch[2]) / (long double)(m->touch[0] + m->touch[2]));
        e->ret2 = r1 * r1;
        e->ofi = model_ofi(m->touch, touch);
    }
    m->has_touch = is_whole;
    m->n_rows = is_whole ? m->n_rows + 1 : 0;
    memcpy(m->touch, touch, sizeof touch);
    event sum = {0};
    for (int i = 0; i < m->n; i++) {
        if (m->e[i].slot <= m->newest - HR_FEAT_SLOTS) continue;
        sum.ofi += m->e[i].ofi;
        sum.volume += m->e[i].volume;
        sum.notional += m->e[i].notional;
        sum.ret2 += m->e[i].ret2;
    }
    out[HR_FEAT_VOLUME] = (double)sum.volume / m->qty_unit;
    if (sum.volume > 0) out[HR_FEAT_VWAP] = (double)sum.notional / (double)sum.volume / m->px_unit;
    if (!is_whole) return;
    out[HR_FEAT_MID] = (double)(touch[0] + touch[2]) / 2 / m->px_unit;
    out[HR_FEAT_SPREAD] = (double)(touch[2] - touch[0]) / m->px_unit;
    out[HR_FEAT_WMID] = (double)(((long double)touch[0] * (long double)touch[3] +
                                  (long double)touch[2] * (long double)touch[1]) /
                                 (long double)(touch[1] + touch[3]) / (long double)m->px_unit);
    out[HR_FEAT_IMB1] = model_imbalance(r, 1);
    out[HR_FEAT_IMB5] = model_imbalance(r, 5);
    out[HR_FEAT_IMB10] = model_imbalance(r, 10);
    if (m->n_rows < 2) return;
    out[HR_FEAT_OFI] = (double)sum.ofi / m->qty_unit;
    out[HR_FEAT_RVOL] = (double)sqrtl(sum.ret2);
}

static void compare(const double *got, const double *want)
{
    for (int i = 0; i < HR_FEAT_COUNT; i++) {
        if (isnan(want[i])) {
            assert_true(isnan(got[i]));
        } else if (i == HR_FEAT_WMID) {
            assert_true(fabs(got[i] - want[i]) <= 4e-16 * fabs(want[i]));
        } else if (i == HR_FEAT_RVOL) {
            assert_true(fabs(got[i] - want[i]) <= 1e-12 * want[i] + 1e-14);
        } else {
            assert_true(got[i] == want[i]);
        }
    }
}

static void make_row(test_rng *r, row *out, int64_t mid)
{
    int n = test_rng_chance(r, 4) ? (int)test_rng_below(r, DEPTH + 1) : DEPTH;
    int64_t wide = test_rng_chance(r, 10) ? 40 : 0; /* sums past 64 bits of a product */
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < DEPTH; i++) {
            bool is_there = i < n;
            out->px[s][i] = is_there ? (s == 0 ? mid - i : mid + 1 + i) : HR_NULL_I64;
            out->qty[s][i] =
                is_there ? 1 + (int64_t)test_rng_below(r, UINT64_C(1) << (12 + wide)) : HR_NULL_I64;
        }
        if (test_rng_chance(r, 40)) n = 0;
    }
}

/* The row from sums, where they fit. */
static void put_from_sums(hr_featset *f, double *out, int64_t at, const row *b)
{
    hr_feat_top top;
    int64_t any = 0;
    for (int s = 0; s < 2; s++) {
        top.px[s] = b->px[s][0];
        top.qty[s] = b->qty[s][0];
        top.best5[s] = top.best10[s] = 0;
        for (int i = 0; i < HR_MIN(DEPTH, HR_FEAT_DEPTH); i++) {
            if (b->qty[s][i] == HR_NULL_I64) continue;
            any |= b->qty[s][i];
            if (any >> 58 == 0) top.best10[s] += b->qty[s][i];
            if (i < 5) top.best5[s] = top.best10[s];
        }
    }
    if (any >> 58 == 0)
        hr_featset_row_of(f, out, at, &top);
    else
        hr_featset_row(f, out, at, b->px[0], b->qty[0], b->px[1], b->qty[1], DEPTH);
}

/* Restores f from its own image in other memory. */
static hr_featset *move(const hr_featset *f, char (*storage)[8192], int64_t window)
{
    static char image[8192];
    char *other = (const char *)f == storage[0] ? storage[1] : storage[0];
    memset(other, 0x5a, sizeof storage[0]);
    hr_featset_save(f, image);
    hr_featset *g = hr_featset_init(other, window, 2, 3);
    assert_int_equal(hr_featset_load(g, image, hr_featset_image_bytes()), HR_OK);
    return g;
}

static void walk(test_rng *r, int64_t window)
{
    static char storage[3][8192] HR_ALIGNED(64);
    static model m;
    memset(&m, 0, sizeof m);
    m.slot_ns = window / (HR_FEAT_SLOTS - 1);
    m.px_unit = 100;
    m.qty_unit = 1000;
    hr_featset *f = hr_featset_init(storage[0], window, 2, 3);
    hr_featset *whole = hr_featset_init(storage[2], window, 2, 3); /* never saved */
    int64_t ts = INT64_C(1700000000000000000);
    int64_t mid = 1000 + (int64_t)test_rng_below(r, 100000000);
    for (int i = 0; i < EVENTS; i++) {
        ts += (int64_t)test_rng_below(r, (uint64_t)m.slot_ns * 2);
        if (test_rng_chance(r, 60)) ts += (int64_t)test_rng_below(r, (uint64_t)window * 3);
        int64_t at = ts; /* some late, by less than a window */
        if (test_rng_chance(r, 8)) at -= (int64_t)test_rng_below(r, (uint64_t)window / 2);
        mid += (int64_t)test_rng_below(r, 5) - 2;
        if (mid < 200) mid = 200;
        if (test_rng_chance(r, 4)) f = move(f, storage, window);
        if (test_rng_chance(r, 100)) {
            hr_featset_break(f);
            hr_featset_break(whole);
            m.has_touch = false;
            m.n_rows = 0;
        }
        if (test_rng_chance(r, 3)) {
            int64_t qty = 1 + (int64_t)test_rng_below(r, 100000);
            hr_featset_trade(f, at, mid, qty);
            hr_featset_trade(whole, at, mid, qty);
            event *e = model_event(&m, at);
            e->volume = qty;
            e->notional = (__int128)qty * mid;
            continue;
        }
        row b;
        double got[HR_FEAT_COUNT];
        double same[HR_FEAT_COUNT];
        double want[HR_FEAT_COUNT];
        make_row(r, &b, mid);
        hr_featset_row(f, got, at, b.px[0], b.qty[0], b.px[1], b.qty[1], DEPTH);
        put_from_sums(whole, same, at, &b);
        model_row(&m, want, at, &b);
        compare(got, want);
        assert_memory_equal(got, same, sizeof got);
    }
}

static void test_against_model(void **state)
{
    static const int64_t windows[] = {1000000, 1234567, 100000000, INT64_C(10000000000),
                                      INT64_C(3600000000000)};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t k = 0; k < test_iters(60); k++)
        walk(&r, windows[k % HR_ARRAY_LEN(windows)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
