/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of the book over its levels. A level counts where it has a price and a quantity above
 * 0; the others are as if they were not. Nothing is carried from row to row. */
#include "ops/market/mf_parts.h"

/* Sums over the levels of one side; loops go over rows inside and levels outside, as columns lie.
 */
typedef struct side_sum {
    double n[HR_MF_CHUNK], q[HR_MF_CHUNK], v[HR_MF_CHUNK];
} side_sum;

typedef struct side {
    const double *const *px;
    const double *const *qty;
    double sign; /* +1: prices go up level by level */
} side;

static side side_of(const hr_mf_chunk *c, bool is_ask)
{
    const hr_op_book *b = c->r->book;
    return is_ask ? (side){b->ask_px, b->ask_qty, 1} : (side){b->bid_px, b->bid_qty, -1};
}

HR_INLINE bool is_level(double px, double qty)
{
    int has_px = hr_mf_has(px); /* & of them: loops become vectors */
    int has_qty = hr_mf_has(qty);
    int is_some = qty > 0;
    return has_px & has_qty & is_some;
}

HR_INLINE double none_of(double px, double qty)
{
    (void)px;
    (void)qty;
    return 0;
}

/* Sums of weight * quantity, and of value(px, qty) of it, which is what f makes */
typedef double (*level_fn)(double px, double qty);

HR_INLINE void add_levels(side_sum *t, const hr_mf_chunk *c, bool is_ask, uint32_t levels,
                          double decay, level_fn f)
{
    side s = side_of(c, is_ask);
    double weight = 1;
    memset(t, 0, sizeof *t);
    for (uint32_t k = 0; k < levels; k++, weight *= decay) {
        const double *restrict px = s.px[k] + c->from;
        const double *restrict qty = s.qty[k] + c->from;
        for (uint32_t i = 0; i < c->n; i++) {
            bool is = is_level(px[i], qty[i]);
            double q = weight * qty[i];
            double v = f(px[i], qty[i]);
            t->n[i] += hr_mf_if(is, 1);
            t->q[i] += hr_mf_if(is, q);
            if (f != none_of) t->v[i] += hr_mf_if(is, v);
        }
    }
}

HR_INLINE double notional_of(double px, double qty)
{
    return px * qty;
}

HR_INLINE double square_of(double px, double qty)
{
    (void)px;
    return qty * qty;
}

HR_INLINE double entropy_of(double px, double qty)
{
    (void)px;
    return qty * hr_log_ratio(qty, 1);
}

static uint32_t levels_of(const hr_mf *s, unsigned arg)
{
    return (uint32_t)s->p[arg];
}

HR_INLINE double of_levels(double x, double n)
{
    return n > 0 ? hr_win_or_null(x) : hr_mf_null();
}

/* A value of each side in its output, and maybe one of both; b and a: i-th sums of the sides */
#define SIDES(fn, f, value)                                                                        \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        side_sum t;                                                                                \
        for (unsigned j = 0; j < 2; j++) {                                                         \
            double *out = hr_mf_out(c, j);                                                         \
            add_levels(&t, c, j == 1, levels_of(s, 0), 1, f);                                      \
            for (uint32_t i = 0; i < c->n; i++)                                                    \
                out[i] = of_levels(value, t.n[i]);                                                 \
        }                                                                                          \
    }

#define BOTH(fn, f, decay, value)                                                                  \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        side_sum b;                                                                                \
        side_sum a;                                                                                \
        double *out = hr_mf_out(c, 0);                                                             \
        add_levels(&b, c, false, levels_of(s, 0), decay, f);                                       \
        add_levels(&a, c, true, levels_of(s, 0), decay, f);                                        \
        for (uint32_t i = 0; i < c->n; i++)                                                        \
            out[i] = of_levels(value, HR_MIN(b.n[i], a.n[i]));                                     \
    }                                                                                              \
    HR_MF_DEFINE(fn, .step = fn##_step)

#define VWAP(t) (t.v[i] / t.q[i])

/* clang-format off */
BOTH(imbalance, none_of, 1, (b.q[i] - a.q[i]) / (b.q[i] + a.q[i]))
BOTH(weighted_imbalance, none_of, s->p[1], (b.q[i] - a.q[i]) / (b.q[i] + a.q[i]))
BOTH(weighted_mid_levels, notional_of, 1,
     (VWAP(b) * a.q[i] + VWAP(a) * b.q[i]) / (b.q[i] + a.q[i]))
BOTH(vwap_spread_bps, notional_of, 1, 20000 * (VWAP(a) - VWAP(b)) / (VWAP(a) + VWAP(b)))
SIDES(book_vwap, notional_of, VWAP(t))
SIDES(depth_hhi, square_of, t.v[i] / (t.q[i] * t.q[i]))
SIDES(depth_entropy, entropy_of, hr_log_ratio(t.q[i], 1) - VWAP(t))
SIDES(depth, none_of, t.q[i])
SIDES(notional_depth, notional_of, t.v[i])
/* clang-format on */

/* out[2] := out[0] + out[1] */
static void add_sides(const hr_mf_chunk *c)
{
    double *both = hr_mf_out(c, 2);
    for (uint32_t i = 0; i < c->n; i++)
        both[i] = hr_win_or_null(hr_mf_out(c, 0)[i] + hr_mf_out(c, 1)[i]);
}

static void depth_all_step(hr_mf *s, hr_mf_chunk *c)
{
    depth_step(s, c);
    add_sides(c);
}

static void notional_all_step(hr_mf *s, hr_mf_chunk *c)
{
    notional_depth_step(s, c);
    add_sides(c);
}

HR_MF_DEFINE(book_vwap, .step = book_vwap_step)
HR_MF_DEFINE(depth_hhi, .step = depth_hhi_step)
HR_MF_DEFINE(depth_entropy, .step = depth_entropy_step)
HR_MF_DEFINE(depth, .step = depth_all_step)
HR_MF_DEFINE(notional_depth, .step = notional_all_step)

/* ---- about the mid ---- */

/* Mids of the best levels of the book, null where there is none. */
static void find_mid(double *mid, const hr_mf_chunk *c)
{
    const hr_op_book *b = c->r->book;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t k = c->from + i;
        bool is = is_level(b->bid_px[0][k], b->bid_qty[0][k]) &&
                  is_level(b->ask_px[0][k], b->ask_qty[0][k]);
        mid[i] = is ? (b->bid_px[0][k] + b->ask_px[0][k]) / 2 : hr_mf_null();
    }
}

/* Of the levels no farther than `bps` from the mid: how many, and their quantity. */
static void add_within(side_sum *t, const hr_mf_chunk *c, bool is_ask, const double *mid,
                       const hr_mf *h)
{
    side s = side_of(c, is_ask);
    const uint32_t levels = levels_of(h, 1);
    const double bps = h->p[0];
    const double sign = s.sign;
    memset(t, 0, sizeof *t);
    for (uint32_t k = 0; k < levels; k++) {
        const double *px = s.px[k] + c->from;
        const double *qty = s.qty[k] + c->from;
        for (uint32_t i = 0; i < c->n; i++) {
            bool is_near = 10000 * (sign * (px[i] - mid[i])) <= bps * mid[i];
            bool is = is_level(px[i], qty[i]) & is_near;
            t->n[i] += hr_mf_if(is, 1);
            t->q[i] += hr_mf_if(is, qty[i]);
        }
    }
}

static void within(const hr_mf *s, hr_mf_chunk *c, bool is_count)
{
    double mid[HR_MF_CHUNK];
    find_mid(mid, c);
    for (unsigned j = 0; j < 2; j++) {
        side_sum t;
        double *out = hr_mf_out(c, j);
        add_within(&t, c, j == 1, mid, s);
        for (uint32_t i = 0; i < c->n; i++)
            out[i] = hr_mf_has(mid[i]) ? hr_win_or_null(is_count ? t.n[i] : t.q[i]) : hr_mf_null();
    }
}

static void depth_within_step(hr_mf *s, hr_mf_chunk *c)
{
    within(s, c, false);
    add_sides(c);
}

static void levels_within_step(hr_mf *s, hr_mf_chunk *c)
{
    within(s, c, true);
}

static void imbalance_within_step(hr_mf *s, hr_mf_chunk *c)
{
    double mid[HR_MF_CHUNK];
    side_sum b;
    side_sum a;
    double *out = hr_mf_out(c, 0);
    find_mid(mid, c);
    add_within(&b, c, false, mid, s);
    add_within(&a, c, true, mid, s);
    for (uint32_t i = 0; i < c->n; i++)
        out[i] = hr_win_or_null((b.q[i] - a.q[i]) / (b.q[i] + a.q[i]));
}

HR_MF_DEFINE(depth_within, .step = depth_within_step)
HR_MF_DEFINE(levels_within, .step = levels_within_step)
HR_MF_DEFINE(imbalance_within, .step = imbalance_within_step)

/* Sums of quantity times distance (v) or by distance (q), as `is_by` says. */
static void add_distance(double *sum, double *all, const hr_mf_chunk *c, bool is_ask,
                         const double *mid, uint32_t levels, bool is_by)
{
    side s = side_of(c, is_ask);
    memset(sum, 0, HR_MF_CHUNK * sizeof *sum);
    memset(all, 0, HR_MF_CHUNK * sizeof *all);
    for (uint32_t k = 0; k < levels; k++) {
        const double *px = s.px[k] + c->from;
        const double *qty = s.qty[k] + c->from;
        for (uint32_t i = 0; i < c->n; i++) {
            bool is = is_level(px[i], qty[i]);
            double away = s.sign * (px[i] - mid[i]);
            double v = is_by ? qty[i] / away : qty[i] * away;
            sum[i] += hr_mf_if(is, v);
            all[i] += hr_mf_if(is, qty[i]);
        }
    }
}

static void depth_distance_bps_step(hr_mf *s, hr_mf_chunk *c)
{
    double mid[HR_MF_CHUNK];
    double sum[HR_MF_CHUNK];
    double all[HR_MF_CHUNK];
    find_mid(mid, c);
    for (unsigned j = 0; j < 2; j++) {
        double *out = hr_mf_out(c, j);
        add_distance(sum, all, c, j == 1, mid, levels_of(s, 0), false);
        for (uint32_t i = 0; i < c->n; i++)
            out[i] = hr_win_or_null(10000 * sum[i] / (all[i] * mid[i]));
    }
}

static void pressure_step(hr_mf *s, hr_mf_chunk *c)
{
    double mid[HR_MF_CHUNK];
    double b[HR_MF_CHUNK];
    double a[HR_MF_CHUNK];
    double all[HR_MF_CHUNK];
    double *out = hr_mf_out(c, 0);
    find_mid(mid, c);
    add_distance(b, all, c, false, mid, levels_of(s, 0), true);
    add_distance(a, all, c, true, mid, levels_of(s, 0), true);
    for (uint32_t i = 0; i < c->n; i++)
        out[i] = hr_win_or_null((b[i] - a[i]) / (b[i] + a[i]));
}

HR_MF_DEFINE(depth_distance_bps, .step = depth_distance_bps_step)
HR_MF_DEFINE(pressure, .step = pressure_step)

/* ---- between levels ---- */

static void level_gap_step(hr_mf *s, hr_mf_chunk *c)
{
    uint32_t k = levels_of(s, 0);
    for (unsigned j = 0; j < 2; j++) {
        side d = side_of(c, j == 1);
        double *out = hr_mf_out(c, j);
        for (uint32_t i = 0; i < c->n; i++)
            out[i] = hr_win_or_null(d.sign * (d.px[k][c->from + i] - d.px[k - 1][c->from + i]));
    }
}

HR_MF_DEFINE(level_gap, .step = level_gap_step)

/* One side of each row, from the best level on. */
typedef struct walk {
    double first[HR_MF_CHUNK], last[HR_MF_CHUNK]; /* prices */
    double n[HR_MF_CHUNK], total[HR_MF_CHUNK];
    double area[HR_MF_CHUNK]; /* under the quantity so far against the distance from the first */
} walk;

static void walk_side(walk *w, const side *d, const hr_mf_chunk *c, uint32_t levels)
{
    memset(w, 0, sizeof *w);
    for (uint32_t k = 0; k < levels; k++) {
        const double *px = d->px[k] + c->from;
        const double *qty = d->qty[k] + c->from;
        for (uint32_t i = 0; i < c->n; i++) {
            bool is = is_level(px[i], qty[i]);
            bool is_first = w->n[i] == 0;
            double step = d->sign * (px[i] - w->last[i]);
            double area = step * (w->total[i] + qty[i] / 2); /* a trapezium */
            w->area[i] += hr_mf_if(is & !is_first, area);
            w->first[i] = hr_mf_pick(is & is_first, px[i], w->first[i]);
            w->last[i] = hr_mf_pick(is, px[i], w->last[i]);
            w->total[i] += hr_mf_if(is, qty[i]);
            w->n[i] += hr_mf_if(is, 1);
        }
    }
}

#define WALK(fn, value)                                                                            \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        walk w;                                                                                    \
        for (unsigned j = 0; j < 2; j++) {                                                         \
            side d = side_of(c, j == 1);                                                           \
            double *out = hr_mf_out(c, j);                                                         \
            walk_side(&w, &d, c, levels_of(s, 0));                                                 \
            for (uint32_t i = 0; i < c->n; i++) {                                                  \
                double wide = d.sign * (w.last[i] - w.first[i]);                                   \
                out[i] = w.n[i] > 1 ? hr_win_or_null(value) : hr_mf_null();                        \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    HR_MF_DEFINE(fn, .step = fn##_step)

/* clang-format off */
WALK(mean_gap, wide / (w.n[i] - 1))
WALK(book_convexity, 1 - 2 * w.area[i] / (wide * w.total[i]))
/* clang-format on */

/* Naes and Skjeltorp: mean over levels of the change of the logarithm of the quantity so far by the
 * change of the price, each relative to the level before; the first level's to the mid. */
static double slope_of(const side *d, uint32_t row, uint32_t levels, double mid)
{
    double before = mid;
    double total = 0;
    double sum = 0;
    double v = 0;
    uint32_t n = 0;
    for (uint32_t k = 0; k < levels; k++) {
        double px = d->px[k][row];
        double qty = d->qty[k][row];
        if (!is_level(px, qty)) continue;
        total += qty;
        double now = hr_log_ratio(total, 1);
        double wide = fabs(px / before - 1);
        sum += (n == 0 ? now : now / v - 1) / wide;
        v = now;
        before = px;
        n++;
    }
    return hr_win_or_null(sum / n);
}

static void book_slope_step(hr_mf *s, hr_mf_chunk *c)
{
    double mid[HR_MF_CHUNK];
    find_mid(mid, c);
    for (unsigned j = 0; j < 2; j++) {
        side d = side_of(c, j == 1);
        for (uint32_t i = 0; i < c->n; i++)
            hr_mf_out(c, j)[i] = slope_of(&d, c->from + i, levels_of(s, 0), mid[i]);
    }
    for (uint32_t i = 0; i < c->n; i++)
        hr_mf_out(c, 2)[i] = hr_win_or_null((hr_mf_out(c, 0)[i] + hr_mf_out(c, 1)[i]) / 2);
}

HR_MF_DEFINE(book_slope, .step = book_slope_step)
