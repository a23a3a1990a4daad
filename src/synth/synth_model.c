/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at the venue. Integers only, one stream of random numbers, independent of what is
 * sent. Sources of the shapes: docs/modules/synth.md. */
#include <string.h>

#include "synth/synth_int.h"

#define RECV_MIN_GAP_NS 1000 /* tables with microseconds keep messages apart */
#define LN2_16 45426u        /* ln 2 in 16.16 */
#define TAU 10u              /* memory of the arrivals, in mean gaps */
#define BASE_16 (65536u / 6) /* a sixth of the arrivals come by themselves */
#define JUMP_16 (5u * 65536u / 6 / TAU)
#define EXCITE_MAX (1000u << 16)
#define QTY_MIN 4u
#define DISTANCE_MAX 900
#define WALL (SYNTH_WINDOW / 4)

/* -ln(u) of a uniform u, in 16.16. log2(1 + m) is m + 0.344 m (1 - m) within 0.008. */
static uint32_t exponential_of(uint64_t u)
{
    u |= 1;
    unsigned k = (unsigned)__builtin_clzll(u);
    uint32_t m = k < 47 ? (uint32_t)(u << (k + 1) >> 48) : 0;
    uint32_t bend = (uint32_t)(((uint64_t)m * (65536 - m) >> 16) * 22544 >> 16);
    return (uint32_t)(((uint64_t)((k + 1) << 16) - m - bend) * LN2_16 >> 16);
}

static uint32_t exponential(hr_synth_rng *r)
{
    return exponential_of(synth_rnd(r));
}

/* Geometric with this mean. */
static uint32_t geometric(hr_synth_rng *r, uint32_t mean, uint32_t cap)
{
    uint64_t n = (uint64_t)exponential(r) * (2 * mean + 1) >> 17;
    return n < cap ? (uint32_t)n : cap;
}

/* 2^(x * factor), x in 16.16 and factor in 8.8: with x exponential a Pareto tail of exponent
 * 1 / (factor ln 2). Piecewise linear between powers of two. */
static uint32_t power(uint32_t x, uint32_t factor, uint32_t unit)
{
    uint64_t e = (uint64_t)x * factor >> 8;
    unsigned whole = (unsigned)(e >> 16);
    if (whole > 16) return unit << 16;
    return (uint32_t)(((uint64_t)unit << whole) * (65536 + (e & 65535)) >> 16);
}

/* Pareto with exponent 0.8; one in eight is a round lot. */
static uint32_t heavy(hr_synth_rng *r)
{
    uint64_t u = synth_rnd(r);
    uint32_t q = power(exponential_of(u), 462, QTY_MIN); /* 1 / (0.8 ln 2) */
    uint32_t lot = q < 1000 ? 100 : 1000;
    return (u & 0x700) == 0 ? (q / lot + 1) * lot : q;
}

/* Ticks from the touch: Pareto with exponent 0.6. */
static int32_t distance(hr_synth_rng *r)
{
    uint32_t d = power(exponential(r), 616, 16) / 16 - 1; /* 1 / (0.6 ln 2) */
    return d < DISTANCE_MAX ? (int32_t)d : (int32_t)synth_below(r, DISTANCE_MAX);
}

void hr_synth_seed_book(hr_synth *s, synth_instrument *in)
{
    int32_t mid = SYNTH_WINDOW / 2;
    for (int32_t i = 0; i < (int32_t)HR_SYNTH_SNAPSHOT_DEPTH + 200; i++) {
        if (synth_below(&s->venue, 5) != 0) in->qty[0][mid - 1 - i] = heavy(&s->venue);
        if (synth_below(&s->venue, 5) != 0) in->qty[1][mid + 1 + i] = heavy(&s->venue);
    }
    in->qty[0][mid - 1] = heavy(&s->venue);
    in->qty[1][mid + 1] = heavy(&s->venue);
    in->best[0] = mid - 1;
    in->best[1] = mid + 1;
}

/* e^-x of a 16.16, within 0.01. */
static uint64_t decay_16(uint64_t x)
{
    uint64_t e = x * 94548 >> 16; /* / ln 2 */
    uint64_t f = e & 65535;
    return e >> 16 > 40 ? 0 : (65536 - (f * (45426 - (f * 12658 >> 16)) >> 16)) >> (e >> 16);
}

/* A Hawkes process with an exponential kernel, a sixth base rate and branching ratio 5/6, so that
 * the mean is the asked rate; simulated as Dassios and Zhao (2013) do: the earlier of an arrival of
 * the base and one of what is left of the excitement. */
void hr_synth_pass_time(hr_synth *s)
{
    uint64_t gap = ((uint64_t)exponential(&s->venue) << 16) / BASE_16;
    uint64_t all = s->excite * TAU;
    uint64_t spent = exponential(&s->venue);
    uint64_t left = decay_16(gap / TAU) * s->excite >> 16;
    if (spent < all) {
        uint64_t share = ((all - spent) << 32) / all; /* of the excitement, at that arrival */
        uint64_t soon = (uint64_t)exponential_of(share << 32) * TAU;
        if (soon < gap) {
            gap = soon;
            left = s->excite * share >> 32;
        }
    }
    s->excite = HR_MIN(left + JUMP_16, EXCITE_MAX);
    s->now_ns += (int64_t)(gap * (s->mean_gap_ns - RECV_MIN_GAP_NS) >> 16) + RECV_MIN_GAP_NS;
}

static void settle_best(synth_instrument *in)
{
    while (in->best[0] > 0 && in->qty[0][in->best[0]] == 0)
        in->best[0]--;
    while (in->best[1] < SYNTH_WINDOW - 1 && in->qty[1][in->best[1]] == 0)
        in->best[1]++;
}

static bool is_at_wall(const synth_instrument *in, uint8_t side)
{
    return side == 0 ? in->best[0] < WALL : in->best[1] > SYNTH_WINDOW - WALL;
}

static int32_t choose_cell(hr_synth *s, const synth_instrument *in, uint8_t side)
{
    int32_t sign = side == 0 ? -1 : 1;
    int32_t room = in->best[1] - in->best[0] - 1;
    uint64_t x = synth_rnd(&s->venue);
    int32_t cell;
    /* The wider the spread, the more orders are placed inside it. */
    if (room > 0 && (x >> 60) < (room > 7 ? 8 : 3))
        cell =
            in->best[side] - sign * (int32_t)(1 + (x >> 24 & 0xffffff) % (uint32_t)HR_MIN(room, 3));
    else
        cell = in->best[side] + sign * distance(&s->venue);
    if (side == 0 && cell >= in->best[1]) cell = in->best[1] - 1;
    if (side == 1 && cell <= in->best[0]) cell = in->best[0] + 1;
    if (cell < 8) cell = 8;
    if (cell > SYNTH_WINDOW - 9) cell = SYNTH_WINDOW - 9;
    return cell;
}

static bool was_traded(const synth_happening *h, uint8_t side, int32_t cell)
{
    for (uint32_t i = 0; i < h->n_trades; i++)
        if (h->change[i].side == side && h->change[i].cell == cell) return true;
    return false;
}

/* One level update near the touch, sometimes inside the spread, sometimes far; keeps the book
 * uncrossed and both sides filled. False: that level was just traded at, and stays as it is. */
static bool make_change(hr_synth *s, synth_instrument *in, synth_happening *h)
{
    uint64_t x = synth_rnd(&s->venue);
    uint8_t side = (uint8_t)(x >> 63);
    int32_t cell = choose_cell(s, in, side);
    uint32_t had = in->qty[side][cell];
    uint32_t qty = had != 0 && (x >> 32 & 0xffff) < 21845 ? 0 : heavy(&s->venue);
    if (h->n_trades > 0 && was_traded(h, side, cell)) return false;
    if (qty == 0 && cell == in->best[side] && is_at_wall(in, side))
        qty = 1; /* the walk turns back at its walls */
    in->qty[side][cell] = qty;
    if (qty != 0 && (side == 0 ? cell > in->best[0] : cell < in->best[1])) in->best[side] = cell;
    if (qty == 0 && cell == in->best[side]) settle_best(in);
    h->change[h->n++] = (hr_synth_level){.qty = qty, .cell = (uint16_t)cell, .side = side};
    return true;
}

/* A market order takes from the best level on, as long as it lasts. Signs persist. */
static void make_trades(hr_synth *s, synth_instrument *in, synth_happening *h)
{
    uint64_t x = synth_rnd(&s->venue);
    if ((x >> 61) == 0) in->taker_hits ^= 1;
    uint8_t side = in->taker_hits;
    uint32_t want = heavy(&s->venue);
    while (want > 0 && h->n_trades < SYNTH_TRADES_MAX) {
        int32_t cell = in->best[side];
        uint32_t have = in->qty[side][cell];
        if (is_at_wall(in, side)) have--;
        uint32_t take = HR_MIN(want, have);
        if (take == 0) break;
        want -= take;
        in->qty[side][cell] -= take;
        h->traded[h->n_trades++] = take;
        h->change[h->n++] =
            (hr_synth_level){.qty = in->qty[side][cell], .cell = (uint16_t)cell, .side = side};
        if (in->qty[side][cell] != 0) break;
        settle_best(in);
    }
    in->trade_id += h->n_trades;
}

static void note_touch(const synth_instrument *in, synth_happening *h)
{
    if (h->n_mid == SYNTH_MID_TICKERS_MAX) return;
    synth_touch *t = &h->mid[h->n_mid++];
    t->id = h->first + h->n - 1;
    for (int k = 0; k < 2; k++) {
        t->cell[k] = (uint16_t)in->best[k];
        t->qty[k] = in->qty[k][in->best[k]];
    }
}

void hr_synth_take_snapshot(synth_instrument *in, int64_t id)
{
    uint32_t n = 0;
    for (uint8_t side = 0; side < 2; side++) {
        uint32_t left = HR_SYNTH_SNAPSHOT_DEPTH;
        int32_t step = side == 0 ? -1 : 1;
        for (int32_t cell = in->best[side]; cell > 0 && cell < SYNTH_WINDOW && left > 0;
             cell += step) {
            if (in->qty[side][cell] == 0) continue;
            in->snapshot[n++] =
                (hr_synth_level){.qty = in->qty[side][cell], .cell = (uint16_t)cell, .side = side};
            left--;
        }
    }
    in->n_snapshot = n;
    in->snapshot_id = id;
    in->is_captured = true;
}

void hr_synth_happen(hr_synth *s, synth_instrument *in, synth_happening *h)
{
    uint64_t x = synth_rnd(&s->venue);
    uint32_t want = 1 + geometric(&s->venue, 11, 63);
    h->n = h->n_trades = h->n_mid = 0;
    h->prev = in->id;
    h->first = in->id + 1 + (s->opt.futures ? (int64_t)((x >> 24 & 0xffffff) % 20) : 0);
    h->ts = s->now_ns;
    if ((x >> 56) < 51) make_trades(s, in, h);
    uint32_t stop = UINT32_MAX;
    bool is_due = in->sync_in == 0 && !in->is_captured;
    /* Strictly inside an event, or, one time in eight, at its end. */
    if (is_due && want >= 3)
        stop = h->n_trades + 2 +
               synth_below(&s->feed, synth_below(&s->feed, 8) == 0 ? want - 1 : want - 2);
    for (uint32_t tries = 0; h->n < want + h->n_trades && tries < 4 * want; tries++) {
        int32_t best[2] = {in->best[0], in->best[1]};
        if (!make_change(s, in, h)) continue;
        const hr_synth_level *c = &h->change[h->n - 1];
        if (h->n == stop) hr_synth_take_snapshot(in, h->first + h->n - 1);
        if ((c->cell == best[c->side] || in->best[c->side] != best[c->side]) &&
            h->n < want + h->n_trades && (synth_rnd(&s->feed) >> 61) == 0)
            note_touch(in, h);
    }
    in->id = h->last = h->first + h->n - 1;
}
