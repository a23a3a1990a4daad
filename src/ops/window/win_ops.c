/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/op_window.h"

#include <math.h>

#include "ops/window/win.h"

#define FULL "null until the window holds its rows; by time from the first row on"
#define CHAN "Chan, Golub and LeVeque 1979; Pebay 2008"
#define ROWS_MOST 16777216.0
#define NEEDED ((double)NAN)
#define LONGEST 8.64e15 /* 100 days */
#define ENDED "null until a window has ended"
#define WINDOW_AS(name_)                                                                           \
    {                                                                                              \
        .name = name_, .kind = HR_OP_WINDOW, .least = 1, .most = ROWS_MOST, .by_default = NEEDED   \
    }
#define LEVEL(name_)                                                                               \
    {                                                                                              \
        .name = name_, .kind = HR_OP_REAL, .least = -1e300, .most = 1e300, .by_default = NEEDED    \
    }
#define DURATION(name_)                                                                            \
    {                                                                                              \
        .name = name_, .kind = HR_OP_TIME, .least = 1e3, .most = LONGEST, .by_default = NEEDED     \
    }
#define AGE                                                                                        \
    {                                                                                              \
        .name = "age", .kind = HR_OP_TIME, .least = 1e3, .most = LONGEST, .by_default = LONGEST,   \
        .is_off = true                                                                             \
    }
#define PART                                                                                       \
    {                                                                                              \
        .name = "q", .kind = HR_OP_REAL, .least = 0, .most = 1, .by_default = NEEDED               \
    }

#define OP_RUN(name_, what_, seed_, source_, unit_, run_)                                          \
    .name = #name_, .group = "window", .what = what_, .seed = seed_, .source = source_,            \
    .n_out = 1, .out = {""}, .unit = {unit_}, .run = hr_win_##run_
#define OP(name_, what_, seed_, source_, unit_) OP_RUN(name_, what_, seed_, source_, unit_, name_)
#define LATE_OP(name_, what_, seed_, source_, unit_)                                               \
    OP_RUN(name_, what_, seed_, source_, unit_, late_##name_)
#define STATE_AS(size, warm, sound)                                                                \
    .bytes = hr_win_bytes_##size, .init = hr_win_init_##size, .warm_up = hr_win_warm_up##warm,     \
    .is_sound = hr_win_is_sound_##sound
#define STATE(size, warm) STATE_AS(size, warm, size)
#define CARRIED(start)                                                                             \
    .bytes = hr_win_bytes_carried, .init = hr_win_init_##start, .warm_up = hr_win_warm_up_none,    \
    .is_sound = hr_win_is_sound_##start
#define OF_X .n_in = 1, .in = {"x"}
#define OF_XY .n_in = 2, .in = {"x", "y"}
#define IN_WINDOW .n_arg = 1, .arg = {WINDOW_AS("window")}
#define LATENESS                                                                                   \
    {                                                                                              \
        .name = "late", .kind = HR_OP_TIME, .least = 0, .most = LONGEST, .by_default = 0,          \
        .is_off = true                                                                             \
    }
#define IN_WINDOW_LATE .n_arg = 2, .arg = {WINDOW_AS("window"), LATENESS}
#define IN_WINDOW_AND_PART .n_arg = 2, .arg = {WINDOW_AS("window"), PART}

#define TUMBLE(form, name, what, unit)                                                             \
    {OP(form##_##name, what " of the newest window [k w, (k + 1) w) that has ended", ENDED, "",    \
        unit),                                                                                     \
     OF_X, IN_WINDOW, STATE(form, )},
#define HOP(form, name, what, unit)                                                                \
    {OP(form##_##name, what " of the newest window [k every - w, k every) that has ended", ENDED,  \
        "", unit),                                                                                 \
     OF_X, EVERY, STATE(form, _hop)},
#define SESSION(form, name, what, unit)                                                            \
    {OP(form##_##name, what " since the last pause longer than gap", "the first row of each", "",  \
        unit),                                                                                     \
     OF_X, .n_arg = 1, .arg = {DURATION("gap")}, STATE(form, _none)},
#define EVERY .n_arg = 2, .arg = {WINDOW_AS("window"), WINDOW_AS("every")}

/* Behind another window of time over the same rows. */
#define BEHIND(name_, size)                                                                        \
    static const hr_op behind_##name_ = {.name = #name_,                                           \
                                         .group = "window",                                        \
                                         .n_in = 2,                                                \
                                         .in = {"x", "start"},                                     \
                                         .n_out = 1,                                               \
                                         .out = {""},                                              \
                                         .bytes = hr_win_bytes_behind_##size,                      \
                                         .init = hr_win_init_behind_##size,                        \
                                         .run = hr_win_##name_##_behind,                           \
                                         .is_sound = hr_win_is_sound_behind};
BEHIND(sum, one)
BEHIND(mean, one)
BEHIND(min, one)
BEHIND(max, one)
BEHIND(var, three)
BEHIND(vars, three)
BEHIND(std, three)
BEHIND(stds, three)
BEHIND(zscore, three)
#define SHARED(name_) .behind = &behind_##name_, .rows_behind = hr_win_rows_behind

static const hr_op ops[] = {
    {LATE_OP(sum, "sum of x over the window", FULL, "", HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_sums, ), SHARED(sum)},
    {LATE_OP(mean, "sum of x over the window / its rows", FULL, "", HR_OP_SAME), OF_X,
     IN_WINDOW_LATE, STATE(late_sums, ), SHARED(mean)},
    {LATE_OP(min, "least x of the window", FULL, "", HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_ends, ), SHARED(min)},
    {LATE_OP(max, "greatest x of the window", FULL, "", HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_ends, ), SHARED(max)},
    {LATE_OP(var, "population variance: sum (x - mean)^2 / n", FULL, CHAN, HR_OP_SQUARE), OF_X,
     IN_WINDOW_LATE, STATE(late_spreads, ), SHARED(var)},
    {OP(vars, "sample variance: sum (x - mean)^2 / (n - 1); null of one row", FULL, CHAN,
        HR_OP_SQUARE),
     OF_X, IN_WINDOW, STATE(moments, ), SHARED(vars)},
    {LATE_OP(std, "root of the population variance", FULL, CHAN, HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_spreads, ), SHARED(std)},
    {OP(stds, "root of the sample variance; null of one row", FULL, CHAN, HR_OP_SAME), OF_X,
     IN_WINDOW, STATE(moments, ), SHARED(stds)},
    {OP(zscore, "(newest x - mean) / std; null where std is 0", FULL, CHAN, HR_OP_RATIO), OF_X,
     IN_WINDOW, STATE(moments, ), SHARED(zscore)},
    {OP(skew, "m3 / m2^1.5, mk = sum (x - mean)^k / n; null where m2 is 0", FULL, CHAN,
        HR_OP_RATIO),
     OF_X, IN_WINDOW, STATE(four, )},
    {OP(kurt, "excess: m4 / m2^2 - 3, mk = sum (x - mean)^k / n; null where m2 is 0", FULL, CHAN,
        HR_OP_RATIO),
     OF_X, IN_WINDOW, STATE(four, )},
    {OP(cov, "population covariance: sum (x - mean x)(y - mean y) / n", FULL, CHAN, HR_OP_PRODUCT),
     OF_XY, IN_WINDOW, STATE(five, )},
    {OP(corr, "cov(x, y) / (std x std y), within -1 to 1; null where either is 0", FULL, CHAN,
        HR_OP_RATIO),
     OF_XY, IN_WINDOW, STATE(five, )},
    {OP(beta, "slope of x on y: cov(x, y) / var(y); null where var(y) is 0", FULL, CHAN, HR_OP_PER),
     OF_XY, IN_WINDOW, STATE(five, )},
    {OP(slope, "least squares slope of x: a row, or by time a second; null where times are one",
        FULL, CHAN, HR_OP_ANY),
     OF_X, IN_WINDOW, STATE(five, )},
    {OP(rank,
        "mean place of the newest x among the window's, 0 to 1: (less + (equal - 1) / 2) / (n - 1)",
        FULL, "", HR_OP_RATIO),
     OF_X, IN_WINDOW, STATE_AS(order, , rank), .room = hr_win_room_order},
    {OP(quantile, "quantile of the window, between neighbours by place: place q (n - 1)", FULL,
        "Hyndman and Fan 1996, definition 7", HR_OP_SAME),
     OF_X, IN_WINDOW_AND_PART, STATE_AS(order, , quantile), .room = hr_win_room_order},
    {OP(sketch, "x at place floor(q (n - 1)) of the window's, within 1/128 of it", FULL,
        "Masson, Rim and Lee 2019 (DDSketch)", HR_OP_SAME),
     OF_X, IN_WINDOW_AND_PART, STATE(sketch, )},
    {LATE_OP(first, "oldest x of the window", FULL, "", HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_places, )},
    {LATE_OP(last, "newest x of the window", FULL, "", HR_OP_SAME), OF_X, IN_WINDOW_LATE,
     STATE(late_places, )},
    {LATE_OP(count, "rows in the window", "", "", HR_OP_COUNT), OF_X, IN_WINDOW_LATE,
     STATE(late_places, _none)},
    {OP(lag, "x so many rows before, or by time of the newest row at least so old",
        "null until there is such a row", "", HR_OP_SAME),
     OF_X, IN_WINDOW, STATE(past, _lag)},
    {OP(diff, "x - lag(x, window)", "null until there is such a row", "", HR_OP_SAME), OF_X,
     IN_WINDOW, STATE(past, _lag)},
    {OP(pct, "(x - lag) / lag; null where lag is 0", "null until there is such a row", "",
        HR_OP_RATIO),
     OF_X, IN_WINDOW, STATE(past, _lag)},
    {OP(cumsum, "sum of all x so far", "", "Knuth, TAOCP 2, 4.2.2: two-sum", HR_OP_SAME), OF_X,
     STATE(carried, _none)},
    {OP(cummean, "sum of all x so far / their number", "", "Knuth, TAOCP 2, 4.2.2: two-sum",
        HR_OP_SAME),
     OF_X, STATE(carried, _none)},
    {OP(cummin, "least x so far", "", "", HR_OP_SAME), OF_X, STATE(carried, _none)},
    {OP(cummax, "greatest x so far", "", "", HR_OP_SAME), OF_X, STATE(carried, _none)},
    {OP(cumcount, "rows with an x so far", "", "", HR_OP_COUNT), OF_X, STATE(carried, _none)},
    {OP(ewma, "e += 2 / (span + 1) (x - e)", "the first x", "", HR_OP_SAME), OF_X, .n_arg = 1,
     .arg = {{.name = "span", .kind = HR_OP_REAL, .least = 1, .most = 1e9, .by_default = NEEDED}},
     CARRIED(span)},
    {OP(ewma_alpha, "e += alpha (x - e)", "the first x", "", HR_OP_SAME), OF_X, .n_arg = 1,
     .arg = {{.name = "alpha", .kind = HR_OP_REAL, .least = 1e-9, .most = 1, .by_default = NEEDED}},
     CARRIED(alpha)},
    {OP(ewma_time, "mean of all x so far, each weighing 2^(-age / half)", "the first x", "",
        HR_OP_SAME),
     OF_X, .n_arg = 1, .arg = {DURATION("half")}, CARRIED(half)},
    {OP(fill,
        "newest x that was not null, in rows without one too; null where it is older than age", "",
        "", HR_OP_SAME),
     OF_X, .n_arg = 1, .arg = {AGE}, STATE(latch, _none)},
    {OP(since, "seconds since x was last not null, in rows without one too", "", "", HR_OP_SPAN),
     OF_X, .by_times = true, STATE(latch, _none)},
    {OP(changed, "1 where x is not what it was the row before, else 0",
        "null until there is such a row", "", HR_OP_RATIO),
     OF_X, STATE(latch, _one)},
    {OP(hysteresis, "1 from x >= above on until x <= below, else 0", "0", "Schmitt 1938",
        HR_OP_RATIO),
     OF_X, .n_arg = 2, .arg = {LEVEL("above"), LEVEL("below")}, STATE(switch, _none)},
    /* clang-format off */
    HR_WIN_PANE_EACH(TUMBLE, tumble)
    HR_WIN_PANE_EACH(HOP, hop)
    HR_WIN_PANE_EACH(SESSION, session)
    /* clang-format on */
};

const hr_op_list hr_ops_window = {.op = ops, .n = HR_ARRAY_LEN(ops)};
