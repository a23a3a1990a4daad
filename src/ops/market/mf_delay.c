/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of trades only later: the spread that was kept and the mid that moved after a
 * delay, and flow toxicity in buckets of volume. */
#include "ops/market/mf_parts.h"

#include "ops/ta/ta_parts.h"

/* ---- after a delay ---- */

/* Trades wait in a ring with the sums over all trades up to each, in pairs of doubles; those that
 * come of age together are told from two places of it, however many they are. */
typedef struct waiting {
    int64_t due;  /* trade time + delay */
    int64_t sign; /* sums of sign, of sign * price */
    hr_ta_pair value;
} waiting;

typedef struct delays {
    int64_t newest;
    uint64_t from, end; /* waiting: [from, end) of all that came */
    double mid;         /* in force since the row before */
    waiting gone;       /* sums over all that have come of age, or were lost */
    waiting all;
    int64_t lost; /* newest due of those that there was no room for */
    double spare[3];
} delays;
_Static_assert(sizeof(waiting) == 32 && sizeof(delays) == 128, "whole lines");

static size_t delays_bytes(const hr_op_args *a)
{
    return (size_t)hr_win_line(hr_win_cap(a->max_rows) * sizeof(waiting));
}

static void delays_begin(hr_mf *s, const hr_op_args *a)
{
    delays *h = hr_mf_carried(s);
    (void)a;
    h->newest = h->lost = INT64_MIN;
    h->mid = hr_mf_null();
}

static bool delays_is_sound(const hr_mf *s)
{
    const delays *h = hr_mf_carried_of(s);
    return h->from <= h->end && h->end - h->from <= s->max_rows && h->end <= UINT64_MAX / 2;
}

/* First of [from, end) that is not due before `now`, by halving. */
static uint64_t first_not_due(const waiting *ring, uint64_t mask, const delays *h, int64_t now)
{
    uint64_t low = h->from;
    uint64_t high = h->end;
    if (low < high && ring[low & mask].due >= now) return low;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (ring[mid & mask].due < now) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Trades before place `to` go: gives the mean of sign * (price - mid) of them, null of none. The
 * sum is made before anything is rounded, so that a mid that stayed gives 0. */
static double settle(delays *h, const waiting *ring, uint64_t mask, uint64_t to)
{
    double n = (double)(to - h->from);
    if (to == h->from) return hr_mf_null();
    const waiting *last = &ring[(to - 1) & mask];
    hr_ta_pair value = hr_ta_less(last->value, h->gone.value);
    double sign = (double)(int64_t)((uint64_t)last->sign - (uint64_t)h->gone.sign);
    h->gone = *last;
    h->from = to;
    return hr_ta_less(value, hr_ta_product(sign, h->mid)).hi / n;
}

static void wait_for(hr_mf *s, delays *h, waiting *ring, uint64_t mask, int sign, double px)
{
    int64_t delay = (int64_t)s->p[0];
    if (!(fabs(px) < 1e15)) return; /* others could not be told from the sum any more */
    h->all.value = hr_ta_plus(h->all.value, hr_ta_one(sign * px));
    h->all.sign = (int64_t)((uint64_t)h->all.sign + (uint64_t)(int64_t)sign);
    h->all.due = h->newest > INT64_MAX - delay ? INT64_MAX : h->newest + delay;
    if (h->end - h->from == s->max_rows) {
        h->lost = ring[h->from & mask].due;
        (void)settle(h, ring, mask, h->from + 1);
    }
    ring[h->end++ & mask] = h->all;
}

/* inputs: price, side, mid */
HR_INLINE void delay_step(hr_mf *s, hr_mf_chunk *c, bool is_impact)
{
    delays *h = hr_mf_carried(s);
    waiting *ring = (waiting *)(void *)(h + 1);
    uint64_t mask = hr_win_cap(s->max_rows) - 1;
    for (uint32_t i = 0; i < c->n; i++) {
        double px = hr_mf_in(c, 0)[i];
        double side = hr_mf_in(c, 1)[i];
        double mid = hr_mf_in(c, 2)[i];
        double v = hr_mf_null();
        if (hr_mf_ts(c)[i] > h->newest) {
            bool is_lost = h->lost > INT64_MIN && h->lost >= h->newest;
            h->newest = hr_mf_ts(c)[i];
            uint64_t to = first_not_due(ring, mask, h, h->newest);
            double mean = settle(h, ring, mask, to);
            if (!is_lost) v = hr_win_or_null((is_impact ? -2 : 2) * mean);
        }
        if (hr_mf_has(mid)) {
            h->mid = mid;
            double from = is_impact ? mid : px;
            if (hr_mf_has(px) && hr_mf_has(side))
                wait_for(s, h, ring, mask, side > 0 ? 1 : -1, from);
        }
        hr_mf_out(c, 0)[i] = v;
    }
}

static void realised_spread_step(hr_mf *s, hr_mf_chunk *c)
{
    delay_step(s, c, false);
}

static void price_impact_step(hr_mf *s, hr_mf_chunk *c)
{
    delay_step(s, c, true);
}

HR_MF_DEFINE(realised_spread, .carried = sizeof(delays), .more = delays_bytes,
             .begin = delays_begin, .is_sound = delays_is_sound, .step = realised_spread_step)
HR_MF_DEFINE(price_impact, .carried = sizeof(delays), .more = delays_bytes, .begin = delays_begin,
             .is_sound = delays_is_sound, .step = price_impact_step)

/* ---- buckets of volume ---- */

typedef struct buckets {
    double buy, sell; /* in the open one */
    double held;
    double spare[5];
} buckets;
_Static_assert(sizeof(buckets) == 64, "one line");

static void buckets_begin(hr_mf *s, const hr_op_args *a)
{
    (void)a;
    ((buckets *)hr_mf_carried(s))->held = hr_mf_null();
}

/* n buckets of the same imbalance end; they go through the window of argument 1. */
static void buckets_end(hr_mf *s, buckets *h, double imbalance, double n)
{
    double in[HR_MF_CHUNK];
    double out[HR_MF_CHUNK] = {0};
    int64_t ts[HR_MF_CHUNK] = {0};
    if (n > s->p[1]) n = s->p[1]; /* more only push each other out */
    for (uint32_t i = 0; i < HR_MF_CHUNK; i++)
        in[i] = imbalance;
    for (; n > 0; n -= HR_MF_CHUNK) {
        uint32_t part = n < HR_MF_CHUNK ? (uint32_t)n : HR_MF_CHUNK;
        hr_op_rows rows = {.n = part, .ts = ts, .in = {in}, .out = {out}};
        hr_win_mean((char *)s + s->off[0], &rows);
        h->held = out[part - 1];
    }
}

static void bucket_trade(hr_mf *s, buckets *h, double qty, bool is_buy)
{
    double *mine = is_buy ? &h->buy : &h->sell;
    double size = s->p[0];
    double room = size - (h->buy + h->sell);
    if (qty < room) {
        *mine += qty;
        return;
    }
    *mine += room;
    buckets_end(s, h, fabs(h->buy - h->sell) / size, 1);
    h->buy = h->sell = 0;
    double whole = floor((qty - room) / size);
    buckets_end(s, h, 1, whole);
    double rest = qty - room - whole * size;
    *mine = rest > 0 && rest < size ? rest : 0; /* of absurd ratios nothing is left */
}

/* Its window is not of rows but of buckets, so it is run from here. */
static void vpin_step(hr_mf *s, hr_mf_chunk *c)
{
    buckets *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double qty = hr_mf_in(c, 0)[i];
        double side = hr_mf_in(c, 1)[i];
        hr_mf_out(c, 0)[i] = hr_mf_null();
        if (!(hr_mf_has(qty) && hr_mf_has(side))) continue;
        if (qty > 0) bucket_trade(s, h, qty, side > 0);
        hr_mf_out(c, 0)[i] = h->held;
    }
    for (uint32_t i = 0; i < c->n; i++)
        c->d[0][i] = hr_mf_null();
}

static void vpin_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    (void)c;
}

HR_MF_DEFINE(vpin, .carried = sizeof(buckets), .begin = buckets_begin, .step = vpin_step,
             .finish = vpin_finish, .n_windows = 1, .window = {HR_MF_ON(hr_win_mean, one, 1, 0)})
