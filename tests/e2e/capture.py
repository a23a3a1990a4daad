# SPDX-License-Identifier: Apache-2.0
"""Captures read in plain Python, by the venues' documented rules: books, gaps, duplicates, ticker and trade checks.
Shares nothing with the engine, so that the two can be held against each other."""
import csv
import gzip
import io
import json

import parquet


def read_bytes(path):
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".gz"):
        return gzip.decompress(data)
    return parquet.unzstd(data)[0] if path.endswith(".zst") else data


def units(text, decimals):
    """Decimal text to an integer of its smallest unit."""
    whole, _, part = text.partition(".")
    assert len(part) == decimals, text
    return int(whole + part)


class Book:
    """Two sides of price -> quantity, both integers."""

    def __init__(self):
        self.side = ({}, {})

    def set(self, side, px, qty):
        if qty:
            self.side[side][px] = qty
        else:
            self.side[side].pop(px, None)

    def replace(self, levels):
        for s in self.side:
            s.clear()
        for side, px, qty in levels:
            self.set(side, px, qty)

    def best(self, side):
        prices = self.side[side]
        px = (max if side == 0 else min)(prices)
        return px, prices[px]

    def top(self, n):
        return [sorted(self.side[s].items(), reverse=s == 0)[:n] for s in (0, 1)]


class Instrument:
    def __init__(self):
        self.book = Book()
        self.is_whole = False
        self.last = None  # update id of the newest message, applied or kept
        self.kept = []
        self.first_after = None  # snapshot id that the next message must join
        self.ticker = {}  # id -> touch, not yet met
        self.touch = {}  # id -> the book's, newest only
        self.trades = []  # since the last depth message


class Binance:
    """The rules of "How to manage a local order book correctly", spot and USD-M futures."""

    def __init__(self, futures):
        self.futures = futures
        self.inst = {}
        self.counts = dict.fromkeys("lines messages levels trades tickers snapshots snapshot_levels bad".split(), 0)
        self.gaps, self.duplicates, self.stale, self.errors = [], [], [], []
        self.checks = self.trade_checks = self.snapshots_inside = 0
        self.ranges = {}  # symbol -> [(U, u)]
        self.snapshot_ids = []
        self.sizes, self.takers, self.spreads = [], [], []

    def read(self, text, kind):
        for number, line in enumerate(text.decode().splitlines(), 1):
            self.counts["lines"] += 1
            if kind == "capture":
                line = line.split(" ", 1)[1]
            try:
                message = json.loads(line)
                message = message.get("data", message)
                self.message(message, number)
            except (ValueError, AssertionError, AttributeError, KeyError):
                self.counts["bad"] += 1
        for symbol, snapshot in self.snapshot_ids:
            self.snapshots_inside += any(a < snapshot < b for a, b in self.ranges[symbol])

    @staticmethod
    def levels(message, bids, asks):
        return [(side, units(px, 2), units(qty, 3)) for side, key in ((0, bids), (1, asks)) for px, qty in message[key]]

    def message(self, m, number):
        if m.get("s") == "BAD":
            raise ValueError
        if "lastUpdateId" in m:
            levels = self.levels(m, "bids", "asks")
            self.counts["snapshots"] += 1
            self.counts["snapshot_levels"] += len(levels)
            self.snapshot_ids.append((m["symbol"], m["lastUpdateId"]))
            self.snapshot(self.inst.setdefault(m["symbol"], Instrument()), m["lastUpdateId"], levels)
            return
        i = self.inst.setdefault(m["s"], Instrument())
        if m.get("e") == "depthUpdate":
            levels = self.levels(m, "b", "a")
            self.counts["messages"] += 1
            self.counts["levels"] += len(levels)
            self.sizes += [qty for _, _, qty in levels if qty]
            self.ranges.setdefault(m["s"], []).append((m["U"], m["u"]))
            self.depth(m["s"], i, (m["U"], m["u"], m.get("pu"), levels), number)
        elif m.get("e") == "trade":
            self.counts["trades"] += 1
            i.trades.append((0 if m["m"] else 1, units(m["p"], 2), units(m["q"], 3)))
            self.takers.append((m["s"], m["m"]))
        else:
            self.counts["tickers"] += 1
            touch = (units(m["b"], 2), units(m["B"], 3), units(m["a"], 2), units(m["A"], 3))
            if m["u"] in i.touch:
                self.check(m["s"], m["u"], touch, i.touch[m["u"]])
            else:
                i.ticker[m["u"]] = touch

    def check(self, symbol, u, ticker, book):
        self.checks += 1
        if ticker != book:
            self.errors.append(f"{symbol} {u}: ticker {ticker}, book {book}")

    def depth(self, symbol, i, m, number):
        first, last, prev, _ = m
        if i.last is not None and last <= i.last:
            (self.duplicates if last == i.last else self.stale).append((symbol, first, last, number))
            return
        if i.last is not None and (prev != i.last if self.futures else first > i.last + 1):
            self.gaps.append((symbol, i.last, prev if self.futures else first - 1, first))
            i.is_whole, i.kept, i.trades, i.first_after = False, [], [], None
        i.last = last
        if i.is_whole:
            self.apply(symbol, i, m)
        else:
            i.kept.append(m)
            i.trades = []

    def apply(self, symbol, i, m):
        first, last, prev, levels = m
        if i.first_after is not None:  # the first message after a snapshot must join it
            joins = first <= i.first_after <= last if self.futures else first <= i.first_after + 1 <= last
            if not joins and not (self.futures and prev == i.first_after):
                self.errors.append(f"{symbol} {first}..{last} does not join snapshot {i.first_after}")
            i.first_after = None
        else:
            self.check_trades(symbol, i, m)
        i.trades = []
        for level in levels:
            i.book.set(*level)
        (bid, bid_qty), (ask, ask_qty) = i.book.best(0), i.book.best(1)
        if bid >= ask:
            self.errors.append(f"{symbol} {last}: crossed")
        self.spreads.append(ask - bid)
        i.touch = {last: (bid, bid_qty, ask, ask_qty)}
        if last in i.ticker:
            self.check(symbol, last, i.ticker[last], i.touch[last])
        i.ticker = {u: t for u, t in i.ticker.items() if u > last}

    def check_trades(self, symbol, i, m):
        """Each trade takes from the best level of its side, and the message after it says what is left."""
        left = {}
        gone = [0, 0]
        for side, px, qty in i.trades:
            order = sorted(i.book.side[side], reverse=side == 0)
            had = i.book.side[side].get(px, 0)
            if order[gone[side]] != px or qty > had or qty <= 0:
                self.errors.append(f"{symbol} {m[0]}: trade of {qty} at {px}, best {order[gone[side]]} has {had}")
            left[side, px] = had - qty
            gone[side] += had == qty
            self.trade_checks += 1
        for (side, px), qty in left.items():
            said = [q for s, p, q in m[3] if (s, p) == (side, px)]
            if said != [qty]:
                self.errors.append(f"{symbol} {m[0]}: {qty} must be left at {px}, said {said}")

    def snapshot(self, i, snapshot, levels):
        i.book.replace(levels)
        i.is_whole, i.first_after, i.touch = True, snapshot, {}
        kept, i.kept = i.kept, []
        for m in kept:
            if m[1] < snapshot or (m[1] == snapshot and not self.futures):
                continue
            self.apply("kept", i, m)
        if i.last is not None and i.last <= snapshot and i.first_after is None:
            i.first_after = snapshot


def read_tardis(text):
    """Books by symbol, counts, errors: a snapshot's first row empties the book."""
    books, in_snapshot, counts = {}, {}, {"lines": 1, "levels": 0, "snapshots": 0, "snapshot_levels": 0, "bad": 0}
    messages = set()
    for n, row in enumerate(csv.DictReader(io.StringIO(text.decode())), 1):
        counts["lines"] += 1
        if row["symbol"] == "BAD":
            counts["bad"] += 1
            continue
        book = books.setdefault(row["symbol"], Book())
        key = (row["symbol"], row["timestamp"], row["local_timestamp"], row["is_snapshot"])
        side = {"bid": 0, "ask": 1}[row["side"]]
        if row["is_snapshot"] == "true":
            counts["snapshot_levels"] += 1
            if in_snapshot.get(row["symbol"]) != key:
                counts["snapshots"] += 1
                book.replace([])
            in_snapshot[row["symbol"]] = key
        else:
            counts["levels"] += 1
            messages.add(key)
            in_snapshot[row["symbol"]] = None
        book.set(side, units(row["price"], 2), units(row["amount"], 3))
    counts["messages"] = len(messages)
    return books, counts


def read_lake(table, names):
    """One instrument's book_delta_v2: rows of origin time 0 are a snapshot, older sequence numbers are stale."""
    book, last, snapshot, n_snapshots, stale = Book(), -1, None, 0, set()
    event, recv, seq, is_bid, price, size = (table[n] for n in names)
    for k, s in enumerate(seq):
        level = (0 if is_bid[k] else 1, round(price[k] * 100), round(size[k] * 1000))
        assert level[1] / 100 == price[k] and level[2] / 1000 == size[k]
        if event[k] == 0:
            if snapshot != (s, recv[k]):
                book.replace([])
                n_snapshots += 1
            snapshot = (s, recv[k])
        elif s < last:
            stale.add((s, recv[k]))
            continue
        else:
            snapshot = None
        last = s
        book.set(*level)
    return book, n_snapshots, len(stale)
