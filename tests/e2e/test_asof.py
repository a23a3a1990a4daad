# SPDX-License-Identifier: Apache-2.0
"""asof: every trade of generated and real captures with the book that a plain search finds before it, by both clocks; formats,
lanes, batches and inputs give the same rows; equal times, waiting, losses, tolerance; Polars, pandas and DuckDB where they are."""
import bisect
import csv
import glob
import io
import json
import os
import subprocess

import tap
import touch

COLUMNS = ("trade_ts_event,trade_ts_recv,venue,symbol,trade_id,trade_side,trade_px,trade_qty,book_time,book_age_ns,bid_px,bid_qty,ask_px,"
           "ask_qty,mid,sign,effective_spread")


def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, lines):
    with open(path_of(name), "w", encoding="utf-8") as f:
        f.writelines(lines)
    return path_of(name)


def asof(*args):
    code, out, err = tap.run("asof", *args)
    rows = list(csv.reader(io.StringIO(out if code == 0 else "")))
    return ",".join(rows[0]) if rows else "", rows[1:], err


def model(events, clock, of="book", tolerance=None, venue="binance"):
    """All books first, then each trade asks for the last one with a time before its own."""
    series, rows, seen = {}, [], set()
    for kind, symbol, recv, event, what in events:
        t = recv if clock == "local" else event
        if kind != of:
            continue
        times, books = series.setdefault(symbol, ([], []))
        if t is None:
            if what is None and books:
                books[-1] = None
            continue
        times.append(max(t, times[-1]) if times else t)
        books.append(what)
    for kind, symbol, recv, event, what in events:
        if kind != "trade" or (symbol, event, what) in seen:
            continue
        seen.add((symbol, event, what))
        number, buy, px, qty, _ = what
        t = recv if clock == "local" else event
        times, books = series.get(symbol, ([], []))
        at = bisect.bisect_left(times, t) - 1
        book = books[at] if at >= 0 and books[at] and any(v is not None for v in books[at]) else None
        if book and tolerance is not None and t - times[at] > tolerance:
            book = None
        row = [event, recv, venue, symbol, number, "buy" if buy else "sell", touch.shown(px, 9), touch.shown(qty, 8)]
        row += [times[at], t - times[at], *(touch.shown(v, d) for v, d in zip(book, (9, 8, 9, 8)))] if book else [""] * 6
        if book and None not in book:
            off = 2 * px - book[0] - book[2]
            row += [touch.shown(5 * (book[0] + book[2]), 10), (off > 0) - (off < 0), touch.shown(off if buy else -off, 9)]
        else:
            row += [""] * 3
        rows.append([str(v) for v in row])
    return rows


def differ(got, want):
    at = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), min(len(got), len(want)))
    return f"{len(got)} rows, wanted {len(want)}; row {at}\n{got[at:at + 1]}\n{want[at:at + 1]}"


def check_all(name, path, events, venue="binance"):
    for args, want in ((["--clock", "local"], model(events, "local", venue=venue)), (["--clock", "venue"], model(events, "venue", venue=venue)),
                       (["--clock", "venue", "--tolerance", "20ms"], model(events, "venue", "book", 20000000, venue)),
                       (["--tolerance", "1us"], model(events, "local", "book", 1000, venue)),
                       (["--book", "ticker"], model(events, "local", "ticker", venue=venue))):
        head, got, err = asof(path, *args)
        tap.check(f"{name}: {' '.join(args)}", want and head == COLUMNS and got == want, err if head != COLUMNS else differ(got, want))
        joined = sum(r[8] != "" for r in want)
        tap.check(f"{name}: {' '.join(args)}: {joined} of {len(want)} joined", (f"{joined} joined" in err) == (joined > 0) and "hurried" not in err, err)


def check_same(path, want):
    plan = path_of("batch.yaml")
    for lanes, batch in ((1, 64), (2, 64), (3, 4096), (7, 65536)):
        with open(plan, "w", encoding="utf-8") as f:
            f.write(f"engine: {{batch_min: {batch}, batch_max: {batch}}}\n")
        tap.check(f"the same with {lanes} lanes and batches of {batch}", asof(path, plan, "--clock", "venue", "--lanes", lanes)[1] == want)
    code, out, _ = tap.run("asof", path, "--clock", "venue", "--json")
    rows = [json.loads(line, parse_float=str, parse_int=str) for line in out.splitlines()]
    tap.check("as JSON", code == 0 and [["" if v is None else v for v in r.values()] for r in rows] == want)
    lines = touch.capture.read_bytes(path).decode(errors="replace").splitlines(True)
    parts = [write("trades.ndjson", [line for line in lines if '"e":"trade"' in line]),
             write("rest.ndjson", [line for line in lines if '"e":"trade"' not in line])]
    tap.check("the same from two inputs", asof(*parts, "--clock", "venue")[1] == want)
    data = path_of("set")
    tap.run("run", path, "--out", data)
    files = sorted(glob.glob(data + "/deltas/**/*.parquet", recursive=True)) + sorted(glob.glob(data + "/trades/**/*.parquet", recursive=True))
    got = {(r[3], r[4]): r for r in asof(*files, "--clock", "venue")[1]}
    wrong = [(got.get((r[3], r[4])), r) for r in want if r[8] and got.get((r[3], r[4])) != r]  # updates before a snapshot are flagged there
    tap.check("the same from our own dataset", len(got) == len(want) and not wrong, wrong[:2])
    tap.run("convert", path, path_of("events.parquet"))
    tap.check("the same from the events table", asof(path_of("events.parquet"), "--clock", "venue")[1] == want)
    for name in ("deltas", "trades"):
        tap.run("convert", path, path_of(name + ".csv"), "--to", "tardis" if name == "deltas" else "tardis-trades", "--lossy")
    head, got, err = asof(path_of("deltas.csv"), path_of("trades.csv"))
    tap.check("Tardis CSV: every trade, most with a book", len(got) == len(want) and sum(r[8] != "" for r in got) > len(want) / 2, err)


def depth(recv, event, first, last, bid, ask, qty=1):
    return (f'{recv} {{"stream":"btcusdt@depth","data":{{"e":"depthUpdate","E":{event},"s":"BTCUSDT","U":{first},"u":{last},"b":[["{bid}","{qty}"]],'
            f'"a":[["{ask}","{qty}"]]}}}}\n')


def snapshot(recv, number, bid, ask):
    return f'{recv} {{"lastUpdateId":{number},"symbol":"BTCUSDT","bids":[["{bid}","1"]],"asks":[["{ask}","1"]]}}\n'


def trade(recv, event, number, px="100", qty="1"):
    return (f'{recv} {{"stream":"btcusdt@trade","data":{{"e":"trade","E":{event},"s":"BTCUSDT","t":{number},"p":"{px}","q":"{qty}","T":{event},'
            f'"m":false}}}}\n')


def check_order():
    """What has the trade's own time is not before it, in whatever order it stands; what comes later may be."""
    ms = 1723161600000
    ns = ms * 1000000
    lines = [snapshot(ns, 10, 99, 101), depth(ns + 1, ms + 1, 11, 11, 99, 101, 2), trade(ns + 5, ms + 3, 1), depth(ns + 5, ms + 2, 12, 12, 99, 101, 3),
             trade(ns + 5, ms + 2, 2), depth(ns + 6, ms + 3, 13, 13, 99, 101, 4), trade(ns + 7, ms + 3, 3), trade(ns + 8, ms + 9, 4)]
    for name, order in (("as received", lines), ("the trades last of equals", lines[:2] + [lines[3], lines[2]] + lines[4:])):
        _, got, err = asof(write("order.ndjson", order))
        tap.check(f"local clock, {name}", {r[4]: r[11] for r in got} == {"1": "2", "2": "2", "3": "4", "4": "4"}, got or err)
        _, got, err = asof(write("order.ndjson", order), "--clock", "venue")
        tap.check(f"venue clock, {name}", {r[4]: r[11] for r in got} == {"1": "3", "2": "2", "3": "3", "4": "4"}, got or err)
    _, got, _ = asof(path_of("order.ndjson"), "--clock", "venue", "--tolerance", "1ms")
    tap.check("a book as old as the tolerance is taken", {r[4]: r[11] for r in got} == {"1": "3", "2": "2", "3": "3", "4": ""}, got)
    lost = lines[:2] + [depth(ns + 10, ms + 10, 50, 51, 99, 101, 9), trade(ns + 12, ms + 12, 5), snapshot(ns + 13, 51, 98, 102),
                        trade(ns + 14, ms + 14, 6), depth(ns + 15, ms + 15, 52, 52, 98, 102, 7), trade(ns + 16, ms + 16, 7)]
    _, got, err = asof(write("lost.ndjson", lost))
    tap.check("a lost book is none until the snapshot", [r[10] for r in got] == ["", "98", "98"] and "1 without a book" in err and "1 gaps" in err, [got, err])
    _, got, err = asof(write("lost.ndjson", lost), "--clock", "venue")
    tap.check("by the venue's clock until the first update with a time", [r[10] for r in got] == ["", "", "98"], [got, err])
    late = lines[:2] + [depth(ns + 10 + i, ms + 10 + i, 12 + i, 12 + i, 99, 101, 2 + i) for i in range(3000)] + [trade(ns + 4000, ms + 11, 9)]
    _, got, err = asof(write("late.ndjson", late), "--clock", "venue")
    tap.check("a trade too late for the books kept is told", got[0][8] == "" and "1 too late for the books kept" in err, [got, err])
    early = lines[:2] + [trade(ns + 2 + i, ms + 2, i) for i in range(33000)] + [depth(ns + 40000, ms + 1, 12, 12, 99, 101, 5), depth(ns + 50000, ms + 9, 13, 13, 99, 101, 6)]
    _, got, err = asof(write("early.ndjson", early), "--clock", "venue")
    tap.check("what could not wait is told", len(got) == 33000 and got[0][11] == "2" and got[-1][11] == "5" and "232 that could wait no longer" in err, [got[0], got[-1], err])


def check_words(path):
    for args, want in ((["--tolerance", "x"], "--tolerance: 'x' is not a duration"), (["--book", "dept"], "did you mean 'depth'"),
                       (["--clock", "utc"], "one of local venue"), (["--every", "1s"], "unknown option '--every'"), (["--out", "x.json"], "does not end in .parquet")):
        code, out, err = tap.run("asof", path, *args)
        tap.check(f"asof {' '.join(args)}", code == 2 and want in err and not out, err)
    code, _, err = tap.run("asof", path, "--memory", "64MB", "--out", path_of("small.parquet"))
    tap.check("too little memory is exit 5, or enough", code == 5 and "MB would do" in err or code == 0, err)


OTHERS = r"""
import sys, polars as pl, pandas as pd, duckdb
folder, ours = sys.argv[1], pl.read_parquet(sys.argv[2])
books = (pl.read_parquet(folder + "/books/**/*.parquet", hive_partitioning=True).select("symbol", "ts_recv", "seq", bid="bid_px_0", ask="ask_px_0")
    .group_by("symbol", "ts_recv", maintain_order=True).last().sort("ts_recv"))
trades = pl.read_parquet(folder + "/trades/**/*.parquet", hive_partitioning=True).select("symbol", "ts_recv", "seq", "px").sort("ts_recv", maintain_order=True)
want = ours.with_columns(pl.col("trade_id").cast(pl.Int64)).sort("symbol", "trade_id")
def same(frame, name):
    f = frame.sort("symbol", "seq")
    assert len(f) == len(want) > 1000, len(f)
    for a, b in (("bid", "bid_px"), ("ask", "ask_px")):
        assert (f[a].cast(pl.Float64).fill_null(-1) == want[b].cast(pl.Float64).fill_null(-1)).all(), (name, a)
    print(name, "ok")
same(trades.join_asof(books.drop("seq"), on="ts_recv", by="symbol", strategy="backward", allow_exact_matches=False), "polars")
cast = [pl.col("bid").cast(pl.Float64), pl.col("ask").cast(pl.Float64)]
p = pd.merge_asof(trades.with_columns(pl.col("px").cast(pl.Float64)).to_pandas(), books.drop("seq").with_columns(cast).to_pandas(), on="ts_recv", by="symbol",
    allow_exact_matches=False)
same(pl.from_pandas(p), "pandas")
t, b = (f.with_columns(pl.col("ts_recv").cast(pl.Int64)) for f in (trades, books))
same(duckdb.sql("select t.symbol, t.seq, b.bid, b.ask from t asof left join b on t.symbol = b.symbol and t.ts_recv > b.ts_recv").pl(), "duckdb")
"""


def check_others(path):
    python = tap.python_with("polars", "pandas", "duckdb", "pyarrow")
    if python is None:
        return
    data, out = path_of("others"), path_of("others.parquet")
    tap.run("run", path, "--out", data)
    tap.run("asof", path, "--out", out)
    p = subprocess.run([python, "-c", OTHERS, data, out], capture_output=True, text=True)
    for name in ("polars", "pandas", "duckdb"):
        tap.check(f"the same join as {name}", f"{name} ok" in p.stdout, p.stderr[-1500:])


def main():
    path, whole = path_of("c.ndjson"), path_of("whole.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 3, "--rate", 50000, "--gaps", 3, "--duplicates", 3, "--bad", 3, "--out", path)
    events = list(touch.events(path))
    check_all("generated", path, events)
    check_same(path, model(events, "venue"))
    check_order()
    check_words(path)
    tap.run("gen", "--levels", 60000, "--instruments", 2, "--seed", 5, "--out", whole)
    check_others(whole)
    folder = os.path.join(tap.data_dir() or "", "binance")
    for name, venue in (("spot_btcusdt_20240808", "binance"), ("usdm_btcusdt_20240808", "binance-futures")):
        for file in glob.glob(os.path.join(folder, name + "*.gz")):
            check_all(name, file, list(touch.events(file, venue)), venue)
    tap.finish()


main()
