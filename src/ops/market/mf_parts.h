/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_MARKET_MF_PARTS_H
#define HR_OPS_MARKET_MF_PARTS_H
/* What the market features of mf_*.c are put together from. An operator is a plan: a step makes
 * columns of its own from a chunk of rows, windows of win.h or below run over those, a finish makes
 * the outputs of what they give. Rows whose columns are null do not enter the windows.
 *
 * Logarithms and powers of two are worked out here with + - * / alone, so that every machine has
 * the same bits. */
#include <math.h>
#include <string.h>

#include "base/powers.h"
#include "expr/op.h"
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

#define HR_MF_CHUNK 64u
#define HR_MF_COLUMNS 3u
#define HR_MF_WINDOWS 3u

/** Rows [from, from + n) of r, columns made of them, and what the windows give. */
typedef struct hr_mf_chunk {
    const hr_op_rows *r;
    uint32_t from, n;
    double d[HR_MF_COLUMNS][HR_MF_CHUNK];
    double w[HR_MF_WINDOWS][HR_MF_CHUNK];
} hr_mf_chunk;

/** In front of every state; what a plan carries on is behind it, then its windows. */
typedef struct hr_mf {
    double p[HR_OP_ARG_MAX]; /* arguments */
    uint64_t off[HR_MF_WINDOWS];
    uint64_t seen;
    uint64_t max_rows;
    uint64_t spare[3];
} hr_mf;
_Static_assert(sizeof(hr_mf) == 128, "what is behind starts on a line");

typedef struct hr_mf_window {
    size_t (*bytes)(const hr_op_args *a);
    void (*init)(void *state, const hr_op_args *a);
    void (*run)(void *state, const hr_op_rows *r);
    bool (*is_sound)(const void *state, const hr_op_args *a);
    uint8_t arg; /* how wide it is */
    uint8_t col; /* of the chunk; a window of two columns takes the next too */
} hr_mf_window;

typedef struct hr_mf_plan {
    size_t carried;                               /* bytes */
    void (*begin)(hr_mf *s, const hr_op_args *a); /* may be NULL: all is 0 */
    void (*step)(hr_mf *s, hr_mf_chunk *c);
    void (*link)(hr_mf *s, hr_mf_chunk *c, unsigned window); /* before each; may be NULL */
    void (*finish)(hr_mf *s, hr_mf_chunk *c); /* NULL: out[j] is what window j gives */
    size_t (*more)(const hr_op_args *a);      /* bytes behind carried, from arguments */
    bool (*is_sound)(const hr_mf *s); /* what is carried, of a file; NULL: it is numbers alone */
    unsigned n_windows;
    hr_mf_window window[HR_MF_WINDOWS];
} hr_mf_plan;

HR_INLINE double hr_mf_null(void)
{
    return (double)NAN;
}

HR_INLINE bool hr_mf_has(double x)
{
    return x - x == 0;
}

/** x, or 0 where it is not so: without a branch, for loops that become vectors. */
HR_INLINE double hr_mf_if(bool is, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= UINT64_C(0) - is;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/** a where it is so, else b. */
HR_INLINE double hr_mf_pick(bool is, double a, double b)
{
    uint64_t x;
    uint64_t y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    x = y ^ ((x ^ y) & (UINT64_C(0) - is));
    memcpy(&a, &x, sizeof a);
    return a;
}

HR_INLINE const double *hr_mf_in(const hr_mf_chunk *c, unsigned j)
{
    return c->r->in[j] + c->from;
}

HR_INLINE double *hr_mf_out(const hr_mf_chunk *c, unsigned j)
{
    return c->r->out[j] + c->from;
}

HR_INLINE const int64_t *hr_mf_ts(const hr_mf_chunk *c)
{
    return c->r->ts + c->from;
}

HR_INLINE void *hr_mf_carried(hr_mf *s)
{
    return s + 1;
}

HR_INLINE const void *hr_mf_carried_of(const hr_mf *s)
{
    return s + 1;
}

size_t hr_mf_bytes(const hr_mf_plan *plan, const hr_op_args *a);
void hr_mf_init(const hr_mf_plan *plan, void *state, const hr_op_args *a);
void hr_mf_run(const hr_mf_plan *plan, void *state, const hr_op_rows *r);
bool hr_mf_is_sound(const hr_mf_plan *plan, const void *state, const hr_op_args *a);

#define HR_MF_LN2 HR_LN2
#define HR_MF_PI 3.14159265358979323846264338328

/** 2^-x of x >= 0, and 1 - 2^-x, which does not cancel. */
HR_INLINE double hr_mf_fade(double x, double *gone)
{
    *gone = 1;
    if (!(x < 1000)) return 0;
    double n = floor(x + 0.5);
    double t = (n - x) * HR_MF_LN2; /* e^t - 1 = t + t^2 (1 / 2! + t / 3! + ...) */
    double t2 = t * t;
    double t4 = t2 * t2;
    double a = (1.0 / 2 + t * (1.0 / 6)) + t2 * (1.0 / 24 + t * (1.0 / 120));
    double b = (1.0 / 720 + t * (1.0 / 5040)) + t2 * (1.0 / 40320 + t * (1.0 / 362880));
    double c =
        (1.0 / 3628800 + t * (1.0 / 39916800)) + t2 * (1.0 / 479001600 + t * (1.0 / 6227020800));
    double q = t + t2 * (a + t4 * (b + t4 * c));
    uint64_t bits = (uint64_t)(1023 - (int64_t)n) << 52; /* 2^-n */
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    double keep = (1 + q) * scale;
    *gone = x < 0.5 ? -q : 1 - keep;
    return keep;
}

/** The event clock: the newest time so far, in ns since the first. */
typedef struct hr_mf_clock {
    int64_t first, newest;
    uint64_t has;
} hr_mf_clock;

HR_INLINE double hr_mf_now(hr_mf_clock *k, int64_t ts)
{
    if (!k->has) *k = (hr_mf_clock){.first = ts, .newest = ts, .has = 1};
    if (ts > k->newest) k->newest = ts;
    return (double)((uint64_t)k->newest - (uint64_t)k->first);
}

/* Sums of a window; x and y are its columns. */
HR_INLINE void hr_mf_join1(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] + b[0];
}

HR_INLINE void hr_mf_join2(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] + b[0];
    out[1] = a[1] + b[1];
}

HR_INLINE void hr_mf_join3(double *out, const double *a, const double *b, const hr_fold_part *p)
{
    (void)p;
    out[0] = a[0] + b[0];
    out[1] = a[1] + b[1];
    out[2] = a[2] + b[2];
}

void hr_mf_window_ratio(void *state, const hr_op_rows *r); /* sum x / sum y */

size_t hr_mf_sums1_bytes(const hr_op_args *a);
size_t hr_mf_sums2_bytes(const hr_op_args *a);
size_t hr_mf_sums3_bytes(const hr_op_args *a);
void hr_mf_sums1_init(void *state, const hr_op_args *a);
void hr_mf_sums2_init(void *state, const hr_op_args *a);
void hr_mf_sums3_init(void *state, const hr_op_args *a);

/** A window of win.h, `size` naming the functions of its state; one of sums of our own. */
#define HR_MF_ON(run_, size, arg_, col_)                                                           \
    {                                                                                              \
        .bytes = hr_win_bytes_##size, .init = hr_win_init_##size, .run = (run_),                   \
        .is_sound = hr_win_is_sound_##size, .arg = (arg_), .col = (col_)                           \
    }
#define HR_MF_SUMS(run_, n, arg_, col_)                                                            \
    {                                                                                              \
        .bytes = hr_mf_sums##n##_bytes, .init = hr_mf_sums##n##_init, .run = (run_),               \
        .is_sound = hr_fold_is_sound, .arg = (arg_), .col = (col_)                                 \
    }

#define HR_MF_DECLARE(fn)                                                                          \
    size_t hr_mf_##fn##_bytes(const hr_op_args *a);                                                \
    void hr_mf_##fn##_init(void *state, const hr_op_args *a);                                      \
    void hr_mf_##fn##_run(void *state, const hr_op_rows *r);                                       \
    bool hr_mf_##fn##_is_sound(const void *state, const hr_op_args *a);

/* ... is the plan's fields */
#define HR_MF_DEFINE(fn, ...)                                                                      \
    static const hr_mf_plan fn##_plan = {__VA_ARGS__};                                             \
    size_t hr_mf_##fn##_bytes(const hr_op_args *a)                                                 \
    {                                                                                              \
        return hr_mf_bytes(&fn##_plan, a);                                                         \
    }                                                                                              \
    void hr_mf_##fn##_init(void *state, const hr_op_args *a)                                       \
    {                                                                                              \
        hr_mf_init(&fn##_plan, state, a);                                                          \
    }                                                                                              \
    void hr_mf_##fn##_run(void *state, const hr_op_rows *r)                                        \
    {                                                                                              \
        hr_mf_run(&fn##_plan, state, r);                                                           \
    }                                                                                              \
    bool hr_mf_##fn##_is_sound(const void *state, const hr_op_args *a)                             \
    {                                                                                              \
        return hr_mf_is_sound(&fn##_plan, state, a);                                               \
    }

/* clang-format off */
#define HR_MF_EACH_SHAPE(X)                                                                        \
    X(weighted_mid) X(queue_imbalance) X(log_queue_ratio) X(relative_spread_bps) X(log_spread)     \
    X(quote_slope) X(log_quote_slope) X(weighted_mid_levels) X(imbalance) X(weighted_imbalance)    \
    X(depth) X(notional_depth) X(depth_within) X(imbalance_within) X(levels_within) X(book_vwap)   \
    X(vwap_spread_bps) X(level_gap) X(mean_gap) X(depth_hhi) X(depth_entropy)                      \
    X(depth_distance_bps) X(pressure) X(book_slope) X(book_convexity) X(fill_price) X(fill_limit)  \
    X(sweep_cost_bps) X(round_trip_cost_bps) X(notional_fill_price)
#define HR_MF_EACH_RETURN(X)                                                                       \
    X(log_return) X(realised_variance) X(realised_vol) X(bipower) X(jump_share) X(medrv) X(minrv)  \
    X(realised_skew) X(realised_kurt) X(semivariance) X(signed_jump) X(variance_ratio)             \
    X(signature_vol) X(two_scale_variance) X(noise_variance) X(zhou_variance) X(return_autocorr)   \
    X(efficiency) X(parkinson) X(garman_klass) X(rogers_satchell) X(yang_zhang) X(corwin_schultz) \
    X(quarticity) X(abdi_ranaldo)
#define HR_MF_EACH_QUOTE(X)                                                                        \
    X(ofi) X(ofi_level) X(mlofi) X(mlofi_decay) X(ofi_scaled) X(time_mean_spread_bps) X(twap)      \
    X(touch_age) X(mid_age) X(touch_life) X(spread_recovery) X(microprice)
#define HR_MF_EACH_RATE(X)                                                                         \
    X(queue_depletion) X(queue_growth) X(quote_rate) X(arrival_intensity) X(excitation_ratio)      \
    X(volume_rate) X(notional_rate) X(arrival_imbalance) X(flow_decay) X(cancel_rate)              \
    X(mid_momentum_bps)
#define HR_MF_EACH_TRADE(X)                                                                        \
    X(tick_sign) X(lee_ready) X(emo_sign) X(clnv_sign) X(signed_volume) X(trade_imbalance)         \
    X(buy_share) X(sign_run) X(mean_run) X(sign_autocorr) X(effective_spread)                      \
    X(effective_spread_bps) X(roll_spread) X(kyle_lambda) X(hasbrouck_lambda) X(amihud) X(vwap)    \
    X(vwap_deviation_bps) X(large_trade_share) X(mean_trade_size) X(relative_trade_size)           \
    X(interarrival) X(burstiness) X(uptick_ratio) X(midpoint_crossings) X(spread_crossings)        \
    X(touch_trade_share) X(update_trade_ratio) X(realised_spread) X(price_impact) X(vpin)

HR_MF_EACH_SHAPE(HR_MF_DECLARE)
HR_MF_EACH_RETURN(HR_MF_DECLARE)
HR_MF_EACH_QUOTE(HR_MF_DECLARE)
HR_MF_EACH_RATE(HR_MF_DECLARE)
HR_MF_EACH_TRADE(HR_MF_DECLARE)
/* clang-format on */

#endif
