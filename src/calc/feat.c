/* SPDX-License-Identifier: Apache-2.0 */
#include "calc/feat.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "col/schema.h"

const char *const hr_feat_names[HR_FEAT_COUNT] = {"mid",   "spread", "wmid",   "imb1", "imb5",
                                                  "imb10", "ofi",    "volume", "vwap", "rvol"};

/* Squared log returns in units of 2^-96: a return of 1e-9 still counts 10^11 units, and 128 bits
 * hold a million of the largest that prices of 63 bits can make. What a term loses is below 2^-96.
 */
#define RET2_BITS 96
#define RET2_UNIT 0x1.0p-96
#define IMAGE_MAGIC UINT64_C(0x0032544145465248) /* "HRFEAT2" */
#define NO_SLOT INT64_MIN

/* Sums are modulo 2^128: no order of absurd amounts is undefined, and a sum is right again when
 * they have left the window. */
typedef unsigned __int128 wide;

typedef struct slot {
    wide ofi; /* quantity units, two's complement */
    wide volume;
    wide notional; /* price units x quantity units */
    wide ret2;
} slot;

typedef struct featset_state {
    int64_t now_slot;                         /* of the newest event; NO_SLOT: none yet */
    int64_t ahead_slot;                       /* see advance(); NO_SLOT: none */
    int64_t bid_px, bid_qty, ask_px, ask_qty; /* touch of the last row */
    uint64_t has_touch;                       /* 0 or 1 */
    uint64_t n_rows;                          /* since a break */
    uint64_t back_run;                        /* events in a row that stand far behind */
    hr_featset_clock clock;
    slot ahead; /* what happened at ahead_slot */
    slot sum;   /* of ring */
    slot ring[HR_FEAT_SLOTS];
} featset_state;
_Static_assert(sizeof(featset_state) == 12 * 8 + (HR_FEAT_SLOTS + 2) * sizeof(slot),
               "no padding goes to disk");

struct hr_featset {
    int64_t slot_ns, back_ns;
    int64_t begin_ns;   /* of now_slot */
    bool is_plain;      /* now_slot is set, ahead_slot is not, back_run is 0 */
    const slot *window; /* what the row shows: sum, or what is ahead */
    double px_unit, two_px_units, qty_unit;
    uint64_t scales;
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
    HR_ASSERT(window_ns >= 1000000 && window_ns <= INT64_C(3600000000000));
    memset(f, 0, sizeof *f);
    f->slot_ns = window_ns / (HR_FEAT_SLOTS - 1);
    f->back_ns = HR_MAX(window_ns, HR_FEAT_BACK_NS);
    f->px_unit = unit_of(px_scale);
    f->two_px_units = 2.0 * f->px_unit;
    f->qty_unit = unit_of(qty_scale);
    f->scales = px_scale | (uint64_t)qty_scale << 8;
    f->st.now_slot = f->st.ahead_slot = NO_SLOT;
    f->window = &f->st.sum;
    return f;
}

/* ---- the window ---- */

static void slot_add(slot *a, const slot *b)
{
    a->ofi += b->ofi;
    a->volume += b->volume;
    a->notional += b->notional;
    a->ret2 += b->ret2;
}

static void slot_sub(slot *a, const slot *b)
{
    a->ofi -= b->ofi;
    a->volume -= b->volume;
    a->notional -= b->notional;
    a->ret2 -= b->ret2;
}

static slot *ring_at(featset_state *st, int64_t at)
{
    return &st->ring[(uint64_t)at % HR_FEAT_SLOTS];
}

/* The window holds nothing but `first`, at slot `at`. */
static void start_window(featset_state *st, int64_t at, const slot *first)
{
    memset(st->ring, 0, sizeof st->ring);
    *ring_at(st, at) = st->sum = *first;
    st->now_slot = at;
}

/* The event after one that stood ahead says whether that one's time was true. */
static void settle_ahead(featset_state *st, int64_t at)
{
    if (at > st->ahead_slot - HR_FEAT_SLOTS) {
        start_window(st, st->ahead_slot, &st->ahead);
    } else {
        st->clock.n_refuted++;
        slot_add(ring_at(st, st->now_slot), &st->ahead);
        slot_add(&st->sum, &st->ahead);
    }
    st->ahead_slot = NO_SLOT;
    memset(&st->ahead, 0, sizeof st->ahead);
}

/* An event older than the newest slot. */
static void note_late(hr_featset *f, int64_t at)
{
    const slot none = {0};
    featset_state *st = &f->st;
    st->clock.n_late++;
    bool is_far = (st->now_slot - at) * f->slot_ns > f->back_ns;
    st->back_run = is_far ? st->back_run + 1 : 0;
    if (st->back_run < HR_FEAT_BACK_RUN) return;
    st->back_run = 0;
    st->clock.n_turned_back++;
    start_window(st, at, &none);
    hr_featset_break(f);
}

/* Another slot than the newest, or a clock in doubt. */
static HR_NOINLINE slot *advance_slow(hr_featset *f, int64_t ts_ns)
{
    featset_state *st = &f->st;
    int64_t at = ts_ns / f->slot_ns - (ts_ns % f->slot_ns < 0);
    if (st->ahead_slot != NO_SLOT) settle_ahead(st, at);
    if (st->now_slot == NO_SLOT) st->now_slot = at;
    f->window = &st->sum;
    if (at < st->now_slot) {
        note_late(f, at);
    } else {
        st->back_run = 0;
        if (at - st->now_slot >= HR_FEAT_SLOTS) {
            st->ahead_slot = at;
            f->window = &st->ahead;
        }
    }
    while (st->now_slot < at && st->ahead_slot == NO_SLOT) {
        slot *s = ring_at(st, ++st->now_slot);
        slot_sub(&st->sum, s);
        memset(s, 0, sizeof *s);
    }
    f->begin_ns = st->now_slot * f->slot_ns;
    f->is_plain = st->ahead_slot == NO_SLOT && st->back_run == 0;
    return st->ahead_slot != NO_SLOT ? NULL : ring_at(st, st->now_slot);
}

/* The slot that takes this event, after what fell out of the window left it. NULL: the event
 * stands more than a window ahead of all before it. Its own row shows what happened at its time,
 * which is nothing else yet, so that a quiet market is right at once; the old window is kept until
 * the next event settles which of the two times was true. */
static inline slot *advance(hr_featset *f, int64_t ts_ns)
{
    uint64_t in_slot = (uint64_t)ts_ns - (uint64_t)f->begin_ns;
    if (HR_LIKELY(in_slot < (uint64_t)f->slot_ns && f->is_plain))
        return ring_at(&f->st, f->st.now_slot);
    return advance_slow(f, ts_ns);
}

/* Adds to a slot and to the sum of the window it belongs to. */
#define ADD(f, s, field, value)                                                                    \
    do {                                                                                           \
        wide v_ = (wide)(value);                                                                   \
        if (HR_LIKELY((s) != NULL)) {                                                              \
            (s)->field += v_;                                                                      \
            (f)->st.sum.field += v_;                                                               \
        } else {                                                                                   \
            (f)->st.ahead.field += v_;                                                             \
        }                                                                                          \
    } while (0)

void hr_featset_trade(hr_featset *f, int64_t ts_ns, int64_t px, int64_t qty)
{
    slot *s = advance(f, ts_ns);
    ADD(f, s, volume, qty);
    ADD(f, s, notional, (wide)px * (wide)qty);
}

void hr_featset_break(hr_featset *f)
{
    f->st.has_touch = 0;
    f->st.n_rows = 0;
}

/* ---- values ---- */

/* Nearest double, as the compiler's own conversion gives it, without its call. */
static HR_NOINLINE double wide_to_double(__int128 v)
{
    wide u = v < 0 ? -(wide)v : (wide)v;
    int drop = 65 - __builtin_clzll((uint64_t)(u >> 64) | 1); /* leaves 63 bits: room to round */
    uint64_t top = (uint64_t)(u >> drop) | ((u << (128 - drop)) != 0);
    uint64_t bits = (uint64_t)(1023 + drop) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    double d = (double)(int64_t)top * scale;
    return v < 0 ? -d : d;
}

static inline double to_double(__int128 v)
{
    return HR_LIKELY((int64_t)v == v) ? (double)(int64_t)v : wide_to_double(v);
}

/* 2 atanh(x) for small |x|: odd series to x^9, below 2^-60 of the result for |x| <= 2^-6. */
static inline double atanh2_small(double x)
{
    double z = x * x;
    double p = z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9))));
    return 2.0 * x + 2.0 * x * p;
}

/* ln(a / b), any ratio: the power of two apart, then the series for |x| <= 0.172. */
static HR_NOINLINE double log_ratio_far(double a, double b)
{
    const double ln2 = 0x1.62e42fefa39efp-1;
    int exponent;
    double m = frexp(a / b, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2.0;
        exponent--;
    }
    double x = (m - 1.0) / (m + 1.0);
    double z = x * x;
    double p = 0;
    for (int k = 25; k >= 3; k -= 2)
        p = z * (1.0 / k + p);
    return exponent * ln2 + (2.0 * x + 2.0 * x * p);
}

/* ln(a / b) by additions, products and divisions alone: the C library's logarithm differs between
 * versions and processors, and rows must not. */
static inline double log_ratio(uint64_t a, uint64_t b)
{
    double x = HR_LIKELY((a | b) >> 62 == 0)
                   ? (double)(int64_t)(a - b) / (double)(int64_t)(a + b)
                   : to_double((__int128)a - b) / to_double((__int128)a + b);
    return HR_LIKELY(fabs(x) <= 0x1.0p-6) ? atanh2_small(x) : log_ratio_far((double)a, (double)b);
}

/* x * 2^RET2_BITS cut to an integer, for 0 <= x < 2^12. */
static inline wide ret2_units(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int right = 64 + 52 - RET2_BITS - exponent; /* from 64 bits up */
    return HR_LIKELY(right < 128) ? (wide)mantissa << 64 >> right : 0;
}

/* Quantities of the best 1, 5 and 10 levels, B - A and B + A. */
typedef struct side_sums {
    double diff[3], sum[3];
} side_sums;

/* Where levels may be absent and sums may not fit 64 bits. */
static HR_NOINLINE void sum_sides_wide(side_sums *out, const int64_t *bid_qty,
                                       const int64_t *ask_qty, uint32_t depth)
{
    static const uint32_t k[3] = {1, 5, 10};
    __int128 b = 0;
    __int128 a = 0;
    uint32_t i = 0;
    for (int j = 0; j < 3; j++) {
        for (; i < HR_MIN(depth, k[j]); i++) {
            b += bid_qty[i] > 0 ? bid_qty[i] : 0; /* HR_NULL_I64 is negative */
            a += ask_qty[i] > 0 ? ask_qty[i] : 0;
        }
        out->diff[j] = to_double(b - a);
        out->sum[j] = to_double(b + a);
    }
}

static inline void sum_sides(side_sums *out, const int64_t *bid_qty, const int64_t *ask_qty,
                             uint32_t depth)
{
    uint64_t any = 0; /* all bits of all quantities: negative when one level is absent */
    uint64_t b[3] = {0};
    uint64_t a[3] = {0};
    for (int i = 0; i < 10 && depth >= 10; i++) {
        int part = i == 0 ? 0 : i < 5 ? 1 : 2;
        any |= (uint64_t)bid_qty[i] | (uint64_t)ask_qty[i];
        b[part] += (uint64_t)bid_qty[i];
        a[part] += (uint64_t)ask_qty[i];
    }
    if (HR_UNLIKELY(depth < 10 || any >> 58 != 0)) { /* twenty below 2^58 fit 63 bits */
        sum_sides_wide(out, bid_qty, ask_qty, depth);
        return;
    }
    for (int j = 0; j < 3; j++) {
        if (j > 0) b[j] += b[j - 1];
        if (j > 0) a[j] += a[j - 1];
        out->diff[j] = (double)(int64_t)(b[j] - a[j]);
        out->sum[j] = (double)(int64_t)(b[j] + a[j]);
    }
}

/* v where `is` holds, else 0: no branch, for whether a price rose is anyone's guess. */
static inline int64_t if_so(bool is, int64_t v)
{
    return v & -(int64_t)is;
}

/* Contribution of one change of the touch: Cont, Kukanov, Stoikov (2014), equation 2. Quantities
 * are not negative, so the difference of two fits. */
static inline __int128 ofi_step(const featset_state *st, int64_t bid_px, int64_t bid_qty,
                                int64_t ask_px, int64_t ask_qty)
{
    int64_t bid = if_so(bid_px >= st->bid_px, bid_qty) - if_so(bid_px <= st->bid_px, st->bid_qty);
    int64_t ask = if_so(ask_px <= st->ask_px, ask_qty) - if_so(ask_px >= st->ask_px, st->ask_qty);
    return (__int128)bid - ask;
}

static inline void step_windows(hr_featset *f, slot *s, int64_t bid_px, int64_t bid_qty,
                                int64_t ask_px, int64_t ask_qty)
{
    featset_state *st = &f->st;
    if (st->has_touch) {
        uint64_t now = (uint64_t)bid_px + (uint64_t)ask_px;
        uint64_t before = (uint64_t)st->bid_px + (uint64_t)st->ask_px;
        ADD(f, s, ofi, ofi_step(st, bid_px, bid_qty, ask_px, ask_qty));
        if (now != before) {
            double r = log_ratio(now, before);
            ADD(f, s, ret2, ret2_units(r * r));
        }
    }
    st->bid_px = bid_px;
    st->bid_qty = bid_qty;
    st->ask_px = ask_px;
    st->ask_qty = ask_qty;
    st->has_touch = 1;
    st->n_rows++;
}

/* One side is empty: only what trades made is known. */
static HR_NOINLINE void put_trades_alone(const hr_featset *f, double *out)
{
    const slot *w = f->window;
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        out[i] = (double)NAN;
    out[HR_FEAT_VOLUME] = to_double((__int128)w->volume) / f->qty_unit;
    if (w->volume == 0) return;
    out[HR_FEAT_VWAP] =
        to_double((__int128)w->notional) / to_double((__int128)w->volume) / f->px_unit;
}

/* All that the row takes of the book beside its touch is in q. */
static inline void put_values(hr_featset *f, double *out, int64_t bp, int64_t bq, int64_t ap,
                              int64_t aq, const side_sums *q)
{
    /* 0 / 0 is the null of sides without quantity and of a window without trades. */
    const slot *w = f->window;
    double volume = to_double((__int128)w->volume);
    double mid2 = (double)((uint64_t)bp + (uint64_t)ap);
    double spread = (double)(ap - bp);
    double share = (double)bq / ((double)bq + (double)aq);
    double vwap = to_double((__int128)w->notional) / volume;
    double rvol = sqrt(to_double((__int128)w->ret2) * RET2_UNIT);
    bool is_first = f->st.n_rows < 2;
    out[HR_FEAT_MID] = mid2 / f->two_px_units;
    out[HR_FEAT_SPREAD] = spread / f->px_unit;
    out[HR_FEAT_WMID] = ((double)bp + spread * share) / f->px_unit;
    out[HR_FEAT_IMB1] = q->diff[0] / q->sum[0];
    out[HR_FEAT_IMB5] = q->diff[1] / q->sum[1];
    out[HR_FEAT_IMB10] = q->diff[2] / q->sum[2];
    out[HR_FEAT_OFI] = is_first ? (double)NAN : to_double((__int128)w->ofi) / f->qty_unit;
    out[HR_FEAT_VOLUME] = volume / f->qty_unit;
    out[HR_FEAT_VWAP] = vwap / f->px_unit;
    out[HR_FEAT_RVOL] = is_first ? (double)NAN : rvol;
}

/* The touch of the row. False when a side is empty: then the row is made. */
static inline bool take_touch(hr_featset *f, double *out, int64_t ts_ns, int64_t bp, int64_t bq,
                              int64_t ap, int64_t aq)
{
    slot *s = advance(f, ts_ns);
    if (HR_UNLIKELY(bp == HR_NULL_I64 || ap == HR_NULL_I64)) {
        hr_featset_break(f);
        put_trades_alone(f, out);
        return false;
    }
    step_windows(f, s, bp, bq, ap, aq);
    return true;
}

void hr_featset_row(hr_featset *f, double *out, int64_t ts_ns, const int64_t *bid_px,
                    const int64_t *bid_qty, const int64_t *ask_px, const int64_t *ask_qty,
                    uint32_t depth)
{
    side_sums q;
    if (!take_touch(f, out, ts_ns, bid_px[0], bid_qty[0], ask_px[0], ask_qty[0])) return;
    sum_sides(&q, bid_qty, ask_qty, depth);
    put_values(f, out, bid_px[0], bid_qty[0], ask_px[0], ask_qty[0], &q);
}

void hr_featset_row_of(hr_featset *f, double *out, int64_t ts_ns, const hr_feat_top *t)
{
    if (!take_touch(f, out, ts_ns, t->px[0], t->qty[0], t->px[1], t->qty[1])) return;
    const side_sums q = {.diff = {(double)(t->qty[0] - t->qty[1]),
                                  (double)(t->best5[0] - t->best5[1]),
                                  (double)(t->best10[0] - t->best10[1])},
                         .sum = {(double)(t->qty[0] + t->qty[1]),
                                 (double)(t->best5[0] + t->best5[1]),
                                 (double)(t->best10[0] + t->best10[1])}};
    put_values(f, out, t->px[0], t->qty[0], t->px[1], t->qty[1], &q);
}

void hr_featset_clock_get(const hr_featset *f, hr_featset_clock *out)
{
    *out = f->st.clock;
}

/* ---- checkpoint ---- */

typedef struct image_head {
    uint64_t magic;
    int64_t slot_ns;
    uint64_t scales;
} image_head;

size_t hr_featset_image_bytes(void)
{
    return sizeof(image_head) + sizeof(featset_state);
}

void hr_featset_save(const hr_featset *f, void *out)
{
    const image_head head = {.magic = IMAGE_MAGIC, .slot_ns = f->slot_ns, .scales = f->scales};
    memcpy(out, &head, sizeof head);
    memcpy((char *)out + sizeof head, &f->st, sizeof f->st);
}

static bool is_slot_sound(const slot *s)
{
    return (__int128)s->volume >= 0 && (__int128)s->notional >= 0 && (__int128)s->ret2 >= 0;
}

static bool is_slot_zero(const slot *s)
{
    return (s->ofi | s->volume | s->notional | s->ret2) == 0;
}

static bool is_window_sound(const featset_state *st)
{
    slot sum = {0};
    for (int i = 0; i < HR_FEAT_SLOTS; i++) {
        if (!is_slot_sound(&st->ring[i])) return false;
        slot_add(&sum, &st->ring[i]);
    }
    return memcmp(&sum, &st->sum, sizeof sum) == 0 && is_slot_sound(&st->ahead);
}

static bool is_clock_sound(const hr_featset *f)
{
    const featset_state *st = &f->st;
    int64_t reach = INT64_MAX / f->slot_ns;
    if (st->back_run >= HR_FEAT_BACK_RUN) return false;
    if (st->ahead_slot == NO_SLOT && !is_slot_zero(&st->ahead)) return false;
    if (st->now_slot == NO_SLOT)
        return st->ahead_slot == NO_SLOT && st->back_run == 0 && is_slot_zero(&st->sum);
    if (st->now_slot < -reach - 1 || st->now_slot > reach) return false;
    if (st->ahead_slot == NO_SLOT) return true;
    return st->ahead_slot <= reach && st->back_run == 0 &&
           st->ahead_slot - HR_FEAT_SLOTS >= st->now_slot;
}

static bool is_touch_sound(const featset_state *st)
{
    if (st->has_touch > 1 || (st->has_touch == 0) != (st->n_rows == 0)) return false;
    return st->bid_px >= 0 && st->bid_qty >= 0 && st->ask_px >= 0 && st->ask_qty >= 0;
}

static bool take_image(hr_featset *f, const void *bytes, size_t n_bytes)
{
    image_head head;
    if (n_bytes != hr_featset_image_bytes()) return false;
    memcpy(&head, bytes, sizeof head);
    if (head.magic != IMAGE_MAGIC || head.slot_ns != f->slot_ns || head.scales != f->scales)
        return false;
    memcpy(&f->st, (const char *)bytes + sizeof head, sizeof f->st);
    return is_touch_sound(&f->st) && is_window_sound(&f->st) && is_clock_sound(f);
}

hr_status hr_featset_load(hr_featset *f, const void *bytes, size_t n_bytes)
{
    bool is_taken = take_image(f, bytes, n_bytes);
    if (!is_taken) {
        memset(&f->st, 0, sizeof f->st);
        f->st.now_slot = f->st.ahead_slot = NO_SLOT;
    }
    f->begin_ns = f->st.now_slot != NO_SLOT ? f->st.now_slot * f->slot_ns : 0;
    f->is_plain = f->st.now_slot != NO_SLOT && f->st.ahead_slot == NO_SLOT && f->st.back_run == 0;
    f->window = f->st.ahead_slot != NO_SLOT ? &f->st.ahead : &f->st.sum;
    return is_taken ? HR_OK : HR_ECORRUPT;
}
