#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Window operators beside Polars and DuckDB: the same generated column, one thread each, processor time, in turns; sums and numbers
of the values are compared.

    HR_PYTHON/bin/python bench/bench_window_peers.py build/bench/bench_window [ROUNDS [ROWS [LENGTHS]]]

A walk of prices, rows some 10 ms apart: windows of 1,000 rows, and of 10 s, which hold about as many. Ours reads the column in batches
of 2,048 rows; the others have it in memory as a whole. DuckDB by time orders by the time, by rows it does not.

LENGTHS (10,100,1000): `quantile` alone, over windows of so many rows, beside Polars alone."""
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["POLARS_MAX_THREADS"] = "1"
import duckdb
import numpy as np
import polars as pl

OURS = {"std": "stds"}  # theirs are samples
OPS = ["sum", "mean", "std", "min", "max", "quantile"]


def make(path, n):
    r = np.random.default_rng(1)
    ts = 1_700_000_000_000_000_000 + np.cumsum(r.integers(1, 20_000_000, n))
    px = 50_000 + np.cumsum(np.round(r.normal(0, 1, n), 2))
    with open(path, "wb") as f:
        f.write(ts.astype("<i8").tobytes() + px.astype("<f8").tobytes())
    return pl.DataFrame({"ts": pl.Series(ts).cast(pl.Datetime("ns")), "x": px}).with_columns(pl.col("ts").set_sorted())


def turn(run, passes=1):
    """The middle of some passes, as ours is."""
    took = []
    for _ in range(passes):
        before = time.process_time_ns()
        values = run()
        took.append(time.process_time_ns() - before)
    ns = statistics.median(took)
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return ns, len(values), float(values.sum())


def ours(program, path, op, by, length=1000):
    out = subprocess.run([program, "column", path, OURS.get(op, op), by, str(length) if by == "rows" else "10e9"], capture_output=True, text=True, check=True)
    words = out.stdout.split()
    return float(words[2]), int(words[5]), float(words[6])


def with_polars(t, op, by, length=1000):
    x = pl.col("x")
    part = {"quantile": 0.9, "interpolation": "linear"} if op == "quantile" else {}
    if by == "rows":
        e = getattr(x, "rolling_" + op)(window_size=length, **part)
    else:
        e = getattr(x, f"rolling_{op}_by")("ts", window_size="10s", closed="right", **part)
    return turn(lambda: t.select(e).to_series().to_numpy(), 7)


def with_duckdb(db, op, by):
    f = {"mean": "avg(x)", "std": "stddev_samp(x)", "quantile": "quantile_cont(x, 0.9)"}.get(op, f"{op}(x)")
    frame = "rows between 999 preceding and current row"
    if by == "time":
        frame = "order by ns range between 9999999999 preceding and current row"
    values = turn(lambda: db.execute(f"select {f} over ({frame}) v from t").fetchnumpy()["v"])
    return values


def same(a, b, length=1000):
    """Theirs have values before the window is full, and by time of one row."""
    return abs(a[1] - b[1]) <= length + 1 and math.isclose(a[2] / a[1], b[2] / b[1], rel_tol=2e-3)


def by_length(program, path, t, rounds, lengths):
    print(f"# {t.height} rows, {rounds} rounds; Polars {pl.__version__}; ns a row, and theirs by ours")
    print("| `quantile` | ours | Polars | Polars / ours |\n| --- | --- | --- | --- |")
    for length in lengths:
        took = []
        for _ in range(rounds):
            a = ours(program, path, "quantile", "rows", length)
            b = with_polars(t, "quantile", "rows", length)
            took.append((a[0], b[0] / t.height))
            if not same(a, b, length):
                sys.exit(f"quantile of {length} rows: Polars has {b[1]} values, sum {b[2]:.17g}; ours {a[1]}, {a[2]:.17g}")
        us, pol = (statistics.median(x) for x in zip(*took))
        print(f"| {length:,} rows | {us:.1f} | {pol:.1f} | {statistics.median(b / a for a, b in took):.1f} |", flush=True)


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "column")
        t = make(path, n)
        if len(sys.argv) > 4:
            return by_length(program, path, t, rounds, [int(w) for w in sys.argv[4].split(",")])
        db = duckdb.connect()
        db.execute("set threads=1")
        frame = t.select(ns=pl.col("ts").cast(pl.Int64), x="x").to_arrow()
        db.execute("create table t as select * from frame")
        print(f"# {n} rows, {rounds} rounds; Polars {pl.__version__}, DuckDB {duckdb.__version__}; ns a row, and theirs by ours")
        print("| operator | ours | Polars | DuckDB | Polars / ours | DuckDB / ours |\n| --- | --- | --- | --- | --- | --- |")
        os.sync()  # what was just written is not written out while the first takes its turn
        ours(program, path, "sum", "rows")
        with_polars(t, "sum", "rows")
        for by in ("rows", "time"):
            for op in OPS:
                took = {"ours": [], "polars": [], "duckdb": []}
                for _ in range(rounds):
                    a = ours(program, path, op, by)
                    took["ours"].append(a[0])
                    for name, b in (("polars", with_polars(t, op, by)), ("duckdb", with_duckdb(db, op, by))):
                        took[name].append(b[0] / n)
                        if not same(a, b):
                            sys.exit(f"{op} by {by}: {name} has {b[1]} values, sum {b[2]:.17g}; ours {a[1]}, {a[2]:.17g}")
                us, pol, duck = (statistics.median(took[k]) for k in ("ours", "polars", "duckdb"))
                by_pol = statistics.median(b / a for a, b in zip(took["ours"], took["polars"]))
                by_duck = statistics.median(b / a for a, b in zip(took["ours"], took["duckdb"]))
                print(f"| `{op}`, {'1,000 rows' if by == 'rows' else '10 s'} | {us:.1f} | {pol:.1f} | {duck:.0f} | {by_pol:.1f} | {by_duck:.0f} |", flush=True)


if __name__ == "__main__":
    main()
