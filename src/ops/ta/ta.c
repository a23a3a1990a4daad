/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the library: what each operator takes and gives, and where it starts. */
#include "ops/ta/ta.h"

#include <string.h>

#include "base/attr.h"
#include "kern/kern.h"
#include "ops/ta/ta_parts.h"

#define ASK ((double)NAN)
#define MOST_ROWS 1000000
#define MOST_ROWS_EACH 4096 /* of those that go through their rows each time */

#define ROWS(named, from, usual)                                                                   \
    {                                                                                              \
        .name = (named), .kind = HR_OP_INT, .least = (from), .most = MOST_ROWS,                    \
        .by_default = (usual)                                                                      \
    }
#define ROWS_FEW(named, from, usual)                                                               \
    {                                                                                              \
        .name = (named), .kind = HR_OP_INT, .least = (from), .most = MOST_ROWS_EACH,               \
        .by_default = (usual)                                                                      \
    }
#define REAL(named, from, to, usual)                                                               \
    {                                                                                              \
        .name = (named), .kind = HR_OP_REAL, .least = (from), .most = (to), .by_default = (usual)  \
    }
#define SEED                                                                                       \
    {                                                                                              \
        .name = "seed", .kind = HR_OP_INT, .least = 0, .most = 1, .by_default = 0                  \
    }

#define TA(fn, warm, ...) BESIDE(fn, "Tulip Indicators 0.9: " #fn, warm, __VA_ARGS__)
#define BESIDE(fn, from, warm, ...)                                                                \
    {                                                                                              \
        .name = #fn, .group = "ta", .source = (from), .bytes = hr_ta_##fn##_bytes,                 \
        .init = hr_ta_##fn##_init, .run = run_##fn, .warm_up = warm_##warm,                        \
        .is_sound = hr_ta_##fn##_is_sound, __VA_ARGS__                                             \
    }
#define MATH(fn, inputs, counted, told, ...)                                                       \
    {                                                                                              \
        .name = #fn, .group = "math", .what = (told), .seed = "",                                  \
        .source = "Tulip Indicators 0.9: " #fn, .n_in = (inputs), .in = {__VA_ARGS__}, .n_out = 1, \
        .out = {""}, .unit = {(counted)}, .bytes = hr_op_no_bytes, .init = hr_op_no_init,          \
        .run = run_##fn, .warm_up = warm_none                                                      \
    }

/* By chunks: while its window is small the place of ring is that of a row in a chunk. */
static bool counts_chunks(const char *fn)
{
    static const char *const names[] = {"bbands", "stddev", "stderr", "vidya", "volatility"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (strcmp(fn, names[i]) == 0) return true;
    return false;
}

bool hr_ta_is_sound(const hr_ta *s, const hr_ta *fresh, const char *fn)
{
    bool ok = s->bytes == fresh->bytes && s->behind == 0 && s->is_small == fresh->is_small &&
              memcmp(s->n, fresh->n, sizeof s->n) == 0 && memcmp(s->p, fresh->p, sizeof s->p) == 0;
    bool by_chunks = s->is_small != 0 && counts_chunks(fn);
    for (int j = 0; j < HR_TA_RINGS && ok; j++) {
        const hr_ta_ring *r = &s->ring[j];
        uint32_t most = by_chunks && r->cap > 0 ? HR_TA_CHUNK : HR_MAX(r->cap, 1u);
        ok = r->off == fresh->ring[j].off && r->cap == fresh->ring[j].cap && r->at < most &&
             r->len <= r->cap;
    }
    return ok;
}

#define WARM(name, rows)                                                                           \
    static uint32_t warm_##name(const hr_op_args *a)                                               \
    {                                                                                              \
        (void)a;                                                                                   \
        return (uint32_t)(rows);                                                                   \
    }

/* clang-format off */
WARM(none, 0)
WARM(one, 1)
WARM(ao, 33)
WARM(n0, a->v[0])
WARM(n2, a->v[2])
WARM(n0_less_1, a->v[0] - 1)
WARM(n1_less_1, a->v[1] - 1)
WARM(ema, a->v[1] != 0 ? a->v[0] - 1 : 0)
WARM(chain2, 2 * (a->v[0] - 1))
WARM(chain3, 3 * (a->v[0] - 1))
WARM(trix, 3 * (a->v[0] - 1) + 1)
WARM(adx, 2 * (a->v[0] - 1) + a->v[1])
WARM(adxr, 3 * (a->v[0] - 1) + a->v[1])
WARM(apo, a->v[2] != 0 ? a->v[1] - 1 : 1)
WARM(atr, a->v[0] - 1 + a->v[1])
WARM(cci, 2 * (a->v[0] - 1))
WARM(cvi, 2 * a->v[0] - 1)
WARM(di, a->v[0] - 1 + a->v[1])
WARM(hma, a->v[0] + floor(sqrt(a->v[0])) - 2)
WARM(macd, a->v[1] - 1 + (a->v[3] != 0 ? a->v[2] - 1 : 0))
WARM(mass, 15 + a->v[0])
WARM(stoch, a->v[0] + a->v[1] + a->v[2] - 3)
WARM(stochrsi, 2 * a->v[0] - 1)
WARM(vidya, a->v[1] - 2)
WARM(n1_twice, 2 * a->v[0])
WARM(n0_and_1, a->v[0] + 1)
WARM(mama, 5)
WARM(zlema, floor((a->v[0] - 1) / 2) - 1)
/* clang-format on */

/* every tier gives the same bits */
#ifdef HR_KERN_X86
#define RUN(fn)                                                                                    \
    static void run_##fn(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        if (hr_kern_get()->cpu_flags & HR_CPU_AVX2)                                                \
            hr_ta_##fn##_avx2(state, r);                                                           \
        else                                                                                       \
            hr_ta_##fn##_base(state, r);                                                           \
    }
#else
#define RUN(fn)                                                                                    \
    static void run_##fn(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        hr_ta_##fn##_base(state, r);                                                               \
    }
#endif
HR_TA_EACH(RUN)
HR_TA_BESIDE(RUN)
HR_TA_MATH_EACH(RUN)

static const hr_op ops[] = {
    /* clang-format off */
    TA(ad, none,
       .what = "Accumulation and distribution: sum of (2 close - high - low) / (high - "
         "low) * volume; 0 of a row with high = low.",
       .seed = "0 before the first row",
       .n_in = 4, .in = {"high", "low", "close", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_QUANTITY}),
    TA(adosc, n1_less_1,
       .what = "Chaikin oscillator: ema(ad, short) - ema(ad, long).",
       .seed = "both averages start as the first ad",
       .n_in = 4, .in = {"high", "low", "close", "volume"},
       .n_arg = 2, .arg = {ROWS("short_period", 1, 3),
                             ROWS("long_period", 1, 10)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_QUANTITY}),
    TA(adx, adx,
       .what = "Average directional index: Wilder's average of dx.",
       .seed = "0 (Tulip): sums of the first period - 1 moves, each of two equal moves "
         "up and down counts. 1 (TA-Lib): equal moves count as none, and dx starts "
         "a row later; the mean of the first period values of dx. Where dx is null "
         "the average stays.",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 2, .arg = {ROWS("period", 2, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(adxr, adxr,
       .what = "Average directional rating: mean of adx and the adx of period - 1 rows "
         "before.",
       .seed = "as adx",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 2, .arg = {ROWS("period", 2, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(ao, ao,
       .what = "Awesome oscillator: sma((high + low) / 2, 5) - sma((high + low) / 2, 34).",
       .seed = "",
       .n_in = 2, .in = {"high", "low"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(apo, apo,
       .what = "Absolute price oscillator: ema(short) - ema(long).",
       .seed = "0 (Tulip): both start as the first row. 1 (TA-Lib): each as the mean of "
         "its first rows, null until the long one is.",
       .n_in = 1, .in = {"real"},
       .n_arg = 3, .arg = {ROWS("short_period", 1, 12),
                             ROWS("long_period", 2, 26),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(aroon, n0,
       .what = "Aroon: 100 * (period - rows since the lowest low, or the highest high, "
         "of period + 1 rows) / period; of equal ones the newest.",
       .seed = "",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 2, .out = {"down", "up"}, .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    TA(aroonosc, n0,
       .what = "Aroon oscillator: aroon up - aroon down.",
       .seed = "",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(atr, atr,
       .what = "Average true range: Wilder's average of tr.",
       .seed = "0 (Tulip): the mean of the first period values of tr, the first of them "
         "high - low. 1 (TA-Lib): of those from the second row on, a row later.",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 1, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(avgprice, none,
       .what = "Mean price: (open + high + low + close) / 4.",
       .seed = "",
       .n_in = 4, .in = {"open", "high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(bbands, n0_less_1,
       .what = "Bollinger bands: sma(period), and stddev(period) times the argument "
         "below and above it.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, 20),
                             REAL("stddev", 0, 1e6, 2)},
       .n_out = 3, .out = {"lower", "middle", "upper"},
       .unit = {HR_OP_SAME, HR_OP_SAME, HR_OP_SAME}),
    TA(bop, none,
       .what = "Balance of power: (close - open) / (high - low); 0 where high is not "
         "above low.",
       .seed = "",
       .n_in = 4, .in = {"open", "high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(cci, cci,
       .what = "Commodity channel index of p = typprice: (p - sma(p)) / (0.015 * md(p)). "
         "O(period) a row.",
       .seed = "null for 2 * period - 2 rows, as in Tulip",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 1, .arg = {ROWS_FEW("period", 2, 20)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(cmo, n0,
       .what = "Chande momentum oscillator: 100 * (gains - losses) / (gains + losses).",
       .seed = "0 (Tulip): sums of the last period changes. 1 (TA-Lib): Wilder's "
         "averages, starting as the mean of the first period changes.",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(crossany, one,
       .what = "1 where a goes above or below b, having not been there a row before; "
         "else 0.",
       .seed = "",
       .n_in = 2, .in = {"a", "b"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(crossover, one,
       .what = "1 where a is above b and was not a row before; else 0.",
       .seed = "",
       .n_in = 2, .in = {"a", "b"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(cvi, cvi,
       .what = "Chaikin volatility: change of ema(high - low, period) over period rows, "
         "percent.",
       .seed = "the average starts as the first row's",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS("period", 1, 10)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(decay, none,
       .what = "Linear decay: the larger of the row and the last value less 1 / period.",
       .seed = "the first row",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(dema, chain2,
       .what = "Double exponential average: 2 ema - ema(ema).",
       .seed = "as ema; the second average starts at row period - 1",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, ASK),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(di, di,
       .what = "Directional indicators: 100 * dm / Wilder's sum of tr.",
       .seed = "0 (Tulip): sums of the first period - 1 moves, each of two equal moves "
         "up and down counts. 1 (TA-Lib): equal moves count as none, and the first "
         "value comes a row later.",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 2, 14),
                             SEED},
       .n_out = 2, .out = {"plus", "minus"}, .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    TA(dm, n0_less_1,
       .what = "Directional movement: Wilder's sums of the rises of high and the falls "
         "of low, the larger of the two in a row.",
       .seed = "0 (Tulip): sums of the first period - 1 moves, each of two equal moves "
         "up and down counts. 1 (TA-Lib): equal moves count as none.",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 2, .arg = {ROWS("period", 2, 14),
                             SEED},
       .n_out = 2, .out = {"plus", "minus"}, .unit = {HR_OP_SAME, HR_OP_SAME}),
    TA(dpo, n0_less_1,
       .what = "Detrended price: the value of period / 2 + 1 rows before - sma(period).",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 3, 20)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(dx, di,
       .what = "Directional index: 100 * |plus - minus| / (plus + minus) of dm; null "
         "where nothing moved.",
       .seed = "0 (Tulip): sums of the first period - 1 moves, each of two equal moves "
         "up and down counts. 1 (TA-Lib): equal moves count as none, and the first "
         "value comes a row later.",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 2, .arg = {ROWS("period", 2, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(edecay, none,
       .what = "Exponential decay: the larger of the row and the last value times 1 - 1 "
         "/ period.",
       .seed = "the first row",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(ema, ema,
       .what = "Exponential average: e + (x - e) * 2 / (period + 1).",
       .seed = "0 (Tulip): the first row's value. 1 (TA-Lib): the mean of the first "
         "period rows, null until then.",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, ASK),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(emv, one,
       .what = "Ease of movement: change of (high + low) / 2, divided by volume / 10000 "
         "/ (high - low).",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(fisher, n0_less_1,
       .what = "Fisher transform of p = (high + low) / 2: v = 0.66 * (place of p in its "
         "range of period rows - 0.5) + 0.67 v, kept within 0.999; f = ln((1 + v) "
         "/ (1 - v)) / 2 + f / 2; the signal is f a row before.",
       .seed = "v and f are 0 before the first value",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS("period", 1, 10)},
       .n_out = 2, .out = {"fisher", "signal"}, .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    TA(fosc, n0,
       .what = "Forecast oscillator: 100 * (x - tsf of the row before) / x.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(hma, hma,
       .what = "Hull average: wma(2 wma(period / 2) - wma(period), whole part of the "
         "root of period).",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(kama, n0_less_1,
       .what = "Kaufman adaptive average: k + c (x - k), c = (e (2/3 - 2/31) + 2/31)^2, "
         "e = |change over period rows| / sum of |changes|; e is 1 where nothing "
         "changed.",
       .seed = "the value of row period - 1",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(kvo, one,
       .what = "Klinger volume oscillator: ema(f, short) - ema(f, long) of the force f = "
         "100 * volume * |2 (high - low) / c - 1|, negative in a falling trend; c: "
         "sum of the ranges since the row before the trend turned.",
       .seed = "both averages start as the first force; a row whose force is null is "
         "left out of them",
       .n_in = 4, .in = {"high", "low", "close", "volume"},
       .n_arg = 2, .arg = {ROWS("short_period", 1, 34),
                             ROWS("long_period", 1, 55)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_QUANTITY}),
    TA(linreg, n0_less_1,
       .what = "Least squares line through the last period rows: its value at the newest.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(linregintercept, n0_less_1,
       .what = "Least squares line through the last period rows: its value at the oldest "
         "(Tulip: at place 1 of 1 to period).",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(linregslope, n0_less_1,
       .what = "Least squares line through the last period rows: its slope a row.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(macd, macd,
       .what = "Moving average convergence and divergence: ema(short) - ema(long), "
         "ema(signal) of it, their difference.",
       .seed = "0 (Tulip): averages start as the first row, the signal at row long - 1; "
         "of 12 and 26 rows the factors are 0.15 and 0.075. 1 (TA-Lib): means of "
         "the last short and long rows at row long - 1, the signal as the mean of "
         "its first rows; null until then.",
       .n_in = 1, .in = {"real"},
       .n_arg = 4, .arg = {ROWS("short_period", 1, 12),
                             ROWS("long_period", 2, 26),
                             ROWS("signal_period", 1, 9),
                             SEED},
       .n_out = 3, .out = {"macd", "signal", "histogram"},
       .unit = {HR_OP_SAME, HR_OP_SAME, HR_OP_SAME}),
    TA(marketfi, none,
       .what = "Market facilitation index: (high - low) / volume.",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_PER}),
    TA(mass, mass,
       .what = "Mass index: sum of period values of e / ema(e, 9), e = ema(high - low, "
         "9).",
       .seed = "averages start as the first row's; the second at row 8, the sum at row 16",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS("period", 1, 25)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(md, n0_less_1,
       .what = "Mean absolute distance of the last period rows from their mean. "
         "O(period) a row.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS_FEW("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(medprice, none,
       .what = "Middle price: (high + low) / 2.",
       .seed = "",
       .n_in = 2, .in = {"high", "low"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(mfi, n0,
       .what = "Money flow index: 100 * up / (up + down), sums over period rows of "
         "typprice * volume where typprice rose, and fell.",
       .seed = "",
       .n_in = 4, .in = {"high", "low", "close", "volume"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(mom, n0,
       .what = "Momentum: the row less the value of period rows before.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 10)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(msw, n0,
       .what = "Sine wave of Mesa: sine of the phase p of the last period rows' first "
         "Fourier term plus pi / 2; lead: sin(p + pi / 4). Pi is 3.1415926, as in "
         "Tulip. O(period) a row.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS_FEW("period", 1, ASK)},
       .n_out = 2, .out = {"sine", "lead"}, .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    TA(natr, atr,
       .what = "Normalised average true range: 100 * atr / close.",
       .seed = "as atr",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 1, 14),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(nvi, none,
       .what = "Negative volume index: grows by the relative change of close in rows of "
         "less volume than the one before.",
       .seed = "1000 at the first row",
       .n_in = 2, .in = {"close", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(obv, none,
       .what = "On balance volume: sum of volume, negative where close fell, 0 where it "
         "stayed.",
       .seed = "0 at the first row",
       .n_in = 2, .in = {"close", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_QUANTITY}),
    TA(ppo, apo,
       .what = "Percentage price oscillator: 100 * (ema(short) - ema(long)) / ema(long).",
       .seed = "as apo",
       .n_in = 1, .in = {"real"},
       .n_arg = 3, .arg = {ROWS("short_period", 1, 12),
                             ROWS("long_period", 2, 26),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(psar, one,
       .what = "Parabolic stop and reverse: s + a (extreme - s), not beyond the last two "
         "rows; turns where price goes through it, a grows by the step with each "
         "new extreme.",
       .seed = "long if the middle of the second row is not below the first's; the stop "
         "is the first row's low (short: high), the extreme its other side",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 2, .arg = {REAL("acceleration_step", 1e-6, 1e6, 0.02),
                             REAL("acceleration_max", 1e-6, 1e6, 0.2)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(pvi, none,
       .what = "Positive volume index: grows by the relative change of close in rows of "
         "more volume than the one before.",
       .seed = "1000 at the first row",
       .n_in = 2, .in = {"close", "volume"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(qstick, n0_less_1,
       .what = "Qstick: sma(close - open, period).",
       .seed = "",
       .n_in = 2, .in = {"open", "close"},
       .n_arg = 1, .arg = {ROWS("period", 1, 8)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(roc, n0,
       .what = "Rate of change: (x - y) / y, y of period rows before.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 10)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(rocr, n0,
       .what = "Rate of change, ratio: x / y, y of period rows before.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 10)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(rsi, n0,
       .what = "Relative strength index: 100 * gains / (gains + losses), Wilder's "
         "averages of period rows; null where nothing changed yet.",
       .seed = "the mean of the first period changes; so in TA-Lib too",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(sma, n0_less_1,
       .what = "Simple average of the last period rows.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(stddev, n0_less_1,
       .what = "Standard deviation of the last period rows: root of var.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(stderr, n0_less_1,
       .what = "Standard error of the last period rows: stddev / root of period.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(stoch, stoch,
       .what = "Stochastic oscillator: k = sma(100 * (close - lowest) / (highest - "
         "lowest) of k_period rows, k_slowing), 0 where highest = lowest; d = "
         "sma(k, d_period). O(log k_period) a row.",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 3, .arg = {ROWS("k_period", 1, 14),
                             ROWS("k_slowing_period", 1, 3),
                             ROWS("d_period", 1, 3)},
       .n_out = 2, .out = {"k", "d"}, .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    TA(stochrsi, stochrsi,
       .what = "Stochastic rsi: place of rsi(period) in its range of the last period "
         "values, 0 to 1; 0 where it has none. O(log period) a row.",
       .seed = "as rsi; where rsi is null the row is left out",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(tema, chain3,
       .what = "Triple exponential average: 3 ema - 3 ema(ema) + ema(ema(ema)).",
       .seed = "as ema; each next average starts period - 1 rows after the one before",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, ASK),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(tr, none,
       .what = "True range: largest of high - low, |high - y|, |low - y|, y being the "
         "close of the row before.",
       .seed = "high - low at the first row",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(trima, n0_less_1,
       .what = "Triangular average: weights go up by one to the middle of the last "
         "period rows and down again.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(trix, trix,
       .what = "Change of ema(ema(ema)) from row to row, percent.",
       .seed = "as tema; 0 (Tulip) divides by the newer value, 1 (TA-Lib) by the older",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, 30),
                             SEED},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(tsf, n0_less_1,
       .what = "Least squares line through the last period rows: its value a row ahead "
         "of the newest.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 2, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(typprice, none,
       .what = "Typical price: (high + low + close) / 3.",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(ultosc, n2,
       .what = "Ultimate oscillator: 100 * (4 a + 2 b + c) / 7 of the three periods' "
         "sum(close - true low) / sum(true range).",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 3, .arg = {ROWS("short_period", 1, 7),
                             ROWS("medium_period", 1, 14),
                             ROWS("long_period", 1, 28)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(vhf, n0,
       .what = "Vertical horizontal filter: (largest - smallest of period rows) / sum of "
         "|changes| of period rows. O(log period) a row.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, 28)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(vidya, vidya,
       .what = "Variable index dynamic average: v + (x - v) * alpha * stddev(short) / "
         "stddev(long); the ratio is 0 where the long one is.",
       .seed = "the value of row long - 2",
       .n_in = 1, .in = {"real"},
       .n_arg = 3, .arg = {ROWS("short_period", 1, ASK),
                             ROWS("long_period", 2, ASK),
                             REAL("alpha", 0, 1, 0.2)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(volatility, n0,
       .what = "Yearly historical volatility: stddev(x / x of the row before - 1) * root "
         "of 252.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(vosc, n1_less_1,
       .what = "Volume oscillator: 100 * (sma(short) - sma(long)) / sma(long).",
       .seed = "",
       .n_in = 1, .in = {"volume"},
       .n_arg = 2, .arg = {ROWS("short_period", 1, ASK),
                             ROWS("long_period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(vwma, n0_less_1,
       .what = "Average of close weighed by volume, over period rows.",
       .seed = "",
       .n_in = 2, .in = {"close", "volume"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_PRICE}),
    TA(wad, one,
       .what = "Williams accumulation and distribution: sum of close - min(low, y) where "
         "close rose, of close - max(high, y) where it fell, y being the close "
         "before.",
       .seed = "0 before the second row",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(wcprice, none,
       .what = "Price weighed to the close: (high + low + 2 close) / 4.",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(wilders, n0_less_1,
       .what = "Wilder's average: w + (x - w) / period.",
       .seed = "the mean of the first period rows",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(willr, n0_less_1,
       .what = "Williams percent range: -100 * (highest - close) / (highest - lowest); 0 "
         "where they are equal. O(log period) a row.",
       .seed = "",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 1, .arg = {ROWS("period", 1, 14)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    TA(wma, n0_less_1,
       .what = "Average of the last period rows weighed by 1 (the oldest) to period.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 1, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    TA(zlema, zlema,
       .what = "Average without lag: ema of x + (x - x of (period - 1) / 2 rows before).",
       .seed = "the value of row (period - 1) / 2 - 1",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS("period", 3, ASK)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    BESIDE(atrstop, "Chande and Kroll 1994, as Stock.Indicators", n0,
       .what = "Stop that trails the close at multiplier times atr and only closes in "
         "while the trend holds: the lower band while it rises (sell), the upper "
         "while it falls (buy).",
       .seed = "atr of seed 1; rising where the close is not below the one before",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 2, 21), REAL("multiplier", 1e-6, 1e6, 3)},
       .n_out = 3, .out = {"stop", "buy", "sell"}, .unit = {HR_OP_SAME, HR_OP_SAME, HR_OP_SAME}),
    BESIDE(fcb, "Williams 1995, as Stock.Indicators", n1_twice,
       .what = "Fractal chaos bands: the newest high that is above the highs of span "
         "rows on both sides, and the newest such low; told span rows later. "
         "O(span) a row.",
       .seed = "null until there is one",
       .n_in = 2, .in = {"high", "low"},
       .n_arg = 1, .arg = {ROWS_FEW("span", 1, 2)},
       .n_out = 2, .out = {"upper", "lower"}, .unit = {HR_OP_SAME, HR_OP_SAME}),
    BESIDE(hurst, "Hurst 1951, Mandelbrot and Wallis 1969", n0,
       .what = "Hurst exponent of period log returns: slope of log(rescaled range) "
         "against log(rows) of the whole and of its 2, 4, to 32 parts of 8 rows at"
         " least. O(period) a row.",
       .seed = "",
       .n_in = 1, .in = {"real"},
       .n_arg = 1, .arg = {ROWS_FEW("period", 16, 100)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_RATIO}),
    BESIDE(mama, "Ehlers 2001", mama,
       .what = "Mesa adaptive average: its factor is fast / the turn of the phase in a "
         "row, degrees, at least slow; fama follows it at half the factor.",
       .seed = "mean of the first 6 rows",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {REAL("fast", 1e-6, 1, 0.5), REAL("slow", 1e-6, 1, 0.05)},
       .n_out = 2, .out = {"mama", "fama"}, .unit = {HR_OP_SAME, HR_OP_SAME}),
    BESIDE(mcginley, "McGinley 1990", one,
       .what = "McGinley's dynamic: m + (x - m) / (k * period * (x / m)^4).",
       .seed = "the first row, which is null",
       .n_in = 1, .in = {"real"},
       .n_arg = 2, .arg = {ROWS("period", 1, 14), REAL("k", 1e-6, 1e6, 0.6)},
       .n_out = 1, .out = {""}, .unit = {HR_OP_SAME}),
    BESIDE(supertrend, "Seban 2009, as Stock.Indicators", n0,
       .what = "Bands about (high + low) / 2 at multiplier times atr that only close in "
         "while the trend holds: the lower one while it rises, the upper while it "
         "falls.",
       .seed = "atr of seed 1; rising where the close is not below the middle",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 1, 10), REAL("multiplier", 1e-6, 1e6, 3)},
       .n_out = 3, .out = {"line", "upper", "lower"}, .unit = {HR_OP_SAME, HR_OP_SAME, HR_OP_SAME}),
    BESIDE(volstop, "Wilder 1978", n0_and_1,
       .what = "Volatility stop: the highest close since the trend turned less "
         "multiplier times atr of the row before (the lowest, and more, while it "
         "falls); turned is 1 where the close is past it.",
       .seed = "atr of seed 1; the first trend is that of the first period closes; null "
         "until it has turned once",
       .n_in = 3, .in = {"high", "low", "close"},
       .n_arg = 2, .arg = {ROWS("period", 1, 7), REAL("multiplier", 1e-6, 1e6, 3)},
       .n_out = 2, .out = {"stop", "turned"}, .unit = {HR_OP_SAME, HR_OP_RATIO}),
    MATH(acos, 1, HR_OP_RATIO, "Arc cosine, radians.", "real"),
    MATH(add, 2, HR_OP_SAME, "Sum of both.", "a", "b"),
    MATH(asin, 1, HR_OP_RATIO, "Arc sine, radians.", "real"),
    MATH(atan, 1, HR_OP_RATIO, "Arc tangent, radians.", "real"),
    MATH(ceil, 1, HR_OP_SAME, "The least whole number not below x.", "real"),
    MATH(cos, 1, HR_OP_RATIO, "Cosine of radians.", "real"),
    MATH(cosh, 1, HR_OP_RATIO, "Hyperbolic cosine.", "real"),
    MATH(div, 2, HR_OP_PER, "The first by the second.", "a", "b"),
    MATH(floor, 1, HR_OP_SAME, "The largest whole number not above x.", "real"),
    MATH(log10, 1, HR_OP_RATIO, "Logarithm to base 10.", "real"),
    MATH(mul, 2, HR_OP_PRODUCT, "Product of both.", "a", "b"),
    MATH(round, 1, HR_OP_SAME, "The largest whole number not above x + 0.5.", "real"),
    MATH(sin, 1, HR_OP_RATIO, "Sine of radians.", "real"),
    MATH(sinh, 1, HR_OP_RATIO, "Hyperbolic sine.", "real"),
    MATH(sub, 2, HR_OP_SAME, "The first less the second.", "a", "b"),
    MATH(tan, 1, HR_OP_RATIO, "Tangent of radians.", "real"),
    MATH(tanh, 1, HR_OP_RATIO, "Hyperbolic tangent.", "real"),
    MATH(todeg, 1, HR_OP_RATIO, "Degrees of radians: x * 180 / pi.", "real"),
    MATH(torad, 1, HR_OP_RATIO, "Radians of degrees: x * pi / 180.", "real"),
    MATH(trunc, 1, HR_OP_SAME, "x without its fraction.", "real"),
    /* clang-format on */
};

const hr_op_list hr_ops_ta = {.op = ops, .n = HR_ARRAY_LEN(ops)};
