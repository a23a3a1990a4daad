# SPDX-License-Identifier: Apache-2.0
"""Order by order inputs: ITCH and LOBSTER files against a decoder and books of their own, written from the formats'
documents alone; equal bytes for any lanes and after kills; conversions there and back."""
import bisect
import collections
import decimal
import gzip
import json
import lzma
import os
import random
import struct
import subprocess

import parquet
import kills
import tap

DAY = "2024-05-07"
MIDNIGHT = 1715054400 * 10**9  # 04:00 UTC: New York in summer
ORDERS = 20000 if tap.is_sanitized() else 60000
LENGTH = {"S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40, "E": 31, "C": 36,
          "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48}


class Books:
    """Plain books of orders: a dict of orders, a Counter of levels."""
    def __init__(self):
        self.order = {}
        self.level = collections.defaultdict(collections.Counter)
        self.trades = []
        self.n = collections.Counter()

    def add(self, key, stock, side, px, qty):
        self.order[key] = [stock, side, px, qty]
        self.level[stock][side, px] += qty

    def take(self, key, qty):
        o = self.order.get(key)
        if o is None:
            self.n["unknown"] += 1
            return None
        qty = min(qty, o[3])
        o[3] -= qty
        self.level[o[0]][o[1], o[2]] -= qty
        if o[3] == 0:
            del self.order[key]
        return o, qty

    def hit(self, key, qty, px=None):
        got = self.take(key, qty)
        if got is not None:
            (stock, side, own, _), qty = got
            self.trades.append((stock, "sell" if side == "bid" else "buy", own if px is None else px, qty))

    def levels(self):
        return {s: {k: v for k, v in c.items() if v} for s, c in self.level.items() if any(c.values())}


def read_itch(path):
    books, stock = Books(), {}
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        n, = struct.unpack_from(">H", data, at)
        m = data[at + 2:at + 2 + n]
        at += 2 + n
        kind, locate = chr(m[0]), struct.unpack_from(">H", m, 1)[0]
        books.n[kind] += 1
        if LENGTH[kind] != n:
            raise ValueError(f"{kind} of {n} bytes")
        if kind == "R":
            stock[locate] = m[11:19].decode().strip()
        elif kind in "AF":
            key, side, qty, name, px = struct.unpack_from(">QcI8sI", m, 11)
            books.add(key, name.decode().strip(), "bid" if side == b"B" else "ask", px, qty)
        elif kind == "E":
            books.hit(*struct.unpack_from(">QI", m, 11))
        elif kind == "C":
            key, qty, _, printable, px = struct.unpack_from(">QIQcI", m, 11)
            if printable == b"N":
                books.take(key, qty)
            else:
                books.hit(key, qty, px)
        elif kind == "X":
            books.take(*struct.unpack_from(">QI", m, 11))
        elif kind == "D":
            books.take(struct.unpack_from(">Q", m, 11)[0], 1 << 62)
        elif kind == "U":
            old, new, qty, px = struct.unpack_from(">QQII", m, 11)
            got = books.take(old, 1 << 62)
            if got is not None:
                books.add(new, got[0][0], got[0][1], px, qty)
        elif kind == "P":
            _, _, qty, name, px = struct.unpack_from(">QcI8sI", m, 11)
            books.trades.append((name.decode().strip(), "none", px, qty))
    return books


def rows_of(folder, table):
    for base, _, files in sorted(os.walk(os.path.join(folder, table))):
        for name in sorted(files, key=lambda s: int(s.split("-")[1].split(".")[0])):
            symbol = [p[7:] for p in base.split(os.sep) if p.startswith("symbol=")][0]
            yield symbol, parquet.read(os.path.join(base, name))


def books_of(folder, scale):
    """What the level updates of a dataset come to."""
    level = collections.defaultdict(dict)
    for symbol, t in rows_of(folder, "deltas"):
        for side, px, qty in zip(t["side"], t["px"], t["qty"]):
            side = side.decode() if isinstance(side, bytes) else side
            level[symbol][side, px // scale] = qty // 10**8
    return {s: {k: v for k, v in c.items() if v} for s, c in level.items() if any(c.values())}


def trades_of(folder, scale):
    out = []
    for symbol, t in rows_of(folder, "trades"):
        for side, px, qty in zip(t["side"], t["px"], t["qty"]):
            side = side.decode() if isinstance(side, bytes) else side
            out.append((symbol, side, px // scale, qty // 10**8))
    return sorted(out)


def compare(name, path, books):
    out = os.path.join(tap.SCRATCH, name + ".out")
    got = tap.run_json(path, "--out", out)
    n = sum(books.n[k] for k in "AFECXDU")
    tap.check(f"{name}: {n} messages about orders, {books.n['unknown']} of unknown ones",
              got["orders"] == n and got["order_faults"] == books.n["unknown"] and not got["rejected"], got)
    tap.check(f"{name}: every level of every book", books_of(out, 10**5) == books.levels())
    tap.check(f"{name}: {len(books.trades)} trades", trades_of(out, 10**5) == sorted(books.trades))
    tap.check(f"{name}: nothing crossed, all synced", got["crossed"] == 0 and got["never_synced"] == 0, got)
    return out


def check_itch():
    path, truth = (os.path.join(tap.SCRATCH, f"day_{DAY}.{x}") for x in ("itch", "json"))
    tap.run("gen", "--format", "itch", "--orders", ORDERS, "--instruments", 40, "--seed", 7, "--out", path, "--truth", truth)
    books = read_itch(path)
    with open(truth) as f:
        made = json.load(f)
    tap.check("gen: what it says it made is there",
              made["added"] == books.n["A"] and made["executed"] == books.n["E"] + books.n["C"] and made["live"] == len(books.order)
              and made["messages"] == sum(v for k, v in books.n.items() if k != "unknown"), f"{made} {books.n}")
    whole = compare("itch", path, books)
    digest = tap.digest(whole)
    for args in (["--lanes", "1"], ["--lanes", "4"]):
        out = os.path.join(tap.SCRATCH, "again")
        tap.run("run", path, "--out", out, "--force", *args)
        tap.check(f"itch: equal bytes with {' '.join(args)}", tap.digest(out) == digest)
    zipped = path + ".gz"
    subprocess.run(f"gzip -c '{path}' > '{zipped}'", shell=True, check=True)
    tap.run("run", zipped, "--out", os.path.join(tap.SCRATCH, "zipped"))
    same = all(sorted(rows_of(whole, t), key=str) == sorted(rows_of(os.path.join(tap.SCRATCH, "zipped"), t), key=str) for t in ("deltas", "trades"))
    tap.check("itch: the same from gzip", same)
    return path, digest, books


def check_kills(path, digest):
    """A plan with small commits, killed over and over, then resumed to its end."""
    plan, out = kills.plan("kill.yaml", path, 10000), os.path.join(tap.SCRATCH, "killed")
    code, _, err = tap.run("run", plan, "--out", out + ".whole")
    tap.check("itch: a plan with small commits runs", code == 0, err)
    done = kills.to_the_end([plan], out, tap.digest(out + ".whole"), 11, 60, ("sync", "rename"), 200)
    tap.check(f"itch: killed {done.n} times, then the bytes of an undisturbed run", not done.wrong and done.n > 5, done)


def check_damage(path):
    with open(path, "rb") as f:
        data = f.read()
    cut = os.path.join(tap.SCRATCH, f"cut_{DAY}.itch")
    at, places = 0, []
    while at < len(data):
        places.append(at)
        at += 2 + struct.unpack_from(">H", data, at)[0]
    with open(cut, "wb") as f:
        f.write(data[:places[len(places) // 2] + 7])
    got = tap.run_json(cut, "--out", cut + ".out")
    tap.check("itch: a file cut short says so once", got["rejected"] == {"truncated": 1}, got["rejected"])
    bad = bytearray(data)
    rng, n = random.Random(3), 0
    for place in rng.sample(places[100:], 50):  # another type: skipped by its length
        bad[place + 2] = ord("z")
        n += 1
    with open(cut, "wb") as f:
        f.write(bad)
    got = tap.run_json(cut, "--out", cut + ".out", "--force")
    tap.check("itch: 50 unknown messages are 50 rejects", got["rejected"] == {"unknown_message": n}, got["rejected"])
    code, _, err = tap.run("run", path, "--out", cut + ".few", "--memory", "128MB")
    tap.check("itch: fits 128 MB", code == 0, err)
    plan = os.path.join(tap.SCRATCH, "few.yaml")
    with open(plan, "w") as f:
        f.write(f"input: {{paths: ['{path}']}}\nlimits: {{orders: 500}}\n")
    code, _, err = tap.run("run", plan, "--out", cut + ".few", "--force")
    tap.check("itch: too many live orders: exit 5, the key is named", code == 5 and "limits.orders" in err, f"{code} {err}")


def check_scales(path, books):
    """Decimals that prices and shares have, fewer, and shares that stand for parts of a coin."""
    for args, scale, qty in ((["--price-decimals", 3], 1, 8), (["--price-decimals", 4, "--quantity-decimals", 0], 1, 0),
                             (["--share-decimals", 8], 10**5, 0)):
        out, path_of = os.path.join(tap.SCRATCH, "scaled"), " ".join(map(str, args))
        got = tap.run_json(path, "--out", out, "--force", *args)
        level = collections.defaultdict(dict)
        for symbol, t in rows_of(out, "deltas"):
            for side, px, q in zip(t["side"], t["px"], t["qty"]):
                side = side.decode() if isinstance(side, bytes) else side
                level[symbol][side, px * 10 if args[1] == 3 else px // scale] = q // 10**qty
        have = {s: {k: v for k, v in c.items() if v} for s, c in level.items() if any(c.values())}
        tap.check(f"itch: {path_of}: every level", have == books.levels() and not got["rejected"], got)
    got = tap.run_json(path, "--out", os.path.join(tap.SCRATCH, "scaled"), "--force", "--price-decimals", 1)
    tap.check("itch: a price that a decimal cannot hold is rejected", set(got["rejected"]) == {"out_of_range"} and got["rejected"]["out_of_range"] > 1000, got)


def check_conversions(path, books):
    table, back = os.path.join(tap.SCRATCH, "events.parquet"), os.path.join(tap.SCRATCH, f"back_{DAY}.itch")
    code, _, err = tap.run("convert", path, table, "--force")
    tap.check("itch -> events: nothing is lost", code == 0, err)
    code, _, err = tap.run("convert", table, back)
    tap.check("events -> itch: nothing is lost", code == 0, err)
    again = read_itch(back)
    tap.check("itch -> events -> itch: books and trades", again.levels() == books.levels() and sorted(again.trades) == sorted(books.trades))
    second = os.path.join(tap.SCRATCH, "second.parquet")
    tap.run("convert", back, second)
    a, b = parquet.read(table), parquet.read(second)
    tap.check("events -> itch -> events: every value", all(a[c] == b[c] for c in a))
    code, _, err = tap.run("convert", path, os.path.join(tap.SCRATCH, "noday.itch"))
    tap.check("the day would be lost: said before, and refused", code == 2 and "the day" in err, f"{code} {err}")


def lobster_rows(n, rng):
    """Rows of a LOBSTER message file and the books that they make."""
    books, rows, now, live, next_id = Books(), [], 34200 * 10**9 + 17, [], 16113575
    for _ in range(n):
        now += rng.randrange(1, 3 * 10**7)
        u = rng.random()
        kind = 1 if not live or u < 0.5 else rng.choice((2, 3, 4)) if u < 0.95 else 5
        if kind == 1:
            side, qty = rng.choice((1, -1)), rng.randrange(1, 900)
            px = 5853300 + (-rng.randrange(1, 40) if side == 1 else rng.randrange(1, 40)) * 100
            key, next_id = next_id, next_id + rng.randrange(1, 9)
            books.add(key, "AAPL", "bid" if side == 1 else "ask", px, qty)
            live.append(key)
        elif kind == 5:
            side, qty, px, key = rng.choice((1, -1)), rng.randrange(1, 200), 5853300, 0
            books.trades.append(("AAPL", "sell" if side == 1 else "buy", px, qty))
        else:
            key = rng.choice(live)
            _, name, px, left = books.order[key]
            side = 1 if name == "bid" else -1
            qty = left if kind == 3 or rng.random() < 0.5 else rng.randrange(1, left + 1)
            books.hit(key, qty) if kind == 4 else books.take(key, qty)
            if key not in books.order:
                live.remove(key)
        books.n["A" if kind == 1 else "P" if kind == 5 else "X"] += 1
        rows.append(f"{now // 10**9}.{now % 10**9:09},{kind},{key},{qty},{px},{side}")
    return rows, books


def check_lobster():
    rows, books = lobster_rows(20000, random.Random(5))
    rows.insert(100, rows[0].split(",")[0] + ",3,99,5,5853300,1")  # an order from before the file
    books.n["X"] += 1
    books.n["unknown"] += 1
    path = os.path.join(tap.SCRATCH, f"AAPL_{DAY}_34200000_37800000_message_10.csv")
    with open(path, "w") as f:
        f.write("\n".join(rows) + "\n")
    whole = compare("lobster", path, books)
    times = [t for _, table in rows_of(whole, "deltas") for t in table["ts_event"]]
    first = float(rows[0].split(",")[0])
    tap.check("lobster: times are those of New York's day", abs(times[0] - MIDNIGHT - int(first * 1e9)) < 1000, times[0])
    itch = os.path.join(tap.SCRATCH, f"lobster_{DAY}.itch")
    code, _, err = tap.run("convert", path, itch)
    tap.check("lobster -> itch: what is lost is said, and refused", code == 2 and "who took" in err, f"{code} {err}")
    code, _, err = tap.run("convert", path, itch, "--lossy")
    again = read_itch(itch)
    tap.check("lobster -> itch --lossy: every level", code == 0 and again.levels() == books.levels(), err)


class Log:
    """Bitstamp's log of orders: each level's totals over the lines, and the venue's own best levels in between."""
    def __init__(self, lines):
        self.order, self.level, self.past, self.rows, self.books = {}, collections.Counter(), collections.defaultdict(list), [], []
        self.n = collections.Counter()
        for at, line in enumerate(lines):
            _, event, text = line.split(" ", 2)
            d = json.loads(text)
            self.n[event] += 1
            if event == "order_book":
                self.books.append((at, d))
            elif event.startswith("order_"):
                key = ("bid", "ask")[d["order_type"]], exact(d["price"])
                self.put(at, event, d["id"], key, exact(d["amount"]))

    def put(self, at, event, number, key, qty):
        old = self.order.get(number)
        if event != "order_created" and old is None:
            self.n["unknown"] += 1
            return
        if event == "order_deleted":
            qty = 0
        changed = {}
        if old is not None:
            self.level[old[0]] -= old[1]
            changed[old[0]] = True
        if qty > 0:
            self.level[key] += qty
            changed[key] = True
            self.order[number] = (key, qty, at if old is None else old[2])
        elif old is not None:
            del self.order[number]
        if old is not None and old[:2] == (key, qty):
            return
        for k in changed:
            self.past[k].append((at, self.level[k]))
            self.rows.append((*k, self.level[k]))

    def totals(self, key, begin, end):
        past = self.past.get(key, [])
        i = bisect.bisect_right(past, (begin, 1 << 62))
        return [past[i - 1][1] if i else 0] + [v for _, v in past[i:bisect.bisect_right(past, (end, 1 << 62))]]


def exact(text):
    return round(decimal.Decimal(str(text)) * 10**8)


def explain(log):
    """Why the venue's best twenty levels a side are what they are. Orders from before the log stand in its books and not in
    ours: what they add to a level stays until they go. A book is taken some events before or after its line. An order whose
    removal was never sent stands to the end."""
    n, older = collections.Counter(), {}
    lost = {o[0]: o[2] for o in log.order.values()}
    for at, d in log.books:
        for side, rows in (("bid", d["bids"]), ("ask", d["asks"])):
            book = {exact(px): exact(qty) for px, qty in rows}
            last = min(book) if side == "bid" else max(book)
            inside = {px for s, px in log.past if s == side and (px >= last if side == "bid" else px <= last)}
            for px in inside | set(book):
                key, want = (side, px), book.get(px, 0)
                around, mine, more = log.totals(key, at - 60, at + 60), log.totals(key, at, at)[0], older.get(key, 0)
                if mine == want == 0:
                    continue
                if mine == want:
                    n["equal"] += 1
                elif want in around:
                    n["taken at another moment"] += 1
                elif more > 0 and want - more in around:
                    n["orders from before"] += 1
                elif want > mine and (key not in older or want - mine < more):
                    n["orders from before, first seen or shrunk"] += 1
                    older[key] = want - mine
                    continue
                elif want < mine and lost.get(key, at) < at:
                    n["removal never sent"] += 1
                else:
                    n["not explained"] += 1
                older.setdefault(key, 0)
    return n


def check_bitstamp(data):
    path = os.path.join(data, "l3", "bitstamp_orders_2015-05-01.log.xz")
    with lzma.open(path, "rt") as f:
        lines = f.read().splitlines()
    check_bitstamp_back(path)
    log, out = Log(lines), os.path.join(tap.SCRATCH, "bitstamp.out")
    got = tap.run_json(path, "--out", out)
    tap.check("bitstamp: 56,000 lines, 50,414 of orders, 213 of unknown ones, 575 trades",
              got["lines"] == 56000 and got["orders"] == 50414 and got["order_faults"] == log.n["unknown"] == 213
              and got["trades"] == 575 and got["other"] == len(log.books) == 5011 and not got["rejected"], got)
    rows = []
    for _, t in rows_of(out, "deltas"):
        for side, px, qty in zip(t["side"], t["px"], t["qty"]):
            rows.append((side.decode() if isinstance(side, bytes) else side, px // 10, qty))
    first = next((i for i, (a, b) in enumerate(zip(rows, log.rows)) if a != b), min(len(rows), len(log.rows)))
    tap.check(f"bitstamp: all {len(log.rows)} changes of levels", rows == log.rows, f"{len(rows)} {first} {rows[first:first + 2]} {log.rows[first:first + 2]}")
    for date, start in (("2015-04-30", 1430366400000), ("2015-05-01", 1430452800000)):  # midnights in New York
        check_bitstamp_itch(path, lines, date, start)
    n = explain(log)
    print("#", dict(n))
    tap.check(f"bitstamp: {sum(n.values())} levels of its own 5,011 books: {n['equal']} equal, every other one explained",
              n["not explained"] == 0 and n["equal"] == 179250 and n["removal never sent"] < 700
              and n["orders from before, first seen or shrunk"] < 100, n)


def change_itch(books, number, px, qty):
    """A changed order as ITCH has to tell of it: less of it at its price is a cancel, all else goes and comes again."""
    old = books.order.get(number)
    if old is None or qty == 0 or old[2:] == [px, qty]:
        return
    if old[2] == px and qty < old[3]:
        books.n["X"] += 1
        books.take(number, old[3] - qty)
        return
    books.n["D"] += 1
    books.n["A"] += 1
    books.take(number, 1 << 62)
    books.add(number, old[0], old[1], px, qty)


def check_bitstamp_itch(path, lines, date, start):
    """The log as ITCH, a share being 10^-8 of a coin: what fits 32 bits, of the day of New York in the path."""
    books = Books()
    rows = [line.split(" ", 2) for line in lines]
    day = [(int(ms), event, json.loads(text)) for ms, event, text in rows if event.startswith(("order_c", "order_d", "trade"))]
    for ms, event, d in day:
        qty = exact(d["amount"])
        if not start <= ms < start + 86400000 or qty >= 1 << 32:
            continue
        if event == "trade":
            books.trades.append(qty)
        elif event == "order_created":
            books.n["A"] += 1
            books.add(d["id"], "BTCUSD", ("bid", "ask")[d["order_type"]], exact(d["price"]) // 10**4, qty)
        elif event == "order_changed":
            change_itch(books, d["id"], exact(d["price"]) // 10**4, qty)
        else:
            books.n["D"] += 1
            books.take(d["id"], 1 << 62)
    out = os.path.join(tap.SCRATCH, f"bitstamp_{date}.itch")
    args = ["convert", path, out, "--price-decimals", 8, "--share-decimals", 8]
    code, _, err = tap.run(*args)
    tap.check(f"bitstamp -> itch, {date}: what is lost is said, and refused", code == 2 and "changed in place" in err and "another day" in err, f"{code} {err}")
    code, _, err = tap.run(*args, "--lossy")
    again = read_itch(out)
    want = {k: v for k, v in books.levels().get("BTCUSD", {}).items()}
    tap.check(f"bitstamp -> itch, {date}: {books.n['A']} orders, {books.n['X']} that shrank, {books.n['D']} removals, {len(books.trades)} trades, {len(want)} levels of an independent decoder",
              code == 0 and all(again.n[k] == books.n[k] for k in "ADX") and again.levels().get("BTCUSD", {}) == want
              and sorted(t[3] for t in again.trades) == sorted(books.trades), f"{err} {dict(again.n)} {dict(books.n)} {len(again.trades)} {len(books.trades)}")
    end = os.path.join(tap.SCRATCH, "bitstamp.itch.out")
    got = tap.run_json(out, "--out", end, "--force", "--price-decimals", 8, "--share-decimals", 8)
    level = {}
    for _, t in rows_of(end, "deltas"):
        for side, px, q in zip(t["side"], t["px"], t["qty"]):
            level[side.decode() if isinstance(side, bytes) else side, px // 10**4] = q
    tap.check(f"bitstamp -> itch -> run, {date}: every level", {k: v for k, v in level.items() if v} == want and got["orders"] == sum(books.n[k] for k in "ADX"), got)


def check_bitstamp_back(path):
    """The log -> events -> a log -> events: every value; the log's lines say the same but for what no event has."""
    table, log, again = (os.path.join(tap.SCRATCH, n) for n in ("log.parquet", "back.log", "again.parquet"))
    code, _, err = tap.run("convert", path, table, "--force")
    tap.check("bitstamp -> events: nothing is lost", code == 0, err)
    code, _, err = tap.run("convert", table, log, "--to", "bitstamp-orders", "--force")
    tap.check("events -> bitstamp-orders: nothing is lost", code == 0, err)
    code, _, err = tap.run("convert", log, again, "--force")
    a, b = parquet.read(table), parquet.read(again)
    tap.check("bitstamp -> events -> bitstamp -> events: every value", code == 0 and set(a) == set(b) and all(a[c] == b[c] for c in a), err)
    with lzma.open(path, "rt") if path.endswith(".xz") else open(path) as f:
        lines = [line.split(" ", 2) for line in f.read().splitlines()]
    with open(log) as f:
        made = [line.split(" ", 2) for line in f.read().splitlines()]
    lines = [line for line in lines if line[1] != "order_book"]
    fields = lambda text: {k: exact(v) if k in ("price", "amount") else v for k, v in json.loads(text).items() if k != "datetime"}
    wrong = [(x, y) for x, y in zip(lines, made) if x[:2] != y[:2] or fields(x[2]) != fields(y[2])]
    tap.check(f"bitstamp: {len(lines)} lines again, every field but the order's own time", len(lines) == len(made) and not wrong, wrong[:2])


def made_log():
    """A log that begins with a trade, of the sizes and prices that a log may have."""
    rng, path, live = random.Random(17), os.path.join(tap.SCRATCH, "made.log"), []
    with open(path, "w") as f:
        f.write('1430438404645 trade {"price": 236.47, "amount": 0.21144331, "id": 8111041}\n')
        for i in range(3000):
            ms, side = 1430438404645 + i * 7, rng.randrange(2)
            px, qty = rng.choice(("0.01", "236.47", "99999999.99", "0")), rng.choice(("0.00000001", "12345678.00000001", "3.00000000"))
            event = rng.choice(("created", "changed", "deleted")) if live else "created"
            number = rng.choice(live) if event != "created" else i + 2**40
            live.append(number)
            row = dict(price=px, amount=qty if event != "deleted" else "0.00000000", datetime="1430438404", id=number, order_type=side)
            f.write(f"{ms} order_{event} {json.dumps(row)}\n")
            if i % 9 == 0:
                f.write(f'{ms} trade {{"price": 236.47, "amount": {rng.randrange(1, 10**9)}e-08, "id": {i}}}\n')
    return path


def check_bitstamp_lost(path):
    """What such a log cannot hold, of a day of ITCH."""
    out = os.path.join(tap.SCRATCH, "lost.log")
    code, _, err = tap.run("convert", path, out, "--to", "bitstamp-orders")
    words = ("times of the venue", "the venue's name", "the instrument's name", "digits of times", "no place", "other instruments")
    tap.check("itch -> bitstamp-orders: what is lost is said, and refused", code == 2 and all(w in err for w in words) and not os.path.exists(out), err)
    code, text, err = tap.run("convert", path, out, "--to", "bitstamp-orders", "--lossy", "--json")
    got = json.loads(text) if code == 0 else {}
    with open(out) as f:
        n = sum(1 for _ in f)
    tap.check("itch -> bitstamp-orders --lossy: what it holds", got.get("written") == n > 100 and got["read"] == n + got["filtered"], err)


def check_hour_itch(path):
    """The hour of AAPL as ITCH: rows of orders from before the file name no order there either."""
    books = Books()
    with gzip.open(path, "rt") as f:
        for line in f:
            _, kind, key, qty, px, side = line.split(",")[:6]
            kind, key, qty, px = int(kind), int(key), int(qty), int(px)
            books.n[kind] += 1
            if kind == 1:
                books.add(key, "AAPL", "bid" if int(side) == 1 else "ask", px, qty)
            elif kind in (2, 3):
                books.take(key, 1 << 62 if kind == 3 else qty)
            elif kind == 4:
                books.hit(key, qty)
            else:
                books.trades.append(("AAPL", "none", px, qty))
    out = os.path.join(tap.SCRATCH, "aapl_2012-06-21.itch")
    code, _, err = tap.run("convert", path, out, "--lossy")
    again = read_itch(out)
    counts = {1: "A", 2: "X", 3: "D", 4: "E", 5: "P"}
    tap.check("the hour of AAPL as ITCH: counts, every level and trade of an independent decoder",
              code == 0 and all(books.n[k] == again.n[v] for k, v in counts.items()) and again.levels() == books.levels()
              and sorted(again.trades) == sorted(books.trades), f"{code} {err} {dict(again.n)} {dict(books.n)} {len(again.trades)} {len(books.trades)}")


def check_real():
    data = tap.data_dir()
    if data is None:
        return
    path = os.path.join(data, "lobster", "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz")
    got = tap.run_json(path, "--out", os.path.join(tap.SCRATCH, "aapl"))
    tap.check("the hour of AAPL: 91,997 rows, 84 of orders from before",
              got["lines"] == 91997 and got["orders"] == 44256 + 469 + 41004 + 4067 and got["order_faults"] == 84
              and got["trades"] == 6256, got)  # of 4,067 + 2,201 executions 12 were of such orders
    for check in tap.share((lambda: check_hour_itch(path), lambda: check_bitstamp(data)), 2):
        check()
    sample = os.path.join(data, "itch", "sample.itch")
    got = tap.run_json(sample, "--out", os.path.join(tap.SCRATCH, "sample"))
    tap.check("the sample of ITCH: 1,000 messages, no orders", got["lines"] == 1000 and got["other"] == 1000 and not got["rejected"], got)


def main():
    path, digest, books = check_itch()
    check_kills(path, digest)
    check_damage(path)
    check_scales(path, books)
    check_conversions(path, books)
    check_bitstamp_back(made_log())
    check_bitstamp_lost(path)
    check_lobster()
    check_real()
    tap.finish()


main()
