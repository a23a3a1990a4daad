# SPDX-License-Identifier: Apache-2.0
"""What other writers and readers make of Parquet, for test_parquet_readers.py: `write FOLDER` writes files with pyarrow,
DuckDB and Polars, `collection FILE...` reads files with pyarrow. Needs a Python with all three. Both leave report.jsonl
in the folder (the current one), a line a file: name and {column: values as pq_dump prints them, or the reader's error}."""
import decimal
import itertools
import json
import struct
import sys

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

D = decimal.Decimal
N = 3000
decimal.getcontext().prec = 90
rng = np.random.default_rng(7)
pt = pa.types


def texts(col):
    t = col.type
    if isinstance(t, pa.BaseExtensionType):
        return texts(pa.chunked_array([c.storage for c in col.chunks], t.storage_type))
    if pt.is_dictionary(t):
        return texts(col.cast(t.value_type))
    if pt.is_timestamp(t) or pt.is_time64(t) or pt.is_date64(t) or pt.is_duration(t):
        col = col.cast(pa.int64())
    elif pt.is_date32(t) or pt.is_time32(t):
        col = col.cast(pa.int32())
    values = []
    for v in col.to_pylist():
        if v is None:
            values.append("null")
        elif pt.is_floating(t):
            values.append("nan" if v != v else struct.pack(">d", float(v)).hex())
        elif isinstance(v, (bytes, str)):
            values.append((v.encode() if isinstance(v, str) else v).hex())
        elif pt.is_decimal(t):
            i = int(v.scaleb(t.scale))
            values.append(str(i) if -2**63 + 1 < i < 2**63 else "wide")
        else:
            values.append(str(int(v)) if int(v) < 2**63 else "wide")
    return values


# ---- tables ----

def nulls(values, every=7):
    return [None if i % every == 3 else v for i, v in enumerate(values)]


def make_tables():
    n = N
    ts = np.cumsum(rng.integers(1, 2000000, n)) + 1700000000000000000
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
    edge = [-2**63, 2**63 - 1, -2**63 + 1, 0, -1]
    odd = [float("nan"), float("inf"), -float("inf"), -0.0, 0.0, 5e-324, 1.7976931348623157e308]
    types = dict(
        i8=pa.array(nulls([i % 256 - 128 for i in range(n)]), pa.int8()), u8=pa.array([i % 256 for i in range(n)], pa.uint8()),
        i16=pa.array([i * 31 % 65536 - 32768 for i in range(n)], pa.int16()), u32=pa.array([i * 2654435761 % 2**32 for i in range(n)], pa.uint32()),
        i32=pa.array(nulls([-2**31, 2**31 - 1] * (n // 2)), pa.int32()),
        i64=pa.array(nulls(edge + [int(x) for x in rng.integers(-2**62, 2**62, n - 5)]), pa.int64()), u64=pa.array([(i << 52) + i for i in range(n)], pa.uint64()),
        f32=pa.array(nulls(odd[:5] + [float(np.float32(x)) for x in px[5:]]), pa.float32()), f16=pa.array(np.array([i % 100 / 4 for i in range(n)], np.float16)),
        f64=pa.array(odd + list(rng.normal(0, 1e6, n - 7))), flag=pa.array(nulls([i % 3 == 0 for i in range(n)])),
        flags=pa.array([i // 700 % 2 == 0 for i in range(n)]), empty=pa.array([None] * n, pa.int64()),
        text=pa.array(nulls([("x" * (i % 40)) + str(i % 100) for i in range(n)])), raw=pa.array([bytes([i % 256] * (i % 5)) for i in range(n)]),
        word=pa.array(nulls([("BTC", "ETH", "SOL")[i // 50 % 3] for i in range(n)], 2)), none=pa.array([None] * n, pa.string()),
        fix1=pa.array([bytes([65 + i % 26]) for i in range(n)], pa.binary(1)), fix3=pa.array(nulls([b"%03d" % (i % 1000) for i in range(n)]), pa.binary(3)),
        fix16=pa.array(nulls([(i * 2**90).to_bytes(16, "big") for i in range(n)]), pa.binary(16)),
        d9=pa.array([D(i * 37 % 100000) / 100 for i in range(n)], pa.decimal128(9, 2)), d18=pa.array(nulls([D(i) * 10**12 / 10**9 for i in range(n)]), pa.decimal128(18, 9)),
        d38=pa.array([D((-1) ** i * i * 10**15) for i in range(n)], pa.decimal128(38, 0)), d76=pa.array(nulls([D((-1) ** i * i) / 100 for i in range(n)]), pa.decimal256(76, 2)),
        ms=pa.array(ts // 1000000, pa.timestamp("ms")), us=pa.array(nulls((ts // 1000).tolist()), pa.timestamp("us", "UTC")),
        ns=pa.array(nulls(ts.tolist()), pa.timestamp("ns")), day=pa.array([i for i in range(n)], pa.date32()),
        t32=pa.array(nulls([i * 1000 for i in range(n)]), pa.time32("ms")), t64=pa.array([i * 10**9 for i in range(n)], pa.time64("ns")),
        rare=pa.array([i if i % 997 == 5 else None for i in range(n)], pa.int32()), late=pa.array([None] * (n - 1) + [7], pa.int64()))
    return dict(lake=pa.table(lake), trades=pa.table(trades), book=pa.table(book), types=pa.table(types))


BYTES = ("text", "raw", "word", "none")
FIXED = ("fix1", "fix3", "fix16", "d38", "d76")
FITS = {
    "PLAIN": lambda t, c: True,
    "RLE": lambda t, c: pt.is_boolean(t),
    "DELTA_BINARY_PACKED": lambda t, c: pt.is_integer(t) or pt.is_timestamp(t) or pt.is_time(t) or pt.is_date(t),
    "DELTA_LENGTH_BYTE_ARRAY": lambda t, c: c in BYTES,
    "DELTA_BYTE_ARRAY": lambda t, c: c in BYTES or c in FIXED and not pt.is_decimal(t),
    "BYTE_STREAM_SPLIT": lambda t, c: pt.is_floating(t) or pt.is_integer(t) or c in FIXED or c == "d18",
}


# ---- writers ----

BLOOMED = ("i64", "u64", "f32", "f64", "text", "even", "name", "fix3", "d18", "d38", "ns")


def report(out, folder, name, table=None):
    try:
        table = table if table is not None else pq.ParquetFile(f"{folder}/{name}").read()
    except OSError:  # pyarrow refuses deltas wider than their type, as DuckDB writes them
        table = duckdb.sql(f"select * exclude (ms) from '{folder}/{name}'").to_arrow_table()  # it widens ms
    print(json.dumps([name, {c: texts(table[c]) for c in table.column_names}]), file=out)


def write_arrow(out, d, tables):
    for (k, t), codec, page in itertools.product(tables.items(), ("NONE", "SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI"), ("1.0", "2.0")):
        name = f"arrow-{k}-{codec}-{page}.parquet"
        pq.write_table(t, f"{d}/{name}", compression=codec, data_page_version=page, write_page_checksum=page == "2.0",
                       row_group_size=1300, data_page_size=2000)
        report(out, d, name, t if k != "types" else None)
    types = tables["types"]
    for page, dictionary, as_integer in itertools.product(("1.0", "2.0"), (True, False), (True, False)):
        name = f"arrow-types-dict{dictionary}-{page}-decimals{as_integer}.parquet"
        pq.write_table(types, f"{d}/{name}", use_dictionary=dictionary, data_page_version=page, store_decimal_as_integer=as_integer,
                       write_page_index=True)
        report(out, d, name)
    codecs = itertools.cycle(("NONE", "SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI"))
    for encoding, page, _ in itertools.product(FITS, ("1.0", "2.0"), range(3)):
        t = types.select([c for c in types.column_names if FITS[encoding](types[c].type, c)])
        codec = next(codecs)
        name = f"arrow-{encoding}-{page}-{codec}.parquet"
        pq.write_table(t, f"{d}/{name}", use_dictionary=False, column_encoding={c: encoding for c in t.column_names},
                       data_page_version=page, compression=codec, data_page_size=5000)
        report(out, d, name)
        next(codecs)  # three of six, the other three the next time
    write_pruned(out, d, types)
    pq.write_table(tables["lake"], f"{d}/arrow-int96.parquet", use_deprecated_int96_timestamps=True)
    report(out, d, "arrow-int96.parquet", tables["lake"])


def write_pruned(out, d, types):
    """Many pages and row groups, with all that says what is in them."""
    t = types.select(["i16", "u32", "i64", "u64", "f32", "f64", "text", "raw", "fix3", "d9", "d18", "d38", "day", "rare", "word", "ns"])
    t = t.append_column("row", pa.array(range(N))).append_column("even", pa.array([2 * (i * 7919 % N) for i in range(N)]))
    t = t.append_column("name", pa.array([f"name{2 * (i * 7919 % N)}" for i in range(N)]))
    for blooms, name in ((None, "pages"), ({c: {"ndv": 1000, "fpp": 0.01} for c in BLOOMED}, "bloom")):
        pq.write_table(t, f"{d}/arrow-pruned-{name}.parquet", write_page_index=True, data_page_size=1000, write_batch_size=64,
                       row_group_size=1000, use_dictionary=["word"], write_page_checksum=True, bloom_filter_options=blooms)
        report(out, d, f"arrow-pruned-{name}.parquet")
    con = duckdb.connect()
    con.register("t", t)
    con.execute(f"copy t to '{d}/duckdb-pruned.parquet' (row_group_size 2048)")
    report(out, d, "duckdb-pruned.parquet")
    pl.from_arrow(t).write_parquet(f"{d}/polars-pruned.parquet", row_group_size=500, data_page_size=500, statistics="full")
    report(out, d, "polars-pruned.parquet")


def write_duckdb(out, d, tables):
    for k, t in tables.items():
        con = duckdb.connect()
        con.register("t", t if k != "types" else t.drop(["f16", "empty", "none", "fix1", "fix3", "fix16", "d76"]))
        for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"):
            con.execute(f"copy t to '{d}/duckdb-{k}-{codec}.parquet' (format parquet, compression {codec})")
            report(out, d, f"duckdb-{k}-{codec}.parquet")
        con.execute(f"copy t to '{d}/duckdb-{k}-v2.parquet' (format parquet, parquet_version v2)")
        report(out, d, f"duckdb-{k}-v2.parquet")
    duckdb.execute(f"""copy (select i, case when i % 3 = 1 then null else i::hugeint end h, i::ubigint * 3600000000000000 u, (i % 900)::decimal(4, 1) d4,
        i::decimal(18, 3) d18, uuid() id, to_timestamp(i) tz, (i || ' seconds')::interval span, make_time(1, 2, i % 60) t, i % 2 = 0 b, null::int z,
        encode(i::varchar) blob, (i % 3)::varchar::enum ('0', '1', '2') e, timestamp_s '2020-01-01 00:00:00' s from range(5000) r(i))
        to '{d}/duckdb-own.parquet' (row_group_size 2048)""")
    report(out, d, "duckdb-own.parquet")


def write_polars(out, d, tables):
    for k, t in tables.items():
        f = pl.from_arrow(t if k != "types" else t.drop(["f16", "d76"]))
        for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli"):
            f.write_parquet(f"{d}/polars-{k}-{codec}.parquet", compression=codec)
            report(out, d, f"polars-{k}-{codec}.parquet")
        f.write_parquet(f"{d}/polars-{k}-pages.parquet", row_group_size=1000, data_page_size=1000, statistics="full")
        report(out, d, f"polars-{k}-pages.parquet")
    own = pl.DataFrame({"i": range(N)}).with_columns(
        cat=pl.col("i").mod(5).cast(pl.String).cast(pl.Categorical), lasts=pl.col("i").cast(pl.Duration("us")), at=pl.col("i").cast(pl.Time),
        ms=pl.col("i").cast(pl.Datetime("ms")), day=pl.col("i").cast(pl.Date), d=pl.col("i").cast(pl.Decimal(20, 2)),
        b=pl.when(pl.col("i") % 3 > 0).then(pl.col("i") % 2 == 0), raw=pl.col("i").cast(pl.String).cast(pl.Binary), null=pl.lit(None))
    own.write_parquet(f"{d}/polars-own.parquet")
    report(out, d, "polars-own.parquet")


# ---- other people's files ----

def is_flat(file, leaf):
    """Neither repeated nor in a group that may be missing."""
    parts = leaf.path.split(".")
    if leaf.max_repetition_level > 0:
        return False
    field = file.schema_arrow.field(parts[0])
    for part in parts[1:]:
        if field.nullable:
            return False
        field = field.type.field(part)
    return True


def column_texts(file, leaf):
    path, parts = leaf.path, leaf.path.split(".")
    col = file.read(columns=[path])[parts[0]]
    for part in parts[1:]:
        col = pc.struct_field(col, part)
    got = texts(col)
    if leaf.physical_type == "INT96":  # pyarrow's nanoseconds wrap around
        coarse = pq.ParquetFile(file.path, coerce_int96_timestamp_unit="ms").read(columns=[path])[path].cast(pa.int64()).to_pylist()
        got = ["wide" if ms is not None and not -2**63 < ms * 10**6 < 2**63 else t for ms, t in zip(coarse, got)]
    return got


def read_collection(out, files):
    for name in files:
        result = {"rows": None, "columns": {}, "errors": {}, "nested": []}
        try:
            file = pq.ParquetFile(name, page_checksum_verification=True)
            file.path = name
            result["rows"] = sum(file.metadata.row_group(g).num_rows for g in range(file.metadata.num_row_groups))
            leaves = [file.schema.column(i) for i in range(len(file.schema))]
        except Exception as e:  # noqa: B902 - whatever it says is the finding
            result["errors"]["*"] = str(e)[:200]
            leaves = []
        for leaf in leaves:
            try:
                if is_flat(file, leaf):
                    result["columns"][leaf.path] = column_texts(file, leaf)
                else:
                    result["nested"].append(leaf.path)
            except Exception as e:  # noqa: B902
                result["errors"][leaf.path] = str(e)[:200]
        print(json.dumps([name, result]), file=out)


def main():
    if sys.argv[1] == "collection":
        with open("report.jsonl", "w", encoding="utf-8") as out:
            read_collection(out, sys.argv[2:])
        return
    folder = sys.argv[2]
    tables = make_tables()
    with open(f"{folder}/report.jsonl", "w", encoding="utf-8") as out:  # DuckDB puts its progress into stdout
        write_arrow(out, folder, tables)
        write_duckdb(out, folder, tables)
        write_polars(out, folder, tables)


main()
