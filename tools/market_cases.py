#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for the market features, from plain definitions of them (market_ref.py): tests/prop/ops_market_cases.txt.
market_cases.py renews the file; --check says whether it is as it should be (exit 1: no)."""
import math
import os
import sys

from market_ref import *  # the table is made of most of it

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/prop/ops_market_cases.txt")
STRIDE = 7

WINDOWS = ((7,), (24,), (s(0.8),), (s(5),))
SHORT = ((3,), (9,), (s(3),))
BARS = ((s(0.25), 4), (s(0.6), 3))
K_WINDOW = ((2, 12), (5, 20), (3, s(2)))
HALVES = ((s(0.2),), (s(3),))
LEVELS_OF = ((1,), (3,), (10,))
RANGE = ((3, 10), (6, 50), (2.5, 2))
QUANTITY = ((4, 50), (20, 6), (9.5, 3))
# name: the function, argument sets
TABLE = {
    "weighted_mid": (touch(lambda bp, bq, ap, aq: (bp * aq + ap * bq) / (bq + aq)), ()),
    "queue_imbalance": (touch(lambda bp, bq, ap, aq: tilt(bq, aq)), ()),
    "log_queue_ratio": (lambda m: each(lambda b, a: math.log(b / a), m.bq[0], m.aq[0]), ()),
    "relative_spread_bps": (touch(lambda bp, bq, ap, aq: 10000 * (ap - bp) / ((ap + bp) / 2)), ()),
    "log_spread": (touch(lambda bp, bq, ap, aq: ln_ratio(ap, bp)), ()),
    "quote_slope": (touch(lambda bp, bq, ap, aq: log_size(ap - bp, bq, aq)), ()),
    "log_quote_slope": (touch(lambda bp, bq, ap, aq: log_size(ln_ratio(ap, bp), bq, aq)), ()),
    "weighted_mid_levels": (book(lambda b, a, mid, _: (vwap(b) * total(a) + vwap(a) * total(b)) / (total(a) + total(b))), *LEVELS_OF),
    "imbalance": (book(lambda b, a, mid, _: tilt(total(some(b)), total(some(a)))), *LEVELS_OF),
    "weighted_imbalance": (lambda m, levels, decay: weighted(m, levels, decay), (10, 0.5), (4, 0.9)),
    "depth": (book(with_both(lambda b, a, mid, _: (total(b) if b else NONE, total(a) if a else NONE)), 3), *LEVELS_OF),
    "notional_depth": (book(with_both(lambda b, a, mid, _: (notional(b) if b else NONE, notional(a) if a else NONE)), 3), *LEVELS_OF),
    "depth_within": (book(with_both(within), 3, 1), *RANGE),
    "imbalance_within": (book(lambda *x: tilt(*within(*x)), 1, 1), *RANGE),
    "levels_within": (book(lambda b, a, mid, bps, _: tuple(float(len(near(x, best_mid(b, a, mid), bps))) for x in (b, a)), 2, 1), *RANGE),
    "book_vwap": (sides(lambda x, mid, _: vwap(x)), *LEVELS_OF),
    "vwap_spread_bps": (book(lambda b, a, mid, _: 10000 * (vwap(a) - vwap(b)) / ((vwap(a) + vwap(b)) / 2)), *LEVELS_OF),
    "level_gap": (level_gap, (1,), (4,)),
    "mean_gap": (sides(lambda x, mid, _: gaps(x)), (2,), (10,)),
    "depth_hhi": (sides(lambda x, mid, _: hhi(x)), *LEVELS_OF),
    "depth_entropy": (sides(lambda x, mid, _: entropy(x)), (3,), (10,)),
    "depth_distance_bps": (sides(lambda x, mid, _: 10000 * math.fsum(q * abs(p - mid) for p, q in x) / (mid * total(x))), *LEVELS_OF),
    "pressure": (book(lambda b, a, mid, _: tilt(*(math.fsum(q / abs(p - mid) for p, q in x) for x in (b, a)))), *LEVELS_OF),
    "book_slope": (book(book_slope, 3), (1,), (3,), (10,)),
    "book_convexity": (sides(lambda x, mid, _: convexity(x)), (3,), (10,)),
    "fill_price": (book(fill(0), 2, 1), *QUANTITY),
    "fill_limit": (book(fill(1), 2, 1), *QUANTITY),
    "notional_fill_price": (book(fill(0, True), 2, 1), (500, 50), (2500, 5)),
    "sweep_cost_bps": (book(cost, 2, 1), *QUANTITY),
    "round_trip_cost_bps": (book(lambda b, a, mid, w, _: 10000 * (sweep(a, w)[0] - sweep(b, w)[0]) / mid, 1, 1), *QUANTITY),
    "ofi": (lambda m: ofi_level(m, 0), ()),
    "ofi_level": (ofi_level, (0,), (2,)),
    "mlofi": (mlofi, (1,), (5,)),
    "mlofi_decay": (mlofi, (5, 0.5), (6, 0.8)),
    "ofi_scaled": (ofi_scaled, (5, 10), (3, s(2))),
    "microprice": (microprice, (60, 0.01, 4, 2), (150, 0.01, 5, 3)),
    "time_mean_spread_bps": (lambda m, w: time_mean(m, w, each(lambda b, a: 10000 * (a - b) / ((a + b) / 2), m.bp[0], m.ap[0])), *WINDOWS),
    "twap": (lambda m, w: time_mean(m, w, m.mid), *WINDOWS),
    "touch_age": (lambda m: (ages(m, m.bp[0])[0], ages(m, m.ap[0])[0]), ()),
    "mid_age": (lambda m: ages(m, m.mid)[0], ()),
    "touch_life": (lambda m, w: (life(m, w, m.bp[0]), life(m, w, m.ap[0])), *SHORT),
    "spread_recovery": (recovery, (3, s(0.4)), (5, s(0.1)), (s(3), s(0.2)), (2, s(60))),
    "queue_depletion": (queue_rate(-1), *HALVES), "queue_growth": (queue_rate(1), *HALVES), "quote_rate": (quote_rate, *HALVES),
    "cancel_rate": (cancel_rate, *HALVES), "arrival_intensity": (arrivals, *HALVES),
    "excitation_ratio": (excitation, (s(0.3), s(4))),
    "volume_rate": (lambda m, half: rate(m, half, m.qty, every(m)), *HALVES),
    "notional_rate": (lambda m, half: rate(m, half, each(lambda p, q: p * q, m.px, m.qty), every(m)), *HALVES),
    "arrival_imbalance": (arrival_imbalance, *HALVES), "flow_decay": (flow_decay, *HALVES), "mid_momentum_bps": (momentum, (s(0.3), s(4))),
    "update_trade_ratio": (lambda m, w: roll(m, w, lambda x: x.count(0) / x.count(1), [0 if p is NONE else 1 for p in m.px]), *WINDOWS),
    "log_return": (lambda m, w: each(ln_ratio, m.mid, past(m, w, m.mid)), *WINDOWS),
    "realised_variance": (of_returns(squares), *WINDOWS), "realised_vol": (of_returns(lambda r: math.sqrt(squares(r))), *WINDOWS),
    "noise_variance": (of_returns(lambda r: squares(r) / (2 * len(r))), *WINDOWS),
    "bipower": (of_pairs(lambda x: math.pi / 2 * math.fsum(abs(a * b) for a, b in x)), *WINDOWS),
    "jump_share": (of_pairs(lambda x: max(0, 1 - math.pi / 2 * math.fsum(abs(a * b) for a, b in x) / squares(a for a, _ in x))), *WINDOWS),
    "minrv": (of_pairs(lambda x: math.pi / (math.pi - 2) * (len(x) + 1) / len(x) * squares(min(abs(a), abs(b)) for a, b in x)), *WINDOWS),
    "medrv": (medrv, *WINDOWS),
    "realised_skew": (of_returns(lambda r: math.sqrt(len(r)) * math.fsum(v ** 3 for v in r) / squares(r) ** 1.5), *WINDOWS),
    "realised_kurt": (of_returns(lambda r: len(r) * math.fsum(v ** 4 for v in r) / squares(r) ** 2), *WINDOWS),
    "semivariance": (lambda m, w: (of_returns(lambda r: squares(min(v, 0) for v in r))(m, w), of_returns(lambda r: squares(max(v, 0) for v in r))(m, w)), *WINDOWS),
    "signed_jump": (of_returns(lambda r: tilt(squares(max(v, 0) for v in r), squares(min(v, 0) for v in r))), *WINDOWS),
    "variance_ratio": (long_returns(lambda r, rk, k: var(rk) / (k * var(r))), *K_WINDOW),
    "signature_vol": (long_returns(lambda r, rk, k: math.sqrt(squares(rk) / k)), *K_WINDOW),
    "two_scale_variance": (long_returns(lambda r, rk, k: (squares(rk) - squares(r)) / k), *K_WINDOW),
    "zhou_variance": (of_pairs(lambda x: math.fsum(a * a + 2 * a * b for a, b in x)), *WINDOWS),
    "return_autocorr": (return_autocorr, *K_WINDOW), "efficiency": (efficiency, *WINDOWS),
    "parkinson": (of_bars(lambda o, h, lo, c: ln_ratio(h, lo) ** 2 / (4 * LN2)), *BARS),
    "garman_klass": (of_bars(lambda o, h, lo, c: ln_ratio(h, lo) ** 2 / 2 - (2 * LN2 - 1) * ln_ratio(c, o) ** 2), *BARS),
    "rogers_satchell": (of_bars(rogers), *BARS), "yang_zhang": (yang_zhang, *BARS), "corwin_schultz": (corwin, *BARS),
    "abdi_ranaldo": (abdi_ranaldo, *BARS), "quarticity": (of_returns(lambda r: len(r) / 3 * math.fsum(v ** 4 for v in r)), *WINDOWS),
    "tick_sign": (ticks, ()), "lee_ready": (quote_sign(lambda p, mid: sign(p - mid), "mid"), ()),
    "emo_sign": (quote_sign(lambda p, b, a: 1 if p == a else -1 if p == b else 0, "bp", "ap"), ()),
    "clnv_sign": (quote_sign(near_touch, "bp", "ap"), ()),
    "signed_volume": (signed, ()),
    "trade_imbalance": (lambda m, w: roll(m, w, lambda x: math.fsum(q * sd for q, sd in x) / math.fsum(q for q, _ in x), m.qty, m.side), *WINDOWS),
    "buy_share": (lambda m, w: roll(m, w, lambda x: x.count(1) / len(x), m.side), *WINDOWS),
    "sign_run": (lambda m: runs(m)[0], ()), "mean_run": (mean_run, *SHORT),
    "sign_autocorr": (lambda m, lag, w: roll(m, w, corr, m.side, before(m.side, lag)), *K_WINDOW),
    "effective_spread": (lambda m: each(lambda p, sd, mid: 2 * sd * (p - mid), m.px, m.side, m.mid), ()),
    "effective_spread_bps": (lambda m: each(lambda p, sd, mid: 20000 * sd * (p - mid) / mid, m.px, m.side, m.mid), ()),
    "realised_spread": (lambda m, d: delayed(m, d, lambda sd, p, mid, later: 2 * sd * (p - later)), (s(0.03),), (s(0.7),)),
    "price_impact": (lambda m, d: delayed(m, d, lambda sd, p, mid, later: 2 * sd * (later - mid)), (s(0.03),), (s(0.7),)),
    "roll_spread": (roll_spread, *WINDOWS),
    "kyle_lambda": (lambda m, w: lambda_of(m, w, lambda a, b: a - b, lambda p, q: q), *WINDOWS),
    "hasbrouck_lambda": (lambda m, w: lambda_of(m, w, ln_ratio, lambda p, q: math.sqrt(p * q)), *WINDOWS),
    "amihud": (amihud, *WINDOWS), "vpin": (vpin, (15, 4), (2.5, 20)),
    "interarrival": (lambda m, w: roll(m, w, mean, trade_gaps(m)), *WINDOWS), "burstiness": (lambda m, w: roll(m, w, burstiness, trade_gaps(m)), *WINDOWS),
    "vwap": (vwap_of, *WINDOWS),
    "vwap_deviation_bps": (lambda m, w: each(lambda p, v: 10000 * (p - v) / v, m.px, vwap_of(m, w)), *WINDOWS),
    "mean_trade_size": (lambda m, w: roll(m, w, mean, m.qty), *WINDOWS),
    "relative_trade_size": (lambda m, w: each(lambda q, mu: q / mu, m.qty, roll(m, w, mean, m.qty)), *WINDOWS),
    "large_trade_share": (large, (7, 1.25), (12, 1.6), (s(3), 1.4)), "uptick_ratio": (ticks_up, *WINDOWS),
    "midpoint_crossings": (lambda m, w: crossings(m, w, each(lambda p, mid: sign(p - mid), m.px, m.mid)), *WINDOWS),
    "spread_crossings": (lambda m, w: crossings(m, w, at_touch(m)), *WINDOWS),
    "touch_trade_share": (lambda m, w: roll(m, w, lambda x: sum(map(abs, x)) / len(x), at_touch(m)), *WINDOWS),
}


def values(x, shape="{:.12g}"):
    return "{" + ",".join("" if v is NONE else shape.format(v) for v in x) + "}"


def text():
    lines = [f"# cases of the market features, made by tools/market_cases.py: the rows of a market, then functions, their arguments (t: ns) and",
             f"# outputs; of these every {STRIDE}th row from the one behind @ on; a null is nothing between commas"]
    n = 0
    for seed in (1, 2):
        m = Market(seed)
        lines.append(f"market {ROWS} {LEVELS} {STRIDE}")
        lines += [values(c, "{}") for c in [m.ts, m.px, m.qty, m.side]]
        lines += [values(x[k], "{}") for k in range(LEVELS) for x in (m.bp, m.bq, m.ap, m.aq)]
        for name, (f, *sets) in sorted(TABLE.items()):
            for args in sets[seed - 1::2] or sets[:1]:
                out = f(m, *args)
                lines.append(" ".join([f"{name}@{n % STRIDE}"] + [f"{a}t" if isinstance(a, T) else f"{a:g}" for a in args]))
                for column in out if isinstance(out, tuple) else (out,):
                    assert len(column) == ROWS, name
                    lines.append(values(column[n % STRIDE::STRIDE]))
                n += 1
    return "\n".join(lines) + "\n"


def main():
    made = text()
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as f:
            sys.exit(0 if f.read() == made else "ops_market_cases.txt is not as tools/market_cases.py makes it")
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main()
