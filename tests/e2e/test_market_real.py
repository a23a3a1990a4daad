# SPDX-License-Identifier: Apache-2.0
"""The features of the book and of trades on real captures (HR_DATA_DIR), against the plain definitions of tools/market_ref.py, which
are given the very book and trades that `calc` prints: each value of each function to 1e-9 (where the price's own
last digit allows it)."""
import csv
import io
import json
import math
import os
import sys

import tap

sys.path.insert(0, os.path.join(tap.ROOT, "tools"))
import market_cases  # noqa: E402
import market_ref  # noqa: E402
from market_ref import NONE, T, s  # noqa: E402

SPOT = "binance/spot_btcusdt_20240808.gz"
# file, rows, the relative difference allowed: half a tick of 0.01 at 62,000 is known to 1.5e-9 as doubles are, of 0.1 to 1.5e-10
CAPTURES = {"perpetual": ("binance/usdm_btcusdt_20240808.gz", 240, 1e-9), "spot": (SPOT, 320, 1e-8)}
WHOLE = 14000  # rows, for functions of which little is told in the first ones
LEVELS = 10
PER_CALL = 60
# arguments that suit this market better than those of the made one
ARGS = {
    "vpin": ((0.2, 5), (1.5, 3)), "depth_within": ((0.2, 8), (1, 4)), "imbalance_within": ((0.2, 8), (1, 4)), "levels_within": ((0.2, 8), (1, 4)),
    "fill_price": ((0.4, 8), (2, 5)), "fill_limit": ((0.4, 8), (2, 5)), "notional_fill_price": ((20000, 8), (500, 5)),
    "sweep_cost_bps": ((0.4, 8), (2, 5)), "round_trip_cost_bps": ((0.4, 8), (2, 5)),
    "spread_recovery": ((1, s(60)), (2, s(10)), (s(20), s(30))),
}
# What is left of two prices that are all but equal is as good as the prices are, which is 1e-16 of 62,000: so much of these may
# differ, times what the capture allows / 1e-9.
NEAR = {"pressure": 1e-9, "vwap_deviation_bps": 1e-10, "corwin_schultz": 1e-18, "book_slope": 2e-3}


class Real(market_ref.Market):
    """What calc printed of the first rows."""

    def __init__(self, rows):
        def column(name):
            return [float(r[name]) if r[name] else NONE for r in rows]
        self.ts = [int(r["ts_event"]) for r in rows]
        self.bp, self.bq, self.ap, self.aq = ([column(f"{x}{k}") for k in range(LEVELS)] for x in ("bp", "bq", "ap", "aq"))
        self.px, self.qty, self.side = column("px"), column("qty"), column("side")
        self.mid, self.spread = column("m"), column("sp")


def called(path, expressions, n):
    """The first rows of each expression."""
    code, out, err = tap.run("calc", "; ".join(f"{k}: {e}" for k, e in expressions.items()), path)
    if code != 0:
        tap.check("calc", False, err)
        return []
    lines = out.splitlines()
    return list(csv.DictReader(io.StringIO("\n".join(lines[:1 + n]))))


def written(args):
    return ", ".join(f"{int(a)}ns" if isinstance(a, T) else f"{a:g}" for a in args)


def difference(column, want, allowed, near):
    """The first value that is not the other; of values near 0 beside the others, to a thousandth of what is allowed of the largest."""
    most = max((abs(v) for v in want if v is not NONE), default=0)
    for i, (a, b) in enumerate(zip(column, want)):
        if (a is NONE) != (b is NONE) or a is not NONE and not math.isclose(a, b, rel_tol=allowed, abs_tol=max(near * allowed / 1e-9, allowed / 1000 * most)):
            return f"row {i}: {a!r}, not {b!r}"
    return ""


def compare(name, path, n, allowed, functions, outputs, met):
    book = {f"{x}{k}": f"{c}[{k}]" for k in range(LEVELS) for x, c in (("bp", "bid_px"), ("bq", "bid_qty"), ("ap", "ask_px"), ("aq", "ask_qty"))}
    rows = called(path, {**book, "px": "trade.px", "qty": "trade.qty", "side": "trade.side", "m": "mid", "sp": "spread"}, n)
    market_ref.ROWS, market_ref.LEVELS = len(rows), LEVELS
    m = Real(rows)
    wanted = []
    for function in functions:
        f, *sets = market_cases.TABLE[function]
        for args in ARGS.get(function, sets) or [()]:
            out = f(m, *args)
            for part, column in zip(outputs[function], out if isinstance(out, tuple) else (out,)):
                wanted.append((function, f"{function}({written(args)})" + (f".{part}" if part else ""), column))
    for at in range(0, len(wanted), PER_CALL):
        some = wanted[at:at + PER_CALL]
        got = called(path, {f"v{i}": w[1] for i, w in enumerate(some)}, n)
        for i, (function, call, want) in enumerate(some):
            column = [float(r[f"v{i}"]) if r[f"v{i}"] else NONE for r in got]
            wrong = difference(column, want, allowed, NEAR.get(function, 0)) if len(column) == len(want) else f"{len(column)} rows"
            met[function] = met.get(function, 0) + sum(v is not NONE for v in column)
            if wrong:
                tap.check(f"{name}: {call}", False, wrong)
    tap.check(f"{name}: {len(wanted)} columns of {len(rows)} rows", bool(wanted), "")


def main():
    folder = tap.data_dir() or ""
    if not os.path.exists(os.path.join(folder, SPOT)):
        tap.skip_all("no captures (HR_DATA_DIR)")
    code, out, err = tap.run("calc", "--list", "--json")
    outputs = {f["name"]: [o["name"] for o in f["outputs"]] for f in json.loads(out)}
    met = {}
    for name, (path, n, allowed) in CAPTURES.items():
        compare(name, os.path.join(folder, path), n, allowed, tap.share(sorted(market_cases.TABLE)), outputs, met)
    empty = sorted(f for f, n in met.items() if n == 0)
    if empty:
        compare("whole", os.path.join(folder, SPOT), WHOLE, 1e-8, empty, outputs, met)
    empty = sorted(f for f, n in met.items() if n == 0)
    tap.check("every function has values there", not empty, " ".join(empty))
    print(f"# {len(met)} functions, {sum(met.values())} values")
    tap.finish()


if __name__ == "__main__":
    main()
