# SPDX-License-Identifier: Apache-2.0
"""Parquet by others: (ts int64, id int32, side int8, price int64, qty int64) out and in, zstd level 1, row groups of 262,144,
one thread. Writing begins with an Arrow table in memory, reading ends in one. Processor time of the process, medians.

    peer_parquet.py duckdb|polars|pyarrow FOLDER FILE [OURS]

FOLDER holds the columns as `bench_table values` left them, FILE is written; OURS is a file by bench_table: it is read too.
Ends with 77 where the library is not there."""
import os
import statistics
import sys
import time

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
ROUNDS, GROUP = 5, 262144


def load(folder):
    def column(name, kind):
        with open(os.path.join(folder, name), "rb") as f:
            raw = f.read()
        return pa.Array.from_buffers(kind, len(raw) * 8 // kind.bit_width, [None, pa.py_buffer(raw)])

    kinds = {"ts": pa.int64(), "id": pa.int32(), "side": pa.int8(), "price": pa.int64(), "qty": pa.int64()}
    return pa.table({name: column(name, kind) for name, kind in kinds.items()})


def duckdb_peer(table):
    import duckdb
    db = duckdb.connect()
    db.execute("SET threads = 1")
    db.register("deltas", table)

    def write(path):
        db.execute(f"COPY deltas TO '{path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {GROUP})")

    return write, lambda path: db.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


def polars_peer(table):
    import polars
    frame = polars.from_arrow(table)

    def write(path):
        frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=GROUP)

    return write, lambda path: polars.read_parquet(path).to_arrow()


def pyarrow_peer(table):
    import pyarrow.parquet
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)

    def write(path):
        pyarrow.parquet.write_table(table, path, compression="zstd", compression_level=1, row_group_size=GROUP)

    return write, lambda path: pyarrow.parquet.read_table(path, use_threads=False)


def timed(call, *arguments):
    begin = time.process_time_ns()
    result = call(*arguments)
    return time.process_time_ns() - begin, result


def measure(n_rows, what, call, *arguments):
    rate = n_rows * 1e3 / statistics.median(timed(call, *arguments)[0] for _ in range(ROUNDS))
    print(f"figure table/{what} {rate:.6g} Mrows/s")


def main():
    name, folder, path, *ours = sys.argv[1:]
    table = load(folder)
    write, read = {"duckdb": duckdb_peer, "polars": polars_peer, "pyarrow": pyarrow_peer}[name](table)
    write(path)
    read(path)
    measure(table.num_rows, "write", write, path)
    measure(table.num_rows, "read", read, path)
    print(f"figure table/size {os.path.getsize(path) / table.num_rows:.6g} B/row")
    for file in [path, *ours]:
        if read(file).cast(table.schema) != table:
            sys.exit(f"{name}: '{file}' came back different")
    for file in ours:
        measure(table.num_rows, "read-ours", read, file)


if __name__ == "__main__":
    try:
        import pyarrow as pa
        main()
    except ImportError as e:
        print(e)
        sys.exit(77)
