# SPDX-License-Identifier: Apache-2.0
"""calc: expressions over generated and real captures against a model in Python that shares nothing with the engine; tables;
lanes, batches and formats give the same rows; one instrument as of another's rows; what is wrong is told in words."""
import csv
import glob
import gzip
import io
import json
import math
import os
import random

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
    tap.check("dates that may be two are rejected until it is said which they are", not rows_of(out) and "--dates" in err, out + err)
    out = tap.run("calc", "close", days, "--dates", "day-first")[1]
    tap.check("--dates says it", [r["ts_event"] for r in rows_of(out)] == ["1706745600000000000", "1704153600000000000"], out)
    code, out, err = tap.run("calc", "close", days, single)
    tap.check("a second file that lacks a column is an error that names both", code == 3 and "'date'" in err and "XYZ.csv" in err, err)


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
    check_words(path)
    folder = os.path.join(tap.data_dir() or "", "binance")
    for name, venue in (("spot_btcusdt_20240808", "binance"), ("usdm_btcusdt_20240808", "binance-futures")):
        for file in glob.glob(os.path.join(folder, name + "*.gz")):
            compare(name, file, "BTCUSDT", venue, *(("--trades", "all") if venue != "binance" else ()))
    tap.finish()


main()
