# SPDX-License-Identifier: Apache-2.0
"""Binance captures as events in plain Python: trades, and the best bid and ask after each message. Shares nothing with the
engine. Prices are integers of 10^-9, quantities of 10^-8, times of ns."""
import functools
import heapq
import json

import capture

PX, QTY = 9, 8


@functools.lru_cache(maxsize=1 << 18)
def fixed(text, decimals):
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    assert len(part) <= decimals
    return int(whole + part.ljust(decimals, "0"))


def shown(value, decimals):
    """The shortest exact text of value x 10^-decimals."""
    if value is None:
        return ""
    sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(decimals + 1, "0")
    whole, part = digits[:len(digits) - decimals], digits[len(digits) - decimals:].rstrip("0")
    return sign + whole + ("." + part if part else "")


class Side:
    """Price -> quantity with the best price at hand: a heap whose stale entries are dropped when they come up."""

    def __init__(self, sign):
        self.sign, self.qty, self.heap = sign, {}, []

    def set(self, px, qty):
        if not qty:
            self.qty.pop(px, None)
            return
        if px not in self.qty:
            heapq.heappush(self.heap, self.sign * px)
        self.qty[px] = qty

    def best(self):
        while self.heap and self.sign * self.heap[0] not in self.qty:
            heapq.heappop(self.heap)
        px = self.sign * self.heap[0] if self.heap else None
        return px, self.qty.get(px)


class Book:
    """Binance's rules for a local book; `whole` while it is certain."""

    def __init__(self, futures):
        self.futures, self.whole, self.chain, self.id, self.first, self.kept = futures, False, None, None, False, []
        self.sides = Side(-1), Side(1)

    def touch(self):
        """(bid px, qty, ask px, qty) with None for an empty side; None: the book is not certain."""
        return (*self.sides[0].best(), *self.sides[1].best()) if self.whole else None

    def apply(self, m):
        for side, key in ((0, "b"), (1, "a")):
            for px, qty in m[key]:
                self.sides[side].set(fixed(px, PX), fixed(qty, QTY))
        self.id, self.first = m["u"], False

    def joins(self, m):
        if not self.first:
            return True
        return m["U"] <= self.id <= m["u"] or m.get("pu") == self.id if self.futures else m["U"] <= self.id + 1 <= m["u"]

    def depth(self, m):
        if self.chain is not None and m["u"] <= self.chain:
            return
        if self.chain is not None and (m.get("pu") != self.chain if self.futures else m["U"] > self.chain + 1):
            self.whole, self.kept = False, []
        self.chain = m["u"]
        if self.whole and self.first and (m["u"] < self.id if self.futures else m["u"] <= self.id):
            return
        if self.whole and self.joins(m):
            self.apply(m)
        else:
            self.whole = False
            self.kept.append(m)

    def snapshot(self, m):
        if self.whole and m["lastUpdateId"] < self.id:
            return
        self.sides = Side(-1), Side(1)
        self.apply({"b": m["bids"], "a": m["asks"], "u": m["lastUpdateId"]})
        self.whole, self.first = True, True
        for k in self.kept:
            if k["u"] < self.id or (k["u"] == self.id and not self.futures):
                continue
            if not self.joins(k):
                self.whole = False
                return
            self.apply(k)
        self.kept = []


def milliseconds(m):
    ms = m.get("T", m.get("E"))
    return None if ms is None else ms * 1000000


def events(path, venue="binance"):
    """(kind, symbol, recv ns, venue ns or None, what) in the capture's order; what: (id, buyer took, px, qty, aggregate) of a
    trade, the touch of a book or ticker."""
    books, only = {}, None
    lines = capture.read_bytes(path).decode(errors="replace").splitlines()
    for line in lines:
        if only is None and '"s":"' in line:
            only = line.split('"s":"', 1)[1].split('"', 1)[0]
    for line in lines:
        try:
            event = read_line(line, books, venue, only)
        except (ValueError, AssertionError, KeyError):
            continue  # made bad on purpose
        if event is not None:
            yield event


def read_line(line, books, venue, only):
    recv, text = line.split(" ", 1)
    m = json.loads(text)
    m = m.get("data", m)
    symbol = m.get("s", m.get("symbol", only))
    assert symbol != "BAD"
    head = symbol, int(recv), milliseconds(m)
    if m.get("e") in ("trade", "aggTrade"):
        agg = m["e"] == "aggTrade"
        return ("trade", *head, (m["a" if agg else "t"], not m["m"], fixed(m["p"], PX), fixed(m["q"], QTY), agg))
    if m.get("e") == "depthUpdate" or "lastUpdateId" in m:
        for side in ("b", "a") if "u" in m else ("bids", "asks"):
            for px, qty in m[side]:
                fixed(px, PX), fixed(qty, QTY)
        book = books.setdefault(symbol, Book(venue != "binance"))
        (book.depth if "u" in m else book.snapshot)(m)
        return ("book", *head, book.touch())
    if "B" in m and "A" in m:
        sides = [(fixed(m[p], PX), fixed(m[q], QTY)) for p, q in ("bB", "aA")]
        return ("ticker", *head, tuple(v if qty else None for px, qty in sides for v in (px, qty)))
    return None
