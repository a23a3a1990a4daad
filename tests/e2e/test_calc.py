# SPDX-License-Identifier: Apache-2.0
"""calc: expressions over generated and real captures against a model in Python that shares nothing with the engine; tables;
lanes, batches and formats give the same rows; one instrument as of another's rows; what is wrong is told in words."""
import csv
import glob
import gzip
import hashlib
import io
import json
import math
import os
import random
import re
import shutil
import subprocess

import parquet
import tap
import touch

SEC = 1000000000
EXPR = """m: mid; s: spread; b: bid_px[0]; aq: ask_qty[0]; px: trade.px; side: trade.side; late: latency
avg: mean(mid, 5); top: max(mid, 7); vol: sum(trade.qty, 1s); n: count(trade.px, 1s)
up: mid > mean(mid, 5); lead: of("%s", mid); d: mid - of("%s", mid); both: where(is_trade, trade.qty, bid_qty[0])
"""


def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Window:
    """The last n values, or those of a stretch of time, looked at whole."""

    def __init__(self, n=None, span=None):
        self.n, self.span, self.rows, self.now = n, span, [], None

    def add(self, ts, value):
        if value is None:
            return None
        self.now = ts if self.now is None else max(ts, self.now)
        self.rows.append((self.now, value))
        self.rows = self.rows[-self.n:] if self.n else [r for r in self.rows if r[0] > self.now - self.span]
        return [v for _, v in self.rows]


class Market:
    """One instrument: what a row of it shows."""

    def __init__(self):
        self.book, self.seen = None, set()
        self.avg, self.top = Window(n=5), Window(n=7)
        self.vol, self.n = Window(span=SEC), Window(span=SEC)

    def row(self, ts, recv, venue, trade):
        bid, bq, ask, aq = self.book or (None,) * 4
        real = lambda v, scale: None if v is None else v / 10**scale
        mid = None if bid is None or ask is None else (bid + ask) / (2 * 10**9)
        px, qty, side = (real(trade[0], 9), real(trade[1], 8), 1 if trade[2] else -1) if trade else (None,) * 3
        avg, top = self.avg.add(ts, mid), self.top.add(ts, mid)
        vol, n = self.vol.add(ts, qty), self.n.add(ts, px)
        mean = math.fsum(avg) / 5 if avg and len(avg) == 5 else None
        return {"m": mid, "s": None if mid is None else (ask - bid) / 10**9, "b": real(bid, 9), "aq": real(aq, 8), "px": px,
                "side": side, "late": None if venue is None else (recv - venue) / 1e9, "avg": mean,
                "top": max(top) if top and len(top) == 7 else None, "vol": math.fsum(vol) if vol else None,
                "n": len(n) if n else None, "up": None if mean is None or mid is None else float(mid > mean),
                "both": qty if trade else real(bq, 8)}


def model(events, lead):
    markets, rows, newest = {}, [], None
    for kind, symbol, recv, venue, what in events:
        if kind == "ticker":
            continue
        m = markets.setdefault(symbol, Market())
        trade = None
        if kind == "trade":
            ident, buy, px, qty, agg = what
            if (ident, venue, px, qty, buy) in m.seen:
                continue
            m.seen.add((ident, venue, px, qty, buy))
            trade = px, qty, buy
        else:
            m.book = what
            if what is None:
                continue
        ts = recv if venue is None else venue
        row = m.row(ts, recv, venue, trade)
        if symbol == lead:
            newest = row["m"]
        row["lead"] = newest
        row["d"] = None if row["m"] is None or newest is None else row["m"] - newest
        rows.append((ts, symbol, row))
    return rows


def near(found, want):
    if want is None or found == "":
        return want is None and found == ""
    return abs(float(found) - want) <= 1e-9 * max(abs(want), 1e-3)


def compare(name, path, lead, venue="binance", *more):
    code, out, err = tap.run("calc", EXPR % (lead, lead), path, *more)
    want = model(touch.events(path, venue), lead)
    found = rows_of(out)
    wrong = [f"{len(found)} rows, not {len(want)}: {err}"] if len(found) != len(want) else []
    for f, (ts, symbol, row) in zip(found, want):
        bad = [k for k, v in row.items() if not near(f[k], v)]
        if bad == ["up"] and near(f["avg"], row["m"]) and f["up"] in "01":  # the mean of equal values may be off by its last bit
            bad = []
        if bad or f["ts_event"] != str(ts) or f["instrument"] != symbol:
            wrong.append(f"{bad}: {f} not {ts} {symbol} {row}")
    tap.check(f"{name}: {len(want)} rows of {len(EXPR.split(':')) - 1} expressions are the model's", code == 0 and not wrong and want,
              "\n".join(wrong[:5]))
    return out


def check_same(path, out, lead):
    for words in (("--lanes", 1), ("--lanes", 4), ("--memory", "160MB", "--lanes", 2), ("--cpu-mask", 0)):
        if words[0] == "--cpu-mask":
            words = ("--cpu-mask", "scalar")
        got = tap.run("calc", EXPR % (lead, lead), path, *words)
        tap.check(f"the same rows with {' '.join(map(str, words))}", got[1] == out, got[2])
    half = [gzip.compress(t.encode()) for t in cut_in_two(path)]
    for i, t in enumerate(half):
        with open(path_of(f"half{i}.ndjson.gz"), "wb") as f:
            f.write(t)
    got = tap.run("calc", EXPR % (lead, lead), path_of("half0.ndjson.gz"), path_of("half1.ndjson.gz"))
    tap.check("the same rows of the capture in two packed files", got[1] == out, got[2])
    code, text, err = tap.run("calc", EXPR % (lead, lead), path, "--json")
    same = [list(json.loads(line).values()) for line in text.splitlines()]
    want = [[r["ts_event"], r["instrument"], *list(r.values())[2:]] for r in rows_of(out)]
    shown = [[str(v[0]), v[1], *("" if x is None else x for x in v[2:])] for v in same]
    equal = all(a[:2] == b[:2] and all(x == "" if y == "" else float(x) == float(y) for x, y in zip(a[2:], b[2:]))
                for a, b in zip(shown, want))
    tap.check("JSON says what CSV says", code == 0 and len(shown) == len(want) and equal, err)


def cut_in_two(path):
    with open(path) as f:
        lines = f.readlines()
    at = len(lines) // 2
    return "".join(lines[:at]), "".join(lines[at:])


def check_rows(path):
    code, out, err = tap.run("calc", "a: mean(trade.px, 3); b: trade.qty > 100000", path, "--rows", "valued")
    tap.check("--rows valued leaves out rows without a value", code == 0 and all(r["a"] or r["b"] for r in rows_of(out)) and out, err)
    code, out, err = tap.run("calc", "x: mid; big: trade.qty > 0.01", path, "--rows", "true")
    found = rows_of(out)
    tap.check("--rows true takes rows in which a condition holds", code == 0 and found and all(r["big"] == "1" for r in found), err)
    some = tap.run("calc", "ema(mid, 20)", path, "--clock", "local")[1].splitlines()
    times = [int(line.split(",")[0]) for line in some[1:]]
    at = times[len(times) // 2]
    late = tap.run("calc", "ema(mid, 20)", path, "--clock", "local", "--from", at)[1].splitlines()
    want = some[:1] + [line for line, t in zip(some[1:], times) if t >= at]
    tap.check("--from leaves rows out and keeps what windows knew", late == want and 1 < len(late) < len(some), late[:3])


def bars(n, seed):
    r, px = random.Random(seed), 100.0
    for i in range(n):
        close = round(px + r.uniform(-1, 1), 2)
        yield 86400 * (i + 17000), px, round(max(px, close) + r.random(), 2), round(min(px, close) - r.random(), 2), close, r.randrange(1, 9999)
        px = close


def check_tables():
    table = {s: list(bars(300, i)) for i, s in enumerate(("AAA", "BBB"))}
    path = path_of("bars.csv")
    with open(path, "w") as f:
        f.write("Date,Open,High,Low,Close,Volume,Symbol\r\n")
        for a, b in zip(*table.values()):
            for s, row in (("AAA", a), ("BBB", b)):
                f.write(",".join(map(str, row)) + f",{s}\r\n")
    code, out, err = tap.run("calc", 'm: mean(close, 4); o: of("AAA", close); t: (high + low + close) / 3; v: cumsum(volume)', path)
    found, wrong, at, total = rows_of(out), [], {"AAA": 0, "BBB": 0}, {"AAA": 0, "BBB": 0}
    for f in found:
        s = f["instrument"]
        i, rows = at[s], table[s]
        total[s] += rows[i][5]
        want = {"m": math.fsum(r[4] for r in rows[i - 3:i + 1]) / 4 if i >= 3 else None, "o": table["AAA"][i][4],
                "t": sum(rows[i][2:5]) / 3, "v": total[s]}
        if f["ts_event"] != str(rows[i][0] * SEC) or not all(near(f[k], v) for k, v in want.items()):
            wrong.append(f"{f} {want}")
        at[s] += 1
    tap.check("a table of bars of two instruments", code == 0 and len(found) == 600 and not wrong, err + "\n".join(wrong[:3]))
    single = path_of("XYZ.csv")
    with open(single, "w") as f:
        f.write("\ufefftime,close,note\n2024-01-02 09:30,1.5,a\n2024-01-02 09:31,,b\n2024-01-02 09:32,oops,c\nlater,2,d\n"
                "2024-01-02T09:33:00Z,2.5,\"e,f\"\n2024-01-02 09:34\n")
    code, out, err = tap.run("calc", "close * 2", single)
    values = [(r["instrument"], r["value"]) for r in rows_of(out)]
    tap.check("the file's name is the instrument, empty is null, what is no number is rejected with its line",
              code == 0 and values == [("XYZ", "3"), ("XYZ", ""), ("XYZ", "5")] and "XYZ.csv:4: expected a number" in err, out + err)
    days = path_of("days.csv")
    with open(days, "w") as f:
        f.write("date,close\n01/02/2024,1\n02/01/2024,2\n")
    code, out, err = tap.run("calc", "close", days)
    tap.check("dates that may be two are rejected until it is said which they are", code == 3 and "--dates" in err, out + err)
    out = tap.run("calc", "close", days, "--dates", "day-first")[1]
    tap.check("--dates says it", [r["ts_event"] for r in rows_of(out)] == ["1706745600000000000", "1704153600000000000"], out)
    code, out, err = tap.run("calc", "close", days, single, "--dates", "day-first")
    tap.check("a second file may have other columns, where those that are read are there", code == 0 and len(rows_of(out)) == 5, err)
    code, out, err = tap.run("calc", "note", single, days)
    tap.check("a second file that lacks a column is an error that names both", code == 3 and "'note'" in err and "days.csv" in err, err)

TABLE_EXPR = 'm: mean(close, 3); up: close > open; r: high - low; v: sum(volume, 1s); o: of("BTCUSDT", close); q: notional / volume'


def table_model(rows):
    """rows: (ts, symbol, {column: number or None}) in the order of the file."""
    seen, lead = {}, None
    for ts, symbol, row in rows:
        mean, vol = seen.setdefault(symbol, (Window(n=3), Window(span=SEC)))
        m, v = mean.add(ts, row["close"]), vol.add(ts, row["volume"])
        if symbol == "BTCUSDT":
            lead = row["close"]
        none = lambda *names: any(row[n] is None for n in names)
        yield ts, symbol, {"m": math.fsum(m) / 3 if m and len(m) == 3 else None, "v": math.fsum(v) if v else None, "o": lead,
                           "up": None if none("close", "open") else float(row["close"] > row["open"]),
                           "r": None if none("high", "low") else row["high"] - row["low"],
                           "q": None if none("notional", "volume") else row["notional"] / row["volume"]}


def check_table(name, path, rows, *more):
    code, out, err = tap.run("calc", TABLE_EXPR, path, *more)
    found, want = rows_of(out), list(table_model(rows))
    wrong = [f"{len(found)} rows, not {len(want)}: {err}"] if len(found) != len(want) else []
    for f, (ts, symbol, row) in zip(found, want):
        bad = [k for k, v in row.items() if not near(f[k], v)]
        if bad or f["ts_event"] != str(ts) or f["instrument"] != symbol:
            wrong.append(f"{bad}: {f} not {ts} {symbol} {row}")
    tap.check(f"{name}: {len(want)} rows are the model's", code == 0 and want and not wrong, "\n".join(wrong[:5]))
    return out


def check_formats(capture):
    """Bars as each format that is written: the same rows, and those of a model."""
    outs = {}
    for end in ("csv", "csv.zst", "parquet", "arrow", "arrows"):
        path = path_of("fine." + end)
        tap.run("bars", capture, "--every", "10ms", "--out", path)
        if end == "csv":
            with open(path) as f:
                rows = [(int(r["start"]), r["symbol"], {k: float(r[k]) for k in ("open", "high", "low", "close", "volume", "notional")})
                        for r in csv.DictReader(f)]
        outs[end] = check_table(f"bars as .{end}", path, rows)
    tap.check("the same bytes of every format", len(set(outs.values())) == 1 and outs["csv"])
    folder = os.path.join(tap.SCRATCH, "bars.d")
    os.mkdir(folder)
    os.link(path_of("fine.parquet"), os.path.join(folder, "b.parquet"))
    code, out, err = tap.run("calc", TABLE_EXPR, folder)
    tap.check("a folder of tables", code == 0 and out == outs["csv"], err)
    os.link(capture, os.path.join(folder, "c.ndjson"))
    code, out, err = tap.run("calc", "mid", folder)
    tap.check("tables beside a capture are left out, and named", code == 0 and "b.parquet': a plain table" in err and len(out) > 99, err)


def check_own_tables(capture):
    """What a run writes: events stay events; books, features and tickers are tables."""
    out = os.path.join(tap.SCRATCH, "ds")
    tap.run("run", capture, "--out", out)
    for kind, expr, want in (("books", "bid_px_0 + ask_px_0", lambda r: (r["bid_px_0"] + r["ask_px_0"]) / 1e9),
                             ("tickers", "ask_px - bid_px", lambda r: (r["ask_px"] - r["bid_px"]) / 1e9),
                             ("features", "where(is_null(mid), 0, mid)", lambda r: r["mid"] or 0)):
        path = sorted(glob.glob(f"{out}/{kind}/**/*.parquet", recursive=True))[0]
        columns = parquet.read(path)
        columns = columns[0] if isinstance(columns, tuple) else columns
        names = list(columns)
        rows = [dict(zip(names, values)) for values in zip(*columns.values())]
        code, text, err = tap.run("calc", "x: " + expr, path)
        found = rows_of(text)
        times = [str(r["ts_recv"] if r["ts_event"] is None else r["ts_event"]) for r in rows]
        symbol = path.split("symbol=")[1].split("/")[0]
        good = [near(f["x"], want(r)) for f, r in zip(found, rows)]
        tap.check(f"{kind}: {len(rows)} rows by name; their instrument is in the path, their time ts_event, else ts_recv",
                  code == 0 and len(found) == len(rows) > 0 and all(good) and [f["ts_event"] for f in found] == times
                  and {f["instrument"] for f in found} == {symbol}, err)
    trades = sorted(glob.glob(f"{out}/trades/**/*.parquet", recursive=True))[0]
    code, text, err = tap.run("calc", "px", trades)
    tap.check("trades are events, and the message says how to take them as a table", code == 2 and "--time" in err, err)
    code, text, err = tap.run("calc", "px * qty", trades, "--time", "ts_recv")
    tap.check("--time takes them as one", code == 0 and len(rows_of(text)) > 0, err)


def table_of(name, text):
    path = path_of(name)
    with open(path, "w", newline="") as f:
        f.write(text)
    return path


def times_of(*words):
    code, out, err = tap.run("calc", *words)
    return [r["ts_event"] for r in rows_of(out)], out + err


def check_times():
    day = 1704153600 * SEC
    for name, head, cells, want in (
            ("units", "time", ["1704153600", "1704153600000", "1704153600000000", str(day), "1704153600.5", "20240102"],
             [day, day, day, day, day + SEC // 2, day]),
            ("forms", "Timestamp", ["2024-01-02", "2024/01/02 00:00", "2024-01-02T00:00:01.000000001Z", "2024-01-02 01:00:00+01:00"],
             [day, day, day + SEC + 1, day]),
            ("date and time", "date,Time", ["2024-01-02,09:30", "20240102,9:30:01.5", "2024-01-02,1704153600"],
             [day + 34200 * SEC, day + 34201 * SEC + SEC // 2, day]),
            ("an index without a name", "", ["2024-01-02", "2024-01-03"], [day, day + 86400 * SEC]),
            ("clocks", "ts_event,ts_recv", [f"{day},7", f",{day + 1}"], [day, day + 1])):
        path = table_of("times.csv", f"{head},close\n" + "".join(c + ",1\n" for c in cells))
        found, said = times_of("close", path)
        tap.check(f"times of a table: {name}", found == [str(w) for w in want], said)
    path = table_of("clock.csv", f"ts_event,ts_recv,x\n{day},{day + 1},1\n{day},,1\n")
    found, said = times_of("x", path, "--clock", "local")
    tap.check("--clock local takes ts_recv before ts_event", found == [str(day + 1), str(day)], said)
    path = table_of("odd.csv", "When?,px,who\n2024-01-02,1,A\n2024-01-03,2,B\n2024-01-04,4,A\n")
    code, out, err = tap.run("calc", "px", path)
    tap.check("no column of times: those that are there, and what to do", code == 3 and "when, px, who" in err and "--time" in err, err)
    code, out, err = tap.run("calc", "cumsum(px)", path, "--time", "When?", "--by", "who")
    tap.check("--time and --by name columns", [(r["instrument"], r["value"]) for r in rows_of(out)] == [("A", "1"), ("B", "2"), ("A", "5")], err)
    code, out, err = tap.run("calc", "px", path, "--time", "whem")
    tap.check("--time of none: the nearest", code == 3 and "did you mean 'when'" in err, err)
    code, out, err = tap.run("calc", "mean(px, 2)", path, "--time", "none", "--by", "none")
    tap.check("--time none numbers the rows", out == "row,instrument,value\n1,odd,\n2,odd,1.5\n3,odd,3\n", out + err)
    code, out, err = tap.run("calc", "mean(px, 2s)", path, "--time", "none")
    tap.check("--time none knows no windows of time", code == 2 and "'mean'" in err and not out, err)
    for text, ok in (("fill(px)", True), ("sum(px, 2)", True), ("fill(px, 1m)", False), ("since(px)", False), ("twap(2, x: px)", False), ("ewma_time(px, 1s)", False)):
        code, out, err = tap.run("calc", text, path, "--time", "none")
        tap.check(f"--time none: {text} is {'taken' if ok else 'told'}", code == 0 if ok else code == 2 and "no times" in err and not out, err)
    code, out, err = tap.run("calc", "px", path, "--time", "none", "--from", 1)
    tap.check("--time none knows no --from", code == 2 and "--from" in err and not out, err)
    code, out, err = tap.run("calc", "px", table_of("back.csv", "date,px\n2024-01-03,1\n2024-01-02,2\n2024-01-04,3\n"))
    tap.check("rows that go back in time are told", code == 0 and "1 older" in err and "sort" in err and len(rows_of(out)) == 3, err)
    code, out, err = tap.run("calc", "row: px", path, "--time", "none")
    tap.check("--time none: 'row' is taken", code == 2 and "'row'" in err, err)
    code, out, err = tap.run("calc", "pix", path, "--time", "when")
    tap.check("a column that there is not: the nearest, and all", code == 2 and "did you mean 'px'" in err and "when, px, who" in err, err)


def check_cells():
    cells = ["1", " 2 ", "+3", ".5", "1e3", '"6"', "", "NaN", "n/a", "-", "inf", "123456789012345678901234", "-0.1"]
    want = ["1", "2", "3", "0.5", "1000", "6", "", "", "", "", "", "1.2345678901234568e+23", "-0.1"]
    path = table_of("cells.csv", "\ufefftime,note,x\r\n\r\n" + "".join(f'{i},"a, b",{c}\r\n' for i, c in enumerate(cells)))
    code, out, err = tap.run("calc", "x", path)
    found = [r["value"] for r in rows_of(out)]
    tap.check("numbers as others write them; a mark, CR LF, quotes, empty lines",
              len(found) == len(want) and all(f == w or float(f or 0) == float(w or 1) for f, w in zip(found, want)), f"{found} {err}")
    path = table_of("bad.csv", 'time,x\n1,"1,000"\n2,$5\n3,4,5\n4\n5,6,\n,7\nsoon,8\n9,9\n')
    code, out, err = tap.run("calc", "x", path)
    tap.check("what is no number, no time or no row is rejected, the first with its place",
              [r["value"] for r in rows_of(out)] == ["6", "9"] and "6 rejected" in err and "bad.csv:2: expected a number in column 'x', found '1,000'" in err, out + err)
    code, out, err = tap.run("calc", "x", table_of("semi.csv", "time;x\n1;2\n"))
    tap.check("another mark than commas is told", code == 3 and "';'" in err, err)
    code, out, err = tap.run("calc", "x", table_of("twice.csv", "time,x,X\n1,2,3\n"))
    tap.check("two columns of one name are told where they are read", code == 3 and "two columns are called 'x'" in err and not out, err)
    code, out, err = tap.run("calc", "x", table_of("empty.csv", ""))
    tap.check("an empty file is told", code == 3 and "empty" in err, err)
    names = table_of("venues.csv", "time,venue,symbol,x\n1,a,S,1\n2,b,S,10\n3,a,S,100\n")
    code, out, err = tap.run("calc", 's: cumsum(x); o: of("b:S", x)', names)
    tap.check("one symbol of two venues is two instruments", [(r["s"], r["o"]) for r in rows_of(out)] == [("1", ""), ("10", "10"), ("101", "10")], out + err)
    plain = "1704153600000,1,2,0.5,1.5,10,1704153659999,15,3,4,6,0\n1704153660000,1.5,2,0.5,1.6,10,1704153719999,15,3,4,6,0\n"
    code, out, err = tap.run("calc", "quote_volume / volume - close", table_of("BTCUSDT-1m-2024-01.csv", plain))
    tap.check("klines without a header have their columns' names",
              [(r["ts_event"], r["instrument"], round(float(r["value"]), 9)) for r in rows_of(out)] ==
              [("1704153600000000000", "BTCUSDT", 0), ("1704153660000000000", "BTCUSDT", -0.1)], out + err)


def check_stdin(capture):
    want = tap.run("calc", "ema(mid, 9)", capture)[1]
    with open(capture, "rb") as f:
        data = f.read()
    for name, text in (("a capture", data), ("a packed one", gzip.compress(data))):
        p = subprocess.run([tap.EXE, "calc", "ema(mid, 9)", "-"], input=text, capture_output=True)
        tap.check(f"standard input: {name} from a pipe", p.stdout.decode() == want and want, p.stderr[-300:])
    table = b"time,x\n1,2\n"
    p = subprocess.run([tap.EXE, "calc", "x", "-"], input=table, capture_output=True)
    tap.check("standard input: a table from a pipe", p.stdout == b"ts_event,instrument,value\n1000000000,stdin,2\n", p.stderr)
    for path in (table_of("in.csv", table.decode()), path_of("fine.parquet")):
        with open(path) as f:
            p = subprocess.run([tap.EXE, "calc", "1", "-", "--rows", "all"], stdin=f, capture_output=True)
        tap.check(f"standard input: {os.path.basename(path)} as a file", p.returncode == 0 and p.stdout.count(b"\n") > 1, p.stderr)
    p = subprocess.run([tap.EXE, "calc", "x", "-"], input=table, capture_output=True, env={**os.environ, "TMPDIR": "/none"})
    tap.check("standard input: no room to keep it is told", p.returncode == 4 and b"/none" in p.stderr, p.stderr)
    p = subprocess.run([tap.EXE, "calc", "x", "-", "-"], input=table, capture_output=True)
    tap.check("standard input cannot be named twice", p.returncode == 2, p.stderr)


def check_many():
    """One file an instrument: what of() takes is as of the row's time, in whatever order files are named."""
    paths = []
    for i, name in enumerate(("AAA", "BBB", "C.C")):
        paths.append(table_of(name + ".csv", "date,close\n" + "".join(f"2024-01-{d:02d},{100 * i + d}\n" for d in range(1 + i, 20, 1 + i))))
    code, out, err = tap.run("calc", 'c: close; a: of("AAA", close)', *reversed(paths))
    rows = rows_of(out)
    day = lambda r: int(r["ts_event"]) // (86400 * SEC) - 19722
    order = [int(r["ts_event"]) for r in rows]
    # on one day the files' order holds: AAA, named last, comes last
    ahead = all(r["a"] == ("" if day(r) == 1 and r["instrument"] != "AAA" else str(day(r) - (r["instrument"] != "AAA"))) for r in rows)
    tap.check("of() over files: merged by time, nothing of a later row", code == 0 and order == sorted(order) and len(rows) == 34 and ahead, out[:600] + err)
    tap.check("a name with a dot stays whole", {r["instrument"] for r in rows} == {"AAA", "BBB", "C.C"}, err)
    code, out, err = tap.run("calc", "close", *paths)
    tap.check("without of() files follow one another", [r["instrument"] for r in rows_of(out)] == ["AAA"] * 19 + ["BBB"] * 9 + ["C.C"] * 6, err)
    code, out, err = tap.run("calc", 'of("AAA", close)', *(table_of(f"m{i}.csv", "date,close\n2024-01-02,1\n") for i in range(20)), "--memory", "64MB")
    tap.check("of() over more files than the memory holds: how much it takes", code == 5 and "168MB" in err, err)


# What others write: argv is a folder. Prints a line of JSON a file: its name and the rows that it holds.
OTHERS = r"""
import datetime as dt, decimal, json, os, random, sys
import polars as pl, pyarrow as pa, pyarrow.feather as fe, pyarrow.parquet as pq
folder, r, day, n = sys.argv[1], random.Random(5), 1704153600, 2500
symbols = [("BTCUSDT", "ETHUSDT", "X.Y")[i % 3] for i in range(n)]
secs = [day + i // 3 for i in range(n)]
px = [[round(100 + r.random() * 10, 2) for _ in range(n)] for _ in range(4)]
close = [None if r.random() < 0.1 else v for v in px[3]]
volume = [None if r.random() < 0.1 else r.randrange(1, 10**6) for _ in range(n)]
notional = [v if v is None else round(v * 3.25, 2) for v in volume]
dec = lambda values, p, s: pa.array([None if v is None else decimal.Decimal(str(v)).quantize(decimal.Decimal(1).scaleb(-s)) for v in values], pa.decimal128(p, s))
base = {"symbol": pa.array(symbols), "open": pa.array(px[0]), "high": pa.array(px[1]), "low": pa.array(px[2]),
        "close": pa.array(close), "volume": pa.array(volume), "notional": pa.array(notional)}
scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
stamp = lambda unit, zone=None: pa.array([t * scale[unit] for t in secs], pa.timestamp(unit, zone))
def say(name, days=False):
    rows = [[s // 86400 * 86400 if days else s, y, o, h, l, c, v, q] for s, y, o, h, l, c, v, q in zip(secs, symbols, *px[:3], close, volume, notional)]
    print(json.dumps([name, rows]))
def put(name, table, **more):
    pq.write_table(table, os.path.join(folder, name + ".parquet"), **more)
    say(name + ".parquet", "date" in table.column_names and "time" not in table.column_names)
for unit in scale:
    put("ts-" + unit, pa.table({"timestamp": stamp(unit, "UTC"), **base}), row_group_size=700)
    put("int-" + unit, pa.table({"Time": pa.array([t * scale[unit] for t in secs]), **base}), compression="zstd", data_page_version="2.0")
put("int96", pa.table({"datetime": stamp("ns"), **base}), use_deprecated_int96_timestamps=True)
put("date", pa.table({"date": pa.array([dt.date.fromtimestamp(t // 86400 * 86400 + 43200) for t in secs]), **base}))
put("parts", pa.table({"date": pa.array([dt.date(2024, 1, 2)] * n), "time": pa.array([t % 86400 for t in secs], pa.time32("s")), **base}))
put("text", pa.table({"date": pa.array([dt.datetime.utcfromtimestamp(t).isoformat(" ") for t in secs]), "time": pa.array([dt.datetime.utcfromtimestamp(t).strftime("%H:%M:%S") for t in secs]),
                      **base, "close": pa.array([None if c is None else str(c) for c in close])}).drop(["date"]).add_column(0, "date", pa.array(["2024-01-02"] * n)))
put("mixed", pa.table({"time": stamp("us"), **base}), dictionary_pagesize_limit=12, data_page_size=100, write_batch_size=40)
put("index", pa.table({**base, "__index_level_0__": stamp("us")}))
put("seconds", pa.table({"ts": pa.array([float(t) for t in secs]), **base, "volume": pa.array(volume, pa.float32()), "Symbol": base["symbol"].dictionary_encode()}).drop(["symbol"]))
put("decimals", pa.table({"ts": stamp("ns"), **base, "close": dec(close, 38, 9), "open": dec(px[0], 18, 4), "high": dec(px[1], 9, 2), "notional": dec(notional, 30, 2)}), row_group_size=999)
put("ints", pa.table({"ts": stamp("ns"), **base, "volume": pa.array(volume, pa.uint32())}), use_dictionary=False)
table = pa.table({"time": stamp("ms"), **base, "symbol": base["symbol"].dictionary_encode()})
fe.write_feather(table, os.path.join(folder, "f.feather"), chunksize=600)
say("f.feather")
with pa.ipc.new_stream(os.path.join(folder, "s.arrows"), table.schema) as w:
    w.write_table(table, 512)
say("s.arrows")
frame = pl.from_arrow(pa.table({"time": stamp("us"), **base})).with_columns(pl.col("symbol").cast(pl.Categorical))
frame.write_parquet(os.path.join(folder, "polars.parquet"), row_group_size=800)
say("polars.parquet")
frame.write_ipc(os.path.join(folder, "polars.arrow"), compression="zstd")
say("polars.arrow")
"""


def made_by(script, name, what, *modules):
    """A new folder of that name with what the script writes there, and what it prints; None: no Python has the modules."""
    exe = tap.python_with(*modules)
    if exe is None:
        print(f"# no Python with {' and '.join(modules)} (HR_PYTHON names one): {what} is left out")
        return None, ""
    folder = path_of(name)
    os.mkdir(folder)
    made = subprocess.run([exe, "-W", "ignore", "-c", script, folder], capture_output=True, text=True)
    tap.check(what, made.returncode == 0, made.stderr[-900:])
    return folder, made.stdout


def check_others():
    folder, said = made_by(OTHERS, "others", "what others write as tables", "pyarrow", "polars")
    names = ("open", "high", "low", "close", "volume", "notional")
    for line in said.splitlines():
        name, rows = json.loads(line)
        rows = [(s * SEC, symbol, dict(zip(names, values))) for s, symbol, *values in rows]
        check_table(name, os.path.join(folder, name), rows, *(("--by", "symbol") if name == "ts-s.parquet" else ()))


# One table as CSV and in other formats: argv is a folder. Names of one column or two, some of no use, and cells that are no numbers.
NAMES = r"""
import os, random, sys
import pyarrow as pa, pyarrow.csv as pc, pyarrow.feather as fe, pyarrow.parquet as pq
folder, r, n = sys.argv[1], random.Random(7), 9000
bad = lambda good, some: r.choice(some) if r.random() < 0.004 else good
table = pa.table({"time": pa.array([10**18 + i * 10**9 for i in range(n)]), "venue": pa.array([bad(r.choice("ab"), [""]) for _ in range(n)]),
                  "symbol": pa.array([bad(f"S{r.randrange(40) if i % 2000 > 700 else i % 7}", ["", "y" * 47, "x" * 48]) for i in range(n)]),
                  "x": pa.array([bad(str(r.randrange(1000)), ["oops", ""]) for _ in range(n)])})
at = lambda name: os.path.join(folder, name)
pc.write_csv(table, at("names.csv"), pc.WriteOptions(quoting_style="needed"))
pq.write_table(table, at("coded.parquet"), row_group_size=4000)
pq.write_table(table, at("plain.parquet"), use_dictionary=False)
pq.write_table(table, at("both.parquet"), row_group_size=4000, dictionary_pagesize_limit=150, data_page_size=300, write_batch_size=100)
coded = table.set_column(2, "symbol", table["symbol"].dictionary_encode())
fe.write_feather(coded, at("coded.arrow"), chunksize=1700)
fe.write_feather(table, at("plain.arrow"))
"""


def check_names():
    folder, _ = made_by(NAMES, "names", "one table in six forms", "pyarrow")
    if folder is None:
        return
    for text, more in (("s: cumsum(x); m: mean(x, 90s)", ()), ('s: cumsum(x); o: of("b:S3", x)', ()), ("s: cumsum(x)", ("--from", "2001-09-09T02:00:00Z", "--to", "2001-09-09T03:10:00Z"))):
        code, want, err = tap.run("calc", text, os.path.join(folder, "names.csv"), *more)
        n = re.search(r"(\d+) rejected", err)
        tap.check(f"{text}: rows and rejects of CSV", code == 0 and want.count("\n") > 4000 and n is not None and int(n[1]) > 60, err)
        for name in ("coded.parquet", "plain.parquet", "both.parquet", "coded.arrow", "plain.arrow"):
            code, out, err = tap.run("calc", text, os.path.join(folder, name), *more)
            tap.check(f"{text}: {name} gives the same", code == 0 and out == want and n is not None and n[0] in err, err)


def check_own_names(capture):
    """Our own tables of events have their kinds by dictionary: as instruments they are those of CSV."""
    paths = [path_of("events." + end) for end in ("parquet", "arrow", "arrows")]
    said = [tap.run("convert", capture, path)[2] for path in paths]
    coded = parquet.has_dictionary(paths[0], "kind") + parquet.has_dictionary(paths[0], "side")
    tap.check("kinds and sides of events have dictionaries", all(coded) and len(coded) > 2, said)
    cells = parquet.read(paths[0], ["ts_recv", "kind", "side", "qty"])
    qty = ("" if v is None else f"{v // 10**8}.{v % 10**8:08d}" for v in cells["qty"])
    rows = "".join(f"{t},{k},{s},{q}\n" for t, k, s, q in zip(cells["ts_recv"], cells["kind"], cells["side"], qty))
    plain = table_of("events.csv", "ts_recv,kind,side,qty\n" + rows)
    for by in ("kind", "side"):
        words = ("s: cumsum(qty); m: mean(qty, 9)", "--time", "ts_recv", "--by", by)
        _, want, err = tap.run("calc", words[0], plain, *words[1:])
        tap.check(f"events by {by}, of CSV: all of them", want.count("\n") == rows.count("\n") + 1 > 60000, err)
        for path in paths:
            code, out, err = tap.run("calc", words[0], path, *words[1:])
            tap.check(f"events by {by}, of {os.path.basename(path)}: the same", code == 0 and out == want, err)


def check_out(path):
    want = tap.run("calc", "a: mid; b: ema(mid, 9)", path)[1]
    for name in ("o.csv", "o.csv.gz", "o.csv.zst", "o.ndjson", "o.parquet", "o.arrow"):
        code, out, err = tap.run("calc", "a: mid; b: ema(mid, 9)", path, "--out", path_of(name))
        tap.check(f"--out {name}", code == 0 and os.path.getsize(path_of(name)) > 0, err)
    with gzip.open(path_of("o.csv.gz"), "rt") as f:
        tap.check("what is in the file is what is printed", f.read() == want)
    code, out, err = tap.run("inspect", path_of("o.parquet"))
    tap.check("the Parquet file has the outputs as columns", code == 0 and "ts_event" in out and " b " in out.replace("\n", " "), out + err)
    code, _, err = tap.run("calc", "a: mid", path, "--out", path_of("o.csv"))
    tap.check("a file that is there is not replaced", code == 2 and "--force" in err, err)


def check_lane():
    """An output of more than a group of rows is written by a lane of its own: the same bytes, errors and nothing left."""
    r, n, folder = random.Random(3), 80000, path_of("lane")
    table = table_of("lane.csv", "time,name,x\n" + "".join(f"{1704067200 + i},{'abcdefg'[i % 7]},{r.random()}\n" for i in range(n)))
    few = table_of("few.csv", "time,name,x\n" + "".join(f"{1704067200 + i},a,{i}\n" for i in range(3000)))
    text = "; ".join(f"v{i}: mean(x, {10 + i})" for i in range(6))

    def run(out, *more, fault="count=1", of=table):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        code, _, err = tap.run("calc", text, of, "--by", "name", "--out", os.path.join(folder, out), *more, env={"HEADRACE_FAULT": fault})
        left = {name: hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest() for name in os.listdir(folder)}
        return code, left, err

    for out in ("t.parquet", "t.arrow", "t.arrows"):
        code, want, err = run(out, "--lanes", 1)
        tap.check(f"{out}: written where it is made with one lane", code == 0 and list(want) == [out] and "thread_start" not in err, err)
        for more in (("--lanes", 2), ("--lanes", 5, "--memory", "64MB"), ("--lanes", 2, "--memory", "2GB")):
            code, left, err = run(out, *more)
            tap.check(f"{out}: by a lane with {more}, the same bytes", code == 0 and left == want and "thread_start 1" in err, err)
        code, left, err = run(out, "--lanes", 2, fault="call=thread_start,nth=1,errno=EAGAIN")
        tap.check(f"{out}: no thread is to be had, the same bytes", code == 0 and left == want, err)
    code, left, err = run("t.parquet", "--lanes", 2, of=few)
    tap.check("less than a group of rows starts no thread", code == 0 and list(left) == ["t.parquet"] and "thread_start" not in err, err)
    code, left, err = run("t.csv", "--lanes", 2)
    tap.check("nor does text", code == 0 and list(left) == ["t.csv"] and "thread_start" not in err, err)
    wrong, n_failed = [], 0
    for nth in range(1, 20):
        fault = f"call=write,nth={nth},errno={('ENOSPC', 'EIO')[nth % 2]},forever={nth // 2 % 2}"
        here, there = (run("t.parquet", "--lanes", lanes, fault=fault) for lanes in (1, 2))
        n_failed += here[0] == 4 and here[1] == {} and "cannot write" in here[2]
        if here[:2] != there[:2] or (here[0] != 0 and here != there):
            wrong.append((fault, here, there))
        if here[0] == 0:
            break
    tap.check(f"each of {n_failed} writes fails: the same words, and nothing is left", not wrong and n_failed > 3, wrong[:2])


def check_words(path):
    for expr, what in (("emaa(mid, 20)", "line 1, column 1: expected a function, found 'emaa'"),
                       ("mid + bid_qty[0]", "units differ: '+' of price and quantity"),
                       ("ema(mid, $n)", "expected a parameter, found '$n'"),
                       ("instrument: mid", "'instrument' is a column of the output already"),
                       ("close", "expected a column or a name, found 'close'")):
        code, out, err = tap.run("calc", expr, path)
        tap.check(f"{expr}: told with the line and a caret", code == 2 and what in err and ("^" in err or "already" in err) and not out, err)
    code, out, err = tap.run("calc", "ema(mid, $n)", path, "--param", "n=20")
    tap.check("--param gives a value", code == 0 and tap.run("calc", "ema(mid, 20)", path)[1] == out, err)
    code, out, err = tap.run("calc", 'of("NOBODY", mid)', path)
    tap.check("an instrument that never came is named", code == 0 and 'of("NOBODY"' in err, err)
    with open(path_of("e.txt"), "w") as f:
        f.write("# from a file\na: mid\nb: a * 2\n")
    code, out, err = tap.run("calc", "@" + path_of("e.txt"), path)
    tap.check("@FILE reads the expression", code == 0 and out.startswith("ts_event,instrument,a,b\n"), err)
    code, out, err = tap.run("calc", "a: ema(mid, 20); b: a - ema(mid, 20); c: sqrt(b * b)", path, "--explain")
    tap.check("--explain shows equal parts once, with what they took", code == 0 and err.count("ema(mid, 20") == 1 and "ns/row" in err, err)
    code, out, err = tap.run("calc", "sum(mid, 1h)", path, "--max-rows", 1 << 24, "--memory", "64MB")
    tap.check("windows too large for the memory: how much it takes", code == 5 and "MB" in err, err)
    code, out, err = tap.run("calc", "--list", "--json")
    ops = json.loads(out)
    tap.check("--list --json is JSON of every function", code == 0 and len(ops) > 100 and all(o["what"] for o in ops), err)
    code, out, err = tap.run("calc", "--list", "ema")
    tap.check("--list NAME is that one", code == 0 and out.startswith("ema("), out + err)
    code, out, err = tap.run("calc", "--list", "emaa")
    tap.check("--list of none names the nearest", code == 2 and "did you mean" in err, err)


def main():
    path = path_of("c.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 3, "--rate", 50000, "--gaps", 3, "--duplicates", 3, "--bad", 3, "--out", path)
    out = compare("generated", path, "ETHUSDT")
    check_same(path, out, "ETHUSDT")
    check_rows(path)
    check_out(path)
    check_tables()
    check_formats(path)
    check_own_tables(path)
    check_times()
    check_cells()
    check_stdin(path)
    check_many()
    check_others()
    check_names()
    check_own_names(path)
    check_lane()
    check_words(path)
    folder = os.path.join(tap.data_dir() or "", "binance")
    for name, venue in (("spot_btcusdt_20240808", "binance"), ("usdm_btcusdt_20240808", "binance-futures")):
        for file in glob.glob(os.path.join(folder, name + "*.gz")):
            compare(name, file, "BTCUSDT", venue, *(("--trades", "all") if venue != "binance" else ()))
    tap.finish()


main()
