/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the market features: what each takes and gives, and where it starts. */
#include "ops/market/op_market.h"

#include "ops/market/mf_parts.h"

#define NEEDED ((double)NAN)
#define ROWS_MOST 16777216.0
#define FULL "null until the window holds its rows; by time from the first on"
#define RATE "the first row opens the clock and is not counted; null at its time"

/* clang-format off */
#define ARG(named, of, from, to, usual)                                                            \
    {                                                                                              \
        .name = (named), .kind = (of), .least = (from), .most = (to), .by_default = (usual)        \
    }
#define WINDOW(named) ARG(named, HR_OP_WINDOW, 1, ROWS_MOST, NEEDED)
#define TIME(named) ARG(named, HR_OP_TIME, 1e3, 8.64e15, NEEDED)
#define ROWS(named, from, usual) ARG(named, HR_OP_INT, from, 1000000, usual)
#define INT(named, from, to, usual) ARG(named, HR_OP_INT, from, to, usual)
#define LEVELS(named, from, usual) ARG(named, HR_OP_INT, from, HR_OP_LEVEL_MAX, usual)
#define LEVEL(named, from, usual) ARG(named, HR_OP_INT, from, HR_OP_LEVEL_MAX - 1.0, usual)
#define REAL(named, from, to, usual) ARG(named, HR_OP_REAL, from, to, usual)

#define OF_TOUCH                                                                                   \
    .n_in = 4, .in = {"bid_px", "bid_qty", "ask_px", "ask_qty"},                                   \
    .column = {"bid_px[0]", "bid_qty[0]", "ask_px[0]", "ask_qty[0]"}
#define OF_PRICES .n_in = 2, .in = {"bid_px", "ask_px"}, .column = {"bid_px[0]", "ask_px[0]"}
#define OF_QUEUES .n_in = 2, .in = {"bid_qty", "ask_qty"}, .column = {"bid_qty[0]", "ask_qty[0]"}
#define OF_PX .n_in = 1, .in = {"px"}, .column = {"trade.px"}
#define OF_QTY .n_in = 1, .in = {"qty"}, .column = {"trade.qty"}
#define OF_SIDE .n_in = 1, .in = {"side"}, .column = {"trade.side"}
#define OF_PX_QTY .n_in = 2, .in = {"px", "qty"}, .column = {"trade.px", "trade.qty"}
#define OF_QTY_SIDE .n_in = 2, .in = {"qty", "side"}, .column = {"trade.qty", "trade.side"}
#define OF_PX_SIDE .n_in = 2, .in = {"px", "side"}, .column = {"trade.px", "trade.side"}
#define OF_X .n_in = 1, .in = {"x"}, .column = {"mid"}
#define OF_X_TRADE .n_in = 1, .in = {"x"}, .column = {"trade.px"}
#define OF_PX_TOUCH                                                                                \
    .n_in = 3, .in = {"px", "bid_px", "ask_px"},                                                   \
    .column = {"trade.px", "bid_px[0]", "ask_px[0]"}
#define OF_PX_MID .n_in = 2, .in = {"px", "mid"}, .column = {"trade.px", "mid"}
#define OF_PX_SIDE_MID                                                                             \
    .n_in = 3, .in = {"px", "side", "mid"},                                                        \
    .column = {"trade.px", "trade.side", "mid"}
#define OF_TOUCH_TRADE                                                                             \
    .n_in = 6, .in = {"bid_px", "bid_qty", "ask_px", "ask_qty", "qty", "side"},                    \
    .column = {"bid_px[0]", "bid_qty[0]", "ask_px[0]", "ask_qty[0]", "trade.qty", "trade.side"}
#define OF_X_SPREAD .n_in = 1, .in = {"x"}, .column = {"spread"}
#define OF_MID_QTY_SIDE                                                                            \
    .n_in = 3, .in = {"mid", "qty", "side"},                                                       \
    .column = {"mid", "trade.qty", "trade.side"}
#define OF_MID_TRADE                                                                               \
    .n_in = 4, .in = {"mid", "px", "qty", "side"},                                                 \
    .column = {"mid", "trade.px", "trade.qty", "trade.side"}

#define ONE(of) .n_out = 1, .out = {""}, .unit = {HR_OP_##of}
#define BID_ASK(of) .n_out = 2, .out = {"bid", "ask"}, .unit = {HR_OP_##of, HR_OP_##of}
#define BUY_SELL(of) .n_out = 2, .out = {"buy", "sell"}, .unit = {HR_OP_##of, HR_OP_##of}
#define BID_ASK_BOTH(of)                                                                           \
    .n_out = 3, .out = {"bid", "ask", "both"}, .unit = {HR_OP_##of, HR_OP_##of, HR_OP_##of}
#define MF(fn, of, warm, told, start, from, ...)                                                   \
    {                                                                                              \
        .name = #fn, .group = (of), .what = (told), .seed = (start), .source = (from),             \
        .bytes = hr_mf_##fn##_bytes, .init = hr_mf_##fn##_init, .run = hr_mf_##fn##_run,           \
        .warm_up = warm_##warm, .is_sound = hr_mf_##fn##_is_sound, __VA_ARGS__                     \
    }

/* Levels that are read: as many as an argument says, or as its place in the book needs. */
static uint32_t levels_0(const hr_op_args *a)
{
    return (uint32_t)a->v[0];
}

static uint32_t levels_1(const hr_op_args *a)
{
    return (uint32_t)a->v[1];
}

static uint32_t levels_after(const hr_op_args *a)
{
    return (uint32_t)a->v[0] + 1;
}

static uint32_t warm_none(const hr_op_args *a)
{
    (void)a;
    return 0;
}

static uint32_t warm_one(const hr_op_args *a)
{
    (void)a;
    return 1;
}

/* Windows of time have no rows that have to come first. */
#define WARM(name, window, rows)                                                                   \
    static uint32_t warm_##name(const hr_op_args *a)                                               \
    {                                                                                              \
        return a->is_time[window] ? 0 : (uint32_t)(rows);                                          \
    }

WARM(n0, 0, a->v[0])
WARM(n0_less_1, 0, a->v[0] - 1)
WARM(n0_plus_1, 0, a->v[0] + 1)
WARM(n0_plus_2, 0, a->v[0] + 2)
WARM(stretch, 0, HR_MAX(a->v[0] - 1, 1))
WARM(twice, 0, 2 * (a->v[0] - 1))
WARM(recovery, 0, 2 * a->v[0])
WARM(n1, 1, a->v[1])
WARM(n1_plus_1, 1, a->v[1] + 1)
WARM(long, 1, a->v[0] + a->v[1] - 1)
WARM(lagged, 1, a->v[0] + a->v[1])

static const hr_op ops[] = {
    MF(weighted_mid, "book", none,
       "(bid_px ask_qty + ask_px bid_qty) / (bid_qty + ask_qty): the mid drawn to the thinner "
       "side, the plain microprice.", "", "Gatheral and Oomen 2010", OF_TOUCH, ONE(PRICE)),
    MF(queue_imbalance, "book", none,
       "(bid_qty - ask_qty) / (bid_qty + ask_qty), of the best levels.", "",
       "Gould and Bonart 2016", OF_QUEUES, ONE(RATIO)),
    MF(log_queue_ratio, "book", none,
       "ln(bid_qty / ask_qty), of the best levels.", "", "", OF_QUEUES, ONE(RATIO)),
    MF(relative_spread_bps, "book", none,
       "10000 (ask_px - bid_px) / mid.", "", "", OF_PRICES, ONE(RATIO)),
    MF(log_spread, "book", none,
       "ln(ask_px / bid_px).", "", "Hasbrouck and Seppi 2001", OF_PRICES, ONE(RATIO)),
    MF(quote_slope, "book", none,
       "(ask_px - bid_px) / (ln bid_qty + ln ask_qty); null where the sum of logarithms is not "
       "above 0.", "", "Hasbrouck and Seppi 2001", OF_TOUCH, ONE(PRICE)),
    MF(log_quote_slope, "book", none,
       "ln(ask_px / bid_px) / (ln bid_qty + ln ask_qty); null where the sum of logarithms is not "
       "above 0.", "", "Hasbrouck and Seppi 2001", OF_TOUCH, ONE(RATIO)),
    MF(weighted_mid_levels, "book", none,
       "(Vb A + Va B) / (A + B): B and A the quantities of the sides over the levels, Vb and Va "
       "their mean prices by quantity.", "", "", .levels = levels_0, .n_arg = 1,
       .arg = {LEVELS("levels", 1, 10)}, ONE(PRICE)),
    MF(imbalance, "book", none,
       "(B - A) / (B + A), the quantities of the sides over the levels; null where a side has "
       "none.", "", "Cao, Hansch and Wang 2009", .levels = levels_0, .n_arg = 1,
       .arg = {LEVELS("levels", 1, 10)}, ONE(RATIO)),
    MF(weighted_imbalance, "book", none,
       "(B - A) / (B + A), B and A sums over the levels k = 0, 1, ... of decay^k times the "
       "quantity.", "", "", .levels = levels_0, .n_arg = 2,
       .arg = {LEVELS("levels", 1, 10), REAL("decay", 1e-6, 1, 0.5)}, ONE(RATIO)),
    MF(depth, "book", none,
       "Sum of the quantities over the levels, of each side and of both.", "", "",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, BID_ASK_BOTH(QUANTITY)),
    MF(notional_depth, "book", none,
       "Sum of price times quantity over the levels, of each side and of both.", "", "",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, BID_ASK_BOTH(ANY)),
    MF(depth_within, "book", none,
       "Sum of the quantities of the levels no farther than bps / 10000 of the mid from it, of "
       "each side and of both; 0 where there are none, null without a mid.", "", "",
       .levels = levels_1, .n_arg = 2,
       .arg = {REAL("bps", 1e-6, 1e6, NEEDED), LEVELS("levels", 1, 50)}, BID_ASK_BOTH(QUANTITY)),
    MF(imbalance_within, "book", none,
       "(B - A) / (B + A), the quantities of the sides no farther than bps / 10000 of the mid "
       "from it.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("bps", 1e-6, 1e6, NEEDED), LEVELS("levels", 1, 50)}, ONE(RATIO)),
    MF(levels_within, "book", none,
       "Number of levels no farther than bps / 10000 of the mid from it, of each side; null "
       "without a mid.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("bps", 1e-6, 1e6, NEEDED), LEVELS("levels", 1, 50)}, BID_ASK(COUNT)),
    MF(book_vwap, "book", none,
       "Sum of price times quantity / sum of quantity over the levels, of each side.", "", "",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, BID_ASK(PRICE)),
    MF(vwap_spread_bps, "book", none,
       "20000 (Va - Vb) / (Va + Vb), Va and Vb the mean prices by quantity of the sides over the "
       "levels.", "", "", .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)},
       ONE(RATIO)),
    MF(level_gap, "book", none,
       "Distance of the price of level k from that of level k - 1, of each side.", "", "",
       .levels = levels_after, .n_arg = 1, .arg = {LEVEL("k", 1, NEEDED)}, BID_ASK(PRICE)),
    MF(mean_gap, "book", none,
       "Mean distance between neighbours: |last - first price| / (n - 1) over the n levels, of "
       "each side; null of one level.", "", "", .levels = levels_0, .n_arg = 1,
       .arg = {LEVELS("levels", 2, 10)}, BID_ASK(PRICE)),
    MF(depth_hhi, "book", none,
       "Concentration of the quantity: sum of squares / square of the sum over the levels, of "
       "each side; 1: all in one.", "", "Herfindahl 1950", .levels = levels_0, .n_arg = 1,
       .arg = {LEVELS("levels", 1, 10)}, BID_ASK(RATIO)),
    MF(depth_entropy, "book", none,
       "-sum of s ln s over the levels, s the share of a level in the quantity of its side.", "",
       "Shannon 1948", .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)},
       BID_ASK(RATIO)),
    MF(depth_distance_bps, "book", none,
       "10000 sum of quantity times distance from the mid / (mid sum of quantity), of each side.",
       "", "", .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, BID_ASK(RATIO)),
    MF(pressure, "book", none,
       "(B - A) / (B + A), B and A sums over the levels of quantity / distance from the mid.", "",
       "", .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, ONE(RATIO)),
    MF(book_slope, "book", none,
       "Mean over the levels of (change of ln of the quantity so far, relative to the level "
       "before) / (change of the price, relative to the level before), of each side and their "
       "mean; the first level: ln(quantity) / |price / mid - 1|.", "", "Naes and Skjeltorp 2006",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, BID_ASK_BOTH(RATIO)),
    MF(book_convexity, "book", none,
       "1 - 2 area under the quantity so far against the distance from the best price, both as "
       "shares of the last level's (trapezia), of each side; above 0: more lies far away.", "", "",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 2, 10)}, BID_ASK(RATIO)),
    MF(fill_price, "book", none,
       "Mean price of an order that takes so much quantity from the book, of a buyer and of a "
       "seller; null where the levels hold less.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("qty", 1e-12, 1e18, NEEDED), LEVELS("levels", 1, 50)}, BUY_SELL(PRICE)),
    MF(fill_limit, "book", none,
       "Price of the last level that such an order needs, of a buyer and of a seller; null where "
       "the levels hold less.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("qty", 1e-12, 1e18, NEEDED), LEVELS("levels", 1, 50)}, BUY_SELL(PRICE)),
    MF(sweep_cost_bps, "book", none,
       "10000 (mean price - mid) / mid of an order that takes so much quantity, of a buyer; of a "
       "seller 10000 (mid - mean price) / mid.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("qty", 1e-12, 1e18, NEEDED), LEVELS("levels", 1, 50)}, BUY_SELL(RATIO)),
    MF(round_trip_cost_bps, "book", none,
       "10000 (mean price of buying - mean price of selling so much quantity) / mid.", "",
       "Irvine, Benston and Kandel 2000", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("qty", 1e-12, 1e18, NEEDED), LEVELS("levels", 1, 50)}, ONE(RATIO)),
    MF(notional_fill_price, "book", none,
       "Mean price of an order that takes so much price times quantity from the book, of a buyer "
       "and of a seller; null where the levels hold less.", "", "", .levels = levels_1, .n_arg = 2,
       .arg = {REAL("notional", 1e-12, 1e24, NEEDED), LEVELS("levels", 1, 50)}, BUY_SELL(PRICE)),
    MF(ofi, "book", one,
       "bid_qty if bid_px >= before, less bid_qty before if bid_px <= before, less ask_qty if "
       "ask_px <= before, and ask_qty before if ask_px >= before; sum it over a window.",
       "null at the first row", "Cont, Kukanov and Stoikov 2014", OF_TOUCH, ONE(QUANTITY)),
    MF(ofi_level, "book", one,
       "ofi of level k; rows without one of its four columns are as if they were not.",
       "null at the first row that has the level", "Xu, Gould and Howison 2018",
       .levels = levels_after, .n_arg = 1, .arg = {LEVEL("k", 0, NEEDED)}, ONE(QUANTITY)),
    MF(mlofi, "book", one,
       "Sum of ofi over the levels; a level that is not there is a quantity of 0 at the worst "
       "price.", "null at the first row that has a level", "Xu, Gould and Howison 2018",
       .levels = levels_0, .n_arg = 1, .arg = {LEVELS("levels", 1, 10)}, ONE(QUANTITY)),
    MF(mlofi_decay, "book", one,
       "Sum over the levels k = 0, 1, ... of decay^k times ofi of the level.",
       "null at the first row that has a level", "Xu, Gould and Howison 2018", .levels = levels_0,
       .n_arg = 2, .arg = {LEVELS("levels", 1, 10), REAL("decay", 1e-6, 1, 0.5)}, ONE(QUANTITY)),
    MF(ofi_scaled, "book", n1,
       "Sum of mlofi over the window / mean over the window of the mean quantity of a level: "
       "(sum of all quantities) / (2 levels).", FULL, "Cont, Cucuringu and Zhang 2023",
       .levels = levels_0, .n_arg = 2, .arg = {LEVELS("levels", 1, 10), WINDOW("window")},
       ONE(RATIO)),
    MF(microprice, "book", n0,
       "Mid + G(x), x the buckets of the imbalance bid_qty / (bid_qty + ask_qty) and of the "
       "spread in ticks, G(x) = mean of (move of the mid + G of the next x) over the steps from "
       "x of the last rows and their mirror images; a row solves this for one x, in turn. price, "
       "and gap = G(x). O(buckets spreads) a row.",
       "G is 0; null until the window holds its steps, and where x has none", "Stoikov 2018",
       OF_TOUCH, .n_arg = 4,
       .arg = {ROWS("window", 1, NEEDED), REAL("tick", 1e-12, 1e12, NEEDED),
               INT("buckets", 2, 20, 10), INT("spreads", 1, 5, 2)},
       .n_out = 2, .out = {"price", "gap"}, .unit = {HR_OP_PRICE, HR_OP_PRICE}),
    MF(time_mean_spread_bps, "book", stretch,
       "Sum of (10000 spread / mid, seconds that it held) products / seconds, over the stretches "
       "that end in the window; a row without it ends a stretch, the next begins one.", FULL,
       "McInish and Wood 1992",
       .by_times = true, OF_PRICES, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(twap, "book", stretch,
       "Sum of (x, seconds that it held) products / seconds, over the stretches that end in the "
       "window; a row without x ends a stretch, the next begins one.", FULL, "",
       .by_times = true, OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(SAME)),
    MF(touch_age, "book", one,
       "Seconds since the best price last changed, of each side by itself.",
       "null until it has changed once", "", .by_times = true, OF_PRICES, BID_ASK(SPAN)),
    MF(mid_age, "book", one,
       "Seconds since x last changed.", "null until it has changed once", "",
       .by_times = true, OF_X, ONE(SPAN)),
    MF(touch_life, "book", n0_plus_1,
       "Mean seconds that the last best prices stood, of each side by itself; the window is of "
       "changes, and a row shows it as of the last one.",
       "the first price, whose start was not seen, is left out; null until the window holds its "
       "changes", "",
       .by_times = true, OF_PRICES, .n_arg = 1, .arg = {WINDOW("window")}, BID_ASK(SPAN)),
    MF(spread_recovery, "book", recovery,
       "Mean seconds from a widening of x until it is back at what it was before, or below; one "
       "that takes longer than most is given up; the window is of recoveries, and a row shows it "
       "as of the last one.", "null until the window holds its recoveries",
       "Degryse, de Jong, van Ravenswaaij and Wuyts 2005",
       .by_times = true, OF_X_SPREAD, .n_arg = 2,
       .arg = {WINDOW("window"), ARG("most", HR_OP_TIME, 1e3, 8.64e15, 6e10)}, ONE(SPAN)),
    MF(queue_depletion, "book", one,
       "Quantity a second that leaves the touch at prices that stay, of each side: sum of "
       "2^(-age / half) times what left / integral of the weights since the first row.", RATE, "",
       OF_TOUCH, .n_arg = 1, .arg = {TIME("half")}, BID_ASK(ANY)),
    MF(queue_growth, "book", one,
       "Quantity a second that comes to the touch at prices that stay, of each side: sum of "
       "2^(-age / half) times what came / integral of the weights since the first row.", RATE, "",
       OF_TOUCH, .n_arg = 1, .arg = {TIME("half")}, BID_ASK(ANY)),
    MF(quote_rate, "book", one,
       "Changes of the touch (of any price or quantity) a second: sum of 2^(-age / half) / "
       "integral of the weights since the first row.", RATE, "", OF_TOUCH, .n_arg = 1,
       .arg = {TIME("half")}, ONE(RATE)),
    MF(cancel_rate, "book", one,
       "Quantity a second that leaves the touch and is not explained by trades, quantity traded "
       "a second, and the first / (both): what a side loses less the trades against it since its "
       "price changed; weights 2^(-age / half).", RATE, "", OF_TOUCH_TRADE, .n_arg = 1,
       .arg = {TIME("half")}, .n_out = 3, .out = {"cancelled", "traded", "share"},
       .unit = {HR_OP_ANY, HR_OP_ANY, HR_OP_RATIO}),
    MF(update_trade_ratio, "book", n0_less_1,
       "Rows of the book / rows of trades in the window; null without trades.", FULL, "", OF_PX,
       .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(log_return, "book", n0,
       "ln(x / x so many rows before, or by time of the newest row at least so old).",
       "null until there is such a row", "", OF_X, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(realised_variance, "book", n0,
       "Sum of r^2 over the window, r = ln(x / x before).", FULL, "Andersen and Bollerslev 1998",
       OF_X, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(realised_vol, "book", n0,
       "Root of the sum of r^2 over the window, r = ln(x / x before).", FULL,
       "Andersen and Bollerslev 1998", OF_X, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(bipower, "book", n0_plus_1,
       "pi / 2 sum of |r r before| over the window, r = ln(x / x before); jumps do not enter.",
       FULL, "Barndorff-Nielsen and Shephard 2004", OF_X, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(jump_share, "book", n0_plus_1,
       "1 - pi / 2 sum of |r r before| / sum of r^2 over the window, not below 0.", FULL,
       "Barndorff-Nielsen and Shephard 2004", OF_X, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(medrv, "book", n0_plus_2,
       "pi / (6 - 4 root 3 + pi) (n + 2) / n sum over the window's n of the square of the middle "
       "of three neighbours |r|.", FULL, "Andersen, Dobrev and Schaumburg 2012", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(minrv, "book", n0_plus_1,
       "pi / (pi - 2) (n + 1) / n sum over the window's n of the square of the lesser of two "
       "neighbours |r|.", FULL, "Andersen, Dobrev and Schaumburg 2012", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(realised_skew, "book", n0,
       "Root n sum r^3 / (sum r^2)^1.5 over the window; null where r is always 0.", FULL,
       "Amaya, Christoffersen, Jacobs and Vasquez 2015", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(realised_kurt, "book", n0,
       "n sum r^4 / (sum r^2)^2 over the window; null where r is always 0.", FULL,
       "Amaya, Christoffersen, Jacobs and Vasquez 2015", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(quarticity, "book", n0,
       "n / 3 sum of r^4 over the window's n returns r = ln(x / x before).", FULL,
       "Barndorff-Nielsen and Shephard 2002", OF_X, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(semivariance, "book", n0,
       "Sum of r^2 over the window, of r < 0 and of r > 0.", FULL,
       "Barndorff-Nielsen, Kinnebrock and Shephard 2010", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, .n_out = 2, .out = {"down", "up"},
       .unit = {HR_OP_RATIO, HR_OP_RATIO}),
    MF(signed_jump, "book", n0,
       "(U - D) / (U + D), U and D the sums of r^2 of r > 0 and of r < 0 over the window.", FULL,
       "Patton and Sheppard 2015", OF_X, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(variance_ratio, "book", long,
       "var(r_k) / (k var(r)) over the window, r_k = ln(x / x k rows before), population "
       "variances.", FULL, "Lo and MacKinlay 1988", OF_X, .n_arg = 2,
       .arg = {ROWS("k", 1, NEEDED), WINDOW("window")}, ONE(RATIO)),
    MF(signature_vol, "book", long,
       "Root of sum of r_k^2 / k over the window, r_k = ln(x / x k rows before): realised "
       "volatility of rows k apart, the mean of the k ways to take them.", FULL,
       "Andersen, Bollerslev, Diebold and Labys 2000", OF_X, .n_arg = 2,
       .arg = {ROWS("k", 1, NEEDED), WINDOW("window")}, ONE(RATIO)),
    MF(two_scale_variance, "book", long,
       "(sum of r_k^2 - sum of r^2) / k over the window, r_k = ln(x / x k rows before): free of "
       "noise that comes and goes with rows.", FULL, "Zhang, Mykland and Ait-Sahalia 2005", OF_X,
       .n_arg = 2, .arg = {ROWS("k", 1, NEEDED), WINDOW("window")}, ONE(RATIO)),
    MF(noise_variance, "book", n0,
       "Sum of r^2 / (2 n) over the window's n returns: the variance of the noise where rows are "
       "dense.", FULL, "Bandi and Russell 2006", OF_X, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(zhou_variance, "book", n0_plus_1,
       "Sum of (r^2 + 2 r r before) over the window: noise that comes and goes with rows cancels.",
       FULL, "Zhou 1996", OF_X, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(return_autocorr, "book", lagged,
       "Correlation of r with r lag rows before over the window, within -1 to 1; null where "
       "either does not vary.", FULL, "", OF_X, .n_arg = 2,
       .arg = {ROWS("lag", 1, NEEDED), WINDOW("window")}, ONE(RATIO)),
    MF(efficiency, "book", n0,
       "|x - x so long before| / sum of |changes| over the window; null where nothing moved.",
       "null until there is such a row", "Kaufman 1995", OF_X, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(parkinson, "book", n1,
       "Root of the mean of ln(high / low)^2 / (4 ln 2) over the last bars: volatility of a bar.",
       "null until so many bars have ended", "Parkinson 1980", OF_X, .n_arg = 2,
       .arg = {TIME("bar"), ROWS("bars", 1, NEEDED)}, ONE(RATIO)),
    MF(garman_klass, "book", n1,
       "Root of the mean of ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2 over the last "
       "bars.", "null until so many bars have ended", "Garman and Klass 1980", OF_X, .n_arg = 2,
       .arg = {TIME("bar"), ROWS("bars", 1, NEEDED)}, ONE(RATIO)),
    MF(rogers_satchell, "book", n1,
       "Root of the mean of ln(high / close) ln(high / open) + ln(low / close) ln(low / open) "
       "over the last bars.", "null until so many bars have ended", "Rogers and Satchell 1991",
       OF_X, .n_arg = 2, .arg = {TIME("bar"), ROWS("bars", 1, NEEDED)}, ONE(RATIO)),
    MF(yang_zhang, "book", n1_plus_1,
       "Root of var(ln(open / close before)) + k var(ln(close / open)) + (1 - k) mean of Rogers "
       "and Satchell's over the last n bars, k = 0.34 / (1.34 + (n + 1) / (n - 1)), sample "
       "variances.", "null until so many bars behind the first have ended", "Yang and Zhang 2000",
       OF_X, .n_arg = 2, .arg = {TIME("bar"), ROWS("bars", 2, NEEDED)}, ONE(RATIO)),
    MF(corwin_schultz, "book", n1_plus_1,
       "Mean over the last bars of the spread 2 (e^a - 1) / (e^a + 1), 0 where a < 0: a = "
       "(root(2 b) - root(b)) / (3 - 2 root 2) - root(g / (3 - 2 root 2)), b the sum of ln(high "
       "/ low)^2 of the bar and the one before, g that of both as one.",
       "null until so many bars behind the first have ended", "Corwin and Schultz 2012", OF_X,
       .n_arg = 2, .arg = {TIME("bar"), ROWS("bars", 1, NEEDED)}, ONE(RATIO)),
    MF(abdi_ranaldo, "book", n1_plus_1,
       "Root of the mean over the last bars of 4 (c - m)(c - m of the bar behind), c = ln close, "
       "m = (ln high + ln low) / 2: the spread; 0 where the mean is below it.",
       "null until so many bars behind the first have ended", "Abdi and Ranaldo 2017", OF_X,
       .n_arg = 2, .arg = {TIME("bar"), ROWS("bars", 1, NEEDED)}, ONE(RATIO)),
    MF(mid_momentum_bps, "book", one,
       "10000 (m(short) - m(long)) / x, m(half) the mean of all x so far, each weighing 2^(-age "
       "/ half).", "null at the first row", "", OF_X, .n_arg = 2,
       .arg = {TIME("short"), TIME("long")}, ONE(RATIO)),
    MF(tick_sign, "trade", one,
       "1 where the price is above the one before, -1 below, else as before.",
       "null until the price has changed once", "Lee and Ready 1991", OF_PX, ONE(RATIO)),
    MF(lee_ready, "trade", none,
       "1 where the price is above the mid, -1 below; at the mid, or without one, tick_sign.",
       "null until the price has changed once", "Lee and Ready 1991", OF_PX_MID, ONE(RATIO)),
    MF(emo_sign, "trade", none,
       "1 where the price is the ask, -1 where it is the bid, else, or without them, tick_sign.",
       "null until the price has changed once", "Ellis, Michaely and O'Hara 2000", OF_PX_TOUCH,
       ONE(RATIO)),
    MF(clnv_sign, "trade", none,
       "1 where the price is in the upper 3/10 of the spread, ask included, -1 in the lower "
       "3/10, else, or without a spread, tick_sign.", "null until the price has changed once",
       "Chakrabarty, Li, Nguyen and Van Ness 2007", OF_PX_TOUCH, ONE(RATIO)),
    MF(signed_volume, "trade", none,
       "Side times quantity.", "", "", OF_QTY_SIDE, ONE(QUANTITY)),
    MF(trade_imbalance, "trade", n0_less_1,
       "(bought - sold) / (bought + sold) quantity over the window.", FULL,
       "Chordia, Roll and Subrahmanyam 2002", OF_QTY_SIDE, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(RATIO)),
    MF(buy_share, "trade", n0_less_1,
       "Trades whose taker bought / trades in the window.", FULL, "", OF_SIDE, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(sign_run, "trade", none,
       "Length of the run of trades of one side that the trade is in, times its side.", "", "",
       OF_SIDE, ONE(COUNT)),
    MF(mean_run, "trade", n0,
       "Mean length of the last runs of trades of one side; the window is of runs that ended, "
       "and a trade shows it as of the last one.", "null until the window holds its runs", "",
       OF_SIDE, .n_arg = 1, .arg = {WINDOW("window")}, ONE(COUNT)),
    MF(sign_autocorr, "trade", long,
       "Correlation of the side with that of lag trades before over the window; null where "
       "either does not vary.", FULL, "Lillo and Farmer 2004", OF_SIDE, .n_arg = 2,
       .arg = {ROWS("lag", 1, NEEDED), WINDOW("window")}, ONE(RATIO)),
    MF(effective_spread, "trade", none,
       "2 side (price - mid).", "", "Huang and Stoll 1996", OF_PX_SIDE_MID, ONE(PRICE)),
    MF(effective_spread_bps, "trade", none,
       "20000 side (price - mid) / mid.", "", "Huang and Stoll 1996", OF_PX_SIDE_MID, ONE(RATIO)),
    MF(realised_spread, "trade", one,
       "2 side (price - mid in force a delay after the trade), the mean of the trades whose "
       "delay ended since the row before.",
       "at the rows where trades come of age, else null; more than max_rows waiting: null for "
       "those that were lost", "Huang and Stoll 1996", OF_PX_SIDE_MID, .n_arg = 1,
       .arg = {TIME("delay")}, ONE(PRICE)),
    MF(price_impact, "trade", one,
       "2 side (mid in force a delay after the trade - mid at the trade), the mean of the trades "
       "whose delay ended since the row before.",
       "at the rows where trades come of age, else null; more than max_rows waiting: null for "
       "those that were lost", "Huang and Stoll 1996", OF_PX_SIDE_MID, .n_arg = 1,
       .arg = {TIME("delay")}, ONE(PRICE)),
    MF(roll_spread, "trade", n0_plus_1,
       "2 root(-cov(change, change before)) of prices over the window, population covariance; "
       "null where it is above 0.", FULL, "Roll 1984", OF_X_TRADE, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(SAME)),
    MF(kyle_lambda, "trade", n0,
       "Slope of (mid - mid at the trade before) on (side times quantity of the trade before) "
       "over the window; null where that does not vary.", FULL, "Kyle 1985", OF_MID_QTY_SIDE,
       .n_arg = 1, .arg = {WINDOW("window")}, ONE(PER)),
    MF(hasbrouck_lambda, "trade", n0,
       "Slope of ln(mid / mid at the trade before) on (side times root of price times quantity "
       "of the trade before) over the window.", FULL, "Hasbrouck 2009", OF_MID_TRADE, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(ANY)),
    MF(amihud, "trade", n0,
       "Mean of |ln(price / price before)| / (price quantity) over the window.", FULL,
       "Amihud 2002", OF_PX_QTY, .n_arg = 1, .arg = {WINDOW("window")}, ONE(ANY)),
    MF(vpin, "trade", none,
       "Mean of |bought - sold| / volume over the last buckets of so much volume; sides as told, "
       "a trade is parted between buckets.", "null until so many buckets are full",
       "Easley, Lopez de Prado and O'Hara 2012", OF_QTY_SIDE, .n_arg = 2,
       .arg = {REAL("volume", 1e-12, 1e18, NEEDED), ROWS("buckets", 1, 50)}, ONE(RATIO)),
    MF(arrival_intensity, "trade", one,
       "Trades, buys, sells and rows of the book a second: sum of 2^(-age / half) / integral of "
       "the weights since the first row; of every row.", RATE, "Hawkes 1971", OF_PX_SIDE,
       .n_arg = 1, .arg = {TIME("half")}, .n_out = 4, .out = {"trades", "buys", "sells", "books"},
       .unit = {HR_OP_RATE, HR_OP_RATE, HR_OP_RATE, HR_OP_RATE}),
    MF(excitation_ratio, "trade", one,
       "Trades a second of the half-life short / those of long, as arrival_intensity; of every "
       "row.",
       "the first row opens the clock and is not counted; null at its time, and before the first "
       "trade", "Hawkes 1971", OF_PX, .n_arg = 2, .arg = {TIME("short"), TIME("long")}, ONE(RATIO)),
    MF(arrival_imbalance, "trade", none,
       "(buys - sells) / (buys + sells), each trade weighing 2^(-age / half).", "", "", OF_SIDE,
       .n_arg = 1, .arg = {TIME("half")}, ONE(RATIO)),
    MF(flow_decay, "trade", none,
       "Sum of side times quantity times 2^(-age / half); of every row behind the first trade.",
       "null before the first trade", "", OF_QTY_SIDE, .n_arg = 1, .arg = {TIME("half")},
       ONE(QUANTITY)),
    MF(volume_rate, "trade", one,
       "Quantity traded a second: sum of 2^(-age / half) times quantity / integral of the "
       "weights since the first row; of every row.", RATE, "", OF_QTY, .n_arg = 1,
       .arg = {TIME("half")}, ONE(ANY)),
    MF(notional_rate, "trade", one,
       "Price times quantity traded a second: sum of 2^(-age / half) times both / integral of "
       "the weights since the first row; of every row.", RATE, "", OF_PX_QTY, .n_arg = 1,
       .arg = {TIME("half")}, ONE(ANY)),
    MF(interarrival, "trade", n0,
       "Mean seconds between trades over the window.", FULL, "",
       .by_times = true, OF_PX, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(SPAN)),
    MF(burstiness, "trade", n0,
       "(s - m) / (s + m), m and s the mean and population deviation of the seconds between "
       "trades over the window; -1: even, towards 1: in bursts.", FULL, "Goh and Barabasi 2008",
       .by_times = true, OF_PX, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(vwap, "trade", n0_less_1,
       "Sum of price times quantity / sum of quantity over the window.", FULL,
       "Berkowitz, Logue and Noser 1988", OF_PX_QTY, .n_arg = 1, .arg = {WINDOW("window")},
       ONE(PRICE)),
    MF(vwap_deviation_bps, "trade", n0_less_1,
       "10000 (price - vwap) / vwap of the window that ends with the trade.", FULL, "", OF_PX_QTY,
       .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(mean_trade_size, "trade", n0_less_1,
       "Sum of quantity / trades over the window.", FULL, "", OF_QTY, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(SAME)),
    MF(relative_trade_size, "trade", n0_less_1,
       "Quantity / mean quantity of the window that ends with the trade.", FULL, "", OF_QTY,
       .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(large_trade_share, "trade", twice,
       "Quantity of large trades / quantity of all over the window; large: above multiple times "
       "mean_trade_size of the window that ended with it.", FULL, "", OF_QTY, .n_arg = 2,
       .arg = {WINDOW("window"), REAL("multiple", 1e-6, 1e6, 2)}, ONE(RATIO)),
    MF(uptick_ratio, "trade", n0,
       "Trades above the price before / trades at another price than before, over the window.",
       FULL, "", OF_X_TRADE, .n_arg = 1, .arg = {WINDOW("window")}, ONE(RATIO)),
    MF(midpoint_crossings, "trade", n0,
       "Trades in the window on the other side of their mid than the last trade that was not at "
       "its mid.", "null until the first trade off its mid", "", OF_PX_MID, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(COUNT)),
    MF(spread_crossings, "trade", n0,
       "Trades in the window at the ask or above after one at the bid or below, or the reverse.",
       "null until the first trade at the touch", "", OF_PX_TOUCH, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(COUNT)),
    MF(touch_trade_share, "trade", n0_less_1,
       "Trades at the touch or beyond / trades in the window.", FULL, "", OF_PX_TOUCH, .n_arg = 1,
       .arg = {WINDOW("window")}, ONE(RATIO)),
};
/* clang-format on */

const hr_op_list hr_ops_market = {.op = ops, .n = HR_ARRAY_LEN(ops)};
