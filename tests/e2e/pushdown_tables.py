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


def conditions(folder):
    """(file, condition, rows that meet it, what must have left rows out) as DuckDB counts them."""
    shuffled = os.path.join(folder, "shuffled.parquet")
    # Every row group has the whole range of symbols, and few of them: only a filter tells which.
    duckdb.sql(f"COPY (SELECT *, id % 3 = 0 AS flag, id * 1.25::DECIMAL(18, 4) AS amount FROM (SELECT 7 * (i // 2048) % 50 + 100 * (i % 2) AS id,"
               f" 'N' || lpad(((7 * (i // 2048) % 50) * 2 + 100 * (i % 2))::VARCHAR, 4, '0') AS name, i AS row, i::DOUBLE / 8 AS x,"
               f" TIMESTAMP '2024-01-01' + INTERVAL (i) MILLISECOND AS t, (DATE '2024-01-01' + (i // 4096)::INTEGER) AS d FROM range(61440) r(i)))"
               f" TO '{shuffled}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    pages, polars = (os.path.join(folder, f"trades-{how}.parquet") for how in ("pages", "polars"))
    out = []
    for file, condition, sql, by in (
            (shuffled, "name=N0042", "name = 'N0042'", "bloom"),
            (shuffled, "name=N0041", "name = 'N0041'", "bloom"),
            (shuffled, "row=5000..5003", "row BETWEEN 5000 AND 5003", "bounds"),
            (shuffled, "row=61000..", "row >= 61000", "bounds"),
            (shuffled, "x=..10.5", "x <= 10.5", "bounds"),
            (shuffled, "flag=true", "flag", None),
            (shuffled, "amount=8.75", "amount = 8.75", None),
            (shuffled, "amount=8.75..10", "amount BETWEEN 8.75 AND 10", None),
            (shuffled, "t=2024-01-01T00:00:10Z..2024-01-01T00:00:12.5Z",
             "t BETWEEN TIMESTAMP '2024-01-01 00:00:10' AND TIMESTAMP '2024-01-01 00:00:12.5'", "bounds"),
            (shuffled, "d=2024-01-05", "d = DATE '2024-01-05'", "bounds"),
            (pages, f"symbol={SYMBOL}", f"symbol = '{SYMBOL}'", "pages"),
            (pages, "symbol=SYM07..SYM09", "symbol BETWEEN 'SYM07' AND 'SYM09'", "pages"),
            (pages, "trade_id=150000..150999", "trade_id BETWEEN 150000 AND 150999", "pages"),
            (pages, "side=buy", "side = 'buy'", None),
            (pages, "price=105.5..106", "price BETWEEN 105.5 AND 106", None),
            (polars, f"symbol={OTHER}", f"symbol = '{OTHER}'", "bounds")):
        n = duckdb.sql(f"SELECT count(*) FROM '{file}' WHERE {sql}").fetchall()[0][0]
        out.append((file, condition, n, by))
    return out


def main():
    folder, rng = sys.argv[1], random.Random(int(sys.argv[2]))
    for kind, table in (("deltas", deltas(rng)), ("trades", trades(rng)), ("book", book(rng))):
        def name(how, kind=kind):
            return os.path.join(folder, f"{kind}-{how}.parquet")
        pq.write_table(table, name("plain"), row_group_size=75000, write_statistics=False, compression="zstd")
        pq.write_table(table.filter(pc.equal(table["symbol"], SYMBOL)), name("one"))
        pq.write_table(table, name("groups"), row_group_size=15000)
        pq.write_table(table, name("pages"), row_group_size=75000, write_page_index=True, data_page_size=4096, write_batch_size=512,
                       compression="zstd", use_dictionary=["symbol", "size", "side"] if kind != "book" else ["symbol"])
        pl.from_arrow(table).write_parquet(name("polars"), row_group_size=15000, data_page_size=1 << 14)
        # Every row group has all the range of symbols, and few of them: only the filter tells.
        duckdb.from_arrow(table).create_view("rows", replace=True)
        duckdb.sql(f"COPY rows TO '{name('bloom')}' (FORMAT parquet, ROW_GROUP_SIZE 15000, COMPRESSION zstd)")
    wide = pq.read_table(os.path.join(folder, "deltas-one.parquet"))
    wide = wide.append_column("note", pa.array([rng.randbytes(100) for _ in range(wide.num_rows)]))
    pq.write_table(wide, os.path.join(folder, "wide.parquet"))
    found = conditions(folder)
    print(json.dumps(dict(where=found, symbol=SYMBOL, other=OTHER, lie=LIE, rows=N_SYMBOLS * N_EACH, wanted=N_EACH,
                          ways=["plain", "groups", "pages", "polars", "bloom"],
                          most=dict(groups=0.25, pages=0.3, polars=0.25, bloom=0.4),
                          indexes=index_span(os.path.join(folder, "deltas-pages.parquet")))))


main()
