#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small Arrow files and streams for the corpus: make_ipc_seeds.py FOLDER. Needs pyarrow. Between them: every type that is
read and some that are passed over, dictionaries whole, replaced and grown, both compressions, both framings, V4, and each
kind of table."""
import decimal
import sys

import pyarrow as pa
import pyarrow.ipc as ipc

N = 12
TS = [1700000000000000000 + i // 3 * 1000 for i in range(N)]


def nulls(values):
    return [None if i % 5 == 2 else v for i, v in enumerate(values)]


def deltas():
    return pa.table(dict(origin_time=pa.array(TS, pa.timestamp("ns")), sequence_number=pa.array([i // 3 for i in range(N)]),
                         price=pa.array([decimal.Decimal(i + 1) / 4 for i in range(N)], pa.decimal128(18, 4)), size=nulls([i / 2 for i in range(N)]),
                         side_is_bid=nulls([i % 2 == 0 for i in range(N)])))


def trades():
    return pa.table(dict(timestamp=pa.array([t // 1000 for t in TS], pa.timestamp("us", "UTC")), price=pa.array(range(1, N + 1), pa.float32()),
                         side=pa.array(nulls(["buy", "sell"] * (N // 2))).dictionary_encode(), quantity=["0.5"] * N,
                         symbol=pa.array(["A" if i < 7 else "B" for i in range(N)]).dictionary_encode(),
                         trade_id=pa.array(nulls([f"T{i * 37}" for i in range(N)]), pa.string_view())))


def types():
    return pa.table(dict(i=pa.array(nulls(range(N)), pa.int8()), u=pa.array(range(N), pa.uint64()), h=pa.array(nulls([0.5] * N), pa.float16()),
                         b=nulls([i % 3 == 0 for i in range(N)]), t=pa.array(nulls(["ab" * (i % 5) for i in range(N)]), pa.large_string()),
                         x=pa.array([b"%02d" % i for i in range(N)], pa.binary(2)), v=pa.array(nulls(["text " * i for i in range(N)]), pa.string_view()),
                         w=pa.array([decimal.Decimal(10) ** i for i in range(N)], pa.decimal256(40, 2)), d=pa.array(range(N), pa.date32())))


def nested():
    return pa.table(dict(a=pa.array([[1, 2]] * N), s=pa.array([dict(p=1, q="x")] * N), z=pa.nulls(N), m=pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int8())),
                         g=pa.UnionArray.from_sparse(pa.array([0] * N, pa.int8()), [pa.array(range(N))]), i=pa.array(range(N), pa.int16())))


def main():
    def write(name, table, kind=ipc.new_file, rows=5, **options):
        with kind(f"{sys.argv[1]}/{name}", table.schema, options=ipc.IpcWriteOptions(**options)) as w:
            w.write_table(table, max_chunksize=rows)

    write("deltas.arrow", deltas())
    write("deltas.arrows", deltas(), ipc.new_stream)
    write("deltas_lz4.arrow", deltas(), rows=N, compression="lz4")
    write("trades_zstd.arrows", trades(), ipc.new_stream, compression="zstd")
    write("trades.arrow", trades())
    write("trades_old.arrows", trades(), ipc.new_stream, use_legacy_format=True, metadata_version=ipc.MetadataVersion.V4)
    write("types.arrow", types())
    write("nested.arrows", nested(), ipc.new_stream)
    names = [pa.array(w).dictionary_encode() for w in (["a", "b"], ["a", "b", "c"], ["x"])]
    for name, grows in (("replaced.arrows", False), ("grown.arrows", True)):
        batches = [pa.record_batch([a], ["symbol"]) for a in (names[:2] if grows else names)]
        with ipc.new_stream(f"{sys.argv[1]}/{name}", batches[0].schema, options=ipc.IpcWriteOptions(emit_dictionary_deltas=grows)) as w:
            for b in batches:
                w.write_batch(b)


main()
