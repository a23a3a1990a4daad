# SPDX-License-Identifier: Apache-2.0
"""bars: every kind against a model in Python's whole numbers over generated and real captures; formats, lanes, batches and
inputs give the same rows; late, repeated and mixed trades; stops; bad options; Polars, pandas and DuckDB where they are."""
import bisect
import csv
import glob
import gzip
import io
import json
import os
import select
import signal
import subprocess
import sys
import time

import tap
import touch

SEC = 1000000000
DAY = 86400 * SEC
COLUMNS = "start,end,venue,symbol,open,high,low,close,volume,notional,n_trades,buy_volume,vwap,first_time,last_time"
QUOTE_COLUMNS = ("start,end,venue,symbol,open,high,low,close,n_changes,spread_mean,mid_tw,quoted_ns,bid_px,bid_qty,ask_px,ask_qty,"
                 "first_time,last_time")


def rounded(a, b):
    """a / b to the nearest, halves up."""
    return (2 * a + b) // (2 * b)


class Bars:
    """Bars of one instrument's trades: parts in a list, looked at anew when the bar closes."""

    def __init__(self, venue, symbol, rule):
        self.name, self.rule, self.parts, self.start, self.bound, self.last = (venue, symbol), rule, [], None, None, None
        self.late = 0

    def row(self, start, end, parts):
        px = [p for _, p, _, _ in parts] or [self.last]
        by_time = sorted(parts, key=lambda p: p[0])
        volume, notional = sum(q for _, _, q, _ in parts), sum(p * q for _, p, q, _ in parts)
        self.last = by_time[-1][1] if parts else self.last
        return [start, end, *self.name, touch.shown(by_time[0][1] if parts else self.last, 9), touch.shown(max(px), 9),
                touch.shown(min(px), 9), touch.shown(self.last, 9), touch.shown(volume, 8), touch.shown(notional, 17), len(parts),
                touch.shown(sum(q for _, _, q, buy in parts if buy), 8), touch.shown(rounded(notional, volume), 9) if volume else "",
                by_time[0][0] if parts else "", by_time[-1][0] if parts else ""]

    def close(self):
        kind, size = self.rule["kind"], self.rule["size"]
        end = self.start + size if kind == "every" else max(p[0] for p in self.parts)
        row = self.row(self.start, end, self.parts)
        self.bound, self.parts = end, []
        return row

    def add(self, ts, px, qty, buy):
        kind, size = self.rule["kind"], self.rule["size"]
        bound = self.start if self.parts else self.bound
        if bound is not None and ts < bound:
            self.late += 1
            return
        if kind == "every":
            start = ts // size * size
            if self.parts and start > self.start:
                yield self.close()
                while self.rule.get("fill") and self.bound < start:
                    yield self.row(self.bound, self.bound + size, [])
                    self.bound += size
            self.start = start
            self.parts.append((ts, px, qty, buy))
            return
        while True:
            have = {"ticks": len(self.parts), "volume": sum(p[2] for p in self.parts),
                    "notional": sum(p[1] * p[2] for p in self.parts)}[kind]
            part = qty
            if self.rule.get("split"):
                part = min(qty, -(-(size - have) // (1 if kind == "volume" else px)))
            if not self.parts:
                self.start = ts
            self.parts.append((ts, px, part, buy))
            qty -= part
            have += {"ticks": 1, "volume": part, "notional": px * part}[kind]
            if have >= size:
                yield self.close()
            if qty == 0 or not self.rule.get("split"):
                return

    def end(self):
        if self.parts and (self.rule["kind"] == "every" or self.rule.get("partial")):
            yield self.close()


def model(events, rule, clock, venue="binance"):
    bars, rows, seen = {}, [], set()
    for kind, symbol, recv, event, what in events:
        if kind != "trade":
            continue
        b = bars.setdefault(symbol, Bars(venue, symbol, rule))
        if (symbol, event, what) in seen:
            continue
        seen.add((symbol, event, what))
        rows += b.add(recv if clock == "local" else event, what[2], what[3], what[1])
    for b in bars.values():
        rows += b.end()
    return rows, sum(b.late for b in bars.values())


def quote_model(events, width, clock, fill, price, of, venue="binance"):
    """Bars of time of the touch: all changes in a list, each bar asked of all of it. By instrument."""
    rows, series, now = [], {}, {}
    for kind, symbol, recv, event, what in events:
        ts = recv if clock == "local" else event
        if kind != of or ts is None:
            continue
        whole = what if what and None not in what else None
        s, t = series.setdefault(symbol, []), max(now.get(symbol, ts), ts)
        now[symbol] = t
        if whole != (s[-1][1] if s else None):
            s.append((t, whole))
    for symbol, s in series.items():
        starts = sorted({t // width * width for t, q in s if q})
        if fill and starts:
            starts = range(starts[0], now[symbol] // width * width + 1, width)
        last, times = None, [t for t, _ in s]
        for start in starts:
            low, high = max(bisect.bisect_left(times, start) - 1, 0), bisect.bisect_left(times, start + width)
            near = s[low:high + 1]
            inside = [(t, q) for t, q in near if start <= t < start + width and q]
            value = {"mid": lambda q: (q[0] + q[2]) * 5, "bid": lambda q: q[0] * 10, "ask": lambda q: q[2] * 10}[price]
            values = [value(q) for _, q in inside] or [value(last)]
            last = inside[-1][1] if inside else last
            spans = [(max(t, start), min(near[i + 1][0] if i + 1 < len(near) else now[symbol], start + width, now[symbol]), q)
                     for i, (t, q) in enumerate(near) if q]
            quoted = sum(b - a for a, b, q in spans if b > a)
            weight = sum((q[0] + q[2]) * (b - a) for a, b, q in spans if b > a)
            rows.append([start, start + width, venue, symbol, *(touch.shown(v, 10) for v in (values[0], max(values), min(values), values[-1])),
                         len(inside), touch.shown(rounded(sum(q[2] - q[0] for _, q in inside), len(inside)), 9) if inside else "",
                         touch.shown(rounded(weight, 2 * quoted), 9) if quoted else "", quoted,
                         *(touch.shown(v, d) for v, d in zip(last, (9, 8, 9, 8))),
                         inside[0][0] if inside else "", inside[-1][0] if inside else ""])
    return rows


def table(text):
    rows = list(csv.reader(io.StringIO(text)))
    return (",".join(rows[0]), rows[1:]) if rows else ("", [])


def bars(*args):
    code, out, err = tap.run("bars", *args)
    return *table(out if code == 0 else ""), err


def differ(got, want):
    want = [[str(v) for v in row] for row in want]
    if got == want:
        return ""
    at = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), min(len(got), len(want)))
    return f"{len(got)} rows, wanted {len(want)}; row {at}\n{got[at:at + 1]}\n{want[at:at + 1]}"


def amount(rule):
    return touch.shown(rule["size"], {"volume": 8, "notional": 17}[rule["kind"]]) if rule["kind"] in ("volume", "notional") else \
        f"{rule['size']}ns" if rule["kind"] == "every" else str(rule["size"])


def check_trades(name, path, events, venue="binance", every=1):
    rules = [{"kind": "every", "size": SEC}, {"kind": "every", "size": SEC // 20, "fill": True}, {"kind": "every", "size": DAY},
             {"kind": "ticks", "size": 7, "partial": True}, {"kind": "ticks", "size": 1},
             {"kind": "volume", "size": 10**8 * 3 // 2}, {"kind": "volume", "size": 10**8 // 10, "split": True, "partial": True},
             {"kind": "notional", "size": 50000 * 10**17, "partial": True}, {"kind": "notional", "size": 12345 * 10**17, "split": True}]
    for rule in rules[::every]:
        for clock in ("local", "venue"):
            want, late = model(events, rule, clock, venue)
            options = [f"--{k}" for k in ("fill", "split", "partial") if rule.get(k)]
            head, got, err = bars(path, f"--{rule['kind']}", amount(rule), "--clock", clock, *options)
            what = f"{name}: {rule['kind']} {amount(rule)} {' '.join(options)}, {clock} clock"
            wrong = "" if head == COLUMNS else head or err
            tap.check(what, want and not wrong and got == [[str(v) for v in r] for r in want], wrong or differ(got, want))
            told = int(err.split(" late")[0].split()[-1]) if " late" in err else 0
            tap.check(f"{what}: {late} late", told == late, err)


def check_touch(name, path, events, venue="binance"):
    for of, clock, fill, price in (("book", "local", False, "mid"), ("book", "venue", True, "bid"), ("ticker", "local", True, "ask")):
        want = quote_model(events, SEC // 10, clock, fill, price, of, venue)
        head, got, err = bars(path, "--every", "100ms", "--of", of, "--clock", clock, "--price", price, *(["--fill"] if fill else []))
        got.sort(key=lambda r: (r[3], int(r[0])))
        want.sort(key=lambda r: (r[3], r[0]))
        wrong = "" if head == QUOTE_COLUMNS else head or err
        tap.check(f"{name}: {of}, {clock} clock, {price}{', filled' if fill else ''}", want and not wrong and
                  got == [[str(v) for v in r] for r in want], wrong or differ(got, want))


def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, lines):
    with open(path_of(name), "w", encoding="utf-8") as f:
        f.writelines(lines)
    return path_of(name)


def check_same(path):
    """Formats, lanes, batches, inputs, kinds of input."""
    args = [path, "--every", "50ms"]
    _, want, _ = bars(*args)
    plan = path_of("batch.yaml")
    for lanes, batch in ((1, 64), (2, 64), (3, 4096), (7, 65536)):
        with open(plan, "w", encoding="utf-8") as f:
            f.write(f"engine: {{batch_min: {batch}, batch_max: {batch}}}\n")
        tap.check(f"the same with {lanes} lanes and batches of {batch}", bars(*args, plan, "--lanes", lanes)[1] == want)
    code, out, _ = tap.run("bars", *args, "--json")
    rows = [json.loads(line, parse_float=str, parse_int=str) for line in out.splitlines()]
    tap.check("as JSON", code == 0 and [["" if v is None else v for v in r.values()] for r in rows] == want and
              list(rows[0]) == COLUMNS.split(","))
    for name, read in (("b.csv", lambda p: open(p, "rb").read()), ("b.csv.gz", lambda p: gzip.open(p).read()),
                       ("b.csv.zst", touch.capture.read_bytes)):
        code, out, err = tap.run("bars", *args, "--out", path_of(name))
        tap.check(f"as {name}", code == 0 and table(read(path_of(name)).decode())[1] == want and "bars of" in out, err)
    code, _, err = tap.run("bars", *args, "--out", path_of("b.csv"))
    tap.check("an existing file is kept", code == 2 and "--force" in err, err)
    code, out, err = tap.run("bars", *args, "--out", path_of("b.csv"), "--force", "--json")
    tap.check("and replaced with --force", code == 0 and json.loads(out)["rows"] == len(want), err)
    data = path_of("set")
    tap.run("run", path, "--out", data)
    for name, files in (("our own trades", glob.glob(data + "/trades/**/*.parquet", recursive=True)),):
        got = bars(*sorted(files), "--every", "50ms")[1]
        tap.check(f"the same from {name}", sorted(got) == sorted(want), differ(sorted(got), sorted(want)))
    tap.run("convert", path, path_of("events.parquet"))
    tap.check("the same from the events table", bars(path_of("events.parquet"), "--every", "50ms")[1] == want)
    lines = touch.capture.read_bytes(path).decode().splitlines(True)
    halves = [write(f"half{k}.ndjson", [line for i, line in enumerate(lines) if i % 2 == k]) for k in (0, 1)]
    got = bars(*halves, "--every", "50ms")[1]
    tap.check("the same from two inputs", sorted(got) == sorted(want), differ(sorted(got), sorted(want)))


def trade(recv, event, number, px, qty, agg=False, maker=False):
    key = "a" if agg else "t"
    return (f'{recv} {{"stream":"btcusdt@{"aggTrade" if agg else "trade"}","data":{{"e":"{"aggTrade" if agg else "trade"}","E":{event},'
            f'"s":"BTCUSDT","{key}":{number},"p":"{px}","q":"{qty}","T":{event},"m":{str(maker).lower()}}}}}\n')


def check_odd():
    """Late, repeated, mixed and absurd rows."""
    base = 1723161600000
    path = write("odd.ndjson", [trade((base + 10) * 1000000 + i, base + e, 100 + i, 50000 + i, "1.5") for i, e in
                                enumerate((10, 990, 1000, 995, 1010, 2500, 999, 2000, 7000))])
    head, got, err = bars(path, "--every", "1s", "--clock", "venue")
    tap.check("late trades are in no bar, and told", [r[10] for r in got] == ["2", "2", "2", "1"] and "2 late" in err, [got, err])
    tap.check("last and first are by time", got[2][7] == "50005" and got[2][4] == "50007", got)
    head, got, err = bars(path, "--every", "1s", "--clock", "venue", "--fill")
    tap.check("--fill writes flat bars", [r[10] for r in got] == ["2", "2", "2", "0", "0", "0", "0", "1"] and got[4][4:10] == ["50005"] * 4 + ["0", "0"]
              and got[4][12:] == ["", "", ""], got)
    again = write("again.ndjson", [trade(base * 1000000 + i, base, 7 + i // 2, 50000, 1 + i // 2) for i in range(20)])
    _, got, err = bars(again, "--every", "1d")
    tap.check("repeated trades count once", got[0][10] == "10" and "10 repeated" in err, [got, err])
    _, got, _ = bars(again, "--every", "1d", "--keep-repeated")
    tap.check("--keep-repeated", got[0][10] == "20", got)
    both = write("both.ndjson", [trade(base * 1000000 + i, base, i, 50000, 1, agg=i % 3 == 0) for i in range(30)])
    for kind, n in ((None, "10"), ("single", "20"), ("agg", "10"), ("all", "30")):
        _, got, err = bars(both, "--every", "1d", *(["--trades", kind] if kind else []))
        tap.check(f"--trades {kind}: {n}", got[0][10] == n and ("of the other kind" in err) == (kind != "all"), [got, err])
    huge = write("huge.ndjson", [trade(base * 1000000 + i, base, i, "9000000.5", "90000000.5") for i in range(2000)])
    _, got, err = bars(huge, "--every", "1d")
    tap.check("sums past 64 bits are exact", got and got[0][8:10] == ["180000001000", touch.shown(2000 * 90000005 * 900000005 * 10**15, 17)], [got, err])
    code, _, err = tap.run("bars", huge, "--volume", "0.00000001", "--split")
    tap.check("a trade of too many bars is exit 5", code == 5 and "raise their size" in err, err)
    far = write("far.ndjson", [trade(base * 1000000, base, 1, 1, 1), trade((base + 1) * 1000000, base + 10**10, 2, 1, 1)])
    _, got, err = bars(far, "--every", "1s", "--clock", "venue", "--fill")
    tap.check("a stretch too long to fill is told", len(got) == 2 and "too long to fill" in err, err)
    empty = write("books.ndjson", [f'{base * 1000000} {{"stream":"btcusdt@bookTicker","data":{{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}}}}\n'])
    head, got, err = bars(empty, "--every", "1s")
    tap.check("no trade: a header and no row", head == COLUMNS and got == [], err)
    head, got, err = bars(empty, "--every", "1s", "--of", "ticker", "--clock", "venue")
    tap.check("spot tickers have no venue time: told", got == [] and "1 books without a venue time" in err, err)


def check_words():
    for args, want in ((["--every", "7s"], "divides a day"), ([], "what closes a bar: name one of"), (["--every", "1s", "--ticks", "3"], "one thing"),
                       (["--volume", "-1"], "--volume: '-1' is not an amount"), (["--volume", "0"], "is not an amount"),
                       (["--volume", "1.000000001"], "more than 8 decimals"), (["--notional", "x"], "--notional: 'x'"),
                       (["--every", "1s", "--split"], "--split: only"), (["--ticks", "5", "--fill"], "--fill: only"),
                       (["--volume", "1", "--of", "book"], "--of: only trades"), (["--every", "1s", "--price", "bid"], "--price: trades have one"),
                       (["--every", "1s", "--of", "boko"], "did you mean 'book'"), (["--every", "1s", "--clock", "venu"], "did you mean 'venue'"),
                       (["--every", "0s"], "--every: '0s' is not"), (["--ticks", "0"], "--ticks: '0' is not"),
                       (["--every", "1s", "--out", "x.txt"], "does not end in .parquet"), (["--every", "1s", "--out", "x.parquet.gz"], "does not end in")):
        code, out, err = tap.run("bars", write("one.ndjson", [trade(1, 1, 1, 1, 1)]), *args)
        tap.check(f"bars {' '.join(args)}", code == 2 and want in err and not out, [code, err, out])
    code, out, err = tap.run("bars", path_of("absent.ndjson"), "--every", "1s")
    tap.check("an absent input is exit 4, without a header", code == 4 and "absent.ndjson" in err and not out, [out, err])


def check_ends(path):
    """A signal and damage leave no file."""
    lines = touch.capture.read_bytes(path)
    with gzip.open(path_of("cut.ndjson.gz"), "wb") as f:
        f.write(lines)
    with open(path_of("cut.ndjson.gz"), "rb") as f:
        whole = f.read()
    with open(path_of("cut.ndjson.gz"), "wb") as f:
        f.write(whole[:len(whole) // 2])
    code, _, err = tap.run("bars", path_of("cut.ndjson.gz"), "--every", "1s", "--out", path_of("cut.csv"))
    tap.check("damaged input is exit 3 and leaves no file", code == 3 and not [n for n in os.listdir(tap.SCRATCH) if "cut.csv" in n], err)
    long, codes = path_of("long.ndjson"), []
    tap.run("gen", "--levels", 900000, "--out", long)
    p = subprocess.Popen([tap.EXE, "bars", long, "--ticks", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    select.select([p.stdout], [], [], 60)  # nobody reads: it stands in the middle of its rows
    p.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    out, err = p.communicate(timeout=60)
    rows = out.splitlines()
    tap.check("SIGTERM is exit 4", p.returncode == 4 and err == "headrace: stopped before the end of the input\n", [p.returncode, err])
    tap.check("what is on standard output are whole rows", out.endswith("\n") and {r.count(",") for r in rows} == {14}, rows[-2:])
    for delay in range(1, 60):
        p = subprocess.Popen([tap.EXE, "bars", long, "--ticks", "1", "--out", path_of("stopped.parquet"), "--force"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(delay * 0.01)
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=60)
        left = [n for n in os.listdir(tap.SCRATCH) if "stopped" in n]
        codes.append((p.returncode, left, err))
        if p.returncode in (4, 0):
            break
    tap.check("SIGTERM leaves no file", codes[-1][0] == 4 and codes[-1][1] == [] and "was not written" in codes[-1][2], codes[-2:])
    with open("/dev/full", "w", encoding="utf-8") as full:
        p = subprocess.run([tap.EXE, "bars", path, "--every", "1s"], stdout=full, stderr=subprocess.PIPE, text=True)
    tap.check("a full standard output is exit 4", p.returncode == 4 and "cannot write 'standard output'" in p.stderr, p.stderr)


def check_orders(folder):
    """Order by order inputs: what is executed is traded, visible (4, of an order that is known) or hidden (5)."""
    for file in glob.glob(os.path.join(folder, "lobster", "AAPL*_message_50.csv.gz")):
        want, known = {}, set()
        for line in touch.capture.read_bytes(file).decode().splitlines():
            at, kind, order, size, px, _ = line.split(",")[:6]
            known.update([order] if kind == "1" else [])
            if kind == "5" or kind == "4" and order in known:
                start = int(at.split(".")[0]) // 60 * 60 + 4 * 3600  # New York's summer
                n, volume, notional = want.get(start, (0, 0, 0))
                want[start] = n + 1, volume + int(size), notional + int(size) * int(px)
        _, got, err = bars(file, "--every", "1m")
        rows = {int(r[0]) // SEC % 86400: (int(r[10]), int(r[8]), round(float(r[9]) * 10000)) for r in got}
        tap.check("executed orders are trades", len(want) > 50 and rows == want, err)


OTHERS = r"""
import sys, polars as pl, pandas as pd, duckdb
trades, ours = sys.argv[1], pl.read_parquet(sys.argv[2]).sort("symbol", "start")
t = pl.read_parquet(trades, glob=True, hive_partitioning=True).sort("ts_recv", maintain_order=True)
t = t.with_columns(pl.col("px").cast(pl.Float64), pl.col("qty").cast(pl.Float64))
p = (t.group_by_dynamic("ts_recv", every="1s", closed="left", label="left", group_by="symbol").agg(
    open=pl.col("px").first(), high=pl.col("px").max(), low=pl.col("px").min(), close=pl.col("px").last(), volume=pl.col("qty").sum(),
    n=pl.len(), buy=pl.col("qty").filter(pl.col("side").cast(pl.String) == "buy").sum(),
    vwap=(pl.col("px") * pl.col("qty")).sum() / pl.col("qty").sum()).sort("symbol", "ts_recv"))
def close(a, b, eps=1e-9): return ((a - b).abs() <= eps * (a.abs() + 1)).all()
assert len(p) == len(ours) > 3, (len(p), len(ours))
assert (p["ts_recv"].cast(pl.Int64) == ours["start"].cast(pl.Int64)).all()
f = ours.with_columns(pl.col("open", "high", "low", "close", "vwap").cast(pl.Float64))
for a, b in (("open", "open"), ("high", "high"), ("low", "low"), ("close", "close")): assert (p[a] == f[b]).all(), a
assert (p["n"].cast(pl.Int64) == f["n_trades"]).all()
for a, b in (("volume", "volume"), ("buy", "buy_volume"), ("vwap", "vwap")): assert close(p[a], f[b]), a
print("polars ok")
d = t.select("symbol", "ts_recv", "px", "qty").to_pandas()
r = d.set_index("ts_recv").groupby("symbol")["px"].resample("1s").ohlc().dropna().reset_index()
assert len(r) == len(f) and (r["open"].to_numpy() == f["open"].to_numpy()).all() and (r["close"].to_numpy() == f["close"].to_numpy()).all()
print("pandas ok")
q = duckdb.sql(f"select symbol, epoch_ns(ts_recv) // 1000000000 s, arg_min(px, (ts_recv, seq)) o, max(px) h, min(px) l,"
    f" arg_max(px, (ts_recv, seq)) c, sum(qty) v, count(*) n from read_parquet('{trades}', hive_partitioning=true) group by all order by 1, 2").pl()
assert [float(x) for x in q["o"]] == f["open"].to_list() and [float(x) for x in q["c"]] == f["close"].to_list()
assert q["n"].to_list() == f["n_trades"].to_list() and [float(x) for x in q["v"]] == f["volume"].to_list()
print("duckdb ok")
"""


def check_others(path):
    python = tap.python_with("polars", "pandas", "duckdb", "pyarrow")
    if python is None:
        return
    data, out = path_of("others"), path_of("others.parquet")
    tap.run("run", path, "--out", data)
    tap.run("bars", path, "--every", "1s", "--out", out)
    p = subprocess.run([python, "-c", OTHERS, data + "/trades/**/*.parquet", out], capture_output=True, text=True)
    for name in ("polars", "pandas", "duckdb"):
        tap.check(f"the same bars as {name}", f"{name} ok" in p.stdout, p.stderr[-1500:])


def main():
    path = path_of("c.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 3, "--rate", 200000, "--gaps", 3, "--duplicates", 3, "--bad", 3, "--out", path)
    events = list(touch.events(path))
    check_trades("generated", path, events)
    check_touch("generated", path, events)
    check_same(path)
    low, high = events[len(events) // 3][2], events[len(events) // 2][2]
    want, _ = model([e for e in events if low <= e[2] < high], {"kind": "every", "size": SEC // 2000}, "local")
    _, got, err = bars(path, "--every", "500us", "--from", low, "--to", high)
    tap.check("--from and --to are receive times", len(want) > 3 and not differ(got, want), differ(got, want) or err)
    check_odd()
    check_words()
    check_ends(path)
    slow = path_of("slow.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 2, "--rate", 2000, "--seed", 9, "--out", slow)
    check_others(slow)
    check_orders(tap.data_dir() or "")
    folder = os.path.join(tap.data_dir() or "", "binance")
    for name, venue in (("spot_btcusdt_20240808", "binance"), ("usdm_btcusdt_20240808", "binance-futures")):
        for file in glob.glob(os.path.join(folder, name + "*.gz")):
            events = list(touch.events(file, venue))
            check_trades(name, file, events, venue, 3)
            check_touch(name, file, events, venue)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
