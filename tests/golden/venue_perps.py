# SPDX-License-Identifier: Apache-2.0
"""Writers of BitMEX, Bybit, Deribit, Hyperliquid and Kraken for venue_captures.py."""
import zlib


class Bitmex:
    """Levels by their ids; deletes, updates and inserts are messages of their own."""

    def __init__(self):
        self.known = set()

    def book(self, e, action, rows):
        data = []
        for side, p, q in rows:
            row = {"symbol": "ABCUSD", "id": 8800000000 - round(float(p) * 100), "side": side}
            if action != "delete":
                row["size"] = float(q)
            if action in ("insert", "partial"):
                row["price"] = float(p)
            data.append(row)
            (self.known.discard if action == "delete" else self.known.add)((side, p))
        return [e.line({"table": "orderBookL2", "action": action, "data": data})] if data else []

    def __call__(self, e):
        if e.kind == "trade":
            row = {"timestamp": e.utc, "symbol": "ABCUSD", "side": e.side.title(), "size": float(e.bids[0][1]),
                   "price": float(e.bids[0][0]), "trdMatchID": f"00000000-0000-1000-0000-000000000{e.last}"}
            return [e.line({"table": "trade", "action": "insert", "data": [row]})]
        if e.kind == "ticker":
            row = {"timestamp": e.utc, "symbol": "ABCUSD"}
            for name, side in (("bid", e.bids), ("ask", e.asks)):
                row.update({name + "Price": float(side[0][0]), name + "Size": float(side[0][1])} if side else {})
            return [e.line({"table": "quote", "action": "insert", "data": [row]})]
        rows = [(name, *x) for name, side in (("Buy", e.bids), ("Sell", e.asks)) for x in side]
        if e.kind == "snapshot":
            return self.book(e, "partial", rows)
        known = set(self.known)
        return self.book(e, "delete", [x for x in rows if x[2] == "0" and x[:2] in known]) + \
            self.book(e, "update", [x for x in rows if x[2] != "0" and x[:2] in known]) + \
            self.book(e, "insert", [x for x in rows if x[2] != "0" and x[:2] not in known])


class Bybit:
    """v5; the best bid and ask are a book of depth 1."""
    u = 1000

    def __call__(self, e):
        if e.kind == "trade":
            row = {"T": e.ms, "s": "ABCUSDT", "S": e.side.title(), "v": e.bids[0][1], "p": e.bids[0][0], "L": "PlusTick",
                   "i": f"20f43950-d8dd-5b31-9112-a178eb600{e.last}", "BT": False}
            return [e.line({"topic": "publicTrade.ABCUSDT", "type": "snapshot", "ts": e.ms + 2, "data": [row]})]
        self.u += e.kind != "ticker"
        data = {"s": "ABCUSDT", "b": e.rows(0), "a": e.rows(1), "u": self.u, "seq": e.last}
        return [e.line({"topic": f"orderbook.{1 if e.kind == 'ticker' else 200}.ABCUSDT",
                        "type": "delta" if e.kind == "delta" else "snapshot", "ts": e.ms + 2, "data": data, "cts": e.ms})]


class Deribit:
    """Names of actions follow from what was there."""

    def __init__(self):
        self.known = (set(), set())

    def levels(self, e, side):
        out = []
        for p, q in e.rows(side):
            out.append(["delete" if q == "0" else "change" if p in self.known[side] else "new", float(p), float(q)])
            (self.known[side].discard if q == "0" else self.known[side].add)(p)
        return out

    def __call__(self, e):
        d = {"timestamp": e.ms, "instrument_name": "ABC-PERPETUAL"}
        channel = {"trade": "trades.ABC-PERPETUAL.raw", "ticker": "quote.ABC-PERPETUAL"}.get(e.kind, "book.ABC-PERPETUAL.raw")
        if e.kind == "trade":
            d = [dict(d, trade_seq=e.last, trade_id=f"ABC-{e.last}", price=float(e.bids[0][0]), amount=float(e.bids[0][1]),
                      direction=e.side)]
        elif e.kind == "ticker":
            for name, side in (("bid", e.bids), ("ask", e.asks)):
                d[f"best_{name}_price"] = float(side[0][0]) if side else None
                d[f"best_{name}_amount"] = float(side[0][1]) if side else 0.0
        else:
            if e.kind == "snapshot":
                self.known = (set(), set())
            d.update(type="change" if e.kind == "delta" else e.kind, change_id=e.last)
            d.update({"prev_change_id": e.prev} if e.kind == "delta" else {})
            d.update(bids=self.levels(e, 0), asks=self.levels(e, 1))
        return [e.line({"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": d}})]


def hyperliquid(e):
    def level(x):
        return {"px": x[0], "sz": x[1], "n": 1}
    if e.kind == "trade":
        row = {"coin": "ABC", "side": "B" if e.side == "buy" else "A", "px": e.bids[0][0], "sz": e.bids[0][1], "hash": "0x0",
               "time": e.ms, "tid": e.last}
        return [e.line({"channel": "trades", "data": [row]})]
    if e.kind == "ticker":
        tops = [level(side[0]) if side else None for side in (e.bids, e.asks)]
        return [e.line({"channel": "bbo", "data": {"coin": "ABC", "time": e.ms, "bbo": tops}})]
    levels = [[level(x) for x in side] for side in e.book]
    return [e.line({"channel": "l2Book", "data": {"coin": "ABC", "time": e.ms, "levels": levels}})]


def kraken(e):
    """v1, numbers with all their decimals: the checksum reads digits."""
    seconds = f"{e.ms // 1000}.{e.ms % 1000:03d}000"

    def level(x):
        return [x[0], f"{float(x[1]):.3f}", seconds]
    if e.kind == "trade":
        row = level(e.bids[0]) + [e.side[0], "l", ""]
        return [e.line([337, [row], "trade", "ABC/USD"])]
    if e.kind == "ticker":
        (bid, ask) = ((side or [("0.00", "0")])[0] for side in (e.bids, e.asks))
        return [e.line([338, [bid[0], ask[0], seconds, bid[1], ask[1]], "spread", "ABC/USD"])]
    sides = {k: [level(x) for x in side] for k, side in (("a", e.asks), ("b", e.bids)) if side or e.kind == "snapshot"}
    if e.kind == "snapshot":
        return [e.line([336, {k + "s": v for k, v in sides.items()}, "book-100", "ABC/USD"])]
    digits = "".join(text.replace(".", "").lstrip("0") for side in (e.book[1], e.book[0]) for x in side[:10] for text in level(x)[:2])
    parts = [{k: v} for k, v in sides.items()]
    parts[-1]["c"] = str(zlib.crc32(digits.encode()))
    return [e.line([336, *parts, "book-100", "ABC/USD"])]


def writers():
    return {"BITMEX": Bitmex(), "BYBIT": Bybit(), "DERIBIT": Deribit(), "HYPERLIQUID": hyperliquid, "KRAKEN": kraken}
