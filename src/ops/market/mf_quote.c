/* SPDX-License-Identifier: Apache-2.0 */
/* How the book changes from row to row: order flow imbalance, and how long things stay. */
#include "ops/market/mf_parts.h"

/* ---- order flow imbalance ---- */

typedef struct level {
    double bid_px, bid_qty, ask_px, ask_qty;
} level;

/* What came to the bid and went from the ask, less the reverse. What is not there is a quantity of
 * 0 at the worst price. */
HR_INLINE double flow(const level *was, const level *is)
{
    double bid = (is->bid_px >= was->bid_px ? is->bid_qty : 0) -
                 (is->bid_px <= was->bid_px ? was->bid_qty : 0);
    double ask = (is->ask_px <= was->ask_px ? is->ask_qty : 0) -
                 (is->ask_px >= was->ask_px ? was->ask_qty : 0);
    return bid - ask;
}

typedef struct flows {
    uint64_t has;
    double spare[7];
} flows; /* and behind it the levels of the row before */

static bool is_whole(const level *l)
{
    return hr_mf_has(l->bid_px) && hr_mf_has(l->bid_qty) && hr_mf_has(l->ask_px) &&
           hr_mf_has(l->ask_qty);
}

/* One level, of which a row has all four columns or is as if it were not. */
static void flow_step(hr_mf *s, hr_mf_chunk *c, const double *const col[4])
{
    flows *h = hr_mf_carried(s);
    level *was = (level *)(void *)(h + 1);
    double *out = hr_mf_out(c, 0);
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t k = c->from + i;
        level is = {col[0][k], col[1][k], col[2][k], col[3][k]};
        bool has = is_whole(&is);
        out[i] = has && h->has ? hr_win_or_null(flow(was, &is)) : hr_mf_null();
        if (has) *was = is;
        h->has |= has;
    }
}

static void ofi_step(hr_mf *s, hr_mf_chunk *c)
{
    flow_step(s, c, c->r->in);
}

static void ofi_level_step(hr_mf *s, hr_mf_chunk *c)
{
    const hr_op_book *b = c->r->book;
    uint32_t k = (uint32_t)s->p[0];
    const double *const col[4] = {b->bid_px[k], b->bid_qty[k], b->ask_px[k], b->ask_qty[k]};
    flow_step(s, c, col);
}

/* Rows of a chunk that have some level, and behind the row before them their columns of a level. */
typedef struct kept {
    uint32_t n;
    uint8_t row[HR_MF_CHUNK];
    double px[HR_MF_CHUNK + 1], qty[HR_MF_CHUNK + 1];
    double v[HR_MF_CHUNK], all[HR_MF_CHUNK];
} kept;

static void keep_rows(kept *t, const hr_mf_chunk *c, uint32_t levels)
{
    const hr_op_book *b = c->r->book;
    uint8_t any[HR_MF_CHUNK] = {0};
    for (uint32_t k = 0; k < levels; k++)
        for (uint32_t i = 0; i < c->n; i++) {
            uint32_t row = c->from + i;
            bool is_bid = hr_mf_has(b->bid_px[k][row]) && hr_mf_has(b->bid_qty[k][row]);
            any[i] |= is_bid || (hr_mf_has(b->ask_px[k][row]) && hr_mf_has(b->ask_qty[k][row]));
        }
    t->n = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        t->row[t->n] = (uint8_t)i;
        t->n += any[i];
    }
}

/* One side of a level. Asks: prices change their sign, so that a better one is higher. */
HR_INLINE void add_flow(kept *t, const double *px, const double *qty, double way, double weight)
{
    for (uint32_t j = 0; j < t->n; j++) {
        double p = px[t->row[j]];
        double q = qty[t->row[j]];
        bool is = hr_mf_has(p) && hr_mf_has(q);
        t->px[j + 1] = is ? way * p : -(double)INFINITY;
        t->qty[j + 1] = is ? q : 0;
    }
    for (uint32_t j = 0; j < t->n; j++) {
        double won = t->px[j + 1] >= t->px[j] ? t->qty[j + 1] : 0;
        double lost = t->px[j + 1] <= t->px[j] ? t->qty[j] : 0;
        t->v[j] += way * weight * (won - lost);
        t->all[j] += t->qty[j + 1];
    }
}

/* Columns: the flow of all levels, each weighing decay^k, and their mean quantity. A row without
 * any level is as if it were not. */
static void flows_step(hr_mf *s, hr_mf_chunk *c, double decay)
{
    const hr_op_book *b = c->r->book;
    flows *h = hr_mf_carried(s);
    level *was = (level *)(void *)(h + 1);
    const uint32_t levels = (uint32_t)s->p[0];
    double weight = 1;
    kept t;
    keep_rows(&t, c, levels);
    memset(t.v, 0, sizeof t.v);
    memset(t.all, 0, sizeof t.all);
    for (uint32_t k = 0; k < levels; k++, weight *= decay, was++) {
        t.px[0] = was->bid_px;
        t.qty[0] = was->bid_qty;
        add_flow(&t, b->bid_px[k] + c->from, b->bid_qty[k] + c->from, 1, weight);
        was->bid_px = t.px[t.n];
        was->bid_qty = t.qty[t.n];
        t.px[0] = was->ask_px;
        t.qty[0] = was->ask_qty;
        add_flow(&t, b->ask_px[k] + c->from, b->ask_qty[k] + c->from, -1, weight);
        was->ask_px = t.px[t.n];
        was->ask_qty = t.qty[t.n];
    }
    for (uint32_t i = 0; i < c->n; i++)
        c->d[0][i] = c->d[1][i] = hr_mf_null();
    for (uint32_t j = h->has ? 0 : 1; j < t.n; j++) {
        c->d[0][t.row[j]] = hr_win_or_null(t.v[j]);
        c->d[1][t.row[j]] = hr_win_or_null(t.all[j] / (2 * levels));
    }
    h->has |= t.n > 0;
}

static void flows_show(hr_mf_chunk *c)
{
    memcpy(hr_mf_out(c, 0), c->d[0], c->n * sizeof(double));
}

static void mlofi_step(hr_mf *s, hr_mf_chunk *c)
{
    flows_step(s, c, 1);
    flows_show(c);
}

static void mlofi_decay_step(hr_mf *s, hr_mf_chunk *c)
{
    flows_step(s, c, s->p[1]);
    flows_show(c);
}

static void ofi_scaled_step(hr_mf *s, hr_mf_chunk *c)
{
    flows_step(s, c, 1);
}

static void ofi_scaled_finish(hr_mf *s, hr_mf_chunk *c)
{
    (void)s;
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 0)[i] = hr_win_or_null(c->w[0][i] / c->w[1][i]);
}

static size_t levels_bytes(const hr_op_args *a)
{
    return (size_t)hr_win_line((uint64_t)a->v[0] * sizeof(level));
}

HR_MF_DEFINE(ofi, .carried = sizeof(flows) + sizeof(level), .step = ofi_step)
HR_MF_DEFINE(ofi_level, .carried = sizeof(flows) + sizeof(level), .step = ofi_level_step)
HR_MF_DEFINE(mlofi, .carried = sizeof(flows), .more = levels_bytes, .step = mlofi_step)
HR_MF_DEFINE(mlofi_decay, .carried = sizeof(flows), .more = levels_bytes, .step = mlofi_decay_step)
HR_MF_DEFINE(ofi_scaled, .carried = sizeof(flows), .more = levels_bytes, .step = ofi_scaled_step,
             .finish = ofi_scaled_finish, .n_windows = 2,
             .window = {HR_MF_ON(hr_win_sum, one, 1, 0), HR_MF_ON(hr_win_mean, one, 1, 1)})

/* ---- means over time: what a row shows holds until the next ---- */

typedef struct stretch {
    double value; /* null: none holds */
    int64_t newest;
    uint64_t has; /* newest is set */
    double spare[5];
} stretch;

static void stretch_begin(hr_mf *s, const hr_op_args *a)
{
    (void)a;
    ((stretch *)hr_mf_carried(s))->value = hr_mf_null();
}

/* columns: value times seconds that it held, seconds */
static void stretch_take(hr_mf *s, hr_mf_chunk *c, uint32_t i, double value)
{
    stretch *h = hr_mf_carried(s);
    int64_t ts = hr_mf_ts(c)[i];
    int64_t now = !h->has || ts > h->newest ? ts : h->newest;
    double seconds = h->has ? (double)((uint64_t)now - (uint64_t)h->newest) / 1e9 : 0;
    bool held = hr_mf_has(h->value);
    c->d[0][i] = c->d[1][i] = hr_mf_null();
    if (hr_mf_has(value)) {
        c->d[0][i] = held ? h->value * seconds : 0;
        c->d[1][i] = held ? seconds : 0;
    }
    h->value = value;
    h->newest = now;
    h->has = 1;
}

static void twap_step(hr_mf *s, hr_mf_chunk *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        stretch_take(s, c, i, hr_mf_in(c, 0)[i]);
}

static void time_mean_spread_bps_step(hr_mf *s, hr_mf_chunk *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        double bid = hr_mf_in(c, 0)[i];
        double ask = hr_mf_in(c, 1)[i];
        stretch_take(s, c, i, 20000 * (ask - bid) / (ask + bid));
    }
}

HR_MF_DEFINE(twap, .carried = sizeof(stretch), .begin = stretch_begin, .step = twap_step,
             .n_windows = 1, .window = {HR_MF_SUMS(hr_mf_window_ratio, 2, 0, 0)})
HR_MF_DEFINE(time_mean_spread_bps, .carried = sizeof(stretch), .begin = stretch_begin,
             .step = time_mean_spread_bps_step, .n_windows = 1,
             .window = {HR_MF_SUMS(hr_mf_window_ratio, 2, 0, 0)})

/* ---- how long ---- */

typedef struct age {
    double x; /* null: none so far */
    double held;
    int64_t newest, since;
    uint64_t has_since; /* it has changed once */
    double level;       /* spread_recovery: to come back to; null while it is back */
    double spare[2];
} age;
_Static_assert(sizeof(age) == 64, "one line");

static void age_begin(hr_mf *s, const hr_op_args *a)
{
    age *h = hr_mf_carried(s);
    (void)a;
    for (int j = 0; j < 2; j++)
        h[j] = (age){
            .x = hr_mf_null(), .held = hr_mf_null(), .newest = INT64_MIN, .level = hr_mf_null()};
}

static double seconds_since(const age *h)
{
    return (double)((uint64_t)h->newest - (uint64_t)h->since) / 1e9;
}

/* Takes a value that is not null. True: it is another than before; *life is how long that one was,
 * null where its start was not seen. */
static bool age_take(age *h, double *life, int64_t ts, double x)
{
    if (ts > h->newest) h->newest = ts;
    bool is_other = hr_mf_has(h->x) && x != h->x;
    *life = is_other && h->has_since ? seconds_since(h) : hr_mf_null();
    h->x = x;
    if (!is_other) return false;
    h->since = h->newest;
    h->has_since = 1;
    return true;
}

static void age_step(hr_mf *s, hr_mf_chunk *c, unsigned n)
{
    age *h = hr_mf_carried(s);
    for (unsigned j = 0; j < n; j++)
        for (uint32_t i = 0; i < c->n; i++) {
            double x = hr_mf_in(c, j)[i];
            double life;
            bool has = hr_mf_has(x);
            if (has) (void)age_take(&h[j], &life, hr_mf_ts(c)[i], x);
            hr_mf_out(c, j)[i] = has && h[j].has_since ? seconds_since(&h[j]) : hr_mf_null();
        }
}

static void touch_age_step(hr_mf *s, hr_mf_chunk *c)
{
    age_step(s, c, 2);
}

static void mid_age_step(hr_mf *s, hr_mf_chunk *c)
{
    age_step(s, c, 1);
}

static void touch_life_step(hr_mf *s, hr_mf_chunk *c)
{
    age *h = hr_mf_carried(s);
    for (unsigned j = 0; j < 2; j++)
        for (uint32_t i = 0; i < c->n; i++) {
            double x = hr_mf_in(c, j)[i];
            c->d[j][i] = hr_mf_null();
            if (hr_mf_has(x)) (void)age_take(&h[j], &c->d[j][i], hr_mf_ts(c)[i], x);
        }
}

/* A widening opens, and what comes back to the spread before it or below closes. What takes too
 * long is given up, else a spread that never comes back would be waited for for good. */
static void spread_recovery_step(hr_mf *s, hr_mf_chunk *c)
{
    age *h = hr_mf_carried(s);
    for (uint32_t i = 0; i < c->n; i++) {
        double x = hr_mf_in(c, 0)[i];
        c->d[0][i] = hr_mf_null();
        if (!hr_mf_has(x)) continue;
        if (hr_mf_ts(c)[i] > h->newest) h->newest = hr_mf_ts(c)[i];
        if (seconds_since(h) > s->p[1] / 1e9) h->level = hr_mf_null();
        if (x <= h->level) {
            c->d[0][i] = seconds_since(h);
            h->level = hr_mf_null();
        } else if (!hr_mf_has(h->level) && x > h->x) {
            h->level = h->x;
            h->since = h->newest;
        }
        h->x = x;
    }
}

/* Each row shows what its window gave when the last value came into it. */
static void hold_finish(hr_mf *s, hr_mf_chunk *c, unsigned n)
{
    age *h = hr_mf_carried(s);
    for (unsigned j = 0; j < n; j++)
        for (uint32_t i = 0; i < c->n; i++) {
            if (hr_mf_has(c->d[j][i])) h[j].held = c->w[j][i];
            hr_mf_out(c, j)[i] = hr_mf_has(hr_mf_in(c, j)[i]) ? h[j].held : hr_mf_null();
        }
}

static void touch_life_finish(hr_mf *s, hr_mf_chunk *c)
{
    hold_finish(s, c, 2);
}

static void spread_recovery_finish(hr_mf *s, hr_mf_chunk *c)
{
    hold_finish(s, c, 1);
}

HR_MF_DEFINE(touch_age, .carried = 2 * sizeof(age), .begin = age_begin, .step = touch_age_step)
HR_MF_DEFINE(mid_age, .carried = 2 * sizeof(age), .begin = age_begin, .step = mid_age_step)
HR_MF_DEFINE(touch_life, .carried = 2 * sizeof(age), .begin = age_begin, .step = touch_life_step,
             .finish = touch_life_finish, .n_windows = 2,
             .window = {HR_MF_ON(hr_win_mean, one, 0, 0), HR_MF_ON(hr_win_mean, one, 0, 1)})
HR_MF_DEFINE(spread_recovery, .carried = 2 * sizeof(age), .begin = age_begin,
             .step = spread_recovery_step, .finish = spread_recovery_finish, .n_windows = 1,
             .window = {HR_MF_ON(hr_win_mean, one, 0, 0)})
