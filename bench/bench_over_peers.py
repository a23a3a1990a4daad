#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Windows of each instrument's own rows in a table of many, what SQL writes as over (partition by ..), beside Polars and DuckDB: one thread
each, processor time, in turns; numbers and sums of the values are compared with Polars'.

    HR_PYTHON/bin/python bench/bench_over_peers.py build/bench/bench_over [ROUNDS [ROWS [INSTRUMENTS]]]

Walks of prices; an instrument's rows come some 10 ms apart: windows of 1,000 rows, and of 10 s, which hold about as many. All have the
table in memory as a whole and make columns in its order. DuckDB, a hundred times slower by time, takes part in one round."""
import math
import os
import statistics
import subprocess
import sys
import tempfile

import bench_window_peers as one
import duckdb
import numpy as np
import polars as pl

OPS = ["sum", "mean", "std", "min", "max"]
SETS = [[op] for op in OPS] + [["quantile"], OPS]


def make(path, n, k):
    r = np.random.default_rng(1)
    ts = 1_700_000_000_000_000_000 + np.cumsum(r.integers(1, 20_000_000 // k, n))
    instrument = r.integers(0, k, n).astype("<u4")
    px = np.empty(n)
    for i in range(k):
        of = instrument == i
        px[of] = 50_000 + np.cumsum(np.round(r.normal(0, 1, of.sum()), 2))
    with open(path, "wb") as f:
        f.write(ts.astype("<i8").tobytes() + px.astype("<f8").tobytes() + instrument.tobytes())
    t = pl.DataFrame({"ts": pl.Series(ts).cast(pl.Datetime("ns")), "x": px, "i": instrument})
    return t.with_columns(pl.col("ts").set_sorted())


def ours(program, path, n, k, ops, by):
    width = "1000" if by == "rows" else "10s"
    text = "; ".join(f"v{j}: {one.OURS.get(op, op)}(x, {width}{', 0.9' if op == 'quantile' else ''})" for j, op in enumerate(ops))
    out = subprocess.run([program, path, str(n), str(k), text], capture_output=True, text=True, check=True).stdout.splitlines()
    return float(out[0].split()[1]) * n, [(int(a), float(b)) for _, a, b in map(str.split, out[1:])]


def with_polars(t, ops, by):
    def e(j, op):
        part = {"quantile": 0.9, "interpolation": "linear"} if op == "quantile" else {}
        if by == "rows":
            v = getattr(pl.col("x"), "rolling_" + op)(window_size=1000, **part)
        else:
            v = getattr(pl.col("x"), f"rolling_{op}_by")("ts", window_size="10s", closed="right", **part)
        return v.over("i").alias(f"v{j}")
    asked = [e(j, op) for j, op in enumerate(ops)]
    ns = one.turn(lambda: t.select(asked).height, 3)[0]
    values = t.select(asked)
    return ns, [(values.height - s.null_count(), s.sum()) for s in values]


def with_duckdb(db, ops, by):
    frame = "order by ns rows between 999 preceding and current row"
    if by == "time":
        frame = "order by ns range between 9999999999 preceding and current row"
    f = {"mean": "avg(x)", "std": "stddev_samp(x)", "quantile": "quantile_cont(x, 0.9)"}
    asked = ", ".join(f"{f.get(op, f'{op}(x)')} over w as v{j}" for j, op in enumerate(ops))
    return one.turn(lambda: len(db.execute(f"select {asked} from t window w as (partition by i {frame})").fetchnumpy()["v0"]))[0]


def same(a, b):
    return all(x[0] == y[0] and math.isclose(x[1], y[1], rel_tol=1e-9) for x, y in zip(a, b))


def main():
    program = sys.argv[1]
    rounds, n, k = ([int(v) for v in sys.argv[2:5]] + [3, 2_000_000, 500][len(sys.argv) - 2:])
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "table")
        t = make(path, n, k)
        db = duckdb.connect()
        db.execute("set threads=1")
        frame = t.select(ns=pl.col("ts").cast(pl.Int64), x="x", i="i").to_arrow()
        db.execute("create table t as select * from frame")
        print(f"# {n} rows of {k} instruments, {rounds} rounds; Polars {pl.__version__}, DuckDB {duckdb.__version__}; ns a row, and theirs by ours")
        print("| operators | ours | Polars | DuckDB | Polars / ours | DuckDB / ours |\n| --- | --- | --- | --- | --- | --- |")
        for by in ("rows", "time"):
            for ops in SETS:
                us, pol = [], []
                for _ in range(rounds):
                    a, b = ours(program, path, n, k, ops, by), with_polars(t, ops, by)
                    if not same(a[1], b[1]):
                        sys.exit(f"{ops} by {by}: Polars has {b[1]}; ours {a[1]}")
                    us.append(a[0] / n)
                    pol.append(b[0] / n)
                duck = with_duckdb(db, ops, by) / n
                ratio = statistics.median(b / a for a, b in zip(us, pol))
                mine = statistics.median(us)
                name = f"`{' '.join(ops)}`, {'1,000 rows' if by == 'rows' else '10 s'}"
                print(f"| {name} | {mine:.1f} | {statistics.median(pol):.1f} | {duck:.0f} | {ratio:.1f} | {duck / mine:.0f} |", flush=True)


if __name__ == "__main__":
    main()
