#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small Parquet files for the corpus: make_parquet_seeds.py FOLDER. Needs pyarrow. Few rows, no checksums: a mutation
then reaches the decoders. Between them: both page versions, two row groups, dictionaries, nulls, every encoding and
codec, and each kind of table."""
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq

N = 24
TS = [1700000000000000000 + i // 3 * 1000 for i in range(N)]


def nulls(values):
    return [None if i % 5 == 2 else v for i, v in enumerate(values)]


def tables():
    px = [round(100 + i / 10, 1) for i in range(N)]
    ts = pa.array(TS, pa.timestamp("ns"))
    yield "deltas", dict(origin_time=ts, sequence_number=pa.array([i // 3 for i in range(N)]), price=px, size=nulls(px),
                         side_is_bid=nulls([i % 2 == 0 for i in range(N)]), symbol=["A" if i < 15 else "B" for i in range(N)])
    yield "trades", dict(timestamp=pa.array([t // 1000 for t in TS], pa.timestamp("us")), side=["buy", "sell"] * (N // 2),
                         price=pa.array([decimal.Decimal(i) for i in range(N)], pa.decimal128(20, 4)), quantity=pa.array(px, pa.float32()),
                         trade_id=nulls([f"T{i * 37}" for i in range(N)]))
    yield "book", dict(origin_time=ts, **{f"{s}_{i}_{k}": nulls(px) for i in range(2) for s in ("bid", "ask") for k in ("price", "size")})
    yield "types", dict(i=pa.array(nulls(range(N)), pa.int32()), u=pa.array(range(N), pa.uint64()), f=nulls(px), b=[i % 3 == 0 for i in range(N)],
                        t=nulls(["ab" * (i % 5) for i in range(N)]), x=pa.array([b"%02d" % i for i in range(N)], pa.binary(2)),
                        n=pa.array([[1, 2]] * N))


def main():
    folder = sys.argv[1]

    def write(name, table, **options):
        pq.write_table(table, f"{folder}/{name}", store_schema=False, write_statistics=False, **options)

    for i, (name, columns) in enumerate(tables()):
        table = pa.table(columns)
        write(f"{name}_v1", table, compression="NONE", data_page_version="1.0", row_group_size=14)
        write(f"{name}_v2", table, compression=("SNAPPY", "ZSTD", "GZIP", "LZ4")[i], data_page_version="2.0", use_dictionary=False)
    types = pa.table(dict(list(tables())[3][1]))
    for name, columns, encoding in (("delta", ["i", "u"], "DELTA_BINARY_PACKED"), ("length", ["t"], "DELTA_LENGTH_BYTE_ARRAY"),
                                    ("prefix", ["t", "x"], "DELTA_BYTE_ARRAY"), ("split", ["f", "x"], "BYTE_STREAM_SPLIT"), ("runs", ["b"], "RLE")):
        write(f"enc_{name}", types.select(columns), compression="NONE", use_dictionary=False, data_page_version="2.0",
              column_encoding={c: encoding for c in columns})
    pages = types.select(["i", "u", "f", "t", "x"])
    pq.write_table(pages, f"{folder}/indexes", store_schema=False, compression="NONE", use_dictionary=["i"], write_page_index=True,
                   data_page_size=30, write_batch_size=4, row_group_size=14,
                   bloom_filter_options={c: {"ndv": 8, "fpp": 0.1} for c in ("u", "f", "t", "x")})
    write("brotli", types.select(["t"]), compression="BROTLI")
    write("int96", pa.table(dict(timestamp=pa.array(TS, pa.timestamp("ns")))), compression="NONE", use_deprecated_int96_timestamps=True)


main()
