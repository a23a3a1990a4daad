# SPDX-License-Identifier: Apache-2.0
"""The same rows of 20 symbols, sorted by symbol, as other writers leave them: `python pushdown_tables.py DIR SEED` prints
what was made as JSON. plain has neither statistics nor indexes; one only the wanted symbol's rows."""
import json
import os
import random
import struct
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

N_SYMBOLS, N_EACH = 20, 15000
SYMBOL, OTHER, LIE = "SYM07-USDT", "SYM12-USDT", "SYM17-USDT"
T0 = 1700000000000000000
TS = pa.timestamp("ns")


def heads(rng):
    """symbol, sequence, venue's time, receive time of each row; rows of one message share them."""
    out = []
    for s in range(N_SYMBOLS):
        t, seq, left = T0 + s, 1000, 0
        for _ in range(N_EACH):
            if left == 0:
                left, t, seq = rng.randrange(1, 6), t + rng.randrange(1, 4000000), seq + 1
            left -= 1
            out.append((f"SYM{s:02d}-USDT", seq, t, t + 5000))
    return out


def base(rows):
    symbol, seq, event, recv = zip(*rows)
    return dict(origin_time=pa.array(event, TS), received_time=pa.array(recv, TS), sequence_number=pa.array(seq, pa.int64()),
                symbol=pa.array(symbol))


def numbers(rng, n, low, high, step):
    return pa.array([rng.randrange(low, high) / step for _ in range(n)], pa.float64())


def deltas(rng):
    rows = heads(rng)
    n = len(rows)
    return pa.table(dict(base(rows), side_is_bid=pa.array([rng.random() < 0.5 for _ in range(n)]),
                         price=numbers(rng, n, 9000, 11000, 100), size=numbers(rng, n, 0, 50, 8)))


def trades(rng):
    rows = heads(rng)
    n = len(rows)
    return pa.table(dict(base(rows), trade_id=pa.array(range(n), pa.int64()), side=pa.array(rng.choices(["buy", "sell"], k=n)),
                         price=numbers(rng, n, 9000, 11000, 100), quantity=numbers(rng, n, 1, 50, 8)))


def book(rng):
    rows = heads(rng)
    n = len(rows)
    columns = base(rows)
    for i in range(2):
        columns[f"bid_{i}_price"] = pa.array([100 - i - rng.randrange(20) / 100 for _ in range(n)])
        columns[f"bid_{i}_size"] = numbers(rng, n, 1, 50, 8)
        columns[f"ask_{i}_price"] = pa.array([101 + i + rng.randrange(20) / 100 for _ in range(n)])
        columns[f"ask_{i}_size"] = numbers(rng, n, 1, 50, 8)
    return pa.table(columns)


def index_span(path):
    """First and last byte of the page indexes: they lie between the last page and the footer."""
    meta, size = pq.ParquetFile(path).metadata, os.path.getsize(path)
    end = 0
    for g in range(meta.num_row_groups):
        for c in range(meta.num_columns):
            k = meta.row_group(g).column(c)
            first = k.dictionary_page_offset if k.has_dictionary_page else k.data_page_offset
            end = max(end, first + k.total_compressed_size)
    with open(path, "rb") as f:
        f.seek(size - 8)
        n_footer = struct.unpack("<I", f.read(4))[0]
    return end, size - 8 - n_footer


def main():
    folder, rng = sys.argv[1], random.Random(int(sys.argv[2]))
    for kind, table in (("deltas", deltas(rng)), ("trades", trades(rng)), ("book", book(rng))):
        def name(how, kind=kind):
            return os.path.join(folder, f"{kind}-{how}.parquet")
        pq.write_table(table, name("plain"), row_group_size=75000, write_statistics=False, compression="zstd")
        pq.write_table(table.filter(pc.equal(table["symbol"], SYMBOL)), name("one"))
        pq.write_table(table, name("groups"), row_group_size=15000)
        pq.write_table(table, name("pages"), row_group_size=75000, write_page_index=True, data_page_size=1 << 14, compression="zstd")
        pl.from_arrow(table).write_parquet(name("polars"), row_group_size=15000, data_page_size=1 << 14)
        # Every row group has all the range of symbols, and few of them: only the filter tells.
        duckdb.from_arrow(table).create_view("rows", replace=True)
        duckdb.sql(f"COPY rows TO '{name('bloom')}' (FORMAT parquet, ROW_GROUP_SIZE 15000, COMPRESSION zstd)")
    print(json.dumps(dict(symbol=SYMBOL, other=OTHER, lie=LIE, rows=N_SYMBOLS * N_EACH, wanted=N_EACH,
                          ways=["plain", "groups", "pages", "polars", "bloom"],
                          most=dict(groups=0.25, pages=0.3, polars=0.25, bloom=0.4),
                          indexes=index_span(os.path.join(folder, "deltas-pages.parquet")))))


main()
