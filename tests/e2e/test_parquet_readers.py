# SPDX-License-Identifier: Apache-2.0
"""Our Parquet reader against others' files: every value of every column, and tables as the engine reads them. Needs a
Python with pyarrow, DuckDB and Polars (HR_PYTHON); the crash sweep needs the real data (HR_DATA_DIR). HR_PQ_DUMP is
the program that prints a file's columns."""
import glob
import json
import os
import subprocess
import sys

import tap

DUMP = os.environ.get("HR_PQ_DUMP", "build/tests/support/pq_dump")

# Writes files into argv[1] and, into report.jsonl, a line a file: [name, {column: values}] as pq_dump prints them.
WRITE = r'''
import decimal, itertools, json, struct, sys
import duckdb, numpy as np, polars as pl, pyarrow as pa, pyarrow.parquet as pq
d, n, rng = sys.argv[1], 3000, np.random.default_rng(7)
out = open(f"{d}/report.jsonl", "w")  # DuckDB puts its progress into stdout
ts = np.cumsum(rng.integers(1, 2000000, n)) + 1700000000000000000
D = decimal.Decimal

def nulls(values, every=7):
    return [None if i % every == 3 else v for i, v in enumerate(values)]

px = [round(50000 + int(x) / 10, 1) for x in rng.integers(0, 400, n)]
sz = [round(float(x), 3) for x in rng.pareto(1.5, n)]
lake = dict(
    origin_time=pa.array(ts, pa.timestamp("ns")), received_time=pa.array(nulls((ts + 1000).tolist()), pa.timestamp("ns", "UTC")),
    sequence_number=pa.array(np.arange(n) // 8 + 1000), side_is_bid=pa.array(nulls([bool(x) for x in rng.integers(0, 2, n)])),
    price=pa.array(px), size=pa.array(nulls(sz)), symbol=pa.array(["BTC-USDT-PERP"] * n), exchange=pa.array(["BINANCE_FUTURES"] * n))
trades = dict(
    origin_time=pa.array(ts // 1000, pa.timestamp("us")), side=pa.array(["buy" if x else "sell" for x in rng.integers(0, 2, n)]),
    quantity=pa.array(sz), price=pa.array(px), trade_id=pa.array(nulls([f"T{i * 7919 % 100003:06d}" for i in range(n)])))
book = {f"{s}_{i}_{k}": pa.array(nulls([v + i for v in (px if k == "price" else sz)], 40 + i))
        for i in range(3) for s in ("bid", "ask") for k in ("price", "size")}
book["origin_time"] = pa.array(ts, pa.timestamp("ns"))
types = dict(
    i8=pa.array(nulls([i % 256 - 128 for i in range(n)]), pa.int8()), u8=pa.array([i % 256 for i in range(n)], pa.uint8()),
    i16=pa.array([i * 31 % 65536 - 32768 for i in range(n)], pa.int16()), u32=pa.array([i * 2654435761 % 2**32 for i in range(n)], pa.uint32()),
    i64=pa.array(nulls([int(x) for x in rng.integers(-2**62, 2**62, n)]), pa.int64()), u64=pa.array([(i << 52) + i for i in range(n)], pa.uint64()),
    f32=pa.array(nulls([float(np.float32(x)) for x in px]), pa.float32()), f16=pa.array(np.array([i % 100 / 4 for i in range(n)], np.float16)),
    f64=pa.array(rng.normal(0, 1e6, n)), flag=pa.array(nulls([i % 3 == 0 for i in range(n)])), empty=pa.array([None] * n, pa.int64()),
    text=pa.array(nulls([("x" * (i % 40)) + str(i % 100) for i in range(n)])), raw=pa.array([bytes([i % 256] * (i % 5)) for i in range(n)]),
    fix1=pa.array([bytes([65 + i % 26]) for i in range(n)], pa.binary(1)), fix3=pa.array(nulls([b"%03d" % (i % 1000) for i in range(n)]), pa.binary(3)),
    d9=pa.array([D(i * 37 % 100000) / 100 for i in range(n)], pa.decimal128(9, 2)), d18=pa.array(nulls([D(i) * 10**12 / 10**9 for i in range(n)]), pa.decimal128(18, 9)),
    d38=pa.array([D((-1) ** i * i * 10**15) for i in range(n)], pa.decimal128(38, 0)), ms=pa.array(ts // 1000000, pa.timestamp("ms")),
    day=pa.array([i for i in range(n)], pa.date32()))
tables = dict(lake=pa.table(lake), trades=pa.table(trades), book=pa.table(book), types=pa.table(types))

def texts(col):
    t = col.type
    if pa.types.is_dictionary(t):
        return texts(col.cast(t.value_type))
    if pa.types.is_timestamp(t):
        col = col.cast(pa.int64())
    if pa.types.is_date32(t):
        col = col.cast(pa.int32())
    values = []
    for v in col.to_pylist():
        if v is None:
            values.append("null")
        elif pa.types.is_floating(t):
            values.append("null" if v != v else struct.pack(">d", float(v)).hex())
        elif isinstance(v, (bytes, str)):
            values.append((v.encode() if isinstance(v, str) else v).hex())
        else:
            i = int(v.scaleb(t.scale)) if isinstance(v, D) else int(v)
            values.append(str(i) if -2**63 + 1 < i < 2**63 else "wide")
    return values

def report(name, table=None):
    try:
        table = table if table is not None else pq.ParquetFile(f"{d}/{name}").read()
    except OSError:  # pyarrow refuses deltas wider than their type, as DuckDB writes them
        table = duckdb.sql(f"select * exclude (ms) from '{d}/{name}'").to_arrow_table()  # it widens ms
    print(json.dumps([name, {c: texts(table[c]) for c in table.column_names}]), file=out)

decimal.getcontext().prec = 60
for (k, t), codec, page in itertools.product(tables.items(), ("NONE", "SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI"), ("1.0", "2.0")):
    name = f"arrow-{k}-{codec}-{page}.parquet"
    pq.write_table(t, f"{d}/{name}", compression=codec, data_page_version=page, write_page_checksum=page == "2.0",
                   row_group_size=1300, data_page_size=2000)
    report(name, t if k != "types" else None)
BYTES = ("text", "raw")
for page, dictionary in itertools.product(("1.0", "2.0"), (True, False)):
    name = f"arrow-types-dict{dictionary}-{page}.parquet"
    pq.write_table(tables["types"], f"{d}/{name}", use_dictionary=dictionary, data_page_version=page)
    report(name)
for encoding in ("PLAIN", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT", "RLE"):
    fits = {"PLAIN": lambda t, c: True, "RLE": lambda t, c: pa.types.is_boolean(t),
            "DELTA_BINARY_PACKED": lambda t, c: pa.types.is_integer(t) or pa.types.is_timestamp(t),
            "DELTA_LENGTH_BYTE_ARRAY": lambda t, c: c in BYTES,
            "DELTA_BYTE_ARRAY": lambda t, c: c in BYTES or pa.types.is_fixed_size_binary(t) and not pa.types.is_decimal(t),
            "BYTE_STREAM_SPLIT": lambda t, c: pa.types.is_floating(t) or pa.types.is_integer(t) or c in ("fix1", "fix3", "d18")}[encoding]
    t = tables["types"]
    t = t.select([c for c in t.column_names if fits(t[c].type, c)])
    for page in ("1.0", "2.0"):
        name = f"arrow-{encoding}-{page}.parquet"
        pq.write_table(t, f"{d}/{name}", use_dictionary=False, column_encoding={c: encoding for c in t.column_names}, data_page_version=page)
        report(name)
pq.write_table(tables["lake"], f"{d}/arrow-int96.parquet", use_deprecated_int96_timestamps=True)
report("arrow-int96.parquet", tables["lake"])
for k, t in tables.items():
    con = duckdb.connect()
    con.register("t", t if k != "types" else t.drop(["f16", "empty", "fix1", "fix3"]))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"):
        con.execute(f"copy t to '{d}/duckdb-{k}-{codec}.parquet' (format parquet, compression {codec})")
        report(f"duckdb-{k}-{codec}.parquet")
    con.execute(f"copy t to '{d}/duckdb-{k}-v2.parquet' (format parquet, parquet_version v2)")
    report(f"duckdb-{k}-v2.parquet")
    f = pl.from_arrow(t if k != "types" else t.drop(["f16"]))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli"):
        f.write_parquet(f"{d}/polars-{k}-{codec}.parquet", compression=codec)
        report(f"polars-{k}-{codec}.parquet")
'''


def python_with_writers():
    for exe in (os.environ.get("HR_PYTHON"), sys.executable):
        if exe and subprocess.run([exe, "-c", "import duckdb, polars, pyarrow"], capture_output=True).returncode == 0:
            return exe
    return None


def dump(path):
    """(exit code, error, {column: texts})"""
    p = subprocess.run([DUMP, path], capture_output=True, text=True, timeout=120)
    columns, now = {}, None
    for line in p.stdout.split("\n")[:-1]:
        if line.startswith("column\t"):
            now = columns[line.split("\t")[1]] = []
        else:
            now.append(line)
    return p.returncode, p.stderr.strip(), columns


def first_difference(want, got):
    for name, values in want.items():
        if name not in got:
            return f"{name}: not read"
        for i, (a, b) in enumerate(zip(values, got[name])):
            if a != b:
                return f"{name}[{i}]: {b}, not {a}"
        if len(values) != len(got[name]):
            return f"{name}: {len(got[name])} rows, not {len(values)}"
    return ""


def check_values(exe):
    p = subprocess.run([exe, "-c", WRITE, tap.SCRATCH], capture_output=True, text=True)
    tap.check("pyarrow, DuckDB and Polars write their files", p.returncode == 0, p.stderr)
    with open(os.path.join(tap.SCRATCH, "report.jsonl"), encoding="utf-8") as f:
        files = [json.loads(line) for line in f]
    for name, want in files:
        code, err, got = dump(os.path.join(tap.SCRATCH, name))
        diff = err if code else first_difference(want, got)
        tap.check(f"{name}: {len(want)} columns, every value", code == 0 and not diff, diff)
    return [name for name, _ in files]


def check_runs(names):
    """A table gives one dataset, whoever wrote it: nulls are rejected by name, the rest is read."""
    for kind, tables in (("lake", "deltas"), ("trades", "trades"), ("book", "books")):
        digests, counts = {}, {}
        for name in names:
            if f"-{kind}-" not in name:
                continue
            out = os.path.join(tap.SCRATCH, "out")
            code, text, err = tap.run("run", os.path.join(tap.SCRATCH, name), "--out", out, "--force", "--json")
            got = json.loads(text) if text.startswith("{") else {"error": err}
            digests[name] = tap.digest(os.path.join(out, tables)) if os.path.isdir(os.path.join(out, tables)) else str(got)
            counts[name] = (code, str(got.get("rejected")))
        tap.check(f"{kind}: {len(digests)} files, one dataset", len(digests) > 10 and len(set(digests.values())) == 1, counts)
        tap.check(f"{kind}: the same rows are rejected", len(set(counts.values())) == 1, counts)


def check_sweep(data):
    """Files made to break readers, and the format's own collection: read or refused, never a crash."""
    patterns = ("parquet-testing/data/**/*", "parquet-testing/bad_data/*", "arrow-testing/parquet/**/*", "tables/*.parquet")
    files = [f for p in patterns for f in sorted(glob.glob(os.path.join(data, p), recursive=True)) if os.path.isfile(f)]
    codes = {f: subprocess.run([DUMP, f], capture_output=True, timeout=120) for f in files}
    bad = {f: p.stderr[-300:] for f, p in codes.items() if p.returncode not in (0, 3) or p.returncode == 3 and not p.stderr}
    tap.check(f"{len(files)} hostile files: read, or refused with a word", not bad, bad)
    refused = [os.path.basename(f) for f, p in codes.items() if p.returncode and "parquet-testing/data/" in f and f.endswith(".parquet")]
    meant = {"datapage_v1-corrupt-checksum.parquet", "rle-dict-uncompressed-corrupt-checksum.parquet",
             "repeated_no_annotation.parquet"}  # the last one's footer counts no rows
    tap.check("of the good ones, only those with wrong checksums or counts are refused", set(refused) <= meant, refused)
    silent = [f for f, p in codes.items() if f.endswith(".encrypted") and b"encrypted" not in p.stderr]
    tap.check("encrypted files are refused by name", not silent, silent)
    crashes = []
    for f in files:
        p = subprocess.run([tap.EXE, "inspect", f], capture_output=True, timeout=120)
        if p.returncode not in (0, 3, 4, 5) or p.returncode and not p.stderr:
            crashes.append((f, p.returncode, p.stderr[-300:]))
    tap.check("inspect survives them too", not crashes, crashes)


def main():
    exe, data = python_with_writers(), tap.data_dir()
    if exe is None and data is None:
        tap.skip_all("neither a Python with duckdb, polars and pyarrow (HR_PYTHON) nor the real data (HR_DATA_DIR)")
    if exe is not None:
        check_runs(check_values(exe))
    if data is not None:
        check_sweep(data)
    tap.finish()


main()
