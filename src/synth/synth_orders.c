/* SPDX-License-Identifier: Apache-2.0 */
#include "synth/synth_orders.h"

#include <stdio.h>
#include <string.h>

#include "mem/mem.h"
#include "synth/synth_int.h"

#define OPEN_NS (INT64_C(34200) * 1000000000)  /* 09:30 */
#define CLOSE_NS (INT64_C(57600) * 1000000000) /* 16:00: no message is later */
#define TICK 100                               /* a cent, in the feed's ten-thousandths */
#define REACH 24u                              /* ticks from the middle at which orders are added */

typedef struct live {
    uint64_t id;
    int32_t px; /* ticks */
    uint32_t qty;
    uint8_t side;
} live;

typedef struct stock {
    char name[8];
    int32_t mid; /* ticks; bids stand below it, asks above */
    uint32_t n;
    live order[HR_SYNTH_LIVE];
} stock;

struct hr_synth_orders {
    hr_synth_orders_options opt;
    hr_synth_rng rng;
    hr_synth_orders_truth truth;
    uint64_t n_made; /* of the messages about orders */
    uint64_t next_id, next_match;
    uint32_t n_told; /* opening messages */
    uint32_t swept;  /* stock whose middle moves: orders in its way go first; none: n_stocks */
    int32_t to;      /* its new middle */
    int64_t now_ns, gap_ns;
    bool is_closed;
    stock *stock;
};

hr_status hr_synth_orders_create(hr_synth_orders **out, const hr_synth_orders_options *o,
                                 hr_err *err)
{
    *out = NULL;
    if (o->n_stocks == 0 || o->n_stocks > HR_SYNTH_STOCKS_MAX || o->rate == 0)
        return HR_FAIL(err, HR_EUSAGE, "1 to %d instruments, a rate above 0", HR_SYNTH_STOCKS_MAX);
    hr_synth_orders *s = hr_heap_zero(1, sizeof *s);
    if (s != NULL) s->stock = hr_heap_zero(o->n_stocks, sizeof *s->stock);
    if (s == NULL || s->stock == NULL) {
        hr_synth_orders_destroy(&s);
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u instruments", o->n_stocks);
    }
    s->opt = *o;
    s->rng = (hr_synth_rng){o->seed * UINT64_C(0x9e3779b97f4a7c15) + 1, ~o->seed};
    for (int i = 0; i < 16; i++)
        (void)synth_rnd(&s->rng);
    s->next_id = 1000;
    s->next_match = 1;
    s->swept = o->n_stocks;
    s->now_ns = OPEN_NS;
    s->gap_ns = (int64_t)(UINT64_C(1000000000) / o->rate);
    for (uint32_t i = 0; i < o->n_stocks; i++) {
        char name[16];
        snprintf(name, sizeof name, "%c%c%c%04u", 'A' + (char)(i % 26), 'A' + (char)(i / 26 % 26),
                 'X', i);
        memcpy(s->stock[i].name, name, 7);
        s->stock[i].mid = 1000 + (int32_t)synth_below(&s->rng, 40000);
    }
    *out = s;
    return HR_OK;
}

void hr_synth_orders_destroy(hr_synth_orders **ps)
{
    hr_synth_orders *s = *ps;
    *ps = NULL;
    if (s == NULL) return;
    hr_heap_free(s->stock);
    hr_heap_free(s);
}

void hr_synth_orders_truth_get(const hr_synth_orders *s, hr_synth_orders_truth *out)
{
    *out = s->truth;
    for (uint32_t i = 0; i < s->opt.n_stocks; i++)
        out->live += s->stock[i].n;
}

/* Clustered arrivals: most follow at once, some after a pause. Time stands still at the close. */
static int64_t tick_clock(hr_synth_orders *s)
{
    uint64_t draw = synth_rnd(&s->rng);
    int64_t step = 1 + (int64_t)((draw >> 8) % 400);
    if ((draw & 15) == 0) step = s->gap_ns * (8 + (int64_t)((draw >> 40) & 15));
    if (s->now_ns + step < CLOSE_NS) s->now_ns += step;
    return s->now_ns;
}

static hr_itch_msg message(hr_synth_orders *s, uint8_t type, uint32_t stock_idx)
{
    s->truth.messages++;
    return (hr_itch_msg){.type = type,
                         .side = HR_SIDE_NONE,
                         .locate = (uint16_t)(stock_idx + 1),
                         .ts_ns = s->now_ns};
}

/* Heavy-tailed, in lots of 100 for the most part. */
static uint32_t draw_qty(hr_synth_orders *s)
{
    uint32_t u = synth_below(&s->rng, 64);
    if (u < 12) return 1 + synth_below(&s->rng, 99);
    return 100 * (1 + synth_below(&s->rng, 1 + u) * synth_below(&s->rng, 1 + u) / 256);
}

/* A price on this side, most likely next to the middle. */
static int32_t draw_px(hr_synth_orders *s, const stock *t, uint8_t side)
{
    uint32_t far = synth_below(&s->rng, REACH) * synth_below(&s->rng, REACH) / REACH;
    int32_t d = 1 + (int32_t)far;
    return side == HR_SIDE_BID ? t->mid - d : t->mid + d;
}

static hr_itch_msg add(hr_synth_orders *s, uint32_t i)
{
    stock *t = &s->stock[i];
    hr_itch_msg m = message(s, 'A', i);
    live *o = &t->order[t->n++];
    o->id = s->next_id++;
    o->side = (uint8_t)(synth_rnd(&s->rng) & 1);
    o->px = draw_px(s, t, o->side);
    o->qty = draw_qty(s);
    m.id = o->id;
    m.side = o->side;
    m.px = (int64_t)o->px * TICK;
    m.qty = o->qty;
    memcpy(m.stock, t->name, sizeof t->name);
    s->truth.added++;
    return m;
}

static void drop(stock *t, uint32_t k)
{
    memmove(&t->order[k], &t->order[k + 1], (--t->n - k) * sizeof *t->order);
}

static hr_itch_msg cancel(hr_synth_orders *s, uint32_t i, uint32_t k)
{
    stock *t = &s->stock[i];
    live *o = &t->order[k];
    bool is_part = o->qty > 1 && synth_below(&s->rng, 8) == 0;
    hr_itch_msg m = message(s, is_part ? 'X' : 'D', i);
    m.id = o->id;
    if (is_part) {
        m.qty = 1 + synth_below(&s->rng, o->qty - 1);
        o->qty -= (uint32_t)m.qty;
        s->truth.cancelled++;
        return m;
    }
    drop(t, k);
    s->truth.deleted++;
    return m;
}

static hr_itch_msg replace(hr_synth_orders *s, uint32_t i, uint32_t k)
{
    stock *t = &s->stock[i];
    live o = t->order[k];
    hr_itch_msg m = message(s, 'U', i);
    m.id = o.id;
    o.id = s->next_id++;
    o.px = draw_px(s, t, o.side);
    o.qty = draw_qty(s);
    m.id2 = o.id;
    m.px = (int64_t)o.px * TICK;
    m.qty = o.qty;
    drop(t, k);
    t->order[t->n++] = o; /* the last in time */
    s->truth.replaced++;
    return m;
}

/* The first order in time at the best price of a side; n: none. */
static uint32_t best(const stock *t, uint8_t side)
{
    uint32_t at = t->n;
    for (uint32_t k = 0; k < t->n; k++) {
        const live *o = &t->order[k];
        if (o->side != side) continue;
        if (at == t->n || (side == HR_SIDE_BID ? o->px > t->order[at].px : o->px < t->order[at].px))
            at = k;
    }
    return at;
}

static hr_itch_msg execute(hr_synth_orders *s, uint32_t i, uint32_t k, bool is_whole)
{
    stock *t = &s->stock[i];
    live *o = &t->order[k];
    bool is_better = synth_below(&s->rng, 50) == 0; /* at another price than the order's */
    hr_itch_msg m = message(s, is_better ? 'C' : 'E', i);
    m.id = o->id;
    m.qty = is_whole ? o->qty : 1 + synth_below(&s->rng, o->qty);
    m.match = s->next_match++;
    if (is_better) {
        m.code = synth_below(&s->rng, 4) == 0 ? 'N' : 'Y';
        m.px = (int64_t)o->px * TICK + (o->side == HR_SIDE_BID ? TICK / 2 : -TICK / 2);
    }
    o->qty -= (uint32_t)m.qty;
    if (o->qty == 0) drop(t, k);
    s->truth.executed++;
    return m;
}

static hr_itch_msg hide(hr_synth_orders *s, uint32_t i)
{
    stock *t = &s->stock[i];
    hr_itch_msg m = message(s, 'P', i);
    m.side = HR_SIDE_BID;
    m.qty = draw_qty(s);
    m.px = (int64_t)t->mid * TICK;
    m.match = s->next_match++;
    memcpy(m.stock, t->name, sizeof t->name);
    s->truth.hidden++;
    return m;
}

/* Orders at or past the new middle are executed first, so no book is ever crossed. */
static bool sweep(hr_synth_orders *s, hr_itch_msg *out)
{
    stock *t = &s->stock[s->swept];
    uint8_t side = s->to > t->mid ? HR_SIDE_ASK : HR_SIDE_BID;
    uint32_t k = best(t, side);
    bool is_in_way =
        k < t->n && (side == HR_SIDE_ASK ? t->order[k].px <= s->to : t->order[k].px >= s->to);
    if (is_in_way) {
        *out = execute(s, s->swept, k, true);
        return true;
    }
    t->mid = s->to;
    s->swept = s->opt.n_stocks;
    return false;
}

static hr_itch_msg act(hr_synth_orders *s)
{
    uint32_t i = synth_below(&s->rng, s->opt.n_stocks);
    stock *t = &s->stock[i];
    uint32_t u = synth_below(&s->rng, 1000);
    if (u < 8 && t->mid > 200) {
        s->swept = i;
        s->to = t->mid + ((synth_rnd(&s->rng) & 1) != 0 ? 1 : -1);
        hr_itch_msg m;
        if (sweep(s, &m)) return m;
    }
    if (t->n == 0 || (u < 520 && t->n < HR_SYNTH_LIVE)) return add(s, i);
    uint32_t k = synth_below(&s->rng, t->n);
    if (u < 900) return cancel(s, i, k);
    if (u < 950) return replace(s, i, k);
    if (u >= 995) return hide(s, i);
    uint32_t at = best(t, (uint8_t)(synth_rnd(&s->rng) & 1));
    return at < t->n ? execute(s, i, at, false) : cancel(s, i, k);
}

static hr_itch_msg open_day(hr_synth_orders *s)
{
    uint32_t k = s->n_told++;
    hr_itch_msg m = message(s, k == 0 ? 'S' : 'R', k - 1);
    if (k == 0) {
        m.locate = 0;
        m.code = 'O';
        return m;
    }
    memcpy(m.stock, s->stock[k - 1].name, sizeof m.stock);
    m.code = 'Q';
    m.qty = 100;
    return m;
}

bool hr_synth_orders_next(hr_synth_orders *s, hr_itch_msg *out)
{
    if (s->n_told <= s->opt.n_stocks) {
        *out = open_day(s);
        return true;
    }
    if (s->n_made < s->opt.n_orders) {
        s->n_made++;
        (void)tick_clock(s);
        if (s->swept == s->opt.n_stocks || !sweep(s, out)) *out = act(s);
        return true;
    }
    if (s->is_closed) return false;
    s->is_closed = true;
    *out = message(s, 'S', 0);
    out->locate = 0;
    out->code = 'C';
    return true;
}
