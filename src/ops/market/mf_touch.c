/* SPDX-License-Identifier: Apache-2.0 */
/* The best level alone: nothing is carried from row to row. Not finite out is null; a null in gives
 * one, since each value is made of all inputs. */
#include "ops/market/mf_parts.h"

#define TOUCH(fn, value)                                                                           \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        (void)s;                                                                                   \
        const double *bid_px = hr_mf_in(c, 0);                                                     \
        const double *bid_qty = hr_mf_in(c, 1);                                                    \
        const double *ask_px = hr_mf_in(c, 2);                                                     \
        const double *ask_qty = hr_mf_in(c, 3);                                                    \
        double *out = hr_mf_out(c, 0);                                                             \
        for (uint32_t i = 0; i < c->n; i++) {                                                      \
            double bp = bid_px[i];                                                                 \
            double bq = bid_qty[i];                                                                \
            double ap = ask_px[i];                                                                 \
            double aq = ask_qty[i];                                                                \
            out[i] = hr_win_or_null(value);                                                        \
        }                                                                                          \
    }                                                                                              \
    HR_MF_DEFINE(fn, .step = fn##_step)

#define PAIR(fn, value)                                                                            \
    static void fn##_step(hr_mf *s, hr_mf_chunk *c)                                                \
    {                                                                                              \
        (void)s;                                                                                   \
        const double *bid = hr_mf_in(c, 0);                                                        \
        const double *ask = hr_mf_in(c, 1);                                                        \
        double *out = hr_mf_out(c, 0);                                                             \
        for (uint32_t i = 0; i < c->n; i++) {                                                      \
            double b = bid[i];                                                                     \
            double a = ask[i];                                                                     \
            out[i] = hr_win_or_null(value);                                                        \
        }                                                                                          \
    }                                                                                              \
    HR_MF_DEFINE(fn, .step = fn##_step)

/* of quantities whose logarithm is not above 0 there is no slope */
HR_INLINE double per_log_size(double x, double bq, double aq)
{
    double size = hr_log_ratio(bq, 1) + hr_log_ratio(aq, 1);
    return size > 0 ? x / size : hr_mf_null();
}

/* clang-format off */
TOUCH(weighted_mid, (bp * aq + ap * bq) / (bq + aq))
TOUCH(quote_slope, per_log_size(ap - bp, bq, aq))
TOUCH(log_quote_slope, per_log_size(hr_log_ratio(ap, bp), bq, aq))
PAIR(queue_imbalance, (b - a) / (b + a))
PAIR(log_queue_ratio, hr_log_ratio(b, a))
PAIR(relative_spread_bps, 20000 * (a - b) / (a + b))
PAIR(log_spread, hr_log_ratio(a, b))
/* clang-format on */
