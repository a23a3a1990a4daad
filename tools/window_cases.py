#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for window operators from pandas: tests/prop/ops_window_cases.txt.
window_cases.py renews the file (needs pandas); --check says whether it is as it should be (exit 1: no)."""
import math
import os
import random
import re
import sys

import pandas as pd

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/prop/ops_window_cases.txt")
ROWS = 60
NULL = float("nan")
ONE = {
    "sum": lambda r: r.sum(), "mean": lambda r: r.mean(), "min": lambda r: r.min(), "max": lambda r: r.max(), "count": lambda r: r.count(),
    "quantile 0.9": lambda r: r.quantile(0.9), "quantile 0.5": lambda r: r.median(), "first": lambda r: r.apply(lambda w: w.iloc[0]),
    # window by window: what pandas carries along rolling variances still feels a jump that has left
    "var": lambda r: r.apply(lambda w: w.var(ddof=0)), "vars": lambda r: r.apply(lambda w: w.var(ddof=1)),
    "std": lambda r: r.apply(lambda w: w.std(ddof=0)), "stds": lambda r: r.apply(lambda w: w.std(ddof=1)),
    # pandas corrects skew and kurt for the sample: here they are of the population
    "skew": lambda r: r.apply(lambda w: ((w - w.mean()) ** 3).mean() / ((w - w.mean()) ** 2).mean() ** 1.5),
    "kurt": lambda r: r.apply(lambda w: ((w - w.mean()) ** 4).mean() / ((w - w.mean()) ** 2).mean() ** 2 - 3),
    "rank": lambda r: (r.rank() - 1) / (r.count() - 1),
}
TWO = {"cov": lambda w, y: w.cov(y, ddof=0), "corr": lambda w, y: w.corr(y) if w.nunique() > 1 and len(w) > 1 else NULL}
WIDTHS = [1, 2, 5, 20, 21, 50]
SPANS = [2, 7, 30]  # seconds


def data():
    r = random.Random(3)
    x, y, at, ts = [], [], 0, []
    last = 100.0
    for i in range(ROWS):
        last = round(last + r.choice([-0.5, -0.25, 0, 0.25, 0.5]) + (40 if i == 33 else 0), 2)
        x.append(last)
        y.append(round(0.3 * last + r.uniform(-1, 1), 2))
        at += r.choice([1, 1, 500, 1000, 1700, 9000] if i % 9 == 0 else [1, 300, 800])
        ts.append(at)
    return ts, x, y


def text(values):
    return "{" + ",".join("nan" if pd.isna(v) or abs(v) == float("inf") else "%.15g" % v for v in values) + "}"


def over(f, x, y, window, rows):
    """Of two columns, in windows of at least so many rows."""
    return [f(w, y.loc[w.index]) if len(w) >= rows else NULL for w in x.rolling(window)]


def cases():
    ts, x, y = data()
    yield "# cases of window operators, made by tools/window_cases.py with pandas: an operator, its part, window (rows, or s), values"
    yield "$ts=" + text(ts)
    yield "$x=" + text(x)
    yield "$y=" + text(y)
    index = pd.to_datetime(ts, unit="ms")
    sx, sy = pd.Series(x), pd.Series(y)
    tx, ty = pd.Series(x, index=index), pd.Series(y, index=index)
    for name, f in ONE.items():
        for n in WIDTHS:
            yield f"{name} {n} {text(f(sx.rolling(n)))}"
        for s in SPANS:
            yield f"{name} {s}s {text(f(tx.rolling(f'{s}s')))}"
    for name, f in TWO.items():
        for n in WIDTHS:
            yield f"{name} {n} {text(over(f, sx, sy, n, n))}"
        for s in SPANS:
            yield f"{name} {s}s {text(over(f, tx, ty, f'{s}s', 1))}"
    for n in (1, 5, 20):
        yield f"ewma {n} {text(sx.ewm(span=n, adjust=False).mean())}"
        yield f"lag {n} {text(sx.shift(n))}"
        yield f"pct {n} {text(sx.pct_change(n))}"
    for name, f in (("cumsum", sx.cumsum()), ("cummin", sx.cummin()), ("cummax", sx.cummax()), ("cummean", sx.expanding().mean())):
        yield f"{name} 1 {text(f)}"


def near(a, b):
    """The same words, numbers to 1e-12: pandas' own last digits hang on the processor."""
    a, b = (re.split(r"[{},\s]+", x) for x in (a, b))
    return len(a) == len(b) and all(x == y or math.isclose(float(x), float(y), rel_tol=1e-12, abs_tol=1e-15) for x, y in zip(a, b))


def main():
    page = "\n".join(cases()) + "\n"
    if "--check" in sys.argv:
        with open(PAGE) as f:
            sys.exit(0 if near(f.read(), page) else 1)
    with open(PAGE, "w") as f:
        f.write(page)


if __name__ == "__main__":
    main()
