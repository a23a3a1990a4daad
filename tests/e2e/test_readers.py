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
import duckdb, polars as pl, pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
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
    # A filter goes through statistics and page indexes: it finds what a look at every row finds.
    low, high = sorted(a["ts_recv"].cast("int64").to_pylist())[:: max(1, a.num_rows // 3)][1:3] if a.num_rows > 5 else (0, 0)
    want = sum(low <= x < high for x in a["ts_recv"].cast("int64").to_pylist())
    stamp = [pa.scalar(x, pa.int64()).cast(pa.timestamp("ns", tz="UTC")) for x in (low, high)]
    found = [d.filter(f"epoch_ns(ts_recv) >= {low} and epoch_ns(ts_recv) < {high}").aggregate("count(*)").fetchall()[0][0],
             pl.scan_parquet(pattern, hive_partitioning=False).filter((pl.col("ts_recv") >= pl.lit(low).cast(t["ts_recv"].dtype))
                 & (pl.col("ts_recv") < pl.lit(high).cast(t["ts_recv"].dtype))).collect().height,
             ds.dataset(files, format="parquet").count_rows(
                 filter=(ds.field("ts_recv") >= stamp[0]) & (ds.field("ts_recv") < stamp[1]))]
    out[kind] = dict(rows=rows, filtered=[want, *found], diff=diff, types=types, columns=a.column_names, first=first)
print(json.dumps(out))
'''


LAKE = r'''
import sys
import duckdb, numpy as np, polars as pl, pyarrow as pa, pyarrow.parquet as pq
n, rng = 20000, np.random.default_rng(1)
ts = (np.cumsum(rng.integers(1, 2000000, n // 8)) + 1700000000000000000).repeat(8)
tab = pa.table(dict(origin_time=pa.array(ts, pa.timestamp("ns")), received_time=pa.array(ts + 1000, pa.timestamp("ns")),
                    sequence_number=np.arange(n) // 8 + 1000, side_is_bid=rng.integers(0, 2, n).astype(bool),
                    price=(50000 + rng.integers(0, 400, n)) / 10, size=np.round(rng.pareto(1.5, n), 3)))
d = sys.argv[1]
for codec in ("NONE", "SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI"):
    for page in ("1.0", "2.0"):
        pq.write_table(tab, f"{d}/arrow-{codec}-{page}.parquet", compression=codec, data_page_version=page)
pq.write_table(tab, f"{d}/arrow-plain.parquet", use_dictionary=False, row_group_size=3000)
pl.from_arrow(tab).write_parquet(f"{d}/polars.parquet")
duckdb.sql(f"copy (select * from tab) to \'{d}/duckdb.parquet\' (format parquet)")
'''


def check_lake(exe):
    """One table by every writer and codec: equal datasets out."""
    folder = os.path.join(tap.SCRATCH, "exchange=BINANCE_FUTURES", "symbol=BTC-USDT-PERP")
    os.makedirs(folder)
    p = subprocess.run([exe, "-c", LAKE, folder], capture_output=True, text=True)
    tap.check("tables written by others", p.returncode == 0, p.stderr)
    digests = {}
    for f in sorted(glob.glob(folder + "/*.parquet")):
        out = os.path.join(tap.SCRATCH, "lake-out")
        got = tap.run_json(f, "--out", out, "--force")
        ok = got.get("levels") == 20000 and got["messages"] == 2500 and not got["rejected"]
        tables = tap.digest(os.path.join(out, "deltas")) if ok else str(got)
        digests[os.path.basename(f)] = (ok, tables)
        tap.check(f"{os.path.basename(f)}: 20,000 deltas in 2,500 messages", ok, got)
    # A message that a row-group cut divides is two messages: the plain file has such cuts.
    whole = {t for name, (_, t) in digests.items() if name != "arrow-plain.parquet"}
    tap.check("every writer and codec gives the same deltas", len(whole) == 1, digests)


def check_indexes(exe, out):
    """Statistics, page indexes and checksums against the data."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet_index.py")
    p = subprocess.run([exe, script, out], capture_output=True, text=True)
    tap.check("page indexes can be read", p.returncode == 0, p.stderr)
    found = json.loads(p.stdout) if p.returncode == 0 else dict(findings=["none"], pages=0)
    tap.check("statistics and page indexes say what the data is", not found["findings"], "\n".join(found["findings"]))
    tap.check("and there are many", found["pages"] > 300, found["pages"])


def main():
    exe = tap.python_with("duckdb", "polars", "pyarrow")
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
        tap.check(f"{kind}: a filter finds the same", len(set(r["filtered"])) == 1, r["filtered"])
    types = dict(zip(found["books"]["columns"], found["books"]["types"])) if found else {}
    tap.check("times are ns UTC, prices decimal", types.get("ts_recv") == "timestamp[ns, tz=UTC]"
              and types.get("bid_px_0") == "decimal128(18, 9)" and types.get("bid_qty_0") == "decimal128(18, 8)", types)
    tap.check("parts are named in the manifest", all(
        os.path.relpath(f, out) in open(os.path.join(out, "manifest.jsonl"), encoding="utf-8").read()
        for f in glob.glob(out + "/**/*.parquet", recursive=True)))
    check_indexes(exe, out)
    check_lake(exe)
    tap.finish()


main()
