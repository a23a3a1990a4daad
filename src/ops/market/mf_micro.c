/* SPDX-License-Identifier: Apache-2.0 */
/* Microprice (Stoikov 2018): the mid plus what it is expected to move until the state of the book
 * is forgotten. The state x is a bucket of the imbalance and one of the spread. Stoikov's
 * G* = sum B^i G1 is the one solution of G(x) = E[dM + G(x')] over steps x -> x' of one row with
 * G(mirror of x) = -G(x); here steps of the last rows are counted, each with its mirror image, and
 * each row solves this for one state given the others (Gauss and Seidel), in turn.
 *
 * Moves are whole half ticks, so what is counted can be taken back exactly. */
#include "ops/market/mf_parts.h"

#define MOVE_MOST 1000000.0

typedef struct step {
    int32_t move; /* half ticks */
    uint8_t from, to;
    uint16_t spare;
} step;

typedef struct micro {
    double mid;
    uint64_t has, n; /* a row came; steps */
    uint64_t at;     /* the state that is solved next */
    uint32_t tilts, widths, states, state;
    uint64_t cap;
    double spare[1];
} micro;
_Static_assert(sizeof(micro) == 64, "one line");

/* What lies behind the head: G, moves, steps from each state, from each to each, the window. */
typedef struct table {
    double *g;
    int64_t *moved;
    int64_t *count;
    int32_t *steps;
    step *ring;
} table;

static uint64_t square_bytes(uint64_t n)
{
    return hr_win_line(n * n * sizeof(int32_t));
}

static table table_of(micro *h)
{
    char *at = (char *)(h + 1);
    uint64_t n = h->states;
    return (table){
        .g = (double *)(void *)at,
        .moved = (int64_t *)(void *)(at + 8 * n),
        .count = (int64_t *)(void *)(at + 16 * n),
        .steps = (int32_t *)(void *)(at + 24 * n),
        .ring = (step *)(void *)(at + 24 * n + square_bytes(n)),
    };
}

static size_t micro_bytes(const hr_op_args *a)
{
    uint64_t n = (uint64_t)a->v[2] * (uint64_t)a->v[3];
    return (size_t)hr_win_line(24 * n + square_bytes(n) + (uint64_t)a->v[0] * sizeof(step));
}

static void micro_begin(hr_mf *s, const hr_op_args *a)
{
    micro *h = hr_mf_carried(s);
    h->cap = (uint64_t)a->v[0];
    h->tilts = (uint32_t)a->v[2];
    h->widths = (uint32_t)a->v[3];
    h->states = h->tilts * h->widths;
}

/* Of counts is told that they cannot overflow: a window of steps, each with its mirror image, is
 * put in or taken out at most. */
static bool counts_are_sound(const micro *h, const table *t)
{
    const int64_t most = 2 * (int64_t)h->cap;
    const int64_t farthest = most * (int64_t)MOVE_MOST;
    for (uint32_t x = 0; x < h->states; x++) {
        if (t->count[x] < -most || t->count[x] > most) return false;
        if (t->moved[x] < -farthest || t->moved[x] > farthest) return false;
    }
    for (uint32_t x = 0; x < h->states * h->states; x++)
        if (t->steps[x] < -most || t->steps[x] > most) return false;
    for (uint64_t i = 0; i < h->cap; i++) {
        const step *one = &t->ring[i];
        bool is_near = one->move >= -(int32_t)MOVE_MOST && one->move <= (int32_t)MOVE_MOST;
        if (!is_near || one->from >= h->states || one->to >= h->states) return false;
    }
    return true;
}

static bool micro_is_sound(const hr_mf *s)
{
    const micro *h = hr_mf_carried_of(s);
    bool ok = h->cap == (uint64_t)s->p[0] && h->tilts == (uint32_t)s->p[2] &&
              h->widths == (uint32_t)s->p[3] && h->states == h->tilts * h->widths;
    ok = ok && hr_mf_has(h->mid);
    if (!ok || h->at >= h->states || h->state >= h->states || h->n > UINT64_MAX / 2) return false;
    const table t = table_of((micro *)(uintptr_t)h); /* which is not written to */
    return counts_are_sound(h, &t);
}

/* States are rows of `tilts` imbalances, a row for each spread. */
static uint32_t mirror_of(const micro *h, uint32_t x)
{
    return x + h->tilts - 1 - 2 * (x % h->tilts);
}

static void count_one(const micro *h, const table *t, uint32_t from, uint32_t to, int64_t move,
                      int32_t by)
{
    t->moved[from] += by * move;
    t->count[from] += by;
    t->steps[from * h->states + to] += by;
}

static void count_step(const micro *h, const table *t, const step *one, int32_t by)
{
    count_one(h, t, one->from, one->to, one->move, by);
    count_one(h, t, mirror_of(h, one->from), mirror_of(h, one->to), -(int64_t)one->move, by);
}

/* G of state x from those of the others. */
static void solve(const micro *h, const table *t, uint32_t x)
{
    uint32_t y = mirror_of(h, x);
    const int32_t *to = t->steps + (size_t)x * h->states;
    double sum = (double)t->moved[x];
    double left = (double)(t->count[x] - to[x] + to[y]);
    for (uint32_t z = 0; z < h->states; z++)
        sum += z == x || z == y ? 0 : to[z] * t->g[z];
    t->g[x] = left > 0 && x != y ? sum / left : 0;
    t->g[y] = -t->g[x];
}

static uint32_t state_of(const micro *h, double bid_qty, double ask_qty, double ticks)
{
    double tilt = floor(bid_qty / (bid_qty + ask_qty) * h->tilts);
    double width = floor(ticks + 0.5) - 1;
    tilt = tilt < h->tilts - 1 ? tilt : h->tilts - 1;
    width = width > 0 ? width : 0;
    width = width < h->widths - 1 ? width : h->widths - 1;
    return (uint32_t)tilt + h->tilts * (uint32_t)width;
}

static void take_step(micro *h, const table *t, double half_ticks, uint32_t x)
{
    double move = floor(half_ticks + 0.5);
    move = move > MOVE_MOST ? MOVE_MOST : move < -MOVE_MOST ? -MOVE_MOST : move;
    step *slot = &t->ring[h->n % h->cap];
    if (h->n >= h->cap) count_step(h, t, slot, -1);
    *slot = (step){.move = (int32_t)move, .from = (uint8_t)h->state, .to = (uint8_t)x};
    count_step(h, t, slot, 1);
    h->n++;
    solve(h, t, (uint32_t)h->at);
    h->at = h->at + 1 == h->states ? 0 : h->at + 1;
}

static void microprice_step(hr_mf *s, hr_mf_chunk *c)
{
    micro *h = hr_mf_carried(s);
    const table t = table_of(h);
    const double tick = s->p[1];
    for (uint32_t i = 0; i < c->n; i++) {
        double bid = hr_mf_in(c, 0)[i];
        double bid_qty = hr_mf_in(c, 1)[i];
        double ask = hr_mf_in(c, 2)[i];
        double ask_qty = hr_mf_in(c, 3)[i];
        hr_mf_out(c, 0)[i] = hr_mf_out(c, 1)[i] = hr_mf_null();
        bool is_whole = bid_qty >= 0 && ask_qty >= 0 && hr_mf_has(bid_qty + ask_qty) &&
                        bid_qty + ask_qty > 0 && hr_mf_has(bid + ask);
        if (!is_whole) continue;
        double mid = (bid + ask) / 2;
        uint32_t x = state_of(h, bid_qty, ask_qty, (ask - bid) / tick);
        if (h->has) take_step(h, &t, (mid - h->mid) / (tick / 2), x);
        h->state = x;
        h->mid = mid;
        h->has = 1;
        if (h->n < h->cap || t.count[x] == 0) continue;
        double gap = t.g[x] * (tick / 2);
        hr_mf_out(c, 0)[i] = hr_win_or_null(mid + gap);
        hr_mf_out(c, 1)[i] = hr_win_or_null(gap);
    }
}

HR_MF_DEFINE(microprice, .carried = sizeof(micro), .more = micro_bytes, .begin = micro_begin,
             .is_sound = micro_is_sound, .step = microprice_step)
