#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`calc` on a table beside Polars and DuckDB: the same Parquet file, read, five windows of each instrument worked out, written as
Parquet with zstd; one core each, by processor time less what Python takes to import the tool, and all cores, by the clock less the same,
in turns; what comes out is compared.

    HR_PYTHON/bin/python bench/calc_tables.py build/src/app/headrace [ROUNDS [ROWS [INSTRUMENTS]]]

Walks of prices, the rows of all instruments in the order of their times, those of one some 10 ms apart: windows of 1,000 rows, and of 10 s."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from bars import processor_seconds

MAKE = r"""
import sys, numpy as np, polars as pl
path, n, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
r = np.random.default_rng(1)
ts = 1_700_000_000_000_000_000 + np.cumsum(r.integers(1, 20_000_000 // k, n))
i = r.integers(0, k, n)
x = np.empty(n)
for s in range(k):
    x[i == s] = 50_000 + np.cumsum(np.round(r.normal(0, 1, (i == s).sum()), 2))
pl.DataFrame({"time": pl.Series(ts).cast(pl.Datetime("ns")), "symbol": pl.Series([f"S{s:03}" for s in range(k)]).gather(i), "x": x}).write_parquet(
    path, compression="zstd", compression_level=1)
"""

PEER = r"""
import sys, polars as pl, duckdb
by, tool, path, out, cores = sys.argv[1:]
if tool == "polars":
    x = pl.col("x")
    f = ("sum", "mean", "std", "min", "max")
    if by == "rows":
        e = [getattr(x, "rolling_" + o)(window_size=1000) for o in f]
    else:
        e = [getattr(x, f"rolling_{o}_by")("time", window_size="10s", closed="right") for o in f]
    t = pl.read_parquet(path).with_columns(pl.col("time").set_sorted())
    t = t.select("time", "symbol", *[v.over("symbol").alias(f"v{j}") for j, v in enumerate(e)])
    t.write_parquet(out, compression="zstd", compression_level=1)
else:
    if cores == "one":
        duckdb.sql("set threads=1")
    w = "rows between 999 preceding and current row" if by == "rows" else "range between interval '9.999999' second preceding and current row"
    duckdb.sql(f"copy (select time, symbol, sum(x) over w v0, avg(x) over w v1, stddev_samp(x) over w v2, min(x) over w v3, max(x) over w v4"
               f" from '{path}' window w as (partition by symbol order by time {w})) to '{out}' (format parquet, compression zstd, compression_level 1)")
"""

SAME = r"""
import sys, polars as pl
ours, theirs = (pl.read_parquet(p) for p in sys.argv[1:])
assert len(ours) == len(theirs)
for j in range(5):
    a, b = ours[f"v{j}"], theirs[f"v{j}"]
    assert (a.is_null() == b.is_null()).all(), j
    assert ((a - b).abs().fill_null(0) <= 1e-9 * b.abs().fill_null(0) + 1e-9).all(), j
"""


def clock_seconds(command):
    before = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - before


def main():
    program = sys.argv[1]
    rounds, n, k = ([int(v) for v in sys.argv[2:5]] + [5, 2_000_000, 500][len(sys.argv) - 2:])
    python = os.environ.get("HR_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.parquet")
        subprocess.run([python, "-c", MAKE, path, str(n), str(k)], check=True)
        for cores, seconds_of in (("one", processor_seconds), ("all", clock_seconds)):
            start = {tool: min(seconds_of([python, "-c", f"import {tool}"]) for _ in range(3)) for tool in ("polars", "duckdb")}
            for by, w in (("rows", "1000"), ("time", "10s")):
                compare(program, python, folder, path, n, rounds, start, cores, seconds_of, by, w)


def compare(program, python, folder, path, n, rounds, start, cores, seconds_of, by, w):
    text = "; ".join(f"v{j}: {f}(x, {w})" for j, f in enumerate(("sum", "mean", "stds", "min", "max")))
    lanes = ["--lanes", "1"] if cores == "one" else []
    times = {"headrace": [], "polars": [], "duckdb": []}
    for turn in range(rounds):
        for tool, seconds in times.items():
            out = os.path.join(folder, tool + ".parquet")
            if tool == "headrace":
                seconds.append(seconds_of([program, "calc", text, path, "--by", "symbol", "--max-rows", "4000", *lanes, "--force", "--out", out]))
            elif tool == "polars" or turn == 0:
                seconds.append(seconds_of([python, "-c", PEER, by, tool, path, out, cores]) - start[tool])
    subprocess.run([python, "-c", SAME, *(os.path.join(folder, t + ".parquet") for t in ("headrace", "polars"))], check=True)
    ours = times["headrace"]
    for tool, seconds in times.items():
        ratio = statistics.median(s / h for s, h in zip(seconds, ours))
        print(f"{cores} core{'s' if cores == 'all' else ''}, five windows by {by}, {tool}: {n / statistics.median(seconds) * 1e-6:.2f} M rows/s "
              f"({n / max(seconds) * 1e-6:.2f} to {n / min(seconds) * 1e-6:.2f}), {ratio:.2f} x ours", flush=True)


if __name__ == "__main__":
    main()
