/* SPDX-License-Identifier: Apache-2.0 */
#include "calc/feat.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "col/schema.h"

const char *const hr_feat_names[HR_FEAT_COUNT] = {"mid",   "spread", "wmid",   "imb1", "imb5",
                                                  "imb10", "ofi",    "volume", "vwap", "rvol"};

/* Squared log returns in units of 2^-80: a return of 1e-9 still counts 1.2 million units, and 128
 * bits hold 2^47 squared units of 1. The rounding error of one term is below 2^-81. */
#define RET2_SCALE 0x1.0p80
#define IMAGE_MAGIC UINT64_C(0x0031544145465248) /* "HRFEAT1" */

typedef struct slot {
    __int128 ofi; /* quantity units */
    __int128 volume;
    __int128 notional; /* price units x quantity units */
    __int128 ret2;
} slot;

typedef struct featset_state {
    int64_t now_slot; /* slot number of the newest event; INT64_MIN: none yet */
    int64_t bid_px, bid_qty, ask_px, ask_qty; /* touch of the last row */
    double mid;     /* of the last row, in price units; 0: none since a break */
    int64_t n_rows; /* since a break */
    int64_t has_touch;
    slot sum;
    slot ring[HR_FEAT_SLOTS];
} featset_state;

struct hr_featset {
    int64_t slot_ns;
    double px_unit, qty_unit;
    HR_ALIGNED(16) featset_state st;
};

size_t hr_featset_bytes(void)
{
    return sizeof(hr_featset);
}

static double unit_of(unsigned scale)
{
    double v = 1.0;
    for (unsigned i = 0; i < scale; i++)
        v *= 10.0;
    return v; /* exact: 10^22 and below are doubles */
}

hr_featset *hr_featset_init(void *mem, int64_t window_ns, unsigned px_scale, unsigned qty_scale)
{
    hr_featset *f = mem;
    memset(f, 0, sizeof *f);
    f->slot_ns = window_ns / (HR_FEAT_SLOTS - 1);
    if (f->slot_ns < 1) f->slot_ns = 1;
    f->px_unit = unit_of(px_scale);
    f->qty_unit = unit_of(qty_scale);
    f->st.now_slot = INT64_MIN;
    return f;
}

static void slot_sub(slot *sum, slot *s)
{
    sum->ofi -= s->ofi;
    sum->volume -= s->volume;
    sum->notional -= s->notional;
    sum->ret2 -= s->ret2;
    memset(s, 0, sizeof *s);
}

/* The slot of this time, after what fell out of the window left it. Late events go to the newest
 * slot. */
static slot *advance(hr_featset *f, int64_t ts_ns)
{
    featset_state *st = &f->st;
    int64_t at = ts_ns / f->slot_ns;
    if (st->now_slot == INT64_MIN) st->now_slot = at;
    if (at - st->now_slot >= HR_FEAT_SLOTS) {
        memset(&st->sum, 0, sizeof st->sum);
        memset(st->ring, 0, sizeof st->ring);
        st->now_slot = at;
    }
    while (st->now_slot < at) {
        st->now_slot++;
        slot_sub(&st->sum, &st->ring[(uint64_t)st->now_slot % HR_FEAT_SLOTS]);
    }
    return &st->ring[(uint64_t)st->now_slot % HR_FEAT_SLOTS];
}

void hr_featset_trade(hr_featset *f, int64_t ts_ns, int64_t px, int64_t qty)
{
    slot *s = advance(f, ts_ns);
    __int128 notional = (__int128)px * qty;
    s->volume += qty;
    s->notional += notional;
    f->st.sum.volume += qty;
    f->st.sum.notional += notional;
}

void hr_featset_break(hr_featset *f)
{
    f->st.has_touch = 0;
    f->st.mid = 0;
    f->st.n_rows = 0;
}

static double imbalance(const int64_t *bid_qty, const int64_t *ask_qty, uint32_t n)
{
    uint64_t bid_sum = 0; /* ten quantities below 10^18 fit */
    uint64_t ask_sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        bid_sum += bid_qty[i] != HR_NULL_I64 ? (uint64_t)bid_qty[i] : 0;
        ask_sum += ask_qty[i] != HR_NULL_I64 ? (uint64_t)ask_qty[i] : 0;
    }
    double b = (double)bid_sum;
    double a = (double)ask_sum;
    return a + b > 0 ? (b - a) / (b + a) : (double)NAN;
}

/* Contribution of one change of the touch: Cont, Kukanov, Stoikov (2014), equation 2. */
static int64_t ofi_step(const featset_state *st, int64_t bid_px, int64_t bid_qty, int64_t ask_px,
                        int64_t ask_qty)
{
    int64_t e = 0;
    if (bid_px >= st->bid_px) e += bid_qty;
    if (bid_px <= st->bid_px) e -= st->bid_qty;
    if (ask_px <= st->ask_px) e -= ask_qty;
    if (ask_px >= st->ask_px) e += st->ask_qty;
    return e;
}

static void step_windows(hr_featset *f, slot *s, double mid, int64_t bid_px, int64_t bid_qty,
                         int64_t ask_px, int64_t ask_qty)
{
    featset_state *st = &f->st;
    if (st->has_touch) {
        int64_t e = ofi_step(st, bid_px, bid_qty, ask_px, ask_qty);
        s->ofi += e;
        st->sum.ofi += e;
        if (mid != st->mid) {
            double r = log1p((mid - st->mid) / st->mid);
            __int128 r2 = (__int128)(r * r * RET2_SCALE);
            s->ret2 += r2;
            st->sum.ret2 += r2;
        }
    }
    st->bid_px = bid_px;
    st->bid_qty = bid_qty;
    st->ask_px = ask_px;
    st->ask_qty = ask_qty;
    st->mid = mid;
    st->has_touch = 1;
    st->n_rows++;
}

void hr_featset_row(hr_featset *f, double *out, int64_t ts_ns, const int64_t *bid_px,
                    const int64_t *bid_qty, const int64_t *ask_px, const int64_t *ask_qty,
                    uint32_t depth)
{
    slot *s = advance(f, ts_ns);
    const featset_state *st = &f->st;
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        out[i] = (double)NAN;
    bool is_whole = bid_px[0] != HR_NULL_I64 && ask_px[0] != HR_NULL_I64;
    if (is_whole) {
        double mid = ((double)bid_px[0] + (double)ask_px[0]) * 0.5;
        double bq = (double)bid_qty[0];
        double aq = (double)ask_qty[0];
        out[HR_FEAT_MID] = mid / f->px_unit;
        out[HR_FEAT_SPREAD] = (double)(ask_px[0] - bid_px[0]) / f->px_unit;
        out[HR_FEAT_WMID] =
            ((double)bid_px[0] * aq + (double)ask_px[0] * bq) / (bq + aq) / f->px_unit;
        out[HR_FEAT_IMB1] = imbalance(bid_qty, ask_qty, 1);
        out[HR_FEAT_IMB5] = imbalance(bid_qty, ask_qty, HR_MIN(depth, 5));
        out[HR_FEAT_IMB10] = imbalance(bid_qty, ask_qty, HR_MIN(depth, 10));
        step_windows(f, s, mid, bid_px[0], bid_qty[0], ask_px[0], ask_qty[0]);
    } else {
        hr_featset_break(f);
    }
    if (st->n_rows > 1) {
        out[HR_FEAT_OFI] = (double)st->sum.ofi / f->qty_unit;
        out[HR_FEAT_RVOL] = sqrt((double)st->sum.ret2 / RET2_SCALE);
    }
    out[HR_FEAT_VOLUME] = (double)st->sum.volume / f->qty_unit;
    if (st->sum.volume > 0)
        out[HR_FEAT_VWAP] = (double)st->sum.notional / (double)st->sum.volume / f->px_unit;
}

size_t hr_featset_image_bytes(void)
{
    return 2 * sizeof(uint64_t) + sizeof(featset_state);
}

void hr_featset_save(const hr_featset *f, void *out)
{
    const uint64_t head[2] = {IMAGE_MAGIC, (uint64_t)f->slot_ns};
    memcpy(out, head, sizeof head);
    memcpy((char *)out + sizeof head, &f->st, sizeof f->st);
}

hr_status hr_featset_load(hr_featset *f, const void *bytes, size_t n_bytes)
{
    uint64_t head[2];
    if (n_bytes != hr_featset_image_bytes()) return HR_ECORRUPT;
    memcpy(head, bytes, sizeof head);
    if (head[0] != IMAGE_MAGIC || head[1] != (uint64_t)f->slot_ns) return HR_ECORRUPT;
    memcpy(&f->st, (const char *)bytes + sizeof head, sizeof f->st);
    return HR_OK;
}
