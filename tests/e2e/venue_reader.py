# SPDX-License-Identifier: Apache-2.0
"""Captures of cryptofeed read in plain Python: framing, sequence rules, books. What a venue's messages mean is in
test_venues.py. Shares nothing with the engine, so that the two can be held against each other.

A venue's reader turns one message into events, numbers as Decimal, int or text, times in ns or None:
    ("delta" or "snapshot", symbol, time, (first, last, prev), [(side, price, quantity)])     side: 0 bid, 1 ask
    ("trade", symbol, time, id, side of the taker, price, quantity)
    ("ticker", symbol, time, id, bid price, bid quantity, ask price, ask quantity)
    ("check", symbol)                       the book as it is has a checksum: nothing else changes"""
import calendar
import glob
import gzip
import json
import os
from decimal import Decimal

import parquet

SIDES = ("bid", "ask")


def nanos(text, unit=10**9):
    """Decimal text of seconds, or of another unit, to ns."""
    return int(Decimal(text) * unit)


def utc(text):
    """2021-04-17T16:43:05.000Z to ns."""
    day, _, clock = text.rstrip("Z").replace(" ", "T").partition("T")
    clock, _, part = clock.partition(".")
    parts = [int(x) for x in day.split("-") + clock.split(":")]
    return calendar.timegm(tuple(parts)) * 10**9 + int(part.ljust(9, "0"))


def lines(paths):
    """(receive time, url of a request or None, message) of each line in order of time; message None: none of the venue's,
    with the url " " where it is blank; time -1: it is the message's own. Several files are one stream."""
    out = []
    for path in paths:
        with gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8") as f:
            for line in f.read().splitlines():
                out += line_of(line)
    return sorted(out, key=lambda x: x[0])


def line_of(line):
    if not line.strip():
        return [(0, " ", None)]
    if line[0] == "{":
        return [(-1, None, line)]
    word, _, rest = line.partition(" ")
    if word.isdigit():
        return [(int(word), None, rest)]
    if line[0].isdigit():
        time, _, text = line.partition(": ")
        return [(nanos(time), None, text)]
    url, arrow, rest = (line.split(" ", 2) + ["", ""])[:3]
    if arrow == "->":
        time, _, text = rest.partition(": ")
        return [(nanos(time), url, text)]
    return [(0, "", None)]


def load(text):
    return json.loads(text, parse_float=Decimal)


class Book:
    """One instrument: levels, and where it stands in its sequence."""

    def __init__(self, rule):
        self.rule, self.side, self.kept = rule, ({}, {}), []
        self.is_live, self.last, self.chain = False, None, None
        self.steps = self.gaps = self.crossed = self.depth = 0

    def set(self, levels):
        for side, px, qty in levels:
            if qty:
                self.side[side][px] = qty
            else:
                self.side[side].pop(px, None)
        if self.depth:
            for side, best in enumerate(self.top(self.depth)):
                self.side[side].clear()
                self.side[side].update(best)
        bid, ask = self.top(1)
        self.crossed += bool(bid and ask and bid[0][0] >= ask[0][0])

    def top(self, n):
        return [sorted(self.side[s].items(), reverse=s == 0)[:n] for s in (0, 1)]

    def follows(self, have, ids):
        """None: older; else whether nothing is missing between."""
        first, last, prev = ids
        if self.rule == "none" or last is None:
            return True
        if self.rule == "chain" and prev == have:
            return True
        if last <= have:
            return None
        return {"after": True, "step": first <= have + 1, "spot": first <= have + 1, "chain": False}[self.rule]

    def delta(self, ids, levels):
        if self.rule != "none" and ids[1] is not None:
            if self.chain is not None:
                step = self.follows(self.chain, ids)
                if step is None:
                    return
                self.steps += step
                if not step:
                    self.gaps += 1
                    self.is_live, self.kept = False, []
            self.chain = ids[1]
        if self.is_live and (self.last is None or self.follows(self.last, ids)):
            self.set(levels)
            self.last = ids[1]
        elif not self.is_live and self.rule in ("after", "spot"):
            self.kept.append((ids, levels))

    def snapshot(self, ids, levels):
        by_request = self.rule in ("after", "spot")
        if by_request and self.is_live and ids[1] < self.last:
            return
        self.side = ({}, {})
        self.set(levels)
        self.is_live, self.last = True, ids[1]
        if not by_request:
            self.chain = ids[1]
        kept, self.kept = self.kept, []
        for i, (old, changes) in enumerate(kept):
            step = self.follows(self.last, old)
            if step is False:
                self.is_live, self.kept = False, kept[i:]
                return
            if step:
                self.set(changes)
                self.last = old[1]


class Capture:
    """All that files hold, by a reader: read(message, url, state) -> events."""

    def __init__(self, paths, read, rule, decimals, depth):
        self.books, self.rows, self.decimals = {}, {"deltas": {}, "trades": {}, "tickers": {}}, decimals
        self.counts = dict.fromkeys("lines messages levels trades tickers snapshots snapshot_levels other".split(), 0)
        self.checks, self.rejects, self.rule, self.depth, self.state = 0, [], rule, depth, {}
        for recv, url, text in lines(paths):
            self.counts["lines"] += 1
            events = []
            try:
                events = list(read(load(text), url, self.state)) if text is not None else []
                for e in events:
                    self.take(e, recv)
            except OverflowError:
                self.rejects.append(text)
                continue
            self.counts["other"] += not events and url != " "

    def units(self, value, decimals):
        v = Decimal(value).scaleb(decimals)
        if v != int(v) or abs(v) >= 10**18:
            raise OverflowError
        return int(v)

    def take(self, e, recv):
        px = lambda v: self.units(v, self.decimals[0])
        qty = lambda v: self.units(v, self.decimals[1])
        kind, symbol = e[0], e[1]
        recv = e[2] if recv < 0 else recv
        book = self.books.setdefault(symbol, Book(self.rule))
        book.depth = self.depth
        if kind == "check":
            self.checks += book.is_live
        elif kind == "trade":
            number, text = (int(e[3]), None) if str(e[3] or "x").isdigit() else (None, e[3])
            row = (e[2], recv, number, ("buy", "sell")[e[4]], px(e[5]), qty(e[6]), text)
            self.counts["trades"] += 1
            self.add("trades", symbol, row)
        elif kind == "ticker":
            row = (e[2], recv, e[3], px(e[4]), qty(e[5]), px(e[6]), qty(e[7]))
            self.counts["tickers"] += 1
            self.add("tickers", symbol, row)
        else:
            levels = [(s, px(p), qty(q)) for s, p, q in e[4]]
            levels = [x for x in levels if x[1] > 0]
            is_whole = kind == "snapshot"
            self.counts["snapshots" if is_whole else "messages"] += 1
            self.counts["snapshot_levels" if is_whole else "levels"] += len(levels)
            first, last, prev = e[3]
            for s, p, q in levels:
                self.add("deltas", symbol, (e[2], recv, last, first, prev, SIDES[s], p, q, is_whole))
            (book.snapshot if is_whole else book.delta)(e[3], levels)

    def add(self, table, symbol, row):
        self.rows[table].setdefault(symbol, []).append(row)

    def sum(self, what):
        return sum(getattr(b, what) for b in self.books.values())


def table(folder, kind, symbol):
    """Rows of a dataset as Capture.rows has them."""
    names = {"deltas": ("ts_event", "ts_recv", "seq", "seq_first", "seq_prev", "side", "px", "qty", "flags"),
             "trades": ("ts_event", "ts_recv", "seq", "side", "px", "qty", "trade_id"),
             "tickers": ("ts_event", "ts_recv", "seq", "bid_px", "bid_qty", "ask_px", "ask_qty")}[kind]
    out = []
    name = symbol.replace(":", "%3A").replace("/", "%2F")
    for path in sorted(glob.glob(os.path.join(folder, kind, "*", f"symbol={name}", "*", "*.parquet"))):
        columns = parquet.read(path)
        out += list(zip(*(columns[n] for n in names)))
    return [r[:-1] + (bool(r[-1] & 1),) for r in out] if kind == "deltas" else out


def last_book(folder, symbol):
    """The best ten levels of both sides in the last row of the books, or None."""
    name = symbol.replace(":", "%3A").replace("/", "%2F")
    paths = sorted(glob.glob(os.path.join(folder, "books", "*", f"symbol={name}", "*", "*.parquet")))
    if not paths:
        return None
    columns = parquet.read(paths[-1])
    pairs = [[(columns[f"{s}_px_{i}"][-1], columns[f"{s}_qty_{i}"][-1]) for i in range(10)] for s in SIDES]
    return [[p for p in side if p[0] is not None] for side in pairs]
