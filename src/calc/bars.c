/* SPDX-License-Identifier: Apache-2.0 */
#include "calc/bars.h"

#include <string.h>

#include "base/assert.h"

#define NS_PER_DAY INT64_C(86400000000000)

bool hr_bar_width_is_even(int64_t width_ns)
{
    return width_ns > 0 &&
           (width_ns <= NS_PER_DAY ? NS_PER_DAY % width_ns == 0 : width_ns % NS_PER_DAY == 0);
}

/* Widths divide a day or are days: whole multiples from 1970 on are aligned to midnight. */
static int64_t floor_to(int64_t ts, int64_t width)
{
    int64_t slot = ts / width - (ts % width < 0);
    int64_t start;
    return __builtin_mul_overflow(slot, width, &start) ? INT64_MIN + width : start;
}

static int64_t end_of(int64_t start, int64_t width)
{
    return start > INT64_MAX - width ? INT64_MAX : start + width;
}

/* Is the stretch of empty bars from `end` to the bar that holds ts short enough to be written? */
static bool may_fill(const hr_bar_rule *r, int64_t end, int64_t ts, uint64_t *n_unfilled)
{
    int64_t gap;
    if (!__builtin_sub_overflow(ts, end, &gap) && gap / r->width_ns <= HR_BARS_FILL_MAX)
        return true;
    ++*n_unfilled;
    return false;
}

/* ---- trades ---- */

int64_t hr_bar_vwap(const hr_bar *b)
{
    if (b->volume <= 0) return HR_NULL_I64;
    return (int64_t)hr_wide_divide(b->notional, b->volume);
}

void hr_bars_init(hr_bars *b, const hr_bar_rule *rule)
{
    memset(b, 0, sizeof *b);
    b->rule = *rule;
    b->rule.split = rule->split && rule->kind >= HR_BAR_VOLUME;
    HR_ASSERT(rule->kind != HR_BAR_TIME || hr_bar_width_is_even(rule->width_ns));
    HR_ASSERT(rule->kind != HR_BAR_TICK || rule->n_ticks > 0);
    HR_ASSERT(rule->kind < HR_BAR_VOLUME || rule->threshold > 0);
}

static hr_wide notional_of(int64_t px, int64_t qty)
{
    return (hr_wide)px * qty;
}

static bool is_late(const hr_bars *b, int64_t ts)
{
    return b->is_open ? ts < b->bar.start_ns : b->has_last && ts < b->last_end;
}

hr_status hr_bars_trade(hr_bars *b, const hr_bar_trade *t)
{
    HR_DASSERT(!b->has_trade);
    if (is_late(b, t->ts)) {
        b->n_late++;
        return HR_OK;
    }
    if (b->rule.split) {
        hr_wide all = b->rule.kind == HR_BAR_VOLUME ? t->qty : notional_of(t->px, t->qty);
        if (all / b->rule.threshold > HR_BARS_SPLIT_MAX) return HR_ELIMIT;
    }
    b->trade = *t;
    b->has_trade = true;
    b->n_taken++;
    return HR_OK;
}

static void open_bar(hr_bars *b, int64_t start, int64_t end)
{
    b->bar = (hr_bar){.start_ns = start,
                      .end_ns = end,
                      .open = b->last_close,
                      .high = b->last_close,
                      .low = b->last_close,
                      .close = b->last_close,
                      .first_ns = HR_NULL_I64,
                      .last_ns = HR_NULL_I64};
    b->is_open = true;
}

static bool close_bar(hr_bars *b, hr_bar *out)
{
    *out = b->bar;
    b->is_open = false;
    b->has_last = true;
    b->last_end = b->bar.end_ns;
    b->last_close = b->bar.close;
    return true;
}

/* qty of the trade at hand goes into the open bar. */
static void add_trade(hr_bars *b, int64_t qty)
{
    hr_bar *bar = &b->bar;
    const hr_bar_trade *t = &b->trade;
    if (bar->n_trades++ == 0) {
        bar->open = bar->high = bar->low = bar->close = t->px;
        bar->first_ns = bar->last_ns = t->ts;
    } else {
        if (t->px > bar->high) bar->high = t->px;
        if (t->px < bar->low) bar->low = t->px;
        if (t->ts < bar->first_ns) {
            bar->first_ns = t->ts;
            bar->open = t->px;
        }
        if (t->ts >= bar->last_ns) {
            bar->last_ns = t->ts;
            bar->close = t->px;
        }
    }
    bar->volume = hr_wide_add(bar->volume, qty);
    if (t->is_buy) bar->buy_volume = hr_wide_add(bar->buy_volume, qty);
    bar->notional = hr_wide_add(bar->notional, notional_of(t->px, qty));
    b->trade.qty -= qty;
}

/* True: a bar was closed; the trade waits for its own. */
static bool next_time(hr_bars *b, hr_bar *out)
{
    const hr_bar_rule *r = &b->rule;
    int64_t ts = b->trade.ts;
    if (b->is_open && ts >= b->bar.end_ns) return close_bar(b, out);
    if (!b->is_open) {
        bool is_far = r->fill && b->has_last && ts >= end_of(b->last_end, r->width_ns);
        b->is_filling = is_far && (b->is_filling || may_fill(r, b->last_end, ts, &b->n_unfilled));
        int64_t start = b->is_filling ? b->last_end : floor_to(ts, r->width_ns);
        open_bar(b, start, end_of(start, r->width_ns));
        if (b->is_filling) return close_bar(b, out);
    }
    add_trade(b, b->trade.qty);
    b->has_trade = false;
    return false;
}

/* How much of the trade goes into the open bar. */
static int64_t part_of(const hr_bars *b)
{
    const hr_bar_trade *t = &b->trade;
    if (!b->rule.split) return t->qty;
    hr_wide left = b->rule.threshold;
    if (b->rule.kind == HR_BAR_VOLUME) {
        left -= b->bar.volume;
    } else {
        if (t->px <= 0) return t->qty;
        left = (left - b->bar.notional + t->px - 1) / t->px; /* the smallest that reaches it */
    }
    return left < t->qty ? (int64_t)left : t->qty;
}

static bool is_full(const hr_bars *b)
{
    if (b->rule.kind == HR_BAR_TICK) return b->bar.n_trades == b->rule.n_ticks;
    return (b->rule.kind == HR_BAR_VOLUME ? b->bar.volume : b->bar.notional) >= b->rule.threshold;
}

static bool next_amount(hr_bars *b, hr_bar *out)
{
    if (!b->is_open) open_bar(b, b->trade.ts, b->trade.ts);
    add_trade(b, part_of(b));
    b->bar.end_ns = b->bar.last_ns;
    b->has_trade = b->trade.qty > 0;
    b->n_parted += b->has_trade;
    return is_full(b) ? close_bar(b, out) : false;
}

bool hr_bars_next(hr_bars *b, hr_bar *out)
{
    if (!b->has_trade) return false;
    return b->rule.kind == HR_BAR_TIME ? next_time(b, out) : next_amount(b, out);
}

bool hr_bars_last(hr_bars *b, hr_bar *out)
{
    HR_DASSERT(!b->has_trade);
    return b->is_open && close_bar(b, out);
}

/* ---- the touch ---- */

bool hr_quote_bar_spread(const hr_quote_bar *b, int64_t *out)
{
    if (b->n_changes == 0) return false;
    *out = (int64_t)hr_wide_divide(b->spread_sum, (hr_wide)b->n_changes);
    return true;
}

bool hr_quote_bar_mid(const hr_quote_bar *b, int64_t *out)
{
    if (b->quoted_ns <= 0) return false;
    *out = (int64_t)hr_wide_divide(b->weighted, (hr_wide)b->quoted_ns * 2);
    return true;
}

void hr_quotes_init(hr_quotes *q, const hr_bar_rule *rule, hr_bar_price price)
{
    memset(q, 0, sizeof *q);
    q->rule = *rule;
    q->price = price;
    HR_ASSERT(rule->kind == HR_BAR_TIME || rule->kind == HR_BAR_TICK);
    HR_ASSERT(rule->kind != HR_BAR_TIME || hr_bar_width_is_even(rule->width_ns));
    HR_ASSERT(rule->kind != HR_BAR_TICK || rule->n_ticks > 0);
}

static bool is_same(const hr_bar_quote *a, const hr_bar_quote *b)
{
    if (a->is_whole != b->is_whole) return false;
    return !a->is_whole || (a->bid_px == b->bid_px && a->bid_qty == b->bid_qty &&
                            a->ask_px == b->ask_px && a->ask_qty == b->ask_qty);
}

void hr_quotes_touch(hr_quotes *q, int64_t ts, const hr_bar_quote *t)
{
    HR_DASSERT(!q->has_next);
    if (!q->has_now) {
        q->has_now = true;
        q->now_ns = q->since_ns = ts;
    }
    if (ts > q->now_ns) q->now_ns = ts;
    bool is_late = q->is_open ? ts < q->bar.start_ns : q->has_last && ts < q->last_end;
    bool is_change = t->is_whole && !is_same(&q->now, t);
    q->n_late += is_late && is_change;
    q->counts = is_change && !is_late;
    q->next = *t;
    q->has_next = true;
}

/* The touch at hand stood from since_ns to `to`. */
static void weigh(hr_quotes *q, int64_t to)
{
    int64_t from = HR_MAX(q->since_ns, q->bar.start_ns);
    if (to <= from) return;
    q->since_ns = to;
    if (!q->now.is_whole) return;
    hr_wide mid2 = (hr_wide)q->now.bid_px + q->now.ask_px;
    q->bar.weighted = hr_wide_add(q->bar.weighted, mid2 * (to - from));
    q->bar.quoted_ns += to - from;
}

static void open_quotes(hr_quotes *q, int64_t start, int64_t end)
{
    q->bar = (hr_quote_bar){.start_ns = start,
                            .end_ns = end,
                            .open = q->last_close,
                            .high = q->last_close,
                            .low = q->last_close,
                            .close = q->last_close,
                            .first_ns = HR_NULL_I64,
                            .last_ns = HR_NULL_I64,
                            .last = q->last_quote};
    q->is_open = true;
}

/* False: it is empty and not wanted. */
static bool close_quotes(hr_quotes *q, hr_quote_bar *out)
{
    bool is_wanted = q->bar.n_changes > 0 || q->rule.fill;
    if (is_wanted) *out = q->bar;
    q->is_open = false;
    q->has_last = true;
    q->last_end = q->bar.end_ns;
    q->last_close = q->bar.close;
    q->last_quote = q->bar.last;
    return is_wanted;
}

static hr_wide value_of(const hr_bar_quote *t, hr_bar_price price)
{
    if (price == HR_BAR_BID) return (hr_wide)t->bid_px * 2;
    if (price == HR_BAR_ASK) return (hr_wide)t->ask_px * 2;
    return (hr_wide)t->bid_px + t->ask_px;
}

static void add_change(hr_quotes *q)
{
    hr_quote_bar *bar = &q->bar;
    const hr_bar_quote *t = &q->next;
    hr_wide v = value_of(t, q->price);
    q->n_changes++;
    bar->spread_sum = hr_wide_add(bar->spread_sum, (hr_wide)t->ask_px - t->bid_px);
    if (bar->n_changes++ == 0) {
        bar->open = bar->high = bar->low = v;
        bar->first_ns = q->now_ns;
    }
    if (v > bar->high) bar->high = v;
    if (v < bar->low) bar->low = v;
    bar->close = v;
    bar->last_ns = q->now_ns;
    bar->last = *t;
}

/* The touch at hand, the same or a new one, stands from now on. */
static void take_next(hr_quotes *q)
{
    if (q->is_open) weigh(q, q->now_ns);
    q->since_ns = q->now_ns;
    q->now = q->next;
    q->has_next = false;
}

static bool next_quote_time(hr_quotes *q, hr_quote_bar *out)
{
    const hr_bar_rule *r = &q->rule;
    if (q->is_open && q->now_ns >= q->bar.end_ns) {
        weigh(q, q->bar.end_ns);
        if (close_quotes(q, out)) return true;
    }
    /* Without a change too: what stood in a bar before its first change is weighed. */
    if (!q->is_open && (q->counts || q->has_last)) {
        bool is_far = r->fill && q->has_last && q->now_ns >= end_of(q->last_end, r->width_ns);
        q->is_filling =
            is_far && (q->is_filling || may_fill(r, q->last_end, q->now_ns, &q->n_unfilled));
        int64_t start = q->is_filling ? q->last_end : floor_to(q->now_ns, r->width_ns);
        open_quotes(q, start, end_of(start, r->width_ns));
        if (q->is_filling) {
            weigh(q, q->bar.end_ns);
            return close_quotes(q, out);
        }
    }
    take_next(q);
    if (q->counts) add_change(q);
    return false;
}

static bool next_quote_tick(hr_quotes *q, hr_quote_bar *out)
{
    if (!q->is_open && q->counts) {
        int64_t start = q->has_last && q->now.is_whole ? q->last_end : q->now_ns;
        open_quotes(q, start, start);
    }
    take_next(q);
    if (!q->counts) return false;
    add_change(q);
    q->bar.end_ns = q->now_ns;
    return q->bar.n_changes == q->rule.n_ticks ? close_quotes(q, out) : false;
}

bool hr_quotes_next(hr_quotes *q, hr_quote_bar *out)
{
    if (!q->has_next) return false;
    return q->rule.kind == HR_BAR_TIME ? next_quote_time(q, out) : next_quote_tick(q, out);
}

bool hr_quotes_last(hr_quotes *q, hr_quote_bar *out)
{
    HR_DASSERT(!q->has_next);
    if (!q->is_open) return false;
    if (q->rule.kind == HR_BAR_TIME) weigh(q, HR_MIN(q->now_ns, q->bar.end_ns));
    return close_quotes(q, out);
}
