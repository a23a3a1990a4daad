#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bars of one second and the as-of join beside Polars and DuckDB: the same Parquet tables, one core each, by processor time,
in turns; what comes out is compared.

    HR_PYTHON/bin/python bench/bars.py build/src/app/headrace [ROUNDS [TRADES]]

Trades: Crypto Lake's columns with doubles, 20 instruments, in the order of receive time. Quotes: as many tops of the book. Ours
reads them as any input, rebuilds and checks; all write a Parquet file with zstd. For ours the join's books are whole tops."""
import os
import resource
import statistics
import subprocess
import sys
import tempfile

PEER = r"""
import sys, polars as pl, duckdb
what, tool, trades, quotes, out = sys.argv[1:]
if tool == "polars":
    t = pl.scan_parquet(trades)
    if what == "bars":
        q = t.set_sorted("received_time").group_by_dynamic("received_time", every="1s", closed="left", label="left", group_by="symbol").agg(
            open=pl.col("price").first(), high=pl.col("price").max(), low=pl.col("price").min(), close=pl.col("price").last(),
            volume=pl.col("quantity").sum(), notional=(pl.col("price") * pl.col("quantity")).sum(), n=pl.len(),
            buy=pl.col("quantity").filter(pl.col("side") == "buy").sum(), first=pl.col("received_time").first(), last=pl.col("received_time").last())
        q = q.with_columns(vwap=pl.col("notional") / pl.col("volume"))
    else:
        b = pl.scan_parquet(quotes).set_sorted("received_time").rename({"received_time": "book_time"})
        q = t.set_sorted("received_time").join_asof(b.set_sorted("book_time"), left_on="received_time", right_on="book_time", by="symbol",
            strategy="backward", allow_exact_matches=False, check_sortedness=False, coalesce=False)
        q = q.with_columns(mid=(pl.col("bid_0_price") + pl.col("ask_0_price")) / 2, age=pl.col("received_time") - pl.col("book_time"))
    q.collect().write_parquet(out, compression="zstd", compression_level=1)
else:
    duckdb.sql("set threads=1; set preserve_insertion_order=false")
    if what == "bars":
        q = (f"select symbol, epoch_ns(received_time) // 1000000000 s, arg_min(price, received_time) o, max(price) h, min(price) l, arg_max(price, received_time) c,"
            f" sum(quantity) v, sum(price * quantity) n, count(*) k, sum(quantity) filter (side = 'buy') b, sum(price * quantity) / sum(quantity) w,"
            f" min(received_time) f, max(received_time) z from '{trades}' group by 1, 2")
    else:
        q = (f"select t.*, b.received_time book_time, b.bid_0_price, b.bid_0_size, b.ask_0_price, b.ask_0_size, (b.bid_0_price + b.ask_0_price) / 2 mid"
            f" from '{trades}' t asof left join '{quotes}' b on t.symbol = b.symbol and t.received_time > b.received_time")
    duckdb.sql(f"copy ({q}) to '{out}' (format parquet, compression zstd, compression_level 1)")
"""

MAKE = r"""
import sys, numpy as np, polars as pl
n, trades, quotes = int(sys.argv[1]), *sys.argv[2:]
r = np.random.default_rng(1)
def common(n):
    symbol = r.integers(0, 20, n)
    time = 1723161600000000000 + np.sort(r.integers(0, 3600 * 10**9, n))
    step = r.integers(-1, 2, n)
    walk = np.zeros(n, np.int64)
    for s in range(20):
        walk[symbol == s] = np.cumsum(step[symbol == s])
    ts = pl.Series(time).cast(pl.Datetime("ns"))
    return {"origin_time": ts, "received_time": ts, "symbol": pl.Series([f"S{i:02}-USDT" for i in range(20)]).gather(symbol)}, 50000 + walk
c, px = common(n)
pl.DataFrame(c | {"exchange": ["BINANCE"] * n, "side": pl.Series(["buy", "sell"]).gather(r.integers(0, 2, n)), "price": px / 100.0,
    "quantity": r.integers(1, 100000, n) / 1000.0, "trade_id": np.arange(n)}).write_parquet(trades, compression="zstd", compression_level=1)
c, px = common(n)
qty = r.integers(1, 100000, (n, 2)) / 1000.0
pl.DataFrame(c | {"exchange": ["BINANCE"] * n, "sequence_number": np.arange(n), "bid_0_price": px / 100.0, "bid_0_size": qty[:, 0], "ask_0_price": (px + 1) / 100.0,
    "ask_0_size": qty[:, 1]}).write_parquet(quotes, compression="zstd", compression_level=1)
"""

SAME = r"""
import sys, polars as pl
what, folder = sys.argv[1:]
ours, polars, duck = (pl.read_parquet(f"{folder}/{what}-{t}.parquet") for t in ("headrace", "polars", "duckdb"))
if what == "bars":
    o = ours.sort("symbol", "start").select(pl.col("open", "high", "low", "close").cast(pl.Float64), "volume", n="n_trades")
    p = polars.sort("symbol", "received_time").select("open", "high", "low", "close", "volume", n=pl.col("n").cast(pl.Int64))
    d = duck.sort("symbol", "s").select(open="o", high="h", low="l", close="c", volume="v", n="k")
else:
    o = ours.with_columns(pl.col("trade_id").cast(pl.Int64)).sort("trade_id").select(bid=pl.col("bid_px").cast(pl.Float64), ask=pl.col("ask_px").cast(pl.Float64))
    p, d = (t.sort("trade_id").select(bid="bid_0_price", ask="ask_0_price") for t in (polars, duck))
for name, t in (("polars", p), ("duckdb", d)):
    assert len(t) == len(o), (name, len(t), len(o))
    for c in o.columns:
        a, b = t[c].fill_null(-1), o[c].fill_null(-1)
        assert ((a - b).abs() <= 1e-9 * (b.abs() + 1)).all(), (name, c)
print(len(o), "rows, equal")
"""


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = dict(os.environ, POLARS_MAX_THREADS="1")
    subprocess.run(["taskset", "-c", str(max(os.sched_getaffinity(0))), *command], check=True, env=env, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    program, rounds, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5, int(sys.argv[3]) if len(sys.argv) > 3 else 4000000
    python = os.environ.get("HR_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        trades, quotes = (os.path.join(folder, f"{name}.parquet") for name in ("trades", "quotes"))
        subprocess.run([python, "-c", MAKE, str(n), trades, quotes], check=True)
        start = {tool: min(processor_seconds([python, "-c", f"import {tool}"]) for _ in range(3)) for tool in ("polars", "duckdb")}
        for what, verb in (("bars", ["bars", trades, "--every", "1s"]), ("asof", ["asof", trades, quotes])):
            times = {"headrace": [], "polars": [], "duckdb": []}
            for _ in range(rounds):
                for tool, seconds in times.items():
                    out = os.path.join(folder, f"{what}-{tool}.parquet")
                    if tool == "headrace":
                        seconds.append(processor_seconds([program, *verb, "--lanes", "1", "--force", "--out", out]))
                    else:
                        seconds.append(processor_seconds([python, "-c", PEER, what, tool, trades, quotes, out]) - start[tool])
            subprocess.run([python, "-c", SAME, what, folder], check=True)
            for tool, seconds in times.items():
                ratio = statistics.median(s / h for s, h in zip(seconds, times["headrace"]))
                print(f"{what} {tool}: {n / statistics.median(seconds) * 1e-6:.2f} M trades/s ({n / max(seconds) * 1e-6:.2f} to "
                      f"{n / min(seconds) * 1e-6:.2f}), {ratio:.2f} x ours")


if __name__ == "__main__":
    main()
