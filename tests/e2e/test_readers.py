# SPDX-License-Identifier: Apache-2.0
"""DuckDB, Polars and pyarrow open the dataset with no options and agree."""
import glob
import json
import os
import subprocess
import sys

import tap

SCRIPT = r'''
import glob, json, sys
import duckdb, polars as pl, pyarrow.compute as pc, pyarrow.dataset as ds
root, out = sys.argv[1], {}
for kind in "deltas trades tickers books features gaps".split():
    pattern = f"{root}/{kind}/**/*.parquet"
    files = sorted(glob.glob(pattern, recursive=True))
    if not files:
        continue
    d = duckdb.sql(f"select * from read_parquet('{pattern}', hive_partitioning=false)")
    t = pl.scan_parquet(pattern, hive_partitioning=False).collect()
    a = ds.dataset(files, format="parquet").to_table()
    types = [str(x) for x in a.schema.types]
    rows = [d.aggregate("count(*)").fetchall()[0][0], t.height, a.num_rows]
    diff = []
    for c in a.column_names:
        if t[c].dtype.is_numeric() or t[c].dtype.is_decimal():
            sums = [d.aggregate(f"sum({c})").fetchall()[0][0], t[c].sum(), pc.sum(a[c]).as_py()]
            sums = [float(x or 0) for x in sums]
            if max(sums) - min(sums) > 1e-9 * max(1, abs(sums[0])):
                diff.append([c, *map(str, sums)])
    first = [str(t.row(0)), str(tuple(a.slice(0, 1).to_pylist()[0].values()))] if kind == "books" else []
    out[kind] = dict(rows=rows, diff=diff, types=types, columns=a.column_names, first=first)
print(json.dumps(out))
'''


def python_with_readers():
    for exe in (os.environ.get("HR_PYTHON"), sys.executable):
        if exe and subprocess.run([exe, "-c", "import duckdb, polars, pyarrow"], capture_output=True).returncode == 0:
            return exe
    return None


def main():
    exe = python_with_readers()
    if exe is None:
        tap.skip_all("duckdb, polars and pyarrow are not installed (HR_PYTHON names a Python that has them)")
    capture = os.path.join(tap.SCRATCH, "c.ndjson")
    out = os.path.join(tap.SCRATCH, "out")
    tap.run("gen", "--levels", 60000, "--gaps", 1, "--instruments", 4, "--out", capture)
    summary = tap.run_json(capture, "--out", out)
    p = subprocess.run([exe, "-c", SCRIPT, out], capture_output=True, text=True)
    tap.check("all three open it", p.returncode == 0, p.stderr)
    found = json.loads(p.stdout) if p.returncode == 0 else {}
    for kind, r in found.items():
        tap.check(f"{kind}: {summary['written'][kind]} rows in each", set(r["rows"]) == {summary["written"][kind]}, r["rows"])
        tap.check(f"{kind}: equal sums", not r["diff"], r["diff"])
    types = dict(zip(found["books"]["columns"], found["books"]["types"])) if found else {}
    tap.check("times are ns UTC, prices decimal", types.get("ts_recv") == "timestamp[ns, tz=UTC]"
              and types.get("bid_px_0") == "decimal128(18, 9)" and types.get("bid_qty_0") == "decimal128(18, 8)", types)
    tap.check("parts are named in the manifest", all(
        os.path.relpath(f, out) in open(os.path.join(out, "manifest.jsonl"), encoding="utf-8").read()
        for f in glob.glob(out + "/**/*.parquet", recursive=True)))
    tap.finish()


main()
